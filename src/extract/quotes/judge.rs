//! Speech told from scare quotes, titles of works and names in marks.
//!
//! Owns the verdict whether a pair of marks holds quoted speech. Deliberately finds no speaker. The
//! rules are few and each says what it is after; `docs/quotations.md` has what they keep and lose.

use super::attribution::{Attribution, Way};
use super::lexicon::Verb;
use super::marks::Span;
use super::tokens::Tokens;
use crate::extract::page::{Block, BlockKind};
use crate::extract::words::words;
use crate::language::Table;

/// Words in marks up to which a bare fragment may be a name or a scare quote.
const SHORT_WORDS_MAX: usize = 4;

/// Whether the quotation is made of whole sentences.
pub(crate) fn is_whole(text: &str, tokens: &Tokens, spans: &[Span], index: usize) -> bool {
    let span = &spans[index];
    if span.dialogue {
        return true;
    }
    let inner = text[span.inner_start..span.inner_end].trim();
    let inner = inner.trim_end_matches(['’', '\'', '”', '"', '»', '›', '“', '‘']).trim_end();
    let first = inner.chars().find(|c| c.is_alphanumeric());
    // Scripts without capitals have only the stops to go by.
    let capital = first.is_some_and(|c| !c.is_lowercase());
    let wide = inner.chars().any(|c| matches!(c as u32, 0x3040..=0x9fff));
    let stopped = inner.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟']);
    let ended = stopped
        || inner.ends_with([',', '—', '-'])
        || text[span.end..].starts_with([',', '.', '،']);
    let (at, sentence) = tokens.of_quote[index];
    let leads = tokens.sentences.get(sentence).is_some_and(|(range, _)| at == range.start);
    let introduced = text[..span.start].trim_end().ends_with([',', ':', '：', '—', '–']);
    let several = inner.contains(char::is_whitespace);
    let sentence_like = leads || introduced || several && stopped && !is_title_case(inner);
    wide || (capital && ended && sentence_like)
}

