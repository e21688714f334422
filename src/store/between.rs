//! The captures that lie in a part of a WARC file: for who keeps up with the files and has read them up to
//! some place.

use std::io::BufReader;
use std::sync::Arc;

use crate::archive::Capture;
use crate::warc::{ReadOptions, WarcReader};

use super::StoreError;
use super::describe::{Place, entry_of, read_start};
use super::lookup::Reader;

impl Reader {
    /// Calls `found` for each capture of a file whose record begins at `from` or later and before `to`, in
    /// order. `from` is where a record begins, or 0.
    ///
    /// # Errors
    /// When the file cannot be read there. A record that is damaged is passed over.
    pub fn captures_between(
        &self,
        file: &str,
        from: u64,
        to: u64,
        found: &mut dyn FnMut(Capture) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let fail =
            |offset: u64, why: String| StoreError::Record { file: file.to_owned(), offset, why };
        let name: Arc<str> = file.into();
        let bytes = self.files().open(file).map_err(|why| fail(from, why.to_string()))?;
        let options = ReadOptions { file: file.to_owned(), ..ReadOptions::default() };
        let mut reader = WarcReader::seekable(BufReader::with_capacity(256 * 1024, bytes), options);
        let mut first = from > 0;
        let mut reached = from;
        while reached < to {
            let record = if std::mem::take(&mut first) {
                Some(reader.read_at(from).map_err(|why| fail(from, why.to_string()))?)
            } else {
                reader.next_record().map_err(|why| fail(reached, why.to_string()))?
            };
            let Some(mut record) = record else { break };
            let fields = record.header().fields.clone();
            let start = read_start(&fields, &mut record);
            let located = record.skip().map_err(|why| fail(reached, why.to_string()))?;
            if located.offset >= to {
                break;
            }
            let (Ok(start), Some(length), true) = (start, located.length, located.intact) else {
                continue;
            };
            reached = located.offset + length;
            let place = Place { file: Arc::clone(&name), offset: located.offset, length };
            if let Some(entry) = entry_of(&fields, &start, place) {
                found(entry)?;
            }
        }
        Ok(())
    }
}
