//! The typed tables, and the one way in: a batch.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::files::Files;
use super::value::{self, ValueError};
use super::{FileId, FileState, IndexEntry, IndexError, Position, blocks, key};
use crate::archive::{Applied, ArchiveError, ArchiveErrorKind, HostCount};
use crate::base::surt::{host_of_key, plain_host};
use crate::base::{Digest, Timestamp};
use crate::kv::{Batch, Kv, KvError, KvOptions, Tree};
use crate::sorted::{SortOptions, Sorter};

/// The format that is written. A newer one is refused, an older one would be rebuilt.
const FORMAT: u64 = 1;

/// The index of an archive. One writes at a time; any number of threads read.
pub struct Index {
    // `None` once it is closed. A mutex, since only the rare things need it: the tables are reached
    // by handles of their own.
    kv: Mutex<Option<Kv>>,
    was_clean: bool,
    pub(super) captures: Tree,
    pub(super) digests: Tree,
    files: Files,
    // Adding to a block is read, change, write; a mutex around that keeps two writers from losing
    // each other's entries. Readers never take it. Counts the batches, for a load that continues beside them.
    writing: Mutex<u64>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("files", &self.files.all().len()).finish_non_exhaustive()
    }
}

/// How far a file has been indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The file.
    pub file: FileId,
    /// Every record that ends at or before this offset is in the index, or is in this batch.
    pub indexed_to: u64,
    /// The file's size, when nothing more will be appended to it.
    pub sealed_size: Option<u64>,
}

/// What is put into the index together: captures, and the marks they justify.
#[derive(Debug, Default, Clone)]
pub(crate) struct IndexBatch {
    /// Captures, in any order, of any URLs.
    pub entries: Vec<IndexEntry>,
    /// High-water marks. They are written after the entries, so that a crash in between leaves a
    /// mark that is too low and never one that is too high.
    pub marks: Vec<Mark>,
}

impl Index {
    /// Opens the index in `dir`, making it where there is none.
    ///
    /// The second part says as text what had to be repaired or set aside; when it is not empty,
    /// captures may be missing, so that the WARC files should be read again from the marks that
    /// [`Self::files`] still has (from their start where it has none).
    ///
    /// # Errors
    /// As [`Kv::open`]; [`IndexError::Newer`] for the index of a newer program;
    /// [`IndexError::Value`] when the table of files does not decode.
    pub fn open(dir: &Path, options: &KvOptions) -> Result<(Self, Vec<String>), IndexError> {
        let (kv, notes) = Kv::open(dir, options)?;
        let meta = kv.tree("meta")?;
        match meta.get(b"format")? {
            None => {
                let mut format = Vec::new();
                value::put(&mut format, FORMAT);
                meta.insert(b"format", &format)?;
            }
            Some(bytes) => {
                let found = value::numbers(&bytes).map_or(u64::MAX, |([found], _)| found);
                if found > FORMAT {
                    return Err(IndexError::Newer { found, known: FORMAT });
                }
            }
        }
        let captures = kv.tree("captures")?;
        let digests = kv.tree("digests")?;
        let files = Files::load(kv.tree("files")?)?;
        let was_clean = kv.was_clean();
        let kv = Mutex::new(Some(kv));
        Ok((Self { kv, was_clean, captures, digests, files, writing: Mutex::new(0) }, notes))
    }

    /// Whether the last user closed it in order, so that nothing needs to be checked.
    #[must_use]
    pub fn was_clean(&self) -> bool {
        self.was_clean
    }

