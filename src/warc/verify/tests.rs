//! Checking: what is right passes, what is wrong is found by its rule.

mod corpus;

use std::io::Cursor;

use super::super::pack::Packer;
use super::super::record::{Block, CountingIds, Record, RecordIds};
use super::super::{Compression, ReadOptions, Warcinfo, from_reader, name};
use super::*;
use crate::base::{ChecksumAlgorithm, ChecksumHasher, DigestAlgorithm, Timestamp};

fn verified(file: &[u8]) -> (Vec<(Severity, &'static str)>, Verified) {
    let mut file_on_disk = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file_on_disk, file).unwrap();
    let mut findings = Vec::new();
    let mut found = |finding: Finding| findings.push((finding.severity, finding.rule));
    let mut verifier = Verifier::new(VerifyOptions::default(), &mut found);
    verifier.input(super::super::open(file_on_disk.path(), &ReadOptions::default()).unwrap());
    let verified = verifier.finish();
    (findings, verified)
}

/// The rules that are found, of a stream too.
fn rules_of(file: &[u8]) -> Vec<&'static str> {
    let (findings, verified) = verified(file);
    assert_eq!(findings.len() as u64, verified.findings);
    findings.into_iter().map(|(_, rule)| rule).collect()
}

fn warcinfo() -> String {
    let block = "software: test\r\n";
    format!(
        "WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Record-ID: <urn:uuid:0>\r\nWARC-Date: 2020-01-01T00:00:00Z\r\nContent-Type: application/warc-fields\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
        block.len()
    )
}

