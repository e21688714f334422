//! What a purge removes: the records that hold the payload of a capture, and what is in their places.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::super::error::{AppError, store_error};
use super::journal::Removal;
use super::named::{captured, reason, the_one};
use super::parts::{Part, parts_of};
use super::same_text::{self, SameText};
use super::search::packed_parts;
use super::{DOING, PurgeRequest, evidence_error};
use crate::archive::{Capture, Form, Query, RecordKind};
use crate::base::{Digest, DigestAlgorithm, Hasher, Timestamp};
use crate::evidence::bundle::RENDERED;
use crate::evidence::leaf::record_text;
use crate::evidence::note::Note;
use crate::evidence::tombstone::Tombstone;
use crate::evidence::{Log, LogKey, Options};
use crate::store::{Layout, Reader, layout::is_open};
use crate::warc::{Fields, Framing, ReadOptions, RecordId, WarcReader, fitted, name, session_type};

/// This many records of one event are looked for behind the main one.
const GROUP_MAX: usize = 64;
/// The longest record that is taken out.
const MEMBER_BYTES_MAX: u64 = 1 << 32;
/// At most this much of a payload is decoded.
pub(super) const DECODED_BYTES_MAX: usize = 64 << 20;

/// What is to be done.
pub(super) struct Planned {
    pub removals: Vec<Removal>,
    /// Captures that refer to what is removed.
    pub revisits: Vec<Capture>,
    /// Captures that hold the same text in another coding.
    pub same_text: Vec<SameText>,
    /// Parts of what is removed, to search for.
    pub parts: Vec<Part>,
    pub notes: Vec<String>,
}

pub(super) fn failed(why: impl std::fmt::Display) -> AppError {
    AppError::failed(DOING, why)
}

/// Finds everything; nothing is changed.
pub(super) fn plan(
    reader: &Reader,
    options: &Options,
    request: &PurgeRequest,
    now: Timestamp,
) -> Result<Planned, AppError> {
    let reason = reason(&request.reason)?;
    let capture = captured(reader, the_one(reader, request)?)?;
    let mut planned = Planned {
        removals: Vec::new(),
        revisits: Vec::new(),
        same_text: Vec::new(),
        parts: Vec::new(),
        notes: Vec::new(),
    };
    let (digests, decoded) = digests(reader, &capture, &mut planned)?;
    let mut holders = Vec::new();
    for found in reader.query(&Query::everything()) {
        let found = found.map_err(failed)?;
        let same = found.digest.is_some_and(|digest| digests.contains(&digest));
        let is_itself = found.is_same_record(&capture);
        match found.kind {
            RecordKind::Revisit if is_itself && digests.is_empty() => holders.push(found),
            RecordKind::Revisit if same => planned.revisits.push(found),
            RecordKind::Response | RecordKind::Resource | RecordKind::Conversion
                if same || is_itself =>
            {
                holders.push(found);
            }
            _ => {}
        }
    }
    if holders.is_empty() {
        return Err(failed("no record in this archive holds the payload of that capture"));
    }
    let log = Log::open(reader.layout()).map_err(evidence_error)?;
    let signing = Signing::of(reader, options, &log, &reason, now)?;
    // A rendering by a browser shows the page, whether the page was received again then or only a reference to it.
    for of in holders.clone().iter().chain(&planned.revisits) {
        for made in renderings_of(reader, of)? {
            if !holders.iter().any(|known| known.is_same_record(&made)) {
                planned.parts.extend(parts_of(&payload_of(reader, &made)?));
                holders.push(made);
            }
        }
    }
    for holder in holders {
        signing.remove(reader, &log, &holder, Take::Response, &mut planned)?;
    }
    // A revisit holds no payload, except for a session that a relay attested, which holds the whole response.
    for revisit in planned.revisits.clone() {
        signing.remove(reader, &log, &revisit, Take::SessionAlone, &mut planned)?;
    }
    let is_taken = |one: &Capture| {
        let mut removed = planned.removals.iter().map(|one| &one.tombstone);
        removed.any(|removed| *removed.file == *one.file && removed.offset == one.offset)
    };
    let (same_text, note) = same_text::others(reader, &capture, &decoded, &is_taken)?;
    planned.same_text = same_text;
    planned.notes.extend(note);
    Ok(planned)
}

