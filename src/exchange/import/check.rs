//! What is in a file before it is taken.

use std::io::{Read, Seek};

use crate::base::{Finding, Severity};
use crate::store::describe::{Place, entry_of, read_start};
use crate::warc::{End, Framing, ReadOptions, WarcReader};

/// What is in a file.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub records: u64,
    pub captures: u64,
    /// Captures that share a gzip member with other records, so that they cannot be read by their place.
    pub sharing: u64,
    pub framing: Option<Framing>,
    /// The first findings, and how many of all are errors.
    pub findings: Vec<Finding>,
    pub errors: u64,
    left_out: u64,
}

/// How many findings of a file are kept: the rest of a file that is damaged all over is no news.
const FINDINGS_MAX: usize = 1_000;

impl Checked {
    /// Why the file is not taken, if it is not.
    pub fn refusal(&self, lenient: bool) -> Option<String> {
        if self.records == 0 {
            return Some("no record was found in it".to_owned());
        }
        if self.captures == 0 && self.sharing > 0 {
            return Some(
                "its records share gzip members, so that none can be read by its place; `pressmark recompress` parts them"
                    .to_owned(),
            );
        }
        if lenient || (self.errors == 0 && self.sharing == 0) {
            return None;
        }
        Some(match (self.errors, self.sharing) {
            (0, sharing) => format!("{sharing} captures share gzip members with other records"),
            (1, _) => "it is damaged at one place".to_owned(),
            (errors, _) => format!("it is damaged at {errors} places"),
        })
    }

    fn add(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.errors += u64::from(finding.severity == Severity::Error);
            if self.findings.len() < FINDINGS_MAX {
                self.findings.push(finding);
            } else {
                self.left_out += 1;
            }
        }
    }
}

/// Reads a whole file, every checksum included.
pub(super) fn check(input: impl Read + Seek, name: &str) -> Result<Checked, String> {
    let options = ReadOptions { file: name.to_owned(), ..ReadOptions::default() };
    let input = std::io::BufReader::with_capacity(256 * 1024, input);
    let mut reader = WarcReader::seekable(input, options);
    let mut checked = Checked::default();
    while let Some(mut record) = reader.next_record().map_err(|why| why.to_string())? {
        let header = record.take_header();
        let start = read_start(&header.fields, &mut record);
        let place = record.finish().map_err(|why| why.to_string())?;
        checked.records += 1;
        if let (Ok(start), true) = (start, place.intact) {
            let at = Place { file: name.into(), offset: place.offset, length: 0 };
            let is_capture = entry_of(&header.fields, &start, at).is_some();
            let count = match place.length {
                Some(_) => &mut checked.captures,
                None => &mut checked.sharing,
            };
            *count += u64::from(is_capture);
        }
        checked.add(reader.take_findings());
    }
    checked.add(reader.take_findings());
    if let (Some(End::Cut(at) | End::Garbage(at)), 0) = (reader.end(), checked.errors) {
        let what = "the file does not end with a whole record";
        checked.add(vec![Finding::error(name, Some(at), "cut-file", what)]);
    }
    if checked.left_out > 0 {
        let what = format!("{} more findings; `pressmark verify` lists them", checked.left_out);
        checked.findings.push(Finding::warning(name, None, "findings", what));
    }
    checked.framing = reader.framing();
    Ok(checked)
}
