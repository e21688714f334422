use std::cell::RefCell;
use std::collections::HashMap;

use super::*;
use crate::schedule::clean::{CleanOptions, clean};
use crate::schedule::scope::{Rule, Scope, ScopeOptions};
use crate::schedule::traps::{TrapGuard, TrapOptions};

const NOW: &str = "2025-11-05T12:00:00Z";

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn uri(text: &str) -> TargetUri {
    TargetUri::parse(text).unwrap()
}

fn job() -> JobSpec {
    let mut job = JobSpec::new("press");
    job.feeds = vec![uri("https://a.org/feed.xml")];
    job.sections = vec![uri("https://a.org/politics")];
    job.scope = ScopeOptions {
        include: vec![Rule::Host("a.org".into())],
        exclude: vec![Rule::Glob("*/video/*".into())],
        ..ScopeOptions::default()
    };
    job
}

/// The result for a source, given when some URLs were captured. The second part is how often the
/// guards were asked.
fn run(
    job: &JobSpec,
    (role, url, path): (Role, &str, &str),
    (payload, content_type): (&str, &str),
    captured: &[(&str, &str)],
) -> (Gathered, usize) {
    run_after(job, (role, url, path), (payload, content_type), captured, &SourceEntries::default())
}

/// The same of a source that has said something before.
fn run_after(
    job: &JobSpec,
    (role, url, path): (Role, &str, &str),
    (payload, content_type): (&str, &str),
    captured: &[(&str, &str)],
    said: &SourceEntries,
) -> (Gathered, usize) {
    let scope = Scope::new(job.scope.clone()).unwrap();
    let guard =
        RefCell::new((TrapGuard::new(TrapOptions { counters: 64, ..job.traps.clone() }), 0));
    let known: HashMap<&str, Timestamp> =
        captured.iter().map(|(url, at)| (*url, time(at))).collect();
    let of = uri(url);
    let path = DiscoveryPath::parse(path).unwrap();
    let source = Source {
        role,
        uri: &of,
        path: &path,
        payload: payload.as_bytes(),
        content_type: Some(content_type),
        canonical: payload.split("canonical href=").nth(1).and_then(|rest| rest.split('>').next()),
        at: time(NOW),
        said,
    };
    let mut rulings = Rulings {
        scope: &|uri, path, via| scope.judge(uri, path, via),
        named: &|uri, path, via| scope.judge_named(uri, path, via),
        clean: &|uri| clean(uri, &CleanOptions::default()),
        admit: &mut |uri| {
            let mut guard = guard.borrow_mut();
            guard.1 += 1;
            guard.0.admit(uri, time(NOW))
        },
        known: &|uri| known.get(uri.as_str()).map_or(Known::No, |at| Known::Captured(*at)),
    };
    let gathered = gather(job, source, time(NOW), &mut rulings);
    let asked = guard.borrow().1;
    (gathered, asked)
}

fn lines(gathered: &Gathered) -> Vec<String> {
    gathered
        .found
        .iter()
        .map(|f| format!("{} {} {} {:?} {}", f.uri, f.path, f.priority.label(), f.ask, f.settings))
        .map(|line| line.trim_end().to_owned())
        .collect()
}

fn rss(items: &[(&str, &str)]) -> String {
    let items: String = items
        .iter()
        .map(|(url, date)| format!("<item><link>{url}</link><dc:date>{date}</dc:date></item>"))
        .collect();
    format!(
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>{items}</channel></rss>"
    )
}

const FEED: (Role, &str, &str) = (Role::Feed, "https://a.org/feed.xml", "M");

/// What a source has said after it gave this.
fn said(
    job: &JobSpec,
    of: (Role, &str, &str),
    payload: &str,
    before: &SourceEntries,
) -> SourceEntries {
    let (gathered, _) = run_after(job, of, (payload, "text/xml"), &[], before);
    gathered.said.unwrap().0
}

