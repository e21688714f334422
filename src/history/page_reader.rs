//! What one capture says: its stored bytes decoded and read, once for each payload.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::archive::{Capture, RecordKind};
use crate::base::{TargetUri, Timestamp};
use crate::diff::{CompareOptions, Fingerprint, Side, compare_returning};
use crate::extract::page::Page;
use crate::extract::{Hints, extract};
use crate::http::Head;
use crate::readings::{Delta, Kept, PageKey, Readings};
use crate::store::{Loaded, Reader, StoreError};

use super::compared::Compared;
use super::landing::Leads;
use super::row::VersionRow;

/// The longest payload after decompression that is read.
pub const DECODED_BYTES_MAX: usize = 64 << 20;

/// This many pages are kept in memory; a page of an article takes some ten kilobytes.
const PAGES_MAX: usize = 256;

/// This many comparisons are.
const DELTAS_MAX: usize = 8;

/// What one capture says, and how it was answered.
#[derive(Debug, Clone)]
pub struct CapturedPage {
    /// The capture.
    pub entry: Capture,
    /// The name of its file.
    pub file: Arc<str>,
    /// What the page says; the empty page where there is nothing to read. Of a redirect that was
    /// followed ([`PageReader::follow`]): what the page says that it led to.
    pub page: Arc<Page>,
    /// Where it redirects to.
    pub leads: Leads,
    /// Addresses on its way of which no capture is known that was made after it, and the time from which
    /// on one counts: it would change where this leads.
    pub(super) unsettled: Vec<(String, Timestamp)>,
    /// Its fingerprint, where it is known.
    pub(super) print: Option<Fingerprint>,
    pub(super) key: Option<PageKey>,
}

impl CapturedPage {
    /// The capture as a side of a comparison. A 304 stands for the page it confirms.
    #[must_use]
    pub fn side(&self) -> Side<'_> {
        Side {
            page: &self.page,
            status: self.status(),
            url: Some(&self.entry.url),
            redirected_to: self.leads.address(),
        }
    }

    /// The status of the page that was read: of the last hop, where a redirect was followed.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        status_of(self.leads.landing().map_or(&self.entry, |landing| &landing.entry))
    }

    /// Equal for pages that say the same, whatever their notation and furniture.
    #[must_use]
    pub fn print(&self) -> Fingerprint {
        self.print.unwrap_or_else(|| Fingerprint::of(&self.page))
    }

    /// Whether both are readings of the same bytes under the same address.
    #[must_use]
    pub fn is_of_same_bytes(&self, other: &Self) -> bool {
        self.key.is_some() && self.key == other.key
    }

    /// Whether there is an article text to read: neither an error, nor a wall, nor a redirect.
    #[must_use]
    pub fn has_article(&self) -> bool {
        matches!(self.status(), None | Some(200..=299))
            && !self.page.kind.is_wall()
            && !self.page.text.is_empty()
    }
}

/// The status of a capture. A 304 stands for the page it confirms.
fn status_of(entry: &Capture) -> Option<u16> {
    entry.status.map(|status| if status == 304 { 200 } else { status })
}

/// Two pages, the earlier version that the new one returns to, and what changed.
type Pair = (PageKey, PageKey, Option<usize>, Delta);

/// Reads what captures say. Payloads that come again are read once: in memory, and beyond this
/// process where it has a cache.
#[derive(Debug)]
pub struct PageReader<'a> {
    reader: &'a Reader,
    readings: Option<&'a Readings>,
    /// The latest comparisons: the process that captured a page asks twice.
    deltas: RefCell<VecDeque<Pair>>,
    /// Comparisons of the page that is read, which were made before.
    compared: RefCell<Option<Compared>>,
    pages: HashMap<PageKey, (Arc<Page>, Option<Fingerprint>)>,
    held: Option<Arc<Loaded>>,
    bytes_max: usize,
    left_out: bool,
    /// [`read_page`], but for tests.
    read_page: ReadPage,
}

/// Reads what a payload says: its bytes, address, `Content-Type` and status.
type ReadPage = fn(&[u8], &str, Option<&str>, Option<u16>) -> Page;

impl<'a> PageReader<'a> {
    /// A reader of what captures in this archive say.
    #[must_use]
    pub fn new(reader: &'a Reader) -> Self {
        Self {
            reader,
            readings: None,
            deltas: RefCell::default(),
            compared: RefCell::default(),
            pages: HashMap::new(),
            held: None,
            bytes_max: DECODED_BYTES_MAX,
            left_out: false,
            read_page,
        }
    }

    /// The same with another reader of pages.
    #[cfg(test)]
    pub(super) fn reading_by(self, read_page: ReadPage) -> Self {
        Self { read_page, ..self }
    }

    /// The same with a store of readings, which is read, and where something is missing written.
    #[must_use]
    pub fn cached(reader: &'a Reader, readings: &'a Readings) -> Self {
        Self { readings: Some(readings), ..Self::new(reader) }
    }

