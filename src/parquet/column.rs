//! The columns of a table and the values of its rows.

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
    /// A number of 64 bits with a binary point.
    Double,
    /// True or false.
    Bool,
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

/// A value of a row. One of another kind than its column counts as missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// There is none.
    Null,
    /// Of a column of text.
    Text(&'a str),
    /// Of a column of whole numbers or times. What does not fit a column of fewer bits counts as
    /// missing.
    Int(i64),
    /// Of a column of numbers with a binary point.
    Double(f64),
    /// Of a column of truth values.
    Bool(bool),
}
