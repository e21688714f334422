//! The backend that keeps captures in PostgreSQL, and the queue that workers share there.
//!
//! Everything here is derived, as in [`crate::index`]: it holds nothing that the WARC files do not contain.
//! Captures and the marks they justify are committed together, so that a mark is never ahead of its captures,
//! even after a crash.
//!
//! Works through a pooler that hands out connections by the transaction: statements have no names,
//! temporary tables end with their transaction, locks too, and no setting of a session is relied on.
//!
//! In reading order: which database ([`Address`]), how it is reached (`tls`, `pool`, `failure`), a
//! request that may be sent again (`request`), its tables (`schema`), a capture as a row (`row`), the
//! contracts ([`PostgresCaptures`]: `tables`, `scan`, `captures`, `sink`), what may be done there ([`Rights`]);
//! the queue ([`PostgresQueue`]); the evidence log that archives share ([`PostgresLog`]).
//!
//! Deliberately knows no settings, no WARC file and no path of an archive.

mod address;
mod captures;
mod failure;
mod pool;
mod queue;
mod request;
mod rights;
mod row;
mod scan;
mod schema;
mod shared_log;
mod sink;
mod tables;
#[cfg(test)]
mod tests;
mod tls;

pub use address::{Address, AddressError};
pub use queue::PostgresQueue;
pub use rights::Rights;
pub use shared_log::PostgresLog;
pub use tables::PostgresCaptures;
