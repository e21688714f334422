//! What was acknowledged since the last checkpoint: an append-only file next to the key-value store.
//!
//! The store keeps its newest writes in the memory of the process for a while, so that a kill
//! would lose them. Every change is therefore written here first, with `write(2)`, before it is
//! acknowledged: what the kernel has taken survives the death of the process. Against a loss of
//! power the file is synced from time to time ([`Journal::sync`]). At a checkpoint the store is
//! flushed and a new journal is put in this one's place by a rename.
//!
//! ```text
//! file   "PMFJ1\n" frame…
//! frame  length 4 | CRC-32 4 | payload          numbers little-endian
//! ```
//!
//! A frame says the whole new state of one URL, so that replaying a journal over a store that
//! already holds part of it ends in the same state. Reading stops at the first frame that is cut,
//! empty or fails its checksum: what comes after it was never acknowledged. No frame that is
//! written is empty; zeros, which a loss of power leaves where a file grew and its bytes did not
//! follow, would otherwise pass for empty frames with a right checksum.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 6] = b"PMFJ1\n";
/// Far above any entry: a length beyond it is damage and not a reason to allocate.
const FRAME_BYTES_MAX: u32 = 1 << 20;

/// The open journal, positioned after its last whole frame.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Where the last whole write ended. A failed write is overwritten from here by the next.
    good: u64,
    unsynced: bool,
    /// Frames that need not be written before anything is acknowledged: they go with the next.
    held: Vec<u8>,
}

impl Journal {
    /// Begins a new journal at `path` with `frames` (from [`frame`]) in it, in place of the one
    /// that may be there. The old one stays whole until the new one is.
    ///
    /// # Errors
    /// When the file cannot be made, written, synced or renamed.
    pub fn begin(path: &Path, frames: &[u8]) -> io::Result<Self> {
        let fresh = path.with_extension("journal-new");
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&fresh)?;
        file.write_all(MAGIC)?;
        file.write_all(frames)?;
        file.sync_data()?;
        std::fs::rename(&fresh, path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        let good = (MAGIC.len() + frames.len()) as u64;
        Ok(Self { path: path.to_owned(), file, good, unsynced: false, held: Vec::new() })
    }

    /// Hands every whole frame of the journal at `path` to `each`, in order, and says where the
    /// last of them ended and how many bytes are behind it. A file that is missing is an empty
    /// journal.
    ///
    /// # Errors
    /// When the file cannot be read, or `each` fails.
    pub fn read<E: From<io::Error>>(
        path: &Path,
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<Replayed, E> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Replayed::default()),
            Err(why) => return Err(why.into()),
        };
        let length = file.metadata()?.len();
        let mut from = BufReader::with_capacity(1 << 16, file);
        let mut done = Replayed::default();
        let mut magic = [0; MAGIC.len()];
        if !read_whole(&mut from, &mut magic)? || magic != *MAGIC {
            done.bytes_cut = length;
            return Ok(done);
        }
        let mut end = MAGIC.len() as u64;
        let mut payload = Vec::new();
        while let Some(()) = read_frame(&mut from, &mut payload)? {
            each(&payload)?;
            end += 8 + payload.len() as u64;
            done.frames += 1;
        }
        done.bytes_cut = length.saturating_sub(end);
        Ok(done)
    }

    /// Writes `frames`, and those held back before them, and returns when the kernel has them.
    ///
    /// # Errors
    /// When the write fails; then nothing of `frames` counts, and the next write starts over.
    pub fn append(&mut self, frames: &[u8]) -> io::Result<()> {
        let written = if self.held.is_empty() {
            self.file.write_all(frames)
        } else {
            self.held.extend_from_slice(frames);
            self.file.write_all(&self.held)
        };
        if let Err(why) = written {
            self.file.seek(SeekFrom::Start(self.good))?;
            self.held.truncate(self.held.len().saturating_sub(frames.len()));
            return Err(why);
        }
        let more = if self.held.is_empty() { frames.len() } else { self.held.len() };
        self.good += more as u64;
        self.held.clear();
        self.unsynced = true;
        Ok(())
    }

    /// Takes `frames` to be written with the next [`Self::append`].
    pub fn hold(&mut self, frames: &[u8]) {
        self.held.extend_from_slice(frames);
    }

    /// Asks the disk to keep what was written.
    ///
    /// # Errors
    /// When it cannot.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.file.sync_data()?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.good
    }

    /// Whether it has no frame.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.good <= MAGIC.len() as u64
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What a replay found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Whole frames.
    pub frames: u64,
    /// Bytes after the last whole frame: of a write that was never acknowledged, or damage.
    pub bytes_cut: u64,
}

