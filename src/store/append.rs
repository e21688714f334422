//! The write path: digests, verdict, packing on threads of their own, one thread that appends,
//! syncs and then tells the index.
//!
//! ```text
//! append() ──► packers (digest, compose, pack) ──► writer (append all, fsync once, index, reply)
//! ```
//!
//! Group commit: whatever has been packed while a sync was under way goes into the next one. Both
//! queues are bounded by their callers, each of whom waits for the reply to its submission.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::{Clock, Digest, DigestAlgorithm};
use crate::http::{BodyFraming, Exchange, Failure, Payload};
use crate::index::{Index, IndexBatch, IndexEntry, Mark};
use crate::warc::{
    self, CaptureNotes, Composer, Compression, Original, Packed, Packer, RandomIds, Record,
    RecordId, RecordIds, Verdict, Warcinfo,
};

use super::describe::{Place, entry_of, start_of};
use super::layout::Layout;
use super::lock::Lock;
use super::lookup::Reader;
use super::rotate::{Limits, Naming, OpenFile};
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
    /// Memory for the index, in bytes.
    pub index_cache_bytes: u64,
    /// What every file says of itself.
    pub warcinfo: Warcinfo,
    /// Whether the certificates of servers are kept.
    pub certificates: bool,
    /// How many threads pack.
    pub packers: usize,
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
            index_cache_bytes: 64 << 20,
            warcinfo: Warcinfo { tls_verified: true, ..Warcinfo::default() },
            certificates: false,
            packers: std::thread::available_parallelism().map_or(2, usize::from),
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
    index: Arc<Index>,
    pack_queue: Option<Sender<PackJob>>,
    packers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<Vec<String>>>,
    _lock: Lock,
}

struct PackJob {
    submission: Submission,
    done: Done,
}

struct WriteJob {
    generation: u64,
    packed: Vec<Packed>,
    /// The index entries of the packed records, in the same order; their places are not known yet.
    drafts: Vec<Option<IndexEntry>>,
    appended: Appended,
    main: usize,
    back: PackJob,
}

/// Which file the packers compose for.
struct Current {
    generation: u64,
    warcinfo_id: RecordId,
}

struct Shared {
    options: StoreOptions,
    index: Arc<Index>,
    // A plain mutex: held for the time of a clone, never across I/O.
    current: Mutex<Current>,
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
        let (index, notes) = open::for_writing(&layout, options.index_cache_bytes)?;
        let index = Arc::new(index);
        let current = Current { generation: 0, warcinfo_id: RandomIds.next_id() };
        let shared =
            Arc::new(Shared { options, index: Arc::clone(&index), current: Mutex::new(current) });
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
        let writer = Writer {
            layout: layout.clone(),
            shared,
            clock,
            file: None,
            serial: 0,
            trouble: None,
            index_trouble: None,
        };
        let handle = std::thread::spawn(move || writer.run(&write_receive));
        let store = Self {
            layout,
            index,
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
        if let Err(refused) = queue.send(job) {
            (refused.0.done)(Err(StoreError::Stopped("the writer has gone".to_owned())));
        }
    }

    /// The archive, to read from.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::over(self.layout.clone(), Arc::clone(&self.index))
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
        self.index
            .flush()
            .map_err(|e| StoreError::Index { doing: "flushing", why: e.to_string() })?;
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
            Ok((generation, packed, drafts, appended, main)) => {
                let write = WriteJob { generation, packed, drafts, appended, main, back: job };
                if let Err(refused) = out.send(write) {
                    (refused.0.back.done)(Err(StoreError::Stopped(
                        "the writer has gone".to_owned(),
                    )));
                }
            }
            Err(error) => (job.done)(Err(error)),
        }
    }
}

type PackedGroup = (u64, Vec<Packed>, Vec<Option<IndexEntry>>, Appended, usize);