    /// The store of readings.
    pub(crate) fn readings(&self) -> Option<&'a Readings> {
        self.readings
    }

    /// The same that reads no capture which is longer than `max` bytes when unpacked, and says so.
    #[must_use]
    pub(crate) fn reading_up_to(self, max: usize) -> Self {
        Self { bytes_max: max.min(DECODED_BYTES_MAX), ..self }
    }

    /// Whether a capture was not read for its length.
    #[must_use]
    pub(crate) fn left_out(&self) -> bool {
        self.left_out
    }

    /// The archive it reads.
    #[must_use]
    pub fn reader(&self) -> &'a Reader {
        self.reader
    }

    /// Another reader of the same archive, for a caller that reads pages while rows are read.
    #[must_use]
    pub(crate) fn twin(&self) -> Self {
        Self { readings: self.readings, ..Self::new(self.reader) }
    }

    /// The headline and the text of a version.
    ///
    /// # Errors
    /// As [`Self::follow`].
    pub(crate) fn words_of(
        &mut self,
        version: &VersionRow,
    ) -> Result<(Option<String>, String), StoreError> {
        let shown = version.landing.as_ref().unwrap_or(&version.first);
        if let Some(key) = PageKey::of(shown)
            && let Some(words) = self.readings.and_then(|readings| readings.text(&key))
        {
            return Ok(words);
        }
        let page = self.follow(&version.first)?.page;
        Ok((page.headline.as_ref().map(|headline| headline.value.clone()), page.text.clone()))
    }

    /// What a capture says.
    ///
    /// # Errors
    /// When its record, or for a revisit the record that holds its payload, cannot be read.
    pub fn read(&mut self, entry: &Capture) -> Result<CapturedPage, StoreError> {
        let key = PageKey::of(entry);
        if let Some(key) = &key
            && let Some((page, print)) = self.known(key)
        {
            return Ok(self.said(entry, page, print, Leads::Nowhere, Some(key.clone())));
        }
        let is_held = |held: &mut Arc<Loaded>| key.is_some() && PageKey::of(&held.entry) == key;
        let loaded = match self.held.take_if(is_held) {
            Some(held) => held,
            None => Arc::new(self.reader.load(entry)?),
        };
        if let Some(to) = redirect(&loaded) {
            // The body of a redirect is not read.
            return Ok(self.said(entry, Arc::default(), None, Leads::To(to), None));
        }
        if entry.kind == RecordKind::Revisit && loaded.original.is_none() {
            if self.reader.removed_original_of(entry)?.is_some() {
                return Err(StoreError::Removed(Box::new(entry.clone())));
            }
            return Err(StoreError::Record {
                file: self.reader.file_name(entry).to_string(),
                offset: entry.offset,
                why: "a revisit whose payload is not in this archive".to_owned(),
            });
        }
        let error = |why: String| StoreError::Record {
            file: self.reader.file_name(entry).to_string(),
            offset: entry.offset,
            why,
        };
        // One more byte distinguishes a payload that ends there from one that continues.
        let is_bounded = self.bytes_max < DECODED_BYTES_MAX;
        let max = self.bytes_max + usize::from(is_bounded);
        let decoded = loaded.decoded(max).map_err(|why| error(why.to_string()))?;
        if is_bounded && decoded.len() > self.bytes_max {
            self.left_out = true;
            return Err(error("it is longer than the limit for reading".to_owned()));
        }
        let content_type = loaded.content_type();
        // A page whose extraction panics counts as one that cannot be read: later captures are still reported.
        let read = || (self.read_page)(&decoded, &entry.url, content_type.as_deref(), entry.status);
        let page = catch_unwind(AssertUnwindSafe(read));
        let page =
            page.map_err(|_| error("reading its content failed (internal error)".to_owned()))?;
        Ok(self.keep(entry, Arc::new(page)))
    }

    /// Holds a capture whose record is in memory already, for when what it says is asked for.
    pub fn hold(&mut self, loaded: Arc<Loaded>) {
        self.held = Some(loaded);
    }

    /// Takes in what a capture says that a caller has already read, by [`read_page`]: it need not be read again.
    pub fn keep(&mut self, entry: &Capture, page: Arc<Page>) -> CapturedPage {
        let key = PageKey::of(entry);
        let mut print = None;
        if let Some(key) = &key {
            if let Some(readings) = self.readings {
                let known = Fingerprint::of(&page);
                readings.keep_page(key, &entry.url, &page, known);
                print = Some(known);
            }
            self.remember(key, &page, print);
        }
        self.said(entry, page, print, Leads::Nowhere, key)
    }

    /// Has the comparisons at hand that were made of a page before.
    pub(super) fn recall(&self, compared: Option<Compared>) {
        *self.compared.borrow_mut() = compared;
    }

    /// What changed from one capture to another; `earlier` is the number of the last version before
    /// `old` that has the words of `new`.
    #[must_use]
    pub fn compare(&self, old: &CapturedPage, new: &CapturedPage, earlier: Option<usize>) -> Delta {
        let keys = old.key.as_ref().zip(new.key.as_ref());
        if let Some((old, new)) = keys {
            let known = self.deltas.borrow();
            let mut known = known.iter();
            let found = known.find(|one| (&one.0, &one.1, one.2) == (old, new, earlier));
            if let Some((_, _, _, delta)) = found {
                return delta.clone();
            }
        }
        if earlier.is_none()
            && let Some(known) = self.compared.borrow_mut().as_mut()
            && let Some(delta) = known.delta(&old.entry, &new.entry)
        {
            return delta;
        }
        let delta = compared(old, new, earlier);
        if let Some((old, new)) = keys {
            let mut known = self.deltas.borrow_mut();
            known.truncate(DELTAS_MAX - 1);
            known.push_front((old.clone(), new.clone(), earlier, delta.clone()));
        }
        delta
    }

    fn known(&mut self, key: &PageKey) -> Option<(Arc<Page>, Option<Fingerprint>)> {
        if let Some((page, print)) = self.pages.get(key) {
            return Some((Arc::clone(page), *print));
        }
        let Kept { page, print } = self.readings?.page(key)?;
        let page = Arc::new(page);
        self.remember(key, &page, Some(print));
        Some((page, Some(print)))
    }

    fn remember(&mut self, key: &PageKey, page: &Arc<Page>, print: Option<Fingerprint>) {
        if self.pages.len() >= PAGES_MAX {
            self.pages.clear();
        }
        self.pages.insert(key.clone(), (Arc::clone(page), print));
    }

    fn said(
        &self,
        entry: &Capture,
        page: Arc<Page>,
        print: Option<Fingerprint>,
        leads: Leads,
        key: Option<PageKey>,
    ) -> CapturedPage {
        let file = self.reader.file_name(entry);
        let unsettled = Vec::new();
        CapturedPage { entry: entry.clone(), file, page, leads, unsettled, print, key }
    }
}

