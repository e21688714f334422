//! The index of words in the files of tantivy: adding entries, and finding passages by words.
//!
//! ```text
//! passage:  text, headline, byline, speaker: words           found by each, without places
//!           tail: long words of German texts, backwards      found by their ends
//!           key: urlkey | host: host of it                   found by each
//!           page, version, date, key                         returned for a passage that was found
//!           sign                                             of the first passage of a version
//! commit:   identity of the store of readings | number of pages | mark of each WARC file
//! ```
//!
//! Words have no positions: a phrase is searched among the passages that have all of its words, and each candidate
//! is compared with the text. That makes the index a third as large.
//!
//! Everything of one commit becomes visible at once, its marks with it. Any number of processes read, one
//! writes; a reader sees what was committed when it opened its view. The only module that uses tantivy.

mod view;
mod writer;

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::directory::MmapDirectory;
use tantivy::directory::error::LockError;
use tantivy::index::SegmentId;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, NoMergePolicy};
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{IndexReader, IndexSettings, ReloadPolicy, TantivyError};

use super::seam::{Found, IndexError, Marks};
use view::Columns;
pub use view::View;
pub use writer::Writer;

/// The least memory that a writer works with.
pub const WRITER_BYTES_MIN: u64 = 16 << 20;

/// From this many segments on they are merged, even if a query waits.
const SEGMENTS_MAX: usize = 48;

type Result<T> = std::result::Result<T, IndexError>;

impl From<TantivyError> for IndexError {
    fn from(error: TantivyError) -> Self {
        let why = error.to_string();
        match error {
            TantivyError::OpenDirectoryError(_)
            | TantivyError::OpenWriteError(_)
            | TantivyError::LockFailure(..)
            | TantivyError::IoError(_)
            | TantivyError::SystemError(_)
            | TantivyError::ErrorInThread(_)
            | TantivyError::Poisoned => Self::Unusable(why),
            _ => Self::Damaged(why),
        }
    }
}

impl From<std::io::Error> for IndexError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            // The files are memory-mapped: invalid data means damage.
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Unusable(error.to_string()),
        }
    }
}

/// Runs `work` on files that may be damaged: a panic counts as damage.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let broken = || IndexError::Damaged("reading it failed (internal error)".to_owned());
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(broken()))
}

/// The marks in the payload of a commit.
fn marks_of(payload: Option<String>) -> Result<Marks> {
    let parsed = payload.map(|text| serde_json::from_str(&text)).transpose();
    Ok(parsed.map_err(|why| IndexError::Damaged(why.to_string()))?.unwrap_or_default())
}

#[derive(Debug, Clone, Copy)]
struct Fields {
    text: Field,
    headline: Field,
    byline: Field,
    speaker: Field,
    tail: Field,
    host: Field,
    key: Field,
    page: Field,
    version: Field,
    date: Field,
    sign: Field,
}

impl Fields {
    fn make() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let words = || {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer("whitespace")
                .set_fieldnorms(false)
                .set_index_option(IndexRecordOption::Basic);
            TextOptions::default().set_indexing_options(indexing)
        };
        let fields = Self {
            text: schema.add_text_field("text", words()),
            headline: schema.add_text_field("headline", words()),
            byline: schema.add_text_field("byline", words()),
            speaker: schema.add_text_field("speaker", words()),
            tail: schema.add_text_field("tail", words()),
            host: schema.add_text_field("host", words()),
            key: schema.add_text_field("key", STRING | FAST),
            page: schema.add_u64_field("page", FAST),
            version: schema.add_u64_field("version", FAST),
            date: schema.add_i64_field("date", FAST),
            sign: schema.add_u64_field("sign", FAST),
        };
        (schema.build(), fields)
    }

    fn of(&self, found: Found) -> Field {
        match found {
            Found::Text => self.text,
            Found::Headline => self.headline,
            Found::Byline => self.byline,
            Found::Speaker => self.speaker,
            Found::Tail => self.tail,
            Found::Host => self.host,
        }
    }
}

/// Identifies a commit: its number, its segments and its marks. A commit that adds nothing has the number
/// of the one before it, and an index that was deleted and rebuilt counts from the start again.
type Commit = (u64, Vec<SegmentId>, Option<String>);

/// The files of an index. Clones share them.
#[derive(Clone)]
pub struct Index {
    files: tantivy::Index,
    reader: IndexReader,
    fields: Fields,
    /// The newest view and its commit: opening a view reads every segment.
    newest: Arc<Mutex<Option<(Commit, View)>>>,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").finish_non_exhaustive()
    }
}

impl Index {
    /// The index in this existing directory; an empty one is made if there is none.
    ///
    /// # Errors
    /// When it is damaged, or the directory cannot be used.
    pub fn open(dir: &Path) -> Result<Self> {
        guarded(|| {
            let (schema, fields) = Fields::make();
            let directory = MmapDirectory::open(dir).map_err(TantivyError::from)?;
            let settings = IndexSettings::default();
            let files = tantivy::Index::builder()
                .schema(schema)
                .settings(settings)
                .open_or_create(directory)?;
            let reader = files
                .reader_builder()
                .reload_policy(ReloadPolicy::Manual)
                .doc_store_cache_num_blocks(1)
                .try_into()?;
            Ok(Self { files, reader, fields, newest: Arc::default() })
        })
    }

    /// The marks of the last commit.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn marks(&self) -> Result<Marks> {
        guarded(|| marks_of(self.files.load_metas()?.payload))
    }

    /// A view of the last commit.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn view(&self) -> Result<View> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        guarded(|| {
            // Read the commit first: passages committed after it are harmless, missing ones are not.
            let meta = self.files.load_metas()?;
            let segments = meta.segments.iter().map(|one| one.id()).collect();
            let commit = (meta.opstamp, segments, meta.payload.clone());
            if let Some((known, view)) = &*newest
                && *known == commit
            {
                return Ok(view.clone());
            }
            let marks = marks_of(meta.payload)?;
            self.reader.reload()?;
            let searcher = self.reader.searcher();
            let columns =
                searcher.segment_readers().iter().map(Columns::of).collect::<Result<_>>()?;
            let view = View { marks, searcher, columns, fields: self.fields };
            *newest = Some((commit, view.clone()));
            Ok(view)
        })
    }

    /// A writer with this much memory; `None` if another process writes. `merges`: segments are
    /// merged in the background while the writer exists.
    ///
    /// # Errors
    /// When nothing can be written.
    pub fn writer(&self, memory_bytes: u64, merges: bool) -> Result<Option<Writer>> {
        let memory = usize::try_from(memory_bytes.max(WRITER_BYTES_MIN)).unwrap_or(usize::MAX);
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(memory)
            .build();
        let writer = match self.files.writer_with_options(options) {
            Ok(writer) => writer,
            Err(TantivyError::LockFailure(LockError::LockBusy, _)) => return Ok(None),
            Err(why) => return Err(why.into()),
        };
        let view = self.view()?;
        if merges || view.columns.len() > SEGMENTS_MAX {
            let mut policy = LogMergePolicy::default();
            policy.set_del_docs_ratio_before_merge(0.3);
            writer.set_merge_policy(Box::new(policy));
        } else {
            writer.set_merge_policy(Box::new(NoMergePolicy));
        }
        let marks = view.marks.clone();
        let index = self.clone();
        Ok(Some(Writer { index, writer, view, marks, pending: HashMap::new(), passages: 0 }))
    }
}
