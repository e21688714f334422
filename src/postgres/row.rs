//! A capture as a row: the column of each part, and back.

use std::sync::Arc;

use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::failure::Failure;
use crate::archive::{Capture, RecordId, RecordKind, RefersTo};
use crate::base::surt::{host_of_key, is_cut, stored, usable};
use crate::base::{Digest, DigestAlgorithm, Timestamp};

/// The place of a capture among all: captures are ordered by it, and two with the same place are
/// the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The urlkey as it is in the table.
    pub(super) key: Vec<u8>,
    pub(super) at: i64,
    pub(super) file: i32,
    pub(super) offset: i64,
}

/// The columns of a capture, in the order of the fields of `Stored`, with their types.
const COLUMNS: [(&str, &str, Type); 18] = [
    ("key", "bytea", Type::BYTEA),
    ("at", "int8", Type::INT8),
    ("file", "int4", Type::INT4),
    ("\"offset\"", "int8", Type::INT8),
    ("length", "int8", Type::INT8),
    ("payload", "int8", Type::INT8),
    ("refers_at", "int8", Type::INT8),
    ("status", "int4", Type::INT4),
    ("kind", "int2", Type::INT2),
    ("truncated", "bool", Type::BOOL),
    ("refers", "bool", Type::BOOL),
    ("urlkey", "bytea", Type::BYTEA),
    ("url", "bytea", Type::BYTEA),
    ("mime", "bytea", Type::BYTEA),
    ("digest", "bytea", Type::BYTEA),
    ("record", "bytea", Type::BYTEA),
    ("refers_url", "bytea", Type::BYTEA),
    ("refers_record", "bytea", Type::BYTEA),
];

/// The names of the columns, with commas between.
pub(super) fn columns() -> String {
    COLUMNS.map(|(name, ..)| name).join(", ")
}

/// The columns that are not part of the place of a capture.
pub(super) fn said_columns() -> [&'static str; 14] {
    std::array::from_fn(|at| COLUMNS[at + 4].0)
}

/// The columns of what is put in: those of a capture, and its host. Name and SQL type of each.
pub(super) fn staged_columns() -> Vec<(&'static str, &'static str)> {
    let own = COLUMNS.iter().map(|(name, sql, _)| (*name, *sql));
    own.chain([("host", "bytea")]).collect()
}

/// The types of these, for COPY.
pub(super) fn staged_types() -> Vec<Type> {
    COLUMNS.into_iter().map(|(.., kind)| kind).chain([Type::BYTEA]).collect()
}

/// A capture as it is put in.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) place: Place,
    length: i64,
    payload: Option<i64>,
    refers_at: Option<i64>,
    status: Option<i32>,
    kind: i16,
    truncated: bool,
    refers: bool,
    urlkey: Option<Vec<u8>>,
    url: Vec<u8>,
    mime: Vec<u8>,
    digest: Option<Vec<u8>>,
    record: Option<Vec<u8>>,
    refers_url: Option<Vec<u8>>,
    refers_record: Option<Vec<u8>>,
    host: Vec<u8>,
}

