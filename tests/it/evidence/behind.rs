//! How far the log is behind the captures: as a run reports it, and as `status` reads it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use pressmark::base::Clock;
use pressmark::crawl::Stop;
use pressmark::evidence::Behind;

use super::archive;
use crate::support::archive::job;
use crate::support::cli::{crawl, json_lines, pressmark, stderr, stdout};

#[test]
fn a_run_counts_what_the_log_lacks_and_since_when() {
    let (archive, web) = archive();
    web.page("news.example", "/late", "<title>Late</title><p>A page.</p>");
    let key = archive.root().join("evidence/log.key");
    let (rights, clock) = (fs::Permissions::from_mode, &archive.clock);
    archive.run_and(&job(&["http://news.example/late"]), &Stop::default(), |running| {
        let follower = running.follower();
        let lag = follower.lag();
        // At least the warcinfo, the request and the response, and request and response of robots.txt.
        let behind = lag.behind();
        assert!(behind.unregistered >= 3, "{behind:?}");
        let written = behind.since.expect("they were written");
        clock.advance(Duration::from_secs(90));
        assert_eq!(behind.lag_seconds(clock.now()), clock.now().since(written).as_secs());
        assert!(behind.lag_seconds(clock.now()) >= 90);
        // A log that cannot follow leaves the count unchanged.
        fs::set_permissions(&key, rights(0o644)).unwrap();
        assert_eq!(follower.once().len(), 1);
        assert_eq!(lag.behind(), behind);
        fs::set_permissions(&key, rights(0o600)).unwrap();
        assert_eq!(follower.once(), Vec::<String>::new());
        assert_eq!(lag.behind(), Behind::default());
        assert_eq!(lag.behind().lag_seconds(clock.now()), 0);
    });
}

#[test]
fn status_says_how_far_the_log_is_behind_the_files() {
    let (archive, web) = archive();
    let status =
        || json_lines(&pressmark(&archive.root(), &["status", "--format", "json"])).remove(0);
    let of = status()["evidence"].clone();
    assert_eq!((&of["unregistered"], &of["lag_seconds"]), (&0.into(), &0.into()), "{of}");
    assert!(of["size"].as_u64().unwrap() > 3 && of["shared"] == false, "{of}");
    let text = stdout(&pressmark(&archive.root(), &["status"]));
    assert!(text.contains("leaves; it covers all records"), "{text}");
    // A crawl whose log cannot follow.
    web.page("news.example", "/late", "<title>Late</title><p>A page.</p>");
    let key = archive.root().join("evidence/log.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let done =
        crawl(&archive.root(), &archive.resolve).arg("http://news.example/late").output().unwrap();
    assert!(done.status.success(), "{}", stderr(&done));
    let behind = status()["evidence"].clone();
    assert!(behind["unregistered"].as_u64().unwrap() >= 3, "{behind}");
    assert_eq!((&behind["files"], &behind["size"]), (&1.into(), &of["size"]), "{behind}");
    assert!(behind["oldest"].is_string() && behind["unregistered_is_cap"] == false, "{behind}");
    let text = stdout(&pressmark(&archive.root(), &["status"]));
    assert!(text.contains("records in 1 files are not covered yet, the oldest for"), "{text}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(pressmark(&archive.root(), &["evidence", "extend"]).status.success());
    assert_eq!(status()["evidence"]["unregistered"], 0);
}
