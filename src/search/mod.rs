//! Full text search over all versions of all pages: an index of words that follows the archive, queries,
//! and their results.
//!
//! In reading order: text as words (`fold`), parsed queries ([`query`]), the content of one version and whether a
//! query matches it ([`content`]); which stretches of a version are new (`passages`), the interface to the index
//! (`seam`) and its files (`index`), which pages it proposes ([`find`]), how it is updated (`follow`), where it is
//! (`place`), and the index of an archive ([`Search`]); saved searches ([`saved`]), and their reports (`hear`).
//!
//! The index proposes and the readings decide: it holds words and no text, finds every page that may match a
//! query, and each answer is checked against the kept text ([`crate::readings`]). It is derived and
//! may be deleted at any time. It does not read pages itself and produces no output.

pub mod content;
pub mod find;
mod fold;
mod follow;
mod hear;
pub mod index;
pub mod passages;
mod place;
pub mod query;
pub mod saved;
pub mod seam;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use crate::history::PageReader;
use crate::readings::derivation;
use crate::store::StoreError;

pub use follow::SearchError;
pub use hear::{Listener, SearchChange};
pub use index::{View, WRITER_BYTES_MIN};
pub use seam::IndexError;

use index::{Index, Writer};
use place::IndexPlace;
use seam::Marks;

/// The version of the layout of the index.
const LAYOUT: u32 = 1;

/// Up to this length, data beyond the marks is read for an answer.
const BEYOND_BYTES_MAX: u64 = 256 << 20;

/// The state of the code that splits texts into words: a hash of its sources without their comments.
const CODE: &str = env!("PRESSMARK_SEARCH");

/// The memory of a writer, unless a setting says otherwise.
pub const WRITER_BYTES: u64 = 64 << 20;

/// What brings the index up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Upkeep {
    /// The caller of a query, before the answer.
    #[default]
    Asked,
    /// A periodic task in this process, which also merges segments.
    Regular,
    /// Nothing: there is no index.
    Off,
}

/// How an index is kept.
#[derive(Debug, Clone, Copy)]
pub struct SearchOptions {
    /// The memory of a writer, in bytes.
    pub writer_bytes: u64,
    /// What brings it up to date.
    pub upkeep: Upkeep,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self { writer_bytes: WRITER_BYTES, upkeep: Upkeep::default() }
    }
}

/// The index of an archive. It is opened when it is first needed.
#[derive(Debug)]
pub struct Search {
    place: IndexPlace,
    options: SearchOptions,
    open: Mutex<Option<Arc<Opened>>>,
    /// Locked by the one thread of this process that brings it up to date; holds a writer that is kept for the next
    /// update if that comes soon, so that merges continue in the background.
    keeping: Mutex<Option<Writer>>,
    ended: AtomicBool,
}

#[derive(Debug)]
struct Opened {
    index: Index,
    _entered: File,
}

