//! Splits a byline into the names in it.
//!
//! In this order: what is not text is dropped, people with other roles are cut off, addresses are removed,
//! then "By"; joiners and marks split the rest into groups, commas into pieces; each piece is a name, a
//! body, a suffix or nothing; last, commas between a family and a given name are distinguished from those of a
//! list. Deliberately guesses no name that is not written out.

use super::given::{is_east_asian_family, is_given, is_initial};
use super::lexicon::{
    BY, COMPANY_ENDS, DEGREES, FIRM_ENDS, GENERATIONS, INVITATIONS, JOINERS, NARROW_JOINERS,
    NO_NAMES, NOT_BY, PLACE_WORDS, Phrases, REPORTS, begins_a_place,
};
use super::{east_asian, person, piece};
use crate::base::normal_form::composed;
use crate::extract::declared::squeeze;
use crate::extract::json_ld::unescape;
use crate::extract::page::Author;

/// Longer texts are not bylines.
const LINE_BYTES_MAX: usize = 4_000;

/// What is known in addition to the text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Context<'a> {
    /// The primary subtag of the page's language, in lower case; empty where it is not known.
    pub(crate) language: &'a str,
    /// The outlet.
    pub(crate) site: Option<&'a str>,
    /// Whether the text stands where one author is named at a time, often family name first.
    pub(crate) is_one: bool,
}

/// A part of a byline between commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A person's name, or a part of it.
    Person(Vec<String>),
    /// A name of a body.
    Body(String),
    /// "Jr.", "III".
    Suffix(String),
    /// A job, a place, a day, an invitation: breaks a run of names.
    Nothing,
    /// A degree, which breaks none.
    Degree,
}

/// The names of a byline, in order.
pub(crate) fn read(text: &str, context: &Context<'_>) -> Vec<Author> {
    let text = tidy(text);
    if text.len() > LINE_BYTES_MAX || text.contains("://") && !text.contains(' ') {
        return Vec::new();
    }
    let text = apart(&text, context);
    let text = without_others(&text);
    let text = without_addresses(text);
    let text = after_by(&text);
    let mut names: Vec<Author> = Vec::new();
    for (is_behind_mark, group) in groups(text, context) {
        // "林佳蓉／台北報導": where it was reported from.
        if is_behind_mark && !names.is_empty() && east_asian::is_dateline(&group) {
            continue;
        }
        if let Some(found) = east_asian::read(&group, context) {
            names.extend(found);
            continue;
        }
        let pieces = group.iter().map(|words| piece::of(words, context)).collect();
        let mut found = compose(pieces, context);
        // "Lucía Herrero | Madrid": what follows a mark and begins with no given name is a place.
        let is_full = |author: &Author| !author.organisation && author.name.contains(' ');
        if is_behind_mark && names.iter().any(is_full) {
            let has_slash = text.contains(" / ");
            found.retain(|author| {
                let mut words = author.name.split(' ');
                let first = words.next().unwrap_or_default();
                let is_second = has_slash && words.next().is_some() && !begins_a_place(first);
                author.organisation || is_given(first) || is_initial(first) || is_second
            });
        }
        names.extend(found);
    }
    names
}

/// "And" that Arabic and Hebrew write together with the next name, separated from it where two words are on either
/// side: "نادر خوري وسلمى حداد".
fn apart(text: &str, context: &Context<'_>) -> String {
    let letter = match context.language {
        "ar" => 'و',
        "he" => 'ו',
        _ => return text.to_owned(),
    };
    let words: Vec<&str> = text.split(' ').collect();
    let joined = |at: usize| {
        at >= 2
            && words.len() >= at + 2
            && words[at].chars().count() > 3
            && words[at].starts_with(letter)
            && !words[at - 1].ends_with([',', ':'])
    };
    let mut out: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match word.strip_prefix(letter).filter(|_| joined(at)) {
            Some(rest) => out.extend([",".to_owned(), rest.to_owned()]),
            None => out.push((*word).to_owned()),
        }
    }
    out.join(" ").replace(" ,", ",")
}

