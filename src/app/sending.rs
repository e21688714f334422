//! Sending files to the object storage without a crawl.

use std::sync::Arc;

use super::error::{AppError, store_error};
use super::run::{opening_error, store_options};
use super::{Setup, objects};
use crate::base::Clock;
use crate::crawl::Stop;
use crate::store::Store;
use crate::store::upload::Uploader;

/// Sends what is only here to the object storage that the settings name, without a crawl: where a queue is shared,
/// nothing but a `watch` visits hosts. What went wrong, and whether all was sent.
///
/// # Errors
/// When another process writes into the archive, or it cannot be written.
pub fn send_left(
    setup: &Setup,
    clock: &Arc<dyn Clock>,
    stop: &Stop,
) -> Result<(Vec<String>, bool), AppError> {
    let (options, mut notes) = store_options(&setup.settings)?;
    let (layout, note) = objects::layout(&setup.settings, &setup.archive)?;
    notes.extend(note);
    let (store, more) = Store::open(layout.clone(), options, Arc::clone(clock))
        .map_err(|why| opening_error(&setup.archive, why))?;
    notes.extend(more);
    let uploads = objects::upload_options(&setup.settings);
    let say = |note: &str| tracing::warn!("{note}");
    let uploader = Uploader::start(layout, uploads, Arc::clone(clock), say);
    notes.extend(store.close().map_err(|e| store_error("closing the archive", e))?);
    let left = uploader.map(|uploader| uploader.finish(&|| stop.asked())).unwrap_or_default();
    let is_complete = left.is_empty();
    notes.extend(left);
    Ok((notes, is_complete))
}
