//! Dates that readers are shown: what each is called by the words beside it, and how sure it is
//! that it is this page's. Deliberately no weighing against what is declared for machines.

use super::dates;
use super::declared::Declared;
use super::flow::RawBlock;
use super::page::{Origin, PageTime};
use super::published::{Place, is_of_this_page};

/// Longer texts tell of dates of events, in bytes.
const LINE_BYTES_MAX: usize = 160;
/// What a line has beside its date and is still the line of a date, in bytes: a name, a minute of
/// reading.
const BESIDE_BYTES_MAX: usize = 48;

/// Words beside a date that say it is of a change.
const UPDATED_WORDS: &[&str] = &[
    "updat",
    "modif",
    "edited",
    "revis",
    "last change",
    "aktualis",
    "geändert",
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
    "zaktualizowan",
    "reviewed",
    "fact checked",
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
pub enum Call {
    Updated,
    Published,
    Nothing,
}

/// A date that readers see.
#[derive(Debug, Clone)]
pub struct Shown {
    pub origin: Origin,
    pub time: PageTime,
    pub call: Call,
    /// Whether it is certainly this page's own.
    pub sure: bool,
}

/// What the words beside a date call it; the last of them counts.
pub fn words_call(text: &str) -> Call {
    // "Update" ends as "date" does.
    let lower = text.to_lowercase().replace("update", "updat");
    let at = |words: &[&str]| words.iter().filter_map(|w| lower.rfind(w)).max();
    match (at(UPDATED_WORDS), at(PUBLISHED_WORDS)) {
        (Some(updated), Some(published)) if published > updated => Call::Published,
        (Some(_), _) => Call::Updated,
        (None, Some(_)) => Call::Published,
        (None, None) => Call::Nothing,
    }
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
    let anchor = heading.or(first).unwrap_or(0);
    let mut near: Vec<usize> = (anchor..(anchor + 14).min(blocks.len())).collect();
    near.extend((anchor.saturating_sub(6)..anchor).rev());
    if let Some(first) = first {
        near.extend(first.saturating_sub(5)..(first + 4).min(blocks.len()));
    }
    if let Some(last) = last {
        near.extend(last.saturating_sub(2)..(last + 6).min(blocks.len()));
    }
    let head = anchor.saturating_sub(3)..(anchor + 8).min(first.unwrap_or(anchor) + 3);
    let mut found = Vec::new();
    for at in near {
        let block = &blocks[at];
        let own = heading.is_some_and(|h| at > h || is_of_this_page(place, block.node))
            && head.contains(&at);
        read_line(place, block, own, &mut found);
    }
    found
}

/// All dates of one short text, each with what stands before it, the last also with what follows.
fn read_line(place: &Place<'_>, block: &RawBlock, own: bool, found: &mut Vec<Shown>) {
    let words = place.flow.words(block);
    if words.len() > LINE_BYTES_MAX {
        return;
    }
    let (mut rest, mut dated) = (words, 0);
    let start = found.len();
    while let Some((time, range)) = dates::find_human_at(rest, place.order) {
        dated += range.len();
        let call = words_call(&rest[..range.start]);
        found.push(Shown { origin: Origin::Visible, time, call, sure: false });
        rest = &rest[range.end..];
    }
    if found.len() == start {
        // A month is a date only where it is called one.
        let call = words_call(words);
        if let Some(time) = dates::find_month(words).filter(|_| call != Call::Nothing && own) {
            found.push(Shown { origin: Origin::Visible, time, call, sure: true });
        }
        return;
    }
    let is_line = words.len() <= dated + BESIDE_BYTES_MAX * (found.len() - start);
    if let Some(only) = found.last_mut().filter(|last| last.call == Call::Nothing) {
        only.call = words_call(rest);
    }
    found[start..].iter_mut().for_each(|shown| shown.sure = own && is_line);
}

/// The first date of a call, the sure ones before the others.
pub fn best(shown: &[Shown], call: Call) -> Option<(Origin, PageTime)> {
    let called = || shown.iter().filter(|shown| shown.call == call);
    let best = called().find(|shown| shown.sure).or_else(|| called().next())?;
    Some((best.origin, best.time.clone()))
}

/// The day of all `time` elements of a page, wherever they stand, if there is only one: no list of
/// other pages is dated so.
pub fn only_day(declared: &Declared, order: dates::Order) -> Option<(Origin, PageTime)> {
    let parsed = declared.times.iter().map(|dated| {
        dates::parse_machine_in(&dated.value, order)
            .filter(|_| words_call(&dated.shown) != Call::Updated)
    });
    let times: Option<Vec<PageTime>> = parsed.collect();
    let times = times?;
    let first = times.first()?;
    let same = times.iter().all(|time| time.text.get(..10) == first.text.get(..10));
    (same && first.text.len() >= 10).then(|| (Origin::Markup, first.clone()))
}

/// A date anywhere on the page that is a line by itself or with the word for it: "Published" above
/// "Feb 2, 2023".
pub fn labelled(place: &Place<'_>) -> Option<(Origin, PageTime)> {
    let short = |block: &RawBlock| {
        let words = place.flow.words(block);
        (words.len() <= 30).then_some(words)
    };
    place.flow.blocks.windows(2).find_map(|pair| {
        let (label, line) = (short(&pair[0])?, short(&pair[1])?);
        let (time, range) = dates::find_human_at(line, place.order)?;
        let alone =
            line.len() <= range.len() + 2 && dates::find_human(label, place.order).is_none();
        (alone && words_call(label) == Call::Published).then_some((Origin::Visible, time))
    })
}
