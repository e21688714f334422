//! One file read by several threads, with the records of a single reader.
//!
//! Where a member begins is only known by unpacking what is before it, and what looks like one may lie in
//! a page. So each thread begins at a guess, the first member with a record after its share of the
//! file begins, and the guess is proven afterwards: the thread before it must arrive at exactly that
//! offset. Where it does not, what was read from the guess on is thrown away, and its share is read
//! again from where the thread before arrived.
//!
//! ```text
//!  thread 0 ├──members──┤→ arrives at a member ─┐ the same offset: proven
//!  thread 1             ├← guess, ──members─────┤→ …
//! ```

use std::io::Read;

use super::input::{InputBytes, InputFile};
use super::reader::{ReadError, RecordReader, WarcReader};
use crate::base::Finding;

/// The shortest file that is worth a second thread, in bytes.
const PARTED_BYTES_MIN: u64 = 4 * 1024 * 1024;

/// What is done with the records of a part.
pub trait PartWork: Send {
    /// Takes in the next record, to its end.
    fn record<R: Read>(&mut self, record: RecordReader<'_, R>);

    /// Is called after each record.
    fn after<R: Read>(&mut self, reader: &WarcReader<R>);

    /// Takes in what the reader found.
    fn findings(&mut self, findings: Vec<Finding>);
}

/// A part that was read.
struct Part<W> {
    /// Where its first record begins.
    start: Option<u64>,
    /// Where the record begins that comes after its last; none at the end of the file.
    reached: Option<u64>,
    work: W,
    /// Why reading stopped early.
    error: Option<ReadError>,
}

/// Reads the records of a file in at most `threads` parts at once. `new` makes what takes the records of
/// a part, the first or a later one. The parts come back in the order of the file, and together have
/// had every record once.
///
/// A file that cannot be read at any offset, is not packed, or is short, is read in one part.
pub(super) fn read_in_parts<W: PartWork>(
    file: InputFile,
    threads: usize,
    new: &(dyn Fn(bool) -> W + Sync),
) -> (Vec<W>, Option<ReadError>) {
    let length = file.length().unwrap_or(0);
    let shares = u64::try_from(threads).unwrap_or(1).min(length / PARTED_BYTES_MIN).max(1);
    let mut readers: Vec<_> = (1..shares).map_while(|_| file.again()).collect();
    let mut again = file.again();
    let bound = |share: u64| if share >= shares { u64::MAX } else { length / shares * share };
    let first = file.records;
    let parts: Vec<Part<W>> = std::thread::scope(|scope| {
        let later: Vec<_> = readers
            .drain(..)
            .zip(1u64..)
            .map(|(mut reader, share)| {
                scope.spawn(move || {
                    let start = reader.seek_record(bound(share));
                    let work = new(false);
                    match start {
                        Ok(Some(start)) if start < bound(share + 1) => {
                            read_part(reader, Some(start), bound(share + 1), work)
                        }
                        // Nothing begins in this share, or it is no packed file.
                        _ => Part { start: None, reached: None, work, error: None },
                    }
                })
            })
            .collect();
        let own = read_part(first, Some(0), bound(1), new(true));
        // A thread that panicked has read nothing: its share is read again.
        let nothing = || Part { start: None, reached: None, work: new(false), error: None };
        let later = later.into_iter().map(|thread| thread.join().unwrap_or_else(|_| nothing()));
        std::iter::once(own).chain(later).collect()
    });
    join(parts, &bound, &mut again, new)
}

/// Keeps the parts whose beginnings are proven, and reads the others again.
fn join<W: PartWork>(
    parts: Vec<Part<W>>,
    bound: &dyn Fn(u64) -> u64,
    again: &mut Option<WarcReader<InputBytes>>,
    new: &(dyn Fn(bool) -> W + Sync),
) -> (Vec<W>, Option<ReadError>) {
    let mut works = Vec::with_capacity(parts.len());
    let mut reached = Some(0);
    for (share, part) in (1u64..).zip(parts) {
        let Some(at) = reached else { break };
        let part = if share == 1 || part.start == Some(at) {
            part
        } else if at >= bound(share) {
            // The part before went through all of this share.
            continue;
        } else {
            let Some(mut reader) = again.take() else { break };
            match reader.go_to_record(at) {
                Ok(()) => read_part(reader, Some(at), u64::MAX, new(false)),
                Err(error) => return (works, Some(error)),
            }
        };
        works.push(part.work);
        if part.error.is_some() {
            return (works, part.error);
        }
        reached = part.reached;
    }
    (works, None)
}

/// Reads records until one begins at or after `end`.
fn read_part<W: PartWork>(
    mut reader: WarcReader<InputBytes>,
    start: Option<u64>,
    end: u64,
    mut work: W,
) -> Part<W> {
    let mut reached = None;
    let mut error = None;
    loop {
        match reader.next_record() {
            Ok(Some(record)) if record.offset() >= end => {
                reached = Some(record.offset());
                break;
            }
            Ok(Some(record)) => work.record(record),
            Ok(None) => break,
            Err(why) => {
                error = Some(why);
                break;
            }
        }
        work.after(&reader);
        work.findings(reader.take_findings());
    }
    // What was found of the record that comes next is told by the part that it belongs to.
    let mut last = reader.take_findings();
    last.retain(|finding| match (finding.offset, reached) {
        (Some(at), Some(next)) => at < next,
        _ => true,
    });
    work.findings(last);
    Part { start, reached, work, error }
}
