//! The records of a bundle, and their leaves.

use std::io::{self, Cursor, Read};

use data_encoding::HEXLOWER;

use super::{CheckResult, Files, holds};
use crate::base::{Digest, DigestAlgorithm, Hasher, Severity};
use crate::evidence::bundle::Description;
use crate::evidence::leaf::{RecordLeaf, record_text, sha256};
use crate::warc::{End, Fields, HeaderLimits, Mode, ReadOptions, WarcReader, name, parse_header};

/// This many bytes of a block are checked for the status of an answer.
const STATUS_LINE_MAX: usize = 64;

/// A record of a bundle.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The fields of its header.
    pub fields: Fields,
    /// The text of the leaf that follows from it.
    pub leaf: String,
    /// Where it is and how long it is; `None` where it is withheld.
    pub place: Option<(u64, u64)>,
    /// SHA-256 of its member.
    pub sha256: Option<String>,
    /// The status of the answer that it holds.
    pub status: Option<u16>,
    /// The algorithm of its block's digest.
    pub algorithm: DigestAlgorithm,
}

/// Reads the records, with those that are withheld at their places: each is whole, and its block has
/// the digest that its header states.
pub(super) fn read(files: &Files<'_>, description: &Description) -> Result<Vec<Seen>, String> {
    let mut here = in_file(files, &description.warc)?.into_iter();
    let mut seen = Vec::new();
    for record in &description.records {
        if record.withheld.is_some() {
            seen.push(withheld(files, record.number)?);
        } else {
            let next = here.next();
            seen.push(next.ok_or_else(|| format!("record {} is missing", record.number))?);
        }
    }
    if here.next().is_some() {
        return Err(format!("{} holds more than the records that are listed", description.warc));
    }
    if seen.is_empty() {
        return Err("there are no records".to_owned());
    }
    Ok(seen)
}

fn in_file(files: &Files<'_>, file: &str) -> Result<Vec<Seen>, String> {
    let bytes = files.get(file)?;
    let options = ReadOptions { file: file.to_owned(), ..ReadOptions::default() };
    let mut reader = WarcReader::seekable(Cursor::new(bytes), options);
    let mut records = Vec::new();
    while let Some(mut record) = reader.next_record().map_err(|e| e.to_string())? {
        let header = record.take_header();
        let at = record.offset();
        let stated = header.fields.block_digest();
        if stated.is_none() && header.fields.contains(name::BLOCK_DIGEST) {
            return Err(format!("the digest of the record at {at} in {file} cannot be read"));
        }
        let algorithm = stated.map_or(DigestAlgorithm::Sha256, |d: Digest| d.algorithm());
        let broken = |why: io::Error| format!("{file} at {at}: {why}");
        let mut start = Vec::new();
        record.by_ref().take(STATUS_LINE_MAX as u64).read_to_end(&mut start).map_err(broken)?;
        let mut hasher = Hasher::new(algorithm);
        hasher.update(&start);
        io::copy(&mut record, &mut hasher).map_err(broken)?;
        let counted = hasher.finish();
        if stated.is_some_and(|stated| stated != counted) {
            return Err(format!("the block of the record at {at} in {file} was changed"));
        }
        let leaf = record_text(&header.fields, &header.raw, Some(&counted.to_string()));
        let located = record.finish().map_err(|e| e.to_string())?;
        let length = located
            .length
            .filter(|_| located.intact)
            .ok_or_else(|| format!("the record at {at} in {file} is not whole"))?;
        let range = usize::try_from(at).ok().zip(usize::try_from(length).ok());
        let member = range.and_then(|(from, length)| bytes.get(from..from.checked_add(length)?));
        records.push(Seen {
            status: status(&start),
            fields: header.fields,
            leaf,
            place: Some((at, length)),
            sha256: member.map(|member| HEXLOWER.encode(&sha256(member))),
            algorithm,
        });
    }
    let findings = reader.take_findings();
    if let Some(worst) = findings.iter().find(|f| f.severity == Severity::Error) {
        return Err(worst.to_string());
    }
    if reader.end() != Some(End::Clean) {
        return Err(format!("{file} does not end after a whole record"));
    }
    Ok(records)
}

/// A request whose block is withheld: its leaf follows from its header, and where that states no
/// digest of the block, from its leaf.
fn withheld(files: &Files<'_>, number: u64) -> Result<Seen, String> {
    let file = format!("withheld/{number:02}.header");
    let raw = files.get(&file)?;
    let (header, _) = parse_header(raw, Mode::Lenient, &HeaderLimits::default())
        .map_err(|why| format!("{file}: {why}"))?;
    if header.raw.len() != raw.len() {
        return Err(format!("{file} holds more than a header"));
    }
    if header.fields.record_kind().is_none_or(|kind| kind.as_str() != "request") {
        return Err(format!("{file} is the header of no request, and nothing else is withheld"));
    }
    let leaf = files.text(&format!("leaves/{number:02}.txt"))?;
    let block = RecordLeaf::parse(leaf).map(|leaf| leaf.block);
    let stated = header.fields.block_digest();
    Ok(Seen {
        leaf: record_text(&header.fields, &header.raw, block),
        fields: header.fields,
        place: None,
        sha256: None,
        status: None,
        algorithm: stated.map_or(DigestAlgorithm::Sha256, |d: Digest| d.algorithm()),
    })
}

/// The status in the first line of an HTTP answer.
fn status(start: &[u8]) -> Option<u16> {
    let line = start.split(|b| *b == b'\n').next()?;
    let mut words = line.split(|b| *b == b' ');
    words.next()?.strip_prefix(b"HTTP/")?;
    std::str::from_utf8(words.next()?.trim_ascii()).ok()?.parse().ok()
}

/// The text about the records.
pub(super) fn summary(records: &[Seen]) -> CheckResult {
    let withheld = records.iter().filter(|r| r.place.is_none()).count();
    let weak = records.iter().filter(|r| r.algorithm == DigestAlgorithm::Sha1).count();
    let mut what = format!(
        "{} records are whole and have the digests that they state",
        records.len() - withheld
    );
    if withheld > 0 {
        what.push_str(&format!(
            "; {withheld} requests are withheld, whose digests are in their leaves"
        ));
    }
    if weak > 0 {
        what.push_str(&format!(
            "; the blocks of {weak} are bound by SHA-1 alone, which anyone who made a block can make another for"
        ));
    }
    holds(what)
}

/// The leaf of each record says of it what the record says.
pub(super) fn leaves(files: &Files<'_>, records: &[Seen]) -> CheckResult {
    for (n, record) in (1..).zip(records) {
        let name = format!("leaves/{n:02}.txt");
        if files.text(&name)? != record.leaf {
            return Err(format!("{name} is not the leaf of record {n}"));
        }
    }
    holds(format!("{} leaves follow from the records", records.len()))
}
