//! Through pgbouncer, which gives each transaction whatever connection is free: no statement, setting, lock or table may
//! outlive one.

use super::pooler::Pooler;
use super::queue::{Timed, behaves_like_a_frontier};
use super::*;
use crate::archive::{LogPart, LogSource, SharedCheckpoint, SharedLog};
use crate::schedule::{SharedFrontier, SharedOptions};

/// A pooler before the server that tests share; `None` where they are passed over.
fn pooled() -> Option<(&'static Cluster, Pooler)> {
    let cluster = shared()?;
    let pooler = Pooler::before(cluster.port());
    Some((cluster, pooler.map_err(|why| skip::skipped("pgbouncer", &why)).ok()?))
}

fn address(pooler: &Pooler, schema: &str) -> Address {
    Address::parse(&Cluster::address_at(pooler.port()), schema).unwrap()
}

#[test]
fn captures_keep_the_contract_through_a_pooler() {
    let Some((_, pooler)) = pooled() else { return };
    suite::run(&|| Box::new(PostgresCaptures::open(address(&pooler, &fresh_schema())).unwrap().0));
    // Batches as arrays and by COPY, from several processes that share fewer connections than they ask for.
    let schema = fresh_schema();
    let all = many(4_000);
    std::thread::scope(|scope| {
        for part in all.chunks(500) {
            let (pooler, schema) = (&pooler, &schema);
            scope.spawn(move || {
                let store = PostgresCaptures::open(address(pooler, schema)).unwrap().0;
                for batch in [&part[..20], part] {
                    add(&store, batch);
                }
            });
        }
    });
    let store = PostgresCaptures::open(address(&pooler, &schema)).unwrap().0;
    assert_eq!(count(&store), 4_000);
    assert_eq!(list(store.scan(&Query::everything())).len(), 4_000);
    let why = pooler.log();
    assert!(!why.contains("prepared statement"), "{why}");
}

#[test]
fn a_shared_queue_behaves_like_a_frontier_through_a_pooler() {
    let Some((_, pooler)) = pooled() else { return };
    let queue = PostgresQueue::open(address(&pooler, &fresh_schema())).unwrap();
    let mut shared = SharedFrontier::new(Arc::new(queue), SharedOptions::new("one"));
    let began = std::time::Instant::now();
    let mut pass = |steps: u32| {
        std::thread::sleep(super::queue::STEP * steps);
        super::queue::second(0).plus(began.elapsed())
    };
    behaves_like_a_frontier(Timed { queue: &mut shared, pass: &mut pass });
}

#[test]
fn the_shared_log_is_ordered_and_leased_through_a_pooler() {
    let Some((cluster, pooler)) = pooled() else { return };
    let schema = fresh_schema();
    let one = PostgresLog::open(address(&pooler, &schema)).unwrap();
    let two = PostgresLog::open(address(&pooler, &schema)).unwrap();
    one.begin("one", b"key").unwrap();
    two.begin("two", b"another key").unwrap();
    std::thread::scope(|scope| {
        for (log, archive) in [(&one, "one"), (&two, "two")] {
            scope.spawn(move || {
                for n in 0..40 {
                    let part = LogPart {
                        file: format!("{archive}-{n}.warc.gz"),
                        before: None,
                        after: LogSource { place: Some((n, 0)), span: n, sealed: true },
                        leaves: vec![7; 9],
                    };
                    log.register(archive, &[part]).unwrap();
                }
            });
        }
    });
    assert_eq!(one.state().unwrap().parts, 81);
    assert_eq!(two.sources("two").unwrap().len(), 40);
    let numbers: Vec<u64> = {
        let mut all = Vec::new();
        while let Some(part) = one.parts(all.len() as u64, 81).unwrap().first() {
            all.push(part.number);
        }
        all
    };
    assert_eq!(numbers, (1..=81).collect::<Vec<u64>>());
    let lease = Duration::from_secs(60);
    let (epoch, _) = one.take("one", lease).unwrap().unwrap();
    assert_eq!(two.take("two", lease).unwrap(), None);
    let checkpoint = SharedCheckpoint { size: 81, parts: 81, note: b"note".to_vec() };
    assert!(!two.publish(epoch - 1, 0, &checkpoint).unwrap());
    assert!(one.publish(epoch, 0, &checkpoint).unwrap());
    assert_eq!(two.checkpoints(0).unwrap(), [checkpoint]);
    // Tests beside this one lock for a transaction while they make their tables; what is locked for a session stays.
    let left = || cluster.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
    let until = std::time::Instant::now() + Duration::from_secs(60);
    while left() != "0" {
        assert!(std::time::Instant::now() < until, "something is locked for a session");
        std::thread::sleep(Duration::from_millis(20));
    }
}
