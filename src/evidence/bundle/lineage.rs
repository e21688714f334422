//! What a bundle says of the log itself: its newest checkpoint, its keys, and how the checkpoints
//! before are its beginnings.
//!
//! A reader may have kept any checkpoint. So a bundle has a proof from each to the newest, unless
//! they are too many: then the newest of them, and others evenly spread over the rest. One that is
//! asked for is always among them.

use std::collections::BTreeSet;

use tlog_tiles::Hash;

use super::super::error::damaged;
use super::super::leaf::Statement;
use super::super::log::Log;
use super::super::note::VerifierKey;
use super::super::proof::Earlier;
use super::super::{Checkpoint, EvidenceError};

/// This many of the newest checkpoints are always proved.
const NEWEST_MAX: usize = 250;
/// This many of those before.
const SPREAD_MAX: usize = 250;

/// A key and the leaf that names it.
#[derive(Debug, Clone)]
pub struct NamedKey {
    /// The index of the leaf.
    pub index: u64,
    /// Its text.
    pub text: String,
    /// The key.
    pub key: VerifierKey,
    /// The proof that the leaf is covered by the newest checkpoint.
    pub proof: Vec<Hash>,
}

/// The log as a bundle shows it.
#[derive(Debug, Clone)]
pub struct Lineage {
    /// The newest checkpoint.
    pub newest: Checkpoint,
    /// The keys, oldest first.
    pub keys: Vec<NamedKey>,
    /// The checkpoints that the newest begins with, smallest first.
    pub earlier: Vec<Earlier>,
}

impl Lineage {
    /// Proves the keys, and the checkpoints of the sizes `wanted` and others up to the limit.
    ///
    /// # Errors
    /// When the log is damaged, or has no checkpoint of a size that is wanted.
    pub fn of(log: &Log, wanted: &[u64]) -> Result<Self, EvidenceError> {
        let newest = log
            .newest()
            .ok_or_else(|| damaged("evidence/checkpoints", "there is no checkpoint"))?
            .clone();
        let mut keys = Vec::new();
        for (index, statement) in log.ledger().statements() {
            let Statement::Key { key, .. } = statement else { continue };
            let key = VerifierKey::parse(key).ok_or_else(|| {
                damaged("evidence/statements", format!("leaf {index} names no key"))
            })?;
            let proof = log.prove(*index, newest.size)?;
            keys.push(NamedKey { index: *index, text: statement.text(), key, proof });
        }
        let all: Vec<u64> =
            log.checkpoint_sizes()?.into_iter().filter(|size| *size < newest.size).collect();
        let mut sizes = thinned(&all);
        sizes.extend(wanted.iter().filter(|size| **size < newest.size));
        let mut earlier = Vec::new();
        for size in sizes {
            let root = log.checkpoint(size)?.root;
            earlier.push(Earlier { size, root, hashes: log.prove_older(size, newest.size)? });
        }
        Ok(Self { newest, keys, earlier })
    }

    /// The number, from 1, of the key that signs a checkpoint of this size.
    #[must_use]
    pub fn key_number(&self, size: u64) -> usize {
        self.keys.iter().take_while(|key| key.index < size).count()
    }
}

/// The newest sizes, and earlier ones up to the limit, evenly spread.
fn thinned(all: &[u64]) -> BTreeSet<u64> {
    let (before, newest) = all.split_at(all.len().saturating_sub(NEWEST_MAX));
    let step = before.len().div_ceil(SPREAD_MAX).max(1);
    newest.iter().chain(before.iter().step_by(step)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::evidence::Options;
    use crate::evidence::log::Appender;
    use crate::store::Layout;

    /// A checkpoint that was left out is proved when it is asked for.
    #[test]
    fn any_checkpoint_is_proved_when_it_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        layout.create().unwrap();
        let mut appender = Appender::open(&layout, &Options::default()).unwrap();
        for n in 0..600_u64 {
            appender.record(&[u8::try_from(n % 251).unwrap(); 32], "a", n, 0).unwrap();
            appender.checkpoint(Timestamp::from_unix_seconds(1_762_300_800)).unwrap();
        }
        drop(appender);
        let log = Log::open(&layout).unwrap();
        let lineage = Lineage::of(&log, &[]).unwrap();
        assert_eq!((lineage.newest.size, lineage.keys.len()), (601, 1));
        assert!(lineage.earlier.iter().all(|one| one.leads_to(&lineage.newest)));
        let sizes: Vec<u64> = lineage.earlier.iter().map(|one| one.size).collect();
        let missing = (2..601).find(|size| !sizes.contains(size)).unwrap();
        let asked = Lineage::of(&log, &[missing, 601]).unwrap();
        let found = asked.earlier.iter().find(|one| one.size == missing).unwrap();
        assert!(found.leads_to(&asked.newest));
        assert_eq!(asked.earlier.len(), lineage.earlier.len() + 1);
    }

    #[test]
    fn the_newest_checkpoints_are_all_proved_and_the_others_evenly() {
        for count in [0_u64, 1, 250, 251, 500, 501, 9000] {
            let all: Vec<u64> = (1..=count).collect();
            let kept = thinned(&all);
            assert!(kept.len() <= NEWEST_MAX + SPREAD_MAX, "{count}: {}", kept.len());
            assert!(all.iter().rev().take(NEWEST_MAX).all(|size| kept.contains(size)), "{count}");
            assert_eq!(kept.first(), all.first());
            if count <= 500 {
                assert_eq!(kept.len() as u64, count);
            }
        }
    }
}
