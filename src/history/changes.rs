//! Every typed change of an archive, newest first.
//!
//! Pages are read one after the other, so changes come page by page; to give them out by time, each
//! version's changes are spooled (in memory, past a threshold in a temporary file) and only their
//! times and places are sorted: two dozen bytes a version, however long its text.

use std::cmp::Reverse;
use std::io;

use serde::{Deserialize, Serialize};

use crate::base::{TimeRange, Timestamp};
use crate::diff::ChangeKind;
use crate::diff::render::json::JsonChange;
use crate::store::StoreError;

use super::pages::pages;
use super::said::Sayer;
use super::spool::Spool;
use super::versions::Version;

/// Up to so many bytes are spooled in memory.
const SPOOL_MEMORY_MAX: usize = 8 << 20;

/// Which changes are wanted. The default is all of them.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of versions first seen at this time or later.
    pub since: Option<Timestamp>,
    /// Of versions first seen before this time.
    pub until: Option<Timestamp>,
    /// Of one of these kinds; of any where empty.
    pub kinds: Vec<ChangeKind>,
    /// Of pages of this host.
    pub host: Option<String>,
    /// Only of versions changed without a word.
    pub stealth_only: bool,
    /// Of this weight at least.
    pub weight_min: u8,
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
    /// Whether the version was changed without a word.
    pub stealth: bool,
    /// The headline of the version, or where it has no article of the one it is compared with.
    pub headline: Option<String>,
    /// The change.
    #[serde(flatten)]
    pub change: JsonChange,
}

impl Wanted {
    fn period(&self) -> TimeRange {
        TimeRange {
            start: self.since.unwrap_or(TimeRange::ALL.start),
            end: self.until.unwrap_or(TimeRange::ALL.end),
        }
    }

    /// The wanted changes of a version.
    fn of(&self, version: &Version) -> Vec<ArchiveChange> {
        let (Some(delta), Some(before)) = (&version.delta, &version.before) else {
            return Vec::new();
        };
        if (self.stealth_only && !delta.stealth) || !self.period().contains(version.first_seen) {
            return Vec::new();
        }
        let is_wanted = |kind: ChangeKind, weight: u8| {
            (self.kinds.is_empty() || self.kinds.contains(&kind)) && weight >= self.weight_min
        };
        let wanted = delta.changes.iter().map(|change| is_wanted(change.kind, change.weight));
        // Of an article that is gone: which one that was.
        let lost = || before.page.headline.as_ref().map(|headline| headline.value.clone());
        let headline = version.headline().map(str::to_owned).or_else(lost);
        let changes = delta.json(&before.page, &version.said.page);
        let chosen = (1..).zip(changes).zip(wanted).filter(|(_, wanted)| *wanted);
        chosen
            .map(|((number, change), _)| ArchiveChange {
                number,
                url: version.said.entry.url.clone(),
                timestamp: version.first_seen.to_stamp14(),
                date: version.first_seen.to_warc_date(),
                before_timestamp: before.entry.date.to_stamp14(),
                stealth: delta.stealth,
                headline: headline.clone(),
                change,
            })
            .collect()
    }
}

/// Where the changes of one version lie in the spool.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: Timestamp,
    offset: u64,
    length: u64,
}

/// The changes that were found, newest first.
#[derive(Debug)]
pub struct NewestFirst {
    spool: Spool,
    places: std::vec::IntoIter<Place>,
    batch: std::vec::IntoIter<ArchiveChange>,
    newest: Option<Timestamp>,
    /// Captures that could not be read, in words.
    pub notes: Vec<String>,
}

/// Finds every wanted change. `progress` is told how many pages have been looked at.
///
/// # Errors
/// When the index cannot answer or the spool cannot be read. A record that cannot be read is left
/// out and noted.
pub fn changes(
    sayer: &mut Sayer<'_>,
    wanted: &Wanted,
    progress: &mut dyn FnMut(u64),
) -> Result<NewestFirst, StoreError> {
    let reader = sayer.reader();
    let mut spool = Spool::new(SPOOL_MEMORY_MAX);
    let mut places = Vec::new();
    let mut notes = Vec::new();
    let mut looked_at = 0_u64;
    for page in pages(reader, wanted.host.as_deref()) {
        let page = page?;
        looked_at += 1;
        progress(looked_at);
        let too_old = wanted.since.is_some_and(|since| page.last < since);
        let too_new = wanted.until.is_some_and(|until| page.first >= until);
        if !page.is_html || page.captures < 2 || !page.varies || too_old || too_new {
            continue;
        }
        let mut versions = sayer.versions(&page.url, TimeRange::ALL);
        for version in versions.by_ref() {
            let version = version?;
            let found = wanted.of(&version);
            if found.is_empty() {
                continue;
            }
            let line = serde_json::to_vec(&found).map_err(|why| spooling(why.into()))?;
            let offset = spool.append(&line).map_err(spooling)?;
            let length = line.len() as u64;
            places.push(Place { at: version.first_seen, offset, length });
        }
        notes.append(&mut versions.notes);
    }
    // Versions of one instant stay in the order of their pages.
    places.sort_by_key(|place| Reverse(place.at));
    Ok(NewestFirst {
        newest: places.first().map(|place| place.at),
        spool,
        places: places.into_iter(),
        batch: Vec::new().into_iter(),
        notes,
    })
}

