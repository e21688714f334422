//! Flipped bits, cuts, dropped, repeated, reordered and backdated records are all found.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use pressmark::base::Timestamp;
use pressmark::evidence::{Log, OpenFiles, Options, VerifyOptions, extend};
use pressmark::store::Layout;
use pressmark::warc::{Compression, Packer, ReadOptions, Record, RecordKind, WarcReader};
use proptest::prelude::*;

use super::{copy, findings, findings_with, tree};

/// The sound archive that is copied for every attempt, and its directory.
fn sound() -> &'static Path {
    static SOUND: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, root) = SOUND.get_or_init(|| {
        let (archive, _web) = super::archive();
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("archive");
        for part in ["warc", "evidence"] {
            copy(&archive.root().join(part), &root.join(part));
        }
        fs::copy(archive.root().join("FORMAT"), root.join("FORMAT")).unwrap();
        (dir, root)
    });
    root
}

/// What is found after `change` was done to a copy.
fn after(change: impl FnOnce(&Path)) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    copy(sound(), dir.path());
    change(dir.path());
    findings(dir.path())
}

/// The files that hold evidence: all except locks and the file with the layout version.
fn files() -> Vec<PathBuf> {
    let files = tree(sound());
    let relative = files.iter().map(|p| p.strip_prefix(sound()).unwrap().to_owned());
    relative.filter(|p| !p.ends_with("lock") && !p.ends_with("FORMAT")).collect()
}

fn warcs(root: &Path) -> Vec<PathBuf> {
    tree(&root.join("warc"))
}

/// Where each record of a file begins, and where the last one ends.
fn bounds(path: &Path) -> Vec<usize> {
    let file = fs::File::open(path).unwrap();
    let mut reader = WarcReader::new(file, ReadOptions::default());
    let mut bounds = vec![0];
    while let Some(record) = reader.next_record().unwrap() {
        let located = record.finish().unwrap();
        bounds.push(usize::try_from(located.offset + located.length.unwrap()).unwrap());
    }
    bounds
}

fn pieces(path: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(path).unwrap();
    bounds(path).windows(2).map(|w| bytes[w[0]..w[1]].to_vec()).collect()
}

