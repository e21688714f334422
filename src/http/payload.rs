//! The payload of a stored response: its body with the transfer codings removed and the content
//! coding kept, as ISO 28500 section 6.3.2 (`WARC-Payload-Digest`) understands the word.
//!
//! Owns walking over head and chunk framing, in a stream and without copies where the bytes are in
//! memory, and undoing `gzip` and `deflate` as transfer codings (RFC 9112 section 7.2). Deliberately
//! decodes no content coding ([`super::coding`]). No transfer coding is requested, so a server
//! that sends one may not mean it: one that the first bytes do not show, or that is not known, is
//! left as it is.
//!
//! A body that was cut or is damaged gives the data that is there. A body whose end cannot be known
//! is given as it is. The same bytes always give the same payload: a digest is compared with it.

use std::io::{self, BufRead, BufReader, Read};

use super::chunked::{ChunkedReader, Piece};
use super::coding::ContentCoding;
use super::exchange::{BodyFraming, ResponseShape, Stored};
use super::inflate::{Deflate, Gzip, Outcome, Unpack};

/// How many bytes come out of all transfer codings of a body together: as long as the longest body
/// that is taken by default, and then the payload ends. Coded bytes may claim a thousand times what
/// they are.
const UNDONE_BYTES_MAX: u64 = 1 << 30;

#[derive(Debug)]
enum Body {
    Plain(u64),
    Chunked { reader: ChunkedReader, ready: usize },
}

impl Body {
    fn of(shape: &ResponseShape) -> Self {
        match shape.framing {
            BodyFraming::None => Self::Plain(0),
            BodyFraming::Length(length) => Self::Plain(length),
            BodyFraming::Close => Self::Plain(u64::MAX),
            BodyFraming::Chunked => Self::Chunked { reader: ChunkedReader::new(), ready: 0 },
        }
    }
}

/// The payload of a response of that shape; `inner` is at the response's first byte.
///
/// Through [`BufRead`] it hands out slices of the underlying buffer where only chunks are to be
/// taken off, so hashing copies nothing.
pub fn payload<'a>(
    inner: impl BufRead + Send + 'a,
    shape: &ResponseShape,
) -> Box<dyn BufRead + Send + 'a> {
    undone(Dechunked::new(inner, shape), shape)
}

/// Writes the payload of a response that is being read, as a digest is counted of it. `start` are its first bytes,
/// with the whole head, `rest` what follows. What is not a response is written whole.
///
/// # Errors
/// When `rest` cannot be read, or `to` not written.
pub fn copy_payload(
    shape: &ResponseShape,
    start: &[u8],
    rest: impl Read + Send,
    to: &mut impl io::Write,
) -> io::Result<u64> {
    let mut shape = shape.clone();
    if shape.status.is_none() {
        shape.framing = BodyFraming::Close;
    }
    let whole = BufReader::with_capacity(64 * 1024, start.chain(rest));
    io::copy(&mut payload(whole, &shape), to)
}

/// The payload of a stored response.
///
/// # Errors
/// When the temporary file cannot be opened for reading.
pub fn payload_of<'a>(
    stored: &'a Stored,
    shape: &ResponseShape,
) -> io::Result<Box<dyn BufRead + Send + 'a>> {
    Ok(match stored {
        Stored::Memory(bytes) => payload(bytes.as_slice(), shape),
        Stored::File(..) => payload(BufReader::with_capacity(64 * 1024, stored.reader()?), shape),
    })
}

/// The body with the transfer codings of `shape` removed, from one whose chunks were taken off
/// ([`Dechunked`]).
pub fn undone<'a>(
    body: impl BufRead + Send + 'a,
    shape: &ResponseShape,
) -> Box<dyn BufRead + Send + 'a> {
    let mut body: Box<dyn BufRead + Send + 'a> = Box::new(body);
    let mut left = UNDONE_BYTES_MAX;
    for coding in shape.transfer_codings.iter().rev().take(TRANSFER_CODINGS_MAX) {
        body = Box::new(Undone::new(body, coding.clone(), left));
        // The layers together produce no more than one of them may.
        left /= 2;
    }
    body
}

