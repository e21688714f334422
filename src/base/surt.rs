//! The SURT urlkey of a URI: the canonical, sortable form that CDX files and indexes are keyed by,
//! and the ranges of keys that a match type names.
//!
//! What is done, in this order, is what pywb's `canonicalize` does, which is what the Internet
//! Archive's `surt` 0.3.1 does with its default canonicaliser (itself after the `archive-commons`
//! Java classes of the Wayback Machine). `tests/corpus/surt/` holds what the two answer for several
//! hundred odd URIs. Where they differ (only on what `surt` refuses), pywb is followed.
//!
//! | step | rule |
//! |---|---|
//! | text | white space around it and CR, LF, TAB anywhere are dropped; nothing left is `-` |
//! | scheme | `http://` where there is none; of `http://https://…` the last stays |
//! | authority | userinfo dropped; a port that is the scheme's default dropped, also `:0` and `:` |
//! | host | unescaped, IDNA 2003, lower case, `..` to `.`, dots at the ends off, `www`, digits and a dot off the front; numbers read as IPv4 the way `inet_aton` does; labels reversed |
//! | path | unescaped until nothing changes, dot segments and empty segments taken out, escaped once, lower case, ASP.NET session ids out, one trailing slash off |
//! | query | unescaped until nothing changes, escaped once, session ids out, lower case, parameters sorted, dropped when empty |
//! | fragment | dropped |
//!
//! Known deviations, all on hosts that no resolver takes: a label of non-ASCII letters together with
//! characters that UTS 46 forbids (`%`, `<`, space…), or with letters younger than Unicode 3.2, may
//! get another key; and names that look like addresses are never looked up. A URI that `surt` refuses (a port that is not a number) is its own lower-case text here.

mod escape;
mod host;
mod near;
mod range;
mod session;
mod stored_key;

pub use near::{is_near, near_keys};
pub(crate) use range::plain_host;
pub use range::{KeyRange, MatchType, address_of_host, host_of_key};
#[cfg(test)]
pub(crate) use stored_key::URLKEY_BYTES_MAX;
pub(crate) use stored_key::{CUT, is_cut, stored, stored_bounds, usable};

use escape::{escape_into, unescape};

/// The urlkey of `uri`. Total: whatever cannot be canonicalised is given back in lower case.
///
/// ```
/// use pressmark::base::surt::urlkey;
/// assert_eq!(urlkey("http://www.Example.com:80/b/../A?z=1&a=2#top"), "com,example)/a?a=2&z=1");
/// assert_eq!(urlkey("https://example.com:8080"), "com,example:8080)/");
/// assert_eq!(urlkey("urn:uuid:ABC"), "urn:uuid:abc");
/// ```
#[must_use]
pub fn urlkey(uri: &str) -> String {
    if uri.is_empty() {
        return "-".to_owned();
    }
    if uri.starts_with("filedesc") {
        // The version block of an ARC file, which has no address.
        return printable(uri);
    }
    canonical(uri.as_bytes())
        .and_then(|key| String::from_utf8(key).ok())
        .unwrap_or_else(|| refused(uri))
}

/// What cannot be canonicalised: its text in lower case, and `-` for nothing at all.
fn refused(uri: &str) -> String {
    match uri.trim() {
        "" => "-".to_owned(),
        text => printable(&text.to_lowercase()),
    }
}

/// A text kept as it is, but for the control characters that keys use as separators.
fn printable(text: &str) -> String {
    if !text.bytes().any(|byte| byte <= b' ') {
        return text.to_owned();
    }
    let mut key = Vec::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte <= b' ' {
            escape_into(&mut key, &[byte]);
        } else {
            key.push(byte);
        }
    }
    String::from_utf8_lossy(&key).to_ascii_lowercase()
}

/// The parts of a URI by RFC 2396 appendix B, without the fragment.
struct Parts<'a> {
    scheme: &'a [u8],
    authority: &'a [u8],
    path: &'a [u8],
    /// `None` also when it is empty.
    query: Option<&'a [u8]>,
}

fn canonical(uri: &[u8]) -> Option<Vec<u8>> {
    let text = tidy(uri);
    if text.is_empty() {
        return None;
    }
    let parts = split(&text);
    let (mut host, port) = host::host_and_port(parts.authority)?;
    let mut path = parts.path;
    let rooted;
    if parts.scheme.starts_with(b"http") && host.is_empty() && !path.is_empty() {
        // `http:example.com/a` and `http:///example.com/a` mean a host anyway.
        let start = path.iter().position(|byte| *byte != b'/').unwrap_or(path.len());
        let (name, rest) = cut(&path[start..], b'/');
        host = name.to_vec();
        rooted = [b"/", rest.unwrap_or_default()].concat();
        path = &rooted;
    }
    let host = host::canonical(&host, parts.scheme != b"dns");

    let mut key = Vec::with_capacity(text.len() + 16);
    if host.is_empty() {
        key.extend_from_slice(parts.scheme);
        key.push(b':');
    } else {
        host::reverse_into(&mut key, &host);
        if let Some(port) = port.filter(|port| *port != default_port(parts.scheme)) {
            key.push(b':');
            key.extend_from_slice(port.to_string().as_bytes());
        }
        key.push(b')');
    }
    let path = canonical_path(path, !host.is_empty());
    let query = parts.query.and_then(canonical_query);
    if path.is_empty() && query.is_some() {
        key.push(b'/');
    }
    key.extend_from_slice(&path);
    if let Some(query) = query {
        key.push(b'?');
        key.extend_from_slice(&query);
    }
    Some(key)
}

