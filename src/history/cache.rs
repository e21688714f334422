//! Derived articles, kept beside the index so that a payload is read once: what a page says, by
//! payload digest, and what changed between two payloads.
//!
//! ```text
//! derived/             one kv store; may be deleted, and is then made anew as it is needed
//!   tree "pages"       payload digest + address + status  →  value of a page
//!   tree "deltas"      two such keys + the version returned to  →  value of a delta
//!   tree "state"       "derivation"  →  that of the values
//! value:  01 | length, derivation | length of what follows when inflated | zstd frame
//! ```
//!
//! The *derivation* names the extractor's version and the state of the code that derived the value; a
//! value of any other derivation is none, and a store that holds such values is begun anew when it is
//! opened. So a newer extractor never meets an older one's reading of a page, and what it will never
//! read again takes no space. The same happens to a store that has reached its bound.
//!
//! The cache is a convenience: where it cannot be opened (another process has it, or nothing can be
//! written) everything works without it, slower, and no failure of it is ever an error.

use std::cell::Cell;
use std::fmt;

use crate::archive::Capture;
use crate::base::DigestAlgorithm;
use crate::diff::Fingerprint;
use crate::extract::EXTRACTOR;
use crate::extract::page::Page;
use crate::kv::{Kv, KvError, KvOptions, Tree};
use crate::store::Layout;

use super::delta::Delta;
use super::pack::{Pack, unpack};

/// The version of the values' own layout.
const VALUE_VERSION: u8 = 1;

/// A page longer than this when packed is derived each time.
const VALUE_BYTES_MAX: usize = 8 << 20;

/// So many bytes the cache may take on disk unless it is told otherwise: the pages of some hundred
/// thousand versions.
pub const DERIVED_BYTES_MAX: u64 = 2 << 30;

/// Under this key the `state` tree names the derivation of the values.
const DERIVATION: &[u8] = b"derivation";

/// The state of the code that derives, as a hash of its sources.
const CODE: &str = env!("PRESSMARK_DERIVATION");

/// Names the state of the program that derives.
pub(super) fn derivation() -> String {
    format!("{EXTRACTOR}+{CODE}")
}

/// What a page is derived from, besides the extractor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PageKey(Vec<u8>);

impl PageKey {
    /// The key of a capture; none where what it says is not told by its payload alone: a redirect
    /// says where to in its head, and a cut body may have been cut elsewhere.
    pub(super) fn of(entry: &Capture) -> Option<Self> {
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
    /// How many bytes may still be written.
    room: Cell<u64>,
}

struct Open {
    kv: Kv,
    pages: Tree,
    deltas: Tree,
    state: Tree,
}

impl Open {
    fn at(layout: &Layout) -> Result<Self, KvError> {
        let options = KvOptions { cache_bytes: 32 << 20, ..KvOptions::default() };
        // What was lost of it is derived again: nobody has to be told.
        let (kv, _) = Kv::open(&layout.derived_dir(), &options)?;
        let (pages, deltas) = (kv.tree("pages")?, kv.tree("deltas")?);
        let state = kv.tree("state")?;
        Ok(Self { kv, pages, deltas, state })
    }

