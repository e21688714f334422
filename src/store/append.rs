//! The write path: digests, verdict, packing on threads of their own, one thread that appends,
//! syncs and then tells the index.
//!
//! ```text
//! append() ──► packers (digest, compose, pack) ──► writer (append all, fsync once, index, reply)
//! ```
//!
//! Group commit: whatever has been packed while a sync was under way goes into the next one. Both
//! queues are bounded by their callers, each of whom waits for the reply to its submission.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::base::Clock;
use crate::warc::{Packer, RandomIds, RecordIds, Rounds};

use super::append_log::AppendLog;
use super::error::index_error;
use super::group::{Current, Done, PackJob, Shared, StoreOptions, Submission, WriteJob, pack};
use super::layout::Layout;
use super::lock::Lock;
use super::lookup::Reader;
use super::writer::Writer;
use super::{StoreError, disk, open};

/// The archive, open for writing. One for each archive at a time.
pub struct Store {
    layout: Layout,
    shared: Arc<Shared>,
    pack_queue: Option<Sender<PackJob>>,
    packers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<Vec<String>>>,
    _lock: Lock,
}

impl Store {
    /// Opens the archive at `root` for writing, making it where there is none. The second part
    /// says what had to be repaired, set aside or caught up.
    ///
    /// # Errors
    /// When another process writes, a newer program laid the archive out, or the disk fails.
    pub fn open(
        root: impl Into<Layout>,
        options: StoreOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Vec<String>), StoreError> {
        let layout: Layout = root.into();
        layout.create()?;
        layout.check()?;
        let lock = Lock::take(&layout)?;
        let given = options.captures.clone();
        let (captures, notes) = open::for_writing(&layout, options.index_cache_bytes, given)?;
        let current = Current { generation: 0, warcinfo_id: RandomIds.next_id() };
        let shared = Arc::new(Shared {
            options,
            captures,
            layout: layout.clone(),
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
            (refused.0.done)(Err(StoreError::Stopped("the writer has stopped".to_owned())));
        }
    }

    /// The archive, to read from.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::over(self.layout.clone(), Arc::clone(&self.shared.captures))
    }

    /// What this run appends; empty where the options name no mark.
    #[must_use]
    pub fn trail(&self) -> Arc<Mutex<AppendLog>> {
        Arc::clone(&self.shared.trail)
    }

    /// The public random values to which the main records of captures commit; empty until someone adds one.
    #[must_use]
    pub fn rounds(&self) -> Rounds {
        self.shared.options.rounds.clone()
    }

    /// The names inside the archive.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Free bytes on the archive's disk; `None` where the system does not tell.
    #[must_use]
    pub fn disk_free(&self) -> Option<u64> {
        disk::free(self.layout.root())
    }

    /// Ends writing in order: everything submitted is written, the file sealed, the index flushed.
    /// Returns problems of the index, as text.
    ///
    /// # Errors
    /// When the index cannot be flushed.
    pub fn close(mut self) -> Result<Vec<String>, StoreError> {
        let notes = self.finish();
        self.shared.captures.flush().map_err(index_error("flushing"))?;
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
                        "the writer has stopped".to_owned(),
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
