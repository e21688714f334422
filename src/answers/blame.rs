//! Where the sentences of a page come from.

use serde::Serialize;

use crate::archive::Form;
use crate::base::Timestamp;
use crate::history::CaptureJson;
use crate::history::provenance::{self, Blame, BlameError, VersionCapture};

use super::chosen_text::ChosenText;
use super::explained::{explained, not_removed};
use super::{AnswerError, Archive};

/// Where the sentences of a page come from.
#[derive(Debug, Clone)]
pub struct PageBlame {
    /// The address that was asked for.
    pub url: String,
    /// Which text of the page it is about.
    pub chosen: ChosenText,
    /// The sentences, and the versions that they come from.
    pub found: Blame,
    /// What each version is called: its second, or where two share one its fractions as well.
    pub names: Vec<String>,
}

/// The answer in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlameJson {
    /// The address.
    pub url: String,
    /// Whether the sentences are those of the page as scripts made it; left out where they are not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
    /// The address of another form of the page that the sentences are of; left out where they are its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_at: Option<String>,
    /// The capture whose sentences these are.
    pub at: CaptureJson,
    /// The sentences, in order.
    pub sentences: Vec<SentenceJson>,
}

/// A sentence in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentenceJson {
    /// Its words.
    pub text: String,
    /// Where it begins in the article text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The first capture of the version that brought it.
    pub since: Option<CaptureJson>,
    /// The same as an address with a time, as `diff` takes it.
    pub since_link: Option<String>,
    /// The first capture of the version that last changed its words; `None` where no version did.
    pub changed: Option<CaptureJson>,
    /// The same as an address with a time.
    pub changed_link: Option<String>,
}

/// Where the sentences come from that `url` had at `at`; in the newest version that has an article without
/// it. In a form, or without one where the page has its text.
///
/// # Errors
/// When the page was never captured, had no article then, or cannot be read.
pub fn blame(
    archive: &Archive,
    url: &str,
    (form, at): (Option<Form>, Option<Timestamp>),
) -> Result<PageBlame, AnswerError> {
    let doing = format!("reading {url}");
    let mut page_reader = archive.page_reader();
    let chosen = ChosenText::of(&mut page_reader, url, (form, at), &doing)?;
    // The version before it must not stand in for a capture that was removed.
    if at.is_some() && chosen.form == Form::Plain {
        let asked = explained(archive, url, chosen.capture(archive, at, &doing))?;
        not_removed(archive, &asked, &doing)?;
    }
    let of = (chosen.address(), chosen.form);
    let found = provenance::blame(&mut page_reader, of, at).map_err(|error| match error {
        BlameError::Store(error) => AnswerError::store(&doing)(error),
        BlameError::NoCapture(url) => AnswerError::NoCapture(url),
        BlameError::NoArticle { url, at } => AnswerError::NoArticle { url, at },
    });
    let found = match found {
        // The capture that was asked for has no text any more: that is why there is no article.
        Err(AnswerError::NoArticle { url, at }) => {
            not_removed(archive, &archive.find(&url, Some(at), &doing)?, &doing)?;
            Err(AnswerError::NoArticle { url, at })
        }
        found => explained(archive, url, found),
    }?;
    archive.is_sound(&found.said.entry, &doing)?;
    let names = names(&found);
    Ok(PageBlame { url: url.to_owned(), chosen, found, names })
}

fn names(found: &Blame) -> Vec<String> {
    let dates = || found.versions.iter().map(|version| version.entry.date);
    let stamps: Vec<String> = dates().map(Timestamp::to_stamp14).collect();
    let is_shared = stamps.windows(2).any(|two| matches!(two, [a, b] if a == b));
    if is_shared { dates().map(Timestamp::to_warc_date).collect() } else { stamps }
}

impl PageBlame {
    /// A version as an address with a time.
    #[must_use]
    pub fn link(&self, version: usize) -> Option<String> {
        let (of, name) = (self.found.versions.get(version)?, self.names.get(version)?);
        Some(format!("{}@{name}", of.entry.url))
    }

    /// The words of a sentence.
    #[must_use]
    pub fn words(&self, sentence: &provenance::BlamedSentence) -> &str {
        self.found.said.page.text.get(sentence.range.clone()).unwrap_or_default()
    }

    /// The answer in JSON.
    #[must_use]
    pub fn json(&self) -> BlameJson {
        let capture = |version: usize| {
            let version: Option<&VersionCapture> = self.found.versions.get(version);
            version.map(|version| CaptureJson::from(&version.entry))
        };
        let sentences = self.found.sentences.iter().map(|sentence| SentenceJson {
            text: self.words(sentence).to_owned(),
            start: sentence.range.start,
            end: sentence.range.end,
            since: capture(sentence.since),
            since_link: self.link(sentence.since),
            changed: sentence.changed.and_then(capture),
            changed_link: sentence.changed.and_then(|version| self.link(version)),
        });
        BlameJson {
            url: self.url.clone(),
            rendering: self.chosen.is_rendering(),
            text_at: self.chosen.text_at(),
            at: CaptureJson::from(&self.found.said.entry),
            sentences: sentences.collect(),
        }
    }
}
