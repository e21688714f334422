//! The wish to stop, shared between its holders and the loop that obeys it.

use std::sync::Arc;

use tokio::sync::watch;

/// A flag that can be waited on. Clones share it.
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Asks for an orderly stop.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when a stop is asked for.
    pub async fn wait(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = receiver.wait_for(|asked| *asked).await;
    }
}
