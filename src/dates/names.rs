//! The names of the months and of the days of the week, in the languages of the press.
//!
//! Owns two tables, `months.tsv` and `weekdays.tsv`, whose heads say where they come from. A name that
//! is two months in two languages ("listopada") is read in the language of its text, and without one in
//! the language whose line comes first. Names of small languages that are words of large ones ("here",
//! "gas") count where their language is declared, and in fields that hold nothing but a date.

use std::sync::LazyLock;

use jiff::civil::Weekday;

use crate::base::word_map::WordMap;

const MONTHS: &str = include_str!("months.tsv");
const WEEKDAYS: &str = include_str!("weekdays.tsv");

/// Which part of the tables is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The language of the text, and the languages with a star.
    Prose,
    /// Every language: the text is a date and nothing else.
    Field,
}

/// Each name with what it means, in the order of the lines.
#[derive(Default)]
struct Table {
    meanings: WordMap<&'static str, Vec<Meaning>>,
    /// The names of each language.
    of_language: WordMap<&'static str, Names>,
    /// The names of several words, by the first of them.
    long: WordMap<&'static str, Vec<&'static str>>,
}

/// The names of one language, looked up for every word of a text.
#[derive(Default)]
struct Names {
    values: WordMap<&'static str, u8>,
    /// By how they begin: see [`start_of`].
    by_start: WordMap<&'static str, Vec<(&'static str, u8)>>,
}

/// The first four characters of a word: the least that its forms share with it.
fn start_of(word: &str) -> &str {
    word.char_indices().nth(FORM_CHARS_MIN).and_then(|(end, _)| word.get(..end)).unwrap_or(word)
}

/// See [`inflected`].
const FORM_CHARS_MIN: usize = 4;

#[derive(Clone, Copy)]
struct Meaning {
    language: &'static str,
    is_everywhere: bool,
    value: u8,
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut table = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            let head = cells.next().unwrap_or("");
            let language = head.trim_end_matches('*');
            for (cell, value) in cells.zip(1_u8..) {
                for name in cell.split_ascii_whitespace() {
                    if let Some((first, _)) = name.split_once('_') {
                        table.long.entry(first).or_default().push(name);
                    }
                    let meaning = Meaning { language, is_everywhere: head.ends_with('*'), value };
                    table.meanings.entry(name).or_default().push(meaning);
                    let names = table.of_language.entry(language).or_default();
                    names.values.entry(name).or_insert(value);
                    names.by_start.entry(start_of(name)).or_default().push((name, value));
                }
            }
        }
        table
    }

    fn meaning(&self, name: &str, language: &str, reach: Reach) -> Option<u8> {
        let all = self.meanings.get(name)?;
        let own = all.iter().find(|m| !language.is_empty() && is_of(m.language, language));
        let counts = |m: &&Meaning| reach == Reach::Field || m.is_everywhere;
        own.or_else(|| all.iter().find(counts)).map(|m| m.value)
    }
}

/// Languages whose names of months are inflected in running text, in more ways than a table holds.
const INFLECTED: &[&str] = &[
    "az", "be", "bg", "bs", "cs", "cy", "el", "et", "eu", "fi", "ga", "he", "hr", "hu", "hy", "is",
    "ka", "kk", "km", "ky", "lt", "lv", "mk", "my", "pl", "ru", "sk", "sl", "sr", "tr", "tt", "uk",
    "uz",
];

/// The month of which an inflected word is a form: the only one whose name matches it in four letters and in all
/// but the last two.
fn inflected(word: &str, language: &str) -> Option<u8> {
    if !INFLECTED.contains(&language) {
        return None;
    }
    // "ביולי" is "in July"; "ខែកក្កដា" is "the month of July".
    let word = match language {
        "he" => word.strip_prefix('ב').unwrap_or(word),
        "km" => word.strip_prefix("ខែ").unwrap_or(word),
        _ => word,
    };
    let shared = |name: &str| word.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
    let is_form = |name: &str| {
        let least = name.chars().count().saturating_sub(2).max(FORM_CHARS_MIN);
        shared(name) >= least || name == word
    };
    let names = MONTH_TABLE.of_language.get(language)?.by_start.get(start_of(word))?;
    let mut months = names.iter().filter(|(name, _)| is_form(name)).map(|(_, month)| *month);
    let first = months.next()?;
    months.all(|month| month == first).then_some(first)
}

