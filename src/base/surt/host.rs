//! The host of a urlkey.

use super::cut;
use super::escape::{escape_into, unescape};

/// Host (as written, lower case) and port of an authority; userinfo is left out. `None` when the
/// port is not a valid port number.
pub(super) fn host_and_port(authority: &[u8]) -> Option<(Vec<u8>, Option<u16>)> {
    let end = authority.iter().rposition(|byte| *byte != b':').map_or(0, |last| last + 1);
    let authority = &authority[..end];
    let start = memchr::memrchr(b'@', authority).map_or(0, |at| at + 1);
    let address = &authority[start..];
    let (host, port) = match cut(address, b'[') {
        (_, Some(bracketed)) => {
            let (host, rest) = cut(bracketed, b']');
            (host, cut(rest.unwrap_or_default(), b':').1)
        }
        _ => cut(address, b':'),
    };
    let port = match port {
        None => None,
        Some(digits) if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            Some(std::str::from_utf8(digits).ok()?.parse::<u16>().ok()?)
        }
        Some(_) => return None,
    };
    Some((host.to_ascii_lowercase(), port.filter(|port| *port != 0)))
}

/// The canonical host; empty where there is none.
pub(super) fn canonical(host: &[u8], strip_www: bool) -> Vec<u8> {
    let plain = unescape(host);
    let name = if plain.is_ascii() {
        plain.into_owned()
    } else {
        let text: String = plain.utf8_chunks().map(|chunk| chunk.valid()).collect();
        idna_2003(&text).map_or_else(|| plain.into_owned(), String::into_bytes)
    };
    let name = without_empty_labels(&name);
    let mut out = Vec::with_capacity(name.len());
    if let Some(address) = address(&name) {
        out.extend_from_slice(address.to_string().as_bytes());
    } else {
        escape_into(&mut out, &name);
        out.make_ascii_lowercase();
    }
    if strip_www && let Some(rest) = out.strip_prefix(b"www") {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if rest.get(digits) == Some(&b'.') {
            out.drain(..3 + digits + 1);
        }
    }
    out
}

/// Each pair of dots made one, in one pass, and dots at either end dropped.
fn without_empty_labels(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, tail @ ..] = rest {
        out.push(*first);
        rest = match (first, tail) {
            (b'.', [b'.', tail @ ..]) => tail,
            _ => tail,
        };
    }
    let start = out.iter().position(|byte| *byte != b'.').unwrap_or(out.len());
    let end = out.iter().rposition(|byte| *byte != b'.').map_or(start, |last| last + 1);
    out.truncate(end);
    out.drain(..start);
    out
}

/// A number, or up to four numbers with dots, as the address that `inet_aton` reads: the last
/// number fills the bytes that are left; a leading zero means octal. A single number of any length
/// is taken modulo 2^32 and is decimal.
fn address(name: &[u8]) -> Option<std::net::Ipv4Addr> {
    if !name.first()?.is_ascii_digit() {
        return None;
    }
    if name.iter().all(u8::is_ascii_digit) {
        let value = name.iter().fold(0_u32, |value, digit| {
            value.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'))
        });
        return Some(value.into());
    }
    let parts: Vec<&[u8]> = name.split(|byte| *byte == b'.').collect();
    let octal_only = name[0] == b'0';
    if parts.len() > 4 {
        return None;
    }
    let mut value = 0_u32;
    for (index, part) in parts.iter().enumerate() {
        let octal = part.len() > 1 && part[0] == b'0';
        let radix = if octal { 8 } else { 10 };
        let fits = |digit: &u8| digit.is_ascii_digit() && (*digit < b'8' || !(octal || octal_only));
        if part.is_empty() || !part.iter().all(fits) {
            return None;
        }
        let number = u32::from_str_radix(std::str::from_utf8(part).ok()?, radix).ok()?;
        let bytes_left = u32::try_from(4 - index).ok()?;
        let is_last = index + 1 == parts.len();
        let bits = if is_last { bytes_left * 8 } else { 8 };
        if bits < 32 && number >> bits != 0 {
            return None;
        }
        value |= if is_last { number } else { number << ((bytes_left - 1) * 8) };
    }
    Some(value.into())
}

/// The name with its non-ASCII labels in the `xn--` form, as IDNA 2003 maps them (RFC 3490): `ß`
/// is `ss` there, final sigma is sigma, and joiners vanish. `None` when a label is refused.
fn idna_2003(name: &str) -> Option<String> {
    let dots = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];
    let labels: Vec<&str> = name.split(dots).collect();
    let last = labels.len() - 1;
    let mut out = String::with_capacity(name.len() + 8);
    for (index, label) in labels.iter().enumerate() {
        if index > 0 {
            out.push('.');
        }
        if label.is_empty() && index == last {
            continue;
        }
        let ascii = if label.is_ascii() { (*label).to_owned() } else { label_to_ascii(label)? };
        if ascii.is_empty() || ascii.len() > 63 {
            return None;
        }
        out.push_str(&ascii);
    }
    Some(out)
}

fn label_to_ascii(label: &str) -> Option<String> {
    if label.contains('%') {
        // All escapes are undone already, and the parser below would undo this one.
        return None;
    }
    let mut mapped = String::with_capacity(label.len() + 2);
    for character in label.chars() {
        match character {
            'ß' | 'ẞ' => mapped.push_str("ss"),
            'ς' => mapped.push('σ'),
            '\u{200c}' | '\u{200d}' => {}
            other => mapped.push(other),
        }
    }
    // A name ending in digits would be read as an address; the letter keeps it a name.
    mapped.push_str(".a");
    match url::Host::parse(&mapped).ok()? {
        url::Host::Domain(name) => name.strip_suffix(".a").map(str::to_owned),
        _ => None,
    }
}

/// Appends the labels in reverse, joined by commas.
pub(super) fn reverse_into(out: &mut Vec<u8>, host: &[u8]) {
    for (index, label) in host.rsplit(|byte| *byte == b'.').enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(label);
    }
}
