//! What robots.txt forbids is never requested; nor is anything while robots.txt is unknown.

use std::time::Duration;

use pressmark::crawl::{Job, Stop};

use super::{links, redirect, reply, targets, text, web};
use crate::support::archive::{Archive, job};
use crate::support::web::Reply;

#[test]
fn an_unreachable_robots_txt_means_that_nothing_else_is_fetched() {
    let mut archive = Archive::new();
    let hosts = ["500.example", "503.example", "closed.example", "cut.example", "429.example"];
    let web = web(&mut archive, &hosts);
    web.on("500.example", "/robots.txt", reply("500 Ill", "no"));
    web.on("503.example", "/robots.txt", reply("503 Ill", "no"));
    web.on("429.example", "/robots.txt", reply("429 Too many", "no"));
    web.on("closed.example", "/robots.txt", Reply::Close);
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nUser-agent: *\nAllow: /\n".to_vec();
    web.on("cut.example", "/robots.txt", Reply::BytesThenClose(cut));
    for host in hosts {
        text(&web, host, "/page", "page");
    }
    let urls: Vec<String> = hosts.iter().map(|h| format!("http://{h}/page")).collect();
    let report = archive.crawl(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    for host in hosts {
        assert_eq!(targets(&web, host), ["/robots.txt"], "{host}");
    }
    // A host that does not answer at all is a failure of the page. What the others forbid is unknown, which is
    // reported for each, and no run waits for them.
    let rest = hosts.len() as u64 - 1;
    assert_eq!((report.refused_by_robots, report.robots_unreachable, report.failed), (0, rest, 1));
    let named: Vec<&str> = report.unreachable_robots.keys().map(String::as_str).collect();
    let robots = ["429", "500", "503", "cut"].map(|n| format!("http://{n}.example/robots.txt"));
    assert_eq!(named, robots);
    assert_eq!((report.left, report.is_in_vain()), (rest, true));
    assert!(report.finished.since(report.started) < Duration::from_secs(60), "{report:?}");
    // The evidence is stored.
    for host in hosts {
        assert_eq!(archive.captures(&format!("http://{host}/robots.txt")).len(), 1, "{host}");
        let of_page = usize::from(host == "closed.example");
        assert_eq!(archive.captures(&format!("http://{host}/page")).len(), of_page, "{host}");
    }
    // The next run requests what was left, where it is allowed by then.
    web.on("500.example", "/robots.txt", reply("404 None", "none"));
    archive.later(Duration::from_mins(10));
    let report = archive.crawl(&[]);
    assert_eq!(targets(&web, "500.example"), ["/robots.txt", "/robots.txt", "/page"]);
    assert_eq!((report.captured, report.left, report.robots_unreachable), (1, rest - 1, rest - 1));
}

#[test]
fn a_missing_robots_txt_allows_everything() {
    let mut archive = Archive::new();
    let hosts = ["401.example", "403.example", "404.example", "410.example"];
    let web = web(&mut archive, &hosts);
    for host in hosts {
        let status = host.split('.').next().unwrap();
        web.on(host, "/robots.txt", reply(&format!("{status} None"), "none"));
        text(&web, host, "/page", "page");
        archive.crawl(&[&format!("http://{host}/page")]);
        assert_eq!(targets(&web, host), ["/robots.txt", "/page"], "{host}");
    }
    // How a robots.txt was found is always known: no record is made of it.
    let of = |kind: &str| {
        archive.records().iter().filter(|record| record.field("WARC-Type") == kind).count()
    };
    // The payload of the second robots.txt, and of the second page, is that of the first.
    assert_eq!((of("response") + of("revisit"), of("request"), of("metadata")), (8, 8, 0));
}

#[test]
fn disallowed_urls_are_never_requested_however_they_were_found() {
    let mut archive = Archive::new();
    let web = web(&mut archive, &["a.example", "b.example"]);
    let rules = "User-agent: *\nDisallow: /\n\n\
                 User-agent: pressmark\nDisallow: /private\nDisallow: /*.pdf$\nAllow: /private/open\n";
    text(&web, "a.example", "/robots.txt", rules);
    text(&web, "b.example", "/robots.txt", "User-agent: *\nDisallow: /\n");
    let found = [
        "/private/1",
        "/private/open",
        "/report.pdf",
        "/report.pdf.html",
        "/moves",
        "/%70rivate/2",
    ];
    links(&web, "a.example", "/", &found.map(str::to_owned));
    redirect(&web, "a.example", "/moves", 302, "/private/3");
    for target in ["/private/open", "/report.pdf.html", "/private/1", "/private/3"] {
        text(&web, "a.example", target, target);
    }
    let job = Job { depth: 1, ..job(&["http://a.example/", "http://b.example/"]) };
    let report = archive.run(&job, &Stop::default());
    let mut asked = targets(&web, "a.example");
    asked.sort();
    assert_eq!(asked, ["/", "/moves", "/private/open", "/report.pdf.html", "/robots.txt"]);
    assert_eq!(targets(&web, "b.example"), ["/robots.txt"]);
    assert_eq!(report.refused_by_robots, 5, "{report:?}");
    assert_eq!(report.failed, 0);
}

#[test]
fn robots_txt_is_archived_with_its_redirects_and_holds_where_it_leads_from() {
    let mut archive = Archive::new();
    let web = web(&mut archive, &["a.example", "rules.example"]);
    redirect(&web, "a.example", "/robots.txt", 301, "http://rules.example/robots.txt");
    text(&web, "rules.example", "/robots.txt", "User-agent: *\nDisallow: /no\n");
    for target in ["/yes", "/no"] {
        text(&web, "a.example", target, target);
    }
    archive.crawl(&["http://a.example/yes", "http://a.example/no"]);
    assert_eq!(targets(&web, "a.example"), ["/robots.txt", "/yes"]);
    for url in ["http://a.example/robots.txt", "http://rules.example/robots.txt"] {
        assert_eq!(archive.captures(url).len(), 1, "{url}");
    }
    let records = archive.records();
    let stored = records.iter().find(|r| r.is("response", "http://rules.example/robots.txt"));
    assert!(stored.unwrap().block.ends_with(b"\r\n\r\nUser-agent: *\nDisallow: /no\n"));
    assert_eq!(archive.findings(), Vec::<String>::new());
}

#[test]
fn each_port_has_a_robots_txt_of_its_own() {
    let mut archive = Archive::new();
    let web = web(&mut archive, &["a.example"]);
    let port = web.address.port();
    archive.resolve.push(format!("a.example:8080:127.0.0.1:{port}"));
    text(&web, "a.example", "/one", "one");
    archive.crawl(&["http://a.example/one", "http://a.example:8080/one"]);
    let robots = targets(&web, "a.example").into_iter().filter(|t| t == "/robots.txt").count();
    assert_eq!(robots, 2);
}
