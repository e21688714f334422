//! Packing: same record, same bytes; what is packed already is stored.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

use super::super::record::{Block, CountingIds, RecordIds, RecordKind};
use super::super::{name, reader::ReadOptions, reader::WarcReader};
use super::*;
use crate::base::Timestamp;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nServer: x\r\n\r\n";

fn record(block: Block<'_>) -> Record<'_> {
    let id = CountingIds(5).next_id();
    Record::build(&RecordKind::Response, &id, Timestamp::from_unix_seconds(0))
        .field(name::TARGET_URI, "http://example.org/")
        .block(block)
}

fn bytes(packed: &mut Packed) -> Vec<u8> {
    let mut out = Vec::new();
    packed.write_to(&mut out).unwrap();
    assert_eq!(out.len() as u64, packed.len());
    out
}

fn spooled(content: &[u8]) -> Block<'static> {
    let file = tempfile::tempfile().unwrap();
    (&file).write_all(content).unwrap();
    Block::File(Arc::new(file), content.len() as u64)
}

fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(len)
    .collect()
}

/// Markup with words that differ from line to line.
fn markup(len: usize) -> Vec<u8> {
    let line = |n: u64| {
        format!("<p class=\"c{}\">Paragraph {n} of {}</p>\n", n % 7, n.wrapping_mul(0x9e37_79b9))
    };
    (0..).flat_map(|n| line(n).into_bytes()).take(len).collect()
}

#[test]
fn the_same_record_gives_the_same_bytes_wherever_its_block_lies() {
    for content in [markup(200_000), noise(200_000), vec![], markup(10)] {
        for compression in
            [Compression::None, Compression::Gzip(0), Compression::Gzip(6), Compression::Zstd(3)]
        {
            // Once as a short record, and once as one that is too long for memory.
            for whole_bytes_max in [WHOLE_BYTES_MAX, 100] {
                let mut packer = Packer::new(compression);
                packer.whole_bytes_max = whole_bytes_max;
                let half = content.len() / 2;
                let blocks = [
                    Block::Bytes(Cow::Borrowed(&content[..])),
                    spooled(&content),
                    Block::Parts(vec![Block::from(&content[..half]), spooled(&content[half..])]),
                ];
                let packed: Vec<_> = blocks
                    .into_iter()
                    .map(|block| bytes(&mut packer.pack(&record(block)).unwrap()))
                    .collect();
                assert!(packed.iter().all(|other| *other == packed[0]), "{compression:?}");
                // A packer that has packed before packs as a new one does.
                let mut new = Packer::new(compression);
                new.whole_bytes_max = whole_bytes_max;
                let again = bytes(&mut new.pack(&record(Block::from(&content[..]))).unwrap());
                assert_eq!(again, packed[0], "{compression:?}");
                read_back(&again, &content);
            }
        }
    }
}

fn read_back(file: &[u8], content: &[u8]) {
    let mut reader = WarcReader::new(file, ReadOptions::default());
    let mut record = reader.next_record().unwrap().unwrap();
    let mut block = Vec::new();
    record.read_to_end(&mut block).unwrap();
    assert!(block == content);
    assert!(record.finish().unwrap().intact);
    assert_eq!(reader.take_findings(), []);
}

#[test]
fn a_packed_body_is_stored_after_a_deflated_head() {
    let mut packer = Packer::new(Compression::Gzip(6));
    for len in [10_000, 70_000, 300_000] {
        let content = [HEAD, &noise(len)].concat();
        let packed = bytes(&mut packer.pack(&record(Block::from(&content[..]))).unwrap());
        assert!(memchr::memmem::find(&packed, &content[HEAD.len()..][..5000]).is_some());
        assert!(memchr::memmem::find(&packed, b"Content-Type: image/jpeg").is_none());
        assert!(packed.len() < content.len() + 400, "{}", packed.len() - content.len());
        read_back(&packed, &content);
    }
}

#[test]
fn a_long_record_is_streamed_and_keeps_its_head_readable() {
    for content in [markup(3_000_000), noise(3_000_000)] {
        let mut packer = Packer::new(Compression::Gzip(6));
        packer.whole_bytes_max = 1_000_000;
        let mut packed = packer.pack(&record(spooled(&content))).unwrap();
        assert!(matches!(packed, Packed::File(..)));
        read_back(&bytes(&mut packed), &content);
    }
}

#[test]
fn a_short_record_is_packed_a_level_lower_than_a_long_one() {
    let deflated = |level: i32, raw: &[u8]| {
        let mut deflate = Compressor::new(CompressionLvl::new(level).unwrap());
        let mut out = vec![0; deflate.deflate_compress_bound(raw.len())];
        let len = deflate.deflate_compress(raw, &mut out).unwrap();
        out.truncate(len);
        out
    };
    let around = record(Block::from(&b""[..])).raw_len() as usize;
    for (extra, of_five, of_one) in [(0, 4, 1), (1, 5, 1)] {
        // Six digits of length are in the header, where the empty record has one.
        let content = markup(SHORT_BYTES_MAX - around - 5 + extra);
        let raw = record(Block::from(&content[..]));
        assert_eq!(raw.raw_len() as usize, SHORT_BYTES_MAX + extra);
        let raw = [raw.header_bytes(), content.clone(), b"\r\n\r\n".to_vec()].concat();
        for (level, used) in [(5, of_five), (1, of_one)] {
            let mut packer = Packer::new(Compression::Gzip(level));
            let packed = bytes(&mut packer.pack(&record(Block::from(&content[..]))).unwrap());
            let inside = &packed[HEADER_LEN..packed.len() - TRAILER_LEN];
            assert!(inside == deflated(used, &raw), "level {level}, {extra} bytes more");
        }
    }
    let other = markup(50_000);
    assert_ne!(deflated(4, &other), deflated(5, &other));
}

#[test]
fn text_looks_unpacked_and_noise_looks_packed() {
    let markup = markup(50_000);
    let base64 = data_encoding::BASE64.encode(&noise(50_000)).into_bytes();
    let mut bitmap: Vec<u8> = (0..60_000u32).map(|n| (n / 40 % 200) as u8).collect();
    for content in [&markup, &base64, &bitmap, &vec![0; 9000], &noise(4000)] {
        assert!(!looks_packed(content));
    }
    let mut gzip = Compressor::new(CompressionLvl::default());
    let mut deflated = vec![0; 100_000];
    let len = gzip.deflate_compress(&markup, &mut deflated).unwrap();
    deflated.truncate(len);
    assert!(len > 5000, "{len}");
    for content in [&deflated, &noise(5000), &zstd::bulk::compress(&markup, 3).unwrap()] {
        assert!(looks_packed(content));
    }
    // One part that shrinks is enough to deflate the whole.
    bitmap.splice(0..0, noise(30_000));
    assert!(!looks_packed(&bitmap));
}

#[test]
fn a_spooled_block_that_lost_bytes_is_an_error_and_not_a_short_record() {
    let file = tempfile::tempfile().unwrap();
    (&file).write_all(b"short").unwrap();
    let block = Block::File(Arc::new(file), 50);
    for whole_bytes_max in [WHOLE_BYTES_MAX, 10] {
        let mut packer = Packer::new(Compression::Gzip(6));
        packer.whole_bytes_max = whole_bytes_max;
        assert!(packer.pack(&record(block.clone())).is_err());
    }
}

#[test]
fn a_packer_can_be_sent_to_another_thread() {
    fn send<T: Send>(_: &T) {}
    send(&Packer::new(Compression::default()));
}
