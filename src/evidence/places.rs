//! Where checkpoints are, and what is kept with them.
//!
//! ```text
//! checkpoints/000000001234                       the first thousand are here
//! checkpoints/from-000000056789/000000056789     and each thousand after that in a folder of their own
//! checkpoints/from-000000056789/000000056789.…   what is kept with one is in its folder
//! ```
//!
//! A folder is named by the smallest checkpoint that may be in it: a checkpoint is in the folder with the largest name
//! that is no larger than its size. Logs of earlier versions have all checkpoints in the first place, where they are
//! found. So the newest checkpoints are found without a listing of all of them: an archive that signs one every half
//! minute has a million a year, and three or more files for each.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::EvidenceError;
use super::checkpoint::file_name;
use super::error::io as disk;

/// This many checkpoints are in one folder; few in unit tests, so that the logs in them have several.
pub(super) const FOLDER_MAX: usize = if cfg!(test) { 20 } else { 1000 };
/// What the name of a folder begins with.
const FROM: &str = "from-";

/// The folders of the checkpoints of a log, as they were when it was opened.
#[derive(Debug, Clone)]
pub(super) struct Places {
    dir: PathBuf,
    /// The smallest size that may be in each folder, ascending. The first is 0: the directory itself.
    folders: Vec<u64>,
    /// The checkpoints in the directory itself, ascending.
    first: Vec<u64>,
}

impl Places {
    /// Those of the log below `evidence`; none where there is no log.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub(super) fn open(evidence: &Path) -> Result<Self, EvidenceError> {
        let dir = evidence.join("checkpoints");
        let (mut folders, mut first) = (vec![0], Vec::new());
        let names = names_in(&dir).map_err(disk("listing", &dir))?;
        for name in &names {
            if let Some(size) = size_of(name) {
                first.push(size);
            } else if let Some(from) = name.strip_prefix(FROM).and_then(size_of) {
                folders.push(from);
            }
        }
        folders.sort_unstable();
        folders.dedup();
        first.sort_unstable();
        Ok(Self { dir, folders, first })
    }

    /// The folders, by the smallest size that may be in each, ascending.
    pub(super) fn folders(&self) -> &[u64] {
        &self.folders
    }

    /// The folder that a checkpoint of this size is in.
    pub(super) fn folder_of(&self, size: u64) -> u64 {
        let after = self.folders.partition_point(|from| *from <= size);
        after.checked_sub(1).and_then(|at| self.folders.get(at)).copied().unwrap_or(0)
    }

    /// The directory of a folder.
    pub(super) fn dir_of(&self, folder: u64) -> PathBuf {
        match folder {
            0 => self.dir.clone(),
            from => self.dir.join(folder_name(from)),
        }
    }

    /// The path of a checkpoint, or of what is kept beside it with `end`, for instance `.cosignatures`.
    pub(super) fn path(&self, size: u64, end: &str) -> PathBuf {
        self.dir_of(self.folder_of(size)).join(format!("{}{end}", file_name(size)))
    }

    /// The path of a checkpoint below the archive root, for messages.
    pub(super) fn name(&self, size: u64) -> String {
        match self.folder_of(size) {
            0 => format!("evidence/checkpoints/{}", file_name(size)),
            from => format!("evidence/checkpoints/{}/{}", folder_name(from), file_name(size)),
        }
    }

    /// The checkpoints in a folder, ascending.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub(super) fn sizes_in(&self, folder: u64) -> Result<Vec<u64>, EvidenceError> {
        if folder == 0 {
            return Ok(self.first.clone());
        }
        let dir = self.dir_of(folder);
        let names = names_in(&dir).map_err(disk("listing", &dir))?;
        let mut sizes: Vec<u64> = names.iter().filter_map(|name| size_of(name)).collect();
        sizes.sort_unstable();
        Ok(sizes)
    }

    /// All checkpoints, ascending.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub(super) fn sizes(&self) -> Result<Vec<u64>, EvidenceError> {
        let mut sizes = Vec::new();
        for folder in &self.folders {
            sizes.extend(self.sizes_in(*folder)?);
        }
        // A checkpoint in the wrong folder is not part of the log, which is reported when it is read.
        sizes.sort_unstable();
        Ok(sizes)
    }

    /// The newest checkpoint.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub(super) fn newest(&self) -> Result<Option<u64>, EvidenceError> {
        for folder in self.folders.iter().rev() {
            // Empty where a process died between the folder and its first checkpoint.
            if let Some(size) = self.sizes_in(*folder)?.last() {
                return Ok(Some(*size));
            }
        }
        Ok(None)
    }

    /// The oldest checkpoint.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub(super) fn oldest(&self) -> Result<Option<u64>, EvidenceError> {
        for folder in &self.folders {
            if let Some(size) = self.sizes_in(*folder)?.first() {
                return Ok(Some(*size));
            }
        }
        Ok(None)
    }

    /// The size from which on checkpoints are recent: the last two folders. What is added to a checkpoint after it was
    /// signed is added while it is among these.
    pub(super) fn recent(&self) -> u64 {
        self.folders.iter().rev().nth(1).copied().unwrap_or(0)
    }

    /// The path for a new checkpoint, larger than all others; its folder is there when this returns.
    ///
    /// # Errors
    /// When the folder cannot be listed or made.
    pub(super) fn place(&mut self, size: u64) -> Result<PathBuf, EvidenceError> {
        let folder = self.folder_of(size);
        let is_last = self.folders.last() == Some(&folder);
        if is_last && folder < size && self.sizes_in(folder)?.len() >= FOLDER_MAX {
            let dir = self.dir_of(size);
            crate::store::durable::make_dirs(&dir).map_err(disk("making", &dir))?;
            self.folders.push(size);
        } else if folder == 0 && !self.first.contains(&size) {
            self.first.push(size);
        }
        Ok(self.path(size, ""))
    }

    /// The files in a folder that are kept with checkpoints: size, what follows the size in the name, path.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub(super) fn beside_in(
        &self,
        folder: u64,
    ) -> Result<Vec<(u64, String, PathBuf)>, EvidenceError> {
        let dir = self.dir_of(folder);
        let names = names_in(&dir).map_err(disk("listing", &dir))?;
        let beside = names.into_iter().filter_map(|name| {
            let (size, rest) = name.split_once('.')?;
            let (size, rest) = (size.parse().ok()?, rest.to_owned());
            Some((size, rest, dir.join(name)))
        });
        Ok(beside.collect())
    }
}

