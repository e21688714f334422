//! Reads the articles of a language and the expectations that stand in their words.

/// A quotation expected.
#[derive(Debug, Default)]
pub struct Quoted {
    pub text: String,
    /// Names that are right; empty where it has no speaker.
    pub speakers: Vec<String>,
}

/// A figure or a date expected.
#[derive(Debug)]
pub struct Figure {
    pub words: String,
    /// None where it is not judged.
    pub value: Option<String>,
    pub unit: Option<String>,
    pub is_date: bool,
}

/// A replacement of words, or a paragraph added, and the kind of change that it is.
#[derive(Debug)]
pub struct Edit {
    /// None for a paragraph added at the end.
    pub old: Option<String>,
    pub new: String,
    pub kind: String,
}

/// An article with what must be read of it.
#[derive(Debug, Default)]
pub struct Article {
    pub template: String,
    pub published: String,
    pub headline: String,
    pub byline: Vec<String>,
    pub line: Option<String>,
    pub date: Option<String>,
    pub caption: Option<String>,
    /// Navigation, another story, cookies, rights.
    pub furniture: Vec<String>,
    pub paragraphs: Vec<String>,
    pub quotes: Vec<Quoted>,
    pub figures: Vec<Figure>,
    pub edits: Vec<Edit>,
}

impl Article {
    /// The paragraphs of the edited version. Panics where the words to replace do not stand there once.
    pub fn edited(&self) -> Vec<String> {
        let mut text = self.paragraphs.join("\n\n");
        for edit in &self.edits {
            if let Some(old) = &edit.old {
                assert_eq!(text.matches(old.as_str()).count(), 1, "{:?}: {old}", self.headline);
                text = text.replacen(old.as_str(), &edit.new, 1);
            } else {
                text.push_str("\n\n");
                text.push_str(&edit.new);
            }
        }
        text.split("\n\n").map(str::to_owned).collect()
    }
}

pub fn read(source: &str) -> Vec<Article> {
    let (head, rest) = source.split_once("\n=== ").unwrap();
    let furniture: Vec<String> = head
        .trim()
        .strip_prefix("furniture:")
        .unwrap()
        .split(" | ")
        .map(|s| s.trim().to_owned())
        .collect();
    assert_eq!(furniture.len(), 4, "{head}");
    rest.split("\n=== ").map(|one| article(one, &furniture)).collect()
}

fn article(source: &str, furniture: &[String]) -> Article {
    let mut lines = source.lines();
    let (template, published) = lines.next().unwrap().trim().split_once(' ').unwrap();
    let mut out = Article {
        template: template.to_owned(),
        published: published.to_owned(),
        headline: lines.next().unwrap().trim().to_owned(),
        furniture: furniture.to_vec(),
        ..Article::default()
    };
    let mut lines = lines.skip_while(|l| l.is_empty()).peekable();
    while let Some(line) = lines.next_if(|line| !line.trim().is_empty()) {
        let (key, value) = line.split_once(':').unwrap();
        let value = value.trim().to_owned();
        match key {
            "by" => out.byline = value.split(';').map(|n| n.trim().to_owned()).collect(),
            "line" => out.line = Some(value),
            "date" => out.date = Some(value),
            "caption" => out.caption = Some(value),
            _ => panic!("no such key: {line}"),
        }
    }
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(edit) = line.strip_prefix("~ ") {
            let (words, kind) = edit.rsplit_once(" | ").unwrap();
            let (old, new) = words.split_once(" => ").unwrap();
            out.edits.push(Edit { old: Some(old.into()), new: new.into(), kind: kind.into() });
        } else if let Some(added) = line.strip_prefix("+ ") {
            let (words, kind) = added.rsplit_once(" | ").unwrap();
            out.edits.push(Edit { old: None, new: words.into(), kind: kind.into() });
        } else {
            paragraph(line, &mut out);
        }
    }
    out
}

/// Takes the marks out of a paragraph and keeps what they expect.
fn paragraph(line: &str, out: &mut Article) {
    let mut plain = String::new();
    // Where the words of an open quotation begin, and its speakers.
    let mut quote: Option<(usize, String)> = None;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        match c {
            '[' => {
                let (speaker, after) = rest[1..].split_once('|').unwrap();
                quote = Some((plain.len(), speaker.to_owned()));
                rest = after;
                continue;
            }
            ']' => {
                let (from, speaker) = quote.take().unwrap();
                let words = &plain[from..];
                if speaker == "+" {
                    let last = out.quotes.last_mut().unwrap();
                    last.text.push(' ');
                    last.text.push_str(words);
                } else {
                    let speakers = match speaker.as_str() {
                        "-" => Vec::new(),
                        names => names.split('/').map(|n| n.trim().to_owned()).collect(),
                    };
                    out.quotes.push(Quoted { text: words.to_owned(), speakers });
                }
            }
            '{' => {
                let (inner, after) = rest[1..].split_once('}').unwrap();
                let (words, value) = inner.split_once('|').unwrap();
                out.figures.push(figure(words, value));
                plain.push_str(words);
                rest = after;
                continue;
            }
            _ => plain.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    assert!(quote.is_none(), "an open quotation: {line}");
    out.paragraphs.push(plain);
}

fn figure(words: &str, value: &str) -> Figure {
    let value = value.trim();
    let words = words.to_owned();
    if value == "?" {
        return Figure { words, value: None, unit: None, is_date: false };
    }
    if let Some(date) = value.strip_prefix('@') {
        return Figure { words, value: Some(date.into()), unit: None, is_date: true };
    }
    let (value, unit) = match value.split_once(' ') {
        Some((value, unit)) => (value, Some(unit.to_owned())),
        None => (value, None),
    };
    Figure { words, value: Some(value.to_owned()), unit, is_date: false }
}
