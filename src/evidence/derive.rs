//! The leaves that a WARC file gives: every record, in order, from its header alone.
//!
//! Blocks are not unpacked where the member states its length: the header's digests stand for them,
//! and `verify` proves those. Only a record whose header has no block digest is read to its end.

use std::io::{self, BufReader};
use std::path::Path;

pub(super) use super::kept::Derived;
use super::kept::LeafReader;
use super::leaf::{entry_of, record_text};
use crate::archive::Bytes;
use crate::base::{DigestAlgorithm, Hasher};
use crate::store::Layout;
use crate::store::layout::is_imported;
use crate::warc::{Located, ReadError, ReadOptions, RecordReader, WarcReader, name};

/// Reads the records of one file.
pub(super) struct Deriver(Source);

enum Source {
    Records {
        reader: Box<WarcReader<BufReader<Box<dyn Bytes>>>>,
        /// Where reading begins, and whether that record is wanted itself.
        from: Option<(u64, u32)>,
    },
    /// Leaves that were made when the file was read just now.
    Kept(LeafReader),
}

fn other(why: ReadError) -> io::Error {
    match why {
        ReadError::Io { source, .. } => source,
        other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
    }
}

impl Deriver {
    /// The records of a file, from its start, or after the one at `after`.
    pub fn open(layout: &Layout, path: &Path, after: Option<(u64, u32)>) -> io::Result<Self> {
        let file = path.display().to_string();
        // The lengths that other programs state may be wrong.
        let search_blocks = is_imported(path);
        let skip_by_length = !search_blocks;
        let options = ReadOptions { file, skip_by_length, search_blocks, ..ReadOptions::default() };
        let input = BufReader::with_capacity(256 * 1024, layout.open_file(path)?);
        let reader = Box::new(WarcReader::seekable(input, options));
        Ok(Self(Source::Records { reader, from: after }))
    }

    /// The records of a file whose leaves were kept.
    pub fn kept(leaves: LeafReader) -> Self {
        Self(Source::Kept(leaves))
    }

    /// The next whole record; none at the end, or where the file is cut.
    pub fn next(&mut self) -> io::Result<Option<Derived>> {
        let (reader, from) = match &mut self.0 {
            Source::Records { reader, from } => (reader, from),
            Source::Kept(leaves) => return leaves.next(),
        };
        if let Some((offset, within)) = from.take() {
            let record = reader.read_within(offset, u64::from(within)).map_err(other)?;
            record.skip().map_err(other)?;
        }
        while let Some(record) = reader.next_record().map_err(other)? {
            // An incomplete record was never acknowledged, or is damage that `verify` reports.
            if let Some(derived) = leaf_of(record)? {
                return Ok(Some(derived));
            }
        }
        Ok(None)
    }
}

fn leaf_of<R: io::Read>(mut record: RecordReader<'_, R>) -> io::Result<Option<Derived>> {
    let header = record.take_header();
    let block = match header.fields.contains(name::BLOCK_DIGEST) {
        true => None,
        false => count(&mut record),
    };
    let Located { offset, length, within, intact } = record.skip().map_err(other)?;
    let (true, Ok(within)) = (intact, u32::try_from(within)) else { return Ok(None) };
    let entry = entry_of(&record_text(&header.fields, &header.raw, block.as_deref()));
    let end = length.map_or(0, |length| offset + length);
    Ok(Some(Derived::of(&header.fields, (offset, within, end), entry)))
}

/// The digest of a block that its header does not state; none where it cannot be read.
fn count<R: io::Read>(record: &mut RecordReader<'_, R>) -> Option<String> {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    io::copy(record, &mut hasher).ok()?;
    Some(hasher.finish().to_string())
}

/// The entries of all records of a file.
#[cfg(test)]
pub(super) fn entries_of(layout: &Layout, path: &Path) -> Vec<[u8; super::leaf::ENTRY_LEN]> {
    let mut deriver = Deriver::open(layout, path, None).unwrap();
    std::iter::from_fn(|| deriver.next().unwrap()).map(|derived| derived.entry).collect()
}
