//! The captures and pages of an archive in one pass over the index, in the order of urlkeys.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::{Capture, Form, Query};
use crate::base::{TimeRange, Timestamp};
use crate::history::pages::{PageCaptures, is_html};
use crate::history::{PageReader, VersionRow};
use crate::store::Reader;

use super::{Month, TablesError};

/// The offset up to which the tables had the captures of each WARC file.
pub(super) type Marks = BTreeMap<String, u64>;

/// Whether a capture is missing in the tables, by their marks.
pub(super) fn is_new(marks: &Marks, capture: &Capture) -> bool {
    marks.get(&*capture.file).is_none_or(|mark| capture.offset >= *mark)
}

/// A page whose captures have all been visited.
pub(super) struct Walked {
    /// Its captures in the index.
    pub page: PageCaptures,
    /// The months of its captures.
    pub months: BTreeSet<Month>,
    /// The earliest of its captures that is missing in the tables.
    pub earliest_new: Option<Timestamp>,
    /// Whether any capture in the tables is an HTML document.
    pub was_html: bool,
    /// Whether any capture is a redirect: its target may have been captured since.
    pub redirects: bool,
}

/// A visitor of the archive.
pub(super) trait Visit {
    /// Visits the next capture.
    ///
    /// # Errors
    /// An error that ends the pass.
    fn capture(&mut self, capture: &Capture) -> Result<(), TablesError>;

    /// The page whose captures were the last ones.
    ///
    /// # Errors
    /// An error that ends the pass.
    fn page(&mut self, page: &Walked) -> Result<(), TablesError>;
}

/// Visits every capture, and after the captures of a page the page.
///
/// # Errors
/// When the index cannot answer, and errors of the visitor.
pub(super) fn walk(
    reader: &Reader,
    marks: &Marks,
    visit: &mut dyn Visit,
) -> Result<(), TablesError> {
    let mut current: Option<Walked> = None;
    for capture in reader.query(&Query::everything()) {
        let capture = capture?;
        let is_same = current.as_ref().is_some_and(|of| of.page.urlkey == capture.urlkey);
        if !is_same && let Some(ended) = current.take() {
            visit.page(&ended)?;
        }
        visit.capture(&capture)?;
        // A report of a failure is not a capture of the page, and neither is a derived record.
        let Some(form) = capture.form() else { continue };
        let of = match &mut current {
            Some(of) => {
                of.page.add(reader, &capture);
                of
            }
            // A page exists before it is rendered.
            None if form == Form::Rendered => continue,
            None => current.insert(Walked {
                page: PageCaptures::first(reader, &capture),
                months: BTreeSet::new(),
                earliest_new: None,
                was_html: false,
                redirects: false,
            }),
        };
        of.months.insert(Month::of(capture.date));
        of.redirects |= matches!(capture.status, Some(301 | 302 | 303 | 307 | 308));
        if is_new(marks, &capture) {
            let earliest = of.earliest_new.map_or(capture.date, |at| at.min(capture.date));
            of.earliest_new = Some(earliest);
        } else {
            of.was_html = of.was_html || is_html(reader, &capture);
        }
    }
    current.as_ref().map_or(Ok(()), |ended| visit.page(ended))
}

/// Visits each version of a page that is counted ([`PageReader::is_counted`]): those of the page as it was sent, oldest
/// first, and then those of its renderings. Notes on captures that cannot be read go into `notes`.
///
/// # Errors
/// When the index cannot answer, and errors of `on_version`.
pub(super) fn versions(
    page_reader: &mut PageReader<'_>,
    page: &PageCaptures,
    notes: &mut BTreeSet<String>,
    on_version: &mut dyn FnMut(&VersionRow) -> Result<(), TablesError>,
) -> Result<(), TablesError> {
    for form in page.forms(None) {
        versions_in(page_reader, page, form, notes, on_version)?;
    }
    Ok(())
}

fn versions_in(
    page_reader: &mut PageReader<'_>,
    page: &PageCaptures,
    form: Form,
    notes: &mut BTreeSet<String>,
    on_version: &mut dyn FnMut(&VersionRow) -> Result<(), TablesError>,
) -> Result<(), TablesError> {
    let mut pages = page_reader.twin();
    let mut counted = |row: &VersionRow| match pages.is_counted(row, None)? {
        true => on_version(row),
        false => Ok(()),
    };
    if page.changed_forms().any(|changed| changed == form) {
        let mut rows = page_reader.rows_of(&page.url, form, TimeRange::ALL)?;
        for row in rows.by_ref() {
            counted(&row?)?;
        }
        notes.extend(rows.notes());
        return Ok(());
    }
    // No state is stored for a page that never changes: its one version is found as quickly.
    let mut versions = page_reader.versions_of(&page.url, form, TimeRange::ALL);
    for version in versions.by_ref() {
        counted(&VersionRow::from(&version?))?;
    }
    notes.extend(std::mem::take(&mut versions.notes));
    Ok(())
}
