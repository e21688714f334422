//! Witnesses of this log: the newest checkpoint is submitted to each, and what they sign is kept with it.
//!
//! `checkpoints/SIZE.cosignatures` holds signature lines, as they are in a signed note; the checkpoint's own file is
//! never changed. A witness that does not answer delays a cosignature and blocks nothing: the next call asks again.
//!
//! What ML-DSA-44 signs has no extension lines, and some witnesses with such a key take no checkpoint that has any. They get
//! the same tree without them, signed by the log's key as well; what they sign holds over the checkpoint that is kept.

use std::path::PathBuf;

use super::cosignature::{WitnessKey, WitnessPublic};
use super::error::{damaged, io as disk};
use super::files::write_whole;
use super::key::LogKey;
use super::log::Log;
use super::note::{Note, Signature};
use super::policy::{Policy, PolicyWitness};
use super::{Checkpoint, EvidenceError};
use crate::remote::Route;
use crate::remote::witness::{Answer, Submitter};
use crate::store::Layout;

/// How often one witness is asked in a row: it says once which size it has seen.
const TRIES_MAX: usize = 3;
/// After a cosigned checkpoint this many later ones are checked for a better one.
const AFTER_MAX: usize = 1000;
/// A cosignature of a witness is searched for in this many of the newest checkpoints; beyond that the witness is asked.
const BACK_MAX: usize = 100;
/// The longest file of cosignatures that is read.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Which witnesses are asked, and whose quorum is wanted.
#[derive(Debug, Clone)]
pub struct Witnesses {
    /// The policy; those of its witnesses that have an address are asked.
    pub policy: Policy,
    /// How we introduce ourselves.
    pub user_agent: String,
    /// The way to them.
    pub route: Route,
}

fn path_of(log: &Log, size: u64) -> PathBuf {
    log.places().path(size, ".cosignatures")
}

/// The cosignatures that are kept over the checkpoint of this size, in the order in which they came.
///
/// # Errors
/// When they cannot be read.
pub fn kept(log: &Log, size: u64) -> Result<Vec<Signature>, EvidenceError> {
    let path = path_of(log, size);
    match std::fs::metadata(&path) {
        Ok(data) if data.len() > FILE_BYTES_MAX => {
            return Err(damaged(&path.display().to_string(), "it is too long"));
        }
        Ok(_) => {}
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(disk("reading", &path)(why)),
    }
    let text = std::fs::read_to_string(&path).map_err(disk("reading", &path))?;
    // A damaged line is not a cosignature; the others still are.
    Ok(text.lines().filter_map(Signature::parse).collect())
}

/// A kept checkpoint with the cosignatures over it behind its own signature.
///
/// # Errors
/// When either cannot be read.
pub fn cosigned(log: &Log, size: u64) -> Result<Checkpoint, EvidenceError> {
    let mut checkpoint = log.checkpoint(size)?;
    checkpoint.note.signatures.extend(kept(log, size)?);
    Ok(checkpoint)
}

/// The oldest kept checkpoint over leaf `index` that has the quorum of `policy`; else the one that most of its witnesses
/// cosigned, the oldest of these, among the first that any has cosigned and the thousand after it. `None` where no witness
/// cosigned any.
///
/// # Errors
/// When the checkpoints cannot be read.
pub fn best_over(
    log: &Log,
    index: u64,
    policy: &Policy,
) -> Result<Option<Checkpoint>, EvidenceError> {
    let mut best: Option<(usize, Checkpoint)> = None;
    let mut after = 0;
    for size in log.checkpoint_sizes()?.into_iter().filter(|size| *size > index) {
        // Better ones may still follow years later.
        if best.is_some() && after >= AFTER_MAX {
            break;
        }
        after += usize::from(best.is_some());
        if kept(log, size)?.is_empty() {
            continue;
        }
        let checkpoint = cosigned(log, size)?;
        let witnesses = policy.cosigned(&checkpoint);
        if policy.asks_for_witnesses() && policy.holds(&witnesses) {
            return Ok(Some(checkpoint));
        }
        // Without a policy every cosignature counts: the reader has to know whose they are.
        let count = match policy.witnesses.is_empty() {
            true => checkpoint.note.signatures.len(),
            false => witnesses.len(),
        };
        if count > 0 && best.as_ref().is_none_or(|(most, _)| count > *most) {
            best = Some((count, checkpoint));
        }
    }
    Ok(best.map(|(_, checkpoint)| checkpoint))
}

