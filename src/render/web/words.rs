//! What was found by words: pages with the versions that have them, and the passages where they are.

use maud::{Markup, html};

use super::Site;
use super::text::{address, count, line, time};
use crate::answers::search::{SearchFound, SearchHit};
use crate::archive::Form;
use crate::base::printable::flat;
use crate::search::content::Snippet;
use crate::search::find::Order;
use crate::search::query::SearchField;

/// A search by words and its result.
#[derive(Debug)]
pub struct WordsView<'v> {
    /// The query as requested.
    pub query: &'v str,
    /// What else was asked for, as parameters: `host`, `from`, `to`.
    pub filters: Vec<(&'v str, &'v str)>,
    /// Which come first.
    pub order: Order,
    /// At most this many pages are shown.
    pub shown_max: usize,
    /// What was found, or why nothing could be looked for.
    pub found: Result<SearchFound, String>,
}

/// Articles found by words are shown in portions of this many.
pub const HITS: usize = 20;

/// More of them are not shown on one page.
pub const HITS_MAX: usize = 200;

impl WordsView<'_> {
    /// Whether there is anything to show.
    pub(super) fn has_any(&self) -> bool {
        self.found.as_ref().is_ok_and(|found| !found.hits.is_empty())
    }

    fn link(&self, site: &Site, order: Order, shown_max: usize) -> String {
        let order = order.label();
        let shown = shown_max.to_string();
        let all = [
            &[("q", self.query), ("in", "words"), ("order", order), ("show", shown.as_str())],
            self.filters.as_slice(),
        ];
        site.changes("/search", &all.concat())
    }
}

/// The part of the page about what was found by words.
pub(super) fn words(site: &Site, view: &WordsView<'_>) -> Markup {
    let found = match &view.found {
        Ok(found) => found,
        Err(why) => return html! { p .warn role="alert" { (line(why)) } },
    };
    html! {
        h2 #words { "Articles with these words" }
        @if !view.filters.is_empty() {
            p .hint {
                "Only "
                @for (at, (name, value)) in view.filters.iter().enumerate() {
                    @if at > 0 { ", " }
                    @if *name == "host" { "on" } @else { (name) } " " strong dir="auto" { (line(value)) }
                }
                ". "
                a href=(site.words_link(view.query, &[])) { "All hosts, any time" }
            }
        }
        @if found.hits.is_empty() {
            p { "No version of any page contains them." }
        } @else {
            (orders(site, view))
            ol .hits { @for hit in &found.hits { li { (article(site, hit)) } } }
            @if found.hits.len() > 1 {
                @let urls = found.hits.iter().map(|hit| hit.stood.url.as_str());
                p .more { a href=(site.story_link(urls)) { "Compare these articles" } }
            }
            @if found.has_more && view.shown_max < HITS_MAX {
                p .more {
                    a href=(view.link(site, view.order, view.shown_max + HITS)) rel="next" { "More pages" }
                }
            } @else if found.has_more {
                p .more { "There are more; add words to narrow the search." }
            }
        }
        @if !found.notes.is_empty() { (super::frame::notes(&found.notes)) }
    }
}

fn orders(site: &Site, view: &WordsView<'_>) -> Markup {
    let way = |order: Order, name: &str| {
        let is_here = view.order == order;
        html! {
            @if is_here { strong { (name) } }
            @else { a href=(view.link(site, order, view.shown_max)) { (name) } }
        }
    };
    let feed = [&[("q", view.query)], view.filters.as_slice()].concat();
    html! {
        p .hint {
            (way(Order::Relevance, "Best first")) " · " (way(Order::Time, "Newest first")) " · "
            a href=(site.changes("/search.atom", &feed)) { "Atom feed of new and removed matches" }
        }
    }
}

fn article(site: &Site, hit: &SearchHit) -> Markup {
    let stood = &hit.stood;
    let (first, last) = (&stood.first_seen.0, &stood.last_seen.0);
    let form = Some(stood.form).filter(|form| *form == Form::Rendered);
    let headline = hit.snippets.iter().find(|snippet| snippet.field == SearchField::Headline);
    html! {
        article {
            h3 {
                a href=(site.in_form(site.page_link(&stood.url), form)) {
                    @match (headline, &hit.headline) {
                        (Some(snippet), _) => (marked(snippet)),
                        (None, Some(headline)) => bdi { (line(headline)) },
                        (None, None) => (address(&stood.url)),
                    }
                }
            }
            p .address { (address(&stood.url)) (super::super::in_form(stood.form)) }
            @for snippet in hit.snippets.iter().filter(|one| one.field != SearchField::Headline) {
                p dir="auto" {
                    @match snippet.field {
                        SearchField::Byline => "By ",
                        SearchField::Speaker => "Quoted: ",
                        SearchField::Quote => "Quotation: ",
                        SearchField::Article | SearchField::Headline => "",
                    }
                    (marked(snippet))
                }
            }
            p .hint {
                "In " (count(stood.versions, "version")) ", from "
                a href=(site.capture_link(first)) { (time(first.date)) } " to "
                a href=(site.capture_link(last)) { (time(last.date)) }
                @if stood.spans.len() > 1 { ", with gaps" } "; "
                @match stood.gone_since {
                    Some(gone) => a href=(site.in_form(site.diff_link(&stood.url, last.date, gone), form)) {
                        "gone since " (time(gone))
                    },
                    None => "still there in the newest version",
                }
                "."
            }
        }
    }
}

/// A passage with what was found in it.
fn marked(snippet: &Snippet) -> Markup {
    // A blank at the end of a part is between two words.
    let part = |from: usize, to: usize| flat(snippet.text.get(from..to).unwrap_or_default());
    let ends = snippet.marks.iter().map(|mark| mark.end);
    let starts = std::iter::once(0).chain(ends.clone());
    let last = snippet.marks.last().map_or(0, |mark| mark.end);
    html! {
        bdi {
            @for (from, mark) in starts.zip(&snippet.marks) {
                (part(from, mark.start)) mark { (part(mark.start, mark.end)) }
            }
            (part(last, snippet.text.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_words_keep_the_blanks_between_them() {
        let text = "Board signs ferry deal".to_owned();
        let snippet = Snippet { field: SearchField::Article, text, marks: vec![6..11, 12..17] };
        let shown = marked(&snippet).into_string();
        assert!(shown.contains("Board <mark>signs</mark> <mark>ferry</mark> deal"), "{shown}");
    }
}
