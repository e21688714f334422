//! The corpus of pages under `tests/corpus/pages`: what is read from each page is compared with what its author
//! put there, and the scores with the floors of `floors.toml`, which only rise.
//!
//! `OUTLET/SLUG/fetch-N.html` are captures of one unchanged article while everything around it
//! changed; `expected.json` beside them has its content. `make.py` writes both from the stories under
//! `stories/`. `cargo test --test it pages -- --nocapture` prints the table; with
//! `PAGES_ERRORS=FIELD` also the errors in that field.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pressmark::extract::page::Page;
use pressmark::extract::{Hints, extract};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    url: String,
    language: String,
    headline: String,
    byline: Vec<String>,
    published: String,
    kind: String,
    paragraphs: Vec<String>,
    notices: Vec<Notice>,
    quotes: Vec<Quoted>,
    figures: Vec<Figure>,
}

#[derive(Deserialize)]
struct Notice {
    kind: String,
    text: String,
}

#[derive(Deserialize)]
struct Quoted {
    text: String,
    speaker: Option<String>,
}

#[derive(Deserialize)]
struct Figure {
    text: String,
    value: Option<String>,
}

/// True positives, false positives, and false negatives.
#[derive(Default, Clone, Copy)]
struct Score {
    right: f64,
    said: f64,
    wanted: f64,
}

impl Score {
    fn one(&mut self, is_right: bool) {
        self.add(f64::from(u8::from(is_right)), 1.0, 1.0);
    }

    fn add(&mut self, right: f64, said: f64, wanted: f64) {
        self.right += right;
        self.said += said;
        self.wanted += wanted;
    }

    fn f1(self) -> f64 {
        if self.said + self.wanted == 0.0 {
            1.0
        } else {
            2.0 * self.right / (self.said + self.wanted)
        }
    }
}

#[derive(Default)]
struct Table {
    scores: BTreeMap<&'static str, Score>,
    errors: Vec<(&'static str, String)>,
}

impl Table {
    fn of(&mut self, field: &'static str) -> &mut Score {
        self.scores.entry(field).or_default()
    }

