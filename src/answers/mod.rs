//! Answers to questions about an archive: a request in, a value with a serde form out. The command line, which
//! has flags, and the server, which has the parameters of an address, call the same functions.
//!
//! Long answers are iterators, so that no caller has to hold ten thousand versions. What else a person should
//! know (captures that were left out, an older version that stands in) is part of the value. Deliberately no
//! output, no flags, no exit codes, and no text for people: that is [`crate::render`].

pub mod absent;
mod archive;
pub mod blame;
pub mod calendar;
pub mod captures;
pub mod changes;
pub mod chosen_text;
pub mod citation;
pub mod cite;
pub mod clusters;
pub mod cursor;
pub mod diff;
pub mod due;
mod error;
pub mod explained;
pub mod front;
pub mod history;
pub mod lookup;
pub mod page;
pub mod pictures;
pub mod prove;
pub mod quoted;
pub mod quotes;
mod refused;
pub mod removed;
pub mod report;
pub mod search;
pub mod search_events;
mod serial;
pub mod site;
pub mod standing;
pub mod status;
pub mod story;
pub mod timeline;
pub mod verify;
pub mod view;
pub mod when;

pub use archive::{Archive, decoded};
pub use changes::{Changes, ChangesRequest, changes};
pub use error::AnswerError;
pub use history::{History, HistoryRequest, history};
pub use refused::{PassedOver, WordsMissing};
