//! Determines which months of which table have to be written again.
//!
//! A capture belongs to its month. A version belongs to the month of its first capture, and so do its content and
//! changes. A new capture may begin a version or end one sooner, which affects the months of the page's captures
//! from it on; or it continues the version before it, which then was seen for longer: that affects only the table of
//! versions. The target of a redirect may be captured after it, and makes the redirect another version.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::Capture;
use crate::base::TimeRange;
use crate::history::PageReader;

use super::walk::{Marks, Visit, Walked, is_new, versions, walk};
use super::{Month, Table, TablesError};

/// The tables with the content of versions.
const OF_VERSIONS: [Table; 4] =
    [Table::Versions, Table::Changes, Table::Quotations, Table::Figures];

/// The months of each table that have to be written again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Touched(pub BTreeMap<Table, BTreeSet<Month>>);

impl Touched {
    /// Adds a month of a table.
    pub fn add(&mut self, table: Table, month: Month) {
        self.0.entry(table).or_default().insert(month);
    }

    /// Whether a month of a table is among them.
    pub fn has(&self, table: Table, month: Month) -> bool {
        self.0.get(&table).is_some_and(|months| months.contains(&month))
    }

    /// The months of any table.
    pub fn months(&self) -> BTreeSet<Month> {
        self.0.values().flatten().copied().collect()
    }

    /// The same, limited to these months.
    pub fn within(&self, months: &BTreeSet<Month>) -> Self {
        let inside = |of: &BTreeSet<Month>| of.intersection(months).copied().collect();
        Self(self.0.iter().map(|(table, of)| (*table, inside(of))).collect())
    }
}

/// The months that captures beyond the marks affect. `progress` is called with the number of pages visited.
///
/// # Errors
/// When the index cannot answer.
pub(super) fn touched(
    page_reader: &mut PageReader<'_>,
    marks: &Marks,
    progress: &mut dyn FnMut(u64),
) -> Result<Touched, TablesError> {
    let reader = page_reader.reader();
    let (found, notes) = (Touched::default(), BTreeSet::new());
    let mut finding = Finding { page_reader, marks, found, notes, pages: 0, progress };
    walk(reader, marks, &mut finding)?;
    Ok(finding.found)
}

struct Finding<'f, 'a> {
    page_reader: &'f mut PageReader<'a>,
    marks: &'f Marks,
    found: Touched,
    /// Captures that cannot be read; the pass that reads pages reports them.
    notes: BTreeSet<String>,
    pages: u64,
    progress: &'f mut dyn FnMut(u64),
}

impl Finding<'_, '_> {
    /// The months from one on, of all that versions are in.
    fn add_from(&mut self, page: &Walked, from: Month) {
        for month in page.months.range(from..) {
            for table in OF_VERSIONS {
                self.found.add(table, *month);
            }
        }
    }
}

impl Visit for Finding<'_, '_> {
    fn capture(&mut self, capture: &Capture) -> Result<(), TablesError> {
        if is_new(self.marks, capture) {
            self.found.add(Table::Captures, Month::of(capture.date));
        }
        Ok(())
    }

    fn page(&mut self, page: &Walked) -> Result<(), TablesError> {
        self.pages += 1;
        (self.progress)(self.pages);
        if !page.page.is_html {
            return Ok(());
        }
        // A page that is HTML only now had no versions in the tables.
        let is_known = page.was_html;
        let from = match page.earliest_new {
            Some(_) if !is_known => Some(TimeRange::ALL.start),
            new => new,
        };
        if let Some(from) = from {
            self.add_from(page, Month::of(from));
        }
        // Without earlier versions, or without new captures and redirects, nothing else is affected.
        if !is_known || (from.is_none() && !page.redirects) {
            return Ok(());
        }
        // The last version of each form before the new captures.
        let (mut before, mut leads_elsewhere) = (BTreeMap::new(), false);
        let marks = self.marks;
        versions(self.page_reader, &page.page, &mut self.notes, &mut |row| {
            if from.is_some_and(|from| row.first.date < from) {
                before.insert(row.first.form(), Month::of(row.first.date));
            }
            leads_elsewhere |= row.landing.as_ref().is_some_and(|landing| is_new(marks, landing));
            Ok(())
        })?;
        for month in before.into_values() {
            self.found.add(Table::Versions, month);
        }
        if leads_elsewhere && let Some(first) = page.months.first() {
            self.add_from(page, *first);
        }
        Ok(())
    }
}
