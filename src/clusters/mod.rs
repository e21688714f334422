//! The stories of a whole archive: which articles are on the same one. Follows the WARC files with a mark for each,
//! and keeps what it found in `derived/stories`, which may be deleted at any time.
//!
//! [`crate::story`] defines the signature of an article and which story it joins; here captures become articles,
//! and articles are kept.

mod follower;
mod log;

pub use follower::{Articles, Stories};
pub use log::{ClusterArticle, ClusterError};
