//! The English phrases by which an article speaks of itself and of what was wrong with it: "An earlier version
//! of this story misstated …". Other languages have theirs in their tables ([`super::lexicon`]).

use super::erred::is_wire_part;
use crate::extract::page::NoticeKind;

/// What an article calls itself.
pub(super) const SELVES: [&str; 8] =
    ["article", "story", "report", "piece", "post", "column", "obituary", "page"];

/// Nouns of what went wrong.
pub(super) const ERRORS: [&str; 9] = [
    "error",
    "errors",
    "mistake",
    "mistakes",
    "mix-up",
    "misunderstanding",
    "oversight",
    "miscommunication",
    "inaccuracy",
];

/// Verbs by which an article admits that it was wrong.
pub(super) const ERRED: [&str; 14] = [
    "misstated",
    "misidentified",
    "misspelled",
    "misspelt",
    "misattributed",
    "misquoted",
    "misreported",
    "mischaracterized",
    "mischaracterised",
    "misrepresented",
    "mislabeled",
    "misnamed",
    "incorrectly",
    "erroneously",
];

/// Adjectives for wrong information that an article repeated.
pub(super) const FALSE: [&str; 6] =
    ["incorrect", "inaccurate", "wrong", "erroneous", "false", "outdated"];

/// Adverbs that separate what an article said from what it says.
const BEFORE: [&str; 7] =
    ["originally", "initially", "previously", "first", "wrongly", "mistakenly", "inaccurately"];

/// The words of a text in lower case; "we've" is two.
pub(super) fn split_words(lower: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let is_end = |c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’' | '-');
    for word in lower.split(is_end).filter(|word| !word.is_empty()) {
        let short = |end: &str| word.strip_suffix(end).and_then(|w| w.strip_suffix(['\'', '’']));
        if let Some(head) = short("ve") {
            words.extend([head, "have"]);
        } else if let Some(head) = short("re") {
            words.extend([head, "are"]);
        } else {
            words.push(word);
        }
    }
    words
}

/// The first words of the phrases below; those that regret begin with any.
const OPENINGS: [&str; 13] = [
    "a", "an", "the", "in", "earlier", "previous", "because", "due", "owing", "prior", "we",
    "since", "this",
];
/// What regrets says so in its first words.
const REGRET_BYTES_MAX: usize = 160;

