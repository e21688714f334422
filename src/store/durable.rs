//! Names that survive a loss of power: of directories, and of files that appear whole or not at all.
//!
//! The fsync of a file says nothing of its name: that is part of its directory, which has to be
//! synced itself, and so for every directory above that is new (fsync(2); Pillai et al., "All File
//! Systems Are Not Created Equal", OSDI 2014).

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Makes the names in a directory durable.
///
/// # Errors
/// When it cannot be opened or synced.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(here(dir))?.sync_all()
}

/// Makes a directory and those above it, where missing. Durable are the names of all that it made,
/// and that of the nearest one that was there: it may be left by a process that died before this.
///
/// # Errors
/// When one cannot be made, or the directory above a new one not synced.
pub fn make_dirs(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        sync_above(dir);
        return Ok(());
    }
    match dir.parent() {
        Some(above) if above != Path::new("") => make_dirs(above)?,
        _ => {}
    }
    match fs::create_dir(dir) {
        Err(why) if why.kind() != io::ErrorKind::AlreadyExists => return Err(why),
        _ if !dir.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
        _ => {}
    }
    match dir.parent().map(sync_dir) {
        // A user that may create names there and not list them cannot sync the directory; then only
        // the new one can be synced, and on journalling file systems that is enough.
        Some(Err(why)) if why.kind() == io::ErrorKind::PermissionDenied => sync_dir(dir),
        Some(done) => done,
        None => Ok(()),
    }
}

/// For a directory that existed: it may be writable for us and the one above not even readable.
fn sync_above(dir: &Path) {
    if let Some(above) = dir.parent() {
        let _ = sync_dir(above);
    }
}

fn here(dir: &Path) -> &Path {
    if dir == Path::new("") { Path::new(".") } else { dir }
}

/// Makes a file under another name, syncs it, and gives it its name, which is durable then: it
/// appears whole or not at all. After a failure the partial file is removed.
///
/// # Errors
/// As `fill`; and what `disk` makes of a problem with the disk.
pub fn make_whole<T, E>(
    path: &Path,
    disk: impl Fn(io::Error) -> E,
    fill: impl FnOnce(&File) -> Result<T, E>,
) -> Result<T, E> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    let file = File::create(&fresh).map_err(&disk)?;
    let made = fill(&file).and_then(|made| {
        file.sync_all().and_then(|()| fs::rename(&fresh, path)).map_err(&disk)?;
        path.parent().map_or(Ok(()), sync_dir).map_err(&disk)?;
        Ok(made)
    });
    if made.is_err() {
        // Best effort: the caller has an error to report already.
        let _ = fs::remove_file(&fresh);
    }
    made
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn directories_are_made_where_they_are_missing_and_nowhere_else() {
        let top = tempfile::tempdir().unwrap();
        let deep = top.path().join("a/b/c");
        make_dirs(&deep).unwrap();
        make_dirs(&deep).unwrap();
        assert!(deep.is_dir());
        let file = top.path().join("a/file");
        fs::write(&file, b"").unwrap();
        assert!(make_dirs(&file).is_err(), "a file is in the way");
        assert!(make_dirs(&file.join("below")).is_err());
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.zip");
        let names = || fs::read_dir(dir.path()).unwrap().count();
        let failed = make_whole(
            &path,
            |why| why.to_string(),
            |mut file| {
                file.write_all(b"half").unwrap();
                Err::<(), _>("given up".to_owned())
            },
        );
        assert_eq!((failed, names()), (Err("given up".to_owned()), 0));
        let write = |path: &Path, bytes: &[u8]| {
            make_whole(path, |why| why, |mut file| file.write_all(bytes))
        };
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!((fs::read(&path).unwrap(), names()), (b"two".to_vec(), 1));
        let nowhere = dir.path().join("none/out.zip");
        assert!(write(&nowhere, b"x").is_err());
    }
}
