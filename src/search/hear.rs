//! The reports to saved searches: which versions captured since the last check added their words or
//! dropped them.
//!
//! It has marks of its own, one for each WARC file, and uses the versions of pages. The index of words is not
//! involved: whichever process writes that, and whether it is rebuilt or switched off, each version is reported once.
//!
//! ```text
//! state/saved-searches.json   marks of the WARC files | the last reports | redirects whose page is not known yet
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::archive::{ArchiveError, ArchiveErrorKind, Capture, FileMark, Follower, Form, Seen};
use crate::base::surt::urlkey;
use crate::base::{TimeRange, Timestamp};
use crate::history::pages::page;
use crate::history::standing::may_hide;
use crate::history::{HASH_START, PageReader, VersionRow, hashed};
use crate::store::{FollowError, Reader, StoreError, durable, follow};

use super::content::Content;
use super::follow::{SearchError, content, is_shown, led_here, open_redirect};
use super::query::{SearchQuery, host_of};
use super::saved::{NewVersion, SavedSearch, WordsChange, change_of};
use super::seam::OpenRedirects;

/// This many of the last changes that were reported are remembered, so that none is reported twice.
const REPORTED_MAX: usize = 4_096;

/// A longer file was not written by this program.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// In a WARC file without a mark, captures begun up to this long before the last check are new: a capture may
/// take a while. Older ones were there before, in a file of another name.
const CAPTURES_TAKE_MAX: Duration = Duration::from_hours(1);

/// Progress without reports is saved at most this often.
const SAVED_EVERY: Duration = Duration::from_secs(10);

/// A report of a saved search.
#[derive(Debug)]
pub struct SearchChange<'v> {
    /// The search.
    pub search: &'v SavedSearch,
    /// Its query, resolved for the day of the capture.
    pub query: &'v SearchQuery,
    /// How the version changed the words.
    pub change: WordsChange,
    /// The version.
    pub new: &'v NewVersion<'v>,
}

/// Called for each change.
pub type Tell<'t> = &'t mut dyn FnMut(&SearchChange<'_>);

/// The content of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// When it was written, in microseconds since 1970.
    at: i64,
    /// The offset up to which each WARC file was processed.
    files: BTreeMap<String, u64>,
    /// Hashes of the last reported changes, the oldest first.
    told: VecDeque<u64>,
    /// Redirects whose page was not captured since.
    redirects: OpenRedirects,
}

/// Processes new captures for saved searches.
#[derive(Debug)]
pub struct Listener {
    path: PathBuf,
    state: State,
    /// Captures before this time are not new, in any file.
    since: Timestamp,
    /// The offset at which a file could not be read the last time.
    failed: BTreeMap<String, u64>,
    saved_at: Timestamp,
    is_saved: bool,
}

impl Listener {
    /// Continues from the file at `path`; from now if there is none. Also returns warnings, as text.
    ///
    /// # Errors
    /// When the archive cannot answer.
    pub fn open(
        path: &Path,
        reader: &Reader,
        now: Timestamp,
    ) -> Result<(Self, Option<String>), StoreError> {
        let (known, note) = match read(path) {
            Ok(known) => (known, None),
            Err(why) => {
                let path = path.display();
                (
                    None,
                    Some(format!(
                        "{path}: {why}; saved searches report only new matches from now on"
                    )),
                )
            }
        };
        let is_new = known.is_none();
        let state = match known {
            Some(state) => state,
            None => {
                let files = reader.marks()?.into_iter();
                let files = files.map(|mark| (mark.file.to_string(), mark.indexed_to)).collect();
                State { at: now.unix_micros(), files, ..State::default() }
            }
        };
        let since = Timestamp::from_unix_micros(state.at).minus(CAPTURES_TAKE_MAX);
        let failed = BTreeMap::new();
        let (path, is_saved) = (path.to_owned(), true);
        let mut listener = Self { path, state, since, failed, saved_at: now, is_saved };
        let unsaved = is_new.then(|| listener.save(now).err()).flatten();
        Ok((listener, note.or(unsaved)))
    }

