//! The only way out of the browser: a proxy on loopback that asks an [`Upstream`] for each part.
//!
//! Owns the browser's side of the wire: CONNECT, TLS with the throw-away certificate, one request after
//! another. What comes back is handed on byte for byte as it came from the server. Deliberately opens no
//! connection of its own but those it was given, and decides of no host whether it may be asked.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::certificate::Authority;
use super::parts::{Kind, Part, kind_of, refusal};
use super::traffic::Traffic;
use crate::base::TargetUri;
use crate::http::Exchange;

/// The longest head of a request that is read, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// At most this many connections of the browser are open at a time.
const CONNECTIONS_MAX: usize = 256;
/// At most this many parts are recorded, those that were refused included.
const RECORDED_MAX: usize = 2_000;

/// What the browser asks for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The address.
    pub uri: TargetUri,
    /// What it is to the page.
    pub kind: Kind,
    /// What the browser accepts.
    pub accept: String,
    /// The page that it names as the one which led there.
    pub referer: Option<String>,
    /// The cookies that the page has set.
    pub cookies: Option<String>,
    /// To be raised by one while the request waits for its host's turn, which is not the page's fault.
    pub held: Arc<AtomicUsize>,
}

/// The result of a request.
#[derive(Debug, Clone)]
pub enum Answered {
    /// An exchange, and the record that has it.
    Exchange(Arc<Exchange>, Option<String>),
    /// It was not asked for, or failed: why.
    Not(String),
}

/// A future behind a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What asks the web on behalf of a rendering.
pub trait Upstream: Send + Sync + std::fmt::Debug {
    /// Asks for one part, when that is allowed.
    fn fetch(&self, ask: Ask) -> BoxFuture<'_, Answered>;
}

/// What a rendering may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub parts_max: usize,
    pub bytes_max: u64,
    pub visual: bool,
}

#[derive(Debug)]
struct State {
    upstream: Arc<dyn Upstream>,
    limits: Limits,
    held: Arc<AtomicUsize>,
    log: Mutex<Log>,
}

#[derive(Debug)]
struct Log {
    parts: Vec<Part>,
    /// How many were asked for.
    asked: usize,
    bytes: u64,
    open: usize,
    /// When the last of them began or ended.
    changed: Instant,
    /// Parts that are not in the list.
    left_out: u64,
}

/// A running proxy; it ends when dropped.
#[derive(Debug)]
pub(super) struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // With the task go the connections, which are its own.
        self.task.abort();
    }
}

impl Proxy {
    /// Listens on loopback.
    ///
    /// # Errors
    /// When no port is available; as text.
    pub async fn start(
        upstream: Arc<dyn Upstream>,
        limits: Limits,
        authority: Arc<Authority>,
    ) -> Result<Self, String> {
        let said = |why: std::io::Error| format!("a port on loopback for the browser: {why}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(said)?;
        let address = listener.local_addr().map_err(said)?;
        let log = Log {
            parts: Vec::new(),
            asked: 0,
            bytes: 0,
            open: 0,
            changed: Instant::now(),
            left_out: 0,
        };
        let state =
            Arc::new(State { upstream, limits, held: Arc::default(), log: Mutex::new(log) });
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                while connections.try_join_next().is_some() {}
                let Ok((stream, _)) = listener.accept().await else { return };
                if connections.len() < CONNECTIONS_MAX {
                    connections.spawn(serve(stream, Arc::clone(&authority), Arc::clone(&shared)));
                }
            }
        });
        Ok(Self { address, state, task })
    }

    /// What was asked for, in order, and how many more there were.
    pub fn parts(&self) -> (Vec<Part>, u64) {
        let log = self.state.lock();
        (log.parts.clone(), log.left_out)
    }
}

impl Traffic for Proxy {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn idle(&self) -> Duration {
        let log = self.state.lock();
        if log.open > 0 { Duration::ZERO } else { log.changed.elapsed() }
    }

    fn is_held(&self) -> bool {
        self.state.held.load(Ordering::Relaxed) > 0
    }
}

impl State {
    fn lock(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, part: Part) {
        let mut log = self.lock();
        if log.parts.len() < RECORDED_MAX {
            log.parts.push(part);
        } else {
            log.left_out += 1;
        }
    }

    /// Counts a part that is to be asked for.
    ///
    /// # Errors
    /// When the page has reached its limits.
    fn admit(&self) -> Result<(), &'static str> {
        let mut log = self.lock();
        if log.asked >= self.limits.parts_max {
            return Err("the page has more parts than browser.parts_max");
        }
        if log.bytes >= self.limits.bytes_max {
            return Err("the page has more bytes than browser.bytes_max");
        }
        log.asked += 1;
        Ok(())
    }
}

/// An open request, as far as the settling of the page is concerned.
struct Open<'a>(&'a State);

impl<'a> Open<'a> {
    fn begin(state: &'a State) -> Self {
        let mut log = state.lock();
        log.open += 1;
        log.changed = Instant::now();
        Self(state)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut log = self.0.lock();
        log.open -= 1;
        log.changed = Instant::now();
    }
}

