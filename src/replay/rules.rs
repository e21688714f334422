//! How an element and its attributes are rewritten, in HTML and in XML.
//!
//! The list follows the HTML standard's index of attributes, SVG 2, MathML Core, and what browsers
//! still support of older HTML. An attribute that names an address is rewritten on every
//! element, since the role of an element is not always known before the tree is built.

use super::html::rewrite_inner;
use super::{Links, Modifier, Scripts, css, refresh, srcset};

/// The page that rules are applied to.
#[derive(Debug)]
pub(super) struct Rules {
    /// The targets of its references.
    pub(super) links: Links,
    /// Whether its scripts may run.
    pub(super) scripts: Scripts,
    /// Its nesting depth in other documents.
    pub(super) depth: usize,
    /// The target of its refresh, in the archive.
    pub(super) refresh: Option<String>,
}

/// A change of one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// It gets this value, with references decoded.
    Set(String, String),
    /// It is removed.
    Remove(String),
}

/// The content of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// An address.
    Address(Modifier),
    /// Addresses with blanks, semicolons or commas between them.
    Addresses(&'static [char], Modifier),
    /// Addresses with widths or densities.
    Srcset,
    /// CSS declarations, or a CSS value.
    Css,
    /// A whole page.
    Page,
    /// A value that would bypass replay, or break it: it is removed.
    Harm,
}

/// The attributes of one element.
#[derive(Debug)]
pub(super) struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// Names in lower case and values with references decoded; of two with the same name browsers use the
    /// first.
    pub(super) fn new(all: impl Iterator<Item = (String, String)>) -> Self {
        let mut list: Vec<(String, String)> = Vec::new();
        for (name, value) in all {
            if !list.iter().any(|(known, _)| *known == name) {
                list.push((name, value));
            }
        }
        Self(list)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn has_word(&self, name: &str, word: &str) -> bool {
        let words = self.get(name).unwrap_or_default();
        words.split_ascii_whitespace().any(|other| other.eq_ignore_ascii_case(word))
    }
}

impl Rules {
    /// The changes of the attributes of an element. `tag` is its name in lower case, without a
    /// namespace.
    pub(super) fn changes(&mut self, tag: &str, attributes: &Attributes) -> Vec<Change> {
        let mut out = Vec::new();
        match tag {
            "base" => self.base(attributes, &mut out),
            "meta" => self.meta(attributes, &mut out),
            _ => {}
        }
        if self.links.is_noting() {
            self.note_parts(tag, attributes);
        }
        for (name, value) in &attributes.0 {
            let Some(holds) = holds(tag, name, value, attributes, &self.links) else { continue };
            if holds == Holds::Harm {
                out.push(Change::Remove(name.clone()));
            } else if let Some(new) = rewritten(holds, value, self) {
                out.push(Change::Set(name.clone(), new));
            }
        }
        out
    }

    /// Notes what a browser fetches automatically for an element. For pictures in several sizes that
    /// is one of them, which cannot be known here: the default one is noted.
    fn note_parts(&self, tag: &str, attributes: &Attributes) {
        let note = |name: &str, modifier: Modifier| {
            if let Some(reference) = attributes.get(name) {
                self.links.note(reference, modifier);
            }
        };
        match tag {
            "img" if attributes.get("src").is_none() => {
                let mut first = None;
                srcset::rewrite(attributes.get("srcset").unwrap_or_default(), |url| {
                    first.get_or_insert_with(|| url.to_owned());
                    None
                });
                if let Some(first) = first {
                    self.links.note(&first, Modifier::Image);
                }
            }
            "img" => note("src", Modifier::Image),
            "input" if attributes.has_word("type", "image") => note("src", Modifier::Image),
            "image" | "feimage" => {
                note("href", Modifier::Image);
                note("xlink:href", Modifier::Image);
            }
            "script" if self.scripts != Scripts::Never => note("src", Modifier::Script),
            "iframe" | "frame" => note("src", Modifier::Frame),
            "video" => {
                note("poster", Modifier::Image);
                note("src", Modifier::Embed);
            }
            "audio" | "embed" => note("src", Modifier::Embed),
            "object" => note("data", Modifier::Embed),
            "link" if attributes.has_word("rel", "stylesheet") => {
                let is_shown = !attributes.has_word("rel", "alternate")
                    && !attributes
                        .get("media")
                        .unwrap_or_default()
                        .trim()
                        .eq_ignore_ascii_case("print");
                if is_shown {
                    note("href", Modifier::Style);
                }
            }
            _ => note("background", Modifier::Image),
        }
    }

