//! What is due, and when: the life of a URI from the moment it is found.
//!
//! ```text
//!   found ──► scope, clean, traps ──► frontier: queued ──► in flight ──► waiting ──► in flight …
//!                                                              │             ▲
//!                                                              ▼             │ revisit (when)
//!                                                            life ───────────┘
//!                                                              └──► retired (why)
//! ```
//!
//! In reading order: how a URI was found ([`discovery`]), what is kept of it ([`entry`]), the
//! queues on disk and their journal ([`state`], [`journal`]), who is next ([`frontier`]).
//!
//! Pure but for `state` and `journal`; times are passed in and nothing here sleeps, fetches or
//! reads pages.

pub mod discovery;
pub mod entry;
pub mod frontier;
pub mod journal;
mod packing;
pub mod state;

pub use discovery::{DiscoveryPath, Step};
pub use entry::{Entry, Phase, Priority};
pub use frontier::{
    Added, Ask, Claim, ClaimId, Counts, Disposition, DueItem, Found, Frontier, FrontierOptions,
    Next, NextVisit,
};
pub use state::ScheduleError;
