//! Faults of the network and the storage, single and lasting, and kills.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::removed::evicted;
use super::{HOST, Kept, site};
use crate::support::cli::{command, stderr, stdout};
use crate::support::s3::{Fault, S3};

/// The files of an archive, local or remote: each has its bytes in one of the two places.
fn assert_nothing_lost(kept: &Kept, server: &S3, all: &[(String, Vec<u8>)]) {
    let here: BTreeMap<String, Vec<u8>> = kept.here().into_iter().collect();
    let there = server.objects();
    for (name, bytes) in all {
        let is_here = here.get(name).is_some_and(|b| b == bytes);
        let is_there = there.get(&format!("news/warc/{name}")).is_some_and(|o| o.bytes == *bytes);
        assert!(is_here || is_there, "{name} is lost");
        if let Some(other) = there.get(&format!("news/warc/{name}")) {
            assert!(other.bytes == *bytes, "{name} is half there");
        }
    }
}

#[test]
fn a_request_that_fails_once_delays_and_loses_nothing() {
    let web = site(9 << 20);
    let faults = [
        Fault::Refuse(503, "SlowDown"),
        Fault::Refuse(500, "InternalError"),
        Fault::Drop,
        Fault::DoneAndDrop,
        Fault::HalfAsked,
        Fault::HalfAnswered,
        Fault::Refuse(409, "ConditionalRequestConflict"),
        Fault::Slow(600),
    ];
    let first = Kept::new("").evicting();
    first.fill(&web);
    let all = first.here();
    for (number, fault) in faults.into_iter().enumerate() {
        let server = S3::start();
        let kept = Kept { endpoint: server.endpoint(), ..Kept::new("").evicting() };
        copy(&first, &kept);
        // Every third request, with another offset each time.
        server.script(move |asked| (asked.number % 3 == number % 3).then_some(fault));
        let sent = kept.send();
        assert_eq!(sent.status.code(), Some(0), "{fault:?}: {}", stderr(&sent));
        assert_nothing_lost(&kept, &server, &all);
        assert_eq!(kept.here(), [], "{fault:?} passes while it is tried: {}", stderr(&sent));
    }
}

