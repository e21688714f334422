//! The newest page of every URL: of all of them, or of those that quote a given speaker, which the store of
//! readings finds by name.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::archive::{Capture, FileMark, Form, Query, RecordKind};
use crate::base::{MediaType, Timestamp};
use crate::extract::page::Page;
use crate::readings::speakers::is_named;
use crate::readings::{FileDone, PageKey, Readings};
use crate::store::StoreError;

use super::page_reader::PageReader;
use super::pages::is_html;
use super::versions::asking;

/// What was found.
#[derive(Debug)]
pub enum Newest<'p> {
    /// The newest page of a URL.
    Page(&'p Capture, &'p Page),
    /// A capture that cannot be read; an older one may replace it.
    Unread(&'p Capture, StoreError),
}

/// The receiver of what is found; it may fail.
type Found<'f, E> = &'f mut dyn FnMut(Newest<'_>) -> Result<(), E>;

/// This many captures of an address are gone through to find one that was just made.
const NEWEST_MAX: usize = 8;

/// Which pages are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewestAsked<'n> {
    /// The newest before it; the newest of all without it.
    pub until: Option<Timestamp>,
    /// Only pages that quote a speaker of this name need be found.
    pub speaker: Option<&'n str>,
    /// In this form; without it as it was sent, or the rendering of what was sent without its text.
    pub form: Option<Form>,
}

/// Finds the newest page of every URL, in the falling order of urlkeys. A wall or a shell in place of an article is
/// passed over.
///
/// # Errors
/// When the index cannot answer, and any error of `found`.
pub fn newest_pages<E: From<StoreError>>(
    page_reader: &mut PageReader<'_>,
    asked: &NewestAsked<'_>,
    found: Found<'_, E>,
) -> Result<(), E> {
    let NewestAsked { until, speaker, form } = *asked;
    let readings = page_reader.readings().filter(|readings| until.is_none() && readings.is_open());
    let Some(readings) = readings else {
        let query = Query { to: until, ..Query::everything() };
        return walk(page_reader, &query, (None, form), found).map(drop);
    };
    // In this order: a crawl moves both, and never those of the store beyond those of the index.
    let (done, epoch) = (readings.files_done().unwrap_or_default(), readings.epoch());
    let marks = page_reader.reader().sink().marks().map_err(|why| asking(&why))?;
    if let Some(name) = speaker
        && page_reader.knows_speakers(readings, &done, &marks)?
        && let Some(urls) = readings.quoting(name)
    {
        return quoting(page_reader, name, (urls.as_slice(), form), found);
    }
    // Where one form is asked for, the speakers of the other are not met.
    if walk(page_reader, &Query::everything(), (None, form), found)? && form.is_none() {
        mark_speakers(readings, epoch, &marks);
    }
    Ok(())
}

fn mark_speakers(readings: &Readings, epoch: Option<i64>, marks: &[FileMark]) {
    let Some(epoch) = epoch else { return };
    let file = |mark: &FileMark| FileDone {
        name: mark.file.to_string(),
        versions: 0,
        speakers: mark.indexed_to,
    };
    readings.mark_files(epoch, &marks.iter().map(file).collect::<Vec<_>>());
}

/// Gives out the newest page of each of these URLs, where that quotes a speaker of this name.
fn quoting<E: From<StoreError>>(
    page_reader: &mut PageReader<'_>,
    name: &str,
    (urls, form): (&[String], Option<Form>),
    found: Found<'_, E>,
) -> Result<(), E> {
    let mut entries: Vec<Capture> = Vec::new();
    for url in urls {
        let mut keep = |newest: Newest<'_>| -> Result<(), StoreError> {
            if let Newest::Page(entry, page) = newest
                && page
                    .quotes
                    .iter()
                    .filter_map(|q| q.speaker.as_ref())
                    .any(|s| is_named(&s.name, name))
            {
                entries.push(entry.clone());
            }
            Ok(())
        };
        walk(page_reader, &Query::exactly(url), (Some(url), form), &mut keep)?;
    }
    entries.sort_by_cached_key(|entry| Reverse((entry.urlkey.clone(), entry.date, entry.offset)));
    for entry in &entries {
        match page_reader.read(entry) {
            Ok(said) => found(Newest::Page(entry, &said.page))?,
            Err(error) => found(Newest::Unread(entry, error))?,
        }
    }
    Ok(())
}

