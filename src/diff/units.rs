//! A page as the list of pieces that are aligned: its sentences, and all other text of its
//! blocks, so that together the units cover every visible character of the text.
//!
//! If an extractor leaves a table row or a line of code without a sentence, that text must not be
//! invisible to a comparison; such a line becomes a unit of its own.

use std::ops::Range;

use super::normal;
use crate::extract::page::{BlockKind, Page};

/// One piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Where it is in the page's text.
    pub range: Range<usize>,
    /// Its block; none where no block holds it.
    pub block: Option<usize>,
    /// Equal for units that say the same but for notation.
    pub key: u64,
    /// What part it plays.
    pub role: Role,
}

/// The roles that reworded sentences keep: a correction that repeats a sentence of the text
/// is not that sentence, edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The text of the article.
    Text,
    /// A heading inside it.
    Heading,
    /// A caption.
    Caption,
    /// A notice of the publisher.
    Notice,
}

/// The units of a page, in reading order.
pub(super) fn of(page: &Page) -> Vec<Unit> {
    let mut units = without_keys(page);
    for unit in &mut units {
        unit.key = normal::key(page.text.get(unit.range.clone()).unwrap_or_default());
    }
    units
}

/// The same with keys of 0, which is ten times as fast: only ranges and roles.
pub(super) fn without_keys(page: &Page) -> Vec<Unit> {
    let mut units = Vec::with_capacity(page.sentences.len() + 4);
    let mut at = 0;
    let mut block = 0;
    for sentence in &page.sentences {
        let range = sentence.range.clone();
        // Ranges that overlap or split a character break the contract; the text between is kept.
        if range.start < at || page.text.get(range.clone()).is_none_or(is_blank) {
            continue;
        }
        gap(page, at..range.start, &mut block, &mut units);
        push(page, range.clone(), &mut block, &mut units);
        at = range.end;
    }
    gap(page, at..page.text.len(), &mut block, &mut units);
    units
}

fn gap(page: &Page, range: Range<usize>, block: &mut usize, units: &mut Vec<Unit>) {
    let Some(slice) = page.text.get(range.clone()) else { return };
    if is_blank(slice) {
        return;
    }
    let mut start = range.start;
    for line in slice.split_inclusive('\n') {
        let lead = line.len() - line.trim_start().len();
        let words = line.trim();
        if !is_blank(words) {
            push(page, start + lead..start + lead + words.len(), block, units);
        }
        start += line.len();
    }
}

/// Whether a text has no visible character: a direction mark alone is not compared.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || normal::is_invisible(c))
}

fn push(page: &Page, range: Range<usize>, block: &mut usize, units: &mut Vec<Unit>) {
    while page.blocks.get(*block).is_some_and(|b| b.range.end <= range.start) {
        *block += 1;
    }
    let holder = page.blocks.get(*block).filter(|b| b.range.start < range.end).map(|_| *block);
    let role = match holder.and_then(|at| page.blocks.get(at)).map(|block| &block.kind) {
        Some(BlockKind::Notice(_)) => Role::Notice,
        Some(BlockKind::Caption) => Role::Caption,
        Some(BlockKind::Subheading(_) | BlockKind::LiveEntry(_)) => Role::Heading,
        _ => Role::Text,
    };
    units.push(Unit { range, block: holder, key: 0, role });
}

/// The kind of block a unit is in.
pub(super) fn kind<'a>(page: &'a Page, unit: &Unit) -> Option<&'a BlockKind> {
    page.blocks.get(unit.block?).map(|block| &block.kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::sample;

    #[test]
    fn text_without_sentences_is_still_compared() {
        let mut page = sample::page("One here. Two here.\n\nA row\tof cells");
        page.sentences.retain(|s| !page.text[s.range.clone()].contains("Two"));
        page.sentences.retain(|s| !page.text[s.range.clone()].contains("row"));
        let units = of(&page);
        let texts: Vec<_> = units.iter().map(|u| &page.text[u.range.clone()]).collect();
        assert_eq!(texts, ["One here.", "Two here.", "A row\tof cells"]);
        assert_eq!(units.iter().map(|u| u.block).collect::<Vec<_>>(), [Some(0), Some(0), Some(1)]);
    }
}
