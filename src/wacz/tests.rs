//! Packages read back by the `zip` crate, and what is refused.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value, json};
use zip::{CompressionMethod, ZipArchive};

use super::writer::sha256;
use super::{Extra, IndexLine, Member, Package, PageEntry, Signer, WaczError, write};
use crate::base::Timestamp;
use crate::evidence::wacz::{P384Key, is_signature};

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_762_300_800 + second)
}

fn member(text: &str, url: Option<&str>, second: i64) -> Member<'static> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, text.as_bytes()).unwrap();
    let bytes = gzip.finish().unwrap();
    let index = url.map(|url| {
        let mut fields = Map::new();
        fields.insert("url".to_owned(), Value::from(url));
        fields.insert("mime".to_owned(), Value::from("text/html"));
        IndexLine { urlkey: format!("example,a)/{second}"), at: at(second), fields }
    });
    Member { length: bytes.len() as u64, bytes: Box::new(Cursor::new(bytes)), index }
}

fn package() -> Package<'static> {
    Package {
        warc_name: "capture.warc.gz".to_owned(),
        members: vec![
            member("warcinfo", None, 0),
            member("response b", Some("http://a.example/b"), 9),
            member("request b", None, 9),
            member("response a", Some("http://a.example/a"), 1),
        ],
        pages: vec![PageEntry {
            url: "http://a.example/a".to_owned(),
            at: at(1),
            title: Some("Brücke \"zu\"".to_owned()),
            text: None,
        }],
        title: Some("A capture".to_owned()),
        description: None,
        software: "pressmark/0".to_owned(),
        created: at(100),
        seal: None,
        extra: vec![Extra { path: "evidence/proof.txt".to_owned(), bytes: b"proof".to_vec() }],
    }
}

fn key() -> P384Key {
    P384Key::generate().unwrap()
}

fn packed(package: Package<'_>, signer: Option<&dyn Signer>) -> Result<Vec<u8>, WaczError> {
    let mut out = Cursor::new(Vec::new());
    write(package, signer, &mut out)?;
    Ok(out.into_inner())
}

/// Every file of a package, and how it is packed.
fn files(bytes: &[u8]) -> HashMap<String, (CompressionMethod, Vec<u8>)> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..zip.len())
        .map(|i| {
            let mut file = zip.by_index(i).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (file.name().unwrap().into_owned(), (file.compression(), content))
        })
        .collect()
}

fn text_of(gzip: &[u8]) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(gzip).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn every_file_is_listed_with_its_digest_and_the_digest_is_signed() {
    let key = key();
    let files = files(&packed(package(), Some(&key)).unwrap());
    let datapackage: Value = serde_json::from_slice(&files["datapackage.json"].1).unwrap();
    assert_eq!(datapackage["profile"], "data-package");
    assert_eq!(datapackage["wacz_version"], "1.1.1");
    assert_eq!(datapackage["mainPageUrl"], "http://a.example/a");
    let listed: HashMap<&str, &Value> = datapackage["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["path"].as_str().unwrap(), r))
        .collect();
    assert_eq!(listed.len() + 2, files.len());
    for (path, (_, content)) in &files {
        if path.starts_with("datapackage") {
            continue;
        }
        let listed = listed[path.as_str()];
        assert_eq!(listed["hash"], sha256(content).as_str(), "{path}");
        assert_eq!(listed["bytes"], content.len() as u64, "{path}");
    }
    let proof: Value = serde_json::from_slice(&files["datapackage-digest.json"].1).unwrap();
    let digest = sha256(&files["datapackage.json"].1);
    assert_eq!((&proof["path"], &proof["hash"]), (&json!("datapackage.json"), &json!(digest)));
    let signed = &proof["signedData"];
    assert_eq!((&signed["hash"], &signed["created"]), (&json!(digest), &datapackage["created"]));
    let bytes = |field: &str| {
        data_encoding::BASE64.decode(signed[field].as_str().unwrap().as_bytes()).unwrap()
    };
    let (signature, public) = (bytes("signature"), bytes("publicKey"));
    assert_eq!((signature.len(), public.len()), (96, 120));
    assert!(is_signature(digest.as_bytes(), &signature, &public));
    assert!(!is_signature(b"sha256:0", &signature, &public));
}

#[test]
fn records_lie_where_the_index_says_unpacked_by_the_zip() {
    let files = files(&packed(package(), None).unwrap());
    let (method, warc) = &files["archive/capture.warc.gz"];
    assert_eq!(*method, CompressionMethod::Stored);
    assert_eq!(text_of(warc), "warcinforesponse brequest bresponse a");
    let (method, index) = &files["indexes/index.cdx.gz"];
    assert_eq!(*method, CompressionMethod::Stored);
    let index = text_of(index);
    let lines: Vec<&str> = index.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("example,a)/1 20251105000001 {"), "{index}");
    for (line, text) in lines.iter().zip(["response a", "response b"]) {
        let fields: Value = serde_json::from_str(line.splitn(3, ' ').nth(2).unwrap()).unwrap();
        let number = |f: &str| fields[f].as_str().unwrap().parse::<usize>().unwrap();
        let record = &warc[number("offset")..number("offset") + number("length")];
        assert_eq!(text_of(record), text);
        assert_eq!(fields["recordDigest"], sha256(record).as_str());
        assert_eq!(fields["filename"], "capture.warc.gz");
    }
    let blocks = String::from_utf8(files["indexes/index.idx"].1.clone()).unwrap();
    let (head, block) = blocks.trim_end().split_once('\n').unwrap();
    assert_eq!(head, "!meta 0 {\"format\":\"cdxj-gzip-1.0\",\"filename\":\"index.cdx.gz\"}");
    assert!(block.starts_with("example,a)/1 20251105000001 {\"offset\":0,"), "{block}");
    let pages = String::from_utf8(files["pages/pages.jsonl"].1.clone()).unwrap();
    let page: Value = serde_json::from_str(pages.lines().nth(1).unwrap()).unwrap();
    assert_eq!(
        (&page["ts"], &page["title"]),
        (&json!("2025-11-05T00:00:01Z"), &json!("Brücke \"zu\""))
    );
    assert!(
        serde_json::from_slice::<Value>(&files["datapackage-digest.json"].1)
            .unwrap()
            .get("signedData")
            .is_none()
    );
}

