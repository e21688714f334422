//! Answers in the forms that people and feed readers get: text for a terminal, HTML, Markdown, a unified
//! diff, RSS and Atom. Pure: a value in, text out.
//!
//! Deliberately no JSON, which is the serde form of the value itself, and no writing: who prints a text, and
//! how it is made safe for a terminal, is the caller's to know.

pub mod diff;
pub mod feed;
