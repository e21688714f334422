//! The versions of a page and what changed between them.

use serde::Serialize;

use crate::archive::Form;
use crate::base::TimeRange;
use crate::history::{PageReader, Rows, VersionJson, VersionRow};

use super::AnswerError;
use super::chosen_text::ChosenText;

/// Which versions are asked for.
#[derive(Debug, Clone)]
pub struct HistoryRequest {
    /// The page.
    pub url: String,
    /// Captures outside of it are passed over; [`TimeRange::ALL`] passes over none, and is answered from
    /// what is kept.
    pub period: TimeRange,
    /// In which form; without it, where the page has its text.
    pub form: Option<Form>,
}

impl HistoryRequest {
    /// The whole history of a page, where it has its text.
    #[must_use]
    pub fn whole(url: &str) -> Self {
        Self { url: url.to_owned(), period: TimeRange::ALL, form: None }
    }
}

/// The versions of a page, oldest first.
#[derive(Debug)]
pub struct History<'s, 'a> {
    chosen: ChosenText,
    rows: Rows<'s, 'a>,
    count: u64,
}

/// The whole answer as one value; `history --format json` prints it version by version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryJson {
    /// The page.
    pub url: String,
    /// Whether the versions are of the page as scripts made it; left out where they are not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
    /// The address of another form of the page that these versions are of; left out where they are its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_at: Option<String>,
    /// Its versions, oldest first.
    pub versions: Vec<VersionJson>,
}

/// The versions of a page, oldest first.
///
/// # Errors
/// When the index cannot answer; [`History::end`] says whether there was any.
pub fn history<'s, 'a>(
    page_reader: &'s mut PageReader<'a>,
    request: &HistoryRequest,
) -> Result<History<'s, 'a>, AnswerError> {
    let doing = doing(&request.url);
    let chosen = ChosenText::of(page_reader, &request.url, (request.form, None), &doing)?;
    let rows = page_reader.rows_of(chosen.address(), chosen.form, request.period);
    Ok(History { rows: rows.map_err(AnswerError::store(&doing))?, chosen, count: 0 })
}

fn doing(url: &str) -> String {
    format!("reading the history of {url}")
}

impl History<'_, '_> {
    /// Which text of the page it is about.
    #[must_use]
    pub fn chosen_text(&self) -> &ChosenText {
        &self.chosen
    }

    /// The captures that had to be left out, as text, as far as the versions were read.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.rows.notes()
    }

    /// Whether a capture was left out; to be called after the last version.
    ///
    /// # Errors
    /// When there was no version: no capture, or none that can be read.
    pub fn end(mut self) -> Result<bool, AnswerError> {
        match self.rows.take_unread() {
            // Damage is only a finding where there are versions to report beside it.
            Some(_) if self.count > 0 => Ok(true),
            Some((_, why)) => Err(AnswerError::Store { doing: doing(&self.chosen.url), why }),
            None if self.count > 0 => Ok(false),
            None => Err(AnswerError::NoCapture(self.chosen.url)),
        }
    }
}

impl Iterator for History<'_, '_> {
    type Item = Result<VersionRow, AnswerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        self.count += 1;
        Some(row.map_err(AnswerError::store(&doing(&self.chosen.url))))
    }
}

impl HistoryJson {
    /// The object without its versions, in two pieces: what goes before the first, and what after the last.
    #[must_use]
    pub fn frame(chosen: &ChosenText) -> (String, &'static str) {
        let empty = Self {
            url: chosen.url.clone(),
            rendering: chosen.is_rendering(),
            text_at: chosen.alternate.as_ref().map(|(url, _)| url.clone()),
            versions: Vec::new(),
        };
        // Serializing a text and a list cannot fail.
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
        let archive = crate::history::testing::Archive::new();
        let reader = archive.reader();
        let mut page_reader = PageReader::new(&reader);
        let chosen =
            ChosenText::of(&mut page_reader, url, (Some(Form::Rendered), None), "").unwrap();
        let (begin, end) = HistoryJson::frame(&chosen);
        let (rendering, text_at) = (true, None);
        let whole = HistoryJson { url: url.to_owned(), rendering, text_at, versions: Vec::new() };
        assert_eq!(format!("{begin}{end}"), serde_json::to_string(&whole).unwrap());
        assert!(begin.ends_with("\"versions\":["), "{begin}");
    }
}
