//! Text as it stands in HTML and XML, in content and in quoted attributes.

/// The text with `&`, `<`, `>` and both quotation marks as references, so that a reader of HTML or
/// XML sees it as it is.
#[must_use]
pub fn escaped(text: &str) -> String {
    escaped_but(text, |_| None)
}

/// As [`escaped`], with characters for which `other` has something written as that says.
#[must_use]
pub fn escaped_but(text: &str, other: impl Fn(char) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match (other(c), c) {
            (Some(instead), _) => out.push_str(instead),
            (None, '&') => out.push_str("&amp;"),
            (None, '<') => out.push_str("&lt;"),
            (None, '>') => out.push_str("&gt;"),
            (None, '"') => out.push_str("&quot;"),
            (None, '\'') => out.push_str("&#39;"),
            (None, c) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_markup_would_read_otherwise_is_a_reference() {
        assert_eq!(
            escaped("<a href=\"x\">'Tom & Jerry'"),
            "&lt;a href=&quot;x&quot;&gt;&#39;Tom &amp; Jerry&#39;"
        );
        assert_eq!(escaped("Brücke, 25 €"), "Brücke, 25 €");
        assert_eq!(escaped_but("a\0<", |c| (c == '\0').then_some("?")), "a?&lt;");
    }
}
