//! The captures that lie in a part of a WARC file: for a follower that has read the files up to some
//! place.

use std::sync::Arc;

use crate::archive::Capture;

use super::StoreError;
use super::lookup::Reader;
use super::records::Records;

impl Reader {
    /// Calls `found` for each capture of a file whose record begins at `from` or later and before `to`, in
    /// order. `from` is where a record begins, or 0.
    ///
    /// # Errors
    /// When the file cannot be read there. A damaged record is skipped.
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
        let mut records = Records::new(bytes, &name, from, self.reading_of(file));
        let mut reached = from;
        while reached < to {
            let next = records.next().map_err(|why| fail(reached, why.to_string()))?;
            let Some(mut next) = next.filter(|next| next.offset < to) else { break };
            let Some(seen) = next.seen(&name) else { continue };
            reached = seen.end;
            if let Some(capture) = seen.capture {
                found(capture)?;
            }
        }
        Ok(())
    }
}
