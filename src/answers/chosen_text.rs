//! Which text of a page an answer is about: that of the page as it was sent, that which its scripts made, or that of
//! another form of it. The three are never mixed in one answer, and each answer says which one it is about.

use crate::archive::{Capture, Form};
use crate::base::Timestamp;
use crate::extract::alternate::AlternateKind;
use crate::history::PageReader;
use crate::history::forms::TextAt;
use crate::history::landing::says_gone;

use super::{AnswerError, Archive};

/// The text that an answer is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenText {
    /// The address that was asked for.
    pub url: String,
    /// In which form its captures have it.
    pub form: Form,
    /// The address that has it instead, and what that is to the page.
    pub alternate: Option<(String, AlternateKind)>,
    /// Whether this form is the default, and was not asked for.
    is_usual: bool,
}

impl ChosenText {
    /// The text of a page in a form; without one, where its text is at a time (without a time, now).
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn of(
        page_reader: &mut PageReader<'_>,
        url: &str,
        (asked, at): (Option<Form>, Option<Timestamp>),
        doing: &str,
    ) -> Result<Self, AnswerError> {
        let url = url.to_owned();
        if let Some(form) = asked {
            return Ok(Self { url, form, alternate: None, is_usual: false });
        }
        let at = page_reader.text_at(&url, at).map_err(AnswerError::store(doing))?;
        let (form, alternate) = match at {
            TextAt::Sent => (Form::Plain, None),
            TextAt::Rendered => (Form::Rendered, None),
            TextAt::Alternate(found) => (Form::Plain, Some((found.url, found.kind))),
        };
        Ok(Self { url, form, alternate, is_usual: true })
    }

    /// The text of a page at a time as [`Self::of`], and the capture that has it as [`Self::capture`]. Where the page is gone
    /// at that time and no form was asked for, that is the answer of the server which says so.
    ///
    /// # Errors
    /// When there is none, or the index cannot answer.
    pub fn found(
        archive: &Archive,
        url: &str,
        (asked, at): (Option<Form>, Option<Timestamp>),
        doing: &str,
    ) -> Result<(Self, Capture), AnswerError> {
        let mut chosen = Self::of(&mut archive.page_reader(), url, (asked, at), doing)?;
        if asked.is_none() && chosen.is_rendering() {
            let sent = archive.find(url, at, doing)?;
            if says_gone(&sent) {
                chosen.form = Form::Plain;
                return Ok((chosen, sent));
            }
        }
        let capture = chosen.capture(archive, at, doing)?;
        Ok((chosen, capture))
    }

    /// The address whose captures have it.
    #[must_use]
    pub fn address(&self) -> &str {
        self.alternate.as_ref().map_or(&self.url, |(url, _)| url)
    }

    /// Whether it is what a browser made of the page.
    #[must_use]
    pub fn is_rendering(&self) -> bool {
        self.form == Form::Rendered
    }

    /// The address that has it instead, where it is another form of the page.
    #[must_use]
    pub fn text_at(&self) -> Option<String> {
        self.alternate.as_ref().map(|(url, _)| url.clone())
    }

    /// The note beside an answer that is about something other than what was sent; `None` where it is about that.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let sent = match self.is_usual {
            true => "the page was sent without its text; ",
            false => "",
        };
        match (&self.alternate, self.form) {
            (Some((url, kind)), _) => {
                Some(format!("{sent}this is its {} version, {url}", kind.label()))
            }
            (None, Form::Rendered) => {
                Some(format!("{sent}this is the page as rendered by a browser"))
            }
            (None, Form::Plain) => None,
        }
    }

    /// The capture that is closest to `at`; the newest without it.
    ///
    /// # Errors
    /// When there is none, or the index cannot answer.
    pub fn capture(
        &self,
        archive: &Archive,
        at: Option<Timestamp>,
        doing: &str,
    ) -> Result<Capture, AnswerError> {
        let url = self.address();
        if self.form == Form::Plain {
            return archive.find(url, at, doing);
        }
        let found = archive.reader().find_form(url, self.form, at);
        let found = found.map_err(AnswerError::store(doing))?;
        found.ok_or_else(|| AnswerError::NoCapture(format!("a rendering of {url}")))
    }
}

#[cfg(test)]
mod tests;
