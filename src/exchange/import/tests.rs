//! Files made here, taken into an archive.

use std::io::Write;

use super::*;
use crate::store::{Reader, bring_up};
use crate::warc::{Compression, CountingIds, Packer, Record, RecordIds, RecordKind, name};

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_762_300_800)
}

/// A WARC file of some captures, from this number on.
fn warc(numbers: std::ops::Range<u32>) -> Vec<u8> {
    let mut ids = CountingIds(u128::from(numbers.start) << 32);
    let mut out = Vec::new();
    for n in numbers {
        let record = Record::build(&RecordKind::Response, &ids.next_id(), now())
            .field(name::TARGET_URI, format!("http://a.example/{n}"))
            .field(name::CONTENT_TYPE, "application/http;msgtype=response")
            .field("WARC-Page-ID", "x")
            .block(
                format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>{n}").into_bytes(),
            );
        let mut packed = Packer::new(Compression::default()).pack(&record).unwrap();
        packed.write_to(&mut out).unwrap();
    }
    out
}

struct Scene {
    dir: tempfile::TempDir,
    layout: Layout,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(&dir.path().join("archive"));
        layout.create().unwrap();
        Self { dir, layout }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn import(&self, paths: &[PathBuf], lenient: bool) -> Vec<Taken> {
        let mut all = Vec::new();
        let mut options = ImportOptions { lenient, now: now(), progress: &mut |_, _, _| {} };
        import(&self.layout, paths, &mut options, &mut |taken| all.push(taken)).unwrap();
        all
    }

    fn captures(&self) -> usize {
        let (reader, _) = Reader::open(self.layout.root(), 1 << 20).unwrap();
        bring_up(&reader, &mut |_| {}).unwrap();
        let all: Vec<_> =
            reader.query(&crate::archive::Query::everything()).map(Result::unwrap).collect();
        for capture in &all {
            reader.load(capture).unwrap();
        }
        all.len()
    }
}

