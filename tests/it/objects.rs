//! WARC files in an object storage: every command answers as it did when the files were local, whatever the storage and the
//! network do; and a process that is killed at any request loses nothing.

mod faults;
mod lost;
mod removed;
mod servers;
mod tables;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use pressmark::base::SystemClock;

use crate::support::archive::files;
use crate::support::cli::{command, crawl, json_lines, stderr, stdout};
use crate::support::s3::S3;
use crate::support::web::{Reply, Web, ok};

const HOST: &str = "news.example";
const ID: &str = "AKIDEXAMPLE0001";
const SECRET: &str = "sEcReT-kEy/+hunter2";

/// An archive whose settings name an object storage.
struct Kept {
    dir: tempfile::TempDir,
    endpoint: String,
    sets: Vec<String>,
}

impl Kept {
    fn new(endpoint: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, endpoint: endpoint.to_owned(), sets: Vec::new() }
    }

    fn set(mut self, set: &str) -> Self {
        self.sets.push(set.to_owned());
        self
    }

    /// Local copies are evicted as soon as that is allowed.
    fn evicting(self) -> Self {
        self.set("store.local_age_max=1ms")
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("archive")
    }

    fn with(&self, mut command: Command) -> Command {
        command.env("AWS_ACCESS_KEY_ID", ID).env("AWS_SECRET_ACCESS_KEY", SECRET);
        command.env("PRESSMARK_STORE_REMOTE", "s3://bucket/news");
        command.env("PRESSMARK_STORE_REMOTE_ENDPOINT", &self.endpoint);
        command.env("PRESSMARK_WARC_FILE_BYTES_MAX", "24 KiB");
        for set in &self.sets {
            command.args(["--set", set]);
        }
        command
    }

    /// A command with the storage.
    fn run(&self, args: &[&str]) -> Output {
        let output = self.with(command(&self.root())).args(args).output().unwrap();
        assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
        output
    }

    /// A run that captures nothing: it sends the sealed files, and evicts those that may be evicted.
    fn send(&self) -> Output {
        self.run(&["crawl", "--due"])
    }

    /// Captures the site, without the storage.
    fn fill(&self, web: &Web) {
        let mut crawl = crawl(&self.root(), &web.resolve(&[HOST]));
        crawl.env("PRESSMARK_WARC_FILE_BYTES_MAX", "24 KiB");
        let output = crawl.args(["--depth", "1", &format!("http://{HOST}/")]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }

    fn remote(&self) -> serde_json::Value {
        json_lines(&self.run(&["status", "--format", "json"]))[0]["remote"].clone()
    }

    /// The local files, by name, with their bytes.
    fn here(&self) -> Vec<(String, Vec<u8>)> {
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let listed = std::fs::read_dir(self.root().join("warc")).unwrap().flatten();
        let mut found: Vec<_> = listed
            .map(|entry| (name(&entry.path()), std::fs::read(entry.path()).unwrap()))
            .collect();
        found.sort();
        found
    }
}

/// A site of some pages, one picture of which is `picture` bytes long.
fn site(picture: usize) -> Web {
    let web = Web::start(Arc::new(SystemClock));
    let links: String = (0..12).map(|n| format!("<a href=\"/p/{n}\">{n}</a>")).collect();
    web.page(HOST, "/", &format!("<title>front</title><a href=\"/big\">b</a>{links}"));
    for n in 0..12_u64 {
        let words: String =
            (0..2_000).map(|w| format!("w{} ", (w * 7919 + n * 104_729) % 9973)).collect();
        web.page(HOST, &format!("/p/{n}"), &format!("<title>{n}</title><p>{words}</p>"));
    }
    let mut x = 88_172_645_463_325_252_u64;
    let mut noise = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x as u8
    };
    let bytes: Vec<u8> = (0..picture).map(|_| noise()).collect();
    web.on(HOST, "/big", Reply::Bytes(ok("image/png", &bytes)));
    web
}

const QUERIES: &[&[&str]] = &[
    &["captures", "http://news.example/", "--match", "host", "--format", "json"],
    &["show", "http://news.example/p/3", "--as", "http"],
    &["show", "http://news.example/p/4", "--as", "record"],
    &["show", "http://news.example/p/5", "--as", "text"],
    &["history", "http://news.example/p/1", "--format", "json"],
    &["quotes", "--format", "json"],
    &["verify", "--format", "json"],
    &["verify", "--fast", "--format", "json"],
];

fn answers(kept: &Kept) -> Vec<(Option<i32>, String)> {
    QUERIES
        .iter()
        .map(|args| {
            let output = kept.run(args);
            (output.status.code(), stdout(&output))
        })
        .collect()
}

