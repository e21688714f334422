//! The steps of one file: sending it, in parts where it is long, and reading its object back.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;

use super::{Halt, STOP_EVERY, Sealed, Work};
use crate::archive::{FilePart, ObjectError, ObjectErrorKind, ObjectInfo, Pending};
use crate::base::{DigestAlgorithm, Hasher};
use crate::store::bucket::{Entry, State, hex};

/// An upload has no more parts than this.
const PARTS_MAX: u64 = 10_000;

impl Work {
    /// Takes the steps for one file until it is verified; returns whether it is.
    pub(super) fn one(&self, sealed: &Sealed) -> Result<bool, Halt> {
        let mut entry = self.ledger().get(&sealed.file)?;
        if let Some(entry) =
            entry.as_ref().filter(|entry| entry.is_there() && entry.bytes != sealed.bytes)
        {
            return Err(Halt::File(format!(
                "its object in {} has {} bytes and the file here {}: it is another file with this name (each archive needs its own prefix), or one of them was changed; neither is modified",
                self.objects().place(),
                entry.bytes,
                sealed.bytes
            )));
        }
        loop {
            let state = entry.as_ref().map_or(State::Local, |entry| entry.state);
            entry = Some(match (state, entry) {
                (State::Verified, _) => return Ok(true),
                (State::Uploaded, Some(entry)) => match self.read_back(sealed, entry)? {
                    Some(verified) => verified,
                    // The object is gone: it is sent again.
                    None => self.note(sealed, State::Local, None, None)?,
                },
                (_, entry) => {
                    if let Some(upload) = entry.and_then(|entry| entry.upload) {
                        // Its parts take room until they are discarded.
                        self.objects().abort(&sealed.file, &upload)?;
                    }
                    self.send(sealed)?
                }
            });
        }
    }

    /// Writes down how far a file has come.
    pub(super) fn note(
        &self,
        sealed: &Sealed,
        state: State,
        sent: Option<(&str, &str)>,
        upload: Option<&str>,
    ) -> Result<Entry, Halt> {
        let entry = Entry {
            file: sealed.file.clone(),
            state,
            bytes: sealed.bytes,
            sha256: sent.map(|(sha256, _)| sha256.to_owned()),
            etag: sent.map(|(_, etag)| etag.to_owned()).unwrap_or_default(),
            upload: upload.map(str::to_owned),
            at: self.clock.now().to_warc_date(),
            why: None,
            place: None,
        };
        self.ledger().put(&entry)?;
        Ok(entry)
    }

    /// Makes the object of a file, or finds that it is there already.
    fn send(&self, sealed: &Sealed) -> Result<Entry, Halt> {
        let file = Arc::new(File::open(&sealed.path)?);
        let sha256 = self.hash(&file, sealed.bytes)?;
        let etag = match self.objects().head(&sealed.file)? {
            Some(there) => self.same(sealed, &sha256, there)?,
            None => match self.make(sealed, &file, &sha256) {
                // It may have been made by a request whose answer was lost.
                Err(Halt::Storage(why)) if why.kind == ObjectErrorKind::Missing => {
                    match self.objects().head(&sealed.file)? {
                        Some(there) => self.same(sealed, &sha256, there)?,
                        None => return Err(Halt::Storage(why)),
                    }
                }
                Err(Halt::File(why)) => match self.objects().head(&sealed.file)? {
                    Some(there) => self.same(sealed, &sha256, there)?,
                    None => return Err(Halt::File(why)),
                },
                made => made?,
            },
        };
        self.progress.change(|counts| counts.sent_bytes += sealed.bytes);
        self.note(sealed, State::Uploaded, Some((&sha256, &etag)), None)
    }

    fn make(&self, sealed: &Sealed, file: &Arc<File>, sha256: &str) -> Result<String, Halt> {
        let part = |range| FilePart { file: Arc::clone(file), range };
        let least = sealed.bytes.div_ceil(PARTS_MAX);
        let part_bytes = self.options.part_bytes.max(least).max(1);
        if sealed.bytes <= part_bytes {
            return Ok(self.objects().put(&sealed.file, part(0..sealed.bytes), sha256)?);
        }
        let upload = self.objects().begin(&sealed.file, sha256)?;
        self.note(sealed, State::Uploading, Some((sha256, "")), Some(&upload))?;
        let mut etags = Vec::new();
        let mut under_way: VecDeque<Pending<String>> = VecDeque::new();
        let mut from = 0;
        while from < sealed.bytes || !under_way.is_empty() {
            while from < sealed.bytes && under_way.len() < self.options.requests_max.max(1) {
                let to = (from + part_bytes).min(sealed.bytes);
                let number = u16::try_from(etags.len() + under_way.len() + 1).unwrap_or(u16::MAX);
                under_way.push_back(self.objects().put_part(
                    &sealed.file,
                    &upload,
                    number,
                    part(from..to),
                ));
                from = to;
            }
            if let Some(first) = under_way.pop_front() {
                etags.push(self.wait(&first)?);
            }
        }
        if self.is_stopped() {
            return Err(Halt::Stopped);
        }
        Ok(self.objects().complete(&sealed.file, &upload, &etags)?)
    }

