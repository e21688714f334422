//! Names, titles of works and questions of polls in marks, recognised by the words next to them.
//!
//! Owns which marks hold no speech, by what is around them. Deliberately weighs no attribution against it.

use super::super::MentionKind;
use super::super::attribution::Attribution;
use super::super::lexicon::Verb;
use super::super::marks::Span;
use super::super::tokens::{Kind, Tokens};
use super::is_object_of;
use crate::extract::words::words;
use crate::language::Table;

/// Kinds of works before their title.
const WORKS: &[&str] = &[
    "book",
    "novel",
    "memoir",
    "film",
    "movie",
    "song",
    "album",
    "play",
    "musical",
    "documentary",
    "podcast",
    "painting",
    "exhibition",
    "poem",
    "opera",
    "series",
    "sitcom",
    "biography",
];

/// Tokens between the name of a poll and the wording of its question.
const POLL_REACH: usize = 6;

/// Polls, which ask and do not say.
const POLLS: [&str; 5] = ["poll", "survey", "ballot", "referendum", "questionnaire"];

/// The wording of a question behind the word for it, or behind "when asked".
pub(super) fn is_asked(tokens: &Tokens, index: usize, table: Option<&Table>) -> bool {
    let (at, sentence) = tokens.of_quote[index];
    let word = |back: usize| {
        at.checked_sub(back).and_then(|at| tokens.list.get(at)).map_or("", |t| t.lower.as_str())
    };
    // "The poll asked, “Do you trust the mayor?”": the wording of a poll.
    let of_poll = (1..=POLL_REACH)
        .take_while(|back| {
            at.checked_sub(*back).and_then(|at| tokens.list.get(at)).is_some_and(|token| {
                token.is_word() || matches!(token.kind, Kind::Comma | Kind::Colon)
            })
        })
        .any(|back| {
            POLLS.contains(&word(back)) || table.is_some_and(|t| t.poll.contains(word(back)))
        });
    of_poll
        || table.is_some_and(|table| table.asked.contains(word(1)))
        || word(1) == "asked"
            && (matches!(word(2), "when" | "if" | "were" | "was" | "are")
                // "Asked “Should it stay?”, most said yes."
                || tokens.sentences.get(sentence).is_some_and(|(range, _)| range.start + 1 == at))
}

/// "told the “Echo”: “We waited.”", "told the Millbrook “Echo”": the listener, in marks.
pub(super) fn is_spoken_to(
    text: &str,
    tokens: &Tokens,
    span: &Span,
    index: usize,
    inner: &str,
) -> bool {
    if !inner.starts_with(char::is_uppercase) || inner.ends_with(['.', '!', '?', ',', '…']) {
        return false;
    }
    let (at, sentence) = tokens.of_quote[index];
    let Some((range, _)) = tokens.sentences.get(sentence) else { return false };
    let kind = |at: usize| tokens.list.get(at).map(|token| token.kind);
    let leads_on = at > range.start
        && kind(at + 1) == Some(Kind::Colon)
        && matches!(kind(at + 2), Some(Kind::Quote(_)));
    leads_on
        || is_title_case(inner)
            && words_before(text, span.start, 4)
                .iter()
                .any(|word| matches!(word.as_str(), "told" | "tells" | "telling"))
}

