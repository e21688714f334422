//! Opening: what each kind of input gives.

use std::io::{Cursor, Write};

use super::*;
use crate::warc::{Form, Framing};

const WARC: &[u8] = b"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Target-URI: http://a.example/\r\nContent-Length: 4\r\n\r\nabcd\r\n\r\n";
const ARC: &[u8] = b"filedesc://x.arc 0.0.0.0 20020328143000 text/plain 76\n1 0 Alexa Internet\nURL IP-address Archive-date Content-type Archive-length\n\nhttp://a.example/ 1.2.3.4 20020328143001 text/html 22\nHTTP/1.0 200 OK\r\n\r\nabc\nhttp://b.example/ 1.2.3.4 20020328143002 text/plain 3\nxyz\n";

fn options() -> ReadOptions {
    ReadOptions::default()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// The file's name, and kind and block of a record.
type Seen = (String, String, Vec<u8>);

/// Each record, and the rules found.
fn records(mut input: Input) -> (Vec<Seen>, Vec<&'static str>) {
    let (mut records, mut rules) = (Vec::new(), Vec::new());
    while let Some(mut file) = input.next_file().unwrap() {
        while let Some(mut record) = file.records.next_record().unwrap() {
            let kind = record.header().fields.record_kind().unwrap().to_string();
            let mut block = Vec::new();
            record.read_to_end(&mut block).unwrap();
            assert!(record.finish().unwrap().intact);
            records.push((file.name.clone(), kind, block));
        }
        rules.extend(file.records.take_findings().iter().map(|finding| finding.rule));
    }
    (records, rules)
}

fn on_disk(bytes: &[u8]) -> (tempfile::NamedTempFile, Input) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let input = open(file.path(), &options()).unwrap();
    (file, input)
}

fn stream(bytes: &[u8]) -> Input {
    from_reader("-", Box::new(Cursor::new(bytes.to_vec())), &options()).unwrap()
}

