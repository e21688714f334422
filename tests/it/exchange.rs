//! `index`, `export` and `import` by the binary: exports can be imported again, and other programs agree.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use pressmark::base::Clock;
use serde_json::Value;

use crate::support::archive::{Archive, files};
use crate::support::cli::{json_lines, pressmark, stderr, stdout};
use crate::support::skip::skipped;
use crate::support::web::{Reply, Web, ok};

const MISSING: i32 = 77;

fn moved(to: &str) -> Reply {
    let head = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    Reply::Bytes(head.into_bytes())
}

/// A site of two pages and what they need on a second host, captured three times: the first page changes, the
/// style sheet and a picture stay, one picture is added later, and one is always missing.
fn site() -> Archive {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example", "cdn.example"]);
    web.page(
        "a.example",
        "/",
        "<title>Front</title><link rel=stylesheet href=\"http://cdn.example/site.css\">\
         <img src=\"/moved.png\"><img src=\"http://cdn.example/never.png\"><p>A bridge.</p>",
    );
    web.page(
        "a.example",
        "/story",
        "<title>Story</title><img src=\"http://cdn.example/late.png\">",
    );
    let css = b"body { background: url(\"deep.png\") }";
    web.on("cdn.example", "/site.css", Reply::Bytes(ok("text/css", css)));
    for name in ["/deep.png", "/late.png"] {
        web.on("cdn.example", name, Reply::Bytes(ok("image/png", b"\x89PNG a picture")));
    }
    web.on("a.example", "/moved.png", moved("http://cdn.example/deep.png"));
    let first = [
        "http://a.example/",
        "http://a.example/story",
        "http://a.example/moved.png",
        "http://cdn.example/site.css",
        "http://cdn.example/deep.png",
    ];
    archive.crawl(&first);
    archive.later(Duration::from_secs(3600));
    archive.crawl(&["http://a.example/", "http://a.example/story", "http://cdn.example/site.css"]);
    archive.later(Duration::from_secs(24 * 3600));
    web.page("a.example", "/", "<title>Front</title><p>Another bridge.</p>");
    archive.crawl(&["http://a.example/", "http://cdn.example/late.png"]);
    archive
}

