//! What connections cost: one lookup of a name, and no failure where a kept one was closed.

use std::sync::Arc;

use pressmark::crawl::Stop;

use super::{links, targets, web};
use crate::support::archive::{Archive, job};
use crate::support::cli::{json_lines, pressmark};
use crate::support::web::{Reply, ok};

#[test]
fn a_lookup_is_one_record_however_many_connections_use_it() {
    let mut archive = Archive::new().in_a_hurry();
    let web = web(&mut archive, &["a.example", "b.example"]);
    let pages: Vec<String> = (0..6).map(|n| format!("/{n}")).collect();
    for host in ["a.example", "b.example"] {
        links(&web, host, "/", &pages);
        for page in &pages {
            let bytes = ok("text/html", format!("<p>{page} of {host}</p>").as_bytes());
            web.on(host, page, Reply::BytesThenClose(bytes));
        }
    }
    let job =
        pressmark::crawl::Job { depth: 1, ..job(&["http://a.example/", "http://b.example/"]) };
    let report = archive.run(&job, &Stop::default());
    assert_eq!(report.fetched, 16, "{report:?}");
    let records = archive.records();
    for host in ["a.example", "b.example"] {
        let name = format!("dns:{host}");
        assert_eq!(records.iter().filter(|r| r.is("resource", &name)).count(), 1, "{host}");
    }
    let status = pressmark(&archive.root(), &["status", "--format", "json"]);
    let status = &json_lines(&status)[0];
    assert_eq!(status["captures"], 16, "{status}");
    let hosts = status["hosts"].as_array().unwrap().iter();
    assert_eq!(hosts.map(|h| h["captures"].as_u64().unwrap()).sum::<u64>(), 16);
}

#[test]
fn a_kept_connection_that_closes_on_a_request_is_no_failure() {
    let mut archive = Archive::new();
    let web = web(&mut archive, &["a.example"]);
    let page = ok("text/html", b"<p>There it is.</p>");
    // robots.txt comes first on the same connection.
    let answer = move |_: &str, before: usize| if before == 0 { Vec::new() } else { page.clone() };
    web.on("a.example", "/", Reply::Made(Arc::new(answer)));
    let report = archive.crawl(&["http://a.example/"]);
    assert_eq!((report.fetched, report.failed), (2, 0), "{report:?}");
    assert_eq!(targets(&web, "a.example"), ["/robots.txt", "/", "/"]);
    let records = archive.records();
    let of = |kind: &str| records.iter().filter(|r| r.is(kind, "http://a.example/")).count();
    assert_eq!((of("request"), of("response"), of("metadata")), (1, 1, 0));
}