/// Form C, one line, without invisible characters; a zero-width space separates words, as on pages.
fn tidy(text: &str) -> String {
    let text = unescape(text);
    let text: String = composed(&text)
        .chars()
        .filter_map(|c| match c {
            '\u{200b}' => Some(' '),
            '\u{ad}' | '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{2060}' => None,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
            '，' | '、' | '،' => Some(','),
            '；' => Some(';'),
            '／' => Some('/'),
            '｜' => Some('|'),
            '（' => Some('('),
            '）' => Some(')'),
            '\u{2011}' => Some('-'),
            c if c.is_control() => Some(' '),
            c => Some(c),
        })
        .collect();
    let text = parted_roles(&text);
    squeeze(&text).replace(',', ", ").replace(" ,", ",").replace(",  ", ", ").trim().to_owned()
}

/// "Ann LeeReporter": a job that is right behind the name, where only the style sheet separates the two.
fn parted_roles(text: &str) -> String {
    let part = |word: &str| -> String {
        let mut before = ' ';
        for (at, c) in word.char_indices() {
            let turns = at > 1 && c.is_uppercase() && before.is_lowercase();
            before = c;
            if let (true, Some(tail)) = (turns, word.get(at..))
                && super::lexicon::is_role_head(&tail.to_lowercase())
            {
                return format!("{} | {tail}", &word[..at]);
            }
        }
        word.to_owned()
    };
    let has_one = text.split(' ').any(|word| word.chars().skip(2).any(char::is_uppercase));
    if !has_one {
        return text.to_owned();
    }
    text.split(' ').map(part).collect::<Vec<_>>().join(" ")
}

/// How many bytes of `text` a phrase in lower case takes at its start, whatever the case there.
pub(super) fn begins(text: &str, phrase: &str) -> Option<usize> {
    let mut rest = text.char_indices();
    for wanted in phrase.chars() {
        let (_, c) = rest.next()?;
        if c.is_ascii() {
            if c.to_ascii_lowercase() != wanted {
                return None;
            }
            continue;
        }
        let mut lower = c.to_lowercase();
        if !(lower.next() == Some(wanted) && lower.next().is_none()) {
            return None;
        }
    }
    Some(rest.next().map_or(text.len(), |(at, _)| at))
}

/// The longest phrase of a table that is at the start as words of its own: its length in bytes.
fn phrase_at(text: &str, table: &Phrases) -> Option<usize> {
    let ends = |phrase: &str, at: usize| {
        let last = phrase.chars().next_back();
        let is_open = last.is_some_and(|c| !c.is_alphanumeric() || is_unspaced(c));
        is_open
            || !text[at..]
                .starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '\'' | '’' | '.'))
    };
    let fit = table.iter().filter_map(|phrase| begins(text, phrase).filter(|at| ends(phrase, *at)));
    fit.max()
}

pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// Where words begin.
fn word_starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    let mut before = ' ';
    text.char_indices().filter_map(move |(at, c)| {
        let starts = !before.is_alphanumeric() && !matches!(before, '-' | '\'' | '’');
        let starts = starts || is_unspaced(c);
        before = c;
        starts.then_some(at)
    })
}

/// What is before the photographers, editors and translators.
fn without_others(text: &str) -> &str {
    let cut = word_starts(text).find(|at| {
        phrase_at(&text[*at..], &NOT_BY).is_some() && (*at > 0 || phrase_at(text, &BY).is_none())
    });
    &text[..cut.unwrap_or(text.len())]
}

