//! Judges what was read of a page and of its edited version.

use std::collections::BTreeMap;

use pressmark::diff::{CompareOptions, Side, compare_captures};
use pressmark::extract::page::{Figure as Found, FigureKind, Page};
use pressmark::extract::{Hints, extract};

use crate::article::{Article, Figure};
use crate::page;

/// What is measured, in the order of the table.
pub const FIELDS: [&str; 10] = [
    "language",
    "headline",
    "byline",
    "published",
    "quotes",
    "speakers",
    "figures",
    "dates",
    "changes",
    "stealth",
];

/// Right, found, and wanted.
#[derive(Default, Clone, Copy)]
struct Score {
    right: f64,
    found: f64,
    wanted: f64,
}

#[derive(Default)]
pub struct Table {
    scores: BTreeMap<&'static str, Score>,
    pub errors: Vec<String>,
}

impl Table {
    fn add(&mut self, field: &'static str, right: usize, found: usize, wanted: usize) {
        let score = self.scores.entry(field).or_default();
        score.right += right as f64;
        score.found += found as f64;
        score.wanted += wanted as f64;
    }

    fn one(&mut self, field: &'static str, place: &str, is_right: bool, what: &str) {
        self.add(field, usize::from(is_right), 1, 1);
        if !is_right {
            self.errors.push(format!("{field} {place}: {what}"));
        }
    }

    /// The F1 of a field; one where nothing was wanted or found.
    pub fn f1(&self, field: &str) -> f64 {
        let score = self.scores.get(field).copied().unwrap_or_default();
        if score.found + score.wanted == 0.0 {
            1.0
        } else {
            2.0 * score.right / (score.found + score.wanted)
        }
    }
}

/// Letters and digits alone, in lower case.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

pub fn judge(tag: &str, index: usize, article: &Article, table: &mut Table) {
    let old = read(&page::build(tag, index, article, &article.paragraphs));
    let new = read(&page::build(tag, index, article, &article.edited()));
    let place = format!("{tag} {} {:?}", index + 1, article.headline);
    facts(tag, &place, &old, article, table);
    quotes(&place, &old, article, table);
    figures(&place, &old, article, false, table);
    figures(&place, &old, article, true, table);
    changes(&place, &old, &new, article, table);
}

fn read(html: &str) -> Page {
    let hints =
        Hints { url: None, content_type: Some("text/html; charset=utf-8"), status: Some(200) };
    extract(html.as_bytes(), &hints).page
}

fn facts(tag: &str, place: &str, page: &Page, article: &Article, table: &mut Table) {
    let language = page.language.as_ref().map_or("", |f| f.value.as_str());
    table.one("language", place, language.split('-').next() == Some(tag), language);
    let headline = page.headline.as_ref().map_or("", |f| f.value.as_str());
    table.one("headline", place, headline == article.headline, headline);
    let day = page.published.as_ref().map_or("", |f| f.value.text.get(..10).unwrap_or(""));
    table.one("published", place, day == article.published, day);
    let names: Vec<&str> = page.byline.iter().map(|a| a.value.name.as_str()).collect();
    let right = names.iter().filter(|n| article.byline.iter().any(|w| bare(w) == bare(n))).count();
    table.add("byline", right, names.len(), article.byline.len());
    if right != names.len() || right != article.byline.len() {
        table.errors.push(format!("byline {place}: {names:?} for {:?}", article.byline));
    }
}

/// A title before the name is right, too.
fn is_speaker(found: &str, wanted: &str) -> bool {
    let (found, wanted) = (found.to_lowercase(), wanted.to_lowercase());
    found == wanted
        || found.strip_suffix(&wanted).is_some_and(|before| {
            before.split_whitespace().count() <= 3 && !before.contains(char::is_numeric)
        })
}

