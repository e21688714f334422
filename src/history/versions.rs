//! The versions of a page, one at a time and in order, so that a page of ten thousand takes the memory
//! of a few. What a version is, [`super::fold`] says; here captures are read and counted.

use crate::archive::{Answers, ArchiveError, Capture, Form, Query};
use crate::base::{TimeRange, Timestamp};
use crate::diff::Presence;
use crate::readings::Delta;
use crate::store::{Reader, StoreError};

use super::fold::{Begun, Fold, Taken};
use super::landing::is_in_history;
use super::page_reader::{CapturedPage, PageReader};

/// A run of captures that give a reader the same.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its number, from 1.
    pub number: usize,
    /// Its first capture.
    pub said: CapturedPage,
    /// What a reader gets of it.
    pub presence: Presence,
    /// When it was seen first.
    pub first_seen: Timestamp,
    /// When it was seen last.
    pub last_seen: Timestamp,
    /// Its last capture.
    pub last: Capture,
    /// How many captures there are of it.
    pub captures: u64,
    /// What changed; `None` for the first.
    pub delta: Option<Delta>,
    /// The first capture of the version that it is compared with: the last one before that had the
    /// article, or the last one where none had.
    pub before: Option<CapturedPage>,
}

impl From<Begun> for Version {
    fn from(begun: Begun) -> Self {
        let Begun { number, said, presence, delta, before } = begun;
        let (at, last) = (said.entry.date, said.entry.clone());
        let captures = 1;
        Self {
            number,
            said,
            presence,
            first_seen: at,
            last_seen: at,
            last,
            captures,
            delta,
            before,
        }
    }
}

impl Version {
    /// Its changes in JSON; none for the first version.
    #[must_use]
    pub fn changes_json(&self) -> Vec<crate::diff::json::JsonChange> {
        match (&self.delta, &self.before) {
            (Some(delta), Some(before)) => delta.json(&before.page, &self.said.page),
            _ => Vec::new(),
        }
    }

    /// Whether its changes are not disclosed.
    #[must_use]
    pub fn is_stealth(&self) -> bool {
        self.delta.as_ref().is_some_and(|delta| delta.stealth)
    }

    /// Whether it has the article, whole as far as anything says.
    #[must_use]
    pub fn has_article(&self) -> bool {
        self.presence == Presence::Here && self.said.has_article()
    }

    /// The headline of the article; `None` where it has none.
    #[must_use]
    pub fn headline(&self) -> Option<&str> {
        let has_text = matches!(self.presence, Presence::Here | Presence::Cut);
        let headline = self.said.page.headline.as_ref().filter(|_| has_text);
        headline.map(|headline| headline.value.as_str())
    }

    fn goes_on(&mut self, entry: Capture) {
        self.captures += 1;
        (self.last_seen, self.last) = (entry.date, entry);
    }
}

/// The versions of a page, oldest first, each given out when the next one begins.
pub struct Versions<'s, 'a> {
    page_reader: &'s mut PageReader<'a>,
    captures: Answers<'a>,
    form: Form,
    period: TimeRange,
    fold: Fold,
    current: Option<Version>,
    /// Captures that say nothing, as long as there is nothing else: then they are the one version.
    nothing: Option<Version>,
    /// Captures that could not be read, as text.
    pub notes: Vec<String>,
    /// The newest of them: when it was captured, and why it cannot be read.
    pub unread: Option<(Timestamp, StoreError)>,
}

impl std::fmt::Debug for Versions<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Versions").field("period", &self.period).finish_non_exhaustive()
    }
}

impl<'a> PageReader<'a> {
    /// The versions of `url` as it was sent in `period`, oldest first.
    pub fn versions(&mut self, url: &str, period: TimeRange) -> Versions<'_, 'a> {
        self.versions_of(url, Form::Plain, period)
    }

    /// The same of the page in one form.
    pub fn versions_of(&mut self, url: &str, form: Form, period: TimeRange) -> Versions<'_, 'a> {
        Versions {
            captures: self.reader().query(&Query::exactly(url)),
            page_reader: self,
            form,
            period,
            fold: Fold::default(),
            current: None,
            nothing: None,
            notes: Vec::new(),
            unread: None,
        }
    }
}

impl Versions<'_, '_> {
    /// Takes a capture in; the version that ended with it, where one did.
    fn take_in(&mut self, said: CapturedPage) -> Option<Version> {
        let entry = said.entry.clone();
        match self.fold.take(said.clone(), &*self.page_reader) {
            Taken::Begins(begun) => {
                self.nothing = None;
                return self.current.replace(Version::from(*begun));
            }
            Taken::Same => {
                if let Some(current) = &mut self.current {
                    current.goes_on(entry);
                }
            }
            Taken::Nothing => match (&self.current, &mut self.nothing) {
                (Some(_), _) => {}
                (None, Some(nothing)) => nothing.goes_on(entry),
                (None, None) => {
                    let presence = Presence::Unknown;
                    let begun = Begun { number: 1, said, presence, delta: None, before: None };
                    self.nothing = Some(Version::from(begun));
                }
            },
        }
        None
    }
}

impl Iterator for Versions<'_, '_> {
    type Item = Result<Version, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = match self.captures.next() {
                Some(Ok(entry)) => entry,
                Some(Err(error)) => return Some(Err(asking(&error))),
                None => return self.current.take().or_else(|| self.nothing.take()).map(Ok),
            };
            // A history begins in its own form.
            let is_next = entry.form() == Some(self.form)
                || (self.current.is_some() && is_in_history(&entry, self.form));
            if !self.period.contains(entry.date) || !is_next {
                continue;
            }
            match self.page_reader.follow(&entry) {
                Ok(said) => {
                    if let Some(ended) = self.take_in(said) {
                        return Some(Ok(ended));
                    }
                }
                // It says nothing any more, and nothing is damaged.
                Err(StoreError::Removed(_)) => {}
                Err(error) => {
                    self.notes.push(error.to_string());
                    self.unread = Some((entry.date, error));
                }
            }
        }
    }
}

pub(super) fn asking(error: &ArchiveError) -> StoreError {
    StoreError::of_index("asking", error.clone())
}

/// The versions of a page, oldest first.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The versions.
    pub versions: Vec<Version>,
    /// Captures that could not be read, as text.
    pub notes: Vec<String>,
}

/// The versions of `url` in `period`, oldest first, all of them in memory.
///
/// # Errors
/// When the index cannot answer. A record that cannot be read is left out and noted.
pub fn history(reader: &Reader, url: &str, period: TimeRange) -> Result<History, StoreError> {
    let mut page_reader = PageReader::new(reader);
    let mut versions = page_reader.versions(url, period);
    let mut out = History::default();
    for version in versions.by_ref() {
        out.versions.push(version?);
    }
    out.notes = versions.notes;
    Ok(out)
}
