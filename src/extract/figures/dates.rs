//! Names of months and days, and the dates they make.
//!
//! The names are those of the one table of [`crate::dates::names`]; which of them count in running text
//! is decided here. Values are RFC 3339 dates or, where the year or day is not said,
//! the truncated forms of ISO 8601:2000 ("--11-04", "--11") and a plain year or year and month.

use std::sync::LazyLock;

use crate::base::word_map::WordMap;
use crate::dates::names::{month_in, months_in, weekdays_in};

/// The short forms of English that count in running text, January first. "Mar", "jun" and "jul" do not
/// occur in sentences.
const SHORT: [&str; 12] = ["jan", "feb", "", "apr", "", "", "", "aug", "sep", "oct", "nov", "dec"];

/// The names and short forms of English with their months, from 1: looked up for every word of a text.
static ENGLISH: LazyLock<WordMap<&'static str, u8>> = LazyLock::new(|| {
    let names = months_in("en").into_iter().flat_map(|names| names.iter().copied().zip(1..));
    let short = SHORT.into_iter().zip(1..).filter(|(name, _)| !name.is_empty());
    names.chain(short).chain([("sept", 9)]).collect()
});

/// The month a word (lower case, no stop) names; `sure` is false for words that mean other things too.
pub(super) fn month(language: &str, word: &str) -> Option<(u8, bool)> {
    let english = ENGLISH.get(word).copied();
    if let Some(month) = english.filter(|_| language == "en" || !matches!(word, "march" | "may")) {
        let is_sure =
            !matches!(word, "march" | "may" | "august" | "dec" | "sep" | "jan" | "april" | "june");
        return Some((month, is_sure));
    }
    if language == "en" {
        return None;
    }
    let name = match language {
        // "in October" is one word in Hebrew.
        "he" => word
            .strip_prefix(['ב', 'ל', 'מ'])
            .filter(|rest| rest.chars().count() > 2)
            .unwrap_or(word),
        _ => word,
    };
    let of_language = month_in(language, name).or_else(|| month_in(language, word))?;
    Some((of_language, true))
}

/// The day of the week a word names, in English.
pub(super) fn weekday(language: &str, word: &str) -> Option<&'static str> {
    let english = weekdays_in("en")?;
    let at = match language {
        "en" => english.iter().position(|name| *name == word).or(match word {
            "tues" => Some(1),
            "thurs" => Some(3),
            "fri" => Some(4),
            _ => None,
        }),
        "es" | "fr" | "de" | "pt" => weekdays_in(language)?.iter().position(|name| *name == word),
        _ => None,
    }?;
    english.get(at).copied()
}

/// The date as a value: whatever parts of it are said.
pub(super) fn value(year: Option<u64>, month: Option<u8>, day: Option<u64>) -> Option<String> {
    let day = day.filter(|d| (1..=31).contains(d));
    Some(match (year, month, day) {
        (Some(year), Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
        (Some(year), Some(month), None) => format!("{year:04}-{month:02}"),
        (None, Some(month), Some(day)) => format!("--{month:02}-{day:02}"),
        (None, Some(month), None) => format!("--{month:02}"),
        (Some(year), None, _) => format!("{year:04}"),
        _ => return None,
    })
}
