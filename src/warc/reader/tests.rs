//! Reading: round trips, and every kind of file.

mod damage;
mod properties;
mod standard;

use std::io::{Cursor, Read, Write};

use super::super::member::{self, Compression};
use super::super::pack::{Packed, Packer};
use super::super::record::{CountingIds, Record, RecordIds, RecordKind};
use super::super::{Placement, name};
use super::*;
use crate::base::Timestamp;

/// A record of a kind, with an own identifier and a block.
fn record(number: u128, block: &[u8]) -> Record<'static> {
    let id = CountingIds(number).next_id();
    Record::build(&RecordKind::Resource, &id, Timestamp::from_unix_seconds(0))
        .field(name::TARGET_URI, format!("http://example.org/{number}"))
        .field(name::CONTENT_TYPE, "text/plain")
        .block(block.to_vec())
}

fn bytes_of(packed: &mut Packed) -> Vec<u8> {
    let mut out = Vec::new();
    packed.write_to(&mut out).unwrap();
    out
}

/// A file of records, and where each is.
fn file_of(blocks: &[Vec<u8>], compression: Compression) -> (Vec<u8>, Vec<Placement>) {
    let mut packer = Packer::new(compression);
    let (mut file, mut places) = (Vec::new(), Vec::new());
    for (number, block) in blocks.iter().enumerate() {
        let packed = bytes_of(&mut packer.pack(&record(number as u128, block)).unwrap());
        places.push(Placement { offset: file.len() as u64, length: packed.len() as u64 });
        file.extend(packed);
    }
    (file, places)
}

fn options() -> ReadOptions {
    ReadOptions { file: "f".into(), ..ReadOptions::default() }
}

fn fast() -> ReadOptions {
    ReadOptions { skip_by_length: true, ..options() }
}

/// What came out of a file: target URI, place and block of each record; rules found; the end.
#[derive(Debug, PartialEq)]
struct Seen {
    records: Vec<(String, Located, Vec<u8>)>,
    rules: Vec<&'static str>,
    end: Option<End>,
}

fn read_all<R: Read>(mut reader: WarcReader<R>) -> Seen {
    let mut records = Vec::new();
    while let Some(mut record) = reader.next_record().unwrap() {
        let uri = record.header().fields.target_uri().unwrap_or_default().into_owned();
        let mut block = Vec::new();
        // A block that is cut or damaged gives what there is of it.
        let _ = record.read_to_end(&mut block);
        records.push((uri, record.finish().unwrap(), block));
        assert!(records.len() < 100_000, "the reader goes round in circles");
    }
    assert!(reader.next_record().unwrap().is_none());
    let rules = reader.take_findings().into_iter().map(|finding| finding.rule).collect();
    Seen { records, rules, end: reader.end() }
}

fn seen(file: &[u8]) -> Seen {
    read_all(WarcReader::seekable(Cursor::new(file), options()))
}

fn uris(seen: &Seen) -> Vec<u32> {
    let number = |uri: &str| uri.rsplit('/').next().unwrap().parse().unwrap_or(u32::MAX);
    seen.records.iter().map(|(uri, ..)| number(uri)).collect()
}

fn intact(seen: &Seen) -> Vec<u32> {
    uris(seen).into_iter().zip(&seen.records).filter(|(_, r)| r.1.intact).map(|(n, _)| n).collect()
}

/// Text of its own for each number, long enough to span buffers.
fn text(number: u32, len: usize) -> Vec<u8> {
    let line = format!("line of page {number}, neither short nor long;\n");
    line.bytes()
        .cycle()
        .enumerate()
        .map(|(i, c)| if i % 97 == 0 { b'a' + (i % 23) as u8 } else { c })
        .take(len)
        .collect()
}

/// Bytes that do not shrink.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    })
    .take(len)
    .collect()
}

const EACH: [Compression; 5] = [
    Compression::None,
    Compression::Gzip(0),
    Compression::Gzip(1),
    Compression::Gzip(6),
    Compression::Zstd(3),
];

#[test]
fn records_come_back_with_their_places_under_every_compression() {
    let blocks = [text(0, 10), vec![], text(2, 300_000), noise(3, 200_000), text(4, 70_000)];
    for compression in EACH {
        let (file, places) = file_of(&blocks, compression);
        let got = seen(&file);
        assert_eq!(got.end, Some(End::Clean));
        assert_eq!(got.rules, [] as [&str; 0], "{compression:?}");
        for (number, (_, located, block)) in got.records.iter().enumerate() {
            let place = places[number];
            let expected = Located {
                offset: place.offset,
                length: Some(place.length),
                within: 0,
                intact: true,
            };
            assert_eq!((located, block), (&expected, &blocks[number]), "{compression:?}");
        }
        assert_eq!(got.records.len(), blocks.len());
        // The same from an input that cannot seek, and one that gives a byte at a time.
        assert_eq!(read_all(WarcReader::new(file.as_slice(), options())), got);
        let drip = Drip(&file);
        assert_eq!(read_all(WarcReader::new(drip, options())), got);
    }
}

/// Gives few bytes at a time.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.0.len().min(out.len()).min(1 + self.0.len() % 7);
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