    /// Whether the values are of this derivation. A new store has none yet and takes it.
    fn is_of(&self, derivation: &str) -> Result<bool, KvError> {
        match self.state.get(DERIVATION)? {
            Some(kept) => Ok(kept.as_ref() == derivation.as_bytes()),
            None if self.pages.is_empty()? && self.deltas.is_empty()? => {
                self.state.insert(DERIVATION, derivation.as_bytes())?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn close(self) {
        let Self { kv, pages, deltas, state } = self;
        drop((pages, deltas, state));
        // Not closed in order, it is merely checked at the next open.
        let _ = kv.close();
    }
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Derived").field("open", &self.open.is_some()).finish_non_exhaustive()
    }
}

impl Derived {
    /// The cache of an archive, which takes some `bytes_max` bytes on disk at most. Never fails:
    /// [`Self::why_not`] says when there is none.
    ///
    /// One that holds values of another derivation, or has reached its bound, is begun anew: a value
    /// costs a few milliseconds to derive again, and nothing that is never read stays for ever.
    #[must_use]
    pub fn open(layout: &Layout, bytes_max: u64) -> Self {
        Self::of_derivation(layout, &derivation(), bytes_max)
    }

    fn of_derivation(layout: &Layout, derivation: &str, bytes_max: u64) -> Self {
        let opened = Open::at(layout).and_then(|open| {
            let size = open.kv.size_on_disk()?;
            if size < bytes_max && open.is_of(derivation)? {
                return Ok((open, size));
            }
            open.close();
            // The engine keeps the space of what is removed, so the whole directory goes.
            let _ = std::fs::remove_dir_all(layout.derived_dir());
            let open = Open::at(layout)?;
            open.state.insert(DERIVATION, derivation.as_bytes())?;
            let size = open.kv.size_on_disk()?;
            Ok((open, size))
        });
        let derivation = derivation.to_owned();
        match opened {
            Ok((open, size)) => Self {
                open: Some(open),
                why_not: None,
                derivation,
                room: Cell::new(bytes_max.saturating_sub(size)),
            },
            Err(why) => {
                Self { open: None, why_not: Some(why.to_string()), derivation, room: Cell::new(0) }
            }
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
            self.write(&open.pages, &key.0, &value);
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
            self.write(&open.deltas, key, &value);
        }
    }

    fn write(&self, tree: &Tree, key: &[u8], value: &[u8]) {
        let bytes = u64::try_from(key.len() + value.len()).unwrap_or(u64::MAX);
        let Some(room) = self.room.get().checked_sub(bytes) else { return };
        self.room.set(room);
        // A cache that cannot be written is a slow cache.
        let _ = tree.insert(key, value);
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
        if let Some(open) = self.open.take() {
            open.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::extract::{Hints, extract};

    fn entry(url: &str, status: Option<u16>, payload: &str) -> Capture {
        Capture {
            urlkey: crate::base::surt::urlkey(url),
            date: Timestamp::from_unix_seconds(0),
            url: url.to_owned(),
            mime: "text/html".to_owned(),
            status,
            digest: Some(DigestAlgorithm::Sha256.digest(payload.as_bytes())),
            length: 1,
            offset: 0,
            file: "a.warc.gz".into(),
            record_id: None,
            kind: crate::archive::RecordKind::Response,
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
        let derived = Derived::of_derivation(&layout, "one/1", DERIVED_BYTES_MAX);
        assert!(derived.page(&key).is_none());
        derived.keep_page(&key, &page, print);
        drop(derived);
        let derived = Derived::of_derivation(&layout, "one/1", DERIVED_BYTES_MAX);
        let found = derived.page(&key).unwrap();
        assert!(found.page == page && found.print == print);
        drop(derived);
        // Another version, also one whose name begins the same, does not read it and replaces it.
        for other in ["one/2", "one/10", "one/"] {
            let derived = Derived::of_derivation(&layout, other, DERIVED_BYTES_MAX);
            assert!(derived.page(&key).is_none(), "{other}");
        }
        let derived = Derived::of_derivation(&layout, "one/2", DERIVED_BYTES_MAX);
        derived.keep_page(&key, &page, print);
        assert!(derived.page(&key).is_some());
    }

    #[test]
    fn values_of_an_older_derivation_take_no_space() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        let key = PageKey::of(&entry("http://a.example/", Some(200), "x")).unwrap();
        for derivation in ["one/1", "one/2"] {
            let derived = Derived::of_derivation(&layout, derivation, DERIVED_BYTES_MAX);
            let open = derived.open.as_ref().unwrap();
            assert!(open.pages.is_empty().unwrap(), "{derivation}");
            derived.keep_page(&key, &page(), Fingerprint::of(&page()));
            derived.keep_delta(b"some two pages", &Delta::default());
        }
        let derived = Derived::of_derivation(&layout, "one/2", DERIVED_BYTES_MAX);
        assert!(derived.page(&key).is_some() && derived.delta(b"some two pages").is_some());
    }

    #[test]
    fn a_full_cache_takes_nothing_more_and_is_begun_anew() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        let key = |n: usize| {
            PageKey::of(&entry(&format!("http://a.example/{n}"), Some(200), "x")).unwrap()
        };
        let kept =
            |derived: &Derived| (0..800).filter(|&n| derived.page(&key(n)).is_some()).count();
        let bytes_max = 2 << 20;
        // Words that do not pack well.
        let words = (0..700_u64).map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let text = words.collect::<Vec<_>>().join(" ");
        let html = format!("<article><h1>A headline</h1><p>{text}.</p></article>");
        let page = extract(html.as_bytes(), &Hints::default()).page;
        let print = Fingerprint::of(&page);
        let derived = Derived::open(&layout, bytes_max);
        for n in 0..800 {
            derived.keep_page(&key(n), &page, print);
        }
        let first = kept(&derived);
        assert!((50..700).contains(&first), "{first} kept");
        drop(derived);
        let size = |dir: &std::path::Path| -> u64 {
            let files =
                std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().metadata().unwrap());
            files.filter(std::fs::Metadata::is_file).map(|file| file.len()).sum()
        };
        assert!(size(&layout.derived_dir()) < 4 * bytes_max);
        let derived = Derived::open(&layout, 1_000);
        assert_eq!(kept(&derived), 0);
    }

    #[test]
    fn a_cache_in_use_elsewhere_is_done_without() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        let first = Derived::open(&layout, DERIVED_BYTES_MAX);
        assert!(first.why_not().is_none());
        let second = Derived::open(&layout, DERIVED_BYTES_MAX);
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
        let cut = Capture { truncated: true, ..entry("http://a.example/", Some(200), "x") };
        assert_eq!(PageKey::of(&cut), None);
    }

    #[test]
    fn garbage_in_the_cache_is_nothing() {
        let root = tempfile::tempdir().unwrap();
        let derived = Derived::open(&Layout::new(root.path()), DERIVED_BYTES_MAX);
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
