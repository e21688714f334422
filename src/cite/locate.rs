//! Finding quoted words in an article: as they stand but for typographic marks and spaces, or the
//! nearest words that do stand there.
//!
//! Letters, digits and their case count; the shape of quotation marks, apostrophes and dashes, soft
//! hyphens and white space do not. The nearest words are found by Sellers' approximate search ("The
//! theory and computation of evolutionary distances", 1980) over words, so that a changed, left out
//! or added word costs the same. Deliberately never takes an approximate find for the words.

use std::ops::Range;

use crate::extract::page::Page;

/// Where quoted words stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The bytes in the article text, or in the headline.
    pub range: Range<usize>,
    /// Whether they stand in the headline instead of the text.
    pub in_headline: bool,
}

/// Words that do not stand in the article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What stands there instead; none where nothing is near.
    pub nearest: Option<Nearest>,
}

/// The words of the article that are nearest to those asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// The words as they stand.
    pub text: String,
    /// What differs, in order.
    pub differences: Vec<Difference>,
}

/// Words asked for, and what stands in their place. One of the two may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// As asked for.
    pub asked: String,
    /// As it stands.
    pub stands: String,
}

/// The most cells of the table of the approximate search: 64 MiB and half a second.
const CELLS_MAX: usize = 16 << 20;

/// Finds `quote` in the article's text, or in its headline.
///
/// # Errors
/// When the words are not there; the error has the nearest that are.
pub fn locate(quote: &str, page: &Page) -> Result<Found, Missing> {
    let headline = page.headline.as_ref().map_or("", |h| h.value.as_str());
    // Marks around the words may be the quoter's own.
    let bare = quote.trim().trim_matches(|c: char| is_mark(c) || c.is_whitespace());
    for words in [quote.trim(), bare] {
        if let Some(range) = find(words, &page.text) {
            return Ok(Found { range, in_headline: false });
        }
        if let Some(range) = find(words, headline) {
            return Ok(Found { range, in_headline: true });
        }
    }
    Err(Missing { nearest: nearest(bare, &page.text).or_else(|| nearest(bare, headline)) })
}

/// One character that counts, and the bytes it stands for.
struct Folded {
    character: char,
    range: Range<usize>,
}

/// What counts of a text. Runs of white space are one space, and none stands beside a dash: dashes
/// are set with and without them.
fn fold(text: &str) -> Vec<Folded> {
    let mut out: Vec<Folded> = Vec::with_capacity(text.len());
    let mut space: Option<Range<usize>> = None;
    for (at, c) in text.char_indices() {
        let range = at..at + c.len_utf8();
        if is_invisible(c) {
            continue;
        }
        if c.is_whitespace() {
            space.get_or_insert_with(|| range.clone()).end = range.end;
            continue;
        }
        let characters: &[char] = match c {
            '…' => &['.', '.', '.'],
            'ﬁ' => &['f', 'i'],
            'ﬂ' => &['f', 'l'],
            _ => &[plain(c)],
        };
        let after_dash = out.last().is_some_and(|f| f.character == '-');
        if characters == ['-'] && after_dash {
            space = None;
            continue;
        }
        // Two marks side by side are as one: plain text sets "“" as "''".
        let after_mark = out.last().is_some_and(|f| f.character == '\'') && space.is_none();
        if characters == ['\''] && after_mark {
            continue;
        }
        if let Some(range) = space.take()
            && !out.is_empty()
            && !after_dash
            && characters != ['-']
        {
            out.push(Folded { character: ' ', range });
        }
        let range = &range;
        out.extend(characters.iter().map(|c| Folded { character: *c, range: range.clone() }));
    }
    out
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The plain form of a typographic mark.
fn plain(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => '-',
        _ if is_mark(c) => '\'',
        _ => c,
    }
}

/// Whether a character is a quotation mark or an apostrophe.
fn is_mark(c: char) -> bool {
    matches!(c, '\'' | '"' | '`' | '´' | '«' | '»' | '\u{2018}'..='\u{201f}' | '\u{2032}' | '\u{2033}' | '\u{2039}' | '\u{203a}' | '\u{2bc}' | '\u{300c}'..='\u{300f}' | '\u{301d}'..='\u{301f}' | '＂' | '＇')
}

