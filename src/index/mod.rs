//! The backend that keeps captures in sled: by urlkey and time, by payload, by host; and how far each
//! WARC file has been taken in.
//!
//! Everything here is derived. It holds nothing that the WARC files do not contain; deleting it costs
//! only time, and a rebuilt index answers every query the same. It deliberately neither opens a WARC
//! file nor knows where one is.
//!
//! In reading order: a capture with the number of its file ([`entry`]), the bytes it becomes (`key`,
//! `value`, `blocks`), the tables ([`Index`]), scans (`query`), and the contracts of
//! [`crate::archive`] (`backend`).

mod backend;
mod blocks;
mod entry;
mod error;
mod files;
mod key;
mod query;
mod tables;
#[cfg(test)]
mod tests;
mod value;

pub use error::IndexError;
pub use tables::Index;

pub(crate) use entry::{FileId, IndexEntry, Position};
pub(crate) use files::FileState;
pub(crate) use tables::{IndexBatch, Mark};