/// A name in capitals behind a preposition or a common noun, or behind "as … reports": "al telefono con “Radio Alta”",
/// "dono do estádio “Caldeirão”", "jak podaje „Goniec”".
pub(super) fn is_placed_name(
    tokens: &Tokens,
    index: usize,
    attribution: Option<&Attribution>,
    inner: &str,
    table: &Table,
) -> bool {
    let capitals = inner.split_whitespace().all(|word| is_name_part(word, table))
        && inner.chars().find(|c| c.is_alphanumeric()).is_some_and(|c| !c.is_lowercase())
        && inner.split_whitespace().next_back().is_some_and(|last| {
            !last.starts_with(char::is_lowercase) || last.contains(['’', '\''])
        });
    if !capitals
        || inner.ends_with(['.', '!', '?', ',', '…'])
        || table.is("no-capitals")
        || table.is("verb-last")
    {
        return false;
    }
    let (at, sentence) = tokens.of_quote[index];
    let Some((range, _)) = tokens.sentences.get(sentence) else { return false };
    let Some(before) = at.checked_sub(1).filter(|before| *before > range.start) else {
        return false;
    };
    // "sprachen von „Panikverkäufen“": every noun has a capital.
    let addresses = attribution
        .is_some_and(|a| a.cue.as_ref().is_some_and(|(_, verb)| matches!(verb, Verb::Addresses)));
    if table.is("noun-capitals") && is_object_of(tokens, index, addresses, table) {
        return false;
    }
    let token = &tokens.list[before];
    let word = token.lower.as_str();
    if !token.is_word() {
        return false;
    }
    // "d’après le quotidien « La Cote »": the marks name the source itself.
    let source = attribution.is_some_and(|a| {
        let behind = a.cue.as_ref().is_some_and(|(cue, _)| cue.end <= before);
        behind
            && a.mention.as_ref().is_some_and(|m| m.tokens.end == at && m.kind == MentionKind::Role)
    });
    let says = table.say.contains(word) || table.tell.contains(word);
    let reports = says
        && tokens
            .list
            .get(before.wrapping_sub(1))
            .is_some_and(|t| table.like.contains(t.lower.as_str()));
    let noun = !token.is_capital()
        && !says
        && !table.is_small(word)
        && !table.is("noun-capitals")
        && word.chars().count() > 3
        && attribution.is_none_or(|a| a.cue.as_ref().is_none_or(|(cue, _)| cue.start > at));
    source || reports || table.preposition.contains(word) && !table.clause.contains(word) || noun
}

/// Whether a word may be in a name: a capital, also behind an elision, or a small word that hangs two names
/// together: "Courrier du Port", "Eco dell’Isola".
fn is_name_part(word: &str, table: &Table) -> bool {
    let capital =
        |word: &str| word.chars().find(|c| c.is_alphanumeric()).is_some_and(|c| !c.is_lowercase());
    capital(word)
        || word.split_once(['’', '\'']).is_some_and(|(_, rest)| capital(rest))
        || !table.is("noun-capitals")
            && (table.genitive.contains(word)
                || table.join.contains(word)
                || table.determiner.contains(word) && table.preposition.contains(word))
}

/// A name in marks next to the noun that it names: "der Fernsehsender „Silverbird“ berichtete", "laut „BBC News“",
/// "die „Union pour la France“ (UPF)".
pub(super) fn is_apposed(
    text: &str,
    tokens: &Tokens,
    span: &Span,
    index: usize,
    table: &Table,
) -> bool {
    let inner = text[span.inner_start..span.inner_end].trim();
    let named = inner.starts_with(|c: char| c.is_uppercase() || c.is_numeric())
        || inner.contains('.') && !inner.contains(' ');
    if !named || inner.ends_with(['.', '!', '?', ',', '…']) || table.is("no-capitals") {
        return false;
    }
    let behind = text.get(span.end..).unwrap_or("");
    let short: String = behind
        .strip_prefix(" (")
        .map_or(String::new(), |rest| rest.chars().take_while(|c| *c != ')').take(9).collect());
    if (2..=8).contains(&short.chars().count())
        && short.chars().filter(|c| c.is_uppercase()).count() >= 2
    {
        return true;
    }
    let (at, sentence) = tokens.of_quote[index];
    let Some((range, _)) = tokens.sentences.get(sentence) else { return false };
    let Some(before) = at.checked_sub(1).filter(|before| *before >= range.start) else {
        return false;
    };
    // "In der „Trostrunde“, dem „Coup des Nations“": one name next to another.
    let kind =
        |back: usize| at.checked_sub(back).and_then(|at| tokens.list.get(at)).map(|t| t.kind);
    if table.determiner.contains(tokens.list[before].lower.as_str())
        && kind(2) == Some(Kind::Comma)
        && matches!(kind(3), Some(Kind::Quote(_)))
    {
        return true;
    }
    let before = &tokens.list[before];
    let word = before.lower.as_str();
    let source = table.source.iter().any(|phrase| {
        phrase.len() == 1
            && phrase[0] == word
            && (!table.preposition.contains(word) || !table.source_vague.contains(word))
    });
    let noun = table.is("noun-capitals")
        && before.is_word()
        && before.is_capital()
        && !table.said_noun.iter().any(|noun| word.ends_with(noun))
        && !behind.starts_with(',');
    source && before.is_word() || noun
}

