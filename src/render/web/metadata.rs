//! Metadata of a capture that reference managers read: `citation_*` and Dublin Core elements in the head, and
//! a COinS in the page (an OpenURL context object, NISO Z39.88-2004, in the title of a `span`), as Zotero's
//! embedded metadata and COinS translators take them.

use maud::{Markup, html};

use super::Site;
use super::text::line;
use crate::base::percent::query_value;
use crate::cite::Source;

/// Elements of the head.
pub(super) fn head(site: &Site, source: &Source, permanent: &str) -> Markup {
    let title = source.title();
    let names: Vec<String> = source.named_authors().iter().map(|name| name.direct()).collect();
    let link = source.archive_url().unwrap_or_else(|| site.absolute(permanent));
    let original = source.capture.link();
    html! {
        meta name="citation_title" content=(line(&title));
        @for name in &names { meta name="citation_author" content=(line(name)); }
        @if let Some(published) = &source.published {
            meta name="citation_publication_date" content=(published.value.iso().replace('-', "/"));
            meta name="DC.date" content=(published.value.iso());
        }
        meta name="citation_online_date" content=(day(source).replace('-', "/"));
        @if let Some(publisher) = &source.publisher {
            meta name="citation_publisher" content=(line(&publisher.value));
            meta property="og:site_name" content=(line(&publisher.value));
        }
        @if let Some(language) = &source.language {
            meta name="citation_language" content=(line(&language.value));
        }
        meta name="citation_public_url" content=(link);
        meta name="DC.title" content=(line(&title));
        meta name="DC.source" content=(original);
        meta name="DC.identifier" content=(link);
        meta property="og:type" content=(if source.is_news { "article" } else { "website" });
        meta property="og:title" content=(line(&title));
        meta property="og:url" content=(original);
        link rel="canonical" href=(site.absolute(permanent));
    }
}

/// The day of the capture.
fn day(source: &Source) -> String {
    source.capture.at.to_rfc3339().chars().take(10).collect()
}

/// The context object.
pub(super) fn coins(source: &Source) -> Markup {
    let mut fields = vec![
        ("ctx_ver", "Z39.88-2004".to_owned()),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:dc".to_owned()),
        ("rfr_id", "info:sid/pressmark".to_owned()),
        ("rft.type", if source.is_news { "newspaperArticle" } else { "webpage" }.to_owned()),
        ("rft.title", line(&source.title())),
        ("rft.source", line(source.outlet())),
        ("rft.identifier", source.capture.link()),
    ];
    fields.extend(source.named_authors().iter().map(|name| ("rft.creator", line(&name.direct()))));
    fields.extend(source.published.iter().map(|date| ("rft.date", date.value.iso())));
    fields.extend(source.language.iter().map(|language| ("rft.language", line(&language.value))));
    let title: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    html! { span .Z3988 title=(title.join("&")) {} }
}

/// A value of a context object: `/` and `:` are escaped as well.
fn escaped(value: &str) -> String {
    query_value(value).replace('/', "%2F").replace(':', "%3A")
}
