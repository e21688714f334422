//! How narrow the intervals of a day of captures are: a simulated day with a drand server and a time-stamp authority on its
//! clock, both of which have a latency and fail sometimes.
//!
//! By default twenty minutes are simulated; `PRESSMARK_INTERVAL_HOURS=24` takes a day and prints the figures.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use pressmark::app::drand::source;
use pressmark::app::evidence::Follower;
use pressmark::app::run::runtime;
use pressmark::archive::Query;
use pressmark::base::surt::MatchType;
use pressmark::base::{Clock, ManualClock, SystemClock, TargetUri, Timestamp};
use pressmark::config::Settings;
use pressmark::evidence::drand::newest::refresh;
use pressmark::evidence::drand::{Round, Scheme};
use pressmark::evidence::{Log, timestamp};
use pressmark::http::exchange::Timing;
use pressmark::http::{Exchange, Method, Stored, shape_of};
use pressmark::store::{Content, Discovery, Reader, Store, Submission};
use pressmark::warc::name;

use super::authority::Authority;
use super::findings;
use crate::support::drand::Drand;

/// A small generator of numbers: each test run uses the same ones.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn captured(number: u64, date: Timestamp, took: Duration) -> Exchange {
    let bytes =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>Page {number}").into_bytes();
    let uri = TargetUri::parse(&format!("http://news.example/{number}")).unwrap();
    Exchange {
        uri,
        method: "GET",
        date,
        peer: None,
        request: b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n".to_vec(),
        has_credentials: false,
        interim: Vec::new(),
        shape: shape_of(&bytes, Method::Get),
        response: Stored::Memory(bytes),
        surplus: Vec::new(),
        truncated: None,
        tls: None,
        session: None,
        dns: None,
        timing: Timing { connect: took, first_byte: took, total: took },
    }
}

fn append(store: &Store, exchange: Exchange) {
    let (done, wait) = mpsc::channel();
    let what = Content::Exchange(Arc::new(exchange));
    let submission = Submission { what, refers_to: None, discovery: Discovery::default() };
    store.append(submission, Box::new(move |result| drop(done.send(result.map(|_| ())))));
    wait.recv().unwrap().unwrap();
}

