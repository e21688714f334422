//! Which text stands beside a capture: its own, or where it came without a text the one that an answer about the page at
//! that time is made of.

use crate::answers::chosen_text::ChosenText;
use crate::answers::page::PageJson;
use crate::answers::pictures::attachments;
use crate::answers::{AnswerError, Archive};
use crate::archive::{Capture, Form};
use crate::base::Timestamp;
use crate::extract::page::{Page, PageKind};

/// The text that is shown beside a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// The capture whose text it is.
    pub capture: Capture,
    /// Which text of the page it is, where it is not that of the page as it was sent.
    pub chosen: Option<ChosenText>,
    /// The form in which there is another text beside the same capture.
    pub other: Option<Form>,
    /// The capture as it was sent that a rendering was made from, where the text is a rendering and the archive has it.
    pub made_from: Option<Capture>,
    /// When the picture of the page was made, where there is one.
    pub picture: Option<Timestamp>,
}

impl Beside {
    /// The text beside `capture`, in a form, or without one in the form that has it. `at` is the time that was asked for;
    /// none for the newest capture.
    ///
    /// # Errors
    /// When there is no text in that form, or the index cannot answer.
    pub fn of(
        archive: &Archive,
        capture: &Capture,
        (form, at): (Option<Form>, Option<Timestamp>),
        doing: &str,
    ) -> Result<Self, AnswerError> {
        let mut beside = match (capture.form(), form) {
            (Some(Form::Rendered), Some(Form::Plain)) => Self::sent(archive, capture, doing)?,
            (Some(Form::Plain), None) if !is_shell(archive, capture) => Self::own(capture),
            (Some(Form::Plain), None | Some(Form::Rendered)) => {
                Self::chosen(archive, capture, (form, at), doing)?
            }
            _ => Self::own(capture),
        };
        if beside.capture.form() == Some(Form::Rendered) {
            let made_from = archive.reader().rendered_from(&beside.capture);
            beside.made_from = made_from.map_err(AnswerError::store(doing))?;
        }
        let pictures = attachments(archive, &beside.capture, doing)?;
        let view = pictures.into_iter().find(|one| one.kind == "view");
        beside.picture = view.map(|view| view.capture.date);
        beside.other = beside.other_form(archive, capture, doing)?;
        Ok(beside)
    }

    /// The text of the capture itself.
    fn own(capture: &Capture) -> Self {
        let (chosen, other, made_from, picture) = (None, None, None, None);
        Self { capture: capture.clone(), chosen, other, made_from, picture }
    }

    /// The text of the capture that a rendering was made from.
    fn sent(archive: &Archive, rendering: &Capture, doing: &str) -> Result<Self, AnswerError> {
        let sent = archive.reader().rendered_from(rendering).map_err(AnswerError::store(doing))?;
        let none = || AnswerError::NoCapture(format!("{} as it was sent", rendering.url));
        Ok(Self::own(&sent.ok_or_else(none)?))
    }

    /// The text that an answer about the page is made of. The rendering of the capture comes before one that is nearer.
    fn chosen(
        archive: &Archive,
        capture: &Capture,
        (form, at): (Option<Form>, Option<Timestamp>),
        doing: &str,
    ) -> Result<Self, AnswerError> {
        let at = at.map(|_| capture.date);
        let chosen = ChosenText::of(&mut archive.page_reader(), &capture.url, (form, at), doing)?;
        let made = match chosen.is_rendering() {
            true => archive.reader().rendering_of(capture).map_err(AnswerError::store(doing))?,
            false => None,
        };
        let text_of = match made {
            Some(made) => made,
            None if chosen.note().is_none() => capture.clone(),
            None => chosen.capture(archive, at, doing)?,
        };
        Ok(Self { chosen: Some(chosen), ..Self::own(&text_of) })
    }

    /// The form of the other text: as it was sent, where another one is shown, and else its rendering.
    fn other_form(
        &self,
        archive: &Archive,
        capture: &Capture,
        doing: &str,
    ) -> Result<Option<Form>, AnswerError> {
        let is_alternate = self.chosen.as_ref().is_some_and(|chosen| chosen.alternate.is_some());
        if is_alternate || self.made_from.is_some() {
            return Ok(Some(Form::Plain));
        }
        if self.capture.form() != Some(Form::Plain) {
            // Without the capture that it was made from there is only a rendering.
            let is_beside = capture.form() == Some(Form::Plain);
            return Ok(is_beside.then_some(Form::Plain));
        }
        if archive
            .reader()
            .rendering_of(&self.capture)
            .map_err(AnswerError::store(doing))?
            .is_some()
        {
            return Ok(Some(Form::Rendered));
        }
        if !is_shell(archive, &self.capture) {
            return Ok(None);
        }
        let asked = (None, Some(self.capture.date));
        let usual = ChosenText::of(&mut archive.page_reader(), &self.capture.url, asked, doing)?;
        Ok(usual.is_rendering().then_some(Form::Rendered))
    }

    /// What it says, in JSON. `url` is the address that was asked for.
    #[must_use]
    pub fn json(&self, page: &Page, url: &str) -> PageJson {
        match &self.chosen {
            Some(chosen) => PageJson::of_chosen(page, chosen, self.capture.date),
            None => PageJson {
                rendering: self.is_rendering(),
                ..PageJson::of_capture(page, url, self.capture.date)
            },
        }
    }

    /// Whether it is a text as rendered by a browser.
    #[must_use]
    pub fn is_rendering(&self) -> bool {
        self.capture.form() == Some(Form::Rendered)
    }

    /// The note beside it; `None` where it is that of the page as it was sent.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        match &self.chosen {
            Some(chosen) => chosen.note(),
            None => {
                self.is_rendering().then(|| "this is the page as rendered by a browser".to_owned())
            }
        }
    }
}

/// Whether a page was sent without its text. One that cannot be read is none: its own page says why.
fn is_shell(archive: &Archive, capture: &Capture) -> bool {
    matches!(capture.status, None | Some(200 | 304))
        && archive.page_reader().read(capture).is_ok_and(|said| said.page.kind == PageKind::Shell)
}
