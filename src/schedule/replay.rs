//! A journal's frames over the tree that may hold a part of them.

use std::collections::HashSet;
use std::io;

use super::change::{CLAIM, Change, HOST, JOB, PUT, RELEASE, REMOVE, SET, SUMMARY};
use super::change::{ScheduleError, job_keys_of, place_of};
use super::entry::{Entry, Place, UrlDigest, url_digest};
use super::packing::Unpacker;
use crate::kv::Tree;

/// Why a journal was not replayed.
pub(super) enum ReplayError {
    Io(io::Error),
    Schedule(ScheduleError),
}

impl From<io::Error> for ReplayError {
    fn from(why: io::Error) -> Self {
        Self::Io(why)
    }
}

/// What the frames of a journal say beside the changes.
#[derive(Debug, Default)]
pub(super) struct Replaying {
    /// What was in flight at its end.
    pub(super) claimed: Vec<Place>,
    /// The hosts whose URLs were changed.
    pub(super) touched: HashSet<u32>,
    /// The summaries that the journal began with.
    pub(super) summary: Option<u64>,
}

/// Applies one frame. The old place is the one that the tree knows at this moment, whichever it is.
pub(super) fn replay(tree: &Tree, payload: &[u8], to: &mut Replaying) -> Result<(), ScheduleError> {
    let Replaying { claimed, touched, summary } = to;
    let bad = || ScheduleError::Corrupt { what: "a journal frame".to_owned() };
    let mut from = Unpacker::new(payload);
    let change = match from.byte().ok_or_else(bad)? {
        PUT => {
            let place = from.bytes().and_then(Place::of_key).ok_or_else(bad)?;
            let bytes = from.bytes().ok_or_else(bad)?.to_vec();
            let digest = url_digest(&Entry::of_bytes(&bytes).ok_or_else(bad)?.uri);
            let old = place_of(tree, place.host, &digest)?;
            claimed.retain(|other| other.seq != place.seq);
            touched.insert(place.host);
            Change::Put { digest, old, place, entry: bytes }
        }
        REMOVE => {
            let place = from.bytes().and_then(Place::of_key).ok_or_else(bad)?;
            let digest: UrlDigest = from.bytes().and_then(|d| d.try_into().ok()).ok_or_else(bad)?;
            claimed.retain(|other| other.seq != place.seq);
            touched.insert(place.host);
            let place = place_of(tree, place.host, &digest)?.unwrap_or(place);
            Change::Remove { digest, place }
        }
        HOST => Change::Host {
            id: from.number_u32().ok_or_else(bad)?,
            name: from.text().ok_or_else(bad)?.to_owned(),
            ready: from.signed().ok_or_else(bad)?,
        },
        JOB => {
            let id = from.number_u16().ok_or_else(bad)?;
            let name = from.text().ok_or_else(bad)?.to_owned();
            Change::Job { id, name, old: job_keys_of(tree, id)? }
        }
        SET => {
            let id = from.number_u16().ok_or_else(bad)?;
            let count = from.number().ok_or_else(bad)?;
            let members = (0..count).map(|_| from.number_u16());
            Change::Set { id, members: members.collect::<Option<_>>().ok_or_else(bad)? }
        }
        CLAIM => {
            claimed.push(from.bytes().and_then(Place::of_key).ok_or_else(bad)?);
            return Ok(());
        }
        RELEASE => {
            let place = from.bytes().and_then(Place::of_key).ok_or_else(bad)?;
            claimed.retain(|other| other.seq != place.seq);
            return Ok(());
        }
        SUMMARY => {
            *summary = Some(from.number().ok_or_else(bad)?);
            return Ok(());
        }
        _ => return Err(bad()),
    };
    change.apply_to(tree)
}
