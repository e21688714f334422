//! The relay as a listener: connections, their limits, and what each is answered.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::request::{Asked, HEAD_BYTES_MAX, Request};
use super::sessions::Sessions;
use super::target::Names;
use super::tunnel::{Limits, tunnel};
use crate::base::Clock;
use crate::capture::BoxStream;
use crate::evidence::note::{VerifierKey, is_name};
use crate::evidence::session::Attestation;
use crate::evidence::{EvidenceError, LogKey, leaf};
use crate::witness::rate::{Buckets, Rate};

/// How long a client may take for a head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// Why a relay cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] EvidenceError),
    /// A name that a relay may not have.
    #[error("{0:?} is not a name of a relay: no spaces, no plus")]
    Name(String),
}

/// How a relay is set up.
#[derive(Debug, Clone)]
pub struct RelayOptions {
    /// Its name; made from its key without it.
    pub name: Option<String>,
    /// Where its key lies; `relay.key` in its directory without it.
    pub key_file: Option<PathBuf>,
    /// What a client has to show; nothing where it is empty.
    pub token: String,
    /// The ports that it connects to.
    pub ports: Vec<u16>,
    /// How names are looked up.
    pub names: Names,
    /// The most connections at once.
    pub connections_max: usize,
    /// What one address may ask.
    pub requests: Rate,
    /// What bounds a session.
    pub limits: Limits,
}

/// A relay.
#[derive(Debug)]
pub struct Relay {
    key: LogKey,
    name: String,
    options: RelayOptions,
    sessions: Sessions,
    requests: Mutex<Buckets<IpAddr>>,
}

impl Relay {
    /// Opens the key below `dir`, and makes it where there is none.
    ///
    /// # Errors
    /// When the key cannot be read or made, or the name is invalid.
    pub fn open(dir: &Path, options: RelayOptions) -> Result<Self, RelayError> {
        let path = options.key_file.clone().unwrap_or_else(|| dir.join("relay.key"));
        let key = match LogKey::read(&path)? {
            Some(key) => key,
            None => LogKey::make(&path)?,
        };
        let name = match &options.name {
            Some(name) if is_name(name) => name.clone(),
            Some(name) => return Err(RelayError::Name(name.clone())),
            None => {
                let digest = leaf::sha256(&key.verifier("").public);
                format!("pressmark-relay/{}", HEXLOWER.encode(&digest[..8]))
            }
        };
        let requests = Mutex::new(Buckets::new(options.requests));
        Ok(Self { key, name, options, sessions: Sessions::default(), requests })
    }

    /// Its public key.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier(&self.name)
    }
}

/// Answers until `stop` completes.
pub async fn serve(
    listener: TcpListener,
    relay: Arc<Relay>,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(relay.options.connections_max.max(1)));
    let accepting = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok((stream, peer)) = listener.accept().await else {
                // Too many open files, most likely: there will be fewer in a while.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let (relay, clock) = (Arc::clone(&relay), Arc::clone(&clock));
            tokio::spawn(async move {
                let _place = place;
                relay.answer(stream, peer, &*clock).await;
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop => {}
    }
}

/// Reads a head to its end and no further: what follows it is not for the relay.
async fn head(stream: &mut TcpStream) -> Result<Vec<u8>, (u16, &'static str)> {
    const END: &[u8] = b"\r\n\r\n";
    let broken = |_| (400, "the head is incomplete");
    let mut head = Vec::new();
    let mut space = [0; 1024];
    loop {
        let seen = stream.peek(&mut space).await.map_err(broken)?;
        let before = head.len();
        head.extend_from_slice(&space[..seen]);
        // The end may have begun in what was read before.
        let from = before.saturating_sub(END.len() - 1);
        let end = head[from..].windows(END.len()).position(|bytes| bytes == END);
        if let Some(end) = end {
            head.truncate(from + end + END.len());
        }
        let taken = head.len() - before;
        stream.read_exact(&mut space[..taken]).await.map_err(broken)?;
        if head.len() > HEAD_BYTES_MAX {
            return Err((431, "the head is too long"));
        }
        if end.is_some() {
            return Ok(head);
        }
        if seen == 0 {
            return Err((400, "the head is incomplete"));
        }
    }
}

async fn write(stream: &mut TcpStream, status: u16, fields: &str, body: &str) {
    let reason = match status {
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        407 => "Proxy Authentication Required",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        _ => "Refused",
    };
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n{fields}\r\n",
        body.len()
    );
    let answer = [head.as_bytes(), body.as_bytes()].concat();
    let sending = async {
        let _ = stream.write_all(&answer).await;
        let _ = stream.shutdown().await;
    };
    let _ = timeout(HEAD_TIMEOUT, sending).await;
}

