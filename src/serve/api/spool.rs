//! An answer between the thread that writes it and the client that reads it: in memory while the client
//! keeps up, in a temporary file when it does not. So the archive never waits for a client, and a client that
//! disconnects ends the work.

use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use serde::Serialize;

use super::super::reply::Refusal;

/// How much waits in memory.
const MEMORY_MAX: usize = 1 << 20;
/// How much may wait in the file; an answer that exceeds it is aborted.
const FILE_MAX: u64 = 1 << 30;
/// How much is handed over at a time.
const PIECE: usize = 64 * 1024;

#[derive(Default)]
struct Inner {
    memory: VecDeque<Bytes>,
    in_memory: usize,
    file: Option<File>,
    written: u64,
    read: u64,
    ended: Option<Result<(), Refusal>>,
    is_gone: bool,
    waker: Option<Waker>,
}

impl Inner {
    fn has_any(&self) -> bool {
        !self.memory.is_empty() || self.read < self.written
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The next bytes that are available.
    fn take(&mut self) -> std::io::Result<Option<Bytes>> {
        if let Some(piece) = self.memory.pop_front() {
            self.in_memory -= piece.len();
            return Ok(Some(piece));
        }
        let Some(file) = self.file.as_ref().filter(|_| self.read < self.written) else {
            return Ok(None);
        };
        let want = usize::try_from(self.written - self.read).unwrap_or(PIECE).min(PIECE);
        let mut piece = vec![0; want];
        file.read_exact_at(&mut piece, self.read)?;
        self.read += want as u64;
        if self.read == self.written {
            // All of it was read: further bytes may wait in memory again.
            self.file = None;
            (self.read, self.written) = (0, 0);
        }
        Ok(Some(piece.into()))
    }

    fn put(&mut self, piece: Bytes) -> std::io::Result<()> {
        if self.file.is_none() && self.in_memory < MEMORY_MAX {
            self.in_memory += piece.len();
            self.memory.push_back(piece);
            return Ok(());
        }
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile()?),
        };
        file.write_all_at(&piece, self.written)?;
        self.written += piece.len() as u64;
        Ok(())
    }
}

/// The buffer between writer and client. Clones share it.
#[derive(Clone, Default)]
pub struct Spool(Arc<Mutex<Inner>>);

impl Spool {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A writer that panicked leaves no partial change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it with an error.
    pub fn fail(&self, refusal: Refusal) {
        let mut inner = self.inner();
        inner.ended.get_or_insert(Err(refusal));
        inner.wake();
    }

    /// Returns when there is a first byte, or the end.
    ///
    /// # Errors
    /// When the answer ended with an error before its first byte.
    pub async fn begun(&self) -> Result<(), Refusal> {
        // If the client disconnects, the work must end.
        let gone = Gone(self);
        let begun = std::future::poll_fn(|context| {
            let mut inner = self.inner();
            match (&inner.ended, inner.has_any()) {
                (_, true) | (Some(Ok(())), _) => Poll::Ready(Ok(())),
                (Some(Err(refusal)), false) => Poll::Ready(Err(refusal.clone())),
                (None, false) => {
                    inner.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await;
        std::mem::forget(gone);
        begun
    }

    /// The answer as a body.
    pub fn body(self) -> Body {
        Body::new(SpoolBody(self))
    }
}

struct Gone<'s>(&'s Spool);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.inner().is_gone = true;
    }
}

struct SpoolBody(Spool);

impl Drop for SpoolBody {
    fn drop(&mut self) {
        self.0.inner().is_gone = true;
    }
}

impl HttpBody for SpoolBody {
    type Data = Bytes;
    type Error = String;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, String>>> {
        let mut inner = self.0.inner();
        match inner.take() {
            Err(why) => return Poll::Ready(Some(Err(format!("reading a spooled answer: {why}")))),
            Ok(Some(piece)) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
            Ok(None) => {}
        }
        match &inner.ended {
            Some(Ok(())) => Poll::Ready(None),
            Some(Err(refusal)) => {
                tracing::warn!(why = %refusal.reason, "an answer was cut off");
                Poll::Ready(Some(Err(refusal.reason.clone())))
            }
            None => {
                inner.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Writes an answer.
pub struct Writer {
    spool: Spool,
    buffer: Vec<u8>,
}

impl Writer {
    /// Writes into `spool`.
    pub fn new(spool: Spool) -> Self {
        Self { spool, buffer: Vec::new() }
    }

    /// A text as it is.
    ///
    /// # Errors
    /// When the client disconnected, or too much waits for it: the work is to end.
    pub fn text(&mut self, text: &str) -> Result<(), Refusal> {
        self.bytes(text.as_bytes())
    }

    /// Bytes as they are.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    /// A value as a line of JSON.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn line(&mut self, value: &impl Serialize) -> Result<(), Refusal> {
        let text = serde_json::to_string(value);
        let text = text.map_err(|why| Refusal::failed(format!("writing JSON: {why}")))?;
        self.text(&text)?;
        self.text("\n")
    }

    fn flush(&mut self) -> Result<(), Refusal> {
        let piece = Bytes::from(std::mem::take(&mut self.buffer));
        if piece.is_empty() {
            return Ok(());
        }
        let mut inner = self.spool.inner();
        if inner.is_gone {
            return Err(Refusal::failed("the client disconnected"));
        }
        if inner.written - inner.read > FILE_MAX {
            return Err(Refusal::failed("the client reads the answer too slowly"));
        }
        inner.put(piece).map_err(|why| Refusal::failed(format!("spooling an answer: {why}")))?;
        inner.wake();
        Ok(())
    }

    /// Ends the answer.
    pub fn end(&mut self, answered: Result<(), Refusal>) {
        // Output written before an error is sent: it may be many lines.
        let flushed = if answered.is_ok() { self.flush() } else { Ok(()) };
        let mut inner = self.spool.inner();
        inner.ended = Some(answered.and(flushed));
        inner.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(body: Body) -> Result<Vec<u8>, axum::Error> {
        axum::body::to_bytes(body, usize::MAX).await.map(|bytes| bytes.to_vec())
    }

    #[tokio::test]
    async fn what_is_written_is_read_however_slowly() {
        let spool = Spool::default();
        let mut writer = Writer::new(spool.clone());
        let mut all = String::new();
        for n in 0..300_000 {
            let line = format!("line {n}\n");
            writer.text(&line).unwrap();
            all.push_str(&line);
        }
        assert!(spool.inner().file.is_some(), "more than memory holds");
        writer.end(Ok(()));
        spool.begun().await.unwrap();
        assert_eq!(read(spool.body()).await.unwrap(), all.as_bytes());
    }

    #[tokio::test]
    async fn an_error_is_reported_before_the_first_byte_and_cuts_after_it() {
        let spool = Spool::default();
        let mut writer = Writer::new(spool.clone());
        writer.text("x").unwrap();
        writer.end(Err(Refusal::missing("no capture")));
        assert_eq!(spool.begun().await, Err(Refusal::missing("no capture")));
        let spool = Spool::default();
        let mut writer = Writer::new(spool.clone());
        writer.text(&"x".repeat(PIECE)).unwrap();
        writer.end(Err(Refusal::failed("broken")));
        spool.begun().await.unwrap();
        assert!(read(spool.body()).await.is_err());
    }

    #[tokio::test]
    async fn a_client_that_goes_away_ends_the_work() {
        let spool = Spool::default();
        let mut writer = Writer::new(spool.clone());
        writer.text(&"x".repeat(PIECE)).unwrap();
        drop(spool.body());
        assert!(writer.text(&"x".repeat(PIECE)).is_err());
    }
}
