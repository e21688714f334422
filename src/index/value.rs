//! Value bytes of a block of captures. The first byte is the version; every version ever written
//! decodes, and only the newest is written.
//!
//! ```text
//! block    version = 01 | flags | urlkey (when flags bit 0: it is cut in the key) | count | entry…
//! entry    a | b | time | file | offset | length | mime | status? | digest? | id? | url? | refers?
//!   a        bits 0–2 record kind; 3 truncated; 4 has status; 5–6 digest: 0 none, 1 as the entry
//!            before, 2 SHA-1, 3 SHA-256; 7 has refers-to
//!   b        bits 0–3 url: 0 in full, 1–8 made from the urlkey (see below), 9 as the entry before,
//!            10 the urlkey itself; 4 id is a UUID; 5 id is a text; 6 time in whole seconds;
//!            7 refers-to as the last one in the block
//!   time     microseconds (or seconds) since the entry before; the first since the block's key
//!   file     difference to the entry before, zigzag; the first to 0
//!   mime     number in the table below, or 0 and the text
//!   refers   flags (0 has url, 1 the entry's own url, 2 has date, 3 id is a UUID, 4 id is a text)
//!            | url? | date as difference to the entry's, zigzag | id?
//! ```
//!
//! Numbers without a size are LEB128; texts are a length and UTF-8. A url made from the urlkey is
//! `http` or `https`, `www.` or not, the urlkey with its host in the right order, and `/` or not:
//! code 1 + 4·https + 2·www + slash. So a page that is captured often costs its digest, its record
//! id and about 15 bytes each time.

use super::entry::{FileId, IndexEntry};
use crate::archive::{RecordId, RecordKind, RefersTo};
use crate::base::{Digest, DigestAlgorithm, Timestamp};

/// The version that is written.
pub(super) const VERSION: u8 = 1;

/// Media types with a number of their own. Only ever appended to: the numbers are on disk.
const MIMES: [&str; 31] = [
    "text/html",
    "warc/revisit",
    "unk",
    "application/json",
    "text/plain",
    "text/css",
    "text/javascript",
    "application/javascript",
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/svg+xml",
    "image/avif",
    "application/xml",
    "text/xml",
    "application/rss+xml",
    "application/atom+xml",
    "application/pdf",
    "font/woff2",
    "application/xhtml+xml",
    "application/x-javascript",
    "application/octet-stream",
    "text/dns",
    "application/warc-fields",
    "video/mp4",
    "image/x-icon",
    "image/vnd.microsoft.icon",
    "font/woff",
    "audio/mpeg",
    "application/ld+json",
];

/// Why bytes are not a block of the index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// A version that this program does not know.
    #[error("version {0} of index values is newer than this program")]
    Newer(u8),
    /// The bytes end in the middle.
    #[error("an index value ends early")]
    Short,
    /// Something in it has no meaning.
    #[error("an index value has {0} out of range")]
    Bad(&'static str),
}

const CUT: u8 = 1;
const SECOND: i64 = 1_000_000;

/// The block's bytes. `entries` are sorted, of one urlkey, and the first is not before `base`.
pub(super) fn encode(entries: &[IndexEntry], base: Timestamp, urlkey_is_cut: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(32 + entries.len() * 64);
    out.push(VERSION);
    out.push(if urlkey_is_cut { CUT } else { 0 });
    let Some(first) = entries.first() else {
        out.push(0);
        return out;
    };
    if urlkey_is_cut {
        put_text(&mut out, &first.urlkey);
    }
    put(&mut out, entries.len() as u64);
    let plain = unsurt(&first.urlkey);
    let mut before: Option<&IndexEntry> = None;
    let mut last_digest = None;
    let mut last_refers: Option<&RefersTo> = None;
    for entry in entries {
        put_entry(&mut out, entry, base, before, plain.as_deref(), last_digest, last_refers);
        before = Some(entry);
        last_digest = entry.digest;
        if entry.refers_to.is_some() {
            last_refers = entry.refers_to.as_ref();
        }
    }
    out
}