/// Submits the newest checkpoint to each witness that has not cosigned it; what went wrong, as text. Nothing is kept that
/// does not verify. `key` is the log's, where it is here.
///
/// # Errors
/// When the log cannot be read, or a cosignature cannot be written.
pub async fn submit(
    layout: &Layout,
    witnesses: &Witnesses,
    key: Option<&LogKey>,
) -> Result<Vec<String>, EvidenceError> {
    let log = Log::open(layout)?;
    let Some(newest) = log.newest() else { return Ok(Vec::new()) };
    let there = cosigned(&log, newest.size)?;
    let done = witnesses.policy.cosigned(&there);
    let missing: Vec<&PolicyWitness> = witnesses
        .policy
        .witnesses
        .iter()
        .enumerate()
        .filter(|(at, one)| one.url.is_some() && done.iter().all(|done| done.witness != *at))
        .map(|(_, one)| one)
        .collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let submitter = match Submitter::new(&witnesses.user_agent, &witnesses.route) {
        Ok(submitter) => submitter,
        Err(why) => return Ok(vec![why]),
    };
    let mut notes = Vec::new();
    let whole = newest.render();
    let current = log.key_at(newest.size).map(|current| current.public);
    let key = key.filter(|key| current == Some(key.verifier("").public));
    let plain = key.and_then(|key| without_extensions(newest, key));
    for witness in missing {
        let shown = match (&witness.key.public, &plain) {
            (WitnessPublic::MlDsa44(_), Some(plain)) => plain.as_str(),
            _ => whole.as_str(),
        };
        let asked = ask(&log, (newest, shown), witness, &submitter).await?;
        match asked {
            Ok(signature) => keep(&log, newest.size, signature)?,
            Err(why) => notes.push(format!(
                "no cosignature from the witness {}: {why}; the next run requests it again",
                witness.key.name
            )),
        }
    }
    Ok(notes)
}

/// A checkpoint with its first three lines alone, as a note that the log's key signs.
fn without_extensions(checkpoint: &Checkpoint, key: &LogKey) -> Option<String> {
    let Checkpoint { origin, size, root, .. } = checkpoint;
    let text = format!("{origin}\n{size}\n{root}\n");
    // What is signed is the beginning of what was signed before.
    if !checkpoint.note.text.starts_with(&text) {
        return None;
    }
    let mut note = Note { text, signatures: Vec::new() };
    key.sign_note(origin, &mut note);
    Some(note.render())
}

/// The cosignature of one witness over a checkpoint, which it is shown as a note, or why there is none.
async fn ask(
    log: &Log,
    (newest, shown): (&Checkpoint, &str),
    witness: &PolicyWitness,
    submitter: &Submitter,
) -> Result<Result<Signature, String>, EvidenceError> {
    let Some(url) = &witness.url else { return Ok(Err("it has no address".to_owned())) };
    let mut old = last_cosigned(log, &witness.key)?;
    for _ in 0..TRIES_MAX {
        let proof = match old {
            0 => Vec::new(),
            old if old == newest.size => Vec::new(),
            old => log.prove_older(old, newest.size)?,
        };
        let proof: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
        let body = format!("old {old}\n{proof}\n{shown}");
        let answer = match submitter.add_checkpoint(url, body).await {
            Ok(answer) => answer,
            Err(why) => return Ok(Err(why)),
        };
        match answer.status {
            200 => return Ok(signature_in(&answer, newest, &witness.key)),
            409 => match size_in(&answer) {
                Some(size) if size > newest.size => {
                    return Ok(Err(format!(
                        "it has seen this log with {size} leaves, and there are {} here: this archive, or a copy of it, was reset to an earlier state",
                        newest.size
                    )));
                }
                Some(size) if size != old => old = size,
                _ => {
                    return Ok(Err(
                        "it reports that its size is another, and does not name it".to_owned()
                    ));
                }
            },
            404 => return Ok(Err("it does not know this log (404)".to_owned())),
            403 => return Ok(Err("it does not accept the key of this log (403)".to_owned())),
            422 => {
                return Ok(Err(
                    "it has seen another history of this log (422); keep both checkpoints"
                        .to_owned(),
                ));
            }
            status => return Ok(Err(format!("it answered with status {status}"))),
        }
    }
    Ok(Err("its size changed with every request".to_owned()))
}

/// The size of the newest checkpoint that a witness is known to have cosigned; 0 for none of the newest, which makes the
/// witness say which it has seen.
fn last_cosigned(log: &Log, key: &WitnessKey) -> Result<u64, EvidenceError> {
    let places = log.places();
    let mut recent = Vec::new();
    for folder in places.folders().iter().filter(|folder| **folder >= places.recent()) {
        recent.extend(places.sizes_in(*folder)?);
    }
    for size in recent.into_iter().rev().take(BACK_MAX) {
        if kept(log, size)?.iter().any(|signature| key.is_named_by(signature)) {
            return Ok(size);
        }
    }
    Ok(0)
}

fn size_in(answer: &Answer) -> Option<u64> {
    std::str::from_utf8(&answer.body).ok()?.strip_suffix('\n')?.parse().ok()
}

/// The signature of this witness in its answer.
fn signature_in(
    answer: &Answer,
    checkpoint: &Checkpoint,
    key: &WitnessKey,
) -> Result<Signature, String> {
    let text =
        std::str::from_utf8(&answer.body).map_err(|_| "its answer is not text".to_owned())?;
    let mut signatures = text.lines().filter_map(Signature::parse);
    signatures
        .find(|signature| key.verify(&checkpoint.note.text, signature).is_some())
        .ok_or_else(|| "its answer has no cosignature of its key that verifies".to_owned())
}

fn keep(log: &Log, size: u64, signature: Signature) -> Result<(), EvidenceError> {
    let mut signatures = kept(log, size)?;
    signatures.retain(|known| known.name != signature.name || known.id != signature.id);
    signatures.push(signature);
    let note = Note { text: String::new(), signatures }.render();
    let path = path_of(log, size);
    // A note without a text is its lines behind an empty one.
    write_whole(&path, note.trim_start_matches('\n').as_bytes()).map_err(disk("writing", &path))
}
