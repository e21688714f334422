//! An archive with everything that a bundle can hold, and what was kept of it elsewhere.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use pressmark::base::Clock;
use pressmark::evidence::Options;
use pressmark::evidence::bundle::Contents;
use pressmark::evidence::key::LogKey;
use pressmark::evidence::log::Appender;
use pressmark::store::Layout;

use super::means::{mended, signed};
use crate::evidence::authority::Authority;
use crate::evidence::checkers::Given;
use crate::support::archive::Archive;
use crate::support::cli::{crawl, pressmark, stderr, stdout};
use crate::support::web::{Reply, Web};

/// The page that is proved.
pub const STORY: &str = "http://news.example/story";
/// What was sent with the request for it.
pub const SECRET: &str = "hunter2";

/// An archive with everything that a bundle can hold: a redirect, revisits, a request with a password, a key
/// that was replaced, time stamps, checkpoints before and after; and what was kept of it elsewhere.
pub struct Scene {
    pub archive: Archive,
    _web: Web,
    _authority: Authority,
    /// Keys, oldest first.
    pub keys: Vec<String>,
    /// The checkpoint of the first run.
    pub first: PathBuf,
    /// The newest one.
    pub newest: PathBuf,
}

pub fn keep(archive: &Archive, name: &str) -> PathBuf {
    let path = archive.root().with_extension(name);
    let printed = pressmark(&archive.root(), &["evidence", "checkpoint"]);
    fs::write(&path, stdout(&printed)).unwrap();
    path
}

impl Scene {
    pub fn new() -> Option<Self> {
        let authority = Authority::start("ecdsa")?;
        let mut archive = Archive::new().in_a_hurry();
        let web = Web::start(archive.clock.clone());
        archive.resolve = web.resolve(&["news.example"]);
        let moved = "HTTP/1.1 301 Moved\r\nLocation: /story\r\nContent-Length: 0\r\n\r\n";
        web.on("news.example", "/old", Reply::Bytes(moved.into()));
        web.page("news.example", "/story", "<title>Bridge closed</title><article><h1>Bridge closed</h1><p>The bridge was closed on Monday after an inspection found 3 cracks in it.</p></article>");
        web.page("news.example", "/other", "<title>Ferry</title><p>The ferry costs nothing.</p>");
        archive.crawl(&["http://news.example/old"]);
        let first = keep(&archive, "first.txt");
        archive.later(Duration::from_hours(48));
        archive.crawl(&["http://news.example/old", "http://news.example/other"]);
        archive.later(Duration::from_hours(48));
        let layout = Layout::new(&archive.root());
        let appender = Appender::open(&layout, &Options::default()).unwrap();
        appender.new_key(archive.clock.now()).unwrap();
        // With a password, by the binary, as an operator does it.
        let dir = archive.root().parent().unwrap().to_owned();
        let secrets = dir.join("secrets.toml");
        let text =
            format!("[\"news.example\"]\ncookies = [\"session={SECRET}\"]\nin_clear = true\n");
        fs::write(&secrets, text).unwrap();
        fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();
        let job = dir.join("job.toml");
        fs::write(&job, "name = \"paper\"\nseeds = [\"http://news.example/old\"]\ncredentials_file = \"secrets.toml\"\n").unwrap();
        let mut run = crawl(&archive.root(), &archive.resolve);
        run.arg("--job").arg(&job);
        for (key, value) in
            [("authorities", &authority.url), ("roots", &authority.roots().display().to_string())]
        {
            run.args(["--set", &format!("evidence.timestamp_{key}={value}")]);
        }
        let done = run.output().unwrap();
        assert!(done.status.success(), "{}", stderr(&done));
        let mut run = crawl(&archive.root(), &archive.resolve);
        assert!(run.arg("http://news.example/other").output().unwrap().status.success());
        let keys = stdout(&pressmark(&archive.root(), &["evidence", "keys"]));
        let keys: Vec<String> = keys.lines().map(str::to_owned).collect();
        assert_eq!(keys.len(), 2);
        let newest = keep(&archive, "newest.txt");
        Some(Self { archive, _web: web, _authority: authority, keys, first, newest })
    }

    pub fn prove(&self, url: &str, name: &str) -> PathBuf {
        let out = self.archive.root().with_extension(name);
        let args = ["prove", url, "-o", out.to_str().unwrap()];
        let done = pressmark(&self.archive.root(), &args);
        assert!(done.status.success(), "{}", stderr(&done));
        out
    }

    /// The first key and the first checkpoint: what a verifier may have kept from the beginning.
    pub fn given(&self) -> Given {
        Given { key: Some(self.keys[0].clone()), kept: vec![self.first.clone()] }
    }

    /// The log's own key.
    pub fn key(&self) -> LogKey {
        let path = Options::default().key_path(&Layout::new(&self.archive.root()));
        LogKey::read(&path).unwrap().unwrap()
    }

    /// What the log's own key signs of these files.
    pub fn signed_by_the_log(&self, contents: Contents) -> Contents {
        signed(mended(contents), &self.key())
    }
}
