//! Between which times the record of the capture was made.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;

use super::records::Seen;
use super::{CheckResult, Files, Known, absent, holds, stamps};
use crate::base::Timestamp;
use crate::evidence::bundle::Description;
use crate::evidence::drand::{Chain, Round};
use crate::evidence::interval::{Interval, NotAfter, NotBefore};
use crate::warc::name;

/// The file of a chain's description.
pub(super) fn file_of(chain: &[u8; 32]) -> String {
    format!("drand/{}.json", HEXLOWER.encode(chain))
}

/// The round in the header of a record; `None` where it has none.
fn round_in(record: &Seen) -> Result<Option<Round>, String> {
    let Some(text) = record.fields.text(name::DRAND_ROUND) else { return Ok(None) };
    if record.fields.all(name::DRAND_ROUND).count() > 1 {
        return Err("the record of the capture holds two rounds of drand".to_owned());
    }
    let round = Round::parse(&text);
    round.map(Some).ok_or_else(|| {
        format!("the {} of the record of the capture is not of the form", name::DRAND_ROUND)
    })
}

/// The record of the capture.
fn capture<'r>(description: &Description, records: &'r [Seen]) -> Result<&'r Seen, String> {
    let at = description.records.iter().position(|record| record.role == "capture");
    at.and_then(|at| records.get(at))
        .ok_or_else(|| "bundle.json names no record as the capture".to_owned())
}

/// The files of the chains that the capture and the checkpoint have rounds of, which a bundle may hold.
pub(super) fn files(
    files: &Files<'_>,
    description: &Description,
    records: &[Seen],
) -> BTreeSet<String> {
    let of_capture = capture(description, records).and_then(round_in).ok().flatten();
    let of_checkpoint = files.checkpoint("checkpoint").ok().and_then(|checkpoint| checkpoint.round);
    of_capture.iter().chain(&of_checkpoint).map(|round| file_of(&round.chain)).collect()
}

/// The chain of a round: as the bundle describes it, or as it is built in.
fn chain_of(files: &Files<'_>, round: &Round) -> Result<Chain, String> {
    let file = file_of(&round.chain);
    match (files.by_name.get(file.as_str()), Chain::known(&round.chain)) {
        (Some(bytes), _) => Chain::from_json(bytes).map_err(|why| format!("{file}: {why}")),
        (None, Some(chain)) => Ok(chain),
        (None, None) => Err(format!("{file}, the description of a chain of drand, is missing")),
    }
}

/// The rounds verify, no bound contradicts another or the date of the record, and this is the interval.
pub(super) fn hold(
    files: &Files<'_>,
    description: &Description,
    records: &[Seen],
    known: &Known,
) -> CheckResult {
    let checkpoint = files.checkpoint("checkpoint")?;
    if let Some(round) = &checkpoint.round {
        NotBefore::of(round, &chain_of(files, round)?)
            .map_err(|why| format!("the drand round in the checkpoint: {why}"))?;
    }
    let mut interval = Interval::default();
    let mut strange = false;
    if let Some(round) = round_in(capture(description, records)?)? {
        let bound = NotBefore::of(&round, &chain_of(files, &round)?)
            .map_err(|why| format!("the drand round in the record of the capture: {why}"))?;
        interval.not_before = Some(bound);
        strange = Chain::known(&round.chain).is_none() && !known.chains.contains(&round.chain);
    }
    let tokens = stamps::verified(files, description, known)?;
    interval.not_after = NotAfter::of(tokens.iter().map(|(label, token)| (label.as_str(), token)));
    if let Some(why) = interval.contradiction(Timestamp::parse(&description.date)) {
        return Err(why);
    }
    let note = match strange {
        true => {
            "; this program does not know the chain: compare its hash with what its operators publish"
        }
        false => "",
    };
    let said = format!("{}{note}", interval.text());
    match (interval.not_before, interval.not_after) {
        (Some(_), Some(_)) => holds(said),
        _ => absent(said),
    }
}
