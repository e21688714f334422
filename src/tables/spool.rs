//! Rows to be written to Parquet, one temporary file for each table and month: a pass over the archive gives rows of
//! many months, and a Parquet file is written from the rows of one month.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::parquet::Value;

use super::{Month, Table};

const BUFFER_BYTES: usize = 32 << 10;

const NULL: u8 = 0;
const TEXT: u8 = 1;
const INT: u8 = 2;
const DOUBLE: u8 = 3;
const FALSE: u8 = 4;
const TRUE: u8 = 5;

/// Rows of several tables and months. The files are unlinked from the start, so that a process that is killed leaves
/// none behind.
#[derive(Debug)]
pub(super) struct Spools {
    dir: PathBuf,
    open: BTreeMap<(Table, Month), BufWriter<File>>,
    row: Vec<u8>,
}

/// Rows of one table and month, in order of arrival.
#[derive(Debug)]
pub(super) struct Spool {
    file: BufReader<File>,
    row: Vec<u8>,
}

impl Spools {
    /// Makes a spool with its files in `dir`.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), open: BTreeMap::new(), row: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When a temporary file cannot be made or written.
    pub fn push(&mut self, table: Table, month: Month, row: &[Value<'_>]) -> io::Result<()> {
        let file = match self.open.entry((table, month)) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let file = tempfile::tempfile_in(&self.dir)?;
                place.insert(BufWriter::with_capacity(BUFFER_BYTES, file))
            }
        };
        self.row.clear();
        row.iter().try_for_each(|value| put(&mut self.row, value))?;
        file.write_all(&length(self.row.len())?.to_le_bytes())?;
        file.write_all(&self.row)
    }

    /// The rows of each table and month.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub fn finish(self) -> io::Result<Vec<((Table, Month), Spool)>> {
        let spool = |(of, file): ((Table, Month), BufWriter<File>)| {
            let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            Ok((of, Spool { file: BufReader::with_capacity(BUFFER_BYTES, file), row: Vec::new() }))
        };
        self.open.into_iter().map(spool).collect()
    }
}

impl Spool {
    /// Passes on the next row; `None` after the last.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_row<T>(&mut self, then: impl FnOnce(&[Value<'_>]) -> T) -> io::Result<Option<T>> {
        let mut length = [0; 4];
        match self.file.read_exact(&mut length) {
            Ok(()) => {}
            Err(why) if why.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(why) => return Err(why),
        }
        self.row.resize(u32::from_le_bytes(length) as usize, 0);
        self.file.read_exact(&mut self.row)?;
        let mut rest = self.row.as_slice();
        let mut values = Vec::with_capacity(32);
        while !rest.is_empty() {
            values.push(take(&mut rest).ok_or(ErrorKind::InvalidData)?);
        }
        Ok(Some(then(&values)))
    }
}

fn length(length: usize) -> io::Result<u32> {
    u32::try_from(length)
        .map_err(|_| io::Error::new(ErrorKind::InvalidInput, "a row of 4 GiB or more"))
}

fn put(out: &mut Vec<u8>, value: &Value<'_>) -> io::Result<()> {
    match value {
        Value::Null => out.push(NULL),
        Value::Text(text) => {
            out.push(TEXT);
            out.extend_from_slice(&length(text.len())?.to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        Value::Int(value) => {
            out.push(INT);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Value::Double(value) => {
            out.push(DOUBLE);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Value::Bool(value) => out.push(if *value { TRUE } else { FALSE }),
    }
    Ok(())
}

/// The first value of a row; `None` if the bytes are invalid.
fn take<'a>(rest: &mut &'a [u8]) -> Option<Value<'a>> {
    let (tag, after) = rest.split_first()?;
    *rest = after;
    let eight = |rest: &mut &'a [u8]| {
        let (bytes, after) = rest.split_first_chunk::<8>()?;
        *rest = after;
        Some(*bytes)
    };
    Some(match *tag {
        NULL => Value::Null,
        TEXT => {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let (text, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            *rest = after;
            Value::Text(std::str::from_utf8(text).ok()?)
        }
        INT => Value::Int(i64::from_le_bytes(eight(rest)?)),
        DOUBLE => Value::Double(f64::from_le_bytes(eight(rest)?)),
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_by_table_and_month() {
        let dir = tempfile::tempdir().unwrap();
        let mut spools = Spools::new(dir.path());
        let (a, b) = ("2026-01".parse().unwrap(), "2025-12".parse().unwrap());
        let row = [
            Value::Null,
            Value::Text("é"),
            Value::Int(-3),
            Value::Double(0.5),
            Value::Bool(true),
            Value::Bool(false),
            Value::Text(""),
        ];
        spools.push(Table::Changes, a, &row).unwrap();
        spools.push(Table::Captures, b, &[]).unwrap();
        spools.push(Table::Changes, a, &row[1..2]).unwrap();
        let mut found = spools.finish().unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let of: Vec<_> = found.iter().map(|(of, _)| *of).collect();
        assert_eq!(of, [(Table::Captures, b), (Table::Changes, a)]);
        let spool = &mut found[1].1;
        assert_eq!(spool.next_row(|values| values == row).unwrap(), Some(true));
        assert_eq!(spool.next_row(|values| values == [Value::Text("é")]).unwrap(), Some(true));
        assert_eq!(spool.next_row(|_| ()).unwrap(), None);
        assert_eq!(found[0].1.next_row(|row: &[Value<'_>]| row.len()).unwrap(), Some(0));
    }
}
