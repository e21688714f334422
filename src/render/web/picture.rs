//! The timeline of a page as a picture: a row of versions, each a bar as long as it was seen with a mark where
//! it began, and a row of captures. Positions are in percent, so that the picture fills any width and its
//! letters stay legible. The list of versions beside it says the same to a screen reader.

use maud::{Markup, html};

use super::Site;
use super::text::{GROUPS, Group, count, day, group, kind_name, stealth};
use crate::answers::timeline::{Timeline, VersionPoint, Visits};
use crate::base::Timestamp;

/// Marks nearer than this share of the width are below each other: 24 of 360 pixels.
const GAP: f64 = 7.0;

/// Rows of marks; where more would overlap, they are small dots.
const ROWS: usize = 4;

/// The height of a row of marks, in pixels.
const ROW: usize = 26;

/// From which place on, in percent of the width, and how far.
const LEFT: f64 = 3.5;
const WIDTH: f64 = 93.0;

/// The times between which the picture is.
struct Scale {
    start: i128,
    span: i128,
}

impl Scale {
    fn of(found: &Timeline) -> Option<Self> {
        let start = i128::from(found.first.as_ref()?.date.unix_micros());
        let end = i128::from(found.last.as_ref()?.date.unix_micros());
        Some(Self { start, span: (end - start).max(0) })
    }

    /// A place in percent of the width.
    fn x(&self, at: Timestamp) -> f64 {
        if self.span == 0 {
            return LEFT + WIDTH / 2.0;
        }
        let part = (i128::from(at.unix_micros()) - self.start).clamp(0, self.span);
        // Two decimals of a percent are far below a pixel.
        LEFT + WIDTH * (part as f64 / self.span as f64)
    }
}

fn percent(x: f64) -> String {
    format!("{x:.2}%")
}

/// The picture, its legend and what it shows as text.
pub(super) fn picture(site: &Site, found: &Timeline) -> Markup {
    let Some(scale) = Scale::of(found) else { return html! {} };
    let rows = placed(&found.points, &scale);
    let used = rows.iter().flatten().max().map_or(1, |row| row + 1);
    // Room for a ring and a flag above the first row.
    let bars = 14 + used * ROW;
    let visits = bars + 20;
    let axis = visits + 24;
    let height = axis + 20;
    html! {
        figure .timeline {
            svg role="img" aria-label=(description(found)) width="100%" height=(height) {
                @for point in &found.points { (bar(point, &scale, bars)) }
                @for (point, row) in found.points.iter().zip(&rows) {
                    (mark(site, found, point, *row, &scale, bars))
                }
                @for visit in &found.visits { (tick(visit, &scale, visits)) }
                line .axis x1=(percent(LEFT)) x2=(percent(LEFT + WIDTH)) y1=(axis) y2=(axis) {}
                (labels(found, &scale, axis + 15))
            }
            figcaption { (legend(found)) }
        }
    }
}

/// In which row the mark of each version is; none for those that find no room.
fn placed(points: &[VersionPoint], scale: &Scale) -> Vec<Option<usize>> {
    let mut ends = [f64::NEG_INFINITY; ROWS];
    let place = |point: &VersionPoint| {
        let x = scale.x(point.first);
        let row = ends.iter().position(|end| x - end >= GAP)?;
        ends[row] = x;
        Some(row)
    };
    points.iter().map(place).collect()
}

fn bar(point: &VersionPoint, scale: &Scale, y: usize) -> Markup {
    let (from, to) = (scale.x(point.first), scale.x(point.last));
    html! {
        rect class={ "bar p-" (point.presence) } x=(percent(from)) y=(y) height="8"
            width=(percent((to - from).max(0.4))) {}
    }
}

