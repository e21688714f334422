//! How far the log is behind the WARC files: what is written and under no checkpoint yet.
//!
//! [`Behind`] is what a run knows of itself without reading anything. [`LogStands`] is read from the log and the ends of the
//! files, for anyone; it opens no file that is in an object storage alone.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::path::Path;

use super::leaf::Statement;
use super::log::Log;
use super::{EvidenceError, membership};
use crate::base::Timestamp;
use crate::store::Layout;
use crate::store::layout::{is_imported, stable_name};
use crate::warc::{ReadOptions, WarcReader, name};

/// How many bytes at the ends of WARC files are read to count their records, as stored.
const READ_MAX: u64 = 64 << 20;

/// What a run has written that the log does not cover.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Behind {
    /// Records that are neither under a checkpoint nor registered with the archives that share the log.
    pub unregistered: u64,
    /// When the oldest record was written that is under no checkpoint; `None` where each is.
    pub since: Option<Timestamp>,
}

impl Behind {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let since = [self.since, other.since].into_iter().flatten().min();
        Self { unregistered: self.unregistered + other.unregistered, since }
    }

    /// For how many seconds the oldest record has been waiting at this time.
    #[must_use]
    pub fn lag_seconds(&self, now: Timestamp) -> u64 {
        self.since.map_or(0, |since| now.since(since).as_secs())
    }
}

/// The state of the log of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStands {
    /// How many leaves its newest checkpoint covers.
    pub size: u64,
    /// When that was signed, where it says so.
    pub signed: Option<Timestamp>,
    /// Whether other archives share it.
    pub is_shared: bool,
    /// Records of this archive that are under no checkpoint here.
    pub waiting: u64,
    /// Whether there may be more, which were not counted.
    pub is_more: bool,
    /// How many files they are in.
    pub files: u64,
    /// The earliest date that one of them states.
    pub oldest: Option<Timestamp>,
}

impl LogStands {
    /// The state of the log of an archive; `None` where it has not begun.
    ///
    /// # Errors
    /// When the log or a file cannot be read.
    pub fn read(layout: &Layout) -> Result<Option<Self>, EvidenceError> {
        let log = Log::open(layout)?;
        let Some(newest) = log.newest() else { return Ok(None) };
        let mut stands = Self {
            size: newest.size,
            signed: newest.time,
            is_shared: membership::archive_of(layout)?.is_some(),
            waiting: 0,
            is_more: false,
            files: 0,
            oldest: None,
        };
        let sealed = |(_, statement): &(u64, Statement)| match statement {
            Statement::File { name, .. } => Some(name.clone()),
            _ => None,
        };
        let sealed: BTreeSet<String> =
            log.ledger().statements().iter().filter_map(sealed).collect();
        let mut left = READ_MAX;
        for path in layout.warc_files()? {
            let file = stable_name(&path);
            if sealed.contains(&file) || !path.exists() {
                continue;
            }
            let after = log.last_of(&file)?;
            stands.count(layout, &path, after, &mut left);
        }
        Ok(Some(stands))
    }

    /// Counts the records of a file that come after a place. What cannot be read is damage, which `verify` reports.
    fn count(&mut self, layout: &Layout, path: &Path, after: Option<(u64, u32)>, left: &mut u64) {
        if *left == 0 {
            self.is_more = true;
            return;
        }
        let Ok(file) = layout.open_file(path) else { return };
        let search_blocks = is_imported(path);
        let options = ReadOptions {
            file: path.display().to_string(),
            skip_by_length: !search_blocks,
            search_blocks,
            ..ReadOptions::default()
        };
        let mut reader = WarcReader::seekable(BufReader::new(file), options);
        if let Some((offset, within)) = after {
            let Ok(record) = reader.read_within(offset, u64::from(within)) else { return };
            if record.skip().is_err() {
                return;
            }
        }
        let (before, mut from) = (self.waiting, None);
        let mut read = 0;
        while let Ok(Some(mut record)) = reader.next_record() {
            let (at, header) = (record.offset(), record.take_header());
            if record.skip().is_err() {
                break;
            }
            let date = header.fields.text(name::DATE);
            let date = date.and_then(|date| Timestamp::parse(&date));
            self.oldest = [self.oldest, date].into_iter().flatten().min();
            self.waiting += 1;
            read = at.saturating_sub(*from.get_or_insert(at));
            if read >= *left {
                self.is_more = true;
                break;
            }
        }
        self.files += u64::from(self.waiting > before);
        *left = left.saturating_sub(read);
    }
}