#[test]
fn the_sound_archive_is_sound() {
    assert_eq!(after(|_| {}), Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_bit_anywhere_is_found(file in 0usize..10_000, at in 0.0f64..1.0, bit in 0u8..8) {
        let files = files();
        let file = &files[file % files.len()];
        let found = after(|root| {
            let path = root.join(file);
            let mut bytes = fs::read(&path).unwrap();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let at = ((bytes.len() as f64) * at) as usize;
            bytes[at] ^= 1 << bit;
            fs::write(&path, bytes).unwrap();
        });
        prop_assert!(!found.is_empty(), "{}: byte {at}, bit {bit}", file.display());
    }

    #[test]
    fn a_cut_anywhere_is_found(file in 0usize..10_000, share in 0.0f64..1.0) {
        let files = files();
        let file = &files[file % files.len()];
        let found = after(|root| {
            let path = root.join(file);
            let mut bytes = fs::read(&path).unwrap();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            bytes.truncate(((bytes.len() as f64) * share) as usize);
            fs::write(&path, bytes).unwrap();
        });
        prop_assert!(!found.is_empty(), "{} cut at {share}", file.display());
    }

    #[test]
    fn records_dropped_repeated_or_reordered_are_found(
        (one, other, how) in (0usize..100, 0usize..100, 0u8..3),
    ) {
        let found = after(|root| {
            let path = &warcs(root)[one % 3];
            let mut records = pieces(path);
            let (a, b) = (one % records.len(), other % records.len());
            match how {
                0 => drop(records.remove(a)),
                1 => records.insert(b, records[a].clone()),
                _ if a != b => records.swap(a, b),
                _ => drop(records.pop()),
            }
            fs::write(path, records.concat()).unwrap();
        });
        prop_assert!(!found.is_empty(), "{one} {other} {how}");
    }
}

#[test]
fn any_dropped_file_is_found() {
    for file in files() {
        let found = after(|root| fs::remove_file(root.join(&file)).unwrap());
        assert!(!found.is_empty(), "{}", file.display());
    }
}

#[test]
fn swapped_and_repeated_files_are_found() {
    let all = files();
    let swaps = [("warc", 2), ("evidence/checkpoints", 2)];
    for (below, _) in swaps {
        let of: Vec<_> = all.iter().filter(|p| p.starts_with(below)).collect();
        for (a, b) in [(of[0], of[1]), (of[1], of[2])] {
            let found = after(|root| {
                let (a, b) = (root.join(a), root.join(b));
                let (x, y) = (fs::read(&a).unwrap(), fs::read(&b).unwrap());
                fs::write(a, y).unwrap();
                fs::write(b, x).unwrap();
            });
            assert!(!found.is_empty(), "{} and {}", a.display(), b.display());
        }
        let found = after(|root| {
            let name = of[0].file_name().unwrap().to_string_lossy().replace("0000", "0077");
            fs::copy(root.join(of[0]), root.join(below).join(name)).unwrap();
        });
        assert!(!found.is_empty(), "{} twice", of[0].display());
    }
}

/// Rewrites a record of a file with a date a year earlier and all digests correct.
fn date_back(path: &Path, which: usize) {
    let mut reader = WarcReader::new(fs::File::open(path).unwrap(), ReadOptions::default());
    let mut out = Vec::new();
    let mut packer = Packer::new(Compression::default());
    let mut n = 0;
    while let Some(mut record) = reader.next_record().unwrap() {
        let mut fields = record.header().fields.clone();
        let mut block = Vec::new();
        record.read_to_end(&mut block).unwrap();
        record.finish().unwrap();
        if n == which {
            let date = fields.date().unwrap().minus(std::time::Duration::from_hours(24 * 365));
            fields.set("WARC-Date", date.to_warc_date());
        }
        n += 1;
        let id = fields.record_id().unwrap();
        let mut rewritten =
            Record::build(&RecordKind::Response, &id, Timestamp::from_unix_seconds(0)).block(block);
        fields.set("Content-Length", rewritten.block.len().to_string());
        rewritten.fields = fields;
        packer.pack(&rewritten).unwrap().write_to(&mut out).unwrap();
    }
    fs::write(path, out).unwrap();
}

#[test]
fn a_backdated_record_is_found_and_named() {
    for which in 0..5 {
        let found = after(|root| date_back(&warcs(root)[1], which));
        let changed = found.iter().any(|f| f.contains("record-changed"));
        assert!(changed, "{which}: {found:?}");
    }
}

/// An attacker with all rights changes the archive and creates the whole log again.
fn forge(root: &Path, change: impl FnOnce(&Path)) {
    change(root);
    fs::remove_dir_all(root.join("evidence")).unwrap();
    let now = Timestamp::from_unix_seconds(1_763_000_000);
    extend(&Layout::new(root), &Options::default(), &OpenFiles::Leave, now).unwrap();
}

#[test]
fn a_recreated_log_is_found_by_a_published_checkpoint() {
    let published = {
        let log = Log::open(&Layout::new(sound())).unwrap();
        let first = log.checkpoint_sizes().unwrap()[0];
        log.checkpoint(first).unwrap().render().into_bytes()
    };
    let against = |root: &Path| {
        let published = vec![("mail.txt".to_owned(), published.clone())];
        findings_with(root, &VerifyOptions { published, ..VerifyOptions::default() })
    };
    assert_eq!(against(sound()), Vec::<String>::new());
    let changes: [fn(&Path); 3] = [
        |root| date_back(&warcs(root)[0], 2),
        |root| fs::remove_file(&warcs(root)[0]).unwrap(),
        |_| {},
    ];
    for change in changes {
        let dir = tempfile::tempdir().unwrap();
        copy(sound(), dir.path());
        forge(dir.path(), change);
        assert_eq!(findings(dir.path()), Vec::<String>::new(), "the forgery is sound by itself");
        let found = against(dir.path());
        assert!(found.iter().any(|f| f.contains("mail.txt")), "{found:?}");
    }
}

#[test]
fn a_record_inserted_later_with_an_old_date_is_found() {
    let found = after(|root| {
        // A file of its own, whose records claim to be a year older than the last checkpoint.
        let source = warcs(root).remove(0);
        let target = root.join("warc/zz-20250101000000000-00000-h.warc.gz");
        fs::copy(&source, &target).unwrap();
        date_back(&target, 1);
        let now = Timestamp::from_unix_seconds(1_763_000_000);
        extend(&Layout::new(root), &Options::default(), &OpenFiles::Leave, now).unwrap();
    });
    assert!(found.iter().any(|f| f.contains("back-dated")), "{found:?}");
    let names: BTreeSet<_> = found.iter().filter(|f| !f.contains("back-dated")).collect();
    assert_eq!(names, BTreeSet::new());
}
