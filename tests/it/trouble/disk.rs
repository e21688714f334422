//! A full disk, and one that cannot be written. Both need a file system of their own, so they are
//! skipped with a message where this process may not mount one.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{fails, pages};
use crate::support::archive::records;
use crate::support::cli::{command, crawl, json_lines, pressmark, stderr, stdout};
use crate::support::skip::skipped;

/// A small file system in memory; unmounted when dropped.
struct Mounted(tempfile::TempDir);

impl Mounted {
    fn new(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let option = format!("size={size}");
        if mount(&["-t", "tmpfs", "-o", &option, "tmpfs"], dir.path()) {
            return Some(Self(dir));
        }
        skipped("disk", "this process may not mount a file system");
        None
    }

    fn again(&self, options: &str) {
        assert!(mount(&["-o", &format!("remount,{options}")], self.0.path()));
    }

    fn archive(&self) -> PathBuf {
        self.0.path().join("archive")
    }
}

fn mount(args: &[&str], at: &Path) -> bool {
    let done = Command::new("mount").args(args).arg(at).output();
    done.is_ok_and(|output| output.status.success())
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

const NAMES: [&str; 12] = [
    "a.example",
    "b.example",
    "c.example",
    "d.example",
    "e.example",
    "f.example",
    "g.example",
    "h.example",
    "i.example",
    "j.example",
    "k.example",
    "l.example",
];

/// An incompressible page of a megabyte for each name.
fn large_pages() -> crate::support::raw::RawSite {
    let answers = NAMES.iter().enumerate().map(|(n, name)| {
        let mut seed = n as u64 + 1;
        let body: Vec<u8> = (0..1_000_000)
            .map(|_| {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                seed.to_be_bytes()[0]
            })
            .collect();
        let mut bytes =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(&body);
        (
            (*name).to_owned(),
            crate::support::raw::Answer { bytes, then: crate::support::raw::Then::Keep },
        )
    });
    crate::support::raw::RawSite::start(answers.collect())
}

#[test]
fn a_disk_that_fills_between_two_looks_pauses_a_watch_and_it_goes_on_when_there_is_room() {
    let Some(disk) = Mounted::new("24m") else { return };
    let root = disk.archive();
    let site = large_pages();
    let dir = tempfile::tempdir().unwrap();
    let rules: Vec<String> = NAMES.iter().map(|n| format!("{:?}", site.resolve(n))).collect();
    let config = dir.path().join("pressmark.toml");
    let text = format!(
        "[capture]\nallow_private = true\nresolve = [{}]\n[politeness]\ndelay_min = \"0s\"\n[store]\ndisk_free_min = \"0 B\"\n",
        rules.join(", ")
    );
    std::fs::write(&config, text).unwrap();
    std::fs::create_dir(dir.path().join("jobs")).unwrap();
    let urls: Vec<String> = NAMES.iter().map(|n| format!("\"http://{n}/\"")).collect();
    // Another program uses up the free space.
    let filler = disk.0.path().join("filler");
    let seeds = format!("name = \"all\"\nseeds = [{}]\n", urls.join(", "));
    std::fs::write(dir.path().join("jobs/all.toml"), seeds).unwrap();
    std::fs::write(&filler, vec![1; 20 << 20]).unwrap();
    let log = dir.path().join("watch.log");
    let mut watch = crate::support::cli::command(&root);
    watch.arg("--config").arg(&config).args([
        "--set",
        &format!("log.file={}", log.display()),
        "watch",
    ]);
    let mut watching = watch.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let said = || std::fs::read_to_string(&log).unwrap_or_default();
    crate::cli::wait_until(|| said().contains("fetching is paused"));
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert!(watching.try_wait().unwrap().is_none(), "{}", said());
    disk.again("size=96m");
    std::fs::remove_file(&filler).unwrap();
    crate::cli::wait_until(|| said().contains("fetching continues"));
    let acknowledged = || {
        let log = std::fs::read_to_string(root.join("logs/crawl.log")).unwrap_or_default();
        // The address; a robots.txt names the page that it was asked for as well, in another column.
        let has = |url: &str| log.lines().any(|line| line.split(' ').nth(3) == Some(url));
        let pages = NAMES.iter().filter(|name| has(&format!("http://{name}/")));
        (pages.count(), log)
    };
    crate::cli::wait_until(|| acknowledged().0 == NAMES.len());
    crate::cli::send(watching.id(), "TERM");
    let ended = watching.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{}\n{}", stderr(&ended), said());
    let kept = records(&root);
    for name in NAMES {
        let url = format!("http://{name}/");
        assert!(
            kept.iter().any(|r| r.is("response", &url)),
            "{url} is missing: {}",
            acknowledged().1
        );
    }
    let listed = stdout(&pressmark(
        &root,
        &["captures", "http://example/", "--match", "domain", "--format", "json"],
    ));
    for line in acknowledged().1.lines() {
        let id = line.split(' ').nth(12).unwrap();
        assert!(id == "-" || listed.contains(id), "{line} was acknowledged and is lost");
    }
    let verified = pressmark(&root, &["verify", "--format", "json"]);
    let errors: Vec<_> =
        json_lines(&verified).into_iter().filter(|f| f["severity"] == "error").collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn a_full_disk_ends_the_crawl_and_loses_nothing() {
    let Some(disk) = Mounted::new("3m") else { return };
    let root = disk.archive();
    let site = large_pages();
    let resolve: Vec<String> = NAMES.iter().map(|n| site.resolve(n)).collect();
    let urls: Vec<String> = NAMES.iter().map(|n| format!("http://{n}/")).collect();
    let guarded = crawl(&root, &resolve).args(&urls).output().unwrap();
    fails(&guarded, 1, &["store.disk_free_min", "hint: "]);
    let free = ["--set", "store.disk_free_min=0 B", "--set", "crawl.hosts_max=1"];
    let output = crawl(&root, &resolve).args(&urls).args(free).output().unwrap();
    fails(&output, 1, &["No space left on device"]);
    // There is space again: every acknowledged record of the log is there, and the queue continues.
    disk.again("size=64m");
    let log = std::fs::read_to_string(root.join("logs/crawl.log")).unwrap();
    let acknowledged: Vec<&str> =
        log.lines().filter_map(|l| l.split(' ').nth(12)).filter(|id| *id != "-").collect();
    assert!(!acknowledged.is_empty());
    let list = ["captures", "http://example/", "--match", "domain", "--format", "json"];
    let listed = pressmark(&root, &list);
    let there = stdout(&listed);
    for id in &acknowledged {
        assert!(there.contains(id), "{id} was acknowledged and is lost");
    }
    let verified = pressmark(&root, &["verify", "--format", "json"]);
    let errors: Vec<_> =
        json_lines(&verified).into_iter().filter(|f| f["severity"] == "error").collect();
    assert!(errors.is_empty(), "{errors:?}");
    let rest = crawl(&root, &resolve).args(["--format", "json"]).args(free).output().unwrap();
    assert_eq!(rest.status.code(), Some(0), "{}", stderr(&rest));
    let kept = records(&root);
    for url in &urls {
        assert!(kept.iter().any(|r| r.is("response", url)), "{url} was lost from the queue");
    }
}

/// Commands that begin by writing into the archive.
const WRITING: [&[&str]; 4] = [
    &["crawl", "http://a.example/"],
    &["crawl", "--dry-run", "http://a.example/"],
    &["watch", "--job", "job.toml"],
    &["reindex"],
];

const STORY: &str = "http://courier.example/harbour/ferry-contract";

/// Commands that read the archive of the demonstration site, and the exit code of each.
const READING: [(&[&str], i32); 26] = [
    (&["status"], 0),
    (&["due"], 0),
    (&["captures", STORY], 0),
    (&["captures", "http://courier.example/", "--match", "host", "--format", "cdxj"], 0),
    (&["show", STORY], 0),
    (&["show", STORY, "--as", "http"], 0),
    (&["show", STORY, "--as", "record"], 0),
    (&["show", STORY, "--as", "json"], 0),
    (&["history", STORY], 0),
    (&["history", STORY, "--format", "json"], 0),
    (&["diff", STORY], 0),
    (&["diff", STORY, "--format", "html"], 0),
    (&["blame", STORY], 0),
    (&["changes"], 0),
    (&["changes", "--format", "atom"], 0),
    (&["when", "ferries"], 0),
    (&["quotes"], 0),
    (&["quotes", STORY], 0),
    (&["cite", STORY], 0),
    (&["cite", STORY, "--quote", "act before winter"], 0),
    (&["cite", STORY, "--quote", "these words stand nowhere"], 3),
    (&["verify"], 0),
    (&["verify", "--fast"], 0),
    (&["evidence", "checkpoint"], 0),
    (&["evidence", "keys"], 0),
    (&["config", "show"], 0),
];

/// The archive of the demonstration site on a disk of its own, and a job beside it.
fn demonstration(size: &str) -> Option<(Mounted, PathBuf)> {
    let disk = Mounted::new(size)?;
    let root = disk.archive();
    let free = ["--set", "store.disk_free_min=0 B"];
    let made = pressmark(&root, &[&["demo", "--keep", root.to_str().unwrap()], &free[..]].concat());
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let job = "name = \"paper\"\nseeds = [\"http://a.example/\"]\n";
    std::fs::write(disk.0.path().join("job.toml"), job).unwrap();
    Some((disk, root))
}

/// Writes until the disk is full.
fn fill(disk: &Mounted, name: &str) {
    use std::io::Write;
    let mut file = std::fs::File::create(disk.0.path().join(name)).unwrap();
    for size in [1 << 16, 1 << 10, 1] {
        let piece = vec![0; size];
        while file.write_all(&piece).is_ok() {}
    }
}

/// The output of the commands that read, without the parts that depend on the free space.
fn readings(root: &Path, temporary: &Path) -> Vec<String> {
    let read = |(args, code): &(&[&str], i32)| {
        let output = command(root).args(*args).env("TMPDIR", temporary).output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(*code), "{args:?}: {said}");
        assert!(!said.contains("another process"), "{args:?}: {said}");
        if args[0] == "status" {
            let text = stdout(&output);
            assert!(text.contains("3 watched"), "{text}");
            return String::new();
        }
        stdout(&output)
    };
    READING.iter().map(read).collect()
}

#[test]
fn on_a_full_disk_everything_is_read_and_a_start_reports_the_reason() {
    let Some((disk, root)) = demonstration("16m") else { return };
    let temporary = disk.0.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let before = readings(&root, &temporary);
    fill(&disk, "fill");
    assert!(readings(&root, &temporary) == before);
    // The same where all derived data is gone, or is older than the WARC files.
    for gone in ["index", "derived"] {
        std::fs::remove_dir_all(root.join(gone)).unwrap();
    }
    fill(&disk, "more");
    assert!(readings(&root, &temporary) == before);
    for args in WRITING {
        let output = pressmark(&root, args);
        fails(&output, 1, &["cannot be written: No space left on device", "hint: free some disk"]);
        assert!(!stderr(&output).contains("another process"), "{}", stderr(&output));
    }
    // A failed write leaves no file, and no success is reported.
    let bundle = disk.0.path().join("story.zip");
    let output = pressmark(&root, &["prove", STORY, "-o", bundle.to_str().unwrap()]);
    fails(&output, 1, &["No space left on device"]);
    assert!(!stderr(&output).contains("proved by"), "{}", stderr(&output));
    let left = std::fs::read_dir(disk.0.path()).unwrap().flatten();
    let mut left: Vec<_> = left.map(|e| e.file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["archive", "fill", "job.toml", "more", "tmp"]);
    std::fs::remove_file(disk.0.path().join("fill")).unwrap();
    let output = pressmark(&root, &["prove", STORY, "-o", bundle.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("proved by"), "{}", stderr(&output));
}

#[test]
fn an_archive_of_another_user_is_read_and_a_start_names_the_missing_permission() {
    let unprivileged = |program: &str, args: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", program]);
        command.args(args).output()
    };
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let made = pressmark(&root, &["demo", "--keep", root.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let opened = Command::new("chmod").args(["-R", "go=rX"]).arg(dir.path()).status().unwrap();
    assert!(opened.success());
    // Except the key: other users must not read it, and need not.
    let key = Command::new("chmod").arg("600").arg(root.join("evidence/log.key")).status().unwrap();
    assert!(key.success());
    let binary = env!("CARGO_BIN_EXE_pressmark");
    let place = ["--archive", root.to_str().unwrap()];
    if !unprivileged(binary, &["--version"]).is_ok_and(|output| output.status.success()) {
        skipped("disk", "this process may not become another user");
        return;
    }
    for (args, code) in READING {
        let output = unprivileged(binary, &[&place, args].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("another process"), "{args:?}: {}", stderr(&output));
    }
    let job = dir.path().join("job.toml");
    std::fs::write(&job, "name = \"paper\"\nseeds = [\"http://a.example/\"]\n").unwrap();
    for args in WRITING {
        let args: Vec<&str> = args
            .iter()
            .map(|arg| if *arg == "job.toml" { job.to_str().unwrap() } else { arg })
            .collect();
        let output = unprivileged(binary, &[&place, &args[..]].concat()).unwrap();
        fails(&output, 1, &["cannot be written: Permission denied", "hint: "]);
        assert!(!stderr(&output).contains("another process"), "{}", stderr(&output));
    }
}

#[test]
fn a_read_only_archive_is_read_and_not_written() {
    let Some(disk) = Mounted::new("16m") else { return };
    let root = disk.archive();
    let site = pages(&NAMES[..3], 5_000);
    let resolve: Vec<String> = NAMES[..3].iter().map(|n| site.resolve(n)).collect();
    let urls: Vec<String> = NAMES[..2].iter().map(|n| format!("http://{n}/")).collect();
    let free = ["--set", "store.disk_free_min=0 B"];
    let output = crawl(&root, &resolve).args(&urls).args(free).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let queries: [&[&str]; 4] = [
        &["captures", "http://a.example/", "--format", "json"],
        &["captures", "http://example/", "--match", "domain", "--format", "cdxj"],
        &["show", "http://b.example/", "--as", "http"],
        &["history", "http://a.example/", "--format", "json"],
    ];
    let before: Vec<Vec<u8>> = queries.iter().map(|q| pressmark(&root, q).stdout).collect();
    let job = "name = \"paper\"\nseeds = [\"http://a.example/\"]\n";
    std::fs::write(disk.0.path().join("job.toml"), job).unwrap();
    disk.again("ro");
    for (query, before) in queries.iter().zip(&before) {
        let output = pressmark(&root, query);
        assert_eq!(output.status.code(), Some(0), "{query:?}: {}", stderr(&output));
        assert!(output.stdout == *before, "{query:?}");
    }
    let verified = pressmark(&root, &["verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", stderr(&verified));
    let status = pressmark(&root, &["status"]);
    assert_eq!(status.status.code(), Some(0), "{}", stderr(&status));
    let refused = crawl(&root, &resolve).arg("http://c.example/").args(free).output().unwrap();
    fails(&refused, 1, &["Read-only file system", "hint: "]);
    fails(&pressmark(&root, &["reindex"]), 1, &["Read-only file system"]);
    for args in WRITING {
        let output = pressmark(&root, args);
        fails(&output, 1, &["cannot be written: Read-only file system", "hint: "]);
        assert!(!stderr(&output).contains("another process"), "{}", stderr(&output));
    }
    disk.again("rw");
    let again = crawl(&root, &resolve).arg("http://c.example/").args(free).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
}
