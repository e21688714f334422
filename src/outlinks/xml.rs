//! XML as it lies on the web, as a balanced stream of tokens: the one file that names quick-xml.
//!
//! Feeds and sitemaps are cut in the middle, hold unclosed tags and bare ampersands, and some are
//! made to hurt. So this reader never fails: what cannot be read is skipped to the next `<`,
//! elements left open are closed, and every element that is opened is closed exactly once. Nothing
//! is expanded but character references and the five names of XML (XML 1.0 section 4.6) and a few
//! of HTML, so that an entity bomb is a handful of bytes. No tree is built: the memory it takes
//! does not grow with the document.
//!
//! It deliberately knows no namespaces: callers look at local names and at their parents.

use std::borrow::Cow;
use std::collections::VecDeque;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::base::MediaType;
use crate::extract::charset;

/// Elements deeper than this are passed over, with what is in them.
const DEPTH_MAX: usize = 128;
/// So many broken places are skipped; what comes after them is left out. Each may cost a scan of
/// all that is left.
const SKIPS_MAX: usize = 64;
/// How far into a document its declaration is looked for.
const DECLARATION_BYTES: usize = 256;

/// A piece of the document.
#[derive(Debug)]
pub(super) enum Token<'a> {
    /// An element begins.
    Open(Tag<'a>),
    /// Text, with its references resolved. One text may come in several pieces.
    Text(Cow<'a, str>),
    /// An element ends.
    Close {
        /// Its local name, in lower case.
        name: String,
        /// Whether the end was written, and not made up because its parent or the document ended.
        is_written: bool,
    },
}

/// The start of an element.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    /// Its local name, in lower case.
    pub(super) name: String,
    /// Its prefix, in lower case; empty without one.
    pub(super) prefix: String,
    start: BytesStart<'a>,
}

impl Tag<'_> {
    /// The value of the first attribute with this local name.
    pub(super) fn attribute(&self, local: &str) -> Option<String> {
        let mut attributes = self.start.html_attributes();
        attributes.with_checks(false).flatten().find_map(|attribute| {
            let name = attribute.key.local_name();
            let is_it = name.as_ref().eq_ignore_ascii_case(local);
            is_it.then(|| {
                quick_xml::escape::unescape(&attribute.value)
                    .map_or_else(|_| attribute.value.to_string(), Cow::into_owned)
            })
        })
    }
}

/// Reads tokens until the text ends.
pub(super) struct Scanner<'a> {
    text: &'a str,
    /// Where `reader` began in `text`.
    base: usize,
    reader: Reader<&'a [u8]>,
    open: Vec<String>,
    /// Ends that are still to be told: how many, and whether the last of them was written.
    closing: VecDeque<(String, bool)>,
    skips: usize,
    is_over: bool,
    passed_over: bool,
}

