//! The content of the banner of a page: which capture is shown, of which version, what that changed, and how far
//! in time its parts are apart.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::Serve;
use super::super::memento::{Modifier, Neighbours, choose_part, uri_m};
use super::super::page_site::page_site;
use super::super::reply::Refusal;
use super::super::request::Site;
use crate::answers::standing::standing_at;
use crate::archive::Capture;
use crate::base::{TimeRange, Timestamp};
use crate::render::web::kinds_in_words;
use crate::replay::Banner;
use crate::replay::parts::{self, Part};

/// How long parts are looked up; for a page with more, only the first ones are reported.
const PARTS_TIME: Duration = Duration::from_millis(300);
/// Kinds of change that are named.
const KINDS_MAX: usize = 4;

/// The banner above a capture. `around` are its neighbours, `asked_for` the requested time if it
/// differs, `named` the parts that the page names.
///
/// # Errors
/// When the archive cannot answer for the parts. A history that cannot be read is left out: the page can be
/// shown without it.
pub fn banner(
    state: &Arc<Serve>,
    own: &Site,
    capture: &Capture,
    around: &Neighbours,
    asked_for: Option<Timestamp>,
    named: &[Part],
) -> Result<Banner, Refusal> {
    let link = |capture: &Capture| (uri_m(own, Modifier::None, capture), capture.date);
    let reader = page_site(&state.options, own, state.clock().now());
    let url = capture.url.as_str();
    let mut banner = Banner {
        url: capture.url.clone(),
        captured: capture.date,
        asked_for,
        status: capture.status,
        previous: around.prev.as_ref().map(link),
        next: around.next.as_ref().map(link),
        links: vec![(reader.page_link(url), "all versions".to_owned())],
        notes: notes(state, capture, named)?,
        ..Banner::default()
    };
    let versions = state.versions.of(&state.archive, &around.last).ok().flatten();
    if let Some(versions) = &versions
        && let Some(version) = standing_at(versions, capture.date)
    {
        banner.version = Some((version.number, versions.len()));
        banner.is_stealth = version.stealth;
        banner.changes = kinds_in_words(version.kinds.get(..KINDS_MAX).unwrap_or(&version.kinds));
        if let Some(more) = version.kinds.len().checked_sub(KINDS_MAX).filter(|more| *more > 0) {
            banner.changes.push(format!("{more} more"));
        }
        if let Some(before) = version.compared_with {
            let to = reader.diff_link(url, before, version.first);
            banner.links.push((to, "what changed".to_owned()));
        }
    }
    banner.links.push((reader.about_at("/cite", url, capture.date), "cite".to_owned()));
    // The same capture in the view where its scripts run, where there is one.
    if let Some(link) = reader.rerouted_link(url, capture.date) {
        banner.links.push((link, "with its scripts".to_owned()));
    }
    banner.links.push((uri_m(own, Modifier::Page, capture), "hide this banner".to_owned()));
    Ok(banner)
}

/// Notes about the parts: the captures that replay would send for them.
fn notes(state: &Arc<Serve>, capture: &Capture, named: &[Part]) -> Result<Vec<String>, Refusal> {
    let begun = Instant::now();
    let second = capture.date.floor_second();
    let at = TimeRange { start: second, end: second.plus(Duration::from_secs(1)) };
    let mut times = Vec::new();
    for part in named {
        if begun.elapsed() > PARTS_TIME {
            break;
        }
        let found = choose_part(state, &part.url, Some(at))?;
        times.push(found.map(|found| found.capture.date));
    }
    let mut notes = parts::notes(capture.date, &times);
    if let Some(from) = capture.copied_from() {
        notes.insert(0, format!("Captured by another archive: {from}"));
    }
    Ok(notes)
}
