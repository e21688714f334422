//! What is in a file before it is taken.

use std::io::{Read, Seek};

use super::findings::Findings;
use crate::base::Finding;
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
    pub findings: Findings,
}

impl Checked {
    /// Why the file is not taken, if it is not.
    pub fn refusal(&self, lenient: bool) -> Option<String> {
        if self.records == 0 {
            return Some("no record was found in it".to_owned());
        }
        if self.captures == 0 && self.sharing > 0 {
            return Some(
                "its records share gzip members, so none can be read by its offset; `pressmark recompress` separates them"
                    .to_owned(),
            );
        }
        if lenient || (self.findings.errors == 0 && self.sharing == 0) {
            return None;
        }
        Some(match (self.findings.errors, self.sharing) {
            (0, sharing) => format!("{sharing} captures share gzip members with other records"),
            (1, _) => "it is damaged in one place".to_owned(),
            (errors, _) => format!("it is damaged in {errors} places"),
        })
    }
}

/// Reads a whole file, every checksum included.
pub(super) fn check(input: impl Read + Seek, name: &str) -> Result<Checked, String> {
    let file = name.to_owned();
    let options = ReadOptions { file, search_blocks: true, ..ReadOptions::default() };
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
        reader.take_findings().into_iter().for_each(|finding| checked.findings.add(finding));
    }
    reader.take_findings().into_iter().for_each(|finding| checked.findings.add(finding));
    if let (Some(End::Cut(at) | End::Garbage(at)), 0) = (reader.end(), checked.findings.errors) {
        let what = "the file does not end with a complete record";
        checked.findings.add(Finding::error(name, Some(at), "cut-file", what));
    }
    checked.framing = reader.framing();
    Ok(checked)
}
