//! WARC files in an object storage: which of the archive's sealed files are there, and reading those that lie
//! nowhere else.
//!
//! In reading order: what is known of every file ([`Ledger`]), blocks that were read lately (`cache`), and a file that
//! is read by ranges (`file`). What sends files there is [`upload`](super::upload).

mod cache;
mod file;
mod ledger;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::archive::{Bytes, ObjectError, ObjectErrorKind, Objects};

use self::cache::Cache;
use self::file::RemoteFile;

pub(super) use file::hex;
pub(super) use ledger::is_place;
pub use ledger::{Entry, Ledger, State};

/// How objects are read.
#[derive(Debug, Clone, Copy)]
pub struct BucketOptions {
    /// How many bytes of blocks are kept on the local disk.
    pub cache_bytes_max: u64,
    /// How many requests for one file are under way at once.
    pub requests_max: usize,
}

impl Default for BucketOptions {
    fn default() -> Self {
        Self { cache_bytes_max: 1 << 30, requests_max: 4 }
    }
}

/// The object storage of an archive, to read from.
#[derive(Debug)]
pub struct Bucket {
    objects: Arc<dyn Objects>,
    cache: Cache,
    options: BucketOptions,
    /// The digests of files that were read from their start to their end.
    digests: Mutex<HashMap<String, String>>,
    /// How many reads the storage did not answer, and the reason for the last.
    unanswered: Mutex<(u64, String)>,
}

impl Bucket {
    /// The objects behind `objects`; blocks that were read lately are kept in `cache_dir`.
    #[must_use]
    pub fn new(objects: Arc<dyn Objects>, cache_dir: &Path, options: BucketOptions) -> Self {
        let cache = Cache::new(cache_dir, options.cache_bytes_max);
        let unanswered = Mutex::default();
        Self { objects, cache, options, digests: Mutex::default(), unanswered }
    }

    /// The objects.
    #[must_use]
    pub fn objects(&self) -> &Arc<dyn Objects> {
        &self.objects
    }

    /// The object of a file, to read from any place in it.
    pub(super) fn open(self: &Arc<Self>, entry: Entry) -> Box<dyn Bytes> {
        Box::new(RemoteFile::new(Arc::clone(self), entry))
    }

    /// Whether the object of a file is there, without reading it.
    ///
    /// # Errors
    /// When it is not, or the storage does not answer.
    pub(super) fn probe(&self, file: &str) -> io::Result<()> {
        let place = || format!("{}/{file}", self.objects.place());
        match self.objects.head(file) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("{}: there is no such object", place()),
            )),
            Err(why) => {
                self.note_unanswered(&place(), &why);
                Err(io_error(&place(), &why))
            }
        }
    }

    /// The SHA-256 of what was read last of a file from its start to its end, and no longer after that.
    pub(super) fn take_digest(&self, file: &str) -> Option<String> {
        self.digests.lock().unwrap_or_else(PoisonError::into_inner).remove(file)
    }

    pub(super) fn digest_of(&self, file: &str) -> Option<String> {
        self.digests.lock().unwrap_or_else(PoisonError::into_inner).get(file).cloned()
    }

    /// How many reads the storage has refused or not answered so far. Missing and changed objects are damage and not
    /// counted.
    pub(super) fn unanswered(&self) -> u64 {
        self.unanswered.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Why the last of them was not answered, where there were more than `before`.
    pub(super) fn unanswered_since(&self, before: u64) -> Option<String> {
        let (count, why) = &*self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        (*count > before).then(|| why.clone())
    }

    fn note_unanswered(&self, place: &str, why: &ObjectError) {
        // A bucket that is not there is one that the settings, or its owner, have to bring back.
        let is_damage = match why.kind {
            ObjectErrorKind::Missing => !why.to_string().contains("NoSuchBucket"),
            ObjectErrorKind::Changed | ObjectErrorKind::Exists => true,
            _ => false,
        };
        if !is_damage {
            let mut unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
            *unanswered =
                (unanswered.0 + 1, format!("{place} cannot be read at the moment: {why}"));
        }
    }

    fn keep_digest(&self, file: &str, sha256: String) {
        self.digests.lock().unwrap_or_else(PoisonError::into_inner).insert(file.to_owned(), sha256);
    }
}

/// The failure of an object as one of a file.
fn io_error(place: &str, why: &ObjectError) -> io::Error {
    let kind = match why.kind {
        ObjectErrorKind::Missing => io::ErrorKind::NotFound,
        ObjectErrorKind::Refused => io::ErrorKind::PermissionDenied,
        ObjectErrorKind::Away => io::ErrorKind::TimedOut,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, format!("{place}: {why}"))
}
