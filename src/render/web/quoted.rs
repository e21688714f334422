//! Quotations over time: of a page, and of a speaker.

use maud::{Markup, html};

use super::Site;
use super::frame::{AboutHead, Frame, Part, Tab, about, document, notes};
use super::text::{address, count, foreign, kind_name, line, short, stealth, time};
use crate::answers::quoted::{PageQuotations, Quotation, SpeakerQuotations};

/// At most this many characters of a quotation are shown.
const WORDS_MAX: usize = 1_500;

/// At most this many quotations of a page, and of a page of a speaker.
const QUOTATIONS_MAX: usize = 60;

/// The quotations of a page over time.
#[must_use]
pub fn quotations(site: &Site, found: &PageQuotations) -> String {
    let url = found.url.as_str();
    let gone = found.quotations.iter().filter(|q| q.gone_since.is_some()).count();
    let what = html! {
        p .lead {
            @if found.quotations.is_empty() { "No quotations found in " } @else {
                (count(found.quotations.len() as u64, "quotation"))
                @if gone > 0 { ", " (gone) " of them no longer in the text" }
                ", in "
            }
            (count(found.versions as u64, "version")) "."
            @if found.is_cut { " Only the newest versions were read." }
        }
    };
    let head = AboutHead { url, headline: found.headline.as_deref(), what, tab: Tab::Quotes };
    let main = html! {
        (about(site, &head))
        (notes(&found.notes))
        (list(site, url, &found.quotations, true))
    };
    let title =
        format!("Quotations in {}", found.headline.as_deref().map_or_else(|| line(url), line));
    document(site, &Frame { title: &title, part: Part::Other, query: url, head: html! {}, main })
}

/// The quotations of a speaker over all pages.
#[must_use]
pub fn speaker(site: &Site, found: &SpeakerQuotations) -> String {
    let name = line(&found.name);
    let all: usize = found.pages.iter().map(|page| page.quotations.len()).sum();
    let others: Vec<&String> = found.names.iter().filter(|other| **other != found.name).collect();
    let main = html! {
        nav .crumbs aria-label="Where this is" {
            ol { li { a href=(site.front_link()) { "Archive" } } li { "Speakers" } }
        }
        h1 { (foreign(&found.name)) }
        form .inline-form action=(site.path_link("/speaker")) {
            label for="name" { "Speaker" } " "
            input #name name="name" value=(name) maxlength="200"; " "
            button { "Find" }
        }
        p .lead {
            @if all == 0 { "No page in the archive has quotations of a person with this name." } @else {
                (count(all as u64, "quotation")) " on " (count(found.pages.len() as u64, "page")) "."
                @if found.is_cut { " Not all pages were read: there are too many for one answer." }
            }
        }
        @if !others.is_empty() {
            p .hint {
                "Found as "
                @for (at, other) in others.iter().take(12).enumerate() {
                    @if at > 0 { ", " }
                    a href=(site.speaker_link(other)) { (foreign(other)) }
                }
                "."
            }
        }
        @for page in &found.pages {
            section .of-page {
                h2 dir="auto" {
                    a href=(site.about("/quotes", &page.url)) {
                        @match page.headline.as_deref().filter(|headline| !headline.trim().is_empty()) {
                            Some(headline) => (short(headline, 160)),
                            None => (address(&page.url)),
                        }
                    }
                }
                p .where { (address(&page.url)) }
                (list(site, &page.url, &page.quotations, false))
            }
        }
    };
    let title = format!("Quotations of {name}");
    document(site, &Frame { title: &title, part: Part::Other, query: "", head: html! {}, main })
}

fn list(site: &Site, url: &str, quotations: &[Quotation], with_speaker: bool) -> Markup {
    html! {
        ul .quotations {
            @for quotation in quotations.iter().take(QUOTATIONS_MAX) {
                (item(site, url, quotation, with_speaker))
            }
        }
        @if quotations.len() > QUOTATIONS_MAX {
            p .hint { "and " (quotations.len() - QUOTATIONS_MAX) " more; " code { "pressmark quotes" } " prints them." }
        }
    }
}

fn item(site: &Site, url: &str, quotation: &Quotation, with_speaker: bool) -> Markup {
    html! {
        li class=[quotation.gone_since.map(|_| "gone")] {
            blockquote dir="auto" { p { "“" (short(&quotation.text, WORDS_MAX)) "”" } }
            p .who {
                @if with_speaker {
                    @match &quotation.speaker {
                        Some(name) => {
                            a href=(site.speaker_link(name)) { (foreign(name)) }
                            @if !quotation.is_named { " " small { "(inferred from the context)" } }
                        }
                        None => span { "speaker not named" },
                    }
                    " · "
                }
                a href=(site.capture_link(&quotation.first)) { "since " (time(quotation.first.date)) }
                @match quotation.gone_since {
                    Some(gone) => { " · " span .bad { "gone since " (time(gone)) } ", last seen " (time(quotation.last)) },
                    None => " · still there",
                }
                @if quotation.gone_since.is_none() {
                    " · " a href=(cite(site, url, quotation)) { "Cite" }
                }
            }
            @if let Some(became) = &quotation.became {
                p .became {
                    (kind_name(became.kind)) ": " (foreign(&short(&became.after, 400)))
                    @if became.stealth { " " (stealth()) }
                }
            }
        }
    }
}

/// A citation of the words, where they are not too long for an address.
fn cite(site: &Site, url: &str, quotation: &Quotation) -> String {
    let words = if quotation.citable.len() <= 600 { quotation.citable.as_str() } else { "" };
    let at = quotation.last.to_warc_date();
    site.changes("/cite", &[("url", url), ("at", &at), ("quote", words)])
}
