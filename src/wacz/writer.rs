//! Writes a package, piece by piece.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::parts::{Extra, IndexLine, Package, PageEntry, Seal, Signer, WaczError, Written};
use crate::base::{DigestAlgorithm, Hasher, Timestamp};
use crate::sorted::{SortOptions, Sorter};

/// The version of the format that is written.
const WACZ_VERSION: &str = "1.1.1";
/// The version of the signing format that is written.
const SIGNING_VERSION: &str = "0.1.0";
/// How many lines of the index are packed as one block, which a reader fetches whole.
const INDEX_BLOCK_LINES: usize = 300;
const INDEX_NAME: &str = "index.cdx.gz";
const PAGES_PATH: &str = "pages/pages.jsonl";
/// A file of this length or more needs the 64-bit fields of ZIP (APPNOTE 4.3.9.2); also where its record
/// begins beyond that.
const LARGE_FILE_BYTES_MIN: u64 = u32::MAX as u64;
/// How many bytes are deflated by the ZIP at most, in all: a reader needs this much memory, whatever
/// the ZIP claims. What is beyond is stored.
const DEFLATED_BYTES_MAX: u64 = 64 << 20;

/// What a package states about itself.
#[derive(Default)]
pub struct About<'a> {
    /// What it is.
    pub title: Option<String>,
    /// The same in more words, Markdown.
    pub description: Option<String>,
    /// The program that makes it: `pressmark/0.1.0`.
    pub software: String,
    /// Who signs the list of files besides, where someone does.
    pub seal: Option<Seal<'a>>,
    /// Further files: neither in `archive/`, `indexes/`, `pages/` nor one of the package's own.
    pub extra: Vec<Extra>,
}

/// Writes a package whose parts are all at hand; signed where there is a signer.
///
/// # Errors
/// When a record is not as stated, a name has no place, there is nothing to be packed, or the disk
/// fails. What was written by then is not a package.
pub fn write<W: Write + Seek>(
    package: Package<'_>,
    signer: Option<&dyn Signer>,
    out: W,
) -> Result<Written, WaczError> {
    check_extra(&package.extra)?;
    if package.pages.is_empty() {
        return Err(WaczError::Nothing("page"));
    }
    let mut writer = PackageWriter::new(out, package.created)?;
    let total = package.members.iter().map(|m| m.length).sum();
    writer.begin_warc(&package.warc_name, total)?;
    for mut member in package.members {
        writer.member(member.length, &mut member.bytes, member.index)?;
    }
    writer.end_warc()?;
    for page in &package.pages {
        writer.page(page)?;
    }
    let about = About {
        title: package.title,
        description: package.description,
        software: package.software,
        seal: package.seal,
        extra: package.extra,
    };
    writer.finish(about, signer)
}

/// Whether a name is one that every system takes.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn check_extra(extra: &[Extra]) -> Result<(), WaczError> {
    let mut seen = std::collections::HashSet::new();
    for extra in extra {
        let own = ["archive", "indexes", "pages", "datapackage.json", "datapackage-digest.json"];
        let first = extra.path.split('/').next().unwrap_or("");
        let fits = extra.path.split('/').all(is_plain) && !own.contains(&first);
        if !fits || !seen.insert(&extra.path) {
            return Err(WaczError::Name(extra.path.clone()));
        }
    }
    Ok(())
}

/// The WARC file that is being written.
struct Warc {
    name: String,
    hasher: Hasher,
    members: usize,
    length: u64,
}

/// Writes a package: its WARC files one after the other, each a member at a time, and the pages in
/// between or after; the rest when it is finished.
pub struct PackageWriter<W: Write + Seek> {
    zip: Zip<W>,
    created: Timestamp,
    warc: Option<Warc>,
    /// The lines of the index.
    lines: Sorter,
    lines_bytes: u64,
    indexed: usize,
    records: usize,
    /// The lines of the list of pages.
    pages: BufWriter<File>,
    pages_bytes: u64,
    has_text: bool,
    main: Option<(String, Timestamp)>,
}

impl<W: Write + Seek> PackageWriter<W> {
    /// An empty package that is made at `created`.
    ///
    /// # Errors
    /// When there is no room for temporary files.
    pub fn new(out: W, created: Timestamp) -> Result<Self, WaczError> {
        let pages = tempfile::tempfile().map_err(io_error(PAGES_PATH))?;
        Ok(Self {
            zip: Zip::new(out, created),
            created,
            warc: None,
            lines: Sorter::new(SortOptions::default()),
            lines_bytes: 0,
            indexed: 0,
            records: 0,
            pages: BufWriter::new(pages),
            pages_bytes: 0,
            has_text: false,
            main: None,
        })
    }

