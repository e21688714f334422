//! Finding captures and loading them; a revisit leads to the record that holds its payload.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::Timestamp;
use crate::http::{
    BodyFraming, Head, Method, Payload, ResponseShape, Stored, decode_body, shape_of,
};
use crate::index::{Index, IndexEntry, Query, RecordKind, Results};
use crate::warc::{Fields, Original, ReadOptions, WarcReader};

use super::StoreError;
use super::append::original_of;
use super::intact::{self, Hashing};
use super::layout::Layout;
use super::open::{self, index_error};

/// The archive, to read from. Clones share the index.
#[derive(Debug, Clone)]
pub struct Reader {
    layout: Layout,
    index: Arc<Index>,
    /// The copy of the index that is being read, where another process has the index.
    _copy: Option<Arc<tempfile::TempDir>>,
}

/// A capture with its bytes.
#[derive(Debug)]
pub struct Loaded {
    /// Its line of the index.
    pub entry: IndexEntry,
    /// The header of its record.
    pub fields: Fields,
    /// The header's bytes.
    pub header: Vec<u8>,
    /// The HTTP head; empty where the record holds no HTTP.
    pub head: Vec<u8>,
    /// The parts of the HTTP response.
    pub shape: ResponseShape,
    /// The record's block.
    pub block: Stored,
    /// For a revisit: the capture that holds the payload, where it was found.
    pub original: Option<Box<Loaded>>,
}

/// Blocks up to this length are held in memory, longer ones in a temporary file.
const MEMORY_MAX: u64 = 8 << 20;

impl Reader {
    /// Opens the archive at `root` for reading. The second part says what was odd.
    ///
    /// # Errors
    /// When there is no archive, a newer program laid it out, or the disk fails.
    pub fn open(root: &Path, cache_bytes: u64) -> Result<(Self, Vec<String>), StoreError> {
        let layout = Layout::new(root);
        layout.check()?;
        let (index, copy, notes) = open::for_reading(&layout, cache_bytes)?;
        Ok((Self { layout, index: Arc::new(index), _copy: copy.map(Arc::new) }, notes))
    }

    pub(super) fn over(layout: Layout, index: Arc<Index>) -> Self {
        Self { layout, index, _copy: None }
    }

    /// The index.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The names inside the archive.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The name of an entry's file.
    #[must_use]
    pub fn file_name(&self, entry: &IndexEntry) -> Arc<str> {
        self.index.file_name(entry.file)
    }

