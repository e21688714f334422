//! Derived articles, kept beside the index so that a payload is read once: what a page says, by
//! payload digest, and what changed between two payloads.
//!
//! ```text
//! derived/             one kv store; may be deleted, and is then made anew as it is needed
//!   tree "pages"       payload digest + address + status  →  value of a page
//!   tree "deltas"      two such keys + the version returned to  →  value of a delta
//! value:  01 | length, derivation | length of what follows when inflated | zstd frame
//! ```
//!
//! The *derivation* names the extractor's version and the state of the code that derived the value; a
//! value of any other derivation is none, is derived anew from the stored bytes and overwritten. So a
//! newer extractor never meets an older one's reading of a page.
//!
//! The cache is a convenience: where it cannot be opened (another process has it, or nothing can be
//! written) everything works without it, slower, and no failure of it is ever an error.

use std::fmt;

use crate::base::DigestAlgorithm;
use crate::diff::Fingerprint;
use crate::extract::EXTRACTOR;
use crate::extract::page::Page;
use crate::index::IndexEntry;
use crate::kv::{Kv, KvOptions, Tree};
use crate::store::Layout;

use super::delta::Delta;
use super::pack::{Pack, unpack};

/// The version of the values' own layout.
const VALUE_VERSION: u8 = 1;

/// A page longer than this when packed is derived each time.
const VALUE_BYTES_MAX: usize = 8 << 20;

/// The state of the code that derives, as a hash of its sources.
const CODE: &str = env!("PRESSMARK_DERIVATION");

/// What a page is derived from, besides the extractor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PageKey(Vec<u8>);

impl PageKey {
    /// The key of a capture; none where what it says is not told by its payload alone: a redirect
    /// says where to in its head, and a cut body may have been cut elsewhere.
    pub(super) fn of(entry: &IndexEntry) -> Option<Self> {
        let (status, digest) = (entry.status?, entry.digest.as_ref()?);
        let is_redirect = (300..400).contains(&status) && status != 304;
        if is_redirect || entry.truncated {
            return None;
        }
        // A 304 stands for the page it confirms.
        let status = if status == 304 { 200 } else { status };
        let mut key = Vec::with_capacity(48);
        key.push(match digest.algorithm() {
            DigestAlgorithm::Sha1 => 1,
            DigestAlgorithm::Sha256 => 2,
        });
        key.extend_from_slice(digest.as_bytes());
        // Half a digest of the address: links are resolved against it.
        let address = DigestAlgorithm::Sha256.digest(entry.url.as_bytes());
        key.extend_from_slice(address.as_bytes().get(..16).unwrap_or_default());
        key.extend_from_slice(&status.to_be_bytes());
        Some(Self(key))
    }

    /// The key of the delta between two pages. `returned_to` is the place of the earlier version
    /// whose words the new one has again.
    pub(super) fn delta(&self, new: &Self, returned_to: Option<usize>) -> Vec<u8> {
        let mut key = [&self.0[..], &new.0[..]].concat();
        returned_to.put(&mut key);
        key
    }
}

/// A page and its fingerprint.
pub(super) struct Derivation {
    pub page: Page,
    pub print: Fingerprint,
}

/// The cache of derived articles; an empty one forgets everything.
#[derive(Default)]
pub struct Derived {
    // `None` where it could not be opened.
    open: Option<Open>,
    why_not: Option<String>,
    derivation: String,
}

struct Open {
    kv: Kv,
    pages: Tree,
    deltas: Tree,
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Derived").field("open", &self.open.is_some()).finish_non_exhaustive()
    }
}

impl Derived {
    /// The cache of an archive. Never fails: [`Self::why_not`] says when there is none.
    #[must_use]
    pub fn open(layout: &Layout) -> Self {
        Self::of_derivation(layout, &format!("{EXTRACTOR}+{CODE}"))
    }

    fn of_derivation(layout: &Layout, derivation: &str) -> Self {
        let options = KvOptions { cache_bytes: 32 << 20, ..KvOptions::default() };
        let opened = Kv::open(&layout.derived_dir(), &options).and_then(|(kv, _)| {
            // What was lost of it is derived again: nobody has to be told.
            let (pages, deltas) = (kv.tree("pages")?, kv.tree("deltas")?);
            Ok(Open { kv, pages, deltas })
        });
        let derivation = derivation.to_owned();
        match opened {
            Ok(open) => Self { open: Some(open), why_not: None, derivation },
            Err(why) => Self { open: None, why_not: Some(why.to_string()), derivation },
        }
    }

    /// A cache that keeps nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Why nothing is kept, where the cache could not be opened.
    #[must_use]
    pub fn why_not(&self) -> Option<&str> {
        self.why_not.as_deref()
    }

    pub(super) fn page(&self, key: &PageKey) -> Option<Derivation> {
        let bytes = self.open.as_ref()?.pages.get(&key.0).ok()??;
        let (print, page) = self.read(&bytes)?;
        Some(Derivation { page, print: Fingerprint::from_bits(print) })
    }

    pub(super) fn keep_page(&self, key: &PageKey, page: &Page, print: Fingerprint) {
        let Some(open) = &self.open else { return };
        let mut packed = Vec::new();
        print.to_bits().put(&mut packed);
        page.put(&mut packed);
        if let Some(value) = self.value(&packed) {
            // A cache that cannot be written is a slow cache.
            let _ = open.pages.insert(&key.0, &value);
        }
    }

    pub(super) fn delta(&self, key: &[u8]) -> Option<Delta> {
        let bytes = self.open.as_ref()?.deltas.get(key).ok()??;
        self.read(&bytes)
    }