/// White space off, a scheme on, and only the last of several `http://`.
fn tidy(uri: &[u8]) -> Vec<u8> {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c);
    let start = uri.iter().position(|byte| !space(byte)).unwrap_or(uri.len());
    let end = uri.iter().rposition(|byte| !space(byte)).map_or(start, |last| last + 1);
    let mut text: Vec<u8> = Vec::with_capacity(end - start + 7);
    text.extend(uri[start..end].iter().filter(|byte| !matches!(byte, b'\n' | b'\r' | b'\t')));
    if text.is_empty() {
        return text;
    }
    if scheme_length(&text).is_none() {
        text.splice(..0, *b"http://");
    }
    let mut last = 0;
    let mut at = 0;
    while let Some(length) = [&b"http://"[..], b"https://"]
        .iter()
        .find(|prefix| text[at..].starts_with(prefix))
        .map(|prefix| prefix.len())
    {
        last = at;
        at += length;
    }
    text.drain(..last);
    text
}

/// The length of the scheme, when the text begins with one and a colon.
fn scheme_length(text: &[u8]) -> Option<usize> {
    if !text.first()?.is_ascii_alphabetic() {
        return None;
    }
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'-' | b'.'))?;
    (text[end] == b':').then_some(end)
}

fn split(text: &[u8]) -> Parts<'_> {
    let (scheme, rest) = match scheme_length(text) {
        Some(length) => (&text[..length], &text[length + 1..]),
        None => (&b""[..], text),
    };
    let (rest, _fragment) = cut(rest, b'#');
    let (rest, query) = cut(rest, b'?');
    let (authority, path) = match rest.strip_prefix(b"//") {
        Some(rest) => {
            let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
            rest.split_at(end)
        }
        None => (&b""[..], rest),
    };
    Parts { scheme, authority, path, query: query.filter(|query| !query.is_empty()) }
}

/// What is before and after the first `at`.
fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(at, text) {
        Some(found) => (&text[..found], Some(&text[found + 1..])),
        None => (text, None),
    }
}

fn default_port(scheme: &[u8]) -> u16 {
    if scheme.eq_ignore_ascii_case(b"http") {
        80
    } else if scheme.eq_ignore_ascii_case(b"https") {
        443
    } else {
        0
    }
}

fn canonical_path(path: &[u8], has_host: bool) -> Vec<u8> {
    let plain = unescape(path);
    let plain = if has_host { without_dots(&plain) } else { plain.into_owned() };
    let mut escaped = Vec::with_capacity(plain.len());
    escape_into(&mut escaped, &plain);
    escaped.make_ascii_lowercase();
    let mut path = session::strip_from_path(escaped);
    if path.len() > 1 && path.last() == Some(&b'/') {
        path.pop();
    }
    path
}

/// Dot segments resolved and empty segments dropped. A `..` at the root stays, and a second one
/// removes it again, as in the programs whose keys these have to match.
fn without_dots(path: &[u8]) -> Vec<u8> {
    if path.is_empty() {
        return b"/".to_vec();
    }
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in path.split(|byte| *byte == b'/').skip(1) {
        match segment {
            b"." => {}
            b".." => {
                if kept.pop().is_none() {
                    kept.push(segment);
                }
            }
            _ => kept.push(segment),
        }
    }
    let mut out = Vec::with_capacity(path.len());
    out.push(b'/');
    if let Some((last, parents)) = kept.split_last() {
        for segment in parents.iter().filter(|segment| !segment.is_empty()) {
            out.extend_from_slice(segment);
            out.push(b'/');
        }
        out.extend_from_slice(last);
    }
    out
}

fn canonical_query(query: &[u8]) -> Option<Vec<u8>> {
    let plain = unescape(query);
    let mut escaped = Vec::with_capacity(plain.len());
    escape_into(&mut escaped, &plain);
    escaped.make_ascii_lowercase();
    let query = session::strip_from_query(escaped);
    if query.is_empty() {
        return None;
    }
    if memchr::memchr(b'&', &query).is_none() {
        return Some(query);
    }
    // A parameter without `=` sorts before the same one with an empty value.
    let mut parameters: Vec<(&[u8], Option<&[u8]>)> =
        query.split(|byte| *byte == b'&').map(|parameter| cut(parameter, b'=')).collect();
    parameters.sort_unstable();
    let mut sorted = Vec::with_capacity(query.len());
    for (name, value) in parameters {
        sorted.extend_from_slice(name);
        if let Some(value) = value {
            sorted.push(b'=');
            sorted.extend_from_slice(value);
        }
        sorted.push(b'&');
    }
    sorted.pop();
    Some(sorted)
}

#[cfg(test)]
mod tests;
