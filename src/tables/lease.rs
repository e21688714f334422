//! The lock of tables in an object storage: an object that is created if there is none, renewed during a run,
//! and taken over if it was not renewed for a while, all with conditions that the server checks.
//!
//! Times are the server's: the time of the last replacement of the object, and the server's current time.

use std::any::Any;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::archive::{ChangeableObjects, ObjectError, ObjectErrorKind, Over, received};
use crate::base::{Clock, DigestAlgorithm, Timestamp};

use super::target::LOCK;

/// A lock that was not renewed for this long belongs to a run that ended.
pub(super) const LEASE: Duration = Duration::from_mins(3);
/// How often it is renewed.
const RENEWED_EVERY: Duration = Duration::from_secs(30);
/// A longer object is not a lock.
const LOCK_BYTES_MAX: u64 = 4 << 10;

/// The content of the object.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Content {
    /// The archive whose run holds it.
    owner: String,
    /// The run, for people.
    holder: String,
    /// How often it was renewed, so that no two contents are the same.
    renewed: u64,
    /// When, by the clock of the run.
    at: String,
}

#[derive(Debug)]
struct State {
    content: Content,
    etag: String,
    /// When it was renewed last, by our clock.
    at: Timestamp,
    /// Whether another run holds it now.
    is_lost: bool,
}

/// A lock that is held.
#[derive(Debug)]
pub(super) struct Lease {
    objects: Arc<dyn ChangeableObjects>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl Lease {
    /// Takes the lock; returns the holder if it is held.
    pub fn take(
        objects: Arc<dyn ChangeableObjects>,
        owner: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Result<Self, String>, ObjectError> {
        let now = clock.now();
        let at = now.to_warc_date();
        let holder = format!("process {} since {at}", std::process::id());
        let content = Content { owner: owner.to_owned(), holder, renewed: 0, at };
        let taken = match write(&*objects, &content, Over::Nothing) {
            Err(why) if why.kind == ObjectErrorKind::Exists => {
                match take_over(&*objects, &content)? {
                    Ok(etag) => etag,
                    Err(holder) => return Ok(Err(holder)),
                }
            }
            made => made?,
        };
        let state = Mutex::new(State { content, etag: taken, at: now, is_lost: false });
        Ok(Ok(Self { objects, clock, state }))
    }

    /// Renews it if that was not done for a while: the next write happens under it.
    pub fn assure(&self) -> Result<(), ObjectError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let age = self.clock.now().since(state.at);
        if !state.is_lost && age < LEASE / 2 {
            return Ok(());
        }
        self.renew(&mut state)
    }

    fn renew(&self, state: &mut State) -> Result<(), ObjectError> {
        if state.is_lost {
            return Err(ObjectError::new(ObjectErrorKind::Changed, "it was taken over"));
        }
        let now = self.clock.now();
        let renewed = state.content.renewed + 1;
        let content = Content { renewed, at: now.to_warc_date(), ..state.content.clone() };
        match write(&*self.objects, &content, Over::This(&state.etag)) {
            Ok(etag) => {
                *state = State { content, etag, at: now, is_lost: false };
                Ok(())
            }
            Err(why) => {
                state.is_lost = why.kind == ObjectErrorKind::Changed;
                Err(why)
            }
        }
    }

    /// Renews it as long as the returned value lives, then releases it.
    pub fn keep(lease: Arc<Self>) -> Box<dyn Any> {
        let (stop, stopped) = channel::<()>();
        let own = Arc::clone(&lease);
        let work = move || {
            while stopped.recv_timeout(RENEWED_EVERY) == Err(RecvTimeoutError::Timeout) {
                let mut state = own.state.lock().unwrap_or_else(PoisonError::into_inner);
                if let Err(why) = own.renew(&mut state) {
                    // The next write renews again, and reports the error.
                    tracing::debug!(%why, "the lock of the tables was not renewed");
                }
            }
        };
        let thread = std::thread::Builder::new().name("tables-lock".to_owned()).spawn(work).ok();
        Box::new(Keeping { lease, stop: Some(stop), thread })
    }

    /// Removes the lock if this run still holds it.
    fn give_back(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_lost {
            return;
        }
        // If it cannot be removed, it expires.
        if let Ok(Some(there)) = self.objects.head(LOCK)
            && there.etag == state.etag
        {
            let _ = self.objects.remove(LOCK);
        }
    }
}

struct Keeping {
    lease: Arc<Lease>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Keeping {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.lease.give_back();
    }
}

/// Takes over a lock of an earlier run of the same archive, or an expired one; otherwise returns the holder. The caller
/// holds the lock of the archive's own folder, so that no other run of the same archive is active.
fn take_over(
    objects: &dyn ChangeableObjects,
    content: &Content,
) -> Result<Result<String, String>, ObjectError> {
    let Some(there) = objects.head(LOCK)? else {
        return match write(objects, content, Over::Nothing) {
            Err(why) if why.kind == ObjectErrorKind::Exists => Ok(Err("another one".to_owned())),
            taken => taken.map(Ok),
        };
    };
    let known: Option<Content> = match there.bytes {
        1..=LOCK_BYTES_MAX => {
            serde_json::from_slice(&received(&objects.read(LOCK, 0..there.bytes, &there.etag))?)
                .ok()
        }
        _ => None,
    };
    let is_own = known.as_ref().is_some_and(|known| known.owner == content.owner);
    let is_old = there.modified.is_some_and(|at| objects.now().since(at) > LEASE);
    if !is_own && !is_old {
        return Ok(Err(known.map_or_else(|| "unnamed".to_owned(), |known| known.holder)));
    }
    match write(objects, content, Over::This(&there.etag)) {
        Err(why) if why.kind == ObjectErrorKind::Changed => Ok(Err("another one".to_owned())),
        taken => taken.map(Ok),
    }
}

fn write(
    objects: &dyn ChangeableObjects,
    content: &Content,
    over: Over<'_>,
) -> Result<String, ObjectError> {
    let bytes = serde_json::to_vec(content)
        .map_err(|why| ObjectError::new(ObjectErrorKind::Other, why.to_string()))?;
    let digest = DigestAlgorithm::Sha256.digest(&bytes);
    let sha256: String = digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    objects.write(LOCK, &bytes, &sha256, over)
}
