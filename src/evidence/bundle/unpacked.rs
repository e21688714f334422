//! The files of a bundle, from its zip or from the folder that it was unpacked into, with limits.
//!
//! Programs that unpack zips treat unusual zips differently: two entries of one name, names that
//! differ between an entry and the directory, bytes before, between and after entries, links. A zip
//! is therefore read as strictly as it is written: entry after entry from the first byte, each as
//! the directory says, then the directory, then its end (APPNOTE 4.3). Anything else is not the
//! original file.
//!
//! Memory: what is packed may unpack to [`TEXT_BYTES_MAX`] in all; what is stored is as long as the
//! file itself.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use flate2::{Crc, read::DeflateDecoder};

use super::super::EvidenceError;
use super::super::error::{damaged, io as disk};
use super::zipped::{Contents, TEXT_BYTES_MAX};
use crate::base::little_endian::{u16_at, u32_at};

/// The most files in a bundle.
const FILES_MAX: usize = 10_000;
/// The longest name.
const NAME_BYTES_MAX: usize = 200;
/// The most bytes of a folder that are taken for a bundle: what a zip without 64-bit fields holds.
const FOLDER_BYTES_MAX: u64 = u32::MAX as u64;

const END_LEN: usize = 22;
const ENTRY_LEN: usize = 46;
const LOCAL_LEN: usize = 30;

/// Reads the files of a bundle.
///
/// # Errors
/// When it cannot be read, is not a zip as this program writes it, or holds more than a bundle
/// does.
pub fn read_bundle(path: &Path) -> Result<Contents, EvidenceError> {
    let name = path.display().to_string();
    if path.is_dir() {
        return folder(path);
    }
    let file = File::open(path).map_err(disk("opening", path))?;
    let length = file.metadata().map_err(disk("reading", path))?.len();
    match (Zip { file, length }).contents() {
        Ok(contents) => Ok(contents),
        Err(Wrong::Disk(why)) => Err(disk("reading", path)(why)),
        Err(Wrong::Form(why)) => Err(damaged(&name, why)),
    }
}

/// Why a zip was not read.
enum Wrong {
    Disk(io::Error),
    Form(String),
}

impl From<io::Error> for Wrong {
    fn from(why: io::Error) -> Self {
        Self::Disk(why)
    }
}

fn form<T>(why: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong::Form(why.into()))
}

/// The error for a zip that another program made of the same files.
const REPACKED: &str =
    "; if another program packed the files again, unpack them into an empty folder and check that";

struct Zip {
    file: File,
    length: u64,
}

/// An entry of the directory.
struct Entry {
    name: String,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    length: u32,
    at: u32,
}

/// Whether a file of a bundle may have this name: it stays below the folder that it is unpacked
/// into, and means the same on every system.
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    name.len() <= NAME_BYTES_MAX && name.split('/').all(is_part)
}

impl Zip {
    fn read(&self, at: u64, length: usize) -> Result<Vec<u8>, Wrong> {
        if at.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return form("it ends before what its directory names");
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }

    fn contents(&self) -> Result<Contents, Wrong> {
        let Some(end_at) = self.length.checked_sub(END_LEN as u64) else {
            return form("it is no zip: it is too short");
        };
        let end = self.read(end_at, END_LEN)?;
        if !end.starts_with(b"PK\x05\x06") {
            return form(format!("it is no zip that ends with its directory{REPACKED}"));
        }
        let (count, length, at) = (u16_at(&end, 10), u32_at(&end, 12), u32_at(&end, 16));
        let plain = end[4..8] == [0; 4] && u16_at(&end, 8) == count && u16_at(&end, 20) == 0;
        if !plain || u64::from(at) + u64::from(length) != end_at {
            return form(format!("its directory is not where it was written{REPACKED}"));
        }
        if usize::from(count) > FILES_MAX {
            return form("it holds more files than a bundle does");
        }
        let directory = self.read(u64::from(at), usize::try_from(length).unwrap_or(0))?;
        let entries = entries(&directory, count)?;
        let (mut position, mut left) = (0_u64, TEXT_BYTES_MAX);
        let mut contents = Contents::new();
        for entry in &entries {
            if u64::from(entry.at) != position {
                return form(format!(
                    "{} does not follow on the file before it{REPACKED}",
                    entry.name
                ));
            }
            let bytes = self.entry(entry, &mut left)?;
            contents.push((entry.name.clone(), bytes));
            position += (LOCAL_LEN + entry.name.len()) as u64 + u64::from(entry.packed);
        }
        if position != u64::from(at) {
            return form(format!("there are bytes between its files and its directory{REPACKED}"));
        }
        Ok(contents)
    }