    /// Whether the system may have gone down while it was open: captures before a mark may then be
    /// missing, so that every WARC file should be read again from its start.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        self.with_kv(|kv| Ok(kv.is_suspect())).unwrap_or(false)
    }

    /// Notes that it was brought in line with the WARC files.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn mark_consistent(&self) -> Result<(), IndexError> {
        self.with_kv(Kv::mark_consistent)
    }

    /// Takes in a batch: captures, then payloads, then marks. A record that is there already (same
    /// urlkey, time, file and offset) stays one entry. Large batches are cheaper; 1,000 is good.
    /// Nothing is durable before [`Self::flush`].
    ///
    /// # Errors
    /// When the store fails, an entry there does not decode, or a mark names an unknown file; then
    /// part of the captures may be in, and no mark is.
    pub(crate) fn apply_entries(&self, batch: IndexBatch) -> Result<Applied, IndexError> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        *writing += 1;
        let mut payloads: HashMap<key::DigestKey, (Position, String)> = HashMap::new();
        for entry in &batch.entries {
            // Also of captures that are there already: a crash may have come between the two.
            note_payload(&mut payloads, entry);
        }
        let applied = self.store_captures(batch.entries, None)?;
        let mut payloads: Vec<_> = payloads.into_iter().collect();
        payloads.sort_unstable();
        for (key, (position, urlkey)) in payloads {
            self.store_payload(key, position, &urlkey)?;
        }
        self.store_marks(batch.marks)?;
        Ok(applied)
    }

    /// Begins to take in captures in the order of the index: what is found by payload, which comes in no order,
    /// is sorted outside of memory in `tmp` (else in the system's folder) and put in at the end.
    pub(super) fn begin_load(&self, tmp: Option<&Path>) -> Load<'_> {
        let options = SortOptions { dir: tmp.map(Path::to_owned), ..SortOptions::default() };
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // Counts of hosts begin with 0. On an error the keys are looked up.
        let no_captures = self.captures.range::<&[u8], _>(&[1_u8][..]..).next().is_none();
        let no_payloads = self.digests.range::<&[u8], _>(..).next().is_none();
        Load {
            index: self,
            payloads: Sorter::new(options),
            above: no_captures.then(Vec::new),
            no_payloads,
            batches_of_others: *writing,
        }
    }

    /// Puts captures into their blocks, and counts them. With `above`, no block has a key over it; it is moved on.
    fn store_captures(
        &self,
        entries: Vec<IndexEntry>,
        mut above: Option<&mut Vec<u8>>,
    ) -> Result<Applied, IndexError> {
        let mut by_urlkey: BTreeMap<String, Vec<IndexEntry>> = BTreeMap::new();
        let mut applied = Applied { added: 0, known: entries.len() as u64 };
        for entry in entries {
            match by_urlkey.get_mut(&entry.urlkey) {
                Some(entries) => entries.push(entry),
                None => {
                    by_urlkey.insert(entry.urlkey.clone(), vec![entry]);
                }
            }
        }
        let mut changes = Batch::default();
        let mut hosts: BTreeMap<Vec<u8>, HostCount> = BTreeMap::new();
        for (urlkey, entries) in by_urlkey {
            let stored = key::stored(&urlkey);
            let added = match above.as_deref_mut() {
                Some(above) if *stored > **above => {
                    *above = stored.to_vec();
                    blocks::insert_first(&mut changes, &stored, entries)
                }
                _ => blocks::insert(&self.captures, &mut changes, &stored, entries)?,
            };
            for entry in added {
                applied.added += 1;
                self.count(&mut hosts, &entry)?;
            }
        }
        applied.known -= applied.added;
        for (key, count) in hosts {
            changes.insert(&key, &encode_count(&count));
        }
        // Captures and counts in one batch of one tree: both or neither.
        self.captures.apply(changes)?;
        Ok(applied)
    }

    fn store_marks(&self, marks: Vec<Mark>) -> Result<(), IndexError> {
        for mark in marks {
            self.files.mark(mark.file, mark.indexed_to, mark.sealed_size)?;
        }
        Ok(())
    }

    fn count(
        &self,
        hosts: &mut BTreeMap<Vec<u8>, HostCount>,
        entry: &IndexEntry,
    ) -> Result<(), IndexError> {
        let host = host_of_key(&entry.urlkey).unwrap_or("");
        let key = key::host(host);
        let count = match hosts.get_mut(&key) {
            Some(count) => count,
            None => {
                let before = match self.captures.get(&key)? {
                    Some(bytes) => decode_count(&key, &bytes)?,
                    None => HostCount {
                        host: String::new(),
                        captures: 0,
                        bytes: 0,
                        first: entry.date,
                        last: entry.date,
                    },
                };
                hosts.entry(key).or_insert(before)
            }
        };
        count.captures += 1;
        count.bytes = count.bytes.saturating_add(entry.length);
        count.first = count.first.min(entry.date);
        count.last = count.last.max(entry.date);
        Ok(())
    }

    /// Keeps the earliest capture of a payload, whatever the order of arrival.
    fn store_payload(
        &self,
        key: key::DigestKey,
        position: Position,
        urlkey: &str,
    ) -> Result<(), IndexError> {
        let before = self.digests.get(&key)?;
        let before = before.map(|bytes| decode_payload(&key, &bytes)).transpose()?;
        if before.is_none_or(|(before, at)| (position, urlkey) < (before, &at)) {
            self.put_payload(key, position, urlkey)?;
        }
        Ok(())
    }

    /// Key by key: a batch makes the engine write out what it holds, and those that a crash leaves out are
    /// noted again with their captures.
    fn put_payload(
        &self,
        key: key::DigestKey,
        position: Position,
        urlkey: &str,
    ) -> Result<(), IndexError> {
        Ok(self.digests.insert(&key, &encode_payload(position, urlkey)).map(drop)?)
    }

    /// The earliest whole capture of the payload with this digest, under any URL.
    ///
    /// # Errors
    /// When the store fails or an entry does not decode.
    pub(crate) fn lookup_digest(&self, digest: &Digest) -> Result<Option<IndexEntry>, IndexError> {
        let key = key::digest(digest);
        let Some(bytes) = self.digests.get(&key)? else { return Ok(None) };
        let (position, urlkey) = decode_payload(&key, &bytes)?;
        let entry = self.entry_at(&urlkey, position)?;
        // The key has a part of the digest; the entry has all of it.
        Ok(entry.filter(|entry| entry.digest.as_ref() == Some(digest) && entry.holds_payload()))
    }

    /// The capture at exactly this place.
    ///
    /// # Errors
    /// When the store fails or an entry does not decode.
    pub(crate) fn entry_at(
        &self,
        urlkey: &str,
        position: Position,
    ) -> Result<Option<IndexEntry>, IndexError> {
        let stored = key::stored(urlkey);
        let (start, _) = key::blocks_of(&stored);
        let latest = key::block_at(&stored, position);
        let Some(block) = self.captures.range(&start[..]..=&latest[..]).next_back() else {
            return Ok(None);
        };
        let (key, value) = block?;
        let entries = blocks::read(&key, &value)?;
        Ok(entries.into_iter().find(|entry| entry.position() == position))
    }

    /// Makes everything applied so far durable.
    ///
    /// # Errors
    /// When the store fails; then nothing is promised.
    pub fn flush(&self) -> Result<(), IndexError> {
        self.files.save_marks()?;
        self.with_kv(Kv::flush)
    }

    /// Flushes and closes in order; nothing is answered after that. The directory is free for
    /// another open when this handle is gone.
    ///
    /// # Errors
    /// As [`Self::flush`].
    pub fn close(&self) -> Result<(), IndexError> {
        self.files.save_marks()?;
        match self.kv.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(kv) => Ok(kv.close()?),
            None => Ok(()),
        }
    }

    fn with_kv<T>(&self, act: impl FnOnce(&Kv) -> Result<T, KvError>) -> Result<T, IndexError> {
        match &*self.kv.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(kv) => Ok(act(kv)?),
            None => Err(IndexError::Closed),
        }
    }

    /// How many bytes it takes on disk.
    ///
    /// # Errors
    /// When the store cannot say.
    pub fn size_on_disk(&self) -> Result<u64, IndexError> {
        self.with_kv(Kv::size_on_disk)
    }

    /// Notes that it contradicts the WARC files, so that the next open sets it aside.
    pub fn mark_damaged(&self, why: &str) {
        let marked = self.with_kv(|kv| {
            kv.mark_damaged(why);
            Ok(())
        });
        // Closed: nothing contradicts anything any more.
        let _ = marked;
    }

    /// The number of the file of that name, given now where it has none.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn file_id(&self, name: &str) -> Result<FileId, IndexError> {
        self.files.id(name)
    }

    /// The name of a file, or an empty text for a number that was never given.
    #[must_use]
    pub(crate) fn file_name(&self, id: FileId) -> Arc<str> {
        self.files.name(id).unwrap_or_else(|| "".into())
    }

    /// What is known of a file by its name.
    #[must_use]
    pub(crate) fn file_named(&self, name: &str) -> Option<FileState> {
        self.files.named(name)
    }

    /// All files, by number.
    #[must_use]
    pub(crate) fn files(&self) -> Vec<FileState> {
        self.files.all()
    }

    /// Counts of every host, in the order of urlkeys.
    pub(crate) fn host_counts(&self) -> impl Iterator<Item = Result<HostCount, IndexError>> {
        self.captures.scan_prefix(&[0]).map(|entry| {
            let (key, value) = entry?;
            decode_count(&key, &value)
        })
    }

    /// The count of the host of `uri`; `None` where nothing of it was captured.
    ///
    /// # Errors
    /// When the store fails or the count does not decode.
    pub(crate) fn host_count(&self, uri: &str) -> Result<Option<HostCount>, IndexError> {
        let urlkey = crate::base::surt::urlkey(uri);
        let key = key::host(host_of_key(&urlkey).unwrap_or(""));
        self.captures.get(&key)?.map(|bytes| decode_count(&key, &bytes)).transpose()
    }
}

