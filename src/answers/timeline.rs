//! A page over time: when it was captured, and which versions that gave, with few enough points to draw.

use std::collections::VecDeque;

use serde::Serialize;

use super::removed::{Removals, Removed};
use super::{AnswerError, Archive, HistoryRequest, history, serial};
use crate::archive::{Capture, Form, Query, RecordKind};
use crate::base::{TimeRange, Timestamp};
use crate::diff::{ChangeKind, Presence};
use crate::history::VersionRow;

/// Which page, and how much of it.
#[derive(Debug, Clone)]
pub struct TimelineRequest {
    /// The page.
    pub url: String,
    /// Only versions before the one of this number are listed; the newest without it.
    pub before: Option<usize>,
    /// At most this many versions are listed.
    pub versions_max: usize,
    /// In which form; without it, where the page has its text.
    pub form: Option<Form>,
}

/// A page over time.
#[derive(Debug, Clone, Serialize)]
pub struct Timeline {
    /// The page, as it was asked for.
    pub url: String,
    /// Whether the versions are of the page as scripts made it; left out where they are not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
    /// The address of another form of the page that the versions are of; left out where they are its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_at: Option<String>,
    /// How often the page was rendered; left out where it never was.
    #[serde(skip_serializing_if = "super::serial::is_zero")]
    pub renderings: u64,
    /// The form that was asked for.
    #[serde(skip)]
    pub asked: Option<Form>,
    /// How many captures there are, with failures.
    pub captures: u64,
    /// How many of them found the same payload, or for how many the server reported no change.
    pub unchanged: u64,
    /// How many of them are reports of failures.
    pub failures: u64,
    /// The first capture.
    #[serde(serialize_with = "serial::maybe_capture")]
    pub first: Option<Capture>,
    /// The last capture, of a failure where that came last.
    #[serde(serialize_with = "serial::maybe_capture")]
    pub last: Option<Capture>,
    /// When it was captured: at most [`VISITS_MAX`] periods, oldest first.
    pub visits: Vec<Visits>,
    /// How many versions there are.
    pub versions_count: usize,
    /// All versions where there are at most [`POINTS_MAX`], else the weightiest, oldest first.
    pub points: Vec<VersionPoint>,
    /// The versions that are listed, newest first.
    #[serde(serialize_with = "serial::versions")]
    pub versions: Vec<VersionRow>,
    /// What was removed by order, oldest first; left out where nothing was. It counts as no capture and no failure.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Removed>,
    /// Captures that had to be left out, as text.
    pub notes: Vec<String>,
}

/// Captures of a short period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Visits {
    /// The first of them.
    #[serde(serialize_with = "serial::date")]
    pub first: Timestamp,
    /// The last of them.
    #[serde(serialize_with = "serial::date")]
    pub last: Timestamp,
    /// With a payload of their own.
    pub new: u64,
    /// Without.
    pub unchanged: u64,
    /// Failures.
    pub failures: u64,
}

/// A version as a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionPoint {
    /// Its number, from 1.
    pub number: usize,
    /// When it was seen first.
    #[serde(serialize_with = "serial::date")]
    pub first: Timestamp,
    /// When it was seen last.
    #[serde(serialize_with = "serial::date")]
    pub last: Timestamp,
    /// The first capture of the version it is compared with.
    #[serde(serialize_with = "serial::maybe_date")]
    pub compared_with: Option<Timestamp>,
    /// What a reader gets, in the words of `history`.
    pub presence: &'static str,
    /// Its weightiest change; none for the first version.
    pub kind: Option<ChangeKind>,
    /// The weight of that, from 1 to 5; 0 without a change.
    pub weight: u8,
    /// How many changes it has.
    pub changes: usize,
    /// Whether the text changed and neither a notice nor the declared date says so.
    pub stealth: bool,
}

/// At most this many periods.
pub const VISITS_MAX: usize = 240;

/// At most this many points.
pub const POINTS_MAX: usize = 120;

