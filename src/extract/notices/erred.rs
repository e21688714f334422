//! Notices that do not say "this article": the lines of news agencies ("(Corrects the sum in paragraph two)"),
//! what follows a date, what the outlet states about itself by its name, and phrases that mean a notice
//! only where notices are, before or behind the article: "An earlier version gave the cost as …". English; other
//! languages have theirs in their tables ([`super::lexicon`]).

use super::phrases::{ERRED, ERRORS, FALSE, done, is_wrongly, says, split_words};
use crate::dates::{Order, find_human};
use crate::extract::page::NoticeKind::{self, Clarification, Correction, Retraction, Update};

/// At most this much of a text is read, in characters.
const CHARS_MAX: usize = 240;
/// A date before a notice, in bytes.
const DATE_BYTES_MAX: usize = 40;
/// A line of an agency has at most this many words.
const WIRE_WORDS_MAX: usize = 45;

/// What an agency's line is about.
const WIRE_PARTS: [&str; 34] = [
    "paragraph",
    "paragraphs",
    "para",
    "paras",
    "graf",
    "grafs",
    "headline",
    "headlines",
    "story",
    "byline",
    "dateline",
    "spelling",
    "typo",
    "typos",
    "typographical",
    "quote",
    "quotes",
    "reply",
    "comment",
    "comments",
    "details",
    "background",
    "reaction",
    "reactions",
    "response",
    "throughout",
    "link",
    "links",
    "caption",
    "photo",
    "photos",
    "slug",
    "analyst",
    "context",
];

/// Parts and forms of an article that were other before.
const PARTS: [&str; 10] = [
    "version",
    "versions",
    "headline",
    "caption",
    "photo",
    "graphic",
    "chart",
    "subheading",
    "summary",
    "standfirst",
];

/// Articles that can be named with "the" by a notice; "the report" may be any report.
const NAMED: [&str; 6] = ["article", "story", "obituary", "headline", "caption", "byline"];

/// What an agency says at the head of a new version, a verb without a subject: "(Adds reply of the county,
/// paragraph 4)". Brackets set it off, or a word of the trade right behind the verb.
pub(super) fn by_wire(text: &str, is_set_off: bool) -> Option<NoticeKind> {
    // Few texts get further than their first word.
    let verb = text.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let kind = match verb.to_lowercase().as_str() {
        "corrects" | "refiles" | "fixes" => Correction,
        "clarifies" => Clarification,
        "adds" | "updates" | "recasts" | "removes" | "deletes" | "rewrites" | "updated" => Update,
        _ => return None,
    };
    let lower = head(text);
    let words = split_words(&lower);
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let is_capital = text.starts_with(char::is_uppercase);
    if !is_capital || words.len() > WIRE_WORDS_MAX || words.len() < 2 {
        return None;
    }
    let part = is_wire_part;
    let fits = match word(0) {
        "corrects" | "refiles" | "clarifies" | "recasts" if is_set_off => true,
        "updated" => word(1) == "throughout",
        "updates" => {
            matches!(word(1), "with" | "throughout") || part(word(1)) || part(word(2)) && is_set_off
        }
        "refiles" | "recasts" => {
            matches!(word(1), "to" | "with" | "throughout" | "after") || part(word(1))
        }
        _ if is_set_off => words.iter().any(|word| part(word)),
        // A list of what is new in a program has such lines, too: the part is right behind the verb.
        _ => part(word(1)) || matches!(word(1), "the" | "a" | "first" | "second") && part(word(2)),
    };
    let corrects = words.iter().any(|word| word.starts_with("correct") || FALSE.contains(word));
    fits.then_some(if corrects && kind == Update { Correction } else { kind })
}

/// Whether a word is what an agency's line is about: "paragraph", "reply".
pub(super) fn is_wire_part(word: &str) -> bool {
    WIRE_PARTS.contains(&word)
}

/// What follows a date and its mark: "5 March 2026: An earlier version …".
pub(super) fn behind_date(text: &str) -> Option<&str> {
    let near = text.get(..text.floor_char_boundary(DATE_BYTES_MAX + 4))?;
    let (at, mark) = near.char_indices().find(|&(at, c)| {
        let behind = text.get(at + c.len_utf8()..).unwrap_or_default();
        matches!(c, '—' | '–' | '|' | '：')
            || c == ':' && !behind.starts_with(|c: char| c.is_ascii_digit())
    })?;
    let (date, rest) = (text.get(..at)?, text.get(at + mark.len_utf8()..)?);
    let is_date = date.len() <= DATE_BYTES_MAX
        && date.contains(|c: char| c.is_ascii_digit())
        && date.split_whitespace().count() <= 6
        && find_human(date, Order::DayFirst).is_some();
    is_date.then(|| rest.trim_start())
}

