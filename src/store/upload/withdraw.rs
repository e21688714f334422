//! Files that return to the local disk, and objects that are removed by order.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use super::{Halt, Sealed, UploadOptions, Work};
use crate::archive::{ChangeableObjects, Erased, ObjectError, Objects};
use crate::base::{Clock, DigestAlgorithm, Hasher, Timestamp};
use crate::store::bucket::{Bucket, BucketOptions, Entry, hex};
use crate::store::durable::{make_dirs, make_whole};
use crate::store::{Layout, Lock};

/// Why an object was not removed.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// The storage does not do it.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The local disk does not do it.
    #[error("{0}")]
    Disk(#[from] io::Error),
}

/// Brings a sealed file that is in the object storage alone back to the disk, compared with the SHA-256 that it was
/// sent with; whether it was brought. The object stays, and counts as before.
///
/// # Errors
/// When it cannot be read or written, or has another SHA-256; nothing is there then that was not there before.
pub fn take_home(layout: &Layout, _writer: &Lock, path: &Path) -> io::Result<bool> {
    if path.exists() {
        return Ok(false);
    }
    let entry = layout.elsewhere(path)?;
    let wanted = entry.as_ref().and_then(|entry| entry.sha256.clone());
    let mut from = layout.open_file(path)?;
    if let Some(folder) = path.parent() {
        make_dirs(folder)?;
    }
    make_whole(
        path,
        |why| why,
        |mut file| {
            let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
            let mut piece = vec![0; 1 << 20];
            loop {
                let count = from.read(&mut piece)?;
                if count == 0 {
                    break;
                }
                hasher.update(&piece[..count]);
                file.write_all(&piece[..count])?;
            }
            let read = hex(hasher.finish().as_bytes());
            match wanted {
                Some(wanted) if wanted != read => Err(io::Error::other(format!(
                    "its object has the SHA-256 {read}, and was sent with {wanted}"
                ))),
                _ => Ok(()),
            }
        },
    )?;
    Ok(true)
}

/// Marks a file on the local disk as one that is nowhere else: nothing relies on its object any more, and no
/// process evicts it. Parts of an unfinished upload are aborted.
///
/// # Errors
/// When that cannot be written, or the parts are still there.
pub fn set_local(
    layout: &Layout,
    objects: &dyn Objects,
    _writer: &Lock,
    place: &str,
    now: Timestamp,
) -> Result<(), WithdrawError> {
    let known = layout.ledger().get(place)?;
    if let Some(upload) = known.and_then(|entry| entry.upload) {
        objects.abort(place, &upload)?;
    }
    let entry = Entry { file: place.to_owned(), ..super::trouble(None, now) };
    Ok(layout.ledger().put(&entry)?)
}

/// Removes the object of a file that was rewritten, with every version that the bucket keeps of it, unless the file
/// as it is now was sent already.
///
/// # Errors
/// When the storage does not do it; some versions may be gone then.
pub fn erase(
    layout: &Layout,
    objects: &dyn ChangeableObjects,
    _writer: &Lock,
    place: &str,
) -> Result<Option<Erased>, WithdrawError> {
    let known = layout.ledger().get(place)?;
    if known.is_some_and(|entry| entry.is_there()) {
        return Ok(None);
    }
    Ok(Some(objects.erase(place)?))
}

/// Sends one sealed file that is here, and reads it back.
///
/// # Errors
/// Why that was not done, as text; a run of a crawl continues with it.
pub fn send(
    layout: &Layout,
    options: UploadOptions,
    clock: Arc<dyn Clock>,
    _writer: &Lock,
    place: &str,
) -> Result<(), String> {
    let Some(bucket) = layout.bucket() else { return Ok(()) };
    let path = layout.root().join(place);
    let about = fs::metadata(&path).map_err(|why| format!("{place}: {why}"))?;
    let modified = about.modified().unwrap_or(std::time::SystemTime::UNIX_EPOCH);
    let sealed = Sealed { file: place.to_owned(), path, bytes: about.len(), modified };
    let work = Work::new(layout.clone(), Arc::clone(bucket), options, clock);
    work.prepare().map_err(|why| why.to_string())?;
    match work.one(&sealed) {
        Ok(_) => Ok(()),
        Err(Halt::Stopped) => Err(format!("{place}: it was stopped")),
        Err(Halt::Storage(why)) => Err(format!("{place}: {why}")),
        Err(Halt::File(why)) => Err(format!("{place}: {why}")),
        Err(Halt::Disk(why)) => Err(format!("{place}: {why}")),
    }
}

/// The layout with another object storage, and a ledger of its own in the archive: what is sent there is noted apart
/// from what the archive relies on.
#[must_use]
pub fn beside(layout: &Layout, ledger: &str, objects: Arc<dyn Objects>) -> Layout {
    let options = BucketOptions { cache_bytes_max: 0, ..BucketOptions::default() };
    let bucket = Bucket::new(objects, &layout.remote_cache_dir(), options);
    layout.clone().with_ledger(ledger).with_bucket(Arc::new(bucket))
}
