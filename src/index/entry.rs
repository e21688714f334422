//! One capture as the index knows it: a CDX line as a struct.

use std::fmt;

use crate::base::{Digest, Timestamp};

/// The number that stands for a WARC file in the index; [`super::Index::file`] gives its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// What kind of record a capture is (ISO 28500 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum RecordKind {
    /// A whole response.
    #[default]
    Response,
    /// A response whose payload is in another record.
    Revisit,
    /// A resource without a protocol.
    Resource,
    /// A metadata record: for us, a fetch that failed.
    Metadata,
    /// A transformed form of another record.
    Conversion,
}

impl RecordKind {
    /// All kinds, in the order of their codes on disk; only ever appended to.
    pub(super) const ALL: [Self; 5] =
        [Self::Response, Self::Revisit, Self::Resource, Self::Metadata, Self::Conversion];

    /// The value of `WARC-Type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Revisit => "revisit",
            Self::Resource => "resource",
            Self::Metadata => "metadata",
            Self::Conversion => "conversion",
        }
    }

    /// The kind that a `WARC-Type` names; `None` for kinds that are no captures.
    #[must_use]
    pub fn from_warc_type(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| text.eq_ignore_ascii_case(kind.as_str()))
    }
}

/// A `WARC-Record-ID`, short where it has the usual form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RecordId {
    /// `<urn:uuid:…>` in lower case.
    Uuid([u8; 16]),
    /// Any other text, as it stands in the record.
    Text(String),
}

impl RecordId {
    /// Reads an id; what is printed again is the same text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.strip_prefix("<urn:uuid:")
            .and_then(|rest| rest.strip_suffix('>'))
            .and_then(|uuid| uuid::Uuid::try_parse(uuid).ok())
            .map(|uuid| Self::Uuid(uuid.into_bytes()))
            .filter(|id| id.to_string() == text)
            .unwrap_or_else(|| Self::Text(text.to_owned()))
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(bytes) => write!(f, "<urn:uuid:{}>", uuid::Uuid::from_bytes(*bytes)),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// What a revisit says it repeats. Any part may be missing in other people's records.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RefersTo {
    /// `WARC-Refers-To-Target-URI`.
    pub url: Option<String>,
    /// `WARC-Refers-To-Date`.
    pub date: Option<Timestamp>,
    /// `WARC-Refers-To`.
    pub record_id: Option<RecordId>,
}

/// Where an entry stands among those of its urlkey: by time, then by place on disk.
pub type Position = (Timestamp, FileId, u64);

/// One capture: what was captured, when, what came back, and where the record lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IndexEntry {
    /// The SURT urlkey of `url`.
    pub urlkey: String,
    /// `WARC-Date`.
    pub date: Timestamp,
    /// `WARC-Target-URI` as it stands in the record.
    pub url: String,
    /// Media type without parameters, lower case; `warc/revisit` for revisits and `unk` where
    /// there is none, as CDX files have it.
    pub mime: String,
    /// The HTTP status; `None` for failures and for records without HTTP.
    pub status: Option<u16>,
    /// The payload digest.
    pub digest: Option<Digest>,
    /// Bytes of the record on disk, packed.
    pub length: u64,
    /// Where it begins in its file.
    pub offset: u64,
    /// Its file.
    pub file: FileId,
    /// `WARC-Record-ID`.
    pub record_id: Option<RecordId>,
    /// What kind of record it is.
    pub kind: RecordKind,
    /// For a revisit: what it repeats.
    pub refers_to: Option<RefersTo>,
    /// Whether `WARC-Truncated` says that the payload was cut.
    pub truncated: bool,
}

impl IndexEntry {
    /// Its place among the captures of its urlkey. Two entries of the same place are the same
    /// record.
    #[must_use]
    pub fn position(&self) -> Position {
        (self.date, self.file, self.offset)
    }

    /// Whether a later capture of the same payload may refer to it: it holds a whole payload.
    #[must_use]
    pub fn holds_payload(&self) -> bool {
        matches!(self.kind, RecordKind::Response | RecordKind::Resource)
            && !self.truncated
            && self.digest.is_some()
    }
}
