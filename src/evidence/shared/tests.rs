//! Several archives, one log; the server is in memory and may give false answers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::part::append_leaves;
use super::*;
use crate::archive::{
    ArchiveErrorKind, LogPart, LogSource, NumberedPart, SharedCheckpoint, SharedLogState,
};
use crate::evidence::Checkpoint;
use crate::evidence::extend::{LeafSink, extend};
use crate::evidence::leaf::{ENTRY_LEN, hash_of};
use crate::evidence::verify::{VerifyOptions, verify};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_762_300_800);

/// What a server keeps.
#[derive(Debug, Default, Clone)]
struct Kept {
    parts: Vec<(String, LogPart)>,
    sources: BTreeMap<String, (String, LogSource)>,
    checkpoints: Vec<SharedCheckpoint>,
    files: BTreeMap<String, Vec<u8>>,
    epoch: i64,
    is_held: bool,
}

#[derive(Debug, Default)]
struct Server {
    kept: Mutex<Kept>,
    /// The lease ends before anything is published under it.
    is_slow: AtomicBool,
}

impl Server {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }
}

impl SharedLog for Server {
    fn begin(&self, archive: &str, leaves: &[u8]) -> Result<(), ArchiveError> {
        let mut kept = self.kept();
        if kept.parts.is_empty() {
            let (before, after) = (None, LogSource::default());
            let part = LogPart { file: String::new(), before, after, leaves: leaves.to_vec() };
            kept.parts.push((archive.to_owned(), part));
        }
        Ok(())
    }
    fn state(&self) -> Result<SharedLogState, ArchiveError> {
        let kept = self.kept();
        let (signed, size) = kept.checkpoints.last().map_or((0, 0), |c| (c.parts, c.size));
        Ok(SharedLogState { parts: kept.parts.len() as u64, signed, size, waiting: 0 })
    }
    fn sources(&self, archive: &str) -> Result<Vec<(String, LogSource)>, ArchiveError> {
        let kept = self.kept();
        let own = kept.sources.iter().filter(|(_, (of, _))| of == archive);
        Ok(own.map(|(file, (_, source))| (file.clone(), source.clone())).collect())
    }
    fn register(&self, archive: &str, parts: &[LogPart]) -> Result<(), ArchiveError> {
        let mut kept = self.kept();
        for part in parts {
            if !part.file.is_empty() {
                let known = kept.sources.get(&part.file).cloned();
                if known.as_ref().map(|(_, source)| source) != part.before.as_ref() {
                    let why = "otherwise";
                    return Err(ArchiveError::new(ArchiveErrorKind::Request, why));
                }
                let source = (archive.to_owned(), part.after.clone());
                kept.sources.insert(part.file.clone(), source);
            }
            kept.parts.push((archive.to_owned(), part.clone()));
        }
        Ok(())
    }
    fn parts(&self, after: u64, to: u64) -> Result<Vec<NumberedPart>, ArchiveError> {
        let kept = self.kept();
        let numbered = (1..).zip(&kept.parts).filter(|(n, _)| *n > after && *n <= to).take(2);
        let part = |(number, (_, part)): (u64, &(String, LogPart))| NumberedPart {
            number,
            file: part.file.clone(),
            leaves: part.leaves.clone(),
        };
        Ok(numbered.map(part).collect())
    }
    fn checkpoints(&self, beyond: u64) -> Result<Vec<SharedCheckpoint>, ArchiveError> {
        Ok(self.kept().checkpoints.iter().filter(|c| c.size > beyond).take(2).cloned().collect())
    }
    fn checkpoint(&self, size: u64) -> Result<Option<SharedCheckpoint>, ArchiveError> {
        Ok(self.kept().checkpoints.iter().find(|c| c.size == size).cloned())
    }
    fn take(&self, _: &str, _: Duration) -> Result<Option<(i64, i64)>, ArchiveError> {
        let mut kept = self.kept();
        if kept.is_held {
            return Ok(None);
        }
        kept.is_held = true;
        kept.epoch += 1;
        Ok(Some((kept.epoch, NOW.unix_micros())))
    }
    fn publish(
        &self,
        epoch: i64,
        previous: u64,
        checkpoint: &SharedCheckpoint,
    ) -> Result<bool, ArchiveError> {
        let mut kept = self.kept();
        if self.is_slow.load(Ordering::Relaxed) {
            kept.epoch += 1;
        }
        if kept.epoch != epoch || kept.checkpoints.last().map_or(0, |c| c.size) != previous {
            return Ok(false);
        }
        kept.checkpoints.push(checkpoint.clone());
        kept.is_held = false;
        Ok(true)
    }
    fn give_back(&self, _: i64) -> Result<(), ArchiveError> {
        self.kept().is_held = false;
        Ok(())
    }
    fn files(&self, from: &str) -> Result<Vec<(String, Vec<u8>)>, ArchiveError> {
        let kept = self.kept();
        let files = kept.files.range(from.to_owned()..);
        Ok(files.map(|(name, bytes)| (name.clone(), sha256(bytes).to_vec())).collect())
    }
    fn file(&self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        Ok(self.kept().files.get(name).cloned())
    }
    fn put_file(&self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.kept().files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }
}

