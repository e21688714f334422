//! A page that is not held: why, and what is near it.

use maud::{Markup, html};

use super::Site;
use super::find::page_table;
use super::frame::{Frame, Part, document, host_of, live_link};
use super::text::{count, line, short, short_address, time};
use crate::answers::absent::{Absent, Reason};

/// A page that is not held.
#[must_use]
pub fn absent(site: &Site, found: &Absent) -> String {
    let url = found.url.as_str();
    let main = html! {
        @if let Some(host) = &found.host {
            nav .crumbs aria-label="Where this is" {
                ol {
                    li { a href=(site.front_link()) { "Archive" } }
                    li { a href=(site.host_link(&host.host)) { (line(&host.host)) } }
                }
            }
        }
        h1 { "Not in the archive" }
        p .address { span .url { (short_address(url, 300)) } " " (live_link(url)) }
        section .absent { (why(site, found)) }
        @if !found.near.is_empty() {
            h2 { "Similar addresses in the archive" }
            (page_table(site, &found.near))
        }
        @if let Some(host) = &found.host {
            p .more {
                a href=(site.host_link(&host.host)) { "All pages of " (line(&host.host)) } ": "
                (count(host.captures, "capture")) "."
            }
        }
    };
    let title = format!("Not in the archive: {}", line(url));
    document(site, &Frame { title: &title, part: Part::Other, query: url, head: html! {}, main })
}

fn why(site: &Site, found: &Absent) -> Markup {
    let url = found.url.as_str();
    html! {
        @match &found.why {
            Reason::Failed { times, last, step, detail } => {
                p {
                    strong { "Fetching it failed." }
                    " " (count(*times, "attempt")) " failed, the last on "
                    a href=(site.about_at("/capture", url, *last)) { (time(*last)) }
                    @if let Some(step) = step { ", at " code { (line(step)) } }
                    @if let Some(detail) = detail { ": " (short(detail, 200)) }
                    "."
                }
            }
            Reason::Removed { last, at, order } => {
                p {
                    strong { "It was removed by order." }
                    " What was held of it, captured until " (time(*last)) ", was removed"
                    @if let Some(at) = at { " on " (time(*at)) }
                    @if let Some(order) = order { ": " (short(order, 2_000)) }
                    "."
                }
            }
            Reason::Robots { at, is_forbidden, rule } => {
                @if *is_forbidden {
                    p {
                        strong { "Its robots.txt disallows it." }
                        " On " (time(*at)) " the deciding rule was " code { (short(rule, 200)) } "."
                    }
                } @else {
                    p {
                        strong { "Its robots.txt could not be reached" }
                        ", so it is unknown whether fetching is allowed. Tried on " (time(*at)) ": "
                        (short(rule, 200)) "."
                    }
                }
            }
            Reason::Near { url } => {
                p { strong { "It is archived under an equivalent address: " } a href=(site.about("/page", url)) { (line(url)) } "." }
                p { "The two differ only in tracking or cache-busting parameters." }
            }
            Reason::NotAsked => {
                p { strong { "No crawl has fetched this address." } }
                p {
                    "Its host is in the archive. The address may be outside the scope of every job, or no captured page "
                    "links to it."
                }
            }
            Reason::HostUnknown => {
                p { strong { "The archive has nothing from its host." } " No crawl has visited " code { (line(&host_of(url))) } "." }
            }
            Reason::NoAddress { why } => {
                p { strong { "It is not a web address: " } (short(why, 200)) "." }
            }
        }
        @if !matches!(found.why, Reason::NoAddress { .. } | Reason::Removed { .. } | Reason::Robots { is_forbidden: true, .. }) {
            p .hint { code { "pressmark crawl URL" } " fetches it now." }
        }
    }
}
