//! The media type of a replayed answer.
//!
//! Every answer has `nosniff`, so a browser uses this type; and
//! rewriting is decided by the same type. The captured type is kept, with two exceptions, both of which
//! browsers make on the live web: a missing type is sniffed from the bytes (MIME Sniffing
//! standard, section 7), and so is that of an image with another declared type, since a browser
//! would show it.

use crate::base::MediaType;

use super::Modifier;

/// The kind of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// HTML.
    Html,
    /// XHTML or SVG: parsed by the rules of XML.
    Xml,
    /// A style sheet.
    Css,
    /// A PDF.
    Pdf,
    /// Anything that is sent unchanged.
    Other,
}

/// The type of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Media {
    pub(super) kind: Kind,
    /// `type/subtype`, in lower case, of characters that are valid in a header.
    pub(super) essence: String,
    /// The charset of the captured field, for types that are not rewritten.
    pub(super) charset: Option<String>,
}

/// The type of a captured payload, by its field, its first bytes and its purpose.
pub(super) fn of(content_type: Option<&str>, prefix: &[u8], modifier: Modifier) -> Media {
    let declared = content_type.map(MediaType::parse);
    let charset = declared.as_ref().and_then(MediaType::charset).filter(|c| is_label(c));
    let charset = charset.map(str::to_owned);
    let essence = declared.as_ref().map(MediaType::essence).filter(|e| is_known(e));
    let essence = match essence {
        Some(essence) if modifier == Modifier::Image && !essence.starts_with("image/") => {
            image(prefix).unwrap_or(essence).to_owned()
        }
        Some(essence) => essence.to_owned(),
        None => sniffed(prefix, modifier).to_owned(),
    };
    Media { kind: kind(&essence), essence, charset }
}

fn kind(essence: &str) -> Kind {
    match essence {
        "text/html" => Kind::Html,
        "application/xhtml+xml" | "image/svg+xml" | "application/xml" | "text/xml" => Kind::Xml,
        "text/css" => Kind::Css,
        "application/pdf" | "text/pdf" | "application/x-pdf" => Kind::Pdf,
        other if other.ends_with("+xml") => Kind::Xml,
        _ => Kind::Other,
    }
}

/// Whether a captured type is meaningful, and of characters that are valid in a header.
fn is_known(essence: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$&^_.+-/*".contains(&b);
    !matches!(essence, "unk" | "unknown/unknown" | "application/unknown" | "*/*")
        && essence.len() <= 127
        && essence.bytes().all(token)
}

fn is_label(charset: &str) -> bool {
    charset.len() <= 40
        && charset.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:.+".contains(&b))
}

fn sniffed(prefix: &[u8], modifier: Modifier) -> &'static str {
    if modifier == Modifier::Style {
        return "text/css";
    }
    if modifier == Modifier::Script {
        return "text/javascript";
    }
    if is_html(prefix) {
        return "text/html";
    }
    if prefix.starts_with(b"%PDF-") {
        return "application/pdf";
    }
    if let Some(image) = image(prefix) {
        return image;
    }
    // Section 7.2: a byte that does not occur in text.
    let is_binary = |b: &u8| matches!(b, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    let has_mark = encoding_rs::Encoding::for_bom(prefix).is_some();
    if !has_mark && prefix.iter().take(1445).any(is_binary) {
        "application/octet-stream"
    } else {
        "text/plain"
    }
}

/// Section 7.1: white space, then one of these, then a blank or `>`.
fn is_html(prefix: &[u8]) -> bool {
    const TAGS: [&[u8]; 17] = [
        b"<!doctype html",
        b"<html",
        b"<head",
        b"<script",
        b"<iframe",
        b"<h1",
        b"<div",
        b"<font",
        b"<table",
        b"<a",
        b"<style",
        b"<title",
        b"<b",
        b"<body",
        b"<br",
        b"<p",
        b"<!--",
    ];
    let text = prefix.strip_prefix(b"\xef\xbb\xbf").unwrap_or(prefix).trim_ascii_start();
    TAGS.iter().any(|tag| {
        let begins = text.len() >= tag.len() && text[..tag.len()].eq_ignore_ascii_case(tag);
        begins
            && (*tag == b"<!--"
                || matches!(text.get(tag.len()), Some(b' ' | b'>' | b'\n' | b'\r' | b'\t')))
    })
}