/// What the outlet states about itself, by its name: "The Courier incorrectly reported …".
pub(super) fn by_name(text: &str, publisher: &str) -> Option<NoticeKind> {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let bare = |text: &str| {
        let is_the = text.get(..4).is_some_and(|the| the.eq_ignore_ascii_case("the "));
        text.get(if is_the { 4 } else { 0 }..).unwrap_or_default().trim_start().to_owned()
    };
    let (text, name) =
        (bare(text.get(..text.floor_char_boundary(CHARS_MAX))?), bare(publisher.trim()));
    let named = text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(&name));
    if !named || name.len() < 3 {
        return None;
    }
    let lower = text.to_lowercase();
    let rest = lower.get(name.len()..)?;
    if !rest.starts_with(' ') {
        return None;
    }
    let words = split_words(rest);
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let at = usize::from(matches!(word(0), "has" | "had" | "have"));
    if is_wrongly(word(at)) && says(word(at + 1)) || ERRED.contains(&word(at)) {
        return Some(Correction);
    }
    let own = |what: &str| matches!(what, "article" | "story" | "report" | "piece");
    let of_self = words.windows(2).take(8).any(|w| matches!(w[0], "this" | "the") && own(w[1]));
    let error = words.iter().any(|word| ERRORS.contains(word));
    match word(at) {
        "apologises" | "apologizes" | "regrets" if error => Some(Correction),
        "removed" | "retracted" | "withdrawn" | "unpublished" if at == 1 && of_self => {
            Some(Retraction)
        }
        verb if at == 1 && of_self => done(verb),
        _ => None,
    }
}

/// What a text says of the article where it is before or behind it; inside it the same words mean other things.
pub(super) fn at_an_edge(text: &str) -> Option<NoticeKind> {
    let start = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    if text.trim_start().starts_with(['“', '„', '«', '»', '”', '"', '—', '–']) {
        return None;
    }
    let start = behind_date(start).unwrap_or(start);
    let lower = head(start);
    let words = split_words(&lower);
    of_version(&words)
        .or_else(|| of_article(&words))
        .or_else(|| of_us(&words))
        .or_else(|| of_figures(&lower, &words))
        .or_else(|| done_to(start, &lower, &words))
}

/// "An earlier version gave the cost as 14 million", "In a previously published headline the sum was wrong".
fn of_version(words: &[&str]) -> Option<NoticeKind> {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let inside = word(0) == "in";
    let mut at = usize::from(inside);
    at += usize::from(matches!(word(at), "a" | "an" | "the" | "our" | "its"));
    if !matches!(
        word(at),
        "earlier"
            | "previous"
            | "prior"
            | "original"
            | "first"
            | "initial"
            | "former"
            | "older"
            | "previously"
            | "originally"
            | "initially"
    ) {
        return None;
    }
    at += 1;
    at += usize::from(matches!(word(at), "posted" | "published" | "online" | "print" | "photo"));
    let is_part = PARTS.contains(&word(at));
    let is_whole = matches!(word(at), "article" | "story" | "report" | "post");
    if !is_part && !is_whole {
        return None;
    }
    at += 1;
    // "of this article", "on the story": of anything else it is not a notice.
    if matches!(word(at), "of" | "on" | "in" | "to" | "for" | "with" | "accompanying") {
        let own = (at + 1..at + 4).find(|at| {
            matches!(word(*at), "article" | "story" | "report" | "obituary" | "piece" | "post")
                && (matches!(word(at - 1), "this" | "the" | "our" | "news"))
        })?;
        at = own + 1;
    }
    let wrong = words.iter().any(|word| {
        FALSE.contains(word) || ERRED.contains(word) || ERRORS.contains(word) || is_wrongly(word)
    });
    let verb = word(at);
    let gave = matches!(
        verb,
        "said"
            | "stated"
            | "gave"
            | "misstated"
            | "reported"
            | "named"
            | "misnamed"
            | "identified"
            | "quoted"
            | "listed"
            | "spelled"
            | "put"
            | "suggested"
    );
    let holds = matches!(verb, "had" | "used" | "contained" | "included" | "was" | "carried");
    let passive = words.windows(2).any(|w| {
        matches!(w[0], "was" | "were")
            && matches!(
                w[1],
                "given" | "stated" | "listed" | "named" | "described" | "put" | "said"
            )
    });
    let fits = if inside {
        wrong || passive
    } else if is_whole {
        ERRED.contains(&verb) || is_wrongly(verb)
    } else {
        gave || ERRED.contains(&verb) || is_wrongly(verb) || holds && wrong
    };
    fits.then_some(Correction)
}

