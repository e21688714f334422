//! The file that is being written: opening, rolling over, sealing.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::{DigestAlgorithm, Timestamp};
use crate::warc::{Compression, FileName, Packer, RecordId, WarcWriter, Warcinfo};

use super::StoreError;
use super::append_log::{RecordMark, Written};
use super::layout::Layout;

/// When a file is closed and the next begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub bytes_max: u64,
    pub age_max: Duration,
}

/// The file that is being written.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub name: String,
    path: PathBuf,
    pub writer: WarcWriter<File>,
    /// Records that were appended and are not in the trail yet.
    pub written: Vec<Written>,
    opened: Timestamp,
    /// Whether its owner alone may read it.
    is_private: bool,
}

/// What a new file is called and states about itself.
pub(super) struct Naming<'a> {
    pub prefix: &'a str,
    pub host: &'a str,
    pub compression: Compression,
    pub algorithm: DigestAlgorithm,
    pub warcinfo: &'a Warcinfo,
    pub mark: Option<RecordMark>,
}

fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + use<> {
    let path = path.display().to_string();
    move |why| StoreError::Io { doing, path, why }
}

impl OpenFile {
    /// Begins a file: makes it under its `.open` name and writes its warcinfo record. `serial` is
    /// the first one that may be used, and then the one after that which was.
    pub fn begin(
        layout: &Layout,
        naming: &Naming<'_>,
        serial: &mut u32,
        warcinfo_id: &RecordId,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (final_name, path) = loop {
            let name = FileName::new(naming.prefix, now, *serial, naming.host, naming.compression);
            *serial = serial.wrapping_add(1);
            let final_name = name.clone().finished().to_string();
            let path = layout.warc_dir().join(name.opened().to_string());
            // After a clock was set back, or an import, the name may exist already.
            if layout.path_of(&final_name).is_none() {
                break (final_name, path);
            }
        };
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(io("making", &path))?;
        sync_dir(&layout.warc_dir())?;
        let mut writer = WarcWriter::new(file, 0);
        let record = naming.warcinfo.record(&final_name, warcinfo_id, now, naming.algorithm);
        let mut packer = Packer::new(naming.compression);
        let mut packed = packer.pack(&record).map_err(io("packing for", &path))?;
        let mark = naming.mark.map(|mark| mark(&record.fields, packer.header()));
        let at = writer.append(&mut packed).map_err(|e| write_error(&path, e))?;
        let written = mark.map(|mark| Written { packed, at, mark }).into_iter().collect();
        Ok(Self { name: final_name, path, writer, written, opened: now, is_private: false })
    }

    /// Restricts the file to its owner, before anything secret is written to it.
    pub fn make_private(&mut self) -> Result<(), StoreError> {
        if self.is_private {
            return Ok(());
        }
        let file = self.writer.get_ref();
        let mode = file.metadata().map_err(io("reading the rights of", &self.path))?.permissions();
        let private = fs::Permissions::from_mode(mode.mode() & 0o700);
        file.set_permissions(private).map_err(io("narrowing the rights of", &self.path))?;
        self.is_private = true;
        Ok(())
    }

    /// Whether the file has reached its length or age.
    pub fn is_full(&self, limits: Limits, now: Timestamp) -> bool {
        self.writer.position() >= limits.bytes_max || now.since(self.opened) >= limits.age_max
    }

    /// Puts what was written on the disk.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.writer.get_ref().sync_data().map_err(io("syncing", &self.path))
    }

    /// Truncates the file to its last whole record after a failed write: the rest was never
    /// acknowledged and is not a record.
    pub fn wind_back(&mut self) -> Result<(), StoreError> {
        let end = self.writer.position();
        self.writer.get_mut().set_len(end).map_err(io("winding back", &self.path))?;
        self.writer.resume();
        Ok(())
    }

    /// Seals the file: syncs it and takes `.open` off its name. Its length in bytes.
    pub fn seal(self) -> Result<u64, StoreError> {
        let length = self.writer.position();
        self.writer.get_ref().sync_all().map_err(io("syncing", &self.path))?;
        seal_path(&self.path)?;
        Ok(length)
    }

    /// An error of the writer with the file's name.
    pub fn error(&self, why: crate::warc::WriteError) -> StoreError {
        write_error(&self.path, why)
    }
}

fn write_error(path: &Path, error: crate::warc::WriteError) -> StoreError {
    let path = path.display().to_string();
    match error {
        crate::warc::WriteError::Append { source, .. } => {
            StoreError::Io { doing: "writing", path, why: source }
        }
        stopped @ crate::warc::WriteError::Stopped { .. } => {
            StoreError::Stopped(stopped.to_string())
        }
    }
}

/// Takes `.open` off a file's name.
pub(super) fn seal_path(path: &Path) -> Result<PathBuf, StoreError> {
    let sealed = super::layout::sealed_path(path);
    if sealed.exists() {
        // Renaming would replace it.
        let why = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(io("sealing a file as", &sealed)(why));
    }
    fs::rename(path, &sealed).map_err(io("renaming", path))?;
    if let Some(dir) = path.parent() {
        sync_dir(dir)?;
    }
    Ok(sealed)
}

/// Makes a new or renamed name in a directory durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    super::durable::sync_dir(dir).map_err(io("syncing", dir))
}
