//! May we ask, and when: pure decisions over facts and a given time.

pub mod permit;

pub use permit::Permit;