/// The checks for every server: files are sent, read back and evicted, and the answers stay the same.
fn contract(endpoint: &str) {
    let web = site(9 << 20);
    let kept = Kept::new(endpoint);
    kept.fill(&web);
    let (before, lay_here) = (answers(&kept), kept.here());
    assert!(lay_here.len() > 2, "several files: {}", lay_here.len());
    let checked = kept.run(&["config", "check"]);
    assert_eq!(checked.status.code(), Some(0), "{}{}", stdout(&checked), stderr(&checked));
    assert!(stderr(&checked).contains("s3://bucket/news answers"), "{}", stderr(&checked));

    let sent = kept.send();
    assert_eq!((sent.status.code(), kept.here()), (Some(0), lay_here.clone()), "{}", stderr(&sent));
    let report = kept.remote();
    assert_eq!(report["verified"]["files"], lay_here.len(), "{report} {}", stderr(&sent));
    assert_eq!(report["trouble"], serde_json::Value::Null);

    let kept = kept.evicting();
    let sent = kept.send();
    assert_eq!(kept.here(), [], "{}", stderr(&sent));
    let report = kept.remote();
    assert_eq!(report["evicted"]["files"], lay_here.len(), "{report}");
    let total: usize = lay_here.iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(report["evicted"]["bytes"], total);
    for (args, (before, after)) in QUERIES.iter().zip(before.iter().zip(answers(&kept))) {
        assert_eq!(*before, after, "{args:?}");
    }
    // All derived data can be rebuilt from the files in the storage alone.
    std::fs::remove_dir_all(kept.root().join("remote")).unwrap();
    std::fs::remove_dir_all(kept.root().join("index")).unwrap();
    let rebuilt = kept.run(&["reindex"]);
    assert_eq!(rebuilt.status.code(), Some(0), "{}", stderr(&rebuilt));
    for (args, (before, after)) in QUERIES.iter().zip(before.iter().zip(answers(&kept))) {
        assert_eq!(*before, after, "{args:?}, rebuilt");
    }
    // A new capture of the same pages refers to the captures in the storage.
    kept.fill(&web);
    let verified = kept.run(&["verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}{}", stdout(&verified), stderr(&verified));
}

#[test]
fn every_command_answers_as_with_local_files() {
    let server = S3::start();
    contract(&server.endpoint());
    assert_eq!(server.uploads(), 0);
    let is_made = |asked: &&crate::support::s3::S3Asked| asked.method == "DELETE";
    // The upload that `config check` began and discarded.
    assert_eq!(server.asked().iter().filter(is_made).count(), 1, "nothing is deleted");
}

#[test]
fn a_file_of_the_server_is_served_by_range_wherever_it_lies() {
    let server = S3::start();
    let web = site(100);
    let kept = Kept::new(&server.endpoint()).evicting();
    kept.fill(&web);
    let lay_here = kept.here();
    kept.send();
    assert_eq!(kept.here(), []);
    // An export reads records and whole files.
    let out = kept.dir.path().join("out.warc.gz");
    let to = out.to_string_lossy().into_owned();
    let exported =
        kept.run(&["export", "--to", &to, "--format", "warc", "http://news.example/p/3"]);
    assert_eq!(exported.status.code(), Some(0), "{}", stderr(&exported));
    assert!(std::fs::metadata(&out).unwrap().len() > 500);
    // A file that is already there is not imported a second time.
    let again = kept.dir.path().join(&lay_here[0].0);
    std::fs::write(&again, &lay_here[0].1).unwrap();
    let imported = kept.run(&["import", &again.to_string_lossy()]);
    assert!(!kept.root().join("imported").join(&lay_here[0].0).exists(), "{}", stdout(&imported));
    assert_eq!(files(&kept.root()).len(), lay_here.len(), "known without the settings, too");
    // Without the settings the message says where the file is.
    let alone = command(&kept.root()).args(["show", "http://news.example/p/3"]).output().unwrap();
    assert_eq!(alone.status.code(), Some(1));
    assert!(stderr(&alone).contains("store.remote"), "{}", stderr(&alone));
}

#[test]
fn what_was_changed_or_lost_in_the_storage_is_found() {
    let server = S3::start();
    let web = site(100);
    let kept = Kept::new(&server.endpoint()).evicting();
    kept.fill(&web);
    kept.send();
    let verified = kept.run(&["verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
    server.change(|objects| {
        let mut all = objects.values_mut();
        // One byte of the first file is changed, its metadata is not; the second file is gone.
        let first = all.next().unwrap();
        let middle = first.bytes.len() / 2;
        first.bytes[middle] ^= 0x40;
        let second = objects.keys().nth(1).unwrap().clone();
        objects.remove(&second);
    });
    let verified = kept.run(&["verify", "--format", "json"]);
    assert_eq!(verified.status.code(), Some(4));
    let rules: Vec<String> =
        json_lines(&verified).iter().map(|f| f["rule"].as_str().unwrap().to_owned()).collect();
    for rule in ["remote-changed", "remote-missing", "unreadable", "file-changed"] {
        assert!(rules.iter().any(|r| r == rule), "{rule}: {rules:?}");
    }
}

#[test]
fn keys_are_never_sent_or_written() {
    let server = S3::start();
    let web = site(100);
    let kept = Kept::new(&server.endpoint()).evicting();
    kept.fill(&web);
    let mut said = String::new();
    // The server echoes what it was sent where it can.
    server.script(|asked| {
        (asked.number % 5 == 3).then_some(crate::support::s3::Fault::Refuse(403, "AccessDenied"))
    });
    for args in [
        &["crawl", "--due", "--verbose", "--verbose"][..],
        &["config", "show"],
        &["config", "check"],
        &["status"],
        &["verify"],
    ] {
        let output = kept.with(command(&kept.root())).env("RUST_LOG", "trace").args(args).output();
        let output = output.unwrap();
        said.push_str(&stdout(&output));
        said.push_str(&stderr(&output));
    }
    let mut dirs = vec![kept.dir.path().to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap().flatten() {
            if entry.path().is_dir() {
                dirs.push(entry.path());
            } else {
                said.push_str(&String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()));
            }
        }
    }
    for secret in [SECRET, ID, "X-Amz-Signature"] {
        assert!(!said.contains(secret), "{secret} was shown");
    }
    let requests = server.heard();
    assert!(!requests.is_empty());
    assert!(requests.iter().all(|head| !head.contains("hunter2")), "only signatures are sent");
}
