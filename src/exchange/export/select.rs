//! Which captures are meant: rows sorted by file and offset, outside of memory.

use std::collections::BTreeSet;

use crate::archive::{BESIDE_RENDERING, Capture, Form, MatchType, Query, RecordKind};
use crate::base::Timestamp;
use crate::sorted::{SortOptions, Sorted, Sorter};
use crate::store::Reader;

use super::error::temporary;
use super::{ExportError, Exported};

/// What is asked for: URLs, how they are matched, and from when to when.
#[derive(Debug, Clone)]
pub struct Request {
    /// The URLs; everything where there is none.
    pub urls: Vec<String>,
    /// How each is matched.
    pub match_type: MatchType,
    /// Not before this instant.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
}

/// Whether a capture is a page that a reader of a package may begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    Page,
    No,
}

/// Captures that are meant.
#[derive(Debug)]
pub struct Selection {
    rows: Sorter,
    is_empty: bool,
    period: Option<(Timestamp, Timestamp)>,
    bytes: u64,
    /// The URLs that were asked for, whose pages come first.
    seeds: BTreeSet<String>,
    unreadable: Vec<(Box<Capture>, String)>,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            rows: Sorter::new(SortOptions::default()),
            is_empty: true,
            period: None,
            bytes: 0,
            seeds: BTreeSet::new(),
            unreadable: Vec::new(),
        }
    }
}

impl Selection {
    /// What a request means in this archive: the captures, for each revisit the capture that holds
    /// its payload, which may be outside of what was asked for, and what renderings left beside their documents.
    ///
    /// # Errors
    /// When the index cannot answer, or a temporary file cannot be written.
    pub fn of(reader: &Reader, request: &Request) -> Result<Self, ExportError> {
        let mut selection = Self::default();
        let queries: Vec<Query> = if request.urls.is_empty() {
            vec![Query::everything()]
        } else {
            let mut queries = Vec::new();
            for url in &request.urls {
                queries.push(Query::new(url, request.match_type));
                // Also what a rendering left that has no document, since it failed.
                if request.match_type == MatchType::Exact {
                    let name = |prefix: &str| Query::exactly(&format!("{prefix}{url}"));
                    queries.extend(BESIDE_RENDERING.map(name));
                }
            }
            queries
        };
        selection.seeds = request.urls.iter().map(|url| crate::base::surt::urlkey(url)).collect();
        for query in queries {
            let query = Query {
                from: request.from,
                to: request.to,
                captures_scanned_max: u64::MAX,
                ..query
            };
            for capture in reader.query(&query) {
                selection.add(reader, &capture?)?;
            }
        }
        Ok(selection)
    }

    /// Notes URLs whose pages come first in a package.
    pub(super) fn begin_with(&mut self, url: &str) {
        self.seeds.insert(crate::base::surt::urlkey(url));
    }

    /// Adds a capture, what a revisit refers to, and what a rendering left beside its document. Whether the payload is in
    /// the archive.
    pub(super) fn add(&mut self, reader: &Reader, capture: &Capture) -> Result<bool, ExportError> {
        if capture.form() == Some(Form::Rendered) {
            self.add_beside(reader, capture)?;
        }
        if capture.kind != RecordKind::Revisit {
            self.push(capture, listed(capture, capture))?;
            return Ok(true);
        }
        let original = reader.original_of(capture)?;
        match &original {
            Some(original) => {
                self.push(capture, listed(capture, original))?;
                // Listed only where it is asked for itself.
                self.push(original, Listed::No)?;
            }
            None => self.push(capture, Listed::No)?,
        }
        Ok(original.is_some())
    }

