//! Notices of the publisher inside the article: corrections, clarifications, updates, editor's notes,
//! retractions.
//!
//! Read in the text, because publishers do not use the markup there is for them (schema.org's
//! `correction` was found on none of 974 pages). A block is a notice when it begins as one ("Correction,
//! July 3: …", "Editor's note —"), or speaks of the article it stands in ("An earlier version of this
//! story misstated …", "This article was amended on …"). A bare time of change ("Updated 5 p.m.") is a
//! date and no notice. A paragraph may end with one in brackets, and one may stand beside the text: in
//! an aside, a footer, the byline, or in JSON-LD alone ([`beside`]).

mod lexicon;

use std::ops::Range;

use super::page::{Block, BlockKind, Notice, NoticeKind, Page};
use crate::dates::{Order, find_human};

/// A line that holds a notice behind names is no longer than this, in bytes.
const LINE_BYTES_MAX: usize = 320;

/// How many bytes a date or a place may take between the lead and its colon.
const LEAD_TAIL_BYTES_MAX: usize = 48;

/// A notice of fewer words than this after its lead is a line of time and no notice.
const WORDS_MIN: usize = 4;

/// A notice beside the text is no longer than this, in bytes.
const BESIDE_BYTES_MAX: usize = 1_200;
/// So many items below a heading that says "Corrections" belong to it.
const ITEMS_MAX: usize = 12;

/// Finds the notices among the blocks of `page`: sets their kinds and fills `page.notices`.
pub(super) fn read(page: &mut Page) {
    part_endings(page);
    let mut found: Vec<(Range<usize>, NoticeKind)> = Vec::new();
    for at in 0..page.blocks.len() {
        let (Some(block), true) = (page.blocks.get(at), may_hold(page, at)) else { continue };
        if found.last().is_some_and(|(last, _)| last.end > at) {
            continue;
        }
        let text = page.text.get(block.range.clone()).unwrap_or_default();
        let heads = matches!(block.kind, BlockKind::Subheading(_));
        let kind = match kind_of(text) {
            Some(kind) => Some((at..at + 1, kind)),
            // A heading that says "Correction", and the paragraph or the items below it.
            None => bare_lead(text, heads)
                .filter(|_| may_hold(page, at + 1))
                .map(|kind| (at..below(page, at + 1), kind)),
        };
        found.extend(kind);
    }
    for (run, kind) in found {
        let Some(blocks) = page.blocks.get_mut(run) else { continue };
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { continue };
        let range = first.range.start..last.range.end;
        let text = page.text.get(range.clone()).unwrap_or_default().replace("\n\n", " ");
        let kind = sharpened(kind, &text);
        for block in blocks {
            block.kind = BlockKind::Notice(kind);
        }
        page.notices.push(Notice { kind, text, range });
    }
}

/// The end of what belongs to a heading above `from`: a paragraph, or all items of a list.
fn below(page: &Page, from: usize) -> usize {
    let is_item =
        |at: &usize| page.blocks.get(*at).is_some_and(|block| block.kind == BlockKind::ListItem);
    let items = (from..from + ITEMS_MAX).take_while(is_item).count();
    from + items.max(1)
}

/// Parts a notice in brackets at the end of a paragraph from the paragraph.
fn part_endings(page: &mut Page) {
    let mut at = 0;
    while at < page.blocks.len() {
        let Some(block) = page.blocks.get_mut(at) else { break };
        at += 1;
        if !matches!(block.kind, BlockKind::Paragraph | BlockKind::Standfirst | BlockKind::ListItem)
        {
            continue;
        }
        let text = page.text.get(block.range.clone()).unwrap_or_default();
        if !text.trim_end().ends_with([')', ']', '）', '］', '】']) {
            continue;
        }
        let Some(open) = text.rfind(['(', '[', '（', '［', '【']).filter(|open| *open > 0)
        else {
            continue;
        };
        let is_notice = text.get(open..).is_some_and(is_one);
        let head = text.get(..open).map_or(0, |head| head.trim_end().len());
        if !is_notice || head == 0 {
            continue;
        }
        let (start, end) = (block.range.start, block.range.end);
        block.range.end = start + head;
        let source = block.source.clone();
        let ending = Block { kind: BlockKind::Paragraph, range: start + open..end, source };
        page.blocks.insert(at, ending);
        at += 1;
    }
}