    fn one(
        &mut self,
        field: &'static str,
        is_right: bool,
        page: &str,
        what: impl FnOnce() -> String,
    ) {
        self.of(field).one(is_right);
        if !is_right {
            self.errors.push((field, format!("{page}: {}", what())));
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/pages")
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = std::fs::read_dir(of)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir() && p.file_name().is_some_and(|n| n != "stories"))
        .collect();
    out.sort();
    out
}

/// Letters and digits alone, in lower case: differences of marks and spaces do not count.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(bare).filter(|w| !w.is_empty()).collect()
}

fn shingles(text: &str) -> HashMap<Vec<String>, f64> {
    let words = words(text);
    let mut out = HashMap::new();
    for shingle in words.windows(4.min(words.len().max(1))) {
        *out.entry(shingle.to_vec()).or_default() += 1.0;
    }
    out
}

fn text_f1(said: &str, wanted: &str) -> f64 {
    let (said, wanted) = (shingles(said), shingles(wanted));
    let shared: f64 = said.iter().map(|(k, n)| n.min(wanted.get(k).copied().unwrap_or(0.0))).sum();
    let all = said.values().sum::<f64>() + wanted.values().sum::<f64>();
    if all == 0.0 { 1.0 } else { 2.0 * shared / all }
}

/// Whether the names are equal, or one is the last part of the other ("Lee" and "harbour master Ann Lee").
fn same_speaker(said: &str, wanted: &str) -> bool {
    let folded = |text: &str| {
        let mut words = words(text);
        let articles = ["the", "a", "an", "el", "la", "le", "der", "die", "das", "o"];
        if words.len() > 1 && articles.contains(&words[0].as_str()) {
            words.remove(0);
        }
        words
    };
    let (said, wanted) = (folded(said), folded(wanted));
    !said.is_empty() && (said.ends_with(&wanted) || wanted.ends_with(&said))
}

fn judge(name: &str, page: &Page, expected: &Expected, table: &mut Table) {
    let headline = page.headline.as_ref().map_or("", |f| f.value.as_str());
    table.one("headline", headline == expected.headline, name, || {
        format!("{headline:?} for {:?}", expected.headline)
    });
    let byline: Vec<&str> = page.byline.iter().map(|a| a.value.name.as_str()).collect();
    table.one("byline", byline == expected.byline, name, || {
        format!("{byline:?} for {:?}", expected.byline)
    });
    let day = page.published.as_ref().map_or("", |f| f.value.text.get(..10).unwrap_or(""));
    table.one("published", day == expected.published, name, || {
        format!("{day:?} for {:?}", expected.published)
    });
    table.one("kind", page.kind.label() == expected.kind, name, || {
        format!("{} for {}", page.kind.label(), expected.kind)
    });
    let language = page.language.as_ref().map_or("", |f| f.value.split('-').next().unwrap_or(""));
    table.one("language", language == expected.language, name, || language.to_owned());
    let wanted = expected.paragraphs.join("\n\n");
    let f1 = text_f1(&page.text, &wanted);
    table.of("text").add(f1, 1.0, 1.0);
    if f1 < 1.0 {
        let bares: Vec<String> = expected.paragraphs.iter().map(|p| bare(p)).collect();
        let more: Vec<&str> =
            page.text.split("\n\n").filter(|p| !bares.contains(&bare(p))).collect();
        let has: Vec<String> = page.text.split("\n\n").map(bare).collect();
        let less: Vec<&String> =
            expected.paragraphs.iter().filter(|p| !has.contains(&bare(p))).collect();
        table.errors.push(("text", format!("{name}: {f1:.3}\n  more {more:?}\n  less {less:?}")));
    }
    judge_parts(name, page, expected, table);
}

fn judge_parts(name: &str, page: &Page, expected: &Expected, table: &mut Table) {
    let mut right = 0.0;
    for notice in &expected.notices {
        let is_found = page
            .notices
            .iter()
            .any(|n| n.kind.label() == notice.kind && bare(&n.text) == bare(&notice.text));
        right += f64::from(u8::from(is_found));
    }
    let (said, wanted) = (page.notices.len() as f64, expected.notices.len() as f64);
    table.of("notices").add(right, said, wanted);
    if right < said.max(wanted) {
        let said: Vec<_> = page.notices.iter().map(|n| (n.kind.label(), &n.text)).collect();
        table.errors.push(("notices", format!("{name}: {said:?}")));
    }
    let mut left: Vec<_> = page.quotes.iter().collect();
    for quote in &expected.quotes {
        let found = left.iter().position(|q| bare(&q.text) == bare(&quote.text));
        let found = found.map(|at| left.remove(at));
        table.of("quotes").add(f64::from(u8::from(found.is_some())), 0.0, 1.0);
        if found.is_none() {
            table.errors.push(("quotes", format!("{name}: missed {:?}", quote.text)));
        }
        if let Some(speaker) = &quote.speaker {
            let said = found.and_then(|q| q.speaker.as_ref()).map_or("", |s| s.name.as_str());
            table.one("speakers", same_speaker(said, speaker), name, || {
                format!("{said:?} for {speaker:?} of {:?}", quote.text)
            });
        }
    }
    table.of("quotes").said += page.quotes.len() as f64;
    for quote in left {
        table.errors.push(("quotes", format!("{name}: none is {:?}", quote.text)));
    }
    for figure in &expected.figures {
        let is_found = page.figures.iter().any(|f| {
            bare(&f.text) == bare(&figure.text)
                && figure.value.as_ref().is_none_or(|v| f.value.as_ref() == Some(v))
        });
        table.one("figures", is_found, name, || {
            let near: Vec<_> = page.figures.iter().map(|f| (&f.text, &f.value)).collect();
            format!("{:?} = {:?} is not among {near:?}", figure.text, figure.value)
        });
    }
}

#[test]
fn pages_say_what_their_writers_put_there() {
    let mut table = Table::default();
    let (mut pages, mut outlets, mut fetches_all) = (0, 0, 0);
    for outlet in folders(&root()) {
        outlets += 1;
        for folder in folders(&outlet) {
            pages += 1;
            let name = folder.strip_prefix(root()).unwrap().display().to_string();
            let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
            let expected: Expected = serde_json::from_str(&text).unwrap();
            let hints = Hints { url: Some(&expected.url), status: Some(200), ..Hints::default() };
            let fetches: Vec<Page> = (1..)
                .map_while(|n| std::fs::read(folder.join(format!("fetch-{n}.html"))).ok())
                .map(|bytes| extract(&bytes, &hints).page)
                .collect();
            assert!(fetches.len() > 1, "{name} has fewer than two fetches");
            fetches_all += fetches.len();
            for later in &fetches[1..] {
                let first = &fetches[0];
                let is_same = later.text == first.text && later.headline == first.headline;
                table.one("stable", is_same, &name, || {
                    let lines: Vec<&str> = first.text.split("\n\n").collect();
                    let new: Vec<_> =
                        later.text.split("\n\n").filter(|l| !lines.contains(l)).collect();
                    format!("{new:?}")
                });
            }
            judge(&name, &fetches[0], &expected, &mut table);
        }
    }
    assert!(pages >= 80 && outlets >= 25, "{pages} pages of {outlets} outlets");
    let floors: BTreeMap<String, f64> =
        toml::from_str(&std::fs::read_to_string(root().join("floors.toml")).unwrap()).unwrap();
    let mut report = format!("{pages} pages of {outlets} outlets in {fetches_all} fetches\n");
    let mut below = Vec::new();
    for (field, score) in &table.scores {
        let floor = floors.get(*field).copied().unwrap_or(1.0);
        let (f1, wanted) = (score.f1(), score.wanted);
        writeln!(report, "{field:10} {f1:.4}  of {wanted:>4}  floor {floor:.3}").unwrap();
        if f1 < floor {
            below.push(*field);
        }
    }
    println!("{report}");
    let asked = std::env::var("PAGES_ERRORS").unwrap_or_default();
    for (field, error) in &table.errors {
        if asked.split(',').any(|a| a == *field) || asked == "all" {
            println!("{field}: {error}");
        }
    }
    assert!(below.is_empty(), "under the floor: {below:?}\n{report}");
}
