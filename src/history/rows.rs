//! The versions of a page as rows: from the store of readings where it has them, folded from captures where
//! it does not, and kept then.

use crate::archive::{Answers, Capture, Form, Query};
use crate::base::{TimeRange, Timestamp};
use crate::readings::{Readings, StoredRows};
use crate::store::StoreError;

use super::compared::Compared;
use super::landing::is_in_history;
use super::page_reader::PageReader;
use super::progress::{FoldedIn, PageState, Progress, Step, key_of_page, leave_for_later, row_of};
use super::row::VersionRow;
use super::versions::{Version, Versions, asking};

/// How many times a page is tried again that another process keeps at the same time.
const TRIES: usize = 3;

/// The versions of a page, oldest first.
#[derive(Debug)]
pub struct Rows<'s, 'a> {
    source: Source<'s, 'a>,
}

#[derive(Debug)]
enum Source<'s, 'a> {
    /// Folded from the captures of a period.
    Folded(Box<Versions<'s, 'a>>),
    /// From the store, and what it lacks.
    Stored(Box<Stored<'s, 'a>>),
}

struct Stored<'s, 'a> {
    page_reader: &'s mut PageReader<'a>,
    readings: &'a Readings,
    url: String,
    form: Form,
    /// Final rows, but for the last.
    rows: std::iter::Take<StoredRows>,
    captures: Answers<'a>,
    progress: Progress,
    /// How many rows were given out.
    given: usize,
    /// What the only captures there are say: nothing.
    nothing: Option<VersionRow>,
    ended: bool,
    /// Whether nothing of it is kept any more.
    is_left: bool,
    unread: Vec<(Timestamp, StoreError)>,
}

impl std::fmt::Debug for Stored<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").field("url", &self.url).finish_non_exhaustive()
    }
}

