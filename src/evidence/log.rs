//! The log: what is in it, proofs from it, and appending to it.
//!
//! A checkpoint is the commit: everything it covers is on the disk before it gets its name under
//! `checkpoints/`. What a dead process left beyond the newest one is written over.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tlog_tiles::Hash;

use super::EvidenceError;
use super::checkpoint::{Checkpoint, file_name};
use super::error::{damaged, io as disk};
use super::files::{sync_all, write_whole};
use super::key::{LogKey, Options};
use super::leaf::{ENTRY_LEN, Statement, entry_of, hash_of, key_change_text};
use super::ledger::{Ledger, Position};
use super::note::VerifierKey;
use super::tiles::{Edge, Full, TileDir, TileHashes, TileWriter};
use crate::base::Timestamp;
use crate::store::Layout;
use crate::store::durable::sync_dir;

/// So many positions wait in memory at most.
const WAITING_MAX: usize = 64 * 1024;

/// The log of an archive, to read from.
#[derive(Debug)]
pub struct Log {
    dir: PathBuf,
    tiles: TileDir,
    ledger: Ledger,
    newest: Option<Checkpoint>,
}

impl Log {
    /// Opens the log of an archive; one without a checkpoint where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or its newest checkpoint is damaged.
    pub fn open(layout: &Layout) -> Result<Self, EvidenceError> {
        let dir = layout.evidence_dir();
        let newest = match checkpoint_sizes(&dir)?.last() {
            None => None,
            Some(size) => Some(read_checkpoint(&dir, *size)?),
        };
        Self::up_to(layout, newest)
    }

    /// The log as of a checkpoint, or an empty one.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(super) fn up_to(
        layout: &Layout,
        newest: Option<Checkpoint>,
    ) -> Result<Self, EvidenceError> {
        let dir = layout.evidence_dir();
        let size = newest.as_ref().map_or(0, |c| c.size);
        let ledger = Ledger::open(&dir, size).map_err(disk("reading", &dir))?;
        Ok(Self { tiles: TileDir::new(&dir), dir, ledger, newest })
    }

    /// How many leaves the newest checkpoint covers.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.newest.as_ref().map_or(0, |c| c.size)
    }

    /// The newest checkpoint.
    #[must_use]
    pub fn newest(&self) -> Option<&Checkpoint> {
        self.newest.as_ref()
    }

    /// The sizes of the checkpoints that are kept, smallest first.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn checkpoint_sizes(&self) -> Result<Vec<u64>, EvidenceError> {
        checkpoint_sizes(&self.dir)
    }

    /// The kept checkpoint of this size.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn checkpoint(&self, size: u64) -> Result<Checkpoint, EvidenceError> {
        read_checkpoint(&self.dir, size)
    }

    /// The keys of the log, oldest first, each with the index of the leaf that names it.
    #[must_use]
    pub fn keys(&self) -> Vec<(u64, VerifierKey)> {
        let key = |(index, statement): &(u64, Statement)| match statement {
            Statement::Key { key, .. } => Some((*index, VerifierKey::parse(key)?)),
            _ => None,
        };
        self.ledger.statements().iter().filter_map(key).collect()
    }

    /// The key that signs a checkpoint of this size.
    #[must_use]
    pub fn key_at(&self, size: u64) -> Option<VerifierKey> {
        self.keys().into_iter().take_while(|(index, _)| *index < size).last().map(|(_, key)| key)
    }

    /// The index of the leaf of the record at this place, where it has one.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn index_of(
        &self,
        file: &str,
        offset: u64,
        within: u32,
    ) -> Result<Option<u64>, EvidenceError> {
        for number in self.ledger.numbers(file) {
            let place = Position::Record(*number, offset, within);
            let found = self
                .ledger
                .at_or_before(self.size(), place)
                .map_err(disk("reading positions in", &self.dir))?;
            if let Some((index, _)) = found.filter(|(_, position)| *position == place) {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// The place of the last leaf of a file's records: offset, and raw bytes of its member before.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn last_of(&self, file: &str) -> Result<Option<(u64, u32)>, EvidenceError> {
        for number in self.ledger.numbers(file).iter().rev() {
            let last = Position::Record(*number, u64::MAX, u32::MAX);
            let found = self
                .ledger
                .at_or_before(self.size(), last)
                .map_err(disk("reading positions in", &self.dir))?;
            if let Some((_, Position::Record(of, offset, within))) = found
                && of == *number
            {
                return Ok(Some((offset, within)));
            }
        }
        Ok(None)
    }

    /// The proof that leaf `index` is in the tree of `size` leaves (RFC 6962 section 2.1.1).
    ///
    /// # Errors
    /// When a tile is missing or damaged, or there is no such leaf.
    pub fn prove(&self, index: u64, size: u64) -> Result<Vec<Hash>, EvidenceError> {
        if index >= size || size > self.size() {
            return Err(damaged("evidence", format!("there is no leaf {index} in {size}")));
        }
        let hashes = TileHashes::new(&self.tiles, self.size());
        tlog_tiles::prove_record(size, index, &hashes)
            .map_err(|why| damaged("evidence/tile", why.to_string()))
    }

    /// Where the log lies.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn tiles(&self) -> &TileDir {
        &self.tiles
    }
}