    /// Removes the state: a later listener begins with the captures made then.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn forget(path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
            _ => Ok(()),
        }
    }

    /// Processes the captures since the last call and calls `tell` for each change to the words of a
    /// search. Ends early if `is_ended` returns true; the next call continues. Returns what was left out, as text.
    ///
    /// # Errors
    /// When the archive cannot answer; the next call tries again.
    pub fn listen(
        &mut self,
        page_reader: &mut PageReader<'_>,
        searches: &[SavedSearch],
        now: Timestamp,
        tell: Tell<'_>,
        is_ended: &dyn Fn() -> bool,
    ) -> Result<Vec<String>, SearchError> {
        let reader = page_reader.reader();
        let marks = reader.marks()?;
        // A file that became shorter is a different one.
        self.state.files.retain(|name, done| {
            marks.iter().any(|mark| *mark.file == **name && *done <= mark.indexed_to)
        });
        if marks.iter().all(|mark| self.state.files.get(&*mark.file) == Some(&mark.indexed_to)) {
            return Ok(self.save_in_time(now, is_ended()));
        }
        self.is_saved = false;
        let last_before = self.state.told.back().copied();
        let mut hearing = Hearing {
            page_reader,
            state: &mut self.state,
            since: self.since,
            searches,
            tell,
            is_ended,
            urls: BTreeSet::new(),
            notes: Vec::new(),
            failed: None,
        };
        let done = follow(reader, &mut hearing, &mut |_| {});
        let (mut notes, failed) = (hearing.notes, hearing.failed);
        let done = match done {
            Ok(()) => Ok(()),
            Err(FollowError::Follower(why)) => Err(failed.unwrap_or_else(|| index_error(&why))),
            Err(FollowError::File(why)) => {
                self.pass_over(&marks, &why);
                notes.push(why.to_string());
                Ok(())
            }
        };
        let has_reported = self.state.told.back().copied() != last_before;
        notes.append(&mut self.save_in_time(now, has_reported || is_ended()));
        match done {
            Ok(()) | Err(SearchError::Ended) => Ok(notes),
            Err(why) => Err(why),
        }
    }

    /// A part of a file that could not be read twice is skipped, so that later captures are reported.
    fn pass_over(&mut self, marks: &[FileMark], why: &StoreError) {
        let StoreError::Record { file, .. } = why else { return };
        let Some(mark) = marks.iter().find(|mark| *mark.file == **file) else { return };
        let from = self.state.files.get(file).copied().unwrap_or(0);
        if self.failed.insert(file.clone(), from) == Some(from) {
            self.failed.remove(file);
            self.state.files.insert(file.clone(), mark.indexed_to);
        }
    }

    /// Saves the state, at once or if the last save is a while ago; returns errors as text.
    fn save_in_time(&mut self, now: Timestamp, at_once: bool) -> Vec<String> {
        let is_time = at_once || now.since(self.saved_at) >= SAVED_EVERY;
        if self.is_saved || !is_time {
            return Vec::new();
        }
        self.save(now).err().into_iter().collect()
    }

    fn save(&mut self, now: Timestamp) -> Result<(), String> {
        (self.saved_at, self.is_saved) = (now, true);
        self.state.at = now.unix_micros();
        let fail = |why: io::Error| format!("{}: {why}", self.path.display());
        let text = serde_json::to_vec(&self.state).map_err(|why| fail(why.into()))?;
        durable::make_whole(&self.path, fail, |mut file| file.write_all(&text).map_err(fail))
    }
}

/// The state in the file; `None` if there is none.
fn read(path: &Path) -> io::Result<Option<State>> {
    let file = match fs::File::open(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut text = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut text)?;
    Ok(Some(serde_json::from_slice(&text)?))
}

fn index_error(why: &ArchiveError) -> SearchError {
    super::IndexError::Unusable(why.to_string()).into()
}

/// The state while the parts of files between marks are processed.
struct Hearing<'h, 's> {
    page_reader: &'h mut PageReader<'s>,
    state: &'h mut State,
    since: Timestamp,
    searches: &'h [SavedSearch],
    tell: Tell<'h>,
    is_ended: &'h dyn Fn() -> bool,
    /// Pages that were captured since the last commit, by urlkey.
    urls: BTreeSet<(String, String)>,
    notes: Vec<String>,
    /// Why pages could not be queried.
    failed: Option<SearchError>,
}

/// A part of a WARC file.
struct Part<'p> {
    file: &'p str,
    from: u64,
    to: u64,
    since: Timestamp,
}

impl Part<'_> {
    /// Whether a capture is in it and is new: after a mark every capture is.
    fn has(&self, capture: &Capture) -> bool {
        *capture.file == *self.file
            && (self.from..self.to).contains(&capture.offset)
            && (self.from > 0 || capture.date >= self.since)
    }
}

impl Follower for Hearing<'_, '_> {
    fn mark(&self, file: &str) -> Result<u64, ArchiveError> {
        Ok(self.state.files.get(file).copied().unwrap_or(0))
    }

    fn record(&mut self, record: Seen<'_>) -> Result<(), ArchiveError> {
        let has_mark = self.state.files.get(&**record.file).is_some_and(|mark| *mark > 0);
        let is_new = |capture: &Capture| has_mark || capture.date >= self.since;
        let capture = record.capture.filter(is_new);
        self.urls.extend(capture.map(|capture| (capture.urlkey, capture.url)));
        Ok(())
    }

