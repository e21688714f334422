//! What the program sends of its own accord: news of new versions, requests for time stamps and for rounds of drand,
//! checkpoints for witnesses and calendars, and WARC files that are kept in an object storage as well, to receivers that
//! the operator named.
//!
//! The only place that knows an HTTP client besides the capturing one, since nothing here is
//! evidence and nothing here is archived.

pub mod calendar;
mod client;
pub mod drand;
pub mod notify;
pub mod peer;
pub mod s3;
pub mod timestamp_authority;
pub mod webhook;
pub mod witness;

pub use client::Route;
pub use notify::{Notifier, NotifyOptions, Receiver};