    /// Begins `archive/NAME`, which will have at most `bytes_max` bytes.
    ///
    /// # Errors
    /// When the name is not that of a `.warc.gz` file, or the disk fails.
    pub fn begin_warc(&mut self, name: &str, bytes_max: u64) -> Result<(), WaczError> {
        self.end_warc()?;
        if !name.strip_suffix(".warc.gz").is_some_and(is_plain) {
            return Err(WaczError::Name(name.to_owned()));
        }
        self.zip.begin(&format!("archive/{name}"), CompressionMethod::Stored, bytes_max)?;
        let hasher = Hasher::new(DigestAlgorithm::Sha256);
        self.warc = Some(Warc { name: name.to_owned(), hasher, members: 0, length: 0 });
        Ok(())
    }

    /// Appends a record to the WARC file: one gzip member of `length` bytes, byte for byte; with its
    /// line of the index where it is a capture.
    ///
    /// # Errors
    /// When the bytes are not a gzip member or not of the stated length, they cannot be read, no WARC
    /// file has begun, or the disk fails.
    pub fn member(
        &mut self,
        length: u64,
        bytes: &mut dyn Read,
        index: Option<IndexLine>,
    ) -> Result<(), WaczError> {
        let Some(warc) = &mut self.warc else { return Err(WaczError::Nothing("WARC file")) };
        let number = warc.members;
        let digest = self.zip.member(&warc.name, number, length, bytes, &mut warc.hasher)?;
        if let Some(line) = index {
            let line = index_line(line, &warc.name, warc.length, length, &digest);
            self.lines_bytes += line.len() as u64;
            self.indexed += 1;
            self.lines.push(line.as_bytes()).map_err(io_error("indexes/"))?;
        }
        warc.members += 1;
        warc.length += length;
        self.records += 1;
        Ok(())
    }

    /// Ends the WARC file that was begun, if one was.
    ///
    /// # Errors
    /// When it has no record.
    pub fn end_warc(&mut self) -> Result<(), WaczError> {
        let Some(warc) = self.warc.take() else { return Ok(()) };
        if warc.members == 0 {
            return Err(WaczError::Nothing("record"));
        }
        let path = format!("archive/{}", warc.name);
        self.zip.resource(&path, warc.length, warc.hasher.finish().to_string());
        Ok(())
    }

    /// Adds a page to the list; the first is the main one.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn page(&mut self, page: &PageEntry) -> Result<(), WaczError> {
        if self.main.is_none() {
            self.main = Some((page.url.clone(), page.at));
        }
        self.has_text |= page.text.is_some();
        let line = page_line(page);
        self.pages_bytes += line.len() as u64;
        self.pages.write_all(line.as_bytes()).map_err(io_error(PAGES_PATH))
    }

    /// Writes what is left: index, pages, further files, and the list of all files, which is signed
    /// where there is a signer.
    ///
    /// # Errors
    /// When there is no record, a further file's name has no place, or the disk fails.
    pub fn finish(
        mut self,
        about: About<'_>,
        signer: Option<&dyn Signer>,
    ) -> Result<Written, WaczError> {
        self.end_warc()?;
        if self.records == 0 {
            return Err(WaczError::Nothing("record"));
        }
        check_extra(&about.extra)?;
        self.index()?;
        self.list_of_pages()?;
        for extra in &about.extra {
            self.zip.file(&extra.path, &extra.bytes)?;
        }
        let created = self.created.to_rfc3339();
        let mut datapackage = json!({
            "profile": "data-package",
            "wacz_version": WACZ_VERSION,
            "created": created,
            "software": about.software,
            "resources": std::mem::take(&mut self.zip.resources),
        });
        if let Some((url, at)) = &self.main {
            datapackage["mainPageUrl"] = Value::from(url.clone());
            datapackage["mainPageDate"] = Value::from(at.to_rfc3339());
        }
        for (field, value) in [("title", about.title), ("description", about.description)] {
            if let Some(value) = value {
                datapackage[field] = Value::from(value);
            }
        }
        let datapackage = pretty(&datapackage);
        let digest = sha256(datapackage.as_bytes());
        self.zip.file("datapackage.json", datapackage.as_bytes())?;
        let mut proof = json!({ "path": "datapackage.json", "hash": digest });
        if let Some(signer) = signer {
            proof["signedData"] = json!({
                "hash": digest,
                "created": created,
                "software": about.software,
                "version": SIGNING_VERSION,
                "signature": base64(&signer.sign(digest.as_bytes())?),
                "publicKey": base64(&signer.public_key()?),
            });
        }
        if let Some(seal) = &about.seal {
            let signature = (seal.sign)(datapackage.as_bytes());
            proof["logSignature"] = json!({ "key": seal.key, "signature": base64(&signature) });
        }
        self.zip.file("datapackage-digest.json", pretty(&proof).as_bytes())?;
        self.zip.finish()?;
        Ok(Written { digest, records: self.records, indexed: self.indexed })
    }

    /// The packed index and the list of its blocks, as pywb's ZipNum has them.
    fn index(&mut self) -> Result<(), WaczError> {
        let path = format!("indexes/{INDEX_NAME}");
        let fail = io_error(&path);
        let sorter = std::mem::replace(&mut self.lines, Sorter::new(SortOptions::default()));
        let mut lines = sorter.finish().map_err(&fail)?;
        // Lines are packed to less than they are.
        self.zip.begin(&path, CompressionMethod::Stored, self.lines_bytes)?;
        let head = json!({ "format": "cdxj-gzip-1.0", "filename": INDEX_NAME });
        let mut blocks = format!("!meta 0 {head}\n");
        let mut whole = Hasher::new(DigestAlgorithm::Sha256);
        let mut offset = 0;
        loop {
            // No name and no time in the header: the same lines give the same bytes.
            let mut gzip = GzBuilder::new().write(Vec::new(), Compression::default());
            let mut key = None;
            for _ in 0..INDEX_BLOCK_LINES {
                let Some(line) = lines.next_row().map_err(&fail)? else { break };
                if key.is_none() {
                    let line = String::from_utf8_lossy(line);
                    key = Some(line.split(" {").next().unwrap_or("").to_owned());
                }
                gzip.write_all(line).map_err(&fail)?;
            }
            let Some(key) = key else { break };
            let bytes = gzip.finish().map_err(&fail)?;
            let place = json!({
                "offset": offset,
                "length": bytes.len(),
                "digest": sha256(&bytes),
                "filename": INDEX_NAME,
            });
            blocks.push_str(&format!("{key} {place}\n"));
            offset += bytes.len() as u64;
            whole.update(&bytes);
            self.zip.zip.write_all(&bytes).map_err(&fail)?;
        }
        self.zip.resource(&path, offset, whole.finish().to_string());
        self.zip.file("indexes/index.idx", blocks.as_bytes())
    }

    fn list_of_pages(&mut self) -> Result<(), WaczError> {
        let head = json!({
            "format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": self.has_text
        });
        let head = format!("{head}\n");
        let fail = io_error(PAGES_PATH);
        self.pages.flush().map_err(&fail)?;
        let file = self.pages.get_mut();
        file.rewind().map_err(&fail)?;
        let length = head.len() as u64 + self.pages_bytes;
        let mut bytes = head.as_bytes().chain(BufReader::new(file));
        self.zip.stream(PAGES_PATH, length, &mut bytes)
    }
}

