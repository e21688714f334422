//! Versions as they are captured: what the crawl asks after each capture, reported once.
//!
//! A page's fold is kept between captures as a state of some hundred bytes, so that a capture costs the
//! reading of one earlier version and not of all. A state is a convenience: without one, or with one of
//! another derivation, or one whose captures are not there any more, the page is folded from its
//! captures again, the newest [`FRESH_READ_MAX`] of them that differ.
//!
//! ```text
//! 01 | length, derivation | mark: place | told: place, moved | alike: place | fold
//! place: time | length, file | offset
//! ```
//!
//! The *mark* is the last capture that was folded in. *Told* is the last version that was handed out,
//! which matters where the mark stays behind: a redirect to a page that has not been captured since is
//! folded in again, until that page is or something else follows. *Alike* is the newest capture of the
//! last version where it reads as the first one does, whatever its bytes: it is in memory when the next
//! one comes, and the first one need not be read for it.

use crate::diff::Presence;
use crate::extract::page::Page;
use std::sync::Arc;
use std::time::Duration;

use crate::archive::{Capture, Form, Query};
use crate::readings::pack::Pack;
use crate::readings::{PageKey, derivation};
use crate::store::StoreError;

use super::fold::{Begun, Fold, FoldState, Place, Taken};
use super::landing::{is_in_history, is_mute, says_nothing};
use super::page_reader::PageReader;
use super::pages::is_html;
use super::versions::asking;

/// The version of the layout of a state.
const STATE_VERSION: u8 = 1;

/// Where no state is kept of a page, at most this many captures that differ are read: half a second of work. For
/// a page with more, no return to an earlier version is reported.
const FRESH_READ_MAX: usize = 256;

/// This many of a page's newest captures are looked through for one that was just appended.
const NEWEST_MAX: usize = 16;

/// The result of reading a page's new captures.
#[derive(Debug, Default)]
pub struct Observed {
    /// Versions that were not handed out before, oldest first.
    pub begun: Vec<Begun>,
    /// The state to keep when they have been reported.
    pub state: Option<Vec<u8>>,
    /// The state to keep when they have not: the next call hands them out again.
    pub state_before: Option<Vec<u8>>,
}

/// Where a fold stands among the captures.
#[derive(Debug, Clone, Default)]
struct Kept {
    /// The last capture that was folded in.
    mark: Option<Place>,
    /// The last version that was handed out, and whether it was a redirect to an unknown page.
    told: Option<(Place, bool)>,
    /// The newest capture of the last version, where it reads as the first one.
    alike: Option<Place>,
    fold: FoldState,
}

impl Kept {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![STATE_VERSION];
        derivation().put(&mut out);
        self.mark.put(&mut out);
        self.told.put(&mut out);
        self.alike.put(&mut out);
        self.fold.put(&mut out);
        out
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&[STATE_VERSION])?;
        if String::take(&mut rest)? != derivation() {
            return None;
        }
        let (mark, told) = (Pack::take(&mut rest)?, Pack::take(&mut rest)?);
        let alike = Pack::take(&mut rest)?;
        let fold = FoldState::take(&mut rest)?;
        rest.is_empty().then_some(Self { mark, told, alike, fold })
    }
}

/// The capture of `url` that was just appended to `file` at `offset`, where it may begin a version: where
/// its payload is another one than that of the capture before. What the index knows decides.
///
/// # Errors
/// When the index cannot answer.
pub fn candidate(
    page_reader: &PageReader<'_>,
    url: &str,
    file: &str,
    offset: u64,
) -> Result<Option<Capture>, StoreError> {
    let reader = page_reader.reader();
    let mut newest = reader.query(&Query::exactly(url).newest_first());
    let mut own: Option<Capture> = None;
    // Others may have come at the same time, under other spellings of the address.
    for number in 0.. {
        let Some(entry) = newest.next() else { break };
        let entry = entry.map_err(|why| asking(&why))?;
        match &own {
            None if entry.offset == offset && *entry.file == *file => {
                if is_mute(&entry) {
                    break;
                }
                own = Some(entry);
            }
            None if number >= NEWEST_MAX => break,
            None => {}
            Some(_) if is_mute(&entry) => {}
            Some(own) => {
                let key = PageKey::of(own);
                let is_same = key.is_some() && key == PageKey::of(&entry);
                let begins = !is_same && (is_html(reader, own) || is_html(reader, &entry));
                return Ok(begins.then(|| own.clone()));
            }
        }
    }
    Ok(None)
}

