//! One writer per archive, by a lock of the operating system: a dead process does not hold it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::StoreError;
use super::layout::Layout;

/// The writer's lock, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    /// When another process writes, or the file cannot be opened.
    pub fn take(layout: &Layout) -> Result<Self, StoreError> {
        Self::at(&layout.lock_file())
    }

    /// Takes a lock of another file, for work that may run at the same time as the writer.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn at(path: &Path) -> Result<Self, StoreError> {
        let fail = |why| StoreError::Io { doing: "opening", path: path.display().to_string(), why };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only for the message: the name of the holder is optional.
                let _ = file.read_to_string(&mut holder);
                return Err(StoreError::Locked { holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(why)) => return Err(fail(why)),
        }
        let note = || -> std::io::Result<()> {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "process {}", std::process::id())
        };
        let mut note = note;
        note().map_err(fail)?;
        Ok(Self { _file: file })
    }
}
