//! One capture: what the page said, and the record that proves it.

use maud::{Markup, html};

use super::Site;
use super::calendar::kept_as;
use super::cited::shell_word;
use super::frame::{AboutHead, Frame, Part, Tab, about, document};
use super::metadata;
use super::text::{address, foreign, line, micros, second, short, size};
use crate::answers::view::{View, bare_id};
use crate::archive::{Capture, RecordKind};
use crate::base::printable;
use crate::extract::page::{BlockKind, Page};

/// At most this many bytes of a text are shown.
const TEXT_BYTES_MAX: usize = 400_000;

/// One capture.
#[must_use]
pub fn capture(site: &Site, found: &View) -> String {
    let (url, capture) = (found.capture.url.as_str(), &found.capture);
    let headline = found.page.as_ref().and_then(|page| page.headline.as_ref());
    let headline = headline.map(|headline| headline.value.as_str());
    let permanent = site.capture_link(capture);
    let head = AboutHead { url, headline, what: neighbours(site, found), tab: Tab::Capture };
    let main = html! {
        (about(site, &head))
        div .columns {
            article .wide { (body(site, found)) }
            aside .narrow aria-labelledby="record" {
                h2 #record { "This capture" }
                (record(site, found, &permanent))
            }
        }
    };
    let title = headline.map_or_else(|| line(url), line);
    let title = format!("{title}, captured {}", capture.date.to_rfc3339());
    let head = match &found.source {
        Some(source) => metadata::head(site, source, &permanent),
        None => html! { link rel="canonical" href=(site.absolute(&permanent)); },
    };
    document(site, &Frame { title: &title, part: Part::Other, query: url, head, main })
}

/// When it was, and the captures before and behind it.
fn neighbours(site: &Site, found: &View) -> Markup {
    let link = |capture: &Capture, name: &str, rel: &str| {
        html! { a href=(site.capture_link(capture)) rel=(rel) { (name) } }
    };
    html! {
        div .when {
            p {
                "As captured on " strong { (second(found.capture.date)) }
                @if found.next.is_none() { " · the newest capture" }
            }
            p {
                @if let Some(previous) = &found.previous { (link(previous, "← Earlier", "prev")) }
                @if let Some(next) = &found.next { " " (link(next, "Later →", "next")) }
            }
        }
        (views(site, &found.capture))
    }
}

/// The three ways to see the page: without its scripts, with them, and at its true address.
fn views(site: &Site, capture: &Capture) -> Markup {
    let url = capture.url.as_str();
    let command = shell_word(&format!("{url}@{}", capture.date.to_stamp14()));
    html! {
        div .views {
            p {
                a .strong href=(site.replay_link(url, capture.date)) { "View as captured" }
                " without scripts: safe, sufficient for most pages"
            }
            @if let Some(link) = site.rerouted_link(url, capture.date) {
                p {
                    a href=(link) { "View with scripts" }
                    ", which can only reach the archive: for pages that are empty without scripts"
                }
            }
            details {
                summary { "View at its original address" }
                p {
                    "On the machine with the archive, this opens a separate browser that can only reach the archive. "
                    "The page is not rewritten."
                }
                p { code { "pressmark view " (command) } }
            }
        }
    }
}

fn body(site: &Site, found: &View) -> Markup {
    if found.capture.kind == RecordKind::Metadata {
        let report = found.failure.as_ref();
        let reason = report.and_then(|report| report.reason.as_deref()).unwrap_or("unknown");
        let detail = report.and_then(|report| report.detail.as_deref());
        return html! {
            @if let Some(removed) = &found.removed {
                p .bad { "This capture was " (short(&removed.how(), 2_100)) "." }
            } @else {
            p .bad {
                "The exchange failed: " (line(reason))
                @if let Some(detail) = detail { " (" (short(detail, 300)) ")" } "."
            }
            }
            p { "Any data sent and received is stored with this report." }
        };
    }
    html! {
        @if let Some(to) = &found.leads_to {
            p .warn { "This capture leads to " a href=(site.page_link(to)) { (address(to)) } "." }
        }
        @if let Some(status) = found.capture.status.filter(|status| *status >= 400) {
            p .bad { "The server answered with status " (status) "." }
        }
        @if let Some(removed) = &found.removed {
            p .bad { "Its content was " (short(&removed.how(), 2_100)) "." }
        } @else if let Some(why) = &found.unread {
            p .bad { "Its content cannot be read: " (short(why, 300)) "." }
        }
        @if let Some(page) = &found.page {
            (facts(page))
            @if page.text.is_empty() {
                p .hint {
                    "There is no text to read: the page is empty or not text. "
                    a href=(site.payload(&found.capture.url, found.capture.date)) { "The payload as it was captured" } "."
                }
            } @else { (text(page)) }
        }
    }
}

