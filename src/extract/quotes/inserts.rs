//! An attribution set into speech without marks around it.
//!
//! Owns two readings of bare text: dialogue that dashes introduce instead of marks (—Sí —dijo Ana—),
//! as the press of Spain, France, Portugal and Brazil writes it, and the place where speech whose
//! closing mark was forgotten ends ("“We lost it all, Hale said."). Both look for a verb of saying in
//! the few words where an attribution must begin. Deliberately names no speaker: what is left outside the
//! spans is read as any attribution is. One pass over a paragraph each, with a cap on the words
//! read after each candidate.

mod ends;

use super::lexicon::{Pronoun, Verb, is_determiner, pronoun, verb};
use super::marks::Span;
use crate::extract::work::step;
use crate::language::table;
use ends::attribution_end;

/// Words of an attribution up to its verb: "the mayor’s spokeswoman said".
const LEAD_WORDS_MAX: usize = 6;
/// Words in which the speaker of an attribution is named behind its verb.
const INVERTED_WORDS_MAX: usize = 8;
/// Words of an attribution inside the marks.
const INSERTED_WORDS_MAX: usize = 24;
/// Bytes of speech that are searched for one.
const PARTED_BYTES_MAX: usize = 4_000;
/// Candidates examined in one paragraph.
const CANDIDATES_MAX: usize = 60;

fn is_dash(c: char) -> bool {
    matches!(c, '—' | '―' | '–')
}

/// Languages whose press sets dialogue in dashes.
fn has_dialogue(language: &str) -> bool {
    table(language).is_some_and(|table| table.dialogue == "yes")
}

/// Languages that set an attribution between commas inside the marks: «La jetée, explique Marc Roy, est vieille.»
fn has_bare_inserts(language: &str) -> bool {
    table(language).is_some_and(|table| table.is("inserts"))
}

/// The spans of a paragraph that dashes make dialogue; none where it is not dialogue.
///
/// It is dialogue when it begins with a dash and a capital, and an attribution is in it: a list of
/// points that begin with dashes has none.
pub(super) fn dialogue(text: &str, base: usize, block: usize, language: &str) -> Vec<Span> {
    if !has_dialogue(language) {
        return Vec::new();
    }
    let lead = text.len() - text.trim_start().len();
    let Some(dash) = text[lead..].chars().next() else { return Vec::new() };
    let hyphen = text[lead..].starts_with("- ");
    if !is_dash(dash) && !hyphen {
        return Vec::new();
    }
    let words = lead + dash.len_utf8();
    let opens =
        text[words..].chars().find(|c| c.is_alphanumeric()).is_some_and(|c| !c.is_lowercase());
    if !opens {
        return Vec::new();
    }
    let mut spans = Vec::new();
    let mut start = lead;
    let mut from = words;
    while let Some((end, rest)) = next_insert(text, from, language) {
        push(text, base, block, start..from, end, &mut spans);
        // "— La jetée, explique Marc Roy, est vieille": no dash ends what a comma began.
        let bare = !text[..rest].ends_with(is_dash) && has_bare_inserts(language);
        let comma = bare
            .then(|| attribution_end(&text[rest..], language))
            .flatten()
            .filter(|(at, c)| *c == ',' && !text[rest..rest + at].contains(is_dash))
            .map(|(at, _)| (rest + at, rest + at + 1));
        let Some((dash_at, after)) = comma.or_else(|| resumes(text, rest, language)) else {
            return spans;
        };
        (start, from) = (dash_at, after);
    }
    if !spans.is_empty() {
        push(text, base, block, start..from, text.trim_end().len(), &mut spans);
    }
    spans
}

/// The paragraph right behind a paragraph of dialogue, where it begins with a dash and is whole sentences without an
/// attribution: the speech continues, as the Nordic and the Slavic press sets it. A question is somebody else's.
pub(super) fn dialogue_on(text: &str, base: usize, block: usize, language: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let words = text.trim();
    let Some(dash) = words.chars().next().filter(|c| is_dash(*c)) else { return spans };
    let speech = words[dash.len_utf8()..].trim_start();
    if table(language).is_some_and(|table| table.is("dialogue-middle"))
        && speech.starts_with(char::is_uppercase)
        && speech.ends_with(['.', '!', '…'])
        && !speech.contains(['«', '„', '”', '"', '“'])
        && speech.split_whitespace().nth(2).is_some()
    {
        let lead = text.len() - text.trim_start().len();
        let from = lead + dash.len_utf8();
        push(text, base, block, lead..from, text.trim_end().len(), &mut spans);
    }
    spans
}

