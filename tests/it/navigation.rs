//! From a URL along its redirects: a cookie that a server sets on the way is sent on that way and
//! nowhere else, a page that redirects its reader by itself is a redirect, and addresses are requested in
//! the bytes that browsers would send.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pressmark::crawl::{Finished, Job, Outcome, Take, VersionEvent};
use pressmark::schedule::revisit::Schedule;

use crate::jobs::{job, rss};
use crate::lab::{Lab, Seen, article, runtime, uri};
use crate::support::archive::records;
use crate::support::web::{Reply, ok};

const TEXT: &str = "The council met on Monday evening and talked for three hours about the bridge.";
const HOSTS: [&str; 3] = ["a.example", "b.example", "consent.example"];

fn status(done: &Finished) -> Option<u16> {
    match done.outcome {
        Outcome::Fetched { status, .. } => status,
        _ => None,
    }
}

/// The cookies of a request.
fn cookies(request: &str) -> String {
    let field = request.lines().find_map(|line| line.strip_prefix("Cookie: "));
    field.unwrap_or_default().to_owned()
}

fn to(location: &str, cookie: &str) -> Vec<u8> {
    let set = if cookie.is_empty() { String::new() } else { format!("Set-Cookie: {cookie}\r\n") };
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\n{set}Content-Length: 0\r\n\r\n")
        .into_bytes()
}

fn on(lab: &Lab, host: &str, target: &str, make: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) {
    let make = move |request: &str, _: usize| make(&cookies(request));
    lab.web.on(host, target, Reply::Made(Arc::new(make)));
}

/// A page behind a gate: its kind, its servers (the number says how often the page was edited), and the
/// URL that leads to it.
type Gate = (&'static str, fn(&Lab, Arc<AtomicUsize>), Vec<&'static str>);

fn gates() -> Vec<Gate> {
    fn page(edits: &AtomicUsize) -> Vec<u8> {
        let cost = format!("It cost {} million.", 30 + edits.load(Ordering::SeqCst));
        ok("text/html", article("The bridge", &[TEXT, &cost]).as_bytes())
    }
    fn itself(lab: &Lab, edits: Arc<AtomicUsize>) {
        on(lab, "a.example", "/p", move |sent| match sent.contains("pass=1") {
            true => page(&edits),
            false => to("/p", "pass=1; Path=/"),
        });
    }
    fn gate(lab: &Lab, edits: Arc<AtomicUsize>) {
        on(lab, "a.example", "/p", move |sent| match sent.contains("pass=1") {
            true => page(&edits),
            false => to("/gate?to=/p", ""),
        });
        on(lab, "a.example", "/gate?to=/p", |_| to("/p", "pass=1; Path=/; HttpOnly"));
    }
    fn two(lab: &Lab, edits: Arc<AtomicUsize>) {
        on(lab, "a.example", "/p", move |sent| {
            match sent.contains("a=1") && sent.contains("b=2") {
                true => page(&edits),
                false => to("/1", "a=1; Path=/"),
            }
        });
        on(lab, "a.example", "/1", |sent| to(if sent.contains("a=1") { "/2" } else { "/no" }, ""));
        on(lab, "a.example", "/2", |_| to("/p", "b=2; Path=/"));
    }
    fn elsewhere(lab: &Lab, edits: Arc<AtomicUsize>) {
        on(lab, "a.example", "/p", move |sent| match sent.contains("ok=1") {
            true => page(&edits),
            false => to("http://consent.example/ask", "seen=1; Path=/"),
        });
        on(lab, "consent.example", "/ask", |_| to("http://a.example/ok", "theirs=1; Path=/"));
        on(lab, "a.example", "/ok", |sent| match sent {
            sent if sent.contains("seen=1") => to("/p", "ok=1; Path=/"),
            _ => to("/no", ""),
        });
    }
    fn refresh(lab: &Lab, edits: Arc<AtomicUsize>) {
        on(lab, "a.example", "/p", move |sent| match sent.contains("js=0") {
            true => page(&edits),
            false => {
                let wait = "<meta http-equiv=refresh content='1; url=/check'><p>One moment";
                ok("text/html\r\nSet-Cookie: w=1; Path=/", wait.as_bytes())
            }
        });
        on(lab, "a.example", "/check", |_| {
            ok("text/html\r\nRefresh: 0;url=/p\r\nSet-Cookie: js=0; Path=/", b"<p>Checked")
        });
    }
    vec![
        ("itself", itself, vec!["/p", "/p"]),
        ("a gate", gate, vec!["/p", "/gate?to=/p", "/p"]),
        ("two cookies", two, vec!["/p", "/1", "/2", "/p"]),
        ("another host", elsewhere, vec!["/p", "/ask", "/ok", "/p"]),
        ("a page that waits", refresh, vec!["/p", "/check", "/p"]),
    ]
}

