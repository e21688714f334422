//! Text from the web made safe to print: for a terminal, a log line, a feed, a citation. Which
//! characters may be printed as they are is decided here and nowhere else, and so is how many cells of
//! a terminal a text takes.
//!
//! | character | printed as |
//! |---|---|
//! | C0 controls and DEL (escape sequences and OSC begin with one) | their picture: `␛`, `␇`, `␍` |
//! | C1 controls, bidi embeddings, overrides and isolates, tags, fillers, noncharacters | `U+FFFD` |
//! | invisible characters that typesetting leaves in ordinary text: soft hyphen, zero-width space, marks of direction, byte order mark | nothing |
//! | joiners and variation selectors | as they are where the script or the emoji needs them, else nothing |
//! | combining marks | as they are, at most [`MARKS_MAX`] in a row |
//!
//! JSON is data for programs: [`json`] changes no value and writes such characters as `\uXXXX`.
//!
//! Sources: Unicode Standard, sections 23.1 to 23.3; Unicode Technical Report 36, section 2 (visual
//! spoofing); UTS 39; Trojan Source (Boucher and Anderson, 2021); ECMA-48, section 5.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// At most this many marks without a width may follow a letter: more would cover the lines around it.
pub const MARKS_MAX: usize = 8;

/// What is printed for one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Itself,
    As(char),
    Nothing,
}

/// What becomes of the end of a line and of a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaks {
    Kept,
    Shown,
}

/// Several lines of text: line ends and tabs stay, and `\r\n` is one line end.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    printed(text, Breaks::Kept)
}

/// Text that must not become a second line or a second column: a line end is shown as `␊`, a tab as a
/// space.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    printed(text, Breaks::Shown)
}

/// Prose as one line: every run of white space is one space, also at the ends.
#[must_use]
pub fn flat(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_whitespace() {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    match line(&out) {
        Cow::Borrowed(_) => out,
        Cow::Owned(clean) => clean,
    }
}

/// Several lines in which the program itself has set colours (SGR sequences) and isolated words of
/// another direction (FSI and PDI). What came from elsewhere must have gone through one of the other
/// functions before the marks were put around it; any other control is treated as in [`lines`].
#[must_use]
pub fn styled(text: &str) -> Cow<'_, str> {
    if !text.contains(['\u{1b}', '\u{2068}', '\u{2069}']) {
        return lines(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\u{1b}', '\u{2068}', '\u{2069}']) {
        let (before, mark) = rest.split_at(at);
        out.push_str(&lines(before));
        let length = own_mark(mark);
        // Anything else that begins with such a character is not a mark of this program.
        let taken = length.unwrap_or_else(|| mark.chars().next().map_or(0, char::len_utf8));
        let (mark, after) = mark.split_at(taken);
        match length {
            Some(_) => out.push_str(mark),
            None => out.push_str(&lines(mark)),
        }
        rest = after;
    }
    out.push_str(&lines(rest));
    Cow::Owned(out)
}

/// The length of the mark of this program that the text begins with: `ESC [ digits ; … m`, FSI, PDI.
fn own_mark(text: &str) -> Option<usize> {
    if text.starts_with(['\u{2068}', '\u{2069}']) {
        return Some('\u{2068}'.len_utf8());
    }
    let codes = text.strip_prefix("\u{1b}[")?;
    let length = codes.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    codes[length..].starts_with('m').then_some("\u{1b}[".len() + length + 1)
}

/// Serialised JSON with every character that is not printed as it is written as `\uXXXX`: the same
/// values to a reader of JSON. White space between the values stays.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    let stays = |c: char| matches!(c, '\n' | '\t' | '\r') || is_plain(c);
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if stays(c) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing into a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(out)
}

/// Whether a character is printed as it is, whatever stands around it.
#[must_use]
#[inline]
pub fn is_plain(c: char) -> bool {
    // Nearly all of JSON is ASCII.
    matches!(c, ' '..='~') || shown(c) == Shown::Itself
}

/// How many cells of a terminal a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The first words of a text that fit into this many cells, with an ellipsis where it is cut.
#[must_use]
pub fn fitted(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    let room = cells.saturating_sub(1);
    let mut end = 0;
    for (at, c) in text.char_indices() {
        if width(&text[..at + c.len_utf8()]) > room {
            break;
        }
        end = at + c.len_utf8();
        if at > 4 * cells {
            // Marks without a width must not make this long.
            break;
        }
    }
    let whole = &text[..end];
    let goes_on = text[end..].starts_with(|c: char| !c.is_whitespace());
    let cut = if goes_on { whole.rfind(' ').map_or(whole, |at| &whole[..at]) } else { whole };
    // A word that is longer than half the room is cut rather than left out.
    let kept = if width(cut) * 2 < room { whole } else { cut };
    Cow::Owned(format!("{}…", kept.trim_end()))
}

