//! The versions of pages: rows in chunks by page, places of them by time, the state of each page's fold,
//! and how far the WARC files are in.
//!
//! ```text
//! chunk:  urlkey | number of its first version | up to 32 times  time | facts | length | row     sealed
//! state:  urlkey | whether it is listed | state                                                  sealed
//!
//! found by key:
//!   t, time (the newest first), urlkey, number  →  page, facts: versions of listed pages
//!   u, urlkey                                   →  address: pages with captures that cannot be read
//!   w, urlkey, urlkey of the page               →  the page's address: it waits for a capture of the first
//!   p, urlkey of the page, urlkey               →  nothing: the same from the other side
//!   f, WARC file                                →  how far it is in
//!   i                                           →  what tells these versions from those of any other store
//! ```
//!
//! A page is listed where it is one of HTML whose captures could all be read.
//!
//! The caller defines what a row and a state mean; here they are bytes.

use std::collections::HashMap;

use data_encoding::HEXLOWER;

use super::database::{CHUNK_VERSIONS, Database, DatabaseError, PageRow, Table};
use super::pack::Pack;
use super::sealed::{seal, unseal};
use super::sorted;
use super::store::Readings;

/// What a version is found by, where it changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowFacts {
    /// The gravest weight among its changes.
    pub weight: u8,
    /// Whether it was changed without a notice.
    pub is_stealth: bool,
    /// The kinds of its changes, as bits.
    pub kinds: u64,
}

/// A version to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// When it was seen first, in microseconds since 1970.
    pub date: i64,
    /// What it is found by; `None` where it changed nothing.
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

/// An update of a page's versions.
#[derive(Debug, Clone, Default)]
pub struct Update {
    /// Its urlkey.
    pub urlkey: String,
    /// Its address.
    pub url: String,
    /// The revision that this follows; `None` where nothing was kept.
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

/// Where a version is in the order of time: its time, urlkey and number.
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
    /// Only versions that were changed without a notice.
    pub stealth_only: bool,
    /// Of this weight at least.
    pub weight_min: u8,
    /// With changes of one of these kinds, as bits; 0 for any.
    pub kinds: u64,
    /// At most this many.
    pub limit: usize,
}

/// The rows of a page, oldest first. Holds them compressed.
#[derive(Debug, Default)]
pub struct StoredRows {
    urlkey: String,
    number: usize,
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
            let Some(rows) = unpack_chunk(&chunk, &self.urlkey, self.number) else {
                self.is_damaged = true;
                self.chunks = Vec::new().into_iter();
                return None;
            };
            self.number += CHUNK_VERSIONS;
            let rows: Vec<Vec<u8>> = rows.into_iter().map(|row| row.bytes).collect();
            self.rows = rows.into_iter();
        }
    }
}

impl Pack for RowFacts {
    fn put(&self, out: &mut Vec<u8>) {
        u64::from(self.weight).put(out);
        self.is_stealth.put(out);
        self.kinds.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self {
            weight: u8::try_from(u64::take(from)?).ok()?,
            is_stealth: Pack::take(from)?,
            kinds: Pack::take(from)?,
        })
    }
}

/// The rows of the chunk of a page that begins with the version of this number; `None` where it is damaged or
/// another chunk.
fn unpack_chunk(value: &[u8], urlkey: &str, first: usize) -> Option<Vec<Row>> {
    let content = unseal(value, None)?;
    let mut rest = &content[..];
    if String::take(&mut rest)? != urlkey || usize::take(&mut rest)? != first {
        return None;
    }
    let mut rows = Vec::with_capacity(CHUNK_VERSIONS);
    while !rest.is_empty() {
        let date = u64::take(&mut rest)?.cast_signed();
        let facts = <Option<RowFacts> as Pack>::take(&mut rest)?;
        let length = usize::take(&mut rest)?;
        let (bytes, after) = rest.split_at_checked(length)?;
        rest = after;
        rows.push(Row { date, facts, bytes: bytes.to_vec() });
    }
    Some(rows)
}