/// Section 6.1, and two newer formats.
fn image(prefix: &[u8]) -> Option<&'static str> {
    let at = |from: usize, bytes: &[u8]| prefix.get(from..from + bytes.len()) == Some(bytes);
    Some(match () {
        () if at(0, b"\x89PNG\r\n\x1a\n") => "image/png",
        () if at(0, b"\xff\xd8\xff") => "image/jpeg",
        () if at(0, b"GIF87a") || at(0, b"GIF89a") => "image/gif",
        () if at(0, b"RIFF") && at(8, b"WEBPVP") => "image/webp",
        () if at(4, b"ftypavif") || at(4, b"ftypavis") => "image/avif",
        () if at(0, b"BM") => "image/bmp",
        () if at(0, b"\0\0\x01\0") || at(0, b"\0\0\x02\0") => "image/x-icon",
        () if at(0, b"\xff\x0a") || at(0, b"\0\0\0\x0cJXL ") => "image/jxl",
        () => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_captured_type_stands_and_what_is_missing_is_read_from_the_bytes() {
        let png = b"\x89PNG\r\n\x1a\n".as_slice();
        type Case<'a> = (Option<&'a str>, &'a [u8], Modifier, &'a str, Kind);
        let cases: &[Case<'_>] = &[
            (Some("text/html; charset=x"), b"", Modifier::Page, "text/html", Kind::Html),
            (Some("TEXT/HTML"), b"", Modifier::Image, "text/html", Kind::Html),
            (Some("text/plain"), b"<html>", Modifier::Page, "text/plain", Kind::Other),
            (Some("image/png"), b"<html>", Modifier::Page, "image/png", Kind::Other),
            (Some("text/html"), png, Modifier::Image, "image/png", Kind::Other),
            (Some("text/html"), png, Modifier::Page, "text/html", Kind::Html),
            (None, b" \n<!DOCTYPE html>", Modifier::Page, "text/html", Kind::Html),
            (None, b"<scriptx>", Modifier::Page, "text/plain", Kind::Other),
            (None, b"<html>", Modifier::Style, "text/css", Kind::Css),
            (None, b"<html>", Modifier::Script, "text/javascript", Kind::Other),
            (None, b"%PDF-1.4", Modifier::Page, "application/pdf", Kind::Pdf),
            (None, png, Modifier::Embed, "image/png", Kind::Other),
            (None, b"\0\x01\x02\x03", Modifier::Page, "application/octet-stream", Kind::Other),
            (None, b"hello", Modifier::Page, "text/plain", Kind::Other),
            (Some("*/*"), b"<html>", Modifier::Page, "text/html", Kind::Html),
            (Some("text/html, x"), b"x", Modifier::Page, "text/plain", Kind::Other),
            (Some("image/svg+xml"), b"", Modifier::Image, "image/svg+xml", Kind::Xml),
            (Some("application/rss+xml"), b"", Modifier::Page, "application/rss+xml", Kind::Xml),
        ];
        for (content_type, prefix, modifier, essence, kind) in cases {
            let media = of(*content_type, prefix, *modifier);
            assert_eq!(
                (media.essence.as_str(), media.kind),
                (*essence, *kind),
                "{content_type:?} {modifier:?}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_type_breaks_a_header(value in "\\PC{0,40}", prefix in proptest::collection::vec(0_u8.., 0..40)) {
            let media = of(Some(&value), &prefix, Modifier::Page);
            proptest::prop_assert!(media.essence.bytes().all(|b| b.is_ascii_graphic() && b != b';'));
            proptest::prop_assert!(media.charset.iter().all(|c| c.bytes().all(|b| b.is_ascii_graphic() && b != b';')));
        }
    }
}
