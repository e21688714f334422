//! Objects that are removed by order, moved elsewhere, or left by a kill: objects are deleted with all their versions, a move
//! is resumed and compared, and unfinished uploads are aborted.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;

use super::{Kept, answers, site};
use crate::support::cli::{command, json_lines, stderr, stdout};
use crate::support::s3::{Fault, S3};

const PAGE: &str = "http://news.example/p/3";

/// Whether a WARC file of gzip members contains these words.
fn holds(file: &[u8], words: &str) -> bool {
    let mut text = Vec::new();
    let _ = flate2::read::MultiGzDecoder::new(file).read_to_end(&mut text);
    String::from_utf8_lossy(&text).contains(words)
}

/// An archive whose files are in the storage alone; the time of the page, and words that occur only in it.
pub(super) fn evicted(server: &S3) -> (Kept, String, String) {
    let web = site(100);
    let kept = Kept::new(&server.endpoint()).evicting();
    kept.fill(&web);
    let sent = kept.send();
    assert_eq!(kept.here(), [], "{}", stderr(&sent));
    let found = kept.run(&["captures", PAGE, "--format", "json"]);
    let date = json_lines(&found)[0]["date"].as_str().unwrap().to_owned();
    let words = "<title>3</title>".to_owned();
    assert!(stdout(&kept.run(&["show", PAGE, "--as", "html"])).contains(&words));
    (kept, date, words)
}

fn assert_is_gone(server: &S3, kept: &Kept, words: &str) {
    // Nor anywhere below the archive: in fetched, cached or derived files.
    for path in crate::purge::all_files(&kept.root()) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!crate::purge::holds(&bytes, words), "{}", path.display());
    }
    for (key, stored) in server.objects() {
        assert!(!holds(&stored.bytes, words), "{key}");
    }
    for (key, versions) in server.versions() {
        for version in versions {
            let bytes = version.bytes.unwrap_or_default();
            assert!(!holds(&bytes, words), "{key} {}", version.id);
        }
    }
    for (name, bytes) in kept.here() {
        assert!(!holds(&bytes, words), "{name}");
    }
    let verified = kept.run(&["verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}{}", stdout(&verified), stderr(&verified));
    let other = kept.run(&["show", "http://news.example/p/4", "--as", "text"]);
    assert_eq!(other.status.code(), Some(0), "{}", stderr(&other));
    let shown = kept.run(&["show", PAGE, "--as", "html"]);
    assert!(!stdout(&shown).contains(words), "{}", stdout(&shown));
}

#[test]
fn a_capture_is_removed_from_the_storage_with_every_version() {
    let server = S3::start();
    server.keep_versions();
    let (kept, date, words) = evicted(&server);
    let before = server.objects();
    assert!(before.values().any(|stored| holds(&stored.bytes, &words)));
    assert!(before.values().any(|stored| crate::purge::holds(&stored.bytes, &words)));
    let args =
        ["purge", PAGE, "--at", &date, "--reason", "by order of a court", "--format", "json"];
    let dry = kept.run(&[&args[..], &["--dry-run"]].concat());
    assert_eq!(dry.status.code(), Some(0), "{}", stderr(&dry));
    assert_eq!(server.objects().len(), before.len());
    let purged = kept.run(&args);
    assert_eq!(purged.status.code(), Some(0), "{}", stderr(&purged));
    assert!(stderr(&purged).contains("versions in all"), "{}", stderr(&purged));
    assert_is_gone(&server, &kept, &words);
    // Objects that did not contain the capture are unchanged.
    let after = server.objects();
    let same = after.iter().filter(|(key, stored)| before[*key].etag == stored.etag).count();
    assert_eq!((after.len(), same), (before.len(), before.len() - 1));
    kept.send();
    assert_eq!(kept.here(), [], "what was written anew is evicted as any file");
    assert_is_gone(&server, &kept, &words);
}

