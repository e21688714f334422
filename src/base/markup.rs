//! Text as it is in HTML and XML, in content and in quoted attributes.

/// The text with `&`, `<`, `>` and both quotation marks as references, so that a reader of HTML or
/// XML sees it as it is. Text of a page is made [`super::printable`] first.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
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
    }
}