    /// Adds the picture, the text and the notes of a rendering: the records of their names with its time.
    fn add_beside(&mut self, reader: &Reader, rendering: &Capture) -> Result<(), ExportError> {
        let from = rendering.date;
        let to = from.plus(std::time::Duration::from_micros(1));
        for prefix in BESIDE_RENDERING {
            let url = format!("{prefix}{}", rendering.url);
            let query = Query { from: Some(from), to: Some(to), ..Query::exactly(&url) };
            for capture in reader.query(&query) {
                let capture = capture?;
                if capture.url == url {
                    self.push(&capture, Listed::No)?;
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, capture: &Capture, listed: Listed) -> Result<(), ExportError> {
        self.is_empty = false;
        self.bytes = self.bytes.saturating_add(capture.length);
        let (first, last) = self.period.unwrap_or((capture.date, capture.date));
        self.period = Some((first.min(capture.date), last.max(capture.date)));
        self.rows.push(&row(capture, listed)).map_err(temporary)
    }

    /// The rows in the order of files and offsets.
    pub(super) fn finish(self) -> Result<Chosen, ExportError> {
        let Self { rows, is_empty, period, bytes, seeds, unreadable } = self;
        let rows = Rows { sorted: rows.finish().map_err(temporary)?, next: None, given: 0 };
        Ok(Chosen { rows, is_empty, period, bytes, seeds, unreadable })
    }
}

/// A capture of a status and a type that people read.
fn listed(capture: &Capture, holder: &Capture) -> Listed {
    let is_html = matches!(holder.mime.as_str(), "text/html" | "application/xhtml+xml");
    let is_whole = matches!(holder.status, Some(200)) && !holder.truncated;
    let is_page = is_html && is_whole && capture.kind != RecordKind::Metadata;
    if is_page { Listed::Page } else { Listed::No }
}

/// What was selected, sorted.
pub(super) struct Chosen {
    pub rows: Rows,
    pub is_empty: bool,
    pub period: Option<(Timestamp, Timestamp)>,
    pub bytes: u64,
    pub seeds: BTreeSet<String>,
    pub unreadable: Vec<(Box<Capture>, String)>,
}

/// Captures by urlkey and time.
pub(super) struct ByUrlkey(Sorted);

impl ByUrlkey {
    /// The next capture; `None` after the last.
    pub fn next(&mut self) -> Result<Option<Capture>, ExportError> {
        let Some(row) = self.0.next_row().map_err(temporary)? else { return Ok(None) };
        let at = memchr::memrchr(0, row).map_or(0, |at| at + 1);
        let capture = serde_json::from_slice(&row[at..]);
        capture.map(Some).map_err(|why| temporary(std::io::Error::other(why)))
    }
}

/// A capture that is meant.
#[derive(Debug, Clone)]
pub(super) struct Meant {
    pub capture: Capture,
    pub listed: Listed,
}

/// The captures that are meant, by file and offset, each once.
pub(super) struct Rows {
    sorted: Sorted,
    next: Option<Meant>,
    given: u64,
}

impl Rows {
    /// The captures by urlkey and time.
    pub fn by_urlkey(&mut self) -> Result<ByUrlkey, ExportError> {
        let mut sorter = Sorter::new(SortOptions::default());
        while let Some(meant) = self.next()? {
            let capture = &meant.capture;
            let mut key = capture.urlkey.as_bytes().to_vec();
            key.push(0);
            let time = capture.date.unix_micros().cast_unsigned() ^ (1 << 63);
            key.extend(data_encoding::HEXLOWER.encode(&time.to_be_bytes()).bytes());
            key.push(0);
            // JSON has no zero byte.
            key.extend(serde_json::to_vec(capture).unwrap_or_default());
            sorter.push(&key).map_err(temporary)?;
        }
        Ok(ByUrlkey(sorter.finish().map_err(temporary)?))
    }

    /// Lines that are made of the captures, sorted.
    pub fn lines(&mut self, line: fn(&Capture) -> String) -> Result<Sorted, ExportError> {
        let mut sorter = Sorter::new(SortOptions::default());
        while let Some(meant) = self.next()? {
            sorter.push(line(&meant.capture).as_bytes()).map_err(temporary)?;
        }
        sorter.finish().map_err(temporary)
    }
}

impl Rows {
    /// How many captures were given: one that was selected twice counts once.
    pub fn given(&self) -> u64 {
        self.given
    }

    /// The next capture; `None` after the last.
    pub fn next(&mut self) -> Result<Option<Meant>, ExportError> {
        let mut meant = match self.next.take() {
            Some(meant) => meant,
            None => match self.read()? {
                Some(meant) => meant,
                None => return Ok(None),
            },
        };
        // One that was selected twice, as a page and as the original of a revisit.
        while let Some(other) = self.read()? {
            if !meant.capture.is_same_record(&other.capture) {
                self.next = Some(other);
                break;
            }
            if other.listed == Listed::Page {
                meant.listed = Listed::Page;
            }
        }
        self.given += 1;
        Ok(Some(meant))
    }

    fn read(&mut self) -> Result<Option<Meant>, ExportError> {
        let Some(row) = self.sorted.next_row().map_err(temporary)? else { return Ok(None) };
        meant(row).map(Some)
    }
}

/// `file 00 offset, 8 big-endian | listed, 1 | the capture`
fn row(capture: &Capture, listed: Listed) -> Vec<u8> {
    let mut row = capture.file.as_bytes().to_vec();
    row.push(0);
    row.extend_from_slice(&capture.offset.to_be_bytes());
    row.push(u8::from(listed == Listed::Page));
    // A value of texts and numbers always encodes.
    row.extend(postcard::to_allocvec(capture).unwrap_or_default());
    row
}

fn meant(row: &[u8]) -> Result<Meant, ExportError> {
    let broken = || temporary(std::io::Error::from(std::io::ErrorKind::InvalidData));
    let at = memchr::memchr(0, row).ok_or_else(broken)? + 1 + 8;
    let (listed, bytes) = row.get(at..).and_then(|rest| rest.split_first()).ok_or_else(broken)?;
    let capture = postcard::from_bytes(bytes).map_err(|_| broken())?;
    let listed = if *listed == 1 { Listed::Page } else { Listed::No };
    Ok(Meant { capture, listed })
}

impl Exported {
    /// Notes a capture that could not be read.
    pub(super) fn is_unreadable(&mut self, capture: &Capture, why: impl std::fmt::Display) {
        self.unreadable.push((Box::new(capture.clone()), why.to_string()));
    }
}
