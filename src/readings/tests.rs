//! The store's suite: what is kept, what is not, and the behaviour of a store that is deleted, damaged,
//! full, of another program or open in several processes.

use super::database::CHUNK_VERSIONS;
use super::*;
use crate::archive::{Capture, RecordKind};
use crate::base::{DigestAlgorithm, Timestamp};
use crate::diff::Fingerprint;
use crate::extract::page::Page;
use crate::extract::{Hints, extract};
use std::path::Path;

fn entry(url: &str, status: Option<u16>, payload: &str) -> Capture {
    Capture {
        urlkey: crate::base::surt::urlkey(url),
        date: Timestamp::from_unix_seconds(0),
        url: url.to_owned(),
        mime: "text/html".to_owned(),
        status,
        digest: Some(DigestAlgorithm::Sha256.digest(payload.as_bytes())),
        length: 1,
        offset: 0,
        file: "a.warc.gz".into(),
        record_id: None,
        kind: RecordKind::Response,
        refers_to: None,
        truncated: false,
    }
}

const URL: &str = "http://a.example/";

fn key(payload: &str) -> PageKey {
    PageKey::of(&entry(URL, Some(200), payload)).unwrap()
}

/// A page of many words; one of them depends on the number.
fn page(number: usize) -> Page {
    let words = (0..300_u64).map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let text = words.collect::<Vec<_>>().join(" ");
    let html = format!(
        "<article><h1>A headline</h1><p>Police counted {number} boats in the harbour.</p>\
         <p>“We counted {number} of them,” said Ann Lee.</p><p>{text}.</p></article>"
    );
    extract(html.as_bytes(), &Hints::default()).page
}

fn keep(readings: &Readings, number: usize) {
    let page = page(number);
    readings.keep_page(&key(&number.to_string()), URL, &page, Fingerprint::of(&page));
}

fn has(readings: &Readings, number: usize) -> bool {
    let found = readings.page(&key(&number.to_string()));
    if let Some(found) = &found {
        let page = page(number);
        assert!(found.page == page && found.print == Fingerprint::of(&page), "{number}");
    }
    found.is_some()
}

fn open(dir: &Path) -> Readings {
    Readings::of_derivation(dir, "one/1", DERIVED_BYTES_MAX)
}

fn row(number: usize) -> Row {
    let date = i64::try_from(number).unwrap() * 10;
    let facts = (number > 0).then_some(RowFacts { weight: 3, is_stealth: true, kinds: 1 });
    Row { date, facts, bytes: format!("row {number}").into_bytes() }
}

fn update(keep: usize, count: usize, after: Option<i64>) -> Update {
    Update {
        urlkey: "example,a)/".to_owned(),
        url: URL.to_owned(),
        after,
        is_html: true,
        has_unread: false,
        keep,
        rows: (keep..keep + count).map(row).collect(),
        state: format!("{}", keep + count).into_bytes(),
        waits_for: vec!["example,b)/".to_owned()],
    }
}

fn rows(readings: &Readings) -> Vec<String> {
    let (_, rows) = readings.stored_rows("example,a)/").unwrap();
    rows.map(|row| String::from_utf8(row).unwrap()).collect()
}

fn asked() -> NewestAsked {
    NewestAsked {
        from: i64::MIN,
        after: (i64::MAX, String::new(), -1),
        keys: (String::new(), String::new()),
        stealth_only: false,
        weight_min: 0,
        kinds: 0,
        limit: 1_000,
    }
}

fn newest(readings: &Readings) -> Vec<String> {
    let found = readings.newest(&asked()).unwrap();
    found.into_iter().map(|(_, row)| String::from_utf8(row).unwrap()).collect()
}

#[test]
fn a_page_is_kept_for_the_next_process_and_only_for_the_same_derivation() {
    let dir = tempfile::tempdir().unwrap();
    let readings = open(dir.path());
    assert!(!has(&readings, 1));
    keep(&readings, 1);
    drop(readings);
    let readings = open(dir.path());
    assert!(has(&readings, 1));
    let (headline, text) = readings.text(&key("1")).unwrap();
    assert_eq!((headline.as_deref(), &*text), (Some("A headline"), &*page(1).text));
    drop(readings);
    // Another version, also one whose name begins the same, does not read it and removes it.
    for other in ["one/2", "one/10", "one/"] {
        let readings = Readings::of_derivation(dir.path(), other, DERIVED_BYTES_MAX);
        assert!(!has(&readings, 1), "{other}");
    }
    assert!(!has(&open(dir.path()), 1));
    let files = std::fs::read_dir(dir.path()).unwrap();
    let stores = files.filter(|file| file.as_ref().unwrap().path().extension().unwrap() == "db");
    assert_eq!(stores.count(), 1);
}

