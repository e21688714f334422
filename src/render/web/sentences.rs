//! Where the sentences of a page come from.

use maud::{Markup, html};

use super::Site;
use super::frame::{AboutHead, Frame, Part, Tab, about, document, notes};
use super::text::{line, second};
use crate::answers::blame::PageBlame;
use crate::base::Timestamp;
use crate::history::provenance::BlamedSentence;

/// Where the sentences of a page come from.
#[must_use]
pub fn blame(site: &Site, found: &PageBlame) -> String {
    let url = found.url.as_str();
    let page = &found.found.said.page;
    let headline = page.headline.as_ref().map(|fact| fact.value.as_str());
    let at = found.found.said.entry.date;
    let what = html! {
        p .lead {
            "For each passage of the capture of " (second(at))
            ": the version that added it, and the one that last changed its words."
            @if found.found.passed_over { " Newer captures have no article; this is the last one." }
            @if let Some(note) = found.chosen.note() { " " (line(&note)) "." }
        }
    };
    let head = AboutHead { url, headline, what, tab: Tab::Blame };
    let language = page.language.as_ref().map(|language| line(&language.value));
    let main = html! {
        (about(site, &head))
        (notes(&found.found.notes))
        table .blame {
            thead {
                tr { th scope="col" { "Since" } th scope="col" { "Passage" } }
            }
            tbody lang=[language] {
                @for run in runs(found) {
                    @if let Some(first) = run.first() { (passage(site, found, first, run)) }
                }
            }
        }
    };
    let title = format!("Sentences of {}", headline.map_or_else(|| line(url), line));
    document(site, &Frame { title: &title, part: Part::Other, query: url, head: html! {}, main })
}

/// A page that had no article to read at that time: no text, an error, a wall, a redirect.
#[must_use]
pub fn no_article(site: &Site, url: &str, at: Timestamp) -> String {
    let what = html! {
        p .lead {
            "There was no article to read on " (second(at))
            ": no text, an error, a wall, or a redirect. There are no sentences to list."
        }
    };
    let head = AboutHead { url, headline: None, what, tab: Tab::Blame };
    let main = html! {
        (about(site, &head))
        p { a href=(site.page_link(url)) { "The versions of this page" } }
    };
    let title = format!("Sentences of {}", line(url));
    document(site, &Frame { title: &title, part: Part::Other, query: url, head: html! {}, main })
}

/// Neighbouring sentences with the same origin, within a paragraph.
fn runs(found: &PageBlame) -> impl Iterator<Item = &[BlamedSentence]> {
    let text = found.found.said.page.text.as_str();
    let is_same = move |a: &BlamedSentence, b: &BlamedSentence| {
        let between = text.get(a.range.end..b.range.start).unwrap_or_default();
        (a.since, a.changed) == (b.since, b.changed) && !between.contains('\n')
    };
    found.found.sentences.chunk_by(is_same)
}

fn passage(
    site: &Site,
    found: &PageBlame,
    first: &BlamedSentence,
    run: &[BlamedSentence],
) -> Markup {
    let newest = first.changed.unwrap_or(first.since);
    let class = format!("age-{}", age(newest, found.found.versions.len()));
    let time = |version: usize| found.found.versions.get(version).map(|v| v.entry.date);
    html! {
        tr class=(class) {
            th scope="row" {
                @if let Some(since) = time(first.since) {
                    (origin(site, found, first.since, since, if first.since == 0 { "first version" } else { "added" }))
                }
                @if let (Some(changed), Some(at)) = (first.changed, first.changed.and_then(time)) {
                    (origin(site, found, changed, at, "changed"))
                }
            }
            td dir="auto" {
                @for (at, sentence) in run.iter().enumerate() {
                    @if at > 0 { " " }
                    (line(found.words(sentence)))
                }
            }
        }
    }
}

/// A version, with the way to what it changed.
fn origin(site: &Site, found: &PageBlame, version: usize, at: Timestamp, word: &str) -> Markup {
    let before = version.checked_sub(1).and_then(|before| found.found.versions.get(before));
    let link = match before {
        Some(before) => site.diff_link(&found.url, before.entry.date, at),
        None => site.about_at("/capture", &found.url, at),
    };
    html! { span .origin { (word) " " a href=(link) { (second(at)) } } }
}

/// How old a version is among all, from 0 for the oldest to 4 for the newest.
fn age(version: usize, versions: usize) -> usize {
    if versions < 2 { 0 } else { version * 4 / (versions - 1) }
}
