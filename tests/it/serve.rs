//! The server, in-process over loopback: an archive of WARC files that are written here by hand, and a
//! client that sees every byte of an answer.

mod answers;
mod api;
mod banner;
mod cdx;
mod client;
mod interop;
mod kept;
mod memento;
mod replay;
mod safety;
mod site;
mod warcs;

pub use client::{Answer, ask, ask_with, raw};
pub use site::{Running, archive, long_file, start, start_with, state_of};
pub use warcs::Warc;
