//! The write path: digests, verdict, packing on threads of their own, one thread that appends,
//! syncs and then tells the index.
//!
//! ```text
//! append() ──► packers (digest, compose, pack) ──► writer (append all, fsync once, index, reply)
//! ```
//!
//! Group commit: whatever has been packed while a sync was under way goes into the next one. Both
//! queues are bounded by their callers, each of whom waits for the reply to its submission.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::archive::{Capture, CaptureStore};
use crate::base::{Clock, Digest, DigestAlgorithm};
use crate::http::{BodyFraming, Exchange, Failure, payload_of};
use crate::warc::{
    self, CaptureNotes, Composer, Compression, Original, Packed, Packer, RandomIds, Record,
    RecordId, RecordIds, Verdict, Warcinfo,
};

use super::describe::{Place, entry_of, start_of};
use super::layout::Layout;
use super::lock::Lock;
use super::lookup::Reader;
use super::trail::{Mark, Trail};
use super::writer::Writer;
use super::{StoreError, disk, open};

/// How the archive is written.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The first part of file names.
    pub prefix: String,
    /// The last part of file names: the machine.
    pub host: String,
    /// The algorithm of digests.
    pub digest: DigestAlgorithm,
    /// How records are packed.
    pub compression: Compression,
    /// At this length in bytes a file is closed.
    pub file_bytes_max: u64,
    /// At this age a file is closed.
    pub file_age_max: Duration,
    /// How many bytes of the index are kept in memory, as [`KvOptions::cache_bytes`] counts them.
    ///
    /// [`KvOptions::cache_bytes`]: crate::kv::KvOptions::cache_bytes
    pub index_cache_bytes: u64,
    /// What every file says of itself.
    pub warcinfo: Warcinfo,
    /// Whether the certificates of servers are kept.
    pub certificates: bool,
    /// How many threads pack.
    pub packers: usize,
    /// What stands for a record in the [`Trail`]; none where no trail is wanted.
    pub mark: Option<Mark>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            prefix: "pressmark".to_owned(),
            host: "localhost".to_owned(),
            digest: DigestAlgorithm::Sha256,
            compression: Compression::default(),
            file_bytes_max: 1 << 30,
            file_age_max: Duration::from_hours(24),
            index_cache_bytes: 8 << 20,
            warcinfo: Warcinfo { tls_verified: true, ..Warcinfo::default() },
            certificates: false,
            packers: std::thread::available_parallelism().map_or(2, usize::from),
            mark: None,
        }
    }
}

/// What is to be kept.
#[derive(Debug, Clone)]
pub enum What {
    /// An exchange.
    Exchange(Arc<Exchange>),
    /// An exchange that came to nothing.
    Failure(Arc<Failure>),
}

impl What {
    fn has_credentials(&self) -> bool {
        match self {
            Self::Exchange(exchange) => exchange.has_credentials,
            Self::Failure(failure) => failure.has_credentials,
        }
    }
}

/// How a URL was found.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// The page it was found on.
    pub via: Option<String>,
    /// A letter for each hop from the seed.
    pub path: String,
    /// Further fields for the metadata record, in order.
    pub more: Vec<(String, String)>,
}

/// Something to be kept, and what is known of it.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The exchange.
    pub what: What,
    /// The record that a 304 confirms: the one the conditional request was made from.
    pub refers_to: Option<Original>,
    /// How the URL was found.
    pub discovery: Discovery,
}

/// As what it was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredAs {
    /// A response record.
    New,
    /// A revisit: the payload is archived already.
    Revisit,
    /// A revisit: the server said that nothing changed.
    NotModified,
    /// A report of a failure.
    Failure,
}

/// What was kept, and where. It is durable.
#[derive(Debug, Clone)]
pub struct Appended {
    /// As what.
    pub stored: StoredAs,
    /// The name of the WARC file.
    pub file: String,
    /// The offset of the main record.
    pub offset: u64,
    /// The part of the file that holds all its records, from the end of what was kept there before.
    pub span: Range<u64>,
    /// Its id.
    pub record_id: String,
    /// The payload digest.
    pub digest: Option<Digest>,
}

/// Called when a submission is durable, or could not be kept.
pub type Done = Box<dyn FnOnce(Result<Appended, StoreError>) + Send>;

/// The archive, open for writing. One for each archive at a time.
pub struct Store {
    layout: Layout,
    shared: Arc<Shared>,
    pack_queue: Option<Sender<PackJob>>,
    packers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<Vec<String>>>,
    _lock: Lock,
}

pub(super) struct PackJob {
    pub submission: Submission,
    pub done: Done,
}

pub(super) struct WriteJob {
    pub group: Group,
    pub back: PackJob,
}

/// The records of one submission, packed.
pub(super) struct Group {
    /// For which file.
    pub generation: u64,
    pub records: Vec<PackedRecord>,
    pub appended: Appended,
    /// Which of the records is the main one.
    pub main: usize,
    /// Whether they hold secrets of the operator.
    pub has_credentials: bool,
}

