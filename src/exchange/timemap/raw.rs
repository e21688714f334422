//! Where an archive gives out what it captured unaltered.

use crate::base::TargetUri;

/// The same memento without what replay does to it: pywb, OpenWayback and the Wayback Machine mark that by `id_`
/// behind the stamp. `None` where the address does not have their shape, `…/STAMP[MODIFIER]/URL`; the memento
/// is then taken as it is given.
#[must_use]
pub fn raw_form(memento: &TargetUri) -> Option<TargetUri> {
    let text = memento.as_str();
    let path = text.find("://")? + 3;
    let mut at = path + text[path..].find('/')?;
    loop {
        let segment = &text[at + 1..];
        let length = segment.find('/')?;
        let (segment, rest) = (&segment[..length], &segment[length + 1..]);
        // The address of the page begins here or further on; what looks like a stamp in it is its own.
        let is_page = ["http:/", "https:/"].iter().any(|start| rest.starts_with(start));
        if let (Some(stamp), true) = (stamp(segment), is_page) {
            return TargetUri::parse(&format!("{}/{stamp}id_/{rest}", &text[..at])).ok();
        }
        if segment.ends_with(':') {
            return None;
        }
        at += 1 + length;
    }
}

/// The digits of a segment that is a stamp, with a modifier or without.
fn stamp(segment: &str) -> Option<&str> {
    let digits = segment.bytes().take_while(u8::is_ascii_digit).count();
    let (stamp, modifier) = segment.split_at(digits);
    let bytes = modifier.as_bytes();
    let is_modifier = bytes.is_empty()
        || matches!(bytes, [a, b, b'_'] if a.is_ascii_lowercase() && b.is_ascii_lowercase());
    ((4..=14).contains(&digits) && is_modifier).then_some(stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_bytes_is_known_where_the_shape_is() {
        for (memento, raw) in [
            (
                "https://web.archive.org/web/20200102030405/http://a.example/x?y=1",
                Some("https://web.archive.org/web/20200102030405id_/http://a.example/x?y=1"),
            ),
            (
                "https://web.archive.org/web/20200102030405if_/https://a.example/",
                Some("https://web.archive.org/web/20200102030405id_/https://a.example/"),
            ),
            (
                "http://p.example/coll/2020id_/http://a.example/2019/http://b.example/",
                Some("http://p.example/coll/2020id_/http://a.example/2019/http://b.example/"),
            ),
            (
                "http://p.example/20200102030405/http://a.example/",
                Some("http://p.example/20200102030405id_/http://a.example/"),
            ),
            ("http://p.example/a/http://a.example/2020/http://b.example/", None),
            ("http://p.example/memento/abc/http://a.example/", None),
            ("http://p.example/2020/x", None),
            ("http://p.example/", None),
            ("http://p.example/20200102030405xyz/http://a.example/", None),
        ] {
            let found = raw_form(&TargetUri::parse(memento).unwrap());
            assert_eq!(found.as_ref().map(TargetUri::as_str), raw, "{memento}");
        }
    }
}
