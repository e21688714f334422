//! A record to be written: kind, identifier, version, fields and block.
//!
//! A block is never copied when it is large: it borrows the bytes of an exchange, or streams from
//! the temporary file they were spooled to. What the fields of a record must be is not decided
//! here but in [`super::compose`], and checked in [`super::rules`].
//!
//! ISO 28500:2017 (WARC/1.1) sections 5 and 6.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::fields::{Fields, name};
use crate::base::Timestamp;
use crate::http::exchange::Stored;

/// The kinds of record (section 6).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// Describes the records after it.
    Warcinfo,
    /// A complete response.
    Response,
    /// A resource without its protocol.
    Resource,
    /// A complete request.
    Request,
    /// Describes another record.
    Metadata,
    /// A visit to content already archived.
    Revisit,
    /// Another form of a record's content.
    Conversion,
    /// A further segment of a record.
    Continuation,
    /// A kind the standard does not know; in the letters it was written in.
    Other(String),
}

impl RecordKind {
    /// Reads a `WARC-Type` value; kinds are compared without regard to case.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        [
            Self::Warcinfo,
            Self::Response,
            Self::Resource,
            Self::Request,
            Self::Metadata,
            Self::Revisit,
            Self::Conversion,
            Self::Continuation,
        ]
        .into_iter()
        .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
        .unwrap_or_else(|| Self::Other(text.to_owned()))
    }

    /// The `WARC-Type` value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Warcinfo => "warcinfo",
            Self::Response => "response",
            Self::Resource => "resource",
            Self::Request => "request",
            Self::Metadata => "metadata",
            Self::Revisit => "revisit",
            Self::Conversion => "conversion",
            Self::Continuation => "continuation",
            Self::Other(text) => text,
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A record's identifier: a URI, kept without the angle brackets it is written in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(String);

impl RecordId {
    /// An identifier of 128 bits of anything, in the form of a UUID.
    #[must_use]
    pub fn from_uuid_bytes(bytes: [u8; 16]) -> Self {
        Self(format!("urn:uuid:{}", uuid::Uuid::from_bytes(bytes).hyphenated()))
    }

    /// The identifier of the `number`th record beside this one: the same but for the last four digits,
    /// to which `number` is added. `None` where this one is no UUID.
    fn sibling(&self, number: u16) -> Option<Self> {
        let mut bytes = uuid::Uuid::try_parse(self.0.strip_prefix("urn:uuid:")?).ok()?.into_bytes();
        let [.., high, low] = &mut bytes;
        [*high, *low] = u16::from_be_bytes([*high, *low]).wrapping_add(number).to_be_bytes();
        Some(Self::from_uuid_bytes(bytes))
    }

    /// Reads `<URI>`; the brackets may be missing, as some writers leave them out. `None` when
    /// there is nothing, or a blank inside.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let uri = text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(text);
        (!uri.is_empty() && !uri.bytes().any(|c| c.is_ascii_whitespace()))
            .then(|| Self(uri.to_owned()))
    }

    /// The URI without brackets.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

/// Where new identifiers come from; passed in, so that tests know them beforehand.
pub trait RecordIds {
    /// The next identifier: never the same one twice.
    fn next_id(&mut self) -> RecordId;

    /// An identifier for the `number`th record (from 1) beside the main one of a capture event,
    /// whose identifier is `main`. Another one for every `number` of an event.
    fn beside(&mut self, main: &RecordId, number: u16) -> RecordId {
        let _ = (main, number);
        self.next_id()
    }
}

/// Random identifiers: UUIDs of version 8, RFC 9562 section 5.8. 106 bits are random, and the last
/// 16 count the records of one capture event from zero. So the records of an event name each other
/// in almost the same digits, which takes fifty bytes less in their packed form.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl RecordIds for RandomIds {
    fn next_id(&mut self) -> RecordId {
        let mut bytes = uuid::Uuid::new_v4().into_bytes();
        bytes[14..].fill(0);
        RecordId::from_uuid_bytes(uuid::Builder::from_custom_bytes(bytes).into_uuid().into_bytes())
    }

    fn beside(&mut self, main: &RecordId, number: u16) -> RecordId {
        main.sibling(number).unwrap_or_else(|| self.next_id())
    }
}

/// Identifiers that count up from a number: for tests and reproducible exports.
#[derive(Debug, Clone, Copy, Default)]
pub struct CountingIds(pub u128);

impl RecordIds for CountingIds {
    fn next_id(&mut self) -> RecordId {
        self.0 = self.0.wrapping_add(1);
        RecordId::from_uuid_bytes(self.0.to_be_bytes())
    }
}

