//! How many quotations are found, and how many speakers are right, on a folder in PolNeAR's layout, or on one of
//! JSON files in the layout of the German news quotations of Petersen-Frey and Biemann (LREC-COLING 2024).
//!
//!     cargo bench --bench quote_quality -- FOLDER [--errors N]
//!
//! In the German layout a gold quotation is an annotation of the kind `Direct`; the other kinds are contents, as in
//! PolNeAR: words in marks inside of one do not count against precision. The rest of the score is the same.
//!
//! FOLDER holds `text/*.txt` and `attributions/*.ann` (standoff: `Source`, `Cue`, `Content`, offsets in
//! characters). Where a text has several annotations the first by name is taken. The rules of the score:
//!
//! - *gold quotation*: a stretch between double marks (paired by a small pairing of this file's own,
//!   not the one under test) of which at least half lies in a `Content`;
//! - *found*: one of our parts and the stretch overlap by at least half of their union; a part of ours
//!   counts against precision when less than half of it lies in any `Content`;
//! - *speaker*: of the gold quotations whose narrowest `Content` has a `Source`, those found for which
//!   our surface mention covers the head word of that source (its last word before the first comma,
//!   bracket or preposition), or, where the mention stands elsewhere, our resolved name ends with
//!   that head word. A pronoun source is right only when our mention is that very pronoun. Quotations
//!   not found count as wrong.

#[path = "quote_quality/german.rs"]
mod german;

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pressmark::extract::page::{Block, BlockKind};
use pressmark::extract::quotes::{Attributed, Hints, attributed};
use pressmark::extract::sentences::sentences;

type Problem = Box<dyn std::error::Error>;

#[derive(Debug, Default)]
struct Annotation {
    content: Vec<Range<usize>>,
    source: Vec<Range<usize>>,
}

#[derive(Debug, Default)]
struct Tally {
    texts: usize,
    gold: usize,
    gold_found: usize,
    ours: usize,
    ours_right: usize,
    sourced: usize,
    speakers_right: usize,
    speakers_said: usize,
    pronouns: usize,
    pronouns_right: usize,
}

fn main() -> Result<(), Problem> {
    let mut folder: Option<PathBuf> = None;
    let mut errors = 0usize;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => {}
            "--errors" => errors = args.next().unwrap_or_default().parse()?,
            other => folder = Some(PathBuf::from(other)),
        }
    }
    let Some(folder) = folder else {
        println!("quote_quality: give the folder of a set in PolNeAR's layout; nothing measured");
        return Ok(());
    };
    let mut tally = Tally::default();
    if german::is_folder(&folder) {
        for document in german::documents(&folder)? {
            german::measure(&document, &mut tally, &mut errors);
        }
        report(&tally);
        return Ok(());
    }
    for (text_path, ann_path) in pairs(&folder)? {
        let text = fs::read_to_string(&text_path)?;
        let annotations = annotations(&fs::read_to_string(&ann_path)?, &text);
        let name = text_path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        measure(&name, &text, &annotations, &mut tally, &mut errors);
    }
    report(&tally);
    Ok(())
}

/// Every text with the first of its annotations.
fn pairs(folder: &Path) -> Result<Vec<(PathBuf, PathBuf)>, Problem> {
    let mut first: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(folder.join("attributions"))?
        .map(|e| e.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some((base, _)) = stem.rsplit_once('_') {
            first.entry(base.to_owned()).or_insert(path);
        }
    }
    Ok(first
        .into_iter()
        .map(|(base, ann)| (folder.join("text").join(format!("{base}.txt")), ann))
        .filter(|(text, _)| text.exists())
        .collect())
}

