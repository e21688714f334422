//! Payload bytes to what the page says: pure and total.

#[cfg(test)]
mod cases;
pub mod figures;
mod names;
mod numbers;
pub mod page;
pub mod quotes;
pub mod sentences;
mod speakers;
mod words;
mod work;
