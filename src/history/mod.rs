//! The read journey through time: captures of a page folded into versions, and what changed
//! between neighbours. Read only.
//!
//! A version is a run of captures whose article says the same; bytes that differ only in furniture
//! make none. Both sides of every comparison are extracted anew from the stored bytes, so a newer
//! extractor never reads as an edit.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::{Digest, TimeRange, Timestamp};
use crate::diff::{CompareOptions, Comparison, Fingerprint, Side, compare_captures};
use crate::extract::page::Page;
use crate::extract::{Hints, extract};
use crate::http::Head;
use crate::index::{IndexEntry, RecordKind};
use crate::store::{Reader, StoreError};

/// The longest payload after decompression that is read.
pub const DECODED_BYTES_MAX: usize = 256 << 20;

/// What one capture says, and how it was answered.
#[derive(Debug, Clone)]
pub struct Said {
    /// The capture.
    pub entry: IndexEntry,
    /// The name of its file.
    pub file: Arc<str>,
    /// What the page says; the empty page where there is nothing to read.
    pub page: Arc<Page>,
    /// Where it redirects to.
    pub redirected_to: Option<String>,
}

impl Said {
    /// The capture as a side of a comparison. A 304 stands for the page it confirms.
    #[must_use]
    pub fn side(&self) -> Side<'_> {
        let status = self.entry.status.map(|s| if s == 304 { 200 } else { s });
        Side {
            page: &self.page,
            status,
            url: Some(&self.entry.url),
            redirected_to: self.redirected_to.as_deref(),
        }
    }
}

/// A run of captures whose article says the same.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its first capture.
    pub said: Said,
    /// When it was seen first.
    pub first_seen: Timestamp,
    /// When it was seen last.
    pub last_seen: Timestamp,
    /// How many captures there are of it.
    pub captures: u64,
    /// What changed since the version before; none for the first.
    pub comparison: Option<Comparison>,
}

/// The versions of a page, oldest first.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The versions.
    pub versions: Vec<Version>,
    /// Captures that could not be read, in words.
    pub notes: Vec<String>,
}

/// Reads what captures say; the pages of payloads that come again are kept.
pub struct Sayer<'a> {
    reader: &'a Reader,
    pages: HashMap<(Digest, String), Arc<Page>>,
}

/// So many pages are kept; a page of an article takes some ten kilobytes.
const PAGES_MAX: usize = 512;

impl<'a> Sayer<'a> {
    /// A reader of what captures in this archive say.
    #[must_use]
    pub fn new(reader: &'a Reader) -> Self {
        Self { reader, pages: HashMap::new() }
    }

    /// What a capture says.
    ///
    /// # Errors
    /// When its record cannot be read.
    pub fn say(&mut self, entry: &IndexEntry) -> Result<Said, StoreError> {
        let file = self.reader.file_name(entry);
        let key = entry.digest.map(|d| (d, entry.url.clone()));
        let is_page = matches!(entry.status, Some(200..=299 | 304)) && !entry.truncated;
        if let (Some(page), true) = (key.as_ref().and_then(|k| self.pages.get(k)), is_page) {
            let page = Arc::clone(page);
            return Ok(Said { entry: entry.clone(), file, page, redirected_to: None });
        }
        let loaded = self.reader.load(entry)?;
        let head = Head::parse(&loaded.head);
        let redirected_to = entry
            .status
            .filter(|s| matches!(s, 301 | 302 | 303 | 307 | 308))
            .and_then(|_| head.get_text("location"))
            .map(std::borrow::Cow::into_owned);
        let decoded = loaded.decoded(DECODED_BYTES_MAX).unwrap_or_default();
        let content_type = loaded.content_type();
        let status = entry.status.map(|s| if s == 304 { 200 } else { s });
        let hints = Hints { url: Some(&entry.url), content_type: content_type.as_deref(), status };
        let page = Arc::new(extract(&decoded, &hints).page);
        if let (Some(key), true) = (key, is_page) {
            if self.pages.len() >= PAGES_MAX {
                self.pages.clear();
            }
            self.pages.insert(key, Arc::clone(&page));
        }
        Ok(Said { entry: entry.clone(), file, page, redirected_to })
    }
}

/// The versions of `url` in `period`, oldest first.
///
/// # Errors
/// When the index cannot answer. A record that cannot be read is left out and noted.
pub fn history(reader: &Reader, url: &str, period: TimeRange) -> Result<History, StoreError> {
    let mut sayer = Sayer::new(reader);
    let mut out = History::default();
    let mut fingerprints: Vec<Fingerprint> = Vec::new();
    for entry in reader.captures_of(url) {
        let entry = entry?;
        if !period.contains(entry.date) || entry.kind == RecordKind::Metadata {
            continue;
        }
        let said = match sayer.say(&entry) {
            Ok(said) => said,
            Err(error) => {
                out.notes.push(error.to_string());
                continue;
            }
        };
        let Some(last) = out.versions.last_mut() else {
            fingerprints.push(Fingerprint::of(&said.page));
            out.versions.push(Version::first(said));
            continue;
        };
        // A server in trouble and a wall against robots say nothing about the article.
        if says_nothing(&said) {
            continue;
        }
        let same_bytes = Arc::ptr_eq(&said.page, &last.said.page);
        let comparison = (!same_bytes).then(|| {
            let earlier = &fingerprints[..fingerprints.len().saturating_sub(1)];
            compare_captures(&last.said.side(), &said.side(), earlier, &CompareOptions::default())
        });
        match comparison {
            Some(comparison) if !comparison.changes.is_empty() => {
                fingerprints.push(Fingerprint::of(&said.page));
                out.versions.push(Version { comparison: Some(comparison), ..Version::first(said) });
            }
            _ => {
                last.captures += 1;
                last.last_seen = said.entry.date;
            }
        }
    }
    Ok(out)
}

fn says_nothing(said: &Said) -> bool {
    match said.entry.status {
        Some(404 | 410 | 451) => false,
        Some(status) if status >= 400 => true,
        None => true,
        Some(_) => said.page.kind == crate::extract::page::PageKind::Block,
    }
}

impl Version {
    fn first(said: Said) -> Self {
        let at = said.entry.date;
        Self { said, first_seen: at, last_seen: at, captures: 1, comparison: None }
    }
}
