//! The asker's side: connections to the owner, each with one request under way. What the owner
//! answers is what the backend answers; that the owner is gone is an error of its own kind
//! ([`ArchiveErrorKind::Gone`]), after which the asker may take the index over.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::archive::{
    Answers, Applied, ArchiveError, ArchiveErrorKind, Capture, CaptureBatch, CaptureSink, Captures,
    FileMark, HostCount, HostCounts, Query,
};
use crate::base::Digest;

use super::Place;
use super::frame::{receive, send};
use super::protocol::{Greeting, PROTOCOL, Reply, Request};

/// Connections that are kept for the next request.
const IDLE_MAX: usize = 8;

/// How long an owner may take to open the index before an asker gives up on it.
const GREETING_TIMEOUT: Duration = Duration::from_secs(120);

/// How long an owner may take for one reply.
const REPLY_TIMEOUT: Duration = Duration::from_secs(120);

/// The index, as its owner answers for it.
#[derive(Debug)]
pub struct Client {
    place: Place,
    owner: Greeting,
    // A plain mutex: held for a push or a pop, never while a request is under way.
    idle: Mutex<Vec<UnixStream>>,
}

fn gone(why: impl std::fmt::Display) -> ArchiveError {
    let why = format!("the process that serves the index has ended: {why}");
    ArchiveError::new(ArchiveErrorKind::Gone, why)
}

impl Client {
    /// Connects to the owner at a place and waits until it is ready.
    ///
    /// # Errors
    /// [`ArchiveErrorKind::Gone`] where no owner answers there; [`ArchiveErrorKind::Busy`] where
    /// the owner speaks another version of the protocol, or does not get ready.
    pub(super) fn connect(place: &Place) -> Result<Self, ArchiveError> {
        let (socket, owner) = greeted(place)?;
        Ok(Self { place: place.clone(), owner, idle: Mutex::new(vec![socket]) })
    }

    /// The owner's process number.
    #[must_use]
    pub fn owner_pid(&self) -> u32 {
        self.owner.pid
    }

    fn ask(&self, request: &Request) -> Result<Reply, ArchiveError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut socket = match idle {
            Some(socket) => socket,
            None => greeted(&self.place)?.0,
        };
        send(&mut socket, request).map_err(gone)?;
        let reply = match receive::<Reply>(&mut socket) {
            Ok(Some(reply)) => reply,
            Ok(None) => return Err(gone("it closed the connection")),
            Err(why) => return Err(gone(why)),
        };
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(socket);
        }
        drop(idle);
        match reply {
            Reply::Failed(error) => Err(error),
            reply => Ok(reply),
        }
    }
}

fn greeted(place: &Place) -> Result<(UnixStream, Greeting), ArchiveError> {
    let mut socket = place.connect().map_err(gone)?;
    socket.set_read_timeout(Some(GREETING_TIMEOUT)).map_err(gone)?;
    socket.set_write_timeout(Some(REPLY_TIMEOUT)).map_err(gone)?;
    let busy = |why: String| ArchiveError::new(ArchiveErrorKind::Busy, why);
    let greeting: Greeting = match receive(&mut socket) {
        Ok(Some(greeting)) => greeting,
        Ok(None) => return Err(gone("it closed the connection")),
        Err(why) if matches!(why.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            return Err(busy("the process that has the index does not answer".to_owned()));
        }
        Err(why) if why.kind() == io::ErrorKind::InvalidData => {
            return Err(busy(format!("another version of the program has the index ({why})")));
        }
        Err(why) => return Err(gone(why)),
    };
    if greeting.magic != Greeting::MAGIC || greeting.protocol != PROTOCOL {
        return Err(busy(format!(
            "{} (process {}) has the index and speaks version {} of the protocol; this program speaks {PROTOCOL}",
            greeting.program, greeting.pid, greeting.protocol
        )));
    }
    socket.set_read_timeout(Some(REPLY_TIMEOUT)).map_err(gone)?;
    Ok((socket, greeting))
}

