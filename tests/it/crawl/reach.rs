//! How far a crawl reaches: redirects, requisites, links, limits.

use pressmark::crawl::{Job, Stop};

use super::{links, redirect, targets, text, web};
use crate::support::archive::{Archive, job};
use crate::support::web::{Reply, ok};

#[test]
fn each_hop_of_a_redirect_is_a_capture_of_its_own() {
    let mut archive = Archive::new().in_a_hurry();
    let web = web(&mut archive, &["a.example", "b.example"]);
    redirect(&web, "a.example", "/one", 301, "/two#fragment");
    redirect(&web, "a.example", "/two", 302, "http://b.example/three");
    redirect(&web, "b.example", "/three", 307, "//a.example/four");
    text(&web, "a.example", "/four", "there");
    archive.crawl(&["http://a.example/one"]);
    for (url, status) in [
        ("http://a.example/one", 301),
        ("http://a.example/two", 302),
        ("http://b.example/three", 307),
        ("http://a.example/four", 200),
    ] {
        let captures = archive.captures(url);
        assert_eq!(captures.len(), 1, "{url}");
        assert_eq!(captures[0].status, Some(status), "{url}");
    }
}

#[test]
fn redirects_stop_at_their_limit_and_loops_end() {
    let mut archive = Archive::new().in_a_hurry();
    let web = web(&mut archive, &["long.example", "loop.example", "self.example"]);
    for n in 0..30 {
        redirect(&web, "long.example", &format!("/{n}"), 302, &format!("/{}", n + 1));
    }
    redirect(&web, "loop.example", "/a", 302, "/b");
    redirect(&web, "loop.example", "/b", 302, "/c");
    redirect(&web, "loop.example", "/c", 302, "/a");
    redirect(&web, "self.example", "/a", 301, "/a");
    let report =
        archive.crawl(&["http://long.example/0", "http://loop.example/a", "http://self.example/a"]);
    assert_eq!(report.left, 0);
    // robots.txt, the URL itself, ten hops.
    assert_eq!(targets(&web, "long.example").len(), 12);
    assert_eq!(targets(&web, "loop.example"), ["/robots.txt", "/a", "/b", "/c"]);
    assert_eq!(targets(&web, "self.example"), ["/robots.txt", "/a"]);
}

const PAGE: &str = r#"<html><head>
    <link rel="stylesheet" href="/style.css"><script src="/app.js"></script>
    </head><body><img src="/photo.jpg" srcset="/photo-2x.jpg 2x">
    <picture><source srcset="/photo.webp"></picture>
    <a href="/next">next</a></body></html>"#;

fn page_with_requisites(web: &crate::support::web::Web) {
    web.page("a.example", "/", PAGE);
    web.on(
        "a.example",
        "/style.css",
        Reply::Bytes(ok("text/css", b"@import '/more.css'; p { background: url(/bg.png) }")),
    );
    web.on(
        "a.example",
        "/more.css",
        Reply::Bytes(ok("text/css", b"@font-face { src: url('/font.woff2') }")),
    );
    for target in
        ["/app.js", "/photo.jpg", "/photo-2x.jpg", "/photo.webp", "/bg.png", "/font.woff2", "/next"]
    {
        text(web, "a.example", target, target);
    }
}

#[test]
fn requisites_come_with_their_page_and_links_do_not() {
    let mut archive = Archive::new().in_a_hurry();
    let web = web(&mut archive, &["a.example"]);
    page_with_requisites(&web);
    archive.run(&Job { requisites: true, ..job(&["http://a.example/"]) }, &Stop::default());
    let mut asked = targets(&web, "a.example");
    asked.sort();
    assert_eq!(
        asked,
        [
            "/",
            "/app.js",
            "/bg.png",
            "/font.woff2",
            "/more.css",
            "/photo-2x.jpg",
            "/photo.jpg",
            "/photo.webp",
            "/robots.txt",
            "/style.css"
        ]
    );
}

#[test]
fn requisites_are_not_fetched_unless_requested() {
    let mut archive = Archive::new().in_a_hurry();
    let web = web(&mut archive, &["a.example"]);
    page_with_requisites(&web);
    archive.crawl(&["http://a.example/"]);
    assert_eq!(targets(&web, "a.example"), ["/robots.txt", "/"]);
}

#[test]
fn links_are_followed_to_the_requested_depth_on_the_same_site() {
    for (depth, expected) in [(0, 1), (1, 3), (2, 7), (9, 31)] {
        let mut archive = Archive::new().in_a_hurry();
        let web = web(&mut archive, &["a.example", "other.example"]);
        // A binary tree of five levels, and a link to another host.
        for n in 1_u32..32 {
            let below: Vec<String> = if n < 16 {
                vec![format!("/{}", 2 * n), format!("http://a.example/{}", 2 * n + 1)]
            } else {
                vec!["/1".to_owned(), "http://other.example/".to_owned()]
            };
            links(&web, "a.example", &format!("/{n}"), &below);
        }
        archive.run(&Job { depth, ..job(&["http://a.example/1"]) }, &Stop::default());
        let asked = targets(&web, "a.example");
        assert_eq!(asked.len() - 1, expected, "depth {depth}: {asked:?}");
        assert_eq!(targets(&web, "other.example"), Vec::<String>::new());
    }
}

#[test]
fn a_run_stops_at_its_limit_of_pages_and_the_next_continues() {
    let mut archive = Archive::new().in_a_hurry();
    let web = web(&mut archive, &["a.example"]);
    let pages: Vec<String> = (0..9).map(|n| format!("/{n}")).collect();
    links(&web, "a.example", "/", &pages);
    for page in &pages {
        text(&web, "a.example", page, page);
    }
    let first = Job { depth: 1, pages_max: Some(4), ..job(&["http://a.example/"]) };
    let report = archive.run(&first, &Stop::default());
    assert_eq!(targets(&web, "a.example").len(), 5, "robots.txt and four pages");
    assert_eq!(report.left, 6);
    assert!(!report.stopped);
    let report = archive.run(&Job { depth: 1, ..job(&[]) }, &Stop::default());
    assert_eq!(report.left, 0);
    let mut asked = targets(&web, "a.example");
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 11, "each once: {asked:?}");
    assert_eq!(web.asked().len(), 11);
}
