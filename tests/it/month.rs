//! A simulated month of a job of thirty outlets: every politeness property at every request, and
//! every edit accounted for.
//!
//! The clock moves only while nothing is under way, and connections are pipes in memory, so the
//! month takes as long as its fetches cost. `PRESSMARK_MONTH_LOOKS` sets the looks a day that an
//! outlet's pages may have (8 without it).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use pressmark::base::{Clock, ManualClock, Timestamp};
use pressmark::schedule::JobSpec;
use pressmark::schedule::scope::Rule;

use crate::jobs::sitemap;
use crate::lab::{Lab, Seen, article, uri};
use crate::support::web::{Asked, Make, Reply, ok};

const OUTLETS: usize = 30;
const DAYS: u64 = 30;
/// How often feeds and sitemaps are fetched.
const SOURCES_EVERY: Duration = Duration::from_hours(4);
/// The floor of the pause between two requests to a host, as set by default.
const PAUSE: Duration = Duration::from_secs(2);
/// Crawl-delay of every seventh outlet.
const CRAWL_DELAY: Duration = Duration::from_secs(20);
/// What an outlet that is overloaded asks for.
const RETRY_AFTER: Duration = Duration::from_hours(1);
/// How long a robots.txt is valid.
const ROBOTS_AGE: Duration = Duration::from_hours(24);

const TEXT: &str = "The council met on Monday evening and talked for three hours about the bridge.";

/// How an outlet announces new pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A feed that dates each item with its publication; edits are stealth.
    Feed,
    /// A feed whose dates move with each edit.
    Dated,
    /// A sitemap with lastmod; pages with an ETag.
    Sitemap,
}

/// What is wrong with it, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunProblem {
    None,
    /// Answers 503 with Retry-After.
    Overloaded,
    /// Closes every connection.
    Down,
}

struct Story {
    path: String,
    published: Timestamp,
    edits: Vec<Timestamp>,
}

struct Outlet {
    host: String,
    kind: Kind,
    trouble: RunProblem,
    trouble_time: (Timestamp, Timestamp),
    stories: Vec<Story>,
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same month every time.
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

fn minutes(n: u64) -> Duration {
    Duration::from_mins(n)
}

impl Outlet {
    fn draw(n: usize, begun: Timestamp, chance: &mut Chance) -> Self {
        let host = format!("o{n}.example");
        let kind = [Kind::Feed, Kind::Dated, Kind::Sitemap][n % 3];
        let trouble = match n % 10 {
            4 => RunProblem::Overloaded,
            8 => RunProblem::Down,
            _ => RunProblem::None,
        };
        let from = begun.plus(minutes(60 * 24 * (3 + n as u64 % 20)));
        let trouble_time = (from, from.plus(Duration::from_hours(8)));
        let stories = (0..16)
            .map(|at| {
                let published = begun.plus(minutes(chance.below(60 * 24 * (DAYS - 3))));
                let mut edits = Vec::new();
                // Most are never edited; some in their first day, a few long after.
                if chance.below(10) < 4 {
                    for _ in 0..=chance.below(3) {
                        edits.push(published.plus(minutes(5 + chance.below(60 * 24))));
                    }
                }
                if chance.below(10) == 0 {
                    edits.push(published.plus(minutes(60 * 24 * (2 + chance.below(18)))));
                }
                edits.sort();
                Story { path: format!("/story-{at}"), published, edits }
            })
            .collect();
        Self { host, kind, trouble, trouble_time, stories }
    }

    fn has_trouble(&self, now: Timestamp) -> bool {
        self.trouble != RunProblem::None && now >= self.trouble_time.0 && now < self.trouble_time.1
    }

    fn pause(&self, n: usize) -> Duration {
        if n % 7 == 3 { CRAWL_DELAY.max(PAUSE) } else { PAUSE }
    }

    fn robots(n: usize) -> String {
        let delay = if n % 7 == 3 { "Crawl-delay: 20\n" } else { "" };
        format!("User-agent: *\n{delay}Disallow: /private\n")
    }

