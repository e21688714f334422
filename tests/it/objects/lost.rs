//! Objects that are lost, a storage that is away or is no longer the one that the settings name, and a prefix that is
//! another archive's.

use std::collections::BTreeMap;
use std::process::Output;

use super::removed::evicted;
use super::{Kept, site};
use crate::support::cli::{command, json_lines, stderr, stdout};
use crate::support::s3::{Fault, S3, Stored};

const ALL: &[&str] = &["captures", "http://news.example/", "--match", "host", "--format", "json"];
const MARK: &str = "news/written-by";

fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(output), stderr(output));
}

/// The objects of WARC files.
fn files(server: &S3) -> BTreeMap<String, Stored> {
    server.objects().into_iter().filter(|(key, _)| key.ends_with(".warc.gz")).collect()
}

#[test]
fn reindex_leaves_a_lost_file_out_and_reads_it_when_it_is_back() {
    let server = S3::start();
    let (kept, ..) = evicted(&server);
    let before = stdout(&kept.run(ALL));
    let (key, lost) = files(&server).into_iter().next().unwrap();
    let name = key.rsplit('/').next().unwrap().to_owned();
    let gone = key.clone();
    server.change(move |objects| drop(objects.remove(&gone)));
    for _ in 0..2 {
        let rebuilt = kept.run(&["reindex", "--format", "json"]);
        assert_code(&rebuilt, 4);
        assert_eq!(json_lines(&rebuilt)[0]["left_out"][0]["file"], *name);
        let asked = kept.run(ALL);
        assert_code(&asked, 0);
        assert!(stderr(&asked).contains(&name), "{}", stderr(&asked));
        // What the earlier index had of it is kept.
        assert_eq!(stdout(&asked), before);
    }
    for page in 0..12 {
        let shown = kept.run(&["show", &format!("http://news.example/p/{page}"), "--as", "text"]);
        assert!(matches!(shown.status.code(), Some(0 | 1)), "{}", stderr(&shown));
    }
    assert_code(&kept.run(&["status"]), 0);
    assert_code(&kept.send(), 0);
    // Without an index the rest is found, and the check runs.
    std::fs::remove_dir_all(kept.root().join("index")).unwrap();
    let rest = kept.run(ALL);
    assert_code(&rest, 0);
    assert!(stdout(&rest).lines().count() < before.lines().count());
    let verified = kept.run(&["verify", "--format", "json"]);
    assert_code(&verified, 4);
    let found = json_lines(&verified);
    assert!(found.iter().any(|f| f["rule"] == "unreadable" && f["file"] == *name), "{found:?}");
    assert_code(&kept.send(), 0);
    server.change(move |objects| drop(objects.insert(key, lost)));
    assert_eq!(stdout(&kept.run(ALL)), before);
    assert_code(&kept.run(&["verify"]), 0);
    assert_code(&kept.run(&["reindex"]), 0);
}

#[test]
fn reindex_without_the_storage_leaves_the_index_as_it_is() {
    let server = S3::start();
    let (kept, ..) = evicted(&server);
    let before = stdout(&kept.run(ALL));
    let unset = |args: &[&str]| command(&kept.root()).args(args).output().unwrap();
    let rebuilt = unset(&["reindex"]);
    assert_code(&rebuilt, 1);
    assert!(stderr(&rebuilt).contains("nothing was changed"), "{}", stderr(&rebuilt));
    assert_eq!(stdout(&unset(ALL)), before);
    server.script(|_| Some(Fault::Refuse(403, "AccessDenied")));
    let asked = server.asked().len();
    assert_code(&kept.run(&["reindex"]), 1);
    assert_eq!(server.asked().len(), asked + 1, "a storage that refuses is asked once");
    assert_eq!(stdout(&kept.run(ALL)), before);
    // With a file here, that one is read, and the captures of the others are kept.
    server.script(|_| None);
    let (key, first) = files(&server).into_iter().next().unwrap();
    let path = kept.root().join(key.strip_prefix("news/").unwrap());
    std::fs::write(&path, &first.bytes).unwrap();
    server.script(|_| Some(Fault::Refuse(403, "AccessDenied")));
    assert_code(&kept.run(&["reindex"]), 4);
    let asked = kept.run(ALL);
    assert_eq!((asked.status.code(), stdout(&asked)), (Some(0), before));
    assert!(matches!(kept.run(&["verify"]).status.code(), Some(4)));
}