fn printed(text: &str, breaks: Breaks) -> Cow<'_, str> {
    if is_ordinary(text, breaks) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    let mut before: Option<char> = None;
    let mut after = text.chars().peekable();
    while let Some(c) = after.next() {
        let next = after.peek().copied();
        let shown = match (c, breaks) {
            ('\r', Breaks::Kept) if next == Some('\n') => Shown::Nothing,
            ('\n' | '\t', Breaks::Kept) => Shown::Itself,
            ('\u{2028}' | '\u{2029}', Breaks::Kept) => Shown::As('\n'),
            ('\t' | '\u{2028}' | '\u{2029}', Breaks::Shown) => Shown::As(' '),
            _ if is_needed(c, before, next) => Shown::Itself,
            _ => shown(c),
        };
        let c = match shown {
            Shown::Itself => c,
            Shown::As(other) => other,
            Shown::Nothing => continue,
        };
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        if marks <= MARKS_MAX {
            out.push(c);
        }
        before = Some(c);
    }
    Cow::Owned(out)
}

/// Whether a text is printed as it is: most are, and are not copied then.
fn is_ordinary(text: &str, breaks: Breaks) -> bool {
    let plain = |c: char| match c {
        '\n' | '\t' => breaks == Breaks::Kept,
        ' '..='~' => true,
        c => c.width().is_some_and(|cells| cells > 0) && is_plain(c),
    };
    text.chars().all(plain)
}

/// What is printed for a character without regard to those around it.
fn shown(c: char) -> Shown {
    const UNKNOWN: Shown = Shown::As('\u{fffd}');
    match c {
        '\0'..='\x1f' => picture(u32::from(c) + 0x2400),
        '\x7f' => picture(0x2421),
        '\u{80}'..='\u{9f}' => UNKNOWN,
        // Left over from typesetting, or part of a script: see `is_needed`.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {
            Shown::Nothing
        }
        '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
            Shown::Nothing
        }
        '\u{2028}' | '\u{2029}' => Shown::As(' '),
        '\u{202a}'..='\u{202e}' | '\u{2061}'..='\u{206f}' => UNKNOWN,
        // Invisible letters, format characters of scripts and notations, tags.
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{17b4}' | '\u{17b5}' => UNKNOWN,
        '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' => UNKNOWN,
        '\u{e0000}'..='\u{e0fff}' | '\u{fdd0}'..='\u{fdef}' => UNKNOWN,
        c if u32::from(c) & 0xfffe == 0xfffe => UNKNOWN,
        _ => Shown::Itself,
    }
}

fn picture(code: u32) -> Shown {
    Shown::As(char::from_u32(code).unwrap_or('\u{fffd}'))
}

/// Whether a joiner or a variation selector does its work where it is: between letters of a script
/// that joins, between the parts of an emoji, behind what it selects a form of.
fn is_needed(c: char, before: Option<char>, next: Option<char>) -> bool {
    let (Some(before), next) = (before, next.unwrap_or(' ')) else { return false };
    match c {
        '\u{200c}' => is_joining(before) && is_joining(next),
        '\u{200d}' => {
            (is_joining(before) && is_joining(next))
                || ((is_pictograph(before) || before == '\u{fe0f}') && is_pictograph(next))
        }
        '\u{180b}'..='\u{180d}' | '\u{180f}' => matches!(before, '\u{1820}'..='\u{18aa}'),
        '\u{fe00}'..='\u{fe0f}' => is_selectable(before),
        '\u{e0100}'..='\u{e01ef}' => matches!(
            before,
            '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
        ),
        _ => false,
    }
}

