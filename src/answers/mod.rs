//! Answers to what may be asked of an archive: a request in, a value with a serde form out. Whoever has
//! flags, and whoever has the parameters of an address, asks the same functions.
//!
//! Long answers are iterators, so that nobody has to hold ten thousand versions. What else a person should
//! know (captures that were left out, an older version that stands in) is part of the value. Deliberately
//! no output, no flags, no exit codes, and no text for people: that is [`crate::render`].

mod archive;
pub mod blame;
pub mod captures;
pub mod changes;
pub mod citation;
pub mod cite;
pub mod diff;
pub mod due;
mod error;
pub mod history;
pub mod page;
pub mod quotes;
mod refused;
pub mod report;
pub mod status;
pub mod verify;
pub mod when;

pub use archive::{Archive, decoded};
pub use changes::{Changes, ChangesRequest, changes};
pub use error::AnswerError;
pub use history::{History, HistoryRequest, history};
pub use refused::{PassedOver, WordsMissing};
