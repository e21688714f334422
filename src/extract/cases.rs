//! The case tables under `tests/corpus`, read for the tests of this module.
//!
//! Owns the common part of their form: `#` begins a comment, `[xx]` sets the language of what follows,
//! `¶` separates paragraphs (`¶>` begins a block quote, `¶@` a post). Each test defines what
//! its cases expect.

use super::page::{Block, BlockKind};

/// The text and blocks of a case, paragraphs separated by `¶`.
pub(crate) fn article(case: &str) -> (String, Vec<Block>) {
    let mut text = String::new();
    let mut blocks = Vec::new();
    for part in case.split('¶') {
        let (kind, body) = match part.chars().next() {
            Some('>') => (BlockKind::Quote, &part[1..]),
            Some('@') => (BlockKind::Post, &part[1..]),
            _ => (BlockKind::Paragraph, part),
        };
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        let start = text.len();
        text.push_str(body.trim());
        blocks.push(Block { kind, range: start..text.len(), source: None });
    }
    (text, blocks)
}

/// The lines of a table that are not comments, each with its number and the language it stands under.
pub(crate) fn lines(table: &str) -> Vec<(usize, String, &str)> {
    let mut language = "en".to_owned();
    let mut out = Vec::new();
    for (number, line) in table.lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(code) =
            line.strip_prefix('[').and_then(|l| l.strip_suffix(']')).filter(|c| c.len() <= 3)
        {
            code.clone_into(&mut language);
            continue;
        }
        out.push((number + 1, language.clone(), line));
    }
    out
}

/// Cases of the form "> text" and the lines below it: (line, language, text, expected lines).
pub(crate) fn with_answers(table: &str) -> Vec<(usize, String, &str, Vec<&str>)> {
    let mut out: Vec<(usize, String, &str, Vec<&str>)> = Vec::new();
    for (number, language, line) in lines(table) {
        match line.strip_prefix("> ") {
            Some(case) => out.push((number, language, case, Vec::new())),
            None => {
                if let Some(last) = out.last_mut() {
                    last.3.push(line);
                }
            }
        }
    }
    out
}