fn mark(
    site: &Site,
    found: &Timeline,
    point: &VersionPoint,
    row: Option<usize>,
    scale: &Scale,
    bars: usize,
) -> Markup {
    let (x, url) = (percent(scale.x(point.first)), found.url.as_str());
    let link = match point.compared_with {
        Some(before) => site.in_form(site.diff_link(url, before, point.first), found.asked),
        None => site.about_at("/capture", url, point.first),
    };
    let Group { letter, class, .. } =
        point.kind.map_or(Group { letter: "1", class: "k-first", name: "first version" }, group);
    let y = row.map_or(bars - 5, |row| 14 + row * ROW + 8);
    html! {
        a href=(link) tabindex="-1" class=(class) {
            title { (title(point)) }
            line .stem x1=(x) x2=(x) y1=(y) y2=(bars) {}
            @if row.is_none() {
                circle cx=(x) cy=(y) r="3" {}
            } @else {
                @if point.stealth { circle .ring cx=(x) cy=(y) r="12" {} }
                circle cx=(x) cy=(y) r="9" {}
                text x=(x) y=(y + 4) text-anchor="middle" { (letter) }
            }
        }
    }
}

fn title(point: &VersionPoint) -> String {
    let mut out = format!("Version {}, {}", point.number, day(point.first));
    if let Some(kind) = point.kind {
        out.push_str(&format!(": {}", kind_name(kind).to_lowercase()));
        if point.changes > 1 {
            out.push_str(&format!(" and {} more", point.changes - 1));
        }
    }
    if point.stealth {
        out.push_str("; silent edit");
    }
    out
}

fn tick(visit: &Visits, scale: &Scale, y: usize) -> Markup {
    let x = percent(scale.x(visit.first));
    let (class, from) = match (visit.failures, visit.new) {
        (0, 0) => ("tick same", y + 6),
        (0, _) => ("tick new", y),
        _ => ("tick fail", y),
    };
    html! { line class=(class) x1=(x) x2=(x) y1=(from) y2=(y + 14) {} }
}

fn labels(found: &Timeline, scale: &Scale, y: usize) -> Markup {
    let (Some(first), Some(last)) = (&found.first, &found.last) else { return html! {} };
    let (from, to) = (day(first.date), day(last.date));
    html! {
        @if from == to {
            text .label x="50%" y=(y) text-anchor="middle" { (from) ", " (clock(first.date)) " to " (clock(last.date)) }
        } @else {
            text .label x=(percent(scale.x(first.date) - LEFT)) y=(y) { (from) }
            text .label x="100%" y=(y) text-anchor="end" { (to) }
        }
    }
}

fn clock(at: Timestamp) -> String {
    at.to_rfc3339().get(11..19).unwrap_or_default().to_owned()
}

/// The picture in a sentence.
fn description(found: &Timeline) -> String {
    let silent = found.points.iter().filter(|point| point.stealth).count();
    let mut out = format!(
        "Timeline: {} in {}",
        count(found.versions_count as u64, "version"),
        count(found.captures, "capture")
    );
    if let (Some(first), Some(last)) = (&found.first, &found.last) {
        out.push_str(&format!(" from {} to {}", day(first.date), day(last.date)));
    }
    if silent > 0 {
        out.push_str(&format!(", {}", count(silent as u64, "silent edit")));
    }
    out.push_str(". The list of versions below has the same data.");
    out
}

/// The marks that this picture has, and no others.
fn legend(found: &Timeline) -> Markup {
    let has = |wanted: &Group| {
        found.points.iter().filter_map(|point| point.kind).any(|kind| group(kind) == *wanted)
    };
    let has_silent = found.points.iter().any(|point| point.stealth);
    let has_failures = found.failures > 0;
    let has_unchanged = found.unchanged > 0;
    let away = found.points.iter().any(|point| !point.has_article());
    html! {
        ul .legend {
            @for one in GROUPS.iter().filter(|one| has(one)) {
                li { span class={ "dot " (one.class) } aria-hidden="true" { b { (one.letter) } } " " (one.name) }
            }
            @if has_silent { li { span .dot .ringed aria-hidden="true" {} " " (stealth()) } }
            @if away { li { span .box .away aria-hidden="true" {} " the article was not there" } }
            li { span .box .new aria-hidden="true" {} " capture" }
            @if has_unchanged { li { span .box .same aria-hidden="true" {} " capture without a change" } }
            @if has_failures { li { span .box .fail aria-hidden="true" {} " failed" } }
        }
        @if found.points.len() < found.versions_count {
            p { "Only the " (found.points.len()) " of " (found.versions_count) " versions with the greatest weight are drawn." }
        }
    }
}
