//! The captures of a page by day, and the captures of a period.

use maud::{Markup, html};

use super::Site;
use super::frame::{AboutHead, Frame, Part, Tab, about, document, pager};
use super::links::field_value;
use super::text::{count, line, micros, month_name, number, size};
use crate::answers::calendar::{Calendar, CaptureList, Day};
use crate::answers::timeline::is_unchanged;
use crate::archive::{Capture, RecordKind};
use crate::base::Timestamp;

/// The captures of a page by day.
#[must_use]
pub fn calendar(site: &Site, found: &Calendar) -> String {
    let url = found.url.as_str();
    let in_year = found.years.get(&found.year).copied().unwrap_or(0);
    let what = html! {
        p .lead {
            (count(in_year, "capture")) " in " (found.year) ". "
            "A ring marks the start of a version; an outline marks a day without changes."
        }
    };
    let head = AboutHead { url, headline: None, what, tab: Tab::Calendar };
    let main = html! {
        (about(site, &head))
        @if found.years.len() > 1 {
            nav .years aria-label="Years" {
                ul {
                    @for (year, captures) in &found.years {
                        li {
                            @let name = html! { (year) " " small { (number(*captures)) } };
                            @if *year == found.year { a href=(site.year(url, *year)) aria-current="page" { (name) } }
                            @else { a href=(site.year(url, *year)) { (name) } }
                        }
                    }
                }
            }
        }
        // One form for all days: the address of the page is there once, and not on each of them.
        form .months action=(site.path_link("/captures")) {
            input type="hidden" name="url" value=(field_value(url));
            @for month in 1..=12 { (month_table(found, month)) }
        }
    };
    let title = format!("Calendar {} of {}", found.year, line(url));
    let frame = Frame { title: &title, part: Part::Other, query: url, head: html! {}, main };
    document(site, &frame)
}

/// A month; nothing where it has no capture.
fn month_table(found: &Calendar, month: usize) -> Markup {
    let prefix = format!("{:04}-{month:02}-", found.year);
    let days: Vec<&Day> = found.days.iter().filter(|day| day.date.starts_with(&prefix)).collect();
    if days.is_empty() {
        return html! {};
    }
    let length = length_of(found.year, month);
    let lead = weekday(found.year, month);
    let weeks = (lead + length).div_ceil(7);
    html! {
        table .month {
            caption { (month_name(month)) " " (found.year) }
            thead {
                tr {
                    @for (day, whole) in [("M", "Monday"), ("T", "Tuesday"), ("W", "Wednesday"),
                        ("T", "Thursday"), ("F", "Friday"), ("S", "Saturday"), ("S", "Sunday")]
                    {
                        th scope="col" { abbr title=(whole) { (day) } }
                    }
                }
            }
            tbody {
                @for week in 0..weeks {
                    tr {
                        @for at in 0..7 {
                            @let day = (week * 7 + at + 1).checked_sub(lead).filter(|day| (1..=length).contains(day));
                            (cell(day, &days, &prefix))
                        }
                    }
                }
            }
        }
    }
}

fn cell(day: Option<usize>, days: &[&Day], prefix: &str) -> Markup {
    let Some(number) = day else { return html! { td {} } };
    let date = format!("{prefix}{number:02}");
    let Some(day) = days.iter().find(|day| day.date == date) else {
        return html! { td { span { (number) } } };
    };
    let class = match (day.versions, day.new, day.unchanged) {
        _ if day.stealth => "day silent",
        (1.., _, _) => "day version",
        (_, 1.., _) => "day new",
        (_, _, 1..) => "day same",
        _ => "day fail",
    };
    html! {
        td {
            button class=(class) name="at" value=(date) title=(summary(day)) aria-label={ (date) ": " (summary(day)) } {
                (number)
            }
        }
    }
}

