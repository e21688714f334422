//! One HTTP/1.1 exchange as it went over the wire: plain values, with the bytes of both sides.

use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use super::coding::ContentCoding;
use crate::base::{Digest, TargetUri, Timestamp};

/// Bytes that were received: in memory, or past a threshold in an unlinked temporary file.
#[derive(Debug, Clone)]
pub enum Stored {
    /// All bytes in memory.
    Memory(Vec<u8>),
    /// A temporary file that disappears with its last handle, and how many bytes of it count.
    File(Arc<File>, u64),
}

impl Default for Stored {
    fn default() -> Self {
        Self::Memory(Vec::new())
    }
}

impl Stored {
    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(_, len) => *len,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, where they are in memory.
    #[must_use]
    pub fn as_memory(&self) -> Option<&[u8]> {
        match self {
            Self::Memory(bytes) => Some(bytes),
            Self::File(..) => None,
        }
    }

    /// A reader from the first byte to the last.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn reader(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        match self {
            Self::Memory(bytes) => Ok(Box::new(bytes.as_slice())),
            Self::File(file, len) => {
                let from_start = FileReader { file, at: 0, end: *len };
                Ok(Box::new(io::BufReader::with_capacity(64 * 1024, from_start)))
            }
        }
    }

    /// A reader of the bytes in `range`; what of it is beyond the end is left out.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn range(&self, range: Range<u64>) -> io::Result<Box<dyn Read + Send + '_>> {
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        match self {
            Self::Memory(bytes) => {
                let place = |at: u64| usize::try_from(at).unwrap_or(bytes.len());
                Ok(Box::new(&bytes[place(start)..place(end)]))
            }
            Self::File(file, _) => {
                let part = FileReader { file, at: start, end };
                Ok(Box::new(io::BufReader::with_capacity(64 * 1024, part)))
            }
        }
    }

    /// The first `max` bytes.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn prefix(&self, max: usize) -> io::Result<Vec<u8>> {
        match self {
            Self::Memory(bytes) => Ok(bytes[..bytes.len().min(max)].to_vec()),
            Self::File(..) => {
                let mut out = Vec::new();
                self.reader()?.take(max as u64).read_to_end(&mut out)?;
                Ok(out)
            }
        }
    }
}

/// Reads a file at a place of its own: handles of one file share its position, and two readers
/// of one response (one for its block, one for its payload) would move it under each other.
struct FileReader<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for FileReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let room = out.len().min(left);
        let count = self.file.read_at(&mut out[..room], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// Why a response was cut short (`WARC-Truncated`, WARC/1.1 section 5.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truncated {
    /// More bytes than we take.
    Length,
    /// More time than we give.
    Time,
    /// The connection ended before the message did.
    Disconnect,
    /// Another reason, noted elsewhere.
    Unspecified,
}

impl Truncated {
    /// The standard's term.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Time => "time",
            Self::Disconnect => "disconnect",
            Self::Unspecified => "unspecified",
        }
    }
}

/// What is known of the TLS session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// As `WARC-Protocol` writes it: `tls/1.3`.
    pub protocol: &'static str,
    /// The IANA name: `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// Whether the server's certificate was checked against the roots.
    pub verified: bool,
    /// The server's chain, DER, leaf first.
    pub certificates: Vec<Vec<u8>>,
    /// The OCSP response that the server stapled to it (RFC 6066 section 8), DER; empty for none.
    pub ocsp: Vec<u8>,
}

/// A TLS session that a relay attested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestedSession {
    /// What the relay signed, as it came.
    pub note: Vec<u8>,
    /// The bytes to the server, as they went through the relay.
    pub sent: Vec<u8>,
    /// The bytes from the server.
    pub received: Vec<u8>,
    /// The SHA-256 of `received`.
    pub received_digest: Digest,
    /// The secrets that decrypt them: an NSS key log.
    pub secrets: Vec<u8>,
}

/// What name resolution answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsFacts {
    /// The name that was asked for.
    pub host: String,
    /// When the answer came.
    pub at: Timestamp,
    /// Every address of the answer, in order.
    pub addresses: Vec<IpAddr>,
    /// Where the answer came from: `system`, or `resolve` where the operator pinned it.
    pub source: &'static str,
}

/// How long each step took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// DNS, TCP and TLS together; zero on a kept-alive connection.
    pub connect: Duration,
    /// From the request's last byte to the response's first.
    pub first_byte: Duration,
    /// From the start of the exchange to its last byte.
    pub total: Duration,
}

