//! No host is asked sooner than its pace.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pressmark::base::Timestamp;
use pressmark::crawl::{Job, Stop};

use super::{Web, links, reply, targets, text, web};
use crate::support::archive::{Archive, job};
use crate::support::web::{Reply, ok};

const SECOND: Duration = Duration::from_secs(1);

fn deep(urls: &[&str]) -> Job {
    Job { depth: 1, ..job(urls) }
}

/// The time between each request to `host` and the one before it.
fn gaps(web: &Web, host: &str) -> Vec<(String, Duration)> {
    let asked: Vec<_> = web.asked().into_iter().filter(|a| a.host == host).collect();
    asked.windows(2).map(|two| (two[0].target.clone(), two[1].at.since(two[0].at))).collect()
}

fn at(web: &Web, host: &str, target: &str) -> Timestamp {
    web.asked().into_iter().find(|a| a.host == host && a.target == target).unwrap().at
}

/// This the first time, and a page from then on.
fn once(trouble: &'static str) -> Reply {
    Reply::Made(Arc::new(move |_, before| {
        let fine = ok("text/html", b"<p>well again</p>");
        if before == 0 { trouble.as_bytes().to_vec() } else { fine }
    }))
}

/// A front page that links to six pages.
fn site(web: &Web, host: &str) {
    let pages: Vec<String> = (0..6).map(|n| format!("/page/{n}")).collect();
    links(web, host, "/", &pages);
    for page in &pages {
        web.page(host, page, &format!("<title>{page} of {host}</title><p>Text of {page}.</p>"));
    }
}

#[test]
fn no_host_is_asked_sooner_than_its_pace() {
    let mut archive = Archive::new()
        .set("politeness.crawl_delay_max=20s")
        .set("politeness.host.\"own.example\".delay_min=500ms");
    // host, its least pause
    let hosts: BTreeMap<&str, Duration> = [
        ("floor.example", 2 * SECOND),
        ("slow.example", 7 * SECOND),
        ("capped.example", 20 * SECOND),
        ("own.example", SECOND / 2),
        ("again.example", 2 * SECOND),
        ("ill.example", 2 * SECOND),
        ("mute.example", 2 * SECOND),
        ("moved.example", 2 * SECOND),
    ]
    .into();
    let names: Vec<&str> = hosts.keys().copied().collect();
    let web = web(&mut archive, &names);
    for host in &names {
        site(&web, host);
    }
    text(&web, "slow.example", "/robots.txt", "User-agent: *\nCrawl-delay: 7\n");
    text(&web, "capped.example", "/robots.txt", "User-agent: *\nCrawl-delay: 3600\n");
    // Each trouble is over when the host is asked again.
    let wait = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 90\r\nContent-Length: 0\r\n\r\n";
    web.on("again.example", "/page/2", once(wait));
    web.on("ill.example", "/page/2", once("HTTP/1.1 503 Ill\r\nContent-Length: 0\r\n\r\n"));
    web.on("mute.example", "/page/2", Reply::Close);
    // A kept connection that closes on a request is replaced at once (RFC 9112 section 9.3.1); a
    // fresh one that does so is a failure, retried once and not before the pause.
    for page in ["/page/0", "/page/1", "/page/3", "/page/4", "/page/5"] {
        web.on("mute.example", page, reply("200 OK", page));
    }
    let later = "301 Moved\r\nLocation: /page/3\r\nRetry-After: 45";
    web.on("moved.example", "/page/2", reply(later, "moved"));
    let urls: Vec<String> = names.iter().map(|h| format!("http://{h}/")).collect();
    let report =
        archive.run(&deep(&urls.iter().map(String::as_str).collect::<Vec<_>>()), &Stop::default());
    assert_eq!(report.left, 0, "{report:?}");
    for (host, least) in &hosts {
        let mut gaps = gaps(&web, host);
        let replaced = |(after, gap): &(String, Duration)| after == "/page/2" && gap.is_zero();
        let times = if *host == "mute.example" { 2 } else { 0 };
        assert_eq!(gaps.iter().filter(|g| replaced(g)).count(), times, "{host}");
        gaps.retain(|gap| !replaced(gap));
        assert!(gaps.len() >= 7, "{host}: {gaps:?}");
        for (after, gap) in &gaps {
            assert!(gap >= least, "{host}: {gap:?} after {after}, at least {least:?}");
        }
        // No host waits longer than that, except after trouble.
        let calm = gaps.iter().filter(|(after, _)| after != "/page/2");
        for (after, gap) in calm {
            assert!(*gap <= *least + SECOND / 2, "{host}: {gap:?} after {after}");
        }
    }
    for (host, least) in [
        ("again.example", 90 * SECOND),
        ("ill.example", 60 * SECOND),
        ("mute.example", 60 * SECOND),
        ("moved.example", 45 * SECOND),
    ] {
        let gaps = gaps(&web, host).into_iter();
        let gap = gaps.filter(|(after, _)| after == "/page/2").map(|(_, gap)| gap).max().unwrap();
        assert!(gap >= least, "{host}: {gap:?}");
    }
    // What was postponed was requested again, and what failed was not.
    for (host, times) in [("again.example", 2), ("ill.example", 2), ("mute.example", 4)] {
        let count = targets(&web, host).iter().filter(|t| *t == "/page/2").count();
        assert_eq!(count, times, "{host}");
    }
}

