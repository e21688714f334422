//! Where exported records go: a WARC file or a package.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Write};

use crate::archive::{Bytes, Capture, cdx};
use crate::base::{DigestAlgorithm, Timestamp};
use crate::sorted::{SortOptions, Sorter};
use crate::wacz::{About, IndexLine, PackageWriter, PageEntry};
use crate::warc::{
    Block, Compression, Form, Framing, Packed, Packer, ReadOptions, Record, RecordId, WarcReader,
    Warcinfo, name,
};

use super::error::temporary;
use super::events::part_of;
use super::select::{Listed, Meant};
use super::{ExportError, Exported, Exporting};

/// Blocks up to this length are held in memory while they are packed again.
const MEMORY_MAX: u64 = 8 << 20;

/// A record as it is to be written.
pub(super) struct Member<'a> {
    pub length: u64,
    pub bytes: Box<dyn Read + 'a>,
    /// Whether it was packed again, since it was packed differently.
    pub is_repacked: bool,
}

/// A file that records are copied from.
pub(super) struct Source {
    file: Box<dyn Bytes>,
    name: String,
    packing: Compression,
    packer: Packer,
}

impl Source {
    pub fn new(file: Box<dyn Bytes>, name: &str, packing: Compression) -> Self {
        Self { file, name: name.to_owned(), packing, packer: Packer::new(packing) }
    }

    /// The record at a place: its bytes as they are there where they are packed as they are to be,
    /// else packed again.
    pub fn member(
        &mut self,
        place: (u64, u64),
        (framing, form): (Framing, Form),
    ) -> Result<Member<'_>, String> {
        let text = |why: std::io::Error| why.to_string();
        // A record of a plain file may lack the line ends after it; a zstd frame may need a dictionary.
        let is_same = framing == Framing::Gzip && matches!(self.packing, Compression::Gzip(_));
        if is_same && form == Form::Warc {
            let bytes = part_of(&mut self.file, place).map_err(text)?;
            return Ok(Member { length: place.1, bytes: Box::new(bytes), is_repacked: false });
        }
        let record = self.record(place)?;
        let packed = self.packer.pack(&record).map_err(text)?;
        // The same bytes after all, but for what was missing of the framing.
        let is_plain = framing == Framing::Plain && self.packing == Compression::None;
        let length = packed.len();
        let bytes: Box<dyn Read> = match packed {
            Packed::Memory(bytes) => Box::new(Cursor::new(bytes)),
            Packed::File(file, length) => Box::new(rewound(file).map_err(text)?.take(length)),
        };
        Ok(Member { length, bytes, is_repacked: !is_plain })
    }

    fn record(&mut self, (offset, _): (u64, u64)) -> Result<Record<'static>, String> {
        let options = ReadOptions { file: self.name.clone(), ..ReadOptions::default() };
        let input = BufReader::with_capacity(64 * 1024, &mut self.file);
        let mut reader = WarcReader::seekable(input, options);
        let mut record = reader.read_at(offset).map_err(|why| why.to_string())?;
        let header = record.take_header();
        let block = if header.content_length <= MEMORY_MAX {
            let mut bytes = Vec::new();
            record.read_to_end(&mut bytes).map_err(|why| why.to_string())?;
            Block::from(bytes)
        } else {
            let mut file = tempfile::tempfile().map_err(|why| why.to_string())?;
            let length = std::io::copy(&mut record, &mut file).map_err(|why| why.to_string())?;
            Block::File(std::sync::Arc::new(file), length)
        };
        let mut fields = header.fields;
        if header.form == Form::Arc && fields.record_id().is_none() {
            // A record of an ARC file has no identifier: it gets one of where it is.
            let id = stable_id(&format!("{} {offset}", self.name));
            fields.push(name::RECORD_ID, id.to_string());
            if let Some(uri) = fields.target_uri().map(|uri| uri_of_arc(&uri)) {
                fields.set(name::TARGET_URI, uri);
            }
        }
        Ok(Record { version: header.version, fields, block })
    }
}

