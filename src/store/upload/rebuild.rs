//! The ledger made again from the objects: a listing says what is there, and each object its SHA-256.

use std::collections::HashSet;
use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::archive::{ObjectError, ObjectErrorKind, ObjectInfo, Objects};
use crate::base::Timestamp;

use super::prefix::{Holder, PrefixError, holder, refuse_unknown};
use crate::store::Layout;
use crate::store::bucket::{Entry, State, is_place};

/// How many objects are asked for at once: each answer is short, and the way to it long.
const ASKING: usize = 16;

/// Why the ledger could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The storage did not answer.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The prefix is not this archive's.
    #[error(transparent)]
    Prefix(PrefixError),
    /// It could not be written.
    #[error("writing the list of objects: {0}")]
    Disk(#[from] io::Error),
}

impl From<PrefixError> for RebuildError {
    fn from(why: PrefixError) -> Self {
        match why {
            PrefixError::Objects(why) => Self::Objects(why),
            PrefixError::Disk(why) => Self::Disk(why),
            why => Self::Prefix(why),
        }
    }
}

/// What is now in the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Files whose objects are there.
    pub there: usize,
    /// Files that are only in the storage that the ledger was about before.
    pub elsewhere: Vec<String>,
}

/// Whether the ledger is missing, or is about another storage than `objects`; which one, where there is one.
///
/// # Errors
/// When it cannot be read.
pub fn is_outdated(objects: &dyn Objects, layout: &Layout) -> io::Result<Option<Option<String>>> {
    if !layout.ledger().exists() {
        return Ok(Some(None));
    }
    let before = layout.ledger().place()?.map(|(place, _)| place);
    Ok(before.filter(|before| before != objects.place()).map(Some))
}

/// Makes the ledger from the objects that are there. A file whose object is there counts as sent and not
/// as read back. An object that is no WARC file of an archive is passed over. Files that the old ledger knows and that
/// are neither here nor there stay in it: they are missing, and `verify` says so.
///
/// # Errors
/// When the storage does not answer, it is another archive's, or the ledger cannot be written; the old one stays then.
pub fn rebuild(
    objects: &dyn Objects,
    layout: &Layout,
    now: Timestamp,
) -> Result<Rebuilt, RebuildError> {
    let holder = holder(objects, layout)?;
    let mut found: Vec<ObjectInfo> = Vec::new();
    objects.list("", &mut |object| {
        if is_place(&object.key) {
            found.push(object);
        }
        ControlFlow::Continue(())
    })?;
    if holder == Holder::Nobody {
        let files = found.iter().map(|object| &*object.key);
        refuse_unknown(layout, objects.place(), files)?;
    }
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
            place: None,
        })
        .collect();
    let there = entries.len();
    let known: HashSet<String> = entries.iter().map(|entry| entry.file.clone()).collect();
    let is_missing = |entry: &Entry| {
        let is_here = layout.root().join(&entry.file).exists();
        entry.is_there() && !is_here && !known.contains(&entry.file)
    };
    let missing: Vec<Entry> = layout.ledger().all()?.into_iter().filter(is_missing).collect();
    let elsewhere = missing.iter().map(|entry| entry.file.clone()).collect();
    entries.extend(missing);
    // Written in one step, so that it is never partial; and also where there are no objects, so that they are
    // listed only once.
    let is_claimed = holder == Holder::Own;
    entries.insert(0, Entry::of_place(objects.place(), is_claimed, now.to_warc_date()));
    layout.ledger().replace(&entries)?;
    Ok(Rebuilt { there, elsewhere })
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
