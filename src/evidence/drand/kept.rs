//! What an archive keeps of drand: the descriptions of chains whose rounds it has used, and the newest round.
//!
//! ```text
//! evidence/drand/HASH.json    a chain, as its servers describe it
//! evidence/drand/newest       the round that was fetched last, as records hold it; may be deleted
//! ```

use std::path::PathBuf;

use data_encoding::HEXLOWER;

use super::{Chain, Round};
use crate::base::Timestamp;
use crate::evidence::EvidenceError;
use crate::evidence::error::io as disk;
use crate::evidence::files::write_whole;
use crate::store::Layout;

fn path_of(layout: &Layout, hash: &[u8; 32]) -> PathBuf {
    layout.evidence_dir().join("drand").join(format!("{}.json", HEXLOWER.encode(hash)))
}

/// Keeps the description of a chain, once.
///
/// # Errors
/// When it cannot be written.
pub fn keep(layout: &Layout, chain: &Chain) -> Result<(), EvidenceError> {
    let path = path_of(layout, &chain.hash());
    if path.exists() {
        return Ok(());
    }
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(disk("making", dir))?;
    }
    write_whole(&path, chain.json().as_bytes()).map_err(disk("writing", &path))
}

/// When a round was published, by the description of its chain; the round itself is not verified. `None` where the chain is not
/// known.
#[must_use]
pub fn time_of(layout: &Layout, round: &Round) -> Option<Timestamp> {
    chain(layout, &round.chain)?.time_of(round.number)
}

fn newest_path(layout: &Layout) -> PathBuf {
    layout.evidence_dir().join("drand").join("newest")
}

/// Keeps the newest round and the description of its chain, so that a run can begin with it before it has fetched another.
///
/// # Errors
/// When they cannot be written.
pub fn keep_newest(layout: &Layout, chain: &Chain, round: &Round) -> Result<(), EvidenceError> {
    keep(layout, chain)?;
    let path = newest_path(layout);
    write_whole(&path, format!("{}\n", round.text()).as_bytes()).map_err(disk("writing", &path))
}

/// The newest round of a chain that was kept, and its time; `None` where there is none that verifies.
#[must_use]
pub fn newest(layout: &Layout, chain: &Chain) -> Option<(Timestamp, Round)> {
    let text = std::fs::read_to_string(newest_path(layout)).ok()?;
    let round = Round::parse(text.trim_end())?;
    Some((chain.verify(&round).ok()?, round))
}

/// A chain by its hash: one that is built in, or one that is kept here. A damaged description does not have the hash, and is
/// not used.
#[must_use]
pub fn chain(layout: &Layout, hash: &[u8; 32]) -> Option<Chain> {
    let kept = || {
        let bytes = std::fs::read(path_of(layout, hash)).ok()?;
        Chain::from_json(&bytes).ok().filter(|chain| chain.hash() == *hash)
    };
    Chain::known(hash).or_else(kept)
}
