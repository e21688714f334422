//! Which text of a page an answer is about: that of the page as it was sent, that which its scripts made, or that of
//! another form of it. The three are never mixed in one answer, and each answer says which one it is about.

use crate::archive::{Capture, Form};
use crate::base::Timestamp;
use crate::extract::alternate::AlternateKind;
use crate::history::PageReader;
use crate::history::forms::TextAt;
use crate::history::landing::says_gone;
use crate::store::{Reader, StoreError};

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
    /// The capture that should have been rendered and was not, where the text is that of renderings.
    unrendered: Option<Unrendered>,
}

/// A capture that was not rendered, and the rendering of another one that stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unrendered {
    /// When it was made.
    sent: Timestamp,
    status: Option<u16>,
    /// When the rendering was made.
    rendering: Timestamp,
    /// Whether it is the newest capture, and not the one closest to a time.
    is_newest: bool,
}

/// At most this many captures are searched for the one that should have been rendered.
const LOOK_BACK_MAX: usize = 32;

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
        let found = match asked {
            Some(Form::Plain) => TextAt::Sent,
            Some(Form::Rendered) => TextAt::Rendered,
            None => page_reader.text_at(&url, at).map_err(AnswerError::store(doing))?,
        };
        let (form, alternate) = match found {
            TextAt::Sent => (Form::Plain, None),
            TextAt::Rendered => (Form::Rendered, None),
            TextAt::Alternate(found) => (Form::Plain, Some((found.url, found.kind))),
        };
        let unrendered = match form {
            Form::Plain => None,
            Form::Rendered => {
                Unrendered::of(page_reader.reader(), &url, at).map_err(AnswerError::store(doing))?
            }
        };
        Ok(Self { url, form, alternate, is_usual: asked.is_none(), unrendered })
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
                (chosen.form, chosen.unrendered) = (Form::Plain, None);
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
                let unrendered = self.unrendered.as_ref().map(Unrendered::note).unwrap_or_default();
                Some(format!("{sent}this is the page as rendered by a browser{unrendered}"))
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

impl Unrendered {
    /// The capture of a page closest to `at` (the newest without it) where it was not rendered, and the rendering that
    /// stands in; `None` where it was, and where the page was never rendered.
    ///
    /// # Errors
    /// When the index cannot answer.
    fn of(reader: &Reader, url: &str, at: Option<Timestamp>) -> Result<Option<Self>, StoreError> {
        let Some(sent) = sent_at(reader, url, at)? else { return Ok(None) };
        if reader.rendering_of(&sent)?.is_some() {
            return Ok(None);
        }
        let rendering = reader.find_form(url, Form::Rendered, at)?;
        Ok(rendering.map(|rendering| Self {
            sent: sent.date,
            status: sent.status,
            rendering: rendering.date,
            is_newest: at.is_none(),
        }))
    }

    /// What is said of it after the note on a rendering.
    fn note(&self) -> String {
        let (sent, rendering) = (self.sent.to_rfc3339(), self.rendering.to_rfc3339());
        let status = match self.status {
            Some(status @ 400..) => format!("was answered with status {status} and not rendered"),
            _ => "was not rendered".to_owned(),
        };
        match self.is_newest {
            true => {
                format!(
                    "; the newest capture, of {sent}, {status}; the newest rendering is of {rendering}"
                )
            }
            false => {
                format!("; the capture of {sent} {status}; the closest rendering is of {rendering}")
            }
        }
    }
}

/// The capture of a page as it was sent that is closest to `at`, the newest without it. A redirect is passed over: it may be
/// one of the page to itself, with another scheme.
///
/// # Errors
/// When the index cannot answer.
fn sent_at(
    reader: &Reader,
    url: &str,
    at: Option<Timestamp>,
) -> Result<Option<Capture>, StoreError> {
    for entry in reader.by_distance(url, at).take(LOOK_BACK_MAX) {
        let entry = entry.map_err(|why| StoreError::of_index("asking", why))?;
        let is_redirect = matches!(entry.status, Some(300..=303 | 305..=399));
        if entry.form() == Some(Form::Plain) && !is_redirect {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
