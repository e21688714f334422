//! A ZIP file that holds WARC files: a WACZ, or any other.
//!
//! Owns the list of its entries and their bytes: where an entry is stored, it is read in place and
//! can seek; a deflated one is inflated as a stream. What `datapackage.json` says of them is checked
//! in [`Package::check`]. Deliberately reads no index and no page list: they are for the caller
//! ([`Package::entry`], [`Package::bytes`]).
//!
//! WACZ 1.1.1 (and the 1.2 draft), ZIP APPNOTE 6.3.10. Encrypted entries, those packed in another way
//! than stored or deflated, and those that reach into another are refused one by one.
//!
//! A package may hold packages (a file whose name ends in `.wacz`, as collections of WACZ files are
//! written): [`Package::nested`] opens one, down to three levels.
//!
//! Memory: an entry takes 56 bytes and its path, and there are at most 100,000 of them with 8 MiB of paths,
//! for each level that is open.

use std::fmt;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use super::input::InputBytes;
use super::input::slice::FileSlice;

mod check;
mod directory;
mod json;
mod list;

/// Why a package, or a file inside one, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// It is no ZIP file that can be read.
    #[error("expected a ZIP file, but {0}")]
    Directory(String),
    /// It has too many entries, or their paths are too long.
    #[error("the package has more than {max} entries, or paths of more than 8 MiB")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// The entry is encrypted, or packed in a way that is not known here.
    #[error("{path} is {how} and cannot be read")]
    Packed {
        /// The entry.
        path: String,
        /// How it is packed.
        how: Packing,
    },
    /// It is a package inside a package, at too many levels.
    #[error("{path} is nested in {NESTED_MAX} packages, which is too deep")]
    Nested {
        /// The entry.
        path: String,
    },
    /// It is a package inside a package that has to be unpacked first, and is too large or too deep for that.
    #[error(
        "{path} is a deflated package of more than {INFLATED_MAX} bytes, or not in the outermost one; unpack it first"
    )]
    Inflated {
        /// The entry.
        path: String,
    },
    /// Reading it failed.
    #[error("{path}: {why}")]
    Io {
        /// The entry.
        path: String,
        /// The error of the system or of the inflater.
        why: io::Error,
    },
}

/// How an entry is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Its bytes as they are.
    Stored,
    /// Deflated (RFC 1951).
    Deflated,
    /// Encrypted, which is not read here.
    Encrypted,
    /// By another method of ZIP (APPNOTE 4.4.5), which is not read here.
    Method(u16),
    /// Not at all: there is no header where the directory says it begins.
    NoHeader,
    /// Its bytes reach into those of another entry, so that it is not read.
    Overlapping,
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored => f.write_str("stored"),
            Self::Deflated => f.write_str("deflated"),
            Self::Encrypted => f.write_str("encrypted"),
            Self::Method(method) => write!(f, "compressed by method {method}"),
            Self::NoHeader => f.write_str("without a header at the stated offset"),
            Self::Overlapping => f.write_str("overlapping another file of the package"),
        }
    }
}

/// One file in a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageEntry {
    /// Its path, as the ZIP directory says. It is a name only: nothing is ever written there.
    pub path: Box<str>,
    /// How it is packed.
    pub packing: Packing,
    /// Its length in bytes when unpacked, as the directory says.
    pub length: u64,
    /// Its length as it is in the package.
    pub packed_length: u64,
    /// The CRC-32 of its bytes, as the directory says.
    pub crc32: u32,
    /// The offset of its first byte in the package.
    pub offset: u64,
}

impl PackageEntry {
    /// Whether it is read for records: it is in `archive/`, or its name ends as one does.
    #[must_use]
    pub fn holds_records(&self) -> bool {
        let path = self.path.to_ascii_lowercase();
        let stem = [".gz", ".zst"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(&path);
        let named = stem.ends_with(".warc") || stem.ends_with(".arc");
        !path.ends_with('/') && (path.starts_with("archive/") || named) && !path.ends_with(".wacz")
    }

    /// Whether it is read as a package: its name ends as that of one.
    #[must_use]
    pub fn is_package(&self) -> bool {
        let (path, end) = (self.path.as_bytes(), b".wacz");
        path.len().checked_sub(end.len()).is_some_and(|at| path[at..].eq_ignore_ascii_case(end))
    }
}

/// The most packages that one may be inside of; each that is open holds its directory in memory.
const NESTED_MAX: usize = 2;
/// The most bytes of a deflated package that are written to a temporary file, so that its end can be read.
const INFLATED_MAX: u64 = 1 << 30;

/// A package that is open.
#[derive(Debug)]
pub struct Package {
    name: String,
    whole: FileSlice,
    entries: Vec<PackageEntry>,
    /// How many packages it is inside of.
    level: usize,
}

impl Package {
    /// Reads the directory of a ZIP file.
    pub(super) fn open(name: &str, whole: FileSlice) -> Result<Self, PackageError> {
        Self::at_level(name, whole, 0)
    }

