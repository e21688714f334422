//! Every typed change of an archive, newest first.
//!
//! The store of readings has the versions of all pages by time, once it was brought in line with the WARC
//! files; then an answer begins at once. Pages with captures that cannot be read, and without a store all
//! pages, are folded for the answer: their changes come page by page, so each version's are spooled (in
//! memory, past a threshold in a temporary file) and only their times and places are sorted.

use std::cmp::Reverse;
use std::io;

use serde::{Deserialize, Serialize};

use crate::archive::{Form, KeyRange};
use crate::base::{TimeRange, Timestamp};
use crate::diff::ChangeKind;
use crate::diff::json::JsonChange;
use crate::readings::{NewestAsked, Readings};
use crate::store::StoreError;

use super::page_reader::PageReader;
use super::pages::{keys_of_host, pages};
use super::progress::key_of_page;
use super::row::{VersionRow, kind_bit};
use super::spool::Spool;

/// At most this many bytes are spooled in memory.
const SPOOL_MEMORY_MAX: usize = 8 << 20;

/// This many versions are asked of the store at once.
const ROWS_A_QUESTION: usize = 128;

/// Which changes are wanted. The default is all of them.
#[derive(Debug, Clone, Default)]
pub struct ChangeFilter {
    /// Of versions first seen at this time or later.
    pub since: Option<Timestamp>,
    /// Of versions first seen before this time.
    pub until: Option<Timestamp>,
    /// Of one of these kinds; of any where empty.
    pub kinds: Vec<ChangeKind>,
    /// Of pages of this host.
    pub host: Option<String>,
    /// Only of versions changed silently.
    pub stealth_only: bool,
    /// Of this weight at least.
    pub weight_min: u8,
    /// Of pages in this form; without it as they were sent, and as they were rendered where they were sent without
    /// their text.
    pub form: Option<Form>,
}

/// A change and where it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveChange {
    /// The page, as it was captured.
    pub url: String,
    /// The first capture of the version that has it, as 14 digits.
    pub timestamp: String,
    /// The same to the microsecond, as `WARC-Date` writes it.
    pub date: String,
    /// The first capture of the version that it is compared with.
    pub before_timestamp: String,
    /// Its place among the changes of that version, from 1.
    pub number: usize,
    /// Whether the version was changed silently.
    pub stealth: bool,
    /// Whether the versions are the page as scripts made it; left out where they are the page as it was sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
    /// The headline of the version, or where it has no article of the one it is compared with.
    pub headline: Option<String>,
    /// The change.
    #[serde(flatten)]
    pub change: JsonChange,
}

impl ChangeFilter {
    fn period(&self) -> TimeRange {
        TimeRange {
            start: self.since.unwrap_or(TimeRange::ALL.start),
            end: self.until.unwrap_or(TimeRange::ALL.end),
        }
    }

    /// The wanted changes of a version, where it is counted ([`PageReader::is_counted`]).
    fn counted(
        &self,
        page_reader: &mut PageReader<'_>,
        row: &VersionRow,
    ) -> Result<Vec<ArchiveChange>, StoreError> {
        let found = self.of(row);
        let is_counted = found.is_empty() || page_reader.is_counted(row, self.form)?;
        Ok(if is_counted { found } else { Vec::new() })
    }

    /// The wanted changes of a version.
    fn of(&self, row: &VersionRow) -> Vec<ArchiveChange> {
        let Some(change) = &row.change else { return Vec::new() };
        let delta = &change.delta;
        if (self.stealth_only && !delta.stealth) || !self.period().contains(row.first.date) {
            return Vec::new();
        }
        let is_wanted = |kind: ChangeKind, weight: u8| {
            (self.kinds.is_empty() || self.kinds.contains(&kind)) && weight >= self.weight_min
        };
        let wanted = delta.changes.iter().map(|change| is_wanted(change.kind, change.weight));
        // Of an article that is gone: which one that was.
        let headline = row.headline.as_ref().or(change.before_headline.as_ref());
        let chosen = (1..).zip(change.json()).zip(wanted).filter(|(_, wanted)| *wanted);
        chosen
            .map(|((number, json), _)| ArchiveChange {
                number,
                url: row.first.url.clone(),
                timestamp: row.first.date.to_stamp14(),
                date: row.first.date.to_warc_date(),
                before_timestamp: change.before.date.to_stamp14(),
                stealth: delta.stealth,
                rendering: row.form() == Form::Rendered,
                headline: headline.cloned(),
                change: json,
            })
            .collect()
    }

