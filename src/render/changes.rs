//! The changes of an archive as text.

use crate::history::changes::ArchiveChange;

use super::change_line;

/// Writes changes, newest first: those of one version are together below its time and page.
#[derive(Debug, Default)]
pub struct ChangesText {
    /// The page and the time of the last one.
    last: Option<(String, String)>,
}

impl ChangesText {
    /// The lines of the next change.
    pub fn lines(&mut self, found: &ArchiveChange) -> Vec<String> {
        let mut out = Vec::new();
        let is_same =
            self.last.as_ref().is_some_and(|(url, at)| *url == found.url && *at == found.date);
        if !is_same {
            if self.last.is_some() {
                out.push(String::new());
            }
            let stealth = if found.stealth { "  silent edit" } else { "" };
            let rendered = if found.rendering { "  as rendered" } else { "" };
            out.push(format!("{}  {}{rendered}{stealth}", found.timestamp, found.url));
            self.last = Some((found.url.clone(), found.date.clone()));
        }
        let change = &found.change;
        let line =
            change_line(change.kind.label(), change.before.as_deref(), change.after.as_deref());
        out.push(format!("  {line}"));
        out
    }

    /// Whether there was no change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.last.is_none()
    }
}
