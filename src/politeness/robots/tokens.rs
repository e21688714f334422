//! Bytes of a robots.txt → its lines as keys and values. The only file that names `robotstxt`.
//!
//! The crate is used as a line tokenizer and for nothing else: its groups, its matcher and its
//! byte-order mark are not the standard's (`docs/decisions/0008-robotstxt-as-tokenizer.md`). What
//! it is fed has been made harmless first: at most 500 KiB, no byte-order mark, ASCII only, every
//! line trimmed and short enough that the crate never cuts one itself.

use robotstxt::{RobotsParseHandler, parse_robotstxt};

use super::Note;
use super::normal::{hex, push_escape};

/// How much of a robots.txt is read, in bytes: the least that RFC 9309 section 2.5 allows.
pub const ROBOTS_BYTES_MAX: usize = 500 * 1024;

/// How much of a line is read, in bytes after encoding. The crate's own cut is at 16,663, and
/// no address that can be asked for is longer than 16,384.
const LINE_BYTES_MAX: usize = 16_000;

/// How many notes are kept: a file of nonsense should not become a list of nonsense.
pub(super) const NOTES_MAX: usize = 50;

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    UserAgent(String),
    Allow(String),
    Disallow(String),
    Sitemap(String),
    CrawlDelay(String),
    /// A key of no meaning to us. It changes nothing, and above all it ends no group.
    Unknown(String),
}

/// The lines in order, by number from one, and what was unexpected about the file.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) words: Vec<(u32, Word)>,
    pub(super) notes: Vec<Note>,
}

/// The lines of `bytes`. Total: any bytes give an answer, most of them an empty one.
pub(super) fn tokenize(bytes: &[u8]) -> Tokens {
    let mut tokens = Tokens::default();
    let text = sanitise(bytes, &mut tokens.notes);
    parse_robotstxt(&text, &mut Collector(&mut tokens.words));
    tokens
}

struct Collector<'a>(&'a mut Vec<(u32, Word)>);

impl RobotsParseHandler for Collector<'_> {
    fn handle_robots_start(&mut self) {}

    fn handle_robots_end(&mut self) {}

    fn handle_user_agent(&mut self, line: u32, value: &str) {
        self.0.push((line, Word::UserAgent(value.to_owned())));
    }

    fn handle_allow(&mut self, line: u32, value: &str) {
        self.0.push((line, Word::Allow(value.to_owned())));
    }

    fn handle_disallow(&mut self, line: u32, value: &str) {
        self.0.push((line, Word::Disallow(value.to_owned())));
    }

    fn handle_sitemap(&mut self, line: u32, value: &str) {
        self.0.push((line, Word::Sitemap(value.to_owned())));
    }

    fn handle_unknown_action(&mut self, line: u32, key: &str, value: &str) {
        let word = match key.to_ascii_lowercase().as_str() {
            "crawl-delay" | "crawldelay" | "crawl delay" => Word::CrawlDelay(value.to_owned()),
            _ => Word::Unknown(key.to_owned()),
        };
        self.0.push((line, word));
    }
}

/// ASCII text with the same line numbers as `bytes`.
fn sanitise(bytes: &[u8], notes: &mut Vec<Note>) -> String {
    let bytes = cut_at_a_line(bytes, notes);
    let decoded;
    let bytes = match utf16(bytes) {
        Some(text) => {
            notes.push(Note::file("is UTF-16, and was read as that; the standard asks for UTF-8"));
            decoded = text;
            decoded.as_bytes()
        }
        None => without_byte_order_mark(bytes),
    };
    let mut out = String::with_capacity(bytes.len() + 16);
    let mut number = 0;
    for line in lines(bytes) {
        number += 1;
        if number > 1 {
            out.push('\n');
        }
        push_line(&mut out, number, line.trim_ascii(), notes);
    }
    out
}

fn push_line(out: &mut String, number: u32, line: &[u8], notes: &mut Vec<Note>) {
    let start = out.len();
    let mut at = 0;
    while let Some(&octet) = line.get(at) {
        if out.len() - start > LINE_BYTES_MAX - 3 {
            if notes.len() < NOTES_MAX {
                notes.push(Note::line(number, format!("is cut after {LINE_BYTES_MAX} bytes")));
            }
            return;
        }
        let escape = (octet == b'%')
            .then(|| Some((hex(*line.get(at + 1)?)?, hex(*line.get(at + 2)?)?)))
            .flatten();
        if let Some((high, low)) = escape {
            push_escape(out, high << 4 | low);
            at += 3;
        } else {
            if octet.is_ascii() {
                out.push(char::from(octet));
            } else {
                push_escape(out, octet);
            }
            at += 1;
        }
    }
}