    /// What the store is asked for, which may have more than is wanted.
    fn asked(&self) -> NewestAsked {
        let period = self.period();
        let keys = self.host.as_deref().map_or_else(KeyRange::all, keys_of_host);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        NewestAsked {
            from: period.start.unix_micros(),
            // The first one that comes after this is the newest before the end.
            after: (period.end.unix_micros().saturating_sub(1), String::new(), -1),
            keys: (text(keys.start), keys.end.map(text).unwrap_or_default()),
            stealth_only: self.stealth_only,
            weight_min: self.weight_min,
            kinds: self.kinds.iter().fold(0, |bits, kind| bits | kind_bit(*kind)),
            limit: ROWS_A_QUESTION,
        }
    }
}

/// Where the changes of one version lie in the spool.
#[derive(Debug, Clone)]
struct Place {
    at: Timestamp,
    urlkey: std::sync::Arc<str>,
    number: usize,
    offset: u64,
    length: u64,
}

/// The changes that were found, newest first.
#[derive(Debug)]
pub struct NewestFirst<'s, 'a> {
    page_reader: &'s mut PageReader<'a>,
    wanted: ChangeFilter,
    /// What the store has; `None` where all of it was spooled.
    stored: Option<FromStore<'a>>,
    spooled: Spooled,
    batch: std::vec::IntoIter<ArchiveChange>,
    /// How many changes were given out.
    given: usize,
    newest: Option<Timestamp>,
    /// Captures that could not be read, as text.
    pub notes: Vec<String>,
}

/// The versions of the store, asked for in parts.
#[derive(Debug)]
struct FromStore<'a> {
    readings: &'a Readings,
    asked: NewestAsked,
    rows: std::vec::IntoIter<VersionRow>,
    next: Option<VersionRow>,
    is_last: bool,
}

/// The changes of versions that were folded for this answer, by time.
#[derive(Debug)]
struct Spooled {
    spool: Spool,
    places: Vec<Place>,
}

impl Spooled {
    fn new() -> Self {
        Self { spool: Spool::new(SPOOL_MEMORY_MAX), places: Vec::new() }
    }

    /// Adds the wanted changes of a page's versions; notes on captures that could not be read go into
    /// `notes`.
    fn add_page(
        &mut self,
        page_reader: &mut PageReader<'_>,
        (url, form): (&str, Form),
        wanted: &ChangeFilter,
        notes: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let urlkey: std::sync::Arc<str> = key_of_page(url, form).into();
        let mut pages = page_reader.twin();
        let mut rows = page_reader.rows_of(url, form, TimeRange::ALL)?;
        for row in rows.by_ref() {
            let row = row?;
            let found = wanted.counted(&mut pages, &row)?;
            if found.is_empty() {
                continue;
            }
            let line = serde_json::to_vec(&found).map_err(|why| spooling(why.into()))?;
            let offset = self.spool.append(&line).map_err(spooling)?;
            let (at, length) = (row.first.date, line.len() as u64);
            let (urlkey, number) = (std::sync::Arc::clone(&urlkey), row.number);
            self.places.push(Place { at, urlkey, number, offset, length });
        }
        notes.append(&mut rows.notes());
        Ok(())
    }

    /// Puts the newest last, to be taken from there.
    fn sort(&mut self) {
        // Versions of one instant stay in the order of their pages.
        self.places.sort_by(|a, b| b.order().cmp(&a.order()));
    }

    fn load(&mut self, place: &Place) -> io::Result<Vec<ArchiveChange>> {
        let line = self.spool.read(place.offset, place.length)?;
        Ok(serde_json::from_slice(&line)?)
    }
}

impl Place {
    fn order(&self) -> (Reverse<Timestamp>, &str, usize) {
        (Reverse(self.at), &self.urlkey, self.number)
    }
}

