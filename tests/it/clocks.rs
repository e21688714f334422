//! Outlets whose clocks are wrong: an edit is detected by comparison with what the same feed or sitemap said before,
//! and a page that was not edited is not requested, whatever time its outlet's clock has.

use std::sync::Arc;
use std::time::Duration;

use pressmark::base::{Clock, ManualClock, Timestamp};
use pressmark::schedule::JobSpec;
use pressmark::schedule::revisit::Schedule;

use crate::jobs::{job, rss, sitemap};
use crate::lab::{Lab, Seen, article, uri};
use crate::support::web::{Reply, ok};

const TEXT: &str = "The council met on Monday evening and talked for three hours about the bridge.";
const SOURCES_EVERY: Duration = Duration::from_mins(10);
/// Reading a source and then its pages takes this long at most, pauses included.
const SLACK: Duration = Duration::from_mins(2);

/// A page that is never edited.
const NEVER: &[u64] = &[];

fn minutes(n: u64) -> Duration {
    Duration::from_mins(n)
}

/// What an outlet writes as the date of an entry: given when it was changed last and the time now.
type Dates = Arc<dyn Fn(usize, Timestamp, Timestamp) -> String + Send + Sync>;

/// An outlet with pages that are edited at times, and a source that dates each with its last edit.
struct Outlet {
    lab: Lab,
    spec: JobSpec,
    begun: Timestamp,
}

#[derive(Clone, Copy, PartialEq)]
enum Source {
    Feed,
    Sitemap,
}

impl Outlet {
    /// `edits` are minutes after the beginning, for each page; `down` is when it answers 503.
    fn open(source: Source, edits: &[&[u64]], down: (u64, u64), dates: Dates) -> Self {
        let lab = Lab::in_memory(&["a.example"]);
        let begun = lab.clock.now();
        let edits: Vec<Vec<Timestamp>> = edits
            .iter()
            .map(|page| page.iter().map(|at| begun.plus(minutes(*at))).collect())
            .collect();
        let is_down = move |now: Timestamp| {
            now >= begun.plus(minutes(down.0)) && now < begun.plus(minutes(down.1))
        };
        let busy = || b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_vec();
        let (clock, of_source) = (Arc::clone(&lab.clock), edits.clone());
        let listing = move |_: &str, _: usize| {
            let now = ManualClock::now(&clock);
            if is_down(now) {
                return busy();
            }
            let entries: Vec<(String, String)> = of_source
                .iter()
                .enumerate()
                .map(|(n, edits)| {
                    let last = edits.iter().rev().find(|at| **at <= now);
                    let published = begun.minus(minutes(60 + n as u64 * 7));
                    let at = last.copied().unwrap_or(published);
                    (format!("http://a.example/{n}"), dates(n, at, now))
                })
                .collect();
            let entries: Vec<(&str, &str)> =
                entries.iter().map(|(url, date)| (url.as_str(), date.as_str())).collect();
            match source {
                Source::Feed => ok("application/rss+xml", rss(&entries).as_bytes()),
                Source::Sitemap => ok("application/xml", sitemap(&entries).as_bytes()),
            }
        };
        lab.web.on("a.example", "/source", Reply::Made(Arc::new(listing)));
        for (n, edits) in edits.into_iter().enumerate() {
            let clock = Arc::clone(&lab.clock);
            let page = move |_: &str, _: usize| {
                let now = ManualClock::now(&clock);
                if is_down(now) {
                    return busy();
                }
                let edits = edits.iter().filter(|at| **at <= now).count();
                let cost = format!("It cost {} million.", 30 + edits);
                ok("text/html", article(&format!("Page {n}"), &[TEXT, &cost]).as_bytes())
            };
            lab.web.on("a.example", &format!("/{n}"), Reply::Made(Arc::new(page)));
        }
        let mut spec = job("paper", "a.example");
        let url = uri("http://a.example/source");
        match source {
            Source::Feed => spec.feeds.push(url),
            Source::Sitemap => spec.sitemaps.push(url),
        }
        // Only the source causes a page to be visited again.
        spec.schedule = Schedule::Fixed { every: Duration::from_hours(24 * 300) };
        spec.sources_every = SOURCES_EVERY;
        Self { lab, spec, begun }
    }