#[test]
fn files_are_sent_to_the_storage_that_the_settings_name_now() {
    let server = S3::start();
    let kept = Kept::new(&server.endpoint());
    kept.fill(&site(100));
    assert_code(&kept.send(), 0);
    let count = files(&server).len();
    let kept = kept.set("store.remote=s3://bucket/elsewhere");
    let sent = kept.send();
    assert_code(&sent, 0);
    assert!(stderr(&sent).contains("store.remote was s3://bucket/news"), "{}", stderr(&sent));
    assert_eq!(files(&server).len(), 2 * count, "{}", stderr(&sent));
    assert_eq!(kept.remote()["verified"]["files"], count);
    let again = kept.send();
    assert!(!stderr(&again).contains("store.remote was"), "{}", stderr(&again));
}

#[test]
fn files_that_are_only_in_the_storage_before_are_named_and_found_again() {
    let server = S3::start();
    let (kept, ..) = evicted(&server);
    let before = stdout(&kept.run(ALL));
    let endpoint = kept.endpoint.clone();
    let kept = kept.set("store.remote=s3://bucket/elsewhere");
    let sent = kept.send();
    assert_code(&sent, 0);
    assert!(stderr(&sent).contains("are only in s3://bucket/news"), "{}", stderr(&sent));
    let verified = kept.run(&["verify", "--format", "json"]);
    assert_code(&verified, 4);
    assert!(json_lines(&verified).iter().any(|f| f["rule"] == "remote-missing"));
    let back = Kept { dir: kept.dir, endpoint, sets: Vec::new() };
    assert_eq!(stdout(&back.run(ALL)), before);
    assert_code(&back.run(&["verify"]), 0);
}

#[test]
fn a_prefix_of_another_archive_is_not_used() {
    let server = S3::start();
    let (first, second) = (Kept::new(&server.endpoint()), Kept::new(&server.endpoint()));
    first.fill(&site(100));
    assert_code(&first.send(), 0);
    let id = std::fs::read(first.root().join("ARCHIVE-ID")).unwrap();
    assert_eq!(server.objects()[MARK].bytes, id);
    second.fill(&site(100));
    let before = server.objects().len();
    let refuses = |kept: &Kept, words: &str| {
        let refused = kept.send();
        assert_code(&refused, 2);
        assert!(stderr(&refused).contains(words), "{}", stderr(&refused));
        assert_eq!(server.objects().len(), before);
    };
    refuses(&second, "belongs to another archive");
    // An archive that already relies on the prefix keeps its files.
    let third = Kept::new(&server.endpoint()).evicting();
    third.fill(&site(100));
    std::fs::create_dir_all(third.root().join("remote")).unwrap();
    std::fs::write(third.root().join("remote/files"), "").unwrap();
    let (sent, here) = (third.send(), third.here().len());
    assert!(stderr(&sent).contains("belongs to another archive"), "{}", stderr(&sent));
    assert!(here > 0);
    assert_eq!(server.objects().len(), before);
}

#[test]
fn a_prefix_from_before_it_named_its_archive_is_taken_by_the_archive_that_has_files_there() {
    let server = S3::start();
    let (first, second) = (Kept::new(&server.endpoint()), Kept::new(&server.endpoint()));
    first.fill(&site(100));
    assert_code(&first.send(), 0);
    second.fill(&site(100));
    // As an earlier program left it.
    server.change(|objects| drop(objects.remove(MARK)));
    std::fs::remove_file(first.root().join("ARCHIVE-ID")).unwrap();
    let ledger = first.root().join("remote/files");
    let lines = std::fs::read_to_string(&ledger).unwrap();
    let old: Vec<&str> = lines.lines().filter(|line| !line.contains("\"place\"")).collect();
    std::fs::write(&ledger, old.join("\n") + "\n").unwrap();
    let refused = second.send();
    assert_code(&refused, 2);
    assert!(stderr(&refused).contains("not of this archive"), "{}", stderr(&refused));
    assert!(!server.objects().contains_key(MARK));
    assert_code(&first.send(), 0);
    let id = std::fs::read(first.root().join("ARCHIVE-ID")).unwrap();
    assert_eq!(server.objects()[MARK].bytes, id);
    assert_code(&second.send(), 2);
}
