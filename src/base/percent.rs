//! Percent escapes of user names and passwords in URLs. The one file that names `percent-encoding`.

/// Percent escapes undone; what is no escape stays. Bytes that are not UTF-8 become U+FFFD.
#[must_use]
pub fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_once_and_the_rest_stays() {
        for (text, wanted) in [
            ("", ""),
            ("plain", "plain"),
            ("a%40b%3ac", "a@b:c"),
            ("%2541", "%41"),
            ("%e2%82%ac", "€"),
            ("%ff", "\u{fffd}"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%+1%zz%", "%+1%zz%"),
        ] {
            assert_eq!(percent_decoded(text), wanted, "{text}");
        }
    }
}
