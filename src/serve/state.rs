//! The state shared by all handlers: the archive, the pool, the options, the counts.

use std::sync::Arc;

use crate::answers::Archive;
use crate::app::Setup;
use crate::app::peers::answering;
use crate::app::pool::Pool;
use crate::base::Clock;
use crate::peer::Answering;
use crate::store::Reader;

use super::Options;
use super::cdx::PageStarts;
use super::metrics::Counts;
use super::replay::{Forms, Records};
use super::reply::Refusal;
use super::versions::Versions;

/// Another part of the same process that reports at `/healthz` and `/metrics`.
pub trait Beside: Send + Sync {
    /// The failures, a line each; empty if there are none.
    fn ailments(&self) -> Vec<String>;
    /// Warnings that are not failures, a line each.
    fn complaints(&self) -> Vec<String>;
    /// Its counts in Prometheus' text format.
    fn metrics(&self) -> String;
}

/// The state shared by all handlers.
pub struct Serve {
    pub(super) archive: Archive,
    /// The reader of the archive.
    pub(super) reader: Reader,
    pub(super) setup: Arc<Setup>,
    pub(super) options: Options,
    pub(super) pool: Pool,
    pub(super) counts: Counts,
    pub(super) page_starts: PageStarts,
    pub(super) versions: Versions,
    /// Captures that were loaded recently.
    pub(super) records: Records,
    /// Captures that were rewritten recently.
    pub(super) forms: Forms,
    pub(super) beside: Option<Arc<dyn Beside>>,
    /// Answers other archives.
    pub(super) answering: Answering,
}

impl Serve {
    /// A server of this archive. `beside` is the other part of the process.
    #[must_use]
    pub fn new(
        setup: Arc<Setup>,
        archive: Archive,
        options: Options,
        beside: Option<Arc<dyn Beside>>,
    ) -> Self {
        Self {
            pool: Pool::new(options.threads, options.waiting_max),
            reader: archive.reader().clone(),
            answering: answering(&setup.settings, archive.reader().layout()),
            archive,
            setup,
            counts: Counts::default(),
            page_starts: PageStarts::default(),
            versions: Versions::default(),
            records: Records::new(options.cache_bytes / 2),
            forms: Forms::new(options.cache_bytes / 2),
            beside,
            options,
        }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.setup.clock
    }

    /// Runs a blocking job in the pool and returns its result.
    pub(super) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        job: impl FnOnce(&Arc<Self>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let state = Arc::clone(self);
        self.pool.run(move || job(&state)).await?
    }
}
