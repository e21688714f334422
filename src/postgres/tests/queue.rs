//! The shared queue: what any frontier does, and what can fail only with concurrent workers.

mod parts;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Instant;

use super::*;
use crate::base::{HostKey, TargetUri};
use crate::kv::{Kv, KvOptions};
use crate::schedule::{
    Ask, Claim, DiscoveryPath, Disposition, Found, Frontier, FrontierOptions, Next, NextVisit,
    Priority, Queue, ScheduleError, SharedFrontier, SharedOptions,
};

pub(super) fn second(n: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_762_300_800 + n)
}

fn found(url: &str, due: i64) -> Found {
    Found {
        uri: TargetUri::parse(url).unwrap(),
        path: DiscoveryPath::seed(),
        via: None,
        due: second(due),
        because: "found".to_owned(),
        priority: Priority::Normal,
        job: "paper".to_owned(),
        settings: String::new(),
        ask: Ask::IfNew,
    }
}

fn visit(next: NextVisit) -> Disposition {
    Disposition { next, host_ready_at: None, memo: None, priority: None }
}

fn retired() -> Disposition {
    visit(NextVisit::Retire { why: "done".to_owned() })
}

fn again_at(due: i64) -> Disposition {
    visit(NextVisit::At { due: second(due), because: "interval".to_owned() })
}

/// The next URL. Tried for a moment, since another worker may hold the host just now.
fn take(queue: &mut dyn Queue, now: i64) -> Option<Claim> {
    for _ in 0..4 {
        if let Next::Ready(claim) = queue.next(second(now), &mut |_| false).unwrap() {
            return Some(*claim);
        }
        std::thread::sleep(Duration::from_millis(60));
    }
    None
}

/// A short lease for tests that wait for its end.
fn short(name: &str) -> SharedOptions {
    SharedOptions {
        lease: Duration::from_millis(900),
        margin: Duration::from_millis(300),
        write_every: Duration::from_millis(50),
        ..SharedOptions::new(name)
    }
}

fn queue(cluster: &Cluster, schema: &str) -> Arc<PostgresQueue> {
    let address = Address::parse(&cluster.address(), schema).unwrap();
    Arc::new(PostgresQueue::open(address).unwrap())
}

fn worker(cluster: &Cluster, schema: &str, options: SharedOptions) -> SharedFrontier {
    SharedFrontier::new(queue(cluster, schema), options)
}

/// A step of time in [`behaves_like_a_frontier`].
pub(super) const STEP: Duration = Duration::from_millis(50);

/// A queue and its time: `pass` lets a number of steps pass, `now` gives the time.
pub(super) struct Timed<'a> {
    pub(super) queue: &'a mut dyn Queue,
    pub(super) pass: &'a mut dyn FnMut(u32) -> Timestamp,
}

impl Timed<'_> {
    fn now(&mut self) -> Timestamp {
        (self.pass)(0)
    }

    /// This many steps from now.
    fn after(&mut self, steps: u32) -> Timestamp {
        self.now().plus(STEP * steps)
    }

    /// What was gathered is written, and every host given back.
    fn settle(&mut self) {
        let now = self.now();
        self.queue.checkpoint(now).unwrap();
    }

    fn add(&mut self, found: Vec<Found>) {
        let now = self.now();
        self.queue.add_all(found, now).unwrap();
        self.settle();
    }

    fn is_ready(&mut self) -> bool {
        let now = self.now();
        let next = self.queue.next(now, &mut |_| false).unwrap();
        match next {
            Next::Ready(claim) => {
                self.queue.release(*claim).unwrap();
                true
            }
            _ => false,
        }
    }

    fn take(&mut self) -> Claim {
        for _ in 0..20 {
            let now = self.now();
            if let Next::Ready(claim) = self.queue.next(now, &mut |_| false).unwrap() {
                return *claim;
            }
            (self.pass)(1);
        }
        panic!("nobody is next")
    }

    fn finish(&mut self, claim: Claim, disposition: Disposition) {
        let now = self.now();
        self.queue.finish(claim, disposition, now).unwrap();
    }
}