fn checkpoint_sizes(dir: &Path) -> Result<Vec<u64>, EvidenceError> {
    let dir = dir.join("checkpoints");
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(disk("listing", &dir)(why)),
    };
    let mut sizes = Vec::new();
    for entry in entries {
        let name = entry.map_err(disk("listing", &dir))?.file_name();
        let name = name.to_string_lossy();
        if let Some(size) = name.parse::<u64>().ok().filter(|n| file_name(*n) == *name) {
            sizes.push(size);
        }
    }
    sizes.sort_unstable();
    Ok(sizes)
}

fn read_checkpoint(dir: &Path, size: u64) -> Result<Checkpoint, EvidenceError> {
    let name = format!("evidence/checkpoints/{}", file_name(size));
    let path = dir.join("checkpoints").join(file_name(size));
    let bytes = std::fs::read(&path).map_err(disk("reading", &path))?;
    Checkpoint::parse(&bytes)
        .filter(|c| c.size == size)
        .ok_or_else(|| damaged(&name, "it is no checkpoint of this size as it was written"))
}

/// The log of an archive, to append to. One at a time for each archive.
pub struct Appender {
    log: Log,
    edge: Edge,
    writer: TileWriter,
    key: LogKey,
    key_path: PathBuf,
    origin: String,
    _lock: File,
}

impl std::fmt::Debug for Appender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Appender").field("log", &self.log).finish_non_exhaustive()
    }
}

/// Makes the key of an archive where there is neither key nor log; whether one was made.
///
/// # Errors
/// When the key cannot be written, or is not for us to use.
pub fn prepare(layout: &Layout, options: &Options) -> Result<bool, EvidenceError> {
    let path = options.key_path(layout);
    let dir = layout.evidence_dir();
    std::fs::create_dir_all(dir.join("checkpoints")).map_err(disk("making", &dir))?;
    if LogKey::read(&path)?.is_some() || !checkpoint_sizes(&dir)?.is_empty() {
        return Ok(false);
    }
    LogKey::make(&path).map(|_| true)
}

impl Appender {
    /// Opens the log for appending; begins it, with a leaf that names its key, where there is none.
    ///
    /// # Errors
    /// When another process appends, the key is missing or not the log's, or the log is damaged.
    pub fn open(layout: &Layout, options: &Options) -> Result<Self, EvidenceError> {
        prepare(layout, options)?;
        let lock = lock(&layout.evidence_dir())?;
        let key_path = options.key_path(layout);
        let log = Log::open(layout)?;
        let current = log.key_at(log.size());
        if let Some(current) = &current {
            finish_change(&key_path, current)?;
        }
        let wrong = |why: &str| EvidenceError::Key {
            path: key_path.display().to_string(),
            why: why.to_owned(),
        };
        let key = LogKey::read(&key_path)?.ok_or_else(|| wrong("the key of the log is missing"))?;
        let origin = match &current {
            Some(current) => current.name.clone(),
            None => key.origin(options.origin.as_deref()),
        };
        if current.is_some_and(|current| current.public != key.verifier("").public) {
            return Err(wrong("this is not the key that the log names"));
        }
        Self::over(log, key, key_path, origin, lock)
    }

