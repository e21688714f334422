//! There and back: the same records, whatever they are packed in.

use std::io::Cursor;

use super::super::{ReadOptions, WarcReader, from_reader, open};
use super::*;

fn record(number: usize, block: &[u8]) -> Vec<u8> {
    let head = format!(
        "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:{number}>\r\nContent-Length: {}\r\n\r\n",
        block.len()
    );
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

fn repacked(file: &[u8], mut packer: Packer) -> (Vec<u8>, Repacked, Vec<&'static str>) {
    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk.write_all(file).unwrap();
    let mut input = open(on_disk.path(), &ReadOptions::default()).unwrap();
    let (mut out, mut rules) = (Vec::new(), Vec::new());
    let repacked =
        repack(&mut input, &mut packer, &mut out, &mut |finding| rules.push(finding.rule)).unwrap();
    (out, repacked, rules)
}

/// Header, block, and whether it has a member of its own, of each record.
fn records(file: &[u8]) -> Vec<(Vec<u8>, Vec<u8>, bool)> {
    let mut reader = WarcReader::seekable(Cursor::new(file), ReadOptions::default());
    let mut records = Vec::new();
    while let Some(mut record) = reader.next_record().unwrap() {
        let header = record.take_header().raw;
        let mut block = Vec::new();
        record.read_to_end(&mut block).unwrap();
        records.push((header, block, record.finish().unwrap().length.is_some()));
    }
    assert_eq!(reader.take_findings(), []);
    records
}

#[test]
fn records_stay_the_same_through_every_packing() {
    let plain: Vec<u8> =
        (0..30).flat_map(|n| record(n, format!("page {n} ").repeat(n * 9).as_bytes())).collect();
    let before = records(&plain);
    let mut file = plain.clone();
    for compression in
        [Compression::Gzip(5), Compression::Zstd(3), Compression::Gzip(0), Compression::None]
    {
        let (out, repacked, rules) = repacked(&file, Packer::new(compression));
        assert_eq!(rules, [] as [&str; 0]);
        assert_eq!((repacked.records, repacked.bytes_in), (30, file.len() as u64));
        assert_eq!((repacked.bytes_out, repacked.gaps.len()), (out.len() as u64, 0));
        assert_eq!(records(&out), before);
        file = out;
    }
    assert_eq!(file, plain);
}

#[test]
fn a_dictionary_makes_short_records_shorter_and_is_read_back() {
    let plain: Vec<u8> = (0..600)
        .flat_map(|n| record(n, format!("<html><title>number {n}</title><p>page</p>").as_bytes()))
        .collect();
    let mut input =
        from_reader("x", Box::new(Cursor::new(plain.clone())), &ReadOptions::default()).unwrap();
    let dictionary = train(&mut input).unwrap();
    let (with, ..) = repacked(&plain, Packer::with_dictionary(9, dictionary));
    let (without, ..) = repacked(&plain, Packer::new(Compression::Zstd(9)));
    assert_eq!(records(&with), records(&plain));
    assert!(with.len() < without.len(), "{} and {}", with.len(), without.len());
    let mut few = from_reader("x", Box::new(Cursor::new(record(1, b""))), &ReadOptions::default());
    assert!(matches!(train(few.as_mut().unwrap()), Err(RepackError::Dictionary(_))));
}

#[test]
fn a_file_in_one_member_is_parted_into_its_records() {
    let plain: Vec<u8> = (0..5).flat_map(|n| record(n, b"text")).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    gzip.write_all(&plain).unwrap();
    let (out, repacked, rules) =
        repacked(&gzip.finish().unwrap(), Packer::new(Compression::Gzip(5)));
    assert_eq!((repacked.records, repacked.gaps.len()), (5, 0));
    assert_eq!(rules, ["member-per-record"]);
    assert!(records(&out).iter().all(|(.., alone)| *alone));
}

#[test]
fn what_is_damaged_is_left_out_and_its_place_is_known() {
    let plain: Vec<u8> = (0..4).flat_map(|n| record(n, &[b'a' + n as u8; 3000])).collect();
    let (file, ..) = repacked(&plain, Packer::new(Compression::Gzip(0)));
    let mut damaged = file.clone();
    damaged[3100 + 200] ^= 0x55;
    damaged.truncate(file.len() - 10);
    let (out, repacked, rules) = repacked(&damaged, Packer::new(Compression::Gzip(5)));
    let whole = records(&out);
    assert_eq!(whole.iter().map(|(_, block, _)| block[0]).collect::<Vec<_>>(), [b'a', b'c']);
    assert_eq!(repacked.left_out, 2);
    let gaps: Vec<_> = repacked.gaps.iter().map(|gap| (gap.offset, gap.length)).collect();
    let member = (file.len() / 4) as u64;
    assert_eq!(gaps, [(member, member), (3 * member, member - 10)]);
    assert!(rules.contains(&"member-checksum") && rules.contains(&"cut-record"), "{rules:?}");
}

#[test]
fn names_say_how_a_file_is_packed() {
    for (name, expected) in [
        ("a.warc", Some((Form::Warc, Compression::None))),
        ("A.WARC.GZ", Some((Form::Warc, Compression::default()))),
        ("a.warc.zst", Some((Form::Warc, Compression::Zstd(ZSTD_LEVEL)))),
        ("a.arc.gz", Some((Form::Arc, Compression::default()))),
        ("a.gz", None),
        ("warc", None),
    ] {
        assert_eq!(compression_of(name), expected, "{name}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn there_and_back_gives_the_same_bytes(
        blocks in proptest::collection::vec(proptest::collection::vec(0u8.., 0..300), 1..6),
        through in proptest::sample::select(vec![Compression::Gzip(1), Compression::Gzip(9), Compression::Zstd(1)]),
    ) {
        let plain: Vec<u8> = blocks.iter().enumerate().flat_map(|(n, b)| record(n, b)).collect();
        let (packed, ..) = repacked(&plain, Packer::new(through));
        let (back, ..) = repacked(&packed, Packer::new(Compression::None));
        proptest::prop_assert_eq!(back, plain);
    }
}
