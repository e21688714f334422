//! The throughput of a PostgreSQL server on this machine, which it shares with the workers: URLs scheduled a
//! second, captures faked, and look-ups among many captures.
//!
//! `cargo bench --bench postgres`; further arguments: queued URLs, hosts, workers, seconds, captures; 0
//! leaves a part out (`-- 10000000 100000 4 60 0` is a large queue alone). The server is a fresh one, with its syncs. Prints tables.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

#[path = "../it/support/postgres.rs"]
#[allow(dead_code, reason = "tests kill servers as well")]
mod cluster;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cluster::Cluster;
use pressmark::archive::{Capture, CaptureBatch, CaptureSink, Captures, RecordId, RecordKind};
use pressmark::base::surt::urlkey;
use pressmark::base::{Clock, DigestAlgorithm, SystemClock, TargetUri, Timestamp};
use pressmark::postgres::{Address, PostgresCaptures, PostgresQueue};
use pressmark::schedule::{
    Ask, DiscoveryPath, Disposition, Found, Next, NextVisit, Priority, Queue, SharedFrontier,
    SharedOptions,
};

/// More memory and log than the defaults, as a server of this size would have.
const CONFIGURATION: &str = "shared_buffers = 1GB
max_wal_size = 8GB
checkpoint_timeout = 15min
wal_compression = on
effective_cache_size = 4GB";

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let number = |at: usize, default: u64| numbers.get(at).copied().unwrap_or(default);
    let (urls, hosts) = (number(0, 1_000_000), number(1, 10_000).max(1));
    let (workers, seconds) = (number(2, 4), number(3, 20));
    let captures = number(4, 1_000_000);
    let cluster = match Cluster::start(CONFIGURATION) {
        Ok(cluster) => cluster,
        Err(why) => {
            eprintln!("no server: {why}");
            return;
        }
    };
    if urls > 0 {
        schedule(&cluster, urls, hosts, workers, Duration::from_secs(seconds));
    }
    if captures > 0 {
        look_up(&cluster, captures);
    }
}

fn address(cluster: &Cluster) -> Address {
    Address::parse(&cluster.address(), "bench").unwrap()
}

fn worker(cluster: &Cluster, name: &str) -> SharedFrontier {
    let queue = Arc::new(PostgresQueue::open(address(cluster)).unwrap());
    SharedFrontier::new(queue, SharedOptions::new(name))
}

/// Queues `urls` URLs on `hosts` hosts by SQL, with entries like the one that a worker writes.
fn fill(cluster: &Cluster, urls: u64, hosts: u64) {
    let url = "http://h00000000.example/00000000";
    let mut sample = worker(cluster, "sample");
    let now = SystemClock.now();
    let one = Found {
        uri: TargetUri::parse(url).unwrap(),
        path: DiscoveryPath::seed(),
        via: Some("http://h00000000.example/some/section/".to_owned()),
        due: now,
        because: "linked from a page".to_owned(),
        priority: Priority::Normal,
        job: "paper".to_owned(),
        settings: String::new(),
        ask: Ask::IfNew,
    };
    sample.add_all(vec![one], now).unwrap();
    sample.checkpoint(now).unwrap();
    drop(sample);
    let entry = cluster.sql("SELECT encode(entry, 'hex') FROM bench.queue_url");
    let hex: String = url.bytes().map(|byte| format!("{byte:02x}")).collect();
    let (before, after) = entry.split_once(&hex).unwrap();
    let began = Instant::now();
    cluster.sql(&format!(
        "INSERT INTO bench.queue_host (name, next_at)
         SELECT convert_to('h' || lpad(n::text, 8, '0') || '.example', 'UTF8'), 0
         FROM generate_series(1, {hosts}) AS n"
    ));
    cluster.sql(&format!(
        "INSERT INTO bench.queue_url (host, digest, priority, phase, due, jobs, entry)
         SELECT h.id, substring(sha256(u.url) FOR 16), 4, 0, n, ARRAY['paper'::bytea],
             '\\x{before}'::bytea || u.url || '\\x{after}'::bytea
         FROM generate_series(0, {urls} - 1) AS n
         CROSS JOIN LATERAL (SELECT convert_to('h' || lpad((n % {hosts} + 1)::text, 8, '0') || '.example', 'UTF8') AS name) AS m
         JOIN bench.queue_host AS h ON h.name = m.name
         CROSS JOIN LATERAL (SELECT convert_to('http://', 'UTF8') || m.name || convert_to('/' || lpad((n / {hosts})::text, 8, '0'), 'UTF8') AS url) AS u"
    ));
    cluster.sql("VACUUM ANALYZE bench.queue_url; ");
    cluster.sql("VACUUM ANALYZE bench.queue_host");
    println!("{urls} URLs on {hosts} hosts queued in {:.0} s", began.elapsed().as_secs_f64());
    println!(
        "tables: {}",
        cluster.sql("SELECT pg_size_pretty(sum(pg_total_relation_size(oid))) FROM pg_class WHERE relname IN ('queue_url', 'queue_host')")
    );
}

