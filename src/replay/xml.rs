//! XHTML, SVG and other XML, rewritten as they stream: by the rules of XML, where `<script/>` is a whole element.
//!
//! A scanner of tags (XML 1.0, sections 2.4 to 3.1) on bytes. Everything else passes; inside `style` text
//! is a style sheet. Other XML is handled the same way: elements of XHTML and SVG take effect in any of it, and a
//! feed's links lead into the archive. Malformed parts of documents pass
//! unchanged: a browser shows an error for them.

use encoding_rs::{Encoding, UTF_8};

use super::references::{self, Place};
use super::rules::{Attributes, Change, Rules};
use super::{Links, Modifier, Scripts, css};

/// The longest tag, style sheet or declaration that is parsed. A longer one ends the rewriting.
const TOKEN_BYTES_MAX: usize = 4 * 1024 * 1024;

const CDATA: &[u8] = b"<![CDATA[";

/// Rewrites one document. How the input is cut into pieces makes no difference to the output.
#[derive(Debug)]
pub(super) struct XmlRewriter {
    rules: Rules,
    encoding: &'static Encoding,
    pending: Vec<u8>,
    /// Inside `style`.
    in_style: bool,
    /// Inside a CDATA section of a `style`.
    in_cdata: bool,
    is_cut: bool,
}

/// A construct at the front of the bytes.
enum Piece {
    /// This many bytes that pass.
    Pass(usize),
    /// A start tag of this many bytes.
    Tag(usize),
    /// A processing instruction of this many bytes.
    Instruction(usize),
    /// Text of a style sheet of this many bytes, and how it is encoded.
    Text(usize, Written),
    /// It has not ended yet.
    More,
}

/// How text of a style sheet is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Plain,
    Cdata,
}

