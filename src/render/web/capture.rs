//! One capture: what the page said, as it was sent or as a browser rendered it, and the record that proves it.

use maud::{Markup, html};

use super::Site;
use super::calendar::kept_as;
use super::cited::shell_word;
use super::frame::{AboutHead, Frame, Part, Tab, about, document};
use super::metadata;
use super::text::{address, foreign, line, micros, second, short, size};
use crate::answers::view::{Beside, View, bare_id};
use crate::archive::{Capture, Form, RecordKind};
use crate::base::printable;
use crate::extract::page::{BlockKind, Page};

/// At most this many bytes of a text are shown.
const TEXT_BYTES_MAX: usize = 400_000;

/// One capture.
#[must_use]
pub fn capture(site: &Site, found: &View) -> String {
    let (url, capture) = (found.capture.url.as_str(), &found.capture);
    let text_of = found.beside.as_ref().map_or(capture, |beside| &beside.capture);
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
        Some(source) => metadata::head(site, source, &site.capture_link(text_of)),
        None => html! { link rel="canonical" href=(site.absolute(&permanent)); },
    };
    document(site, &Frame { title: &title, part: Part::Other, query: url, head, main })
}

/// When it was, and the captures before and behind it.
fn neighbours(site: &Site, found: &View) -> Markup {
    let link = |capture: &Capture, name: &str, rel: &str| {
        html! { a href=(site.capture_link(capture)) rel=(rel) { (name) } }
    };
    let (how, newest) = match is_rendering(&found.capture) {
        true => ("As rendered on ", "the newest rendering"),
        false => ("As captured on ", "the newest capture"),
    };
    html! {
        div .when {
            p {
                (how) strong { (second(found.capture.date)) }
                @if found.next.is_none() { " · " (newest) }
            }
            p {
                @if let Some(previous) = &found.previous { (link(previous, "← Earlier", "prev")) }
                @if let Some(next) = &found.next { " " (link(next, "Later →", "next")) }
            }
        }
        (views(site, found))
    }
}

fn is_rendering(capture: &Capture) -> bool {
    capture.form() == Some(Form::Rendered)
}

/// The capture as it was sent: the one that is shown, or that it was made from. `None` where the archive does not have it.
fn sent(found: &View) -> Option<&Capture> {
    match found.capture.kind {
        RecordKind::Conversion => {
            let beside = found.beside.as_ref()?;
            let is_sent = beside.capture.form() == Some(Form::Plain);
            if is_sent { Some(&beside.capture) } else { beside.made_from.as_ref() }
        }
        _ => Some(&found.capture),
    }
}

/// The ways to see the page: as rendered and as it was sent, both without scripts, with its scripts, and at its true
/// address.
fn views(site: &Site, found: &View) -> Markup {
    let rendering = found.beside.as_ref().filter(|beside| beside.is_rendering());
    html! {
        div .views {
            @if let Some(Beside { capture, picture, .. }) = rendering {
                p {
                    a .strong href=(site.rendered_link(&capture.url, capture.date)) { "View as rendered" }
                    " the document that its scripts made, without scripts: safe"
                }
                @if let Some(at) = picture {
                    p { a href=(site.picture_link(&capture.url, *at)) { "Picture of the page" } " as rendered" }
                }
            }
            @if let Some(sent) = sent(found) { (views_as_sent(site, sent, rendering.is_some())) }
        }
    }
}

/// The ways to see a page from what was sent.
fn views_as_sent(site: &Site, sent: &Capture, is_rendered: bool) -> Markup {
    let url = sent.url.as_str();
    let command = shell_word(&format!("{url}@{}", sent.date.to_stamp14()));
    html! {
        p {
            a .strong[!is_rendered] href=(site.replay_link(url, sent.date)) { "View as captured" }
            @if is_rendered {
                " without scripts: as it was sent, which may be an empty page"
            } @else {
                " without scripts: safe, sufficient for most pages"
            }
        }
        @if let Some(link) = site.rerouted_link(url, sent.date) {
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

/// Which text of the page is shown, and the way to the other one.
fn forms(site: &Site, found: &View, beside: &Beside) -> Markup {
    let note = beside.note();
    let link = |form| site.in_form(site.capture_link(&found.capture), Some(form));
    let is_alternate = beside.capture.url != found.capture.url;
    html! {
        @if note.is_some() || beside.other.is_some() {
            p .hint {
                @match &note {
                    Some(note) => { "Of the text below: " (line(note)) ". " },
                    None => "This is the page as it was sent. ",
                }
                @if is_alternate {
                    a href=(site.capture_link(&beside.capture)) { "The capture of that version" } ". "
                }
                @match beside.other {
                    Some(Form::Plain) => { a href=(link(Form::Plain)) { "The page as it was sent" } "." },
                    Some(Form::Rendered) => { a href=(link(Form::Rendered)) { "The page as rendered by a browser" } "." },
                    None => {},
                }
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
        @if let Some(beside) = &found.beside { (forms(site, found, beside)) }
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
                    @if let Some(sent) = sent(found) {
                        a href=(site.payload(&sent.url, sent.date)) { "The payload as it was captured" } "."
                    }
                }
            } @else { (text(page)) }
        }
    }
}

/// What the page states about itself.
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
            @if is_rendering(capture) {
                @if let Some(sent) = sent(found) {
                    dt { "Rendered from" } dd { a href=(site.capture_link(sent)) { "the capture of " (second(sent.date)) } }
                }
            } @else if let Some(rendering) = found.beside.as_ref().filter(|beside| beside.is_rendering()) {
                dt { "Rendering" } dd { a href=(site.capture_link(&rendering.capture)) { "that of " (second(rendering.capture.date)) } }
            }
            @if let Some(id) = &capture.record_id { dt { "Record" } dd { code { (line(bare_id(&id.to_string()))) } } }
            dt { "File" } dd { code { (line(&capture.file)) } " at " (capture.offset) ", " (size(capture.length)) }
            dt { "Permanent link" } dd { a href=(permanent) { "this capture, always" } }
        }
        p .actions {
            a href=(site.about_at("/cite", &capture.url, capture.date)) { "Cite it" } " "
            @let proved = sent(found).unwrap_or(capture);
            a href=(site.about_at("/prove", &proved.url, proved.date)) { "Prove it" }
            // Replay gives what was sent, and never a record that was made from it.
            @if capture.kind != RecordKind::Conversion {
                " " a href=(site.payload(&capture.url, capture.date)) { "Payload as captured" }
            }
        }
        @if let Some(source) = &found.source { (metadata::coins(source)) }
    }
}
