//! What a browser asks for, as far as it tells when a page has settled.

use std::net::SocketAddr;
use std::time::Duration;

/// The way out of a browser, as far as it is told when a page has settled.
pub trait Traffic: Sync {
    /// Where the proxy listens.
    fn address(&self) -> SocketAddr;
    /// For how long nothing was asked for.
    fn idle(&self) -> Duration;
    /// Whether a request waits for something that is no fault of the page.
    fn is_held(&self) -> bool;
}