fn schedule(cluster: &Cluster, urls: u64, hosts: u64, workers: u64, time: Duration) {
    fill(cluster, urls, hosts);
    let (done, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let transactions = || -> u64 {
        let sql = "SELECT xact_commit FROM pg_stat_database WHERE datname = 'postgres'";
        cluster.sql(sql).parse().unwrap()
    };
    let before = transactions();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..workers {
            let (done, stop) = (&done, &stop);
            scope.spawn(move || {
                let mut own = worker(cluster, &format!("worker {number}"));
                while !stop.load(Ordering::Relaxed) {
                    let now = SystemClock.now();
                    let Next::Ready(claim) = own.next(now, &mut |_| false).unwrap() else {
                        std::thread::sleep(Duration::from_millis(2));
                        continue;
                    };
                    assert!(own.guard(&claim.host).is_some_and(|guard| guard.holds()));
                    // As a crawl does at each visit.
                    own.left_facts(&claim.host, now);
                    own.leave_facts(&claim.host, vec![7; 150]);
                    // Half are visited again in a day, with what a crawl remembers of a page.
                    let is_odd = claim.uri().as_str().as_bytes().last().is_some_and(|b| b % 2 == 1);
                    let next = if is_odd {
                        NextVisit::Retire { why: "captured".to_owned() }
                    } else {
                        let due = now.plus(Duration::from_secs(86_400));
                        NextVisit::At { due, because: "every day".to_owned() }
                    };
                    let memo = Some(vec![7; 120]);
                    let come = Disposition { next, host_ready_at: Some(now), memo, priority: None };
                    own.finish(*claim, come, now).unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
                own.checkpoint(SystemClock.now()).unwrap();
            });
        }
        std::thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
    });
    let took = began.elapsed().as_secs_f64();
    // The server's statistics are updated a little later.
    std::thread::sleep(Duration::from_secs(1));
    let (done, made) = (done.into_inner(), transactions() - before);
    println!("| workers | URLs | URLs a second | transactions | URLs a transaction |");
    println!("|---|---|---|---|---|");
    println!(
        "| {workers} | {done} | {:.0} | {made} | {:.0} |",
        done as f64 / took,
        done as f64 / made.max(1) as f64
    );
    let visited = cluster.sql("SELECT count(*) FROM bench.queue_url WHERE phase > 0");
    assert_eq!(visited, done.to_string(), "what was visited is written");
}

/// Capture `n` of a site with ten captures a page and a thousand pages a host.
fn capture(n: u64) -> Capture {
    let (page, time) = (n / 10, n % 10);
    let url =
        format!("https://www.outlet-{}.example/2026/articles/{page}/a-headline", page / 1_000);
    let seconds = 1_700_000_000 + i64::try_from(time).unwrap() * 86_400;
    let hash = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    Capture {
        urlkey: urlkey(&url),
        date: Timestamp::from_unix_seconds(seconds + i64::from(hash[0])),
        url,
        mime: "text/html".to_owned(),
        status: Some(200),
        digest: Some(DigestAlgorithm::Sha256.digest(&n.to_be_bytes())),
        length: 20_000,
        offset: n % 50_000 * 20_000,
        file: format!("pressmark-{:06}.warc.gz", n / 50_000).into(),
        record_id: Some(RecordId::Uuid([hash, hash].concat().try_into().unwrap())),
        kind: RecordKind::Response,
        refers_to: None,
        truncated: false,
    }
}

fn look_up(cluster: &Cluster, count: u64) {
    let (store, _) = PostgresCaptures::open(address(cluster)).unwrap();
    let began = Instant::now();
    let mut n = 0;
    while n < count {
        let end = (n + 5_000).min(count);
        // In the order of a crawl: all pages, then all again.
        let at = |n: u64| n % (count / 10).max(1) * 10 + n / (count / 10).max(1) % 10;
        let captures = (n..end).map(|n| capture(at(n))).collect();
        store.apply(CaptureBatch { captures, marks: Vec::new() }).unwrap();
        n = end;
    }
    let took = began.elapsed().as_secs_f64();
    println!("{count} captures put in, {:.0} a second", count as f64 / took);
    println!("tables: {} MiB", store.bytes().unwrap().unwrap_or(0) >> 20);
    cluster.sql("VACUUM ANALYZE bench.capture");
    println!("| look-up | calls | median µs | p99 µs | p99.9 µs | most µs |");
    println!("|---|---|---|---|---|---|");
    let calls = 20_000_u64;
    let any = |seed: u64| seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
    let row = |name: &str, look: &dyn Fn(u64) -> bool| {
        let mut times: Vec<Duration> = Vec::new();
        for call in 1..=calls {
            let began = Instant::now();
            assert!(look(any(call)));
            times.push(began.elapsed());
        }
        times.sort_unstable();
        let at = |part: f64| {
            let index = ((times.len() - 1) as f64 * part) as usize;
            times[index].as_secs_f64() * 1e6
        };
        println!(
            "| {name} | {calls} | {:.0} | {:.0} | {:.0} | {:.0} |",
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0)
        );
    };
    row("closest to a time", &|n| {
        let wanted = capture(n % count);
        let found = store.nearest(&wanted.url, wanted.date).next().unwrap().unwrap();
        found.date == wanted.date
    });
    row("by payload", &|n| {
        let digest = capture(n % count).digest.unwrap();
        store.by_payload(&digest).unwrap().is_some()
    });
}
