//! One piece of a byline: a name, the name of a body, or nothing; and the name, cleaned.
//!
//! Jobs, places and days are cut off at either end.

use super::given::{is_given, is_initial};
use super::lexicon::{DATED, PLACE_WORDS, WIRE_NAMES, body_word, is_role_head, is_role_more};
use super::line::{Context, Piece, kind_of};
use crate::base::normal_form::combining_class;
use crate::dates::is_month_name;

/// Longer ones, in bytes, and those of more words are not names.
const NAME_BYTES_MAX: usize = 120;
const NAME_WORDS_MAX: usize = 8;
const BODY_BYTES_MAX: usize = 160;

/// Words that are in lower case within a name.
const LOWER_WORDS: &str = "abu ad af al ap av bar bat ben bin bint binti da dal dalla das de degli dei del dela della delle dello den \
    der des di do dos du e el ibn im la las le les li lo los op ould st te ten ter thoe tot ‘t 't ’t um van vande vander vom von vor y \
    zu zum zur i d' d’ und ná nic ní mac o";

pub(super) fn is_lower_word(word: &str) -> bool {
    LOWER_WORDS.split_ascii_whitespace().any(|w| w == word)
        || word.starts_with("d'")
        || word.starts_with("d’")
        || word.starts_with("al-")
        || word.starts_with("el-")
}

/// What the words between two commas are.
pub(super) fn of(words: &[&str], context: &Context<'_>) -> Piece {
    let mut words: Vec<&str> = words.iter().map(|w| trimmed(w)).filter(|w| !w.is_empty()).collect();
    if let Some(last) = words.last_mut() {
        *last = without_stop(last);
    }
    if let Some(kind) = kind_of(&words) {
        return kind;
    }
    // "Nan Odd Updated March 6, 2024".
    let is_dated = |word: &&str| DATED.contains(&word.to_lowercase().as_str());
    if let Some(at) = words.iter().position(is_dated).filter(|at| *at >= 2) {
        words.truncate(at);
    }
    if is_site(&words, context) {
        return body(&words);
    }
    let words = without_day(&words);
    let full = words.len();
    let words = without_role(words, context);
    // "corrispondente da Parigi": where a job is done.
    const FROM: [&str; 8] = ["da", "dal", "dalla", "de", "desde", "z", "ze", "fra"];
    if words.len() < full && words.len() > 1 && FROM.contains(&words[0]) {
        return Piece::Nothing;
    }
    let words = without_place(words, context);
    let words = without_wire(words);
    if words.is_empty() || kind_of(words).is_some() {
        return Piece::Nothing;
    }
    if is_body(words, context) {
        return body(words);
    }
    let joined: usize = words.iter().map(|w| w.len() + 1).sum();
    let letters = words.iter().flat_map(|w| w.chars()).filter(|c| c.is_alphabetic()).count();
    let digits = words.iter().flat_map(|w| w.bytes()).filter(u8::is_ascii_digit).count();
    let is_sentence = words.len() > 2
        && words[1..].iter().any(|w| is_plain_word(w))
        && words[0].starts_with(char::is_uppercase);
    let is_short = letters < 2 && !is_initial(words[0]);
    if is_short
        || starts_clause(words)
        || digits > 4
        || is_sentence
        || joined > NAME_BYTES_MAX
        || words.len() > NAME_WORDS_MAX
    {
        return Piece::Nothing;
    }
    Piece::Person(words.iter().map(|w| (*w).to_owned()).collect())
}

/// Without an agency of several words behind the name, and without the small word before a day that was cut off:
/// "Hélène Roux le 5 mars".
fn without_wire<'a, 'b>(words: &'b [&'a str]) -> &'b [&'a str] {
    const BEFORE_A_DAY: [&str; 9] = ["le", "am", "on", "el", "em", "il", "op", "dnia", "dne"];
    let behind = words.len().checked_sub(2).filter(|at| *at >= 2);
    let name = behind.map(|at| words[at..].join(" ").to_lowercase());
    match (behind, name) {
        (Some(at), Some(name)) if WIRE_NAMES.contains(&name.as_str()) => &words[..at],
        _ => match words {
            [rest @ .., last] if rest.len() >= 2 && BEFORE_A_DAY.contains(last) => rest,
            words => words,
        },
    }
}

/// A word that is set in lower case, in a script that has cases, and is not one of those within names.
fn is_plain_word(word: &str) -> bool {
    word.chars().all(|c| c.is_lowercase() || !c.is_alphabetic())
        && word.starts_with(char::is_lowercase)
        && !is_lower_word(word)
}

