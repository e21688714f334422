//! Tables in an object storage: each file an object below one prefix, and the manifest among them.
//!
//! New files stay in a folder of the local disk until they are sent. One run at a time writes: it holds `_lock`, an
//! object that it renews, and the manifest is replaced only if it is the one that the run has read. So a run that was
//! paused or disconnected for long changes nothing that another one has written since. After a killed run
//! the same archive can run again at once, another one when the lock has expired by the server's clock.
//!
//! A run waits for an unavailable storage, up to a limit; files sent by then are not sent again by the next run.

use std::any::Any;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::archive::{
    ChangeableObjects, ObjectError, ObjectErrorKind, ObjectInfo, Over, received, send_over,
};
use crate::base::{Clock, DigestAlgorithm, chance};
use crate::store::durable::{make_dirs, make_whole};
use crate::store::{Lock, StoreError};

use super::lease::{LEASE, Lease};
use super::target::{LOCK, MANIFEST, Part, STAGING};
use super::{TablesError, Target};

/// How much of the manifest is read at once.
const PIECE_BYTES: u64 = 8 << 20;
/// The first wait for an unavailable storage; each further one is twice as long. Half of it is random.
const WAIT_MIN: Duration = Duration::from_secs(1);
/// The longest of these waits.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// A longer manifest is invalid: it would have more files than any archive.
const MANIFEST_BYTES_MAX: u64 = 1 << 30;

/// How tables are written to an object storage.
#[derive(Debug, Clone, Copy)]
pub struct ObjectsOptions {
    /// How many parts of a file are sent at once.
    pub requests_max: usize,
    /// How long to wait for an unavailable storage.
    pub patience: Duration,
}

impl Default for ObjectsOptions {
    fn default() -> Self {
        Self { requests_max: 4, patience: Duration::from_mins(10) }
    }
}

/// An object storage, below a prefix.
#[derive(Debug)]
pub struct ObjectFolder {
    objects: Arc<dyn ChangeableObjects>,
    /// The folder on the local disk for this prefix.
    local: PathBuf,
    options: ObjectsOptions,
    clock: Arc<dyn Clock>,
    lease: Mutex<Option<Arc<Lease>>>,
    /// The entity tag of the manifest that was read or written last.
    manifest: Mutex<Option<String>>,
}

