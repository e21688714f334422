//! A server of raw bytes: each host answers `/` with exactly the bytes it was given, valid or not,
//! and records the requests.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What follows the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The connection stays open for the next request.
    Keep,
    /// It is closed in order.
    Close,
    /// It stays open, and nothing more comes until the other side gives up.
    Stall,
}

/// What a host answers on `/`.
#[derive(Debug, Clone)]
pub struct Answer {
    pub bytes: Vec<u8>,
    pub then: Then,
}

#[derive(Default)]
struct State {
    /// The last request for `/` by host.
    requests: HashMap<String, Vec<u8>>,
}

/// The running server; stops when dropped.
pub struct RawSite {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
}

/// The answer to every robots.txt request.
pub const NO_ROBOTS: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

impl RawSite {
    /// Starts it.
    pub fn start(answers: HashMap<String, Answer>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (state, stop) = (Arc::<Mutex<State>>::default(), Arc::new(AtomicBool::new(false)));
        let (log, stopping, answers) = (Arc::clone(&state), Arc::clone(&stop), Arc::new(answers));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (log, answers) = (Arc::clone(&log), Arc::clone(&answers));
                thread::spawn(move || {
                    // A crawler that has received enough hangs up, which is not an error here.
                    let _ = serve(stream, &answers, &log);
                });
            }
        });
        Self { address, state, stop }
    }

    /// The request that came for `/` of `host`.
    pub fn request(&self, host: &str) -> Option<Vec<u8>> {
        self.state.lock().unwrap().requests.get(host).cloned()
    }

    /// The `--resolve` rule that leads `host` here.
    pub fn resolve(&self, host: &str) -> String {
        format!("{host}:80:127.0.0.1:{}", self.address.port())
    }
}

impl Drop for RawSite {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    mut stream: TcpStream,
    answers: &HashMap<String, Answer>,
    state: &Mutex<State>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if stream.read(&mut byte)? == 0 {
                return Ok(());
            }
            request.push(byte[0]);
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let host = text.lines().find_map(|l| l.strip_prefix("Host: ")).unwrap_or("").to_owned();
        if text.starts_with("GET /robots.txt ") {
            stream.write_all(NO_ROBOTS)?;
            continue;
        }
        state.lock().unwrap().requests.insert(host.clone(), request);
        let Some(answer) = answers.get(&host) else {
            stream.write_all(NO_ROBOTS)?;
            continue;
        };
        stream.write_all(&answer.bytes)?;
        match answer.then {
            Then::Keep => {}
            Then::Close => {
                stream.shutdown(Shutdown::Write)?;
                // Until the other side closes too: an early close would be a reset.
                let _ = stream.read_to_end(&mut Vec::new());
                return Ok(());
            }
            Then::Stall => {
                let _ = stream.read_to_end(&mut Vec::new());
                return Ok(());
            }
        }
    }
}
