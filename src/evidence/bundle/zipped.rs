//! A list of named bytes as a zip: entry after entry, and nothing beside them.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::super::EvidenceError;
use super::super::error::io as disk;
use crate::store::durable::make_whole;

/// Names and bytes, in order.
pub type Contents = Vec<(String, Vec<u8>)>;

/// At most this many bytes are packed, in all: unpacking needs this much memory, whatever the zip
/// claims. What is beyond is stored.
pub const TEXT_BYTES_MAX: u64 = 64 << 20;
/// A zip without 64-bit fields is no longer than this.
const BYTES_MAX: u64 = u32::MAX as u64;

/// Writes a zip under another name and gives it its own when it is whole. Nothing in it depends on
/// the time or the machine.
///
/// # Errors
/// When it cannot be written, or is too large.
pub fn write_zip(path: &Path, contents: &Contents) -> Result<(), EvidenceError> {
    let total: u64 = contents.iter().map(|(name, b)| (2 * name.len() + b.len() + 128) as u64).sum();
    if total > BYTES_MAX {
        let why = format!("it would have {total} bytes; the limit is {BYTES_MAX}");
        return Err(EvidenceError::Bundle { why });
    }
    let write = |file: &File| -> io::Result<()> {
        let mut zip = ZipWriter::new(io::BufWriter::new(file));
        let mut left = TEXT_BYTES_MAX;
        for (name, bytes) in contents {
            // Files that are already compressed are stored, so that they can be read in place.
            let packed = [".gz", ".zst", ".tsr", ".sig"].iter().any(|end| name.ends_with(end));
            let room = left.checked_sub(bytes.len() as u64).filter(|_| !packed);
            left = room.unwrap_or(left);
            let method = match room {
                Some(_) => CompressionMethod::Deflated,
                None => CompressionMethod::Stored,
            };
            let options = SimpleFileOptions::default()
                .compression_method(method)
                .last_modified_time(zip::DateTime::default())
                .unix_permissions(0o644);
            zip.start_file(name.as_str(), options)?;
            zip.write_all(bytes)?;
        }
        zip.finish()?.flush()
    };
    make_whole(path, |why| why, write).map_err(disk("writing", path))
}
