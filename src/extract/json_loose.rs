//! JSON with the small errors that pages make, read as intended.
//!
//! Tolerated are: comments, commas too many or missing between members, single quotes, names without
//! quotes, quotation marks and line breaks inside strings, invalid escapes, and an end that is
//! cut off. Deliberately no expressions and no code: anything that is not a value ends the reading, and what was
//! read until then is returned. Used only where strict parsing failed.

use serde_json::{Map, Value};

/// Deeper values are cut.
const DEPTH_MAX: usize = 60;
/// More values than this are left out.
const VALUES_MAX: usize = 50_000;

/// The values that are in a text, one after the other; empty where there is none.
#[must_use]
pub fn read(text: &str) -> Vec<Value> {
    let mut reader = Reader { text, at: 0, values: 0 };
    let mut out = Vec::new();
    loop {
        reader.skip();
        // What is around the data is code: it is skipped up to the next value.
        match reader.text[reader.at..].find(['{', '[']) {
            Some(ahead) if out.is_empty() || ahead == 0 => reader.at += ahead,
            _ => return out,
        }
        let before = reader.at;
        match reader.value(0) {
            Some(value) if reader.at > before => out.push(value),
            _ => return out,
        }
        while reader.peek().is_some_and(|c| matches!(c, ',' | ';' | ']' | '}') || c.is_whitespace())
        {
            reader.bump();
        }
    }
}

