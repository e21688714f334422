//! Rounds of drand in records and checkpoints: each verifies with the key of its chain, and none is later than what holds it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::super::Checkpoint;
use super::super::drand::{Round, kept};
use super::Report;
use crate::base::{Finding, Timestamp};
use crate::store::Layout;

/// At most this many rounds are remembered, since consecutive records hold the same one.
const KNOWN_MAX: usize = 4096;
/// How much later than a checkpoint's own time its round may be: clocks differ.
const CLOCK_OFF_MAX: Duration = Duration::from_mins(5);

/// What checks rounds.
pub(super) struct Rounds<'a> {
    layout: &'a Layout,
    known: HashMap<String, Result<Timestamp, &'static str>>,
    /// Chains without a description: each is reported once.
    strange: BTreeSet<[u8; 32]>,
}

impl<'a> Rounds<'a> {
    pub fn new(layout: &'a Layout) -> Self {
        Self { layout, known: HashMap::new(), strange: BTreeSet::new() }
    }

    /// When a round was published; `None` where its chain is not known, which is reported once.
    fn time(
        &mut self,
        text: &str,
        name: &str,
        report: &mut Report<'_>,
    ) -> Option<Result<Timestamp, &'static str>> {
        if let Some(known) = self.known.get(text) {
            return Some(*known);
        }
        let done = match Round::parse(text) {
            None => Err("its drand round is malformed"),
            Some(round) => match kept::chain(self.layout, &round.chain) {
                None => {
                    if self.strange.insert(round.chain) {
                        let what = "nothing in evidence/drand describes the chain of its drand round: rounds of it are not checked";
                        report.add(Finding::warning(name, None, "drand-chain", what));
                    }
                    return None;
                }
                Some(chain) => chain
                    .verify(&round)
                    .map_err(|_| "its drand round does not verify with the key of its chain"),
            },
        };
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(text.to_owned(), done);
        Some(done)
    }

    /// Checks the round in the header of a record.
    pub fn record(
        &mut self,
        text: &str,
        date: Option<Timestamp>,
        (name, offset): (&str, u64),
        report: &mut Report<'_>,
    ) {
        let what = match self.time(text, name, report) {
            Some(Ok(time)) if date.is_some_and(|date| date < time) => format!(
                "the record is dated before its drand round, of {}, which was not known then: its date is false",
                time.to_rfc3339()
            ),
            Some(Err(why)) => why.to_owned(),
            Some(Ok(_)) | None => return,
        };
        report.add(Finding::error(name, Some(offset), "drand-round", what));
    }

    /// Checks the rounds in checkpoints.
    pub fn checkpoints(&mut self, checkpoints: &[Checkpoint], report: &mut Report<'_>) {
        for checkpoint in checkpoints {
            let Some(round) = &checkpoint.round else { continue };
            let name = report.places.name(checkpoint.size);
            match self.time(&round.text(), &name, report) {
                Some(Ok(time))
                    if checkpoint.time.is_some_and(|own| own.plus(CLOCK_OFF_MAX) < time) =>
                {
                    let what = format!(
                        "its drand round is of {}, later than the time of the checkpoint: our clock was behind",
                        time.to_rfc3339()
                    );
                    report.add(Finding::warning(&name, None, "checkpoint-time", what));
                }
                Some(Err(why)) => report.add(Finding::error(&name, None, "drand-round", why)),
                Some(Ok(_)) | None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::base::Severity;
    use crate::evidence::places::Places;

    /// Round 1000 of quicknet.
    const ROUND: &str = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971 1000 b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39";

    #[test]
    fn a_round_that_does_not_verify_or_is_later_than_its_record_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let at =
            |seconds: i64| Some(Timestamp::from_unix_seconds(1_692_803_367 + 999 * 3 + seconds));
        let strange = ROUND.replacen("52db", "53db", 1);
        let next = ROUND.replace(" 1000 ", " 1001 ");
        let padded = ROUND.replace(" 1000 ", " 01000 ");
        for (text, date, rule) in [
            (ROUND, at(0), None),
            (ROUND, None, None),
            (ROUND, at(-1), Some(("drand-round", Severity::Error))),
            (next.as_str(), at(9), Some(("drand-round", Severity::Error))),
            (padded.as_str(), at(9), Some(("drand-round", Severity::Error))),
            (strange.as_str(), at(9), Some(("drand-chain", Severity::Warning))),
        ] {
            let mut found = Vec::new();
            let mut add =
                |finding: Finding| found.push((finding.rule.to_string(), finding.severity));
            let places = Places::open(&layout.evidence_dir()).unwrap();
            let mut report =
                Report { found: &mut add, count: 0, per_file: BTreeMap::new(), places };
            let mut rounds = Rounds::new(&layout);
            // The second time the result is remembered, and reported again for another record; a chain is reported once.
            rounds.record(text, date, ("a.warc.gz", 7), &mut report);
            rounds.record(text, date, ("a.warc.gz", 9), &mut report);
            let expected = rule.map(|(rule, severity)| (rule.to_owned(), severity));
            let times = if text == strange { 1 } else { 2 };
            let expected: Vec<_> = expected.into_iter().flat_map(|one| vec![one; times]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
