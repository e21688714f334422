//! One exchange on an established connection, start to end, under limits of bytes and time.
//!
//! Owns the loop that writes the request, reads the response into the spool and asks the framing
//! reader where it ends. The spool is the wire: bytes are stored as they came, before anything
//! looks at them, and stay stored whatever the reader thinks of them. Deliberately knows nothing
//! of names, addresses or records; a failure of the server is a value, and only an internal failure
//! (the temporary file) is an error.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout_at};

use super::options::CaptureOptions;
use super::request::{BodyFilter, MaySend};
use super::spool::Spool;
use super::stream::BoxStream;
use crate::base::{Clock, Timestamp};
use crate::http::{
    Ending, FailureKind, HeadLimits, Method, ResponseReader, ResponseShape, STORED_HEAD_BYTES_MAX,
    Step, Stored, Truncated,
};

/// What is written and how far it is read.
pub(super) struct Drive<'a> {
    pub(super) options: &'a CaptureOptions,
    pub(super) clock: &'a dyn Clock,
    pub(super) method: Method,
    pub(super) request: &'a [u8],
    /// Whether there are secrets of the operator in it.
    pub(super) has_credentials: bool,
    pub(super) wanted: Option<&'a BodyFilter>,
    /// Of this exchange alone, in bytes.
    pub(super) response_bytes_max: u64,
    /// Whether the answer may still be read, where that may end.
    pub(super) may_send: Option<&'a MaySend>,
}

/// How an exchange went.
pub(super) struct Driven {
    pub(super) date: Timestamp,
    /// How many bytes of the request went out.
    pub(super) sent: usize,
    pub(super) interim: Vec<Vec<u8>>,
    pub(super) end: End,
    pub(super) first_byte: Duration,
    pub(super) total: Duration,
}

impl Driven {
    /// Whether the connection ended and not one byte had come.
    pub(super) fn was_closed_on_asking(&self) -> bool {
        matches!(&self.end, End::Nothing { kind: FailureKind::Reset, received, .. } if received.is_empty())
    }
}

/// The answer, or that there was none.
pub(super) enum End {
    /// A response, whole or cut.
    Response {
        response: Stored,
        shape: ResponseShape,
        surplus: Vec<u8>,
        truncated: Option<Truncated>,
        /// For how long the server keeps the connection, where it can be used again.
        reusable: Option<KeepFor>,
    },
    /// No status line.
    Nothing { kind: FailureKind, why: String, received: Vec<u8> },
}

/// How long the server says it keeps an idle connection; none where it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeepFor(pub(super) Option<Duration>);

/// Why reading stopped.
#[derive(Debug)]
enum Stop {
    Done,
    TooLong,
    Time(&'static str),
    Unwanted(String),
    Closed,
    Broken(String),
}

/// How often it is asked whether an answer may still be read, where that may end.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// The clockwork of one exchange.
struct Watch {
    total: Instant,
    first_byte: Instant,
    window_end: Instant,
    window_bytes: u64,
    floor: u64,
    window: Duration,
}

impl Watch {
    fn new(options: &CaptureOptions, begun: Instant, sent: Instant) -> Self {
        let window = options.bytes_per_second_window.max(Duration::from_millis(1));
        // Less than a byte in a window would be no floor at all.
        let floor = (options.bytes_per_second_min as f64 * window.as_secs_f64()).ceil() as u64;
        Self {
            total: begun + options.total_timeout,
            first_byte: sent + options.first_byte_timeout,
            window_end: sent + window,
            window_bytes: 0,
            floor,
            window,
        }
    }

    fn deadline(&self, any_byte: bool) -> Instant {
        self.total.min(if any_byte { self.window_end } else { self.first_byte })
    }

    fn received(&mut self, now: Instant, bytes: usize, first: bool) {
        if first {
            self.window_end = now + self.window;
            self.window_bytes = 0;
        }
        self.window_bytes += bytes as u64;
    }

    /// Why to stop now, if so; begins the next window otherwise.
    fn check(&mut self, now: Instant, any_byte: bool) -> Option<&'static str> {
        if now >= self.total {
            return Some("the exchange took too long");
        }
        if !any_byte {
            return (now >= self.first_byte).then_some("the server did not answer in time");
        }
        if now >= self.window_end {
            if self.floor > 0 && self.window_bytes < self.floor {
                return Some("the server sends too slowly");
            }
            self.window_end = now + self.window;
            self.window_bytes = 0;
        }
        None
    }
}

struct Reading<'a> {
    options: &'a CaptureOptions,
    may_send: Option<&'a MaySend>,
    /// Until it has been asked.
    wanted: Option<&'a BodyFilter>,
    response_bytes_max: u64,
    reader: ResponseReader,
    spool: Spool,
    interim: Vec<Vec<u8>>,
    surplus: Vec<u8>,
    first_at: Option<Instant>,
    last_at: Instant,
}

