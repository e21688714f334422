//! Finding captures and loading them; a revisit leads to the record that holds its payload.

use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;

use crate::archive::{
    Answers, ArchiveError, Beside, Capture, CaptureSink, CaptureStore, Captures, FileMark, Form,
    Query, RecordKind, WarcFiles,
};
use crate::base::Timestamp;
use crate::http::{BodyFraming, Method, Stored, read_shape, shape_of};
use crate::warc::{ReadOptions, WarcReader};

use super::StoreError;
use super::describe::is_http;
use super::error::index_error;
use super::files;
use super::intact::{self, Hashing};
use super::layout::{Layout, is_imported};
use super::loaded::Loaded;
use super::open::{self, Stay};
use super::records::Reading;

/// The archive, to read from. Clones share what it reads through.
#[derive(Debug, Clone)]
pub struct Reader {
    layout: Layout,
    captures: Arc<dyn CaptureStore>,
    /// The index alone, where captures that lie beside it are answered as well.
    index: Option<Arc<dyn CaptureStore>>,
    files: Arc<dyn WarcFiles>,
    /// The copy of the index that is being read, where another process has the index.
    _copy: Option<Arc<tempfile::TempDir>>,
    /// What says that this process stays.
    _stay: Option<Arc<std::fs::File>>,
}

/// What is known of a URL before it is captured again.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    /// Whether there is any capture of it, or a report that it could not be had.
    pub has_any: bool,
    /// The newest capture of exactly this URL with a status.
    pub newest: Option<Capture>,
    /// The newest capture of exactly this URL with status 200 or 304 that holds or names a payload.
    pub with_payload: Option<Capture>,
}

/// At most this many captures are searched for one with a payload: a page without any in these has no payload
/// to compare with.
const LOOK_BACK_MAX: usize = 100;
/// A rendering directly follows its capture: at most this many captures are searched for it.
const RENDERED_BEHIND_MAX: usize = 32;
/// At most this many captures are searched for the newest of exactly this URL: those with another scheme or
/// `www.` are among them.
const LOOK_BACK_NEWEST_MAX: usize = 20;

/// Blocks up to this length are held in memory, longer ones in a temporary file.
const MEMORY_MAX: u64 = 8 << 20;

impl Reader {
    /// Opens the archive at `root` for reading. The second part says what was odd.
    ///
    /// # Errors
    /// When there is no archive, a newer program laid it out, or the disk fails.
    pub fn open(
        root: impl Into<Layout>,
        cache_bytes: u64,
    ) -> Result<(Self, Vec<String>), StoreError> {
        Self::open_for(root, cache_bytes, Stay::Brief)
    }

    /// The same for a process that stays as long as `stay` says.
    ///
    /// # Errors
    /// As [`Self::open`], and for one that stays when another process must be alone ([`Alone`](super::Alone)).
    pub fn open_for(
        root: impl Into<Layout>,
        cache_bytes: u64,
        stay: Stay,
    ) -> Result<(Self, Vec<String>), StoreError> {
        let layout = root.into();
        layout.check()?;
        let kept = open::stay(&layout, stay)?;
        let open::ForReading { captures, copy, notes } =
            open::for_reading(&layout, cache_bytes, stay)?;
        let reader =
            Self { _copy: copy.map(Arc::new), _stay: kept, ..Self::over(layout, captures) };
        Ok((reader, notes))
    }

    /// The same with captures that are kept by `captures`.
    ///
    /// # Errors
    /// As [`Self::open_for`], and when `captures` does not answer.
    pub fn open_given(
        root: impl Into<Layout>,
        captures: Arc<dyn CaptureStore>,
        stay: Stay,
    ) -> Result<(Self, Vec<String>), StoreError> {
        let layout = root.into();
        layout.check()?;
        let kept = open::stay(&layout, stay)?;
        let notes = open::given_for_reading(&layout, &*captures)?;
        Ok((Self { _stay: kept, ..Self::over(layout, captures) }, notes))
    }

    pub(super) fn over(layout: Layout, captures: Arc<dyn CaptureStore>) -> Self {
        Self { files: files::of(&layout), layout, captures, index: None, _copy: None, _stay: None }
    }

