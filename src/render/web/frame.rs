//! The frame around every page: head, search, navigation, foot; and the head of the pages about one address.

use maud::{DOCTYPE, Markup, html};

use super::links::live;
use super::text::{address, line, short, short_address};
use super::{Site, StaticFile};

/// What is in the frame.
pub(super) struct Frame<'a> {
    /// The title, without that of the archive.
    pub title: &'a str,
    /// Which part of the navigation it belongs to.
    pub part: Part,
    /// What is in the search box.
    pub query: &'a str,
    /// More of the head: metadata, feeds.
    pub head: Markup,
    /// The page.
    pub main: Markup,
}

/// A part of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Front,
    Changes,
    Hosts,
    Stories,
    Other,
}

/// The whole document.
pub(super) fn document(site: &Site, frame: &Frame<'_>) -> String {
    let file = |name: &str| {
        let version = StaticFile::of(name).map(|file| file.version()).unwrap_or_default();
        site.file(name, &version)
    };
    let name = line(&site.archive.name);
    let title = line(frame.title);
    let atom = site.changes("/changes.atom", &[]);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (short(&title, 120)) @if title != name { " · " (name) } }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                link rel="stylesheet" href=(file("reader.css"));
                link rel="icon" type="image/svg+xml" href=(file("icon.svg"));
                link rel="alternate" type="application/atom+xml" title="Changes in the archive" href=(atom);
                (frame.head)
                script src=(file("reader.js")) defer {}
            }
            body {
                a .skip href="#main" { "Skip to the content" }
                header .top {
                    a .name href=(site.front_link()) { (name) }
                    (search_box(site, frame.query))
                    nav aria-label="Archive" {
                        (part(site.front_link(), "Front page", frame.part == Part::Front))
                        (part(site.path_link("/changes"), "Changes", frame.part == Part::Changes))
                        (part(site.path_link("/hosts"), "Hosts", frame.part == Part::Hosts))
                        (part(site.path_link("/stories"), "Stories", frame.part == Part::Stories))
                    }
                }
                main #main tabindex="-1" { (frame.main) }
                footer .foot {
                    p {
                        "Times are UTC. Changes as "
                        a href=(site.changes("/changes.rss", &[])) { "RSS" } " and "
                        a href=(atom) { "Atom" } ". This server only reads the archive. "
                        "Pressmark " (env!("CARGO_PKG_VERSION")) "."
                    }
                }
            }
        }
    };
    markup.into_string()
}

fn part(link: String, name: &str, is_here: bool) -> Markup {
    html! {
        @if is_here { a href=(link) aria-current="page" { (name) } } @else { a href=(link) { (name) } }
    }
}

/// The box that takes an address, a host or words.
fn search_box(site: &Site, query: &str) -> Markup {
    html! {
        form .search role="search" action=(site.path_link("/search")) {
            label .unseen for="q" { "Address, host or words" }
            input #q type="search" name="q" value=(line(query)) placeholder="Address, host or words"
                autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="2048";
            button { "Find" }
        }
    }
}

/// Which of the pages about one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Versions,
    Calendar,
    Capture,
    Diff,
    Blame,
    Quotes,
    Cite,
    None,
}

/// The head of a page about one address.
pub(super) struct AboutHead<'a> {
    /// The address.
    pub url: &'a str,
    /// The headline of the page, where it is known.
    pub headline: Option<&'a str>,
    /// What this page says of it, below the headline.
    pub what: Markup,
    /// Which page it is.
    pub tab: Tab,
}

/// Where one is, the headline, the address, and the way to the other pages about it.
pub(super) fn about(site: &Site, head: &AboutHead<'_>) -> Markup {
    let url = head.url;
    let host = host_of(url);
    let tab = |tab: Tab, path: &str, name: &str| {
        let link = site.about(path, url);
        html! { li { (part(link, name, head.tab == tab)) } }
    };
    html! {
        nav .crumbs aria-label="Where this is" {
            ol {
                li { a href=(site.front_link()) { "Archive" } }
                li { a href=(site.host_link(&host)) { (line(&host)) } }
            }
        }
        @match head.headline.map(line).filter(|headline| !headline.is_empty()) {
            Some(headline) => {
                h1 dir="auto" { (short(&headline, 300)) }
                p .address { (address(url)) " " (live_link(url)) }
            }
            None => {
                h1 .url dir="ltr" { (short_address(url, 200)) }
                p .address { (live_link(url)) }
            }
        }
        nav .tabs aria-label="About this address" {
            ul {
                (tab(Tab::Versions, "/page", "Versions"))
                (tab(Tab::Calendar, "/calendar", "Calendar"))
                (tab(Tab::Capture, "/capture", "Text"))
                (tab(Tab::Diff, "/diff", "What changed"))
                (tab(Tab::Blame, "/blame", "Sentences"))
                (tab(Tab::Quotes, "/quotes", "Quotations"))
                (tab(Tab::Cite, "/cite", "Cite"))
            }
        }
        (head.what)
    }
}

/// A way out of the archive.
pub(super) fn live_link(url: &str) -> Markup {
    html! {
        @if let Some(link) = live(url) {
            a .live href=(link) rel="noreferrer nofollow external" { "live page" }
        }
    }
}

/// The host of an address, with its port.
pub(super) fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_lowercase()
}

/// Ways to the pages before and behind this one.
pub(super) fn pager(links: &[(String, &str, &str)]) -> Markup {
    html! {
        @if !links.is_empty() {
            nav .pager aria-label="More" {
                @for (link, name, rel) in links { a href=(link) rel=(rel) { (name) } }
            }
        }
    }
}

/// Captures that had to be left out.
pub(super) fn notes(notes: &[String]) -> Markup {
    const NOTES_MAX: usize = 5;
    html! {
        @if !notes.is_empty() {
            aside .warn aria-label="Left out" {
                p { "Captures that cannot be read were left out:" }
                ul { @for note in notes.iter().take(NOTES_MAX) { li { (short(note, 200)) } } }
                @if notes.len() > NOTES_MAX { p { "and " (notes.len() - NOTES_MAX) " more." } }
            }
        }
    }
}
