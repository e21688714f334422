//! The log that a run writes from memory equals the one computed from its files.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pressmark::app::evidence::Follower;
use pressmark::app::run::Running;
use pressmark::crawl::{Finished, Observer, Stop};
use pressmark::evidence::{Log, OpenFiles, Options, extend};
use pressmark::store::Layout;

use super::{copy, findings};
use crate::support::archive::{Archive, BEGIN, job};
use crate::support::web::Web;

/// The size and root of the newest checkpoint.
fn newest(root: &Path) -> (u64, String) {
    let log = Log::open(&Layout::new(root)).unwrap();
    let newest = log.newest().unwrap();
    (newest.size, format!("{:?}", newest.root))
}

/// The same for a log that is created again from the files, with the same key.
fn recreated(root: &Path) -> (u64, String) {
    let dir = tempfile::tempdir().unwrap();
    copy(root, dir.path());
    let evidence = Layout::new(dir.path()).evidence_dir();
    for entry in fs::read_dir(&evidence).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => fs::remove_dir_all(path).unwrap(),
            path if path.ends_with("log.key") => {}
            path => fs::remove_file(path).unwrap(),
        }
    }
    extend(&Layout::new(dir.path()), &Options::default(), &OpenFiles::Leave, BEGIN).unwrap();
    newest(dir.path())
}

fn site(archive: &mut Archive) -> (Web, Vec<String>) {
    let web = Web::start(archive.clock.clone());
    archive.resolve = web.resolve(&["news.example"]);
    let mut urls = Vec::new();
    for number in 0..12_u64 {
        // One is too long to be compressed in memory.
        let length: u64 = if number == 5 { 9_000_000 } else { 20_000 };
        let text: String =
            (0..length / 8_u64).map(|n| format!("{:07x} ", n * 7919 + number)).collect();
        web.page("news.example", &format!("/{number}"), &format!("<p>{text}"));
        urls.push(format!("http://news.example/{number}"));
    }
    (web, urls)
}

#[test]
fn the_log_of_a_run_equals_the_one_computed_from_its_files() {
    for packing in ["warc.compression=gzip", "warc.compression=zstd", "warc.compression=none"] {
        let mut archive = Archive::new()
            .in_a_hurry()
            .set(packing)
            .set("warc.file_bytes_max=8KiB")
            .set("capture.spool_threshold=256KiB");
        let (_web, urls) = site(&mut archive);
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        archive.crawl(&urls[..8]);
        archive.crawl(&urls);
        assert!(Layout::new(&archive.root()).warc_files().unwrap().len() > 2, "{packing}");
        assert_eq!(findings(&archive.root()), Vec::<String>::new(), "{packing}");
        assert_eq!(newest(&archive.root()), recreated(&archive.root()), "{packing}");
    }
}

/// Lets the log follow after the second URL, with a file blocking its path.
struct Hindered {
    follower: Follower,
    tiles: PathBuf,
    seen: u32,
}

impl Observer for Hindered {
    fn finished(&mut self, _: &Finished) {
        self.seen += 1;
        if self.seen == 2 {
            fs::write(&self.tiles, b"in the way").unwrap();
            let notes = self.follower.once();
            assert!(notes.len() == 1 && notes[0].contains("was not extended"), "{notes:?}");
            fs::remove_file(&self.tiles).unwrap();
        }
    }
}

#[test]
fn records_given_to_a_failed_call_are_read_from_the_files() {
    let mut archive = Archive::new().in_a_hurry();
    let (_web, urls) = site(&mut archive);
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let tiles = Layout::new(&archive.root()).evidence_dir().join("tile");
    let observer = |running: &Running| -> Box<dyn Observer> {
        Box::new(Hindered { follower: running.follower(), tiles, seen: 0 })
    };
    archive.run_observed(&job(&urls), &Stop::default(), observer, |_| {});
    assert_eq!(findings(&archive.root()), Vec::<String>::new());
    assert_eq!(newest(&archive.root()), recreated(&archive.root()));
}

#[test]
fn a_long_run_signs_checkpoints_meanwhile() {
    let mut archive = Archive::new().in_a_hurry();
    let (_web, urls) = site(&mut archive);
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    archive.run_and(&job(&urls[..3]), &Stop::default(), |running| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let hour = Duration::from_hours(1);
        let log = || Log::open(&Layout::new(&archive.root())).unwrap().size();
        runtime.unwrap().block_on(async {
            let follower = running.follower();
            let following = follower.clone().follow_every(hour, hour, |note| panic!("{note}"));
            let following = tokio::spawn(following);
            tokio::time::sleep(hour / 2).await;
            assert_eq!(log(), 0, "not before its time");
            tokio::time::sleep(hour).await;
            assert!(log() > 6, "a leaf for each record");
            following.abort();
            follower.end();
        });
    });
    assert_eq!(findings(&archive.root()), Vec::<String>::new());
}

#[test]
fn the_log_may_follow_in_the_middle_of_a_run() {
    let mut archive = Archive::new().in_a_hurry();
    let (_web, urls) = site(&mut archive);
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    archive.run_and(&job(&urls), &Stop::default(), |running| {
        let follower = running.follower();
        assert_eq!(follower.once(), Vec::<String>::new());
        assert_eq!(follower.once(), Vec::<String>::new());
        follower.end();
    });
    assert_eq!(findings(&archive.root()), Vec::<String>::new());
    let log = Log::open(&Layout::new(&archive.root())).unwrap();
    // The key, a stretch of the file, the file.
    assert_eq!(log.size(), archive.records().len() as u64 + 3);
    assert_eq!(log.checkpoint_sizes().unwrap().len(), 2);
}
