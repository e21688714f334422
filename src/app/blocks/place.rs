//! Where blocks lie, and which archive writes there. Two archives with one place would replace each other's blocks.
//!
//! Beside the index over the blocks lies a mark, `archive.json`, which names the archive by a random identifier
//! (`ARCHIVE-ID`). An archive may write where
//!
//! - there are neither blocks nor a mark, or the mark is its own;
//! - there is no mark, as with blocks of older versions and of other tools, and it has published there before, or
//!   every capture in the blocks lies in a WARC file that it has: then nothing is lost;
//! - the mark has another identifier, as after `ARCHIVE-ID` was deleted, but every capture lies in a WARC file that it
//!   has, and it wrote one of these files itself. Two archives may have imported the same files.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::objects::changeable;
use crate::archive::{
    Captures, ChangeableObjects, ObjectError, ObjectErrorKind, Over, Query, received,
};
use crate::base::{DigestAlgorithm, SystemClock};
use crate::config::{Settings, keys};
use crate::store::{Layout, Reader};
use crate::zipnum::{
    Directory, IDX, ObjectRanges, PublishError, Ranges, ShardCaptures, publish, publish_folder,
};

/// The name of the mark.
const MARK: &str = "archive.json";
/// A longer mark is not one.
const MARK_BYTES_MAX: u64 = 1 << 16;

/// Where blocks lie.
#[derive(Debug, Clone)]
pub enum Place {
    /// In a folder.
    Folder(PathBuf),
    /// In an object storage.
    Objects(Arc<dyn ChangeableObjects>),
}

/// Which archive writes the blocks.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    /// Its identifier.
    archive: String,
    /// The program that wrote the mark: `pressmark/0.1.0`.
    software: String,
}

/// A mark as it was found: its identifier, empty where it cannot be read as one, and in an object storage what the
/// server calls this content.
struct Found {
    archive: String,
    etag: String,
}

/// Which archive wants to write, and what it knows.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The archive.
    pub reader: &'a Reader,
    /// Whether it has published blocks there before.
    pub was_here: bool,
    /// Whether blocks of another archive are to be replaced.
    pub force: bool,
}

impl Place {
    /// Where the settings say that blocks lie; `None` where they name no place.
    ///
    /// # Errors
    /// Why the place cannot be used, as text.
    pub fn of(settings: &Settings) -> Result<Option<Self>, String> {
        match settings.text(keys::STORE_ZIPNUM) {
            "" => Ok(None),
            place => Self::at(settings, place).map(Some),
        }
    }

    /// The place with that name: a folder, or `s3://BUCKET/PREFIX`.
    ///
    /// # Errors
    /// Why the place cannot be used, as text.
    pub fn at(settings: &Settings, place: &str) -> Result<Self, String> {
        if place.starts_with("s3://") {
            return changeable(settings, place).map(Self::Objects);
        }
        Ok(Self::Folder(PathBuf::from(place)))
    }

    /// What reads them.
    #[must_use]
    pub fn ranges(&self) -> Arc<dyn Ranges> {
        match self {
            Self::Folder(path) => Arc::new(Directory(path.clone())),
            Self::Objects(objects) => {
                let objects: Arc<dyn ChangeableObjects> = Arc::clone(objects);
                Arc::new(ObjectRanges(objects))
            }
        }
    }

    /// Replaces the blocks that lie there by those in the folder `staged`. [`Self::take`] comes before.
    ///
    /// # Errors
    /// When the blocks cannot be read, or not be written there.
    pub fn publish(&self, staged: &Path, requests_max: usize) -> Result<(), PublishError> {
        let done = match self {
            Self::Folder(path) => publish_folder(staged, path),
            Self::Objects(objects) => publish(staged, &**objects, requests_max),
        };
        done.map(drop)
    }

    /// Marks the place as one that an archive writes.
    ///
    /// # Errors
    /// As text, when the blocks there are of another archive, or the mark can be neither read nor written.
    pub fn take(&self, claim: Claim<'_>) -> Result<(), String> {
        let id = id_of(claim.reader.layout())?;
        let found = self.mark().map_err(|why| format!("reading {MARK}: {why}"))?;
        if found.as_ref().is_some_and(|found| found.archive == id) {
            return Ok(());
        }
        if !claim.force
            && let Some(why) = self.refusal(found.as_ref(), claim)?
        {
            let advice = match self {
                Self::Folder(_) => "or remove that folder if nothing needs it",
                Self::Objects(_) => {
                    "or replace those blocks by `pressmark export --format zipnum --force`"
                }
            };
            return Err(format!(
                "the blocks there are of another archive: {why}; give each archive a place of its own, {advice}"
            ));
        }
        let mark = Mark { archive: id, software: super::SOFTWARE.to_owned() };
        self.set_mark(&mark, found.as_ref()).map_err(|why| format!("writing {MARK}: {why}"))
    }

