//! Reading: round trips, every kind of file, and every kind of damage.

use std::io::{Cursor, Read, Write};

use proptest::prelude::*;

use super::super::member::{self, Compression};
use super::super::pack::{Packed, Packer};
use super::super::record::{Block, CountingIds, Record, RecordIds, RecordKind};
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

/// A file of records, and where each lies.
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
fn a_cut_file_keeps_its_whole_records_and_says_where_it_is_cut() {
    let blocks = [text(0, 3000), noise(1, 9000), text(2, 100_000)];
    for compression in EACH {
        let (file, places) = file_of(&blocks, compression);
        let mut cuts: Vec<usize> = (0..file.len()).step_by(file.len() / 400 + 1).collect();
        cuts.extend((1..30).map(|n| file.len() - n));
        for cut in cuts {
            for skip_by_length in [false, true] {
                let options = ReadOptions { skip_by_length, ..options() };
                let mut reader = WarcReader::seekable(Cursor::new(&file[..cut]), options);
                let mut whole = 0;
                while let Some(record) = reader.next_record().unwrap() {
                    whole += usize::from(record.skip().unwrap().intact);
                }
                let expected = places.iter().filter(|p| p.offset + p.length <= cut as u64).count();
                assert_eq!(whole, expected, "{compression:?} cut at {cut}");
                let intact_end = places[..expected].last().map_or(0, |p| p.offset + p.length);
                assert_eq!(reader.intact_end(), intact_end, "{compression:?} cut at {cut}");
                let end = if intact_end == cut as u64 { End::Clean } else { End::Cut(intact_end) };
                assert_eq!(reader.end(), Some(end), "{compression:?} cut at {cut}");
            }
        }
    }
}

#[test]
fn a_damaged_member_costs_its_own_record_only() {
    let blocks: Vec<_> = (0..5).map(|n| text(n, 20_000)).collect();
    for compression in [Compression::Gzip(0), Compression::Gzip(6), Compression::Zstd(3)] {
        let (file, places) = file_of(&blocks, compression);
        for seek in [true, false] {
            for at in [0, 1, 5, 16, 17, 30, 200, places[2].length as usize - 2] {
                let mut broken = file.clone();
                broken[places[2].offset as usize + at] ^= 0x55;
                let got = if seek {
                    seen(&broken)
                } else {
                    read_all(WarcReader::new(broken.as_slice(), options()))
                };
                let kept = intact(&got);
                // Gzip does not checksum its own header: the time and system bytes may change.
                let harmless = compression != Compression::Zstd(3) && (4..10).contains(&at);
                if !harmless && !(16..24).contains(&at) {
                    assert!(!kept.contains(&2), "{compression:?} {at} {seek}: {got:?}");
                }
                assert!(
                    [0, 1, 3, 4].iter().all(|n| kept.contains(n)),
                    "{compression:?} {at} {seek}: {kept:?} {:?}",
                    got.rules
                );
                if !harmless {
                    assert!(!got.rules.is_empty(), "{compression:?} {at}");
                }
            }
        }
    }
}

