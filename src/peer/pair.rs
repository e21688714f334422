//! Both proofs of a difference in one file.
//!
//! ```text
//! comparison.json   what was found, as `peer compare --format json` prints it
//! ours.zip          the evidence bundle of this archive's capture, and no more than a peer gets of it
//! theirs.zip        that of the peer's, byte for byte as it came
//! README.txt        what this is and how to check it
//! ```
//!
//! Nothing in it is signed as a whole: each bundle stands alone, and the comparison follows from the two. [`check`] makes it
//! again.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::agreement::Peer;
use super::answering::{self, Proving};
use super::comparison::Comparison;
use super::message::Listed;
use super::proved::{self, contents_of};
use super::verdict::judge;
use crate::answers::Archive;
use crate::archive::Capture;
use crate::base::Timestamp;
use crate::diff::json;
use crate::evidence::Trust;
use crate::evidence::bundle::{Contents, Role, gather, write_zip};
use crate::evidence::note::VerifierKey;
use crate::store::durable::make_dirs;

/// The longest comparison that is read, in bytes.
const JSON_BYTES_MAX: usize = 16 << 20;
/// At most this much of a request is read, in bytes.
const REQUEST_BYTES_MAX: u64 = 256 * 1024;

const README: &str = "Two archives captured the same address, and what they were given differs.\n\n\
comparison.json says what was found. ours.zip and theirs.zip are the evidence bundles of the two captures:\n\
unpack each and run its check.py, or `pressmark prove --check` on it, with the key of its log.\n\
`pressmark peer check` on this file checks both bundles, and makes the comparison again from their records.\n\n\
What this does not prove: that either archive is honest about what it was sent. Each signs its own capture;\n\
that both saw something else is their common word.\n";

/// Where pairs are written, and what proofs of this archive are made with.
pub struct PairDir<'a> {
    /// The directory; made where it is missing.
    pub dir: &'a Path,
    /// What proofs are made with.
    pub proving: &'a dyn Fn() -> Result<Proving, String>,
}

/// The request that was kept with a capture, where one was and nothing of it is withheld.
#[must_use]
pub fn request_of(archive: &Archive, capture: &Capture) -> Option<Vec<u8>> {
    let loaded = archive.reader().load(capture).ok()?;
    let pieces = gather(archive.reader(), &loaded).ok()?;
    let request = pieces.into_iter().find(|piece| {
        piece.role == Role::Exchange && piece.kind == "request" && piece.withheld.is_none()
    })?;
    let options = crate::warc::ReadOptions { file: request.file.clone(), ..Default::default() };
    let member = Cursor::new(request.member);
    let mut reader = crate::warc::WarcReader::seekable(member, options);
    let record = reader.next_record().ok()??;
    let mut block = Vec::new();
    record.take(REQUEST_BYTES_MAX).read_to_end(&mut block).ok()?;
    Some(block)
}

/// Writes both proofs of a comparison, and gives back where.
///
/// # Errors
/// Why it cannot be written, as text.
pub fn write(
    archive: &Archive,
    to: &PairDir<'_>,
    comparison: &Comparison,
    theirs: &[u8],
    now: Timestamp,
) -> Result<PathBuf, String> {
    // Of our own capture, what is handed on is what a peer would get who may see this address.
    let peer = Peer {
        name: comparison.peer.clone(),
        url: String::new(),
        key: String::new(),
        log: String::new(),
        share: vec![comparison.url.clone(), comparison.ours.url.clone()],
        since: None,
        until: None,
    };
    let ours = answering::proved(archive, &peer, &comparison.ours, to.proving, u64::MAX, now)??;
    let record = comparison.theirs.record_id.chars().filter(char::is_ascii_alphanumeric);
    let record: String = record.rev().take(8).collect();
    let name = format!("{}-{}-{record}.zip", comparison.peer, comparison.theirs.timestamp);
    make_dirs(to.dir).map_err(|why| format!("{}: {why}", to.dir.display()))?;
    let path = to.dir.join(name);
    let json = serde_json::to_vec_pretty(comparison).map_err(|why| why.to_string())?;
    let contents: Contents = vec![
        ("comparison.json".to_owned(), json),
        ("ours.zip".to_owned(), ours),
        ("theirs.zip".to_owned(), theirs.to_vec()),
        ("README.txt".to_owned(), README.as_bytes().to_vec()),
    ];
    write_zip(&path, &contents).map_err(|why| why.to_string())?;
    Ok(path)
}

/// A step of checking a pair: its name, and what was seen or what fails.
pub type PairStep = (&'static str, Result<String, String>);

/// Checks both bundles of a pair, each against a key of its log, and compares their captures again.
#[must_use]
pub fn check(
    contents: &Contents,
    (ours, theirs): (&VerifierKey, &VerifierKey),
    trust: &Trust,
) -> Vec<PairStep> {
    let file = |name: &str| {
        let found = contents.iter().find(|(own, _)| own == name);
        found.map(|(_, bytes)| bytes.as_slice()).ok_or_else(|| format!("{name} is missing"))
    };
    let comparison = file("comparison.json").and_then(|bytes| match bytes.len() {
        0..=JSON_BYTES_MAX => serde_json::from_slice::<Value>(bytes).map_err(|why| why.to_string()),
        length => Err(format!("comparison.json has {length} bytes")),
    });
    let side = |name: &str, side: &str, key: &VerifierKey| {
        let comparison = comparison.as_ref().map_err(Clone::clone)?;
        let text = |field: &str| comparison[side][field].as_str().unwrap_or_default().to_owned();
        let url = comparison["url"].as_str().unwrap_or_default();
        let url = if side == "ours" { text("url") } else { url.to_owned() };
        let wanted = Listed { url, date: text("date"), record_id: text("record_id") };
        proved::read(&contents_of(file(name)?)?, key, trust, &wanted)
    };
    let (a, b) = (side("ours.zip", "ours", ours), side("theirs.zip", "theirs", theirs));
    let summary = |side: &Result<proved::ProvedCapture, String>| {
        side.as_ref().map_err(Clone::clone).map(|capture| {
            format!(
                "{} of {}, in {}",
                capture.url,
                capture.date.to_warc_date(),
                capture.proof.origin
            )
        })
    };
    let mut steps = vec![("ours", summary(&a)), ("theirs", summary(&b))];
    let again = match (&a, &b, &comparison) {
        (Ok(a), Ok(b), Ok(comparison)) => {
            let judged = judge(&a.captured(), &b.captured());
            let changes: Vec<_> = judged
                .comparison
                .changes
                .iter()
                .map(|c| json::change(c, &a.page, &b.page))
                .collect();
            let is_same = comparison["verdict"] == judged.verdict.label()
                && serde_json::to_value(&changes).is_ok_and(|found| found == comparison["changes"]);
            match is_same {
                true => Ok(format!("{}, with {} changes", judged.verdict.label(), changes.len())),
                false => Err(format!(
                    "the captures give {} with {} changes, and comparison.json says something else; another version of this program may have written it",
                    judged.verdict.label(),
                    changes.len()
                )),
            }
        }
        _ => Err("without both captures there is nothing to compare".to_owned()),
    };
    steps.push(("comparison", again));
    steps
}
