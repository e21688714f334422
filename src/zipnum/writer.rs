//! Lines in, blocks and the index over them out.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{IDX, LOC};

/// How many lines a block has, as everywhere.
pub const BLOCK_LINES: usize = 3_000;
/// A file of blocks that has reached this length is followed by another one.
pub const SHARD_BYTES_MAX: u64 = 1 << 30;

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Lines.
    pub lines: u64,
    /// Blocks of them.
    pub blocks: u64,
    /// Files of blocks.
    pub shards: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// Writes lines to the files of a folder.
pub struct ShardWriter {
    dir: PathBuf,
    block_lines: usize,
    shard_bytes_max: u64,
    idx: BufWriter<File>,
    loc: String,
    shard: Option<Shard>,
    /// The lines of the block that is being filled, and where they begin.
    block: Vec<u8>,
    first: String,
    held: usize,
    last: Vec<u8>,
    written: Written,
}

struct Shard {
    name: String,
    out: BufWriter<File>,
    length: u64,
}

impl ShardWriter {
    /// Files of the usual size in `dir`, which is there.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub fn new(dir: &Path) -> io::Result<Self> {
        Self::with(dir, BLOCK_LINES, SHARD_BYTES_MAX)
    }

    /// The same with blocks and files of other sizes.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with(dir: &Path, block_lines: usize, shard_bytes_max: u64) -> io::Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            block_lines: block_lines.max(1),
            shard_bytes_max,
            idx: BufWriter::new(File::create(dir.join(IDX))?),
            loc: String::new(),
            shard: None,
            block: Vec::new(),
            first: String::new(),
            held: 0,
            last: Vec::new(),
            written: Written::default(),
        })
    }

    /// Adds a line, without its line end: `urlkey timestamp {…}`.
    ///
    /// # Errors
    /// When it comes before the last one, has no urlkey and timestamp, or a file cannot be written.
    pub fn line(&mut self, line: &[u8]) -> io::Result<()> {
        let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, why.to_owned());
        if line < self.last.as_slice() {
            return Err(wrong("an index line that comes before the last one"));
        }
        if self.held == 0 {
            let key = str::from_utf8(line).ok().and_then(|text| {
                let mut parts = text.splitn(3, ' ');
                Some(format!("{} {}", parts.next()?, parts.next()?))
            });
            let key = key.filter(|key| !key.contains(['\t', '\n']));
            self.first = key.ok_or_else(|| wrong("an index line without urlkey and timestamp"))?;
        }
        self.last.clear();
        self.last.extend_from_slice(line);
        self.block.extend_from_slice(line);
        self.block.push(b'\n');
        self.held += 1;
        self.written.lines += 1;
        if self.held == self.block_lines { self.end_block() } else { Ok(()) }
    }

    /// Ends the files, which are durable then.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn finish(mut self) -> io::Result<Written> {
        if self.held > 0 {
            self.end_block()?;
        }
        self.end_shard()?;
        self.idx.flush()?;
        self.idx.get_ref().sync_all()?;
        let mut loc = File::create(self.dir.join(LOC))?;
        loc.write_all(self.loc.as_bytes())?;
        loc.sync_all()?;
        self.written.bytes += self.idx.get_ref().metadata()?.len() + self.loc.len() as u64;
        Ok(self.written)
    }

    fn end_block(&mut self) -> io::Result<()> {
        let shard = match &mut self.shard {
            Some(shard) => shard,
            None => {
                let name = format!("cdx-{:05}.gz", self.written.shards);
                let out = BufWriter::with_capacity(1 << 18, File::create(self.dir.join(&name))?);
                self.written.shards += 1;
                // A path of the list is taken from the folder that it is in.
                self.loc.push_str(&format!("{name}\t{name}\n"));
                self.shard.insert(Shard { name, out, length: 0 })
            }
        };
        // A member of its own, which is read without what comes before it.
        let mut member = GzEncoder::new(Vec::new(), Compression::default());
        member.write_all(&self.block)?;
        let member = member.finish()?;
        shard.out.write_all(&member)?;
        let (offset, length) = (shard.length, member.len() as u64);
        shard.length += length;
        self.written.blocks += 1;
        let (first, number) = (&self.first, self.written.blocks);
        writeln!(self.idx, "{first}\t{}\t{offset}\t{length}\t{number}", shard.name)?;
        self.block.clear();
        self.held = 0;
        if shard.length >= self.shard_bytes_max { self.end_shard() } else { Ok(()) }
    }

    fn end_shard(&mut self) -> io::Result<()> {
        let Some(mut shard) = self.shard.take() else { return Ok(()) };
        shard.out.flush()?;
        shard.out.get_ref().sync_all()?;
        self.written.bytes += shard.length;
        Ok(())
    }
}
