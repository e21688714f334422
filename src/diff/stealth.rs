//! Whether a page acknowledges its changes: what it declares, compared with what was found.
//!
//! An article changed by stealth if its words changed and neither a notice that is new or changed
//! nor a declared modification date that moved forward says so. Changes of notation do not count. New
//! entries of a live blog carry their own time and declare themselves; edits of old entries do not.
//! Words that are crossed out where others stand now acknowledge that change, and no other one.

use super::changes::{Change, ChangeKind, description};
use super::normal;
use super::spans::Spans;
use super::tokens;
use crate::extract::page::{BlockKind, Page, PageKind, PageTime, Struck};

/// What two versions of a page declare about being changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Declared {
    /// The modification time the old version declares.
    pub modified_before: Option<PageTime>,
    /// The modification time the new version declares.
    pub modified_after: Option<PageTime>,
    /// The words of the notices the new version bears.
    pub notices: Vec<String>,
    /// What the new version shows crossed out and the old one did not.
    pub struck: Vec<Struck>,
}

/// What says that the article was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acknowledgement {
    /// A notice that is new or changed: its words.
    Notice(String),
    /// A declared modification time that moved forward: the new one, as declared.
    Modified(String),
    /// Words that are crossed out where what replaced them stands.
    Struck(String),
}

impl Declared {
    pub(super) fn of(old: &Page, new: &Page) -> Self {
        let time = |page: &Page| page.modified.as_ref().map(|fact| fact.value.clone());
        Self {
            modified_before: time(old),
            modified_after: time(new),
            notices: new.notices.iter().map(|notice| notice.text.clone()).collect(),
            struck: newly_struck(old, new),
        }
    }

    /// Whether the declared modification time moved forward, or is declared for the first time.
    #[must_use]
    pub fn moved_forward(&self) -> bool {
        match (&self.modified_before, &self.modified_after) {
            (Some(a), Some(b)) => b.instant > a.instant,
            (None, Some(_)) => true,
            _ => false,
        }
    }

    pub(super) fn acknowledgements(&self, new: &Page, changes: &[Change]) -> Vec<Acknowledgement> {
        let mut found: Vec<Acknowledgement> = changes
            .iter()
            .filter(|change| change.kind.is_notice())
            .filter_map(|change| change.after.clone().map(Acknowledgement::Notice))
            .collect();
        if self.moved_forward()
            && let Some(time) = &self.modified_after
        {
            found.push(Acknowledgement::Modified(time.text.clone()));
        }
        let used = |one: &&Struck| changes.iter().any(|change| self.tells_of(new, change, one));
        let struck = self.struck.iter().filter(used);
        found.extend(struck.map(|one| Acknowledgement::Struck(one.words.clone())));
        found
    }

    /// Whether words that are crossed out say that a change was made.
    fn shows(&self, new: &Page, change: &Change) -> bool {
        self.struck.iter().any(|one| self.tells_of(new, change, one))
    }

    /// Whether one of the passages that are crossed out says that a change was made: it is in the
    /// sentence that changed, and with the others there has every word that the change took away.
    fn tells_of(&self, new: &Page, change: &Change, one: &Struck) -> bool {
        if !change.kind.is_of_text() || change.notation {
            return false;
        }
        let Some(range) = &change.new_range else {
            // Nothing is in its place: it is crossed out where it was.
            let Some(before) = &change.before else { return false };
            return has_words(before, std::iter::once(one.words.as_str()));
        };
        let from = new.sentences.partition_point(|s| s.range.end <= range.start);
        let to = new.sentences.partition_point(|s| s.range.start < range.end).max(from + 1);
        let met = new.sentences.get(from..to.min(new.sentences.len())).unwrap_or_default();
        let start = met.first().map_or(range.start, |s| s.range.start.min(range.start));
        let end = met.last().map_or(range.end, |s| s.range.end.max(range.end));
        // Words struck before a sentence have the end of the previous sentence as their place.
        let is_here = |one: &&Struck| (start.saturating_sub(2)..=end).contains(&one.at);
        if !is_here(&one) {
            return false;
        }
        let Some(before) = &change.before else { return true };
        let here = self.struck.iter().filter(is_here).map(|one| one.words.as_str());
        has_words(before, here.chain(change.after.as_deref()))
    }
}

/// What `new` shows crossed out and `old` does not.
fn newly_struck(old: &Page, new: &Page) -> Vec<Struck> {
    let is_old = |one: &Struck| old.struck.iter().any(|o| normal::same_words(&o.words, &one.words));
    new.struck.iter().filter(|one| !is_old(one)).cloned().collect()
}