#[test]
fn an_index_of_many_lines_is_packed_in_blocks() {
    let mut package = package();
    package.members = (0..700).map(|n| member("x", Some("http://a.example/"), n)).collect();
    let files = files(&packed(package, None).unwrap());
    let blocks = String::from_utf8(files["indexes/index.idx"].1.clone()).unwrap();
    let index = &files["indexes/index.cdx.gz"].1;
    assert_eq!(blocks.lines().count(), 1 + 3);
    let mut count = 0;
    for block in blocks.lines().skip(1) {
        let (key, place) = block.split_once(" {").unwrap();
        let place: Value = serde_json::from_str(&format!("{{{place}")).unwrap();
        let start = place["offset"].as_u64().unwrap() as usize;
        let bytes = &index[start..start + place["length"].as_u64().unwrap() as usize];
        assert_eq!(place["digest"], sha256(bytes).as_str());
        let text = text_of(bytes);
        assert!(text.starts_with(&format!("{key} {{")), "{key}");
        count += text.lines().count();
    }
    assert_eq!(count, 700);
}

#[test]
fn the_same_package_and_key_give_the_same_bytes() {
    let key = key();
    let again = P384Key::from_pem(&key.to_pem().unwrap()).unwrap();
    assert_eq!(packed(package(), Some(&key)).unwrap(), packed(package(), Some(&again)).unwrap());
    assert!(P384Key::from_pem("no key").is_err());
}

#[test]
fn what_is_no_package_is_refused() {
    let refuse = |change: &dyn Fn(&mut Package<'static>)| {
        let mut package = package();
        change(&mut package);
        packed(package, None).unwrap_err().to_string()
    };
    let text = || -> Member<'static> {
        Member { length: 4, bytes: Box::new(Cursor::new(b"WARC".to_vec())), index: None }
    };
    for (said, wanted) in [
        (
            refuse(&|p| p.members.push(text())),
            "record 4 of capture.warc.gz is not compressed with gzip",
        ),
        (refuse(&|p| p.members[1].length += 1), "record 1 of capture.warc.gz has"),
        (refuse(&|p| p.members.clear()), "at least one record"),
        (refuse(&|p| p.pages.clear()), "at least one page"),
        (refuse(&|p| p.warc_name = "../x.warc.gz".to_owned()), "cannot be the name"),
        (refuse(&|p| p.warc_name = "x.warc".to_owned()), "cannot be the name"),
        (refuse(&|p| p.extra[0].path = "archive/x".to_owned()), "cannot be the name"),
        (refuse(&|p| p.extra[0].path = "a/../../x".to_owned()), "cannot be the name"),
        (refuse(&|p| p.extra.push(p.extra[0].clone())), "cannot be the name"),
    ] {
        assert!(said.contains(wanted), "{said}");
    }
}