    /// Answers to a query, one at a time.
    #[must_use]
    pub fn query(&self, query: &Query) -> Results<'_> {
        self.index.query(query)
    }

    /// All captures of exactly `url`, oldest first.
    pub fn captures_of(&self, url: &str) -> impl Iterator<Item = Result<IndexEntry, StoreError>> {
        self.index.captures_of(url).map(|entry| entry.map_err(index_error("asking")))
    }

    /// The capture of `url` that is closest to `at`; the newest without it. Reports of failures
    /// are passed over where there is anything else.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn find(&self, url: &str, at: Option<Timestamp>) -> Result<Option<IndexEntry>, StoreError> {
        let fail = index_error("asking");
        let mut failure = None;
        let mut look = |entry: Result<IndexEntry, _>| -> Result<Option<IndexEntry>, StoreError> {
            let entry = entry.map_err(&fail)?;
            if entry.kind != RecordKind::Metadata {
                return Ok(Some(entry));
            }
            failure.get_or_insert(entry);
            Ok(None)
        };
        match at {
            Some(at) => {
                for entry in self.index.by_distance(url, at) {
                    if let Some(found) = look(entry)? {
                        return Ok(Some(found));
                    }
                }
            }
            None => {
                for entry in self.index.captures_of(url).rev() {
                    if let Some(found) = look(entry)? {
                        return Ok(Some(found));
                    }
                }
            }
        }
        Ok(failure)
    }

    /// The newest capture of exactly this URL with status 200 or 304 that holds or names a payload.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn newest_with_payload(&self, url: &str) -> Result<Option<IndexEntry>, StoreError> {
        // A page that has answered nothing else for so long has no payload to compare with.
        const LOOK_BACK_MAX: usize = 100;
        for entry in self.index.captures_of(url).rev().take(LOOK_BACK_MAX) {
            let entry = entry.map_err(index_error("asking"))?;
            let is_page = matches!(entry.status, Some(200 | 304)) && !entry.truncated;
            // The urlkey folds what the server may tell apart; a validator is only for its own URL.
            if is_page && entry.url == url && entry.kind != RecordKind::Metadata {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Loads a capture; a revisit with the capture it refers to. What is loaded has the digests that
    /// its header and the index state.
    ///
    /// # Errors
    /// When the record, or the one that it refers to, cannot be read or was changed. A referred
    /// capture that is not there is no error: [`Loaded::original`] is then none.
    pub fn load(&self, entry: &IndexEntry) -> Result<Loaded, StoreError> {
        let mut loaded = self.load_one(entry)?;
        if entry.kind == RecordKind::Revisit
            && let Some(original) = self.original_entry(entry)?
            && self.path_of(&original).exists()
        {
            let original = self.load_one(&original)?;
            intact::check_pair(&loaded, &original).map_err(|why| self.unsound(entry, why))?;
            loaded.original = Some(Box::new(original));
        }
        Ok(loaded)
    }

    fn unsound(&self, entry: &IndexEntry, why: String) -> StoreError {
        let file = self.index.file_name(entry.file).to_string();
        StoreError::Record { file, offset: entry.offset, why }
    }

    fn original_entry(&self, entry: &IndexEntry) -> Result<Option<IndexEntry>, StoreError> {
        let fail = index_error("asking");
        if let Some(refers) = &entry.refers_to
            && let (Some(url), Some(date)) = (&refers.url, refers.date)
        {
            for near in self.index.by_distance(url, date).take(16) {
                let near = near.map_err(&fail)?;
                let named = refers.record_id.is_none() || refers.record_id == near.record_id;
                if near.date == date && named && near.kind != RecordKind::Revisit {
                    return Ok(Some(near));
                }
            }
        }
        match &entry.digest {
            Some(digest) => self.index.lookup_digest(digest).map_err(&fail),
            None => Ok(None),
        }
    }

    /// The path of an entry's file, sealed or still open.
    #[must_use]
    pub fn path_of(&self, entry: &IndexEntry) -> PathBuf {
        let name = self.index.file_name(entry.file);
        let sealed = self.layout.warc_dir().join(&*name);
        if sealed.exists() { sealed } else { self.layout.warc_dir().join(format!("{name}.open")) }
    }

    fn load_one(&self, entry: &IndexEntry) -> Result<Loaded, StoreError> {
        let path = self.path_of(entry);
        let fail = |why: String| self.unsound(entry, why);
        let file = File::open(&path).map_err(|e| fail(e.to_string()))?;
        let options = ReadOptions { file: path.display().to_string(), ..ReadOptions::default() };
        let mut reader = WarcReader::seekable(BufReader::with_capacity(64 * 1024, file), options);
        let mut record = reader.read_at(entry.offset).map_err(|e| fail(e.to_string()))?;
        let header = record.take_header();
        let mut bytes = Hashing::of_block(&mut record, &header.fields);
        let block =
            read_block(&mut bytes, header.content_length).map_err(|e| fail(e.to_string()))?;
        let counted = bytes.finish();
        let is_http = header
            .fields
            .content_type()
            .is_some_and(|t| t.trim_start().to_ascii_lowercase().starts_with("application/http"));
        let start = if is_http {
            block.prefix(super::describe::BLOCK_START_MAX).map_err(|e| fail(e.to_string()))?
        } else {
            Vec::new()
        };
        let method = Method::Get;
        let mut shape = shape_of(&start, method);
        let head_len = usize::try_from(shape.head_len).unwrap_or(start.len()).min(start.len());
        if entry.status.is_none() || head_len == 0 {
            // Bytes that no status line begins: all of them are what there is.
            shape.framing = BodyFraming::Close;
        }
        let head = start[..head_len].to_vec();
        let loaded = Loaded {
            entry: entry.clone(),
            fields: header.fields,
            header: header.raw,
            head,
            shape,
            block,
            original: None,
        };
        intact::check(&loaded, counted).map_err(fail)?;
        Ok(loaded)
    }
}

fn read_block(mut block: impl Read, length: u64) -> io::Result<Stored> {
    if length <= MEMORY_MAX {
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        block.read_to_end(&mut bytes)?;
        return Ok(Stored::Memory(bytes));
    }
    let mut file = tempfile::tempfile()?;
    let copied = io::copy(&mut block, &mut file)?;
    file.flush()?;
    Ok(Stored::File(Arc::new(file), copied))
}

impl Loaded {
    /// The capture whose record holds the payload: this one, or the one it refers to.
    #[must_use]
    pub fn holder(&self) -> &Self {
        self.original.as_deref().unwrap_or(self)
    }

    /// What a revisit of this payload would refer to; none where the payload is not in the archive.
    #[must_use]
    pub fn original(&self) -> Option<Original> {
        let holder = self.holder();
        holder.entry.holds_payload().then(|| original_of(&holder.entry))
    }

    /// The HTTP head that belongs to the payload.
    #[must_use]
    pub fn payload_head(&self) -> Head {
        Head::parse(&self.holder().head)
    }

    /// The payload: the body with its transfer coding removed and its content coding kept.
    ///
    /// # Errors
    /// When a spooled block cannot be read.
    pub fn payload(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        let holder = self.holder();
        if holder.head.is_empty() {
            return holder.block.reader();
        }
        Ok(Box::new(Payload::of(&holder.block, &holder.shape)?))
    }

    /// The payload with its content coding undone, at most `max` bytes.
    ///
    /// # Errors
    /// When a spooled block cannot be read.
    pub fn decoded(&self, max: usize) -> io::Result<Vec<u8>> {
        let payload = BufReader::with_capacity(64 * 1024, self.payload()?);
        Ok(decode_body(payload, &self.payload_head(), max).bytes)
    }

    /// The value of the payload's `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        let holder = self.holder();
        if holder.head.is_empty() {
            return holder.fields.content_type().map(std::borrow::Cow::into_owned);
        }
        self.payload_head().get_text("content-type").map(std::borrow::Cow::into_owned)
    }
}
