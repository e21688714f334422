//! What redb, fjall and LMDB do with the keys and values that the index has in sled.
//!
//! `cargo run --release --manifest-path tests/bench/kv-peers/Cargo.toml`; further arguments: the number of captures
//! (5,000,000), of URLs (900,000), and the cache in MiB (256), which LMDB does not have.
//!
//! An index is made as `cargo bench --bench index_size` makes it, and its trees are copied into a file, in
//! order. Each engine, in a process of its own, then takes them in as it does best (one pass over
//! sorted keys), is opened again, and is asked what the index asks: all blocks of a URL, and the blocks
//! before and after a time. Last, 200 small batches are made durable, one by one. What is measured is the
//! engine alone: decoding blocks is left out, so the times of sled are lower than those of the index.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a bench stops where something fails"
)]

mod engines;

#[path = "../../index_size/made.rs"]
#[allow(dead_code, reason = "the other bench uses the rest")]
mod made;

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use pressmark::base::surt;
use pressmark::index::Index;
use pressmark::kv::{Kv, KvOptions};
use pressmark::store::Layout;

use engines::{Engine, ENGINES};
use made::{MICROS_APART, cpu, load, memory, mixed, url};

const QUERIES: u64 = 10_000;
const BATCHES: u64 = 200;
const BATCH_ROWS: usize = 50;

/// The trees, by their numbers in the file.
pub const TREES: [&str; 2] = ["captures", "digests"];

/// Keys and values in order.
pub struct Rows(BufReader<File>);

impl Rows {
    pub fn open(path: &Path) -> Self {
        Self(BufReader::with_capacity(1 << 20, File::open(path).unwrap()))
    }

    /// The next row: its tree, key and value.
    pub fn next(&mut self, key: &mut Vec<u8>, value: &mut Vec<u8>) -> Option<usize> {
        let mut head = [0; 9];
        if self.0.read(&mut head[..1]).unwrap() == 0 {
            return None;
        }
        self.0.read_exact(&mut head[1..]).unwrap();
        for (at, out) in [(1, &mut *key), (5, &mut *value)] {
            let length = u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
            out.resize(length as usize, 0);
            self.0.read_exact(out).unwrap();
        }
        Some(usize::from(head[0]))
    }
}

/// How many bytes the files of a folder have on the disk.
fn disk_bytes(path: &Path) -> u64 {
    let about = std::fs::symlink_metadata(path).unwrap();
    if !about.is_dir() {
        return about.blocks() * 512;
    }
    std::fs::read_dir(path).unwrap().map(|entry| disk_bytes(&entry.unwrap().path())).sum()
}

/// Makes the index and copies its trees into a file; how many rows and bytes of keys and values.
fn make(dir: &Path, captures: u64, urls: u64, rows: &Path) -> (u64, u64) {
    let layout = Layout::new(&dir.join("archive"));
    layout.create().unwrap();
    let options = KvOptions { cache_bytes: 256 << 20, ..KvOptions::default() };
    {
        let (index, _) = Index::open(&layout.index_dir(), &options).unwrap();
        load(&layout, &index, captures, urls);
        index.close().unwrap();
    }
    let (kv, _) = Kv::open(&layout.index_dir(), &options).unwrap();
    let mut out = BufWriter::with_capacity(1 << 20, File::create(rows).unwrap());
    let (mut count, mut bytes) = (0, 0);
    for (number, name) in TREES.iter().enumerate() {
        for row in kv.tree(name).unwrap().range::<&[u8], _>(..) {
            let (key, value) = row.unwrap();
            out.write_all(&[u8::try_from(number).unwrap()]).unwrap();
            for part in [&key, &value] {
                out.write_all(&u32::try_from(part.len()).unwrap().to_le_bytes()).unwrap();
            }
            out.write_all(&key).unwrap();
            out.write_all(&value).unwrap();
            (count, bytes) = (count + 1, bytes + key.len() as u64 + value.len() as u64);
        }
    }
    out.flush().unwrap();
    drop(kv);
    std::fs::remove_dir_all(dir.join("archive")).unwrap();
    (count, bytes)
}

/// Mean, median and 99th percentile in microseconds.
fn times(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e6;
    let mean = times.iter().sum::<Duration>().as_secs_f64() * 1e6 / times.len() as f64;
    format!("{mean:.1} / {:.1} / {:.1}", at(0.5), at(0.99))
}

/// The key of a URL's block at a time.
fn block_key(url: &str, micros: u64) -> Vec<u8> {
    let mut key = surt::urlkey(url).into_bytes();
    key.push(0);
    key.extend_from_slice(&(micros ^ (1 << 63)).to_be_bytes());
    key
}