/// "„Wikiasari“, so heißt ein Projekt", "« Aurore », c’est le nom": a name that is given behind it.
pub(super) fn is_named_behind(text: &str, span: &Span, table: &Table) -> bool {
    let behind = text.get(span.end..).unwrap_or("").trim_start_matches([',', ' ', '—', '–']);
    // "so heißt es" is speech.
    let is_speech = |rest: &str| {
        let next = rest.split_whitespace().next().unwrap_or("");
        table.it.contains(next.trim_end_matches([',', '.', ';', ':']))
    };
    table.named_behind.iter().any(|named| {
        behind
            .strip_prefix(named)
            .is_some_and(|rest| rest.starts_with([' ', ',', '.']) && !is_speech(rest))
    })
}

/// Robert “Bobby” Crane: marks between two words of a name.
pub(super) fn is_nickname(tokens: &Tokens, at: usize) -> bool {
    let near = |index: usize| tokens.list.get(index).is_some_and(|t| t.is_capital());
    at.checked_sub(1).is_some_and(near) && near(at + 1)
}

/// What the language's own words make a name or a title: "der sogenannte „…“", "电影“…”", “…”一词.
pub(super) fn named_in(text: &str, span: &Span, table: Option<&Table>) -> bool {
    let Some(table) = table else { return false };
    let before = text[..span.start].trim_end();
    let ends_with = |word: &str| {
        let low = before.len().saturating_sub(word.len() * 2 + 4);
        let low = (low..=before.len()).find(|&at| before.is_char_boundary(at)).unwrap_or(0);
        let tail = before[low..].to_lowercase();
        tail.strip_suffix(word).is_some_and(|rest| {
            table.is("no-spaces") || !rest.chars().next_back().is_some_and(char::is_alphanumeric)
        })
    };
    let behind = text.get(span.end..).unwrap_or("");
    // "Pujol, dit « Le Druide »" is a name, "il s’est dit « triste »" is none.
    let capital = text.get(span.inner_start..span.inner_end).is_some_and(|inner| {
        let mut words = inner.split_whitespace();
        let first = words.next().unwrap_or("");
        // "detto “il Gatto”": the capital is after the article.
        let word =
            if table.determiner.contains(first) { words.next().unwrap_or(first) } else { first };
        !word.starts_with(char::is_lowercase)
    });
    table
        .so_called
        .iter()
        .filter(|phrase| {
            capital
                || phrase.len() > 1
                || !table.say.contains(phrase[0]) && !table.tell.contains(phrase[0])
        })
        .any(|phrase| ends_with(&phrase.join(" ")))
        || table.so_called_after.iter().any(|word| behind.trim_start().starts_with(word))
        || table.is("no-spaces") && table.work.iter().any(|word| ends_with(word))
        || !table.is("no-spaces")
            && capital
            && words_before(text, span.start, 1).iter().any(|word| {
                let noun = word.trim_end_matches(',');
                table.work.contains(noun)
                    || table.is("noun-capitals")
                        && table
                            .work_end
                            .iter()
                            .any(|end| noun.trim_end_matches(':').ends_with(end))
            })
}

/// Every longer word has a capital: a title, not a sentence.
pub(super) fn is_title_case(inner: &str) -> bool {
    let inner = inner.trim_end_matches([',', '.']);
    let mut longer = 0;
    for word in inner.split_whitespace() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let Some(first) = word.chars().next() else { continue };
        if word.chars().count() > 3 || longer == 0 {
            if first.is_lowercase() {
                return false;
            }
            longer += 1;
        }
    }
    longer > 0
}

