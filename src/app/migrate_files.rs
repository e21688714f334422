//! The WARC files of an archive moved to where other settings keep them: to an object storage, from one to another, or
//! back to the archive's own disk.
//!
//! Each file is sent and read back, and noted in a ledger of its own; only when all are there does that ledger take the
//! place of the one that the archive relies on. So an interrupted move can be continued, and until its end the archive is
//! as it was. Nothing is removed from where the files were.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::objects::{layout, objects, upload_options};
use super::{AppError, writing_error};
use crate::base::Clock;
use crate::config::{Settings, keys};
use crate::store::bucket::State;
use crate::store::durable::sync_dir;
use crate::store::layout::is_open;
use crate::store::upload::withdraw::{beside, send, take_home};
use crate::store::{Layout, Lock};

/// The ledger of a move, beside the one that the archive relies on.
const LEDGER: &str = "files.migrating";

/// What was moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MovedFiles {
    /// Where from, for people.
    pub from: String,
    /// Where to.
    pub to: String,
    /// Files that are there and were compared.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many this run sent or fetched.
    pub moved: u64,
    /// Files that are still open and stay here.
    pub open: u64,
    /// Whether an earlier run was continued.
    pub is_resumed: bool,
}

/// Where sealed WARC files are kept besides the local disk, for people.
#[must_use]
pub fn place_of_files(settings: &Settings) -> String {
    let place = settings.text(keys::STORE_REMOTE).trim_end_matches('/');
    let endpoint = settings.text(keys::STORE_REMOTE_ENDPOINT);
    match (place, endpoint) {
        ("", _) => "the archive's own disk".to_owned(),
        (place, "") => place.to_owned(),
        (place, endpoint) => format!("{place} at {endpoint}"),
    }
}

/// Moves the WARC files of the archive at `root` from where `from` keeps them to where `to` does; `None` where that is the
/// same place. `progress` is called with the number of files that are done.
///
/// # Errors
/// When either storage fails, a file there is not the one here, or another process writes to the archive.
/// The archive is then as it was, and the next run continues.
pub fn migrate_files(
    from: &Settings,
    to: &Settings,
    root: &Path,
    clock: &Arc<dyn Clock>,
    progress: &mut dyn FnMut(u64),
) -> Result<Option<MovedFiles>, AppError> {
    let mut moved =
        MovedFiles { from: place_of_files(from), to: place_of_files(to), ..MovedFiles::default() };
    if moved.from == moved.to {
        return Ok(None);
    }
    let doing = format!("migrating the WARC files to {}", moved.to);
    let (here, note) = layout(from, root)?;
    if let Some(note) = note {
        return Err(AppError::failed(&doing, note));
    }
    here.check().map_err(|why| super::store_error(&doing, why))?;
    let lock = Lock::take(&here).map_err(|why| writing_error(&doing, root, why))?;
    let all = here.warc_files().map_err(|why| super::store_error(&doing, why))?;
    let (open, sealed): (Vec<PathBuf>, Vec<PathBuf>) = all.into_iter().partition(|p| is_open(p));
    moved.open = open.len() as u64;
    let failed = |path: &Path, why: String| {
        let what = here.place_of(path).unwrap_or_else(|| path.display().to_string());
        let why = if why.starts_with(&what) { why } else { format!("{what}: {why}") };
        AppError::failed(&doing, why)
            .hint("the archive is unchanged; run the command again to continue")
    };
    let target = objects(to)?.map(|objects| beside(&here, LEDGER, objects));
    if let Some(there) = &target {
        restart_elsewhere(there).map_err(|why| AppError::failed(&doing, why))?;
    }
    moved.is_resumed = target.as_ref().is_some_and(|there| there.ledger().exists());
    for path in &sealed {
        let disk = |why: std::io::Error| failed(path, why.to_string());
        let fetched = match &target {
            // A file that this move has sent before need not be fetched.
            Some(there) if is_verified(there, &here, path).map_err(disk)? => false,
            _ => take_home(&here, &lock, path).map_err(disk)?,
        };
        moved.bytes += here.length_of(path).map_err(disk)?;
        moved.files += 1;
        if let Some(there) = &target {
            let place = here.place_of(path).unwrap_or_default();
            if !is_verified(there, &here, path).map_err(disk)? {
                send(there, upload_options(to), Arc::clone(clock), &lock, &place)
                    .map_err(|why| failed(path, why))?;
                moved.moved += 1;
            }
            // It was fetched from the other storage for the move alone: the disk may be too small for all.
            if fetched {
                fs::remove_file(path).map_err(disk)?;
            }
        } else if fetched {
            moved.moved += 1;
        }
        progress(moved.files);
    }
    settle(&here, target.as_ref(), &sealed).map_err(|why| AppError::failed(&doing, why))?;
    Ok(Some(moved))
}

/// Throws the ledger of an interrupted move away where that was a move to another storage.
fn restart_elsewhere(there: &Layout) -> std::io::Result<()> {
    let before = there.ledger().place()?.map(|(place, _)| place);
    let place = there.bucket().map(|bucket| bucket.objects().place());
    if before.is_some() && before.as_deref() != place {
        fs::remove_file(there.ledger().path())?;
    }
    Ok(())
}

fn is_verified(there: &Layout, here: &Layout, path: &Path) -> std::io::Result<bool> {
    let place = here.place_of(path).unwrap_or_default();
    let length = here.length_of(path)?;
    let entry = there.ledger().get(&place)?;
    Ok(entry.is_some_and(|entry| entry.state == State::Verified && entry.bytes == length))
}

/// Switches the archive to where the files are now.
fn settle(here: &Layout, there: Option<&Layout>, sealed: &[PathBuf]) -> std::io::Result<()> {
    let ledger = here.ledger().path();
    let folder = ledger.parent().unwrap_or(here.root());
    match there {
        Some(there) => {
            for path in sealed {
                if !is_verified(there, here, path)? {
                    let why = format!("{} was not read back", path.display());
                    return Err(std::io::Error::other(why));
                }
            }
            if there.ledger().exists() {
                fs::rename(there.ledger().path(), ledger)?;
            }
        }
        None => {
            if let Some(gone) = sealed.iter().find(|path| !path.exists()) {
                let why = format!("{} was not copied back", gone.display());
                return Err(std::io::Error::other(why));
            }
            match fs::remove_file(ledger) {
                Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
    }
    // Blocks of the other storage's objects.
    let _ = fs::remove_dir_all(here.remote_cache_dir());
    if folder.exists() { sync_dir(folder) } else { Ok(()) }
}