    fn commit(&mut self, mark: &FileMark) -> Result<(), ArchiveError> {
        let from = self.state.files.get(&*mark.file).copied().unwrap_or(0);
        let part = Part { file: &mark.file, from, to: mark.indexed_to, since: self.since };
        if let Err(why) = self.part(&part) {
            let error = ArchiveError::new(ArchiveErrorKind::System, why.to_string());
            self.failed = Some(why);
            return Err(error);
        }
        self.state.files.insert(mark.file.to_string(), mark.indexed_to);
        Ok(())
    }
}

impl Hearing<'_, '_> {
    /// Reports a part of a file; captures that the object storage does not return now are reported later.
    fn part(&mut self, part: &Part<'_>) -> Result<(), SearchError> {
        let unanswered = self.page_reader.reader().storage_unanswered();
        self.pages_of(part)?;
        Ok(self.page_reader.reader().storage_answered_since(unanswered)?)
    }

    fn pages_of(&mut self, part: &Part<'_>) -> Result<(), SearchError> {
        let mut last = None;
        for (key, url) in std::mem::take(&mut self.urls) {
            // Other spellings of an address are the same page.
            if last.replace(key.clone()).is_some_and(|last| last == key) {
                continue;
            }
            self.page(&url, part, false)?;
            let pages = led_here(self.page_reader, &self.state.redirects, &key);
            self.state.redirects.forget(&key);
            for url in &pages {
                if let Err(why) = self.page(url, part, true) {
                    // The next call begins with this part again.
                    pages.iter().for_each(|url| self.state.redirects.add(key.clone(), url));
                    return Err(why);
                }
            }
        }
        Ok(())
    }

    /// Reports the versions of a page that began in a part, or whose redirect led to a capture there.
    fn page(&mut self, url: &str, part: &Part<'_>, is_led: bool) -> Result<(), SearchError> {
        if (self.is_ended)() {
            return Err(SearchError::Ended);
        }
        let key = urlkey(url);
        let host = host_of(&key);
        if !self.searches.iter().any(|search| search.may_be_of(host)) {
            return Ok(());
        }
        let Some(page) = page(self.page_reader.reader(), url)? else { return Ok(()) };
        for form in page.forms(None) {
            self.versions((page.url.as_str(), form), part, is_led)?;
        }
        Ok(())
    }

    /// The same for a page in one form.
    fn versions(
        &mut self,
        (url, form): (&str, Form),
        part: &Part<'_>,
        is_led: bool,
    ) -> Result<(), SearchError> {
        let mut reading = self.page_reader.twin();
        let mut rows = self.page_reader.rows_of(url, form, TimeRange::ALL)?;
        let mut shown: Option<(VersionRow, Option<Content>)> = None;
        let mut is_gone = false;
        for row in rows.by_ref() {
            let row = row?;
            if !reading.is_counted(&row, None)? {
                continue;
            }
            let was_gone = is_gone;
            is_gone = !is_shown(&row) && (is_gone || !may_hide(row.presence));
            let is_new = part.has(&row.first) || row.landing.as_ref().is_some_and(|l| part.has(l));
            if let Some(to) = open_redirect(&row).filter(|_| is_new || is_led) {
                self.state.redirects.add(urlkey(to), url);
            }
            let mut now = None;
            if is_new {
                if is_shown(&row) {
                    now = content(&mut reading, &row, &mut self.notes);
                    if now.is_none() {
                        // An unreadable version neither adds nor drops words.
                        continue;
                    }
                }
                let before = match &mut shown {
                    Some((before, said)) if !was_gone => {
                        if said.is_none() {
                            *said = content(&mut reading, before, &mut self.notes);
                        }
                        said.as_ref()
                    }
                    _ => None,
                };
                let new = NewVersion { row: &row, now: now.as_ref(), before };
                report_each(self.searches, &new, &mut self.state.told, &mut *self.tell);
            }
            if is_shown(&row) {
                shown = Some((row, now));
            }
        }
        self.notes.append(&mut rows.notes());
        Ok(())
    }
}

/// Reports for each search how a version changed its words, unless already reported.
fn report_each(
    searches: &[SavedSearch],
    new: &NewVersion<'_>,
    reported: &mut VecDeque<u64>,
    tell: Tell<'_>,
) {
    for search in searches {
        let Some(query) = search.query_at(new.row.first.date) else { continue };
        let Some(change) = change_of(&query, new) else { continue };
        let hash = hash_of(search, new.row, change);
        if reported.contains(&hash) {
            continue;
        }
        tell(&SearchChange { search, query: &query, change, new });
        reported.push_back(hash);
        if reported.len() > REPORTED_MAX {
            reported.pop_front();
        }
    }
}

fn hash_of(search: &SavedSearch, row: &VersionRow, change: WordsChange) -> u64 {
    let first = &row.first;
    let parts: [&str; 5] = [&search.name, &search.text, change.label(), &first.urlkey, &first.file];
    let hash =
        parts.iter().fold(HASH_START, |hash, part| hashed(hashed(hash, part.as_bytes()), &[0]));
    hashed(hash, &first.offset.to_be_bytes())
}
