//! Arabic, Hebrew, Persian and Hindi: words with spaces between them, without capitals.
//!
//! Owns where the name beside a verb of saying begins and ends: at marks, small words and titles. Deliberately reads no
//! endings, which Korean has instead; [`super::korean`] does.

use std::ops::Range;

use super::{Found, MASK, Part, Place};
use crate::language::Table;

/// Words of a name.
const NAME_WORDS_MAX: usize = 4;
/// Words between a subject mark and its verb.
const VERB_WORDS_MAX: usize = 5;

pub(super) fn find(place: &Place<'_>) -> Option<Found> {
    if !place.table.particle.is_empty() {
        return super::korean::find(place);
    }
    if !place.table.subject_mark.is_empty() {
        return marked(place);
    }
    let after = words(place.after, place.table);
    let before = words(place.before, place.table);
    let mut behind = verb_near(&after, place.table, 3).map(|at| beside(&after, at, place));
    // Persian: the subject leads the sentence, and the verb is after the words.
    if let Some(found) = behind.as_mut().filter(|found| found.name.is_none())
        && place.table.is("verb-last")
    {
        let head =
            before.iter().skip(1).position(|word| word.leads).map_or(before.len(), |n| n + 1);
        let pronoun = before.first().is_some_and(|word| place.table.he.contains(word.text));
        if !before.is_empty() && !pronoun && !before[..head].iter().any(|word| word.says) {
            let cut = before[..head]
                .iter()
                .position(|word| place.table.preposition.contains(word.text))
                .unwrap_or(head);
            found.name = name(&before[..cut], place.table, Side::First);
        }
    }
    if let Some(found) = behind.filter(|found| found.name.is_some() || found.cue.is_some()) {
        return Some(found);
    }
    if let Some(found) = source(&before, place).or_else(|| source(&after, place)) {
        return Some(found);
    }
    let at = before.iter().rposition(|word| word.says)?;
    Some(beside(&before, at, place))
}

/// A word, and what is known of it.
pub(super) struct Word<'a> {
    /// Without marks around it.
    pub(super) text: &'a str,
    pub(super) range: Range<usize>,
    /// Whether a mark is right before it, so that a phrase begins there.
    pub(super) leads: bool,
    /// Whether a mark is right behind it.
    pub(super) ends: bool,
    pub(super) says: bool,
    pub(super) masked: bool,
}

pub(super) fn words<'a>(part: Part<'a>, table: &Table) -> Vec<Word<'a>> {
    let mark = |c: char| {
        !c.is_alphanumeric()
            && !matches!(c, '"' | '\'' | '״' | '׳' | '\u{200c}' | '-' | '־' | '·' | '.')
            && !is_combining(c)
    };
    let mut out: Vec<Word<'a>> = Vec::new();
    let mut marked = true;
    for piece in part.text.split_whitespace() {
        let left = piece.len() - piece.trim_start_matches(mark).len();
        let bare = piece.trim_matches(mark).trim_end_matches(['.', '"', '\'']);
        if bare.is_empty() {
            if !piece.contains(MASK) || piece.chars().any(|c| c != MASK) {
                marked = true;
                if let Some(last) = out.last_mut() {
                    last.ends = true;
                }
            } else {
                marked = true;
            }
            continue;
        }
        let masked = piece.contains(MASK);
        let says = table.say.contains(bare)
            || table
                .prefix
                .iter()
                .any(|p| bare.strip_prefix(p).is_some_and(|rest| table.say.contains(rest)));
        let ends = piece.len() > left + bare.len();
        out.push(Word {
            text: bare,
            range: part.range(bare),
            leads: marked || left > 0,
            ends,
            says,
            masked,
        });
        marked = ends;
    }
    out
}

fn is_combining(c: char) -> bool {
    matches!(c as u32, 0x0591..=0x05c7 | 0x0610..=0x061a | 0x064b..=0x065f | 0x0900..=0x0903 | 0x093a..=0x094f)
}

/// Whether a word begins a clause or names a listener by the letters it begins with: "שהשחקנים", "للصحافيين".
fn goes_on(word: &str, table: &Table) -> bool {
    let long = word.chars().count() > 5;
    long && table.object.iter().any(|letters| word.starts_with(letters))
}

