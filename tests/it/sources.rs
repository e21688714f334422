//! Sources of jobs: the outcomes of visits are distinguished, failures and recoveries are reported; an
//! outlet that falls silent raises an alarm after a time that is derived from its past.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pressmark::base::{Clock, Timestamp};
use pressmark::crawl::{RunProblem, SourceLine};
use pressmark::schedule::JobSpec;
use pressmark::schedule::revisit::Schedule;
use pressmark::schedule::scope::Rule;

use crate::jobs::{job, rss, sitemap};
use crate::lab::{Lab, article, uri};
use crate::support::web::{Make, Reply, ok};

const TEXT: &str = "The council met on Monday evening and talked for three hours about the bridge.";
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A job of one feed, one sitemap and one section page, all working.
fn paper(lab: &Lab) -> JobSpec {
    let items = [("http://a.example/1", "")];
    lab.xml("a.example", "/feed", "application/rss+xml", &rss(&items));
    lab.xml("a.example", "/map.xml", "application/xml", &sitemap(&items));
    lab.web.page("a.example", "/news", "<html><body><a href=/1>one</a></body></html>");
    lab.web.page("a.example", "/1", &article("One", &[TEXT]));
    let mut spec = job("paper", "a.example");
    spec.feeds = vec![uri("http://a.example/feed")];
    spec.sitemaps = vec![uri("http://a.example/map.xml")];
    spec.sections = vec![uri("http://a.example/news")];
    spec.schedule = Schedule::Fixed { every: DAY * 30 };
    spec.sources_every = HOUR * 2;
    spec
}

fn line<'a>(lines: &'a [SourceLine], url: &str) -> &'a SourceLine {
    lines.iter().find(|line| line.url == format!("http://a.example{url}")).unwrap()
}

