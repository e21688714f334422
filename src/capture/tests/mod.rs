//! Captures against scripted servers: what was sent is compared with what was stored, byte for
//! byte. The servers speak through real loopback sockets where bytes matter, and through in-memory
//! pipes on a paused clock where time does.

mod keep_alive;
mod limits;
mod network;
mod secure;
mod wire;

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::base::{ManualClock, Timestamp};
use crate::http::{FailureKind, Method, Stored};

/// What a scripted server does next on one connection.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Reads one request head.
    Read,
    /// Sends bytes in pieces of this length.
    Send(Vec<u8>, usize),
    /// Waits.
    Pause(Duration),
    /// Sends the same bytes without end.
    Endless(Vec<u8>, Duration),
    /// Ends the connection without an answer.
    Reset,
    /// Keeps the connection open until the other side ends it.
    Hold,
}

/// A request is read, and the bytes are the answer.
pub(super) fn answer(bytes: impl Into<Vec<u8>>) -> Vec<Act> {
    vec![Act::Read, Act::Send(bytes.into(), usize::MAX)]
}

/// Plays a script; gives the request heads that it read.
pub(super) async fn play(stream: &mut BoxStream, acts: &[Act]) -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    for act in acts {
        let went_on = match act {
            Act::Read => read_head(stream).await.map(|head| requests.push(head)),
            Act::Send(bytes, step) => send(stream, bytes, *step).await,
            Act::Pause(time) => {
                tokio::time::sleep(*time).await;
                Some(())
            }
            Act::Endless(bytes, every) => loop {
                if send(stream, bytes, usize::MAX).await.is_none() {
                    break None;
                }
                if !every.is_zero() {
                    tokio::time::sleep(*every).await;
                }
            },
            Act::Reset => None,
            Act::Hold => {
                let _ = stream.read_to_end(&mut Vec::new()).await;
                None
            }
        };
        if went_on.is_none() {
            return requests;
        }
    }
    let _ = stream.shutdown().await;
    requests
}

async fn read_head(stream: &mut BoxStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(head)
}

async fn send(stream: &mut BoxStream, bytes: &[u8], step: usize) -> Option<()> {
    for piece in bytes.chunks(step.clamp(1, 1 << 16)) {
        stream.write_all(piece).await.ok()?;
        stream.flush().await.ok()?;
        if step < bytes.len() {
            tokio::task::yield_now().await;
        }
    }
    Some(())
}

/// A server on a loopback socket; each connection plays the next script.
pub(super) struct Site {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Site {
    pub(super) async fn new(connections: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let log = Arc::clone(&requests);
        tokio::spawn(async move {
            for acts in connections {
                let (stream, _) = listener.accept().await.unwrap();
                if acts.iter().any(|act| matches!(act, Act::Reset)) {
                    stream.set_zero_linger().unwrap();
                }
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    let mut stream: BoxStream = Box::new(stream);
                    let read = play(&mut stream, &acts).await;
                    log.lock().unwrap().extend(read);
                });
            }
        });
        Self { address, requests }
    }

    pub(super) fn uri(&self, path: &str) -> TargetUri {
        TargetUri::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// The request heads of the connections that have ended, once there are this many.
    pub(super) async fn requests(&self, count: usize) -> Vec<Vec<u8>> {
        loop {
            let got = self.requests.lock().unwrap().clone();
            if got.len() >= count {
                return got;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// A network in memory: every name leads to `address`, every connection plays the next script.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) answers: Mutex<VecDeque<io::Result<Vec<IpAddr>>>>,
    pub(super) connections: Mutex<VecDeque<Vec<Act>>>,
    pub(super) dialled: Mutex<Vec<SocketAddr>>,
}

impl Pipes {
    pub(super) fn new(connections: Vec<Vec<Act>>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::default(),
            connections: Mutex::new(connections.into()),
            dialled: Mutex::default(),
        })
    }
}

impl Dialer for Pipes {
    fn lookup<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let public = IpAddr::V4(Ipv4Addr::new(93, 184, 216, 34));
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or_else(|| Ok(vec![public]));
        Box::pin(async move { answer })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        self.dialled.lock().unwrap().push(address);
        let acts = self.connections.lock().unwrap().pop_front();
        Box::pin(async move {
            let acts = acts.ok_or(io::ErrorKind::ConnectionRefused)?;
            let (near, far) = tokio::io::duplex(1 << 16);
            tokio::spawn(async move {
                let mut far: BoxStream = Box::new(far);
                play(&mut far, &acts).await;
            });
            Ok(Box::new(near) as BoxStream)
        })
    }
}

pub(super) fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::new(Timestamp::from_unix_seconds(1_762_300_800)))
}

/// Options for loopback, with short waits.
pub(super) fn loopback() -> CaptureOptions {
    CaptureOptions { allow_private: true, ..CaptureOptions::default() }
}

pub(super) fn on_pipes(options: CaptureOptions, pipes: &Arc<Pipes>) -> Capturer {
    Capturer::with_dialer(options, clock(), Arc::clone(pipes) as Arc<dyn Dialer>).unwrap()
}

pub(super) async fn get(capturer: &Capturer, uri: &TargetUri) -> Captured {
    ask(capturer, uri, Method::Get).await
}

pub(super) async fn ask(capturer: &Capturer, uri: &TargetUri, method: Method) -> Captured {
    let mut request = CaptureRequest::new("Pressmark-Test/0");
    request.method = method;
    capturer.capture(Permit::for_test(uri.clone()), &request).await.unwrap()
}

pub(super) fn exchange(captured: Captured) -> Exchange {
    match captured {
        Captured::Exchange(exchange) => *exchange,
        Captured::Failed(failure) => panic!("no exchange: {failure:?}"),
    }
}

pub(super) fn failed(captured: Captured) -> Failure {
    match captured {
        Captured::Failed(failure) => *failure,
        Captured::Exchange(exchange) => panic!("no failure: {exchange:?}"),
    }
}

pub(super) fn all_bytes(stored: &Stored) -> Vec<u8> {
    stored.prefix(usize::MAX).unwrap()
}
