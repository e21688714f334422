//! What an archive holds, and what changed in it lately.

use serde::Serialize;

use super::{AnswerError, Archive, ChangesRequest, changes, serial};
use crate::archive::HostCount;
use crate::base::Timestamp;
use crate::history::changes::{ArchiveChange, ChangeFilter};

/// How much of it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct FrontRequest {
    /// At most this many hosts, those captured last first.
    pub hosts_max: usize,
    /// The changes of at most this many versions, the newest first.
    pub versions_max: usize,
}

/// What an archive holds, and what changed in it lately.
#[derive(Debug, Clone, Serialize)]
pub struct Front {
    /// Captures of all kinds.
    pub captures: u64,
    /// Their bytes on disk, compressed.
    pub bytes: u64,
    /// How many hosts there are.
    pub hosts_count: u64,
    /// The hosts that were captured last.
    pub hosts: Vec<HostLine>,
    /// The earliest capture.
    #[serde(serialize_with = "serial::maybe_date")]
    pub first: Option<Timestamp>,
    /// The latest capture.
    #[serde(serialize_with = "serial::maybe_date")]
    pub last: Option<Timestamp>,
    /// The newest changes, newest first; those of one version stand together.
    pub changes: Vec<ArchiveChange>,
    /// Whether there are more changes.
    pub more_changes: bool,
    /// Captures that had to be left out, as text.
    pub notes: Vec<String>,
}

/// How much there is of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostLine {
    /// Host and port.
    pub host: String,
    /// Captures of all kinds.
    pub captures: u64,
    /// Their bytes on disk, compressed.
    pub bytes: u64,
    /// The earliest of them.
    #[serde(serialize_with = "serial::date")]
    pub first: Timestamp,
    /// The latest of them.
    #[serde(serialize_with = "serial::date")]
    pub last: Timestamp,
}

impl From<HostCount> for HostLine {
    fn from(count: HostCount) -> Self {
        let HostCount { host, captures, bytes, first, last } = count;
        Self { host, captures, bytes, first, last }
    }
}

const DOING: &str = "counting what the archive holds";

/// All hosts of which something was captured, in the order of their urlkeys.
///
/// # Errors
/// Each item: when the index cannot answer.
pub fn hosts(archive: &Archive) -> impl Iterator<Item = Result<HostLine, AnswerError>> {
    let hosts = archive
        .captures()
        .hosts()
        .map(|host| host.map(HostLine::from).map_err(|why| AnswerError::index(DOING, &why)));
    // Name resolution has no host of its own, and captures no page.
    hosts.filter(|host| host.as_ref().map_or(true, |host| !host.host.is_empty()))
}

/// What an archive holds, and what changed in it lately.
///
/// # Errors
/// When the index cannot answer.
pub fn front(archive: &Archive, request: &FrontRequest) -> Result<Front, AnswerError> {
    let mut front = Front {
        captures: 0,
        bytes: 0,
        hosts_count: 0,
        hosts: Vec::new(),
        first: None,
        last: None,
        changes: Vec::new(),
        more_changes: false,
        notes: Vec::new(),
    };
    for host in hosts(archive) {
        let host = host?;
        front.captures += host.captures;
        front.bytes += host.bytes;
        front.hosts_count += 1;
        front.first = Some(front.first.map_or(host.first, |first| first.min(host.first)));
        front.last = front.last.max(Some(host.last));
        front.hosts.push(host);
        if front.hosts.len() > 2 * request.hosts_max + 100 {
            keep_latest(&mut front.hosts, request.hosts_max);
        }
    }
    keep_latest(&mut front.hosts, request.hosts_max);
    let wanted = ChangeFilter::default();
    let (changes, more, notes) = newest_changes(archive, wanted, request.versions_max)?;
    (front.changes, front.more_changes, front.notes) = (changes, more, notes);
    Ok(front)
}

fn keep_latest(hosts: &mut Vec<HostLine>, max: usize) {
    hosts.sort_by(|a, b| (b.last, &a.host).cmp(&(a.last, &b.host)));
    hosts.truncate(max);
}

/// The wanted changes of the newest versions, whether there are more, and notes on what was left out.
pub(super) fn newest_changes(
    archive: &Archive,
    wanted: ChangeFilter,
    versions_max: usize,
) -> Result<(Vec<ArchiveChange>, bool, Vec<String>), AnswerError> {
    let mut page_reader = archive.page_reader();
    let request = ChangesRequest { wanted, limit: None };
    let mut found = changes(&mut page_reader, &request, &mut |_| {})?;
    let notes = found.notes().to_vec();
    let (mut out, mut versions, mut more) = (Vec::<ArchiveChange>::new(), 0, false);
    for change in found.by_ref() {
        let change = change?;
        let is_same = out.last().is_some_and(|last| is_of_same_version(last, &change));
        if !is_same {
            versions += 1;
            if versions > versions_max {
                more = true;
                break;
            }
        }
        out.push(change);
    }
    Ok((out, more, notes))
}

/// Whether both were made by one version of a page.
#[must_use]
pub fn is_of_same_version(a: &ArchiveChange, b: &ArchiveChange) -> bool {
    a.url == b.url && a.date == b.date
}
