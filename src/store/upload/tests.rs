use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::archive::WarcFiles;
use crate::archive::fake_objects::{self as fake, Fake};
use crate::base::{SystemClock, Timestamp};
use crate::store::DirectoryFiles;
use crate::store::bucket::BucketOptions;

const PART: u64 = 1000;

/// Bytes that differ everywhere.
fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x as u8
    };
    (0..length).map(|_| next()).collect()
}

struct Scene {
    _dir: tempfile::TempDir,
    root: PathBuf,
    objects: Arc<Fake>,
    files: Vec<(String, Vec<u8>)>,
    options: UploadOptions,
}

impl Scene {
    /// An archive of three sealed files, one of them imported and two that are sent in parts, and an open one.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("archive");
        Layout::new(&root).create().unwrap();
        std::fs::create_dir(root.join("imported")).unwrap();
        let files = vec![
            ("warc/a.warc.gz".to_owned(), bytes(700, 1)),
            ("warc/b.warc.gz".to_owned(), bytes(4_500, 2)),
            ("imported/c.warc".to_owned(), bytes(2_000, 3)),
        ];
        for (file, bytes) in &files {
            std::fs::write(root.join(file), bytes).unwrap();
        }
        std::fs::write(root.join("warc/d.warc.gz.open"), b"being written").unwrap();
        let options = UploadOptions { part_bytes: PART, requests_max: 2, ..Default::default() };
        Self { _dir: dir, root, objects: Arc::default(), files, options }
    }

    /// The archive as another process sees it.
    fn layout(&self) -> Layout {
        let layout = Layout::new(&self.root);
        let objects: Arc<dyn Objects> = Arc::clone(&self.objects) as _;
        let options = BucketOptions { cache_bytes_max: 8 << 20, requests_max: 3 };
        let cache = layout.remote_cache_dir();
        layout.with_bucket(Arc::new(Bucket::new(objects, &cache, options)))
    }

    /// One pass of a process that was started just now.
    fn pass(&self) -> Left {
        let layout = self.layout();
        let bucket = Arc::clone(layout.bucket().unwrap());
        let clock = Arc::new(SystemClock);
        Work::new(layout, bucket, self.options, clock).pass()
    }

    fn evicting(mut self) -> Self {
        self.options.local_age_max = Some(Duration::ZERO);
        self
    }

    fn here(&self) -> usize {
        self.files.iter().filter(|(file, _)| self.root.join(file).exists()).count()
    }

    /// Every file has its bytes, wherever it is.
    fn assert_whole(&self) {
        let files = DirectoryFiles::new(self.layout());
        let listed: Vec<_> = files.list().unwrap().into_iter().map(|info| info.name).collect();
        assert_eq!(listed.len(), self.files.len() + 1, "{listed:?}");
        for (file, bytes) in &self.files {
            let name = file.rsplit('/').next().unwrap();
            let info = files.info(name).unwrap().unwrap();
            assert_eq!((info.length, info.is_sealed), (bytes.len() as u64, true));
            let mut read = Vec::new();
            files.open(name).unwrap().read_to_end(&mut read).unwrap();
            assert!(read == *bytes, "{file}");
        }
    }

    fn states(&self) -> Vec<State> {
        self.layout().ledger().all().unwrap().iter().map(|entry| entry.state).collect()
    }
}

#[test]
fn files_are_sent_and_read_back_and_stay_where_nothing_says_that_they_may_go() {
    let scene = Scene::new();
    assert_eq!(scene.pass(), Left::default());
    assert_eq!(scene.states(), [State::Verified; 3]);
    assert_eq!(scene.here(), 3);
    assert_eq!(scene.objects.uploads(), 0);
    for (file, bytes) in &scene.files {
        assert!(scene.objects.inside().objects[file].bytes == *bytes);
    }
    let asked = scene.objects.inside().asked;
    assert_eq!(scene.pass(), Left::default());
    // But for uploads that a kill left, which each process asks for once.
    assert_eq!(scene.objects.inside().asked, asked + 1, "what is done is not asked for again");
}

#[test]
fn old_copies_go_and_are_read_from_the_storage() {
    let scene = Scene::new().evicting();
    assert_eq!(scene.pass(), Left::default());
    assert_eq!(scene.here(), 0);
    assert!(scene.root.join("warc/d.warc.gz.open").exists());
    scene.assert_whole();
}

