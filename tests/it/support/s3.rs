//! An S3 server of a single test, in this process: objects in memory, the conditions that matter, and any fault.
//!
//! It implements only the requests of this program: one bucket in the path, and signatures are only required, not checked.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use pressmark::base::{Clock, SystemClock};

/// The fate of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with this status and code, and nothing is done.
    Refuse(u16, &'static str),
    /// The connection ends without an answer, and nothing was done.
    Drop,
    /// The request is carried out, and the connection ends without an answer.
    DoneAndDrop,
    /// The connection ends in the middle of the request body.
    HalfAsked,
    /// It is carried out, and the connection ends in the middle of the answer.
    HalfAnswered,
    /// It is answered after this many milliseconds.
    Slow(u64),
    /// The client process is killed before anything is done.
    KillBefore,
    /// The client process is killed after the request is carried out.
    KillAfter,
}

/// A request as the script sees it.
#[derive(Debug, Clone)]
pub struct S3Asked {
    /// The number of earlier requests.
    pub number: usize,
    pub method: String,
    /// The key; empty for the bucket.
    pub key: String,
    /// The query parameters that are not part of a signature.
    pub query: Vec<(String, String)>,
}

type Script = Box<dyn Fn(&S3Asked) -> Option<Fault> + Send + Sync>;

#[derive(Debug, Clone)]
pub struct Stored {
    pub bytes: Vec<u8>,
    pub etag: String,
    pub sha256: Option<String>,
    /// When it was made, in seconds by the server's clock.
    pub modified: i64,
}

/// An earlier content of an object, or a mark that it was deleted.
#[derive(Debug, Clone)]
pub struct Version {
    pub id: String,
    pub bytes: Option<Vec<u8>>,
}

/// The name of an object that is being uploaded, its digest, and its parts by their numbers.
type Sending = (String, Option<String>, BTreeMap<u16, Vec<u8>>);

#[derive(Default)]
struct Inside {
    objects: BTreeMap<String, Stored>,
    uploads: BTreeMap<String, Sending>,
    /// When each upload was begun, in seconds by the server's clock.
    begun: BTreeMap<String, i64>,
    /// Whether the bucket keeps replaced and deleted objects, and those that it keeps.
    is_versioned: bool,
    versions: BTreeMap<String, Vec<Version>>,
    asked: Vec<S3Asked>,
    made: u64,
    /// The process that is killed.
    process: Option<u32>,
    /// Every header and address received.
    heard: Vec<String>,
}

struct Shared {
    inside: Mutex<Inside>,
    script: Mutex<Script>,
    stop: AtomicBool,
    /// How many seconds its clock is ahead.
    ahead: AtomicI64,
    /// Requests whose time is further off than this many seconds are refused; 0 refuses none.
    skew_max: AtomicI64,
}

/// The running server; stops when dropped.
pub struct S3 {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl S3 {
    /// A server with an empty bucket named `bucket`.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            inside: Mutex::default(),
            script: Mutex::new(Box::new(|_| None)),
            stop: AtomicBool::new(false),
            ahead: AtomicI64::new(0),
            skew_max: AtomicI64::new(0),
        });
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if own.stop.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let own = Arc::clone(&own);
                thread::spawn(move || {
                    let _ = serve(stream, &own);
                });
            }
        });
        Self { address, shared }
    }

    /// The address that `store.remote_endpoint` takes.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the script that decides the fate of requests.
    pub fn script(&self, script: impl Fn(&S3Asked) -> Option<Fault> + Send + Sync + 'static) {
        *self.shared.script.lock().unwrap() = Box::new(script);
    }

    /// Sets the process that is killed by the faults that kill.
    pub fn kills(&self, process: u32) {
        self.shared.inside.lock().unwrap().process = Some(process);
    }

    /// Moves its clock ahead, and has it refuse requests whose time is further off than `max`.
    pub fn clock(&self, ahead_seconds: i64, max: i64) {
        self.shared.ahead.store(ahead_seconds, Ordering::SeqCst);
        self.shared.skew_max.store(max, Ordering::SeqCst);
    }

    pub fn objects(&self) -> BTreeMap<String, Stored> {
        self.shared.inside.lock().unwrap().objects.clone()
    }

    /// Changes the stored objects, as another client would.
    pub fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Stored>)) {
        change(&mut self.shared.inside.lock().unwrap().objects);
    }

    /// Lets the bucket keep replaced and deleted objects.
    pub fn keep_versions(&self) {
        self.shared.inside.lock().unwrap().is_versioned = true;
    }

    /// The replaced and deleted objects that the bucket keeps.
    pub fn versions(&self) -> BTreeMap<String, Vec<Version>> {
        self.shared.inside.lock().unwrap().versions.clone()
    }

    /// The number of uploads that were begun and not ended.
    pub fn uploads(&self) -> usize {
        self.shared.inside.lock().unwrap().uploads.len()
    }

    pub fn asked(&self) -> Vec<S3Asked> {
        self.shared.inside.lock().unwrap().asked.clone()
    }

    /// The heads of all requests received.
    pub fn heard(&self) -> Vec<String> {
        self.shared.inside.lock().unwrap().heard.clone()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

struct Head {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: BTreeMap<String, String>,
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn head_of(text: &str) -> Head {
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let method = first.next().unwrap_or_default().to_owned();
    let target = first.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    });
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    Head { method, path: decoded(path), query: query.collect(), headers: headers.collect() }
}

fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at;
            }
            let mut piece = [0; 16 * 1024];
            let count = stream.read(&mut piece)?;
            if count == 0 || shared.stop.load(Ordering::SeqCst) {
                return Ok(());
            }
            buffer.extend_from_slice(&piece[..count]);
        };
        let text = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let head = head_of(&text);
        let length: usize =
            head.headers.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
        let asked = {
            let mut inside = shared.inside.lock().unwrap();
            inside.heard.push(text.clone());
            let key = head.path.strip_prefix("/bucket").unwrap_or_default();
            let own = |(name, _): &&(String, String)| !name.starts_with("X-Amz-");
            let asked = S3Asked {
                number: inside.asked.len(),
                method: head.method.clone(),
                key: key.trim_start_matches('/').to_owned(),
                query: head.query.iter().filter(own).cloned().collect(),
            };
            inside.asked.push(asked.clone());
            asked
        };
        let fault = (shared.script.lock().unwrap())(&asked);
        let mut body = buffer.split_off(end + 4);
        let wanted = if fault == Some(Fault::HalfAsked) { length / 2 } else { length };
        while body.len() < wanted {
            let mut piece = vec![0; (wanted - body.len()).min(256 * 1024)];
            let count = stream.read(&mut piece)?;
            if count == 0 {
                return Ok(());
            }
            body.extend_from_slice(&piece[..count]);
        }
        if fault == Some(Fault::HalfAsked) {
            return Ok(());
        }
        buffer = body.split_off(length);
        match fault {
            Some(Fault::Drop) => return Ok(()),
            Some(Fault::KillBefore) => {
                kill(shared);
                return Ok(());
            }
            Some(Fault::Slow(ms)) => thread::sleep(Duration::from_millis(ms)),
            _ => {}
        }
        let answer = match fault {
            Some(Fault::Refuse(status, code)) => error(status, code),
            _ => {
                refused_time(shared, &head).unwrap_or_else(|| answer(shared, &asked, &head, &body))
            }
        };
        match fault {
            Some(Fault::DoneAndDrop) => return Ok(()),
            Some(Fault::KillAfter) => {
                kill(shared);
                return Ok(());
            }
            _ => {}
        }
        let now = SystemClock.now().unix_micros() / 1_000_000;
        let now = now + shared.ahead.load(Ordering::SeqCst);
        let date = pressmark::base::Timestamp::from_unix_seconds(now).to_http_date();
        let (status, headers, body) = answer;
        let length = match headers.iter().find(|(name, _)| *name == "content-length") {
            Some(_) => String::new(),
            None => format!("content-length: {}\r\n", body.len()),
        };
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head_out = format!("HTTP/1.1 {status} X\r\ndate: {date}\r\n{length}{headers}\r\n");
        let mut out = head_out.into_bytes();
        let head_length = out.len();
        if head.method != "HEAD" {
            out.extend_from_slice(&body);
        }
        if fault == Some(Fault::HalfAnswered) {
            out.truncate(head_length + body.len() / 2);
            stream.write_all(&out)?;
            return Ok(());
        }
        stream.write_all(&out)?;
    }
}

fn kill(shared: &Shared) {
    let process = shared.inside.lock().unwrap().process;
    if let Some(process) = process {
        let _ = std::process::Command::new("kill").args(["-9", &process.to_string()]).status();
    }
}