fn bounds(url: &str) -> (Vec<u8>, Vec<u8>) {
    let from = [surt::urlkey(url).as_bytes(), &[0]].concat();
    let to = [surt::urlkey(url).as_bytes(), &[1]].concat();
    (from, to)
}

/// Measures one engine, and prints its line of the table.
fn measure(name: &str, rows: &Path, dir: &Path, captures: u64, urls: u64, cache: u64) {
    let (_, open) = ENGINES.iter().find(|(engine, _)| *engine == name).unwrap();
    let (begun, cpu_before) = (Instant::now(), cpu());
    let mut engine: Box<dyn Engine> = open(dir, cache);
    engine.load(&mut Rows::open(rows));
    let (wall, processor) = (begun.elapsed().as_secs_f64(), cpu() - cpu_before);
    let (_, peak) = memory();
    let bytes = disk_bytes(dir);
    drop(engine);
    let reopened = Instant::now();
    let mut engine = open(dir, cache);
    let reopened = reopened.elapsed();
    let closed_bytes = disk_bytes(dir);
    let mut line = format!(
        "| {name} | {wall:.1} | {processor:.1} | {peak} | {} | {} | {:.0} |",
        bytes >> 20,
        closed_bytes >> 20,
        reopened.as_secs_f64() * 1e3
    );
    let (mut all, mut near, mut found) = (Vec::new(), Vec::new(), 0);
    for pass in 0..2 {
        (all, near) = (Vec::new(), Vec::new());
        for n in 0..QUERIES {
            let of = if n % 10 == 0 { urls + n } else { mixed(n) % urls };
            let (from, to) = bounds(&url(of));
            let begun = Instant::now();
            found += engine.range(&from, &to);
            all.push(begun.elapsed());
        }
        for n in 0..QUERIES {
            let micros = 1_735_689_600_000_000 + mixed(n) % (captures * MICROS_APART);
            let url = url(mixed(n) % urls);
            let (from, to) = bounds(&url);
            let key = block_key(&url, micros);
            let begun = Instant::now();
            found += engine.beside(&key, &from, &to);
            near.push(begun.elapsed());
        }
        if pass == 0 {
            line.push_str(&format!(" {} |", times(std::mem::take(&mut all))));
            line.push_str(&format!(" {} |", times(std::mem::take(&mut near))));
        }
    }
    line.push_str(&format!(" {} | {} |", times(all), times(near)));
    // Small batches, each durable when it returns.
    let mut commits = Vec::new();
    for n in 0..BATCHES {
        let batch: Vec<(Vec<u8>, Vec<u8>)> = (0..BATCH_ROWS as u64)
            .map(|row| {
                let date = 1_800_000_000_000_000 + n * 1_000 + row;
                (block_key(&url(mixed(n * 64 + row) % urls), date), vec![b'x'; 120])
            })
            .collect();
        let begun = Instant::now();
        engine.commit(&batch);
        commits.push(begun.elapsed());
    }
    line.push_str(&format!(" {} |", times(commits)));
    println!("{line}");
    assert!(found > 0);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, name, rows, dir, numbers @ ..] = arguments.as_slice()
        && flag == "--engine"
    {
        let numbers: Vec<u64> = numbers.iter().map(|number| number.parse().unwrap()).collect();
        measure(name, rows.as_ref(), dir.as_ref(), numbers[0], numbers[1], numbers[2]);
        return;
    }
    let numbers: Vec<u64> = arguments.iter().filter_map(|number| number.parse().ok()).collect();
    let captures = numbers.first().copied().unwrap_or(5_000_000);
    let urls = numbers.get(1).copied().unwrap_or(900_000);
    let cache = numbers.get(2).copied().unwrap_or(256) << 20;
    let dir = tempfile::tempdir().unwrap();
    let rows = dir.path().join("rows");
    let (count, bytes) = make(dir.path(), captures, urls, &rows);
    println!(
        "{captures} captures of {urls} URLs: {count} keys, {} MiB of keys and values; cache {} MiB\n",
        bytes >> 20,
        cache >> 20
    );
    println!(
        "| engine | load s | CPU s | peak MiB | MiB on disk | MiB reopened | open ms | all of a URL, cold µs (mean / p50 / p99) | beside a time, cold | all of a URL, warm | beside a time, warm | durable batch of {BATCH_ROWS} |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (name, _) in ENGINES {
        let own = dir.path().join(name);
        std::fs::create_dir(&own).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--engine").arg(name).arg(&rows).arg(&own);
        for number in [captures, urls, cache] {
            command.arg(number.to_string());
        }
        assert!(command.status().unwrap().success(), "{name}");
        std::fs::remove_dir_all(&own).unwrap();
    }
}