fn put_entry(
    out: &mut Vec<u8>,
    entry: &IndexEntry,
    base: Timestamp,
    before: Option<&IndexEntry>,
    plain: Option<&str>,
    last_digest: Option<Digest>,
    last_refers: Option<&RefersTo>,
) {
    let digest_code = match entry.digest {
        None => 0,
        Some(_) if entry.digest == last_digest => 1,
        Some(digest) => match digest.algorithm() {
            DigestAlgorithm::Sha1 => 2,
            DigestAlgorithm::Sha256 => 3,
        },
    };
    let same_refers = entry.refers_to.is_some() && entry.refers_to.as_ref() == last_refers;
    let kind = RecordKind::ALL.iter().position(|kind| *kind == entry.kind).unwrap_or(0);
    let url_code = if before.is_some_and(|before| before.url == entry.url) {
        9
    } else if entry.url == entry.urlkey {
        10
    } else {
        plain.and_then(|plain| url_code(&entry.url, plain)).unwrap_or(0)
    };
    let from = before.map_or(base, |before| before.date);
    let delta = entry.date.unix_micros().wrapping_sub(from.unix_micros());
    let in_seconds = delta % SECOND == 0;
    let bit = |set: bool, bit: u8| u8::from(set) << bit;
    out.push(
        (kind as u8 & 7)
            | bit(entry.truncated, 3)
            | bit(entry.status.is_some(), 4)
            | (digest_code << 5)
            | bit(entry.refers_to.is_some(), 7),
    );
    out.push(
        url_code
            | bit(matches!(entry.record_id, Some(RecordId::Uuid(_))), 4)
            | bit(matches!(entry.record_id, Some(RecordId::Text(_))), 5)
            | bit(in_seconds, 6)
            | bit(same_refers, 7),
    );
    let delta = if in_seconds { delta / SECOND } else { delta };
    put(out, delta.cast_unsigned());
    let last_file = before.map_or(0, |before| before.file.0);
    put_signed(out, i64::from(entry.file.0) - i64::from(last_file));
    put(out, entry.offset);
    put(out, entry.length);
    match MIMES.iter().position(|mime| *mime == entry.mime) {
        Some(known) => put(out, known as u64 + 1),
        None => {
            put(out, 0);
            put_text(out, &entry.mime);
        }
    }
    if let Some(status) = entry.status {
        put(out, u64::from(status));
    }
    if let (2 | 3, Some(digest)) = (digest_code, entry.digest) {
        out.extend_from_slice(digest.as_bytes());
    }
    put_id(out, entry.record_id.as_ref());
    if url_code == 0 {
        put_text(out, &entry.url);
    }
    if let (Some(refers), false) = (&entry.refers_to, same_refers) {
        put_refers(out, refers, entry);
    }
}

fn put_refers(out: &mut Vec<u8>, refers: &RefersTo, entry: &IndexEntry) {
    let own = refers.url.as_ref().is_some_and(|url| *url == entry.url);
    let bit = |set: bool, bit: u8| u8::from(set) << bit;
    out.push(
        bit(refers.url.is_some(), 0)
            | bit(own, 1)
            | bit(refers.date.is_some(), 2)
            | bit(matches!(refers.record_id, Some(RecordId::Uuid(_))), 3)
            | bit(matches!(refers.record_id, Some(RecordId::Text(_))), 4),
    );
    if let (Some(url), false) = (&refers.url, own) {
        put_text(out, url);
    }
    if let Some(date) = refers.date {
        put_signed(out, date.unix_micros().wrapping_sub(entry.date.unix_micros()));
    }
    put_id(out, refers.record_id.as_ref());
}

fn put_id(out: &mut Vec<u8>, id: Option<&RecordId>) {
    match id {
        None => {}
        Some(RecordId::Uuid(bytes)) => out.extend_from_slice(bytes),
        Some(RecordId::Text(text)) => put_text(out, text),
    }
}

