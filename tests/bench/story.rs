//! How long it takes to compare the articles of one story: 200 articles of 1,000 words, of which a
//! third is copied, with quotations and figures that many carry; the same 200 times one article; and more.
//!
//! `cargo bench --bench story [-- ARTICLES…]`; prints wall time in milliseconds of one core, the best of three
//! rounds, pages read before. The texts are made from a seed, so every run measures the same.

use std::fmt::Write as _;
use std::time::Instant;

use pressmark::extract::extract_text_file;
use pressmark::extract::page::Page;
use pressmark::story::{Article, story};

/// A small generator, so that texts depend on their seed alone.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % most
    }
}

/// Words of two or three syllables: about eight thousand.
fn word(chance: &mut Chance) -> String {
    const SYLLABLES: [&str; 20] = [
        "bar", "den", "for", "gal", "hem", "jor", "kin", "lan", "mor", "nel", "pas", "qui", "ros",
        "sil", "tan", "ul", "ver", "wes", "yar", "zol",
    ];
    let count = 2 + chance.below(2);
    (0..count).map(|_| SYLLABLES[chance.below(SYLLABLES.len())]).collect()
}

fn sentence(chance: &mut Chance, words: usize) -> String {
    let mut out = String::from("The");
    for at in 0..words {
        let small = ["the", "of", "and", "in", "was", "to"];
        let next = if at % 3 == 1 { small[chance.below(6)].to_owned() } else { word(chance) };
        let _ = write!(out, " {next}");
    }
    out.push('.');
    out
}

fn paragraph(seed: u64) -> String {
    let mut chance = Chance(seed);
    (0..4).map(|_| sentence(&mut chance, 15)).collect::<Vec<_>>().join(" ")
}

/// An article of about 1,000 words: a third from a pool that many share, six quotations of thirty, ten figures.
fn article(at: u64) -> String {
    let mut chance = Chance(at + 1);
    let mut out = String::new();
    for part in 0..15 {
        let text = if part % 3 == 0 {
            paragraph(1_000_000 + chance.below(40) as u64)
        } else {
            paragraph(2_000_000 + at * 100 + part)
        };
        let _ = write!(out, "{text}\n\n");
        if part % 3 == 1 {
            let which = chance.below(30) as u64;
            let said = sentence(&mut Chance(3_000_000 + which), 20);
            let said = said.trim_end_matches('.');
            let speaker = ["Anna Roe", "Ben Hale", "Ida Brandt", "Karl Voss"][which as usize % 4];
            let _ = write!(out, "“{said},” said {speaker} on Tuesday.\n\n");
        }
        if part % 2 == 0 {
            let dead = 60 + chance.below(6);
            let _ = write!(
                out,
                "The flood killed {dead} people and destroyed {} homes.\n\n",
                100 * part + 7
            );
        }
    }
    out
}

fn measure(name: &str, pages: &[Page]) {
    let articles: Vec<Article<'_>> = pages
        .iter()
        .enumerate()
        .map(|(outlet, page)| Article { page, outlet, captured: None })
        .collect();
    let words: usize = pages.iter().map(|page| page.text.split_whitespace().count()).sum();
    let mut best = f64::INFINITY;
    let mut found = None;
    for _ in 0..3 {
        let begun = Instant::now();
        let told = story(&articles);
        best = best.min(begun.elapsed().as_secs_f64() * 1000.0);
        found = Some((told.quotes.len(), told.figures.len(), told.copied.len()));
    }
    let (quotes, figures, copied) = found.unwrap_or_default();
    println!(
        "{name:28} {:6} articles {words:9} words {best:10.1} ms   {quotes} quotations, {figures} figures, {copied} copied",
        pages.len()
    );
}

fn main() {
    let asked: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let counts = if asked.is_empty() { vec![200, 2_000] } else { asked };
    for count in counts {
        let pages: Vec<Page> =
            (0..count as u64).map(|at| extract_text_file(&article(at)).page).collect();
        measure("one story", &pages);
        let one = extract_text_file(&article(7)).page;
        let same: Vec<Page> = std::iter::repeat_n(one, count).collect();
        measure("one article, again and again", &same);
    }
}