/// Whether a character is of Chinese, Japanese or Korean script.
#[must_use]
pub(super) fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether a character is part of a word that spaces set off; scripts without such spaces have none.
pub(super) fn is_of_word(c: char) -> bool {
    let is_hangul = matches!(c, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7ff}');
    let is_unspaced =
        matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}');
    c.is_alphanumeric() && !is_unspaced && (is_hangul || !is_east_asian(c))
}

fn find(words: &str, text: &str) -> Option<Range<usize>> {
    let (words, text) = (fold(words), fold(text));
    words.iter().any(|w| w.character.is_alphanumeric()).then_some(())?;
    let is_part = |a: char, b: char| is_of_word(a) && is_of_word(b);
    (0..(text.len() + 1).saturating_sub(words.len())).find_map(|at| {
        let end = at + words.len();
        let here = &text[at..end];
        let same = here.iter().zip(&words).all(|(a, b)| a.character == b.character);
        // Words begin and end where words do: "12 boats" does not stand in "112 boats".
        let begins = at == 0 || !is_part(text[at - 1].character, here[0].character);
        let ends = text
            .get(end)
            .is_none_or(|next| !is_part(here[here.len() - 1].character, next.character));
        (same && begins && ends).then(|| here[0].range.start..here[here.len() - 1].range.end)
    })
}

/// The words of a text, as byte ranges; of scripts without spaces, the characters.
#[must_use]
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if c.is_whitespace() {
            open = false;
        } else if c.is_alphanumeric() && !is_of_word(c) {
            out.push(at..end);
            open = false;
        } else if let (true, Some(last)) = (open, out.last_mut()) {
            last.end = end;
        } else {
            out.push(at..end);
            open = true;
        }
    }
    out
}

/// A word as it is compared: without marks around it and without case.
fn core(word: &str) -> String {
    let folded: String = word.chars().filter(|c| !is_invisible(*c)).map(plain).collect();
    folded.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

fn nearest(quote: &str, text: &str) -> Option<Nearest> {
    let asked_ranges = words(quote);
    let text_ranges = words(text);
    let room = CELLS_MAX / (text_ranges.len() + 1);
    let asked_ranges = &asked_ranges[..asked_ranges.len().min(room)];
    if asked_ranges.is_empty() || text_ranges.is_empty() {
        return None;
    }
    let asked: Vec<String> = asked_ranges.iter().map(|r| core(&quote[r.clone()])).collect();
    let there: Vec<String> = text_ranges.iter().map(|r| core(&text[r.clone()])).collect();
    let table = Table::fill(&asked, &there);
    let (end, cost) = table.best()?;
    // With more than half of the words wrong it is another passage.
    if cost * 2 > asked.len() as u32 * Table::WORD {
        return None;
    }
    let steps = table.steps(end);
    let from = steps.iter().find_map(|s| s.there)?;
    let to = steps.iter().rev().find_map(|s| s.there)?;
    let word_asked = |i: usize| &quote[asked_ranges[i].clone()];
    let word_there = |i: usize| &text[text_ranges[i].clone()];
    let mut differences: Vec<Difference> = Vec::new();
    let mut open = false;
    for (n, step) in steps.iter().enumerate() {
        let asked = step.asked.map_or("", word_asked);
        let stands = step.there.map_or("", word_there);
        let (asked, mut stands) = bare_pair(asked, stands);
        // What stands before the first word and after the last one was not asked for.
        if n == 0 && !asked.starts_with(is_outer) {
            stands = stands.trim_start_matches(is_outer);
        }
        if n + 1 == steps.len() && !asked.ends_with(is_outer) {
            stands = stands.trim_end_matches(is_outer);
        }
        if plain_word(asked) == plain_word(stands) {
            open = false;
            continue;
        }
        if !open {
            differences.push(Difference { asked: String::new(), stands: String::new() });
            open = true;
        }
        if let Some(last) = differences.last_mut() {
            for (to, word) in [(&mut last.asked, asked), (&mut last.stands, stands)] {
                if !to.is_empty() && !word.is_empty() {
                    to.push(' ');
                }
                to.push_str(word);
            }
        }
    }
    let text = text[text_ranges[from].start..text_ranges[to].end].trim_matches(is_mark);
    let text = super::clean(text);
    Some(Nearest { text, differences })
}

/// Two words without the quotation marks around them; without any marks around them where the words
/// themselves differ.
fn bare_pair<'a>(a: &'a str, b: &'a str) -> (&'a str, &'a str) {
    let are_same = core(a) == core(b);
    let around = |c: char| if are_same { is_mark(c) } else { is_outer(c) };
    (a.trim_matches(around), b.trim_matches(around))
}