/// At most [`ROBOTS_BYTES_MAX`] bytes, without the line that the limit falls into.
fn cut_at_a_line<'a>(bytes: &'a [u8], notes: &mut Vec<Note>) -> &'a [u8] {
    let Some(head) = bytes.get(..ROBOTS_BYTES_MAX) else { return bytes };
    if bytes.len() == ROBOTS_BYTES_MAX {
        return bytes;
    }
    notes.push(Note::file(format!(
        "is {} bytes long; rules after the first {ROBOTS_BYTES_MAX} are not read",
        bytes.len()
    )));
    let end = memchr::memrchr2(b'\n', b'\r', head).map_or(ROBOTS_BYTES_MAX, |at| at + 1);
    &head[..end]
}

/// UTF-8's mark, or the first bytes of one: a cut mark is as common as it is meaningless.
fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    let mark = [0xEF, 0xBB, 0xBF];
    let same = bytes.iter().zip(mark).take_while(|(byte, mark)| **byte == *mark).count();
    &bytes[same..]
}

/// The text of a file that says by its mark that it is UTF-16, as some editors write it. Reading
/// it as UTF-8 would find no rule in it, and fetch what its author forbade.
fn utf16(bytes: &[u8]) -> Option<String> {
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2)? {
        [0xFF, 0xFE] => u16::from_le_bytes,
        [0xFE, 0xFF] => u16::from_be_bytes,
        _ => return None,
    };
    let (pairs, _odd) = bytes[2..].as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    Some(
        char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
    )
}

/// Lines ended by CR, LF or CR LF (RFC 9309 section 2.2).
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let Some(end) = memchr::memchr2(b'\n', b'\r', bytes) else {
            rest = None;
            return Some(bytes);
        };
        let skip = if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = Some(&bytes[end + skip..]);
        Some(&bytes[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &[u8]) -> Vec<(u32, Word)> {
        tokenize(text).words
    }

    #[test]
    fn line_numbers_survive_every_line_end() {
        for end in ["\n", "\r", "\r\n"] {
            let text = ["User-agent: a", "", "# c", "Disallow: /x", "Crawl-Delay: 3"].join(end);
            let got = words(text.as_bytes());
            assert_eq!(
                got,
                [
                    (1, Word::UserAgent("a".into())),
                    (4, Word::Disallow("/x".into())),
                    (5, Word::CrawlDelay("3".into()))
                ],
                "{end:?}"
            );
        }
    }

    #[test]
    fn marks_spaces_and_odd_octets_do_not_hide_a_line() {
        for text in [
            &b"\xEF\xBB\xBFUser-agent: a"[..],
            b"\xEF\xBBUser-agent: a",
            b"\xEFUser-agent: a",
            b"  \t User-agent a  ",
            b"\xFF\xFEU\0s\0e\0r\0-\0a\0g\0e\0n\0t\0:\0a\0",
            b"\xFE\xFF\0U\0s\0e\0r\0-\0a\0g\0e\0n\0t\0:\0a",
        ] {
            assert_eq!(words(text), [(1, Word::UserAgent("a".into()))], "{text:?}");
        }
        assert_eq!(words(b"Allow: /\xFF%aa%zz"), [(1, Word::Allow("/%FF%AA%zz".into()))]);
    }

    #[test]
    fn a_long_line_is_cut_and_said() {
        for filler in ["a", "é", "%ab"] {
            let text = format!("Disallow: /{}\nAllow: /x", filler.repeat(20_000));
            let tokens = tokenize(text.as_bytes());
            assert_eq!(tokens.words.len(), 2);
            let (1, Word::Disallow(value)) = &tokens.words[0] else { panic!("{filler}") };
            assert!(value.len() > 15_900 && value.len() < LINE_BYTES_MAX, "{}", value.len());
            assert_eq!(tokens.words[1], (2, Word::Allow("/x".into())));
            assert_eq!(tokens.notes[0].line, 1);
        }
    }

    #[test]
    fn a_large_file_is_cut_between_lines() {
        let mut text = b"User-agent: *\n".to_vec();
        while text.len() < ROBOTS_BYTES_MAX + 100 {
            text.extend_from_slice(b"Disallow: /0123456789\n");
        }
        let tokens = tokenize(&text);
        assert!(tokens.notes[0].what.contains("512000"));
        assert!(tokens.words[1..].iter().all(|(_, w)| *w == Word::Disallow("/0123456789".into())));
        assert_eq!(tokens.words.len(), 1 + (ROBOTS_BYTES_MAX - 14) / 22);
        assert!(tokenize(&text[..ROBOTS_BYTES_MAX]).notes.is_empty());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            tokenize(&bytes);
        }

        #[test]
        fn what_looks_like_robots_gives_an_answer(
            text in "((User-agent|Allow|disalow|Sitemap|Crawl-delay|x)?[ \\t]*:?(\\PC|%[0-9a-zA-Z%]{1,2}|\\*|\\$|#){0,12}[\\r\\n]{1,2}){0,20}"
        ) {
            let tokens = tokenize(text.as_bytes());
            for pair in tokens.words.windows(2) {
                proptest::prop_assert!(pair[0].0 < pair[1].0);
            }
        }
    }
}
