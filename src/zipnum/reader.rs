//! Look-ups in blocks that lie wherever ranges of bytes can be read: a folder, an object store.
//!
//! The index over the blocks is read once and kept, some 90 bytes for 3,000 lines. A look-up then reads the
//! blocks that may have its lines, which are one behind the other: one range, or two where a file ends between them.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

use crate::archive::{Capture, cdx};
use crate::base::Timestamp;

use super::IDX;

/// How much is unpacked of blocks that are read together; 3,000 lines take some 1.5 MB.
const UNPACKED_BYTES_MAX: u64 = 1 << 30;

/// What blocks are read from.
pub trait Ranges: Send + Sync + Debug {
    /// All bytes of a small file.
    ///
    /// # Errors
    /// When it cannot be read.
    fn whole(&self, name: &str) -> io::Result<Vec<u8>>;

    /// The bytes of a file in this range, all of them.
    ///
    /// # Errors
    /// When they cannot be read, or the file ends before.
    fn range(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>>;

    /// What distinguishes this content of a file from another one.
    ///
    /// # Errors
    /// When that cannot be determined.
    fn version(&self, name: &str) -> io::Result<String>;
}

/// The files of a folder.
#[derive(Debug, Clone)]
pub struct Directory(pub PathBuf);

impl Ranges for Directory {
    fn whole(&self, name: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.0.join(name))
    }

