//! One file read by several threads, with the records of a single reader.
//!
//! Where a member begins is only known by unpacking what is before it, and what looks like one may be in
//! a page. So each thread begins at a guess, the first member with a record after its share of the
//! file begins, and the guess is proven afterwards: the thread before it must arrive at exactly that
//! offset. Where it does not, what was read from the guess on is discarded, and its share is read
//! again from where the thread before arrived.
//!
//! ```text
//!  thread 0 ├──members──┤→ arrives at a member ─┐ the same offset: proven
//!  thread 1             ├← guess, ──members─────┤→ …
//! ```
//!
//! With [`ReadOptions::skip_by_length`](super::ReadOptions) the threads skip by the lengths that members state; that is
//! sound for the files that it is sound for with one thread, since the proof is the same.

use std::io::Read;

use super::input::{InputBytes, InputFile};
use super::reader::{MEMBER_PER_RECORD, ReadError, RecordReader, WarcReader};
use crate::base::Finding;

/// The shortest file that is worth a second thread, in bytes.
const PARTED_BYTES_MIN: u64 = 4 * 1024 * 1024;

/// How many findings of a part are held until its beginning is proven; then reading waits for that.
const HELD_FINDINGS_MAX: usize = 10_000;

/// What is done with the records of a part.
pub trait PartWork: Send {
    /// Takes in the next record, to its end; what is found in it goes to `found`.
    fn record<R: Read + Send>(
        &mut self,
        record: RecordReader<'_, R>,
        found: &mut dyn FnMut(Finding),
    );

    /// Is called after each record, and at the end.
    fn after<R: Read>(&mut self, _reader: &WarcReader<R>, _found: &mut dyn FnMut(Finding)) {}

    /// Whether it has failed, and wants no more records.
    fn has_failed(&self) -> bool {
        false
    }

    /// Whether it can follow on another. Where it cannot, the one before is given its records.
    fn is_joinable(&self) -> bool {
        true
    }
}

/// A part that was read.
struct Part<W> {
    /// Where its first record begins, where one does.
    start: Option<u64>,
    stopped: Stopped,
    work: W,
    reader: Option<WarcReader<InputBytes>>,
    findings: Vec<Finding>,
}

/// Where reading stopped.
enum Stopped {
    /// Before the record at this offset, which is of the next part.
    At(u64),
    /// Between two records, since enough findings are held.
    Full,
    /// At the end of the file.
    End,
    /// Here the file cannot be read.
    Failed(ReadError),
}

/// Reads the records of a file in at most `threads` parts at once. `new` makes what takes the records of
/// a part, the first of the file or a later one. The parts come back in the order of the file, and
/// together have had every record once; `found` is handed what was found, in that order.
///
/// An input that cannot seek, a file that is not packed, or a short one is read by one thread.
pub fn read_in_parts<W: PartWork>(
    file: InputFile,
    threads: usize,
    new: &(dyn Fn(bool) -> W + Sync),
    found: &mut dyn FnMut(Finding),
) -> (Vec<W>, Option<ReadError>) {
    let length = file.length().unwrap_or(0);
    let shares = u64::try_from(threads).unwrap_or(1).min(length / PARTED_BYTES_MIN).max(1);
    let readers: Vec<_> = (1..shares).map_while(|_| file.again()).collect();
    let bound = |share: u64| if share >= shares { u64::MAX } else { length / shares * share };
    let first = file.records;
    let mut is_noted = false;
    let mut found = |finding: Finding| {
        // Each reader reports it once, and there are several.
        if finding.rule != MEMBER_PER_RECORD || !std::mem::replace(&mut is_noted, true) {
            found(finding);
        }
    };
    let nothing = || Part {
        start: None,
        stopped: Stopped::End,
        work: new(false),
        reader: None,
        findings: Vec::new(),
    };
    let parts: Vec<Part<W>> = std::thread::scope(|scope| {
        let later: Vec<_> = readers
            .into_iter()
            .zip(1u64..)
            .map(|(mut reader, share)| {
                scope.spawn(move || match reader.seek_record(bound(share)) {
                    Ok(Some(start)) if start < bound(share + 1) => {
                        let mut findings = Vec::new();
                        let end = bound(share + 1);
                        let part = read_part(reader, end, new(false), &mut findings, None);
                        Part { start: Some(start), findings, ..part }
                    }
                    // Nothing begins in this share, or the file is not packed.
                    _ => Part { reader: Some(reader), ..nothing() },
                })
            })
            .collect();
        let own = read_part(first, bound(1), new(true), &mut Vec::new(), Some(&mut found));
        // A thread that panicked has read nothing: its share is read again.
        let later = later.into_iter().map(|thread| thread.join().unwrap_or_else(|_| nothing()));
        std::iter::once(own).chain(later).collect()
    });
    join(parts, &bound, new, &mut found)
}

