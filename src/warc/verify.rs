//! Checking any input: structure, digests, fields, links and packages, without an archive.
//!
//! ```text
//!  Input ──► each record: header rules, digests in one pass, member header  ─► findings
//!       └──► links: warcinfo, concurrent-to, refers-to, revisit targets     ─► findings
//!       └──► package: CRCs, datapackage                                     ─► findings
//! ```
//!
//! Owns the order of checks and what is remembered between records. Deliberately knows no index:
//! whether the captures of a file are in one is for the store. Memory is bounded: what is remembered
//! for links is hashes, of at most [`LINKS_MAX`] records; beyond that links are left unchecked,
//! which is reported.

use std::io::Read;

use super::describe::is_ours;
use super::input::{Input, InputBytes, InputFile, OpenError};
use super::parse::{Form, RecordHeader};
use super::parts::{PartWork, read_in_parts};
use super::reader::{Located, RecordReader, WarcReader};
use super::record::{RecordKind, Version};
use super::{member, rules};
use crate::base::{Finding, Severity};

mod digests;
mod links;

pub use digests::{Computed, PayloadForm, compute};
pub use links::LINKS_MAX;

use links::Links;

/// How much is checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct VerifyOptions {
    /// Leave out digests: structure, lengths, links and rules only.
    pub fast: bool,
    /// How many threads read one file at once; none and one are the same.
    pub threads: usize,
}

/// What was checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verified {
    /// Files of records, those inside packages counted one by one.
    pub files: u64,
    /// Records.
    pub records: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// Findings.
    pub findings: u64,
    /// Revisits that refer to a record which is in none of the files.
    pub outside: u64,
}

/// Checks inputs one after the other; links may lead from any of them to any other.
pub struct Verifier<'f> {
    options: VerifyOptions,
    found: &'f mut dyn FnMut(Finding),
    verified: Verified,
    links: Links,
}

impl<'f> Verifier<'f> {
    /// A verifier that hands each finding to `found` as it is made.
    pub fn new(options: VerifyOptions, found: &'f mut dyn FnMut(Finding)) -> Self {
        Self { options, found, verified: Verified::default(), links: Links::new() }
    }

    /// Checks one input to its end. An input that cannot be read is a finding.
    pub fn input(&mut self, mut input: Input) {
        if let Some(package) = input.package() {
            let (fast, verified) = (self.options.fast, &mut self.verified);
            let found = &mut *self.found;
            package.check(fast, &mut |finding| {
                verified.findings += 1;
                found(finding);
            });
        }
        loop {
            match input.next_file() {
                Ok(Some(file)) => self.file(file),
                Ok(None) => break,
                Err(error) => self.open_error(&error),
            }
        }
    }

    /// Reports an input that cannot be opened.
    pub fn open_error(&mut self, error: &OpenError) {
        self.tell(Finding::error(error.name(), None, "unreadable", error.to_string()));
    }

    /// Checks the links between all records, and says what was checked.
    pub fn finish(mut self) -> Verified {
        let (findings, outside) = std::mem::take(&mut self.links).finish();
        self.verified.outside = outside;
        findings.into_iter().for_each(|finding| self.tell(finding));
        self.verified
    }

    fn tell(&mut self, finding: Finding) {
        self.verified.findings += 1;
        (self.found)(finding);
    }

    fn file(&mut self, file: InputFile) {
        self.verified.files += 1;
        self.links.begin_file(&file.name);
        let name = file.name.clone();
        let length = file.length();
        let options = self.options;
        let threads = options.threads.max(1);
        // Whether this program wrote the file is known from its first record alone.
        let ours = file.again().is_some_and(is_file_of_ours);
        let again =
            std::sync::Mutex::new((0..threads).filter_map(|_| file.again()).collect::<Vec<_>>());
        let part = self.links.part(threads);
        let new = |first: bool| {
            let again = again.lock().ok().and_then(|mut readers| readers.pop());
            let check = FileCheck { first, ours, ..FileCheck::new(&name, options, again) };
            Checking { check, links: part.clone(), last: None, records: 0, position: 0 }
        };
        let before = self.verified.findings;
        let (found, count) = (&mut *self.found, &mut self.verified.findings);
        let (parts, error) = read_in_parts(file, threads, &new, &mut |finding| {
            *count += 1;
            found(finding);
        });
        let (mut records, mut bytes) = (0, 0);
        for part in parts {
            records += part.records;
            bytes = part.position;
            self.links.absorb(part.links);
        }
        self.verified.records += records;
        self.verified.bytes += length.unwrap_or(bytes);
        if let Some(error) = error {
            self.tell(Finding::error(&name, None, "unreadable", error.to_string()));
        } else if records == 0 && self.verified.findings == before {
            self.tell(Finding::warning(&name, None, "no-records", "there is no record in it"));
        }
    }
}

/// The checks of a part of a file.
struct Checking<'a> {
    check: FileCheck<'a>,
    links: Links,
    /// The record that was read last, whose member is not checked yet.
    last: Option<RecordChecked>,
    records: u64,
    /// How far the file was read.
    position: u64,
}

impl PartWork for Checking<'_> {
    fn record<R: Read + Send>(
        &mut self,
        record: RecordReader<'_, R>,
        found: &mut dyn FnMut(Finding),
    ) {
        let mut checked = self.check.record(record);
        self.records += 1;
        self.links.record(&checked.header, checked.offset);
        checked.findings.drain(..).for_each(found);
        self.last = Some(checked);
    }

    fn after<R: Read>(&mut self, reader: &WarcReader<R>, found: &mut dyn FnMut(Finding)) {
        self.position = reader.position();
        if let Some(checked) = self.last.take() {
            self.check.member_header(&checked, reader).into_iter().for_each(found);
        }
    }
}

