//! The pages of jobs whose files change: renamed, removed, added again, shared by two jobs,
//! and a restart after each change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pressmark::base::{Clock, Timestamp};
use pressmark::crawl::{Job, JobRules, Order, Stop, Take};
use pressmark::schedule::JobSpec;
use pressmark::schedule::revisit::Schedule;
use pressmark::schedule::scope::Rule;

use crate::jobs::{job, rss, sitemap};
use crate::lab::{Lab, Seen, article, runtime, uri};
use crate::support::web::{Reply, ok};

const TEXT: &str = "The council met on Monday evening and talked for three hours about the bridge.";
const DAY: Duration = Duration::from_hours(24);

fn every(hours: u64) -> Schedule {
    Schedule::Fixed { every: Duration::from_hours(hours) }
}

/// A job of one feed that names two pages.
fn paper(lab: &Lab, name: &str) -> JobSpec {
    let items = [("http://a.example/1", ""), ("http://a.example/2", "")];
    lab.xml("a.example", "/feed", "application/rss+xml", &rss(&items));
    lab.web.page("a.example", "/1", &article("One", &[TEXT]));
    lab.web.page("a.example", "/2", &article("Two", &[TEXT]));
    let mut spec = job(name, "a.example");
    spec.feeds = vec![uri("http://a.example/feed")];
    spec.schedule = every(6);
    spec.sources_every = Duration::from_hours(2);
    spec
}

/// How often each target was asked for since `from`.
fn looks(lab: &Lab, from: Timestamp) -> BTreeMap<String, usize> {
    let mut looks = BTreeMap::new();
    for asked in lab.web.asked().iter().filter(|a| a.at >= from && a.target != "/robots.txt") {
        *looks.entry(format!("{}{}", asked.host, asked.target)).or_default() += 1;
    }
    looks
}

fn count(lab: &Lab, from: Timestamp, target: &str) -> usize {
    looks(lab, from).get(target).copied().unwrap_or(0)
}

#[test]
fn a_renamed_job_goes_on_with_its_feeds_and_with_pages_that_no_feed_lists_any_longer() {
    let lab = Lab::in_memory(&["a.example"]);
    let old = paper(&lab, "old");
    lab.watch(std::slice::from_ref(&old), DAY);
    // The feed changes: the older page is now known to the queue alone.
    lab.xml("a.example", "/feed", "application/rss+xml", &rss(&[("http://a.example/2", "")]));
    let from = lab.clock.now();
    let (_, seen) = lab.watch(&[JobSpec { name: "new".to_owned(), ..old }], DAY);
    let looks = looks(&lab, from);
    assert!(looks["a.example/feed"] >= 11 && looks["a.example/1"] >= 3, "{looks:?}");
    assert!(looks["a.example/1"] <= 5, "it is asked for as often as before: {looks:?}");
    assert_eq!(seen.notes, ["the job old is now called new; it keeps its pages"]);
}

#[test]
fn a_job_is_renamed_while_it_is_watched_and_what_was_under_way_is_its_own() {
    let lab = Lab::in_memory(&["a.example"]);
    let old = paper(&lab, "old");
    let new = JobSpec { name: "new".to_owned(), ..old.clone() };
    let (from, seen) = reloaded(&lab, &[old], vec![new], DAY);
    let looks = looks(&lab, from);
    assert!(looks["a.example/feed"] >= 11 && looks["a.example/1"] >= 3, "{looks:?}");
    assert!(seen.notes[0].contains("old is now called new"), "{:?}", seen.notes);
}

/// Watches `before` for a day, then gives it the jobs `after`, and continues: the time of the change, and the
/// events.
fn reloaded(
    lab: &Lab,
    before: &[JobSpec],
    after: Vec<JobSpec>,
    time: Duration,
) -> (Timestamp, Seen) {
    let (mut crawl, _store) = lab.crawl(before);
    let (orders, ordered) = tokio::sync::mpsc::unbounded_channel();
    crawl.take_orders(ordered);
    let stop = Stop::default();
    let from = lab.clock.now().plus(DAY);
    let until = Some((from.plus(time), Arc::clone(&lab.clock), stop.clone()));
    let (clock, request) = (Arc::clone(&lab.clock), lab.options.request.clone());
    let mut order = Some((orders, after));
    let hook = move || {
        if clock.now() >= from
            && let Some((orders, after)) = order.take()
        {
            let ready = |spec| Arc::new(JobRules::new(spec, request.clone(), None).unwrap());
            orders.send(Order::Jobs(after.into_iter().map(ready).collect())).unwrap();
        }
    };
    let mut seen = Seen { until, on_progress: Some(Box::new(hook)), ..Seen::default() };
    let job = Job { take: Take::Forever, ..Job::of(Vec::new()) };
    runtime().block_on(crawl.run(&job, &mut seen, &stop)).unwrap();
    crawl.close().unwrap();
    // Requests that were in flight when the order came may have ended after it.
    (from.plus(Duration::from_mins(1)), seen)
}

