//! A personal name, cleaned: its generation split off, degrees left out, capitals as in names.
//!
//! Capitals that set off a family name, and fields that hold it, show which part that is. Deliberately
//! guesses no unmarked family name.

use super::given::{is_east_asian_family, is_given};
use super::line::{Context, Piece, is_unspaced, kind_of};
use super::piece::is_lower_word;
use crate::extract::page::Author;

/// A person by their words.
pub(super) fn of_words(words: &[String], suffix: &str, context: &Context<'_>) -> Author {
    let (words, own) = split_suffix(words);
    let suffix = if suffix.is_empty() { own } else { suffix.to_owned() };
    let (words, family) = recased(&words, context);
    let mut name = words.join(" ");
    if !suffix.is_empty() {
        name = format!("{name} {suffix}");
    }
    Author { name, organisation: false, family }
}

/// A person by the parts of the name.
pub(crate) fn of_parts(given: &str, family: &str, suffix: &str, context: &Context<'_>) -> Author {
    let words = |text: &str| -> Vec<String> {
        text.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect()
    };
    let (family, own) = split_suffix(&words(family));
    let (given, other) = split_suffix(&words(given));
    let (family, given) = (capitalised_all(&family, context), capitalised_all(&given, context));
    let suffix =
        [suffix, &own, &other].into_iter().find(|s| !s.is_empty()).unwrap_or("").to_owned();
    let (family, given) = (family.join(" "), given.join(" "));
    let is_family_first =
        matches!(context.language, "hu" | "vi" | "zh" | "ja" | "ko") || is_han(&family);
    let name = match (given.as_str(), is_family_first) {
        ("", _) => family.clone(),
        (given, true) => format!("{family} {given}"),
        (given, false) => format!("{given} {family}"),
    };
    let name = if suffix.is_empty() { name } else { format!("{name} {suffix}") };
    let family = (!given.is_empty() && !family.is_empty()).then_some(family);
    Author { name, organisation: false, family }
}

fn is_han(text: &str) -> bool {
    text.chars().any(|c| is_unspaced(c) || matches!(c, '\u{ac00}'..='\u{d7a3}'))
}

/// The generation at the end of a name, apart.
fn split_suffix(words: &[String]) -> (Vec<String>, String) {
    match words {
        [name @ .., last]
            if name.len() > 1 && matches!(kind_of(&[last.as_str()]), Some(Piece::Suffix(_))) =>
        {
            (name.to_vec(), last.clone())
        }
        [name @ .., last]
            if name.len() > 1
                && last.len() > 1
                && last.contains(|c: char| c.is_uppercase())
                && is_sure_degree(last) =>
        {
            split_suffix(name)
        }
        all => (all.to_vec(), String::new()),
    }
}

/// Degrees that are neither initials nor family names.
fn is_sure_degree(word: &str) -> bool {
    matches!(
        word,
        "PhD"
            | "Ph.D."
            | "Ph.D"
            | "MD"
            | "M.D."
            | "MBA"
            | "MPH"
            | "OBE"
            | "MBE"
            | "CBE"
            | "KBE"
            | "DBE"
            | "FRS"
            | "Esq."
            | "Esq"
            | "RN"
            | "CFA"
            | "CPA"
            | "DDS"
            | "JD"
            | "J.D."
            | "DPhil"
            | "MSc"
            | "BSc"
            | "LLM"
            | "EdD"
            | "PharmD"
            | "PsyD"
    )
}

fn is_capitals(word: &str) -> bool {
    word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase)
}

