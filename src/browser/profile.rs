//! The folder of a browser that is thrown away: made for one page, removed behind it, and where this process was killed
//! before it could do that, by the next one.
//!
//! ```text
//! TMPDIR/pressmark-browser-XXXXXX/    the profile
//!   pressmark.lock                    locked for as long as the process that made it is there
//! ```

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::TempDir;

const PREFIX: &str = "pressmark-browser-";
const LOCK: &str = "pressmark.lock";
/// Nothing is connected to on the guess that it will be asked for ("preload pages" off), and nothing is sent to peers beside
/// the proxy.
const PREFERENCES: &str = r#"{"net":{"network_prediction_options":2},"download":{"prompt_for_download":true},"webrtc":{"ip_handling_policy":"disable_non_proxied_udp"}}"#;

/// A profile; it is removed when dropped.
#[derive(Debug)]
pub(super) struct Profile {
    dir: TempDir,
    /// Shows other processes that the profile is in use.
    _lock: File,
}

impl Profile {
    /// Makes one in a folder for temporary files, and removes there what killed processes have left.
    ///
    /// # Errors
    /// When it cannot be written; as text.
    pub fn new(parent: &Path) -> Result<Self, String> {
        sweep(parent);
        let make = || -> io::Result<Self> {
            let dir = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
            // Locked before it has its name: no other process sees it free.
            let begun = dir.path().join("lock.new");
            let lock = File::create(&begun)?;
            lock.lock()?;
            fs::rename(&begun, dir.path().join(LOCK))?;
            let defaults = dir.path().join("Default");
            fs::create_dir_all(&defaults)?;
            fs::write(defaults.join("Preferences"), PREFERENCES)?;
            Ok(Self { dir, _lock: lock })
        };
        make().map_err(|why| format!("a folder for the browser's profile: {why}"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// Removes profiles that no process holds. What cannot be removed stays.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_profile = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_profile {
            continue;
        }
        let Ok(lock) = File::open(entry.path().join(LOCK)) else { continue };
        if lock.try_lock().is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_of_killed_processes_are_removed_and_no_others() {
        let parent = tempfile::tempdir().unwrap();
        let names = || {
            let mut names: Vec<String> = (fs::read_dir(parent.path()).unwrap().flatten())
                .map(|entry| entry.file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        for other in ["pressmark-browser-unlocked", "other-folder"] {
            fs::create_dir(parent.path().join(other)).unwrap();
        }
        fs::write(parent.path().join("other-folder").join(LOCK), b"").unwrap();
        let held = Profile::new(parent.path()).unwrap();
        assert!(held.path().join("Default/Preferences").exists());
        // As a process that was killed leaves it: the lock went with the process.
        let left = parent.path().join("pressmark-browser-left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join(LOCK), b"").unwrap();
        let second = Profile::new(parent.path()).unwrap();
        assert!(!left.exists());
        assert!(held.path().exists() && second.path().exists());
        assert_eq!(names().len(), 4, "{:?}", names());
        drop((held, second));
        assert_eq!(names(), ["other-folder", "pressmark-browser-unlocked"]);
    }
}
