//! One address over time: the picture, the versions, and what changed in each.

use maud::{Markup, html};

use super::Site;
use super::frame::{AboutHead, Frame, Part, Tab, about, document, notes, pager};
use super::picture::picture;
use super::text::{change, count, line, second, short, stealth, time};
use crate::answers::removed::Removed;
use crate::answers::timeline::Timeline;
use crate::archive::{Form, RecordKind};
use crate::diff::{Change, Presence};
use crate::history::VersionRow;

/// At most this many changes of one version are listed.
const CHANGES_MAX: usize = 8;

/// One address over time.
#[must_use]
pub fn page(site: &Site, found: &Timeline) -> String {
    let url = found.url.as_str();
    let headline = found.versions.iter().find_map(|version| version.headline.as_deref());
    let head = AboutHead { url, headline, what: summary(site, found), tab: Tab::Versions };
    let oldest = found.versions.last().map_or(0, |version| version.number);
    let newest = found.versions.first().map_or(0, |version| version.number);
    let mut pages = Vec::new();
    if newest < found.versions_count {
        pages.push((site.in_form(site.page_link(url), found.asked), "Newest versions", "first"));
    }
    if oldest > 1 {
        let before = site.page_before(url, oldest);
        pages.push((site.in_form(before, found.asked), "Older versions", "next"));
    }
    let main = html! {
        (about(site, &head))
        (forms(site, found))
        (notes(&found.notes))
        (removed(&found.removed))
        (picture(site, found))
        section aria-labelledby="versions" {
            h2 #versions { "Versions" }
            p .hint {
                "A version is a run of captures with the same content; changes are relative to the previous "
                "version."
            }
            ol .history reversed {
                @for version in &found.versions { (version_item(site, found, version)) }
            }
            (pager(&pages))
        }
    };
    let title = headline.map_or_else(|| line(url), line);
    document(site, &Frame { title: &title, part: Part::Other, query: url, head: html! {}, main })
}

/// How many captures and versions, and how the newest capture went.
fn summary(site: &Site, found: &Timeline) -> Markup {
    html! {
        p .lead {
            (count(found.versions_count as u64, "version")) " in " (count(found.captures, "capture"))
            @if found.unchanged > 0 { ", " (found.unchanged) " of them without a change" }
            @if found.failures > 0 { ", " (found.failures) " failed" }
            ". "
            @if let Some(last) = &found.last {
                @if last.kind == RecordKind::Metadata {
                    "The newest attempt, at " (time(last.date)) ", "
                    a href=(site.capture_link(last)) { "failed" } ". "
                } @else {
                    "Newest capture: " a href=(site.capture_link(last)) { (time(last.date)) } ", "
                    a href=(site.replay_link(&found.url, last.date)) { "view as captured" } "."
                }
            }
        }
    }
}

/// At most this many captures that were removed are listed.
const REMOVED_MAX: usize = 50;

/// What was removed by order, with when and why.
fn removed(all: &[Removed]) -> Markup {
    html! {
        @if !all.is_empty() {
            section .removed aria-label="Removed by order" {
                ul {
                    @for one in all.iter().take(REMOVED_MAX) {
                        li .bad { "The capture of " (time(one.captured)) " was " (short(&one.how(), 2_100)) "." }
                    }
                    @if all.len() > REMOVED_MAX { li { "and " (all.len() - REMOVED_MAX) " more" } }
                }
            }
        }
    }
}

/// Which text of the page the versions are of, and the way to the other one.
fn forms(site: &Site, found: &Timeline) -> Markup {
    let link = |form| site.in_form(site.page_link(&found.url), Some(form));
    html! {
        @if let Some(other) = &found.text_at {
            p .hint {
                "The page is sent without its text. These are the versions of another form of it, "
                a href=(site.page_link(other)) { (line(other)) } ". "
                a href=(link(Form::Plain)) { "The page as it was sent" } "."
            }
        } @else if found.rendering {
            p .hint {
                "These are the versions of the page as rendered by a browser, with its scripts. "
                a href=(link(Form::Plain)) { "The page as it was sent" } "."
            }
        } @else if found.renderings > 0 {
            p .hint {
                "These are the versions of the page as it was sent. "
                a href=(link(Form::Rendered)) { "The page as rendered by a browser" } "."
            }
        }
    }
}

fn version_item(site: &Site, found: &Timeline, version: &VersionRow) -> Markup {
    let url = found.url.as_str();
    let before = version.change.as_ref().map(|change| change.before.date);
    let mut ranked: Vec<&Change> = version.changes().iter().collect();
    ranked.sort_by_key(|change| std::cmp::Reverse(change.weight));
    let left = ranked.len().saturating_sub(CHANGES_MAX);
    html! {
        li id={ "v" (version.number) } value=(version.number) {
            p .what {
                strong { "Version " (version.number) } " "
                a href=(site.capture_link(&version.first)) { (second(version.first.date)) }
                @if version.captures > 1 {
                    " to " (second(version.last.date)) ", " (count(version.captures, "capture"))
                }
                @if version.is_stealth() { " " (stealth()) }
            }
            @if let Some(instead) = instead(version) { p .bad { (instead) } }
            @if !ranked.is_empty() {
                ul .changes {
                    @for one in ranked.iter().take(CHANGES_MAX) {
                        li { (change(one.kind, one.before.as_deref(), one.after.as_deref(), one.speaker.as_deref())) }
                    }
                    @if left > 0 { li .left { "and " (left) " more" } }
                }
            } @else if version.number == 1 {
                p .first { "First version." }
            }
            p .links {
                @if let Some(before) = before {
                    @let link = site.diff_link(url, before, version.first.date);
                    a href=(site.in_form(link, found.asked)) { "Compare with the previous version" } " · "
                }
                a href=(site.replay_link(url, version.first.date)) { "View as captured" } " · "
                a href=(site.about_at("/cite", url, version.first.date)) { "Cite" }
            }
        }
    }
}

/// What is there in place of the article, where it is not there.
fn instead(version: &VersionRow) -> Option<String> {
    match version.presence {
        Presence::Here => version.leads_to.as_ref().map(|to| format!("Leads to {}", line(to))),
        _ if version.instead.is_empty() => None,
        _ => Some(line(&version.instead)),
    }
}
