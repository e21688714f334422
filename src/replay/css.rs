//! Style sheets, rewritten as they stream: `url(…)`, `@import`, `image-set(…)`, `src(…)`.
//!
//! A tokenizer of CSS Syntax 3 (section 4.3) as far as needed to find addresses: comments,
//! strings, escapes, names, functions, url tokens. It works on bytes, since every relevant character is
//! ASCII, so that an ASCII-compatible encoding needs no decoding. `@namespace` and `@charset` name no
//! address. Everything else passes byte for byte, and so does a token over [`TOKEN_BYTES_MAX`].

mod token;

use encoding_rs::{Encoding, UTF_8};

use super::{Links, Modifier};
use token::{Read, Skip};

/// The longest token that is parsed; a longer one is data and passes unchanged.
const TOKEN_BYTES_MAX: usize = 64 * 1024;
/// How deep parentheses are tracked; deeper ones count as plain.
const DEPTH_MAX: usize = 64;

/// Rewrites one style sheet. How the input is cut into pieces makes no difference to the output.
#[derive(Debug)]
pub struct CssRewriter {
    links: Links,
    encoding: &'static Encoding,
    pending: Vec<u8>,
    skip: Option<Skip>,
    context: Context,
}

/// The context before the next token, as far as it affects the meaning of that token.
#[derive(Debug, Default)]
struct Context {
    /// After `url(`, where the address or its opening mark comes next.
    in_url: bool,
    /// After `@import`, before its address.
    after_import: bool,
    /// In `@namespace` or `@charset`, whose strings are names.
    in_names: bool,
    /// In `@font-face`.
    in_font_face: bool,
    /// For each open parenthesis, whether a string directly inside is an address.
    parentheses: Vec<bool>,
    /// Open parentheses beyond those.
    deeper: usize,
}

impl Context {
    fn open(&mut self, takes_strings: bool) {
        if self.parentheses.len() < DEPTH_MAX {
            self.parentheses.push(takes_strings);
        } else {
            self.deeper += 1;
        }
    }

    fn close(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.parentheses.pop();
        }
    }

    fn is_address(&self) -> bool {
        let inner = self.deeper == 0 && self.parentheses.last() == Some(&true);
        !self.in_names && (self.in_url || self.after_import || inner)
    }

    /// What the next address is for.
    fn modifier(&self) -> Modifier {
        if self.after_import {
            Modifier::Style
        } else if self.in_font_face {
            Modifier::Embed
        } else {
            Modifier::Image
        }
    }
}

/// What to do with the bytes at the front.
enum Step {
    /// This many bytes pass.
    Pass(usize),
    /// This many bytes are replaced.
    Replace(usize, Vec<u8>),
    /// The token has not ended yet. If it becomes too long, it is skipped in this way, after this
    /// many opening bytes.
    More(Skip, usize),
}

impl CssRewriter {
    /// A rewriter for a style sheet in UTF-8 whose addresses are those of `links`.
    #[must_use]
    pub fn new(links: Links) -> Self {
        Self {
            links,
            encoding: UTF_8,
            pending: Vec::new(),
            skip: None,
            context: Context::default(),
        }
    }

    /// The same for a style sheet in another ASCII-compatible encoding.
    #[must_use]
    pub fn with_encoding(mut self, encoding: &'static Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Takes the next bytes and returns the rewritten output so far.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.pending.extend_from_slice(bytes);
        self.run(false)
    }

    /// Ends the style sheet and returns the rest. The rewriter can then be used again.
    pub fn finish(&mut self) -> Vec<u8> {
        let out = self.run(true);
        self.skip = None;
        self.context = Context::default();
        out
    }

