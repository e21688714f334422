//! The read journey through time: captures of a page folded into versions, what changed between
//! neighbours, and what follows from that over a page and over the archive. Read only.
//!
//! In reading order: what a capture says ([`PageReader`]) and where a redirect leads ([`landing`]); captures
//! folded into versions ([`fold`]), all of a page ([`Versions`]), from what was kept of it ([`Rows`],
//! [`VersionRow`], `progress`) or as they are captured ([`live`]), and their JSON ([`json`]); which form of a
//! page has its text ([`forms`]); when the article was not available ([`absence`]); where each sentence comes
//! from ([`provenance`]); the pages of an archive ([`pages`]), their changes newest first ([`changes`]); and when
//! something was ([`standing`]), a phrase among others ([`phrase`]).
//!
//! A version is a run of captures that give a reader the same; bytes that differ only in furniture
//! make none. Both sides of every comparison are readings of one and the same extractor, so a newer
//! extractor never reads as an edit.

pub mod absence;
pub mod changes;
mod compared;
pub mod fold;
mod follow;
pub mod forms;
pub mod json;
pub mod landing;
pub mod live;
pub mod newest;
pub mod page_reader;
pub mod pages;
pub mod phrase;
mod progress;
pub mod provenance;
pub mod row;
pub mod rows;
#[cfg(test)]
mod sequences;
mod spool;
pub mod standing;
#[cfg(test)]
pub(crate) mod testing;
pub mod versions;

pub use fold::{Begun, Fold, Taken};
pub use json::{CaptureJson, VersionJson};
pub use landing::{Landing, Leads};
pub use page_reader::{CapturedPage, DECODED_BYTES_MAX, PageReader, read_page};
pub(crate) use progress::{HASH_START, hashed, key_of_page};
pub use row::{RowChange, VersionRow};
pub use rows::Rows;
pub use versions::{History, Version, Versions, history};