    fn at_level(name: &str, whole: FileSlice, level: usize) -> Result<Self, PackageError> {
        let entries = directory::read(&whole, whole.length())?;
        Ok(Self { name: name.to_owned(), whole, entries, level })
    }

    /// Opens an entry that is a package itself. One that is stored is read in place; a deflated one is
    /// first written to a temporary file, since a ZIP is read from its end. That is done for entries of the
    /// outermost package only: a few bytes that are unpacked at every level may stand for terabytes.
    ///
    /// # Errors
    /// When it cannot be read as a package, is too many levels deep, or too large to be unpacked.
    pub fn nested(&self, entry: &PackageEntry) -> Result<Self, PackageError> {
        let path = || entry.path.to_string();
        if self.level >= NESTED_MAX {
            return Err(PackageError::Nested { path: path() });
        }
        let whole = match self.slice(entry) {
            Some(whole) => whole,
            None if self.level > 0 => return Err(PackageError::Inflated { path: path() }),
            None => inflated(entry, self.bytes(entry)?)?,
        };
        Self::at_level(&format!("{}/{}", self.name, entry.path), whole, self.level + 1)
    }

    /// The bytes of an entry by its place in [`Package::entries`], in a package inside others by the
    /// place of each: what [`InputFile::entry_at`](super::InputFile::entry_at) says.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn bytes_at(&self, places: &[usize]) -> Result<InputBytes, PackageError> {
        let gone = || PackageError::Directory(format!("{} has no such file", self.name));
        let (at, deeper) = places.split_first().ok_or_else(gone)?;
        let entry = self.entries.get(*at).ok_or_else(gone)?;
        if deeper.is_empty() { self.bytes(entry) } else { self.nested(entry)?.bytes_at(deeper) }
    }

    /// What findings call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its files, in the order of its directory.
    #[must_use]
    pub fn entries(&self) -> &[PackageEntry] {
        &self.entries
    }

    /// The entry at a path; the last of them where a directory names it twice, as ZIP readers do.
    #[must_use]
    pub fn entry(&self, path: &str) -> Option<&PackageEntry> {
        self.entries.iter().rev().find(|entry| &*entry.path == path)
    }

    /// The bytes of an entry.
    ///
    /// # Errors
    /// When it is packed in a way that cannot be read.
    pub fn bytes(&self, entry: &PackageEntry) -> Result<InputBytes, PackageError> {
        let slice = self.whole.part(entry.offset, entry.packed_length);
        match entry.packing {
            Packing::Stored => Ok(InputBytes::slice(slice)),
            Packing::Deflated => {
                let packed = BufReader::with_capacity(64 * 1024, slice);
                let inflated = flate2::bufread::DeflateDecoder::new(packed).take(entry.length);
                Ok(InputBytes::stream(Box::new(inflated)))
            }
            how => Err(PackageError::Packed { path: entry.path.to_string(), how }),
        }
    }

    /// The bytes of an entry that is stored, in place.
    fn slice(&self, entry: &PackageEntry) -> Option<FileSlice> {
        let is_stored = entry.packing == Packing::Stored;
        is_stored.then(|| self.whole.part(entry.offset, entry.packed_length))
    }
}

/// The bytes of a deflated entry, in a temporary file.
fn inflated(entry: &PackageEntry, bytes: InputBytes) -> Result<FileSlice, PackageError> {
    let io_error = |why| PackageError::Io { path: entry.path.to_string(), why };
    let mut file = tempfile::tempfile().map_err(io_error)?;
    let length = io::copy(&mut bytes.take(INFLATED_MAX + 1), &mut file).map_err(io_error)?;
    if length > INFLATED_MAX {
        return Err(PackageError::Inflated { path: entry.path.to_string() });
    }
    Ok(FileSlice::new(Arc::new(file), 0, length))
}

#[cfg(test)]
mod tests;