/// At most this many captures of one page are counted.
const CAPTURES_MAX: usize = 500_000;

/// A page over time.
///
/// # Errors
/// When the page was never captured (a report of a failure is not a capture of it), or cannot be read.
pub fn timeline(archive: &Archive, request: &TimelineRequest) -> Result<Timeline, AnswerError> {
    let TimelineRequest { url, before, versions_max, form } = request;
    let mut page_reader = archive.page_reader();
    let asked = HistoryRequest { url: url.clone(), period: TimeRange::ALL, form: *form };
    let mut rows = history(&mut page_reader, &asked)?;
    let (mut points, mut listed, mut count) = (Vec::new(), VecDeque::new(), 0);
    for row in rows.by_ref() {
        let row = row?;
        count += 1;
        points.push(VersionPoint::of(&row));
        if before.is_none_or(|before| row.number < before) {
            listed.push_back(row);
            if listed.len() > *versions_max {
                listed.pop_front();
            }
        }
    }
    let (notes, chosen) = (rows.notes(), rows.chosen_text().clone());
    rows.end()?;
    let mut out = Timeline {
        url: url.clone(),
        rendering: chosen.is_rendering(),
        text_at: chosen.alternate.map(|(url, _)| url),
        renderings: 0,
        asked: *form,
        captures: 0,
        unchanged: 0,
        failures: 0,
        first: None,
        last: None,
        visits: Vec::new(),
        versions_count: count,
        points: thinned(points),
        versions: listed.into_iter().rev().collect(),
        removed: Vec::new(),
        notes,
    };
    count_captures(archive, &mut out)?;
    Ok(out)
}

impl VersionPoint {
    fn of(row: &VersionRow) -> Self {
        let changes = row.changes();
        let weightiest = changes.iter().rev().max_by_key(|change| change.weight);
        Self {
            number: row.number,
            first: row.first.date,
            last: row.last.date,
            compared_with: row.change.as_ref().map(|change| change.before.date),
            presence: row.presence.label(),
            kind: weightiest.map(|change| change.kind),
            weight: weightiest.map_or(0, |change| change.weight),
            changes: changes.len(),
            stealth: row.is_stealth(),
        }
    }

    /// Whether a reader gets the article, or its beginning.
    #[must_use]
    pub fn has_article(&self) -> bool {
        [Presence::Here, Presence::Cut].map(Presence::label).contains(&self.presence)
    }
}

/// The weightiest points, in their order; the first and the last are always among them.
fn thinned(points: Vec<VersionPoint>) -> Vec<VersionPoint> {
    if points.len() <= POINTS_MAX {
        return points;
    }
    let last = points.len() - 1;
    let mut order: Vec<usize> = (0..points.len()).collect();
    let rank = |at: &usize| {
        let is_end = *at == 0 || *at == last;
        points.get(*at).map(|p| (is_end, p.stealth, p.weight))
    };
    order.sort_by_key(|at| std::cmp::Reverse(rank(at)));
    order.truncate(POINTS_MAX);
    order.sort_unstable();
    let mut kept = order.into_iter().peekable();
    let is_kept = |(at, _): &(usize, VersionPoint)| kept.next_if_eq(at).is_some();
    points.into_iter().enumerate().filter(is_kept).map(|(_, point)| point).collect()
}

/// Whether a capture found nothing new: the payload is that of an earlier one, or the server said so.
#[must_use]
pub fn is_unchanged(capture: &Capture) -> bool {
    capture.kind == RecordKind::Revisit || capture.status == Some(304)
}