    /// The entity tag of an object that was there, where it is this file.
    fn same(&self, sealed: &Sealed, sha256: &str, there: ObjectInfo) -> Result<String, Halt> {
        let is_same = there.bytes == sealed.bytes
            && match &there.sha256 {
                Some(stated) => stated == sha256,
                None => self.hash_object(&sealed.file, there.bytes, &there.etag)? == sha256,
            };
        if is_same {
            return Ok(there.etag);
        }
        Err(Halt::File(format!(
            "another object of this name is in {}: {} bytes with SHA-256 {}, and the file here has {} bytes with {sha256}; nothing was overwritten: give each archive its own prefix",
            self.objects().place(),
            there.bytes,
            there.sha256.as_deref().unwrap_or("unstated"),
            sealed.bytes
        )))
    }

    /// Reads the object and compares it with the file; `None` where there is no object.
    fn read_back(&self, sealed: &Sealed, mut entry: Entry) -> Result<Option<Entry>, Halt> {
        let read = match self.hash_object(&sealed.file, entry.bytes, &entry.etag) {
            Ok(read) => read,
            Err(Halt::Storage(why)) if why.kind == ObjectErrorKind::Missing => {
                // The bucket itself may be missing, which does not mean that the object was removed.
                return match self.objects().head(&sealed.file)? {
                    Some(_) => Err(Halt::Storage(why)),
                    None => Ok(None),
                };
            }
            // The entity tag that came with the answer may have been a wrong one: its bytes say whether it is the file.
            Err(Halt::File(why)) => match self.objects().head(&sealed.file)? {
                Some(there) if there.etag != entry.etag && there.bytes == entry.bytes => {
                    entry.etag = there.etag;
                    self.hash_object(&sealed.file, entry.bytes, &entry.etag)?
                }
                _ => return Err(Halt::File(why)),
            },
            Err(halt) => return Err(halt),
        };
        let wanted = match entry.sha256 {
            Some(wanted) => wanted,
            None => self.hash(&Arc::new(File::open(&sealed.path)?), sealed.bytes)?,
        };
        if read != wanted {
            return Err(Halt::File(format!(
                "its object in {} has the SHA-256 {read}, and {wanted} was sent; the file stays here and nothing was overwritten: delete the object to send it again",
                self.objects().place()
            )));
        }
        self.note(sealed, State::Verified, Some((&wanted, &entry.etag)), None).map(Some)
    }

    /// The SHA-256 of a file here.
    fn hash(&self, file: &Arc<File>, bytes: u64) -> Result<String, Halt> {
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        let mut piece = vec![0; 1 << 20];
        let (mut file, mut length) = (&**file, 0);
        loop {
            let count = file.read(&mut piece)?;
            if count == 0 {
                break;
            }
            hasher.update(&piece[..count]);
            length += count as u64;
            if self.is_stopped() {
                return Err(Halt::Stopped);
            }
        }
        if length != bytes {
            return Err(Halt::File("the file changed while it was read".to_owned()));
        }
        Ok(hex(hasher.finish().as_bytes()))
    }

    /// The SHA-256 of an object.
    fn hash_object(&self, key: &str, bytes: u64, etag: &str) -> Result<String, Halt> {
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        let mut under_way: VecDeque<Pending<Vec<u8>>> = VecDeque::new();
        let mut from = 0;
        while from < bytes || !under_way.is_empty() {
            while from < bytes && under_way.len() < self.options.requests_max.max(1) {
                let to = (from + self.options.part_bytes.max(1)).min(bytes);
                under_way.push_back(self.objects().read(key, from..to, etag));
                from = to;
            }
            if let Some(first) = under_way.pop_front() {
                let piece = self.wait(&first)?;
                hasher.update(&piece);
                self.progress.change(|counts| counts.read_bytes += piece.len() as u64);
            }
        }
        Ok(hex(hasher.finish().as_bytes()))
    }

    /// Waits for an answer, or for a stop.
    fn wait<T>(&self, pending: &Pending<T>) -> Result<T, Halt> {
        loop {
            if self.is_stopped() {
                return Err(Halt::Stopped);
            }
            match pending.recv_timeout(STOP_EVERY) {
                Ok(got) => return Ok(got?),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let why = "the request was abandoned";
                    return Err(ObjectError::new(ObjectErrorKind::Away, why).into());
                }
            }
        }
    }
}
