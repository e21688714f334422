//! What the program sends of its own accord: news of new versions, to whom the operator named.
//!
//! The only place that knows an HTTP client besides the capturing one, since nothing here is
//! evidence and nothing here is archived.

pub mod notify;
pub mod webhook;

pub use notify::{Notifier, NotifyOptions, Receiver};
pub use webhook::Route;
