//! A version as `history`, `changes` and similar commands print it: everything they need and no text of the page,
//! so that it can be kept and answered without reading a page.

use crate::archive::{Capture, Form};
use crate::base::Timestamp;
use crate::diff::json::{JsonChange, JsonWords};
use crate::diff::{Change, ChangeKind, Presence};
use crate::extract::page::Page;
use crate::readings::pack::{Pack, unpack};
use crate::readings::{Delta, Row, RowFacts};

use super::absence::instead;
use super::versions::Version;

/// A version without its page.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRow {
    /// Its number, from 1.
    pub number: usize,
    /// Its first capture.
    pub first: Capture,
    /// Its last capture.
    pub last: Capture,
    /// How many captures there are of it.
    pub captures: u64,
    /// What a reader gets of it.
    pub presence: Presence,
    /// The headline of the article; `None` where it has none.
    pub headline: Option<String>,
    /// Whether there is an article text to read: no error, no wall, no redirect to something else.
    pub has_text: bool,
    /// The address that it leads to.
    pub leads_to: Option<String>,
    /// The capture of the page that it leads to, where that is known.
    pub landing: Option<Capture>,
    /// What stands there instead of an article, where none does.
    pub instead: String,
    /// What it is compared with, and what changed; `None` for the first.
    pub change: Option<Box<RowChange>>,
}

/// What a version changed.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChange {
    /// The first capture of the version that it is compared with.
    pub before: Capture,
    /// The headline of the page in that.
    pub before_headline: Option<String>,
    /// Whether that had an article text to read.
    pub before_has_text: bool,
    /// What changed.
    pub delta: Delta,
    /// For each change the words that became others, as texts.
    words: Vec<Vec<(String, String)>>,
}

impl VersionRow {
    /// Its changes in JSON; none for the first version.
    #[must_use]
    pub fn changes_json(&self) -> Vec<JsonChange> {
        self.change.iter().flat_map(|change| change.json()).collect()
    }

    /// Its changes.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        self.change.as_ref().map_or(&[], |change| &change.delta.changes)
    }

    /// Whether its changes are not disclosed.
    #[must_use]
    pub fn is_stealth(&self) -> bool {
        self.change.as_ref().is_some_and(|change| change.delta.stealth)
    }

    /// Whether it has the article, whole as far as anything says.
    #[must_use]
    pub fn has_article(&self) -> bool {
        self.presence == Presence::Here && self.has_text
    }

    /// In which form of the page it is a version: that a page is gone is one of what it was before.
    #[must_use]
    pub fn form(&self) -> Form {
        let before = self.change.as_ref().map(|change| &change.before);
        let mut captures = std::iter::once(&self.first).chain(before);
        match captures.any(|capture| capture.form() == Some(Form::Rendered)) {
            true => Form::Rendered,
            false => Form::Plain,
        }
    }

    /// When it was seen first.
    #[must_use]
    pub fn first_seen(&self) -> Timestamp {
        self.first.date
    }

    pub(super) fn goes_on(&mut self, entry: Capture) {
        self.captures += 1;
        self.last = entry;
    }

    /// The row as it is kept.
    pub(super) fn to_row(&self) -> Row {
        let mut bytes = Vec::new();
        self.put(&mut bytes);
        let facts = self.change.as_ref().map(|change| RowFacts {
            weight: change.delta.weight(),
            is_stealth: change.delta.stealth,
            kinds: change.delta.changes.iter().fold(0, |bits, one| bits | kind_bit(one.kind)),
        });
        Row { date: self.first.date.unix_micros(), facts, bytes }
    }

    /// The row that was kept; `None` where the bytes are not a row.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        unpack(bytes)
    }
}

impl RowChange {
    /// The changes in JSON.
    #[must_use]
    pub fn json(&self) -> Vec<JsonChange> {
        let none = Vec::new();
        let words = self.words.iter().chain(std::iter::repeat(&none));
        self.delta.changes.iter().zip(words).map(|(change, words)| json(change, words)).collect()
    }
}

/// The bit of a kind among those that a version is found by.
pub(super) fn kind_bit(kind: ChangeKind) -> u64 {
    let at = ChangeKind::ALL.iter().position(|one| *one == kind);
    at.and_then(|at| 1_u64.checked_shl(u32::try_from(at).unwrap_or(u32::MAX))).unwrap_or(0)
}

