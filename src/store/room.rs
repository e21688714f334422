//! Room on disks: whether anything can be written in a directory, and a place for a copy of what must
//! be opened and cannot be where it is, since its disk is full, read-only or another user's.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What an index or a queue takes to be opened.
const ROOM: usize = 1 << 20;

/// Why nothing can be written in a directory; `None` where it can. On a disk that is all but full, a
/// few bytes may go in and a store does not open.
#[must_use]
pub fn why_unwritable(dir: &Path) -> Option<io::Error> {
    let write = || tempfile::tempfile_in(dir)?.write_all(&vec![0; ROOM]);
    write().err()
}

/// Has a copy of a directory opened in the first place that has room for it: that of temporary files,
/// that of the user's runtime, memory. When anything fails at one place the next is tried.
///
/// # Errors
/// What `open` or the copying said about the last place.
pub fn copied<T, E>(
    from: &Path,
    disk: impl Fn(io::Error) -> E,
    open: impl Fn(&Path) -> Result<T, E>,
) -> Result<(T, tempfile::TempDir), E> {
    let mut places = vec![std::env::temp_dir()];
    places.extend(std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from));
    places.push(PathBuf::from("/dev/shm"));
    let mut first = None;
    for place in places {
        let attempt = || {
            let copy = tempfile::Builder::new().prefix("pressmark-").tempdir_in(&place);
            let copy = copy.map_err(&disk)?;
            copy_tree(from, copy.path()).map_err(&disk)?;
            Ok((open(copy.path())?, copy))
        };
        match attempt() {
            Ok(done) => return Ok(done),
            // The problem of the usual place is the one that can be fixed.
            Err(why) => first = first.or(Some(why)),
        }
    }
    Err(first.unwrap_or_else(|| disk(io::ErrorKind::NotFound.into())))
}

/// Copies what is in a directory; one that is not there has nothing in it.
fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(from) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            fs::create_dir_all(&target)?;
            copy_tree(&entry.path(), &target)?;
        } else if kind.is_file() {
            // The owner's socket is there, too, and cannot be copied.
            // A file that the writer removed meanwhile is no longer needed.
            match fs::copy(entry.path(), &target) {
                Err(why) if why.kind() == io::ErrorKind::NotFound => {}
                done => drop(done?),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_place_that_does_not_do_is_left_for_the_next() {
        let from = tempfile::tempdir().unwrap();
        fs::create_dir(from.path().join("deep")).unwrap();
        fs::write(from.path().join("deep/file"), "words").unwrap();
        let _socket = UnixListener::bind(from.path().join("deep/socket")).unwrap();
        let tried = std::cell::Cell::new(0);
        let open = |copy: &Path| {
            tried.set(tried.get() + 1);
            let text = fs::read_to_string(copy.join("deep/file"));
            if tried.get() == 1 { Err(io::ErrorKind::StorageFull.into()) } else { text }
        };
        let (text, copy) = copied(from.path(), |why| why, open).unwrap();
        assert_eq!((text.as_str(), tried.get()), ("words", 2));
        assert!(copy.path().exists());
        let never = copied(from.path(), |why| why, |_| Err::<(), _>(io::Error::other("no")));
        assert_eq!(never.unwrap_err().to_string(), "no");
        let none = from.path().join("none");
        let count = |copy: &Path| Ok::<_, io::Error>(fs::read_dir(copy)?.count());
        assert_eq!(copied(&none, |why| why, count).unwrap().0, 0);
    }

    #[test]
    fn a_directory_says_why_nothing_can_be_written_in_it() {
        let dir = tempfile::tempdir().unwrap();
        assert!(why_unwritable(dir.path()).is_none());
        let why = why_unwritable(&dir.path().join("none")).unwrap();
        assert_eq!(why.kind(), io::ErrorKind::NotFound);
    }
}
