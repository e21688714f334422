//! Where a response ends: one incremental reader over the bytes as they came off the wire.
//!
//! Owns the decision that RFC 9112 section 6.3 describes, in pieces of any size, in time linear in
//! the bytes, without holding more than the head. Deliberately keeps no body, opens no socket and
//! refuses nothing: where the end cannot be known it says so in a warning and the message runs
//! until the connection closes, so the bytes stay whole.
//!
//! ```text
//! 1xx head ─► Interim ┐ (again)
//! head ───────────────┴─► none | length | chunked | close ─► Done
//!      └ no status line ─► close (as HTTP/0.9 would)
//! ```
//!
//! Choices where the standard leaves room, made as browsers and curl make them: chunked wins over
//! Content-Length; a Content-Length that differs from another or is not a number is not used and
//! the body runs to the close; a body that says chunked and whose first line is no chunk size is
//! taken as it is. Every one of these leaves a warning and a connection that is not used again.

use std::io::{self, Read};

use super::chunked::{ChunkedReader, Piece};
use super::coding::ContentCoding;
use super::exchange::{BodyFraming, ResponseShape};
use super::head::{Head, is_status_line_start};

/// The request methods that are sent; the method decides whether a response has a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Method {
    /// GET.
    #[default]
    Get,
    /// HEAD: the response has the head that GET would have, and no body.
    Head,
    /// CONNECT, to a proxy: a 2xx response has no body, the tunnel begins after its head.
    Connect,
}

impl Method {
    /// As the request line writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Connect => "CONNECT",
        }
    }
}

/// How much head is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadLimits {
    /// Bytes of all heads of one exchange together, interim responses included.
    pub header_bytes_max: usize,
}

impl Default for HeadLimits {
    /// 1 MiB: real heads stay under 64 KiB, and clients commonly stop between 8 and 300 KiB; an
    /// archive may take more, as long as a head without an end cannot fill the memory.
    fn default() -> Self {
        Self { header_bytes_max: 1024 * 1024 }
    }
}

/// What the reader knows after a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The message continues.
    More,
    /// An interim (1xx) response ended with the last byte consumed; the next one begins after it.
    Interim,
    /// The final response ended with the last byte consumed.
    Done,
    /// The head is over the limit; reading on makes no sense.
    HeadTooLong,
}

/// How far a piece was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the piece that belong to the message so far. Less than the piece only where `step`
    /// is not [`Step::More`].
    pub consumed: usize,
    /// What is known after them.
    pub step: Step,
}

/// What the end of the stream means for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The message is whole.
    Complete,
    /// There is a status line, and the message should have gone on.
    Cut,
    /// No final response was begun: no byte, or no complete status line.
    NoStatusLine,
}

#[derive(Debug)]
enum State {
    Head,
    Length(u64),
    Chunked(ChunkedReader),
    Close,
    Done,
    HeadTooLong,
}

/// Reads one response, and the interim responses before it.
#[derive(Debug)]
pub struct ResponseReader {
    method: Method,
    limits: HeadLimits,
    state: State,
    head_bytes: Vec<u8>,
    line_start: usize,
    lead: usize,
    started: bool,
    interim_bytes: usize,
    head: Option<Head>,
    head_len: u64,
    framing: BodyFraming,
    transfer_codings: Vec<ContentCoding>,
    warnings: Vec<String>,
    self_delimited: bool,
}

impl ResponseReader {
    /// A reader that is before the first byte of the response to a request of that method.
    #[must_use]
    pub fn new(method: Method, limits: HeadLimits) -> Self {
        Self {
            method,
            limits,
            state: State::Head,
            head_bytes: Vec::new(),
            line_start: 0,
            lead: 0,
            started: false,
            interim_bytes: 0,
            head: None,
            head_len: 0,
            framing: BodyFraming::Close,
            transfer_codings: Vec::new(),
            warnings: Vec::new(),
            self_delimited: false,
        }
    }