#[test]
fn a_purge_that_the_storage_refuses_is_brought_to_its_end_later() {
    let server = S3::start();
    let (kept, date, words) = evicted(&server);
    for method in ["DELETE", "GET", "PUT"] {
        server.script(move |asked| {
            (asked.method == method).then_some(Fault::Refuse(403, "AccessDenied"))
        });
        let args = ["purge", PAGE, "--at", &date, "--reason", "by order", "--format", "json"];
        let refused = kept.run(&args);
        let code = refused.status.code();
        assert!(matches!(code, Some(0 | 1 | 3)), "{}", stderr(&refused));
        // A crawl in between does not restore it, and evicts no file that differs from its object.
        server.script(|_| None);
        kept.send();
    }
    let resumed = kept.run(&["purge", "--resume"]);
    assert!(matches!(resumed.status.code(), Some(0 | 3)), "{}", stderr(&resumed));
    kept.send();
    assert_is_gone(&server, &kept, &words);
    let mut alone = command(&kept.root());
    alone.args(["purge", "http://news.example/p/4"]);
    let refused = alone.args(["--at", &date, "--reason", "x"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("store.remote"), "{}", stderr(&refused));
}

/// A configuration that keeps files there.
fn config(kept: &Kept, name: &str, endpoint: &str) -> String {
    let path = kept.dir.path().join(name);
    let text = match endpoint {
        "" => String::new(),
        endpoint => {
            format!("[store]\nremote = \"s3://bucket/news\"\nremote_endpoint = \"{endpoint}\"\n")
        }
    };
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

fn moved(kept: &Kept, to: &str) -> Value {
    let output = kept.run(&["migrate", "--to", to, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    json_lines(&output)[0]["warc_files"].clone()
}

#[test]
fn files_are_moved_to_a_storage_to_another_one_and_back() {
    let (first, second) = (S3::start(), S3::start());
    let web = site(9 << 20);
    let kept = Kept::new("");
    kept.fill(&web);
    let lay_here: BTreeMap<String, Vec<u8>> = kept.here().into_iter().collect();
    let alone = |args: &[&str]| {
        let mut command = command(&kept.root());
        command.env("AWS_ACCESS_KEY_ID", super::ID).env("AWS_SECRET_ACCESS_KEY", super::SECRET);
        command.args(args).output().unwrap()
    };
    // The server refuses in the middle: the archive relies on nothing, and the next run continues.
    let to = config(&kept, "first.toml", &first.endpoint());
    first.script(|asked| {
        // Behind what names the archive, and the first file.
        let is_late = asked.number > 10 && asked.method == "PUT";
        is_late.then_some(Fault::Refuse(403, "AccessDenied"))
    });
    let args = ["migrate", "--to", &to, "--format", "json"];
    let failed = alone(&args);
    assert_eq!(failed.status.code(), Some(1), "{}", stderr(&failed));
    assert!(!kept.root().join("remote/files").exists());
    first.script(|_| None);
    let done = alone(&args);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let report = json_lines(&done)[0]["warc_files"].clone();
    assert_eq!(report["files"], lay_here.len(), "{report}");
    assert_eq!(report["resumed"], true, "{report}");
    assert!(report["moved"].as_u64().unwrap() < lay_here.len() as u64, "{report}");
    let kept = Kept { endpoint: first.endpoint(), ..kept }.evicting();
    let before = answers(&kept);
    kept.send();
    assert_eq!(kept.here(), []);
    // From storage to storage: no file stays here.
    let to = config(&kept, "second.toml", &second.endpoint());
    let report = moved(&kept, &to);
    assert_eq!(report["moved"], lay_here.len(), "{report}");
    assert_eq!(kept.here(), []);
    let kept = Kept { endpoint: second.endpoint(), ..kept };
    assert_eq!(answers(&kept), before);
    assert_eq!(first.objects().len(), second.objects().len(), "nothing was removed");
    // And back.
    let to = config(&kept, "none.toml", "");
    let report = moved(&kept, &to);
    assert_eq!(report["to"], "the archive's own disk");
    assert!(kept.here().into_iter().collect::<BTreeMap<_, _>>() == lay_here);
    let verified = command(&kept.root()).arg("verify").output().unwrap();
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
}

#[test]
fn verify_reads_a_file_that_lies_there_alone_once() {
    let server = S3::start();
    let (kept, ..) = evicted(&server);
    assert!(Path::new(&kept.root().join("evidence")).exists(), "there is a log to be checked");
    let objects = server.objects();
    let files = objects.iter().filter(|(key, _)| key.contains("warc/"));
    let total: usize = files.map(|(_, stored)| stored.bytes.len()).sum();
    let before = server.heard().len();
    let verified = kept.run(&["verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}{}", stdout(&verified), stderr(&verified));
    let read: usize = server.heard()[before..]
        .iter()
        .filter_map(|head| head.lines().find_map(|line| line.strip_prefix("range: bytes=")))
        .filter_map(|range| {
            let (from, to) = range.split_once('-')?;
            Some(to.parse::<usize>().ok()? + 1 - from.parse::<usize>().ok()?)
        })
        .sum();
    assert!(read >= total && read < total + total / 4, "{read} bytes of {total}");
}

/// Begins an upload like a process that was killed before it recorded that.
fn begin(server: &S3, key: &str) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let asked = format!(
        "POST /bucket/{key}?uploads=&X-Amz-Signature=x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(asked.as_bytes()).unwrap();
    let mut answer = [0; 16];
    stream.read_exact(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[test]
fn an_upload_that_a_kill_left_is_thrown_away_and_nothing_else_is() {
    let server = S3::start();
    let web = site(100);
    let kept = Kept::new(&server.endpoint());
    kept.fill(&web);
    for key in ["news/warc/a.warc.gz", "news/elsewhere", "others/warc/a.warc.gz"] {
        begin(&server, key);
    }
    kept.send();
    assert_eq!(server.uploads(), 3, "they may still be under way");
    server.clock(2 * 24 * 3600, 0);
    begin(&server, "news/warc/b.warc.gz");
    let sent = kept.send();
    assert_eq!(sent.status.code(), Some(0), "{}", stderr(&sent));
    assert_eq!(server.uploads(), 3, "the old one of this archive is gone");
    assert!(
        server
            .asked()
            .iter()
            .any(|asked| { asked.method == "DELETE" && asked.key == "news/warc/a.warc.gz" })
    );
}