    fn base(&mut self, attributes: &Attributes, out: &mut Vec<Change>) {
        let Some(href) = attributes.get("href") else { return };
        self.links.set_base(href);
        if let Some(new) = self.links.rewritten_base(href, self.links.page()) {
            out.push(Change::Set("href".to_owned(), new));
        }
    }

    /// Removes effects of a `meta` that an archived page must not have: policies, since they
    /// name sources of the live web and would break replay; cookies; and requests to other hosts.
    fn meta(&mut self, attributes: &Attributes, out: &mut Vec<Change>) {
        let equivalent = attributes.get("http-equiv").unwrap_or_default().trim();
        let equivalent = equivalent.to_ascii_lowercase();
        match equivalent.as_str() {
            "refresh" => {
                let content = attributes.get("content").unwrap_or_default();
                let Some(range) = refresh::address(content) else { return };
                let new = self.links.rewritten(&content[range.clone()], self.links.page());
                let Some(new) = new else { return };
                // The quotation mark before the address stays, so the address must not contain it.
                let new = new.replace('\'', "%27");
                let whole = [&content[..range.start], &new, &content[range.end..]].concat();
                out.push(Change::Set("content".to_owned(), whole));
                self.refresh.get_or_insert(new);
            }
            "content-security-policy"
            | "content-security-policy-report-only"
            | "x-content-security-policy"
            | "x-webkit-csp"
            | "set-cookie"
            | "x-dns-prefetch-control"
            | "origin-trial"
            | "accept-ch"
            | "delegate-ch"
            | "permissions-policy" => {
                let inert = format!("X-Archive-Orig-{equivalent}");
                out.push(Change::Set("http-equiv".to_owned(), inert));
            }
            _ => {}
        }
        let name = attributes.get("name").unwrap_or_default();
        if name.trim().eq_ignore_ascii_case("referrer") {
            out.push(Change::Set("name".to_owned(), "X-Archive-Orig-referrer".to_owned()));
        }
    }
}

fn rewritten(holds: Holds, value: &str, page: &Rules) -> Option<String> {
    let links = &page.links;
    match holds {
        Holds::Address(modifier) => links.rewritten(value, modifier),
        Holds::Addresses(between, modifier) => list(value, between, links, modifier),
        Holds::Srcset => srcset::rewrite(value, |url| links.rewritten(url, Modifier::Image)),
        Holds::Css => css::rewrite_text(value, links),
        Holds::Page => {
            let new = rewrite_inner(value, links.inner(), page.scripts, page.depth + 1)?;
            let new = match links.is_rerouted() {
                // Such a document is not requested separately: it begins with our script, like the page.
                true => format!("{}{new}", super::origins::script_in(links.site().origin())),
                false => new,
            };
            (new != value).then_some(new)
        }
        Holds::Harm => None,
    }
}

fn list(value: &str, between: &[char], links: &Links, modifier: Modifier) -> Option<String> {
    let mut changed = false;
    let parts = value.split_inclusive(between).map(|part| {
        let url = part.trim_end_matches(between);
        match links.rewritten(url, modifier) {
            Some(new) if !url.trim().is_empty() => {
                changed = true;
                new + &part[url.len()..]
            }
            _ => part.to_owned(),
        }
    });
    let new: String = parts.collect();
    changed.then_some(new)
}

