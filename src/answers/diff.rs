//! Two versions of a page, or any two pages, compared.

use std::sync::Arc;

use serde::Serialize;

use crate::archive::{Capture, Form};
use crate::base::Timestamp;
use crate::diff::json::{JsonComparison, comparison};
use crate::diff::{CompareOptions, Comparison, Side, compare_captures};
use crate::extract::page::Page;
use crate::history::absence::{Absence, AbsenceJson, LastTwo, Neighbours, last_two};
use crate::history::{CaptureJson, CapturedPage};

use super::chosen_text::ChosenText;
use super::explained::{explained, not_removed};
use super::{AnswerError, Archive};

/// One side of a comparison.
#[derive(Debug, Clone)]
pub struct DiffSide {
    /// What it says.
    pub page: Arc<Page>,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    File(String),
    Capture { chosen: Box<ChosenText>, said: Box<CapturedPage> },
}

/// When the article was not available, and what stood there.
#[derive(Debug, Clone, Default)]
pub struct Away {
    /// Between the two versions.
    pub between: Vec<Absence>,
    /// After them.
    pub since: Vec<Absence>,
    /// A capture before both that could not be read, as text.
    pub note: Option<String>,
}

/// Two sides and what changed from one to the other.
#[derive(Debug, Clone)]
pub struct Diff {
    /// The old side.
    pub old: DiffSide,
    /// The new side.
    pub new: DiffSide,
    /// What to call the old side: its time, or the name of its file.
    pub old_label: String,
    /// What to call the new side.
    pub new_label: String,
    /// What stood there between and after the two, where they are the last two versions of a page.
    pub away: Away,
    /// What changed.
    pub comparison: Comparison,
}

/// A comparison in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffJson {
    /// The address; left out where the new side is a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The file, where no address stands for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Whether both sides are of the page as scripts made it; left out where they are not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
    /// The address of another form of the page that the sides are of; left out where they are its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_at: Option<String>,
    /// The old side.
    pub from: SideJson,
    /// The new side.
    pub to: SideJson,
    /// When the article was not available between the two and after them, and what stood there; left out where
    /// there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub away: Vec<AbsenceJson>,
    /// What changed.
    #[serde(flatten)]
    pub comparison: JsonComparison,
}

/// A side in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SideJson {
    /// A capture.
    Capture(Box<CaptureJson>),
    /// A local file.
    File {
        /// Its name as it was given.
        file: String,
    },
}

impl DiffSide {
    /// A local file that was read.
    #[must_use]
    pub fn of_file(name: &str, page: Page) -> Self {
        Self { page: Arc::new(page), source: Source::File(name.to_owned()) }
    }

    fn of_capture(chosen: &ChosenText, said: CapturedPage) -> Self {
        let (page, chosen) = (Arc::clone(&said.page), Box::new(chosen.clone()));
        Self { page, source: Source::Capture { chosen, said: Box::new(said) } }
    }

    /// Which text of the page it is; `None` for a file.
    #[must_use]
    pub fn chosen_text(&self) -> Option<&ChosenText> {
        match &self.source {
            Source::Capture { chosen, .. } => Some(chosen),
            Source::File(_) => None,
        }
    }

    fn said(&self) -> Option<&CapturedPage> {
        match &self.source {
            Source::Capture { said, .. } => Some(said),
            Source::File(_) => None,
        }
    }

    /// The address that was asked for; `None` for a file.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match &self.source {
            Source::Capture { chosen, .. } => Some(&chosen.url),
            Source::File(_) => None,
        }
    }

    /// The capture; none for a file.
    #[must_use]
    pub fn capture(&self) -> Option<&Capture> {
        self.said().map(|said| &said.entry)
    }

    /// When it was captured; none for a file.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        self.said().map(|said| said.entry.date)
    }

    fn label(&self, time: fn(Timestamp) -> String) -> String {
        match &self.source {
            Source::Capture { said, .. } => time(said.entry.date),
            Source::File(name) => name.clone(),
        }
    }

    fn side(&self) -> Side<'_> {
        self.said().map_or_else(|| Side::of(&self.page), CapturedPage::side)
    }

    fn json(&self) -> SideJson {
        match &self.source {
            Source::Capture { said, .. } => {
                SideJson::Capture(Box::new(CaptureJson::from(&said.entry)))
            }
            Source::File(name) => SideJson::File { file: name.clone() },
        }
    }
}

