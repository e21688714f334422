//! How much of a text in HTML is words.
//!
//! Owns that count, which needs no parser: it decides what is worth parsing.

/// How much of a text in HTML is not markup, in bytes.
pub(super) fn bytes_outside_tags(html: &str) -> usize {
    let mut outside = html.find('<').unwrap_or(html.len());
    for piece in html.split('<').skip(1) {
        outside += piece.split_once('>').map_or(0, |(_, text)| text.trim().len());
    }
    outside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_the_space_around_them_do_not_count() {
        for (html, want) in
            [("", 0), ("ab", 2), ("<p>ab</p> <b class=\"c\">d</b>", 3), ("a <", 2), ("<p", 0)]
        {
            assert_eq!(bytes_outside_tags(html), want, "{html}");
        }
    }
}
