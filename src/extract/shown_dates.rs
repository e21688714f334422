//! Dates that readers are shown: what each is called by the words next to it, and how sure it is
//! that it is this page's. Deliberately no weighing against what is declared for machines.

use std::sync::LazyLock;

use super::declared::Declared;
use super::dom::{NodeId, Step, Tag};
use super::flow::{RawBlock, Shape};
use super::page::{Origin, PageTime};
use super::published::{Place, is_of_this_page};
use crate::base::phrases::{PhraseFinder, finder_of};
use crate::dates;

/// Longer texts have dates of events, in bytes.
const LINE_BYTES_MAX: usize = 160;
/// What a line has beside its date and is still the line of a date, in bytes: a name, a minute of
/// reading.
const BESIDE_BYTES_MAX: usize = 48;

/// At least this many letters of a script without capitals, with a stop behind them, are a sentence.
const CASELESS_LETTERS_MIN: usize = 6;

/// Longer lines are not labels of the date below them, in bytes.
const LABEL_BYTES_MAX: usize = 30;
/// Labels that say only that a date follows.
const DATE_WORDS: &[&str] =
    &["date", "fecha", "datum", "data", "dato", "дата", "tarih", "التاريخ", "日付", "日期", "날짜"];

/// Words beside a date that say it is of a change.
const UPDATED_WORDS: &[&str] = &[
    "updat",
    "upd:",
    "upd.",
    "modif",
    "edited",
    "revis",
    "last change",
    "changed on",
    "aktualis",
    "geändert",
    "letzte änderung",
    "stand:",
    "stand vom",
    "stand ",
    "actualiz",
    "atualiz",
    "mis à jour",
    "mise à jour",
    "maj ",
    "aggiorn",
    "bijgewerkt",
    "gewijzigd",
    "oppdatert",
    "opdateret",
    "uppdaterad",
    "обновлен",
    "изменен",
    "güncelle",
    "更新",
    "수정",
    "تحديث",
    "آخر تحديث",
    "päivitetty",
    "aktualiz",
    "zmienion",
    "ændret",
    "endret",
    "ändrad",
    "muokattu",
    "оновлен",
    "змінен",
    "ενημ",
    "diperbarui",
    "עודכן",
    "به‌روز",
    "修正",
    "업데이트",
    "reviewed",
    "fact checked",
    "geüpdate",
    "अपडेट",
    "अद्यतन",
    "به روز",
    "변경",
    "改訂",
];

/// Words that say it is of the publication.
const PUBLISHED_WORDS: &[&str] = &[
    "publish",
    "posted",
    "created",
    "written",
    "first ",
    "publi",
    "veröffentlicht",
    "erschienen",
    "erstellt",
    "publicad",
    "pubblicat",
    "geplaatst",
    "gepubliceerd",
    "опубликован",
    "yayınlan",
    "发布",
    "公開",
    "入力",
    "نشر",
    "opublikowan",
    "filed",
    "issued",
    "dated",
    "date:",
    "date ",
];

/// What a date is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateLabel {
    Updated,
    Published,
    Nothing,
}

/// A date that readers see.
#[derive(Debug, Clone)]
pub struct Shown {
    pub origin: Origin,
    pub time: PageTime,
    pub call: DateLabel,
    /// Whether it is certainly this page's own.
    pub sure: bool,
}

/// The words of both lists, those of a change first: one pass over a text finds all of them.
static CALLS: LazyLock<Option<PhraseFinder>> =
    LazyLock::new(|| finder_of(UPDATED_WORDS.iter().chain(PUBLISHED_WORDS)));

/// What the words next to a date call it; the last of them counts.
pub fn words_call(text: &str) -> DateLabel {
    let lower = text.to_lowercase();
    let Some(calls) = CALLS.as_ref() else { return DateLabel::Nothing };
    let (mut updated, mut published) = (None, None);
    for found in calls.find_overlapping_iter(&lower) {
        if found.pattern().as_usize() < UPDATED_WORDS.len() {
            updated = updated.max(Some(found.start()));
        } else if !is_end_of_update(&lower, found.start()) {
            published = published.max(Some(found.start()));
        }
    }
    match (updated, published) {
        (Some(updated), Some(published)) if published > updated => DateLabel::Published,
        (Some(_), _) => DateLabel::Updated,
        (None, Some(_)) => DateLabel::Published,
        (None, None) => DateLabel::Nothing,
    }
}

