//! What the browser connects to: a replay site for the corpus, and listeners that must not be contacted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use pressmark::http::Head;
use pressmark::replay::{
    Address, Banner, Captured, Links, Modifier, Origin, PREFIX_BYTES, Scripts, Site, View, answer,
    headers::Status, parts, policy,
};

/// Listens where no connection is expected, and records what it receives.
pub struct Canary {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Canary {
    pub fn start() -> Self {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let list = Arc::clone(&heard);
        let address = serve(move |mut stream| {
            let at = {
                let mut list = list.lock().unwrap();
                list.push("a connection".to_owned());
                list.len() - 1
            };
            let mut bytes = [0; 600];
            let read = stream.read(&mut bytes).unwrap_or(0);
            let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
            let line = text.lines().next().unwrap_or("a connection").to_owned();
            if let Some(place) = list.lock().unwrap().get_mut(at) {
                *place = line;
            }
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        });
        Self { address, heard }
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub fn forget(&self) {
        self.heard.lock().unwrap().clear();
    }
}

/// Calls `each` for every connection, each on a thread of its own.
fn serve(each: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let each = Arc::new(each);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let each = Arc::clone(&each);
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            thread::spawn(move || each(stream));
        }
    });
    address
}

/// How the corpus is answered.
#[derive(Debug, Clone, Copy)]
pub enum Mode {
    /// As replay answers.
    Replay(Origin, Scripts),
    /// As the site answered, without any protection.
    Naked,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/hostile-pages")
}

/// The names of the pages, in order.
pub fn corpus() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".http")).collect();
    names.sort();
    names
}

/// A site that replays the corpus.
pub struct ReplaySite {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    shown: Arc<AtomicUsize>,
}

impl ReplaySite {
    pub fn start(mode: Mode, reader: &str) -> Self {
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let shown: Arc<AtomicUsize> = Arc::default();
        let (list, count, reader) = (Arc::clone(&requests), Arc::clone(&shown), reader.to_owned());
        let address = serve(move |stream| {
            let _ = converse(stream, mode, &reader, &list, &count);
        });
        Self { address, requests, shown }
    }

    pub fn url_of(&self, name: &str) -> String {
        format!("http://{}/web/20251105000000/http://hostile.example/{name}", self.address)
    }

