//! A database that becomes unreachable silently, and answers that are lost on the way.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::link::Link;
use super::*;
use crate::archive::ArchiveErrorKind;
use crate::base::{HostKey, TargetUri};
use crate::postgres::request::Statement;
use crate::schedule::{
    Ask, Counts, DiscoveryPath, Disposition, DueUrl, Found, Granted, LeaseRequest, LeasedUrl,
    Leases, Next, NextVisit, Priority, Queue, ScheduleError, SharedBatch, SharedFrontier,
    SharedOptions, SharedOverview, WorkerReport, Written,
};

/// Captures over a way that can be cut, in a schema that has its tables.
fn over(link: &Link, cluster: &Cluster, patience: Duration) -> PostgresCaptures {
    let schema = fresh_schema();
    open_in(cluster, &schema);
    let address = Address::parse(&Cluster::address_at(link.port()), &schema).unwrap();
    PostgresCaptures::open_with(address, patience).unwrap().0
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what} never came");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_database_that_vanishes_without_a_word_is_given_up_once_and_used_again_when_it_is_back() {
    let Some(cluster) = shared() else { return };
    let link = Link::to(cluster.port());
    let store = over(&link, cluster, Duration::ZERO);
    assert_eq!(add(&store, &many(10)).added, 10);
    link.cut();
    let began = Instant::now();
    let why = store.marks().unwrap_err();
    assert_eq!(why.kind, ArchiveErrorKind::Away, "{why}");
    assert!(why.to_string().contains("packets"), "{why}");
    // Before there was a probe, this took a minute.
    assert!(began.elapsed() < Duration::from_secs(45), "{:?}", began.elapsed());
    // No request waits for it a second time: one that did would make a connection, which is held up.
    let held = link.held();
    for _ in 0..50 {
        assert_eq!(store.marks().unwrap_err().kind, ArchiveErrorKind::Away);
    }
    assert!(link.held() < held + 50, "{} and {held}", link.held());
    link.mend();
    wait_until("an answer", || store.marks().is_ok());
    assert_eq!(count(&store), 10);
}

#[test]
fn a_statement_that_takes_long_is_waited_for() {
    let Some(cluster) = shared() else { return };
    let link = Link::to(cluster.port());
    let store = over(&link, cluster, Duration::ZERO);
    let sql = "SELECT 7::int8 FROM pg_sleep(4.5)".to_owned();
    let rows = store.link.ask(Statement { doing: "sleeping", sql, values: Vec::new() }).unwrap();
    assert_eq!(rows.first().map(|row| row.get::<_, i64>(0)), Some(7));
}

#[test]
fn a_writer_that_is_cut_off_in_the_middle_does_not_block_others_for_long() {
    let Some(cluster) = shared() else { return };
    let link = Arc::new(Link::to(cluster.port()));
    let store = over(&link, cluster, Duration::ZERO);
    let schema = store.link.address().schema().to_owned();
    let other = open_in(cluster, &schema);
    // Its transaction has what it wrote locked, and its commit never arrives.
    let cut = Arc::clone(&link);
    store.before_commit.set(move || cut.cut());
    assert_eq!(
        store.apply(CaptureBatch { captures: many(10), marks: vec![] }).unwrap_err().kind,
        ArchiveErrorKind::Away
    );
    assert_eq!(add(&other, &many(10)).added, 10, "it waits for the end of the other's transaction");
    link.mend();
    wait_until("an answer", || store.marks().is_ok());
    assert_eq!(count(&store), 10);
}

/// A keeper whose answers to writes are lost while `is_deaf` is set, though the writes are done.
#[derive(Debug)]
struct Deaf {
    queue: PostgresQueue,
    is_deaf: AtomicBool,
}

