//! The archive on disk.
//!
//! The WARC files are the truth and their fsync is the commit; the index follows, and at every
//! open the gap between the two is closed. In reading order: names ([`layout`], [`durable`]), the one
//! writer ([`lock`], [`append`], `writer`, `rotate`), what it tells of that ([`trail`]), what a record is
//! to the index ([`describe`]), reading
//! ([`lookup`], `between`), closing gaps ([`catch_up`], `repair`, `doubles`), checking ([`mod@verify`]), trouble ([`error`]).
//!
//! Nothing here deletes or shortens a record.

pub mod append;
mod between;
mod catch_up;
pub mod describe;
mod disk;
mod doubles;
pub mod durable;
pub mod error;
mod files;
mod intact;
pub mod layout;
mod lock;
pub mod lookup;
mod open;
mod repair;
pub mod room;
mod rotate;
pub mod trail;
pub mod verify;
mod writer;

pub use append::{Appended, Discovery, Done, Store, StoreOptions, StoredAs, Submission, What};
pub use catch_up::{Progress, Reindexed, reindex};
pub use disk::free as disk_free;
pub use error::StoreError;
pub use files::DirectoryFiles;
pub use layout::Layout;
pub use lookup::{Loaded, Reader};
pub use trail::{FileTrail, Mark, Marked, Trail};
pub use verify::{Checked, VerifyOptions, verify};

pub use crate::warc::Original;
