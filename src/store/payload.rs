//! The payload of a capture, whole or by byte range (RFC 9110 section 14): what a server streams.
//!
//! The record was loaded and its digests compared before a byte is given out, so that no damaged byte is
//! given out; a block that is too long for memory waits in a temporary file.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::archive::RecordKind;

use super::Loaded;

/// A payload: the body with its transfer coding removed and its content coding kept. Clones share it.
#[derive(Debug, Clone)]
pub struct Payload {
    loaded: Arc<Loaded>,
    length: Arc<OnceLock<u64>>,
}

impl Payload {
    /// The payload of a record; `None` for a revisit whose original is not in the archive.
    #[must_use]
    pub fn of(loaded: Arc<Loaded>) -> Option<Self> {
        let is_elsewhere = loaded.entry.kind == RecordKind::Revisit && loaded.original.is_none();
        (!is_elsewhere).then(|| Self { loaded, length: Arc::default() })
    }

    /// The capture that was asked for; its [`Loaded::payload_head`] belongs to the payload.
    #[must_use]
    pub fn loaded(&self) -> &Arc<Loaded> {
        &self.loaded
    }

    /// How many bytes it has. A chunked body is read once for it.
    ///
    /// # Errors
    /// When a block in a temporary file cannot be read.
    pub fn length(&self) -> io::Result<u64> {
        if let Some(length) = self.length.get() {
            return Ok(*length);
        }
        let length = match self.loaded.payload_place() {
            Some(place) => place.end - place.start,
            None => io::copy(&mut self.reader()?, &mut io::sink())?,
        };
        Ok(*self.length.get_or_init(|| length))
    }

    /// All of it, from the first byte on.
    ///
    /// # Errors
    /// As [`Self::length`].
    pub fn reader(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        self.loaded.payload()
    }

    /// The bytes of `range`, counted from 0; the part beyond the end is left out. A body without transfer
    /// coding is read at the place alone, another from its start.
    ///
    /// # Errors
    /// As [`Self::length`].
    pub fn range(&self, range: Range<u64>) -> io::Result<Box<dyn Read + Send + '_>> {
        let wanted = range.end.saturating_sub(range.start);
        if let Some(place) = self.loaded.payload_place() {
            let from = place.start.saturating_add(range.start).min(place.end);
            let to = from.saturating_add(wanted).min(place.end);
            return self.loaded.holder().block.range(from..to);
        }
        let mut all = self.reader()?;
        io::copy(&mut all.by_ref().take(range.start), &mut io::sink())?;
        Ok(Box::new(all.take(wanted)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::archive::{Capture, CaptureIn};
    use crate::base::Timestamp;
    use crate::http::{Method, Stored, shape_of};
    use crate::warc::Fields;

    fn record(response: &[u8], is_spooled: bool) -> Loaded {
        let shape = shape_of(response, Method::Get);
        let head = response[..usize::try_from(shape.head_len).unwrap()].to_vec();
        let block = if is_spooled {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(response).unwrap();
            Stored::File(Arc::new(file), response.len() as u64)
        } else {
            Stored::Memory(response.to_vec())
        };
        let entry: Capture = CaptureIn {
            urlkey: "example,)/".to_owned(),
            date: Timestamp::from_unix_seconds(0),
            url: "http://example/".to_owned(),
            mime: "text/plain".to_owned(),
            status: Some(200),
            digest: None,
            length: 0,
            offset: 0,
            file: "one.warc".into(),
            record_id: None,
            kind: RecordKind::Response,
            refers_to: None,
            truncated: false,
        };
        let (fields, header) = (Fields::new(), Vec::new());
        Loaded { entry, fields, header, head, shape, block, original: None }
    }

    fn chunked(body: &[u8], size: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for chunk in body.chunks(size) {
            out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            out.extend_from_slice(chunk);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"0\r\n\r\n");
        out
    }

    fn read(payload: &Payload, range: Range<u64>) -> Vec<u8> {
        let mut out = Vec::new();
        payload.range(range).unwrap().read_to_end(&mut out).unwrap();
        out
    }

    proptest! {
        #[test]
        fn a_range_is_that_part_of_the_payload(
            body in proptest::collection::vec(any::<u8>(), 0..400),
            framing in 0..4_usize,
            size in 1..50_usize,
            from in 0..500_u64,
            to in prop_oneof![0..500_u64, Just(u64::MAX)],
            is_spooled: bool,
        ) {
            let (field, coded) = match framing {
                0 => (format!("Content-Length: {}\r\n", body.len()), body.clone()),
                1 => (String::new(), body.clone()),
                // Cut before its end.
                2 => (format!("Content-Length: {}\r\n", body.len() + 9), body.clone()),
                _ => ("Transfer-Encoding: chunked\r\n".to_owned(), chunked(&body, size)),
            };
            let head = format!("HTTP/1.1 200 OK\r\n{field}\r\n");
            let response = [head.as_bytes(), &coded].concat();
            let payload = Payload::of(Arc::new(record(&response, is_spooled))).unwrap();
            prop_assert_eq!(payload.length().unwrap(), body.len() as u64);
            prop_assert_eq!(&read(&payload, 0..u64::MAX), &body);
            let place = |at: u64| usize::try_from(at).unwrap_or(body.len()).min(body.len());
            let want = &body[place(from)..place(to).max(place(from))];
            prop_assert_eq!(read(&payload, from..to), want);
        }
    }

    #[test]
    fn a_record_without_http_is_its_payload_and_a_revisit_alone_has_none() {
        let mut loaded = record(b"bare bytes", false);
        assert_eq!(read(&Payload::of(Arc::new(loaded)).unwrap(), 5..7), b"by");
        loaded = record(b"HTTP/1.1 200 OK\r\n\r\n", false);
        loaded.entry.kind = RecordKind::Revisit;
        assert!(Payload::of(Arc::new(loaded)).is_none());
        loaded = record(b"HTTP/1.1 200 OK\r\n\r\n", false);
        loaded.entry.kind = RecordKind::Revisit;
        loaded.original = Some(Box::new(record(b"HTTP/1.1 200 OK\r\n\r\nthe original", false)));
        let payload = Payload::of(Arc::new(loaded)).unwrap();
        assert_eq!((payload.length().unwrap(), read(&payload, 4..12)), (12, b"original".to_vec()));
    }
}
