//! The bytes of a session on their way, both ways, and their SHA-256.
//!
//! A byte counts when it was handed on. When one side ends its stream, the end is passed on to the other side; that may
//! then take a while to end as well, so that both ends and the relay have seen the same bytes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ring::digest::{Context, SHA256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::capture::BoxStream;
use crate::evidence::session::Flow;

/// At most this many bytes are read at once: two TLS records and some.
const PIECE_BYTES: usize = 64 * 1024;

/// What bounds a session.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most bytes of one direction.
    pub bytes_max: u64,
    /// How long it may last.
    pub time_max: Duration,
    /// For how long nothing may come from both sides: a client says nothing while it is answered.
    pub idle_max: Duration,
    /// How long the server may take to end once the client has.
    pub end_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // No session of a page is longer; a longer one would not be kept.
            bytes_max: 1 << 30,
            time_max: Duration::from_mins(15),
            idle_max: Duration::from_mins(1),
            end_max: Duration::from_secs(2),
        }
    }
}

/// When the last byte of a session came, from whichever side.
struct Activity {
    begin: Instant,
    last_millis: AtomicU64,
}

impl Activity {
    fn new() -> Self {
        Self { begin: Instant::now(), last_millis: AtomicU64::new(0) }
    }

    fn note(&self) {
        let millis = u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_millis.store(millis, Ordering::Relaxed);
    }

    /// The time at which the session has been idle for too long, unless another byte comes.
    fn ends(&self, idle_max: Duration) -> Instant {
        self.begin + Duration::from_millis(self.last_millis.load(Ordering::Relaxed)) + idle_max
    }
}

/// Hands bytes on between a client and a server until both have ended, or a limit is reached. What went to the server, and
/// what came from it.
pub async fn tunnel(client: BoxStream, server: BoxStream, limits: Limits) -> (Flow, Flow) {
    let (from_client, to_client) = split(client);
    let (from_server, to_server) = split(server);
    let until = Instant::now() + limits.time_max;
    let (has_ended, client_ended) = watch::channel(None);
    let (_, never_ended) = watch::channel(None);
    let activity = Activity::new();
    let sending = async {
        let flow = hand_on(from_client, to_server, (limits, &activity), until, never_ended).await;
        // The server has this long to send the rest.
        let _ = has_ended.send(Some(Instant::now() + limits.end_max));
        flow
    };
    let receiving = hand_on(from_server, to_client, (limits, &activity), until, client_ended);
    tokio::join!(sending, receiving)
}

/// One direction, to the end of it, to a limit, or to the time in `ended`.
async fn hand_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    (limits, activity): (Limits, &Activity),
    until: Instant,
    mut ended: watch::Receiver<Option<Instant>>,
) -> Flow {
    let mut digest = Context::new(&SHA256);
    let mut length = 0_u64;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let deadline = ended.borrow_and_update().map_or(until, |end| end.min(until));
        let idle_end = activity.ends(limits.idle_max);
        let read = tokio::select! {
            read = from.read(&mut piece) => read,
            () = sleep_until(deadline) => break,
            () = sleep_until(idle_end) => match activity.ends(limits.idle_max) > idle_end {
                true => continue,
                false => break,
            },
            // The other side has ended: the deadline is another now.
            Ok(()) = ended.changed() => continue,
        };
        let Ok(count @ 1..) = read else { break };
        activity.note();
        let Some(bytes) = piece.get(..count) else { break };
        if length + count as u64 > limits.bytes_max {
            break;
        }
        match timeout(limits.idle_max, to.write_all(bytes)).await {
            Ok(Ok(())) => {}
            _ => break,
        }
        digest.update(bytes);
        length += count as u64;
    }
    let _ = timeout(limits.end_max, to.shutdown()).await;
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest.finish().as_ref());
    Flow { length, sha256 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::leaf;

    fn boxed(stream: tokio::io::DuplexStream) -> BoxStream {
        Box::new(stream)
    }

    #[tokio::test]
    async fn both_directions_are_handed_on_and_counted() {
        let (mut client, near) = tokio::io::duplex(100);
        let (far, mut server) = tokio::io::duplex(7);
        let running = tokio::spawn(tunnel(boxed(near), boxed(far), Limits::default()));
        client.write_all(b"what is asked").await.unwrap();
        let mut asked = [0; 13];
        server.read_exact(&mut asked).await.unwrap();
        server.write_all(b"what is answered").await.unwrap();
        let mut answer = [0; 16];
        client.read_exact(&mut answer).await.unwrap();
        client.shutdown().await.unwrap();
        assert_eq!(server.read(&mut asked).await.unwrap(), 0, "the server is told of the end");
        server.write_all(b" and more").await.unwrap();
        drop(server);
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b" and more");
        let (sent, received) = running.await.unwrap();
        let flow = |bytes: &[u8]| Flow { length: bytes.len() as u64, sha256: leaf::sha256(bytes) };
        assert_eq!(sent, flow(b"what is asked"));
        assert_eq!(received, flow(b"what is answered and more"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_end_is_ended() {
        let (mut client, near) = tokio::io::duplex(100);
        let (far, mut server) = tokio::io::duplex(100);
        let running = tokio::spawn(tunnel(boxed(near), boxed(far), Limits::default()));
        server.write_all(b"x").await.unwrap();
        client.shutdown().await.unwrap();
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        assert_eq!((all.as_slice(), running.await.unwrap().1.length), (&b"x"[..], 1));
        drop(server);
    }

    /// A client says nothing while a long answer comes; the session is not idle.
    #[tokio::test(start_paused = true)]
    async fn an_answer_may_take_longer_than_a_side_may_be_idle() {
        let (mut client, near) = tokio::io::duplex(100);
        let (far, mut server) = tokio::io::duplex(100);
        let running = tokio::spawn(tunnel(boxed(near), boxed(far), Limits::default()));
        client.write_all(b"asked").await.unwrap();
        let answering = tokio::spawn(async move {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_secs(30)).await;
                server.write_all(b"a piece").await.unwrap();
            }
        });
        let mut answer = vec![0; 70];
        client.read_exact(&mut answer).await.unwrap();
        answering.await.unwrap();
        client.shutdown().await.unwrap();
        let (sent, received) = running.await.unwrap();
        assert_eq!((sent.length, received.length), (5, 70));
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_has_its_limits() {
        for (limits, sent) in [
            (Limits { bytes_max: 4, ..Limits::default() }, 4),
            (Limits { idle_max: Duration::from_secs(1), ..Limits::default() }, 8),
            (Limits { time_max: Duration::from_secs(1), ..Limits::default() }, 8),
        ] {
            let (mut client, near) = tokio::io::duplex(100);
            let (far, _server) = tokio::io::duplex(100);
            let running = tokio::spawn(tunnel(boxed(near), boxed(far), limits));
            for _ in 0..2 {
                client.write_all(b"four").await.unwrap();
                tokio::task::yield_now().await;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let mut rest = Vec::new();
            let _ = client.read_to_end(&mut rest).await;
            drop(client);
            assert_eq!(running.await.unwrap().0.length, sent, "{limits:?}");
        }
    }
}