/// The last words before a mark, in lower case; at most `count`.
pub(super) fn words_before(text: &str, at: usize, count: usize) -> Vec<String> {
    let mut from = at.saturating_sub(64);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut words: Vec<String> = text[from..at].split_whitespace().map(str::to_lowercase).collect();
    let skip = words.len().saturating_sub(count);
    words.drain(..skip);
    words
}

/// "the so-called “…”", "known as “…”", "nicknamed “…”": a name.
pub(super) fn named_by(text: &str, at: usize) -> bool {
    let words = words_before(text, at, 2);
    let last = words.last().map_or("", String::as_str);
    let before = if words.len() == 2 { words[0].as_str() } else { "" };
    matches!(last, "so-called" | "nicknamed" | "entitled" | "titled" | "codenamed" | "code-named")
        || (last == "as" && matches!(before, "known"))
        || (last == "the" && before == "called")
        || matches!(last, "name" | "alias" | "nickname" | "moniker") && before != "of"
        || (last == "by" && matches!(before, "goes" | "went" | "go"))
        || (last == "term" || last == "word" || last == "phrase") && before == "the"
}

/// "a show called “Brokers”", "whom fans call “the General”", "catalogued as “GW 311”": capitals behind a word of naming.
pub(super) fn called_by_name(text: &str, at: usize, inner: &str) -> bool {
    let words = words_before(text, at, 2);
    let last = words.last().map_or("", String::as_str);
    let before = if words.len() == 2 { words[0].as_str() } else { "" };
    let bare = inner.strip_prefix("the ").unwrap_or(inner);
    if bare.split_whitespace().count() > 3 || !is_title_case(bare) {
        return false;
    }
    matches!(last, "called" | "dubbed" | "christened")
        || last == "call" && bare.len() < inner.len()
        || last == "as"
            && matches!(before, "catalogued" | "registered" | "listed" | "locally" | "widely")
}

/// Whether the words before the mark at `at` say that a name follows.
pub(crate) fn is_named(text: &str, at: usize) -> bool {
    named_by(text, at)
}

/// "Her book “A Year among the Rows”": a kind of work right before the marks.
pub(super) fn works_before(text: &str, at: usize) -> bool {
    words_before(text, at, 1).iter().any(|word| WORKS.contains(&word.as_str()))
}

/// "on CNN’s “State of Elm,”", "with “Good Morning Elm”", "in “The Gull”": a broadcast, a paper or a work. "in" and
/// "at" are before what was said as well, with its comma inside.
pub(super) fn owned_or_placed(text: &str, at: usize, inner: &str) -> bool {
    let mut words = words_before(text, at, 2);
    // "told the “Morning Post”".
    if words.last().is_some_and(|word| word == "the")
        && words.first().is_some_and(|w| w == "told" || w == "tells")
    {
        words.pop();
    }
    words.last().is_some_and(|word| {
        matches!(word.as_str(), "on" | "with" | "of" | "to" | "from" | "for" | "told" | "tells")
            || matches!(word.as_str(), "in" | "at") && !inner.ends_with([',', '.'])
            || word.ends_with("’s")
            || word.ends_with("'s")
    })
}

/// A kind of work is before it: "the film “…”", "her book, “…”", "on “…”".
pub(super) fn work_before(text: &str, at: usize, table: Option<&Table>) -> bool {
    words_before(text, at, 2).iter().any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        // Without capitals every text looks like a title, and "called the film “…”" is a verdict.
        WORK_BEFORE_WORDS.contains(word)
            || table.is_some_and(|table| !table.is("no-capitals") && table.work.contains(word))
    })
}

words!(
    WORK_BEFORE_WORDS,
    "book novel memoir film movie song album show series play musical documentary podcast \
     article essay poem painting episode program programme game titled entitled on of at \
     single hit column host starring exhibition report study magazine nbc’s nbc's abc’s abc's \
     cbs’ cnn’s cnn's msnbc’s msnbc's fox’s"
);