/// Keeps the parts whose beginnings are proven, and reads the others again.
fn join<W: PartWork>(
    parts: Vec<Part<W>>,
    bound: &dyn Fn(u64) -> u64,
    new: &(dyn Fn(bool) -> W + Sync),
    found: &mut dyn FnMut(Finding),
) -> (Vec<W>, Option<ReadError>) {
    let mut works: Vec<W> = Vec::with_capacity(parts.len());
    let mut spare = None;
    let mut reached = Some(0);
    for (share, mut part) in (1u64..).zip(parts) {
        let Some(at) = reached else { break };
        if share == 1 || part.start == Some(at) && part.work.is_joinable() {
            part.findings.drain(..).for_each(&mut *found);
        } else if at >= bound(share) {
            // The part before went through all of this share.
            continue;
        } else {
            let Some(mut reader) = part.reader.or(spare.take()) else { break };
            if let Err(error) = reader.go_to_record(at) {
                return (works, Some(error));
            }
            // What went before continues.
            let work = works.pop().unwrap_or_else(|| new(false));
            part = read_part(reader, bound(share), work, &mut Vec::new(), Some(&mut *found));
        }
        if matches!(part.stopped, Stopped::Full)
            && let Some(reader) = part.reader.take()
        {
            part = read_part(reader, bound(share), part.work, &mut Vec::new(), Some(&mut *found));
        }
        let has_failed = part.work.has_failed();
        works.push(part.work);
        spare = part.reader;
        reached = match part.stopped {
            Stopped::At(next) if !has_failed => Some(next),
            Stopped::Failed(error) => return (works, Some(error)),
            Stopped::At(_) | Stopped::End | Stopped::Full => None,
        };
    }
    (works, None)
}

/// Reads records until one begins at or after `end`. What is found is handed on where that can be, and
/// else held.
fn read_part<W: PartWork>(
    mut reader: WarcReader<InputBytes>,
    end: u64,
    mut work: W,
    held: &mut Vec<Finding>,
    mut found: Option<&mut dyn FnMut(Finding)>,
) -> Part<W> {
    let mut tell = |finding: Finding, held: &mut Vec<Finding>| match &mut found {
        Some(found) => found(finding),
        None => held.push(finding),
    };
    let stopped = loop {
        if held.len() >= HELD_FINDINGS_MAX {
            break Stopped::Full;
        }
        let stopped = match reader.next_record() {
            Ok(Some(record)) if record.offset() >= end => Some(Stopped::At(record.offset())),
            Ok(Some(record)) => {
                work.record(record, &mut |finding| tell(finding, held));
                work.has_failed().then_some(Stopped::End)
            }
            Ok(None) => Some(Stopped::End),
            Err(why) => Some(Stopped::Failed(why)),
        };
        let mut findings = reader.take_findings();
        // What was found of the record that comes next is reported by the part that it belongs to.
        if let Some(Stopped::At(next)) = stopped {
            findings.retain(|finding| finding.offset.is_none_or(|at| at < next));
        } else {
            work.after(&reader, &mut |finding| tell(finding, held));
        }
        findings.into_iter().for_each(|finding| tell(finding, held));
        if let Some(stopped) = stopped {
            break stopped;
        }
    };
    Part { start: None, stopped, work, reader: Some(reader), findings: Vec::new() }
}
