//! The front page: what changed lately, and what the archive holds.

use maud::{Markup, html};

use super::Site;
use super::changes::by_version;
use super::frame::{Frame, Part, document, notes};
use super::text::{count, line, number, period, size};
use crate::answers::front::{Front, HostLine};

/// The front page.
#[must_use]
pub fn front(site: &Site, found: &Front) -> String {
    let main = html! {
        h1 { (line(&site.archive.name)) }
        @if found.captures == 0 {
            p .lead { "The archive is empty. " code { "pressmark crawl URL" } " captures the first page." }
        } @else {
            p .lead {
                (count(found.captures, "capture")) " of " (count(found.hosts_count, "host")) ", "
                (size(found.bytes)) " in WARC files"
                @if let (Some(first), Some(last)) = (found.first, found.last) {
                    ", " (period(first, last))
                }
                "."
            }
            (notes(&found.notes))
            div .columns {
                section .wide aria-labelledby="lately" {
                    h2 #lately { "Latest changes" }
                    @if found.changes.is_empty() {
                        p { "No page has changed since it was first captured." }
                    } @else {
                        (by_version(site, &found.changes, 4))
                        p .more {
                            a href=(site.path_link("/changes")) {
                                @if found.more_changes { "All changes" } @else { "Changes by kind, host and time" }
                            }
                        }
                    }
                }
                section .narrow aria-labelledby="holds" {
                    h2 #holds { "Hosts" }
                    (host_table(site, &found.hosts))
                    p .more { a href=(site.path_link("/stories")) { "Stories on several hosts" } }
                    @if found.hosts_count > found.hosts.len() as u64 {
                        p .more { a href=(site.hosts("")) { "All " (number(found.hosts_count)) " hosts" } }
                    }
                }
            }
        }
    };
    let title = line(&site.archive.name);
    document(site, &Frame { title: &title, part: Part::Front, query: "", head: html! {}, main })
}

/// Hosts with how much there is of each.
pub(super) fn host_table(site: &Site, hosts: &[HostLine]) -> Markup {
    html! {
        table .list {
            thead {
                tr {
                    th scope="col" { "Host" }
                    th .n scope="col" { "Captures" }
                    th scope="col" { "Last" }
                }
            }
            tbody {
                @for host in hosts {
                    tr {
                        th scope="row" { a href=(site.host_link(&host.host)) { (line(&host.host)) } }
                        td .n { (number(host.captures)) }
                        td { (period(host.last, host.last)) }
                    }
                }
            }
        }
    }
}
