//! Small files that appear whole or not at all, and many files put on the disk at once.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// From so many files on, the whole file system is synced instead of each of them.
const SYNC_EACH_MAX: usize = 64;

/// Writes a file under another name, syncs it, and gives it its name.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    let mut file = File::create(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    sync_dir(path)
}

fn sync_dir(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
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
    dirs.into_iter().try_for_each(|dir| File::open(dir)?.sync_all())
}
