//! One row for adjacent rows that agree in a field, or in its first characters.

use std::borrow::Cow;

use super::super::reply::Refusal;
use crate::archive::Capture;
use crate::archive::filter::Field;
use crate::base::DigestAlgorithm;

/// Which rows agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collapse {
    field: Field,
    /// How many characters of it count; all without it.
    first: Option<usize>,
    /// Whether the statuses have to agree, too.
    by_status: bool,
}

/// A short hash that distinguishes values; a resume key can hold it.
pub type Mark = [u8; 8];

impl Collapse {
    /// `FIELD` or `FIELD:N`, as the Wayback Machine's server takes it.
    ///
    /// # Errors
    /// When there is no such field, or N is no number.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let (name, first) = text.split_once(':').map_or((text, None), |(n, f)| (n, Some(f)));
        let field = Field::parse(name);
        let field =
            field.ok_or_else(|| Refusal::bad(format!("collapse: unknown field {name:?}")))?;
        let number = |text: &str| {
            let number = text.parse::<usize>().ok().filter(|number| *number > 0);
            number.ok_or_else(|| {
                Refusal::bad(format!(
                    "collapse: expected FIELD:N with N of at least 1, but found {text:?}"
                ))
            })
        };
        Ok(Self { field, first: first.map(number).transpose()?, by_status: false })
    }

    /// This many of the first digits of the time, and the status: pywb's `collapseTime`.
    pub fn time(digits: usize) -> Self {
        Self { field: Field::Timestamp, first: Some(digits), by_status: true }
    }

    fn mark(&self, capture: &Capture) -> Mark {
        let value = self.field.value(capture);
        let part: Cow<'_, str> = match self.first {
            Some(first) => value.chars().take(first).collect::<String>().into(),
            None => value,
        };
        let part = match self.by_status {
            true => format!("{part} {}", Field::Status.value(capture)).into(),
            false => part,
        };
        let digest = DigestAlgorithm::Sha256.digest(part.as_bytes());
        let mut mark = Mark::default();
        mark.copy_from_slice(&digest.as_bytes()[..8]);
        mark
    }
}

/// Collapsing as rows pass, one stage after the other.
#[derive(Debug, Clone, Default)]
pub struct Collapsing {
    stages: Vec<(Collapse, Option<Mark>)>,
}

impl Collapsing {
    /// Begins; `marks` are those of the rows before, if any.
    pub fn new(stages: &[Collapse], marks: &[Mark]) -> Self {
        let stages = stages.iter().enumerate();
        Self { stages: stages.map(|(at, stage)| (*stage, marks.get(at).copied())).collect() }
    }

    /// Whether the row stands for itself and those that follow it.
    pub fn keeps(&mut self, capture: &Capture) -> bool {
        for (stage, last) in &mut self.stages {
            let mark = stage.mark(capture);
            if last.replace(mark) == Some(mark) {
                return false;
            }
        }
        true
    }

    /// The state needed to continue.
    pub fn marks(&self) -> Vec<Mark> {
        self.stages.iter().map_while(|(_, last)| *last).collect()
    }
}