fn push(
    text: &str,
    base: usize,
    block: usize,
    opening: std::ops::Range<usize>,
    end: usize,
    spans: &mut Vec<Span>,
) {
    let from = opening.end;
    let Some(words) = text.get(from..end) else { return };
    let left =
        words.len() - words.trim_start_matches([' ', '\u{a0}', '\u{202f}', '.', ',', ';']).len();
    let right = words.trim_end().len();
    if left >= right || !words.contains(char::is_alphanumeric) {
        return;
    }
    spans.push(Span {
        block,
        start: base + opening.start,
        inner_start: base + from + left,
        inner_end: base + from + right,
        end: base + from + right,
        closed: true,
        single: false,
        dialogue: true,
        resumed: false,
    });
}

/// Where the speech that continues at `from` is broken by an attribution: the end of the speech, and where
/// the words of the attribution begin.
fn next_insert(text: &str, from: usize, language: &str) -> Option<(usize, usize)> {
    let mut candidates = 0;
    let mut before = ' ';
    for (at, c) in text[from..].char_indices() {
        step();
        let at = from + at;
        let after = at + c.len_utf8();
        let set_off = is_dash(c) || c == '-' && before.is_whitespace();
        // French and the Nordic languages set no dash between the words and "dit-elle", "säger hon".
        let comma = matches!(language, "fr" | "sv" | "nb" | "no" | "nn" | "da")
            && (c == ',' || matches!(c, '?' | '!' | '…'))
            && text[after..].starts_with([' ', '\u{a0}']);
        before = c;
        if !set_off && !comma {
            continue;
        }
        candidates += 1;
        if candidates > CANDIDATES_MAX {
            return None;
        }
        let found = if set_off {
            says_soon(&text[after..], language)
        } else if language == "fr" {
            inverted(&text[after..], language)
        } else {
            verb_leads(&text[after..], language)
        };
        if found {
            return Some((if comma { after } else { at }, after));
        }
    }
    None
}

/// Where speech continues behind an attribution that begins at `rest`: the dash and what is behind it.
fn resumes(text: &str, rest: usize, language: &str) -> Option<(usize, usize)> {
    for (at, c) in text[rest..].char_indices() {
        step();
        let at = rest + at;
        let after = at + c.len_utf8();
        let spaced = text[..at].ends_with(char::is_whitespace) && text[after..].starts_with(' ');
        if (is_dash(c) || c == '-' && spaced) && text[after..].contains(char::is_alphanumeric) {
            // A second attribution or an insertion of the narrator is not speech.
            let narrates = says_soon(&text[after..], language);
            return (!narrates).then_some((at, after));
        }
    }
    None
}

/// Splits spans whose marks hold an attribution: «Wir gehen, — sagte Weber. — Alle.» The press of France,
/// Russia and Ukraine sets it inside the marks. `first` is the first span to look at.
pub(super) fn part(text: &str, language: &str, first: usize, spans: &mut Vec<Span>) {
    if !has_dialogue(language) {
        return;
    }
    let mut index = first;
    while index < spans.len() {
        let span = spans[index].clone();
        index += 1;
        let Some(words) = text.get(span.inner_start..span.inner_end) else { continue };
        if span.dialogue || words.len() > PARTED_BYTES_MAX {
            continue;
        }
        let Some((end, behind)) = inserted(words, language) else { continue };
        let before = words[..end].trim_end();
        let at = span.inner_start + before.len();
        spans[index - 1].inner_end = at;
        spans[index - 1].end = at;
        let rest = words.get(behind..).unwrap_or("");
        let skipped = rest.len()
            - rest
                .trim_start_matches(|c: char| {
                    !c.is_alphanumeric() && !matches!(c, '¿' | '¡' | '[' | '…')
                })
                .len();
        if rest[skipped..].trim().is_empty() {
            continue;
        }
        let start = span.inner_start + behind + skipped;
        spans.insert(index, Span { start, inner_start: start, resumed: true, ..span });
    }
}

