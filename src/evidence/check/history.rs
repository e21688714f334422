//! The log of a bundle: its keys, its checkpoints, and their owner.

use data_encoding::BASE64;

use super::{CheckResult, Files, Known, absent, holds};
use crate::base::Timestamp;
use crate::evidence::bundle::{DescribedCheckpoint, Description, path_sides};
use crate::evidence::leaf::{Statement, entry_of, hash_of, key_change_text};
use crate::evidence::note::VerifierKey;
use crate::evidence::proof::{Earlier, Inclusion, LEAVES_MAX, parse_consistency};
use crate::evidence::{Checkpoint, held};

/// A key, and the leaf that names it.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub index: u64,
    pub key: VerifierKey,
    /// Whether the key before it signed for it; false for the first.
    pub handed_over: bool,
}

pub(super) type Keys = Result<Vec<Named>, String>;

/// The number, from 1, of the key that signs a checkpoint of this size; 0 for none.
fn key_number(keys: &[Named], size: u64) -> usize {
    keys.iter().take_while(|named| named.index < size).count()
}

fn key_at(keys: &[Named], size: u64) -> Result<&VerifierKey, String> {
    let at = key_number(keys, size).checked_sub(1);
    let named = at.and_then(|at| keys.get(at));
    named.map(|named| &named.key).ok_or_else(|| format!("no key was the log's at {size} leaves"))
}

/// The newest checkpoint.
fn newest(files: &Files<'_>) -> Result<Checkpoint, String> {
    let newest = files.checkpoint("log/newest")?;
    if newest.size > LEAVES_MAX {
        return Err("log/newest claims more leaves than a log has".to_owned());
    }
    Ok(newest)
}

/// The keys: each is named by a leaf that the newest checkpoint covers, and replaces the one before.
pub(super) fn keys(files: &Files<'_>, description: &Description) -> Keys {
    let newest = newest(files)?;
    let mut keys: Vec<Named> = Vec::new();
    for (n, said) in (1_u64..).zip(&description.keys) {
        let name = format!("keys/{n:02}.txt");
        let text = files.text(&name)?;
        let Some(Statement::Key { origin, key: written, before, signature }) =
            Statement::parse(text)
        else {
            return Err(format!("{name} is no leaf that names a key"));
        };
        let key = VerifierKey::parse(&written)
            .filter(|key| key.name == origin && origin == newest.origin)
            .ok_or_else(|| format!("{name} names no key of this log"))?;
        let proof = format!("keys/{n:02}.tlog-proof");
        let index = included(files, &proof, text, &newest, "log/newest")?;
        if files.text(&format!("keys/{n:02}.pem"))? != key.pem() {
            return Err(format!("keys/{n:02}.pem is not the key that {name} names"));
        }
        if said.number != n || said.leaf != index || said.key != written {
            return Err(format!("bundle.json says something else of the key in {name}"));
        }
        let last = keys.last();
        let follows = match last {
            None => index == 0,
            Some(last) => last.index < index,
        };
        if !follows || before != last.map(|last| last.key.text()) {
            return Err(format!("the key in {name} does not follow on the one before it"));
        }
        let handed_over = match (last, signature) {
            (Some(last), Some(signature)) => {
                let change = key_change_text(&origin, &last.key.text(), &written);
                if !last.key.verifies(change.as_bytes(), &signature) {
                    return Err(format!("the key before did not sign for the one in {name}"));
                }
                true
            }
            (None, Some(_)) => return Err(format!("nothing comes before the key in {name}")),
            (_, None) => false,
        };
        keys.push(Named { index, key, handed_over });
    }
    if keys.is_empty() {
        return Err("no key of the log is there".to_owned());
    }
    Ok(keys)
}

/// The text about the keys.
pub(super) fn summary(keys: &[Named]) -> CheckResult {
    let lost = keys.iter().skip(1).filter(|named| !named.handed_over).count();
    let of = format!("{} keys are named by leaves of the log", keys.len());
    holds(match lost {
        0 => format!("{of}; each signed for the next"),
        n => format!("{of}; {n} of them began where the one before was lost, without its word"),
    })
}

/// The index of a leaf that a proof leads from to a checkpoint.
fn included(
    files: &Files<'_>,
    proof: &str,
    leaf: &str,
    checkpoint: &Checkpoint,
    name: &str,
) -> Result<u64, String> {
    let read = Inclusion::parse(files.text(proof)?)
        .ok_or_else(|| format!("{proof} is not of the form"))?;
    if read.checkpoint != checkpoint.render() {
        return Err(format!("{proof} leads to another checkpoint than {name}"));
    }
    if !read.leads_to(hash_of(&entry_of(leaf)), checkpoint) {
        return Err(format!("{proof} does not lead from its leaf to the checkpoint"));
    }
    Ok(read.index)
}

