//! Which of the days that a page gives for its publication is to be believed: the surest declaration
//! weighed against what readers are shown. Gathers nothing itself.

use super::{Candidates, day};
use crate::extract::page::{Fact, Origin, PageTime};
use crate::extract::shown_dates::{Call, Shown};

/// What is to be believed in place of the surest declaration, if anything.
///
/// Three cases. A time in UTC is of the neighbouring day where the page shows its own day. A
/// template that fills the day of publication anew at every change gives itself away by an earlier
/// day that readers are shown. And a day that two other sources say beats one that stands alone.
pub(super) fn weigh(
    first: &Fact<PageTime>,
    published: &Candidates,
    modified: &Candidates,
    shown: &[Shown],
) -> Option<Fact<PageTime>> {
    if matches!(first.origin, Origin::Visible | Origin::Url) {
        return None;
    }
    let fact = |origin: Origin, value: &PageTime| Some(Fact { value: value.clone(), origin });
    let is_change = |time: &PageTime| modified.0.iter().any(|(_, m)| day(m) == day(time));
    let url = published.0.iter().filter(|(origin, _)| *origin == Origin::Url);
    // A `time` that nothing names may be of a card of another page.
    let own = |s: &&Shown| {
        s.call == Call::Published || s.call == Call::Nothing && s.origin == Origin::Visible
    };
    let told = shown.iter().filter(own).map(|s| (s.origin, &s.time));
    let read: Vec<(Origin, &PageTime)> = told.chain(url.map(|(o, t)| (*o, t))).collect();
    let local = published.0.iter().find(|(origin, time)| is_local_day(&first.value, *origin, time));
    if let Some((origin, local)) = local {
        return fact(*origin, local);
    }
    let earlier = |time: &PageTime| {
        day(time) < day(&first.value) && time.text.len() >= 10 && !is_swapped(time, &first.value)
    };
    let said = shown.iter().find(|s| s.call == Call::Published && earlier(&s.time));
    if let Some(said) = said {
        return fact(said.origin, &said.time);
    }
    // Changed on the day it was published, or before: the day is that of the last change.
    let restamped = modified.0.iter().any(|(_, m)| day(m) <= day(&first.value));
    if restamped
        && let Some((origin, time)) = read.iter().find(|(_, t)| earlier(t) && !is_change(t))
    {
        return fact(*origin, time);
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
