//! The encoding in which a captured document is shown.
//!
//! The order is that of the HTML standard, section 13.2.3.2: byte order mark, HTTP field, `meta`, a
//! guess. The answer always goes into the `Content-Type` of the replayed answer, so that no browser
//! guesses: browser and rewriter must agree on the markup. UTF-7 is not an encoding of the web;
//! ISO-2022-JP is used only where it is declared.

use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

use crate::base::MediaType;

/// How far into a document a declaration is searched: as much as is known of it before it is sent.
pub const PREFIX_BYTES: usize = 16 * 1024;

/// An encoding, and whether the document is transcoded to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Charset {
    /// The encoding of the bytes.
    pub(super) encoding: &'static Encoding,
    /// The length of the byte order mark, in bytes.
    pub(super) mark: usize,
}

impl Charset {
    /// Whether the bytes have to be decoded to be parsed: their markup is not ASCII.
    pub(super) fn needs_decoding(self) -> bool {
        [UTF_16BE, UTF_16LE, ISO_2022_JP, REPLACEMENT].contains(&self.encoding)
    }

    /// The label of the sent encoding.
    pub(super) fn label(self) -> String {
        let sent = if self.needs_decoding() { UTF_8 } else { self.encoding };
        sent.name().to_ascii_lowercase()
    }
}

/// The encoding of a page by its first bytes and its field.
pub(super) fn of_page(prefix: &[u8], content_type: Option<&str>) -> Charset {
    if let Some((encoding, mark)) = Encoding::for_bom(prefix) {
        return Charset { encoding, mark };
    }
    let encoding = in_field(content_type)
        .or_else(|| in_meta(&prefix[..prefix.len().min(PREFIX_BYTES)]))
        .unwrap_or_else(|| guessed(prefix));
    Charset { encoding, mark: 0 }
}

/// The encoding of a style sheet (CSS Syntax 3, section 3.2), if it declares one. Otherwise
/// it is that of the page it belongs to, which is not known here.
pub(super) fn of_style_sheet(prefix: &[u8], content_type: Option<&str>) -> Option<Charset> {
    if let Some((encoding, mark)) = Encoding::for_bom(prefix) {
        return Some(Charset { encoding, mark });
    }
    let in_rule = || {
        let rest = prefix.strip_prefix(b"@charset \"")?;
        let label = &rest[..memchr::memchr(b'"', &rest[..rest.len().min(100)])?];
        let encoding = Encoding::for_label(label)?;
        // A declaration that could be read as ASCII bytes is not in UTF-16, whatever it declares.
        Some(if [UTF_16BE, UTF_16LE].contains(&encoding) { UTF_8 } else { encoding })
    };
    let encoding = in_field(content_type).or_else(in_rule)?;
    Some(Charset { encoding, mark: 0 })
}

/// The encoding of an XML document: byte order mark, field, declaration, UTF-8.
pub(super) fn of_xml(prefix: &[u8], content_type: Option<&str>) -> Charset {
    if let Some((encoding, mark)) = Encoding::for_bom(prefix) {
        return Charset { encoding, mark };
    }
    let declared = || {
        let line = prefix.strip_prefix(b"<?xml")?;
        let line = &line[..memchr::memmem::find(&line[..line.len().min(400)], b"?>")?];
        let at = memchr::memmem::find(line, b"encoding")? + b"encoding".len();
        let label = line[at..].split(|b| matches!(b, b'"' | b'\'')).nth(1)?;
        Encoding::for_label(label).filter(|e| ![UTF_16BE, UTF_16LE].contains(e))
    };
    let encoding = in_field(content_type).or_else(declared).unwrap_or(UTF_8);
    Charset { encoding, mark: 0 }
}

fn in_field(content_type: Option<&str>) -> Option<&'static Encoding> {
    let media_type = MediaType::parse(content_type?);
    Encoding::for_label(media_type.charset()?.as_bytes())
}

