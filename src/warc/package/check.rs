//! Whether the files of a package are what its directory and its `datapackage.json` say.
//!
//! WACZ 1.1.1 sections 4.3 and 4.4 (`datapackage.json`, `datapackage-digest.json`).

use std::io::{self, Read};

use super::list::{Resource, read_digest, read_list};
use super::{Package, PackageEntry};
use crate::base::{Checksum, ChecksumAlgorithm, ChecksumHasher, Finding};

const DATAPACKAGE: &str = "datapackage.json";
const DATAPACKAGE_DIGEST: &str = "datapackage-digest.json";
/// How many files that are listed and not there are reported one by one; the rest is counted.
pub(super) const MISSING_MAX: u64 = 100_000;

/// What `datapackage.json` says of the entries, each at its place in the directory.
///
/// Memory: some 70 bytes an entry. What is listed and not there takes none.
struct Listed {
    entries: Vec<Option<Stated>>,
    /// Whether the list was read to its end and names any file.
    is_whole: bool,
}

/// What it says of one; its length was compared as it was read.
#[derive(Clone)]
struct Stated {
    hash: Option<Checksum>,
}

/// The entries in the order of their paths, so that a long list is not searched for each of its files.
struct Places<'p> {
    entries: &'p [PackageEntry],
    order: Vec<usize>,
}

impl<'p> Places<'p> {
    fn of(entries: &'p [PackageEntry]) -> Self {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|&at| &entries[at].path);
        Self { entries, order }
    }

    /// The entry at a path; the last of them where there are several.
    fn find(&self, path: &str) -> Option<usize> {
        let after = self.order.partition_point(|&at| &*self.entries[at].path <= path);
        let at = *self.order.get(after.checked_sub(1)?)?;
        (&*self.entries[at].path == path).then_some(at)
    }
}

impl Package {
    /// Compares every file with the CRC-32 and the length in the directory, and with
    /// `datapackage.json`; `fast` reads none but that one. Packages inside it are checked alike.
    pub fn check(&self, fast: bool, found: &mut dyn FnMut(Finding)) {
        let places = Places::of(self.entries());
        for (at, entry) in self.entries().iter().enumerate() {
            let path = &*entry.path;
            if places.find(path).is_some_and(|last| last != at) {
                let what = format!("{:?} is there twice", short(path));
                found(Finding::error(self.name(), None, "package-repeated", what));
            }
            if path.starts_with('/') || path.split(['/', '\\']).any(|part| part == "..") {
                let what = format!("{:?} points outside the package", short(path));
                found(Finding::warning(self.name(), None, "package-path", what));
            }
        }
        let listed = self.listed(&places, found);
        drop(places);
        let mut buffer = vec![0; 256 * 1024];
        for (entry, stated) in self.entries().iter().zip(&listed.entries) {
            let path = &*entry.path;
            if path.ends_with('/') {
                continue;
            }
            let is_own = [DATAPACKAGE, DATAPACKAGE_DIGEST].contains(&path);
            if listed.is_whole && !is_own && stated.is_none() {
                let what = format!("datapackage.json does not list {:?}", short(path));
                found(Finding::warning(self.name(), None, "datapackage-unlisted", what));
            }
            if !fast {
                let hash = stated.as_ref().and_then(|stated| stated.hash.as_ref());
                self.check_entry(entry, hash, &mut buffer, found);
            }
        }
        drop(buffer);
        for entry in self.entries().iter().filter(|entry| entry.is_package()) {
            // One that cannot be opened is reported where its records are read.
            if let Ok(nested) = self.nested(entry) {
                nested.check(fast, found);
            }
        }
    }

