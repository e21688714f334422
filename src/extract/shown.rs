//! What the page itself says of what its readers see: its style sheets hide some elements, and its data
//! name others as the part of the article that is for subscribers.
//!
//! Owns the reading of both. Deliberately does not know about cascades: only a rule for one class or one id
//! counts, inside others or alone, and only where no other rule shows the same elements again, as tabs
//! and menus do.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::dom::{Dom, NodeId, Tag};
use super::furniture::hides;
use super::json_ld::LdArticle;
use crate::base::word_map::{NameSet, WordMap};

/// The most bytes of style sheets that are read.
const STYLE_BYTES_MAX: usize = 1024 * 1024;
/// The most selectors that are kept.
const SELECTORS_MAX: usize = 10_000;

/// The most names that one selector may ask of the elements around.
const AROUND_MAX: usize = 4;
/// The most such selectors that are kept of one name.
const NESTED_MAX: usize = 8;

/// A selector of several parts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Nested {
    /// The names that it asks of the elements around, outermost first.
    around: Vec<String>,
    /// The class or id that it is about, with its mark.
    name: String,
}

/// Classes and ids, with their mark: `.summary`, `#offer`.
#[derive(Debug, Default)]
pub struct Shown {
    hidden: NameSet,
    /// What is hidden inside other elements only: `.story .summary`, by the last name without its mark.
    hidden_inside: WordMap<String, Vec<Nested>>,
    article: NameSet,
}

/// What a page says of an element by its names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SeenText {
    /// A style sheet hides it.
    pub hidden: bool,
    /// It is part of the article, whatever its names say.
    pub article: bool,
}

impl Shown {
    /// Reads the style sheets in the document, and what its data name.
    pub fn read(dom: &Dom, ld: &LdArticle) -> Self {
        let mut sheets = Sheets::default();
        let mut left = STYLE_BYTES_MAX;
        for id in dom.elements().filter(|id| dom.tag(*id) == Tag::Style) {
            // A sheet in a template is that of its shadow tree.
            let scoped =
                dom.ancestors(id).any(|up| matches!(dom.tag(up), Tag::Template | Tag::Noscript));
            let media = dom.attr(id, "media").unwrap_or("all").trim();
            if scoped || !(media.is_empty() || matches!(media, "all" | "screen")) {
                continue;
            }
            let text = dom.text_below(id, left);
            sheets.read(&text);
            left = left.saturating_sub(text.len());
            if left == 0 {
                break;
            }
        }
        let Sheets { mut hidden, mut hidden_inside, shown } = sheets;
        hidden.retain(|name| !shown.contains(name));
        hidden_inside.values_mut().for_each(|all| all.retain(|one| !shown.contains(&one.name)));
        hidden_inside.retain(|_, all| !all.is_empty());
        let named = ld.paid_selectors.iter().flat_map(|list| list.split(','));
        let article = named.filter_map(|one| last_names(one).pop()).take(SELECTORS_MAX).collect();
        Self { hidden, hidden_inside, article }
    }

    /// Whether a style sheet hides an element because of where it is.
    pub fn is_hidden_inside(&self, dom: &Dom, id: NodeId, class: &str, name: &str) -> bool {
        if self.hidden_inside.is_empty() {
            return false;
        }
        // Scripts take classes such as "loading" from the outermost elements once the page is there.
        let is_outermost = |of: NodeId| matches!(dom.tag(of), Tag::Html | Tag::Body);
        let is_of = |of: NodeId, wanted: &str| match wanted.split_at_checked(1) {
            Some(("." | "#", _)) if is_outermost(of) => false,
            Some((".", class)) => dom
                .attr(of, "class")
                .is_some_and(|names| names.split_ascii_whitespace().any(|name| name == class)),
            Some(("#", id)) => dom.attr(of, "id") == Some(id),
            _ => Tag::from_name(wanted) == dom.tag(of),
        };
        // Each name is looked for further out than the one behind it.
        let is_inside = |one: &Nested| {
            let mut up = dom.ancestors(id);
            one.around.iter().rev().all(|wanted| up.by_ref().any(|of| is_of(of, wanted)))
        };
        let classes = class.split_ascii_whitespace().take(40).map(|class| (class, '.'));
        let mut names = classes.chain((!name.is_empty()).then_some((name, '#')));
        names.any(|(name, mark)| {
            let all = self.hidden_inside.get(name).map_or(&[][..], Vec::as_slice);
            all.iter().any(|one| one.name.starts_with(mark) && is_inside(one))
        })
    }

    /// What is said of an element with these classes and this id.
    pub fn of(&self, class: &str, id: &str) -> SeenText {
        if self.hidden.is_empty() && self.article.is_empty() {
            return SeenText::default();
        }
        names_of(class, id).fold(SeenText::default(), |said, name| SeenText {
            hidden: said.hidden || self.hidden.contains(&name),
            article: said.article || self.article.contains(&name),
        })
    }
}

/// The names of an element with their marks.
fn names_of<'a>(class: &'a str, id: &'a str) -> impl Iterator<Item = String> + 'a {
    let classes = class.split_ascii_whitespace().take(40).map(|name| format!(".{name}"));
    classes.chain((!id.is_empty()).then(|| format!("#{id}")))
}

#[derive(Default)]
struct Sheets {
    hidden: NameSet,
    hidden_inside: WordMap<String, Vec<Nested>>,
    /// What some rule shows, under whatever condition.
    shown: NameSet,
}