/// Adds the notices that stand beside the text: `declared` in data, `shown` on the page outside the article's
/// text. They have no place in the text, and what the text says already is not added.
pub(super) fn beside<'a>(
    declared: &[String],
    shown: impl Iterator<Item = &'a str>,
    page: &mut Page,
) {
    let mut known: Vec<String> = page.notices.iter().map(|notice| bare(&notice.text)).collect();
    let mut add = |text: &str, kind: NoticeKind, page: &mut Page| {
        let words = bare(text);
        if words.is_empty() || known.iter().any(|other| other.contains(&words)) {
            return;
        }
        known.push(words);
        let kind = sharpened(kind, text);
        page.notices.push(Notice { kind, text: text.to_owned(), range: 0..0 });
    };
    for text in shown {
        if let Some((at, kind)) = inside_line(text) {
            add(text.get(at..).unwrap_or(text).trim(), kind, page);
        }
    }
    for text in declared {
        let text = cut(text.trim(), BESIDE_BYTES_MAX);
        add(text, kind_of(text).unwrap_or(NoticeKind::Correction), page);
    }
}

/// The letters and digits of a text: two notices that share them are one.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// Where in a line beside the text a notice begins, and its kind: at its beginning, or behind the names of
/// a byline ("By Ann Lee. Correction: …").
fn inside_line(text: &str) -> Option<(usize, NoticeKind)> {
    let text = cut(text, BESIDE_BYTES_MAX);
    if let Some(kind) = kind_of(text) {
        return Some((0, kind));
    }
    if text.len() > LINE_BYTES_MAX {
        return None;
    }
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let begins = at > 0 && c.is_uppercase() && !before.is_alphanumeric();
        before = c;
        if !begins {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        if let Some(kind) = kind_of(rest).filter(|kind| *kind != NoticeKind::Update) {
            return Some((at, kind));
        }
    }
    None
}

fn may_hold(page: &Page, at: usize) -> bool {
    page.blocks.get(at).is_some_and(|block| {
        matches!(
            block.kind,
            BlockKind::Paragraph
                | BlockKind::Standfirst
                | BlockKind::ListItem
                | BlockKind::Subheading(_)
                | BlockKind::Notice(_)
        )
    })
}

/// What a lead or a phrase says, made sharper by the words after it.
fn sharpened(kind: NoticeKind, text: &str) -> NoticeKind {
    let lower = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    match kind {
        NoticeKind::EditorsNote | NoticeKind::Update | NoticeKind::Correction
            if lexicon::withdraws(&lower)
                || says(&[
                    "has been retracted",
                    "was retracted",
                    "we have retracted",
                    "retracts this",
                    "has been withdrawn",
                    "has withdrawn this",
                    "have withdrawn this",
                    "was withdrawn",
                ]) && says(&["article", "story", "report", "piece", "text"]) =>
        {
            NoticeKind::Retraction
        }
        NoticeKind::Update | NoticeKind::EditorsNote if lexicon::owns_error(&lower) => {
            NoticeKind::Correction
        }
        kind => kind,
    }
}

/// Whether a text is a notice by its own words, wherever on the page it stands.
pub(super) fn is_one(text: &str) -> bool {
    kind_of(text).is_some()
}

/// The kind of the notice that a block is; none for other text.
fn kind_of(text: &str) -> Option<NoticeKind> {
    let start = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    by_lead(start)
        .or_else(|| by_phrase(start))
        .or_else(|| by_publisher(start))
        .or_else(|| by_season(start))
}

/// How many words a text has; where words are not parted, two characters are taken for one.
fn words_of(text: &str) -> usize {
    let unspaced = text.chars().filter(|c| lexicon::is_unspaced(*c)).count();
    let spaced = text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric));
    spaced.count().max(unspaced / 2)
}