/// Finds every wanted change. `progress` receives the number of pages checked so far.
///
/// # Errors
/// When the index cannot answer or the spool cannot be read. A record that cannot be read is left
/// out and noted.
pub fn changes<'s, 'a>(
    page_reader: &'s mut PageReader<'a>,
    wanted: &ChangeFilter,
    progress: &mut dyn FnMut(u64),
) -> Result<NewestFirst<'s, 'a>, StoreError> {
    let mut notes = Vec::new();
    let mut spooled = Spooled::new();
    let mut stored = None;
    if page_reader.catch_up(progress)?
        && let Some(readings) = page_reader.readings()
        && let Some(unread) = readings.pages_unread()
    {
        let keys = wanted.host.as_deref().map_or_else(KeyRange::all, keys_of_host);
        let is_inside = |(key, _): &&(String, String)| keys.contains(key.as_bytes());
        for (key, url) in unread.iter().filter(is_inside) {
            let is_rendered = key.ends_with(Form::Rendered.suffix());
            let form = if is_rendered { Form::Rendered } else { Form::Plain };
            spooled.add_page(page_reader, (url, form), wanted, &mut notes)?;
        }
        let (rows, next, is_last) = (Vec::new().into_iter(), None, false);
        stored = Some(FromStore { readings, asked: wanted.asked(), rows, next, is_last });
    } else {
        spool_all(page_reader, wanted, &mut spooled, &mut notes, progress)?;
    }
    spooled.sort();
    let mut found = NewestFirst {
        page_reader,
        wanted: wanted.clone(),
        stored,
        spooled,
        batch: Vec::new().into_iter(),
        given: 0,
        newest: None,
        notes,
    };
    found.fill()?;
    found.newest = found.batch.as_slice().first().and_then(|one| Timestamp::parse(&one.date));
    Ok(found)
}

/// Reads all pages that may have changed, one after the other.
fn spool_all(
    page_reader: &mut PageReader<'_>,
    wanted: &ChangeFilter,
    spooled: &mut Spooled,
    notes: &mut Vec<String>,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let mut looked_at = 0_u64;
    for page in pages(page_reader.reader(), wanted.host.as_deref()) {
        let page = page?;
        looked_at += 1;
        progress(looked_at);
        let last = page.last.max(page.last_rendered.unwrap_or(page.last));
        let too_old = wanted.since.is_some_and(|since| last < since);
        let too_new = wanted.until.is_some_and(|until| page.first >= until);
        for form in page.changed_forms().filter(|_| !too_old && !too_new) {
            spooled.add_page(page_reader, (&page.url, form), wanted, notes)?;
        }
    }
    Ok(())
}

fn spooling(why: io::Error) -> StoreError {
    StoreError::Io { doing: "spooling changes to", path: "a temporary file".to_owned(), why }
}

/// The store failed in the middle of an answer.
struct Failed;

impl FromStore<'_> {
    /// Has the next row ready, if there is one.
    fn peek(&mut self) -> Result<Option<&VersionRow>, Failed> {
        if self.next.is_none() {
            if self.rows.as_slice().is_empty() && !self.is_last {
                let found = self.readings.newest(&self.asked).ok_or(Failed)?;
                self.is_last = found.len() < self.asked.limit;
                if let Some((after, _)) = found.last() {
                    self.asked.after = after.clone();
                }
                let rows: Option<Vec<VersionRow>> =
                    found.iter().map(|(_, bytes)| VersionRow::of_bytes(bytes)).collect();
                let Some(rows) = rows else {
                    self.readings.is_damaged("a version of a page");
                    return Err(Failed);
                };
                self.rows = rows.into_iter();
            }
            self.next = self.rows.next();
        }
        Ok(self.next.as_ref())
    }
}

impl NewestFirst<'_, '_> {
    /// The time of the newest change; `None` where there is none.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// Has the changes of the next version ready, if there is one.
    fn fill(&mut self) -> Result<(), StoreError> {
        while self.batch.as_slice().is_empty() {
            let stored = match self.stored.as_mut().map(FromStore::peek) {
                Some(Ok(row)) => {
                    let key = |row: &VersionRow| {
                        let suffix = row.form().suffix();
                        format!("{}{suffix}", row.first.urlkey)
                    };
                    row.map(|row| (Reverse(row.first.date), key(row), row.number))
                }
                Some(Err(Failed)) => {
                    self.without_store()?;
                    continue;
                }
                None => None,
            };
            let spooled = self.spooled.places.last().map(Place::order);
            let is_stored = match (&stored, &spooled) {
                (Some((at, urlkey, number)), Some(place)) => (*at, &**urlkey, *number) < *place,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => return Ok(()),
            };
            if is_stored {
                let row = self.stored.as_mut().and_then(|stored| stored.next.take());
                if let Some(row) = row {
                    self.batch = self.wanted.counted(self.page_reader, &row)?.into_iter();
                }
            } else if let Some(place) = self.spooled.places.pop() {
                let batch = self.spooled.load(&place).map_err(spooling)?;
                self.batch = batch.into_iter();
            }
        }
        Ok(())
    }

    /// Goes on from the captures alone, behind what was given out.
    fn without_store(&mut self) -> Result<(), StoreError> {
        self.stored = None;
        self.notes.clear();
        self.spooled = Spooled::new();
        let mut page_reader = self.page_reader.twin();
        spool_all(&mut page_reader, &self.wanted, &mut self.spooled, &mut self.notes, &mut |_| {})?;
        self.spooled.sort();
        let mut passed = 0;
        while passed < self.given {
            let Some(place) = self.spooled.places.pop() else { break };
            let mut batch = self.spooled.load(&place).map_err(spooling)?;
            let over = batch.len().min(self.given - passed);
            passed += over;
            batch.drain(..over);
            self.batch = batch.into_iter();
        }
        Ok(())
    }
}

