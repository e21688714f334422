//! A part of an archive as a file that other programs read.
//!
//! In reading order: which captures are meant ([`Selection`], and of a whole site [`site`]), the
//! records that belong to them (`events`), and the files that are written (`sink`): WARC, WACZ, CDXJ, blocks of it
//! ([`crate::zipnum`]), and a table (`columns`).
//!
//! Records are copied byte for byte, revisits come with the record that holds their payload, and each
//! source file's warcinfo comes with its records. The same archive and the same selection give the same
//! bytes: nothing of the time or the place of the export is written.

mod columns;
mod error;
mod events;
mod select;
mod sink;
pub mod site;
mod suffix;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::archive::Capture;
use crate::archive::cdx;
use crate::base::Timestamp;
use crate::parquet::Writer;
use crate::store::Reader;
use crate::store::durable::sync_dir;
use crate::warc::Compression;
use crate::zipnum::ShardWriter;

pub(crate) use columns::{COLUMNS as CAPTURE_COLUMNS, Outlet, with_row as with_capture_row};
pub use error::ExportError;
pub use select::{Request, Selection};
use sink::{WaczSink, WarcSink};

/// What kind of file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A WACZ package.
    Wacz,
    /// A WARC file, packed like this.
    Warc(Compression),
    /// Index lines.
    Cdxj,
    /// A table with the columns of Common Crawl's index.
    Parquet,
    /// A folder of index lines in compressed blocks, with an index over them.
    ZipNum,
}

impl ExportFormat {
    /// The format that a file name ends in; `None` for endings of other formats.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let ends = |end: &str| name.ends_with(end);
        if ends(".wacz") {
            Some(Self::Wacz)
        } else if ends(".warc.gz") {
            Some(Self::Warc(Compression::default()))
        } else if ends(".warc.zst") {
            // The level at which a page takes as much time as with gzip (decision 2).
            Some(Self::Warc(Compression::Zstd(9)))
        } else if ends(".warc") {
            Some(Self::Warc(Compression::None))
        } else if ends(".cdxj") {
            Some(Self::Cdxj)
        } else if ends(".parquet") {
            Some(Self::Parquet)
        } else {
            None
        }
    }
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Captures that were selected, and those that revisits among them refer to, without those that could not be read.
    pub captures: u64,
    /// Records that were written; lines of a CDXJ file.
    pub records: u64,
    /// Pages that a package lists.
    pub pages: u64,
    /// The earliest and the latest of the captures.
    pub period: Option<(Timestamp, Timestamp)>,
    /// Records that were packed again, since they are packed differently in the archive.
    pub repacked: u64,
    /// Captures whose records could not be read, and why.
    pub unreadable: Vec<(Box<Capture>, String)>,
    /// How many warcinfo records of the export's own were written, and whether the last of them describes
    /// what comes.
    own_warcinfos: u64,
    is_own_warcinfo_last: bool,
}

/// The title of a page, where one is known.
pub type Titles<'a> = dyn FnMut(&Capture) -> Option<String> + 'a;

/// How an export is written.
pub struct Exporting<'a> {
    /// The archive.
    pub reader: &'a Reader,
    /// The format.
    pub format: ExportFormat,
    /// The program that writes: `pressmark/0.1.0`.
    pub software: String,
    /// What it is an export of, as text.
    pub description: String,
    /// Titles of pages, for packages.
    pub titles: &'a mut Titles<'a>,
}

/// Writes what was selected to the file at `path`, which is whole when this returns; blocks of index lines to a
/// folder there, which is new.
///
/// # Errors
/// When nothing was selected, the archive cannot be read, or the file not written.
pub fn export(
    selection: Selection,
    exporting: &mut Exporting<'_>,
    path: &Path,
) -> Result<Exported, ExportError> {
    let mut chosen = selection.finish()?;
    if chosen.is_empty {
        return Err(ExportError::Nothing);
    }
    let fail = |why| ExportError::Write { path: path.display().to_string(), why };
    let mut done =
        Exported { period: chosen.period, unreadable: chosen.unreadable, ..Exported::default() };
    if exporting.format == ExportFormat::ZipNum {
        std::fs::create_dir(path).map_err(fail)?;
        let mut writer = ShardWriter::new(path).map_err(fail)?;
        let mut lines = chosen.rows.lines(cdx::cdxj_whole_line)?;
        while let Some(line) = lines.next_row().map_err(fail)? {
            writer.line(line).map_err(fail)?;
        }
        done.records = writer.finish().map_err(fail)?.lines;
        done.captures = chosen.rows.given();
        sync_dir(path).map_err(fail)?;
        return Ok(done);
    }
    let write = |file: &File| -> Result<Exported, ExportError> {
        match exporting.format {
            // Written above: it is not a file.
            ExportFormat::ZipNum => {}
            ExportFormat::Cdxj => {
                let mut out = BufWriter::with_capacity(1 << 16, file);
                let mut lines = chosen.rows.lines(cdx::cdxj_line)?;
                while let Some(line) = lines.next_row().map_err(fail)? {
                    out.write_all(line).and_then(|()| out.write_all(b"\n")).map_err(fail)?;
                    done.records += 1;
                }
                out.flush().map_err(fail)?;
            }
            ExportFormat::Parquet => {
                let out = BufWriter::with_capacity(1 << 18, file);
                let mut table =
                    Writer::new(out, columns::COLUMNS, &exporting.software).map_err(fail)?;
                let mut rows = chosen.rows.by_urlkey()?;
                while let Some(capture) = rows.next()? {
                    columns::with_row(&capture, |row| table.row(row)).map_err(fail)?;
                    done.records += 1;
                }
                table.finish().map_err(fail)?;
            }
            ExportFormat::Warc(packing) => {
                let mut sink = WarcSink::new(BufWriter::with_capacity(1 << 18, file), packing);
                events::write(&mut chosen.rows, exporting, &mut sink, &mut done)?;
                sink.finish(exporting, &mut done)?;
            }
            ExportFormat::Wacz => {
                let created = done.period.map_or(Timestamp::from_unix_seconds(0), |(_, last)| last);
                let name = warc_name(path);
                let out = BufWriter::with_capacity(1 << 18, file);
                let mut sink = WaczSink::new(out, created, name, chosen.bytes, chosen.seeds)?;
                events::write(&mut chosen.rows, exporting, &mut sink, &mut done)?;
                sink.finish(exporting, &mut done)?;
            }
        }
        done.captures = chosen.rows.given().saturating_sub(done.unreadable.len() as u64);
        Ok(done)
    };
    crate::store::durable::make_whole(path, fail, write)
}

/// The name of the WARC file in a package of that name.
fn warc_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' })
        .collect();
    let plain = plain.trim_start_matches('.');
    format!("{}.warc.gz", if plain.is_empty() { "data" } else { plain })
}