/// A URL of an ARC record as a WARC record has it: what crawlers of the time left as it was is escaped.
fn uri_of_arc(uri: &str) -> String {
    let mut out = String::with_capacity(uri.len());
    for byte in uri.bytes() {
        match byte {
            b'!'..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn rewound(mut file: File) -> std::io::Result<File> {
    std::io::Seek::rewind(&mut file)?;
    Ok(file)
}

/// Takes records in.
pub(super) trait Sink {
    /// How records are packed.
    fn packing(&self) -> Compression;

    /// A record; with the capture that it is, where it was selected.
    fn record(
        &mut self,
        member: Member<'_>,
        meant: Option<&Meant>,
        exporting: &mut Exporting<'_>,
        done: &mut Exported,
    ) -> Result<(), ExportError>;

    /// A record of the export itself, packed.
    fn own_record(&mut self, bytes: &[u8]) -> Result<(), ExportError>;

    /// What comes is from a file without a warcinfo record: the export's own describes it.
    fn undescribed(
        &mut self,
        exporting: &mut Exporting<'_>,
        done: &mut Exported,
    ) -> Result<(), ExportError> {
        if done.is_own_warcinfo_last {
            return Ok(());
        }
        let bytes = packed_warcinfo(exporting, done, self.packing())?;
        (done.own_warcinfos, done.is_own_warcinfo_last) = (done.own_warcinfos + 1, true);
        done.records += 1;
        self.own_record(&bytes)
    }
}

/// An identifier that is the same for the same text: version 8 of RFC 9562 section 5.8, bits of a digest.
fn stable_id(text: &str) -> RecordId {
    let digest = DigestAlgorithm::Sha256.digest(text.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    RecordId::from_uuid_bytes(bytes)
}

/// A warcinfo record of the export itself, packed. Its identifier depends on what it says alone, so that the
/// same export has the same.
fn packed_warcinfo(
    exporting: &Exporting<'_>,
    done: &Exported,
    packing: Compression,
) -> Result<Vec<u8>, ExportError> {
    let info = Warcinfo {
        software: exporting.software.clone(),
        description: Some(exporting.description.clone()),
        tls_verified: true,
        ..Warcinfo::default()
    };
    let date = done.period.map_or(Timestamp::from_unix_seconds(0), |(_, last)| last);
    let mut said = format!("{} {} {}", info.software, exporting.description, date.to_warc_date());
    if done.own_warcinfos > 0 {
        // One more, after records that another describes.
        said = format!("{said} {}", done.own_warcinfos);
    }
    let id = stable_id(&said);
    let record = info.record("export.warc.gz", &id, date, DigestAlgorithm::Sha256);
    let mut packed = Packer::new(packing).pack(&record).map_err(temporary)?;
    let mut bytes = Vec::new();
    packed.write_to(&mut bytes).map_err(temporary)?;
    Ok(bytes)
}

/// A WARC file.
pub(super) struct WarcSink<W: Write> {
    out: W,
    packing: Compression,
}

impl<W: Write> WarcSink<W> {
    pub fn new(out: W, packing: Compression) -> Self {
        Self { out, packing }
    }

    pub fn finish(mut self, _: &Exporting<'_>, _: &mut Exported) -> Result<(), ExportError> {
        self.out.flush().map_err(writing)
    }
}

fn writing(why: std::io::Error) -> ExportError {
    ExportError::Write { path: "the WARC file".to_owned(), why }
}

impl<W: Write> Sink for WarcSink<W> {
    fn packing(&self) -> Compression {
        self.packing
    }

    fn record(
        &mut self,
        mut member: Member<'_>,
        _: Option<&Meant>,
        _: &mut Exporting<'_>,
        _: &mut Exported,
    ) -> Result<(), ExportError> {
        std::io::copy(&mut member.bytes, &mut self.out).map_err(writing)?;
        Ok(())
    }

    fn own_record(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        self.out.write_all(bytes).map_err(writing)
    }
}

/// A package.
pub(super) struct WaczSink<W: Write + std::io::Seek> {
    writer: PackageWriter<W>,
    /// The pages, those that were asked for first.
    pages: Sorter,
    seeds: std::collections::BTreeSet<String>,
}

impl<W: Write + std::io::Seek> WaczSink<W> {
    /// A package made at `created`, whose WARC file has this name and at most about as many bytes.
    pub fn new(
        out: W,
        created: Timestamp,
        warc_name: String,
        bytes: u64,
        seeds: std::collections::BTreeSet<String>,
    ) -> Result<Self, ExportError> {
        let mut writer = PackageWriter::new(out, created)?;
        // Requests and notes come on top of what was selected: where it may be large, it is declared as large.
        writer.begin_warc(&warc_name, bytes.saturating_mul(4))?;
        Ok(Self { writer, pages: Sorter::new(SortOptions::default()), seeds })
    }

    pub fn finish(
        mut self,
        exporting: &mut Exporting<'_>,
        done: &mut Exported,
    ) -> Result<(), ExportError> {
        let mut pages = self.pages.finish().map_err(temporary)?;
        let mut title = None;
        while let Some(row) = pages.next_row().map_err(temporary)? {
            let at = memchr::memrchr(0, row).map_or(0, |at| at + 1);
            let Ok(capture) = serde_json::from_slice::<Capture>(&row[at..]) else { continue };
            let page = PageEntry {
                url: capture.url.clone(),
                at: capture.date,
                title: (exporting.titles)(&capture),
                text: None,
            };
            if done.pages == 0 {
                title.clone_from(&page.title);
            }
            self.writer.page(&page)?;
            done.pages += 1;
        }
        let about = About {
            title,
            description: Some(exporting.description.clone()),
            software: exporting.software.clone(),
            ..About::default()
        };
        self.writer.finish(about, None)?;
        Ok(())
    }
}

impl<W: Write + std::io::Seek> Sink for WaczSink<W> {
    fn packing(&self) -> Compression {
        Compression::default()
    }

    fn record(
        &mut self,
        mut member: Member<'_>,
        meant: Option<&Meant>,
        _: &mut Exporting<'_>,
        _: &mut Exported,
    ) -> Result<(), ExportError> {
        let index = meant.map(|meant| {
            let capture = &meant.capture;
            let fields = cdx::cdxj_fields(capture)
                .map(|(name, value)| (name.to_owned(), value.into_owned().into()))
                .collect();
            IndexLine { urlkey: capture.urlkey.clone(), at: capture.date, fields }
        });
        self.writer.member(member.length, &mut member.bytes, index)?;
        if let Some(Meant { capture, listed: Listed::Page }) = meant {
            // The pages that were asked for, newest first; then all others by URL and time.
            let is_seed = self.seeds.contains(&capture.urlkey);
            let time = capture.date.unix_micros().cast_unsigned() ^ (1 << 63);
            let order = if is_seed { !time } else { time };
            let mut row = vec![u8::from(!is_seed)];
            row.extend_from_slice(capture.urlkey.as_bytes());
            row.push(0);
            row.extend(data_encoding::HEXLOWER.encode(&order.to_be_bytes()).bytes());
            row.push(0);
            // JSON has no zero byte.
            row.extend(serde_json::to_vec(capture).unwrap_or_default());
            self.pages.push(&row).map_err(temporary)?;
        }
        Ok(())
    }

    fn own_record(&mut self, mut bytes: &[u8]) -> Result<(), ExportError> {
        self.writer.member(bytes.len() as u64, &mut bytes, None)?;
        Ok(())
    }
}
