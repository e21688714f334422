//! Which of the days that a page gives for its publication is to be trusted: the surest declaration
//! weighed against what readers are shown. Gathers nothing itself.

use super::{Candidates, day};
use crate::extract::page::{Fact, Origin, PageTime};
use crate::extract::shown_dates::{DateLabel, Shown};

/// What is to be trusted in place of the surest declaration, if anything.
///
/// Three cases. A time in UTC is of the neighbouring day where the page shows its own day. A
/// template that fills the day of publication again at every change gives itself away by an earlier
/// day that readers are shown. And a day that two other sources say beats one that is alone.
pub(super) fn weigh(
    first: &Fact<PageTime>,
    published: &Candidates,
    modified: &Candidates,
    shown: &[Shown],
    title_year: Option<u16>,
) -> Option<Fact<PageTime>> {
    if matches!(first.origin, Origin::Visible | Origin::Url) {
        return None;
    }
    let fact = |origin: Origin, value: &PageTime| Some(Fact { value: value.clone(), origin });
    let is_change = |time: &PageTime| modified.0.iter().any(|(_, m)| day(m) == day(time));
    let url = published.0.iter().filter(|(origin, _)| *origin == Origin::Url);
    // A `time` that nothing names may be of a card of another page.
    let own = |s: &&Shown| {
        s.call == DateLabel::Published
            || s.call == DateLabel::Nothing && s.origin == Origin::Visible
    };
    let visible = shown.iter().filter(own).map(|s| (s.origin, &s.time));
    let read: Vec<(Origin, &PageTime)> = visible.chain(url.map(|(o, t)| (*o, t))).collect();
    let local = published.0.iter().find(|(origin, time)| is_local_day(&first.value, *origin, time));
    if let Some((origin, local)) = local {
        return fact(*origin, local);
    }
    let earlier = |time: &PageTime| {
        day(time) < day(&first.value) && time.text.len() >= 10 && !is_swapped(time, &first.value)
    };
    let called = |call: DateLabel| shown.iter().filter(move |s| s.call == call);
    // "Published 25 June", and further down "first published 4 April" of what came before it.
    let confirmed = called(DateLabel::Published).any(|s| day(&s.time) == day(&first.value));
    if !confirmed {
        if let Some(said) = called(DateLabel::Published).find(|s| earlier(&s.time)) {
            return fact(said.origin, &said.time);
        }
        // Changed on the day it was published, or before: the day is that of the last change.
        let restamped = modified.0.iter().any(|(_, m)| day(m) <= day(&first.value));
        // The declared day is for machines alone, and a line next to the headline has another: an
        // earlier day in such a line is that of the page itself.
        let is_hidden = first.origin != Origin::Markup
            && !called(DateLabel::Nothing).any(|s| day(&s.time) == day(&first.value));
        let is_trusted = |o: Origin| restamped || is_hidden && o == Origin::Visible;
        let found = read.iter().find(|(o, t)| is_trusted(*o) && earlier(t) && !is_change(t));
        if let Some((origin, time)) = found {
            return fact(*origin, time);
        }
        // What was changed in May did not appear in November.
        let changed =
            called(DateLabel::Updated).find(|s| s.origin == Origin::Visible && earlier(&s.time));
        if let Some(changed) = changed {
            return fact(changed.origin, &changed.time);
        }
    }
    let reissue = title_year.and_then(|year| reissued(&first.value, shown, year));
    if let Some(time) = reissue.filter(|time| is_change(time)) {
        return fact(Origin::Visible, time);
    }
    let mut origins: Vec<(Origin, &PageTime)> =
        published.0.iter().map(|(o, t)| (*o, t)).chain(read.iter().copied()).collect();
    let alone = origins.iter().all(|(o, t)| *o == first.origin || day(t) != day(&first.value));
    origins.retain(|(o, t)| *o != first.origin && !is_change(t) && t.text.len() >= 10);
    let two =
        |time: &PageTime, by: Origin| origins.iter().any(|(o, t)| *o != by && day(t) == day(time));
    let (origin, time) = read.iter().find(|(o, t)| alone && !is_change(t) && two(t, *o))?;
    fact(*origin, time)
}

/// The day of a page that is reissued under its old address: "The best tents of 2025", declared in
/// 2019, with one day next to the headline, called nothing, that goes with the year in the title.
///
/// A title may look ahead into the next year, not further.
fn reissued<'a>(declared: &PageTime, shown: &'a [Shown], title_year: u16) -> Option<&'a PageTime> {
    let year = |time: &PageTime| time.text.get(..4)?.parse::<u16>().ok();
    let line = &shown.iter().find(|s| s.sure && s.origin == Origin::Visible)?.time;
    let alone = shown.iter().all(|s| s.call == DateLabel::Nothing && day(&s.time) == day(line));
    let ahead = title_year.checked_sub(year(line)?)?;
    (alone && ahead <= 1 && year(declared)? + 1 < title_year).then_some(line)
}

/// The last year that a title names: "Best tents of 2025".
pub(super) fn year_in_title(title: &str) -> Option<u16> {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric());
    let years = words.filter(|word| word.len() == 4 && word.starts_with("20"));
    years.filter_map(|word| word.parse().ok()).max()
}

/// Whether two days are one with its day and month in the other order.
fn is_swapped(a: &PageTime, b: &PageTime) -> bool {
    let parts = |time: &PageTime| {
        let text = &time.text;
        Some((text.get(..4)?.to_owned(), text.get(5..7)?.to_owned(), text.get(8..10)?.to_owned()))
    };
    match (parts(a), parts(b)) {
        (Some((y, m, d)), Some((year, month, of))) => y == year && m == of && d == month,
        _ => false,
    }
}

/// Whether `other` is the publisher's own day of a time that is written in UTC: the same instant
/// with an offset, or the neighbouring day in the address.
fn is_local_day(time: &PageTime, origin: Origin, other: &PageTime) -> bool {
    const HOUR: i64 = 3_600_000_000;
    if time.day_only || !time.text.ends_with('Z') || day(time) == day(other) {
        return false;
    }
    if !other.day_only {
        return other.instant == time.instant;
    }
    // From UTC+14 to UTC-12.
    let since = time.instant.unix_micros() - other.instant.unix_micros();
    origin == Origin::Url && (-14 * HOUR..36 * HOUR).contains(&since)
}