fn count_captures(archive: &Archive, out: &mut Timeline) -> Result<(), AnswerError> {
    let doing = format!("counting the captures of {}", out.url);
    let removals = Removals::of(archive.reader());
    let mut seen: Vec<(Timestamp, Visits)> = Vec::new();
    for capture in archive.reader().query(&Query::exactly(&out.url)).take(CAPTURES_MAX) {
        let capture = capture.map_err(|why| AnswerError::index(&doing, &why))?;
        if capture.form() == Some(Form::Rendered) {
            // It is made from a capture, which is counted.
            out.renderings += 1;
            continue;
        }
        if let Some(removed) = removals.of_capture(&capture).map_err(AnswerError::store(&doing))? {
            let is_new = !removals.is_rendering(&capture) && !out.removed.contains(&removed);
            out.removed.extend(is_new.then_some(removed));
            continue;
        }
        let is_failure = capture.kind == RecordKind::Metadata;
        let unchanged = u64::from(is_unchanged(&capture));
        let failures = u64::from(is_failure);
        let new = u64::from(!is_failure && unchanged == 0);
        out.captures += 1;
        out.unchanged += unchanged;
        out.failures += failures;
        let (first, last) = (capture.date, capture.date);
        seen.push((capture.date, Visits { first, last, new, unchanged, failures }));
        if out.first.is_none() {
            out.first = Some(capture.clone());
        }
        out.last = Some(capture);
    }
    out.visits = binned(&seen);
    Ok(())
}

/// The captures in at most [`VISITS_MAX`] periods of the same length; each by itself where they are few.
fn binned(seen: &[(Timestamp, Visits)]) -> Vec<Visits> {
    if seen.len() <= VISITS_MAX {
        return seen.iter().map(|(_, visits)| *visits).collect();
    }
    let start = seen.first().map_or(0, |(at, _)| at.unix_micros());
    let end = seen.last().map_or(0, |(at, _)| at.unix_micros());
    let span = i128::from(end) - i128::from(start) + 1;
    let bin_of = |at: Timestamp| {
        (i128::from(at.unix_micros()) - i128::from(start)) * VISITS_MAX as i128 / span
    };
    let mut bins: Vec<(i128, Visits)> = Vec::new();
    for (at, visits) in seen {
        let bin = bin_of(*at);
        match bins.last_mut() {
            Some((last, sum)) if *last == bin => {
                sum.last = *at;
                sum.new += visits.new;
                sum.unchanged += visits.unchanged;
                sum.failures += visits.failures;
            }
            _ => bins.push((bin, *visits)),
        }
    }
    bins.into_iter().map(|(_, visits)| visits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_900_000_000 + seconds)
    }

    fn visit(seconds: i64) -> (Timestamp, Visits) {
        let (first, last) = (at(seconds), at(seconds));
        (at(seconds), Visits { first, last, new: 1, unchanged: 0, failures: 0 })
    }

    #[test]
    fn few_captures_stand_alone_and_many_in_periods() {
        let few: Vec<_> = (0..VISITS_MAX as i64).map(visit).collect();
        assert_eq!(binned(&few).len(), VISITS_MAX);
        let many: Vec<_> = (0..10_000).map(visit).collect();
        let bins = binned(&many);
        assert_eq!(bins.len(), VISITS_MAX);
        assert_eq!(bins.iter().map(|bin| bin.new).sum::<u64>(), 10_000);
        assert!(bins.windows(2).all(|two| two[0].last < two[1].first));
        assert_eq!((bins[0].first, bins[VISITS_MAX - 1].last), (at(0), at(9_999)));
        assert!(binned(&[]).is_empty());
    }

    #[test]
    fn the_weightiest_points_are_kept_in_their_order() {
        let point = |number: usize, weight: u8| VersionPoint {
            number,
            first: at(number as i64),
            last: at(number as i64),
            compared_with: None,
            presence: "here",
            kind: None,
            weight,
            changes: 0,
            stealth: number == 500,
        };
        let points: Vec<_> =
            (1..=1_000).map(|n| point(n, u8::from(n.is_multiple_of(10)))).collect();
        let kept: Vec<usize> = thinned(points).iter().map(|point| point.number).collect();
        assert_eq!(kept.len(), POINTS_MAX);
        assert!(kept.windows(2).all(|two| two[0] < two[1]));
        for number in [1, 10, 500, 990, 1_000] {
            assert!(kept.contains(&number), "{number}");
        }
    }
}
