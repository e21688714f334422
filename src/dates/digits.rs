//! Digits of all scripts, and the number words of Chinese dates.

use std::borrow::Cow;

/// The zeros of the decimal digits that Unicode has for living scripts (general category Nd); the nine
/// others follow each.
const ZEROS: &[char] = &[
    '\u{30}', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}',
    '\u{b66}', '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}',
    '\u{f20}', '\u{1040}', '\u{17e0}', '\u{1810}', '\u{ff10}',
];

/// The value of a decimal digit of any script.
pub(crate) fn digit_of(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero))?;
        (value < 10).then_some(value)
    })
}

/// A text with its digits as ASCII has them, and full-width signs between them as well.
pub(super) fn ascii_digits(text: &str) -> Cow<'_, str> {
    let is_other = |c: char| !c.is_ascii() && (digit_of(c).is_some() || sign_of(c).is_some());
    if !text.contains(is_other) {
        return text.into();
    }
    let as_ascii = |c: char| match digit_of(c) {
        Some(value) => char::from_digit(value, 10).unwrap_or(c),
        None => sign_of(c).unwrap_or(c),
    };
    text.chars().map(as_ascii).collect::<String>().into()
}

fn sign_of(c: char) -> Option<char> {
    Some(match c {
        '／' => '/',
        '－' | '‐' | '‑' | '−' => '-',
        '．' => '.',
        '：' => ':',
        '，' | '،' => ',',
        '　' | '\u{a0}' | '\u{202f}' | '\u{2009}' => ' ',
        _ => return None,
    })
}

/// A number in Chinese words below one hundred, or digit by digit: "二十一", "二〇二一", "元".
pub(super) fn chinese(text: &str) -> Option<u32> {
    if text == "元" {
        return Some(1);
    }
    let value = |c: char| {
        const DIGITS: &str = "〇一二三四五六七八九";
        let c = if c == '零' { '〇' } else { c };
        DIGITS.chars().position(|d| d == c).and_then(|at| u32::try_from(at).ok())
    };
    if let Some((tens, ones)) = text.split_once('十') {
        let part = |text: &str, none: u32| {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (None, _) => Some(none),
                (Some(c), None) => value(c),
                _ => None,
            }
        };
        return Some(part(tens, 1)? * 10 + part(ones, 0)?);
    }
    let count = text.chars().count();
    if count == 0 || count > 4 {
        return None;
    }
    text.chars().try_fold(0, |sum, c| Some(sum * 10 + value(c)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_other_scripts_have_their_values() {
        assert_eq!(ascii_digits("٢١ يوليو ٢٠٢١"), "21 يوليو 2021");
        assert_eq!(ascii_digits("२१ जुलाई २०२१"), "21 जुलाई 2021");
        assert_eq!(ascii_digits("２０２１／０７／２１"), "2021/07/21");
        assert!(matches!(ascii_digits("21 July"), Cow::Borrowed(_)));
        for (text, want) in [
            ("二十一", Some(21)),
            ("十", Some(10)),
            ("三十", Some(30)),
            ("十二", Some(12)),
            ("七", Some(7)),
            ("二〇二一", Some(2021)),
            ("二零二一", Some(2021)),
            ("元", Some(1)),
            ("", None),
            ("月", None),
        ] {
            assert_eq!(chinese(text), want, "{text}");
        }
    }
}