/// What happened on a day, as text.
fn summary(day: &Day) -> String {
    let mut parts = vec![count(day.new + day.unchanged, "capture")];
    if day.unchanged > 0 {
        parts.push(format!("{} without a change", day.unchanged));
    }
    if day.failures > 0 {
        parts.push(format!("{} failed", day.failures));
    }
    if day.versions > 0 {
        parts.push(count(day.versions, "new version"));
    }
    if day.stealth {
        parts.push("silent edit".to_owned());
    }
    parts.join(", ")
}

fn length_of(year: u16, month: usize) -> usize {
    let is_leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    match month {
        2 => 28 + usize::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day of the week that a month begins with, from 0 for Monday.
fn weekday(year: u16, month: usize) -> usize {
    let first = Timestamp::parse(&format!("{year:04}-{month:02}-01"));
    let days = first.unwrap_or_default().unix_micros().div_euclid(86_400_000_000);
    // 1970 began on a Thursday.
    usize::try_from((days + 3).rem_euclid(7)).unwrap_or(0)
}

/// The captures of a page in a period, oldest first. `period` is what was asked for, and `more` the address
/// of those behind them.
#[must_use]
pub fn captures(site: &Site, found: &CaptureList, period: &str, more: Option<&str>) -> String {
    let url = found.url.as_str();
    let what = html! {
        p .lead {
            @if found.captures.is_empty() { "No capture" } @else { (count(found.captures.len() as u64, "capture")) }
            @if !period.is_empty() { " in the period " (line(period)) } "."
        }
    };
    let head = AboutHead { url, headline: None, what, tab: Tab::Calendar };
    let main = html! {
        (about(site, &head))
        @if !found.captures.is_empty() {
            table .list .captures {
                thead {
                    tr {
                        th scope="col" { "Captured" }
                        th scope="col" { "Status" }
                        th scope="col" { "Kept as" }
                        th scope="col" { "Type" }
                        th .n scope="col" { "Bytes" }
                    }
                }
                tbody { @for capture in &found.captures { (row(site, capture)) } }
            }
        }
        @if let Some(more) = more {
            @let link = site.changes("/captures", &[("url", url), ("from", more)]);
            (pager(&[(link, "Later captures", "next")]))
        }
    };
    let title = format!("Captures of {}", line(url));
    let frame = Frame { title: &title, part: Part::Other, query: url, head: html! {}, main };
    document(site, &frame)
}

fn row(site: &Site, capture: &Capture) -> Markup {
    let status = capture.status.map_or_else(|| "–".to_owned(), |status| status.to_string());
    let is_bad = capture.kind == RecordKind::Metadata || capture.status.is_some_and(|s| s >= 400);
    html! {
        tr {
            th scope="row" { a href=(site.capture_link(capture)) { (micros(capture.date)) } }
            td { @if is_bad { span .bad { (status) } } @else { (status) } }
            td { (kept_as(capture)) }
            td { @if capture.kind != RecordKind::Revisit { (line(&capture.mime)) } @else { "–" } }
            td .n { (size(capture.length)) }
        }
    }
}

/// What the record of a capture holds.
pub(super) fn kept_as(capture: &Capture) -> &'static str {
    match capture.kind {
        RecordKind::Metadata => "report of a failure",
        _ if capture.copied_from().is_some() => "another archive's copy",
        _ if capture.status == Some(304) => "no change, reported by the server",
        _ if is_unchanged(capture) => "no change: the same payload",
        _ if capture.truncated => "response, truncated",
        RecordKind::Resource => "resource",
        RecordKind::Conversion => "conversion",
        _ => "response",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_on_their_day_and_have_their_length() {
        for (year, month, day, length) in [
            (2031, 3, 5, 31),
            (2026, 11, 6, 30),
            (2024, 2, 3, 29),
            (1900, 2, 3, 28),
            (2000, 2, 1, 29),
        ] {
            assert_eq!(
                (weekday(year, month), length_of(year, month)),
                (day, length),
                "{year}-{month}"
            );
        }
    }
}
