//! Rows in, a Parquet file out.

use std::io::{self, Write};

use super::thrift::{Struct, put_varint};

const MAGIC: &[u8; 4] = b"PAR1";
/// How many rows are one row group: what is held in memory, and what a reader can pass over.
const ROWS_PER_GROUP: usize = 50_000;
/// The level of zstd; its own default.
const ZSTD_LEVEL: i32 = 3;
/// The longest text that statistics have.
const STATISTICS_BYTES_MAX: usize = 1024;

// parquet.thrift
const TYPE_INT32: i32 = 1;
const TYPE_INT64: i32 = 2;
const TYPE_BYTE_ARRAY: i32 = 6;
const OPTIONAL: i32 = 1;
const CONVERTED_UTF8: i32 = 0;
const CONVERTED_TIMESTAMP_MICROS: i32 = 10;
const CONVERTED_INT_16: i32 = 16;
const ENCODING_PLAIN: i32 = 0;
const ENCODING_RLE: i32 = 3;
const CODEC_ZSTD: i32 = 6;
const DATA_PAGE: i32 = 0;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, UTF-8.
    Text,
    /// A whole number of 16 bits.
    Int16,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// An instant, microseconds since 1970, UTC.
    Time,
}

/// A column; any value of it may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// There is none.
    Null,
    /// Of a column of text.
    Text(&'a str),
    /// Of any other column. What does not fit a column of fewer bits is none.
    Int(i64),
}

/// The values of a column in the row group that is being filled.
#[derive(Debug, Default)]
struct Values {
    /// Whether there is a value, as runs: how many rows, and whether they have one.
    runs: Vec<(u32, bool)>,
    nulls: u64,
    plain: Vec<u8>,
    min: Option<Vec<u8>>,
    max: Option<Vec<u8>>,
    ints: Option<(i64, i64)>,
    /// A text is too long for statistics.
    is_unbounded: bool,
}

/// What the footer says of a row group.
struct Group {
    columns: Vec<Struct>,
    rows: u64,
    uncompressed: u64,
    compressed: u64,
    offset: u64,
}

/// Writes a table.
pub struct Writer<W: Write> {
    out: W,
    columns: &'static [Column],
    created_by: String,
    values: Vec<Values>,
    rows: usize,
    written: u64,
    groups: Vec<Group>,
}