#[test]
fn a_retry_after_date_is_obeyed_like_one_in_seconds() {
    let mut archive = Archive::new();
    let web = web(&mut archive, &["a.example"]);
    // Two minutes after the beginning.
    let head = "503 Later\r\nRetry-After: Wed, 05 Nov 2025 00:02:00 GMT";
    web.on("a.example", "/one", reply(head, "later"));
    text(&web, "a.example", "/two", "two");
    archive.crawl(&["http://a.example/one"]);
    archive.crawl(&["http://a.example/two"]);
    let until = crate::support::archive::BEGIN.plus(120 * SECOND);
    assert!(at(&web, "a.example", "/two") >= until);
}

#[test]
fn trouble_doubles_the_pause_with_each_time() {
    let mut archive = Archive::new().set("politeness.backoff_max=1h");
    let web = web(&mut archive, &["a.example"]);
    web.on("a.example", "/ill", reply("503 Ill", "ill"));
    archive.crawl(&["http://a.example/ill"]);
    let asked: Vec<Duration> = gaps(&web, "a.example").into_iter().map(|(_, gap)| gap).collect();
    // robots.txt, then the page, which is retried three times.
    assert_eq!(asked.len(), 4, "{asked:?}");
    for (n, least) in [(1, 60), (2, 120), (3, 240)] {
        assert!(asked[n] >= least * SECOND, "{asked:?}");
        assert!(asked[n] <= least * SECOND * 5 / 4, "{asked:?}");
    }
}

#[test]
fn what_is_known_of_a_host_survives_a_restart() {
    let mut archive = Archive::new();
    let web = web(&mut archive, &["a.example"]);
    text(&web, "a.example", "/robots.txt", "User-agent: *\nCrawl-delay: 9\n");
    let wait = "HTTP/1.1 429 Too Many\r\nRetry-After: 100000\r\nContent-Length: 0\r\n\r\n";
    web.on("a.example", "/one", once(wait));
    for page in ["/two", "/three", "/four"] {
        text(&web, "a.example", page, page);
    }
    let first = archive.crawl(&["http://a.example/one"]);
    assert_eq!(first.fetched, 2, "{first:?}");
    assert_eq!(first.left, 1, "the host asks for a day: {first:?}");
    // The second run ends without a request, since the wait is longer than a run waits.
    let second = archive.crawl(&["http://a.example/two"]);
    assert_eq!(second.fetched, 0, "{second:?}");
    assert_eq!(second.left, 2);
    archive.later(Duration::from_secs(86_400));
    let third = archive.crawl(&["http://a.example/three"]);
    assert_eq!(third.left, 0, "{third:?}");
    let one = at(&web, "a.example", "/one");
    // At most a day is respected.
    let two = at(&web, "a.example", "/two");
    assert!(two.since(one) >= Duration::from_secs(86_400), "{one} {two}");
    // Another restart right away: the Crawl-delay still holds.
    archive.crawl(&["http://a.example/four"]);
    for (after, gap) in gaps(&web, "a.example") {
        assert!(gap >= 9 * SECOND, "{gap:?} after {after}");
    }
}

#[test]
fn robots_txt_is_remembered_for_a_day_and_no_longer() {
    let mut archive = Archive::new();
    let web = web(&mut archive, &["a.example"]);
    text(&web, "a.example", "/robots.txt", "User-agent: *\nDisallow: /no\n");
    for page in ["/one", "/two", "/three"] {
        text(&web, "a.example", page, page);
    }
    archive.crawl(&["http://a.example/one"]);
    archive.later(Duration::from_secs(23 * 3600));
    archive.crawl(&["http://a.example/two", "http://a.example/no/1"]);
    assert_eq!(targets(&web, "a.example"), ["/robots.txt", "/one", "/two"]);
    archive.later(Duration::from_secs(2 * 3600));
    archive.crawl(&["http://a.example/three"]);
    assert_eq!(
        targets(&web, "a.example"),
        ["/robots.txt", "/one", "/two", "/robots.txt", "/three"]
    );
}

#[test]
fn all_hosts_together_stay_under_the_global_cap() {
    let mut archive = Archive::new().in_a_hurry().set("politeness.requests_per_second_max=1");
    let hosts = ["a.example", "b.example", "c.example", "d.example"];
    let web = web(&mut archive, &hosts);
    for host in hosts {
        site(&web, host);
    }
    let urls: Vec<String> = hosts.iter().map(|h| format!("http://{h}/")).collect();
    archive.run(&deep(&urls.iter().map(String::as_str).collect::<Vec<_>>()), &Stop::default());
    let mut asked: Vec<Timestamp> = web.asked().iter().map(|a| a.at).collect();
    asked.sort();
    assert_eq!(asked.len(), 28 + 4);
    assert!(asked.windows(2).all(|pair| pair[1].since(pair[0]) >= SECOND), "{asked:?}");
}

#[test]
fn a_crawl_delay_above_the_limit_is_capped_and_reported() {
    let mut archive = Archive::new();
    let web = web(&mut archive, &["a.example", "b.example"]);
    text(&web, "a.example", "/robots.txt", "User-agent: *\nCrawl-delay: 600\n");
    text(&web, "b.example", "/robots.txt", "User-agent: *\nCrawl-delay: 30\n");
    for host in ["a.example", "b.example"] {
        text(&web, host, "/1", "one");
        text(&web, host, "/2", "two");
    }
    let urls =
        ["http://a.example/1", "http://a.example/2", "http://b.example/1", "http://b.example/2"];
    let report = archive.crawl(&urls);
    let capped = |host: &str| report.hosts[host].capped;
    let (asked, kept) = (Duration::from_secs(600), Duration::from_secs(60));
    assert_eq!((capped("a.example"), capped("b.example")), (Some((asked, kept)), None));
    // A run that uses the robots.txt of an earlier run reports it, too.
    let again = archive.crawl(&urls[..1]);
    assert_eq!(again.hosts["a.example"].capped, Some((asked, kept)));
}
