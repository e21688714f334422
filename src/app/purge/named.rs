//! What an order names: its reason, and the capture that is meant.

use super::super::error::{AppError, store_error};
use super::journal::Journal;
use super::{DOING, PurgeRequest};
use crate::archive::{Capture, RecordKind};
use crate::evidence::tombstone::{REASON_BYTES_MAX, one_line};
use crate::store::Reader;

/// The reason as it is kept, in full: an order is not truncated silently.
///
/// # Errors
/// When it is empty or too long.
pub(super) fn reason(given: &str) -> Result<String, AppError> {
    let reason = one_line(given);
    let words: Vec<&str> = given.split_whitespace().collect();
    let whole: String = words.join(" ").chars().filter(|c| !c.is_control()).collect();
    if reason != whole {
        return Err(AppError::usage(format!(
            "--reason has {} bytes, and fewer than {REASON_BYTES_MAX} are allowed: name the order, and keep its text elsewhere",
            whole.len()
        )));
    }
    if reason.is_empty() {
        return Err(AppError::usage("--reason is empty: later readers need it"));
    }
    Ok(reason)
}

/// The capture that is meant: the only one of the page in the period. No capture is removed that was not named.
///
/// # Errors
/// When there is none, or more than one.
pub(super) fn the_one(reader: &Reader, request: &PurgeRequest) -> Result<Capture, AppError> {
    let url = &request.url;
    let (mut found, mut reports) = (Vec::new(), 0);
    for capture in reader.captures_of(url) {
        let capture = capture.map_err(|why| store_error(DOING, why))?;
        if !request.at.contains(capture.date) {
            continue;
        }
        match capture.kind {
            RecordKind::Metadata => reports += 1,
            _ => found.push(capture),
        }
    }
    // A document that a browser made of a page is removed with the page, which is the capture that is meant.
    let is_captured = |one: &Capture| one.kind != RecordKind::Conversion;
    if found.iter().any(is_captured) {
        found.retain(is_captured);
    }
    // A file that was imported twice, or imported from an export, has a record twice: the payload is removed from both.
    let is_one = |first: &Capture| {
        found.iter().all(|one| {
            one.date == first.date
                && one.kind == first.kind
                && one.digest.is_some()
                && one.digest == first.digest
        })
    };
    if found.first().is_some_and(is_one) {
        return Ok(found.remove(0));
    }
    let times: Vec<String> = found.iter().take(5).map(|one| one.date.to_warc_date()).collect();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 if reports > 0 => Err(AppError::nothing(format!(
            "the record of {url} at that time is a report (of a failure or a removal) and has no payload"
        ))),
        0 => Err(AppError::nothing(format!("no capture of {url} at that time"))
            .hint("`pressmark captures URL` lists them")),
        count => Err(AppError::usage(format!(
            "{count} captures of {url} have that time, and --at must name one: {}",
            times.join(", ")
        ))),
    }
}

/// The capture that a document was made of by a browser, where it is such a document; else itself.
///
/// # Errors
/// When a record cannot be read.
pub(super) fn captured(reader: &Reader, capture: Capture) -> Result<Capture, AppError> {
    if capture.kind != RecordKind::Conversion {
        return Ok(capture);
    }
    let failed = |why| store_error(DOING, why);
    let of = reader.load(&capture).map_err(failed)?.fields.refers_to();
    for one in reader.captures_of(&capture.url) {
        let one = one.map_err(failed)?;
        let is_of = one.kind != RecordKind::Conversion
            && one.record_id.as_ref().map(ToString::to_string)
                == of.as_ref().map(ToString::to_string);
        if of.is_some() && is_of {
            return Ok(one);
        }
    }
    Ok(capture)
}

/// Whether a purge that was interrupted has removed what an order names: it was begun by the same order, or a record that it
/// removed is the one of that time.
///
/// # Errors
/// When the index cannot answer.
pub(super) fn is_removed(
    reader: &Reader,
    request: &PurgeRequest,
    journal: &Journal,
) -> Result<bool, AppError> {
    if journal.about.is_of(request) {
        return Ok(true);
    }
    for capture in reader.captures_of(&request.url) {
        let capture = capture.map_err(|why| store_error(DOING, why))?;
        let is_meant = capture.kind == RecordKind::Metadata && request.at.contains(capture.date);
        let mut removed = journal.removals.iter().map(|one| &one.tombstone);
        if is_meant && removed.any(|one| *one.file == *capture.file && one.offset == capture.offset)
        {
            return Ok(true);
        }
    }
    Ok(false)
}
