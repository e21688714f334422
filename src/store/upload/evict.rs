//! Which local copies are removed, and when.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::{Halt, Sealed, UploadOptions, Work};
use crate::base::Timestamp;
use crate::store::bucket::State;
use crate::store::durable;

impl Work {
    /// Removes the local copies that are too old, and the oldest while they are too many.
    pub(super) fn evict(&self, mut verified: Vec<Sealed>) -> Result<(), Halt> {
        let UploadOptions { local_age_max, local_bytes_max, .. } = self.options;
        if local_age_max.is_none() && local_bytes_max.is_none() {
            return Ok(());
        }
        verified.sort_by(|a, b| (a.modified, &a.file).cmp(&(b.modified, &b.file)));
        let mut held = self.held_bytes();
        let now = self.clock.now();
        for sealed in verified {
            let age = now.since(at(sealed.modified));
            let is_old = local_age_max.is_some_and(|max| age > max);
            let is_much = local_bytes_max.is_some_and(|max| held > max);
            if !is_old && !is_much {
                continue;
            }
            if self.is_stopped() {
                return Err(Halt::Stopped);
            }
            self.evict_one(&sealed)?;
            held = held.saturating_sub(sealed.bytes);
        }
        Ok(())
    }

    /// Removes one local copy, after checking its object again.
    fn evict_one(&self, sealed: &Sealed) -> Result<(), Halt> {
        let Some(entry) = self.ledger().get(&sealed.file)? else { return Ok(()) };
        let there = self.objects().head(&sealed.file)?;
        let is_there = there.as_ref().is_some_and(|there| {
            let is_same = there.etag.is_empty() || there.etag == entry.etag;
            there.bytes == entry.bytes && is_same
        });
        if !is_there {
            self.note(sealed, State::Local, None, None)?;
            return Err(Halt::File(format!(
                "{}: its object in {} was removed or replaced after its verification; the file stays here",
                sealed.file,
                self.objects().place()
            )));
        }
        let removed = fs::remove_file(&sealed.path);
        removed.and_then(|()| durable::sync_dir(sealed.path.parent().unwrap_or(Path::new("."))))?;
        Ok(())
    }

    /// How many bytes of WARC files are on the local disk, including those that are being written.
    fn held_bytes(&self) -> u64 {
        let files = self.layout.warc_files().unwrap_or_default();
        files.iter().filter_map(|path| fs::metadata(path).ok()).map(|about| about.len()).sum()
    }
}

pub(super) fn at(time: SystemTime) -> Timestamp {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
