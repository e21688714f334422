//! What is in an archive: counts, disk, queue, sources, the last run.

use serde::Serialize;
use serde_json::Value;

use super::{AnswerError, Archive};
use crate::archive::ArchiveError;
use crate::base::Timestamp;
use crate::crawl::view::DUE_COUNTED_MAX;
use crate::crawl::{ListView, QueueSeen, SourceLine};
use crate::evidence::LogStands;
use crate::schedule::{SharedOverview, WorkerSeen};
use crate::store::bucket::State;
use crate::store::{Layout, StoreError, disk_free};

/// What is in an archive, in the fields of the contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatusJson {
    /// Its root.
    pub archive: String,
    /// How many WARC files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// How many captures.
    pub captures: u64,
    /// What of them is in an object storage; `None` where none is and the settings name none.
    pub remote: Option<RemoteJson>,
    /// How the evidence log stands; `None` where there is none, or it could not be read.
    pub evidence: Option<EvidenceJson>,
    /// Why it could not be read.
    pub evidence_unread: Option<String>,
    /// Bytes of the index, where that is known.
    pub index_bytes: Option<u64>,
    /// Bytes of free disk, where that is known.
    pub disk_free: Option<u64>,
    /// Every host, in the order of urlkeys.
    pub hosts: Vec<HostJson>,
    /// The queue; `None` where it could not be read.
    pub queue: Option<QueueJson>,
    /// Why it could not be read.
    pub queue_unread: Option<String>,
    /// The sources of all jobs; `None` where the queue could not be read.
    pub sources: Option<Vec<SourceLine>>,
    /// The report of the last run, as `crawl` printed it.
    pub last_run: Option<Value>,
}

/// The WARC files by where they lie and how far they have come. A file is counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RemoteJson {
    /// The object storage; `None` where the settings name none.
    pub place: Option<String>,
    /// Those that are here alone.
    pub local: CountJson,
    /// Those that are sent: the object is not known to be whole.
    pub uploading: CountJson,
    /// Those whose object was made, and that are here: it was not read back.
    pub uploaded: CountJson,
    /// Those whose object was read back, and that are here as well.
    pub verified: CountJson,
    /// Those that lie in the storage alone.
    pub evicted: CountJson,
    /// What went wrong last, and still does.
    pub trouble: Option<String>,
}

/// The evidence log, as the copy of it in this archive has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvidenceJson {
    /// How many leaves the newest checkpoint covers.
    pub size: u64,
    /// When that was signed.
    pub signed: Option<String>,
    /// Whether other archives share the log.
    pub shared: bool,
    /// Records of this archive that are under no checkpoint here.
    pub unregistered: u64,
    /// Whether there are more of them, which were not counted.
    pub unregistered_is_cap: bool,
    /// How many WARC files they are in.
    pub files: u64,
    /// The earliest date that one of them states.
    pub oldest: Option<String>,
    /// How many seconds that is ago.
    pub lag_seconds: u64,
}

impl EvidenceJson {
    fn of(stands: &LogStands, now: Timestamp) -> Self {
        Self {
            size: stands.size,
            signed: stands.signed.map(Timestamp::to_warc_date),
            shared: stands.is_shared,
            unregistered: stands.waiting,
            unregistered_is_cap: stands.is_more,
            files: stands.files,
            oldest: stands.oldest.map(Timestamp::to_warc_date),
            lag_seconds: stands.oldest.map_or(0, |oldest| now.since(oldest).as_secs()),
        }
    }
}

/// How many files, and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CountJson {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Where the files lie.
fn remote(layout: &Layout) -> Result<Option<RemoteJson>, StoreError> {
    let fail = |why| {
        let path = layout.ledger().path().display().to_string();
        StoreError::Io { doing: "reading", path, why }
    };
    let place = layout.bucket().map(|bucket| bucket.objects().place().to_owned());
    if place.is_none() && !layout.ledger().exists() {
        return Ok(None);
    }
    let trouble = layout.ledger().trouble().map_err(fail)?;
    let mut remote = RemoteJson { place, trouble, ..RemoteJson::default() };
    for (path, state) in layout.warc_states().map_err(fail)? {
        let is_here = path.exists();
        let count = match (is_here, state) {
            (false, _) => &mut remote.evicted,
            (true, State::Local) => &mut remote.local,
            (true, State::Uploading) => &mut remote.uploading,
            (true, State::Uploaded) => &mut remote.uploaded,
            (true, State::Verified) => &mut remote.verified,
        };
        count.files += 1;
        count.bytes += layout.length_of(&path).unwrap_or(0);
    }
    Ok(Some(remote))
}

/// How much there is of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostJson {
    /// Host and port.
    pub host: String,
    /// How many captures.
    pub captures: u64,
    /// Their bytes on disk.
    pub bytes: u64,
    /// The time of the earliest.
    pub first: String,
    /// The time of the latest.
    pub last: String,
}

/// The queue in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueJson {
    /// URLs that are queued or in flight.
    pub queued: u64,
    /// URLs that are watched.
    pub watched: u64,
    /// How many of these are due.
    pub due: u64,
    /// Whether counting them ended at that number.
    pub due_is_cap: bool,
    /// When the next URL can be fetched.
    pub next: Option<String>,
    /// When the process that has the queue reported this; `None` where it was read now.
    pub told_at: Option<String>,
    /// The same as text.
    pub source: Option<String>,
    /// Who shares the queue; `None` where it is this archive's own.
    pub shared: Option<SharedJson>,
}

