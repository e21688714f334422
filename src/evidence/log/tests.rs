//! What was appended is proved, and what was not signed is ignored.

use super::*;
use crate::base::Timestamp;
use crate::evidence::key::{LogKey, Options};
use crate::evidence::leaf::{hash_of, sha256};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_762_300_800);

fn layout(dir: &Path) -> Layout {
    let layout = Layout::new(dir);
    layout.create().unwrap();
    layout
}

fn add(appender: &mut Appender, count: u64) {
    for n in 0..count {
        let at = appender.size() * 10 + n;
        appender.record(&sha256(&at.to_be_bytes()), "a.warc.gz", at, 0).unwrap();
    }
}

#[test]
fn leaves_are_proved_against_any_checkpoint_that_covers_them() {
    let dir = tempfile::tempdir().unwrap();
    let layout = layout(dir.path());
    for count in [3, 300, 1, 70_000] {
        let mut appender = Appender::open(&layout, &Options::default()).unwrap();
        add(&mut appender, count);
        appender.checkpoint(NOW).unwrap().unwrap();
        assert!(appender.checkpoint(NOW).unwrap().is_none(), "nothing is new");
    }
    let log = Log::open(&layout).unwrap();
    let sizes = log.checkpoint_sizes().unwrap();
    assert_eq!(sizes, [4, 304, 305, 70_305]);
    for size in &sizes {
        let checkpoint = log.checkpoint(*size).unwrap();
        assert!(checkpoint.signed_by(&log.key_at(*size).unwrap()));
        let proof = log.prove(2, *size).unwrap();
        let Position::Record(_, offset, _) = log.ledger().position(2).unwrap() else { panic!() };
        assert_eq!(log.index_of("a.warc.gz", offset, 0).unwrap(), Some(2));
        let hash = hash_of(&sha256(&offset.to_be_bytes()));
        tlog_tiles::check_record(&proof, *size, checkpoint.root, 2, hash).unwrap();
    }
    assert_eq!(log.index_of("a.warc.gz", 5, 0).unwrap(), None);
    assert!(log.prove(7, 4).is_err());
}

/// Checkpoints lie in folders; a log of an earlier version has them all in the first place. Both verify, and a file that is
/// removed from a folder is reported.
#[test]
fn a_log_with_many_checkpoints_verifies_and_one_that_is_gone_is_missed() {
    use crate::evidence::{VerifyOptions, verify};
    let dir = tempfile::tempdir().unwrap();
    let layout = layout(dir.path());
    let count = 2 * crate::evidence::places::FOLDER_MAX + 5;
    let sign = |from: usize, to: usize| {
        for n in from..to {
            let mut appender = Appender::open(&layout, &Options::default()).unwrap();
            appender.state(Statement::Adopted { name: format!("{n}.warc") }).unwrap();
            appender.checkpoint(NOW).unwrap().unwrap();
        }
    };
    sign(0, count);
    let findings = || {
        let mut found = Vec::new();
        let options = VerifyOptions::default();
        let checked = verify(&layout, &options, &mut |f| found.push(f.rule.to_owned())).unwrap();
        (checked.checkpoints, found)
    };
    assert_eq!(findings(), (count as u64, Vec::new()));
    let log = Log::open(&layout).unwrap();
    let (folders, sizes) = (log.places().folders().to_vec(), log.checkpoint_sizes().unwrap());
    assert_eq!((folders.len(), sizes.len()), (3, count));
    let one = log.places().path(folders[1] + 3, "");
    let bytes = std::fs::read(&one).unwrap();
    std::fs::remove_file(&one).unwrap();
    assert_eq!(findings().1, ["checkpoint-missing"]);
    std::fs::write(&one, bytes).unwrap();
    // As an earlier version left it: nothing but files, side by side.
    let first = log.places().dir_of(0);
    for folder in &folders[1..] {
        for size in log.places().sizes_in(*folder).unwrap() {
            let path = log.places().path(size, "");
            std::fs::rename(&path, first.join(path.file_name().unwrap())).unwrap();
        }
        std::fs::remove_dir(log.places().dir_of(*folder)).unwrap();
    }
    assert_eq!(findings(), (count as u64, Vec::new()));
    // It continues in a folder.
    sign(count, count + 3);
    assert_eq!(findings(), (count as u64 + 3, Vec::new()));
    let log = Log::open(&layout).unwrap();
    assert_eq!(log.places().folders(), [0, sizes.last().unwrap() + 1]);
}

#[test]
fn a_key_is_replaced_with_a_leaf_that_the_old_one_signed() {
    let dir = tempfile::tempdir().unwrap();
    let layout = layout(dir.path());
    let mut appender = Appender::open(&layout, &Options::default()).unwrap();
    add(&mut appender, 3);
    let changed = appender.new_key(NOW).unwrap();
    let log = Log::open(&layout).unwrap();
    let keys = log.keys();
    assert_eq!(keys.len(), 2);
    assert!(changed.signed_by(&keys[0].1) && changed.signed_by(&keys[1].1));
    let mut appender = Appender::open(&layout, &Options::default()).unwrap();
    add(&mut appender, 1);
    let later = appender.checkpoint(NOW).unwrap().unwrap();
    assert!(later.signed_by(&keys[1].1) && !later.signed_by(&keys[0].1));
    assert!(layout.evidence_dir().join("log.key.old-1").exists());
}

#[test]
fn a_lost_key_is_replaced_and_a_foreign_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let layout = layout(dir.path());
    let options = Options::default();
    drop(Appender::open(&layout, &options).unwrap().checkpoint(NOW).unwrap());
    let path = options.key_path(&layout);
    std::fs::rename(&path, path.with_extension("away")).unwrap();
    assert!(matches!(Appender::open(&layout, &options), Err(EvidenceError::Key { .. })));
    LogKey::make(&path).unwrap();
    assert!(matches!(Appender::open(&layout, &options), Err(EvidenceError::Key { .. })));
    replace_lost_key(&layout, &options, NOW).unwrap();
    assert!(Appender::open(&layout, &options).is_ok());
}

#[test]
fn only_one_process_appends() {
    let dir = tempfile::tempdir().unwrap();
    let layout = layout(dir.path());
    let one = Appender::open(&layout, &Options::default()).unwrap();
    assert!(matches!(Appender::open(&layout, &Options::default()), Err(EvidenceError::Busy)));
    drop(one);
    assert!(Appender::open(&layout, &Options::default()).is_ok());
}

#[test]
fn what_was_appended_without_a_checkpoint_is_as_if_it_never_was() {
    let dir = tempfile::tempdir().unwrap();
    let layout = layout(dir.path());
    let mut appender = Appender::open(&layout, &Options::default()).unwrap();
    add(&mut appender, 200);
    appender.checkpoint(NOW).unwrap();
    add(&mut appender, 200_000);
    drop(appender);
    let mut appender = Appender::open(&layout, &Options::default()).unwrap();
    assert_eq!(appender.size(), 201);
    add(&mut appender, 100);
    appender.checkpoint(NOW).unwrap();
    let log = Log::open(&layout).unwrap();
    assert_eq!(log.size(), 301);
    for index in [1, 200, 201, 255, 256, 300] {
        assert!(log.prove(index, 301).is_ok(), "{index}");
    }
}
