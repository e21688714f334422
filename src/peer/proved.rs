//! What a proof holds: the page of a capture, from the records of a bundle that was checked.

use std::io::{Cursor, Read};

use crate::base::{Digest, DigestAlgorithm, TargetUri, Timestamp};
use crate::evidence::Trust;
use crate::evidence::bundle::{Contents, DescribedRecord, Description, read_bundle, unbracketed};
use crate::evidence::check::{Known, Outcome, check};
use crate::evidence::note::VerifierKey;
use crate::extract::page::Page;
use crate::history::{DECODED_BYTES_MAX, read_page};
use crate::http::{Head, Method, decode_body, payload, shape_of};
use crate::warc::{Fields, ReadOptions, WarcReader};

use super::message::Listed;
use super::verdict::Captured;

/// The longest record that is read of a proof, in bytes once it is unpacked.
const RECORD_BYTES_MAX: u64 = 256 << 20;

/// A capture whose proof holds.
#[derive(Debug, Clone)]
pub struct ProvedCapture {
    /// The address.
    pub url: String,
    /// When.
    pub date: Timestamp,
    /// The record.
    pub record_id: String,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The address of the server, as the record has it.
    pub ip: Option<String>,
    /// Where it redirects to.
    pub redirected_to: Option<String>,
    /// What the request said that servers answer differently to: `User-Agent` and `Accept-Language`.
    pub asked_with: AskedWith,
    /// SHA-256 of the payload, its codings undone.
    pub digest: Digest,
    /// What a reader sees of the whole page, navigation and other furniture included, its white space folded.
    pub shown: u64,
    /// Whether the payload was cut when it was captured.
    pub truncated: bool,
    /// What the page says.
    pub page: Page,
    /// What its log says of it.
    pub proof: ProofFacts,
}

/// Fields of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct AskedWith {
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// `Accept-Language`.
    pub accept_language: Option<String>,
}

/// Where a capture is in its log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ProofFacts {
    /// The log.
    pub origin: String,
    /// The leaf.
    pub leaf: u64,
    /// How many leaves the checkpoint covers.
    pub size: u64,
    /// When that was signed, by the archive's clock.
    pub time: Option<String>,
    /// The earliest time that a time-stamp authority which is trusted here gives it.
    pub stamped: Option<String>,
}

impl AskedWith {
    /// Those of a request.
    #[must_use]
    pub fn of(request: &[u8]) -> Self {
        let head = Head::parse(request);
        let text = |name| head.get_text(name).map(|text| text.chars().take(500).collect());
        Self { user_agent: text("user-agent"), accept_language: text("accept-language") }
    }
}

/// Checks a proof against a key of its log, and reads the capture that was asked for.
///
/// # Errors
/// Which step fails, or what of it is not what was asked for, as text.
pub fn read(
    contents: &Contents,
    log: &VerifierKey,
    trust: &Trust,
    wanted: &Listed,
) -> Result<ProvedCapture, String> {
    let known = Known { key: Some(log.clone()), trust: trust.clone(), ..Known::default() };
    let steps = check(contents, &known);
    // Time stamps and sessions need roots that this archive need not have, and say more than what is needed here.
    let is_needed = |name: &str| !matches!(name, "timestamps" | "session");
    let mut failed = steps.iter().filter(|step| step.outcome == Outcome::Fails);
    if let Some(step) = failed.find(|step| is_needed(step.name)) {
        return Err(format!("{}: {}", step.name, step.what));
    }
    let holds =
        |name: &str| steps.iter().any(|step| step.name == name && step.outcome == Outcome::Holds);
    if !holds("key") {
        return Err("it is not signed by the log of this peer".to_owned());
    }
    let description: Description = file(contents, "bundle.json")
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .ok_or("it has no bundle.json")?;
    let main = with_role(&description, "capture").ok_or("it names no capture")?;
    let is_wanted = unbracketed(&main.uri) == wanted.url
        && Timestamp::parse(&main.date) == Timestamp::parse(&wanted.date)
        && main.record_id == wanted.record_id;
    if !is_wanted {
        return Err("it proves another capture than the requested one".to_owned());
    }
    let record = record(contents, &description, main)?;
    let holder = match main.kind.as_str() {
        "response" => None,
        "revisit" => {
            let original = with_role(&description, "payload").ok_or("it lacks the payload")?;
            Some(self::record(contents, &description, original)?)
        }
        kind => return Err(format!("a {kind} record cannot be compared")),
    };
    if let Some(holder) = &holder
        && let (Some(said), Some(there)) =
            (record.fields.payload_digest(), holder.fields.payload_digest())
        && said.same_bytes(&there) == Some(false)
    {
        return Err("its payload is not the one of the revisit".to_owned());
    }
    let asked_with = description
        .records
        .iter()
        .find(|one| one.role == "exchange" && one.kind == "request" && one.withheld.is_none());
    let asked_with = match asked_with {
        Some(request) => AskedWith::of(&self::record(contents, &description, request)?.block),
        None => AskedWith::default(),
    };
    let own = Said::of(&record.block);
    let decoded = Said::of(&holder.as_ref().unwrap_or(&record).block);
    let url = wanted.url.clone();
    let status = own.head.status.map(|status| if status == 304 { 200 } else { status });
    let body = &decoded.body;
    let redirected_to = redirect(&own.head, &url);
    let content_type = decoded.head.get_text("content-type");
    let page = match redirected_to {
        // Content of a redirect is not read.
        Some(_) => Page::default(),
        None => read_page(body, &url, content_type.as_deref(), status),
    };
    Ok(ProvedCapture {
        date: Timestamp::parse(&main.date).ok_or("its date is not a time")?,
        record_id: main.record_id.clone(),
        status,
        ip: record.fields.text("WARC-IP-Address").map(std::borrow::Cow::into_owned),
        redirected_to,
        asked_with,
        digest: DigestAlgorithm::Sha256.digest(body),
        truncated: holder.as_ref().unwrap_or(&record).fields.truncated().is_some(),
        shown: super::verdict::shown(body, content_type.as_deref(), &url),
        page,
        proof: ProofFacts {
            origin: description.checkpoint.origin.clone(),
            leaf: main.leaf,
            size: description.checkpoint.size,
            time: description.checkpoint.time.clone(),
            stamped: description
                .timestamps
                .iter()
                .map(|stamp| stamp.time.clone())
                .min()
                .filter(|_| holds("timestamps")),
        },
        url,
    })
}

