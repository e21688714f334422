//! Answers to what may be asked of an archive: a request in, a value with a serde form out. Whoever has
//! flags, and whoever has the parameters of an address, asks the same functions.
//!
//! Long answers are iterators, so that nobody has to hold ten thousand versions. What else a person should
//! know (captures that were left out, an older version that stands in) is part of the value. Deliberately
//! no output, no flags, no exit codes, and no text for people: that is [`crate::render`].

pub mod blame;
pub mod captures;
pub mod changes;
pub mod citation;
pub mod cite;
pub mod diff;
mod error;
pub mod history;
pub mod page;
pub mod quotes;
pub mod when;

pub use changes::{Changes, ChangesRequest, changes};
pub use error::AnswerError;
pub use history::{History, HistoryRequest, history};

use crate::archive::Capture;
use crate::base::Timestamp;
use crate::history::Sayer;
use crate::readings::Readings;
use crate::store::Reader;

/// An archive that is asked, and what was derived from it before.
#[derive(Debug, Clone, Copy)]
pub struct Archive<'a> {
    /// Its captures and their records.
    pub reader: &'a Reader,
    /// The store of readings, which is read, and where something is missing written.
    pub readings: &'a Readings,
}

impl<'a> Archive<'a> {
    /// What its captures say.
    #[must_use]
    pub fn sayer(&self) -> Sayer<'a> {
        Sayer::cached(self.reader, self.readings)
    }

    /// The capture of `url` that is closest to `at`, the newest without it; `doing` names the question in
    /// an error.
    ///
    /// # Errors
    /// When there is none, or the index cannot answer.
    pub fn find(
        &self,
        url: &str,
        at: Option<Timestamp>,
        doing: &str,
    ) -> Result<Capture, AnswerError> {
        let found = self.reader.find(url, at).map_err(AnswerError::store(doing))?;
        found.ok_or_else(|| AnswerError::NoCapture(url.to_owned()))
    }

    /// Reads the record of a capture that an answer is about, so that nothing is told from a reading that is
    /// kept of one that was changed or damaged since.
    ///
    /// # Errors
    /// When the record cannot be read or was changed.
    fn is_sound(&self, capture: &Capture, doing: &str) -> Result<(), AnswerError> {
        self.reader.load(capture).map(drop).map_err(AnswerError::store(doing))
    }
}
