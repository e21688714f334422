//! What a witness has cosigned: for each log the newest checkpoint, and the rule that it only ever grows.
//!
//! ```text
//! witness/
//!   lock                      held while a process is the witness
//!   witness.key               Ed25519, PKCS#8 as PEM, for its owner alone
//!   logs/HEX                  SHA-256 of a log's origin: the checkpoint that was cosigned last, with the log's
//!                             signature and the cosignature
//! ```
//!
//! A file of `logs` that cannot be read, or that this key has not cosigned, is an error and never taken for a log that
//! was not seen yet. An operator who sets the directory back to an earlier state, or uses the key in two places, makes
//! the witness sign twice: no program can prevent that, and the guide says so.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use data_encoding::HEXLOWER;
use tlog_tiles::Hash;

use super::answer::{Answer, Submission};
use super::rate::{Buckets, Rate};
use crate::base::Timestamp;
use crate::evidence::cosignature::{WitnessKey, WitnessPublic, cosign, time_of};
use crate::evidence::note::{Note, VerifierKey, is_name};
use crate::evidence::{Checkpoint, EvidenceError, LogKey, leaf};
use crate::store::durable::{make_dirs, make_whole};

/// Why a witness cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The disk did not do it.
    #[error("{doing} {path}: {why}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: String,
        /// What the system said.
        why: io::Error,
    },
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] EvidenceError),
    /// Another process is this witness.
    #[error("another process runs this witness: it holds {0}")]
    Busy(String),
    /// The record of a log is not what was written.
    #[error("{path}: {why}; without it, the cosigned checkpoints are not known")]
    Damaged {
        /// Its file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A name that is not valid.
    #[error("{0:?} is not a name of a witness: no spaces, no plus")]
    Name(String),
}

fn io_error<'a>(
    doing: &'static str,
    path: &'a Path,
) -> impl Fn(io::Error) -> WitnessError + use<'a> {
    move |why| WitnessError::Io { doing, path: path.display().to_string(), why }
}

/// The state of one log.
#[derive(Debug)]
struct Known {
    keys: Vec<VerifierKey>,
    path: PathBuf,
    seen: Mutex<Option<Seen>>,
}

/// What was cosigned last.
#[derive(Debug, Clone)]
struct Seen {
    size: u64,
    root: Hash,
    /// When, by the cosignature.
    time: u64,
    /// The checkpoint with both signatures.
    note: String,
}

/// A witness.
#[derive(Debug)]
pub struct Witness {
    name: String,
    key: LogKey,
    logs: BTreeMap<String, Known>,
    /// By log, and whether its tree grows.
    submissions: Mutex<Buckets<(String, bool)>>,
    _lock: File,
}

/// How a witness is set up.
#[derive(Debug, Clone)]
pub struct WitnessOptions {
    /// Its name; made from its key without it.
    pub name: Option<String>,
    /// Where its key is; `witness.key` in its directory without it.
    pub key_file: Option<PathBuf>,
    /// The keys of the logs that it cosigns for. Keys of one name are keys of one log.
    pub logs: Vec<VerifierKey>,
    /// How many checkpoints of one log it takes.
    pub submissions: Rate,
}