#[test]
fn with_too_many_bytes_the_oldest_copies_go_and_no_more() {
    let mut scene = Scene::new();
    let now = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for (at, file) in ["warc/b.warc.gz", "warc/a.warc.gz", "imported/c.warc"].iter().enumerate() {
        let file = std::fs::File::options().append(true).open(scene.root.join(file)).unwrap();
        file.set_modified(now + Duration::from_secs(at as u64)).unwrap();
    }
    scene.options.local_bytes_max = Some(4_000);
    scene.pass();
    assert!(!scene.root.join("warc/b.warc.gz").exists());
    assert_eq!(scene.here(), 2);
    scene.assert_whole();
}

#[test]
fn whichever_request_fails_nothing_is_lost_and_the_next_passes_mend_it() {
    let requests = {
        let scene = Scene::new().evicting();
        scene.pass();
        scene.objects.inside().asked
    };
    assert!(requests > 20, "{requests}");
    let kinds = [
        ObjectErrorKind::Away,
        ObjectErrorKind::Refused,
        ObjectErrorKind::Full,
        ObjectErrorKind::Other,
    ];
    for at in 0..requests {
        for (kind, is_done) in kinds.iter().flat_map(|kind| [(*kind, false), (*kind, true)]) {
            let scene = Scene::new().evicting();
            scene.objects.inside().fails = Some((at, kind, is_done));
            let left = scene.pass();
            // Leftovers of a kill are searched for as far as possible.
            let is_needed = scene.objects.inside().failed.as_deref() != Some("uploads");
            assert_eq!(!left.why.is_empty(), is_needed, "request {at}: it is told");
            scene.assert_whole();
            // A process that was started again, twice.
            scene.pass();
            assert_eq!(scene.pass(), Left::default(), "request {at}, {kind:?}, {is_done}");
            assert_eq!(scene.states(), [State::Verified; 3]);
            assert_eq!(scene.here(), 0);
            scene.assert_whole();
            if !is_done {
                assert_eq!(scene.objects.uploads(), 0, "parts are thrown away: request {at}");
            }
        }
    }
}

#[test]
fn a_storage_that_is_down_costs_nothing_but_time() {
    let scene = Scene::new().evicting();
    for kind in [ObjectErrorKind::Away, ObjectErrorKind::Refused, ObjectErrorKind::Full] {
        scene.objects.inside().down = Some(kind);
        let left = scene.pass();
        assert_eq!((left.files, left.bytes), (3, 7_200));
        assert_eq!(scene.here(), 3);
    }
    scene.objects.inside().down = None;
    assert_eq!(scene.pass(), Left::default());
    scene.objects.inside().down = Some(ObjectErrorKind::Away);
    // Files that lie there alone are known, and say why they cannot be read.
    let files = DirectoryFiles::new(scene.layout());
    assert_eq!(files.list().unwrap().len(), 4);
    let mut read = Vec::new();
    let why = files.open("a.warc.gz").unwrap().read_to_end(&mut read).unwrap_err().to_string();
    assert!(why.contains("s3://fake/prefix/warc/a.warc.gz"), "{why}");
    assert_eq!(scene.pass(), Left::default(), "there is nothing to be sent");
}

#[test]
fn another_object_of_the_name_is_not_written_over() {
    let scene = Scene::new().evicting();
    let kept = |bytes: &[u8], sha256: Option<&str>| fake::Kept {
        bytes: bytes.to_vec(),
        etag: "x".to_owned(),
        sha256: sha256.map(str::to_owned),
        modified: Timestamp::default(),
    };
    let (a, c) = (scene.files[0].1.clone(), scene.files[2].1.clone());
    let other = bytes(700, 9);
    scene.objects.inside().objects.insert("warc/a.warc.gz".to_owned(), kept(&other, None));
    // The same bytes without a stated digest are the file.
    scene.objects.inside().objects.insert("imported/c.warc".to_owned(), kept(&c, None));
    // What was there before the ledger was made is read back like what was sent.
    let left = scene.pass();
    assert_eq!(left.files, 1, "{left:?}");
    assert!(left.why[0].contains("warc/a.warc.gz"), "{left:?}");
    assert!(scene.objects.inside().objects["warc/a.warc.gz"].bytes == other);
    assert!(scene.root.join("warc/a.warc.gz").exists());
    assert_eq!(scene.here(), 1);
    let read = std::fs::read(scene.root.join("warc/a.warc.gz")).unwrap();
    assert!(read == a);
}

#[test]
fn an_object_that_is_not_what_was_sent_keeps_the_file_here() {
    let scene = Scene::new().evicting();
    // The read-back of the first file, after five requests about the prefix, a question, and two parts that are begun and
    // completed.
    scene.objects.inside().fails = Some((10, ObjectErrorKind::Away, false));
    scene.pass();
    let first = scene.objects.inside().objects.keys().next().unwrap().clone();
    scene.objects.inside().objects.get_mut(&first).unwrap().bytes[5] ^= 1;
    let left = scene.pass();
    assert_eq!(left.files, 1);
    assert!(left.why[0].contains("SHA-256") && left.why[0].contains(&first), "{left:?}");
    assert!(scene.root.join(&first).exists());
    // It is deleted, and sent again.
    scene.objects.inside().objects.remove(&first);
    assert_eq!(scene.pass(), Left::default());
    assert_eq!(scene.here(), 0);
    scene.assert_whole();
}

