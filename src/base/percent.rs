//! Percent escapes of URLs and forms. The one file that names `percent-encoding`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// What stays in a form besides letters and digits: `-`, `.`, `_` and `~`.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent escapes undone; what is no escape stays. Bytes that are not UTF-8 become U+FFFD.
#[must_use]
pub fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Bytes as they are written in `application/x-www-form-urlencoded`: a space as `+`.
#[must_use]
pub fn form_encoded(bytes: &[u8]) -> String {
    percent_encoding::percent_encode(bytes, FORM).to_string().replace("%20", "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_keep_letters_digits_and_four_signs() {
        assert_eq!(form_encoded(b"a Z~-._9+&=\xff\xc3\xa9"), "a+Z~-._9%2B%26%3D%FF%C3%A9");
    }

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
