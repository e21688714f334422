//! Rereading everything: structure, digests, links, and the index against the files.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::archive::{ArchiveError, Capture, CaptureStore, Query};
use crate::base::{Digest, Finding, Hasher};
use crate::http::{BodyFraming, Dechunked, Method, shape_of, undone};
use crate::warc::{
    End, Fields, Located, ReadOptions, RecordReader, WarcReader, member, rules, warc_fields,
};

use super::StoreError;
use super::describe::{Place, entry_of, is_http, read_start};
use super::error::index_error;
use super::layout::stable_name;
use super::lookup::Reader;

/// How much is checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct VerifyOptions {
    /// Leave out digests: structure, lengths and rules only.
    pub fast: bool,
}

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
    let (files, doubles) = reader.layout().listed()?;
    let mut checked = Checked::default();
    let mut count = |finding: Finding, checked: &mut Checked| {
        checked.findings += 1;
        found(finding);
    };
    for path in &files {
        check_file(path, options, Some(reader.store()), &mut checked, &mut count);
    }
    for path in doubles {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let what = "not read: the sealed file of this name is there, too; the next writer sets one of them aside";
        count(Finding::warning(&name, None, "double-file", what), &mut checked);
    }
    let names: Vec<String> = files.iter().map(|p| stable_name(p)).collect();
    for known in reader.sink().marks().map_err(index_error("asking"))? {
        if !names.iter().any(|n| **n == *known.file) {
            let what = format!(
                "the index knows {} bytes of it, but the file is gone; `pressmark reindex` drops it from the index",
                known.indexed_to
            );
            count(Finding::error(&known.file, None, "file-missing", what), &mut checked);
        }
    }
    Ok(checked)
}

/// Checks WARC files of any origin, without an archive.
pub fn verify_files(
    files: &[PathBuf],
    options: VerifyOptions,
    found: &mut dyn FnMut(Finding),
) -> Checked {
    let mut checked = Checked::default();
    for path in files {
        check_file(path, options, None, &mut checked, &mut |finding, checked| {
            checked.findings += 1;
            found(finding);
        });
    }
    checked
}

type Count<'a> = &'a mut dyn FnMut(Finding, &mut Checked);