/// Whether "date" at a place is the end of "update".
fn is_end_of_update(lower: &str, at: usize) -> bool {
    at.checked_sub(2)
        .and_then(|from| lower.get(from..))
        .is_some_and(|rest| rest.starts_with("update"))
}

/// Dates in short texts around the headline, then at the head and the foot of the article.
pub fn beside_headline(place: &Place<'_>) -> Vec<Shown> {
    let blocks = &place.flow.blocks;
    let heading = place.headline.and_then(|h| {
        blocks
            .iter()
            .position(|b| b.node == h || place.dom.ancestors(b.node).take(4).any(|up| up == h))
    });
    let first = place.kept.first().copied();
    let last = place.kept.last().copied();
    // A headline below the article is that of another page.
    let heading = heading.filter(|heading| last.is_none_or(|last| *heading <= last));
    let anchor = heading.or(first).unwrap_or(0);
    // What is below the article comes last.
    let below = last.map_or(blocks.len(), |last| last + 1);
    let mut near: Vec<usize> = (anchor..(anchor + 14).min(below)).collect();
    near.extend((anchor.saturating_sub(6)..anchor).rev());
    if let Some(first) = first {
        near.extend(first.saturating_sub(5)..(first + 4).min(blocks.len()));
    }
    if let Some(last) = last {
        near.extend(last.saturating_sub(2)..(last + 6).min(blocks.len()));
    }
    let home = home(place);
    let head = anchor.saturating_sub(3)..(anchor + 8).min(second_paragraph(place, anchor));
    let mut found = Vec::new();
    for at in near {
        let block = &blocks[at];
        let beside = heading.is_some_and(|h| at > h || is_of_this_page(place, block.node));
        // An article without a headline in the markup may begin with its date.
        let own = beside && head.contains(&at) || first == Some(at);
        let words = place.flow.words(block);
        // Longer texts are read for no date: see `read_line`.
        if words.len() > LINE_BYTES_MAX
            || is_copyright(words)
            || words_call(words) == DateLabel::Nothing
                && (is_today(place, home, block, words)
                    || is_behind(place, home, block.node)
                        && (!is_of_this_page(place, block.node) || holds_time(place, block.node)))
        {
            continue;
        }
        let above = at.checked_sub(1).map_or("", |above| place.flow.words(&blocks[above]));
        read_line(place, block, own, above, &mut found);
    }
    found
}

/// Whether a line reserves rights: the day in it is that of the rights.
fn is_copyright(words: &str) -> bool {
    words.starts_with('©')
        || words.get(..9).is_some_and(|word| word.eq_ignore_ascii_case("copyright"))
}

/// Where the prose continues after its first paragraph, which may be a standfirst above the date.
fn second_paragraph(place: &Place<'_>, anchor: usize) -> usize {
    let is_prose = |at: &&usize| {
        **at > anchor && place.flow.words(&place.flow.blocks[**at]).len() > LINE_BYTES_MAX
    };
    let second = place.kept.iter().filter(is_prose).nth(1).copied();
    second.unwrap_or_else(|| place.kept.first().map_or(anchor, |first| first + 3))
}

/// What a short line without a date calls the date in the line below it: "Updated on".
fn label(line: &str) -> DateLabel {
    if line.len() > LABEL_BYTES_MAX || line.bytes().any(|b| b.is_ascii_digit()) {
        return DateLabel::Nothing;
    }
    let word = line.trim_end_matches([' ', ':', '：']).to_lowercase();
    let is_date = DATE_WORDS.contains(&word.as_str());
    if is_date { DateLabel::Published } else { words_call(line) }
}