/// A record of a proof.
struct ReadRecord {
    fields: Fields,
    block: Vec<u8>,
}

fn file<'a>(contents: &'a Contents, name: &str) -> Option<&'a [u8]> {
    contents.iter().find(|(own, _)| own == name).map(|(_, bytes)| bytes.as_slice())
}

fn with_role<'a>(description: &'a Description, role: &str) -> Option<&'a DescribedRecord> {
    description.records.iter().find(|record| record.role == role && record.kind != "request")
}

/// Reads a record where the description says that it is; the steps have checked that it is there.
fn record(
    contents: &Contents,
    description: &Description,
    record: &DescribedRecord,
) -> Result<ReadRecord, String> {
    let place = record.offset.zip(record.length);
    let place = place.and_then(|(offset, length)| {
        let start = usize::try_from(offset).ok()?;
        Some(start..start.checked_add(usize::try_from(length).ok()?)?)
    });
    let member = place.and_then(|place| file(contents, &description.warc)?.get(place));
    let member = member.ok_or("a record is not where its description says")?;
    let options = ReadOptions { file: description.warc.clone(), ..ReadOptions::default() };
    let mut reader = WarcReader::seekable(Cursor::new(member), options);
    let next = reader.next_record().map_err(|why| why.to_string())?;
    let mut record = next.ok_or("a record is missing")?;
    let header = record.take_header();
    let mut block = Vec::new();
    let read = record.by_ref().take(RECORD_BYTES_MAX + 1).read_to_end(&mut block);
    read.map_err(|why| why.to_string())?;
    if block.len() as u64 > RECORD_BYTES_MAX {
        return Err(format!("a record is longer than {RECORD_BYTES_MAX} bytes"));
    }
    Ok(ReadRecord { fields: header.fields, block })
}

/// A response in a block.
struct Said {
    head: Head,
    body: Vec<u8>,
}

impl Said {
    fn of(block: &[u8]) -> Self {
        let shape = shape_of(block, Method::Get);
        let end = usize::try_from(shape.head_len).unwrap_or(block.len()).min(block.len());
        let head = Head::parse(&block[..end]);
        let body = decode_body(payload(Cursor::new(block), &shape), &head, DECODED_BYTES_MAX).bytes;
        Self { head, body }
    }
}

/// The address that a redirect leads to.
pub(super) fn redirect(head: &Head, from: &str) -> Option<String> {
    if !matches!(head.status, Some(301 | 302 | 303 | 307 | 308)) {
        return None;
    }
    let location = head.get("location")?;
    let to = TargetUri::parse(from).ok().and_then(|from| from.join_bytes(&location).ok());
    let text = || String::from_utf8_lossy(&location).into_owned();
    Some(to.map_or_else(text, |to| to.as_str().to_owned()))
}

impl ProvedCapture {
    /// As one of two captures that are compared.
    #[must_use]
    pub fn captured(&self) -> Captured<'_> {
        Captured {
            page: &self.page,
            url: &self.url,
            status: self.status,
            redirected_to: self.redirected_to.as_deref(),
            digest: self.digest,
            shown: self.shown,
            truncated: self.truncated,
        }
    }
}

/// The files of a zip in memory.
///
/// # Errors
/// When it is not of the form that this program writes, or holds more than a bundle does, as text.
pub(super) fn contents_of(zip: &[u8]) -> Result<Contents, String> {
    let dir = tempfile::tempdir().map_err(|why| why.to_string())?;
    let path = dir.path().join("proof.zip");
    std::fs::write(&path, zip).map_err(|why| why.to_string())?;
    read_bundle(&path).map_err(|why| why.to_string())
}