fn quotes(place: &str, page: &Page, article: &Article, table: &mut Table) {
    let mut left: Vec<_> = page.quotes.iter().collect();
    let mut right = 0;
    for wanted in &article.quotes {
        let at = left.iter().position(|q| bare(&q.text) == bare(&wanted.text));
        let found = at.map(|at| left.remove(at));
        right += usize::from(found.is_some());
        let Some(found) = found else {
            table.errors.push(format!("quotes {place}: lost {:?}", wanted.text));
            table.add("speakers", 0, 1, 1);
            continue;
        };
        let name = found.speaker.as_ref().map(|s| s.name.as_str());
        let is_right = match name {
            _ if wanted.speakers == ["*"] => continue,
            None => wanted.speakers.is_empty(),
            Some(name) => wanted.speakers.iter().any(|w| is_speaker(name, w)),
        };
        let what = format!("{name:?} for {:?} of {:?}", wanted.speakers, wanted.text);
        table.one("speakers", place, is_right, &what);
    }
    for found in &left {
        table.errors.push(format!("quotes {place}: nobody's {:?}", found.text));
    }
    table.add("quotes", right, page.quotes.len(), article.quotes.len());
}

/// Whether a figure is one that is judged: no ordinal, no weekday, no time of day.
fn is_judged(figure: &Found, dates: bool) -> bool {
    let value = figure.value.as_deref().unwrap_or_default();
    match figure.kind {
        FigureKind::Date => dates && value.contains(|c: char| c.is_ascii_digit()),
        FigureKind::Ordinal => false,
        FigureKind::Time => !dates && figure.unit.is_some(),
        _ => !dates && !value.is_empty(),
    }
}

fn figures(place: &str, page: &Page, article: &Article, dates: bool, table: &mut Table) {
    let field = if dates { "dates" } else { "figures" };
    let wanted: Vec<&Figure> =
        article.figures.iter().filter(|f| f.is_date == dates && f.value.is_some()).collect();
    let mut left: Vec<&Found> = page.figures.iter().filter(|f| is_judged(f, dates)).collect();
    let mut right = 0;
    for want in &wanted {
        let at = left.iter().position(|f| {
            f.value == want.value && want.unit.as_ref().is_none_or(|u| f.unit.as_ref() == Some(u))
        });
        match at {
            Some(at) => {
                left.remove(at);
                right += 1;
            }
            None => {
                let near: Vec<_> = page
                    .figures
                    .iter()
                    .filter(|f| want.words.contains(&f.text) || f.text.contains(&want.words))
                    .map(|f| (f.kind, &f.value, &f.unit))
                    .collect();
                table.errors.push(format!("{field} {place}: lost {want:?}; {near:?}"));
            }
        }
    }
    // What the expectations leave open is not judged.
    left.retain(|f| {
        !article.figures.iter().any(|w| {
            (w.value.is_none() || w.is_date != dates)
                && (w.words.contains(&f.text) || f.text.contains(&w.words))
        })
    });
    for found in &left {
        table.errors.push(format!(
            "{field} {place}: nobody's {:?} {:?} {:?}",
            found.text, found.value, found.unit
        ));
    }
    table.add(field, right, right + left.len(), wanted.len());
}

fn changes(place: &str, old: &Page, new: &Page, article: &Article, table: &mut Table) {
    let side = |page| Side { page, status: Some(200), url: None, redirected_to: None };
    let found = compare_captures(&side(old), &side(new), &[], &CompareOptions::default());
    let mut left: Vec<&str> = found
        .changes
        .iter()
        .map(|c| c.kind.label())
        .filter(|kind| !matches!(*kind, "modified" | "text-edited"))
        .collect();
    let mut right = 0;
    for edit in &article.edits {
        match left.iter().position(|kind| edit.kind.split('/').any(|wanted| wanted == *kind)) {
            Some(at) => {
                left.remove(at);
                right += 1;
            }
            None => table.errors.push(format!(
                "changes {place}: missed {} {:?} => {:?}",
                edit.kind, edit.old, edit.new
            )),
        }
    }
    for kind in &left {
        let what: Vec<_> = found
            .changes
            .iter()
            .filter(|c| c.kind.label() == *kind)
            .map(|c| (&c.before, &c.after))
            .collect();
        table.errors.push(format!("changes {place}: too much: {kind} {what:?}"));
    }
    table.add("changes", right, right + left.len(), article.edits.len());
    let is_silent = !article.edits.iter().any(|edit| edit.old.is_none());
    table.one(
        "stealth",
        place,
        found.stealth == is_silent,
        &format!("{} by {:?}", found.stealth, found.acknowledged_by),
    );
}