fn check_file(
    path: &Path,
    options: VerifyOptions,
    index: Option<&dyn CaptureStore>,
    checked: &mut Checked,
    count: Count<'_>,
) {
    let name = if index.is_some() { stable_name(path) } else { path.display().to_string() };
    checked.files += 1;
    let input = match File::open(path).and_then(|f| Ok((f.metadata()?.len(), f))) {
        Ok((length, file)) => {
            checked.bytes += length;
            file
        }
        Err(why) => {
            return count(Finding::error(&name, None, "unreadable", why.to_string()), checked);
        }
    };
    let read_options = ReadOptions { file: name.clone(), ..ReadOptions::default() };
    let mut reader = WarcReader::seekable(BufReader::with_capacity(1 << 20, input), read_options);
    let members = File::open(path).ok().filter(|_| stable_name(path).ends_with(".gz"));
    let mut check = FileCheck { name: &name, options, captures: Vec::new(), first: true, members };
    let is_open = super::layout::is_open(path);
    // What is found in the tail of an open file is not known to be its tail before the end.
    let mut held = Vec::new();
    let mut tell = |finding: Finding, checked: &mut Checked| {
        if is_open { held.push(finding) } else { count(finding, checked) }
    };
    loop {
        match reader.next_record() {
            Ok(Some(record)) => {
                checked.records += 1;
                for finding in check.record(record, index.is_some()) {
                    tell(finding, checked);
                }
            }
            Ok(None) => break,
            Err(error) => {
                tell(Finding::error(&name, None, "unreadable", error.to_string()), checked);
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
            let what = "an unfinished record; it is set aside when the archive is next written to";
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
    if let Some(index) = index {
        check.against_index(index, &mut |finding| count(finding, checked));
    }
}

struct FileCheck<'a> {
    name: &'a str,
    options: VerifyOptions,
    /// The captures in the file.
    captures: Vec<Capture>,
    first: bool,
    /// The file once more, to compare the headers of its members with what we write; none where
    /// another program wrote it, or it is not gzip.
    members: Option<File>,
}

impl FileCheck<'_> {
    fn record<R: Read + Send>(
        &mut self,
        mut record: RecordReader<'_, R>,
        keep: bool,
    ) -> Vec<Finding> {
        let offset = record.offset();
        let fields = record.header().fields.clone();
        let mut findings = rules::check(&fields, self.name, offset);
        let header = record.header();
        let raw_len = (header.raw.len() as u64).saturating_add(header.content_length) + 4;
        let is_first = std::mem::take(&mut self.first);
        if is_first && !is_kind(&fields, "warcinfo") {
            findings.push(Finding::warning(
                self.name,
                Some(offset),
                "no-warcinfo",
                "the file does not begin with a warcinfo record",
            ));
        }
        let start = if self.options.fast {
            read_start(&fields, &mut record)
        } else {
            self.digests(&fields, offset, &mut record, &mut findings)
        };
        let located = match record.finish() {
            Ok(located) => located,
            // The reader reports it as a finding of the file.
            Err(_) => return findings,
        };
        if is_first && !start.as_ref().is_ok_and(|start| is_ours(&fields, start)) {
            self.members = None;
        }
        findings.extend(self.member_header(&located, raw_len));
        let place = Place {
            file: self.name.into(),
            offset: located.offset,
            length: located.length.unwrap_or(0),
        };
        if let (true, Ok(start)) = (keep && located.intact, start)
            && let Some(entry) = entry_of(&fields, &start, place)
        {
            self.captures.push(entry);
        }
        findings
    }

    /// A member of ours whose header is not as we write it. Readers pass over most of its bytes,
    /// and no checksum covers them.
    fn member_header(&self, located: &Located, raw_len: u64) -> Option<Finding> {
        let (file, length) = (self.members.as_ref()?, located.length?);
        let expected = member::header_bytes(length, raw_len);
        let mut there = vec![0; expected.len()];
        let fine = file.read_exact_at(&mut there, located.offset).is_ok() && there == expected;
        // A long record's header states no lengths even where they would fit.
        let bare = !fine && {
            let bare = member::header_bytes(u64::MAX, raw_len);
            raw_len > BARE_FROM && there.starts_with(&bare)
        };
        (!fine && !bare && located.intact).then(|| {
            let what = "the header of its gzip member is not as it was written";
            Finding::error(self.name, Some(located.offset), "member-header", what)
        })
    }

    /// Recomputes block and payload digest in one pass; the block's first bytes.
    fn digests<R: Read + Send>(
        &self,
        fields: &Fields,
        offset: u64,
        record: &mut RecordReader<'_, R>,
        findings: &mut Vec<Finding>,
    ) -> io::Result<Vec<u8>> {
        let mut read = |name: &'static str, rule: &'static str| {
            let text = fields.text(name)?.into_owned();
            match text.parse::<Digest>() {
                Ok(digest) => Some(digest),
                Err(why) => {
                    findings.push(Finding::warning(self.name, Some(offset), rule, why.to_string()));
                    None
                }
            }
        };
        let block = read("WARC-Block-Digest", "block-digest-unreadable");
        let payload = read("WARC-Payload-Digest", "payload-digest-unreadable");
        // The payload of a revisit is elsewhere by design.
        let payload = payload.filter(|_| !is_kind(fields, "revisit"));
        let mut tee = Tee { inner: record, hasher: block.map(|d| Hasher::new(d.algorithm())) };
        let start = read_start(fields, &mut tee)?;
        let got = payload.map(|wanted| (wanted, payload_digest(fields, wanted, &start, &mut tee)));
        let drained = io::copy(&mut tee, &mut io::sink());
        let Tee { hasher, .. } = tee;
        let mut differs = |rule: &'static str, what: &str, wanted: Digest, got: Digest| {
            if wanted != got {
                let what = format!("the {what} has the digest {got}, but the record says {wanted}");
                findings.push(Finding::error(self.name, Some(offset), rule, what));
            }
        };
        if drained.is_ok()
            && let (Some(wanted), Some(hasher)) = (block, hasher)
        {
            differs("block-digest", "block", wanted, hasher.finish());
        }
        if let Some((wanted, Ok(Some(got)))) = got {
            differs("payload-digest", "payload", wanted, got);
        }
        drained.map(|_| start)
    }

    /// Every capture in the file is in the index at its place, and every entry of the index leads
    /// to a capture.
    fn against_index(&self, index: &dyn CaptureStore, found: &mut dyn FnMut(Finding)) {
        if !matches!(index.mark_of(self.name), Ok(Some(_))) {
            if !self.captures.is_empty() {
                let what = "the index does not know this file; `pressmark reindex` adds it";
                found(Finding::warning(self.name, None, "not-indexed", what));
            }
            return;
        }
        for capture in &self.captures {
            let is_there = match indexed_at(index, capture) {
                Ok(there) => there,
                Err(why) => {
                    let what = format!("{why}; `pressmark reindex` builds the index anew");
                    found(Finding::error(self.name, Some(capture.offset), "index-damaged", what));
                    return;
                }
            };
            if !is_there {
                let what = "this capture is not in the index; `pressmark reindex` adds it";
                found(Finding::warning(self.name, Some(capture.offset), "not-indexed", what));
            }
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

/// From this length on a record may have been packed without knowing whether its member's length
/// fits in 32 bits.
const BARE_FROM: u64 = 0xffff_ffff / 2;

/// Whether a file that begins with this record was written by us.
fn is_ours(fields: &Fields, start: &[u8]) -> bool {
    is_kind(fields, "warcinfo")
        && warc_fields::read(start)
            .is_ok_and(|f| f.text("software").is_some_and(|s| s.starts_with("pressmark/")))
}

fn is_kind(fields: &Fields, kind: &str) -> bool {
    fields.record_kind().is_some_and(|k| k.as_str() == kind)
}

/// The digest of the payload: of an HTTP body without its transfer coding, or of the whole block.
/// `start` is what was read of it to know where its head ends.
fn payload_digest<R: Read + Send>(
    fields: &Fields,
    wanted: Digest,
    start: &[u8],
    rest: &mut Tee<'_, R>,
) -> io::Result<Option<Digest>> {
    let mut hasher = Hasher::new(wanted.algorithm());
    if is_kind(fields, "request") {
        return Ok(None);
    }
    let mut whole = BufReader::with_capacity(64 * 1024, start.chain(rest));
    if is_http(fields) && !is_request(fields) {
        let mut shape = shape_of(start, Method::Get);
        if shape.status.is_none() {
            shape.framing = BodyFraming::Close;
        }
        let mut coded = Dechunked::new(whole, &shape);
        if shape.transfer_codings.is_empty() {
            io::copy(&mut coded, &mut hasher)?;
            return Ok(Some(hasher.finish()));
        }
        // Earlier versions of this program, and other writers, leave any coding but chunked on.
        let mut left_on = Tee { inner: &mut coded, hasher: Some(Hasher::new(wanted.algorithm())) };
        let mut input = BufReader::with_capacity(64 * 1024, &mut left_on);
        io::copy(&mut undone(&mut input, &shape), &mut hasher)?;
        io::copy(&mut input, &mut io::sink())?;
        drop(input);
        let left_on = left_on.hasher.map(Hasher::finish).filter(|digest| *digest == wanted);
        return Ok(Some(left_on.unwrap_or_else(|| hasher.finish())));
    } else {
        io::copy(&mut whole, &mut hasher)?;
    }
    Ok(Some(hasher.finish()))
}

/// Whether the block is a request: what follows its head is no payload of a response.
fn is_request(fields: &Fields) -> bool {
    let text = fields.content_type().unwrap_or_default().to_ascii_lowercase().replace(' ', "");
    text.starts_with("application/http") && text.contains("msgtype=request")
}

/// Hashes what is read through it.
struct Tee<'r, R> {
    inner: &'r mut R,
    hasher: Option<Hasher>,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&out[..count]);
        }
        Ok(count)
    }
}
