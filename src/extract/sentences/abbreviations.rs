//! Which words end in a stop without ending a sentence, and which words begin one.
//!
//! Owns the word lists of [`super`]; decides nothing about quotation marks or blocks. The lists are
//! our own, from the style books of the press (AP for state and month abbreviations) and from
//! everyday dictionaries of each language.

use crate::language::{Table, table};

/// What a stop behind a word may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Never ends a sentence: "Mr.", "Gov.".
    Never,
    /// Ends none when a digit or a Roman numeral follows: "No. 10", "Nov. 4".
    BeforeNumber,
    /// Ends one only when a word follows that usually begins sentences: "Inc.", "U.S.".
    BeforeStarter,
    /// Ends one when a capital follows: "etc.".
    BeforeCapital,
    /// Ends one when a capital follows that is not a weekday, month or time zone: "5 p.m.".
    Clock,
}

/// The words of English; those of other languages are in their tables.
struct Words {
    never: &'static str,
    number: &'static str,
    starter: &'static str,
}

const EN: Words = Words {
    never: "mr mrs ms mx messrs dr drs gov lt sen rep reps sens col gen prof rev hon capt sgt maj adm \
            cmdr cpl pvt pfc supt fr insp det vs viz cf approx asst assoc dept gens govs profs brig \
            atty amb sec-gen e.g i.e treas pres ofc dist secy mssrs spc ensign wm geo chas jas thos \
            msgr v",
    number: "no nos p pp vol vols art arts sec secs fig figs ch par ver ed op eq rt rte hwy \
             jan feb mar apr jun jul aug sept sep oct nov dec",
    starter: "inc corp co ltd llc jr sr esq bros plc st ave blvd rd hwy ste apt bldg mt ft u.s u.k u.n \
              u.s.a d.c l.a e.u n.y n.j n.c s.c n.d s.d n.h n.m w.va b.c ph.d m.d b.a m.a d.d.s m.b.a \
              r.n j.d r.i p.r u.a.e u.s.s.r a.d b.c.e c.e a.k.a w.h.o al est ret dem univ natl intl \
              ala ariz ark calif colo conn del fla ga ill ind kan ky la md mass mich minn miss mo mont \
              neb nev okla ore pa tenn tex vt va wash wis wyo ont que alta sask man \
              lb lbs oz ft hr hrs min mins sq mph",
};

/// "And so on", in every language known: mostly at the end of a sentence.
const ETC: &[&str] =
    &["etc", "usw", "ecc", "enz", "atd", "itd", "itp", "osv", "т.д", "т.п", "m.m", "apod"];

/// Words of one syllable that mean an abbreviation only after a comma ("Austin, Tex.") or another
/// mark; elsewhere they are plain words at the end of a sentence.
const ONLY_AFTER_COMMA: &[&str] = &[
    "del", "ill", "ind", "la", "mass", "miss", "mo", "ore", "pa", "wash", "man", "va", "md", "ga",
    "mar",
];

/// Plain lower-case words that look like an abbreviation of the list when capitalised: "may", "no".
const PLAIN_WHEN_LOWER: &[&str] = &[
    "art", "del", "ill", "ind", "la", "mass", "miss", "mo", "ore", "pa", "wash", "man", "ark",
    "mar", "dec", "sec", "fig", "par", "gen", "rep", "ed", "min", "al", "st", "det", "fr", "pres",
    "sept", "ste", "rd", "ave", "dist", "ga", "ma", "me", "va", "apt", "co", "ensign",
];

/// Words that begin a sentence far more often than they continue one after an abbreviation.
const STARTERS_EN: &str = "the a an he she it they we i you his her its their our my this that these those but and \
    in on at for from by with as if when while after before since although though because there here \
    what who how why where not no yes it's he's she's they're we're i'm there's that's however \
    meanwhile still now then so also among during under over some many most both each all one two \
    police officials until once despite instead even only more according asked such nor or to is are \
    was were do does did let please neither either nobody everyone nothing later earlier another";

fn has(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|w| w == word)
}

/// The table of a language that has its abbreviations in one.
fn table_of(language: &str) -> Option<&'static Table> {
    table(language).filter(|table| !table.stop_never.is_empty())
}