    /// Why an archive whose mark is not there must not write there; `None` where it may.
    fn refusal(&self, found: Option<&Found>, claim: Claim<'_>) -> Result<Option<String>, String> {
        if found.is_none() && claim.was_here {
            return Ok(None);
        }
        let foreign = format!("{MARK} names another archive than this one");
        match self.ranges().version(IDX) {
            Ok(_) => {}
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                return Ok(found.is_some().then_some(foreign));
            }
            Err(why) => return Err(format!("reading {IDX}: {why}")),
        }
        Ok(match self.files(claim.reader)? {
            Files::Strange(file) => Some(format!("{file} is not a WARC file of this archive")),
            Files::Known { is_own } if found.is_some() && !is_own => Some(foreign),
            Files::Known { .. } => None,
        })
    }

    /// Which WARC files the captures in the blocks lie in.
    fn files(&self, reader: &Reader) -> Result<Files, String> {
        let marks = reader.marks().map_err(|why| why.to_string())?;
        let known: BTreeSet<Arc<str>> = marks.into_iter().map(|mark| mark.file).collect();
        let blocks = ShardCaptures::new(self.ranges(), Arc::new(SystemClock));
        let mut seen = BTreeSet::new();
        for capture in blocks.scan(&Query::everything()) {
            let file = capture.map_err(|why| why.to_string())?.file;
            if !known.contains(&file) {
                return Ok(Files::Strange(file));
            }
            seen.insert(file);
        }
        Ok(Files::Known { is_own: seen.iter().any(|file| reader.is_own(file)) })
    }

    /// The mark that is there.
    fn mark(&self) -> io::Result<Option<Found>> {
        let (bytes, etag) = match self {
            Self::Folder(path) => match fs::read(path.join(MARK)) {
                Ok(bytes) => (bytes, String::new()),
                Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(why) => return Err(why),
            },
            Self::Objects(objects) => {
                let Some(there) = objects.head(MARK).map_err(io::Error::other)? else {
                    return Ok(None);
                };
                let upto = there.bytes.min(MARK_BYTES_MAX);
                let bytes = match upto {
                    0 => Ok(Vec::new()),
                    upto => received(&objects.read(MARK, 0..upto, &there.etag)),
                };
                (bytes.map_err(io::Error::other)?, there.etag)
            }
        };
        let archive = serde_json::from_slice(&bytes)
            .map_or_else(|_| String::new(), |mark: Mark| mark.archive);
        Ok(Some(Found { archive, etag }))
    }

    /// Writes the mark in the place of the one that was found, and of no other.
    fn set_mark(&self, mark: &Mark, found: Option<&Found>) -> io::Result<()> {
        let bytes = serde_json::to_vec(mark)?;
        match self {
            Self::Folder(folder) => {
                fs::create_dir_all(folder)?;
                let mut file = tempfile::NamedTempFile::new_in(folder)?;
                file.write_all(&bytes)?;
                file.as_file().sync_all()?;
                let path = folder.join(MARK);
                match found {
                    None => file.persist_noclobber(path)?,
                    Some(_) => file.persist(path)?,
                };
                fs::File::open(folder)?.sync_all()
            }
            Self::Objects(objects) => {
                let digest = DigestAlgorithm::Sha256.digest(&bytes);
                let sha256: String = digest.as_bytes().iter().map(|b| format!("{b:02x}")).collect();
                let over = found.map_or(Over::Nothing, |found| Over::This(&found.etag));
                let written = objects.write(MARK, &bytes, &sha256, over);
                written.map(drop).map_err(|why| io::Error::other(with_reason(&why)))
            }
        }
    }
}

/// Which WARC files captures lie in.
enum Files {
    /// One that the archive does not have.
    Strange(Arc<str>),
    /// The archive has all of them.
    Known {
        /// Whether it wrote one of them.
        is_own: bool,
    },
}

fn with_reason(why: &ObjectError) -> String {
    match why.kind {
        ObjectErrorKind::Exists | ObjectErrorKind::Changed => {
            format!("another process wrote it meanwhile ({why})")
        }
        _ => why.to_string(),
    }
}

/// The name of an archive, made once.
fn id_of(layout: &Layout) -> Result<String, String> {
    let failed = |why: io::Error| format!("{}: {why}", layout.archive_id_file().display());
    layout.make_archive_id().map_err(failed)
}
