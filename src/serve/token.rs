//! The token that requests show, if one is required.

use crate::base::DigestAlgorithm;

/// Whether the value of a header field shows a token: as a bearer token, or as the password of basic
/// authentication. Always true if the token is empty. Digests are compared, so that the time it takes reveals
/// nothing about the token.
pub fn shows_token(shown: Option<&str>, token: &str) -> bool {
    if token.is_empty() {
        return true;
    }
    let Some((scheme, shown)) = shown.and_then(|shown| shown.split_once(' ')) else {
        return false;
    };
    let shown = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => shown.trim().to_owned(),
        "basic" => {
            let decoded = data_encoding::BASE64.decode(shown.trim().as_bytes());
            let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
            // Any user name is accepted.
            text.and_then(|text| Some(text.split_once(':')?.1.to_owned())).unwrap_or_default()
        }
        _ => return false,
    };
    let digest = |text: &str| DigestAlgorithm::Sha256.digest(text.as_bytes());
    digest(&shown) == digest(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_bearer_or_a_password() {
        for (shown, is_right) in [
            (None, false),
            (Some("Bearer hunter2"), true),
            (Some("Basic dXNlcjpodW50ZXIy"), true),
            (Some("Basic dXNlcjpodW50ZXIz"), false),
            (Some("Digest hunter2"), false),
        ] {
            assert_eq!(shows_token(shown, "hunter2"), is_right, "{shown:?}");
            assert!(shows_token(shown, ""));
        }
    }
}
