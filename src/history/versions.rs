//! Captures folded into versions: runs whose article says the same, one at a time and in order, so
//! that a page of ten thousand versions takes the memory of two.

use crate::archive::{Answers, ArchiveError, Capture, Query, RecordKind};
use crate::base::{TimeRange, Timestamp};
use crate::diff::{EarlierSentences, Fingerprint, tell_returns};
use crate::extract::page::PageKind;
use crate::store::{Reader, StoreError};

use super::delta::Delta;
use super::said::{Said, Sayer};

/// A run of captures whose article says the same.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its first capture.
    pub said: Said,
    /// When it was seen first.
    pub first_seen: Timestamp,
    /// When it was seen last.
    pub last_seen: Timestamp,
    /// Its last capture.
    pub last: Capture,
    /// How many captures there are of it.
    pub captures: u64,
    /// What changed since the version before; none for the first.
    pub delta: Option<Delta>,
    /// The first capture of the version before.
    pub before: Option<Said>,
}

impl Version {
    fn first(said: Said) -> Self {
        let (at, last) = (said.entry.date, said.entry.clone());
        Self { said, first_seen: at, last_seen: at, last, captures: 1, delta: None, before: None }
    }

    /// Its changes in JSON; none for the first version.
    #[must_use]
    pub fn changes_json(&self) -> Vec<crate::diff::render::json::JsonChange> {
        match (&self.delta, &self.before) {
            (Some(delta), Some(before)) => delta.json(&before.page, &self.said.page),
            _ => Vec::new(),
        }
    }

    /// Whether its changes were made without a word.
    #[must_use]
    pub fn is_stealth(&self) -> bool {
        self.delta.as_ref().is_some_and(|delta| delta.stealth)
    }
}

/// The versions of a page, oldest first, each given out when the next one begins.
pub struct Versions<'s, 'a> {
    sayer: &'s mut Sayer<'a>,
    captures: Answers<'a>,
    period: TimeRange,
    current: Option<Version>,
    /// Whether the current version is only a server in trouble, which the first page replaces.
    is_nothing: bool,
    prints: Vec<Fingerprint>,
    /// What the versions before the current one said.
    past: EarlierSentences,
    /// Captures that could not be read, in words.
    pub notes: Vec<String>,
    /// The newest of them: when it was captured, and why it cannot be read.
    pub unread: Option<(Timestamp, StoreError)>,
}

impl std::fmt::Debug for Versions<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Versions").field("period", &self.period).finish_non_exhaustive()
    }
}

impl<'a> Sayer<'a> {
    /// The versions of `url` in `period`, oldest first.
    pub fn versions(&mut self, url: &str, period: TimeRange) -> Versions<'_, 'a> {
        Versions {
            captures: self.reader().query(&Query::exactly(url)),
            sayer: self,
            period,
            current: None,
            is_nothing: false,
            prints: Vec::new(),
            past: EarlierSentences::default(),
            notes: Vec::new(),
            unread: None,
        }
    }
}

impl Versions<'_, '_> {
    /// Takes a capture in; the version that ended with it, where one did.
    fn take_in(&mut self, said: Said) -> Option<Version> {
        let says_nothing = says_nothing(&said);
        let Some(last) = self.current.as_mut() else {
            self.is_nothing = says_nothing;
            return self.begin(Version::first(said));
        };
        // A server in trouble and a wall against robots say nothing about the article.
        if says_nothing {
            if self.is_nothing {
                last.captures += 1;
                (last.last_seen, last.last) = (said.entry.date, said.entry);
            }
            return None;
        }
        if self.is_nothing {
            self.is_nothing = false;
            (self.current, self.prints) = (None, Vec::new());
            self.past = EarlierSentences::default();
            return self.begin(Version::first(said));
        }
        let delta = (!last.said.is_of_same_bytes(&said)).then(|| {
            let earlier = &self.prints[..self.prints.len().saturating_sub(1)];
            let mut delta = self.sayer.compare(&last.said, &said, earlier);
            tell_returns(&mut delta.changes, &last.said.page, &said.page, &self.past);
            delta
        });
        match delta {
            Some(delta) if !delta.changes.is_empty() => {
                let before = Some(last.said.clone());
                self.begin(Version { delta: Some(delta), before, ..Version::first(said) })
            }
            _ => {
                last.captures += 1;
                (last.last_seen, last.last) = (said.entry.date, said.entry);
                None
            }
        }
    }

    fn begin(&mut self, version: Version) -> Option<Version> {
        if let Some(current) = &self.current {
            let origins = version.delta.as_ref().map_or(&[][..], |delta| &delta.origins);
            self.past.take_in_lost(&current.said.page, origins, self.prints.len());
        }
        self.prints.push(version.said.print);
        self.current.replace(version)
    }
}

impl Iterator for Versions<'_, '_> {
    type Item = Result<Version, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = match self.captures.next() {
                Some(Ok(entry)) => entry,
                Some(Err(error)) => return Some(Err(asking(&error))),
                None => return self.current.take().map(Ok),
            };
            if !self.period.contains(entry.date) || entry.kind == RecordKind::Metadata {
                continue;
            }
            match self.sayer.say(&entry) {
                Ok(said) => {
                    if let Some(ended) = self.take_in(said) {
                        return Some(Ok(ended));
                    }
                }
                Err(error) => {
                    self.notes.push(error.to_string());
                    self.unread = Some((entry.date, error));
                }
            }
        }
    }
}

pub(super) fn asking(error: &ArchiveError) -> StoreError {
    StoreError::Index { doing: "asking", why: error.to_string() }
}

fn says_nothing(said: &Said) -> bool {
    match said.entry.status {
        Some(404 | 410 | 451) => false,
        Some(status) if status >= 400 => true,
        // Only a resource is a page without HTTP.
        None => said.entry.kind != RecordKind::Resource,
        Some(_) => said.page.kind == PageKind::Block,
    }
}

/// The versions of a page, oldest first.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The versions.
    pub versions: Vec<Version>,
    /// Captures that could not be read, in words.
    pub notes: Vec<String>,
}

/// The versions of `url` in `period`, oldest first, all of them in memory.
///
/// # Errors
/// When the index cannot answer. A record that cannot be read is left out and noted.
pub fn history(reader: &Reader, url: &str, period: TimeRange) -> Result<History, StoreError> {
    let mut sayer = Sayer::new(reader);
    let mut versions = sayer.versions(url, period);
    let mut out = History::default();
    for version in versions.by_ref() {
        out.versions.push(version?);
    }
    out.notes = versions.notes;
    Ok(out)
}