impl ObjectFolder {
    /// The tables below the prefix of `objects`. `local` is a folder of this archive that belongs to that prefix, made
    /// where it is missing.
    ///
    /// # Errors
    /// When the storage does not answer, or has objects below the prefix and no tables.
    pub fn open(
        objects: Arc<dyn ChangeableObjects>,
        local: &Path,
        options: ObjectsOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TablesError> {
        make_dirs(local).map_err(TablesError::file("making", local.display()))?;
        let lease = Mutex::new(None);
        let local = local.to_owned();
        let target = Self { objects, local, options, clock, lease, manifest: Mutex::new(None) };
        let failed = |why| target.failed("reading", "", why);
        if target.patiently(|| target.objects.head(MANIFEST)).map_err(failed)?.is_some() {
            return Ok(target);
        }
        let mut other = None;
        let listed = target.patiently(|| {
            target.objects.list("", &mut |object| {
                let is_own = object.key == LOCK || object.key.starts_with(MANIFEST);
                if is_own || is_folder(&object) {
                    return ControlFlow::Continue(());
                }
                other = Some(object.key);
                ControlFlow::Break(())
            })
        });
        listed.map_err(failed)?;
        match other {
            None => Ok(target),
            Some(name) => Err(TablesError::Taken {
                place: target.objects.place().to_owned(),
                what: format!("{name} but no {MANIFEST}"),
            }),
        }
    }

    fn failed(&self, doing: &'static str, name: &str, why: ObjectError) -> TablesError {
        match why.kind {
            ObjectErrorKind::Exists | ObjectErrorKind::Changed if doing == "writing" => {
                TablesError::Locked { holder: format!("it replaced {}", self.place(name)) }
            }
            _ => TablesError::Objects { doing, place: self.place(name), why },
        }
    }

    /// Repeats a request until there is an answer, within the time limit for an unavailable storage.
    fn patiently<T>(
        &self,
        mut ask: impl FnMut() -> Result<T, ObjectError>,
    ) -> Result<T, ObjectError> {
        let begun = self.clock.now();
        let mut wait = WAIT_MIN;
        loop {
            match ask() {
                Err(why)
                    if why.kind == ObjectErrorKind::Away
                        && self.clock.now().since(begun) + wait < self.options.patience =>
                {
                    tracing::warn!(
                        %why,
                        "the object storage does not answer; writing the tables is retried"
                    );
                    std::thread::sleep(wait.mul_f64(0.5 + chance::fraction() / 2.0));
                    wait = (wait * 2).min(WAIT_MAX);
                }
                done => return done,
            }
        }
    }

    /// Makes sure that the lock is held, before a write.
    fn assure(&self) -> Result<(), TablesError> {
        let lease = self.lease.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(lease) = lease else { return Ok(()) };
        self.patiently(|| lease.assure()).map_err(|why| match why.kind {
            ObjectErrorKind::Exists | ObjectErrorKind::Changed => {
                TablesError::Locked { holder: format!("it took over {}", self.place(LOCK)) }
            }
            _ => self.failed("renewing", LOCK, why),
        })
    }

    fn content(&self, there: &ObjectInfo) -> Result<Vec<u8>, ObjectError> {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < there.bytes {
            let from = bytes.len() as u64;
            let to = (from + PIECE_BYTES).min(there.bytes);
            bytes.extend(received(&self.objects.read(&there.key, from..to, &there.etag))?);
        }
        Ok(bytes)
    }
}

impl Target for ObjectFolder {
    fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.objects.place()).trim_end_matches('/').to_owned()
    }

    fn lock(&self) -> Result<Box<dyn Any>, TablesError> {
        let local = match Lock::at(&self.local.join(LOCK)) {
            Ok(lock) => lock,
            Err(StoreError::Locked { holder }) => return Err(TablesError::Locked { holder }),
            Err(error) => return Err(error.into()),
        };
        let owner = owner(&self.local)?;
        let taken = self
            .patiently(|| Lease::take(Arc::clone(&self.objects), &owner, Arc::clone(&self.clock)));
        let lease = match taken {
            Ok(Ok(lease)) => Arc::new(lease),
            Ok(Err(holder)) => {
                return Err(TablesError::Locked {
                    holder: format!(
                        "{holder}; if it was killed, its lock ends within {} s",
                        LEASE.as_secs()
                    ),
                });
            }
            Err(why) => return Err(self.failed("locking", LOCK, why)),
        };
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&lease));
        Ok(Box::new((Lease::keep(lease), local)))
    }

    fn staging(&self) -> Result<PathBuf, TablesError> {
        let path = self.local.join(STAGING);
        let failed = |why| TablesError::file("making", path.display())(why);
        match fs::remove_dir_all(&path) {
            Err(why) if why.kind() != ErrorKind::NotFound => return Err(failed(why)),
            _ => fs::create_dir(&path).map_err(failed)?,
        }
        Ok(path)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, TablesError> {
        let read = self.patiently(|| {
            let Some(there) = self.objects.head(name)? else { return Ok(None) };
            if there.bytes > MANIFEST_BYTES_MAX {
                let why = format!("{name}: it has {} bytes", there.bytes);
                return Err(ObjectError::new(ObjectErrorKind::Other, why));
            }
            let bytes = match self.content(&there) {
                // It was replaced between the two requests, and is requested again.
                Err(why) if why.kind == ObjectErrorKind::Changed => {
                    return Err(ObjectError::new(ObjectErrorKind::Away, why.why));
                }
                read => read?,
            };
            Ok(Some((bytes, there.etag)))
        });
        let read = read.map_err(|why| self.failed("reading", name, why))?;
        if name == MANIFEST {
            let etag = read.as_ref().map(|(_, etag)| etag.clone());
            *self.manifest.lock().unwrap_or_else(PoisonError::into_inner) = etag;
        }
        Ok(read.map(|(bytes, _)| bytes))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TablesError> {
        self.assure()?;
        let sha256 = hex(DigestAlgorithm::Sha256.digest(bytes).as_bytes());
        let mut known = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        let over = known.as_deref().map_or(Over::Nothing, Over::This);
        let written = self.patiently(|| self.objects.write(name, bytes, &sha256, over));
        let etag = written.map_err(|why| self.failed("writing", name, why))?;
        *known = Some(etag);
        Ok(())
    }

    fn put(&self, staged: &Path, part: &Part) -> Result<(), TablesError> {
        let name = part.file.as_str();
        self.assure()?;
        let file = File::open(staged).map_err(TablesError::file("reading", staged.display()))?;
        let file = Arc::new(file);
        let sent = self.patiently(|| {
            let sent = (&file, part.bytes, sha256_of(part));
            send_over(&*self.objects, name, sent, self.options.requests_max)
        });
        sent.map_err(|why| self.failed("sending", name, why))?;
        fs::remove_file(staged).map_err(TablesError::file("removing", staged.display()))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, TablesError> {
        let below = format!("{folder}/");
        let listed = self.patiently(|| {
            let mut names = Vec::new();
            self.objects.list(&below, &mut |object| {
                let is_right_below =
                    object.key.strip_prefix(&below).is_some_and(|rest| !rest.contains('/'));
                if is_right_below && !is_folder(&object) {
                    names.push(object.key);
                }
                ControlFlow::Continue(())
            })?;
            Ok(names)
        });
        let mut names = listed.map_err(|why| self.failed("listing", folder, why))?;
        names.sort();
        Ok(names)
    }

    fn remove(&self, name: &str) -> Result<(), TablesError> {
        self.assure()?;
        let removed = self.patiently(|| self.objects.remove(name));
        removed.map_err(|why| self.failed("removing", name, why))
    }
}

/// Whether an object is a folder placeholder, as graphical tools make them.
fn is_folder(object: &ObjectInfo) -> bool {
    object.bytes == 0 && (object.key.is_empty() || object.key.ends_with('/'))
}

/// The digest of a part without its label.
fn sha256_of(part: &Part) -> &str {
    part.digest.strip_prefix("sha256:").unwrap_or(&part.digest)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A random identifier of the runs of this folder, made once.
fn owner(local: &Path) -> Result<String, TablesError> {
    let path = local.join("owner");
    let failed = |doing| TablesError::file(doing, path.display());
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Err(why) if why.kind() != ErrorKind::NotFound => return Err(failed("reading")(why)),
        _ => {}
    }
    let number = || (chance::fraction() * f64::from(u32::MAX)) as u32;
    let made: String = (0..4).map(|_| format!("{:08x}", number())).collect();
    let written =
        make_whole(&path, |why: io::Error| why, |mut file| file.write_all(made.as_bytes()));
    written.map_err(failed("writing"))?;
    Ok(made)
}