fn pack_chunk(rows: &[Row], urlkey: &str, first: usize) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    urlkey.to_owned().put(&mut content);
    first.put(&mut content);
    for Row { date, facts, bytes } in rows {
        date.cast_unsigned().put(&mut content);
        facts.put(&mut content);
        bytes.len().put(&mut content);
        content.extend_from_slice(bytes);
    }
    seal(&content, None)
}

fn first_of_chunk(number: usize) -> usize {
    number - number % CHUNK_VERSIONS
}

fn damaged(what: &str) -> DatabaseError {
    DatabaseError::Damaged(what.to_owned())
}

/// What is sealed of a page.
struct Known {
    is_listed: bool,
    state: Vec<u8>,
}

fn seal_state(update: &Update) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    update.urlkey.put(&mut content);
    update.is_listed().put(&mut content);
    content.extend_from_slice(&update.state);
    seal(&content, None)
}

fn known(urlkey: &str, row: &PageRow) -> Result<Known, DatabaseError> {
    let unsealed = || {
        let content = unseal(&row.state, None)?;
        let mut rest = &content[..];
        let is_same = String::take(&mut rest)? == urlkey;
        let is_listed = bool::take(&mut rest)?;
        is_same.then(|| Known { is_listed, state: rest.to_vec() })
    };
    unsealed().ok_or_else(|| damaged("the state of a page"))
}

/// The key of a version in the order of time, the newest first.
fn time_key((date, urlkey, number): (i64, &str, i64)) -> Vec<u8> {
    let rising = |number: i64| number.cast_unsigned() ^ (1 << 63);
    let mut key = vec![b't'];
    key.extend_from_slice(&(!rising(date)).to_be_bytes());
    key.extend_from_slice(urlkey.as_bytes());
    key.push(0);
    key.extend_from_slice(&rising(number).to_be_bytes());
    key
}

fn of_time_key(key: &[u8]) -> Option<Ends> {
    let signed = |bytes: &[u8; 8]| (u64::from_be_bytes(*bytes) ^ (1 << 63)).cast_signed();
    let (date, rest) = key.strip_prefix(b"t")?.split_first_chunk::<8>()?;
    let (urlkey, number) = rest.split_last_chunk::<8>()?;
    let urlkey = String::from_utf8(urlkey.strip_suffix(b"\0")?.to_vec()).ok()?;
    Some((!signed(date), urlkey, signed(number)))
}

fn key_of(kind: u8, parts: &[&str]) -> Vec<u8> {
    let mut key = vec![kind];
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            key.push(0);
        }
        key.extend_from_slice(part.as_bytes());
    }
    key
}

fn text(bytes: &[u8]) -> Result<String, DatabaseError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| damaged("an address"))
}

impl Update {
    fn is_listed(&self) -> bool {
        self.is_html && !self.has_unread
    }
}

impl Readings {
    /// What is kept of a page.
    #[must_use]
    pub fn stored_page(&self, urlkey: &str) -> Option<StoredPage> {
        self.ask(|open| {
            let Some(row) = open.database.page(urlkey)? else { return Ok(None) };
            let state = known(urlkey, &row)?.state;
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
                let state = known(urlkey, &row)?.state;
                let chunks = database.chunks(row.id)?.into_iter();
                let urlkey = urlkey.to_owned();
                let rows = StoredRows { urlkey, chunks, ..StoredRows::default() };
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
            let rows = unpack_chunk(&chunk, urlkey, first_of_chunk(at))
                .ok_or_else(|| damaged("the versions of a page"))?;
            Ok(rows.into_iter().nth(at % CHUNK_VERSIONS).map(|row| row.bytes))
        })?
    }