#[test]
fn an_entity_tag_that_was_a_wrong_one_is_asked_for_again() {
    let scene = Scene::new().evicting();
    scene.objects.inside().fails = Some((10, ObjectErrorKind::Away, false));
    scene.pass();
    let first = scene.objects.inside().objects.keys().next().unwrap().clone();
    scene.objects.inside().objects.get_mut(&first).unwrap().etag = "its own".to_owned();
    assert_eq!(scene.pass(), Left::default());
    let entry = scene.layout().ledger().get(&first).unwrap().unwrap();
    assert_eq!(entry.etag, "its own");
    assert_eq!(scene.here(), 0);
    scene.assert_whole();
}

#[test]
fn an_object_that_went_before_the_eviction_is_sent_again() {
    let mut scene = Scene::new();
    scene.pass();
    scene.objects.inside().objects.remove("warc/b.warc.gz");
    scene.options.local_age_max = Some(Duration::ZERO);
    let left = scene.pass();
    assert!(left.why.iter().any(|why| why.contains("warc/b.warc.gz")), "{left:?}");
    assert!(scene.root.join("warc/b.warc.gz").exists());
    scene.pass();
    assert_eq!(scene.pass(), Left::default());
    assert_eq!(scene.here(), 0);
    scene.assert_whole();
}

#[test]
fn the_ledger_is_made_again_from_the_objects() {
    let scene = Scene::new().evicting();
    scene.pass();
    std::fs::remove_dir_all(scene.root.join("remote")).unwrap();
    let layout = scene.layout();
    assert_eq!(
        rebuild(&*scene.objects, &layout, Timestamp::from_unix_seconds(0)).unwrap().there,
        3
    );
    scene.assert_whole();
    // A file that comes back is read back before it may go again.
    std::fs::write(scene.root.join("warc/a.warc.gz"), &scene.files[0].1).unwrap();
    assert_eq!(scene.pass(), Left::default());
    assert_eq!(scene.here(), 0);
    scene.assert_whole();
}

#[test]
fn a_place_that_is_looked_up_costs_a_block_and_the_next_one_beside_it_nothing() {
    let scene = Scene::new();
    let long = bytes(5 << 20, 7);
    std::fs::write(scene.root.join("warc/long.warc.gz"), &long).unwrap();
    let scene = scene.evicting();
    scene.pass();
    let before = scene.objects.inside().read;
    let layout = scene.layout();
    let path = scene.root.join("warc/long.warc.gz");
    let mut out = [0; 1000];
    for at in [2_500_000_u64, 2_400_000, 2_600_000] {
        let mut file = layout.open_file(&path).unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.read_exact(&mut out).unwrap();
        assert!(out[..] == long[at as usize..at as usize + 1000]);
    }
    assert_eq!(scene.objects.inside().read - before, 1 << 20);
    // From any place on, in steps of any length, and past the end.
    let mut x = 1_u64;
    let mut file = layout.open_file(&path).unwrap();
    for _ in 0..300 {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let at = (x >> 33) % (long.len() as u64 + 10);
        let length = ((x >> 20) % 300_000) as usize;
        if x.is_multiple_of(3) {
            file.seek(SeekFrom::Start(at)).unwrap();
        }
        let at = file.stream_position().unwrap() as usize;
        let mut out = vec![0; length];
        let mut read = 0;
        while read < length {
            match file.read(&mut out[read..]).unwrap() {
                0 => break,
                count => read += count,
            }
        }
        let end = (at + length).min(long.len());
        assert!(out[..read] == long[at.min(end)..end], "{at} {length}");
    }
}

#[test]
fn a_file_that_is_read_through_is_hashed_on_the_way_and_read_once() {
    let scene = Scene::new().evicting();
    scene.pass();
    let layout = scene.layout();
    let path = scene.root.join("warc/b.warc.gz");
    assert_eq!(layout.take_read_digest(&path), None);
    let before = scene.objects.inside().read;
    let mut file = layout.open_file(&path).unwrap();
    std::io::copy(&mut file, &mut std::io::sink()).unwrap();
    let entry = layout.ledger().get("warc/b.warc.gz").unwrap().unwrap();
    assert_eq!(check::changed(&layout, &path).unwrap(), None);
    assert_eq!(layout.take_read_digest(&path), entry.sha256);
    assert_eq!(layout.take_read_digest(&path), None, "once");
    assert_eq!(scene.objects.inside().read - before, 4_500);
    scene.objects.inside().objects.get_mut("warc/b.warc.gz").unwrap().bytes[77] ^= 1;
    assert!(check::changed(&layout, &path).unwrap().unwrap().contains("SHA-256"));
}

