//! A page folded capture by capture, from where it was left: the rows of its versions, and the state to go
//! on from.
//!
//! What is kept of a page is right as long as its captures are those that were folded in: a hash of their
//! places tells. A redirect to a page that was not captured since is the one thing whose meaning later
//! captures of *another* page change. While it is the last thing known, the state stays before it, and
//! what follows is folded again each time; once something else follows it, the address is *awaited*: a
//! capture of it makes the page be folded from the start. Captures that could not be read are tried again,
//! and one that can be read then does the same.

use std::collections::BTreeMap;

use crate::archive::{Capture, Form, Query};
use crate::base::Timestamp;
use crate::base::surt::urlkey;
use crate::readings::pack::{Pack, unpack};
use crate::readings::{PageKey, Readings, Row, Update};
use crate::store::StoreError;

use super::fold::{Begun, Fold, FoldState, Place, Taken};
use super::landing::first_page;
use super::page_reader::PageReader;
use super::pages::is_html;
use super::pages::key_in_form;
use super::row::{VersionRow, put_counted, take_counted};
use super::versions::Version;

/// This many captures of a version may follow before the state is written again for them alone.
const CAPTURES_BETWEEN: u64 = 64;

/// This many rows wait in memory to be kept.
pub(super) const ROWS_BETWEEN: usize = 256;

/// A hash of bytes, the same on every machine (FNV-1a): it distinguishes lists of captures, which no one has a
/// reason to forge.
pub(crate) fn hashed(hash: u64, bytes: &[u8]) -> u64 {
    let add = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(hash, add)
}

/// What [`hashed`] begins with.
pub(crate) const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;

/// Which captures were folded in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoldedIn {
    /// The last of them.
    pub mark: Option<Place>,
    pub captures: u64,
    hash: u64,
}

impl Default for FoldedIn {
    fn default() -> Self {
        Self { mark: None, captures: 0, hash: HASH_START }
    }
}

impl FoldedIn {
    /// Adds a capture.
    pub fn add(&mut self, entry: &Capture) {
        self.hash = hashed(self.hash, &entry.date.unix_micros().to_be_bytes());
        self.hash = hashed(self.hash, &entry.offset.to_be_bytes());
        self.hash = hashed(self.hash, entry.file.as_bytes());
        self.captures += 1;
        self.mark = Some(Place::of(entry));
    }
}

/// What is kept of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PageState {
    /// How many rows are final but for the count of the last.
    pub rows: usize,
    /// The last capture of the last of them, and how many it has.
    last: Option<(Capture, u64)>,
    pub folded_in: FoldedIn,
    /// The payload of the last version.
    last_key: Option<Vec<u8>>,
    fold: FoldState,
    is_html: bool,
    /// Addresses that redirects led to, with the time from which on a capture of them counts.
    awaited: BTreeMap<String, i64>,
    /// Captures that could not be read.
    unread: Vec<Place>,
    /// The addresses that the rows behind the final ones wait for.
    open_on: Vec<String>,
    /// A hash of those rows.
    provisional: u64,
}

