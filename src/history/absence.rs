//! When the article of a page was not available, what was there instead, and which capture was the last that
//! had it: for a caller that asks for the current page and finds something else.

use serde::Serialize;

use crate::archive::{Capture, Form};
use crate::base::{TimeRange, Timestamp};
use crate::diff::Presence;
use crate::store::StoreError;

use super::page_reader::{CapturedPage, PageReader};
use super::row::VersionRow;

/// A time in which a page did not have the whole article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// When that was seen first.
    pub since: Timestamp,
    /// When it was seen last.
    pub until: Timestamp,
    /// What a reader got.
    pub presence: Presence,
    /// What was there.
    pub instead: String,
}

impl From<&VersionRow> for Absence {
    fn from(row: &VersionRow) -> Self {
        Self {
            since: row.first.date,
            until: row.last.date,
            presence: row.presence,
            instead: row.instead.clone(),
        }
    }
}

/// An [`Absence`] in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AbsenceJson {
    since: String,
    until: String,
    presence: &'static str,
    instead: String,
}

impl From<&Absence> for AbsenceJson {
    fn from(absence: &Absence) -> Self {
        Self {
            since: absence.since.to_warc_date(),
            until: absence.until.to_warc_date(),
            presence: absence.presence.label(),
            instead: absence.instead.clone(),
        }
    }
}

/// What is in the place of an article: `status 404`, `redirected to …`, `a consent wall`.
#[must_use]
pub fn instead(said: &CapturedPage) -> String {
    said.side().instead()
}

/// The last capture of `url` that was the article, and no error, wall or redirect in its place; none
/// where there never was one. An article that a wall cuts short is one where it is the newest.
///
/// # Errors
/// When the index cannot answer, or a capture that may be a later one cannot be read.
pub fn last_article(
    page_reader: &mut PageReader<'_>,
    url: &str,
) -> Result<Option<Capture>, StoreError> {
    let mut last: Option<Capture> = None;
    let mut newest = None;
    let mut versions = page_reader.rows(url, TimeRange::ALL)?;
    for version in versions.by_ref() {
        let version = version?;
        let stands_here = version.leads_to.is_none();
        if version.presence == Presence::Here && stands_here {
            last = Some(version.last.clone());
        }
        newest = (version.presence == Presence::Cut).then_some(version.last);
    }
    let found = newest.or(last);
    // An older version must not replace one that was damaged or changed.
    if let Some((date, why)) = versions.take_unread()
        && found.as_ref().is_none_or(|found| found.date <= date)
    {
        return Err(why);
    }
    Ok(found)
}

/// Two neighbouring versions that had the article.
#[derive(Debug, Clone)]
pub struct Neighbours {
    /// The older one.
    pub old: CapturedPage,
    /// The newer one.
    pub new: CapturedPage,
    /// What was there between them.
    pub between: Vec<Absence>,
    /// What has been there since.
    pub since: Vec<Absence>,
    /// A capture before both of them that could not be read, as text.
    pub note: Option<String>,
}

/// The same before its pages are read.
struct Found {
    old: Capture,
    new: Capture,
    between: Vec<Absence>,
    since: Vec<Absence>,
}

/// The last two versions of a page, and how many captures the newest has.
#[derive(Debug, Clone)]
pub enum LastTwo {
    /// The last two that had the article; or where only one had, the last two there are.
    Neighbours(Box<Neighbours>),
    /// There is one version, of this many captures.
    One(u64),
    /// There is none.
    None,
}