    /// Keeps versions of a page; whether it did. Where another process has kept something of the page
    /// since, that stands and nothing is done.
    pub fn update(&self, update: &Update) -> bool {
        let Some(state) = seal_state(update) else { return false };
        let done = self.change(|open| {
            let database = &open.database;
            let before = database.page(&update.urlkey)?;
            if before.as_ref().map(|row| row.revision) != update.after {
                return Ok(false);
            }
            let was_listed = match &before {
                Some(row) => known(&update.urlkey, row)?.is_listed,
                None => false,
            };
            let revision = update.after.map_or(1, |revision| revision + 1);
            let page = database.put_page(&update.urlkey, revision, &state)?;
            put_rows(database, page, update, was_listed)?;
            let unread = key_of(b'u', &[&update.urlkey]);
            if update.has_unread {
                sorted::insert(database, Table::Versions, &unread, update.url.as_bytes())?;
            } else if before.is_some() {
                sorted::remove(database, Table::Versions, &unread)?;
            }
            put_waits(database, update, before.is_some())?;
            Ok(true)
        });
        done.unwrap_or(false)
    }

    /// Versions of all pages of HTML that were read to their last capture, newest first: where each one
    /// ends for the next question, and its row. None where the store failed.
    pub fn newest(&self, asked: &NewestAsked) -> Option<Vec<(Ends, Vec<u8>)>> {
        self.ask(|open| {
            let database = &open.database;
            database.read(|| {
                let mut chunks: HashMap<(i64, usize), Vec<Row>> = HashMap::new();
                let mut found = Vec::new();
                for (ends, page) in newest_places(database, asked)? {
                    let number = usize::try_from(ends.2).unwrap_or(usize::MAX);
                    let first = first_of_chunk(number);
                    let rows = match chunks.entry((page, first)) {
                        std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                        std::collections::hash_map::Entry::Vacant(place) => {
                            let chunk = database.chunk(page, number)?;
                            let rows = chunk.and_then(|chunk| unpack_chunk(&chunk, &ends.1, first));
                            place.insert(rows.ok_or_else(|| damaged("the versions of a page"))?)
                        }
                    };
                    let row = rows.get(number % CHUNK_VERSIONS);
                    let row = row.filter(|row| row.date == ends.0);
                    let bytes = row.ok_or_else(|| damaged("the times of versions"))?.bytes.clone();
                    found.push((ends, bytes));
                }
                Ok(found)
            })
        })
    }

    /// The keys and addresses of pages with captures that could not be read, in order.
    #[must_use]
    pub fn pages_unread(&self) -> Option<Vec<(String, String)>> {
        self.ask(|open| {
            let database = &open.database;
            let all = database.read(|| sorted::under(database, Table::Versions, b"u"))?;
            all.iter().map(|(key, url)| Ok((text(key)?, text(url)?))).collect()
        })
    }

    /// The addresses of pages that wait for a capture of this urlkey.
    #[must_use]
    pub fn waiting_for(&self, urlkey: &str) -> Option<Vec<String>> {
        self.addresses_under(&key_of(b'w', &[urlkey, ""]))
    }

    fn addresses_under(&self, prefix: &[u8]) -> Option<Vec<String>> {
        self.ask(|open| {
            let database = &open.database;
            let all = database.read(|| sorted::under(database, Table::Versions, prefix))?;
            all.iter().map(|(_, url)| text(url)).collect()
        })
    }

    /// How far each WARC file is in; `None` where the store failed.
    #[must_use]
    pub fn files_done(&self) -> Option<Vec<FileDone>> {
        self.ask(|open| {
            let database = &open.database;
            let all = database.read(|| sorted::under(database, Table::Versions, b"f"))?;
            let file = |(name, mark): &(Vec<u8>, Vec<u8>)| {
                let (versions, speakers) = mark_of(mark)?;
                Ok(FileDone { name: text(name)?, versions, speakers })
            };
            all.iter().map(file).collect()
        })
    }

