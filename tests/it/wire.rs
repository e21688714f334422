//! A raw-socket site with a table of odd replies: every stored response equals the bytes that were
//! sent, every request record the bytes that the server read, and every failure is a record
//! of its own.

mod cases;
mod heads;
mod limits;
mod network;

use std::collections::HashMap;

use pressmark::archive::RecordKind;
use pressmark::base::DigestAlgorithm;
use pressmark::warc::warc_fields;

use crate::support::archive::{Archive, Kept};
use crate::support::cli::{json_lines, pressmark};
use crate::support::raw::{Answer, RawSite};
use cases::{Case, Expect};

fn host(name: &str) -> String {
    format!("{name}.wire.example")
}

fn url(name: &str) -> String {
    format!("http://{}/", host(name))
}

/// One crawl over all of them.
fn crawled(cases: &[Case]) -> (Archive, RawSite) {
    let answers: HashMap<String, Answer> = cases
        .iter()
        .map(|case| (host(case.name), Answer { bytes: case.sent(), then: case.then }))
        .collect();
    assert_eq!(answers.len(), cases.len(), "two cases have the same name");
    let site = RawSite::start(answers);
    let mut archive = Archive::new().in_a_hurry();
    archive.resolve = cases.iter().map(|case| site.resolve(&host(case.name))).collect();
    let urls: Vec<String> = cases.iter().map(|case| url(case.name)).collect();
    let report = archive.crawl(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    let failing = cases.iter().filter(|c| matches!(c.expect, Expect::Failed(_))).count();
    assert_eq!(report.failed, failing as u64, "{:?}", report.failures);
    assert_eq!(report.left, 0);
    (archive, site)
}

/// An archive of all odd replies, for other tests; the site has to live as long.
pub fn odd_replies() -> (Archive, RawSite) {
    crawled(&cases::all())
}

/// The one record of this type about the URL.
fn only<'a>(records: &'a [Kept], kind: &str, url: &str) -> &'a Kept {
    let found: Vec<&Kept> = records.iter().filter(|r| r.is(kind, url)).collect();
    assert_eq!(found.len(), 1, "{kind} records of {url}");
    found[0]
}

/// The blocks of metadata records of this content type about the URL, in order.
fn beside<'a>(records: &'a [Kept], content_type: &str, url: &str) -> Vec<&'a [u8]> {
    records
        .iter()
        .filter(|r| r.is("metadata", url) && r.field("Content-Type") == content_type)
        .map(|r| r.block.as_slice())
        .collect()
}

fn show(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
    format!("{} bytes: {text:?}", bytes.len())
}

/// How often the case is requested from the site.
fn times(case: &Case) -> usize {
    if matches!(case.expect, Expect::Failed("reset")) { 2 } else { 1 }
}

fn check(case: &Case, records: &[Kept], site: &RawSite) {
    let (name, url) = (case.name, url(case.name));
    let asked = site.request(&host(name)).unwrap();
    // A request whose connection was closed is sent once more, in its turn: both attempts are kept.
    let times = times(case);
    let requests: Vec<&Kept> = records.iter().filter(|r| r.is("request", &url)).collect();
    assert_eq!(requests.len(), times, "request records of {url}");
    let request = requests[0];
    assert!(request.block == asked, "{name}: the request is {}", show(&request.block));
    let main = match case.expect {
        Expect::Kept(truncated) => {
            let response = only(records, "response", &url);
            assert!(
                response.block == case.response,
                "{name}: stored {}, sent {}",
                show(&response.block),
                show(&case.response)
            );
            assert_eq!(response.field("WARC-Truncated"), truncated.unwrap_or(""), "{name}");
            let interim = beside(records, "application/http;msgtype=response", &url);
            assert_eq!(interim, case.interim, "{name}: interim responses");
            let surplus: &[&[u8]] = if case.surplus.is_empty() { &[] } else { &[&case.surplus] };
            assert_eq!(beside(records, "application/octet-stream", &url), surplus, "{name}");
            if let Some(payload) = &case.payload {
                let digest = DigestAlgorithm::Sha256.digest(payload).to_string();
                assert_eq!(response.field("WARC-Payload-Digest"), digest, "{name}");
            }
            response
        }
        Expect::Failed(step) => {
            let reports = records.iter().filter(|r| {
                r.is("metadata", &url) && r.field("Content-Type") == warc_fields::MEDIA_TYPE
            });
            let reports: Vec<&Kept> = reports.collect();
            assert_eq!(reports.len(), times, "{name}");
            let said = warc_fields::read(&reports[0].block).unwrap();
            assert_eq!(said.text("outcome").unwrap(), "failed", "{name}");
            assert_eq!(said.text("reason").unwrap(), step, "{name}");
            let mut received = vec![case.response.as_slice(); times];
            received.retain(|bytes| !bytes.is_empty());
            assert_eq!(beside(records, "application/octet-stream", &url), received, "{name}");
            reports[0]
        }
    };
    assert_eq!(request.field("WARC-Concurrent-To"), main.field("WARC-Record-ID"), "{name}");
    assert_eq!(request.field("WARC-Date"), main.field("WARC-Date"), "{name}");
    assert_eq!(main.field("WARC-IP-Address"), "127.0.0.1", "{name}");
    let digest = DigestAlgorithm::Sha256.digest(&main.block).to_string();
    assert_eq!(main.field("WARC-Block-Digest"), digest, "{name}");
}

