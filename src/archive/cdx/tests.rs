use proptest::prelude::*;

use super::*;
use crate::base::surt::urlkey;

fn sample() -> Capture {
    Capture {
        urlkey: "com,example)/a".to_owned(),
        date: Timestamp::parse("2025-11-05T00:00:00.123456Z").unwrap(),
        url: "http://example.com/a".to_owned(),
        mime: "text/html".to_owned(),
        status: Some(200),
        digest: Some(DigestAlgorithm::Sha1.digest(b"")),
        length: 1234,
        offset: 5678,
        file: "a.warc.gz".into(),
        record_id: Some(RecordId::parse("<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>")),
        kind: RecordKind::Response,
        refers_to: None,
        truncated: false,
    }
}

#[test]
fn a_capture_has_its_three_lines() {
    let entry = sample();
    assert_eq!(
        cdxj_line(&entry),
        "com,example)/a 20251105000000 {\"url\": \"http://example.com/a\", \"mime\": \"text/html\", \
         \"status\": \"200\", \"digest\": \"sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\", \"length\": \"1234\", \
         \"offset\": \"5678\", \"filename\": \"a.warc.gz\", \
         \"record_id\": \"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\", \
         \"record_type\": \"response\", \"date\": \"2025-11-05T00:00:00.123456Z\"}"
    );
    assert_eq!(
        cdx11_line(&Capture { file: "a b.warc.gz".into(), ..entry.clone() }),
        "com,example)/a 20251105000000 http://example.com/a text/html 200 \
         3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ - - 1234 5678 a%20b.warc.gz"
    );
    let failure = Capture { status: None, digest: None, kind: RecordKind::Metadata, ..entry };
    let json: serde_json::Value = serde_json::from_str(&json_line(&failure)).unwrap();
    assert_eq!(json.as_object().unwrap().len(), 12);
    assert_eq!((&json["status"], &json["digest"]), (&"-".into(), &"-".into()));
    assert_eq!((&json["record_type"], &json["length"]), (&"metadata".into(), &"1234".into()));
    assert!(!cdxj_line(&failure).contains("status"));
}

/// Lines as other programs write them (our own texts in their form).
#[test]
fn lines_of_other_programs_are_read() {
    let pywb = r#"com,example)/ 20140126200624 {"url": "http://example.com/", "mime": "text/html", "status": "200", "digest": "B2LTWWPUOYAH7UIPQ7ZUPQ4VMBSVC36A", "length": "1042", "offset": "333", "filename": "example.warc.gz"}"#;
    let row = parse_cdxj(pywb).unwrap();
    assert_eq!(&*row.file, "example.warc.gz");
    assert_eq!(row.date.to_stamp14(), "20140126200624");
    assert_eq!((row.status, row.offset), (Some(200), 333));
    assert_eq!(row.digest.unwrap().to_string(), "sha1:B2LTWWPUOYAH7UIPQ7ZUPQ4VMBSVC36A");
    let revisit = r#"com,example)/ 20140126200625 {"url":"http://example.com/","mime":"warc/revisit","digest":"md5:00","length":1042,"offset":333,"filename":"e.warc.gz"}"#;
    let row = parse_cdxj(revisit).unwrap();
    assert_eq!((row.kind, row.status), (RecordKind::Revisit, None));
    assert_eq!(row.digest, None);

    let columns = CdxColumns::parse(" CDX N b a m s k r M S V g").unwrap();
    assert_eq!(Some(&columns), CdxColumns::usual(11).as_ref());
    let line =
        "com,example)/ 20140126200624 http://example.com/ text/html - - - - 1042 333 e.warc.gz";
    let row = columns.parse_line(line).unwrap();
    assert_eq!((row.status, row.length), (None, 1042));
    let other = CdxColumns::parse("CDX a b V g").unwrap();
    let row = other.parse_line("http://WWW.example.com/A 2014 7 e.arc").unwrap();
    assert_eq!((&*row.urlkey, row.offset), ("com,example)/a", 7));
}

