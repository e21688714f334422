//! The error of the composed program: what could not be done and why, what to try, and its kind.
//! What a kind means for an exit code is the command line's business.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

use crate::store::StoreError;
use crate::store::error::hint_of;
use crate::store::room::why_unwritable;

/// What kind of error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The work failed.
    Failed,
    /// Wrong usage or configuration.
    Usage,
    /// Nothing was found: no such archive.
    NothingFound,
}

/// What could not be done.
#[derive(Debug)]
pub struct AppError {
    /// Its kind.
    pub kind: Kind,
    /// `what could not be done: why`.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
    /// Whether the disk is full: a run without an end waits for room.
    pub out_of_disk: bool,
    /// Whether a server does not answer: the same may work later, with the same settings.
    pub is_away: bool,
}

impl AppError {
    /// The work failed.
    #[must_use]
    pub fn failed(what: &str, why: impl fmt::Display) -> Self {
        Self::new(Kind::Failed, format!("{what}: {why}"))
    }

    /// Wrong usage or configuration.
    #[must_use]
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, message.to_string())
    }

    /// Nothing was found.
    #[must_use]
    pub fn nothing(message: impl fmt::Display) -> Self {
        Self::new(Kind::NothingFound, message.to_string())
    }

    fn new(kind: Kind, message: String) -> Self {
        Self { kind, message, hint: None, out_of_disk: false, is_away: false }
    }

    /// The same for a server that does not answer.
    #[must_use]
    pub fn away(self) -> Self {
        Self { is_away: true, ..self }
    }

    /// The same with something to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AppError {}

/// The error of a command that writes into `dir`: where the directory cannot be written, that is the reported
/// reason, whatever failed because of it.
#[must_use]
pub fn unwritable_or(what: &str, dir: &Path, error: AppError) -> AppError {
    // A directory that does not exist yet is not the reason.
    let Some(why) = why_unwritable(dir).filter(|why| why.kind() != ErrorKind::NotFound) else {
        return error;
    };
    let error = AppError::failed(what, format!("{} cannot be written: {why}", dir.display()));
    match hint_of(&why) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// A store error of a command that writes into the archive at `root`.
#[must_use]
pub fn writing_error(what: &str, root: &Path, error: StoreError) -> AppError {
    let busy =
        matches!(error, StoreError::Locked { .. } | StoreError::IndexBusy | StoreError::InUse);
    let error = store_error(what, error);
    if busy { error } else { unwritable_or(what, root, error) }
}

/// An error with its causes, as far as its own message does not include them.
#[must_use]
pub fn with_sources(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let said = source.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = source.source();
    }
    text
}

/// A store error for a person.
#[must_use]
pub fn store_error(what: &str, error: StoreError) -> AppError {
    let hint = error.hint();
    let error = match &error {
        StoreError::NoArchive { .. } => AppError::nothing(format!("{what}: {error}")),
        StoreError::CapturesTaken { .. } => AppError::usage(format!("{what}: {error}")),
        _ => AppError::failed(what, &error),
    };
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