fn reply(head: &str) -> Reply {
    Reply::Bytes(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n").into_bytes())
}

#[test]
fn each_failure_of_a_source_has_a_state_and_is_reported_once() {
    let html = || ok("text/html", b"<html><body><a href=/x>Welcome</a></body></html>");
    let empty = || ok("application/rss+xml", rss(&[]).as_bytes());
    let astray = "302 Found\r\nLocation: http://shut.example/";
    let cases: [(&str, &str, Reply, &str); 14] = [
        ("/feed", "not-a-source", Reply::Bytes(html()), "200, text/html"),
        ("/feed", "empty", Reply::Bytes(empty()), "200, application/rss+xml"),
        ("/feed", "not-found", reply("404 Not Found"), "404"),
        ("/feed", "not-found", reply("410 Gone"), "410"),
        ("/feed", "server-error", reply("500 Ill"), "500"),
        ("/feed", "server-error", reply("429 Too many"), "429"),
        ("/feed", "refused", reply("403 Forbidden"), "403"),
        ("/feed", "refused", reply("451 Unavailable"), "451"),
        ("/feed", "unreachable", Reply::Close, "reset"),
        ("/feed", "led-astray", reply(astray), "302"),
        ("/map.xml", "not-a-source", Reply::Bytes(html()), "200, text/html"),
        ("/map.xml", "not-found", reply("404 Not Found"), "404"),
        ("/news", "empty", Reply::Bytes(ok("text/html", b"<p>soon")), "200, text/html"),
        ("/news", "not-a-source", Reply::Bytes(ok("image/png", b"x")), "200, image/png"),
    ];
    for (target, state, ill, detail) in cases {
        let lab = Lab::in_memory(&["a.example"]);
        let mut spec = paper(&lab);
        spec.scope.exclude = vec![Rule::Host("shut.example".to_owned())];
        let (report, seen) = lab.watch(std::slice::from_ref(&spec), HOUR * 3);
        assert_eq!(seen.sources, Vec::<String>::new(), "all is well");
        assert!(report.sources.iter().all(|line| line.is_well && line.entries == 1));
        lab.web.on("a.example", target, ill);
        let (report, seen) = lab.watch(std::slice::from_ref(&spec), HOUR * 8);
        let url = format!("http://a.example{target}");
        let is = line(&report.sources, target);
        assert_eq!((is.state.as_str(), is.is_well), (state, false), "{target} {detail}");
        assert_eq!(seen.sources[0], format!("{url}: good > {state} ({})", is.detail));
        assert!(is.detail.contains(detail), "{is:?}");
        assert_eq!(seen.sources.len(), 1, "it is said once: {:?}", seen.sources);
        assert!(is.well_at < is.since, "{is:?}");
        // A new run reports the failures that it finds, and the recoveries. However long a source failed, it is
        // visited soon.
        lab.watch(std::slice::from_ref(&spec), DAY * 8);
        paper(&lab);
        let (report, seen) = lab.watch(&[spec], HOUR * 8);
        assert!(line(&report.sources, target).is_well, "{target} {detail}");
        let again = format!("{url}: {state} > good");
        assert!(seen.sources.iter().any(|s| s.starts_with(&again)), "{:?}", seen.sources);
    }
}

#[test]
fn a_source_that_robots_txt_keeps_us_from_is_ill_and_one_that_moved_is_well_where_it_is() {
    let lab = Lab::in_memory(&["a.example"]);
    let spec = paper(&lab);
    lab.watch(std::slice::from_ref(&spec), HOUR * 3);
    let rules = ok("text/plain", b"User-agent: *\nDisallow: /feed\n");
    lab.web.on("a.example", "/robots.txt", Reply::Bytes(rules));
    lab.web.on("a.example", "/map.xml", reply("301 Moved\r\nLocation: /maps/new.xml"));
    let map = sitemap(&[("http://a.example/1", "")]);
    lab.xml("a.example", "/maps/new.xml", "application/xml", &map);
    let (report, _) = lab.watch(std::slice::from_ref(&spec), DAY * 2);
    assert_eq!(line(&report.sources, "/feed").state, "robots-forbid");
    assert_eq!(line(&report.sources, "/map.xml").state, "redirected");
    assert_eq!(line(&report.sources, "/maps/new.xml").state, "good");
    lab.web.on("a.example", "/robots.txt", reply("503 Busy"));
    // The earlier rules hold for a month; then they are unknown.
    let (report, _) = lab.watch(&[spec], DAY * 33);
    assert_eq!(line(&report.sources, "/feed").state, "robots-unreachable");
}

/// An outlet with a new article every three hours by day, until it ends.
fn outlet(lab: &Lab, begun: Timestamp, until: Timestamp) -> Arc<Mutex<Option<u16>>> {
    let refuses: Arc<Mutex<Option<u16>>> = Arc::default();
    let clock = Arc::clone(&lab.clock);
    let feed: Make = Arc::new(move |_: &str, _: usize| {
        let now = clock.now().min(until);
        let hours = now.since(begun).as_secs() / 3_600;
        let published = (0..=hours).filter(|hour| (6..22).contains(&(hour % 24)) && hour % 3 == 0);
        let urls: Vec<String> = published.map(|n| format!("http://a.example/story/{n}")).collect();
        let newest: Vec<(&str, &str)> =
            urls.iter().rev().take(10).map(|url| (url.as_str(), "")).collect();
        ok("application/rss+xml", rss(&newest).as_bytes())
    });
    lab.web.on("a.example", "/feed", Reply::Made(feed));
    for n in 0..24 * 80 {
        let refuses = Arc::clone(&refuses);
        let page: Make = Arc::new(move |_: &str, _: usize| match *refuses.lock().unwrap() {
            Some(status) => {
                format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n").into_bytes()
            }
            None => ok("text/html", article(&format!("Story {n}"), &[TEXT]).as_bytes()),
        });
        lab.web.on("a.example", &format!("/story/{n}"), Reply::Made(page));
    }
    refuses
}

fn only_feed(lab: &Lab) -> JobSpec {
    let mut spec = paper(lab);
    spec.sitemaps.clear();
    spec.sections.clear();
    spec.age_max = Some(HOUR);
    spec
}

fn silent(trouble: &[RunProblem]) -> Vec<String> {
    let of = |trouble: &RunProblem| match trouble {
        RunProblem::Silent { kind, url, .. } => Some(format!("silent {kind} {url}")),
        RunProblem::Resumed { kind, url, .. } => Some(format!("heard {kind} {url}")),
        _ => None,
    };
    trouble.iter().filter_map(of).collect()
}

#[test]
fn an_outlet_that_falls_silent_is_an_alarm_after_a_time_that_its_past_teaches() {
    let lab = Lab::in_memory(&["a.example"]);
    let spec = only_feed(&lab);
    let begun = lab.clock.now();
    let ends = begun.plus(DAY * 14);
    outlet(&lab, begun, ends);
    let (_, seen) = lab.watch(std::slice::from_ref(&spec), DAY * 14);
    assert_eq!(silent(&seen.trouble), Vec::<String>::new());
    // Its nights last nine hours: a silence of most of a day is normal, and one of a day is not.
    let (report, seen) = lab.watch(std::slice::from_ref(&spec), HOUR * 18);
    assert_eq!(silent(&seen.trouble), Vec::<String>::new());
    assert!(line(&report.sources, "/feed").is_well);
    let (report, seen) = lab.watch(std::slice::from_ref(&spec), HOUR * 9);
    // No new URL of its host is requested: it is the feed that is silent.
    let want = ["silent feed http://a.example/feed"];
    assert_eq!(silent(&seen.trouble), want);
    let feed = line(&report.sources, "/feed");
    assert_eq!(
        (feed.state.as_str(), feed.is_well, feed.silent_since.is_some()),
        ("good", false, true)
    );
    // A restart reports it again; and it ends when an article arrives.
    let (_, seen) = lab.watch(std::slice::from_ref(&spec), HOUR);
    assert_eq!(silent(&seen.trouble), want);
    outlet(&lab, begun, ends.plus(DAY * 60));
    let (report, seen) = lab.watch(&[spec], HOUR * 10);
    assert_eq!(silent(&seen.trouble), [want[0], "heard feed http://a.example/feed"]);
    assert!(report.sources.iter().all(|line| line.is_well), "{:?}", report.sources);
}

#[test]
fn a_host_that_refuses_every_article_is_an_alarm_though_its_feed_goes_on() {
    let lab = Lab::in_memory(&["a.example"]);
    let spec = only_feed(&lab);
    let refuses = outlet(&lab, lab.clock.now(), lab.clock.now().plus(DAY * 70));
    lab.watch(std::slice::from_ref(&spec), DAY * 14);
    *refuses.lock().unwrap() = Some(403);
    let (report, seen) = lab.watch(&[spec], DAY * 2);
    assert_eq!(silent(&seen.trouble), ["silent host a.example"]);
    assert!(line(&report.sources, "/feed").is_well);
    assert!(report.sources.iter().any(|line| line.kind == "host" && line.url == "a.example"));
}

#[test]
fn time_without_a_watch_raises_no_alarm_and_a_renamed_job_keeps_its_past() {
    let lab = Lab::in_memory(&["a.example"]);
    let spec = only_feed(&lab);
    let begun = lab.clock.now();
    outlet(&lab, begun, begun.plus(DAY * 70));
    lab.watch(std::slice::from_ref(&spec), DAY * 14);
    lab.clock.advance(DAY * 20);
    let renamed = JobSpec { name: "gazette".to_owned(), ..spec };
    let (report, seen) = lab.watch(std::slice::from_ref(&renamed), DAY);
    assert_eq!(silent(&seen.trouble), Vec::<String>::new());
    assert_eq!(report.sources[0].job, "gazette");
    // The learned values are kept under the new name.
    outlet(&lab, begun, lab.clock.now());
    let (_, seen) = lab.watch(&[renamed], DAY * 2);
    assert_eq!(silent(&seen.trouble), ["silent feed http://a.example/feed"]);
}
