//! The changes of the archive, newest first.

use maud::{Markup, html};

use super::Site;
use super::frame::{Frame, Part, document, notes, pager};
use super::text::{address, change, kind_name, line, short, stealth, time};
use crate::answers::front::is_of_same_version;
use crate::archive::Form;
use crate::base::Timestamp;
use crate::diff::ChangeKind;
use crate::history::changes::ArchiveChange;

/// Which changes are shown, in the words of the parameters, and how one gets on.
#[derive(Debug, Clone, Default)]
pub struct ChangesView<'a> {
    /// The changes, newest first.
    pub changes: &'a [ArchiveChange],
    /// The time from which on (going back) there are more.
    pub next: Option<Timestamp>,
    /// `since`, as requested.
    pub since: &'a str,
    /// `until`, as requested.
    pub until: &'a str,
    /// The kinds that were asked for.
    pub kinds: &'a [ChangeKind],
    /// The host that was asked for.
    pub host: &'a str,
    /// Whether only silent edits were.
    pub is_stealth: bool,
    /// The least weight that was asked for.
    pub weight: u8,
    /// The name of the cursor that was asked for: what the last `changes --since-last NAME` did not show.
    pub since_last: &'a str,
    /// What this browser has seen, where it has sent that: the newest change of its last visit.
    pub seen: Option<Timestamp>,
    /// Whether only what this browser has not seen is shown.
    pub is_unseen: bool,
    /// Captures that had to be left out, as text.
    pub notes: &'a [String],
}

/// The changes of the archive.
#[must_use]
pub fn changes(site: &Site, view: &ChangesView<'_>) -> String {
    let title = match (view.host.is_empty(), view.is_stealth) {
        (true, false) => "Changes".to_owned(),
        (true, true) => "Silent edits".to_owned(),
        (false, false) => format!("Changes on {}", line(view.host)),
        (false, true) => format!("Silent edits on {}", line(view.host)),
    };
    let main = html! {
        h1 { (title) }
        (filter(site, view))
        (seen(site, view))
        (notes(view.notes))
        @if view.changes.is_empty() {
            p .lead {
                @if view.is_unseen || !view.since_last.is_empty() { "Nothing new." }
                @else { "The archive has no such changes." }
            }
        } @else {
            (by_version(site, view.changes, 12))
        }
        @if let Some(next) = view.next {
            (pager(&[(older(site, view, next), "Older changes", "next")]))
        }
        p .more {
            "Follow these changes as " a href=(feed(site, view, "/changes.atom")) { "Atom" } " or "
            a href=(feed(site, view, "/changes.rss")) { "RSS" } "."
        }
    };
    let head = html! {
        link rel="alternate" type="application/atom+xml" title=(title) href=(feed(site, view, "/changes.atom"));
        link rel="alternate" type="application/rss+xml" title=(title) href=(feed(site, view, "/changes.rss"));
    };
    document(site, &Frame { title: &title, part: Part::Changes, query: "", head, main })
}

/// The parameters that say which changes are meant, without their times.
fn parameters<'v>(view: &'v ChangesView<'_>, weight: &'v str) -> Vec<(&'static str, &'v str)> {
    let mut out = vec![("host", view.host), ("since-last", view.since_last)];
    out.extend(view.kinds.iter().map(|kind| ("kind", kind.label())));
    out.push(("stealth", if view.is_stealth { "1" } else { "" }));
    out.push(("weight", if view.weight > 1 { weight } else { "" }));
    out.push(("unseen", if view.is_unseen { "1" } else { "" }));
    out
}

fn older(site: &Site, view: &ChangesView<'_>, next: Timestamp) -> String {
    let (weight, next) = (view.weight.to_string(), next.to_warc_date());
    let mut all = parameters(view, &weight);
    all.extend([("since", view.since), ("before", next.as_str())]);
    site.changes("/changes", &all)
}

fn feed(site: &Site, view: &ChangesView<'_>, path: &str) -> String {
    let weight = view.weight.to_string();
    let is_of_feed = |(name, _): &(&str, &str)| !matches!(*name, "since-last" | "unseen");
    let all: Vec<_> = parameters(view, &weight).into_iter().filter(is_of_feed).collect();
    site.changes(path, &all)
}

