//! A record whose bytes are not those of its digests is refused by every command that reads it, with
//! the file and the place.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pressmark::base::Clock;

use crate::support::archive::{Archive, files, records_of};
use crate::support::cli::{pressmark, stderr, stdout};
use crate::support::rewrite::rewrite;
use crate::support::web::{Reply, Web, ok};

const STORY: &str = "http://a.example/story";
const SAME: &str = "http://a.example/same";

fn page(count: usize) -> String {
    format!(
        "<title>Bridge closed</title><article><h1>Bridge closed</h1><p>The bridge was closed on Monday after an inspection found {} cracks in it.</p><p>“It stays closed,” the mayor said.</p></article>",
        count + 3
    )
}

/// Two versions of a story, and a page that stays the same and is then a revisit; each capture in a
/// file of its own.
fn archive() -> (Archive, Web) {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    let story = |_: &str, times: usize| ok("text/html; charset=utf-8", page(times).as_bytes());
    web.on("a.example", "/story", Reply::Made(Arc::new(story)));
    web.page("a.example", "/same", &page(7));
    for url in [STORY, STORY, SAME, SAME] {
        archive.crawl(&[url]);
        archive.later(Duration::from_hours(24));
    }
    (archive, web)
}

/// The file with the nth record of this type about this URI.
fn file_of(root: &Path, kind: &str, uri: &str, n: usize) -> PathBuf {
    let holds = |path: &PathBuf| records_of(path).iter().any(|kept| kept.is(kind, uri));
    files(root).into_iter().filter(holds).nth(n).unwrap()
}

/// Changes a response's block to one of the same length, so that all places stay; its member may get
/// longer, and so it must be read from where it begins.
fn forge(path: &Path, kind: &str, uri: &str) {
    rewrite(path, |kept| {
        if kept.is(kind, uri) {
            let text = String::from_utf8(kept.block.clone()).unwrap();
            let forged = text.replace("closed on Monday", "opened on Sunday");
            assert_ne!(text, forged);
            kept.block = forged.into_bytes();
        }
    });
}

fn offset_of(archive: &Archive, url: &str, n: usize) -> (String, u64) {
    let entry = &archive.captures(url)[n];
    (archive.reader().file_name(entry).to_string(), entry.offset)
}

#[test]
fn a_body_that_was_changed_is_refused_by_every_command_with_its_place() {
    let (archive, _web) = archive();
    let root = archive.root();
    let (name, offset) = offset_of(&archive, STORY, 1);
    forge(&file_of(&root, "response", STORY, 1), "response", STORY);
    let bundle = root.with_extension("zip").display().to_string();
    let commands: &[&[&str]] = &[
        &["show", STORY],
        &["show", STORY, "--as", "html"],
        &["show", STORY, "--as", "http"],
        &["show", STORY, "--as", "record"],
        &["show", STORY, "--as", "json"],
        &["cite", STORY],
        &["cite", STORY, "--quote", "opened on Sunday"],
        &["diff", STORY],
        &["blame", STORY],
        &["quotes", STORY],
        &["prove", STORY, "-o", &bundle],
    ];
    for command in commands {
        let done = pressmark(&root, command);
        let (said, printed) = (stderr(&done), stdout(&done));
        assert_eq!(done.status.code(), Some(1), "{command:?}: {printed}{said}");
        assert!(!printed.contains("Sunday"), "{command:?}: {printed}");
        let place =
            format!("the record at {offset} in {name} cannot be read: the block has the digest");
        assert!(said.contains(&place), "{command:?}: {said}");
    }
    // The other version is unaffected, and a history names the one that it omits.
    let first = ["cite", STORY, "--at", "20251105000000"];
    assert_eq!(pressmark(&root, &first).status.code(), Some(0));
    // A reading made while the record was sound is still used: a history shows what pages said.
    let remembered = pressmark(&root, &["history", STORY]);
    assert_eq!(remembered.status.code(), Some(0), "{}", stderr(&remembered));
    std::fs::remove_dir_all(root.join("derived")).unwrap();
    let history = pressmark(&root, &["history", STORY]);
    assert_eq!(history.status.code(), Some(4), "{}", stderr(&history));
    assert!(stdout(&history).contains("1 version in 1 capture"), "{}", stdout(&history));
    let left_out = format!("left out: the record at {offset} in {name}");
    assert!(stderr(&history).contains(&left_out), "{}", stderr(&history));
    forge(&file_of(&root, "response", STORY, 0), "response", STORY);
    std::fs::remove_dir_all(root.join("derived")).unwrap();
    for command in ["history", "diff", "blame"] {
        let done = pressmark(&root, &[command, STORY]);
        assert_eq!(done.status.code(), Some(1), "{command}: {}", stdout(&done));
        assert!(stderr(&done).contains("the block has the digest"), "{}", stderr(&done));
    }
}