    fn over(
        log: Log,
        key: LogKey,
        key_path: PathBuf,
        origin: String,
        lock: File,
    ) -> Result<Self, EvidenceError> {
        let edge = Edge::read(&log.tiles, log.size())
            .map_err(|why| damaged("evidence/tile", why.to_string()))?;
        let root = edge.root().map_err(|why| damaged("evidence/tile", why.to_string()))?;
        if log.newest.as_ref().is_some_and(|newest| newest.root != root) {
            return Err(damaged(
                "evidence/tile",
                "the tiles do not give the root of the newest checkpoint",
            ));
        }
        if let Some(newest) = &log.newest {
            finish_checkpoint(&log.dir, newest)?;
        }
        let writer = TileWriter::new(log.tiles.clone(), &edge);
        let mut appender = Self { log, edge, writer, key, key_path, origin, _lock: lock };
        if appender.edge.size() == 0 {
            let first = appender.key.verifier(&appender.origin).text();
            let origin = appender.origin.clone();
            appender.state(Statement::Key { origin, key: first, before: None, signature: None })?;
        }
        Ok(appender)
    }

    /// The log as of the newest checkpoint.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// How many leaves there are, those without a checkpoint included.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    fn push(&mut self, entry: &[u8; ENTRY_LEN]) -> Result<(), EvidenceError> {
        let writer = &mut self.writer;
        let mut full = |full: Full| writer.full(&full);
        self.edge
            .push(entry, hash_of(entry), &mut full)
            .map_err(disk("writing tiles in", &self.log.dir))?;
        if self.log.ledger.waiting() >= WAITING_MAX {
            self.log.ledger.spill().map_err(disk("writing positions in", &self.log.dir))?;
        }
        Ok(())
    }

    /// Appends the leaf of a record, given the entry of its text and its place. Places of one file
    /// come in order, and file after file.
    ///
    /// # Errors
    /// When the disk does not do it.
    pub fn record(
        &mut self,
        entry: &[u8; ENTRY_LEN],
        file: &str,
        offset: u64,
        within: u32,
    ) -> Result<(), EvidenceError> {
        let number = self.log.ledger.number_for(file);
        self.log.ledger.add_record(number, offset, within);
        self.push(entry)
    }

    /// Appends a statement.
    ///
    /// # Errors
    /// When the disk does not do it.
    pub fn state(&mut self, statement: Statement) -> Result<(), EvidenceError> {
        let entry = entry_of(&statement.text());
        self.log.ledger.add_statement(self.edge.size(), statement);
        self.push(&entry)
    }

    /// Signs a checkpoint over all leaves; none where no leaf is new. When this returns, it and
    /// all it covers are on the disk.
    ///
    /// # Errors
    /// When the disk does not do it.
    pub fn checkpoint(&mut self, now: Timestamp) -> Result<Option<Checkpoint>, EvidenceError> {
        self.commit(now, None)
    }

    fn commit(
        &mut self,
        now: Timestamp,
        old: Option<&LogKey>,
    ) -> Result<Option<Checkpoint>, EvidenceError> {
        let size = self.edge.size();
        let previous = self.log.size();
        if size == previous {
            return Ok(None);
        }
        let dir = self.log.dir.clone();
        let written = self.writer.partial(&self.edge).map_err(disk("writing tiles in", &dir))?;
        self.log.ledger.write().map_err(disk("writing", &dir))?;
        // After the ledger, whose files may be new: their names are in this directory, too.
        sync_all(&dir, &written).map_err(disk("syncing tiles in", &dir))?;
        if previous == 0
            && let Some(root) = dir.parent()
        {
            sync_dir(root).map_err(disk("syncing", root))?;
        }
        let root = self.edge.root().map_err(|why| damaged("evidence/tile", why.to_string()))?;
        let mut keys = vec![&self.key];
        keys.extend(old);
        let checkpoint = Checkpoint::sign(&self.origin, (size, root), now, previous, &keys);
        let text = checkpoint.render();
        let kept = dir.join("checkpoints").join(file_name(size));
        write_whole(&kept, text.as_bytes()).map_err(disk("writing", &kept))?;
        let newest = dir.join("checkpoint");
        write_whole(&newest, text.as_bytes()).map_err(disk("writing", &newest))?;
        self.writer.tidy(&self.edge);
        self.log.newest = Some(checkpoint.clone());
        Ok(Some(checkpoint))
    }

    /// Replaces the key: a leaf that the old key signs names the new one, and both sign the
    /// checkpoint over it. The old key's file is kept beside the new one.
    ///
    /// # Errors
    /// When the disk does not do it.
    pub fn new_key(mut self, now: Timestamp) -> Result<Checkpoint, EvidenceError> {
        self.commit(now, None)?;
        let before = self.key.verifier(&self.origin).text();
        let next = next_path(&self.key_path);
        let key = LogKey::make(&next)?;
        let named = key.verifier(&self.origin);
        let signature =
            self.key.sign(key_change_text(&self.origin, &before, &named.text()).as_bytes());
        let (origin, name) = (self.origin.clone(), named.text());
        self.state(Statement::Key {
            origin,
            key: name,
            before: Some(before),
            signature: Some(signature),
        })?;
        let old = std::mem::replace(&mut self.key, key);
        let done = self.commit(now, Some(&old))?;
        finish_change(&self.key_path, &named)?;
        done.ok_or_else(|| damaged("evidence", "the change of key gave no checkpoint"))
    }
}