    /// Takes the next piece of the stream, up to the end of the message it belongs to.
    ///
    /// The result does not depend on how the stream was cut into pieces. Bytes beyond
    /// [`Progress::consumed`] are to be given again after [`Step::Interim`], and belong to no
    /// message after [`Step::Done`].
    pub fn feed(&mut self, bytes: &[u8]) -> Progress {
        let mut consumed = 0;
        loop {
            let rest = &bytes[consumed..];
            let (taken, step) = match &mut self.state {
                State::Head => self.feed_head(rest),
                State::Done => (0, Step::Done),
                State::HeadTooLong => (0, Step::HeadTooLong),
                State::Close => (rest.len(), Step::More),
                State::Length(left) => {
                    let taken =
                        usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
                    *left -= taken as u64;
                    if *left == 0 {
                        self.state = State::Done;
                        (taken, Step::Done)
                    } else {
                        (taken, Step::More)
                    }
                }
                State::Chunked(_) => self.feed_chunked(rest),
            };
            consumed += taken;
            // A change of state with bytes at hand continues in the new state.
            if step != Step::More || consumed == bytes.len() {
                return Progress { consumed, step };
            }
        }
    }

    /// Tells the reader that the stream has ended.
    #[must_use]
    pub fn finish(&self) -> Ending {
        match &self.state {
            State::Head if self.has_status_line() => Ending::Cut,
            State::Head => Ending::NoStatusLine,
            State::Close | State::Done => Ending::Complete,
            State::Length(_) | State::Chunked(_) | State::HeadTooLong => Ending::Cut,
        }
    }

    /// Whether enough of the final response was read to know that there is one: its status
    /// line is complete, or it came without one and is taken as bare bytes.
    #[must_use]
    pub fn has_status_line(&self) -> bool {
        match &self.state {
            State::Head => self.line_start > 0,
            _ => true,
        }
    }

