//! The payload as it is sent: as it was captured, or with its content coding undone for a client that does
//! not accept it; and where its bytes are stored meanwhile.

use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::body::Bytes;

use super::super::body::Pieces;
use crate::http::Stored;
use crate::store::Loaded;

/// Payloads up to this length are held in memory, longer ones in a temporary file.
const MEMORY_MAX: usize = 4 << 20;
/// How many bytes of a file are read at a time.
const PIECE: u64 = 256 * 1024;
/// How many bytes are needed to recognise a payload.
const PREFIX: usize = 8;

/// A payload that is ready to be sent.
pub struct Payload {
    pub(super) bytes: Held,
    /// The content coding that it still has.
    pub(super) coding: Option<String>,
    pub(super) is_coded: bool,
}

/// Where the bytes of a payload are. Clones share them.
#[derive(Debug, Clone)]
pub enum Held {
    Memory(Bytes),
    /// A part of a temporary file.
    File {
        file: Arc<File>,
        place: Range<u64>,
    },
}

impl Held {
    /// The payload of the record that holds it, without a copy if it has no transfer coding.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(holder: Loaded) -> io::Result<Self> {
        let Some(place) = holder.payload_place() else { return collected(holder.payload()?) };
        Ok(match holder.block {
            Stored::Memory(bytes) => {
                let at = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                let place = at(place.start)..at(place.end);
                Self::Memory(Bytes::from(bytes).slice(place))
            }
            Stored::File(file, _) => Self::File { file, place },
        })
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { place, .. } => place.end - place.start,
        }
    }

    /// All of it, from the first byte on.
    pub fn reader(&self) -> Box<dyn Read + Send + '_> {
        match self {
            Self::Memory(bytes) => Box::new(&bytes[..]),
            Self::File { file, place } => {
                Box::new(FileReader { file, at: place.start, end: place.end })
            }
        }
    }

    /// Its first bytes, by which it is recognised.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn prefix(&self) -> io::Result<Vec<u8>> {
        let mut prefix = Vec::with_capacity(PREFIX);
        self.reader().take(PREFIX as u64).read_to_end(&mut prefix)?;
        Ok(prefix)
    }
}

impl Payload {
    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.bytes.length()
    }

    /// The content coding that it still has.
    pub fn coding(&self) -> Option<&str> {
        self.coding.as_deref()
    }

    /// Whether another client would be sent other bytes.
    pub fn varies(&self) -> bool {
        self.is_coded
    }

    /// Distinguishes the forms of one payload.
    pub fn mark(&self) -> &'static str {
        if self.is_coded && self.coding.is_none() { "-plain" } else { "" }
    }

    /// A part of it: as bytes, or as a source of pieces.
    pub fn part(self, range: Range<u64>) -> Result<Bytes, FilePieces> {
        match self.bytes {
            Held::Memory(bytes) => {
                let at =
                    |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                Ok(bytes.slice(at(range.start)..at(range.end)))
            }
            Held::File { file, place } => {
                let at = |offset: u64| place.start.saturating_add(offset).min(place.end);
                Err(FilePieces { file, at: at(range.start), end: at(range.end) })
            }
        }
    }
}

/// A payload that can only be read from its start.
fn collected(mut payload: Box<dyn Read + Send + '_>) -> io::Result<Held> {
    let mut bytes = Vec::new();
    payload.by_ref().take(MEMORY_MAX as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() <= MEMORY_MAX {
        return Ok(Held::Memory(bytes.into()));
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(&bytes)?;
    let rest = io::copy(&mut payload, &mut file)?;
    file.flush()?;
    Ok(Held::File { file: Arc::new(file), place: 0..bytes.len() as u64 + rest })
}

/// Reads a part of a shared file.
struct FileReader<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for FileReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(out.len());
        let count = self.file.read_at(&mut out[..left], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// Pieces of a file.
pub struct FilePieces {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Pieces for FilePieces {
    fn next(&mut self) -> Option<Result<Bytes, String>> {
        let want = (self.end - self.at).min(PIECE);
        if want == 0 {
            return None;
        }
        let mut piece = vec![0; usize::try_from(want).unwrap_or(0)];
        Some(match self.file.read_exact_at(&mut piece, self.at) {
            Ok(()) => {
                self.at += want;
                Ok(piece.into())
            }
            Err(why) => Err(format!("reading a payload: {why}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_payload_is_given_in_pieces() {
        let long: Vec<u8> =
            (0..MEMORY_MAX + 1000).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"a head").unwrap();
        file.write_all(&long).unwrap();
        let in_block = Held::File { file: Arc::new(file), place: 6..6 + long.len() as u64 };
        for bytes in [collected(Box::new(long.as_slice())).unwrap(), in_block] {
            assert_eq!(bytes.prefix().unwrap(), &long[..PREFIX]);
            let mut all = Vec::new();
            bytes.reader().read_to_end(&mut all).unwrap();
            assert!(all == long);
            let payload = Payload { bytes, coding: None, is_coded: false };
            assert_eq!(payload.length(), long.len() as u64);
            let mut rest = payload.part(100..long.len() as u64 - 7).err().unwrap();
            let mut got = Vec::new();
            while let Some(piece) = rest.next() {
                got.extend_from_slice(&piece.unwrap());
            }
            assert!(got == long[100..long.len() - 7]);
        }
    }
}
