//! Integration tests: the engine in-process against a scripted web on loopback, and the binary.
//!
//! - `wire`: every stored response equals the bytes that were sent
//! - `crawl`: whole crawls on a manual clock
//! - `crash`: the process is killed at random points
//! - `rebuild`: the index deleted or damaged, every query answers the same
//! - `cli`: help, exit codes, JSON, bad input
//! - `interop`: our files in other people's readers
//! - `layers`: who imports whom

mod hostile;
mod jobs;
mod lab;
mod layers;
mod support;