fn by_lead(text: &str) -> Option<NoticeKind> {
    let (kind, rest) = lexicon::lead(text)?;
    // "Correction: …", "Correction (May 5): …", "Correction, July 3, 2026 — …"
    let mark = rest.char_indices().find(|&(at, c)| {
        let behind = rest.get(at + c.len_utf8()..).unwrap_or_default();
        let time = behind.starts_with(|c: char| c.is_ascii_digit());
        matches!(c, '—' | '–' | '：' | '】')
            || c == ':' && !time
            || c == '-' && rest.get(..at).is_some_and(|r| r.ends_with(' '))
            || matches!(c, ']' | ')' | '>' | '）' | '］' | '＞') && at == 0
            || c == ']' && at <= 24
    });
    let Some(mark) = mark else { return dated_lead(kind?, rest) };
    let (between, after) = (rest.get(..mark.0)?, rest.get(mark.0 + mark.1.len_utf8()..)?);
    let short = between.split_whitespace().count() <= 2;
    let dated = between.trim_matches(['.', ' ', '\u{a0}']).is_empty()
        || between.trim_start().starts_with(['(', '[', '（'])
        || between.trim_start().starts_with([',', '|']) && short
        || between.chars().any(|c| c.is_ascii_digit());
    if !dated || between.len() > LEAD_TAIL_BYTES_MAX {
        return dated_lead(kind?, rest);
    }
    match kind {
        Some(kind) if words_of(after) >= WORDS_MIN || only_few(kind, after) => Some(kind),
        Some(kind) => dated_lead(kind, rest),
        // A remark is a notice where it speaks of a change of the article.
        None => {
            let lower = cut(after, BESIDE_BYTES_MAX).to_lowercase();
            let of_self = SELVES.iter().any(|own| lower.contains(&format!("this {own}")))
                || by_phrase(after.trim_start()).is_some()
                || !after.is_ascii()
                || lower.contains("publi");
            (of_self && lexicon::speaks_of_change(&lower)).then_some(NoticeKind::Update)
        }
    }
}

/// Whether a short rest is enough: words for an error in two or three words ("The sum was wrong").
fn only_few(kind: NoticeKind, after: &str) -> bool {
    words_of(after) >= 2
        && (kind != NoticeKind::Update || !after.contains(|c: char| c.is_ascii_digit()))
        && (after.trim_end().ends_with(['.', '。', '!'])
            || lexicon::owns_error(&after.to_lowercase()))
        && !is_date(after)
}

/// "Corrected March 5, 2026": a correction that says no more than its day.
fn dated_lead(kind: NoticeKind, rest: &str) -> Option<NoticeKind> {
    let owns =
        matches!(kind, NoticeKind::Correction | NoticeKind::Clarification | NoticeKind::Retraction);
    (owns && is_date(rest)).then_some(kind)
}

/// Whether a text is a date with a word or two around it.
fn is_date(text: &str) -> bool {
    let text = text.trim_matches([':', ' ', '.', '*', ',', '(', ')', '—', '–', '-']);
    text.len() <= LEAD_TAIL_BYTES_MAX
        && text.chars().any(|c| c.is_ascii_digit())
        && text.split_whitespace().count() <= 7
        && find_human(text, Order::DayFirst).is_some()
}

/// The kind that a block says which is a lead and nothing else, or with a date where it is a heading.
fn bare_lead(text: &str, heads: bool) -> Option<NoticeKind> {
    let text = text.trim();
    let (kind, rest) = lexicon::lead(text.trim_start_matches(|c: char| !c.is_alphanumeric()))?;
    let kind = kind?;
    let alone = rest.trim_matches([':', ' ', '.', '*', '：', '】', ']', ')']).is_empty();
    ((alone && kind != NoticeKind::Update) || heads && (alone || is_date(rest))).then_some(kind)
}

