//! One change of the queues' state: its bytes in the journal, and what it sets and removes in the tree.

use std::io;
use std::path::PathBuf;

use super::entry::{Place, UrlDigest, url_key};
use super::packing::Packer;
use crate::kv::{KvError, Tree};

/// Why the schedule could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The key-value store failed.
    #[error("the queue's tables cannot be used")]
    Tables(#[from] KvError),
    /// The journal failed.
    #[error("the queue's journal cannot be used ({path})")]
    Journal {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A stored value was not written by any version of this program.
    #[error("the queue holds {what} that cannot be read")]
    Corrupt {
        /// What it is.
        what: String,
    },
    /// More hosts or jobs than a number of the key can name.
    #[error("there are more than {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there can be.
        max: u64,
    },
    /// The caller's memory of a page is larger than is kept.
    #[error("the memory of {uri} is {length} bytes; at most {max} are kept")]
    MemoTooLong {
        /// Of which URL.
        uri: String,
        /// How many bytes.
        length: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// What keeps a shared queue failed or did not answer.
    #[error("the shared queue: {why}")]
    Shared {
        /// What it said.
        why: String,
    },
    /// A claim that is not in flight here: finished before, or of another run.
    #[error("the claim on {uri} is not in flight")]
    NotInFlight {
        /// Of which URL.
        uri: String,
    },
}

/// One change of the state.
#[derive(Debug)]
pub(in crate::schedule) enum Change {
    /// A URL stands at `place`, and no longer at `old`.
    Put { digest: UrlDigest, old: Option<Place>, place: Place, entry: Vec<u8> },
    /// A URL is forgotten.
    Remove { digest: UrlDigest, place: Place },
    /// A host has this number, and is not asked before `ready` (microseconds).
    Host { id: u32, name: String, ready: i64 },
    /// A job has this number, and the name of this key; the keys it had before, where it is renamed.
    Job { id: u16, name: String, old: Vec<String> },
    /// Jobs that name URLs together have this number.
    Set { id: u16, members: Vec<u16> },
}

pub(super) const PUT: u8 = 1;
pub(super) const REMOVE: u8 = 2;
pub(super) const HOST: u8 = 3;
pub(super) const JOB: u8 = 4;
pub(super) const CLAIM: u8 = 5;
pub(super) const RELEASE: u8 = 6;
pub(super) const SUMMARY: u8 = 7;
pub(super) const SET: u8 = 8;

pub(super) fn unreadable(what: &str, key: &[u8]) -> ScheduleError {
    ScheduleError::Corrupt { what: format!("{what} ({})", key.escape_ascii()) }
}

pub(super) fn place_of(
    tree: &Tree,
    host: u32,
    digest: &UrlDigest,
) -> Result<Option<Place>, ScheduleError> {
    let key = url_key(host, digest);
    let Some(tail) = tree.get(&key)? else { return Ok(None) };
    Place::of_tail(host, &tail).map(Some).ok_or_else(|| unreadable("a place", &key))
}

impl Change {
    pub(super) fn to_payload(&self) -> Vec<u8> {
        match self {
            Self::Put { place, entry, .. } => {
                let mut out = Packer::new(PUT);
                out.bytes(&place.key());
                out.bytes(entry);
                out.finish()
            }
            Self::Remove { digest, place } => {
                let mut out = Packer::new(REMOVE);
                out.bytes(&place.key());
                out.bytes(digest);
                out.finish()
            }
            Self::Host { id, name, ready } => {
                let mut out = Packer::new(HOST);
                out.number(u64::from(*id));
                out.text(name);
                out.signed(*ready);
                out.finish()
            }
            Self::Job { id, name, .. } => {
                let mut out = Packer::new(JOB);
                out.number(u64::from(*id));
                out.text(name);
                out.finish()
            }
            Self::Set { id, members } => {
                let mut out = Packer::new(SET);
                out.number(u64::from(*id));
                out.number(members.len() as u64);
                members.iter().for_each(|member| out.number(u64::from(*member)));
                out.finish()
            }
        }
    }

    /// Makes it, key by key. If the process dies in between, only the first of the writes are made,
    /// and the journal's frame makes them all again; an atomic batch would cost the engine two
    /// writes to the disk for each change.
    pub(super) fn apply_to(&self, tree: &Tree) -> Result<(), ScheduleError> {
        for (key, value) in self.writes() {
            match value {
                Some(value) => tree.insert(&key, &value)?,
                None => tree.remove(&key)?,
            };
        }
        Ok(())
    }

    /// What it sets and removes. In this order: whatever a death leaves, the URL has a place, and
    /// its digest names one that the replay takes away.
    pub(super) fn writes(&self) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        match self {
            Self::Put { digest, old, place, entry } => {
                let mut writes = vec![(place.key().to_vec(), Some(entry.clone()))];
                writes.extend(old.filter(|old| old != place).map(|old| (old.key().to_vec(), None)));
                writes.push((url_key(place.host, digest).to_vec(), Some(place.tail().to_vec())));
                writes
            }
            Self::Remove { digest, place } => {
                vec![(place.key().to_vec(), None), (url_key(place.host, digest).to_vec(), None)]
            }
            Self::Host { id, name, ready } => {
                let mut value = id.to_be_bytes().to_vec();
                value.extend_from_slice(&ready.to_be_bytes());
                vec![(named(b'h', name), Some(value))]
            }
            Self::Job { id, name, old } => {
                let mut writes = vec![(named(b'j', name), Some(id.to_be_bytes().to_vec()))];
                let old = old.iter().filter(|old| *old != name);
                writes.extend(old.map(|old| (named(b'j', old), None)));
                writes
            }
            Self::Set { id, members } => {
                let mut key = vec![b'k'];
                members.iter().for_each(|member| key.extend_from_slice(&member.to_be_bytes()));
                vec![(key, Some(id.to_be_bytes().to_vec()))]
            }
        }
    }
}

/// The names in the keys of the job with this number: one, or two where a rename was cut short.
pub(super) fn job_keys_of(tree: &Tree, id: u16) -> Result<Vec<String>, ScheduleError> {
    let mut names = Vec::new();
    for item in tree.scan_prefix(b"j") {
        let (key, value) = item?;
        if value.as_ref() == id.to_be_bytes() {
            names.extend(std::str::from_utf8(&key[1..]).ok().map(str::to_owned));
        }
    }
    Ok(names)
}

fn named(kind: u8, name: &str) -> Vec<u8> {
    let mut key = vec![kind];
    key.extend_from_slice(name.as_bytes());
    key
}
