//! Connections as the other parts see them: any stream, and what is known of how it was made.

use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;

use crate::http::{DnsFacts, TlsFacts};

/// A two-way stream of bytes.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Any stream: TCP, TLS over it, or an in-memory pipe of a test.
pub type BoxStream = Box<dyn Stream>;

/// A connection that stands.
pub(super) struct Dialed {
    pub(super) stream: BoxStream,
    pub(super) peer: Option<IpAddr>,
    pub(super) dns: Option<DnsFacts>,
    pub(super) tls: Option<TlsFacts>,
    pub(super) warning: Option<String>,
    /// Its place at its address.
    pub(super) place: Option<OwnedSemaphorePermit>,
}
