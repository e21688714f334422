//! Our files in other people's readers: warcio, FastWARC and pywb, by `tests/interop/check.py`.
//!
//! `PRESSMARK_INTEROP_PYTHON` names a Python that has the packages of
//! `tests/interop/requirements.txt`; without it these tests are skipped, and say so.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use pressmark::base::Clock;
use pressmark::crawl::{Job, Stop};

use crate::support::archive::{Archive, files, job};
use crate::support::cli::{pressmark, stdout};
use crate::support::skip::skipped;
use crate::support::web::{Reply, Web, ok};

const MISSING: i32 = 77;

/// What the readers report about the archive; `None` where they are missing.
fn readers_say(root: &Path) -> Option<(bool, String)> {
    let Some(python) = std::env::var_os("PRESSMARK_INTEROP_PYTHON") else {
        skipped(
            "interop-python",
            "PRESSMARK_INTEROP_PYTHON is not set, so other readers are not asked",
        );
        return None;
    };
    let args = ["captures", "http://example/", "--match", "domain", "--format", "cdxj"];
    let list = root.with_extension("cdxj");
    std::fs::write(&list, stdout(&pressmark(root, &args))).unwrap();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop/check.py");
    let mut command = Command::new(python);
    let output = command.arg(script).arg(&list).args(files(root)).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.code() == Some(MISSING) {
        skipped("interop-python", &format!("a reader is missing:\n{said}"));
        return None;
    }
    Some((output.status.success(), said))
}

/// The feeds of changes as Python's feedparser reads them: as many entries as there are changes, each
/// with a title, a link, a time and an identifier of its own, and no parse error.
#[test]
fn feeds_of_changes_are_read_by_feedparser() {
    let Some(python) = std::env::var_os("PRESSMARK_INTEROP_PYTHON") else {
        skipped(
            "interop-python",
            "PRESSMARK_INTEROP_PYTHON is not set, so feedparser is not asked",
        );
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let demo = pressmark(&root, &["demo", "--keep", root.to_str().unwrap()]);
    assert!(demo.status.success());
    let changes = stdout(&pressmark(&root, &["changes", "--format", "json"])).lines().count();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop/feeds.py");
    for form in ["rss", "atom"] {
        let file = dir.path().join(form);
        std::fs::write(&file, stdout(&pressmark(&root, &["changes", "--format", form]))).unwrap();
        let mut command = Command::new(&python);
        let output = command.arg(&script).arg(&file).arg(changes.to_string()).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        if output.status.code() == Some(MISSING) {
            skipped("interop-python", &said);
            return;
        }
        assert!(output.status.success(), "{form}: {said}");
    }
}

/// A small site: versions, revisits of both kinds, redirects, chunks, packed bodies, a failure.
fn archive(chunked: bool) -> Archive {
    let mut archive = Archive::new().in_a_hurry().set("warc.file_bytes_max=8 KiB");
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example", "b.example"]);
    archive.resolve.push("gone.example:80:127.0.0.1:1".to_owned());
    let clock = Arc::clone(&archive.clock);
    for host in ["a.example", "b.example"] {
        let front = "<title>Front</title><a href=\"/new\">1</a><a href=\"/same?b=2&a=1\">2</a><a href=\"/tagged\">3</a>";
        web.page(host, "/", front);
        let clock = Arc::clone(&clock);
        let new = move |_: &str, _: usize| {
            ok("text/html", format!("<p>{}</p>", clock.now()).repeat(50).as_bytes())
        };
        web.on(host, "/new", Reply::Made(Arc::new(new)));
        web.page(host, "/same?b=2&a=1", "<p>the same on both</p>");
        let tagged = |request: &str, _: usize| {
            if request.contains("If-None-Match") {
                return b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n".to_vec();
            }
            b"HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>tagged".to_vec()
        };
        web.on(host, "/tagged", Reply::Made(Arc::new(tagged)));
        let moved = b"HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n".to_vec();
        web.on(host, "/moved", Reply::Bytes(moved));
    }
    let mut urls = vec![
        "http://a.example/",
        "http://b.example/",
        "http://a.example/moved",
        "http://gone.example/",
    ];
    if chunked {
        let chunks = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n<p>in \r\n6;x=y\r\nchunks\r\n0\r\n\r\n";
        web.on("a.example", "/chunks", Reply::Bytes(chunks.to_vec()));
        urls.push("http://a.example/chunks");
    }
    for _ in 0..3 {
        archive.run(&Job { depth: 1, ..job(&urls) }, &Stop::default());
        archive.later(Duration::from_secs(7200));
    }
    archive
}

#[test]
fn other_readers_read_what_we_write_and_agree() {
    let archive = archive(false);
    let Some((fine, said)) = readers_say(&archive.root()) else { return };
    assert!(fine && !said.contains("except"), "{said}");
}

#[test]
fn a_chunked_body_has_the_digest_of_its_payload_without_the_chunks() {
    let archive = archive(true);
    let Some((fine, said)) = readers_say(&archive.root()) else { return };
    assert!(fine && said.contains("except 1 payloads chunked"), "{said}");
}

#[test]
fn the_odd_replies_of_the_raw_site_are_read_by_others_too() {
    let (archive, _site) = crate::wire::odd_replies();
    let Some((fine, said)) = readers_say(&archive.root()) else { return };
    assert!(fine, "{said}");
}
