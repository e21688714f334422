//! Reads a story and the expectations that stand in its articles.

use std::collections::BTreeMap;

/// How an annotated quotation is to the fullest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Identical,
    Truncated,
    Altered,
    /// A figure.
    Figure,
}

/// A place that is annotated: words of a paragraph.
#[derive(Debug, Clone)]
pub struct Place {
    /// `q1`, `f1`.
    pub group: String,
    pub words: String,
    pub sign: Sign,
}

/// A paragraph with its places.
#[derive(Debug, Clone)]
pub struct Paragraph {
    pub text: String,
    pub places: Vec<Place>,
    /// The article that it is copied from.
    pub copied_from: Option<String>,
}

#[derive(Debug)]
pub struct Article {
    pub letter: String,
    pub outlet: String,
    pub language: String,
    pub template: String,
    pub published: String,
    pub headline: String,
    pub byline: Vec<String>,
    pub paragraphs: Vec<Paragraph>,
}

#[derive(Debug, Default)]
pub struct Story {
    pub articles: Vec<Article>,
    /// How the figures of a group differ.
    pub differ: BTreeMap<String, String>,
    /// Groups and what the outlets disagree on.
    pub disagree: Vec<(String, String)>,
    /// Which articles share text, by letter.
    pub copied: Vec<(String, String)>,
    pub first: Option<String>,
    pub credits: Vec<(String, String)>,
}

impl Article {
    /// The share of the words outside of quotations that stand in paragraphs that this one and the other share.
    pub fn share_with(&self, other: &Article) -> f64 {
        let all: usize = self.paragraphs.iter().map(|p| bare_words(&p.text)).sum();
        let is_shared = |p: &&Paragraph| other.paragraphs.iter().any(|o| o.text == p.text);
        let shared = self.paragraphs.iter().filter(is_shared);
        shared.map(|p| bare_words(&p.text)).sum::<usize>() as f64 / all.max(1) as f64
    }
}

/// The words of a paragraph outside of quotation marks.
fn bare_words(text: &str) -> usize {
    let mut inside = false;
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '“' | '„' | '«' => inside = true,
            '”' | '»' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
}

pub fn read(source: &str) -> Story {
    let (articles, below) = source.split_once("\n---\n").expect("a line of dashes");
    let mut story = Story::default();
    for one in articles.trim_start_matches("=== ").split("\n=== ") {
        let article = article(one, &story.articles);
        story.articles.push(article);
    }
    for line in below.lines().filter(|line| !line.trim().is_empty()) {
        let mut parts = line.splitn(3, ' ');
        let mut next = || parts.next().unwrap_or_default().to_owned();
        let (key, one, two) = (next(), next(), next());
        match key.as_str() {
            "differ" => _ = story.differ.insert(one, two),
            "disagree" => story.disagree.push((one, two)),
            "copied" => story.copied.push((one, two)),
            "first" => story.first = Some(one),
            "credits" => story.credits.push((one, two)),
            _ => panic!("no such line: {line}"),
        }
    }
    story
}

fn article(source: &str, before: &[Article]) -> Article {
    let mut lines = source.lines();
    let head: Vec<&str> = lines.next().unwrap().split(" | ").map(str::trim).collect();
    let [letter, outlet, language, template, published] = head.as_slice() else {
        panic!("five fields: {head:?}")
    };
    let headline = lines.next().unwrap().trim().to_owned();
    let byline = lines.next().unwrap().strip_prefix("by:").expect("a byline");
    let byline = byline.split(';').map(|name| name.trim().to_owned()).collect();
    let mut paragraphs = Vec::new();
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(of) = line.strip_prefix("= ") {
            let (letter, number) = of.split_once(' ').unwrap();
            let from = before.iter().find(|a| a.letter == letter).expect("an article before");
            let mut copy = from.paragraphs[number.parse::<usize>().unwrap() - 1].clone();
            copy.copied_from = Some(letter.to_owned());
            paragraphs.push(copy);
        } else {
            paragraphs.push(paragraph(line));
        }
    }
    Article {
        letter: (*letter).to_owned(),
        outlet: (*outlet).to_owned(),
        language: (*language).to_owned(),
        template: (*template).to_owned(),
        published: (*published).to_owned(),
        headline,
        byline,
        paragraphs,
    }
}

/// Takes the annotations out of a paragraph.
fn paragraph(source: &str) -> Paragraph {
    let mut text = String::new();
    let mut places = Vec::new();
    let mut open: Vec<(String, Sign, usize)> = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        match c {
            '<' | '{' => {
                let (name, behind) = rest[1..].split_once(' ').expect("a name and words");
                rest = behind;
                let (group, sign) = match name.chars().last().unwrap() {
                    '=' => (&name[..name.len() - 1], Sign::Identical),
                    '<' => (&name[..name.len() - 1], Sign::Truncated),
                    '~' => (&name[..name.len() - 1], Sign::Altered),
                    _ => (name, Sign::Figure),
                };
                open.push((group.to_owned(), sign, text.len()));
            }
            '>' | '}' => {
                let (group, sign, start) = open.pop().expect("an opening bracket");
                places.push(Place { group, sign, words: text[start..].to_owned() });
                rest = &rest[1..];
            }
            _ => {
                text.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    assert!(open.is_empty(), "{source}");
    Paragraph { text, places, copied_from: None }
}