/// A name that is set in capitals as names are written; and the family name where capitals set it off.
fn recased(words: &[String], context: &Context<'_>) -> (Vec<String>, Option<String>) {
    let long = |word: &str| {
        is_capitals(word)
            && word.chars().filter(|c| c.is_alphabetic()).count() >= 3
            && !word.contains('.')
    };
    let has_lower = |word: &str| word.chars().any(char::is_lowercase) && !is_lower_word(word);
    if !words.iter().any(|w| long(w)) || words.len() < 2 {
        return (words.to_vec(), None);
    }
    if !words.iter().any(|w| has_lower(w)) {
        // All in capitals, except for initials and particles.
        return (capitalised_all(words, context), None);
    }
    let set_off: Vec<usize> = (0..words.len()).filter(|n| long(&words[*n])).collect();
    let (Some(first), Some(last)) = (set_off.first().copied(), set_off.last().copied()) else {
        return (words.to_vec(), None);
    };
    // Particles beside the capitals belong to them: "de LA CRUZ", "van der BERG".
    let first = (0..first).rev().take_while(|n| is_lower_word(&words[*n])).last().unwrap_or(first);
    let at_end = last + 1 == words.len();
    let is_one = (first..=last).all(|n| {
        long(&words[n]) || is_lower_word(&words[n].to_lowercase()) || is_capitals(&words[n])
    });
    let vowels = |word: &str| {
        word.to_lowercase().contains(|c: char| "aeiouyäöüáéíóúàèêôıø".contains(c))
            || !word.is_ascii()
    };
    if !is_one
        || (first != 0 && !at_end)
        || (first == 0 && at_end)
        || !(first..=last).any(|n| vowels(&words[n]))
    {
        return (words.to_vec(), None);
    }
    let family = capitalised_all(&words[first..=last], context);
    let given: Vec<String> =
        if at_end { words[..first].to_vec() } else { words[last + 1..].to_vec() };
    // "DUPONT Jean" is Jean Dupont, "TANAKA Taro" is Tanaka Taro.
    let given_first = given.first().map_or("", String::as_str);
    let stays = first == 0 && (is_east_asian_family(&family[0]) || !is_given(given_first));
    let name =
        if stays { [family.clone(), given].concat() } else { [given, family.clone()].concat() };
    (name, Some(family.join(" ")))
}

fn capitalised_all(words: &[String], context: &Context<'_>) -> Vec<String> {
    if words.iter().any(|w| w.chars().any(char::is_lowercase) && !is_lower_word(w))
        || !words.iter().any(|w| w.chars().count() > 2)
    {
        return words.to_vec();
    }
    let inner = |n: usize, lower: &str| {
        (n > 0 || words.len() > 1) && n + 1 < words.len() && is_lower_word(lower)
    };
    let written = |(n, word): (usize, &String)| {
        let lower = lowered(word, context);
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let has_vowel = lower.contains(|c: char| "aeiouyäöüáéíóúàèêôıø".contains(c));
        if n > 0 && inner(n, &lower) && !word.contains('.') {
            lower
        } else if word.contains('.')
            || (letters <= 3 && !has_vowel && word.is_ascii())
            || letters == 1
        {
            word.clone()
        } else {
            capitalised(&lower, context)
        }
    };
    words.iter().enumerate().map(written).collect()
}

/// Lower case by the rules of the language: Turkish has two letters i.
fn lowered(word: &str, context: &Context<'_>) -> String {
    if is_turkic(context) {
        return word.replace('I', "ı").replace('İ', "i").to_lowercase();
    }
    word.to_lowercase()
}

/// Whether capital "I" is not a capital "i" here.
fn is_turkic(context: &Context<'_>) -> bool {
    matches!(context.language, "tr" | "az")
}

/// "o'hara-mcdonald" as "O'Hara-McDonald".
fn capitalised(lower: &str, context: &Context<'_>) -> String {
    let mut out = String::with_capacity(lower.len());
    let mut starts = true;
    for c in lower.chars() {
        if starts && c.is_alphabetic() {
            match c {
                'i' if is_turkic(context) => out.push('İ'),
                c => out.extend(c.to_uppercase()),
            }
            starts = false;
        } else {
            out.push(c);
        }
        starts = starts || matches!(c, '-' | '\'' | '’');
        if out.ends_with("Mc") && lower.len() > 4 {
            starts = true;
        }
    }
    out
}
