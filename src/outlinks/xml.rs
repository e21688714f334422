//! XML as found on the web, as a balanced stream of tokens: the only file that uses quick-xml.
//!
//! Feeds and sitemaps are truncated, contain unclosed tags and bare ampersands, and some are
//! malicious. So this reader never fails: unreadable parts are skipped to the next `<`,
//! elements left open are closed, and every element that is opened is closed exactly once. Nothing
//! is expanded but character references and the five names of XML (XML 1.0 section 4.6) and a few
//! of HTML, so that an entity bomb is harmless. No tree is built: the memory use
//! does not grow with the document.
//!
//! It deliberately knows no namespaces: callers look at local names and at their parents.

use std::borrow::Cow;
use std::collections::VecDeque;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::base::MediaType;
use crate::extract::charset;

/// Elements deeper than this are skipped, with their content.
const DEPTH_MAX: usize = 128;
/// How far the end of a tag with a `<` or `>` inside a quoted value is searched.
const TAG_BYTES_MAX: usize = 16 * 1024;
/// At most this many broken places are skipped; the rest after them is left out. Each may cost a scan of
/// the rest.
const SKIPS_MAX: usize = 64;
/// How far into a document its declaration is searched.
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
        /// Whether the end was written, not implied by the end of its parent or the document.
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
    /// Ends that are still to be reported: the names, and whether each was written.
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

    /// The elements around the last token, outermost first, without its own.
    pub(super) fn around(&self) -> &[String] {
        &self.open
    }

    /// The local name of the innermost of them.
    pub(super) fn parent(&self) -> &str {
        self.open.last().map_or("", String::as_str)
    }

    /// The problems so far, as text; empty if there were none.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.skips > 0 {
            notes.push(format!("{} broken places in the XML were skipped", self.skips));
        }
        if self.skips >= SKIPS_MAX {
            notes.push("too much of the XML is broken; the rest was left out".to_owned());
        }
        if self.passed_over {
            notes.push(format!("elements deeper than {DEPTH_MAX} were skipped"));
        }
        notes
    }

    /// The next token. An `Open` is returned before its element counts among those around, a `Close`
    /// after its element no longer does; see [`Self::enter`].
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

    /// Restarts at the next `<` after a broken place.
    fn skip(&mut self, before: u64) {
        self.skips += 1;
        // The unreadable tag began at or after `before`; one step past its `<` is
        // enough to never read it again.
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

/// The meaning of a name in HTML; empty for others: definitions in a document are not
/// used.
fn named(name: &str) -> &'static str {
    quick_xml::escape::resolve_html5_entity(name).unwrap_or("")
}