impl Stored {
    /// A capture of the file with this number. The error says what does not fit.
    pub(super) fn of(capture: Capture, file: i32) -> Result<Self, String> {
        let number = |what: &str, number: u64| {
            i64::try_from(number).map_err(|_| {
                format!(
                    "{what} of {number} bytes in {} exceeds the maximum file size",
                    capture.file
                )
            })
        };
        let offset = number("an offset", capture.offset)?;
        let length = number("a length", capture.length)?;
        let payload = capture.digest.filter(|_| capture.holds_payload()).map(|d| payload_of(&d));
        let key = stored(&capture.urlkey).into_owned();
        let host = host_of_key(&capture.urlkey).unwrap_or("").as_bytes();
        let host = host[..usable(host)].to_vec();
        let refers = capture.refers_to.is_some();
        let RefersTo { url, date, record_id } = capture.refers_to.unwrap_or_default();
        let kind = RecordKind::ALL.iter().position(|kind| *kind == capture.kind).unwrap_or(0);
        Ok(Self {
            urlkey: is_cut(&key).then(|| capture.urlkey.into_bytes()),
            place: Place { key, at: capture.date.unix_micros(), file, offset },
            length,
            payload,
            refers_at: date.map(Timestamp::unix_micros),
            status: capture.status.map(i32::from),
            kind: i16::try_from(kind).unwrap_or(0),
            truncated: capture.truncated,
            refers,
            url: capture.url.into_bytes(),
            mime: capture.mime.into_bytes(),
            digest: capture.digest.as_ref().map(digest_bytes),
            record: capture.record_id.map(record_bytes),
            refers_url: url.map(String::into_bytes),
            refers_record: record_id.map(record_bytes),
            host,
        })
    }

    /// Its values, in the order of [`staged_columns`].
    pub(super) fn values(&self) -> [&(dyn ToSql + Sync); 19] {
        [
            &self.place.key,
            &self.place.at,
            &self.place.file,
            &self.place.offset,
            &self.length,
            &self.payload,
            &self.refers_at,
            &self.status,
            &self.kind,
            &self.truncated,
            &self.refers,
            &self.urlkey,
            &self.url,
            &self.mime,
            &self.digest,
            &self.record,
            &self.refers_url,
            &self.refers_record,
            &self.host,
        ]
    }
}

/// Each column of several captures as an array of its own, in the order of [`staged_columns`].
pub(super) fn arrays(rows: &[Stored]) -> Vec<(Box<dyn ToSql + Sync + Send>, Type)> {
    fn each<T: ToSql + Sync + Send + 'static>(
        rows: &[Stored],
        kind: Type,
        part: impl Fn(&Stored) -> T,
    ) -> (Box<dyn ToSql + Sync + Send>, Type) {
        (Box::new(rows.iter().map(part).collect::<Vec<T>>()), kind)
    }
    vec![
        each(rows, Type::BYTEA_ARRAY, |row| row.place.key.clone()),
        each(rows, Type::INT8_ARRAY, |row| row.place.at),
        each(rows, Type::INT4_ARRAY, |row| row.place.file),
        each(rows, Type::INT8_ARRAY, |row| row.place.offset),
        each(rows, Type::INT8_ARRAY, |row| row.length),
        each(rows, Type::INT8_ARRAY, |row| row.payload),
        each(rows, Type::INT8_ARRAY, |row| row.refers_at),
        each(rows, Type::INT4_ARRAY, |row| row.status),
        each(rows, Type::INT2_ARRAY, |row| row.kind),
        each(rows, Type::BOOL_ARRAY, |row| row.truncated),
        each(rows, Type::BOOL_ARRAY, |row| row.refers),
        each(rows, Type::BYTEA_ARRAY, |row| row.urlkey.clone()),
        each(rows, Type::BYTEA_ARRAY, |row| row.url.clone()),
        each(rows, Type::BYTEA_ARRAY, |row| row.mime.clone()),
        each(rows, Type::BYTEA_ARRAY, |row| row.digest.clone()),
        each(rows, Type::BYTEA_ARRAY, |row| row.record.clone()),
        each(rows, Type::BYTEA_ARRAY, |row| row.refers_url.clone()),
        each(rows, Type::BYTEA_ARRAY, |row| row.refers_record.clone()),
        each(rows, Type::BYTEA_ARRAY, |row| row.host.clone()),
    ]
}

/// The place of a row whose columns are [`columns`].
pub(super) fn place_of(row: &Row) -> Result<Place, Failure> {
    Ok(Place {
        key: row.try_get(0)?,
        at: row.try_get(1)?,
        file: row.try_get(2)?,
        offset: row.try_get(3)?,
    })
}

