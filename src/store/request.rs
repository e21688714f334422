//! The request that a capture answered: a record with it in its file, before or behind.
//!
//! The index has no requests. Programs write the two records of an exchange one right after the other, in either
//! order, and one of them names the other (`WARC-Concurrent-To`, ISO 28500 section 5.7).

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crate::archive::{Bytes, Capture};
use crate::warc::{Fields, ReadOptions, RecordKind, WarcReader};

use super::{Reader, StoreError};

/// How far before a capture the record of its request may begin, in bytes as they are stored.
const BEFORE_BYTES_MAX: u64 = 64 * 1024;
/// How many places there are tried.
const PLACES_MAX: usize = 64;
/// What a record or its member begins with: plain, gzip, zstd.
const BEGINNINGS: [&[u8]; 3] = [b"WARC/1.", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"];

type Open = WarcReader<BufReader<Box<dyn Bytes>>>;

impl Reader {
    /// The bytes of the request that a capture answered, head and body, at most `bytes_max`; `None` where no record
    /// beside it is one, as in files of programs that keep none.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn request_of(
        &self,
        capture: &Capture,
        bytes_max: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let fail = |why: String| StoreError::Record {
            file: capture.file.to_string(),
            offset: capture.offset,
            why,
        };
        let open = || -> Result<Open, StoreError> {
            let file = self.files().open(&capture.file).map_err(|why| fail(why.to_string()))?;
            let options = ReadOptions { file: capture.file.to_string(), ..ReadOptions::default() };
            Ok(WarcReader::seekable(BufReader::with_capacity(64 * 1024, file), options))
        };
        let mut reader = open()?;
        let Some(own) = names_of(&mut reader, capture.offset) else { return Ok(None) };
        let behind = capture.offset.saturating_add(capture.length);
        if let Some((bytes, _)) = request_at(&mut reader, behind, &own, bytes_max) {
            return Ok(Some(bytes));
        }
        let mut file = self.files().open(&capture.file).map_err(|why| fail(why.to_string()))?;
        let places = beginnings(&mut file, capture.offset).map_err(|why| fail(why.to_string()))?;
        for place in places {
            // A reader that found no record is finished.
            let mut reader = open()?;
            if let Some((bytes, end)) = request_at(&mut reader, place, &own, bytes_max)
                && end == Some(capture.offset)
            {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

/// The ids that a record has and names.
struct Names {
    own: Option<String>,
    concurrent_to: Vec<String>,
}

impl Names {
    fn of(fields: &Fields) -> Self {
        let ids = fields.concurrent_to().into_iter();
        Self {
            own: fields.record_id().map(|id| id.uri().to_owned()),
            concurrent_to: ids.map(|id| id.uri().to_owned()).collect(),
        }
    }

    fn names(&self, other: &Self) -> bool {
        other.own.as_ref().is_some_and(|id| self.concurrent_to.contains(id))
    }
}

fn names_of(reader: &mut Open, offset: u64) -> Option<Names> {
    let record = reader.read_at(offset).ok()?;
    Some(Names::of(&record.header().fields))
}

/// The block of a request at a place, and where its record ends; none where there is none of that exchange.
fn request_at(
    reader: &mut Open,
    offset: u64,
    response: &Names,
    bytes_max: u64,
) -> Option<(Vec<u8>, Option<u64>)> {
    let mut record = reader.read_at(offset).ok()?;
    let fields = &record.header().fields;
    if fields.record_kind() != Some(RecordKind::Request) {
        return None;
    }
    let names = Names::of(fields);
    if !names.names(response) && !response.names(&names) {
        return None;
    }
    let mut bytes = Vec::new();
    (&mut record).take(bytes_max).read_to_end(&mut bytes).ok()?;
    let located = record.finish().ok()?;
    Some((bytes, located.length.map(|length| located.offset + length)))
}

/// Where records may begin before an offset, the nearest first.
fn beginnings(file: &mut (impl Read + Seek), offset: u64) -> io::Result<Vec<u64>> {
    let from = offset.saturating_sub(BEFORE_BYTES_MAX);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(offset - from).read_to_end(&mut bytes)?;
    let mut places: Vec<usize> = BEGINNINGS
        .iter()
        .flat_map(|beginning| memchr::memmem::find_iter(&bytes, beginning))
        .collect();
    places.sort_unstable();
    Ok(places.iter().rev().take(PLACES_MAX).map(|place| from + *place as u64).collect())
}