/// Whether every word of `text` is in one of `others`.
fn has_words<'a>(text: &str, others: impl Iterator<Item = &'a str>) -> bool {
    let words = |text: &str| {
        let tokens = tokens::tokenize(text, 0..text.len());
        tokens.into_iter().filter(tokens::Token::is_word).map(|token| token.id).collect::<Vec<_>>()
    };
    let held: std::collections::HashSet<u64> = others.flat_map(words).collect();
    words(text).iter().all(|id| held.contains(id))
}

/// Whether words of the article changed and nothing acknowledges it.
pub(super) fn is_stealth(
    new: &Page,
    changes: &[Change],
    declared: &Declared,
    acknowledged: &[Acknowledgement],
) -> bool {
    if acknowledged.iter().any(|by| !matches!(by, Acknowledgement::Struck(_))) {
        return false;
    }
    let entries = NewEntries::of(new, changes);
    // Declarations for search engines are not part of the text.
    let is_beside = |change: &Change| {
        change.about.as_deref() == Some(description::ABOUT)
            && change.old_range.is_none()
            && change.new_range.is_none()
    };
    changes.iter().any(|change| {
        change.kind.is_of_text()
            && !change.notation
            && !is_beside(change)
            && !entries.declare(change)
            && !declared.shows(new, change)
    })
}

/// Whether a text begins with a time of day: "09:30 The bridge is shut", "9.30 a.m. –", "17h42", "09:30 Uhr:".
fn begins_with_time(text: &str) -> bool {
    let text = text.trim_start();
    let hours = text.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let Some(rest) = text.get(hours..).filter(|_| (1..=2).contains(&hours)) else { return false };
    let Some(mark) = rest.chars().next() else { return false };
    let behind = rest.get(mark.len_utf8()..).unwrap_or_default();
    let minutes = behind.get(..2).filter(|two| two.bytes().all(|b| b.is_ascii_digit()));
    let (Ok(hour), Some(Ok(minute))) =
        (text.get(..hours).unwrap_or_default().parse::<u8>(), minutes.map(str::parse::<u8>))
    else {
        return false;
    };
    let after = behind.get(2..).unwrap_or_default();
    let ends = !after.starts_with(|c: char| c.is_alphanumeric());
    // "10.15 million people" is not a time.
    let has_time_suffix = || {
        let after = after.trim_start().to_lowercase();
        ["uhr", "uur", "a.m", "p.m", "am", "pm", "kl", "–", "—", "-", ":", "|"]
            .iter()
            .any(|word| after.starts_with(word))
    };
    let is_clock = match mark {
        ':' | 'h' | 'H' | '：' => true,
        '.' => has_time_suffix(),
        _ => false,
    };
    hour < 24 && minute < 60 && ends && is_clock
}

/// The entries of a live blog that are themselves new.
struct NewEntries {
    /// Where entries begin, in order, each with whether it is new.
    heads: Vec<(usize, bool)>,
}

impl NewEntries {
    fn of(new: &Page, changes: &[Change]) -> Self {
        if new.kind != PageKind::Live {
            return Self { heads: Vec::new() };
        }
        let added = changes.iter().filter(|change| change.kind == ChangeKind::TextAdded);
        let added = Spans::new(added.filter_map(|change| change.new_range.clone()));
        // Some live blogs use plain headings for their entries, others begin each with its time.
        let heads = new.blocks.iter().filter(|block| {
            matches!(block.kind, BlockKind::LiveEntry(_) | BlockKind::Subheading(_))
                || matches!(block.kind, BlockKind::Paragraph | BlockKind::ListItem)
                    && new.text.get(block.range.clone()).is_some_and(begins_with_time)
        });
        let heads = heads
            .map(|block| block.range.start)
            .map(|start| (start, added.meeting(&(start..start + 1)).next().is_some()));
        Self { heads: heads.collect() }
    }

    /// Whether an addition is in such an entry.
    fn declare(&self, change: &Change) -> bool {
        let added = matches!(change.kind, ChangeKind::TextAdded | ChangeKind::QuoteAdded);
        let Some(range) = change.new_range.as_ref().filter(|_| added) else { return false };
        let behind = self.heads.partition_point(|&(start, _)| start <= range.start);
        let entry = behind.checked_sub(1).and_then(|at| self.heads.get(at));
        entry.is_some_and(|&(_, is_new)| is_new)
    }
}

#[cfg(test)]
mod tests {
    use super::begins_with_time;

    #[test]
    fn an_entry_begins_with_its_time() {
        for timed in [
            "09:30 The bridge is shut.",
            "9.30 a.m. – The bridge",
            "17h42 Le pont",
            "09.30 Uhr: Die Brücke",
            "9:30",
        ] {
            assert!(begins_with_time(timed), "{timed}");
        }
        for other in [
            "10.15 million people",
            "3:1 was the score",
            "25:00 is no time",
            "2026 was wet",
            "It was 09:30.",
            "",
        ] {
            assert!(!begins_with_time(other), "{other}");
        }
    }
}
