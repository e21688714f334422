//! The address that a document's references are resolved against, and what they resolve to.
//! Deliberately gathers no references.

use std::borrow::Cow;

use encoding_rs::{EncoderResult, Encoding, UTF_8};
use url::Url;

use super::dom::{Dom, Tag};

/// The address that references in a document are resolved against: its own, changed by `<base>`.
pub(crate) fn base_of(dom: &Dom, url: Option<&str>) -> Option<Url> {
    let own = url.and_then(|u| Url::parse(u).ok());
    let declared =
        dom.elements().filter(|id| dom.tag(*id) == Tag::Base).find_map(|id| dom.attr(id, "href"));
    let joined = match (declared, &own) {
        (None, _) => None,
        (Some(href), Some(own)) => own.join(href.trim()).ok(),
        (Some(href), None) => Url::parse(href.trim()).ok(),
    };
    joined.or(own)
}

/// The address that a reference of a document names. In a document that is not UTF-8 its query is written
/// in the document's encoding, as browsers do (WHATWG URL, "query state"): a server that reads its own
/// pages in Shift_JIS reads its queries so, too.
pub(crate) fn resolve(
    base: Option<&Url>,
    reference: &str,
    encoding: &'static Encoding,
) -> Option<Url> {
    let encoding = encoding.output_encoding();
    if encoding == UTF_8 || reference.is_ascii() {
        return match base {
            Some(base) => base.join(reference),
            None => Url::parse(reference),
        }
        .ok();
    }
    Url::options()
        .base_url(base)
        .encoding_override(Some(&|text| Cow::Owned(encoded(text, encoding))))
        .parse(reference)
        .ok()
}

/// A query in an encoding; a character that it cannot write becomes the reference `&#N;`, escaped (WHATWG
/// URL, "percent-encode after encoding").
fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    let mut encoder = encoding.new_encoder();
    let mut out = Vec::with_capacity(text.len() * 2 + 16);
    let mut rest = text;
    loop {
        // The space it may need is reserved in each turn, so that it never stops for lack of room.
        let need = encoder.max_buffer_length_from_utf8_without_replacement(rest.len());
        out.reserve(need.unwrap_or(rest.len() * 4 + 16));
        let (result, read) =
            encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut out, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            EncoderResult::Unmappable(c) => {
                out.extend_from_slice(format!("%26%23{}%3B", u32::from(c)).as_bytes());
            }
            EncoderResult::InputEmpty => return out,
            EncoderResult::OutputFull => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_written_in_the_encoding_of_the_document_and_the_rest_in_utf_8() {
        let base = Url::parse("http://a.example/d/").unwrap();
        for (label, reference, want) in [
            ("shift_jis", "/日本?q=日本&x", "/%E6%97%A5%E6%9C%AC?q=%93%FA%96{&x"),
            ("euc-jp", "?q=日本", "/d/?q=%C6%FC%CB%DC"),
            ("iso-2022-jp", "?q=日", "/d/?q=%1B$BF|%1B(B"),
            ("gbk", "?q=中", "/d/?q=%D6%D0"),
            ("big5", "?q=中", "/d/?q=%A4%A4"),
            ("euc-kr", "?q=한", "/d/?q=%C7%D1"),
            ("windows-1251", "?q=ж", "/d/?q=%E6"),
            ("koi8-r", "?q=ж", "/d/?q=%D6"),
            ("iso-8859-1", "?q=é€ж", "/d/?q=%E9%80%26%231078%3B"),
            ("utf-16le", "?q=é", "/d/?q=%C3%A9"),
            ("utf-8", "?q=é", "/d/?q=%C3%A9"),
            ("windows-1252", "/é?q=%E9#é", "/%C3%A9?q=%E9#%C3%A9"),
        ] {
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            let found = resolve(Some(&base), reference, encoding).unwrap();
            assert_eq!(&found.as_str()["http://a.example".len()..], want, "{label}");
        }
        let absolute =
            resolve(None, "http://b.example/?é", Encoding::for_label(b"latin1").unwrap());
        assert_eq!(absolute.unwrap().as_str(), "http://b.example/?%E9");
    }
}