impl Drive<'_> {
    /// Writes the request and reads the response.
    ///
    /// Dropping the future loses this exchange and nothing else.
    pub(super) async fn run(&self, stream: &mut BoxStream) -> io::Result<Driven> {
        let begun = Instant::now();
        let date = self.clock.now();
        let write_deadline =
            begun + self.options.first_byte_timeout.min(self.options.total_timeout);
        let (sent, write_error) = self.write(stream, write_deadline).await;
        let sent_at = Instant::now();
        let mut reading = Reading {
            options: self.options,
            may_send: self.may_send,
            wanted: self.wanted,
            response_bytes_max: self.options.response_bytes_max.min(self.response_bytes_max),
            reader: ResponseReader::new(
                self.method,
                HeadLimits {
                    // What is stored has to be read back.
                    header_bytes_max: self.options.header_bytes_max.min(STORED_HEAD_BYTES_MAX),
                },
            ),
            spool: Spool::new(self.options.spool_memory_bytes_max, self.options.spool_dir.clone()),
            interim: Vec::new(),
            surplus: Vec::new(),
            first_at: None,
            last_at: sent_at,
        };
        // A server may answer and close before it has read the request, so the answer is looked
        // for even when the request could not be written.
        let watch = Watch::new(self.options, begun, sent_at);
        let stop = reading.run(stream, watch).await?;
        let first_byte = reading.first_at.map_or(Duration::ZERO, |at| at - sent_at);
        let total = reading.last_at - begun;
        let interim = std::mem::take(&mut reading.interim);
        let end = reading.finish(stream, stop, write_error, &interim).await?;
        Ok(Driven { date, sent, interim, end, first_byte, total })
    }

    async fn write(&self, stream: &mut BoxStream, deadline: Instant) -> (usize, Option<String>) {
        let mut sent = 0;
        let writing = async {
            while sent < self.request.len() {
                match stream.write(&self.request[sent..]).await? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    n => sent += n,
                }
            }
            stream.flush().await
        };
        let error = match timeout_at(deadline, writing).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the request could not be sent in time".to_owned()),
        };
        (sent, error)
    }
}