fn reader_of(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    config.expand_empty_elements = true;
    reader
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            base: 0,
            reader: reader_of(text),
            open: Vec::new(),
            closing: VecDeque::new(),
            skips: 0,
            is_over: false,
            passed_over: false,
        }
    }

    /// The elements around what the last token told of, outermost first; its own is not among them.
    pub(super) fn around(&self) -> &[String] {
        &self.open
    }

    /// The local name of the innermost of them.
    pub(super) fn parent(&self) -> &str {
        self.open.last().map_or("", String::as_str)
    }

    /// What was wrong so far, in words; empty when nothing was.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.skips > 0 {
            notes.push(format!("{} broken places in the XML were skipped", self.skips));
        }
        if self.skips >= SKIPS_MAX {
            notes.push("so much of the XML is broken that the rest was left out".to_owned());
        }
        if self.passed_over {
            notes.push(format!("elements deeper than {DEPTH_MAX} were passed over"));
        }
        notes
    }

    /// The next token. An `Open` is told before its element counts among those around, a `Close`
    /// after it no longer does; see [`Self::enter`].
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if let Some((name, is_written)) = self.closing.pop_front() {
                self.open.pop();
                return Some(Token::Close { name, is_written });
            }
            if self.is_over {
                return None;
            }
            let before = self.reader.buffer_position();
            match self.reader.read_event() {
                Ok(Event::Start(start)) | Ok(Event::Empty(start)) => {
                    if self.open.len() >= DEPTH_MAX {
                        self.passed_over = true;
                        continue;
                    }
                    let name = start.local_name().as_ref().to_ascii_lowercase();
                    let prefix = start
                        .name()
                        .prefix()
                        .map(|p| p.as_ref().to_ascii_lowercase())
                        .unwrap_or_default();
                    return Some(Token::Open(Tag { name, prefix, start }));
                }
                Ok(Event::End(end)) => {
                    let name = end.local_name().as_ref().trim_end().to_ascii_lowercase();
                    if let Some(at) = self.open.iter().rposition(|open| *open == name) {
                        self.close_down_to(at, true);
                    }
                }
                Ok(Event::Text(text)) => return Some(Token::Text(text.into_inner())),
                Ok(Event::CData(text)) => return Some(Token::Text(text.into_inner())),
                Ok(Event::GeneralRef(reference)) => {
                    let resolved = match reference.resolve_char_ref() {
                        Ok(Some(c)) => c.to_string(),
                        Ok(None) => named(&reference).to_owned(),
                        Err(_) => "\u{fffd}".to_owned(),
                    };
                    return Some(Token::Text(Cow::Owned(resolved)));
                }
                Ok(Event::Eof) => self.end(),
                Ok(_) => {}
                Err(_) => self.skip(before),
            }
        }
    }

    /// Counts the element of `tag` among those around from here on. To be called for every `Open`.
    pub(super) fn enter(&mut self, tag: &Tag<'_>) {
        self.open.push(tag.name.clone());
    }

    fn close_down_to(&mut self, at: usize, is_written: bool) {
        for (index, name) in self.open.iter().enumerate().skip(at).rev() {
            self.closing.push_back((name.clone(), is_written && index == at));
        }
    }

    fn end(&mut self) {
        self.is_over = true;
        self.close_down_to(0, false);
    }

    /// Begins anew at the next `<` behind a broken place.
    fn skip(&mut self, before: u64) {
        self.skips += 1;
        // The tag that could not be read began at or after `before`; one step past its `<` is
        // enough to never meet it again.
        let start = self.base + usize::try_from(before).unwrap_or(usize::MAX);
        let rest = self.text.get(start..).unwrap_or_default();
        let next = rest.find('<').and_then(|first| {
            let behind = first + 1;
            rest[behind..].find('<').map(|second| start + behind + second)
        });
        match next {
            Some(at) if self.skips < SKIPS_MAX => {
                self.base = at;
                self.reader = reader_of(&self.text[at..]);
            }
            _ => self.end(),
        }
    }
}

fn named(name: &str) -> &'static str {
    match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" | "ldquo" | "rdquo" => "\"",
        "apos" | "lsquo" | "rsquo" => "'",
        "nbsp" => "\u{a0}",
        "ndash" => "–",
        "mdash" => "—",
        "hellip" => "…",
        // Whatever a document says it means, it is not looked up.
        _ => "",
    }
}

/// The document as text: byte order mark, then what HTTP says, then what the declaration says
/// (RFC 7303 section 3; XML 1.0 appendix F), then a guess. A declaration of UTF-8 beats HTTP when
/// the bytes are UTF-8, since servers that send a default charset for all files are common.
pub(super) fn decode<'a>(
    payload: &'a [u8],
    content_type: Option<&str>,
    url: Option<&str>,
    notes: &mut Vec<String>,
) -> Cow<'a, str> {
    let declared = declared_encoding(payload);
    let of_http = content_type.and_then(|c| MediaType::parse(c).charset().map(str::to_owned));
    let utf8 =
        |label: &str| label.eq_ignore_ascii_case("utf-8") || label.eq_ignore_ascii_case("utf8");
    let label = match (&of_http, &declared) {
        (Some(http), Some(own))
            if utf8(own) && !utf8(http) && std::str::from_utf8(payload).is_ok() =>
        {
            notes.push(format!("HTTP says {http}, but the document is UTF-8 as it declares"));
            declared
        }
        (Some(_), _) => of_http,
        (None, _) => declared,
    };
    let field = label.map(|label| format!("application/xml; charset={label}"));
    charset::decode(payload, field.as_deref(), url, notes).text
}

