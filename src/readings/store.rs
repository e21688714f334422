//! The store of readings: what pages say, by payload and address, with a bound on what it takes.
//!
//! ```text
//! reading:  8 bytes of its key | fingerprint | page            sealed, against a whole one where `base` is set
//! ```
//!
//! Versions of a page differ in a few sentences, so most readings are packed against an earlier one of the
//! same address; every [`BASED_MAX`]th is whole, so that none needs more than one other to be read.
//!
//! The store is optional: where it cannot be opened or is damaged everything works without it, slower, and its
//! failures are never errors. A value of any other derivation is never read: each has a store of its own
//! ([`super::place`]).

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::diff::Fingerprint;
use crate::extract::EXTRACTOR;
use crate::extract::page::Page;

use super::PageKey;
use super::database::{Access, Database, DatabaseError, Table};
use super::pack::{Pack, unpack};
use super::place::StorePlace;
use super::sealed::{seal, unseal};
use super::sorted;
use super::speakers::last_word;

/// How many bytes the store may take on disk by default: the readings of more than a million versions.
pub const DERIVED_BYTES_MAX: u64 = 2 << 30;

/// The state of the code that derives: a hash of its sources without their comments, and of the locked
/// versions of the crates that parse (`build.rs`).
const CODE: &str = env!("PRESSMARK_DERIVATION");

/// The version of the layout of this store.
const LAYOUT: u32 = 3;

/// This many readings are packed against one.
const BASED_MAX: i64 = 63;

/// After this many writes the size is checked.
const WRITES_BETWEEN: u64 = 256;

/// The name of the state of the program that derives.
#[must_use]
pub fn derivation() -> String {
    format!("{EXTRACTOR}+{CODE}")
}

/// A page and its fingerprint.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What it says.
    pub page: Page,
    /// Its fingerprint.
    pub print: Fingerprint,
}

/// The store of readings; an empty one keeps nothing. Clones share it.
#[derive(Clone, Default)]
pub struct Readings {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// `None` where it could not be opened, or was found damaged. A mutex, since a connection is used by
    /// one thread at a time; nothing is packed or unpacked while it is held.
    open: Mutex<Option<Open>>,
    place: Option<StorePlace>,
    why_not: Option<String>,
}

pub(super) struct Open {
    pub database: Database,
    is_writable: bool,
    bytes_max: u64,
    written: u64,
    /// The whole reading that was read last: its number and content.
    base: Option<(i64, Arc<Vec<u8>>)>,
    _entered: Option<File>,
}

impl fmt::Debug for Readings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readings").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}

impl Readings {
    /// The store in this directory, which takes some `bytes_max` bytes at most. Never fails:
    /// [`Self::why_not`] says when there is none.
    #[must_use]
    pub fn open(dir: &Path, bytes_max: u64) -> Self {
        Self::of_derivation(dir, &derivation(), bytes_max)
    }

    pub(super) fn of_derivation(dir: &Path, derivation: &str, bytes_max: u64) -> Self {
        let place = StorePlace::of(dir, &format!("{derivation} {LAYOUT}"));
        let (open, why_not) = match open(&place, bytes_max) {
            Ok(open) => (Some(open), None),
            Err(why) => (None, Some(why)),
        };
        Self { shared: Arc::new(Shared { open: Mutex::new(open), place: Some(place), why_not }) }
    }

    /// A store that keeps nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Why nothing is kept, where the store could not be opened.
    #[must_use]
    pub fn why_not(&self) -> Option<&str> {
        self.shared.why_not.as_deref()
    }

    /// Whether anything is kept.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Asks the store; `None` where there is none, or it fails. A damaged one is closed, and removed where no
    /// other process has it open.
    pub(super) fn ask<T>(
        &self,
        question: impl FnOnce(&mut Open) -> Result<T, DatabaseError>,
    ) -> Option<T> {
        let mut guard = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        let error = match question(guard.as_mut()?) {
            Ok(answer) => return Some(answer),
            Err(error) => error,
        };
        if matches!(error, DatabaseError::Damaged(_)) {
            *guard = None;
            if let Some(place) = &self.shared.place {
                place.remove();
            }
        }
        tracing::debug!(%error, "readings are derived again");
        None
    }

