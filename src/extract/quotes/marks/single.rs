//! Single marks distinguished from apostrophes.
//!
//! Owns which of them pair. Deliberately makes no spans.

use super::{Family, mark_at, sides};

/// Closing candidates visited for one single mark.
const SINGLE_CANDIDATES_MAX: usize = 24;

/// Pairs of single marks that are quotation marks and no apostrophes: (opening, closing).
///
/// An apostrophe is between letters, before a clipped word ('em, '90s) or behind a plural s; so a
/// pair needs an opening glyph after white space and a closing one before white space or punctuation,
/// and among several the first that punctuation goes with is taken before a bare plural possessive.
pub(super) fn single_pairs(text: &str) -> Vec<(usize, usize)> {
    let mut opens = Vec::new();
    let mut ends: Vec<(usize, bool, char)> = Vec::new();
    let mut done = 0;
    for (at, c) in text.char_indices() {
        let Some((kind, _, length)) = mark_at(text, at, c).filter(|_| at >= done) else { continue };
        done = at + length;
        if kind != Family::Single {
            continue;
        }
        let around = sides(text, at, done, c);
        let after = &text[at + c.len_utf8()..];
        if around.opens && c != '’' && !clipped(c, after)
            || (c == '’'
                && around.opens
                && !around.closes
                && !clipped(c, after)
                && starts_capital(after))
        {
            opens.push((at, c));
        } else if matches!(c, '\'' | '’' | '‘')
            && (around.closes || around.after.is_none())
            && around.before.is_some_and(|b| !b.is_whitespace())
        {
            let plural = around.before.is_some_and(|b| matches!(b, 's' | 'S' | 'n' | 'z'))
                && after.chars().next().is_some_and(|a| a == ' ')
                && after.chars().nth(1).is_some_and(char::is_alphabetic);
            ends.push((at, plural, c));
        }
    }
    let mut pairs = Vec::new();
    let mut from = 0;
    let mut busy_until = 0;
    for (index, &(open, glyph)) in opens.iter().enumerate() {
        if open < busy_until {
            continue;
        }
        while ends.get(from).is_some_and(|end| end.0 <= open) {
            from += 1;
        }
        let limit = opens.get(index + 1).map_or(text.len(), |next| next.0);
        let candidates = ends[from..]
            .iter()
            .take(SINGLE_CANDIDATES_MAX)
            .inspect(|_| crate::extract::work::step())
            .filter(|end| accepts(glyph, end.2));
        let within = candidates.clone().take_while(|end| end.0 < limit);
        let chosen = within
            .clone()
            .find(|end| !end.1)
            .or_else(|| within.last())
            .or_else(|| candidates.clone().find(|end| !end.1));
        if let Some(end) = chosen {
            pairs.push((open, end.0));
            busy_until = end.0;
        }
    }
    pairs
}

fn accepts(open: char, close: char) -> bool {
    match open {
        '\'' => close == '\'' || close == '’',
        '‚' => close == '‘' || close == '’' || close == '\'',
        _ => close == '’' || close == '\'',
    }
}

fn starts_capital(text: &str) -> bool {
    text.chars().next().is_some_and(char::is_uppercase)
}

/// 'em, 'til, 'cause, 'tis, '90s: a clipped word and no opening mark. With a capital some are words of other languages,
/// ‘Er komt geen geld’, and behind a mark that only opens all are.
fn clipped(glyph: char, after: &str) -> bool {
    let word: String = after
        .chars()
        .take(8)
        .take_while(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_lowercase();
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 2 && (word.len() == 2 || &word[2..] == "s") {
        return true;
    }
    if starts_capital(after)
        && (glyph != '\'' && glyph != '’'
            || matches!(word.as_str(), "er" | "im" | "em" | "y" | "n" | "ol"))
    {
        return false;
    }
    matches!(
        word.as_str(),
        "em" | "til"
            | "till"
            | "cause"
            | "tis"
            | "twas"
            | "bout"
            | "round"
            | "n"
            | "neath"
            | "cuz"
            | "er"
            | "im"
            | "nuff"
            | "ol"
            | "y"
    )
}