/// Archives that share a log and its key.
struct Archives {
    dir: tempfile::TempDir,
    server: Server,
    options: Options,
}

impl Archives {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key_file = Some(dir.path().join("log.key"));
        Self {
            dir,
            server: Server::default(),
            options: Options { key_file, origin: None, round: None },
        }
    }

    fn layout(&self, name: &str) -> Layout {
        let layout = Layout::new(&self.dir.path().join(name));
        layout.create().unwrap();
        layout
    }

    /// Puts this number of records into a sealed file of an archive.
    fn write(&self, archive: &str, file: &str, records: usize) {
        let text: String = (0..records)
            .map(|n| {
                format!(
                    "WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{n:012}>\r\nWARC-Date: 2025-11-05T00:00:00Z\r\nWARC-Target-URI: http://{archive}.example/{file}/{n}\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx\r\n\r\n"
                )
            })
            .collect();
        std::fs::write(self.layout(archive).warc_dir().join(file), text).unwrap();
    }

    fn with(&self) -> Sharing<'_> {
        Sharing { log: &self.server, worker: "tester" }
    }

    fn extend(&self, archive: &str) -> Result<Extended, EvidenceError> {
        let (layout, trail) = (self.layout(archive), Mutex::default());
        let new = New::Records(&OpenFiles::Leave, &trail);
        extend_shared(&layout, &self.options, self.with(), new)
    }

    /// Everything that `verify` finds in an archive.
    fn findings(&self, archive: &str) -> Vec<String> {
        let options = VerifyOptions { key: self.options.clone(), ..VerifyOptions::default() };
        let mut findings = Vec::new();
        verify(&self.layout(archive), &options, &mut |finding: crate::base::Finding| {
            findings.push(format!("{} {}", finding.rule, finding.file));
        })
        .unwrap();
        findings
    }

    fn log(&self, archive: &str) -> Log {
        Log::open(&self.layout(archive)).unwrap()
    }
}

#[test]
fn what_archives_register_is_one_log_in_one_order_and_each_has_a_copy_of_it() {
    let archives = Archives::new();
    archives.write("one", "one-1.warc", 5);
    archives.write("two", "two-1.warc", 2);
    let done = archives.extend("one").unwrap();
    assert_eq!((done.records, done.files, done.signed), (5, 1, true));
    assert!(archives.extend("two").unwrap().signed);
    archives.write("one", "one-2.warc", 1);
    // The key, then of each file whose it is, its records, its seal.
    assert_eq!(archives.extend("one").unwrap().checkpoint.unwrap().size, 1 + 7 + 4 + 3);
    assert!(archives.extend("one").unwrap().checkpoint.is_none(), "nothing is new");
    let brought = archives.extend("two").unwrap();
    assert!(!brought.signed && brought.checkpoint.is_some_and(|c| c.size == 15));
    let (one, two) = (archives.log("one"), archives.log("two"));
    assert_eq!(one.newest(), two.newest());
    assert_eq!(one.checkpoint_sizes().unwrap(), [8, 12, 15]);
    assert_eq!(two.checkpoint_sizes().unwrap(), [8, 12, 15]);
    // Any of them proves any leaf.
    for log in [&one, &two] {
        let index = log.index_of("two-1.warc", 0, 0).unwrap().unwrap();
        let proof = log.prove(index, 15).unwrap();
        let entry = crate::evidence::derive::entries_of(
            &archives.layout("two"),
            &archives.layout("two").warc_dir().join("two-1.warc"),
        );
        let root = log.newest().unwrap().root;
        tlog_tiles::check_record(&proof, 15, root, index, hash_of(&entry[0])).unwrap();
    }
    assert_eq!(archives.findings("one"), Vec::<String>::new());
    assert_eq!(archives.findings("two"), Vec::<String>::new());
    // Each archive checks its own files, and not those of others.
    std::fs::remove_file(archives.layout("two").warc_dir().join("two-1.warc")).unwrap();
    assert_eq!(archives.findings("one"), Vec::<String>::new());
    assert_eq!(archives.findings("two"), ["file-missing two-1.warc"]);
}