/// The versions that captures of `url` begin, up to the one at `until` or all of them, and that were
/// not handed out before. Without a state that is the newest capture's version alone.
///
/// # Errors
/// When the index cannot answer. Captures that cannot be read are passed over, as in a history.
pub fn observe(
    page_reader: &mut PageReader<'_>,
    (url, form): (&str, Form),
    until: Option<&Place>,
    state: Option<&[u8]>,
) -> Result<Observed, StoreError> {
    let kept = state.and_then(Kept::of_bytes);
    let mark = kept.as_ref().and_then(|kept| kept.mark.as_ref());
    // A mark that is not there says that the captures are not those that were folded.
    let after = captures_after(page_reader, (url, form), mark, until)?;
    let kept = kept.filter(|_| after.is_some());
    let mut entries = after.unwrap_or_default();
    if kept.is_some() && entries.is_empty() {
        return Ok(Observed::default());
    }
    let known = kept.and_then(|kept| thaw(page_reader, url, kept));
    let is_known = known.is_some();
    let (mut fold, Kept { mut mark, told, mut alike, .. }) = known.unwrap_or_default();
    if !is_known {
        entries = captures_after(page_reader, (url, form), None, until)?.unwrap_or_default();
        // The first capture begins no version with anything to report.
        let is_page = |entry| is_html(page_reader.reader(), entry);
        if entries.len() < 2 || !entries.iter().any(is_page) {
            return Ok(Observed::default());
        }
        let from = first_to_read(&entries);
        if from > 0 {
            entries.drain(..from);
            fold = Fold::of_the_newest();
        }
    }
    let newest = entries.last().map(Place::of);
    let is_untold = |place: &Place, is_moved: bool| match &told {
        Some((last, was_moved)) => last < place || (last == place && *was_moved && !is_moved),
        None => is_known || newest.as_ref() == Some(place),
    };
    let mut last_told = told.clone();
    let mut observed = Observed::default();
    // As it was before a redirect whose page may still be captured.
    let mut pinned: Option<Kept> = None;
    for entry in entries {
        let place = Place::of(&entry);
        // A history begins in its own form.
        let is_before = fold.is_empty() && entry.form() != Some(form);
        let goes_on =
            is_before || says_nothing(&entry) || fold.is_of_last(PageKey::of(&entry).as_ref());
        // What cannot be read is passed over.
        let said = if goes_on { None } else { page_reader.follow(&entry).ok() };
        if let Some(said) = said {
            let before = fold.clone();
            let is_settled = said.leads.is_settled(entry.date);
            let page = Arc::clone(&said.page);
            let taken = fold.take(said, &*page_reader);
            let kept = || Kept {
                mark: mark.clone(),
                told: told.clone(),
                alike: None,
                fold: before.to_state(),
            };
            match &taken {
                Taken::Nothing => {}
                Taken::Begins(_) => alike = None,
                Taken::Same => {
                    if fold.last_page().is_some_and(|last| reads_alike(last, &page)) {
                        alike = Some(place.clone());
                    }
                }
            }
            match &taken {
                Taken::Nothing => {}
                _ if is_settled => pinned = None,
                _ => pinned = pinned.or_else(|| Some(kept())),
            }
            if let Taken::Begins(begun) = taken {
                let is_moved = begun.presence == Presence::Moved;
                if begun.delta.is_some() && is_untold(&place, is_moved) {
                    observed.state_before.get_or_insert_with(|| kept().to_bytes());
                    observed.begun.push(*begun);
                }
                last_told = last_told.max(Some((place.clone(), is_moved)));
            }
        }
        mark = Some(place);
    }
    let kept = pinned.unwrap_or_else(|| Kept { mark, told: None, alike, fold: fold.to_state() });
    observed.state = Some(Kept { told: last_told, ..kept }.to_bytes());
    Ok(observed)
}

/// Whether two pages are the same reading, wherever in their documents its pieces lay.
fn reads_alike(a: &Page, b: &Page) -> bool {
    let placeless = |page: &Page| {
        let mut page = page.clone();
        page.blocks.iter_mut().for_each(|block| block.source = None);
        page
    };
    a.text == b.text && placeless(a) == placeless(b)
}

/// The capture at a place, where it is there.
fn at(page_reader: &PageReader<'_>, url: &str, place: &Place) -> Option<Capture> {
    let (from, to) = (place.date, place.date.plus(Duration::from_micros(1)));
    let query = Query { from: Some(from), to: Some(to), ..Query::exactly(url) };
    let mut found = page_reader.reader().query(&query).filter_map(Result::ok);
    found.find(|entry| Place::of(entry) == *place)
}

/// The captures of a page in a form after the one at `mark`, or all; up to the one at `until`, or to the last.
/// `None` where there is no capture at the mark.
fn captures_after(
    page_reader: &PageReader<'_>,
    (url, form): (&str, Form),
    mark: Option<&Place>,
    until: Option<&Place>,
) -> Result<Option<Vec<Capture>>, StoreError> {
    let query = Query { from: mark.map(|mark| mark.date), ..Query::exactly(url) };
    let mut has_mark = mark.is_none();
    let mut entries = Vec::new();
    for entry in page_reader.reader().query(&query) {
        let entry = entry.map_err(|why| asking(&why))?;
        let place = Place::of(&entry);
        let is_last = until.is_some_and(|until| *until == place);
        if !has_mark && mark == Some(&place) {
            has_mark = true;
            // What shares its instant and comes before it was folded in before it.
            entries.clear();
        } else if is_in_history(&entry, form) {
            entries.push(entry);
        }
        if is_last && has_mark {
            break;
        }
    }
    Ok(has_mark.then_some(entries))
}

/// The fold of a state, where all its captures can still be read.
fn thaw(page_reader: &mut PageReader<'_>, url: &str, kept: Kept) -> Option<(Fold, Kept)> {
    if let (Some(alike), Some(last)) = (&kept.alike, kept.fold.last_place())
        && let (Some(alike), Some(last)) = (at(page_reader, url, alike), at(page_reader, url, last))
        && let Ok(said) = page_reader.read(&alike)
    {
        page_reader.keep(&last, said.page);
    }
    let mut say = |place: &Place| {
        let entry = at(page_reader, url, place)?;
        page_reader.follow(&entry).ok()
    };
    let fold = Fold::of_state(kept.fold.clone(), &mut say)?;
    Some((fold, kept))
}

/// The first of the captures that are read: all before it are left out.
fn first_to_read(entries: &[Capture]) -> usize {
    let mut read = 0;
    let mut next: Option<PageKey> = None;
    for (at, entry) in entries.iter().enumerate().rev() {
        let key = PageKey::of(entry);
        if says_nothing(entry) || (key.is_some() && key == next) {
            continue;
        }
        read += 1;
        if read > FRESH_READ_MAX {
            return at + 1;
        }
        next = key;
    }
    0
}