#[test]
fn what_is_taken_out_of_a_job_file_is_asked_for_no_more_from_the_next_reload_on() {
    let world = || {
        let lab = Lab::in_memory(&["a.example", "b.example"]);
        let mut spec = paper(&lab, "paper");
        lab.web.page("a.example", "/seed", &article("Seed", &[TEXT]));
        let moved =
            b"HTTP/1.1 302 Found\r\nLocation: http://b.example/there\r\nContent-Length: 0\r\n\r\n";
        lab.web.on("b.example", "/moved", Reply::Bytes(moved.to_vec()));
        lab.web.page("b.example", "/there", &article("There", &[TEXT]));
        lab.xml("b.example", "/feed", "application/rss+xml", &rss(&[("http://b.example/x", "")]));
        lab.web.page("b.example", "/x", &article("X", &[TEXT]));
        let index =
            "<sitemapindex><sitemap><loc>http://b.example/s.xml</loc></sitemap></sitemapindex>";
        lab.xml("b.example", "/index.xml", "application/xml", index);
        lab.xml("b.example", "/s.xml", "application/xml", &sitemap(&[("http://b.example/y", "")]));
        lab.web.page("b.example", "/y", &article("Y", &[TEXT]));
        spec.seeds = vec![uri("http://a.example/seed"), uri("http://b.example/moved")].into();
        spec.feeds.push(uri("http://b.example/feed"));
        spec.sitemaps = vec![uri("http://b.example/index.xml")];
        spec.scope.named_by_sources = true;
        (lab, spec)
    };
    let all = [
        "a.example/1",
        "a.example/2",
        "a.example/feed",
        "a.example/seed",
        "b.example/feed",
        "b.example/index.xml",
        "b.example/moved",
        "b.example/s.xml",
        "b.example/there",
        "b.example/x",
        "b.example/y",
    ];
    type Edit = fn(&mut JobSpec);
    let cases: [(&str, Edit, &[&str]); 6] = [
        ("nothing", |_| {}, &[]),
        (
            "two seeds, with what one redirects to",
            |spec| spec.seeds = Vec::new().into(),
            &["a.example/seed", "b.example/moved", "b.example/there"],
        ),
        (
            "a feed of another host, with its pages",
            |spec| spec.feeds.retain(|feed| feed.host() != "b.example"),
            &["b.example/feed", "b.example/x"],
        ),
        (
            "an index of sitemaps, with the sitemaps and their pages",
            |spec| spec.sitemaps.clear(),
            &["b.example/index.xml", "b.example/s.xml", "b.example/y"],
        ),
        (
            "a page of a feed, by an exclusion",
            |spec| spec.scope.exclude.push(Rule::Glob("*/1".to_owned())),
            &["a.example/1"],
        ),
        (
            "a whole host, by an exclusion, though feeds and sitemaps of it are still named",
            |spec| spec.scope.exclude.push(Rule::Domain("b.example".to_owned())),
            &[
                "b.example/feed",
                "b.example/index.xml",
                "b.example/moved",
                "b.example/s.xml",
                "b.example/there",
                "b.example/x",
                "b.example/y",
            ],
        ),
    ];
    for (what, edit, gone) in cases {
        for restarts in [false, true] {
            let (lab, spec) = world();
            let mut after = spec.clone();
            edit(&mut after);
            let from = if restarts {
                lab.watch(std::slice::from_ref(&spec), DAY);
                let from = lab.clock.now();
                lab.watch(&[after], DAY);
                from
            } else {
                reloaded(&lab, std::slice::from_ref(&spec), vec![after], DAY).0
            };
            let asked: Vec<String> = looks(&lab, from).into_keys().collect();
            let stays: Vec<&str> = all.into_iter().filter(|url| !gone.contains(url)).collect();
            assert_eq!(asked, stays, "{what}, restarted: {restarts}");
            // After it was added again, all of it is visited again.
            let from = lab.clock.now();
            lab.watch(&[spec], DAY);
            assert_eq!(looks(&lab, from).into_keys().collect::<Vec<_>>(), all, "{what}, put back");
        }
    }
}

