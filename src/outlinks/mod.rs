//! What captured documents name, for the queue: pure and total.
//!
//! In reading order: XML as it lies on the web ([`xml`]), what a site says it has published
//! ([`feeds`]) and what it says it has ([`sitemaps`]), what a style sheet ([`css`]) and a page
//! ([`links`]) link to and embed. Reading never fails: what could not be read is in notes.
//!
//! Deliberately fetches nothing, queues nothing and decides nothing: what belongs to a job is the
//! crawl's affair, and what a page says is the extractor's.

mod address;
mod css;
pub mod feeds;
pub mod links;
mod packed;
pub mod sitemaps;
mod xml;
