//! The addresses that captured documents name, for the queue: pure and total.
//!
//! In reading order: XML as found on the web ([`xml`]), what a site declares to have published
//! ([`feeds`]) and to have ([`sitemaps`]), what a style sheet ([`css`]) and a page
//! ([`links`]) link to and embed. Reading never fails: unreadable parts are in notes.
//!
//! Deliberately fetches nothing, queues nothing and decides nothing: the crawl decides what belongs to a
//! job, and the extractor reads the content of a page.

mod address;
mod css;
pub mod feeds;
pub mod links;
mod packed;
pub mod sitemaps;
mod xml;
