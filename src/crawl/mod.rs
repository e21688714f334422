//! The write journey: from URLs to captures, politely, until nothing is left or a signal comes.
//!
//! In reading order: what a run is asked ([`job`]), the loop ([`engine`]), from a claim to a task (`dispatch`), one URL in a
//! straight line ([`step`]) and what its answer says (`reading`), which versions of pages it begins (`version_events`) and how
//! far that is kept (`marks`), what a captured source names ([`sources`]), what is remembered of hosts ([`hosts`]), how it
//! waits ([`timer`]), whom it serves and when it is over (`quotas`), what a page that scripts fill costs (`rendering`), what
//! became of each URL ([`outcome`]), whether it had been removed by order (`removed`), the counts ([`report`]), the log ([`log`]), and what is reported of the queue to others
//! ([`view`]).
//!
//! The network is touched only through `capture`, the disk only through `store`, time only through
//! [`Timer`]; so a whole crawl runs in a test on a manual clock.

mod belonging;
mod clock;
mod dispatch;
pub mod engine;
mod entry_words;
mod follow_up;
mod followed;
mod found;
mod gate;
pub mod handover;
pub mod hosts;
mod jar;
pub mod job;
mod job_book;
mod job_context;
mod jobs;
mod jobset;
mod lease;
pub mod log;
mod marks;
pub mod observer;
pub mod options;
pub mod outcome;
mod parse_pool;
pub mod plan;
mod quotas;
mod reading;
mod removed;
mod rendering;
pub mod report;
mod revisit;
mod rhythm;
pub mod rules;
pub mod source_book;
mod source_watch;
pub mod sources;
pub mod step;
pub mod stop;
pub mod timer;
pub mod version_event;
mod version_events;
pub mod view;

pub use crate::schedule::SharedState;
pub use engine::{Crawl, Parts};
pub use handover::{Answer, HandOver, HandedOver};
pub use job::{Job, Take};
pub use jobs::Order;
pub use observer::{Observer, RunProblem, SourceChange};
pub use options::{CrawlError, CrawlOptions};
pub use outcome::{Finished, Outcome, Unread};
pub use plan::{Plan, Verdict};
pub use report::Report;
pub use rules::JobRules;
pub use source_book::{SourceLine, SourceState, source_lines};
pub use stop::Stop;
pub use timer::{ManualTimer, RealTimer, Timer};
pub use version_event::VersionEvent;
pub use view::{DueLine, ListView, QueueReporter, QueueSeen, QueueView};