/// What every kind of queue does.
pub(super) fn behaves_like_a_frontier(mut timed: Timed<'_>) {
    let retired = || visit(NextVisit::Retire { why: "done".to_owned() });
    let at = |due| visit(NextVisit::At { due, because: "interval".to_owned() });
    let found = |url: &str, due| Found { due, ..found(url, 0) };
    // Within a host: the strictest class, then by due time with a handicap; one at a time.
    let begin = timed.now();
    let later = timed.after(100_000);
    let with = |url: &str, due, priority| Found { priority, ..found(url, due) };
    timed.add(vec![
        with("http://a.example/normal", begin.minus(STEP * 3), Priority::Normal),
        with("http://a.example/high", begin.minus(STEP * 2), Priority::High),
        with("http://a.example/seed", begin.minus(STEP), Priority::Seed),
        with("http://a.example/robots", begin, Priority::Prerequisite),
        with("http://a.example/later", later, Priority::Seed),
        with("http://a.example/high", begin, Priority::High),
    ]);
    let mut order = Vec::new();
    for _ in 0..4 {
        let claim = timed.take();
        assert!(!timed.is_ready(), "one URL of a host at a time");
        order.push(claim.uri().as_str().rsplit('/').next().unwrap().to_owned());
        timed.finish(claim, retired());
    }
    assert_eq!(order, ["robots", "seed", "high", "normal"]);
    assert!(!timed.is_ready());
    // A host waits; another one does not.
    timed.add(vec![found("http://b.example/1", begin), found("http://c.example/1", begin)]);
    let first = timed.take();
    let host = first.host.clone();
    let (ready_at, due) = (timed.after(30), timed.after(1));
    timed.finish(first, Disposition { host_ready_at: Some(ready_at), ..at(due) });
    let other = timed.take();
    assert_ne!(other.host, host);
    timed.finish(other, retired());
    (timed.pass)(10);
    assert!(!timed.is_ready(), "the host is left alone");
    timed.settle();
    assert!(!timed.is_ready(), "also by who comes next");
    // Its visit comes again, with what is known of it.
    (timed.pass)(22);
    let claim = timed.take();
    assert_eq!((claim.host.clone(), claim.entry.visits), (host.clone(), 1));
    assert_eq!((&*claim.entry.because, &*claim.job), ("interval", "paper"));
    let (now, until) = (timed.now(), timed.after(20));
    timed.queue.snooze(claim, until, "not now", now).unwrap();
    timed.settle();
    assert!(!timed.is_ready());
    (timed.pass)(21);
    let claim = timed.take();
    assert_eq!((claim.entry.snoozes, claim.entry.visits), (1, 1));
    let uri = claim.uri().clone();
    timed.queue.release(claim).unwrap();
    let claim = timed.take();
    assert_eq!(claim.uri(), &uri, "given back as it was");
    let memo = Some(b"memo".to_vec());
    timed.finish(claim, Disposition { memo, ..retired() });
    timed.settle();
    // A link to it does not cause a visit, a request by name does.
    let link = found(uri.as_str(), begin);
    timed.add(vec![link.clone()]);
    assert!(!timed.is_ready());
    timed.add(vec![Found { ask: Ask::Again, ..link.clone() }]);
    let claim = timed.take();
    assert_eq!((claim.uri(), &*claim.entry.memo), (&uri, &b"memo"[..]));
    // Asked for while it is under way: it comes again, when it was asked for.
    let (now, due, far) = (timed.now(), timed.after(20), timed.after(100_000));
    timed.queue.add_all(vec![Found { ask: Ask::Again, due, ..link }], now).unwrap();
    timed.finish(claim, at(far));
    timed.settle();
    assert!(!timed.is_ready());
    (timed.pass)(21);
    let claim = timed.take();
    assert_eq!(claim.uri(), &uri);
    timed.finish(claim, retired());
    timed.settle();
    let counts = timed.queue.count().unwrap();
    assert_eq!((counts.queued, counts.waiting, counts.retired), (1, 0, 6), "one is left for later");
}