#[test]
fn a_record_that_is_put_in_later_is_found_in_a_log_of_several() {
    let archives = Archives::new();
    archives.write("one", "one-1.warc", 2);
    archives.write("two", "two-1.warc", 2);
    archives.extend("one").unwrap();
    archives.extend("two").unwrap();
    archives.extend("one").unwrap();
    archives.write("one", "one-1.warc", 3);
    let found = archives.findings("one");
    assert!(found.contains(&"record-inserted one-1.warc".to_owned()), "{found:?}");
    assert!(found.contains(&"file-changed one-1.warc".to_owned()), "{found:?}");
}

#[test]
fn a_server_that_knows_another_history_is_not_followed() {
    let archives = Archives::new();
    for (archive, file) in [("one", "one-1.warc"), ("two", "two-1.warc")] {
        archives.write(archive, file, 3);
        archives.extend(archive).unwrap();
    }
    archives.extend("one").unwrap();
    let right = archives.server.kept().clone();
    let newest = archives.log("one").newest().cloned();
    let refused = |change: &dyn Fn(&mut Kept), archive: &str, says: &str| {
        *archives.server.kept() = right.clone();
        change(&mut archives.server.kept());
        let why = archives.extend(archive).unwrap_err().to_string();
        assert!(why.contains(says), "{why}");
        assert_eq!(archives.log("one").newest().cloned(), newest);
    };
    // Set back, as from a backup.
    refused(&|kept| drop(kept.checkpoints.pop()), "one", "reset");
    // A leaf of another text; a part that is gone; bytes that are not leaves; a note without a signature.
    // Seen by an archive that has not copied them yet.
    refused(&|kept| kept.parts[1].1.leaves[60] ^= 1, "three", "does not match");
    refused(&|kept| drop(kept.parts.remove(3)), "four", "");
    refused(&|kept| kept.parts[1].1.leaves[0] = 9, "five", "cannot be read");
    let unsigned = |kept: &mut Kept| {
        let note = String::from_utf8(kept.checkpoints[0].note.clone()).unwrap();
        let mut checkpoint = Checkpoint::parse(note.as_bytes()).unwrap();
        checkpoint.note.signatures[0].bytes[0] ^= 1;
        kept.checkpoints[0].note = checkpoint.render().into_bytes();
    };
    refused(&unsigned, "six", "not signed");
    *archives.server.kept() = right.clone();
    assert!(archives.extend("three").is_ok());
    assert_eq!(archives.log("three").newest().cloned(), newest);
}

#[test]
fn what_was_signed_too_late_is_in_no_copy_and_is_signed_again() {
    let archives = Archives::new();
    archives.write("one", "one-1.warc", 5);
    archives.server.is_slow.store(true, Ordering::Relaxed);
    let why = archives.extend("one").unwrap_err();
    assert!(why.to_string().contains("lease"), "{why}");
    assert!(archives.log("one").newest().is_none());
    archives.server.is_slow.store(false, Ordering::Relaxed);
    archives.write("two", "two-1.warc", 1);
    // Another one signs what this one has registered.
    assert_eq!(archives.extend("two").unwrap().checkpoint.unwrap().size, 1 + 7 + 3);
    let done = archives.extend("one").unwrap();
    assert_eq!((done.records, done.signed), (0, false), "registered once");
    assert_eq!(archives.log("one").newest(), archives.log("two").newest());
    assert_eq!(archives.findings("one"), Vec::<String>::new());
}

#[test]
fn an_archive_without_the_key_registers_and_does_not_sign() {
    let archives = Archives::new();
    archives.write("one", "one-1.warc", 1);
    archives.extend("one").unwrap();
    archives.write("two", "two-1.warc", 1);
    let (layout, trail) = (archives.layout("two"), Mutex::default());
    let other = Options::default();
    let new = New::Records(&OpenFiles::Leave, &trail);
    let done = extend_shared(&layout, &other, archives.with(), new).unwrap();
    assert!(!done.signed && done.notes.iter().any(|note| note.contains("key_file")), "{done:?}");
    assert!(archives.log("two").index_of("two-1.warc", 0, 0).unwrap().is_none());
    assert!(archives.extend("one").unwrap().signed);
    let new = New::Records(&OpenFiles::Leave, &trail);
    extend_shared(&layout, &other, archives.with(), new).unwrap();
    assert!(archives.log("two").index_of("two-1.warc", 0, 0).unwrap().is_some());
}

