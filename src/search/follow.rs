//! Keeps the index of words in line with the WARC files: a follower of them, like the versions
//! ([`crate::history`]), whose readings and versions it uses; it derives none of its own.
//!
//! A page is added version by version. The indexed versions are identified by a hash of their
//! input (`sign`): if it differs from that of the page's current versions (a capture was added in between, a
//! redirect leads to a page that was captured since), the whole page is removed and added again.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::archive::{ArchiveError, ArchiveErrorKind, Capture, FileMark, Follower, Form, Seen};
use crate::base::TimeRange;
use crate::base::surt::urlkey;
use crate::diff::Presence;
use crate::history::pages::{page, pages};
use crate::history::{HASH_START, PageReader, VersionRow, hashed, key_of_page};
use crate::store::{FollowError, StoreError, follow};

use super::content::Content;
use super::index::Writer;
use super::passages::Text;
use super::query::host_of;
use super::seam::{Entry, IndexError, Marks, OpenRedirects, PageInside};

/// A commit is made after this many passages.
const PASSAGES_BETWEEN_COMMITS: u64 = 100_000;

/// A part of the WARC files up to this length is read by itself; if more is new, all pages of the archive are
/// visited.
const GAP_BYTES_MAX: u64 = 256 << 20;

/// Why the index could not be updated or queried.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The archive cannot answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no index: it is switched off, or its sources are not kept.
    #[error("there is no search index: {0}")]
    None(String),
    /// It was stopped before it was complete.
    #[error("the search index was not updated: the program is stopping")]
    Ended,
    /// Another process is still making it.
    #[error("another process is still building the search index: {0} MB of WARC files left")]
    Behind(u64),
}

/// Brings the index up to date with the archive; `progress` gets the number of pages read. Returns what is left
/// out, as text. `identity` is that of the store of readings.
///
/// # Errors
/// When it fails; what was committed stays.
pub(super) fn catch_up(
    writer: &mut Writer,
    page_reader: &mut PageReader<'_>,
    identity: &str,
    progress: &mut dyn FnMut(u64),
    ended: &AtomicBool,
) -> Result<Vec<String>, SearchError> {
    let mut putting = Putting { page_reader, writer, notes: Vec::new(), pages: 0, progress, ended };
    putting.all_new(identity)?;
    Ok(putting.notes)
}

/// The offset up to which the captures of a file are indexed.
pub(super) fn mark_of(marks: &Marks, file: &str) -> u64 {
    marks.files.get(file).copied().unwrap_or(0)
}

/// Whether the indexed files are still files of the archive, none of them shorter than before.
pub(super) fn are_the_same_files(marks: &Marks, now: &[FileMark]) -> bool {
    marks
        .files
        .iter()
        .all(|(name, done)| now.iter().any(|mark| *mark.file == **name && *done <= mark.indexed_to))
}

struct Putting<'p, 's> {
    page_reader: &'p mut PageReader<'s>,
    writer: &'p mut Writer,
    notes: Vec<String>,
    pages: u64,
    progress: &'p mut dyn FnMut(u64),
    ended: &'p AtomicBool,
}

impl Putting<'_, '_> {
    fn all_new(&mut self, identity: &str) -> Result<(), SearchError> {
        let reader = self.page_reader.reader();
        let now = reader.marks()?;
        if !are_the_same_files(&self.writer.marks, &now) {
            self.writer.clear()?;
        }
        if self.writer.marks.identity != identity {
            // The versions may have changed; each page is compared with the index.
            self.writer.marks.files.clear();
            identity.clone_into(&mut self.writer.marks.identity);
        }
        let marks = &self.writer.marks;
        let gap = |mark: &FileMark| mark.indexed_to.saturating_sub(mark_of(marks, &mark.file));
        let bytes: u64 = now.iter().map(gap).sum();
        if !marks.files.is_empty() && bytes <= GAP_BYTES_MAX {
            let mut words = WordsFollower { putting: self, urls: BTreeSet::new(), failed: None };
            match follow(reader, &mut words, &mut |_| {}) {
                Ok(()) => return Ok(self.writer.commit()?),
                Err(FollowError::Follower(why)) => {
                    let other = || IndexError::Unusable(why.to_string()).into();
                    return Err(words.failed.unwrap_or_else(other));
                }
                // A part of a file that cannot be read: the index of captures lists all pages.
                Err(FollowError::File(_)) => {}
            }
        }
        for page in pages(reader, None) {
            self.page(&page?.url)?;
            self.commit_now_and_then()?;
        }
        for mark in now {
            self.writer.marks.files.insert(mark.file.to_string(), mark.indexed_to);
        }
        Ok(self.writer.commit()?)
    }

