//! The list of a bundle's files, and the signature over it.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;

use super::{CheckResult, Files, holds};
use crate::evidence::leaf::sha256;
use crate::evidence::note::VerifierKey;

const SUMS: &str = "SHA256SUMS";
const SIGNATURE: &str = "SHA256SUMS.sig";

/// Every file has the digest that the list gives it, and the list has every file.
pub(super) fn sums(files: &Files<'_>) -> CheckResult {
    if let Some(name) = files.twice {
        return Err(format!("{name} is there twice"));
    }
    let mut listed = BTreeMap::new();
    for line in files.text(SUMS)?.lines() {
        let (sum, name) =
            line.split_once("  ").ok_or_else(|| format!("{SUMS} is not of the form"))?;
        if listed.insert(name, sum).is_some() {
            return Err(format!("{name} is in the list twice"));
        }
    }
    let mut count = 0;
    for (name, bytes) in &files.by_name {
        if [SUMS, SIGNATURE].contains(name) {
            continue;
        }
        let sum = listed.remove(name).ok_or_else(|| format!("{name} is not in the list"))?;
        if sum != HEXLOWER.encode(&sha256(bytes)) {
            return Err(format!("{name} was changed"));
        }
        count += 1;
    }
    match listed.keys().next() {
        Some(name) => Err(format!("{name} is missing")),
        None => holds(format!("{count} files are as they were listed")),
    }
}

/// The last of the log's keys signed the list.
pub(super) fn signature(files: &Files<'_>, last: Option<&VerifierKey>) -> CheckResult {
    let signature = files
        .get(SIGNATURE)
        .map_err(|_| "the list of files is not signed: anyone who changed a file could mend it")?;
    let key = last.ok_or("the keys of the log cannot be read")?;
    if !key.verifies(files.get(SUMS)?, signature) {
        return Err(format!("the last key of the log did not sign {SUMS}"));
    }
    holds("the list is signed by the last key of the log")
}