#[test]
fn an_older_program_that_is_still_running_keeps_its_store() {
    let dir = tempfile::tempdir().unwrap();
    let older = open(dir.path());
    keep(&older, 1);
    let newer = Readings::of_derivation(dir.path(), "one/2", DERIVED_BYTES_MAX);
    keep(&newer, 2);
    keep(&older, 3);
    assert!(has(&older, 1) && has(&older, 3) && has(&newer, 2));
}

#[test]
fn what_an_older_program_kept_there_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["db", "conf", "snap.0000000000000000", "boot", "a note of mine"] {
        std::fs::write(dir.path().join(name), "x").unwrap();
    }
    std::fs::create_dir(dir.path().join("blobs")).unwrap();
    drop(open(dir.path()));
    let left = ["db", "conf", "snap.0000000000000000", "boot", "blobs"];
    assert!(left.iter().all(|name| !dir.path().join(name).exists()));
    assert!(dir.path().join("a note of mine").exists());
}

#[test]
fn readings_of_one_address_are_packed_against_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let readings = open(dir.path());
    keep(&readings, 0);
    let one = readings.bytes().unwrap();
    for number in 1..200 {
        keep(&readings, number);
    }
    assert!((0..200).all(|number| has(&readings, number)));
    let each = (readings.bytes().unwrap() - one) / 200;
    assert!(each < 900, "{each} bytes a reading, of a text of {}", page(0).text.len());
}

#[test]
fn a_full_store_lets_the_oldest_readings_go_and_keeps_versions() {
    let dir = tempfile::tempdir().unwrap();
    let bytes_max = 1 << 20;
    let readings = Readings::of_derivation(dir.path(), "one/1", bytes_max);
    assert!(readings.update(&update(0, 100, None)));
    // Every page has an address of its own, so that none is packed against another.
    let keys: Vec<PageKey> = (0..1_500)
        .map(|n| PageKey::of(&entry(&format!("{URL}{n}"), Some(200), "x")).unwrap())
        .collect();
    let page = page(7);
    for (n, key) in keys.iter().enumerate() {
        readings.keep_page(key, &format!("{URL}{n}"), &page, Fingerprint::of(&page));
    }
    let kept: Vec<bool> = keys.iter().map(|key| readings.page(key).is_some()).collect();
    let count = kept.iter().filter(|is| **is).count();
    assert!((100..1_400).contains(&count), "{count} kept");
    assert!(kept[1_499] && !kept[0], "the newest stay");
    assert!(readings.bytes().unwrap() < 2 * bytes_max);
    assert_eq!(rows(&readings).len(), 100);
    drop(readings);
    let size: u64 = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(size < 8 * bytes_max, "{size}");
    // Versions alone are more than this bound: the store begins from nothing.
    let readings = Readings::of_derivation(dir.path(), "one/1", 1_000);
    assert!(readings.stored_rows("example,a)/").is_none());
    assert!(readings.files_done().unwrap().is_empty());
}

#[test]
fn versions_are_kept_replaced_and_found_by_time() {
    let dir = tempfile::tempdir().unwrap();
    let readings = open(dir.path());
    let named = |range: std::ops::Range<usize>| -> Vec<String> {
        range.map(|n| format!("row {n}")).collect()
    };
    let mut revision = None;
    let mut count = 0;
    for (keep, more) in [(0, 1), (0, 2), (1, 40), (31, 2), (32, 33), (64, 100), (163, 1)] {
        assert!(readings.update(&update(keep, more, revision)), "{keep} + {more}");
        revision = Some(revision.map_or(1, |revision| revision + 1));
        count = keep + more;
        assert_eq!(rows(&readings), named(0..count));
        let mut expected = named(1..count);
        expected.reverse();
        assert_eq!(newest(&readings), expected, "the first changed nothing");
        for at in [0, count / 2, count - 1] {
            let row = readings.stored_row("example,a)/", at).unwrap();
            assert_eq!(String::from_utf8(row).unwrap(), format!("row {at}"));
        }
    }
    assert!(count > 3 * CHUNK_VERSIONS);
    assert_eq!(readings.waiting_for("example,b)/").unwrap(), [URL]);
    // What another process has kept since stands.
    assert!(!readings.update(&update(0, 1, Some(1))));
    assert!(!readings.update(&update(0, 1, None)));
    assert_eq!(rows(&readings).len(), count);
    let page = readings.stored_page("example,a)/").unwrap();
    assert_eq!((page.revision, &*page.state), (revision.unwrap(), &b"164"[..]));
}

