//! Records of exchanges: their fields, that they follow the rules, and that other readers read what
//! we write.

use std::io::{Cursor, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use super::super::describe::Warcinfo;
use super::super::member::Compression;
use super::super::pack::Packer;
use super::super::record::CountingIds;
use super::super::rules;
use super::*;
use crate::base::TargetUri;
use crate::http::BodyFraming;
use crate::http::exchange::{Failure, FailureKind, ResponseShape, Stored, Timing, Truncated};

const HEAD: &str = "HTTP/1.1 200 OK\r\nX-odd :  spaced\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n";
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
const AT: Timestamp = Timestamp::from_unix_micros(1_762_300_800_123_456);

fn exchange(head: &str, body: &[u8]) -> Exchange {
    Exchange {
        uri: TargetUri::parse("http://example.org/a b?ü#x").unwrap(),
        method: "GET",
        date: AT,
        peer: Some("2001:db8::7".parse().unwrap()),
        request: REQUEST.to_vec(),
        has_credentials: false,
        interim: vec![],
        response: Stored::Memory([head.as_bytes(), body].concat()),
        shape: ResponseShape {
            status: Some(200),
            head_len: head.len() as u64,
            framing: BodyFraming::Length(body.len() as u64),
            transfer_codings: vec![],
            warnings: vec![],
        },
        surplus: vec![],
        truncated: None,
        session: None,
        tls: None,
        dns: None,
        timing: Timing { total: Duration::from_millis(321), ..Timing::default() },
    }
}

fn composer() -> Composer {
    Composer::new(DigestAlgorithm::Sha256, Some(RecordId::from_uuid_bytes([9; 16])))
}

fn original() -> Original {
    Original {
        record_id: Some(RecordId::from_uuid_bytes([3; 16])),
        target_uri: "http://example.org/before".into(),
        date: Timestamp::from_unix_seconds(1_700_000_000),
        payload_digest: Some(DigestAlgorithm::Sha256.digest(b"the original payload")),
    }
}

fn compose<'a>(composer: &Composer, exchange: &'a Exchange, verdict: &Verdict) -> Vec<Record<'a>> {
    let digests = digests(exchange, composer.algorithm, None).unwrap();
    let notes = CaptureNotes::default();
    composer.records(exchange, &digests, verdict, &notes, &mut CountingIds(0), true)
}

fn block(record: &Record<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    record.block.write_to(&mut out).unwrap();
    out
}

fn text(record: &Record<'_>, field: &str) -> String {
    let all: Vec<_> = record.fields.all(field).map(String::from_utf8_lossy).collect();
    all.join(" | ")
}

