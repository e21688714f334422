//! A response that is cut by one of our limits names the limit.

use std::collections::HashMap;

use crate::support::archive::Archive;
use crate::support::raw::{Answer, RawSite, Then};

use super::{beside, only, url};

#[test]
fn what_is_cut_by_a_limit_says_by_which() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
    let long = format!("{head}{}", "long ".repeat(20_000));
    let header_bomb = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(100_000));
    let drip = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nand then nothing".to_owned();
    let head_drip = "HTTP/1.1 200 OK\r\nContent-Len".to_owned();
    let cases: [(&str, String, Then, usize, &str); 4] = [
        ("too-long", long, Then::Close, 20_000, "length"),
        ("header-too-long", header_bomb, Then::Close, 10_000, "length"),
        ("stalls-in-the-body", drip.clone(), Then::Stall, drip.len(), "time"),
        ("stalls-in-the-head", head_drip.clone(), Then::Stall, head_drip.len(), "time"),
    ];
    let mut answers: HashMap<String, Answer> = cases
        .iter()
        .map(|(name, bytes, then, ..)| {
            (super::host(name), Answer { bytes: bytes.clone().into_bytes(), then: *then })
        })
        .collect();
    answers.insert(super::host("silent"), Answer { bytes: Vec::new(), then: Then::Stall });
    let half = b"HTTP/1.".to_vec();
    answers.insert(super::host("half-a-line"), Answer { bytes: half.clone(), then: Then::Stall });
    let mut archive = Archive::new()
        .in_a_hurry()
        .set("capture.response_bytes_max=20000 B")
        .set("capture.header_bytes_max=10000 B")
        .set("capture.first_byte_timeout=2s")
        .set("capture.total_timeout=4s");
    let names: Vec<&str> = cases.iter().map(|c| c.0).chain(["silent", "half-a-line"]).collect();
    let site = RawSite::start(answers);
    archive.resolve = names.iter().map(|name| site.resolve(&super::host(name))).collect();
    let urls: Vec<String> = names.iter().map(|name| url(name)).collect();
    let report = archive.crawl(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    let records = archive.records();
    for (name, bytes, _, kept, reason) in &cases {
        let response = only(&records, "response", &url(name));
        assert_eq!(response.field("WARC-Truncated"), *reason, "{name}");
        assert_eq!(response.block.len(), *kept, "{name}");
        assert!(bytes.as_bytes().starts_with(&response.block), "{name}");
    }
    assert_eq!(report.failed, 2, "{:?}", report.failures);
    for name in ["silent", "half-a-line"] {
        let (_, why) = report.failures.iter().find(|(u, _)| *u == url(name)).unwrap();
        assert!(why.starts_with("timeout: "), "{name}: {why}");
    }
    assert_eq!(beside(&records, "application/octet-stream", &url("half-a-line")), [half]);
    assert_eq!(archive.findings(), Vec::<String>::new());
}