/// Captures that are being taken in in the order of the index.
pub(super) struct Load<'i> {
    index: &'i Index,
    payloads: Sorter,
    /// No block has a key above this one, so that what comes after it need not be looked up. `None` where the
    /// index had captures.
    above: Option<Vec<u8>>,
    no_payloads: bool,
    batches_of_others: u64,
}

impl Load<'_> {
    /// Takes in captures that come after those before.
    ///
    /// # Errors
    /// When the store or a temporary file fails.
    pub(super) fn captures(&mut self, entries: Vec<IndexEntry>) -> Result<(), ArchiveError> {
        for entry in &entries {
            if let Some(digest) = entry.digest.filter(|_| entry.holds_payload()) {
                self.payloads.push(&payload_row(&digest, entry)).map_err(sorting)?;
            }
        }
        let index = self.index;
        let writing = index.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.look_for_others(*writing);
        index.store_captures(entries, self.above.as_mut())?;
        Ok(())
    }

    /// Puts in what is found by payload, and then the marks.
    ///
    /// # Errors
    /// When the store or a temporary file fails.
    pub(super) fn finish(mut self, marks: Vec<Mark>) -> Result<(), ArchiveError> {
        let writing = self.index.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.look_for_others(*writing);
        let mut rows = self.payloads.finish().map_err(sorting)?;
        let mut last = None;
        while let Some(row) = rows.next_row().map_err(sorting)? {
            let (key, position, urlkey) = payload_of(row).ok_or_else(|| sorting("a cut row"))?;
            // The first of a payload is the earliest.
            if last != Some(key) {
                if self.no_payloads {
                    self.index.put_payload(key, position, urlkey)?;
                } else {
                    self.index.store_payload(key, position, urlkey)?;
                }
                last = Some(key);
            }
        }
        self.index.store_marks(marks)?;
        Ok(())
    }

    /// What others have put in meanwhile has to be looked up.
    fn look_for_others(&mut self, batches: u64) {
        if batches != self.batches_of_others {
            self.above = None;
            self.no_payloads = false;
        }
    }
}