/// A change in JSON, its words as texts.
fn json(change: &Change, words: &[(String, String)]) -> JsonChange {
    let empty = Page::default();
    let mut json = crate::diff::json::change(change, &empty, &empty);
    for (found, (before, after)) in json.words.iter_mut().zip(words) {
        found.before.clone_from(before);
        found.after.clone_from(after);
    }
    json
}

fn words_of(change: JsonChange) -> Vec<(String, String)> {
    change.words.into_iter().map(|JsonWords { before, after, .. }| (before, after)).collect()
}

impl From<&Version> for VersionRow {
    fn from(version: &Version) -> Self {
        let said = &version.said;
        let change = version.delta.as_ref().zip(version.before.as_ref()).map(|(delta, before)| {
            let words = delta.json(&before.page, &said.page).into_iter().map(words_of).collect();
            Box::new(RowChange {
                before: before.entry.clone(),
                before_headline: before.page.headline.as_ref().map(|one| one.value.clone()),
                before_has_text: before.has_article(),
                delta: delta.clone(),
                words,
            })
        });
        Self {
            number: version.number,
            first: said.entry.clone(),
            last: version.last.clone(),
            captures: version.captures,
            presence: version.presence,
            headline: version.headline().map(str::to_owned),
            has_text: said.has_article(),
            leads_to: said.leads.address().map(str::to_owned),
            landing: said.leads.landing().map(|landing| landing.entry.clone()),
            instead: instead(said),
            change,
        }
    }
}

/// A capture, by the form that it has between processes.
struct Packed(Capture);

impl Pack for Packed {
    fn put(&self, out: &mut Vec<u8>) {
        // A capture has no part that cannot be written.
        let bytes = postcard::to_allocvec(&self.0).unwrap_or_default();
        bytes.len().put(out);
        out.extend_from_slice(&bytes);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let length = usize::take(from)?;
        let (bytes, rest) = from.split_at_checked(length)?;
        *from = rest;
        postcard::from_bytes(bytes).ok().map(Self)
    }
}

fn put_capture(capture: &Capture, out: &mut Vec<u8>) {
    Packed(capture.clone()).put(out);
}

pub(super) fn put_counted(counted: &(Capture, u64), out: &mut Vec<u8>) {
    put_capture(&counted.0, out);
    counted.1.put(out);
}

pub(super) fn take_counted(from: &mut &[u8]) -> Option<(Capture, u64)> {
    Some((Packed::take(from)?.0, u64::take(from)?))
}

impl Pack for Presence {
    fn put(&self, out: &mut Vec<u8>) {
        Self::ALL.iter().position(|one| one == self).unwrap_or(usize::MAX).put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Self::ALL.get(usize::take(from)?).copied()
    }
}

impl Pack for VersionRow {
    fn put(&self, out: &mut Vec<u8>) {
        self.number.put(out);
        put_capture(&self.first, out);
        // Most versions have one capture.
        self.captures.put(out);
        let is_one = self.last == self.first;
        is_one.put(out);
        if !is_one {
            put_capture(&self.last, out);
        }
        self.presence.put(out);
        self.headline.put(out);
        self.has_text.put(out);
        self.leads_to.put(out);
        self.landing.clone().map(Packed).put(out);
        self.instead.put(out);
        self.change.is_some().put(out);
        if let Some(change) = &self.change {
            put_capture(&change.before, out);
            change.before_headline.put(out);
            change.before_has_text.put(out);
            change.delta.put(out);
            change.words.put(out);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let number = usize::take(from)?;
        let first = Packed::take(from)?.0;
        let captures = u64::take(from)?;
        let last = if bool::take(from)? { first.clone() } else { Packed::take(from)?.0 };
        Some(Self {
            number,
            first,
            last,
            captures,
            presence: Pack::take(from)?,
            headline: Pack::take(from)?,
            has_text: Pack::take(from)?,
            leads_to: Pack::take(from)?,
            landing: <Option<Packed> as Pack>::take(from)?.map(|Packed(capture)| capture),
            instead: Pack::take(from)?,
            change: if bool::take(from)? { Some(Box::new(RowChange::take(from)?)) } else { None },
        })
    }
}

impl RowChange {
    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self {
            before: Packed::take(from)?.0,
            before_headline: Pack::take(from)?,
            before_has_text: Pack::take(from)?,
            delta: Pack::take(from)?,
            words: Pack::take(from)?,
        })
    }
}
