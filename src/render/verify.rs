//! What was checked, as text.

use super::plural;
use crate::answers::verify::{ReindexJson, StepJson, Verified};
use crate::base::ByteSize;

/// What was checked, and how much was found: the log where there is one, then the records.
#[must_use]
pub fn summary(verified: &Verified) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(log) = verified.log.as_ref().filter(|log| log.checkpoints > 0) {
        let newest = log.newest.map_or_else(|| "an unknown time".to_owned(), |t| t.to_rfc3339());
        let waiting = match log.waiting {
            0 => String::new(),
            n => format!("; {n} records are not in it yet"),
        };
        let cosigned = match log.cosigned {
            Some(leaves) => format!("; the quorum of the policy has cosigned {leaves} leaves"),
            None => String::new(),
        };
        lines.push(format!(
            "evidence log: {} leaves, {} checkpoints, {} time stamps, the newest checkpoint of {newest}{cosigned}{waiting}",
            log.leaves, log.checkpoints, log.stamps,
        ));
    }
    if verified.outside > 0 {
        lines.push(format!(
            "{} revisits refer to records outside these files and are not checked",
            verified.outside
        ));
    }
    let findings = match verified.findings() {
        0 => "no findings".to_owned(),
        n => plural(n, "finding"),
    };
    let records = &verified.records;
    let (count, files, bytes) = (records.records, records.files, ByteSize(records.bytes));
    lines.push(format!("{count} records in {files} files ({bytes}): {findings}"));
    lines
}

/// A step of checking a bundle.
#[must_use]
pub fn step(step: &StepJson) -> String {
    format!("{:7} {}: {}", step.outcome, step.step, step.what)
}

/// What a rebuild of the index did; `bytes` is the length of all WARC files.
#[must_use]
pub fn reindexed(done: &ReindexJson, bytes: u64) -> String {
    let left_out = match done.left_out.len() {
        0 => String::new(),
        n => format!("; {} left out", plural(n as u64, "file")),
    };
    format!(
        "{} captures indexed from {} records in {} files ({}){left_out}",
        done.captures,
        done.records,
        done.files,
        ByteSize(bytes)
    )
}
