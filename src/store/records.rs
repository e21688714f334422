//! The whole records of a part of a WARC file, each with its index entry: for the followers of the files.

use std::io::{BufReader, Read, Seek};
use std::sync::Arc;

use crate::archive::{Capture, Seen};
use crate::base::Finding;
use crate::warc::{ReadError, ReadOptions, WarcReader};

use super::describe::{Place, count_payload, entry_of, has_payload, read_start};

/// After this many records a follower commits: some thousand captures, each with its request.
pub(super) const RECORDS_BETWEEN_COMMITS: u64 = 2_000;

/// A record of a file, and whether it is whole.
pub(super) struct Found {
    pub offset: u64,
    /// Where it ends; `None` where it is damaged, cut or shares its member with others.
    pub end: Option<u64>,
    header: Vec<u8>,
    capture: Option<Capture>,
}

impl Found {
    /// As a follower gets it; `None` where it is not whole.
    pub fn seen<'a>(&'a mut self, file: &'a Arc<str>) -> Option<Seen<'a>> {
        let end = self.end?;
        let capture = self.capture.take();
        Some(Seen { file, offset: self.offset, end, header: &self.header, capture })
    }
}

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Blocks are passed over by the lengths that members state, and checksums are not compared: for
    /// sealed files of our own.
    ByLength,
    /// Every block is read.
    Whole,
    /// Every block is read, and records are searched for inside a block with a wrong length: for files of
    /// other programs, which are no longer written.
    Searching,
}

/// The records of a file from a place on.
pub(super) struct Records<R: Read> {
    reader: WarcReader<BufReader<R>>,
    file: Arc<str>,
    from: Option<u64>,
    reading: Reading,
}

impl<R: Read + Seek + Send> Records<R> {
    /// The records of a file from the one that begins at `from` on, or from its start with 0.
    pub fn new(input: R, file: &Arc<str>, from: u64, reading: Reading) -> Self {
        let options = ReadOptions {
            file: file.to_string(),
            skip_by_length: reading == Reading::ByLength,
            search_blocks: reading == Reading::Searching,
            ..ReadOptions::default()
        };
        let input = BufReader::with_capacity(256 * 1024, input);
        let reader = WarcReader::seekable(input, options);
        Self { reader, file: Arc::clone(file), from: Some(from).filter(|from| *from > 0), reading }
    }

    /// The next record; `None` at the end.
    ///
    /// # Errors
    /// When the input cannot be read, or no record begins at the first place.
    pub fn next(&mut self) -> Result<Option<Found>, ReadError> {
        let record = match self.from.take() {
            Some(from) => Some(self.reader.read_at(from)?),
            None => self.reader.next_record()?,
        };
        let Some(mut record) = record else { return Ok(None) };
        let header = record.take_header();
        let start = read_start(&header.fields, &mut record);
        // Files of other programs may state none, ARC files cannot: identical captures are found by it.
        let states_none =
            self.reading == Reading::Searching && header.fields.payload_digest().is_none();
        let counted = match (&start, states_none) {
            (Ok(start), true) if has_payload(&header.fields) => {
                count_payload(&header.fields, start, &mut record).ok()
            }
            _ => None,
        };
        let located = record.skip()?;
        let (offset, length) = (located.offset, located.length.filter(|_| located.intact));
        let (Ok(start), Some(length)) = (start, length) else {
            return Ok(Some(Found { offset, end: None, header: header.raw, capture: None }));
        };
        let place = Place { file: Arc::clone(&self.file), offset, length };
        let capture = entry_of(&header.fields, &start, place)
            .map(|capture| Capture { digest: capture.digest.or(counted), ..capture });
        Ok(Some(Found { offset, end: Some(offset + length), header: header.raw, capture }))
    }

    /// What was found wrong since this was last asked.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        self.reader.take_findings()
    }
}
