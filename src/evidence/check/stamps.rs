//! The time stamps of a bundle.

use super::{CheckResult, Files, Known, absent, holds};
use crate::evidence::bundle::{DescribedStamp, Description};
use crate::evidence::token::{self, Token, Trust};

/// The tokens of a bundle, each with the label of its authority, after they were verified over the checkpoint.
pub(super) fn verified(
    files: &Files<'_>,
    description: &Description,
    known: &Known,
) -> Result<Vec<(String, Token)>, String> {
    let checkpoint = files.get("checkpoint")?;
    let mut tokens = Vec::new();
    for stamp in &description.timestamps {
        let name = format!("timestamps/{}.tsr", stamp.authority);
        let chain = format!("timestamps/{}.pem", stamp.authority);
        let own = Trust::from_pem(files.get(&chain)?).map_err(|e| format!("{chain}: {e}"))?;
        let trust = if known.trust.is_empty() { &own } else { &known.trust };
        let token = token::verify(files.get(&name)?, checkpoint, None, trust)
            .map_err(|e| format!("{name}: {e}"))?;
        tokens.push((stamp.authority.clone(), token));
    }
    Ok(tokens)
}

/// Every token is over the checkpoint, and says what `bundle.json` says of it; those that it names
/// are all there, and no others.
pub(super) fn hold(files: &Files<'_>, description: &Description, known: &Known) -> CheckResult {
    let mut said = Vec::new();
    for (stamp, (_, token)) in
        description.timestamps.iter().zip(verified(files, description, known)?)
    {
        let same = DescribedStamp {
            authority: stamp.authority.clone(),
            time: token.time.to_rfc3339(),
            serial: token.serial.clone(),
            signer: token.signer.clone(),
        };
        if *stamp != same {
            return Err(format!(
                "bundle.json says something else of timestamps/{}.tsr",
                stamp.authority
            ));
        }
        said.push(format!("{} by {}", token.time.to_rfc3339(), token.signer));
    }
    let there = files.by_name.keys().filter(|name| name.ends_with(".tsr")).count();
    if there != said.len() {
        return Err(format!("{there} time stamps are there, and bundle.json names {}", said.len()));
    }
    if said.is_empty() {
        return absent(
            "the checkpoint bears no time stamp: when it was made rests on the archive's word",
        );
    }
    let note = match known.trust.is_empty() {
        true => {
            "; their roots are those in the bundle, to be compared with what the authorities publish"
        }
        false => "",
    };
    holds(format!("{}{note}", said.join(", ")))
}
