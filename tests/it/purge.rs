//! `purge`: a capture's bytes are gone from every file, whatever the compression; everything else is unchanged and verifies;
//! readers are shown the reason; and a purge that is killed at any step is continued.

mod orders;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use pressmark::base::Clock;
use serde_json::Value;

use crate::serve::{Warc, ask, ask_with, start};
use crate::support::archive::{Archive, files, records};
use crate::support::cli::{command, json_lines, pressmark, stderr, stdout};
use crate::support::web::{Reply, Web, ok};

const PAGE: &str = "http://a.example/story";
const SAME: &str = "http://a.example/same";
const OTHER: &str = "http://a.example/other";
const SECRET: &str =
    "The minister was seen at the harbour with a certain Ebenezer Quillfeather, who denies it.";

/// Incompressible letters and digits: any remaining copy of them is found.
fn noise(seed: u64) -> String {
    let mut x = seed;
    let mut letter = || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(
            b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                [(x >> 33) as usize % 62],
        )
    };
    // Words of eight letters, so that readings and the search treat them as words.
    (0..200).map(|_| (0..8).map(|_| letter()).chain([' ']).collect::<String>()).collect()
}

fn article(words: &str) -> String {
    let words = match words {
        SECRET => format!("{words}</p><p>{}", noise(7)),
        other => other.to_owned(),
    };
    format!(
        "<html><head><title>Of a harbour</title></head><body><article><h1>Of a harbour</h1><p>{words}</p>\
         <p>The ferries go every hour, and the council meets on Monday to speak of it.</p></article></body></html>"
    )
}

/// Two versions of a page, the first twice (a revisit), the same bytes at another address, and another page.
fn archive(sets: &[&str]) -> (Archive, Web) {
    let mut archive = Archive::new().in_a_hurry();
    for set in sets {
        archive = archive.set(set);
    }
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    web.page("a.example", "/story", &article(SECRET));
    web.page("a.example", "/same", &article(SECRET));
    web.page("a.example", "/other", &article("Of another matter, which nobody minds."));
    archive.crawl(&[PAGE, OTHER]);
    archive.later(std::time::Duration::from_secs(3600));
    archive.crawl(&[PAGE, SAME]);
    archive.later(std::time::Duration::from_secs(3600));
    web.page(
        "a.example",
        "/story",
        &article("The minister was not seen at the harbour after all."),
    );
    archive.crawl(&[PAGE]);
    (archive, web)
}

fn purge(root: &Path, args: &[&str]) -> Output {
    let mut purge = command(root);
    purge.args(["purge", "--format", "json"]).args(args);
    purge.output().unwrap()
}

/// Whether these words occur in bytes, plain or inside a gzip member or zstd frame that begins anywhere in them:
/// databases keep such frames among their pages, and free pages keep their earlier content.
pub fn holds(bytes: &[u8], words: &str) -> bool {
    let stands = |bytes: &[u8]| memchr::memmem::find(bytes, words.as_bytes()).is_some();
    let unpacked = |mut reader: Box<dyn Read + '_>| {
        let mut out = Vec::new();
        // Data before a damaged place counts as well.
        let _ = reader.by_ref().take(64 << 20).read_to_end(&mut out);
        stands(&out)
    };
    let begins = |magic: &'static [u8]| memchr::memmem::find_iter(bytes, magic).collect::<Vec<_>>();
    stands(bytes)
        || begins(&[0x1f, 0x8b, 8])
            .into_iter()
            .any(|at| unpacked(Box::new(flate2::read::GzDecoder::new(&bytes[at..]))))
        || begins(&[0x28, 0xb5, 0x2f, 0xfd]).into_iter().any(|at| {
            zstd::Decoder::new(&bytes[at..]).is_ok_and(|reader| unpacked(Box::new(reader)))
        })
}

/// The files below a directory that contain these bytes, compressed or not.
fn holding(root: &Path, words: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| holds(&std::fs::read(path).unwrap(), words);
    all_files(root).into_iter().filter(holds).collect()
}

/// All files below a directory.
pub fn all_files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.is_file() {
                // Sockets that a killed process left contain nothing.
                found.push(path);
            }
        }
    }
    found
}

fn findings(root: &Path) -> Vec<Value> {
    json_lines(&pressmark(root, &["verify", "--format", "json"]))
}

