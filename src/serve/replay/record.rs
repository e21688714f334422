//! A capture that was loaded: its head, and its payload as it was captured and with its content coding
//! undone. Those that were requested recently are kept.

use std::io::BufReader;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;

use super::super::Serve;
use super::super::gzip::is_accepted;
use super::super::kept::Kept;
use super::super::reply::Refusal;
use super::headers::Archived;
use super::payload::{Held, Payload};
use crate::archive::{Capture, RecordKind};
use crate::http::{ContentCoding, Head, decode_body};
use crate::replay::PREFIX_BYTES;

/// A capture, and for a revisit the one that holds its payload: everything that a loaded record is made from. The
/// whole lines of the index, so that a record is not confused with another one at the same place.
pub type Key = (Capture, Option<Capture>);

/// Captures that were loaded recently.
pub struct Records {
    /// Those whose payloads are in memory.
    short: Kept<Key, Arc<Record>>,
    /// Those whose payloads are in temporary files: a video is requested in many ranges.
    long: Kept<Key, Arc<Record>>,
}

impl Records {
    /// Keeps payloads of this many bytes in memory, and of four times as many in temporary files.
    pub fn new(bytes_max: usize) -> Self {
        let long = bytes_max.saturating_mul(4);
        Self { short: Kept::new(bytes_max, bytes_max / 4), long: Kept::new(long, long) }
    }

    /// A capture, loaded now or before.
    ///
    /// # Errors
    /// When the archive cannot answer, or the record was changed.
    pub fn of(&self, state: &Serve, capture: &Capture) -> Result<Arc<Record>, Refusal> {
        // The record that holds the payload is looked up each time: it may have been added since.
        let original = match capture.kind {
            RecordKind::Revisit => state.reader.original_of(capture)?,
            _ => None,
        };
        let key = (capture.clone(), original);
        if let Some(record) = self.short.get(&key).or_else(|| self.long.get(&key)) {
            return Ok(record);
        }
        let record = Arc::new(Record::load(state, &key.0)?);
        self.keep(&record);
        Ok(record)
    }

    /// Keeps a record, or updates its size.
    fn keep(&self, record: &Arc<Record>) {
        match &record.payload {
            Held::Memory(_) => {
                self.short.keep(record.key.clone(), Arc::clone(record), record.bytes_in_memory());
            }
            Held::File { .. } => {
                let bytes = usize::try_from(record.payload.length()).unwrap_or(usize::MAX);
                self.long.keep(record.key.clone(), Arc::clone(record), bytes);
            }
        }
    }
}

/// A capture that was loaded.
pub struct Record {
    /// What it was made from.
    pub key: Key,
    /// What its head says.
    pub archived: Archived,
    /// Whether another record should hold its payload and is not in the archive.
    pub is_without_payload: bool,
    /// The beginning of its `ETag`; `None` if the payload has no digest.
    pub mark: Option<String>,
    /// The head that belongs to the payload.
    head: Head,
    /// The content codings of the payload, in lower case.
    codings: Vec<String>,
    payload: Held,
    /// The payload with its content coding undone, once requested.
    decoded: OnceLock<Decoded>,
}

/// A payload with its content coding undone.
#[derive(Debug, Clone)]
struct Decoded {
    bytes: Bytes,
    /// Whether it was truncated.
    is_cut: bool,
}

impl Record {
    /// Loads a capture.
    ///
    /// # Errors
    /// When it cannot be read, or was changed.
    fn load(state: &Serve, capture: &Capture) -> Result<Self, Refusal> {
        let mut loaded = state.reader.load(capture)?;
        let archived = Archived::of(&loaded);
        let holder = loaded.holder();
        let is_elsewhere = holder.entry.kind == RecordKind::Revisit;
        let has_body = !matches!(loaded.entry.status, Some(204 | 304));
        let original = loaded.original.as_ref().map(|original| original.entry.clone());
        let mark = holder.entry.digest.map(|digest| digest.to_string().replace(':', "-"));
        let head = loaded.payload_head();
        let codings = head.list("content-encoding").into_iter();
        let codings = codings.filter(|c| !matches!(c.as_str(), "" | "identity")).collect();
        let holder = loaded.original.take().map_or(loaded, |original| *original);
        let payload = Held::of(holder).map_err(|why| unreadable(capture, &why))?;
        Ok(Self {
            key: (capture.clone(), original),
            archived,
            is_without_payload: is_elsewhere && has_body,
            mark,
            head,
            codings,
            payload,
            decoded: OnceLock::new(),
        })
    }