/// Without e-mail addresses, handles, links, telephone numbers, and what is in brackets. A name that
/// is in brackets behind an address, as in feeds, is kept.
fn without_addresses(text: &str) -> String {
    let is_address = |word: &str| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let is_number = digits >= 5
            && !word.chars().any(char::is_alphabetic)
            && !word.contains(['.', '/', ':', ',']);
        word.contains(['@', '＠'])
            || word.contains("://")
            || word.starts_with("www.")
            || word.starts_with("mailto:")
            || is_number
    };
    let left: Vec<&str> = text.split(' ').filter(|word| !is_address(word)).collect();
    let left = left.join(" ");
    let (mut open, mut inside, mut outside) = (0_u32, String::new(), String::new());
    for c in left.chars() {
        match c {
            '(' | '[' | '<' | '【' | '{' => open += 1,
            ')' | ']' | '>' | '】' | '}' => open = open.saturating_sub(1),
            c if open > 0 => inside.push(c),
            c => outside.push(c),
        }
    }
    let has_letters = |text: &str| text.chars().any(char::is_alphabetic);
    // "本报讯（记者 马晓东）": the names are in the brackets.
    let reporter = ["记者", "記者"].iter().any(|word| inside.trim().starts_with(word));
    let kept = if (has_letters(&outside) || !has_letters(&inside)) && !reporter {
        outside
    } else {
        inside
    };
    squeeze(&kept)
}

/// The text behind "By", wherever that is; the whole text where there is none.
fn after_by(text: &str) -> &str {
    let trim = |text: &str| -> usize {
        text.len()
            - text
                .trim_start_matches([
                    ' ', ':', '：', '-', '–', '—', '|', '/', '=', '・', '·', '•', '※', '▲', '■',
                    ',',
                ])
                .len()
    };
    let mut from = trim(text);
    for _ in 0..3 {
        let Some(length) = phrase_at(&text[from..], &BY) else { break };
        from += length;
        from += trim(&text[from..]);
    }
    let rest = &text[from..];
    // "Aus Farholm berichtet Jutta Kern".
    let mut words = rest.split(' ');
    if words.next().is_some_and(|word| PLACE_WORDS.contains(&word.to_lowercase().as_str()))
        && let Some(verb) = words.take(4).find(|word| REPORTS.contains(word))
        && let Some((_, name)) = rest.split_once(&format!(" {verb} "))
    {
        return name.trim_start();
    }
    // A day, a desk, a kind of text may be before: "Monday, 10:05 am PDT by Juli Clover".
    let inner = word_starts(rest).filter(|at| *at > 0).filter_map(|at| {
        let length = phrase_at(&rest[at..], &BY)?;
        let before = &rest[..at];
        let is_english = rest[at..at + length].to_ascii_lowercase().ends_with("by");
        let is_byline = is_english || before.bytes().any(|b| b.is_ascii_digit());
        (is_byline && at + length < rest.len()).then_some(at + length)
    });
    match inner.last() {
        Some(at) => &rest[at + trim(&rest[at..])..],
        None => rest,
    }
}

/// Whether a word joins two names here.
fn is_joiner(words: &[&str], at: usize, context: &Context<'_>) -> bool {
    let Some(word) = words.get(at) else { return false };
    let is_all_capitals = !words.iter().any(|w| w.chars().any(char::is_lowercase));
    let lower = word.to_lowercase();
    if *word != lower && !is_all_capitals {
        return false;
    }
    let before = at.checked_sub(1).and_then(|b| words.get(b)).copied().unwrap_or("");
    let after = words.get(at + 1).copied().unwrap_or("");
    // "von und zu", "Roe & Sons".
    if matches!(before.to_lowercase().as_str(), "von" | "vom")
        && matches!(after.to_lowercase().as_str(), "zu" | "zum" | "zur")
    {
        return false;
    }
    let next = after.trim_end_matches([',', ';']).to_lowercase();
    if FIRM_ENDS.contains(&next.as_str()) {
        return false;
    }
    if JOINERS.contains(&lower.as_str()) {
        // "Department of Health and Social Care": a body's name continues, unless a person or a body follows.
        let from = words[..at].iter().rposition(|w| w.ends_with([',', ';'])).map_or(0, |n| n + 1);
        let left = &words[from..at];
        let is_named_body =
            left.len() > 1 && piece::is_body(left, context) && left.iter().any(|w| is_link(w));
        return !(is_named_body && !is_given(after) && !piece::is_body(&[next.as_str()], context));
    }
    let Some((_, languages)) = NARROW_JOINERS.iter().find(|(joiner, _)| *joiner == lower) else {
        return false;
    };
    // "José Ortega y Gasset" is one, "Ana Ruiz y Luis Sanz" are two.
    let left = words[..at].iter().rev().take_while(|w| !w.ends_with([',', ';'])).count();
    let right = words[at + 1..].iter().take_while(|w| !is_wide_joiner(w)).count();
    let has_pairs = left >= 2 && right >= 2 && before.ends_with(|c: char| c != ',');
    languages.contains(&context.language)
        && (has_pairs || (right >= 2 && is_given(before) && left == 1))
        || (context.language.is_empty()
            && has_pairs
            && lower != "a"
            && lower != "in"
            && is_given(after))
}