/// Begins with a new key where the old one is lost. Nothing signs for it, and `verify` says so.
///
/// # Errors
/// When another process appends, or the disk does not do it.
pub fn replace_lost_key(
    layout: &Layout,
    options: &Options,
    now: Timestamp,
) -> Result<Checkpoint, EvidenceError> {
    let lock = lock(&layout.evidence_dir())?;
    let log = Log::open(layout)?;
    let key_path = options.key_path(layout);
    let Some(current) = log.key_at(log.size()) else {
        return Err(damaged("evidence/statements", "no leaf names the key of the log"));
    };
    let key = LogKey::make(&next_path(&key_path))?;
    let named = key.verifier(&current.name);
    let mut appender = Appender::over(log, key, key_path.clone(), current.name.clone(), lock)?;
    appender.state(Statement::Key {
        origin: current.name.clone(),
        key: named.text(),
        before: Some(current.text()),
        signature: None,
    })?;
    let done = appender.commit(now, None)?;
    finish_change(&key_path, &named)?;
    done.ok_or_else(|| damaged("evidence", "the change of key gave no checkpoint"))
}

/// Puts the newest checkpoint where it is looked for, if a process that died had not come to it.
fn finish_checkpoint(dir: &Path, newest: &Checkpoint) -> Result<(), EvidenceError> {
    let path = dir.join("checkpoint");
    let text = newest.render();
    if std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    write_whole(&path, text.as_bytes()).map_err(disk("writing", &path))
}

pub(super) fn next_path(key: &Path) -> PathBuf {
    let mut name = key.file_name().unwrap_or_default().to_owned();
    name.push(".next");
    key.with_file_name(name)
}

/// Puts the next key in the place of the old one, where the log names it already.
fn finish_change(key: &Path, current: &VerifierKey) -> Result<(), EvidenceError> {
    let next = next_path(key);
    let Some(made) = LogKey::read(&next)? else { return Ok(()) };
    let fail = disk("replacing", key);
    let rename = || -> io::Result<()> {
        if made.verifier("").public != current.public {
            // The log does not name it: a change that was broken off before its checkpoint.
            return std::fs::remove_file(&next);
        }
        if key.exists() {
            let aside = (1..)
                .map(|n| {
                    let mut name = key.file_name().unwrap_or_default().to_owned();
                    name.push(format!(".old-{n}"));
                    key.with_file_name(name)
                })
                .find(|path| !path.exists());
            aside.map_or(Ok(()), |aside| std::fs::rename(key, aside))?;
        }
        std::fs::rename(&next, key)?;
        key.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    };
    rename().map_err(fail)
}

fn lock(dir: &Path) -> Result<File, EvidenceError> {
    let path = dir.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(disk("opening", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EvidenceError::Busy),
        Err(TryLockError::Error(why)) => Err(disk("locking", &path)(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::leaf::sha256;

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
            let Position::Record(_, offset, _) = log.ledger().position(2).unwrap() else {
                panic!()
            };
            assert_eq!(log.index_of("a.warc.gz", offset, 0).unwrap(), Some(2));
            let hash = hash_of(&sha256(&offset.to_be_bytes()));
            tlog_tiles::check_record(&proof, *size, checkpoint.root, 2, hash).unwrap();
        }
        assert_eq!(log.index_of("a.warc.gz", 5, 0).unwrap(), None);
        assert!(log.prove(7, 4).is_err());
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
}
