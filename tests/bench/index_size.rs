//! What five million captures of 900,000 URLs cost the index: the load by one sort, the size on disk, and the
//! time of look-ups in process.
//!
//! Run with `cargo bench --bench index_size`; further arguments: the number of captures, of URLs, and the
//! cache in MiB. Captures come in the order of files, which is by time. Prints a table.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pressmark::archive::{
    Capture, Captures, FileMark, Follower, Query, RecordId, RecordKind, Seen,
};
use pressmark::base::{DigestAlgorithm, Timestamp, surt};
use pressmark::index::Index;
use pressmark::kv::KvOptions;
use pressmark::store::{Layout, SortedCaptures};

const QUERIES: u64 = 10_000;

/// Resident memory now and at its highest, in MiB.
fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    (field("VmRSS:").unwrap_or(0) / 1024, field("VmHWM:").unwrap_or(0) / 1024)
}

/// CPU seconds of this process.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// A number that looks like none of its neighbours (splitmix64).
fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The URL of this number: some two thousand hosts, sections, dates and slugs, 80 bytes on average.
fn url(n: u64) -> String {
    let host = mixed(n % 2_500) % 90_000;
    let section = ["news", "politics", "world", "sport", "culture", "business"][(n % 6) as usize];
    let slug = mixed(n);
    format!(
        "https://www.outlet-{host}.example/{section}/2025/{:02}/{:02}/{:x}-the-bridge-{}-was-closed",
        slug % 12 + 1,
        slug % 28 + 1,
        slug >> 32,
        slug % 1000
    )
}

/// The capture of this number. A fifth of the URLs have most of the captures; two thirds are revisits.
fn capture(n: u64, urls: u64, files: &[Arc<str>]) -> Capture {
    let draw = mixed(n ^ 0x5555);
    let of = if draw.is_multiple_of(3) { draw % urls } else { draw % (urls / 5).max(1) };
    let url = url(of);
    let is_first = n < urls;
    let url = if is_first { self::url(n) } else { url };
    let per_file = 20_000;
    let file = &files[(n / per_file) as usize % files.len()];
    let payload = if draw.is_multiple_of(2) { draw } else { of };
    let kind =
        if is_first || draw.is_multiple_of(3) { RecordKind::Response } else { RecordKind::Revisit };
    Capture {
        urlkey: surt::urlkey(&url),
        date: Timestamp::from_unix_micros(1_735_689_600_000_000 + (n * 6_307_000) as i64),
        url,
        mime: if kind == RecordKind::Revisit { "warc/revisit" } else { "text/html" }.to_owned(),
        status: Some(200),
        digest: Some(DigestAlgorithm::Sha256.digest(&payload.to_be_bytes())),
        length: 20_000 + draw % 30_000,
        offset: (n % per_file) * 50_000,
        file: Arc::clone(file),
        record_id: Some(RecordId::Uuid((u128::from(draw) << 64 | u128::from(n)).to_be_bytes())),
        kind,
        refers_to: None,
        truncated: false,
    }
}

fn row(name: &str, mut times: Vec<Duration>, found: u64) {
    times.sort_unstable();
    let at = |part: f64| {
        let index = (times.len().saturating_sub(1) as f64 * part) as usize;
        times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e6)
    };
    let mean = times.iter().sum::<Duration>().as_secs_f64() * 1e6 / times.len().max(1) as f64;
    println!(
        "| {name} | {} | {found} | {mean:.1} | {:.1} | {:.1} |",
        times.len(),
        at(0.5),
        at(0.99)
    );
}

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let captures = numbers.first().copied().unwrap_or(5_000_000);
    let urls = numbers.get(1).copied().unwrap_or(900_000);
    let cache_bytes = numbers.get(2).copied().unwrap_or(256) << 20;
    let dir = tempfile::tempdir().expect("a folder for temporary files");
    let layout = Layout::new(&dir.path().join("archive"));
    layout.create().expect("an archive");
    let options = KvOptions { cache_bytes, ..KvOptions::default() };
    let (index, _) = Index::open(&layout.index_dir(), &options).expect("an index");
    let files: Vec<Arc<str>> =
        (0..captures.div_ceil(20_000)).map(|n| format!("made-{n:05}.warc.gz").into()).collect();

    let (begun, cpu_before) = (Instant::now(), cpu());
    let mut making = Duration::ZERO;
    let mut sorted = SortedCaptures::new(&layout);
    for n in 0..captures {
        let made = Instant::now();
        let capture = capture(n, urls, &files);
        making += made.elapsed();
        let file = Arc::clone(&capture.file);
        let (offset, end) = (capture.offset, capture.offset + capture.length);
        let seen = Seen { file: &file, offset, end, header: b"", capture: Some(capture) };
        sorted.record(seen).expect("a row");
    }
    for file in &files {
        let mark = FileMark { file: Arc::clone(file), indexed_to: 1 << 30, sealed_size: None };
        sorted.commit(&mark).expect("a mark");
    }
    let read = begun.elapsed();
    sorted.load(&index).expect("the load");
    index.flush().expect("the flush");
    let wall = begun.elapsed() - making;
    let bytes = index.bytes().ok().flatten().unwrap_or(0);
    println!("{captures} captures of {urls} URLs, cache {} MiB", cache_bytes >> 20);
    println!(
        "load {:.1} s without making them ({:.1} s rows, {:.1} s making, {:.1} CPU-s in all), {} MiB on disk, memory {:?} MiB",
        wall.as_secs_f64(),
        (read - making).as_secs_f64(),
        making.as_secs_f64(),
        cpu() - cpu_before,
        bytes >> 20,
        memory()
    );
    println!("\n| look-up | asked | captures | mean µs | p50 µs | p99 µs |");
    println!("|---|---|---|---|---|---|");
    for pass in ["cold", "warm"] {
        let (mut times, mut found) = (Vec::new(), 0);
        for n in 0..QUERIES {
            // One in ten is not there.
            let of = if n.is_multiple_of(10) { urls + n } else { mixed(n) % urls };
            let query = Query::exactly(&url(of));
            let begun = Instant::now();
            found += Captures::scan(&index, &query).filter(Result::is_ok).count() as u64;
            times.push(begun.elapsed());
        }
        row(&format!("all of one URL, {pass}"), times, found);
        let (mut times, mut found) = (Vec::new(), 0);
        for n in 0..QUERIES {
            let query =
                Query { limit: Some(1), ..Query::exactly(&url(mixed(n) % urls)).newest_first() };
            let begun = Instant::now();
            found += Captures::scan(&index, &query).filter(Result::is_ok).count() as u64;
            times.push(begun.elapsed());
        }
        row(&format!("newest of one URL, {pass}"), times, found);
        let (mut times, mut found) = (Vec::new(), 0);
        for n in 0..QUERIES {
            let at = Timestamp::from_unix_micros(
                1_735_689_600_000_000 + (mixed(n) % (captures * 6_307_000)) as i64,
            );
            let url = url(mixed(n) % urls);
            let begun = Instant::now();
            found += u64::from(index.nearest(&url, at).next().is_some_and(|c| c.is_ok()));
            times.push(begun.elapsed());
        }
        row(&format!("closest of one URL, {pass}"), times, found);
    }
}