/// Every leaf is in the tree that the checkpoint is over.
pub(super) fn inclusion(files: &Files<'_>, description: &Description) -> CheckResult {
    let checkpoint = files.checkpoint("checkpoint")?;
    for (n, record) in (1_u64..).zip(&description.records) {
        let leaf = files.text(&format!("leaves/{n:02}.txt"))?;
        let proof = format!("proofs/{n:02}.tlog-proof");
        let index = included(files, &proof, leaf, &checkpoint, "checkpoint")?;
        if record.leaf != index {
            return Err(format!("bundle.json: leaf of record {n} is not that of its proof"));
        }
        let hashes = Inclusion::parse(files.text(&proof)?).map(|p| p.hashes).unwrap_or_default();
        let sides = path_sides(index, checkpoint.size);
        let path: String =
            sides.iter().zip(&hashes).map(|(side, hash)| format!("{side} {hash}\n")).collect();
        if files.text(&format!("proofs/{n:02}.path"))? != path {
            return Err(format!("proofs/{n:02}.path is not the same proof"));
        }
    }
    let count = description.records.len();
    holds(format!("{count} leaves are among the {} of the checkpoint", checkpoint.size))
}

/// A checkpoint is signed by the key of its time, and described as it is.
fn signed(
    checkpoint: &Checkpoint,
    said: &DescribedCheckpoint,
    keys: &[Named],
    name: &str,
) -> Result<VerifierKey, String> {
    let time = checkpoint.time.map(Timestamp::to_warc_date);
    let number = key_number(keys, checkpoint.size) as u64;
    let same = said.origin == checkpoint.origin
        && said.size == checkpoint.size
        && said.root == BASE64.encode(&checkpoint.root.0)
        && said.time == time
        && said.key == number;
    if !same {
        return Err(format!("bundle.json says something else of {name}"));
    }
    let key = key_at(keys, checkpoint.size)?;
    if !checkpoint.signed_by(key) {
        return Err(format!("{name} is not signed by the key of the log at its time"));
    }
    Ok(key.clone())
}

/// The checkpoint is signed by the key of the log at its time.
pub(super) fn checkpoint(files: &Files<'_>, description: &Description, keys: &Keys) -> CheckResult {
    let keys = keys.as_ref().map_err(Clone::clone)?;
    let checkpoint = files.checkpoint("checkpoint")?;
    let key = signed(&checkpoint, &description.checkpoint, keys, "checkpoint")?;
    holds(format!("the checkpoint is signed by {}", key.text()))
}

/// The newest checkpoint is signed, and begins with the one that the proofs lead to, and with every
/// other that is listed.
pub(super) fn consistency(
    files: &Files<'_>,
    description: &Description,
    keys: &Keys,
) -> CheckResult {
    let keys = keys.as_ref().map_err(Clone::clone)?;
    let newest = newest(files)?;
    signed(&newest, &description.newest, keys, "log/newest")?;
    let earlier = earlier(files)?;
    for one in &earlier {
        if !one.leads_to(&newest) {
            return Err(format!(
                "the newest checkpoint does not begin with the {} leaves that log/consistency says",
                one.size
            ));
        }
    }
    let checkpoint = files.checkpoint("checkpoint")?;
    match root_at(&newest, &earlier, checkpoint.size) {
        Some(root) if root == checkpoint.root => holds(format!(
            "the newest checkpoint, over {} leaves, begins with this one and {} others",
            newest.size,
            earlier.iter().filter(|one| one.size != checkpoint.size).count()
        )),
        Some(_) => Err("the newest checkpoint does not begin with this one".to_owned()),
        None => Err("nothing proves that the newest checkpoint begins with this one".to_owned()),
    }
}

/// A checkpoint is signed by the key of the log at its time, and the newest one begins with it.
pub(super) fn of_this_log(
    files: &Files<'_>,
    keys: &Keys,
    checkpoint: &Checkpoint,
    name: &str,
) -> Result<(), String> {
    let keys = keys.as_ref().map_err(Clone::clone)?;
    if !checkpoint.signed_by(key_at(keys, checkpoint.size)?) {
        return Err(format!(
            "the checkpoint in {name} is not signed by the key of the log at its time"
        ));
    }
    // Whether the newest begins with those that are listed is the step `consistency`.
    match root_at(&newest(files)?, &earlier(files)?, checkpoint.size) {
        Some(root) if root == checkpoint.root => Ok(()),
        _ => Err(format!("nothing proves that the newest checkpoint begins with that in {name}")),
    }
}

