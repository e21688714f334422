//! The log: what is in it, proofs from it, and (`append`) appending to it.
//!
//! A checkpoint is the commit: everything it covers is on the disk before it gets its name under
//! `checkpoints/`. What a dead process left beyond the newest one is overwritten.

use std::path::{Path, PathBuf};

use tlog_tiles::Hash;

use super::EvidenceError;
use super::checkpoint::Checkpoint;
use super::error::{damaged, io as disk};
use super::leaf::Statement;
use super::ledger::{Ledger, Position};
use super::note::VerifierKey;
use super::places::Places;
use super::summary::Summary;
use super::tiles::{TileDir, TileHashes};
use crate::store::Layout;

mod append;

pub use append::{Appender, prepare, replace_lost_key};
pub(super) use append::{finish_named_change, next_path};

/// The log of an archive, to read from.
#[derive(Debug)]
pub struct Log {
    dir: PathBuf,
    places: Places,
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
        let places = Places::open(&dir)?;
        let newest = match places.newest()? {
            None => None,
            Some(size) => Some(read_checkpoint(&places, size)?),
        };
        let size = newest.as_ref().map_or(0, |c| c.size);
        // One that is of another history, or newer than the log, is passed over.
        let summary = Summary::read(&dir).filter(|summary| {
            let of = || read_checkpoint(&places, summary.size).ok();
            summary.size <= size && of().is_some_and(|of| of.root == summary.root)
        });
        let ledger = Ledger::open_along(&dir, size, summary).map_err(disk("reading", &dir))?;
        Ok(Self { tiles: TileDir::new(&dir), dir, places, ledger, newest })
    }

    /// The log as of a checkpoint, or an empty one, with all statements that were ever made: [`Self::open`] leaves out those
    /// that others replaced since.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(super) fn whole(
        layout: &Layout,
        newest: Option<Checkpoint>,
    ) -> Result<Self, EvidenceError> {
        let dir = layout.evidence_dir();
        let size = newest.as_ref().map_or(0, |c| c.size);
        let places = Places::open(&dir)?;
        let ledger = Ledger::open(&dir, size).map_err(disk("reading", &dir))?;
        Ok(Self { tiles: TileDir::new(&dir), dir, places, ledger, newest })
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
        self.places.sizes()
    }

    /// The size of the oldest checkpoint that is kept.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn oldest(&self) -> Result<Option<u64>, EvidenceError> {
        self.places.oldest()
    }

    /// The kept checkpoint of this size.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn checkpoint(&self, size: u64) -> Result<Checkpoint, EvidenceError> {
        read_checkpoint(&self.places, size)
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
                format!("a tree of {older} leaves is not a prefix of one of {size}"),
            ));
        }
        let hashes = TileHashes::new(&self.tiles, self.size());
        tlog_tiles::prove_tree(size, older, &hashes)
            .map_err(|why| damaged("evidence/tile", why.to_string()))
    }

    /// Where the log is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    pub(super) fn tiles(&self) -> &TileDir {
        &self.tiles
    }
}

fn read_checkpoint(places: &Places, size: u64) -> Result<Checkpoint, EvidenceError> {
    let path = places.path(size, "");
    let bytes = std::fs::read(&path).map_err(disk("reading", &path))?;
    Checkpoint::parse(&bytes).filter(|c| c.size == size).ok_or_else(|| {
        damaged(&places.name(size), "it is not a checkpoint of this size as written")
    })
}

#[cfg(test)]
mod tests;
