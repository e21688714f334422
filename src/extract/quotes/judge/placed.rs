//! Names in marks of what an attribution or a clause takes as a thing: the paper that was spoken to, the song that was played.
//!
//! Owns what the place of a name in its sentence shows, where no word next to it names its kind. Deliberately knows no
//! kinds of works; [`super::names`] does. Every walk is capped.

use super::super::attribution::Attribution;
use super::super::tokens::{Kind, Token, Tokens};
use super::names::is_title_case;
use crate::extract::words::words;
use crate::language::Table;

/// Words of the name of an outlet or a work.
const NAME_WORDS_MAX: usize = 5;
/// Tokens between a quotation and the listener behind it.
const LISTENER_REACH: usize = 18;

words!(
    PERFORMS,
    "played plays performed performs sang sings sung recorded covered screened staged watched released"
);

/// English phrases behind a title.
const NAMED_BEHIND: [&str; 8] = [
    "is the name",
    "is the title",
    "was the name",
    "was the title",
    "is the working title",
    "is the nickname",
    "is what they call",
    "is what locals call",
];

/// Whether words in marks could be a name: few, with a capital behind the article at most, and without a stop.
fn could_name(inner: &str, table: &Table) -> bool {
    let mut list = inner.split_whitespace();
    let first = list.next().unwrap_or("");
    let head = if table.determiner.contains(first) { list.next().unwrap_or("") } else { first };
    head.starts_with(|c: char| c.is_uppercase() || c.is_numeric())
        && inner.split_whitespace().count() <= NAME_WORDS_MAX
        && !inner.contains(['!', '?', ',', ';', ':', '…'])
        && !inner.ends_with('.')
}

/// "„…“, sagte Lang der „Inselzeitung“", "« … », a dit Roy au « Courrier du Port »", "– … – powiedziała Kos „Gazecie Wyspy”":
/// the name of the listener, behind a quotation and its verb.
pub(super) fn is_listener(tokens: &Tokens, index: usize, inner: &str, table: &Table) -> bool {
    if table.is("no-capitals") || !could_name(inner, table) {
        return false;
    }
    let (at, sentence) = tokens.of_quote[index];
    let Some((range, _)) = tokens.sentences.get(sentence) else { return false };
    let list = &tokens.list;
    let low = range.start.max(at.saturating_sub(LISTENER_REACH));
    let Some(quote) = (low..at).rev().find(|&at| matches!(list[at].kind, Kind::Quote(_))) else {
        return false;
    };
    let says = |token: &Token| {
        let head = token.lower.split('-').next().unwrap_or(&token.lower);
        token.is_word() && (table.say.contains(token.lower.as_str()) || table.say.contains(head))
    };
    let Some(verb) = (quote + 1..at).find(|&at| says(&list[at])) else { return false };
    let joins = |at: usize| {
        table.join.contains(list[at].lower.as_str())
            && list[at - 1].is_capital()
            && list[at + 1].is_capital()
    };
    // A clause of its own, or a second verb, may say what is in the marks.
    let other = (verb + 1..at).any(|at| {
        let word = list[at].lower.as_str();
        matches!(list[at].kind, Kind::Colon | Kind::Semicolon | Kind::Dash)
            || table.clause.contains(word) && !table.determiner.contains(word) && !joins(at)
            || table.tell.contains(word) && !table.say.contains(word)
    });
    if other || !list[at - 1].is_word() {
        return false;
    }
    let before = at - 1;
    let word = |at: usize| list[at].lower.as_str();
    let article = |at: usize| {
        let elided = |set: &crate::base::word_map::WordSet| {
            set.iter().any(|entry| entry.strip_suffix('’') == Some(word(at)))
        };
        table.determiner.contains(word(at)) || table.is("elision") && elided(&table.determiner)
    };
    let preposition = |at: usize| {
        table.preposition.contains(word(at))
            && (table.listener.is_empty() || table.listener.contains(word(at)))
    };
    // "über die „Mole“", "von dem „Unsinn“": what is spoken of.
    let spoken_of = |at: usize| table.preposition.contains(word(at)) && !preposition(at);
    if table.is("noun-capitals") {
        let dative =
            table.oblique.contains(word(before)) || table.genitive_article.contains(word(before));
        return preposition(before) || dative && !spoken_of(before - 1);
    }
    if article(before) || preposition(before) {
        return before > verb && !(article(before) && spoken_of(before - 1));
    }
    let noun = |at: usize| {
        !list[at].is_capital() && !table.is_small(word(at)) && !says(&list[at]) && at > verb
    };
    if table.is("no-articles") {
        // Case alone marks the listener: behind the speaker, behind a noun, or between the verb and the speaker.
        let speaker = list
            .get(at + 1)
            .filter(|_| at + 1 < range.end)
            .is_some_and(|next| next.is_capital() || table.is_role(&next.lower));
        return list[before].is_capital() && before > verb
            || noun(before)
            || before == verb && speaker;
    }
    // "au quotidien « … »", "kepada harian “…”".
    noun(before) && before > verb + 1 && (article(before - 1) || preposition(before - 1))
}