/// Whether the group is quoted speech.
#[expect(clippy::too_many_arguments, reason = "the parts of one reading, which owns them")]
pub(crate) fn is_quotation(
    text: &str,
    blocks: &[Block],
    tokens: &Tokens,
    spans: &[Span],
    found: &[Option<Attribution>],
    group: &[usize],
    single_style: bool,
    table: Option<&Table>,
) -> bool {
    let Some(&first) = group.first() else { return false };
    if group.len() > 1
        || matches!(
            blocks.get(spans[first].block).map(|b| &b.kind),
            Some(BlockKind::Quote | BlockKind::Post)
        )
    {
        return true;
    }
    let span = &spans[first];
    let inner = text[span.inner_start..span.inner_end].trim();
    let words = inner.split_whitespace().count();
    let attribution = found[first].as_ref().filter(|a| a.way != Way::Subject);
    let beside = attribution.is_some_and(|a| a.way == Way::Beside);
    if !inner.chars().any(char::is_alphanumeric) {
        return false;
    }
    let single = span.single && !single_style;
    if single && !(beside || is_whole(text, tokens, spans, first) && attribution.is_some()) {
        return false;
    }
    // Where nothing has capitals, they tell no name.
    let cased = table.is_none_or(|table| !table.is("no-capitals"));
    if words <= 3 && cased && is_title_case(inner) && is_nickname(tokens, tokens.of_quote[first].0)
    {
        return false;
    }
    let naming = named_by(text, span.start)
        || named_in(text, span, table)
        || called_by_name(text, span.start, inner);
    if naming && words <= 8 && !inner.ends_with('?') {
        return false;
    }
    if words <= 6 && table.is_some_and(|table| is_apposed(text, tokens, span, first, table)) {
        return false;
    }
    if inner.ends_with('?') && is_asked(tokens, first) {
        return false;
    }
    if words <= 4
        && let Some(table) = table
        && is_placed_name(tokens, first, attribution, inner, table)
    {
        return false;
    }
    if words <= 6 && is_named_behind(text, span) {
        return false;
    }
    // "Her book “A Year among the Rows”": no comma, no stop, a capital.
    if table.is_none()
        && words <= 8
        && inner.starts_with(char::is_uppercase)
        && !inner.ends_with(['.', '!', '?', ','])
        && words_before(text, span.start, 1).iter().any(|word| WORKS.contains(&word.as_str()))
    {
        return false;
    }
    // American style sets the stop of the sentence inside the marks.
    let title = is_title_case(inner) && (2..=8).contains(&words) && !inner.ends_with(['?', '!']);
    if title && owned_or_placed(text, span.start) {
        return false;
    }
    let whole = is_whole(text, tokens, spans, first);
    let caseless = inner.chars().any(|c| matches!(c as u32, 0x3040..=0x9fff));
    if table.is_some_and(|table| table.is("no-capitals")) && !beside {
        // Without capitals and without a speaker, only a sentence of its own is speech.
        let stopped = inner.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟', '।']);
        let introduced = text[..span.start].trim_end().ends_with([':', '：']);
        return stands_alone(tokens, first)
            || stopped && words + inner.chars().count() > 6
            || introduced;
    }
    if whole
        && !beside
        && words == 1
        && !caseless
        && !stands_alone(tokens, first)
        && attribution.is_none()
    {
        return false;
    }
    // Elsewhere a word or two in marks, away from a verb of saying, are a name or a doubt; and so are
    // capitals alone where all nouns have them.
    if let Some(table) = table.filter(|table| !table.is("no-capitals") && !beside && !whole) {
        let told = attribution.is_some_and(|a| {
            a.cue.as_ref().is_some_and(|(_, verb)| matches!(verb, Verb::Addresses))
        });
        let capitals = inner.split_whitespace().all(|word| {
            word.chars().find(|c| c.is_alphanumeric()).is_none_or(|c| !c.is_lowercase())
        });
        let cued = attribution.is_some_and(|a| a.cue.is_some());
        let told = told
            || attribution.is_some_and(|a| is_predicate(tokens, first, a, inner, table))
            || table.is("noun-capitals")
                && attribution.is_some()
                && (inner.starts_with(char::is_lowercase)
                    || is_object_of(tokens, first, true) && is_beside_copula(tokens, first))
                && super::neighbours::is_reported(tokens, first)
            || table.is("noun-capitals") && is_named_as_said(tokens, first);
        if words == 1 && !told
            || words == 2 && !cued
            || capitals
                && (table.is("noun-capitals") || words <= 4)
                && !is_object_of(tokens, first, told)
                && !(table.is("noun-capitals") && is_named_as_said(tokens, first))
        {
            return false;
        }
    }
    if beside || whole {
        return !(is_title_case(inner) && words >= 2 && work_before(text, span.start));
    }
    let strong = attribution.is_some_and(|a| {
        a.cue.as_ref().is_some_and(|(_, verb)| !matches!(verb, Verb::Holds | Verb::Base))
    });
    if is_title_case(inner) && (work_before(text, span.start) || !strong) {
        return false;
    }
    if words <= SHORT_WORDS_MAX && attribution.is_none() {
        return false;
    }
    words > SHORT_WORDS_MAX || attribution.is_some()
}

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

/// Words before the wording of a question that a poll or a reporter put.
const ASKED: &[&str] = &[
    "frage",
    "question",
    "pregunta",
    "domanda",
    "pergunta",
    "вопрос",
    "питання",
    "запитання",
    "pytanie",
    "otázku",
    "vraag",
    "frågan",
    "spørsmålet",
    "spørgsmålet",
    "ερώτηση",
    "ερώτημα",
    "sorusuna",
    "pertanyaan",
    "вопросы",
];

/// Tokens between the name of a poll and the wording of its question.
const POLL_REACH: usize = 6;