#[test]
fn the_frontier_of_one_process_behaves_like_a_frontier() {
    let dir = tempfile::tempdir().unwrap();
    let (kv, _) = Kv::open(&dir.path().join("kv"), &KvOptions::default()).unwrap();
    let (mut frontier, _) =
        Frontier::open(&Arc::new(kv), FrontierOptions::new(dir.path())).unwrap();
    let mut now = second(0);
    let mut pass = |steps| {
        now = now.plus(STEP * steps);
        now
    };
    behaves_like_a_frontier(Timed { queue: &mut frontier, pass: &mut pass });
}

#[test]
fn the_shared_frontier_behaves_like_a_frontier() {
    let Some(cluster) = shared() else { return };
    let mut shared = worker(cluster, &fresh_schema(), SharedOptions::new("one"));
    let began = Instant::now();
    // A test cannot set the server's clock.
    let mut pass = |steps| {
        std::thread::sleep(STEP * steps);
        second(0).plus(began.elapsed())
    };
    behaves_like_a_frontier(Timed { queue: &mut shared, pass: &mut pass });
}

#[test]
fn leases_that_end_at_once_are_not_taken_without_end() {
    let Some(cluster) = shared() else { return };
    let none = Duration::ZERO;
    let options = SharedOptions { lease: none, margin: none, ..SharedOptions::new("one") };
    let mut one = worker(cluster, &fresh_schema(), options);
    one.add_all(vec![found("http://a.example/1", 0)], second(0)).unwrap();
    one.checkpoint(second(0)).unwrap();
    let (told, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let next = one.next(second(0), &mut |_| false).unwrap();
        let _ = told.send(matches!(next, Next::Wait(_)));
    });
    assert_eq!(
        ended.recv_timeout(Duration::from_secs(20)),
        Ok(true),
        "it waits, and can be stopped"
    );
}

#[test]
fn a_host_and_what_is_known_of_it_go_to_one_worker_at_a_time() {
    let Some(cluster) = shared() else { return };
    let schema = fresh_schema();
    let mut one = worker(cluster, &schema, SharedOptions::new("one"));
    // Its clock is five minutes ahead.
    let mut two = worker(cluster, &schema, SharedOptions::new("two"));
    let ahead = |n: i64| n + 300;
    let urls = vec![found("http://a.example/1", 0), found("http://a.example/2", 0)];
    one.add_all(urls, second(0)).unwrap();
    one.checkpoint(second(0)).unwrap();
    let claim = take(&mut one, 0).unwrap();
    let host = claim.host.clone();
    assert!(one.is_held(&claim));
    assert!(take(&mut two, ahead(0)).is_none(), "it is leased");
    one.leave_facts(&host, b"slow".to_vec());
    one.leave_memory(&host, b"rules", b"robots".to_vec());
    one.leave_memory(&host, b"said", b"entries".to_vec());
    let ready_at = Some(second(40));
    one.finish(claim, Disposition { host_ready_at: ready_at, ..retired() }, second(0)).unwrap();
    one.checkpoint(second(0)).unwrap();
    // The pause belongs to the host, whichever worker asks next and whatever its clock says.
    assert!(take(&mut two, ahead(0)).is_none());
    assert!(take(&mut two, ahead(39)).is_none());
    // The server's clock has not moved, so that the pause is over only for a worker that waits for it
    // there.
    let next = two.next(second(ahead(0)), &mut |_| false).unwrap();
    let Next::Wait(until) = next else { panic!("{next:?}") };
    let off = until.since(second(ahead(40))).max(second(ahead(40)).since(until));
    assert!(off < Duration::from_secs(10), "{until:?}");
    // What is known of it goes with it: once for each lease, in the time of the worker that leases
    // it.
    let sql = format!("UPDATE {schema}.queue_host SET ready_at = 0, next_at = 0, pause = 0");
    cluster.sql(&sql);
    let claim = take(&mut two, ahead(41)).unwrap();
    assert_eq!(claim.uri().as_str(), "http://a.example/2");
    let (facts, clock_ahead) = two.left_facts(&host, second(ahead(41))).unwrap();
    assert_eq!(facts, b"slow");
    let later = two.clock_ahead(second(ahead(41)));
    assert!((clock_ahead - later).abs() < 1_000_000, "{clock_ahead} {later}");
    assert_eq!(two.left_facts(&host, second(ahead(41))), None);
    for (key, value) in
        [(&b"rules"[..], Some(&b"robots"[..])), (b"said", Some(b"entries")), (b"x", None)]
    {
        let left = two.left_memory(&host, key).unwrap();
        assert_eq!(left, Some(value.map(<[u8]>::to_vec)), "{key:?}");
        assert_eq!(two.left_memory(&host, key).unwrap(), None, "it is here now");
    }
}

