//! Captures that are made from their numbers, and loading them into an index.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pressmark::archive::{Capture, FileMark, Follower, RecordId, RecordKind, Seen};
use pressmark::base::{DigestAlgorithm, Timestamp, surt};
use pressmark::index::Index;
use pressmark::store::{Layout, SortedCaptures};

/// The length of each WARC file, of which only the name and the length are needed.
pub const FILE_BYTES: u64 = 1 << 30;

/// The WARC files of this many captures.
pub fn files(captures: u64) -> Vec<Arc<str>> {
    (0..captures.div_ceil(20_000)).map(|n| format!("made-{n:05}.warc.gz").into()).collect()
}

/// How many microseconds lie between two captures: five million in a year.
pub const MICROS_APART: u64 = 6_307_000;

/// Resident memory now and at its highest, in MiB.
pub fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    (field("VmRSS:").unwrap_or(0) / 1024, field("VmHWM:").unwrap_or(0) / 1024)
}

/// CPU seconds of this process.
pub fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// A number that does not resemble its neighbours (splitmix64).
pub fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The URL of this number: some two thousand hosts, sections, dates and slugs, 80 bytes on average.
pub fn url(n: u64) -> String {
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
pub fn capture(n: u64, urls: u64, files: &[Arc<str>]) -> Capture {
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
        date: Timestamp::from_unix_micros(1_735_689_600_000_000 + (n * MICROS_APART) as i64),
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

/// How long a load took: in all, until the last row was sorted, and of both the making of captures.
pub struct Load {
    pub wall: Duration,
    pub rows: Duration,
    pub making: Duration,
}

/// Puts this many captures into an index by one sort.
pub fn load(layout: &Layout, index: &Index, captures: u64, urls: u64) -> Load {
    let files = files(captures);
    let begun = Instant::now();
    let mut making = Duration::ZERO;
    let mut sorted = SortedCaptures::new(layout);
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
        let (file, sealed_size) = (Arc::clone(file), Some(FILE_BYTES));
        let mark = FileMark { file, indexed_to: FILE_BYTES, sealed_size };
        sorted.commit(&mark).expect("a mark");
    }
    let rows = begun.elapsed();
    sorted.load(index).expect("the load");
    index.flush().expect("the flush");
    Load { wall: begun.elapsed(), rows, making }
}
