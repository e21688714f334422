//! Queries: which captures, in which order, from where on, and how many.

use serde::{Deserialize, Serialize};

use super::{Capture, Filter, wire};
use crate::base::Timestamp;
use crate::base::surt::{KeyRange, MatchType};

/// In which order answers come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sort {
    /// By urlkey, then time.
    #[default]
    Ascending,
    /// The other way round.
    Descending,
    /// By distance in time; the earlier of two that are equally far comes first.
    Closest(#[serde(with = "wire::time")] Timestamp),
}

/// A place in the answers of an [`Sort::Ascending`] or [`Sort::Descending`] query: what comes next
/// is behind this capture. Captures that share a microsecond and a urlkey are distinguished by file
/// and offset, so that none is skipped or given twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The urlkey of the last answer.
    pub urlkey: String,
    /// Its time.
    #[serde(with = "wire::time")]
    pub date: Timestamp,
    /// Its file.
    pub file: String,
    /// Its offset.
    pub offset: u64,
}

impl Cursor {
    /// The place behind a capture.
    #[must_use]
    pub fn after(capture: &Capture) -> Self {
        Self {
            urlkey: capture.urlkey.clone(),
            date: capture.date,
            file: capture.file.to_string(),
            offset: capture.offset,
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Query {
    /// Which urlkeys.
    #[serde(with = "wire::key_range")]
    pub keys: KeyRange,
    /// Not before this instant.
    #[serde(with = "wire::optional_time")]
    pub from: Option<Timestamp>,
    /// Before this instant.
    #[serde(with = "wire::optional_time")]
    pub to: Option<Timestamp>,
    /// In which order.
    pub sort: Sort,
    /// Behind which answer of the same query; not used with [`Sort::Closest`].
    pub after: Option<Cursor>,
    /// How many answers at most.
    pub limit: Option<usize>,
    /// All of these have to agree.
    pub filters: Vec<Filter>,
    /// How many captures may be read before the query ends with
    /// [`ScanLimit`](super::ArchiveErrorKind::ScanLimit).
    pub captures_scanned_max: u64,
}

impl Query {
    /// Ten million captures: some ten seconds of reading.
    pub const CAPTURES_SCANNED_MAX: u64 = 10_000_000;

    /// How many answers a closest-first query over more than one URL keeps when it has no limit.
    pub const CLOSEST_KEPT_MAX: usize = 10_000;

    /// All captures of `uri` by that match type, oldest first.
    #[must_use]
    pub fn new(uri: &str, match_type: MatchType) -> Self {
        Self::of(KeyRange::of(uri, match_type))
    }

    /// All captures of exactly `uri`, oldest first, without a limit on reading.
    #[must_use]
    pub fn exactly(uri: &str) -> Self {
        Self { captures_scanned_max: u64::MAX, ..Self::new(uri, MatchType::Exact) }
    }

    /// All captures of one urlkey, oldest first, without a limit on reading.
    #[must_use]
    pub fn of_urlkey(urlkey: &str) -> Self {
        let keys = KeyRange {
            start: urlkey.as_bytes().to_vec(),
            end: Some([urlkey.as_bytes(), b"\x01"].concat()),
        };
        Self { captures_scanned_max: u64::MAX, ..Self::of(keys) }
    }

    /// All captures in a range of urlkeys.
    #[must_use]
    pub fn of(keys: KeyRange) -> Self {
        Self {
            keys,
            from: None,
            to: None,
            sort: Sort::Ascending,
            after: None,
            limit: None,
            filters: Vec::new(),
            captures_scanned_max: Self::CAPTURES_SCANNED_MAX,
        }
    }

    /// Every capture there is, by urlkey and time, without a limit on reading.
    #[must_use]
    pub fn everything() -> Self {
        Self { captures_scanned_max: u64::MAX, ..Self::of(KeyRange::all()) }
    }

    /// The same, newest first.
    #[must_use]
    pub fn newest_first(self) -> Self {
        Self { sort: Sort::Descending, ..self }
    }

    /// Whether it names a single urlkey.
    #[must_use]
    pub fn names_one_key(&self) -> bool {
        self.keys.end.as_deref().and_then(|end| end.strip_suffix(b"\x01")) == Some(&self.keys.start)
    }
}