#[test]
fn lines_that_are_none_are_refused_by_name() {
    for (line, says) in [
        ("", "expected a urlkey"),
        ("a 2014", "expected a urlkey"),
        ("a 2014 []", "expected a urlkey"),
        ("a 2014 {", "bad JSON"),
        ("a x {\"url\":\"u\"}", "timestamp cannot be \"x\""),
        ("a 2014 {}", "no url"),
        ("a 2014 {\"url\":\"u\"}", "no offset"),
        ("a 2014 {\"url\":\"u\",\"offset\":\"-1\"}", "offset cannot be \"-1\""),
        ("a 2014 {\"url\":\"u\",\"offset\":\"1\",\"status\":\"2x\"}", "status cannot be \"2x\""),
        ("a 2014 {\"url\":\"u\",\"offset\":\"1\"}", "no filename"),
    ] {
        let message = parse_cdxj(line).unwrap_err().to_string();
        assert!(message.contains(says), "{line}: {message}");
    }
    assert!(CdxColumns::parse("com,example)/ 2014").is_err());
    assert!(CdxColumns::parse(" CDX N b").is_err());
    let short = CdxColumns::usual(9).unwrap().parse_line("a b c").unwrap_err();
    assert_eq!(short, CdxError::Columns { expected: 9, found: 3 });
}

fn printable_entry() -> impl Strategy<Value = Capture> {
    let digest = prop_oneof![
        Just(None),
        any::<u8>().prop_map(|n| Some(DigestAlgorithm::Sha1.digest(&[n]))),
        any::<u8>().prop_map(|n| Some(DigestAlgorithm::Sha256.digest(&[n]))),
    ];
    // Years 1 to 9999: what a stamp can say.
    let date = -62_135_596_800_000_000..253_402_300_799_999_999_i64;
    (
        "http://example\\.com/[!-~é☃💩]{0,20}",
        date,
        (proptest::option::of(any::<u16>()), digest, any::<u64>(), any::<u64>()),
        (any::<[u8; 16]>(), 0..5_usize),
        "[!-~é]{1,20}",
    )
        .prop_map(|(url, date, head, tail, filename)| Capture {
            urlkey: urlkey(&url),
            date: Timestamp::from_unix_micros(date),
            url,
            mime: "text/html".to_owned(),
            status: head.0,
            digest: head.1,
            length: head.2,
            offset: head.3,
            file: filename.into(),
            record_id: Some(RecordId::Uuid(tail.0)),
            kind: RecordKind::ALL[tail.1],
            refers_to: None,
            truncated: false,
        })
        .prop_filter("a lone dash stands for nothing", |entry| &*entry.file != "-")
}

proptest! {
    #[test]
    fn a_cdxj_line_is_read_back(entry in printable_entry()) {
        let line = cdxj_line(&entry);
        prop_assert!(line.is_ascii() || !entry.urlkey.is_ascii());
        prop_assert_eq!(parse_cdxj(&line).unwrap(), entry);
    }

    #[test]
    fn a_cdx_line_is_read_back_but_for_what_it_cannot_say(entry in printable_entry()) {
        let line = cdx11_line(&entry);
        let said = Capture {
            date: entry.date.floor_second(),
            record_id: None,
            kind: RecordKind::Response,
            ..entry
        };
        let row = CdxColumns::usual(11).unwrap().parse_line(&line).unwrap();
        prop_assert_eq!(row, said);
    }

    #[test]
    fn no_line_breaks_the_readers(line in "\\PC{0,80}|[a-z]{1,3} [0-9]{0,15} \\{.{0,40}\\}") {
        let _ = parse_cdxj(&line);
        let _ = CdxColumns::parse(&line);
        for count in [9, 11] {
            let _ = CdxColumns::usual(count).unwrap().parse_line(&line);
        }
    }

    #[test]
    fn json_texts_are_json(text in any::<String>()) {
        let mut out = String::new();
        put_json_text(&mut out, &text);
        prop_assert!(out.is_ascii());
        prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
}
