//! Cosignatures that are kept: each is over its checkpoint, and the quorum of the policy is there.

use super::super::witnessed::kept;
use super::super::{Checkpoint, EvidenceError, Log, Policy};
use super::Report;
use crate::base::Finding;

/// Compares the kept cosignatures with the policy; the largest size for which its quorum has cosigned.
///
/// # Errors
/// When they cannot be read.
pub(super) fn cosignatures(
    log: &Log,
    checkpoints: &[Checkpoint],
    policy: &Policy,
    report: &mut Report<'_>,
) -> Result<Option<u64>, EvidenceError> {
    let mut largest = None;
    for checkpoint in checkpoints {
        let signatures = kept(log, checkpoint.size)?;
        let name = format!("{}.cosignatures", report.places.name(checkpoint.size));
        for signature in &signatures {
            let of = policy.witnesses.iter().find(|one| one.key.is_named_by(signature));
            if of.is_some_and(|one| one.key.verify(&checkpoint.note.text, signature).is_none()) {
                let what = format!(
                    "the cosignature of {} does not verify with its key in the policy",
                    signature.name
                );
                report.add(Finding::error(&name, None, "cosignature", what));
            }
        }
        let mut cosigned = checkpoint.clone();
        cosigned.note.signatures.extend(signatures);
        if policy.asks_for_witnesses() && policy.holds(&policy.cosigned(&cosigned)) {
            largest = Some(checkpoint.size);
        }
    }
    if policy.asks_for_witnesses() && largest.is_none() {
        let what = "no checkpoint has the cosignatures that the quorum of the policy requires; the next run retries witnesses that did not answer";
        report.add(Finding::warning("evidence/checkpoints", None, "quorum", what));
    }
    Ok(largest)
}