pub(super) struct PackedRecord {
    pub packed: Packed,
    /// Its index entry, whose place is not known yet.
    pub draft: Option<Capture>,
    pub mark: Option<[u8; 32]>,
}

/// Which file the packers compose for.
pub(super) struct Current {
    pub generation: u64,
    pub warcinfo_id: RecordId,
}

pub(super) struct Shared {
    pub options: StoreOptions,
    pub captures: Arc<dyn CaptureStore>,
    // A plain mutex: held for the time of a clone, never across I/O.
    pub current: Mutex<Current>,
    /// Submissions that are neither durable nor given up: how long a sync may wait for company.
    pub pending: AtomicUsize,
    pub trail: Arc<Mutex<Trail>>,
}

impl Store {
    /// Opens the archive at `root` for writing, making it where there is none. The second part
    /// says what had to be repaired, set aside or caught up.
    ///
    /// # Errors
    /// When another process writes, a newer program laid the archive out, or the disk fails.
    pub fn open(
        root: &Path,
        options: StoreOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Vec<String>), StoreError> {
        let layout = Layout::new(root);
        layout.create()?;
        layout.check()?;
        let lock = Lock::take(&layout)?;
        let (captures, notes) = open::for_writing(&layout, options.index_cache_bytes)?;
        let current = Current { generation: 0, warcinfo_id: RandomIds.next_id() };
        let shared = Arc::new(Shared {
            options,
            captures,
            current: Mutex::new(current),
            pending: AtomicUsize::new(0),
            trail: Arc::default(),
        });
        let (pack_send, pack_receive) = channel::<PackJob>();
        let (write_send, write_receive) = channel::<WriteJob>();
        let pack_receive = Arc::new(Mutex::new(pack_receive));
        let mut packers = Vec::new();
        for _ in 0..shared.options.packers.max(1) {
            let (shared, queue, out) =
                (Arc::clone(&shared), Arc::clone(&pack_receive), write_send.clone());
            packers.push(std::thread::spawn(move || pack_loop(&shared, &queue, &out)));
        }
        drop(write_send);
        let kept = Arc::clone(&shared);
        let writer = Writer::new(layout.clone(), shared, clock);
        let handle = std::thread::spawn(move || writer.run(&write_receive));
        let store = Self {
            layout,
            shared: kept,
            pack_queue: Some(pack_send),
            packers,
            writer: Some(handle),
            _lock: lock,
        };
        Ok((store, notes))
    }

    /// Keeps a submission; `done` is called from the writer's thread when it is durable.
    pub fn append(&self, submission: Submission, done: Done) {
        let job = PackJob { submission, done };
        let Some(queue) = &self.pack_queue else {
            return (job.done)(Err(StoreError::Stopped("the archive is closed".to_owned())));
        };
        self.shared.pending.fetch_add(1, Ordering::Relaxed);
        if let Err(refused) = queue.send(job) {
            (refused.0.done)(Err(StoreError::Stopped("the writer has gone".to_owned())));
        }
    }

    /// The archive, to read from.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::over(self.layout.clone(), Arc::clone(&self.shared.captures))
    }

    /// What this run appends; empty where the options name no mark.
    #[must_use]
    pub fn trail(&self) -> Arc<Mutex<Trail>> {
        Arc::clone(&self.shared.trail)
    }

    /// The names inside the archive.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Free bytes on the archive's disk; none where the system does not tell.
    #[must_use]
    pub fn disk_free(&self) -> Option<u64> {
        disk::free(self.layout.root())
    }

    /// Ends writing in order: everything submitted is written, the file sealed, the index flushed.
    /// What went wrong with the index, in words.
    ///
    /// # Errors
    /// When the index cannot be flushed.
    pub fn close(mut self) -> Result<Vec<String>, StoreError> {
        let notes = self.finish();
        self.shared.captures.flush().map_err(open::index_error("flushing"))?;
        Ok(notes)
    }

    fn finish(&mut self) -> Vec<String> {
        drop(self.pack_queue.take());
        for packer in self.packers.drain(..) {
            // A packer that broke has dropped its job's reply, which its caller sees.
            let _ = packer.join();
        }
        self.writer.take().and_then(|w| w.join().ok()).unwrap_or_default()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.finish();
    }
}

fn pack_loop(shared: &Shared, queue: &Mutex<Receiver<PackJob>>, out: &Sender<WriteJob>) {
    let mut packer = Packer::new(shared.options.compression);
    loop {
        // One packer waits in the queue at a time, the others for the mutex: a job wakes one.
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        match pack(shared, &mut packer, &job.submission) {
            Ok(group) => {
                let write = WriteJob { group, back: job };
                if let Err(refused) = out.send(write) {
                    (refused.0.back.done)(Err(StoreError::Stopped(
                        "the writer has gone".to_owned(),
                    )));
                }
            }
            Err(error) => {
                shared.pending.fetch_sub(1, Ordering::Relaxed);
                (job.done)(Err(error));
            }
        }
    }
}