/// One connection of the browser. Whatever goes wrong ends it.
async fn serve(mut stream: TcpStream, authority: Arc<Authority>, state: Arc<State>) {
    let Some(request) = Request::read(&mut stream).await else { return };
    if request.method != "CONNECT" {
        let target = request.target.clone();
        answer(&mut stream, &request, &target, &state).await;
        return;
    }
    if stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_err() {
        return;
    }
    let place = request.target;
    let mut first = [0];
    let is_tls = matches!(stream.peek(&mut first).await, Ok(1)) && first[0] == 0x16;
    if !is_tls {
        // A socket of its own, or something else that does not belong to a page.
        if let Some(request) = Request::read(&mut stream).await {
            let target = format!("http://{place}{}", request.target);
            answer(&mut stream, &request, &target, &state).await;
        }
        return;
    }
    let host = place.rsplit_once(':').map_or(place.as_str(), |(host, _)| host);
    let Ok(config) = authority.config_for(host) else { return };
    let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await else { return };
    if let Some(request) = Request::read(&mut stream).await {
        let host = place.strip_suffix(":443").unwrap_or(&place);
        let target = format!("https://{host}{}", request.target);
        answer(&mut stream, &request, &target, &state).await;
    }
    // Said with a close of TLS, or the browser takes what came for cut.
    let _ = stream.shutdown().await;
}

/// Answers one request; the connection ends with it.
async fn answer(
    stream: &mut (impl AsyncWrite + Unpin),
    request: &Request,
    target: &str,
    state: &State,
) {
    let _open = Open::begin(state);
    let path = target.splitn(4, '/').nth(3).unwrap_or_default();
    let mut part = Part {
        url: target.chars().take(4_000).collect(),
        method: request.method.clone(),
        kind: kind_of(
            request.field("sec-fetch-dest"),
            request.field("accept").unwrap_or_default(),
            path,
        ),
        status: None,
        reason: None,
        record_id: None,
        bytes: 0,
    };
    let got = match TargetUri::parse(target) {
        Err(why) => Err(why.to_string()),
        Ok(_) if request.field("upgrade").is_some() => {
            Err("it would keep a two-way connection open".to_owned())
        }
        Ok(uri) => {
            let refused =
                refusal(part.kind, &request.method, uri.host(), path, state.limits.visual);
            match refused.map_or_else(|| state.admit(), Err) {
                Err(why) => Err(why.to_owned()),
                Ok(()) => {
                    let ask = Ask {
                        uri,
                        kind: part.kind,
                        accept: request.field("accept").unwrap_or("*/*").to_owned(),
                        referer: request.field("referer").map(str::to_owned),
                        cookies: request.field("cookie").map(str::to_owned),
                        held: Arc::clone(&state.held),
                    };
                    match state.upstream.fetch(ask).await {
                        Answered::Exchange(exchange, record_id) => Ok((exchange, record_id)),
                        Answered::Not(why) => Err(why),
                    }
                }
            }
        }
    };
    match got {
        Ok((exchange, record_id)) => {
            part.status = exchange.shape.status;
            part.bytes = exchange.response.len();
            part.record_id = record_id;
            part.reason = exchange.truncated.map(|why| format!("cut: {}", why.label()));
            state.lock().bytes += part.bytes;
            state.record(part);
            // From a file it is read off the network's threads; all of it is bounded by the capture.
            let bytes = tokio::task::spawn_blocking(move || {
                let mut bytes = Vec::new();
                let mut reader = exchange.response.reader()?;
                std::io::Read::read_to_end(&mut reader, &mut bytes).map(|_| bytes)
            });
            if let Ok(Ok(bytes)) = bytes.await
                && request.method != "HEAD"
            {
                let _ = stream.write_all(&bytes).await;
            }
        }
        Err(why) => {
            part.reason = Some(why);
            state.record(part);
            let _ = stream.write_all(REFUSED).await;
        }
    }
    let _ = stream.flush().await;
}

/// Nothing, which every browser understands; scripts of other sites see no more than that.
const REFUSED: &[u8] =
    b"HTTP/1.1 403 Not Asked For\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The head of a request.
#[derive(Debug)]
struct Request {
    method: String,
    target: String,
    fields: Vec<(String, String)>,
}

impl Request {
    /// Reads one; none where the browser has no more, or sends what is not a request.
    async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Self> {
        let mut head = Vec::new();
        let mut buffer = [0; 1];
        // One byte at a time, so that nothing behind the head is taken; heads are short, and few.
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() >= HEAD_BYTES_MAX || stream.read(&mut buffer).await.ok()? == 0 {
                return None;
            }
            head.push(buffer[0]);
        }
        Self::parse(&String::from_utf8_lossy(&head))
    }

    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let mut parts = lines.next()?.split(' ');
        let (method, target) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        if !parts.next()?.starts_with("HTTP/1.") || target.is_empty() {
            return None;
        }
        let fields = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        Some(Self { method, target, fields: fields.collect() })
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_browsers_write_them() {
        let request = Request::parse(
            "GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\nCookie: a=1; b=2\r\n\r\n",
        )
        .unwrap();
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            ("GET", "http://a.example/x")
        );
        assert_eq!(request.field("cookie"), Some("a=1; b=2"));
        for wrong in ["", "GET\r\n\r\n", "GET /\r\n\r\n", "GET / SPDY/3\r\n\r\n"] {
            assert!(Request::parse(wrong).is_none(), "{wrong}");
        }
    }
}
