//! The composition root: from settings to running parts. Archive, network, queue, crawl and evidence log
//! are put together here, for every edge alike (command line, demonstration, server).
//!
//! In reading order: what everything is made from ([`Setup`]), the jobs ([`jobs`]), its queue
//! ([`frontiers`]), a run ([`run`]), its queue seen from outside ([`queue`]), the evidence log that follows it
//! ([`evidence`]), the way to others ([`route`]), threads for work that blocks ([`pool`]).
//!
//! Knows no flags, prints nothing, and ends no process but at a second signal.

pub mod error;
pub mod evidence;
pub mod frontiers;
pub mod jobs;
pub mod pool;
pub mod queue;
pub mod route;
pub mod run;

use std::path::PathBuf;
use std::sync::Arc;

use crate::base::Clock;
use crate::config::Settings;

pub use error::{AppError, Kind, store_error, writing_error};

/// What every part is made from.
pub struct Setup {
    /// The settings.
    pub settings: Settings,
    /// The archive root.
    pub archive: PathBuf,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Addresses given by `--resolve`.
    pub resolve: Vec<String>,
    /// Where the job files lie: `jobs` beside the config file.
    pub jobs_dir: PathBuf,
}
