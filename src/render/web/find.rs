//! What a search leads to, the hosts, and one host.

use maud::{Markup, html};

use super::Site;
use super::changes::by_version;
use super::frame::{Frame, Part, document, pager};
use super::front::host_table;
use super::text::{address, count, foreign, line, number, period, size, time};
use super::words::{WordsView, words};
use crate::answers::front::HostLine;
use crate::answers::lookup::Lookup;
use crate::answers::site::{self, PageLine};

/// What an address, a host or a part of one leads to, and where its words are.
#[must_use]
pub fn found(site: &Site, found: &Lookup, view: Option<&WordsView<'_>>) -> String {
    let query = line(&found.query);
    let is_empty = found.page.is_none()
        && found.host.is_none()
        && found.pages.is_empty()
        && found.hosts.is_empty();
    let main = html! {
        h1 { @if query.is_empty() { "Find a page" } @else { "Found for " (foreign(&found.query)) } }
        @if let Some(url) = &found.page {
            p { "The page itself: " a href=(site.page_link(url)) { (address(url)) } "." }
        }
        @if let Some(host) = &found.host {
            p {
                "The host: " a href=(site.host_link(&host.host)) { (line(&host.host)) } ", "
                (count(host.captures, "capture")) "."
            }
        }
        @if !found.pages.is_empty() {
            h2 { "Addresses that begin with this" }
            (page_table(site, &found.pages))
        }
        @if !found.hosts.is_empty() {
            h2 { "Hosts whose names contain it" }
            (host_table(site, &found.hosts))
        }
        @if found.more { p .more { "There are more; enter a longer address to find them." } }
        @if let Some(view) = view { (words(site, view)) }
        @if is_empty && !view.is_some_and(WordsView::has_any) { (nothing(site, found)) }
    };
    let title =
        if query.is_empty() { "Find a page".to_owned() } else { format!("Results for {query}") };
    let (part, head) = (Part::Other, html! {});
    document(site, &Frame { title: &title, part, query: &found.query, head, main })
}

fn nothing(site: &Site, found: &Lookup) -> Markup {
    html! {
        @if !found.query.is_empty() {
            @if !found.is_words { p { "No page or host in the archive begins with this." } }
            p {
                "Is it the name of a person? "
                a href=(site.speaker_link(&found.query)) { "Quotations of " (foreign(&found.query)) } "."
            }
        }
        h2 { "Search help" }
        dl .facts {
            dt { code { "courier.example/harbour/ferry" } }
            dd { "a page by its address, with or without " code { "http://" } }
            dt { code { "courier.example" } }
            dd { "a host and its pages" }
            dt { code { "courier.example/harbour/*" } }
            dd { "pages whose addresses begin with this" }
            dt { code { "courier" } }
            dd { "hosts whose names contain it" }
            dt { code { "harbour strike" } }
            dd { "articles with both words, in any version" }
            dt { code { "\"harbour strike\" -ferry" } }
            dd { "with this phrase, without that word" }
            dt { code { "headline: byline: speaker: quote:" } }
            dd { "words in that field, as in " code { "speaker:\"Ann Lee\"" } }
            dt { code { "host:courier.example date:2026-04" } }
            dd { "from that host, seen in that period" }
        }
        p { a href=(site.hosts("")) { "All hosts" } }
    }
}

/// The hosts of the archive, those behind `after` in the order of their urlkeys.
#[must_use]
pub fn hosts(site: &Site, hosts: &[HostLine], next: Option<&str>) -> String {
    let main = html! {
        h1 { "Hosts" }
        @if hosts.is_empty() { p { "There are no more hosts." } } @else { (host_table(site, hosts)) }
        @if let Some(next) = next { (pager(&[(site.hosts(next), "More hosts", "next")])) }
    };
    let (part, head) = (Part::Hosts, html! {});
    document(site, &Frame { title: "Hosts", part, query: "", head, main })
}

/// A host: how much there is of it, what changed, and its pages.
#[must_use]
pub fn host(site: &Site, found: &site::Site) -> String {
    let host = &found.host;
    let name = line(&host.host);
    let feed = site.changes("/changes.atom", &[("host", &host.host)]);
    let main = html! {
        nav .crumbs aria-label="Where this is" {
            ol {
                li { a href=(site.front_link()) { "Archive" } }
                li { a href=(site.hosts("")) { "Hosts" } }
            }
        }
        h1 dir="ltr" { (name) }
        p .lead {
            (count(host.captures, "capture")) ", " (size(host.bytes)) ", " (period(host.first, host.last)) ". "
            "Last captured " (time(host.last)) "."
        }
        div .columns {
            section .wide aria-labelledby="pages" {
                h2 #pages { "Pages" }
                @if found.pages.pages.is_empty() { p { "The archive has no pages from it." } }
                @else { (page_table(site, &found.pages.pages)) }
                @if let Some(next) = &found.pages.next {
                    (pager(&[(site.host_after(&host.host, next), "More pages", "next")]))
                }
            }
            @if !found.changes.is_empty() {
                section .narrow aria-labelledby="lately" {
                    h2 #lately { "Latest changes" }
                    (by_version(site, &found.changes, 2))
                    p .more {
                        a href=(site.changes("/changes", &[("host", &host.host)])) { "All changes" } " · "
                        a href=(feed) { "Atom" }
                    }
                }
            }
        }
    };
    let head = html! {
        link rel="alternate" type="application/atom+xml" title={ "Changes on " (name) } href=(feed);
    };
    document(site, &Frame { title: &name, part: Part::Hosts, query: &host.host, head, main })
}

/// Pages with what the index knows of them.
pub(super) fn page_table(site: &Site, pages: &[PageLine]) -> Markup {
    html! {
        table .list .pages {
            thead {
                tr {
                    th scope="col" { "Page" }
                    th .n scope="col" { "Captures" }
                    th scope="col" { "Status" }
                    th scope="col" { "Last" }
                }
            }
            tbody {
                @for page in pages {
                    tr {
                        th scope="row" { a href=(site.page_link(&page.url)) { (address(&page.url)) } }
                        td .n { (number(page.captures)) }
                        td { (status(page)) }
                        td { (period(page.last, page.last)) }
                    }
                }
            }
        }
    }
}

fn status(page: &PageLine) -> Markup {
    html! {
        @if page.captures == 0 { span .bad { "failed" } }
        @else if let Some(status) = page.status {
            @if status >= 400 { span .bad { (status) } } @else { (status) }
        } @else { "–" }
    }
}