/// Letters and marks of scripts in which joiners change the form of a word (Unicode Standard, section
/// 23.2): Arabic and its relatives, the scripts of India, Myanmar, Khmer, Mongolian.
fn is_joining(c: char) -> bool {
    matches!(
        c,
        '\u{620}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17b3}'
            | '\u{17b6}'..='\u{17ff}' | '\u{1820}'..='\u{18af}' | '\u{1a00}'..='\u{1cff}'
            | '\u{a800}'..='\u{abff}' | '\u{fb50}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}' | '\u{10a00}'..='\u{11fff}'
    )
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// Whether a form of the character may be selected: emoji, their digits, symbols, ideographs.
fn is_selectable(c: char) -> bool {
    matches!(
        c,
        '0'..='9' | '#' | '*' | '©' | '®' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
    ) || matches!(c, '\u{3030}'..='\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{3400}'..='\u{9fff}')
        || matches!(c, '\u{1000}'..='\u{109f}' | '\u{2200}'..='\u{22ff}' | '\u{f900}'..='\u{faff}')
        || is_pictograph(c)
}

/// Bytes that arrive in pieces and are to be printed: what is not UTF-8 is `U+FFFD`, the rest as
/// [`lines`] prints it.
#[derive(Debug, Default)]
pub struct Stream {
    /// The beginning of a character, or a `\r`, that the next piece may complete.
    kept: Vec<u8>,
}

impl Stream {
    /// What of these bytes can be printed now.
    #[must_use]
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.kept.extend_from_slice(bytes);
        let whole = complete(&self.kept);
        let rest = self.kept.split_off(whole);
        let now = std::mem::replace(&mut self.kept, rest);
        lines(&String::from_utf8_lossy(&now)).into_owned()
    }

    /// What is left at the end.
    #[must_use]
    pub fn end(self) -> String {
        lines(&String::from_utf8_lossy(&self.kept)).into_owned()
    }
}

/// How many of the bytes end with a whole character that is not the first half of `\r\n`.
fn complete(bytes: &[u8]) -> usize {
    let unfinished = bytes
        .utf8_chunks()
        .last()
        .map(|chunk| chunk.invalid().len())
        .filter(|&left| left > 0 && could_go_on(&bytes[bytes.len() - left..]))
        .unwrap_or(0);
    match unfinished {
        0 if bytes.ends_with(b"\r") => bytes.len() - 1,
        left => bytes.len() - left,
    }
}

