//! Character references in a text that was escaped twice.

use std::borrow::Cow;

use html5ever::data::NAMED_ENTITIES;

/// The longest reference, in bytes, its marks included.
const REFERENCE_BYTES_MAX: usize = 34;

/// The text with its character references resolved: those that end with a semicolon. Text that is not a
/// reference stays as it is.
#[must_use]
pub fn resolved(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(REFERENCE_BYTES_MAX).position(|b| b == b';');
        let found = end.and_then(|end| Some((character(&rest[1..end])?, end + 1)));
        match found {
            Some((character, len)) => {
                out.push_str(&character);
                rest = &rest[len..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out.into()
}

/// What a reference stands for, by what is between its marks.
fn character(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| !c.is_control()).map(String::from);
    }
    let (first, second) = *NAMED_ENTITIES.get(format!("{name};").as_str())?;
    let mut out = String::from(char::from_u32(first).filter(|c| *c != '\0')?);
    out.extend(char::from_u32(second).filter(|c| *c != '\0'));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::resolved;

    #[test]
    fn references_are_resolved_and_the_rest_stays() {
        for (text, want) in [
            ("Mayor&rsquo;s caf&eacute;", "Mayor’s café"),
            ("&#8220;No,&#x201D; she said &amp; left", "“No,” she said & left"),
            (
                "R&D; AT&T, a & b; &nosuch; &#0; &#xD800; &;",
                "R&D; AT&T, a & b; &nosuch; &#0; &#xD800; &;",
            ),
            ("&NotEqualTilde;", "≂̸"),
            ("ends with &", "ends with &"),
            ("&é;", "&é;"),
        ] {
            assert_eq!(resolved(text), want);
        }
    }
}