    fn watch(&self, time: Duration) -> Seen {
        self.lab.watch(std::slice::from_ref(&self.spec), time).1
    }

    /// When a page was asked for, in minutes after the beginning.
    fn looks(&self, page: usize) -> Vec<u64> {
        let target = format!("/{page}");
        let asked = self.lab.web.asked().into_iter().filter(|asked| asked.target == target);
        asked.map(|asked| asked.at.since(self.begun).as_secs() / 60).collect()
    }
}

/// A date as written by a template without a time zone, by a clock that is off by this many minutes.
fn local(skew: i64) -> Dates {
    Arc::new(move |_, at, _| {
        let micros = at.unix_micros() + skew * 60_000_000;
        let text = Timestamp::from_unix_micros(micros).to_rfc3339();
        text.trim_end_matches('Z').replace('T', " ")
    })
}

#[test]
fn four_edits_of_an_outlet_five_hours_behind_are_each_seen() {
    let edits: &[u64] = &[65, 140, 275, 400];
    for source in [Source::Feed, Source::Sitemap] {
        for skew in [-5 * 60, 9 * 60, -30 * 24 * 60] {
            let outlet = Outlet::open(source, &[edits, &[]], (0, 0), local(skew));
            let seen = outlet.watch(Duration::from_hours(12));
            let looks = outlet.looks(0);
            assert_eq!(looks.len(), 1 + edits.len(), "skew {skew}: {looks:?}");
            for (look, edit) in looks[1..].iter().zip(edits) {
                let late = Duration::from_mins(look - edit);
                assert!(*look >= *edit && late <= SOURCES_EVERY + SLACK, "skew {skew}: {looks:?}");
            }
            assert_eq!(seen.news.len(), edits.len(), "each is told");
            assert_eq!(outlet.looks(1).len(), 1, "the page beside it is left alone");
        }
    }
}

#[test]
fn ten_unchanged_pages_dated_nine_hours_ahead_are_asked_for_once() {
    for source in [Source::Feed, Source::Sitemap] {
        let outlet = Outlet::open(source, &[NEVER; 10], (0, 0), local(9 * 60));
        outlet.watch(Duration::from_hours(24));
        let sources = outlet.lab.web.asked().iter().filter(|a| a.target == "/source").count();
        assert!(sources > 100, "{sources} readings");
        for page in 0..10 {
            assert_eq!(outlet.looks(page).len(), 1, "page {page}");
        }
    }
}

#[test]
fn entries_dated_with_the_request_time_cause_no_looks_and_on_some_pages_few() {
    // All entries are dated with the moment of asking.
    let now: Dates = Arc::new(|_, _, now| now.to_rfc3339());
    let outlet = Outlet::open(Source::Sitemap, &[NEVER; 6], (0, 0), now);
    outlet.watch(Duration::from_hours(24));
    assert!((0..6).all(|page| outlet.looks(page).len() == 1));
    // Three of ten are, and none of them is ever edited: 144 readings in a day say that they were.
    let some: Dates = Arc::new(|n, at, now| if n < 3 { now.to_rfc3339() } else { at.to_rfc3339() });
    let outlet = Outlet::open(Source::Sitemap, &[NEVER; 10], (0, 0), some);
    outlet.watch(Duration::from_hours(24));
    for page in 0..10 {
        let looks = outlet.looks(page).len();
        assert!(if page < 3 { looks <= 12 } else { looks == 1 }, "page {page}: {looks}");
    }
}

#[test]
fn a_corrected_clock_causes_no_looks_and_the_next_edit_is_seen() {
    // Local time until noon, then UTC with its zone: all dates move by two hours at once.
    let noon = 6 * 60;
    let begun = Timestamp::parse("2026-03-02T00:00:00Z").unwrap();
    let set: Dates = Arc::new(move |_, at, now| {
        if now >= begun.plus(minutes(noon)) {
            return at.to_rfc3339();
        }
        at.plus(minutes(120)).to_rfc3339().trim_end_matches('Z').to_owned()
    });
    let outlet = Outlet::open(Source::Feed, &[&[500], &[], &[], &[], &[]], (0, 0), set);
    assert_eq!(outlet.begun, begun);
    outlet.watch(Duration::from_hours(12));
    let looks = outlet.looks(0);
    assert_eq!(looks.len(), 2, "{looks:?}");
    assert!(looks[1] >= 500, "{looks:?}");
    assert!((1..5).all(|page| outlet.looks(page).len() == 1));
}

