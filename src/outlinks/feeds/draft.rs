//! An item as it is written, in any dialect, and its interpretation: which of its addresses is that
//! of its page, and which of its dates can be read.

use super::{FeedItem, FeedKind, Source, TITLE_BYTES_MAX, cut};
use crate::base::{TargetUri, Timestamp};
use crate::dates::{Style, instant_of};
use crate::outlinks::address::{is_absolute, resolve};
use crate::outlinks::xml;

/// From this many items with the same link on, the link is not the items' own.
const SHARED_LINK_MIN: usize = 3;

/// A link of an item.
#[derive(Debug, Default, Clone)]
pub(super) struct Link {
    pub href: String,
    /// As written; empty if missing.
    pub rel: String,
    pub media_type: String,
    /// The `xml:base` in effect.
    pub base: Option<String>,
}

/// An item as it is written.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub title: String,
    pub links: Vec<Link>,
    /// The original address, which a service replaced by its own.
    pub original: String,
    pub id: String,
    /// Whether the id is declared not to be an address.
    pub is_id_opaque: bool,
    /// In order of precedence.
    pub published: Vec<String>,
    pub updated: Vec<String>,
    /// `rdf:about`.
    pub about: String,
}

/// The bases of addresses.
#[derive(Debug)]
pub(super) struct Resolver {
    /// The feed, changed by `xml:base`.
    feed: Option<TargetUri>,
    /// The site, the base of RSS addresses without a host.
    site: Option<TargetUri>,
}

impl Resolver {
    pub(super) fn new(own: Option<TargetUri>, source: &Source) -> Self {
        let base = source.base.as_deref().and_then(|base| resolve(own.as_ref(), base));
        let is_rss = source.kind == FeedKind::Rss && base.is_none();
        let site = is_rss.then(|| resolve(None, &source.site)).flatten();
        Self { feed: base.or(own), site }
    }

    /// The address of a further page of the feed.
    pub(super) fn next(&self, text: &str) -> Option<TargetUri> {
        resolve(self.feed.as_ref(), text)
    }

    /// The address of a page.
    fn page(&self, text: &str, base: Option<&str>) -> Option<TargetUri> {
        let around = self.site.as_ref().or(self.feed.as_ref());
        match base.and_then(|base| resolve(self.feed.as_ref(), base)) {
            Some(own) => resolve(Some(&own), text),
            None => resolve(around, text),
        }
    }
}

impl Draft {
    /// All its dates, as written.
    pub(super) fn dates(&self) -> impl Iterator<Item = &str> {
        self.published.iter().chain(&self.updated).map(String::as_str)
    }

    /// The link to its page, as written.
    fn link(&self) -> Option<&Link> {
        let rank = |link: &Link| {
            let is_page = link.media_type.is_empty() || link.media_type.contains("html");
            match relation(&link.rel) {
                "alternate" if is_page => 0,
                "alternate" => 1,
                "related" => 2,
                _ => 9,
            }
        };
        let links = self.links.iter().filter(|link| !link.href.trim().is_empty() && rank(link) < 9);
        links.min_by_key(|link| rank(link))
    }

    /// The parsed item; `None` if it names no page. `shared` is a link that belongs to no single item.
    pub(super) fn read(
        &self,
        resolver: &Resolver,
        style: Style,
        shared: Option<&str>,
    ) -> Option<FeedItem> {
        let link = self.link().and_then(|link| resolver.page(&link.href, link.base.as_deref()));
        let of_id = || resolve(None, &self.id);
        let url = resolve(None, &self.original)
            // If all have the same link, an id that is an address is the item's own.
            .or_else(|| shared.and_then(|_| of_id()))
            .or(link)
            .or_else(|| resolver.page(&self.about, None))
            .or_else(of_id)
            // An id is an address unless declared otherwise (RSS 2.0); a path is one.
            .or_else(|| {
                let is_path = !self.is_id_opaque && self.id.trim().starts_with('/');
                is_path.then(|| resolver.page(&self.id, None)).flatten()
            })?;
        let first = |dates: &[String]| dates.iter().find_map(|text| instant_of(text, style));
        let published: Option<Timestamp> = first(&self.published);
        let updated = first(&self.updated).filter(|at| Some(*at) > published);
        let id = Some(self.id.trim().to_owned()).filter(|id| !id.is_empty());
        Some(FeedItem { url, title: plain(&self.title), published, updated, id })
    }
}

