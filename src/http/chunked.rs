//! The chunked transfer coding, read in pieces of any size (RFC 9112 section 7.1).
//!
//! Owns the one state machine that separates chunk data from chunk framing; [`super::framing`] uses it
//! to find the end of a message, [`mod@super::payload`] to leave the framing out. Deliberately copies
//! nothing but chunk-size lines, and does not interpret extensions or trailer fields: they are
//! bytes of the record.
//!
//! ```text
//! 5;ext=1 CRLF  hello CRLF   0 CRLF  Trailer: x CRLF  CRLF
//! └──Framing──┘ └Data┘└─────────────Framing────────────┘ Done
//! ```

/// The longest chunk-size line that is taken, in bytes, extensions included. Real ones have a few
/// dozen bytes; the limit keeps an endless extension from being buffered.
pub const CHUNK_LINE_BYTES_MAX: usize = 16 * 1024;

/// The longest trailer section that is taken, in bytes.
pub const TRAILER_BYTES_MAX: usize = 64 * 1024;

/// What a run of bytes was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// Size lines, line ends, trailers: bytes that are no payload.
    Framing,
    /// Chunk data: bytes of the payload.
    Data,
    /// The body is complete; nothing more is consumed.
    Done,
    /// The bytes are not chunked from here on, and why. Nothing more is consumed.
    Bad(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size,
    Data(u64),
    DataEnd,
    DataEndLf,
    Trailer { line_has_content: bool, taken: usize },
    Done,
    Bad(&'static str),
}

/// Reads a chunked body in pieces.
#[derive(Debug, Clone)]
pub struct ChunkedReader {
    state: State,
    line: Vec<u8>,
    chunks: u64,
    bare_lf: bool,
}

impl Default for ChunkedReader {
    fn default() -> Self {
        Self { state: State::Size, line: Vec::new(), chunks: 0, bare_lf: false }
    }
}

impl ChunkedReader {
    /// A reader that is before the first chunk-size line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many chunk-size lines were read well, the last (zero) one included.
    #[must_use]
    pub fn chunks(&self) -> u64 {
        self.chunks
    }

    /// Whether a line of the framing ended in LF without CR.
    #[must_use]
    pub fn bare_lf(&self) -> bool {
        self.bare_lf
    }

    /// Whether the next step gives `Done` or `Bad` without any further byte.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        matches!(self.state, State::Done | State::Bad(_))
    }

    /// Takes one run off the front of `bytes`: how many bytes, and what they were.
    ///
    /// Consumes nothing only when `bytes` is empty, or after `Done` or `Bad`.
    pub fn step(&mut self, bytes: &[u8]) -> (usize, Piece) {
        match self.state {
            State::Done => (0, Piece::Done),
            State::Bad(why) => (0, Piece::Bad(why)),
            _ if bytes.is_empty() => (0, Piece::Framing),
            State::Size => self.size_line(bytes),
            State::Data(left) => {
                let taken = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
                let left = left - taken as u64;
                self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
                (taken, Piece::Data)
            }
            State::DataEnd => match bytes[0] {
                b'\r' => self.after(1, State::DataEndLf),
                b'\n' => {
                    self.bare_lf = true;
                    self.after(1, State::Size)
                }
                _ => self.bad("a chunk is longer than its size says"),
            },
            State::DataEndLf if bytes[0] == b'\n' => self.after(1, State::Size),
            State::DataEndLf => self.bad("a chunk is longer than its size says"),
            State::Trailer { line_has_content, taken } => {
                self.trailer(bytes, line_has_content, taken)
            }
        }
    }

    fn after(&mut self, consumed: usize, state: State) -> (usize, Piece) {
        self.state = state;
        (consumed, Piece::Framing)
    }

    fn bad(&mut self, why: &'static str) -> (usize, Piece) {
        self.state = State::Bad(why);
        (0, Piece::Bad(why))
    }

    fn size_line(&mut self, bytes: &[u8]) -> (usize, Piece) {
        let room = CHUNK_LINE_BYTES_MAX - self.line.len();
        let looked_at = &bytes[..bytes.len().min(room)];
        let Some(lf) = memchr::memchr(b'\n', looked_at) else {
            if looked_at.len() == room {
                return self.bad("a chunk-size line has no end");
            }
            self.line.extend_from_slice(looked_at);
            if !may_become_size(&self.line) {
                self.state = State::Bad(NO_SIZE);
            }
            return (looked_at.len(), Piece::Framing);
        };
        self.line.extend_from_slice(&bytes[..lf]);
        self.bare_lf |= self.line.last() != Some(&b'\r');
        let size = parse_size(&self.line);
        self.line.clear();
        match size {
            None => {
                self.state = State::Bad(NO_SIZE);
                (lf + 1, Piece::Framing)
            }
            Some(size) => {
                self.chunks += 1;
                self.after(
                    lf + 1,
                    if size == 0 {
                        State::Trailer { line_has_content: false, taken: 0 }
                    } else {
                        State::Data(size)
                    },
                )
            }
        }
    }

    fn trailer(
        &mut self,
        bytes: &[u8],
        mut line_has_content: bool,
        mut taken: usize,
    ) -> (usize, Piece) {
        let mut at = 0;
        while at < bytes.len() {
            let lf = memchr::memchr(b'\n', &bytes[at..]).map(|offset| at + offset);
            let end = lf.unwrap_or(bytes.len());
            line_has_content |= bytes[at..end].iter().any(|b| *b != b'\r');
            let next = lf.map_or(end, |lf| lf + 1);
            taken += next - at;
            at = next;
            if taken > TRAILER_BYTES_MAX {
                self.state = State::Bad("the trailer section has no end");
                return (at, Piece::Framing);
            }
            if lf.is_some() {
                if !line_has_content {
                    return self.after(at, State::Done);
                }
                line_has_content = false;
            }
        }
        self.after(at, State::Trailer { line_has_content, taken })
    }
}

