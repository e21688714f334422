//! The payload of a stored response: its body with the transfer coding removed and the content
//! coding kept, as ISO 28500 section 6.3.2 (`WARC-Payload-Digest`) understands the word.
//!
//! Owns walking over head and chunk framing, in a stream and without copies where the bytes are in
//! memory. Deliberately decodes no content coding ([`super::coding`]), and of transfer codings
//! only `chunked`, the one that is in use; another one is named in the shape's warnings and left.
//!
//! A chunked body that was cut gives the data that is there. A body whose end cannot be known is
//! given as it is.

use std::io::{self, BufRead, BufReader, Read};

use super::chunked::{ChunkedReader, Piece};
use super::exchange::{BodyFraming, ResponseShape, Stored};

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

/// Reads the payload out of response bytes.
///
/// Through [`BufRead`] it hands out slices of the underlying buffer, so hashing copies nothing.
#[derive(Debug)]
pub struct Payload<R> {
    inner: R,
    head_left: u64,
    body: Body,
}

impl<R: BufRead> Payload<R> {
    /// The payload of a response of that shape; `inner` stands at the response's first byte.
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

impl<'a> Payload<Box<dyn BufRead + Send + 'a>> {
    /// The payload of a stored response.
    ///
    /// # Errors
    /// When the temporary file cannot be opened for reading.
    pub fn of(stored: &'a Stored, shape: &ResponseShape) -> io::Result<Self> {
        let inner: Box<dyn BufRead + Send + 'a> = match stored {
            Stored::Memory(bytes) => Box::new(bytes.as_slice()),
            Stored::File(..) => Box::new(BufReader::with_capacity(64 * 1024, stored.reader()?)),
        };
        Ok(Self::new(inner, shape))
    }
}

impl<R: BufRead> BufRead for Payload<R> {
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

impl<R: BufRead> Read for Payload<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let have = self.fill_buf()?;
        let n = have.len().min(out.len());
        out[..n].copy_from_slice(&have[..n]);
        self.consume(n);
        Ok(n)
    }
}

/// The payload of response bytes in memory as slices of them, in order, none empty: what a digest
/// or a writer goes over without copying.
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
            Payload::new(BufReader::with_capacity(capacity, response), &shape)
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
        Payload::of(&stored, &shape).unwrap().read_to_end(&mut got).unwrap();
        assert_eq!(got, vec![b'x'; 300 * 1024]);
    }
}