/// The ZIP file, and what `datapackage.json` will say of the files in it.
struct Zip<W: Write + Seek> {
    zip: ZipWriter<W>,
    options: SimpleFileOptions,
    resources: Vec<Value>,
    /// How many bytes may still be deflated: see [`DEFLATED_BYTES_MAX`].
    left: u64,
}

impl<W: Write + Seek> Zip<W> {
    fn new(out: W, created: Timestamp) -> Self {
        let options = SimpleFileOptions::default()
            .last_modified_time(dos_time(created))
            .unix_permissions(0o644);
        Self { zip: ZipWriter::new(out), options, resources: Vec::new(), left: DEFLATED_BYTES_MAX }
    }

    fn begin(&mut self, path: &str, method: CompressionMethod, len: u64) -> Result<(), WaczError> {
        let large = len >= LARGE_FILE_BYTES_MIN;
        let options = self.options.compression_method(method).large_file(large);
        self.zip.start_file(path, options).map_err(zip_error(path))
    }

    fn file(&mut self, path: &str, mut bytes: &[u8]) -> Result<(), WaczError> {
        self.stream(path, bytes.len() as u64, &mut bytes)
    }

    /// A file of `length` bytes, deflated as long as there is room for that.
    fn stream(&mut self, path: &str, length: u64, bytes: &mut dyn Read) -> Result<(), WaczError> {
        let room = self.left.checked_sub(length);
        self.left = room.unwrap_or(self.left);
        let how = match room {
            Some(_) => CompressionMethod::Deflated,
            None => CompressionMethod::Stored,
        };
        self.begin(path, how, length)?;
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        let mut written = 0;
        let mut piece = vec![0; 64 * 1024];
        loop {
            let count = bytes.read(&mut piece).map_err(io_error(path))?;
            if count == 0 {
                break;
            }
            hasher.update(&piece[..count]);
            self.zip.write_all(&piece[..count]).map_err(io_error(path))?;
            written += count as u64;
        }
        self.resource(path, written, hasher.finish().to_string());
        Ok(())
    }

    fn resource(&mut self, path: &str, bytes: u64, hash: String) {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.resources.push(json!({ "name": name, "path": path, "hash": hash, "bytes": bytes }));
    }

    fn member(
        &mut self,
        name: &str,
        number: usize,
        expected: u64,
        bytes: &mut dyn Read,
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

/// A line of `pages.jsonl`, with its line end.
fn page_line(page: &PageEntry) -> String {
    let at = page.at.to_rfc3339();
    let id = sha256(format!("{at} {}", page.url).as_bytes());
    let mut line = json!({ "id": &id[7..27], "url": page.url, "ts": at });
    for (field, value) in [("title", &page.title), ("text", &page.text)] {
        if let Some(value) = value {
            line[field] = Value::from(value.clone());
        }
    }
    format!("{line}\n")
}

fn pretty(value: &Value) -> String {
    // A value of strings and numbers is always JSON.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

pub(super) fn sha256(bytes: &[u8]) -> String {
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
