use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn open(dir: &Path) -> (Kv, Vec<String>) {
    Kv::open(dir, &KvOptions { cache_bytes: 4 << 20, flush_every_ms: Some(500) }).unwrap()
}

const ENTRIES: u32 = 3_000;

fn key(n: u32) -> Vec<u8> {
    format!("com,example)/{:08}", n.wrapping_mul(2_654_435_761) % 100_000_007).into_bytes()
}

fn value(n: u32) -> Vec<u8> {
    format!("value {n} {}", "x".repeat(n as usize % 90)).into_bytes()
}

/// A store with entries, closed in order, opened once more so that it has a snapshot, closed.
fn filled(root: &Path) -> PathBuf {
    let dir = root.join("index");
    for round in 0..2 {
        let (kv, notes) = open(&dir);
        assert_eq!(notes, [""; 0], "round {round}");
        let tree = kv.tree("t").unwrap();
        for n in 0..ENTRIES {
            tree.insert(&key(n), &value(n)).unwrap();
        }
        drop(tree);
        kv.close().unwrap();
    }
    assert!(snapshot(&dir).is_some(), "the faults below need a snapshot");
    dir
}

fn snapshot(dir: &Path) -> Option<PathBuf> {
    let names = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    names.filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("snap.")).max()
}

fn all_there(kv: &Kv) -> bool {
    let tree = kv.tree("t").unwrap();
    (0..ENTRIES).all(|n| tree.get(&key(n)).unwrap().is_some_and(|v| *v == *value(n)))
        && tree.len().unwrap() == u64::from(ENTRIES)
}

fn damaged_dirs(root: &Path) -> usize {
    let names = fs::read_dir(root).unwrap().map(|e| e.unwrap().file_name());
    names.filter(|n| n.to_string_lossy().contains(".damaged-")).count()
}

