//! Blocks of objects that were read lately, on the local disk, up to a number of bytes.
//!
//! A block bears a checksum: one that a loss of power or a disk has corrupted is not used. Any number of
//! processes share the folder; each block appears whole or not at all. Everything here may be deleted, and what
//! cannot be written is read from the storage again.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use crate::base::{ChecksumAlgorithm, ChecksumHasher};

/// When the folder is too large, blocks are removed until this share of the limit is left.
const KEPT_PERCENT: u64 = 80;

/// The folder.
#[derive(Debug)]
pub(super) struct Cache {
    dir: PathBuf,
    bytes_max: u64,
    /// How many bytes may be written before the folder is checked again.
    room: Mutex<u64>,
}

impl Cache {
    /// Blocks in `dir`, which is made when the first one is kept. With no bytes nothing is kept.
    pub fn new(dir: &Path, bytes_max: u64) -> Self {
        Self { dir: dir.to_owned(), bytes_max, room: Mutex::new(0) }
    }

    fn path(&self, of: &str, block: u64) -> PathBuf {
        let mut hasher = ChecksumHasher::new(ChecksumAlgorithm::Blake3);
        hasher.update(of.as_bytes());
        let name: String =
            hasher.finish().as_bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        self.dir.join(&name[..2]).join(format!("{}-{block}", &name[2..]))
    }

    /// A block, where it is kept and whole. `of` names the content: the file and its entity tag.
    pub fn get(&self, of: &str, block: u64) -> Option<Vec<u8>> {
        if self.bytes_max == 0 {
            return None;
        }
        let path = self.path(of, block);
        let mut bytes = fs::read(&path).ok()?;
        let body = bytes.len().checked_sub(SUM_LEN)?;
        if sum(&bytes[..body]) != bytes[body..] {
            let _ = fs::remove_file(&path);
            return None;
        }
        bytes.truncate(body);
        // The block that was read last is removed last. Where that cannot be noted it is removed earlier.
        let now = File::options().append(true).open(&path);
        let _ = now.and_then(|file| file.set_modified(later()));
        Some(bytes)
    }

    /// Keeps a block, where that can be done.
    pub fn put(&self, of: &str, block: u64, bytes: &[u8]) {
        let length = (bytes.len() + SUM_LEN) as u64;
        if length > self.bytes_max {
            return;
        }
        let path = self.path(of, block);
        let Some(dir) = path.parent() else { return };
        let keep = || {
            fs::create_dir_all(dir)?;
            let mut file = tempfile::NamedTempFile::new_in(dir)?;
            file.write_all(bytes)?;
            file.write_all(&sum(bytes))?;
            file.persist(&path).map_err(|error| error.error)
        };
        let Ok(mut room) = self.room.lock() else { return };
        if *room < length {
            *room = self.make_room();
        }
        // A disk that is full or cannot be written keeps nothing.
        if keep().is_ok() {
            *room = room.saturating_sub(length);
        }
    }

    /// Removes the blocks that were not read for longest where there are too many; how many bytes may be
    /// added before that is to be done again.
    fn make_room(&self) -> u64 {
        let mut blocks: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for dir in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            for block in fs::read_dir(dir.path()).into_iter().flatten().flatten() {
                let Ok(about) = block.metadata() else { continue };
                let modified = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                blocks.push((modified, about.len(), block.path()));
            }
        }
        let mut total: u64 = blocks.iter().map(|(_, length, _)| length).sum();
        let kept = self.bytes_max / 100 * KEPT_PERCENT;
        if total > kept {
            blocks.sort();
            for (_, length, path) in blocks {
                if total <= kept {
                    break;
                }
                if fs::remove_file(path).is_ok() {
                    total -= length;
                }
            }
        }
        // Other processes write here as well: the folder is checked again after a part of what is left.
        (self.bytes_max.saturating_sub(total) / 2).max(1)
    }
}

const SUM_LEN: usize = 32;

fn sum(bytes: &[u8]) -> Vec<u8> {
    let mut hasher = ChecksumHasher::new(ChecksumAlgorithm::Blake3);
    hasher.update(bytes);
    hasher.finish().as_bytes().to_vec()
}

/// The time that marks a block as read just now.
fn later() -> SystemTime {
    let now = crate::base::Clock::now(&crate::base::SystemClock).unix_micros();
    let since = std::time::Duration::from_micros(u64::try_from(now).unwrap_or(0));
    SystemTime::UNIX_EPOCH + since
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_comes_back_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path(), 1 << 20);
        assert_eq!(cache.get("a", 0), None);
        cache.put("a", 0, b"block");
        assert_eq!(cache.get("a", 0).as_deref(), Some(b"block".as_slice()));
        assert_eq!(cache.get("a", 1), None);
        assert_eq!(cache.get("b", 0), None);
        let path = cache.path("a", 0);
        for spoilt in [b"blocc".to_vec(), Vec::new(), vec![0; 37]] {
            fs::write(&path, &spoilt).unwrap();
            assert_eq!(cache.get("a", 0), None);
            assert!(!path.exists() || spoilt.len() < SUM_LEN);
        }
    }

    #[test]
    fn what_was_not_read_for_longest_goes_first_and_the_limit_holds() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path(), 10_000);
        let block = vec![7; 900];
        for n in 0..40 {
            cache.put("a", n, &block);
            // Times of files are only so fine.
            std::thread::sleep(std::time::Duration::from_millis(3));
            assert!(cache.get("a", 0).is_some(), "it is read all the time");
        }
        let held = (0..40).filter(|n| cache.get("a", *n).is_some()).count();
        assert!((5..=10).contains(&held), "{held}");
        let none = Cache::new(dir.path(), 0);
        none.put("z", 0, b"x");
        assert_eq!(none.get("z", 0), None);
    }
}