impl<'a> PageReader<'a> {
    /// The versions of `url` as it was sent in `period`, oldest first, as rows.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn rows(&mut self, url: &str, period: TimeRange) -> Result<Rows<'_, 'a>, StoreError> {
        self.rows_of(url, Form::Plain, period)
    }

    /// The same of the page in one form.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn rows_of(
        &mut self,
        url: &str,
        form: Form,
        period: TimeRange,
    ) -> Result<Rows<'_, 'a>, StoreError> {
        self.recall(None);
        let key = key_of_page(url, form);
        let readings = self.readings().filter(|readings| readings.is_open());
        let Some(readings) = readings else {
            let versions = self.versions_of(url, form, period);
            return Ok(Rows { source: Source::Folded(Box::new(versions)) });
        };
        if period == TimeRange::ALL {
            let stored = Stored::open(self, readings, url, form)?;
            return Ok(Rows { source: Source::Stored(Box::new(stored)) });
        }
        // A period is folded by itself: its first version is compared with nothing. But for what is at its
        // edge the comparisons are those of the whole history.
        let known = readings.stored_page(&key);
        let known = known.and_then(|page| PageState::of_bytes(&page.state));
        if known.is_some_and(|state| state.rows > 0) {
            let mut whole = Stored::open(self, readings, url, form)?;
            while whole.next().transpose()?.is_some() {}
            let stored = readings.stored_rows(&key);
            self.recall(stored.map(|(_, rows)| Compared::of(rows)));
        }
        Ok(Rows { source: Source::Folded(Box::new(self.versions_of(url, form, period))) })
    }

    /// How many captures of `url` have to be read to report its versions in a form, counted up to `max`: those
    /// behind the last one that is folded into what is kept.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn unfolded(&self, url: &str, form: Form, max: usize) -> Result<usize, StoreError> {
        let kept = self.readings().filter(|readings| readings.is_open());
        let kept = kept.and_then(|readings| readings.stored_page(&key_of_page(url, form)));
        let mark = kept.and_then(|page| PageState::of_bytes(&page.state)?.folded_in.mark);
        let query = Query { from: mark.as_ref().map(|mark| mark.date), ..Query::exactly(url) };
        let mut count = 0;
        for entry in self.reader().query(&query) {
            let entry = entry.map_err(|why| asking(&why))?;
            let is_folded = mark.as_ref() == Some(&super::fold::Place::of(&entry));
            count += usize::from(is_in_history(&entry, form) && !is_folded);
            if count >= max {
                break;
            }
        }
        Ok(count)
    }

    /// Brings what is kept of a page up to its last capture, for a process that just captured it. A page with
    /// more than `captures_max` captures of which nothing is kept is left to the process that asks for it, and so
    /// is one with a capture that is longer than this reader reads. Whether the store has the page's versions
    /// now, or knows that it lacks them.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn advance(
        &mut self,
        url: &str,
        form: Form,
        captures_max: usize,
    ) -> Result<bool, StoreError> {
        let Some(readings) = self.readings().filter(|readings| readings.is_open()) else {
            return Ok(false);
        };
        for _ in 0..TRIES {
            if self.left_out() {
                return Ok(leave_for_later(readings, url, form));
            }
            if self.advance_once(readings, url, form, captures_max)? {
                return Ok(readings.is_open());
            }
        }
        Ok(false)
    }

    fn advance_once(
        &mut self,
        readings: &Readings,
        url: &str,
        form: Form,
        captures_max: usize,
    ) -> Result<bool, StoreError> {
        let key = key_of_page(url, form);
        let page = readings.stored_page(&key);
        let revision = page.as_ref().map(|page| page.revision);
        let resumed = page.and_then(|page| {
            let state = PageState::of_bytes(&page.state)?;
            let last = match state.rows.checked_sub(1) {
                Some(at) => Some(row_of(&readings.stored_row(&key, at)?)?),
                None => None,
            };
            Some((state.clone(), Progress::resume((url, form), page.revision, state, last)?))
        });
        let mut known = None;
        if let Some((state, progress)) = resumed
            && let Some(mark) = &state.folded_in.mark
            && state.still_holds(self, url, &mut Vec::new())?
        {
            let query = Query { from: Some(mark.date), ..Query::exactly(url) };
            let mut after: Option<Vec<Capture>> = None;
            for entry in self.reader().query(&query) {
                let entry = entry.map_err(|why| asking(&why))?;
                if super::fold::Place::of(&entry) == *mark {
                    after = Some(Vec::new());
                } else if let Some(after) = after.as_mut().filter(|_| is_in_history(&entry, form)) {
                    after.push(entry);
                }
            }
            known = after.map(|after| (progress, after));
        }
        let (mut progress, captures) = match known {
            Some(known) => known,
            None => {
                let mut captures = Vec::new();
                for entry in self.reader().query(&Query::exactly(url)) {
                    let entry = entry.map_err(|why| asking(&why))?;
                    if is_in_history(&entry, form) {
                        captures.push(entry);
                    }
                    if captures.len() > captures_max {
                        return Ok(leave_for_later(readings, url, form));
                    }
                }
                (Progress::from_start(url, form, revision), captures)
            }
        };
        for entry in captures {
            if matches!(progress.take(self, entry), Step::Lost) || self.left_out() {
                // It is folded from the start by the process that asks for it.
                return Ok(leave_for_later(readings, url, form));
            }
        }
        Ok(progress.save(readings))
    }
}

impl<'s, 'a> Stored<'s, 'a> {
    fn open(
        page_reader: &'s mut PageReader<'a>,
        readings: &'a Readings,
        url: &str,
        form: Form,
    ) -> Result<Self, StoreError> {
        let key = key_of_page(url, form);
        let stored = readings.stored_rows(&key);
        let revision = stored.as_ref().map(|(page, _)| page.revision);
        let query = Query::exactly(url);
        if let Some((page, rows)) = stored
            && let Some(state) = PageState::of_bytes(&page.state)
            && let Some(captures) =
                after_same(page_reader.reader().query(&query), form, &state.folded_in)?
        {
            let mut unread = Vec::new();
            let holds = state.still_holds(page_reader, url, &mut unread)?;
            let last = state.rows.checked_sub(1);
            let last = last.and_then(|at| row_of(&readings.stored_row(&key, at)?));
            let kept = state.rows.saturating_sub(1);
            if holds
                && let Some(progress) = Progress::resume((url, form), page.revision, state, last)
            {
                return Ok(Self {
                    page_reader,
                    readings,
                    url: url.to_owned(),
                    form,
                    rows: rows.take(kept),
                    captures,
                    progress,
                    given: 0,
                    nothing: None,
                    ended: false,
                    is_left: false,
                    unread,
                });
            }
        }
        let captures = page_reader.reader().query(&query);
        Ok(Self {
            page_reader,
            readings,
            url: url.to_owned(),
            form,
            rows: StoredRows::default().take(0),
            captures,
            progress: Progress::from_start(url, form, revision),
            given: 0,
            nothing: None,
            ended: false,
            is_left: false,
            unread: Vec::new(),
        })
    }

