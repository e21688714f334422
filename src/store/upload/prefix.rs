//! The object that names the archive to which a prefix belongs.
//!
//! It is made where there is none, and never written over: of two archives that are given one prefix, the second finds
//! the name of the first. Its contents are those of `ARCHIVE-ID` in the archive. Prefixes from before that object are
//! taken by the archive whose ledger has files there.

use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::archive::{FilePart, ObjectError, ObjectErrorKind, Objects, received};
use crate::base::DigestAlgorithm;
use crate::store::Layout;
use crate::store::bucket::{hex, is_place};
use crate::store::durable::make_whole;

/// The object that names the archive.
pub const MARK: &str = "written-by";

/// Longer objects of that name are not of this program.
const MARK_BYTES_MAX: u64 = 1_000;

/// Why an archive does not use a prefix.
#[derive(Debug, thiserror::Error)]
pub enum PrefixError {
    /// The storage did not answer.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The name of this archive could not be read or made.
    #[error("ARCHIVE-ID: {0}")]
    Disk(#[from] io::Error),
    /// It is another archive's.
    #[error(
        "{place} belongs to another archive: its object {MARK} names {other}, and nothing is sent to it; give each archive its own prefix in store.remote (if {other} is this archive, restored without its file ARCHIVE-ID, put the contents of that object into ARCHIVE-ID)"
    )]
    Other {
        /// The prefix.
        place: String,
        /// The name of the other archive.
        other: String,
    },
    /// It has files of an archive whose name is not there.
    #[error(
        "{place} has WARC files that are not of this archive ({file} among them), and nothing is sent to it; give each archive its own prefix in store.remote (if they are of this archive, put its file ARCHIVE-ID there as the object {MARK})"
    )]
    Unknown {
        /// The prefix.
        place: String,
        /// The first of them.
        file: String,
    },
}

/// Whose a prefix is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holder {
    /// No archive is named there.
    Nobody,
    /// This archive.
    Own,
}

/// Whose the prefix is, as far as it says so.
///
/// # Errors
/// When it is another archive's, or cannot be asked.
pub(super) fn holder(objects: &dyn Objects, layout: &Layout) -> Result<Holder, PrefixError> {
    // A listing names the reason of a refusal, which the answer to a HEAD has no room for.
    let mut there = None;
    objects.list(MARK, &mut |object| {
        there = there.take().or(Some(object).filter(|object| object.key == MARK));
        ControlFlow::Continue(())
    })?;
    let Some(there) = there else { return Ok(Holder::Nobody) };
    let mut name = "an archive that cannot be told".to_owned();
    if (1..=MARK_BYTES_MAX).contains(&there.bytes) {
        let bytes = received(&objects.read(MARK, 0..there.bytes, ""))?;
        String::from_utf8_lossy(&bytes).trim().clone_into(&mut name);
    }
    if layout.archive_id()?.is_some_and(|own| own == name) {
        return Ok(Holder::Own);
    }
    let other = name.escape_debug().to_string();
    Err(PrefixError::Other { place: objects.place().to_owned(), other })
}

/// Refuses files of another archive in a prefix that names none: an archive that has files knows none of those there.
/// An archive without any is one that is restored from the prefix.
///
/// # Errors
/// When the archive does not know them, or its own files cannot be listed.
pub(super) fn refuse_unknown<'a>(
    layout: &Layout,
    place: &str,
    files: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), PrefixError> {
    let Some(first) = files.clone().next() else { return Ok(()) };
    let is_new = layout.warc_files().map_err(io::Error::other)?.is_empty();
    let mut known = files.filter(|file| layout.root().join(file).exists());
    if is_new || known.next().is_some() {
        return Ok(());
    }
    // The advice names it.
    layout.make_archive_id()?;
    Err(PrefixError::Unknown { place: place.to_owned(), file: first.to_owned() })
}

/// Makes sure that the prefix names this archive. Only the writer of the archive does this.
///
/// # Errors
/// When it is another archive's, or the storage or the disk does not do it.
pub(super) fn claim(objects: &dyn Objects, layout: &Layout) -> Result<(), PrefixError> {
    if holder(objects, layout)? == Holder::Own {
        return Ok(());
    }
    if layout.ledger().there()?.is_empty() {
        let mut files = Vec::new();
        objects.list("", &mut |object| {
            files.extend(Some(object.key).filter(|key| is_place(key)));
            ControlFlow::Continue(())
        })?;
        refuse_unknown(layout, objects.place(), files.iter().map(String::as_str))?;
    }
    let id = layout.make_archive_id()?;
    let file = Arc::new(File::open(layout.archive_id_file())?);
    let length = file.metadata()?.len();
    let digest = DigestAlgorithm::Sha256.digest(format!("{id}\n").as_bytes());
    let part = FilePart { file, range: 0..length };
    match objects.put(MARK, part, &hex(digest.as_bytes())) {
        Ok(_) => Ok(()),
        // It may be our own, of a request whose answer was lost.
        Err(why) if why.kind == ObjectErrorKind::Exists => match holder(objects, layout)? {
            Holder::Own => Ok(()),
            Holder::Nobody => Err(why.into()),
        },
        Err(why) => Err(why.into()),
    }
}

impl Layout {
    /// The name of the archive, for what it writes elsewhere; `None` where it has none yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn archive_id(&self) -> io::Result<Option<String>> {
        match std::fs::read_to_string(self.archive_id_file()) {
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|id| !id.is_empty())),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// The name of the archive, a random UUID, made where it has none.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn make_archive_id(&self) -> io::Result<String> {
        if let Some(id) = self.archive_id()? {
            return Ok(id);
        }
        let id = uuid::Uuid::new_v4().to_string();
        let text = format!("{id}\n");
        let write = |mut file: &File| file.write_all(text.as_bytes());
        make_whole(&self.archive_id_file(), |why| why, write)?;
        Ok(id)
    }
}