/// The entries of a block whose key has `urlkey` (as stored) and `base`.
///
/// # Errors
/// When the bytes are not what [`encode`] of this or an earlier version writes.
pub(super) fn decode(
    urlkey: &[u8],
    base: Timestamp,
    bytes: &[u8],
) -> Result<Vec<IndexEntry>, ValueError> {
    let mut input = Input(bytes);
    match input.byte()? {
        1 => {}
        0 => return Err(ValueError::Bad("its version")),
        newer => return Err(ValueError::Newer(newer)),
    }
    let flags = input.byte()?;
    let urlkey = if flags & CUT != 0 {
        input.text()?
    } else {
        String::from_utf8(urlkey.to_vec()).map_err(|_| ValueError::Bad("its urlkey"))?
    };
    let count = input.number()?;
    // An entry has at least seven bytes; a greater count is damage and shall reserve no memory.
    let count_max = input.0.len() as u64 / 7;
    if count > count_max {
        return Err(ValueError::Bad("its count"));
    }
    let plain = unsurt(&urlkey);
    let mut entries: Vec<IndexEntry> = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
    let mut last_refers = None;
    for _ in 0..count {
        let entry =
            input.entry(&urlkey, base, entries.last(), plain.as_deref(), last_refers.as_ref())?;
        if entry.refers_to.is_some() {
            last_refers.clone_from(&entry.refers_to);
        }
        entries.push(entry);
    }
    if input.0.is_empty() { Ok(entries) } else { Err(ValueError::Bad("its length")) }
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ValueError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(ValueError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, ValueError> {
        let (first, rest) = self.0.split_first().ok_or(ValueError::Short)?;
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<u64, ValueError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(ValueError::Bad("a number"))
    }

    fn signed(&mut self) -> Result<i64, ValueError> {
        Ok(unzigzag(self.number()?))
    }

    fn text(&mut self) -> Result<String, ValueError> {
        let length = usize::try_from(self.number()?).map_err(|_| ValueError::Short)?;
        let bytes = self.take(length)?.to_vec();
        String::from_utf8(bytes).map_err(|_| ValueError::Bad("a text"))
    }

    fn id(&mut self, is_uuid: bool, is_text: bool) -> Result<Option<RecordId>, ValueError> {
        if is_uuid {
            let bytes = self.take(16)?;
            Ok(bytes.try_into().ok().map(RecordId::Uuid))
        } else if is_text {
            Ok(Some(RecordId::Text(self.text()?)))
        } else {
            Ok(None)
        }
    }

    fn entry(
        &mut self,
        urlkey: &str,
        base: Timestamp,
        before: Option<&IndexEntry>,
        plain: Option<&str>,
        last_refers: Option<&RefersTo>,
    ) -> Result<IndexEntry, ValueError> {
        let (a, b) = (self.byte()?, self.byte()?);
        let delta = self.number()?.cast_signed();
        let delta = if b & 0x40 != 0 { delta.wrapping_mul(SECOND) } else { delta };
        let from = before.map_or(base, |before| before.date);
        let date = Timestamp::from_unix_micros(from.unix_micros().wrapping_add(delta));
        let file = self
            .signed()?
            .checked_add(before.map_or(0, |before| i64::from(before.file.0)))
            .and_then(|file| u32::try_from(file).ok())
            .ok_or(ValueError::Bad("a file number"))?;
        let (offset, length) = (self.number()?, self.number()?);
        let mime = match self.number()? {
            0 => self.text()?,
            code => usize::try_from(code - 1)
                .ok()
                .and_then(|code| MIMES.get(code))
                .map(|mime| (*mime).to_owned())
                .ok_or(ValueError::Bad("a media type"))?,
        };
        let status = if a & 0x10 != 0 {
            Some(u16::try_from(self.number()?).map_err(|_| ValueError::Bad("a status"))?)
        } else {
            None
        };
        let digest = match (a >> 5) & 3 {
            0 => None,
            1 => Some(before.and_then(|before| before.digest).ok_or(ValueError::Bad("a digest"))?),
            2 => Digest::from_bytes(DigestAlgorithm::Sha1, self.take(20)?),
            _ => Digest::from_bytes(DigestAlgorithm::Sha256, self.take(32)?),
        };
        let record_id = self.id(b & 0x10 != 0, b & 0x20 != 0)?;
        let url = match b & 0x0f {
            0 => self.text()?,
            9 => before.ok_or(ValueError::Bad("a url"))?.url.clone(),
            10 => urlkey.to_owned(),
            code @ 1..=8 => url_of(code, plain.ok_or(ValueError::Bad("a url"))?),
            _ => return Err(ValueError::Bad("a url")),
        };
        let kind =
            RecordKind::ALL.get(usize::from(a & 7)).ok_or(ValueError::Bad("a record kind"))?;
        let refers_to = match (a & 0x80 != 0, b & 0x80 != 0) {
            (false, _) => None,
            (true, true) => Some(last_refers.ok_or(ValueError::Bad("a reference"))?.clone()),
            (true, false) => Some(self.refers(&url, date)?),
        };
        Ok(IndexEntry {
            urlkey: urlkey.to_owned(),
            date,
            url,
            mime,
            status,
            digest,
            length,
            offset,
            file: FileId(file),
            record_id,
            kind: *kind,
            refers_to,
            truncated: a & 0x08 != 0,
        })
    }

    fn refers(&mut self, own: &str, date: Timestamp) -> Result<RefersTo, ValueError> {
        let flags = self.byte()?;
        let url = match flags & 3 {
            1 => Some(self.text()?),
            3 => Some(own.to_owned()),
            _ => None,
        };
        let date = if flags & 4 != 0 {
            let micros = date.unix_micros().wrapping_add(self.signed()?);
            Some(Timestamp::from_unix_micros(micros))
        } else {
            None
        };
        Ok(RefersTo { url, date, record_id: self.id(flags & 8 != 0, flags & 16 != 0)? })
    }
}

/// Appends a LEB128 number.
pub(super) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, zigzag(value));
}

