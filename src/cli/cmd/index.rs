//! `index`

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::base::{DigestAlgorithm, Finding, Severity};
use crate::cli::args::{DigestArg, IndexArgs};
use crate::cli::output::Output;
use crate::cli::{CliError, Exit};
use crate::exchange::lines::{
    CDX11_HEADER, DigestChoice, Indexed, LineError, LineFormat, LineOptions, lines_of,
};
use crate::sorted::{SortOptions, Sorted, Sorter};
use crate::warc::{self, ReadOptions};

/// How much is printed at once.
const PIECE_BYTES: usize = 64 * 1024;
/// How many bytes of lines all threads together hold in memory, and as many again where they are
/// merged.
const SORT_BYTES: usize = 12 << 20;

/// Prints the index lines of files, sorted by their bytes.
///
/// # Errors
/// When no file can be read, a temporary file cannot be written, or stdout fails.
pub fn run(args: &IndexArgs, out: &Output) -> Result<Exit, CliError> {
    let options = LineOptions {
        format: if out.format_name() == "cdx" { LineFormat::Cdx11 } else { LineFormat::Cdxj },
        digest: match args.digest {
            DigestArg::Keep => DigestChoice::Keep,
            DigestArg::Sha1 => DigestChoice::Recompute(DigestAlgorithm::Sha1),
            DigestArg::Sha256 => DigestChoice::Recompute(DigestAlgorithm::Sha256),
        },
        ..LineOptions::default()
    };
    let format = options.format;
    let mut files = Vec::new();
    for file in &args.files {
        gather(file, &mut files)
            .map_err(|why| CliError::failed(&format!("listing {}", file.display()), why))?;
    }
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.jobs.map_or_else(cores, usize::from).max(1);
    let mut report = IndexReport { out, records: 0, unreadable: 0, findings: 0 };
    let sorted = read_all(&files, threads, options, &mut report)?;
    print(sorted, format, out)?;
    if report.unreadable > 0 && report.unreadable == files.len() {
        return Err(CliError::failed("indexing", "no file could be read"));
    }
    if report.records == 0 && report.findings + report.unreadable > 0 {
        return Err(CliError::failed("indexing", "no record could be read"));
    }
    let is_sound = report.findings == 0 && report.unreadable == 0;
    Ok(if is_sound { Exit::Done } else { Exit::Findings })
}

/// What a thread reports.
enum Event {
    /// Lines.
    Lines(Sorter),
    /// Something is wrong with a file.
    Found(Finding),
    /// A file was read.
    Done(Indexed),
    /// A file cannot be read.
    Failed(LineError),
}

struct IndexReport<'a> {
    out: &'a Output,
    records: u64,
    unreadable: usize,
    findings: usize,
}

impl IndexReport<'_> {
    fn finding(&mut self, finding: &Finding) {
        if finding.severity == Severity::Error {
            self.findings += 1;
            self.out.warn(&finding.to_string());
        } else {
            self.out.say(&finding.to_string());
        }
    }
}

/// How many threads read files, and how many read each of them: a file alone is read by all.
fn shared_out(threads: usize, files: usize) -> (usize, usize) {
    let readers = threads.min(files).max(1);
    (readers, (threads / readers).max(1))
}

/// Reads every file on one of the threads, or by several, and sorts what comes.
fn read_all(
    files: &[PathBuf],
    threads: usize,
    options: LineOptions,
    report: &mut IndexReport<'_>,
) -> Result<Sorted, CliError> {
    let spilling = |why: io::Error| CliError::failed("sorting index lines", why);
    let (readers, of_one) = shared_out(threads, files.len());
    let memory_bytes = SORT_BYTES / threads.max(1);
    let sort = SortOptions { memory_bytes, dir: None };
    let options = &LineOptions { threads: of_one, sort, ..options };
    let mut sorter = Sorter::new(SortOptions { memory_bytes: SORT_BYTES, dir: None });
    let next = AtomicUsize::new(0);
    let (sender, receiver) = sync_channel(1);
    // The receiver is taken into the scope, so that threads end when it goes.
    let receiver = Mutex::new(Some(receiver));
    std::thread::scope(|scope| {
        for _ in 0..readers {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let news = match read_one(file, options, &sender) {
                        Ok(done) => Event::Done(done),
                        Err(error) => Event::Failed(error),
                    };
                    if sender.send(news).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let receiver = receiver.lock().map_or(None, |mut held| held.take());
        for news in receiver.into_iter().flatten() {
            match news {
                Event::Lines(lines) => sorter.absorb(lines).map_err(spilling)?,
                Event::Found(finding) => report.finding(&finding),
                Event::Done(done) => report.records += done.records,
                Event::Failed(error) => {
                    report.unreadable += 1;
                    report.out.warn(&error.to_string());
                }
            }
        }
        sorter.finish().map_err(spilling)
    })
}

fn read_one(
    file: &Path,
    options: &LineOptions,
    sender: &SyncSender<Event>,
) -> Result<Indexed, LineError> {
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
    let mut input = warc::open(file, &ReadOptions::default())?;
    let mut done = Indexed::default();
    loop {
        let mut part = match input.next_file() {
            Ok(Some(part)) => part,
            Ok(None) => return Ok(done),
            // The next file of the package may be readable.
            Err(why) => {
                let finding = Finding::error(why.name(), None, "unreadable", why.to_string());
                drop(sender.send(Event::Found(finding)));
                continue;
            }
        };
        part.skip_where_ours();
        // A file in a package is called as its index calls it: without its folder.
        let inner = part.entry.as_deref().and_then(|path| path.rsplit('/').next());
        let name = inner.unwrap_or(&name).to_owned();
        let mut sink = |lines| sender.send(Event::Lines(lines)).map_err(gone);
        // If the receiver is gone, sending the next lines fails.
        let mut found = |finding| drop(sender.send(Event::Found(finding)));
        let part = lines_of(part, &name, options, &mut sink, &mut found)?;
        (done.records, done.lines) = (done.records + part.records, done.lines + part.lines);
    }
}

/// A file, or the files of a folder that hold records.
fn gather(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(path)? {
        entries.push(entry?.path());
    }
    entries.sort();
    for entry in entries {
        let name = entry.to_string_lossy().into_owned();
        let is_link = entry.symlink_metadata().is_ok_and(|kind| kind.is_symlink());
        if is_link {
            // A link may lead back up.
            continue;
        }
        let ends = [".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz", ".wacz"];
        if entry.is_dir() || ends.iter().any(|end| name.ends_with(end)) {
            gather(&entry, files)?;
        }
    }
    Ok(())
}

fn print(mut sorted: Sorted, format: LineFormat, out: &Output) -> Result<(), CliError> {
    let mut piece = String::with_capacity(PIECE_BYTES + 4096);
    if format == LineFormat::Cdx11 {
        piece.push_str(CDX11_HEADER);
        piece.push('\n');
    }
    loop {
        let row = sorted.next_row().map_err(|why| CliError::failed("sorting index lines", why))?;
        let is_last = row.is_none();
        if let Some(row) = row {
            piece.push_str(&String::from_utf8_lossy(row));
            piece.push('\n');
        }
        if is_last || piece.len() >= PIECE_BYTES {
            match format {
                LineFormat::Cdxj => out.json_piece(&piece)?,
                LineFormat::Cdx11 => out.text(&piece)?,
            }
            piece.clear();
        }
        if is_last {
            return Ok(());
        }
    }
}