/// The link that all items share, if there is one and their ids are other addresses.
pub(super) fn shared_link(items: &[Draft]) -> Option<String> {
    let first = items.first()?.link()?.href.trim();
    let all = items.len() >= SHARED_LINK_MIN
        && items.iter().all(|item| item.link().is_some_and(|link| link.href.trim() == first));
    let mut ids: Vec<&str> = items.iter().map(|item| item.id.trim()).collect();
    ids.sort_unstable();
    ids.dedup();
    (all && ids.len() == items.len() && ids.iter().all(|id| is_absolute(id)))
        .then(|| first.to_owned())
}

/// The name of a relation: without the address of the registry before it (RFC 4287, 4.2.7.2), in lower
/// case; "alternate" if none is given, and if it is one of several.
fn relation(rel: &str) -> &str {
    const NAMES: [&str; 2] = ["alternate", "related"];
    let names = || {
        rel.split_ascii_whitespace().map(|name| {
            let is_address = is_absolute(name) && name.contains("iana.org/assignments/");
            if is_address { name.rsplit('/').next().unwrap_or(name) } else { name }
        })
    };
    if rel.trim().is_empty() {
        return NAMES[0];
    }
    let is = |known: &str| names().any(|name| name.eq_ignore_ascii_case(known));
    NAMES.into_iter().find(|known| is(known)).unwrap_or(rel)
}

/// A title as text: one line, without the markup and the references that many feeds escape twice.
pub(super) fn plain(text: &str) -> String {
    let text = xml::unescape(text);
    let mut out = String::with_capacity(text.len().min(TITLE_BYTES_MAX));
    let mut rest = text.as_str();
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // "Tom < Jerry" is not markup, and neither is "<animate>", which titles do not use.
        let tag = rest.find('>').filter(|end| is_markup(&rest[1..*end]));
        rest = match tag {
            Some(end) => &rest[end + 1..],
            None => {
                out.push('<');
                &rest[1..]
            }
        };
    }
    out.push_str(rest);
    let words: Vec<&str> = out.split_whitespace().collect();
    cut(&words.join(" "), TITLE_BYTES_MAX).to_owned()
}

/// Whether the text between angle brackets is an element used in titles.
fn is_markup(inner: &str) -> bool {
    const ELEMENTS: &[&str] = &[
        "a", "b", "i", "u", "em", "strong", "span", "sup", "sub", "br", "p", "div", "cite", "code",
        "q", "small", "font", "mark", "abbr", "s", "del", "ins", "img", "wbr", "h1", "h2", "h3",
    ];
    let name = inner.trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    ELEMENTS.contains(&name[..end].to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_known_by_every_spelling() {
        for (rel, want) in [
            ("", "alternate"),
            ("Alternate", "alternate"),
            ("http://www.iana.org/assignments/relation/alternate", "alternate"),
            ("https://www.iana.org/assignments/relation/related", "related"),
            ("nofollow alternate", "alternate"),
            ("enclosure", "enclosure"),
            ("http://schemas.google.com/g/2005#feed", "http://schemas.google.com/g/2005#feed"),
        ] {
            assert_eq!(relation(rel), want, "{rel}");
        }
    }

    #[test]
    fn titles_are_text_whatever_they_were_written_in() {
        for (title, want) in [
            ("Mayor &amp;amp; council", "Mayor &amp; council"),
            ("Mayor&#8217;s <i>plan</i>\n  again", "Mayor’s plan again"),
            ("Tom < Jerry", "Tom < Jerry"),
            ("What does <animate> do?", "What does <animate> do?"),
            ("Caf&eacute;&nbsp;noir", "Café noir"),
        ] {
            assert_eq!(plain(title), want);
        }
    }
}