/// How the body of the final response is delimited (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFraming {
    /// No body: HEAD, 1xx, 204, 304.
    None,
    /// This many bytes.
    Length(u64),
    /// Chunked.
    Chunked,
    /// Until the connection closes.
    Close,
}

/// The parts of the response bytes, as the framing reader saw them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseShape {
    /// The status of the final response; none where the status line could not be read.
    pub status: Option<u16>,
    /// Length of the final response's head in bytes, its empty line included.
    pub head_len: u64,
    /// How its body is delimited.
    pub framing: BodyFraming,
    /// What was put over the body beside `chunked`, in the order in which it was (RFC 9112 section
    /// 7.2); nearly always nothing.
    pub transfer_codings: Vec<ContentCoding>,
    /// What was odd, as text.
    pub warnings: Vec<String>,
}

/// An exchange, whole or cut short.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What was asked for.
    pub uri: TargetUri,
    /// The request method.
    pub method: &'static str,
    /// When the exchange began: just before the request's first byte.
    pub date: Timestamp,
    /// The server's address.
    pub peer: Option<IpAddr>,
    /// The exact bytes sent.
    pub request: Vec<u8>,
    /// Whether secrets of the operator are among them.
    pub has_credentials: bool,
    /// The exact bytes of each interim (1xx) response, in order.
    pub interim: Vec<Vec<u8>>,
    /// The exact bytes of the final response: head, body, framing and trailers.
    pub response: Stored,
    /// The parts of `response`.
    pub shape: ResponseShape,
    /// Bytes that came after the complete response, which belong to no message.
    pub surplus: Vec<u8>,
    /// Why `response` was cut short, if it was.
    pub truncated: Option<Truncated>,
    /// What is known of the TLS session.
    pub tls: Option<TlsFacts>,
    /// The session itself, where it went through a relay that attests it.
    pub session: Option<Box<AttestedSession>>,
    /// Name resolution made for this exchange; none on a kept-alive connection.
    pub dns: Option<DnsFacts>,
    /// How long it took.
    pub timing: Timing,
}

/// The step at which an exchange failed before a status line was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The name does not resolve, or resolution failed.
    Dns,
    /// No connection could be made.
    Connect,
    /// The TLS handshake or the certificate check failed.
    Tls,
    /// The server did not answer in time.
    Timeout,
    /// The connection ended before the status line.
    Reset,
    /// The address is one that is not to be asked (private, loopback, metadata).
    AddressRefused,
}

impl FailureKind {
    /// The term for it in records and reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::AddressRefused => "address-refused",
        }
    }
}

/// A failed exchange, which is evidence too.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What was asked for.
    pub uri: TargetUri,
    /// When the attempt began.
    pub date: Timestamp,
    /// At which step it failed.
    pub kind: FailureKind,
    /// Why, as text.
    pub why: String,
    /// The address that was tried.
    pub peer: Option<IpAddr>,
    /// What was sent before it failed; empty where nothing was.
    pub request: Vec<u8>,
    /// Whether secrets of the operator are among that.
    pub has_credentials: bool,
    /// What came before it failed: bytes that hold no status line.
    pub received: Vec<u8>,
    /// Name resolution made for this attempt.
    pub dns: Option<DnsFacts>,
    /// How long it took.
    pub timing: Timing,
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn two_readers_of_a_spooled_response_do_not_move_each_other() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        file.write_all(b"what does not count").unwrap();
        let stored = Stored::File(Arc::new(file), bytes.len() as u64);
        let (mut one, mut other) = (stored.reader().unwrap(), stored.reader().unwrap());
        let (mut first, mut second) = (vec![0; 70_000], Vec::new());
        one.read_exact(&mut first).unwrap();
        other.read_to_end(&mut second).unwrap();
        one.read_to_end(&mut first).unwrap();
        assert!(first == bytes && second == bytes);
        assert_eq!(stored.prefix(3).unwrap(), [0, 1, 2]);
        let memory = Stored::Memory(bytes.clone());
        for (range, want) in
            [(5..9, &bytes[5..9]), (199_990..u64::MAX, &bytes[199_990..]), (300_000..400_000, &[])]
        {
            for stored in [&stored, &memory] {
                let mut part = Vec::new();
                stored.range(range.clone()).unwrap().read_to_end(&mut part).unwrap();
                assert_eq!(part, want, "{range:?}");
            }
        }
    }
}