/// Whether incomplete bytes may become a character with what follows.
fn could_go_on(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|why| why.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What must never be printed, as a reader of ECMA-48 and of the bidi algorithm has it.
    fn is_dangerous(c: char) -> bool {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || matches!(
                c,
                '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}'
                    ..='\u{2064}' | '\u{feff}' | '\u{ad}'
            )
            || matches!(c, '\u{e0000}'..='\u{e007f}')
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let cases = [
            ("\u{1b}[2J", "␛[2J"),
            ("\u{1b}]0;owned\u{7}", "␛]0;owned␇"),
            ("\u{9b}31m and \u{9d}0;x\u{9c}", "\u{fffd}31m and \u{fffd}0;x\u{fffd}"),
            ("over\rwritten", "over␍written"),
            ("back\u{8}\u{7f}", "back␈␡"),
            ("evil \u{202e}txt.exe\u{2066}", "evil \u{fffd}txt.exe\u{fffd}"),
            ("soft\u{ad}hyphen zero\u{200b}width \u{feff}bom", "softhyphen zerowidth bom"),
            ("tag\u{e0041}ged and \u{3164}filled", "tag\u{fffd}ged and \u{fffd}filled"),
            ("left\u{200e} right\u{200f} arabic\u{61c}", "left right arabic"),
            ("no\u{ffff}character", "no\u{fffd}character"),
        ];
        for (text, expected) in cases {
            assert_eq!(line(text), expected, "{text:?}");
            assert_eq!(lines(text), expected, "{text:?}");
        }
    }

    #[test]
    fn ordinary_text_of_any_script_stays_and_is_not_copied() {
        for text in
            ["plain ASCII, 100 %", "Brücke über die Ruhr – 25 €", "東京で火事", "הגשר נסגר", "🚢🌊"]
        {
            assert!(matches!(line(text), Cow::Borrowed(_)), "{text}");
        }
        // Joiners and selectors where the script or the emoji needs them.
        for text in [
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "👩\u{200d}🚒",
            "❤\u{fe0f}\u{200d}🔥",
            "1\u{fe0f}\u{20e3}",
            "e\u{301}",
        ] {
            assert_eq!(line(text), text);
        }
        for (text, expected) in [
            ("a\u{200d}b\u{200c}c", "abc"),
            ("a\u{fe0f}b", "ab"),
            ("❤\u{fe0f}\u{fe0f}\u{fe0e}", "❤\u{fe0f}"),
        ] {
            assert_eq!(line(text), expected);
        }
    }

    #[test]
    fn a_line_stays_one_and_lines_keep_their_ends() {
        assert_eq!(line("a\nb\tc\u{2028}d"), "a␊b c d");
        assert_eq!(lines("a\r\nb\tc\u{2028}d\re"), "a\nb\tc\nd␍e");
        assert_eq!(flat(" a\r\n\t b\u{1b} \u{200b} c "), " a b␛  c ");
    }

    #[test]
    fn marks_that_cover_other_lines_are_few() {
        let piled = format!("a{}b", "\u{336}".repeat(50));
        assert_eq!(line(&piled).chars().count(), 2 + MARKS_MAX);
    }

    #[test]
    fn colours_of_the_program_pass_and_no_other_sequence() {
        let own = "\u{1b}[1m\u{1b}[31mred\u{1b}[0m and \u{2068}הגשר\u{2069}";
        assert_eq!(styled(own), own);
        for (text, expected) in [
            ("\u{1b}[2J", "␛[2J"),
            ("\u{1b}[31", "␛[31"),
            ("\u{1b}]8;;http://a\u{1b}\\x", "␛]8;;http://a␛\\x"),
            ("\u{1b}[?25l\u{1b}[0m", "␛[?25l\u{1b}[0m"),
            ("\u{2067}x\u{2069}", "\u{fffd}x\u{2069}"),
        ] {
            assert_eq!(styled(text), expected, "{text:?}");
        }
    }

    #[test]
    fn cells_are_counted_and_not_characters() {
        for (text, cells) in [("abc", 3), ("東京", 4), ("e\u{301}", 1), ("🚢", 2), ("", 0)] {
            assert_eq!(width(text), cells, "{text}");
        }
        for (text, cells, expected) in [
            ("short", 10, "short"),
            ("a longer sentence here", 12, "a longer…"),
            ("unbreakablelongword", 8, "unbreak…"),
            ("東京で火事がありました", 9, "東京で火…"),
            ("one two", 4, "one…"),
        ] {
            let cut = fitted(text, cells);
            assert_eq!(cut, expected);
            assert!(width(&cut) <= cells);
        }
    }

    #[test]
    fn bytes_that_come_in_pieces_read_as_in_one() {
        let bytes = "Brücke 🚢\r\nzwei\u{1b}[0m\r".as_bytes();
        let whole = "Brücke 🚢\nzwei␛[0m␍";
        for size in 1..bytes.len() {
            let mut stream = Stream::default();
            let mut out: String = bytes.chunks(size).map(|piece| stream.push(piece)).collect();
            out.push_str(&stream.end());
            assert_eq!(out, whole, "in pieces of {size}");
        }
        let mut stream = Stream::default();
        assert_eq!(stream.push(b"\xff\xfeP\x80N\xf0\x9f"), "\u{fffd}\u{fffd}P\u{fffd}N");
        assert_eq!(stream.end(), "\u{fffd}");
    }

    /// Text with many of the characters that matter; the strategy of a plain `String` makes none.
    fn hostile() -> impl Strategy<Value = String> {
        let marks: Vec<char> = "\u{1b}\u{7}\u{8}\r\n\t\u{7f}\u{85}\u{9b}\u{9d}\u{ad}\u{200b}\u{200c}\u{200d}\u{202e}\u{2066}\u{2068}\u{2069}\u{feff}\u{fe0f}\u{301}\u{2028}\u{e0041}[]0;31m❤🔥می क東 a"
            .chars()
            .collect();
        let character = prop_oneof![3 => prop::sample::select(marks), 1 => any::<char>(), 1 => prop::char::range(' ', '~')];
        prop::collection::vec(character, 0..60).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_printed(text in hostile()) {
            for printed in [line(&text), lines(&text), Cow::from(flat(&text))] {
                prop_assert!(!printed.chars().any(is_dangerous), "{printed:?}");
                // Printing again changes nothing.
                prop_assert_eq!(lines(&printed), printed.clone());
            }
            prop_assert!(!line(&text).contains(['\n', '\t']));
            prop_assert!(width(&fitted(&line(&text), 20)) <= 20);
        }

        #[test]
        fn json_says_the_same_and_shows_nothing_dangerous(text in hostile()) {
            let printed = serde_json::to_string(&text).unwrap();
            let printed = json(&printed);
            prop_assert!(!printed.chars().any(is_dangerous), "{printed:?}");
            prop_assert_eq!(serde_json::from_str::<String>(&printed).unwrap(), text);
        }

        #[test]
        fn styled_text_is_no_worse_than_its_marks(text in hostile()) {
            let printed = styled(&text);
            let others = printed.replace(['\u{2068}', '\u{2069}'], "").replace("\u{1b}[", "");
            prop_assert!(!others.chars().any(is_dangerous), "{printed:?}");
        }
    }
}