/// "played “The Drowned Bell”", "spielte „Stille Nacht“": a work, right behind the verb that performs it or before it.
pub(super) fn is_performed(
    tokens: &Tokens,
    index: usize,
    inner: &str,
    table: Option<&Table>,
) -> bool {
    let (at, _) = tokens.of_quote[index];
    let word = |at: Option<usize>| {
        at.and_then(|at| tokens.list.get(at))
            .filter(|token| token.is_word() && !token.is_capital())
            .map_or("", |token| token.lower.as_str())
    };
    let before = word(at.checked_sub(1));
    let Some(table) = table else {
        return PERFORMS.contains(before)
            && is_title_case(inner)
            && (2..=8).contains(&inner.split_whitespace().count())
            && !inner.ends_with(['!', '?']);
    };
    let behind = table.is("verb-second") || table.is("verb-last");
    could_name(inner, table)
        && (table.performs.contains(before)
            || behind && table.performs.contains(word(Some(at + 1))))
}

/// “Ada Gazetesi”ne konuştu: a Turkish name that bears the ending of its case behind the mark.
pub(super) fn is_inflected(text: &str, end: usize, inner: &str, table: &Table) -> bool {
    let behind = text.get(end..).unwrap_or("").trim_start_matches(['’', '\'']);
    table.is("verb-last")
        && !table.is("no-capitals")
        && behind.starts_with(|c: char| c.is_lowercase())
        && could_name(inner, table)
}

/// ‘가라앉은 종’을 연주했고: a noun that bears the mark of the object, before a verb that does not say.
pub(super) fn is_object_marked(text: &str, end: usize, inner: &str, table: &Table) -> bool {
    if table.particle.is_empty() || inner.ends_with(['.', '!', '?', ',', '…', '다', '요']) {
        return false;
    }
    let behind = text.get(end..).unwrap_or("");
    let Some(verb) = behind
        .strip_prefix(['을', '를'])
        .filter(|rest| rest.starts_with(' '))
        .and_then(|rest| rest.split_whitespace().next())
    else {
        return false;
    };
    let says = table.say.iter().any(|say| {
        let stem = say.strip_suffix("했다").or_else(|| say.strip_suffix('다')).unwrap_or(say);
        !stem.is_empty() && verb.starts_with(stem)
    });
    !says
}

/// “Stay Off My Pier” is the name of her song: a title that is called one behind it.
pub(super) fn is_called_behind(text: &str, end: usize) -> bool {
    let behind = text.get(end..).unwrap_or("").trim_start_matches([',', ' ']);
    NAMED_BEHIND.iter().any(|phrase| {
        behind.strip_prefix(phrase).is_some_and(|rest| rest.starts_with([' ', ',', '.', ';']))
    })
}

/// “Should it be rebuilt?”, 62 per cent answered: a share of those who were asked is not a speaker.
pub(super) fn is_answered_by_share(
    text: &str,
    tokens: &Tokens,
    attribution: Option<&Attribution>,
    table: Option<&Table>,
) -> bool {
    let Some(first) = attribution
        .and_then(|a| a.mention.as_ref())
        .and_then(|mention| tokens.list.get(mention.tokens.start))
        .filter(|first| first.kind == Kind::Number)
    else {
        return false;
    };
    let behind = text.get(first.end..).unwrap_or("").trim_start();
    let word = behind.split_whitespace().next().unwrap_or("").to_lowercase();
    behind.starts_with(['%', '٪'])
        || behind.starts_with("per cent")
        || word == "percent"
        || table.is_some_and(|table| table.percent.iter().any(|phrase| phrase[0] == word))
}
