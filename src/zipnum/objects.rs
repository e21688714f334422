//! Ranges of files that are objects.

use std::io;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use super::Ranges;
use crate::archive::{ObjectError, ObjectErrorKind, ObjectInfo, Objects, Pending, received};

/// A longer file is not read in one piece.
const PIECE_BYTES: u64 = 8 << 20;

/// The objects below a prefix.
#[derive(Debug, Clone)]
pub struct ObjectRanges(pub Arc<dyn Objects>);

impl ObjectRanges {
    /// What is known of an object; [`io::ErrorKind::NotFound`] where the bucket exists and has no such object.
    fn there(&self, name: &str) -> io::Result<ObjectInfo> {
        if let Some(there) = self.0.head(name).map_err(|why| self.failed(&why))? {
            return Ok(there);
        }
        // The answer about one object is the same where the whole bucket is missing; a listing tells them apart.
        let listed = self.0.list(name, &mut |_| ControlFlow::Break(()));
        listed.map_err(|why| match why.kind {
            ObjectErrorKind::Missing => io::Error::other(format!("{why}; the bucket must exist")),
            _ => self.failed(&why),
        })?;
        let why = format!("{}/{name} does not exist", self.0.place());
        Err(io::Error::new(io::ErrorKind::NotFound, why))
    }

    fn failed(&self, why: &ObjectError) -> io::Error {
        let kind = match why.kind {
            ObjectErrorKind::Refused => io::ErrorKind::PermissionDenied,
            ObjectErrorKind::Away => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, format!("{}: {why}", self.0.place()))
    }

    fn received(&self, pending: &Pending<Vec<u8>>) -> io::Result<Vec<u8>> {
        received(pending).map_err(|why| self.failed(&why))
    }
}

impl Ranges for ObjectRanges {
    fn whole(&self, name: &str) -> io::Result<Vec<u8>> {
        let there = self.there(name)?;
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < there.bytes {
            let from = bytes.len() as u64;
            let to = (from + PIECE_BYTES).min(there.bytes);
            bytes.extend(self.received(&self.0.read(name, from..to, &there.etag))?);
        }
        Ok(bytes)
    }

    fn range(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        // A file of blocks has a name of its own for each content.
        self.received(&self.0.read(name, range, ""))
    }

    fn version(&self, name: &str) -> io::Result<String> {
        self.there(name).map(|there| there.etag)
    }
}
