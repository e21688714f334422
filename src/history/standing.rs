//! In which versions of a page something was, whatever that is: first, last, and since when no longer.

use std::sync::Arc;

use crate::archive::{Capture, Form};
use crate::base::{TimeRange, Timestamp};
use crate::diff::Presence;
use crate::store::StoreError;

use super::page_reader::PageReader;
use super::pages::PageCaptures;
use super::row::VersionRow;

/// A capture and the name of its file.
pub type NamedCapture = (Capture, Arc<str>);

/// Whether what is looked for is in a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearing {
    /// It does.
    Has,
    /// It does not.
    Lacks,
    /// The version is not asked about: it is as if it were not there.
    PassedOver,
}

impl Bearing {
    /// Whether it stands there.
    #[must_use]
    pub fn of(is_here: bool) -> Self {
        if is_here { Self::Has } else { Self::Lacks }
    }
}

/// Versions that follow each other and have what is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// When the first of them was captured first.
    pub from: Timestamp,
    /// When it was found missing; `None` where it was not since.
    pub until: Option<Timestamp>,
    /// How many they are.
    pub versions: u64,
}

/// When something was on one page.
#[derive(Debug, Clone)]
pub struct PhraseSpan {
    /// The page, as it was captured last.
    pub url: String,
    /// In which form it was read.
    pub form: Form,
    /// The first capture that has it.
    pub first_seen: NamedCapture,
    /// The last capture that has it.
    pub last_seen: NamedCapture,
    /// When it was first found missing for good; `None` where the newest version has it.
    pub gone_since: Option<Timestamp>,
    /// How many versions had it.
    pub versions: u64,
    /// The runs of versions that had it, oldest first; at least one.
    pub spans: Vec<Span>,
}

/// Whether a version may have what it does not show: what a wall hides is not gone, and what a redirect leads to
/// may have it.
#[must_use]
pub fn may_hide(presence: Presence) -> bool {
    matches!(presence, Presence::Cut | Presence::Walled | Presence::Moved)
}

/// Asks of a version whether it has what is looked for; the reader is there to read it with.
pub type AskVersion<'f> =
    &'f mut dyn FnMut(&VersionRow, &mut PageReader<'_>) -> Result<Bearing, StoreError>;

/// When something was on a page: in each of the forms ([`PageCaptures::forms`]) in which it was, with the
/// versions that are counted ([`PageReader::is_counted`]). Nothing where the page is not HTML. What could not be
/// read is added to `notes`. Only versions that show the article are asked about.
///
/// # Errors
/// When the index cannot answer, and any error of `ask`.
pub fn stood(
    page_reader: &mut PageReader<'_>,
    (page, asked): (&PageCaptures, Option<Form>),
    ask: AskVersion<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<PhraseSpan>, StoreError> {
    let mut found = Vec::new();
    for form in page.forms(asked) {
        found.extend(stood_in(page_reader, page, (form, asked), &mut *ask, notes)?);
    }
    Ok(found)
}

/// The same in one form; `None` where it was never there.
///
/// # Errors
/// As [`stood`].
pub fn stood_in(
    page_reader: &mut PageReader<'_>,
    page: &PageCaptures,
    (form, asked): (Form, Option<Form>),
    ask: AskVersion<'_>,
    notes: &mut Vec<String>,
) -> Result<Option<PhraseSpan>, StoreError> {
    let reader = page_reader.reader();
    let mut pages = page_reader.twin();
    let mut stood: Option<PhraseSpan> = None;
    let mut versions = page_reader.rows_of(&page.url, form, TimeRange::ALL)?;
    for version in versions.by_ref() {
        let version = version?;
        if !pages.is_counted(&version, asked)? {
            continue;
        }
        let bearing = match version.presence {
            Presence::Here | Presence::Cut => ask(&version, &mut pages)?,
            _ => Bearing::Lacks,
        };
        let is_here = match bearing {
            Bearing::PassedOver => continue,
            bearing => bearing == Bearing::Has,
        };
        if may_hide(version.presence) && !is_here {
            continue;
        }
        let from = version.first.date;
        match &mut stood {
            Some(stood) if is_here => {
                match stood.spans.last_mut() {
                    Some(span) if span.until.is_none() => span.versions += 1,
                    _ => stood.spans.push(Span { from, until: None, versions: 1 }),
                }
                let file = reader.file_name(&version.last);
                stood.last_seen = (version.last, file);
                stood.gone_since = None;
                stood.versions += 1;
            }
            Some(stood) => {
                stood.gone_since.get_or_insert(from);
                let open = stood.spans.last_mut().filter(|span| span.until.is_none());
                open.into_iter().for_each(|span| span.until = Some(from));
            }
            None if is_here => {
                let (first, last) =
                    (reader.file_name(&version.first), reader.file_name(&version.last));
                stood = Some(PhraseSpan {
                    url: page.url.clone(),
                    form,
                    first_seen: (version.first, first),
                    last_seen: (version.last, last),
                    gone_since: None,
                    versions: 1,
                    spans: vec![Span { from, until: None, versions: 1 }],
                });
            }
            None => {}
        }
    }
    notes.append(&mut versions.notes());
    Ok(stood)
}
