//! Which elements split the text into blocks, and which tables are tables of data and not of layout.

use crate::extract::dom::{Dom, NodeId, Step, Tag};

/// The longest cell of a table that is read as rows; longer ones are layout.
const CELL_BYTES_MAX: usize = 400;

/// Whether an element starts a block of its own.
#[must_use]
pub fn is_block_level(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::Html
            | Tag::Body
            | Tag::Article
            | Tag::Section
            | Tag::Nav
            | Tag::Aside
            | Tag::Header
            | Tag::Footer
            | Tag::Main
            | Tag::Address
            | Tag::H1
            | Tag::H2
            | Tag::H3
            | Tag::H4
            | Tag::H5
            | Tag::H6
            | Tag::Hgroup
            | Tag::P
            | Tag::Div
            | Tag::Pre
            | Tag::Blockquote
            | Tag::Ol
            | Tag::Ul
            | Tag::Menu
            | Tag::Li
            | Tag::Dl
            | Tag::Dt
            | Tag::Dd
            | Tag::Figure
            | Tag::Figcaption
            | Tag::Hr
            | Tag::Table
            | Tag::Caption
            | Tag::Tbody
            | Tag::Thead
            | Tag::Tfoot
            | Tag::Tr
            | Tag::Td
            | Tag::Th
            | Tag::Form
            | Tag::Fieldset
            | Tag::Legend
            | Tag::Details
            | Tag::Summary
            | Tag::Dialog
            | Tag::Center
            | Tag::Search
            | Tag::Frameset
    )
}

/// Whether rows of this table are to be read as rows: several cells, none of them long, no table
/// inside. The walk stops at the first sign of layout, so that nested tables stay linear.
pub(super) fn is_table_of_data(dom: &Dom, table: NodeId) -> bool {
    let (mut cells, mut rows, mut cell_bytes) = (0, 0, 0);
    for step in dom.walk(table) {
        match step {
            Step::Enter(id) if id != table => match dom.tag(id) {
                Tag::Table | Tag::H1 | Tag::Form | Tag::Article => return false,
                Tag::Tr => rows += 1,
                Tag::Td | Tag::Th => {
                    cells += 1;
                    cell_bytes = 0;
                }
                _ => {}
            },
            Step::Text(id) => {
                cell_bytes += dom.text(id).trim().len();
                if cell_bytes > CELL_BYTES_MAX {
                    return false;
                }
            }
            _ => {}
        }
    }
    rows >= 1 && cells > rows
}

/// Whether preformatted text is prose and not code: old sites format whole articles this way.
pub(super) fn is_prose(dom: &Dom, pre: NodeId) -> bool {
    const BYTES_MAX: usize = 4_000;
    const WORDS_MIN: usize = 30;
    const SENTENCES_MIN: usize = 2;
    if dom.children(pre).any(|child| matches!(dom.tag(child), Tag::Code | Tag::Kbd | Tag::Samp)) {
        return false;
    }
    let text = dom.text_below(pre, BYTES_MAX);
    // Manuals are indented, lists have their marks, letters and logs their keys.
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let is_set = |line: &&str| {
        line.starts_with([' ', '\t', '*', '-', '>', '|', '+', '.'])
            || line.split_once(": ").is_some_and(|(key, _)| !key.contains(' ') && key.len() <= 16)
    };
    if lines().filter(is_set).count() * 10 > lines().count() {
        return false;
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_word = |word: &&&str| {
        let bare = word.trim_matches(|c: char| c.is_ascii_punctuation() || !c.is_alphanumeric());
        !bare.is_empty() && bare.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
    };
    let plain = words.iter().filter(is_word).count();
    let ends = words
        .windows(2)
        .filter(|pair| pair[0].ends_with(['.', '!', '?', '”', '"']) && pair[0].len() > 3)
        .filter(|pair| pair[1].starts_with(|c: char| !c.is_lowercase()))
        .count();
    let marks = text.bytes().filter(|byte| b"{}[]<>=|_\\#$;`~".contains(byte)).count();
    words.len() >= WORDS_MIN
        && plain * 10 >= words.len() * 8
        && ends >= SENTENCES_MIN
        && marks * 100 <= text.len()
}

#[cfg(test)]
mod tests {
    use crate::extract::{Hints, extract};

    const PROSE: [&str; 3] = [
        "The town voted on Monday for a new bridge over the stream. It will take two years to build.",
        "The old bridge was closed after a lorry struck it. Drivers have had to go round ever since.",
        "Engineers told the council that the piers could not be saved. Work is to begin in the autumn.",
    ];

    #[test]
    fn an_article_in_preformatted_text_has_its_paragraphs_and_code_stays_code() {
        let html =
            format!("<article><h1>Bridge vote</h1><pre>{}</pre></article>", PROSE.join("\n\n"));
        let page = extract(html.as_bytes(), &Hints::default()).page;
        assert_eq!(page.text, PROSE.join("\n\n"));
        let code = "let total = prices.iter().sum();\nif total > 10 { return; }\n".repeat(9);
        let html = format!("<pre>{code}</pre>");
        let dom = super::Dom::parse(&html, &mut Vec::new());
        let pre = dom.elements().find(|id| dom.tag(*id) == super::Tag::Pre);
        assert!(pre.is_some_and(|pre| !super::is_prose(&dom, pre)));
    }
}