/// The version of a record's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// Before the dot.
    pub major: u16,
    /// After the dot.
    pub minor: u16,
}

impl Version {
    /// WARC/0.17, a draft of which files exist.
    pub const V0_17: Self = Self { major: 0, minor: 17 };
    /// WARC/0.18, a draft of which files exist.
    pub const V0_18: Self = Self { major: 0, minor: 18 };
    /// ISO 28500:2009.
    pub const V1_0: Self = Self { major: 1, minor: 0 };
    /// ISO 28500:2017, which we write.
    pub const V1_1: Self = Self { major: 1, minor: 1 };

    /// Whether its rules are known here.
    #[must_use]
    pub fn is_known(self) -> bool {
        [Self::V0_17, Self::V0_18, Self::V1_0, Self::V1_1].contains(&self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WARC/{}.{}", self.major, self.minor)
    }
}

/// The content of a record, from wherever it is.
#[derive(Debug, Clone)]
pub enum Block<'a> {
    /// Bytes in memory, owned or borrowed.
    Bytes(Cow<'a, [u8]>),
    /// A temporary file, and how many bytes of it count.
    File(Arc<File>, u64),
    /// One after the other.
    Parts(Vec<Block<'a>>),
}

impl Default for Block<'_> {
    fn default() -> Self {
        Self::Bytes(Cow::Borrowed(&[]))
    }
}

impl<'a> From<&'a Stored> for Block<'a> {
    fn from(stored: &'a Stored) -> Self {
        match stored {
            Stored::Memory(bytes) => Self::Bytes(Cow::Borrowed(bytes)),
            Stored::File(file, len) => Self::File(Arc::clone(file), *len),
        }
    }
}

impl From<Stored> for Block<'_> {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Memory(bytes) => Self::Bytes(Cow::Owned(bytes)),
            Stored::File(file, len) => Self::File(file, len),
        }
    }
}

impl<'a> From<&'a [u8]> for Block<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Block<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Cow::Owned(bytes))
    }
}

impl Block<'_> {
    /// Its length in bytes: what `Content-Length` says.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, len) => *len,
            Self::Parts(parts) => parts.iter().map(Block::len).sum(),
        }
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes every byte to `out`, from the first on.
    ///
    /// # Errors
    /// When the temporary file cannot be read or holds fewer bytes than it should, or `out` fails.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Bytes(bytes) => out.write_all(bytes),
            Self::File(file, len) => {
                // The position is shared among handles; there is one reader at a time.
                let mut handle = file.try_clone()?;
                handle.seek(SeekFrom::Start(0))?;
                let copied = io::copy(&mut handle.take(*len), out)?;
                if copied == *len {
                    Ok(())
                } else {
                    let what = format!("a spooled block has {copied} of its {len} bytes");
                    Err(io::Error::new(io::ErrorKind::UnexpectedEof, what))
                }
            }
            Self::Parts(parts) => parts.iter().try_for_each(|part| part.write_to(out)),
        }
    }
}

/// A record as it is to be written.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// The version its first line names.
    pub version: Version,
    /// Its fields, `Content-Length` included.
    pub fields: Fields,
    /// Its block.
    pub block: Block<'a>,
}

impl<'a> Record<'a> {
    /// A record of WARC/1.1 with its first four fields: type, identifier, date, and
    /// `Content-Length` once [`RecordBuilder::block`] is called.
    #[must_use]
    pub fn build(kind: &RecordKind, id: &RecordId, date: Timestamp) -> RecordBuilder {
        let mut fields = Fields::new();
        fields.push(name::TYPE, kind.as_str());
        fields.push(name::RECORD_ID, id.to_string());
        fields.push(name::DATE, date.to_warc_date());
        RecordBuilder { fields }
    }

    /// The header as it is written: version line, fields, empty line.
    #[must_use]
    pub fn header_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.fields.as_bytes().len() + 12);
        self.write_header(&mut out);
        out
    }

    pub(super) fn write_header(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.version.to_string().as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(self.fields.as_bytes());
        out.extend_from_slice(b"\r\n");
    }

    /// The record's length when written without compression: header, block and two line breaks.
    #[must_use]
    pub fn raw_len(&self) -> u64 {
        self.header_bytes().len() as u64 + self.block.len() + 4
    }

    /// The typed view's identifier, as [`Fields::record_id`].
    #[must_use]
    pub fn id(&self) -> Option<RecordId> {
        self.fields.record_id()
    }

    /// The same record with its block in its own memory or file, free of what it borrowed.
    #[must_use]
    pub fn into_owned(self) -> Record<'static> {
        fn own(block: Block<'_>) -> Block<'static> {
            match block {
                Block::Bytes(bytes) => Block::Bytes(Cow::Owned(bytes.into_owned())),
                Block::File(file, len) => Block::File(file, len),
                Block::Parts(parts) => Block::Parts(parts.into_iter().map(own).collect()),
            }
        }
        Record { version: self.version, fields: self.fields, block: own(self.block) }
    }
}