/// The last two versions of `url` in a form that had the article.
///
/// # Errors
/// When the index cannot answer, or a capture that may be one of the two cannot be read.
pub fn last_two(
    page_reader: &mut PageReader<'_>,
    url: &str,
    form: Form,
) -> Result<LastTwo, StoreError> {
    let mut pages = page_reader.twin();
    let mut found: Option<Found> = None;
    // What was there since the last version that had the whole article.
    let mut absences: Vec<Absence> = Vec::new();
    let mut newest: Option<VersionRow> = None;
    let mut versions = page_reader.rows_of(url, form, TimeRange::ALL)?;
    for version in versions.by_ref() {
        let version = version?;
        let has_text =
            matches!(version.presence, Presence::Here | Presence::Cut) && version.has_text;
        let is_whole = version.presence == Presence::Here;
        let change = version.change.as_ref().filter(|change| has_text && change.before_has_text);
        if let Some(change) = change {
            found = Some(Found {
                old: change.before.clone(),
                new: version.first.clone(),
                between: absences.clone(),
                since: Vec::new(),
            });
        } else if let (false, Some(found)) = (has_text, &mut found) {
            found.since.push(Absence::from(&version));
        }
        if is_whole {
            absences.clear();
        } else {
            absences.push(Absence::from(&version));
        }
        newest = Some(version);
    }
    let unread = versions.take_unread();
    if found.is_none()
        && let Some(VersionRow { change: Some(change), first, .. }) = &newest
    {
        let (old, new) = (change.before.clone(), first.clone());
        found = Some(Found { old, new, between: Vec::new(), since: Vec::new() });
    }
    let mut note = None;
    if let Some((date, why)) = unread {
        match &found {
            // What is between the two, or after them, may be the version that is asked for.
            Some(found) if date < found.old.date => note = Some(why.to_string()),
            _ => return Err(why),
        }
    }
    let found = match found {
        Some(Found { old, new, between, since }) => {
            let (old, new) = (pages.follow(&old)?, pages.follow(&new)?);
            Some(Neighbours { old, new, between, since, note })
        }
        None => None,
    };
    Ok(match (found, newest) {
        (Some(found), _) => LastTwo::Neighbours(Box::new(found)),
        (None, Some(newest)) => LastTwo::One(newest.captures),
        (None, None) => LastTwo::None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::Archive;

    const URL: &str = "http://courier.example/a";
    const A: &str =
        "The board met on Tuesday in the old harbour house with all of its members there.";
    const B: &str =
        "It counted 12 boats at the eastern pier that morning, more than ever before then.";
    const B2: &str =
        "It counted 15 boats at the eastern pier that morning, more than ever before then.";

    /// The hours of the last two, and what was between and after them.
    fn two(archive: &Archive) -> (i64, i64, Vec<String>, Vec<String>) {
        let reader = archive.reader();
        let found = last_two(&mut PageReader::new(&reader), URL, Form::Plain).unwrap();
        let LastTwo::Neighbours(found) = found else { panic!("{found:?}") };
        let hour = |said: &CapturedPage| {
            (said.entry.date.unix_micros() / 1_000_000 - 1_900_000_000) / 3600
        };
        let words = |all: &[Absence]| all.iter().map(|a| a.instead.clone()).collect();
        (hour(&found.old), hour(&found.new), words(&found.between), words(&found.since))
    }

    fn last(archive: &Archive) -> Option<Timestamp> {
        let reader = archive.reader();
        last_article(&mut PageReader::new(&reader), URL).unwrap().map(|capture| capture.date)
    }

    #[test]
    fn the_last_two_that_had_the_article_and_what_stood_between_and_after_them() {
        let mut archive = Archive::new();
        assert!(last(&archive).is_none());
        archive.status(URL, 1, 404);
        assert!(last(&archive).is_none());
        archive.page(URL, 2, &[A, B]);
        assert_eq!(last(&archive), Some(Archive::at(2)));
        archive.page(URL, 3, &[A, B]);
        archive.status(URL, 4, 410);
        // Only one has the article: the last two of all.
        assert_eq!(two(&archive), (2, 4, vec![], vec![]));
        assert_eq!(last(&archive), Some(Archive::at(3)));
        archive.page(URL, 5, &[A, B2]);
        let gone = || vec!["status 410".to_owned()];
        assert_eq!(two(&archive), (2, 5, gone(), vec![]));
        archive.status(URL, 6, 503);
        assert_eq!(last(&archive), Some(Archive::at(5)));
        archive.response(URL, 7, "302 Found", "Location: /\r\n", "");
        let front = vec!["redirected to http://courier.example/".to_owned()];
        assert_eq!(two(&archive), (2, 5, gone(), front));
        assert_eq!(last(&archive), Some(Archive::at(5)));
        archive.response(URL, 8, "301 Moved", "Location: /renamed\r\n", "");
        archive.page("http://courier.example/renamed", 8, &[A, B]);
        let (old, new, between, since) = two(&archive);
        assert_eq!((old, new, between.len(), since), (5, 8, 1, vec![]));
        assert_eq!(last(&archive), Some(Archive::at(5)), "the redirect has no article of its own");
    }
}