/// What a browser made of a captured page: the document, its text, its pictures. They lie behind the capture and before the
/// next one of the page.
fn renderings_of(reader: &Reader, capture: &Capture) -> Result<Vec<Capture>, AppError> {
    let failed = |why| store_error(DOING, why);
    let of_capture = capture.record_id.as_ref().map(ToString::to_string);
    let mut next = None;
    let mut documents = Vec::new();
    for one in reader.captures_of(&capture.url) {
        let one = one.map_err(failed)?;
        match one.form() {
            Some(Form::Plain) if one.date > capture.date => {
                next = next.or(Some(one.date));
            }
            Some(Form::Rendered) if one.date >= capture.date && one.url == capture.url => {
                documents.push(one);
            }
            _ => {}
        }
    }
    let is_behind =
        |one: &Capture| one.date >= capture.date && next.is_none_or(|next| one.date < next);
    let (mut made, mut pages) = (Vec::new(), Vec::new());
    for document in documents {
        let fields = reader.load(&document).map_err(failed)?.fields;
        let refers_to = fields.refers_to().map(|id| id.to_string());
        let is_of = refers_to.map_or_else(|| is_behind(&document), |id| Some(id) == of_capture);
        if is_of {
            pages.extend(fields.text(name::PAGE_ID).map(std::borrow::Cow::into_owned));
            made.push(document);
        }
    }
    for prefix in RENDERED {
        let url = format!("{prefix}{}", capture.url);
        for one in reader.captures_of(&url) {
            let one = one.map_err(failed)?;
            if one.url != url || one.kind != RecordKind::Resource || one.date < capture.date {
                continue;
            }
            let fields = reader.load(&one).map_err(failed)?.fields;
            let page = fields.text(name::PAGE_ID);
            let is_of = page.is_some_and(|page| pages.iter().any(|known| *known == page));
            if is_of || pages.is_empty() && is_behind(&one) {
                made.push(one);
            }
        }
    }
    Ok(made)
}

fn payload_of(reader: &Reader, capture: &Capture) -> Result<Vec<u8>, AppError> {
    let loaded = reader.load(capture).map_err(|why| store_error(DOING, why))?;
    let mut payload = Vec::new();
    loaded.payload().and_then(|mut reader| reader.read_to_end(&mut payload)).map_err(failed)?;
    Ok(payload)
}

/// The digests of the payload, by every algorithm that records are found by, none where it is empty or not here; and the
/// payload with its content coding undone.
fn digests(
    reader: &Reader,
    capture: &Capture,
    planned: &mut Planned,
) -> Result<(Vec<Digest>, Vec<u8>), AppError> {
    let loaded = reader.load(capture).map_err(|why| store_error(DOING, why))?;
    let mut payload = Vec::new();
    loaded.payload().and_then(|mut reader| reader.read_to_end(&mut payload)).map_err(failed)?;
    if payload.is_empty() || capture.kind == RecordKind::Revisit && loaded.original.is_none() {
        // All empty responses have the same payload: only this one is removed.
        let digests = capture.digest.filter(|_| !payload.is_empty()).into_iter().collect();
        return Ok((digests, Vec::new()));
    }
    planned.parts.extend(parts_of(&payload));
    // Readings would hold the payload with its content coding undone.
    let decoded = loaded.decoded(DECODED_BYTES_MAX).map_err(failed)?;
    if decoded != payload {
        planned.parts.extend(parts_of(&decoded));
    }
    let by = |algorithm| {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(&payload);
        hasher.finish()
    };
    let mut digests = vec![by(DigestAlgorithm::Sha256), by(DigestAlgorithm::Sha1)];
    digests.extend(capture.digest);
    Ok((digests, decoded))
}