/// Polls, which ask and do not say.
const POLLS: [&str; 22] = [
    "poll",
    "survey",
    "ballot",
    "referendum",
    "questionnaire",
    "umfrage",
    "sondage",
    "encuesta",
    "sondeo",
    "sondaggio",
    "sondagem",
    "peiling",
    "enquête",
    "sondaż",
    "anketa",
    "опрос",
    "опросе",
    "опитування",
    "meningsmåling",
    "undersökningen",
    "anket",
    "survei",
];

/// The wording of a question behind the word for it, or behind "when asked".
fn is_asked(tokens: &Tokens, index: usize) -> bool {
    let (at, _) = tokens.of_quote[index];
    let word = |back: usize| {
        at.checked_sub(back).and_then(|at| tokens.list.get(at)).map_or("", |t| t.lower.as_str())
    };
    // "The poll asked, “Do you trust the mayor?”": the wording of a poll.
    let of_poll = (1..=POLL_REACH)
        .take_while(|back| {
            at.checked_sub(*back)
                .and_then(|at| tokens.list.get(at))
                .is_some_and(|token| token.is_word() || token.kind == super::tokens::Kind::Comma)
        })
        .any(|back| POLLS.contains(&word(back)));
    of_poll
        || ASKED.contains(&word(1))
        || word(1) == "asked" && matches!(word(2), "when" | "if" | "were" | "was" | "are")
}

/// A name in capitals behind a preposition or a common noun, or behind "as … reports": "al telefono con “Radio Alta”",
/// "dono do estádio “Caldeirão”", "jak podaje „Goniec”".
fn is_placed_name(
    tokens: &Tokens,
    index: usize,
    attribution: Option<&Attribution>,
    inner: &str,
    table: &Table,
) -> bool {
    let capitals = inner
        .split_whitespace()
        .all(|word| word.chars().find(|c| c.is_alphanumeric()).is_some_and(|c| !c.is_lowercase()));
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
    let told = attribution
        .is_some_and(|a| a.cue.as_ref().is_some_and(|(_, verb)| matches!(verb, Verb::Addresses)));
    if table.is("noun-capitals") && is_object_of(tokens, index, told) {
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
            && a.mention
                .as_ref()
                .is_some_and(|m| m.tokens.end == at && m.kind == super::MentionKind::Role)
    });
    let says = table.say.contains(word) || table.tell.contains(word);
    let reports = says
        && tokens.list.get(before.wrapping_sub(1)).is_some_and(|t| {
            matches!(
                t.lower.as_str(),
                "jak" | "как" | "як" | "wie" | "como" | "comme" | "come" | "jako" | "zoals" | "som"
            )
        });
    let noun = !token.is_capital()
        && !says
        && !table.is_small(word)
        && !table.is("noun-capitals")
        && word.chars().count() > 3
        && attribution.is_none_or(|a| a.cue.as_ref().is_none_or(|(cue, _)| cue.start > at));
    source || reports || table.preposition.contains(word) && !table.clause.contains(word) || noun
}

/// Nouns behind which words in marks are said: "mit den Worten „…“".
const SAID_NOUNS: &[&str] = &[
    "worten",
    "wort",
    "worte",
    "satz",
    "frage",
    "motto",
    "zitat",
    "aussage",
    "parole",
    "parolen",
    "sprüche",
    "ruf",
    "rufe",
    "slogan",
    "antwort",
    "urteil",
    "fazit",
    "bitte",
    "forderung",
    "warnung",
    "bemerkung",
];

/// A name in marks beside the noun that it names: "der Fernsehsender „Silverbird“ berichtete", "laut „BBC News“",
/// "die „Union pour la France“ (UPF)".
fn is_apposed(text: &str, tokens: &Tokens, span: &Span, index: usize, table: &Table) -> bool {
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
    // "In der „Trostrunde“, dem „Coup des Nations“": one name beside another.
    let kind =
        |back: usize| at.checked_sub(back).and_then(|at| tokens.list.get(at)).map(|t| t.kind);
    if table.determiner.contains(tokens.list[before].lower.as_str())
        && kind(2) == Some(super::tokens::Kind::Comma)
        && matches!(kind(3), Some(super::tokens::Kind::Quote(_)))
    {
        return true;
    }
    let before = &tokens.list[before];
    let word = before.lower.as_str();
    let source = table.source.iter().any(|phrase| {
        phrase.len() == 1 && phrase[0] == word && !table.preposition.contains(word)
            || word == "laut"
    });
    let noun = table.is("noun-capitals")
        && before.is_word()
        && before.is_capital()
        && !SAID_NOUNS.iter().any(|noun| word.ends_with(noun))
        && !behind.starts_with(',');
    source && before.is_word() || noun
}

