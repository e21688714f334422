//! The columns of a row: the fields of a capture, and for a revisit the place of what it repeats.

use std::borrow::Cow;

use super::super::reply::Refusal;
use super::rows::Row;
use crate::archive::RecordKind;
use crate::archive::cdx::{bare_digest, put_column};
use crate::archive::filter::Field;

/// Where the record of the original is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `orig.length`
    Length,
    /// `orig.offset`
    Offset,
    /// `orig.filename`
    Filename,
}

/// One column, under the name by which it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    what: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Field(Field),
    /// The digest without the label of SHA-1.
    BareDigest,
    Original(Place),
}

const PLACES: [(&str, Place); 3] = [
    ("orig.length", Place::Length),
    ("orig.offset", Place::Offset),
    ("orig.filename", Place::Filename),
];

impl Column {
    fn parse(name: &str) -> Result<Self, Refusal> {
        let place = PLACES.iter().find(|(known, _)| *known == name);
        let what = match place {
            Some((_, place)) => Content::Original(*place),
            None => Content::Field(Field::parse(name).ok_or_else(|| {
                let name: String = name.chars().take(100).collect();
                let known: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
                Refusal::bad(format!("fl: unknown field {name:?}; there are {}", known.join(", ")))
            })?),
        };
        Ok(Self { name: name.to_owned(), what })
    }

    /// The columns of a comma-separated list of names.
    ///
    /// # Errors
    /// When there is no such column, or the list is empty.
    pub fn list(names: &str) -> Result<Vec<Self>, Refusal> {
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        let columns: Vec<Self> = names.map(Self::parse).collect::<Result<_, _>>()?;
        if columns.is_empty() { Err(Refusal::bad("fl: names no field")) } else { Ok(columns) }
    }

    /// The fields of a capture in JSON, with those of the original where revisits are resolved.
    pub fn all(resolve: bool) -> Vec<Self> {
        let field =
            |field: Field| Self { name: field.name().to_owned(), what: Content::Field(field) };
        let mut columns: Vec<Self> = Field::ALL.into_iter().map(field).collect();
        if resolve {
            columns.extend(PLACES.map(|(name, place)| Self {
                name: name.to_owned(),
                what: Content::Original(place),
            }));
        }
        columns
    }

    /// The same with digests as the Wayback Machine has them.
    pub fn with_bare_digests(columns: Vec<Self>) -> Vec<Self> {
        let bare = |column: Self| match column.what {
            Content::Field(Field::Digest) => Self { what: Content::BareDigest, ..column },
            _ => column,
        };
        columns.into_iter().map(bare).collect()
    }

    /// Whether it is one of those that every CDXJ line begins with.
    pub fn is_in_front(&self) -> bool {
        matches!(self.what, Content::Field(Field::Urlkey | Field::Timestamp))
    }

    /// Its value; `-` where there is none.
    pub fn value<'r>(&self, row: &'r Row) -> Cow<'r, str> {
        match self.what {
            Content::Field(field) => field.value(&row.capture),
            Content::BareDigest => {
                row.capture.digest.map_or(Cow::Borrowed("-"), |d| Cow::Owned(bare_digest(d)))
            }
            Content::Original(place) => {
                let original = row.original.as_ref();
                let original = original.filter(|_| row.capture.kind == RecordKind::Revisit);
                match (original, place) {
                    (None, _) => Cow::Borrowed("-"),
                    (Some(original), Place::Length) => Cow::Owned(original.length.to_string()),
                    (Some(original), Place::Offset) => Cow::Owned(original.offset.to_string()),
                    (Some(original), Place::Filename) => Cow::Borrowed(&original.file),
                }
            }
        }
    }
}

/// The columns of a row, separated by blanks; a value contains no blank.
pub fn as_text(columns: &[Column], row: &Row, out: &mut String) {
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        put_column(out, &column.value(row));
    }
}