#[test]
fn a_log_of_an_archives_own_is_no_copy_and_a_copy_is_no_log_of_its_own() {
    let archives = Archives::new();
    let layout = archives.layout("one");
    extend(&layout, &archives.options, &OpenFiles::Leave, NOW).unwrap();
    assert!(has_own_log(&layout).unwrap());
    assert!(archives.extend("one").unwrap_err().to_string().contains("evidence.shared"));
    archives.extend("two").unwrap();
    let layout = archives.layout("two");
    assert!(!has_own_log(&layout).unwrap());
    let why = extend(&layout, &archives.options, &OpenFiles::Leave, NOW).unwrap_err();
    assert!(why.to_string().contains("store.frontier"), "{why}");
}

#[test]
fn what_is_kept_beside_checkpoints_comes_to_every_copy() {
    let archives = Archives::new();
    archives.extend("one").unwrap();
    let beside = |archive: &str, name: &str| {
        archives.layout(archive).evidence_dir().join("checkpoints").join(name)
    };
    let names = ["000000000001.a.tsr", "000000000001.cosignatures"];
    for name in names {
        std::fs::write(beside("one", name), name).unwrap();
    }
    std::fs::write(beside("one", "elsewhere"), "x").unwrap();
    share_files(&archives.layout("one"), archives.with()).unwrap();
    archives.server.put_file("../000.tsr", b"out of the directory").unwrap();
    archives.extend("two").unwrap();
    for name in names {
        assert_eq!(std::fs::read_to_string(beside("two", name)).unwrap(), name);
    }
    assert!(!beside("two", "elsewhere").exists() && !beside("two", "../000.tsr").exists());
    // Cosignatures grow, and the longer list is the newer one.
    std::fs::write(beside("two", names[1]), "longer than the name of the file was").unwrap();
    share_files(&archives.layout("one"), archives.with()).unwrap();
    share_files(&archives.layout("two"), archives.with()).unwrap();
    archives.extend("one").unwrap();
    assert_eq!(
        std::fs::read_to_string(beside("one", names[1])).unwrap(),
        "longer than the name of the file was"
    );
}

/// The settings of another machine, which has a file of the key of its own.
fn elsewhere(archives: &Archives) -> Options {
    let there = archives.dir.path().join("there");
    let own = archives.options.key_file.clone().unwrap();
    // As `cp` does it, with the rights of the file.
    std::fs::copy(own, &there).unwrap();
    Options { key_file: Some(there), ..Options::default() }
}

fn extend_with(
    archives: &Archives,
    archive: &str,
    options: &Options,
) -> Result<Extended, EvidenceError> {
    let (layout, trail) = (archives.layout(archive), Mutex::default());
    let new = New::Records(&OpenFiles::Leave, &trail);
    extend_shared(&layout, options, archives.with(), new)
}

fn change(archives: &Archives, archive: &str, old: OldKey) -> Result<Checkpoint, EvidenceError> {
    change_shared_key(&archives.layout(archive), &archives.options, archives.with(), old)
}

#[test]
fn the_key_of_a_log_of_several_is_replaced_by_one_and_the_others_sign_when_they_have_it() {
    let archives = Archives::new();
    archives.write("one", "one-1.warc", 2);
    archives.extend("one").unwrap();
    let there = elsewhere(&archives);
    archives.write("two", "two-1.warc", 1);
    assert!(extend_with(&archives, "two", &there).unwrap().signed);
    archives.write("one", "one-2.warc", 1);
    archives.extend("one").unwrap();
    let before = archives.log("one").key_at(u64::MAX).unwrap();
    let done = change(&archives, "one", OldKey::Signs).unwrap();
    let after = archives.log("one").key_at(u64::MAX).unwrap();
    assert!(after.public != before.public && after.name == before.name);
    assert!(done.signed_by(&before) && done.signed_by(&after), "both sign the change");
    let key_file = archives.options.key_file.clone().unwrap();
    let named = |end: &str| PathBuf::from(format!("{}{end}", key_file.display()));
    assert!(named(".old-1").exists() && !named(".next").exists());
    // The other one continues registering, with what the first signed, and says what it lacks.
    archives.write("two", "two-2.warc", 1);
    let done = extend_with(&archives, "two", &there).unwrap();
    assert!(!done.signed && done.notes.iter().any(|note| note.contains("key_file")), "{done:?}");
    assert_eq!(archives.log("two").key_at(u64::MAX).unwrap(), after);
    let done = archives.extend("one").unwrap();
    assert!(done.signed && done.notes.is_empty(), "{done:?}");
    std::fs::copy(&key_file, there.key_file.as_ref().unwrap()).unwrap();
    archives.write("two", "two-3.warc", 1);
    let done = extend_with(&archives, "two", &there).unwrap();
    assert!(done.signed && done.notes.is_empty(), "{done:?}");
    archives.extend("one").unwrap();
    for archive in ["one", "two"] {
        assert_eq!(archives.findings(archive), Vec::<String>::new(), "{archive}");
    }
    // And once more, from an archive that shares the file of the key with the first.
    archives.extend("three").unwrap();
    change(&archives, "three", OldKey::Signs).unwrap();
    assert!(named(".old-2").exists());
    archives.write("one", "one-3.warc", 1);
    let done = archives.extend("one").unwrap();
    assert!(done.signed && done.notes.is_empty(), "{done:?}");
    assert_eq!(archives.findings("one"), Vec::<String>::new());
}

