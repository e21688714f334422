//! What pages say and which versions they have, kept once derived: the store that `history`, `changes`,
//! `quotes` and their like answer from.
//!
//! In reading order: what a reading is of ([`PageKey`]), what a version changed ([`Delta`]), both as bytes
//! (`pack`) and compressed (`sealed`); the tables (`database`); pages ([`Readings`]), their speakers
//! (`speakers`), and the versions of pages ([`Row`], [`Update`]).
//!
//! Everything here is derived from the WARC files by one state of the program and may be deleted. Any
//! number of processes may read and write it at once. It decides nothing about what a version is:
//! [`crate::history`] defines what rows and states mean.

mod database;
mod delta;
mod key;
pub(crate) mod pack;
mod place;
mod sealed;
mod sorted;
pub mod speakers;
mod store;
#[cfg(test)]
mod tests;
mod versions;

pub use delta::Delta;
pub use key::PageKey;
pub(crate) use place::{DerivedPlace, is_gone};
pub use store::{DERIVED_BYTES_MAX, Kept, Readings, derivation};
pub use versions::{FileDone, NewestAsked, Row, RowFacts, StoredPage, StoredRows, Update};
