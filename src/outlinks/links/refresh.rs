//! Pages that redirect their reader after some seconds: `meta refresh`, and the field `Refresh`, which
//! means the same.

use encoding_rs::Encoding;
use url::Url;

use crate::base::TargetUri;
use crate::extract::base_url::{base_of, resolve};
use crate::extract::dom::{Dom, Tag};
use crate::extract::{Hints, bounded, charset};

/// A refresh after at most this time is a redirect, since a reader waits for it; a longer one is a
/// page that is reloaded, or left after reading.
const SECONDS_MAX: u64 = 30;

/// A page that reloads itself after at most this time has set a cookie and checks it.
const SECONDS_ITSELF_MAX: u64 = 5;

/// A parsed refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refresh<'a> {
    /// The delay in seconds.
    pub seconds: u64,
    /// The address as written; empty for the page itself.
    pub target: &'a str,
}

impl<'a> Refresh<'a> {
    /// Reads `5; url=…` (WHATWG HTML, "shared declarative refresh steps").
    pub fn parse(content: &'a str) -> Option<Self> {
        let content = content.trim_start();
        let end = content.find(|c: char| !c.is_ascii_digit()).unwrap_or(content.len());
        let (digits, rest) = content.split_at(end);
        if digits.is_empty() && !rest.starts_with('.') {
            return None;
        }
        let seconds = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u64::MAX) };
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let bare = rest.trim_start();
        if !bare.is_empty() && bare.len() == rest.len() && !bare.starts_with([';', ',']) {
            return None;
        }
        let rest = bare.strip_prefix([';', ',']).unwrap_or(bare).trim_start();
        let named = rest.get(..3).filter(|head| head.eq_ignore_ascii_case("url"));
        let after = named.and_then(|_| rest.get(3..)?.trim_start().strip_prefix('='));
        let target = after.map_or(rest, str::trim_start);
        let target = match target.chars().next() {
            Some(quote @ ('"' | '\'')) => target[1..].split(quote).next().unwrap_or_default(),
            _ => target,
        };
        Some(Self { seconds, target: target.trim() })
    }

    /// Whether it is a redirect: soon, and to an address.
    pub fn is_redirect(&self) -> bool {
        self.seconds <= SECONDS_MAX && !self.target.is_empty()
    }

    /// The address it leads to. If that is the page itself, it is a redirect only if it is
    /// immediate: otherwise the page updates its content.
    fn leads(&self, to: TargetUri, from: &TargetUri) -> Option<TargetUri> {
        let is_same = to.without_fragment().url() == from.without_fragment().url();
        (!is_same || self.seconds <= SECONDS_ITSELF_MAX).then_some(to)
    }
}

/// The target of a value of the field `Refresh`, if it is a redirect.
#[must_use]
pub fn refresh_of_field(value: &str, from: &TargetUri) -> Option<TargetUri> {
    let refresh = Refresh::parse(value).filter(Refresh::is_redirect)?;
    refresh.leads(from.join(refresh.target).ok()?, from)
}