fn filter(site: &Site, view: &ChangesView<'_>) -> Markup {
    let is_set = !view.since.is_empty()
        || !view.until.is_empty()
        || !view.kinds.is_empty()
        || !view.host.is_empty()
        || view.weight > 1
        || view.is_stealth;
    let chosen = view.kinds.first().copied();
    html! {
        details .filter open[is_set] {
            summary { "Choose by kind, host and time" }
            form action=(site.path_link("/changes")) {
                p {
                    label for="kind" { "Kind" }
                    select #kind name="kind" {
                        option value="" { "any" }
                        @for kind in ChangeKind::ALL {
                            option value=(kind.label()) selected[chosen == Some(kind)] { (kind_name(kind)) }
                        }
                    }
                }
                p {
                    label for="host" { "Host" }
                    input #host name="host" value=(line(view.host)) autocapitalize="off" spellcheck="false";
                }
                p {
                    label for="since" { "Since" }
                    input #since name="since" value=(line(view.since)) placeholder="2031-03-04, yesterday";
                }
                p {
                    label for="until" { "Until" }
                    input #until name="until" value=(line(view.until)) placeholder="2031-03-05";
                }
                p {
                    label for="weight" { "Weight at least" }
                    select #weight name="weight" {
                        @for weight in 1..=5_u8 {
                            option value=(weight) selected[view.weight == weight] { (weight) }
                        }
                    }
                }
                p .check {
                    input #stealth type="checkbox" name="stealth" value="1" checked[view.is_stealth];
                    label for="stealth" { "Only silent edits" }
                }
                p { button { "Show" } }
            }
        }
    }
}

/// What this browser has seen, and the way to say so.
fn seen(site: &Site, view: &ChangesView<'_>) -> Markup {
    let newest = view.changes.first().and_then(|change| Timestamp::parse(&change.date));
    html! {
        div .seen {
            @if !view.since_last.is_empty() {
                p {
                    "What " code { "pressmark changes --since-last " (line(view.since_last)) }
                    " has not shown yet. Only that command advances the cursor."
                }
            } @else {
                @match (view.is_unseen, view.seen) {
                    (true, Some(seen)) => p {
                        "What is new since you last marked the changes as seen, at " (time(seen)) ". "
                        a href=(site.path_link("/changes")) { "All changes" }
                    },
                    (true, None) => p { "You have not marked any change as seen in this browser." },
                    (false, Some(seen)) => p {
                        "You marked the changes up to " (time(seen)) " as seen. "
                        a href=(site.changes("/changes", &[("unseen", "1")])) { "Only what is new" }
                    },
                    (false, None) => {}
                }
                @if let Some(newest) = newest.filter(|newest| view.seen.is_none_or(|seen| seen < *newest)) {
                    form method="post" action=(site.path_link("/changes/seen")) {
                        input type="hidden" name="until" value=(newest.to_warc_date());
                        button .quiet { "Mark these as seen" }
                    }
                }
            }
        }
    }
}

/// Changes, those of one version together, with at most `most` of each.
pub(super) fn by_version(site: &Site, changes: &[ArchiveChange], most: usize) -> Markup {
    html! {
        ol .versions {
            @for version in changes.chunk_by(is_of_same_version) {
                @if let Some(first) = version.first() { (one_version(site, first, version, most)) }
            }
        }
    }
}

fn one_version(
    site: &Site,
    first: &ArchiveChange,
    version: &[ArchiveChange],
    most: usize,
) -> Markup {
    let form = first.rendering.then_some(Form::Rendered);
    let diff = site.in_form(site.diff_to(&first.url, &first.date), form);
    let at = Timestamp::parse(&first.date).unwrap_or_default();
    // The weightiest ones stand for all.
    let mut ranked: Vec<&ArchiveChange> = version.iter().collect();
    ranked.sort_by_key(|one| std::cmp::Reverse(one.change.weight));
    let left = ranked.len().saturating_sub(most);
    let headline = first.headline.as_deref().map(line).filter(|headline| !headline.is_empty());
    html! {
        li {
            p .what {
                @match &headline {
                    Some(headline) => a href=(diff) dir="auto" { (short(headline, 160)) },
                    None => a href=(diff) { (address(&first.url)) },
                }
                @if first.stealth { " " (stealth()) }
            }
            p .where {
                (time(at)) " · "
                a href=(site.page_link(&first.url)) { (address(&first.url)) }
            }
            ul .changes {
                @for one in ranked.iter().take(most) {
                    @let inner = &one.change;
                    li { (change(inner.kind, inner.before.as_deref(), inner.after.as_deref(), inner.speaker.as_deref())) }
                }
                @if left > 0 { li .left { a href=(diff) { "and " (left) " more" } } }
            }
        }
    }
}
