//! The change of the key of a log that several archives share: one process makes the new key, under the lease of the log,
//! and signs with it; the others sign again when they have its file.
//!
//! The new key waits next to the old one (`.next`) until the log names it. A change that was broken off after it was
//! registered stops all signing, until the process that has that file signs: with its next checkpoint, or by the same command.

use std::path::Path;

use super::replica::Replica;
use super::{LEASE, PAUSE, Sharing, TRIES_MAX};
use crate::base::Timestamp;
use crate::evidence::key::{LogKey, Options};
use crate::evidence::leaf::{Statement, key_change_text};
use crate::evidence::log::{finish_named_change, next_path, prepare};
use crate::evidence::note::VerifierKey;
use crate::evidence::{Checkpoint, EvidenceError};
use crate::store::Layout;

/// What signs for the new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldKey {
    /// The old one, which is here.
    Signs,
    /// Nothing: it is lost, and `verify` reports that.
    IsLost,
}

/// Replaces the key of the log that this archive shares: a leaf names the new one, and a checkpoint over it is signed with
/// it. The old key's file is kept with the new one.
///
/// # Errors
/// When this archive has not the key of the log, another process signs or replaces the key, the server does not answer, or
/// the disk does not do it.
pub fn change_shared_key(
    layout: &Layout,
    options: &Options,
    with: Sharing<'_>,
    old: OldKey,
) -> Result<Checkpoint, EvidenceError> {
    prepare(layout, options)?;
    let mut replica = Replica::open(layout, options, with)?;
    replica.pull()?;
    if replica.parts == 0 {
        let why = "the shared evidence log has not begun: there is no key to replace";
        return Err(EvidenceError::Shared { why: why.to_owned() });
    }
    for _ in 0..TRIES_MAX {
        if let Some((epoch, now)) = with.log.take(with.worker, LEASE)? {
            let done = replica.change_key(epoch, Timestamp::from_unix_micros(now), old);
            if done.is_err() {
                // Free for others at once; where this fails, when the lease ends.
                let _ = with.log.give_back(epoch);
            }
            return done;
        }
        std::thread::sleep(PAUSE);
    }
    let why = "another process signs the shared evidence log: try again";
    Err(EvidenceError::Shared { why: why.to_owned() })
}

/// The key that waits to take the place of the one at `key_path`; `None` where none does.
pub(super) fn waiting(key_path: &Path) -> Result<Option<LogKey>, EvidenceError> {
    LogKey::read(&next_path(key_path))
}

/// Puts a key that waits into its place, where the log names it already.
pub(super) fn finish(key_path: &Path, current: Option<&VerifierKey>) -> Result<(), EvidenceError> {
    match (current, waiting(key_path)?) {
        (Some(current), Some(key)) if key.verifier("").public == current.public => {
            finish_named_change(key_path, current)
        }
        _ => Ok(()),
    }
}

impl Replica<'_> {
    /// Makes the log name a new key, and signs with it.
    fn change_key(
        &mut self,
        epoch: i64,
        now: Timestamp,
        old: OldKey,
    ) -> Result<Checkpoint, EvidenceError> {
        // Others may have signed since; their checkpoints come first.
        self.pull()?;
        self.pull_files()?;
        let log = self.appender.log();
        let Some(current) = log.key_at(log.size()) else { return Err(self.keyless()) };
        if old == OldKey::Signs && !self.may_sign() {
            return Err(self.keyless());
        }
        // What is registered may hold a change that was broken off.
        self.append(self.with.log.state()?.parts)?;
        let named = self.appender.log().key_at(u64::MAX);
        let next = waiting(&self.key_path)?;
        let is = |key: &LogKey, named: &VerifierKey| key.verifier("").public == named.public;
        match (named, next) {
            (Some(named), Some(next)) if is(&next, &named) => {}
            (Some(named), _) if named.public != current.public => {
                let why = "the new key of another process is registered and not yet in use: run `pressmark evidence new-key` again where its file is";
                return Err(EvidenceError::Shared { why: why.to_owned() });
            }
            (_, next) => {
                let next = match next {
                    Some(next) => next,
                    None => LogKey::make(&next_path(&self.key_path))?,
                };
                self.register_statements(vec![self.change_to(&next, &current, old)])?;
            }
        }
        self.sign_all(epoch, now)?.ok_or_else(|| EvidenceError::Shared {
            why: "the change of key produced no checkpoint".to_owned(),
        })
    }

    fn change_to(&self, next: &LogKey, current: &VerifierKey, old: OldKey) -> Statement {
        let (origin, before) = (current.name.clone(), current.text());
        let key = next.verifier(&origin).text();
        let text = key_change_text(&origin, &before, &key);
        let signs = self.key.as_ref().filter(|_| old == OldKey::Signs);
        let signature = signs.map(|key| key.sign(text.as_bytes()));
        Statement::Key { origin, key, before: Some(before), signature }
    }
}
