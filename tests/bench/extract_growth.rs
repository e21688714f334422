//! How the time of extraction grows with hostile documents, and which are the dearest.
//!
//!     cargo bench --bench extract_growth [-- --sizes 16,64,256] [--only WORDS] [--top 25]
//!
//! Over a thousand documents (`extract_growth/documents.rs`), each at three sizes in KiB, one larger
//! than the other. Printed are the dearest by time a byte at the largest size, and those whose time
//! grows fastest: the exponent is 1 where time grows with the size and 2 where it grows with its
//! square, taken between the two largest sizes. Times are CPU time of the thread where Linux tells it
//! (`/proc/thread-self/schedstat`), else wall time, the least of some runs.
//! Documents that take under 2 ms at the largest size are in the sum but in no list.

use std::time::{Duration, Instant};

use pressmark::extract::{Hints, extract};

#[path = "extract_growth/documents.rs"]
mod documents;

struct Row {
    name: String,
    times: Vec<Duration>,
    bytes: Vec<usize>,
}

impl Row {
    fn exponent(&self) -> f64 {
        let [.., a, b] = self.times.as_slice() else { return 0.0 };
        let [.., small, large] = self.bytes.as_slice() else { return 0.0 };
        (b.as_secs_f64() / a.as_secs_f64().max(1e-9)).ln() / (*large as f64 / *small as f64).ln()
    }

    fn nanos_a_byte(&self) -> f64 {
        match (self.times.last(), self.bytes.last()) {
            (Some(time), Some(bytes)) => time.as_nanos() as f64 / (*bytes).max(1) as f64,
            _ => 0.0,
        }
    }

    fn print(&self) {
        let times: Vec<String> =
            self.times.iter().map(|t| format!("{:.1}", t.as_secs_f64() * 1000.0)).collect();
        println!(
            "{:>8.0} ns/B  exponent {:>5.2}  {} ms  {}",
            self.nanos_a_byte(),
            self.exponent(),
            times.join(" → "),
            self.name
        );
    }
}

/// How long this thread was on a CPU. The figure is brought up to date when the thread yields.
fn on_cpu() -> Option<Duration> {
    std::thread::yield_now();
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    line.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// The least of several runs, fewer for what takes long.
fn least(payload: &[u8], runs: u32) -> Duration {
    let mut least = Duration::MAX;
    let mut all = Duration::ZERO;
    for _ in 0..runs {
        let begun = (Instant::now(), on_cpu());
        std::hint::black_box(extract(payload, &Hints::default()));
        let spent = match (begun.1, on_cpu()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => begun.0.elapsed(),
        };
        least = least.min(spent);
        all += spent;
        if all > Duration::from_millis(400) {
            break;
        }
    }
    least
}

/// Measures a document at every size, and again with more runs where its time seems to grow fast.
fn row(document: &documents::Hostile, sizes: &[usize]) -> Row {
    let mut row = Row { name: document.name.clone(), times: Vec::new(), bytes: Vec::new() };
    let made: Vec<Vec<u8>> = sizes.iter().map(|size| document.of_size(size * 1024)).collect();
    row.bytes = made.iter().map(Vec::len).collect();
    row.times = made.iter().map(|payload| least(payload, 1)).collect();
    if row.exponent() > 1.25 {
        for (payload, time) in made.iter().zip(&mut row.times) {
            *time = least(payload, 5).min(*time);
        }
    }
    row
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sizes = vec![16, 64, 256];
    let mut only = String::new();
    let mut top = 25;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_default();
        match arg.as_str() {
            "--sizes" => {
                sizes = value().split(',').map(str::parse).collect::<Result<Vec<usize>, _>>()?;
            }
            "--only" => only = value(),
            "--top" => top = value().parse()?,
            _ => {}
        }
    }
    let mut rows = Vec::new();
    for document in documents::all().iter().filter(|d| d.name.contains(&only)) {
        rows.push(row(document, &sizes));
    }
    let bytes: usize = rows.iter().filter_map(|r| r.bytes.last()).sum();
    let time: Duration = rows.iter().filter_map(|r| r.times.last()).sum();
    println!("{} documents, sizes {sizes:?} KiB", rows.len());
    println!(
        "all at the largest size: {:.1} s for {:.1} MB, {:.0} ns/B on average",
        time.as_secs_f64(),
        bytes as f64 / 1e6,
        time.as_nanos() as f64 / bytes.max(1) as f64
    );
    let slow = |row: &&Row| row.times.last().is_some_and(|t| *t > Duration::from_millis(2));
    println!("\ndearest:");
    rows.sort_by(|a, b| b.nanos_a_byte().total_cmp(&a.nanos_a_byte()));
    rows.iter().filter(slow).take(top).for_each(Row::print);
    println!("\nfastest growing:");
    rows.sort_by(|a, b| b.exponent().total_cmp(&a.exponent()));
    rows.iter().filter(slow).take(top).for_each(Row::print);
    Ok(())
}