/// The time of the first capture of the page.
fn first(root: &Path) -> String {
    let captures = json_lines(&pressmark(root, &["captures", PAGE, "--format", "json"]));
    captures[0]["date"].as_str().unwrap().to_owned()
}

/// Uses every command that answers, so that the capture is everywhere before it is removed.
fn read_all(root: &Path) {
    for args in [
        &["history", PAGE][..],
        &["search", "Quillfeather"],
        &["quotes", PAGE],
        &["show", PAGE, "--at", "20251105"],
        &["changes"],
    ] {
        let _ = pressmark(root, args);
    }
}

fn removed_everywhere(sets: &[&str]) {
    let (archive, _web) = archive(sets);
    let root = archive.root();
    read_all(&root);
    assert!(!holding(&root, "Quillfeather").is_empty(), "what is not there cannot be removed");
    let outside = tempfile::tempdir().unwrap();
    let old = outside.path().join("other.zip");
    let prove = pressmark(&root, &["prove", OTHER, "-o", old.to_str().unwrap()]);
    assert!(prove.status.success(), "{}", stderr(&prove));
    let checkpoint = outside.path().join("checkpoint");
    std::fs::write(&checkpoint, pressmark(&root, &["evidence", "checkpoint"]).stdout).unwrap();
    assert_eq!(findings(&root), [] as [Value; 0]);
    let before = records(&root);
    let stamp = first(&root);
    let stamp = stamp.as_str();
    let sizes: Vec<u64> = files(&root).iter().map(|path| path.metadata().unwrap().len()).collect();

    // First, a dry run only reports.
    let report = purge(&root, &[PAGE, "--at", stamp, "--reason", "x", "--dry-run"]);
    assert_eq!(report.status.code(), Some(0), "{}", stderr(&report));
    assert_eq!(json_lines(&report).len(), 1);
    assert!(!holding(&root, "Quillfeather").is_empty());

    // The packed record: no copy of it may be left either.
    let line = &json_lines(&report)[0];
    let file = std::fs::read(root.join("warc").join(line["file"].as_str().unwrap())).unwrap();
    let number = |name: &str| usize::try_from(line[name].as_u64().unwrap()).unwrap();
    let member = file[number("offset")..number("offset") + number("length")].to_vec();
    let is_packed = !line["file"].as_str().unwrap().ends_with(".warc");

    let at = format!("{PAGE}@{stamp}");
    let done = purge(&root, &[&at, "--reason", "by order of a court, 7 O 12/25"]);
    assert_eq!(done.status.code(), Some(0), "{}{}", stdout(&done), stderr(&done));
    let lines = json_lines(&done);
    assert_eq!(lines.len(), 1, "one record held the payload: {lines:?}");
    assert_eq!(
        (lines[0]["record_type"].as_str(), lines[0]["url"].as_str()),
        (Some("response"), Some(PAGE))
    );
    assert!(
        stderr(&done).contains("2 other captures of the same content referred to this record"),
        "{}",
        stderr(&done)
    );
    assert_eq!(holding(&root, "Quillfeather"), [] as [PathBuf; 0]);
    assert_eq!(holding(&root, SECRET), [] as [PathBuf; 0]);
    // None of the incompressible words is left, and no part of the packed record.
    for words in noise(7).split(' ').filter(|word| word.len() == 8).step_by(20) {
        assert_eq!(holding(&root, words), [] as [PathBuf; 0]);
    }
    for at in (64..member.len() - 24).step_by(member.len() / 9).filter(|_| is_packed) {
        for path in all_files(&root) {
            let found = memchr::memmem::find(&std::fs::read(&path).unwrap(), &member[at..at + 24]);
            assert_eq!(found, None, "{} has the part at {at}", path.display());
        }
    }

    // Every other record is unchanged, in its place.
    assert_eq!(
        sizes,
        files(&root).iter().map(|path| path.metadata().unwrap().len()).collect::<Vec<_>>()
    );
    let after = records(&root);
    assert_eq!(before.len(), after.len());
    let differ = before.iter().zip(&after).filter(|(a, b)| a.block != b.block).count();
    assert_eq!(differ, 1);
    let findings = findings(&root);
    assert!(findings.iter().all(|f| f["severity"] != "error"), "{findings:?}");
    assert_eq!(findings, [] as [Value; 0]);
    // Older bundles and checkpoints verify, and so do new bundles of other captures.
    let check = pressmark(
        &root,
        &["prove", "--check", old.to_str().unwrap(), "--checkpoint", checkpoint.to_str().unwrap()],
    );
    assert!(check.status.success(), "{}", stdout(&check));
    let verify = pressmark(&root, &["verify", "--checkpoint", checkpoint.to_str().unwrap()]);
    assert!(verify.status.success(), "{}", stdout(&verify));
    let new = outside.path().join("new.zip");
    let prove = pressmark(
        &root,
        &[
            "prove",
            OTHER,
            "-o",
            new.to_str().unwrap(),
            "--checkpoint",
            checkpoint.to_str().unwrap(),
        ],
    );
    assert!(prove.status.success(), "{}", stderr(&prove));

    // Queries report the removal.
    let history = pressmark(&root, &["history", PAGE]);
    let text = stdout(&history);
    assert!(text.contains("was removed by order") && text.contains("7 O 12/25"), "{text}");
    assert!(text.contains("Of a harbour"), "the version that came later is still told: {text}");
    let json = json_lines(&pressmark(&root, &["history", PAGE, "--format", "json"]));
    assert_eq!(json[0]["removed"][0]["reason"], "by order of a court, 7 O 12/25");
    let captures = json_lines(&pressmark(&root, &["captures", PAGE, "--format", "json"]));
    assert_eq!(captures.len(), 3, "none is missing from the list");
    let text = stdout(&pressmark(&root, &["captures", PAGE]));
    assert_eq!(
        text.matches("removed by order").count(),
        2,
        "with the one that lost its payload: {text}"
    );
    // The next capture only referred to the removed one; the one after it is another version.
    let shown = pressmark(&root, &["show", PAGE, "--at", stamp]);
    assert_eq!(shown.status.code(), Some(3), "{}{}", stdout(&shown), stderr(&shown));
    assert!(stderr(&shown).contains("7 O 12/25"), "{}", stderr(&shown));
    let shown = pressmark(&root, &["show", PAGE]);
    assert_eq!(stderr(&shown), "", "the newest was not removed");
    let gone = pressmark(&root, &["search", "Quillfeather"]);
    assert_eq!(gone.status.code(), Some(3), "{}", stdout(&gone));
    let server = start(&root);
    let stamp = captures[0]["timestamp"].as_str().unwrap();
    for modifier in ["", "id_"] {
        let answer = ask(server.address, &format!("/web/{stamp}{modifier}/{PAGE}"));
        assert_eq!(answer.status, 410, "{modifier}: {}", answer.text());
        assert!(answer.text().contains("7 O 12/25"), "{}", answer.text());
    }
    // Captures that only referred to it are reported with the same reason, and later captures are shown.
    let same = json_lines(&pressmark(&root, &["captures", SAME, "--format", "json"]));
    let stamp = same[0]["timestamp"].as_str().unwrap();
    let answer = ask(server.address, &format!("/web/{stamp}id_/{SAME}"));
    assert_eq!(answer.status, 410, "{}", answer.text());
    let stamp = captures[2]["timestamp"].as_str().unwrap();
    assert_eq!(ask(server.address, &format!("/web/{stamp}id_/{PAGE}")).status, 200);
    drop(server);

    // The second time there is nothing to remove.
    let again = purge(&root, &[PAGE, "--at", &first(&root), "--reason", "x"]);
    assert_eq!(again.status.code(), Some(3), "{}", stderr(&again));
}

