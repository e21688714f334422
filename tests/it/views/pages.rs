//! Static sites as the web in front of a rendering, and an archive of what was recorded of it.
//!
//! A site is a folder: `index.html` and the files beside it are served at `http://NAME.example/`, and a folder `@HOST`
//! in it at `http://HOST/` and `https://HOST/`. Other paths answer 404. A folder with `pages.json` is one of
//! `tests/script-pages`: many pages, each at `http://SITE.example/FEATURE/SLUG`, some of their files compressed with gzip.

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

/// Sites whose page is requested by https: some script APIs exist only there.
const SECURE: [&str; 2] = ["clock", "shared"];

/// A page of a static site.
#[derive(Debug)]
pub struct StaticSite {
    name: String,
    page: String,
    host: String,
    folder: PathBuf,
    /// Whether its files are compressed, and its pages have no extension in their addresses.
    is_built: bool,
    /// The answers: address and response.
    recorded: Mutex<Vec<(String, Vec<u8>)>>,
}

impl StaticSite {
    /// All pages of a folder, in order.
    pub fn all(folder: &Path) -> Vec<Self> {
        if let Ok(pages) = std::fs::read(folder.join("pages.json")) {
            return Self::built(folder, &pages);
        }
        let found = std::fs::read_dir(folder).unwrap_or_else(|why| panic!("{folder:?}: {why}"));
        let mut folders: Vec<PathBuf> = found.flatten().map(|entry| entry.path()).collect();
        folders.retain(|path| path.join("index.html").is_file());
        folders.sort();
        let site = |folder: PathBuf| {
            let name = folder.file_name().unwrap().to_string_lossy().to_ascii_lowercase();
            let host = format!("{name}.example");
            let scheme = if SECURE.contains(&name.as_str()) { "https" } else { "http" };
            let page = format!("{scheme}://{host}/");
            Self { name, page, host, folder, is_built: false, recorded: Mutex::default() }
        };
        folders.into_iter().map(site).collect()
    }

    fn built(folder: &Path, pages: &[u8]) -> Vec<Self> {
        let pages: Vec<serde_json::Value> = serde_json::from_slice(pages).unwrap();
        let site = |page: &serde_json::Value| {
            let text = |key: &str| page[key].as_str().unwrap().to_owned();
            let (site, feature, slug) = (text("site"), text("feature"), text("slug"));
            let host = format!("{site}.example");
            Self {
                name: format!("{site}/{feature}"),
                page: format!("http://{host}/{feature}/{slug}"),
                folder: folder.join(site),
                host,
                is_built: true,
                recorded: Mutex::default(),
            }
        };
        pages.iter().map(site).collect()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address of its page.
    pub fn page(&self) -> TargetUri {
        uri(&self.page)
    }

    /// The file at an address.
    fn file(&self, uri: &TargetUri) -> Option<PathBuf> {
        let folder = match uri.host() == self.host {
            true => self.folder.clone(),
            false => self.folder.join(format!("@{}", uri.host())),
        };
        let path = uri.url().path().trim_start_matches('/').to_owned();
        if path.split('/').any(|part| part == ".." || part.starts_with('@')) {
            return None;
        }
        let file = match path.is_empty() || path.ends_with('/') {
            true => folder.join(&path).join("index.html"),
            false => folder.join(&path),
        };
        let more = |ending: &str| PathBuf::from(format!("{}{ending}", file.display()));
        let also = match self.is_built {
            true => vec![more(".gz"), more(".html"), more(".html.gz")],
            false => Vec::new(),
        };
        std::iter::once(file.clone()).chain(also).find(|file| file.is_file())
    }

    fn response(&self, uri: &TargetUri) -> Vec<u8> {
        let answer = |status: &str, more: &str, media_type: &str, body: &[u8]| {
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nAccess-Control-Allow-Origin: *\r\n\
                 Content-Length: {}\r\n{more}\r\n",
                body.len()
            );
            [head.as_bytes(), body].concat()
        };
        let Some(file) = self.file(uri) else {
            return answer("404 Not Found", "", "text/html", b"<p>not here");
        };
        let body = std::fs::read(&file).unwrap();
        let body = match uri.url().query_pairs().find(|(name, _)| name == "callback") {
            // JSONP: the data in a call of the function that the page names.
            Some((_, name)) => [name.as_bytes(), b"(", &body, b");"].concat(),
            None => body,
        };
        let name = file.file_name().unwrap().to_string_lossy();
        match name.strip_suffix(".gz") {
            Some(name) => {
                answer("200 OK", "Content-Encoding: gzip\r\n", media_type(Path::new(name)), &body)
            }
            None => answer("200 OK", "", media_type(&file), &body),
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
        "wav" => "audio/wav",
        "txt" => "text/plain",
        _ => "application/octet-stream",
    }
}

/// The site, as the browser's proxy calls it.
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

/// The settings of recording and viewing: with pictures, and not scrolled. Pages request this machine alone, and settle sooner.
pub fn looking(options: BrowserOptions) -> BrowserOptions {
    let idle = Duration::from_millis(600);
    BrowserOptions { visual: true, layout: true, scrolls_max: 0, idle, ..options }
}

/// The recorded load of a site's page.
pub fn record(options: &BrowserOptions, site: &Arc<StaticSite>) -> Rendering {
    let upstream: Arc<dyn Upstream> = Arc::new(Served(Arc::clone(site)));
    runtime().block_on(render(options, &site.page(), "", upstream))
}

/// An archive of everything that was recorded of these pages.
pub fn archive_of(sites: &[Arc<StaticSite>]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    Layout::new(dir.path()).create().unwrap();
    let mut warc = Warc::new();
    // Pages of one site share their scripts.
    let mut written = std::collections::HashMap::new();
    for site in sites {
        for (url, response) in site.recorded.lock().unwrap().iter() {
            match written.insert(url.clone(), response.clone()) {
                None => warc = warc.raw(url, CAPTURED, response),
                Some(known) => assert!(known == *response, "{url} is another in {}", site.name()),
            }
        }
    }
    warc.write(dir.path(), "recorded.warc");
    dir
}
