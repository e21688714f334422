//! Uploads the files of a folder to an object storage, so that a concurrent reader sees one state of them.
//!
//! Files of blocks get names of their content, and are sent first. The index over them, which names them, is replaced as
//! a whole behind that, and only where it is still the one that was there before. The files of the earlier index stay for
//! readers that have read it; older ones are removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::reader::read_index;
use super::{IDX, LOC};
use crate::archive::{ChangeableObjects, ObjectError, ObjectErrorKind, Over, received, send_over};
use crate::base::{DigestAlgorithm, Hasher};

/// What files of blocks begin with.
const SHARD: &str = "cdx-";

/// What was published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Published {
    /// Files of blocks.
    pub shards: usize,
    /// Older ones that were removed.
    pub removed: usize,
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A file of the folder cannot be read.
    #[error("reading {file}: {why}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        why: io::Error,
    },
    /// The storage failed. Its contents are the old state, or the complete new one.
    #[error(transparent)]
    Objects(#[from] ObjectError),
}

/// Uploads the files that a [`ShardWriter`](super::ShardWriter) made in `dir` to `objects`. Run again after a failure it sends
/// what is missing.
///
/// # Errors
/// When a file cannot be read, the storage fails, or another process published meanwhile.
pub fn publish(
    dir: &Path,
    objects: &dyn ChangeableObjects,
    requests_max: usize,
) -> Result<Published, PublishError> {
    let read = |name: &str| {
        let failed = |why| PublishError::Read { file: name.to_owned(), why };
        std::fs::read(dir.join(name)).map_err(failed)
    };
    let before = objects.head(IDX)?;
    let there = match &before {
        Some(there) => whole(objects, there.bytes, &there.etag)?,
        None => Vec::new(),
    };
    let mut kept = names(&there);
    let Named { index: fresh, loc, shards } = Named::of(&read(IDX)?, objects.place());
    for (shard, key) in &shards {
        let failed = |why| PublishError::Read { file: shard.clone(), why };
        let mut file = File::open(dir.join(shard)).map_err(failed)?;
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        let bytes = io::copy(&mut file, &mut hasher).map_err(failed)?;
        let sha256 = text_of(hasher.finish().as_bytes());
        send_over(objects, key, (&Arc::new(file), bytes, &sha256), requests_max)?;
        kept.insert(key.clone());
    }
    // pywb finds the files by this list, and the blocks by the index.
    let listed = objects.head(LOC)?;
    let listed = listed.as_ref().map_or(Over::Nothing, |there| Over::This(&there.etag));
    objects.write(LOC, loc.as_bytes(), &hex(loc.as_bytes()), listed)?;
    let over = before.as_ref().map_or(Over::Nothing, |there| Over::This(&there.etag));
    objects.write(IDX, fresh.as_bytes(), &hex(fresh.as_bytes()), over)?;
    let mut old = Vec::new();
    // What was there before a run that failed behind this point may still be read: the next state clears it.
    if there == fresh.as_bytes() {
        return Ok(Published { shards: shards.len(), removed: 0 });
    }
    objects.list(SHARD, &mut |object| {
        if !kept.contains(&object.key) && object.key.ends_with(".gz") {
            old.push(object.key);
        }
        ControlFlow::Continue(())
    })?;
    for key in &old {
        objects.remove(key)?;
    }
    Ok(Published { shards: shards.len(), removed: old.len() })
}

/// Puts the files that a [`ShardWriter`](super::ShardWriter) made in `dir` into a folder, in the place of those that lie there,
/// as [`publish`] does it: a concurrent reader sees one state of them.
///
/// # Errors
/// When a file cannot be read or written.
pub fn publish_folder(dir: &Path, folder: &Path) -> Result<Published, PublishError> {
    let failed = |name: &str| {
        let file = name.to_owned();
        move |why| PublishError::Read { file, why }
    };
    std::fs::create_dir_all(folder).map_err(failed(&folder.display().to_string()))?;
    let place = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let before = match std::fs::read(folder.join(IDX)) {
        Ok(bytes) => bytes,
        Err(why) if why.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(why) => return Err(failed(IDX)(why)),
    };
    let mut kept = names(&before);
    let index = std::fs::read(dir.join(IDX)).map_err(failed(IDX))?;
    let Named { index: fresh, loc, shards } = Named::of(&index, &place.display().to_string());
    for (shard, name) in &shards {
        let mut from = File::open(dir.join(shard)).map_err(failed(shard))?;
        put(folder, name, &mut from).map_err(failed(name))?;
        kept.insert(name.clone());
    }
    put(folder, LOC, &mut loc.as_bytes()).map_err(failed(LOC))?;
    put(folder, IDX, &mut fresh.as_bytes()).map_err(failed(IDX))?;
    let mut removed = 0;
    let there = std::fs::read_dir(folder).map_err(failed(IDX))?;
    for entry in there.flatten().filter(|_| before != fresh.as_bytes()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_old = name.starts_with(SHARD) && name.ends_with(".gz") && !kept.contains(&name);
        if is_old && std::fs::remove_file(entry.path()).is_ok() {
            removed += 1;
        }
    }
    Ok(Published { shards: shards.len(), removed })
}

/// Makes or replaces a file of a folder, which has it whole or as it was.
fn put(folder: &Path, name: &str, bytes: &mut dyn io::Read) -> io::Result<()> {
    let fresh = folder.join(format!("{name}.new"));
    let mut file = File::create(&fresh)?;
    io::copy(bytes, &mut file)?;
    file.sync_all()?;
    std::fs::rename(&fresh, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// An index over blocks whose files have names of their content.
struct Named {
    index: String,
    loc: String,
    /// The files by the names that they had and have.
    shards: BTreeMap<String, String>,
}

impl Named {
    /// That of an index as it was written, for files that come to lie at a place.
    fn of(index: &[u8], place: &str) -> Self {
        // The index has the lengths and first lines of all blocks: another content has another name.
        let name = &hex(index)[..12];
        let text = String::from_utf8_lossy(index);
        let mut fresh = String::with_capacity(index.len() + index.len() / 8);
        let mut loc = String::new();
        let mut shards = BTreeMap::new();
        for line in text.lines() {
            let mut parts: Vec<&str> = line.split('\t').collect();
            let shard = parts.get(1).copied().unwrap_or_default().to_owned();
            let named = shard.replacen(SHARD, &format!("{SHARD}{name}-"), 1);
            if let Some(part) = parts.get_mut(1) {
                *part = &named;
            }
            fresh.push_str(&parts.join("\t"));
            fresh.push('\n');
            if shards.insert(shard, named.clone()).is_none() {
                loc.push_str(&format!("{named}\t{place}/{named}\n"));
            }
        }
        Self { index: fresh, loc, shards }
    }
}

/// The files that an index names; none where it is not an index.
fn names(index: &[u8]) -> BTreeSet<String> {
    let blocks = read_index(index).unwrap_or_default();
    blocks.iter().map(|block| block.shard.to_string()).collect()
}

fn whole(objects: &dyn ChangeableObjects, bytes: u64, etag: &str) -> Result<Vec<u8>, ObjectError> {
    if bytes == 0 {
        return Ok(Vec::new());
    }
    match received(&objects.read(IDX, 0..bytes, etag)) {
        Err(why) if why.kind == ObjectErrorKind::Missing => Ok(Vec::new()),
        read => read,
    }
}

fn hex(bytes: &[u8]) -> String {
    text_of(DigestAlgorithm::Sha256.digest(bytes).as_bytes())
}

fn text_of(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
