//! Records into a new file, each in a member of its own: `recompress` and `repair`.
//!
//! Decides which records are written (every whole one), and what is set aside (every byte between them). A
//! record's bytes stay as they are: its header as it was, its block; only the line breaks after the block are
//! rewritten. Deliberately opens no file to write: the caller does, and the input is never written to.
//!
//! ```text
//!  in:   member member  ···damage···  member  ··tail··
//!          │      │          │          │        │
//!  out:  member member       │        member     │        whole records, re-framed
//!  aside:                 damage               tail       bytes as they are, by offset
//! ```

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::input::{Input, InputBytes, InputFile, OpenError};
use super::member::{Compression, ZSTD_DICTIONARY_MAGIC};
use super::pack::{Packer, WHOLE_BYTES_MAX};
use super::parse::Form;
use super::reader::{ReadError, RecordReader};
use super::record::Block;
use crate::base::Finding;

mod dictionary;

pub use dictionary::{DICTIONARY_BYTES_MAX, train};

/// Why records could not be repacked.
#[derive(Debug, thiserror::Error)]
pub enum RepackError {
    /// The input cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The input cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The output cannot be written.
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
    /// No dictionary can be trained on these records: they are too few, or have nothing in common.
    #[error("no dictionary can be trained: {0}")]
    Dictionary(io::Error),
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repacked {
    /// Records that were written.
    pub records: u64,
    /// Records that are cut or damaged, and were not.
    pub left_out: u64,
    /// Files of a package that cannot be read, and were not.
    pub unreadable: u64,
    /// Bytes of the input.
    pub bytes_in: u64,
    /// Bytes of the output.
    pub bytes_out: u64,
    /// Whether any record was of ARC.
    pub arc: bool,
    /// The parts of the input that hold no whole record, in the order of each file: its name, the
    /// offset, the length.
    pub gaps: Vec<Gap>,
}

impl Repacked {
    /// Whether every byte of the input was written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.left_out == 0 && self.unreadable == 0 && self.gaps.is_empty()
    }
}

/// A part of a file that holds no whole record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The file, or the file inside a package.
    pub file: String,
    /// Which of the entries of a package it is.
    pub entry: Vec<usize>,
    /// The offset of its first byte.
    pub offset: u64,
    /// How many bytes it has; none where the input cannot be read twice and the end is not known.
    pub length: u64,
}

/// The most gaps that are listed. What is beyond is one more with the last, and so are the whole records between
/// them: nothing is left out.
const GAPS_MAX: usize = 10_000;

/// Writes every whole record of `input` to `out`, packed by `packer`. What was mended, and what was
/// left out, is handed to `found`.
///
/// # Errors
/// When the input cannot be read or the output not written.
pub fn repack(
    input: &mut Input,
    packer: &mut Packer,
    out: &mut impl Write,
    found: &mut dyn FnMut(Finding),
) -> Result<Repacked, RepackError> {
    let mut repacked = Repacked::default();
    if let Some(dictionary) = packer.dictionary() {
        let frame = dictionary_frame(dictionary)?;
        out.write_all(&frame)?;
        repacked.bytes_out += frame.len() as u64;
    }
    loop {
        let file = match input.next_file() {
            Ok(Some(file)) => file,
            Ok(None) => break,
            Err(why) => {
                repacked.unreadable += 1;
                found(unreadable(&why));
                continue;
            }
        };
        repack_file(file, packer, out, found, &mut repacked)?;
    }
    Ok(repacked)
}

/// A file of a package that cannot be read; the next may be.
fn unreadable(why: &OpenError) -> Finding {
    Finding::error(why.name(), None, "unreadable", why.to_string())
}

/// The skippable frame that a file with a dictionary begins with (warc-zstd, section 3): the
/// dictionary is packed itself, so that its bytes are under a checksum.
fn dictionary_frame(dictionary: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = zstd::bulk::Compressor::new(19)?;
    packer.include_checksum(true)?;
    let packed = packer.compress(dictionary)?;
    let length = u32::try_from(packed.len()).map_err(io::Error::other)?;
    Ok([&ZSTD_DICTIONARY_MAGIC[..], &length.to_le_bytes(), &packed].concat())
}