    /// What it lists now: the newest stories, with the dates that it gives them, and one page that
    /// its robots.txt forbids.
    fn listing(&self, now: Timestamp) -> Vec<u8> {
        let mut out: Vec<&Story> = self.stories.iter().filter(|s| s.published <= now).collect();
        out.sort_by_key(|s| std::cmp::Reverse(s.published));
        let dated = |story: &Story| match self.kind {
            Kind::Feed => story.published,
            Kind::Dated | Kind::Sitemap => {
                let last = story.edits.iter().rev().find(|at| **at <= now);
                last.copied().unwrap_or(story.published)
            }
        };
        let mut listed: Vec<(String, Timestamp)> = out
            .iter()
            .map(|story| (format!("http://{}{}", self.host, story.path), dated(story)))
            .collect();
        listed.push((format!("http://{}/private/plan", self.host), self.trouble_time.0));
        if self.kind == Kind::Sitemap {
            let dates: Vec<(String, String)> =
                listed.into_iter().map(|(url, at)| (url, at.to_rfc3339())).collect();
            let entries: Vec<(&str, &str)> =
                dates.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            return ok("application/xml", sitemap(&entries).as_bytes());
        }
        let entries: String = listed
            .iter()
            .map(|(url, at)| {
                format!(
                    "<entry><id>{url}</id><title>t</title><link href=\"{url}\"/><updated>{}</updated></entry>",
                    at.to_rfc3339()
                )
            })
            .collect();
        let feed = format!(
            "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><id>f</id><title>f</title>\
             <updated>2026-03-01T00:00:00Z</updated>{entries}</feed>"
        );
        ok("application/atom+xml", feed.as_bytes())
    }

    fn page(&self, at: usize, request: &str, now: Timestamp) -> Vec<u8> {
        let edits = self.stories[at].edits.iter().filter(|edit| **edit <= now).count();
        if self.kind == Kind::Sitemap {
            let tag = format!("\"e{edits}\"");
            if request.to_ascii_lowercase().contains(&format!("if-none-match: {tag}")) {
                return format!("HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\n\r\n").into_bytes();
            }
            let page = String::from_utf8(ok("text/html", text(edits).as_bytes())).unwrap();
            let (head, body) = page.split_once("\r\n\r\n").unwrap();
            return format!("{head}\r\nETag: {tag}\r\n\r\n{body}").into_bytes();
        }
        ok("text/html", text(edits).as_bytes())
    }

    fn source(&self) -> &'static str {
        if self.kind == Kind::Sitemap { "/sitemap.xml" } else { "/feed" }
    }

    /// Puts it on the web.
    fn opens(self: &Arc<Self>, n: usize, lab: &Lab) {
        let on = |target: &str, make: Answers| {
            let (outlet, clock) = (Arc::clone(self), Arc::clone(&lab.clock));
            let reply: Make = Arc::new(move |request: &str, _: usize| {
                let now = ManualClock::now(&clock);
                match outlet.trouble {
                    RunProblem::Overloaded if outlet.has_trouble(now) => {
                        b"HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"
                            .to_vec()
                    }
                    RunProblem::Down if outlet.has_trouble(now) => Vec::new(),
                    _ => make(&outlet, request, now),
                }
            });
            lab.web.on(&self.host, target, Reply::Made(reply));
        };
        on("/robots.txt", Box::new(move |_, _, _| ok("text/plain", Self::robots(n).as_bytes())));
        on(self.source(), Box::new(|outlet, _, now| outlet.listing(now)));
        for at in 0..self.stories.len() {
            let path = self.stories[at].path.clone();
            on(&path, Box::new(move |outlet, request, now| outlet.page(at, request, now)));
        }
    }
}

fn text(edits: usize) -> String {
    let grew = format!("The repair will cost {} million kronor, the mayor said.", 10 + edits);
    article("Bridge closed", &[TEXT, &grew])
}

/// What an outlet answers to a request at a time.
type Answers = Box<dyn Fn(&Outlet, &str, Timestamp) -> Vec<u8> + Send + Sync>;

/// The outcome of an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// A look came before the next edit.
    Caught,
    /// It was made before the page was found: the first capture has it.
    BeforeFound,
    /// The next edit came within half an hour, before any look.
    Burst,
    /// The next edit came before the next look, and the outlet's looks of that day were spent.
    BudgetSpent,
    /// The same, though looks were left: the chance of an edit was not worth one yet.
    Unlikely,
    /// As before, and the outlet did not answer in between.
    WhileAway,
    /// No look since: the month ended.
    Open,
}

impl Fate {
    fn words(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::BeforeFound => "made before the page was found",
            Self::Burst => "overtaken within half an hour",
            Self::BudgetSpent => "overtaken while the day's looks were spent",
            Self::Unlikely => "overtaken, a look not being worth it yet",
            Self::WhileAway => "overtaken while the outlet was away",
            Self::Open => "not looked for before the month ended",
        }
    }
}

