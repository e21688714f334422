//! Why nothing can be captured.

use std::io;

use super::request::RequestError;

/// An internal error. What a server or the network did wrong is a [`Captured`](super::Captured).
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// A temporary file cannot be made, written or read.
    #[error("the temporary file of a response cannot be written: {source}")]
    Spool {
        /// What the system said.
        source: io::Error,
    },
    /// A configured root certificate cannot be used.
    #[error("the root certificate in {place} cannot be used: {why}")]
    Root {
        /// Where it was to come from.
        place: String,
        /// Why not.
        why: String,
    },
    /// TLS cannot be set up at all.
    #[error("TLS cannot be set up: {why}")]
    Tls {
        /// Why not.
        why: String,
    },
    /// The request cannot be written.
    #[error("the request for {uri} cannot be written: {source}")]
    Request {
        /// What was to be asked for.
        uri: String,
        /// Why not.
        source: RequestError,
    },
    /// The request was no longer to be sent when it could have been ([`MaySend`](super::MaySend)). Nothing
    /// was.
    #[error("the request was withdrawn before it was sent")]
    Withdrawn,
    /// The capturer was stopped.
    #[error("no more connections can be opened")]
    Stopped,
}

impl CaptureError {
    /// Whether there is no space for a temporary file.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Spool { source } if matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        ))
    }
}