#[test]
fn an_answer_in_parts_is_the_answer_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let readings = open(dir.path());
    for name in ["a", "b", "c"] {
        let update = Update {
            urlkey: format!("example,{name})/"),
            url: format!("http://{name}.example/"),
            ..update(0, 50, None)
        };
        assert!(readings.update(&update));
    }
    let all = readings.newest(&asked()).unwrap();
    assert_eq!(all.len(), 3 * 49);
    for limit in [1, 2, 7, 147, 148] {
        let mut parts = Vec::new();
        let mut question = NewestAsked { limit, ..asked() };
        loop {
            let part = readings.newest(&question).unwrap();
            let Some((last, _)) = part.last() else { break };
            question.after = last.clone();
            parts.extend(part);
        }
        assert_eq!(parts, all, "{limit} at once");
    }
    let count = |question: NewestAsked| readings.newest(&question).unwrap().len();
    assert_eq!(count(NewestAsked { from: 400, ..asked() }), 30);
    assert_eq!(count(NewestAsked { after: (399, String::new(), -1), ..asked() }), 117);
    assert_eq!(count(NewestAsked { kinds: 2, ..asked() }), 0);
    assert_eq!(count(NewestAsked { weight_min: 4, ..asked() }), 0);
    let keys = ("example,b".to_owned(), "example,c".to_owned());
    assert_eq!(count(NewestAsked { keys, ..asked() }), 49);
}

#[test]
fn marks_of_files_never_go_back() {
    let dir = tempfile::tempdir().unwrap();
    let readings = open(dir.path());
    let mark = |versions, speakers| FileDone { name: "a".to_owned(), versions, speakers };
    for (given, known) in
        [(mark(0, 0), mark(0, 0)), (mark(9, 2), mark(9, 2)), (mark(5, 4), mark(9, 4))]
    {
        assert!(readings.mark_files(readings.epoch().unwrap(), &[given]));
        assert_eq!(readings.files_done().unwrap(), [known]);
    }
    let epoch = readings.epoch().unwrap();
    readings.forget_versions();
    assert!(readings.files_done().unwrap().is_empty());
    assert!(!readings.mark_files(epoch, &[mark(9, 9)]), "what they stood for is gone");
    assert!(readings.files_done().unwrap().is_empty());
}

#[test]
fn speakers_are_found_by_their_last_word() {
    let dir = tempfile::tempdir().unwrap();
    let readings = open(dir.path());
    keep(&readings, 1);
    keep(&readings, 2);
    assert_eq!(readings.quoting("ANN LEE").unwrap(), [URL]);
    assert_eq!(readings.quoting("Lee").unwrap(), [URL]);
    assert!(readings.quoting("Ann").unwrap().is_empty());
}

/// The files of the store in a directory.
fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let all = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    all.filter(|path| !path.to_string_lossy().ends_with(".lock")).collect()
}

