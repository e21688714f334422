//! The tables and their columns. `docs/reference/tables.md` describes each; a test compares the two.
//!
//! Columns are flat, so every tool can read them without unnesting. The name of the month is in the path,
//! not in the file, as Hive, Spark, Trino, DuckDB and pandas expect it.

use serde::{Deserialize, Serialize};

use crate::exchange::export::CAPTURE_COLUMNS;
use crate::parquet::{Column, Kind};

/// One of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Table {
    /// Every capture, in the columns of Common Crawl's index.
    Captures,
    /// The versions of pages of HTML.
    Versions,
    /// The changes from one version to another.
    Changes,
    /// The quotations of a version.
    Quotations,
    /// The figures of a version.
    Figures,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

const fn text(name: &'static str) -> Column {
    column(name, Kind::Text)
}

/// The page and version, in the first columns of every table except that of captures.
macro_rules! of_version {
    ($($more:expr),* $(,)?) => {
        &[
            text("url_surtkey"),
            text("url"),
            text("url_host_name"),
            text("url_host_registered_domain"),
            column("version", Kind::Int32),
            column("first_seen", Kind::Time),
            text("warc_record_id"),
            text("form"),
            $($more),*
        ]
    };
}

const VERSIONS: &[Column] = of_version![
    column("last_seen", Kind::Time),
    text("last_warc_record_id"),
    column("captures", Kind::Int64),
    text("presence"),
    column("status", Kind::Int16),
    text("headline"),
    text("leads_to"),
    column("changes", Kind::Int32),
    column("weight", Kind::Int16),
    column("stealth", Kind::Bool),
    column("coarse", Kind::Bool),
    column("compared_first_seen", Kind::Time),
    text("compared_warc_record_id"),
    text("content_digest"),
    text("warc_filename"),
    column("warc_record_offset", Kind::Int64),
    column("warc_record_length", Kind::Int64),
];

const CHANGES: &[Column] = of_version![
    column("number", Kind::Int32),
    text("kind"),
    text("before"),
    text("after"),
    text("speaker"),
    text("about"),
    column("notation", Kind::Bool),
    column("weight", Kind::Int16),
    column("stealth", Kind::Bool),
    column("old_start", Kind::Int64),
    column("old_end", Kind::Int64),
    column("new_start", Kind::Int64),
    column("new_end", Kind::Int64),
    text("headline"),
    column("compared_first_seen", Kind::Time),
    text("compared_warc_record_id"),
];

const QUOTATIONS: &[Column] = of_version![
    column("number", Kind::Int32),
    text("text"),
    text("speaker"),
    column("named", Kind::Bool),
    text("cue"),
    text("kind"),
    column("text_start", Kind::Int64),
    column("text_end", Kind::Int64),
    text("headline"),
];

const FIGURES: &[Column] = of_version![
    column("number", Kind::Int32),
    text("text"),
    text("value"),
    column("value_number", Kind::Double),
    text("unit"),
    text("hedge"),
    text("counts"),
    column("text_start", Kind::Int64),
    column("text_end", Kind::Int64),
    text("headline"),
];

impl Table {
    /// Every table.
    pub const ALL: [Self; 5] =
        [Self::Captures, Self::Versions, Self::Changes, Self::Quotations, Self::Figures];

    /// Its name, which is that of its folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Captures => "captures",
            Self::Versions => "versions",
            Self::Changes => "changes",
            Self::Quotations => "quotations",
            Self::Figures => "figures",
        }
    }

    /// Its columns.
    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Captures => CAPTURE_COLUMNS,
            Self::Versions => VERSIONS,
            Self::Changes => CHANGES,
            Self::Quotations => QUOTATIONS,
            Self::Figures => FIGURES,
        }
    }
}
