//! The archive that answers come from, as the settings name it, and the message for an answer's error.

use crate::answers::{AnswerError, Archive};
use crate::app::indexing::search_options;
use crate::evidence::EvidenceError;
use crate::readings::Readings;
use crate::search::Upkeep;
use crate::store::Stay;

use super::context::{Context, store_error};
use super::{CliError, Exit};

impl Context {
    /// The archive and what was derived from it, ready for queries.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub fn open_archive(&self) -> Result<Archive, CliError> {
        self.open_archive_with(Stay::Brief, Upkeep::Asked)
    }

    /// The same for a server, which stays: the index of words is brought up to date beside it.
    ///
    /// # Errors
    /// As [`Self::open_archive`].
    pub fn open_archive_to_serve(&self) -> Result<Archive, CliError> {
        self.open_archive_with(Stay::Long, Upkeep::Regular)
    }

    fn open_archive_with(&self, stay: Stay, upkeep: Upkeep) -> Result<Archive, CliError> {
        let reader = self.reader_for(stay)?;
        let readings = self.readings(&reader);
        Ok(Archive::new(reader, readings).with_search(search_options(&self.settings, upkeep)))
    }

    /// The archive without its store of readings, which is neither opened nor made: for commands that
    /// need captures and records alone.
    ///
    /// # Errors
    /// As [`Self::open_archive`].
    pub fn open_records(&self) -> Result<Archive, CliError> {
        Ok(Archive::new(self.reader()?, Readings::none()))
    }
}

impl From<AnswerError> for CliError {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::NoCapture(_) => Self::nothing(error)
                .hint("`pressmark captures URL --match host` lists the captures of a host"),
            AnswerError::OneVersion { .. } => {
                Self::nothing(error).hint("--from and --to compare any two captures")
            }
            AnswerError::NothingToCite { .. } | AnswerError::WordsMissing(_) => {
                Self::nothing(error)
            }
            AnswerError::NoArticle { .. } => Self::nothing(error)
                .hint("`pressmark history URL` shows when there was one; --at picks a time"),
            AnswerError::Request(why) => Self::usage(why),
            AnswerError::PayloadElsewhere { .. } => Self::of(Exit::Failed, error).hint(
                "import the archive in which it was captured; `--as headers` shows what is here",
            ),
            AnswerError::Removed { ref url, .. } => {
                let hint = format!("`pressmark captures {url}` lists what else there is of it");
                Self::nothing(error).hint(hint)
            }
            AnswerError::Io { .. } => Self::of(Exit::Failed, error),
            AnswerError::Evidence { doing, why } => evidence_error(&doing, why),
            AnswerError::Store { doing, why } => store_error(&doing, why),
        }
    }
}

/// An error of the log for a person.
#[must_use]
pub fn evidence_error(what: &str, error: EvidenceError) -> CliError {
    let hint = error.hint();
    let cli = CliError::failed(what, error);
    match hint {
        Some(hint) => cli.hint(hint),
        None => cli,
    }
}
