//! A ZIP file that holds WARC files: a WACZ, or any other.
//!
//! Owns the list of its entries and their bytes: where an entry is stored, it is read in place and
//! can seek; a deflated one is inflated as a stream. What `datapackage.json` says of them is checked
//! in [`Package::check`]. Deliberately reads no index and no page list: they are small files
//! for the caller ([`Package::read`]).
//!
//! WACZ 1.1.1 (and the 1.2 draft), ZIP APPNOTE 6.3.10. Encrypted entries, and those packed in
//! another way than stored or deflated, are refused one by one.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use super::input::InputBytes;
use super::input::slice::FileSlice;

mod check;
mod directory;
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
    #[error("{path} is {how}, which cannot be read")]
    Packed {
        /// The entry.
        path: String,
        /// `encrypted`, or the method's number.
        how: String,
    },
    /// There is no such file in it.
    #[error("there is no {path} in the package")]
    Missing {
        /// The path that was asked for.
        path: String,
    },
    /// The file in it is longer than the caller takes.
    #[error("{path} is longer than {max} bytes")]
    TooLong {
        /// The entry.
        path: String,
        /// The limit in bytes.
        max: u64,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packing {
    /// Its bytes as they are.
    Stored,
    /// Deflated (RFC 1951).
    Deflated,
    /// In a way that cannot be read here, and which.
    Other(String),
}

/// One file in a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageEntry {
    /// Its path, as the ZIP directory says. It is a name only: nothing is ever written there.
    pub path: String,
    /// How it is packed.
    pub packing: Packing,
    /// Its length in bytes when unpacked, as the directory says.
    pub length: u64,
    /// Its length as it lies in the package.
    pub packed_length: u64,
    /// The CRC-32 of its bytes, as the directory says.
    pub crc32: u32,
    /// The offset of its first byte in the package.
    pub offset: u64,
}

impl PackageEntry {
    /// Whether it is read for records: it lies in `archive/`, or its name ends as one does.
    #[must_use]
    pub fn holds_records(&self) -> bool {
        let path = self.path.to_ascii_lowercase();
        let stem = [".gz", ".zst"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(&path);
        let named = stem.ends_with(".warc") || stem.ends_with(".arc");
        !path.ends_with('/') && (path.starts_with("archive/") || named)
    }
}

/// A package that is open.
#[derive(Debug)]
pub struct Package {
    name: String,
    file: Arc<File>,
    entries: Vec<PackageEntry>,
}

impl Package {
    /// Reads the directory of a ZIP file of `length` bytes.
    pub(super) fn open(name: &str, file: Arc<File>, length: u64) -> Result<Self, PackageError> {
        let whole = FileSlice::new(Arc::clone(&file), 0, length);
        let entries = directory::read(&whole, length)?;
        Ok(Self { name: name.to_owned(), file, entries })
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
        self.entries.iter().rev().find(|entry| entry.path == path)
    }

    /// The bytes of an entry.
    ///
    /// # Errors
    /// When it is packed in a way that cannot be read.
    pub fn bytes(&self, entry: &PackageEntry) -> Result<InputBytes, PackageError> {
        let slice = FileSlice::new(Arc::clone(&self.file), entry.offset, entry.packed_length);
        match &entry.packing {
            Packing::Stored => Ok(InputBytes::slice(slice)),
            Packing::Deflated => {
                let packed = BufReader::with_capacity(64 * 1024, slice);
                let inflated = flate2::bufread::DeflateDecoder::new(packed).take(entry.length);
                Ok(InputBytes::stream(Box::new(inflated)))
            }
            Packing::Other(how) => {
                Err(PackageError::Packed { path: entry.path.clone(), how: how.clone() })
            }
        }
    }

    /// The whole of a small file, such as `datapackage.json` or `pages/pages.jsonl`.
    ///
    /// # Errors
    /// When it is not there, is longer than `max` bytes, or cannot be unpacked.
    pub fn read(&self, path: &str, max: u64) -> Result<Vec<u8>, PackageError> {
        let missing = || PackageError::Missing { path: path.to_owned() };
        let entry = self.entry(path).ok_or_else(missing)?;
        let mut bytes = Vec::new();
        self.bytes(entry)?
            .take(max.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|why| PackageError::Io { path: path.to_owned(), why })?;
        if bytes.len() as u64 > max {
            return Err(PackageError::TooLong { path: path.to_owned(), max });
        }
        Ok(bytes)
    }
}