fn annotations(ann: &str, text: &str) -> Vec<Annotation> {
    let bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let byte = |n: usize| bytes.get(n).copied().unwrap_or(text.len());
    let mut spans: BTreeMap<&str, Vec<Range<usize>>> = BTreeMap::new();
    let mut out = Vec::new();
    for line in ann.lines() {
        let mut fields = line.split('\t');
        let (Some(id), Some(what)) = (fields.next(), fields.next()) else { continue };
        if id.starts_with('T') {
            let offsets = what.split_once(' ').map_or("", |(_, offsets)| offsets);
            let ranges = offsets
                .split(';')
                .filter_map(|pair| {
                    let (a, b) = pair.split_once(' ')?;
                    Some(byte(a.parse().ok()?)..byte(b.parse().ok()?))
                })
                .collect();
            spans.insert(id, ranges);
        } else if id.starts_with('E') {
            let mut annotation = Annotation::default();
            for role in what.split(' ') {
                let Some((role, id)) = role.split_once(':') else { continue };
                let ranges = spans.get(id).cloned().unwrap_or_default();
                if role.starts_with("Content") {
                    annotation.content.extend(ranges);
                } else if role.starts_with("Source") {
                    annotation.source.extend(ranges);
                }
            }
            out.push(annotation);
        }
    }
    out
}

fn blocks(text: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let kept = line.trim();
        if !kept.is_empty() {
            let from = start + (line.len() - line.trim_start().len());
            out.push(Block {
                kind: BlockKind::Paragraph,
                range: from..from + kept.len(),
                source: None,
            });
        }
        start += line.len();
    }
    out
}

/// Stretches between double marks, by the simplest pairing there is.
fn marked(text: &str, block: &Block) -> Vec<Range<usize>> {
    let slice = &text[block.range.clone()];
    let mut out = Vec::new();
    let mut open: Option<usize> = None;
    let mut done = 0;
    for (at, c) in slice.char_indices() {
        if at < done {
            continue;
        }
        // Two straight single marks are a double one.
        let twin = c == '\'' && slice[at + 1..].starts_with('\'');
        let (c, end) = if twin { ('"', at + 2) } else { (c, at + c.len_utf8()) };
        done = end;
        match (c, open) {
            ('“', _) | ('"', None) => open = Some(end),
            ('”' | '"', Some(from)) => {
                out.push(block.range.start + from..block.range.start + at);
                open = None;
            }
            _ => {}
        }
    }
    if let Some(from) = open {
        out.push(block.range.start + from..block.range.end);
    }
    out.retain(|range| text[range.clone()].chars().any(char::is_alphanumeric));
    out
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> usize {
    a.end.min(b.end).saturating_sub(a.start.max(b.start))
}

fn inside(range: &Range<usize>, content: &[Range<usize>]) -> bool {
    let covered: usize = content.iter().map(|c| overlap(range, c)).sum();
    covered * 2 >= range.len().max(1)
}

fn narrowest<'a>(range: &Range<usize>, annotations: &'a [Annotation]) -> Option<&'a Annotation> {
    annotations
        .iter()
        .filter(|a| inside(range, &a.content))
        .min_by_key(|a| a.content.iter().map(|c| c.len()).sum::<usize>())
}

fn measure(
    name: &str,
    text: &str,
    annotations: &[Annotation],
    tally: &mut Tally,
    errors: &mut usize,
) {
    let blocks = blocks(text);
    let sentences = sentences(text, &blocks, Some("en"));
    let ours =
        attributed(text, &blocks, &sentences, &Hints { language: Some("en"), ..Hints::default() });
    tally.texts += 1;
    for quote in &ours {
        for part in &quote.quote.parts {
            tally.ours += 1;
            let right = annotations.iter().any(|a| inside(part, &a.content));
            tally.ours_right += usize::from(right);
            if !right {
                complain(errors, name, text, part, "no content", "", quote);
            }
        }
    }
    for block in &blocks {
        for gold in marked(text, block) {
            let Some(annotation) = narrowest(&gold, annotations) else { continue };
            tally.gold += 1;
            let hit = ours.iter().find(|q| {
                q.quote.parts.iter().any(|part| {
                    overlap(part, &gold) * 2 >= part.len() + gold.len() - overlap(part, &gold)
                })
            });
            tally.gold_found += usize::from(hit.is_some());
            if hit.is_none() && *errors > 0 {
                *errors -= 1;
                println!("LOST {name}: …{}[{}]", around(text, gold.start, 60), &text[gold.clone()]);
            }
            if annotation.source.is_empty() {
                continue;
            }
            tally.sourced += 1;
            tally.speakers_said += usize::from(hit.is_some_and(|q| q.mention.is_some()));
            let source: Vec<&str> = annotation.source.iter().map(|r| &text[r.clone()]).collect();
            let pronoun = is_pronoun(&source.join(" "));
            let right = hit.is_some_and(|quote| speaker_right(text, annotation, quote));
            tally.speakers_right += usize::from(right);
            tally.pronouns += usize::from(pronoun);
            tally.pronouns_right += usize::from(pronoun && right);
            if let (false, Some(quote)) = (right, hit) {
                complain(errors, name, text, &gold, "speaker", &source.join(" "), quote);
            }
        }
    }
}

