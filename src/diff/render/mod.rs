//! A comparison in the forms a reader gets: for a terminal, as a unified diff, as Markdown, as one
//! HTML file, and as JSON. Pure: text in, text out; who prints and where is not known here.

pub mod json;
mod lines;
pub mod terminal;

use super::Comparison;
use crate::extract::page::Page;

/// A comparison with the pages it is of, and what to call them.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The comparison.
    pub comparison: &'a Comparison,
    /// The old page.
    pub old: &'a Page,
    /// The new page.
    pub new: &'a Page,
    /// What to call the old side: a time, a file.
    pub old_label: &'a str,
    /// What to call the new side.
    pub new_label: &'a str,
    /// What the page is called above it all: its address, or a file.
    pub title: &'a str,
}