    fn range(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.0.join(name))?;
        file.seek(SeekFrom::Start(range.start))?;
        let mut bytes = Vec::new();
        let length = range.end.saturating_sub(range.start);
        file.take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == length {
            Ok(bytes)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    fn version(&self, name: &str) -> io::Result<String> {
        use std::os::unix::fs::MetadataExt;
        let about = std::fs::metadata(self.0.join(name))?;
        Ok(format!("{} {} {} {}", about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
    }
}

/// Why a look-up failed.
#[derive(Debug, thiserror::Error)]
pub enum ZipNumError {
    /// A file cannot be read.
    #[error("reading {file}: {why}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        why: io::Error,
    },
    /// A line of the index over the blocks is malformed.
    #[error("{file} line {line}: {why}")]
    Idx {
        /// The file.
        file: String,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A line of a block is malformed.
    #[error("{file}: {why}")]
    Line {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: cdx::CdxError,
    },
}

/// A block: the urlkey and timestamp of its first line, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub key: String,
    pub shard: Arc<str>,
    pub range: Range<u64>,
}

/// Captures in blocks.
#[derive(Debug)]
pub struct Shards<R> {
    ranges: R,
    blocks: Vec<Block>,
}

impl<R: Ranges> Shards<R> {
    /// Reads the index over the blocks.
    ///
    /// # Errors
    /// When it cannot be read, or is malformed.
    pub fn open(ranges: R) -> Result<Self, ZipNumError> {
        let bytes = ranges.whole(IDX).map_err(reading(IDX))?;
        Ok(Self { ranges, blocks: read_index(&bytes)? })
    }

    /// How many blocks there are.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The capture of `urlkey` that is closest to `at`, the earlier of two that are equally far; `None` where there
    /// is none. Reads one range of at most four blocks, two where they are of two files.
    ///
    /// # Errors
    /// When a block cannot be read, or has a malformed line.
    pub fn closest(&self, urlkey: &str, at: Timestamp) -> Result<Option<Capture>, ZipNumError> {
        let mut nearest: Option<Capture> = None;
        self.lines(around(&self.blocks, urlkey, at), urlkey, &mut |capture| {
            let far = |capture: &Capture| {
                let distance = capture.date.unix_micros().abs_diff(at.unix_micros());
                (distance, capture.date)
            };
            if nearest.as_ref().is_none_or(|nearest| far(&capture) < far(nearest)) {
                nearest = Some(capture);
            }
        })?;
        Ok(nearest)
    }

    /// Shows every capture of `urlkey`, in the order of time.
    ///
    /// # Errors
    /// As [`Self::closest`].
    pub fn captures_of(
        &self,
        urlkey: &str,
        found: &mut dyn FnMut(Capture),
    ) -> Result<(), ZipNumError> {
        let (first, end) = (format!("{urlkey} "), format!("{urlkey}!"));
        let from = self.blocks.partition_point(|block| block.key <= first).saturating_sub(1);
        let to = self.blocks.partition_point(|block| block.key < end);
        self.lines(from..to, urlkey, found)
    }

    /// Shows the captures of a urlkey in these blocks.
    fn lines(
        &self,
        blocks: Range<usize>,
        urlkey: &str,
        found: &mut dyn FnMut(Capture),
    ) -> Result<(), ZipNumError> {
        for run in runs(self.blocks.get(blocks).unwrap_or_default()) {
            let first = &run[0];
            let end = run[run.len() - 1].range.end;
            let failed = reading(&first.shard);
            let bytes = self.ranges.range(&first.shard, first.range.start..end).map_err(failed)?;
            lines_of(&first.shard, &bytes, &mut |line| {
                let key = line.split(|byte| *byte == b' ').next().unwrap_or_default();
                if key == urlkey.as_bytes() {
                    found(capture_of(&first.shard, line)?);
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// The lines of blocks that were read.
fn lines_of(
    shard: &str,
    bytes: &[u8],
    each: &mut dyn FnMut(&[u8]) -> Result<(), ZipNumError>,
) -> Result<(), ZipNumError> {
    let unpacked = MultiGzDecoder::new(bytes).take(UNPACKED_BYTES_MAX);
    for line in BufReader::new(unpacked).split(b'\n') {
        each(&line.map_err(reading(shard))?)?;
    }
    Ok(())
}

fn capture_of(shard: &str, line: &[u8]) -> Result<Capture, ZipNumError> {
    let wrong = |why| ZipNumError::Line { file: shard.to_owned(), why };
    let text = str::from_utf8(line).map_err(|_| wrong(cdx::CdxError::NotCdxj))?;
    cdx::parse_cdxj(text).map_err(wrong)
}

/// The captures of one block, in the order of its lines.
pub(super) fn block_captures(shard: &str, bytes: &[u8]) -> Result<Vec<Capture>, ZipNumError> {
    let mut captures = Vec::new();
    lines_of(shard, bytes, &mut |line| {
        captures.push(capture_of(shard, line)?);
        Ok(())
    })?;
    Ok(captures)
}

/// Blocks by runs that lie one behind the other in a file.
pub(super) fn runs(mut blocks: &[Block]) -> impl Iterator<Item = &[Block]> {
    std::iter::from_fn(move || {
        blocks.first()?;
        let same = blocks.windows(2).take_while(|pair| follows(&pair[0], &pair[1])).count() + 1;
        let (run, rest) = blocks.split_at(same);
        blocks = rest;
        Some(run)
    })
}

/// The blocks that have the line of `urlkey` that is closest to `at`: four at most.
pub(super) fn around(blocks: &[Block], urlkey: &str, at: Timestamp) -> Range<usize> {
    let target = format!("{urlkey} {}", at.to_stamp14());
    let is_same = |block: &Block| block.key.split(' ').next() == Some(urlkey);
    // The block of the last line that is not after the target.
    let upto = blocks.partition_point(|block| block.key <= target);
    let mut from = upto.saturating_sub(1);
    // Lines of one second are in the order of their texts: the block before may have one that is nearer.
    if blocks.get(from).is_some_and(is_same) {
        from = from.saturating_sub(1);
    }
    // The next line may begin the next block, and its second go on in the one behind.
    let mut to = upto;
    while to < blocks.len().min(upto + 2) && is_same(&blocks[to]) {
        to += 1;
    }
    from..to
}

/// Reads the index over the blocks.
pub(super) fn read_index(bytes: &[u8]) -> Result<Vec<Block>, ZipNumError> {
    let mut blocks: Vec<Block> = Vec::new();
    for (line, bytes) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if bytes.is_empty() {
            continue;
        }
        let wrong = |why| ZipNumError::Idx { file: IDX.to_owned(), line, why };
        let mut block = block(bytes).ok_or_else(|| wrong("expected a key, a file and a range"))?;
        if let Some(last) = blocks.last() {
            if last.key > block.key {
                return Err(wrong("it comes before the line above"));
            }
            if last.shard == block.shard {
                block.shard = Arc::clone(&last.shard);
            }
        }
        blocks.push(block);
    }
    Ok(blocks)
}

fn follows(one: &Block, next: &Block) -> bool {
    one.shard == next.shard && one.range.end == next.range.start
}

fn reading(file: &str) -> impl FnOnce(io::Error) -> ZipNumError {
    let file = file.to_owned();
    move |why| ZipNumError::Read { file, why }
}

/// A line of the index over the blocks; `None` where it is malformed.
fn block(line: &[u8]) -> Option<Block> {
    let text = str::from_utf8(line).ok()?;
    let mut parts = text.split('\t');
    let (key, shard) = (parts.next()?, parts.next()?);
    let offset: u64 = parts.next()?.parse().ok()?;
    let length: u64 = parts.next()?.parse().ok()?;
    let range = offset..offset.checked_add(length)?;
    // Files are next to the index: a name must not lead elsewhere.
    let is_name = !shard.is_empty() && !shard.contains(['/', '\\']) && shard != "..";
    (key.contains(' ') && is_name).then(|| Block {
        key: key.to_owned(),
        shard: shard.into(),
        range,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::archive::RecordKind;
    use crate::zipnum::ShardWriter;

    /// Counts what is read.
    #[derive(Debug)]
    struct Counting(Directory, AtomicU64);

    impl Ranges for Counting {
        fn whole(&self, name: &str) -> io::Result<Vec<u8>> {
            self.0.whole(name)
        }

        fn range(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.range(name, range)
        }

        fn version(&self, name: &str) -> io::Result<String> {
            self.0.version(name)
        }
    }

    fn capture(url: usize, micros: i64) -> Capture {
        Capture {
            urlkey: format!("com,example)/{url:03}"),
            date: Timestamp::from_unix_micros(micros),
            url: format!("http://example.com/{url:03}"),
            mime: "text/html".to_owned(),
            status: Some(200),
            digest: None,
            length: 7,
            offset: micros.cast_unsigned(),
            file: "a.warc.gz".into(),
            record_id: None,
            kind: RecordKind::Response,
            refers_to: None,
            truncated: false,
        }
    }

    /// Some captures of each of 40 pages: of some one, of others more than a block has, many in one second.
    fn captures() -> Vec<Capture> {
        let mut all = Vec::new();
        let mut state = 1_u64;
        for url in 0..40 {
            for at in 0..[1, 3, 40, 7][url % 4] {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
                let second = 1_700_000_000 + at / 3 * 1_000;
                all.push(capture(url, second * 1_000_000 + (state >> 44) as i64 % 1_000_000));
            }
        }
        all
    }

    fn written(dir: &std::path::Path, all: &[Capture], lines: usize, bytes: u64) {
        let mut sorted: Vec<String> = all.iter().map(cdx::cdxj_line).collect();
        sorted.sort();
        let mut writer = ShardWriter::with(dir, lines, bytes).unwrap();
        sorted.iter().for_each(|line| writer.line(line.as_bytes()).unwrap());
        let written = writer.finish().unwrap();
        assert_eq!(written.lines, all.len() as u64);
        assert_eq!(written.blocks, all.len().div_ceil(lines) as u64);
        let length = |entry: std::fs::DirEntry| entry.metadata().unwrap().len();
        let bytes: u64 = std::fs::read_dir(dir).unwrap().flatten().map(length).sum();
        assert_eq!(written.bytes, bytes);
    }

    #[test]
    fn look_ups_give_what_a_scan_gives_and_read_two_ranges_at_most() {
        let all = captures();
        for (lines, bytes) in [(1, 1), (5, 1), (5, 600), (5, 1 << 30), (13, 900), (3_000, 1 << 30)]
        {
            let dir = tempfile::tempdir().unwrap();
            written(dir.path(), &all, lines, bytes);
            let ranges = Counting(Directory(dir.path().to_owned()), AtomicU64::new(0));
            let shards = Shards::open(ranges).unwrap();
            for url in 0..41 {
                let key = capture(url, 0).urlkey;
                let mut wanted: Vec<&Capture> = all.iter().filter(|c| c.urlkey == key).collect();
                wanted.sort_by_key(|capture| capture.date.to_stamp14());
                let mut found = Vec::new();
                shards.captures_of(&key, &mut |capture| found.push(capture)).unwrap();
                let stamps = |all: &[&Capture]| -> Vec<String> {
                    all.iter().map(|capture| capture.date.to_stamp14()).collect()
                };
                assert_eq!(stamps(&found.iter().collect::<Vec<_>>()), stamps(&wanted), "{key}");
                for at in (1_699_999_000..1_700_020_000).step_by(499) {
                    let at = Timestamp::from_unix_micros(at * 1_000_000 + 300_000);
                    let far = |capture: &&&Capture| {
                        (capture.date.unix_micros().abs_diff(at.unix_micros()), capture.date)
                    };
                    let before = shards.ranges.1.load(Ordering::Relaxed);
                    let found = shards.closest(&key, at).unwrap();
                    let wanted = wanted.iter().min_by_key(far);
                    // With blocks of one line a second may continue over more blocks than are read.
                    if lines > 1 {
                        assert_eq!(found.as_ref(), wanted.copied(), "{key} {at}, {lines} lines");
                    }
                    let reads = shards.ranges.1.load(Ordering::Relaxed) - before;
                    assert!(
                        reads <= if bytes == 1 { 4 } else { 2 },
                        "{reads} reads, {bytes} bytes a file"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_index_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for (idx, words) in [
            ("com,example)/ 2025\tcdx.gz\t0\n", "index.idx line 1: expected"),
            ("com,example)/ 2025\t../cdx.gz\t0\t9\t1\n", "line 1: expected"),
            ("b) 2025\tx.gz\t0\t9\t1\na) 2025\tx.gz\t9\t9\t2\n", "line 2: it comes before"),
        ] {
            std::fs::write(dir.path().join(IDX), idx).unwrap();
            let error = Shards::open(Directory(dir.path().to_owned())).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let at = Timestamp::from_unix_seconds(0);
        std::fs::write(dir.path().join(IDX), "a) 2025\tx.gz\t0\t9\t1\n").unwrap();
        let shards = Shards::open(Directory(dir.path().to_owned())).unwrap();
        assert!(shards.closest("a)", at).unwrap_err().to_string().contains("reading x.gz"));
        std::fs::write(dir.path().join("x.gz"), "not gzip!").unwrap();
        assert!(shards.closest("a)", at).unwrap_err().to_string().contains("reading x.gz"));
        let mut writer = ShardWriter::new(dir.path()).unwrap();
        assert!(writer.line(b"no-key").is_err());
        writer.line(b"b) 2025 {}").unwrap();
        assert!(writer.line(b"a) 2025 {}").is_err(), "out of order");
    }
}