#[test]
fn what_is_written_is_read_back_in_order_from_both_ends() {
    let root = tempfile::tempdir().unwrap();
    let (kv, notes) = open(&root.path().join("a/b/index"));
    assert!(notes.is_empty() && !kv.was_clean() && !kv.was_repaired());
    let tree = kv.tree("t").unwrap();
    let mut batch = Batch::default();
    for k in ["b", "a", "c", "d", "ca"] {
        batch.insert(k.as_bytes(), k.to_uppercase().as_bytes());
    }
    batch.remove(b"d");
    tree.apply(batch).unwrap();
    let text = |range: Range| {
        range
            .map(|e| String::from_utf8(e.unwrap().0.to_vec()).unwrap())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(text(tree.range::<&[u8], _>(..)), "a b c ca");
    assert_eq!(text(tree.range("b".."ca")), "b c");
    assert_eq!(text(tree.range("b"..="ca")), "b c ca");
    assert_eq!(text(tree.range("x".."b")), "");
    assert_eq!(text(tree.range("b".."b")), "");
    assert_eq!(text(tree.scan_prefix(b"c")), "c ca");
    assert_eq!(text(tree.scan_prefix(b"")), "a b c ca");
    let mut both = tree.range::<&[u8], _>(..);
    let mut next = |back: bool| {
        let entry = if back { both.next_back() } else { both.next() };
        entry.map(|e| e.unwrap().0.to_vec())
    };
    assert_eq!(next(false).unwrap(), b"a");
    assert_eq!(next(true).unwrap(), b"ca");
    assert_eq!(next(true).unwrap(), b"c");
    assert_eq!(next(false).unwrap(), b"b");
    assert_eq!((next(false), next(true)), (None, None));
    assert_eq!(&*tree.first().unwrap().unwrap().1, b"A");
    assert_eq!(&*tree.last().unwrap().unwrap().0, b"ca");
    assert_eq!((tree.len().unwrap(), tree.is_empty().unwrap()), (4, false));
    assert!(tree.contains(b"a").unwrap());
    assert_eq!(&*tree.remove(b"a").unwrap().unwrap(), b"A");
    assert_eq!(tree.get(b"a").unwrap(), None);
    assert_eq!(&*tree.insert(b"b", b"2").unwrap().unwrap(), b"B");
    tree.clear().unwrap();
    assert!(tree.is_empty().unwrap());
    kv.flush().unwrap();
    assert!(kv.size_on_disk().unwrap() > 0);
}

#[test]
fn the_key_after_a_prefix() {
    for (prefix, after) in [
        (&b"a"[..], Some(&b"b"[..])),
        (b"a\xff", Some(b"b")),
        (b"\xff\xff", None),
        (b"", None),
        (b"com,example)/", Some(b"com,example)0")),
    ] {
        assert_eq!(after_prefix(prefix).as_deref(), after);
    }
}

#[test]
fn an_orderly_close_is_distinguished_from_a_crash() {
    let root = tempfile::tempdir().unwrap();
    let dir = filled(root.path());
    let (kv, notes) = open(&dir);
    assert!(kv.was_clean() && notes.is_empty() && all_there(&kv));
    kv.tree("t").unwrap().insert(&key(0), &value(0)).unwrap();
    drop(kv);
    let (kv, notes) = open(&dir);
    assert!(!kv.was_clean() && notes.is_empty() && all_there(&kv));
}

#[test]
fn a_process_that_only_reads_changes_nothing_however_it_ends() {
    let root = tempfile::tempdir().unwrap();
    let dir = filled(root.path());
    let quiet = KvOptions { cache_bytes: 4 << 20, flush_every_ms: None };
    let marker = || fs::read(dir.join("closed-in-order")).ok();
    let before = marker();
    assert!(before.is_some());
    for ends_in_order in [true, false] {
        let (kv, notes) = Kv::open(&dir, &quiet).unwrap();
        assert!(kv.was_clean() && notes.is_empty() && all_there(&kv));
        kv.flush().unwrap();
        if ends_in_order {
            kv.close().unwrap();
        } else {
            drop(kv);
        }
        assert_eq!(marker(), before);
    }
    // The first write withdraws the marker, and an orderly close leaves a new one.
    let (kv, _) = Kv::open(&dir, &quiet).unwrap();
    let tree = kv.tree("t").unwrap();
    tree.insert(&key(0), &value(0)).unwrap();
    assert_eq!(marker(), None);
    drop(tree);
    kv.close().unwrap();
    assert!(marker().is_some_and(|after| Some(after) != before));
    let (kv, _) = Kv::open(&dir, &quiet).unwrap();
    assert!(kv.was_clean());
    // So does a new tree.
    kv.tree("new").unwrap();
    assert_eq!(marker(), None);
}

#[test]
fn trees_of_a_closed_store_say_so() {
    let root = tempfile::tempdir().unwrap();
    let (kv, _) = open(&root.path().join("index"));
    let tree = kv.tree("t").unwrap();
    kv.close().unwrap();
    assert!(matches!(tree.get(b"a"), Err(KvError::Closed { .. })));
}

#[test]
fn a_directory_in_use_is_locked_and_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("index");
    let (kv, _) = open(&dir);
    kv.tree("t").unwrap().insert(b"a", b"1").unwrap();
    let error = Kv::open(&dir, &KvOptions::default()).unwrap_err();
    assert!(error.is_locked() && !error.is_damage(), "{error}");
    assert_eq!(&*kv.tree("t").unwrap().get(b"a").unwrap().unwrap(), b"1");
    assert_eq!(damaged_dirs(root.path()), 0);
    drop(kv);
    assert!(!open(&dir).0.tree("t").unwrap().is_empty().unwrap());
}

#[test]
fn a_directory_in_use_is_not_set_aside_even_when_marked() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("index");
    let (kv, _) = open(&dir);
    kv.mark_damaged("contradicts its source");
    assert!(Kv::open(&dir, &KvOptions::default()).unwrap_err().is_locked());
    assert_eq!(damaged_dirs(root.path()), 0);
    drop(kv);
    let (_, notes) = open(&dir);
    assert!(notes[0].contains("contradicts its source"), "{notes:?}");
    assert_eq!(damaged_dirs(root.path()), 1);
}

#[test]
fn large_values_survive() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("index");
    let (kv, _) = open(&dir);
    let large: Vec<u8> = (0..600_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    kv.tree("t").unwrap().insert(b"large", &large).unwrap();
    kv.flush().unwrap();
    kv.flush().unwrap();
    drop(kv);
    let (kv, notes) = open(&dir);
    assert!(notes.is_empty());
    assert_eq!(&*kv.tree("t").unwrap().get(b"large").unwrap().unwrap(), &large[..]);
}

/// What is done to a healthy, closed directory.
type Fault = fn(&Path);