/// All dates of one short text, each with what is before it, the last also with what follows.
/// `above` is the line above, which may call a date that begins this one.
fn read_line(place: &Place<'_>, block: &RawBlock, own: bool, above: &str, found: &mut Vec<Shown>) {
    let words = place.flow.words(block);
    if words.len() > LINE_BYTES_MAX {
        return;
    }
    let (mut rest, mut dated, mut is_at_start) = (words, 0, false);
    let mut betweens: Vec<&str> = Vec::new();
    let start = found.len();
    while let Some((time, range)) = dates::find_human_at(rest, place.style) {
        dated += range.len();
        let before = &rest[..range.start];
        betweens.push(before);
        let begins = found.len() == start && !before.contains(char::is_alphanumeric);
        is_at_start |= begins;
        let call = if begins { label(above) } else { words_call(before) };
        found.push(Shown { origin: Origin::Visible, time, call, sure: false });
        rest = &rest[range.end..];
    }
    if found.len() == start {
        // A month is a date only where it is called one, or is all that the line says.
        if let Some(time) = own.then(|| dates::find_month(words, place.style)).flatten() {
            let call = words_call(words);
            if call != DateLabel::Nothing || is_month_alone(words) {
                found.push(Shown { origin: Origin::Visible, time, call, sure: true });
            }
        }
        return;
    }
    let is_line = words.len() <= dated + BESIDE_BYTES_MAX * (found.len() - start);
    if let Some(only) = found.last_mut().filter(|last| last.call == DateLabel::Nothing) {
        only.call = words_call(rest);
    }
    // "2024年3月5日 公開 / 2024年3月6日 更新": each is called by what follows it.
    if is_at_start && betweens.len() > 1 && found[start].call == DateLabel::Nothing {
        let behind = betweens.iter().skip(1).copied().chain([rest]);
        let calls: Vec<DateLabel> = behind.map(words_call).collect();
        if calls.iter().all(|call| *call != DateLabel::Nothing) {
            found[start..].iter_mut().zip(calls).for_each(|(shown, call)| shown.call = call);
        }
    }
    found[start..].iter_mut().for_each(|shown| shown.sure = own && is_line);
    // A date in a sentence is that of an event, and the line is not the line of a date. A date that begins the
    // line may be one, with a sentence behind it.
    betweens.push(rest);
    // The day in a caption, or in a row next to words, is that of a picture or of an event, if nothing calls it.
    let is_row = block.shape == Shape::Row
        && words.contains('\t')
        && betweens.iter().any(|text| text.contains(char::is_alphabetic));
    if (is_row || block.shape == Shape::Caption) && words_call(words) == DateLabel::Nothing {
        found.truncate(start);
        return;
    }
    if is_sentence(words, &betweens) {
        let from = start + usize::from(is_at_start);
        let rest = found.split_off(from.min(found.len()));
        found.extend(rest.into_iter().filter(|shown| shown.call != DateLabel::Nothing));
    }
}

/// Whether a line is a sentence and no label: it ends as one, and beside its dates has words of some length that are
/// no names. Scripts without capitals have letters instead.
fn is_sentence(line: &str, beside: &[&str]) -> bool {
    const STOPS: [char; 7] = ['.', '?', '!', '。', '।', '؟', '！'];
    if !line.trim_end_matches(['"', '”', '»', ')']).ends_with(STOPS) {
        return false;
    }
    let words = beside.iter().flat_map(|text| text.split(|c: char| !c.is_alphabetic()));
    let letters = |word: &str| word.chars().count();
    // A clock time is not a word: "10 a.m. EST".
    let small: Vec<usize> = words
        .filter(|word| word.starts_with(char::is_lowercase))
        .map(letters)
        .filter(|letters| *letters >= 2)
        .collect();
    let is_caseless = |c: &char| c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase();
    let caseless = beside.iter().flat_map(|text| text.chars()).filter(is_caseless).count();
    // "Hale died on 4 May 1998."
    small.len() >= 3
        || small.len() >= 2 && small.iter().any(|letters| *letters >= 4)
        || caseless >= CASELESS_LETTERS_MIN
}

/// Whether a line has two words: of a month and a year, if there is a month in it.
fn is_month_alone(line: &str) -> bool {
    line.split_whitespace().count() == 2
}

/// The first date of a call, the sure ones before the others.
pub fn best(shown: &[Shown], call: DateLabel) -> Option<(Origin, PageTime)> {
    let called = || shown.iter().filter(|shown| shown.call == call);
    let best = called().find(|shown| shown.sure).or_else(|| called().next())?;
    Some((best.origin, best.time.clone()))
}

/// The first date without a label. One that may be another page's says less than a day of
/// change that is surely this one's.
pub fn unnamed(shown: &[Shown]) -> Option<(Origin, PageTime)> {
    let is_changed = shown.iter().any(|shown| shown.sure && shown.call == DateLabel::Updated);
    best(shown, DateLabel::Nothing).filter(|_| {
        !is_changed || shown.iter().any(|shown| shown.sure && shown.call == DateLabel::Nothing)
    })
}

