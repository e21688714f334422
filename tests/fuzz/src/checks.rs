//! What has to hold of any bytes: one function for each fuzz target.
//!
//! Read twice: by the targets, which feed these functions what libFuzzer makes up, and by
//! `tests/it/fuzz_corpus.rs`, which feeds them every kept input in a plain `cargo test`.

use std::io::{BufReader, Cursor, Read};

use super::pressmark::archive::cdx::{CdxColumns, cdxj_line, parse_cdxj};
use super::pressmark::base::Finding;
use super::pressmark::evidence::ots::{Branches, Ots};
use super::pressmark::http::{Head, Method, decode_body, payload, shape_of, slices};
use super::pressmark::warc::verify::{Verifier, VerifyOptions, check_header};
use super::pressmark::warc::{
    HeaderLimits, Input, Mode, ReadOptions, WarcReader, from_reader, parse_header,
};

/// What is asked of any bytes; panics where it does not hold.
pub type Check = fn(&[u8]);

/// The targets by their names.
pub const ALL: [(&str, Check); 6] = [
    ("cdx", cdx),
    ("chunked", chunked),
    ("members", members),
    ("ots", ots),
    ("record_heads", record_heads),
    ("wacz", wacz),
];

/// The most bytes that are unpacked of a block or a body: a few bytes of input may stand for a gigabyte.
const UNPACKED_MAX: u64 = 1 << 20;

/// Headers of records: whatever the bytes, they are read or refused, and what is read keeps them.
pub fn record_heads(bytes: &[u8]) {
    let limits = HeaderLimits::default();
    let strict = parse_header(bytes, Mode::Strict, &limits);
    match parse_header(bytes, Mode::Lenient, &limits) {
        Ok((header, warnings)) => {
            assert!(bytes.starts_with(&header.raw));
            assert_eq!(strict.is_ok(), warnings.is_empty());
            for (name, value) in header.fields.iter() {
                assert!(!name.contains(&b':') && name.len() + value.len() < bytes.len());
            }
            let fields = &header.fields;
            let _ = (fields.record_kind(), fields.record_id(), fields.date(), fields.target_uri());
            let _ = (fields.concurrent_to(), fields.refers_to(), fields.ip_address());
            for finding in check_header(&header, "f", 0) {
                assert!(finding.what.len() < 4096, "{}", finding.rule);
            }
        }
        Err(_) => assert!(strict.is_err()),
    }
}

/// Proofs of OpenTimestamps: what is read is what would be written, and whatever it leads to stays small.
pub fn ots(bytes: &[u8]) {
    if let Ok(mut read) = Ots::parse(bytes) {
        assert_eq!(read.bytes(), bytes);
        let attested: Vec<Vec<u8>> = read.attested().into_iter().map(|(_, m)| m).collect();
        assert!(attested.iter().all(|message| message.len() <= 4096));
        let rest = read.branches.clone();
        for message in attested.iter().take(3) {
            read.upgrade(message, &rest);
        }
    }
    let _ = Branches::parse(bytes);
}

/// Whole files: members, frames, plain WARC and ARC. Reading ends, goes on after damage, and never gives
/// a record twice, from a file, from a pipe, and by the lengths that members state.
pub fn members(bytes: &[u8]) {
    // No record is shorter than its version line; a member may hold many times its bytes.
    let most = bytes.len() * 1100 + 1;
    // After damage a pipe goes on where it stands, and a file where the damage began: the records may
    // be others.
    read(WarcReader::new(bytes, ReadOptions::default()), most, false);
    read(WarcReader::seekable(Cursor::new(bytes), ReadOptions::default()), most, false);
    let by_length = ReadOptions { skip_by_length: true, ..ReadOptions::default() };
    read(WarcReader::seekable(Cursor::new(bytes), by_length), most, true);
    verify(input(bytes));
}

fn read<R: Read>(mut reader: WarcReader<R>, most: usize, is_listing: bool) {
    let mut count = 0;
    let mut last = None;
    while let Some(mut record) = reader.next_record().unwrap() {
        let place = if is_listing {
            record.skip().unwrap()
        } else {
            // A damaged block ends in an error.
            let _ = std::io::copy(&mut record.by_ref().take(UNPACKED_MAX), &mut std::io::sink());
            record.finish().unwrap()
        };
        let at = (place.offset, place.within);
        assert!(last.is_none_or(|last| last < at), "{at:?} after {last:?}");
        last = Some(at);
        count += 1;
        assert!(count <= most);
    }
    assert!(reader.next_record().unwrap().is_none() && reader.end().is_some());
}

/// Responses as they are stored: their payload is the same in pieces of any size, and no coding unpacks to more
/// than is allowed.
pub fn chunked(bytes: &[u8]) {
    let shape = shape_of(bytes, Method::Get);
    let whole: Vec<u8> = slices(bytes, &shape).flatten().copied().collect();
    assert!(whole.len() <= bytes.len());
    let mut read = Vec::new();
    for size in [1, 7, 4096] {
        let mut again = Vec::new();
        let input = payload(BufReader::with_capacity(size, bytes), &shape);
        input.take(UNPACKED_MAX).read_to_end(&mut again).unwrap();
        if shape.transfer_codings.is_empty() {
            assert_eq!(again, whole);
        }
        if size > 1 {
            assert_eq!(again, read);
        }
        read = again;
    }
    let head_len = usize::try_from(shape.head_len).unwrap().min(bytes.len());
    let head = Head::parse(&bytes[..head_len]);
    let max = 1 << 16;
    assert!(decode_body(read.as_slice(), &head, max).bytes.len() <= max);
}

/// Lines of CDXJ and CDX: read or refused; what is read and printed is read as the same.
pub fn cdx(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(capture) = parse_cdxj(text) {
        let printed = cdxj_line(&capture);
        let again = parse_cdxj(&printed).expect("what is printed is read");
        assert_eq!(cdxj_line(&again), printed);
    }
    let (header, line) = text.split_once('\n').unwrap_or((" CDX N b a m s k r M S V g", text));
    if let Ok(header) = CdxColumns::parse(header) {
        let _ = header.parse_line(line);
    }
}

/// Packages: whatever the directory says, reading ends and no length is believed.
pub fn wacz(bytes: &[u8]) {
    let Some(input) = input(bytes) else { return };
    let Some(package) = input.package() else { return };
    for entry in package.entries() {
        if let Ok(bytes) = package.bytes(entry) {
            // What is damaged ends in an error.
            let _ = std::io::copy(&mut bytes.take(UNPACKED_MAX), &mut std::io::sink());
        }
    }
    verify(Some(input));
}

fn input(bytes: &[u8]) -> Option<Input> {
    from_reader("f", Box::new(Cursor::new(bytes.to_vec())), &ReadOptions::default()).ok()
}

fn verify(input: Option<Input>) {
    let mut found = |finding: Finding| assert!(finding.what.len() < 16 * 1024, "{}", finding.rule);
    let mut verifier = Verifier::new(VerifyOptions::default(), &mut found);
    if let Some(input) = input {
        verifier.input(input);
    }
    verifier.finish();
}
