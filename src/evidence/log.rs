//! The log: what is in it, proofs from it, and (`append`) appending to it.
//!
//! A checkpoint is the commit: everything it covers is on the disk before it gets its name under
//! `checkpoints/`. What a dead process left beyond the newest one is written over.

use std::io;
use std::path::{Path, PathBuf};

use tlog_tiles::Hash;

use super::EvidenceError;
use super::checkpoint::{Checkpoint, file_name};
use super::error::{damaged, io as disk};
use super::leaf::Statement;
use super::ledger::{Ledger, Position};
use super::note::VerifierKey;
use super::tiles::{TileDir, TileHashes};
use crate::store::Layout;

mod append;

pub use append::{Appender, prepare, replace_lost_key};
pub(super) use append::{finish_named_change, next_path};

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

    /// The records that were removed by order: their places, SHA-256 of their tombstones, and of their files since then.
    pub fn purged(&self) -> impl Iterator<Item = ((&str, u64), [u8; 32], [u8; 32])> {
        self.ledger.statements().iter().filter_map(|(_, statement)| match statement {
            Statement::Purged { name, offset, tombstone, sha256 } => {
                Some(((name.as_str(), *offset), *tombstone, *sha256))
            }
            _ => None,
        })
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

    /// The proof that the tree of `size` leaves begins with that of `older` (RFC 6962 section 2.1.2).
    ///
    /// # Errors
    /// When a tile is missing or damaged, or there are no such trees.
    pub fn prove_older(&self, older: u64, size: u64) -> Result<Vec<Hash>, EvidenceError> {
        if older == 0 || older > size || size > self.size() {
            return Err(damaged(
                "evidence",
                format!("no tree of {older} leaves is in one of {size}"),
            ));
        }
        let hashes = TileHashes::new(&self.tiles, self.size());
        tlog_tiles::prove_tree(size, older, &hashes)
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

#[cfg(test)]
mod tests;
