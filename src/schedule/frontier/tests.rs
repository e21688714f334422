//! The frontier against a model, and against the loss of its tables.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::base::TargetUri;
use crate::kv::KvOptions;
use crate::schedule::discovery::DiscoveryPath;
use crate::schedule::entry::Priority;

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

pub(super) fn open(dir: &Path) -> (Frontier, Opened) {
    // The engine's own thread may hold the lock of the store before for a moment.
    let (kv, notes) = (0..500)
        .find_map(|_| match Kv::open(&dir.join("kv"), &KvOptions::default()) {
            Err(why) if why.is_locked() => {
                std::thread::sleep(Duration::from_millis(10));
                None
            }
            opened => Some(opened.unwrap()),
        })
        .expect("the lock of a store that was dropped");
    assert_eq!(notes, Vec::<String>::new());
    let kv = Arc::new(kv);
    let opened = Frontier::open(&kv, FrontierOptions::new(dir)).unwrap();
    kv.mark_consistent().unwrap();
    opened
}

pub(super) fn found(url: &str, due: i64) -> Found {
    Found {
        uri: TargetUri::parse(url).unwrap(),
        path: DiscoveryPath::seed(),
        via: None,
        due: at(due),
        because: "found".to_owned(),
        priority: Priority::Normal,
        job: "job".to_owned(),
        settings: String::new(),
        ask: Ask::IfNew,
    }
}

fn with(url: &str, due: i64, priority: Priority) -> Found {
    Found { priority, ..found(url, due) }
}

pub(super) fn take(frontier: &mut Frontier, now: i64) -> Option<Claim> {
    match frontier.next(at(now), &mut |_| false).unwrap() {
        Next::Ready(claim) => Some(*claim),
        _ => None,
    }
}

pub(super) fn visit_at(due: i64) -> Disposition {
    Disposition {
        next: NextVisit::At { due: at(due), because: "interval".to_owned() },
        host_ready_at: None,
        memo: None,
        priority: None,
    }
}

fn order(frontier: &mut Frontier, now: i64) -> Vec<String> {
    std::iter::from_fn(|| {
        let claim = take(frontier, now)?;
        let name = claim.uri().url().path().to_owned();
        frontier.finish(claim, visit_at(now + 1_000_000), at(now)).unwrap();
        Some(name)
    })
    .collect()
}

#[test]
fn within_a_host_the_strict_go_first_and_the_rest_by_due_time_with_a_handicap() {
    use Priority::{High, Low, Normal, Prerequisite, Requisite, Seed};
    let dir = tempfile::tempdir().unwrap();
    let (mut frontier, _) = open(dir.path());
    let day = 86_400;
    let all = [
        with("http://a.org/low-for-two-days", 0, Low),
        with("http://a.org/high", 2 * day, High),
        with("http://a.org/normal", 2 * day, Normal),
        with("http://a.org/normal-2", 2 * day, Normal),
        with("http://a.org/normal-for-two-hours", 2 * day - 7_200, Normal),
        with("http://a.org/seed", 2 * day, Seed),
        with("http://a.org/image", 2 * day, Requisite),
        with("http://a.org/robots.txt", 2 * day, Prerequisite),
        with("http://a.org/later", 2 * day + 1, Prerequisite),
    ];
    frontier.add_all(all, at(0)).unwrap();
    assert_eq!(
        order(&mut frontier, 2 * day),
        [
            "/robots.txt",
            "/image",
            "/seed",
            "/low-for-two-days",
            "/normal-for-two-hours",
            "/high",
            "/normal",
            "/normal-2"
        ]
    );
}

#[test]
fn a_host_has_one_claim_and_its_wait_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (mut frontier, _) = open(dir.path());
    frontier.add_all([found("http://a.org/1", 0), found("http://a.org/2", 0)], at(0)).unwrap();
    let first = take(&mut frontier, 0).unwrap();
    assert!(matches!(frontier.next(at(0), &mut |_| false).unwrap(), Next::Empty));
    let disposition = Disposition { host_ready_at: Some(at(100)), ..visit_at(1_000) };
    frontier.finish(first, disposition, at(0)).unwrap();
    assert!(
        matches!(frontier.next(at(99), &mut |_| false).unwrap(), Next::Wait(t) if t == at(100))
    );
    drop(frontier);
    let (mut frontier, opened) = open(dir.path());
    assert_eq!(opened.requeued, Vec::<String>::new());
    assert!(take(&mut frontier, 99).is_none());
    assert!(matches!(frontier.next(at(100), &mut |_| true).unwrap(), Next::Busy));
    assert_eq!(take(&mut frontier, 100).unwrap().uri().as_str(), "http://a.org/2");
}