#[test]
fn a_feed_names_new_pages_and_asks_again_for_those_that_it_dates_later_than_before() {
    let before = rss(&[
        ("/changed", "2025-11-05T02:00:00Z"),
        ("/same", "2025-11-05T23:00:00Z"),
        ("/undated", ""),
        ("/old", "2025-10-01T00:00:00Z"),
    ]);
    let feed = rss(&[
        ("/new?utm_source=rss", "2025-11-05T11:00:00Z"),
        ("/old", "2025-10-01T00:00:00Z"),
        // Hours before its capture, by the clock of an outlet that is behind.
        ("/changed", "2025-11-05T02:30:00Z"),
        // Hours after its capture, by one that is ahead.
        ("/same", "2025-11-05T23:00:00Z"),
        ("/future", "2026-11-05T09:00:00Z"),
        ("/undated", ""),
        ("/video/x", "2025-11-05T11:00:00Z"),
        ("https://other.org/x", "2025-11-05T11:00:00Z"),
        ("/new", "2025-11-05T11:00:00Z"),
    ]);
    let captured = [
        ("https://a.org/changed", "2025-11-05T10:00:00.5Z"),
        ("https://a.org/same", "2025-11-05T10:00:00Z"),
    ];
    let said = said(&job(), FEED, &before, &SourceEntries::default());
    let (gathered, asked) =
        run_after(&job(), FEED, (&feed, "application/rss+xml"), &captured, &said);
    assert_eq!(
        lines(&gathered),
        [
            "https://a.org/new ML high IfNew by=source",
            "https://a.org/old ML normal IfNew by=source",
            "https://a.org/changed ML high Again by=source",
            "https://a.org/same ML high IfNew by=source",
            "https://a.org/future ML high IfNew by=source",
            "https://a.org/undated ML high IfNew by=source",
        ]
    );
    let because: Vec<&str> = gathered.found.iter().map(|f| f.because.as_str()).collect();
    assert_eq!(because[0], "the feed https://a.org/feed.xml names it, dated 2025-11-05T11:00:00Z");
    assert_eq!(
        because[2],
        "the feed https://a.org/feed.xml dates it 2025-11-05T02:30:00Z now, and 2025-11-05T02:00:00Z before"
    );
    assert_eq!(gathered.found[0].via.as_deref(), Some("https://a.org/feed.xml"));
    // What was taken off is recorded; what a publisher names is put to no guard.
    assert_eq!(gathered.cleaned[0].1.removed[0].part, "utm_source=rss");
    assert_eq!(asked, 0);
    let left: Vec<String> =
        gathered.left_out.iter().map(|l| format!("{}: {}", l.uri, l.why)).collect();
    assert_eq!(
        left,
        [
            "https://a.org/video/x: exclude glob \"*/video/*\"",
            "https://other.org/x: no include rule"
        ]
    );
}

#[test]
fn dates_made_by_the_asking_tell_of_no_edit() {
    let feed = |dates: [&str; 5]| {
        let urls: Vec<String> = (0..5).map(|n| format!("/{n}")).collect();
        let items: Vec<(&str, &str)> =
            urls.iter().zip(dates).map(|(u, d)| (u.as_str(), d)).collect();
        rss(&items)
    };
    let captured = [("https://a.org/1", "2025-11-05T10:00:00Z")];
    let before = feed(["2025-11-05T11:29:30Z"; 5]);
    let said = said(&job(), FEED, &before, &SourceEntries::default());
    let now = feed(["2025-11-05T11:59:30Z"; 5]);
    let (gathered, _) = run_after(&job(), FEED, (&now, "text/xml"), &captured, &said);
    assert!(gathered.found.iter().all(|f| f.ask == Ask::IfNew));
    assert!(gathered.notes[0].contains("moved together"), "{:?}", gathered.notes);
    // One of them does not move, and the others indicate edits.
    let mut dates = ["2025-11-05T11:59:30Z"; 5];
    dates[4] = "2025-11-05T11:29:30Z";
    let (gathered, _) = run_after(&job(), FEED, (&feed(dates), "text/xml"), &captured, &said);
    assert_eq!(gathered.found[1].ask, Ask::Again);
}