#[test]
fn a_job_that_is_removed_and_added_again_goes_on_with_its_pages() {
    let lab = Lab::in_memory(&["a.example", "b.example"]);
    lab.web.page("b.example", "/", &article("B", &[TEXT]));
    let mut other = job("other", "b.example");
    other.seeds = vec![uri("http://b.example/")].into();
    let spec = paper(&lab, "paper");
    lab.watch(&[spec.clone(), other.clone()], DAY);
    let from = lab.clock.now();
    lab.watch(&[other.clone()], DAY);
    assert!(!looks(&lab, from).keys().any(|k| k.starts_with("a.example")), "it is not served");
    lab.xml("a.example", "/feed", "application/rss+xml", &rss(&[("http://a.example/2", "")]));
    let from = lab.clock.now();
    lab.watch(&[spec, other], DAY);
    assert!(count(&lab, from, "a.example/1") >= 3, "{:?}", looks(&lab, from));
}

#[test]
fn a_page_of_two_jobs_is_visited_as_the_more_urgent_one_says_and_both_are_notified() {
    let lab = Lab::in_memory(&["a.example"]);
    let mut rare = paper(&lab, "rare");
    rare.schedule = every(24 * 30);
    let mut often = job("often", "a.example");
    often.seeds = vec![uri("http://a.example/1")].into();
    often.schedule = every(3);
    often.file = Some("often.toml".into());
    let begun = lab.clock.now();
    let clock = Arc::clone(&lab.clock);
    let page = move |_: &str, _: usize| {
        let cost = if clock.now() >= begun.plus(DAY * 4) { "40" } else { "30" };
        ok("text/html", article("One", &[TEXT, &format!("It cost {cost} million.")]).as_bytes())
    };
    lab.web.on("a.example", "/1", Reply::Made(Arc::new(page)));
    // The page is captured by the first job alone; then the second job names it.
    lab.watch(&[rare.clone()], DAY);
    let from = lab.clock.now();
    lab.watch(&[rare.clone(), often.clone()], DAY);
    assert!((8..=9).contains(&count(&lab, from, "a.example/1")), "{:?}", looks(&lab, from));
    assert_eq!(count(&lab, from, "a.example/2"), 0);
    // A run of the rare job alone leaves it due for the other.
    lab.run(&[rare.clone()]);
    let from = lab.clock.now();
    lab.watch(&[rare.clone(), often.clone()], DAY);
    assert!(count(&lab, from, "a.example/1") >= 7, "{:?}", looks(&lab, from));
    // Both jobs get the message of an edit.
    let (_, seen) = lab.watch(&[rare.clone(), often], DAY * 2);
    assert_eq!(seen.news.len(), 1);
    assert_eq!(seen.news[0].jobs, ["rare", "often"]);
    let json = serde_json::to_value(seen.news[0].message(&seen.news[0].job)).unwrap();
    assert_eq!((&json["job"], &json["jobs"][1]), (&"rare".into(), &"often".into()));
    // Without the urgent job, the page belongs to the other alone, and follows its schedule.
    lab.gone.lock().unwrap().insert("often.toml".into());
    let from = lab.clock.now();
    lab.watch(&[rare], DAY * 2);
    assert!(count(&lab, from, "a.example/1") <= 1, "{:?}", looks(&lab, from));
}

#[test]
fn two_jobs_read_one_feed_each_with_a_scope_of_its_own() {
    let lab = Lab::in_memory(&["a.example"]);
    let mut one = paper(&lab, "one");
    one.scope.exclude.push(Rule::Glob("*/2".to_owned()));
    let etag = |request: &str, _: usize| {
        if request.to_ascii_lowercase().contains("if-none-match") {
            return b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n".to_vec();
        }
        let items = [("http://a.example/1", ""), ("http://a.example/2", "")];
        let mut reply = ok("application/rss+xml", rss(&items).as_bytes());
        let at = reply.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        reply.splice(at..at, b"\r\nETag: \"a\"".iter().copied());
        reply
    };
    lab.web.on("a.example", "/feed", Reply::Made(Arc::new(etag)));
    lab.watch(&[one.clone()], DAY);
    assert_eq!(count(&lab, Timestamp::default(), "a.example/2"), 0);
    // The server only answers that the feed is not modified: the second job reads it nevertheless.
    let mut two = one.clone();
    two.name = "two".to_owned();
    two.scope.exclude.clear();
    two.seeds = vec![uri("http://a.example/1")].into();
    lab.watch(&[one, two], DAY);
    assert!(count(&lab, Timestamp::default(), "a.example/2") >= 3);
}

