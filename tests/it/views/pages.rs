//! Static sites as the web in front of a rendering, and what was recorded of it as an archive.
//!
//! A site is a folder: `index.html` and what lies beside it is answered at `http://NAME.example/`, and a folder `@HOST`
//! in it at `http://HOST/` and `https://HOST/`. What is not there is a 404.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pressmark::base::{TargetUri, Timestamp};
use pressmark::browser::{Answered, Ask, BoxFuture, BrowserOptions, Rendering, Upstream, render};
use pressmark::http::{Exchange, Method, Stored, Timing, shape_of};
use pressmark::store::Layout;

use crate::lab::{runtime, uri};
use crate::serve::Warc;

/// When everything was captured.
pub const CAPTURED: &str = "2025-11-05T00:00:00Z";
pub const STAMP: &str = "20251105000000";

/// A static site.
#[derive(Debug)]
pub struct StaticSite {
    name: String,
    folder: PathBuf,
    /// What was answered: address and response.
    recorded: Mutex<Vec<(String, Vec<u8>)>>,
}

impl StaticSite {
    /// All sites of a folder, in order.
    pub fn all(folder: &Path) -> Vec<Self> {
        let found = std::fs::read_dir(folder).unwrap_or_else(|why| panic!("{folder:?}: {why}"));
        let mut folders: Vec<PathBuf> = found.flatten().map(|entry| entry.path()).collect();
        folders.retain(|path| path.join("index.html").is_file());
        folders.sort();
        let site = |folder: PathBuf| {
            let name = folder.file_name().unwrap().to_string_lossy().to_ascii_lowercase();
            Self { name, folder, recorded: Mutex::default() }
        };
        folders.into_iter().map(site).collect()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address of its page.
    pub fn page(&self) -> TargetUri {
        uri(&format!("http://{}.example/", self.name))
    }

    fn response(&self, uri: &TargetUri) -> Vec<u8> {
        let folder = match uri.host() == format!("{}.example", self.name) {
            true => self.folder.clone(),
            false => self.folder.join(format!("@{}", uri.host())),
        };
        let path = uri.url().path().trim_start_matches('/').to_owned();
        let is_plain = !path.split('/').any(|part| part == ".." || part.starts_with('@'));
        let mut file = folder.join(&path);
        if path.is_empty() || path.ends_with('/') {
            file = file.join("index.html");
        }
        let answer = |status: &str, media_type: &str, body: &[u8]| {
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nAccess-Control-Allow-Origin: *\r\n\
                 Content-Length: {}\r\n\r\n",
                body.len()
            );
            [head.as_bytes(), body].concat()
        };
        match std::fs::read(&file) {
            Ok(body) if is_plain => {
                let body = match uri.url().query_pairs().find(|(name, _)| name == "callback") {
                    // JSONP: the data in a call of the function that the page names.
                    Some((_, name)) => [name.as_bytes(), b"(", &body, b");"].concat(),
                    None => body,
                };
                answer("200 OK", media_type(&file), &body)
            }
            _ => answer("404 Not Found", "text/html", b"<p>not here"),
        }
    }
}

fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|end| end.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript",
        "css" => "text/css",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain",
        _ => "application/octet-stream",
    }
}

/// The site, as the browser's proxy asks it.
#[derive(Debug)]
struct Served(Arc<StaticSite>);

impl Upstream for Served {
    fn fetch(&self, ask: Ask) -> BoxFuture<'_, Answered> {
        Box::pin(async move {
            let bytes = self.0.response(&ask.uri);
            self.0.recorded.lock().unwrap().push((ask.uri.as_str().to_owned(), bytes.clone()));
            let none = Duration::ZERO;
            let exchange = Exchange {
                uri: ask.uri.clone(),
                method: "GET",
                date: Timestamp::parse(CAPTURED).unwrap(),
                peer: None,
                request: Vec::new(),
                has_credentials: false,
                interim: Vec::new(),
                shape: shape_of(&bytes, Method::Get),
                response: Stored::Memory(bytes),
                surplus: Vec::new(),
                truncated: None,
                tls: None,
                session: None,
                dns: None,
                timing: Timing { connect: none, first_byte: none, total: none },
            };
            Answered::Exchange(Arc::new(exchange), None)
        })
    }
}

/// How pages are recorded and seen: with their pictures, and not scrolled. They ask this machine alone, and rest sooner.
pub fn looking(options: BrowserOptions) -> BrowserOptions {
    let idle = Duration::from_millis(600);
    BrowserOptions { visual: true, layout: true, scrolls_max: 0, idle, ..options }
}

/// The load of a site's page that is recorded.
pub fn record(options: &BrowserOptions, site: &Arc<StaticSite>) -> Rendering {
    let upstream: Arc<dyn Upstream> = Arc::new(Served(Arc::clone(site)));
    runtime().block_on(render(options, &site.page(), "", upstream))
}

/// An archive of all that was recorded of these sites.
pub fn archive_of(sites: &[Arc<StaticSite>]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    Layout::new(dir.path()).create().unwrap();
    let mut warc = Warc::new();
    for site in sites {
        for (url, response) in site.recorded.lock().unwrap().iter() {
            warc = warc.raw(url, CAPTURED, response);
        }
    }
    warc.write(dir.path(), "recorded.warc");
    dir
}
