//! Parts of a page: which capture of one is used, the notes on their times, and the placeholder for
//! one that is not held.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Modifier;
use crate::base::Timestamp;

/// How far a good capture of a part may be from the page to be preferred to an error: an error that
/// was captured slightly nearer is less useful than a good capture of the same week.
const GOOD_WITHIN: Duration = Duration::from_hours(30 * 24);
/// Parts captured up to this long before or after the page are not mentioned: a crawl takes time.
const FAR: Duration = Duration::from_hours(24);

/// This many parts of a page are noted; a page with more is described by its first ones.
pub const NAMED_MAX: usize = 100;

/// A part that a page names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its URL, without a fragment.
    pub url: String,
    /// Its purpose.
    pub modifier: Modifier,
}

/// The parts that a browser fetches automatically for a page, each once, in the order of the page;
/// clones share the list. Noted by [`Links`](super::Links) while the page is rewritten.
#[derive(Debug, Clone, Default)]
pub struct Named(Arc<Mutex<Vec<Part>>>);

impl Named {
    /// Notes a part.
    pub(super) fn add(&self, part: Part) {
        // The data behind the lock is always consistent.
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if list.len() < NAMED_MAX && !list.contains(&part) {
            list.push(part);
        }
    }

    /// The parts that were noted so far.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A capture that could be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// When it was made.
    pub at: Timestamp,
    /// Its status, if it has one.
    pub status: Option<u16>,
}

impl Candidate {
    fn is_good(self) -> bool {
        matches!(self.status, Some(200..=299 | 304))
    }

    fn is_redirect(self) -> bool {
        matches!(self.status, Some(300..=399))
    }
}

fn apart(a: Timestamp, b: Timestamp) -> Duration {
    a.since(b).max(b.since(a))
}

/// Which of the candidates is shown at a time: the nearest, the earlier of two equally near. For a
/// part of a page, a good capture within thirty days, or not much farther than the nearest, wins over
/// a redirect, and that over an error.
///
/// The answer is an index into `candidates`; none if there are none.
#[must_use]
pub fn nearest(candidates: &[Candidate], at: Timestamp, modifier: Modifier) -> Option<usize> {
    let rank = |candidate: &Candidate| {
        let distance = apart(candidate.at, at);
        let class = match () {
            () if !modifier.is_part() => 0,
            () if distance > GOOD_WITHIN => 3,
            () if candidate.is_good() => 0,
            () if candidate.is_redirect() => 1,
            () => 2,
        };
        (class, distance, candidate.at)
    };
    let numbered = candidates.iter().enumerate();
    numbered.min_by_key(|(_, candidate)| rank(candidate)).map(|(at, _)| at)
}

/// The notes on the parts of a page captured at `page`: for each part when it was captured, or
/// none if it is not held. Sentences for the banner, at most two.
#[must_use]
pub fn notes(page: Timestamp, parts: &[Option<Timestamp>]) -> Vec<String> {
    let mut out = Vec::new();
    let held: Vec<Timestamp> = parts.iter().copied().flatten().collect();
    let far: Vec<Timestamp> =
        held.iter().copied().filter(|part| apart(*part, page) > FAR).collect();
    if !far.is_empty() {
        let earliest = far.iter().copied().min().filter(|part| *part < page);
        let latest = far.iter().copied().max().filter(|part| *part > page);
        let before = earliest.map(|part| format!("{} before", span(page.since(part))));
        let after = latest.map(|part| format!("{} after", span(part.since(page))));
        let range = [before, after].into_iter().flatten().collect::<Vec<_>>().join(" to ");
        let verb = if far.len() == 1 { "comes" } else { "come" };
        out.push(format!(
            "{} of {} parts of this page {verb} from other times, up to {range}.",
            far.len(),
            held.len()
        ));
    }
    let missing = parts.len() - held.len();
    if missing > 0 {
        let verb = if missing == 1 { "is" } else { "are" };
        out.push(format!("{missing} of {} parts {verb} not in the archive.", parts.len()));
    }
    out
}

/// A length of time in one unit, for people.
fn span(length: Duration) -> String {
    let days = length.as_secs() / 86_400;
    let (number, unit) = match days {
        0 => (length.as_secs() / 3_600, "hour"),
        1..=59 => (days, "day"),
        60..=729 => (days / 30, "month"),
        _ => (days / 365, "year"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// The answer, with status 404, for a part that is not held: type and body. It does
/// not break the page around it; a frame states as text that it is empty.
#[must_use]
pub fn missing(modifier: Modifier) -> (&'static str, &'static str) {
    match modifier {
        Modifier::Style => ("text/css; charset=utf-8", "/* not in the archive */\n"),
        Modifier::Script => ("text/javascript; charset=utf-8", "/* not in the archive */\n"),
        Modifier::Frame => (
            "text/html; charset=utf-8",
            "<!DOCTYPE html><html lang=\"en\"><title>Not in the archive</title>\
             <body style=\"margin:8px;font:13px system-ui,sans-serif;color:#666\">\
             This part of the page is not in the archive.</body></html>\n",
        ),
        _ => ("text/plain; charset=utf-8", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_unix_seconds(day * 86_400)
    }

    fn candidates(list: &[(i64, u16)]) -> Vec<Candidate> {
        list.iter().map(|(at, status)| Candidate { at: day(*at), status: Some(*status) }).collect()
    }

    #[test]
    fn for_parts_a_good_capture_wins_over_a_nearer_error() {
        type Case<'a> = (&'a [(i64, u16)], Modifier, usize);
        let cases: &[Case<'_>] = &[
            (&[(90, 200), (99, 404), (120, 200)], Modifier::Image, 0),
            (&[(90, 200), (99, 404), (120, 200)], Modifier::Page, 1),
            (&[(90, 302), (99, 404)], Modifier::Style, 0),
            (&[(0, 200), (99, 404)], Modifier::Image, 1),
            (&[(98, 200), (102, 200)], Modifier::Page, 0),
            (&[(0, 404), (300, 200)], Modifier::Image, 0),
        ];
        for (list, modifier, expected) in cases {
            assert_eq!(
                nearest(&candidates(list), day(100), *modifier),
                Some(*expected),
                "{list:?}"
            );
        }
        assert_eq!(nearest(&[], day(1), Modifier::Page), None);
    }

    #[test]
    fn times_that_are_far_apart_and_parts_that_are_missing_are_reported() {
        let notes = |parts: &[Option<i64>]| {
            let parts: Vec<_> = parts.iter().map(|part| part.map(day)).collect();
            super::notes(day(1_000), &parts)
        };
        assert!(notes(&[]).is_empty());
        assert!(notes(&[Some(1_000), Some(1_001), Some(999)]).is_empty());
        assert_eq!(
            notes(&[Some(1_000), Some(997), Some(1_800), None]),
            [
                "2 of 3 parts of this page come from other times, up to 3 days before to 2 years after.",
                "1 of 4 parts is not in the archive."
            ]
        );
        assert_eq!(
            notes(&[Some(900), None, None]),
            [
                "1 of 1 parts of this page comes from other times, up to 3 months before.",
                "2 of 3 parts are not in the archive."
            ]
        );
    }
}
