//! The archive on disk.
//!
//! The WARC files are the truth and their fsync is the commit; the index follows, and at every
//! open the gap between the two is closed. In reading order: names ([`layout`], [`durable`]), the one
//! writer (`lock`, `alone`, [`group`], `append`, `writer`, `rotate`), its log of appends ([`append_log`]), the index entry of a record
//! ([`describe`]), reading ([`lookup`], `loaded`, `payload`, `request`, `records`, `between`), followers of the files
//! ([`mod@follow`]), files in an object storage ([`bucket`], [`upload`]), closing gaps (`catch_up`, [`reindex()`], `repair`,
//! `doubles`), checking ([`mod@verify`]), errors ([`error`]).
//!
//! Nothing here shortens a record or moves one, and only `replace` deletes one, by order.

mod alone;
mod append;
pub mod append_log;
mod between;
pub mod bucket;
mod bulk;
mod catch_up;
pub mod describe;
mod disk;
mod doubles;
pub mod durable;
pub mod error;
mod files;
mod follow;
pub mod group;
mod intact;
pub mod layout;
mod loaded;
mod lock;
pub mod lookup;
mod migrate;
mod open;
mod payload;
mod records;
mod reindex;
mod repair;
mod replace;
mod request;
pub mod room;
mod rotate;
pub mod upload;
pub mod verify;
mod writer;

pub use alone::Alone;
pub use append::Store;
pub use append_log::{AppendLog, FileAppends, MarkedRecord, RecordMark};
pub use bulk::SortedCaptures;
pub use catch_up::{LeftOut, Progress, Reindexed};
pub use disk::free as disk_free;
pub use error::StoreError;
pub use files::DirectoryFiles;
pub use follow::{FollowError, follow};
pub use group::{Appended, Content, Discovery, Done, StoreOptions, StoredAs, Submission};
pub use layout::Layout;
pub use loaded::Loaded;
pub use lock::Lock;
pub use lookup::{Earlier, Reader};
pub use migrate::{MigrateError, Migrated, OwnIndex, Stage, migrate};
pub use open::Stay;
pub use payload::Payload;
pub use reindex::{bring_up, reindex, reindex_given};
pub use replace::replace_members;
pub use verify::{Checked, VerifyOptions, verify};

pub use crate::warc::{MementoCopy, Original};