#[test]
fn no_byte_of_a_capture_is_left_and_everything_else_verifies() {
    removed_everywhere(&[]);
}

#[test]
fn the_same_holds_where_records_are_packed_with_zstd_or_not_at_all() {
    removed_everywhere(&["warc.compression=zstd"]);
    removed_everywhere(&["warc.compression=none"]);
}

/// Where captures are kept in a database, its files contain nothing of the page either: tables, deleted rows, its log.
#[test]
fn the_files_of_a_database_that_keeps_the_captures_hold_nothing_of_it() {
    let server = match crate::support::postgres::Cluster::start("fsync = off") {
        Ok(server) => server,
        Err(why) => return crate::support::skip::skipped("postgres", &why),
    };
    let (archive, _web) = archive(&[&format!("store.captures={}", server.address())]);
    let root = archive.root();
    let config = root.parent().unwrap().join("config");
    std::fs::create_dir_all(&config).unwrap();
    let text = format!("[store]\ncaptures = \"{}\"\n", server.address());
    std::fs::write(config.join("pressmark.toml"), text).unwrap();
    read_all(&root);
    assert!(!holding(&root, "Quillfeather").is_empty(), "what is not there cannot be removed");
    let done = purge(&root, &[PAGE, "--at", &first(&root), "--reason", "by order of a court"]);
    assert_eq!(done.status.code(), Some(0), "{}{}", stdout(&done), stderr(&done));
    assert_eq!(json_lines(&pressmark(&root, &["captures", PAGE, "--format", "json"])).len(), 3);
    assert_eq!(holding(&root, "Quillfeather"), [] as [PathBuf; 0]);
    let files = all_files(server.dir());
    assert!(files.len() > 100, "the server's files are here");
    for words in ["Quillfeather"].into_iter().chain(noise(7).split(' ').take(5)) {
        assert_eq!(holding(server.dir(), words), [] as [PathBuf; 0]);
    }
}

