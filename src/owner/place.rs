//! Where an owner is found: a directory of the archive that only its user may enter, with a lock
//! that the owner holds while it lives and the socket that it answers on.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::archive::{ArchiveError, ArchiveErrorKind};

/// The directory of an archive's owner.
#[derive(Debug, Clone)]
pub struct Place {
    dir: PathBuf,
}

/// The longest path that a socket's address holds on every system.
const ADDRESS_BYTES_MAX: usize = 100;

impl Place {
    /// The place in this directory, which need not be there.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn socket(&self) -> PathBuf {
        self.dir.join("socket")
    }

    /// Makes the directory, with rights for its user alone.
    fn make(&self) -> io::Result<()> {
        if let Some(parent) = self.dir.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut builder = fs::DirBuilder::new();
        builder.mode(0o700);
        match builder.create(&self.dir) {
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
            done => return done,
        }
        // A directory that others may enter would let them ask and write.
        let there = fs::symlink_metadata(&self.dir)?;
        if !there.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is not a directory"));
        }
        if there.mode() & 0o077 != 0 {
            fs::set_permissions(&self.dir, fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }

    /// Takes the owner's lock; `None` where another process holds it. It goes with the process.
    ///
    /// # Errors
    /// When the directory cannot be made or written.
    pub(super) fn try_lock(&self) -> io::Result<Option<File>> {
        self.make()?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.dir.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(why)) => Err(why),
        }
    }

    /// Takes the owner's lock for a process that deletes or rebuilds the index; askers wait until
    /// it is given back.
    ///
    /// # Errors
    /// [`ArchiveErrorKind::Busy`] where another process keeps the index for two seconds.
    pub fn claim(&self) -> Result<File, ArchiveError> {
        const WAIT: Duration = Duration::from_secs(2);
        let deadline = Instant::now() + WAIT;
        loop {
            let fail = |why: io::Error| {
                let why = format!("using {}: {why}", self.dir.display());
                ArchiveError::new(ArchiveErrorKind::System, why)
            };
            if let Some(lock) = self.try_lock().map_err(fail)? {
                return Ok(lock);
            }
            if Instant::now() >= deadline {
                let why = "another process serves the index";
                return Err(ArchiveError::new(ArchiveErrorKind::Busy, why));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Listens; what a dead owner left is removed. Only for the process that holds the lock.
    pub(super) fn listen(&self) -> io::Result<UnixListener> {
        match fs::remove_file(self.socket()) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            _ => {}
        }
        self.by_address(UnixListener::bind)
    }

    /// Connects to the owner.
    pub(super) fn connect(&self) -> io::Result<UnixStream> {
        self.by_address(UnixStream::connect)
    }

    /// Removes the socket, so that no process waits for an owner that ends.
    pub(super) fn leave(&self) {
        // The next owner removes what is left.
        let _ = fs::remove_file(self.socket());
    }

    /// A path that fits in a socket's address: through the open directory where the archive's own
    /// is too long.
    fn by_address<T>(&self, act: impl FnOnce(PathBuf) -> io::Result<T>) -> io::Result<T> {
        let path = self.socket();
        if path.as_os_str().len() <= ADDRESS_BYTES_MAX {
            return act(path);
        }
        let dir = File::open(&self.dir)?;
        let through = PathBuf::from(format!("/proc/self/fd/{}/socket", dir.as_raw_fd()));
        act(through)
    }
}