impl XmlRewriter {
    pub(super) fn new(links: Links, encoding: &'static Encoding) -> Self {
        let mut links = links;
        // URLs in XML documents are escaped as UTF-8 (URL standard, section 4.1).
        links.set_encoding(UTF_8);
        Self {
            rules: Rules { links, scripts: Scripts::Never, depth: 0, refresh: None },
            encoding,
            pending: Vec::new(),
            in_style: false,
            in_cdata: false,
            is_cut: false,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.is_cut {
            return bytes.to_vec();
        }
        self.pending.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.pending);
        let mut out = Vec::with_capacity(bytes.len() + 64);
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let next = if self.in_cdata { cdata(rest) } else { piece(rest, self.in_style) };
            let taken = match next {
                Piece::More if rest.len() > TOKEN_BYTES_MAX => {
                    self.is_cut = true;
                    out.extend_from_slice(rest);
                    rest.len()
                }
                Piece::More => break,
                Piece::Pass(length) => {
                    self.in_cdata = self.in_style && rest.starts_with(CDATA);
                    // An end tag: a style sheet contains no other element.
                    self.in_style &= !rest.starts_with(b"</");
                    out.extend_from_slice(&rest[..length]);
                    length
                }
                Piece::Tag(length) => {
                    self.tag(&rest[..length], &mut out);
                    length
                }
                Piece::Instruction(length) => {
                    self.instruction(&rest[..length], &mut out);
                    length
                }
                Piece::Text(length, written) => {
                    self.style_sheet(&rest[..length], written, &mut out);
                    length
                }
            };
            at += taken.max(1);
        }
        self.pending = bytes[at.min(bytes.len())..].to_vec();
        out
    }

    pub(super) fn finish(&mut self) -> Vec<u8> {
        // A construct without an end is malformed, and browsers reject it.
        std::mem::take(&mut self.pending)
    }

    fn text(&self, bytes: &[u8]) -> String {
        self.encoding.decode_without_bom_handling(bytes).0.into_owned()
    }

    fn write(&self, text: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.encoding.encode(text).0);
    }

    /// A start tag with its brackets.
    fn tag(&mut self, tag: &[u8], out: &mut Vec<u8>) {
        let name_end = 1 + tag[1..].iter().take_while(|b| is_name(**b)).count();
        let name = self.text(local(&tag[1..name_end])).to_ascii_lowercase();
        self.in_style = name == "style" && !tag.ends_with(b"/>");
        if self.rules.links.rewrites_nothing() {
            self.in_style = false;
            out.extend_from_slice(tag);
            return;
        }
        let places = attributes(tag, name_end);
        let named: Vec<(String, &Attribute)> = places
            .iter()
            .map(|place| (self.attribute_name(&tag[place.name.clone()]), place))
            .collect();
        let list = Attributes::new(named.iter().map(|(name, place)| {
            let value = self.text(&tag[place.value.clone()]);
            (name.clone(), references::decoded(&value, Place::Attribute).into_owned())
        }));
        let changes = self.rules.changes(&name, &list);
        let mut copied = 0;
        for (name, place) in named {
            let change = changes.iter().rev().find(|change| match change {
                Change::Set(other, _) | Change::Remove(other) => *other == name,
            });
            match change {
                None => {}
                Some(Change::Set(_, value)) => {
                    out.extend_from_slice(&tag[copied..place.value.start]);
                    self.write(&for_xml(value), out);
                    copied = place.value.end;
                }
                Some(Change::Remove(_)) => {
                    out.extend_from_slice(&tag[copied..place.name.start]);
                    copied = place.value.end + 1;
                }
            }
        }
        out.extend_from_slice(&tag[copied..]);
    }

    /// A prefixed `href` of any namespace counts as that of XLink.
    fn attribute_name(&self, raw: &[u8]) -> String {
        let name = self.text(raw).to_ascii_lowercase();
        if name.ends_with(":href") { "xlink:href".to_owned() } else { name }
    }

    /// `<?xml-stylesheet href="…"?>` (Associating Style Sheets with XML documents, section 3).
    fn instruction(&self, instruction: &[u8], out: &mut Vec<u8>) {
        let mut copied = 0;
        if let Some(rest) = instruction.strip_prefix(b"<?xml-stylesheet")
            && rest.first().is_some_and(u8::is_ascii_whitespace)
        {
            for place in attributes(instruction, b"<?xml-stylesheet".len()) {
                if &instruction[place.name.clone()] != b"href" {
                    continue;
                }
                let value = self.text(&instruction[place.value.clone()]);
                let value = references::decoded(&value, Place::Attribute);
                if let Some(new) = self.rules.links.rewritten(&value, Modifier::Style) {
                    out.extend_from_slice(&instruction[copied..place.value.start]);
                    self.write(&for_xml(&new), out);
                    copied = place.value.end;
                }
            }
        }
        out.extend_from_slice(&instruction[copied..]);
    }

    fn style_sheet(&self, raw: &[u8], written: Written, out: &mut Vec<u8>) {
        let text = self.text(raw);
        let links = &self.rules.links;
        let new = match written {
            Written::Cdata => css::rewrite_text(&text, links),
            Written::Plain => css::rewrite_text(&references::decoded(&text, Place::Text), links)
                .map(|css| references::for_text(&css)),
        };
        match new {
            Some(new) => self.write(&new, out),
            None => out.extend_from_slice(raw),
        }
    }
}

/// The piece at the front of the bytes, which are not empty.
fn piece(bytes: &[u8], in_style: bool) -> Piece {
    let until = |from: usize, end: &[u8]| {
        memchr::memmem::find(&bytes[from..], end).map(|at| from + at + end.len())
    };
    if bytes[0] != b'<' {
        return match memchr::memchr(b'<', bytes) {
            Some(at) if in_style => Piece::Text(at, Written::Plain),
            Some(at) => Piece::Pass(at),
            None if in_style => Piece::More,
            None => Piece::Pass(bytes.len()),
        };
    }
    if bytes.starts_with(b"<!--") {
        return until(4, b"-->").map_or(Piece::More, Piece::Pass);
    }
    if bytes.starts_with(CDATA) {
        // In a style sheet first the opening mark, then the content up to its end.
        let end = if in_style { Some(CDATA.len()) } else { until(CDATA.len(), b"]]>") };
        return end.map_or(Piece::More, Piece::Pass);
    }
    if bytes.starts_with(b"<?") {
        return until(2, b"?>").map_or(Piece::More, Piece::Instruction);
    }
    if bytes.len() < 9 && (b"<!--".starts_with(bytes) || CDATA.starts_with(bytes)) {
        return Piece::More;
    }
    if bytes.starts_with(b"<!") {
        return declaration(bytes).map_or(Piece::More, Piece::Pass);
    }
    let is_tag = bytes.get(1).is_some_and(|b| is_name(*b));
    match (bytes.get(1), tag_end(bytes)) {
        (None, _) | (_, None) => Piece::More,
        (_, Some(length)) if is_tag => Piece::Tag(length),
        (_, Some(length)) => Piece::Pass(length),
    }
}

