//! The versions of a page and what changed between them.

use serde::Serialize;

use crate::base::TimeRange;
use crate::history::{PageReader, Rows, VersionJson, VersionRow};

use super::AnswerError;

/// Which versions are asked for.
#[derive(Debug, Clone)]
pub struct HistoryRequest {
    /// The page.
    pub url: String,
    /// Captures outside of it are passed over; [`TimeRange::ALL`] passes over none, and is answered from
    /// what is kept.
    pub period: TimeRange,
}

/// The versions of a page, oldest first.
#[derive(Debug)]
pub struct History<'s, 'a> {
    url: String,
    rows: Rows<'s, 'a>,
    count: u64,
}

/// The whole answer as one value; `history --format json` prints it version by version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryJson {
    /// The page.
    pub url: String,
    /// Its versions, oldest first.
    pub versions: Vec<VersionJson>,
}

/// The versions of a page, oldest first.
///
/// # Errors
/// When the index cannot answer; [`History::end`] tells whether there was any.
pub fn history<'s, 'a>(
    page_reader: &'s mut PageReader<'a>,
    request: &HistoryRequest,
) -> Result<History<'s, 'a>, AnswerError> {
    let url = request.url.clone();
    let rows = page_reader.rows(&url, request.period).map_err(AnswerError::store(&doing(&url)))?;
    Ok(History { url, rows, count: 0 })
}

fn doing(url: &str) -> String {
    format!("reading the history of {url}")
}

impl History<'_, '_> {
    /// The captures that had to be left out, as text, as far as the versions were read.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.rows.notes()
    }

    /// To be asked when the last version was given out: whether a capture was left out.
    ///
    /// # Errors
    /// When there was no version: no capture, or none that can be read.
    pub fn end(mut self) -> Result<bool, AnswerError> {
        match self.rows.take_unread() {
            // Damage is a finding where there is something to tell beside it.
            Some(_) if self.count > 0 => Ok(true),
            Some((_, why)) => Err(AnswerError::Store { doing: doing(&self.url), why }),
            None if self.count > 0 => Ok(false),
            None => Err(AnswerError::NoCapture(self.url)),
        }
    }
}

impl Iterator for History<'_, '_> {
    type Item = Result<VersionRow, AnswerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        self.count += 1;
        Some(row.map_err(AnswerError::store(&doing(&self.url))))
    }
}

impl HistoryJson {
    /// The object without its versions, in two pieces: what goes before the first, and what after the last.
    #[must_use]
    pub fn frame(url: &str) -> (String, &'static str) {
        let empty = Self { url: url.to_owned(), versions: Vec::new() };
        // A text and a list cannot fail to be written.
        let mut text = serde_json::to_string(&empty).unwrap_or_default();
        text.truncate(text.len().saturating_sub(END.len()));
        (text, END)
    }
}

const END: &str = "]}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_make_the_whole_object() {
        let url = "http://a.example/\"x\"";
        let (begin, end) = HistoryJson::frame(url);
        let whole = HistoryJson { url: url.to_owned(), versions: Vec::new() };
        assert_eq!(format!("{begin}{end}"), serde_json::to_string(&whole).unwrap());
        assert!(begin.ends_with("\"versions\":["), "{begin}");
    }
}
