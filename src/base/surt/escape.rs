//! Percent escapes of urlkeys: undone until nothing changes, then done once.

use std::borrow::Cow;

/// Undoes `%XX` until none is left. `%2541` is `A`, since the decoded `%` begins an escape too.
///
/// No two escapes overlap, so their order does not matter and one pass with a look back at what
/// it has written gives what repeated passes give, in linear time.
pub(super) fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'%', text) else { return Cow::Borrowed(text) };
    let mut out = Vec::with_capacity(text.len());
    out.extend_from_slice(&text[..first]);
    for byte in &text[first..] {
        out.push(*byte);
        while let [.., b'%', high, low] = out.as_slice() {
            let (Some(high), Some(low)) = (nibble(*high), nibble(*low)) else { break };
            out.truncate(out.len() - 3);
            out.push(high << 4 | low);
        }
    }
    Cow::Owned(out)
}

fn nibble(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Appends `text` with everything escaped that is not printable ASCII, and `#` and `%`; digits in
/// lower case, since keys are.
pub(super) fn escape_into(out: &mut Vec<u8>, text: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in text {
        if matches!(byte, b'!'..=b'~') && !matches!(byte, b'#' | b'%') {
            out.push(*byte);
        } else {
            out.extend_from_slice(&[
                b'%',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]);
        }
    }
}
