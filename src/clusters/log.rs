//! What is kept: blocks of articles with the marks that they belong to, appended one by one.
//!
//! ```text
//! block:  length, 4 bytes little-endian | SHA-256 of the content, its first 8 bytes | content (postcard)
//! ```
//!
//! A block that is cut or damaged ends what is read; it and what comes after it are derived again. One process
//! writes at a time; another one that finds it writing keeps what it derives in memory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::DigestAlgorithm;
use crate::story::Signature;

/// The largest block that is read.
const BLOCK_BYTES_MAX: u32 = 256 << 20;

/// Bytes of a digest that are kept.
const DIGEST_BYTES: usize = 8;

/// Why stories cannot be determined.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// What is kept cannot be read or written.
    #[error("the stories in {}: {why}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        why: io::Error,
    },
    /// The archive cannot be read.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// An article as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClusterArticle {
    /// The key of its address.
    pub urlkey: String,
    /// Its address.
    pub url: String,
    /// Its headline.
    pub headline: String,
    /// The outlet, as the page names it.
    pub publisher: Option<String>,
    /// When it was published, as the page declares it.
    pub published: Option<String>,
    /// When it was captured first, in microseconds since 1970, as far as its captures were followed.
    pub first: i64,
    /// When the version was captured that it is known by.
    pub last: i64,
    /// What it is known by.
    pub signature: Signature,
}

/// What is appended at once.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Block {
    /// Articles and newer versions of them, in the order in which they came.
    pub articles: Vec<ClusterArticle>,
    /// How far WARC files are in.
    pub marks: Vec<(String, u64)>,
}

/// The file of blocks.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    /// `None` where another process is writing.
    file: Option<File>,
}

impl Log {
    /// Opens the file of this name in a directory and reads its blocks; files of other names there are older
    /// states of the program's, and go.
    pub(super) fn open(dir: &Path, name: &str) -> Result<(Self, Vec<Block>), ClusterError> {
        let path = dir.join(name);
        let failed = |why| ClusterError::Io { path: path.clone(), why };
        std::fs::create_dir_all(dir).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        let is_ours = file.try_lock().is_ok();
        let (blocks, whole) = read(&mut file).map_err(failed)?;
        if is_ours {
            file.set_len(whole).map_err(failed)?;
            file.seek(SeekFrom::Start(whole)).map_err(failed)?;
            for other in std::fs::read_dir(dir).map_err(failed)?.flatten() {
                if other.file_name().to_string_lossy() != name {
                    // It is derived data: what cannot be removed now is removed later.
                    let _ = std::fs::remove_file(other.path());
                }
            }
        }
        Ok((Self { path, file: is_ours.then_some(file) }, blocks))
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a block; where another process is writing, nothing is kept.
    pub(super) fn append(&mut self, block: &Block) -> Result<(), ClusterError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let failed = |why| ClusterError::Io { path: self.path.clone(), why };
        let content = postcard::to_allocvec(block)
            .map_err(|why| failed(io::Error::other(why.to_string())))?;
        let length = u32::try_from(content.len())
            .map_err(|_| failed(io::Error::other("a block of too many bytes")))?;
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend_from_slice(&digest(&content));
        bytes.extend_from_slice(&content);
        file.write_all(&bytes).map_err(failed)
    }

    /// Removes everything.
    pub(super) fn clear(&mut self) -> Result<(), ClusterError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let failed = |why| ClusterError::Io { path: self.path.clone(), why };
        file.set_len(0).map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map(drop).map_err(failed)
    }
}

fn digest(content: &[u8]) -> [u8; DIGEST_BYTES] {
    let digest = DigestAlgorithm::Sha256.digest(content);
    let mut out = [0; DIGEST_BYTES];
    for (to, from) in out.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    out
}

/// The whole blocks of a file, and where they end.
fn read(file: &mut File) -> io::Result<(Vec<Block>, u64)> {
    let mut blocks = Vec::new();
    let mut reached = 0;
    file.seek(SeekFrom::Start(0))?;
    let mut input = io::BufReader::new(file);
    loop {
        let mut head = [0; 4 + DIGEST_BYTES];
        if input.read_exact(&mut head).is_err() {
            break;
        }
        let (length, expected) = head.split_at(4);
        let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
        if length > BLOCK_BYTES_MAX {
            break;
        }
        let mut content = Vec::new();
        let got = input.by_ref().take(length.into()).read_to_end(&mut content)?;
        if got != length as usize || digest(&content) != *expected {
            break;
        }
        let Ok(block) = postcard::from_bytes::<Block>(&content) else { break };
        blocks.push(block);
        reached += u64::from(length) + head.len() as u64;
    }
    Ok((blocks, reached))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(url: &str, mark: u64) -> Block {
        let article = ClusterArticle {
            urlkey: url.to_owned(),
            url: url.to_owned(),
            headline: "One".to_owned(),
            publisher: None,
            published: None,
            first: 1,
            last: 2,
            signature: Signature { day: 3, features: vec![(4, 0.5)] },
        };
        Block { articles: vec![article], marks: vec![("a.warc.gz".to_owned(), mark)] }
    }

    #[test]
    fn whole_blocks_are_read_again_and_a_cut_one_is_left() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("old"), "x").unwrap();
        let (mut log, blocks) = Log::open(dir.path(), "now").unwrap();
        assert!(blocks.is_empty() && !dir.path().join("old").exists());
        log.append(&block("http://a.example/", 10)).unwrap();
        log.append(&block("http://b.example/", 20)).unwrap();
        // A process that opens it meanwhile reads it and keeps nothing.
        let (mut other, blocks) = Log::open(dir.path(), "now").unwrap();
        assert_eq!(blocks.len(), 2);
        other.append(&block("http://c.example/", 30)).unwrap();
        drop((log, other));
        let path = dir.path().join("now");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let (mut log, blocks) = Log::open(dir.path(), "now").unwrap();
        assert_eq!(blocks.len(), 1);
        assert_eq!(blocks[0].articles[0].url, "http://a.example/");
        log.append(&block("http://d.example/", 40)).unwrap();
        drop(log);
        let (mut log, blocks) = Log::open(dir.path(), "now").unwrap();
        assert_eq!(blocks.iter().map(|b| b.marks[0].1).collect::<Vec<_>>(), [10, 40]);
        log.clear().unwrap();
        drop(log);
        assert!(Log::open(dir.path(), "now").unwrap().1.is_empty());
    }
}
