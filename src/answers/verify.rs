//! Checks: of an archive, of WARC files, and of an evidence bundle. Findings come as they are made.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{AnswerError, Archive};
use crate::base::Finding;
use crate::evidence::bundle::read_bundle;
use crate::evidence::check::{Known, Outcome, Step, check};
use crate::evidence::{self, EvidenceError};
use crate::store::{self, Checked, Reindexed, VerifyOptions};
use crate::warc::verify::Verifier;
use crate::warc::{self, ReadOptions};

/// A finding, in the fields of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingJson {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The file it was found in.
    pub file: String,
    /// Where in it, in bytes.
    pub offset: Option<u64>,
    /// The name of the rule.
    pub rule: &'static str,
    /// What was found.
    pub what: String,
}

impl From<Finding> for FindingJson {
    fn from(finding: Finding) -> Self {
        let Finding { severity, file, offset, rule, what } = finding;
        Self { severity: severity.label(), file, offset, rule, what }
    }
}

/// What was checked.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// The WARC files and their index.
    pub records: Checked,
    /// The evidence log; `None` where files alone were checked.
    pub log: Option<evidence::Checked>,
    /// Revisits that refer to records in none of the files, where files alone were checked.
    pub outside: u64,
}

impl Verified {
    /// How many findings there were in all.
    #[must_use]
    pub fn findings(&self) -> u64 {
        self.records.findings + self.log.as_ref().map_or(0, |log| log.findings)
    }
}

/// Rereads every record of an archive, recomputes every digest and checks the evidence log.
///
/// # Errors
/// When the archive or its log cannot be read.
pub fn verify(
    archive: &Archive,
    how: VerifyOptions,
    options: &evidence::VerifyOptions,
    found: &mut dyn FnMut(Finding),
) -> Result<Verified, AnswerError> {
    let reader = archive.reader();
    // Without a temporary file what lies in an object storage alone is fetched twice.
    let mut spool = evidence::LeafSpool::new().ok();
    let mut note = |noted: &store::verify::Noted<'_>| {
        if let Some(spool) = &mut spool {
            spool.note(noted);
        }
    };
    let records = store::verify::verify_noting(reader, how, found, &mut note)
        .map_err(AnswerError::store("verifying"))?;
    let kept = spool.and_then(|spool| spool.finish().ok());
    let doing = || "verifying the evidence log".to_owned();
    let log = evidence::verify_along(reader.layout(), options, kept.as_ref(), found)
        .map_err(|why| AnswerError::Evidence { doing: doing(), why })?;
    Ok(Verified { records, log: Some(log), outside: 0 })
}

/// Checks WARC files, ARC files and packages of any origin, without an archive. A file that cannot be read
/// is a finding.
pub fn verify_files(
    paths: &[PathBuf],
    how: VerifyOptions,
    found: &mut dyn FnMut(Finding),
) -> Verified {
    let mut verifier = Verifier::new(how, found);
    for path in paths {
        match warc::open(path, &ReadOptions::default()) {
            Ok(input) => verifier.input(input),
            Err(error) => verifier.open_error(&error),
        }
    }
    let done = verifier.finish();
    let warc::verify::Verified { files, records, bytes, findings, outside, .. } = done;
    Verified { records: Checked { files, records, bytes, findings }, log: None, outside }
}

/// A step of checking a bundle, in the fields of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepJson {
    /// Its name.
    pub step: &'static str,
    /// `ok`, `absent` or `failed`.
    pub outcome: &'static str,
    /// What was seen.
    pub what: String,
}

impl From<Step> for StepJson {
    fn from(step: Step) -> Self {
        Self { step: step.name, outcome: step.outcome.label(), what: step.what }
    }
}

/// Takes every step of checking the evidence bundle, or package for replay, at `path`.
///
/// # Errors
/// When it cannot be read. One that cannot be unpacked was changed, which is a step that fails.
pub fn check_bundle(path: &Path, known: &Known) -> Result<Vec<Step>, EvidenceError> {
    match read_bundle(path) {
        Ok(contents) => Ok(check(&contents, known)),
        Err(EvidenceError::Damaged { why, .. }) => {
            Ok(vec![Step { name: "zip", outcome: Outcome::Fails, what: why }])
        }
        Err(why) => Err(why),
    }
}

/// A file that was left out of a rebuild.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOutJson {
    /// Its name.
    pub file: String,
    /// Why it could not be read.
    pub why: String,
}

/// What a rebuild of the index did, in the fields of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReindexJson {
    /// WARC files.
    pub files: u64,
    /// Records read.
    pub records: u64,
    /// Captures indexed.
    pub captures: u64,
    /// Files that could not be read.
    pub left_out: Vec<LeftOutJson>,
}

impl From<&Reindexed> for ReindexJson {
    fn from(done: &Reindexed) -> Self {
        let left_out =
            |left: &store::LeftOut| LeftOutJson { file: left.file.clone(), why: left.why.clone() };
        Self {
            files: done.files,
            records: done.records,
            captures: done.captures,
            left_out: done.left_out.iter().map(left_out).collect(),
        }
    }
}
