//! Parquet files: columns of numbers, times and texts, as Spark, DuckDB and Trino read them.
//!
//! Owns the part of the format that a table without nesting needs: one data page a column and row group, values
//! plain or by a dictionary and packed with zstd, statistics of each. Deliberately reads nothing and knows no table. The same
//! rows give the same bytes.
//!
//! ```text
//!  PAR1 | row group: column, column … | row group … | footer: schema, places, statistics | its length | PAR1
//!                    └ page header (thrift) | zstd( the different texts )              where texts come again
//!                      page header (thrift) | zstd( levels of NULLs | values )
//! ```
//!
//! Apache Parquet format 2.11 (`parquet.thrift`, `Encodings.md`). Decision 14 has why it is our own.

mod column;
mod thrift;
mod values;
mod writer;

pub use column::{Column, Kind, Value};
pub use writer::Writer;
