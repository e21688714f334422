//! Small pages for the tests of this module: text with blank lines between blocks, and quotations
//! and figures found by the simplest rules that serve the examples.

use std::ops::Range;

use crate::extract::page::{
    Block, BlockKind, Cue, Figure, FigureKind, Notice, NoticeKind, Page, Quote, QuoteKind,
    Sentence, Speaker,
};

/// A page of `text`. A block that begins "Correction:", "Clarification:", "Update:", "Editor's
/// note:" or "Retraction:" is a notice.
pub(crate) fn page(text: &str) -> Page {
    let mut page = Page { text: text.to_owned(), ..Page::default() };
    let mut start = 0;
    for block in text.split("\n\n") {
        let range = start..start + block.len();
        start += block.len() + 2;
        let kind = notice(block).map_or(BlockKind::Paragraph, BlockKind::Notice);
        if let BlockKind::Notice(kind) = kind {
            page.notices.push(Notice { kind, text: block.to_owned(), range: range.clone() });
        }
        let index = page.blocks.len();
        page.blocks.push(Block { kind, range: range.clone(), source: None });
        for range in sentences(text, range) {
            page.sentences.push(Sentence { range, block: index });
        }
    }
    quotes(&mut page);
    figures(&mut page);
    page
}

fn notice(block: &str) -> Option<NoticeKind> {
    let kinds = [
        ("Correction:", NoticeKind::Correction),
        ("Clarification:", NoticeKind::Clarification),
        ("Update:", NoticeKind::Update),
        ("Editor's note:", NoticeKind::EditorsNote),
        ("Retraction:", NoticeKind::Retraction),
    ];
    kinds.iter().find(|(lead, _)| block.starts_with(lead)).map(|&(_, kind)| kind)
}

fn sentences(text: &str, block: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = block.start;
    let chars: Vec<(usize, char)> = text[block.clone()].char_indices().collect();
    for (at, &(i, c)) in chars.iter().enumerate() {
        let ends = matches!(c, '.' | '!' | '?' | '"' | '”');
        let closed = matches!(c, '"' | '”').then(|| at.checked_sub(1).map(|p| chars[p].1));
        if ends
            && closed.is_none_or(|c| matches!(c, Some('.' | '!' | '?')))
            && chars.get(at + 1).is_none_or(|n| n.1.is_whitespace())
            && chars.get(at + 2).is_none_or(|n| !n.1.is_lowercase())
        {
            push(text, start..block.start + i + c.len_utf8(), &mut found);
            start = block.start + i + c.len_utf8();
        }
    }
    push(text, start..block.end, &mut found);
    found
}

fn push(text: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    let words = text[range.clone()].trim();
    if !words.is_empty() {
        let start = range.start + text[range].find(words).unwrap_or(0);
        found.push(start..start + words.len());
    }
}

fn quotes(page: &mut Page) {
    let marks: Vec<(usize, char)> =
        page.text.char_indices().filter(|(_, c)| matches!(c, '"' | '“' | '”' | '„')).collect();
    for pair in marks.chunks_exact(2) {
        let range = pair[0].0..pair[1].0 + pair[1].1.len_utf8();
        let inner = pair[0].0 + pair[0].1.len_utf8()..pair[1].0;
        let Some(sentence) = page.sentences.iter().position(|s| s.range.end > range.start) else {
            continue;
        };
        let end = page.sentences.iter().map(|s| s.range.end).find(|&end| end >= range.end);
        let after = &page.text[range.end..end.unwrap_or(range.end)];
        let before = &page.text[page.sentences[sentence].range.start..range.start];
        let (speaker, cue) = speaker(before, after);
        let words = page.text[inner.clone()].trim_end_matches(',').to_owned();
        let kind =
            if words.split(' ').count() > 4 { QuoteKind::Direct } else { QuoteKind::Fragment };
        page.quotes.push(Quote {
            range: range.clone(),
            text: words,
            parts: vec![inner],
            kind,
            speaker: speaker.map(|name| Speaker { name, named: true }),
            cue: cue.map(|text| Cue { text, range: range.end..range.end }),
            sentence,
        });
    }
}

fn speaker(before: &str, after: &str) -> (Option<String>, Option<String>) {
    for text in [after, before] {
        let words: Vec<&str> = text.split([' ', ',', '.']).filter(|w| !w.is_empty()).collect();
        let Some(at) = words.iter().position(|w| matches!(*w, "said" | "says" | "told")) else {
            continue;
        };
        let capital = |w: &&&str| w.chars().next().is_some_and(char::is_uppercase);
        let mut name: Vec<&str> = words[at + 1..].iter().take_while(capital).copied().collect();
        if name.is_empty() {
            name = words[..at].iter().rev().take_while(capital).copied().collect();
            name.reverse();
        }
        let name = (!name.is_empty()).then(|| name.join(" "));
        return (name, Some(words[at].to_owned()));
    }
    (None, None)
}

const MONTHS: [&str; 4] = ["January", "May", "June", "November"];

fn figures(page: &mut Page) {
    let words: Vec<Range<usize>> = page
        .text
        .split_whitespace()
        .map(|w| {
            let start = w.as_ptr() as usize - page.text.as_ptr() as usize;
            start..start + w.trim_end_matches(['.', ',', '”', '"', ';']).len()
        })
        .collect();
    let text = page.text.clone();
    let word = |at: usize| words.get(at).map_or("", |r| &text[r.clone()]);
    for (at, range) in words.iter().enumerate() {
        let lead = word(at).len() - word(at).trim_start_matches(['“', '"', '(']).len();
        let mut range = range.start + lead..range.end;
        let raw = &text[range.clone()];
        let bare = raw.trim_start_matches('$').trim_end_matches(['%', 'M']);
        let Ok(mut value) = bare.replace(',', "").parse::<f64>() else { continue };
        let previous = at.checked_sub(1).map(&word).unwrap_or("");
        let mut next = word(at + 1);
        if raw.ends_with('M') {
            value *= 1e6;
        }
        if next == "million" {
            value *= 1e6;
            range.end = words[at + 1].end;
            next = word(at + 2);
        }
        let (kind, unit) = if raw.starts_with('$') {
            (FigureKind::Money, Some("USD".to_owned()))
        } else if raw.ends_with('%') || next == "percent" {
            (FigureKind::Percent, Some("percent".to_owned()))
        } else {
            (FigureKind::Number, None)
        };
        let mut figure = Figure {
            kind,
            text: text[range.clone()].to_owned(),
            range,
            value: Some(value.to_string()),
            unit,
            hedge: None,
            counts: (!next.is_empty()).then(|| next.to_owned()),
        };
        if MONTHS.contains(&previous) || MONTHS.contains(&next) {
            let from =
                if MONTHS.contains(&previous) { words[at - 1].start } else { figure.range.start };
            let to = if MONTHS.contains(&previous) { figure.range.end } else { words[at + 1].end };
            figure.range = from..to;
            figure.text = text[from..to].to_owned();
            figure.value = Some(figure.text.clone());
            figure.kind = FigureKind::Date;
            figure.counts = None;
        }
        page.figures.push(figure);
    }
}