/// A record in the making.
#[derive(Debug, Clone)]
pub struct RecordBuilder {
    fields: Fields,
}

impl RecordBuilder {
    /// Adds a field.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push(name, value);
        self
    }

    /// Adds a field where there is a value for it.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl AsRef<[u8]>>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// The finished record, with `Content-Length` as its last field.
    #[must_use]
    pub fn block<'a>(mut self, block: impl Into<Block<'a>>) -> Record<'a> {
        let block = block.into();
        self.fields.push(name::CONTENT_LENGTH, block.len().to_string());
        Record { version: Version::V1_1, fields: self.fields, block }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_read_with_and_without_brackets() {
        let id = RecordId::from_uuid_bytes([7; 16]);
        assert_eq!(id.to_string(), "<urn:uuid:07070707-0707-0707-0707-070707070707>");
        assert_eq!(RecordId::parse(&id.to_string()), Some(id.clone()));
        assert_eq!(RecordId::parse(id.uri()), Some(id));
        for text in ["", "<>", "a b", " "] {
            assert_eq!(RecordId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn counting_ids_count_and_random_ones_differ() {
        let (mut a, mut b) = (CountingIds::default(), CountingIds::default());
        assert_eq!((a.next_id(), a.next_id()), (b.next_id(), b.next_id()));
        assert_ne!(RandomIds.next_id(), RandomIds.next_id());
    }

    #[test]
    fn random_ids_of_one_event_differ_in_their_last_digits_alone() {
        let main = RandomIds.next_id();
        let uuid = uuid::Uuid::parse_str(main.uri().strip_prefix("urn:uuid:").unwrap()).unwrap();
        assert_eq!(uuid.get_version_num(), 8);
        assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
        let (stem, last) = main.uri().split_at(main.uri().len() - 4);
        assert_eq!(last, "0000");
        for number in [1, 2, 255, 256, u16::MAX] {
            assert_eq!(RandomIds.beside(&main, number).uri(), format!("{stem}{number:04x}"));
        }
        let foreign = RecordId::parse("<urn:x:1>").unwrap();
        assert_ne!(RandomIds.beside(&foreign, 1), RandomIds.beside(&foreign, 1));
    }

    #[test]
    fn kinds_are_read_in_any_case_and_strange_ones_are_kept() {
        assert_eq!(RecordKind::parse(" Response "), RecordKind::Response);
        assert_eq!(RecordKind::parse("Screenshot"), RecordKind::Other("Screenshot".into()));
    }

    #[test]
    fn a_record_prints_its_fields_in_order_and_its_length_last() {
        let id = RecordId::from_uuid_bytes([0; 16]);
        let at = Timestamp::from_unix_micros(1_500_000);
        let record = Record::build(&RecordKind::Resource, &id, at)
            .field(name::TARGET_URI, "http://example.org/")
            .maybe(name::TRUNCATED, None::<&str>)
            .block(b"hello".to_vec());
        assert_eq!(
            String::from_utf8(record.header_bytes()).unwrap(),
            "WARC/1.1\r\nWARC-Type: resource\r\n\
             WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000000>\r\n\
             WARC-Date: 1970-01-01T00:00:01.500000Z\r\nWARC-Target-URI: http://example.org/\r\n\
             Content-Length: 5\r\n\r\n"
        );
        assert_eq!(record.fields.record_kind(), Some(RecordKind::Resource));
        assert_eq!(record.fields.date(), Some(at));
    }

    #[test]
    fn a_spooled_block_that_lost_bytes_is_an_error() {
        let file = Arc::new(tempfile::tempfile().unwrap());
        (&*file).write_all(b"abc").unwrap();
        let whole = Block::Parts(vec![Block::from(&b"x"[..]), Block::File(Arc::clone(&file), 3)]);
        let mut out = Vec::new();
        whole.write_to(&mut out).unwrap();
        assert_eq!((out.as_slice(), whole.len()), (&b"xabc"[..], 4));
        assert!(Block::File(file, 4).write_to(&mut Vec::new()).is_err());
    }
}