#[test]
fn faults_that_lose_nothing_are_repaired() {
    let faults: [(&str, Fault, bool); 7] = [
        (
            "a leftover of an unfinished snapshot",
            |dir| {
                fs::write(dir.join("snap.00000000FFFFFFFF.generating"), b"half").unwrap();
            },
            false,
        ),
        ("an empty snapshot", |dir| fs::write(snapshot(dir).unwrap(), b"").unwrap(), true),
        (
            "a cut snapshot",
            |dir| {
                let path = snapshot(dir).unwrap();
                let bytes = fs::read(&path).unwrap();
                fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
            },
            true,
        ),
        (
            "a snapshot with a flipped byte",
            |dir| {
                let path = snapshot(dir).unwrap();
                let mut bytes = fs::read(&path).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x20;
                fs::write(path, bytes).unwrap();
            },
            true,
        ),
        ("no snapshot", |dir| fs::remove_file(snapshot(dir).unwrap()).unwrap(), false),
        (
            "garbage for parameters",
            |dir| {
                fs::write(dir.join("conf"), b"version: nonsense\nsegment_size: x\n....").unwrap();
            },
            true,
        ),
        ("no parameters", |dir| fs::remove_file(dir.join("conf")).unwrap(), false),
    ];
    for (name, fault, is_said) in faults {
        let root = tempfile::tempdir().unwrap();
        let dir = filled(root.path());
        fault(&dir);
        let (kv, notes) = open(&dir);
        assert!(all_there(&kv), "{name}: {notes:?}");
        assert_eq!(!notes.is_empty(), is_said, "{name}: {notes:?}");
        assert_eq!(kv.was_repaired(), is_said, "{name}");
        drop(kv);
        assert_eq!(damaged_dirs(root.path()), 0, "{name}");
        let (kv, notes) = open(&dir);
        assert!(all_there(&kv) && notes.is_empty(), "{name}, opened again: {notes:?}");
    }
}

/// Every fault ends in a store that opens, takes entries, and says that something was wrong when
/// entries are missing.
#[test]
fn faults_that_lose_entries_are_said_and_the_store_lives() {
    let faults: [(&str, Fault); 8] = [
        ("the log deleted", |dir| fs::remove_file(dir.join("db")).unwrap()),
        ("the log emptied", |dir| fs::write(dir.join("db"), b"").unwrap()),
        ("the log cut in the middle", |dir| {
            let log = fs::OpenOptions::new().write(true).open(dir.join("db")).unwrap();
            log.set_len(log.metadata().unwrap().len() / 2 + 77).unwrap();
        }),
        ("garbage in the log", |dir| {
            fs::write(dir.join("db"), vec![0x5a; 700_000]).unwrap();
        }),
        ("a file in place of the directory", |dir| {
            fs::remove_dir_all(dir).unwrap();
            fs::write(dir, b"garbage").unwrap();
        }),
        ("a directory in place of the log", |dir| {
            fs::remove_file(dir.join("db")).unwrap();
            fs::create_dir(dir.join("db")).unwrap();
        }),
        ("marked as damaged", |dir| fs::write(dir.join("damaged"), b"page 7").unwrap()),
        ("garbage in everything", |dir| {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    fs::write(path, b"garbage").unwrap();
                }
            }
        }),
    ];
    for (name, fault) in faults {
        let root = tempfile::tempdir().unwrap();
        let dir = filled(root.path());
        fault(&dir);
        let (kv, notes) = open(&dir);
        assert!(!notes.is_empty() && kv.was_repaired() && !kv.was_clean(), "{name}");
        works_or_says_so(kv, &dir, name);
    }
}

/// A flipped byte anywhere in the log: opening never panics and never fails; reading never gives a
/// wrong value; what is lost shows as damage or as a note.
#[test]
fn a_flipped_byte_in_the_log_never_gives_a_wrong_value() {
    let root = tempfile::tempdir().unwrap();
    let dir = filled(root.path());
    let log = fs::read(dir.join("db")).unwrap();
    let keep = root.path().join("keep");
    copy(&dir, &keep);
    let mut damage_seen = 0;
    for with_snapshot in [true, false] {
        for step in 0..24_usize {
            let at = (step * log.len() / 24 + step * 977 + 3) % log.len();
            let name = format!("byte {at}, snapshot {with_snapshot}");
            let _ = fs::remove_dir_all(&dir);
            copy(&keep, &dir);
            let mut bytes = log.clone();
            bytes[at] ^= 0x41;
            fs::write(dir.join("db"), bytes).unwrap();
            if !with_snapshot {
                fs::remove_file(snapshot(&dir).unwrap()).unwrap();
            }
            let (kv, notes) = open(&dir);
            if kv.was_clean() {
                // Nothing was said: then nothing is missing, or reading says so.
                assert!(notes.is_empty(), "{name}");
                match kv.tree("t").and_then(|tree| tree.len()) {
                    Ok(count) => assert_eq!(count, u64::from(ENTRIES), "{name}"),
                    Err(error) => assert!(error.is_damage(), "{name}: {error}"),
                }
            }
            if !works_or_says_so(kv, &dir, &name) {
                damage_seen += 1;
            }
        }
    }
    assert!(damage_seen > 0, "no flip was ever read: the test tests nothing");
}

