//! A TOML file as keys, texts and lines: the one file that names the TOML parser.

use toml::de::{DeTable, DeValue};

use super::value::{Kind, Value};

/// One key of a file as it was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The dotted path: `politeness.delay_min`.
    pub key: String,
    /// The line it is in, from 1.
    pub line: usize,
    raw: Raw,
}

#[derive(Debug, Clone)]
enum Raw {
    Text(String),
    Integer(String),
    Float(String),
    Bool(bool),
    List(Vec<(String, usize)>),
    Other(&'static str),
}

/// A file that is not TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotToml {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl Written {
    /// The value as a key of `kind` takes it.
    ///
    /// # Errors
    /// As text, what was expected and what was found.
    pub fn value(&self, kind: Kind) -> Result<Value, String> {
        let wrong = |found: &str| format!("expected {}, but found {found}", kind.label());
        match (&self.raw, kind) {
            (Raw::Bool(yes), Kind::Bool) => Ok(Value::Bool(*yes)),
            (Raw::Bool(yes), _) => Err(wrong(&yes.to_string())),
            (Raw::List(items), Kind::List) => {
                Ok(Value::List(items.iter().map(|(text, _)| text.clone()).collect()))
            }
            (Raw::Text(text), Kind::List) => Ok(Value::List(vec![text.clone()])),
            (Raw::List(_), _) => Err(wrong("a list")),
            (Raw::Text(text), Kind::Bool | Kind::Integer | Kind::Float) => {
                Err(wrong(&format!("the text {text:?}")))
            }
            (Raw::Text(text), _) => kind.parse(text),
            (Raw::Integer(n) | Raw::Float(n), Kind::Text | Kind::Path | Kind::List) => {
                Err(wrong(n))
            }
            (Raw::Integer(n) | Raw::Float(n), _) => kind.parse(n),
            (Raw::Other(what), _) => Err(wrong(what)),
        }
    }
}

impl Written {
    /// The texts of a list, or the one text that stands for a list, each with its line.
    #[must_use]
    pub fn items(&self) -> Vec<(&str, usize)> {
        match &self.raw {
            Raw::List(items) => items.iter().map(|(text, line)| (text.as_str(), *line)).collect(),
            Raw::Text(text) => vec![(text, self.line)],
            _ => Vec::new(),
        }
    }
}

/// Every key of a TOML text with its line, in the order of the file.
///
/// # Errors
/// The first place that is not TOML.
pub fn read(text: &str) -> Result<Vec<Written>, NotToml> {
    let line_of = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let table = DeTable::parse(text).map_err(|e| NotToml {
        line: e.span().map_or(1, |s| line_of(floor(text, s.start))),
        why: e.message().to_owned(),
    })?;
    let mut out = Vec::new();
    flatten("", table.get_ref(), &|at| line_of(floor(text, at)), &mut out);
    out.sort_by_key(|w| w.line);
    Ok(out)
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

fn flatten(
    prefix: &str,
    table: &DeTable<'_>,
    line: &dyn Fn(usize) -> usize,
    out: &mut Vec<Written>,
) {
    for (name, value) in table {
        let bare = name.get_ref().chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        let part = if bare { name.get_ref().to_string() } else { format!("{:?}", name.get_ref()) };
        let key = if prefix.is_empty() { part } else { format!("{prefix}.{part}") };
        let raw = match value.get_ref() {
            DeValue::Table(inner) => {
                flatten(&key, inner, line, out);
                continue;
            }
            DeValue::String(text) => Raw::Text(text.to_string()),
            DeValue::Integer(number) => Raw::Integer(number.to_string()),
            DeValue::Float(number) => Raw::Float(number.to_string()),
            DeValue::Boolean(yes) => Raw::Bool(*yes),
            DeValue::Datetime(_) => Raw::Other("a date"),
            DeValue::Array(items) => {
                let texts: Option<Vec<(String, usize)>> = items
                    .iter()
                    .map(|item| match item.get_ref() {
                        DeValue::String(text) => Some((text.to_string(), line(item.span().start))),
                        _ => None,
                    })
                    .collect();
                texts.map_or(Raw::Other("a list of something other than texts"), Raw::List)
            }
        };
        out.push(Written { key, line: line(name.span().start), raw });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_with_their_lines() {
        let written =
            read("a = 1\n[b]\nc = \"x\"\n\n[b.host.\"example.org\"]\nd = [\"y\"]\n").unwrap();
        let keys: Vec<_> = written.iter().map(|w| (w.key.as_str(), w.line)).collect();
        assert_eq!(keys, [("a", 1), ("b.c", 3), ("b.host.\"example.org\".d", 6)]);
    }

    #[test]
    fn a_mistake_in_the_toml_is_reported_with_its_line() {
        let error = read("a = 1\nb = = 2\n").unwrap_err();
        assert_eq!(error.line, 2);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
            let _ = read(&text);
        }
    }
}
