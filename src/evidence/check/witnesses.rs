//! The cosignatures of a bundle: which witnesses have seen the same log.

use super::{CheckResult, Files, Known, absent, history, holds};
use crate::base::Timestamp;
use crate::evidence::Checkpoint;
use crate::evidence::bundle::{Description, WITNESSED};
use crate::evidence::cosignature::time_of;
use crate::evidence::leaf::{entry_of, hash_of};
use crate::evidence::policy::Policy;
use crate::evidence::proof::{Inclusion, LEAVES_MAX};

/// A checkpoint of this log that covers the capture bears cosignatures; where a policy was given, they are those of its
/// quorum.
pub(super) fn hold(
    files: &Files<'_>,
    description: &Description,
    keys: &history::Keys,
    known: &Known,
) -> CheckResult {
    let policy = known.policy.as_ref();
    if !files.by_name.contains_key(WITNESSED) {
        return match policy.filter(|policy| policy.asks_for_witnesses()) {
            Some(_) => Err("no witness has cosigned, and the policy asks for a quorum".to_owned()),
            None => absent(
                "no witness has cosigned: that everyone is shown the same log rests on the archive's word",
            ),
        };
    }
    let checkpoint = proved(files, description, WITNESSED)?;
    history::of_this_log(files, keys, &checkpoint, WITNESSED)?;
    let Some(policy) = policy else { return unknown(&checkpoint) };
    if !policy.accepts_log(&checkpoint) {
        return Err("the policy does not list this log".to_owned());
    }
    let cosigned = policy.cosigned(&checkpoint);
    let names: Vec<String> = cosigned
        .iter()
        .filter_map(|one| Some(witnessed(&policy.witnesses.get(one.witness)?.key.name, one.time)))
        .collect();
    let text = if names.is_empty() { "none of its witnesses".to_owned() } else { names.join(", ") };
    match (policy.holds(&cosigned), policy.asks_for_witnesses()) {
        (true, true) => holds(format!("the quorum of the policy holds: {text}")),
        (true, false) => holds(format!("the policy asks for no witness; cosigned by {text}")),
        (false, _) => Err(format!("the quorum of the policy does not hold: cosigned by {text}")),
    }
}

/// The checkpoint that the capture's record is proved to be in, by the proof in file `name`.
pub(super) fn proved(
    files: &Files<'_>,
    description: &Description,
    name: &str,
) -> Result<Checkpoint, String> {
    let proof =
        Inclusion::parse(files.text(name)?).ok_or_else(|| format!("{name} is not of the form"))?;
    let checkpoint = Checkpoint::parse(proof.checkpoint.as_bytes())
        .filter(|checkpoint| checkpoint.size <= LEAVES_MAX)
        .ok_or_else(|| format!("{name} has no checkpoint"))?;
    let mut records = (1_u64..).zip(&description.records);
    let (n, record) = records
        .find(|(_, record)| record.role == "capture")
        .ok_or("bundle.json names no record as the capture")?;
    let leaf = files.text(&format!("leaves/{n:02}.txt"))?;
    if proof.index != record.leaf || !proof.leads_to(hash_of(&entry_of(leaf)), &checkpoint) {
        return Err(format!("{name} does not lead from the capture's leaf to its checkpoint"));
    }
    Ok(checkpoint)
}

/// The result where it was not given whose cosignatures count.
fn unknown(checkpoint: &Checkpoint) -> CheckResult {
    let signatures = checkpoint.note.signatures.iter();
    let mut names: Vec<String> = signatures
        .filter(|signature| signature.name != checkpoint.origin)
        .filter_map(|signature| Some(witnessed(&signature.name, time_of(signature)?)))
        .collect();
    names.sort();
    if names.is_empty() {
        return Err(format!("the checkpoint in {WITNESSED} bears no cosignature"));
    }
    absent(format!(
        "cosigned, as it says, by {}; a policy that names their keys (--policy) tells whether that is so",
        names.join(", ")
    ))
}

/// A witness and when it signed.
#[must_use]
pub fn witnessed(name: &str, time: u64) -> String {
    let seconds = i64::try_from(time).unwrap_or(i64::MAX / 1_000_000).min(i64::MAX / 1_000_000);
    format!("{name} at {}", Timestamp::from_unix_seconds(seconds).to_rfc3339())
}

/// The cosignatures that a policy finds on a checkpoint, as in a step.
#[must_use]
pub fn cosigners(policy: &Policy, checkpoint: &Checkpoint) -> Vec<(String, u64)> {
    let cosigned = policy.cosigned(checkpoint).into_iter();
    cosigned
        .filter_map(|one| Some((policy.witnesses.get(one.witness)?.key.name.clone(), one.time)))
        .collect()
}
