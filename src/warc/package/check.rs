//! Whether the files of a package are what its directory and its `datapackage.json` say.
//!
//! WACZ 1.1.1 sections 4.3 and 4.4 (`datapackage.json`, `datapackage-digest.json`).

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use super::list::{Digest, Listed, Stated};
use super::{Package, PackageEntry, PackageError};
use crate::base::{Checksum, ChecksumAlgorithm, ChecksumHasher, Finding};

const DATAPACKAGE: &str = "datapackage.json";
const DATAPACKAGE_DIGEST: &str = "datapackage-digest.json";
/// The longest of the two that is read, in bytes.
const DATAPACKAGE_BYTES_MAX: u64 = 16 << 20;

impl Package {
    /// Compares every file with the CRC-32 and the length in the directory, and with
    /// `datapackage.json`; `fast` reads none but that one.
    pub fn check(&self, fast: bool, found: &mut dyn FnMut(Finding)) {
        // The place of each, so that a long list is not searched for each of its files.
        let mut places: BTreeMap<&str, &PackageEntry> = BTreeMap::new();
        for entry in self.entries() {
            if places.insert(&entry.path, entry).is_some() {
                let what = format!("{:?} is there twice", short(&entry.path));
                found(Finding::error(self.name(), None, "package-repeated", what));
            }
            let path = &entry.path;
            if path.starts_with('/') || path.split(['/', '\\']).any(|part| part == "..") {
                let what = format!("{:?} leads out of the package", short(path));
                found(Finding::warning(self.name(), None, "package-path", what));
            }
        }
        let stated = self.stated(found);
        for (path, stated) in &stated {
            let there = places.get(path.as_str());
            if there.is_none() {
                let path = short(path);
                let what = format!("datapackage.json lists {path:?}, which is not there");
                found(Finding::error(self.name(), None, "datapackage-missing", what));
            } else if let (Some(bytes), Some(entry)) = (stated.bytes, there)
                && bytes != entry.length
            {
                let (path, length) = (short(path), entry.length);
                let what = format!("{path:?} has {length} bytes; datapackage.json says {bytes}");
                found(Finding::error(self.name(), None, "datapackage-length", what));
            }
        }
        for entry in self.entries().iter().filter(|entry| !entry.path.ends_with('/')) {
            let own = [DATAPACKAGE, DATAPACKAGE_DIGEST].contains(&entry.path.as_str());
            if !own && !stated.is_empty() && !stated.contains_key(&entry.path) {
                let what = format!("datapackage.json does not list {:?}", short(&entry.path));
                found(Finding::warning(self.name(), None, "datapackage-unlisted", what));
            }
            if !fast {
                self.check_entry(entry, stated.get(&entry.path), found);
            }
        }
    }

    /// What `datapackage.json` lists.
    fn stated(&self, found: &mut dyn FnMut(Finding)) -> BTreeMap<String, Stated> {
        let mut listed = BTreeMap::new();
        let mut fail = |rule, what: String| {
            found(Finding::error(self.name(), None, rule, what));
        };
        // Read as it comes: what is not kept of it takes no memory.
        let json = |path| {
            let missing = || PackageError::Missing { path: str::to_owned(path) };
            let bytes = self.bytes(self.entry(path).ok_or_else(missing)?)?;
            Ok::<_, PackageError>(BufReader::new(bytes.take(DATAPACKAGE_BYTES_MAX)))
        };
        let list = match json(DATAPACKAGE) {
            Ok(list) => list,
            Err(why) => {
                fail("datapackage", format!("no datapackage.json can be read: {why}"));
                return listed;
            }
        };
        if let Ok(digest) = json(DATAPACKAGE_DIGEST) {
            let hash = serde_json::from_reader(digest).ok().and_then(|Digest { hash }| hash);
            listed.insert(DATAPACKAGE.to_owned(), Stated { hash, bytes: None });
        }
        let Listed { resources, nameless, left_out } = match serde_json::from_reader(list) {
            Ok(list) => list,
            Err(why) => {
                fail("datapackage", format!("datapackage.json is no list of files: {why}"));
                return listed;
            }
        };
        if nameless > 0 {
            fail("datapackage", format!("{nameless} resources have no path"));
        }
        if left_out > 0 {
            fail("datapackage", format!("{left_out} resources more than are compared"));
        }
        listed.extend(resources);
        listed
    }

    fn check_entry(
        &self,
        entry: &PackageEntry,
        stated: Option<&Stated>,
        found: &mut dyn FnMut(Finding),
    ) {
        let path = short(&entry.path);
        let mut fail = |rule, what: String| {
            found(Finding::error(self.name(), None, rule, what));
        };
        let hash = stated.and_then(|stated| stated.hash.as_deref());
        let wanted = hash.map(|text| labelled(text).parse::<Checksum>());
        if let Some(Err(why)) = &wanted {
            fail("datapackage-hash", format!("{path:?}: {why}"));
        }
        let wanted = wanted.and_then(Result::ok);
        let algorithm = wanted.as_ref().map_or(ChecksumAlgorithm::Sha256, Checksum::algorithm);
        let mut hasher = wanted.is_some().then(|| ChecksumHasher::new(algorithm));
        let mut crc = flate2::Crc::new();
        let mut length = 0u64;
        let mut buffer = vec![0; 256 * 1024];
        let mut input = match self.bytes(entry) {
            Ok(input) => input,
            Err(why) => return fail("package-entry", why.to_string()),
        };
        loop {
            match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    length += count as u64;
                    crc.update(&buffer[..count]);
                    if let Some(hasher) = &mut hasher {
                        hasher.update(&buffer[..count]);
                    }
                }
                Err(why) => return fail("package-entry", format!("{path:?}: {why}")),
            }
        }
        if length != entry.length {
            let what = format!("{path:?} has {length} bytes; the directory says {}", entry.length);
            fail("package-length", what);
        }
        if crc.sum() != entry.crc32 {
            fail("package-crc", format!("{path:?} does not agree with its CRC-32"));
        }
        if let (Some(wanted), Some(hasher)) = (wanted, hasher) {
            let got = hasher.finish();
            if got != wanted {
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

/// A hash with its label: early packages leave out that of SHA-256.
fn labelled(text: &str) -> String {
    if text.contains(':') { text.to_owned() } else { format!("sha256:{text}") }
}