/// An attribution inside speech: where the speech ends before it, and where what follows it begins.
fn inserted(words: &str, language: &str) -> Option<(usize, usize)> {
    let mut candidates = 0;
    for (at, c) in words.char_indices() {
        step();
        let after = at + c.len_utf8();
        let rest = &words[after..];
        // «La nave – spiega Coppa – è sicura»: no comma before the dash.
        let bare = c.is_whitespace()
            && rest.starts_with(is_dash)
            && words[..at].ends_with(char::is_alphanumeric);
        if !(bare || matches!(c, ',' | '?' | '!' | '…' | '.')) || at == 0 {
            continue;
        }
        let dashed = rest.trim_start().starts_with(is_dash);
        if !bare && (c == '.' && !dashed || !rest.starts_with([' ', '\u{a0}', '\u{202f}'])) {
            continue;
        }
        candidates += 1;
        if candidates > CANDIDATES_MAX {
            return None;
        }
        let tail = rest.trim_start().trim_start_matches(is_dash).trim_start();
        let found = if dashed {
            tail.starts_with(char::is_lowercase) && says_soon(tail, language)
        } else {
            has_bare_inserts(language) && inverted(tail, language)
        };
        if !found {
            continue;
        }
        let tail_at = words.len() - tail.len();
        // It ends with a dash, or with the stop of its sentence, a colon, or the comma behind which speech continues.
        let end = if dashed {
            tail.char_indices().find(|&(_, c)| is_dash(c))
        } else {
            attribution_end(tail, language)
        };
        if bare && end.is_none() {
            continue;
        }
        let end = end.map_or(words.len(), |(at, c)| tail_at + at + c.len_utf8());
        let count = words[tail_at..end].split_whitespace().count();
        return (count <= INSERTED_WORDS_MAX).then_some((after, end));
    }
    None
}

/// The first words of a text, in lower case, without marks at their ends; up to the end of a sentence.
fn first_words(text: &str, most: usize) -> Vec<(String, bool)> {
    let mut out = Vec::new();
    for word in text.split_whitespace().take(most) {
        step();
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let ends = word.ends_with(['.', ',', ';', ':', '?', '!', '—', '–', '”', '"', '»']);
        if !bare.is_empty() {
            let bare: String = bare.chars().take(40).collect();
            out.push((bare, ends));
        }
        if ends {
            break;
        }
    }
    out
}

fn says(language: &str, word: &str) -> bool {
    matches!(verb(language, &word.to_lowercase()), Some(Verb::Says))
}

/// Whether one of the first words is a verb of saying, and what leads to it is in lower case or a name.
fn says_soon(text: &str, language: &str) -> bool {
    first_words(text, 3).iter().any(|(word, _)| says(language, word))
}

/// Whether a verb of saying and its speaker begin here: "säger Anna Berg", "spør hun".
fn verb_leads(text: &str, language: &str) -> bool {
    let words = first_words(text, 3);
    let Some((first, _)) = words.first() else { return false };
    says(language, first)
        && words.get(1).is_some_and(|(next, _)| {
            let lower = next.to_lowercase();
            next.starts_with(char::is_alphabetic)
                && !table(language).is_some_and(|table| table.clause.contains(lower.as_str()))
        })
}

/// Where dialogue begins inside a paragraph: behind a stop, a dash and a capital. "Nagrodę dostał film. – Nie
/// spodziewałem się – powiedział Trembicki."
pub(super) fn dialogue_inside(text: &str, language: &str) -> Option<usize> {
    if !table(language).is_some_and(|table| table.is("dialogue-middle")) {
        return None;
    }
    let opens = |&(at, c): &(usize, char)| {
        step();
        let before = text[..at].trim_end();
        text[..at].ends_with(char::is_whitespace)
            && before.ends_with(['.', '!', '?', '…', '”', '»', ':'])
            && text[at + c.len_utf8()..].trim_start().starts_with(char::is_uppercase)
    };
    let mut dashes = text.char_indices().filter(|(_, c)| is_dash(*c)).take(CANDIDATES_MAX);
    dashes.find(opens).map(|(at, _)| at)
}

