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
//! In reading order: how a URI was found ([`discovery`]), whether it belongs ([`scope`]), what is
//! taken off it ([`clean`]), whether it is one of a million like it ([`traps`]); what is kept of it
//! ([`entry`]), the queues on disk and their journal ([`state`], [`journal`], `replay`, `mend`), which URL is next
//! ([`frontier`]); when to look again ([`revisit`]), whether it is still there ([`life`]), both as
//! bytes ([`memory`]); what a person asked to have watched ([`watch`]), and whole jobs ([`job`], with
//! their secrets in [`credentials`] and what they name in [`seeds`]).
//!
//! Pure but for `state` and `journal`; times are passed in and nothing here sleeps, fetches or
//! reads pages.

mod change;
pub mod clean;
pub mod credentials;
pub mod discovery;
pub mod entry;
pub mod frontier;
pub mod job;
pub mod journal;
pub mod life;
pub mod memory;
mod mend;
mod packing;
mod replay;
pub mod revisit;
pub mod scope;
pub mod seeds;
pub mod state;
pub mod traps;
pub mod watch;

pub use change::ScheduleError;
pub use credentials::{Credentials, HostCredentials, Secret};
pub use discovery::{DiscoveryPath, Step};
pub use entry::{Entry, Phase, Priority};
pub use frontier::{
    ALONG, Added, Ask, Claim, ClaimId, Counts, Disposition, DueItem, DueItems, DueUrl, Entries,
    Found, FoundUrl, Frontier, FrontierOptions, GiveUp, Granted, HostCounts, HostWrite, KnownUrl,
    LeaseEnd, LeaseGuard, LeaseRequest, LeasedHost, LeasedUrl, Leases, NamedBy, Next, NextVisit,
    PartTurn, Queue, SharedBatch, SharedFrontier, SharedOptions, SharedOverview, SharedState,
    WorkerReport, WorkerSeen, Written, due_items, longer_by,
};
pub use job::{BrowserUse, JobLimits, JobSpec, Notify, Overlap};
pub use memory::PageMemory;
pub use seeds::SeedList;
pub use state::Opened;