fn repack_file(
    mut file: InputFile,
    packer: &mut Packer,
    out: &mut impl Write,
    found: &mut dyn FnMut(Finding),
    repacked: &mut Repacked,
) -> Result<(), RepackError> {
    // Where the last whole record ended: what is between it and the next one is a gap.
    let mut covered = 0;
    while let Some(mut record) = file.records.next_record()? {
        let header = record.take_header();
        let offset = record.offset();
        let block = read_block(&mut record, header.content_length)?;
        let located = record.finish()?;
        let whole = block.filter(|_| located.intact);
        file.records.take_findings().into_iter().for_each(&mut *found);
        let Some(block) = whole else {
            repacked.left_out += 1;
            continue;
        };
        let end: &[u8] = match header.form {
            Form::Warc => b"\r\n\r\n",
            Form::Arc => b"\n",
        };
        repacked.arc |= header.form == Form::Arc;
        let mut packed = packer.pack_parts(&header.raw, &block, end)?;
        packed.write_to(out)?;
        repacked.bytes_out += packed.len();
        repacked.records += 1;
        if offset > covered {
            gap(&file, covered, offset, repacked);
        }
        let end = located.length.map_or(file.records.intact_end(), |length| offset + length);
        covered = covered.max(end);
    }
    file.records.take_findings().into_iter().for_each(found);
    let end = file.length().unwrap_or_else(|| file.records.position());
    if end > covered {
        gap(&file, covered, end, repacked);
    }
    repacked.bytes_in += end;
    Ok(())
}

/// Lists what is between two offsets, unless it is line breaks alone.
fn gap(file: &InputFile, from: u64, to: u64, repacked: &mut Repacked) {
    let short = to - from <= 64;
    let breaks = short
        && file.bytes_at(from, to - from).is_some_and(|mut bytes| {
            let mut there = Vec::new();
            let read = bytes.read_to_end(&mut there);
            read.is_ok() && there.iter().all(|c| matches!(c, b'\r' | b'\n'))
        });
    if breaks {
        return;
    }
    let is_full = repacked.gaps.len() >= GAPS_MAX;
    match repacked.gaps.last_mut() {
        Some(last) if is_full && last.file == file.name => last.length = to - last.offset,
        _ => repacked.gaps.push(Gap {
            file: file.name.clone(),
            entry: file.entry_at.clone(),
            offset: from,
            length: to - from,
        }),
    }
}

/// A block, in memory where it is short and in a temporary file otherwise; none where it is cut or
/// damaged.
fn read_block(
    record: &mut RecordReader<'_, InputBytes>,
    length: u64,
) -> io::Result<Option<Block<'static>>> {
    let mut start = Vec::new();
    if record.take(WHOLE_BYTES_MAX).read_to_end(&mut start).is_err() {
        return Ok(None);
    }
    if length <= start.len() as u64 {
        return Ok(Some(Block::Bytes(Cow::Owned(start))));
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(&start)?;
    drop(start);
    let mut buffer = vec![0; 64 * 1024];
    let mut copied = WHOLE_BYTES_MAX;
    loop {
        match record.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                file.write_all(&buffer[..count])?;
                copied += count as u64;
            }
            Err(_) => return Ok(None),
        }
    }
    file.seek(SeekFrom::Start(0))?;
    Ok((copied == length).then(|| Block::File(Arc::new(file), length)))
}

/// How a file of that name is packed, by its ending; none where it is not the name of a WARC or ARC file.
#[must_use]
pub fn compression_of(name: &str) -> Option<(Form, Compression)> {
    let name = name.to_ascii_lowercase();
    [
        (".warc", Form::Warc, Compression::None),
        (".warc.gz", Form::Warc, Compression::default()),
        (".warc.zst", Form::Warc, Compression::Zstd(ZSTD_LEVEL)),
        (".arc", Form::Arc, Compression::None),
        (".arc.gz", Form::Arc, Compression::default()),
    ]
    .into_iter()
    .find(|(end, ..)| name.ends_with(end))
    .map(|(_, form, compression)| (form, compression))
}

/// The level at which zstd files are written: 14 % smaller than level 3 on pages, at a fifth of its
/// speed, which is still that of gzip.
const ZSTD_LEVEL: i32 = 9;

#[cfg(test)]
mod tests;
