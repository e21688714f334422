//! The proof of OpenTimestamps in a bundle: that a block of Bitcoin holds a checkpoint over the capture.

use data_encoding::HEXLOWER;

use super::{CheckResult, Files, Known, absent, history, holds, witnesses};
use crate::evidence::anchored::over;
use crate::evidence::bitcoin::TIME_ERROR;
use crate::evidence::bundle::{ANCHORED, Description, OTS};
use crate::evidence::ots::Attestation;

/// The step, where the bundle has such a proof.
pub(super) fn step(
    files: &Files<'_>,
    description: &Description,
    keys: &history::Keys,
    known: &Known,
) -> Option<CheckResult> {
    let has = [ANCHORED, OTS].iter().any(|name| files.by_name.contains_key(*name));
    has.then(|| hold(files, description, keys, known))
}

fn hold(
    files: &Files<'_>,
    description: &Description,
    keys: &history::Keys,
    known: &Known,
) -> CheckResult {
    let checkpoint = witnesses::proved(files, description, ANCHORED)?;
    history::of_this_log(files, keys, &checkpoint, ANCHORED)?;
    let ots = over(files.get(OTS)?, &checkpoint).map_err(|why| format!("{OTS}: {why}"))?;
    let mut promised = Vec::new();
    let mut blocks = Vec::new();
    for (said, message) in ots.attested() {
        match said {
            Attestation::Bitcoin(height) => blocks.push((*height, message)),
            Attestation::Pending(address) => promised.push(address.clone()),
            Attestation::Other(..) => {}
        }
    }
    blocks.sort();
    for (height, root) in &blocks {
        let Some(header) = known.headers.at(*height) else { continue };
        if header.merkle_root[..] != root[..] {
            return Err(format!(
                "the header of block {height} of Bitcoin that was given does not have what {OTS} leads to"
            ));
        }
        return holds(format!(
            "made before {}, for block {height} of Bitcoin of {} holds a checkpoint over it, and the time in a block is two hours wrong at most; that this header is the one of its height rests on who gave it",
            header.time.plus(TIME_ERROR).to_rfc3339(),
            header.time.to_rfc3339()
        ));
    }
    match (blocks.first(), promised.is_empty()) {
        (Some((height, root)), _) => {
            let shown: Vec<u8> = root.iter().rev().copied().collect();
            absent(format!(
                "block {height} of Bitcoin holds a checkpoint over it if its Merkle root is {}: compare it, or give the header (--bitcoin-headers)",
                HEXLOWER.encode(&shown)
            ))
        }
        (None, false) => absent(format!(
            "a calendar of OpenTimestamps ({}) has promised to put a checkpoint over it into Bitcoin; the bundle was made before it did",
            promised.join(", ")
        )),
        (None, true) => Err(format!("{OTS} says nothing that is known here")),
    }
}