/// The capture of `url` that is closest to `at`, the newest without it, as a side; in a form, or without one where
/// the page has its text.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn side(
    archive: &Archive,
    url: &str,
    form: Option<Form>,
    at: Option<Timestamp>,
) -> Result<DiffSide, AnswerError> {
    explained(archive, url, read_side(archive, url, form, at))
}

fn read_side(
    archive: &Archive,
    url: &str,
    form: Option<Form>,
    at: Option<Timestamp>,
) -> Result<DiffSide, AnswerError> {
    let doing = format!("reading {url}");
    let chosen = ChosenText::of(&mut archive.page_reader(), url, (form, None), &doing)?;
    let entry = chosen.capture(archive, at, &doing)?;
    not_removed(archive, &entry, &doing)?;
    archive.is_sound(&entry, &doing)?;
    let said = archive.page_reader().follow(&entry).map_err(AnswerError::store(&doing))?;
    Ok(DiffSide::of_capture(&chosen, said))
}

/// The first capture of `url` as a side.
///
/// # Errors
/// As [`side`].
pub fn first_side(
    archive: &Archive,
    url: &str,
    form: Option<Form>,
) -> Result<DiffSide, AnswerError> {
    side(archive, url, form, Some(Timestamp::from_unix_seconds(0)))
}

/// The last two versions of `url` that had the article, compared; in a form, or without one where the page has its
/// text.
///
/// # Errors
/// When there are not two, or one that may be of them cannot be read.
pub fn of_last_two(archive: &Archive, url: &str, form: Option<Form>) -> Result<Diff, AnswerError> {
    let doing = format!("reading the history of {url}");
    let mut page_reader = archive.page_reader();
    let chosen = ChosenText::of(&mut page_reader, url, (form, None), &doing)?;
    let found = last_two(&mut page_reader, chosen.address(), chosen.form);
    let found = found.map_err(AnswerError::store(&doing))?;
    match found {
        LastTwo::Neighbours(found) => {
            let Neighbours { old, new, between, since, note } = *found;
            archive.is_sound(&old.entry, &doing)?;
            archive.is_sound(&new.entry, &doing)?;
            let old = DiffSide::of_capture(&chosen, old);
            let new = DiffSide::of_capture(&chosen, new);
            Ok(Diff { away: Away { between, since, note }, ..compare(old, new) })
        }
        LastTwo::One(captures) => Err(AnswerError::OneVersion { url: url.to_owned(), captures }),
        LastTwo::None => explained(archive, url, Err(AnswerError::NoCapture(url.to_owned()))),
    }
}

/// Two sides compared.
#[must_use]
pub fn compare(old: DiffSide, new: DiffSide) -> Diff {
    let mut labels = [&old, &new].map(|side| side.label(Timestamp::to_rfc3339));
    let both_are_captures = old.said().is_some() && new.said().is_some();
    if both_are_captures && labels[0] == labels[1] {
        // Captures of one second are distinguished by its fractions.
        labels = [&old, &new].map(|side| side.label(Timestamp::to_warc_date));
    }
    let [old_label, new_label] = labels;
    let options = CompareOptions::default();
    let comparison = compare_captures(&old.side(), &new.side(), &[], &options);
    Diff { old, new, old_label, new_label, away: Away::default(), comparison }
}

impl Diff {
    /// The answer in JSON.
    #[must_use]
    pub fn json(&self) -> DiffJson {
        let url = self.new.url().map(str::to_owned);
        let chosen = self.new.chosen_text();
        let away = self.away.between.iter().chain(&self.away.since);
        DiffJson {
            file: url.is_none().then(|| self.new_label.clone()),
            url,
            rendering: chosen.is_some_and(ChosenText::is_rendering),
            text_at: chosen.and_then(|chosen| Some(chosen.alternate.as_ref()?.0.clone())),
            from: self.old.json(),
            to: self.new.json(),
            away: away.map(AbsenceJson::from).collect(),
            comparison: comparison(&self.comparison, &self.old.page, &self.new.page),
        }
    }
}
