//! A comparison in the forms a reader gets: for a terminal, as a unified diff, as Markdown, and as one HTML file.
//! Pure: text in, text out; printing is the caller's task.

pub(super) mod cells;
pub mod html;
mod lines;
pub mod markdown;
mod passages;
pub mod terminal;
pub mod unified;

use crate::answers::diff::Diff;
use crate::diff::{Acknowledgement, Comparison};
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

impl<'a> Shown<'a> {
    /// What was asked for and found.
    #[must_use]
    pub fn of(found: &'a Diff) -> Self {
        Self {
            comparison: &found.comparison,
            old: &found.old.page,
            new: &found.new.page,
            old_label: &found.old_label,
            new_label: &found.new_label,
            title: found.new.url().unwrap_or(&found.new_label),
        }
    }
}

/// In a sentence: how many changes, and who says so.
#[must_use]
pub fn verdict(shown: &Shown<'_>) -> String {
    let found = shown.comparison;
    let count = match found.changes.len() {
        0 => return "no change".to_owned(),
        1 => "1 change".to_owned(),
        n => format!("{n} changes"),
    };
    if found.stealth {
        let declared = match &found.declared.modified_after {
            Some(time) => format!("its declared date stays {}", lines::clean(&time.text)),
            None => "no modification date is declared".to_owned(),
        };
        return format!("{count}, not acknowledged: no notice, and {declared}");
    }
    let said: Vec<String> = found
        .acknowledged_by
        .iter()
        .map(|by| match by {
            Acknowledgement::Notice(_) => "a notice".to_owned(),
            Acknowledgement::Modified(time) => {
                format!("its declared date of {}", lines::clean(time))
            }
            Acknowledgement::Struck(_) => "crossed-out words".to_owned(),
        })
        .collect();
    if said.is_empty() { count } else { format!("{count}, acknowledged by {}", said.join(" and ")) }
}