    /// The bytes of an entry, whose own header says what the directory says.
    fn entry(&self, entry: &Entry, left: &mut u64) -> Result<Vec<u8>, Wrong> {
        let name = &entry.name;
        let at = u64::from(entry.at);
        let local = self.read(at, LOCAL_LEN + name.len())?;
        let same = local.starts_with(b"PK\x03\x04")
            && u16_at(&local, 6) == entry.flags
            && u16_at(&local, 8) == entry.method
            && u32_at(&local, 14) == entry.crc
            && u32_at(&local, 18) == entry.packed
            && u32_at(&local, 22) == entry.length
            && usize::from(u16_at(&local, 26)) == name.len()
            && u16_at(&local, 28) == 0
            && local.get(LOCAL_LEN..) == Some(name.as_bytes());
        if !same {
            return form(format!("{name} is said to be something else in the directory{REPACKED}"));
        }
        let from = at + local.len() as u64;
        let packed = u64::from(entry.packed);
        if from + packed > self.length {
            return form(format!("{name} is cut"));
        }
        let length = u64::from(entry.length);
        let bytes = match entry.method {
            0 if entry.packed == entry.length => {
                self.read(from, usize::try_from(length).unwrap_or(0))?
            }
            8 => {
                *left = left.checked_sub(length).ok_or_else(|| {
                    Wrong::Form(format!(
                        "{name} claims {length} bytes; the texts of a bundle have {} at most",
                        TEXT_BYTES_MAX
                    ))
                })?;
                self.inflate(name, from, packed, length)?
            }
            _ => return form(format!("{name} is not packed as files of a bundle are")),
        };
        let mut crc = Crc::new();
        crc.update(&bytes);
        if crc.sum() != entry.crc {
            return form(format!("{name} does not have the checksum that the zip states"));
        }
        Ok(bytes)
    }

    fn inflate(&self, name: &str, at: u64, packed: u64, length: u64) -> Result<Vec<u8>, Wrong> {
        let input = self.read(at, usize::try_from(packed).unwrap_or(0))?;
        let mut inflater = DeflateDecoder::new(input.as_slice());
        let mut bytes = Vec::new();
        let inflated = inflater.by_ref().take(length + 1).read_to_end(&mut bytes);
        let whole = inflated.is_ok() && bytes.len() as u64 == length;
        if !whole || inflater.total_in() != packed {
            return form(format!(
                "{name} does not unpack to the {length} bytes that the zip states"
            ));
        }
        Ok(bytes)
    }
}

fn entries(directory: &[u8], count: u16) -> Result<Vec<Entry>, Wrong> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut rest = directory;
    for _ in 0..count {
        let name_len = usize::from(u16_at(rest, 28));
        let (Some(head), Some(name)) =
            (rest.get(..ENTRY_LEN), rest.get(ENTRY_LEN..ENTRY_LEN + name_len))
        else {
            return form("its directory is cut");
        };
        if !head.starts_with(b"PK\x01\x02") {
            return form("its directory is damaged");
        }
        let Some(name) = std::str::from_utf8(name).ok().filter(|name| is_name(name)) else {
            let name = String::from_utf8_lossy(name).escape_debug().to_string();
            return form(format!("{name:?} is no name of a file in a bundle{REPACKED}"));
        };
        // Some systems treat names that differ only in case as the same.
        if !seen.insert(name.to_ascii_lowercase()) {
            return form(format!("{name} is there twice"));
        }
        let flags = u16_at(head, 8);
        // Bit 11 says that names are UTF-8. No extra field, no comment, one disk.
        let plain = flags & !0x0800 == 0 && head[30..36] == [0; 6];
        let mode = u32_at(head, 38) >> 16;
        let is_file = matches!(mode & 0o170_000, 0 | 0o100_000) && head[38] & 0x10 == 0;
        if !plain || !is_file {
            return form(format!("{name} is no plain file{REPACKED}"));
        }
        entries.push(Entry {
            name: name.to_owned(),
            flags,
            method: u16_at(head, 10),
            crc: u32_at(head, 16),
            packed: u32_at(head, 20),
            length: u32_at(head, 24),
            at: u32_at(head, 42),
        });
        rest = &rest[ENTRY_LEN + name_len..];
    }
    if !rest.is_empty() {
        return form(format!("its directory holds more than it says{REPACKED}"));
    }
    Ok(entries)
}

