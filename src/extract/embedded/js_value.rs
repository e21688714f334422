//! Values as scripts write them: JSON and what JavaScript adds to it, read without running anything.
//!
//! Owns the reading of one literal: names without quotation marks, single quotes and template strings,
//! `undefined`, `void 0`, `!0`, `new Date(…)`, `JSON.parse('…')`, and the function that is called at
//! once with the values that repeat (`(function(a,b){return {…}}("x",…))`, as Nuxt 2 writes its state).
//! Deliberately no expressions and no code: anything that is not a value makes the whole literal invalid.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use super::super::json;

/// Deeper values are not read.
const DEPTH_MAX: usize = 100;
/// The most objects of JSON inside a string.
const OBJECTS_MAX: usize = 50_000;
/// The most parameters of a function that is called at once.
const PARAMETERS_MAX: usize = 20_000;

/// How much may still be read, for all literals of a page together.
#[derive(Debug)]
pub struct Budget {
    /// Values.
    pub values: usize,
    /// Bytes of strings.
    pub bytes: usize,
}

/// The literal that begins at `from`, and where it ends; none where there is no whole one, or the budget is
/// used up.
pub fn read(text: &str, from: usize, budget: &mut Budget) -> Option<(Value, usize)> {
    let mut reader = Reader { text, at: from, budget, known: HashMap::new() };
    let value = reader.value(0)?;
    Some((value, reader.at))
}

struct Reader<'a, 'b> {
    text: &'a str,
    at: usize,
    budget: &'b mut Budget,
    /// What parameters stand for.
    known: HashMap<&'a str, Value>,
}

