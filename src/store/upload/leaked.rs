//! Uploads that a process began and did not note before it was killed: their parts take space, and no ledger names
//! them.
//!
//! An upload is of this archive when its key is that of a WARC file and is below the archive's prefix. It is thrown
//! away when the ledger does not name it and it is so old by the server's clock that the process that began it has
//! ended.

use crate::archive::ObjectError;
use crate::base::Timestamp;

use super::Work;
use crate::store::bucket::is_place;

impl Work {
    /// Aborts leftover uploads from time to time, as far as possible: nothing depends on it. A server that has no such
    /// listing has a rule of its own for them.
    pub(super) fn throw_away_leaked(&self) {
        let now = self.clock.now();
        let is_due = |last: Timestamp| now.since(last) >= self.options.leaked_every;
        if !self.looked.get().is_none_or(is_due) {
            return;
        }
        self.looked.set(Some(now));
        if let Err(why) = self.find_leaked() {
            tracing::debug!(%why, "unfinished uploads of earlier processes were not aborted");
        }
    }

    fn find_leaked(&self) -> Result<(), ObjectError> {
        let uploads = self.objects().uploads()?;
        let there = self.objects().now();
        for upload in uploads.into_iter().filter(|upload| is_place(&upload.key)) {
            let is_old = upload.begun.is_some_and(|at| there.since(at) >= self.options.leaked_age);
            let known = self.ledger().get(&upload.key).ok().flatten();
            let is_known = known.and_then(|entry| entry.upload).as_ref() == Some(&upload.upload);
            if is_old && !is_known {
                self.objects().abort(&upload.key, &upload.upload)?;
                self.progress.change(|counts| counts.aborted += 1);
            }
        }
        Ok(())
    }
}
