//! A capture as a signed WACZ, for ReplayWeb.page and every other reader of the format.
//!
//! Owns the package: WACZ 1.1.1 (`archive/`, `indexes/`, `pages/`, `datapackage.json` with the SHA-256 of
//! every file) and the anonymous signature of WACZ Signing and Verification 0.1.0 over its digest. As
//! ReplayWeb.page checks them, keys are of the curve P-384 and signatures are ECDSA over SHA-256, the two
//! numbers one after the other (IEEE P1363).
//!
//! ```text
//!  datapackage-digest.json   sha256 of ─► datapackage.json   sha256 of ─► archive/NAME.warc.gz
//!    signedData: signature of that digest    (every file)                 indexes/index.cdx.gz, .idx
//!    logSignature: another one, of the                                    pages/pages.jsonl
//!      file itself, by who else signs                                     evidence/…
//! ```
//!
//! The WARC holds the members exactly as they were given, and is stored and not deflated, so that a
//! reader can ask for one record by range. The same package, time and key give the same bytes. Deliberately
//! reads no archive and no clock, and repacks nothing: who calls it knows the records.

use std::io::{self, Read, Seek, Write};

use flate2::{Compression, GzBuilder};
use serde_json::{Map, Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::bundle::TEXT_BYTES_MAX;
use super::key::LogKey;
use crate::base::{DigestAlgorithm, Hasher, Timestamp};

mod kept;
mod signing;

pub use kept::{key_at, key_path};
pub use signing::{P384Key, Signer, is_signature};

/// The version of the format that is written.
const WACZ_VERSION: &str = "1.1.1";
/// The version of the signing format that is written.
const SIGNING_VERSION: &str = "0.1.0";
/// This many lines of the index are packed as one block, which a reader fetches whole.
const INDEX_BLOCK_LINES: usize = 300;
const INDEX_NAME: &str = "index.cdx.gz";
/// A file of this length or more needs the 64-bit fields of ZIP (APPNOTE 4.3.9.2); also where its record
/// begins beyond that.
const LARGE_FILE_BYTES_MIN: u64 = u32::MAX as u64;

/// Why no package was written.
#[derive(Debug, thiserror::Error)]
pub enum WaczError {
    /// The file cannot be written, or a member cannot be read.
    #[error("writing {path}: {why}")]
    Io {
        /// The file inside the package.
        path: String,
        /// What happened.
        why: io::Error,
    },
    /// The ZIP writer gave up.
    #[error("packing {path}: {why}")]
    Zip {
        /// The file inside the package.
        path: String,
        /// What happened.
        why: zip::result::ZipError,
    },
    /// A record is not a gzip member of its own.
    #[error("record {number} of {name} is not packed with gzip")]
    NotGzip {
        /// The WARC file.
        name: String,
        /// Which one, from 0.
        number: usize,
    },
    /// A record has not as many bytes as was said.
    #[error("record {number} of {name} has {found} bytes, not {expected}")]
    Length {
        /// The WARC file.
        name: String,
        /// Which one, from 0.
        number: usize,
        /// The bytes that came.
        found: u64,
        /// The bytes that were promised.
        expected: u64,
    },
    /// A name that the format has no place for.
    #[error("{0:?} cannot be the name of a file in a WACZ")]
    Name(String),
    /// A package needs at least one of them.
    #[error("a WACZ needs at least one {0}")]
    Nothing(&'static str),
    /// The key cannot be made or read.
    #[error("the signing key: {0}")]
    Key(String),
}

/// What goes into a package.
pub struct Package<'a> {
    /// The name of the WARC file: `NAME.warc.gz`.
    pub warc_name: String,
    /// Its records, in the order of the file.
    pub members: Vec<Member<'a>>,
    /// The pages that a reader may begin with; the first is the main one.
    pub pages: Vec<PageEntry>,
    /// What it is.
    pub title: Option<String>,
    /// The same in more words, Markdown.
    pub description: Option<String>,
    /// The program that makes it: `pressmark/0.1.0`.
    pub software: String,
    /// When it is made.
    pub created: Timestamp,
    /// Who signs the list of files besides, where someone does.
    pub seal: Option<Seal<'a>>,
    /// Further files: neither in `archive/`, `indexes/`, `pages/` nor one of the package's own.
    pub extra: Vec<Extra>,
}

/// A second signature over the list of files, which other readers pass over.
pub struct Seal<'a> {
    /// The key of the log that signs, as text.
    pub key: String,
    /// What signs.
    pub key_pair: &'a LogKey,
}