fn folder_name(from: u64) -> String {
    format!("{FROM}{}", file_name(from))
}

/// The size that a checkpoint of this file name has; `None` for other files.
fn size_of(name: &str) -> Option<u64> {
    name.parse::<u64>().ok().filter(|size| file_name(*size) == name)
}

/// The names in a directory; none where it is not there.
fn names_in(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(why),
    };
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(places: &mut Places, size: u64) {
        fs::write(places.place(size).unwrap(), "").unwrap();
    }

    #[test]
    fn checkpoints_per_folder_are_limited_and_all_are_found() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("checkpoints")).unwrap();
        let mut places = Places::open(dir.path()).unwrap();
        assert_eq!((places.newest().unwrap(), places.oldest().unwrap()), (None, None));
        let max = FOLDER_MAX as u64;
        let sizes: Vec<u64> = (1..=max * 5 / 2).map(|n| n * 3).collect();
        let (second, third) = ((max + 1) * 3, (2 * max + 1) * 3);
        for size in &sizes {
            write(&mut places, *size);
            if size % 7 == 0 {
                places = Places::open(dir.path()).unwrap();
            }
        }
        let again = Places::open(dir.path()).unwrap();
        for places in [&places, &again] {
            assert_eq!(places.folders(), [0, second, third]);
            assert_eq!(places.sizes().unwrap(), sizes);
            assert_eq!(
                (places.newest().unwrap(), places.oldest().unwrap()),
                (sizes.last().copied(), Some(3))
            );
            assert_eq!(places.recent(), second);
            assert!(sizes.iter().all(|size| places.path(*size, "").exists()));
        }
        assert_eq!(again.name(3), "evidence/checkpoints/000000000003");
        let name = file_name(second);
        assert_eq!(again.name(second), format!("evidence/checkpoints/from-{name}/{name}"));
        fs::write(again.path(second, ".a.tsr"), "").unwrap();
        let beside = again.beside_in(second).unwrap();
        assert_eq!(beside.len(), 1);
        assert_eq!((beside[0].0, beside[0].1.as_str()), (second, "a.tsr"));
    }

    #[test]
    fn a_folder_whose_first_checkpoint_never_came_holds_up_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("checkpoints")).unwrap();
        let mut places = Places::open(dir.path()).unwrap();
        let max = FOLDER_MAX as u64;
        (1..=max).for_each(|size| write(&mut places, size));
        drop(places.place(max + 50).unwrap());
        let mut places = Places::open(dir.path()).unwrap();
        assert_eq!(places.newest().unwrap(), Some(max));
        // The lost checkpoint was larger than the next one that is signed.
        write(&mut places, max + 20);
        write(&mut places, max + 60);
        let places = Places::open(dir.path()).unwrap();
        assert_eq!(places.folders(), [0, max + 50]);
        assert_eq!(places.newest().unwrap(), Some(max + 60));
        assert!([1, max, max + 20, max + 60].iter().all(|size| places.path(*size, "").exists()));
    }
}
