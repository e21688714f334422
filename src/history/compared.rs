//! Comparisons that were made before, taken from the kept rows of a page while its captures are folded again
//! for a period: neighbours are compared there as they are in the whole history, but for what returns.

use crate::archive::Capture;
use crate::diff::{ChangeKind, Presence};
use crate::readings::{Delta, StoredRows};

use super::fold::Place;
use super::progress::row_of;
use super::row::VersionRow;

/// The kept comparisons of a page, oldest first.
#[derive(Debug)]
pub(super) struct Compared {
    rows: StoredRows,
    before: Option<VersionRow>,
    next: Option<VersionRow>,
}

/// Whether a version is an article that is at its own address.
fn is_plain(row: &VersionRow) -> bool {
    row.presence == Presence::Here && row.leads_to.is_none()
}

impl Compared {
    pub(super) fn of(rows: StoredRows) -> Self {
        Self { rows, before: None, next: None }
    }

    /// What changed from one capture to another, where they are neighbours and nothing of the second one
    /// returns from an earlier version: which versions are earlier depends on the period. To be asked in the
    /// order of time.
    pub(super) fn delta(&mut self, old: &Capture, new: &Capture) -> Option<Delta> {
        loop {
            if self.next.is_none() {
                self.next = Some(row_of(&self.rows.next()?)?);
            }
            let row = self.next.as_ref()?;
            if Place::of(&row.first) == Place::of(new) {
                break;
            }
            if row.first.date > new.date {
                return None;
            }
            self.before = self.next.take();
        }
        let (before, row) = (self.before.as_ref()?, self.next.as_ref()?);
        let change = row.change.as_ref()?;
        let returns = change.delta.changes.iter().any(|one| one.kind == ChangeKind::Reverted);
        let is_known = Place::of(&change.before) == Place::of(old)
            && Place::of(&before.first) == Place::of(old)
            && is_plain(before)
            && is_plain(row)
            && !returns;
        is_known.then(|| change.delta.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TimeRange;
    use crate::base::surt::urlkey;
    use crate::history::PageReader;
    use crate::history::testing::Archive;
    use crate::readings::{DERIVED_BYTES_MAX, Readings};

    const URL: &str = "http://a.example/story";
    const A: &str =
        "The council met on Monday evening and talked for three hours about the bridge.";
    const B: &str = "It counted 12 cracks in the eastern pier, more than in any year before that.";
    const B2: &str = "It counted 15 cracks in the eastern pier, more than in any year before that.";
    const C: &str = "Nobody on the quay could say why the ferry had waited for its passengers.";

    #[test]
    fn a_period_has_the_versions_that_its_captures_have() {
        let mut archive = Archive::new();
        let pages: [&[&str]; 8] =
            [&[A], &[A, B], &[A, B2], &[A, B2], &[A, B, C], &[], &[A, B], &[A]];
        for (hour, page) in (0..).zip(pages) {
            if page.is_empty() {
                archive.status(URL, hour, 404);
            } else {
                archive.page(URL, hour, page);
            }
        }
        let reader = archive.reader();
        let readings = Readings::open(&archive.root().join("derived"), DERIVED_BYTES_MAX);
        let rows = |page_reader: &mut PageReader<'_>, period| {
            let rows = page_reader.rows(URL, period).unwrap();
            rows.map(Result::unwrap).collect::<Vec<VersionRow>>()
        };
        let all = rows(&mut PageReader::cached(&reader, &readings), TimeRange::ALL);
        for start in 0..9 {
            for end in start..9 {
                let period = TimeRange { start: Archive::at(start), end: Archive::at(end) };
                let expected = rows(&mut PageReader::new(&reader), period);
                let found = rows(&mut PageReader::cached(&reader, &readings), period);
                assert_eq!(found, expected, "{start} to {end}");
            }
        }
        // Most comparisons are known: all but those of what returns and of what is gone and back.
        let (_, stored) = readings.stored_rows(&urlkey(URL)).unwrap();
        let mut known = Compared::of(stored);
        let pairs =
            all.windows(2).map(|pair| known.delta(&pair[0].first, &pair[1].first).is_some());
        assert_eq!(pairs.collect::<Vec<_>>(), [true, true, true, false, false, false]);
    }
}