#[test]
fn any_record_is_read_at_its_offset() {
    let blocks: Vec<_> = (0..6).map(|n| text(n, 5000 * n as usize)).collect();
    for compression in EACH {
        let (file, places) = file_of(&blocks, compression);
        let mut reader = WarcReader::seekable(Cursor::new(&file), options());
        for number in [4, 0, 5, 2, 2] {
            let mut record = reader.read_at(places[number].offset).unwrap();
            let mut block = Vec::new();
            record.read_to_end(&mut block).unwrap();
            assert_eq!(block, blocks[number]);
            assert_eq!(record.finish().unwrap().length, Some(places[number].length));
        }
        for offset in [places[3].offset + 1, places[3].offset - 1, file.len() as u64, 1 << 40] {
            let error = reader.read_at(offset).map(|_| ()).unwrap_err();
            assert!(
                matches!(error, ReadError::NoRecord { .. }),
                "{compression:?} {offset}: {error}"
            );
        }
        assert!(reader.read_at(places[1].offset).is_ok());
    }
}

#[test]
fn skipping_lists_the_same_records_as_unpacking() {
    let blocks: Vec<_> = (0..40)
        .map(|n| {
            if n % 3 == 0 { noise(n, 3000 * n as usize) } else { text(n as u32, 4000 * n as usize) }
        })
        .collect();
    for compression in EACH {
        let (file, _) = file_of(&blocks, compression);
        let whole = seen(&file);
        let mut reader = WarcReader::seekable(Cursor::new(&file), fast());
        let mut listed = Vec::new();
        while let Some(record) = reader.next_record().unwrap() {
            let uri = record.header().fields.target_uri().unwrap().into_owned();
            listed.push((uri, record.skip().unwrap()));
        }
        let expected: Vec<_> = whole.records.into_iter().map(|(uri, at, _)| (uri, at)).collect();
        assert_eq!(listed, expected, "{compression:?}");
        assert_eq!(reader.end(), Some(End::Clean));
        assert_eq!(reader.intact_end(), file.len() as u64);
        assert_eq!(reader.take_findings(), []);
    }
}

#[test]
fn several_records_in_a_member_are_read_and_reported() {
    let blocks: Vec<_> = (0..4).map(|n| text(n, 60_000)).collect();
    let (plain, places) = file_of(&blocks, Compression::None);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    gzip.write_all(&plain).unwrap();
    let file = gzip.finish().unwrap();
    let got = seen(&file);
    assert_eq!((uris(&got), got.rules.as_slice()), (vec![0, 1, 2, 3], &["member-per-record"][..]));
    for (number, (_, located, block)) in got.records.iter().enumerate() {
        let within = places[number].offset;
        assert_eq!((located.offset, located.length, located.within), (0, None, within));
        assert_eq!(block, &blocks[number]);
    }
    let mut reader = WarcReader::seekable(Cursor::new(&file), options());
    let mut record = reader.read_within(0, places[2].offset).unwrap();
    let mut block = Vec::new();
    record.read_to_end(&mut block).unwrap();
    assert_eq!(block, blocks[2]);
}

#[test]
fn records_that_go_over_members_are_read_and_reported() {
    let blocks: Vec<_> = (0..3).map(|n| text(n, 60_000)).collect();
    let (plain, _) = file_of(&blocks, Compression::None);
    let mut file = Vec::new();
    for part in plain.chunks(25_000) {
        let mut gzip = flate2::write::GzEncoder::new(&mut file, flate2::Compression::new(1));
        gzip.write_all(part).unwrap();
        gzip.finish().unwrap();
    }
    let got = seen(&file);
    assert_eq!((uris(&got), got.rules.as_slice()), (vec![0, 1, 2], &["member-per-record"][..]));
    assert!(got.records.iter().zip(&blocks).all(|(r, b)| &r.2 == b && r.1.length.is_none()));
    assert_eq!(read_all(WarcReader::new(file.as_slice(), options())), got);
}

#[test]
fn zstd_files_with_a_dictionary_are_read() {
    let mut ids = CountingIds(9);
    let samples: Vec<Vec<u8>> = (0..400)
        .map(|n| {
            let record = record(ids.next_id().uri().len() as u128 + n, &text(n as u32, 300));
            [record.header_bytes(), text(n as u32, 300)].concat()
        })
        .collect();
    let dictionary = zstd_dictionary(&samples);
    for packed_dictionary in [false, true] {
        let stored = if packed_dictionary {
            zstd::bulk::compress(&dictionary, 3).unwrap()
        } else {
            dictionary.clone()
        };
        let mut file = member::ZSTD_DICTIONARY_MAGIC.to_vec();
        file.extend_from_slice(&u32::try_from(stored.len()).unwrap().to_le_bytes());
        file.extend_from_slice(&stored);
        let mut offsets = Vec::new();
        for number in 0..3 {
            let (plain, _) = file_of(&vec![text(number, 400); 1], Compression::None);
            offsets.push(file.len() as u64);
            let mut packer = zstd::bulk::Compressor::with_dictionary(3, &dictionary).unwrap();
            file.extend(packer.compress(&plain).unwrap());
        }
        let got = seen(&file);
        assert_eq!((got.records.len(), got.end, got.rules.len()), (3, Some(End::Clean), 0));
        assert_eq!(got.records[2].2, text(2, 400));
        assert_eq!(got.records.iter().map(|r| r.1.offset).collect::<Vec<_>>(), offsets);
        let mut reader = WarcReader::seekable(Cursor::new(&file), options());
        let mut block = Vec::new();
        reader.read_at(offsets[1]).unwrap().read_to_end(&mut block).unwrap();
        assert_eq!(block, text(1, 400));
    }
}

/// Raw content serves as a dictionary too.
fn zstd_dictionary(samples: &[Vec<u8>]) -> Vec<u8> {
    samples.concat().into_iter().take(20_000).collect()
}