/// A copy that a user put below the archive is named, also where it is packed in the same way, and is left to the user.
#[test]
fn a_copy_of_a_packed_file_is_found_and_named() {
    let (archive, _web) = archive(&[]);
    let root = archive.root();
    let stamp = first(&root);
    let args = [PAGE, "--at", stamp.as_str(), "--reason", "by order of a court"];
    let report = purge(&root, &[&args[..], &["--dry-run"]].concat());
    let file = json_lines(&report)[0]["file"].as_str().unwrap().to_owned();
    let copy = root.join("backup");
    std::fs::create_dir_all(&copy).unwrap();
    std::fs::copy(root.join("warc").join(&file), copy.join(&file)).unwrap();
    let done = purge(&root, &args);
    assert_eq!(done.status.code(), Some(4), "{}{}", stdout(&done), stderr(&done));
    assert!(stderr(&done).contains(&format!("backup/{file}")), "{}", stderr(&done));
}

/// A tombstone that is missing or was changed, and a record that was changed in its place, are found.
#[test]
fn a_purge_cannot_hide_changed_records() {
    let (archive, _web) = archive(&["warc.compression=none"]);
    let root = archive.root();
    let stamp = first(&root);
    let done = purge(&root, &[PAGE, "--at", &stamp, "--reason", "by order of a court"]);
    assert!(done.status.success(), "{}", stderr(&done));
    let errors = || {
        let rule = |finding: &Value| finding["rule"].as_str().unwrap().to_owned();
        findings(&root).iter().filter(|f| f["severity"] == "error").map(rule).collect::<Vec<_>>()
    };
    assert_eq!(errors(), [] as [&str; 0]);
    let dir = root.join("evidence/tombstones");
    let kept = std::fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
    let sound = std::fs::read_to_string(&kept).unwrap();
    for changed in
        [sound.replace("a court", "a friend"), sound.replace("offset ", "offset 1"), String::new()]
    {
        std::fs::write(&kept, changed).unwrap();
        assert!(errors().contains(&"tombstone".to_owned()), "{:?}", errors());
    }
    std::fs::write(&kept, &sound).unwrap();
    let file = json_lines(&done)[0]["file"].as_str().unwrap().to_owned();
    let offset = usize::try_from(json_lines(&done)[0]["offset"].as_u64().unwrap()).unwrap();
    let path = root.join("warc").join(file);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = offset + bytes[offset..].windows(7).position(|w| w == b"purged\r").unwrap();
    bytes[at] = b'P';
    std::fs::write(&path, bytes).unwrap();
    assert!(errors().contains(&"file-changed".to_owned()), "{:?}", errors());
}

