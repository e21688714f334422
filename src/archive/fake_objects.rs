//! Objects in memory, for tests: any request can be made to fail, before or after it did what was asked.

use std::collections::BTreeMap;
use std::io;
use std::ops::{ControlFlow, Range};
use std::os::unix::fs::FileExt;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use crate::archive::{
    ChangeableObjects, Erased, FilePart, ObjectError, ObjectErrorKind, ObjectInfo, Objects, Over,
    Pending, UploadInfo,
};
use crate::base::Timestamp;

#[derive(Debug, Clone)]
pub struct Kept {
    pub bytes: Vec<u8>,
    pub etag: String,
    pub sha256: Option<String>,
    pub modified: Timestamp,
}

/// The name of an object that is being sent, its digest, and its parts by their numbers.
type Sending = (String, String, BTreeMap<u16, Vec<u8>>);

#[derive(Debug, Default)]
pub struct Inside {
    pub objects: BTreeMap<String, Kept>,
    uploads: BTreeMap<String, Sending>,
    /// When each upload was begun.
    begun: BTreeMap<String, Timestamp>,
    /// The server's clock.
    pub now: Timestamp,
    made: u64,
    /// How many requests there were.
    pub asked: usize,
    /// The number of the request that fails, the kind, and whether it does what was asked anyway.
    pub fails: Option<(usize, ObjectErrorKind, bool)>,
    /// What was asked by the request that was made to fail.
    pub failed: Option<String>,
    /// Every request fails so.
    pub down: Option<ObjectErrorKind>,
    /// Whether earlier contents are kept, and how many there are of each.
    pub is_versioned: bool,
    pub versions: BTreeMap<String, usize>,
    /// Bytes that were read.
    pub read: u64,
}

#[derive(Debug, Default)]
pub struct Fake(pub Mutex<Inside>);

impl Fake {
    pub fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.0.lock().unwrap()
    }

    pub fn uploads(&self) -> usize {
        self.inside().uploads.len()
    }

    fn ask<T>(
        &self,
        what: &str,
        work: impl FnOnce(&mut Inside) -> Result<T, ObjectError>,
    ) -> Result<T, ObjectError> {
        let mut inside = self.inside();
        let number = inside.asked;
        inside.asked += 1;
        let failure = |kind| ObjectError::new(kind, format!("{what}: made to fail"));
        if let Some(kind) = inside.down {
            return Err(failure(kind));
        }
        match inside.fails {
            Some((at, kind, is_done)) if at == number => {
                inside.failed = Some(what.to_owned());
                if is_done {
                    let _ = work(&mut inside);
                }
                Err(failure(kind))
            }
            _ => work(&mut inside),
        }
    }

    fn pending<T: Send>(
        &self,
        what: &str,
        work: impl FnOnce(&mut Inside) -> Result<T, ObjectError>,
    ) -> Pending<T> {
        let (send, receive) = sync_channel(1);
        send.send(self.ask(what, work)).unwrap();
        receive
    }
}

fn bytes_of(part: &FilePart) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; (part.range.end - part.range.start) as usize];
    part.file.read_exact_at(&mut bytes, part.range.start)?;
    Ok(bytes)
}

fn missing(what: &str) -> ObjectError {
    ObjectError::new(ObjectErrorKind::Missing, format!("{what}: there is none"))
}

impl Inside {
    fn make(&mut self, key: &str, bytes: Vec<u8>, sha256: &str) -> Result<String, ObjectError> {
        if self.objects.contains_key(key) {
            let why = format!("{key} is there");
            return Err(ObjectError::new(ObjectErrorKind::Exists, why));
        }
        Ok(self.replace(key, bytes, sha256))
    }

    fn replace(&mut self, key: &str, bytes: Vec<u8>, sha256: &str) -> String {
        self.made += 1;
        let etag = format!("e{}", self.made);
        let sha256 = Some(sha256.to_owned());
        let kept = Kept { bytes, etag: etag.clone(), sha256, modified: self.now };
        let before = self.objects.insert(key.to_owned(), kept);
        if self.is_versioned && before.is_some() {
            *self.versions.entry(key.to_owned()).or_default() += 1;
        }
        etag
    }
}

impl Objects for Fake {
    fn place(&self) -> &str {
        "s3://fake/prefix"
    }

    fn now(&self) -> Timestamp {
        self.inside().now
    }