fn package(list_is_right: bool) -> Vec<u8> {
    let warc = warc(50..53);
    let digest = crate::base::DigestAlgorithm::Sha256.digest(&warc).to_string();
    let digest = if list_is_right { digest } else { digest.replace('a', "b") };
    let list = serde_json::json!({ "resources": [
        { "path": "archive/data.warc.gz", "hash": digest, "bytes": warc.len() },
    ]})
    .to_string();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (path, bytes) in
        [("archive/data.warc.gz", &warc[..]), ("datapackage.json", list.as_bytes())]
    {
        zip.start_file(path, stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn files_are_adopted_untouched_once_and_are_read_like_our_own() {
    let scene = Scene::new();
    let bytes = warc(0..5);
    let paths = [scene.file("a b.warc.gz", &bytes), scene.file("copy.warc.gz", &bytes)];
    let taken = scene.import(&paths, false);
    assert_eq!(taken[0].outcome, Outcome::Imported);
    assert_eq!((taken[0].records, taken[0].captures), (5, 5));
    assert_eq!(taken[0].file.as_deref(), Some("a_b.warc.gz"));
    assert_eq!((taken[1].outcome, &taken[1].file), (Outcome::Known, &taken[0].file));
    let there = std::fs::read(scene.layout.imported_dir().join("a_b.warc.gz")).unwrap();
    assert_eq!(there, bytes);
    let origin = Origin::path(&scene.layout.imported_dir(), "a_b.warc.gz");
    let origin: Origin = serde_json::from_slice(&std::fs::read(origin).unwrap()).unwrap();
    assert!(origin.from.ends_with("a b.warc.gz") && origin.bytes == bytes.len() as u64);
    assert_eq!(scene.captures(), 5);
    assert_eq!(scene.import(&paths, false)[0].outcome, Outcome::Known);
    assert_eq!(scene.captures(), 5);
}

#[test]
fn another_file_of_the_same_name_gets_another_name() {
    let scene = Scene::new();
    let first = scene.file("a.warc.gz", &warc(0..2));
    scene.import(&[first], false);
    let second = scene.file("a.warc.gz", &warc(2..4));
    let taken = scene.import(&[second], false);
    let name = taken[0].file.as_deref().unwrap();
    assert!(name.ends_with("-a.warc.gz") && name.len() == "a.warc.gz".len() + 9, "{name}");
    assert_eq!(scene.captures(), 4);
}

#[test]
fn what_is_damaged_is_refused_unless_it_is_asked_for() {
    let scene = Scene::new();
    let mut bytes = warc(0..4);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    let damaged = scene.file("damaged.warc.gz", &bytes);
    let none = scene.file("none.warc.gz", b"no records at all");
    let empty = scene.file("empty.warc.gz", b"");
    let missing = scene.dir.path().join("missing.warc.gz");
    let paths = [damaged, none, empty, missing, scene.dir.path().to_owned()];
    for taken in scene.import(&paths, false) {
        assert_eq!(taken.outcome, Outcome::Refused, "{taken:?}");
        assert!(taken.why.is_some());
    }
    assert_eq!(scene.captures(), 0);
    let taken = scene.import(&paths[..2], true);
    assert_eq!(taken[0].outcome, Outcome::Imported);
    assert!(!taken[0].findings.is_empty());
    assert_eq!(taken[1].outcome, Outcome::Refused);
    assert_eq!(scene.captures(), 3);
}

#[test]
fn a_package_is_checked_against_its_list_of_files() {
    let scene = Scene::new();
    let wrong = scene.file("wrong.wacz", &package(false));
    let taken = scene.import(&[wrong], false);
    assert_eq!(taken[0].outcome, Outcome::Refused);
    let right = scene.file("right.wacz", &package(true));
    let taken = scene.import(&[right], false);
    assert_eq!(taken[0].file.as_deref(), Some("right-data.warc.gz"));
    assert_eq!((taken[0].outcome, taken[0].captures), (Outcome::Imported, 3));
    let origin = Origin::path(&scene.layout.imported_dir(), "right-data.warc.gz");
    let origin: Origin = serde_json::from_slice(&std::fs::read(origin).unwrap()).unwrap();
    let package = origin.package.unwrap();
    assert_eq!(package.path, "archive/data.warc.gz");
    assert!(package.files.contains_key("datapackage.json"));
    assert_eq!(scene.captures(), 3);
}

#[test]
fn packages_inside_a_package_are_taken_with_their_lists() {
    let scene = Scene::new();
    let collection = |list_is_right| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let inner = package(list_is_right);
        let digest = crate::base::DigestAlgorithm::Sha256.digest(&inner).to_string();
        let list = serde_json::json!({
            "profile": "multi-wacz-package",
            "resources": [{ "path": "parts/one.wacz", "hash": digest, "bytes": inner.len() }],
        });
        let list = list.to_string();
        for (path, bytes) in [("parts/one.wacz", &inner[..]), ("datapackage.json", list.as_bytes())]
        {
            zip.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let wrong = scene.file("wrong.wacz", &collection(false));
    let taken = scene.import(&[wrong], false);
    assert_eq!((taken[0].outcome, taken.len()), (Outcome::Refused, 1), "the inner list is checked");
    let all = scene.file("all.wacz", &collection(true));
    let taken = scene.import(std::slice::from_ref(&all), false);
    assert_eq!((taken[0].outcome, taken.len()), (Outcome::Imported, 1));
    assert_eq!(taken[0].path, format!("{}/parts/one.wacz/archive/data.warc.gz", all.display()));
    let name = taken[0].file.as_deref().unwrap();
    assert_eq!(name, "all-one-data.warc.gz");
    let origin = Origin::path(&scene.layout.imported_dir(), name);
    let origin: Origin = serde_json::from_slice(&std::fs::read(origin).unwrap()).unwrap();
    let package = origin.package.unwrap();
    assert_eq!(
        (&*package.name, &*package.path),
        ("all.wacz", "parts/one.wacz/archive/data.warc.gz")
    );
    assert!(package.files["datapackage.json"].contains("archive/data.warc.gz"), "its own list");
    assert_eq!(scene.captures(), 3);
}

#[test]
fn what_a_killed_import_left_is_removed_or_written_again() {
    let scene = Scene::new();
    let path = scene.file("a.warc.gz", &warc(0..3));
    let dir = scene.layout.imported_dir();
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join(".import-x"), b"half").unwrap();
    // An origin whose file did not get its name.
    Origin::new(
        "a.warc.gz",
        &crate::base::DigestAlgorithm::Sha256.digest(&warc(0..3)).to_string(),
        9,
    )
    .write(&dir, None)
    .unwrap();
    assert_eq!(scene.import(&[path], false)[0].outcome, Outcome::Imported);
    assert!(!dir.join(".import-x").exists());
    assert_eq!(scene.captures(), 3);
}
