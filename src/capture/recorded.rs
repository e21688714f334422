//! A stream whose bytes are kept on their way, both ways, for a session that a relay attests.
//!
//! What is kept is what the relay sees: the bytes of TLS. Beyond a limit nothing is kept, and the session is not attested:
//! the exchange itself is captured as any other.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::stream::BoxStream;

/// The most bytes of one direction that are kept. They are held in memory until the record is written: pages are far
/// shorter, and a video is not attested.
const FLOW_BYTES_MAX: usize = 64 << 20;

/// What went over a connection.
#[derive(Debug, Default)]
pub(super) struct Flows {
    /// To the server.
    pub(super) sent: Vec<u8>,
    /// From the server.
    pub(super) received: Vec<u8>,
    /// Whether there was more than is kept.
    pub(super) is_over: bool,
}

impl Flows {
    fn keep(&mut self, to: fn(&mut Self) -> &mut Vec<u8>, bytes: &[u8]) {
        if self.is_over || to(self).len() + bytes.len() > FLOW_BYTES_MAX {
            // What there is would be worth nothing without the rest.
            *self = Self { is_over: true, ..Self::default() };
            return;
        }
        to(self).extend_from_slice(bytes);
    }
}

/// A handle on what went over a connection, beside the stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Taps(Arc<Mutex<Flows>>);

impl Taps {
    fn flows(&self) -> MutexGuard<'_, Flows> {
        // Every change of it is a single step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What went over the connection until now; nothing is left of it here.
    pub(super) fn take(&self) -> Flows {
        std::mem::take(&mut *self.flows())
    }
}

/// A stream that is kept.
pub(super) struct Recorded {
    inner: BoxStream,
    taps: Taps,
}

impl Recorded {
    pub(super) fn new(inner: BoxStream, taps: Taps) -> Self {
        Self { inner, taps }
    }
}

impl AsyncRead for Recorded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        if let Some(fresh) = buffer.filled().get(before..).filter(|fresh| !fresh.is_empty()) {
            self.taps.flows().keep(|flows| &mut flows.received, fresh);
        }
        polled
    }
}

impl AsyncWrite for Recorded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = &polled {
            let taken = bytes.get(..*count).unwrap_or(bytes);
            self.taps.flows().keep(|flows| &mut flows.sent, taken);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn both_directions_are_kept_as_they_went() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let taps = Taps::default();
        let mut recorded = Recorded::new(Box::new(ours), taps.clone());
        let other = tokio::spawn(async move {
            let mut asked = [0; 9];
            theirs.read_exact(&mut asked).await.unwrap();
            theirs.write_all(b"an answer").await.unwrap();
        });
        recorded.write_all(b"a request").await.unwrap();
        let mut answer = Vec::new();
        recorded.read_to_end(&mut answer).await.unwrap();
        other.await.unwrap();
        let flows = taps.take();
        assert_eq!((flows.sent.as_slice(), flows.received), (&b"a request"[..], answer));
        assert!(!flows.is_over && taps.take().sent.is_empty());
    }

    #[test]
    fn beyond_the_limit_nothing_is_kept() {
        let mut flows = Flows::default();
        flows.keep(|flows| &mut flows.sent, b"x");
        flows.keep(|flows| &mut flows.received, &vec![0; FLOW_BYTES_MAX]);
        assert!(!flows.is_over);
        flows.keep(|flows| &mut flows.received, b"x");
        assert!(flows.is_over && flows.sent.is_empty() && flows.received.is_empty());
        flows.keep(|flows| &mut flows.sent, b"x");
        assert!(flows.sent.is_empty());
    }
}