impl Iterator for NewestFirst<'_, '_> {
    type Item = Result<ArchiveChange, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(why) = self.fill() {
            self.stored = None;
            self.spooled.places.clear();
            return Some(Err(why));
        }
        let change = self.batch.next()?;
        self.given += 1;
        Some(Ok(change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::Archive;
    use crate::readings::DERIVED_BYTES_MAX;

    const A: &str = "The board met on Tuesday in the old harbour house.";
    const B: &str = "It counted 12 boats at the eastern pier that morning.";
    const B2: &str = "It counted 15 boats at the eastern pier that morning.";
    const B3: &str = "It counted 90 boats at the eastern pier that morning.";

    fn archive() -> Archive {
        let mut archive = Archive::new();
        archive.page("http://courier.example/a", 1, &[A, B]);
        archive.page("http://courier.example/a", 4, &[A, B2]);
        archive.page("http://courier.example/a", 9, &[A, B3]);
        archive.page("http://other.example/b", 2, &[A, B]);
        archive.page("http://other.example/b", 6, &[A, B3]);
        archive.page("http://other.example/still", 2, &[A, B]);
        archive.page("http://other.example/still", 6, &[A, B]);
        archive
    }

    fn found(wanted: &ChangeFilter) -> Vec<(String, String)> {
        let archive = archive();
        let reader = archive.reader();
        let mut page_reader = PageReader::new(&reader);
        let found = changes(&mut page_reader, wanted, &mut |_| {}).unwrap();
        let short = |change: ArchiveChange| {
            assert_eq!(change.change.kind, ChangeKind::FigureChanged, "{change:?}");
            (change.url, change.change.after.unwrap_or_default())
        };
        found.map(|change| short(change.unwrap())).collect()
    }

    #[test]
    fn changes_come_newest_first_over_all_pages() {
        let pair = |url: &str, after: &str| (url.to_owned(), after.to_owned());
        let (a, b) = ("http://courier.example/a", "http://other.example/b");
        let all = [pair(a, "90"), pair(b, "90"), pair(a, "15")];
        assert_eq!(found(&ChangeFilter::default()), all);
        let cases = [
            (
                ChangeFilter { host: Some("other.example".to_owned()), ..ChangeFilter::default() },
                &all[1..2],
            ),
            (ChangeFilter { since: Some(Archive::at(6)), ..ChangeFilter::default() }, &all[..2]),
            (ChangeFilter { until: Some(Archive::at(6)), ..ChangeFilter::default() }, &all[2..]),
            (ChangeFilter { kinds: vec![ChangeKind::Headline], ..ChangeFilter::default() }, &[]),
            (
                ChangeFilter { kinds: vec![ChangeKind::FigureChanged], ..ChangeFilter::default() },
                &all,
            ),
            (ChangeFilter { stealth_only: true, ..ChangeFilter::default() }, &all),
            (ChangeFilter { weight_min: 4, ..ChangeFilter::default() }, &all[..2]),
            (ChangeFilter { weight_min: 5, ..ChangeFilter::default() }, &[]),
        ];
        for (wanted, expected) in cases {
            assert_eq!(found(&wanted), expected, "{wanted:?}");
        }
    }

    #[test]
    fn a_cache_changes_no_answer() {
        let archive = archive();
        let reader = archive.reader();
        let ask = |page_reader: &mut PageReader<'_>| -> Vec<ArchiveChange> {
            let found = changes(page_reader, &ChangeFilter::default(), &mut |_| {}).unwrap();
            found.map(Result::unwrap).collect()
        };
        let bare = ask(&mut PageReader::new(&reader));
        assert_eq!(bare.len(), 3);
        for _ in 0..2 {
            let readings = Readings::open(&reader.layout().derived_dir(), DERIVED_BYTES_MAX);
            assert_eq!(readings.why_not(), None);
            assert_eq!(ask(&mut PageReader::cached(&reader, &readings)), bare);
        }
        // The second reading needs no record at all.
        std::fs::write(archive.root().join("warc/a.warc"), b"").unwrap();
        let readings = Readings::open(&reader.layout().derived_dir(), DERIVED_BYTES_MAX);
        assert_eq!(ask(&mut PageReader::cached(&reader, &readings)), bare);
    }
}