impl Leases for Deaf {
    fn lease(&self, request: &LeaseRequest) -> Result<Granted, ScheduleError> {
        self.queue.lease(request)
    }
    fn lease_host(&self, request: &LeaseRequest, host: &str) -> Result<Granted, ScheduleError> {
        self.queue.lease_host(request, host)
    }
    fn load(
        &self,
        hosts: &[(String, i64)],
        request: &LeaseRequest,
    ) -> Result<Vec<(String, Vec<LeasedUrl>)>, ScheduleError> {
        self.queue.load(hosts, request)
    }
    fn write(&self, batch: &SharedBatch) -> Result<Written, ScheduleError> {
        let written = self.queue.write(batch)?;
        match self.is_deaf.load(Ordering::Relaxed) {
            true => Err(ScheduleError::Shared { why: "the answer was lost".to_owned() }),
            false => Ok(written),
        }
    }
    fn known(&self, urls: &[(String, [u8; 16])]) -> Result<Vec<Option<LeasedUrl>>, ScheduleError> {
        self.queue.known(urls)
    }
    fn entries_of(&self, host: &str, job: &str) -> Result<Vec<LeasedUrl>, ScheduleError> {
        self.queue.entries_of(host, job)
    }
    fn recall(&self, host: &str, key: &[u8]) -> Result<Option<Vec<u8>>, ScheduleError> {
        self.queue.recall(host, key)
    }
    fn rename_job(&self, old: &str, new: &str) -> Result<bool, ScheduleError> {
        self.queue.rename_job(old, new)
    }
    fn due(&self, limit: usize) -> Result<Vec<DueUrl>, ScheduleError> {
        self.queue.due(limit)
    }
    fn counts(&self) -> Result<Counts, ScheduleError> {
        self.queue.counts()
    }
    fn report(&self, report: &WorkerReport) -> Result<u64, ScheduleError> {
        self.queue.report(report)
    }
    fn overview(&self) -> Result<SharedOverview, ScheduleError> {
        self.queue.overview()
    }
}

#[test]
fn a_host_that_was_given_back_is_not_asked_though_the_answer_was_lost() {
    let Some(cluster) = shared() else { return };
    let address = Address::parse(&cluster.address(), &fresh_schema()).unwrap();
    let is_deaf = AtomicBool::new(false);
    let keeper = Arc::new(Deaf { queue: PostgresQueue::open(address.clone()).unwrap(), is_deaf });
    let options = |name: &str| SharedOptions {
        write_every: Duration::from_millis(50),
        margin: Duration::from_secs(1),
        ..SharedOptions::new(name)
    };
    let mut one = SharedFrontier::new(Arc::clone(&keeper) as Arc<dyn Leases>, options("one"));
    let now = Timestamp::from_unix_seconds(1_762_300_800);
    let uri = TargetUri::parse("http://a.example/").unwrap();
    let host = HostKey::new("a.example");
    let found = Found {
        uri,
        path: DiscoveryPath::seed(),
        via: None,
        due: now,
        because: "found".to_owned(),
        priority: Priority::Normal,
        job: "paper".to_owned(),
        settings: String::new(),
        ask: Ask::IfNew,
    };
    one.add_all(vec![found], now).unwrap();
    let mut claim = None;
    wait_until("a claim", || {
        if let Next::Ready(ready) = one.next(now, &mut |_| false).unwrap() {
            claim = Some(ready);
        }
        claim.is_some()
    });
    let guard = Queue::guard(&one, &host).unwrap();
    assert!(guard.holds());
    // Due again after four seconds, so that the host is given back; and that is done, without an answer.
    keeper.is_deaf.store(true, Ordering::Relaxed);
    let due = now.plus(Duration::from_secs(4));
    let visit = Disposition {
        next: NextVisit::At { due, because: "interval".to_owned() },
        host_ready_at: None,
        memo: None,
        priority: None,
    };
    one.finish(*claim.unwrap(), visit, now).unwrap();
    wait_until("the lost answer", || {
        one.mind(now).unwrap();
        one.state().is_away
    });
    assert!(!guard.holds(), "another worker may have it now");
    let mut two =
        SharedFrontier::new(Arc::new(PostgresQueue::open(address).unwrap()), options("two"));
    let later = now.plus(Duration::from_secs(10));
    wait_until("the other's claim", || {
        one.mind(later).unwrap();
        assert!(!guard.holds());
        matches!(two.next(later, &mut |_| false).unwrap(), Next::Ready(_))
    });
    keeper.is_deaf.store(false, Ordering::Relaxed);
    wait_until("the loss", || {
        one.mind(later).unwrap();
        one.state().lost == 1
    });
    assert!(!guard.holds());
}