/// The files of a folder; links and anything that is not a file are not part of a bundle.
fn folder(root: &Path) -> Result<Contents, EvidenceError> {
    let name = root.display().to_string();
    let (mut contents, mut left) = (Contents::new(), FOLDER_BYTES_MAX);
    let mut dirs = vec![String::new()];
    while let Some(dir) = dirs.pop() {
        let path = root.join(&dir);
        for entry in std::fs::read_dir(&path).map_err(disk("listing", &path))? {
            let entry = entry.map_err(disk("listing", &path))?;
            let kind = entry.file_type().map_err(disk("reading", &entry.path()))?;
            let own = entry.file_name().to_string_lossy().into_owned();
            let below = if dir.is_empty() { own } else { format!("{dir}/{own}") };
            if kind.is_dir() && dir.is_empty() {
                dirs.push(below);
                continue;
            }
            if !kind.is_file() || !is_name(&below) {
                let what = format!("{} is no file of a bundle", below.escape_debug());
                return Err(damaged(&name, what));
            }
            let length = entry.metadata().map_err(disk("reading", &entry.path()))?.len();
            left = left
                .checked_sub(length)
                .filter(|_| contents.len() < FILES_MAX)
                .ok_or_else(|| damaged(&name, "the folder holds more than a bundle does"))?;
            let bytes = std::fs::read(entry.path()).map_err(disk("reading", &entry.path()))?;
            contents.push((below, bytes));
        }
    }
    contents.sort();
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::super::zipped::write_zip;
    use super::*;

    fn contents() -> Contents {
        let text = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
        vec![
            text("certificate.html", &"<p>what is claimed</p>".repeat(50)),
            text("capture.warc.gz", "stored bytes"),
            text("leaves/01.txt", "a leaf"),
        ]
    }

    fn said(path: &Path, bytes: &[u8]) -> String {
        std::fs::write(path, bytes).unwrap();
        read_bundle(path).map(|_| ()).map_err(|e| e.to_string()).unwrap_err()
    }

    #[test]
    fn a_zip_reads_back_as_it_was_written_and_so_does_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        write_zip(&path, &contents()).unwrap();
        assert_eq!(read_bundle(&path).unwrap(), contents());
        let folder = dir.path().join("folder");
        for (name, bytes) in contents() {
            let file = folder.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
        let mut sorted = contents();
        sorted.sort();
        assert_eq!(read_bundle(&folder).unwrap(), sorted);
        std::os::unix::fs::symlink("/etc/hostname", folder.join("leaves/02.txt")).unwrap();
        assert!(read_bundle(&folder).unwrap_err().to_string().contains("leaves/02.txt is no file"));
    }

    /// Each of these is read as other files by some program, or holds hidden bytes.
    #[test]
    fn a_zip_that_may_be_read_in_two_ways_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        write_zip(&path, &contents()).unwrap();
        let sound = std::fs::read(&path).unwrap();
        let same = contents()[..2].to_vec();
        let other = ("CAPTURE.warc.gz".to_owned(), b"forged".to_vec());
        write_zip(&path, &[same, vec![other]].concat()).unwrap();
        let twice = std::fs::read(&path).unwrap();
        assert!(said(&path, &twice).contains("CAPTURE.warc.gz is there twice"));
        for at in 0..sound.len() {
            for bit in [1, 0x10, 0x80] {
                let mut bytes = sound.clone();
                bytes[at] ^= bit;
                std::fs::write(&path, &bytes).unwrap();
                if let Ok(read) = read_bundle(&path) {
                    // Versions and times, which change nothing that is unpacked.
                    assert_eq!(read, contents(), "byte {at}, bit {bit}");
                }
            }
        }
        let directory = u32_at(&sound, sound.len() - 6) as usize;
        let insert = |at: usize, what: &[u8]| [&sound[..at], what, &sound[at..]].concat();
        for at in [0, directory, sound.len() - END_LEN, sound.len()] {
            let why = said(&path, &insert(at, b"#!/bin/sh\n"));
            assert!(why.contains("packed the files again"), "{at}: {why}");
        }
        for length in 0..sound.len() {
            assert!(!said(&path, &sound[..length]).is_empty());
        }
    }

    #[test]
    fn names_that_leave_the_folder_or_mean_something_else_are_none() {
        for name in ["a", "leaves/01.txt", "timestamps/tsa.example_ts.tsr"] {
            assert!(is_name(name), "{name}");
        }
        for name in
            ["", "/a", "../a", "a/../b", "a//b", "a/", ".a", "a\\b", "C:a", "a b", "\u{e9}", "a\0"]
        {
            assert!(!is_name(name), "{name:?}");
        }
    }

    /// A few megabytes that claim four gigabytes cost no more than they are.
    #[test]
    fn what_a_zip_claims_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        write_zip(&path, &contents()).unwrap();
        let sound = std::fs::read(&path).unwrap();
        let directory = u32_at(&sound, sound.len() - 6) as usize;
        let mut bytes = sound;
        for at in [22, directory + 24] {
            bytes[at..at + 4].copy_from_slice(&[0xff; 4]);
        }
        let why = said(&path, &bytes);
        assert!(why.contains("certificate.html claims 4294967295 bytes"), "{why}");
        // What unpacks to more than it claims.
        let many = vec![("certificate.html".to_owned(), vec![b'a'; 1 << 20])];
        write_zip(&path, &many).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let directory = u32_at(&bytes, bytes.len() - 6) as usize;
        for at in [22, directory + 24] {
            bytes[at..at + 4].copy_from_slice(&7_u32.to_le_bytes());
        }
        assert!(said(&path, &bytes).contains("does not unpack to the 7 bytes"));
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(0u8.., 0..200)) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.zip");
            let mut end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0".to_vec();
            end[12] = u8::try_from(bytes.len()).unwrap_or(255);
            let _ = said_of(&path, &bytes);
            let _ = said_of(&path, &[bytes, end].concat());
        }
    }

    fn said_of(path: &Path, bytes: &[u8]) -> Result<Contents, EvidenceError> {
        std::fs::write(path, bytes).unwrap();
        read_bundle(path)
    }
}
