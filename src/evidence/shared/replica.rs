//! The copy of the log in one archive: brought up from the server, and signed under a lease.

use std::path::PathBuf;

use super::change::{finish, waiting};
use super::part::{append_leaves, leaf_of};
use super::{Sharing, beside, grows, join};
use crate::archive::{LogPart, LogSource, SharedCheckpoint};
use crate::base::Timestamp;
use crate::evidence::checkpoint::file_name;
use crate::evidence::drand::Round;
use crate::evidence::error::io as disk;
use crate::evidence::files::write_whole;
use crate::evidence::key::{LogKey, Options};
use crate::evidence::leaf::{Statement, sha256};
use crate::evidence::log::Appender;
use crate::evidence::note::VerifierKey;
use crate::evidence::{Checkpoint, EvidenceError, Log};
use crate::store::Layout;

/// The copy of the log in an archive, which follows the server.
pub(super) struct Replica<'a> {
    pub(super) with: Sharing<'a>,
    pub(super) archive: String,
    pub(super) key: Option<LogKey>,
    pub(super) key_path: PathBuf,
    pub(super) appender: Appender,
    /// For the checkpoint that it signs.
    round: Option<Round>,
    /// The number of the last part that the copy has.
    pub(super) parts: u64,
    /// What is kept beside checkpoints from this size on is asked for: what was there before was taken over by earlier runs.
    recent: u64,
}

impl<'a> Replica<'a> {
    pub(super) fn open(
        layout: &Layout,
        options: &Options,
        with: Sharing<'a>,
    ) -> Result<Self, EvidenceError> {
        let appender = Appender::replica(layout)?;
        let archive = join(layout)?;
        let key_path = options.key_path(layout);
        finish(&key_path, appender.log().key_at(appender.log().size()).as_ref())?;
        let key = LogKey::read(&key_path)?;
        let parts = match appender.log().newest() {
            None => 0,
            Some(own) => {
                let there = with.log.checkpoint(own.size)?;
                let same = there.filter(|there| there.note == own.render().into_bytes());
                let other = || EvidenceError::Shared {
                    why: format!(
                        "the database does not have the checkpoint over {} leaves that this archive has: it was reset to an earlier state, or holds the log of other archives; nothing is added until it is restored",
                        own.size
                    ),
                };
                same.ok_or_else(other)?.parts
            }
        };
        let recent = appender.log().places().recent();
        let round = options.round.clone();
        Ok(Self { with, archive, key, key_path, appender, round, parts, recent })
    }

    /// Whether the key that is here is the one that signs the log now.
    pub(super) fn may_sign(&self) -> bool {
        let Some(key) = &self.key else { return false };
        let log = self.appender.log();
        match log.key_at(log.size()) {
            // Where nothing is signed yet, the first part decides.
            None => true,
            Some(current) => current.public == key.verifier("").public,
        }
    }

    pub(super) fn keyless(&self) -> EvidenceError {
        EvidenceError::Key {
            path: self.key_path.display().to_string(),
            why: "this is not the key that signs the log which this archive shares; give all archives of the log one key (evidence.key_file), so that each can sign and prove".to_owned(),
        }
    }

    /// Brings the copy up to the newest checkpoint.
    pub(super) fn pull(&mut self) -> Result<(), EvidenceError> {
        loop {
            let next = self.with.log.checkpoints(self.appender.log().size())?;
            if next.is_empty() {
                return Ok(());
            }
            for checkpoint in next {
                self.append(checkpoint.parts)?;
                self.accept(&checkpoint)?;
            }
        }
    }

    /// Appends the parts up to a number.
    pub(super) fn append(&mut self, to: u64) -> Result<(), EvidenceError> {
        while self.parts < to {
            let parts = self.with.log.parts(self.parts, to)?;
            if parts.is_empty() {
                let why = format!("the database lacks part {} of the evidence log", self.parts + 1);
                return Err(EvidenceError::Shared { why });
            }
            for part in parts {
                if part.number != self.parts + 1 {
                    let why = format!("the database lacks part {} of the log", self.parts + 1);
                    return Err(EvidenceError::Shared { why });
                }
                append_leaves(&mut self.appender, &part.file, &part.leaves).ok_or_else(
                    || {
                        let why =
                            format!("part {} of the evidence log cannot be read", part.number);
                        EvidenceError::Shared { why }
                    },
                )??;
                self.parts = part.number;
            }
        }
        Ok(())
    }

