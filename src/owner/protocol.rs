//! What is asked and answered. A request has one reply; long answers come in pages, each asked for
//! with the place where the last one ended, so that the owner keeps nothing for an asker and a slow
//! one costs nothing.

use serde::{Deserialize, Serialize};

use crate::archive::{Applied, ArchiveError, Capture, CaptureBatch, FileMark, HostCount, Query};

/// The version of requests and replies. Both sides must have the same.
pub(super) const PROTOCOL: u32 = 1;

/// The first frame, sent by the owner when it is ready to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Greeting {
    /// Always [`Greeting::MAGIC`].
    pub magic: String,
    /// [`PROTOCOL`] of the owner.
    pub protocol: u32,
    /// The owner's program and version.
    pub program: String,
    /// The owner's process.
    pub pid: u32,
}

impl Greeting {
    /// Distinguishes our socket from any other.
    pub const MAGIC: &'static str = "pressmark index";

    /// The greeting of this process.
    pub fn own() -> Self {
        Self {
            magic: Self::MAGIC.to_owned(),
            protocol: PROTOCOL,
            program: concat!("pressmark ", env!("CARGO_PKG_VERSION")).to_owned(),
            pid: std::process::id(),
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Request {
    /// One page of the answers to a query; its `limit` is the page's.
    Scan(Query),
    /// [`Captures::by_payload`](crate::archive::Captures::by_payload): a digest as it is printed.
    ByPayload(String),
    /// Counts of all hosts after this one.
    Hosts { after: Option<String> },
    /// The count of a URL's host.
    HostOf(String),
    /// The bytes that the index takes.
    Bytes,
    /// Captures to take in.
    Apply(CaptureBatch),
    /// What is known of all files.
    Marks,
    /// What is known of one file.
    MarkOf(String),
    /// Make all of it durable.
    Flush,
    /// The index contradicts the WARC files.
    MarkDamaged(String),
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Reply {
    /// A page of captures, and what ended it early; the last page where there are fewer than were
    /// asked for.
    Captures(Vec<Capture>, Option<ArchiveError>),
    /// A capture, if there is one.
    Capture(Option<Capture>),
    /// A page of counts; the last one where it is empty.
    Hosts(Vec<HostCount>),
    /// A count, if there is one.
    Host(Option<HostCount>),
    /// A number of bytes, if it is known.
    Bytes(Option<u64>),
    /// What a batch did.
    Applied(Applied),
    /// Marks of files.
    Marks(Vec<FileMark>),
    /// It is done.
    Done,
    /// It failed.
    Failed(ArchiveError),
}
