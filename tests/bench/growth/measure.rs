//! How time grows with size: what the benches of growth share.

use std::time::{Duration, Instant};

/// The work on an input, and the size of the input.
pub struct Work<'a> {
    /// The size of the input in bytes.
    pub bytes: usize,
    /// What is timed.
    pub run: Box<dyn FnMut() + 'a>,
    /// Further text of the row.
    pub note: &'static str,
}

/// What is measured, and how much of it is printed.
pub struct Args {
    /// Sizes in KiB, growing.
    pub sizes: Vec<usize>,
    /// Words that the names of the measured inputs contain.
    pub only: String,
    /// How many rows each list has.
    pub top: usize,
    /// An input that took longer than this at one size is not measured at a larger one.
    pub most: Duration,
}

impl Args {
    /// The arguments of the process: `--sizes 16,64,256 --only WORDS --top 25 --seconds 4`.
    pub fn read() -> Result<Self, Box<dyn std::error::Error>> {
        let (sizes, most) = (vec![16, 64, 256], Duration::from_secs(4));
        let mut read = Self { sizes, only: String::new(), top: 25, most };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().unwrap_or_default();
            match arg.as_str() {
                "--sizes" => {
                    read.sizes = value().split(',').map(str::parse).collect::<Result<_, _>>()?;
                }
                "--only" => read.only = value(),
                "--top" => read.top = value().parse()?,
                "--seconds" => read.most = Duration::from_secs_f64(value().parse()?),
                _ => {}
            }
        }
        Ok(read)
    }
}

/// One kind of input at every size.
pub struct Row {
    name: String,
    bytes: Vec<usize>,
    times: Vec<Duration>,
    note: &'static str,
}

impl Row {
    /// Measures it at every size; again, and more often, if its time seems to grow fast.
    pub fn measure<'a>(name: String, args: &Args, mut make: impl FnMut(usize) -> Work<'a>) -> Self {
        let mut row = Self { name, bytes: Vec::new(), times: Vec::new(), note: "" };
        for size in &args.sizes {
            let mut work = make(size * 1024);
            row.bytes.push(work.bytes);
            row.note = work.note;
            let time = least(&mut work.run, 3, Duration::from_millis(60));
            row.times.push(time);
            if time > args.most {
                return row;
            }
        }
        for _ in 0..2 {
            if row.exponent() < 1.12 || !row.is_slow() {
                break;
            }
            for (size, time) in args.sizes.iter().zip(&mut row.times) {
                *time = least(&mut make(size * 1024).run, 8, Duration::from_secs(1)).min(*time);
            }
        }
        row
    }

    /// The slope of the line through the logarithms of sizes and times.
    fn exponent(&self) -> f64 {
        let points: Vec<(f64, f64)> = self
            .bytes
            .iter()
            .zip(&self.times)
            .map(|(bytes, time)| ((*bytes as f64).ln(), time.as_secs_f64().max(1e-6).ln()))
            .collect();
        let count = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (x, y) = (mean(|p| p.0), mean(|p| p.1));
        let above: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
        let below: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
        if below > 0.0 { above / below } else { 0.0 }
    }

    fn nanos_a_byte(&self) -> f64 {
        match (self.times.last(), self.bytes.last()) {
            (Some(time), Some(bytes)) => time.as_nanos() as f64 / (*bytes).max(1) as f64,
            _ => 0.0,
        }
    }

    /// Whether it takes long enough at the largest size for its growth to be meaningful.
    fn is_slow(&self) -> bool {
        self.times.last().is_some_and(|time| *time > Duration::from_millis(2))
    }

    fn print(&self) {
        let times: Vec<String> =
            self.times.iter().map(|t| format!("{:.1}", t.as_secs_f64() * 1000.0)).collect();
        println!(
            "{:>8.0} ns/B  exponent {:>5.2}  {} ms  {}{}",
            self.nanos_a_byte(),
            self.exponent(),
            times.join(" → "),
            self.name,
            self.note
        );
    }
}

/// Prints the sum of all rows, the most expensive, and the fastest growing.
pub fn print(mut rows: Vec<Row>, args: &Args) {
    let bytes: usize = rows.iter().filter_map(|row| row.bytes.last()).sum();
    let time: Duration = rows.iter().filter_map(|row| row.times.last()).sum();
    let whole = rows.iter().filter(|row| row.times.len() == args.sizes.len()).count();
    println!("{} rows, {whole} of them at every size; sizes {:?} KiB", rows.len(), args.sizes);
    println!(
        "all at the largest size: {:.1} s for {:.1} MB, {:.0} ns/B on average",
        time.as_secs_f64(),
        bytes as f64 / 1e6,
        time.as_nanos() as f64 / bytes.max(1) as f64
    );
    rows.retain(Row::is_slow);
    println!("\ndearest:");
    rows.sort_by(|a, b| b.nanos_a_byte().total_cmp(&a.nanos_a_byte()));
    rows.iter().take(args.top).for_each(Row::print);
    println!("\nfastest growing:");
    rows.sort_by(|a, b| b.exponent().total_cmp(&a.exponent()));
    rows.iter().take(args.top).for_each(Row::print);
}

/// How long this thread was on a CPU. The figure is updated when the thread yields.
fn on_cpu() -> Option<Duration> {
    std::thread::yield_now();
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    line.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// The minimum of several runs: at least two, since memory is cold in the first, unless one takes seconds.
fn least(work: &mut dyn FnMut(), runs: u32, enough: Duration) -> Duration {
    let mut least = Duration::MAX;
    let mut all = Duration::ZERO;
    for run in 0..runs {
        let begun = (Instant::now(), on_cpu());
        work();
        let spent = match (begun.1, on_cpu()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => begun.0.elapsed(),
        };
        least = least.min(spent);
        all += spent;
        if all > enough && (run > 0 || all > Duration::from_secs(1)) {
            break;
        }
    }
    least
}
