//! The index as of a commit: which passages have which words, and the data of passages.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use tantivy::columnar::{Column, ColumnValues, StrColumn};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Searcher, SegmentReader, TERMINATED, Term};

use super::super::seam::{Found, Marks, PageInside, Passage};
use super::{Fields, Result, guarded};
use crate::base::Timestamp;

/// The data of the passages of a segment.
#[derive(Clone)]
pub(super) struct Columns {
    page: Arc<dyn ColumnValues<u64>>,
    version: Arc<dyn ColumnValues<u64>>,
    date: Arc<dyn ColumnValues<i64>>,
    sign: Column<u64>,
    key: Option<StrColumn>,
}

impl Columns {
    pub(super) fn of(segment: &SegmentReader) -> Result<Self> {
        let fast = segment.fast_fields();
        Ok(Self {
            page: fast.u64("page")?.first_or_default_col(0),
            version: fast.u64("version")?.first_or_default_col(0),
            date: fast.i64("date")?.first_or_default_col(0),
            sign: fast.u64("sign")?,
            key: fast.str("key")?,
        })
    }
}

/// Pages and dates of passages that are read in order and are close together: unpacked many at a time, which is
/// several times as fast as one by one.
struct Run<'c> {
    columns: &'c Columns,
    start: u32,
    pages: Vec<u64>,
    dates: Vec<i64>,
}

/// Passages that are unpacked at a time.
const RUN: u32 = 1024;

impl<'c> Run<'c> {
    fn new(columns: &'c Columns) -> Self {
        Self { columns, start: 0, pages: Vec::new(), dates: Vec::new() }
    }

    fn of(&mut self, doc: u32) -> (u64, i64) {
        let at = (doc % RUN) as usize;
        if doc - doc % RUN != self.start || at >= self.pages.len() {
            self.start = doc - doc % RUN;
            let all = self.columns.page.num_vals().min(self.columns.date.num_vals());
            // The requested value exists; the last values of a short column are read one by one.
            let length = all.saturating_sub(self.start).min(RUN) as usize;
            self.pages.resize(length, 0);
            self.dates.resize(length, 0);
            self.columns.page.get_range(u64::from(self.start), &mut self.pages);
            self.columns.date.get_range(u64::from(self.start), &mut self.dates);
        }
        match (self.pages.get(at), self.dates.get(at)) {
            (Some(page), Some(date)) => (*page, *date),
            _ => (self.columns.page.get_val(doc), self.columns.date.get_val(doc)),
        }
    }
}

/// The index as of a commit.
#[derive(Clone)]
pub struct View {
    /// The marks of its commit.
    pub marks: Marks,
    pub(super) searcher: Searcher,
    pub(super) columns: Vec<Columns>,
    pub(super) fields: Fields,
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("marks", &self.marks).finish_non_exhaustive()
    }
}

