//! Notices of the publisher inside the article: corrections, clarifications, updates, editor's notes,
//! retractions.
//!
//! Read in the text, because publishers do not use the markup there is for them (schema.org's
//! `correction` was found on none of 974 pages). A block is a notice when it begins as one ("Correction,
//! July 3: …", "Editor's note —"), or speaks of the article it is in ("An earlier version of this
//! story misstated …", "This article was amended on …"). A bare time of change ("Updated 5 p.m.") is a
//! date and no notice. A paragraph may end with one in brackets, and one may be next to the text: in
//! an aside, a footer, the byline, or in JSON-LD alone ([`beside`]).

mod erred;
mod lexicon;
mod phrases;
#[cfg(test)]
mod tests;

use std::ops::Range;

use phrases::{SELVES, by_phrase};

use super::page::{Block, BlockKind, Notice, NoticeKind, Page};
use crate::dates::{Order, Style, find_human, find_human_at};

/// A line that holds a notice behind names is no longer than this, in bytes.
const LINE_BYTES_MAX: usize = 320;

/// How many bytes a date or a place may take between the lead and its colon.
const LEAD_TAIL_BYTES_MAX: usize = 48;

/// A notice of fewer words than this after its lead is a line of time and no notice.
const WORDS_MIN: usize = 4;