/// A reply that does not answer the request.
fn unexpected(reply: &Reply) -> ArchiveError {
    let kind = match reply {
        Reply::Captures(..) => "captures",
        Reply::Capture(_) => "a capture",
        Reply::Hosts(_) => "hosts",
        Reply::Host(_) => "a host",
        Reply::Bytes(_) => "bytes",
        Reply::Applied(_) => "a batch",
        Reply::Marks(_) => "marks",
        Reply::Done => "done",
        Reply::Failed(_) => "a failure",
    };
    ArchiveError::new(
        ArchiveErrorKind::System,
        format!("the owner of the index answered with {kind}"),
    )
}

impl Captures for Client {
    /// One page; [`super::SharedCaptures`] asks for the next ones.
    fn scan(&self, query: &Query) -> Answers<'_> {
        match self.ask(&Request::Scan(query.clone())) {
            Ok(Reply::Captures(captures, error)) => {
                Box::new(captures.into_iter().map(Ok).chain(error.map(Err)))
            }
            Ok(reply) => Box::new(std::iter::once(Err(unexpected(&reply)))),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }

    fn by_payload(&self, digest: &Digest) -> Result<Option<Capture>, ArchiveError> {
        match self.ask(&Request::ByPayload(digest.to_string()))? {
            Reply::Capture(capture) => Ok(capture),
            reply => Err(unexpected(&reply)),
        }
    }

    fn hosts(&self) -> HostCounts<'_> {
        let mut after = None;
        let mut page = Vec::new().into_iter();
        let mut ended = false;
        Box::new(std::iter::from_fn(move || {
            loop {
                if let Some(host) = page.next() {
                    return Some(Ok(host));
                }
                if ended {
                    return None;
                }
                match self.ask(&Request::Hosts { after: after.clone() }) {
                    Ok(Reply::Hosts(hosts)) => {
                        after = hosts.last().map(|host: &HostCount| host.host.clone());
                        ended = hosts.is_empty();
                        page = hosts.into_iter();
                    }
                    Ok(reply) => {
                        ended = true;
                        return Some(Err(unexpected(&reply)));
                    }
                    Err(error) => {
                        ended = true;
                        return Some(Err(error));
                    }
                }
            }
        }))
    }

    fn host_of(&self, url: &str) -> Result<Option<HostCount>, ArchiveError> {
        match self.ask(&Request::HostOf(url.to_owned()))? {
            Reply::Host(host) => Ok(host),
            reply => Err(unexpected(&reply)),
        }
    }

    fn bytes(&self) -> Result<Option<u64>, ArchiveError> {
        match self.ask(&Request::Bytes)? {
            Reply::Bytes(bytes) => Ok(bytes),
            reply => Err(unexpected(&reply)),
        }
    }
}

impl CaptureSink for Client {
    fn apply(&self, batch: CaptureBatch) -> Result<Applied, ArchiveError> {
        match self.ask(&Request::Apply(batch))? {
            Reply::Applied(applied) => Ok(applied),
            reply => Err(unexpected(&reply)),
        }
    }

    fn marks(&self) -> Result<Vec<FileMark>, ArchiveError> {
        match self.ask(&Request::Marks)? {
            Reply::Marks(marks) => Ok(marks),
            reply => Err(unexpected(&reply)),
        }
    }

    fn mark_of(&self, file: &str) -> Result<Option<FileMark>, ArchiveError> {
        match self.ask(&Request::MarkOf(file.to_owned()))? {
            Reply::Marks(marks) => Ok(marks.into_iter().next()),
            reply => Err(unexpected(&reply)),
        }
    }

    fn flush(&self) -> Result<(), ArchiveError> {
        match self.ask(&Request::Flush)? {
            Reply::Done => Ok(()),
            reply => Err(unexpected(&reply)),
        }
    }

    fn mark_damaged(&self, why: &str) {
        // The owner finds the damage itself where this does not reach it.
        let _ = self.ask(&Request::MarkDamaged(why.to_owned()));
    }
}
