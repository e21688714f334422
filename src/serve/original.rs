//! The address of a page inside an address of the server: `/web/http://a.example/x?y`. Clients
//! and proxies change it in transit: they omit the scheme, escape it, or make `http:/` of `http://`.

use crate::base::TargetUri;
use crate::base::percent::percent_decoded;

use super::reply::Refusal;

/// The address of a page from the rest of a path and the query, as they were sent.
///
/// | sent | means |
/// |---|---|
/// | `http://a.example/x?y` | the same |
/// | `http:/a.example/x` | `http://a.example/x`, which a proxy merged |
/// | `a.example/x` | `http://a.example/x` |
/// | `http%3A//a.example/x%3Fy`, `http%3A%2F%2F…` | `http://a.example/x?y`: escaped as a whole |
///
/// # Errors
/// When it is not an address of a page.
pub fn original(sent: &str, query: Option<&str>) -> Result<String, Refusal> {
    let mut text = match is_escaped(sent) {
        true => percent_decoded(sent),
        false => sent.to_owned(),
    };
    if let Some((scheme, rest)) = scheme_of(&text) {
        text = format!("{scheme}://{}", rest.trim_start_matches('/'));
    } else {
        text = format!("http://{}", text.trim_start_matches('/'));
    }
    if let Some(query) = query {
        text.push('?');
        text.push_str(query);
    }
    let (uri, _) = TargetUri::given(&text)
        .map_err(|why| Refusal::bad(format!("not the address of a page: {why}")))?;
    Ok(uri.without_fragment().as_str().to_owned())
}

/// Whether the colon of a scheme is escaped, so that all of the address is.
fn is_escaped(sent: &str) -> bool {
    let lower = sent.get(..8.min(sent.len())).unwrap_or_default().to_ascii_lowercase();
    lower.starts_with("http%3a") || lower.starts_with("https%3a")
}

/// The scheme that is written, in lower case, and what follows its colon.
fn scheme_of(text: &str) -> Option<(&'static str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    // `http:8080/x` is a host with a port, as unlikely as it is.
    let rest = rest.strip_prefix('/')?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Some(("http", rest)),
        "https" => Some(("https", rest)),
        _ => None,
    }
}

/// An address for a header or between angle brackets: ASCII without characters that would end it.
pub fn in_header(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        match byte {
            b'!' | b'#'..=b';' | b'=' | b'?'..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_understood_however_they_are_sent() {
        for (sent, query, url) in [
            ("http://a.example/x", None, "http://a.example/x"),
            ("http://a.example/x", Some("y=1&z"), "http://a.example/x?y=1&z"),
            ("http://a.example", Some(""), "http://a.example?"),
            ("https:/a.example/x", None, "https://a.example/x"),
            ("http:///a.example/x", None, "http://a.example/x"),
            ("a.example/x", None, "http://a.example/x"),
            ("a.example:8080/x", None, "http://a.example:8080/x"),
            ("//a.example/x", None, "http://a.example/x"),
            ("HTTPS://a.example/", None, "https://a.example/"),
            ("http%3A//a.example/x%3Fy%3D1", None, "http://a.example/x?y=1"),
            ("https%3A%2F%2Fa.example%2F", None, "https://a.example/"),
            ("http%3a/a.example", None, "http://a.example"),
            ("a.example/x%2Fy", None, "http://a.example/x%2Fy"),
            ("http://a.example/http://b.example/", None, "http://a.example/http://b.example/"),
            ("a.example/?u=http://b.example", None, "http://a.example/?u=http://b.example"),
        ] {
            assert_eq!(original(sent, query).as_deref(), Ok(url), "{sent}");
        }
        for sent in ["", "/", "http://", "http:/", "http://[::1"] {
            assert!(original(sent, None).is_err(), "{sent}");
        }
    }

    #[test]
    fn a_header_is_not_ended_by_an_address() {
        assert_eq!(in_header("http://a/<x>\"\r\n é"), "http://a/%3Cx%3E%22%0D%0A%20%C3%A9");
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_an_address_or_refused(sent in "\\PC{0,40}", query in proptest::option::of("\\PC{0,9}")) {
            if let Ok(url) = original(&sent, query.as_deref()) {
                prop_assert!(url.starts_with("http://") || url.starts_with("https://"));
                prop_assert!(in_header(&url).bytes().all(|b| b.is_ascii_graphic()));
            }
        }
    }
}
