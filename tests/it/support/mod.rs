//! What the tests share: a scripted little web on loopback, a throw-away archive, the binary.

pub mod cli;
pub mod schema;
pub mod web;