/// `payload` as a frame, appended to `out`.
pub fn frame(payload: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&checksum(payload).to_le_bytes());
    out.extend_from_slice(payload);
}

fn checksum(payload: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(payload);
    crc.sum()
}

fn read_frame(from: &mut impl Read, payload: &mut Vec<u8>) -> io::Result<Option<()>> {
    let mut head = [0; 8];
    if !read_whole(from, &mut head)? {
        return Ok(None);
    }
    let number =
        |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (length, sum) = (number(0), number(4));
    if length == 0 || length > FRAME_BYTES_MAX {
        return Ok(None);
    }
    payload.resize(length as usize, 0);
    let whole = read_whole(from, payload)? && checksum(payload) == sum;
    Ok(whole.then_some(()))
}

/// Fills `into`; `false` where the file ends first.
fn read_whole(from: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(into) {
        Ok(()) => Ok(true),
        Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(why) => Err(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(payloads: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        payloads.iter().for_each(|payload| frame(payload, &mut out));
        out
    }

    fn read(path: &Path) -> (Vec<Vec<u8>>, Replayed) {
        let mut seen = Vec::new();
        let done = Journal::read(path, |payload| {
            seen.push(payload.to_vec());
            Ok::<(), io::Error>(())
        });
        (seen, done.unwrap())
    }

    #[test]
    fn a_journal_cut_at_any_byte_gives_back_its_whole_frames() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.journal");
        let payloads: [&[u8]; 4] = [b"one", b"2", b"three", &[7; 300]];
        let mut journal = Journal::begin(&path, &frames(&payloads[..1])).unwrap();
        journal.hold(&frames(&payloads[1..2]));
        journal.append(&frames(&payloads[2..])).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len() as u64, journal.len());
        for cut in 0..=bytes.len() {
            let short = dir.path().join("short");
            std::fs::write(&short, &bytes[..cut]).unwrap();
            let (seen, done) = read(&short);
            assert!(seen.iter().zip(payloads).all(|(a, b)| a == b), "cut at {cut}");
            assert_eq!(done.frames, seen.len() as u64);
            assert_eq!(done.frames == 4, cut == bytes.len());
        }
    }

    #[test]
    fn a_flipped_byte_ends_the_reading_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.journal");
        drop(Journal::begin(&path, &frames(&[b"one", b"two", b"three"])).unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.windows(3).position(|w| w == b"two").unwrap();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let (seen, done) = read(&path);
        assert_eq!(seen, [b"one"]);
        assert_eq!(done, Replayed { frames: 1, bytes_cut: 8 + 3 + 8 + 5 });
    }

    #[test]
    fn zeros_at_the_end_are_no_frames() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.journal");
        drop(Journal::begin(&path, &frames(&[b"one"])).unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.resize(bytes.len() + 4096, 0);
        std::fs::write(&path, &bytes).unwrap();
        let (seen, done) = read(&path);
        assert_eq!(seen, [b"one"]);
        assert_eq!(done, Replayed { frames: 1, bytes_cut: 4096 });
        // Nothing but zeros: not even the beginning.
        std::fs::write(&path, [0; 100]).unwrap();
        assert_eq!(read(&path), (Vec::new(), Replayed { frames: 0, bytes_cut: 100 }));
    }

    #[test]
    fn a_missing_journal_is_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(&dir.path().join("none")).1, Replayed::default());
    }
}
