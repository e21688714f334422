//! Answers that fail since something was removed by order: the error says when and why.

use super::chosen_text::ChosenText;
use super::removed::{Removed, in_second, of_capture, of_page};
use super::{AnswerError, Archive};
use crate::archive::{Capture, Form};
use crate::base::{TimeRange, Timestamp};
use crate::store::StoreError;

/// An answer about a page; where it fails because something was removed by order, the error says when and why.
///
/// # Errors
/// As the answer, and when the index cannot answer.
pub fn explained<T>(
    archive: &Archive,
    url: &str,
    answer: Result<T, AnswerError>,
) -> Result<T, AnswerError> {
    let reader = archive.reader();
    let removed = |doing: String, removed| AnswerError::removed(&doing, url, removed);
    let doing = format!("asking for {url}");
    let error = match answer {
        Ok(answer) => return Ok(answer),
        Err(AnswerError::Store { doing, why: StoreError::Removed(capture) }) => {
            let found = of_capture(reader, &capture).map_err(AnswerError::store(&doing))?;
            removed(doing, found.unwrap_or_else(|| Removed::new(&capture, None)))
        }
        Err(AnswerError::NoCapture(of)) => {
            match of_page(reader, url, None).map_err(AnswerError::store(&doing))? {
                Some(found) => removed(doing, found),
                None => AnswerError::NoCapture(of),
            }
        }
        Err(AnswerError::NothingToCite { url, at }) => {
            let second = TimeRange { start: at, end: at.plus(std::time::Duration::from_micros(1)) };
            match in_second(reader, &url, second).map_err(AnswerError::store(&doing))? {
                Some(found) => removed(format!("citing {url}"), found),
                None => AnswerError::NothingToCite { url, at },
            }
        }
        Err(other) => other,
    };
    Err(error)
}

/// Nothing, where a capture was not removed.
///
/// # Errors
/// When it was, or the index cannot answer.
pub fn not_removed(archive: &Archive, capture: &Capture, doing: &str) -> Result<(), AnswerError> {
    let found = of_capture(archive.reader(), capture).map_err(AnswerError::store(doing))?;
    let Some(removed) = found else { return Ok(()) };
    Err(AnswerError::removed(doing, &capture.url, removed))
}

/// The text of a page at a time and the capture that has it, as [`ChosenText::found`]; it was not removed.
///
/// # Errors
/// As that, and when the capture, or all of the page, was removed by order.
pub fn found(
    archive: &Archive,
    url: &str,
    asked: (Option<Form>, Option<Timestamp>),
    doing: &str,
) -> Result<(ChosenText, Capture), AnswerError> {
    let found = explained(archive, url, ChosenText::found(archive, url, asked, doing))?;
    not_removed(archive, &found.1, doing)?;
    Ok(found)
}