impl Witness {
    /// Opens the state below `dir`, and makes it and the key where there is neither.
    ///
    /// # Errors
    /// When another process is this witness, or anything of its state is damaged.
    pub fn open(dir: &Path, options: WitnessOptions) -> Result<Self, WitnessError> {
        let kept = dir.join("logs");
        make_dirs(&kept).map_err(io_error("making", &kept))?;
        let lock = lock(&dir.join("lock"))?;
        let key_path = options.key_file.unwrap_or_else(|| dir.join("witness.key"));
        let key = match LogKey::read(&key_path)? {
            Some(key) => key,
            None if has_entries(&kept).map_err(io_error("listing", &kept))? => {
                return Err(WitnessError::Damaged {
                    path: key_path.display().to_string(),
                    why: "the key is missing, and logs were cosigned with it".to_owned(),
                });
            }
            None => LogKey::make(&key_path)?,
        };
        let name = match options.name {
            Some(name) if is_name(&name) => name,
            Some(name) => return Err(WitnessError::Name(name)),
            None => {
                let digest = leaf::sha256(&key.verifier("").public);
                format!("pressmark-witness/{}", HEXLOWER.encode(&digest[..8]))
            }
        };
        let mut logs: BTreeMap<String, Known> = BTreeMap::new();
        for log in options.logs {
            let path = kept.join(origin_hash(&log.name));
            let known = logs.entry(log.name.clone()).or_insert_with(|| Known {
                keys: Vec::new(),
                path,
                seen: Mutex::default(),
            });
            if !known.keys.contains(&log) {
                known.keys.push(log);
            }
        }
        for (origin, known) in &logs {
            *lock_of(&known.seen) = read(&known.path, origin, &key)?;
        }
        let submissions = Mutex::new(Buckets::new(options.submissions));
        Ok(Self { name, key, logs, submissions, _lock: lock })
    }

    /// Its public key.
    #[must_use]
    pub fn verifier(&self) -> WitnessKey {
        WitnessKey::of(&self.name, &self.key)
    }

    /// The origins that it cosigns for.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.logs.keys().map(String::as_str)
    }

    /// Answers `add-checkpoint`; blocks while the disk writes. The answer and the order of the checks are those of
    /// c2sp.org/tlog-witness.
    #[must_use]
    pub fn add(&self, body: &[u8], now: Timestamp) -> Answer {
        let submission = match Submission::parse(body) {
            Ok(submission) => submission,
            Err(why) => return Answer::refusal(400, &why),
        };
        let Submission { old, proof, checkpoint } = submission;
        let Some(known) = self.logs.get(&checkpoint.origin) else {
            return Answer::refusal(404, "no log with this origin is known");
        };
        let signed = match known.signatures(&checkpoint) {
            Ok(signed) => signed,
            Err(why) => return Answer::refusal(403, why),
        };
        if old > checkpoint.size {
            return Answer::refusal(400, "the old size is larger than the checkpoint's");
        }
        // From here to the end no other request sees or changes what was cosigned last.
        let mut seen = lock_of(&known.seen);
        let last = seen.as_ref().map_or(0, |seen| seen.size);
        if old != last {
            return Answer::conflict(last);
        }
        if let Err(why) = grows(seen.as_ref(), &proof, &checkpoint) {
            tracing::warn!(
                origin = checkpoint.origin,
                checkpoint = checkpoint.render(),
                "a log submitted a checkpoint that does not match the cosigned history: {why}"
            );
            return Answer::refusal(422, why);
        }
        // Checkpoints are public: repeating one that was cosigned does not use up the log's rate for new ones.
        let asker = (checkpoint.origin.clone(), checkpoint.size > last);
        if lock_of(&self.submissions).take(asker, now).is_err() {
            return Answer::refusal(429, "checkpoints of this log are submitted too often");
        }
        // A clock that was set back does not give a later cosignature an earlier time.
        let time = posix(now).max(seen.as_ref().map_or(1, |seen| seen.time));
        let signature = cosign(&self.key, &self.name, &checkpoint.note.text, time);
        let mut signatures = signed;
        signatures.push(signature.clone());
        let note = Note { text: checkpoint.note.text.clone(), signatures }.render();
        let next = Seen { size: checkpoint.size, root: checkpoint.root, time, note };
        let written =
            make_whole(&known.path, |why| why, |mut file| file.write_all(next.note.as_bytes()));
        if let Err(why) = written {
            tracing::error!(
                %why,
                path = %known.path.display(),
                "the cosigned checkpoint cannot be written"
            );
            return Answer::refusal(500, "the checkpoint cannot be stored, so it is not cosigned");
        }
        *seen = Some(next);
        let line = Note { text: String::new(), signatures: vec![signature] }.render();
        Answer::text(line.trim_start_matches('\n').to_owned())
    }

    /// Answers the monitoring `GET`: the checkpoint that was cosigned last of the log with this origin hash.
    #[must_use]
    pub fn checkpoint(&self, origin_hash_hex: &str) -> Answer {
        let known = self.logs.iter().find(|(origin, _)| origin_hash(origin) == origin_hash_hex);
        match known.and_then(|(_, known)| lock_of(&known.seen).clone()) {
            Some(seen) => Answer::text(seen.note),
            None => Answer::refusal(404, "no checkpoint of this log was cosigned"),
        }
    }
}