type Reply = (u16, Vec<(&'static str, String)>, Vec<u8>);

fn error(status: u16, code: &str) -> Reply {
    let body = format!("<Error><Code>{code}</Code><Message>made to fail</Message></Error>");
    (status, Vec::new(), body.into_bytes())
}

/// A request whose time is too far from the server's.
fn refused_time(shared: &Shared, head: &Head) -> Option<Reply> {
    let max = shared.skew_max.load(Ordering::SeqCst);
    let stated = head.query.iter().find(|(name, _)| name == "X-Amz-Date")?;
    let digits: String = stated.1.chars().filter(char::is_ascii_digit).collect();
    let at = pressmark::base::Timestamp::parse(&digits)?.unix_micros() / 1_000_000;
    let now = SystemClock.now().unix_micros() / 1_000_000 + shared.ahead.load(Ordering::SeqCst);
    (max > 0 && (now - at).abs() > max).then(|| error(403, "RequestTimeTooSkewed"))
}

fn answer(shared: &Shared, asked: &S3Asked, head: &Head, body: &[u8]) -> Reply {
    let mut inside = shared.inside.lock().unwrap();
    let query = |name: &str| asked.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    if !head.query.iter().any(|(name, _)| name == "X-Amz-Signature") {
        return error(403, "AccessDenied");
    }
    let sha256 = head.headers.get("x-amz-meta-sha256").cloned();
    let is_new = head.headers.get("if-none-match").is_some_and(|value| value == "*");
    let quoted = |etag: &str| format!("\"{etag}\"");
    let now = SystemClock.now().unix_micros() / 1_000_000 + shared.ahead.load(Ordering::SeqCst);
    let date = |at: i64| pressmark::base::Timestamp::from_unix_seconds(at);
    if let ("PUT", None, Some(etag)) =
        (head.method.as_str(), query("uploadId"), head.headers.get("if-match"))
    {
        match inside.objects.get(&asked.key) {
            None => return error(404, "NoSuchKey"),
            Some(stored) if *etag != quoted(&stored.etag) => {
                return error(412, "PreconditionFailed");
            }
            Some(_) => {}
        }
    }
    match (head.method.as_str(), query("uploadId"), asked.key.as_str()) {
        ("GET", None, "") if query("versions").is_some() => {
            let prefix = query("prefix").unwrap_or_default();
            let mut out = String::from("<ListVersionsResult><IsTruncated>false</IsTruncated>");
            for key in inside.objects.keys().filter(|key| key.starts_with(prefix)) {
                let id = if inside.is_versioned { "newest" } else { "null" };
                out.push_str(&format!(
                    "<Version><Key>{key}</Key><VersionId>{id}</VersionId></Version>"
                ));
            }
            for (key, versions) in &inside.versions {
                for Version { id, bytes } in versions.iter().filter(|_| key.starts_with(prefix)) {
                    let name = if bytes.is_some() { "Version" } else { "DeleteMarker" };
                    out.push_str(&format!(
                        "<{name}><Key>{key}</Key><VersionId>{id}</VersionId></{name}>"
                    ));
                }
            }
            out.push_str("</ListVersionsResult>");
            (200, Vec::new(), out.into_bytes())
        }
        ("GET", None, "") if query("uploads").is_some() => {
            let prefix = query("prefix").unwrap_or_default();
            let mut out =
                String::from("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>");
            for (id, (key, _, _)) in &inside.uploads {
                if key.starts_with(prefix) {
                    let begun = date(inside.begun.get(id).copied().unwrap_or(0)).to_warc_date();
                    out.push_str(&format!(
                        "<Upload><Key>{key}</Key><UploadId>{id}</UploadId><Initiated>{begun}</Initiated></Upload>"
                    ));
                }
            }
            out.push_str("</ListMultipartUploadsResult>");
            (200, Vec::new(), out.into_bytes())
        }
        ("GET", None, "") => {
            let prefix = query("prefix").unwrap_or_default();
            let mut out = String::from("<ListBucketResult>");
            let after = query("continuation-token").unwrap_or_default().to_owned();
            let found: Vec<_> = inside
                .objects
                .iter()
                .filter(|(key, _)| key.starts_with(prefix) && **key > after)
                .take(4)
                .collect();
            for (key, stored) in found.iter().take(3) {
                out.push_str(&format!(
                    "<Contents><Key>{key}</Key><Size>{}</Size><ETag>&quot;{}&quot;</ETag><LastModified>{}</LastModified></Contents>",
                    stored.bytes.len(),
                    stored.etag,
                    date(stored.modified).to_warc_date()
                ));
            }
            if found.len() > 3 {
                let next = found[2].0;
                out.push_str(&format!("<NextContinuationToken>{next}</NextContinuationToken>"));
            }
            out.push_str("</ListBucketResult>");
            (200, Vec::new(), out.into_bytes())
        }
        ("HEAD", None, key) => match inside.objects.get(key) {
            None => (404, Vec::new(), Vec::new()),
            Some(stored) => {
                let mut headers = vec![
                    ("content-length", stored.bytes.len().to_string()),
                    ("etag", quoted(&stored.etag)),
                    ("last-modified", date(stored.modified).to_http_date()),
                ];
                headers.extend(stored.sha256.clone().map(|sha256| ("x-amz-meta-sha256", sha256)));
                (200, headers, Vec::new())
            }
        },
        ("GET", None, key) => {
            let Some(stored) = inside.objects.get(key) else { return error(404, "NoSuchKey") };
            if head.headers.get("if-match").is_some_and(|etag| *etag != quoted(&stored.etag)) {
                return error(412, "PreconditionFailed");
            }
            let range = head.headers.get("range").and_then(|range| {
                let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
                Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?))
            });
            let Some((from, to)) = range else { return error(400, "InvalidRequest") };
            if from >= stored.bytes.len() {
                return error(416, "InvalidRange");
            }
            let to = to.min(stored.bytes.len() - 1);
            let range = format!("bytes {from}-{to}/{}", stored.bytes.len());
            let headers = vec![("content-range", range), ("etag", quoted(&stored.etag))];
            (206, headers, stored.bytes[from..=to].to_vec())
        }
        ("PUT", None, key) => {
            if is_new && inside.objects.contains_key(key) {
                return error(412, "PreconditionFailed");
            }
            let etag = store(&mut inside, key, body.to_vec(), sha256, now);
            (200, vec![("etag", quoted(&etag))], Vec::new())
        }
        ("POST", None, key) if query("uploads").is_some() => {
            inside.made += 1;
            let id = format!("upload-{}", inside.made);
            inside.begun.insert(id.clone(), now);
            inside.uploads.insert(id.clone(), (key.to_owned(), sha256, BTreeMap::new()));
            let out = format!(
                "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            );
            (200, Vec::new(), out.into_bytes())
        }
        ("PUT", Some(id), _) => {
            let number: u16 = query("partNumber").and_then(|n| n.parse().ok()).unwrap_or(0);
            let Some(upload) = inside.uploads.get_mut(id) else {
                return error(404, "NoSuchUpload");
            };
            upload.2.insert(number, body.to_vec());
            (200, vec![("etag", quoted(&format!("part{number}")))], Vec::new())
        }
        ("POST", Some(id), key) => {
            let Some((_, sha256, parts)) = inside.uploads.get(id).cloned() else {
                return error(404, "NoSuchUpload");
            };
            if is_new && inside.objects.contains_key(key) {
                return error(412, "PreconditionFailed");
            }
            let named = String::from_utf8_lossy(body).matches("<PartNumber>").count();
            if named != parts.len() {
                return error(400, "InvalidPart");
            }
            inside.uploads.remove(id);
            let bytes = parts.into_values().flatten().collect();
            let etag = store(&mut inside, key, bytes, sha256, now);
            let out = format!(
                "<CompleteMultipartUploadResult><ETag>&quot;{etag}&quot;</ETag></CompleteMultipartUploadResult>"
            );
            (200, Vec::new(), out.into_bytes())
        }
        ("DELETE", Some(id), _) => match inside.uploads.remove(id) {
            Some(_) => (204, Vec::new(), Vec::new()),
            None => error(404, "NoSuchUpload"),
        },
        ("DELETE", None, key) => {
            match query("versionId") {
                Some("newest" | "null") => drop(inside.objects.remove(key)),
                Some(id) => {
                    let id = id.to_owned();
                    let kept = inside.versions.entry(key.to_owned()).or_default();
                    kept.retain(|version| version.id != id);
                }
                None => {
                    let removed = inside.objects.remove(key);
                    if inside.is_versioned {
                        keep(&mut inside, key, removed.map(|stored| stored.bytes));
                        keep(&mut inside, key, None);
                    }
                }
            }
            inside.versions.retain(|_, versions| !versions.is_empty());
            (204, Vec::new(), Vec::new())
        }
        _ => error(405, "MethodNotAllowed"),
    }
}

fn store(
    inside: &mut Inside,
    key: &str,
    bytes: Vec<u8>,
    sha256: Option<String>,
    now: i64,
) -> String {
    inside.made += 1;
    let etag = format!("etag-{}", inside.made);
    let stored = Stored { bytes, etag: etag.clone(), sha256, modified: now };
    let before = inside.objects.insert(key.to_owned(), stored);
    if let (true, Some(before)) = (inside.is_versioned, before) {
        keep(inside, key, Some(before.bytes));
    }
    etag
}

/// Keeps an earlier content, or the mark that there is none.
fn keep(inside: &mut Inside, key: &str, bytes: Option<Vec<u8>>) {
    inside.made += 1;
    let id = format!("version-{}", inside.made);
    inside.versions.entry(key.to_owned()).or_default().push(Version { id, bytes });
}