/// "skandierten Sprüche wie „…“": words that an example of what was said is.
fn is_named_as_said(tokens: &Tokens, index: usize) -> bool {
    let (at, _) = tokens.of_quote[index];
    let word = |back: usize| {
        at.checked_sub(back).and_then(|at| tokens.list.get(at)).map_or("", |t| t.lower.as_str())
    };
    word(1) == "wie" && SAID_NOUNS.iter().any(|noun| word(2).ends_with(noun))
}

/// "sei nur ein „Papiertiger“", "ein „Papiertiger“ sei": the predicate of reported speech.
fn is_beside_copula(tokens: &Tokens, index: usize) -> bool {
    let (at, _) = tokens.of_quote[index];
    let is = |at: Option<usize>| {
        at.and_then(|at| tokens.list.get(at)).is_some_and(|token| {
            matches!(token.lower.as_str(), "sei" | "seien" | "wäre" | "wären" | "bleibe" | "werde")
        })
    };
    is(Some(at + 1)) || (2..7).any(|back| is(at.checked_sub(back)))
}

/// "sprachen von „Panikverkäufen“": a noun that a verb of naming takes.
fn is_object_of(tokens: &Tokens, index: usize, told: bool) -> bool {
    let (at, _) = tokens.of_quote[index];
    let before =
        at.checked_sub(1).and_then(|at| tokens.list.get(at)).map_or("", |t| t.lower.as_str());
    told && matches!(before, "von" | "als" | "vor" | "ein" | "eine" | "einen" | "einem" | "einer")
}

/// "escreveu que as provas eram “frágeis”": a word in what was said, in lower case and without an article.
fn is_predicate(
    tokens: &Tokens,
    index: usize,
    attribution: &Attribution,
    inner: &str,
    table: &Table,
) -> bool {
    let (at, _) = tokens.of_quote[index];
    let Some((cue, Verb::Says)) = &attribution.cue else { return false };
    let Some(before) = at.checked_sub(1).and_then(|before| tokens.list.get(before)) else {
        return false;
    };
    let clause = tokens.list.get(cue.end..at).is_some_and(|between| {
        between.iter().take(3).any(|t| table.clause.contains(t.lower.as_str()))
    });
    clause
        && attribution.mention.is_some()
        && inner.starts_with(char::is_lowercase)
        && before.is_word()
        && !table.determiner.contains(before.lower.as_str())
}

/// "„Wikiasari“, so heißt ein Projekt", "« Aurore », c’est le nom": a name that is given behind it.
fn is_named_behind(text: &str, span: &Span) -> bool {
    let behind = text.get(span.end..).unwrap_or("").trim_start_matches([',', ' ']);
    const NAMED: [&str; 14] = [
        "so heißt",
        "so hieß",
        "so lautet",
        "so nennt sich",
        "so der Name",
        "so der Titel",
        "so das Motto",
        "so das Kürzel",
        "c’est le nom",
        "c'est le nom",
        "así se llama",
        "assim se chama",
        "si chiama",
        "zo heet",
    ];
    // "so heißt es" is speech.
    NAMED.iter().any(|named| {
        behind.strip_prefix(named).is_some_and(|rest| {
            rest.starts_with([' ', ',', '.'])
                && !rest.trim_start().starts_with("es ")
                && !rest.trim_start().starts_with("es,")
        })
    })
}

/// Robert “Bobby” Crane: marks between two words of a name.
fn is_nickname(tokens: &Tokens, at: usize) -> bool {
    let near = |index: usize| tokens.list.get(index).is_some_and(|t| t.is_capital());
    at.checked_sub(1).is_some_and(near) && near(at + 1)
}