impl Sheets {
    /// Records the rules of one sheet. Rules inside `@media` and the like hide nothing.
    fn read(&mut self, text: &str) {
        if !names_display(text) {
            return;
        }
        let text = without_comments(text);
        let mut conditions = 0_usize;
        let mut rest = text.as_str();
        while let Some(at) = memchr::memchr3(b'{', b'}', b';', rest.as_bytes()) {
            let (head, mark) = (rest[..at].trim(), rest.as_bytes()[at]);
            rest = &rest[at + 1..];
            match mark {
                b'{' if head.starts_with('@') => conditions += 1,
                b'{' => {
                    // A rule inside a rule is of no use here: the first closing brace ends both.
                    let end = rest.find('}').unwrap_or(rest.len());
                    self.rule(head, &rest[..end], conditions > 0);
                    rest = rest.get(end + 1..).unwrap_or_default();
                }
                b'}' => conditions = conditions.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn rule(&mut self, selectors: &str, body: &str, conditional: bool) {
        if self.hidden.len() + self.shown.len() > SELECTORS_MAX {
            return;
        }
        if !names_display(body) {
            return;
        }
        let speaks = body.split(';').any(|declaration| {
            let name = declaration.split(':').next().unwrap_or_default();
            matches!(name.trim(), "display" | "visibility")
        });
        if !speaks {
            return;
        }
        let is_hidden = hides(body);
        for selector in selectors.split(',') {
            if !is_hidden {
                self.shown.extend(last_names(selector));
            } else if !conditional {
                self.hide(selector);
            }
        }
    }

    fn hide(&mut self, selector: &str) {
        if let Some(name) = simple(selector) {
            self.hidden.insert(name);
        } else if let Some(one) = nested(selector)
            && self.hidden_inside.len() < SELECTORS_MAX
        {
            let bare = one.name.trim_start_matches(['.', '#']).to_owned();
            let all = self.hidden_inside.entry(bare).or_default();
            if all.len() < NESTED_MAX {
                all.push(one);
            }
        }
    }
}

/// Whether a style sheet, or the body of a rule, has the name of a property that hides.
fn names_display(text: &str) -> bool {
    static NAMES: LazyLock<[Finder<'static>; 2]> =
        LazyLock::new(|| [Finder::new("display"), Finder::new("visibility")]);
    NAMES.iter().any(|name| name.find(text.as_bytes()).is_some())
}

/// The name of a selector that is one class or one id, an element before it or not.
fn simple(selector: &str) -> Option<String> {
    let selector = selector.trim();
    let at = selector.find(['.', '#'])?;
    let (element, name) = selector.split_at(at);
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let inner = name.get(1..).unwrap_or_default();
    (plain(element) && !inner.is_empty() && plain(inner)).then(|| name.to_owned())
}

/// The names that a selector asks of the elements around, outermost first, and the one class or id that it
/// is about: `.story > .summary`.
fn nested(selector: &str) -> Option<Nested> {
    let parts: Vec<&str> = selector.split([' ', '>']).filter(|part| !part.is_empty()).collect();
    let (last, around) = parts.split_last()?;
    let is_plain = |part: &str| {
        let name = part.trim_start_matches(['.', '#']);
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let fits = (1..=AROUND_MAX).contains(&around.len()) && around.iter().all(|part| is_plain(part));
    if !fits {
        return None;
    }
    let around = around.iter().map(|part| (*part).to_owned()).collect();
    Some(Nested { around, name: simple(last)? })
}

/// The classes and ids of the elements that a selector is about: those of its last part.
fn last_names(selector: &str) -> Vec<String> {
    let last = selector.trim().rsplit([' ', '>', '+', '~']).next().unwrap_or_default();
    let mut names = Vec::new();
    let mut name = String::new();
    for c in last.chars().chain(std::iter::once('.')) {
        match c {
            '.' | '#' => {
                if name.len() > 1 {
                    names.push(std::mem::take(&mut name));
                }
                name = c.to_string();
            }
            ':' | '[' => {
                if name.len() > 1 {
                    names.push(std::mem::take(&mut name));
                }
                name.clear();
            }
            c if !name.is_empty() => name.push(c),
            _ => {}
        }
    }
    names
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"/*") {
        let (before, comment) = rest.split_at(at);
        out.push_str(before);
        rest = comment.get(2..).and_then(|c| c.split_once("*/")).map_or("", |(_, behind)| behind);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_hides_what_no_other_rule_shows() {
        let sheet = "/* .c{} */ .a{display:none} div.b , #d { color:red; display: none !important }
            .tab{display:none} .tab.open{display:block}
            .wide{display:none} @media (min-width: 40em) { .wide { display: flex } .e{display:none} }
            @media print { .f { display: none } } .g .h {display:none} .i{visibility:hidden} .k{display:block";
        let mut sheets = Sheets::default();
        sheets.read(sheet);
        let Sheets { mut hidden, shown, hidden_inside } = sheets;
        let inside = Nested { around: vec![".g".to_owned()], name: ".h".to_owned() };
        assert_eq!(hidden_inside.get("h"), Some(&vec![inside]));
        hidden.retain(|name| !shown.contains(name));
        let mut hidden: Vec<_> = hidden.into_iter().collect();
        hidden.sort();
        assert_eq!(hidden, ["#d", ".a", ".b", ".i"]);
    }

    #[test]
    fn broken_sheets_are_read_to_their_end() {
        for sheet in [
            "",
            "{",
            "}",
            "}}}.a{",
            "@media{",
            ".a{display:none",
            "/*",
            ".{display:none}",
            "é{display:none}",
        ] {
            let mut sheets = Sheets::default();
            sheets.read(sheet);
            assert!(sheets.hidden.iter().all(|name| name == ".a"), "{sheet}: {:?}", sheets.hidden);
        }
    }
}