    pub(super) fn keep_delta(&self, key: &[u8], delta: &Delta) {
        let Some(open) = &self.open else { return };
        let mut packed = Vec::new();
        delta.put(&mut packed);
        if let Some(value) = self.value(&packed) {
            let _ = open.deltas.insert(key, &value);
        }
    }

    fn value(&self, packed: &[u8]) -> Option<Vec<u8>> {
        if packed.len() > VALUE_BYTES_MAX {
            return None;
        }
        let mut value = vec![VALUE_VERSION];
        self.derivation.put(&mut value);
        packed.len().put(&mut value);
        // The lowest level: half the size for a third of the time of the next one up.
        value.extend(zstd::bulk::compress(packed, 1).ok()?);
        Some(value)
    }

    fn read<T: Pack>(&self, value: &[u8]) -> Option<T> {
        let mut rest = value.strip_prefix(&[VALUE_VERSION])?;
        let length = usize::take(&mut rest)?;
        rest = rest.strip_prefix(self.derivation.as_bytes())?;
        if length != self.derivation.len() {
            return None;
        }
        let length = usize::take(&mut rest).filter(|length| *length <= VALUE_BYTES_MAX)?;
        unpack(&zstd::bulk::decompress(rest, length).ok()?)
    }
}

impl Drop for Derived {
    fn drop(&mut self) {
        if let Some(Open { kv, pages, deltas }) = self.open.take() {
            drop((pages, deltas));
            // Not closed in order, it is merely checked at the next open.
            let _ = kv.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::extract::{Hints, extract};

    fn entry(url: &str, status: Option<u16>, payload: &str) -> IndexEntry {
        IndexEntry {
            urlkey: crate::base::surt::urlkey(url),
            date: Timestamp::from_unix_seconds(0),
            url: url.to_owned(),
            mime: "text/html".to_owned(),
            status,
            digest: Some(DigestAlgorithm::Sha256.digest(payload.as_bytes())),
            length: 1,
            offset: 0,
            file: crate::index::FileId(0),
            record_id: None,
            kind: crate::index::RecordKind::Response,
            refers_to: None,
            truncated: false,
        }
    }

    fn page() -> Page {
        let html = "<article><h1>A headline</h1><p>Police counted 12 boats in the harbour.</p>";
        extract(html.as_bytes(), &Hints::default()).page
    }

    #[test]
    fn a_page_is_kept_for_the_next_process_and_only_for_the_same_derivation() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        let key = PageKey::of(&entry("http://a.example/", Some(200), "x")).unwrap();
        let (page, print) = (page(), Fingerprint::of(&page()));
        let derived = Derived::of_derivation(&layout, "one/1");
        assert!(derived.page(&key).is_none());
        derived.keep_page(&key, &page, print);
        drop(derived);
        let derived = Derived::of_derivation(&layout, "one/1");
        let found = derived.page(&key).unwrap();
        assert!(found.page == page && found.print == print);
        drop(derived);
        // Another version, also one whose name begins the same, does not read it and replaces it.
        for other in ["one/2", "one/10", "one/"] {
            let derived = Derived::of_derivation(&layout, other);
            assert!(derived.page(&key).is_none(), "{other}");
        }
        let derived = Derived::of_derivation(&layout, "one/2");
        derived.keep_page(&key, &page, print);
        assert!(derived.page(&key).is_some());
    }

    #[test]
    fn a_cache_in_use_elsewhere_is_done_without() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        let first = Derived::open(&layout);
        assert!(first.why_not().is_none());
        let second = Derived::open(&layout);
        assert!(second.why_not().is_some());
        let key = PageKey::of(&entry("http://a.example/", Some(200), "x")).unwrap();
        second.keep_page(&key, &page(), Fingerprint::of(&page()));
        assert!(second.page(&key).is_none() && first.page(&key).is_none());
    }

    #[test]
    fn what_is_not_told_by_the_payload_alone_has_no_key() {
        let key = |url, status, payload| PageKey::of(&entry(url, status, payload));
        let page = key("http://a.example/", Some(200), "x");
        assert!(page.is_some());
        assert_eq!(page, key("http://a.example/", Some(304), "x"));
        for other in [
            key("http://a.example/b", Some(200), "x"),
            key("http://a.example/", Some(404), "x"),
            key("http://a.example/", Some(200), "y"),
        ] {
            assert!(other.is_some() && other != page);
        }
        for none in [Some(301), Some(302), None] {
            assert_eq!(key("http://a.example/", none, "x"), None);
        }
        let cut = IndexEntry { truncated: true, ..entry("http://a.example/", Some(200), "x") };
        assert_eq!(PageKey::of(&cut), None);
    }

    #[test]
    fn garbage_in_the_cache_is_nothing() {
        let root = tempfile::tempdir().unwrap();
        let derived = Derived::open(&Layout::new(root.path()));
        let key = PageKey::of(&entry("http://a.example/", Some(200), "x")).unwrap();
        let good = derived.value(&{
            let mut packed = Vec::new();
            1_u64.put(&mut packed);
            page().put(&mut packed);
            packed
        });
        let good = good.unwrap();
        let open = derived.open.as_ref().unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x55;
            open.pages.insert(&key.0, &bad[..]).unwrap();
            // A flip inside the frame may give another page, since frames bear no checksum; the
            // store below has one.
            let _ = derived.page(&key);
            open.pages.insert(&key.0, &good[..at]).unwrap();
            assert!(derived.page(&key).is_none(), "cut at {at}");
        }
    }
}
