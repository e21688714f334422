//! The queue of an archive, for whoever only looks: read where no process has it (in a copy, where its
//! place cannot be written), else as the process that has it last said (`state/queue.json`).
//!
//! The file is written whole and put in place by a rename, so that a reader sees one state of it.
//! It is no state of the crawl: nothing is ever decided by it, and it may be deleted.

use std::io;
use std::path::{Path, PathBuf};

use super::Setup;
use super::error::{AppError, store_error};
use super::run::{Frontiers, open_frontiers, queue_busy};
use crate::base::Timestamp;
use crate::crawl::{ListView, QueueView, SourceLine, source_lines};
use crate::store::layout::Layout;

/// What is known of the queue.
pub enum Queue {
    /// It is read here and now.
    Here(Box<Frontiers>),
    /// Another process has it, and said this.
    Told(Box<QueueView>),
}

impl Queue {
    /// Looks at the queue of an archive.
    ///
    /// # Errors
    /// When there is no archive, when the queue cannot be read, or when another process has it and
    /// has not said anything.
    pub fn see(setup: &Setup) -> Result<Self, AppError> {
        let layout = Layout::new(&setup.archive);
        layout.check().map_err(|e| store_error("opening the archive", e))?;
        // Asked for again, since the other process may end in between.
        for _ in 0..2 {
            match open_frontiers(setup)? {
                Some(frontiers) => return Ok(Self::Here(Box::new(frontiers))),
                None => {
                    if let Some(view) = read(&layout) {
                        return Ok(Self::Told(Box::new(view)));
                    }
                }
            }
        }
        Err(queue_busy().hint(
            "another process is crawling into this archive; it says what is in its queue a moment after it has begun",
        ))
    }

    /// The sources of all jobs.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn sources(&self) -> Result<Vec<SourceLine>, AppError> {
        match self {
            Self::Told(view) => Ok(view.sources.clone()),
            Self::Here(frontiers) => source_lines(&frontiers.state)
                .map_err(|e| AppError::failed("reading what is known of sources", e)),
        }
    }

    /// Its lists, with what comes next in each.
    ///
    /// # Errors
    /// When the queue cannot be read.
    pub fn lists(&self, now: Timestamp) -> Result<Vec<ListView>, AppError> {
        match self {
            Self::Told(view) => Ok(view.lists.clone()),
            Self::Here(frontiers) => {
                let view = |name, frontier| {
                    ListView::of(name, frontier, now)
                        .map_err(|e| AppError::failed("reading the queue", e))
                };
                Ok(vec![view("queue", &frontiers.queue)?, view("watched", &frontiers.watched)?])
            }
        }
    }
}

fn place(layout: &Layout) -> PathBuf {
    layout.state_dir().join("queue.json")
}

/// What the process said that has the queue; `None` where it said nothing that can be read.
fn read(layout: &Layout) -> Option<QueueView> {
    let text = std::fs::read_to_string(place(layout)).ok()?;
    serde_json::from_str(&text).ok()
}

/// Where a run says what is in its queue.
#[derive(Debug, Clone)]
pub struct Told(PathBuf);

impl Told {
    /// The place in an archive.
    #[must_use]
    pub fn of(layout: &Layout) -> Self {
        Self(place(layout))
    }

    /// Says it. A view that cannot be written is no reason to end a crawl.
    pub fn say(&self, view: &QueueView) {
        if let Err(why) = write(&self.0, view) {
            tracing::debug!(%why, "what is in the queue could not be said");
        }
    }

    /// Takes it back: the queue is free.
    pub fn take_back(&self) {
        // Where nothing was said there is nothing to take back.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn write(path: &Path, view: &QueueView) -> io::Result<()> {
    let fresh = path.with_extension("json-new");
    std::fs::write(&fresh, serde_json::to_vec(view)?)?;
    std::fs::rename(&fresh, path)
}