/// The capture of a row whose columns are [`columns`], in the file of that name.
pub(super) fn capture_of(row: &Row, file: Arc<str>) -> Result<Capture, Failure> {
    let place = place_of(row)?;
    let kind: i16 = row.try_get(8)?;
    let kind = usize::try_from(kind).ok().and_then(|at| RecordKind::ALL.get(at).copied());
    let whole: Option<Vec<u8>> = row.try_get(11)?;
    let refers: bool = row.try_get(10)?;
    let refers_at: Option<i64> = row.try_get(6)?;
    let refers_url: Option<Vec<u8>> = row.try_get(16)?;
    let status: Option<i32> = row.try_get(7)?;
    let refers_to = RefersTo {
        url: refers_url.map(|url| text(url, "the address of the repeated capture")).transpose()?,
        date: refers_at.map(Timestamp::from_unix_micros),
        record_id: row.try_get::<_, Option<Vec<u8>>>(17)?.map(record_of).transpose()?,
    };
    Ok(Capture {
        urlkey: text(whole.unwrap_or(place.key), "a urlkey")?,
        date: Timestamp::from_unix_micros(place.at),
        url: text(row.try_get(12)?, "an address")?,
        mime: text(row.try_get(13)?, "a media type")?,
        status: status.map(|n| u16::try_from(n).map_err(|_| bad("a status"))).transpose()?,
        digest: row.try_get::<_, Option<Vec<u8>>>(14)?.map(|d| digest_of(&d)).transpose()?,
        length: u64::try_from(row.try_get::<_, i64>(4)?).map_err(|_| bad("a length"))?,
        offset: u64::try_from(place.offset).map_err(|_| bad("an offset"))?,
        file,
        record_id: row.try_get::<_, Option<Vec<u8>>>(15)?.map(record_of).transpose()?,
        kind: kind.ok_or_else(|| bad("a kind of record"))?,
        refers_to: refers.then_some(refers_to),
        truncated: row.try_get(9)?,
    })
}

fn bad(what: &str) -> Failure {
    Failure::Row(format!(
        "{what} in its table of captures is invalid; `pressmark reindex` rebuilds it"
    ))
}

pub(super) fn text(bytes: Vec<u8>, what: &str) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| bad(what))
}

/// The key that a payload is looked up by. Two payloads that share it are distinguished by the
/// whole digest.
pub(super) fn payload_of(digest: &Digest) -> i64 {
    let mut first = [0; 8];
    // Both algorithms make more than that.
    for (to, from) in first.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    i64::from_be_bytes(first)
}

pub(super) fn digest_bytes(digest: &Digest) -> Vec<u8> {
    let algorithm = match digest.algorithm() {
        DigestAlgorithm::Sha1 => 1,
        DigestAlgorithm::Sha256 => 2,
    };
    [&[algorithm], digest.as_bytes()].concat()
}

fn digest_of(bytes: &[u8]) -> Result<Digest, Failure> {
    let (algorithm, raw) = match bytes {
        [1, raw @ ..] => (DigestAlgorithm::Sha1, raw),
        [2, raw @ ..] => (DigestAlgorithm::Sha256, raw),
        _ => return Err(bad("a digest")),
    };
    Digest::from_bytes(algorithm, raw).ok_or_else(|| bad("a digest"))
}

fn record_bytes(id: RecordId) -> Vec<u8> {
    match id {
        RecordId::Uuid(bytes) => [&[0][..], &bytes].concat(),
        RecordId::Text(text) => [&[1], text.as_bytes()].concat(),
    }
}

fn record_of(bytes: Vec<u8>) -> Result<RecordId, Failure> {
    match bytes.as_slice() {
        [0, uuid @ ..] => match uuid.try_into() {
            Ok(uuid) => Ok(RecordId::Uuid(uuid)),
            Err(_) => Err(bad("a record id")),
        },
        [1, id @ ..] => Ok(RecordId::Text(text(id.to_vec(), "a record id")?)),
        _ => Err(bad("a record id")),
    }
}
