//! A signed WACZ of real captures, in other people's readers: py-wacz, warcio and a check of its signature
//! by `tests/interop/wacz.py`, and the engine of ReplayWeb.page by `tests/interop/replay.mjs`.

use std::fs::File;
use std::io::{BufReader, Cursor};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use pressmark::archive::Capture;
use pressmark::archive::cdx::cdxj_line;
use pressmark::base::Clock;
use pressmark::evidence::wacz::{Extra, IndexLine, Member, P384Key, Package, PageEntry, write};
use pressmark::warc::{ReadOptions, WarcReader};
use serde_json::{Map, Value};

use crate::support::archive::{Archive, BEGIN, files};
use crate::support::cli::{stderr, stdout};
use crate::support::web::{Reply, Web};

const MISSING: i32 = 77;

/// An archive with a page, a revisit of it and a redirect.
fn archive() -> Archive {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    web.page("a.example", "/story", "<title>A story</title><p>Of a bridge that was closed.</p>");
    let moved = b"HTTP/1.1 302 Found\r\nLocation: /story\r\nContent-Length: 0\r\n\r\n".to_vec();
    web.on("a.example", "/moved", Reply::Bytes(moved));
    for _ in 0..2 {
        archive.crawl(&["http://a.example/moved", "http://a.example/story"]);
        archive.later(std::time::Duration::from_secs(3600));
    }
    archive
}

/// Every record of the archive as a member, those of captures with their index lines.
fn members(archive: &Archive) -> Vec<Member<'static>> {
    let captures = archive.captures_below("a.example");
    let mut members = Vec::new();
    for path in files(&archive.root()) {
        let bytes = std::fs::read(&path).unwrap();
        let file = BufReader::new(File::open(&path).unwrap());
        let mut records = WarcReader::new(file, ReadOptions::default());
        while let Some(record) = records.next_record().unwrap() {
            let place = record.finish().unwrap();
            let at = usize::try_from(place.offset).unwrap();
            let length = place.length.unwrap();
            let len = usize::try_from(length).unwrap();
            let is_here = |entry: &Capture| {
                entry.offset == place.offset
                    && path.file_name().is_some_and(|name| name == &*entry.file)
            };
            let index = captures.iter().find(|entry| is_here(entry)).map(|entry| {
                let line = cdxj_line(entry);
                let fields: Map<String, Value> =
                    serde_json::from_str(line.splitn(3, ' ').nth(2).unwrap()).unwrap();
                IndexLine { urlkey: entry.urlkey.clone(), at: entry.date, fields }
            });
            let bytes = Box::new(Cursor::new(bytes[at..at + len].to_vec()));
            members.push(Member { length, bytes, index });
        }
    }
    members
}

/// A signed package of everything in the archive, and how many records it holds.
fn packed(archive: &Archive) -> (PathBuf, usize) {
    let members = members(archive);
    let count = members.len();
    let page = PageEntry {
        url: "http://a.example/story".to_owned(),
        at: BEGIN,
        title: Some("A story".to_owned()),
        text: Some("Of a bridge that was closed.".to_owned()),
    };
    let package = Package {
        warc_name: "capture.warc.gz".to_owned(),
        members,
        pages: vec![page],
        title: Some("A story".to_owned()),
        description: None,
        software: "pressmark/0".to_owned(),
        created: BEGIN,
        extra: vec![Extra { path: "evidence/note.txt".to_owned(), bytes: b"a note\n".to_vec() }],
    };
    let file = archive.root().with_extension("wacz");
    let key = P384Key::generate().unwrap();
    let written = write(package, Some(&key), File::create(&file).unwrap()).unwrap();
    assert_eq!(written.records, count);
    assert!(written.indexed >= 4, "{written:?}");
    (file, count)
}

/// Runs a reader; what it said has to be fine, where the reader is there.
fn ask(command: &mut Command) {
    let Ok(output) = command.output() else {
        eprintln!("skipped: the program is missing");
        return;
    };
    let said = stdout(&output) + &stderr(&output);
    if output.status.code() == Some(MISSING) {
        eprintln!("skipped: a reader is missing:\n{said}");
        return;
    }
    assert!(output.status.success(), "{said}");
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name)
}

#[test]
fn a_signed_package_of_captures_is_read_by_others() {
    let Some(python) = std::env::var_os("PRESSMARK_INTEROP_PYTHON") else {
        eprintln!("skipped: PRESSMARK_INTEROP_PYTHON is not set, so other readers are not asked");
        return;
    };
    let archive = archive();
    let (file, count) = packed(&archive);
    ask(Command::new(python).arg(script("wacz.py")).arg(&file).arg(count.to_string()));
}

/// A package of one capture, as the binary writes it.
#[test]
fn a_capture_is_handed_over_as_a_package_that_others_read() {
    let archive = archive();
    let out = archive.root().with_extension("one.wacz");
    let name = out.to_str().unwrap();
    let root = archive.root();
    let args = ["prove", "http://a.example/story", "-o", name];
    let made = crate::support::cli::pressmark(&root, &args);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let key = root.join("evidence/log.wacz.pem");
    let mode = std::os::unix::fs::PermissionsExt::mode(&key.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let mut zip = zip::ZipArchive::new(File::open(&out).unwrap()).unwrap();
    let text = |zip: &mut zip::ZipArchive<File>, name: &str| {
        std::io::read_to_string(zip.by_name(name).unwrap()).unwrap()
    };
    let pages = text(&mut zip, "pages/pages.jsonl");
    assert!(pages.contains("http://a.example/story"), "{pages}");
    assert!(text(&mut zip, "evidence/checkpoint").contains("pressmark/"));
    assert!(text(&mut zip, "evidence/citation.txt").contains("A story"));
    if let Some(python) = std::env::var_os("PRESSMARK_INTEROP_PYTHON") {
        let count = zip
            .file_names()
            .filter(|name| name.as_ref().is_ok_and(|n| n.starts_with("evidence/leaves-")))
            .count();
        ask(Command::new(python).arg(script("wacz.py")).arg(&out).arg(count.to_string()));
    }
    if let Some(packages) = std::env::var_os("PRESSMARK_INTEROP_NODE_PATH") {
        let mut command = Command::new("node");
        command.env("PRESSMARK_INTEROP_NODE_PATH", &packages).arg(script("replay.mjs")).arg(&out);
        let page =
            ["http://a.example/story", "20251105010000", "200", "Of a bridge that was closed."];
        ask(command.args(page));
    }
}

#[test]
fn the_engine_of_replayweb_page_opens_a_signed_package() {
    let Some(packages) = std::env::var_os("PRESSMARK_INTEROP_NODE_PATH") else {
        eprintln!("skipped: PRESSMARK_INTEROP_NODE_PATH is not set, so wabac.js is not asked");
        return;
    };
    let archive = archive();
    let (file, _) = packed(&archive);
    // The page as it was captured first, and as a revisit confirmed it an hour later.
    for stamp in ["20251105000000", "20251105010000"] {
        let mut command = Command::new("node");
        command.env("PRESSMARK_INTEROP_NODE_PATH", &packages).arg(script("replay.mjs")).arg(&file);
        ask(command.args(["http://a.example/story", stamp, "200", "Of a bridge that was closed."]));
    }
}
