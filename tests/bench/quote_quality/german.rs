//! The layout of the German set: one JSON file a document, spans in characters.

use std::fs;
use std::ops::Range;
use std::path::Path;

use pressmark::extract::quotes::{Hints, attributed};
use pressmark::extract::sentences::sentences;
use serde_json::Value;

use super::{Annotation, Problem, Tally, bare, blocks, complain, inside, overlap};

/// A document, its quotations and everything else that is content.
pub struct Document {
    name: String,
    text: String,
    direct: Vec<Annotation>,
    contents: Vec<Annotation>,
}

pub fn is_folder(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut files| {
        files.any(|f| f.is_ok_and(|f| f.path().extension().is_some_and(|e| e == "json")))
    })
}

pub fn documents(folder: &Path) -> Result<Vec<Document>, Problem> {
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|f| f.map(|f| f.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    paths.iter().map(|path| document(path)).collect()
}

fn document(path: &Path) -> Result<Document, Problem> {
    let value: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let text = value["originalText"].as_str().unwrap_or_default().to_owned();
    let bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let ranges = |part: &Value| -> Vec<Range<usize>> {
        let spans = part["spans"].as_array().cloned().unwrap_or_default();
        let byte = |n: &Value| {
            let n = usize::try_from(n.as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
            bytes.get(n).copied().unwrap_or(text.len())
        };
        spans.iter().map(|span| byte(&span["charBegin"])..byte(&span["charEnd"])).collect()
    };
    let (mut direct, mut contents) = (Vec::new(), Vec::new());
    for annotation in value["annotations"].as_array().into_iter().flatten() {
        let one = || Annotation {
            content: ranges(&annotation["quote"]),
            source: ranges(&annotation["speaker"]),
        };
        if annotation["type"] == "Direct" {
            direct.push(one());
        }
        contents.push(one());
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Document { name, text, direct, contents })
}

pub fn measure(document: &Document, tally: &mut Tally, errors: &mut usize) {
    let text = document.text.as_str();
    let blocks = blocks(text);
    let sentences = sentences(text, &blocks, Some("de"));
    let ours =
        attributed(text, &blocks, &sentences, &Hints { language: Some("de"), ..Hints::default() });
    tally.texts += 1;
    for quote in &ours {
        for part in &quote.quote.parts {
            tally.ours += 1;
            let right = document.contents.iter().any(|a| inside(part, &a.content));
            tally.ours_right += usize::from(right);
            if !right {
                complain(errors, &document.name, text, part, "no content", "", quote);
            }
        }
    }
    for annotation in &document.direct {
        tally.gold += 1;
        let length: usize = annotation.content.iter().map(ExactSizeIterator::len).sum();
        let hit = ours.iter().find(|q| {
            let covered: usize = q
                .quote
                .parts
                .iter()
                .map(|part| annotation.content.iter().map(|c| overlap(part, c)).sum::<usize>())
                .sum();
            let own: usize = q.quote.parts.iter().map(ExactSizeIterator::len).sum();
            covered * 2 >= length + own - covered
        });
        tally.gold_found += usize::from(hit.is_some());
        let gold = annotation.content.first().cloned().unwrap_or(0..0);
        if hit.is_none() && *errors > 0 {
            *errors -= 1;
            println!("LOST {}: [{}]", document.name, &text[gold.clone()]);
        }
        if annotation.source.is_empty() {
            continue;
        }
        tally.sourced += 1;
        let Some(quote) = hit else { continue };
        tally.speakers_said += usize::from(quote.mention.is_some());
        let right = annotation.source.iter().any(|source| speaker_right(text, source, quote));
        tally.speakers_right += usize::from(right);
        if !right {
            let source: Vec<&str> = annotation.source.iter().map(|r| &text[r.clone()]).collect();
            complain(errors, &document.name, text, &gold, "speaker", &source.join(" "), quote);
        }
    }
}

/// The mention covers the head of the source, or the name ends with it. A pronoun must be the mention itself, or
/// resolved to someone who is named.
fn speaker_right(
    text: &str,
    source: &Range<usize>,
    quote: &pressmark::extract::quotes::Attributed,
) -> bool {
    let head = head(text, source);
    let covers = quote.mention.as_ref().is_some_and(|mention| overlap(mention, &head) > 0);
    let name = quote
        .quote
        .speaker
        .as_ref()
        .and_then(|s| s.name.split_whitespace().last().map(bare))
        .unwrap_or_default();
    covers || !name.is_empty() && name == bare(&text[head])
}

/// The last word of the source before a comma, a bracket, a genitive or a preposition.
fn head(text: &str, source: &Range<usize>) -> Range<usize> {
    let words = &text[source.clone()];
    let stops = [
        ",", "(", " der ", " des ", " von ", " vom ", " aus ", " im ", " in ", " bei ", " für ",
        " auf ", " zu ",
    ];
    let end = stops
        .iter()
        .filter_map(|stop| words.find(stop))
        .filter(|at| *at > 0)
        .min()
        .unwrap_or(words.len());
    let phrase = words[..end].trim_end_matches(|c: char| !c.is_alphanumeric());
    let start = phrase.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    source.start + start..source.start + phrase.len()
}