#[test]
fn a_page_that_was_captured_by_hand_takes_the_schedule_of_the_job_that_names_it() {
    let lab = Lab::in_memory(&["a.example"]);
    lab.web.page("a.example", "/1", &article("One", &[TEXT]));
    {
        let (mut crawl, _store) = lab.crawl(&[]);
        let single = Job { take: Take::Due, ..Job::of(vec![uri("http://a.example/1")]) };
        runtime().block_on(crawl.run(&single, &mut (), &Stop::default())).unwrap();
        crawl.close().unwrap();
    }
    let mut spec = job("paper", "a.example");
    spec.seeds = vec![uri("http://a.example/1")].into();
    spec.schedule = every(4);
    let from = lab.clock.now();
    lab.watch(&[spec], DAY);
    assert!((5..=7).contains(&count(&lab, from, "a.example/1")), "{:?}", looks(&lab, from));
}

#[test]
fn an_article_of_another_host_belongs_with_its_redirects_where_no_scope_was_written() {
    for by_default in [true, false] {
        let lab = Lab::in_memory(&["a.example", "b.example", "c.example"]);
        let mut spec = paper(&lab, "paper");
        let items = [("http://b.example/go", ""), ("http://a.example/1", "")];
        lab.xml("a.example", "/feed", "application/rss+xml", &rss(&items));
        let to =
            b"HTTP/1.1 302 Found\r\nLocation: http://c.example/story\r\nContent-Length: 0\r\n\r\n";
        lab.web.on("b.example", "/go", Reply::Bytes(to.to_vec()));
        lab.web.page("c.example", "/story", &article("S", &[TEXT, "<a href=/deeper>x</a>"]));
        spec.depth = 1;
        spec.scope.named_by_sources = by_default;
        let (report, _) = lab.run(&[spec]);
        let asked = lab.asked();
        let is_there = asked.contains(&"c.example/story".to_owned());
        assert_eq!(is_there, by_default, "{asked:?}");
        assert!(
            !asked.contains(&"c.example/deeper".to_owned()),
            "links are still judged by the scope"
        );
        assert!(report.left_out > 0);
    }
}

#[test]
fn more_of_a_feed_than_any_trap_would_have_is_captured_and_links_are_held_to_their_budgets() {
    let lab = Lab::in_memory(&["a.example"]);
    let mut spec = paper(&lab, "paper");
    let urls: Vec<String> = (0..40)
        .map(|n| format!("http://a.example/articleView.html?idxno={n}"))
        .chain((1..=12).map(|m| format!("http://a.example/1240/{m:02}/story")))
        .collect();
    let items: Vec<(&str, &str)> = urls.iter().map(|url| (url.as_str(), "")).collect();
    lab.xml("a.example", "/feed", "application/rss+xml", &rss(&items));
    for url in &urls {
        lab.web.page(
            "a.example",
            url.trim_start_matches("http://a.example"),
            &article("x", &[TEXT]),
        );
    }
    let links: String = (0..30).map(|n| format!("<a href='/list.html?page={n}'>{n}</a>")).collect();
    lab.web.page("a.example", "/section", &format!("<html><body>{links}</body></html>"));
    for n in 0..30 {
        lab.web.page("a.example", &format!("/list.html?page={n}"), "<p>x</p>");
    }
    spec.sections = vec![uri("http://a.example/section")];
    spec.traps.queries_per_path_max = Some(10);
    spec.traps.per_pattern_max = Some(10);
    spec.traps.dated_per_host_max = Some(3);
    let lists = |lab: &Lab| lab.asked().iter().filter(|a| a.contains("/list.html")).count();
    lab.watch(std::slice::from_ref(&spec), Duration::from_hours(12));
    let asked = lab.asked();
    for url in &urls {
        let name = url.trim_start_matches("http://").to_owned();
        assert!(asked.contains(&name), "{name} was left");
    }
    let first: std::collections::BTreeSet<String> =
        asked.into_iter().filter(|a| a.contains("/list.html")).collect();
    assert_eq!(first.len(), 10);
    // Neither a restart nor a reload resets the day's budget; the next day does.
    lab.watch(std::slice::from_ref(&spec), Duration::from_hours(6));
    let distinct = |lab: &Lab| {
        let asked = lab.asked().into_iter().filter(|a| a.contains("/list.html"));
        asked.collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(distinct(&lab), 10, "{}", lists(&lab));
    lab.watch(&[spec], DAY);
    assert_eq!(distinct(&lab), 20);
}
