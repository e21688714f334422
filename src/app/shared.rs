//! A queue that several watch processes share, by the settings.

use std::path::Path;
use std::sync::Arc;

use super::AppError;
use super::captures::database;
use super::error::with_sources;
use crate::archive::ArchiveError;
use crate::config::{Settings, keys, machine_name};
use crate::postgres::{Address, PostgresQueue, Rights};
use crate::schedule::{Leases, SharedFrontier, SharedOptions};

/// The database that the settings name; `None` where the archive keeps its own queue.
///
/// # Errors
/// When the address is invalid, or the file of the password cannot be read.
pub fn frontier_address(settings: &Settings) -> Result<Option<Address>, AppError> {
    let file = keys::STORE_FRONTIER_PASSWORD_FILE;
    database(settings, keys::STORE_FRONTIER, keys::STORE_FRONTIER_SCHEMA, file)
}

/// What keeps the shared queue; `None` where the archive keeps its own.
///
/// # Errors
/// When the address is invalid, or the database does not answer or refuses.
pub fn shared_queue(settings: &Settings) -> Result<Option<Arc<dyn Leases>>, AppError> {
    let Some(address) = frontier_address(settings)? else { return Ok(None) };
    let queue = PostgresQueue::open(address).map_err(|why| opening_error(&why))?;
    Ok(Some(Arc::new(queue)))
}

/// What the user of that database may do there; `None` where the settings name none.
///
/// # Errors
/// As [`shared_queue`].
pub fn frontier_rights(settings: &Settings) -> Result<Option<Rights>, AppError> {
    let Some(address) = frontier_address(settings)? else { return Ok(None) };
    Rights::of_queue(address).map(Some).map_err(|why| opening_error(&why))
}

fn opening_error(why: &ArchiveError) -> AppError {
    let error = AppError::failed("opening the shared queue", with_sources(why));
    if why.is_away() {
        return error
            .away()
            .hint("store.frontier names the database; `pressmark config check` tries it");
    }
    error
}

/// This process' part of a shared queue.
pub(super) fn worker(
    settings: &Settings,
    archive: &Path,
    leases: Arc<dyn Leases>,
) -> SharedFrontier {
    let lease = settings.duration(keys::STORE_FRONTIER_LEASE);
    SharedFrontier::new(
        leases,
        SharedOptions {
            archive: place_of(archive),
            lease,
            margin: lease / 4,
            hosts_max: usize::try_from(settings.integer(keys::STORE_FRONTIER_HOSTS))
                .unwrap_or(usize::MAX)
                .max(1),
            ..SharedOptions::new(name_of(settings, archive))
        },
    )
}

/// The machine and the archive, for people.
fn place_of(archive: &Path) -> String {
    let path = std::path::absolute(archive).unwrap_or_else(|_| archive.to_path_buf());
    format!("{}:{}", machine_name(), path.display())
}

/// What this process is called beside the others.
pub(super) fn name_of(settings: &Settings, archive: &Path) -> String {
    match settings.text(keys::STORE_FRONTIER_WORKER) {
        "" => place_of(archive),
        name => name.to_owned(),
    }
}

/// The job name under which a run without an end requests single URLs. Where the queue is shared, a name that no
/// other process serves: the process that handed the URLs over needs their results.
#[must_use]
pub fn own_job(settings: &Settings, archive: &Path) -> String {
    match settings.text(keys::STORE_FRONTIER) {
        "" => "cli".to_owned(),
        _ => format!("cli@{}", name_of(settings, archive)),
    }
}

/// The error of a run that is not a `watch`.
pub(super) fn only_watch() -> AppError {
    AppError::failed(
        "opening the queue",
        "store.frontier names a queue that watch processes share, and this process is not a watch: without a lease, two processes could send requests to one host",
    )
    .hint("start `pressmark watch`: `crawl URL` in the same archive hands its URLs over to it")
}