#[test]
fn more_claims_of_a_host_only_by_option() {
    let dir = tempfile::tempdir().unwrap();
    let (kv, _) = Kv::open(&dir.path().join("kv"), &KvOptions::default()).unwrap();
    let options = FrontierOptions { claims_per_host_max: 2, ..FrontierOptions::new(dir.path()) };
    let (mut frontier, _) = Frontier::open(&Arc::new(kv), options).unwrap();
    let urls = (0..3).map(|n| found(&format!("http://a.org/{n}"), n));
    frontier.add_all(urls, at(0)).unwrap();
    let first = take(&mut frontier, 9).unwrap();
    let second = take(&mut frontier, 9).unwrap();
    assert_ne!(first.uri(), second.uri());
    assert!(take(&mut frontier, 9).is_none());
    frontier.release(first).unwrap();
    assert_eq!(take(&mut frontier, 9).unwrap().uri().as_str(), "http://a.org/0");
    frontier.finish(second, visit_at(100), at(9)).unwrap();
    assert_eq!(take(&mut frontier, 9).unwrap().uri().as_str(), "http://a.org/2");
}

#[test]
fn a_link_to_a_known_page_changes_nothing_and_a_signal_brings_it_forward() {
    let dir = tempfile::tempdir().unwrap();
    let (mut frontier, _) = open(dir.path());
    let url = "http://a.org/1";
    assert_eq!(frontier.add(found(url, 50), at(0)).unwrap(), Added::Added);
    assert_eq!(frontier.add(found(url, 60), at(0)).unwrap(), Added::Known);
    assert_eq!(frontier.add(found(url, 40), at(0)).unwrap(), Added::Sooner);
    let claim = take(&mut frontier, 40).unwrap();
    assert_eq!(frontier.add(found(url, 0), at(40)).unwrap(), Added::Known);
    frontier.finish(claim, visit_at(500), at(40)).unwrap();
    assert_eq!(frontier.add(found(url, 41), at(41)).unwrap(), Added::Known);
    let again = Found { ask: Ask::Signal, because: "lastmod moved".to_owned(), ..found(url, 90) };
    assert_eq!(frontier.add(again.clone(), at(41)).unwrap(), Added::Sooner);
    let item = frontier.due().next().unwrap().unwrap();
    assert_eq!((item.due, item.entry.because.as_str()), (at(90), "lastmod moved"));
    // Asked for while in flight: remembered until it comes back, also past a retirement.
    let claim = take(&mut frontier, 90).unwrap();
    assert!(claim.entry.signalled);
    let later = Found { due: at(95), ..again };
    assert_eq!(frontier.add(later, at(91)).unwrap(), Added::Sooner);
    let retire = Disposition { next: NextVisit::Retire { why: "gone".to_owned() }, ..visit_at(0) };
    frontier.finish(claim, retire.clone(), at(92)).unwrap();
    let claim = take(&mut frontier, 95).unwrap();
    frontier.finish(claim, retire, at(95)).unwrap();
    assert_eq!(frontier.counts(), Counts { retired: 1, ..Counts::default() });
    assert_eq!(frontier.add(found(url, 96), at(96)).unwrap(), Added::Known);
    assert_eq!(frontier.check().unwrap(), []);
}

#[test]
fn jobs_are_served_and_forgotten_apart() {
    let dir = tempfile::tempdir().unwrap();
    let (mut frontier, _) = open(dir.path());
    let of = |job: &str, url: &str| Found { job: job.to_owned(), ..found(url, 0) };
    let all = [
        of("x", "http://a.org/1"),
        of("y", "http://a.org/2"),
        of("y", "http://a.org/3"),
        of("x", "http://b.org/4"),
    ];
    frontier.add_all(all, at(0)).unwrap();
    frontier.serve_jobs(Some(&["y"]));
    let claim = take(&mut frontier, 0).unwrap();
    assert_eq!((&*claim.job, claim.uri().as_str()), ("y", "http://a.org/2"));
    assert!(take(&mut frontier, 0).is_none());
    assert_eq!(frontier.counts_served(), Counts { queued: 1, in_flight: 1, ..Counts::default() });
    let mut gives_up = |_: &TargetUri, _: &NamedBy| Some("no longer wanted".to_owned());
    assert_eq!(frontier.disown("y", &mut gives_up, at(0)).unwrap(), 2);
    frontier.finish(claim, visit_at(9), at(0)).unwrap();
    assert_eq!(frontier.counts_of_job("y"), Counts::default());
    frontier.serve_jobs(None);
    assert_eq!(frontier.counts(), Counts { queued: 2, retired: 2, ..Counts::default() });
    assert_eq!(frontier.check().unwrap(), []);
}