/// A record: one gzip member, byte for byte as it lies in the archive.
pub struct Member<'a> {
    /// How many bytes it has.
    pub length: u64,
    /// The bytes.
    pub bytes: Box<dyn Read + 'a>,
    /// Its line of the index; `None` for records that are no captures.
    pub index: Option<IndexLine>,
}

/// A line of CDXJ, without what depends on the file it lies in.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexLine {
    /// The SURT urlkey.
    pub urlkey: String,
    /// The capture time.
    pub at: Timestamp,
    /// `url`, `mime`, `status`, `digest` and what else there is; `offset`, `length`, `filename` and
    /// `recordDigest` are set here.
    pub fields: Map<String, Value>,
}

/// A line of `pages.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageEntry {
    /// The URL as it stands in the index.
    pub url: String,
    /// The capture time.
    pub at: Timestamp,
    /// The headline.
    pub title: Option<String>,
    /// The article text, which readers search.
    pub text: Option<String>,
}

/// A further file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// Where it lies in the package.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The digest of `datapackage.json`, which stands for everything in the package: `sha256:…`.
    pub digest: String,
    /// How many records the WARC file has.
    pub records: usize,
    /// How many of them the index lists.
    pub indexed: usize,
}

/// Writes a package; signed where there is a signer.
///
/// # Errors
/// When a record is not what was said of it, a name has no place, nothing is there to be packed, or the
/// disk fails. What was written by then is no package.
pub fn write<W: Write + Seek>(
    package: Package<'_>,
    signer: Option<&dyn Signer>,
    out: W,
) -> Result<Written, WaczError> {
    check(&package)?;
    let mut zip = Zip::new(out, package.created);
    let records = package.members.len();
    let lines = zip.warc(&package.warc_name, package.members)?;
    let (index, blocks) = index(&lines).map_err(|why| io_error("indexes/")(why))?;
    zip.file(&format!("indexes/{INDEX_NAME}"), &index, CompressionMethod::Stored)?;
    zip.file("indexes/index.idx", blocks.as_bytes(), CompressionMethod::Deflated)?;
    let pages = pages_jsonl(&package.pages);
    zip.file("pages/pages.jsonl", pages.as_bytes(), CompressionMethod::Deflated)?;
    for extra in &package.extra {
        zip.file(&extra.path, &extra.bytes, CompressionMethod::Deflated)?;
    }
    let created = package.created.to_rfc3339();
    let mut datapackage = json!({
        "profile": "data-package",
        "wacz_version": WACZ_VERSION,
        "created": created,
        "software": package.software,
        "resources": zip.resources,
    });
    let main = &package.pages[0];
    datapackage["mainPageUrl"] = Value::from(main.url.clone());
    datapackage["mainPageDate"] = Value::from(main.at.to_rfc3339());
    for (field, value) in [("title", package.title), ("description", package.description)] {
        if let Some(value) = value {
            datapackage[field] = Value::from(value);
        }
    }
    let datapackage = pretty(&datapackage);
    let digest = sha256(datapackage.as_bytes());
    zip.file("datapackage.json", datapackage.as_bytes(), CompressionMethod::Deflated)?;
    let mut proof = json!({ "path": "datapackage.json", "hash": digest });
    if let Some(signer) = signer {
        proof["signedData"] = json!({
            "hash": digest,
            "created": created,
            "software": package.software,
            "version": SIGNING_VERSION,
            "signature": base64(&signer.sign(digest.as_bytes())?),
            "publicKey": base64(&signer.public_key()?),
        });
    }
    if let Some(seal) = &package.seal {
        let signature = seal.key_pair.sign(datapackage.as_bytes());
        proof["logSignature"] = json!({ "key": seal.key, "signature": base64(&signature) });
    }
    let proof = pretty(&proof);
    zip.file("datapackage-digest.json", proof.as_bytes(), CompressionMethod::Deflated)?;
    zip.finish()?;
    Ok(Written { digest, records, indexed: lines.len() })
}

