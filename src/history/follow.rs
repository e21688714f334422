//! The store of readings brought in line with the WARC files: what they have beyond its marks is folded.
//!
//! A mark says how far the captures of a file are in. A crawl moves the marks as it goes; a reader finds little
//! or nothing left to do. After an import, or where the store is new, the pages of the archive are gone through;
//! a page whose state is still valid costs only a check.

use std::collections::BTreeSet;

use crate::archive::{ArchiveError, ArchiveErrorKind, FileMark, Follower, Form, Seen};
use crate::base::TimeRange;
use crate::base::surt::urlkey;
use crate::readings::{FileDone, Readings};
use crate::store::{FollowError, StoreError, follow};

use super::page_reader::PageReader;
use super::pages::{self, PageCaptures};
use super::versions::asking;

/// A part of the WARC files up to this length is read by itself; where more is new, listing all pages by the
/// index is faster.
const GAP_BYTES_MAX: u64 = 256 << 20;

impl PageReader<'_> {
    /// Folds what the WARC files have and the store lacks; whether the store has everything then. `progress`
    /// receives the number of pages gone through so far.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn catch_up(&mut self, progress: &mut dyn FnMut(u64)) -> Result<bool, StoreError> {
        let Some(readings) = self.readings().filter(|readings| readings.is_open()) else {
            return Ok(false);
        };
        // In this order: a crawl moves both, and never those of the store beyond those of the index.
        let Some(mut done) = readings.files_done() else { return Ok(false) };
        let marks = self.reader().sink().marks().map_err(|why| asking(&why))?;
        if !are_the_same_files(&done, &marks) {
            readings.forget_versions();
            done.clear();
        }
        let Some(epoch) = readings.epoch() else { return Ok(false) };
        let reached = |mark: &FileMark| {
            let known = done.iter().find(|file| *file.name == *mark.file);
            known.map_or(0, |file| file.versions)
        };
        let gaps: Vec<(&FileMark, u64)> = marks
            .iter()
            .map(|mark| (mark, reached(mark)))
            .filter(|(mark, from)| *from < mark.indexed_to)
            .collect();
        if gaps.is_empty() {
            return Ok(true);
        }
        let bytes: u64 = gaps.iter().map(|(mark, from)| mark.indexed_to - from).sum();
        let is_short = !done.is_empty() && bytes <= GAP_BYTES_MAX;
        if is_short {
            let reader = self.reader();
            let urls = BTreeSet::new();
            let mut versions = VersionsFollower {
                page_reader: self,
                readings,
                done: &done,
                epoch,
                urls,
                failed: None,
                progress,
            };
            match follow(reader, &mut versions, &mut |_| {}) {
                Ok(()) => return Ok(readings.is_open()),
                // Nothing can be written, or versions were forgotten meanwhile.
                Err(FollowError::Follower(_)) => return versions.failed.map_or(Ok(false), Err),
                // A part of a file that cannot be read.
                Err(FollowError::File(_)) => {}
            }
        }
        self.fold_all(progress)?;
        let file = |mark: &FileMark| FileDone {
            name: mark.file.to_string(),
            versions: mark.indexed_to,
            speakers: 0,
        };
        let files: Vec<FileDone> = marks.iter().map(file).collect();
        Ok(readings.mark_files(epoch, &files) && readings.is_open())
    }

    /// Folds every page that may have more than one version.
    fn fold_all(&mut self, progress: &mut dyn FnMut(u64)) -> Result<(), StoreError> {
        let mut count = 0_u64;
        for page in pages::pages(self.reader(), None) {
            let page = page?;
            count += 1;
            progress(count);
            for form in page.changed_forms() {
                self.fold_page(&page.url, form)?;
            }
        }
        Ok(())
    }

    /// Folds the pages of a part of a WARC file, each once, however often it was captured there.
    fn fold_urls(
        &mut self,
        readings: &Readings,
        urls: BTreeSet<(String, String)>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), StoreError> {
        let mut last = None;
        for (count, (urlkey, url)) in (1..).zip(urls) {
            progress(count);
            // Other spellings of an address are the same page.
            if last.replace(urlkey.clone()).is_some_and(|last| last == urlkey) {
                continue;
            }
            for waiting in readings.waiting_for(&urlkey).unwrap_or_default() {
                self.fold_page(&waiting, Form::Plain)?;
            }
            let page = pages::page(self.reader(), &url)?;
            for form in page.iter().flat_map(PageCaptures::changed_forms) {
                self.fold_page(&url, form)?;
            }
        }
        Ok(())
    }

    /// Takes in what follows from a capture of `url` that was just made: its own versions, unless
    /// `is_advanced` says that they are in, and those of pages that redirect to it. Whether the store has them
    /// all now.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub(crate) fn settle(
        &mut self,
        url: &str,
        is_advanced: bool,
        captures_max: usize,
    ) -> Result<bool, StoreError> {
        let Some(readings) = self.readings().filter(|readings| readings.is_open()) else {
            return Ok(false);
        };
        let key = urlkey(url);
        let Some(waiting) = readings.waiting_for(&key) else { return Ok(false) };
        let mut is_settled = true;
        for page in waiting {
            is_settled &= self.advance(&page, Form::Plain, captures_max)?;
        }
        if is_advanced {
            return Ok(is_settled);
        }
        let is_known = readings.stored_page(&key).is_some();
        if is_known || pages::page(self.reader(), url)?.is_some_and(|page| page.may_have_changed())
        {
            is_settled &= self.advance(url, Form::Plain, captures_max)?;
        }
        Ok(is_settled)
    }

    fn fold_page(&mut self, url: &str, form: Form) -> Result<(), StoreError> {
        self.rows_of(url, form, TimeRange::ALL)?.try_for_each(|row| row.map(drop))
    }
}