/// Politeness, at every request to one outlet.
fn is_polite(outlet: &Outlet, pause: Duration, asked: &[&Asked]) {
    let host = &outlet.host;
    let mut robots_at: Option<Timestamp> = None;
    let mut until: Option<Timestamp> = None;
    let mut before: Option<Timestamp> = None;
    for (at, one) in asked.iter().enumerate() {
        assert_ne!(one.target, "/private/plan", "{host}: robots.txt forbids it");
        if one.target == "/robots.txt" {
            robots_at = Some(one.at);
        } else {
            let age = robots_at.map(|at| one.at.since(at));
            // An outlet that is away keeps its last robots.txt for longer.
            assert!(age.is_some(), "{host}: asked before its robots.txt");
            assert!(
                age <= Some(ROBOTS_AGE + Duration::from_secs(60))
                    || outlet.trouble != RunProblem::None,
                "{host}: its robots.txt is {age:?} old"
            );
        }
        if let Some(before) = before {
            // Its crawl-delay is known from its first robots.txt on, which is the first request.
            let gap = one.at.since(before);
            // A request on a kept connection that closes was most likely never read: it is sent once more on
            // a fresh one (RFC 9112, section 9.3.1).
            let is_repeated = outlet.trouble == RunProblem::Down
                && outlet.has_trouble(one.at)
                && asked[at - 1].target == one.target
                && (at < 2 || one.at.since(asked[at - 2].at) >= pause);
            assert!(
                is_repeated || gap + Duration::from_millis(1) >= pause,
                "{host} {} after {gap:?}",
                one.target
            );
        }
        if let Some(until) = until {
            let early = until.since(one.at);
            assert!(early.is_zero(), "{host}: asked {early:?} before its Retry-After was over");
        }
        before = Some(one.at);
        let put_off = outlet.trouble == RunProblem::Overloaded && outlet.has_trouble(one.at);
        until = put_off.then(|| one.at.plus(RETRY_AFTER));
    }
}

#[test]
fn a_month_of_thirty_outlets_is_polite_and_every_edit_is_accounted_for() {
    let looks_per_day = std::env::var("PRESSMARK_MONTH_LOOKS").map_or(8.0, |n| n.parse().unwrap());
    let began = std::time::Instant::now();
    let names: Vec<String> = (0..OUTLETS).map(|n| format!("o{n}.example")).collect();
    let mut lab = Lab::in_memory(&names.iter().map(String::as_str).collect::<Vec<_>>());
    lab.options.looks_per_day = looks_per_day;
    let begun = lab.clock.now();
    let mut chance = Chance(1);
    let outlets: Vec<Arc<Outlet>> =
        (0..OUTLETS).map(|n| Arc::new(Outlet::draw(n, begun, &mut chance))).collect();
    // One job of all outlets, as an operator would write it.
    let mut spec = JobSpec::new("papers");
    spec.sources_every = SOURCES_EVERY;
    for (n, outlet) in outlets.iter().enumerate() {
        outlet.opens(n, &lab);
        spec.scope.include.push(Rule::Host(outlet.host.clone()));
        let source = uri(&format!("http://{}{}", outlet.host, outlet.source()));
        if outlet.kind == Kind::Sitemap {
            spec.sitemaps.push(source);
        } else {
            spec.feeds.push(source);
        }
    }
    let month = Duration::from_hours(24 * DAYS);
    let (report, seen) = lab.watch(&[spec], month);
    let end = begun.plus(month);
    assert!(report.stopped && report.finished >= end);
    let asked = lab.web.asked();
    let mut by_host: BTreeMap<&str, Vec<&Asked>> = BTreeMap::new();
    for one in &asked {
        by_host.entry(&one.host).or_default().push(one);
    }
    let mut fates: BTreeMap<(bool, Fate), usize> = BTreeMap::new();
    for (n, outlet) in outlets.iter().enumerate() {
        let of_host = &by_host[outlet.host.as_str()];
        is_polite(outlet, outlet.pause(n), of_host);
        let signals = outlet.kind != Kind::Feed;
        let looks: usize = outlet.stories.iter().map(|s| looks_at(of_host, s).len()).sum();
        // The budget holds over the month, except for first captures and looks caused by signals.
        let edits: usize = outlet.stories.iter().map(|s| s.edits.len()).sum();
        let most = looks_per_day * DAYS as f64 * 1.25 + (outlet.stories.len() + edits) as f64;
        assert!((looks as f64) < most, "{}: {looks} looks, at most {most}", outlet.host);
        let observed = Observed { asked: of_host, seen: &seen, end, looks_per_day };
        for story in &outlet.stories {
            for fate in observed.fates(outlet, story) {
                *fates.entry((signals, fate)).or_default() += 1;
            }
        }
    }
    let edits: usize = outlets.iter().flat_map(|o| &o.stories).map(|s| s.edits.len()).sum();
    assert_eq!(fates.values().sum::<usize>(), edits, "every edit has one fate");
    println!(
        "{} requests in {:.1} s; {looks_per_day} looks a day for each outlet",
        asked.len(),
        began.elapsed().as_secs_f64(),
    );
    for (signals, what, floor) in [(false, "stealth", 0.35), (true, "announced", 0.7)] {
        let words: Vec<String> = fates
            .iter()
            .filter(|((s, _), _)| *s == signals)
            .map(|((_, fate), n)| format!("{n} {}", fate.words()))
            .collect();
        println!("{what} edits: {}", words.join(", "));
        let all: usize = fates.iter().filter(|((s, _), _)| *s == signals).map(|(_, n)| n).sum();
        let of = |fate: Fate| fates.get(&(signals, fate)).copied().unwrap_or(0);
        let seen = of(Fate::Caught) + of(Fate::BeforeFound);
        assert!(seen as f64 >= all as f64 * floor, "{what}: {seen} of {all}");
    }
}