fn pack(
    shared: &Shared,
    packer: &mut Packer,
    submission: &Submission,
) -> Result<PackedGroup, StoreError> {
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
            let verdict = verdict(&shared.index, exchange, &digests, submission.refers_to.as_ref());
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
    let mut packed = Vec::with_capacity(records.len());
    let mut drafts = Vec::with_capacity(records.len());
    let mut main = 0;
    let mut record_id = String::new();
    for record in &records {
        let draft = draft(record).map_err(spool)?;
        let is_dns = record.fields.target_uri().is_some_and(|u| u.starts_with("dns:"));
        if record_id.is_empty() && draft.is_some() && !is_dns {
            main = packed.len();
            record_id = record.id().map(|id| id.to_string()).unwrap_or_default();
        }
        packed.push(packer.pack(record).map_err(spool)?);
        drafts.push(draft);
    }
    let appended = Appended { stored, file: String::new(), offset: 0, record_id, digest };
    Ok((generation, packed, drafts, appended, main))
}

fn digests_of(
    exchange: &Exchange,
    algorithm: DigestAlgorithm,
) -> std::io::Result<warc::BodyDigests> {
    if exchange.shape.framing == BodyFraming::Chunked {
        let mut payload = Payload::of(&exchange.response, &exchange.shape)?;
        warc::digests(exchange, algorithm, Some(&mut payload))
    } else {
        warc::digests(exchange, algorithm, None)
    }
}

fn draft(record: &Record<'_>) -> std::io::Result<Option<IndexEntry>> {
    let nowhere = Place { file: crate::index::FileId(0), offset: 0, length: 0 };
    Ok(entry_of(&record.fields, &start_of(&record.block)?, nowhere))
}

/// Which record the response becomes. Only what is durable and whole is referred to; what is cut
/// short, empty or without a status is always kept as it is.
fn verdict(
    index: &Index,
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
    match index.lookup_digest(&digests.payload) {
        Ok(Some(entry)) if entry.holds_payload() => Verdict::IdenticalPayload(original_of(&entry)),
        _ => Verdict::Response,
    }
}

/// The record of an entry, as a revisit names it.
pub(super) fn original_of(entry: &IndexEntry) -> Original {
    Original {
        record_id: entry.record_id.as_ref().and_then(|id| RecordId::parse(&id.to_string())),
        target_uri: entry.url.clone(),
        date: entry.date,
        payload_digest: entry.digest,
    }
}

struct Writer {
    layout: Layout,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    file: Option<OpenFile>,
    serial: u32,
    /// The error after which nothing more is written.
    trouble: Option<String>,
    /// Why the index no longer follows; it is caught up at the next open.
    index_trouble: Option<String>,
}

/// So many submissions share one sync at most, which bounds how long the first of them waits.
const GROUP_MAX: usize = 256;

impl Writer {
    fn run(mut self, queue: &Receiver<WriteJob>) -> Vec<String> {
        let mut packer = Packer::new(self.shared.options.compression);
        while let Ok(first) = queue.recv() {
            let mut group = vec![first];
            while group.len() < GROUP_MAX
                && let Ok(next) = queue.try_recv()
            {
                group.push(next);
            }
            self.commit(group, &mut packer);
        }
        if let Some(file) = self.file.take() {
            let name = file.name.clone();
            match file.seal() {
                Ok(length) => self.tell_index(Vec::new(), &name, length, true),
                Err(error) => self.trouble = Some(error.to_string()),
            }
        }
        self.trouble.into_iter().chain(self.index_trouble).collect()
    }

    fn commit(&mut self, group: Vec<WriteJob>, packer: &mut Packer) {
        let mut written = Vec::with_capacity(group.len());
        let mut entries = Vec::new();
        for job in group {
            match self.write(job, packer) {
                Ok((done, appended, mut own)) => {
                    entries.append(&mut own);
                    written.push((done, appended));
                }
                Err((done, error)) => done(Err(error)),
            }
        }
        if written.is_empty() {
            return;
        }
        let synced = self.file.as_ref().map_or(Ok(()), OpenFile::sync);
        if let Err(error) = synced {
            // After a failed sync nobody knows what is on the disk: nothing of this group is
            // acknowledged and nothing more is written.
            let why = error.to_string();
            self.trouble = Some(why.clone());
            for (done, _) in written {
                done(Err(StoreError::Stopped(why.clone())));
            }
            return;
        }
        if let Some((name, position)) =
            self.file.as_ref().map(|f| (f.name.clone(), f.writer.position()))
        {
            self.tell_index(entries, &name, position, false);
        }
        for (done, appended) in written {
            done(Ok(appended));
        }
        self.roll_over();
    }

