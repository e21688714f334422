//! Pressmark: an archival crawler and WARC store for news.

pub mod base;
pub mod capture;
pub mod config;
pub mod crawl;
pub mod diff;
pub mod extract;
pub mod http;
pub mod index;
pub mod kv;
pub mod politeness;
pub mod schedule;
pub mod store;
pub mod warc;
