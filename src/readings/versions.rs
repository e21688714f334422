//! The versions of pages: rows in chunks by page, places of them by time, the state of each page's fold,
//! and how far the WARC files are in.
//!
//! ```text
//! chunk:  up to 32 times  time, 8 bytes | length | row            sealed
//! state:  urlkey | state                                          sealed
//! ```
//!
//! What a row and a state mean is said by who keeps them; here they are bytes.

use super::database::{CHUNK_VERSIONS, Database, DatabaseError, VersionsAsked};
use super::pack::Pack;
use super::sealed::{seal, unseal};
use super::store::Readings;

/// What a version is found by, where it changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowFacts {
    /// The gravest weight among its changes.
    pub weight: u8,
    /// Whether nothing says that it was changed.
    pub is_stealth: bool,
    /// The kinds of its changes, as bits.
    pub kinds: u64,
}

/// A version to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// When it was seen first, in microseconds since 1970.
    pub date: i64,
    /// What it is found by; none where it changed nothing.
    pub facts: Option<RowFacts>,
    /// Everything else.
    pub bytes: Vec<u8>,
}

/// What is kept of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPage {
    /// Grows with each update.
    pub revision: i64,
    /// The state of its fold.
    pub state: Vec<u8>,
}

/// What becomes of a page's versions.
#[derive(Debug, Clone, Default)]
pub struct Update {
    /// Its urlkey.
    pub urlkey: String,
    /// Its address.
    pub url: String,
    /// The revision that this follows; none where nothing was kept.
    pub after: Option<i64>,
    /// Whether any of its captures is a document of HTML.
    pub is_html: bool,
    /// Whether a capture could not be read: rows from there on are not final.
    pub has_unread: bool,
    /// How many versions stay as they are.
    pub keep: usize,
    /// The versions that follow those.
    pub rows: Vec<Row>,
    /// The state of its fold.
    pub state: Vec<u8>,
    /// The urlkeys of addresses whose next capture may change what it is.
    pub waits_for: Vec<String>,
}

/// How far a WARC file is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDone {
    /// Its name.
    pub name: String,
    /// Captures that begin before this offset are in the versions.
    pub versions: u64,
    /// And in the speakers.
    pub speakers: u64,
}

/// Where a version stands in the order of time: its time, urlkey and number.
pub type Ends = (i64, String, i64);

/// Which versions are asked for, newest first.
#[derive(Debug, Clone)]
pub struct NewestAsked {
    /// Seen first at this time or later, in microseconds since 1970.
    pub from: i64,
    /// What comes after this one: time, urlkey and number, as the last answer ended.
    pub after: Ends,
    /// Urlkeys from the first to before the second; to the end where that is empty.
    pub keys: (String, String),
    /// Only versions whose changes nothing says.
    pub stealth_only: bool,
    /// Of this weight at least.
    pub weight_min: u8,
    /// With changes of one of these kinds, as bits; 0 for any.
    pub kinds: u64,
    /// At most so many.
    pub limit: usize,
}

/// The rows of a page, oldest first. Holds them compressed.
#[derive(Debug, Default)]
pub struct StoredRows {
    chunks: std::vec::IntoIter<Vec<u8>>,
    rows: std::vec::IntoIter<Vec<u8>>,
    /// Whether a chunk was damaged: what comes after it is missing.
    pub is_damaged: bool,
}

impl Iterator for StoredRows {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(row);
            }
            let chunk = self.chunks.next()?;
            let Some(rows) = unpack_chunk(&chunk) else {
                self.is_damaged = true;
                self.chunks = Vec::new().into_iter();
                return None;
            };
            let rows: Vec<Vec<u8>> = rows.into_iter().map(|(_, bytes)| bytes).collect();
            self.rows = rows.into_iter();
        }
    }
}

fn unpack_chunk(value: &[u8]) -> Option<Vec<(i64, Vec<u8>)>> {
    let content = unseal(value, None)?;
    let mut rest = &content[..];
    let mut rows = Vec::with_capacity(CHUNK_VERSIONS);
    while !rest.is_empty() {
        let (date, after) = rest.split_first_chunk::<8>()?;
        rest = after;
        let length = usize::take(&mut rest)?;
        let (bytes, after) = rest.split_at_checked(length)?;
        rest = after;
        rows.push((i64::from_be_bytes(*date), bytes.to_vec()));
    }
    Some(rows)
}