    /// Folds the page from its first capture; the rows that were given out come again and are passed over.
    fn start_again(&mut self) {
        let key = key_of_page(&self.url, self.form);
        let revision = self.readings.stored_page(&key).map(|page| page.revision);
        self.rows = StoredRows::default().take(0);
        self.captures = self.page_reader.reader().query(&Query::exactly(&self.url));
        self.progress = Progress::from_start(&self.url, self.form, revision);
        self.nothing = None;
        self.unread.clear();
    }

    fn next(&mut self) -> Option<Result<VersionRow, StoreError>> {
        // Rows that are in the store and final.
        if self.given < self.progress.kept {
            if let Some(row) = self.rows.next().and_then(|bytes| row_of(&bytes))
                && row.number == self.given + 1
            {
                self.given += 1;
                return Some(Ok(row));
            }
            self.readings.is_damaged("a version of a page");
            self.start_again();
        }
        loop {
            // A row is final when the next one has begun.
            let next = self.given.checked_sub(self.progress.kept);
            if let Some(at) = next
                && at + 1 < self.progress.rows.len()
            {
                self.given += 1;
                return self.progress.rows.get(at).cloned().map(Ok);
            }
            if self.ended {
                let row = next.and_then(|at| self.progress.rows.get(at)).cloned();
                self.given += usize::from(row.is_some());
                return row.or_else(|| self.nothing.take()).map(Ok);
            }
            if self.progress.is_batch() {
                self.keep();
            }
            match self.captures.next() {
                None => {
                    self.keep();
                    self.ended = true;
                }
                Some(Err(error)) => {
                    self.ended = true;
                    self.given = usize::MAX;
                    return Some(Err(asking(&error)));
                }
                Some(Ok(entry)) if !is_in_history(&entry, self.form) => {}
                Some(Ok(entry)) => self.take(entry),
            }
        }
    }

    fn take(&mut self, entry: Capture) {
        let date = entry.date;
        match self.progress.take(self.page_reader, entry.clone()) {
            Step::Done => {}
            Step::Nothing(version) => match &mut self.nothing {
                Some(nothing) => nothing.goes_on(entry),
                None => self.nothing = Some(VersionRow::from(&*version)),
            },
            Step::Unread(error) => self.unread.push((date, error)),
            Step::Lost => self.start_again(),
        }
        if !self.progress.rows.is_empty() {
            self.nothing = None;
        }
    }

    /// Keeps what is new; where another process keeps the page at the same time, it is left to that.
    fn keep(&mut self) {
        if !self.is_left && !self.progress.save(self.readings) {
            self.is_left = true;
        }
        if self.is_left {
            self.progress.forget_final();
        }
    }
}

/// The captures after those that were folded in; `None` where these are not the same.
fn after_same<'a>(
    mut captures: Answers<'a>,
    form: Form,
    folded_in: &FoldedIn,
) -> Result<Option<Answers<'a>>, StoreError> {
    let mut seen = FoldedIn::default();
    while seen.captures < folded_in.captures {
        let Some(entry) = captures.next().transpose().map_err(|why| asking(&why))? else {
            return Ok(None);
        };
        if is_in_history(&entry, form) {
            seen.add(&entry);
        }
    }
    Ok((seen == *folded_in).then_some(captures))
}

impl Rows<'_, '_> {
    /// Captures that could not be read, as text.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        match &self.source {
            Source::Folded(versions) => versions.notes.clone(),
            Source::Stored(stored) => {
                stored.unread.iter().map(|(_, error)| error.to_string()).collect()
            }
        }
    }

    /// The newest of them: when it was captured, and why it cannot be read.
    pub fn take_unread(&mut self) -> Option<(Timestamp, StoreError)> {
        match &mut self.source {
            Source::Folded(versions) => versions.unread.take(),
            Source::Stored(stored) => stored.unread.pop(),
        }
    }
}

impl Iterator for Rows<'_, '_> {
    type Item = Result<VersionRow, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.source {
            Source::Folded(versions) => {
                Some(versions.next()?.map(|version: Version| VersionRow::from(&version)))
            }
            Source::Stored(stored) => stored.next(),
        }
    }
}