fn spooling(why: io::Error) -> StoreError {
    StoreError::Io { doing: "spooling changes to", path: "a temporary file".to_owned(), why }
}

impl NewestFirst {
    /// The time of the newest change; none where there is none.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    fn load(&mut self, place: Place) -> io::Result<Vec<ArchiveChange>> {
        let line = self.spool.read(place.offset, place.length)?;
        Ok(serde_json::from_slice(&line)?)
    }
}

impl Iterator for NewestFirst {
    type Item = Result<ArchiveChange, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(change) = self.batch.next() {
                return Some(Ok(change));
            }
            let place = self.places.next()?;
            match self.load(place) {
                Ok(batch) => self.batch = batch.into_iter(),
                Err(why) => {
                    self.places = Vec::new().into_iter();
                    return Some(Err(spooling(why)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Derived;
    use crate::history::testing::Archive;

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

    fn found(wanted: &Wanted) -> Vec<(String, String)> {
        let archive = archive();
        let reader = archive.reader();
        let mut sayer = Sayer::new(&reader);
        let found = changes(&mut sayer, wanted, &mut |_| {}).unwrap();
        let short = |change: ArchiveChange| {
            assert_eq!(change.change.kind, "figure-changed", "{change:?}");
            (change.url, change.change.after.unwrap_or_default())
        };
        found.map(|change| short(change.unwrap())).collect()
    }

    #[test]
    fn changes_come_newest_first_over_all_pages() {
        let pair = |url: &str, after: &str| (url.to_owned(), after.to_owned());
        let (a, b) = ("http://courier.example/a", "http://other.example/b");
        let all = [pair(a, "90"), pair(b, "90"), pair(a, "15")];
        assert_eq!(found(&Wanted::default()), all);
        let cases = [
            (Wanted { host: Some("other.example".to_owned()), ..Wanted::default() }, &all[1..2]),
            (Wanted { since: Some(Archive::at(6)), ..Wanted::default() }, &all[..2]),
            (Wanted { until: Some(Archive::at(6)), ..Wanted::default() }, &all[2..]),
            (Wanted { kinds: vec![ChangeKind::Headline], ..Wanted::default() }, &[]),
            (Wanted { kinds: vec![ChangeKind::FigureChanged], ..Wanted::default() }, &all),
            (Wanted { stealth_only: true, ..Wanted::default() }, &all),
            (Wanted { weight_min: 4, ..Wanted::default() }, &all[..2]),
            (Wanted { weight_min: 5, ..Wanted::default() }, &[]),
        ];
        for (wanted, expected) in cases {
            assert_eq!(found(&wanted), expected, "{wanted:?}");
        }
    }

    #[test]
    fn a_cache_changes_no_answer() {
        let archive = archive();
        let reader = archive.reader();
        let ask = |sayer: &mut Sayer<'_>| -> Vec<ArchiveChange> {
            let found = changes(sayer, &Wanted::default(), &mut |_| {}).unwrap();
            found.map(Result::unwrap).collect()
        };
        let bare = ask(&mut Sayer::new(&reader));
        assert_eq!(bare.len(), 3);
        for _ in 0..2 {
            let derived = Derived::open(reader.layout(), crate::history::DERIVED_BYTES_MAX);
            assert_eq!(derived.why_not(), None);
            assert_eq!(ask(&mut Sayer::cached(&reader, &derived)), bare);
        }
        // The second reading needs no record at all.
        std::fs::write(archive.root().join("warc/a.warc"), b"").unwrap();
        let derived = Derived::open(reader.layout(), crate::history::DERIVED_BYTES_MAX);
        assert_eq!(ask(&mut Sayer::cached(&reader, &derived)), bare);
    }
}
