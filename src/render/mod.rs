//! Answers in the forms that people and feed readers get: text for a terminal, HTML, Markdown, a unified
//! diff, RSS and Atom. Pure: a value in, text out.
//!
//! Text for a terminal comes as lines, none of which may hold a line end of its own once it is printed, so that
//! no page can make two of one. Deliberately no JSON, which is the serde form of the value itself, and no
//! writing: printing a text, and making it safe for a terminal, is the caller's task.

pub mod blame;
pub mod captures;
mod change;
pub mod changes;
pub mod cite;
pub mod diff;
pub mod due;
pub mod feed;
pub mod history;
pub mod peers;
pub mod quotes;
pub mod report;
pub mod search;
pub mod status;
pub mod story;
pub mod verify;
pub mod web;
pub mod when;

use crate::archive::Form;

pub use change::change_line;

/// Rows of data below the names of their columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The names.
    pub head: &'static [&'static str],
    /// Which columns are aligned to the right; the others, and those beyond, to the left.
    pub right: &'static [bool],
    /// A cell for each column.
    pub rows: Vec<Vec<String>>,
}

/// The note behind an address: empty where the page was read as it was sent.
fn in_form(form: Form) -> &'static str {
    match form {
        Form::Plain => "",
        Form::Rendered => ", as rendered",
    }
}

/// A number and its noun.
fn plural(n: u64, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}