impl PageState {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.rows.put(&mut out);
        self.last.is_some().put(&mut out);
        if let Some(last) = &self.last {
            put_counted(last, &mut out);
        }
        self.folded_in.mark.put(&mut out);
        self.folded_in.captures.put(&mut out);
        self.folded_in.hash.put(&mut out);
        self.last_key.put(&mut out);
        self.fold.put(&mut out);
        self.is_html.put(&mut out);
        let awaited: Vec<(String, u64)> =
            self.awaited.iter().map(|(to, at)| (to.clone(), at.cast_unsigned())).collect();
        awaited.put(&mut out);
        self.unread.put(&mut out);
        self.open_on.put(&mut out);
        self.provisional.put(&mut out);
        out
    }

    /// The state that was kept; `None` where the bytes are not a state.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let state = Self {
            rows: Pack::take(&mut rest)?,
            last: if bool::take(&mut rest)? { Some(take_counted(&mut rest)?) } else { None },
            folded_in: FoldedIn {
                mark: Pack::take(&mut rest)?,
                captures: Pack::take(&mut rest)?,
                hash: Pack::take(&mut rest)?,
            },
            last_key: Pack::take(&mut rest)?,
            fold: FoldState::take(&mut rest)?,
            is_html: Pack::take(&mut rest)?,
            awaited: Vec::<(String, u64)>::take(&mut rest)?
                .into_iter()
                .map(|(to, at)| (to, at.cast_signed()))
                .collect(),
            unread: Pack::take(&mut rest)?,
            open_on: Pack::take(&mut rest)?,
            provisional: Pack::take(&mut rest)?,
        };
        rest.is_empty().then_some(state)
    }

    /// Whether nothing that it was made of has changed but what follows its mark: no page that a redirect
    /// led to was captured since, and what could not be read cannot be read now. Why not goes into
    /// `unread`, the newest last.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn still_holds(
        &self,
        page_reader: &mut PageReader<'_>,
        url: &str,
        unread: &mut Vec<(Timestamp, StoreError)>,
    ) -> Result<bool, StoreError> {
        for (address, at) in &self.awaited {
            let from = Some(Timestamp::from_unix_micros(*at));
            let query = Query { from, ..Query::exactly(address) };
            if first_page(page_reader.reader().query(&query))?.is_some() {
                return Ok(false);
            }
        }
        for place in &self.unread {
            let Some(entry) = capture_at(page_reader, url, place) else { return Ok(false) };
            match page_reader.follow(&entry) {
                Ok(_) => return Ok(false),
                Err(StoreError::Removed(_)) => {}
                Err(error) => unread.push((entry.date, error)),
            }
        }
        Ok(true)
    }
}

/// The capture at a place, where it is there.
pub(super) fn capture_at(
    page_reader: &PageReader<'_>,
    url: &str,
    place: &Place,
) -> Option<Capture> {
    let (from, to) = (place.date, place.date.plus(std::time::Duration::from_micros(1)));
    let query = Query { from: Some(from), to: Some(to), ..Query::exactly(url) };
    let mut found = page_reader.reader().query(&query).filter_map(Result::ok);
    found.find(|entry| Place::of(entry) == *place)
}

/// A fold, or its state until it is needed.
#[derive(Debug)]
enum Folding {
    Frozen(FoldState),
    Live(Box<Fold>),
}

/// Where the final rows end, while a redirect to an unknown page is the last thing known.
#[derive(Debug)]
struct Pin {
    state: PageState,
    awaited: Vec<(String, Timestamp)>,
}

/// The result of taking in a capture.
#[derive(Debug)]
pub(super) enum Step {
    /// It was folded in.
    Done,
    /// It says nothing, and there is no version yet: it would be the first.
    Nothing(Box<Version>),
    /// It cannot be read.
    Unread(StoreError),
    /// What the last versions say cannot be read any more: the page has to be folded from the start.
    Lost,
}

/// What the versions of a page in one form are kept under.
pub(crate) fn key_of_page(url: &str, form: Form) -> String {
    key_in_form(&urlkey(url), form)
}

/// A page while it is being folded.
#[derive(Debug)]
pub(super) struct Progress {
    url: String,
    form: Form,
    revision: Option<i64>,
    /// The state as it was kept.
    known: Option<PageState>,
    /// How many rows lie in the store and stay as they are.
    pub kept: usize,
    /// The rows behind those; the last one goes on.
    pub rows: Vec<VersionRow>,
    folding: Folding,
    last_key: Option<PageKey>,
    folded_in: FoldedIn,
    is_html: bool,
    awaited: BTreeMap<String, i64>,
    unread: Vec<Place>,
    pin: Option<Pin>,
}

impl Progress {
    /// A page of which nothing is known. What is kept of it at this revision will be replaced.
    pub fn from_start(url: &str, form: Form, revision: Option<i64>) -> Self {
        Self {
            url: url.to_owned(),
            form,
            revision,
            known: None,
            kept: 0,
            rows: Vec::new(),
            folding: Folding::Frozen(FoldState::default()),
            last_key: None,
            folded_in: FoldedIn::default(),
            is_html: false,
            awaited: BTreeMap::new(),
            unread: Vec::new(),
            pin: None,
        }
    }

