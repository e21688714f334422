//! One log of several archives: each registers the leaves of its own WARC files with a server, in one order,
//! and the process that holds the lease of the log appends them in that order and signs.
//!
//! The log of each archive, in its `evidence/`, is a whole copy of the one log, made leaf by leaf: a
//! checkpoint that does not match the leaves is refused, as is a server with another history than the copy. So proofs
//! are made, and the archive is checked, from the copy alone, and the log outlives the server.
//!
//! A checkpoint is published before it is kept here: what was signed and not published is in no copy. The log itself
//! states which archive a file belongs to (a `kept` leaf before the file's first).

mod change;
mod part;
mod register;
mod replica;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

pub use self::change::{OldKey, change_shared_key};
use self::part::leaf_of;
use self::register::register;
use self::replica::Replica;
use super::EvidenceError;
use super::checkpoint::file_name;
use super::error::io as disk;
use super::extend::{Extended, OpenFiles};
use super::key::Options;
use super::leaf::{Statement, sha256};
use super::log::{Log, prepare};
use super::membership::{self, archive_of};
use super::places::Places;
use crate::archive::{ArchiveError, SharedLog};
use crate::base::Timestamp;
use crate::store::{AppendLog, Layout};

/// For how long the log is leased: longer than appending and signing takes.
const LEASE: Duration = Duration::from_secs(120);
/// How often the lease is tried for while another archive signs, and between two tries.
const TRIES_MAX: u32 = 20;
const PAUSE: Duration = Duration::from_millis(200);

/// What an archive shares a log with.
#[derive(Debug, Clone, Copy)]
pub struct Sharing<'a> {
    /// What keeps the log between the archives.
    pub log: &'a dyn SharedLog,
    /// The name of this process, for people.
    pub worker: &'a str,
}

/// What is to be logged.
pub enum New<'a> {
    /// What the WARC files have that is not registered yet, with what this process has written itself.
    Records(&'a OpenFiles<'a>, &'a Mutex<AppendLog>),
    /// Statements about this archive.
    Statements(Vec<Statement>),
}

impl From<ArchiveError> for EvidenceError {
    fn from(error: ArchiveError) -> Self {
        Self::Shared { why: error.why }
    }
}

/// Whether the log of an archive is its own and has begun, so that it is not a copy of another.
///
/// # Errors
/// When it cannot be read.
pub fn has_own_log(layout: &Layout) -> Result<bool, EvidenceError> {
    Ok(archive_of(layout)?.is_none() && Log::open(layout)?.newest().is_some())
}

/// The name of this archive in the shared log, made now where it has none.
fn join(layout: &Layout) -> Result<String, EvidenceError> {
    if let Some(archive) = archive_of(layout)? {
        return Ok(archive);
    }
    if has_own_log(layout)? {
        let why = "this archive has its own log, which is not part of the shared one: `evidence.shared = false` keeps it; to log everything again in the shared log, move evidence/ elsewhere";
        return Err(EvidenceError::Shared { why: why.to_owned() });
    }
    membership::make(layout)
}

/// Registers what is new, appends what all archives have registered and signs a checkpoint, where the lease of the log
/// and its key are available; brings the copy of this archive up to the log.
///
/// # Errors
/// When the server does not answer or knows another history, another process extends this archive's copy,
/// or the disk fails.
pub fn extend_shared(
    layout: &Layout,
    options: &Options,
    with: Sharing<'_>,
    new: New<'_>,
) -> Result<Extended, EvidenceError> {
    prepare(layout, options)?;
    let mut replica = Replica::open(layout, options, with)?;
    let mut done = Extended::default();
    let before = replica.appender.log().size();
    replica.pull()?;
    if replica.parts == 0 && with.log.state()?.parts == 0 {
        let Some(key) = &replica.key else { return Err(replica.keyless()) };
        let origin = key.origin(options.origin.as_deref());
        let first = Statement::Key {
            key: key.verifier(&origin).text(),
            origin,
            before: None,
            signature: None,
        };
        with.log.begin(&replica.archive, &leaf_of(&first))?;
    }
    match new {
        New::Statements(statements) => replica.register_statements(statements)?,
        New::Records(open, trail) => register(layout, &replica, open, trail, &mut done)?,
    }
    for attempt in 0..TRIES_MAX {
        let state = with.log.state()?;
        if state.signed >= state.parts || !replica.may_sign() {
            break;
        }
        if let Some((epoch, now)) = with.log.take(with.worker, LEASE)? {
            let signed = replica.sign(epoch, Timestamp::from_unix_micros(now));
            if !matches!(signed, Ok(Some(_))) {
                // Free for others at once; where this fails, when the lease ends.
                let _ = with.log.give_back(epoch);
            }
            done.signed = signed?.is_some();
            break;
        }
        if attempt + 1 < TRIES_MAX {
            std::thread::sleep(PAUSE);
        }
    }
    replica.pull()?;
    replica.pull_files()?;
    let state = with.log.state()?;
    done.waiting = (state.signed < state.parts).then(|| Duration::from_micros(state.waiting));
    let log = replica.appender.log();
    done.checkpoint = log.newest().filter(|newest| newest.size > before).cloned();
    if !replica.may_sign() {
        done.notes.push(replica.keyless().to_string());
    }
    Ok(done)
}

/// Hands the server what is kept with the checkpoints here: time stamps, cosignatures, proofs of calendars.
///
/// # Errors
/// When the server does not answer, or a file cannot be read.
pub fn share_files(layout: &Layout, with: Sharing<'_>) -> Result<(), EvidenceError> {
    let places = Places::open(&layout.evidence_dir())?;
    // What is older was handed over by earlier runs.
    let recent = places.recent();
    let known: HashMap<String, Vec<u8>> = with.log.files(&file_name(recent))?.into_iter().collect();
    for (name, path) in recent_beside(&places)? {
        let bytes = std::fs::read(&path).map_err(disk("reading", &path))?;
        // Cosignatures and proofs of calendars are added to. A time stamp stays what it was.
        let is_new = match known.get(&name) {
            None => true,
            Some(digest) if digest[..] == sha256(&bytes) => false,
            Some(_) if !grows(&name) => false,
            Some(_) => with.log.file(&name)?.is_none_or(|there| there.len() < bytes.len()),
        };
        if is_new {
            with.log.put_file(&name, &bytes)?;
        }
    }
    Ok(())
}

const COSIGNATURES: &str = ".cosignatures";
const PROOF: &str = ".ots";

/// Whether a file is added to: the longer one is the newer one then.
fn grows(name: &str) -> bool {
    name.ends_with(COSIGNATURES) || name.ends_with(PROOF)
}

/// The size of the checkpoint that a file of this name is kept with, and what follows it in the name; `None` for other
/// names, among them all that lead elsewhere.
fn beside(name: &str) -> Option<(u64, &str)> {
    let ends = [".tsr", ".pem", COSIGNATURES, PROOF];
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let (digits, _) = name.split_once('.')?;
    let size = digits.parse().ok().filter(|size| file_name(*size) == digits)?;
    let fits = ends.iter().any(|end| name.ends_with(end)) && name.chars().all(plain);
    fits.then_some((size, &name[digits.len()..]))
}

/// The files kept with recent checkpoints, by name.
fn recent_beside(places: &Places) -> Result<Vec<(String, PathBuf)>, EvidenceError> {
    let mut files = Vec::new();
    for folder in places.folders().iter().filter(|folder| **folder >= places.recent()) {
        for (size, end, path) in places.beside_in(*folder)? {
            let name = format!("{}.{end}", file_name(size));
            if beside(&name).is_some() {
                files.push((name, path));
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests;