#[test]
fn what_is_due_comes_in_order_of_time_with_the_fact_that_set_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut frontier, _) = open(dir.path());
    let urls = (0..20).map(|n| found(&format!("http://h{}.org/{n}", n % 3), (n * 7) % 20));
    frontier.add_all(urls, at(0)).unwrap();
    frontier.host_wait(&HostKey::new("h0.org"), at(30), at(0)).unwrap();
    let times: Vec<_> = frontier.due().map(|item| item.unwrap()).collect();
    assert_eq!(times.len(), 20);
    assert!(times.windows(2).all(|pair| pair[0].at <= pair[1].at));
    assert!(times.iter().all(|i| i.waits_for_host == (i.entry.uri.host() == "h0.org")));
}

#[test]
fn the_same_seed_gives_the_same_order_and_another_seed_another() {
    let run = |seed| {
        let dir = tempfile::tempdir().unwrap();
        let (kv, _) = Kv::open(&dir.path().join("kv"), &KvOptions::default()).unwrap();
        let options = FrontierOptions { seed, ..FrontierOptions::new(dir.path()) };
        let (mut frontier, _) = Frontier::open(&Arc::new(kv), options).unwrap();
        let urls = (0..40).map(|n| found(&format!("http://h{}.org/{n}", n % 20), 0));
        frontier.add_all(urls, at(0)).unwrap();
        order(&mut frontier, 0)
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

// ---- a model

#[derive(Debug, Clone)]
enum Op {
    Add { url: u8, due: i64, priority: u8, again: bool },
    Next { ahead: i64 },
    Finish { due: i64, wait: i64 },
    Retire,
    Snooze { until: i64 },
    Release,
    Reopen { lossy: bool },
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        6 => (0..30_u8, 0..90_i64, 0..6_u8, any::<bool>())
            .prop_map(|(url, due, priority, again)| Op::Add { url, due, priority, again }),
        6 => (0..30_i64).prop_map(|ahead| Op::Next { ahead }),
        4 => (0..200_i64, 0..10_i64).prop_map(|(due, wait)| Op::Finish { due, wait }),
        1 => Just(Op::Retire),
        1 => (0..50_i64).prop_map(|until| Op::Snooze { until }),
        1 => Just(Op::Release),
        1 => any::<bool>().prop_map(|lossy| Op::Reopen { lossy }),
    ];
    proptest::collection::vec(op, 1..60)
}

fn url_of(number: u8) -> String {
    format!("http://h{}.org/{number}", number % 4)
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Known {
    phase: Phase,
    due: i64,
    priority: Priority,
    visits: u32,
    /// Due time of a visit asked for while in flight.
    again: Option<i64>,
}

#[derive(Default)]
struct Model {
    urls: BTreeMap<String, Known>,
    host_ready: BTreeMap<String, i64>,
}

impl Model {
    fn add(&mut self, url: &str, due: i64, priority: Priority, again: bool, flying: bool) -> Added {
        let Some(known) = self.urls.get_mut(url) else {
            let fresh = Known { phase: Phase::Queued, due, priority, visits: 0, again: None };
            self.urls.insert(url.to_owned(), fresh);
            return Added::Added;
        };
        if flying {
            if again && known.again.is_none_or(|before| due < before) {
                known.again = Some(due);
                return Added::Sooner;
            }
            return Added::Known;
        }
        let retired = known.phase == Phase::Retired;
        let wanted = again || known.phase == Phase::Queued;
        if !wanted || !(retired || due < known.due || priority < known.priority) {
            return Added::Known;
        }
        known.priority = known.priority.min(priority);
        known.due = if retired { due } else { known.due.min(due) };
        if retired {
            known.phase = if known.visits > 0 { Phase::Waiting } else { Phase::Queued };
        }
        Added::Sooner
    }

    fn end(&mut self, url: &str, phase: Phase, due: i64, visited: bool) {
        let known = self.urls.get_mut(url).unwrap();
        known.visits += u32::from(visited);
        (known.phase, known.due) = (phase, due);
        if let Some(again) = known.again.take()
            && (phase == Phase::Retired || again < due)
        {
            known.due = again;
            known.phase = if phase == Phase::Retired { Phase::Waiting } else { phase };
        }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        if item.file_type().unwrap().is_dir() {
            copy_folder(&item.path(), &to.join(item.file_name()));
        } else {
            std::fs::copy(item.path(), to.join(item.file_name())).unwrap();
        }
    }
}

/// Runs the operations on a frontier and on the model side by side.
fn run(ops: &[Op]) {
    let dir = tempfile::tempdir().unwrap();
    let (tables, kept) = (dir.path().join("kv"), dir.path().join("kept"));
    let (mut frontier, _) = open(dir.path());
    let mut model = Model::default();
    let mut claims: Vec<Claim> = Vec::new();
    let mut now = 0;
    drop(frontier);
    copy_folder(&tables, &kept);
    (frontier, _) = open(dir.path());
    for op in ops {
        match *op {
            Op::Add { url, due, priority, again } => {
                let url = url_of(url);
                let flying = claims.iter().any(|claim| claim.uri().as_str() == url);
                let priority = Priority::ALL[usize::from(priority)];
                let ask = if again { Ask::Again } else { Ask::IfNew };
                let added = frontier.add(Found { ask, ..with(&url, now + due, priority) }, at(now));
                assert_eq!(added.unwrap(), model.add(&url, now + due, priority, again, flying));
            }
            Op::Next { ahead } => {
                now += ahead;
                let claim = take(&mut frontier, now);
                check_choice(&model, &claims, claim.as_ref(), now);
                claims.extend(claim);
            }
            Op::Finish { due, wait } => {
                let Some(claim) = claims.pop() else { continue };
                let url = claim.uri().as_str().to_owned();
                model.host_ready.insert(claim.host.to_string(), now + wait);
                let disposition =
                    Disposition { host_ready_at: Some(at(now + wait)), ..visit_at(now + due) };
                frontier.finish(claim, disposition, at(now)).unwrap();
                model.end(&url, Phase::Waiting, now + due, true);
            }
            Op::Retire => {
                let Some(claim) = claims.pop() else { continue };
                let url = claim.uri().as_str().to_owned();
                let next = NextVisit::Retire { why: "gone".to_owned() };
                frontier.finish(claim, Disposition { next, ..visit_at(0) }, at(now)).unwrap();
                model.end(&url, Phase::Retired, now, true);
            }
            Op::Snooze { until } => {
                let Some(claim) = claims.pop() else { continue };
                let (url, phase) = (claim.uri().as_str().to_owned(), claim.phase);
                frontier.snooze(claim, at(now + until), "host", at(now)).unwrap();
                model.end(&url, phase, now + until, false);
            }
            Op::Release => {
                let Some(claim) = claims.pop() else { continue };
                let known = model.urls[claim.uri().as_str()];
                model.end(claim.uri().as_str(), claim.phase, known.due, false);
                frontier.release(claim).unwrap();
            }
            Op::Reopen { lossy } => {
                drop(frontier);
                if lossy {
                    // The tables lose everything since they were last closed; the journal has it.
                    copy_folder(&kept, &tables);
                }
                let (reopened, opened) = open(dir.path());
                frontier = reopened;
                let mut flown: Vec<_> =
                    claims.drain(..).map(|claim| claim.uri().as_str().to_owned()).collect();
                flown.sort_unstable();
                // A claim that nothing was written after is back without being named.
                assert!(opened.requeued.iter().all(|url| flown.contains(url)));
                for known in model.urls.values_mut() {
                    known.again = None;
                }
                // Waits of a minute or less are not kept.
                model.host_ready.clear();
                frontier.checkpoint().unwrap();
                drop(frontier);
                copy_folder(&tables, &kept);
                (frontier, _) = open(dir.path());
            }
        }
        check_state(&frontier, &model, &claims);
    }
}

fn check_choice(model: &Model, claims: &[Claim], claim: Option<&Claim>, now: i64) {
    let free = |url: &str| {
        let host = TargetUri::parse(url).unwrap().host_key();
        model.host_ready.get(host.as_str()).is_none_or(|ready| *ready <= now)
            && !claims.iter().any(|claim| claim.host == host)
    };
    let candidates = || {
        model.urls.iter().filter(|(url, k)| k.phase != Phase::Retired && k.due <= now && free(url))
    };
    let Some(claim) = claim else {
        assert_eq!(candidates().count(), 0, "something was due and nothing was given");
        return;
    };
    let host = &claim.host;
    let (_, known) =
        candidates().find(|(url, _)| *url == claim.uri().as_str()).expect("a URL that was due");
    let rank = |k: &Known| (k.priority.class(), k.due * 1_000_000 + k.priority.handicap_micros());
    let best = candidates()
        .filter(|(url, _)| TargetUri::parse(url).unwrap().host_key() == *host)
        .map(|(_, k)| rank(k))
        .min();
    assert_eq!(Some(rank(known)), best, "not the first of its host");
}

fn check_state(frontier: &Frontier, model: &Model, claims: &[Claim]) {
    for (url, known) in &model.urls {
        let (entry, phase, due) =
            frontier.get(&TargetUri::parse(url).unwrap()).unwrap().expect("known");
        assert_eq!((phase, due, entry.visits), (known.phase, at(known.due), known.visits), "{url}");
    }
    assert_eq!(frontier.counts().total(), model.urls.len() as u64);
    assert_eq!(frontier.counts().in_flight, claims.len() as u64);
    assert_eq!(frontier.check().unwrap(), []);
    let due = frontier.due().count() + claims.len();
    let alive = model.urls.values().filter(|k| k.phase != Phase::Retired).count();
    assert_eq!(due, alive);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_url_is_in_one_state_and_the_right_one_is_next(ops in ops()) {
        run(&ops);
    }
}