impl Reading<'_> {
    async fn run(&mut self, stream: &mut BoxStream, mut watch: Watch) -> io::Result<Stop> {
        loop {
            self.spool.make_room(self.reader.expected());
            let mut deadline = watch.deadline(self.first_at.is_some());
            if self.may_send.is_some() {
                deadline = deadline.min(Instant::now() + ASK_AGAIN);
            }
            let read = timeout_at(deadline, stream.read_buf(&mut self.spool.buffer)).await;
            let now = Instant::now();
            match read {
                Err(_) => {}
                Ok(Ok(0)) => return Ok(Stop::Closed),
                Ok(Err(error)) => return Ok(Stop::Broken(error.to_string())),
                Ok(Ok(n)) => {
                    watch.received(now, n, self.first_at.is_none());
                    self.first_at.get_or_insert(now);
                    self.last_at = now;
                    if let Some(stop) = self.take(n) {
                        return Ok(stop);
                    }
                    if self.spool.is_full() && !self.reader.in_head() {
                        self.spool.spill().await?;
                    }
                }
            }
            if self.may_send.is_some_and(|may| !may.goes_on()) {
                return Ok(Stop::Time("the lease of its host ended"));
            }
            if let Some(why) = watch.check(now, self.first_at.is_some()) {
                return Ok(Stop::Time(why));
            }
        }
    }

    /// Looks at the last `fresh` bytes of the spool.
    fn take(&mut self, fresh: usize) -> Option<Stop> {
        let mut at = self.spool.buffer.len() - fresh;
        loop {
            let before = self.spool.len() - (self.spool.buffer.len() - at) as u64;
            let room = self.response_bytes_max.saturating_sub(before);
            let rest = self.spool.buffer.len() - at;
            let allowed = usize::try_from(room).map_or(rest, |room| room.min(rest));
            let progress = self.reader.feed(&self.spool.buffer[at..at + allowed]);
            at += progress.consumed;
            match progress.step {
                Step::More if allowed < rest => {
                    self.spool.buffer.truncate(at);
                    return Some(Stop::TooLong);
                }
                Step::More => return self.unwanted(),
                Step::Interim => {
                    let rest = self.spool.buffer.split_off(at);
                    self.interim.push(std::mem::replace(&mut self.spool.buffer, rest));
                    at = 0;
                    if self.spool.buffer.is_empty() {
                        return None;
                    }
                }
                Step::Done => {
                    self.surplus = self.spool.buffer.split_off(at);
                    return Some(Stop::Done);
                }
                Step::HeadTooLong => {
                    self.spool.buffer.truncate(at);
                    return Some(Stop::TooLong);
                }
            }
        }
    }

    /// Once the head is there: whether to stop at it. Only of a 200: the bodies of others are short
    /// and say why.
    fn unwanted(&mut self) -> Option<Stop> {
        let head = self.reader.head()?;
        let filter = self.wanted.take()?;
        if head.status != Some(200) {
            return None;
        }
        filter.judge(head).err().map(Stop::Unwanted)
    }

    async fn finish(
        mut self,
        stream: &mut BoxStream,
        stop: Stop,
        write_error: Option<String>,
        interim: &[Vec<u8>],
    ) -> io::Result<End> {
        let begun = self.reader.has_status_line();
        let ended = self.reader.finish();
        let truncated = match &stop {
            Stop::Done => None,
            Stop::TooLong => Some(Truncated::Length),
            Stop::Time(_) if begun => Some(Truncated::Time),
            Stop::Unwanted(_) => Some(Truncated::Unspecified),
            Stop::Closed | Stop::Broken(_) if begun && ended == Ending::Cut => {
                Some(Truncated::Disconnect)
            }
            Stop::Closed if begun => None,
            // An end that the transport does not vouch for (a reset, or TLS without close_notify)
            // may have cut a body that only the close delimits.
            Stop::Broken(_) if begun => Some(Truncated::Disconnect),
            Stop::Time(_) | Stop::Closed | Stop::Broken(_) => {
                return Ok(self.nothing(&stop, write_error, interim));
            }
        };
        let mut shape = self.reader.shape();
        if let Stop::Broken(why) = &stop {
            shape.warnings.push(format!("the connection broke: {why}"));
        }
        if let Stop::Unwanted(why) = &stop {
            shape.warnings.push(format!("the body is not read: {why}"));
        }
        if let Stop::Time(why) = &stop {
            shape.warnings.push((*why).to_owned());
        }
        let could_be_kept = matches!(stop, Stop::Done)
            && self.surplus.is_empty()
            && write_error.is_none()
            && self.reader.keeps_alive();
        let kept = could_be_kept && self.is_silent(stream).await;
        if matches!(stop, Stop::Done) && !kept {
            self.listen_for_surplus(stream).await;
        }
        if !self.surplus.is_empty() {
            shape.warnings.push(if self.surplus.len() > self.options.surplus_bytes_max {
                self.surplus.truncate(self.options.surplus_bytes_max);
                format!("more than {} bytes follow the response", self.surplus.len())
            } else {
                format!("{} bytes follow the response", self.surplus.len())
            });
        }
        let reusable = kept.then(|| KeepFor(self.server_keeps_for()));
        let response = self.spool.finish().await?;
        Ok(End::Response { response, shape, surplus: self.surplus, truncated, reusable })
    }

    fn nothing(self, stop: &Stop, write_error: Option<String>, interim: &[Vec<u8>]) -> End {
        let received: Vec<u8> = [interim.concat(), self.spool.buffer].concat();
        let (kind, why) = match stop {
            Stop::Time(why) => (FailureKind::Timeout, (*why).to_owned()),
            Stop::Broken(why) => (FailureKind::Reset, why.clone()),
            _ => (FailureKind::Reset, "the connection was closed".to_owned()),
        };
        let when = if received.is_empty() { "before a response" } else { "before a status line" };
        let why = match write_error {
            Some(error) => format!("{why} {when}; sending: {error}"),
            None => format!("{why} {when}"),
        };
        End::Nothing { kind, why, received }
    }

    /// Whether nothing more is there right after a complete response; bytes that are become
    /// surplus.
    async fn is_silent(&mut self, stream: &mut BoxStream) -> bool {
        let mut space = [0u8; 1024];
        let mut buffer = ReadBuf::new(&mut space);
        let silent = poll_fn(|cx| {
            Poll::Ready(Pin::new(&mut *stream).poll_read(cx, &mut buffer).is_pending())
        })
        .await;
        self.surplus.extend_from_slice(buffer.filled());
        silent
    }

    /// Reads what a connection that is given up still brings, for a short while.
    async fn listen_for_surplus(&mut self, stream: &mut BoxStream) {
        let deadline = Instant::now() + self.options.surplus_wait;
        while self.surplus.len() <= self.options.surplus_bytes_max {
            match timeout_at(deadline, stream.read_buf(&mut self.surplus)).await {
                Ok(Ok(1..)) => {}
                _ => return,
            }
        }
    }

    /// `Keep-Alive: timeout=5`, less a second for the way there.
    fn server_keeps_for(&self) -> Option<Duration> {
        let head = self.reader.head()?;
        head.list("keep-alive").iter().find_map(|member| {
            let seconds: u64 = member.strip_prefix("timeout=")?.trim().parse().ok()?;
            Some(Duration::from_secs(seconds.saturating_sub(1)))
        })
    }
}