/// Compares two pages. Where the comparison panics, the versions differ in an unknown way.
fn compared(old: &CapturedPage, new: &CapturedPage, earlier: Option<usize>) -> Delta {
    let compare = || {
        let options = CompareOptions::default();
        Delta::from(&compare_returning(&old.side(), &new.side(), earlier, &options))
    };
    let unknown = || Delta { coarse: true, ..Delta::default() };
    catch_unwind(AssertUnwindSafe(compare)).unwrap_or_else(|_| unknown())
}

/// What a payload says, its codings undone: the one reading of captures, for callers that have them in memory and
/// for those that find them in the archive.
#[must_use]
pub fn read_page(
    decoded: &[u8],
    url: &str,
    content_type: Option<&str>,
    status: Option<u16>,
) -> Page {
    let status = status.map(|status| if status == 304 { 200 } else { status });
    extract(decoded, &Hints { url: Some(url), content_type, status }).page
}

/// The address that a redirect leads to, whole.
fn redirect(loaded: &Loaded) -> Option<String> {
    let is_redirect = matches!(loaded.entry.status, Some(301 | 302 | 303 | 307 | 308));
    let head = is_redirect.then(|| Head::parse(&loaded.head))?;
    let location = head.get("location")?;
    let from = TargetUri::parse(&loaded.entry.url).ok();
    let to = from.and_then(|from| from.join_bytes(&location).ok());
    let text = || String::from_utf8_lossy(&location).into_owned();
    Some(to.map_or_else(text, |to| to.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Form;
    use crate::base::TimeRange;
    use crate::history::live::observe;
    use crate::history::testing::Archive;

    const URL: &str = "http://a.example/boats";

    fn breaks(bytes: &[u8], url: &str, media_type: Option<&str>, status: Option<u16>) -> Page {
        assert!(!String::from_utf8_lossy(bytes).contains("Dredger"), "a bug");
        read_page(bytes, url, media_type, status)
    }

    /// A page whose extraction always panics does not keep others from being reported.
    #[test]
    fn versions_after_a_page_that_breaks_its_reader_are_told() {
        let mut archive = Archive::new();
        for (hour, words) in [
            (0, "The ferry left the harbour at noon with twelve passengers on board."),
            (1, "Dredger: The ferry left the harbour at one with twelve passengers on board."),
            (2, "The ferry left the harbour at two with twenty passengers on board."),
        ] {
            archive.page(
                URL,
                hour,
                &[words, "It came back in the evening, the harbour master said."],
            );
        }
        let reader = archive.reader();
        let mut page_reader = PageReader::new(&reader).reading_by(breaks);
        let mut rows = page_reader.rows(URL, TimeRange::ALL).unwrap();
        let versions: Vec<VersionRow> = rows.by_ref().map(Result::unwrap).collect();
        assert_eq!(versions.len(), 2);
        assert_eq!(versions[1].first_seen(), Archive::at(2));
        assert_eq!(rows.notes().len(), 1);
        assert!(rows.notes()[0].contains("internal error"), "{:?}", rows.notes());
        let told = observe(&mut page_reader, (URL, Form::Plain), None, None).unwrap().begun;
        assert_eq!(told.len(), 1);
        let delta = told[0].delta.as_ref().unwrap();
        assert!(!delta.changes.is_empty(), "compared with the version before the broken one");
    }
}