#[test]
fn a_page_cannot_pass_for_a_record() {
    // A page that holds a whole member of our own making, where stored blocks put it in the file
    // byte for byte.
    let (forged, _) = file_of(&[text(77, 6000)], Compression::Gzip(6));
    let mut page = noise(1, 9000);
    page.extend_from_slice(&forged);
    page.extend(noise(2, 9000));
    let blocks = [text(0, 500), page, text(2, 500)];
    let (file, places) = file_of(&blocks, Compression::Gzip(6));
    assert!(memchr::memmem::find(&file, &forged).is_some(), "the page is stored");
    for options in [options(), fast()] {
        let mut reader = WarcReader::seekable(Cursor::new(&file), options);
        let mut listed = Vec::new();
        while let Some(record) = reader.next_record().unwrap() {
            listed.push(record.skip().unwrap().offset);
        }
        assert_eq!(listed, places.iter().map(|p| p.offset).collect::<Vec<_>>());
    }
    // Damage at the start of its member leads to the next member, by the length that it states.
    let mut broken = file.clone();
    broken[places[1].offset as usize + 40] ^= 0xff;
    assert_eq!(intact(&seen(&broken)), [0, 2]);
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

/// Packs bytes that are no proper record as one foreign member.
fn member_of(raw: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    gzip.write_all(raw).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn broken_files_are_named_by_their_fault() {
    let (good, _) = file_of(&[text(1, 50)], Compression::None);
    let (packed, _) = file_of(&[text(1, 50)], Compression::Gzip(6));
    let join = |parts: &[&[u8]]| parts.concat();
    let lying = |len: &str| {
        format!(
            "WARC/1.0\r\nWARC-Target-URI: http://e/9\r\nContent-Length: {len}\r\n\r\nfive!\r\n\r\n"
        )
        .into_bytes()
    };
    let cases: Vec<(&str, Vec<u8>, Vec<u32>, Vec<&str>, End)> = vec![
        ("nothing", vec![], vec![], vec![], End::Clean),
        ("line breaks only", b"\r\n\r\n\n".to_vec(), vec![], vec![], End::Clean),
        (
            "no WARC",
            b"<html>\n</html>\n".to_vec(),
            vec![],
            vec!["not-a-record", "hole"],
            End::Garbage(0),
        ),
        ("cut magic", b"\x1f\x8b".to_vec(), vec![], vec!["cut-record"], End::Cut(0)),
        (
            "junk between",
            join(&[&good, b"junk\r\n", &good]),
            vec![0, 0],
            vec!["not-a-record", "hole"],
            End::Clean,
        ),
        (
            "junk before gzip",
            join(&[&packed, b"junk", &packed]),
            vec![0, 0],
            vec!["member-start", "hole"],
            End::Clean,
        ),
        (
            "junk at the end",
            join(&[&packed, b"junk"]),
            vec![0],
            vec!["member-start", "hole"],
            End::Garbage(packed.len() as u64),
        ),
        (
            "zeros at the end",
            join(&[&packed, &[0; 512]]),
            vec![0],
            vec!["member-start", "hole"],
            End::Garbage(packed.len() as u64),
        ),
        ("an empty member", join(&[&member_of(b""), &packed]), vec![0], vec![], End::Clean),
        (
            "no record in a member",
            join(&[&member_of(b"hello"), &packed]),
            vec![0],
            vec!["not-a-record", "hole"],
            End::Clean,
        ),
        (
            "length too small",
            join(&[&lying("3"), &good]),
            vec![9, 0],
            vec!["record-end", "not-a-record", "hole"],
            End::Clean,
        ),
        (
            "length too large",
            join(&[&member_of(&lying("9999")), &packed]),
            vec![9, 0],
            vec!["short-record"],
            End::Clean,
        ),
        (
            "length enormous",
            member_of(&lying("18446744073709551615")),
            vec![],
            vec!["block-length", "short-record"],
            End::Clean,
        ),
        (
            "length too small, packed",
            join(&[&member_of(&lying("3")), &packed]),
            vec![9, 0],
            vec!["record-end", "member-per-record", "not-a-record", "hole"],
            End::Clean,
        ),
        (
            "no length",
            join(&[b"WARC/1.0\r\nA: b\r\n\r\nx\r\n\r\n", &good]),
            vec![0],
            vec!["record-header", "hole"],
            End::Clean,
        ),
        (
            "length negative, packed",
            join(&[&member_of(&lying("-1")), &packed]),
            vec![0],
            vec!["record-header", "hole"],
            End::Clean,
        ),
        (
            "header without end",
            member_of(b"WARC/1.0\r\nContent-Length: 0\r\n"),
            vec![],
            vec!["short-record"],
            End::Clean,
        ),
        (
            "plain header without end",
            b"WARC/1.0\r\nContent-Length: 0\r\n".to_vec(),
            vec![],
            vec!["cut-record"],
            End::Cut(0),
        ),
        (
            "one line break",
            good[..good.len() - 2].to_vec(),
            vec![0],
            vec!["cut-record"],
            End::Cut(0),
        ),
        (
            "too many line breaks",
            join(&[&good, b"\r\n\r\n", &good]),
            vec![0, 0],
            vec![],
            End::Clean,
        ),
    ];
    for (fault, file, numbers, rules, end) in cases {
        let got = seen(&file);
        assert_eq!((uris(&got), &got.rules, got.end), (numbers, &rules, Some(end)), "{fault}");
    }
}

#[test]
fn a_header_over_the_limit_is_passed_over() {
    let long =
        format!("WARC/1.0\r\nA: {}\r\nContent-Length: 0\r\n\r\n\r\n\r\n", "x".repeat(400_000));
    let (good, _) = file_of(&[text(1, 50)], Compression::None);
    for file in
        [[long.as_bytes(), &good].concat(), [member_of(long.as_bytes()), member_of(&good)].concat()]
    {
        let got = seen(&file);
        assert_eq!((uris(&got), got.rules), (vec![0], vec!["record-header", "hole"]));
    }
}

#[test]
fn a_block_over_the_limit_is_reported_and_passed_over() {
    let blocks = [text(0, 10), text(1, 5000), text(2, 10)];
    for compression in EACH {
        let (file, _) = file_of(&blocks, compression);
        let options = ReadOptions { block_bytes_max: 4999, ..options() };
        let got = read_all(WarcReader::seekable(Cursor::new(&file), options));
        assert_eq!((uris(&got), got.rules), (vec![0, 2], vec!["block-length"]), "{compression:?}");
    }
}

#[test]
fn a_lying_length_in_a_member_is_found_by_a_whole_reading() {
    let (mut file, _) = file_of(&[text(0, 900), text(1, 900)], Compression::Gzip(6));
    file[20] ^= 1;
    let got = seen(&file);
    assert_eq!((intact(&got), got.rules), (vec![0, 1], vec!["skip-lengths"]));
    // Skipping does not follow it either, since the trailer disagrees.
    let mut reader = WarcReader::seekable(Cursor::new(&file), fast());
    let mut count = 0;
    while let Some(record) = reader.next_record().unwrap() {
        record.skip().unwrap();
        count += 1;
    }
    assert_eq!(count, 2);
}

/// Fails after so many bytes.
struct Failing<'a>(&'a [u8], usize);

impl Read for Failing<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.1 == 0 {
            return Err(io::Error::other("the disk is gone"));
        }
        let count = self.0.len().min(out.len()).min(self.1);
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        self.1 -= count;
        Ok(count)
    }
}

