//! Proofs of OpenTimestamps over checkpoints: asked for, kept with them, made complete later.
//!
//! ```text
//! checkpoints/000000001234.alice.example.ots   the proof about the checkpoint's file, as other programs read it
//! calendars.asked                              when calendars were asked last
//! ```
//!
//! Calendars are asked at intervals, not for every checkpoint: a later one covers what came before, and blocks of Bitcoin come
//! every ten minutes. A calendar answers at once with a promise, and has the rest some hours later: it is requested then, only
//! at the configured address. What does not verify is not kept. No other work waits for a calendar.

use std::path::PathBuf;
use std::time::Duration;

use super::error::io as disk;
use super::files::write_whole;
use super::leaf::sha256;
use super::log::Log;
use super::ots::{Attestation, Branches, Ots};
use super::timestamp::label;
use super::{Checkpoint, EvidenceError};
use crate::base::Timestamp;
use crate::remote::Route;
use crate::remote::calendar::Calendars;
use crate::store::Layout;

/// What follows the size of a checkpoint and the label of a calendar.
const END: &str = "ots";
/// How many promises are asked about at a time.
const PROMISES_MAX: usize = 100;

/// Which calendars are asked, and how often.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The addresses of calendars.
    pub calendars: Vec<String>,
    /// How often.
    pub every: Duration,
    /// How we introduce ourselves.
    pub user_agent: String,
    /// The way to them.
    pub route: Route,
}

/// A proof that is kept.
#[derive(Debug, Clone)]
pub struct KeptOts {
    /// The size of its checkpoint.
    pub size: u64,
    /// The calendar, as file names have it.
    pub label: String,
    /// Where it is.
    pub path: PathBuf,
}

impl KeptOts {
    /// Reads it.
    ///
    /// # Errors
    /// When the file cannot be read; the inner error says why it is not a proof over `checkpoint`, as text.
    pub fn read(&self, checkpoint: &Checkpoint) -> Result<Result<Ots, String>, EvidenceError> {
        let bytes = std::fs::read(&self.path).map_err(disk("reading", &self.path))?;
        Ok(over(&bytes, checkpoint))
    }
}

/// Reads a proof over a checkpoint.
///
/// # Errors
/// Why it is not one, as text.
pub fn over(bytes: &[u8], checkpoint: &Checkpoint) -> Result<Ots, String> {
    let ots = Ots::parse(bytes)?;
    match ots.digest == sha256(checkpoint.render().as_bytes()) {
        true => Ok(ots),
        false => Err("it is not a proof of its checkpoint".to_owned()),
    }
}

/// The proofs over checkpoints in one folder, by size and label.
pub(super) fn kept_in(log: &Log, folder: u64) -> Result<Vec<KeptOts>, EvidenceError> {
    let beside = log.places().beside_in(folder)?.into_iter();
    let mut kept: Vec<KeptOts> = beside
        .filter_map(|(size, rest, path)| {
            let (label, end) = rest.rsplit_once('.')?;
            (end == END).then(|| KeptOts { size, label: label.to_owned(), path })
        })
        .collect();
    kept.sort_by(|a, b| (a.size, &a.label).cmp(&(b.size, &b.label)));
    Ok(kept)
}

/// The oldest checkpoint over leaf `index` that a block of Bitcoin has, else the oldest that a calendar promised; with the
/// proof.
///
/// # Errors
/// When files cannot be read.
pub(super) fn best_over(
    log: &Log,
    index: u64,
) -> Result<Option<(Checkpoint, Vec<u8>)>, EvidenceError> {
    let mut promised = None;
    let from = log.places().folder_of(index + 1);
    for folder in log.places().folders().iter().filter(|folder| **folder >= from) {
        for kept in kept_in(log, *folder)?.into_iter().filter(|kept| kept.size > index) {
            let Ok(checkpoint) = log.checkpoint(kept.size) else { continue };
            // A proof that proves nothing is left out; `verify` reports it.
            let Ok(ots) = kept.read(&checkpoint)? else { continue };
            match ots.is_complete() {
                true => return Ok(Some((checkpoint, ots.bytes()))),
                false if promised.is_none() => promised = Some((checkpoint, ots.bytes())),
                false => {}
            }
        }
    }
    Ok(promised)
}

