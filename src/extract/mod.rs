//! Payload bytes to what the page says: pure and total.

mod names;
pub mod page;
pub mod quotes;
pub mod sentences;
mod speakers;
mod words;
