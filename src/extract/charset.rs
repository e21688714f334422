//! Bytes to text: byte order mark, HTTP header, `meta` prescan, then a guess.
//!
//! The order is that of the WHATWG HTML standard (section 13.2.3.2, "determining the character
//! encoding"), except that a `meta` that declares Latin-1 for a text in UTF-8 is ignored; encodings and labels
//! are those of the WHATWG Encoding standard. Decoding never fails: invalid bytes become U+FFFD, with a note.

use std::borrow::Cow;

use encoding_rs::{
    Encoding, ISO_8859_2, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1252, X_USER_DEFINED,
};

use crate::base::MediaType;

/// How far into the document a `meta` is looked for. The standard says 1024 bytes; pages put
/// comments and scripts before it, and browsers then read on and switch the encoding.
const PRESCAN_BYTES: usize = 16 * 1024;
/// How much of the document the guess is made from.
const GUESS_BYTES: usize = 256 * 1024;

/// A decoded document.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The text, without byte order mark.
    pub text: Cow<'a, str>,
    /// The WHATWG name of the encoding, in lower case.
    pub label: String,
}

/// Decodes a payload.
///
/// `content_type` is the value of the HTTP field, `url` helps the guess by its top-level domain.
#[must_use]
pub fn decode<'a>(
    payload: &'a [u8],
    content_type: Option<&str>,
    url: Option<&str>,
    notes: &mut Vec<String>,
) -> Decoded<'a> {
    let (encoding, body) = match Encoding::for_bom(payload) {
        Some((encoding, length)) => (encoding, payload.get(length..).unwrap_or_default()),
        None => (declared(payload, content_type).unwrap_or_else(|| guess(payload, url)), payload),
    };
    let (text, broken) = encoding.decode_without_bom_handling(body);
    if broken {
        notes.push(format!("some bytes are not {}", encoding.name()));
    }
    Decoded { text, label: encoding.name().to_ascii_lowercase() }
}

fn declared(payload: &[u8], content_type: Option<&str>) -> Option<&'static Encoding> {
    let header = content_type.and_then(|value| {
        MediaType::parse(value).charset().and_then(|c| Encoding::for_label(c.as_bytes()))
    });
    // Templates declare Latin-1 for pages that are in UTF-8: text in Latin-1 is valid UTF-8 only by chance, and hardly
    // ever with several characters.
    let meta = || {
        prescan(payload)
            .map(|meta| if meta == WINDOWS_1252 && is_utf8(payload) { UTF_8 } else { meta })
    };
    header.or_else(meta)
}

/// Whether a payload is UTF-8 and has several characters beyond ASCII in it.
fn is_utf8(payload: &[u8]) -> bool {
    const BEYOND_MIN: usize = 3;
    let sample = &payload[..payload.len().min(GUESS_BYTES)];
    let valid = match std::str::from_utf8(sample) {
        Ok(text) => text,
        Err(why) if why.error_len().is_none() && sample.len() < payload.len() => {
            std::str::from_utf8(&sample[..why.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.is_ascii() && valid.chars().filter(|c| !c.is_ascii()).nth(BEYOND_MIN - 1).is_some()
}

/// The encoding a `meta` near the start declares.
fn prescan(payload: &[u8]) -> Option<&'static Encoding> {
    let head = &payload[..payload.len().min(PRESCAN_BYTES)];
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &head[at..]) {
        at += found;
        let rest = &head[at..];
        if rest.starts_with(b"<!--") {
            at += memchr::memmem::find(&rest[4..], b"-->").map_or(rest.len(), |end| end + 7);
            if at >= head.len() {
                return None;
            }
            continue;
        }
        let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        if rest.len() > 5
            && rest[1..5].eq_ignore_ascii_case(b"meta")
            && !rest[5].is_ascii_alphanumeric()
            && let Some(encoding) = charset_of(&rest[..end])
        {
            return Some(encoding);
        }
        at += 1;
    }
    None
}

/// `charset=…` of a `meta` tag, as an attribute or inside `content`.
fn charset_of(tag: &[u8]) -> Option<&'static Encoding> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = memchr::memmem::find(&lower[from..], b"charset") {
        let mut at = from + found + 7;
        from = at;
        while lower.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        if lower.get(at) != Some(&b'=') {
            continue;
        }
        let label: Vec<u8> = lower[at + 1..]
            .iter()
            .copied()
            .skip_while(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\''))
            .take_while(|b| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b';' | b'/'))
            .collect();
        if let Some(encoding) = Encoding::for_label(&label) {
            // What could be read byte by byte as ASCII is not UTF-16, whatever it says.
            return Some(if encoding == UTF_16BE || encoding == UTF_16LE {
                UTF_8
            } else if encoding == X_USER_DEFINED {
                WINDOWS_1252
            } else {
                encoding
            });
        }
    }
    None
}