/// A date with its time is no longer than this, in bytes.
const TIME_BYTES_MAX: usize = 80;
/// A date with more words than these beside it is part of a statement.
const TIME_WORDS_MAX: usize = 3;
/// A notice next to the text is no longer than this, in bytes.
const BESIDE_BYTES_MAX: usize = 1_200;
/// At most this many items below a heading that says "Corrections" belong to it.
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
        let is_quoted = block.kind == BlockKind::Quote;
        let known = if is_quoted {
            // Words in a frame are the publisher's where they say so.
            by_lead(text.trim_start_matches(|c: char| !c.is_alphanumeric()))
        } else {
            let weak = || {
                let reads = !heads && is_edge(page, at);
                reads.then(|| erred::at_an_edge(text)).flatten()
            };
            kind_of(text)
                .or_else(|| erred::by_name(text, page.publisher.as_ref()?.value.as_str()))
                .or_else(weak)
        };
        let kind = match known {
            Some(kind) => Some((at..at + 1, kind)),
            None if is_quoted => None,
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

/// Blocks behind a notice that says little, at most.
const BEHIND_MAX: usize = 2;

/// Whether a block is where notices are: before the article or behind it.
fn is_edge(page: &Page, at: usize) -> bool {
    let prose = |block: &&Block| {
        matches!(block.kind, BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Subheading(_))
    };
    let behind = page.blocks.get(at + 1..).unwrap_or_default();
    at == 0 || behind.iter().filter(prose).nth(BEHIND_MAX).is_none()
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
        let is_notice =
            text.get(open..).is_some_and(|end| is_one(end) || erred::at_an_edge(end).is_some());
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

/// Adds the notices that are next to the text: `declared` in data, `shown` on the page outside the article's
/// text, each with its place among the blocks. They have no place in the text, and what the text says already is not added.
pub(super) fn beside<'a>(
    declared: &[String],
    shown: impl Iterator<Item = (usize, &'a str)>,
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
    // A line that says "Correction" and nothing else, and what is right below it.
    let mut heading: Option<(usize, NoticeKind, &str)> = None;
    for (place, text) in shown {
        if let Some((at, kind)) = inside_line(text) {
            add(text.get(at..).unwrap_or(text).trim(), kind, page);
        } else if let Some((above, kind, lead)) = heading.take()
            && above + 1 == place
        {
            add(&format!("{lead}: {}", cut(text, BESIDE_BYTES_MAX)), kind, page);
        }
        heading = bare_lead(text, true)
            .filter(|kind| *kind != NoticeKind::Update && text.len() <= LEAD_TAIL_BYTES_MAX)
            .map(|kind| (place, kind, text.trim()));
    }
    for text in declared {
        let text = cut(text.trim(), BESIDE_BYTES_MAX);
        add(text, kind_of(text).unwrap_or(NoticeKind::Correction), page);
    }
}

/// The first characters of a text in lower case.
fn head(text: &str, characters: usize) -> String {
    let end = text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text).to_lowercase()
}

/// The letters and digits of a text: two notices that share them are one.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// Where in a line next to the text a notice begins, and its kind: at its beginning, or behind the names of
/// a byline ("By Ann Lee. Correction: …").
fn inside_line(text: &str) -> Option<(usize, NoticeKind)> {
    let text = cut(text, BESIDE_BYTES_MAX);
    if let Some(kind) = kind_of(text).or_else(|| erred::at_an_edge(text)) {
        return Some((0, kind));
    }
    if text.len() > LINE_BYTES_MAX {
        return None;
    }
    let may_hold = lexicon::may_hold(&text.to_lowercase());
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let begins = at > 0 && c.is_uppercase() && !before.is_alphanumeric();
        before = c;
        if !begins {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        if let Some(kind) = kind_where(rest, may_hold).filter(|kind| *kind != NoticeKind::Update) {
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
                | BlockKind::Quote
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
                    "have removed this",
                    "has removed this",
                    "has been removed",
                    "have taken down this",
                    "has been taken down",
                    "has been unpublished",
                    "have unpublished",
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

/// Whether a text is a notice by its own words, wherever on the page it is.
pub(super) fn is_one(text: &str) -> bool {
    kind_of(text).is_some()
}

/// The kind of the notice that a block is; none for other text.
fn kind_of(text: &str) -> Option<NoticeKind> {
    kind_where(text, true)
}

/// The same where it is known whether the text may have a phrase by which notices describe themselves.
fn kind_where(text: &str, may_hold: bool) -> Option<NoticeKind> {
    let start = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let is_set_off = text.trim_start().starts_with(['(', '[', '（', '［', '【', '*', '※']);
    // Quoted words are not those of the publisher.
    let is_said =
        text.trim_start().starts_with(['“', '„', '«', '»', '”', '"', '「', '『', '—', '–']);
    let said = |text| {
        by_phrase(text).or_else(|| {
            (!is_said).then_some(())?;
            erred::by_wire(text, is_set_off).or_else(|| by_publisher(text, is_set_off, may_hold))
        })
    };
    by_lead(start)
        .or_else(|| said(start))
        .or_else(|| by_season(start))
        .or_else(|| by_last_sentence(text))
        .or_else(|| said(erred::behind_date(start)?))
}

/// "The Ledger reported that the repair would cost 14 million. We have corrected the story.": a short block whose
/// last sentence admits it.
fn by_last_sentence(text: &str) -> Option<NoticeKind> {
    if text.len() > LINE_BYTES_MAX {
        return None;
    }
    let at = text.rfind(". We have ")?;
    let kind = by_phrase(text.get(at + 2..)?)?;
    let rest = text.get(at + ". We have ".len()..)?.to_lowercase();
    let of_self = SELVES.iter().any(|own| {
        ["this ", "the ", "our "].iter().any(|which| rest.contains(&format!("{which}{own}")))
    });
    of_self.then_some(kind)
}

/// How many words a text has; where words are not separated, two characters are taken for one.
fn words_of(text: &str) -> usize {
    let unspaced = text.chars().filter(|c| lexicon::is_unspaced(*c)).count();
    let spaced = text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric));
    spaced.count().max(unspaced / 2)
}

fn by_lead(text: &str) -> Option<NoticeKind> {
    let (kind, rest) = lexicon::lead(text)?;
    if lexicon::is_glued(text, rest) {
        return kind.filter(|_| words_of(rest) >= WORDS_MIN);
    }
    // "CORRECTION" in a line of its own, above its words.
    if let (Some(kind), Some(after)) = (kind, rest.strip_prefix('\n'))
        && kind != NoticeKind::Update
        && words_of(after) >= WORDS_MIN
    {
        return Some(kind);
    }
    // "Errata corrige. Il costo è di 41 milioni.": no sentence begins with these two words.
    if let (Some(kind @ NoticeKind::Correction), Some(after)) = (kind, rest.strip_prefix(". "))
        && words_of(after) >= WORDS_MIN
        && text.strip_suffix(rest).is_some_and(lexicon::is_formal)
    {
        return Some(kind);
    }
    // "Correzione. La cifra era sbagliata."
    if let (Some(kind @ (NoticeKind::Correction | NoticeKind::Clarification)), Some(after)) =
        (kind, rest.strip_prefix(". "))
        && words_of(after) >= 2
        && lexicon::owns_error(&cut(after, BESIDE_BYTES_MAX).to_lowercase())
    {
        return Some(kind);
    }
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
        // "Correction to the transcript: …"
        || kind == Some(NoticeKind::Correction)
            && between.starts_with(" to the ")
            && between.split_whitespace().count() <= 4
        || between.chars().any(|c| c.is_ascii_digit());
    if !dated || between.len() > LEAD_TAIL_BYTES_MAX {
        return dated_lead(kind?, rest);
    }
    match kind {
        Some(NoticeKind::Update) if is_time_alone(after) => None,
        Some(kind) if words_of(after) >= WORDS_MIN || only_few(kind, after) => Some(kind),
        Some(kind) => dated_lead(kind, rest),
        // A remark is a notice where it speaks of a change of the article.
        None => {
            let lower = cut(after, BESIDE_BYTES_MAX).to_lowercase();
            let is_english = lexicon::is_english_remark(text);
            let of_self = !is_english
                || SELVES.iter().any(|own| lower.contains(&format!("this {own}")))
                || by_phrase(after.trim_start()).is_some()
                || lower.contains("publi")
                || lower.contains("earlier version")
                || lower.contains("previous version");
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

/// Whether a text is a date, its time and what is between them: "5 de marzo de 2026 a las 11:20".
fn is_time_alone(text: &str) -> bool {
    let Some((_, range)) = find_human_at(text, Style::of_language("")) else { return false };
    let (before, after) = (text.get(..range.start), text.get(range.end..));
    let words = |text: Option<&str>| {
        let text = text.unwrap_or_default();
        text.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).count()
    };
    text.len() <= TIME_BYTES_MAX && words(before) + words(after) <= TIME_WORDS_MAX
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

/// A publisher that says what it did to the article: "The Post has retracted this article", "Updated
/// at 5 p.m. with a statement".
fn by_publisher(text: &str, is_set_off: bool, may_hold: bool) -> Option<NoticeKind> {
    let lower = head(text, 160);
    let found = || may_hold.then(|| lexicon::notice(&lower)).flatten();
    if let Some(kind) = lexicon::begun(&lower, is_set_off).or_else(found) {
        return Some(kind);
    }
    if let Some(kind) = lexicon::changed_itself(&lower) {
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

/// What is before the reason of an update: "with a statement", "mit", "avec".
const WITH: [&str; 24] = [
    " to say ",
    " to show ",
    " to clarify ",
    " to fix ",
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
