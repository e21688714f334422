//! The only way out of the browser: a proxy on loopback that asks an [`Upstream`] for each part.
//!
//! Owns the browser's side of the wire: CONNECT, TLS with the throw-away certificate, one request after
//! another. What comes back is handed on byte for byte as it came from the server, or the range of it that was asked for;
//! preflights of requests that read are answered here. Deliberately opens no connection of its own but those it was given,
//! and decides of no host whether it may be asked.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::certificate::Authority;
use super::partial::{Answer, Cut, Wanted, Wholes, is_whole};
use super::parts::{Kind, Part, kind_of, refusal};
use super::request::{Preflight, Request};
use super::traffic::Traffic;
use crate::base::TargetUri;
use crate::http::Exchange;

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
    /// More fields, which its scripts have set.
    pub headers: Vec<(String, String)>,
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
    /// Answers of which ranges were asked for.
    wholes: Mutex<Wholes>,
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
        let state = Arc::new(State {
            upstream,
            limits,
            held: Arc::default(),
            log: Mutex::new(log),
            wholes: Mutex::default(),
        });
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

/// Where an answer is from for which no server was asked.
const OF_BEFORE: &str = ", of an answer that had come before";

/// What a request is answered with.
enum Got {
    /// What a server sent, and whether it was asked just now.
    Sent { answer: Answer, is_new: bool },
    /// A preflight, allowed.
    Allowed(Vec<u8>),
}

impl State {
    /// Answers a request where that is allowed.
    ///
    /// # Errors
    /// Why there is no answer; as text.
    async fn got(&self, request: &Request, kind: Kind, target: &str) -> Result<Got, String> {
        let uri = TargetUri::parse(target).map_err(|why| why.to_string())?;
        if request.field("upgrade").is_some() {
            return Err("it would keep a two-way connection open".to_owned());
        }
        let preflight = Preflight::of(request);
        if let Some(preflight) = preflight.as_ref().filter(|preflight| !preflight.reads()) {
            return Err(format!("it prepares a {} request, which is not sent", preflight.method));
        }
        let method =
            preflight.as_ref().map_or(request.method.as_str(), |preflight| preflight.method);
        let visual = self.limits.visual;
        if let Some(why) = refusal(kind, method, uri.host(), path_of(target), visual) {
            return Err(why.to_owned());
        }
        if let Some(preflight) = preflight {
            return Ok(Got::Allowed(preflight.allowed()));
        }
        let ask = Ask {
            uri,
            kind,
            accept: request.field("accept").unwrap_or("*/*").to_owned(),
            referer: request.field("referer").map(str::to_owned),
            cookies: request.field("cookie").map(str::to_owned),
            headers: request.of_scripts(),
            held: Arc::clone(&self.held),
        };
        let key = (target.to_owned(), ask.headers.clone(), ask.cookies.clone());
        let wants_range = wanted_of(request).is_some();
        let wholes = || self.wholes.lock().unwrap_or_else(PoisonError::into_inner);
        if wants_range && let Some(answer) = wholes().get(&key) {
            return Ok(Got::Sent { answer, is_new: false });
        }
        self.admit()?;
        match self.upstream.fetch(ask).await {
            Answered::Exchange(exchange, record_id) => {
                let answer = (exchange, record_id);
                if wants_range && is_whole(&answer.0) {
                    wholes().keep(key, answer.clone());
                }
                Ok(Got::Sent { answer, is_new: true })
            }
            Answered::Not(why) => Err(why),
        }
    }
}

/// The range that a request asks for; of several none is.
fn wanted_of(request: &Request) -> Option<Wanted> {
    let range = request.only("range").filter(|_| request.method == "GET")?.to_owned();
    Some(Wanted { range, condition: request.field("if-range").map(str::to_owned) })
}

/// Path and query of an address, without the slash that they begin with.
fn path_of(target: &str) -> &str {
    target.splitn(4, '/').nth(3).unwrap_or_default()
}

/// Answers one request; the connection ends with it.
async fn answer(
    stream: &mut (impl AsyncWrite + Unpin),
    request: &Request,
    target: &str,
    state: &State,
) {
    let _open = Open::begin(state);
    let accept = request.field("accept").unwrap_or_default();
    let kind = kind_of(request.field("sec-fetch-dest"), accept, path_of(target));
    let mut part = Part {
        url: target.chars().take(4_000).collect(),
        method: request.method.clone(),
        kind,
        status: None,
        reason: None,
        proxy: None,
        record_id: None,
        bytes: 0,
    };
    let bytes = match state.got(request, kind, target).await {
        Ok(Got::Sent { answer: (exchange, record_id), is_new }) => {
            part.status = exchange.shape.status;
            part.bytes = exchange.response.len();
            part.record_id = record_id;
            part.reason = exchange.truncated.map(|why| format!("cut: {}", why.label()));
            state.lock().bytes += if is_new { part.bytes } else { 0 };
            let (bytes, what) = read(exchange, wanted_of(request)).await;
            part.proxy = match is_new {
                true => what,
                false => Some(what.unwrap_or_else(|| "sent all".to_owned()) + OF_BEFORE),
            };
            bytes.filter(|_| request.method != "HEAD").unwrap_or_default()
        }
        Ok(Got::Allowed(bytes)) => {
            part.proxy = Some("answered the preflight; the server was not asked".to_owned());
            bytes
        }
        Err(why) => {
            part.reason = Some(why);
            REFUSED.to_vec()
        }
    };
    state.record(part);
    let _ = stream.write_all(&bytes).await;
    let _ = stream.flush().await;
}

/// The bytes that are sent of an exchange, and what was made of it where that is a range; no bytes where it cannot be read.
async fn read(
    exchange: Arc<Exchange>,
    wanted: Option<Wanted>,
) -> (Option<Vec<u8>>, Option<String>) {
    // From a file it is read off the network's threads; all of it is bounded by the capture.
    let read = tokio::task::spawn_blocking(move || {
        if let Some(Cut { bytes, what }) = wanted.and_then(|wanted| wanted.cut(&exchange)) {
            return (Some(bytes), Some(what));
        }
        let mut bytes = Vec::new();
        let read = exchange.response.reader();
        let read = read.and_then(|mut from| std::io::Read::read_to_end(&mut from, &mut bytes));
        (read.is_ok().then_some(bytes), None)
    });
    read.await.unwrap_or_default()
}

/// Nothing, which every browser understands; scripts of other sites see no more than that.
const REFUSED: &[u8] =
    b"HTTP/1.1 403 Not Asked For\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
