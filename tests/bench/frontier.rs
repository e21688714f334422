//! What a million URLs over 50,000 hosts cost the frontier: memory, and the time of each call.
//!
//! Run with `cargo bench --bench frontier`; further arguments: the number of URLs, of hosts, and
//! the cache in MiB. Prints a table.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pressmark::base::{TargetUri, Timestamp};
use pressmark::kv::{Kv, KvOptions};
use pressmark::schedule::{
    Ask, DiscoveryPath, Disposition, Found, Frontier, FrontierOptions, Next, NextVisit, Priority,
    Step,
};

/// Resident memory now and at its highest, in MiB.
fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    (field("VmRSS:").unwrap_or(0) / 1024, field("VmHWM:").unwrap_or(0) / 1024)
}

/// How often the system took the processor away from this thread.
fn preemptions() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("nonvoluntary_ctxt_switches"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

struct Times(Vec<Duration>);

impl Times {
    fn row(mut self, name: &str) {
        self.0.sort_unstable();
        let at = |part: f64| {
            let index = ((self.0.len().saturating_sub(1)) as f64 * part) as usize;
            self.0.get(index).map_or(0.0, |d| d.as_secs_f64() * 1e6)
        };
        println!(
            "| {name} | {} | {:.1} | {:.1} | {:.1} | {:.0} |",
            self.0.len(),
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0)
        );
    }
}

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let urls = numbers.first().copied().unwrap_or(1_000_000);
    let hosts = numbers.get(1).copied().unwrap_or(50_000);
    let cache_bytes = numbers.get(2).copied().unwrap_or(128) << 20;
    let claims = (urls / 5).min(200_000);
    let dir = tempfile::tempdir().expect("a folder for temporary files");
    let options = KvOptions { cache_bytes, ..KvOptions::default() };
    let start = Instant::now();
    let at = |seconds: u64| Timestamp::from_unix_seconds(1_700_000_000 + seconds.cast_signed());
    let open = || {
        let begun = Instant::now();
        let (kv, _) = Kv::open(&dir.path().join("kv"), &options).expect("a store");
        let kv = Arc::new(kv);
        let (frontier, opened) =
            Frontier::open(&kv, FrontierOptions::new(dir.path())).expect("a frontier");
        println!(
            "opened in {:.1} s; {} frames replayed",
            begun.elapsed().as_secs_f64(),
            opened.replayed
        );
        frontier
    };
    let mut frontier = open();
    let (rss_empty, _) = memory();

    // A page of a hundred links at a time, over hosts in no order.
    let mut adds = Times(Vec::new());
    let seed = DiscoveryPath::seed().then(Step::Link);
    for page in 0..urls / 100 {
        let found: Vec<Found> = (0..100)
            .map(|link| {
                let n = page * 100 + link;
                let host = n.wrapping_mul(0x9e37_79b9) % hosts;
                let text = format!(
                    "https://www.outlet-{host}.example/2025/11/05/section-{}/story-{n}",
                    n % 7
                );
                Found {
                    uri: TargetUri::parse(&text).expect("a URL"),
                    path: seed.clone(),
                    via: Some(format!("https://www.outlet-{host}.example/")),
                    due: at(0),
                    because: "found on a page".to_owned(),
                    priority: Priority::Normal,
                    job: "bench".to_owned(),
                    settings: String::new(),
                    ask: Ask::IfNew,
                }
            })
            .collect();
        let begun = Instant::now();
        frontier.add_all(found, at(0)).expect("added");
        adds.0.push(begun.elapsed());
    }
    let (rss_full, _) = memory();
    println!(
        "{urls} URLs over {hosts} hosts added in {:.1} s; memory {rss_full} MiB ({rss_empty} MiB empty)",
        start.elapsed().as_secs_f64()
    );

    let (mut nexts, mut finishes) = (Times(Vec::new()), Times(Vec::new()));
    // Other programs on the machine interrupt some calls; those that ran through are shown apart.
    let mut undisturbed = Times(Vec::new());
    let mut now = 0;
    for n in 0..claims {
        // The clock moves on by a second every 5,000 claims: 2 s a host at 10,000 a second.
        now = now.max(n / 5_000);
        let before = preemptions();
        let begun = Instant::now();
        let next = frontier.next(at(now), &mut |_| false).expect("next");
        let took = begun.elapsed();
        let disturbed = preemptions() > before;
        let claim = match next {
            Next::Ready(claim) => claim,
            Next::Wait(until) => {
                now = (until.unix_micros() / 1_000_000 - 1_700_000_000).unsigned_abs();
                continue;
            }
            Next::Busy | Next::Empty => break,
        };
        nexts.0.push(took);
        if !disturbed {
            undisturbed.0.push(took);
        }
        let disposition = Disposition {
            next: NextVisit::At { due: at(now + 3_600), because: "adaptive".to_owned() },
            host_ready_at: Some(at(now + 2)),
            memo: Some(vec![7; 100]),
            priority: None,
        };
        let begun = Instant::now();
        frontier.finish(*claim, disposition, at(now)).expect("finished");
        finishes.0.push(begun.elapsed());
    }
    println!(
        "\n| call | calls | median µs | p99 µs | p99.9 µs | most µs |\n|---|---|---|---|---|---|"
    );
    adds.row("add_all, 100 links");
    nexts.row("next");
    undisturbed.row("next, not preempted");
    finishes.row("finish");
    let begun = Instant::now();
    let first: Vec<_> = frontier.due().take(100).collect();
    println!(
        "\nthe first {} that are due: {:.0} ms",
        first.len(),
        begun.elapsed().as_secs_f64() * 1e3
    );
    let begun = Instant::now();
    frontier.checkpoint().expect("a checkpoint");
    println!("checkpoint: {:.1} s", begun.elapsed().as_secs_f64());
    let counts = frontier.counts();
    let (rss, peak) = memory();
    println!("{counts:?}; memory {rss} MiB, at its highest {peak} MiB");
    drop(first);
    drop(frontier);
    std::thread::sleep(Duration::from_secs(1));
    let frontier = open();
    assert_eq!(frontier.counts(), counts);
    let (rss, peak) = memory();
    println!("after opening again: memory {rss} MiB, at its highest {peak} MiB");
}