/// "Summer 2017 Update: …", "11:40 a.m. update — …": a lead behind its time.
fn by_season(text: &str) -> Option<NoticeKind> {
    let (head, after) = text.split_once([':', '—', '–']).filter(|(head, _)| head.len() <= 40)?;
    if !head.chars().any(|c| c.is_ascii_digit()) {
        // "11:40": the colon of a time of day.
        return None;
    }
    let (head, after) = match after.as_bytes() {
        [a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit() => {
            let (more, after) = after.split_once([':', '—', '–']).filter(|(m, _)| m.len() <= 30)?;
            (more, after)
        }
        _ => (head, after),
    };
    let last = head.split_whitespace().next_back()?;
    let (kind, rest) = lexicon::lead(last)?;
    let few = head.split_whitespace().count() <= 5;
    (few && rest.is_empty() && words_of(after) >= WORDS_MIN).then_some(kind?)
}

/// What an article calls itself.
const SELVES: [&str; 8] =
    ["article", "story", "report", "piece", "post", "column", "obituary", "page"];

/// A publisher that says what it did to the article: "The Post has retracted this article", "Updated
/// at 5 p.m. with a statement".
fn by_publisher(text: &str) -> Option<NoticeKind> {
    let lower: String = text.chars().take(160).collect::<String>().to_lowercase();
    if let Some(kind) = lexicon::told(&lower) {
        return Some(kind);
    }
    let first = lower.split(['.', '!', '?']).next().unwrap_or(&lower);
    let withdrew = |(at, verb): (usize, &str)| {
        let (who, rest) = (&first[..at], &first[at + verb.len()..]);
        let of = ["retracted this ", "withdrawn this ", "unpublished this "];
        of.iter()
            .find_map(|done| rest.strip_prefix(done))
            .is_some_and(|what| SELVES.iter().any(|own| what.starts_with(own)))
            && who.split(' ').count() <= 6
    };
    if [" has ", " have "].iter().any(|verb| first.match_indices(verb).any(withdrew)) {
        return Some(NoticeKind::Retraction);
    }
    // A time of change that says what for; the bare time is a date and no notice.
    let (Some(kind @ (NoticeKind::Update | NoticeKind::Correction)), rest) = lexicon::lead(&lower)?
    else {
        return None;
    };
    let why = WITH.iter().filter_map(|word| rest.find(word).map(|at| at + word.len())).min()?;
    let timed = rest.get(..why)?.contains(|c: char| c.is_ascii_digit());
    (timed && why <= LEAD_TAIL_BYTES_MAX && words_of(rest.get(why..)?) >= 2).then_some(kind)
}

/// What stands before the reason of an update: "with a statement", "mit", "avec".
const WITH: [&str; 20] = [
    " with ",
    " to include ",
    " to add ",
    " to reflect ",
    " adds ",
    " adding ",
    " to correct ",
    " mit ",
    " um ",
    " avec ",
    " con ",
    " com ",
    " met ",
    " med ",
    " z ",
    " s ",
    " с ",
    " із ",
    " με ",
    " dengan ",
];

/// Nouns of what went wrong.
const ERRORS: [&str; 9] = [
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

/// Verbs by which an article owns that it was wrong.
const ERRED: [&str; 14] = [
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

/// Adverbs that part what an article said from what it says.
const BEFORE: [&str; 7] =
    ["originally", "initially", "previously", "first", "wrongly", "mistakenly", "inaccurately"];

/// English phrases by which an article speaks of its own change.
fn by_phrase(text: &str) -> Option<NoticeKind> {
    let lower: String = text.chars().take(240).collect::<String>().to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’' | '-'))
        .filter(|word| !word.is_empty())
        .collect();
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
            let because =
                matches!((word(0), word(1)), ("because", "of") | ("due", "to") | ("owing", "to"));
            if because
                && (2..6).any(|at| ERRORS.contains(&word(at)))
                && (own_within(2, words.len()) || version.is_some())
            {
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
            if ERRED.contains(&word(verb)) || BEFORE.contains(&word(verb)) && says(word(verb + 1)) {
                return Some(NoticeKind::Correction);
            }
            // "This article has since been corrected".
            let aux = (verb..verb + 4)
                .take_while(|&at| {
                    matches!(word(at), "was" | "has" | "been" | "since" | "is" | "now")
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
        "this" if word(1) == "version" => match word(2) {
            "corrects" => Some(NoticeKind::Correction),
            "clarifies" => Some(NoticeKind::Clarification),
            "updates" | "adds" => Some(NoticeKind::Update),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a verb says what an article said.
fn says(word: &str) -> bool {
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
fn done(verb: &str) -> Option<NoticeKind> {
    Some(match verb {
        "corrected" | "amended" | "revised" | "changed" | "edited" => NoticeKind::Correction,
        "clarified" => NoticeKind::Clarification,
        "updated" => NoticeKind::Update,
        "retracted" | "withdrawn" => NoticeKind::Retraction,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::page::Block;
    use proptest::prelude::*;

    #[test]
    fn notices_are_told_from_news() {
        use NoticeKind::{Clarification, Correction, EditorsNote, Retraction, Update};
        let cases = [
            ("Correction: The bridge was opened in 1931, not 1913.", Some(Correction)),
            ("CORRECTION (May 5): We misspelled the name of the mayor.", Some(Correction)),
            (
                "Correction, July 3, 2026 — The sum was given in the wrong currency.",
                Some(Correction),
            ),
            (
                "Clarification: The study measured cases confirmed in a laboratory.",
                Some(Clarification),
            ),
            ("Editor’s note: This text was first published in a supplement.", Some(EditorsNote)),
            ("Editor's note: An earlier version incorrectly named a witness.", Some(Correction)),
            ("Update, 5:40 p.m.: This story has been updated with a statement.", Some(Update)),
            ("Update: The article has been updated to correct the toll.", Some(Correction)),
            ("Retraction: The paper withdraws a report on the mine.", Some(Retraction)),
            ("Editor's note: This article has been retracted after a review.", Some(Retraction)),
            ("An earlier version of this story misstated the year.", Some(Correction)),
            ("This article was amended on 4 March to remove a name.", Some(Correction)),
            ("* This article has been updated with a comment of the firm.", Some(Update)),
            ("Korrektur: In einer früheren Fassung hieß es, der Hafen sei tief.", Some(Correction)),
            ("The Post has retracted this article after a review.", Some(Retraction)),
            ("We have withdrawn this story: its figures were invented.", Some(Retraction)),
            ("Updated at 22:40 with a statement of the police.", Some(Update)),
            ("Updated 5 p.m. ET to add the reply of the firm.", Some(Update)),
            ("In eigener Sache: Die Redaktion hat diesen Artikel zurückgezogen.", Some(Retraction)),
            ("In einer früheren Version dieses Artikels hieß es 12.", Some(Correction)),
            ("Cet article a été mis à jour à 18 heures.", Some(Update)),
            ("Updated rules with fewer exceptions take effect in May.", None),
            ("The journal that published the study has retracted this week's issue.", None),
            ("Updated 5 p.m.", None),
            ("Updated: 3 March 2026", None),
            ("Correction of the river bed: engineers start in spring", None),
            ("Corrections officers walked out on Tuesday, the union said.", None),
            ("Update your cellar, the city told house owners: rain is coming.", None),
            ("This article of the treaty was amended in 1998.", None),
            ("This report was welcomed by the union and by the owners.", None),
        ];
        for (text, expected) in cases {
            let found = kind_of(text).map(|kind| sharpened(kind, text));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn notices_are_known_in_every_language_and_form() {
        use NoticeKind::{Clarification, Correction, EditorsNote, Update};
        let cases = [
            ("Autumn 2019 update: The crane has been sold to Kelt.", Some(Update)),
            ("Corrected 5 May 2026", Some(Correction)),
            (
                "Due to a production error, a photo with this story showed another yard.",
                Some(Correction),
            ),
            ("Note: This timetable has changed since this article was published.", Some(Update)),
            ("Note: The yard has four gates and a crane.", None),
            ("Expression of concern: Our editors doubt a witness.", Some(EditorsNote)),
            ("Berichtigung: Der Kran gehört der Stadt.", Some(Correction)),
            ("Précision : la grue est à la ville.", Some(Clarification)),
            ("Rettifica: la gru pesa 40 tonnellate.", Some(Correction)),
            ("Errata: a grua pesa 40 toneladas.", Some(Correction)),
            ("Rectificatie: de kraan weegt 40 ton.", Some(Correction)),
            ("Sprostowanie: dźwig waży 40 ton.", Some(Correction)),
            ("Исправление: кран весит 40 тонн.", Some(Correction)),
            ("Оновлено: мерія відповіла на запитання.", Some(Update)),
            ("【訂正】クレーンの重さは40トンでした。", Some(Correction)),
            ("本文此前版本的重量有误。", Some(Correction)),
            ("편집자 주: 무게가 잘못 표기되어 수정했습니다.", Some(Correction)),
            ("تصويب: وزن الرافعة 40 طنا.", Some(Correction)),
            ("Düzeltme: Vinç 40 ton ağırlığında.", Some(Correction)),
            ("Die Korrektur des Flusses beginnt im Mai.", None),
            ("La correction des copies a pris une semaine entière.", None),
        ];
        for (text, expected) in cases {
            let found = kind_of(text).map(|kind| sharpened(kind, text));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_notice_in_brackets_is_parted_from_its_paragraph() {
        let text = "The crane weighs 40 tonnes. (Correction: we first gave another weight.)";
        let mut page =
            page(&[(text, BlockKind::Paragraph), ("It is red (as before).", BlockKind::Paragraph)]);
        read(&mut page);
        assert_eq!(page.blocks.len(), 3);
        assert_eq!(&page.text[page.blocks[0].range.clone()], "The crane weighs 40 tonnes.");
        assert_eq!(page.notices[0].kind, NoticeKind::Correction);
    }

    #[test]
    fn a_notice_beside_the_text_has_no_place_and_is_told_once() {
        let mut page = page(&[("The crane weighs 40 tonnes.", BlockKind::Paragraph)]);
        let shown = ["By Ann Lee Correction: We first gave another weight.", "Photo: Ann Lee"];
        let declared = ["We first gave another weight.".to_owned()];
        beside(&declared, shown.into_iter(), &mut page);
        assert_eq!(page.notices.len(), 1);
        assert_eq!(page.notices[0].text, "Correction: We first gave another weight.");
        assert_eq!(page.notices[0].range, 0..0);
    }

    fn page(blocks: &[(&str, BlockKind)]) -> Page {
        let mut page = Page::default();
        for (text, kind) in blocks {
            if !page.text.is_empty() {
                page.text.push_str("\n\n");
            }
            let start = page.text.len();
            page.text.push_str(text);
            let range = start..page.text.len();
            page.blocks.push(Block { kind: kind.clone(), range, source: None });
        }
        page
    }

    #[test]
    fn a_heading_and_the_paragraph_below_it_are_one_notice() {
        let mut page = page(&[
            ("Rain fell.", BlockKind::Paragraph),
            ("Correction", BlockKind::Subheading(3)),
            ("The bridge was opened in 1931.", BlockKind::Paragraph),
        ]);
        read(&mut page);
        assert_eq!(page.notices.len(), 1);
        assert_eq!(page.notices[0].text, "Correction The bridge was opened in 1931.");
        assert_eq!(page.notices[0].range, 12..page.text.len());
        assert_eq!(page.blocks[1].kind, BlockKind::Notice(NoticeKind::Correction));
        assert_eq!(page.blocks[0].kind, BlockKind::Paragraph);
    }

    proptest! {
        #[test]
        fn reading_notices_never_panics(text in "(Correction|Update|This article was|É)?\\PC{0,80}") {
            let mut page = page(&[(&text, BlockKind::Paragraph)]);
            read(&mut page);
            prop_assert!(page.notices.len() <= 1);
        }
    }
}
