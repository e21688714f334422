//! Files that a dead process left open: the unfinished tail is set aside, the rest is sealed.
//!
//! Nothing is deleted. The tail goes to a side file first and is on the disk there before the WARC
//! file is cut to its last whole record.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use crate::warc::{ReadOptions, WarcReader};

use super::StoreError;
use super::layout::{Layout, stable_name};
use super::rotate::{seal_path, sync_dir};

/// Repairs and seals one `.open` file; what was done, in words.
pub(super) fn seal_left_open(layout: &Layout, path: &Path) -> Result<Vec<String>, StoreError> {
    let io = |doing: &'static str| {
        let path = path.display().to_string();
        move |why| StoreError::Io { doing, path, why }
    };
    let name = stable_name(path);
    let mut notes = Vec::new();
    let length = fs::metadata(path).map_err(io("reading"))?.len();
    let intact = intact_end(path, &name)?;
    if intact < length {
        let aside = layout.set_aside_dir().join(format!("{name}.tail-{intact}"));
        copy_tail(path, intact, &aside).map_err(io("setting aside the tail of"))?;
        sync_dir(&layout.set_aside_dir())?;
        let cut = || -> io::Result<()> {
            let file = OpenOptions::new().write(true).open(path)?;
            file.set_len(intact)?;
            file.sync_all()
        };
        cut().map_err(io("cutting"))?;
        notes.push(format!(
            "{name}: an unfinished record of {} bytes at {intact} was set aside in {}",
            length - intact,
            aside.display()
        ));
    }
    seal_path(path)?;
    if length == 0 || intact == 0 {
        notes.push(format!("{name}: holds no record; it was begun and not written to"));
    }
    Ok(notes)
}

/// Where the last whole record ends.
fn intact_end(path: &Path, name: &str) -> Result<u64, StoreError> {
    let fail = |why: String| StoreError::Record { file: name.to_owned(), offset: 0, why };
    let file = File::open(path).map_err(|e| fail(e.to_string()))?;
    let options = ReadOptions { file: name.to_owned(), ..ReadOptions::default() };
    let mut reader = WarcReader::new(BufReader::with_capacity(1 << 20, file), options);
    // Every record is unpacked and its checksum compared: after a crash lengths alone prove nothing.
    while let Some(record) = reader.next_record().map_err(|e| fail(e.to_string()))? {
        record.finish().map_err(|e| fail(e.to_string()))?;
    }
    Ok(reader.intact_end())
}

fn copy_tail(path: &Path, from: u64, aside: &Path) -> io::Result<()> {
    let mut source = File::open(path)?;
    source.seek(SeekFrom::Start(from))?;
    let mut target = File::create(aside)?;
    io::copy(&mut source.by_ref(), &mut target)?;
    target.sync_all()
}
