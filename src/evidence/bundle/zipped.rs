//! A list of named bytes as a zip and back, with limits.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::super::EvidenceError;
use super::super::error::{damaged, io as disk};
use crate::store::durable::make_whole;

/// Names and bytes, in order.
pub type Contents = Vec<(String, Vec<u8>)>;

/// The most bytes that are taken out of a bundle.
const BYTES_MAX: u64 = 4 << 30;
/// The most files in a bundle.
const FILES_MAX: usize = 10_000;

/// Writes a zip under another name and gives it its own when it is whole. Nothing in it depends on
/// the time or the machine.
///
/// # Errors
/// When it cannot be written.
pub fn write_zip(path: &Path, contents: &Contents) -> Result<(), EvidenceError> {
    let write = |file: &File| -> io::Result<()> {
        let mut zip = ZipWriter::new(io::BufWriter::new(file));
        for (name, bytes) in contents {
            // What is packed already is stored, so that it can be read in place.
            let packed = [".gz", ".zst", ".tsr", ".sig"].iter().any(|end| name.ends_with(end));
            let method =
                if packed { CompressionMethod::Stored } else { CompressionMethod::Deflated };
            let options = SimpleFileOptions::default()
                .compression_method(method)
                .last_modified_time(zip::DateTime::default())
                .large_file(bytes.len() as u64 >= u64::from(u32::MAX))
                .unix_permissions(0o644);
            zip.start_file(name.as_str(), options)?;
            zip.write_all(bytes)?;
        }
        zip.finish()?.flush()
    };
    make_whole(path, |why| why, write).map_err(disk("writing", path))
}

/// Reads a zip.
///
/// # Errors
/// When it cannot be read, is no zip, or holds more than a bundle does.
pub fn read_zip(path: &Path) -> Result<Contents, EvidenceError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(disk("opening", path))?;
    let broken = |why: &dyn std::fmt::Display| damaged(&name, why.to_string());
    let mut zip = ZipArchive::new(io::BufReader::new(file)).map_err(|e| broken(&e))?;
    if zip.len() > FILES_MAX {
        return Err(broken(&"it holds more files than a bundle does"));
    }
    let (mut contents, mut left) = (Contents::new(), BYTES_MAX);
    for n in 0..zip.len() {
        let mut entry = zip.by_index(n).map_err(|e| broken(&e))?;
        let name = entry.name().map_err(|e| broken(&e))?.into_owned();
        let mut bytes = Vec::new();
        entry.by_ref().take(left + 1).read_to_end(&mut bytes).map_err(|e| broken(&e))?;
        left = left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| broken(&"it holds more bytes than a bundle does"))?;
        contents.push((name, bytes));
    }
    Ok(contents)
}
