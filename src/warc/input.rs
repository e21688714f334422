//! Any readable input: a file, standard input or a pipe, recognised by its content.
//!
//! ```text
//!  open(path) ──► Input ──► next_file() ──► InputFile ──► records: WarcReader ──► RecordReader
//!  from_reader()    │        one for a WARC or ARC file,     │ header, place, findings   │ BufRead: the block
//!                   │        each WARC inside a package      └ framing, end              └ finish(): Located
//!                   └ package(): a WACZ, with its other files
//! ```
//!
//! A name never decides what a file is. A package (WACZ, or any ZIP) is recognised by the signature
//! of its first entry; everything else is given to [`WarcReader`], which distinguishes plain, gzip and zstd, WARC and ARC.
//! What can seek is read in place; a package that comes through a pipe is first copied to a temporary file, since a ZIP is
//! read from its end.
//!
//! Every leniency is a [`Finding`](crate::base::Finding) of the reader ([`WarcReader::take_findings`]): its rule names are
//! listed in `docs/formats.md`. Nothing here reads an archive or an index.
//!
//! ```no_run
//! use std::io::Read;
//! use pressmark::warc::{self, ReadOptions};
//!
//! let (mut places, mut findings) = (Vec::new(), Vec::new());
//! let mut input = warc::open("crawl.wacz".as_ref(), &ReadOptions::default())?;
//! while let Some(mut file) = input.next_file()? {
//!     while let Some(mut record) = file.records.next_record()? {
//!         let uri = record.header().fields.target_uri().map(|uri| uri.into_owned());
//!         let mut block = Vec::new();
//!         // Damage ends the block early with an error; the next record is read anyway.
//!         let whole = record.by_ref().take(1 << 20).read_to_end(&mut block).is_ok();
//!         let place = record.finish()?;
//!         places.push((file.name.clone(), uri, place.offset, whole));
//!     }
//!     findings.extend(file.records.take_findings());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::describe::is_ours;
use super::package::{Package, PackageError};
use super::reader::{ReadOptions, WarcReader};
use super::record::RecordKind;
use slice::FileSlice;

pub(super) mod slice;

pub use slice::InputBytes;

/// Why an input cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened or read.
    #[error("cannot read {name}: {why}")]
    Io {
        /// The input's name.
        name: String,
        /// The error of the system.
        why: io::Error,
    },
    /// It begins as a ZIP file and cannot be read as one.
    #[error("cannot read {name}: {why}")]
    Package {
        /// The input's name.
        name: String,
        /// What is wrong.
        why: PackageError,
    },
}

impl OpenError {
    /// What findings call the input, or the file inside a package.
    #[must_use]
    pub fn name(&self) -> &str {
        let (Self::Io { name, .. } | Self::Package { name, .. }) = self;
        name
    }
}

/// An input whose records are read file by file.
#[derive(Debug)]
pub struct Input {
    name: String,
    options: ReadOptions,
    state: State,
}

#[derive(Debug)]
enum State {
    /// One file, not yet handed out.
    One(InputBytes),
    /// A package and those inside it that are being read, the innermost last.
    Package(Vec<Open>),
    Done,
}

/// A package that is being read.
#[derive(Debug)]
struct Open {
    package: Package,
    /// The entry that comes next.
    next: usize,
}

/// A file of records: the input itself, or a file inside a package.
pub struct InputFile {
    /// What findings call it: the input's name, followed by the path inside a package.
    pub name: String,
    /// The path inside a package: `archive/data.warc.gz`, or `part.wacz/archive/data.warc.gz`.
    pub entry: Option<String>,
    /// Which of [`Package::entries`] it is, inside a package: paths may be there twice. The place of
    /// each package comes before it where they are inside each other; empty outside of any.
    pub entry_at: Vec<usize>,
    /// Its records.
    pub records: WarcReader<InputBytes>,
    /// Its bytes once more, where they can be read at any offset.
    bytes: Option<InputBytes>,
    /// How they are read.
    options: ReadOptions,
}