    fn write(
        &mut self,
        mut job: WriteJob,
        packer: &mut Packer,
    ) -> Result<(Done, Appended, Vec<IndexEntry>), (Done, StoreError)> {
        if let Some(why) = &self.trouble {
            return Err((job.back.done, StoreError::Stopped(why.clone())));
        }
        let generation =
            self.shared.current.lock().unwrap_or_else(PoisonError::into_inner).generation;
        if job.generation != generation {
            // Packed for the file before: its records name that file's warcinfo.
            match pack(&self.shared, packer, &job.back.submission) {
                Ok((generation, packed, drafts, appended, main)) => {
                    job = WriteJob { generation, packed, drafts, appended, main, back: job.back };
                }
                Err(error) => return Err((job.back.done, error)),
            }
        }
        let result = self.append(&mut job);
        match result {
            Ok(entries) => Ok((job.back.done, job.appended, entries)),
            Err(error) => Err((job.back.done, error)),
        }
    }

    fn append(&mut self, job: &mut WriteJob) -> Result<Vec<IndexEntry>, StoreError> {
        if self.file.is_none() {
            self.file = Some(self.begin()?);
        }
        let Some(file) = &mut self.file else { return Ok(Vec::new()) };
        let placements = match file.writer.append_all(&mut job.packed) {
            Ok(placements) => placements,
            Err(error) => {
                let error = file.error(error);
                if let Err(worse) = file.wind_back() {
                    self.trouble = Some(worse.to_string());
                }
                return Err(error);
            }
        };
        job.appended.file.clone_from(&file.name);
        job.appended.offset = placements.get(job.main).map_or(0, |p| p.offset);
        let id = self.shared.index.file_id(&file.name);
        let Ok(id) = id else {
            self.index_trouble = id.err().map(|e| e.to_string());
            return Ok(Vec::new());
        };
        Ok(job
            .drafts
            .drain(..)
            .zip(placements)
            .filter_map(|(draft, at)| {
                Some(IndexEntry { file: id, offset: at.offset, length: at.length, ..draft? })
            })
            .collect())
    }

    fn begin(&mut self) -> Result<OpenFile, StoreError> {
        let options = &self.shared.options;
        let id = {
            let current = self.shared.current.lock().unwrap_or_else(PoisonError::into_inner);
            current.warcinfo_id.clone()
        };
        let naming = Naming {
            prefix: &options.prefix,
            host: &options.host,
            compression: options.compression,
            algorithm: options.digest,
            warcinfo: &options.warcinfo,
        };
        let file = OpenFile::begin(&self.layout, &naming, self.serial, &id, self.clock.now())?;
        self.serial += 1;
        Ok(file)
    }

    fn roll_over(&mut self) {
        let options = &self.shared.options;
        let limits = Limits { bytes_max: options.file_bytes_max, age_max: options.file_age_max };
        let now = self.clock.now();
        if let Some(file) = self.file.take_if(|f| f.is_full(limits, now)) {
            {
                let mut current =
                    self.shared.current.lock().unwrap_or_else(PoisonError::into_inner);
                current.generation += 1;
                current.warcinfo_id = RandomIds.next_id();
            }
            let name = file.name.clone();
            match file.seal() {
                Ok(length) => self.tell_index(Vec::new(), &name, length, true),
                Err(error) => self.trouble = Some(error.to_string()),
            }
        }
    }

    /// The index follows; where it cannot, the records are safe and it is caught up later.
    fn tell_index(&mut self, entries: Vec<IndexEntry>, name: &str, position: u64, sealed: bool) {
        if self.index_trouble.is_some() {
            return;
        }
        let index = &self.shared.index;
        let result = index.file_id(name).and_then(|file| {
            let mark = Mark { file, indexed_to: position, sealed_size: sealed.then_some(position) };
            index.apply(IndexBatch { entries, marks: vec![mark] })
        });
        if let Err(error) = result {
            index.mark_damaged(&error.to_string());
            self.index_trouble = Some(format!(
                "the index stopped following ({error}); it is caught up at the next open"
            ));
        }
    }
}