fn looks_at(asked: &[&Asked], story: &Story) -> Vec<Timestamp> {
    asked.iter().filter(|a| a.target == story.path).map(|a| a.at).collect()
}

/// What the month showed of one outlet.
struct Observed<'a> {
    asked: &'a [&'a Asked],
    seen: &'a Seen,
    end: Timestamp,
    looks_per_day: f64,
}

impl Observed<'_> {
    /// The fate of each edit of a story; every one that was caught is reported once.
    fn fates(&self, outlet: &Outlet, story: &Story) -> Vec<Fate> {
        // A look that found the outlet away showed nothing.
        let looks: Vec<Timestamp> =
            looks_at(self.asked, story).into_iter().filter(|at| !outlet.has_trouble(*at)).collect();
        let name = format!("{}{}", outlet.host, story.path);
        assert!(!looks.is_empty(), "{name} was never looked at");
        let found_in = looks[0].since(story.published);
        let away = outlet.trouble != RunProblem::None
            && story.published < outlet.trouble_time.1
            && looks[0] >= outlet.trouble_time.0;
        assert!(found_in <= SOURCES_EVERY + minutes(10) || away, "{name} found after {found_in:?}");
        let mut fates = Vec::new();
        let mut reported = 0;
        for (at, edit) in story.edits.iter().enumerate() {
            let next = story.edits.get(at + 1).copied();
            let look = looks.iter().copied().find(|look| look >= edit);
            fates.push(match (look, next) {
                (Some(look), _) if look == looks[0] => Fate::BeforeFound,
                (Some(look), next) if next.is_none_or(|next| look < next) => {
                    reported += 1;
                    Fate::Caught
                }
                (None, None) => Fate::Open,
                (look, next) => self.why_missed(outlet, *edit, look, next),
            });
        }
        let url = format!("http://{name}");
        let news: Vec<_> = self.seen.news.iter().filter(|n| n.uri.as_str() == url).collect();
        assert_eq!(news.len(), reported, "{url}: each caught edit is told once");
        let times: BTreeSet<Timestamp> = news.iter().map(|n| n.at).collect();
        assert!(times.iter().all(|at| looks.contains(at)), "{url}: told at its looks");
        fates
    }

    /// Why no look came between an edit and the next one.
    fn why_missed(
        &self,
        outlet: &Outlet,
        edit: Timestamp,
        look: Option<Timestamp>,
        next: Option<Timestamp>,
    ) -> Fate {
        let look = look.unwrap_or(self.end);
        let away = outlet.trouble != RunProblem::None
            && edit < outlet.trouble_time.1
            && look >= outlet.trouble_time.0;
        if away {
            return Fate::WhileAway;
        }
        if next.is_some_and(|next| next.since(edit) <= minutes(30)) {
            return Fate::Burst;
        }
        let day = look.since(Timestamp::default()).saturating_sub(Duration::from_hours(24));
        let of_day = self.asked.iter().filter(|a| {
            let at = a.at.since(Timestamp::default());
            a.target.starts_with("/story") && at > day && a.at < look
        });
        if of_day.count() as f64 >= self.looks_per_day * 0.7 {
            Fate::BudgetSpent
        } else {
            Fate::Unlikely
        }
    }
}