    fn commit_now_and_then(&mut self) -> Result<(), IndexError> {
        if self.writer.passages() >= PASSAGES_BETWEEN_COMMITS {
            self.writer.commit()?;
        }
        Ok(())
    }

    /// Adds the new versions of a page: each of its forms is a separate page here.
    fn page(&mut self, url: &str) -> Result<(), SearchError> {
        if self.ended.load(Ordering::Relaxed) {
            return Err(SearchError::Ended);
        }
        // Captures that the object storage does not return now would never be added: the page would count as indexed.
        let unanswered = self.page_reader.reader().storage_unanswered();
        self.put_page(url)?;
        Ok(self.page_reader.reader().storage_answered_since(unanswered)?)
    }

    fn put_page(&mut self, url: &str) -> Result<(), SearchError> {
        self.pages += 1;
        (self.progress)(self.pages);
        let page = page(self.page_reader.reader(), url)?;
        for form in [Form::Plain, Form::Rendered] {
            let key = key_of_page(url, form);
            let inside = self.writer.inside(&key)?;
            let page = page.as_ref().filter(|page| page.forms(Some(form)).next().is_some());
            let Some(page) = page else {
                if inside.is_some() {
                    self.writer.remove(&key);
                }
                continue;
            };
            if !self.versions((page.url.as_str(), form), &key, inside)? {
                self.writer.remove(&key);
                let none =
                    inside.map(|known| PageInside { versions: 0, sign: HASH_START, ..known });
                self.versions((page.url.as_str(), form), &key, none)?;
            }
        }
        Ok(())
    }

    /// Adds the versions after the indexed ones; false if the indexed ones differ.
    fn versions(
        &mut self,
        (url, form): (&str, Form),
        key: &str,
        inside: Option<PageInside>,
    ) -> Result<bool, SearchError> {
        let mut reading = self.page_reader.twin();
        let mut rows = self.page_reader.rows_of(url, form, TimeRange::ALL)?;
        let (mut sign, mut versions) = (HASH_START, 0);
        let known = inside.map_or(0, |inside| inside.versions);
        let mut shown: Option<VersionRow> = None;
        let mut before: Option<(Content, Text)> = None;
        let mut number = inside.map(|inside| inside.page);
        for row in rows.by_ref() {
            let row = row?;
            if versions == known && inside.is_some_and(|inside| inside.sign != sign) {
                return Ok(false);
            }
            (sign, versions) = (signed(sign, &row), versions + 1);
            if let Some(to) = open_redirect(&row) {
                self.writer.marks.redirects.add(urlkey(to), url);
            }
            if versions <= known {
                shown = is_shown(&row).then_some(row).or(shown);
                continue;
            }
            if let Some(last) = shown.take() {
                before = content(&mut reading, &last, &mut self.notes).map(with_words);
            }
            let now = match is_shown(&row) {
                true => content(&mut reading, &row, &mut self.notes).map(with_words),
                false => None,
            };
            let page = match number {
                Some(number) => number,
                None => *number.insert(self.writer.number_page()),
            };
            let inside = PageInside { page, versions, sign };
            let date = row.first.date.unix_micros().div_euclid(1_000_000);
            let entry = Entry { key, host: host_of(key), inside, date, ..Entry::default() };
            self.writer.add(&filled(entry, now.as_ref(), before.as_ref()))?;
            before = now.or(before);
        }
        self.notes.append(&mut rows.notes());
        let is_inside =
            |inside: PageInside| versions > known || (versions == known && inside.sign == sign);
        Ok(inside.is_none_or(is_inside))
    }
}

