//! What the markup declares of the page: `meta`, `link`, `title`, `html`, `time` and microdata,
//! gathered in one walk. Names are folded to lower case; values are as written. Nothing is judged
//! here.

use super::dom::{Dom, NodeId, Step, Tag};

/// The most `meta` elements, times and properties that are kept of one page, each.
const KEPT_MAX: usize = 400;

/// A `time` element, or another that carries a date for machines.
#[derive(Debug, Clone)]
pub struct Dated {
    /// The element.
    pub node: NodeId,
    /// Its `datetime` or `content`, or its text.
    pub value: String,
    /// What it says to a reader.
    pub shown: String,
    /// Its microdata property, folded; empty without one.
    pub property: String,
}

/// Everything that is declared.
#[derive(Debug, Default)]
pub struct Declared {
    /// `name` or `property` and `content`, in order.
    pub metas: Vec<(String, String)>,
    pub title: Option<String>,
    pub canonical: Option<String>,
    pub language: Option<String>,
    /// The `h1` elements, in order.
    pub h1: Vec<NodeId>,
    pub times: Vec<Dated>,
    /// Other elements that carry a date in an attribute: "5 days ago" with the day in its `title`.
    pub stamps: Vec<Dated>,
    /// Microdata of one value: `headline`, `author`, `articleSection`.
    pub properties: Vec<(String, NodeId)>,
    /// Elements with `rel=author`.
    pub author_links: Vec<NodeId>,
}

impl Declared {
    /// Gathers from a document.
    #[must_use]
    pub fn read(dom: &Dom) -> Self {
        let mut found = Self::default();
        let mut in_svg = 0_u32;
        for step in dom.walk(Dom::ROOT) {
            match step {
                Step::Enter(id) if id != Dom::ROOT => match dom.tag(id) {
                    Tag::Svg => in_svg += 1,
                    tag => found.take(dom, id, tag, in_svg > 0),
                },
                Step::Leave(id) if dom.tag(id) == Tag::Svg => in_svg = in_svg.saturating_sub(1),
                _ => {}
            }
        }
        found
    }

    fn take(&mut self, dom: &Dom, id: NodeId, tag: Tag, in_svg: bool) {
        match tag {
            Tag::Meta => self.take_meta(dom, id),
            Tag::Title if self.title.is_none() && !in_svg => {
                self.title = Some(squeeze(&dom.text_below(id, 2_000))).filter(|t| !t.is_empty());
            }
            Tag::Link if self.canonical.is_none() => {
                let is_canonical =
                    dom.attr(id, "rel").is_some_and(|r| r.trim().eq_ignore_ascii_case("canonical"));
                if is_canonical {
                    self.canonical =
                        dom.attr(id, "href").map(|h| h.trim().to_owned()).filter(|h| !h.is_empty());
                }
            }
            Tag::Html => {
                let tag = dom.attr(id, "lang").or_else(|| dom.attr(id, "xml:lang"));
                self.language = tag.map(|l| l.trim().to_owned()).filter(|l| !l.is_empty());
            }
            Tag::H1 if self.h1.len() < KEPT_MAX => self.h1.push(id),
            _ => {}
        }
        let property = dom.attr(id, "itemprop").map(str::to_ascii_lowercase).unwrap_or_default();
        let is_date = property.starts_with("date") || property == "uploaddate";
        if (tag == Tag::Time || is_date) && self.times.len() < KEPT_MAX {
            let shown = squeeze(&dom.text_below(id, 200));
            let machine = dom
                .attr(id, "datetime")
                .or_else(|| dom.attr(id, "content"))
                .or_else(|| dom.attr(id, "title"))
                .filter(|v| v.bytes().any(|b| b.is_ascii_digit()));
            // A script writes the text of some from another attribute.
            let hidden = || stamp_of(dom, id).filter(|_| !has_digit(&shown));
            let value = machine.or_else(hidden).unwrap_or(&shown).to_owned();
            self.times.push(Dated { node: id, value, shown, property });
        } else if !property.is_empty() && self.properties.len() < KEPT_MAX {
            self.properties.push((property, id));
        }
        if tag != Tag::Time && !is_date && self.stamps.len() < KEPT_MAX {
            self.take_stamp(dom, id);
        }
        if tag == Tag::A
            && self.author_links.len() < 20
            && dom
                .attr(id, "rel")
                .is_some_and(|r| r.split_ascii_whitespace().any(|w| w == "author"))
        {
            self.author_links.push(id);
        }
    }

    fn take_stamp(&mut self, dom: &Dom, id: NodeId) {
        let Some(value) = stamp_of(dom, id) else { return };
        let shown = squeeze(&dom.text_below(id, 2 * STAMPED_BYTES_MAX));
        if shown.len() <= STAMPED_BYTES_MAX {
            let value = value.to_owned();
            self.stamps.push(Dated { node: id, value, shown, property: String::new() });
        }
    }

    fn take_meta(&mut self, dom: &Dom, id: NodeId) {
        if self.metas.len() >= KEPT_MAX {
            return;
        }
        let Some(content) = dom.attr(id, "content").map(str::trim).filter(|c| !c.is_empty()) else {
            return;
        };
        for key in ["property", "name", "itemprop", "http-equiv"] {
            if let Some(name) = dom.attr(id, key) {
                for word in name.split_ascii_whitespace().take(3) {
                    self.metas.push((word.to_ascii_lowercase(), content.to_owned()));
                }
            }
        }
    }

    /// The first value of a `meta` of any of these names, in the order of the names.
    #[must_use]
    pub fn meta(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            self.metas.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str())
        })
    }

    /// All values of a `meta` of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.metas.iter().filter(move |(key, _)| key == name).map(|(_, v)| v.as_str())
    }
}

/// What an attribute of `data-` that holds the date of a page is called, in any combination.
const STAMP_WORDS: &[&str] = &[
    "article",
    "at",
    "created",
    "date",
    "datetime",
    "epoch",
    "gmt",
    "iso",
    "livestamp",
    "local",
    "on",
    "original",
    "post",
    "posted",
    "pub",
    "pubdate",
    "publish",
    "published",
    "raw",
    "stamp",
    "story",
    "time",
    "timeago",
    "timestamp",
    "title",
    "ts",
    "unix",
    "utc",
    "value",
];
/// The longest text of an element that carries a date in an attribute, in bytes.
const STAMPED_BYTES_MAX: usize = 60;

/// The attribute of an element that holds a date for scripts or for readers who point at it, by its name
/// or by that of the element, and by its digits.
fn stamp_of(dom: &Dom, id: NodeId) -> Option<&str> {
    let is_named = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["date", "time", "publish", "posted", "ago"].iter().any(|word| name.contains(word))
    };
    let is_element_named = || {
        ["class", "id"].iter().any(|key| dom.attr(id, key).is_some_and(is_named))
            || dom.tag(id) == Tag::Other && is_named(dom.other_name(id))
    };
    let is_stamp = |name: &str| {
        let mut words = name.split('-').filter(|word| !word.is_empty());
        words.all(|word| STAMP_WORDS.contains(&word))
    };
    dom.attrs(id).find_map(|(name, value)| {
        let may = match name {
            "datetime" => true,
            "title" | "aria-label" => is_element_named(),
            _ => name.strip_prefix("data-").is_some_and(is_stamp),
        };
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        (may && value.len() <= STAMPED_BYTES_MAX && digits >= 5).then_some(value)
    })
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
}

/// White space to single spaces, none at the ends.
#[must_use]
pub fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
