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
        h1 { "Not held" }
        p .address { span .url { (short_address(url, 300)) } " " (live_link(url)) }
        section .absent { (why(site, found)) }
        @if !found.near.is_empty() {
            h2 { "Held, and near it" }
            (page_table(site, &found.near))
        }
        @if let Some(host) = &found.host {
            p .more {
                a href=(site.host_link(&host.host)) { "All pages of " (line(&host.host)) } ": "
                (count(host.captures, "capture")) "."
            }
        }
    };
    let title = format!("Not held: {}", line(url));
    document(site, &Frame { title: &title, part: Part::Other, query: url, head: html! {}, main })
}

fn why(site: &Site, found: &Absent) -> Markup {
    let url = found.url.as_str();
    html! {
        @match &found.why {
            Reason::Failed { times, last, step, detail } => {
                p {
                    strong { "It was asked for and did not come." }
                    " " (count(*times, "attempt")) " failed, the last one on "
                    a href=(site.about_at("/capture", url, *last)) { (time(*last)) }
                    @if let Some(step) = step { ", at " code { (line(step)) } }
                    @if let Some(detail) = detail { ": " (short(detail, 200)) }
                    "."
                }
            }
            Reason::Robots { at, is_forbidden, rule } => {
                @if *is_forbidden {
                    p {
                        strong { "Its robots.txt forbids it." }
                        " On " (time(*at)) " the rule that decided was " code { (short(rule, 200)) } "."
                    }
                } @else {
                    p {
                        strong { "Its robots.txt could not be reached" }
                        ", so that it is not known whether it may be asked for. It was tried on " (time(*at)) ": "
                        (short(rule, 200)) "."
                    }
                }
            }
            Reason::Near { url } => {
                p { strong { "It is held under a near address: " } a href=(site.about("/page", url)) { (line(url)) } "." }
                p { "The two differ in nothing but what counts visits or keeps caches from answering." }
            }
            Reason::NotAsked => {
                p { strong { "No crawl has asked for this address." } }
                p {
                    "Its host is held. The address may lie outside the scope of every job, or no page that was captured "
                    "leads to it."
                }
            }
            Reason::HostUnknown => {
                p { strong { "Nothing of its host is held." } " No crawl has been to " code { (line(&host_of(url))) } "." }
            }
            Reason::NoAddress { why } => {
                p { strong { "It is no address of the web: " } (short(why, 200)) "." }
            }
        }
        @if !matches!(found.why, Reason::NoAddress { .. } | Reason::Robots { is_forbidden: true, .. }) {
            p .hint { code { "pressmark crawl URL" } " asks for it now." }
        }
    }
}