impl<'a> Reader<'a, '_> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// White space and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let end = if trimmed.starts_with("/*") {
                trimmed.find("*/").map_or(trimmed.len(), |end| end + 2)
            } else if trimmed.starts_with("//") {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else {
                return;
            };
            self.at += end;
        }
    }

    /// Takes `mark` if it comes next, white space apart.
    fn take(&mut self, mark: &str) -> bool {
        self.skip();
        let is_next = self.rest().starts_with(mark);
        if is_next {
            self.at += mark.len();
        }
        is_next
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip();
        self.budget.values = self.budget.values.checked_sub(1)?;
        if depth > DEPTH_MAX {
            return None;
        }
        match self.peek()? {
            '{' => self.object(depth),
            '[' => self.list(depth),
            '"' | '\'' | '`' => self.string().map(Value::String),
            '(' => self.in_brackets(depth),
            '!' => {
                self.at += 1;
                let inner = self.value(depth + 1)?;
                Some(Value::Bool(!is_true(&inner)))
            }
            c if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => self.number(),
            c if is_name(c) => self.word(depth),
            _ => None,
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut out = Map::new();
        loop {
            self.skip();
            match self.peek()? {
                '}' => {
                    self.at += 1;
                    return Some(Value::Object(out));
                }
                ',' => {
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            let name = match self.peek()? {
                '"' | '\'' => self.string()?,
                _ => self.name()?.to_owned(),
            };
            self.skip();
            if !self.take(":") {
                return None;
            }
            let value = self.value(depth + 1)?;
            out.insert(name, value);
            self.skip();
            if !matches!(self.peek()?, ',' | '}') {
                return None;
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            self.skip();
            match self.peek()? {
                ']' => {
                    self.at += 1;
                    return Some(Value::Array(out));
                }
                ',' => {
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            out.push(self.value(depth + 1)?);
            self.skip();
            if !matches!(self.peek()?, ',' | ']') {
                return None;
            }
        }
    }

    fn name(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
        self.at += end;
        (end > 0).then(|| &rest[..end])
    }

    fn number(&mut self) -> Option<Value> {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        let written = &rest[..end];
        self.at += end;
        if let Ok(whole) = written.parse::<i64>() {
            return Some(Value::Number(whole.into()));
        }
        // `-Infinity` and `0x1f` carry no information here.
        if self.peek().is_some_and(is_name) {
            self.name();
            return Some(Value::Null);
        }
        let number = written.parse::<f64>().ok()?;
        Some(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn word(&mut self, depth: usize) -> Option<Value> {
        let word = self.name()?;
        match word {
            "true" => return Some(Value::Bool(true)),
            "false" => return Some(Value::Bool(false)),
            "null" | "undefined" | "NaN" | "Infinity" => return Some(Value::Null),
            "void" => {
                self.value(depth + 1)?;
                return Some(Value::Null);
            }
            "new" => {
                self.skip();
                self.name()?;
                return self
                    .arguments(depth)
                    .map(|mut all| all.drain(..).next().unwrap_or_default());
            }
            _ => {}
        }
        if self.rest().starts_with('.') {
            self.at += 1;
            let method = self.name()?;
            let mut all = self.arguments(depth)?;
            let first = all.drain(..).next().unwrap_or_default();
            return match (word, method, first) {
                ("JSON", "parse", Value::String(inner)) => json::read(&inner, OBJECTS_MAX),
                ("Object", "freeze" | "seal", value) => Some(value),
                ("Object", "create", _) => Some(Value::Object(Map::new())),
                _ => None,
            };
        }
        self.skip();
        if self.rest().starts_with(['(', '[', '.']) || self.rest().starts_with("=>") {
            return None;
        }
        let value = self.known.get(word).cloned().unwrap_or_default();
        if let Value::String(text) = &value {
            self.budget.bytes = self.budget.bytes.checked_sub(text.len())?;
        }
        Some(value)
    }

    fn arguments(&mut self, depth: usize) -> Option<Vec<Value>> {
        if !self.take("(") {
            return None;
        }
        let mut out = Vec::new();
        loop {
            if self.take(")") {
                return Some(out);
            }
            if self.take(",") {
                continue;
            }
            if out.len() > PARAMETERS_MAX {
                return None;
            }
            out.push(self.value(depth + 1)?);
        }
    }

    /// A value in brackets, or a function that is called at once.
    fn in_brackets(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        if !self.take("function") {
            let value = self.value(depth + 1)?;
            return self.take(")").then_some(value);
        }
        if !self.take("(") {
            return None;
        }
        let mut parameters = Vec::new();
        while !self.take(")") {
            if parameters.len() > PARAMETERS_MAX {
                return None;
            }
            parameters.push(self.name()?);
            self.take(",");
        }
        if !self.take("{") {
            return None;
        }
        // Statements before the value fill in what it shares; they are left out.
        self.at += self.rest().find("return")? + "return".len();
        let body = self.at;
        let outer = std::mem::take(&mut self.known);
        // Once for where it ends and the values that it is called with begin, and once with those.
        self.value(depth + 1)?;
        self.take(";");
        if !self.take("}") {
            return None;
        }
        self.take(")");
        let given = self.arguments(depth)?;
        self.take(")");
        let end = self.at;
        // A list or an object that stands for a parameter could be repeated without end.
        let is_plain = |value: &Value| !matches!(value, Value::Array(_) | Value::Object(_));
        self.known =
            parameters.into_iter().zip(given).filter(|(_, value)| is_plain(value)).collect();
        self.at = body;
        let value = self.value(depth + 1);
        self.at = end;
        self.known = outer;
        value
    }

    fn string(&mut self) -> Option<String> {
        let mark = self.peek()?;
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let end = rest.find([mark, '\\', '$'])?;
            self.budget.bytes = self.budget.bytes.checked_sub(end)?;
            out.push_str(&rest[..end]);
            self.at += end;
            let found = self.peek()?;
            self.at += 1;
            if found == mark {
                return Some(out);
            }
            if found == '$' {
                // What a template computes is not known.
                if mark == '`' && self.rest().starts_with('{') {
                    return None;
                }
                out.push('$');
                continue;
            }
            let escaped = self.peek()?;
            self.at += escaped.len_utf8();
            match escaped {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' | '\n' | '\r' => {}
                'b' | 'f' | 'v' | '0' => out.push(' '),
                'x' => out.push(char::from_u32(self.hex(2)?).unwrap_or('\u{fffd}')),
                'u' => out.push(self.unicode()?),
                other => out.push(other),
            }
        }
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let hex = self.text.get(self.at..self.at + digits)?;
        let value = u32::from_str_radix(hex, 16).ok()?;
        self.at += digits;
        Some(value)
    }

    /// What follows `\u`: four digits, two pairs of four, or any number in braces.
    fn unicode(&mut self) -> Option<char> {
        if self.rest().starts_with('{') {
            let rest = self.rest();
            let end = rest.find('}').filter(|end| *end <= 8)?;
            let value = u32::from_str_radix(&rest[1..end], 16).ok()?;
            self.at += end + 1;
            return Some(char::from_u32(value).unwrap_or('\u{fffd}'));
        }
        let first = self.hex(4)?;
        if !(0xd800..0xdc00).contains(&first) || !self.rest().starts_with("\\u") {
            return Some(char::from_u32(first).unwrap_or('\u{fffd}'));
        }
        let before = self.at;
        self.at += 2;
        let second = self.hex(4)?;
        if !(0xdc00..0xe000).contains(&second) {
            self.at = before;
            return Some('\u{fffd}');
        }
        let both = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        Some(char::from_u32(both).unwrap_or('\u{fffd}'))
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// As JavaScript sees it.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(text: &str) -> Option<Value> {
        let mut budget = Budget { values: 10_000, bytes: 100_000 };
        read(text, 0, &mut budget).map(|(value, _)| value)
    }

    #[test]
    fn what_scripts_write_is_read_as_values() {
        for (text, want) in [
            (r#"{"a":[1,-2.5,null,true]}"#, json!({"a": [1, -2.5, null, true]})),
            (
                r"{a:'it\'s', $b : `two\nlines`, 'c-d':undefined, 5:void 0,}",
                json!({"a": "it's", "$b": "two\nlines", "c-d": null, "5": null}),
            ),
            (
                r#"{a:!0,b:!1,/* x */c:NaN, d : -Infinity} // end"#,
                json!({"a": true, "b": false, "c": null, "d": null}),
            ),
            (r#"JSON.parse("{\"a\":\"l\\u2019\\n\"}")"#, json!({"a": "l’\n"})),
            (
                r#"{at:new Date("2025-11-04T10:00:00Z"),n:new Date(1762250400000)}"#,
                json!({"at": "2025-11-04T10:00:00Z", "n": 1_762_250_400_000_i64}),
            ),
            (
                r#"(function(a,b){return {state:{title:a,body:b,other:a}}}("T","<p>x</p>"))"#,
                json!({"state": {"title": "T", "body": "<p>x</p>", "other": "T"}}),
            ),
            (r#"(function(a){a.x=1;return {t:a,u:"z"};})("T")"#, json!({"t": "T", "u": "z"})),
            (r#""\x3cp\u003e \u{1f600} \ud83d\ude00""#, json!("<p> 😀 😀")),
        ] {
            assert_eq!(of(text), Some(want), "{text}");
        }
    }

    #[test]
    fn code_is_no_value() {
        for text in [
            "",
            "{",
            "[1",
            "{a}",
            "{a:1+2}",
            "{a:function(){}}",
            "{a:f(1)}",
            "{a:b.c}",
            "{...a}",
            "x=>1",
            "`${a}`",
            "(function(a){return a",
            "'abc",
            "{a:1 b:2}",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(of(&format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000))), None);
    }

    #[test]
    fn a_parameter_that_is_repeated_fills_no_memory() {
        let long = "x".repeat(1_000);
        let text = format!("(function(a){{return [{}1]}}(\"{long}\"))", "a,".repeat(5_000));
        assert_eq!(of(&text), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[\\PC{}\\[\\]\",:'\\\\/`$()!a-c0-9]{0,80}") {
            let _ = of(&text);
        }
    }
}