    /// The same for what writes, all of it or nothing.
    pub(super) fn change<T>(
        &self,
        work: impl FnOnce(&Open) -> Result<T, DatabaseError>,
    ) -> Option<T> {
        self.ask(|open| {
            if !open.is_writable {
                return Err(DatabaseError::Unusable("nothing can be written".to_owned()));
            }
            open.written += 1;
            if open.written.is_multiple_of(WRITES_BETWEEN) {
                open.make_room()?;
            }
            let open = &*open;
            open.database.write(|| work(open))
        })
    }

    /// Marks the store as damaged: its contents contradict each other.
    pub fn is_damaged(&self, why: &str) {
        let _: Option<()> = self.ask(|_| Err(DatabaseError::Damaged(why.to_owned())));
    }

    /// What a page says, where that is kept.
    #[must_use]
    pub fn page(&self, key: &PageKey) -> Option<Kept> {
        let content = self.content(key)?;
        let mut rest = content.strip_prefix(key.tag())?;
        let print = u64::take(&mut rest)?;
        Some(Kept { page: unpack(rest)?, print: Fingerprint::from_bits(print) })
    }

    /// The headline and the text of a page: the first fields of it.
    #[must_use]
    pub fn text(&self, key: &PageKey) -> Option<(Option<String>, String)> {
        let content = self.content(key)?;
        let mut rest = content.strip_prefix(key.tag())?;
        u64::take(&mut rest)?;
        let headline: Option<crate::extract::page::Fact<String>> = Pack::take(&mut rest)?;
        Some((headline.map(|fact| fact.value), String::take(&mut rest)?))
    }

    fn content(&self, key: &PageKey) -> Option<Vec<u8>> {
        let (value, base) = self.ask(|open| {
            let Some(row) = open.database.reading(key.bytes())? else { return Ok(None) };
            let base = row.base.map(|id| open.base(id)).transpose()?;
            Ok(Some((row.value, base)))
        })??;
        match base {
            None => unseal(&value, None),
            Some(base) => unseal(&value, Some(&base?)),
        }
    }

    /// Whether what a page says is kept.
    #[must_use]
    pub fn has_page(&self, key: &PageKey) -> bool {
        self.ask(|open| open.database.has_reading(key.bytes())).unwrap_or(false)
    }

    /// Keeps what the page at `url` says.
    pub fn keep_page(&self, key: &PageKey, url: &str, page: &Page, print: Fingerprint) {
        let mut content = key.tag().to_vec();
        print.to_bits().put(&mut content);
        page.put(&mut content);
        let base = self.ask(|open| {
            if !open.is_writable || open.database.has_reading(key.bytes())? {
                return Ok(None);
            }
            let address = open.database.address_of(key.address())?;
            let newest = address.map(|id| open.database.newest_base(id)).transpose()?.flatten();
            let usable = newest.filter(|(_, based)| *based < BASED_MAX);
            let base = usable.map(|(id, _)| open.base(id).map(|base| (id, base))).transpose()?;
            Ok(Some(base))
        });
        // None: there is nothing to keep.
        let Some(Some(base)) = base else { return };
        let base = base.and_then(|(id, base)| Some((id, base?)));
        let based = base.and_then(|(id, base)| Some((id, seal(&content, Some(&base))?)));
        // One that has little in common with the one before begins a new run.
        let based = based.filter(|(_, value)| value.len() < content.len() / 6);
        let (base, value) = match based {
            Some((id, value)) => (Some(id), value),
            None => match seal(&content, None) {
                Some(value) => (None, value),
                None => return,
            },
        };
        let words = words(page);
        self.change(|open| {
            let address = open.database.address(key.address(), url)?;
            open.database.put_reading(key.bytes(), address, base, &value)?;
            put_speakers(&open.database, &words, url)
        });
    }

    /// Keeps the speakers of a page at `url` whose reading cannot be kept.
    pub fn keep_speakers(&self, url: &str, page: &Page) {
        let words = words(page);
        if words.is_empty() {
            return;
        }
        self.change(|open| put_speakers(&open.database, &words, url));
    }