/// The newest page of every URL in the answers to a query, or of `only` one; whether all could be read.
fn walk<E: From<StoreError>>(
    page_reader: &mut PageReader<'_>,
    query: &Query,
    (only, form): (Option<&str>, Option<Form>),
    found: Found<'_, E>,
) -> Result<bool, E> {
    let reader = page_reader.reader();
    let mut seen = HashSet::new();
    let mut host = String::new();
    let mut all_read = true;
    // Backwards within a urlkey is newest first; a urlkey may hold several spellings of a URL.
    for entry in reader.query(&query.clone().newest_first()) {
        let entry = entry.map_err(|why| asking(&why))?;
        if only.is_some_and(|only| entry.url != only) {
            continue;
        }
        let of = host_of(&entry.url);
        if of != host {
            // Captures of a host are together, so what was seen of the last one is done with.
            seen.clear();
            of.clone_into(&mut host);
        }
        if seen.contains(&entry.url) || !is_page(page_reader, &entry) {
            continue;
        }
        if form.is_some_and(|form| entry.form() != Some(form)) {
            continue;
        }
        let said = match page_reader.read(&entry) {
            Ok(said) => said,
            // Nothing is damaged: an older capture may have words.
            Err(StoreError::Removed(_)) => continue,
            Err(error) => {
                all_read = false;
                found(Newest::Unread(&entry, error))?;
                continue;
            }
        };
        page_reader.keep_speakers(&entry, &said.page);
        // A wall in place of the article says nothing; an older capture may.
        if said.page.kind.is_wall() {
            continue;
        }
        // A page that was sent with its text is read from that.
        if form.is_none()
            && entry.form() == Some(Form::Rendered)
            && !page_reader.stands_in(&entry)?
        {
            continue;
        }
        found(Newest::Page(&entry, &said.page))?;
        if only.is_some() {
            break;
        }
        seen.insert(entry.url);
    }
    Ok(all_read)
}

/// The host of an address, with its port.
pub(crate) fn host_of(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?', '#']).next().unwrap_or("")
}

/// Whether a capture may hold a page of HTML. The media type of a revisit is that of the capture that
/// holds its payload.
fn is_page(page_reader: &PageReader<'_>, entry: &Capture) -> bool {
    let is_answer = matches!(entry.status, Some(200..=299 | 304));
    match entry.kind {
        RecordKind::Response => is_answer && MediaType::parse(&entry.mime).is_html(),
        RecordKind::Resource => MediaType::parse(&entry.mime).is_html(),
        RecordKind::Revisit => is_answer && is_html(page_reader.reader(), entry),
        RecordKind::Conversion => entry.form() == Some(Form::Rendered),
        RecordKind::Metadata => false,
    }
}