/// The content of a CDATA section, and then its end.
fn cdata(bytes: &[u8]) -> Piece {
    match memchr::memmem::find(bytes, b"]]>") {
        Some(0) => Piece::Pass(3),
        Some(at) => Piece::Text(at, Written::Cdata),
        None => Piece::More,
    }
}

/// The length of a tag: to the first `>` outside quotation marks.
fn tag_end(bytes: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The length of `<!DOCTYPE …>` with its internal subset.
fn declaration(bytes: &[u8]) -> Option<usize> {
    let (mut quote, mut depth, mut at) = (None, 0_usize, 0);
    while at < bytes.len() {
        let byte = bytes[at];
        match (quote, byte) {
            (None, b'<') if bytes[at..].starts_with(b"<!--") => {
                at += memchr::memmem::find(&bytes[at + 4..], b"-->")? + 6;
            }
            (None, b'[') => depth += 1,
            (None, b']') => depth = depth.saturating_sub(1),
            (None, b'>') if depth == 0 => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
        at += 1;
    }
    None
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-' | b'.') || byte >= 0x80
}

/// A name without its namespace prefix.
fn local(name: &[u8]) -> &[u8] {
    memchr::memchr(b':', name).map_or(name, |at| &name[at + 1..])
}

/// The place of an attribute in its tag.
#[derive(Debug)]
struct Attribute {
    name: std::ops::Range<usize>,
    value: std::ops::Range<usize>,
}

/// The attributes from `at` on: `name = "value"`, in either quotation marks.
fn attributes(tag: &[u8], mut at: usize) -> Vec<Attribute> {
    let mut out = Vec::new();
    let skip_blanks = |mut at: usize| {
        while tag.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        at
    };
    loop {
        at = skip_blanks(at);
        let from = at;
        while tag.get(at).is_some_and(|b| is_name(*b)) {
            at += 1;
        }
        let name = from..at;
        at = skip_blanks(at);
        if name.is_empty() || tag.get(at) != Some(&b'=') {
            // The end, or not XML: a browser rejects the rest.
            return out;
        }
        at = skip_blanks(at + 1);
        let Some(quote @ (b'"' | b'\'')) = tag.get(at).copied() else { return out };
        let Some(length) = memchr::memchr(quote, &tag[at + 1..]) else { return out };
        out.push(Attribute { name, value: at + 1..at + 1 + length });
        at += length + 2;
    }
}

/// A value escaped for either kind of quotation marks.
fn for_xml(value: &str) -> String {
    crate::base::markup::escaped(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::TargetUri;
    use crate::replay::Site;

    fn links() -> Links {
        let site = Site::new("http://localhost", "").unwrap();
        let document = TargetUri::parse("http://example.com/a/b.svg").unwrap();
        Links::new(&site, &document, "2025", Modifier::Page)
    }

    fn in_pieces(xml: &[u8], size: usize, links: Links) -> Vec<u8> {
        let mut rewriter = XmlRewriter::new(links, UTF_8);
        let mut out: Vec<u8> = xml.chunks(size).flat_map(|piece| rewriter.push(piece)).collect();
        out.extend(rewriter.finish());
        out
    }

    fn rewritten(xml: &str) -> String {
        let out = in_pieces(xml.as_bytes(), 3, links());
        String::from_utf8(out).unwrap().replace("/web/2025", "")
    }

    #[test]
    fn addresses_are_found_in_svg_and_xhtml() {
        let cases = [
            ("<svg:image xlink:href='x'/>", "<svg:image xlink:href='im_/http://example.com/a/x'/>"),
            (
                "<image xl:href = \"x&amp;y\" />",
                "<image xl:href = \"im_/http://example.com/a/x&amp;y\" />",
            ),
            ("<use href='#x'/>", "<use href='#x'/>"),
            (
                "<script xlink:href='x'/><a xlink:href='y'/>",
                "<script xlink:href='js_/http://example.com/a/x'/><a xlink:href='/http://example.com/a/y'/>",
            ),
            (
                "<script src='x' integrity='y' /><img src='z'/>",
                "<script src='js_/http://example.com/a/x'  /><img src='im_/http://example.com/a/z'/>",
            ),
            ("<style>a{b:url(x)}</style>", "<style>a{b:url(im_/http://example.com/a/x)}</style>"),
            (
                "<style><![CDATA[a>b{c:url('x')}]]></style>",
                "<style><![CDATA[a>b{c:url('im_/http://example.com/a/x')}]]></style>",
            ),
            (
                "<style>@import &quot;x&quot;;</style>",
                "<style>@import \"cs_/http://example.com/a/x\";</style>",
            ),
            (
                "<rect style='fill:url(x)' fill='url(y)'/>",
                "<rect style='fill:url(im_/http://example.com/a/x)' fill='url(im_/http://example.com/a/y)'/>",
            ),
            (
                "<?xml-stylesheet type='text/css' href='x'?>",
                "<?xml-stylesheet type='text/css' href='cs_/http://example.com/a/x'?>",
            ),
            (
                "<meta http-equiv='refresh' content='0;url=x'/>",
                "<meta http-equiv='refresh' content='0;url=/http://example.com/a/x'/>",
            ),
            (
                "<set attributeName='href' to='x'/>",
                "<set attributeName='href' to='im_/http://example.com/a/x'/>",
            ),
        ];
        for (xml, expected) in cases {
            assert_eq!(rewritten(xml), expected, "{xml}");
        }
    }

    #[test]
    fn what_is_no_tag_passes() {
        for xml in [
            "<!-- <img src='x'/> -->",
            "<![CDATA[<img src='x'/>]]>",
            "<!DOCTYPE svg [<!ENTITY x \"<img src='x'/>\"> <!-- ]> ' --> ]><svg/>",
            "<?php <img src='x'/> ?>",
            "<img src=x>",
            "<img src='x",
            "text < text",
            "</style ><style/>url(x)",
            "<style></style>url(x) <b>",
            "\u{feff}<svg/>",
            "<",
            "<!",
            "<!-",
        ] {
            assert_eq!(rewritten(xml), xml);
        }
    }

    fn xml_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("<a href='"),
            Just("<style>"),
            Just("</style>"),
            Just("<![CDATA["),
            Just("]]>"),
            Just("<!--"),
            Just("-->"),
            Just("<?xml-stylesheet href=\""),
            Just("?>"),
            Just("<!DOCTYPE a ["),
            Just("]"),
            Just(">"),
            Just("/>"),
            Just("'"),
            Just("\""),
            Just(" "),
            Just("x"),
            Just("url(x)"),
            Just("&amp;"),
            Just("<"),
            Just("é"),
            Just("="),
            Just("src="),
            Just("!"),
            Just("-"),
        ];
        proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn how_the_input_is_cut_makes_no_difference(xml in xml_text(), size in 1_usize..6) {
            let whole = in_pieces(xml.as_bytes(), xml.len().max(1), links());
            let cut = in_pieces(xml.as_bytes(), size, links());
            prop_assert_eq!(String::from_utf8_lossy(&cut), String::from_utf8_lossy(&whole));
        }

        #[test]
        fn identity_changes_no_byte(xml in xml_text()) {
            let out = in_pieces(xml.as_bytes(), 3, Links::identity());
            prop_assert_eq!(String::from_utf8_lossy(&out), xml);
        }
    }
}