/// A queue that several `watch` processes share, by the clock of its database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SharedJson {
    /// When it was so.
    pub at: String,
    /// How many hosts are leased to a worker.
    pub hosts_leased: u64,
    /// How many hosts could be asked and are not leased.
    pub hosts_overdue: u64,
    /// For how many seconds the first of these has been waiting.
    pub lag_seconds: u64,
    /// The workers that reported within a day, by name.
    pub workers: Vec<WorkerJson>,
}

/// A `watch` that shares a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkerJson {
    /// Its name.
    pub name: String,
    /// The machine and the archive that it writes to.
    pub archive: String,
    /// When it began.
    pub began: String,
    /// When it last reported.
    pub heard: String,
    /// Whether it ended in order.
    pub ended: bool,
    /// How many hosts are leased to it.
    pub hosts: u64,
    /// How many visits it has written since it began.
    pub visits: u64,
    /// How many hosts it lost to others since it began: it was paused, cut off, or too slow.
    pub lost: u64,
}

impl From<&SharedOverview> for SharedJson {
    fn from(overview: &SharedOverview) -> Self {
        let date = |at: i64| Timestamp::from_unix_micros(at).to_warc_date();
        let worker = |seen: &WorkerSeen| WorkerJson {
            name: seen.report.worker.clone(),
            archive: seen.report.archive.clone(),
            began: date(seen.began),
            heard: date(seen.heard),
            ended: seen.report.ends,
            hosts: seen.hosts,
            visits: seen.report.visits,
            lost: seen.report.lost,
        };
        Self {
            at: date(overview.now),
            hosts_leased: overview.leased,
            hosts_overdue: overview.overdue,
            lag_seconds: u64::try_from(overview.lag / 1_000_000).unwrap_or(0),
            workers: overview.workers.iter().map(worker).collect(),
        }
    }
}

impl From<&QueueSeen> for QueueJson {
    fn from(seen: &QueueSeen) -> Self {
        let sum = |count: fn(&ListView) -> u64, list: &str| -> u64 {
            seen.lists.iter().filter(|l| l.list == list).map(count).sum()
        };
        // The watched list includes URLs that were never fetched.
        let all = |l: &ListView| l.queued + l.in_flight + l.waiting;
        let is_cap = |l: &ListView| l.list == "watched" && l.due >= DUE_COUNTED_MAX as u64;
        Self {
            queued: sum(|l| l.queued + l.in_flight, "queue"),
            watched: sum(all, "watched"),
            due: sum(|l| l.due, "watched"),
            due_is_cap: seen.lists.iter().any(is_cap),
            next: seen.lists.iter().filter_map(|l| l.next.clone()).min(),
            told_at: seen.reporter.as_ref().map(|report| report.at.clone()),
            source: seen.reporter.as_ref().map(|report| report.source.clone()),
            shared: seen.shared.as_ref().map(SharedJson::from),
        }
    }
}

/// What is in `archive` at a time; `queue` is what is known of its queue, or why nothing is.
///
/// # Errors
/// When the index or the WARC files cannot be counted.
pub fn status(
    archive: &Archive,
    queue: Result<QueueSeen, String>,
    now: Timestamp,
) -> Result<StatusJson, AnswerError> {
    let index = |why: ArchiveError| StoreError::of_index("asking", why);
    let counting = |why: ArchiveError| AnswerError::store("counting")(index(why));
    let files = archive.files().list().map_err(|e| AnswerError::store("listing")(index(e)))?;
    let mut hosts = Vec::new();
    for host in archive.captures().hosts() {
        let host = host.map_err(counting)?;
        // Name resolution has no host of its own, and captures no page.
        if host.host.is_empty() {
            continue;
        }
        hosts.push(HostJson {
            host: host.host,
            captures: host.captures,
            bytes: host.bytes,
            first: host.first.to_warc_date(),
            last: host.last.to_warc_date(),
        });
    }
    let layout = archive.reader().layout();
    let last_run = std::fs::read_to_string(layout.last_run_file()).ok();
    let (queue, queue_unread) = match queue {
        Ok(queue) => (Some(queue), None),
        Err(why) => (None, Some(why)),
    };
    let (evidence, evidence_unread) = match LogStands::read(layout) {
        Ok(stands) => (stands.map(|stands| EvidenceJson::of(&stands, now)), None),
        Err(why) => (None, Some(why.to_string())),
    };
    Ok(StatusJson {
        evidence,
        evidence_unread,
        archive: layout.root().display().to_string(),
        files: files.len(),
        bytes: files.iter().map(|file| file.length).sum(),
        remote: remote(layout).map_err(AnswerError::store("counting"))?,
        captures: hosts.iter().map(|host| host.captures).sum(),
        index_bytes: archive.captures().bytes().ok().flatten(),
        disk_free: disk_free(layout.root()),
        hosts,
        queue: queue.as_ref().map(QueueJson::from),
        queue_unread,
        sources: queue.map(|queue| queue.sources),
        last_run: last_run.and_then(|text| serde_json::from_str(&text).ok()),
    })
}