/// Copies the WARC files and the rest of an archive, for another attempt with the same files.
fn copy(from: &Kept, to: &Kept) {
    let status = std::process::Command::new("cp")
        .args(["-r", &from.root().to_string_lossy(), &to.root().to_string_lossy()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn a_storage_that_stays_away_forbids_or_is_full_delays_and_loses_nothing() {
    let web = site(100);
    let first = Kept::new("").evicting();
    first.fill(&web);
    let all = first.here();
    let faults = [
        (Fault::Refuse(503, "SlowDown"), "SlowDown"),
        (Fault::Refuse(403, "AccessDenied"), "AccessDenied"),
        (Fault::Refuse(404, "NoSuchBucket"), "NoSuchBucket"),
        (Fault::Refuse(507, "InsufficientStorage"), "507"),
        (Fault::Refuse(400, "ExpiredToken"), "ExpiredToken"),
        (Fault::Drop, "s3://bucket/news"),
        (Fault::Slow(3_000), "s3://bucket/news"),
    ];
    for (fault, message) in faults {
        let server = S3::start();
        let kept = Kept { endpoint: server.endpoint(), ..Kept::new("").evicting() };
        let kept = kept.set("store.remote_time_max=300ms");
        copy(&first, &kept);
        // Faults of reading and of writing.
        for methods in [&["GET", "HEAD", "PUT", "POST"][..], &["PUT", "POST"], &["GET"]] {
            server.script(move |asked| methods.contains(&asked.method.as_str()).then_some(fault));
            let sent = kept.send();
            assert_eq!(sent.status.code(), Some(0), "{fault:?}: {}", stderr(&sent));
            assert!(stderr(&sent).contains(message), "{fault:?}: {}", stderr(&sent));
            assert_eq!(kept.here(), all, "{fault:?}: everything stays here");
            let status = stdout(&kept.run(&["status"]));
            assert!(status.contains("s3://bucket/news: "), "{status}");
        }
        server.script(|_| None);
        let sent = kept.send();
        assert_eq!(kept.here(), [], "{fault:?}: {}", stderr(&sent));
        // A fault is reported as long as it lasts.
        assert_eq!(kept.remote()["trouble"], serde_json::Value::Null, "{fault:?}");
        assert_nothing_lost(&kept, &server, &all);
        // Where nothing can be read, that is reported, and the archive is not treated as one without files.
        server.script(move |asked| (asked.method == "GET").then_some(fault));
        let shown = kept.run(&["show", "http://news.example/p/3"]);
        assert_eq!(shown.status.code(), Some(1), "{}", stderr(&shown));
        let verified = kept.run(&["verify"]);
        assert_eq!(verified.status.code(), Some(4));
        server.script(|_| None);
        assert_eq!(kept.run(&["verify"]).status.code(), Some(0));
    }
}

#[test]
fn a_crawl_does_not_wait_for_a_storage_that_is_away() {
    let web = site(100);
    // No server listens there.
    let kept = Kept::new("http://127.0.0.1:9").evicting();
    let mut crawl = kept.with(crate::support::cli::crawl(&kept.root(), &web.resolve(&[HOST])));
    let output = crawl.args(["--depth", "1", &format!("http://{HOST}/")]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("are not in the object storage yet"), "{}", stderr(&output));
    assert!(kept.here().len() > 2);
    assert_eq!(
        kept.run(&["verify", "--fast"]).status.code(),
        Some(4),
        "the storage cannot be listed"
    );
    let without = command(&kept.root()).arg("verify").output().unwrap();
    assert_eq!(without.status.code(), Some(0), "{}", stdout(&without));
}

#[test]
fn clocks_that_are_hours_apart_do_not_matter() {
    let web = site(100);
    for ahead in [3 * 3600, -3 * 3600] {
        let server = S3::start();
        let kept = Kept::new(&server.endpoint()).evicting();
        kept.fill(&web);
        server.clock(ahead, 15 * 60);
        let sent = kept.send();
        assert_eq!(kept.here(), [], "{}", stderr(&sent));
    }
}

#[test]
fn another_object_of_the_same_name_is_reported_and_not_overwritten() {
    let web = site(100);
    let server = S3::start();
    let kept = Kept::new(&server.endpoint()).evicting();
    kept.fill(&web);
    let name = kept.here()[0].0.clone();
    let key = format!("news/warc/{name}");
    let other = crate::support::s3::Stored {
        bytes: b"somebody else's".to_vec(),
        etag: "x".to_owned(),
        sha256: None,
        modified: 0,
    };
    let put = key.clone();
    server.change(|objects| drop(objects.insert(put, other)));
    let sent = kept.send();
    assert_eq!(sent.status.code(), Some(0));
    assert!(stderr(&sent).contains(&name) && stderr(&sent).contains("prefix"), "{}", stderr(&sent));
    assert_eq!(server.objects()[&key].bytes, b"somebody else's");
    assert_eq!(kept.here().len(), 1);
    assert_eq!(kept.here()[0].0, name);
}

#[test]
fn a_kill_at_any_request_is_repaired_by_the_next_run() {
    let web = site(9 << 20);
    let first = Kept::new("").evicting();
    first.fill(&web);
    let all = first.here();
    for fault in [Fault::KillBefore, Fault::KillAfter] {
        let server = S3::start();
        let kept = Kept { endpoint: server.endpoint(), ..Kept::new("").evicting() };
        copy(&first, &kept);
        let mut kills = 0;
        for at in 0.. {
            // The n-th request of the run kills it. Each run does what the one before has not done.
            let seen = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&seen);
            server
                .script(move |_| (count.fetch_add(1, Ordering::SeqCst) == at % 7).then_some(fault));
            let mut child = kept
                .with(command(&kept.root()))
                .args(["crawl", "--due", "--quiet"])
                .spawn()
                .unwrap();
            server.kills(child.id());
            let killed = child.wait().unwrap().code().is_none();
            kills += usize::from(killed);
            assert_nothing_lost(&kept, &server, &all);
            if kept.here().is_empty() {
                break;
            }
            assert!(at < 200, "it comes to an end: {:?}", kept.here().len());
        }
        assert!(kills >= 5, "{kills}");
        server.script(|_| None);
        let sent = kept.send();
        assert_eq!(sent.status.code(), Some(0), "{}", stderr(&sent));
        let verified = kept.run(&["verify"]);
        assert_eq!(verified.status.code(), Some(0), "{}{}", stdout(&verified), stderr(&verified));
        let shown = kept.run(&["show", "http://news.example/p/3", "--as", "text"]);
        assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
    }
}

/// The contents of the tables at `name`, by table.
fn rows(kept: &Kept, name: &str) -> serde_json::Value {
    let to = kept.root().with_file_name(name);
    let manifest = std::fs::read(to.join("_manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let mut rows = serde_json::Map::new();
    for (table, months) in manifest["tables"].as_object().unwrap() {
        let parts =
            months.as_object().unwrap().values().flat_map(|parts| parts.as_array().unwrap());
        let count: u64 = parts.map(|part| part["rows"].as_u64().unwrap()).sum();
        rows.insert(table.clone(), count.into());
    }
    rows.into()
}

#[test]
fn derived_data_is_complete_after_a_failed_read() {
    let server = S3::start();
    let (kept, ..) = evicted(&server);
    let kept = kept.set("store.remote_time_max=300ms");
    let tables = |name: &str| {
        let to = kept.root().with_file_name(name);
        kept.run(&["tables", "--to", to.to_str().unwrap()])
    };
    for (name, fault) in [
        ("away", Fault::Refuse(503, "SlowDown")),
        ("refused", Fault::Refuse(403, "AccessDenied")),
        ("cut", Fault::HalfAnswered),
        ("gone", Fault::Refuse(404, "NoSuchBucket")),
    ] {
        // No cache of earlier reads helps.
        for derived in ["derived", "remote/cache"] {
            let _ = std::fs::remove_dir_all(kept.root().join(derived));
        }
        server.script(move |asked| (asked.method == "GET").then_some(fault));
        let found = kept.run(&["search", "w0"]);
        assert_eq!(found.status.code(), Some(1), "{fault:?}: {}", stderr(&found));
        assert!(stderr(&found).contains("store.remote"), "{fault:?}: {}", stderr(&found));
        let written = tables(name);
        assert_eq!(written.status.code(), Some(1), "{fault:?}: {}", stderr(&written));
        let shown = kept.run(&["show", "http://news.example/p/3"]);
        assert!(stderr(&shown).contains("store.remote"), "{fault:?}: {}", stderr(&shown));
        server.script(|_| None);
        let found = kept.run(&["search", "w0", "--format", "json"]);
        assert_eq!(found.status.code(), Some(0), "{fault:?}: {}", stderr(&found));
        assert!(stdout(&found).contains("http://news.example/p/0"), "{}", stdout(&found));
        assert_eq!(tables(name).status.code(), Some(0), "{fault:?}");
    }
    assert_eq!(tables("whole").status.code(), Some(0));
    let whole = rows(&kept, "whole");
    assert!(whole["versions"].as_u64().unwrap() >= 13, "{whole}");
    for name in ["away", "refused", "cut", "gone"] {
        assert_eq!(rows(&kept, name), whole, "{name}");
    }
}

#[test]
fn an_export_without_an_answer_of_the_storage_writes_nothing() {
    let server = S3::start();
    let (kept, ..) = evicted(&server);
    let kept = kept.set("store.remote_time_max=300ms");
    let to = |name: &str| kept.root().with_file_name(name);
    let export = |name: &str, more: &[&str]| {
        let to = to(name);
        let done = kept.run(&[&["export", "--to", to.to_str().unwrap()][..], more].concat());
        (done.status.code(), stdout(&done) + &stderr(&done))
    };
    server.script(|asked| (asked.method == "GET").then_some(Fault::Refuse(503, "SlowDown")));
    let site = ["--site", HOST, "--at", "2100"];
    for (name, more) in [("s.warc.gz", &[][..]), ("s.wacz", &[][..]), ("site.wacz", &site[..])] {
        let (code, said) = export(name, more);
        assert_eq!(code, Some(1), "{name}: {said}");
        assert!(said.contains("store.remote") && !said.contains("left out"), "{name}: {said}");
        assert!(!to(name).exists(), "{name}");
    }
    // Without the setting there is nothing to wait for, and nothing to write either.
    let alone = to("alone.warc.gz");
    let args = ["export", "--to", alone.to_str().unwrap()];
    let done = command(&kept.root()).args(args).output().unwrap();
    assert_eq!(done.status.code(), Some(1), "{}", stderr(&done));
    assert!(stderr(&done).contains("none of the"), "{}", stderr(&done));
    server.script(|_| None);
    let _ = std::fs::remove_dir_all(kept.root().join("remote/cache"));
    let (code, whole) = export("whole.warc.gz", &["--report", "json"]);
    assert_eq!(code, Some(0), "{whole}");
    let count = |said: &str| {
        let report: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
        (
            report["captures"].as_u64().unwrap(),
            report["unreadable"].as_array().unwrap().len() as u64,
        )
    };
    // A lost object is damage: the rest is written, and only that is counted.
    let lost = server.objects().keys().find(|key| key.contains("/warc/")).cloned().unwrap();
    server.change(|objects| drop(objects.remove(&lost)));
    let _ = std::fs::remove_dir_all(kept.root().join("remote/cache"));
    let (code, part) = export("part.warc.gz", &["--report", "json"]);
    assert_eq!(code, Some(4), "{part}");
    let ((all, none), (read, unread)) = (count(&whole), count(&part));
    assert!(none == 0 && unread > 0 && read + unread == all, "{whole}{part}");
}
