//! Bad input and bad surroundings: each case has its own message and exit code, no data is lost, and
//! no panic is shown.

mod disk;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use crate::cli::{send, wait_until};
use crate::support::archive::{Archive, files};
use crate::support::cli::{crawl, json_lines, pressmark, stderr, stdout};
use crate::support::raw::{Answer, RawSite, Then};

/// Checks that it failed with this code and a message that contains these words.
fn fails(output: &Output, code: i32, words: &[&str]) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    // Notes about repairs may precede it.
    assert!(said.lines().any(|l| l.starts_with("pressmark: ")), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    for word in ["panicked", "RUST_BACKTRACE", "stack backtrace", "unwrap()"] {
        assert!(!said.contains(word), "{said}");
    }
}

fn empty() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    (dir, root)
}

/// A page for each name, all different.
fn pages(names: &[&str], length: usize) -> RawSite {
    let answers = names.iter().map(|name| {
        let body = format!("<p>{name}</p>").repeat(length / (name.len() + 7));
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        ((*name).to_owned(), Answer { bytes: (head + &body).into_bytes(), then: Then::Keep })
    });
    RawSite::start(answers.collect())
}

fn kept(names: &[&str]) -> (Archive, RawSite) {
    let site = pages(names, 30_000);
    let mut archive = Archive::new().in_a_hurry();
    archive.resolve = names.iter().map(|n| site.resolve(n)).collect();
    let urls: Vec<String> = names.iter().map(|n| format!("http://{n}/")).collect();
    archive.crawl(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    (archive, site)
}

#[test]
fn an_invalid_url_is_named() {
    let (_dir, root) = empty();
    for url in
        ["no url", "ftp://a.example/", "http://", "//a.example/", "http://a b/", "mailto:a@b"]
    {
        let output = crawl(&root, &[]).arg(url).output().unwrap();
        fails(&output, 2, &[url, "hint: "]);
    }
    assert!(!root.join("warc").exists(), "nothing was made");
    fails(&pressmark(&root, &["crawl", "--due", "http://a.example/"]), 2, &["--due"]);
}

#[test]
fn wrong_settings_name_the_key_the_place_and_what_is_near() {
    let (dir, root) = empty();
    let crawl = |set: &str| pressmark(&root, &["crawl", "http://a.example/", "--set", set]);
    fails(&crawl("politeness.delay_mni=1s"), 2, &["politeness.delay_mni", "politeness.delay_min"]);
    fails(&crawl("politeness.delay_min=soon"), 2, &["politeness.delay_min", "soon", "--set"]);
    fails(&crawl("politeness.delay_min"), 2, &["politeness.delay_min"]);
    fails(&crawl("warc.level=99"), 2, &["warc.level", "1 to 12"]);
    fails(&crawl("warc.digest=md5"), 2, &["warc.digest", "md5", "sha256"]);
    fails(&crawl("=1"), 2, &[]);
    fs::write(dir.path().join("c.toml"), "[politeness]\ndelay_min = \"2s\"\ndelay_mxa = \"1m\"\n")
        .unwrap();
    let args = ["--config", "c.toml", "crawl", "http://a.example/"];
    fails(&pressmark(&root, &args), 2, &["c.toml", "3", "delay_mxa", "delay_max"]);
    fs::write(dir.path().join("c.toml"), "[politeness\n").unwrap();
    fails(&pressmark(&root, &args), 2, &["c.toml"]);
    fs::remove_file(dir.path().join("c.toml")).unwrap();
    fails(&pressmark(&root, &args), 2, &["c.toml"]);
    let rules = ["a.example", "a.example:80", "a.example:80:nowhere", "a.example:x:127.0.0.1"];
    for rule in rules {
        fails(&pressmark(&root, &["crawl", "http://a.example/", "--resolve", rule]), 2, &[rule]);
    }
    fails(
        &pressmark(&root, &["crawl", "http://a.example/", "--proxy", "gopher://x"]),
        2,
        &["gopher"],
    );
    assert!(!root.join("warc").exists() || files(&root).is_empty());
}

#[test]
fn wrong_times_filters_and_forms_are_named() {
    let (archive, _site) = kept(&["a.example"]);
    let root = archive.root();
    let url = "http://a.example/";
    for (args, words) in [
        (&["show", url, "--at", "gestern"][..], &["--at", "gestern"][..]),
        (&["show", url, "--at", "20251399"], &["--at", "20251399"]),
        (&["captures", url, "--from", "tomorrowish"], &["--from", "tomorrowish"]),
        (&["captures", url, "--to", "2025-02-30"], &["--to", "2025-02-30"]),
        (&["history", url, "--from", ""], &["--from"]),
        (&["diff", url, "--to", "x"], &["--to"]),
        (&["captures", url, "--filter", "nofield:x"], &["--filter", "nofield"]),
        (&["captures", url, "--filter", "~url:("], &["--filter", "~url:("]),
        (&["captures", url, "--match", "nearly"], &["nearly"]),
        (&["captures", url, "--format", "xml"], &["xml", "cdxj"]),
        (&["show", url, "--as", "pdf"], &["pdf"]),
        (&["status", "--format", "yaml"], &["yaml"]),
        (&["diff", "nofile.html", "nofile2.html"], &["nofile.html"]),
        (&["diff", url, url, "--from", "2025"], &["--from"]),
        (&["robots", "--file", "none.txt", "--agent", "x"], &["URL"]),
    ] {
        eprintln!("{args:?}");
        fails(&pressmark(&root, args), 2, words);
    }
    let robots = ["robots", "--file", "none.txt", "--agent", "x", url];
    fails(&pressmark(&root, &robots), 1, &["none.txt"]);
}

#[test]
fn a_host_that_does_not_resolve_is_in_the_report() {
    let (_dir, root) = empty();
    let url = "http://no-such-host.invalid/";
    let args = [url, "--format", "json", "--set", "capture.connect_timeout=5s"];
    let plain = crawl(&root, &[]).args(args).output().unwrap();
    fails(&plain, 1, &["none of the requested URLs could be captured"]);
    let report = &json_lines(&plain)[0];
    assert_eq!(report["failed"], 1);
    assert!(report["failures"][0]["why"].as_str().unwrap().starts_with("dns: "), "{report}");
    let listed = pressmark(&root, &["captures", "http://no-such-host.invalid/robots.txt"]);
    assert!(stdout(&listed).contains("dns"), "{}", stdout(&listed));
}

#[test]
fn a_place_without_an_archive_is_reported() {
    let (dir, root) = empty();
    for args in
        [&["captures", "http://a.example/"][..], &["status"], &["verify"], &["reindex"], &["due"]]
    {
        fails(&pressmark(&root, args), 3, &["there is no archive", "hint: "]);
    }
    assert!(!root.exists(), "reading makes nothing");
    // A file in place of a directory, and a directory with other content.
    let file = dir.path().join("file");
    fs::write(&file, "text").unwrap();
    let output = crawl(&file, &[]).arg("http://a.example/").output().unwrap();
    fails(&output, 1, &["file"]);
    assert_eq!(fs::read(&file).unwrap(), b"text");
    let other = dir.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("FORMAT"), "something else").unwrap();
    fails(&pressmark(&other, &["status"]), 1, &["FORMAT", "something else"]);
    fails(&crawl(&other, &[]).arg("http://a.example/").output().unwrap(), 1, &["something else"]);
}

