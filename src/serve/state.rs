//! What every handler has: the archive, the pool, the options, the counts.

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

/// What another part of the same process says at `/healthz` and `/metrics`.
pub trait Beside: Send + Sync {
    /// What is wrong, a line each; nothing where all is well.
    fn ailments(&self) -> Vec<String>;
    /// What is no failure and should be known, a line each.
    fn complaints(&self) -> Vec<String>;
    /// Its counts in Prometheus' text format.
    fn metrics(&self) -> String;
}

/// What every handler has.
pub struct Serve {
    pub(super) archive: Archive,
    /// The archive's, for what asks for nothing else.
    pub(super) reader: Reader,
    pub(super) setup: Arc<Setup>,
    pub(super) options: Options,
    pub(super) pool: Pool,
    pub(super) counts: Counts,
    pub(super) page_starts: PageStarts,
    pub(super) versions: Versions,
    /// Captures that were loaded lately.
    pub(super) records: Records,
    /// Captures that were rewritten lately.
    pub(super) forms: Forms,
    pub(super) beside: Option<Arc<dyn Beside>>,
    /// What answers other archives.
    pub(super) answering: Answering,
}

impl Serve {
    /// A server of this archive. `beside` is what else runs in the process.
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

    /// What a job that blocks gives back.
    pub(super) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        job: impl FnOnce(&Arc<Self>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let state = Arc::clone(self);
        self.pool.run(move || job(&state)).await?
    }
}
