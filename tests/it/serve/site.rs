//! The archive that the tests query, and its server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use pressmark::answers::Archive;
use pressmark::app::Setup;
use pressmark::base::SystemClock;
use pressmark::config::Settings;
use pressmark::crawl::Stop;
use pressmark::readings::Readings;
use pressmark::search::SearchOptions;
use pressmark::serve::{Listening, Options, Serve, Server};
use pressmark::store::{Layout, Reader};

use super::warcs::Warc;

/// A server that runs until it is dropped.
pub struct Running {
    pub address: SocketAddr,
    pub replay: Option<SocketAddr>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.ask();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Creates an archive of captures; the tests state its content where they query it.
pub fn archive(root: &Path) {
    Layout::new(root).create().unwrap();
    let a = "http://a.example/";
    let gzip = {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, b"<p>packed</p>").unwrap();
        packed.finish().unwrap()
    };
    Warc::new()
        .page(a, "2024-01-01T00:00:00Z", "one")
        .page(a, "2024-02-01T00:00:00Z", "two")
        .page(a, "2024-03-01T00:00:00.100000Z", "three")
        .page(a, "2024-03-01T00:00:00.200000Z", "three again")
        .failure(a, "2024-03-15T00:00:00Z")
        .response(
            "http://c.example/x.png",
            "2024-01-01T00:00:00Z",
            "HTTP/1.1 200 OK\nContent-Type: image/png",
            b"\x89PNG",
        )
        .response(
            "http://c.example/x.png",
            "2024-01-03T00:00:00Z",
            "HTTP/1.1 404 Not Found\nContent-Type: text/plain",
            b"gone",
        )
        .response(
            "http://d.example/?q=1&r=%2F",
            "2024-01-01T00:00:00Z",
            "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Encoding: gzip\nSet-Cookie: a=1\nX-Odd: \"<script>\"",
            &gzip,
        )
        .write(root, "one.warc");
    Warc::new()
        .revisit(a, "2024-04-01T00:00:00Z", (a, "2024-02-01T00:00:00Z"), "two")
        .response(
            a,
            "2024-05-01T00:00:00Z",
            "HTTP/1.1 404 Not Found\nContent-Type: text/html",
            b"no page",
        )
        .response(
            a,
            "2024-06-01T00:00:00Z",
            "HTTP/1.1 301 Moved\nLocation: /new?x=1\nContent-Type: text/html",
            b"moved",
        )
        .response(
            "http://b.example/",
            "2024-01-01T00:00:00Z",
            "HTTP/1.1 301 Moved\nLocation: https://www.b.example/",
            b"",
        )
        .page("https://www.b.example/", "2024-01-01T00:00:05Z", "secure")
        .write(root, "two.warc");
    // Many captures of one host, several of them in one second and some in one microsecond.
    let mut many = Warc::new();
    for n in 0..60_u32 {
        let url = format!("http://many.example/{}", n % 4);
        let (second, micro) = (n / 12, if n % 3 == 0 { 0 } else { n });
        let date = format!("2024-01-01T00:00:{second:02}.{micro:06}Z");
        many = many.response(
            &url,
            &date,
            &format!("HTTP/1.1 {} X\nContent-Type: text/html", if n % 5 == 0 { 404 } else { 200 }),
            format!("body {}", n % 7).as_bytes(),
        );
    }
    many.write(root, "many.warc");
}

/// A WARC file of this many bytes and a few more.
pub fn long_file(root: &Path, bytes: usize, name: &str) {
    let head = "HTTP/1.1 200 OK\nContent-Type: application/octet-stream";
    let body = vec![b'x'; bytes];
    Warc::new()
        .response("http://long.example/", "2024-01-01T00:00:00Z", head, &body)
        .write(root, name);
}

pub fn start(root: &Path) -> Running {
    start_with(root, &[], |_| {})
}

/// The state of a server of this archive.
pub fn state_of(root: &Path, sets: &[&str], change: impl FnOnce(&mut Options)) -> Arc<Serve> {
    let flags: Vec<(String, String, String)> = sets
        .iter()
        .map(|set| {
            let (key, value) = set.split_once('=').unwrap();
            (key.to_owned(), value.to_owned(), "--set".to_owned())
        })
        .collect();
    let settings = Settings::load(None, std::iter::empty(), &flags).unwrap();
    let mut options = Options::of(&settings).unwrap();
    change(&mut options);
    let (reader, _) = Reader::open(root, 8 << 20).unwrap();
    let readings = Readings::open(&reader.layout().derived_dir(), 1 << 30);
    let setup = Arc::new(Setup {
        settings,
        archive: root.to_owned(),
        clock: Arc::new(SystemClock),
        resolve: Vec::new(),
        jobs_dir: PathBuf::from("none"),
    });
    let archive = Archive::new(reader, readings).with_search(SearchOptions::default());
    Arc::new(Serve::new(setup, archive, options, None))
}

pub fn start_with(root: &Path, sets: &[&str], change: impl FnOnce(&mut Options)) -> Running {
    let state = state_of(root, sets, change);
    let stop = Stop::default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listening = runtime.block_on(Listening::bind("127.0.0.1:0", Some("127.0.0.1:0"))).unwrap();
    let (address, replay) = (listening.address, listening.replay_address);
    let stopping = stop.clone();
    let thread = std::thread::spawn(move || {
        runtime.block_on(Server::new(state, listening).run(async move { stopping.wait().await }));
    });
    Running { address, replay, stop, thread: Some(thread) }
}