fn sorting(why: impl std::fmt::Display) -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::System, format!("sorting payloads: {why}"))
}

/// `key 9 | time 8, its sign flipped | file 4 | offset 8 | urlkey`, numbers big-endian: by payload, and of one
/// payload the earliest first.
fn payload_row(digest: &Digest, entry: &IndexEntry) -> Vec<u8> {
    let (date, FileId(file), offset) = entry.position();
    let mut row = Vec::with_capacity(29 + entry.urlkey.len());
    row.extend_from_slice(&key::digest(digest));
    row.extend_from_slice(&(date.unix_micros().cast_unsigned() ^ (1 << 63)).to_be_bytes());
    row.extend_from_slice(&file.to_be_bytes());
    row.extend_from_slice(&offset.to_be_bytes());
    row.extend_from_slice(entry.urlkey.as_bytes());
    row
}

fn payload_of(row: &[u8]) -> Option<(key::DigestKey, Position, &str)> {
    let (key, rest) = row.split_first_chunk::<9>()?;
    let (time, rest) = rest.split_first_chunk::<8>()?;
    let (file, rest) = rest.split_first_chunk::<4>()?;
    let (offset, urlkey) = rest.split_first_chunk::<8>()?;
    let micros = (u64::from_be_bytes(*time) ^ (1 << 63)).cast_signed();
    let file = FileId(u32::from_be_bytes(*file));
    let position = (Timestamp::from_unix_micros(micros), file, u64::from_be_bytes(*offset));
    Some((*key, position, std::str::from_utf8(urlkey).ok()?))
}