#[test]
fn every_stored_response_equals_the_bytes_that_were_sent() {
    let cases = cases::all();
    assert!(cases.len() >= 50, "{}", cases.len());
    let (archive, site) = crawled(&cases);
    let records = archive.records();
    let reader = archive.reader();
    for case in &cases {
        check(case, &records, &site);
        let captures = archive_captures(&reader, &url(case.name));
        assert_eq!(captures.len(), times(case), "{}", case.name);
        let loaded = reader.load(&captures[0]).unwrap();
        match case.expect {
            Expect::Kept(truncated) => {
                assert_eq!(captures[0].kind, RecordKind::Response, "{}", case.name);
                assert_eq!(captures[0].truncated, truncated.is_some(), "{}", case.name);
                let mut bytes = Vec::new();
                std::io::copy(&mut loaded.block.reader().unwrap(), &mut bytes).unwrap();
                assert!(bytes == case.response, "{}", case.name);
                if let Some(payload) = &case.payload {
                    let mut bytes = Vec::new();
                    std::io::copy(&mut loaded.payload().unwrap(), &mut bytes).unwrap();
                    assert!(bytes == *payload, "{}: {}", case.name, show(&bytes));
                }
            }
            Expect::Failed(_) => {
                assert_eq!(captures[0].kind, RecordKind::Metadata, "{}", case.name)
            }
        }
    }
    drop(reader);
    assert_eq!(archive.findings(), Vec::<String>::new());
    the_binary_says_the_same(&archive, &cases);
}

fn archive_captures(
    reader: &pressmark::store::Reader,
    url: &str,
) -> Vec<pressmark::archive::Capture> {
    reader.captures_of(url).map(Result::unwrap).collect()
}

/// `show --as http` gives the bytes, and `captures` lists the failures.
fn the_binary_says_the_same(archive: &Archive, cases: &[Case]) {
    for case in cases.iter().step_by(9).filter(|c| matches!(c.expect, Expect::Kept(_))) {
        let shown = pressmark(&archive.root(), &["show", &url(case.name), "--as", "http"]);
        assert_eq!(shown.status.code(), Some(0), "{}", case.name);
        assert!(shown.stdout == case.response, "{}: {}", case.name, show(&shown.stdout));
    }
    let args = ["captures", "http://wire.example/", "--match", "domain", "--format", "json"];
    let listed = json_lines(&pressmark(&archive.root(), &args));
    for case in cases {
        let kind = match case.expect {
            Expect::Kept(_) => "response",
            Expect::Failed(_) => "metadata",
        };
        let lines: Vec<_> = listed.iter().filter(|l| l["url"] == url(case.name)).collect();
        assert_eq!(lines.len(), times(case), "{}", case.name);
        assert_eq!(lines[0]["record_type"], kind, "{}", case.name);
    }
}
