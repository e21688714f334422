//! Checkpoints, their signatures and the keys that made them.

use std::collections::BTreeMap;
use std::time::Duration;

use tlog_tiles::Hash;

use super::super::drand::kept;
use super::super::error::io as disk;
use super::super::interval::NotAfter;
use super::super::key::LogKey;
use super::super::leaf::{Statement, key_change_text, sha256};
use super::super::log::{Log, next_path};
use super::super::note::VerifierKey;
use super::super::{Checkpoint, EvidenceError, Trust, held, timestamp};
use super::{Report, VerifyOptions};
use crate::base::{Finding, Timestamp};
use crate::store::Layout;

/// How far clocks may be apart before that is reported.
const CLOCK_OFF_MAX: Duration = Duration::from_mins(5);

/// The checkpoints that are kept and can be read, smallest first; each must name the one before.
pub(super) fn read(
    layout: &Layout,
    report: &mut Report<'_>,
) -> Result<Vec<Checkpoint>, EvidenceError> {
    let empty = Log::whole(layout, None)?;
    let dir = layout.evidence_dir();
    let mut checkpoints: Vec<Checkpoint> = Vec::new();
    for size in empty.checkpoint_sizes()? {
        match empty.checkpoint(size) {
            Ok(checkpoint) => checkpoints.push(checkpoint),
            Err(why) => {
                report.add(Finding::error(
                    &report.places.name(size),
                    None,
                    "checkpoint",
                    why.to_string(),
                ));
            }
        }
    }
    let mut before: Option<&Checkpoint> = None;
    for checkpoint in &checkpoints {
        let expected = before.map_or(0, |c| c.size);
        if checkpoint.previous != Some(expected) {
            let what = match checkpoint.previous {
                Some(previous) => {
                    format!("the checkpoint before it, of {previous} leaves, is missing")
                }
                None => "it does not name the checkpoint before it".to_owned(),
            };
            let name = report.places.name(checkpoint.size);
            report.add(Finding::error(&name, None, "checkpoint-missing", what));
        }
        if let (Some(time), Some(earlier)) = (checkpoint.time, before.and_then(|c| c.time))
            && time.plus(CLOCK_OFF_MAX) < earlier
        {
            let what = format!("it says {}, and the one before it is later", time.to_rfc3339());
            let name = report.places.name(checkpoint.size);
            report.add(Finding::warning(&name, None, "checkpoint-time", what));
        }
        before = Some(checkpoint);
    }
    let newest = dir.join("checkpoint");
    let copy = match std::fs::read(&newest) {
        Ok(bytes) => Some(bytes),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => None,
        Err(why) => return Err(disk("reading", &newest)(why)),
    };
    let agrees = match (&copy, checkpoints.last()) {
        (None, None) => true,
        (Some(copy), Some(last)) => *copy == last.render().into_bytes(),
        _ => false,
    };
    // A process that died between the two leaves the earlier one, which the next process corrects.
    let kept = match &copy {
        Some(copy) => checkpoints.iter().any(|c| c.render().into_bytes() == *copy),
        None => checkpoints.len() == 1,
    };
    let what = "it is not the newest of the checkpoints that are kept";
    if !agrees && kept {
        report.add(Finding::warning("evidence/checkpoint", None, "checkpoint", what));
    } else if !agrees {
        report.add(Finding::error("evidence/checkpoint", None, "checkpoint", what));
    }
    Ok(checkpoints)
}

/// The checkpoints that others kept.
pub(super) fn published(
    options: &VerifyOptions,
    report: &mut Report<'_>,
) -> Vec<(String, Checkpoint)> {
    let mut read = Vec::new();
    for (name, bytes) in &options.published {
        match held::read(bytes) {
            Ok(checkpoint) => read.push((name.clone(), checkpoint)),
            Err(why) => report.add(Finding::error(name, None, "published", why)),
        }
    }
    read
}