fn declared_encoding(payload: &[u8]) -> Option<String> {
    match payload.get(..4)? {
        [b'<', 0, _, 0] => return Some("utf-16le".to_owned()),
        [0, b'<', 0, _] => return Some("utf-16be".to_owned()),
        _ => {}
    }
    let head = String::from_utf8_lossy(&payload[..payload.len().min(DECLARATION_BYTES)]);
    let declaration = head.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(value[1..].split(quote).next()?.trim().to_owned()).filter(|label| !label.is_empty())
}

/// What cannot stand in text or an attribute, escaped; control characters that XML forbids, left out.
pub(super) fn escape(text: &str) -> String {
    let legal: String =
        text.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r')).collect();
    quick_xml::escape::escape(legal).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut scanner = Scanner::new(text);
        let mut out = String::new();
        while let Some(token) = scanner.next() {
            match token {
                Token::Open(tag) => {
                    out.push_str(&format!("({}", tag.name));
                    scanner.enter(&tag);
                }
                Token::Text(text) => out.push_str(&text),
                Token::Close { is_written, .. } => out.push(if is_written { ')' } else { '!' }),
            }
        }
        out
    }

    #[test]
    fn what_is_opened_is_closed_whatever_was_written() {
        for (text, want) in [
            ("<a><b>x</b></a>", "(a(bx))"),
            ("<a><b/>x</a>", "(a(b)x)"),
            ("<a><b>x</a>y", "(a(bx!)y"),
            ("<a><b>x", "(a(bx!!"),
            ("<a>x</b></a>", "(ax)"),
            ("<A:B>x &amp; y &#233; & z &nope;</a:b>", "(bx & y é & z )"),
            ("<a><![CDATA[<b>]]></a>", "(a<b>)"),
            ("<a>x</a><!-- never closed <b>y</b>", "(ax)(by)"),
            ("<a>x<b <c>y</c></a>", "(ax(b(cy)!)"),
        ] {
            let got = shown(text);
            if text.contains("<b <c>") {
                // What a broken tag swallows is the parser's choice; what matters is the balance.
                assert_eq!(
                    got.matches('(').count(),
                    got.matches(')').count() + got.matches('!').count()
                );
            } else {
                assert_eq!(got, want, "{text}");
            }
        }
    }

    #[test]
    fn a_bomb_of_entities_stays_small_and_deep_nesting_is_bounded() {
        let bomb = "<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><l>&b;&b;</l>";
        assert_eq!(shown(bomb), "(l)");
        let deep = "<a>".repeat(200_000);
        let got = shown(&deep);
        assert_eq!(got.matches('(').count(), DEPTH_MAX);
        assert_eq!(got.matches('!').count(), DEPTH_MAX);
    }

    #[test]
    fn the_charset_is_that_of_http_then_of_the_declaration() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>caf\xe9</a>";
        let utf8 = "<?xml version=\"1.0\" encoding=\"utf-8\"?><a>café</a>".as_bytes();
        let wide: Vec<u8> = "<a>café</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (payload, http) in [
            (latin.as_slice(), None),
            (latin.as_slice(), Some("text/xml")),
            (latin.as_slice(), Some("application/rss+xml; charset=windows-1252")),
            (utf8, Some("text/xml; charset=ISO-8859-1")),
            (utf8, None),
            (&wide, None),
        ] {
            let text = decode(payload, http, None, &mut Vec::new());
            assert!(text.contains("café"), "{http:?}: {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_a_balanced_stream(text in "[<>/a-c&;!\\[\\]\\-'\"= ?]{0,120}") {
            let got = shown(&text);
            let _ = got;
            let mut scanner = Scanner::new(&text);
            let mut depth = 0_i64;
            while let Some(token) = scanner.next() {
                match token {
                    Token::Open(tag) => { let _ = tag.attribute("a"); scanner.enter(&tag); depth += 1; }
                    Token::Close { .. } => { depth -= 1; proptest::prop_assert!(depth >= 0); }
                    Token::Text(_) => {}
                }
            }
            proptest::prop_assert_eq!(depth, 0);
        }
    }
}
