//! A purge where WARC files lie in an object storage: files that are only there are fetched, and objects are removed with
//! all their versions before the files are sent as they are now.

use std::sync::Arc;

use super::{AppError, DOING, Setup};
use crate::app::objects::{changeable, layout, upload_options};
use crate::archive::ChangeableObjects;
use crate::base::Timestamp;
use crate::config::keys;
use crate::store::bucket::State;
use crate::store::upload::withdraw::{self, WithdrawError};
use crate::store::{Layout, Lock};

/// The archive, and the storage that its files are in, where there is one.
pub(super) struct Remote {
    pub layout: Layout,
    objects: Option<Arc<dyn ChangeableObjects>>,
}

impl Remote {
    /// By the settings.
    ///
    /// # Errors
    /// When files are in a storage that the settings do not name, or it cannot be asked which are there.
    pub fn open(setup: &Setup) -> Result<Self, AppError> {
        let (layout, note) = layout(&setup.settings, &setup.archive)?;
        if let Some(note) = note {
            return Err(AppError::failed(DOING, note));
        }
        let place = setup.settings.text(keys::STORE_REMOTE);
        let objects = match place {
            "" => None,
            place => Some(changeable(&setup.settings, place).map_err(|why| {
                AppError::usage(format!(
                    "reading the settings: {}: {why}",
                    keys::STORE_REMOTE.path()
                ))
            })?),
        };
        let states = layout.warc_states().map_err(|why| {
            AppError::failed("reading which files are in the object storage", why)
        })?;
        if objects.is_none() && states.iter().any(|(_, state)| *state != State::Local) {
            return Err(AppError::usage(format!(
                "{DOING}: files of this archive are also in an object storage that the settings do not name"
            ))
            .hint("name it in store.remote, so that the capture is removed there as well"));
        }
        Ok(Self { layout, objects })
    }

    /// Fetches a file and marks it as one that is nowhere else, before it is rewritten: its object is never read
    /// again, and no process evicts the local file.
    pub fn bring_home(&self, lock: &Lock, name: &str, now: Timestamp) -> Result<(), AppError> {
        let Some(objects) = &self.objects else { return Ok(()) };
        let failed = |why: String| {
            AppError::failed(&format!("{DOING}: fetching {name}"), why)
                .hint("`pressmark purge --resume` continues the purge")
        };
        let missing = || failed("the file does not exist".to_owned());
        let path = self.layout.path_of(name).ok_or_else(missing)?;
        let place = self.layout.place_of(&path).unwrap_or_default();
        withdraw::take_home(&self.layout, lock, &path).map_err(|why| failed(why.to_string()))?;
        let known = self.layout.ledger().get(&place).map_err(|why| failed(why.to_string()))?;
        // A file that was sent as it is now is done.
        if known.is_none_or(|known| known.state != State::Local) {
            let objects = objects.as_ref();
            withdraw::set_local(&self.layout, objects, lock, &place, now)
                .map_err(|why| failed(why.to_string()))?;
        }
        Ok(())
    }

    /// Removes the objects of these files, and sends the files as they are now. Returns notes.
    pub fn replace(
        &self,
        setup: &Setup,
        lock: &Lock,
        names: &[String],
    ) -> Result<Vec<String>, AppError> {
        let Some(objects) = &self.objects else { return Ok(Vec::new()) };
        let mut notes = Vec::new();
        // Cached blocks of the old objects.
        match std::fs::remove_dir_all(self.layout.remote_cache_dir()) {
            Err(why) if why.kind() != std::io::ErrorKind::NotFound => {
                return Err(AppError::failed("deleting remote/cache", why));
            }
            _ => {}
        }
        for name in names {
            let Some(path) = self.layout.path_of(name) else { continue };
            let place = self.layout.place_of(&path).unwrap_or_default();
            let erased = withdraw::erase(&self.layout, &**objects, lock, &place);
            let erased = erased.map_err(|why: WithdrawError| {
                AppError::failed(&format!("{DOING}: removing the object of {name}"), why).hint(
                    "it is removed here, but not yet in the object storage: run `pressmark purge --resume`; it needs s3:DeleteObject, and for versions s3:ListBucketVersions and s3:DeleteObjectVersion",
                )
            })?;
            if let Some(erased) = erased {
                notes.push(match (erased.versions, erased.knows_versions) {
                    (0, _) => format!("{place}: no object of it was in {}", objects.place()),
                    (_, false) => format!(
                        "{place}: its object was removed; {} cannot list older versions that it may keep",
                        objects.place()
                    ),
                    (versions, true) => format!(
                        "{place}: its object was removed from {}, {versions} versions in all",
                        objects.place()
                    ),
                });
            }
            let options = upload_options(&setup.settings);
            let clock = Arc::clone(&setup.clock);
            if let Err(why) = withdraw::send(&self.layout, options, clock, lock, &place) {
                notes.push(format!(
                    "the changed file is only here, and the next run sends it: {why}"
                ));
            }
        }
        Ok(notes)
    }
}
