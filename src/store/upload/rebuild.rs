//! The ledger made again from the objects: a listing says what is there, and each object its SHA-256.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::archive::{ObjectError, ObjectErrorKind, ObjectInfo, Objects};
use crate::base::Timestamp;

use crate::store::bucket::{Entry, Ledger, State, is_place};

/// How many objects are asked for at once: each answer is short, and the way to it long.
const ASKING: usize = 16;

/// Why the ledger could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The storage did not answer.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// It could not be written.
    #[error("writing the list of objects: {0}")]
    Disk(#[from] io::Error),
}

/// Makes the ledger from the objects that are there; how many. A file whose object is there counts as sent and not
/// as read back. An object that is no WARC file of an archive is passed over.
///
/// # Errors
/// When the storage does not answer or the ledger cannot be written; there is none then.
pub fn rebuild(
    objects: &dyn Objects,
    ledger: &Ledger,
    now: Timestamp,
) -> Result<usize, RebuildError> {
    let mut found: Vec<ObjectInfo> = Vec::new();
    objects.list("", &mut |object| {
        if is_place(&object.key) {
            found.push(object);
        }
        ControlFlow::Continue(())
    })?;
    let mut entries: Vec<Entry> = heads(objects, &found)?
        .into_iter()
        .map(|object| Entry {
            file: object.key,
            state: State::Uploaded,
            bytes: object.bytes,
            sha256: object.sha256.filter(|text| is_sha256(text)),
            etag: object.etag,
            upload: None,
            at: now.to_warc_date(),
            why: None,
        })
        .collect();
    // Written in one step, so that it is never partial; and also where there are no objects, so that they are
    // listed only once.
    let count = entries.len();
    entries.push(super::trouble(None, now));
    ledger.put_all(&entries)?;
    Ok(count)
}

/// What is known of each of these objects, asked for by several threads. One that went meanwhile is left out.
fn heads(objects: &dyn Objects, listed: &[ObjectInfo]) -> Result<Vec<ObjectInfo>, ObjectError> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut heads = Vec::new();
        while let Some(object) = listed.get(next.fetch_add(1, Ordering::Relaxed)) {
            match objects.head(&object.key) {
                Ok(head) => heads.extend(head),
                Err(why) => {
                    // The others need not continue.
                    next.store(listed.len(), Ordering::Relaxed);
                    return Err(why);
                }
            }
        }
        Ok(heads)
    };
    let mut all = Vec::with_capacity(listed.len());
    let done: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..ASKING.min(listed.len())).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    for heads in done {
        let gone = || ObjectError::new(ObjectErrorKind::Other, "a request thread ended early");
        all.extend(heads.unwrap_or_else(|_| Err(gone()))?);
    }
    Ok(all)
}

/// Whether this is a SHA-256 in hexadecimal.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