fn is_outer(c: char) -> bool {
    !c.is_alphanumeric()
}

fn plain_word(word: &str) -> String {
    word.chars().filter(|c| !is_invisible(*c)).map(plain).collect()
}

/// One step of an alignment: a word asked for, a word that stands there, or both.
#[derive(Debug, Clone, Copy)]
struct Step {
    asked: Option<usize>,
    there: Option<usize>,
}

/// The costs of turning the first `i` words asked for into words that end at `j`, wherever those
/// begin.
struct Table {
    asked: usize,
    there: usize,
    cells: Vec<u32>,
    costs: Vec<u8>,
}

impl Table {
    /// What a word costs that is left out, added, or another one.
    const WORD: u32 = 4;

    /// What two words differ in: nothing, letters (a slip or an ending), or everything.
    fn cost(a: &str, b: &str) -> u8 {
        if a == b {
            return 0;
        }
        let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
        // Words of much different lengths, or with other beginnings, are other words.
        if short.len() * 2 <= long.len() || a.chars().next() != b.chars().next() {
            return 4;
        }
        if strsim::normalized_levenshtein(a, b) > 0.6 { 2 } else { 4 }
    }

    fn fill(asked: &[String], there: &[String]) -> Self {
        let width = there.len() + 1;
        let mut cells = vec![0_u32; (asked.len() + 1) * width];
        let mut costs = vec![0_u8; asked.len() * there.len()];
        for i in 1..=asked.len() {
            cells[i * width] = i as u32 * Self::WORD;
            for j in 1..width {
                let cost = Self::cost(&asked[i - 1], &there[j - 1]);
                costs[(i - 1) * there.len() + j - 1] = cost;
                let swap = cells[(i - 1) * width + j - 1] + u32::from(cost);
                let left = cells[(i - 1) * width + j] + Self::WORD;
                let added = cells[i * width + j - 1] + Self::WORD;
                cells[i * width + j] = swap.min(left).min(added);
            }
        }
        Self { asked: asked.len(), there: there.len(), cells, costs }
    }

    /// Where the cheapest passage ends, and what it costs; the first of several. Another word in
    /// the place of the last one belongs to it.
    fn best(&self) -> Option<(usize, u32)> {
        let row = &self.cells[self.asked * (self.there + 1)..];
        let costs = row.iter().enumerate().skip(1);
        let (end, cost) = costs.map(|(j, cost)| (j, *cost)).min_by_key(|(_, cost)| *cost)?;
        let goes_on = cost > 0 && row.get(end + 1) == Some(&cost);
        Some((if goes_on { end + 1 } else { end }, cost))
    }

    fn steps(&self, end: usize) -> Vec<Step> {
        let width = self.there + 1;
        let (mut i, mut j) = (self.asked, end);
        let mut steps = Vec::new();
        while i > 0 {
            let here = self.cells[i * width + j];
            let swap = (j > 0).then(|| u32::from(self.costs[(i - 1) * self.there + j - 1]));
            let swapped = swap.filter(|cost| here == self.cells[(i - 1) * width + j - 1] + cost);
            let added = j > 0 && here == self.cells[i * width + j - 1] + Self::WORD;
            // Of ways that cost the same, that which keeps most words as they are: a word that was
            // added, before another word in its place, before one that was left out.
            if swapped.is_some_and(|cost| cost < Self::WORD) || (swapped.is_some() && !added) {
                steps.push(Step { asked: Some(i - 1), there: Some(j - 1) });
                (i, j) = (i - 1, j - 1);
            } else if added {
                steps.push(Step { asked: None, there: Some(j - 1) });
                j -= 1;
            } else {
                steps.push(Step { asked: Some(i - 1), there: None });
                i -= 1;
            }
        }
        steps.reverse();
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        Page { text: text.to_owned(), ..Page::default() }
    }