/// English phrases by which an article speaks of its own change.
pub(super) fn by_phrase(text: &str) -> Option<NoticeKind> {
    // Few texts get further than their first word.
    let first = text.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty())?;
    let near = text.get(..text.floor_char_boundary(REGRET_BYTES_MAX)).unwrap_or(text);
    if !OPENINGS.iter().any(|word| first.eq_ignore_ascii_case(word)) && !near.contains("egret") {
        return None;
    }
    let lower = super::head(text, 240);
    let words = split_words(&lower);
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    // "The Ledger regrets the error."
    let regrets = |w: &[&str]| matches!(w, ["regrets" | "regret", "the", "error" | "errors"]);
    if words.windows(3).take(6).any(regrets) {
        return Some(NoticeKind::Correction);
    }
    let is_self = |at: usize| SELVES.contains(&word(at));
    // "this article", "our story", "the story", "this news article".
    let own = |at: usize| {
        matches!(word(at), "this" | "our")
            && (is_self(at + 1) || is_self(at + 2) && word(at + 1) != "and")
    };
    let own_within = |from: usize, to: usize| (from..to).any(own);
    match word(0) {
        "a" | "an" | "the" | "in" | "earlier" | "previous" | "because" | "due" | "owing"
        | "prior" => {
            // "An earlier version of a photo caption with this article misidentified …".
            let version = (0..words.len().min(14)).find(|&at| {
                matches!(word(at), "version" | "versions")
                    && matches!(word(at + 1), "of")
                    && at > 0
                    && matches!(
                        word(at - 1),
                        "earlier" | "previous" | "prior" | "original" | "initial" | "first"
                    )
            });
            if let Some(at) = version
                && (own_within(at + 2, at + 10) || word(at + 2) == "the" && is_self(at + 3))
            {
                return Some(NoticeKind::Correction);
            }
            // "The article as originally published misstated …".
            let published = ["originally published", "first published", "initially published"];
            if word(0) == "the"
                && is_self(1)
                && words.iter().take(9).any(|word| ERRED.contains(word))
                && published.iter().any(|phrase| lower.contains(phrase))
            {
                return Some(NoticeKind::Correction);
            }
            // "An earlier headline on this article misstated …".
            let part = |word: &str| {
                matches!(
                    word,
                    "headline"
                        | "caption"
                        | "photo"
                        | "title"
                        | "graphic"
                        | "chart"
                        | "map"
                        | "summary"
                )
            };
            let earlier =
                |word: &str| matches!(word, "earlier" | "previous" | "original" | "prior");
            if (0..4).any(|at| earlier(word(at)) && (part(word(at + 1)) || part(word(at + 2))))
                && own_within(2, 10)
            {
                return Some(NoticeKind::Correction);
            }
            // "Because of a reporting error, …", "Due to an editing error, …".
            let erred = words.iter().any(|word| ERRED.contains(word));
            let of_version = |pair: &[&str]| earlier(pair[0]) && pair[1].starts_with("version");
            let because =
                matches!((word(0), word(1)), ("because", "of") | ("due", "to") | ("owing", "to"));
            if because
                && (2..6).any(|at| ERRORS.contains(&word(at)))
                && (own_within(2, words.len()) || words.windows(2).any(of_version) || erred)
            {
                return Some(NoticeKind::Correction);
            }
            // "Due to an editing error, the ship was said to hold 240 people."
            let of_desk = |pair: &[&str]| {
                matches!(
                    pair[0],
                    "editing" | "reporting" | "production" | "typographical" | "transcription"
                ) && ERRORS.contains(&pair[1])
            };
            if because && words.windows(2).take(6).any(of_desk) {
                return Some(NoticeKind::Correction);
            }
            // "Because of incorrect information supplied by the council, the length was misstated".
            if because && erred && words.iter().take(6).any(|w| FALSE.contains(w)) {
                return Some(NoticeKind::Correction);
            }
            // "A correction was made on …", "The headline of this article was amended".
            if matches!(word(1), "correction" | "clarification" | "retraction")
                && matches!(
                    (word(2), word(3)),
                    ("was" | "is" | "has", "made" | "appended" | "added" | "been")
                )
            {
                return Some(match word(1) {
                    "correction" => NoticeKind::Correction,
                    "clarification" => NoticeKind::Clarification,
                    _ => NoticeKind::Retraction,
                });
            }
            if own_within(1, 6) && !matches!(word(0), "in" | "because" | "due" | "owing") {
                let about = (2..words.len().min(12)).find_map(|at| {
                    matches!(word(at), "was" | "were" | "been").then(|| done(word(at + 1)))?
                });
                let part = part(word(1));
                if let Some(kind) = about.filter(|_| part) {
                    return Some(kind);
                }
            }
            None
        }
        "we" => {
            let sorry = words
                .iter()
                .take(8)
                .any(|w| matches!(*w, "regret" | "apologise" | "apologize" | "corrected"));
            // "We incorrectly gave the cost".
            let adverb = |at: usize| is_wrongly(word(at));
            if adverb(1) && says(word(2)) || word(1) == "have" && adverb(2) && says(word(3)) {
                return Some(NoticeKind::Correction);
            }
            // "We have corrected the length of the bridge.", "We've since amended this."
            let verb = if matches!(word(2), "since" | "now" | "also") { word(3) } else { word(2) };
            if word(1) == "have" && matches!(verb, "corrected" | "amended" | "clarified") {
                return Some(NoticeKind::Correction);
            }
            // "We've updated this story with …", "We are retracting this article".
            if matches!(word(1), "have" | "are") && own_within(3, 5) {
                return match verb {
                    "updated" | "updating" | "expanded" => Some(NoticeKind::Update),
                    "correcting" | "amending" | "changed" | "edited" | "revised" => {
                        Some(NoticeKind::Correction)
                    }
                    "retracting" | "withdrawing" | "unpublishing" | "retracted" | "withdrawn"
                    | "unpublished" | "removed" | "removing" => Some(NoticeKind::Retraction),
                    _ => None,
                };
            }
            let error = words.iter().any(|w| ERRORS.contains(w) || matches!(*w, "corrected"));
            (sorry && error && (own_within(0, words.len()) || words.contains(&"regret")))
                .then_some(NoticeKind::Correction)
        }
        "since" => (own(1) || word(1) == "this" && matches!(word(2), "was"))
            .then(|| {
                words.iter().take(10).any(|w| matches!(*w, "published" | "posted" | "written"))
            })?
            .then_some(NoticeKind::Update),
        "this" if own(0) => {
            let verb = if is_self(1) { 2 } else { 3 };
            // "This story updates with … and corrects …".
            // An explainer may say "This article clarifies the rules".
            let (does, next) = (word(verb), word(verb + 1));
            let fits = match does {
                "corrects" => matches!(word(verb - 1), "story" | "article"),
                "updates" | "recasts" => matches!(next, "with" | "throughout" | "to"),
                "adds" => [next, word(verb + 2)].iter().any(|word| is_wire_part(word)),
                _ => words.iter().any(|word| matches!(*word, "earlier" | "previous")),
            };
            if let Some(kind) = renews(does).filter(|_| fits) {
                let corrects = words.iter().any(|word| word.starts_with("correct"));
                return Some(if corrects { NoticeKind::Correction } else { kind });
            }
            // "This article was originally published with the wrong cost."
            let with = lower.split_once("published with ").map(|(_, what)| what);
            if with.is_some_and(|what| {
                split_words(what).iter().take(8).any(|w| FALSE.contains(w) || ERRORS.contains(w))
            }) {
                return Some(NoticeKind::Correction);
            }
            // "This story is developing and will be updated."
            if lower.contains("will be updated") && words.len() <= 16 {
                return Some(NoticeKind::Update);
            }
            if ERRED.contains(&word(verb)) || BEFORE.contains(&word(verb)) && says(word(verb + 1)) {
                return Some(NoticeKind::Correction);
            }
            // "This article has since been corrected".
            let aux = (verb..verb + 4)
                .take_while(|&at| {
                    matches!(word(at), "was" | "has" | "been" | "since" | "is" | "now" | "last")
                })
                .count();
            let more =
                ["was originally published and has been ", "was first published and has been "];
            let behind =
                more.iter().find_map(|phrase| lower.split_once(phrase)).map(|(_, rest)| rest);
            let verb = match behind {
                Some(rest) => rest.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default(),
                None if aux > 0 => word(verb + aux),
                None => "",
            };
            done(verb)
        }
        // "This version of the story corrects …".
        "this" if word(1) == "version" => {
            let at = (2..7).find(|at| renews(word(*at)).is_some())?;
            let of = at == 2 || word(2) == "of" && (3..at).any(is_self);
            renews(word(at)).filter(|_| of)
        }
        _ => None,
    }
}

