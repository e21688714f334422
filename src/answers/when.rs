//! Since when and until when a phrase stood.

use serde::Serialize;

use crate::history::CaptureJson;
use crate::history::phrase::{self, Phrase, Stood};
use crate::store::StoreError;

use super::{AnswerError, Archive};

/// Which phrase, and where.
#[derive(Debug, Clone)]
pub struct WhenRequest {
    /// The phrase as it was asked for.
    pub phrase: String,
    /// Only on pages of this host.
    pub host: Option<String>,
}

/// When a phrase stood on a page, in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoodJson {
    /// The page, as it was captured last.
    pub url: String,
    /// The phrase as it was asked for.
    pub phrase: String,
    /// The first capture that has it.
    pub first_seen: CaptureJson,
    /// The last capture that has it.
    pub last_seen: CaptureJson,
    /// When it was first found missing for good; `None` where the newest version has it.
    pub gone_since: Option<String>,
    /// In how many versions it stood.
    pub versions: u64,
}

impl StoodJson {
    /// The same of a phrase that was asked for so.
    #[must_use]
    pub fn new(phrase: &str, stood: &Stood) -> Self {
        Self {
            url: stood.url.clone(),
            phrase: phrase.to_owned(),
            first_seen: CaptureJson::from(&stood.first_seen.0),
            last_seen: CaptureJson::from(&stood.last_seen.0),
            gone_since: stood.gone_since.map(|at| at.to_warc_date()),
            versions: stood.versions,
        }
    }
}

/// Looks for a phrase over all pages, in the order of their urlkeys; what comes back are notes on captures
/// that had to be left out.
///
/// # Errors
/// When the phrase has no words, the archive cannot be read, and what `found` gives back.
pub fn when<E: From<AnswerError>>(
    archive: &Archive,
    request: &WhenRequest,
    found: &mut dyn FnMut(Stood) -> Result<(), E>,
) -> Result<Vec<String>, E> {
    let none = || AnswerError::Request("the phrase has no letter and no digit".to_owned());
    let phrase = Phrase::new(&request.phrase).ok_or_else(none)?;
    let mut sayer = archive.sayer();
    let mut pass_on = |stood: Stood| found(stood).map_err(Failed::Caller);
    phrase::when(&mut sayer, &phrase, request.host.as_deref(), &mut pass_on)
        .map_err(|failed| failed.into_error("looking for the phrase"))
}

/// Whose error it is.
pub(super) enum Failed<E> {
    /// The archive's.
    Archive(StoreError),
    /// That of the caller who takes what is found.
    Caller(E),
}

impl<E> From<StoreError> for Failed<E> {
    fn from(why: StoreError) -> Self {
        Self::Archive(why)
    }
}

impl<E: From<AnswerError>> Failed<E> {
    /// The caller's error, or the archive's while `doing` something.
    pub(super) fn into_error(self, doing: &str) -> E {
        match self {
            Self::Caller(error) => error,
            Self::Archive(why) => AnswerError::store(doing)(why).into(),
        }
    }
}