fn pack_chunk(rows: &[(i64, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    for (date, bytes) in rows {
        content.extend_from_slice(&date.to_be_bytes());
        bytes.len().put(&mut content);
        content.extend_from_slice(bytes);
    }
    seal(&content, None)
}

/// A number of the program as one of the engine. None of them comes near its end.
fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Bytes of a file as the engine keeps them, and back.
fn offset(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn damaged(what: &str) -> DatabaseError {
    DatabaseError::Damaged(what.to_owned())
}

fn seal_state(urlkey: &str, state: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    urlkey.to_owned().put(&mut content);
    content.extend_from_slice(state);
    seal(&content, None)
}

fn unseal_state(urlkey: &str, value: &[u8]) -> Option<Vec<u8>> {
    let content = unseal(value, None)?;
    let mut rest = &content[..];
    (String::take(&mut rest)? == urlkey).then(|| rest.to_vec())
}

impl Readings {
    /// What is kept of a page.
    #[must_use]
    pub fn stored_page(&self, urlkey: &str) -> Option<StoredPage> {
        self.ask(|open| {
            let Some(row) = open.database.page(urlkey)? else { return Ok(None) };
            let state =
                unseal_state(urlkey, &row.state).ok_or_else(|| damaged("the state of a page"))?;
            Ok(Some(StoredPage { revision: row.revision, state }))
        })?
    }

    /// The same with all its rows, as one.
    #[must_use]
    pub fn stored_rows(&self, urlkey: &str) -> Option<(StoredPage, StoredRows)> {
        self.ask(|open| {
            let database = &open.database;
            database.read(|| {
                let Some(row) = database.page(urlkey)? else { return Ok(None) };
                let state = unseal_state(urlkey, &row.state)
                    .ok_or_else(|| damaged("the state of a page"))?;
                let chunks = database.chunks(row.id)?.into_iter();
                let rows = StoredRows { chunks, ..StoredRows::default() };
                Ok(Some((StoredPage { revision: row.revision, state }, rows)))
            })
        })?
    }

    /// The row of a page at this place, from 0.
    #[must_use]
    pub fn stored_row(&self, urlkey: &str, at: usize) -> Option<Vec<u8>> {
        self.ask(|open| {
            let database = &open.database;
            let Some(page) = database.page(urlkey)? else { return Ok(None) };
            let Some(chunk) = database.chunk(page.id, at)? else { return Ok(None) };
            let rows = unpack_chunk(&chunk).ok_or_else(|| damaged("the versions of a page"))?;
            Ok(rows.into_iter().nth(at % CHUNK_VERSIONS).map(|(_, bytes)| bytes))
        })?
    }

    /// Keeps versions of a page; whether it did. Where another process has kept something of the page
    /// since, that stands and nothing is done.
    pub fn update(&self, update: &Update) -> bool {
        let Some(state) = seal_state(&update.urlkey, &update.state) else { return false };
        let done = self.change(|open| {
            let database = &open.database;
            let before = database.page(&update.urlkey)?;
            if before.as_ref().map(|row| row.revision) != update.after {
                return Ok(false);
            }
            let flags = i64::from(update.is_html) | (i64::from(update.has_unread) << 1);
            let revision = update.after.map_or(1, |revision| revision + 1);
            let page = database.put_page((&update.urlkey, &update.url), revision, flags, &state)?;
            put_rows(database, page, update)?;
            database.drop_waits(page)?;
            update.waits_for.iter().try_for_each(|on| database.put_wait(on, page))?;
            Ok(true)
        });
        done.unwrap_or(false)
    }

    /// Versions of all pages of HTML that were read to their last capture, newest first: where each one
    /// ends for the next question, and its row. None where the store failed.
    pub fn newest(&self, asked: &NewestAsked) -> Option<Vec<(Ends, Vec<u8>)>> {
        let query = VersionsAsked {
            from: asked.from,
            after: asked.after.clone(),
            keys: asked.keys.clone(),
            stealth_only: asked.stealth_only,
            weight_min: i64::from(asked.weight_min),
            kinds: asked.kinds.cast_signed(),
            limit: signed(asked.limit),
        };
        self.ask(|open| {
            let database = &open.database;
            database.read(|| {
                let mut found = Vec::new();
                for at in database.newest_versions(&query)? {
                    let number = usize::try_from(at.number).unwrap_or(usize::MAX);
                    let chunk = database.chunk(at.page, number)?;
                    let rows = chunk.as_deref().and_then(unpack_chunk);
                    let row = rows.and_then(|rows| rows.into_iter().nth(number % CHUNK_VERSIONS));
                    let (date, bytes) = row.ok_or_else(|| damaged("the versions of a page"))?;
                    if date != at.date {
                        return Err(damaged("the times of versions"));
                    }
                    found.push(((at.date, at.urlkey, at.number), bytes));
                }
                Ok(found)
            })
        })
    }

    /// The addresses of pages with captures that could not be read, in order.
    #[must_use]
    pub fn pages_unread(&self) -> Option<Vec<String>> {
        self.ask(|open| open.database.pages_unread())
    }

    /// The addresses of pages that wait for a capture of this urlkey.
    #[must_use]
    pub fn waiting_for(&self, urlkey: &str) -> Option<Vec<String>> {
        self.ask(|open| open.database.waiting(urlkey))
    }

    /// How far each WARC file is in; none where the store failed.
    #[must_use]
    pub fn files_done(&self) -> Option<Vec<FileDone>> {
        let files = self.ask(|open| open.database.files())?;
        let done = |(name, versions, speakers)| FileDone {
            name,
            versions: unsigned(versions),
            speakers: unsigned(speakers),
        };
        Some(files.into_iter().map(done).collect())
    }

    /// A number that becomes another one whenever versions are forgotten; none where the store failed.
    #[must_use]
    pub fn epoch(&self) -> Option<i64> {
        self.ask(|open| open.database.epoch())
    }

    /// Notes how far files are in; whether it did: not where versions were forgotten since the store gave
    /// this number as its [`Self::epoch`]. No mark goes back.
    pub fn mark_files(&self, epoch: i64, files: &[FileDone]) -> bool {
        let done = self.change(|open| {
            if open.database.epoch()? != epoch {
                return Ok(false);
            }
            for FileDone { name, versions, speakers } in files {
                let (versions, speakers) = (offset(*versions), offset(*speakers));
                let known = open.database.file(name)?.unwrap_or((0, 0));
                let mark = (known.0.max(versions), known.1.max(speakers));
                if mark != known || known == (0, 0) {
                    open.database.put_file(name, mark.0, mark.1)?;
                }
            }
            Ok(true)
        });
        done.unwrap_or(false)
    }

    /// Forgets all versions and marks: the WARC files are not those that were read.
    pub fn forget_versions(&self) {
        self.change(|open| open.database.clear_versions());
    }
}

fn put_rows(database: &Database, page: i64, update: &Update) -> Result<(), DatabaseError> {
    let keep = update.keep;
    let in_chunk = keep % CHUNK_VERSIONS;
    let mut rows: Vec<(i64, Vec<u8>)> = Vec::new();
    // What is replaced goes out of the order of time.
    let first = keep - in_chunk;
    let mut number = first;
    while let Some(value) = database.chunk(page, number)? {
        let old = unpack_chunk(&value).ok_or_else(|| damaged("the versions of a page"))?;
        for (date, bytes) in old {
            if number < keep {
                rows.push((date, bytes));
            } else {
                database.drop_version(date, page, signed(number))?;
            }
            number += 1;
        }
        if !number.is_multiple_of(CHUNK_VERSIONS) {
            break;
        }
    }
    if rows.len() < in_chunk {
        return Err(damaged("the versions of a page"));
    }
    database.cut_chunks(page, first)?;
    for (number, row) in (keep..).zip(&update.rows) {
        if let Some(facts) = row.facts {
            let found_by = (i64::from(facts.weight), facts.is_stealth, facts.kinds.cast_signed());
            database.put_version((row.date, page, signed(number)), found_by)?;
        }
    }
    rows.extend(update.rows.iter().map(|row| (row.date, row.bytes.clone())));
    for (at, chunk) in (0..).zip(rows.chunks(CHUNK_VERSIONS)) {
        // A chunk that is too long to be kept keeps the page out of the store.
        let value = pack_chunk(chunk)
            .ok_or_else(|| DatabaseError::Unusable("versions of too many bytes".to_owned()))?;
        database.put_chunk(page, first + at * CHUNK_VERSIONS, &value)?;
    }
    Ok(())
}
