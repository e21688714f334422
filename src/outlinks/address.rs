//! Addresses as feeds and sitemaps write them, and their base.

use crate::base::TargetUri;

use super::xml;

/// The address that a text names, resolved against `base`; `None` if it names none.
///
/// Common mistakes are corrected: references that were escaped twice (`&amp;amp;`), quotation marks and
/// angle brackets around it, `feed:` before it, and a missing scheme before `www.`. A fragment
/// alone names the document itself, and so no other.
pub(super) fn resolve(base: Option<&TargetUri>, text: &str) -> Option<TargetUri> {
    let text = text.trim().trim_matches(['"', '\'', '<', '>', '\u{feff}', '\u{200b}']).trim();
    if text.is_empty() || text.starts_with('#') {
        return None;
    }
    // No working address contains an escaped ampersand.
    let text = if text.contains("&amp;") { xml::unescape(text) } else { text.to_owned() };
    let text = text.strip_prefix("feed:").filter(|rest| rest.starts_with("http")).unwrap_or(&text);
    let is_bare = text.len() > 4 && text.as_bytes()[..4].eq_ignore_ascii_case(b"www.");
    let with_scheme = is_bare.then(|| format!("https://{text}"));
    let text = with_scheme.as_deref().unwrap_or(text);
    match base {
        Some(base) => base.join(text).ok(),
        None => TargetUri::parse(text).ok(),
    }
}

/// Whether a text is an address by itself.
pub(super) fn is_absolute(text: &str) -> bool {
    let text = text.trim();
    let is = |scheme: &str| {
        text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    };
    is("http://") || is("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_slips_are_undone() {
        let base = TargetUri::parse("https://a.example/feeds/all.xml").unwrap();
        for (text, want) in [
            (" /x ", Some("https://a.example/x")),
            ("x", Some("https://a.example/feeds/x")),
            ("//b.example/x", Some("https://b.example/x")),
            ("www.b.example/x", Some("https://www.b.example/x")),
            ("feed:https://b.example/x", Some("https://b.example/x")),
            ("https://b.example/?a=1&amp;b=2", Some("https://b.example/?a=1&b=2")),
            ("\"https://b.example/x\"", Some("https://b.example/x")),
            ("https://b.example/a\n  b", Some("https://b.example/a%20%20b")),
            ("#", None),
            ("#top", None),
            ("", None),
            ("mailto:a@b.example", None),
            ("https://", None),
        ] {
            let found = resolve(Some(&base), text).map(|uri| uri.as_str().to_owned());
            assert_eq!(found.as_deref(), want, "{text:?}");
        }
        assert_eq!(resolve(None, "/x"), None);
    }
}
