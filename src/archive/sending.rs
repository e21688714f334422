//! Sends a file to a store of objects and replaces what is there: derived data, not WARC files.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;

use super::{ChangeableObjects, FilePart, ObjectError, ObjectErrorKind, Pending};

/// Longer files are sent in parts of this length; a server takes no shorter ones than 5 MiB.
const PIECE_BYTES: u64 = 8 << 20;
/// An object has no more parts than this.
const PIECES_MAX: u64 = 10_000;

/// Makes or replaces the object of a file, in parts where it is long, `requests_max` of them under way at once. One that
/// is there already with this length and SHA-256 (in hexadecimal) is not sent again.
///
/// # Errors
/// When the server refuses or cannot be asked; what was there before stays then.
pub fn send_over(
    objects: &dyn ChangeableObjects,
    key: &str,
    (file, bytes, sha256): (&Arc<File>, u64, &str),
    requests_max: usize,
) -> Result<(), ObjectError> {
    let is_there =
        || {
            let there = objects.head(key)?;
            Ok::<_, ObjectError>(there.is_some_and(|there| {
                there.bytes == bytes && there.sha256.as_deref() == Some(sha256)
            }))
        };
    if is_there()? {
        return Ok(());
    }
    send(objects, key, (file, bytes, sha256), requests_max)?;
    if is_there()? {
        return Ok(());
    }
    let why = format!("{key}: the object differs from the data sent");
    Err(ObjectError::new(ObjectErrorKind::Away, why))
}

fn send(
    objects: &dyn ChangeableObjects,
    key: &str,
    (file, bytes, sha256): (&Arc<File>, u64, &str),
    requests_max: usize,
) -> Result<(), ObjectError> {
    let of = |range| FilePart { file: Arc::clone(file), range };
    let piece = PIECE_BYTES.max(bytes.div_ceil(PIECES_MAX));
    if bytes <= piece {
        return objects.put_over(key, of(0..bytes), sha256).map(drop);
    }
    let upload = objects.begin(key, sha256)?;
    let parts = || {
        let mut etags = Vec::new();
        let mut under_way: VecDeque<Pending<String>> = VecDeque::new();
        let mut from = 0;
        while from < bytes || !under_way.is_empty() {
            while from < bytes && under_way.len() < requests_max.max(1) {
                let to = (from + piece).min(bytes);
                let number = u16::try_from(etags.len() + under_way.len() + 1).unwrap_or(u16::MAX);
                under_way.push_back(objects.put_part(key, &upload, number, of(from..to)));
                from = to;
            }
            if let Some(first) = under_way.pop_front() {
                etags.push(received(&first)?);
            }
        }
        objects.complete_over(key, &upload, &etags).map(drop)
    };
    let sent = parts();
    if sent.is_err() {
        // Its parts take room until they are discarded; where that fails, a rule of the bucket clears them.
        let _ = objects.abort(key, &upload);
    }
    sent
}

/// Waits for an answer.
///
/// # Errors
/// Those of the answer, and when the other side is gone.
pub fn received<T>(pending: &Pending<T>) -> Result<T, ObjectError> {
    let gone = || ObjectError::new(ObjectErrorKind::Away, "the request was abandoned");
    pending.recv().unwrap_or_else(|_| Err(gone()))
}
