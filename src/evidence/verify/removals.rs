//! Records that were removed by order: each has a tombstone that the log states and its key signed.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::base::Finding;
use crate::evidence::leaf::ENTRY_LEN;
use crate::evidence::{EvidenceError, Log, tombstone};
use crate::store::Layout;

/// A record that was removed.
#[derive(Debug, Clone)]
pub(super) struct Removed {
    /// Its entry in the log.
    pub entry: [u8; ENTRY_LEN],
    /// Its URL and its date.
    pub what: String,
}

/// The records that were removed, by their places; problems of a tombstone are reported.
pub(super) fn read(
    layout: &Layout,
    log: &Log,
    elsewhere: &BTreeSet<String>,
    report: &mut Report<'_>,
) -> Result<BTreeMap<(String, u64), Removed>, EvidenceError> {
    let keys: Vec<_> = log.keys().into_iter().map(|(_, key)| key).collect();
    let kept = tombstone::all(layout)?;
    let mut removed = BTreeMap::new();
    for ((name, offset), digest, _) in log.purged() {
        if elsewhere.contains(name) {
            // The tombstone is where the record was.
            continue;
        }
        let mut tell = |what: &str| {
            report.add(Finding::error(name, Some(offset), "tombstone", what));
        };
        let Some(found) = kept.iter().find(|kept| kept.digest() == digest) else {
            tell(
                "a record was removed here by order, and the tombstone that says so is missing or was changed",
            );
            continue;
        };
        if !found.signed_by(&keys) {
            tell(
                "the tombstone of the record that was removed here is not signed by a key of the log",
            );
            continue;
        }
        let of = &found.tombstone;
        if of.file != name || of.offset != offset {
            tell("the tombstone of the record that was removed here is of another place");
            continue;
        }
        let what = of.says().map(|leaf| format!("{} of {}", leaf.uri, leaf.date));
        let one = Removed { entry: of.entry(), what: what.unwrap_or_default() };
        removed.insert((name.to_owned(), offset), one);
    }
    if layout.evidence_dir().join("purge.json").exists() {
        let what = "a purge was interrupted; `pressmark purge --resume` completes it";
        report.add(Finding::warning("evidence/purge.json", None, "purge", what));
    }
    Ok(removed)
}
