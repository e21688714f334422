//! Searches everything below the archive except its WARC files for parts of what was removed. WARC files were rewritten record
//! by record, and other records in them may share a line or a frame of the page with it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::packed;
use super::parts::{Finder, PART, PARTS_MAX, Part};
use crate::store::Layout;

/// How much of a file is read at a time, in bytes.
const PIECE: usize = 1 << 20;

/// What a search found.
#[derive(Debug, Default)]
pub(super) struct Searched {
    /// Files, below the root.
    pub found_in: Vec<String>,
    /// How many were searched.
    pub files: usize,
}

/// Parts of a member as it is packed, given its place and its length; not of its beginning, which members have in common.
pub(super) fn packed_parts(
    layout: &Layout,
    path: &Path,
    (offset, length): (u64, u64),
) -> io::Result<Vec<Part>> {
    let count = PARTS_MAX as u64;
    let step = length / (count + 1);
    if step < 2 * PART as u64 {
        return Ok(Vec::new());
    }
    let mut file = layout.open_file(path)?;
    let mut parts = Vec::new();
    for n in 1..=count {
        file.seek(SeekFrom::Start(offset + n * step))?;
        let mut part = vec![0; PART];
        file.read_exact(&mut part)?;
        parts.push(Part::of(&part));
    }
    Ok(parts)
}

/// Searches every file below the root that is no WARC file of the archive.
pub(super) fn search(layout: &Layout, parts: &[Part]) -> io::Result<Searched> {
    let finder = Finder::new(parts);
    let mut searched = Searched::default();
    let warc_files = layout.warc_files().map_err(|why| io::Error::other(why.to_string()))?;
    let mut dirs: Vec<PathBuf> = vec![layout.root().to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir)? {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, entry.path());
            if kind.is_dir() {
                dirs.push(path);
            } else if kind.is_file() && !warc_files.contains(&path) {
                searched.files += 1;
                if holds(&path, &finder)? {
                    let below = path.strip_prefix(layout.root()).unwrap_or(&path);
                    searched.found_in.push(below.display().to_string());
                }
            }
        }
    }
    searched.found_in.sort();
    Ok(searched)
}

/// Whether a part is in a file, as it lies there or packed.
fn holds(path: &Path, finder: &Finder<'_>) -> io::Result<bool> {
    let looked = File::open(path).and_then(|mut file| {
        Ok(in_stream(&mut file, finder)?
            || packed::any(path, &mut |unpacked: &mut dyn Read| {
                // Data that was cut, or is not compressed after all, was examined up to the error.
                Ok(in_stream(unpacked, finder).unwrap_or(false))
            })?)
    });
    match looked {
        // A file that was deleted meanwhile holds nothing.
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
        looked => looked,
    }
}

fn in_stream(input: &mut dyn Read, finder: &Finder<'_>) -> io::Result<bool> {
    let mut buffer = Vec::with_capacity(PIECE + PART);
    loop {
        // Data before an error is examined, too.
        let read = Read::take(&mut *input, PIECE as u64).read_to_end(&mut buffer);
        if finder.is_in(&buffer) {
            return Ok(true);
        }
        if read? == 0 {
            return Ok(false);
        }
        // A part may lie across two pieces.
        let keep = buffer.len().saturating_sub(PART);
        buffer.drain(..keep);
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::parts_of;
    use super::*;

    #[test]
    fn a_part_is_found_wherever_it_lies() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        layout.create().unwrap();
        let body: Vec<u8> = (0..4_000_u32).map(|n| (n * n % 251) as u8).collect();
        let parts = parts_of(&body);
        assert_eq!(search(&layout, &parts).unwrap().found_in, [] as [&str; 0]);
        let across =
            [vec![b'.'; PIECE - 20], body[2_000..2_000 + PART].to_vec(), vec![b'.'; 9]].concat();
        std::fs::write(layout.log_dir().join("log"), across).unwrap();
        std::fs::write(layout.tmp_dir().join("other"), &body[1_001..1_000 + PART]).unwrap();
        assert_eq!(search(&layout, &parts).unwrap().found_in, ["logs/log"]);
    }

    /// Exports, bundles and tails that were set aside hold a page packed.
    #[test]
    fn a_part_is_found_where_it_is_packed() {
        use std::io::Write;
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        layout.create().unwrap();
        let body: Vec<u8> = (0..9_000_u32).map(|n| (n * n / 7 % 251) as u8).collect();
        let gzip = |bytes: &[u8]| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
            packed.write_all(bytes).unwrap();
            packed.finish().unwrap()
        };
        let member = gzip(&body);
        // Behind another member, over the end of what is read at a time, cut in the middle.
        let other = gzip(b"another record");
        let tail =
            [other.as_slice(), &vec![b'.'; PIECE - other.len() - 1], &member[..member.len() / 2]];
        std::fs::write(layout.log_dir().join("tail"), tail.concat()).unwrap();
        std::fs::write(layout.log_dir().join("frame"), zstd::encode_all(&*body, 3).unwrap())
            .unwrap();
        let mut zip = zip::ZipWriter::new(File::create(layout.log_dir().join("zip")).unwrap());
        zip.start_file("a/page.html", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&body).unwrap();
        zip.finish().unwrap();
        std::fs::write(layout.log_dir().join("none"), gzip(&vec![7; 9_000])).unwrap();
        let found = search(&layout, &parts_of(&body)).unwrap().found_in;
        assert_eq!(found, ["logs/frame", "logs/tail", "logs/zip"]);
    }
}