#[test]
fn a_url_is_of_every_job_that_names_it_and_of_those_that_come_while_it_is_visited() {
    let Some(cluster) = shared() else { return };
    let schema = fresh_schema();
    let mut one = worker(cluster, &schema, SharedOptions::new("one"));
    let mut two = worker(cluster, &schema, SharedOptions::new("two"));
    let of = |job: &str, ask, path: &str| Found {
        job: job.to_owned(),
        ask,
        path: DiscoveryPath::parse(path).unwrap(),
        ..found("http://a.example/1", 0)
    };
    one.add_all(vec![of("a", Ask::IfNew, "L"), of("b", Ask::IfNew, "L")], second(0)).unwrap();
    one.checkpoint(second(0)).unwrap();
    let uri = TargetUri::parse("http://a.example/1").unwrap();
    let jobs = |queue: &SharedFrontier| -> Vec<String> {
        let known = queue.known(&uri).unwrap().unwrap();
        known.named_by.iter().map(|one| one.job.to_string()).collect()
    };
    assert_eq!(jobs(&two), ["a", "b"]);
    // While it is visited, b gives it up and c comes, by another worker.
    let mut claim = take(&mut one, 0).unwrap();
    assert_eq!(claim.named_by.len(), 2);
    let known = two.known_all(&[&uri]).unwrap();
    assert!(known[0].is_some());
    let added = two.add_all(vec![of("c", Ask::IfNew, "L")], second(1)).unwrap();
    assert_eq!(added, Some(vec![crate::schedule::Added::Joined]));
    two.checkpoint(second(1)).unwrap();
    claim.named_by.retain(|one| *one.job == *"a");
    one.finish(claim, again_at(50_000), second(2)).unwrap();
    one.checkpoint(second(2)).unwrap();
    assert_eq!(jobs(&two), ["a", "c"]);
    let known = two.known(&uri).unwrap().unwrap();
    let looked: Vec<bool> = known.named_by.iter().map(|one| one.looked).collect();
    assert_eq!((looked, known.entry.visits), (vec![true, false], 1));
    // The job that was added requests a visit, which no other job did.
    assert!(known.due <= second(10), "{:?}", known.due);
    // A worker that serves none of them does not get it, and a host with nothing else is left alone.
    two.serve_jobs(Some(&["d"]));
    assert!(take(&mut two, 3).is_none());
    two.checkpoint(second(3)).unwrap();
    two.serve_jobs(Some(&["c"]));
    assert!(take(&mut two, 3).is_none(), "for a while");
    cluster.sql(&format!("UPDATE {schema}.queue_host SET next_at = 0"));
    let claim = take(&mut two, 3).unwrap();
    // A job gets another name, wherever its pages are.
    assert!(two.rename_job("c", "sea").unwrap());
    assert!(!two.rename_job("nobody", "no").unwrap());
    let mut claim = claim;
    two.refresh(&mut claim);
    assert_eq!(&*claim.named_by[1].job, "sea");
    two.finish(claim, retired(), second(4)).unwrap();
    two.checkpoint(second(4)).unwrap();
    assert_eq!(jobs(&one), ["a", "sea"]);
    let entries: Vec<_> = one.entries_of(&uri.host_key(), "sea").collect();
    assert_eq!(entries.len(), 1);
    assert_eq!(one.entries_of(&uri.host_key(), "c").count(), 0);
}

