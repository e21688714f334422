//! The rooms of the crate that the index stands on, from their sources.

#![allow(missing_docs, dead_code, unused_imports, reason = "the crate itself is linted, not this")]

#[path = "../../../../src/archive/mod.rs"]
pub mod archive;
#[path = "../../../../src/base/mod.rs"]
pub mod base;
#[path = "../../../../src/http/mod.rs"]
pub mod http;
#[path = "../../../../src/index/mod.rs"]
pub mod index;
// A file beside its folder is found from the folder above.
#[path = "../../../../src"]
mod beside {
    pub mod kv;
}
pub use beside::kv;
#[path = "../../../../src/owner/mod.rs"]
pub mod owner;
#[path = "../../../../src/sorted.rs"]
pub mod sorted;
#[path = "../../../../src/store/mod.rs"]
pub mod store;
#[path = "../../../../src/warc/mod.rs"]
pub mod warc;
