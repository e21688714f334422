//! Selects the capture of a page at a time.
//!
//! Reports of failed fetches do not count as captures here. A redirect of a page to itself (`http` to `https`,
//! `www.` or a slash) has the urlkey of the page; shown for the page it would cause a redirect loop, so
//! it is skipped unless exactly it is requested. For parts of a page, a near good capture is
//! preferred to a nearer error. A capture without its payload is taken only where there is no other, or where exactly it is
//! requested.

use std::sync::LazyLock;

use axum::http::StatusCode;

use crate::archive::{ArchiveError, Capture, Filter, Query, RecordKind, Sort};
use crate::base::surt::{is_near, near_keys, urlkey};
use crate::base::{TargetUri, TimeRange, Timestamp};
use crate::store::Reader;

use super::super::Serve;
use super::super::reply::Refusal;

/// The purpose of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A page, or whatever was at that address.
    Page,
    /// A memento near a time: one without a payload only where there is no other, even if it is of that second.
    Near,
    /// A part of a page.
    Part,
}

/// The capture that was chosen.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The capture.
    pub capture: Capture,
    /// Whether it is of the requested second.
    pub is_exact: bool,
}

/// How many captures are examined to find a suitable one.
const LOOKED_AT_MAX: usize = 200;
/// How many near addresses are tried.
const NEAR_MAX: usize = 5;
/// How many are queried at first.
const FEW: usize = 4;
/// How many redirects are read for the search.
const REDIRECTS_READ_MAX: usize = 20;

/// The filters that keep only real captures.
pub fn visible() -> Vec<Filter> {
    static VISIBLE: LazyLock<Vec<Filter>> = LazyLock::new(|| {
        let filters = ["!=record_type:metadata", "!=record_type:conversion"];
        filters.iter().filter_map(|text| Filter::parse(text).ok()).collect()
    });
    VISIBLE.clone()
}

/// All captures of a page that are mementos, in that order.
pub fn mementos(url: &str, sort: Sort) -> Query {
    Query { sort, filters: visible(), ..Query::exactly(url) }
}

/// The middle of a period.
fn middle(range: TimeRange) -> Timestamp {
    range.start.plus(range.end.since(range.start) / 2)
}

/// The capture of `url` at a time, the newest without one.
///
/// # Errors
/// When the archive cannot answer.
pub fn choose(
    state: &Serve,
    url: &str,
    at: Option<TimeRange>,
    wanted: Use,
) -> Result<Option<Chosen>, Refusal> {
    let sort = match at {
        Some(range) if is_second(range) => Sort::Closest(range.start),
        Some(range) => Sort::Closest(middle(range)),
        None => Sort::Descending,
    };
    let is_exact = |capture: &Capture| at.is_some_and(|r| is_second(r) && r.contains(capture.date));
    let reader = &state.reader;
    let mut search = Search { state, redirects: 0 };
    let mut first = None;
    let mut seen_exact: Option<Capture> = None;
    // A second is a period: captures in it come first, in their order, even if one of the second before
    // is nearer to its beginning.
    let second = at.filter(|range| is_second(*range));
    let within = second.map(|range| Query {
        from: Some(range.start),
        to: Some(range.end),
        ..mementos(url, Sort::Ascending)
    });
    let within = within.iter().flat_map(|query| reader.query(query));
    let is_outside = |capture: &Capture| second.is_none_or(|range| !range.contains(capture.date));
    let outside = first_few(reader, mementos(url, sort));
    let outside = outside.filter(|capture| capture.as_ref().map_or(true, is_outside));
    for capture in within.chain(outside).take(LOOKED_AT_MAX) {
        let capture = capture?;
        if is_exact(&capture) {
            // Of captures of that second, the one of exactly this address.
            if capture.url == url && search.suits(&capture, wanted, true)? {
                return Ok(Some(Chosen { capture, is_exact: true }));
            }
            if seen_exact.is_none() && search.suits(&capture, wanted, false)? {
                seen_exact = Some(capture.clone());
            }
            first.get_or_insert(capture);
            continue;
        }
        if let Some(capture) = seen_exact {
            return Ok(Some(Chosen { capture, is_exact: true }));
        }
        if search.suits(&capture, wanted, false)? {
            return Ok(Some(Chosen { capture, is_exact: false }));
        }
        first.get_or_insert(capture);
    }
    let chosen = seen_exact.or(match wanted {
        // There is nothing better than the error.
        Use::Part => first,
        // Only a redirect to itself is held; its target address was not captured.
        Use::Page | Use::Near => first.filter(|capture| capture.url == url),
    });
    Ok(chosen.map(|capture| Chosen { is_exact: is_exact(&capture), capture }))
}