fn asked(lab: &Lab) -> Vec<(String, String)> {
    let asked = lab.web.asked().into_iter().filter(|asked| asked.target != "/robots.txt");
    asked.map(|asked| (asked.target, cookies(&String::from_utf8_lossy(&asked.bytes)))).collect()
}

#[test]
fn a_page_behind_a_cookie_is_reached_at_every_visit_and_its_edit_is_reported() {
    for (name, gate, way) in gates() {
        let lab = Lab::in_memory(&HOSTS);
        let edits = Arc::new(AtomicUsize::new(0));
        gate(&lab, Arc::clone(&edits));
        let mut spec = job("paper", "a.example");
        spec.seeds.push(&uri("http://a.example/p"));
        spec.schedule = Schedule::Fixed { every: Duration::from_hours(24) };
        let seen = lab.watch(&[spec.clone()], Duration::from_hours(2)).1;
        let targets =
            |of: Vec<(String, String)>| of.into_iter().map(|(t, _)| t).collect::<Vec<_>>();
        assert_eq!(targets(asked(&lab)), way, "{name}");
        let last =
            seen.done.iter().rfind(|done| done.uri.as_str() == "http://a.example/p").unwrap();
        assert_eq!(status(last), Some(200), "{name}");
        // The page is edited the next day. The navigation starts without cookies, as it did the day before.
        edits.store(1, Ordering::SeqCst);
        let seen = lab.watch(&[spec], Duration::from_hours(24)).1;
        let second = asked(&lab).split_off(way.len());
        let first = second.iter().position(|(target, _)| target == "/p").unwrap();
        assert_eq!(second[first].1, "", "{name}: {second:?}");
        assert!(second.iter().any(|(t, sent)| t == "/p" && !sent.is_empty()), "{name}: {second:?}");
        let reported: Vec<String> =
            seen.news.iter().map(|one| format!("{:?}", one.kinds().collect::<Vec<_>>())).collect();
        assert!(seen.news.iter().any(VersionEvent::is_edit), "{name}: {reported:?}");
        // History does not treat a page that waits as a redirect: it has a text of its own.
        assert!(seen.news.len() == 1 || name == "a page that waits", "{name}: {reported:?}");
        // The archive holds what was sent, and no host received another host's cookies.
        let kept = records(&lab.dir.path().join("archive"));
        let requests = kept.iter().filter(|record| record.is("request", "http://a.example/p"));
        let sent = requests
            .filter(|record| String::from_utf8_lossy(&record.block).contains("\r\nCookie: "))
            .count();
        assert_eq!(sent, 2, "{name}");
        for one in lab.web.asked().iter().filter(|asked| asked.host != "a.example") {
            assert_eq!(cookies(&String::from_utf8_lossy(&one.bytes)), "", "{name}");
        }
    }
}

/// Captures a URL as `crawl URL` does.
fn crawl(lab: &Lab, url: &str) -> Seen {
    let (mut crawl, _store) = lab.crawl(&[]);
    let job = Job { take: Take::Queue, ..Job::of(vec![uri(url)]) };
    let mut seen = Seen::default();
    runtime().block_on(crawl.run(&job, &mut seen, &Default::default())).unwrap();
    crawl.close().unwrap();
    seen
}

#[test]
fn a_url_asked_for_by_name_is_followed_through_its_gate() {
    for (name, gate, way) in gates() {
        let lab = Lab::in_memory(&HOSTS);
        gate(&lab, Arc::default());
        let seen = crawl(&lab, "http://a.example/p");
        let targets: Vec<String> = asked(&lab).into_iter().map(|(target, _)| target).collect();
        assert_eq!(targets, way, "{name}");
        assert_eq!(status(seen.done.last().unwrap()), Some(200), "{name}");
    }
}