fn guess(payload: &[u8], url: Option<&str>) -> &'static Encoding {
    let sample = &payload[..payload.len().min(GUESS_BYTES)];
    let valid = match std::str::from_utf8(sample) {
        Ok(_) => true,
        // A sample may end inside a character.
        Err(why) => why.error_len().is_none() && sample.len() < payload.len(),
    };
    if valid {
        return UTF_8;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, sample.len() == payload.len());
    let host = url.and_then(|u| url::Url::parse(u).ok());
    let tld = host
        .as_ref()
        .and_then(|u| u.host_str())
        .and_then(|h| h.rsplit('.').next())
        .filter(|t| t.bytes().all(|b| b.is_ascii_lowercase()))
        .map(str::as_bytes);
    polish(sample, detector.guess(tld, chardetng::Utf8Detection::Allow))
}

/// Central European encodings differ in three letters of Polish. A short text that has "ł" (the same byte in
/// both) is in the one in which its other bytes are letters of Polish, too.
fn polish(sample: &[u8], guessed: &'static Encoding) -> &'static Encoding {
    let has = |bytes: &[u8]| sample.iter().any(|byte| bytes.contains(byte));
    // ą, ś, ź: letters of Czech or signs in the other encoding.
    let (in_windows, in_iso) = (has(&[0xb9, 0x9c, 0x9f]), has(&[0xb1, 0xb6, 0xbc]));
    let is_polish = has(&[0xb3]) && has(&[0xea, 0xbf, 0xe6, 0xf1]);
    if guessed == ISO_8859_2 && is_polish && in_windows && !in_iso {
        WINDOWS_1250
    } else if guessed == WINDOWS_1250 && is_polish && in_iso && !in_windows {
        ISO_8859_2
    } else {
        guessed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(payload: &[u8], header: Option<&str>) -> String {
        decode(payload, header, None, &mut Vec::new()).label
    }

    #[test]
    fn the_order_is_mark_then_header_then_meta_then_guess() {
        let meta = b"<html><head><meta charset=windows-1251><p>x";
        let cases: &[(&[u8], Option<&str>, &str)] = &[
            (b"\xef\xbb\xbf<meta charset=koi8-r>", Some("text/html; charset=big5"), "utf-8"),
            (meta, Some("text/html; charset=ISO-8859-1"), "windows-1252"),
            (meta, Some("text/html"), "windows-1251"),
            (meta, Some("text/html; charset=nonsense"), "windows-1251"),
            (
                b"<meta http-equiv=content-type content='text/html; charset = Shift_JIS'>",
                None,
                "shift_jis",
            ),
            (b"<!-- <meta charset=koi8-r> --><meta charset='utf-16'>", None, "utf-8"),
            ("<p>plain ünïcode".as_bytes(), None, "utf-8"),
            (b"<p>caf\xe9 d\xe9j\xe0 vu, tr\xe8s bien", None, "windows-1252"),
            ("<meta charset=iso-8859-1><p>Für Mühlbach – größer".as_bytes(), None, "utf-8"),
            (b"<meta charset=iso-8859-1><p>caf\xe9 d\xe9j\xe0 vu", None, "windows-1252"),
            (b"", None, "utf-8"),
        ];
        for (payload, header, want) in cases {
            assert_eq!(&label(payload, *header), want, "{:?}", String::from_utf8_lossy(payload));
        }
    }

    #[test]
    fn polish_is_distinguished_from_its_neighbours_by_its_letters() {
        // "Wójt mówił o łąkach nad rzeką, które wyschły, i o cenie każdej łąki."
        let windows: &[u8] = b"<p>W\xf3jt m\xf3wi\xb3 o \xb3\xb9kach nad rzek\xb9, kt\xf3re wysch\xb3y, i o cenie ka\xbfdej \xb3\xb9ki.";
        let iso: Vec<u8> = windows.iter().map(|b| if *b == 0xb9 { 0xb1 } else { *b }).collect();
        assert_eq!(label(windows, None), "windows-1250");
        assert_eq!(label(&iso, None), "iso-8859-2");
    }

    #[test]
    fn bytes_without_meaning_are_replaced_and_noted() {
        let mut notes = Vec::new();
        let decoded = decode(b"a\xffb", Some("text/html; charset=utf-8"), None, &mut notes);
        assert_eq!(decoded.text, "a\u{fffd}b");
        assert_eq!(notes.len(), 1);
    }
}
