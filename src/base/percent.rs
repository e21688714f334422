//! Percent escapes of URLs and forms, undone and made. The one file that names `percent-encoding`.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays in a form besides letters and digits: `-`, `.`, `_` and `~`.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is escaped in a value of a query: everything but letters, digits and what no reader of a query gives
/// a meaning (RFC 3986 section 3.4; WHATWG URL, application/x-www-form-urlencoded).
const VALUE: &AsciiSet = &FORM.remove(b'/').remove(b':');

/// What cannot be in a URI (RFC 3986 appendix A), and what would end the path of an archival one.
const ADDRESS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'#');

/// A text as the value of a parameter in a query.
#[must_use]
pub fn query_value(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

/// An address inside the path of another one, as an archival URL has it: escapes stay as they are.
#[must_use]
pub fn address(text: &str) -> String {
    utf8_percent_encode(text, ADDRESS).to_string()
}

/// Percent escapes undone; other text stays. Bytes that are not UTF-8 become U+FFFD.
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
    fn what_would_be_read_as_something_else_is_escaped() {
        for (text, wanted) in [
            ("http://a.example/b?c=d&e=f#g", "http://a.example/b%3Fc%3Dd%26e%3Df%23g"),
            ("a b+c%20\"'<>", "a%20b%2Bc%2520%22%27%3C%3E"),
            ("Brücke", "Br%C3%BCcke"),
            ("", ""),
        ] {
            assert_eq!(query_value(text), wanted);
            assert_eq!(percent_decoded(&query_value(text)), text);
        }
        for (text, wanted) in [
            ("http://a.example/b?c=%20d#e", "http://a.example/b?c=%20d%23e"),
            ("http://a.example/\"><script>\n", "http://a.example/%22%3E%3Cscript%3E%0A"),
        ] {
            assert_eq!(address(text), wanted);
        }
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
