//! The findings of a file, as many of them as are reported.

use crate::base::{Finding, Severity};

/// How many findings of a file are kept: more findings of a badly damaged file add nothing.
const FINDINGS_MAX: usize = 1_000;

/// The first findings of a file, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<Finding>,
    left_out: u64,
    /// How many of all are errors.
    pub errors: u64,
    /// What the first of the errors says.
    pub first_error: Option<String>,
}

impl Findings {
    pub fn add(&mut self, finding: Finding) {
        if finding.severity == Severity::Error {
            self.errors += 1;
            self.first_error.get_or_insert_with(|| finding.what.clone());
        }
        if self.kept.len() < FINDINGS_MAX {
            self.kept.push(finding);
        } else {
            self.left_out += 1;
        }
    }

    /// Those that are kept, and one that counts the rest.
    pub fn reported(mut self, name: &str) -> Vec<Finding> {
        if self.left_out > 0 {
            let what = format!("{} more findings; `pressmark verify` lists them", self.left_out);
            self.kept.push(Finding::warning(name, None, "findings", what));
        }
        self.kept
    }
}
