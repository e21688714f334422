//! How every check reports: a list of findings, from which the verdict is computed.

use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Unusual, or against a recommendation; nothing is lost.
    Warning,
    /// Damage, or against the standard.
    Error,
}

impl Severity {
    /// `warning` or `error`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file (or URL, or key) it was found in.
    pub file: String,
    /// The byte offset in that file, of the record or the place.
    pub offset: Option<u64>,
    /// A short, stable name of the rule: `payload-digest`, `cut-record`.
    pub rule: &'static str,
    /// What was found, as text, with the numbers.
    pub what: String,
}

impl Finding {
    /// An error at a place.
    #[must_use]
    pub fn error(
        file: &str,
        offset: Option<u64>,
        rule: &'static str,
        what: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Error, file: file.to_owned(), offset, rule, what: what.into() }
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(
        file: &str,
        offset: Option<u64>,
        rule: &'static str,
        what: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, file: file.to_owned(), offset, rule, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity.label(), self.file)?;
        if let Some(offset) = self.offset {
            write!(f, " at {offset}")?;
        }
        write!(f, ": {} ({})", self.what, self.rule)
    }
}
