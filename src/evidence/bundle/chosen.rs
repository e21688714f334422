//! Which checkpoints a bundle leads to: the earliest that bears a time stamp, and those that someone kept.

use std::collections::{BTreeMap, BTreeSet};

use super::super::drand::kept;
use super::super::error::damaged;
use super::super::interval::NotAfter;
use super::super::log::Log;
use super::super::timestamp::{self, Kept};
use super::super::token::{Token, Trust};
use super::super::{Checkpoint, EvidenceError, held};
use crate::base::Timestamp;
use crate::store::Layout;

/// A token as it goes into a bundle: the authority's label, the response, its chain, what it says.
pub(super) type Stamp = (String, Vec<u8>, Vec<u8>, Token);

/// A checkpoint with the tokens over it.
#[derive(Debug)]
pub(super) struct Chosen {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Its tokens.
    pub stamps: Vec<Stamp>,
    /// What was left out and why, once for each authority.
    pub left_out: Vec<String>,
}

/// The earliest checkpoint that covers `needed` leaves and bears a time stamp, or else the earliest that
/// covers them. A stamp that is older than a round of drand in its checkpoint, or than `not_before`, when the record of the
/// capture cannot have existed, is false: the clock of its authority was behind. It proves nothing and is left out.
///
/// # Errors
/// When none covers them, or files cannot be read.
pub(super) fn chosen(
    (log, layout): (&Log, &Layout),
    needed: u64,
    trust: &Trust,
    not_before: Option<Timestamp>,
) -> Result<Chosen, EvidenceError> {
    let places = log.places();
    let mut plain = None;
    let mut left_out = LeftOut::default();
    for folder in places.folders().iter().filter(|from| **from >= places.folder_of(needed)) {
        if plain.is_none() {
            plain = places.sizes_in(*folder)?.into_iter().find(|size| *size >= needed);
        }
        let mut by_size: BTreeMap<u64, Vec<_>> = BTreeMap::new();
        for (of, files) in timestamp::named_from(places, *folder, needed)? {
            by_size.entry(of.0).or_default().push((of, files));
        }
        for (size, named) in by_size {
            // A stamp over a missing checkpoint, or one that proves nothing: `verify` reports it.
            let Ok(checkpoint) = log.checkpoint(size) else { continue };
            let bytes = checkpoint.render().into_bytes();
            let of_checkpoint = checkpoint.round.as_ref();
            let earliest = not_before.max(of_checkpoint.and_then(|r| kept::time_of(layout, r)));
            let mut stamps = Vec::new();
            for (of, files) in named {
                let stamp = timestamp::read(of, files)?;
                let Ok(token) = stamp.verify(&bytes, trust) else { continue };
                if earliest.is_some_and(|earliest| NotAfter::latest(&token) < earliest) {
                    left_out.add(&stamp.label, size, &token, earliest);
                    continue;
                }
                let Kept { label, response, chain, .. } = stamp;
                stamps.push((label, response, chain, token));
            }
            if !stamps.is_empty() {
                return Ok(Chosen { checkpoint, stamps, left_out: left_out.said });
            }
        }
    }
    let covered = || damaged("evidence/checkpoints", "no checkpoint covers the records");
    let checkpoint = log.checkpoint(plain.ok_or_else(covered)?)?;
    Ok(Chosen { checkpoint, stamps: Vec::new(), left_out: left_out.said })
}

/// The stamps that were left out.
#[derive(Default)]
struct LeftOut {
    said: Vec<String>,
    authorities: BTreeSet<String>,
}

impl LeftOut {
    /// Adds the stamp of an authority; only the first counts, since a clock that is behind stays so for many checkpoints.
    fn add(&mut self, label: &str, size: u64, token: &Token, earliest: Option<Timestamp>) {
        if !self.authorities.insert(label.to_owned()) {
            return;
        }
        let than = earliest.map(Timestamp::to_rfc3339).unwrap_or_default();
        self.said.push(format!(
            "the stamp of {label} over the checkpoint of {size} leaves states {}, and a drand round that it covers was published at {than}: the clock of this authority was behind, and the stamp is left out",
            token.time.to_rfc3339()
        ));
    }
}

/// The sizes of checkpoints that someone kept.
///
/// # Errors
/// When one is not of this log.
pub(super) fn kept_sizes(log: &Log, kept: &[(String, Vec<u8>)]) -> Result<Vec<u64>, EvidenceError> {
    let keys: Vec<_> = log.keys().into_iter().map(|(_, key)| key).collect();
    let size_of = |(name, bytes): &(String, Vec<u8>)| {
        let refuse = |why: String| EvidenceError::Bundle { why: format!("{name}: {why}") };
        let checkpoint = held::read(bytes).map_err(refuse)?;
        held::signed(&checkpoint, &keys).map_err(refuse)?;
        match log.checkpoint(checkpoint.size) {
            Ok(own) if own.root == checkpoint.root => Ok(checkpoint.size),
            _ => Err(refuse("it is of another history of this log".to_owned())),
        }
    };
    kept.iter().map(size_of).collect()
}