#[test]
fn an_answer_with_another_capture_reports_the_removed_one() {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    for words in [SECRET, "The minister was not seen at the harbour after all."] {
        web.page("a.example", "/story", &article(words));
        archive.crawl(&[PAGE]);
        archive.later(std::time::Duration::from_secs(3600));
    }
    let root = archive.root();
    let stamp = first(&root);
    let done = purge(&root, &[PAGE, "--at", &stamp, "--reason", "by order of a court"]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let shown = pressmark(&root, &["show", PAGE, "--at", &stamp]);
    assert!(stdout(&shown).contains("was not seen"), "{}{}", stdout(&shown), stderr(&shown));
    let said = stderr(&shown);
    assert!(said.contains("by order of a court; showing the one of "), "{said}");
    // Without a time, the newest is meant. Where that was removed, an older one is shown, with a message; where all are, none.
    let newest = purge(&root, &[PAGE, "--at", "2025110501", "--reason", "by another order"]);
    assert_eq!(newest.status.code(), Some(0), "{}", stderr(&newest));
    let shown = pressmark(&root, &["show", PAGE]);
    assert_eq!(shown.status.code(), Some(3), "{}{}", stdout(&shown), stderr(&shown));
    assert!(stderr(&shown).contains("by another order"), "{}", stderr(&shown));
    assert!(!stderr(&shown).contains("failed"), "{}", stderr(&shown));
}

/// Whoever asks for what was removed, or for what lost its payload with it, is told so, with the reason; nothing is reported as
/// damaged, and what is left is an answer as before.
#[test]
fn every_answer_reports_what_was_removed() {
    const WHY: &str = "by order of a court, 7 O 12/25";
    let (archive, _web) = archive(&[]);
    let root = archive.root();
    read_all(&root);
    let done = purge(&root, &[PAGE, "--at", &first(&root), "--reason", WHY]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));

    let captures = json_lines(&pressmark(&root, &["captures", PAGE, "--format", "json"]));
    let reasons: Vec<_> = captures.iter().map(|one| one["removed"]["reason"].as_str()).collect();
    assert_eq!(reasons, [Some(WHY), Some(WHY), None]);
    // What only referred to it: no command says that anything is damaged, or elsewhere.
    for args in [
        &["cite", SAME][..],
        &["quotes", SAME],
        &["blame", SAME],
        &["diff", SAME],
        &["show", SAME],
        &["show", SAME, "--as", "html"],
        &["cite", PAGE, "--at", captures[1]["timestamp"].as_str().unwrap()],
        &["blame", PAGE, "--at", captures[1]["timestamp"].as_str().unwrap()],
    ] {
        let done = pressmark(&root, args);
        let said = stderr(&done);
        assert_eq!(done.status.code(), Some(3), "{args:?}: {}{said}", stdout(&done));
        assert!(said.contains(WHY), "{args:?}: {said}");
        assert!(!said.contains("verify") && !said.contains("import"), "{args:?}: {said}");
    }
    for args in [
        &["history", PAGE][..],
        &["history", SAME],
        &["history", SAME, "--format", "json"],
        &["changes"],
        &["when", "ferries"],
        &["quotes"],
        &["cite", PAGE],
    ] {
        let done = pressmark(&root, args);
        let said = stderr(&done);
        assert!(!said.contains("cannot be read") && !said.contains("left out"), "{args:?}: {said}");
        let nothing = args.len() == 1;
        assert!(done.status.success() || nothing, "{args:?}: {}{said}", stdout(&done));
    }
    let history = json_lines(&pressmark(&root, &["history", SAME, "--format", "json"]));
    assert_eq!(history[0]["removed"][0]["reason"], WHY);
    // A bundle of the reference is made, and says what it lacks.
    let bundle = root.parent().unwrap().join("same.zip");
    let done = pressmark(&root, &["prove", SAME, "-o", bundle.to_str().unwrap()]);
    assert!(done.status.success() && stderr(&done).contains(WHY), "{}", stderr(&done));
    let contents = pressmark::evidence::bundle::read_bundle(&bundle).unwrap();
    let (_, page) = contents.iter().find(|(name, _)| name == "certificate.html").unwrap();
    let page = String::from_utf8_lossy(page);
    assert!(page.contains("not in this bundle") && page.contains(WHY), "{page}");
    assert!(!page.contains("both are in this bundle"), "{page}");

    let server = start(&root);
    let get = |path: &str| ask(server.address, path);
    let stamps: Vec<&str> = captures.iter().map(|one| one["timestamp"].as_str().unwrap()).collect();
    for path in [
        format!("/api/show?url={PAGE}&at={}", stamps[0]),
        format!("/api/show?url={PAGE}&at={}", stamps[1]),
        format!("/api/cite?url={PAGE}&at={}", stamps[0]),
        format!("/api/blame?url={PAGE}&at={}", stamps[0]),
        format!("/api/quotes?url={PAGE}&at={}", stamps[1]),
        format!("/api/diff?url={PAGE}&from={}&to={}", stamps[0], stamps[2]),
        format!("/api/show?url={SAME}"),
        format!("/api/cite?url={SAME}"),
        format!("/page?url={SAME}"),
        format!("/web/{SAME}"),
        format!("/web/timemap/link/{SAME}"),
    ] {
        let answer = get(&path);
        assert_eq!(answer.status, 410, "{path}: {}", answer.text());
        assert!(answer.text().contains(WHY), "{path}: {}", answer.text());
    }
    let answer = get(&format!("/api/history?url={SAME}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains(WHY), "{}", answer.text());
    let page = get(&format!("/page?url={PAGE}"));
    assert!(
        page.text().contains(WHY) && !page.text().contains("cannot be read"),
        "{}",
        page.text()
    );
    assert!(!page.text().contains(" failed"), "{}", page.text());
    assert!(!get("/").text().contains("cannot be read"));

    // Who asks for a memento is not led to one that cannot be shown.
    let map = get(&format!("/web/timemap/link/{PAGE}")).text();
    assert!(map.contains(stamps[2]) && !map.contains(stamps[1]), "{map}");
    let near = [("Accept-Datetime", "Wed, 05 Nov 2025 01:00:00 GMT")];
    let gate = ask_with(server.address, "GET", &format!("/web/{PAGE}"), &near);
    assert_eq!(gate.status, 302, "{}", gate.text());
    assert!(gate.header("location").unwrap().contains(stamps[2]), "{:?}", gate.header("location"));
    let near = get(&format!("/wayback/available?url={PAGE}&timestamp={}", stamps[1])).text();
    assert!(near.contains(stamps[2]), "{near}");
    let none = get(&format!("/wayback/available?url={SAME}")).text();
    assert!(!none.contains("available\":true"), "{none}");
}

/// The document that a browser made of a page, its text and its pictures show it as well, also where the page was captured as
/// a reference to an earlier capture.
#[test]
fn what_a_browser_made_of_a_page_goes_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    assert!(pressmark(&root, &["init"]).status.success());
    let at = [
        "2025-11-05T00:00:00Z",
        "2025-11-05T00:00:05Z",
        "2025-11-06T00:00:00Z",
        "2025-11-06T00:00:05Z",
    ];
    let rendered = |n: u32| article(&format!("{SECRET} A script added line {n}."));
    let later = "The minister was not seen at the harbour after all, and nobody says so.";
    Warc::new()
        .page(PAGE, at[0], &article(SECRET))
        .rendering(PAGE, at[1], &rendered(1), &format!("{SECRET} And more, the first time."))
        .revisit(PAGE, at[2], (PAGE, at[0]), &article(SECRET))
        .rendering(PAGE, at[3], &rendered(2), &format!("{SECRET} And more, the second time."))
        .page(PAGE, "2025-11-07T00:00:00Z", &article(later))
        .rendering(PAGE, "2025-11-07T00:00:05Z", &article(later), later)
        .write(&root, "rendered.warc");
    let extend = pressmark(&root, &["evidence", "extend"]);
    assert!(extend.status.success(), "{}", stderr(&extend));
    // The day has the capture and its rendering; the capture is the one that is meant.
    let done = purge(&root, &[PAGE, "--at", "20251105", "--reason", "by order of a court"]);
    assert_eq!(done.status.code(), Some(0), "{}{}", stdout(&done), stderr(&done));
    let lines = json_lines(&done);
    let of = |kind: &str| lines.iter().filter(|line| line["record_type"] == kind).count();
    assert_eq!((of("response"), of("conversion"), of("resource")), (1, 2, 2), "{lines:?}");
    assert_eq!(holding(&root, "Quillfeather"), [] as [PathBuf; 0]);
    assert!(!holding(&root, "nobody says so").is_empty(), "another version stays");
    let errors: Vec<_> =
        findings(&root).into_iter().filter(|one| one["severity"] == "error").collect();
    assert_eq!(errors, [] as [Value; 0]);
    let json = json_lines(&pressmark(&root, &["history", PAGE, "--format", "json"]));
    assert_eq!(json[0]["removed"].as_array().unwrap().len(), 2, "{}", json[0]["removed"]);
    // The ID of a rendering means its page.
    let named = purge(&root, &[PAGE, "--at", "2025-11-07T00:00:05Z", "--reason", "x", "--dry-run"]);
    assert_eq!(json_lines(&named).len(), 3, "{}{}", stdout(&named), stderr(&named));
    assert_eq!(json_lines(&named)[0]["record_type"], "response");
}

/// Captures beside a removed capture can still be proved: a redirect that leads there, a page that the robots.txt of that time
/// allowed.
#[test]
fn captures_that_lead_to_what_was_removed_are_proved_without_it() {
    const MOVED: &str = "http://a.example/moved";
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    web.page("a.example", "/story", &article(SECRET));
    web.on(
        "a.example",
        "/robots.txt",
        Reply::Bytes(ok(
            "text/plain",
            b"User-agent: *\nAllow: /\n# A comment, so that there is room for what comes here.\n",
        )),
    );
    let head = b"HTTP/1.1 302 Found\r\nLocation: /story\r\nContent-Length: 0\r\n\r\n";
    web.on("a.example", "/moved", Reply::Bytes(head.to_vec()));
    archive.crawl(&[MOVED]);
    let root = archive.root();
    let beside = tempfile::tempdir().unwrap();
    let bundle = beside.path().join("moved.zip");
    // The queue keeps the rules of a host until they are fetched again; this is named.
    for (url, code) in [(PAGE, 0), ("http://a.example/robots.txt", 4)] {
        let done = purge(&root, &[url, "--at", "2025", "--reason", "by order of a court"]);
        assert_eq!(done.status.code(), Some(code), "{}{}", stdout(&done), stderr(&done));
        assert_eq!(stderr(&done).contains("state/kv/db still holds"), code == 4);
        let prove = pressmark(&root, &["prove", MOVED, "--force", "-o", bundle.to_str().unwrap()]);
        assert!(prove.status.success(), "{}", stderr(&prove));
        let check = pressmark(&root, &["prove", "--check", bundle.to_str().unwrap()]);
        assert!(check.status.success(), "{}", stdout(&check));
    }
}

/// The steps of a purge are repeated from its journal, from any of them.
#[test]
fn a_purge_that_is_killed_goes_on() {
    let (archive, _web) = archive(&[]);
    let root = archive.root();
    read_all(&root);
    let stamp = first(&root);
    let args = [PAGE, "--at", &stamp, "--reason", "by order"];
    // Killed after this many milliseconds; whatever step it had reached, the next call completes it.
    for wait in [0_u64, 5, 10, 20, 40, 80, 160] {
        let mut child = command(&root)
            .args(["purge", "--quiet"])
            .args(args)
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        let _ = child.kill();
        let _ = child.wait();
        let resumed = pressmark(&root, &["purge", "--resume"]);
        let begun = resumed.status.code() == Some(0);
        assert!(begun || resumed.status.code() == Some(3), "{}", stderr(&resumed));
        if begun || holding(&root, "Quillfeather").is_empty() {
            break;
        }
    }
    // Where no kill came in between, it is done now.
    let done = purge(&root, &args);
    assert!(matches!(done.status.code(), Some(0 | 3)), "{}", stderr(&done));
    assert_eq!(holding(&root, "Quillfeather"), [] as [PathBuf; 0]);
    assert!(findings(&root).iter().all(|f| f["severity"] != "error"), "{:?}", findings(&root));
    assert!(!root.join("evidence/purge.json").exists());
}

#[test]
fn a_purge_says_what_is_wrong_with_it() {
    let (archive, _web) = archive(&[]);
    let root = archive.root();
    // Without blanks, as orders in some languages are written.
    let long = "判".repeat(700);
    for (args, code, words) in [
        (&[PAGE][..], 2, "--at"),
        (&[PAGE, "--at", "2025"], 2, "--reason"),
        (&[PAGE, "--at", "2025", "--reason", "  \n"], 2, "--reason"),
        (&[PAGE, "--at", "2025", "--reason", long.as_str()], 2, "fewer than 2000 are allowed"),
        (&[PAGE, "--at", "2025", "--reason", "x"], 2, "3 captures"),
        (&[PAGE, "--at", "2024", "--reason", "x"], 3, "no capture"),
        (&["http://b.example/", "--at", "2025", "--reason", "x"], 3, "no capture"),
        (&["--resume"], 3, "no purge was interrupted"),
        (&["--resume", PAGE], 2, "cannot be used with"),
    ] {
        let output = purge(&root, args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }
}
