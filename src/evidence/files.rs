//! Small files that appear whole or not at all, files for their owner alone, and many files put on
//! the disk at once.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::store::durable::{make_dirs, make_whole, sync_dir};

/// The longest private file that is read.
const PRIVATE_BYTES_MAX: u64 = 4096;

/// From this number of files on, the whole file system is synced instead of each file.
const SYNC_EACH_MAX: usize = 64;

/// Why a private file was not read.
pub(super) enum PrivateError {
    /// The disk.
    Io(io::Error),
    /// Others may read it: its mode.
    Exposed(u32),
}

/// Writes a file where none is yet, readable by its owner alone; whole or not at all.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_dirs(dir)?;
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|refused| refused.error)?;
    sync_dir(dir)
}

/// Reads such a file; `None` where there is none.
pub(super) fn read_private(path: &Path) -> Result<Option<String>, PrivateError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(PrivateError::Io(why)),
    };
    let mode = file.metadata().map_err(PrivateError::Io)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PrivateError::Exposed(mode));
    }
    let mut text = String::new();
    file.take(PRIVATE_BYTES_MAX).read_to_string(&mut text).map_err(PrivateError::Io)?;
    Ok(Some(text))
}

/// Makes a file of these bytes, as [`make_whole`].
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    make_whole(path, |why| why, |mut file| file.write_all(bytes))
}

/// Puts files and their names on the disk.
pub(super) fn sync_all(root: &Path, paths: &[PathBuf]) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if paths.len() > SYNC_EACH_MAX {
        return Ok(rustix::fs::syncfs(File::open(root)?)?);
    }
    let mut dirs: Vec<&Path> = vec![root];
    for path in paths {
        File::open(path)?.sync_all()?;
        // Directories may be new up to the root: each of them holds a new name.
        let above = path.ancestors().skip(1).take_while(|dir| *dir != root);
        dirs.extend(above);
    }
    dirs.sort_unstable();
    dirs.dedup();
    dirs.into_iter().try_for_each(sync_dir)
}
