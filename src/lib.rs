//! Pressmark: an archival crawler and WARC store for news.

pub mod base;
pub mod capture;
pub mod cli;
pub mod config;
pub mod crawl;
pub mod demo;
pub mod diff;
pub mod extract;
pub mod history;
pub mod http;
pub mod index;
pub mod kv;
pub mod politeness;
pub mod remote;
pub mod schedule;
pub mod store;
pub mod telemetry;
pub mod warc;