    fn list(
        &self,
        below: &str,
        each: &mut dyn FnMut(ObjectInfo) -> ControlFlow<()>,
    ) -> Result<(), ObjectError> {
        let all = self.ask("list", |inside| Ok(inside.objects.clone()))?;
        for (key, kept) in all.into_iter().filter(|(key, _)| key.starts_with(below)) {
            let info = ObjectInfo {
                key,
                bytes: kept.bytes.len() as u64,
                etag: kept.etag,
                sha256: None,
                modified: Some(kept.modified),
            };
            if each(info).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn uploads(&self) -> Result<Vec<UploadInfo>, ObjectError> {
        self.ask("uploads", |inside| {
            let of = |(upload, (key, _, _)): (&String, &Sending)| UploadInfo {
                key: key.clone(),
                upload: upload.clone(),
                begun: inside.begun.get(upload).copied(),
            };
            Ok(inside.uploads.iter().map(of).collect())
        })
    }

    fn head(&self, key: &str) -> Result<Option<ObjectInfo>, ObjectError> {
        self.ask("head", |inside| {
            Ok(inside.objects.get(key).map(|kept| ObjectInfo {
                key: key.to_owned(),
                bytes: kept.bytes.len() as u64,
                etag: kept.etag.clone(),
                sha256: kept.sha256.clone(),
                modified: Some(kept.modified),
            }))
        })
    }

    fn read(&self, key: &str, range: Range<u64>, etag: &str) -> Pending<Vec<u8>> {
        self.pending("read", |inside| {
            let kept = inside.objects.get(key).ok_or_else(|| missing(key))?;
            let bytes = kept.bytes.get(range.start as usize..range.end as usize);
            if !etag.is_empty() && kept.etag != etag || bytes.is_none() {
                return Err(ObjectError::new(ObjectErrorKind::Changed, "another content"));
            }
            let bytes = bytes.unwrap_or_default().to_vec();
            inside.read += bytes.len() as u64;
            Ok(bytes)
        })
    }

    fn put(&self, key: &str, part: FilePart, sha256: &str) -> Result<String, ObjectError> {
        let bytes = bytes_of(&part).unwrap();
        self.ask("put", |inside| inside.make(key, bytes, sha256))
    }

    fn begin(&self, key: &str, sha256: &str) -> Result<String, ObjectError> {
        self.ask("begin", |inside| {
            inside.made += 1;
            let id = format!("u{}", inside.made);
            let begun = (key.to_owned(), sha256.to_owned(), BTreeMap::new());
            inside.begun.insert(id.clone(), inside.now);
            inside.uploads.insert(id.clone(), begun);
            Ok(id)
        })
    }

    fn put_part(&self, _: &str, upload: &str, number: u16, part: FilePart) -> Pending<String> {
        let bytes = bytes_of(&part).unwrap();
        self.pending("part", |inside| {
            let begun = inside.uploads.get_mut(upload).ok_or_else(|| missing(upload))?;
            begun.2.insert(number, bytes);
            Ok(format!("p{number}"))
        })
    }

    fn complete(&self, key: &str, upload: &str, etags: &[String]) -> Result<String, ObjectError> {
        self.ask("complete", |inside| {
            let (_, sha256, parts) = inside.uploads.get(upload).ok_or_else(|| missing(upload))?;
            assert_eq!(parts.len(), etags.len(), "every part was sent");
            let (bytes, sha256) = (parts.values().flatten().copied().collect(), sha256.clone());
            let etag = inside.make(key, bytes, &sha256)?;
            inside.uploads.remove(upload);
            Ok(etag)
        })
    }

    fn abort(&self, _: &str, upload: &str) -> Result<(), ObjectError> {
        self.ask("abort", |inside| {
            inside.uploads.remove(upload);
            Ok(())
        })
    }
}

impl ChangeableObjects for Fake {
    fn write(
        &self,
        key: &str,
        bytes: &[u8],
        sha256: &str,
        over: Over<'_>,
    ) -> Result<String, ObjectError> {
        self.ask("write", |inside| {
            let there = inside.objects.get(key);
            if let Some(kept) = there.filter(|kept| kept.sha256.as_deref() == Some(sha256)) {
                return Ok(kept.etag.clone());
            }
            let kind = match (over, there) {
                (Over::Nothing, None) => None,
                (Over::Nothing, Some(_)) => Some(ObjectErrorKind::Exists),
                (Over::This(etag), Some(kept)) if kept.etag == etag => None,
                (Over::This(_), _) => Some(ObjectErrorKind::Changed),
            };
            match kind {
                Some(kind) => Err(ObjectError::new(kind, format!("{key}: another content"))),
                None => Ok(inside.replace(key, bytes.to_vec(), sha256)),
            }
        })
    }

    fn put_over(&self, key: &str, part: FilePart, sha256: &str) -> Result<String, ObjectError> {
        let bytes = bytes_of(&part).unwrap();
        self.ask("put", |inside| Ok(inside.replace(key, bytes, sha256)))
    }

    fn complete_over(
        &self,
        key: &str,
        upload: &str,
        etags: &[String],
    ) -> Result<String, ObjectError> {
        self.ask("complete", |inside| {
            let (_, sha256, parts) =
                inside.uploads.remove(upload).ok_or_else(|| missing(upload))?;
            assert_eq!(parts.len(), etags.len(), "every part was sent");
            Ok(inside.replace(key, parts.into_values().flatten().collect(), &sha256))
        })
    }

    fn remove(&self, key: &str) -> Result<(), ObjectError> {
        self.ask("remove", |inside| {
            if inside.objects.remove(key).is_some() && inside.is_versioned {
                *inside.versions.entry(key.to_owned()).or_default() += 1;
            }
            Ok(())
        })
    }

    fn erase(&self, key: &str) -> Result<Erased, ObjectError> {
        self.ask("erase", |inside| {
            let was = usize::from(inside.objects.remove(key).is_some());
            let versions = was + inside.versions.remove(key).unwrap_or(0);
            Ok(Erased { versions, knows_versions: true })
        })
    }
}