/// A text with its references resolved once more; other text is not changed.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '#'));
        let found = end.filter(|end| rest[1 + end..].starts_with(';')).and_then(|end| {
            let name = &rest[1..1 + end];
            let number =
                name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => digits.parse().ok(),
                });
            let resolved = match number.and_then(char::from_u32) {
                Some(c) => c.to_string(),
                None => Some(named(name)).filter(|text| !text.is_empty())?.to_owned(),
            };
            Some((resolved, end + 2))
        });
        match found {
            Some((resolved, length)) => {
                out.push_str(&resolved);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// A document in which every `<` begins markup: one in a text ("Tom < Jerry", "a <3 b") is escaped, a tag
/// that is interrupted by the next one is closed if it is an end tag and text if it is not, and a `CDATA`
/// section that never ends is text.
pub(super) fn tamed(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    // The end of the copied text, and where the search continues.
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = text[at..].find('<').map(|found| at + found) {
        match piece(&text[found..]) {
            Piece::Whole(length) => at = found + length,
            Piece::Replaced(by, length) => {
                out.push_str(&text[copied..found]);
                out.push_str(&by);
                copied = found + length;
                at = copied;
            }
        }
    }
    if copied == 0 {
        return text.into();
    }
    out.push_str(&text[copied..]);
    out.into()
}

/// The first piece of a text that begins with `<`.
enum Piece {
    /// This many bytes that are well-formed as far as they go.
    Whole(usize),
    /// This many bytes that are not, and their replacement.
    Replaced(String, usize),
}

fn piece(text: &str) -> Piece {
    let behind = |start: usize, end: &str| text[start..].find(end).map(|n| start + n + end.len());
    let next_tag = || text[1..].find('<').map_or(text.len(), |n| n + 1);
    if text.starts_with("<!--") {
        return match behind(4, "-->") {
            Some(length) => Piece::Whole(length),
            None => Piece::Replaced(String::new(), next_tag()),
        };
    }
    if text.starts_with("<![CDATA[") {
        return match behind(9, "]]>") {
            Some(length) => Piece::Whole(length),
            None => Piece::Replaced(String::new(), 9),
        };
    }
    if text.starts_with("<?") {
        let next = next_tag();
        return match behind(2, "?>").filter(|length| *length <= next) {
            Some(length) => Piece::Whole(length),
            // `<?xml version="1.0">`
            None => Piece::Replaced(String::new(), behind(2, ">").map_or(next, |n| n.min(next))),
        };
    }
    if text.starts_with("<!") {
        return Piece::Whole(behind(2, ">").unwrap_or(text.len()));
    }
    if let Some(length) = tag_length(text) {
        return Piece::Whole(length);
    }
    if let Some((tag, length)) = unquoted_tag(text) {
        return Piece::Replaced(tag, length);
    }
    if text.strip_prefix("</").is_some_and(|name| name.starts_with(is_name_start)) {
        let end = text[2..].find(|c: char| !is_name(c)).map_or(text.len(), |n| n + 2);
        return Piece::Replaced(format!("{}>", &text[..end]), end);
    }
    Piece::Replaced("&lt;".to_owned(), 1)
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == ':'
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.')
}

/// The length of the tag that a text begins with; `None` if it is not a tag, or is interrupted by the next one.
fn tag_length(text: &str) -> Option<usize> {
    let name = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    if !name.starts_with(is_name_start) {
        return None;
    }
    let end = text[1..].find(['<', '>']).map(|at| at + 1)?;
    if text[end..].starts_with('>') && !has_open_quote(&text[..end]) {
        return Some(end + 1);
    }
    // A `<` or `>` inside a quoted value.
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().take(TAG_BYTES_MAX) {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None, b'>') => return Some(at + 1),
            (None, b'<') if at > 0 => break,
            _ => {}
        }
    }
    None
}

/// The tag that a text begins with, up to its first `>` and without its unclosed quotation
/// mark.
fn unquoted_tag(text: &str) -> Option<(String, usize)> {
    let name = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    let end = text[1..].find(['<', '>']).map(|at| at + 1)?;
    let is_tag = name.starts_with(is_name_start) && text[end..].starts_with('>');
    is_tag.then(|| (text[..=end].replace(['"', '\''], ""), end + 1))
}

fn has_open_quote(text: &str) -> bool {
    let mut quote = None;
    for byte in text.bytes() {
        match quote {
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            Some(open) if open == byte => quote = None,
            _ => {}
        }
    }
    quote.is_some()
}

/// The document as text: by byte order mark, then the HTTP charset, then the declaration
/// (RFC 7303 section 3; XML 1.0 appendix F), then a guess.
///
/// Evidence in the bytes overrides declarations. A document whose bytes are UTF-8 and not ASCII is UTF-8,
/// since servers that send a default charset for all files are common. One that begins with `<` as one
/// byte is not UTF-16, which .NET declares even when it writes UTF-8. One that is declared as UTF-8
/// and contains no valid UTF-8 character beyond ASCII is guessed.
pub(super) fn decode<'a>(
    payload: &'a [u8],
    content_type: Option<&str>,
    url: Option<&str>,
    notes: &mut Vec<String>,
) -> Cow<'a, str> {
    let declared = declared_encoding(payload);
    let of_http = content_type.and_then(|c| MediaType::parse(c).charset().map(str::to_owned));
    let label = of_http.or(declared);
    let is_wide = matches!(payload, [0, _, ..] | [_, 0, ..] | [0xfe, 0xff, ..] | [0xff, 0xfe, ..]);
    let shown = label.as_deref().and_then(|label| shown_encoding(payload, label, is_wide));
    let label = match (label, shown) {
        (Some(label), Some(shown)) => {
            let said = shown.unwrap_or("something else");
            notes.push(format!("declared as {label}, but the bytes are {said}"));
            shown.map(str::to_owned)
        }
        (label, _) => label,
    };
    let field = label.map(|label| format!("application/xml; charset={label}"));
    charset::decode(payload, field.as_deref(), url, notes).text
}