/// Whether a file begins with a warcinfo record of this program.
fn is_file_of_ours(mut reader: WarcReader<InputBytes>) -> bool {
    let Ok(Some(mut record)) = reader.next_record() else { return false };
    let header = record.take_header();
    header.fields.record_kind() == Some(RecordKind::Warcinfo)
        && digests::start(&header, &mut record).is_ok_and(|computed| is_ours(&computed.start))
}

/// Checks the records of one file, each by itself.
pub(crate) struct FileCheck<'a> {
    name: &'a str,
    options: VerifyOptions,
    first: bool,
    /// Whether this program wrote the file.
    ours: bool,
    /// The file once more, to read a record again whose digest is not what it should be.
    again: Option<WarcReader<InputBytes>>,
}

/// What a record gave.
pub(crate) struct RecordChecked {
    pub(crate) header: RecordHeader,
    /// Where it begins.
    pub(crate) offset: u64,
    /// Where it is; none where the input could not be read.
    pub(crate) located: Option<Located>,
    /// The first bytes of its block: of an HTTP message its whole head. None where they are cut or
    /// damaged.
    pub(crate) start: Option<Vec<u8>>,
    pub(crate) findings: Vec<Finding>,
}

impl<'a> FileCheck<'a> {
    /// Of the file that findings call `name`; `again` is a second reader of it.
    pub(crate) fn new(
        name: &'a str,
        options: VerifyOptions,
        again: Option<WarcReader<InputBytes>>,
    ) -> Self {
        Self { name, options, first: true, ours: false, again }
    }

    /// Reads a record to its end and checks it. The findings of the reader are with the reader.
    pub(crate) fn record<R: Read>(&mut self, mut record: RecordReader<'_, R>) -> RecordChecked {
        let offset = record.offset();
        let header = record.take_header();
        let mut findings = check_header(&header, self.name, offset);
        let is_first = std::mem::take(&mut self.first);
        let kind = header.fields.record_kind();
        if is_first && kind != Some(RecordKind::Warcinfo) {
            let what = "the file does not begin with a warcinfo record";
            findings.push(Finding::warning(self.name, Some(offset), "no-warcinfo", what));
        }
        let computed = if self.options.fast {
            digests::start(&header, &mut record)
        } else {
            compute(&header, &mut record)
        };
        // What cannot be read is reported by the reader.
        let located = record.finish().ok();
        let Ok(computed) = computed else {
            return RecordChecked { header, offset, located, start: None, findings };
        };
        if is_first {
            self.ours = kind == Some(RecordKind::Warcinfo) && is_ours(&computed.start);
        }
        if let Some(located) = located.filter(|located| located.intact) {
            findings.extend(self.digest_findings(&header, &located, &computed));
        }
        RecordChecked { header, offset, located, start: Some(computed.start), findings }
    }

    /// What the digests of a record say, once all of it was read.
    fn digest_findings(
        &mut self,
        header: &RecordHeader,
        located: &Located,
        computed: &Computed,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let at = Some(located.offset);
        for (rule, what) in &computed.unreadable {
            findings.push(Finding::warning(self.name, at, rule, what.clone()));
        }
        if let Some((wanted, got)) = &computed.block
            && wanted != got
        {
            let what = format!("the block has the digest {got}, but the record says {wanted}");
            findings.push(Finding::error(self.name, at, "block-digest", what));
        }
        if let Some((wanted, got)) = &computed.payload
            && wanted != got
        {
            let form = computed.body_matches.then_some(PayloadForm::Body).or_else(|| {
                let again = self.again.as_mut()?;
                let mut record = again.read_within(located.offset, located.within).ok()?;
                digests::other_form(header, wanted, &mut record).ok()?
            });
            findings.push(match form {
                Some(form) => Finding::warning(self.name, at, form.rule(), form.what()),
                None => {
                    let what =
                        format!("the payload has the digest {got}, but the record says {wanted}");
                    Finding::error(self.name, at, "payload-digest", what)
                }
            });
        }
        findings
    }

    /// A member that this program wrote, and whose header was changed: the one of the record that was read
    /// last. Readers pass over most of its bytes, and no checksum covers them.
    pub(crate) fn member_header<R: Read>(
        &self,
        checked: &RecordChecked,
        reader: &WarcReader<R>,
    ) -> Vec<Finding> {
        let located = checked.located.filter(|located| self.ours && located.intact);
        let Some((located, length)) = located.and_then(|l| Some((l, l.length?))) else {
            return Vec::new();
        };
        let header = &checked.header;
        let raw_len = (header.raw.len() as u64).saturating_add(header.content_length) + 4;
        let is_fine = |head: &[u8]| member::is_as_written(head, length, raw_len);
        if reader.member_head().is_none_or(is_fine) {
            return Vec::new();
        }
        let what = "the header of its gzip member is not as it was written";
        vec![Finding::error(self.name, Some(located.offset), "member-header", what)]
    }
}

/// What of a header is against the rules of its format.
#[must_use]
pub fn check_header(header: &RecordHeader, file: &str, offset: u64) -> Vec<Finding> {
    if header.form == Form::Arc {
        return Vec::new();
    }
    let mut findings = rules::check(&header.fields, file, offset);
    // The grammar of WARC/1.0 and before has the brackets.
    if header.version < Version::V1_1 {
        findings.retain(|finding| finding.rule != rules::URI_BRACKETS);
    }
    findings
}

/// The worst of some findings.
#[must_use]
pub fn worst(findings: &[Finding]) -> Option<Severity> {
    findings.iter().map(|finding| finding.severity).max()
}

#[cfg(test)]
mod tests;
