//! How long answers from stored readings take in an archive of a million captures: by the binary as a person
//! runs it, and first pages of answers for many readers at once, inside the process that has the index and
//! by its socket beside a crawl.
//!
//! `cargo bench --bench readings [-- --captures N] [--versions N] [--pages N] [--dir DIR]`. The archive is made
//! from a seed, and with `--dir` used again where it is there. Times in milliseconds.

#[path = "readings/archive.rs"]
mod archive;
#[path = "readings/site.rs"]
mod site;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use archive::{Chance, SPEAKER, Size, URL, address};
use pressmark::archive::Query;
use pressmark::base::TimeRange;
use pressmark::history::PageReader;
use pressmark::history::changes::{ChangeFilter, changes};
use pressmark::readings::{DERIVED_BYTES_MAX, Readings};
use pressmark::store::{Layout, Reader};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The first page of an answer has this many lines.
const PAGE: usize = 100;
const READERS: usize = 16;
/// Each reader sends three requests and waits this long.
const REST: Duration = Duration::from_millis(300);
const PAGES_A_SECOND: usize = 50;
const CRAWL_SECONDS: usize = 30;

fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn at(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let place = ((sorted.len().max(1) - 1) as f64 * share).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

fn table(name: &str, times: &mut [f64]) -> std::io::Result<()> {
    times.sort_by(f64::total_cmp);
    let (median, most) = (at(times, 0.5), at(times, 0.99));
    say(&format!("{name:<44} {:>7} {median:>10.2} {most:>10.2}", times.len()))
}

fn command(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pressmark"));
    command.args(["--quiet", "--archive", &root.to_string_lossy()]).args(args);
    command.stdout(Stdio::null());
    command
}

fn run(root: &Path, name: &str, rounds: usize, args: &[&str]) -> Result<(), Failed> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        let status = command(root, args).status()?;
        times.push(millis(start.elapsed()));
        if !status.success() {
            return Err(format!("{name}: {status}").into());
        }
    }
    Ok(table(name, &mut times)?)
}

/// What many readers measured: history, captures, changes.
type Times = [Vec<f64>; 3];

/// Asks for the first pages of answers until `stop`.
fn reads(root: &Path, pages: usize, seed: u64, stop: &AtomicBool) -> Result<Times, Failed> {
    let (reader, _) = Reader::open(root, 8 << 20)?;
    reads_from(&reader, root, pages, seed, stop)
}

fn reads_from(
    reader: &Reader,
    root: &Path,
    pages: usize,
    seed: u64,
    stop: &AtomicBool,
) -> Result<Times, Failed> {
    let readings = Readings::open(&Layout::new(root).derived_dir(), DERIVED_BYTES_MAX);
    let mut chance = Chance(seed);
    let mut times = Times::default();
    std::thread::sleep(REST * u32::try_from(seed % 16)? / 16);
    while !stop.load(Ordering::Relaxed) {
        let url = address(chance.below(pages));
        let start = Instant::now();
        let mut page_reader = PageReader::cached(reader, &readings);
        let found = page_reader.rows(&url, TimeRange::ALL)?.take(PAGE).count();
        times[0].push(millis(start.elapsed()));
        let start = Instant::now();
        let captures = reader.query(&Query::exactly(&url)).take(PAGE).count();
        times[1].push(millis(start.elapsed()));
        let start = Instant::now();
        let mut page_reader = PageReader::cached(reader, &readings);
        let newest =
            changes(&mut page_reader, &ChangeFilter::default(), &mut |_| {})?.take(PAGE).count();
        times[2].push(millis(start.elapsed()));
        if found == 0 || captures == 0 || newest != PAGE.min(2 * pages) {
            return Err(format!("{found} versions, {captures} captures, {newest} changes").into());
        }
        std::thread::sleep(REST);
    }
    Ok(times)
}

fn tell(name: &str, all: Vec<Result<Times, Failed>>) -> Result<(), Failed> {
    let mut sums = Times::default();
    for times in all {
        for (sum, own) in sums.iter_mut().zip(times?) {
            sum.extend(own);
        }
    }
    for (question, times) in ["history", "captures", "changes"].iter().zip(&mut sums) {
        table(&format!("{name}: {question}"), times)?;
    }
    Ok(())
}

fn many(
    name: &str,
    stop: &AtomicBool,
    wait: impl FnOnce() -> Result<(), Failed>,
    read: impl Fn(u64) -> Result<Times, Failed> + Sync,
) -> Result<(), Failed> {
    let all = std::thread::scope(|scope| {
        let read = &read;
        let readers: Vec<_> = (0..READERS as u64).map(|n| scope.spawn(move || read(n))).collect();
        let waited = wait();
        stop.store(true, Ordering::Relaxed);
        let all: Vec<_> = readers
            .into_iter()
            .map(|reader| reader.join().unwrap_or_else(|_| Err("a reader broke".into())))
            .collect();
        waited.map(|()| all)
    })?;
    tell(name, all)
}