impl View {
    /// Calls back for the passages that have all of these words.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn passages(
        &self,
        by: Found,
        words: &[&str],
        found: &mut dyn FnMut(Passage),
    ) -> Result<()> {
        let field = self.fields.of(by);
        guarded(|| {
            let segments = self.searcher.segment_readers().iter().zip(&self.columns);
            for (number, (segment, columns)) in (0..).zip(segments) {
                let inverted = segment.inverted_index(field)?;
                let mut lists = Vec::with_capacity(words.len());
                for word in words {
                    let term = Term::from_field_text(field, word);
                    if let Some(list) = inverted.read_postings(&term, IndexRecordOption::Basic)? {
                        lists.push(list);
                    }
                }
                // A word that does not occur here, or no word at all.
                if lists.len() < words.len() || lists.is_empty() {
                    continue;
                }
                lists.sort_unstable_by_key(DocSet::size_hint);
                let alive = segment.alive_bitset();
                let is_frequent = lists.iter().all(|list| list.size_hint() > segment.max_doc() / 8);
                let mut run = is_frequent.then(|| Run::new(columns));
                each_of_all(&mut lists, &mut |doc| {
                    if alive.is_none_or(|alive| alive.is_alive(doc)) {
                        let (page, date) = match &mut run {
                            Some(run) => run.of(doc),
                            None => (columns.page.get_val(doc), columns.date.get_val(doc)),
                        };
                        found(Passage { page, date, place: (number, doc) });
                    }
                });
            }
            Ok(())
        })
    }

    /// How many passages have a word, including removed ones.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn frequency(&self, by: Found, word: &str) -> Result<u64> {
        let term = Term::from_field_text(self.fields.of(by), word);
        guarded(|| Ok(self.searcher.doc_freq(&term)?))
    }

    /// How many passages there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.searcher.num_docs()
    }

    /// The words with this beginning, the most frequent first, at most this many of them.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn words_from(&self, by: Found, beginning: &str, max: usize) -> Result<Vec<String>> {
        let field = self.fields.of(by);
        guarded(|| {
            let mut found: HashMap<String, u64> = HashMap::new();
            for segment in self.searcher.segment_readers() {
                let inverted = segment.inverted_index(field)?;
                let mut stream = inverted.terms().range().ge(beginning.as_bytes()).into_stream()?;
                while stream.advance() {
                    let Some(word) = std::str::from_utf8(stream.key()).ok() else { continue };
                    if !word.starts_with(beginning) {
                        break;
                    }
                    let frequency = u64::from(stream.value().doc_freq);
                    match found.get_mut(word) {
                        Some(known) => *known += frequency,
                        None => {
                            found.insert(word.to_owned(), frequency);
                        }
                    }
                }
            }
            let mut words: Vec<(String, u64)> = found.into_iter().collect();
            words.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            words.truncate(max);
            Ok(words.into_iter().map(|(word, _)| word).collect())
        })
    }

    /// The numbers of the pages with a version that was first captured at this time or later.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn pages_since(&self, since: Timestamp) -> Result<HashSet<u64>> {
        let since = since.unix_micros().div_euclid(1_000_000);
        guarded(|| {
            let mut pages = HashSet::new();
            for columns in &self.columns {
                // Passages of removed pages are harmless: their page numbers are those of their replacements.
                for doc in 0..columns.date.num_vals() {
                    if columns.date.get_val(doc) >= since {
                        pages.insert(columns.page.get_val(doc));
                    }
                }
            }
            Ok(pages)
        })
    }

    /// The urlkey of the page of a passage.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn key_of(&self, place: (u32, u32)) -> Result<Option<String>> {
        guarded(|| {
            let columns = self.columns.get(usize::try_from(place.0).unwrap_or(usize::MAX));
            let Some(column) = columns.and_then(|columns| columns.key.as_ref()) else {
                return Ok(None);
            };
            let mut key = String::new();
            let Some(ord) = column.ords().first(place.1) else { return Ok(None) };
            Ok(column.ord_to_str(ord, &mut key)?.then_some(key))
        })
    }

    /// The indexed state of a page.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn inside(&self, key: &str) -> Result<Option<PageInside>> {
        let term = Term::from_field_text(self.fields.key, key);
        guarded(|| {
            let mut newest: Option<PageInside> = None;
            for (segment, columns) in self.searcher.segment_readers().iter().zip(&self.columns) {
                let inverted = segment.inverted_index(self.fields.key)?;
                let list = inverted.read_postings(&term, IndexRecordOption::Basic)?;
                let Some(list) = list else { continue };
                let alive = segment.alive_bitset();
                each_of_all(&mut [list], &mut |doc| {
                    let is_alive = alive.is_none_or(|alive| alive.is_alive(doc));
                    let sign = columns.sign.first(doc).filter(|_| is_alive);
                    let versions = columns.version.get_val(doc);
                    if let Some(sign) = sign
                        && newest.is_none_or(|newest| newest.versions <= versions)
                    {
                        let page = columns.page.get_val(doc);
                        newest = Some(PageInside { page, versions, sign });
                    }
                });
            }
            Ok(newest)
        })
    }
}

/// Calls back for the members of all these lists, in order; the first list is the shortest.
fn each_of_all<L: DocSet>(lists: &mut [L], found: &mut dyn FnMut(u32)) {
    let Some((first, others)) = lists.split_first_mut() else { return };
    let mut doc = first.doc();
    'next: while doc != TERMINATED {
        for list in others.iter_mut() {
            let there = if list.doc() < doc { list.seek(doc) } else { list.doc() };
            if there != doc {
                doc = first.seek(there);
                continue 'next;
            }
        }
        found(doc);
        doc = first.advance();
    }
}