/// The index as it is now, and what it is missing.
#[derive(Debug)]
pub struct Current {
    /// The view of the index.
    pub view: View,
    /// The urlkeys of pages of which something may not be in it yet.
    pub beyond: BTreeSet<String>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Search {
    /// The index in the directory for what is derived. Nothing is opened or made yet.
    #[must_use]
    pub fn at(derived: &Path, options: SearchOptions) -> Self {
        let place = IndexPlace::of(derived, &format!("{} {CODE} {LAYOUT}", derivation()));
        let (open, keeping, ended) = (Mutex::default(), Mutex::default(), AtomicBool::new(false));
        Self { place, options, open, keeping, ended }
    }

    fn opened(&self) -> Result<Arc<Opened>, SearchError> {
        if self.options.upkeep == Upkeep::Off {
            return Err(SearchError::None("search.index is off".to_owned()));
        }
        let mut open = held(&self.open);
        // The derived data may have been deleted.
        if let Some(opened) = open.as_ref().filter(|_| self.place.dir().is_dir()) {
            return Ok(Arc::clone(opened));
        }
        *open = None;
        let cannot = |why: String| SearchError::Index(IndexError::Unusable(why));
        let mut tried = false;
        loop {
            let entered = self.place.enter().map_err(|why| cannot(why.to_string()))?;
            match Index::open(&self.place.dir()) {
                Ok(index) => {
                    self.place.tidy();
                    let opened = Arc::new(Opened { index, _entered: entered });
                    *open = Some(Arc::clone(&opened));
                    return Ok(opened);
                }
                Err(why @ IndexError::Damaged(_)) if !tried => {
                    tried = true;
                    drop(entered);
                    if !self.place.remove() {
                        return Err(why.into());
                    }
                }
                Err(why) => return Err(why.into()),
            }
        }
    }

    /// Closes an index that failed; a damaged one is removed unless another process has it open.
    fn leave(&self, error: &SearchError) {
        if let SearchError::Index(why) = error {
            tracing::debug!(%why, "the search index is closed after an error");
            *held(&self.open) = None;
            if let Ok(mut keeping) = self.keeping.try_lock() {
                *keeping = None;
            }
            if matches!(why, IndexError::Damaged(_)) {
                self.place.remove();
            }
        }
    }

    /// Makes a running update in this process end soon, and prevents new ones.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Brings the index up to date with the archive, unless another process is doing that; the result is
    /// `None` then. Otherwise what was left out, as text.
    ///
    /// # Errors
    /// When it cannot be written, or the archive cannot answer.
    pub fn keep_up(
        &self,
        page_reader: &mut PageReader<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Option<Vec<String>>, SearchError> {
        let done = self.keep_up_once(page_reader, progress);
        if let Err(error) = &done {
            self.leave(error);
        }
        done
    }

    fn keep_up_once(
        &self,
        page_reader: &mut PageReader<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Option<Vec<String>>, SearchError> {
        let mut keeping = match self.keeping.try_lock() {
            Ok(keeping) => keeping,
            // A panicked thread has committed nothing, and its writer was dropped with it.
            Err(TryLockError::Poisoned(broken)) => broken.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        let identity = identity(page_reader)?;
        let opened = self.opened()?;
        let marks = opened.index.marks()?;
        if left(&marks, &identity, &page_reader.reader().marks()?) == Some(0) {
            return Ok(Some(Vec::new()));
        }
        // Taken out of the lock: a writer that fails is dropped with its uncommitted entries.
        let is_regular = self.options.upkeep == Upkeep::Regular;
        let writer = match keeping.take() {
            Some(writer) => Some(writer),
            None => opened.index.writer(self.options.writer_bytes, is_regular)?,
        };
        let Some(mut writer) = writer else { return Ok(None) };
        let notes = follow::catch_up(&mut writer, page_reader, &identity, progress, &self.ended)?;
        if is_regular {
            *keeping = Some(writer);
        } else {
            writer.end()?;
        }
        Ok(Some(notes))
    }

    /// The index as it is now; updated before, if callers are responsible for that.
    ///
    /// # Errors
    /// When there is none, it cannot be read, or it is far behind.
    pub fn current(
        &self,
        page_reader: &mut PageReader<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Current, SearchError> {
        let first = self.current_once(page_reader, progress);
        let found = match &first {
            // A damaged index is rebuilt.
            Err(error @ SearchError::Index(IndexError::Damaged(_))) => {
                self.leave(error);
                self.current_once(page_reader, progress)
            }
            _ => first,
        };
        if let Err(error) = &found {
            self.leave(error);
        }
        found
    }

    fn current_once(
        &self,
        page_reader: &mut PageReader<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Current, SearchError> {
        if self.options.upkeep == Upkeep::Asked {
            self.keep_up_once(page_reader, progress)?;
        }
        let identity = identity(page_reader)?;
        let view = self.opened()?.index.view()?;
        let now = page_reader.reader().marks()?;
        let bytes = left(&view.marks, &identity, &now);
        let bytes = bytes.ok_or_else(|| {
            SearchError::Behind(now.iter().map(|m| m.indexed_to).sum::<u64>() >> 20)
        })?;
        if bytes > BEYOND_BYTES_MAX {
            return Err(SearchError::Behind(bytes >> 20));
        }
        let mut beyond = BTreeSet::new();
        for mark in now {
            let from = follow::mark_of(&view.marks, &mark.file);
            if from < mark.indexed_to {
                page_reader.reader().captures_between(
                    &mark.file,
                    from,
                    mark.indexed_to,
                    &mut |capture| {
                        beyond.insert(capture.urlkey);
                        Ok(())
                    },
                )?;
            }
        }
        let waiting: BTreeSet<String> = beyond
            .iter()
            .flat_map(|key| follow::led_here(page_reader, &view.marks.redirects, key))
            .map(|url| crate::base::surt::urlkey(&url))
            .collect();
        beyond.extend(waiting);
        Ok(Current { view, beyond })
    }

    /// How many bytes of WARC files are not indexed; `None` if there is no index or it is for other files.
    #[must_use]
    pub fn bytes_left(&self, page_reader: &PageReader<'_>) -> Option<u64> {
        let marks = self.opened().ok()?.index.marks().ok()?;
        left(&marks, &identity(page_reader).ok()?, &page_reader.reader().marks().ok()?)
    }
}

/// Identifies the versions that an index is made from.
fn identity(page_reader: &PageReader<'_>) -> Result<String, SearchError> {
    let identity = page_reader.readings().and_then(crate::readings::Readings::identity);
    identity.ok_or_else(|| SearchError::None("the readings of pages are not stored".to_owned()))
}

/// How many bytes of WARC files an index with these marks is missing; `None` if it is for other files or versions.
fn left(marks: &Marks, identity: &str, now: &[crate::archive::FileMark]) -> Option<u64> {
    if marks.identity != identity || !follow::are_the_same_files(marks, now) {
        return None;
    }
    let left = now.iter().map(|mark| mark.indexed_to - follow::mark_of(marks, &mark.file));
    Some(left.sum())
}

impl From<SearchError> for StoreError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Store(why) => why,
            why => Self::Io {
                doing: "searching in",
                path: "derived".to_owned(),
                why: std::io::Error::other(why.to_string()),
            },
        }
    }
}