#[test]
fn a_revisit_of_a_body_that_was_changed_is_refused_with_the_place_of_that_body() {
    let (archive, _web) = archive();
    let root = archive.root();
    let (name, offset) = offset_of(&archive, SAME, 0);
    forge(&file_of(&root, "response", SAME, 0), "response", SAME);
    for command in [&["show", SAME][..], &["cite", SAME], &["quotes", SAME]] {
        let done = pressmark(&root, command);
        assert_eq!(done.status.code(), Some(1), "{command:?}: {}", stdout(&done));
        let place = format!("the record at {offset} in {name}");
        assert!(stderr(&done).contains(&place), "{command:?}: {}", stderr(&done));
    }
}

/// The record with the payload of a revisit is damaged, or present and unreadable, or absent; only the
/// last is reported as missing.
#[test]
fn the_original_of_a_revisit_is_reported_as_missing_only_where_it_is() {
    let show = |root: &Path| {
        let done = pressmark(root, &["show", SAME]);
        assert_eq!(done.status.code(), Some(1), "{}", stdout(&done));
        stderr(&done)
    };
    let missing = "the record that holds the payload is not in this archive";
    let (archive, _web) = archive();
    let root = archive.root();
    let (name, offset) = offset_of(&archive, SAME, 0);
    let place = format!("the record at {offset} in {name} cannot be read");
    let path = file_of(&root, "response", SAME, 0);
    let whole = std::fs::read(&path).unwrap();
    let mut cut = whole.clone();
    cut.truncate(usize::try_from(offset).unwrap() + 40);
    let mut flipped = whole;
    flipped[usize::try_from(offset).unwrap() + 60..][..40].iter_mut().for_each(|b| *b ^= 0x55);
    for damaged in [Vec::new(), cut, flipped] {
        std::fs::write(&path, damaged).unwrap();
        let said = show(&root);
        assert!(said.contains(&place) && !said.contains(missing), "{said}");
    }
    std::fs::remove_file(&path).unwrap();
    let said = show(&root);
    assert!(said.contains(missing), "{said}");
    std::os::unix::fs::symlink(&name, &path).unwrap();
    let said = show(&root);
    assert!(said.contains(&place) && !said.contains(missing), "{said}");
}

/// The digest of the block corrected, and that of the payload not; and both, against the index.
#[test]
fn partly_corrected_digests_are_refused() {
    for (mended, said) in [
        (&["WARC-Block-Digest"][..], "but the record says"),
        (&["WARC-Block-Digest", "WARC-Payload-Digest"], "but the index says"),
    ] {
        let (archive, _web) = archive();
        let root = archive.root();
        let path = file_of(&root, "response", STORY, 1);
        forge(&path, "response", STORY);
        rewrite(&path, |kept| {
            if kept.is("response", STORY) {
                let sum = |bytes: &[u8]| {
                    pressmark::base::DigestAlgorithm::Sha256.digest(bytes).to_string()
                };
                let body = kept.block.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
                let (block, payload) = (sum(&kept.block), sum(&kept.block[body..]));
                for name in mended {
                    let value = if *name == "WARC-Block-Digest" { &block } else { &payload };
                    kept.fields.set(name, value.clone());
                }
            }
        });
        let done = pressmark(&root, &["cite", STORY]);
        assert_eq!(done.status.code(), Some(1), "{}", stdout(&done));
        let err = stderr(&done);
        assert!(err.contains("the payload has the digest") && err.contains(said), "{err}");
    }
}

/// Digests that other programs computed over chunked bodies are accepted, and not reported as damage.
#[test]
fn a_digest_over_the_chunks_is_not_damage() {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    let body = page(0);
    let coded = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n";
    let bytes = format!("{head}{coded}").into_bytes();
    web.on("a.example", "/story", Reply::Bytes(bytes));
    archive.crawl(&[STORY]);
    let root = archive.root();
    rewrite(&file_of(&root, "response", STORY, 0), |kept| {
        if kept.is("response", STORY) {
            let counted = pressmark::base::DigestAlgorithm::Sha1.digest(coded.as_bytes());
            kept.fields.set("WARC-Payload-Digest", counted.to_string());
        }
    });
    std::fs::remove_dir_all(root.join("index")).unwrap();
    let shown = pressmark(&root, &["show", STORY]);
    assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
    assert!(stdout(&shown).contains("found 3 cracks"));
}

#[test]
fn a_page_whose_file_was_lost_is_captured_whole_again() {
    let (archive, _web) = archive();
    let lost = file_of(&archive.root(), "response", SAME, 0);
    std::fs::remove_file(lost).unwrap();
    archive.crawl(&[SAME]);
    let shown = pressmark(&archive.root(), &["show", SAME, "--as", "html"]);
    assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
    assert_eq!(stdout(&shown), page(7));
}
