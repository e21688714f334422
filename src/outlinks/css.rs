//! The addresses in a style sheet: `url(…)` and `@import`.
//!
//! A scanner for the relevant CSS Syntax 3 tokens (section 4.3): comments, strings, and url
//! tokens. It is not a parser; the structure does not affect what is fetched.

/// An address as written, with escapes resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CssLink(pub String);

/// The longest address taken, in bytes; longer ones are data.
const LINK_BYTES_MAX: usize = 8 * 1024;

/// Every address of a style sheet, in order.
pub fn links(css: &str) -> impl Iterator<Item = CssLink> {
    Scanner { css, at: 0, after_import: false }
}

struct Scanner<'a> {
    css: &'a str,
    at: usize,
    after_import: bool,
}

impl Scanner<'_> {
    fn rest(&self) -> &[u8] {
        self.css.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Reads a string whose opening mark is at `at`; leaves `at` after the closing one.
    fn string(&mut self, quote: u8) -> String {
        self.at += 1;
        let from = self.at;
        let bytes = self.css.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                b'\n' => break,
                _ if *byte == quote => break,
                _ => {}
            }
            self.at += 1;
        }
        let inner = self.css.get(from..self.at.min(bytes.len())).unwrap_or_default();
        self.at += 1;
        unescape(inner)
    }

    /// Reads the text after `url(`; leaves `at` after the closing parenthesis.
    fn url(&mut self) -> String {
        while self.rest().first().is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        if let Some(quote @ (b'"' | b'\'')) = self.rest().first().copied() {
            return self.string(quote);
        }
        let from = self.at;
        let length = memchr::memchr(b')', self.rest()).unwrap_or(self.rest().len());
        self.at += length;
        unescape(self.css.get(from..self.at).unwrap_or_default().trim())
    }
}

impl Iterator for Scanner<'_> {
    type Item = CssLink;

    fn next(&mut self) -> Option<CssLink> {
        loop {
            let skip = self.rest().iter().position(|b| {
                matches!(b, b'/' | b'"' | b'\'' | b'u' | b'U' | b'@' | b';' | b'{')
            })?;
            self.at += skip;
            let rest = self.rest();
            let starts =
                |word: &[u8]| rest.get(..word.len()).is_some_and(|r| r.eq_ignore_ascii_case(word));
            let found = match rest[0] {
                b'/' if starts(b"/*") => {
                    self.at +=
                        memchr::memmem::find(&rest[2..], b"*/").map_or(rest.len(), |end| end + 4);
                    continue;
                }
                quote @ (b'"' | b'\'') => {
                    let text = self.string(quote);
                    if !std::mem::take(&mut self.after_import) {
                        continue;
                    }
                    text
                }
                b'@' if starts(b"@import") => {
                    self.at += 7;
                    self.after_import = true;
                    continue;
                }
                b'u' | b'U' if starts(b"url(") => {
                    self.at += 4;
                    self.after_import = false;
                    self.url()
                }
                b';' | b'{' => {
                    self.after_import = false;
                    self.at += 1;
                    continue;
                }
                _ => {
                    self.at += 1;
                    continue;
                }
            };
            let head = found.get(..5).unwrap_or_default();
            if !found.is_empty()
                && found.len() <= LINK_BYTES_MAX
                && !head.eq_ignore_ascii_case("data:")
            {
                return Some(CssLink(found));
            }
        }
    }
}

/// CSS Syntax 3 section 4.3.7: a backslash and up to six hexadecimal digits, or any character.
fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let mut code = String::new();
        while code.len() < 6 && chars.peek().is_some_and(char::is_ascii_hexdigit) {
            code.extend(chars.next());
        }
        if code.is_empty() {
            out.extend(chars.next().filter(|c| *c != '\n'));
            continue;
        }
        out.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
        if chars.peek().is_some_and(char::is_ascii_whitespace) {
            chars.next();
        }
    }
    out
}
