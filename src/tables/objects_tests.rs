//! Tables in an object storage, in memory: the result equals that of a folder, whatever fails on the way.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::tests::{STEPS, from_scratch, options, run};
use super::*;
use crate::archive::fake_objects::Fake;
use crate::archive::{ChangeableObjects, ObjectErrorKind};
use crate::base::{ManualClock, Timestamp};
use crate::history::testing::Archive;

/// A storage, and the folder of an archive that writes to it.
struct Scene {
    objects: Arc<Fake>,
    local: tempfile::TempDir,
    clock: Arc<ManualClock>,
}

impl Scene {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_unix_seconds(1_000_000)));
        let scene = Self { objects: Arc::default(), local: tempfile::tempdir().unwrap(), clock };
        scene.objects.inside().now = Timestamp::from_unix_seconds(9_000_000);
        scene
    }

    fn open(&self) -> Result<ObjectFolder, TablesError> {
        self.open_for(self.local.path())
    }

    /// As another archive, or another process, sees it; without waiting.
    fn open_for(&self, local: &Path) -> Result<ObjectFolder, TablesError> {
        let objects: Arc<dyn ChangeableObjects> = Arc::clone(&self.objects) as _;
        let options = ObjectsOptions { patience: Duration::ZERO, ..ObjectsOptions::default() };
        ObjectFolder::open(objects, local, options, Arc::clone(&self.clock) as _)
    }

    /// All objects except a lock.
    fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        let inside = self.objects.inside();
        let all = inside.objects.iter().filter(|(key, _)| *key != "_lock");
        all.map(|(key, kept)| (key.clone(), kept.bytes.clone())).collect()
    }
}

#[test]
fn objects_are_the_files_that_a_folder_has() {
    let mut archive = Archive::new();
    let scene = Scene::new();
    for (at, step) in STEPS.iter().enumerate() {
        step(&mut archive);
        run(&archive, &scene.open().unwrap(), &options()).unwrap();
        assert!(scene.tree() == from_scratch(&archive), "after step {at}");
        assert!(!scene.objects.inside().objects.contains_key("_lock"), "it is given back");
        let asked = scene.objects.inside().asked;
        run(&archive, &scene.open().unwrap(), &options()).unwrap();
        let asked = scene.objects.inside().asked - asked;
        assert!(asked < 10, "{asked} requests where nothing is new");
    }
}

#[test]
fn a_request_that_fails_or_whose_answer_is_lost_is_made_good_by_the_next_run() {
    let mut archive = Archive::new();
    STEPS[0](&mut archive);
    let expected = from_scratch(&archive);
    for is_done in [false, true] {
        let mut failures = 0;
        for at in 0.. {
            let scene = Scene::new();
            scene.objects.inside().fails = Some((at, ObjectErrorKind::Away, is_done));
            let failed = scene.open().and_then(|target| run(&archive, &target, &options()));
            let is_reached = scene.objects.inside().asked > at;
            scene.objects.inside().fails = None;
            failures += usize::from(failed.is_err());
            // A lock that could not be released belongs to the same archive: no run waits for it.
            run(&archive, &scene.open().unwrap(), &options()).unwrap();
            assert!(scene.tree() == expected, "request {at} failed, done: {is_done}");
            assert_eq!(scene.objects.uploads(), 0);
            if !is_reached {
                break;
            }
        }
        assert!(failures > 10, "{failures}");
    }
}

#[test]
fn one_run_at_a_time_writes_and_a_lock_that_is_old_is_taken_over() {
    let mut archive = Archive::new();
    STEPS[0](&mut archive);
    let scene = Scene::new();
    let first = scene.open().unwrap();
    let held = first.lock().unwrap();
    let other = tempfile::tempdir().unwrap();
    let refused = run(&archive, &scene.open_for(other.path()).unwrap(), &options());
    let refusal = refused.unwrap_err();
    assert!(
        matches!(&refusal, TablesError::Locked { holder } if holder.contains("process")),
        "{refusal}"
    );
    // Also for the same archive, while the run is active.
    let refused = run(&archive, &scene.open().unwrap(), &options());
    assert!(matches!(refused, Err(TablesError::Locked { .. })));
    // The run is paused for longer than its lock lasts by the server's clock, and another one writes.
    assert!(first.read("_manifest.json").unwrap().is_none());
    let later = scene.objects.inside().now.plus(Duration::from_secs(200));
    scene.objects.inside().now = later;
    scene.clock.advance(Duration::from_secs(200));
    let mut later_archive = Archive::new();
    STEPS[0](&mut later_archive);
    run(&later_archive, &scene.open_for(other.path()).unwrap(), &options()).unwrap();
    let tree = scene.tree();
    // Its further writes are refused and change nothing.
    for refused in [first.write("_manifest.json", b"{}"), first.remove("_manifest.json")] {
        assert!(matches!(refused, Err(TablesError::Locked { .. })), "{refused:?}");
    }
    drop(held);
    assert!(scene.tree() == tree);
}

#[test]
fn a_killed_run_of_the_same_archive_blocks_no_other_run() {
    let mut archive = Archive::new();
    STEPS[0](&mut archive);
    let scene = Scene::new();
    // After a kill: the object exists, and no process holds the folder.
    let target = scene.open().unwrap();
    let held = target.lock().unwrap();
    let lock = scene.objects.inside().objects["_lock"].clone();
    drop(held);
    scene.objects.inside().objects.insert("_lock".to_owned(), lock);
    let other = tempfile::tempdir().unwrap();
    let refused = run(&archive, &scene.open_for(other.path()).unwrap(), &options());
    assert!(matches!(refused, Err(TablesError::Locked { .. })), "another archive waits");
    run(&archive, &scene.open().unwrap(), &options()).unwrap();
}

#[test]
fn what_is_no_table_is_left_alone() {
    let scene = Scene::new();
    let file = tempfile::tempfile().unwrap();
    let part = crate::archive::FilePart { file: Arc::new(file), range: 0..0 };
    scene.objects.put_over("tables/", part.clone(), "").unwrap();
    assert!(scene.open().is_ok(), "a marker of a folder is nothing");
    scene.objects.put_over("warc/a.warc.gz", part, "").unwrap();
    let error = scene.open().unwrap_err().to_string();
    assert!(error.contains("holds warc/a.warc.gz but no _manifest.json"), "{error}");
}

#[test]
fn a_long_file_is_sent_in_parts_and_not_sent_twice() {
    let scene = Scene::new();
    let target = scene.open().unwrap();
    let staging = target.staging().unwrap();
    let bytes: Vec<u8> =
        (0..(20 << 20)).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let digest = crate::base::DigestAlgorithm::Sha256.digest(&bytes).to_string();
    let file = "captures/month=2030-03/part-00000.parquet".to_owned();
    let part = Part { file: file.clone(), rows: 1, bytes: bytes.len() as u64, digest };
    for _ in 0..2 {
        let staged = staging.join("part");
        std::fs::write(&staged, &bytes).unwrap();
        target.put(&staged, &part).unwrap();
        assert!(!staged.exists());
    }
    assert!(scene.objects.inside().objects[&file].bytes == bytes);
    assert_eq!(scene.objects.inside().objects[&file].etag, "e2", "one upload, one object");
    assert_eq!(target.list("captures/month=2030-03").unwrap(), [file]);
}