    /// The same with captures that are only read beside those of the index.
    #[must_use]
    pub fn beside(self, more: Arc<dyn Captures>) -> Self {
        let index = Some(Arc::clone(&self.captures));
        Self { captures: Arc::new(Beside::new(self.captures, more)), index, ..self }
    }

    /// The same with the captures of the index alone.
    #[must_use]
    pub fn index_alone(&self) -> Self {
        let mut alone = self.clone();
        alone.captures = alone.index.take().unwrap_or(alone.captures);
        alone
    }

    /// Where captures are.
    #[must_use]
    pub fn captures(&self) -> &dyn Captures {
        &*self.captures
    }

    /// How far each WARC file is in the index.
    pub(crate) fn sink(&self) -> &dyn CaptureSink {
        &*self.captures
    }

    /// How far each WARC file is in the index, for followers of the files.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn marks(&self) -> Result<Vec<FileMark>, StoreError> {
        self.captures.marks().map_err(index_error("asking"))
    }

    /// The index alone, for comparisons with the WARC files.
    pub(super) fn store(&self) -> &dyn CaptureStore {
        &**self.index.as_ref().unwrap_or(&self.captures)
    }

    /// The bytes of WARC files.
    #[must_use]
    pub fn files(&self) -> &dyn WarcFiles {
        &*self.files
    }

    /// The names inside the archive.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The name of a capture's file.
    #[must_use]
    pub fn file_name(&self, capture: &Capture) -> Arc<str> {
        Arc::clone(&capture.file)
    }

    /// Answers to a query, one at a time.
    #[must_use]
    pub fn query(&self, query: &Query) -> Answers<'_> {
        self.captures.scan(query)
    }

    /// All captures of exactly `url`, oldest first.
    pub fn captures_of(&self, url: &str) -> impl Iterator<Item = Result<Capture, StoreError>> {
        self.captures
            .scan(&Query::exactly(url))
            .map(|capture| capture.map_err(index_error("asking")))
    }

    /// Whether a WARC file was written by this program into this archive, so that the lengths that its
    /// members state may be trusted; not one that was imported.
    #[must_use]
    pub(crate) fn is_own(&self, file: &str) -> bool {
        self.layout.path_of(file).is_some_and(|path| !is_imported(&path))
    }

    /// How every block of a file is read.
    pub(super) fn reading_of(&self, file: &str) -> Reading {
        if self.is_own(file) { Reading::Whole } else { Reading::Searching }
    }

    /// The capture of `url` that is closest to `at`; the newest without it. Derived records are skipped where
    /// there is a capture as sent, and reports of failures where there is anything else.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn find(&self, url: &str, at: Option<Timestamp>) -> Result<Option<Capture>, StoreError> {
        let (mut made, mut failure) = (None, None);
        for capture in self.by_distance(url, at) {
            let capture = capture.map_err(index_error("asking"))?;
            match capture.kind {
                RecordKind::Metadata => failure.get_or_insert(capture),
                RecordKind::Conversion => made.get_or_insert(capture),
                _ => return Ok(Some(capture)),
            };
        }
        Ok(made.or(failure))
    }

    /// The capture of `url` in a form that is closest to `at`; the newest without it. No form replaces another.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn find_form(
        &self,
        url: &str,
        form: Form,
        at: Option<Timestamp>,
    ) -> Result<Option<Capture>, StoreError> {
        for capture in self.by_distance(url, at) {
            let capture = capture.map_err(index_error("asking"))?;
            if capture.form() == Some(form) {
                return Ok(Some(capture));
            }
        }
        Ok(None)
    }

    /// The rendering of a captured page: the first one behind it and before the next capture of the page. `None`
    /// where it was not rendered.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn rendering_of(&self, entry: &Capture) -> Result<Option<Capture>, StoreError> {
        let query = Query { from: Some(entry.date), ..Query::exactly(&entry.url) };
        for next in self.captures.scan(&query).take(RENDERED_BEHIND_MAX) {
            let next = next.map_err(index_error("asking"))?;
            match next.form() {
                Some(Form::Rendered) if is_made_from(&next, entry) => return Ok(Some(next)),
                Some(Form::Plain) if next.date > entry.date => return Ok(None),
                Some(_) | None => {}
            }
        }
        Ok(None)
    }

    /// The capture of a page that a rendering was made from; `None` where it is not in the archive.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn rendered_from(&self, rendering: &Capture) -> Result<Option<Capture>, StoreError> {
        let to = rendering.date.plus(std::time::Duration::from_micros(1));
        let query = Query { to: Some(to), ..Query::exactly(&rendering.url) };
        for before in self.captures.scan(&query.newest_first()).take(RENDERED_BEHIND_MAX) {
            let before = before.map_err(index_error("asking"))?;
            if is_made_from(rendering, &before) {
                return Ok(Some(before));
            }
        }
        Ok(None)
    }

    /// All captures of `url`, the closest to `at` first, or the newest first.
    pub(crate) fn by_distance(&self, url: &str, at: Option<Timestamp>) -> Answers<'_> {
        match at {
            Some(at) => self.captures.nearest(url, at),
            None => self.captures.scan(&Query::exactly(url).newest_first()),
        }
    }

    /// What is known of `url` before it is captured again, from one scan of its newest captures.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn earlier(&self, url: &str) -> Result<Earlier, StoreError> {
        let newest = Query { limit: Some(LOOK_BACK_MAX), ..Query::exactly(url).newest_first() };
        let mut earlier = Earlier::default();
        for (at, capture) in self.captures.scan(&newest).enumerate() {
            let capture = capture.map_err(index_error("asking"))?;
            earlier.has_any = true;
            // The urlkey merges URLs that the server may distinguish; a validator is only for its own URL. What
            // another archive states of its copy is not a validator of the page's server.
            let is_own = capture.url == url && capture.copied_from().is_none();
            if earlier.newest.is_none() && at < LOOK_BACK_NEWEST_MAX && is_own {
                earlier.newest = capture.status.is_some().then(|| capture.clone());
            }
            let is_page = matches!(capture.status, Some(200 | 304)) && !capture.truncated;
            if is_page && is_own && capture.kind != RecordKind::Metadata {
                earlier.with_payload = Some(capture);
                break;
            }
        }
        Ok(earlier)
    }

    /// Loads a capture; a revisit with the capture it refers to. What is loaded has the digests that
    /// its header and the index state.
    ///
    /// # Errors
    /// When the record, or the one that it refers to, cannot be read or was changed. A referred
    /// capture that is not there is no error: [`Loaded::original`] is then none.
    pub fn load(&self, entry: &Capture) -> Result<Loaded, StoreError> {
        let mut loaded = self.load_one(entry)?;
        if entry.kind == RecordKind::Revisit
            && let Some(original) = self.original_entry(entry)?
            && self.has_file(&original)?
        {
            let original = self.load_one(&original)?;
            intact::check_pair(&loaded, &original).map_err(|why| self.unsound(entry, why))?;
            loaded.original = Some(Box::new(original));
        }
        Ok(loaded)
    }

    /// Whether the file of a capture is in the archive.
    ///
    /// # Errors
    /// When that cannot be determined: a file that cannot be reached is not a missing file.
    fn has_file(&self, entry: &Capture) -> Result<bool, StoreError> {
        let own = self.layout.warc_dir();
        let open = own.join(format!("{}.open", entry.file));
        let imported = self.layout.imported_dir().join(&*entry.file);
        for path in [own.join(&*entry.file), open, imported] {
            match path.try_exists() {
                Ok(false) => {}
                Ok(true) => return Ok(true),
                Err(why) => return Err(self.unsound(entry, why.to_string())),
            }
        }
        // It may have been evicted, even just now.
        Ok(self.layout.path_of(&entry.file).is_some())
    }

    fn unsound(&self, entry: &Capture, why: String) -> StoreError {
        StoreError::Record { file: entry.file.to_string(), offset: entry.offset, why }
    }

    /// The capture that holds the payload of a revisit, where it and its file are in the archive.
    ///
    /// # Errors
    /// When the index cannot answer, or it cannot be determined whether a file is there.
    pub(crate) fn original_of(&self, revisit: &Capture) -> Result<Option<Capture>, StoreError> {
        let Some(original) = self.original_entry(revisit)? else { return Ok(None) };
        Ok(if self.has_file(&original)? { Some(original) } else { None })
    }

    /// What stands in the place of the record that a revisit names, where that was removed by order.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub(crate) fn removed_original_of(
        &self,
        revisit: &Capture,
    ) -> Result<Option<Capture>, StoreError> {
        let named = revisit.refers_to.as_ref().and_then(|to| Some((to.url.as_ref()?, to.date?)));
        let Some((url, date)) = named else { return Ok(None) };
        for near in self.captures.nearest(url, date).take(16) {
            let near = near.map_err(index_error::<ArchiveError>("asking"))?;
            if near.date == date && near.kind == RecordKind::Metadata && self.is_removed(&near) {
                return Ok(Some(near));
            }
        }
        Ok(None)
    }

    /// Whether a report says that it stands in the place of a record that was removed. False where it cannot be read.
    fn is_removed(&self, report: &Capture) -> bool {
        let block = self.load(report).ok().and_then(|loaded| loaded.block.prefix(4096).ok());
        let fields = block.and_then(|block| crate::warc::warc_fields::read(&block).ok());
        fields.is_some_and(|fields| fields.text("outcome").as_deref() == Some("purged"))
    }

    fn original_entry(&self, entry: &Capture) -> Result<Option<Capture>, StoreError> {
        let fail = index_error::<ArchiveError>("asking");
        if let Some(refers) = &entry.refers_to
            && let (Some(url), Some(date)) = (&refers.url, refers.date)
        {
            for near in self.captures.nearest(url, date).take(16) {
                let near = near.map_err(&fail)?;
                let named = refers.record_id.is_none() || refers.record_id == near.record_id;
                if near.date == date
                    && named
                    && !matches!(near.kind, RecordKind::Revisit | RecordKind::Metadata)
                {
                    return Ok(Some(near));
                }
            }
        }
        match &entry.digest {
            Some(digest) => self.captures.by_payload(digest).map_err(&fail),
            None => Ok(None),
        }
    }

    /// How many reads the object storage has not answered so far: a result that is computed from many records
    /// and skips those that cannot be read is checked before it is kept, by [`Self::storage_answered_since`].
    pub(crate) fn storage_unanswered(&self) -> u64 {
        self.layout.bucket().map_or(0, |bucket| bucket.unanswered())
    }

    /// Whether the object storage has answered everything since [`Self::storage_unanswered`] gave `before`.
    ///
    /// # Errors
    /// When it has not: what was passed over may be there anyway.
    pub(crate) fn storage_answered_since(&self, before: u64) -> Result<(), StoreError> {
        match self.layout.bucket().and_then(|bucket| bucket.unanswered_since(before)) {
            Some(why) => Err(StoreError::StorageAway { why }),
            None => Ok(()),
        }
    }

    fn load_one(&self, entry: &Capture) -> Result<Loaded, StoreError> {
        let unanswered = self.storage_unanswered();
        self.read_one(entry)
            .map_err(|why| self.storage_answered_since(unanswered).err().unwrap_or(why))
    }

    fn read_one(&self, entry: &Capture) -> Result<Loaded, StoreError> {
        let fail = |why: String| self.unsound(entry, why);
        let file = self.files.open(&entry.file).map_err(|e| fail(e.to_string()))?;
        let options = ReadOptions { file: entry.file.to_string(), ..ReadOptions::default() };
        let mut reader = WarcReader::seekable(BufReader::with_capacity(64 * 1024, file), options);
        let mut record = reader.read_at(entry.offset).map_err(|e| fail(e.to_string()))?;
        let header = record.take_header();
        let mut bytes = Hashing::of_block(&mut record, &header.fields);
        let block =
            read_block(&mut bytes, header.content_length).map_err(|e| fail(e.to_string()))?;
        let counted = bytes.finish();
        let (mut shape, mut head) = if is_http(&header.fields) {
            let input = block.reader().map_err(|e| fail(e.to_string()))?;
            read_shape(input, Method::Get).map_err(|e| fail(e.to_string()))?
        } else {
            (shape_of(&[], Method::Get), Vec::new())
        };
        let head_len = usize::try_from(shape.head_len).unwrap_or(head.len()).min(head.len());
        if entry.status.is_none() || head_len == 0 {
            // Bytes without a status line: all of them are the body.
            shape.framing = BodyFraming::Close;
        }
        head.truncate(head_len);
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
/// Whether a rendering may have been made from a capture: it names that record.
fn is_made_from(rendering: &Capture, of: &Capture) -> bool {
    let made_from = rendering.refers_to.as_ref().and_then(|to| to.record_id.as_ref());
    made_from.is_some() && made_from == of.record_id.as_ref()
}
