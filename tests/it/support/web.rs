//! A scripted small web on loopback: the answer of each host on each path, byte for byte, and a
//! log of the requests, with times of the test's own clock.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use pressmark::base::{Clock, Timestamp};

/// Computes an answer from the request's bytes and the number of earlier requests of the path; the
/// connection is not closed.
pub type Make = Arc<dyn Fn(&str, usize) -> Vec<u8> + Send + Sync>;

/// The answer of a path.
#[derive(Clone)]
pub enum Reply {
    /// These bytes, and the connection stays open.
    Bytes(Vec<u8>),
    /// These bytes, then the connection is closed.
    BytesThenClose(Vec<u8>),
    /// Nothing, and the connection is closed.
    Close,
    /// Computed from the request's bytes and the number of earlier requests of this path.
    Made(Make),
}

/// One request as received.
#[derive(Debug, Clone)]
pub struct Asked {
    pub at: Timestamp,
    pub host: String,
    pub target: String,
    pub bytes: Vec<u8>,
}

#[derive(Default)]
struct Script {
    replies: HashMap<(String, String), Reply>,
    asked: Vec<Asked>,
    counts: HashMap<(String, String), usize>,
}

/// The running web; stops when dropped.
pub struct Web {
    pub address: SocketAddr,
    script: Arc<Mutex<Script>>,
    stop: Arc<AtomicBool>,
}

impl Web {
    /// Starts it with nothing on it: every path answers 404, robots.txt too.
    pub fn start(clock: Arc<dyn Clock>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(Script::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let (shared, stopping) = (Arc::clone(&script), Arc::clone(&stop));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (shared, clock) = (Arc::clone(&shared), Arc::clone(&clock));
                thread::spawn(move || {
                    let _ = serve(stream, &shared, &*clock);
                });
            }
        });
        Self { address, script, stop }
    }

    /// Sets what `host` answers on `target`.
    pub fn on(&self, host: &str, target: &str, reply: Reply) {
        self.script.lock().unwrap().replies.insert((host.to_owned(), target.to_owned()), reply);
    }

    /// Sets the answer, and returns the previous one. Panics where there was none.
    pub fn swap(&self, host: &str, target: &str, reply: Reply) -> Reply {
        let key = (host.to_owned(), target.to_owned());
        self.script.lock().unwrap().replies.insert(key, reply).unwrap()
    }

    /// Sets a page of HTML.
    pub fn page(&self, host: &str, target: &str, html: &str) {
        self.on(host, target, Reply::Bytes(ok("text/html; charset=utf-8", html.as_bytes())));
    }

    /// Every request so far, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }

    /// A connection to it without a socket, answered on the runtime this is called in.
    pub fn pipe(&self, clock: Arc<dyn Clock>) -> tokio::io::DuplexStream {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let script = Arc::clone(&self.script);
        tokio::spawn(async move {
            let mut buffer = Vec::new();
            loop {
                while head_end(&buffer).is_none() {
                    if !theirs.read_buf(&mut buffer).await.is_ok_and(|n| n > 0) {
                        return;
                    }
                }
                let request: Vec<u8> = buffer.drain(..head_end(&buffer).unwrap()).collect();
                let (bytes, goes_on) = answer(&script, request, &*clock);
                if theirs.write_all(&bytes).await.is_err() || !goes_on {
                    return;
                }
            }
        });
        ours
    }

    /// How many requests came so far.
    pub fn asked_count(&self) -> usize {
        self.script.lock().unwrap().asked.len()
    }

    /// `--resolve` rules that lead these hosts here.
    pub fn resolve(&self, hosts: &[&str]) -> Vec<String> {
        hosts.iter().map(|h| format!("{h}:80:127.0.0.1:{}", self.address.port())).collect()
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// A plain response with a length.
pub fn ok(media_type: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    out.extend_from_slice(body);
    out
}

fn head_end(buffer: &[u8]) -> Option<usize> {
    buffer.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)
}

fn serve(mut stream: TcpStream, script: &Mutex<Script>, clock: &dyn Clock) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        let end = loop {
            if let Some(end) = head_end(&buffer) {
                break end;
            }
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                n => buffer.extend_from_slice(&piece[..n]),
            }
        };
        let (bytes, goes_on) = answer(script, buffer.drain(..end).collect(), clock);
        stream.write_all(&bytes)?;
        if !goes_on {
            stream.shutdown(Shutdown::Both)?;
            return Ok(());
        }
    }
}

/// Records a request; returns the answer, and whether the connection stays open.
fn answer(script: &Mutex<Script>, request: Vec<u8>, clock: &dyn Clock) -> (Vec<u8>, bool) {
    let text = String::from_utf8_lossy(&request).into_owned();
    let target = text.split(' ').nth(1).unwrap_or("/").to_owned();
    let host = text
        .lines()
        .find_map(|l| l.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case("host")))
        .map(|(_, v)| v.trim().split(':').next().unwrap_or("").to_owned())
        .unwrap_or_default();
    let key = (host.clone(), target.clone());
    let (reply, before) = {
        let mut script = script.lock().unwrap();
        script.asked.push(Asked { at: clock.now(), host, target, bytes: request });
        let count = script.counts.entry(key.clone()).or_default();
        *count += 1;
        let before = *count - 1;
        (script.replies.get(&key).cloned(), before)
    };
    let not_found = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
    match reply.unwrap_or(Reply::Bytes(not_found)) {
        Reply::Bytes(bytes) => (bytes, true),
        Reply::Made(make) => {
            let bytes = make(&text, before);
            let goes_on = !bytes.is_empty();
            (bytes, goes_on)
        }
        Reply::BytesThenClose(bytes) => (bytes, false),
        Reply::Close => (Vec::new(), false),
    }
}