/// The keys, each with the index of the leaf that names it; each must be handed over by the one
/// before.
pub(super) fn keys(
    statements: &[(u64, Statement)],
    report: &mut Report<'_>,
) -> Vec<(u64, VerifierKey, bool)> {
    let mut keys: Vec<(u64, VerifierKey, bool)> = Vec::new();
    for (index, statement) in statements {
        let Statement::Key { origin, key: text, before, signature } = statement else { continue };
        let mut wrong = |what: String| {
            report.add(Finding::error("evidence/statements", None, "key-change", what));
        };
        let Some(key) = VerifierKey::parse(text).filter(|key| key.name == *origin) else {
            wrong(format!("leaf {index} names a key that cannot be read"));
            continue;
        };
        let last = keys.last().map(|(_, key, _)| key.clone());
        if before.as_deref() != last.as_ref().map(VerifierKey::text).as_deref() {
            wrong(format!("the key that leaf {index} names does not replace the one before it"));
        }
        let mut handed_over = false;
        match (&last, signature) {
            (None, _) => {}
            (Some(old), Some(signature)) => {
                let change = key_change_text(origin, &old.text(), text);
                handed_over = old.verifies(change.as_bytes(), signature);
                if !handed_over {
                    wrong(format!("the key before did not sign the change in leaf {index}"));
                }
            }
            (Some(_), None) => {
                let what = format!(
                    "leaf {index} begins with a new key that the old one did not sign for: its file was lost, or someone else took over"
                );
                report.add(Finding::warning("evidence/statements", None, "key-replaced", what));
            }
        }
        keys.push((*index, key, handed_over));
    }
    if keys.first().is_none_or(|(index, _, _)| *index != 0) {
        let what = "the first leaf does not name the key of the log";
        report.add(Finding::error("evidence/statements", None, "key-change", what));
    }
    keys
}

/// The key in force for a log of this size.
fn key_at(keys: &[(u64, VerifierKey, bool)], size: u64) -> Option<&VerifierKey> {
    keys.iter().take_while(|(index, _, _)| *index < size).last().map(|(_, key, _)| key)
}

/// Every checkpoint is signed by the key of its time, at a change by both, and by no other key.
pub(super) fn signatures(
    checkpoints: &[Checkpoint],
    keys: &[(u64, VerifierKey, bool)],
    report: &mut Report<'_>,
) {
    let mut covered = 0;
    for checkpoint in checkpoints {
        let name = report.places.name(checkpoint.size);
        let mut wanted: Vec<&VerifierKey> = key_at(keys, checkpoint.size).into_iter().collect();
        for pair in keys.windows(2) {
            let [(_, old, _), (index, _, true)] = pair else { continue };
            if (covered..checkpoint.size).contains(index) {
                wanted.push(old);
            }
        }
        covered = checkpoint.size;
        let signed = wanted.iter().filter(|key| checkpoint.signed_by(key)).count();
        if wanted.is_empty() || signed < wanted.len() {
            let what = "it is not signed by the key of the log at its time";
            report.add(Finding::error(&name, None, "checkpoint-signature", what));
        } else if checkpoint.note.signatures.len() > wanted.len() {
            let what = "it has a signature that is not of this log";
            report.add(Finding::warning(&name, None, "checkpoint-signature", what));
        }
    }
}

/// The key on the disk is the one that the log names.
pub(super) fn own_key(
    layout: &Layout,
    options: &VerifyOptions,
    keys: &[(u64, VerifierKey, bool)],
    report: &mut Report<'_>,
) {
    let path = options.key.key_path(layout);
    let name = path.strip_prefix(layout.root()).unwrap_or(&path).display().to_string();
    match LogKey::read(&path) {
        Ok(Some(key)) => {
            let names = |key: &LogKey| {
                keys.last().is_some_and(|(_, named, _)| named.public == key.verifier("").public)
            };
            let fits = names(&key);
            let next = LogKey::read(&next_path(&path)).ok().flatten();
            if !fits && next.is_some_and(|next| names(&next)) {
                let what = "the newest key of the log is in the file beside it: the change was interrupted, and the next run completes it";
                report.add(Finding::warning(&name, None, "key", what));
            } else if !fits {
                let what = "it is not the newest key of the log";
                report.add(Finding::error(&name, None, "key", what));
            }
        }
        Ok(None) => {
            let what = "the key of the log is missing, so nothing can be added to the log; restore it from its copy or, if it is lost, `pressmark evidence new-key --lost` begins with a new one (a copy of the archive does not need it)";
            report.add(Finding::warning(&name, None, "key-missing", what));
        }
        // A user who verifies another's archive may have no right to read its key.
        Err(EvidenceError::Io { why, .. })
            if why.kind() == std::io::ErrorKind::PermissionDenied => {}
        Err(why) => report.add(Finding::error(&name, None, "key", why.to_string())),
    }
}

/// Every checkpoint has the root that the leaves give at its size.
pub(super) fn roots(
    checkpoints: &[Checkpoint],
    roots: &BTreeMap<u64, Hash>,
    report: &mut Report<'_>,
) {
    for checkpoint in checkpoints {
        if roots.get(&checkpoint.size) != Some(&checkpoint.root) {
            let what = "the hashes of the log do not give its root: the log was changed after it was signed";
            report.add(Finding::error(
                &report.places.name(checkpoint.size),
                None,
                "log-root",
                what,
            ));
        }
    }
}