fn kinds(records: &[Record<'_>]) -> String {
    let kinds: Vec<_> =
        records.iter().map(|r| r.fields.record_kind().unwrap().to_string()).collect();
    kinds.join(" ")
}

/// What holds of every record, whatever it records.
fn hold_to_the_rules(records: &[Record<'_>]) {
    for record in records {
        assert_eq!(rules::check(&record.fields, "f", 0), [], "{:?}", record.fields);
        let block = block(record);
        assert_eq!(text(record, name::CONTENT_LENGTH), block.len().to_string());
        let digest = record.fields.block_digest().unwrap();
        assert_eq!(digest.algorithm().digest(&block), digest);
        // The main record names the warcinfo, and the others name the main record.
        let kind = record.fields.record_kind();
        let is_main = record.fields.warcinfo_id().is_some();
        if is_main {
            assert_eq!(record.fields.warcinfo_id(), Some(RecordId::from_uuid_bytes([9; 16])));
        } else if kind != Some(RecordKind::Warcinfo) {
            let main = records.iter().filter(|r| r.fields.warcinfo_id().is_some());
            let mains: Vec<_> = main.filter_map(Record::id).collect();
            let [named] = &record.fields.concurrent_to()[..] else { panic!("{:?}", record.fields) };
            assert!(mains.contains(named), "{:?}", record.fields);
        }
    }
}

#[test]
fn an_exchange_is_a_response_and_a_request_that_name_each_other() {
    let exchange = exchange(HEAD, b"<p>body</p>");
    let records = compose(&composer(), &exchange, &Verdict::Response);
    assert_eq!(kinds(&records), "response request");
    hold_to_the_rules(&records);
    let [response, request] = &records[..] else { panic!() };
    assert_eq!(block(response), exchange.response.as_memory().unwrap());
    assert_eq!(block(request), REQUEST);
    assert_eq!(response.fields.concurrent_to(), [request.id().unwrap()]);
    assert_eq!(request.fields.concurrent_to(), [response.id().unwrap()]);
    for record in &records {
        assert_eq!(text(record, name::DATE), "2025-11-05T00:00:00.123456Z");
        assert_eq!(text(record, name::TARGET_URI), "http://example.org/a%20b?%C3%BC#x");
        assert_eq!(text(record, name::IP_ADDRESS), "2001:db8::7");
        assert_eq!(text(record, name::PROTOCOL), "http/1.1");
    }
    let payload = DigestAlgorithm::Sha256.digest(b"<p>body</p>").to_string();
    assert_eq!(text(response, name::PAYLOAD_DIGEST), payload);
    assert_eq!(text(response, name::CONTENT_TYPE), "application/http;msgtype=response");
    assert_eq!(text(request, name::CONTENT_TYPE), "application/http;msgtype=request");
    assert_eq!(text(request, name::PAYLOAD_DIGEST), "");
}

#[test]
fn tls_facts_list_the_highest_protocol_first_and_a_skipped_check_is_stated() {
    let mut exchange = exchange("HTTP/1.0 200 OK\r\n\r\n", b"");
    exchange.tls = Some(TlsFacts {
        protocol: "tls/1.3",
        cipher_suite: "TLS_AES_128_GCM_SHA256".into(),
        verified: true,
        certificates: vec![vec![1; 60], vec![2; 3]],
        ocsp: vec![3; 3],
    });
    let records = compose(&composer(), &exchange, &Verdict::Response);
    assert_eq!(kinds(&records), "response request");
    assert_eq!(text(&records[0], name::PROTOCOL), "http/1.0 | tls/1.3");
    assert_eq!(text(&records[1], name::CIPHER_SUITE), "TLS_AES_128_GCM_SHA256");
    exchange.tls.as_mut().unwrap().verified = false;
    let records =
        compose(&Composer { certificates: true, ..composer() }, &exchange, &Verdict::Response);
    assert_eq!(kinds(&records), "resource response request metadata");
    hold_to_the_rules(&records);
    let chain = &records[0];
    let named = text(&records[1], name::CERTIFICATES);
    assert_eq!(named, format!("urn:tls-certificates:{}", text(chain, name::PAYLOAD_DIGEST)));
    assert_eq!(text(chain, name::TARGET_URI), named);
    assert_eq!(text(chain, name::CONTENT_TYPE), "application/pem-certificate-chain");
    let notes = warc_fields::read(&block(&records[3])).unwrap();
    assert_eq!(notes.text("tlsVerified").as_deref(), Some("false"));
    assert_eq!(notes.text("fetchTimeMs").as_deref(), Some("321"));
    assert_eq!(
        String::from_utf8(block(chain)).unwrap(),
        format!(
            "-----BEGIN CERTIFICATE-----\n{}\n{}\n-----END CERTIFICATE-----\n\
             -----BEGIN CERTIFICATE-----\nAgIC\n-----END CERTIFICATE-----\n\
             -----BEGIN OCSP RESPONSE-----\nAwMD\n-----END OCSP RESPONSE-----\n",
            "AQEB".repeat(16),
            "AQEB".repeat(4)
        )
    );
}

#[test]
fn interim_responses_surplus_and_notes_stand_beside_the_response() {
    let mut exchange = exchange(HEAD, b"body");
    exchange.interim = vec![b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec()];
    exchange.surplus = b"\r\nextra".to_vec();
    exchange.shape.warnings = vec!["a space before a colon".into()];
    let notes = CaptureNotes {
        via: Some("http://example.org/".into()),
        hops_from_seed: Some("LE".into()),
        identified_payload_type: Some("text/html".into()),
        page_id: None,
        more: vec![("jobId".into(), "daily".into())],
    };
    let composer = composer();
    let digests = digests(&exchange, composer.algorithm, None).unwrap();
    let records = composer.records(
        &exchange,
        &digests,
        &Verdict::Response,
        &notes,
        &mut CountingIds(0),
        true,
    );
    assert_eq!(kinds(&records), "response request metadata metadata metadata");
    hold_to_the_rules(&records);
    assert_eq!(block(&records[2]), exchange.interim[0]);
    assert_eq!(block(&records[3]), b"\r\nextra");
    assert_eq!(
        String::from_utf8(block(&records[4])).unwrap(),
        "via: http://example.org/\r\nhopsFromSeed: LE\r\nwarning: a space before a colon\r\n\
         jobId: daily\r\nfetchTimeMs: 321\r\n"
    );
    assert_eq!(text(&records[0], name::IDENTIFIED_PAYLOAD_TYPE), "text/html");
    // Every record of the event is named on the response, and names it.
    let beside: Vec<_> = records[1..].iter().map(|r| r.id().unwrap()).collect();
    assert_eq!(records[0].fields.concurrent_to(), beside);
    let response = records[0].id().unwrap();
    assert!(records[1..].iter().all(|r| r.fields.concurrent_to() == [response.clone()]));
}

#[test]
fn a_cut_body_is_marked_with_its_reason() {
    for (why, word) in [
        (Truncated::Length, "length"),
        (Truncated::Time, "time"),
        (Truncated::Disconnect, "disconnect"),
        (Truncated::Unspecified, "unspecified"),
    ] {
        let mut exchange = exchange(HEAD, b"half");
        exchange.truncated = Some(why);
        let records = compose(&composer(), &exchange, &Verdict::Response);
        assert_eq!(text(&records[0], name::TRUNCATED), word);
        hold_to_the_rules(&records);
    }
}

#[test]
fn an_identical_payload_is_a_revisit_with_the_head_alone() {
    let exchange = exchange(HEAD, b"as before");
    let records = compose(&composer(), &exchange, &Verdict::IdenticalPayload(original()));
    hold_to_the_rules(&records);
    assert_eq!(kinds(&records), "revisit request");
    let revisit = &records[0];
    assert_eq!(block(revisit), HEAD.as_bytes());
    assert_eq!(text(revisit, name::PROFILE), IDENTICAL_PAYLOAD_DIGEST);
    assert_eq!(text(revisit, name::TRUNCATED), "length");
    let digest = DigestAlgorithm::Sha256.digest(b"as before").to_string();
    assert_eq!(text(revisit, name::PAYLOAD_DIGEST), digest);
    assert_eq!(revisit.fields.refers_to(), original().record_id);
    assert_eq!(text(revisit, name::REFERS_TO_TARGET_URI), "http://example.org/before");
    assert_eq!(text(revisit, name::REFERS_TO_DATE), "2023-11-14T22:13:20.000000Z");
}

#[test]
fn a_304_is_a_revisit_with_the_digest_of_the_original() {
    let exchange = exchange("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", b"");
    let records = compose(&composer(), &exchange, &Verdict::NotModified(original()));
    hold_to_the_rules(&records);
    let revisit = &records[0];
    assert_eq!(block(revisit), exchange.response.as_memory().unwrap());
    assert_eq!(text(revisit, name::PROFILE), SERVER_NOT_MODIFIED);
    assert_eq!(revisit.fields.payload_digest(), original().payload_digest);
    assert_eq!(text(revisit, name::TRUNCATED), "");
    assert_eq!(text(revisit, name::REFERS_TO_DATE), "2023-11-14T22:13:20.000000Z");
    // Without a digest of the original there is none, rather than that of an empty body.
    let unknown = Original { payload_digest: None, record_id: None, ..original() };
    let records = compose(&composer(), &exchange, &Verdict::NotModified(unknown));
    assert_eq!(records[0].fields.payload_digest(), None);
    hold_to_the_rules(&records);
}

#[test]
fn digests_are_the_same_wherever_the_response_lies() {
    let body: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let memory = exchange(HEAD, &body);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(memory.response.as_memory().unwrap()).unwrap();
    let mut spooled = memory.clone();
    spooled.response = Stored::File(Arc::new(file), memory.response.len());
    for algorithm in [DigestAlgorithm::Sha1, DigestAlgorithm::Sha256] {
        let expected = BodyDigests {
            block: algorithm.digest(memory.response.as_memory().unwrap()),
            payload: algorithm.digest(&body),
            payload_len: body.len() as u64,
        };
        assert_eq!(digests(&memory, algorithm, None).unwrap(), expected);
        assert_eq!(digests(&spooled, algorithm, None).unwrap(), expected);
    }
    // A chunked body is read by a reader of its own.
    let mut decoded: &[u8] = b"decoded";
    let got = digests(&memory, DigestAlgorithm::Sha1, Some(&mut decoded)).unwrap();
    assert_eq!((got.payload, got.payload_len), (DigestAlgorithm::Sha1.digest(b"decoded"), 7));
    // The revisit's head is taken from the spool as well.
    let verdict = Verdict::IdenticalPayload(original());
    assert_eq!(block(&compose(&composer(), &spooled, &verdict)[0]), HEAD.as_bytes());
}

#[test]
fn name_resolution_is_a_record_of_its_own() {
    let mut exchange = exchange(HEAD, b"");
    exchange.dns = Some(DnsFacts {
        host: "example.org".into(),
        at: AT,
        addresses: vec!["192.0.2.1".parse().unwrap(), "2001:db8::7".parse().unwrap()],
        source: "system",
    });
    let records = compose(&composer(), &exchange, &Verdict::Response);
    assert_eq!(kinds(&records), "resource response request");
    hold_to_the_rules(&records);
    assert_eq!(text(&records[0], name::TARGET_URI), "dns:example.org");
    assert_eq!(
        String::from_utf8(block(&records[0])).unwrap(),
        "20251105000000\r\nexample.org.\tIN\tA\t192.0.2.1\r\n\
         example.org.\tIN\tAAAA\t2001:db8::7\r\n; answered by: system\r\n"
    );
}

fn failure(request: &[u8], received: &[u8]) -> Failure {
    Failure {
        uri: TargetUri::parse("https://example.org:8443/").unwrap(),
        date: AT,
        kind: FailureKind::Reset,
        why: "the connection ended\r\nwithout a status line".into(),
        peer: Some("192.0.2.1".parse().unwrap()),
        request: request.to_vec(),
        has_credentials: false,
        received: received.to_vec(),
        dns: None,
        timing: Timing { total: Duration::from_millis(5), ..Timing::default() },
    }
}

#[test]
fn a_failure_is_evidence_with_its_reason() {
    let failure = failure(REQUEST, b"\x16\x03garbage");
    let notes = CaptureNotes { via: Some("http://example.org/".into()), ..Default::default() };
    let records = composer().failure_records(&failure, &notes, &mut CountingIds(0), true);
    assert_eq!(kinds(&records), "metadata request metadata");
    hold_to_the_rules(&records);
    assert_eq!(
        String::from_utf8(block(&records[0])).unwrap(),
        "outcome: failed\r\nreason: reset\r\n\
         detail: the connection ended  without a status line\r\nhost: example.org\r\n\
         port: 8443\r\naddress: 192.0.2.1\r\nelapsedMs: 5\r\nbytesSent: 37\r\n\
         bytesReceived: 9\r\nvia: http://example.org/\r\n"
    );
    assert_eq!(block(&records[2]), b"\x16\x03garbage");
    assert_eq!(records[1].fields.concurrent_to(), [records[0].id().unwrap()]);
    assert_eq!(text(&records[0], name::TARGET_URI), "https://example.org:8443/");
    let silent = self::failure(b"", b"");
    let records =
        composer().failure_records(&silent, &CaptureNotes::default(), &mut CountingIds(0), true);
    assert_eq!(kinds(&records), "metadata");
}

/// A file with a warcinfo, a response, a revisit, a 304 and a failure.
fn archive(compression: Compression) -> (Vec<u8>, Vec<u64>, Vec<Vec<u8>>) {
    let composer = composer();
    let info = Warcinfo { software: "pressmark/0".into(), ..Default::default() };
    let warcinfo_id = RecordId::from_uuid_bytes([9; 16]);
    let noisy: Vec<u8> = (0..40_000u64).map(|n| ((n * n * 2_654_435_761) >> 13) as u8).collect();
    let (a, b) = (exchange(HEAD, b"<p>body</p>"), exchange(HEAD, &noisy));
    let c = exchange("HTTP/1.1 304 Not Modified\r\n\r\n", b"");
    let failure = failure(REQUEST, b"");
    let mut records = vec![info.record("a.warc.gz", &warcinfo_id, AT, DigestAlgorithm::Sha256)];
    records.extend(compose(&composer, &a, &Verdict::Response));
    records.extend(compose(&composer, &b, &Verdict::Response));
    records.extend(compose(&composer, &a, &Verdict::IdenticalPayload(original())));
    records.extend(compose(&composer, &c, &Verdict::NotModified(original())));
    let notes = CaptureNotes::default();
    records.extend(composer.failure_records(&failure, &notes, &mut CountingIds(70), true));
    let mut packer = Packer::new(compression);
    let (mut file, mut offsets, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
    for record in &records {
        offsets.push(file.len() as u64);
        packer.pack(record).unwrap().write_to(&mut file).unwrap();
        blocks.push(block(record));
    }
    (file, offsets, blocks)
}

#[test]
fn fastwarc_reads_the_same_fields_bytes_and_offsets() {
    use fastwarc::warc::iter::ArchiveIterator;
    for compression in [Compression::None, Compression::Gzip(0), Compression::default()] {
        let (file, offsets, blocks) = archive(compression);
        let mut ours = super::super::WarcReader::new(file.as_slice(), Default::default());
        let mut count = 0;
        let mut iterator = ArchiveIterator::new(Cursor::new(file.clone()));
        iterator.set_parse_http(false);
        for theirs in iterator {
            let theirs = theirs.unwrap();
            let mut theirs = theirs.borrow_mut();
            let ours = ours.next_record().unwrap().unwrap();
            let expected: Vec<_> =
                ours.header().fields.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
            let got: Vec<_> = theirs
                .headers()
                .items_bytes()
                .map(|(n, v)| (n.into_owned(), v.into_owned()))
                .collect();
            assert_eq!(got, expected);
            assert_eq!(theirs.stream_pos(), offsets[count], "{compression:?}");
            assert!(theirs.verify_block_digest(false).unwrap());
            let mut block = Vec::new();
            theirs.reader_mut().unwrap().read_to_end(&mut block).unwrap();
            assert_eq!(block, blocks[count], "{compression:?} record {count}");
            count += 1;
        }
        assert_eq!(count, offsets.len());
        assert!(ours.next_record().unwrap().is_none());
    }
}

#[test]
fn the_warc_crate_reads_the_same_fields_and_bytes() {
    let (plain, offsets, blocks) = archive(Compression::None);
    let (packed, ..) = archive(Compression::default());
    let mut inflated = Vec::new();
    flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut inflated).unwrap();
    assert_eq!(inflated, plain);
    let theirs = warc::WarcReader::new(std::io::BufReader::new(plain.as_slice()));
    let mut ours = super::super::WarcReader::new(plain.as_slice(), Default::default());
    let mut count = 0;
    for record in theirs.iter_raw_records() {
        let (header, body) = record.unwrap();
        let ours = ours.next_record().unwrap().unwrap();
        // That crate keeps one of several fields of a name, and its names in lower case.
        for (name, value) in header.as_ref() {
            let all: Vec<_> = ours.header().fields.all(&name.to_string()).collect();
            assert!(all.contains(&value.as_slice()), "{name}");
        }
        assert_eq!(body, blocks[count]);
        count += 1;
    }
    assert_eq!(count, offsets.len());
}

#[test]
fn uris_are_escaped_and_nothing_else_is_touched() {
    for (uri, expected) in [
        ("http://e/%2f|{}\"<>^`", "http://e/%2f|{}\"<>^`"),
        ("http://e/a b\u{e9}\u{7f}", "http://e/a%20b%C3%A9%7F"),
        ("http://e/a\r\n\tb", "http://e/ab"),
    ] {
        assert_eq!(escaped_uri(uri), expected);
    }
}
