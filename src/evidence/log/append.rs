//! Appending to the log: leaves, then a checkpoint, which is the commit; the change of its key.
//!
//! Reads no WARC file, and never rewrites what a checkpoint covers.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tlog_tiles::Hash;

use super::Log;
use crate::base::Timestamp;
use crate::evidence::EvidenceError;
use crate::evidence::checkpoint::Checkpoint;
use crate::evidence::drand::Round;
use crate::evidence::error::{damaged, io as disk};
use crate::evidence::files::{sync_all, write_whole};
use crate::evidence::key::{LogKey, Options};
use crate::evidence::leaf::{ENTRY_LEN, Statement, entry_of, hash_of, key_change_text};
use crate::evidence::note::VerifierKey;
use crate::evidence::places::Places;
use crate::evidence::summary;
use crate::evidence::tiles::{Edge, Full, TileWriter};
use crate::evidence::{membership, timestamp};
use crate::store::Layout;
use crate::store::durable::sync_dir;

/// At most this many positions wait in memory.
const WAITING_MAX: usize = 64 * 1024;

/// The log of an archive, to append to. One at a time for each archive.
pub struct Appender {
    log: Log,
    edge: Edge,
    writer: TileWriter,
    /// What it signs with; none in a copy of a log that several archives share.
    key: Option<LogKey>,
    key_path: PathBuf,
    origin: String,
    round: Option<Round>,
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
/// When the key cannot be written or used.
pub fn prepare(layout: &Layout, options: &Options) -> Result<bool, EvidenceError> {
    let path = options.key_path(layout);
    let dir = layout.evidence_dir();
    std::fs::create_dir_all(dir.join("checkpoints")).map_err(disk("making", &dir))?;
    if LogKey::read(&path)?.is_some() || Places::open(&dir)?.newest()?.is_some() {
        return Ok(false);
    }
    match LogKey::make(&path) {
        // Archives that share a key may begin at once: one of them makes it.
        Err(_) if LogKey::read(&path)?.is_some() => Ok(false),
        made => made.map(|_| true),
    }
}

impl Appender {
    /// Opens the log for appending; begins it, with a leaf that names its key, where there is none.
    ///
    /// # Errors
    /// When another process appends, the key is missing or not the log's, or the log is damaged.
    pub fn open(layout: &Layout, options: &Options) -> Result<Self, EvidenceError> {
        prepare(layout, options)?;
        refuse_shared(layout)?;
        let lock = lock(&layout.evidence_dir())?;
        let key_path = options.key_path(layout);
        let log = Log::open(layout)?;
        let current = log.key_at(log.size());
        if let Some(current) = &current {
            finish_change(&key_path, current, Unnamed::Removed)?;
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
        Self::over(log, Some(key), key_path, (origin, options.round.clone()), lock)
    }

    /// Opens the copy of a log that several archives share, to which leaves are added that are signed
    /// already.
    ///
    /// # Errors
    /// When another process appends, or the copy is damaged.
    pub(in crate::evidence) fn replica(layout: &Layout) -> Result<Self, EvidenceError> {
        let lock = lock(&layout.evidence_dir())?;
        Self::over(Log::open(layout)?, None, PathBuf::new(), (String::new(), None), lock)
    }

    fn over(
        log: Log,
        key: Option<LogKey>,
        key_path: PathBuf,
        (origin, round): (String, Option<Round>),
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
            summary::keep(&log.dir, &log.ledger, newest, log.places.recent())?;
        }
        let writer = TileWriter::new(log.tiles.clone(), &edge);
        let mut appender = Self { log, edge, writer, key, key_path, origin, round, _lock: lock };
        if appender.edge.size() == 0
            && let Some(key) = &appender.key
        {
            let first = key.verifier(&appender.origin).text();
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

    /// Signs a checkpoint over all leaves; `None` where no leaf is new. When this returns, it and
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
        let previous = self.log.size();
        if self.edge.size() == previous {
            return Ok(None);
        }
        // Time stamps that came since; they alone do not cause a checkpoint, which would be stamped in its turn.
        for stamp in self.unstated()? {
            self.state(stamp)?;
        }
        let (size, root) = self.settle()?;
        let mut keys: Vec<&LogKey> = self.key.iter().collect();
        keys.extend(old);
        let round = self.round.as_ref();
        let checkpoint = Checkpoint::sign(&self.origin, (size, root), now, previous, round, &keys);
        self.install(checkpoint.clone())?;
        Ok(Some(checkpoint))
    }

    /// What the log is to say of time stamps that came since its newest checkpoint.
    pub(in crate::evidence) fn unstated(&self) -> Result<Vec<Statement>, EvidenceError> {
        timestamp::unstated(&self.log.places, self.log.ledger.statements())
    }

    /// How many leaves there are, those without a checkpoint included, and the root over them.
    pub(in crate::evidence) fn root(&self) -> Result<(u64, Hash), EvidenceError> {
        let root = self.edge.root().map_err(|why| damaged("evidence/tile", why.to_string()))?;
        Ok((self.edge.size(), root))
    }

    /// A checkpoint over all leaves, signed and kept nowhere.
    pub(in crate::evidence) fn signed_by(
        &self,
        keys: &[&LogKey],
        now: Timestamp,
        round: Option<&Round>,
    ) -> Result<Checkpoint, EvidenceError> {
        let origin = match self.log.key_at(u64::MAX) {
            Some(current) => current.name,
            None => return Err(damaged("evidence/statements", "no leaf names the key of the log")),
        };
        Ok(Checkpoint::sign(&origin, self.root()?, now, self.log.size(), round, keys))
    }

    /// Puts all leaves on the disk, which are in no checkpoint yet. How many there are, and the root.
    pub(in crate::evidence) fn settle(&mut self) -> Result<(u64, Hash), EvidenceError> {
        let dir = self.log.dir.clone();
        let written = self.writer.partial(&self.edge).map_err(disk("writing tiles in", &dir))?;
        self.log.ledger.write().map_err(disk("writing", &dir))?;
        // After the ledger, whose files may be new: their names are in this directory, too.
        sync_all(&dir, &written).map_err(disk("syncing tiles in", &dir))?;
        if self.log.size() == 0
            && let Some(root) = dir.parent()
        {
            sync_dir(root).map_err(disk("syncing", root))?;
        }
        self.root()
    }

    /// Keeps a checkpoint over what was put on the disk: this is the commit.
    pub(in crate::evidence) fn install(
        &mut self,
        checkpoint: Checkpoint,
    ) -> Result<(), EvidenceError> {
        let (dir, size) = (self.log.dir.clone(), checkpoint.size);
        let text = checkpoint.render();
        let kept = self.log.places.place(size)?;
        write_whole(&kept, text.as_bytes()).map_err(disk("writing", &kept))?;
        let newest = dir.join("checkpoint");
        write_whole(&newest, text.as_bytes()).map_err(disk("writing", &newest))?;
        self.writer.tidy(&self.edge);
        self.log.newest = Some(checkpoint);
        Ok(())
    }

    /// Replaces the key: a leaf that the old key signs names the new one, and both sign the
    /// checkpoint over it. The old key's file is kept with the new one.
    ///
    /// # Errors
    /// When the disk does not do it.
    pub fn new_key(mut self, now: Timestamp) -> Result<Checkpoint, EvidenceError> {
        self.commit(now, None)?;
        let Some(old) = self.key.take() else {
            return Err(damaged("evidence", "there is no key to replace"));
        };
        let before = old.verifier(&self.origin).text();
        let next = next_path(&self.key_path);
        let key = LogKey::make(&next)?;
        let named = key.verifier(&self.origin);
        let signature = old.sign(key_change_text(&self.origin, &before, &named.text()).as_bytes());
        let (origin, name) = (self.origin.clone(), named.text());
        self.state(Statement::Key {
            origin,
            key: name,
            before: Some(before),
            signature: Some(signature),
        })?;
        self.key = Some(key);
        let done = self.commit(now, Some(&old))?;
        finish_change(&self.key_path, &named, Unnamed::Removed)?;
        done.ok_or_else(|| damaged("evidence", "the change of key produced no checkpoint"))
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
    refuse_shared(layout)?;
    let lock = lock(&layout.evidence_dir())?;
    let log = Log::open(layout)?;
    let key_path = options.key_path(layout);
    let Some(current) = log.key_at(log.size()) else {
        return Err(damaged("evidence/statements", "no leaf names the key of the log"));
    };
    let key = LogKey::make(&next_path(&key_path))?;
    let named = key.verifier(&current.name);
    let named_origin = (current.name.clone(), options.round.clone());
    let mut appender = Appender::over(log, Some(key), key_path.clone(), named_origin, lock)?;
    appender.state(Statement::Key {
        origin: current.name.clone(),
        key: named.text(),
        before: Some(current.text()),
        signature: None,
    })?;
    let done = appender.commit(now, None)?;
    finish_change(&key_path, &named, Unnamed::Removed)?;
    done.ok_or_else(|| damaged("evidence", "the change of key produced no checkpoint"))
}

/// A copy of a log that several archives share is added to by what they all registered, and by nothing else.
fn refuse_shared(layout: &Layout) -> Result<(), EvidenceError> {
    if membership::archive_of(layout)?.is_none() {
        return Ok(());
    }
    let why = "this archive shares its evidence log through the database that store.frontier names: without it, nothing can be added";
    Err(EvidenceError::Shared { why: why.to_owned() })
}

/// Puts the newest checkpoint at its final place, if a process died before that.
fn finish_checkpoint(dir: &Path, newest: &Checkpoint) -> Result<(), EvidenceError> {
    let path = dir.join("checkpoint");
    let text = newest.render();
    if std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    write_whole(&path, text.as_bytes()).map_err(disk("writing", &path))
}

pub(in crate::evidence) fn next_path(key: &Path) -> PathBuf {
    let mut name = key.file_name().unwrap_or_default().to_owned();
    name.push(".next");
    key.with_file_name(name)
}

/// What is done with a next key that the log does not name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unnamed {
    /// It belongs to a change that was interrupted before its checkpoint.
    Removed,
    /// It may be registered with others, or just be made.
    Kept,
}

/// Puts the next key in the place of the old one, in a log that several archives share, which may have one file of the key.
pub(in crate::evidence) fn finish_named_change(
    key: &Path,
    current: &VerifierKey,
) -> Result<(), EvidenceError> {
    finish_change(key, current, Unnamed::Kept)
}

/// Puts the next key in the place of the old one, where the log names it already.
fn finish_change(key: &Path, current: &VerifierKey, unnamed: Unnamed) -> Result<(), EvidenceError> {
    let next = next_path(key);
    // One process at a time: another that has the same file of the key finds the change done.
    let lock = match File::open(&next) {
        Ok(lock) => lock,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(why) => return Err(disk("reading the key", &next)(why)),
    };
    lock.lock().map_err(disk("locking", &next))?;
    let Some(made) = LogKey::read(&next)? else { return Ok(()) };
    let fail = disk("replacing", key);
    let rename = || -> io::Result<()> {
        if made.verifier("").public != current.public {
            return match unnamed {
                Unnamed::Removed => std::fs::remove_file(&next),
                Unnamed::Kept => Ok(()),
            };
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
        key.parent().map_or(Ok(()), sync_dir)
    };
    rename().map_err(fail)
}

/// How often the lock of the log is tried for: a second in all. Another process may hold it for the moment of a checkpoint;
/// one that was just started from here has a copy of the open file until it runs its own program.
const LOCK_TRIES_MAX: usize = 100;
/// Between two tries.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

fn lock(dir: &Path) -> Result<File, EvidenceError> {
    let path = dir.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(disk("opening", &path))?;
    for _ in 0..LOCK_TRIES_MAX {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(why)) => return Err(disk("locking", &path)(why)),
        }
    }
    Err(EvidenceError::Busy)
}
