//! Payload bytes to what the page says: pure and total.

pub mod page;
