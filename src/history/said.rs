//! What one capture says: its stored bytes decoded and read, once for each payload.

use std::collections::HashMap;
use std::sync::Arc;

use crate::archive::{Capture, RecordKind};
use crate::diff::{CompareOptions, Fingerprint, Side, compare_captures};
use crate::extract::page::Page;
use crate::extract::{Hints, extract};
use crate::http::Head;
use crate::store::{Loaded, Reader, StoreError};

use super::cache::{Derivation, Derived, PageKey};
use super::delta::Delta;

/// The longest payload after decompression that is read.
pub const DECODED_BYTES_MAX: usize = 256 << 20;

/// So many pages are kept in memory; a page of an article takes some ten kilobytes.
const PAGES_MAX: usize = 256;

/// What one capture says, and how it was answered.
#[derive(Debug, Clone)]
pub struct Said {
    /// The capture.
    pub entry: Capture,
    /// The name of its file.
    pub file: Arc<str>,
    /// What the page says; the empty page where there is nothing to read.
    pub page: Arc<Page>,
    /// Where it redirects to.
    pub redirected_to: Option<String>,
    /// Equal for pages that say the same, whatever their notation and furniture.
    pub print: Fingerprint,
    key: Option<PageKey>,
}

impl Said {
    /// The capture as a side of a comparison. A 304 stands for the page it confirms.
    #[must_use]
    pub fn side(&self) -> Side<'_> {
        Side {
            page: &self.page,
            status: status_of(&self.entry),
            url: Some(&self.entry.url),
            redirected_to: self.redirected_to.as_deref(),
        }
    }

    /// Whether both are readings of the same bytes under the same address.
    #[must_use]
    pub fn is_of_same_bytes(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.page, &other.page) || (self.key.is_some() && self.key == other.key)
    }

    /// Whether there is an article text to read: neither an error, nor a wall, nor a redirect.
    #[must_use]
    pub fn has_article(&self) -> bool {
        matches!(status_of(&self.entry), None | Some(200..=299))
            && !self.page.kind.is_wall()
            && !self.page.text.is_empty()
    }
}

fn status_of(entry: &Capture) -> Option<u16> {
    entry.status.map(|status| if status == 304 { 200 } else { status })
}

/// Reads what captures say. Payloads that come again are read once: in memory, and beyond this
/// process where it has a cache.
#[derive(Debug)]
pub struct Sayer<'a> {
    reader: &'a Reader,
    derived: Option<&'a Derived>,
    pages: HashMap<PageKey, (Arc<Page>, Fingerprint)>,
}

impl<'a> Sayer<'a> {
    /// A reader of what captures in this archive say.
    #[must_use]
    pub fn new(reader: &'a Reader) -> Self {
        Self { reader, derived: None, pages: HashMap::new() }
    }

    /// The same with a cache of derived articles.
    #[must_use]
    pub fn cached(reader: &'a Reader, derived: &'a Derived) -> Self {
        Self { derived: Some(derived), ..Self::new(reader) }
    }

    /// The archive it reads.
    #[must_use]
    pub fn reader(&self) -> &'a Reader {
        self.reader
    }

    /// What a capture says.
    ///
    /// # Errors
    /// When its record, or for a revisit the record that holds its payload, cannot be read.
    pub fn say(&mut self, entry: &Capture) -> Result<Said, StoreError> {
        let key = PageKey::of(entry);
        if let Some(key) = &key
            && let Some((page, print)) = self.known(key)
        {
            return Ok(self.said(entry, page, print, None, Some(key.clone())));
        }
        let loaded = self.reader.load(entry)?;
        if entry.kind == RecordKind::Revisit && loaded.original.is_none() {
            return Err(StoreError::Record {
                file: self.reader.file_name(entry).to_string(),
                offset: entry.offset,
                why: "a revisit whose payload is not in this archive".to_owned(),
            });
        }
        let decoded = loaded.decoded(DECODED_BYTES_MAX).map_err(|why| StoreError::Record {
            file: self.reader.file_name(entry).to_string(),
            offset: entry.offset,
            why: why.to_string(),
        })?;
        let content_type = loaded.content_type();
        let hints = Hints {
            url: Some(&entry.url),
            content_type: content_type.as_deref(),
            status: status_of(entry),
        };
        let page = Arc::new(extract(&decoded, &hints).page);
        let print = Fingerprint::of(&page);
        if let Some(key) = &key {
            if let Some(derived) = self.derived {
                derived.keep_page(key, &page, print);
            }
            self.remember(key, &page, print);
        }
        Ok(self.said(entry, page, print, redirect(&loaded), key))
    }

    /// What changed from one capture to another; `earlier` are the fingerprints of the versions
    /// before `old`, oldest first.
    #[must_use]
    pub fn compare(&self, old: &Said, new: &Said, earlier: &[Fingerprint]) -> Delta {
        let returned_to = earlier.iter().rposition(|print| *print == new.print);
        let keys = self.derived.zip(old.key.as_ref()).zip(new.key.as_ref());
        let key = keys.map(|((derived, old), new)| (derived, old.delta(new, returned_to)));
        if let Some((derived, key)) = &key
            && let Some(delta) = derived.delta(key)
        {
            return delta;
        }
        let options = CompareOptions::default();
        let delta = Delta::from(&compare_captures(&old.side(), &new.side(), earlier, &options));
        if let Some((derived, key)) = &key {
            derived.keep_delta(key, &delta);
        }
        delta
    }

    fn known(&mut self, key: &PageKey) -> Option<(Arc<Page>, Fingerprint)> {
        if let Some((page, print)) = self.pages.get(key) {
            return Some((Arc::clone(page), *print));
        }
        let Derivation { page, print } = self.derived?.page(key)?;
        let page = Arc::new(page);
        self.remember(key, &page, print);
        Some((page, print))
    }

    fn remember(&mut self, key: &PageKey, page: &Arc<Page>, print: Fingerprint) {
        if self.pages.len() >= PAGES_MAX {
            self.pages.clear();
        }
        self.pages.insert(key.clone(), (Arc::clone(page), print));
    }

    fn said(
        &self,
        entry: &Capture,
        page: Arc<Page>,
        print: Fingerprint,
        redirected_to: Option<String>,
        key: Option<PageKey>,
    ) -> Said {
        let file = self.reader.file_name(entry);
        Said { entry: entry.clone(), file, page, redirected_to, print, key }
    }
}

fn redirect(loaded: &Loaded) -> Option<String> {
    let is_redirect = matches!(loaded.entry.status, Some(301 | 302 | 303 | 307 | 308));
    let head = is_redirect.then(|| Head::parse(&loaded.head))?;
    head.get_text("location").map(std::borrow::Cow::into_owned)
}
