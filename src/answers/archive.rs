//! The archive that questions are put to: where captures lie, the bytes of their records, and what was derived
//! from them. An owned handle, so that a server can hold one and hand clones to its threads.

use std::sync::Arc;

use crate::archive::{Capture, Captures, RecordKind, WarcFiles};
use crate::base::Timestamp;
use crate::clusters::Stories;
use crate::extract::page::Page;
use crate::history::{DECODED_BYTES_MAX, PageReader, read_page};
use crate::readings::{PageKey, Readings};
use crate::search::{Search, SearchOptions, Upkeep};
use crate::store::{Loaded, Payload, Reader};

use super::{AnswerError, removed};

/// An archive that is asked, and the store of readings derived from it. Clones share both and are cheap.
///
/// Every method blocks.
#[derive(Debug, Clone)]
pub struct Archive {
    reader: Reader,
    readings: Readings,
    search: Arc<Search>,
    stories: Arc<Stories>,
}

impl Archive {
    /// The archive behind `reader`. Readings are taken from `readings`; one that is missing is derived and
    /// kept there. It has no search index.
    #[must_use]
    pub fn new(reader: Reader, readings: Readings) -> Self {
        let options = SearchOptions { upkeep: Upkeep::Off, ..SearchOptions::default() };
        let derived = reader.layout().derived_dir();
        let search = Arc::new(Search::at(&derived, options));
        let stories = Arc::new(Stories::at(&derived));
        Self { reader, readings, search, stories }
    }

    /// The same with a search index, which is made when it is first asked.
    #[must_use]
    pub fn with_search(mut self, options: SearchOptions) -> Self {
        self.search = Arc::new(Search::at(&self.reader.layout().derived_dir(), options));
        self
    }

    /// The index of all words.
    #[must_use]
    pub fn search(&self) -> &Arc<Search> {
        &self.search
    }

    /// The stories that its articles are on.
    #[must_use]
    pub fn stories(&self) -> &Stories {
        &self.stories
    }

    /// Captures and their records, with the names inside the archive.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Where captures lie.
    #[must_use]
    pub fn captures(&self) -> &dyn Captures {
        self.reader.captures()
    }

    /// The bytes of WARC files.
    #[must_use]
    pub fn files(&self) -> &dyn WarcFiles {
        self.reader.files()
    }

    /// What was derived from its records.
    #[must_use]
    pub fn readings(&self) -> &Readings {
        &self.readings
    }

    /// A reader of what its captures say, for several questions: it keeps the pages it read.
    #[must_use]
    pub fn page_reader(&self) -> PageReader<'_> {
        PageReader::cached(&self.reader, &self.readings)
    }

    /// The capture of `url` that is closest to `at`, the newest without it; `doing` names the question in
    /// an error.
    ///
    /// # Errors
    /// When there is none, or the index cannot answer.
    pub fn find(
        &self,
        url: &str,
        at: Option<Timestamp>,
        doing: &str,
    ) -> Result<Capture, AnswerError> {
        let found = self.reader.find(url, at).map_err(AnswerError::store(doing))?;
        found.ok_or_else(|| AnswerError::NoCapture(url.to_owned()))
    }

    /// The record of a capture: its place, header, HTTP head and block from one read, and for a revisit the
    /// record that holds its payload. Its digests were compared with those that its header and the index
    /// state.
    ///
    /// # Errors
    /// When the record, or the one that a revisit refers to, cannot be read or was changed. An original that
    /// is not in the archive is no error: [`Loaded::original`] is then `None`.
    pub fn record(&self, capture: &Capture, doing: &str) -> Result<Arc<Loaded>, AnswerError> {
        self.reader.load(capture).map(Arc::new).map_err(AnswerError::store(doing))
    }

    /// The payload of a capture, to be streamed whole or by byte range.
    ///
    /// # Errors
    /// As [`Self::record`], and [`AnswerError::PayloadElsewhere`] for a revisit whose original is not in the
    /// archive.
    pub fn payload(&self, capture: &Capture, doing: &str) -> Result<Payload, AnswerError> {
        let loaded = self.record(capture, doing)?;
        match Payload::of(loaded) {
            Some(payload) => Ok(payload),
            None => Err(self.without_payload(capture, doing)),
        }
    }

    /// What a capture says, as `history` reads it: the reading that is kept, or the payload read and the reading
    /// kept. Its record is loaded all the same, so that nothing is reported of a record that was changed since.
    ///
    /// # Errors
    /// As [`Self::payload`].
    pub fn reading(&self, capture: &Capture, doing: &str) -> Result<Arc<Page>, AnswerError> {
        self.reading_of(&self.record(capture, doing)?, doing)
    }

    /// The same of a record that was loaded.
    ///
    /// # Errors
    /// When its payload is not in the archive or cannot be read.
    pub fn reading_of(&self, loaded: &Arc<Loaded>, doing: &str) -> Result<Arc<Page>, AnswerError> {
        let entry = &loaded.entry;
        if PageKey::of(entry).is_none() {
            // The body beside a redirect, which no history reads, and what was cut.
            let bytes = match decoded(loaded, doing) {
                Err(AnswerError::PayloadElsewhere { .. }) => {
                    return Err(self.without_payload(entry, doing));
                }
                bytes => bytes?,
            };
            let content_type = loaded.content_type();
            let page = read_page(&bytes, &entry.url, content_type.as_deref(), entry.status);
            return Ok(Arc::new(page));
        }
        if entry.kind == RecordKind::Revisit && loaded.original.is_none() {
            return Err(self.without_payload(entry, doing));
        }
        let mut page_reader = self.page_reader();
        page_reader.hold(Arc::clone(loaded));
        Ok(page_reader.read(entry).map_err(AnswerError::store(doing))?.page)
    }

    /// Why there is no payload of a revisit: it was removed by order, or another archive has it.
    fn without_payload(&self, revisit: &Capture, doing: &str) -> AnswerError {
        match removed::of_capture(&self.reader, revisit) {
            Ok(Some(removed)) => AnswerError::removed(doing, &revisit.url, removed),
            Ok(None) => AnswerError::PayloadElsewhere { doing: doing.to_owned() },
            Err(why) => AnswerError::store(doing)(why),
        }
    }

    /// Reads the record of a capture that an answer is about, so that no answer comes from the kept reading of a
    /// record that was changed or damaged since.
    ///
    /// # Errors
    /// When the record cannot be read or was changed.
    pub(super) fn is_sound(&self, capture: &Capture, doing: &str) -> Result<(), AnswerError> {
        self.record(capture, doing).map(drop)
    }
}

/// The payload of a capture, its content coding undone.
///
/// # Errors
/// When the record that holds it is not in the archive, or cannot be read.
pub fn decoded(loaded: &Loaded, doing: &str) -> Result<Vec<u8>, AnswerError> {
    let doing = || doing.to_owned();
    if loaded.entry.kind == RecordKind::Revisit && loaded.original.is_none() {
        return Err(AnswerError::PayloadElsewhere { doing: doing() });
    }
    loaded.decoded(DECODED_BYTES_MAX).map_err(|why| AnswerError::Io { doing: doing(), why })
}
