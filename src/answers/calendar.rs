//! The captures of a page by day, including those without a change.

use std::collections::BTreeMap;

use serde::Serialize;

use super::timeline::is_unchanged;
use super::{AnswerError, Archive, HistoryRequest, history, serial};
use crate::archive::{Query, RecordKind};
use crate::base::{TimeRange, Timestamp};

/// Which page, and which year of it.
#[derive(Debug, Clone)]
pub struct CalendarRequest {
    /// The page.
    pub url: String,
    /// The year; that of the newest capture without it.
    pub year: Option<u16>,
}

/// The captures of a page by day.
#[derive(Debug, Clone, Serialize)]
pub struct Calendar {
    /// The page, as it was asked for.
    pub url: String,
    /// The years with captures, and how many.
    pub years: BTreeMap<u16, u64>,
    /// The year whose days these are.
    pub year: u16,
    /// The days with captures, oldest first.
    pub days: Vec<Day>,
}

/// A day, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Day {
    /// `2031-03-04`.
    pub date: String,
    /// The first capture of the day, or the first that began a version.
    #[serde(serialize_with = "serial::date")]
    pub first: Timestamp,
    /// Captures with a payload of their own.
    pub new: u64,
    /// Captures that found the same payload, or for which the server reported no change.
    pub unchanged: u64,
    /// Reports of failures.
    pub failures: u64,
    /// Versions that began on this day.
    pub versions: u64,
    /// Whether one of them was changed without a notice or a new declared date.
    pub stealth: bool,
}

/// At most this many captures of one page are counted.
const CAPTURES_MAX: usize = 500_000;

/// The captures of a page by day.
///
/// # Errors
/// When there is no capture and no report of a failure, or the archive cannot be read.
pub fn calendar(archive: &Archive, request: &CalendarRequest) -> Result<Calendar, AnswerError> {
    let url = &request.url;
    let doing = format!("counting the captures of {url}");
    let mut days: BTreeMap<String, Day> = BTreeMap::new();
    let mut years: BTreeMap<u16, u64> = BTreeMap::new();
    for capture in archive.reader().query(&Query::exactly(url)).take(CAPTURES_MAX) {
        let capture = capture.map_err(|why| AnswerError::index(&doing, &why))?;
        let date = day_of(capture.date);
        *years.entry(year_of(&date)).or_default() += 1;
        let empty = || Day {
            date: date.clone(),
            first: capture.date,
            new: 0,
            unchanged: 0,
            failures: 0,
            versions: 0,
            stealth: false,
        };
        let day = days.entry(date.clone()).or_insert_with(empty);
        match capture.kind {
            RecordKind::Metadata => day.failures += 1,
            _ if is_unchanged(&capture) => day.unchanged += 1,
            _ => day.new += 1,
        }
    }
    let Some(newest) = years.keys().next_back().copied() else {
        return Err(AnswerError::NoCapture(url.clone()));
    };
    begun(archive, url, &mut days)?;
    let year = request.year.unwrap_or(newest);
    let days = days.into_values().filter(|day| year_of(&day.date) == year).collect();
    Ok(Calendar { url: url.clone(), years, year, days })
}

/// Counts the versions that began on each day.
fn begun(
    archive: &Archive,
    url: &str,
    days: &mut BTreeMap<String, Day>,
) -> Result<(), AnswerError> {
    let mut page_reader = archive.page_reader();
    let asked = HistoryRequest::whole(url);
    for row in history(&mut page_reader, &asked)? {
        let row = row?;
        let Some(day) = days.get_mut(&day_of(row.first.date)) else { continue };
        if day.versions == 0 {
            day.first = row.first.date;
        }
        day.versions += 1;
        day.stealth |= row.is_stealth();
    }
    Ok(())
}

/// The day of a time, as ISO 8601 writes it.
fn day_of(at: Timestamp) -> String {
    at.to_rfc3339().chars().take(10).collect()
}

fn year_of(date: &str) -> u16 {
    date.get(..4).and_then(|year| year.parse().ok()).unwrap_or(0)
}

/// Which captures of a page are listed.
#[derive(Debug, Clone)]
pub struct CaptureListRequest {
    /// The page.
    pub url: String,
    /// When they were made.
    pub period: TimeRange,
    /// At most this many.
    pub captures_max: usize,
}

/// Captures of a page, oldest first.
#[derive(Debug, Clone, Serialize)]
pub struct CaptureList {
    /// The page, as it was asked for.
    pub url: String,
    /// The captures, with reports of failures.
    #[serde(serialize_with = "serial::captures")]
    pub captures: Vec<crate::archive::Capture>,
    /// The time from which on there are more; none where these are the last ones.
    #[serde(serialize_with = "serial::maybe_date")]
    pub next: Option<Timestamp>,
}

/// The captures of a page in a period. Those that share their microsecond with the last one stand beside it.
///
/// # Errors
/// When the index cannot answer.
pub fn captures_in(
    archive: &Archive,
    request: &CaptureListRequest,
) -> Result<CaptureList, AnswerError> {
    let CaptureListRequest { url, period, captures_max } = request;
    let doing = format!("listing the captures of {url}");
    let (from, to) = (Some(period.start), Some(period.end));
    let mut out = CaptureList { url: url.clone(), captures: Vec::new(), next: None };
    for capture in archive.reader().query(&Query { from, to, ..Query::exactly(url) }) {
        let capture = capture.map_err(|why| AnswerError::index(&doing, &why))?;
        let is_beside = out.captures.last().is_some_and(|last| last.date == capture.date);
        if out.captures.len() >= *captures_max && !is_beside {
            out.next = Some(capture.date);
            break;
        }
        out.captures.push(capture);
    }
    Ok(out)
}