const NO_SIZE: &str = "a chunk size is not hexadecimal";

/// Whether an unfinished chunk-size line can still be one: a plain body without any line end is
/// distinguished from a chunked one by its first bytes. Only 32 are examined, however long it grows.
fn may_become_size(line: &[u8]) -> bool {
    let line = line[..line.len().min(32)].trim_ascii_start();
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let rest = line[digits..].trim_ascii_start();
    line.is_empty() || (digits > 0 && rest.first().is_none_or(|next| *next == b';'))
}

/// The size that a chunk-size line (without its LF) gives: hexadecimal digits, white space around
/// them, extensions after a semicolon.
fn parse_size(line: &[u8]) -> Option<u64> {
    let line = super::head::trim(line);
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let (number, rest) = line.split_at(digits);
    let rest = super::head::trim(rest);
    if !(rest.is_empty() || rest[0] == b';') {
        return None;
    }
    // An empty number and one over 2^64 - 1 both fail here.
    u64::from_str_radix(std::str::from_utf8(number).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Payload, bytes consumed in all, and the last piece, when fed in pieces of `step` bytes.
    fn read(bytes: &[u8], step: usize) -> (Vec<u8>, usize, Piece) {
        let mut reader = ChunkedReader::new();
        let (mut payload, mut at, mut last) = (Vec::new(), 0, Piece::Framing);
        for window in bytes.chunks(step) {
            let mut window = window;
            loop {
                let (taken, piece) = reader.step(window);
                if piece == Piece::Data {
                    payload.extend_from_slice(&window[..taken]);
                }
                at += taken;
                window = &window[taken..];
                last = piece;
                if taken == 0 {
                    break;
                }
            }
        }
        (payload, at, last)
    }

    #[test]
    fn chunks_are_told_from_their_framing_in_pieces_of_any_size() {
        use Piece::{Bad, Done, Framing};
        let longer = Bad("a chunk is longer than its size says");
        let no_hex = Bad("a chunk size is not hexadecimal");
        let plain = b"5\r\nhello\r\n0\r\n\r\n";
        for (bytes, payload, consumed, last) in [
            (&plain[..], "hello", 15, Done),
            (b"5\r\nhello\r\n0\r\n\r\nHTTP", "hello", 15, Done),
            (b"5;a=\"b\"\r\nhello\r\n0;z\r\nT: 1\r\nU: 2\r\n\r\n", "hello", 35, Done),
            (b" 5 \r\nhello\r\n000\r\n\r\n", "hello", 19, Done),
            (b"5\nhello\n0\n\n", "hello", 11, Done),
            (b"A\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n", "0123456789x", 26, Done),
            (b"5\r\nhello", "hello", 8, Framing),
            (b"5\r\nhellooo\r\n", "hello", 8, longer),
            (b"5\r\nhello\rx", "hello", 9, longer),
            (b"zz\r\nhello", "", 4, no_hex),
            (b"\r\nhello", "", 2, no_hex),
            (b"5 x\r\nhello", "", 5, no_hex),
            (b"-5\r\nhello", "", 4, no_hex),
            (b"10000000000000000\r\nhello", "", 19, no_hex),
        ] {
            for step in [1, 2, 3, 7, 100] {
                let (got, at, end) = read(bytes, step);
                let got = String::from_utf8(got).unwrap();
                // A cut body ends in whichever state its last byte left.
                // How much of a line that is no size is needed to see it depends on the pieces.
                let at = if last == no_hex { consumed } else { at };
                let end = if last == Framing && end == Piece::Data { Framing } else { end };
                assert_eq!((got.as_str(), at, end), (payload, consumed, last), "{bytes:?} {step}");
            }
        }
    }

    #[test]
    fn endless_lines_and_trailers_are_given_up() {
        let line = vec![b'5'; CHUNK_LINE_BYTES_MAX * 2];
        assert_eq!(read(&line, 1000).2, Piece::Bad("a chunk-size line has no end"));
        let mut trailer = b"0\r\n".to_vec();
        trailer.extend(b"a: b\r\n".repeat(TRAILER_BYTES_MAX / 6 + 1));
        assert_eq!(read(&trailer, 1000).2, Piece::Bad("the trailer section has no end"));
    }
}
