//! Where an owner is found: a directory of the archive that only its user may enter, with a lock
//! that the owner holds while it lives and the socket that it answers on; and a lock that every
//! process shares that answers for long, whether it owns the index or asks.

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
/// How long a process waits for the others to give a lock back: one answer takes less.
const CLAIM_WAIT: Duration = Duration::from_secs(2);
/// How long a process that begins to answer waits for one that must be alone.
const STAY_WAIT: Duration = Duration::from_secs(15);

/// The file at `path`, made where it is missing, with this lock on it; `None` where another process holds it.
fn locked(path: &Path, lock: fn(&File) -> Result<(), TryLockError>) -> io::Result<Option<File>> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    match lock(&file) {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(why)) => Err(why),
    }
}

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
        locked(&self.dir.join("lock"), File::try_lock)
    }

    /// Takes the owner's lock for a process that deletes or rebuilds the index; askers wait until
    /// it is given back.
    ///
    /// # Errors
    /// [`ArchiveErrorKind::Busy`] where another process keeps the index for two seconds.
    pub fn claim(&self) -> Result<File, ArchiveError> {
        self.wait_for(CLAIM_WAIT, "another process serves the index", &|| self.try_lock())
    }

    /// Shares the lock of the processes that answer for long: what they have read stays in their memory. To be kept
    /// while that goes on.
    ///
    /// # Errors
    /// [`ArchiveErrorKind::Busy`] where a process keeps [`Self::stay_alone`] for 15 seconds.
    pub fn stay(&self) -> Result<File, ArchiveError> {
        let busy = "another process changes the archive, and none may answer from it meanwhile";
        self.wait_for(STAY_WAIT, busy, &|| self.try_stay(File::try_lock_shared))
    }

    /// Takes that lock for one process alone: while it is kept, no process answers for long, and none that did before
    /// is left.
    ///
    /// # Errors
    /// [`ArchiveErrorKind::Busy`] where another process keeps [`Self::stay`] for two seconds.
    pub fn stay_alone(&self) -> Result<File, ArchiveError> {
        let busy = "another process answers from the archive";
        self.wait_for(CLAIM_WAIT, busy, &|| self.try_stay(File::try_lock))
    }

    fn try_stay(&self, lock: fn(&File) -> Result<(), TryLockError>) -> io::Result<Option<File>> {
        self.make()?;
        locked(&self.dir.join("stay"), lock)
    }

    /// Tries to take a lock until it has it, or has waited for so long.
    fn wait_for(
        &self,
        wait: Duration,
        busy: &str,
        take: &dyn Fn() -> io::Result<Option<File>>,
    ) -> Result<File, ArchiveError> {
        let deadline = Instant::now() + wait;
        loop {
            let fail = |why: io::Error| {
                let why = format!("using {}: {why}", self.dir.display());
                ArchiveError::new(ArchiveErrorKind::System, why)
            };
            if let Some(lock) = take().map_err(fail)? {
                return Ok(lock);
            }
            if Instant::now() >= deadline {
                return Err(ArchiveError::new(ArchiveErrorKind::Busy, busy));
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