    /// A page as it was left; `last` is the last of its final rows, if there is one.
    pub fn resume(
        (url, form): (&str, Form),
        revision: i64,
        state: PageState,
        last: Option<VersionRow>,
    ) -> Option<Self> {
        let mut rows = Vec::new();
        match (&state.last, last) {
            (Some((capture, count)), Some(mut row)) if row.number == state.rows => {
                row.last = capture.clone();
                row.captures = *count;
                rows.push(row);
            }
            (None, _) if state.rows == 0 => {}
            _ => return None,
        }
        Some(Self {
            url: url.to_owned(),
            form,
            revision: Some(revision),
            kept: state.rows.saturating_sub(1),
            rows,
            folding: Folding::Frozen(state.fold.clone()),
            last_key: state.last_key.clone().map(PageKey::from_bytes),
            folded_in: state.folded_in.clone(),
            is_html: state.is_html,
            awaited: state.awaited.clone(),
            unread: state.unread.clone(),
            pin: None,
            known: Some(state),
        })
    }

    /// Takes in the next capture of the page.
    pub fn take(&mut self, page_reader: &mut PageReader<'_>, entry: Capture) -> Step {
        // A history begins in its own form.
        if self.kept == 0 && self.rows.is_empty() && entry.form() != Some(self.form) {
            self.folded_in.add(&entry);
            return Step::Done;
        }
        self.is_html = self.is_html || is_html(page_reader.reader(), &entry);
        let key = PageKey::of(&entry);
        if key.is_some() && key == self.last_key {
            self.folded_in.add(&entry);
            if let Some(last) = self.rows.last_mut() {
                last.goes_on(entry);
            }
            return Step::Done;
        }
        if !self.thaw(page_reader) {
            return Step::Lost;
        }
        let said = match page_reader.follow(&entry) {
            Ok(said) => said,
            Err(error) => {
                self.unread.push(Place::of(&entry));
                self.folded_in.add(&entry);
                // It says nothing any more; that it is tried again counts where the same payload comes back.
                return match error {
                    StoreError::Removed(_) => Step::Done,
                    error => Step::Unread(error),
                };
            }
        };
        let before = (!said.unsettled.is_empty() && self.pin.is_none()).then(|| self.state());
        let unsettled = said.unsettled.clone();
        let Folding::Live(fold) = &mut self.folding else { return Step::Lost };
        let taken = fold.take(said.clone(), &*page_reader);
        self.last_key = fold.last_key().cloned();
        let step = match taken {
            Taken::Nothing if self.rows.is_empty() => {
                let presence = crate::diff::Presence::Unknown;
                let begun = Begun { number: 1, said, presence, delta: None, before: None };
                Step::Nothing(Box::new(Version::from(begun)))
            }
            Taken::Nothing => Step::Done,
            Taken::Same => {
                if let Some(last) = self.rows.last_mut() {
                    last.goes_on(entry.clone());
                }
                self.settle(before, unsettled);
                Step::Done
            }
            Taken::Begins(begun) => {
                self.rows.push(VersionRow::from(&Version::from(*begun)));
                self.settle(before, unsettled);
                Step::Done
            }
        };
        self.folded_in.add(&entry);
        step
    }

    /// Notes what a capture leaves open; `before` is the state before it.
    fn settle(&mut self, before: Option<PageState>, unsettled: Vec<(String, Timestamp)>) {
        if unsettled.is_empty() {
            // Something else follows: what was open stays open, and the state goes on.
            for (address, at) in self.pin.take().into_iter().flat_map(|pin| pin.awaited) {
                let from = self.awaited.entry(address).or_insert(i64::MAX);
                *from = (*from).min(at.unix_micros());
            }
            return;
        }
        match (&mut self.pin, before) {
            (Some(pin), _) => pin.awaited.extend(unsettled),
            (None, Some(state)) => self.pin = Some(Pin { state, awaited: unsettled }),
            (None, None) => {}
        }
    }

    fn thaw(&mut self, page_reader: &mut PageReader<'_>) -> bool {
        let Folding::Frozen(state) = &self.folding else { return true };
        let url = &self.url;
        let mut say = |place: &Place| {
            let entry = capture_at(page_reader, url, place)?;
            page_reader.follow(&entry).ok()
        };
        match Fold::of_state(state.clone(), &mut say) {
            Some(fold) => {
                self.folding = Folding::Live(Box::new(fold));
                true
            }
            None => false,
        }
    }

