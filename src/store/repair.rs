//! Files that a dead process left open: the unfinished tail is set aside, the rest is sealed.
//!
//! Nothing is deleted. The tail goes to a side file first and is on the disk there before the WARC
//! file is cut to its last whole record.
//!
//! After a loss of power a tail may have holes: of what was never synced, any block may be there or
//! not, and whole records may be behind zeros. None of them was acknowledged. The mark of the index
//! distinguishes this damage from damage to durable bytes, since the index gets records only after
//! their sync: what is before its mark is left where it is, for `verify` to report.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use crate::base::{Finding, Severity};
use crate::warc::{ReadOptions, WarcReader};

use super::StoreError;
use super::layout::{Layout, stable_name};
use super::rotate::{seal_path, sync_dir};

/// Repairs and seals one `.open` file that is known to have been durable up to an offset; what was
/// done, as text.
pub(super) fn seal_left_open(
    layout: &Layout,
    path: &Path,
    durable: u64,
) -> Result<Vec<String>, StoreError> {
    let io = |doing: &'static str| {
        let path = path.display().to_string();
        move |why| StoreError::Io { doing, path, why }
    };
    let name = stable_name(path);
    let mut notes = Vec::new();
    let length = fs::metadata(path).map_err(io("reading"))?.len();
    let intact = intact_end(path, &name, durable)?;
    if intact < length {
        let aside = layout.set_aside_dir().join(format!("{name}.tail-{intact}"));
        copy_tail(path, intact, &aside).map_err(io("setting aside the tail of"))?;
        sync_dir(&layout.set_aside_dir())?;
        let cut = || -> io::Result<()> {
            let file = OpenOptions::new().write(true).open(path)?;
            file.set_len(intact)
        };
        cut().map_err(io("cutting"))?;
        notes.push(format!(
            "{name}: an unfinished record of {} bytes at {intact} was set aside in {}",
            length - intact,
            aside.display()
        ));
    }
    // A process that was killed may have written whole records and not synced them. From here on
    // they are treated like any other: revisits refer to them, and the evidence log covers them.
    File::open(path).and_then(|file| file.sync_all()).map_err(io("syncing"))?;
    seal_path(path)?;
    if length == 0 || intact == 0 {
        notes.push(format!("{name}: holds no record; it was begun and not written to"));
    }
    Ok(notes)
}

/// Where the last whole record ends that has only whole ones before it, but for damage before
/// `durable`.
fn intact_end(path: &Path, name: &str, durable: u64) -> Result<u64, StoreError> {
    let fail = |why: String| StoreError::Record { file: name.to_owned(), offset: 0, why };
    let file = File::open(path).map_err(|e| fail(e.to_string()))?;
    let options = ReadOptions { file: name.to_owned(), ..ReadOptions::default() };
    let mut reader = WarcReader::new(BufReader::with_capacity(1 << 20, file), options);
    let mut end = 0;
    // Every record is unpacked and its checksum compared: after a crash lengths alone prove nothing.
    while let Some(record) = reader.next_record().map_err(|e| fail(e.to_string()))? {
        record.finish().map_err(|e| fail(e.to_string()))?;
        if is_damaged(&reader.take_findings(), durable) {
            break;
        }
        end = reader.intact_end();
    }
    Ok(end)
}

/// Whether something is wrong at or after an offset.
pub(super) fn is_damaged(findings: &[Finding], from: u64) -> bool {
    findings.iter().any(|f| f.severity == Severity::Error && f.offset.is_none_or(|at| at >= from))
}

fn copy_tail(path: &Path, from: u64, aside: &Path) -> io::Result<()> {
    let mut source = File::open(path)?;
    source.seek(SeekFrom::Start(from))?;
    let mut target = File::create(aside)?;
    // It gets the permissions of the file that it comes from.
    target.set_permissions(source.metadata()?.permissions())?;
    io::copy(&mut source.by_ref(), &mut target)?;
    target.sync_all()
}