#[test]
fn a_host_that_is_wanted_for_its_robots_is_given_back_by_its_holder() {
    let Some(cluster) = shared() else { return };
    let schema = fresh_schema();
    let mut holds = worker(cluster, &schema, SharedOptions::new("holds"));
    let mut wants = worker(cluster, &schema, SharedOptions::new("wants"));
    let urls: Vec<Found> = (0..9).map(|n| found(&format!("http://a.example/{n}"), 0)).collect();
    holds.add_all(urls, second(0)).unwrap();
    holds.checkpoint(second(0)).unwrap();
    let claim = take(&mut holds, 0).unwrap();
    let host = claim.host.clone();
    assert!(holds.guard(&host).unwrap().holds());
    assert!(!wants.guard(&host).unwrap().holds());
    assert!(wants.reserve(&host, second(0)).unwrap().is_err(), "it is held");
    let new = HostKey::new("never.heard.example");
    assert_eq!(wants.reserve(&new, second(0)).unwrap(), Ok(()), "nobody holds it");
    assert!(wants.guard(&new).unwrap().holds());
    holds.finish(claim, retired(), second(0)).unwrap();
    let began = Instant::now();
    while wants.reserve(&host, second(0)).unwrap().is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "it never came");
        // The holder continues, and learns of it.
        if let Next::Ready(claim) = holds.next(second(0), &mut |_| false).unwrap() {
            holds.finish(*claim, again_at(0), second(0)).unwrap();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!holds.guard(&host).unwrap().holds());
    // It is given back when it was asked.
    wants.host_wait(&host, second(0), second(0)).unwrap();
    wants.checkpoint(second(0)).unwrap();
}

#[test]
fn next_urls_and_running_workers_are_visible_to_any_process() {
    let Some(cluster) = shared() else { return };
    let schema = fresh_schema();
    let keeper = queue(cluster, &schema);
    let mut one = worker(cluster, &schema, SharedOptions::new("one"));
    let urls: Vec<Found> =
        (0..6).map(|n| found(&format!("http://h{}.example/{n}", n % 3), n * 100)).collect();
    one.add_all(urls, second(0)).unwrap();
    one.checkpoint(second(0)).unwrap();
    let overview = crate::schedule::Leases::overview(&*keeper).unwrap();
    assert_eq!((overview.leased, overview.overdue, overview.counts.queued), (0, 1, 6));
    assert!(overview.workers[0].report.ends, "{overview:?}");
    let due = crate::schedule::Leases::due(&*keeper, 4).unwrap();
    let items = crate::schedule::due_items(&due, overview.now, second(1));
    let urls: Vec<&str> = items.iter().map(|item| item.entry.uri.as_str()).collect();
    let wanted: Vec<String> = (0..4).map(|n| format!("http://h{n}.example/{n}")).collect();
    assert_eq!(urls, [&wanted[0], &wanted[1], &wanted[2], "http://h0.example/3"]);
    let claim = take(&mut one, 2).unwrap();
    one.finish(claim, retired(), second(2)).unwrap();
    std::thread::sleep(Duration::from_millis(1_100));
    one.mind(second(3)).unwrap();
    let state = one.state();
    assert_eq!((state.visits, state.gathered, state.lost, state.is_away), (1, 0, 0, false));
}