/// Whether a line of the tables is of the primary language of a tag: "sr-latn" is of "sr".
fn is_of(line: &str, language: &str) -> bool {
    line == language
        || line.strip_prefix(language).is_some_and(|rest| rest.starts_with('-'))
        || (line == "nb" && language == "no")
        || (line == "id" && language == "in")
        || (line == "he" && language == "iw")
        || (line == "fil" && language == "tl")
}

static MONTH_TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(MONTHS));
static DAY_TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(WEEKDAYS));

/// The month a word names, 1 to 12, in any case.
pub(super) fn month_of(word: &str, language: &str, reach: Reach) -> Option<u32> {
    // The longest name has 60 bytes; one of two letters names no month.
    if word.len() < 3 || word.len() > 64 {
        return None;
    }
    // The dotted capital of Turkish leaves its dot behind.
    let folded = word.to_lowercase().replace('\u{307}', "");
    // The Devanagari sign of abbreviation is written as a part of the word.
    let name = folded.trim_end_matches(['॰', '.']);
    let found = MONTH_TABLE.meaning(name, language, reach).or_else(|| inflected(name, language));
    found.map(u32::from)
}

/// Whether a word names a month in any language, in any case and with or without its full stop.
#[must_use]
pub fn is_month_name(word: &str) -> bool {
    month_of(word, "", Reach::Field).is_some()
}

/// The month that this word names together with the next ones, and how many words that takes.
pub(super) fn long_month_of<'a>(
    first: &str,
    next: impl Iterator<Item = &'a str>,
    language: &str,
    reach: Reach,
) -> Option<(u32, usize)> {
    let candidates = MONTH_TABLE.long.get(first.to_lowercase().as_str())?;
    let rest: Vec<String> = next.take(2).map(str::to_lowercase).collect();
    candidates.iter().find_map(|name| {
        let words: Vec<&str> = name.split('_').skip(1).collect();
        let is_it = words.len() <= rest.len() && words.iter().zip(&rest).all(|(w, r)| w == r);
        let month = MONTH_TABLE.meaning(name, language, reach).filter(|_| is_it)?;
        Some((u32::from(month), words.len() + 1))
    })
}

/// The day of the week a word names, in any language, in any case.
pub(super) fn weekday_of(word: &str, language: &str) -> Option<Weekday> {
    let folded = word.to_lowercase();
    let name = folded.trim_end_matches('.');
    let day = DAY_TABLE.meaning(name, language, Reach::Field)?;
    Weekday::from_monday_one_offset(i8::try_from(day).ok()?).ok()
}

/// Whether a short line names a day of the week, in any language and in full.
#[must_use]
pub fn names_a_weekday(line: &str) -> bool {
    const FULL_NAME_CHARS: usize = 5;
    let is_one =
        |word: &str| word.chars().count() >= FULL_NAME_CHARS && weekday_of(word, "").is_some();
    line.split(|c: char| !(c.is_alphabetic() || matches!(c, '-' | '\u{200c}'))).any(is_one)
        || ["星期", "曜日", "요일", "周一", "周二", "周三", "周四", "周五", "周六", "周日"]
            .iter()
            .any(|name| line.contains(name))
}

static WRITTEN_MONTHS: LazyLock<WordMap<&'static str, [&'static str; 12]>> =
    LazyLock::new(|| written(MONTHS));
static WRITTEN_DAYS: LazyLock<WordMap<&'static str, [&'static str; 7]>> =
    LazyLock::new(|| written(WEEKDAYS));

/// The names of the months as running text in a language has them, January first, in lower case; `None`
/// for a language that is not in the table. `language` is a primary tag in lower case.
#[must_use]
pub fn months_in(language: &str) -> Option<&'static [&'static str; 12]> {
    WRITTEN_MONTHS.get(language)
}