#[test]
fn a_store_that_is_deleted_cut_or_overwritten_is_begun_from_nothing() {
    type Damage = (&'static str, fn(&Path));
    let damage: [Damage; 5] = [
        ("deleted", |path| std::fs::remove_file(path).unwrap()),
        ("emptied", |path| std::fs::write(path, b"").unwrap()),
        ("cut", |path| {
            let bytes = std::fs::read(path).unwrap();
            std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("overwritten", |path| std::fs::write(path, [0x55; 20_000]).unwrap()),
        ("overwritten at its end", |path| {
            let mut bytes = std::fs::read(path).unwrap();
            let from = bytes.len() / 2;
            bytes[from..].fill(0x55);
            std::fs::write(path, &bytes).unwrap();
        }),
    ];
    for (name, damage) in damage {
        let dir = tempfile::tempdir().unwrap();
        let readings = open(dir.path());
        for number in 0..50 {
            keep(&readings, number);
        }
        assert!(readings.update(&update(0, 100, None)));
        drop(readings);
        for file in files(dir.path()) {
            damage(&file);
        }
        // Every result is right, and in the end everything can be kept again.
        let readings = open(dir.path());
        let _ = (0..50).filter(|number| has(&readings, *number)).count();
        let _ = readings.newest(&asked());
        drop(readings);
        let readings = open(dir.path());
        keep(&readings, 70);
        drop(readings);
        let readings = open(dir.path());
        assert!(readings.why_not().is_none() && has(&readings, 70), "{name}");
    }
}

#[test]
fn a_byte_that_flips_gives_no_false_answer() {
    let dir = tempfile::tempdir().unwrap();
    let readings = open(dir.path());
    for number in 0..5 {
        keep(&readings, number);
    }
    assert!(readings.update(&update(0, 40, None)));
    let unread =
        Update { urlkey: "example,c)/".to_owned(), has_unread: true, ..update(0, 2, None) };
    assert!(readings.update(&unread));
    let marks = [FileDone { name: "a.warc".to_owned(), versions: 9_000, speakers: 9_000 }];
    assert!(readings.mark_files(readings.epoch().unwrap(), &marks));
    let (all, by_time) = (rows(&readings), newest(&readings));
    drop(readings);
    let path =
        files(dir.path()).into_iter().find(|path| path.extension().unwrap() == "db").unwrap();
    let good = std::fs::read(&path).unwrap();
    let mut false_answers = Vec::new();
    for at in (0..good.len()).step_by(197) {
        let mut bad = good.clone();
        bad[at] ^= 0x55;
        std::fs::write(&path, &bad).unwrap();
        let readings = open(dir.path());
        for number in 0..5 {
            // Asserts that what is found is right.
            has(&readings, number);
        }
        if let Some((_, rows)) = readings.stored_rows("example,a)/") {
            let found: Vec<String> = rows.map(|row| String::from_utf8(row).unwrap()).collect();
            // A chunk may be missing at the end: the state says how many rows there are.
            if !all.starts_with(&found) {
                false_answers.push((at, found));
            }
        }
        // While the marks say that everything is in, nothing may be missing; without them it is read again.
        if let Some(done) = readings.files_done()
            && !done.is_empty()
        {
            if done != marks {
                false_answers.push((at, vec![format!("{done:?}")]));
            }
            if let Some(found) = readings.newest(&asked()) {
                let found: Vec<String> =
                    found.into_iter().map(|(_, row)| String::from_utf8(row).unwrap()).collect();
                if found != by_time {
                    false_answers.push((at, found));
                }
            }
            let mut addresses = |found: Option<Vec<String>>, expected: &[&str]| {
                if let Some(found) = found.filter(|found| found != expected) {
                    false_answers.push((at, found));
                }
            };
            let unread = readings.pages_unread();
            let unread = unread.map(|all| all.into_iter().map(|(_, url)| url).collect());
            addresses(unread, &[URL]);
            addresses(readings.waiting_for("example,b)/"), &[URL, URL]);
            addresses(readings.quoting("Lee"), &[URL]);
        }
    }
    assert_eq!(false_answers, []);
}

#[test]
fn many_have_it_open_and_see_what_the_others_keep() {
    let dir = tempfile::tempdir().unwrap();
    let stores: Vec<Readings> = (0..4).map(|_| open(dir.path())).collect();
    std::thread::scope(|scope| {
        for (n, store) in stores.iter().enumerate() {
            scope.spawn(move || (0..25).for_each(|number| keep(store, n * 25 + number)));
        }
    });
    for store in &stores {
        assert_eq!((0..100).filter(|number| has(store, *number)).count(), 100);
    }
}

#[test]
fn a_store_that_cannot_be_made_is_done_without() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("derived");
    std::fs::write(&file, "no directory").unwrap();
    let readings = open(&file);
    assert!(readings.why_not().is_some() && !readings.is_open());
    keep(&readings, 1);
    assert!(!has(&readings, 1) && readings.newest(&asked()).is_none());
    assert!(!readings.update(&update(0, 1, None)));
}

#[test]
fn a_reading_that_does_not_follow_from_the_payload_alone_has_no_key() {
    let key = |url, status, payload| PageKey::of(&entry(url, status, payload));
    let page = key("http://a.example/", Some(200), "x");
    assert!(page.is_some());
    assert_eq!(page, key("http://a.example/", Some(304), "x"));
    for other in [
        key("http://a.example/b", Some(200), "x"),
        key("http://a.example/", Some(404), "x"),
        key("http://a.example/", Some(200), "y"),
    ] {
        assert!(other.is_some() && other != page);
    }
    for none in [Some(301), Some(302), None] {
        assert_eq!(key("http://a.example/", none, "x"), None);
    }
    let cut = Capture { truncated: true, ..entry("http://a.example/", Some(200), "x") };
    assert_eq!(PageKey::of(&cut), None);
}
