//! A capture with its bytes, in memory or in a temporary file.

use std::io::{self, BufReader, Read};
use std::ops::Range;

use crate::archive::{Capture, Form};
use crate::http::{BodyFraming, Head, ResponseShape, Stored, decode_body, payload_of};
use crate::warc::{Fields, Original};

use super::describe::original_of;

/// A capture with its bytes.
#[derive(Debug)]
pub struct Loaded {
    /// Its line of the index.
    pub entry: Capture,
    /// The header of its record.
    pub fields: Fields,
    /// The header's bytes.
    pub header: Vec<u8>,
    /// The HTTP head; empty where the record holds no HTTP.
    pub head: Vec<u8>,
    /// The parts of the HTTP response.
    pub shape: ResponseShape,
    /// The record's block.
    pub block: Stored,
    /// For a revisit: the capture that holds the payload, where it was found.
    pub original: Option<Box<Loaded>>,
}

impl Loaded {
    /// The capture whose record holds the payload: this one, or the one it refers to.
    #[must_use]
    pub fn holder(&self) -> &Self {
        self.original.as_deref().unwrap_or(self)
    }

    /// Whether it is a page as rendered by a browser, and not as it was sent.
    #[must_use]
    pub fn is_rendering(&self) -> bool {
        self.entry.form() == Some(Form::Rendered)
    }

    /// The record that a revisit of this payload refers to; `None` where the payload is not in the
    /// archive.
    #[must_use]
    pub fn original(&self) -> Option<Original> {
        let holder = self.holder();
        holder.entry.holds_payload().then(|| original_of(&holder.entry))
    }

    /// The HTTP head that belongs to the payload.
    #[must_use]
    pub fn payload_head(&self) -> Head {
        Head::parse(&self.holder().head)
    }

    /// The payload: the body with its transfer coding removed and its content coding kept.
    ///
    /// # Errors
    /// When a spooled block cannot be read.
    pub fn payload(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        let holder = self.holder();
        if holder.head.is_empty() {
            return holder.block.reader();
        }
        Ok(Box::new(payload_of(&holder.block, &holder.shape)?))
    }

    /// Where the payload is in the block of its [`Self::holder`]; `None` where a transfer coding was put
    /// over it.
    #[must_use]
    pub fn payload_place(&self) -> Option<Range<u64>> {
        let holder = self.holder();
        let block = holder.block.len();
        if holder.head.is_empty() {
            return Some(0..block);
        }
        let shape = &holder.shape;
        if !shape.transfer_codings.is_empty() {
            return None;
        }
        let start = shape.head_len.min(block);
        let length = match shape.framing {
            BodyFraming::None => 0,
            BodyFraming::Length(length) => length,
            BodyFraming::Close => u64::MAX,
            BodyFraming::Chunked => return None,
        };
        Some(start..start.saturating_add(length).min(block))
    }

    /// The payload with its content coding undone, at most `max` bytes.
    ///
    /// # Errors
    /// When a spooled block cannot be read.
    pub fn decoded(&self, max: usize) -> io::Result<Vec<u8>> {
        let payload = BufReader::with_capacity(64 * 1024, self.payload()?);
        Ok(decode_body(payload, &self.payload_head(), max).bytes)
    }

    /// The value of the payload's `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        let holder = self.holder();
        if holder.head.is_empty() {
            return holder.fields.content_type().map(std::borrow::Cow::into_owned);
        }
        self.payload_head().get_text("content-type").map(std::borrow::Cow::into_owned)
    }
}