/// The correction of a label by the bytes: another encoding, or (`Some(None)`) that it is to be guessed.
fn shown_encoding(payload: &[u8], label: &str, is_wide: bool) -> Option<Option<&'static str>> {
    let label = label.to_ascii_lowercase();
    let is_utf8 = matches!(label.as_str(), "utf-8" | "utf8");
    if (label.starts_with("utf-16") || label.starts_with("utf-32") || label.contains("ucs-"))
        && !is_wide
    {
        let is_right = std::str::from_utf8(payload).is_ok();
        return Some(is_right.then_some("utf-8"));
    }
    if is_wide {
        return None;
    }
    let (mut right, mut wrong) = (0_usize, 0_usize);
    for chunk in payload.utf8_chunks() {
        right += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    // Two bytes of another encoding may look like one character by chance; many do not.
    let is_of_many_bytes = ["gb", "big5", "euc", "shift", "sjis", "jis", "ks_c"];
    let least = if is_of_many_bytes.iter().any(|word| label.contains(word)) { 8 } else { 1 };
    match (is_utf8, wrong) {
        (false, 0) if right >= least => Some(Some("utf-8")),
        // A truncated document may end with half a character.
        (true, 2..) if right == 0 => Some(None),
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let text = tamed(text);
        let mut scanner = Scanner::new(&text);
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
            ("<A:B>x &amp; y &#233; &eacute; & z &nope;</a:b>", "(bx & y é é & z )"),
            // A `<` in a text, a truncated end, a section that never ends.
            ("<a>Tom < Jerry</a>", "(aTom < Jerry)"),
            ("<a>I <3 b</a>", "(aI <3 b)"),
            ("<a>if a<b then</a>", "(aif a<b then)"),
            ("<a><b>x</b <c>y</c></a>", "(a(bx) (cy))"),
            ("<a><b x='1<2'>y</b></a>", "(a(by))"),
            ("<a><b x='1>y</b></a>", "(a(by))"),
            ("<a><![CDATA[x</a><b>y</b>", "(ax)(by)"),
            ("<a>x</a><?never <b>y</b>", "(ax)(by)"),
            ("<?xml version='1.0'><a>x</a>", "(ax)"),
            ("<?xml version='1.0'?><!-- a < b --><a>x</a>", "(ax)"),
            ("<a><![CDATA[<b>]]></a>", "(a<b>)"),
            ("<a>x</a><!-- never closed <b>y</b>", "(ax)(by)"),
            ("<a>x<b <c>y</c></a>", "(ax(b(cy)!)"),
        ] {
            let got = shown(text);
            if text.contains("<b <c>") {
                // How much a broken tag swallows depends on the parser; only the balance matters.
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
            // The declaration does not match the bytes.
            ("<?xml version='1.0' encoding='utf-16'?><a>café</a>".as_bytes(), None),
            (utf8, Some("text/xml; charset=utf-16")),
            ("<?xml version='1.0' encoding='us-ascii'?><a>café</a>".as_bytes(), None),
            ("<?xml version='1.0' encoding='ISO-8859-1'?><a>café</a>".as_bytes(), None),
            (b"<?xml version='1.0' encoding='utf-8'?><a>caf\xe9 tr\xe8s</a>", None),
        ] {
            let text = decode(payload, http, None, &mut Vec::new());
            assert!(text.contains("café"), "{http:?}: {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_a_balanced_stream(text in "[<>/a-c&;!\\[\\]\\-'\"= ?]{0,120}") {
            let text = tamed(&text);
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