/// Which records of an event are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Take {
    /// The main record, and all beside it that holds bytes of the response.
    Response,
    /// The ciphertext of the response, and the secrets that decrypt it.
    SessionAlone,
}

/// Who signs, and what.
struct Signing<'a> {
    key: LogKey,
    origin: String,
    reason: &'a str,
    now: Timestamp,
}

impl<'a> Signing<'a> {
    fn of(
        reader: &Reader,
        options: &Options,
        log: &Log,
        reason: &'a str,
        now: Timestamp,
    ) -> Result<Self, AppError> {
        let path = options.key_path(reader.layout());
        let key = LogKey::read(&path).map_err(evidence_error)?;
        let named = log.key_at(log.size());
        let (Some(key), Some(named)) = (key, named) else {
            return Err(failed(
                "the key of the log, which signs the report of a removal, is missing",
            ));
        };
        if named.public != key.verifier("").public {
            return Err(failed(format!("{} is not the key that the log names", path.display())));
        }
        Ok(Self { key, origin: named.name, reason, now })
    }

    /// Removes a record, and those of its event that hold bytes of the response.
    fn remove(
        &self,
        reader: &Reader,
        log: &Log,
        holder: &Capture,
        take: Take,
        planned: &mut Planned,
    ) -> Result<(), AppError> {
        let file = &*holder.file;
        let place = |why: String| failed(format!("{file} at {}: {why}", holder.offset));
        let layout = reader.layout();
        let path = match (layout.path_of(file), take) {
            (Some(path), _) => path,
            (None, Take::SessionAlone) => return Ok(()),
            (None, Take::Response) => return Err(place("the file does not exist".to_owned())),
        };
        let input = layout.open_file(&path).map_err(|why| place(why.to_string()))?;
        let options = ReadOptions { file: file.to_owned(), ..ReadOptions::default() };
        let mut records = WarcReader::seekable(BufReader::new(input), options);
        let mut next = Some(records.read_at(holder.offset).map_err(|why| place(why.to_string()))?);
        let mut main: Option<RecordId> = None;
        for n in 0..GROUP_MAX {
            let Some(mut record) = next.take() else { break };
            let header = record.take_header();
            let fields = &header.fields;
            if n == 0 {
                main = fields.record_id();
            } else if !main.as_ref().is_some_and(|main| fields.concurrent_to().contains(main)) {
                break;
            }
            let counted = match fields.contains(name::BLOCK_DIGEST) {
                true => None,
                false => Some(counted(&mut record).map_err(|why| place(why.to_string()))?),
            };
            let located = record.skip().map_err(|why| place(why.to_string()))?;
            // The request and the notes hold nothing that the server sent.
            let is_taken = match take {
                Take::Response => n == 0 || holds_response(fields) || decrypts(fields),
                Take::SessionAlone => decrypts(fields),
            };
            if is_taken {
                if is_open(&path) {
                    return Err(place(
                        "the file is still being written, or was when its process died".to_owned(),
                    )
                    .hint("`pressmark reindex` seals files that a dead process left open"));
                }
                let framing = framing(layout, &path, located.offset).map_err(&place)?;
                let length =
                    located.length.filter(|length| located.intact && *length <= MEMBER_BYTES_MAX);
                let length = length.ok_or_else(|| {
                    place("the record has no member of its own, or is incomplete".to_owned())
                })?;
                if !file.ends_with(".warc") {
                    // A copy of the packed record has no byte of the payload as it was sent.
                    let parts = packed_parts(layout, &path, (located.offset, length));
                    planned.parts.extend(parts.map_err(|why| place(why.to_string()))?);
                }
                let leaf = log.index_of(file, located.offset, 0).map_err(evidence_error)?;
                let tombstone = Tombstone {
                    file: file.to_owned(),
                    offset: located.offset,
                    length,
                    leaf: leaf
                        .ok_or_else(|| place("the record is not in the evidence log".to_owned()))?,
                    reason: self.reason.to_owned(),
                    removed: self.now,
                    record: record_text(fields, &header.raw, counted.as_deref()),
                };
                planned.removals.push(self.removal(tombstone, fields, framing)?);
            }
            next = records.next_record().map_err(|why| place(why.to_string()))?;
        }
        drop(next);
        Ok(())
    }