impl InputFile {
    /// How many bytes it has, where that is known: not of a stream.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.bytes.as_ref()?.length()
    }

    /// Its bytes from an offset on, as they are; none of a stream.
    #[must_use]
    pub fn bytes_at(&self, offset: u64, length: u64) -> Option<InputBytes> {
        self.bytes.as_ref()?.part(offset, length)
    }

    /// From here on records that are not read to their end are passed over by the length that their member
    /// states, where the file says that this program wrote it: [`RecordReader::skip`] for what is proven then.
    /// A file from elsewhere is unpacked whole: what it states may lie.
    ///
    /// To be called before the first record is read.
    ///
    /// [`RecordReader::skip`]: super::RecordReader::skip
    pub fn skip_where_ours(&mut self) {
        let is_ours = self.again().is_some_and(|mut reader| {
            let Ok(Some(mut first)) = reader.next_record() else { return false };
            let mut block = Vec::new();
            first.header().fields.record_kind() == Some(RecordKind::Warcinfo)
                && (&mut first).take(WARCINFO_BYTES_MAX).read_to_end(&mut block).is_ok()
                && is_ours(&block)
        });
        let again = self.bytes.as_ref().filter(|_| is_ours).and_then(InputBytes::again);
        if let Some(bytes) = again {
            self.options.skip_by_length = true;
            self.records = WarcReader::seekable(bytes, self.options.clone());
        }
    }

    /// A second reader of the same file with the same options, which is at its start; none of a
    /// stream. Its findings are its own.
    #[must_use]
    pub fn again(&self) -> Option<WarcReader<InputBytes>> {
        let bytes = self.bytes.as_ref()?.again()?;
        Some(WarcReader::seekable(bytes, self.options.clone()))
    }
}