/// "The article originally said …", "The story has been corrected", "The cost given in this article was incorrect".
fn of_article(words: &[&str]) -> Option<NoticeKind> {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    if word(0) == "the" && NAMED.contains(&word(1)) {
        let before = matches!(word(2), "originally" | "initially" | "previously" | "first");
        if (before || is_wrongly(word(2))) && says(word(3)) || ERRED.contains(&word(2)) {
            return Some(Correction);
        }
        let aux = |at: &usize| {
            matches!(word(*at), "was" | "has" | "been" | "since" | "is" | "now" | "later" | "were")
        };
        let verb = (2..6).take_while(aux).count() + 2;
        if verb > 2 && word(verb) != "edited" {
            return done(word(verb));
        }
    }
    // "The cost was misstated in this article": only the publisher says so.
    let own = words.windows(3).position(|w| {
        matches!(w, ["in" | "by" | "of" | "with", "this", "article" | "story" | "obituary"])
    });
    let is = |pair: &[&str]| {
        matches!(pair[0], "was" | "were" | "is" | "are" | "been")
            && (FALSE.contains(&pair[1]) || ERRED.contains(&pair[1]) || is_wrongly(pair[1]))
    };
    let said = words.iter().any(|word| matches!(*word, "he" | "she" | "they" | "told"));
    (own.is_some_and(|at| at < 16) && words.windows(2).any(is) && !said).then_some(Correction)
}

/// "We apologise for the error", "We first reported that …; that was wrong", "We got the name wrong".
fn of_us(words: &[&str]) -> Option<NoticeKind> {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let error = words.iter().any(|word| ERRORS.contains(word));
    let wrong = words.iter().any(|word| FALSE.contains(word));
    let us = match word(0) {
        "we" if matches!(word(1), "apologise" | "apologize" | "regret") => error,
        "we" if matches!((word(1), word(2)), ("are", "sorry")) => error,
        "apologies" | "sorry" if word(1) == "for" => error,
        "we" if word(1) == "got" => {
            word(2).len() > 1 && words.iter().take(8).any(|w| *w == "wrong")
        }
        "we" => {
            let at = 1 + usize::from(word(1) == "had");
            matches!(word(at), "originally" | "initially" | "previously" | "first" | "earlier")
                && (says(word(at + 1)) || matches!(word(at + 1), "wrote" | "published" | "put"))
                && (wrong || error || words.iter().any(|w| matches!(*w, "not" | "actually")))
        }
        _ => false,
    };
    us.then_some(Correction)
}

/// "… costs 41 million, not 14 million as previously stated", "The cost should have read 41 million, not 14".
fn of_figures(lower: &str, words: &[&str]) -> Option<NoticeKind> {
    let negates = |words: &[&str]| words.iter().any(|w| matches!(*w, "not" | "instead" | "rather"));
    // Another speaker: news of an error elsewhere.
    let quoted = words.iter().any(|w| matches!(*w, "told" | "according" | "officials" | "police"));
    let is_as = words.iter().enumerate().any(|(at, word)| {
        let rest = words.get(at + 1..).unwrap_or_default();
        let (ours, rest) = match rest {
            ["we", rest @ ..] => (true, rest),
            ["was" | "had", "been", rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (first, second) =
            (rest.first().copied().unwrap_or_default(), rest.get(1).copied().unwrap_or_default());
        let before =
            matches!(first, "previously" | "originally" | "first" | "earlier" | "initially")
                || is_wrongly(first);
        let stated = |word: &str| {
            matches!(
                word,
                "stated"
                    | "reported"
                    | "published"
                    | "said"
                    | "written"
                    | "wrote"
                    | "posted"
                    | "given"
                    | "printed"
            )
        };
        *word == "as"
            && negates(words.get(..at).unwrap_or_default())
            && (before && stated(second) || ours && stated(first))
    });
    let read = ["should have read ", "should have said ", "should read "]
        .iter()
        .find_map(|phrase| lower.split_once(phrase))
        .is_some_and(|(_, what)| negates(&split_words(what)));
    (!quoted && (is_as || read)).then_some(Correction)
}

/// "Story corrected to give the cost", "Corrected the cost of the repair", where no clause follows.
fn done_to(start: &str, lower: &str, words: &[&str]) -> Option<NoticeKind> {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let named =
        matches!(word(0), "story" | "article" | "headline" | "caption" | "text" | "obituary");
    if named {
        let fits = matches!(word(2), "to" | "with" | "at" | "on" | "after" | "throughout" | "in");
        return done(word(1)).filter(|_| fits && start.trim_end().ends_with('.'));
    }
    let clause = lower.split(',').next().unwrap_or(lower);
    if clause.len() < lower.len() && split_words(clause).len() < 10 {
        return None;
    }
    match word(0) {
        "corrected" | "amended" | "clarified" => matches!(
            word(1),
            "the"
                | "to"
                | "a"
                | "an"
                | "spelling"
                | "name"
                | "names"
                | "headline"
                | "that"
                | "typo"
                | "figure"
                | "figures"
        )
        .then(|| done(word(0)))?,
        "updated" => matches!(word(1), "to" | "with").then_some(Update),
        _ => None,
    }
}

/// The beginning of a text in lower case.
fn head(text: &str) -> String {
    super::head(text, CHARS_MAX)
}