/// Whether words go on about a person: "who covers politics".
fn starts_clause(words: &[&str]) -> bool {
    const CLAUSES: &str = "who whose which that is was has have had a an our here where when writes covers works der die das ist \
        hat qui que est che è ha o a is schrijft als";
    words.len() > 1 && CLAUSES.split_ascii_whitespace().any(|w| w == words[0])
}

/// The last word without the stop of its sentence; an abbreviation keeps its own.
fn without_stop(word: &str) -> &str {
    let Some(bare) = word.strip_suffix('.') else { return word };
    let is_short = bare.chars().count() < 3 || bare.contains('.');
    if is_short || kind_of(&[word]).is_some() || body_word(&word.to_lowercase()).is_some() {
        word
    } else {
        bare
    }
}

fn body(words: &[&str]) -> Piece {
    let name = words.join(" ");
    if name.len() > BODY_BYTES_MAX { Piece::Nothing } else { Piece::Body(name) }
}

/// A word without the marks around it.
fn trimmed(word: &str) -> &str {
    let is_part = |c: char| {
        c.is_alphanumeric()
            || combining_class(c) != 0
            || matches!(c, '&' | '+' | '.' | '’' | '\'' | '‘')
    };
    let word = word.trim_start_matches(|c: char| !is_part(c) || c == '.');
    let bare = word.trim_end_matches(|c: char| !is_part(c));
    // The comma before "Ltd." is the only one that is still there.
    let end = bare.len() + usize::from(word[bare.len()..].starts_with(','));
    let word = &word[..end];
    if word.chars().any(char::is_alphanumeric) || word == "&" { word } else { "" }
}

fn is_site(words: &[&str], context: &Context<'_>) -> bool {
    let fold = |text: &str| -> String {
        text.to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect::<String>()
            .trim_start_matches("the")
            .to_owned()
    };
    let name = fold(&words.join(" "));
    context.site.is_some_and(|site| !name.is_empty() && fold(site) == name)
}

/// Whether words name a body.
pub(super) fn is_body(words: &[&str], context: &Context<'_>) -> bool {
    if is_site(words, context) {
        return true;
    }
    let starts_given = words.first().is_some_and(|w| is_given(w)) && words.len() > 1;
    let mut soft = false;
    for (n, word) in words.iter().enumerate() {
        match body_word(&word.to_lowercase()) {
            // A word within a name, or its last, may be a family name: "Emily Post".
            Some(false)
                if !(starts_given
                    && words.len() == 2
                    && n == 1
                    && *word != word.to_lowercase()
                    && word.len() < 6) =>
            {
                return true;
            }
            Some(_) => soft = true,
            None => {}
        }
    }
    let the = words.len() > 1 && words[0] == "The";
    (soft && !starts_given) || the
}

/// Without a day or a time at either end; nothing where that is all.
fn without_day<'a, 'b>(words: &'b [&'a str]) -> &'b [&'a str] {
    let has_digit = |w: &str| w.bytes().any(|b| b.is_ascii_digit());
    let digits = words.iter().flat_map(|w| w.bytes()).filter(u8::is_ascii_digit).count();
    let units = |w: &str| {
        matches!(
            w,
            "days"
                | "day"
                | "hours"
                | "hour"
                | "minutes"
                | "minute"
                | "mins"
                | "min"
                | "ago"
                | "weeks"
                | "week"
                | "months"
                | "tagen"
                | "stunden"
                | "minuten"
                | "heures"
                | "jours"
                | "horas"
                | "días"
                | "minutos"
                | "ore"
                | "giorni"
                | "uhr"
                | "часов"
                | "дней"
        )
    };
    let dated = |n: usize| -> bool {
        let word = words[n].to_lowercase();
        let near = |m: Option<usize>| m.and_then(|m| words.get(m)).is_some_and(|w| has_digit(w));
        let is_month = is_month_name(&word) && (near(n.checked_sub(1)) || near(Some(n + 1)));
        let beside_month = has_digit(words[n]) && digits >= 3;
        let beside_unit =
            has_digit(words[n]) && words.get(n + 1).is_some_and(|w| units(&w.to_lowercase()));
        let is_clock = matches!(
            word.as_str(),
            "am" | "pm"
                | "a.m."
                | "p.m."
                | "gmt"
                | "utc"
                | "bst"
                | "est"
                | "edt"
                | "pst"
                | "pdt"
                | "cet"
                | "cest"
        );
        is_month
            || beside_month
            || beside_unit
            || is_clock
            || (units(&word) && digits > 0)
            || is_weekday(&word)
            || (has_digit(words[n]) && near_month(words, n))
    };
    let Some(first) = (0..words.len()).find(|n| !dated(*n)) else { return &[] };
    let end = (first..words.len()).find(|n| dated(*n) && *n > first).unwrap_or(words.len());
    &words[first..end]
}

