//! Blame: for each sentence of a version, the version that brought it and the one that last touched
//! it. The word and the idea are those of `git blame`; a sentence that moved is still the same one.

use std::ops::Range;
use std::sync::Arc;

use crate::archive::{Capture, Form};
use crate::base::{TimeRange, Timestamp};
use crate::diff::{CompareOptions, Presence, SentenceOrigin, compare};
use crate::extract::page::Page;
use crate::store::StoreError;

use super::page_reader::{CapturedPage, PageReader};
use super::row::VersionRow;

/// A sentence and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlamedSentence {
    /// Where it is in the article text, in bytes.
    pub range: Range<usize>,
    /// The version that brought it, by index into [`Blame::versions`].
    pub since: usize,
    /// The version that last changed its words; `None` where no version did.
    pub changed: Option<usize>,
}

/// The first capture of a version.
#[derive(Debug, Clone)]
pub struct VersionCapture {
    /// The capture.
    pub entry: Capture,
    /// The name of its file.
    pub file: Arc<str>,
}

/// Where the sentences of one version come from.
#[derive(Debug, Clone)]
pub struct Blame {
    /// The version that is blamed.
    pub said: CapturedPage,
    /// The versions that had an article, oldest first, up to that one.
    pub versions: Vec<VersionCapture>,
    /// The sentences of the text, in order.
    pub sentences: Vec<BlamedSentence>,
    /// Whether a later version of the page, which was asked for, has no article.
    pub passed_over: bool,
    /// Captures that could not be read, as text.
    pub notes: Vec<String>,
}

/// Why there is no blame.
#[derive(Debug, thiserror::Error)]
pub enum BlameError {
    /// The page was never captured.
    #[error("no capture of {0}")]
    NoCapture(String),
    /// No article was there to read then.
    #[error("there was no article at {url} on {at}")]
    NoArticle {
        /// The page.
        url: String,
        /// The time.
        at: Timestamp,
    },
    /// The archive cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Clone, Copy)]
struct Mark {
    since: usize,
    changed: Option<usize>,
}

/// Where the sentences come from that `url` had in a form at `at`: in the capture closest to that time, or
/// without it in the newest version that has an article.
///
/// # Errors
/// When the page was never captured, had no article then, or the archive, or the capture that is
/// asked for, cannot be read.
pub fn blame(
    page_reader: &mut PageReader<'_>,
    (url, form): (&str, Form),
    at: Option<Timestamp>,
) -> Result<Blame, BlameError> {
    let target = match form {
        Form::Plain => page_reader.reader().find(url, at)?,
        Form::Rendered => page_reader.reader().find_form(url, form, at)?,
    };
    let target = target.ok_or_else(|| BlameError::NoCapture(url.to_owned()))?;
    let mut walk = Walk::of(page_reader.twin());
    let mut versions = page_reader.rows_of(url, form, TimeRange::ALL)?;
    let mut passed_over = false;
    let mut cut: Option<VersionRow> = None;
    for version in versions.by_ref() {
        let version = version?;
        if version.first_seen() > target.date {
            break;
        }
        let is_cut = version.presence == Presence::Cut && version.has_text;
        passed_over = !is_cut && !version.has_article();
        if is_cut {
            // What is behind the wall is not gone, so it stays where it comes from.
            cut = Some(version);
        } else if !passed_over {
            cut = None;
            walk.step(version)?;
        }
    }
    if let Some(cut) = cut.filter(|_| !passed_over) {
        walk.step(cut)?;
    }
    let notes = versions.notes();
    // The version before it must not replace one that was damaged or changed.
    let blamed = walk.last.as_ref().map(|last| last.date);
    if let Some((date, why)) = versions.take_unread()
        && date <= target.date
        && blamed.is_none_or(|blamed| blamed < date)
    {
        return Err(why.into());
    }
    let Some(last) = &walk.last else {
        return Err(BlameError::NoArticle { url: url.to_owned(), at: target.date });
    };
    let said = walk.pages.follow(last)?;
    if passed_over && at.is_some() {
        return Err(BlameError::NoArticle { url: url.to_owned(), at: target.date });
    }
    let ranges = units(&said.page);
    let sentences = ranges.into_iter().zip(walk.marks);
    let sentences = sentences
        .map(|(range, Mark { since, changed })| BlamedSentence { range, since, changed })
        .collect();
    Ok(Blame { said, versions: walk.versions, sentences, passed_over, notes })
}

/// The sentences as comparisons count them.
fn units(page: &Page) -> Vec<Range<usize>> {
    compare(page, page, &CompareOptions::default()).new_sentences
}

struct Walk<'a> {
    /// Reads a page where its row does not suffice.
    pages: PageReader<'a>,
    last: Option<Capture>,
    versions: Vec<VersionCapture>,
    marks: Vec<Mark>,
}

impl<'a> Walk<'a> {
    fn of(pages: PageReader<'a>) -> Self {
        Self { pages, last: None, versions: Vec::new(), marks: Vec::new() }
    }