impl<W: Write> Writer<W> {
    /// A table of these columns.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn new(mut out: W, columns: &'static [Column], created_by: &str) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        let values = columns.iter().map(|_| Values::default()).collect();
        let created_by = created_by.to_owned();
        Ok(Self { out, columns, created_by, values, rows: 0, written: 4, groups: Vec::new() })
    }

    /// Adds a row: a value for each column, in their order; what is missing at the end is none.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn row(&mut self, row: &[Value<'_>]) -> io::Result<()> {
        for (at, (column, values)) in self.columns.iter().zip(&mut self.values).enumerate() {
            values.push(column.kind, row.get(at).unwrap_or(&Value::Null));
        }
        self.rows += 1;
        if self.rows == ROWS_PER_GROUP { self.group() } else { Ok(()) }
    }

    /// Ends the table; gives back what was written to.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn finish(mut self) -> io::Result<W> {
        if self.rows > 0 {
            self.group()?;
        }
        let footer = self.footer().end();
        self.out.write_all(&footer)?;
        let length = u32::try_from(footer.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(MAGIC)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn group(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let offset = self.written;
        let (mut columns, mut uncompressed, mut compressed) = (Vec::new(), 0, 0);
        for (column, values) in self.columns.iter().zip(&mut self.values) {
            let values = std::mem::take(values);
            let page = values.page();
            let packed = zstd::bulk::compress(&page, ZSTD_LEVEL)?;
            let size = |length: usize| i32::try_from(length).map_err(io::Error::other);
            let header = Struct::new()
                .i32(1, DATA_PAGE)
                .i32(2, size(page.len())?)
                .i32(3, size(packed.len())?)
                .structure(
                    5,
                    Struct::new()
                        .i32(1, size(rows)?)
                        .i32(2, ENCODING_PLAIN)
                        .i32(3, ENCODING_RLE)
                        .i32(4, ENCODING_RLE),
                )
                .end();
            self.out.write_all(&header)?;
            self.out.write_all(&packed)?;
            let place = self.written;
            let sizes = (header.len() + page.len(), header.len() + packed.len());
            self.written += sizes.1 as u64;
            uncompressed += sizes.0 as u64;
            compressed += sizes.1 as u64;
            let about = Struct::new()
                .i32(1, physical(column.kind))
                .i32s(2, &[ENCODING_PLAIN, ENCODING_RLE])
                .binaries(3, &[column.name.as_bytes()])
                .i32(4, CODEC_ZSTD)
                .i64(5, rows as i64)
                .i64(6, sizes.0 as i64)
                .i64(7, sizes.1 as i64)
                .i64(9, place as i64)
                .structure(12, values.statistics(column.kind));
            columns.push(Struct::new().i64(2, place as i64).structure(3, about));
        }
        let rows = rows as u64;
        self.groups.push(Group { columns, rows, uncompressed, compressed, offset });
        Ok(())
    }

    fn footer(&mut self) -> Struct {
        let count = i32::try_from(self.columns.len()).unwrap_or(i32::MAX);
        let root = Struct::new().binary(4, b"schema").i32(5, count);
        let mut schema = vec![root];
        schema.extend(self.columns.iter().map(element));
        let groups = std::mem::take(&mut self.groups);
        let rows: u64 = groups.iter().map(|group| group.rows).sum();
        let groups: Vec<Struct> = groups
            .into_iter()
            .map(|group| {
                Struct::new()
                    .structures(1, group.columns.into_iter())
                    .i64(2, group.uncompressed as i64)
                    .i64(3, group.rows as i64)
                    .i64(5, group.offset as i64)
                    .i64(6, group.compressed as i64)
            })
            .collect();
        // TypeDefinedOrder: numbers by value, texts by their bytes.
        let orders: Vec<Struct> =
            self.columns.iter().map(|_| Struct::new().structure(1, Struct::new())).collect();
        Struct::new()
            .i32(1, 2)
            .structures(2, schema.into_iter())
            .i64(3, rows as i64)
            .structures(4, groups.into_iter())
            .binary(6, self.created_by.as_bytes())
            .structures(7, orders.into_iter())
    }
}

fn physical(kind: Kind) -> i32 {
    match kind {
        Kind::Text => TYPE_BYTE_ARRAY,
        Kind::Int16 | Kind::Int32 => TYPE_INT32,
        Kind::Int64 | Kind::Time => TYPE_INT64,
    }
}

/// A column in the schema, with its type in both the older and the newer form.
fn element(column: &Column) -> Struct {
    let element = Struct::new()
        .i32(1, physical(column.kind))
        .i32(3, OPTIONAL)
        .binary(4, column.name.as_bytes());
    match column.kind {
        Kind::Text => {
            element.i32(6, CONVERTED_UTF8).structure(10, Struct::new().structure(1, Struct::new()))
        }
        Kind::Int16 => {
            let integer = Struct::new().i8(1, 16).bool(2, true);
            element.i32(6, CONVERTED_INT_16).structure(10, Struct::new().structure(10, integer))
        }
        Kind::Time => {
            let micros = Struct::new().structure(2, Struct::new());
            let time = Struct::new().bool(1, true).structure(2, micros);
            element
                .i32(6, CONVERTED_TIMESTAMP_MICROS)
                .structure(10, Struct::new().structure(8, time))
        }
        Kind::Int32 | Kind::Int64 => element,
    }
}

impl Values {
    fn push(&mut self, kind: Kind, value: &Value<'_>) {
        let is_there = match (kind, value) {
            (Kind::Text, Value::Text(text)) => {
                self.text(text);
                true
            }
            (Kind::Text, Value::Int(_)) | (_, Value::Null | Value::Text(_)) => false,
            (Kind::Int64 | Kind::Time, Value::Int(value)) => {
                self.plain.extend_from_slice(&value.to_le_bytes());
                self.int(*value);
                true
            }
            (Kind::Int16, Value::Int(value)) if i16::try_from(*value).is_err() => false,
            (Kind::Int16 | Kind::Int32, Value::Int(value)) => match i32::try_from(*value) {
                Ok(narrow) => {
                    self.plain.extend_from_slice(&narrow.to_le_bytes());
                    self.int(*value);
                    true
                }
                Err(_) => false,
            },
        };
        self.nulls += u64::from(!is_there);
        match self.runs.last_mut() {
            Some((count, there)) if *there == is_there => *count += 1,
            _ => self.runs.push((1, is_there)),
        }
    }

    fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        self.plain.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.plain.extend_from_slice(bytes);
        if bytes.len() > STATISTICS_BYTES_MAX {
            self.is_unbounded = true;
        }
        if self.is_unbounded {
            return;
        }
        if self.min.as_ref().is_none_or(|min| bytes < min.as_slice()) {
            self.min = Some(bytes.to_vec());
        }
        if self.max.as_ref().is_none_or(|max| bytes > max.as_slice()) {
            self.max = Some(bytes.to_vec());
        }
    }

    fn int(&mut self, value: i64) {
        let (min, max) = self.ints.unwrap_or((value, value));
        self.ints = Some((min.min(value), max.max(value)));
    }

    /// The levels that say which rows have a value, and the values.
    fn page(&self) -> Vec<u8> {
        let mut levels = Vec::new();
        for (count, is_there) in &self.runs {
            put_varint(&mut levels, u64::from(*count) << 1);
            levels.push(u8::from(*is_there));
        }
        let mut page = Vec::with_capacity(4 + levels.len() + self.plain.len());
        page.extend_from_slice(&(levels.len() as u32).to_le_bytes());
        page.extend_from_slice(&levels);
        page.extend_from_slice(&self.plain);
        page
    }

    fn statistics(&self, kind: Kind) -> Struct {
        let bounds = match (kind, self.ints) {
            (Kind::Text, _) if self.is_unbounded => None,
            (Kind::Text, _) => self.max.clone().zip(self.min.clone()),
            (Kind::Int16 | Kind::Int32, Some((min, max))) => {
                Some(((max as i32).to_le_bytes().to_vec(), (min as i32).to_le_bytes().to_vec()))
            }
            (Kind::Int64 | Kind::Time, Some((min, max))) => {
                Some((max.to_le_bytes().to_vec(), min.to_le_bytes().to_vec()))
            }
            (_, None) => None,
        };
        let (max, min) = bounds.unzip();
        Struct::new()
            .i64(3, self.nulls as i64)
            .maybe_binary(5, max.as_deref())
            .maybe_binary(6, min.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { name: "t", kind: Kind::Text },
        Column { name: "n", kind: Kind::Int16 },
        Column { name: "l", kind: Kind::Int64 },
        Column { name: "at", kind: Kind::Time },
    ];

    fn table(rows: usize) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), COLUMNS, "tests").unwrap();
        for n in 0..rows {
            let text = format!("row {n}");
            let number = Value::Int(n as i64);
            let last = if n % 3 == 0 { Value::Null } else { Value::Int(-1) };
            writer.row(&[Value::Text(&text), number.clone(), number, last]).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn a_file_begins_and_ends_as_it_should_and_is_the_same_every_time() {
        for rows in [0, 1, 3, ROWS_PER_GROUP + 1] {
            let made = table(rows);
            assert!(made.starts_with(MAGIC) && made.ends_with(MAGIC));
            let (rest, length) = made[..made.len() - 4].split_last_chunk::<4>().unwrap();
            assert!(u32::from_le_bytes(*length) as usize <= rest.len() - 4);
            assert_eq!(made, table(rows));
        }
    }

    #[test]
    fn a_page_has_runs_of_missing_values_before_its_values() {
        let mut values = Values::default();
        for value in [Value::Int(7), Value::Null, Value::Null, Value::Int(70_000), Value::Text("x")]
        {
            values.push(Kind::Int16, &value);
        }
        assert_eq!(values.page(), [4, 0, 0, 0, 2, 1, 8, 0, 7, 0, 0, 0]);
        assert_eq!((values.nulls, values.ints), (4, Some((7, 7))));
    }
}