    fn state(&self) -> PageState {
        PageState {
            rows: self.kept + self.rows.len(),
            last: self.rows.last().map(|row| (row.last.clone(), row.captures)),
            folded_in: self.folded_in.clone(),
            last_key: self.last_key.as_ref().map(|key| key.bytes().to_vec()),
            fold: match &self.folding {
                Folding::Frozen(state) => state.clone(),
                Folding::Live(fold) => fold.to_state(),
            },
            is_html: self.is_html,
            awaited: self.awaited.clone(),
            unread: self.unread.clone(),
            open_on: Vec::new(),
            provisional: HASH_START,
        }
    }

    /// Whether rows wait that may be kept now.
    pub fn is_batch(&self) -> bool {
        self.rows.len() > ROWS_BETWEEN && self.pin.is_none()
    }

    /// Keeps what is new; false where another process kept something of the page meanwhile.
    pub fn save(&mut self, readings: &Readings) -> bool {
        if !readings.is_open() {
            return true;
        }
        let rows: Vec<Row> = self.rows.iter().map(VersionRow::to_row).collect();
        let mut state = match &self.pin {
            Some(pin) => pin.state.clone(),
            None => self.state(),
        };
        let open_on = self.pin.iter().flat_map(|pin| &pin.awaited);
        state.open_on = open_on.map(|(address, _)| address.clone()).collect();
        state.open_on.sort_unstable();
        state.open_on.dedup();
        state.is_html = self.is_html;
        let open = rows.get(state.rows.saturating_sub(self.kept)..).unwrap_or_default();
        state.provisional = open.iter().fold(HASH_START, |hash, row| hashed(hash, &row.bytes));
        if self.known.as_ref().is_some_and(|known| is_near(known, &state)) {
            return true;
        }
        if state.rows == 0 && rows.is_empty() && self.unread.is_empty() {
            // All captures say nothing: there is no version to keep.
            return true;
        }
        let awaited = self.awaited.keys().chain(&state.open_on);
        let waits_for: Vec<String> = awaited.map(|address| urlkey(address)).collect();
        let update = Update {
            urlkey: key_of_page(&self.url, self.form),
            url: self.url.clone(),
            after: self.revision,
            is_html: state.is_html,
            has_unread: !self.unread.is_empty(),
            keep: self.kept,
            rows,
            state: state.to_bytes(),
            waits_for,
        };
        if !readings.update(&update) {
            return false;
        }
        self.revision = Some(self.revision.map_or(1, |revision| revision + 1));
        self.known = Some(state);
        if self.pin.is_none() {
            self.forget_final();
        }
        true
    }

    /// Drops all rows but the one that goes on: they are kept, or will never be.
    pub fn forget_final(&mut self) {
        let count = self.rows.len().saturating_sub(1);
        self.kept += count;
        self.rows.drain(..count);
    }
}

/// Whether a state says no more than a kept one but that the last version went on for a while.
fn is_near(known: &PageState, now: &PageState) -> bool {
    known.rows == now.rows
        && known.provisional == now.provisional
        && known.fold == now.fold
        && known.awaited == now.awaited
        && known.unread == now.unread
        && known.open_on == now.open_on
        && known.is_html == now.is_html
        && now.folded_in.captures.saturating_sub(known.folded_in.captures) < CAPTURES_BETWEEN
}

/// Stores a page as one whose versions are not folded, so that `changes` folds it when asked; whether it was
/// stored.
pub(super) fn leave_for_later(readings: &Readings, url: &str, form: Form) -> bool {
    let key = key_of_page(url, form);
    let update = Update {
        after: readings.stored_page(&key).map(|page| page.revision),
        urlkey: key,
        url: url.to_owned(),
        is_html: true,
        has_unread: true,
        state: PageState::default().to_bytes(),
        ..Update::default()
    };
    readings.update(&update)
}

/// The row in these bytes.
pub(super) fn row_of(bytes: &[u8]) -> Option<VersionRow> {
    unpack(bytes)
}