/// How many transfer codings are undone.
const TRANSFER_CODINGS_MAX: usize = 2;

/// A body with one transfer coding removed, where its first bytes show that it has it.
struct Undone<R> {
    inner: R,
    coding: ContentCoding,
    /// The first bytes, which were read to see whether it is coded.
    prefix: Vec<u8>,
    state: Undoing,
    out: Vec<u8>,
    at: usize,
    left: u64,
}

enum Undoing {
    Unseen,
    AsItIs,
    Coded(Box<dyn Unpack + Send>),
    Ended,
}

impl<R: BufRead> Undone<R> {
    fn new(inner: R, coding: ContentCoding, left: u64) -> Self {
        let (prefix, out) = (Vec::new(), Vec::new());
        Self { inner, coding, prefix, state: Undoing::Unseen, out, at: 0, left }
    }

    fn look(&mut self) -> io::Result<Undoing> {
        (&mut self.inner).take(2).read_to_end(&mut self.prefix)?;
        Ok(match (&self.coding, self.prefix.as_slice()) {
            (ContentCoding::Gzip, [0x1f, 0x8b]) => Undoing::Coded(Box::new(Gzip::new())),
            (ContentCoding::Deflate, prefix) if super::coding::is_zlib(prefix) => {
                Undoing::Coded(Box::new(Deflate::new(true)))
            }
            _ => Undoing::AsItIs,
        })
    }

    /// Fills `out` with what comes next.
    fn step(&mut self) -> io::Result<()> {
        let Undoing::Coded(unpacker) = &mut self.state else { return Ok(()) };
        (self.at, self.out) = (0, std::mem::take(&mut self.out));
        self.out.clear();
        self.out.reserve(64 * 1024);
        let from_prefix = !self.prefix.is_empty();
        let input = if from_prefix { &self.prefix } else { self.inner.fill_buf()? };
        let is_end = input.is_empty();
        let (taken, outcome) = unpacker.step(input, &mut self.out);
        if from_prefix {
            self.prefix.drain(..taken);
        } else {
            self.inner.consume(taken);
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX);
        self.out.truncate(room);
        self.left -= self.out.len() as u64;
        let is_over = outcome != Outcome::Go || (is_end && self.out.is_empty()) || self.left == 0;
        if is_over {
            self.state = Undoing::Ended;
        }
        Ok(())
    }
}

impl<R: BufRead> BufRead for Undone<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if matches!(self.state, Undoing::Unseen) {
            self.state = self.look()?;
        }
        while self.at == self.out.len() && matches!(self.state, Undoing::Coded(_)) {
            self.step()?;
        }
        match self.state {
            Undoing::AsItIs if self.prefix.is_empty() => self.inner.fill_buf(),
            Undoing::AsItIs => Ok(&self.prefix),
            _ => Ok(&self.out[self.at..]),
        }
    }

    fn consume(&mut self, amount: usize) {
        match self.state {
            Undoing::AsItIs if self.prefix.is_empty() => self.inner.consume(amount),
            Undoing::AsItIs => drop(self.prefix.drain(..amount.min(self.prefix.len()))),
            _ => self.at = (self.at + amount).min(self.out.len()),
        }
    }
}

impl<R: BufRead> Read for Undone<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let have = self.fill_buf()?;
        let n = have.len().min(out.len());
        out[..n].copy_from_slice(&have[..n]);
        self.consume(n);
        Ok(n)
    }
}

/// Reads the body out of response bytes, without its chunks; what else was put over it stays.
#[derive(Debug)]
pub struct Dechunked<R> {
    inner: R,
    head_left: u64,
    body: Body,
}

