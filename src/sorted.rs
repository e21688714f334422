//! Rows of bytes in order, however many: what does not fit into memory goes into sorted runs in
//! temporary files, which are merged when the rows are read back.
//!
//! Rows are compared by their bytes, and equal rows are one row. Memory is bounded by the options
//! and by how many runs are merged at a time; the files are unlinked from the start, so that a
//! process that is killed leaves none behind.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::path::PathBuf;

/// How many runs are merged at a time: their buffers take 8 MiB together.
const FAN_IN: usize = 128;
const BUFFER_BYTES: usize = 64 * 1024;

/// How rows are sorted.
#[derive(Debug, Clone)]
pub struct SortOptions {
    /// How many bytes of rows are held in memory before they become a run.
    pub memory_bytes: usize,
    /// Where runs go; the system's directory for temporary files where none is named.
    pub dir: Option<PathBuf>,
}

impl Default for SortOptions {
    fn default() -> Self {
        Self { memory_bytes: 24 << 20, dir: None }
    }
}

/// Takes rows in any order and gives them back sorted.
#[derive(Debug)]
pub struct Sorter {
    options: SortOptions,
    /// The rows in memory, one after the other.
    rows: Vec<u8>,
    /// Where each begins and ends in `rows`.
    spans: Vec<(u32, u32)>,
    runs: Vec<File>,
}

impl Sorter {
    /// An empty sorter.
    #[must_use]
    pub fn new(options: SortOptions) -> Self {
        Self { options, rows: Vec::new(), spans: Vec::new(), runs: Vec::new() }
    }

    /// Takes a row.
    ///
    /// # Errors
    /// When the row is 4 GiB or longer, or a run cannot be written.
    pub fn push(&mut self, row: &[u8]) -> io::Result<()> {
        let memory_max = self.options.memory_bytes.min(u32::MAX as usize);
        // A span costs eight bytes besides the row itself.
        let held = self.rows.len() + self.spans.len() * 8;
        if !self.spans.is_empty() && held + row.len() + 8 > memory_max {
            self.spill()?;
        }
        let start = u32::try_from(self.rows.len()).map_err(too_long)?;
        let end = self.rows.len().checked_add(row.len()).ok_or(ErrorKind::InvalidInput)?;
        let end = u32::try_from(end).map_err(too_long)?;
        self.rows.extend_from_slice(row);
        self.spans.push((start, end));
        Ok(())
    }

    /// The rows, sorted, each once.
    ///
    /// # Errors
    /// When a run cannot be written or read.
    pub fn finish(mut self) -> io::Result<Sorted> {
        if self.runs.is_empty() {
            self.sort();
            let Self { rows, spans, .. } = self;
            return Ok(Sorted(Source::Memory { rows, spans, next: 0 }));
        }
        self.spill()?;
        let mut runs = std::mem::take(&mut self.runs);
        while runs.len() > FAN_IN {
            let mut longer = Vec::with_capacity(runs.len().div_ceil(FAN_IN));
            let mut rest = runs.into_iter();
            loop {
                let group: Vec<File> = rest.by_ref().take(FAN_IN).collect();
                if group.is_empty() {
                    break;
                }
                let mut merged = Merge::new(group)?;
                let mut out = self.run()?;
                while let Some(row) = merged.next_row()? {
                    write_row(&mut out, row)?;
                }
                longer.push(rewound(out)?);
            }
            runs = longer;
        }
        Ok(Sorted(Source::Runs(Merge::new(runs)?)))
    }

    fn sort(&mut self) {
        let rows = &self.rows;
        let row = |span: &(u32, u32)| &rows[span.0 as usize..span.1 as usize];
        self.spans.sort_unstable_by(|a, b| row(a).cmp(row(b)));
        self.spans.dedup_by(|a, b| row(a) == row(b));
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let mut out = self.run()?;
        for (start, end) in &self.spans {
            write_row(&mut out, &self.rows[*start as usize..*end as usize])?;
        }
        self.runs.push(rewound(out)?);
        self.rows.clear();
        self.spans.clear();
        Ok(())
    }

    fn run(&self) -> io::Result<BufWriter<File>> {
        let file = match &self.options.dir {
            Some(dir) => tempfile::tempfile_in(dir)?,
            None => tempfile::tempfile()?,
        };
        Ok(BufWriter::with_capacity(BUFFER_BYTES, file))
    }
}

