//! How a crawl waits: by the machine's clock, or by moving a manual one.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::base::{Clock, ManualClock, Timestamp};

/// A clock that can also be waited on.
pub trait Timer: Send + Sync + std::fmt::Debug {
    /// The clock.
    fn clock(&self) -> Arc<dyn Clock>;

    /// Returns when it is `at`, or a little later; at once when that has passed.
    fn wait_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// Whether time stands still while work is under way: then a wait must not begin before all
    /// work has ended, since it would move the clock under it.
    fn stands_still(&self) -> bool {
        false
    }
}

/// Real time.
#[derive(Debug, Clone)]
pub struct RealTimer(pub Arc<dyn Clock>);

impl Timer for RealTimer {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.0)
    }

    fn wait_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(at.since(self.0.now())))
    }
}

/// Time that passes only by being waited for, so that a month of crawling takes seconds.
#[derive(Debug, Clone)]
pub struct ManualTimer(pub Arc<ManualClock>);

impl Timer for ManualTimer {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.0) as Arc<dyn Clock>
    }

    fn wait_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move { self.0.advance_to(at) })
    }

    fn stands_still(&self) -> bool {
        true
    }
}
