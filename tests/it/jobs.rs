//! Jobs on the scripted web: sources are followed, pages out of scope are not fetched, limits hold, and
//! an endless run pauses, alarms and reloads.

use std::sync::Arc;
use std::time::Duration;

use pressmark::base::Clock;
use pressmark::crawl::{Job, JobRules, Order, RunProblem, Stop, Take};
use pressmark::schedule::JobSpec;
use pressmark::schedule::revisit::Schedule;
use pressmark::schedule::scope::{Requisites, Rule};

use crate::lab::{Lab, Seen, article, runtime, uri};
use crate::support::web::{Reply, ok};

const TEXT: &str = "The council met on Monday evening and talked for three hours about the bridge.";

pub fn rss(items: &[(&str, &str)]) -> String {
    let items: String = items
        .iter()
        .map(|(link, date)| {
            format!("<item><title>t</title><link>{link}</link><pubDate>{date}</pubDate></item>")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>f</title>{items}</channel></rss>"
    )
}

pub fn sitemap(entries: &[(&str, &str)]) -> String {
    let urls: String = entries
        .iter()
        .map(|(loc, lastmod)| format!("<url><loc>{loc}</loc><lastmod>{lastmod}</lastmod></url>"))
        .collect();
    format!(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</urlset>"
    )
}

pub fn job(name: &str, host: &str) -> JobSpec {
    let mut spec = JobSpec::new(name);
    spec.scope.include = vec![Rule::Host(host.to_owned())];
    spec
}

#[test]
fn a_job_follows_its_feed_its_sitemaps_and_its_sections_and_no_other_host() {
    let lab = Lab::new(&["a.example", "b.example"]);
    lab.xml(
        "a.example",
        "/feed",
        "application/rss+xml",
        &rss(&[
            ("http://a.example/1?utm_source=rss", "Sun, 01 Mar 2026 23:00:00 GMT"),
            ("http://b.example/elsewhere", "Sun, 01 Mar 2026 23:00:00 GMT"),
        ]),
    );
    lab.web.page("a.example", "/1", &article("One", &[TEXT]));
    lab.web.on(
        "a.example",
        "/robots.txt",
        Reply::Bytes(ok(
            "text/plain",
            b"User-agent: *\nDisallow: /no\nSitemap: http://a.example/map.xml\n",
        )),
    );
    lab.xml(
        "a.example",
        "/map.xml",
        "application/xml",
        &sitemap(&[("http://a.example/2", "2026-03-01"), ("http://a.example/no", "2026-03-01")]),
    );
    lab.web.page("a.example", "/2", &article("Two", &[TEXT]));
    lab.web.page(
        "a.example",
        "/news",
        "<html><body><a href=/3>three</a>\
        <a href=/a/a/a/a/a/trap>trap</a><a href=http://b.example/x>x</a></body></html>",
    );
    lab.web.page("a.example", "/3", &article("Three", &[TEXT, "<a href=/4>deeper</a>"]));
    let mut spec = job("paper", "a.example");
    spec.feeds = vec![uri("http://a.example/feed")];
    spec.sections = vec![uri("http://a.example/news")];
    spec.sitemaps_from_robots = true;
    let (report, _) = lab.run(&[spec]);
    let expected = [
        "a.example/1",
        "a.example/2",
        "a.example/3",
        "a.example/feed",
        "a.example/map.xml",
        "a.example/news",
    ];
    assert_eq!(lab.asked(), expected);
    assert_eq!((report.failed, report.refused_by_robots, report.left_out), (0, 1, 3));
    let log = lab.log();
    assert!(log.contains(" ML "), "{log}");
}

#[test]
fn requisites_of_other_hosts_come_when_the_scope_says_so() {
    for (requisites, expected) in [
        (Requisites::None, vec!["a.example/"]),
        (Requisites::SameScope, vec!["a.example/", "a.example/i.png"]),
        (Requisites::AnyHost, vec!["a.example/", "a.example/i.png", "b.example/j.png"]),
    ] {
        let lab = Lab::new(&["a.example", "b.example"]);
        lab.web.page("a.example", "/", "<p>x<img src=/i.png><img src=http://b.example/j.png>");
        let mut spec = job("paper", "a.example");
        spec.seeds = vec![uri("http://a.example/")].into();
        spec.scope.requisites = requisites;
        lab.run(&[spec]);
        assert_eq!(lab.asked(), expected, "{requisites:?}");
    }
}

#[test]
fn a_job_ends_at_its_limit_and_the_next_run_continues() {
    let lab = Lab::new(&["a.example"]);
    let mut spec = job("paper", "a.example");
    for n in 0..5 {
        lab.web.page("a.example", &format!("/{n}"), &article("x", &[TEXT]));
        spec.seeds.push(&uri(&format!("http://a.example/{n}")));
    }
    spec.limits.pages_max = Some(2);
    let (first, _) = lab.run(&[spec.clone()]);
    assert_eq!((lab.asked().len(), first.left), (2, 3));
    spec.limits.pages_max = None;
    let due = lab.run_as(&[spec], Take::Due, Seen::default(), &Stop::default());
    assert_eq!(due.0.left, 0);
    assert!(lab.asked().len() >= 5);
}

#[test]
fn a_run_of_a_job_leaves_alone_what_single_urls_left_to_be_watched() {
    let lab = Lab::new(&["a.example", "b.example"]);
    lab.web.page("a.example", "/", &article("A", &[TEXT]));
    lab.web.page("b.example", "/", &article("B", &[TEXT]));
    {
        let (mut crawl, _store) = lab.crawl(&[]);
        let single = Job { take: Take::Jobs, ..Job::of(vec![uri("http://b.example/")]) };
        let report = runtime().block_on(crawl.run(&single, &mut (), &Stop::default())).unwrap();
        crawl.close().unwrap();
        assert_eq!(report.left, 0);
    }
    assert_eq!(lab.asked(), ["b.example/"]);
    // Long after its next visit was due.
    lab.clock.advance(Duration::from_hours(24 * 90));
    let mut spec = job("paper", "a.example");
    spec.seeds.push(&uri("http://a.example/"));
    let (report, _) = lab.run(&[spec.clone()]);
    assert_eq!(lab.asked(), ["a.example/", "b.example/"]);
    assert_eq!(report.left, 0);
    let (due, _) = lab.run_as(&[spec], Take::Due, Seen::default(), &Stop::default());
    assert_eq!(lab.asked(), ["a.example/", "b.example/", "b.example/"]);
    assert_eq!(due.left, 0);
}

#[test]
fn a_lastmod_that_moved_brings_the_next_look_forward() {
    let lab = Lab::new(&["a.example"]);
    let mut spec = job("paper", "a.example");
    spec.sitemaps = vec![uri("http://a.example/map.xml")];
    spec.schedule = Schedule::Fixed { every: Duration::from_hours(24 * 30) };
    spec.sources_every = Duration::from_hours(1);
    let clock = Arc::clone(&lab.clock);
    let edited_at = clock.now().plus(Duration::from_hours(5));
    let map = move |_: &str, _: usize| {
        let lastmod =
            if clock.now() >= edited_at { edited_at.to_rfc3339() } else { "2026-03-01".into() };
        ok("application/xml", sitemap(&[("http://a.example/1", &lastmod)]).as_bytes())
    };
    lab.web.on("a.example", "/map.xml", Reply::Made(Arc::new(map)));
    let clock = Arc::clone(&lab.clock);
    let page = move |_: &str, _: usize| {
        let text =
            if clock.now() >= edited_at { "It cost 40 million." } else { "It cost 30 million." };
        ok("text/html", article("One", &[TEXT, text]).as_bytes())
    };
    lab.web.on("a.example", "/1", Reply::Made(Arc::new(page)));
    let (report, seen) = lab.watch(&[spec], Duration::from_hours(12));
    assert!(report.stopped);
    let looks: Vec<_> = lab.web.asked().into_iter().filter(|a| a.target == "/1").collect();
    assert_eq!(looks.len(), 2, "{looks:?}");
    assert!(looks[1].at.since(edited_at) <= Duration::from_mins(62));
    assert_eq!(seen.news.len(), 1);
    let news = serde_json::to_value(seen.news[0].message(&seen.news[0].job)).unwrap();
    let problems = crate::schemas::schemas().problems("message.json", &news);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(news["job"], "paper");
    assert_eq!(news["stealth"], true);
    assert_eq!(news["changes"][0]["kind"], "figure-changed");
}

#[test]
fn a_full_disk_pauses_an_endless_run_which_resumes_by_itself() {
    let mut lab = Lab::new(&["a.example"]);
    lab.options.disk_free_min = 100;
    lab.web.page("a.example", "/", &article("x", &[TEXT]));
    let mut spec = job("paper", "a.example");
    spec.seeds = vec![uri("http://a.example/")].into();
    let begun = lab.clock.now();
    let (mut crawl, _store) = lab.crawl(&[spec]);
    let clock = Arc::clone(&lab.clock);
    crawl.set_disk_gauge(Box::new(move || {
        Some(if clock.now() < begun.plus(Duration::from_mins(10)) { 1 } else { 1_000 })
    }));
    let stop = Stop::default();
    let until = Some((begun.plus(Duration::from_mins(20)), Arc::clone(&lab.clock), stop.clone()));
    let mut seen = Seen { until, ..Seen::default() };
    let job = Job { take: Take::Forever, ..Job::of(Vec::new()) };
    runtime().block_on(crawl.run(&job, &mut seen, &stop)).unwrap();
    assert_eq!(seen.trouble, [RunProblem::DiskLow { free: 1, wanted: 100 }, RunProblem::DiskBack]);
    let first = lab.web.asked()[0].at;
    assert!(first.since(begun) >= Duration::from_mins(10));
    assert!(first.since(begun) <= Duration::from_mins(12));
}

#[test]
fn jobs_are_replaced_during_a_run() {
    let lab = Lab::new(&["a.example", "b.example"]);
    lab.web.page("a.example", "/", &article("x", &[TEXT]));
    lab.web.page("b.example", "/", &article("x", &[TEXT]));
    let mut one = job("one", "a.example");
    one.seeds = vec![uri("http://a.example/")].into();
    one.schedule = Schedule::Fixed { every: Duration::from_hours(1) };
    let mut two = job("two", "b.example");
    two.seeds = vec![uri("http://b.example/")].into();
    two.schedule = Schedule::Fixed { every: Duration::from_hours(1) };
    let (mut crawl, _store) = lab.crawl(&[one]);
    let (orders, ordered) = tokio::sync::mpsc::unbounded_channel();
    crawl.take_orders(ordered);
    let stop = Stop::default();
    let begun = lab.clock.now();
    let until = Some((begun.plus(Duration::from_hours(10)), Arc::clone(&lab.clock), stop.clone()));
    let (clock, request) = (Arc::clone(&lab.clock), lab.options.request.clone());
    let half = begun.plus(Duration::from_hours(5));
    let mut order = Some(orders);
    let hook = move || {
        if clock.now() >= half
            && let Some(orders) = order.take()
        {
            let rules = JobRules::new(two.clone(), request.clone(), None).unwrap();
            orders.send(Order::Jobs(vec![Arc::new(rules)])).unwrap();
        }
    };
    let mut seen = Seen { until, on_progress: Some(Box::new(hook)), ..Seen::default() };
    let job = Job { take: Take::Forever, ..Job::of(Vec::new()) };
    runtime().block_on(crawl.run(&job, &mut seen, &stop)).unwrap();
    let late = half.plus(Duration::from_hours(1));
    let asked = lab.web.asked();
    assert!(asked.iter().all(|a| a.host != "b.example" || a.at >= half));
    assert!(asked.iter().all(|a| a.host != "a.example" || a.at <= late), "{asked:?}");
    assert!(asked.iter().filter(|a| a.host == "b.example").count() >= 4);
}

#[test]
fn an_alarm_is_raised_while_a_run_stalls_and_is_cleared() {
    let mut lab = Lab::new(&["a.example"]);
    // Half a second without a result is longer than the delay of the alarm.
    lab.options.stall_after = Duration::ZERO;
    lab.capture.first_byte_timeout = Duration::from_millis(500);
    lab.web.on("a.example", "/robots.txt", Reply::Bytes(Vec::new()));
    lab.web.page("a.example", "/", &article("x", &[TEXT]));
    let mut spec = job("paper", "a.example");
    spec.seeds = vec![uri("http://a.example/")].into();
    let (_, seen) = lab.watch(&[spec], Duration::from_mins(1));
    assert!(matches!(seen.trouble.first(), Some(RunProblem::Stalled { .. })), "{:?}", seen.trouble);
    assert_eq!(seen.trouble.get(1), Some(&RunProblem::Moving));
}

#[test]
fn secrets_go_to_their_host_and_into_no_log() {
    use pressmark::schedule::{Credentials, HostCredentials, Secret};
    let lab = Lab::new(&["a.example", "b.example"]);
    lab.web.page("a.example", "/", &article("x", &[TEXT]));
    lab.web.page("b.example", "/", &article("x", &[TEXT]));
    let mut spec = job("paper", "a.example");
    spec.seeds = vec![uri("http://a.example/"), uri("http://b.example/")].into();
    spec.headers = vec![("X-From".to_owned(), Secret::new("paper"))];
    spec.credentials = Credentials::new(vec![HostCredentials {
        host: "a.example".to_owned(),
        https_port: None,
        http_port: Some(80),
        fields: vec![("Cookie".to_owned(), Secret::new("session=hunter2"))],
    }]);
    lab.run(&[spec]);
    for asked in lab.web.asked() {
        let text = String::from_utf8_lossy(&asked.bytes).into_owned();
        assert!(text.contains("X-From: paper"), "{text}");
        assert_eq!(text.contains("Cookie: session=hunter2"), asked.host == "a.example", "{text}");
    }
    assert!(!lab.log().contains("hunter2"));
}

#[test]
fn unwanted_bodies_of_pages_are_truncated_and_those_of_sources_are_not() {
    let lab = Lab::new(&["a.example"]);
    let big = vec![b'x'; 2 << 20];
    lab.web.on("a.example", "/film", Reply::Bytes(ok("video/mp4", &big)));
    lab.web.on("a.example", "/long", Reply::Bytes(ok("text/html", &big)));
    lab.web.page("a.example", "/short", &article("x", &[TEXT]));
    lab.xml("a.example", "/feed", "application/rss+xml", &rss(&[("http://a.example/short", "")]));
    let mut spec = job("paper", "a.example");
    spec.seeds = vec![uri("http://a.example/film"), uri("http://a.example/long")].into();
    spec.feeds = vec![uri("http://a.example/feed")];
    spec.scope.media_types = vec!["text/html".to_owned()];
    spec.scope.payload_bytes_max = Some(pressmark::base::ByteSize(1 << 20));
    let (_, seen) = lab.run(&[spec]);
    let bytes = |target: &str| {
        let url = format!("http://a.example{target}");
        seen.done.iter().find(|d| d.uri.as_str() == url).unwrap().bytes
    };
    assert!(bytes("/film") < 1 << 20 && bytes("/long") < 1 << 20);
    assert!(bytes("/feed") > 100 && bytes("/short") > 100);
    let log = lab.log();
    assert_eq!(log.matches("truncated:unspecified").count(), 2, "{log}");
    assert!(log.contains(" ML "), "{log}");
}