    /// A page that frames the page, as a server does for one whose scripts may run.
    pub fn framed_url_of(&self, name: &str) -> String {
        format!("http://{}/web/frame/{name}", self.address)
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub fn forget(&self) {
        self.requests.lock().unwrap().clear();
    }

    pub fn pages_shown(&self) -> usize {
        self.shown.load(Ordering::Relaxed)
    }
}

fn converse(
    mut stream: TcpStream,
    mode: Mode,
    reader: &str,
    requests: &Mutex<Vec<String>>,
    shown: &AtomicUsize,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut lines = BufReader::new(stream.try_clone()?);
    while !head.ends_with(b"\r\n\r\n") {
        if lines.read_until(b'\n', &mut head)? == 0 {
            return Ok(());
        }
    }
    let own = format!("http://{}", stream.local_addr()?);
    let request = Head::parse(&head);
    let field = |name: &str| request.get_text(name).map(|text| text.into_owned());
    let line = String::from_utf8_lossy(request.start_line()).into_owned();
    let cookie = field("Cookie").map_or(String::new(), |cookie| format!(" cookie:{cookie}"));
    requests.lock().unwrap().push(format!("{line}{cookie}"));
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let answer = match target.strip_prefix("/web/") {
        Some(rest) if rest.starts_with("frame/") => framing(rest, &own),
        Some(rest) => replayed(rest, mode, &own, reader, &field, shown),
        None => None,
    };
    let missing =
        || b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec();
    stream.write_all(&answer.unwrap_or_else(missing))
}

fn framing(rest: &str, own: &str) -> Option<Vec<u8>> {
    let name = rest.strip_prefix("frame/")?;
    let policy = policy::frame_policy(&Site::new(own, "").ok()?);
    let page = format!(
        "<!DOCTYPE html><title>x</title><iframe style=\"width:90vw;height:90vh\" \
         src=\"/web/20251105000000mp_/http://hostile.example/{name}\"></iframe>"
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Security-Policy: {policy}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        page.len()
    );
    Some([head.into_bytes(), page.into_bytes()].concat())
}

/// A file of the corpus: head and payload, with the origins of this run in it.
pub fn captured(name: &str, own: &str, reader: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    if name.is_empty() || !name.bytes().all(fits) {
        return None;
    }
    let bytes = std::fs::read(folder().join(name)).ok()?;
    let bytes = replaced(&bytes, b"@REPLAY@", own.as_bytes());
    let bytes = replaced(&bytes, b"@READER@", reader.as_bytes());
    let end = memchr::memmem::find(&bytes, b"\n\n")? + 2;
    Some((bytes[..end].to_vec(), bytes[end..].to_vec()))
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    for found in memchr::memmem::find_iter(bytes, from) {
        out.extend_from_slice(&bytes[at..found]);
        out.extend_from_slice(to);
        at = found + from.len();
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

fn replayed(
    rest: &str,
    mode: Mode,
    own: &str,
    reader: &str,
    field: &dyn Fn(&str) -> Option<String>,
    shown: &AtomicUsize,
) -> Option<Vec<u8>> {
    let address = Address::parse(rest).ok()?;
    let dest = field("Sec-Fetch-Dest");
    let name = address.target.request_target();
    let held = (address.target.host() == "hostile.example")
        .then(|| captured(name.trim_start_matches('/'), own, reader))
        .flatten();
    let Mode::Replay(origin, scripts) = mode else {
        let (head, payload) = held?;
        let head = [&head[..head.len() - 1], b"Connection: close\n\n"].concat();
        return Some([head, payload].concat());
    };
    if policy::is_service_worker(field("Service-Worker").as_deref(), dest.as_deref()) {
        return Some(
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
        );
    }
    let site = Site::new(own, "").unwrap();
    let scripts = scripts.for_request(dest.as_deref());
    let Some((head, payload)) = held else {
        let (content_type, body) = parts::missing(address.modifier);
        let policy =
            policy::content_security_policy(&site, origin, scripts, policy::Guard::Sandboxed);
        let head = format!(
            "HTTP/1.1 404 Not Found\r\nContent-Type: {content_type}\r\nContent-Security-Policy: {policy}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        return Some([head.as_bytes(), body.as_bytes()].concat());
    };
    shown.fetch_add(1, Ordering::Relaxed);
    let banner = Banner { url: address.target.as_str().to_owned(), ..Banner::default() };
    let view = View {
        links: Links::new(&site, &address.target, "20251105000000", address.modifier),
        modifier: address.modifier,
        banner: (address.modifier == Modifier::Page).then_some(banner),
        scripts,
        origin,
    };
    let head = Head::parse(&head);
    let prefix = &payload[..payload.len().min(PREFIX_BYTES)];
    let mut answer = answer(&Captured { head: &head, prefix }, view);
    let mut body: Vec<u8> = payload.chunks(700).flat_map(|piece| answer.body.push(piece)).collect();
    body.extend(answer.body.finish());
    let status = match answer.status {
        Status::Kept(status) => status,
        Status::Stated(_) => 502,
    };
    let mut out = format!("HTTP/1.1 {status} X\r\n").into_bytes();
    for (name, value) in &answer.headers {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    let allowed =
        policy::allowed_origin(&site, field("Origin").as_deref(), field("Referer").as_deref());
    if let Some(allowed) = allowed {
        out.extend_from_slice(format!("Access-Control-Allow-Origin: {allowed}\r\n").as_bytes());
    }
    out.extend_from_slice(
        format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()).as_bytes(),
    );
    out.extend_from_slice(&body);
    Some(out)
}