    #[test]
    fn words_are_found_whatever_their_marks_and_spaces() {
        let text = "The mayor said: “It’s closed — for\u{a0}good,” and left.\n\nWell\u{ad}known words… 銀行は閉まった。";
        for (quote, wanted) in [
            ("\"It's closed - for good,\"", "“It’s closed — for\u{a0}good,”"),
            ("It's closed--for good", "It’s closed — for\u{a0}good"),
            ("“for  good”", "for\u{a0}good"),
            ("''It's closed", "“It’s closed"),
            ("and left. Wellknown words...", "and left.\n\nWell\u{ad}known words…"),
            ("行は閉", "行は閉"),
        ] {
            let found = locate(quote, &page(text)).unwrap_or_else(|m| panic!("{quote}: {m:?}"));
            assert_eq!(&text[found.range], wanted, "{quote}");
        }
    }

    #[test]
    fn words_that_are_not_there_are_not_found() {
        let text = "They counted 112 boats. The Mayor left early.";
        for quote in ["12 boats", "boat", "the mayor left", "!", "", "early left"] {
            assert!(locate(quote, &page(text)).is_err(), "{quote}");
        }
    }

    #[test]
    fn the_nearest_words_are_named_with_what_differs() {
        let text = "A first line about boats.\n\nThe mayor said the old bridge will stay closed until spring at least. More words.";
        for (quote, nearest, differences) in [
            (
                "the old bridge will remain closed until spring",
                "the old bridge will stay closed until spring",
                vec![("remain", "stay")],
            ),
            (
                "the bridge will stay closed until next spring",
                "the old bridge will stay closed until spring",
                vec![("", "old"), ("next", "")],
            ),
            ("The Mayor said", "The mayor said", vec![("Mayor", "mayor")]),
            ("until Spring at least", "until spring at least.", vec![("Spring", "spring")]),
            ("until spring at least!", "until spring at least.", vec![("least!", "least.")]),
        ] {
            let found = locate(quote, &page(text)).unwrap_err().nearest.unwrap();
            let told: Vec<(&str, &str)> =
                found.differences.iter().map(|d| (d.asked.as_str(), d.stands.as_str())).collect();
            assert_eq!((found.text.as_str(), told), (nearest, differences), "{quote}");
        }
        let other = locate("nothing of the kind was ever printed", &page(text)).unwrap_err();
        assert_eq!(other.nearest, None);
    }

    #[test]
    fn the_headline_is_searched_after_the_text() {
        use crate::extract::page::{Fact, Origin};
        let mut page = page("The bridge closed.");
        page.headline =
            Some(Fact { value: "Bridge closed, boats stay".to_owned(), origin: Origin::Markup });
        assert_eq!(locate("boats stay", &page), Ok(Found { range: 15..25, in_headline: true }));
    }

    proptest::proptest! {
        #[test]
        fn any_part_of_a_text_on_word_ends_is_found_and_the_rest_never_panics(
            words in proptest::collection::vec("[\\PC]{1,6}", 1..20), from in 0_usize..20, len in 1_usize..20
        ) {
            let text = words.join(" ");
            let from = from.min(words.len() - 1);
            let part = words[from..(from + len).min(words.len())].join(" ");
            let found = locate(&part, &page(&text));
            if part.chars().any(char::is_alphanumeric) && !part.chars().any(|c| is_mark(c) || plain(c) == '-') {
                proptest::prop_assert!(found.is_ok(), "{:?} in {:?}", part, text);
            }
            if let Ok(found) = found {
                proptest::prop_assert!(text.get(found.range).is_some());
            }
        }
    }
}
