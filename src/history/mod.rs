//! The read journey through time: captures of a page folded into versions, what changed between
//! neighbours, and what follows from that over a page and over the archive. Read only.
//!
//! In reading order: what a capture says ([`Sayer`]), kept once derived ([`Derived`], `pack`); the
//! runs of captures that say the same ([`Versions`], [`Delta`]); where each sentence comes from
//! ([`provenance`]); the pages of an archive ([`pages`]), their changes newest first ([`changes`])
//! and as feeds ([`feed`]); and when a phrase stood ([`phrase`]).
//!
//! A version is a run of captures whose article says the same; bytes that differ only in furniture
//! make none. Both sides of every comparison are readings of one and the same extractor, so a newer
//! extractor never reads as an edit.

pub mod cache;
pub mod changes;
pub mod delta;
pub mod feed;
mod pack;
pub mod pages;
pub mod phrase;
pub mod provenance;
pub mod said;
mod spool;
#[cfg(test)]
pub(crate) mod testing;
pub mod versions;

pub use cache::{DERIVED_BYTES_MAX, Derived};
pub use delta::Delta;
pub use said::{DECODED_BYTES_MAX, Said, Sayer};
pub use versions::{History, Version, Versions, history};
