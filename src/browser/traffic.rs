//! What a browser asks for, as far as it shows when a page has settled.

use std::net::SocketAddr;
use std::time::Duration;

/// The way out of a browser, as far as it shows when a page has settled.
pub trait Traffic: Sync {
    /// Where the proxy listens.
    fn address(&self) -> SocketAddr;
    /// For how long nothing was asked for.
    fn idle(&self) -> Duration;
    /// Whether a request waits for something that is not the page's fault.
    fn is_held(&self) -> bool;
}