fn near_month(words: &[&str], n: usize) -> bool {
    let is_month =
        |m: Option<usize>| m.and_then(|m| words.get(m)).is_some_and(|w| is_month_name(w));
    is_month(n.checked_sub(1)) || is_month(Some(n + 1))
}

fn is_weekday(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ',']);
    matches!(
        word,
        "monday"
            | "tuesday"
            | "wednesday"
            | "thursday"
            | "friday"
            | "saturday"
            | "sunday"
            | "montag"
            | "dienstag"
            | "mittwoch"
            | "donnerstag"
            | "freitag"
            | "samstag"
            | "sonntag"
            | "lundi"
            | "mardi"
            | "mercredi"
            | "jeudi"
            | "vendredi"
            | "samedi"
            | "dimanche"
            | "lunes"
            | "martes"
            | "miércoles"
            | "jueves"
            | "viernes"
            | "sábado"
            | "lunedì"
            | "martedì"
            | "mercoledì"
            | "giovedì"
            | "venerdì"
            | "sabato"
            | "maandag"
            | "dinsdag"
            | "woensdag"
            | "donderdag"
            | "vrijdag"
            | "zaterdag"
            | "zondag"
    )
}

/// Without a job before the name or behind it; nothing where the piece is a job.
fn without_role<'a, 'b>(words: &'b [&'a str], context: &Context<'_>) -> &'b [&'a str] {
    let lower: Vec<String> = words.iter().map(|w| w.to_lowercase()).collect();
    let is_role = |n: usize| is_role_head(&lower[n]) || is_role_more(&lower[n]);
    let Some(head) = (0..words.len()).find(|n| is_role_head(&lower[*n])) else { return words };
    // "The Mill Post Staff", "Editorial staff" are bodies.
    let is_staff = matches!(
        lower[head].as_str(),
        "staff" | "contributors" | "editors" | "reporters" | "correspondents"
    );
    if is_staff && head + 1 == words.len() && (head == 0 || !is_given(words[0]) || words.len() < 3)
    {
        return words;
    }
    // A name, then a job: "Ann Lee Education Correspondent".
    let behind =
        (2..=head).find(|n| (*n..=head).all(|m| is_role(m) || body_word(&lower[m]).is_some()));
    if let Some(cut) = behind.filter(|_| !is_role(0) && !is_role(1)) {
        return &words[..cut];
    }
    // A job, then a name: "Political editor Ann Lee", "Mill-Post-Redakteur Thomas Sabel".
    let last = (head..words.len())
        .take_while(|n| is_role(*n) || body_word(&lower[*n]) == Some(false))
        .last()
        .unwrap_or(head);
    let name = &words[last + 1..];
    let is_name = !name.is_empty()
        && name.iter().all(|w| !w.starts_with(char::is_lowercase) || is_lower_word(w));
    let before_is_person = head >= 2 && is_given(words[0]);
    if is_name
        && !before_is_person
        && !PLACE_WORDS.contains(&words[last])
        && !is_site(name, context)
    {
        return name;
    }
    if head == 1
        && is_given(words[0])
        && words.len() == 2
        && words[1].starts_with(char::is_uppercase)
    {
        // "Ann Writer" may be called so.
        return words;
    }
    &[]
}

/// Without a place or an outlet behind the name; nothing where the piece begins with one.
fn without_place<'a, 'b>(words: &'b [&'a str], context: &Context<'_>) -> &'b [&'a str] {
    if words.len() > 1 && PLACE_WORDS.contains(&words[0]) {
        return &[];
    }
    let is_for = |n: usize| words[n] == "For" && words.get(n + 1) == Some(&"The");
    let cut = (1..words.len()).find(|n| PLACE_WORDS.contains(&words[*n]) || *n >= 2 && is_for(*n));
    match cut {
        Some(at) if !is_body(&words[..at], context) => &words[..at],
        _ => words,
    }
}