/// Opens a file, or standard input where `path` is `-`. `options.file` is set to the path, and
/// `options.search_blocks` is on.
///
/// # Errors
/// When it cannot be read, or begins as a package and is none that can be read.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Input, OpenError> {
    if path.as_os_str() == "-" {
        return from_reader("-", Box::new(io::stdin()), options);
    }
    let name = path.display().to_string();
    let io_error = |why| OpenError::Io { name: name.clone(), why };
    let file = File::open(path).map_err(io_error)?;
    let metadata = file.metadata().map_err(io_error)?;
    if metadata.is_dir() {
        return Err(io_error(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    if !metadata.is_file() {
        return from_reader(&name, Box::new(file), options);
    }
    of_file(name, file, metadata.len(), options)
}

/// An input that can only be read onwards.
///
/// # Errors
/// When it cannot be read, or begins as a package and is none that can be read.
pub fn from_reader(
    name: &str,
    mut input: Box<dyn Read + Send>,
    options: &ReadOptions,
) -> Result<Input, OpenError> {
    let io_error = |why| OpenError::Io { name: name.to_owned(), why };
    let mut start = Vec::with_capacity(SIGNATURE_LEN);
    (&mut input).take(SIGNATURE_LEN as u64).read_to_end(&mut start).map_err(io_error)?;
    let is_package = is_zip(&start);
    let mut whole = io::Cursor::new(start).chain(input);
    if is_package {
        let mut spooled = tempfile::tempfile().map_err(io_error)?;
        let length = io::copy(&mut whole, &mut spooled).map_err(io_error)?;
        return of_file(name.to_owned(), spooled, length, options);
    }
    let state = State::One(InputBytes::stream(Box::new(whole)));
    Ok(Input { name: name.to_owned(), options: options.clone(), state })
}

fn of_file(
    name: String,
    file: File,
    length: u64,
    options: &ReadOptions,
) -> Result<Input, OpenError> {
    let whole = FileSlice::new(Arc::new(file), 0, length);
    let mut start = Vec::with_capacity(SIGNATURE_LEN);
    (&mut whole.clone())
        .take(SIGNATURE_LEN as u64)
        .read_to_end(&mut start)
        .map_err(|why| OpenError::Io { name: name.clone(), why })?;
    let state = if is_zip(&start) {
        let package = Package::open(&name, whole)
            .map_err(|why| OpenError::Package { name: name.clone(), why })?;
        State::Package(vec![Open { package, next: 0 }])
    } else {
        State::One(InputBytes::slice(whole))
    };
    Ok(Input { name, options: options.clone(), state })
}

impl Input {
    /// What it is called: the path as it was given, `-` for standard input.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The package, where the input is one: its other files are read there.
    #[must_use]
    pub fn package(&self) -> Option<&Package> {
        match &self.state {
            State::Package(open) => open.first().map(|open| &open.package),
            _ => None,
        }
    }

    /// The next file of records; `None` after the last. A package gives the files under `archive/`
    /// and those whose names end as WARC and ARC files do, in the order of its directory, and of a
    /// package inside it the same.
    ///
    /// # Errors
    /// When a file inside a package is packed in a way that cannot be read, or a package inside it
    /// cannot be opened; the next call continues with the one after it.
    pub fn next_file(&mut self) -> Result<Option<InputFile>, OpenError> {
        match &mut self.state {
            State::Done => Ok(None),
            State::One(_) => {
                let State::One(bytes) = std::mem::replace(&mut self.state, State::Done) else {
                    return Ok(None);
                };
                Ok(Some(input_file(self.name.clone(), None, bytes, &self.options)))
            }
            State::Package(open) => next_of(open, &self.options),
        }
    }
}

/// The next file of records among packages that are inside each other; the outermost stays open.
fn next_of(open: &mut Vec<Open>, options: &ReadOptions) -> Result<Option<InputFile>, OpenError> {
    while let Some(Open { package, next }) = open.last_mut() {
        let from = *next;
        let mut entries = package.entries().iter().skip(from);
        let Some(at) = entries.position(|entry| entry.holds_records() || entry.is_package()) else {
            *next = package.entries().len();
            if open.len() == 1 {
                break;
            }
            open.pop();
            continue;
        };
        let at = from + at;
        *next = at + 1;
        let entry = &package.entries()[at];
        let name = format!("{}/{}", package.name(), entry.path);
        let fail = |why| OpenError::Package { name: name.clone(), why };
        if entry.is_package() {
            let package = package.nested(entry).map_err(fail)?;
            open.push(Open { package, next: 0 });
            continue;
        }
        let bytes = package.bytes(entry).map_err(fail)?;
        // `next` of each is one more than the entry that is open in it.
        let entry_at: Vec<usize> = open.iter().map(|open| open.next - 1).collect();
        let path: Vec<&str> = (open.iter().zip(&entry_at))
            .filter_map(|(open, at)| open.package.entries().get(*at))
            .map(|entry| &*entry.path)
            .collect();
        let file = input_file(name, Some(path.join("/")), bytes, options);
        return Ok(Some(InputFile { entry_at, ..file }));
    }
    Ok(None)
}

fn input_file(
    name: String,
    entry: Option<String>,
    bytes: InputBytes,
    options: &ReadOptions,
) -> InputFile {
    let options = ReadOptions { file: name.clone(), search_blocks: true, ..options.clone() };
    let again = bytes.again();
    let records = if bytes.can_seek() {
        WarcReader::seekable(bytes, options.clone())
    } else {
        WarcReader::new(bytes, options.clone())
    };
    InputFile { name, entry, entry_at: Vec::new(), records, bytes: again, options }
}

const SIGNATURE_LEN: usize = 4;
/// This program writes no longer warcinfo.
const WARCINFO_BYTES_MAX: u64 = 64 << 10;

/// Whether these bytes begin a ZIP file (APPNOTE 4.3.7), or one without entries (4.3.16).
fn is_zip(start: &[u8]) -> bool {
    start == b"PK\x03\x04" || start == b"PK\x05\x06"
}

#[cfg(test)]
mod tests;
