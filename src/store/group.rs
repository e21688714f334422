//! Submissions to the store, their results, and the packed records of one submission.

use std::ops::Range;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::archive::{Capture, CaptureStore};
use crate::base::{Digest, DigestAlgorithm};
use crate::http::{BodyFraming, Exchange, Failure, payload_of};
use crate::warc::{
    self, CERTIFICATES_URN, CaptureNotes, Composer, Compression, Derived, MementoCopy, Original,
    Packed, Packer, RandomIds, Record, RecordId, Rounds, Verdict, Warcinfo,
};

use super::StoreError;
use super::append_log::{AppendLog, RecordMark};
use super::describe::{Place, entry_of, original_of, start_of};
use super::layout::Layout;

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
    /// What keeps the captures; `None` is the index of the archive itself.
    pub captures: Option<Arc<dyn CaptureStore>>,
    /// What every file says of itself.
    pub warcinfo: Warcinfo,
    /// Whether the certificates of servers are kept.
    pub certificates: bool,
    /// The public random values to which the main records of captures commit.
    pub rounds: Rounds,
    /// How many threads pack.
    pub packers: usize,
    /// What stands for a record in the [`AppendLog`]; `None` where no trail is wanted.
    pub mark: Option<RecordMark>,
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
            captures: None,
            warcinfo: Warcinfo { tls_verified: true, ..Warcinfo::default() },
            certificates: false,
            rounds: Rounds::default(),
            packers: std::thread::available_parallelism().map_or(2, usize::from),
            mark: None,
        }
    }
}

/// What is to be kept.
#[derive(Debug, Clone)]
pub enum Content {
    /// An exchange.
    Exchange(Arc<Exchange>),
    /// A failed exchange.
    Failure(Arc<Failure>),
    /// What was made from a captured document.
    Derived(Arc<Derived>),
    /// What another archive captured, as an exchange with that archive gave it.
    Copy(Arc<MementoCopy>),
}

impl Content {
    fn has_credentials(&self) -> bool {
        match self {
            Self::Exchange(exchange) => exchange.has_credentials,
            Self::Failure(failure) => failure.has_credentials,
            // It holds what a browser shows, and no sent bytes.
            Self::Derived(_) => false,
            Self::Copy(_) => false,
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
    /// The rendered page for which it was asked for.
    pub page_id: Option<String>,
    /// Further fields for the metadata record, in order.
    pub more: Vec<(String, String)>,
}

/// Something to be kept, and what is known of it.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The exchange.
    pub what: Content,
    /// The record that a 304 confirms: the one the conditional request was made from.
    pub refers_to: Option<Original>,
    /// How the URL was found.
    pub discovery: Discovery,
}

/// The kind of record that was kept.
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
    /// A revisit of an exchange with another archive, at the address and time of its capture.
    Copy,
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
    pub layout: Layout,
    // A plain mutex: held for the time of a clone, never across I/O.
    pub current: Mutex<Current>,
    /// Submissions that are neither durable nor given up: how long a sync may wait for company.
    pub pending: AtomicUsize,
    pub trail: Arc<Mutex<AppendLog>>,
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
    composer.rounds = options.rounds.clone();
    let notes = CaptureNotes {
        via: submission.discovery.via.clone(),
        hops_from_seed: Some(submission.discovery.path.clone()).filter(|p| !p.is_empty()),
        page_id: submission.discovery.page_id.clone(),
        more: submission.discovery.more.clone(),
        ..CaptureNotes::default()
    };
    let spool = |why| StoreError::Io { doing: "packing", path: "a response".to_owned(), why };
    let (records, stored, digest) = match &submission.what {
        Content::Exchange(exchange) => {
            let digests = digests_of(exchange, options.digest).map_err(spool)?;
            let verdict = verdict(shared, exchange, &digests, submission.refers_to.as_ref());
            let (stored, digest) = match &verdict {
                Verdict::Response => (StoredAs::New, Some(digests.payload)),
                Verdict::IdenticalPayload(_) => (StoredAs::Revisit, Some(digests.payload)),
                Verdict::NotModified(original) => (StoredAs::NotModified, original.payload_digest),
            };
            let records =
                composer.records(exchange, &digests, &verdict, &notes, &mut RandomIds, true);
            (records, stored, digest)
        }
        Content::Failure(failure) => {
            let records = composer.failure_records(failure, &notes, &mut RandomIds, true);
            (records, StoredAs::Failure, None)
        }
        Content::Derived(derived) => {
            let records = composer.derived_records(derived, &mut RandomIds);
            // Of the document, which is the first record where there is one.
            let digest = records.first().and_then(|record| record.fields.block_digest());
            (records, StoredAs::New, digest)
        }
        Content::Copy(copy) => {
            let records = composer.copy_records(copy, &notes, &mut RandomIds);
            (records, StoredAs::Copy, copy.exchange.payload_digest)
        }
    };
    let mut all = Vec::with_capacity(records.len());
    let mut main = 0;
    let mut record_id = String::new();
    for record in records.iter().filter(|record| !is_kept(shared, record)) {
        let draft = draft(record).map_err(spool)?;
        let is_beside = record
            .fields
            .target_uri()
            .is_some_and(|u| u.starts_with("dns:") || u.starts_with(CERTIFICATES_URN));
        if record_id.is_empty() && draft.is_some() && !is_beside {
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

/// Whether a record of a server's certificates is in the archive already: one is enough. If the index cannot answer,
/// another copy is kept.
fn is_kept(shared: &Shared, record: &Record<'_>) -> bool {
    let uri = record.fields.target_uri();
    let Some(uri) = uri.filter(|uri| uri.starts_with(CERTIFICATES_URN)) else { return false };
    let digest = record.fields.payload_digest();
    let there = digest.and_then(|digest| shared.captures.by_payload(&digest).ok().flatten());
    there.is_some_and(|there| there.url == uri && is_here(shared, &there))
}

/// Whether the file of a capture is in the archive, here or in the object storage. It is not where it was lost or
/// taken away, nor where the captures of another archive lie in the same schema: what refers to it would have no payload.
fn is_here(shared: &Shared, capture: &Capture) -> bool {
    shared.layout.path_of(&capture.file).is_some()
}

fn draft(record: &Record<'_>) -> std::io::Result<Option<Capture>> {
    let nowhere = Place { file: "".into(), offset: 0, length: 0 };
    Ok(entry_of(&record.fields, &start_of(&record.fields, &record.block)?, nowhere))
}

/// Which record the response becomes. Only what is durable and whole is referred to; what is cut
/// short, empty or without a status is always kept as it is.
fn verdict(
    shared: &Shared,
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
    // If the index cannot answer, only another copy of the payload is kept.
    match shared.captures.by_payload(&digests.payload) {
        Ok(Some(entry)) if entry.holds_payload() && is_here(shared, &entry) => {
            Verdict::IdenticalPayload(original_of(&entry))
        }
        _ => Verdict::Response,
    }
}
