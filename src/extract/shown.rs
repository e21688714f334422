//! What the page itself says of what its readers see: its style sheets hide some elements, and its data
//! name others as the part of the article that is for subscribers.
//!
//! Owns the reading of both. Deliberately knows nothing of cascades: only a rule for one class or one id
//! counts, and only where no other rule shows the same elements again, as tabs and menus do.

use std::collections::HashSet;

use super::dom::{Dom, Tag};
use super::furniture::hides;
use super::json_ld::LdArticle;

/// The most bytes of style sheets that are read.
const STYLE_BYTES_MAX: usize = 1024 * 1024;
/// The most selectors that are kept.
const SELECTORS_MAX: usize = 10_000;

/// Classes and ids, with their mark: `.summary`, `#offer`.
#[derive(Debug, Default)]
pub struct Shown {
    hidden: HashSet<String>,
    article: HashSet<String>,
}

/// What a page says of an element by its names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    /// A style sheet hides it.
    pub hidden: bool,
    /// It is a part of the article, whatever its names say.
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
        let Sheets { mut hidden, shown } = sheets;
        hidden.retain(|name| !shown.contains(name));
        let named = ld.paid_selectors.iter().flat_map(|list| list.split(','));
        let article = named.filter_map(|one| last_names(one).pop()).take(SELECTORS_MAX).collect();
        Self { hidden, article }
    }

    /// What is said of an element with these classes and this id.
    pub fn of(&self, class: &str, id: &str) -> Said {
        if self.hidden.is_empty() && self.article.is_empty() {
            return Said::default();
        }
        let names = class
            .split_ascii_whitespace()
            .take(40)
            .map(|name| format!(".{name}"))
            .chain((!id.is_empty()).then(|| format!("#{id}")));
        names.fold(Said::default(), |said, name| Said {
            hidden: said.hidden || self.hidden.contains(&name),
            article: said.article || self.article.contains(&name),
        })
    }
}

#[derive(Default)]
struct Sheets {
    hidden: HashSet<String>,
    /// What some rule shows, under whatever condition.
    shown: HashSet<String>,
}

impl Sheets {
    /// Takes in the rules of one sheet. Rules inside `@media` and the like hide nothing.
    fn read(&mut self, text: &str) {
        let text = without_comments(text);
        let mut conditions = 0_usize;
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['{', '}', ';']) {
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
            } else if !conditional && let Some(name) = simple(selector) {
                self.hidden.insert(name);
            }
        }
    }
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
    while let Some((before, comment)) = rest.split_once("/*") {
        out.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, behind)| behind);
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
        let Sheets { mut hidden, shown } = sheets;
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