impl Known {
    /// The signatures of the log's keys on a checkpoint.
    fn signatures(
        &self,
        checkpoint: &Checkpoint,
    ) -> Result<Vec<crate::evidence::note::Signature>, &'static str> {
        let note = &checkpoint.note;
        let mut signed = Vec::new();
        for signature in &note.signatures {
            let named =
                self.keys.iter().find(|key| key.name == signature.name && key.id() == signature.id);
            let Some(key) = named else { continue };
            if !key.verifies(note.text.as_bytes(), &signature.bytes) {
                return Err("a signature of a known key does not verify");
            }
            signed.push(signature.clone());
        }
        if signed.is_empty() { Err("no known key of the log has signed it") } else { Ok(signed) }
    }
}

/// Whether a checkpoint's tree begins with the one that was seen last.
fn grows(seen: Option<&Seen>, proof: &[Hash], checkpoint: &Checkpoint) -> Result<(), &'static str> {
    let Checkpoint { size, root, .. } = *checkpoint;
    if size == 0 && root.0 != leaf::sha256(b"") {
        return Err("the root of the empty tree is wrong");
    }
    let (last, last_root) = seen.map_or((0, None), |seen| (seen.size, Some(seen.root)));
    if last == 0 {
        return if proof.is_empty() { Ok(()) } else { Err("the empty tree needs no proof") };
    }
    if last == size && last_root != Some(root) {
        return Err("the root of a tree of this size was different");
    }
    let proof = proof.to_vec();
    let holds = last_root.is_some_and(|last_root| {
        tlog_tiles::check_tree(&proof, size, root, last, last_root).is_ok()
    });
    if holds { Ok(()) } else { Err("the proof of consistency does not verify") }
}

/// Reads what was cosigned last; `None` where nothing was.
fn read(path: &Path, origin: &str, key: &LogKey) -> Result<Option<Seen>, WitnessError> {
    let note = match std::fs::read_to_string(path) {
        Ok(note) => note,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(io_error("reading", path)(why)),
    };
    let damaged =
        |why: &str| WitnessError::Damaged { path: path.display().to_string(), why: why.to_owned() };
    let checkpoint = Checkpoint::parse(note.as_bytes())
        .filter(|checkpoint| checkpoint.origin == origin)
        .ok_or_else(|| damaged("it is not a checkpoint of its log"))?;
    // The witness may have had another name then.
    let public = WitnessPublic::Ed25519(key.verifier("").public);
    let cosigned =
        checkpoint.note.signatures.iter().filter(|s| time_of(s).is_some()).find_map(|s| {
            WitnessKey { name: s.name.clone(), public: public.clone() }
                .verify(&checkpoint.note.text, s)
        });
    let time = cosigned.ok_or_else(|| damaged("the key of this witness has not cosigned it"))?;
    Ok(Some(Seen { size: checkpoint.size, root: checkpoint.root, time, note }))
}

fn has_entries(dir: &Path) -> io::Result<bool> {
    Ok(std::fs::read_dir(dir)?.next().transpose()?.is_some())
}

fn origin_hash(origin: &str) -> String {
    HEXLOWER.encode(&leaf::sha256(origin.as_bytes()))
}

fn posix(now: Timestamp) -> u64 {
    now.since(Timestamp::from_unix_seconds(0)).as_secs().max(1)
}

fn lock_of<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The guarded state is changed in one step, after the disk has it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lock(path: &Path) -> Result<File, WitnessError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(io_error("opening", path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(WitnessError::Busy(path.display().to_string())),
        Err(TryLockError::Error(why)) => Err(io_error("locking", path)(why)),
    }
}

#[cfg(test)]
mod tests;