    /// Whether any byte of the final response was read.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        !matches!(self.state, State::Head) || !self.head_bytes.is_empty()
    }

    /// The head of the final response, once it is complete.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// Whether the next byte belongs to a head, of the final response or an interim one.
    #[must_use]
    pub fn in_head(&self) -> bool {
        matches!(self.state, State::Head)
    }

    /// Bytes of the message that are known to be still to come; none where that is not known.
    #[must_use]
    pub fn expected(&self) -> Option<u64> {
        match &self.state {
            State::Length(left) => Some(*left),
            State::Done => Some(0),
            State::Head | State::Chunked(_) | State::Close | State::HeadTooLong => None,
        }
    }

    /// The parts of the final response, as far as it was read.
    #[must_use]
    pub fn shape(&self) -> ResponseShape {
        let mut warnings = self.warnings.clone();
        let (status, head_len) = match (&self.head, &self.state) {
            (Some(head), _) => (head.status, self.head_len),
            (None, State::Head | State::HeadTooLong) => {
                if self.has_begun() {
                    warnings.push("the head is cut".to_owned());
                }
                (Head::parse(&self.head_bytes).status, self.head_bytes.len() as u64)
            }
            (None, _) => (None, 0),
        };
        if let State::Chunked(chunks) = &self.state
            && chunks.bare_lf()
        {
            warnings.push(BARE_LF_CHUNKS.to_owned());
        }
        let (framing, transfer_codings) = (self.framing, self.transfer_codings.clone());
        ResponseShape { status, head_len, framing, transfer_codings, warnings }
    }

    /// Whether the connection may carry another exchange: the response ended by its own framing,
    /// nothing about it was odd, and neither version nor `Connection` says otherwise (RFC 9112
    /// section 9.3).
    #[must_use]
    pub fn keeps_alive(&self) -> bool {
        let Some(head) = &self.head else { return false };
        if !matches!(self.state, State::Done) || !self.self_delimited || !self.warnings.is_empty() {
            return false;
        }
        let connection = head.list("connection");
        let says = |word: &str| connection.iter().any(|member| member == word);
        match head.version {
            Some((1, 1)) => !says("close"),
            Some((1, 0)) => says("keep-alive") && !says("close"),
            _ => false,
        }
    }

    fn feed_head(&mut self, bytes: &[u8]) -> (usize, Step) {
        let mut at = 0;
        while at < bytes.len() {
            let room = self.limits.header_bytes_max - self.interim_bytes - self.head_bytes.len();
            if room == 0 {
                self.state = State::HeadTooLong;
                return (at, Step::HeadTooLong);
            }
            if !self.started && matches!(bytes[at], b'\r' | b'\n') {
                // Blank lines before the status line: at most as many as the head may be long.
                self.head_bytes.push(bytes[at]);
                at += 1;
                continue;
            }
            if !self.started {
                self.started = true;
                self.lead = self.head_bytes.len();
            }
            let looked_at = &bytes[at..bytes.len().min(at + room)];
            let lf = memchr::memchr(b'\n', looked_at);
            let taken = lf.map_or(looked_at.len(), |lf| lf + 1);
            let line_begin = self.line_start.max(self.lead);
            self.head_bytes.extend_from_slice(&looked_at[..taken]);
            at += taken;
            let line = &self.head_bytes[line_begin..];
            if self.line_start == 0 && is_status_line_start(line) == Some(false) {
                return self.take_as_bare_bytes(at);
            }
            if lf.is_some() {
                let blank = line[..line.len() - 1].iter().all(|b| *b == b'\r');
                self.line_start = self.head_bytes.len();
                if blank {
                    return (at, self.head_complete());
                }
            }
        }
        (at, Step::More)
    }

    fn take_as_bare_bytes(&mut self, at: usize) -> (usize, Step) {
        self.warnings.push("there is no status line; the bytes are taken as they are".to_owned());
        self.framing = BodyFraming::Close;
        self.state = State::Close;
        self.head_bytes = Vec::new();
        (at, Step::More)
    }

    fn head_complete(&mut self) -> Step {
        let length = self.head_bytes.len();
        let head = Head::parse_own(std::mem::take(&mut self.head_bytes));
        self.head_len = length as u64;
        (self.line_start, self.lead, self.started) = (0, 0, false);
        if matches!(head.status, Some(status) if (100..200).contains(&status) && status != 101) {
            self.interim_bytes += length;
            return Step::Interim;
        }
        self.warnings.extend(head.oddities());
        if head.status.is_none() {
            self.warnings.push("the status line has no status code of three digits".to_owned());
        }
        self.begin_body(&head);
        self.head = Some(head);
        if matches!(self.state, State::Done) { Step::Done } else { Step::More }
    }

    fn begin_body(&mut self, head: &Head) {
        self.framing = self.decide(head);
        self.self_delimited = self.framing != BodyFraming::Close && head.status != Some(101);
        self.state = match self.framing {
            BodyFraming::None | BodyFraming::Length(0) => State::Done,
            BodyFraming::Length(length) => State::Length(length),
            BodyFraming::Chunked => State::Chunked(ChunkedReader::new()),
            BodyFraming::Close => State::Close,
        };
    }

    /// RFC 9112 section 6.3, in its order.
    fn decide(&mut self, head: &Head) -> BodyFraming {
        let codings = head.list("transfer-encoding");
        let length = self.content_length(head);
        let no_body = match head.status {
            Some(204) => {
                if !codings.is_empty() || matches!(length, Some(Ok(1..))) {
                    self.warnings.push("a 204 response announces a body".to_owned());
                }
                true
            }
            Some(101 | 304) => true,
            Some(200..=299) => self.method == Method::Connect,
            _ => false,
        };
        if no_body || self.method == Method::Head {
            return BodyFraming::None;
        }
        let named: Vec<&str> =
            codings.iter().map(String::as_str).filter(|coding| *coding != "identity").collect();
        if let Some(last) = named.last() {
            return self.transfer_coded(&named, last, length.is_some());
        }
        match length {
            Some(Ok(length)) => BodyFraming::Length(length),
            Some(Err(())) | None => BodyFraming::Close,
        }
    }

    fn transfer_coded(&mut self, named: &[&str], last: &str, has_length: bool) -> BodyFraming {
        if has_length {
            self.warnings
                .push("both Transfer-Encoding and Content-Length; the former counts".to_owned());
        }
        let name = |coding: &str| coding.split(';').next().unwrap_or("").trim().to_owned();
        let chunked = |coding: &str| name(coding) == "chunked";
        self.transfer_codings = named
            .iter()
            .filter(|coding| !chunked(coding))
            .filter_map(|coding| ContentCoding::named(&name(coding)))
            .collect();
        if named.len() > 1 {
            self.warnings.push(format!("transfer codings {}", named.join(", ")));
        }
        if chunked(last) {
            return BodyFraming::Chunked;
        }
        self.warnings
            .push(format!("the last transfer coding is {last:?}: the body ends with the stream"));
        BodyFraming::Close
    }

    /// The announced length; an error where it is not valid.
    fn content_length(&mut self, head: &Head) -> Option<Result<u64, ()>> {
        let values: Vec<Vec<u8>> =
            head.get_all("content-length").map(std::borrow::Cow::into_owned).collect();
        if values.is_empty() {
            return None;
        }
        let members: Vec<&[u8]> = values
            .iter()
            .flat_map(|value| value.split(|b| *b == b','))
            .map(super::head::trim)
            .collect();
        let lengths: Vec<Option<u64>> = members.iter().map(|member| parse_length(member)).collect();
        if lengths.len() > 1 {
            self.warnings.push("Content-Length is given more than once".to_owned());
        }
        match lengths.first() {
            Some(Some(first)) if lengths.iter().all(|length| *length == Some(*first)) => {
                Some(Ok(*first))
            }
            _ => {
                self.warnings.push("Content-Length cannot be believed".to_owned());
                Some(Err(()))
            }
        }
    }

    fn feed_chunked(&mut self, bytes: &[u8]) -> (usize, Step) {
        let State::Chunked(chunks) = &mut self.state else { return (0, Step::More) };
        let mut at = 0;
        loop {
            let (taken, piece) = chunks.step(&bytes[at..]);
            at += taken;
            match piece {
                Piece::Framing | Piece::Data if at == bytes.len() && !chunks.is_at_end() => {
                    return (at, Step::More);
                }
                Piece::Framing | Piece::Data => {}
                Piece::Done => {
                    if chunks.bare_lf() {
                        self.warnings.push(BARE_LF_CHUNKS.to_owned());
                    }
                    self.state = State::Done;
                    return (at, Step::Done);
                }
                Piece::Bad(why) => {
                    if chunks.chunks() == 0 {
                        self.framing = BodyFraming::Close;
                    }
                    self.warnings.push(format!("{why}: the body ends with the stream"));
                    self.self_delimited = false;
                    self.state = State::Close;
                    return (at, Step::More);
                }
            }
        }
    }
}