/// The content of an attribute of an element; none if it is not changed.
fn holds(
    tag: &str,
    name: &str,
    value: &str,
    attributes: &Attributes,
    links: &Links,
) -> Option<Holds> {
    use Holds::{Address, Addresses, Css, Harm, Srcset};
    let page = links.page().of_links();
    Some(match name {
        "href" | "xlink:href" => match tag {
            "base" => return None,
            "a" | "area" => Address(link_target(attributes, page)),
            "link" => return link(attributes, page),
            "script" => Address(Modifier::Script),
            "image" | "feimage" | "use" | "filter" | "pattern" | "lineargradient"
            | "radialgradient" | "textpath" | "mpath" | "tref" | "cursor" | "animate" | "set"
            | "animatemotion" | "animatetransform" => Address(Modifier::Image),
            _ => Address(page),
        },
        "src" => Address(match tag {
            "img" | "image" | "input" => Modifier::Image,
            "script" => Modifier::Script,
            "iframe" | "frame" | "portal" | "fencedframe" | "layer" | "ilayer" => Modifier::Frame,
            _ => Modifier::Embed,
        }),
        "srcset" | "imagesrcset" => Srcset,
        "poster" | "background" | "lowsrc" | "dynsrc" | "icon" => Address(Modifier::Image),
        "data" if tag == "object" => Address(Modifier::Embed),
        "value" if tag == "param" && is_address_parameter(attributes) => Address(Modifier::Embed),
        "action" | "formaction" | "cite" | "longdesc" | "pluginspage" | "pluginurl"
        | "codebase" | "profile" => Address(page),
        "archive" => Addresses(&[' ', '\t', '\n', '\r', ','], Modifier::Embed),
        "manifest" if tag == "html" => Address(Modifier::Embed),
        "style" => Css,
        "srcdoc" if tag == "iframe" => Holds::Page,
        // A request that the reader did not make.
        "ping" | "attributionsrc" => Harm,
        // The hash does not match the bytes of a rewritten part. Scripts are never rewritten.
        "integrity" if tag == "link" && (!links.is_rerouted() || is_style(attributes)) => Harm,
        "integrity" if tag == "script" && !links.is_rerouted() => Harm,
        // Parts come only from replay, whichever host they were on.
        "crossorigin" if !links.is_rerouted() => Harm,
        // Requires the framed page to accept a policy, which no archived page does.
        "csp" if tag == "iframe" => Harm,
        "to" | "from" | "by" if animates_address(attributes) => Address(Modifier::Image),
        "values" if animates_address(attributes) => Addresses(&[';'], Modifier::Image),
        // SVG: fill, filter, mask, clip-path, markers, cursor, and values that are animated.
        _ if value.contains('(') && is_css_value(name) => Css,
        _ => return None,
    })
}

/// Whether a link is to a style sheet, including a preloaded one.
fn is_style(attributes: &Attributes) -> bool {
    attributes.has_word("rel", "stylesheet") || attributes.has_word("as", "style")
}

/// The modifier of a link target: a link out of a frame leads to a page.
fn link_target(attributes: &Attributes, page: Modifier) -> Modifier {
    let target = attributes.get("target").unwrap_or_default();
    let leaves = ["_top", "_blank"].iter().any(|name| target.eq_ignore_ascii_case(name));
    if leaves && page == Modifier::Frame { Modifier::Page } else { page }
}

/// `<link href>` by its relation. The canonical address of a page is a statement, not a request: it
/// is not changed.
fn link(attributes: &Attributes, page: Modifier) -> Option<Holds> {
    let is = |word: &str| attributes.has_word("rel", word);
    let as_what = attributes.get("as").unwrap_or_default().to_ascii_lowercase();
    let modifier = if is("stylesheet") {
        Modifier::Style
    } else if is("modulepreload") {
        Modifier::Script
    } else if is("preload") || is("prefetch") {
        match as_what.as_str() {
            "style" => Modifier::Style,
            "script" | "worker" => Modifier::Script,
            "image" => Modifier::Image,
            "document" => Modifier::Frame,
            _ => Modifier::Embed,
        }
    } else if attributes.get("rel").is_some_and(|rel| rel.to_ascii_lowercase().contains("icon")) {
        Modifier::Image
    } else if is("manifest") || is("preconnect") || is("dns-prefetch") {
        Modifier::Embed
    } else if is("canonical") {
        return None;
    } else {
        page
    };
    Some(Holds::Address(modifier))
}

fn is_address_parameter(attributes: &Attributes) -> bool {
    let name = attributes.get("name").unwrap_or_default().to_ascii_lowercase();
    matches!(name.as_str(), "movie" | "src" | "url" | "filename" | "data" | "source")
}

fn animates_address(attributes: &Attributes) -> bool {
    let what = attributes.get("attributename").unwrap_or_default();
    what.eq_ignore_ascii_case("href") || what.eq_ignore_ascii_case("xlink:href")
}

fn is_css_value(name: &str) -> bool {
    matches!(
        name,
        "fill"
            | "stroke"
            | "filter"
            | "mask"
            | "clip-path"
            | "marker"
            | "marker-start"
            | "marker-mid"
            | "marker-end"
            | "cursor"
            | "mask-image"
            | "shape-outside"
            | "to"
            | "from"
            | "by"
            | "values"
    )
}