#[test]
fn what_comes_back_to_a_feed_as_its_newest_is_visited_again() {
    let first = rss(&[("/other", "2025-11-05T01:00:00Z")]);
    let said = said(&job(), FEED, &first, &SourceEntries::default());
    let captured = [("https://a.org/x", "2025-11-04T00:00:00Z")];
    for (date, captured, want) in [
        // As the newest of the feed, and older than what it listed.
        ("2025-11-05T01:30:00Z", &captured[..], Ask::Again),
        ("2025-11-05T00:30:00Z", &captured[..], Ask::IfNew),
        ("", &captured[..], Ask::IfNew),
        // A page that was first captured since the feed was read last is new to both.
        ("2025-11-05T01:30:00Z", &[("https://a.org/x", NOW)], Ask::IfNew),
    ] {
        let feed = rss(&[("/x", date), ("/other", "2025-11-05T01:00:00Z")]);
        let (gathered, _) = run_after(&job(), FEED, (&feed, "text/xml"), captured, &said);
        assert_eq!(gathered.found[0].ask, want, "{date} {captured:?}");
    }
}

#[test]
fn old_entries_are_left_when_the_job_says_so() {
    let mut job = job();
    job.entry_age_max = Some(Duration::from_hours(7 * 24));
    let feed =
        rss(&[("/old", "2025-10-01T00:00:00Z"), ("/new", "2025-11-05T00:00:00Z"), ("/x", "")]);
    let (gathered, _) = run(&job, FEED, (&feed, "text/xml"), &[]);
    assert_eq!(gathered.found.len(), 2);
    assert_eq!(gathered.left_out[0].why, "entry_age_max (the feed dates it 2025-10-01)");
}

#[test]
fn what_a_source_names_is_no_trap_and_belongs_on_any_host_where_the_job_says_so() {
    let items: Vec<(String, String)> = (0..3_000)
        .map(|n| format!("https://a.org/articleView.html?idxno={n}"))
        .chain([
            "https://a.ir/1404/08/14/story".to_owned(),
            "https://a.org/archive/1871/03/18/".to_owned(),
            "https://other.org/x/x/x/x/x".to_owned(),
        ])
        .map(|url| (url, String::new()))
        .collect();
    let items: Vec<(&str, &str)> = items.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let mut job = job();
    let (gathered, asked) = run(&job, FEED, (&rss(&items), "text/xml"), &[]);
    assert_eq!((gathered.found.len(), gathered.left_out.len(), asked), (3_001, 2, 0));
    job.scope.named_by_sources = true;
    let (gathered, _) = run(&job, FEED, (&rss(&items), "text/xml"), &[]);
    assert_eq!((gathered.found.len(), gathered.left_out.len()), (3_003, 0));
    // An exclusion holds, and what is on other hosts is bounded at each reading.
    let elsewhere: Vec<String> = (0..1_500)
        .map(|n| format!("https://h{n}.net/{}x", if n < 10 { "video/" } else { "" }))
        .collect();
    let items: Vec<(&str, &str)> = elsewhere.iter().map(|url| (url.as_str(), "")).collect();
    let (gathered, _) = run(&job, FEED, (&rss(&items), "text/xml"), &[]);
    assert_eq!((gathered.found.len(), gathered.left_out.len()), (1_000, 500));
    let captured: Vec<(&str, &str)> =
        elsewhere[10..1_010].iter().map(|url| (url.as_str(), "2025-11-05T10:00:00Z")).collect();
    let (gathered, _) = run(&job, FEED, (&rss(&items), "text/xml"), &captured);
    assert_eq!((gathered.found.len(), gathered.left_out.len()), (1_490, 10));
    // The links of a section page are put to the guards, and to the scope.
    let html = "<a href=/x/x/x/x/x>x</a><a href=https://other.org/>y</a><a href=/z>z</a>";
    let section = (Role::Section, "https://a.org/politics", "M");
    let (gathered, asked) = run(&job, section, (html, "text/html"), &[]);
    assert_eq!((lines(&gathered).len(), gathered.left_out.len(), asked), (1, 2, 2));
}

