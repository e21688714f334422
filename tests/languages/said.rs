//! A sentence or two in every language, and what is said in it by whom (`tests/corpus/words/quotes.txt`): inverted and
//! inserted attribution, source phrases, documents, fragments, names in marks that are not speech.

use std::collections::BTreeMap;
use std::path::Path;

use pressmark::extract::{Hints, extract};

fn corpus(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/words").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn fields(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split('|').map(str::trim).collect())
}

/// Words without the marks at their end.
fn bare(words: &str) -> String {
    let end = |c: char| c.is_whitespace() || ".,;:!?。，、！？…".contains(c);
    words.trim_end_matches(end).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn who_says_what_in_a_sentence_is_told_in_every_language() {
    let (stories, lines) = (corpus("stories.txt"), corpus("quotes.txt"));
    let stories: BTreeMap<&str, Vec<&str>> =
        fields(&stories).map(|line| (line[0], line[1..].to_vec())).collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in fields(&lines) {
        let (language, text) = (line[0], line[1]);
        let story = &stories[language];
        let html = format!(
            "<!doctype html><html lang={language}><head><meta charset=utf-8><title>{0}</title></head><body><article>\
             <h1>{0}</h1><p>{0}</p><p>{text}</p><p>{1}</p></article></body></html>",
            story[0], story[2]
        );
        let page = extract(html.as_bytes(), &Hints::default()).page;
        let found: Vec<(String, Option<String>)> = page
            .quotes
            .iter()
            .map(|quote| (bare(&quote.text), quote.speaker.as_ref().map(|s| s.name.to_lowercase())))
            .collect();
        count += 1;
        let wanted: Vec<(String, &str)> = line[2..]
            .iter()
            .filter_map(|said| said.rsplit_once('@'))
            .map(|(words, who)| (bare(words), who.trim()))
            .collect();
        let is_right = |(words, who): &(String, &str)| {
            found.iter().any(|(text, speaker)| {
                text == words
                    && match *who {
                        "*" => true,
                        "-" => speaker.is_none(),
                        who => speaker.as_ref().is_some_and(|s| s.ends_with(&who.to_lowercase())),
                    }
            })
        };
        if found.len() != wanted.len() || !wanted.iter().all(is_right) {
            wrong.push(format!("{language}: {text}: {found:?}"));
        }
    }
    assert!(count >= 100, "only {count}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
