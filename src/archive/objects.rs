//! What a store of objects does (S3 and what speaks its protocol): keep whole objects by key, give parts of
//! them, and never write over one. The trait blocks; what is asked for in parts is under way several at a time.

use std::fmt::Debug;
use std::fs::File;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use crate::base::Timestamp;

/// What kind of failure it is, by what the caller can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectErrorKind {
    /// No answer, an incomplete answer, an error of the server, or a request to slow down: asking later helps.
    Away,
    /// The credentials or the rights are not sufficient: a person has to change something, and then asking helps.
    Refused,
    /// There is no room for it.
    Full,
    /// An object of that key is there already, and was not written over.
    Exists,
    /// There is no such object, upload or bucket.
    Missing,
    /// The object is not the expected one: it has another entity tag or length.
    Changed,
    /// The server does not know what was asked for.
    Unsupported,
    /// What was to be sent could not be read here, or the answer makes no sense.
    Other,
}

/// Why a request to a store of objects failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct ObjectError {
    /// What kind of failure it is.
    pub kind: ObjectErrorKind,
    /// What failed and why, as text. It holds no credentials and no signature.
    pub why: String,
}

impl ObjectError {
    /// An error of that kind.
    #[must_use]
    pub fn new(kind: ObjectErrorKind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into() }
    }
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its key below the prefix.
    pub key: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// What the server calls this content of it.
    pub etag: String,
    /// The SHA-256 that was stored with it in hexadecimal; `None` where there is none, and in a listing.
    pub sha256: Option<String>,
    /// When it was made or replaced last, by the server's clock; `None` where the server does not say.
    pub modified: Option<Timestamp>,
}

/// An object of several parts that was begun and neither completed nor discarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadInfo {
    /// The key of the object below the prefix.
    pub key: String,
    /// The name of the upload.
    pub upload: String,
    /// When it was begun, by the server's clock; `None` where the server does not say.
    pub begun: Option<Timestamp>,
}

/// What an object may be put in the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over<'a> {
    /// Of none: there is no object of that key.
    Nothing,
    /// Of the content with this entity tag.
    This(&'a str),
}

/// What was removed of an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// How many versions of it, delete markers included; 0 where there was none.
    pub versions: usize,
    /// Whether the server could be asked for versions. One that could not has removed the object, and whatever it
    /// keeps besides is not known.
    pub knows_versions: bool,
}

/// A part of a file that is to be sent. It is read when it is sent, and again when it is sent again.
#[derive(Debug, Clone)]
pub struct FilePart {
    /// The file.
    pub file: Arc<File>,
    /// Which bytes of it.
    pub range: Range<u64>,
}

/// An answer that is under way. Where the other side is gone, nothing more comes.
pub type Pending<T> = Receiver<Result<T, ObjectError>>;

/// A store of objects below one prefix. Keys are relative to it.
pub trait Objects: Send + Sync + Debug {
    /// Where it is, for people: `s3://BUCKET/PREFIX`.
    fn place(&self) -> &str;

    /// The time by the server's clock, as known from its answers; ours before the first one.
    fn now(&self) -> Timestamp;

    /// Lists every object whose key begins with `below`, in any order, until `each` breaks off. An object that appears or
    /// disappears meanwhile may be listed or not.
    ///
    /// # Errors
    /// When the listing fails; part of it may have been listed.
    fn list(
        &self,
        below: &str,
        each: &mut dyn FnMut(ObjectInfo) -> ControlFlow<()>,
    ) -> Result<(), ObjectError>;

    /// Every object of several parts below the prefix that was begun and not brought to its end.
    ///
    /// # Errors
    /// When the listing fails; [`ObjectErrorKind::Unsupported`] where the server has no such listing.
    fn uploads(&self) -> Result<Vec<UploadInfo>, ObjectError>;

    /// What is known of one object; `None` where there is none.
    ///
    /// # Errors
    /// When that cannot be determined.
    fn head(&self, key: &str) -> Result<Option<ObjectInfo>, ObjectError>;

    /// Begins to read a part of an object: exactly these bytes come, of the content that `etag` names, or an
    /// error. An empty `etag` takes any content.
    fn read(&self, key: &str, range: Range<u64>, etag: &str) -> Pending<Vec<u8>>;

    /// Makes an object of one part where there is none of that key, with its SHA-256 in hexadecimal with it;
    /// its entity tag.
    ///
    /// # Errors
    /// [`ObjectErrorKind::Exists`] where there is one, and others.
    fn put(&self, key: &str, part: FilePart, sha256: &str) -> Result<String, ObjectError>;

    /// Begins an object of several parts, with its SHA-256 in hexadecimal with it; the name of the upload. There is
    /// no such object before [`Self::complete`].
    ///
    /// # Errors
    /// When the server refuses.
    fn begin(&self, key: &str, sha256: &str) -> Result<String, ObjectError>;

    /// Begins to send a part, whose number is from 1 on; its entity tag comes back.
    fn put_part(&self, key: &str, upload: &str, number: u16, part: FilePart) -> Pending<String>;

    /// Makes the object of its parts, where there is none of that key; its entity tag.
    ///
    /// # Errors
    /// [`ObjectErrorKind::Exists`] where there is one, [`ObjectErrorKind::Missing`] where there is no such upload,
    /// and others.
    fn complete(&self, key: &str, upload: &str, etags: &[String]) -> Result<String, ObjectError>;

    /// Throws the parts of an upload away. An upload that does not exist is not an error.
    ///
    /// # Errors
    /// When the server cannot be asked.
    fn abort(&self, key: &str, upload: &str) -> Result<(), ObjectError>;
}

/// A store of objects that may be replaced and removed: for derived data, and for removals by order. WARC files are kept
/// by way of [`Objects`] alone.
pub trait ChangeableObjects: Objects {
    /// Makes or replaces a small object under a condition; its entity tag. Sent again after a lost answer it finds its
    /// own content there, which is success.
    ///
    /// # Errors
    /// [`ObjectErrorKind::Exists`] or [`ObjectErrorKind::Changed`] where the condition does not hold, and others.
    fn write(
        &self,
        key: &str,
        bytes: &[u8],
        sha256: &str,
        over: Over<'_>,
    ) -> Result<String, ObjectError>;

    /// Makes or replaces an object of one part, with its SHA-256 in hexadecimal with it; its entity tag.
    ///
    /// # Errors
    /// When the server refuses or cannot be asked; what was there before stays then.
    fn put_over(&self, key: &str, part: FilePart, sha256: &str) -> Result<String, ObjectError>;

    /// Makes or replaces an object of the parts of an upload; its entity tag.
    ///
    /// # Errors
    /// As [`Objects::complete`], but that an object may be there.
    fn complete_over(
        &self,
        key: &str,
        upload: &str,
        etags: &[String],
    ) -> Result<String, ObjectError>;

    /// Removes an object. An object that does not exist is not an error. Where the bucket keeps versions, earlier contents
    /// stay.
    ///
    /// # Errors
    /// When the server refuses or cannot be asked.
    fn remove(&self, key: &str) -> Result<(), ObjectError>;

    /// Removes an object with every version that the bucket keeps of it.
    ///
    /// # Errors
    /// When the server refuses or cannot be asked; some versions may be gone then.
    fn erase(&self, key: &str) -> Result<Erased, ObjectError>;
}