fn snapshot(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut left = vec![dir.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            if entry.path().is_dir() {
                left.push(entry.path());
            } else {
                found.push((entry.path(), fs::read(entry.path()).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn an_archive_of_a_newer_format_is_left_alone() {
    let (archive, site) = kept(&["a.example"]);
    let root = archive.root();
    fs::write(root.join("FORMAT"), "pressmark archive 9\n").unwrap();
    let before = snapshot(&root);
    for args in [
        &["captures", "http://a.example/"][..],
        &["show", "http://a.example/"],
        &["status"],
        &["verify"],
        &["reindex"],
        &["due"],
        &["init"],
    ] {
        let words: &[&str] = if args == ["init"] { &[] } else { &["format 9", "hint: "] };
        fails(&pressmark(&root, args), 1, words);
    }
    let output =
        crawl(&root, &[site.resolve("a.example")]).arg("http://a.example/").output().unwrap();
    fails(&output, 1, &["format 9"]);
    assert!(before == snapshot(&root), "something was changed");
}

#[test]
fn a_second_writer_is_refused_while_readers_read() {
    let (archive, _site) = kept(&["a.example"]);
    let root = archive.root();
    let stall = Answer { bytes: b"HTTP/1.1 200 OK\r\n".to_vec(), then: Then::Stall };
    let slow = RawSite::start([("slow.example".to_owned(), stall)].into());
    let mut first = crawl(&root, &[slow.resolve("slow.example")]);
    first.args(["http://slow.example/", "--set", "crawl.stop_deadline=1s"]);
    let first = first.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until(|| slow.request("slow.example").is_some());
    let pid = first.id().to_string();
    let second = crawl(&root, &[]).arg("http://a.example/").output().unwrap();
    fails(&second, 1, &["another process", &pid, "hint: "]);
    fails(&pressmark(&root, &["reindex"]), 1, &["another process"]);
    // Records that the first process has stored can be read, though it holds the index.
    let listed = pressmark(&root, &["captures", "http://a.example/"]);
    assert_eq!(listed.status.code(), Some(0), "{}", stderr(&listed));
    let newest = pressmark(&root, &["captures", "http://slow.example/robots.txt"]);
    assert_eq!(newest.status.code(), Some(0), "{}", stderr(&newest));
    for args in [&["verify"][..], &["status"]] {
        let output = pressmark(&root, args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
    }
    // The content of the queue is reported with the process that holds it.
    let due = pressmark(&root, &["due"]);
    assert_eq!(due.status.code(), Some(0), "{}", stderr(&due));
    assert!(stderr(&due).contains(&format!("process {pid}")), "{}", stderr(&due));
    send(first.id(), "TERM");
    assert_eq!(first.wait_with_output().unwrap().status.code(), Some(130));
    // A dead process holds no lock.
    let third = crawl(&root, &[slow.resolve("slow.example")]).args(["--dry-run"]).output().unwrap();
    assert_eq!(third.status.code(), Some(0), "{}", stderr(&third));
}

#[test]
fn a_warc_cut_in_the_middle_costs_only_what_was_cut() {
    let names = ["a.example", "b.example", "c.example", "d.example"];
    let (archive, site) = kept(&names);
    let root = archive.root();
    let file = &files(&root)[0];
    let captures = archive.captures_below("example");
    let pages: Vec<_> =
        captures.iter().filter(|c| names.iter().any(|n| c.url == format!("http://{n}/"))).collect();
    let last = pages.iter().max_by_key(|c| c.offset).unwrap();
    let bytes = fs::read(file).unwrap();
    let cut = usize::try_from(last.offset + last.length / 2).unwrap();
    fs::write(file, &bytes[..cut]).unwrap();
    let verified = pressmark(&root, &["verify", "--format", "json"]);
    assert_eq!(verified.status.code(), Some(4), "{}", stderr(&verified));
    let findings = json_lines(&verified);
    assert!(
        findings.iter().any(|f| f["severity"] == "error" && f["offset"] == last.offset),
        "{findings:?}"
    );
    for page in &pages {
        let shown = pressmark(&root, &["show", &page.url, "--as", "http"]);
        if page.offset == last.offset {
            fails(&shown, 1, &["cannot be read", "hint: "]);
        } else {
            assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
        }
    }
    // The rebuilt index no longer has it, the other captures are there, and crawling continues beside it.
    let done = pressmark(&root, &["reindex"]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let resolve: Vec<String> = names.iter().map(|n| site.resolve(n)).collect();
    let again = crawl(&root, &resolve).arg(&last.url).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    let shown = pressmark(&root, &["show", &last.url, "--as", "http"]);
    assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
    assert_eq!(fs::read(file).unwrap(), &bytes[..cut], "the damaged file is as it was");
}

#[test]
fn a_file_that_is_there_open_and_sealed_is_settled_and_nothing_is_lost() {
    let (archive, _site) = kept(&["a.example", "b.example"]);
    let root = archive.root();
    let sealed = files(&root)[0].clone();
    let open = PathBuf::from(format!("{}.open", sealed.display()));
    let bytes = fs::read(&sealed).unwrap();
    let listed = stdout(&pressmark(&root, &["captures", "http://b.example/"]));
    // As in a copy that was begun while the file was open and ended after it was sealed.
    fs::write(&open, &bytes[..bytes.len() / 2]).unwrap();
    let verified = pressmark(&root, &["verify", "--format", "json"]);
    let findings = json_lines(&verified);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        (&findings[0]["rule"], &findings[0]["severity"]),
        (&"double-file".into(), &"warning".into())
    );
    let output = pressmark(&root, &["crawl", "--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("set aside"), "{}", stderr(&output));
    assert!(!open.exists());
    assert_eq!(fs::read(&sealed).unwrap(), bytes);
    let name = open.file_name().unwrap();
    assert_eq!(fs::read(root.join("set-aside").join(name)).unwrap(), bytes[..bytes.len() / 2]);
    assert_eq!(stdout(&pressmark(&root, &["captures", "http://b.example/"])), listed);
    assert_eq!(
        json_lines(&pressmark(&root, &["verify", "--format", "json"])),
        Vec::<serde_json::Value>::new()
    );
    // The opposite case: the sealed name has the beginning only.
    fs::rename(&sealed, &open).unwrap();
    fs::write(&sealed, &bytes[..bytes.len() / 3]).unwrap();
    // This message is printed even with `--quiet`.
    let output = pressmark(&root, &["--quiet", "crawl", "--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("only the first"), "{}", stderr(&output));
    assert_eq!(fs::read(&sealed).unwrap(), bytes);
    assert_eq!(stdout(&pressmark(&root, &["captures", "http://b.example/"])), listed);
}

#[test]
fn a_file_left_open_is_sealed_and_its_tail_set_aside() {
    let (archive, _site) = kept(&["a.example", "b.example"]);
    let root = archive.root();
    let sealed = files(&root)[0].clone();
    let open = PathBuf::from(format!("{}.open", sealed.display()));
    fs::rename(&sealed, &open).unwrap();
    let bytes = fs::read(&open).unwrap();
    let mut torn = bytes.clone();
    torn.extend_from_slice(&bytes[..300]);
    fs::write(&open, &torn).unwrap();
    // A reader leaves the file unchanged; a writer repairs it with a message.
    let listed = pressmark(&root, &["captures", "http://a.example/"]);
    assert_eq!(listed.status.code(), Some(0), "{}", stderr(&listed));
    assert!(open.exists());
    let verified = pressmark(&root, &["verify", "--format", "json"]);
    let findings = json_lines(&verified);
    // The log has recorded it as sealed: outside this test no sealed file is opened again.
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert_eq!(findings[1]["rule"], "file-changed");
    assert_eq!(findings[0]["rule"], "unfinished-tail");
    assert_eq!(findings[0]["severity"], "warning");
    assert_eq!(findings[0]["offset"], bytes.len());
    let output = crawl(&root, &[]).args(["--dry-run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!open.exists());
    let after = fs::read(&sealed).unwrap();
    let aside: Vec<Vec<u8>> = fs::read_dir(root.join("set-aside"))
        .unwrap()
        .flatten()
        .map(|e| fs::read(e.path()).unwrap())
        .collect();
    let together = [after.clone(), aside.concat()].concat();
    assert!(
        together == torn,
        "{} + {:?} of {}",
        after.len(),
        aside.iter().map(Vec::len).collect::<Vec<_>>(),
        torn.len()
    );
    let verified = pressmark(&root, &["verify"]);
    assert!(matches!(verified.status.code(), Some(0 | 4)), "{}", stderr(&verified));
}

#[test]
fn nothing_is_written_through_a_link_in_an_archive() {
    let (_dir, root) = empty();
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("precious");
    let site = pages(&["a"], 500);
    let url = "http://a.example/a";
    let first = crawl(&root, &[site.resolve("a.example")]).arg(url).output().unwrap();
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    fs::write(&file, "mine").unwrap();
    let links =
        ["logs/crawl.log", "logs/last-run.json", "state/queue.json", "index", "tmp", "derived"];
    for name in links {
        let place = root.join(name);
        let kept = root.with_extension("kept");
        let was = fs::rename(&place, &kept).is_ok();
        let to = if place.extension().is_some() { file.as_path() } else { elsewhere.path() };
        std::os::unix::fs::symlink(to, &place).unwrap();
        let output = crawl(&root, &[site.resolve("a.example")]).arg(url).output().unwrap();
        fails(&output, 1, &["is a symbolic link", name]);
        // A command that only reads works without the files that it would keep there.
        let _ = pressmark(&root, &["history", url]);
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine", "{name}");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1, "{name}");
        fs::remove_file(&place).unwrap();
        if was {
            fs::rename(&kept, &place).unwrap();
        }
    }
    let last = crawl(&root, &[site.resolve("a.example")]).arg(url).output().unwrap();
    assert_eq!(last.status.code(), Some(0), "{}", stderr(&last));
}