/// Whether a member begins whose name has no quotation marks: `headline: …`.
fn begins_bare_member(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '$');
    let rest = text.trim_start_matches(is_name);
    rest.len() < text.len() && rest.trim_start().starts_with(':')
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    values: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// White space and comments.
    fn skip(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            self.at += rest.len() - trimmed.len();
            let end = if trimmed.starts_with("/*") {
                trimmed.find("*/").map(|end| end + 2)
            } else if trimmed.starts_with("//") {
                Some(trimmed.find('\n').unwrap_or(trimmed.len()))
            } else if trimmed.starts_with("<!--") {
                Some(4)
            } else {
                return;
            };
            self.at += end.unwrap_or(trimmed.len());
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip();
        self.values += 1;
        if depth > DEPTH_MAX || self.values > VALUES_MAX {
            return None;
        }
        match self.peek()? {
            '{' => Some(self.object(depth)),
            '[' => Some(self.list(depth)),
            '"' | '\'' => self.string().map(Value::String),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        self.bump();
        let mut out = Map::new();
        loop {
            self.skip();
            match self.peek() {
                None => break,
                Some('}') => {
                    self.bump();
                    break;
                }
                Some(',' | ';') => {
                    self.bump();
                    continue;
                }
                Some(']') => break,
                Some(_) => {}
            }
            let Some(name) = self.name() else { break };
            self.skip();
            if self.peek() != Some(':') {
                break;
            }
            self.bump();
            let Some(value) = self.value(depth + 1) else { break };
            out.insert(name, value);
        }
        Value::Object(out)
    }

    fn list(&mut self, depth: usize) -> Value {
        self.bump();
        let mut out = Vec::new();
        loop {
            self.skip();
            match self.peek() {
                None => break,
                Some(']') => {
                    self.bump();
                    break;
                }
                Some(',' | ';') => {
                    self.bump();
                    continue;
                }
                Some('}' | ':') => break,
                Some(_) => {}
            }
            let before = self.at;
            match self.value(depth + 1) {
                Some(value) if self.at > before => out.push(value),
                _ => break,
            }
        }
        Value::Array(out)
    }

    fn name(&mut self) -> Option<String> {
        if matches!(self.peek()?, '"' | '\'') {
            return self.string();
        }
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '@' | '$' | '-')))
            .unwrap_or(rest.len());
        self.at += end;
        (end > 0).then(|| rest[..end].to_owned())
    }

    /// A number or a word; a bare text up to the next mark is taken for a string.
    fn word(&mut self) -> Option<Value> {
        let rest = &self.text[self.at..];
        let end = rest.find([',', '}', ']', '\n', '{', '[']).unwrap_or(rest.len());
        let word = rest[..end].trim();
        self.at += end;
        if word.is_empty() && self.peek() != Some(',') && self.peek() != Some('}') {
            return None;
        }
        Some(match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" | "undefined" | "" => Value::Null,
            word => match serde_json::from_str::<Value>(word) {
                Ok(number @ Value::Number(_)) => number,
                _ => Value::String(word.to_owned()),
            },
        })
    }

    /// A string. A mark that nothing of the syntax follows belongs to the words.
    fn string(&mut self) -> Option<String> {
        let mark = self.bump()?;
        let mut out = String::new();
        loop {
            let Some(c) = self.bump() else { return Some(out) };
            if c == mark && self.ends_string() {
                return Some(out);
            }
            if c != '\\' {
                out.push(if c.is_control() { ' ' } else { c });
                continue;
            }
            match self.bump() {
                Some('n' | 'r' | 't' | 'b' | 'f') => out.push(' '),
                Some('u') => out.push(self.unicode()),
                Some(other) => out.push(other),
                None => return Some(out),
            }
        }
    }

    /// Whether what follows a mark ends a string: a colon, the end of a value, or a new member.
    fn ends_string(&self) -> bool {
        let rest = self.text[self.at..].trim_start();
        let Some(next) = rest.chars().next() else { return true };
        match next {
            '}' | ']' | ':' | ';' => true,
            ',' => {
                let after = rest[1..].trim_start();
                after.starts_with([',', '"', '\'', '{', '[', '}', ']', '/', '-'])
                    || after.starts_with(|c: char| c.is_ascii_digit())
                    || after.is_empty()
                    || ["true", "false", "null"].iter().any(|word| after.starts_with(word))
                    || begins_bare_member(after)
            }
            // A comma that is missing: the next line is a member.
            '"' => self.text[self.at..].trim_start_matches([' ', '\t', '\r']).starts_with('\n'),
            _ => false,
        }
    }

    fn unicode(&mut self) -> char {
        let unit = |reader: &mut Self| -> Option<u32> {
            let hex = reader.text.get(reader.at..reader.at + 4)?;
            let unit = u32::from_str_radix(hex, 16).ok()?;
            reader.at += 4;
            Some(unit)
        };
        let Some(first) = unit(self) else { return '\u{fffd}' };
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).unwrap_or('\u{fffd}');
        }
        if !self.text[self.at..].starts_with("\\u") {
            return '\u{fffd}';
        }
        self.at += 2;
        let second = unit(self).filter(|s| (0xdc00..0xe000).contains(s));
        let pair = second.map(|s| 0x1_0000 + ((first - 0xd800) << 10) + (s - 0xdc00));
        pair.and_then(char::from_u32).unwrap_or('\u{fffd}')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_meant_is_read() {
        let wanted =
            json!({"@type": "Article", "headline": "A \"b\" c", "author": {"name": "Ann Lee"}});
        for text in [
            r#"{"@type": "Article", "headline": "A \"b\" c", "author": {"name": "Ann Lee"},}"#,
            r#"{"@type": "Article", "headline": "A "b" c", "author": {"name": "Ann Lee"}}"#,
            "{'@type': 'Article', headline: 'A \"b\" c', \"author\": {\"name\": \"Ann Lee\"}}",
            r#"{"@type": "Article", /* a note */ "headline": "A \"b\" c", "author": {"name": "Ann Lee" "#,
            "{\"@type\": \"Article\"\n \"headline\": \"A \\\"b\\\" c\",, \"author\": {\"name\": \"Ann Lee\"}}",
            r#"var data = {"@type": "Article", "headline": "A \"b\" c", "author": {"name": "Ann Lee"}};"#,
        ] {
            assert_eq!(read(text), std::slice::from_ref(&wanted), "{text}");
        }
        assert_eq!(read(r#"{"a": 1}{"b": [1, 2,]} "#), [json!({"a": 1}), json!({"b": [1, 2]})]);
        assert_eq!(
            read(r#"{"a": "l’\u00e9t\u00e9 \ud83d\ude00 \' \x", "b": true, "c": }"#),
            [json!({"a": "l’été 😀 ' x", "b": true, "c": null})]
        );
    }

    #[test]
    fn what_is_no_data_gives_none() {
        for text in ["", "  ", "hello", "}", "]", "alert(1)"] {
            assert!(read(text).is_empty(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics_and_what_is_right_is_read_right(text in "[\\PC{}\\[\\]\",:'\\\\/]{0,80}", a in "\\PC{0,20}", n in proptest::prelude::any::<i32>()) {
            let _ = read(&text);
            let value = json!({"a": a, "b": [n, {"c": null}], "d": true});
            let written = value.to_string();
            // A mark inside a string is not distinguished from its end where the syntax could go on.
            proptest::prop_assume!(!a.contains('"') && !a.contains('\\'));
            proptest::prop_assert_eq!(read(&written), [value]);
        }
    }
}