#[test]
fn a_server_that_is_never_content_is_asked_a_bounded_number_of_times() {
    let lab = Lab::in_memory(&HOSTS);
    let count = AtomicUsize::new(0);
    on(&lab, "a.example", "/p", move |_| {
        to("/p", &format!("n={}; Path=/", count.fetch_add(1, Ordering::SeqCst)))
    });
    on(&lab, "b.example", "/p", |_| to("/p", "same=1; Path=/"));
    crawl(&lab, "http://a.example/p");
    assert!((3..=12).contains(&asked(&lab).len()), "{:?}", asked(&lab));
    let before = asked(&lab).len();
    crawl(&lab, "http://b.example/p");
    assert_eq!(asked(&lab).len() - before, 2, "it has seen that cookie");
}

#[test]
fn a_page_that_sends_its_reader_on_is_a_redirect_at_any_depth() {
    let long = "<meta http-equiv=refresh content='300; url=/front'><p>News";
    for (status, field, html, want) in [
        ("200 OK", "", "<meta http-equiv=refresh content='0; url=/2'>", true),
        ("200 OK", "", "<p>x<META HTTP-EQUIV=Refresh CONTENT=\"5;URL='/2'\">", true),
        ("200 OK", "Refresh: 3; url=/2\r\n", "<p>Moved", true),
        ("404 Not Found", "", "<meta http-equiv=refresh content='0; url=/2'>", true),
        ("200 OK", "", long, false),
        ("503 Busy", "Refresh: 3; url=/2\r\n", "", false),
    ] {
        let lab = Lab::in_memory(&HOSTS);
        let reply = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html\r\n{field}Content-Length: {}\r\n\r\n{html}",
            html.len()
        );
        lab.web.on("a.example", "/1", Reply::Bytes(reply.into_bytes()));
        // Another gate behind it, on another host: links of a site are not followed that far.
        let next = "<meta http-equiv=refresh content='0; url=http://b.example/3'>";
        lab.web.page("a.example", "/2", next);
        lab.web.page("b.example", "/3", &article("Three", &[TEXT]));
        let seen = crawl(&lab, "http://a.example/1");
        let urls: Vec<&str> = seen.done.iter().map(|done| done.uri.as_str()).collect();
        let is_there = urls.contains(&"http://a.example/2") && urls.contains(&"http://b.example/3");
        assert_eq!(is_there, want, "{status} {field} {html}: {urls:?}");
        assert!(!urls.contains(&"http://a.example/front"));
        if want {
            assert_eq!(seen.done.last().unwrap().path, "RR");
        }
    }
}

#[test]
fn a_feed_that_sends_its_reader_on_is_read_where_it_leads() {
    let lab = Lab::in_memory(&HOSTS);
    lab.web.page("a.example", "/rss", "<meta http-equiv=refresh content='0; url=/feed.xml'>");
    lab.xml("a.example", "/feed.xml", "application/rss+xml", &rss(&[("http://a.example/1", "")]));
    lab.web.page("a.example", "/1", &article("One", &[TEXT]));
    let mut spec = job("paper", "a.example");
    spec.feeds.push(uri("http://a.example/rss"));
    let (report, seen) = lab.run(&[spec]);
    assert!(seen.done.iter().any(|done| done.uri.as_str() == "http://a.example/1"));
    let state = |url: &str| {
        report.sources.iter().find(|line| line.url == url).map(|line| line.state.clone())
    };
    assert_eq!(state("http://a.example/rss").as_deref(), Some("redirected"));
    assert_eq!(state("http://a.example/feed.xml").as_deref(), Some("good"));
}

#[test]
fn addresses_are_asked_for_in_the_bytes_that_browsers_send() {
    let lab = Lab::in_memory(&HOSTS);
    // A link to `/日?q=日本` in Shift_JIS.
    let page = b"<title>x</title><a href=\"/\x93\xfa?q=\x93\xfa\x96{\">x</a>";
    lab.web.on("a.example", "/", Reply::Bytes(ok("text/html; charset=shift_jis", page)));
    let location = b"HTTP/1.1 302 Found\r\nLocation: /caf\xe9?q=\xe9\r\nContent-Length: 0\r\n\r\n";
    lab.web.on("a.example", "/r", Reply::Bytes(location.to_vec()));
    let mut spec = job("paper", "a.example");
    for seed in ["http://a.example/", "http://a.example/r"] {
        spec.seeds.push(&uri(seed));
    }
    spec.depth = 1;
    lab.run(&[spec]);
    let asked = lab.asked();
    for want in ["a.example/%E6%97%A5?q=%93%FA%96%7B", "a.example/caf%E9?q=%E9"] {
        let want = want.replace("%7B", "{");
        assert!(asked.contains(&want), "{want} is not in {asked:?}");
    }
}
