//! One capture, as every backend answers it: a CDX line as a struct.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::wire;
use crate::base::{Digest, Timestamp};

/// What kind of record a capture is (ISO 28500 section 6).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
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
    pub(crate) const ALL: [Self; 5] =
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

    /// The kind that a `WARC-Type` names; `None` for kinds that are not captures.
    #[must_use]
    pub fn from_warc_type(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| text.eq_ignore_ascii_case(kind.as_str()))
    }
}

/// In which form a capture has a page. The two are never compared with each other: what scripts add to a page is not
/// an edit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Form {
    /// As it was sent.
    #[default]
    Plain,
    /// As a browser had it once its scripts had run: an HTML document in a `conversion` record.
    Rendered,
}

impl Form {
    /// The word for it: `plain` or `rendered`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Rendered => "rendered",
        }
    }

    /// The suffix of the urlkey that distinguishes pages of this form from those of the other where both are kept in
    /// one place. No urlkey has the character that it begins with.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Rendered => "\u{1}rendered",
        }
    }
}

/// What the names of records begin with that a rendering leaves beside its document: this, and the address of the page.
/// They have the time of the document.
pub const BESIDE_RENDERING: [&str; 4] =
    ["urn:view:", "urn:thumbnail:", "urn:text:", "urn:pageinfo:"];

/// A `WARC-Record-ID`, short where it has the usual form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RecordId {
    /// `<urn:uuid:…>` in lower case.
    Uuid([u8; 16]),
    /// Any other text, as it is in the record.
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct RefersTo {
    /// `WARC-Refers-To-Target-URI`.
    pub url: Option<String>,
    /// `WARC-Refers-To-Date`.
    #[serde(with = "wire::optional_time")]
    pub date: Option<Timestamp>,
    /// `WARC-Refers-To`.
    pub record_id: Option<RecordId>,
}

/// One capture: what was captured, when, what came back, and where the record is. `F` names the
/// file: [`Capture`] has its name; a backend may keep a shorter form of it to itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CaptureIn<F> {
    /// The SURT urlkey of `url`.
    pub urlkey: String,
    /// `WARC-Date`.
    #[serde(with = "wire::time")]
    pub date: Timestamp,
    /// `WARC-Target-URI` as it is in the record.
    pub url: String,
    /// Media type without parameters, lower case; `warc/revisit` for revisits and `unk` where
    /// there is none, as CDX files have it.
    pub mime: String,
    /// The HTTP status; `None` for failures and for records without HTTP.
    pub status: Option<u16>,
    /// The payload digest.
    #[serde(with = "wire::optional_digest")]
    pub digest: Option<Digest>,
    /// Bytes of the record on disk, compressed.
    pub length: u64,
    /// Where it begins in its file.
    pub offset: u64,
    /// Its file.
    pub file: F,
    /// `WARC-Record-ID`.
    pub record_id: Option<RecordId>,
    /// What kind of record it is.
    pub kind: RecordKind,
    /// For a revisit: what it repeats. For what this program made of a captured page ([`Form::Rendered`]): the record
    /// of that page.
    pub refers_to: Option<RefersTo>,
    /// Whether `WARC-Truncated` says that the payload was cut.
    pub truncated: bool,
}

/// A capture that names its WARC file, without the `.open` that the file loses when it is sealed.
pub type Capture = CaptureIn<Arc<str>>;

impl Capture {
    /// The bytes of its texts, by which batches are bounded.
    #[must_use]
    pub(crate) fn text_bytes(&self) -> usize {
        let repeated = self.refers_to.as_ref().and_then(|to| to.url.as_ref());
        let record_id = match &self.record_id {
            Some(RecordId::Text(text)) => text.len(),
            _ => 0,
        };
        self.urlkey.len()
            + self.url.len()
            + self.mime.len()
            + repeated.map_or(0, String::len)
            + record_id
    }

    /// Whether both are at the same place: they are the same record.
    #[must_use]
    pub fn is_same_record(&self, other: &Self) -> bool {
        self.file == other.file && self.offset == other.offset
    }
}

impl<F> CaptureIn<F> {
    /// Whether a later capture of the same payload may refer to it: it holds a whole payload.
    #[must_use]
    pub fn holds_payload(&self) -> bool {
        matches!(self.kind, RecordKind::Response | RecordKind::Resource)
            && !self.truncated
            && self.digest.is_some()
    }

    /// For another archive's copy: where it was fetched from (URI-M). It is kept as a revisit of the
    /// exchange with that archive, and so refers to a record that is younger than itself, at another address;
    /// a page that is captured again refers to what was there before.
    #[must_use]
    pub fn copied_from(&self) -> Option<&str> {
        let refers_to = self.refers_to.as_ref().filter(|_| self.kind == RecordKind::Revisit)?;
        let is_younger = refers_to.date.is_some_and(|date| date > self.date);
        refers_to.url.as_deref().filter(|url| is_younger && *url != self.url)
    }

    /// In which form it has a page; `None` for reports of failures, and for derived records that are not renderings:
    /// a text, a translation, and whatever other programs have converted.
    #[must_use]
    pub fn form(&self) -> Option<Form> {
        match self.kind {
            RecordKind::Response | RecordKind::Revisit | RecordKind::Resource => Some(Form::Plain),
            // The index has `refers_to` only for a rendering.
            RecordKind::Conversion if self.mime == "text/html" && self.refers_to.is_some() => {
                Some(Form::Rendered)
            }
            RecordKind::Conversion | RecordKind::Metadata => None,
        }
    }

    /// The same capture with another form of its file's name.
    #[must_use]
    pub fn in_file<G>(self, file: G) -> CaptureIn<G> {
        let Self {
            urlkey,
            date,
            url,
            mime,
            status,
            digest,
            length,
            offset,
            file: _,
            record_id,
            kind,
            refers_to,
            truncated,
        } = self;
        CaptureIn {
            urlkey,
            date,
            url,
            mime,
            status,
            digest,
            length,
            offset,
            file,
            record_id,
            kind,
            refers_to,
            truncated,
        }
    }
}
