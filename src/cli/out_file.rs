//! The file that `-o` names: it is reported before the work where it cannot be written, it appears whole
//! or not at all, and it replaces only a regular file, and only where that was asked for.
//!
//! Deliberately no writing to devices, pipes and links: a bundle is made under another name and
//! renamed, which would replace them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::CliError;
use crate::store::durable::sync_dir;

/// A file to be made.
#[derive(Debug)]
pub struct OutFile {
    path: PathBuf,
    may_replace: bool,
    /// Beside it, so that the rename is one step; removed with what is left in it.
    made_in: tempfile::TempDir,
}

impl OutFile {
    /// The file at `path`, which may replace a regular file where `force` was given.
    ///
    /// # Errors
    /// When something else is there, when a file is there and is not to be replaced, or when the folder
    /// is missing or cannot be written.
    pub fn at(path: &Path, force: bool) -> Result<Self, CliError> {
        let what = format!("writing {}", path.display());
        if path.file_name().is_none() || path.as_os_str().to_string_lossy().ends_with('/') {
            return Err(CliError::usage(format!("{what}: not a file name")));
        }
        check(path, force, &what)?;
        let folder = folder_of(path);
        let made_in = tempfile::Builder::new().prefix(".pressmark-").tempdir_in(folder);
        let made_in = made_in.map_err(|why| match why.kind() {
            ErrorKind::NotFound => {
                CliError::failed(&what, format!("there is no folder {}", folder.display()))
                    .hint("create the folder first, or choose another")
            }
            ErrorKind::NotADirectory => {
                CliError::failed(&what, format!("{} is not a folder", folder.display()))
            }
            _ => CliError::failed(&what, format!("the folder {}: {why}", folder.display())),
        })?;
        Ok(Self { path: path.to_owned(), may_replace: force, made_in })
    }

    /// Makes the file with `fill` under another name of the same ending, and renames it.
    ///
    /// # Errors
    /// As `fill`; when something was created there meanwhile, or the disk fails.
    pub fn write<T>(self, fill: impl FnOnce(&Path) -> Result<T, CliError>) -> Result<T, CliError> {
        let what = format!("writing {}", self.path.display());
        let failed = |why: std::io::Error| CliError::failed(&what, why);
        let fresh = self.made_in.path().join(self.path.file_name().unwrap_or_default());
        let made = fill(&fresh)?;
        check(&self.path, self.may_replace, &what)?;
        if self.may_replace {
            fs::rename(&fresh, &self.path).map_err(failed)?;
        } else {
            // Unlike a rename, a link never replaces what was created there meanwhile.
            match fs::hard_link(&fresh, &self.path) {
                Ok(()) => {}
                Err(why) if why.kind() == ErrorKind::AlreadyExists => {
                    return Err(is_there(&what));
                }
                // Some file systems have no links.
                Err(_) => fs::rename(&fresh, &self.path).map_err(failed)?,
            }
        }
        sync_dir(folder_of(&self.path)).map_err(failed)?;
        Ok(made)
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

/// Whether nothing is in the way at `path`.
fn check(path: &Path, force: bool, what: &str) -> Result<(), CliError> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        // Anything else shows when the folder is used.
        Err(_) => return Ok(()),
    };
    let kind = if found.is_file() {
        return if force { Ok(()) } else { Err(is_there(what)) };
    } else if found.is_dir() {
        "a folder"
    } else if found.is_symlink() {
        "a symbolic link"
    } else {
        "a device, pipe or socket"
    };
    let why = format!("{kind} exists there, and only a regular file can be replaced");
    Err(CliError::failed(what, why).hint("choose a file that does not exist yet"))
}

fn is_there(what: &str) -> CliError {
    CliError::failed(what, "the file already exists")
        .hint("use --force to replace it, or choose another file")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn write(path: &Path, force: bool, text: &str) -> Result<(), String> {
        let message = |error: CliError| error.message;
        let file = OutFile::at(path, force).map_err(message)?;
        file.write(|fresh| Ok(fs::write(fresh, text)?)).map_err(message)
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap().flatten();
        let mut names: Vec<String> =
            entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_only_where_that_was_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.zip");
        write(&path, false, "one").unwrap();
        assert!(write(&path, false, "two").unwrap_err().contains("already exists"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        write(&path, true, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(names(dir.path()), ["out.zip"]);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        fs::write(dir.path().join("plain"), "").unwrap();
        let plain = fs::metadata(dir.path().join("plain")).unwrap().permissions().mode();
        assert_eq!(mode, plain, "others may read it as any new file");
    }

    #[test]
    fn what_is_no_regular_file_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("target"), "precious").unwrap();
        symlink(at("target"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let before = names(dir.path());
        for force in [false, true] {
            for name in ["folder", "link", "dangling", "socket"] {
                let said = write(&at(name), force, "x").unwrap_err();
                assert!(said.contains("only a regular file"), "{name}: {said}");
            }
            for path in ["/dev/null", "/dev/stdout"] {
                assert!(write(Path::new(path), force, "x").is_err(), "{path}");
            }
        }
        assert_eq!(names(dir.path()), before);
        assert_eq!(fs::read_to_string(at("target")).unwrap(), "precious");
    }

    #[test]
    fn a_folder_that_is_missing_is_said_before_the_work() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        for (path, words) in [
            ("none/out.zip", "there is no folder"),
            ("file/out.zip", "is not a folder"),
            ("", "not a file name"),
            ("none/", "not a file name"),
            ("..", "not a file name"),
        ] {
            let path = if path.is_empty() { PathBuf::new() } else { dir.path().join(path) };
            let said = OutFile::at(&path, false).unwrap_err().message;
            assert!(said.contains(words), "{}: {said}", path.display());
        }
        assert_eq!(names(dir.path()), ["file"]);
    }

    #[test]
    fn a_file_that_came_meanwhile_stays_and_what_failed_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.zip");
        let file = OutFile::at(&path, false).unwrap();
        let late = file.write(|fresh| {
            fs::write(&path, "of another")?;
            Ok(fs::write(fresh, "ours")?)
        });
        assert!(late.unwrap_err().message.contains("already exists"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "of another");
        let file = OutFile::at(&path, true).unwrap();
        let failed = file.write(|fresh| {
            fs::write(fresh, "half")?;
            Err::<(), _>(CliError::failed("making it", "given up"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "of another");
        assert_eq!(names(dir.path()), ["out.zip"]);
    }
}