impl PageReader<'_> {
    /// The speakers of a page whose reading cannot be kept, since its payload alone does not tell it.
    fn keep_speakers(&self, entry: &Capture, page: &Page) {
        if let Some(readings) = self.readings()
            && PageKey::of(entry).is_none()
        {
            readings.keep_speakers(&entry.url, page);
        }
    }

    /// Whether a capture that is at this place is not a page, so that it quotes no speaker. `false` where it is
    /// not among the newest of its address.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub(crate) fn quotes_no_speaker(
        &self,
        url: &str,
        file: &str,
        offset: u64,
    ) -> Result<bool, StoreError> {
        let newest = self.reader().query(&Query::exactly(url).newest_first());
        for entry in newest.take(NEWEST_MAX) {
            let entry = entry.map_err(|why| asking(&why))?;
            if entry.offset == offset && *entry.file == *file {
                return Ok(!is_page(self, &entry));
            }
        }
        Ok(false)
    }

    /// Whether the store has the speakers of the newest page of every URL; reads what was captured since it
    /// had.
    fn knows_speakers(
        &mut self,
        readings: &Readings,
        done: &[FileDone],
        marks: &[FileMark],
    ) -> Result<bool, StoreError> {
        let epoch = readings.epoch();
        let known = |mark: &FileMark| {
            let file = done.iter().find(|file| *file.name == *mark.file);
            file.map_or(0, |file| file.speakers)
        };
        if done.iter().all(|file| file.speakers == 0)
            || done.iter().any(|file| !marks.iter().any(|mark| *mark.file == *file.name))
            || marks.iter().any(|mark| known(mark) > mark.indexed_to)
        {
            return Ok(false);
        }
        let reader = self.reader();
        let mut all_read = true;
        for mark in marks.iter().filter(|mark| known(mark) < mark.indexed_to) {
            let mut read = |entry: Capture| {
                if all_read && is_page(self, &entry) {
                    match self.read(&entry) {
                        Ok(said) => self.keep_speakers(&entry, &said.page),
                        Err(StoreError::Removed(_)) => {}
                        Err(_) => all_read = false,
                    }
                }
                Ok(())
            };
            let whole =
                reader.captures_between(&mark.file, known(mark), mark.indexed_to, &mut read);
            if whole.is_err() || !all_read {
                return Ok(false);
            }
        }
        mark_speakers(readings, epoch, marks);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::Archive;
    use crate::readings::DERIVED_BYTES_MAX;

    const A: &str = "“We counted twelve boats at the pier,” said Ann Lee of the harbour board.";
    const B: &str = "“Nobody asked us about any of it,” said Piet Hals, the mayor of the town.";

    /// What is found by name, each with its hour, and how many pages were given out.
    fn found(archive: &Archive, readings: &Readings, name: &str) -> (Vec<String>, usize) {
        let reader = archive.reader();
        let mut page_reader = PageReader::cached(&reader, readings);
        let (mut found, mut count) = (Vec::new(), 0);
        let asked = NewestAsked { speaker: Some(name), ..NewestAsked::default() };
        newest_pages::<StoreError>(&mut page_reader, &asked, &mut |newest| {
            let Newest::Page(entry, page) = newest else { panic!("{newest:?}") };
            count += 1;
            for quote in &page.quotes {
                if quote.speaker.as_ref().is_some_and(|speaker| is_named(&speaker.name, name)) {
                    found.push(format!("{} {} {}", entry.url, entry.date, quote.text));
                }
            }
            Ok(())
        })
        .unwrap();
        (found, count)
    }

    #[test]
    fn who_is_quoted_is_found_by_name_and_only_in_the_newest_page() {
        let mut archive = Archive::new();
        let dir = archive.root().join("derived");
        let (a, b) = ("http://courier.example/a", "http://other.example/b");
        archive.page(a, 1, &[A, B]);
        archive.page(b, 1, &[A]);
        archive.page("http://other.example/c", 1, &[B]);
        let check = |archive: &Archive, count: usize, read: usize| {
            let expected = found(archive, &Readings::none(), "lee").0;
            assert_eq!(expected.len(), count);
            let readings = Readings::open(&dir, DERIVED_BYTES_MAX);
            assert_eq!(found(archive, &readings, "lee"), (expected, read));
        };
        // The first answer reads everything, the next ones what was captured since.
        check(&archive, 2, 3);
        check(&archive, 2, 2);
        archive.page(a, 4, &[B]);
        archive.page("http://other.example/d", 4, &[B, A]);
        check(&archive, 2, 2);
        archive.page(b, 5, &[B]);
        check(&archive, 1, 1);
        std::fs::remove_dir_all(&dir).unwrap();
        check(&archive, 1, 4);
    }
}