fn crawl(root: &Path, urls: &[String], rate: Option<usize>) -> std::io::Result<Child> {
    let mut command = command(root, &["crawl", "--allow-private"]);
    command.args(["--set", "politeness.delay_min=0s", "--set", "politeness.delay_factor=0"]);
    command.args(["--set", "politeness.address_delay_min=0s"]);
    if let Some(rate) = rate {
        command.args(["--set", &format!("politeness.requests_per_second_max={rate}")]);
    }
    command.args(urls).stderr(Stdio::null()).spawn()
}

fn crawled(root: &Path, urls: &[String], rate: Option<usize>) -> Result<f64, Failed> {
    let start = Instant::now();
    let status = crawl(root, urls, rate)?.wait()?;
    if !status.success() {
        return Err(format!("the crawl: {status}").into());
    }
    #[expect(clippy::cast_precision_loss)]
    Ok(urls.len() as f64 / start.elapsed().as_secs_f64())
}

fn bytes_per_version(root: &Path, size: Size) -> Result<(), Failed> {
    let readings = Readings::open(&Layout::new(root).derived_dir(), DERIVED_BYTES_MAX);
    let bytes = readings.bytes().ok_or("no store")?;
    let versions = size.versions + 3 * size.pages;
    say(&format!(
        "the store: {} MB, {} bytes a version of {versions} ({} of 1,000 words, the others of 170)",
        bytes / 1_000_000,
        bytes / versions.max(1) as u64,
        size.versions
    ))?;
    Ok(())
}

fn main() -> Result<(), Failed> {
    let args: Vec<String> = std::env::args().collect();
    let after = |name: &str| args.iter().skip_while(|arg| *arg != name).nth(1);
    let number = |name: &str, default: usize| {
        after(name).and_then(|value| value.parse().ok()).unwrap_or(default)
    };
    let size = Size {
        captures: number("--captures", 1_000_000),
        versions: number("--versions", 10_000),
        pages: number("--pages", 30_000),
    };
    let temporary = tempfile::tempdir()?;
    let root: PathBuf = after("--dir").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    say(&format!("{size:?}\n{:<44} {:>7} {:>10} {:>10}", "", "times", "median", "99 %"))?;
    if !root.join("warc").exists() {
        archive::make(&root, size)?;
        run(&root, "index, from the WARC files", 1, &["captures", URL, "--limit", "1"])?;
        run(&root, "changes, nothing derived yet", 1, &["changes", "--limit", "1"])?;
        run(&root, "quotes, speakers not known yet", 1, &["quotes", "--speaker", SPEAKER])?;
    }
    bytes_per_version(&root, size)?;
    let url = address(size.pages / 2);
    run(
        &root,
        "open (captures --limit 1), process and all",
        9,
        &["captures", &url, "--limit", "1"],
    )?;
    run(&root, "changes --limit 100", 9, &["changes", "--limit", "100", "--format", "json"])?;
    run(&root, "quotes --speaker", 9, &["quotes", "--speaker", SPEAKER, "--format", "json"])?;
    run(&root, "history, many versions", 5, &["history", URL, "--format", "json"])?;
    let half = ["history", URL, "--from", "20231120", "--format", "json"];
    run(&root, "history --from, many versions", 3, &half)?;
    let mut times = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        let (reader, _) = Reader::open(&root, 8 << 20)?;
        times.push(millis(start.elapsed()));
        drop(reader);
    }
    table("open, in a process", &mut times)?;

    let stop = AtomicBool::new(false);
    let (reader, _) = Reader::open(&root, 8 << 20)?;
    let wait = || {
        std::thread::sleep(Duration::from_secs(10));
        Ok(())
    };
    many("inside the owner, 16 readers", &stop, wait, |seed| {
        reads_from(&reader, &root, size.pages, seed, &stop)
    })?;
    drop(reader);

    let port = site::start()?.port();
    let count = PAGES_A_SECOND * CRAWL_SECONDS;
    let urls: Vec<String> =
        (0..count).map(|n| format!("http://127.0.1.{}:{port}/{n}", 1 + n % 100)).collect();
    let rate = Some(PAGES_A_SECOND);
    say(&format!("crawl, first: {:.1} pages/s", crawled(&root, &urls, None)?))?;
    say(&format!("crawl at {PAGES_A_SECOND} a second: {:.1}", crawled(&root, &urls, rate)?))?;
    say(&format!("crawl as fast as it can: {:.1}", crawled(&root, &urls, None)?))?;
    for rate in [rate, None] {
        let stop = AtomicBool::new(false);
        let mut speed = 0.0;
        let child = crawl(&root, &urls, rate)?;
        // It has the index by then.
        std::thread::sleep(Duration::from_millis(1500));
        let wait = || {
            let start = Instant::now();
            let mut child = child;
            child.wait()?;
            #[expect(clippy::cast_precision_loss)]
            let of = count as f64 / (start.elapsed().as_secs_f64() + 1.5);
            speed = of;
            Ok(())
        };
        let name = match rate {
            Some(_) => "by the socket, crawl at 50 a second",
            None => "by the socket, crawl as fast as it can",
        };
        many(name, &stop, wait, |seed| reads(&root, size.pages, seed, &stop))?;
        say(&format!("  the crawl beside them: {speed:.1} pages/s"))?;
    }
    Ok(())
}