fn response(fields: &str, block: &[u8]) -> Vec<u8> {
    let head = format!(
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2020-01-01T00:00:00Z\r\nWARC-Target-URI: http://a.example/\r\nContent-Type: application/http; msgtype=response\r\n{fields}Content-Length: {}\r\n\r\n",
        block.len()
    );
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

fn sum(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Vec<u8> {
    let mut hasher = ChecksumHasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish().as_bytes().to_vec()
}

fn sha1(bytes: &[u8]) -> String {
    let value = data_encoding::BASE32.encode(&sum(ChecksumAlgorithm::Sha1, bytes));
    format!("WARC-Payload-Digest: sha1:{value}\r\n")
}

#[test]
fn every_digest_is_checked_in_every_encoding() {
    let block = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
    for algorithm in ChecksumAlgorithm::ALL {
        for encoding in [data_encoding::HEXLOWER, data_encoding::BASE32, data_encoding::BASE64] {
            let label = algorithm.label();
            let digests = |block: &[u8], body: &[u8]| {
                format!(
                    "WARC-Block-Digest: {label}:{}\r\nWARC-Payload-Digest: {label}:{}\r\n",
                    encoding.encode(&sum(algorithm, block)),
                    encoding.encode(&sum(algorithm, body)),
                )
            };
            let file = |fields: &str| [warcinfo().into_bytes(), response(fields, block)].concat();
            let right = digests(block, b"body");
            assert_eq!(rules_of(&file(&right)), [] as [&str; 0], "{right}");
            let wrong = digests(b"another", b"another");
            assert_eq!(rules_of(&file(&wrong)), ["block-digest", "payload-digest"], "{wrong}");
        }
    }
}

#[test]
fn payloads_are_right_where_writers_differ() {
    let gzip = {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        std::io::Write::write_all(&mut out, b"decoded").unwrap();
        out.finish().unwrap()
    };
    let head = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n").into_bytes();
    let chunked =
        |body: &[u8]| [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
    let kept = [head("Transfer-Encoding: chunked\r\n"), chunked(b"body")].concat();
    let removed = [head("Transfer-Encoding: chunked\r\n"), b"body".to_vec()].concat();
    let coded = [head("Content-Encoding: gzip\r\n"), gzip.clone()].concat();
    let both =
        [head("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), chunked(&gzip)].concat();
    // A body that was decoded under the head it came with.
    let decoded =
        [head("Content-Encoding: gzip\r\nContent-Length: 3\r\n"), b"decoded".to_vec()].concat();
    let transfer = [head("Transfer-Encoding: gzip, chunked\r\n"), chunked(&gzip)].concat();
    let http2 = b"HTTP/2 200\r\nx: y\r\n\r\nbody".to_vec();
    let http09 = b"<html>".to_vec();
    for (block, payload, expected) in [
        (&kept, b"body".to_vec(), None),
        (&kept, chunked(b"body"), Some("payload-digest-body")),
        (&kept, kept.clone(), Some("payload-digest-block")),
        (&removed, b"body".to_vec(), None),
        (&coded, gzip.clone(), None),
        (&coded, b"decoded".to_vec(), Some("payload-digest-decoded")),
        (&both, gzip.clone(), None),
        (&both, chunked(&gzip), Some("payload-digest-body")),
        (&both, b"decoded".to_vec(), Some("payload-digest-decoded")),
        (&decoded, b"decoded".to_vec(), Some("payload-digest-body")),
        (&transfer, b"decoded".to_vec(), None),
        // What earlier versions of this program wrote.
        (&transfer, gzip.clone(), None),
        (&transfer, chunked(&gzip), Some("payload-digest-body")),
        (&transfer, b"else".to_vec(), Some("payload-digest")),
        (&http2, b"body".to_vec(), None),
        (&http09, b"<html>".to_vec(), None),
        (&kept, b"else".to_vec(), Some("payload-digest")),
    ] {
        let file = [warcinfo().into_bytes(), response(&sha1(&payload), block)].concat();
        let expected: Vec<_> = expected.into_iter().collect();
        let shown = String::from_utf8_lossy(block);
        assert_eq!(rules_of(&file), expected, "{shown:?} {payload:?}");
    }
}

#[test]
fn links_are_followed_over_the_whole_file() {
    let record = |id: &str, kind: &str, fields: &str| {
        format!(
            "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{id}>\r\nWARC-Date: 2020-01-01T00:00:00Z\r\nWARC-Target-URI: http://a.example/{id}\r\n{fields}Content-Length: 0\r\n\r\n\r\n\r\n"
        )
    };
    let profile =
        "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\n";
    let digest = |c: &str| format!("WARC-Payload-Digest: sha1:{}\r\n", c.repeat(32));
    let of = |records: &[String]| rules_of((warcinfo() + &records.concat()).as_bytes());
    let request = record("9", "request", "WARC-Concurrent-To: <urn:uuid:1>\r\n");
    // A digest that no empty payload has, on a kind whose payload is not in its block.
    let original = record(
        "1",
        "continuation",
        &format!(
            "{}WARC-Segment-Number: 2\r\nWARC-Segment-Origin-ID: <urn:uuid:9>\r\n",
            digest("A")
        ),
    );
    assert_eq!(of(&[request.clone(), original.clone()]), [] as [&str; 0]);
    assert_eq!(of(std::slice::from_ref(&request)), ["concurrent-to-link"]);
    assert_eq!(of(&[original.clone(), original.clone()]), ["record-id"]);
    let lost = record("2", "resource", "WARC-Warcinfo-ID: <urn:uuid:8>\r\n");
    assert_eq!(of(&[lost]), ["warcinfo-link"]);
    let note = record("2", "metadata", "WARC-Refers-To: <urn:uuid:8>\r\n");
    assert_eq!(of(&[note]), ["refers-to-link"]);
    for (to, digest_of, expected, outside) in
        [("1", "A", None, 0), ("1", "B", Some("revisit-target"), 0), ("7", "A", None, 1)]
    {
        let fields = format!("{profile}WARC-Refers-To: <urn:uuid:{to}>\r\n{}", digest(digest_of));
        let file = warcinfo() + &original + &record("3", "revisit", &fields);
        let (findings, verified) = verified(file.as_bytes());
        let rules: Vec<_> = findings.iter().map(|(_, rule)| *rule).collect();
        assert_eq!((rules, verified.outside), (expected.into_iter().collect(), outside));
    }
}

#[test]
fn what_other_writers_add_is_no_finding() {
    let fields = "WARC-Page-ID: 1234\r\nWARC-Resource-Type: document\r\nWARC-JSON-Metadata: {\"a\":1}\r\nWARC-Protocol: h2\r\nWARC-Protocol: tls/1.3\r\nWARC-Cipher-Suite: TLS_AES_128_GCM_SHA256\r\nWARC-Source-URI: http://x/\r\nWARC-Source-Range: bytes 0-1\r\n";
    let response = response(fields, b"HTTP/2 200 \r\nx: y\r\n\r\nbody");
    let page = "WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:2>\r\nWARC-Date: 2020-01-01T00:00:00Z\r\nWARC-Target-URI: urn:pageinfo:http://a.example/\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}\r\n\r\n";
    let file = [warcinfo().into_bytes(), response, page.as_bytes().to_vec()].concat();
    assert_eq!(rules_of(&file), [] as [&str; 0]);
}

#[test]
fn an_empty_file_and_one_without_records_are_found() {
    assert_eq!(rules_of(b""), ["no-records"]);
    assert_eq!(rules_of(b"nothing here"), ["not-a-record", "hole"]);
}

#[test]
fn a_package_is_checked_against_its_list() {
    let warc = warcinfo();
    let sha256 = DigestAlgorithm::Sha256.digest(warc.as_bytes()).to_string();
    let package = |datapackage: &str, warc: &str| {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        for (path, text) in [("archive/a.warc", warc), ("datapackage.json", datapackage)] {
            zip.start_file(path, options).unwrap();
            std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let list = |hash: &str, bytes: usize| {
        format!(
            "{{\"resources\":[{{\"path\":\"archive/a.warc\",\"hash\":\"{hash}\",\"bytes\":{bytes}}}]}}"
        )
    };
    let right = list(&sha256, warc.len());
    for (bytes, expected) in [
        (package(&right, &warc), &[][..]),
        (package(&right, &warc.replace("test", "tesT")), &["datapackage-hash"]),
        (package(&list(&sha256, 3), &warc), &["datapackage-length"]),
        (
            package("{\"resources\":[{\"path\":\"b\"}]}", &warc),
            &["datapackage-missing", "datapackage-unlisted"],
        ),
        (package("nonsense", &warc), &["datapackage"]),
    ] {
        assert_eq!(rules_of(&bytes), expected);
    }
}

/// A file as this program writes it, and its blocks' records.
fn of_ours(compression: Compression, blocks: &[Vec<u8>]) -> Vec<u8> {
    let date = Timestamp::from_unix_seconds(1_600_000_000);
    let mut ids = CountingIds(7);
    let info = Warcinfo { software: "pressmark/0.1.0".to_owned(), ..Warcinfo::default() };
    let info_id = ids.next_id();
    let mut packer = Packer::new(compression);
    let mut file = Vec::new();
    let mut add = |record: &Record<'_>| {
        packer.pack(record).unwrap().write_to(&mut file).unwrap();
    };
    add(&info.record("a.warc.gz", &info_id, date, DigestAlgorithm::Sha256));
    for block in blocks {
        let digest = DigestAlgorithm::Sha256.digest(block).to_string();
        let record = Record::build(&RecordKind::Resource, &ids.next_id(), date)
            .field(name::TARGET_URI, "http://a.example/")
            .field(name::WARCINFO_ID, info_id.to_string())
            .field(name::CONTENT_TYPE, "text/plain")
            .field(name::BLOCK_DIGEST, digest)
            .block(Block::from(block.clone()));
        add(&record);
    }
    file
}

#[test]
fn any_inverted_byte_of_a_packed_file_is_found() {
    let noise: Vec<u8> =
        (0..5000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let blocks = [b"text text text text".to_vec(), noise, Vec::new()];
    for compression in [Compression::Gzip(6), Compression::Gzip(0), Compression::Zstd(3)] {
        let file = of_ours(compression, &blocks);
        assert_eq!(rules_of(&file), [] as [&str; 0], "{compression:?}");
        let step = if file.len() > 2000 { 7 } else { 1 };
        for at in (0..file.len()).step_by(step).chain(file.len() - 12..file.len()) {
            let mut damaged = file.clone();
            damaged[at] ^= 0xff;
            assert!(!rules_of(&damaged).is_empty(), "{compression:?}: the byte at {at}");
        }
    }
}

/// Pages that are full of members with records, stored as they are, so that every guess of where a
/// member begins may be one of theirs.
#[test]
fn several_threads_find_what_one_finds() {
    let forged = of_ours(Compression::Gzip(6), &[b"forged".to_vec()]);
    let mut blocks = Vec::new();
    for number in 0..40u8 {
        let mut block = forged.repeat(if number % 3 == 0 { 700 } else { 1 });
        block.extend((0..300_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 9) as u8 ^ number));
        blocks.push(block);
    }
    let mut file = of_ours(Compression::Gzip(0), &blocks);
    assert!(file.len() > 12 << 20, "{}", file.len());
    for damage in [None, Some(file.len() / 2), Some(file.len() / 4 + 5000)] {
        if let Some(at) = damage {
            file[at] ^= 0xff;
        }
        let of = |threads| {
            let mut on_disk = tempfile::NamedTempFile::new().unwrap();
            std::io::Write::write_all(&mut on_disk, &file).unwrap();
            let mut findings = Vec::new();
            let mut found = |finding: Finding| findings.push((finding.rule, finding.offset));
            let options = VerifyOptions { threads, ..VerifyOptions::default() };
            let mut verifier = Verifier::new(options, &mut found);
            let input = super::super::open(on_disk.path(), &ReadOptions::default());
            verifier.input(input.unwrap());
            let verified = verifier.finish();
            findings.sort();
            (verified, findings)
        };
        let one = of(1);
        assert_eq!(one.0.records, 41);
        assert_eq!(one.1.is_empty(), damage.is_none());
        for threads in [2, 3, 5] {
            assert_eq!(of(threads), one, "{threads} threads, {damage:?}");
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// A byte that changes in any way is found, or it is padding and no record is another.
    #[test]
    fn a_changed_byte_is_found_or_changes_nothing(at in 0.0f64..1.0, mask in 1u8.., level in 0u8..7) {
        let blocks = [b"text text text text".to_vec(), b"<p>more".repeat(40)];
        let file = of_ours(Compression::Gzip(level), &blocks);
        let mut damaged = file.clone();
        damaged[(at * file.len() as f64) as usize] ^= mask;
        if rules_of(&damaged).is_empty() {
            proptest::prop_assert!(blocks_of(&damaged) == blocks_of(&file));
        }
    }

    #[test]
    fn any_bytes_are_checked_to_their_end(bytes in proptest::collection::vec(0u8.., 0..400), start in 0usize..4) {
        let starts = [&b""[..], b"WARC/1.1\r\nContent-Length: 9\r\n\r\n", b"\x1f\x8b\x08\0", b"PK\x03\x04"];
        let bytes = [starts[start], &bytes].concat();
        let mut found = |_: Finding| {};
        let mut verifier = Verifier::new(VerifyOptions::default(), &mut found);
        match from_reader("x", Box::new(Cursor::new(bytes)), &ReadOptions::default()) {
            Ok(input) => verifier.input(input),
            Err(error) => verifier.open_error(&error),
        }
        verifier.finish();
    }
}

fn blocks_of(file: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut reader = WarcReader::new(file, ReadOptions::default());
    let mut blocks = Vec::new();
    while let Some(mut record) = reader.next_record().unwrap() {
        let mut block = Vec::new();
        let _ = record.read_to_end(&mut block);
        blocks.push((record.header().raw.clone(), block));
    }
    blocks
}
