//! Near addresses: those that differ only in what pages append to an address to bypass caches
//! (`?_=1700000000000`), or to count visits (`utm_source`). Where no capture of an address is
//! held, its near ones are used instead.
//!
//! The rules are those that pywb's users rely on: parameters by name, `callback`s of jQuery, long numbers
//! under typical names, and any query of a file whose kind takes none.

use super::{KeyRange, urlkey};

/// Ends of paths whose query has no meaning.
const PLAIN_FILES: [&str; 24] = [
    "js", "css", "png", "gif", "jpg", "jpeg", "webp", "avif", "svg", "ico", "bmp", "woff", "woff2",
    "ttf", "eot", "otf", "mp3", "mp4", "m4a", "webm", "ogg", "swf", "pdf", "map",
];

/// The keys among which near addresses are, and the key that they have in common; `None` where an address
/// has no near ones.
pub fn near_keys(url: &str) -> Option<(KeyRange, String)> {
    let key = urlkey(url);
    let near = near_key(&key);
    let path = key.split('?').next().unwrap_or_default().to_owned();
    if near == key && !is_plain_file(&path) {
        return None;
    }
    // The path itself, and the path with any query.
    let range =
        KeyRange { start: path.clone().into_bytes(), end: Some(format!("{path}@").into_bytes()) };
    Some((range, near))
}

/// Whether an address is near, by its urlkey.
pub fn is_near(key: &str, near: &str) -> bool {
    near_key(key) == near
}

/// A urlkey without its parts that have no meaning.
fn near_key(key: &str) -> String {
    let Some((path, query)) = key.split_once('?') else { return key.to_owned() };
    if is_plain_file(path) {
        return path.to_owned();
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !says_nothing(pair)).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

fn is_plain_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').is_some_and(|(_, end)| PLAIN_FILES.contains(&end))
}

fn says_nothing(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let is_number = |min: usize| value.len() >= min && value.bytes().all(|b| b.is_ascii_digit());
    match name {
        "_" | "cb" | "uncache" | "nocache" => is_number(1),
        "fbclid" | "gclid" | "msclkid" | "dclid" | "yclid" => true,
        "callback" | "jsonp" => value.starts_with("jquery"),
        _ if name.starts_with("utm_") => true,
        _ if name.contains("bust") || name.contains("ts") => is_number(13),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn near_addresses_have_a_key_in_common() {
        for (one, other, is) in [
            ("http://a.example/x.css", "http://a.example/x.css?_=1234567890123", true),
            ("http://a.example/x.css?v=1", "http://a.example/x.css?v=2", true),
            ("http://a.example/x?id=1&_=12", "http://a.example/x?id=1&_=34", true),
            ("http://a.example/x?id=1&utm_source=a", "http://a.example/x?id=1", true),
            ("http://a.example/x?id=1&fbclid=A", "http://a.example/x?id=1", true),
            ("http://a.example/x?callback=jQuery1_2&q=1", "http://a.example/x?q=1", true),
            ("http://a.example/x?cachebust=1700000000000", "http://a.example/x", true),
            ("http://a.example/x?id=1&_=12", "http://a.example/x?id=2&_=12", false),
            ("http://a.example/x?_=a", "http://a.example/x", false),
            ("http://a.example/x?cachebust=17", "http://a.example/x", false),
        ] {
            assert_eq!(is_near(&urlkey(one), &near_key(&urlkey(other))), is, "{one} {other}");
        }
        assert!(near_keys("http://a.example/x?id=1").is_none());
        let (range, _) = near_keys("http://a.example/x.css").unwrap();
        assert!(range.contains(urlkey("http://a.example/x.css?a=1").as_bytes()));
        assert!(range.contains(urlkey("http://a.example/x.css").as_bytes()));
        assert!(!range.contains(urlkey("http://a.example/x.cssx").as_bytes()));
    }

    proptest! {
        #[test]
        fn an_address_is_near_itself(url in "http://a.example/\\PC{0,30}") {
            if let Some((range, near)) = near_keys(&url) {
                let key = urlkey(&url);
                prop_assert!(is_near(&key, &near));
                prop_assert!(range.contains(key.as_bytes()) || key.contains('@'));
            }
        }
    }
}