    /// The replacement of a record: as much as there is room for.
    fn removal(
        &self,
        tombstone: Tombstone,
        old: &Fields,
        framing: Framing,
    ) -> Result<Removal, AppError> {
        let mut note = Note { text: tombstone.text(), signatures: Vec::new() };
        self.key.sign_note(&self.origin, &mut note);
        let mut fields = Fields::new();
        fields.push(name::TYPE, "metadata");
        for kept in [name::RECORD_ID, name::DATE, name::TARGET_URI] {
            if let Some(value) = old.get(kept) {
                fields.push(kept, value);
            }
        }
        fields.push(name::CONTENT_TYPE, crate::warc::warc_fields::MEDIA_TYPE);
        let removed = tombstone.removed.to_warc_date();
        let texts = [
            format!(
                "outcome: purged\r\nreason: purged\r\ndetail: removed by order: {}\r\nremoved: {removed}\r\n\r\n",
                self.reason
            ),
            format!("outcome: purged\r\nreason: purged\r\nremoved: {removed}\r\n\r\n"),
            "outcome: purged\r\n\r\n".to_owned(),
        ];
        for text in &texts {
            if fitted(&fields, text.as_bytes(), framing, tombstone.length).is_some() {
                return Ok(Removal::new(tombstone, &note, &fields, text, framing));
            }
        }
        let (file, offset, length) = (&tombstone.file, tombstone.offset, tombstone.length);
        Err(failed(format!(
            "{file} at {offset}: the record has {length} bytes in its file, too few for its replacement"
        )))
    }
}

/// Whether a record with a response holds bytes that the server sent: an interim response, or surplus bytes.
fn holds_response(fields: &Fields) -> bool {
    let is_metadata = fields.record_kind().is_some_and(|kind| kind.as_str() == "metadata");
    let content_type = fields.content_type().unwrap_or_default().to_ascii_lowercase();
    let is_bytes = ["application/http", "application/octet-stream"]
        .iter()
        .any(|start| content_type.starts_with(start));
    is_metadata && is_bytes
}

/// Whether a record is the ciphertext of a response, or the secrets that decrypt it.
fn decrypts(fields: &Fields) -> bool {
    let content_type = fields.content_type().unwrap_or_default();
    [session_type::RECEIVED, session_type::SECRETS].contains(&&*content_type)
}

fn counted(block: &mut impl Read) -> std::io::Result<String> {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    std::io::copy(block, &mut hasher)?;
    Ok(hasher.finish().to_string())
}

/// How the record at this place is packed.
fn framing(layout: &Layout, path: &Path, offset: u64) -> Result<Framing, String> {
    let mut file = layout.open_file(path).map_err(|why| why.to_string())?;
    let mut start = [0; 4];
    file.read_exact(&mut start).map_err(|why| why.to_string())?;
    if start == crate::warc::ZSTD_DICTIONARY_MAGIC {
        // The dictionary is made of what its records have in common, and each of them needs it.
        return Err("the file begins with a dictionary that may hold parts of any record, and no record can be read without it; repack the file with `pressmark recompress`, and purge the new file".to_owned());
    }
    file.seek(SeekFrom::Start(offset)).map_err(|why| why.to_string())?;
    file.read_exact(&mut start).map_err(|why| why.to_string())?;
    match start {
        [0x1f, 0x8b, ..] => Ok(Framing::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd] => Ok(Framing::Zstd),
        [b'W', b'A', b'R', b'C'] => Ok(Framing::Plain),
        _ => Err("it is not a record of a WARC file (ARC files cannot be written)".to_owned()),
    }
}
