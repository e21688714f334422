//! Header fields that a job or a credentials file may add to requests.

/// Header fields that a job may not set: they are derived from the exchange, or have a key of their own.
const FIELDS_OF_OURS: [&str; 15] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "keep-alive",
    "upgrade",
    "expect",
    "range",
    "accept-encoding",
    "if-none-match",
    "if-modified-since",
    "proxy-authorization",
    "user-agent",
];

/// Whether a header field can be sent (RFC 9110 section 5).
///
/// # Errors
/// As text, without the value.
pub(super) fn check_field(name: &str, value: &str) -> Result<(), String> {
    let is_token = !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    if !is_token {
        return Err(format!("{name:?} cannot be the name of a header field"));
    }
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err(format!("the value of {name} contains a control character"));
    }
    if FIELDS_OF_OURS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!("{name} is set by the program"));
    }
    Ok(())
}
