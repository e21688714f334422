//! What five million captures of 900,000 URLs cost the index: the load by one sort, the size on disk, and the
//! time of look-ups in process.
//!
//! Run with `cargo bench --bench index_size`; further arguments: the number of captures, of URLs, and the
//! cache in MiB. Captures come in the order of files, which is by time. Prints a table. `PRESSMARK_BENCH_KEEP=DIR`
//! leaves the archive there, with empty files of the right length for WARC files, for `tests/bench/serve.sh`.

use std::time::{Duration, Instant};

use pressmark::archive::{Captures, Query};
use pressmark::base::Timestamp;
use pressmark::index::Index;
use pressmark::kv::KvOptions;
use pressmark::store::Layout;

#[path = "index_size/made.rs"]
mod made;

use made::{FILE_BYTES, MICROS_APART, cpu, files, load, memory, mixed, url};

const QUERIES: u64 = 10_000;

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
    let kept = std::env::var_os("PRESSMARK_BENCH_KEEP").map(std::path::PathBuf::from);
    let layout = Layout::new(&kept.clone().unwrap_or_else(|| dir.path().join("archive")));
    layout.create().expect("an archive");
    let options = KvOptions { cache_bytes, ..KvOptions::default() };
    let (index, _) = Index::open(&layout.index_dir(), &options).expect("an index");
    let cpu_before = cpu();
    let load = load(&layout, &index, captures, urls);
    let bytes = index.bytes().ok().flatten().unwrap_or(0);
    println!("{captures} captures of {urls} URLs, cache {} MiB", cache_bytes >> 20);
    println!(
        "load {:.1} s without making them ({:.1} s rows, {:.1} s making, {:.1} CPU-s in all), {} MiB on disk, memory {:?} MiB",
        (load.wall - load.making).as_secs_f64(),
        (load.rows - load.making).as_secs_f64(),
        load.making.as_secs_f64(),
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
                1_735_689_600_000_000 + (mixed(n) % (captures * MICROS_APART)) as i64,
            );
            let url = url(mixed(n) % urls);
            let begun = Instant::now();
            found += u64::from(index.nearest(&url, at).next().is_some_and(|c| c.is_ok()));
            times.push(begun.elapsed());
        }
        row(&format!("closest of one URL, {pass}"), times, found);
    }
    index.close().expect("an end in order");
    if kept.is_some() {
        for name in files(captures) {
            let path = layout.warc_dir().join(&*name);
            let file = std::fs::File::create(path).expect("a file in place of a WARC file");
            file.set_len(FILE_BYTES).expect("its length");
        }
    }
}
