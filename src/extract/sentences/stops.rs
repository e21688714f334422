//! Stops and closing marks, character by character.
//!
//! Owns which characters end a sentence in which script, and what belongs to a stop: its run, the
//! closing marks and footnote marks behind it. Deliberately decides no boundary but that of the scripts
//! that write no space.

use crate::language::table;

/// The longest attribution behind a quotation in Chinese, in characters.
const WIDE_ATTRIBUTION_MAX: usize = 16;

pub(super) fn char_at(text: &str, at: usize) -> Option<char> {
    crate::extract::work::step();
    text.get(at..)?.chars().next()
}

pub(super) fn is_stop(c: char, language: &str) -> bool {
    matches!(
        c,
        '.' | '!'
            | '?'
            | '…'
            | '؟'
            | '۔'
            | '‽'
            | '⁇'
            | '⁈'
            | '⁉'
            | '‼'
            | '։'
            | '።'
            | '፧'
            | '᙮'
    ) || is_wide_stop(c)
        || (c == ';' && language == "el")
        || c == '\u{37e}'
}

/// Stops after which no space is written (or needed): Chinese, Japanese, Indic, Burmese, Khmer.
pub(super) fn is_wide_stop(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '｡' | '．' | '।' | '॥' | '။' | '។' | '៕' | '᠃')
}

/// A boundary unless the sentence continues behind a closing mark: 「はい。」と述べた。
pub(super) fn wide_boundary(text: &str, close_end: usize) -> bool {
    let closed = text[..close_end]
        .chars()
        .next_back()
        .is_some_and(|c| matches!(c, '」' | '』' | '”' | '’' | '）' | '"'));
    if !closed {
        return true;
    }
    let rest = &text[close_end..];
    let mut next = rest.chars();
    match next.next() {
        Some(
            'と' | 'な' | 'で' | 'が' | 'を' | 'に' | 'は' | 'も' | 'の' | '，' | '、' | '。' | ',',
        ) => false,
        _ => !is_wide_attribution(rest),
    }
}

/// Whether a few characters up to the next mark end with a verb of saying: 她问。
fn is_wide_attribution(rest: &str) -> bool {
    let clause: String = rest
        .chars()
        .take(WIDE_ATTRIBUTION_MAX)
        .take_while(|c| {
            !is_wide_stop(*c) && !matches!(c, '，' | '、' | '：' | '；' | ',' | ':' | '“' | '「')
        })
        .collect();
    let ended = clause.chars().count() < WIDE_ATTRIBUTION_MAX;
    ended && table("zh").is_some_and(|zh| zh.say.iter().any(|verb| clause.ends_with(verb)))
}

pub(super) fn stop_run(text: &str, at: usize, language: &str) -> usize {
    let mut end = at;
    while let Some(c) = char_at(text, end) {
        if is_stop(c, language) {
            end += c.len_utf8();
        } else if (c == ' ' || c == '\u{a0}')
            && end > at
            && text[end + c.len_utf8()..].starts_with('.')
        {
            // The spaced ellipsis ". . ." is one run.
            end += c.len_utf8();
        } else {
            break;
        }
    }
    end
}

/// The end of the closing marks (and footnote marks) right after a stop.
pub(super) fn closers(text: &str, from: usize) -> usize {
    let mut end = from;
    while let Some(c) = char_at(text, end) {
        let closes = match c {
            '”' | '’' | '»' | '›' | ')' | ']' | '」' | '』' | '）' | '】' | '》' | '〉' | '"'
            | '\'' => true,
            // The German and Polish closing mark; with a letter behind it, it opens the next sentence.
            '“' | '‘' => {
                !text[end + c.len_utf8()..].chars().next().is_some_and(char::is_alphanumeric)
            }
            '«' | '‹' => {
                text[end + c.len_utf8()..].chars().next().is_none_or(char::is_whitespace)
            }
            _ => false,
        };
        if closes {
            let next = text[end + c.len_utf8()..].chars().next();
            // A straight mark right before a letter opens what follows ("end."Next).
            if matches!(c, '"' | '\'') && next.is_some_and(char::is_alphanumeric) {
                break;
            }
            end += c.len_utf8();
        } else if c == '[' {
            match footnote(&text[end..]) {
                Some(length) => end += length,
                None => break,
            }
        } else if matches!(c, ' ' | '\u{a0}' | '\u{202f}') {
            // French sets a space before its closing guillemet.
            let rest = &text[end + c.len_utf8()..];
            if rest.starts_with('»')
                && rest[2..].chars().next().is_none_or(|n| !n.is_alphanumeric())
            {
                end += c.len_utf8() + 2;
            } else {
                break;
            }
        } else {
            break;
        }
    }
    end
}

/// The length of a footnote mark such as `[12]`.
pub(super) fn footnote(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[')?;
    let digits = inner.bytes().take(4).take_while(u8::is_ascii_digit).count();
    (digits > 0 && inner[digits..].starts_with(']')).then_some(digits + 2)
}

pub(super) fn ends_with_quote(marks: &str) -> bool {
    marks
        .chars()
        .any(|c| matches!(c, '”' | '’' | '»' | '›' | '"' | '\'' | '“' | '‘' | '」' | '』' | '«'))
}

pub(super) fn is_open_quote(c: char) -> bool {
    matches!(c, '“' | '„' | '«' | '"' | '‘' | '‚')
}

pub(super) fn skip_space(text: &str, mut at: usize) -> usize {
    while let Some(c) = char_at(text, at) {
        if !c.is_whitespace() {
            break;
        }
        at += c.len_utf8();
    }
    at
}

pub(super) fn skip_openers(text: &str, mut at: usize) -> usize {
    for _ in 0..4 {
        match char_at(text, at) {
            Some(c)
                if is_open_quote(c) || matches!(c, '(' | '[' | '\'' | '¿' | '¡' | '‹' | '»') =>
            {
                at += c.len_utf8()
            }
            Some(c) if c.is_whitespace() && at > 0 => at += c.len_utf8(),
            _ => break,
        }
    }
    at
}
