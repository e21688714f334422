//! The queue of an archive and the list of what is watched, opened.

use std::path::Path;
use std::sync::Arc;

use super::Setup;
use super::error::{AppError, with_sources};
use crate::kv::{Kv, KvError, KvOptions};
use crate::schedule::{Frontier, FrontierOptions, ScheduleError};
use crate::store::layout::Layout;
use crate::store::room::{self, why_unwritable};

/// The queue of a run, and the list of what is watched.
pub struct Frontiers {
    /// What was asked for and is not done.
    pub queue: Frontier,
    /// What is to be visited again.
    pub watched: Frontier,
    /// Where they and the memory of hosts are kept.
    pub state: Arc<Kv>,
    /// What was repaired, as text.
    pub notes: Vec<String>,
    /// Where the copy is that is read, where the place itself cannot be written.
    _copy: Option<tempfile::TempDir>,
}

/// Opens the queue and the list of an archive for reading; `None` where another process has
/// them. Where the disk is full, read-only or owned by another user, a copy is read.
///
/// # Errors
/// When they cannot be read.
pub fn open_frontiers(setup: &Setup) -> Result<Option<Frontiers>, AppError> {
    let dir = Layout::new(&setup.archive).state_dir();
    let error = match frontiers(&dir) {
        Err(error) => error,
        answer => return answer,
    };
    if why_unwritable(&dir).is_none() {
        return Err(error);
    }
    let disk = |why| AppError::failed("copying the queue", why);
    let (frontiers, copy) = room::copied(&dir, disk, frontiers)?;
    Ok(frontiers.map(|frontiers| Frontiers { _copy: Some(copy), ..frontiers }))
}

pub(super) fn queue_error(why: impl Into<QueueError>) -> AppError {
    AppError::failed("opening the queue", with_sources(&why.into()))
}

/// Another process has the queue.
#[must_use]
pub fn queue_busy() -> AppError {
    AppError::failed("opening the queue", "another process has it")
        .hint("another process is crawling into this archive; wait until it is done")
}

/// What could not be done with the queue.
#[derive(Debug, thiserror::Error)]
pub(super) enum QueueError {
    #[error(transparent)]
    Tables(#[from] KvError),
    #[error(transparent)]
    Lists(#[from] ScheduleError),
}

/// Memory for the queue's pages, as they are on disk; there they take twice that. With more of it a
/// crawl grows until it is full, and is no faster; with half of it 20,000 pages take 8 % more of the
/// processor.
const STATE_CACHE_BYTES: u64 = 16 << 20;

/// Opens both; `None` where another process has them.
pub(super) fn frontiers(dir: &Path) -> Result<Option<Frontiers>, AppError> {
    let (kv, mut notes) = match Kv::open(
        &dir.join("kv"),
        &KvOptions { cache_bytes: STATE_CACHE_BYTES, ..KvOptions::default() },
    ) {
        Ok(opened) => opened,
        Err(error) if error.is_locked() => return Ok(None),
        Err(error) => return Err(queue_error(error)),
    };
    let state = Arc::new(kv);
    let mut open = |name: &str| {
        let mut options = FrontierOptions::new(dir);
        name.clone_into(&mut options.name);
        let (frontier, opened) = Frontier::open(&state, options).map_err(queue_error)?;
        if !opened.requeued.is_empty() {
            notes.push(format!(
                "{name}: {} URLs were in flight when the last run ended, and are queued again",
                opened.requeued.len()
            ));
        }
        Ok::<_, AppError>(frontier)
    };
    let queue = open("queue")?;
    let watched = open("watched")?;
    state.mark_consistent().map_err(queue_error)?;
    if state.is_suspect() {
        notes.push(
            "the system may have crashed while the queue was open: its last changes may be missing"
                .to_owned(),
        );
    }
    Ok(Some(Frontiers { queue, watched, state, notes, _copy: None }))
}
