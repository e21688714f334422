//! A web on many addresses of the loopback device, one per host, that records the time of each request.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request that was answered. Times are since the test began.
#[derive(Debug, Clone)]
pub struct Visit {
    pub host: usize,
    pub path: String,
    /// When the request had arrived.
    pub came: Duration,
    /// When the answer was sent.
    pub went: Duration,
}

/// Request, and when it arrived and was answered.
type Line = (usize, String, Instant, Instant);

pub struct Origin {
    port: u16,
    lines: Arc<Mutex<Vec<Line>>>,
}

/// The address of a host.
pub fn address(host: usize) -> Ipv4Addr {
    let byte = |n: usize| u8::try_from(n).unwrap();
    Ipv4Addr::new(127, 1, byte(host / 200), byte(host % 200 + 1))
}

impl Origin {
    /// Answers with the result of `page` for host, path and port; 404 where that is `None`.
    pub fn start(
        hosts: usize,
        page: impl Fn(usize, &str, u16) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines: Arc<Mutex<Vec<Line>>> = Arc::default();
        let (kept, page) = (Arc::clone(&lines), Arc::new(page));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, page) = (Arc::clone(&kept), Arc::clone(&page));
                std::thread::spawn(move || {
                    // A client that hangs up half-way, as a killed worker does, has made a request nevertheless.
                    let _ = answer(stream, hosts, &kept, |host, path| page(host, path, port));
                });
            }
        });
        Self { port, lines }
    }

    pub fn url(&self, host: usize, path: &str) -> String {
        format!("http://{}:{}{path}", address(host), self.port)
    }

    /// The number of page requests.
    pub fn pages(&self) -> usize {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|line| line.1 != "/robots.txt").count()
    }

    /// The number of distinct pages requested.
    pub fn pages_seen(&self) -> usize {
        let lines = self.lines.lock().unwrap();
        let pages = lines.iter().filter(|line| line.1 != "/robots.txt");
        pages.map(|line| (line.0, &line.1)).collect::<BTreeSet<_>>().len()
    }

    pub fn visits(&self, begun: Instant) -> Vec<Visit> {
        let lines = self.lines.lock().unwrap();
        let visit = |(host, path, came, went): &Line| Visit {
            host: *host,
            path: path.clone(),
            came: came.duration_since(begun),
            went: went.duration_since(begun),
        };
        lines.iter().map(visit).collect()
    }
}

fn answer(
    mut stream: TcpStream,
    hosts: usize,
    lines: &Mutex<Vec<Line>>,
    page: impl Fn(usize, &str) -> Option<String>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut piece = [0; 2048];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            n => head.extend_from_slice(&piece[..n]),
        }
    }
    let came = Instant::now();
    let IpAddr::V4(asked) = stream.local_addr()?.ip() else { return Ok(()) };
    let host = (0..hosts).find(|host| address(*host) == asked).unwrap_or(usize::MAX);
    let text = String::from_utf8_lossy(&head).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    // Long enough that two simultaneous requests are noticed.
    std::thread::sleep(Duration::from_millis(30));
    let (status, kind, body) = match page(host, &path) {
        _ if path == "/robots.txt" => {
            ("200 OK", "text/plain", "User-agent: *\nAllow: /\n".to_owned())
        }
        Some(body) if path.ends_with(".js") => ("200 OK", "text/javascript", body),
        Some(body) if path.ends_with(".json") => ("200 OK", "application/json", body),
        Some(body) => ("200 OK", "text/html", body),
        None => ("404 Not Found", "text/plain", "no such page".to_owned()),
    };
    let went = Instant::now();
    lines.lock().unwrap().push((host, path, came, went));
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    stream.flush()
}