/// The month, from 1, that a word in lower case names in a language, in any of its forms.
#[must_use]
pub fn month_in(language: &str, word: &str) -> Option<u8> {
    let language = match language {
        "no" | "nn" => "nb",
        "iw" => "he",
        other => other,
    };
    let is_full = |name: &str| name.chars().count() >= SHORT_NAME_CHARS || !name.is_ascii();
    let names = MONTH_TABLE.of_language.get(language)?;
    let exact = names.values.get(word).copied().filter(|_| is_full(word));
    let written = || {
        let at = months_in(language)?.iter().position(|name| *name == word)?;
        u8::try_from(at + 1).ok()
    };
    exact.or_else(written).or_else(|| inflected(word, language))
}

/// Names of fewer letters are words of other meanings, too, in running text.
const SHORT_NAME_CHARS: usize = 4;

/// The names of the days of the week as running text in a language has them, Monday first.
#[must_use]
pub fn weekdays_in(language: &str) -> Option<&'static [&'static str; 7]> {
    WRITTEN_DAYS.get(language)
}

/// The first name of every cell of a table, by language.
fn written<const N: usize>(table: &'static str) -> WordMap<&'static str, [&'static str; N]> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.filter_map(|line| {
        let (head, cells) = line.split_once('\t')?;
        let mut cells = cells.split('\t');
        let mut names = [""; N];
        for name in &mut names {
            *name = cells.next()?.split_ascii_whitespace().next()?;
        }
        Some((head.trim_end_matches('*'), names))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_whole() {
        for (table, cells) in [(MONTHS, 12), (WEEKDAYS, 7)] {
            let lines: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(lines.len() > 75);
            for line in lines {
                let found: Vec<&str> = line.split('\t').skip(1).collect();
                assert_eq!(found.len(), cells, "{line}");
                assert!(found.iter().all(|cell| !cell.is_empty()), "{line}");
                // Names are looked up in lower case.
                assert_eq!(line.to_lowercase(), line);
            }
        }
    }

    #[test]
    fn a_name_is_read_in_the_language_of_its_text() {
        for (word, language, reach, want) in [
            ("listopada", "", Reach::Prose, Some(11)),
            ("listopada", "hr", Reach::Prose, Some(10)),
            ("Lipnja", "hr", Reach::Prose, Some(6)),
            ("KASIM", "tr", Reach::Prose, Some(11)),
            ("İyul", "az", Reach::Prose, Some(7)),
            ("ΙΟΥΛΙΟΥ", "el", Reach::Prose, Some(7)),
            ("Julai", "", Reach::Prose, None),
            ("Julai", "sw", Reach::Prose, Some(7)),
            ("Julai", "", Reach::Field, Some(7)),
            ("जुल॰", "hi", Reach::Prose, Some(7)),
            ("ma", "nl", Reach::Field, None),
            // Forms that no table holds.
            ("julija", "sl", Reach::Prose, Some(7)),
            ("iyulun", "es", Reach::Prose, None),
            ("iyulun", "az", Reach::Prose, Some(7)),
            ("липні", "uk", Reach::Prose, Some(7)),
            ("ביולי", "he", Reach::Prose, Some(7)),
            ("juli", "fi", Reach::Prose, Some(7)),
            ("mariana", "pl", Reach::Prose, None),
        ] {
            assert_eq!(month_of(word, language, reach), want, "{word} {language}");
        }
        let next = ["الثاني", "2025"];
        assert_eq!(long_month_of("تشرين", next.into_iter(), "ar", Reach::Prose), Some((11, 2)));
        assert_eq!(weekday_of("Donnerstag", ""), Some(Weekday::Thursday));
        assert_eq!(weekday_of("Thu.", "en"), Some(Weekday::Thursday));
        assert_eq!(months_in("fr").unwrap()[7], "août");
        assert_eq!(weekdays_in("pt").unwrap()[1], "terça-feira");
        assert_eq!(months_in("xx"), None);
    }
}
