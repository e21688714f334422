//! Whether the files of a package are what its directory and its `datapackage.json` say.
//!
//! WACZ 1.1.1 sections 4.3 and 4.4 (`datapackage.json`, `datapackage-digest.json`).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde_json::Value;

use super::{Package, PackageEntry};
use crate::base::{Checksum, ChecksumAlgorithm, ChecksumHasher, Finding};

const DATAPACKAGE: &str = "datapackage.json";
const DATAPACKAGE_DIGEST: &str = "datapackage-digest.json";
/// The longest of the two that is read, in bytes.
const DATAPACKAGE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What `datapackage.json` says of a file.
struct Stated {
    hash: Option<String>,
    bytes: Option<u64>,
}

impl Package {
    /// Compares every file with the CRC-32 and the length in the directory, and with
    /// `datapackage.json`; `fast` reads none but that one.
    pub fn check(&self, fast: bool, found: &mut dyn FnMut(Finding)) {
        let mut seen = BTreeSet::new();
        for entry in self.entries() {
            if !seen.insert(entry.path.as_str()) {
                let what = format!("{:?} is there twice", entry.path);
                found(Finding::error(self.name(), None, "package-repeated", what));
            }
            let path = &entry.path;
            if path.starts_with('/') || path.split(['/', '\\']).any(|part| part == "..") {
                let what = format!("{path:?} leads out of the package");
                found(Finding::warning(self.name(), None, "package-path", what));
            }
        }
        let stated = self.stated(found);
        for (path, stated) in &stated {
            if self.entry(path).is_none() {
                let what = format!("datapackage.json lists {path:?}, which is not there");
                found(Finding::error(self.name(), None, "datapackage-missing", what));
            } else if let (Some(bytes), Some(entry)) = (stated.bytes, self.entry(path))
                && bytes != entry.length
            {
                let what =
                    format!("{path:?} has {} bytes; datapackage.json says {bytes}", entry.length);
                found(Finding::error(self.name(), None, "datapackage-length", what));
            }
        }
        for entry in self.entries().iter().filter(|entry| !entry.path.ends_with('/')) {
            let own = [DATAPACKAGE, DATAPACKAGE_DIGEST].contains(&entry.path.as_str());
            if !own && !stated.is_empty() && !stated.contains_key(&entry.path) {
                let what = format!("datapackage.json does not list {:?}", entry.path);
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
        let bytes = match self.read(DATAPACKAGE, DATAPACKAGE_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(why) => {
                fail("datapackage", format!("no datapackage.json can be read: {why}"));
                return listed;
            }
        };
        if let Ok(digest) = self.read(DATAPACKAGE_DIGEST, DATAPACKAGE_BYTES_MAX) {
            let json: Value = serde_json::from_slice(&digest).unwrap_or_default();
            let hash = json.get("hash").and_then(Value::as_str).map(str::to_owned);
            listed.insert(DATAPACKAGE.to_owned(), Stated { hash, bytes: None });
        }
        let json: Value = match serde_json::from_slice(&bytes) {
            Ok(json) => json,
            Err(why) => {
                fail("datapackage", format!("datapackage.json is no JSON: {why}"));
                return listed;
            }
        };
        let resources = json.get("resources").and_then(Value::as_array);
        for resource in resources.into_iter().flatten() {
            let text = |key: &str| resource.get(key).and_then(Value::as_str).map(str::to_owned);
            match text("path") {
                Some(path) => {
                    let bytes = resource.get("bytes").and_then(Value::as_u64);
                    listed.insert(path, Stated { hash: text("hash"), bytes });
                }
                None => fail("datapackage", "a resource has no path".to_owned()),
            }
        }
        listed
    }

    fn check_entry(
        &self,
        entry: &PackageEntry,
        stated: Option<&Stated>,
        found: &mut dyn FnMut(Finding),
    ) {
        let path = &entry.path;
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

/// A hash with its label: early packages leave out that of SHA-256.
fn labelled(text: &str) -> String {
    if text.contains(':') { text.to_owned() } else { format!("sha256:{text}") }
}
