//! Which version of its page a capture shows, and what that version changed: as little as a banner above the
//! page says of it.

use super::chosen_text::ChosenText;
use super::{AnswerError, Archive, HistoryRequest, history};
use crate::base::Timestamp;
use crate::diff::ChangeKind;
use crate::history::VersionRow;

/// A version among those of its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its number, from 1.
    pub number: usize,
    /// When it was seen first.
    pub first: Timestamp,
    /// When it was seen last.
    pub last: Timestamp,
    /// The first capture of the version that it is compared with.
    pub compared_with: Option<Timestamp>,
    /// The kinds of its changes, the weightiest first, and how many there are of each.
    pub kinds: Vec<(ChangeKind, usize)>,
    /// Whether the text changed and neither a notice nor the declared date says so.
    pub stealth: bool,
}

/// The versions of a page, oldest first; none where the archive keeps too little of them, so that more than
/// `captures_max` captures would have to be read.
///
/// # Errors
/// When the page was never captured, or cannot be read.
pub fn standings(
    archive: &Archive,
    url: &str,
    captures_max: usize,
) -> Result<Option<Vec<Standing>>, AnswerError> {
    let doing = format!("reading the history of {url}");
    let mut page_reader = archive.page_reader();
    let chosen = ChosenText::of(&mut page_reader, url, (None, None), &doing)?;
    let unread = page_reader.unfolded(chosen.address(), chosen.form, captures_max + 1);
    let unread = unread.map_err(AnswerError::store(&doing))?;
    if unread > captures_max {
        return Ok(None);
    }
    let asked = HistoryRequest::whole(url);
    let rows = history(&mut page_reader, &asked)?;
    let versions: Result<Vec<Standing>, AnswerError> =
        rows.map(|row| Ok(Standing::of(&row?))).collect();
    versions.map(Some)
}

/// The version that a capture of that time is of.
#[must_use]
pub fn standing_at(versions: &[Standing], at: Timestamp) -> Option<&Standing> {
    let begun = versions.partition_point(|version| version.first <= at);
    let version = versions.get(begun.checked_sub(1)?)?;
    (at <= version.last).then_some(version)
}

impl Standing {
    fn of(row: &VersionRow) -> Self {
        let mut changes: Vec<_> = row.changes().iter().collect();
        changes.sort_by_key(|change| std::cmp::Reverse(change.weight));
        let mut kinds: Vec<(ChangeKind, usize)> = Vec::new();
        for change in changes {
            match kinds.iter_mut().find(|(kind, _)| *kind == change.kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((change.kind, 1)),
            }
        }
        Self {
            number: row.number,
            first: row.first.date,
            last: row.last.date,
            compared_with: row.change.as_ref().map(|change| change.before.date),
            kinds,
            stealth: row.is_stealth(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing;
    use crate::readings::Readings;

    #[test]
    fn versions_are_reported_where_few_captures_have_to_be_read() {
        let url = "http://a.example/story";
        let first = ["The board met on Tuesday about the ferries.", "It will buy twelve of them."];
        let second = ["The board met on Tuesday about the ferries.", "It will buy nine of them."];
        let mut made = testing::Archive::new();
        for (hour, text) in [(0, first), (1, first), (2, second), (3, first)] {
            made.page(url, hour, &text);
        }
        let reader = made.reader();
        let of = |captures_max, readings: Readings| {
            let archive = Archive::new(reader.clone(), readings);
            standings(&archive, url, captures_max).unwrap()
        };
        assert_eq!(of(3, Readings::none()), None);
        let versions = of(4, Readings::none()).unwrap();
        let listed: Vec<_> = versions.iter().map(|v| (v.number, v.last)).collect();
        let at = testing::Archive::at;
        assert_eq!(listed, [(1, at(1)), (2, at(2)), (3, at(3))]);
        assert_eq!(versions[1].compared_with, Some(at(0)));
        assert_eq!(versions[1].kinds, [(ChangeKind::FigureChanged, 1)]);
        // Once they were read they are kept, and nothing has to be read.
        let dir = tempfile::tempdir().unwrap();
        let readings = || Readings::open(dir.path(), 1 << 30);
        assert_eq!(of(0, readings()), None);
        assert_eq!(of(4, readings()), Some(versions.clone()));
        assert_eq!(of(0, readings()), Some(versions));
    }

    #[test]
    fn a_capture_is_of_the_version_that_it_lies_in() {
        let at = Timestamp::from_unix_seconds;
        let version = |number: usize, first: i64, last: i64| Standing {
            number,
            first: at(first),
            last: at(last),
            compared_with: None,
            kinds: Vec::new(),
            stealth: false,
        };
        let all = [version(1, 10, 20), version(2, 30, 30), version(3, 40, 90)];
        for (time, expected) in [
            (9, None),
            (10, Some(1)),
            (20, Some(1)),
            // A capture between two versions could not be read, and belongs to neither.
            (25, None),
            (30, Some(2)),
            (35, None),
            (90, Some(3)),
            (91, None),
        ] {
            let found = standing_at(&all, at(time)).map(|version| version.number);
            assert_eq!(found, expected, "{time}");
        }
        assert_eq!(standing_at(&[], at(1)), None);
    }
}
