//! The composition root: from settings to running parts. Archive, network, queue, crawl and evidence log
//! are put together here, for every edge alike (command line, demonstration, server).
//!
//! In reading order: what everything is made from ([`Setup`]), what keeps the captures ([`captures`]), those of months that are over in blocks ([`blocks`]), and how they
//! move elsewhere ([`mod@migrate`]), sealed files as well ([`objects`], [`mod@migrate_files`]), the jobs ([`jobs`]), its queue
//! ([`frontiers`]) or one that processes share ([`shared`]), a run ([`run`]), copies of other archives
//! ([`mod@backfill`]), what is removed by order ([`mod@purge`]), other archives ([`peers`]), its queue seen from outside ([`queue`]), the evidence log that follows it
//! ([`evidence`]), so does the index of words ([`indexing`]), saved searches while a
//! run goes on ([`hearing`]), the way to others ([`route`]), threads for work
//! that blocks ([`pool`]).
//!
//! Knows no flags, prints nothing, and ends the process only at a second signal.

pub mod backfill;
pub mod blocks;
pub mod captures;
pub mod drand;
pub mod error;
pub mod evidence;
pub mod frontiers;
pub mod hearing;
pub mod indexing;
pub mod jobs;
pub mod migrate;
pub mod migrate_files;
pub mod objects;
pub mod peers;
pub mod pool;
pub mod purge;
pub mod queue;
pub mod route;
pub mod run;
pub mod sending;
pub mod shared;

use std::path::PathBuf;
use std::sync::Arc;

use crate::base::Clock;
use crate::cite::Archive;
use crate::config::{Settings, keys};

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
    /// Where the job files are: `jobs` next to the config file.
    pub jobs_dir: PathBuf,
}

/// The archive as citations name it.
///
/// # Errors
/// When its address is invalid.
pub fn cite_archive(settings: &Settings) -> Result<Archive, AppError> {
    let set = |key: keys::TextKey| Some(settings.text(key).trim()).filter(|t| !t.is_empty());
    let base = set(keys::CITE_ARCHIVE_URL);
    if let Some(base) = base.filter(|b| !b.starts_with("https://") && !b.starts_with("http://")) {
        return Err(AppError::usage(format!(
            "reading the settings: cite.archive_url: {base:?} is not an http or https address"
        )));
    }
    let name = match (set(keys::CITE_ARCHIVE_NAME), set(keys::IDENTITY_OPERATOR)) {
        (Some(name), _) => name.to_owned(),
        (None, Some(operator)) => format!("Pressmark archive of {operator}"),
        (None, None) => "Pressmark archive".to_owned(),
    };
    Ok(Archive { name, base: base.map(str::to_owned) })
}