    /// A number that becomes another one whenever versions are forgotten; `None` where the store failed.
    #[must_use]
    pub fn epoch(&self) -> Option<i64> {
        self.ask(|open| open.database.epoch())
    }

    /// What distinguishes the versions that are kept here from those of every other store, also of an earlier
    /// one at this place: it changes whenever versions are forgotten. `None` where nothing can be written.
    ///
    /// For what is derived from versions and keeps marks of its own.
    #[must_use]
    pub fn identity(&self) -> Option<String> {
        let known = self.ask(|open| sorted::get(&open.database, Table::Versions, IDENTITY))?;
        let known = match known {
            Some(known) => known,
            None => self.change(|open| {
                // Another process may have made one in this moment.
                if let Some(known) = sorted::get(&open.database, Table::Versions, IDENTITY)? {
                    return Ok(known);
                }
                let made = uuid::Uuid::new_v4().into_bytes().to_vec();
                sorted::insert(&open.database, Table::Versions, IDENTITY, &made)?;
                Ok(made)
            })?,
        };
        Some(HEXLOWER.encode(&known))
    }

    /// Notes how far files are in; whether it did: not where versions were forgotten since the store gave
    /// this number as its [`Self::epoch`]. No mark goes back.
    pub fn mark_files(&self, epoch: i64, files: &[FileDone]) -> bool {
        let done = self.change(|open| {
            if open.database.epoch()? != epoch {
                return Ok(false);
            }
            for FileDone { name, versions, speakers } in files {
                let key = key_of(b'f', &[name]);
                let known = sorted::get(&open.database, Table::Versions, &key)?;
                let known = known.as_deref().map(mark_of).transpose()?.unwrap_or((0, 0));
                let mut mark = Vec::new();
                known.0.max(*versions).put(&mut mark);
                known.1.max(*speakers).put(&mut mark);
                sorted::insert(&open.database, Table::Versions, &key, &mark)?;
            }
            Ok(true)
        });
        done.unwrap_or(false)
    }

    /// Removes all versions and marks: the WARC files are not those that were read.
    pub fn forget_versions(&self) {
        self.change(|open| open.database.clear_versions());
    }
}

/// The key of what distinguishes one store from another.
const IDENTITY: &[u8] = b"i";

fn mark_of(mut bytes: &[u8]) -> Result<(u64, u64), DatabaseError> {
    let mark = u64::take(&mut bytes).zip(u64::take(&mut bytes));
    mark.ok_or_else(|| damaged("the mark of a file"))
}

/// Where the versions are that are asked for, and the numbers of their pages.
fn newest_places(
    database: &Database,
    asked: &NewestAsked,
) -> Result<Vec<(Ends, i64)>, DatabaseError> {
    let (date, urlkey, number) = &asked.after;
    let mut from = time_key((*date, urlkey, *number));
    from.push(0);
    let mut found = Vec::new();
    sorted::scan(database, Table::Versions, &from, &mut |key, value| {
        if !key.starts_with(b"t") {
            return Ok(false);
        }
        let ends = of_time_key(key).ok_or_else(|| damaged("the times of versions"))?;
        if ends.0 < asked.from || found.len() >= asked.limit {
            return Ok(false);
        }
        let mut rest = value;
        let page = u64::take(&mut rest);
        let (page, facts) = page
            .zip(RowFacts::take(&mut rest))
            .ok_or_else(|| damaged("what versions are found by"))?;
        let (first, end) = &asked.keys;
        let is_wanted = facts.weight >= asked.weight_min
            && (facts.is_stealth || !asked.stealth_only)
            && (asked.kinds == 0 || facts.kinds & asked.kinds != 0)
            && ends.1 >= *first
            && (end.is_empty() || ends.1 < *end);
        if is_wanted {
            found.push((ends, page.cast_signed()));
        }
        Ok(found.len() < asked.limit)
    })?;
    Ok(found)
}

