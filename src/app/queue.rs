//! The queue of an archive, for a reader: read where no process has it (in a copy, where its
//! place cannot be written), else as the process that has it reported last (`state/queue.json`).
//!
//! The file is written whole and put in place by a rename, so that a reader sees one state of it.
//! It is not state of the crawl: no decision depends on it, and it may be deleted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Setup;
use super::error::{AppError, store_error};
use super::frontiers::{Frontiers, open_frontiers, queue_busy};
use super::shared::shared_queue;
use crate::base::Timestamp;
use crate::crawl::view::ITEMS_MAX;
use crate::crawl::{DueLine, ListView, QueueReporter, QueueSeen, QueueView, source_lines};
use crate::schedule::{Leases, due_items};
use crate::store::layout::Layout;

/// What is known of the queue.
pub enum Queue {
    /// It is read here and now.
    Here(Box<Frontiers>),
    /// Another process has it, and reported this.
    Reported(Box<QueueView>),
    /// It is shared; what this archive's own process reported of its sources.
    Shared(Arc<dyn Leases>, Option<Box<QueueView>>),
}

/// This many lines of a shared queue are read at most to find those that are wanted.
const SHARED_READ_MAX: usize = 1_000_000;

impl Queue {
    /// Opens the queue of an archive for reading.
    ///
    /// # Errors
    /// When there is no archive, when the queue cannot be read, or when another process has it and
    /// has not reported anything.
    pub fn see(setup: &Setup) -> Result<Self, AppError> {
        let layout = Layout::new(&setup.archive);
        layout.check().map_err(|e| store_error("opening the archive", e))?;
        if let Some(leases) = shared_queue(&setup.settings)? {
            return Ok(Self::Shared(leases, read(&layout).map(Box::new)));
        }
        // Tried again, since the other process may end in between.
        for _ in 0..2 {
            match open_frontiers(setup)? {
                Some(frontiers) => return Ok(Self::Here(Box::new(frontiers))),
                None => {
                    if let Some(view) = read(&layout) {
                        return Ok(Self::Reported(Box::new(view)));
                    }
                }
            }
        }
        Err(queue_busy().hint(
            "another process is crawling into this archive; it reports its queue shortly after its start",
        ))
    }

    /// Its lists with what comes next in each, its sources, and who reported them.
    ///
    /// # Errors
    /// When the queue cannot be read.
    pub fn seen(&self, now: Timestamp) -> Result<QueueSeen, AppError> {
        match self {
            Self::Reported(view) => {
                let reporter = QueueReporter { at: view.at.clone(), source: view.source(now) };
                let (lists, sources) = (view.lists.clone(), view.sources.clone());
                Ok(QueueSeen { lists, sources, reporter: Some(reporter), shared: None })
            }
            Self::Shared(leases, view) => {
                let unread = |e| AppError::failed("reading the shared queue", e);
                let overview = leases.overview().map_err(unread)?;
                let due = leases.due(ITEMS_MAX).map_err(unread)?;
                let items = due_items(&due, overview.now, now);
                let list = ListView {
                    list: "watched".to_owned(),
                    queued: overview.counts.queued,
                    in_flight: 0,
                    waiting: overview.counts.waiting,
                    due: items.iter().filter(|item| item.due <= now).count() as u64,
                    next: items.iter().map(|item| item.at).min().map(Timestamp::to_warc_date),
                    items: items.iter().map(|item| DueLine::of("watched", item)).collect(),
                };
                let sources = view.as_ref().map(|view| view.sources.clone()).unwrap_or_default();
                Ok(QueueSeen { lists: vec![list], sources, reporter: None, shared: Some(overview) })
            }
            Self::Here(frontiers) => {
                let view = |name, frontier: &dyn crate::schedule::Queue| {
                    ListView::of(name, frontier, now)
                        .map_err(|e| AppError::failed("reading the queue", e))
                };
                let lists =
                    vec![view("queue", &frontiers.queue)?, view("watched", &frontiers.watched)?];
                let sources = source_lines(&frontiers.state)
                    .map_err(|e| AppError::failed("reading what is known of sources", e))?;
                Ok(QueueSeen { lists, sources, reporter: None, shared: None })
            }
        }
    }

    /// What comes next and `is_wanted`, of each list at least `limit` and one more where there are as many.
    ///
    /// # Errors
    /// When the queue cannot be read.
    pub fn due(
        &self,
        limit: usize,
        now: Timestamp,
        is_wanted: &dyn Fn(&DueLine) -> bool,
    ) -> Result<Vec<DueLine>, AppError> {
        let mut lines = Vec::new();
        match self {
            Self::Reported(view) => {
                lines.extend(view.lists.iter().flat_map(|list| list.items.clone()));
                lines.retain(is_wanted);
            }
            Self::Shared(leases, _) => {
                let unread = |e| AppError::failed("reading the shared queue", e);
                let keeper = leases.overview().map_err(unread)?.now;
                let mut most = limit.saturating_add(1).max(ITEMS_MAX);
                loop {
                    let due = leases.due(most).map_err(unread)?;
                    let items = due_items(&due, keeper, now);
                    lines = items.iter().map(|item| DueLine::of("watched", item)).collect();
                    lines.retain(is_wanted);
                    if lines.len() > limit || due.len() < most || most >= SHARED_READ_MAX {
                        break;
                    }
                    most = most.saturating_mul(8).min(SHARED_READ_MAX);
                }
            }
            Self::Here(frontiers) => {
                for (list, frontier) in
                    [("queue", &frontiers.queue), ("watched", &frontiers.watched)]
                {
                    let mut found = 0;
                    for item in frontier.due() {
                        // One more than is printed, to know whether there is one.
                        if found > limit {
                            break;
                        }
                        let item = item.map_err(|e| AppError::failed("reading the queue", e))?;
                        let line = DueLine::of(list, &item);
                        if is_wanted(&line) {
                            found += 1;
                            lines.push(line);
                        }
                    }
                }
            }
        }
        Ok(lines)
    }

    /// Who reported it and how much of it; `None` where it is read now.
    #[must_use]
    pub fn source(&self, now: Timestamp) -> Option<String> {
        let Self::Reported(view) = self else { return None };
        let mut source = view.source(now);
        if view.lists.iter().any(|list| list.items.len() >= ITEMS_MAX) {
            source.push_str(&format!("; each list has only the next {ITEMS_MAX}"));
        }
        Some(source)
    }
}

fn place(layout: &Layout) -> PathBuf {
    layout.state_dir().join("queue.json")
}

/// What the process that has the queue reported; `None` where that cannot be read.
fn read(layout: &Layout) -> Option<QueueView> {
    let text = std::fs::read_to_string(place(layout)).ok()?;
    serde_json::from_str(&text).ok()
}

/// The file in which a run reports what is in its queue.
#[derive(Debug, Clone)]
pub struct QueueSnapshot(PathBuf);

impl QueueSnapshot {
    /// That of an archive.
    #[must_use]
    pub fn of(layout: &Layout) -> Self {
        Self(place(layout))
    }

    /// Writes it. One that cannot be written is no reason to end a crawl.
    pub fn write(&self, view: &QueueView) {
        if let Err(why) = write(&self.0, view) {
            tracing::debug!(%why, "the content of the queue could not be reported");
        }
    }

    /// Removes it: the queue is free.
    pub fn remove(&self) {
        // Where nothing was written there is nothing to remove.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn write(path: &Path, view: &QueueView) -> io::Result<()> {
    let fresh = path.with_extension("json-new");
    std::fs::write(&fresh, serde_json::to_vec(view)?)?;
    std::fs::rename(&fresh, path)
}