/// Words within the names of bodies.
fn is_link(word: &str) -> bool {
    matches!(
        word,
        "of" | "for"
            | "für"
            | "de"
            | "du"
            | "des"
            | "del"
            | "della"
            | "di"
            | "do"
            | "da"
            | "van"
            | "voor"
            | "för"
            | "til"
    )
}

fn is_wide_joiner(word: &str) -> bool {
    JOINERS.contains(&word.to_lowercase().as_str())
}

/// The pieces between commas of a group, each as its words.
type Group<'a> = Vec<Vec<&'a str>>;

/// The groups between joiners and hard marks, each with whether a hard mark is before it.
fn groups<'a>(text: &'a str, context: &Context<'_>) -> Vec<(bool, Group<'a>)> {
    let mut out: Vec<(bool, Group<'_>)> = Vec::new();
    for (line_at, line) in hard_parts(text).into_iter().enumerate() {
        let mut is_behind_mark = line_at > 0;
        let words: Vec<&str> = line.split(' ').filter(|w| !w.is_empty()).collect();
        let mut group: Vec<Vec<&str>> = vec![Vec::new()];
        for (at, word) in words.iter().enumerate() {
            if is_joiner(&words, at, context) {
                let done = std::mem::replace(&mut group, vec![Vec::new()]);
                out.push((std::mem::take(&mut is_behind_mark), done));
                continue;
            }
            // "Roe & Sons, Ltd." is one name.
            let next = words.get(at + 1).map(|w| w.trim_end_matches(',').to_lowercase());
            let is_company = next.is_some_and(|w| COMPANY_ENDS.contains(&w.as_str()))
                && group.last().is_some_and(|last| !last.is_empty());
            if let (true, Some(last)) = (is_company, group.last_mut()) {
                last.push(word);
                continue;
            }
            let bare = word.trim_end_matches(',');
            if let (false, Some(last)) = (bare.is_empty(), group.last_mut()) {
                last.push(bare);
            }
            if bare.len() < word.len() {
                group.push(Vec::new());
            }
        }
        out.push((is_behind_mark, group));
    }
    for (_, group) in &mut out {
        group.retain(|words| !words.is_empty());
    }
    out.retain(|(_, group)| !group.is_empty());
    out
}

/// The parts between marks that never stand within a name.
fn hard_parts(text: &str) -> Vec<&str> {
    let is_hard = |c: char| {
        matches!(
            c,
            '|' | ';'
                | '•'
                | '●'
                | '▪'
                | '■'
                | '◆'
                | '▲'
                | '»'
                | '›'
                | '¦'
                | '/'
                | '\\'
                | '→'
                | '~'
                | '※'
                | '…'
                | '！'
                | '。'
        )
    };
    let parts = text.split(is_hard).flat_map(|part| part.split(" - "));
    let parts = parts.flat_map(|part| part.split(" – ")).flat_map(|part| part.split(" — "));
    parts
        .flat_map(|part| part.split(" · "))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

/// The names of a group: suffixes go to the name before, family names to their given ones.
fn compose(pieces: Vec<Piece>, context: &Context<'_>) -> Vec<Author> {
    let mut out = Vec::new();
    // Names side by side, each with its suffix.
    let mut run: Vec<(Vec<String>, String)> = Vec::new();
    let mut broken = false;
    for piece in pieces {
        match piece {
            Piece::Person(words) => run.push((words, String::new())),
            Piece::Suffix(suffix) => {
                if let Some((_, old)) = run.last_mut() {
                    *old = suffix;
                }
            }
            Piece::Degree => {}
            Piece::Body(name) => {
                out.extend(persons(std::mem::take(&mut run), broken, context));
                out.push(Author { name, organisation: true, family: None });
                broken = true;
            }
            Piece::Nothing => {
                out.extend(persons(std::mem::take(&mut run), broken, context));
                broken = true;
            }
        }
    }
    out.extend(persons(run, broken, context));
    // An initial alone is not a name.
    out.retain(|author| author.name.chars().filter(|c| c.is_alphabetic()).count() >= 2);
    out
}

/// Names between commas: a list, or family names each before its given one.
fn persons(run: Vec<(Vec<String>, String)>, broken: bool, context: &Context<'_>) -> Vec<Author> {
    let is_pair = |at: usize| match (run.get(at), run.get(at + 1)) {
        (Some((family, _)), Some((given, _))) => inverted(family, given, run.len() == 2, context),
        _ => false,
    };
    let pairs =
        !run.is_empty() && run.len().is_multiple_of(2) && (0..run.len()).step_by(2).all(is_pair);
    if pairs {
        let mut out = Vec::new();
        for pair in run.chunks(2) {
            if let [(family, first), (given, second)] = pair {
                let suffix = if second.is_empty() { first } else { second };
                out.push(person::of_parts(&given.join(" "), &family.join(" "), suffix, context));
            }
        }
        return out;
    }
    let is_full = |words: &[String]| words.len() > 1;
    let mut out: Vec<Author> = Vec::new();
    for (n, (words, suffix)) in run.iter().enumerate() {
        // A single word behind a full name is a place: "Ann Lee, London".
        let follows = n > 0 && is_full(&run[n - 1].0) || n == 0 && broken;
        if follows && !is_full(words) && !is_given(&words[0]) && !context.is_one {
            continue;
        }
        out.push(person::of_words(words, suffix, context));
    }
    out
}

/// Whether two pieces are a family name and the given one behind it.
fn inverted(family: &[String], given: &[String], is_alone: bool, context: &Context<'_>) -> bool {
    let (Some(first), Some(last)) = (given.first(), given.last()) else { return false };
    let initials = given.iter().all(|w| is_initial(w));
    let all_given = given.iter().all(|w| is_initial(w) || is_given(w));
    let core = family.iter().filter(|w| !w.starts_with(char::is_lowercase)).count();
    let begins_given = family.first().is_some_and(|w| is_given(w));
    if given.len() > 3 || given.iter().any(|w| PLACE_WORDS.contains(&w.as_str())) {
        return false;
    }
    if core <= 1 {
        // "Roe, Anna", "van der Berg, J. W.", "Roe, Anna Maria".
        let fits = is_initial(first) || is_given(first) || !begins_given;
        let is_short = given.len() == 1
            || all_given
            || is_given(first) && given.len() == 2 && is_initial(last);
        let is_certain = context.is_one || is_given(first) || is_east_asian_family(&family[0]);
        return fits && (is_short || (is_alone && is_certain));
    }
    // "García Márquez, Gabriel", "Smith Jones, A. B."
    let is_two = core == 2 && !begins_given;
    initials || (is_alone && is_two && (all_given || context.is_one && given.len() == 1))
}

/// What a single piece is where it is not a name, for [`piece::of`].
pub(super) fn kind_of(words: &[&str]) -> Option<Piece> {
    let joined = words.join(" ");
    let lower = joined.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric() && c != '.');
    if GENERATIONS.contains(&lower.as_str()) && words.len() == 1 {
        return Some(Piece::Suffix(joined));
    }
    if words.iter().all(|w| DEGREES.contains(&w.to_lowercase().as_str())) {
        // Initials of a given name look like degrees: "Roe, M.A."
        return Some(Piece::Degree);
    }
    let is_none = bare.is_empty()
        || NO_NAMES.contains(&bare)
        || INVITATIONS.iter().any(|i| lower.starts_with(i))
        || ["min read", "minute read", "reading time", "min. read"]
            .iter()
            .any(|i| lower.contains(i));
    is_none.then_some(Piece::Nothing)
}