const BARE_LF_CHUNKS: &str = "lines of the chunk framing end in LF without CR";

fn parse_length(text: &[u8]) -> Option<u64> {
    // Digits only: a sign, a unit or nothing at all is not a length.
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The most head of a response that is read back, in bytes: every head that can be taken
/// (`capture.header_bytes_max` goes no further), and no more memory than any machine has.
pub const STORED_HEAD_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The parts of a response that is read back, as far as the bytes go.
struct Parts {
    reader: ResponseReader,
    /// Bytes of interim responses in front.
    before: u64,
}

impl Parts {
    fn new(method: Method) -> Self {
        let limits = HeadLimits { header_bytes_max: STORED_HEAD_BYTES_MAX };
        Self { reader: ResponseReader::new(method, limits), before: 0 }
    }

    /// Takes the next bytes; whether the parts are known after them.
    fn take(&mut self, mut bytes: &[u8]) -> bool {
        loop {
            let progress = self.reader.feed(bytes);
            match progress.step {
                Step::Interim => {
                    bytes = &bytes[progress.consumed..];
                    self.before = self.reader.interim_bytes as u64;
                }
                Step::Done | Step::HeadTooLong => return true,
                Step::More => return self.are_known(),
            }
        }
    }

    /// A body that says chunked may turn out not to be at its first chunk-size line.
    fn are_known(&self) -> bool {
        match &self.reader.state {
            State::Head => false,
            State::Chunked(chunks) => chunks.chunks() > 0,
            _ => true,
        }
    }

    /// Without a final status line the interim bytes are no head of anything.
    fn shape(&self) -> ResponseShape {
        let mut shape = self.reader.shape();
        shape.head_len += self.before;
        shape
    }
}

/// The shape of a response whose bytes are at hand: for records read back.
///
/// Interim responses in front, which other writers keep in the same record, are counted to the
/// head. The body is examined no further than its first chunk-size line.
#[must_use]
pub fn shape_of(bytes: &[u8], method: Method) -> ResponseShape {
    const PIECE_BYTES: usize = 64 * 1024;
    let mut parts = Parts::new(method);
    for piece in bytes.chunks(PIECE_BYTES) {
        if parts.take(piece) {
            break;
        }
    }
    parts.shape()
}

/// As [`shape_of`], of a response that is being read: its shape, and the bytes that were read to
/// know it, which are the whole head (of at most [`STORED_HEAD_BYTES_MAX`]) and little more.
///
/// # Errors
/// When reading fails before the shape is known.
pub fn read_shape(mut input: impl Read, method: Method) -> io::Result<(ResponseShape, Vec<u8>)> {
    let mut parts = Parts::new(method);
    let mut start = Vec::with_capacity(4 * 1024);
    let mut piece = [0; 4 * 1024];
    loop {
        match input.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => {
                start.extend_from_slice(&piece[..count]);
                if parts.take(&piece[..count]) {
                    break;
                }
            }
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
    }
    Ok((parts.shape(), start))
}

#[cfg(test)]
mod tests;