    /// What `datapackage.json` lists, compared with the directory as it is read.
    fn listed(&self, places: &Places<'_>, found: &mut dyn FnMut(Finding)) -> Listed {
        let mut listed = Listed { entries: vec![None; self.entries().len()], is_whole: false };
        let mut fail = |rule, what: String| {
            found(Finding::error(self.name(), None, rule, what));
        };
        let Some(list) = places.find(DATAPACKAGE).map(|at| (at, &self.entries()[at])) else {
            let what = format!("there is no {DATAPACKAGE} in the package");
            fail("datapackage", what);
            return listed;
        };
        let digest = places.find(DATAPACKAGE_DIGEST).map(|at| &self.entries()[at]);
        if let Some(Ok(digest)) = digest.map(|digest| self.bytes(digest)) {
            let hash = read_digest(digest).and_then(|hash| hash_of(DATAPACKAGE, &hash, &mut fail));
            listed.entries[list.0] = Some(Stated { hash });
        }
        let input = match self.bytes(list.1) {
            Ok(input) => input,
            Err(why) => {
                fail("datapackage", format!("the list of files cannot be read: {why}"));
                return listed;
            }
        };
        let (mut named, mut nameless, mut missing) = (0_u64, 0_u64, 0_u64);
        let read = read_list(input, &mut |resource: Resource| {
            let Some(path) = resource.path else {
                nameless += 1;
                return;
            };
            named += 1;
            let Some(at) = places.find(&path) else {
                missing += 1;
                if missing <= MISSING_MAX {
                    let path = short(&path);
                    let what = format!("datapackage.json lists {path:?}, which does not exist");
                    fail("datapackage-missing", what);
                }
                return;
            };
            let (path, length) = (short(&path), self.entries()[at].length);
            if let Some(bytes) = resource.bytes.filter(|bytes| *bytes != length) {
                let what = format!("{path:?} has {length} bytes; datapackage.json says {bytes}");
                fail("datapackage-length", what);
            }
            let hash = resource.hash.and_then(|hash| hash_of(path, &hash, &mut fail));
            listed.entries[at] = Some(Stated { hash });
        });
        // What is said of a path is said of every entry there.
        for pair in places.order.windows(2).rev() {
            if let [at, next] = *pair
                && self.entries()[at].path == self.entries()[next].path
            {
                listed.entries[at] = listed.entries[next].clone();
            }
        }
        if missing > MISSING_MAX {
            let what = format!(
                "datapackage.json lists {} more files that do not exist",
                missing - MISSING_MAX
            );
            fail("datapackage-missing", what);
        }
        if nameless > 0 {
            fail("datapackage", format!("{nameless} resources have no path"));
        }
        match read {
            Ok(()) => listed.is_whole = named > 0,
            Err(why) if why.is_io() => {
                // What is wrong is said by the reading alone, not by where in the text it showed.
                let place = format!(" at line {} column {}", why.line(), why.column());
                let what = why.to_string();
                let what = what.strip_suffix(&place).unwrap_or(&what);
                fail("datapackage", format!("datapackage.json cannot be read to its end: {what}"));
            }
            Err(why) => {
                fail("datapackage", format!("datapackage.json is not a list of files: {why}"));
            }
        }
        listed
    }

    fn check_entry(
        &self,
        entry: &PackageEntry,
        wanted: Option<&Checksum>,
        buffer: &mut [u8],
        found: &mut dyn FnMut(Finding),
    ) {
        let path = short(&entry.path);
        let mut fail = |rule, what: String| {
            found(Finding::error(self.name(), None, rule, what));
        };
        let algorithm = wanted.map_or(ChecksumAlgorithm::Sha256, Checksum::algorithm);
        let mut hasher = wanted.is_some().then(|| ChecksumHasher::new(algorithm));
        let mut crc = flate2::Crc::new();
        let mut length = 0u64;
        let mut input = match self.bytes(entry) {
            Ok(input) => input,
            Err(why) => return fail("package-entry", why.to_string()),
        };
        loop {
            match input.read(buffer) {
                Ok(0) => break,
                Ok(count) => {
                    length += count as u64;
                    crc.update(&buffer[..count]);
                    if let Some(hasher) = &mut hasher {
                        hasher.update(&buffer[..count]);
                    }
                }
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return fail("package-entry", format!("{path:?}: {why}")),
            }
        }
        if length != entry.length {
            let what = format!("{path:?} has {length} bytes; the directory says {}", entry.length);
            fail("package-length", what);
        }
        if crc.sum() != entry.crc32 {
            fail("package-crc", format!("{path:?} does not match its CRC-32"));
        }
        if let (Some(wanted), Some(hasher)) = (wanted, hasher) {
            let got = hasher.finish();
            if got != *wanted {
                let what = format!("{path:?} has the digest {got}; datapackage.json says {wanted}");
                fail("datapackage-hash", what);
            }
        }
    }
}

/// A path for a message: the start of one that is very long.
fn short(path: &str) -> &str {
    &path[..path.floor_char_boundary(300)]
}

/// The hash that is stated of a file; one that cannot be read is reported.
fn hash_of(
    path: &str,
    hash: &str,
    fail: &mut impl FnMut(&'static str, String),
) -> Option<Checksum> {
    match labelled(hash).parse() {
        Ok(hash) => Some(hash),
        Err(why) => {
            fail("datapackage-hash", format!("{path:?}: {why}"));
            None
        }
    }
}

/// A hash with its label: early packages leave out that of SHA-256.
fn labelled(text: &str) -> String {
    if text.contains(':') { text.to_owned() } else { format!("sha256:{text}") }
}