fn earlier(files: &Files<'_>) -> Result<Vec<Earlier>, String> {
    let text = files.text("log/consistency")?;
    parse_consistency(text).ok_or_else(|| "log/consistency is not of the form".to_owned())
}

/// The root of the log at a size, where it is proved.
fn root_at(newest: &Checkpoint, earlier: &[Earlier], size: u64) -> Option<tlog_tiles::Hash> {
    if newest.size == size {
        return Some(newest.root);
    }
    earlier.iter().find(|one| one.size == size).map(|one| one.root)
}

/// The last key, which signed the list and the newest checkpoint, is that of the party that the caller
/// knows.
pub(super) fn trusted(keys: &Keys, known: &Known) -> CheckResult {
    let keys = keys.as_ref().map_err(Clone::clone)?;
    if let Some(given) = &known.key {
        let at = keys.iter().position(|named| named.key == *given);
        let at = at.ok_or("the key that was given is none of this log's keys")?;
        return match unbroken(keys, at) {
            true if at + 1 == keys.len() => holds("everything is signed by the key that was given"),
            true => holds("everything is signed by a key that the one given handed over to"),
            false => Err(
                "after the key that was given, one was lost and replaced without its word: the maker of this bundle may be somebody else; give the key that is in force now"
                    .to_owned(),
            ),
        };
    }
    let mut broken = false;
    for (name, bytes) in &known.published {
        let all: Vec<VerifierKey> = keys.iter().map(|named| named.key.clone()).collect();
        let Ok(checkpoint) = held::read(bytes) else { continue };
        let Ok(signer) = held::signed(&checkpoint, &all) else { continue };
        let at = keys.iter().position(|named| named.key == *signer).unwrap_or(0);
        if unbroken(keys, at) {
            return holds(format!(
                "everything is signed by the key of {name}, or one that it handed over to"
            ));
        }
        broken = true;
    }
    if broken {
        return Err(
            "after the checkpoint that was given, the log's key was lost and replaced without its word: the maker of this bundle may be somebody else; give the key that is in force now"
                .to_owned(),
        );
    }
    if !known.published.is_empty() {
        return Err("no checkpoint that was given is signed by a key of this log".to_owned());
    }
    let last = keys.last().map(|named| named.key.text()).unwrap_or_default();
    absent(format!(
        "neither a key nor a checkpoint was given: everything may agree and be made up. Compare the key {last} with what the archive's operator publishes"
    ))
}

/// Whether every key after this one was signed for by the one before it.
fn unbroken(keys: &[Named], at: usize) -> bool {
    keys.iter().skip(at + 1).all(|named| named.handed_over)
}

/// Checkpoints that were kept are of this log's history.
pub(super) fn published(files: &Files<'_>, keys: &Keys, known: &Known) -> CheckResult {
    if known.published.is_empty() {
        return absent("no checkpoint that was kept was given to compare with");
    }
    let keys = keys.as_ref().map_err(Clone::clone)?;
    let all: Vec<VerifierKey> = keys.iter().map(|named| named.key.clone()).collect();
    let (newest, earlier) = (newest(files)?, earlier(files)?);
    for (name, bytes) in &known.published {
        let checkpoint = held::read(bytes).map_err(|why| format!("{name}: {why}"))?;
        held::signed(&checkpoint, &all).map_err(|why| format!("{name}: {why}"))?;
        let at_its_time = key_at(keys, checkpoint.size)?;
        if !checkpoint.signed_by(at_its_time) {
            return Err(format!("{name} is not signed by the key of the log at its time"));
        }
        if checkpoint.size > newest.size {
            return Err(format!(
                "{name} is over {} leaves, and the log had {} when this bundle was made: nothing in it leads there; have the bundle made again, or ask `pressmark verify --checkpoint` on the archive",
                checkpoint.size, newest.size
            ));
        }
        let root = root_at(&newest, &earlier, checkpoint.size).ok_or_else(|| {
            format!(
                "this bundle has no proof for {name}, over {} leaves; `pressmark prove --checkpoint {name}` makes one that has",
                checkpoint.size
            )
        })?;
        // The proofs themselves are checked by the step `consistency`; one that does not hold
        // proves no root.
        let proved = earlier.iter().filter(|one| one.size == checkpoint.size);
        if root != checkpoint.root || !proved.into_iter().all(|one| one.leads_to(&newest)) {
            return Err(format!(
                "{name} and this bundle are of two histories of one log: one of them was forged, or the log was created again"
            ));
        }
    }
    holds(match known.published.len() {
        1 => "the log of this bundle begins with the checkpoint that was given".to_owned(),
        n => format!("the log of this bundle begins with the {n} checkpoints that were given"),
    })
}