impl<R: BufRead> Dechunked<R> {
    /// The body of a response of that shape; `inner` is at the response's first byte.
    pub fn new(inner: R, shape: &ResponseShape) -> Self {
        Self { inner, head_left: shape.head_len, body: Body::of(shape) }
    }

    fn skip_head(&mut self) -> io::Result<()> {
        while self.head_left > 0 {
            let have = self.inner.fill_buf()?.len();
            if have == 0 {
                self.head_left = 0;
                break;
            }
            let skip = usize::try_from(self.head_left).map_or(have, |left| left.min(have));
            self.inner.consume(skip);
            self.head_left -= skip as u64;
        }
        Ok(())
    }
}

impl<R: BufRead> BufRead for Dechunked<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.skip_head()?;
        match &mut self.body {
            Body::Plain(0) => Ok(&[]),
            Body::Plain(left) => {
                let buffer = self.inner.fill_buf()?;
                let n = usize::try_from(*left).map_or(buffer.len(), |left| left.min(buffer.len()));
                Ok(&buffer[..n])
            }
            Body::Chunked { reader, ready } => {
                while *ready == 0 {
                    let buffer = self.inner.fill_buf()?;
                    if buffer.is_empty() {
                        return Ok(&[]);
                    }
                    let (taken, piece) = reader.step(buffer);
                    match piece {
                        Piece::Data => *ready = taken,
                        Piece::Framing => self.inner.consume(taken),
                        Piece::Done | Piece::Bad(_) => return Ok(&[]),
                    }
                }
                let buffer = self.inner.fill_buf()?;
                Ok(&buffer[..(*ready).min(buffer.len())])
            }
        }
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        match &mut self.body {
            Body::Plain(left) => *left = left.saturating_sub(amount as u64),
            Body::Chunked { ready, .. } => *ready = ready.saturating_sub(amount),
        }
    }
}

impl<R: BufRead> Read for Dechunked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let have = self.fill_buf()?;
        let n = have.len().min(out.len());
        out[..n].copy_from_slice(&have[..n]);
        self.consume(n);
        Ok(n)
    }
}

