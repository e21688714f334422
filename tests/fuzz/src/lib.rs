//! The rooms of the crate that read bytes of others, without the rest of it, and the checks that are fuzzed.

#![allow(missing_docs, dead_code, unused_imports, reason = "the crate itself is linted, not this")]

#[path = "../../../src/archive/mod.rs"]
pub mod archive;
#[path = "../../../src/base/mod.rs"]
pub mod base;
#[path = "../../../src/evidence/ots.rs"]
pub mod ots;
/// Of the evidence, what reads proofs of others.
pub mod evidence {
    pub use super::ots;
}
#[path = "../../../src/http/mod.rs"]
pub mod http;
#[path = "../../../src/warc/mod.rs"]
pub mod warc;

// What `tests/it/fuzz_corpus.rs` calls the whole crate, so that both read the same file of checks.
use crate as pressmark;

pub mod checks;