/// What the language's own words make a name or a title: "der sogenannte „…“", "电影“…”", “…”一词.
fn named_in(text: &str, span: &Span, table: Option<&Table>) -> bool {
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
        // "detto “il Gatto”": the capital stands behind the article.
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
                        && ["erstwerk", "debüt", "album", "roman", "lied", "spielfilm"]
                            .iter()
                            .any(|end| noun.trim_end_matches(':').ends_with(end))
            })
}

/// Whether the article quotes in single marks, as British papers do: no double ones stand in it, and a
/// verb of saying stands beside a single one.
pub(crate) fn single_style(spans: &[Span], found: &[Option<Attribution>]) -> bool {
    let mut beside = false;
    for (span, attribution) in spans.iter().zip(found) {
        if !span.single {
            return false;
        }
        // "noemt het plan ‘een slechte grap’" tells it as well.
        beside = beside
            || attribution
                .as_ref()
                .is_some_and(|a| a.way == Way::Beside || a.cue.is_some() && a.mention.is_some());
    }
    beside
}

/// Whether the quotation is its whole sentence.
fn stands_alone(tokens: &Tokens, index: usize) -> bool {
    let (at, sentence) = tokens.of_quote[index];
    tokens.sentences.get(sentence).is_some_and(|(range, _)| at == range.start && range.len() == 1)
}

/// Every longer word has a capital: a title, not a sentence.
fn is_title_case(inner: &str) -> bool {
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
fn words_before(text: &str, at: usize, count: usize) -> Vec<String> {
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
fn named_by(text: &str, at: usize) -> bool {
    let words = words_before(text, at, 2);
    let last = words.last().map_or("", String::as_str);
    let before = if words.len() == 2 { words[0].as_str() } else { "" };
    matches!(
        last,
        "so-called"
            | "nicknamed"
            | "entitled"
            | "titled"
            | "codenamed"
            | "code-named"
            | "sogenannte"
            | "sogenannten"
            | "llamado"
            | "llamada"
            | "soi-disant"
    ) || (last == "as" && matches!(before, "known"))
        || (last == "the" && before == "called")
        || matches!(last, "name" | "alias" | "nickname" | "moniker") && before != "of"
        || (last == "by" && matches!(before, "goes" | "went" | "go"))
        || (last == "term" || last == "word" || last == "phrase") && before == "the"
}

/// "a show called “Brokers”", "whom fans call “the General”", "catalogued as “GW 311”": capitals behind a word of naming.
fn called_by_name(text: &str, at: usize, inner: &str) -> bool {
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

/// "on CNN’s “State of Elm,”", "with “Good Morning Elm”": a broadcast or a work.
fn owned_or_placed(text: &str, at: usize) -> bool {
    let mut words = words_before(text, at, 2);
    // "told the “Morning Post”".
    if words.last().is_some_and(|word| word == "the")
        && words.first().is_some_and(|w| w == "told" || w == "tells")
    {
        words.pop();
    }
    words.last().is_some_and(|word| {
        matches!(word.as_str(), "on" | "with" | "of" | "to" | "from" | "for" | "told" | "tells")
            || word.ends_with("’s")
            || word.ends_with("'s")
    })
}

/// A kind of work stands before it: "the film “…”", "her book, “…”", "on “…”".
fn work_before(text: &str, at: usize) -> bool {
    let words = words_before(text, at, 2);
    words
        .iter()
        .any(|word| WORK_BEFORE_WORDS.contains(word.trim_matches(|c: char| !c.is_alphanumeric())))
}

words!(
    WORK_BEFORE_WORDS,
    "book novel memoir film movie song album show series play musical documentary podcast \
     article essay poem painting episode program programme game titled entitled on of at \
     single hit column host starring exhibition report study magazine nbc’s nbc's abc’s abc's \
     cbs’ cnn’s cnn's msnbc’s msnbc's fox’s libro película canción livre chanson buch lied \
     livro filme canção"
);