#[test]
fn an_index_names_sitemaps_and_a_sitemap_names_pages() {
    let index = "<sitemapindex><sitemap><loc>https://a.org/s1.xml</loc><lastmod>2025-11-05T11:00:00Z</lastmod></sitemap>\
        <sitemap><loc>https://a.org/index.xml</loc></sitemap>\
        <sitemap><loc>https://elsewhere.org/s.xml</loc></sitemap></sitemapindex>";
    let captured = [("https://a.org/s1.xml", "2025-11-05T10:00:00Z")];
    let of = (Role::Sitemap, "https://a.org/index.xml", "PM");
    let (gathered, _) = run(&job(), of, (index, "application/xml"), &captured);
    assert_eq!(lines(&gathered), ["https://a.org/s1.xml PMM seed IfNew tags=sitemap"]);
    let before = said(&job(), of, &index.replace("T11:00", "T10:30"), &SourceEntries::default());
    let (gathered, _) = run_after(&job(), of, (index, "application/xml"), &captured, &before);
    // One that names itself, or a host that is not its own, leads nowhere.
    assert_eq!(lines(&gathered), ["https://a.org/s1.xml PMM seed Again tags=sitemap"]);
    assert_eq!(gathered.left_out[0].why, "no include rule");

    let map = "<urlset><url><loc>https://a.org/a</loc><lastmod>2025-11-05</lastmod></url>\
        <url><loc>https://a.org/b</loc></url></urlset>";
    let of = (Role::Sitemap, "https://a.org/s1.xml", "PMM");
    let (gathered, _) = run(&job(), of, (map, "application/xml"), &[]);
    assert_eq!(
        lines(&gathered),
        [
            "https://a.org/a PMML high IfNew by=source",
            "https://a.org/b PMML normal IfNew by=source"
        ]
    );
    // Too deep: nothing further.
    let of = (Role::Sitemap, "https://a.org/deep.xml", "MMMM");
    let (gathered, _) = run(&job(), of, (index, "application/xml"), &[]);
    assert!(gathered.found.is_empty());
}

#[test]
fn a_feed_goes_on_for_some_pages_and_no_further() {
    let page = |n: u32| {
        format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><link rel='next' href='/feed?page={n}'/></feed>"
        )
    };
    for (path, found) in [("M", 1), ("MM", 1), ("MMM", 1), ("MMMM", 0)] {
        let of = (Role::Feed, "https://a.org/feed", path);
        let (gathered, _) = run(&job(), of, (&page(2), "application/atom+xml"), &[]);
        assert_eq!(gathered.found.len(), found, "{path}");
    }
}

#[test]
fn links_are_followed_from_sections_always_and_from_pages_by_depth() {
    let html = "<html><head><link rel=alternate type=application/rss+xml href=/rss>\
        <link rel=stylesheet href=/s.css></head>\
        <body><a href=/x>x</a><a href='/x#y'>x</a><a href=https://b.org/>b</a></body></html>";
    let links = |role, path: &str, depth| {
        let mut job = job();
        job.depth = depth;
        let of = (role, "https://a.org/politics", path);
        let (gathered, _) = run(&job, of, (html, "text/html"), &[]);
        lines(&gathered)
    };
    assert_eq!(links(Role::Section, "M", 0), ["https://a.org/x ML high IfNew"]);
    assert_eq!(links(Role::Section, "MR", 0), ["https://a.org/x MRL high IfNew"]);
    assert_eq!(links(Role::Page, "", 0), Vec::<String>::new());
    assert_eq!(links(Role::Page, "", 1), ["https://a.org/x L normal IfNew"]);
    assert_eq!(links(Role::Page, "ML", 0), Vec::<String>::new());
    assert_eq!(links(Role::Page, "ML", 1), ["https://a.org/x MLL normal IfNew"]);

    let mut job = job();
    job.scope.requisites = crate::schedule::scope::Requisites::SameScope;
    let of = (Role::Page, "https://a.org/politics", "ML");
    let (gathered, _) = run(&job, of, (html, "text/html"), &[]);
    assert_eq!(lines(&gathered), ["https://a.org/s.css MLE requisite IfNew"]);
    assert!(gathered.notes[0].contains("https://a.org/rss"), "{:?}", gathered.notes);
}