fn note_payload(payloads: &mut HashMap<key::DigestKey, (Position, String)>, entry: &IndexEntry) {
    let (Some(digest), true) = (entry.digest, entry.holds_payload()) else { return };
    let found = (entry.position(), entry.urlkey.clone());
    let earliest = payloads.entry(key::digest(&digest)).or_insert_with(|| found.clone());
    if found < *earliest {
        *earliest = found;
    }
}

/// `version = 01 | captures | bytes | first | last`, numbers in LEB128, times zigzag.
fn encode_count(count: &HostCount) -> Vec<u8> {
    let mut out = vec![1];
    for number in [
        count.captures,
        count.bytes,
        value::zigzag(count.first.unix_micros()),
        value::zigzag(count.last.unix_micros()),
    ] {
        value::put(&mut out, number);
    }
    out
}

fn decode_count(key: &[u8], bytes: &[u8]) -> Result<HostCount, IndexError> {
    let ([captures, count_bytes, first, last], _) = versioned(key, bytes)?;
    let host = String::from_utf8_lossy(key.get(1..).unwrap_or_default());
    Ok(HostCount {
        host: plain_host(&host),
        captures,
        bytes: count_bytes,
        first: Timestamp::from_unix_micros(value::unzigzag(first)),
        last: Timestamp::from_unix_micros(value::unzigzag(last)),
    })
}

/// `version = 01 | time, zigzag | file | offset | urlkey`, numbers in LEB128.
fn encode_payload((date, file, offset): Position, urlkey: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(20 + urlkey.len());
    out.push(1);
    for number in [value::zigzag(date.unix_micros()), u64::from(file.0), offset] {
        value::put(&mut out, number);
    }
    out.extend_from_slice(urlkey.as_bytes());
    out
}

fn decode_payload(key: &[u8], bytes: &[u8]) -> Result<(Position, String), IndexError> {
    let ([date, file, offset], urlkey) = versioned(key, bytes)?;
    let bad = |what| damaged(key, ValueError::Bad(what));
    let file = u32::try_from(file).map_err(|_| bad("a file number"))?;
    let urlkey = std::str::from_utf8(urlkey).map_err(|_| bad("a urlkey"))?;
    let date = Timestamp::from_unix_micros(value::unzigzag(date));
    Ok(((date, FileId(file), offset), urlkey.to_owned()))
}

fn versioned<'a, const N: usize>(
    key: &[u8],
    bytes: &'a [u8],
) -> Result<([u64; N], &'a [u8]), IndexError> {
    match bytes.split_first() {
        Some((1, rest)) => value::numbers(rest),
        Some((newer, _)) => Err(ValueError::Newer(*newer)),
        None => Err(ValueError::Short),
    }
    .map_err(|source| damaged(key, source))
}

fn damaged(key: &[u8], source: ValueError) -> IndexError {
    IndexError::Value { key: key.escape_ascii().to_string(), source }
}