#[test]
fn an_input_that_cannot_be_read_is_an_error_once_and_then_the_end() {
    let blocks: Vec<_> = (0..3).map(|n| noise(n, 200_000)).collect();
    for compression in EACH {
        let (file, _) = file_of(&blocks, compression);
        for at in [0, 10, 100, 300_000] {
            let mut reader = WarcReader::new(Failing(&file, at), options());
            let error = loop {
                match reader.next_record() {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("no error"),
                    Err(error) => break error,
                }
            };
            assert!(error.to_string().contains("the disk is gone"), "{error}");
            assert!(reader.next_record().unwrap().is_none());
            assert_eq!(reader.end(), Some(End::Failed));
        }
    }
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

fn any_compression() -> impl Strategy<Value = Compression> {
    prop_oneof![
        Just(Compression::None),
        (0u8..=12).prop_map(Compression::Gzip),
        (1i32..=5).prop_map(Compression::Zstd),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_written_is_read(
        fields in proptest::collection::vec(("[A-Za-z][A-Za-z0-9\\-]{0,15}", "\\PC{0,40}"), 0..8),
        block in proptest::collection::vec(0u8.., 0..3000),
        repeat in 1usize..30,
        compression in any_compression(),
    ) {
        let block = block.repeat(repeat);
        let id = CountingIds(1).next_id();
        let mut builder = Record::build(&RecordKind::Other("odd".into()), &id, Timestamp::from_unix_seconds(0));
        for (name, value) in fields.iter().filter(|(n, _)| !n.eq_ignore_ascii_case("content-length")) {
            builder = builder.field(&format!("X-{name}"), value);
        }
        let record = builder.block(Block::from(block.as_slice()));
        let packed = bytes_of(&mut Packer::new(compression).pack(&record).unwrap());
        prop_assert_eq!(&packed, &bytes_of(&mut Packer::new(compression).pack(&record).unwrap()));
        let mut reader = WarcReader::new(packed.as_slice(), options());
        let mut read = reader.next_record().unwrap().unwrap();
        prop_assert_eq!(&read.header().raw, &record.header_bytes());
        prop_assert_eq!(&read.header().fields, &record.fields);
        let mut got = Vec::new();
        read.read_to_end(&mut got).unwrap();
        prop_assert_eq!(got, block);
        prop_assert_eq!(read.finish().unwrap().length, Some(packed.len() as u64));
        prop_assert!(reader.next_record().unwrap().is_none());
        prop_assert_eq!(reader.take_findings(), vec![]);
    }

    #[test]
    fn no_mutation_makes_it_panic_or_loop(
        compression in any_compression(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0u8..), 1..8),
        cut in any::<proptest::sample::Index>(),
        skip_by_length in any::<bool>(),
        seek in any::<bool>(),
    ) {
        let blocks = [text(0, 400), noise(1, 5000), text(2, 9000)];
        let (mut file, _) = file_of(&blocks, compression);
        for (index, value) in edits {
            let at = index.index(file.len());
            file[at] = value;
        }
        file.truncate(file.len() - cut.index(file.len()) / 4);
        let options = ReadOptions { skip_by_length, ..options() };
        let got = if seek {
            read_all(WarcReader::seekable(Cursor::new(&file), options))
        } else {
            read_all(WarcReader::new(file.as_slice(), options))
        };
        prop_assert!(got.end.is_some());
        prop_assert!(got.records.len() <= 8);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(0u8.., 0..300), start in 0usize..4) {
        let starts: [&[u8]; 4] = [b"", b"WARC/1.0\r\nContent-Length: 10\r\n", b"\x1f\x8b\x08\x00\0\0\0\0\0\0", b"\x28\xb5\x2f\xfd"];
        let file = [starts[start], &bytes].concat();
        let got = seen(&file);
        prop_assert!(got.end.is_some());
    }
}