/// The target of the first `meta refresh` of a page, if it is a redirect. One inside
/// `noscript` does not count: it is for readers for whom the page itself shows less.
#[must_use]
pub fn refresh_of_html(payload: &[u8], hints: &Hints<'_>, from: &TargetUri) -> Option<TargetUri> {
    if !names_refresh(payload) {
        return None;
    }
    let mut notes = Vec::new();
    let decoded = charset::decode(payload, hints.content_type, hints.url, &mut notes);
    let encoding = Encoding::for_label(decoded.label.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    let dom = Dom::parse(bounded(&decoded.text, &mut notes).0, &mut notes);
    let content = dom.elements().find_map(|id| {
        let is_refresh = dom.tag(id) == Tag::Meta
            && dom
                .attr(id, "http-equiv")
                .is_some_and(|value| value.trim().eq_ignore_ascii_case("refresh"));
        is_refresh.then(|| dom.attr(id, "content").unwrap_or_default())
    })?;
    let refresh = Refresh::parse(content).filter(Refresh::is_redirect)?;
    let base: Option<Url> = base_of(&dom, Some(from.as_str()));
    let to = resolve(base.as_ref(), refresh.target, encoding)?;
    refresh.leads(TargetUri::parse(to.as_str()).ok()?, from)
}

/// Whether the bytes contain the word `refresh`, in any case and in UTF-16, too: parsing is more expensive.
fn names_refresh(payload: &[u8]) -> bool {
    const WORD: &[u8; 7] = b"refresh";
    let mut at = 0;
    for byte in payload.iter().filter(|byte| **byte != 0) {
        let byte = byte.to_ascii_lowercase();
        at = match byte {
            _ if byte == WORD[at] => at + 1,
            // `re` occurs twice in the word: a mismatch may still be the beginning of a match.
            b'f' if at == 5 => 3,
            b'r' => 1,
            _ => 0,
        };
        if at == WORD.len() {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_is_read_as_browsers_read_it() {
        for (content, want) in [
            ("0; url=/x", Some((0, "/x"))),
            ("5;URL='/x y'", Some((5, "/x y"))),
            (" 3 , url = \"/x\"z", Some((3, "/x"))),
            ("0;/x", Some((0, "/x"))),
            ("0 /x", Some((0, "/x"))),
            ("0;url", Some((0, "url"))),
            ("0;urlaub.html", Some((0, "urlaub.html"))),
            ("1.9; url=/x", Some((1, "/x"))),
            (".5; url=/x", Some((0, "/x"))),
            ("0; url=it's", Some((0, "it's"))),
            ("300", Some((300, ""))),
            ("99999999999999999999; url=/x", Some((u64::MAX, "/x"))),
            ("0x", None),
            ("url=/x", None),
            ("", None),
            ("ü; url=/x", None),
        ] {
            let found = Refresh::parse(content).map(|found| (found.seconds, found.target));
            assert_eq!(found, want, "{content:?}");
        }
    }

    #[test]
    fn a_page_leads_on_where_its_first_refresh_is_soon_and_elsewhere() {
        let from = TargetUri::parse("https://a.example/d/p?q#f").unwrap();
        let at = |html: &str| {
            let hints = Hints { url: Some(from.as_str()), ..Hints::default() };
            refresh_of_html(html.as_bytes(), &hints, &from).map(|to| to.as_str().to_owned())
        };
        for (html, want) in [
            ("<meta http-equiv=refresh content='0; url=x'>", Some("https://a.example/d/x")),
            (
                "<META HTTP-EQUIV=' Refresh ' CONTENT='30;URL=//b.example/'>",
                Some("https://b.example/"),
            ),
            (
                "<base href=/e/><meta http-equiv=refresh content='0;x'>",
                Some("https://a.example/e/x"),
            ),
            ("<p>text<meta http-equiv=refresh content='0;x'>", Some("https://a.example/d/x")),
            ("<meta http-equiv=refresh content='31; url=x'>", None),
            ("<meta http-equiv=refresh content='300'>", None),
            ("<meta http-equiv=refresh content='6; url=?q#top'>", None),
            ("<meta http-equiv=refresh content='5; url=?q'>", Some("https://a.example/d/p?q")),
            ("<meta http-equiv=refresh content='0; url=javascript:x()'>", None),
            ("<noscript><meta http-equiv=refresh content='0; url=x'></noscript>", None),
            ("<!-- <meta http-equiv=refresh content='0; url=x'> -->", None),
            ("<p>rerefrefresh</p>", None),
        ] {
            assert_eq!(at(html).as_deref(), want, "{html}");
        }
        for (value, want) in [
            ("0;url=/x", Some("https://a.example/x")),
            ("0; /x", Some("https://a.example/x")),
            ("60; url=/x", None),
        ] {
            let found = refresh_of_field(value, &from).map(|to| to.as_str().to_owned());
            assert_eq!(found.as_deref(), want, "{value}");
        }
    }

    #[test]
    fn the_word_is_found_in_any_case_and_in_utf_16() {
        for text in ["refresh", "xREFRESH", "rrefresh", "rerefresh", "refrefresh"] {
            assert!(names_refresh(text.as_bytes()), "{text}");
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(names_refresh(&wide), "{text}");
        }
        assert!(!names_refresh(b"refres hrefres"));
    }
}