/// The day of all `time` elements of a page, wherever they are, if there is only one: no list of
/// other pages is dated so. What follows the element that holds headline and text is of other pages or of
/// comments.
pub fn only_day(place: &Place<'_>, declared: &Declared) -> Option<(Origin, PageTime)> {
    let home = home(place);
    let own = declared.times.iter().filter(|dated| !is_behind(place, home, dated.node));
    let parsed = own.map(|dated| {
        dates::parse_machine_in(&dated.value, place.style)
            .filter(|_| words_call(&dated.shown) != DateLabel::Updated)
    });
    let times: Option<Vec<PageTime>> = parsed.collect();
    let times = times?;
    let first = times.first()?;
    let same = times.iter().all(|time| time.text.get(..10) == first.text.get(..10));
    (same && first.text.len() >= 10).then(|| (Origin::Markup, first.clone()))
}

/// Whether an element is after the one that holds headline and text, on a page that has one.
pub(super) fn is_behind(place: &Place<'_>, home: Option<NodeId>, node: NodeId) -> bool {
    home.is_some_and(|home| node > home && !place.dom.ancestors(node).any(|up| up == home))
}

/// Whether an element holds a `time`, or is one.
fn holds_time(place: &Place<'_>, id: NodeId) -> bool {
    let is_time = |step: Step| matches!(step, Step::Enter(id) if place.dom.tag(id) == Tag::Time);
    place.dom.walk(id).take(TIME_NODES_MAX).any(is_time)
}

/// Nodes of a line that are read, at most.
const TIME_NODES_MAX: usize = 24;

/// The `article` or `main` that holds both the headline and the text.
pub(super) fn home(place: &Place<'_>) -> Option<NodeId> {
    let headline = place.headline?;
    let first = place.flow.blocks.get(place.kept.first().copied()?)?.node;
    let holds = |id: &NodeId| {
        matches!(place.dom.tag(*id), Tag::Article | Tag::Main)
            && place.dom.ancestors(first).any(|up| up == *id)
    };
    place.dom.ancestors(headline).find(holds)
}

/// How a line begins that states the current day.
const IS_TODAY: [&str; 10] = [
    "today is ",
    "today: ",
    "heute ist ",
    "nous sommes le ",
    "aujourd’hui ",
    "hoy es ",
    "oggi è ",
    "hoje é ",
    "сегодня ",
    "今日は",
];

/// Whether a line above and outside of the article states the current day: it is named so, or gives the day of the
/// week with its date and nothing else.
fn is_today(place: &Place<'_>, home: Option<NodeId>, block: &RawBlock, words: &str) -> bool {
    const NAMES: [&str; 8] =
        ["today", "current", "clock", "masthead", "topbar", "top-bar", "header-date", "date-now"];
    let apart = home.is_some_and(|home| {
        block.node != home && !place.dom.ancestors(block.node).any(|up| up == home)
    });
    let outside = apart && home.is_some_and(|home| block.node < home);
    let named = || {
        let around = std::iter::once(block.node).chain(place.dom.ancestors(block.node).take(2));
        around.into_iter().any(|id| {
            let names = [place.dom.attr(id, "class"), place.dom.attr(id, "id")];
            names.into_iter().flatten().any(|name| {
                let name = name.to_ascii_lowercase();
                NAMES.iter().any(|part| name.contains(part))
            })
        })
    };
    let begins = || {
        let lower = words.to_lowercase();
        IS_TODAY.iter().any(|lead| lower.starts_with(lead))
    };
    apart && (begins() || named()) || outside && dates::names_a_weekday(words)
}

/// A date anywhere on the page that is a line by itself below the word for it: "Published" above
/// "Feb 2, 2023", "Date" above "November 2003".
pub fn labelled(place: &Place<'_>) -> Option<(Origin, PageTime)> {
    place.flow.blocks.windows(2).find_map(|pair| {
        let line = place.flow.words(&pair[1]);
        if line.len() > LABEL_BYTES_MAX
            || !line.contains(char::is_numeric)
            || label(place.flow.words(&pair[0])) != DateLabel::Published
        {
            return None;
        }
        let time = match dates::find_human_at(line, place.style) {
            Some((time, range)) => (line.len() <= range.len() + 2).then_some(time),
            None => dates::find_month(line, place.style).filter(|_| is_month_alone(line)),
        };
        time.map(|time| (Origin::Visible, time))
    })
}
