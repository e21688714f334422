//! The WARC files that the index knows, by number and by name, and how far each has been read.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use super::value::{self, ValueError};
use super::{FileId, IndexError, key};
use crate::archive::FileMark;
use crate::kv::{Batch, Tree};

/// What the index knows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileState {
    /// Its number; never given to another file.
    pub id: FileId,
    /// Its name now, relative to where the archive keeps its WARC files.
    pub name: Arc<str>,
    /// The high-water mark: every record that ends at or before this offset is in the index.
    pub indexed_to: u64,
    /// Its size, once nothing more is appended.
    pub sealed_size: Option<u64>,
}

impl FileState {
    pub(super) fn into_mark(self) -> FileMark {
        let Self { id: _, name, indexed_to, sealed_size } = self;
        FileMark { file: name, indexed_to, sealed_size }
    }
}

/// The files table. All of it is kept in memory beside the tree, since every line that is printed
/// needs a name, and an archive has thousands of files and not millions.
pub(super) struct Files {
    tree: Tree,
    // A lock for many readers: names are looked up for every printed line and change once a file.
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    by_id: BTreeMap<FileId, FileState>,
    by_name: HashMap<Arc<str>, FileId>,
    /// The marks that the tree has, of files whose mark has moved on since.
    saved: BTreeMap<FileId, u64>,
}

/// A mark is written when it has moved by this many bytes. What is beyond it is read again after
/// a crash, and records that are in the index already stay as they are.
const MARK_EVERY: u64 = 8 << 20;

const VERSION: u8 = 1;

impl Files {
    pub(super) fn load(tree: Tree) -> Result<Self, IndexError> {
        let mut known = Known::default();
        for entry in tree.scan_prefix(b"i") {
            let (key, value) = entry?;
            let state = key::parse_file(&key)
                .ok_or(ValueError::Bad("a file number"))
                .and_then(|id| decode(id, &value))
                .map_err(|source| IndexError::Value {
                    key: key.escape_ascii().to_string(),
                    source,
                })?;
            known.by_name.insert(Arc::clone(&state.name), state.id);
            known.by_id.insert(state.id, state);
        }
        Ok(Self { tree, known: RwLock::new(known) })
    }

    /// The number of the file of that name, given now where it has none.
    pub(super) fn id(&self, name: &str) -> Result<FileId, IndexError> {
        if let Some(state) = self.named(name) {
            return Ok(state.id);
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = known.by_name.get(name) {
            return Ok(*id);
        }
        let id = known.by_id.last_key_value().map_or(FileId(0), |(last, _)| FileId(last.0 + 1));
        let state = FileState { id, name: name.into(), indexed_to: 0, sealed_size: None };
        self.store(&state, None)?;
        known.by_name.insert(Arc::clone(&state.name), id);
        known.by_id.insert(id, state);
        Ok(id)
    }

    pub(super) fn name(&self, id: FileId) -> Option<Arc<str>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.by_id.get(&id).map(|state| Arc::clone(&state.name))
    }

    pub(super) fn named(&self, name: &str) -> Option<FileState> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.by_id.get(known.by_name.get(name)?).cloned()
    }

    pub(super) fn all(&self) -> Vec<FileState> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.by_id.values().cloned().collect()
    }

    pub(super) fn mark(
        &self,
        id: FileId,
        indexed_to: u64,
        sealed_size: Option<u64>,
    ) -> Result<(), IndexError> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut state = known.by_id.get(&id).cloned().ok_or(IndexError::UnknownFile(id))?;
        let saved = known.saved.get(&id).copied().unwrap_or(state.indexed_to);
        state.indexed_to = indexed_to;
        state.sealed_size = sealed_size.or(state.sealed_size);
        if sealed_size.is_some() || indexed_to < saved || indexed_to - saved >= MARK_EVERY {
            self.store(&state, None)?;
            known.saved.remove(&id);
        } else {
            known.saved.insert(id, saved);
        }
        known.by_id.insert(id, state);
        Ok(())
    }

    /// Writes the marks that have moved since they were written.
    pub(super) fn save_marks(&self) -> Result<(), IndexError> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        while let Some((id, _)) = known.saved.first_key_value() {
            let id = *id;
            if let Some(state) = known.by_id.get(&id) {
                self.store(state, None)?;
            }
            known.saved.remove(&id);
        }
        Ok(())
    }

    fn store(&self, state: &FileState, old_name: Option<&str>) -> Result<(), IndexError> {
        let mut batch = Batch::default();
        if let Some(old) = old_name {
            batch.remove(&key::file_name(old));
        }
        batch.insert(&key::file_name(&state.name), &state.id.0.to_be_bytes());
        batch.insert(&key::file(state.id), &encode(state));
        Ok(self.tree.apply(batch)?)
    }
}

/// `version = 01 | mark | sealed size + 1, or 0 | name`, numbers in LEB128.
fn encode(state: &FileState) -> Vec<u8> {
    let mut out = vec![VERSION];
    value::put(&mut out, state.indexed_to);
    value::put(&mut out, state.sealed_size.map_or(0, |size| size.saturating_add(1)));
    out.extend_from_slice(state.name.as_bytes());
    out
}

fn decode(id: FileId, bytes: &[u8]) -> Result<FileState, ValueError> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => {
            let ([indexed_to, sealed], name) = value::numbers(rest)?;
            let name = std::str::from_utf8(name).map_err(|_| ValueError::Bad("a file name"))?;
            let sealed_size = sealed.checked_sub(1);
            Ok(FileState { id, name: name.into(), indexed_to, sealed_size })
        }
        Some((newer, _)) => Err(ValueError::Newer(*newer)),
        None => Err(ValueError::Short),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_state_is_read_back_and_odd_bytes_are_refused() {
        let state = FileState {
            id: FileId(7),
            name: "a-20251105.warc.gz".into(),
            indexed_to: 1 << 40,
            sealed_size: Some(0),
        };
        assert_eq!(decode(FileId(7), &encode(&state)).unwrap(), state);
        let open = FileState { sealed_size: None, ..state };
        assert_eq!(decode(FileId(7), &encode(&open)).unwrap(), open);
        for bytes in [&b""[..], b"\x02", b"\x01", b"\x01\xff", b"\x01\x00\x00\xff"] {
            assert!(decode(FileId(0), bytes).is_err(), "{bytes:x?}");
        }
    }
}