impl Relay {
    async fn answer(&self, mut stream: TcpStream, peer: SocketAddr, clock: &dyn Clock) {
        let _ = stream.set_nodelay(true);
        let read = timeout(HEAD_TIMEOUT, head(&mut stream)).await;
        let request = match read.unwrap_or(Err((408, "the head took too long"))) {
            Ok(head) => Request::parse(&head),
            Err(why) => Err(why),
        };
        if let Err(wait) = self.admit(request.as_ref().ok(), peer.ip(), clock) {
            let fields = format!("Retry-After: {}\r\n", wait.as_secs().max(1));
            return write(&mut stream, 429, &fields, "too many requests\n").await;
        }
        let request = match request {
            Ok(request) => request,
            Err((status, why)) => return write(&mut stream, status, "", &format!("{why}\n")).await,
        };
        match &request.asked {
            Asked::Key => {
                let text = format!("{}\n", self.verifier().text());
                write(&mut stream, 200, "", &text).await;
            }
            Asked::Session(id) => match self.sessions.note(id).await {
                Some(note) => write(&mut stream, 200, "", &note).await,
                None => write(&mut stream, 404, "", "there is no note on this session\n").await,
            },
            Asked::Connect { .. } if !request.shows(&self.options.token) => {
                let fields = "Proxy-Authenticate: Basic realm=\"relay\"\r\n";
                write(&mut stream, 407, fields, "a token is required\n").await;
            }
            Asked::Connect { port, .. } if !self.options.ports.contains(port) => {
                write(&mut stream, 403, "", "the relay does not connect to this port\n").await;
            }
            Asked::Connect { host, port } => self.connect(stream, host, *port, clock).await,
        }
    }

    /// Counts a request of an address. The first request for the note on a session is not counted: without its note the
    /// session that was admitted would be of no use.
    ///
    /// # Errors
    /// How long the address has to wait.
    fn admit(
        &self,
        request: Option<&Request>,
        address: IpAddr,
        clock: &dyn Clock,
    ) -> Result<(), Duration> {
        if let Some(Asked::Session(id)) = request.map(|request| &request.asked)
            && self.sessions.is_first_request(id)
        {
            return Ok(());
        }
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.take(address, clock.now())
    }

    async fn connect(&self, mut stream: TcpStream, host: &str, port: u16, clock: &dyn Clock) {
        let (server, peer) = match self.options.names.connect(host, port).await {
            Ok(connected) => connected,
            Err(why) => return write(&mut stream, 502, "", &format!("{why}\n")).await,
        };
        let mut session = [0; 16];
        if SystemRandom::new().fill(&mut session).is_err() {
            return write(&mut stream, 503, "", "the system gives no random bytes\n").await;
        }
        let id = HEXLOWER.encode(&session);
        self.sessions.begin(&id);
        let begin = clock.now();
        let head =
            format!("HTTP/1.1 200 Connection established\r\nPressmark-Session: {id}\r\n\r\n");
        if stream.write_all(head.as_bytes()).await.is_err() {
            return;
        }
        let client: BoxStream = Box::new(stream);
        let (sent, received) = tunnel(client, server, self.options.limits).await;
        // A clock that was set back does not make the end come first.
        let end = clock.now().max(begin);
        let host = host.to_owned();
        let attestation = Attestation { session, host, port, peer, begin, end, sent, received };
        self.sessions.end(&id, attestation.signed(&self.key, &self.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a head that comes in these pieces, and what is left on the connection.
    async fn read(pieces: &[&[u8]]) -> (Result<Vec<u8>, u16>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.set_nodelay(true).unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let sending = async {
            for piece in pieces {
                client.write_all(piece).await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            client.shutdown().await.unwrap();
        };
        let reading = async {
            let head = head(&mut server).await.map_err(|(status, _)| status);
            let mut left = Vec::new();
            server.read_to_end(&mut left).await.unwrap();
            (head, left)
        };
        tokio::join!(sending, reading).1
    }

    #[tokio::test]
    async fn a_head_is_read_to_its_end_and_no_further() {
        let whole = b"CONNECT a:443 HTTP/1.1\r\n\r\n".to_vec();
        for at in 1..whole.len() {
            let (first, second) = whole.split_at(at);
            let second = [second, b"\x16\x03\r\n\r\n"].concat();
            let (head, left) = read(&[first, &second]).await;
            assert_eq!((head, left), (Ok(whole.clone()), b"\x16\x03\r\n\r\n".to_vec()), "{at}");
        }
        assert_eq!(read(&[b"GET / HTTP/1.1\r\n"]).await.0, Err(400));
        let long = vec![b'a'; HEAD_BYTES_MAX + 1];
        assert_eq!(read(&[&long]).await.0, Err(431));
        let last = [&long[5..], b"\r\n\r\n"].concat();
        assert_eq!(read(&[&last]).await.0.unwrap().len(), HEAD_BYTES_MAX);
    }
}
