//! What an operator sees of an unattended run: counts in Prometheus' text format, whether it is
//! healthy, and log lines.
//!
//! Label sets are bounded by construction: every label takes its values from a fixed list, and
//! any other value counts as `other`. Hosts and URLs are not labels; the crawl log has them.
//! Deliberately no dependency of its own, and no pushing: metrics are only pulled.

pub mod http;
pub mod logs;
pub mod metrics;
mod uploads;

pub use metrics::{EvidenceState, Metrics};
pub use uploads::UploadState;
