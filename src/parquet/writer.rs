//! Rows in, a Parquet file out.

use std::io::{self, Write};

use super::column::{Column, Kind, Value};
use super::thrift::Struct;
use super::values::Values;

const MAGIC: &[u8; 4] = b"PAR1";
/// How many rows are one row group at most: what a reader can pass over, and what threads of DuckDB share.
const ROWS_PER_GROUP: usize = 131_072;
/// How many bytes of values are one row group at most: what is held in memory.
const GROUP_BYTES_MAX: usize = 64 << 20;
/// The level of zstd; its own default.
const ZSTD_LEVEL: i32 = 3;

// parquet.thrift
const TYPE_BOOLEAN: i32 = 0;
const TYPE_INT32: i32 = 1;
const TYPE_INT64: i32 = 2;
const TYPE_DOUBLE: i32 = 5;
const TYPE_BYTE_ARRAY: i32 = 6;
const OPTIONAL: i32 = 1;
const CONVERTED_UTF8: i32 = 0;
const CONVERTED_TIMESTAMP_MICROS: i32 = 10;
const CONVERTED_INT_16: i32 = 16;
const ENCODING_PLAIN: i32 = 0;
const ENCODING_RLE: i32 = 3;
const ENCODING_RLE_DICTIONARY: i32 = 8;
const CODEC_ZSTD: i32 = 6;
const DATA_PAGE: i32 = 0;
const DICTIONARY_PAGE: i32 = 2;

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
    /// How many bytes of values wait for the end of the row group.
    held: usize,
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
        Ok(Self {
            out,
            columns,
            created_by,
            values,
            rows: 0,
            held: 0,
            written: 4,
            groups: Vec::new(),
        })
    }

    /// Adds a row: a value for each column, in their order; missing values at the end are null.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn row(&mut self, row: &[Value<'_>]) -> io::Result<()> {
        for (at, (column, values)) in self.columns.iter().zip(&mut self.values).enumerate() {
            self.held += values.push(column.kind, row.get(at).unwrap_or(&Value::Null));
        }
        self.rows += 1;
        let is_full = self.rows == ROWS_PER_GROUP || self.held >= GROUP_BYTES_MAX;
        if is_full { self.group() } else { Ok(()) }
    }

    /// How many bytes were written: what the file takes, but for the rows of the last row group and the footer.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
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
        self.held = 0;
        let offset = self.written;
        let (mut columns, mut uncompressed, mut compressed) = (Vec::new(), 0, 0);
        for (column, values) in self.columns.iter().zip(&mut self.values) {
            let mut values = std::mem::take(values);
            let pages = values.pages();
            let place = self.written;
            let (mut sizes, mut values_by) = ((0, 0), ENCODING_PLAIN);
            if let Some((count, entries)) = &pages.dictionary {
                values_by = ENCODING_RLE_DICTIONARY;
                let about = Struct::new().i32(1, size(*count)?).i32(2, ENCODING_PLAIN);
                sizes = page(&mut self.out, entries, DICTIONARY_PAGE, (7, about))?;
            }
            let data_place = place + sizes.1;
            let about = Struct::new()
                .i32(1, size(rows)?)
                .i32(2, values_by)
                .i32(3, ENCODING_RLE)
                .i32(4, ENCODING_RLE);
            let data = page(&mut self.out, &pages.data, DATA_PAGE, (5, about))?;
            sizes = (sizes.0 + data.0, sizes.1 + data.1);
            self.written += sizes.1;
            uncompressed += sizes.0;
            compressed += sizes.1;
            let mut encodings = vec![ENCODING_PLAIN, ENCODING_RLE];
            encodings.extend(pages.dictionary.as_ref().map(|_| ENCODING_RLE_DICTIONARY));
            let mut about = Struct::new()
                .i32(1, physical(column.kind))
                .i32s(2, &encodings)
                .binaries(3, &[column.name.as_bytes()])
                .i32(4, CODEC_ZSTD)
                .i64(5, rows as i64)
                .i64(6, sizes.0 as i64)
                .i64(7, sizes.1 as i64)
                .i64(9, data_place as i64);
            if pages.dictionary.is_some() {
                about = about.i64(11, place as i64);
            }
            let about = about.structure(12, values.statistics(column.kind));
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

fn size(length: usize) -> io::Result<i32> {
    i32::try_from(length).map_err(io::Error::other)
}

/// Writes a page, packed, behind its header, in which its own part has this number. Gives back how long both are,
/// unpacked and packed.
fn page(
    out: &mut impl Write,
    page: &[u8],
    kind: i32,
    (number, about): (i16, Struct),
) -> io::Result<(u64, u64)> {
    let packed = zstd::bulk::compress(page, ZSTD_LEVEL)?;
    let header = Struct::new()
        .i32(1, kind)
        .i32(2, size(page.len())?)
        .i32(3, size(packed.len())?)
        .structure(number, about)
        .end();
    out.write_all(&header)?;
    out.write_all(&packed)?;
    Ok(((header.len() + page.len()) as u64, (header.len() + packed.len()) as u64))
}

fn physical(kind: Kind) -> i32 {
    match kind {
        Kind::Bool => TYPE_BOOLEAN,
        Kind::Double => TYPE_DOUBLE,
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
        Kind::Int32 | Kind::Int64 | Kind::Double | Kind::Bool => element,
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
}
