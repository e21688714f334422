//! Rereading everything: structure, digests, links, and the index against the files.

use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use crate::archive::{ArchiveError, Capture, CaptureStore, Query};
use crate::base::Finding;
use crate::warc::{self, End, InputBytes, Located, ReadOptions, RecordHeader, WarcReader};

use super::StoreError;
use super::describe::{Place, entry_of};
use super::error::index_error;
use super::layout::{is_imported, stable_name};
use super::lookup::Reader;
use super::upload;

pub use crate::warc::verify::VerifyOptions;

/// What was checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Files.
    pub files: u64,
    /// Records.
    pub records: u64,
    /// Bytes of WARC files.
    pub bytes: u64,
    /// Findings.
    pub findings: u64,
}

/// Checks the whole archive; each finding is handed to `found` as it is made.
///
/// # Errors
/// When a directory or the index cannot be read. Damage of files is a finding.
pub fn verify(
    reader: &Reader,
    options: VerifyOptions,
    found: &mut dyn FnMut(Finding),
) -> Result<Checked, StoreError> {
    verify_noting(reader, options, found, &mut |_| {})
}

/// What is read from a file that is only in an object storage, for a caller that needs its records as well: the
/// file is not fetched again.
#[derive(Debug)]
pub enum Noted<'a> {
    /// A whole record.
    Record {
        /// Its header.
        header: &'a RecordHeader,
        /// Where its member begins.
        offset: u64,
        /// Where it begins in the unpacked member.
        within: u64,
        /// The length of its member; `None` where it shares one.
        length: Option<u64>,
    },
    /// The file whose records these were is at its end.
    End {
        /// Its name.
        file: &'a str,
        /// Whether nothing was found in it.
        is_sound: bool,
    },
}