    /// The capture.
    pub fn capture(&self) -> &Capture {
        &self.key.0
    }

    fn bytes_in_memory(&self) -> usize {
        let payload = usize::try_from(self.payload.length()).unwrap_or(usize::MAX);
        let decoded = self.decoded.get().filter(|_| self.is_coded());
        payload
            .saturating_add(decoded.map_or(0, |decoded| decoded.bytes.len()))
            .saturating_add(self.archived.bytes())
    }

    /// Whether anything has to be undone before the payload can be read.
    fn is_coded(&self) -> bool {
        // Some servers compress a text without declaring it.
        !self.codings.is_empty()
            || self.payload.prefix().is_ok_and(|prefix| ContentCoding::sniffed(&prefix).is_some())
    }

    /// The payload with its content coding undone, as far as the options allow.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn decoded(self: &Arc<Self>, state: &Serve) -> Result<Bytes, Refusal> {
        Ok(self.undone(state)?.bytes)
    }

    fn undone(self: &Arc<Self>, state: &Serve) -> Result<Decoded, Refusal> {
        if let Some(decoded) = self.decoded.get() {
            return Ok(decoded.clone());
        }
        let decoded = self.undone_up_to(state.options.decoded_bytes_max)?;
        // The decoded form of a long payload is too large for memory.
        let is_short = matches!(self.payload, Held::Memory(_));
        if is_short && self.decoded.set(decoded.clone()).is_ok() {
            state.records.keep(self);
        }
        Ok(decoded)
    }

    fn undone_up_to(&self, bytes_max: usize) -> Result<Decoded, Refusal> {
        if let (Held::Memory(bytes), false) = (&self.payload, self.is_coded()) {
            let is_cut = bytes.len() > bytes_max;
            return Ok(Decoded { bytes: bytes.slice(..bytes.len().min(bytes_max)), is_cut });
        }
        let reader = self.payload.reader();
        let decoded =
            decode_body(BufReader::with_capacity(64 * 1024, reader), &self.head, bytes_max);
        Ok(Decoded { bytes: decoded.bytes.into(), is_cut: decoded.cut.is_some() })
    }

    /// The first bytes of [`Self::decoded`], as many as replay examines.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn prefix(&self) -> Result<Bytes, Refusal> {
        let whole = self.decoded.get().map(|decoded| decoded.bytes.clone());
        let bytes = match whole {
            Some(bytes) => bytes,
            None => self.undone_up_to(PREFIX_BYTES)?.bytes,
        };
        Ok(bytes.slice(..bytes.len().min(PREFIX_BYTES)))
    }

    /// The payload as it is sent to a client that accepts these codings: as it was captured where the
    /// client takes the coding that it has.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn sent(
        self: &Arc<Self>,
        state: &Serve,
        accepted: Option<&str>,
    ) -> Result<Payload, Refusal> {
        let is_coded = !self.codings.is_empty();
        let as_captured = || Payload {
            bytes: self.payload.clone(),
            coding: is_coded.then(|| self.codings.join(", ")),
            is_coded,
        };
        if self.codings.iter().all(|coding| is_accepted(accepted, coding)) {
            return Ok(as_captured());
        }
        let decoded = self.undone(state)?;
        // A coding that cannot be undone is sent as it is and declared.
        Ok(match decoded.is_cut {
            true => as_captured(),
            false => Payload { bytes: Held::Memory(decoded.bytes), coding: None, is_coded },
        })
    }

    /// The refusal if the payload is not in the archive.
    pub fn payload_missing(&self) -> Refusal {
        let capture = self.capture();
        Refusal::missing(format!(
            "{} was unchanged at its capture of {}, and the record that holds its payload is not in this archive",
            capture.url,
            capture.date.to_rfc3339()
        ))
    }

    /// A strong validator of the sent bytes: the digest of the payload, and a mark of its form.
    pub fn etag(&self, form: &str) -> Option<String> {
        self.mark.as_ref().map(|mark| format!("\"{mark}{form}\""))
    }
}

fn unreadable(capture: &Capture, why: &std::io::Error) -> Refusal {
    Refusal::failed(format!("reading the capture of {}: {why}", capture.url))
}
