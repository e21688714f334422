//! A media type read leniently, as servers write it.

use std::fmt;

/// Type and subtype in lower case, with the charset parameter where one is given.
///
/// Reading never fails: a value that is not a media type becomes `unk`, as CDX files call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    essence: String,
    charset: Option<String>,
}

impl MediaType {
    /// Reads a `Content-Type` value.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        let mut parts = value.split(';');
        let essence = parts.next().unwrap_or("").trim().to_ascii_lowercase();
        let well_formed = essence.split_once('/').is_some_and(|(a, b)| {
            let token =
                |s: &str| !s.is_empty() && s.bytes().all(|c| c.is_ascii_graphic() && c != b',');
            token(a) && token(b)
        });
        let charset = parts.find_map(|p| {
            let (name, value) = p.split_once('=')?;
            let value = value.trim().trim_matches(|c| c == '"' || c == '\'');
            (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty())
                .then(|| value.to_ascii_lowercase())
        });
        Self { essence: if well_formed { essence } else { "unk".to_owned() }, charset }
    }

    /// `type/subtype`, lower-case, without parameters; `unk` where none could be read.
    #[must_use]
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// The charset parameter, lower-case.
    #[must_use]
    pub fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// Whether this is HTML or XHTML.
    #[must_use]
    pub fn is_html(&self) -> bool {
        matches!(self.essence.as_str(), "text/html" | "application/xhtml+xml")
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.essence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_read_as_servers_write_them() {
        for (value, essence, charset) in [
            ("text/html", "text/html", None),
            (" Text/HTML ; Charset=\"UTF-8\" ", "text/html", Some("utf-8")),
            ("text/html;foo;charset='latin1'", "text/html", Some("latin1")),
            ("", "unk", None),
            ("html", "unk", None),
            ("text/html, text/plain", "unk", None),
        ] {
            let got = MediaType::parse(value);
            assert_eq!((got.essence(), got.charset()), (essence, charset), "{value}");
        }
    }
}
