//! The bytes that robots files and host facts are kept as over a restart: fixed-width little-endian
//! numbers, length-prefixed texts, one byte before whatever may be absent.
//!
//! Owns no layout: each type draws its own. Reading is total: any bytes give a value or an error.

use std::time::Duration;

use crate::base::Timestamp;

/// Why bytes are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Written by a later version of this program.
    #[error("{what} is of format {found}; this version reads up to {known}")]
    Newer {
        /// What was to be read.
        what: &'static str,
        /// The format it says it has.
        found: u8,
        /// The newest format known here.
        known: u8,
    },
    /// It ends too soon, or continues too long.
    #[error("{what} is damaged: expected {expected} at byte {at} of {length}")]
    Damaged {
        /// What was to be read.
        what: &'static str,
        /// What should have been there.
        expected: &'static str,
        /// Where.
        at: usize,
        /// How long it is.
        length: usize,
    },
}

/// Bytes being written.
#[derive(Debug, Default)]
pub(super) struct Encoder(Vec<u8>);

impl Encoder {
    pub(super) fn new(version: u8) -> Self {
        Self(vec![version])
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn byte(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    pub(super) fn number(&mut self, value: u32) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Microseconds since 1970.
    pub(super) fn time(&mut self, at: Timestamp) -> &mut Self {
        self.0.extend_from_slice(&at.unix_micros().to_le_bytes());
        self
    }

    /// Microseconds.
    pub(super) fn duration(&mut self, value: Duration) -> &mut Self {
        let micros = u64::try_from(value.as_micros()).unwrap_or(u64::MAX);
        self.0.extend_from_slice(&micros.to_le_bytes());
        self
    }

    pub(super) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        // Texts are labels and files of at most 500 KiB; a longer one is cut rather than miscounted.
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.number(length);
        self.0.extend_from_slice(&value[..usize::try_from(length).unwrap_or(0).min(value.len())]);
        self
    }

    /// One byte, 0 or 1, and the value after a 1.
    pub(super) fn option<T>(
        &mut self,
        value: Option<T>,
        put: impl FnOnce(&mut Self, T),
    ) -> &mut Self {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            put(self, value);
        }
        self
    }
}

/// Bytes being read.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    what: &'static str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Decoder<'a> {
    /// A reader past the version byte.
    pub(super) fn new(what: &'static str, bytes: &'a [u8], known: u8) -> Result<Self, DecodeError> {
        let mut decoder = Self { what, bytes, at: 0 };
        match decoder.byte()? {
            found if found > known => Err(DecodeError::Newer { what, found, known }),
            0 => Err(decoder.damaged("a format from 1")),
            _ => Ok(decoder),
        }
    }

    pub(super) fn damaged(&self, expected: &'static str) -> DecodeError {
        DecodeError::Damaged { what: self.what, expected, at: self.at, length: self.bytes.len() }
    }

    fn array<const N: usize>(&mut self, expected: &'static str) -> Result<[u8; N], DecodeError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(found) = rest.first_chunk::<N>() else { return Err(self.damaged(expected)) };
        self.at += N;
        Ok(*found)
    }

    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>("a byte").map(|[byte]| byte)
    }

    pub(super) fn number(&mut self) -> Result<u32, DecodeError> {
        self.array("a number of 4 bytes").map(u32::from_le_bytes)
    }

    pub(super) fn time(&mut self) -> Result<Timestamp, DecodeError> {
        self.array("a time of 8 bytes").map(i64::from_le_bytes).map(Timestamp::from_unix_micros)
    }

    pub(super) fn duration(&mut self) -> Result<Duration, DecodeError> {
        self.array("a duration of 8 bytes").map(u64::from_le_bytes).map(Duration::from_micros)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let end = self.at.saturating_add(length);
        let Some(found) = self.bytes.get(self.at..end) else {
            return Err(self.damaged("as many bytes as announced"));
        };
        self.at = end;
        Ok(found)
    }

    pub(super) fn text(&mut self) -> Result<String, DecodeError> {
        let bytes = self.bytes()?.to_vec();
        String::from_utf8(bytes).map_err(|_| self.damaged("UTF-8 before this"))
    }

    pub(super) fn option<T>(
        &mut self,
        take: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        match self.byte()? {
            0 => Ok(None),
            1 => take(self).map(Some),
            _ => Err(self.damaged("0 or 1 before this")),
        }
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, DecodeError> {
        if self.at == self.bytes.len() { Ok(value) } else { Err(self.damaged("the end")) }
    }
}