/// The capture of a part of a page: of its address, or if none is held, of a near address (a number
/// appended to bypass caches, a query of a style sheet), good ones before errors, the nearest in time
/// first. One of another address is never exact.
///
/// # Errors
/// When the archive cannot answer.
pub fn choose_part(
    state: &Serve,
    url: &str,
    at: Option<TimeRange>,
) -> Result<Option<Chosen>, Refusal> {
    if let Some(chosen) = choose(state, url, at, Use::Part)? {
        return Ok(Some(chosen));
    }
    let Some((keys, near)) = near_keys(url) else { return Ok(None) };
    let wanted = at.map_or(i64::MAX, |at| middle(at).unix_micros());
    let worth = |capture: &Capture| {
        (capture.status >= Some(400), capture.date.unix_micros().abs_diff(wanted))
    };
    let mut keys_seen: Vec<String> = Vec::new();
    let mut best: Option<Chosen> = None;
    let query = Query { filters: visible(), limit: Some(LOOKED_AT_MAX), ..Query::of(keys) };
    for capture in state.reader.query(&query) {
        let capture = capture?;
        if !is_near(&capture.urlkey, &near) || keys_seen.contains(&capture.urlkey) {
            continue;
        }
        keys_seen.push(capture.urlkey);
        let Some(found) = choose(state, &capture.url, at, Use::Part)? else { continue };
        if best.as_ref().is_none_or(|best| worth(&found.capture) < worth(&best.capture)) {
            best = Some(Chosen { is_exact: false, ..found });
        }
        if keys_seen.len() >= NEAR_MAX {
            break;
        }
    }
    Ok(best)
}

/// Answers to a query whose first results mostly suffice: a few, and the rest on demand.
fn first_few(reader: &Reader, query: Query) -> impl Iterator<Item = Result<Capture, ArchiveError>> {
    let few = reader.query(&Query { limit: Some(FEW), ..query.clone() });
    let rest = std::iter::once(query).flat_map(|query| reader.query(&query).skip(FEW));
    few.chain(rest)
}

/// Whether a period is a second or less.
pub fn is_second(range: TimeRange) -> bool {
    range.end.since(range.start) <= std::time::Duration::from_secs(1)
}

struct Search<'a> {
    state: &'a Serve,
    redirects: usize,
}

impl Search<'_> {
    /// Whether a capture is suitable. `is_named`: it has exactly the requested address and
    /// second.
    fn suits(&mut self, capture: &Capture, wanted: Use, is_named: bool) -> Result<bool, Refusal> {
        if !(is_named && wanted == Use::Page) && is_without_payload(self.state, capture)? {
            return Ok(false);
        }
        match (wanted, capture.status) {
            (Use::Part, Some(400..)) => Ok(false),
            (_, Some(300..=399)) if capture.status != Some(304) => {
                if is_named && wanted != Use::Part {
                    return Ok(true);
                }
                self.redirects += 1;
                if self.redirects > REDIRECTS_READ_MAX {
                    return Ok(false);
                }
                Ok(!leads_to_itself(self.state, capture)?)
            }
            _ => Ok(true),
        }
    }
}

/// Whether a capture is a revisit whose payload is not in the archive: it was removed by order, or another archive has it.
///
/// # Errors
/// When the archive cannot answer.
pub fn is_without_payload(state: &Serve, capture: &Capture) -> Result<bool, Refusal> {
    Ok(capture.kind == RecordKind::Revisit && state.reader.original_of(capture)?.is_none())
}

/// Whether a captured redirect leads to its own page. False if it cannot be read.
fn leads_to_itself(state: &Serve, capture: &Capture) -> Result<bool, Refusal> {
    let record = match state.records.of(state, capture) {
        Ok(record) => record,
        Err(refusal) if refusal.status == StatusCode::SERVICE_UNAVAILABLE => return Err(refusal),
        Err(_) => return Ok(false),
    };
    let location = record.archived.get("location");
    let own = TargetUri::parse(&capture.url).ok();
    let Some(to) = own.zip(location).and_then(|(own, to)| own.join_bytes(to).ok()) else {
        return Ok(false);
    };
    Ok(urlkey(to.as_str()) == capture.urlkey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_distinguished_from_a_longer_period() {
        for (stamp, second) in
            [("20251105000000", true), ("20251105000000123", true), ("202511050000", false)]
        {
            assert_eq!(is_second(TimeRange::from_digits(stamp).unwrap()), second, "{stamp}");
        }
        assert_eq!(visible().len(), 2);
    }
}