/// What a `meta` declares ("prescan", HTML standard section 13.2.3.2).
fn in_meta(head: &[u8]) -> Option<&'static Encoding> {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &head[at..]) {
        at += found;
        let rest = &head[at..];
        if rest.starts_with(b"<!--") {
            at += memchr::memmem::find(&rest[2..], b"-->").map_or(rest.len(), |end| end + 5);
            if at >= head.len() {
                return None;
            }
            continue;
        }
        let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        let is_meta = rest.len() > 5
            && rest[1..5].eq_ignore_ascii_case(b"meta")
            && (rest[5].is_ascii_whitespace() || rest[5] == b'/');
        if is_meta && let Some(encoding) = in_tag(&rest[..end]) {
            return Some(encoding);
        }
        at += 1;
    }
    None
}

/// `charset=…` in a tag, as an attribute or inside `content`.
fn in_tag(tag: &[u8]) -> Option<&'static Encoding> {
    let lower = tag.to_ascii_lowercase();
    for found in memchr::memmem::find_iter(&lower, b"charset") {
        let rest = lower[found + 7..].trim_ascii_start();
        let Some(rest) = rest.strip_prefix(b"=") else { continue };
        let is_end = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b';' | b'/');
        let label: Vec<u8> = rest
            .iter()
            .copied()
            .skip_while(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\''))
            .take_while(|b| !is_end(b))
            .collect();
        let Some(encoding) = Encoding::for_label(&label) else { continue };
        return Some(if [UTF_16BE, UTF_16LE].contains(&encoding) { UTF_8 } else { encoding });
    }
    None
}

fn guessed(prefix: &[u8]) -> &'static Encoding {
    let valid = match std::str::from_utf8(prefix) {
        Ok(_) => true,
        // The beginning of a document may end inside a character.
        Err(why) => why.error_len().is_none(),
    };
    if valid {
        return UTF_8;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(prefix, false);
    detector.guess(None, chardetng::Utf8Detection::Allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_win_over_fields_over_meta_over_guesses() {
        let cases: &[(&[u8], Option<&str>, &str)] = &[
            (b"\xef\xbb\xbf<meta charset=koi8-r>", Some("text/html; charset=big5"), "utf-8"),
            (b"\xff\xfe<\0", Some("text/html; charset=big5"), "utf-8"),
            (b"<meta charset=koi8-r>", Some("text/html; charset=big5"), "big5"),
            (b"<meta charset=koi8-r>", Some("text/html"), "koi8-r"),
            (
                b"<meta http-equiv=content-type content='text/html; charset=\"koi8-r\"'>",
                None,
                "koi8-r",
            ),
            (b"<!-- <meta charset=koi8-r> --><p>x", None, "utf-8"),
            (b"<!--><meta charset=koi8-r>", None, "koi8-r"),
            (b"<meta charset=utf-16le>", None, "utf-8"),
            (b"<meta charset=utf-7>+ADw-script+AD4-", None, "utf-8"),
            (b"<meta charset=iso-2022-jp>", None, "utf-8"),
            (b"\x1b(J<p>", None, "utf-8"),
            (b"<p>\xe9t\xe9 \xe0 la plage</p>", None, "windows-1252"),
            (b"<p>x", Some("text/html; charset=x-unknown"), "utf-8"),
            (b"", None, "utf-8"),
        ];
        for (prefix, content_type, label) in cases {
            let charset = of_page(prefix, *content_type);
            assert_eq!(charset.label(), *label, "{}", String::from_utf8_lossy(prefix));
        }
        assert!(of_page(b"<meta charset=iso-2022-jp>", None).needs_decoding());
        assert!(!of_page(b"\x1b(J<p>", None).needs_decoding());
    }

    #[test]
    fn style_sheets_and_xml_have_rules_of_their_own() {
        let style = |prefix: &[u8], field| of_style_sheet(prefix, field).map(Charset::label);
        assert_eq!(style(b"@charset \"koi8-r\";", None).as_deref(), Some("koi8-r"));
        assert_eq!(
            style(b"@charset \"koi8-r\";", Some("text/css;charset=big5")).as_deref(),
            Some("big5")
        );
        assert_eq!(style(b"@charset 'koi8-r';", None), None);
        assert_eq!(style(b"\xef\xbb\xbfa", None).as_deref(), Some("utf-8"));
        let xml = |prefix: &[u8]| of_xml(prefix, None).label();
        assert_eq!(xml(b"<?xml version='1.0' encoding='koi8-r'?>"), "koi8-r");
        assert_eq!(xml(b"<svg/>"), "utf-8");
    }
}