/// What a version of an article does that came after another.
fn renews(verb: &str) -> Option<NoticeKind> {
    Some(match verb {
        "corrects" => NoticeKind::Correction,
        "clarifies" => NoticeKind::Clarification,
        "updates" | "adds" | "recasts" => NoticeKind::Update,
        _ => return None,
    })
}

/// Whether an adverb says that something was said wrongly.
pub(super) fn is_wrongly(word: &str) -> bool {
    matches!(
        word,
        "wrongly" | "mistakenly" | "incorrectly" | "erroneously" | "inaccurately" | "falsely"
    )
}

/// Whether a verb says what an article said.
pub(super) fn says(word: &str) -> bool {
    matches!(
        word,
        "said"
            | "stated"
            | "reported"
            | "misstated"
            | "gave"
            | "misidentified"
            | "identified"
            | "described"
            | "named"
            | "listed"
            | "claimed"
            | "attributed"
            | "misspelled"
            | "referred"
            | "quoted"
            | "contained"
            | "had"
            | "included"
    )
}

/// What was done to an article.
pub(super) fn done(verb: &str) -> Option<NoticeKind> {
    Some(match verb {
        "corrected" | "amended" | "revised" | "changed" | "edited" => NoticeKind::Correction,
        "clarified" => NoticeKind::Clarification,
        "updated" => NoticeKind::Update,
        "retracted" | "withdrawn" => NoticeKind::Retraction,
        _ => return None,
    })
}
