//! Every typed change of the archive, newest first, and what a feed of them says of itself.

use crate::base::{Digest, DigestAlgorithm, Timestamp};
use crate::evidence::Log;
use crate::history::PageReader;
use crate::history::changes::{self, ArchiveChange, ChangeFilter, NewestFirst};
use crate::store::Layout;

use super::AnswerError;
use super::cursor::Cursor;

/// Which changes are asked for.
#[derive(Debug, Clone, Default)]
pub struct ChangesRequest {
    /// Of what kind, when and where.
    pub wanted: ChangeFilter,
    /// At most this many; all of them without it.
    pub limit: Option<usize>,
}

/// The changes, newest first. Each is the value that is printed as JSON.
#[derive(Debug)]
pub struct Changes<'s, 'a> {
    found: NewestFirst<'s, 'a>,
    left: usize,
}

const DOING: &str = "looking for changes";

/// The changes of an archive, newest first. `progress` is called with the number of pages that were read,
/// where many have to be.
///
/// # Errors
/// When the index cannot answer.
pub fn changes<'s, 'a>(
    page_reader: &'s mut PageReader<'a>,
    request: &ChangesRequest,
    progress: &mut dyn FnMut(u64),
) -> Result<Changes<'s, 'a>, AnswerError> {
    let found = changes::changes(page_reader, &request.wanted, progress);
    let found = found.map_err(AnswerError::store(DOING))?;
    Ok(Changes { found, left: request.limit.unwrap_or(usize::MAX) })
}

impl Changes<'_, '_> {
    /// The captures that had to be left out, as text.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.found.notes
    }

    /// When the newest change was seen; none where there is none.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.found.newest()
    }
}

impl Iterator for Changes<'_, '_> {
    type Item = Result<ArchiveChange, AnswerError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        self.found.next().map(|change| change.map_err(AnswerError::store(DOING)))
    }
}

/// The changes that a cursor did not show yet, and the cursor moved on as they are given out. It is saved by
/// [`Unseen::end`], once all of them were given out and shown.
#[derive(Debug)]
pub struct Unseen<'s, 'a> {
    found: Changes<'s, 'a>,
    before: Cursor,
    after: Cursor,
    is_whole: bool,
}

/// The changes that were not shown under this name yet, newest first. `since` of the request is not used.
///
/// # Errors
/// When the name is invalid, the cursor cannot be read, or as [`changes()`].
pub fn unseen<'s, 'a>(
    page_reader: &'s mut PageReader<'a>,
    name: &str,
    request: &ChangesRequest,
    progress: &mut dyn FnMut(u64),
) -> Result<Unseen<'s, 'a>, AnswerError> {
    let before = Cursor::open(page_reader.reader().layout(), name)?;
    let mut request = request.clone();
    request.wanted.since = before.since();
    let found = changes(page_reader, &request, progress)?;
    Ok(Unseen { found, after: before.clone(), before, is_whole: false })
}

impl Unseen<'_, '_> {
    /// The captures that had to be left out, as text.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        self.found.notes()
    }

    /// When the newest change was seen, shown or not; none where there is none.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.found.newest().max(self.before.newest())
    }

    /// Saves the cursor, where all changes were given out; else nothing counts as shown.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(self) -> Result<(), AnswerError> {
        if self.is_whole { self.after.save() } else { Ok(()) }
    }
}

impl Iterator for Unseen<'_, '_> {
    type Item = Result<ArchiveChange, AnswerError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(found) = self.found.next() else {
                self.is_whole = true;
                return None;
            };
            let change = match found {
                Ok(change) => change,
                Err(error) => return Some(Err(error)),
            };
            // One version has several changes: they are all new, or none is.
            if self.before.is_new(&change) {
                self.after.show(&change);
                return Some(Ok(change));
            }
        }
    }
}

/// What distinguishes this archive from every other, for as long as it grows: the name, the first key and the
/// first checkpoint of its log. An archive without a log is identified by the name of its oldest file.
#[must_use]
pub fn identity(layout: &Layout) -> Digest {
    let of_log = || {
        let log = Log::open(layout).ok()?;
        let first = log.checkpoint(log.oldest().ok()??).ok()?;
        let (_, key) = log.keys().into_iter().next()?;
        Some(format!("{}\n{}\n{}", first.origin, key.text(), first.root))
    };
    let of_files = || {
        let files = layout.warc_files().unwrap_or_default();
        let names = files.iter().filter_map(|file| file.file_name());
        names.min().unwrap_or_default().to_string_lossy().into_owned()
    };
    DigestAlgorithm::Sha256.digest(of_log().unwrap_or_else(of_files).as_bytes())
}
