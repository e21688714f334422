//! Parquet files: columns of numbers, times and texts, as Spark, DuckDB and Trino read them.
//!
//! Owns the part of the format that a table without nesting needs: one data page a column and row group,
//! plain values packed with zstd, statistics of each. Deliberately reads nothing and knows no table. The same
//! rows give the same bytes.
//!
//! ```text
//!  PAR1 | row group: column, column … | row group … | footer: schema, places, statistics | its length | PAR1
//!                    └ page header (thrift) | zstd( levels of NULLs | values )
//! ```
//!
//! Apache Parquet format 2.11 (`parquet.thrift`, `Encodings.md`). Decision 14 has why it is our own.

mod thrift;
mod writer;

pub use writer::{Column, Kind, Value, Writer};
