//! Proof that a capture is what it was: an append-only Merkle log over the archive, time stamps
//! over its checkpoints, and bundles that stand alone.
//!
//! The log is derived from the WARC files and signed with a key of the archive: [`extend()`] appends a
//! leaf for every record that is not in it yet and signs a checkpoint. In reading order: what is
//! logged ([`leaf`]), who signs ([`key`], [`note`]), what is signed ([`checkpoint`]), where the
//! hashes lie ([`tiles`], `ledger`, `summary`), where the checkpoints do (`places`), the log itself ([`log`]), how it follows the WARC files
//! ([`mod@extend`], `derive`), how several archives share one ([`shared`], `membership`), checking
//! ([`mod@verify`], `held`), time stamps ([`timestamp`], [`token`]), what was made between which times
//! ([`drand`], [`interval`]), proofs of OpenTimestamps ([`ots`], [`bitcoin`], `anchored`),
//! witnesses ([`cosignature`], [`policy`], [`witnessed`]), records removed by order ([`tombstone`]),
//! bundles ([`bundle`], [`certificate`], [`check`]), packages for replay ([`wacz`]), errors ([`error`]).
//!
//! Nothing here is on the path of a capture, and nothing here changes a WARC file. Bytes and limits
//! are drawn in `docs/formats-evidence.md`.

mod anchored;
mod behind;
pub mod bitcoin;
pub mod bundle;
pub mod certificate;
pub mod check;
pub mod checkpoint;
pub mod cosignature;
mod derive;
pub mod drand;
pub mod error;
pub mod extend;
mod files;
mod held;
pub mod interval;
pub mod kept;
pub mod key;
pub mod leaf;
mod ledger;
pub mod log;
mod membership;
mod mldsa;
pub mod note;
pub mod ots;
mod places;
pub mod policy;
pub mod proof;
pub mod session;
pub mod shared;
mod summary;
pub mod tiles;
pub mod timestamp;
pub mod token;
pub mod tombstone;
pub mod verify;
pub mod wacz;
pub mod witnessed;

pub use anchored::{Asked, ask as ask_calendars};
pub use behind::{Behind, LogStands};
pub use checkpoint::Checkpoint;
pub use error::EvidenceError;
pub use extend::{Extended, OpenFiles, extend, extend_along};
pub use kept::{KeptLeaves, LeafSpool};
pub use key::{LogKey, Options};
pub use log::Log;
pub use policy::Policy;
pub use shared::{
    New, OldKey, Sharing, change_shared_key, extend_shared, has_own_log, share_files,
};
pub use timestamp::Authorities;
pub use token::Trust;
pub use verify::{Checked, VerifyOptions, verify, verify_along};
