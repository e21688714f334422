//! One story in several outlets: what the articles share and where they differ, and a form for others.

use maud::{Markup, PreEscaped, html};

use super::Site;
use super::frame::{Frame, Part, document};
use super::text::{address, count, line, period, short};
use crate::answers::clusters::Cluster;
use crate::answers::quotes::PageSource;
use crate::answers::story::{StoryAnswer, StoryArticle};
use crate::render::story::html::{Links, fragment};
use crate::render::story::title;

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct StoryForm {
    /// The addresses, as they were given.
    pub urls: Vec<String>,
    /// The time, as it was given.
    pub at: String,
    /// Whether they are followed over time.
    pub is_over_time: bool,
}

/// At most this many articles of a story are listed.
const ARTICLES_SHOWN: usize = 12;

/// This many empty fields are after the addresses that were given.
const FIELDS_MORE: usize = 2;

/// The story of the articles that were asked for; the form alone where none were.
#[must_use]
pub fn story(site: &Site, form: &StoryForm, found: Option<&StoryAnswer>) -> String {
    let name = found.map_or_else(|| "One story in several outlets".to_owned(), title);
    let name = line(&name);
    let article = |article: &StoryArticle| match &article.source {
        PageSource::File(_) => None,
        PageSource::Capture { url, at, .. } => Some(site.about_at("/capture", url, *at)),
    };
    let speaker = |name: &str| Some(site.speaker_link(name));
    let links = Links { article: &article, speaker: &speaker };
    let main = html! {
        nav .crumbs aria-label="Where this is" {
            ol { li { a href=(site.front_link()) { "Archive" } } li { "Story" } }
        }
        h1 dir="auto" { (name) }
        @if let Some(found) = found {
            // Written and escaped by the same code as the HTML file of `pressmark story`.
            div .story { (PreEscaped(fragment(found, &links))) }
        } @else {
            p { a href=(site.path_link("/stories")) { "Stories on several hosts of this archive" } }
            p .lead {
                "The addresses of articles on one story: which quotations they share, which figures differ, "
                "and what one copied from another."
            }
        }
        (asked(site, form))
    };
    document(site, &Frame { title: &name, part: Part::Stories, query: "", head: html! {}, main })
}

/// The stories of the archive.
#[must_use]
pub fn stories(site: &Site, found: &[Cluster]) -> String {
    let main = html! {
        nav .crumbs aria-label="Where this is" {
            ol { li { a href=(site.front_link()) { "Archive" } } li { "Stories" } }
        }
        h1 { "Stories on several hosts" }
        p { a href=(site.path_link("/story")) { "Compare articles of your choice" } }
        @if found.is_empty() { p .lead { "No two hosts in the archive have articles on the same story." } }
        @for story in found {
            @let urls = story.articles.iter().map(|one| one.url.as_str());
            section .of-page {
                h2 dir="auto" { a href=(site.story_link(urls)) { (short(&story.headline, 200)) } }
                p .hint {
                    (count(story.articles.len() as u64, "article")) " of " (count(story.hosts as u64, "host")) ", "
                    (period(story.first, story.last))
                }
                ul {
                    @for article in story.articles.iter().take(ARTICLES_SHOWN) {
                        li dir="auto" {
                            a href=(site.page_link(&article.url)) {
                                @if article.headline.trim().is_empty() { (address(&article.url)) }
                                @else { (short(&article.headline, 160)) }
                            }
                            @if let Some(name) = &article.publisher { " " small { (short(name, 80)) } }
                        }
                    }
                    @if story.articles.len() > ARTICLES_SHOWN {
                        li { "and " (story.articles.len() - ARTICLES_SHOWN) " more" }
                    }
                }
            }
        }
    };
    let title = "Stories";
    document(site, &Frame { title, part: Part::Stories, query: "", head: html! {}, main })
}

fn asked(site: &Site, form: &StoryForm) -> Markup {
    html! {
        form .story-form action=(site.path_link("/story")) {
            fieldset {
                legend { "Articles" }
                @for at in 0..form.urls.len() + FIELDS_MORE {
                    @let value = form.urls.get(at).map(|url| line(url)).unwrap_or_default();
                    p {
                        label for=(format!("url-{at}")) { "Address " (at + 1) } " "
                        input id=(format!("url-{at}")) name="url" value=(value) maxlength="2048"
                            autocomplete="off" autocapitalize="off" spellcheck="false";
                    }
                }
            }
            p {
                label for="at" { "At" } " "
                input #at name="at" value=(line(&form.at)) maxlength="40" placeholder="newest";
                " "
                input #over type="checkbox" name="over-time" value="1" checked[form.is_over_time];
                label for="over" { "Over time" }
                " "
                button { "Compare" }
            }
        }
    }
}