/// The verb among the first words, where nothing but small words is before it.
fn verb_near(words: &[Word<'_>], _table: &Table, reach: usize) -> Option<usize> {
    words.iter().take(reach).position(|word| word.says)
}

/// The name on the side of the verb where one is.
fn beside(words: &[Word<'_>], at: usize, place: &Place<'_>) -> Found {
    let table = place.table;
    let mut at = at;
    // "اعلام کرد": a noun and its verb are one.
    while table.is("verb-last") && at > 0 && words[at - 1].says && !words[at].leads {
        at -= 1;
    }
    let cue = Some(words[at].range.clone());
    let behind = || {
        let mut end = at + 1;
        while end < words.len()
            && end - at <= 9
            && (!words[end].leads || end <= at + 1)
            && !table.clause.contains(words[end].text)
            && !goes_on(words[end].text, table)
            && !words[end].says
        {
            end += 1;
            if words[end - 1].ends {
                break;
            }
        }
        if words[at].ends { None } else { name(&words[at + 1..end], table, Side::First) }
    };
    let ahead = || {
        let mut start = at;
        while start > 0 && at - start < 9 && !words[start].leads && !words[start - 1].says {
            if table.clause.contains(words[start - 1].text) {
                break;
            }
            start -= 1;
        }
        // "غلام کریمی، سرمربی پیشین، در صفحه خود نوشت": the name may be before what is set off.
        let apart = start == at || words[start].leads || !table.preposition.is_empty();
        name(&words[start..at], table, Side::Last)
            .filter(|_| table.preposition.is_empty())
            .or_else(|| apart.then(|| set_off(words, at, table)).flatten())
    };
    let name = if table.is("verb-last") { ahead() } else { behind().or_else(ahead) };
    Found { name, cue }
}

/// The name before a verb where commas or prepositions are between: the nearest phrase that is not an office alone
/// and does not begin with a preposition.
fn set_off(words: &[Word<'_>], at: usize, table: &Table) -> Option<Range<usize>> {
    const PHRASES_MAX: usize = 4;
    let mut end = at;
    let mut office = None;
    for _ in 0..PHRASES_MAX {
        let mut start = end;
        while start > 0 && end - start < 12 && !words[start.min(end - 1)].leads {
            if words[start - 1].says || words[start - 1].masked {
                break;
            }
            start -= 1;
        }
        if start == end {
            // The verb itself leads: the phrase before it.
            start = end.saturating_sub(1);
            while start > 0 && end - start < 12 && !words[start].leads && !words[start - 1].says {
                start -= 1;
            }
        }
        let phrase = &words[start..end];
        // "ترابی به خبرنگاران گفت": up to the first preposition.
        let cut = phrase.iter().position(|word| table.preposition.contains(word.text));
        let phrase = &phrase[..cut.unwrap_or(phrase.len())];
        let titled = phrase.first().is_some_and(|word| is_title(word.text, table));
        if let Some(found) = name(phrase, table, Side::First) {
            if !(titled && start > 0 && !words[start - 1].says) {
                return Some(found);
            }
            office.get_or_insert(found);
        }
        if start == 0 || words[start - 1].says {
            break;
        }
        end = start;
    }
    office
}

/// "لدברי X": a source phrase and the name behind it.
fn source(words: &[Word<'_>], place: &Place<'_>) -> Option<Found> {
    let table = place.table;
    for at in 0..words.len() {
        for phrase in &table.source {
            let fits = phrase.iter().enumerate().all(|(index, wanted)| {
                words.get(at + index).is_some_and(|word| {
                    let last = index + 1 == phrase.len();
                    word.text == *wanted
                        || table.prefix.iter().any(|p| word.text.strip_prefix(p) == Some(wanted))
                        || last && wanted.chars().count() == 1 && word.text.starts_with(wanted)
                })
            });
            if !fits {
                continue;
            }
            let glued = phrase.last().is_some_and(|last| {
                last.chars().count() == 1 && words[at + phrase.len() - 1].text != *last
            });
            let from = at + phrase.len() - usize::from(glued);
            let mut end = from;
            while end < words.len()
                && end - from < 8
                && !(words[end].leads && end > from)
                && !table.clause.contains(words[end].text)
            {
                end += 1;
                if words[end - 1].ends {
                    break;
                }
            }
            let mut found = name(&words[from..end], table, Side::First)?;
            if glued && found.start == words[from].range.start {
                found.start += words[from].text.chars().next().map_or(0, char::len_utf8);
            }
            let cue = words[at].range.start..words[at + phrase.len() - 1].range.end;
            return Some(Found { name: Some(found), cue: Some(cue) });
        }
    }
    None
}

/// Which end of a phrase the name stands at where it is too long.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    First,
    Last,
}

/// The name in a phrase: without titles, pronouns and small words around it.
fn name(words: &[Word<'_>], table: &Table, side: Side) -> Option<Range<usize>> {
    let mut list: &[Word<'_>] = words;
    if list.iter().any(|word| word.masked) {
        return None;
    }
    // "وصفت الوزيرة الخطة بأنها": what is named is before the word that names it, and is not part of the subject.
    if let Some(at) = list.iter().position(|word| table.told_with.contains(word.text))
        && at >= 2
        && side == Side::First
    {
        list = &list[..at - 1];
    }
    while let Some(first) = list.first().filter(|first| {
        table.clause.contains(first.text) || list.len() > 1 && is_title(first.text, table)
    }) {
        let _ = first;
        list = &list[1..];
    }
    while let Some(last) = list.last().filter(|last| {
        table.clause.contains(last.text) || list.len() > 1 && is_title(last.text, table)
    }) {
        let _ = last;
        list = &list[..list.len() - 1];
    }
    // Arabic: what bears the article before a name that bears none is an office ("الخباز عمر الدهان").
    while list.len() > 2
        && list[0].text.starts_with("ال")
        && !list[1].text.starts_with("ال")
        && table.is("verb-first")
    {
        list = &list[1..];
    }
    // A title in the middle: what is of an office before it, the name behind it.
    if let Some(at) =
        list.iter().rposition(|word| is_title(word.text, table)).filter(|at| at + 1 < list.len())
    {
        list = &list[at + 1..];
    }
    if list.len() > NAME_WORDS_MAX {
        list = match side {
            Side::First => &list[..2],
            Side::Last => &list[list.len() - 2..],
        };
    }
    let (first, last) = (list.first()?, list.last()?);
    let pronoun = |word: &str| {
        table.he.contains(word) || table.she.contains(word) || table.they.contains(word)
    };
    if list.len() == 1 && pronoun(first.text) || first.text.chars().all(char::is_numeric) {
        return None;
    }
    Some(first.range.start..last.range.end)
}

fn is_title(word: &str, table: &Table) -> bool {
    table.is_role(word) || word.strip_prefix('ה').is_some_and(|rest| table.is_role(rest))
}

/// Hindi: the speaker is before its mark, and the verb soon behind it.
fn marked(place: &Place<'_>) -> Option<Found> {
    let table = place.table;
    for part in [place.after, place.before] {
        let words = words(part, table);
        if let Some(found) = source_behind(&words, table) {
            return Some(found);
        }
        let marks = words
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, word)| table.subject_mark.contains(word.text));
        for (at, _) in marks {
            let verb = words[at + 1..].iter().take(VERB_WORDS_MAX).find(|word| word.says);
            // "… ने इसे "तबाही" बताया": the verb is after the words.
            let beyond = || {
                let near = part.at == place.before.at && words.len() - at <= VERB_WORDS_MAX;
                let behind = self::words(place.after, table);
                near.then(|| behind.into_iter().take(2).find(|word| word.says)).flatten()
            };
            let Some(verb) =
                verb.map(|word| word.range.clone()).or_else(|| beyond().map(|w| w.range))
            else {
                continue;
            };
            let mut start = at;
            while start > 0
                && at - start < 9
                && !words[start].leads
                && !table.clause.contains(words[start - 1].text)
                && !words[start - 1].says
            {
                start -= 1;
            }
            let name = name(&words[start..at], table, Side::Last);
            return Some(Found { name, cue: Some(verb) });
        }
        // "उन्होंने कहा": a pronoun that bears the mark.
        let verb = words.iter().take(8).position(|word| word.says);
        let pronoun = words.iter().take(4).any(|word| table.he.contains(word.text));
        if let Some(at) = verb.filter(|_| pronoun) {
            return Some(Found { name: None, cue: Some(words[at].range.clone()) });
        }
    }
    None
}

/// "X के अनुसार": a name and a source phrase behind it.
fn source_behind(words: &[Word<'_>], table: &Table) -> Option<Found> {
    for at in 1..words.len() {
        for phrase in &table.source_after {
            let fits = phrase.iter().enumerate().all(|(index, wanted)| {
                words.get(at + index).is_some_and(|word| word.text == *wanted)
            });
            if fits {
                let mut start = at;
                while start > 0
                    && at - start < 9
                    && !words[start].leads
                    && !table.clause.contains(words[start - 1].text)
                {
                    start -= 1;
                }
                let name = name(&words[start..at], table, Side::Last)?;
                let cue = words[at].range.start..words[at + phrase.len() - 1].range.end;
                return Some(Found { name: Some(name), cue: Some(cue) });
            }
        }
    }
    None
}