#[test]
fn a_paused_worker_changes_nothing_after_its_lease_went_to_another() {
    let Some(cluster) = shared() else { return };
    let schema = fresh_schema();
    let mut paused = worker(cluster, &schema, short("paused"));
    let mut other = worker(cluster, &schema, short("other"));
    let link = "http://a.example/found-late";
    paused.add_all(vec![found("http://a.example/1", 0)], second(0)).unwrap();
    paused.checkpoint(second(0)).unwrap();
    let late = take(&mut paused, 0).unwrap();
    let first_epoch = paused.epoch_of(&late.host).unwrap();
    assert!(paused.is_held(&late));
    // It gives no sign until its lease is over.
    std::thread::sleep(Duration::from_millis(1_000));
    assert!(!paused.is_held(&late), "it can tell by itself");
    let mut taken = take(&mut other, 1).unwrap();
    assert_eq!(taken.uri(), late.uri());
    assert!(other.epoch_of(&taken.host).unwrap() > first_epoch);
    taken.named_by[0].settings = "by the other".to_owned();
    let now = second(2);
    other.finish(taken, again_at(0), now).unwrap();
    other.checkpoint(now).unwrap();
    // It comes back, and writes what it found.
    paused.add_all(vec![found(link, 0)], now).unwrap();
    let host = late.host.clone();
    let finished = paused.finish(late, retired(), now).and_then(|()| paused.checkpoint(now));
    assert!(finished.is_ok() || matches!(finished, Err(ScheduleError::NotInFlight { .. })));
    assert_eq!(paused.state().lost, 1);
    assert_eq!(paused.epoch_of(&host), None);
    // The page is as the other left it; what was found is there, whichever worker found it.
    let mut seen = BTreeMap::new();
    while let Some(claim) = take(&mut other, 4) {
        seen.insert(
            claim.uri().as_str().to_owned(),
            (claim.entry.visits, claim.entry.settings.clone()),
        );
        other.finish(claim, retired(), second(4)).unwrap();
    }
    let first = (1, "by the other".to_owned());
    let wanted = [("http://a.example/1".to_owned(), first), (link.to_owned(), (0, String::new()))];
    assert_eq!(seen, BTreeMap::from(wanted));
}

#[test]
fn what_a_dropped_worker_held_is_visited_by_the_next() {
    let Some(cluster) = shared() else { return };
    let schema = fresh_schema();
    let mut dropped = worker(cluster, &schema, short("dropped"));
    let urls: Vec<Found> =
        (0..40).map(|n| found(&format!("http://h{}.example/{n}", n % 10), 0)).collect();
    dropped.add_all(urls, second(0)).unwrap();
    dropped.checkpoint(second(0)).unwrap();
    let visited: Vec<String> = (0..3)
        .map(|_| {
            let claim = take(&mut dropped, 0).unwrap();
            let url = claim.uri().as_str().to_owned();
            dropped.finish(claim, retired(), second(0)).unwrap();
            url
        })
        .collect();
    let _flying = take(&mut dropped, 0).unwrap();
    drop(dropped);
    let mut next = worker(cluster, &schema, short("next"));
    let mut seen = BTreeSet::new();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) && seen.len() < 40 {
        let Some(claim) = take(&mut next, 1) else {
            // What was written before is done.
            if seen.len() + visited.len() >= 40 {
                break;
            }
            continue;
        };
        assert!(seen.insert(claim.uri().as_str().to_owned()), "nothing comes twice");
        next.finish(claim, retired(), second(1)).unwrap();
    }
    seen.extend(visited);
    assert_eq!(seen.len(), 40, "what was in flight or not written is visited again");
}

/// Visits as the hosts of the web would see them.
#[derive(Default)]
struct Web {
    /// Which worker visits a host now.
    at: Mutex<HashMap<HostKey, u64>>,
    visits: Mutex<HashMap<String, u64>>,
    twice: AtomicU64,
}

impl Web {
    fn visit(&self, who: u64, claim: &Claim, takes: Duration) {
        let other = self.at.lock().unwrap().insert(claim.host.clone(), who);
        if other.is_some() {
            self.twice.fetch_add(1, Ordering::Relaxed);
        }
        std::thread::sleep(takes);
        self.at.lock().unwrap().remove(&claim.host);
        *self.visits.lock().unwrap().entry(claim.uri().as_str().to_owned()).or_default() += 1;
    }
}

