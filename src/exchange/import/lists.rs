//! The lists of files of a package, as they are written into an origin: read while they are written, so that
//! no list is in memory as a whole.

use std::fmt;
use std::io::{self, Read};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::base::Finding;
use crate::warc::{Package, PackageEntry};

/// The lists of a package: what its signature is over.
const LISTS: [&str; 2] = ["datapackage.json", "datapackage-digest.json"];

/// The longest list that is kept, in bytes: one of as many files as a package may have, and more. A few
/// bytes of a package may stand for many of a list.
pub(super) const LIST_BYTES_MAX: u64 = 32 << 20;

/// Lists of a package that can be read, by their paths.
pub(super) struct Lists<'p> {
    package: &'p Package,
    entries: Vec<&'p PackageEntry>,
}

impl<'p> Lists<'p> {
    /// Those of a package that are there; `found` gets each that is too long to be kept.
    pub fn of(package: &'p Package, found: &mut dyn FnMut(Finding)) -> Self {
        Self::up_to(LIST_BYTES_MAX, package, found)
    }

    fn up_to(max: u64, package: &'p Package, found: &mut dyn FnMut(Finding)) -> Self {
        let mut entries = Vec::new();
        for entry in LISTS.iter().filter_map(|path| package.entry(path)) {
            let is_short = package.bytes(entry).is_ok_and(|mut bytes| {
                let read = io::copy(&mut (&mut bytes).take(max + 1), &mut io::sink());
                read.is_ok_and(|length| length <= max)
            });
            if is_short {
                entries.push(entry);
            } else {
                let what = format!(
                    "{} cannot be read, or has more than {max} bytes, and is not stored with the files",
                    entry.path
                );
                found(Finding::warning(package.name(), None, "package-list", what));
            }
        }
        Self { package, entries }
    }
}

impl Serialize for Lists<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.entries.len()))?;
        for entry in &self.entries {
            map.serialize_entry(&*entry.path, &Text { package: self.package, entry })?;
        }
        map.end()
    }
}

/// The text of one list.
struct Text<'p> {
    package: &'p Package,
    entry: &'p PackageEntry,
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Invalid UTF-8 is replaced. Reading should not fail on a list that was read before; where it does,
/// the text ends there, since a text cannot hold an error.
impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(mut bytes) = self.package.bytes(self.entry) else { return Ok(()) };
        let mut buffer = vec![0; 64 * 1024];
        let mut have = 0;
        loop {
            let count = match bytes.read(&mut buffer[have..]) {
                Ok(count) => count,
                Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => 0,
            };
            have += count;
            let mut left = 0;
            let mut chunks = buffer[..have].utf8_chunks().peekable();
            while let Some(chunk) = chunks.next() {
                f.write_str(chunk.valid())?;
                let cut = chunk.invalid();
                // A character may continue in what is read next.
                if count > 0 && chunks.peek().is_none() && cut.len() < 4 {
                    left = cut.len();
                } else if !cut.is_empty() {
                    f.write_str("\u{FFFD}")?;
                }
            }
            if count == 0 {
                return Ok(());
            }
            buffer.copy_within(have - left..have, 0);
            have = left;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::warc::{self, ReadOptions};

    fn package(list: &[u8]) -> (tempfile::NamedTempFile, warc::Input) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = zip::ZipWriter::new(&mut file);
        zip.start_file("datapackage.json", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(list).unwrap();
        zip.finish().unwrap();
        let input = warc::open(file.path(), &ReadOptions::default()).unwrap();
        (file, input)
    }

    fn written(list: &[u8], max: u64) -> (serde_json::Value, usize) {
        let (_file, input) = package(list);
        let mut findings = 0;
        let lists = Lists::up_to(max, input.package().unwrap(), &mut |_| findings += 1);
        (serde_json::to_value(&lists).unwrap(), findings)
    }

    #[test]
    fn a_list_is_written_as_it_is_read_wherever_its_pieces_end() {
        // Characters of two to four bytes over every border of a piece, and bytes that are none.
        let mut list = "aé€😀".repeat(30_000).into_bytes();
        list.extend(b"\xff\xe2\x82\"\\\n\xf0\x9f");
        for skip in 0..8 {
            let list = [&vec![b'x'; skip][..], &list].concat();
            let (got, findings) = written(&list, 1 << 20);
            assert_eq!(got["datapackage.json"], *String::from_utf8_lossy(&list), "{skip}");
            assert_eq!(findings, 0);
        }
        assert_eq!(written(b"", 10).0["datapackage.json"], "");
    }

    #[test]
    fn a_list_that_is_too_long_is_reported_and_not_kept() {
        assert_eq!(
            written(b"0123456789", 10),
            (serde_json::json!({"datapackage.json": "0123456789"}), 0)
        );
        assert_eq!(written(b"0123456789", 9), (serde_json::json!({}), 1));
    }
}
