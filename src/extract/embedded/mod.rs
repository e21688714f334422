//! The article of a page that has none in its markup: in `articleBody` of its JSON-LD, or in the data that
//! its scripts build the page from.
//!
//! Owns the choice between the two and the form in which it is read: as an element behind the end of the
//! document, so that the code that reads articles reads this one as well. Deliberately runs no script and fetches
//! nothing else. Where: [`data`]; which: [`choice`]; its text: [`rich`].

mod choice;
mod data;
mod js_value;
mod rich;

use serde_json::Value;

use super::declared::Declared;
use super::dom::{Dom, NodeId, Tag};
use super::json_ld::LdArticle;
use super::page::Origin;
use crate::base::markup::escaped;
pub(super) use choice::Article;

/// Less text than this in an `articleBody` is a teaser, in bytes.
const BODY_BYTES_MIN: usize = 250;
/// The nodes of an `articleBody`, which is one text.
const STEPS_MAX: usize = 1_000;

/// An article that is not in the markup.
#[derive(Debug)]
pub(super) struct Embedded {
    /// What its data say of it; empty except for the text where that is from JSON-LD, which is read for
    /// the facts in any case.
    pub article: Article,
    /// Where its text is.
    pub origin: Origin,
}

/// The article in the data of a page, if there is one that is surely the page's.
pub(super) fn find(
    dom: &Dom,
    declared: &Declared,
    ld: &LdArticle,
    url: Option<&str>,
) -> Option<Embedded> {
    let titles = titles(dom, declared, ld);
    let of_state = choice::choose(&data::read(dom), choice::Own { titles: &titles, url });
    let body = ld.body.as_deref().map(|text| rich::read(&Value::from(text), &mut { STEPS_MAX }));
    let body = body.filter(|body| body.words >= BODY_BYTES_MIN);
    match (body, of_state) {
        // JSON-LD has the text without its paragraphs, and sometimes only its beginning.
        (Some(body), Some(state)) if state.body.words * 10 < body.words * 9 => {
            Some(of_ld(Article { body, ..state }))
        }
        (_, Some(article)) => Some(Embedded { article, origin: Origin::State }),
        (Some(body), None) => Some(of_ld(Article { body, ..Article::default() })),
        (None, None) => None,
    }
}

fn of_ld(article: Article) -> Embedded {
    Embedded { article, origin: Origin::JsonLd }
}

/// What the page is called.
fn titles(dom: &Dom, declared: &Declared, ld: &LdArticle) -> Vec<String> {
    let metas = ["og:title", "twitter:title", "dc.title", "parsely-title"];
    let declared_titles = metas.iter().filter_map(|name| declared.meta(&[name]));
    let headings = declared.h1.iter().take(4).map(|id| dom.text_below(*id, 500));
    declared_titles
        .chain(declared.title.as_deref())
        .chain(ld.headline.as_deref())
        .map(str::to_owned)
        .chain(headings)
        .collect()
}

impl Embedded {
    /// The document with the article behind its end, and where that begins. It has its own heading where
    /// the document has none.
    pub(super) fn behind(&self, document: &str, declared: &Declared) -> String {
        let article = &self.article;
        let mut out = String::with_capacity(document.len() + article.body.html.len() + 1_000);
        out.push_str(document);
        out.push_str("\n<article itemprop=\"articleBody\">");
        if let Some(headline) = article.headline.as_deref().filter(|_| declared.h1.is_empty()) {
            out.push_str(&format!("<h1>{}</h1>", escaped(headline)));
        }
        if let Some(standfirst) = &article.standfirst {
            out.push_str(&format!("<p class=\"standfirst\">{}</p>", escaped(standfirst)));
        }
        out.push_str(&article.body.html);
        out.push_str("</article>");
        out
    }
}

/// Whether an element is in what was put behind a document of this length.
pub(super) fn is_behind(dom: &Dom, id: NodeId, document_bytes: usize) -> bool {
    let mut texts = dom.children(id).filter_map(|child| dom.source(child));
    dom.tag(id) != Tag::Other && texts.any(|source| source.start >= document_bytes)
}