/// Small numbers of either sign as small numbers.
pub(super) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// The other way round.
pub(super) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// A run of LEB128 numbers at the start of `bytes`, and what follows them.
pub(super) fn numbers<const N: usize>(bytes: &[u8]) -> Result<([u64; N], &[u8]), ValueError> {
    let mut input = Input(bytes);
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = input.number()?;
    }
    Ok((numbers, input.0))
}

/// Host, port, path and query of a urlkey with the host in the right order.
fn unsurt(urlkey: &str) -> Option<String> {
    let host = crate::base::surt::host_of_key(urlkey)?;
    let rest = &urlkey[host.len() + 1..];
    let (labels, port) = host.split_once(':').map_or((host, None), |(h, p)| (h, Some(p)));
    let mut plain = String::with_capacity(urlkey.len());
    for (index, label) in labels.rsplit(',').enumerate() {
        if index > 0 {
            plain.push('.');
        }
        plain.push_str(label);
    }
    if let Some(port) = port {
        plain.push(':');
        plain.push_str(port);
    }
    plain.push_str(rest);
    Some(plain)
}

fn url_code(url: &str, plain: &str) -> Option<u8> {
    let (rest, https) = match url.strip_prefix("https://") {
        Some(rest) => (rest, 4),
        None => (url.strip_prefix("http://")?, 0),
    };
    let fits = |rest: &str| {
        let rest = rest.strip_prefix(plain)?;
        match rest {
            "" => Some(0),
            "/" => Some(1),
            _ => None,
        }
    };
    let (www, slash) = match fits(rest) {
        Some(slash) => (0, slash),
        None => (2, fits(rest.strip_prefix("www.")?)?),
    };
    Some(1 + https + www + slash)
}

fn url_of(code: u8, plain: &str) -> String {
    let code = code - 1;
    let scheme = if code & 4 != 0 { "https://" } else { "http://" };
    let www = if code & 2 != 0 { "www." } else { "" };
    let slash = if code & 1 != 0 { "/" } else { "" };
    [scheme, www, plain, slash].concat()
}