fn package(files: &[(&str, &[u8], CompressionMethod)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes, method) in files {
        let options = zip::write::SimpleFileOptions::default().compression_method(*method);
        zip.start_file(*path, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

use zip::CompressionMethod;

#[test]
fn files_and_streams_give_the_same_records() {
    for bytes in [WARC.to_vec(), gzip(WARC), zstd::bulk::compress(WARC, 3).unwrap()] {
        let (file, input) = on_disk(&bytes);
        let name = file.path().display().to_string();
        let wanted = |name: &str| (name.to_owned(), "resource".to_owned(), b"abcd".to_vec());
        assert_eq!(records(input), (vec![wanted(&name)], vec![]));
        assert_eq!(records(stream(&bytes)), (vec![wanted("-")], vec![]));
    }
}

#[test]
fn arc_files_give_the_fields_of_warc_records() {
    let members: Vec<u8> = [&ARC[..130], &ARC[130..207], &ARC[207..]].map(gzip).concat();
    assert_eq!(&ARC[130..137], b"http://", "the members begin where records do");
    for bytes in [ARC.to_vec(), gzip(ARC), members] {
        let (got, rules) = records(stream(&bytes));
        let kinds: Vec<_> =
            got.iter().map(|(_, kind, block)| (kind.as_str(), block.len())).collect();
        assert_eq!(kinds, [("warcinfo", 76), ("response", 22), ("resource", 3)]);
        assert!(rules.iter().all(|rule| *rule == "member-per-record"), "{rules:?}");
    }
    let (_file, mut input) = on_disk(ARC);
    let mut file = input.next_file().unwrap().unwrap();
    let record = file.records.next_record().unwrap().unwrap();
    assert_eq!(record.header().form, Form::Arc);
    assert_eq!(record.finish().unwrap().length, Some(130));
    assert_eq!(file.records.framing(), Some(Framing::Plain));
}

#[test]
fn an_arc_record_that_lies_about_its_length_is_passed_over() {
    let text = String::from_utf8(ARC.to_vec()).unwrap();
    for (length, expected) in [("9999", 3), ("10", 3), ("0", 3)] {
        let lied = text.replacen("text/html 22", &format!("text/html {length}"), 1);
        let (_file, mut input) = on_disk(lied.as_bytes());
        let mut file = input.next_file().unwrap().unwrap();
        let mut count = 0;
        while let Some(record) = file.records.next_record().unwrap() {
            count += 1;
            let _ = record.finish().unwrap();
        }
        assert_eq!(count, expected, "{length}");
        assert!(!file.records.take_findings().is_empty(), "{length}");
    }
}

#[test]
fn a_package_gives_each_of_its_files_stored_or_deflated() {
    let bytes = package(&[
        ("datapackage.json", b"{}", CompressionMethod::Deflated),
        ("archive/a.warc.gz", &gzip(WARC), CompressionMethod::Stored),
        ("archive/unnamed", ARC, CompressionMethod::Deflated),
        ("pages/pages.jsonl", b"", CompressionMethod::Deflated),
        ("elsewhere/b.WARC", WARC, CompressionMethod::Deflated),
    ]);
    let (file, input) = on_disk(&bytes);
    let name = file.path().display().to_string();
    let package = input.package().unwrap();
    assert_eq!(package.entries().len(), 5);
    let list = package.entry("datapackage.json").unwrap();
    assert_eq!(std::io::read_to_string(package.bytes(list).unwrap()).unwrap(), "{}");
    assert!(package.entry("nothing").is_none());
    let (got, _) = records(input);
    let names: Vec<_> = got.iter().map(|(file, ..)| file.strip_prefix(&name).unwrap()).collect();
    let unnamed = "/archive/unnamed";
    assert_eq!(names, ["/archive/a.warc.gz", unnamed, unnamed, unnamed, "/elsewhere/b.WARC"]);
    let from_pipe = records(stream(&bytes)).0;
    assert_eq!(from_pipe.len(), got.len());
}

#[test]
fn a_package_inside_a_package_is_read_stored_or_deflated_down_to_three_levels() {
    use CompressionMethod::{Deflated, Stored};
    let deep = package(&[("archive/d.warc", WARC, Stored)]);
    let inner = package(&[
        ("packed.wacz", &deep, Deflated),
        ("archive/c.warc.gz", &gzip(WARC), Stored),
        ("deep.wacz", &deep, Stored),
    ]);
    let bytes = package(&[
        ("archive/first.warc", WARC, Deflated),
        ("one.wacz", &inner, Stored),
        ("two.WACZ", &inner, Deflated),
        ("broken.wacz", b"PK", Stored),
        ("last.warc", WARC, Stored),
    ]);
    let (file, mut input) = on_disk(&bytes);
    let name = file.path().display().to_string();
    let (mut got, mut errors) = (Vec::new(), Vec::new());
    loop {
        match input.next_file() {
            Ok(Some(mut file)) => {
                assert!(file.records.next_record().unwrap().is_some(), "{}", file.name);
                assert_eq!(file.name, format!("{name}/{}", file.entry.as_deref().unwrap()));
                let again = input.package().unwrap().bytes_at(&file.entry_at).unwrap();
                assert_eq!(again.can_seek(), file.length().is_some(), "{}", file.name);
                got.push((file.entry.unwrap(), file.entry_at));
            }
            Ok(None) => break,
            Err(why) => errors.push(why.name().to_owned()),
        }
    }
    let wanted: [(&str, &[usize]); 6] = [
        ("archive/first.warc", &[0]),
        ("one.wacz/archive/c.warc.gz", &[1, 1]),
        ("one.wacz/deep.wacz/archive/d.warc", &[1, 2, 0]),
        ("two.WACZ/archive/c.warc.gz", &[2, 1]),
        ("two.WACZ/deep.wacz/archive/d.warc", &[2, 2, 0]),
        ("last.warc", &[4]),
    ];
    assert_eq!(got, wanted.map(|(path, at)| (path.to_owned(), at.to_vec())));
    // What is unpacked is not unpacked again inside.
    let refused = ["one.wacz/packed.wacz", "two.WACZ/packed.wacz", "broken.wacz"];
    assert_eq!(errors, refused.map(|path| format!("{name}/{path}")));
    // A level more is refused, and what is next to it is read.
    let deeper = package(&[("x/deepest.wacz", &bytes, Stored), ("z.warc", WARC, Stored)]);
    let mut input = on_disk(&deeper).1;
    let (mut count, mut refused) = (0, 0);
    loop {
        match input.next_file() {
            Ok(Some(_)) => count += 1,
            Ok(None) => break,
            Err(why) => refused += usize::from(why.to_string().contains("too deep")),
        }
    }
    assert_eq!((count, refused), (4, 2));
}

#[test]
fn what_cannot_be_opened_is_refused_with_its_name() {
    for path in ["/nonexistent.warc", "/"] {
        let error = open(path.as_ref(), &options()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot read {path}: ")), "{error}");
    }
    let whole = package(&[("archive/a.warc", WARC, CompressionMethod::Stored)]);
    for cut in [4, 40, whole.len() - 1] {
        let result = from_reader("x", Box::new(Cursor::new(whole[..cut].to_vec())), &options());
        assert!(matches!(result, Err(OpenError::Package { .. })), "{cut}");
    }
    assert_eq!(records(stream(b"")), (vec![], vec![]));
}

proptest::proptest! {
    #[test]
    fn any_bytes_end(start in proptest::sample::select(vec![&b"PK\x03\x04"[..], b"\x1f\x8b\x08", b"WARC/1.0\r\n", b"http://", b""]), tail in proptest::collection::vec(0u8.., 0..200)) {
        let bytes = [start, &tail].concat();
        if let Ok(mut input) = from_reader("x", Box::new(Cursor::new(bytes)), &options()) {
            while let Some(mut file) = input.next_file().unwrap_or(None) {
                while let Some(record) = file.records.next_record().unwrap() {
                    let _ = record.finish().unwrap();
                }
            }
        }
    }
}