/// What the stop behind `word` means; `word` as it is, inner stops kept, the last one left out.
/// `after_comma`: whether a comma, a bracket or a digit is before the word.
pub(super) fn stop_after(language: &str, word: &str, after_comma: bool) -> Option<Stop> {
    if word.is_empty() || word.len() > 16 {
        return None;
    }
    let mut lower = word.to_lowercase();
    // The elided article of the Romance languages: "l’art.".
    if let Some((article, rest)) = lower.split_once(['’', '\''])
        && article.chars().count() <= 2
        && matches!(language, "fr" | "it" | "ca")
    {
        lower = rest.to_owned();
    }
    if ETC.contains(&lower.as_str()) {
        return Some(Stop::BeforeCapital);
    }
    if language == "de" && lower.len() > 3 && lower.ends_with("str") {
        return Some(Stop::BeforeNumber);
    }
    if matches!(lower.as_str(), "a.m" | "p.m" | "am" | "pm") {
        // "am" without stops is a verb or a preposition; only the dotted form, or the one after a digit.
        if lower.contains('.') || (after_comma && language == "en") {
            return Some(Stop::Clock);
        }
        return None;
    }
    let capital = word.chars().next().is_some_and(char::is_uppercase);
    if language == "en" {
        if !capital && PLAIN_WHEN_LOWER.contains(&lower.as_str()) {
            return None;
        }
        if !after_comma && ONLY_AFTER_COMMA.contains(&lower.as_str()) && lower != "mar" {
            return None;
        }
    }
    if let Some(stop) = listed(language, &lower) {
        return Some(stop);
    }
    // Titles of English-speaking people are in the press of every language.
    if language != "en"
        && capital
        && matches!(lower.as_str(), "mr" | "mrs" | "ms" | "dr" | "jr" | "sr" | "st")
    {
        return Some(if matches!(lower.as_str(), "jr" | "sr") {
            Stop::BeforeStarter
        } else {
            Stop::Never
        });
    }
    let mut letters = lower.split('.').map(|part| part.chars().count());
    // "5.3." is a day in some languages, "9.30." a time in the others.
    let is_number = lower.starts_with(|c: char| c.is_ascii_digit());
    if lower.contains('.')
        && letters.all(|n| n == 1 || n == 2)
        && (!is_number || dotted_ordinals(language) && !is_clock(&lower))
    {
        return Some(Stop::BeforeStarter);
    }
    None
}

/// Whether two numbers are a time of day and no day of a month: "9.30".
fn is_clock(word: &str) -> bool {
    let minutes = word.split_once('.').and_then(|(_, rest)| rest.parse::<u32>().ok());
    minutes.is_some_and(|minutes| (13..60).contains(&minutes))
}

/// The language whose abbreviations count: that of the word's script, where the text is in another.
fn language_of<'a>(language: &'a str, word: &str) -> &'a str {
    match word.chars().next() {
        Some('\u{900}'..='\u{97f}') => "hi",
        Some('\u{370}'..='\u{3ff}') => "el",
        Some('\u{600}'..='\u{6ff}') if !matches!(language, "fa" | "ur") => "ar",
        Some('\u{400}'..='\u{4ff}') if !matches!(language, "uk" | "be" | "bg" | "sr" | "mk") => {
            "ru"
        }
        _ => language,
    }
}

fn listed(language: &str, lower: &str) -> Option<Stop> {
    let (never, number, starter) = match table_of(language_of(language, lower)) {
        Some(table) => (
            table.stop_never.contains(lower),
            table.stop_number.contains(lower),
            table.stop_starter.contains(lower),
        ),
        None => (has(EN.never, lower), has(EN.number, lower), has(EN.starter, lower)),
    };
    match (never, number, starter) {
        (true, _, _) => Some(Stop::Never),
        (_, true, _) => Some(Stop::BeforeNumber),
        (_, _, true) => Some(Stop::BeforeStarter),
        _ => None,
    }
}

/// Whether a sentence likely begins with `word`.
pub(super) fn is_starter(language: &str, word: &str) -> bool {
    let lower = word.to_lowercase();
    let lower = lower.split(['’', '\'']).next().unwrap_or(&lower);
    match table(language).filter(|table| !table.starts.is_empty()) {
        Some(table) => table.starts.contains(lower),
        None => has(STARTERS_EN, lower),
    }
}

/// Whether `word` continues behind a time of day: a day, a month, a zone.
pub(super) fn follows_clock(word: &str) -> bool {
    const WORDS: &str = "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs \
        fri sat sun january february march april may june july august september october november december \
        jan feb mar apr aug sept oct nov dec et est edt ct cst cdt mt mst mdt pt pst pdt gmt utc bst cet \
        cest eastern central mountain pacific greenwich local ist aest";
    has(WORDS, word.to_lowercase().trim_end_matches('.'))
}

/// Whether the language writes its ordinals with a stop ("am 4. November").
pub(super) fn dotted_ordinals(language: &str) -> bool {
    matches!(
        language,
        "de" | "da"
            | "no"
            | "nb"
            | "nn"
            | "fi"
            | "cs"
            | "sk"
            | "pl"
            | "hu"
            | "sl"
            | "hr"
            | "sr"
            | "et"
            | "lv"
            | "tr"
            | "is"
    )
}
