//! Proofs of OpenTimestamps that are kept: each is over its checkpoint.

use std::collections::BTreeMap;

use super::super::anchored::kept_in;
use super::super::{Checkpoint, EvidenceError, Log};
use super::Report;
use crate::base::Finding;

/// Reads each proof. Whether a block of Bitcoin holds what it leads to is for `prove --check`, which is given its header.
///
/// # Errors
/// When they cannot be read.
pub(super) fn proofs(
    log: &Log,
    checkpoints: &[Checkpoint],
    report: &mut Report<'_>,
) -> Result<(), EvidenceError> {
    let by_size: BTreeMap<u64, &Checkpoint> = checkpoints.iter().map(|c| (c.size, c)).collect();
    for folder in log.places().folders() {
        for kept in kept_in(log, *folder)? {
            let why = match by_size.get(&kept.size) {
                Some(checkpoint) => kept.read(checkpoint)?.err(),
                None => Some("its checkpoint does not exist".to_owned()),
            };
            if let Some(why) = why {
                let name = format!("{}.{}.ots", report.places.name(kept.size), kept.label);
                report.add(Finding::error(&name, None, "opentimestamps", why));
            }
        }
    }
    Ok(())
}
