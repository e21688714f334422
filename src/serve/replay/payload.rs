//! What is sent of a payload: as it was captured, or with its content coding undone for a client that does
//! not take it.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::body::Bytes;

use super::super::body::Pieces;
use crate::http::decode_body;
use crate::store::Loaded;

/// Payloads up to this length are held in memory, longer ones in a temporary file.
const MEMORY_MAX: usize = 4 << 20;
/// How many bytes of a file are read at a time.
const PIECE: u64 = 256 * 1024;

/// A payload that is ready to be sent.
pub struct Payload {
    bytes: Held,
    coding: Option<String>,
    is_coded: bool,
}

enum Held {
    Memory(Bytes),
    File(Arc<File>, u64),
}

impl Payload {
    /// The payload of a capture. Where the client does not take the coding that it has, that is undone, if
    /// at most `decoded_max` bytes come out.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(loaded: &Loaded, accepted: Option<&str>, decoded_max: usize) -> io::Result<Self> {
        let head = loaded.payload_head();
        let codings = head.list("content-encoding");
        let codings: Vec<String> =
            codings.into_iter().filter(|c| !matches!(c.as_str(), "" | "identity")).collect();
        let is_coded = !codings.is_empty();
        if !is_coded || codings.iter().all(|coding| is_accepted(accepted, coding)) {
            let bytes = held(loaded.payload()?)?;
            let coding = is_coded.then(|| codings.join(", "));
            return Ok(Self { bytes, coding, is_coded });
        }
        let payload = BufReader::with_capacity(64 * 1024, loaded.payload()?);
        let decoded = decode_body(payload, &head, decoded_max);
        if decoded.cut.is_some() {
            // What cannot be undone is sent as it is, and says so.
            let coding = Some(codings.join(", "));
            return Ok(Self { bytes: held(loaded.payload()?)?, coding, is_coded });
        }
        Ok(Self { bytes: Held::Memory(decoded.bytes.into()), coding: None, is_coded })
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        match &self.bytes {
            Held::Memory(bytes) => bytes.len() as u64,
            Held::File(_, length) => *length,
        }
    }

    /// The content coding that it still has.
    pub fn coding(&self) -> Option<&str> {
        self.coding.as_deref()
    }

    /// Whether another client would be sent other bytes.
    pub fn varies(&self) -> bool {
        self.is_coded
    }

    /// What tells the forms of one payload apart.
    pub fn mark(&self) -> &'static str {
        if self.is_coded && self.coding.is_none() { "-plain" } else { "" }
    }

    /// A part of it: at once, or what makes its pieces.
    pub fn part(self, range: Range<u64>) -> Result<Bytes, FilePieces> {
        match self.bytes {
            Held::Memory(bytes) => {
                let at =
                    |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                Ok(bytes.slice(at(range.start)..at(range.end)))
            }
            Held::File(file, _) => Err(FilePieces { file, at: range.start, end: range.end }),
        }
    }
}

fn held(mut payload: Box<dyn Read + Send + '_>) -> io::Result<Held> {
    let mut bytes = Vec::new();
    payload.by_ref().take(MEMORY_MAX as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() <= MEMORY_MAX {
        return Ok(Held::Memory(bytes.into()));
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(&bytes)?;
    let rest = io::copy(&mut payload, &mut file)?;
    file.flush()?;
    Ok(Held::File(Arc::new(file), bytes.len() as u64 + rest))
}

/// Whether `Accept-Encoding` takes a coding (RFC 9110 section 12.5.3). Without the field any may be sent;
/// what reads without saying so is mostly a tool that undoes none, so that none is.
fn is_accepted(field: Option<&str>, coding: &str) -> bool {
    let Some(field) = field else { return false };
    let name = |text: &str| match text.trim().to_ascii_lowercase().as_str() {
        "x-gzip" => "gzip".to_owned(),
        other => other.to_owned(),
    };
    let mut any = None;
    for item in field.split(',') {
        let (word, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok());
        let is_taken = weight.unwrap_or(1.0) > 0.0;
        match name(word) {
            word if word == name(coding) => return is_taken,
            word if word == "*" => any = Some(is_taken),
            _ => {}
        }
    }
    any.unwrap_or(false)
}

/// Pieces of a file.
pub struct FilePieces {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Pieces for FilePieces {
    fn next(&mut self) -> Option<Result<Bytes, String>> {
        let want = (self.end - self.at).min(PIECE);
        if want == 0 {
            return None;
        }
        let mut piece = vec![0; usize::try_from(want).unwrap_or(0)];
        Some(match self.file.read_exact_at(&mut piece, self.at) {
            Ok(()) => {
                self.at += want;
                Ok(piece.into())
            }
            Err(why) => Err(format!("reading a payload: {why}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings_are_accepted_as_the_field_says() {
        for (field, coding, accepted) in [
            (Some("gzip, deflate"), "gzip", true),
            (Some("gzip;q=0, *"), "gzip", false),
            (Some("*"), "br", true),
            (Some("*;q=0"), "br", false),
            (Some("x-gzip"), "gzip", true),
            (Some("identity"), "gzip", false),
            (Some(""), "gzip", false),
            (Some("GZIP; q=0.5"), "gzip", true),
            (None, "gzip", false),
        ] {
            assert_eq!(is_accepted(field, coding), accepted, "{field:?} {coding}");
        }
    }

    #[test]
    fn a_long_payload_is_given_in_pieces() {
        let long: Vec<u8> =
            (0..MEMORY_MAX + 1000).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let bytes = held(Box::new(long.as_slice())).unwrap();
        let payload = Payload { bytes, coding: None, is_coded: false };
        assert_eq!(payload.length(), long.len() as u64);
        let mut rest = payload.part(100..long.len() as u64 - 7).err().unwrap();
        let mut got = Vec::new();
        while let Some(piece) = rest.next() {
            got.extend_from_slice(&piece.unwrap());
        }
        assert_eq!(got, &long[100..long.len() - 7]);
    }
}