/// As [`verify`]; `note` gets what is read from files that are not on the local disk.
///
/// # Errors
/// As [`verify`].
pub fn verify_noting(
    reader: &Reader,
    options: VerifyOptions,
    found: &mut dyn FnMut(Finding),
    note: &mut dyn FnMut(&Noted<'_>),
) -> Result<Checked, StoreError> {
    let (files, doubles) = reader.layout().listed()?;
    let mut checked = Checked::default();
    let mut count = |finding: Finding, checked: &mut Checked| {
        checked.findings += 1;
        found(finding);
    };
    for path in &files {
        let before = checked.findings;
        let is_elsewhere = !path.exists();
        let mut ignored = |_: &Noted<'_>| {};
        let note: &mut dyn FnMut(&Noted<'_>) = if is_elsewhere { &mut *note } else { &mut ignored };
        check_file(path, options, reader, &mut checked, &mut count, note);
        note(&Noted::End { file: &stable_name(path), is_sound: checked.findings == before });
    }
    for path in doubles {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let what = "not read: a sealed file of this name also exists; the next writer sets one of them aside";
        count(Finding::warning(&name, None, "double-file", what), &mut checked);
    }
    upload::check(reader.layout(), &mut |finding| count(finding, &mut checked));
    let names: Vec<String> = files.iter().map(|p| stable_name(p)).collect();
    for known in reader.sink().marks().map_err(index_error("asking"))? {
        // A mark of 0 is what `reindex` leaves of a file whose captures it removed from a database.
        if known.indexed_to > 0 && !names.iter().any(|n| **n == *known.file) {
            let what = format!(
                "the index knows {} bytes of it, but the file is gone; `pressmark reindex` drops it from the index",
                known.indexed_to
            );
            count(Finding::error(&known.file, None, "file-missing", what), &mut checked);
        }
    }
    Ok(checked)
}

type Count<'a> = &'a mut dyn FnMut(Finding, &mut Checked);

fn check_file(
    path: &Path,
    options: VerifyOptions,
    archive: &Reader,
    checked: &mut Checked,
    count: Count<'_>,
    note: &mut dyn FnMut(&Noted<'_>),
) {
    let name = stable_name(path);
    checked.files += 1;
    let (layout, index) = (archive.layout(), archive.store());
    let opened = layout.length_of(path).and_then(|length| Ok((length, layout.open_file(path)?)));
    let input = match opened {
        Ok((length, file)) => {
            checked.bytes += length;
            file
        }
        Err(why) => {
            return count(Finding::error(&name, None, "unreadable", why.to_string()), checked);
        }
    };
    let search_blocks = is_imported(path);
    let read_options = ReadOptions { file: name.clone(), search_blocks, ..ReadOptions::default() };
    let mut reader = WarcReader::seekable(BufReader::with_capacity(1 << 20, input), read_options);
    // For a file that is not on the local disk, other forms of a payload are not tried when its digest does not
    // match.
    let again = again(path, &name);
    let mut check = FileCheck {
        name: &name,
        records: warc::verify::FileCheck::new(&name, options, again),
        index,
        state: match index.mark_of(&name) {
            Ok(Some(_)) => Indexing::Known,
            _ => Indexing::Unknown,
        },
    };
    let is_open = super::layout::is_open(path);
    // What is found in the tail of an open file is not known to be its tail before the end.
    let mut held = Vec::new();
    let mut tell = |finding: Finding, checked: &mut Checked| {
        if is_open { held.push(finding) } else { count(finding, checked) }
    };
    let mut is_read = true;
    loop {
        match reader.next_record() {
            Ok(Some(record)) => {
                checked.records += 1;
                let record = check.records.record(record);
                for finding in check.records.member_header(&record, &reader) {
                    tell(finding, checked);
                }
                if let Some(located) = record.located.as_ref().filter(|located| located.intact) {
                    let Located { offset, within, length, .. } = *located;
                    note(&Noted::Record { header: &record.header, offset, within, length });
                }
                for finding in check.record(record) {
                    tell(finding, checked);
                }
            }
            Ok(None) => break,
            Err(error) => {
                tell(Finding::error(&name, None, "unreadable", error.to_string()), checked);
                is_read = false;
                break;
            }
        }
        for finding in reader.take_findings() {
            tell(finding, checked);
        }
    }
    for finding in reader.take_findings() {
        tell(finding, checked);
    }
    match reader.end() {
        // A record that is being written, or was when its process died: nothing that was
        // acknowledged, and no damage. The next writer sets it aside.
        Some(End::Cut(tail) | End::Garbage(tail)) if is_open => {
            held.retain(|finding| finding.offset.is_none_or(|at| at < tail));
            let what = "an unfinished record; the next writer sets it aside";
            held.push(Finding::warning(&name, Some(tail), "unfinished-tail", what));
        }
        Some(End::Cut(offset)) => {
            let what = "the file ends inside this record";
            tell(Finding::error(&name, Some(offset), "cut-file", what), checked);
        }
        _ => {}
    }
    for finding in held {
        count(finding, checked);
    }
    // A file that could not be read was reported as unreadable.
    if !options.fast && is_read {
        match upload::changed(layout, path) {
            Ok(None) => {}
            Ok(Some(what)) => {
                count(Finding::error(&name, None, "remote-changed", what), checked);
            }
            Err(why) => count(Finding::error(&name, None, "unreadable", why.to_string()), checked),
        }
    }
}

/// A second reader of a file.
fn again(path: &Path, name: &str) -> Option<WarcReader<InputBytes>> {
    let options = ReadOptions { file: name.to_owned(), ..ReadOptions::default() };
    let file = warc::open(path, &options).ok()?.next_file().ok()??;
    Some(file.records)
}

struct FileCheck<'a> {
    name: &'a str,
    records: warc::verify::FileCheck<'a>,
    index: &'a dyn CaptureStore,
    state: Indexing,
}

/// What the index has of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Indexing {
    Known,
    Unknown,
    /// It is not asked any more: the problem was reported.
    Reported,
}

impl FileCheck<'_> {
    /// What was found in a record, and in the index's entry of it. None is kept: there may be millions.
    fn record(&mut self, record: warc::verify::RecordChecked) -> Vec<Finding> {
        let mut findings = record.findings;
        let located = record.located.filter(|located| located.intact);
        // What shares its member with others has no place that the index could have.
        let place = located.and_then(|l| Some((l.offset, l.length?)));
        if let (Some((offset, length)), Some(start)) = (place, &record.start) {
            let place = Place { file: self.name.into(), offset, length };
            if let Some(capture) = entry_of(&record.header.fields, start, place) {
                findings.extend(self.against_index(&capture));
            }
        }
        findings
    }

    /// Whether the capture is in the index at its place.
    fn against_index(&mut self, capture: &Capture) -> Option<Finding> {
        let at = Some(capture.offset);
        match self.state {
            Indexing::Reported => None,
            Indexing::Unknown => {
                self.state = Indexing::Reported;
                let what = "the index does not know this file; `pressmark reindex` adds it";
                Some(Finding::warning(self.name, None, "not-indexed", what))
            }
            Indexing::Known => match indexed_at(self.index, capture) {
                Ok(true) => None,
                Ok(false) => {
                    let what = "this capture is not in the index; `pressmark reindex` adds it";
                    Some(Finding::warning(self.name, at, "not-indexed", what))
                }
                Err(why) => {
                    self.state = Indexing::Reported;
                    let what = format!("{why}; `pressmark reindex` rebuilds the index");
                    Some(Finding::error(self.name, at, "index-damaged", what))
                }
            },
        }
    }
}

/// Whether the index has a capture at exactly this place, and of this length.
fn indexed_at(index: &dyn CaptureStore, capture: &Capture) -> Result<bool, ArchiveError> {
    let query = Query {
        from: Some(capture.date),
        to: Some(capture.date.plus(Duration::from_micros(1))),
        ..Query::of_urlkey(&capture.urlkey)
    };
    for there in index.scan(&query) {
        let there = there?;
        if there.file == capture.file && there.offset == capture.offset {
            return Ok(there.length == capture.length);
        }
    }
    Ok(false)
}