pub(super) fn pack(
    shared: &Shared,
    packer: &mut Packer,
    submission: &Submission,
) -> Result<Group, StoreError> {
    let (generation, warcinfo_id) = {
        let current = shared.current.lock().unwrap_or_else(PoisonError::into_inner);
        (current.generation, current.warcinfo_id.clone())
    };
    let options = &shared.options;
    let mut composer = Composer::new(options.digest, Some(warcinfo_id));
    composer.certificates = options.certificates;
    let notes = CaptureNotes {
        via: submission.discovery.via.clone(),
        hops_from_seed: Some(submission.discovery.path.clone()).filter(|p| !p.is_empty()),
        more: submission.discovery.more.clone(),
        ..CaptureNotes::default()
    };
    let spool = |why| StoreError::Io { doing: "packing", path: "a response".to_owned(), why };
    let (records, stored, digest) = match &submission.what {
        What::Exchange(exchange) => {
            let digests = digests_of(exchange, options.digest).map_err(spool)?;
            let verdict =
                verdict(&*shared.captures, exchange, &digests, submission.refers_to.as_ref());
            let (stored, digest) = match &verdict {
                Verdict::Response => (StoredAs::New, Some(digests.payload)),
                Verdict::IdenticalPayload(_) => (StoredAs::Revisit, Some(digests.payload)),
                Verdict::NotModified(original) => (StoredAs::NotModified, original.payload_digest),
            };
            let records =
                composer.records(exchange, &digests, &verdict, &notes, &mut RandomIds, true);
            (records, stored, digest)
        }
        What::Failure(failure) => {
            let records = composer.failure_records(failure, &notes, &mut RandomIds, true);
            (records, StoredAs::Failure, None)
        }
    };
    let mut all = Vec::with_capacity(records.len());
    let mut main = 0;
    let mut record_id = String::new();
    for record in &records {
        let draft = draft(record).map_err(spool)?;
        let is_dns = record.fields.target_uri().is_some_and(|u| u.starts_with("dns:"));
        if record_id.is_empty() && draft.is_some() && !is_dns {
            main = all.len();
            record_id = record.id().map(|id| id.to_string()).unwrap_or_default();
        }
        let packed = packer.pack(record).map_err(spool)?;
        let mark = options.mark.map(|mark| mark(&record.fields, packer.header()));
        all.push(PackedRecord { packed, draft, mark });
    }
    let appended =
        Appended { stored, file: String::new(), offset: 0, span: 0..0, record_id, digest };
    let has_credentials = submission.what.has_credentials();
    Ok(Group { generation, records: all, appended, main, has_credentials })
}

fn digests_of(
    exchange: &Exchange,
    algorithm: DigestAlgorithm,
) -> std::io::Result<warc::BodyDigests> {
    let shape = &exchange.shape;
    if shape.framing == BodyFraming::Chunked || !shape.transfer_codings.is_empty() {
        let mut payload = payload_of(&exchange.response, shape)?;
        warc::digests(exchange, algorithm, Some(&mut payload))
    } else {
        warc::digests(exchange, algorithm, None)
    }
}

fn draft(record: &Record<'_>) -> std::io::Result<Option<Capture>> {
    let nowhere = Place { file: "".into(), offset: 0, length: 0 };
    Ok(entry_of(&record.fields, &start_of(&record.fields, &record.block)?, nowhere))
}

/// Which record the response becomes. Only what is durable and whole is referred to; what is cut
/// short, empty or without a status is always kept as it is.
fn verdict(
    captures: &dyn CaptureStore,
    exchange: &Exchange,
    digests: &warc::BodyDigests,
    refers_to: Option<&Original>,
) -> Verdict {
    if exchange.shape.status == Some(304)
        && let Some(original) = refers_to
    {
        return Verdict::NotModified(original.clone());
    }
    if exchange.truncated.is_some() || digests.payload_len == 0 || exchange.shape.status.is_none() {
        return Verdict::Response;
    }
    // An index that cannot answer costs a copy of the payload and nothing else.
    match captures.by_payload(&digests.payload) {
        Ok(Some(entry)) if entry.holds_payload() => Verdict::IdenticalPayload(original_of(&entry)),
        _ => Verdict::Response,
    }
}

/// The record of an entry, as a revisit names it.
pub(super) fn original_of(entry: &Capture) -> Original {
    Original {
        record_id: entry.record_id.as_ref().and_then(|id| RecordId::parse(&id.to_string())),
        target_uri: entry.url.clone(),
        date: entry.date,
        payload_digest: entry.digest,
    }
}
