//! What an operator sees of a run that nobody watches: counts in Prometheus' text format, whether
//! it is healthy, and log lines.
//!
//! Label sets are bounded by construction: every label takes its values from a fixed list, and
//! what is on none of them counts as `other`. Hosts and URLs are no labels; the crawl log has them.
//! Deliberately no dependency of its own, and no pushing: who wants to know asks.

pub mod http;
pub mod logs;
pub mod metrics;
mod uploads;

pub use metrics::{EvidenceState, Metrics};
pub use uploads::UploadState;