    fn step(&mut self, version: VersionRow) -> Result<(), StoreError> {
        let number = self.versions.len();
        let fresh = Mark { since: number, changed: None };
        let VersionRow { first, change, .. } = version;
        // What was before a gap is compared with what is after it: being away for a day makes no
        // sentence new.
        let follows =
            |before: &Capture| self.last.as_ref().is_some_and(|last| before.is_same_record(last));
        let change = change.filter(|change| follows(&change.before));
        let origins = match (change, &self.last) {
            (Some(change), _) => Some(change.delta.origins),
            (None, Some(last)) => {
                let (old, new) = (self.pages.follow(last)?, self.pages.follow(&first)?);
                Some(compare(&old.page, &new.page, &CompareOptions::default()).origins())
            }
            (None, None) => None,
        };
        self.marks = match origins {
            None => vec![fresh; units(&self.pages.follow(&first)?.page).len()],
            Some(origins) => origins.iter().map(|origin| self.mark(*origin, fresh)).collect(),
        };
        let file = Arc::clone(&first.file);
        self.versions.push(VersionCapture { entry: first.clone(), file });
        self.last = Some(first);
        Ok(())
    }

    fn mark(&self, origin: SentenceOrigin, fresh: Mark) -> Mark {
        let of = |index: usize| self.marks.get(index).copied();
        match origin {
            SentenceOrigin::Added => fresh,
            SentenceOrigin::Kept(index) => of(index).unwrap_or(fresh),
            SentenceOrigin::Edited(index) => {
                of(index).map_or(fresh, |mark| Mark { changed: Some(fresh.since), ..mark })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::Archive;

    const A: &str = "The board met on Tuesday in the old harbour house.";
    const B: &str = "It counted 12 boats at the eastern pier that morning.";
    const B2: &str = "It counted 15 boats at the eastern pier that morning.";
    const C: &str = "The mayor of the town was not asked about any of it.";
    const URL: &str = "http://courier.example/a";

    fn says(blame: &Blame) -> Vec<(&str, usize, Option<usize>)> {
        let text = &blame.said.page.text;
        let one = |s: &BlamedSentence| (&text[s.range.clone()], s.since, s.changed);
        blame.sentences.iter().map(one).collect()
    }

    #[test]
    fn each_sentence_names_the_version_that_brought_it_and_the_one_that_changed_it() {
        let mut archive = Archive::new();
        archive.page(URL, 1, &[A, B]);
        archive.page(URL, 2, &[A, B2]);
        archive.page(URL, 3, &[C, A, B2]);
        let reader = archive.reader();
        let mut page_reader = PageReader::new(&reader);
        let newest = blame(&mut page_reader, (URL, Form::Plain), None).unwrap();
        assert_eq!(says(&newest), [(C, 2, None), (A, 0, None), (B2, 0, Some(1))]);
        assert_eq!(newest.versions.len(), 3);
        let first = blame(&mut page_reader, (URL, Form::Plain), Some(Archive::at(1))).unwrap();
        assert_eq!(says(&first), [(A, 0, None), (B, 0, None)]);
        assert_eq!(first.versions.len(), 1);
    }

    #[test]
    fn a_wall_makes_no_sentence_behind_it_new() {
        let paid = |paragraphs: &[&str]| {
            let text: String = paragraphs.iter().map(|p| format!("<p>{p}</p>")).collect();
            format!(
                "<!doctype html><html lang=\"en\"><head><script type=\"application/ld+json\">\
                 {{\"@type\":\"NewsArticle\",\"isAccessibleForFree\":false}}</script></head><body>\
                 <article><h1>The harbour and its boats</h1>{text}</article></body></html>"
            )
        };
        let mut archive = Archive::new();
        archive.page(URL, 1, &[A, B, C]);
        archive.response(URL, 2, "200 OK", "", &paid(&[A]));
        let reader = archive.reader();
        let walled = blame(&mut PageReader::new(&reader), (URL, Form::Plain), None).unwrap();
        assert_eq!(says(&walled), [(A, 0, None)]);
        assert!(!walled.passed_over);
        drop(reader);
        archive.page(URL, 3, &[A, B2, C]);
        let reader = archive.reader();
        let newest = blame(&mut PageReader::new(&reader), (URL, Form::Plain), None).unwrap();
        assert_eq!(says(&newest), [(A, 0, None), (B2, 0, Some(1)), (C, 0, None)]);
    }

    #[test]
    fn a_page_that_moved_keeps_its_sentences() {
        let mut archive = Archive::new();
        archive.page(URL, 1, &[A, B]);
        let to = "http://courier.example/renamed";
        archive.response(URL, 2, "301 Moved", &format!("Location: {to}\r\n"), "");
        archive.page(to, 2, &[A, B2]);
        let reader = archive.reader();
        let newest = blame(&mut PageReader::new(&reader), (URL, Form::Plain), None).unwrap();
        assert_eq!(says(&newest), [(A, 0, None), (B2, 0, Some(1))]);
        assert_eq!(newest.versions[1].entry.status, Some(301));
    }

    #[test]
    fn a_page_that_was_away_brings_no_sentence_anew() {
        let mut archive = Archive::new();
        archive.page(URL, 1, &[A, B]);
        archive.status(URL, 2, 404);
        archive.page(URL, 3, &[A, B2]);
        archive.status(URL, 4, 410);
        let reader = archive.reader();
        let mut page_reader = PageReader::new(&reader);
        let newest = blame(&mut page_reader, (URL, Form::Plain), None).unwrap();
        assert_eq!(says(&newest), [(A, 0, None), (B2, 0, Some(1))]);
        assert!(newest.passed_over);
        let gone = blame(&mut page_reader, (URL, Form::Plain), Some(Archive::at(2)));
        assert!(matches!(gone, Err(BlameError::NoArticle { .. })), "{gone:?}");
        let never = blame(&mut page_reader, ("http://courier.example/never", Form::Plain), None);
        assert!(matches!(never, Err(BlameError::NoCapture(_))), "{never:?}");
    }
}