#[test]
fn what_is_not_as_it_was_in_the_storage_is_found() {
    let scene = Scene::new().evicting();
    scene.pass();
    let findings = |layout: &Layout| {
        let mut found = Vec::new();
        check(layout, &mut |finding| found.push((finding.rule, finding.file)));
        found.sort();
        found
    };
    assert_eq!(findings(&scene.layout()), []);
    let stray = scene.objects.inside().objects["warc/a.warc.gz"].clone();
    {
        let mut inside = scene.objects.inside();
        inside.objects.insert("warc/stray.warc.gz".to_owned(), stray.clone());
        inside.objects.insert("notes.txt".to_owned(), stray);
        inside.objects.remove("warc/a.warc.gz");
        inside.objects.get_mut("warc/b.warc.gz").unwrap().etag = "other".to_owned();
        inside.objects.get_mut("imported/c.warc").unwrap().bytes.pop();
    }
    let reported: Vec<_> = findings(&scene.layout());
    let reported: Vec<_> = reported.iter().map(|(rule, file)| (*rule, file.as_str())).collect();
    assert_eq!(
        reported,
        [
            ("remote-changed", "b.warc.gz"),
            ("remote-changed", "c.warc"),
            ("remote-missing", "a.warc.gz"),
            ("remote-unknown", "stray.warc.gz"),
        ]
    );
    let alone = Layout::new(&scene.root);
    assert_eq!(findings(&alone)[0].0, "remote-unchecked");
    scene.objects.inside().down = Some(ObjectErrorKind::Away);
    assert_eq!(findings(&scene.layout())[0].0, "remote-unreadable");
}

#[test]
fn an_unknown_upload_is_aborted_when_it_is_old() {
    let scene = Scene::new();
    let day = Duration::from_hours(24);
    let sha256 = "0".repeat(64);
    let old = ["warc/a.warc.gz", "warc/b.warc.gz", "config-check"];
    let begun: Vec<String> =
        old.iter().map(|key| scene.objects.begin(key, &sha256).unwrap()).collect();
    // The ledger names one of them.
    let known = Entry {
        file: "warc/b.warc.gz".to_owned(),
        state: State::Uploading,
        upload: Some(begun[1].clone()),
        ..trouble(None, Timestamp::default())
    };
    scene.layout().ledger().put(&known).unwrap();
    let later = scene.objects.inside().now.plus(day);
    scene.objects.inside().now = later;
    scene.objects.begin("imported/c.warc", &sha256).unwrap();
    let layout = scene.layout();
    let bucket = Arc::clone(layout.bucket().unwrap());
    let work = Work::new(layout, bucket, scene.options, Arc::new(SystemClock));
    work.throw_away_leaked();
    assert_eq!(scene.objects.uploads(), 3, "the first is old, of this archive, and unknown");
    assert_eq!(work.progress.counts(Timestamp::default()).aborted, 1);
    let asked = scene.objects.inside().asked;
    work.throw_away_leaked();
    assert_eq!(scene.objects.inside().asked, asked, "once in twelve hours");
}

#[test]
fn what_waits_fails_and_was_sent_is_counted() {
    let scene = Scene::new();
    let layout = scene.layout();
    let bucket = Arc::clone(layout.bucket().unwrap());
    let clock = Arc::new(SystemClock);
    let work = Work::new(layout, bucket, scene.options, Arc::clone(&clock) as _);
    let total: u64 = scene.files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    scene.objects.inside().down = Some(ObjectErrorKind::Away);
    work.pass();
    let later = clock.now().plus(Duration::from_hours(2));
    let counts = work.progress.counts(later);
    assert_eq!((counts.queued_files, counts.queued_bytes), (3, total));
    assert_eq!((counts.in_flight, counts.verified, counts.sent_bytes), (0, 0, 0));
    assert!(counts.lag >= Duration::from_hours(2), "{:?}", counts.lag);
    scene.objects.inside().down = None;
    work.pass();
    let counts = work.progress.counts(later);
    assert_eq!((counts.queued_files, counts.queued_bytes, counts.failed_files), (0, 0, 0));
    assert_eq!((counts.verified, counts.sent_bytes, counts.read_bytes), (3, total, total));
    assert_eq!(counts.lag, Duration::ZERO);
}
