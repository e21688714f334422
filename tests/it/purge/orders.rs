//! Orders beside other processes, after a kill, after a backup was restored, and where the text is there in another coding.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pressmark::base::{Clock, DigestAlgorithm};
use pressmark::crawl::{Observer, Stop};
use pressmark::store::{Layout, Lock};
use serde_json::Value;

use super::{
    OTHER, PAGE, SECRET, all_files, archive, article, findings, first, holding, noise, purge,
};
use crate::support::archive::{Archive, files, job};
use crate::support::cli::{command, json_lines, pressmark, stderr, stdout};
use crate::support::web::{Reply, Web};

/// The records and the log, with their bytes.
fn kept(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let dirs = ["warc", "evidence"];
    let files = dirs.iter().flat_map(|dir| all_files(&root.join(dir)));
    let is_kept = |path: &PathBuf| path.file_name().is_some_and(|name| name != "lock");
    files.filter(is_kept).map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}

/// Without the time of the removal, which is when the order was first carried out.
fn reported(output: &std::process::Output) -> Vec<Value> {
    let mut lines = json_lines(output);
    for line in &mut lines {
        line.as_object_mut().unwrap().remove("removed");
    }
    lines
}

#[test]
fn a_refused_purge_leaves_nothing_that_a_later_one_would_carry_out() {
    let (archive, _web) = archive(&[]);
    let root = archive.root();
    let stamp = first(&root);
    let args = [PAGE, "--at", stamp.as_str(), "--reason", "the wrong page"];
    let before = kept(&root);
    let refused = |what: &str, hint: &str| {
        let output = purge(&root, &args);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let said = stderr(&output);
        assert!(said.contains(what) && said.contains(hint), "{said}");
        assert_eq!(stdout(&output), "");
        let after = kept(&root);
        let changed: Vec<_> =
            after.keys().filter(|path| before.get(*path) != after.get(*path)).collect();
        assert!(changed.is_empty() && before.len() == after.len(), "{changed:?}");
    };
    let writer = Lock::take(&Layout::new(&root)).unwrap();
    refused("another process writes to this archive", "stop it");
    drop(writer);
    // A server, whether it owns the index or asks another process for it.
    let mut serve = command(&root);
    serve.args(["serve", "--bind", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut serve = serve.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(serve.stdout.take().unwrap()).read_line(&mut line).unwrap();
    refused("a server or another command that reads this archive", "stop `serve`");
    // A dry run only reads.
    let dry = purge(&root, &[&args[..], &["--dry-run"]].concat());
    assert_eq!(json_lines(&dry).len(), 1, "{}", stderr(&dry));
    serve.kill().unwrap();
    serve.wait().unwrap();
    let other = purge(&root, &[OTHER, "--at", "2025", "--reason", "the right page"]);
    assert_eq!(other.status.code(), Some(0), "{}", stderr(&other));
    let urls: Vec<_> = json_lines(&other).iter().map(|line| line["url"].clone()).collect();
    assert_eq!(urls, [OTHER]);
    let shown = pressmark(&root, &["show", PAGE, "--at", &stamp]);
    assert!(stdout(&shown).contains("Quillfeather"), "{}", stderr(&shown));
}

/// The rewritten file is there, and the index cannot be set aside: a purge that stopped half way.
fn interrupted(root: &Path, args: &[&str]) {
    let aside = root.join("set-aside");
    let _ = std::fs::remove_dir_all(&aside);
    std::fs::write(&aside, b"").unwrap();
    let output = purge(root, args);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("purge --resume"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    std::fs::remove_file(&aside).unwrap();
    std::fs::create_dir_all(&aside).unwrap();
    assert!(root.join("evidence/purge.json").exists());
    // The journal has no byte of what was removed.
    assert_eq!(holding(&root.join("evidence"), "Quillfeather"), [] as [PathBuf; 0]);
}

#[test]
fn the_same_order_completes_an_interrupted_purge_and_says_the_same() {
    let (archive, _web) = archive(&[]);
    let root = archive.root();
    let stamp = first(&root);
    let args = [PAGE, "--at", stamp.as_str(), "--reason", "by order of a court"];
    let expected = reported(&purge(&root, &[&args[..], &["--dry-run"]].concat()));
    let copy = root.join("copy.html");
    std::fs::write(&copy, article(SECRET)).unwrap();
    interrupted(&root, &args);
    let done = purge(&root, &args);
    // The search for what was removed is made as if nothing had happened.
    assert_eq!(done.status.code(), Some(4), "{}", stderr(&done));
    assert_eq!(reported(&done), expected);
    for words in ["copy.html still holds", "2 other captures of the same content", "was completed"]
    {
        assert!(stderr(&done).contains(words), "{}", stderr(&done));
    }
    std::fs::remove_file(&copy).unwrap();
    assert_eq!(holding(&root, "Quillfeather"), [] as [PathBuf; 0]);
    assert_eq!(findings(&root), [] as [Value; 0]);
    assert!(!root.join("evidence/purge.json").exists());
    let again = purge(&root, &args);
    assert_eq!(again.status.code(), Some(3), "{}", stderr(&again));
}

#[test]
fn another_order_lists_what_it_completed_first() {
    // A second order that stops half way loses nothing of the first.
    let (archive, _web) = archive(&[]);
    let root = archive.root();
    interrupted(&root, &[PAGE, "--at", &first(&root), "--reason", "x"]);
    let order = [OTHER, "--at", "2025", "--reason", "y"];
    let dry = json_lines(&purge(&root, &[&order[..], &["--dry-run"]].concat())).remove(0);
    let digest = DigestAlgorithm::Sha256.digest(dry["file"].as_str().unwrap().as_bytes());
    let file: String = digest.as_bytes()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    // Its tombstone cannot be kept.
    let tombstone = root.join(format!("evidence/tombstones/{file}-{}", dry["offset"]));
    std::fs::create_dir(&tombstone).unwrap();
    let stopped = purge(&root, &order);
    assert_eq!((stopped.status.code(), stdout(&stopped)), (Some(1), String::new()));
    std::fs::remove_dir(&tombstone).unwrap();
    let done = purge(&root, &["--resume"]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let urls: Vec<_> = json_lines(&done).iter().map(|line| line["url"].clone()).collect();
    assert_eq!(urls, [PAGE, OTHER]);
    for (order, code, also) in [
        (&[OTHER, "--at", "2025", "--reason", "y"][..], 0, Some(OTHER)),
        (&["http://b.example/", "--at", "2025", "--reason", "y"], 3, None),
        (&["--resume"], 0, None),
    ] {
        let (archive, _web) = super::archive(&[]);
        let root = archive.root();
        let stamp = first(&root);
        interrupted(&root, &[PAGE, "--at", &stamp, "--reason", "x"]);
        let done = purge(&root, order);
        assert_eq!(done.status.code(), Some(code), "{order:?}: {}", stderr(&done));
        let urls: Vec<_> = json_lines(&done).iter().map(|line| line["url"].clone()).collect();
        assert_eq!(urls, [PAGE].into_iter().chain(also).collect::<Vec<_>>(), "{order:?}");
        assert_eq!(holding(&root, "Quillfeather"), [] as [PathBuf; 0]);
        assert!(!root.join("evidence/purge.json").exists());
    }
}

/// A kill at any moment: the same order then ends with 0 and the same output, unless that was printed already.
#[test]
fn an_order_is_repeated_after_a_kill_at_any_moment() {
    let (archive, _web) = archive(&[]);
    let stamp = first(&archive.root());
    let args = [PAGE, "--at", stamp.as_str(), "--reason", "by order of a court"];
    let expected = reported(&purge(&archive.root(), &[&args[..], &["--dry-run"]].concat()));
    for wait in [10_u64, 40, 80, 120, 200, 300, 450, 700] {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("archive");
        let copied =
            std::process::Command::new("cp").arg("-a").arg(archive.root()).arg(&root).status();
        assert!(copied.unwrap().success());
        let mut child = command(&root);
        child
            .args(["purge", "--format", "json"])
            .args(args)
            .stderr(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = child.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let _ = child.kill();
        let killed = child.wait_with_output().unwrap();
        let again = purge(&root, &args);
        match again.status.code() {
            Some(3) => assert_eq!(reported(&killed), expected, "{wait}: {}", stderr(&again)),
            code => {
                assert_eq!(code, Some(0), "{wait}: {}", stderr(&again));
                assert_eq!(reported(&again), expected, "{wait}: {}", stderr(&again));
            }
        }
        assert_eq!(holding(&root, "Quillfeather"), [] as [PathBuf; 0]);
    }
}

#[test]
fn a_record_that_came_back_with_a_backup_is_found_and_removed_again() {
    let (archive, _web) = archive(&[]);
    let root = archive.root();
    let stamp = first(&root);
    let args = [PAGE, "--at", stamp.as_str(), "--reason", "by order of a court"];
    let before: Vec<_> =
        files(&root).into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect();
    assert_eq!(purge(&root, &args).status.code(), Some(0));
    for _ in 0..2 {
        for (bytes, path) in &before {
            std::fs::write(path, bytes).unwrap();
        }
        let found = findings(&root);
        let back: Vec<_> = found.iter().filter(|one| one["rule"] == "record-restored").collect();
        assert_eq!(back.len(), 1, "{found:?}");
        assert!(back[0]["what"].as_str().unwrap().contains(PAGE), "{back:?}");
        assert!(pressmark(&root, &["reindex"]).status.success());
        let again = purge(&root, &args);
        assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
        assert_eq!(holding(&root, "Quillfeather"), [] as [PathBuf; 0]);
        assert_eq!(findings(&root), [] as [Value; 0]);
    }
    assert_eq!(std::fs::read_dir(root.join("evidence/tombstones")).unwrap().count(), 3);
}

/// A response with the page compressed at this level.
fn compressed(level: u32) -> Reply {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    packed.write_all(article(SECRET).as_bytes()).unwrap();
    let body = packed.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    Reply::Bytes([head.into_bytes(), body].concat())
}

#[test]
fn captures_of_the_same_text_in_another_coding_are_named() {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    web.page("a.example", "/other", &article(&noise(9)));
    for level in [0, 1, 9] {
        web.on("a.example", "/story", compressed(level));
        archive.crawl(&[PAGE, OTHER]);
        archive.later(Duration::from_secs(3600));
    }
    web.page("a.example", "/same", &article(SECRET));
    archive.crawl(&[super::SAME]);
    let root = archive.root();
    let order = |args: &[&str]| {
        let done = purge(&root, &[args, &["--reason", "by order of a court"]].concat());
        assert_eq!(json_lines(&done).len(), 1, "{}", stderr(&done));
        (done.status.code(), json_lines(&done).remove(0)["same_text"].clone(), stderr(&done))
    };
    let (code, same, said) = order(&[PAGE, "--at", &first(&root)]);
    assert_eq!(code, Some(4), "{said}");
    let same = same.as_array().unwrap();
    let urls: Vec<_> = same.iter().map(|one| one["url"].as_str().unwrap()).collect();
    assert_eq!(urls, [super::SAME, PAGE, PAGE], "{same:?}");
    for (left, one) in same.iter().enumerate() {
        let (url, date) = (one["url"].as_str().unwrap(), one["date"].as_str().unwrap());
        assert!(said.contains(&format!("pressmark purge '{url}' --at {date} --reason")), "{said}");
        let (code, others, said) = order(&[url, "--at", date]);
        let last = left + 1 == same.len();
        assert_eq!(code, Some(if last { 0 } else { 4 }), "{said}");
        assert_eq!(others.as_array().unwrap().len(), same.len() - left - 1);
    }
    assert_eq!(holding(&root, "Quillfeather"), [] as [PathBuf; 0]);
}

/// Keeps what is noted.
struct Notes(Arc<Mutex<Vec<String>>>);

impl Observer for Notes {
    fn note(&mut self, what: &str) {
        self.0.lock().unwrap().push(what.to_owned());
    }
}

#[test]
fn a_crawl_says_that_it_has_captured_again_what_was_removed() {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    web.page("a.example", "/story", &article(SECRET));
    web.page("a.example", "/other", &article(&noise(9)));
    let crawl = || {
        let notes = Arc::new(Mutex::new(Vec::new()));
        let observer = Notes(Arc::clone(&notes));
        archive.run_observed(
            &job(&[PAGE, OTHER]),
            &Stop::default(),
            |_| Box::new(observer),
            |_| {},
        );
        archive.later(Duration::from_secs(3600));
        notes.lock().unwrap().clone()
    };
    assert_eq!(crawl(), [] as [&str; 0]);
    let root = archive.root();
    let done = purge(&root, &[PAGE, "--at", "2025", "--reason", "by order of a court"]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(stderr(&done).contains("may be captured again"), "{}", stderr(&done));
    let notes = crawl();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains(PAGE) && notes[0].contains("removed from the archive"), "{notes:?}");
    // Later captures refer to the new one, which was reported.
    assert_eq!(crawl(), [] as [&str; 0]);
}