#[test]
fn workers_that_come_go_pause_and_lose_the_server_ask_no_host_together_and_lose_no_url() {
    let Some(cluster) = own("") else { return };
    const HOSTS: u64 = 40;
    const SEEDS: u64 = 3;
    let schema = "work";
    let web = Web::default();
    let stop = AtomicBool::new(false);
    let mut seeds = worker(&cluster, schema, short("seeds"));
    for host in 0..HOSTS {
        let of_host = (0..SEEDS).map(|n| found(&format!("http://h{host}.example/{n}"), 0));
        seeds.add_all(of_host.collect(), second(0)).unwrap();
    }
    seeds.checkpoint(second(0)).unwrap();
    drop(seeds);
    let began = Instant::now();
    // Each seed has two links, to its own host and to the next one.
    let links = |url: &str| -> Vec<Found> {
        let path = url.trim_start_matches("http://h");
        let (host, page) = path.split_once(".example/").unwrap();
        if page.len() > 1 {
            return Vec::new();
        }
        let next = (host.parse::<u64>().unwrap() + 1) % HOSTS;
        [host.to_owned(), next.to_string()]
            .map(|to| found(&format!("http://h{to}.example/{page}from{host}"), 0))
            .to_vec()
    };
    let all = HOSTS * SEEDS * 3;
    let life = |number: u64| {
        let mut life = 0;
        while !stop.load(Ordering::Relaxed) {
            life += 1;
            let name = format!("{number}-{life}");
            let mut own = worker(&cluster, schema, short(&name));
            // Clocks that are minutes apart.
            let clock = |began: Instant| {
                let passed = i64::try_from(began.elapsed().as_micros()).unwrap();
                second(i64::try_from(number).unwrap() * 300)
                    .plus(Duration::from_micros(passed.unsigned_abs()))
            };
            for step in 0_u64.. {
                if stop.load(Ordering::Relaxed) {
                    let _ = own.checkpoint(clock(began));
                    return;
                }
                let claim = match own.next(clock(began), &mut |_| false) {
                    Ok(Next::Ready(claim)) => claim,
                    Ok(_) => {
                        std::thread::sleep(Duration::from_millis(5));
                        continue;
                    }
                    Err(why) => panic!("{why}"),
                };
                if number == 1 && step == 7 {
                    // Stopped while it holds a claim, for longer than its lease.
                    std::thread::sleep(Duration::from_millis(1_100));
                }
                // As a crawl does, right before it sends a request.
                if !own.is_held(&claim) {
                    continue;
                }
                web.visit(number, &claim, Duration::from_millis(2));
                let due = clock(began);
                let found = links(claim.uri().as_str()).into_iter().map(|one| Found { due, ..one });
                let written = own.add_all(found.collect(), clock(began));
                written.unwrap();
                match own.finish(*claim, retired(), clock(began)) {
                    Ok(()) | Err(ScheduleError::NotInFlight { .. }) => {}
                    Err(why) => panic!("{why}"),
                }
                if number >= 2 && step == 25 {
                    // Dropped together with what it holds.
                    break;
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(move || life(number));
        }
        std::thread::sleep(Duration::from_millis(1_500));
        cluster.kill();
        std::thread::sleep(Duration::from_millis(300));
        cluster.begin();
        let counting = queue(&cluster, schema);
        loop {
            std::thread::sleep(Duration::from_millis(200));
            let counts = crate::schedule::Leases::counts(&*counting).unwrap();
            let is_done = counts.retired == all && counts.queued == 0;
            if is_done || began.elapsed() > Duration::from_secs(180) {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let visits = web.visits.into_inner().unwrap();
    assert_eq!(visits.len() as u64, all, "no URL is lost");
    assert_eq!(web.twice.load(Ordering::Relaxed), 0, "no host is asked by two");
    // Visits that were in flight, or not written yet, when a worker was dropped or paused or the
    // server died.
    let again: u64 = visits.values().map(|times| times - 1).sum();
    assert!(again < all / 2, "{again} visits were made again");
}