fn check(package: &Package<'_>) -> Result<(), WaczError> {
    let is_plain = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    let warc = package.warc_name.strip_suffix(".warc.gz");
    if !warc.is_some_and(is_plain) {
        return Err(WaczError::Name(package.warc_name.clone()));
    }
    let mut seen = std::collections::HashSet::new();
    for extra in &package.extra {
        let own = ["archive", "indexes", "pages", "datapackage.json", "datapackage-digest.json"];
        let first = extra.path.split('/').next().unwrap_or("");
        let fits = extra.path.split('/').all(is_plain) && !own.contains(&first);
        if !fits || !seen.insert(&extra.path) {
            return Err(WaczError::Name(extra.path.clone()));
        }
    }
    if package.members.is_empty() {
        return Err(WaczError::Nothing("record"));
    }
    if package.pages.is_empty() {
        return Err(WaczError::Nothing("page"));
    }
    Ok(())
}

/// The ZIP file, and what `datapackage.json` will say of the files in it.
struct Zip<W: Write + Seek> {
    zip: ZipWriter<W>,
    options: SimpleFileOptions,
    resources: Vec<Value>,
    /// This many bytes may still be packed: see [`TEXT_BYTES_MAX`].
    left: u64,
}

impl<W: Write + Seek> Zip<W> {
    fn new(out: W, created: Timestamp) -> Self {
        let options = SimpleFileOptions::default()
            .last_modified_time(dos_time(created))
            .unix_permissions(0o644);
        Self { zip: ZipWriter::new(out), options, resources: Vec::new(), left: TEXT_BYTES_MAX }
    }

    fn begin(&mut self, path: &str, method: CompressionMethod, len: u64) -> Result<(), WaczError> {
        let large = len >= LARGE_FILE_BYTES_MIN;
        let options = self.options.compression_method(method).large_file(large);
        self.zip.start_file(path, options).map_err(zip_error(path))
    }

    fn file(&mut self, path: &str, bytes: &[u8], how: CompressionMethod) -> Result<(), WaczError> {
        let length = bytes.len() as u64;
        let room = self.left.checked_sub(length).filter(|_| how != CompressionMethod::Stored);
        self.left = room.unwrap_or(self.left);
        let how = if room.is_some() { how } else { CompressionMethod::Stored };
        self.begin(path, how, length)?;
        self.zip.write_all(bytes).map_err(io_error(path))?;
        self.resource(path, bytes.len() as u64, sha256(bytes));
        Ok(())
    }

    fn resource(&mut self, path: &str, bytes: u64, hash: String) {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.resources.push(json!({ "name": name, "path": path, "hash": hash, "bytes": bytes }));
    }

    /// Writes the WARC file; the lines of its index, unsorted.
    fn warc(&mut self, name: &str, members: Vec<Member<'_>>) -> Result<Vec<String>, WaczError> {
        let path = format!("archive/{name}");
        let total = members.iter().map(|m| m.length).sum();
        self.begin(&path, CompressionMethod::Stored, total)?;
        let mut whole = Hasher::new(DigestAlgorithm::Sha256);
        let mut lines = Vec::new();
        let mut offset = 0;
        for (number, member) in members.into_iter().enumerate() {
            let digest = self.member(name, number, member.length, member.bytes, &mut whole)?;
            if let Some(line) = member.index {
                lines.push(index_line(line, name, offset, member.length, &digest));
            }
            offset += member.length;
        }
        self.resource(&path, offset, whole.finish().to_string());
        Ok(lines)
    }

    fn member(
        &mut self,
        name: &str,
        number: usize,
        expected: u64,
        mut bytes: Box<dyn Read + '_>,
        whole: &mut Hasher,
    ) -> Result<String, WaczError> {
        let fail = io_error(name);
        let mut own = Hasher::new(DigestAlgorithm::Sha256);
        let mut piece = vec![0; 256 * 1024];
        let mut start: Vec<u8> = Vec::with_capacity(2);
        let mut found = 0;
        loop {
            let count = match bytes.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
                Err(why) => return Err(fail(why)),
            };
            let piece = &piece[..count];
            start.extend(piece.iter().take(2_usize.saturating_sub(start.len())));
            if start.len() >= 2 && start != [0x1f, 0x8b] {
                return Err(WaczError::NotGzip { name: name.to_owned(), number });
            }
            found += count as u64;
            own.update(piece);
            whole.update(piece);
            self.zip.write_all(piece).map_err(&fail)?;
        }
        if start.len() < 2 {
            return Err(WaczError::NotGzip { name: name.to_owned(), number });
        }
        if found != expected {
            return Err(WaczError::Length { name: name.to_owned(), number, found, expected });
        }
        Ok(own.finish().to_string())
    }

    fn finish(self) -> Result<(), WaczError> {
        let mut out = self.zip.finish().map_err(zip_error("the directory"))?;
        out.flush().map_err(io_error("the directory"))
    }
}