/// What the page says of itself.
fn facts(page: &Page) -> Markup {
    let byline: Vec<&str> = page.byline.iter().map(|author| author.value.name.as_str()).collect();
    let publisher = page.publisher.as_ref().map(|fact| fact.value.as_str());
    let dates = [("Published", &page.published), ("Modified", &page.modified)];
    html! {
        @if !byline.is_empty() || publisher.is_some() || dates.iter().any(|(_, date)| date.is_some()) {
            p .byline {
                @if !byline.is_empty() { "By " (foreign(&short(&byline.join(", "), 200))) ". " }
                @if let Some(publisher) = publisher { (foreign(&short(publisher, 100))) ". " }
                @for (name, date) in dates {
                    @if let Some(date) = date { (name) " " (foreign(&short(&date.value.text, 60))) ". " }
                }
            }
        }
        @if page.kind.is_wall() || page.kind.label() != "article" {
            p .hint { "Read as: " (page.kind.label()) "." }
        }
    }
}

/// The text, block by block.
fn text(page: &Page) -> Markup {
    let language = page.language.as_ref().map(|language| line(&language.value));
    let mut left = TEXT_BYTES_MAX;
    let shown = page.blocks.iter().take_while(|block| {
        let fits = block.range.len() <= left;
        left = left.saturating_sub(block.range.len());
        fits
    });
    let blocks: Vec<_> = shown.collect();
    html! {
        div .article lang=[language] dir="auto" {
            @for block in &blocks {
                @let words = page.text.get(block.range.clone()).unwrap_or_default();
                @match &block.kind {
                    BlockKind::Standfirst => p .standfirst { (line(words)) },
                    BlockKind::Subheading(_) | BlockKind::LiveEntry(_) => h2 { (line(words)) },
                    BlockKind::ListItem => p .item { (line(words)) },
                    BlockKind::Quote | BlockKind::Post => blockquote { p { (line(words)) } },
                    BlockKind::Caption => p .caption { (line(words)) },
                    BlockKind::Notice(_) => p .notice { (line(words)) },
                    BlockKind::TableRow | BlockKind::Preformatted => pre { (printable::lines(words)) },
                    BlockKind::Paragraph => p { (line(words)) },
                }
            }
            @if page.blocks.is_empty() { p { (short(&page.text, TEXT_BYTES_MAX)) } }
        }
        @if blocks.len() < page.blocks.len() || page.coarse {
            p .hint { "The text is abridged: " code { "pressmark show URL" } " prints all of it." }
        }
    }
}

/// The record, and the ways to prove and to cite it.
fn record(site: &Site, found: &View, permanent: &str) -> Markup {
    let capture = &found.capture;
    let holder = found.holder.as_ref();
    html! {
        dl .facts {
            dt { "Captured" } dd { (micros(capture.date)) }
            @if let Some(status) = capture.status { dt { "Status" } dd { (status) } }
            dt { "Kept as" } dd { (kept_as(capture)) }
            @if let Some(from) = capture.copied_from() { dt { "Captured by another archive" } dd { (line(from)) } }
            @if let Some(holder) = holder {
                dt { "Payload" } dd { a href=(site.capture_link(holder)) { "that of " (second(holder.date)) } }
            }
            @if capture.kind != RecordKind::Revisit { dt { "Type" } dd { (line(&capture.mime)) } }
            @if let Some(digest) = &capture.digest { dt { "Digest" } dd { code { (digest) } } }
            @if let Some(id) = &capture.record_id { dt { "Record" } dd { code { (line(bare_id(&id.to_string()))) } } }
            dt { "File" } dd { code { (line(&capture.file)) } " at " (capture.offset) ", " (size(capture.length)) }
            dt { "Permanent link" } dd { a href=(permanent) { "this capture, always" } }
        }
        p .actions {
            a href=(site.about_at("/cite", &capture.url, capture.date)) { "Cite it" } " "
            a href=(site.about_at("/prove", &capture.url, capture.date)) { "Prove it" } " "
            a href=(site.payload(&capture.url, capture.date)) { "Payload as captured" }
        }
        @if let Some(source) = &found.source { (metadata::coins(source)) }
    }
}