/// Submits the newest checkpoint to each calendar, and asks for the rest of their promises, if the last time is long enough
/// ago; returns problems, as text.
///
/// # Errors
/// When the log cannot be read, or a proof cannot be written.
pub async fn ask(
    layout: &Layout,
    asked: &Asked,
    now: Timestamp,
) -> Result<Vec<String>, EvidenceError> {
    let log = Log::open(layout)?;
    let Some(newest) = log.newest() else { return Ok(Vec::new()) };
    let state = log.dir().join("calendars.asked");
    let last = std::fs::read_to_string(&state).ok();
    let last = last.and_then(|text| Timestamp::parse(text.trim()));
    // A clock that was set back causes no delay.
    if last.is_some_and(|last| last <= now && now.since(last) < asked.every) {
        return Ok(Vec::new());
    }
    let calendars = match Calendars::new(&asked.user_agent, &asked.route) {
        Ok(calendars) => calendars,
        Err(why) => return Ok(vec![why]),
    };
    let mut notes = Vec::new();
    // New promises are in no block yet.
    complete(&log, &calendars, asked, &mut notes).await?;
    for url in &asked.calendars {
        let path = log.places().path(newest.size, &format!(".{}.{END}", label(url)));
        if path.exists() {
            continue;
        }
        match begin(&calendars, url, newest).await {
            Ok(bytes) => write_whole(&path, &bytes).map_err(disk("writing", &path))?,
            Err(why) => notes.push(format!(
                "no promise from the calendar {}: {why}; the request is repeated later",
                label(url)
            )),
        }
    }
    let text = format!("{}\n", now.to_warc_date());
    write_whole(&state, text.as_bytes()).map_err(disk("writing", &state))?;
    Ok(notes)
}

/// The beginning of a proof over a checkpoint.
async fn begin(
    calendars: &Calendars,
    url: &str,
    checkpoint: &Checkpoint,
) -> Result<Vec<u8>, String> {
    let digest = sha256(checkpoint.render().as_bytes());
    let answer = calendars.submit(url, &digest).await?;
    let branches =
        Branches::parse(&answer).map_err(|why| format!("its answer is not a proof: {why}"))?;
    let ots = Ots { digest, branches };
    let attested = ots.attested();
    let promises = attested.iter().filter_map(|(said, _)| match said {
        Attestation::Pending(address) => Some(address),
        _ => None,
    });
    let promises: Vec<&String> = promises.collect();
    if promises.is_empty() && !ots.is_complete() {
        return Err("its answer holds no promise".to_owned());
    }
    // Another calendar's address in the answer is not followed: only configured addresses are asked.
    if let Some(other) = promises.into_iter().find(|address| !is_same(address, url)) {
        return Err(format!(
            "it answers for the calendar {other}: name that one in evidence.calendars"
        ));
    }
    Ok(ots.bytes())
}

fn is_same(address: &str, url: &str) -> bool {
    address.trim_end_matches('/') == url.trim_end_matches('/')
}

/// Asks for the rest of what was promised over recent checkpoints.
async fn complete(
    log: &Log,
    calendars: &Calendars,
    asked: &Asked,
    notes: &mut Vec<String>,
) -> Result<(), EvidenceError> {
    let places = log.places();
    let mut left = PROMISES_MAX;
    for folder in places.folders().iter().filter(|folder| **folder >= places.recent()) {
        for kept in kept_in(log, *folder)? {
            let Ok(checkpoint) = log.checkpoint(kept.size) else { continue };
            let Ok(mut ots) = kept.read(&checkpoint)? else { continue };
            if ots.is_complete() || left == 0 {
                continue;
            }
            left -= 1;
            let before = ots.bytes();
            for (url, message) in promised(&ots, asked) {
                match calendars.rest(&url, &message).await {
                    Ok(None) => {}
                    Ok(Some(bytes)) => match Branches::parse(&bytes) {
                        Ok(rest) => drop(ots.upgrade(&message, &rest)),
                        Err(why) => notes.push(format!(
                            "the answer of the calendar {} for the checkpoint over {} leaves is not a proof: {why}",
                            kept.label, kept.size
                        )),
                    },
                    Err(why) => notes.push(format!(
                        "no proof from the calendar {} for the checkpoint over {} leaves: {why}; the request is repeated later",
                        kept.label, kept.size
                    )),
                }
            }
            let after = ots.bytes();
            // Too long to be read again is too long to be kept.
            if after != before && Ots::parse(&after).is_ok() {
                write_whole(&kept.path, &after).map_err(disk("writing", &kept.path))?;
            }
        }
    }
    Ok(())
}

/// What was promised by calendars that are named: where to ask, and about which message.
fn promised(ots: &Ots, asked: &Asked) -> Vec<(String, Vec<u8>)> {
    let one = |(said, message): (&Attestation, Vec<u8>)| match said {
        Attestation::Pending(address) => {
            let named = asked.calendars.iter().find(|url| is_same(address, url))?;
            Some((named.clone(), message))
        }
        _ => None,
    };
    ots.attested().into_iter().filter_map(one).collect()
}
