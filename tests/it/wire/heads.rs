//! Heads that are long or many, and unusual codings: the stored records can be read, shown,
//! verified and indexed.

use std::collections::HashMap;

use pressmark::answers::verify::verify_files;
use pressmark::base::DigestAlgorithm;
use pressmark::store::{Reader, VerifyOptions};

use crate::support::archive::Archive;
use crate::support::cli::{pressmark, stderr, stdout};
use crate::support::raw::{Answer, RawSite, Then};

use super::{beside, only, url};

/// An archive of these answers, by name.
fn archive_of(answers: &[(&str, Vec<u8>)]) -> Archive {
    let site = RawSite::start(
        answers
            .iter()
            .map(|(name, bytes)| {
                (super::host(name), Answer { bytes: bytes.clone(), then: Then::Close })
            })
            .collect::<HashMap<_, _>>(),
    );
    let mut archive = Archive::new().in_a_hurry();
    archive.resolve = answers.iter().map(|(name, _)| site.resolve(&super::host(name))).collect();
    let urls: Vec<String> = answers.iter().map(|(name, _)| url(name)).collect();
    let report = archive.crawl(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(report.failed, 0, "{:?}", report.failures);
    archive
}

/// The index entries of a URL, whatever created them.
fn indexed(reader: &Reader, url: &str) -> Vec<(Option<u16>, String, Option<String>)> {
    let captures = reader.captures_of(url).map(Result::unwrap);
    captures.map(|c| (c.status, c.mime, c.digest.map(|d| d.to_string()))).collect()
}

#[test]
fn a_head_of_any_length_that_is_taken_verifies_and_shows() {
    let cases: Vec<(String, String, Vec<u8>)> =
        [200 << 10, 256 << 10, 300 << 10, 700 << 10, 1_040_000]
            .into_iter()
            .flat_map(|length| {
                let fields = "X-Filler: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n";
                let fields = fields.repeat(length / fields.len());
                let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{fields}");
                let plain = format!("<p>One of {length}.");
                let chunked = format!("<p>Two of {length}.");
                let (len, chunk) = (plain.len(), chunked.len());
                [
                    (plain.clone(), format!("{head}Content-Length: {len}\r\n\r\n{plain}")),
                    (
                        chunked.clone(),
                        format!(
                            "{head}Transfer-Encoding: chunked\r\n\r\n\
                         {chunk:x}\r\n{chunked}\r\n0\r\n\r\n"
                        ),
                    ),
                ]
            })
            .map(|(body, response)| {
                let name = body.replace(|c: char| !c.is_ascii_alphanumeric(), "").to_lowercase();
                (name, body, response.into_bytes())
            })
            .collect();
    let answers: Vec<_> = cases.iter().map(|(n, _, bytes)| (n.as_str(), bytes.clone())).collect();
    let archive = archive_of(&answers);
    assert_eq!(archive.findings(), Vec::<String>::new());
    let mut before = Vec::new();
    let reader = archive.reader();
    for (name, body, bytes) in &cases {
        let url = url(name);
        let entry = reader.captures_of(&url).next().unwrap().unwrap();
        let loaded = reader.load(&entry).unwrap();
        assert!(loaded.block.as_memory() == Some(bytes), "{name}");
        assert_eq!(loaded.decoded(1 << 20).unwrap(), body.as_bytes(), "{name}");
        assert_eq!((entry.status, entry.mime.as_str()), (Some(200), "text/html"), "{name}");
        before.push(indexed(&reader, &url));
    }
    drop(reader);
    let rebuilt = pressmark(&archive.root(), &["reindex"]);
    assert!(rebuilt.status.success(), "{}", stderr(&rebuilt));
    let reader = archive.reader();
    for ((name, ..), before) in cases.iter().zip(before) {
        assert_eq!(indexed(&reader, &url(name)), before, "{name}");
    }
}

#[test]
fn thousands_of_interim_responses_make_a_record_that_can_be_read() {
    let interim: Vec<String> =
        (0..5_000).map(|n| format!("HTTP/1.1 103 Early\r\nX-N: {n}\r\n\r\n")).collect();
    let last =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\r\n<p>At last.\n";
    let sent = format!("{}{last}", interim.concat());
    let archive = archive_of(&[("early", sent.into_bytes())]);
    let url = url("early");
    assert_eq!(archive.findings(), Vec::<String>::new());
    let records = archive.records();
    let main = only(&records, "response", &url);
    assert_eq!(main.block, last.as_bytes());
    assert!(main.fields.as_bytes().len() < 4_096, "{} bytes", main.fields.as_bytes().len());
    // All of them are kept, in order.
    let kept = beside(&records, "application/http;msgtype=response", &url);
    assert_eq!(kept.concat(), interim.concat().into_bytes());
    assert_eq!(kept[0], interim[0].as_bytes());
    for args in [&["show", &url, "--as", "text"][..], &["verify"], &["reindex"]] {
        let done = pressmark(&archive.root(), args);
        assert!(done.status.success(), "{args:?}: {}", stderr(&done));
    }
    let shown = pressmark(&archive.root(), &["show", &url, "--as", "http"]);
    assert_eq!(stdout(&shown), last);
}

/// Earlier versions of this program, and other writers, digest the body with a transfer coding other
/// than chunked left on.
#[test]
fn either_digest_of_a_body_with_a_transfer_coding_is_no_damage() {
    let gzip = super::cases::gzip(b"Every word of it.");
    let chunk = format!("{:x}\r\n", gzip.len()).into_bytes();
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n";
    let block = [&head[..], &chunk, &gzip, b"\r\n0\r\n\r\n"].concat();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.warc");
    for (payload, findings) in
        [(&b"Every word of it."[..], 0), (gzip.as_slice(), 0), (b"Another word.", 1)]
    {
        let digest = DigestAlgorithm::Sha256.digest(payload);
        let header = format!(
            "WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\n\
             WARC-Date: 2025-11-05T00:00:00Z\r\n\
             WARC-Record-ID: <urn:uuid:92283950-ef2f-4d72-b224-f54c6ec90bb1>\r\n\
             WARC-Payload-Digest: {digest}\r\n\
             Content-Type: application/http;msgtype=response\r\nContent-Length: {}\r\n\r\n",
            block.len()
        );
        std::fs::write(&path, [header.as_bytes(), &block, b"\r\n\r\n"].concat()).unwrap();
        let mut found = Vec::new();
        verify_files(std::slice::from_ref(&path), VerifyOptions::default(), &mut |finding| {
            found.push(finding.rule);
        });
        found.retain(|rule| *rule != "no-warcinfo");
        assert_eq!(found, vec!["payload-digest"; findings], "{digest}");
    }
}