fn run(archive: &Path, args: &[&str]) -> String {
    let output = pressmark(archive, args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    stdout(&output)
}

/// The captures of an archive without their places.
fn captures(archive: &Path) -> Vec<String> {
    let listed = ["captures", "http://example/", "--match", "domain", "--format", "json"];
    let mut lines: Vec<String> = json_lines(&pressmark(archive, &listed))
        .into_iter()
        .map(|mut line| {
            for place in ["offset", "length", "filename"] {
                line.as_object_mut().unwrap().remove(place);
            }
            line.to_string()
        })
        .collect();
    lines.sort();
    lines
}

fn new_archive(dir: &Path) -> PathBuf {
    let root = dir.join("other");
    run(&root, &["init"]);
    root
}

#[test]
fn what_is_exported_is_imported_again_capture_for_capture() {
    let archive = site();
    let dir = tempfile::tempdir().unwrap();
    for name in ["all.warc.gz", "all.warc", "all.warc.zst", "all.wacz"] {
        let dir = dir.path().join(name.replace('.', "-"));
        std::fs::create_dir(&dir).unwrap();
        let file = dir.join(name);
        let to = file.to_str().unwrap();
        run(&archive.root(), &["export", "--to", to]);
        let other = new_archive(&dir);
        run(&other, &["import", to]);
        assert_eq!(captures(&other), captures(&archive.root()), "{name}");
        run(&other, &["verify"]);
        let shown = ["show", "http://a.example/", "--as", "http"];
        assert_eq!(run(&other, &shown), run(&archive.root(), &shown));
        let known = run(&other, &["import", to, "--format", "json"]);
        assert!(known.contains("\"outcome\":\"known\""), "{known}");
        run(&other, &["cite", "http://a.example/"]);
        let proof = dir.join("proof.zip");
        run(&other, &["prove", "http://a.example/", "-o", proof.to_str().unwrap()]);
        run(&other, &["prove", "--check", proof.to_str().unwrap()]);
        run(&other, &["reindex"]);
        assert_eq!(captures(&other), captures(&archive.root()), "{name}, reindexed");
    }
}

#[test]
fn members_are_copied_byte_for_byte_and_the_same_export_has_the_same_bytes() {
    let archive = site();
    let dir = tempfile::tempdir().unwrap();
    let export = |name: &str, more: &[&str]| {
        let file = dir.path().join(name);
        let mut args = vec!["export", "--force", "--to", file.to_str().unwrap()];
        args.extend(more);
        run(&archive.root(), &args);
        std::fs::read(file).unwrap()
    };
    for name in ["x.warc.gz", "x.wacz", "x.warc", "x.cdxj"] {
        assert_eq!(export(name, &[]), export(name, &[]), "{name}");
    }
    let all: Vec<u8> =
        files(&archive.root()).iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
    let part = export("part.warc.gz", &["http://a.example/story"]);
    assert!(part.len() < all.len());
    // Every member of the part is in the archive.
    let lines =
        pressmark(&archive.root(), &["index", dir.path().join("part.warc.gz").to_str().unwrap()]);
    let mut seen = 0;
    for line in stdout(&lines).lines() {
        let fields: Value = serde_json::from_str(line.splitn(3, ' ').nth(2).unwrap()).unwrap();
        let number = |name: &str| fields[name].as_str().unwrap().parse::<usize>().unwrap();
        let member = &part[number("offset")..number("offset") + number("length")];
        assert!(all.windows(member.len()).any(|window| window == member), "{line}");
        seen += 1;
    }
    // The page, and the revisit of it with its original, which is the page.
    assert_eq!(seen, 2);
    let listed = String::from_utf8(export("part.cdxj", &["http://a.example/story"])).unwrap();
    assert_eq!(listed.lines().count(), 2);
}

#[test]
fn a_site_is_exported_as_of_a_time_with_a_list_of_what_is_missing() {
    let archive = site();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("site.wacz");
    let to = file.to_str().unwrap();
    let at = ["--site", "a.example", "--at", "20251105", "--report", "json"];
    let args: Vec<&str> = ["export", "--to", to].iter().chain(&at).copied().collect();
    let report: Value = serde_json::from_str(&run(&archive.root(), &args)).unwrap();
    // Its pages, the redirect, and its robots.txt.
    assert_eq!(report["site"]["urls"], 4, "{report}");
    let lacks: Vec<(&str, &str)> = report["site"]["lacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lack| (lack["url"].as_str().unwrap(), lack["lack"].as_str().unwrap()))
        .collect();
    assert_eq!(
        lacks,
        [
            ("http://cdn.example/late.png", "only-later"),
            ("http://cdn.example/never.png", "not-captured")
        ]
    );
    assert_eq!(report["site"]["lacks"][0]["needed_by"][0], "http://a.example/story");
    let other = new_archive(dir.path());
    run(&other, &["import", to]);
    let urls: Vec<String> = captures(&other)
        .iter()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["url"].as_str().unwrap().to_owned()
        })
        .collect();
    let mut urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    urls.sort_unstable();
    urls.dedup();
    assert_eq!(
        urls,
        [
            "http://a.example/",
            "http://a.example/moved.png",
            "http://a.example/robots.txt",
            "http://a.example/story",
            "http://cdn.example/deep.png",
            "http://cdn.example/late.png",
            "http://cdn.example/site.css",
        ]
    );
    // As it was at that time: the first front page, not the one of the next day.
    let front = run(&other, &["show", "http://a.example/", "--as", "html"]);
    assert!(front.contains("A bridge") && !front.contains("Another"), "{front}");
}

#[test]
fn exit_codes_distinguish_errors() {
    let archive = site();
    let dir = tempfile::tempdir().unwrap();
    let to = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let code = |args: &[&str]| pressmark(&archive.root(), args).status.code();
    assert_eq!(code(&["export", "--to", &to("a.warc.gz"), "http://none.example/"]), Some(3));
    assert_eq!(code(&["export", "--to", &to("a.doc")]), Some(2));
    assert_eq!(code(&["export", "--to", &to("a.wacz"), "--site", "a.example"]), Some(2));
    assert_eq!(code(&["import", "https://example.com/a.warc.gz"]), Some(2));
    assert_eq!(code(&["import", &to("missing.warc.gz")]), Some(1));
    assert_eq!(code(&["index", &to("missing.warc.gz")]), Some(1));
    std::fs::write(to("noise.warc.gz"), b"noise").unwrap();
    let noise = pressmark(&archive.root(), &["index", &to("noise.warc.gz")]);
    assert_eq!(noise.status.code(), Some(1), "{}", stderr(&noise));
    // An empty result is a success, too.
    std::fs::write(to("empty.warc.gz"), b"").unwrap();
    assert_eq!(code(&["index", &to("empty.warc.gz")]), Some(0));
    let all = files(&archive.root()).remove(0);
    assert_eq!(code(&["index", all.to_str().unwrap(), &to("noise.warc.gz")]), Some(4));
    assert!(!Path::new(&to("a.warc.gz")).exists());
    // Records that cannot be read by their place cannot be referenced by a line.
    let plain = to("all.warc");
    run(&archive.root(), &["export", "--to", &plain]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &std::fs::read(&plain).unwrap()).unwrap();
    std::fs::write(to("one-member.warc.gz"), packed.finish().unwrap()).unwrap();
    let shared = pressmark(&archive.root(), &["index", &to("one-member.warc.gz")]);
    assert_eq!((shared.status.code(), stdout(&shared)), (Some(4), String::new()));
    assert!(stderr(&shared).contains("recompress"), "{}", stderr(&shared));
}

