//! The crawl log: one line for each URL, appended when its records are durable.
//!
//! The file may be moved away while a crawl is running, as logrotate does: the next line begins a new one.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::outcome::Finished;

/// The open crawl log.
#[derive(Debug)]
pub struct CrawlLog {
    path: PathBuf,
    file: File,
}

impl CrawlLog {
    /// Opens `crawl.log` in `dir` to append to. It is for its owner to read: addresses that a page
    /// or a person gave may hold what is meant for few. Of a log that is there, the rights of its
    /// group are left as they are, and those of all others are taken away.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let path = dir.join("crawl.log");
        let file = opened(&path)?;
        Ok(Self { path, file })
    }

    /// Opens the file at its path again.
    ///
    /// # Errors
    /// When it cannot be opened; then lines go where they went.
    pub fn reopen(&mut self) -> io::Result<()> {
        self.file = opened(&self.path)?;
        Ok(())
    }

    /// Appends the line in one write, so that two lines never mix and a kill cuts none in two.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, done: &Finished) -> io::Result<()> {
        if self.was_moved() {
            self.reopen()?;
        }
        let mut line = done.log_line();
        line.push('\n');
        self.file.write_all(line.as_bytes())
    }

    /// Whether the path names another file than the one that is open, or none.
    #[cfg(unix)]
    fn was_moved(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let is_same = |own: std::fs::Metadata| {
            std::fs::metadata(&self.path)
                .is_ok_and(|there| (there.dev(), there.ino()) == (own.dev(), own.ino()))
        };
        !self.file.metadata().is_ok_and(is_same)
    }

    #[cfg(not(unix))]
    fn was_moved(&self) -> bool {
        false
    }
}

/// A log, opened to append to; see [`CrawlLog::open`] for who may read it.
pub(crate) fn opened(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    let there = file.metadata()?;
    let mode = there.permissions().mode();
    // A device or a pipe is for others, too.
    if there.is_file() && mode & 0o007 != 0 {
        // Earlier versions made it by the umask of the process, which gives group and others the same; rights
        // of a group alone were given on purpose. Another user's log that may be written to keeps its own.
        let _ = file.set_permissions(Permissions::from_mode(mode & 0o700));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::super::outcome::{Outcome, Stored};
    use super::*;
    use crate::base::{TargetUri, Timestamp};

    #[test]
    fn a_log_that_was_moved_away_or_deleted_is_begun_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = CrawlLog::open(dir.path()).unwrap();
        let done = Finished {
            uri: TargetUri::parse("http://a.example/").unwrap(),
            at: Timestamp::from_unix_seconds(0),
            outcome: Outcome::Fetched { status: Some(200), stored: Stored::New, truncated: None },
            path: String::new(),
            via: None,
            media_type: None,
            bytes: 1,
            took: std::time::Duration::ZERO,
            digest: None,
            place: None,
            unread: None,
        };
        let lines = |name: &str| {
            std::fs::read_to_string(dir.path().join(name)).unwrap_or_default().lines().count()
        };
        log.write(&done).unwrap();
        std::fs::rename(dir.path().join("crawl.log"), dir.path().join("crawl.log.1")).unwrap();
        log.write(&done).unwrap();
        log.write(&done).unwrap();
        assert_eq!((lines("crawl.log.1"), lines("crawl.log")), (1, 2));
        std::fs::remove_file(dir.path().join("crawl.log")).unwrap();
        log.write(&done).unwrap();
        assert_eq!(lines("crawl.log"), 1);
    }
}
