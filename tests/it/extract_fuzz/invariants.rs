//! Invariants of every extraction, whatever was read.

use std::ops::Range;

use pressmark::extract::page::{Extraction, Page};
use pressmark::extract::{DOCUMENT_BYTES_MAX, Hints, charset, extract};

/// Violated invariants: of the page by itself, of its places in the document, and of a second reading.
pub fn broken(payload: &[u8], hints: &Hints<'_>, read: &Extraction) -> Vec<String> {
    let mut found = inside(&read.page);
    let mut notes = Vec::new();
    let decoded = charset::decode(payload, hints.content_type, hints.url, &mut notes);
    let document = &decoded.text[..decoded.text.floor_char_boundary(DOCUMENT_BYTES_MAX)];
    for (at, block) in read.page.blocks.iter().enumerate() {
        let Some(source) = &block.source else { continue };
        if document.get(source.clone()).is_none() {
            found.push(format!("block {at} lies at {source:?} of {} bytes", document.len()));
        }
    }
    if read.notes.iter().any(|note| note.contains("gave up")) {
        found.push(format!("the parser gave up: {:?}", read.notes));
    }
    if payload.len().is_multiple_of(8) && extract(payload, hints) != *read {
        found.push("read a second time it says something else".to_owned());
    }
    found
}

/// Violated invariants of the page by itself.
pub fn inside(page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    blocks(page, &mut found);
    sentences(page, &mut found);
    quotes(page, &mut found);
    figures(page, &mut found);
    // What a page declares only in its data is not in its text.
    for notice in page.notices.iter().filter(|notice| !notice.range.is_empty()) {
        let words = page.text.get(notice.range.clone()).map(|w| w.replace("\n\n", " "));
        if words.as_deref() != Some(&*notice.text) {
            found.push(format!("notice at {:?} does not hold its words", notice.range));
        }
    }
    for link in &page.links {
        if page.text.get(link.range.clone()).is_none_or(str::is_empty) {
            found.push(format!("link {:?} at {:?} has no words", link.href, link.range));
        }
    }
    found
}

fn blocks(page: &Page, found: &mut Vec<String>) {
    let mut end = None;
    for (at, block) in page.blocks.iter().enumerate() {
        let Some(words) = page.text.get(block.range.clone()) else {
            found.push(format!("block {at} at {:?} of {}", block.range, page.text.len()));
            return;
        };
        if words.trim().is_empty() {
            found.push(format!("block {at} is empty"));
        }
        let start = end.map_or(0, |end: usize| end + 2);
        if block.range.start != start {
            found.push(format!("block {at} begins at {}, not {start}", block.range.start));
        }
        end = Some(block.range.end);
    }
    if end.unwrap_or(0) != page.text.len() {
        found.push(format!("the blocks end at {end:?}, the text at {}", page.text.len()));
    }
}

fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end && inner.start < inner.end
}

fn sentences(page: &Page, found: &mut Vec<String>) {
    let mut last = 0;
    let mut covered = 0;
    for (at, sentence) in page.sentences.iter().enumerate() {
        let words = page.text.get(sentence.range.clone()).unwrap_or_default();
        if words.is_empty() || words.trim() != words {
            found.push(format!("sentence {at} at {:?} is {words:?}", sentence.range));
        }
        if sentence.range.start < last {
            found.push(format!("sentence {at} begins before the one before it ends"));
        }
        last = sentence.range.end;
        covered += words.chars().filter(|c| !c.is_whitespace()).count();
        if page.blocks.get(sentence.block).is_none_or(|b| !within(&sentence.range, &b.range)) {
            found.push(format!("sentence {at} is not inside block {}", sentence.block));
        }
    }
    let all = page.text.chars().filter(|c| !c.is_whitespace()).count();
    if covered != all {
        found.push(format!("sentences cover {covered} of {all} characters"));
    }
}

fn quotes(page: &Page, found: &mut Vec<String>) {
    let mut last = 0;
    for quote in &page.quotes {
        let place = &quote.range;
        if page.text.get(place.clone()).is_none_or(str::is_empty) || place.start < last {
            found.push(format!("quotation at {place:?} of {}, after {last}", page.text.len()));
            continue;
        }
        last = place.start;
        let words: Vec<&str> =
            quote.parts.iter().filter_map(|part| page.text.get(part.clone())).collect();
        if words.join(" ") != quote.text || !quote.parts.iter().all(|part| within(part, place)) {
            found.push(format!("quotation at {place:?} has parts {:?}", quote.parts));
        }
        if quote.parts.windows(2).any(|pair| pair[0].end > pair[1].start) {
            found.push(format!("quotation at {place:?} has parts in disorder {:?}", quote.parts));
        }
        let sentence = page.sentences.get(quote.sentence);
        if sentence.is_none_or(|s| !(s.range.start <= place.start && place.start < s.range.end)) {
            found.push(format!("quotation at {place:?} is not in sentence {}", quote.sentence));
        }
        if let Some(cue) = &quote.cue
            && page.text.get(cue.range.clone()) != Some(&*cue.text)
        {
            found.push(format!("cue at {:?} is not {:?}", cue.range, cue.text));
        }
        if quote.speaker.as_ref().is_some_and(|speaker| speaker.name.trim().is_empty()) {
            found.push(format!("quotation at {place:?} has a speaker without a name"));
        }
    }
}

fn figures(page: &Page, found: &mut Vec<String>) {
    let mut last = 0;
    for figure in &page.figures {
        if page.text.get(figure.range.clone()) != Some(&*figure.text) || figure.text.is_empty() {
            found.push(format!("figure at {:?} is not {:?}", figure.range, figure.text));
        }
        if figure.range.start < last {
            found.push(format!("figure at {:?} overlaps the one before", figure.range));
        }
        last = figure.range.end;
    }
}
