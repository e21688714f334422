//! Pressmark: an archival crawler and WARC store for news.

pub mod base;
pub mod capture;
pub mod extract;
pub mod http;
pub mod politeness;
