//! A disk that is full, and one that cannot be written. Both need a file system of their own, so
//! they are skipped, and say so, where this process may not mount one.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{fails, pages};
use crate::support::archive::records;
use crate::support::cli::{crawl, json_lines, pressmark, stderr, stdout};

/// A little file system in memory; unmounted when dropped.
struct Mounted(tempfile::TempDir);

impl Mounted {
    fn new(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let option = format!("size={size}");
        if mount(&["-t", "tmpfs", "-o", &option, "tmpfs"], dir.path()) {
            return Some(Self(dir));
        }
        eprintln!("skipped: this process may not mount a file system");
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

#[test]
fn a_full_disk_ends_the_crawl_and_loses_nothing() {
    let Some(disk) = Mounted::new("3m") else { return };
    let root = disk.archive();
    // Bodies that do not pack: a megabyte each.
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
    let site = crate::support::raw::RawSite::start(answers.collect());
    let resolve: Vec<String> = NAMES.iter().map(|n| site.resolve(n)).collect();
    let urls: Vec<String> = NAMES.iter().map(|n| format!("http://{n}/")).collect();
    let guarded = crawl(&root, &resolve).args(&urls).output().unwrap();
    fails(&guarded, 1, &["store.disk_free_min", "hint: "]);
    let free = ["--set", "store.disk_free_min=0 B", "--set", "crawl.hosts_max=1"];
    let output = crawl(&root, &resolve).args(&urls).args(free).output().unwrap();
    fails(&output, 1, &["No space left on device"]);
    // There is room again: everything that the log acknowledges is there, and the queue goes on.
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
    disk.again("rw");
    let again = crawl(&root, &resolve).arg("http://c.example/").args(free).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
}
