//! Proof that the gate was passed: made by politeness alone, spent by one exchange.

use crate::base::{HostKey, TargetUri};

/// Leave to make one exchange with one host. Cannot be cloned, and is consumed by the capture.
#[derive(Debug)]
pub struct Permit {
    uri: TargetUri,
}

impl Permit {
    /// Made where the verdict was reached, and nowhere else.
    pub(in crate::politeness) fn grant(uri: TargetUri) -> Self {
        Self { uri }
    }

    /// What may be asked for.
    #[must_use]
    pub fn uri(&self) -> &TargetUri {
        &self.uri
    }

    /// The host it was granted for.
    #[must_use]
    pub fn host(&self) -> HostKey {
        self.uri.host_key()
    }

    /// A permit without a verdict, for tests of what is behind the gate.
    #[cfg(test)]
    pub(crate) fn for_test(uri: TargetUri) -> Self {
        Self::grant(uri)
    }
}
