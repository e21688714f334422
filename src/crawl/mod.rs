//! The write journey: from URLs to captures, politely, until nothing is left or a signal comes.
//!
//! In reading order: what a run is asked ([`job`]), the loop ([`engine`]), from a claim to a task (`starting`), one URL in a straight
//! line ([`step`]) and what its answer says (`reading`), which versions of pages it begins (`telling`) and how far that is kept (`marks`), what a captured source names ([`sources`]),
//! what is remembered of hosts ([`hosts`]), how it waits ([`timer`]), whom it serves and when it is over
//! (`serving`), what became of each URL ([`outcome`]), the counts ([`report`]), the log ([`log`]), and what others are told of the queue
//! ([`view`]).
//!
//! The network is touched only through `capture`, the disk only through `store`, time only through
//! [`Timer`]; so a whole crawl runs in a test on a manual clock.

mod asking;
mod belonging;
mod clock;
mod ending;
pub mod engine;
mod entry_words;
mod followed;
mod following;
mod found;
pub mod handover;
pub mod hosts;
mod jar;
pub mod job;
mod job_book;
mod jobset;
mod learn;
pub mod log;
mod marks;
pub mod news;
pub mod observer;
pub mod options;
pub mod outcome;
pub mod plan;
mod readers;
mod reading;
pub mod report;
mod rhythm;
pub mod rules;
mod running;
mod serving;
pub mod source_book;
mod source_watch;
pub mod sources;
mod starting;
pub mod step;
pub mod stop;
mod telling;
pub mod timer;
pub mod view;

pub use engine::{Crawl, Parts};
pub use handover::{Answer, HandOver, HandedOver};
pub use job::{Job, Take};
pub use news::News;
pub use observer::{Observer, SourceChange, Trouble};
pub use options::{CrawlError, CrawlOptions};
pub use outcome::{Finished, Outcome, Unread};
pub use plan::{Plan, Verdict};
pub use report::Report;
pub use rules::JobRules;
pub use running::Order;
pub use source_book::{SourceLine, SourceState, source_lines};
pub use stop::Stop;
pub use timer::{ManualTimer, RealTimer, Timer};
pub use view::{DueLine, ListView, QueueSeen, QueueTold, QueueView};
