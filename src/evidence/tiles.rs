//! The hashes of the log on disk, as c2sp.org/tlog-tiles lays them out, and the right edge of the
//! tree in memory.
//!
//! ```text
//! tile/0/x001/x234/067       256 leaf hashes, 32 bytes each
//! tile/1/001                 256 roots of tiles of level 0, and so on up
//! tile/0/x001/x234/068.p/17  the last tile of a level, so far 17 hashes wide
//! tile/entries/x001/x234/067 256 entries: length (u16, big endian) and bytes
//! ```
//!
//! Hashing and proofs are those of the `tlog_tiles` crate; this file owns names and bytes. A full
//! tile is written once it is full. A partial one is written with each checkpoint, and the one of
//! the checkpoint before is removed after that, which the specification leaves to the log once
//! nothing needs it: all proofs here are made from the newest tiles.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tlog_tiles::{HASH_SIZE, Hash, HashReader, Tile};

use super::leaf::ENTRY_LEN;

/// The height of a tile: the specification knows no other.
pub const HEIGHT: u8 = 8;
/// How many hashes a full tile holds.
pub const WIDTH: u64 = 1 << HEIGHT;
/// The length of an entry with its length in front.
pub const BUNDLED_LEN: usize = ENTRY_LEN + 2;

/// The name of a tile below the log's directory; `width` is 256 for a full one.
#[must_use]
pub fn tile_name(level: Level, number: u64, width: u64) -> String {
    let mut name = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        name = format!("x{:03}/{name}", rest % 1000);
        rest /= 1000;
    }
    let level = match level {
        Level::Entries => "entries".to_owned(),
        Level::Hashes(level) => level.to_string(),
    };
    if width == WIDTH {
        format!("tile/{level}/{name}")
    } else {
        format!("tile/{level}/{name}.p/{width}")
    }
}

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Entries.
    Entries,
    /// Hashes of this level.
    Hashes(u8),
}

/// The tiles of a log.
#[derive(Debug, Clone)]
pub struct TileDir {
    root: PathBuf,
}

impl TileDir {
    /// Those below this directory; nothing is touched.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The path of a tile.
    #[must_use]
    pub fn path(&self, level: Level, number: u64, width: u64) -> PathBuf {
        self.root.join(tile_name(level, number, width))
    }

    /// Reads a tile of a log of this size, full or partial.
    ///
    /// # Errors
    /// When it is missing, or not as long as it should be.
    pub fn read(&self, level: Level, number: u64, size: u64) -> io::Result<Vec<u8>> {
        let (shift, each) = match level {
            Level::Entries => (0, BUNDLED_LEN),
            Level::Hashes(level) => (u32::from(HEIGHT) * u32::from(level), HASH_SIZE),
        };
        let there = size.checked_shr(shift).unwrap_or(0);
        let width = there.saturating_sub(number * WIDTH).min(WIDTH);
        if width == 0 {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the log has no such tile"));
        }
        let bytes = fs::read(self.path(level, number, width))?;
        if bytes.len() as u64 != width * each as u64 {
            let why =
                format!("it should hold {width} of {each} bytes, but is {} long", bytes.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        Ok(bytes)
    }

    fn write(&self, level: Level, number: u64, width: u64, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.path(level, number, width);
        // The newest checkpoint may need it as it is, and a tile that is written again is empty for
        // a moment.
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(path);
        }
        // A tile that an unfinished run left is beyond every checkpoint, and is written again.
        let mut file = match fs::File::create(&path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                path.parent().map_or(Ok(()), fs::create_dir_all)?;
                fs::File::create(&path)?
            }
            made => made?,
        };
        file.write_all(bytes)?;
        Ok(path)
    }
}

/// The unfinished tile of each level: all that is needed to append and to know the root.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<u8>>,
    entries: Vec<u8>,
}