fn too_long(_: std::num::TryFromIntError) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "a row of 4 GiB or more cannot be sorted")
}

fn write_row(out: &mut impl Write, row: &[u8]) -> io::Result<()> {
    let length = u32::try_from(row.len()).map_err(too_long)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(row)
}

fn rewound(out: BufWriter<File>) -> io::Result<File> {
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

/// Rows in order.
#[derive(Debug)]
pub struct Sorted(Source);

#[derive(Debug)]
enum Source {
    Memory { rows: Vec<u8>, spans: Vec<(u32, u32)>, next: usize },
    Runs(Merge),
}

impl Sorted {
    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// When a run cannot be read.
    pub fn next_row(&mut self) -> io::Result<Option<&[u8]>> {
        match &mut self.0 {
            Source::Memory { rows, spans, next } => {
                let span = spans.get(*next);
                *next += 1;
                Ok(span.map(|(start, end)| &rows[*start as usize..*end as usize]))
            }
            Source::Runs(merge) => merge.next_row(),
        }
    }
}

/// The next row of a run, and which run it is of.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    row: Vec<u8>,
    run: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.row.cmp(&other.row).then(self.run.cmp(&other.run))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Debug)]
struct Merge {
    runs: Vec<BufReader<File>>,
    heads: BinaryHeap<Reverse<Head>>,
    /// The row that was given last, and its run, which has not been read on yet.
    last: Option<Head>,
}

impl Merge {
    fn new(files: Vec<File>) -> io::Result<Self> {
        let runs = files.into_iter().map(|file| BufReader::with_capacity(BUFFER_BYTES, file));
        let mut merge = Self { runs: runs.collect(), heads: BinaryHeap::new(), last: None };
        for run in 0..merge.runs.len() {
            merge.read(run, Vec::new())?;
        }
        Ok(merge)
    }

    /// Reads the next row of a run into `row`, whose memory is used again.
    fn read(&mut self, run: usize, mut row: Vec<u8>) -> io::Result<()> {
        let input = &mut self.runs[run];
        let mut length = [0; 4];
        match input.read_exact(&mut length) {
            Ok(()) => {}
            Err(why) if why.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(why) => return Err(why),
        }
        row.clear();
        row.resize(u32::from_le_bytes(length) as usize, 0);
        input.read_exact(&mut row)?;
        self.heads.push(Reverse(Head { row, run }));
        Ok(())
    }

    fn next_row(&mut self) -> io::Result<Option<&[u8]>> {
        let given = self.last.take();
        let mut spare = Vec::new();
        while let Some(Reverse(head)) = self.heads.pop() {
            let is_known = given.as_ref().is_some_and(|given| given.row == head.row);
            if is_known {
                self.read(head.run, head.row)?;
                continue;
            }
            spare.clear();
            spare.extend_from_slice(&head.row);
            self.read(head.run, head.row)?;
            self.last = Some(Head { row: spare, run: head.run });
            return Ok(self.last.as_ref().map(|head| head.row.as_slice()));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(rows: &[Vec<u8>], memory_bytes: usize) -> Vec<Vec<u8>> {
        let mut sorter = Sorter::new(SortOptions { memory_bytes, dir: None });
        rows.iter().for_each(|row| sorter.push(row).unwrap());
        let mut sorted = sorter.finish().unwrap();
        let mut out = Vec::new();
        while let Some(row) = sorted.next_row().unwrap() {
            out.push(row.to_vec());
        }
        assert!(sorted.next_row().unwrap().is_none());
        out
    }

    proptest! {
        #[test]
        fn rows_come_back_sorted_and_once_whatever_the_memory(
            rows in prop::collection::vec(prop::collection::vec(0_u8..4, 0..6), 0..200),
            memory in 0_usize..400,
        ) {
            let mut wanted = rows.clone();
            wanted.sort();
            wanted.dedup();
            prop_assert_eq!(sorted(&rows, memory), wanted);
        }
    }

    #[test]
    fn more_runs_than_are_merged_at_a_time_are_merged_in_passes() {
        let rows: Vec<Vec<u8>> = (0..1_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761)).to_be_bytes().to_vec())
            .collect();
        let mut wanted = rows.clone();
        wanted.sort();
        // Every row is a run of its own.
        assert_eq!(sorted(&rows, 1), wanted);
    }
}