#[test]
fn a_variant_is_recorded_and_its_full_form_is_captured_too() {
    for (url, canonical, kind, found) in [
        ("https://a.org/amp/x", "https://a.org/x", VariantKind::Amp, 1),
        ("https://a.org/x?p=1", "https://a.org/x", VariantKind::Other, 0),
        ("https://a.org/amp/x", "https://a.org/", VariantKind::Doubtful, 0),
        ("https://a.org/amp/x", "https://b.org/x", VariantKind::Doubtful, 0),
    ] {
        let html = format!("<html><head><link rel=canonical href={canonical}></head>");
        let (gathered, _) = run(&job(), (Role::Page, url, "ML"), (&html, "text/html"), &[]);
        assert_eq!(gathered.variant.as_ref().map(|v| v.kind), Some(kind), "{url}");
        assert_eq!(gathered.found.len(), found, "{url} {:?}", gathered.left_out);
    }
    let html = "<html><head><link rel=canonical href=https://a.org/x>";
    let (gathered, _) =
        run(&job(), (Role::Page, "https://a.org/x", "ML"), (html, "text/html"), &[]);
    assert_eq!(gathered.variant, None);
}

#[test]
fn an_error_page_in_place_of_a_feed_leads_nowhere() {
    for (role, path) in [(Role::Feed, "M"), (Role::Sitemap, "M")] {
        let of = (role, "https://a.org/feed.xml", path);
        let (gathered, _) = run(&job(), of, ("<html><a href=/x>x</a></html>", "text/html"), &[]);
        assert!(gathered.found.is_empty() && !gathered.notes.is_empty(), "{role:?}");
    }
}

#[test]
fn what_a_url_is_for_is_seen_by_tag_name_and_path() {
    let job = job();
    for (url, via, path, settings, want) in [
        ("https://a.org/feed.xml", None, "M", "", Role::Feed),
        ("https://b.org/feed", Some("https://a.org/feed.xml"), "MR", "", Role::Feed),
        ("https://a.org/politics", None, "M", "", Role::Section),
        ("https://a.org/s.xml", None, "PM", "", Role::Sitemap),
        ("https://a.org/2", None, "MM", "tags=feed", Role::Feed),
        ("https://a.org/x", Some("https://a.org/feed.xml"), "ML", "", Role::Page),
        ("https://a.org/x", None, "", "every=1h", Role::Page),
    ] {
        let path = DiscoveryPath::parse(path).unwrap();
        let got = Role::of(&job, &uri(url), via, &path, settings);
        assert_eq!(got, want, "{url} {path}");
    }
    for role in [Role::Feed, Role::Sitemap, Role::Section, Role::Page] {
        assert!(crate::schedule::watch::WatchSettings::parse(role.settings()).is_ok());
    }
}

#[test]
fn a_job_asks_for_all_it_names_and_a_robots_txt_for_its_sitemaps() {
    let mut job = job();
    job.seeds =
        vec![uri("https://a.org/"), uri("https://a.org/politics"), uri("https://a.org/")].into();
    let found: Vec<String> = named_by(&job, time(NOW))
        .map(|f| format!("{} {} {}", f.uri, f.path, f.settings).trim_end().to_owned())
        .collect();
    assert_eq!(
        found,
        [
            "https://a.org/",
            "https://a.org/feed.xml M tags=feed",
            "https://a.org/politics M tags=section"
        ]
    );

    let names = [
        "/maps.xml".to_owned(),
        "https://cdn.example.net/m.xml".to_owned(),
        "/video/m.xml".to_owned(),
    ];
    let robots = uri("https://a.org/robots.txt");
    let path = DiscoveryPath::parse("P").unwrap();
    let scope = Scope::new(job.scope.clone()).unwrap();
    let ask = |job: &JobSpec| {
        let mut rulings = Rulings {
            scope: &|uri, path, via| scope.judge(uri, path, via),
            named: &|uri, path, via| scope.judge_named(uri, path, via),
            clean: &|uri| clean(uri, &CleanOptions::default()),
            admit: &mut |_| Ok(()),
            known: &|_| Known::No,
        };
        lines(&named_by_robots(job, &robots, &path, &names, time(NOW), &mut rulings))
    };
    assert!(ask(&job).is_empty());
    job.sitemaps_from_robots = true;
    assert_eq!(
        ask(&job),
        [
            "https://a.org/maps.xml PM seed IfNew tags=sitemap",
            "https://cdn.example.net/m.xml PM seed IfNew tags=sitemap"
        ]
    );
}
