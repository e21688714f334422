//! Links as text: `<URI>; name="value"; name=token, …` (RFC 8288 section 3, RFC 6690 section 2).

use super::{Listed, MEMENTOS_MAX, TimeMap};
use crate::base::{TargetUri, Timestamp};

/// A link: its address as it is, and its parameters in order, names in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<'a> {
    /// What is between the angle brackets.
    pub address: &'a str,
    parameters: Vec<(String, String)>,
}

impl Link<'_> {
    /// The value of a parameter, the first of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether `relation` is one of its relations.
    #[must_use]
    pub fn is(&self, relation: &str) -> bool {
        let relations = self.get("rel").unwrap_or_default();
        relations.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(relation))
    }
}

/// The links of a text, one at a time. What is no link is passed over up to the next `<`.
pub fn links(text: &str) -> impl Iterator<Item = Link<'_>> {
    Links { rest: text }
}

struct Links<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Links<'a> {
    type Item = Link<'a>;

    fn next(&mut self) -> Option<Link<'a>> {
        let start = self.rest.find('<')?;
        let after = &self.rest[start + 1..];
        let end = after.find('>')?;
        let mut link = Link { address: after[..end].trim(), parameters: Vec::new() };
        let mut rest = after[end + 1..].trim_start();
        while let Some(more) = rest.strip_prefix(';') {
            let more = more.trim_start();
            let length = more.find([';', ',', '=', '<']).unwrap_or(more.len());
            let name = more[..length].trim().to_ascii_lowercase();
            rest = &more[length..];
            let value = match rest.strip_prefix('=') {
                Some(text) => {
                    let (value, left) = value(text.trim_start());
                    rest = left;
                    value
                }
                None => String::new(),
            };
            if !name.is_empty() {
                link.parameters.push((name, value));
            }
            rest = rest.trim_start();
        }
        self.rest = rest;
        Some(link)
    }
}

/// A quoted string or a token at the start of `text`, and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let length = text.find([';', ',', '<']).unwrap_or(text.len());
        return (text[..length].trim().to_owned(), &text[length..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, "")
}

/// A TimeMap in link format.
pub(super) fn read(text: &str, from: &TargetUri) -> TimeMap {
    let mut map = TimeMap::default();
    for link in links(text) {
        if link.is("original") {
            map.original.get_or_insert_with(|| link.address.to_owned());
        }
        let address = || from.join(link.address).ok().map(|uri| uri.without_fragment());
        if link.is("memento") {
            if map.mementos.len() >= MEMENTOS_MAX {
                map.passed_over += 1;
                continue;
            }
            match address() {
                Some(uri) => {
                    let at = link.get("datetime").and_then(Timestamp::parse_http_date);
                    map.mementos.push(Listed { uri, at, original: None });
                }
                None => map.passed_over += 1,
            }
        } else if link.is("timemap") && !link.is("self") {
            let media_type = link.get("type").unwrap_or("application/link-format");
            if media_type.trim().to_ascii_lowercase().starts_with("application/link-format") {
                map.pages.extend(address());
            }
        }
    }
    map
}