fn around(text: &str, at: usize, reach: usize) -> &str {
    let mut from = at.saturating_sub(reach);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..at]
}

fn complain(
    errors: &mut usize,
    name: &str,
    text: &str,
    range: &Range<usize>,
    what: &str,
    gold: &str,
    quote: &Attributed,
) {
    if *errors == 0 {
        return;
    }
    *errors -= 1;
    let mut end = (range.end + 130).min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let mention = quote.mention.clone().map_or("-", |m| &text[m]);
    let cue = quote.quote.cue.as_ref().map_or("-", |c| c.text.as_str());
    println!(
        "{what} {name}\n   gold <{gold}> ours <{mention}> cue <{cue}> = {:?}\n   …{}[[{}]]{}",
        quote.quote.speaker.as_ref().map(|s| s.name.as_str()),
        around(text, range.start, 200),
        &text[range.clone()],
        &text[range.end..end]
    );
}

fn is_pronoun(source: &str) -> bool {
    matches!(
        source.to_lowercase().as_str(),
        "he" | "she"
            | "they"
            | "it"
            | "i"
            | "we"
            | "who"
            | "which"
            | "that"
            | "his"
            | "her"
            | "their"
            | "its"
            | "my"
            | "you"
            | "him"
            | "them"
    )
}

/// The range of the head word of a source: the last word before a comma, a bracket or a preposition.
fn head(text: &str, source: &Range<usize>) -> Range<usize> {
    let words = &text[source.clone()];
    let mut end = words.len();
    for stop in [
        ",", "(", " of ", " for ", " who ", " in ", " at ", " from ", " to ", " with ", " on ",
        " —", " -", " that ",
    ] {
        if let Some(at) = words.find(stop).filter(|&at| at > 0) {
            end = end.min(at);
        }
    }
    let phrase = words[..end].trim_end_matches(|c: char| !c.is_alphanumeric());
    let start = phrase
        .rfind(char::is_whitespace)
        .map_or(0, |at| at + phrase[at..].chars().next().map_or(1, char::len_utf8));
    source.start + start..source.start + phrase.len()
}

fn bare(word: &str) -> String {
    word.trim_end_matches("'s")
        .trim_end_matches("’s")
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase()
}

fn speaker_right(text: &str, annotation: &Annotation, quote: &Attributed) -> bool {
    annotation.source.iter().any(|source| {
        let head = head(text, source);
        let covers = quote.mention.as_ref().is_some_and(|mention| overlap(mention, &head) > 0);
        let name = quote
            .quote
            .speaker
            .as_ref()
            .and_then(|s| s.name.split_whitespace().last().map(bare))
            .unwrap_or_default();
        covers
            || (!is_pronoun(&text[source.clone()]) && !name.is_empty() && name == bare(&text[head]))
    })
}

fn report(tally: &Tally) {
    let share = |a: usize, b: usize| if b == 0 { 0.0 } else { a as f64 / b as f64 };
    let precision = share(tally.ours_right, tally.ours);
    let recall = share(tally.gold_found, tally.gold);
    let f1 = if precision + recall > 0.0 {
        2.0 * precision * recall / (precision + recall)
    } else {
        0.0
    };
    println!("texts {}  quotations gold {}  ours {}", tally.texts, tally.gold, tally.ours);
    println!("found     P {precision:.4}  R {recall:.4}  F1 {f1:.4}");
    println!(
        "speakers  right {:.4} of {} (said {:.4}; pronouns {:.4} of {})",
        share(tally.speakers_right, tally.sourced),
        tally.sourced,
        share(tally.speakers_said, tally.sourced),
        share(tally.pronouns_right, tally.pronouns),
        tally.pronouns
    );
}