/// The modification time of every file in the package: that of the package itself, as far as ZIP can
/// say it (1980 to 2107, two seconds).
fn dos_time(at: Timestamp) -> DateTime {
    let stamp = at.to_stamp14();
    let part = |range: std::ops::Range<usize>| stamp.get(range).and_then(|d| d.parse::<u8>().ok());
    let year = stamp.get(..4).and_then(|y| y.parse().ok());
    let date = match (year, part(4..6), part(6..8), part(8..10), part(10..12), part(12..14)) {
        (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) => {
            DateTime::from_date_and_time(year, month, day, hour, minute, second).ok()
        }
        _ => None,
    };
    date.unwrap_or_default()
}

/// A line of CDXJ (specs.webrecorder.net/cdxj), with its line end.
fn index_line(line: IndexLine, name: &str, offset: u64, length: u64, digest: &str) -> String {
    let mut fields = line.fields;
    for (field, value) in [
        ("offset", offset.to_string()),
        ("length", length.to_string()),
        ("recordDigest", digest.to_owned()),
        ("filename", name.to_owned()),
    ] {
        fields.insert(field.to_owned(), Value::from(value));
    }
    format!("{} {} {}\n", line.urlkey, line.at.to_stamp14(), Value::Object(fields))
}

/// The packed index and the list of its blocks, as pywb's ZipNum has them.
fn index(lines: &[String]) -> io::Result<(Vec<u8>, String)> {
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    lines.sort_unstable();
    let mut packed = Vec::new();
    let head = json!({ "format": "cdxj-gzip-1.0", "filename": INDEX_NAME });
    let mut blocks = format!("!meta 0 {head}\n");
    for block in lines.chunks(INDEX_BLOCK_LINES) {
        // No name and no time in the header: the same lines give the same bytes.
        let mut gzip = GzBuilder::new().write(Vec::new(), Compression::default());
        for line in block {
            gzip.write_all(line.as_bytes())?;
        }
        let bytes = gzip.finish()?;
        let place = json!({
            "offset": packed.len(),
            "length": bytes.len(),
            "digest": sha256(&bytes),
            "filename": INDEX_NAME,
        });
        let key = block.first().and_then(|l| l.split(" {").next()).unwrap_or("");
        blocks.push_str(&format!("{key} {place}\n"));
        packed.extend_from_slice(&bytes);
    }
    Ok((packed, blocks))
}

fn pages_jsonl(pages: &[PageEntry]) -> String {
    let has_text = pages.iter().any(|p| p.text.is_some());
    let head = json!({
        "format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": has_text
    });
    let mut out = format!("{head}\n");
    for page in pages {
        let at = page.at.to_rfc3339();
        let id = sha256(format!("{at} {}", page.url).as_bytes());
        let mut line = json!({ "id": &id[7..27], "url": page.url, "ts": at });
        for (field, value) in [("title", &page.title), ("text", &page.text)] {
            if let Some(value) = value {
                line[field] = Value::from(value.clone());
            }
        }
        out.push_str(&format!("{line}\n"));
    }
    out
}

fn pretty(value: &Value) -> String {
    // A value of strings and numbers is always JSON.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn sha256(bytes: &[u8]) -> String {
    DigestAlgorithm::Sha256.digest(bytes).to_string()
}

fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}

fn io_error(path: &str) -> impl Fn(io::Error) -> WaczError {
    let path = path.to_owned();
    move |why| WaczError::Io { path: path.clone(), why }
}

fn zip_error(path: &str) -> impl Fn(zip::result::ZipError) -> WaczError {
    let path = path.to_owned();
    move |why| WaczError::Zip { path: path.clone(), why }
}

#[cfg(test)]
mod tests;