    fn run(&mut self, is_last: bool) -> Vec<u8> {
        let bytes = std::mem::take(&mut self.pending);
        let mut out = Vec::with_capacity(bytes.len() + 64);
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            if let Some(skip) = self.skip {
                let (length, is_over) = skip.over(rest, is_last);
                out.extend_from_slice(&rest[..length]);
                at += length;
                if is_over {
                    self.skip = None;
                    self.skipped(skip);
                } else if !is_last {
                    break;
                }
                continue;
            }
            match self.step(rest, is_last) {
                Step::Pass(length) => {
                    out.extend_from_slice(&rest[..length]);
                    at += length;
                }
                Step::Replace(length, text) => {
                    out.extend_from_slice(&text);
                    at += length;
                }
                Step::More(skip, opening) if rest.len() > TOKEN_BYTES_MAX => {
                    out.extend_from_slice(&rest[..opening]);
                    at += opening;
                    self.skip = Some(skip);
                }
                Step::More(..) => break,
            }
        }
        self.pending = bytes[at.min(bytes.len())..].to_vec();
        out
    }

    /// Updates the context after a token that was too long.
    fn skipped(&mut self, skip: Skip) {
        match skip {
            Skip::Comment => {}
            Skip::Name => self.context.after_import = false,
            Skip::String(_) => {
                if std::mem::take(&mut self.context.in_url) {
                    self.context.open(false);
                }
                self.context.after_import = false;
            }
            Skip::Url => {
                self.context.in_url = false;
                self.context.after_import = false;
            }
        }
    }

    fn step(&mut self, rest: &[u8], is_last: bool) -> Step {
        let byte = rest[0];
        if token::is_blank(byte) {
            let run = rest.iter().take_while(|b| token::is_blank(**b)).count();
            return Step::Pass(run);
        }
        if matches!(byte, b'"' | b'\'') {
            return self.string(rest, byte, is_last);
        }
        if self.context.in_url {
            return self.url(rest, is_last);
        }
        match byte {
            b'/' => match rest.get(1) {
                Some(b'*') => match token::comment(rest, is_last) {
                    Read::Whole(length) => Step::Pass(length),
                    Read::More => Step::More(Skip::Comment, 2),
                },
                None if !is_last => Step::More(Skip::Comment, 1),
                _ => self.sign(byte),
            },
            b'@' | b'#' => match token::name(&rest[1..], is_last) {
                Read::Whole(length) => {
                    if byte == b'@' && length <= TOKEN_BYTES_MAX {
                        self.at_keyword(&rest[1..=length]);
                    } else {
                        self.skipped(Skip::Name);
                    }
                    Step::Pass(length + 1)
                }
                Read::More => Step::More(Skip::Name, 1),
            },
            _ if token::is_name(byte) => match token::name(rest, is_last) {
                Read::Whole(0) => Step::Pass(1),
                Read::Whole(length) => self.word(rest, length),
                Read::More => Step::More(Skip::Name, 0),
            },
            _ => self.sign(byte),
        }
    }

    /// A delimiter of one character.
    fn sign(&mut self, sign: u8) -> Step {
        let context = &mut self.context;
        match sign {
            b'(' => context.open(false),
            b')' => context.close(),
            b';' | b'{' | b'}' => {
                context.after_import = false;
                context.in_names = false;
                // Parentheses continue: only their own end closes them (section 5.4.8).
                context.in_font_face &= sign != b'}';
            }
            _ => {}
        }
        Step::Pass(1)
    }

    fn at_keyword(&mut self, name: &[u8]) {
        let context = &mut self.context;
        let name = token::unescaped(name, UTF_8).to_ascii_lowercase();
        context.after_import = name == "import";
        context.in_names = matches!(name.as_str(), "namespace" | "charset");
        if name == "font-face" {
            context.in_font_face = true;
        }
    }

    /// A name of `length` bytes, perhaps that of a function.
    fn word(&mut self, rest: &[u8], length: usize) -> Step {
        if rest.get(length) != Some(&b'(') {
            self.context.after_import = false;
            return Step::Pass(length);
        }
        if length > TOKEN_BYTES_MAX {
            return Step::Pass(length);
        }
        let name = token::unescaped(&rest[..length], UTF_8).to_ascii_lowercase();
        match name.as_str() {
            "url" => self.context.in_url = true,
            "src" | "image-set" | "-webkit-image-set" => self.context.open(true),
            _ => self.context.open(false),
        }
        Step::Pass(length + 1)
    }

    fn string(&mut self, rest: &[u8], quote: u8, is_last: bool) -> Step {
        let Some(string) = token::string(rest, quote, is_last) else {
            return Step::More(Skip::String(quote), 1);
        };
        let is_address = self.context.is_address() && !string.is_bad;
        let modifier = self.context.modifier();
        self.skipped(Skip::String(quote));
        let inner = &rest[1..string.inner_end];
        let new = (is_address && string.length <= TOKEN_BYTES_MAX)
            .then(|| self.rewritten(inner, modifier))
            .flatten();
        let Some(new) = new else { return Step::Pass(string.length) };
        let mut out = vec![quote];
        out.extend_from_slice(token::in_string(&new, quote).as_bytes());
        out.extend_from_slice(&rest[string.inner_end..string.length]);
        Step::Replace(string.length, out)
    }

    /// The rest of `url(` without quotation marks.
    fn url(&mut self, rest: &[u8], is_last: bool) -> Step {
        let Some(url) = token::url(rest, is_last) else { return Step::More(Skip::Url, 0) };
        let is_address = self.context.is_address() && !url.is_bad;
        let modifier = self.context.modifier();
        self.skipped(Skip::Url);
        let inner = &rest[..url.inner_end];
        let new = (is_address && url.length <= TOKEN_BYTES_MAX)
            .then(|| self.rewritten(inner, modifier))
            .flatten();
        let Some(new) = new else { return Step::Pass(url.length) };
        let mut out = token::in_url(&new).into_bytes();
        out.extend_from_slice(&rest[url.inner_end..url.length]);
        Step::Replace(url.length, out)
    }

    fn rewritten(&self, raw: &[u8], modifier: Modifier) -> Option<String> {
        let reference = token::unescaped(raw, self.encoding);
        self.links.rewritten(&reference, modifier)
    }
}

/// A whole style sheet or the value of a `style` attribute; none if nothing changed.
pub(super) fn rewrite_text(text: &str, links: &Links) -> Option<String> {
    // Most attributes name no address.
    if !text.contains(['(', '@', '\\']) {
        return None;
    }
    let mut rewriter = CssRewriter::new(links.clone());
    let mut out = rewriter.push(text.as_bytes());
    out.extend_from_slice(&rewriter.finish());
    let out = String::from_utf8_lossy(&out).into_owned();
    (out != text).then_some(out)
}

#[cfg(test)]
mod tests;
