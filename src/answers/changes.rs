//! Every typed change of the archive, newest first, and what a feed of them says of itself.

use crate::base::{Digest, DigestAlgorithm, Timestamp};
use crate::evidence::Log;
use crate::history::Sayer;
use crate::history::changes::{self, ArchiveChange, NewestFirst, Wanted};
use crate::store::Layout;

use super::AnswerError;

/// Which changes are asked for.
#[derive(Debug, Clone, Default)]
pub struct ChangesRequest {
    /// Of what kind, when and where.
    pub wanted: Wanted,
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
    sayer: &'s mut Sayer<'a>,
    request: &ChangesRequest,
    progress: &mut dyn FnMut(u64),
) -> Result<Changes<'s, 'a>, AnswerError> {
    let found = changes::changes(sayer, &request.wanted, progress);
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

/// What tells this archive from every other, for as long as it grows: the name, the first key and the
/// first checkpoint of its log. An archive without a log is known by the name of its oldest file.
#[must_use]
pub fn identity(layout: &Layout) -> Digest {
    let of_log = || {
        let log = Log::open(layout).ok()?;
        let first = log.checkpoint(*log.checkpoint_sizes().ok()?.first()?).ok()?;
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