fn put_waits(database: &Database, update: &Update, is_known: bool) -> Result<(), DatabaseError> {
    let page = &update.urlkey;
    let mut known = Vec::new();
    if is_known {
        for (on, _) in sorted::under(database, Table::Versions, &key_of(b'p', &[page, ""]))? {
            known.push(text(&on)?);
        }
    }
    for on in known.iter().filter(|on| !update.waits_for.contains(on)) {
        sorted::remove(database, Table::Versions, &key_of(b'w', &[on, page]))?;
        sorted::remove(database, Table::Versions, &key_of(b'p', &[page, on]))?;
    }
    for on in &update.waits_for {
        sorted::insert(
            database,
            Table::Versions,
            &key_of(b'w', &[on, page]),
            update.url.as_bytes(),
        )?;
        sorted::insert(database, Table::Versions, &key_of(b'p', &[page, on]), b"")?;
    }
    Ok(())
}

/// Puts a version into the order of time, or takes it out.
fn list(
    database: &Database,
    (page, urlkey, number): (i64, &str, usize),
    row: &Row,
    is_listed: bool,
) -> Result<(), DatabaseError> {
    let Some(facts) = &row.facts else { return Ok(()) };
    let key = time_key((row.date, urlkey, i64::try_from(number).unwrap_or(i64::MAX)));
    if !is_listed {
        return sorted::remove(database, Table::Versions, &key);
    }
    let mut value = Vec::new();
    page.cast_unsigned().put(&mut value);
    facts.put(&mut value);
    sorted::insert(database, Table::Versions, &key, &value)
}

fn put_rows(
    database: &Database,
    page: i64,
    update: &Update,
    was_listed: bool,
) -> Result<(), DatabaseError> {
    let Update { urlkey, keep, .. } = update;
    let (keep, is_listed) = (*keep, update.is_listed());
    let chunk_at = |first: usize| -> Result<Option<Vec<Row>>, DatabaseError> {
        let Some(value) = database.chunk(page, first)? else { return Ok(None) };
        let rows = unpack_chunk(&value, urlkey, first);
        rows.map(Some).ok_or_else(|| damaged("the versions of a page"))
    };
    let first = first_of_chunk(keep);
    if was_listed != is_listed {
        for at in (0..first).step_by(CHUNK_VERSIONS) {
            let rows = chunk_at(at)?.ok_or_else(|| damaged("the versions of a page"))?;
            for (number, row) in (at..).zip(&rows) {
                list(database, (page, urlkey, number), row, is_listed)?;
            }
        }
    }
    let mut rows: Vec<Row> = Vec::new();
    // What is replaced goes out of the order of time.
    let mut number = first;
    while let Some(old) = chunk_at(number)? {
        let is_last = old.len() < CHUNK_VERSIONS;
        for row in old {
            if number < keep {
                if was_listed != is_listed {
                    list(database, (page, urlkey, number), &row, is_listed)?;
                }
                rows.push(row);
            } else if was_listed {
                list(database, (page, urlkey, number), &row, false)?;
            }
            number += 1;
        }
        if is_last {
            break;
        }
    }
    if rows.len() < keep - first {
        return Err(damaged("the versions of a page"));
    }
    database.cut_chunks(page, first)?;
    if is_listed {
        for (number, row) in (keep..).zip(&update.rows) {
            list(database, (page, urlkey, number), row, true)?;
        }
    }
    rows.extend(update.rows.iter().cloned());
    for (at, chunk) in (first..).step_by(CHUNK_VERSIONS).zip(rows.chunks(CHUNK_VERSIONS)) {
        // A chunk that is too long to be kept keeps the page out of the store.
        let value = pack_chunk(chunk, urlkey, at)
            .ok_or_else(|| DatabaseError::Unusable("versions of too many bytes".to_owned()))?;
        database.put_chunk(page, at, &value)?;
    }
    Ok(())
}
