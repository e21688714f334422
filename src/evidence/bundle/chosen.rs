//! Which checkpoints a bundle leads to: the earliest that bears a time stamp, and those that someone kept.

use std::collections::BTreeMap;

use super::super::error::damaged;
use super::super::log::Log;
use super::super::timestamp::{self, Kept};
use super::super::token::{Token, Trust};
use super::super::{Checkpoint, EvidenceError, held};

/// A checkpoint with the tokens over it.
pub(super) type Stamped = (Checkpoint, Vec<(String, Vec<u8>, Vec<u8>, Token)>);

/// The earliest checkpoint that covers `needed` leaves and bears a time stamp, or else the earliest that
/// covers them.
///
/// # Errors
/// When none covers them, or files cannot be read.
pub(super) fn chosen(log: &Log, needed: u64, trust: &Trust) -> Result<Stamped, EvidenceError> {
    let places = log.places();
    let mut plain = None;
    for folder in places.folders().iter().filter(|from| **from >= places.folder_of(needed)) {
        if plain.is_none() {
            plain = places.sizes_in(*folder)?.into_iter().find(|size| *size >= needed);
        }
        let mut stamps: BTreeMap<u64, Vec<_>> = BTreeMap::new();
        for (of, files) in timestamp::named_from(places, *folder, needed)? {
            stamps.entry(of.0).or_default().push((of, files));
        }
        for (size, named) in stamps {
            // A stamp over a missing checkpoint, or one that proves nothing: `verify` reports it.
            let Ok(checkpoint) = log.checkpoint(size) else { continue };
            let bytes = checkpoint.render().into_bytes();
            let mut over = Vec::new();
            for (of, files) in named {
                let stamp = timestamp::read(of, files)?;
                if let Ok(token) = stamp.verify(&bytes, trust) {
                    let Kept { label, response, chain, .. } = stamp;
                    over.push((label, response, chain, token));
                }
            }
            if !over.is_empty() {
                return Ok((checkpoint, over));
            }
        }
    }
    let covered = || damaged("evidence/checkpoints", "no checkpoint covers the records");
    Ok((log.checkpoint(plain.ok_or_else(covered)?)?, Vec::new()))
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