/// The entry with the new content of `now`.
fn filled<'e>(
    mut entry: Entry<'e>,
    now: Option<&'e (Content, Text)>,
    before: Option<&'e (Content, Text)>,
) -> Entry<'e> {
    let Some((content, words)) = now else { return entry };
    entry.passages = words.passages(before.map(|before| &before.1));
    entry.has_compounds = content.is_german;
    let news = |of: fn(&Content) -> Vec<String>| {
        let words = of(content);
        if before.is_some_and(|before| of(&before.0) == words) { Vec::new() } else { words }
    };
    entry.headline = news(Content::headline_words);
    entry.byline = news(Content::byline_words);
    entry.speakers = news(Content::speaker_words);
    entry
}

fn with_words(content: Content) -> (Content, Text) {
    let words = Text::new(content.text());
    (content, words)
}

/// Whether a version shows the article or a part of it.
pub(super) fn is_shown(row: &VersionRow) -> bool {
    matches!(row.presence, Presence::Here | Presence::Cut)
}

/// The content of a version; a record that cannot be read is noted.
pub(super) fn content(
    reading: &mut PageReader<'_>,
    row: &VersionRow,
    notes: &mut Vec<String>,
) -> Option<Content> {
    match reading.follow(&row.first) {
        Ok(said) => Some(Content::of(&said.page)),
        Err(why) => {
            notes.push(why.to_string());
            None
        }
    }
}

/// The target of a version that is a redirect to a page which was not captured since.
pub(super) fn open_redirect(row: &VersionRow) -> Option<&str> {
    let is_settled = |landing: &Capture| landing.date >= row.first.date;
    row.leads_to.as_deref().filter(|_| !row.landing.as_ref().is_some_and(is_settled))
}

/// Pages with an open redirect to a page that was captured.
pub(super) fn led_here(
    page_reader: &PageReader<'_>,
    redirects: &OpenRedirects,
    key: &str,
) -> BTreeSet<String> {
    let waiting = page_reader.readings().and_then(|readings| readings.waiting_for(key));
    let known = redirects.to(key).map(str::to_owned);
    waiting.into_iter().flatten().chain(known).collect()
}

/// The sign extended by one more version.
fn signed(mut sign: u64, row: &VersionRow) -> u64 {
    for capture in [Some(&row.first), row.landing.as_ref()].into_iter().flatten() {
        sign = hashed(sign, &capture.date.unix_micros().to_be_bytes());
        sign = hashed(sign, &capture.offset.to_be_bytes());
        sign = hashed(sign, capture.file.as_bytes());
    }
    hashed(sign, &[u8::from(is_shown(row))])
}

/// The follower of the WARC files that indexes the words of pages.
struct WordsFollower<'w, 'p, 's> {
    putting: &'w mut Putting<'p, 's>,
    /// Pages that were captured since the last commit.
    urls: BTreeSet<(String, String)>,
    /// Why pages could not be added.
    failed: Option<SearchError>,
}

impl WordsFollower<'_, '_, '_> {
    fn put(&mut self) -> Result<(), SearchError> {
        let mut last = None;
        for (urlkey, url) in std::mem::take(&mut self.urls) {
            // Other spellings of an address are the same page.
            if last.replace(urlkey.clone()).is_some_and(|last| last == urlkey) {
                continue;
            }
            self.putting.page(&url)?;
            let redirects = &mut self.putting.writer.marks.redirects;
            let pages = led_here(self.putting.page_reader, redirects, &urlkey);
            redirects.forget(&urlkey);
            for url in pages {
                self.putting.page(&url)?;
            }
        }
        Ok(self.putting.commit_now_and_then()?)
    }
}

impl Follower for WordsFollower<'_, '_, '_> {
    fn mark(&self, file: &str) -> Result<u64, ArchiveError> {
        Ok(mark_of(&self.putting.writer.marks, file))
    }

    fn record(&mut self, record: Seen<'_>) -> Result<(), ArchiveError> {
        self.urls.extend(record.capture.map(|capture| (capture.urlkey, capture.url)));
        Ok(())
    }

    fn commit(&mut self, mark: &FileMark) -> Result<(), ArchiveError> {
        let failed = |why: String| ArchiveError::new(ArchiveErrorKind::System, why);
        self.put().map_err(|why| {
            let error = failed(why.to_string());
            self.failed = Some(why);
            error
        })?;
        // Marks are in the commit of the index; this one is in the next.
        self.putting.writer.marks.files.insert(mark.file.to_string(), mark.indexed_to);
        Ok(())
    }
}