#[test]
fn stdin_is_indexed_and_several_files_are_sorted_together() {
    use std::io::Write;
    let archive = site();
    let file = files(&archive.root()).remove(0);
    let mut command = crate::support::cli::command(&archive.root());
    command.args(["index", "-"]).stdin(std::process::Stdio::piped());
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(&file).unwrap()).unwrap();
    let piped = stdout(&child.wait_with_output().unwrap());
    let plain = run(&archive.root(), &["index", file.to_str().unwrap()]);
    let name = file.file_name().unwrap().to_str().unwrap();
    assert_eq!(piped.replace("\"filename\": \"-\"", &format!("\"filename\": \"{name}\"")), plain);
    let dir = archive.root().join("warc");
    let all = run(&archive.root(), &["index", "-j", "2", dir.to_str().unwrap()]);
    let lines: Vec<&str> = all.lines().collect();
    assert!(lines.len() > plain.lines().count() && lines.is_sorted());
    let columns = run(&archive.root(), &["index", "--format", "cdx", dir.to_str().unwrap()]);
    assert!(columns.starts_with(" CDX N b a m s k r M S V g\n"));
    assert_eq!(columns.lines().count(), lines.len() + 1);
}

/// What a script of `tests/interop` reports; `None` where its programs are missing.
pub(crate) fn script_says(name: &str, args: &[&Path]) -> Option<(bool, String)> {
    let Some(python) = std::env::var_os("PRESSMARK_INTEROP_PYTHON") else {
        skipped("interop-python", "PRESSMARK_INTEROP_PYTHON is not set");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name);
    let output = Command::new(python).arg(script).args(args).output().unwrap();
    let report = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.code() == Some(MISSING) {
        skipped("interop-python", &report);
        return None;
    }
    Some((output.status.success(), report))
}

#[test]
fn lines_are_those_of_cdxj_indexer() {
    let archive = site();
    let warcs = files(&archive.root());
    let binary = Path::new(env!("CARGO_BIN_EXE_pressmark"));
    let args: Vec<&Path> =
        std::iter::once(binary).chain(warcs.iter().map(PathBuf::as_path)).collect();
    let Some((fine, report)) = script_says("lines.py", &args) else { return };
    assert!(fine, "{report}");
}

#[test]
fn exported_files_are_read_by_others() {
    let archive = site();
    let dir = tempfile::tempdir().unwrap();
    let site = dir.path().join("site.wacz");
    let at = ["--site", "a.example", "--at", "20251105"];
    let args: Vec<&str> =
        ["export", "--to", site.to_str().unwrap()].iter().chain(&at).copied().collect();
    run(&archive.root(), &args);
    let warc = dir.path().join("all.warc.gz");
    run(&archive.root(), &["export", "--to", warc.to_str().unwrap()]);
    let Some((fine, report)) = script_says("exported.py", &[&site, &warc]) else { return };
    assert!(fine, "{report}");
}

#[test]
fn a_table_is_read_by_others_and_says_what_the_lines_say() {
    let archive = site();
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("all.parquet");
    let lines = dir.path().join("all.cdxj");
    for file in [&table, &lines] {
        run(&archive.root(), &["export", "--to", file.to_str().unwrap()]);
    }
    let Some((fine, report)) = script_says("table.py", &[&table, &lines]) else { return };
    assert!(fine, "{report}");
}

#[test]
fn pywb_answers_from_blocks_of_index_lines() {
    let archive = site();
    let dir = tempfile::tempdir().unwrap();
    let (shards, lines) = (dir.path().join("cdx"), dir.path().join("all.cdxj"));
    let to = shards.to_str().unwrap();
    let report = run(&archive.root(), &["export", "--format", "zipnum", "--to", to]);
    assert!(report.contains("captures"), "{report}");
    run(&archive.root(), &["export", "--to", lines.to_str().unwrap()]);
    // The blocks hold the lines.
    let block = std::fs::read(shards.join("cdx-00000.gz")).unwrap();
    let mut text = String::new();
    let mut reader = flate2::read::MultiGzDecoder::new(&*block);
    std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
    // They may have more fields after those, which other programs ignore.
    let plain = std::fs::read_to_string(&lines).unwrap();
    assert_eq!(text.lines().count(), plain.lines().count());
    for line in plain.lines() {
        let fields = line.strip_suffix('}').unwrap();
        assert!(text.lines().any(|block| block.starts_with(fields)), "{line}");
    }
    let again = pressmark(&archive.root(), &["export", "--format", "zipnum", "--to", to]);
    assert_eq!(again.status.code(), Some(1), "a folder is not replaced");
    let Some((fine, report)) = script_says("zipnum.py", &[&shards, &lines]) else { return };
    assert!(fine, "{report}");
}
