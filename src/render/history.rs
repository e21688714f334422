//! The versions of a page as text.

use crate::base::Timestamp;
use crate::diff::{Change, Presence};
use crate::history::VersionRow;

use super::change::change_line;
use super::plural;

/// Takes versions in, oldest first, and writes them when there are no more, since the first line counts
/// what follows.
#[derive(Debug, Default)]
pub struct HistoryText {
    captures: u64,
    entries: Vec<Entry>,
}

/// A version as text, but for its number.
#[derive(Debug)]
struct Entry {
    first: Timestamp,
    last: Timestamp,
    captures: u64,
    lines: Vec<String>,
}

impl HistoryText {
    /// The next version.
    pub fn push(&mut self, version: &VersionRow) {
        self.captures += version.captures;
        let mut lines = Vec::new();
        for line in what_it_is(version) {
            lines.push(format!("  {line}"));
        }
        if let Some(from) = version.first.copied_from() {
            lines.push(format!("  first captured by another archive: {from}"));
        }
        if version.is_stealth() {
            lines.push("  silent edit: no notice, declared date unchanged".to_owned());
        }
        let before = version.change.as_ref().map(|change| change.before.date);
        let is_last = self.entries.last().map(|last| last.first) == before;
        if let Some(at) = before.filter(|_| !is_last) {
            let number = self.entries.iter().position(|one| one.first == at).map_or(1, |at| at + 1);
            lines.push(format!("  compared with version {number}, the last one with the article"));
        }
        lines.extend(version.changes().iter().map(|change| format!("  {}", line(change))));
        let (first, last) = (version.first.date, version.last.date);
        self.entries.push(Entry { first, last, captures: version.captures, lines });
    }

    /// The lines; none where there was no version.
    #[must_use]
    pub fn lines(&self, url: &str) -> Vec<String> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        let versions = plural(self.entries.len() as u64, "version");
        let mut out = vec![format!("{url}: {versions} in {}", plural(self.captures, "capture"))];
        // Versions of one second are distinguished by its fractions.
        let crowded = self
            .entries
            .windows(2)
            .any(|two| matches!(two, [a, b] if a.last.to_stamp14() == b.first.to_stamp14()));
        for (number, one) in (1..).zip(&self.entries) {
            let (seen, of) = (span(one, crowded), plural(one.captures, "capture"));
            out.push(String::new());
            out.push(format!("version {number}  {seen}  {of}"));
            out.extend(one.lines.iter().cloned());
        }
        out
    }
}

/// What a reader gets of a version: its headline, or why there is none.
fn what_it_is(version: &VersionRow) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(to) = &version.leads_to {
        lines.push(format!("(leads to {to})"));
    }
    match (version.presence, &version.headline) {
        (Presence::Here | Presence::Cut, headline) => lines.extend(headline.clone()),
        (Presence::Moved, _) => {}
        _ => {
            let instead = &version.instead;
            // Where it leads is said already.
            if lines.is_empty() || !instead.starts_with("redirected") {
                lines.push(format!("({instead})"));
            }
        }
    }
    lines
}

fn span(entry: &Entry, crowded: bool) -> String {
    let say = |at: Timestamp| if crowded { at.to_warc_date() } else { at.to_rfc3339() };
    if entry.first == entry.last {
        return say(entry.first);
    }
    format!("{} to {}", say(entry.first), say(entry.last))
}

fn line(change: &Change) -> String {
    change_line(change.kind.label(), change.before.as_deref(), change.after.as_deref())
}
