//! Rows of bytes in order, however many: what does not fit into memory goes into sorted runs in
//! temporary files, which are merged when the rows are read back.
//!
//! Rows are compared by their bytes, and equal rows are one row. Memory is bounded by the options
//! and by how many runs are merged at a time, which is fewer where their rows are long; the files are
//! unlinked from the start, so that a process that is killed leaves none behind.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::path::PathBuf;

/// How many runs are merged at a time: their buffers take 8 MiB together.
const FAN_IN: usize = 128;
/// How many bytes of buffers and rows are held at a time while runs are merged, but for two runs whose rows are longer.
const MERGE_BYTES: usize = 16 << 20;
const BUFFER_BYTES: usize = 64 * 1024;
/// How many runs are open at a time; a process may have 1,024 files open by default.
const RUNS_MAX: usize = 512;

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
    runs: Vec<Run>,
}

/// Sorted rows in a file.
#[derive(Debug)]
struct Run {
    file: File,
    /// The length of its longest row.
    longest: usize,
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

    /// Takes all rows of another.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn absorb(&mut self, mut other: Self) -> io::Result<()> {
        for run in std::mem::take(&mut other.runs) {
            self.push_run(run)?;
        }
        for (start, end) in other.spans {
            self.push(&other.rows[start as usize..end as usize])?;
        }
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
        // The memory of the rows is used for merging now.
        (self.rows, self.spans) = (Vec::new(), Vec::new());
        let mut runs = std::mem::take(&mut self.runs);
        while fan_in(&runs) < runs.len() {
            runs = self.merged(runs)?;
        }
        Ok(Sorted(Source::Runs(Merge::new(runs)?)))
    }

    /// The same rows in fewer and longer runs.
    fn merged(&self, mut runs: Vec<Run>) -> io::Result<Vec<Run>> {
        let mut longer = Vec::with_capacity(runs.len() / 2 + 1);
        while !runs.is_empty() {
            let rest = runs.split_off(fan_in(&runs));
            let mut out = self.run()?;
            let mut merge = Merge::new(std::mem::replace(&mut runs, rest))?;
            while let Some(row) = merge.next_row()? {
                out.row(row)?;
            }
            longer.push(out.finish()?);
        }
        Ok(longer)
    }

    /// Takes a run in; where there are many, they become fewer, since each is an open file.
    fn push_run(&mut self, run: Run) -> io::Result<()> {
        self.runs.push(run);
        if self.runs.len() >= RUNS_MAX {
            let runs = std::mem::take(&mut self.runs);
            self.runs = self.merged(runs)?;
        }
        Ok(())
    }

    fn sort(&mut self) {
        let rows = &self.rows;
        let row = |span: &(u32, u32)| &rows[span.0 as usize..span.1 as usize];
        self.spans.sort_unstable_by(|a, b| row(a).cmp(row(b)));
        self.spans.dedup_by(|a, b| row(a) == row(b));
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.spans.is_empty() {
            return Ok(());
        }
        self.sort();
        let mut out = self.run()?;
        for (start, end) in &self.spans {
            out.row(&self.rows[*start as usize..*end as usize])?;
        }
        self.push_run(out.finish()?)?;
        self.rows.clear();
        self.spans.clear();
        Ok(())
    }

    fn run(&self) -> io::Result<RunWriter> {
        let file = match &self.options.dir {
            Some(dir) => tempfile::tempfile_in(dir)?,
            None => tempfile::tempfile()?,
        };
        Ok(RunWriter { out: BufWriter::with_capacity(BUFFER_BYTES, file), longest: 0 })
    }
}

/// How many of the first runs are merged at a time: all that fit, and two at least.
fn fan_in(runs: &[Run]) -> usize {
    let mut held = 0usize;
    let fit = runs.iter().take(FAN_IN).take_while(|run| {
        held = held.saturating_add(BUFFER_BYTES + run.longest);
        held <= MERGE_BYTES
    });
    fit.count().max(2).min(runs.len())
}

/// A run that is being written.
struct RunWriter {
    out: BufWriter<File>,
    longest: usize,
}

impl RunWriter {
    fn row(&mut self, row: &[u8]) -> io::Result<()> {
        let length = u32::try_from(row.len()).map_err(too_long)?;
        self.longest = self.longest.max(row.len());
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(row)
    }

    fn finish(self) -> io::Result<Run> {
        let mut file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(Run { file, longest: self.longest })
    }
}

fn too_long(_: std::num::TryFromIntError) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "a row of 4 GiB or more cannot be sorted")
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
    fn new(runs: Vec<Run>) -> io::Result<Self> {
        let runs = runs.into_iter().map(|run| BufReader::with_capacity(BUFFER_BYTES, run.file));
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

    #[test]
    fn runs_of_long_rows_are_merged_few_at_a_time() {
        let run = |longest| Run { file: tempfile::tempfile().unwrap(), longest };
        let of = |longest: usize, count: usize| -> Vec<Run> {
            std::iter::repeat_with(|| run(longest)).take(count).collect()
        };
        for (longest, count, wanted) in
            [(100, 200, FAN_IN), (100, 5, 5), (4 << 20, 200, 3), (1 << 30, 200, 2), (1 << 30, 1, 1)]
        {
            assert_eq!(fan_in(&of(longest, count)), wanted, "{longest} {count}");
        }
        // Eleven runs, merged in passes of three and two.
        let rows: Vec<Vec<u8>> = (0..11_u8).map(|n| vec![n * 7 % 11; 5 << 20]).collect();
        let mut wanted = rows.clone();
        wanted.sort();
        assert!(sorted(&rows, 1) == wanted);
    }

    #[test]
    fn a_sorter_takes_in_the_rows_of_another() {
        for memory_bytes in [1, 1 << 20] {
            let options = || SortOptions { memory_bytes, dir: None };
            let (mut one, mut other) = (Sorter::new(options()), Sorter::new(options()));
            for row in [b"c", b"a"] {
                one.push(row).unwrap();
            }
            for row in [b"b", b"c", b"d"] {
                other.push(row).unwrap();
            }
            one.absorb(other).unwrap();
            let mut sorted = one.finish().unwrap();
            for row in [b"a", b"b", b"c", b"d"] {
                assert_eq!(sorted.next_row().unwrap(), Some(&row[..]));
            }
            assert_eq!(sorted.next_row().unwrap(), None);
        }
    }
}