#[test]
fn an_interrupted_change_of_key_is_finished_by_the_holder_of_the_new_key() {
    for by_command in [true, false] {
        let archives = Archives::new();
        archives.write("one", "one-1.warc", 2);
        archives.extend("one").unwrap();
        let there = elsewhere(&archives);
        extend_with(&archives, "two", &there).unwrap();
        let before = archives.log("one").key_at(u64::MAX).unwrap();
        archives.server.is_slow.store(true, Ordering::Relaxed);
        let why = change(&archives, "one", OldKey::Signs).unwrap_err();
        assert!(why.to_string().contains("lease"), "{why}");
        assert_eq!(archives.log("one").key_at(u64::MAX).unwrap(), before);
        archives.server.is_slow.store(false, Ordering::Relaxed);
        // No other archive signs with the old key after the new one, or replaces that.
        archives.write("two", "two-1.warc", 1);
        let why = extend_with(&archives, "two", &there).unwrap_err().to_string();
        assert!(why.contains("key_file"), "{why}");
        let (layout, with) = (archives.layout("two"), archives.with());
        let why = change_shared_key(&layout, &there, with, OldKey::Signs).unwrap_err();
        assert!(why.to_string().contains("new-key"), "{why}");
        let done = match by_command {
            true => change(&archives, "one", OldKey::Signs).unwrap(),
            false => archives.extend("one").unwrap().checkpoint.unwrap(),
        };
        let after = archives.log("one").key_at(u64::MAX).unwrap();
        assert!(after.public != before.public);
        assert!(done.signed_by(&before) && done.signed_by(&after));
        assert_eq!(archives.log("one").keys().len(), 2, "stated once");
        assert_eq!(archives.findings("one"), Vec::<String>::new());
    }
}

#[test]
fn a_shared_key_that_is_lost_is_replaced_and_verify_says_that_nothing_signed_for_it() {
    let archives = Archives::new();
    archives.write("one", "one-1.warc", 2);
    archives.extend("one").unwrap();
    let key_file = archives.options.key_file.clone().unwrap();
    std::fs::remove_file(&key_file).unwrap();
    let why = change(&archives, "one", OldKey::Signs).unwrap_err();
    assert!(why.to_string().contains("key_file"), "{why}");
    change(&archives, "one", OldKey::IsLost).unwrap();
    archives.write("one", "one-2.warc", 1);
    assert!(archives.extend("one").unwrap().signed);
    let found = archives.findings("one");
    assert!(found.iter().all(|finding| finding.contains("key")) && !found.is_empty(), "{found:?}");
}

proptest::proptest! {
    #[test]
    fn parts_of_any_bytes_are_read_or_refused(bytes in proptest::collection::vec(0u8..3, 0..200)) {
        struct Nowhere;
        impl LeafSink for Nowhere {
            fn record(&mut self, _: &[u8; ENTRY_LEN], _: &str, _: u64, _: u32) -> Result<(), EvidenceError> {
                Ok(())
            }
            fn state(&mut self, _: Statement) -> Result<(), EvidenceError> {
                Ok(())
            }
            fn last_of(&self, _: &str) -> Result<Option<(u64, u32)>, EvidenceError> {
                Ok(None)
            }
        }
        let _ = append_leaves(&mut Nowhere, "a.warc", &bytes);
    }
}