/// Every time stamp is over its checkpoint, and not much older or younger than that says, and every
/// one that the log names is there; how many.
pub(super) fn stamps(
    layout: &Layout,
    (checkpoints, statements): (&[Checkpoint], &[(u64, Statement)]),
    trust: &Trust,
    report: &mut Report<'_>,
) -> Result<u64, EvidenceError> {
    let by_size: BTreeMap<u64, &Checkpoint> = checkpoints.iter().map(|c| (c.size, c)).collect();
    // SHA-256 of what the log says of each: there may be millions, and each is read once.
    let mut kept: BTreeMap<(u64, String), [u8; 32]> = BTreeMap::new();
    for folder in report.places.folders().to_vec() {
        for stamp in timestamp::kept_in(&report.places, folder)? {
            let checkpoint = by_size.get(&stamp.size).copied();
            let round = checkpoint.and_then(|one| one.round.as_ref());
            let round = round.and_then(|round| kept::time_of(layout, round));
            stamped(&stamp, (checkpoint, round), trust, report);
            let said = sha256(stamp.statement().text().as_bytes());
            kept.insert((stamp.size, stamp.label), said);
        }
    }
    for (index, statement) in statements {
        let Statement::Stamp { checkpoint, authority, .. } = statement else { continue };
        let what = match kept.get(&(*checkpoint, authority.clone())) {
            Some(said) if *said == sha256(statement.text().as_bytes()) => continue,
            Some(_) => format!("it, or its chain, is not the one that leaf {index} names"),
            None => format!("the time stamp that leaf {index} names is gone, with its chain"),
        };
        let name = timestamp::name_of(&report.places, *checkpoint, authority);
        report.add(Finding::error(&name, None, "timestamp", what));
    }
    Ok(kept.len() as u64)
}

/// That a time stamp is over its checkpoint, and not older than the round of drand in that.
fn stamped(
    stamp: &timestamp::Kept,
    (checkpoint, round): (Option<&Checkpoint>, Option<Timestamp>),
    trust: &Trust,
    report: &mut Report<'_>,
) {
    let name = timestamp::name_of(&report.places, stamp.size, &stamp.label);
    let Some(checkpoint) = checkpoint else {
        let what = "the checkpoint of this time stamp does not exist";
        report.add(Finding::error(&name, None, "timestamp", what));
        return;
    };
    match stamp.verify(checkpoint.render().as_bytes(), trust) {
        Ok(token) => {
            let early = checkpoint.time.filter(|time| token.time.plus(CLOCK_OFF_MAX) < *time);
            if let Some(time) = early {
                let what = format!(
                    "its time is {}, and its checkpoint says {}: our clock was ahead",
                    token.time.to_rfc3339(),
                    time.to_rfc3339()
                );
                report.add(Finding::warning(&name, None, "checkpoint-time", what));
            }
            if let Some(round) = round.filter(|round| NotAfter::latest(&token) < *round) {
                let what = format!(
                    "its time is {}, and the drand round in its checkpoint was published at {}: the clock of the authority was behind, and the stamp proves nothing",
                    token.time.to_rfc3339(),
                    round.to_rfc3339()
                );
                report.add(Finding::warning(&name, None, "timestamp-time", what));
            }
        }
        Err(why) => report.add(Finding::error(&name, None, "timestamp", why.to_string())),
    }
}

/// Whether checkpoints that others kept agree with the log.
pub(super) fn against(
    published: &[(String, Checkpoint)],
    roots: &BTreeMap<u64, Hash>,
    keys: &[(u64, VerifierKey, bool)],
    report: &mut Report<'_>,
) {
    let all: Vec<VerifierKey> = keys.iter().map(|(_, key, _)| key.clone()).collect();
    for (name, checkpoint) in published {
        // A text without a signature says nothing about the log.
        let signer = held::signed(checkpoint, &all);
        let what = match roots.get(&checkpoint.size) {
            _ if signer.is_err() => signer.err().unwrap_or_default(),
            None => format!(
                "the log has fewer than the {} leaves that this one covers",
                checkpoint.size
            ),
            Some(root) if *root != checkpoint.root => {
                "the log is not the one that this checkpoint was published for: it was created again"
                    .to_owned()
            }
            Some(_) => match key_at(keys, checkpoint.size) {
                Some(key) if checkpoint.signed_by(key) => continue,
                _ => "it is not signed by the key that the log names for its time".to_owned(),
            },
        };
        report.add(Finding::error(name, None, "published", what));
    }
}