/// Whether an attribution with its verb in front begins here: "a dit Anne Roy", "dit-elle", "avverte Gianni Bassi".
fn inverted(text: &str, language: &str) -> bool {
    let words = first_words(text, INVERTED_WORDS_MAX);
    let Some((first, _)) = words.first() else { return false };
    let auxiliary = matches!(first.as_str(), "a" | "ont" | "avait" | "avaient" | "s’est" | "s'est")
        || language != "fr" && table(language).is_some_and(|t| t.aux.contains(first.as_str()));
    let at = usize::from(auxiliary);
    let Some((word, _)) = words.get(at) else { return false };
    let carried = word.rsplit_once('-').is_some_and(|(_, end)| pronoun(language, end).is_some());
    let followed = words.get(at + 1).is_some_and(|(next, _)| {
        next.starts_with(char::is_uppercase) || is_determiner(language, &next.to_lowercase())
    });
    // "dit-elle", "a-t-il déclaré": the verb carries its speaker.
    let head = word.split('-').next().unwrap_or(word);
    let next_says = words.get(at + 1).is_some_and(|(next, _)| says(language, next));
    // Elsewhere than in French a storyteller says it so, too: "Poi, dice il medico, siamo partiti"; only a person with
    // a name of two words or an office is named so by a reporter.
    let named = || {
        let capital =
            |at: usize| words.get(at).is_some_and(|(word, _)| word.starts_with(char::is_uppercase));
        let role = |at: usize| {
            let (Some((word, _)), Some(table)) = (words.get(at), table(language)) else {
                return false;
            };
            let word = word.to_lowercase();
            table.is_role(&word)
                || word.split_once(['’', '\'']).is_some_and(|(_, rest)| table.is_role(rest))
        };
        (at + 1..words.len()).any(|at| capital(at) && (capital(at + 1) || role(at - 1)))
    };
    carried && (says(language, head) || next_says)
        || says(language, word) && followed && (language == "fr" || named())
}

/// Where speech without a closing mark ends because its attribution begins: "We lost it all, Hale said.";
/// the byte behind the comma. Looked for between `from` and `to`.
/// `continues`: the next paragraph opens with a mark, so that only a name next to the verb decides.
pub(super) fn forgotten_end(
    text: &str,
    from: usize,
    to: usize,
    language: &str,
    continues: bool,
) -> Option<usize> {
    let slice = text.get(from..to)?;
    let mut candidates = 0;
    for (at, c) in slice.char_indices() {
        step();
        if !matches!(c, ',' | '?' | '!' | '—') {
            continue;
        }
        let after = at + c.len_utf8();
        if !slice[after..].starts_with([' ', '\u{a0}']) || at < 2 {
            continue;
        }
        candidates += 1;
        if candidates > CANDIDATES_MAX {
            return None;
        }
        let named = || {
            let words = first_words(&slice[after..], LEAD_WORDS_MAX);
            let names = words.iter().filter(|(word, _)| word.starts_with(char::is_uppercase));
            names.filter(|(word, _)| word != "I").count() >= 2
        };
        if attributes(&slice[after..], language) && (!continues || named()) {
            return Some(from + after);
        }
    }
    None
}

/// Whether the words are an attribution and nothing else up to the end of a clause.
fn attributes(text: &str, language: &str) -> bool {
    let words = first_words(text, LEAD_WORDS_MAX + 2);
    let Some(at) = words.iter().take(LEAD_WORDS_MAX).position(|(word, _)| says(language, word))
    else {
        return false;
    };
    let is_name = |word: &str| word.starts_with(char::is_uppercase);
    let subject = |word: &str| {
        let lower = word.to_lowercase();
        let personal =
            pronoun(language, &lower).is_some_and(|p| !matches!(p, Pronoun::Relative | Pronoun::I));
        personal || is_name(word) && lower != "i" || is_determiner(language, &lower)
    };
    // What follows the verb must not continue with what was said: "he said yes" inside speech.
    let closed = |at: usize| {
        words.get(at).is_some_and(|(_, ends)| *ends)
            || words.get(at + 1).is_none_or(|(next, _)| {
                matches!(
                    next.as_str(),
                    "on" | "in" | "at" | "during" | "to" | "after" | "as" | "when"
                ) || is_name(next)
            })
    };
    if at == 0 {
        return words.get(1).is_some_and(|(next, _)| subject(next));
    }
    words.first().is_some_and(|(first, _)| subject(first)) && closed(at)
}