/// The versions of pages in the store of readings, as a follower of the WARC files.
struct VersionsFollower<'f, 's> {
    page_reader: &'f mut PageReader<'s>,
    readings: &'f Readings,
    /// How far each file is in.
    done: &'f [FileDone],
    epoch: i64,
    /// Pages that were captured since the last commit, by urlkey.
    urls: BTreeSet<(String, String)>,
    /// Why pages could not be folded.
    failed: Option<StoreError>,
    progress: &'f mut dyn FnMut(u64),
}

impl Follower for VersionsFollower<'_, '_> {
    fn mark(&self, file: &str) -> Result<u64, ArchiveError> {
        let known = self.done.iter().find(|done| done.name == file);
        Ok(known.map_or(0, |done| done.versions))
    }

    fn record(&mut self, record: Seen<'_>) -> Result<(), ArchiveError> {
        self.urls.extend(record.capture.map(|capture| (capture.urlkey, capture.url)));
        Ok(())
    }

    fn commit(&mut self, mark: &FileMark) -> Result<(), ArchiveError> {
        let failed = |why: String| ArchiveError::new(ArchiveErrorKind::System, why);
        let urls = std::mem::take(&mut self.urls);
        if let Err(why) = self.page_reader.fold_urls(self.readings, urls, self.progress) {
            let error = failed(why.to_string());
            self.failed = Some(why);
            return Err(error);
        }
        let (name, versions) = (mark.file.to_string(), mark.indexed_to);
        let file = FileDone { name, versions, speakers: 0 };
        if !self.readings.mark_files(self.epoch, &[file]) {
            return Err(failed("the versions were forgotten meanwhile".to_owned()));
        }
        Ok(())
    }
}

/// Whether the files whose captures are in are those of the archive, none of them shorter than it was.
fn are_the_same_files(done: &[FileDone], marks: &[FileMark]) -> bool {
    done.iter().all(|file| {
        let mark = marks.iter().find(|mark| *mark.file == *file.name);
        mark.is_some_and(|mark| file.versions.max(file.speakers) <= mark.indexed_to)
    })
}