/// A tile that has become full.
#[derive(Debug)]
pub struct Full {
    /// What it holds.
    pub level: Level,
    /// Which of its level.
    pub number: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Edge {
    /// The edge of a log of this size.
    ///
    /// # Errors
    /// When a tile of the edge is missing or of the wrong length.
    pub fn read(tiles: &TileDir, size: u64) -> io::Result<Self> {
        let mut edge = Self { size, ..Self::default() };
        for level in 0.. {
            let there = size.checked_shr(u32::from(HEIGHT) * u32::from(level)).unwrap_or(0);
            if there == 0 {
                break;
            }
            let named = |why: io::Error| {
                let name = tile_name(Level::Hashes(level), there / WIDTH, there % WIDTH);
                io::Error::new(why.kind(), format!("{name}: {why}"))
            };
            edge.levels.push(if there % WIDTH == 0 {
                Vec::new()
            } else {
                tiles.read(Level::Hashes(level), there / WIDTH, size).map_err(named)?
            });
        }
        if !size.is_multiple_of(WIDTH) {
            edge.entries = tiles.read(Level::Entries, size / WIDTH, size)?;
        }
        Ok(edge)
    }

    /// How many leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf; the tiles that became full by it are handed to `full`.
    ///
    /// # Errors
    /// What `full` answers.
    pub fn push<E>(
        &mut self,
        entry: &[u8; ENTRY_LEN],
        hash: Hash,
        full: &mut dyn FnMut(Full) -> Result<(), E>,
    ) -> Result<(), E> {
        self.entries.extend((ENTRY_LEN as u16).to_be_bytes());
        self.entries.extend(entry);
        self.size += 1;
        if self.size.is_multiple_of(WIDTH) {
            let bytes = std::mem::take(&mut self.entries);
            full(Full { level: Level::Entries, number: self.size / WIDTH - 1, bytes })?;
        }
        let (mut level, mut hash) = (0_u8, hash);
        loop {
            let at = usize::from(level);
            if self.levels.len() == at {
                self.levels.push(Vec::new());
            }
            self.levels[at].extend(hash.0);
            if self.levels[at].len() < HASH_SIZE << HEIGHT {
                return Ok(());
            }
            let bytes = std::mem::take(&mut self.levels[at]);
            hash = Tile::subtree_hash(&bytes);
            let number = (self.size >> (u32::from(HEIGHT) * (u32::from(level) + 1))) - 1;
            full(Full { level: Level::Hashes(level), number, bytes })?;
            level += 1;
        }
    }

    /// The tiles that are not full.
    pub fn partial(&self) -> impl Iterator<Item = (Level, u64, u64, &[u8])> {
        let hashes = self.levels.iter().enumerate().map(|(level, bytes)| {
            let number = self.size >> (usize::from(HEIGHT) * (level + 1));
            let level = u8::try_from(level).unwrap_or(u8::MAX);
            (Level::Hashes(level), number, (bytes.len() / HASH_SIZE) as u64, bytes.as_slice())
        });
        let width = (self.entries.len() / BUNDLED_LEN) as u64;
        let entries = (Level::Entries, self.size / WIDTH, width, self.entries.as_slice());
        hashes.chain([entries]).filter(|(_, _, width, _)| *width > 0)
    }

    /// The root hash over all leaves.
    ///
    /// # Errors
    /// Never where the edge was read or made here.
    pub fn root(&self) -> Result<Hash, tlog_tiles::Error> {
        tlog_tiles::tree_hash(self.size, self)
    }
}

impl HashReader for Edge {
    /// Only what is in unfinished tiles, which is what a root is made of.
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let one = |index: &u64| {
            let tile = Tile::from_index(HEIGHT, *index);
            let bytes = self.levels.get(usize::from(tile.level()));
            bytes
                .ok_or(tlog_tiles::Error::IndexesNotInTree)
                .and_then(|b| tile.hash_at_index(b, *index))
        };
        indexes.iter().map(one).collect()
    }
}

/// Writes full tiles as they come and the partial ones at a checkpoint.
pub struct TileWriter {
    tiles: TileDir,
    /// What was written and is not yet on the disk.
    written: Vec<PathBuf>,
    /// The partial tiles of the checkpoint before.
    stale: Vec<PathBuf>,
}

impl TileWriter {
    /// A writer of a log whose edge is `edge`.
    #[must_use]
    pub fn new(tiles: TileDir, edge: &Edge) -> Self {
        let stale = edge.partial().map(|(l, n, w, _)| tiles.path(l, n, w)).collect();
        Self { tiles, written: Vec::new(), stale }
    }

    /// Writes a full tile.
    ///
    /// # Errors
    /// When the disk does not do it.
    pub fn full(&mut self, full: &Full) -> io::Result<()> {
        let path = self.tiles.write(full.level, full.number, WIDTH, &full.bytes)?;
        self.written.push(path);
        Ok(())
    }

    /// Writes the partial tiles; all that was written, to be synced.
    ///
    /// # Errors
    /// When the disk does not do it.
    pub fn partial(&mut self, edge: &Edge) -> io::Result<Vec<PathBuf>> {
        let mut now = Vec::new();
        for (level, number, width, bytes) in edge.partial() {
            now.push(self.tiles.write(level, number, width, bytes)?);
        }
        self.stale.retain(|path| !now.contains(path));
        self.written.extend(now);
        Ok(std::mem::take(&mut self.written))
    }