/// Reads everything: every value is right or absent, or the store says that it is damaged and the
/// next open starts afresh and works.
/// Gives back whether the first read of everything worked.
fn works_or_says_so(kv: Kv, dir: &Path, name: &str) -> bool {
    let read = |kv: &Kv| -> Result<(), KvError> {
        let tree = kv.tree("t")?;
        for n in 0..ENTRIES {
            if let Some(found) = tree.get(&key(n))? {
                assert_eq!(*found, *value(n), "{name}");
            }
        }
        let listed = tree.range::<&[u8], _>(..).collect::<Result<Vec<_>, _>>()?;
        assert!(listed.len() <= ENTRIES as usize, "{name}");
        tree.insert(b"new", b"1")?;
        kv.flush()
    };
    let Err(error) = read(&kv) else { return true };
    {
        assert!(error.is_damage(), "{name}: {error}");
        assert!(matches!(kv.tree("t"), Err(KvError::Poisoned { damage: true, .. })), "{name}");
        drop(kv);
        let (kv, notes) = open(dir);
        assert!(kv.was_repaired() && notes.len() == 1, "{name}: {notes:?}");
        read(&kv).unwrap();
    }
    false
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        } else {
            copy(&path, &to.join(path.file_name().unwrap()));
        }
    }
}

#[test]
fn what_is_set_aside_is_kept_under_a_free_name() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("index");
    assert_eq!(set_aside(&dir).unwrap(), None);
    for n in 1..=3 {
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("x"), [n]).unwrap();
        let aside = set_aside(&dir).unwrap().unwrap();
        assert_eq!(aside, root.path().join(format!("index.damaged-{n}")));
        assert_eq!(fs::read(aside.join("x")).unwrap(), [n]);
    }
}

#[test]
fn a_panic_inside_an_operation_is_an_error_and_the_handle_stops() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("index");
    let (kv, _) = open(&dir);
    let tree = kv.tree("t").unwrap();
    let error = kv.shared.run::<()>("read", || panic!("broken page {}", 7)).unwrap_err();
    assert!(
        matches!(&error, KvError::Damaged { why, .. } if why.contains("broken page 7")),
        "{error}"
    );
    assert!(matches!(tree.insert(b"a", b"1"), Err(KvError::Poisoned { .. })));
    assert!(matches!(tree.range::<&[u8], _>(..).next(), Some(Err(KvError::Poisoned { .. }))));
    drop((tree, kv));
    let (kv, notes) = open(&dir);
    assert!(
        notes[0].contains("broken page 7") && notes[0].contains("index.damaged-1"),
        "{notes:?}"
    );
    assert!(kv.tree("t").unwrap().is_empty().unwrap());
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error_of_the_system() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), b"").unwrap();
    let error = Kv::open(&root.path().join("file/index"), &KvOptions::default()).unwrap_err();
    assert!(matches!(error, KvError::Io { .. }), "{error}");
}

#[test]
fn after_another_boot_a_store_is_suspect_unless_it_was_closed_in_order() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("index");
    let reopened = |change: &dyn Fn(&Path)| {
        change(&dir.join("boot"));
        let (kv, notes) = open(&dir);
        assert!(notes.is_empty(), "{notes:?}");
        kv
    };
    let (kv, _) = open(&dir);
    assert!(!kv.is_suspect(), "a new one holds nothing");
    drop(kv);
    assert!(reopened(&|_| {}).is_suspect(), "nobody said that it is right");
    let kv = reopened(&|_| {});
    kv.mark_consistent().unwrap();
    drop(kv);
    let linux = Path::new("/proc/sys/kernel/random/boot_id").exists();
    assert_eq!(reopened(&|_| {}).is_suspect(), !linux, "killed under the same boot");
    for change in [|boot: &Path| fs::write(boot, "another\n"), |boot: &Path| fs::remove_file(boot)]
    {
        let kv = reopened(&|_| {});
        kv.tree("t").unwrap().insert(b"a", b"b").unwrap();
        kv.mark_consistent().unwrap();
        drop(kv);
        assert!(reopened(&|boot| change(boot).unwrap()).is_suspect());
        reopened(&|_| {}).close().unwrap();
        assert!(!reopened(&|boot| drop(change(boot))).is_suspect(), "nothing was left to sync");
    }
}
