//! Many processes on one index. One process owns it at a time and answers for it on a local socket;
//! every other process asks there, by the same contracts, and takes the index over when its owner
//! is gone.
//!
//! In reading order: requests and replies (`protocol`), how they are framed (`frame`), where the
//! socket is (`place`), the owner's side ([`Server`]), the asker's side ([`Client`]), and the handle
//! that is one or the other ([`SharedCaptures`]).
//!
//! Knows the contracts of [`crate::archive`] and no backend. It does not decide what is in the
//! index: a process that takes over reads what the WARC files have beyond the marks, as at any open.

mod client;
mod frame;
mod place;
mod protocol;
mod server;
mod shared;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use place::Place;
pub use server::Server;
pub use shared::{Opened, Opener, SharedCaptures};