    /// Removes the partial tiles that the checkpoint before needed. To be called when the new one
    /// is on the disk.
    pub fn tidy(&mut self, edge: &Edge) {
        for path in std::mem::take(&mut self.stale) {
            // A tile that stays does no harm.
            let _ = fs::remove_file(&path);
            if let Some(dir) = path.parent() {
                // Not empty where something else is in it, which then stays.
                let _ = fs::remove_dir(dir);
            }
        }
        self.stale = edge.partial().map(|(l, n, w, _)| self.tiles.path(l, n, w)).collect();
    }
}

/// The hashes of a log of a known size, read from its tiles; each tile once.
pub struct TileHashes<'a> {
    tiles: &'a TileDir,
    size: u64,
    read: RefCell<Read>,
}

/// Tiles by level and number.
type Read = HashMap<(u8, u64), Rc<Vec<u8>>>;

impl<'a> TileHashes<'a> {
    /// The hashes of a log that is `size` leaves long now.
    #[must_use]
    pub fn new(tiles: &'a TileDir, size: u64) -> Self {
        Self { tiles, size, read: RefCell::default() }
    }

    fn tile(&self, level: u8, number: u64) -> io::Result<Rc<Vec<u8>>> {
        if let Some(known) = self.read.borrow().get(&(level, number)) {
            return Ok(Rc::clone(known));
        }
        let bytes = Rc::new(self.tiles.read(Level::Hashes(level), number, self.size)?);
        self.read.borrow_mut().insert((level, number), Rc::clone(&bytes));
        Ok(bytes)
    }
}

impl HashReader for TileHashes<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let one = |index: &u64| {
            let tile = Tile::from_index(HEIGHT, *index);
            let bytes = self
                .tile(tile.level(), tile.level_index())
                .map_err(|why| tlog_tiles::Error::InvalidInput(why.to_string()))?;
            tile.hash_at_index(&bytes, *index)
        };
        indexes.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::leaf::{hash_of, sha256};

    #[test]
    fn names_are_those_of_the_specification() {
        for (level, number, width, expected) in [
            (Level::Hashes(0), 0, 256, "tile/0/000"),
            (Level::Hashes(2), 1_234_067, 256, "tile/2/x001/x234/067"),
            (Level::Hashes(0), 999, 8, "tile/0/999.p/8"),
            (Level::Entries, 1000, 256, "tile/entries/x001/000"),
            (Level::Entries, 273, 112, "tile/entries/273.p/112"),
        ] {
            assert_eq!(tile_name(level, number, width), expected);
        }
    }

    #[test]
    fn roots_and_proofs_are_those_of_the_plain_definition() {
        let dir = tempfile::tempdir().unwrap();
        let tiles = TileDir::new(dir.path());
        let mut edge = Edge::default();
        let mut writer = TileWriter::new(tiles.clone(), &edge);
        let mut hashes = Vec::new();
        for n in 0..70_000_u64 {
            let entry = sha256(&n.to_be_bytes());
            hashes.push(hash_of(&entry));
            edge.push(&entry, hash_of(&entry), &mut |full| writer.full(&full)).unwrap();
            if [1, 2, 255, 256, 257, 1000, 65_535, 65_536, 65_537].contains(&(n + 1)) {
                let root = edge.root().unwrap();
                assert_eq!(root, plain_root(&hashes), "{}", n + 1);
                writer.partial(&edge).unwrap();
                writer.tidy(&edge);
                let again = Edge::read(&tiles, n + 1).unwrap();
                assert_eq!(again.root().unwrap(), root);
                let reader = TileHashes::new(&tiles, n + 1);
                for leaf in [0, n / 2, n] {
                    let proof = tlog_tiles::prove_record(n + 1, leaf, &reader).unwrap();
                    let at = usize::try_from(leaf).unwrap();
                    tlog_tiles::check_record(&proof, n + 1, root, leaf, hashes[at]).unwrap();
                }
            }
        }
    }

    /// RFC 6962 section 2.1, word for word.
    fn plain_root(hashes: &[Hash]) -> Hash {
        if hashes.len() == 1 {
            return hashes[0];
        }
        let k = hashes.len().next_power_of_two() / 2;
        tlog_tiles::node_hash(plain_root(&hashes[..k]), plain_root(&hashes[k..]))
    }
}