#[test]
fn an_edit_while_the_outlet_is_down_or_no_run_is_active_is_seen_afterwards() {
    // Down from the second hour to the fifth; edited in the fourth.
    let outlet = Outlet::open(Source::Feed, &[&[200], &[]], (120, 300), local(-5 * 60));
    let seen = outlet.watch(Duration::from_hours(10));
    let looks = outlet.looks(0);
    // A source that does not answer is asked at growing intervals.
    assert!(looks.last().is_some_and(|at| (300..=480).contains(at)), "{looks:?}");
    assert_eq!(seen.news.len(), 1);
    // The run ends, the page is edited, and another run continues.
    let outlet = Outlet::open(Source::Feed, &[&[200], &[]], (0, 0), local(-5 * 60));
    outlet.watch(Duration::from_hours(2));
    assert_eq!(outlet.looks(0).len(), 1);
    outlet.lab.clock.advance(Duration::from_hours(3));
    let seen = outlet.watch(Duration::from_hours(2));
    assert_eq!((outlet.looks(0).len(), outlet.looks(1).len()), (2, 1));
    assert_eq!(seen.news.len(), 1);
}

#[test]
fn a_source_that_two_jobs_follow_reports_an_edit_to_both_at_one_look() {
    let edits: &[u64] = &[65, 200];
    let outlet = Outlet::open(Source::Feed, &[edits, &[]], (0, 0), local(-5 * 60));
    let second = JobSpec { name: "gazette".to_owned(), ..outlet.spec.clone() };
    let jobs = [outlet.spec.clone(), second];
    let seen = outlet.lab.watch(&jobs, Duration::from_hours(6)).1;
    assert_eq!((outlet.looks(0).len(), outlet.looks(1).len()), (3, 1), "{:?}", outlet.looks(0));
    assert_eq!(seen.news.len(), 2);
    // A job that is added later uses the stored state of the source, and requests no page again.
    let third = JobSpec { name: "herald".to_owned(), ..outlet.spec.clone() };
    let jobs = [jobs[0].clone(), jobs[1].clone(), third];
    outlet.lab.watch(&jobs, Duration::from_hours(6));
    assert_eq!((outlet.looks(0).len(), outlet.looks(1).len()), (3, 1), "{:?}", outlet.looks(0));
}

#[test]
fn a_source_that_lost_its_list_and_a_queue_that_was_lost_miss_no_edit() {
    // Between the second hour and the third the feed is empty; then it lists all, dated with that hour.
    let begun = Timestamp::parse("2026-03-02T00:00:00Z").unwrap();
    let relisted = begun.plus(minutes(180));
    let dates: Dates = Arc::new(move |_, at, now| {
        let at = if now >= relisted { at.max(relisted) } else { at };
        at.to_rfc3339()
    });
    let outlet = Outlet::open(Source::Feed, &[&[400], &[], &[], &[], &[]], (0, 0), dates);
    outlet.watch(minutes(125));
    let empty = Reply::Bytes(ok("application/rss+xml", rss(&[]).as_bytes()));
    let full = outlet.lab.web.swap("a.example", "/source", empty);
    outlet.watch(minutes(50));
    outlet.lab.web.on("a.example", "/source", full);
    outlet.watch(Duration::from_hours(8));
    assert_eq!(outlet.looks(0).len(), 2, "{:?}", outlet.looks(0));
    assert!((1..5).all(|page| outlet.looks(page).len() == 1));
    // The queue and everything learned is lost; meanwhile a page is edited.
    let outlet = Outlet::open(Source::Feed, &[&[200, 400], &[]], (0, 0), local(-5 * 60));
    outlet.watch(Duration::from_hours(2));
    std::fs::remove_dir_all(outlet.lab.dir.path().join("state")).unwrap();
    outlet.lab.clock.advance(Duration::from_hours(2));
    let seen = outlet.watch(Duration::from_hours(4));
    assert_eq!((outlet.looks(0).len(), outlet.looks(1).len()), (3, 2), "{:?}", outlet.looks(0));
    assert_eq!(seen.news.len(), 2);
}
