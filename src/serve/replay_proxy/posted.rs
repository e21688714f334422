//! Requests with a body: finds the capture that answered the same request.
//!
//! The index has one key for an address, whatever was sent to it. The request is stored with its capture in the WARC
//! file; the two are the same when index lines would give them one key ([`crate::exchange::lines::post`]).

use crate::archive::{Capture, RecordKind, Sort};
use crate::base::TimeRange;
use crate::base::surt::urlkey;
use crate::exchange::lines::{REQUEST_BYTES_MAX, method_and_query, post};
use crate::serve::Serve;
use crate::serve::memento::mementos;
use crate::serve::reply::Refusal;

/// How many captures of an address have their requests read, those nearest in time.
const READ_MAX: usize = 50;

/// A request that was made.
pub(in crate::serve) struct Posted {
    url: String,
    key: String,
}

impl Posted {
    /// A request with this method and body.
    pub fn new(method: &str, url: &str, media_type: Option<&str>, body: &[u8]) -> Self {
        let query = post::body_query(body, media_type.unwrap_or_default());
        Self { url: url.to_owned(), key: key(url, &method.to_ascii_uppercase(), &query) }
    }
}

fn key(url: &str, method: &str, query: &str) -> String {
    urlkey(&post::with_query(url, method, query))
}

/// The capture, nearest to a time, that answered such a request.
///
/// # Errors
/// When the archive cannot answer.
pub(in crate::serve) fn find(
    state: &Serve,
    posted: &Posted,
    at: Option<TimeRange>,
) -> Result<Option<Capture>, Refusal> {
    let sort = at.map_or(Sort::Descending, |range| Sort::Closest(range.start));
    for capture in state.reader.query(&mementos(&posted.url, sort)).take(READ_MAX) {
        let capture = capture?;
        if !matches!(capture.kind, RecordKind::Response | RecordKind::Revisit) {
            continue;
        }
        let Some(request) = state.reader.request_of(&capture, REQUEST_BYTES_MAX)? else {
            continue;
        };
        let (method, query) = method_and_query(&request);
        if method != "GET" && key(&capture.url, &method, &query) == posted.key {
            return Ok(Some(capture));
        }
    }
    Ok(None)
}