#[test]
fn ninety_nine_of_a_hundred_captures_of_a_day_are_bounded_within_a_minute() {
    let hours: Option<u64> =
        std::env::var("PRESSMARK_INTERVAL_HOURS").ok().map(|text| text.parse().unwrap());
    let seconds = hours.map_or(20 * 60, |hours| hours * 3600);
    // The certificates of the authority are valid from now on.
    let begin = SystemClock.now().floor_second().plus(Duration::from_hours(1));
    let clock = Arc::new(ManualClock::new(begin));
    let time = {
        let clock = Arc::clone(&clock);
        Arc::new(move || clock.now())
    };
    // The authority takes two seconds.
    let stamped = {
        let clock = Arc::clone(&clock);
        Arc::new(move || clock.now().plus(Duration::from_secs(2)))
    };
    let Some(authority) = Authority::start_at("ecdsa", Some(stamped)) else { return };
    let drand = Drand::start(Scheme::UnchainedG1, time);
    let dir = tempfile::tempdir().unwrap();
    let mut sets = drand.settings(authority.dir.path()).to_vec();
    sets.push(format!("evidence.timestamp_authorities={}", authority.url));
    sets.push(format!("evidence.timestamp_roots={}", authority.roots().display()));
    let flags: Vec<(String, String, String)> = sets
        .iter()
        .map(|set| set.split_once('=').unwrap())
        .map(|(key, value)| (key.to_owned(), value.to_owned(), String::new()))
        .collect();
    let settings = Settings::load(None, std::iter::empty(), &flags).unwrap();
    let mut options = settings.store_options();
    options.mark = Some(pressmark::evidence::leaf::mark_of);
    let root = dir.path().join("archive");
    let (store, _) = Store::open(root.as_path(), options, clock.clone()).unwrap();
    let follower = Follower::new(&store, &settings, clock.clone());
    let source = source(&settings).unwrap().unwrap();
    let runtime = runtime().unwrap();

    // The times of events, in seconds from the start: a round every 20, a checkpoint every 30, a capture every ten or so,
    // whose record is written when the answer is whole.
    let mut numbers = Numbers(7);
    let mut events: BTreeMap<u64, Vec<(&str, u64)>> = BTreeMap::new();
    let mut add = |at: u64, what: (&'static str, u64)| events.entry(at).or_default().push(what);
    (0..=seconds).step_by(20).for_each(|at| add(at, ("round", 0)));
    (30..=seconds + 60).step_by(30).for_each(|at| add(at, ("checkpoint", 0)));
    let mut at = 1;
    while at < seconds {
        // Most answers take a second, one in fifty takes 15 seconds.
        let took = if numbers.below(50) == 0 { 15 } else { 1 + numbers.below(2) };
        add(at + took, ("capture", took));
        at += 1 + numbers.below(20);
    }
    let (mut captures, mut failed) = (0, 0);
    for (at, what) in events {
        let now = begin.plus(Duration::from_secs(at));
        clock.advance(now.since(clock.now()));
        for (what, took) in what {
            match what {
                "round" => {
                    // One in a hundred goes unanswered.
                    drand.broken.store(numbers.below(100) == 0, Ordering::SeqCst);
                    runtime.block_on(refresh(store.layout(), &source, &store.rounds(), now));
                    drand.broken.store(false, Ordering::SeqCst);
                }
                "checkpoint" => {
                    // One in two hundred fails, and the next stamp covers all.
                    authority.broken.store(numbers.below(200) == 0, Ordering::SeqCst);
                    failed += u64::from(!follower.once().is_empty());
                    authority.broken.store(false, Ordering::SeqCst);
                }
                _ => {
                    captures += 1;
                    let took = Duration::from_secs(took);
                    append(&store, captured(captures, clock.now().minus(took), took));
                }
            }
        }
    }
    follower.end();
    drop(follower);
    let layout = store.layout().clone();
    drop(store.close().unwrap());

    // The bounds of each capture, as `prove` computes them: its own round, and the first stamp over it.
    let log = Log::open(&layout).unwrap();
    let mut stamps: BTreeMap<u64, Timestamp> = BTreeMap::new();
    for kept in timestamp::kept(&layout).unwrap() {
        let checkpoint = log.checkpoint(kept.size).unwrap();
        let token = kept.verify(checkpoint.render().as_bytes(), &Default::default()).unwrap();
        stamps.insert(kept.size, token.time.plus(token.accuracy));
    }
    let mut widths = Vec::new();
    let (reader, _) = Reader::open(&root, 8 << 20).unwrap();
    for entry in reader.query(&Query::new("http://news.example/", MatchType::Domain)) {
        let loaded = reader.load(&entry.unwrap()).unwrap();
        let (entry, date) = (&loaded.entry, loaded.entry.date);
        let file = reader.file_name(entry).to_string();
        let index = log.index_of(&file, entry.offset, 0).unwrap().unwrap();
        let (_, after) = stamps.range(index + 1..).next().unwrap();
        let before = loaded.fields.text(name::DRAND_ROUND).and_then(|text| Round::parse(&text));
        let before = before.map(|round| drand.chain.verify(&round).unwrap());
        assert!(before.is_none_or(|before| before <= date) && date <= *after);
        widths.push(before.map_or(u64::MAX, |before| after.since(before).as_secs()));
    }
    widths.sort_unstable();
    assert_eq!(widths.len() as u64, captures);
    let at = |part: usize| widths[(widths.len() - 1) * part / 1000];
    let within = widths.iter().filter(|width| **width <= 60).count();
    println!(
        "{captures} captures in {} hours, {} stamps, {failed} checkpoints without one at first: interval {} s median, {} s at 90 %, {} s at 99 %, {} s at most; {within} within 60 s",
        seconds as f64 / 3600.0,
        stamps.len(),
        at(500),
        at(900),
        at(990),
        at(1000),
    );
    assert!(within * 100 >= widths.len() * 99, "{widths:?}");
    assert_eq!(findings(&root), Vec::<String>::new());
}