    /// Keeps a checkpoint that was published, where the leaves lead to it and the log's key signed it.
    fn accept(&mut self, published: &SharedCheckpoint) -> Result<(), EvidenceError> {
        let wrong = |what: &str| EvidenceError::Shared {
            why: format!(
                "the checkpoint over {} leaves in the database {what}; it is discarded",
                published.size
            ),
        };
        let checkpoint = Checkpoint::parse(&published.note)
            .filter(|checkpoint| checkpoint.size == published.size)
            .ok_or_else(|| wrong("is not a checkpoint"))?;
        if self.appender.root()? != (checkpoint.size, checkpoint.root) {
            return Err(wrong("does not match the registered leaves"));
        }
        let key = self.appender.log().key_at(checkpoint.size);
        let signed =
            key.is_some_and(|key| key.name == checkpoint.origin && checkpoint.note.signed_by(&key));
        if !signed {
            return Err(wrong("is not signed by the key of the log"));
        }
        self.appender.settle()?;
        self.appender.install(checkpoint)
    }

    /// Signs what is registered and publishes it, under a lease of the log; `None` where there is nothing,
    /// or another process got the lease.
    pub(super) fn sign(
        &mut self,
        epoch: i64,
        now: Timestamp,
    ) -> Result<Option<Checkpoint>, EvidenceError> {
        // Others may have signed since; their checkpoints, and what is kept with them, come first.
        self.pull()?;
        self.pull_files()?;
        let state = self.with.log.state()?;
        if state.parts <= self.parts || !self.may_sign() {
            return Ok(None);
        }
        self.sign_all(epoch, now)
    }

    /// The same once the copy is that of the newest checkpoint, with or without parts behind it.
    pub(super) fn sign_all(
        &mut self,
        epoch: i64,
        now: Timestamp,
    ) -> Result<Option<Checkpoint>, EvidenceError> {
        let stamps = self.appender.unstated()?;
        self.register_statements(stamps)?;
        let previous = self.appender.log().size();
        self.append(self.with.log.state()?.parts)?;
        let next = waiting(&self.key_path)?;
        let log = self.appender.log();
        let Some(keys) = signers(self.key.as_ref(), next.as_ref(), log) else {
            return Err(self.keyless());
        };
        self.appender.settle()?;
        // By the server's clock, as all times between the archives are; it continues where that was set back.
        let before = self.appender.log().newest().and_then(|newest| newest.time);
        let checkpoint = {
            let time = before.map_or(now, |time| time.max(now));
            self.appender.signed_by(&keys, time, self.round.as_ref())?
        };
        let published = SharedCheckpoint {
            size: checkpoint.size,
            parts: self.parts,
            note: checkpoint.render().into_bytes(),
        };
        if !self.with.log.publish(epoch, previous, &published)? {
            // What was appended here is in no checkpoint: it is discarded, and read again by the next call.
            return Err(EvidenceError::Shared {
                why: "the lease of the evidence log ended before its checkpoint was published; the next run signs it".to_owned(),
            });
        }
        self.appender.install(checkpoint.clone())?;
        let log = self.appender.log();
        if next.is_some() {
            finish(&self.key_path, log.key_at(log.size()).as_ref())?;
            self.key = LogKey::read(&self.key_path)?;
        }
        Ok(Some(checkpoint))
    }

    pub(super) fn register_statements(
        &self,
        statements: Vec<Statement>,
    ) -> Result<(), EvidenceError> {
        let part = |statement: &Statement| LogPart {
            file: String::new(),
            before: None,
            after: LogSource::default(),
            leaves: leaf_of(statement),
        };
        let parts: Vec<LogPart> = statements.iter().map(part).collect();
        Ok(self.with.log.register(&self.archive, &parts)?)
    }

    /// Takes over what is kept with checkpoints elsewhere.
    pub(super) fn pull_files(&self) -> Result<(), EvidenceError> {
        for (name, digest) in self.with.log.files(&file_name(self.recent))? {
            let Some((size, end)) = beside(&name) else { continue };
            let path = self.appender.log().places().path(size, end);
            let own = std::fs::read(&path).ok();
            if own.as_ref().is_some_and(|own| sha256(own)[..] == digest[..]) {
                continue;
            }
            let Some(bytes) = self.with.log.file(&name)? else { continue };
            if own.is_some_and(|own| grows(&name) && own.len() >= bytes.len()) {
                continue;
            }
            write_whole(&path, &bytes).map_err(disk("writing", &path))?;
        }
        Ok(())
    }
}

/// The keys that sign all leaves of a log: the one that they name last, and where that is a new one, the one before it as
/// well. `None` where the key is not here.
fn signers<'k>(
    own: Option<&'k LogKey>,
    next: Option<&'k LogKey>,
    log: &Log,
) -> Option<Vec<&'k LogKey>> {
    let current = log.key_at(u64::MAX)?;
    let is = |key: &LogKey, named: &VerifierKey| key.verifier("").public == named.public;
    if let Some(own) = own.filter(|own| is(own, &current)) {
        return Some(vec![own]);
    }
    let next = next.filter(|next| is(next, &current))?;
    let before = log.key_at(log.size());
    let own = own.filter(|own| before.is_some_and(|before| is(own, &before)));
    Some(std::iter::once(next).chain(own).collect())
}