/// The body of response bytes in memory without its chunks, as slices of them, in order, none empty.
pub fn slices<'a>(response: &'a [u8], shape: &ResponseShape) -> impl Iterator<Item = &'a [u8]> {
    let head = usize::try_from(shape.head_len).map_or(response.len(), |n| n.min(response.len()));
    let mut rest = &response[head..];
    let mut body = Body::of(shape);
    std::iter::from_fn(move || {
        loop {
            match &mut body {
                Body::Plain(left) => {
                    let n = usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
                    let (slice, _) = std::mem::take(&mut rest).split_at(n);
                    return (n > 0).then_some(slice);
                }
                Body::Chunked { reader, .. } => {
                    let (taken, piece) = reader.step(rest);
                    let (slice, after) = rest.split_at(taken);
                    rest = after;
                    match piece {
                        Piece::Data => return Some(slice),
                        Piece::Framing if taken > 0 => {}
                        _ => return None,
                    }
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::framing::{Method, shape_of};
    use super::*;
    use std::sync::Arc;

    fn check(response: &[u8], method: Method, want: &[u8]) {
        let shape = shape_of(response, method);
        let joined: Vec<u8> = slices(response, &shape).flatten().copied().collect();
        assert_eq!(joined, want, "slices of {}", response.escape_ascii());
        for capacity in [1, 3, 64] {
            let mut got = Vec::new();
            payload(BufReader::with_capacity(capacity, response), &shape)
                .read_to_end(&mut got)
                .unwrap();
            assert_eq!(got, want, "{} through {capacity}", response.escape_ascii());
        }
    }

    #[test]
    fn the_payload_is_the_body_without_its_transfer_coding() {
        use Method::{Get, Head};
        for (response, method, want) in [
            (&b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..], Get, "hello"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", Get, "hello"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", Get, "hello"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", Head, ""),
            (b"HTTP/1.1 200 OK\r\n\r\nhello", Get, "hello"),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n",
                Get,
                "hello!",
            ),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", Get, "hel"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz", Get, "hello"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nplain\r\n", Get, "plain\r\n"),
            (b"HTTP/1.1 204 No\r\n\r\n", Get, ""),
            (b"bare bytes", Get, "bare bytes"),
            (b"HTTP/1.1 200 OK\r\nCut: h", Get, ""),
            (b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx", Get, "x"),
            (b"", Get, ""),
        ] {
            check(response, method, want.as_bytes());
        }
    }

    #[test]
    fn a_stored_file_gives_the_same_payload_as_memory() {
        let mut response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for _ in 0..300 {
            response.extend_from_slice(b"400\r\n");
            response.extend_from_slice(&[b'x'; 1024]);
            response.extend_from_slice(b"\r\n");
        }
        response.extend_from_slice(b"0\r\n\r\n");
        let shape = shape_of(&response, Method::Get);
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, &response).unwrap();
        let stored = Stored::File(Arc::new(file), response.len() as u64);
        let mut got = Vec::new();
        payload_of(&stored, &shape).unwrap().read_to_end(&mut got).unwrap();
        assert_eq!(got, vec![b'x'; 300 * 1024]);
    }

    fn packed(bytes: &[u8], gzip: bool) -> Vec<u8> {
        use std::io::Write;
        let level = flate2::Compression::default();
        if gzip {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), level);
            out.write_all(bytes).unwrap();
            return out.finish().unwrap();
        }
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), level);
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn chunks(body: &[u8], size: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for chunk in body.chunks(size) {
            out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            out.extend_from_slice(chunk);
            out.extend_from_slice(b"\r\n");
        }
        [out, b"0\r\n\r\n".to_vec()].concat()
    }

    /// RFC 9112 section 7.
    #[test]
    fn transfer_codings_are_no_part_of_the_payload() {
        let text: String = (0..20_000).map(|n| format!("{} words, ", n * n % 7_919)).collect();
        let text = text.into_bytes();
        let (gzip, zlib) = (packed(&text, true), packed(&text, false));
        let cut = &gzip[..gzip.len() / 2];
        let both = packed(&gzip, false);
        for (codings, body, want) in [
            ("gzip, chunked", chunks(&gzip, 7), Some(&text)),
            ("x-gzip,chunked", chunks(&gzip, 100_000), Some(&text)),
            ("deflate, chunked", chunks(&zlib, 13), Some(&text)),
            ("gzip", gzip.clone(), Some(&text)),
            ("gzip, deflate, chunked", chunks(&both, 50), Some(&text)),
            // A coding that the bytes do not show is left as it is.
            ("gzip, chunked", chunks(&text, 5_000), Some(&text)),
            ("gzip, chunked", chunks(b"\x1f", 5), Some(&vec![0x1f])),
            ("compress, chunked", chunks(&gzip, 50), Some(&gzip)),
            // What is cut or damaged gives what is there.
            ("gzip, chunked", chunks(cut, 50), None),
            ("gzip, chunked", chunks(&[cut, b"\0\0\0\0damaged".as_slice()].concat(), 50), None),
        ] {
            let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {codings}\r\n\r\n");
            let response = [head.as_bytes(), &body].concat();
            let shape = shape_of(&response, Method::Get);
            for capacity in [1, 100, 1 << 20] {
                let mut got = Vec::new();
                let input = BufReader::with_capacity(capacity, response.as_slice());
                payload(input, &shape).read_to_end(&mut got).unwrap();
                match want {
                    Some(want) => assert!(got == *want, "{codings}: {} bytes", got.len()),
                    None => {
                        assert!(got.len() > 9_000 && got[..9_000] == text[..9_000], "{codings}")
                    }
                }
            }
        }
    }
}