    /// The addresses of pages that quote, in any version that was read, a person whose name ends with the last
    /// word of `name`. What is not read yet is not among them.
    #[must_use]
    pub fn quoting(&self, name: &str) -> Option<Vec<String>> {
        let word = last_word(name)?;
        let found = self.ask(|open| {
            let database = &open.database;
            database.read(|| sorted::under(database, Table::Speakers, &speaker_key(&word, "")))
        })?;
        let text = |(url, _): (Vec<u8>, Vec<u8>)| String::from_utf8(url).ok();
        Some(found.into_iter().filter_map(text).collect())
    }

    /// The bytes that it takes on disk, without what is free in its file; `None` where there is no store.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        let (all, free) = self.ask(|open| open.database.bytes())?;
        Some(all.saturating_sub(free))
    }
}

fn speaker_key(word: &str, url: &str) -> Vec<u8> {
    [word.as_bytes(), b"\0", url.as_bytes()].concat()
}

fn put_speakers(database: &Database, words: &[String], url: &str) -> Result<(), DatabaseError> {
    words.iter().try_for_each(|word| {
        sorted::insert(database, Table::Speakers, &speaker_key(word, url), b"")
    })
}

/// The words under which the speakers of a page are found.
fn words(page: &Page) -> Vec<String> {
    let mut words: Vec<String> =
        page.quotes.iter().filter_map(|q| last_word(&q.speaker.as_ref()?.name)).collect();
    words.sort_unstable();
    words.dedup();
    words
}

impl Open {
    /// The content of a whole reading; `None` where it is gone or damaged.
    fn base(&mut self, id: i64) -> Result<Option<Arc<Vec<u8>>>, DatabaseError> {
        if let Some((known, content)) = &self.base
            && *known == id
        {
            return Ok(Some(Arc::clone(content)));
        }
        let Some((_, value)) = self.database.base(id)? else { return Ok(None) };
        let content = unseal(&value, None).map(Arc::new);
        self.base = content.clone().map(|content| (id, content));
        Ok(content)
    }

    /// Takes the oldest readings out where the bound is reached, a quarter at a time. Versions and
    /// speakers stay; where they alone reach it, the store is emptied.
    fn make_room(&mut self) -> Result<(), DatabaseError> {
        let is_full = |database: &Database| {
            let (all, free) = database.bytes()?;
            Ok::<bool, DatabaseError>(all.saturating_sub(free) >= self.bytes_max)
        };
        if !is_full(&self.database)? {
            return Ok(());
        }
        self.base = None;
        self.database.write(|| {
            while is_full(&self.database)? {
                let count = self.database.count_readings()?;
                if count == 0 {
                    return self.database.clear();
                }
                self.database.drop_oldest_readings((count / 4).max(1))?;
            }
            Ok(())
        })
    }
}

/// Opens the store, removing one that is damaged.
fn open(place: &StorePlace, bytes_max: u64) -> Result<Open, String> {
    place.refuse_links()?;
    let entered = match place.enter() {
        Ok(entered) => entered,
        Err(why) => {
            // Where the directory is not writable no process writes, and what is there can be read.
            let database = Database::open(&place.file(), Access::ReadOnly);
            let database = database.map_err(|_| why.to_string())?;
            let (is_writable, base) = (false, None);
            let open = Open { database, is_writable, bytes_max, written: 0, base, _entered: None };
            return Ok(open);
        }
    };
    place.tidy();
    let (database, entered) = match Database::open(&place.file(), Access::Write) {
        Ok(database) => (database, entered),
        Err(DatabaseError::Damaged(why)) => {
            drop(entered);
            if !place.remove() {
                return Err(format!("{why}; another process has it open"));
            }
            let entered = place.enter().map_err(|why| why.to_string())?;
            let database = Database::open(&place.file(), Access::Write);
            (database.map_err(|why| why.to_string())?, entered)
        }
        Err(why) => return Err(why.to_string()),
    };
    let mut open = Open {
        database,
        is_writable: true,
        bytes_max,
        written: 0,
        base: None,
        _entered: Some(entered),
    };
    open.make_room().map_err(|why| why.to_string())?;
    Ok(open)
}
