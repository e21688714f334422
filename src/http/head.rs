//! The head of a message: a start line and its fields, in order, in their own case, byte for byte.
//!
//! Owns the cutting of a head into lines and fields, and reading them by name. Deliberately does
//! not decide where a body ends ([`super::framing`]), and refuses nothing: a line that is not a field
//! is kept as an odd line, and [`Head::print`] gives back exactly the bytes that were parsed.
//!
//! Field syntax: RFC 9112 sections 2 to 5, with what servers really send allowed on top: bare LF
//! (section 2.2), obsolete line folding (5.2), white space before the colon (5.1), blank lines
//! before the status line (2.2), a missing reason phrase (4), any version text.

use std::borrow::Cow;
use std::ops::Range;

/// One field as it is in the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name in its own case, without white space around it.
    pub name: &'a [u8],
    /// The value without white space around it; a folded value still holds its line breaks.
    pub value: &'a [u8],
    /// The whole line or lines, line ends included.
    pub line: &'a [u8],
}

impl<'a> Field<'a> {
    /// The value with every fold replaced by one space (RFC 9112 section 5.2).
    #[must_use]
    pub fn unfolded(&self) -> Cow<'a, [u8]> {
        if !self.value.contains(&b'\n') {
            return Cow::Borrowed(self.value);
        }
        let mut joined = Vec::with_capacity(self.value.len());
        for part in self.value.split(|b| *b == b'\n').map(trim).filter(|part| !part.is_empty()) {
            if !joined.is_empty() {
                joined.push(b' ');
            }
            joined.extend_from_slice(part);
        }
        Cow::Owned(joined)
    }

    /// The unfolded value as text: UTF-8 where it is valid, else each byte as ISO 8859-1.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        match self.unfolded() {
            Cow::Borrowed(bytes) => text(bytes),
            Cow::Owned(bytes) => Cow::Owned(text(&bytes).into_owned()),
        }
    }

    /// Whether this field has that name, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// One line of the head, or several folded into one; ranges into the head's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    name: Option<Range<usize>>,
    value: Range<usize>,
    whole: Range<usize>,
}

/// A parsed head: of a response, or of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The status code of a response, where its status line has one of three digits.
    pub status: Option<u16>,
    /// Major and minor version, where the start line names one such as `HTTP/1.1`.
    pub version: Option<(u8, u8)>,
    raw: Vec<u8>,
    lead: usize,
    start: Range<usize>,
    lines: Vec<Line>,
    fields_end: usize,
    folded: bool,
    bare_lf: bool,
    spaced_name: bool,
}

/// The most lines that a head is cut into; what comes after them is one more line, which is no field.
/// Real heads have tens of lines. A megabyte of line ends would be forty of lines.
const LINES_MAX: usize = 32_768;
/// The most members of a list.
const LIST_MAX: usize = 1_000;

impl Head {
    /// Parses a head: blank lines, a start line, fields, and the empty line if it is there.
    ///
    /// Everything up to the empty line is parsed; bytes after it are neither examined nor kept.
    /// Nothing is refused: a cut head gives the lines that are there.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let (head, end) = Self::read(bytes);
        Self { raw: bytes[..end].to_vec(), ..head }
    }

    /// As [`Self::parse`], of bytes that are its own: no second copy of a long head.
    pub(super) fn parse_own(mut bytes: Vec<u8>) -> Self {
        let (head, end) = Self::read(&bytes);
        bytes.truncate(end);
        Self { raw: bytes, ..head }
    }

    /// A head without its bytes, and how many of them it takes, its empty line included.
    fn read(bytes: &[u8]) -> (Self, usize) {
        let lead = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let (start, mut at) = line_at(bytes, lead);
        let mut bare_lf = is_bare_lf(bytes, &start, at);
        let mut lines: Vec<Line> = Vec::with_capacity(16);
        let (mut folded, mut spaced_name) = (false, false);
        let mut fields_end = at;
        while at < bytes.len() {
            let (content, next) = line_at(bytes, at);
            bare_lf |= is_bare_lf(bytes, &content, next);
            if content.is_empty() {
                at = next;
                break;
            }
            let continues = matches!(bytes[at], b' ' | b'\t');
            let count = lines.len();
            match lines.last_mut() {
                Some(last) if continues => {
                    folded = true;
                    last.whole.end = next;
                    // Only what is new is trimmed: each of many blank lines would be scanned again for the next.
                    let more = trimmed(bytes, content);
                    if last.value.is_empty() {
                        last.value = more;
                    } else if !more.is_empty() {
                        last.value.end = more.end;
                    }
                }
                Some(last) if count > LINES_MAX => {
                    last.whole.end = next;
                    last.value.end = content.end;
                }
                Some(_) if count == LINES_MAX => {
                    lines.push(Line {
                        name: None,
                        value: content.clone(),
                        whole: content.start..next,
                    });
                }
                _ => {
                    let line = cut_line(bytes, content, next);
                    spaced_name |=
                        line.name.as_ref().is_some_and(|name| bytes.get(name.end) != Some(&b':'));
                    lines.push(line);
                }
            }
            at = next;
            fields_end = at;
        }
        let (status, version) = read_start(&bytes[start.clone()]);
        let raw = Vec::new();
        let head = Self {
            status,
            version,
            raw,
            lead,
            start,
            lines,
            fields_end,
            folded,
            bare_lf,
            spaced_name,
        };
        (head, at)
    }

    /// The bytes that were parsed, exactly: put together from the parts, so that nothing that was
    /// cut out can have been lost.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.raw.len());
        out.extend_from_slice(&self.raw[..self.lead]);
        let first = self.lines.first().map_or(self.fields_end, |line| line.whole.start);
        out.extend_from_slice(&self.raw[self.lead..first]);
        for line in &self.lines {
            out.extend_from_slice(&self.raw[line.whole.clone()]);
        }
        out.extend_from_slice(&self.raw[self.fields_end..]);
        out
    }

    /// The bytes that were parsed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.raw
    }

    /// The start line without its line end.
    #[must_use]
    pub fn start_line(&self) -> &[u8] {
        &self.raw[self.start.clone()]
    }

    /// The reason phrase of a status line; empty where there is none.
    #[must_use]
    pub fn reason(&self) -> &[u8] {
        let mut words = self.start_line().splitn(3, |b| matches!(b, b' ' | b'\t'));
        words.nth(2).map_or(&[], trim)
    }

    /// Method and target of a request line, where it has both.
    #[must_use]
    pub fn request_line(&self) -> Option<(&[u8], &[u8])> {
        let mut words = self.start_line().split(|b| *b == b' ').filter(|word| !word.is_empty());
        Some((words.next()?, words.next()?))
    }

    /// Every field, in order. Lines that are not fields are left out: see [`Self::odd_lines`].
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.lines.iter().filter_map(|line| {
            Some(Field {
                name: &self.raw[line.name.clone()?],
                value: &self.raw[line.value.clone()],
                line: &self.raw[line.whole.clone()],
            })
        })
    }

    /// Lines without a colon or without a name, in order, without their line ends.
    pub fn odd_lines(&self) -> impl Iterator<Item = &[u8]> {
        self.lines
            .iter()
            .filter(|line| line.name.is_none())
            .map(|line| &self.raw[line.value.clone()])
    }

    /// The first field of that name, in any case, unfolded and trimmed.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.get_all(name).next()
    }

    /// The first field of that name as text (see [`Field::text`]).
    #[must_use]
    pub fn get_text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.fields().find(|field| field.is(name)).map(|field| field.text())
    }

    /// Every field of that name, in order, unfolded and trimmed.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = Cow<'a, [u8]>> {
        self.fields().filter(move |field| field.is(name)).map(|field| field.unfolded())
    }

    /// The members of a list-valued field over all its lines (RFC 9110 section 5.6.1), trimmed and
    /// in lower case; empty members are left out. Quoted commas are not looked for, since none of
    /// the fields that frame a message may hold any. At most a thousand members are given.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        let mut out = Vec::new();
        for value in self.get_all(name) {
            for member in value.split(|b| *b == b',').map(trim).filter(|m| !m.is_empty()) {
                if out.len() == LIST_MAX {
                    return out;
                }
                out.push(text(member).to_ascii_lowercase());
            }
        }
        out
    }

    /// What is odd about the head, as text, for the record.
    #[must_use]
    pub fn oddities(&self) -> Vec<String> {
        let odd = self.odd_lines().count();
        let mut out = Vec::new();
        let mut note = |when: bool, what: &str| {
            if when {
                out.push(what.to_owned());
            }
        };
        note(self.lead > 0, "blank lines stand before the status line");
        note(self.folded, "a field value is folded over several lines");
        note(self.bare_lf, "lines of the head end in LF without CR");
        note(self.spaced_name, "white space stands between a field name and its colon");
        if odd > 0 {
            out.push(format!("{odd} lines of the head are no fields"));
        }
        out
    }
}

/// Content (without line end) and the start of the next line.
fn line_at(bytes: &[u8], at: usize) -> (Range<usize>, usize) {
    let (end, next) = match memchr::memchr(b'\n', &bytes[at..]) {
        Some(offset) => (at + offset, at + offset + 1),
        None => (bytes.len(), bytes.len()),
    };
    // All of several CRs belong to the line end: a server that doubles them does so on the empty
    // line as well, and the head would never end otherwise.
    let crs = bytes[at..end].iter().rev().take_while(|b| **b == b'\r').count();
    (at..end - crs, next)
}

fn is_bare_lf(bytes: &[u8], content: &Range<usize>, next: usize) -> bool {
    next == content.end + 1 && bytes.get(content.end) == Some(&b'\n')
}

fn cut_line(bytes: &[u8], content: Range<usize>, next: usize) -> Line {
    let whole = content.start..next;
    let colon = memchr::memchr(b':', &bytes[content.clone()]).map(|at| content.start + at);
    let name = colon.map(|colon| trimmed(bytes, content.start..colon));
    match (colon, name) {
        (Some(colon), Some(name)) if !name.is_empty() => {
            Line { name: Some(name), value: trimmed(bytes, colon + 1..content.end), whole }
        }
        _ => Line { name: None, value: content, whole },
    }
}

/// Status and version of a start line, as far as they can be read.
fn read_start(line: &[u8]) -> (Option<u16>, Option<(u8, u8)>) {
    let mut words =
        line.split(|b| matches!(b, b' ' | b'\t')).filter(|word| !word.is_empty()).peekable();
    let first = words.next().unwrap_or_default();
    let of_response = is_status_line_start(line) == Some(true);
    let status = words.peek().filter(|_| of_response).and_then(|code| {
        let digits = code.iter().take_while(|b| b.is_ascii_digit()).count();
        // "200OK" is read as 200; "2000" is no status code.
        (digits == 3).then(|| code[..3].iter().fold(0, |n, b| n * 10 + u16::from(b - b'0')))
    });
    let version_word = if of_response { Some(first) } else { words.last() };
    (status, version_word.and_then(read_version))
}

/// Whether a line that begins so can be a status line; none where too little of it is there.
///
/// `HTTP` in any case before a slash or white space, and `ICY`, the word that streaming servers
/// answer with. Anything else is no head at all, as with HTTP/0.9.
pub(super) fn is_status_line_start(line: &[u8]) -> Option<bool> {
    let could_be = |word: &[u8], after: &[u8]| {
        let n = line.len().min(word.len());
        if !line[..n].eq_ignore_ascii_case(&word[..n]) {
            return Some(false);
        }
        line.get(word.len()).map(|next| after.contains(next))
    };
    match (could_be(b"HTTP", b"/ \t"), could_be(b"ICY", b" \t")) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

fn read_version(word: &[u8]) -> Option<(u8, u8)> {
    let rest = word.get(..5).filter(|p| p.eq_ignore_ascii_case(b"HTTP/")).map(|_| &word[5..])?;
    match rest {
        [major] if major.is_ascii_digit() => Some((major - b'0', 0)),
        [major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => {
            Some((major - b'0', minor - b'0'))
        }
        _ => None,
    }
}

/// The bytes without white space (SP, HTAB, CR, LF) around them.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    &bytes[trimmed(bytes, 0..bytes.len())]
}

fn trimmed(bytes: &[u8], mut range: Range<usize>) -> Range<usize> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    while range.start < range.end && blank(&bytes[range.start]) {
        range.start += 1;
    }
    while range.start < range.end && blank(&bytes[range.end - 1]) {
        range.end -= 1;
    }
    range
}

/// UTF-8 where it is valid, else each byte as the character of ISO 8859-1 with that number.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn status_lines_are_read_as_servers_write_them() {
        for (line, status, version, reason) in [
            ("HTTP/1.1 200 OK", Some(200), Some((1, 1)), "OK"),
            ("HTTP/1.1 200", Some(200), Some((1, 1)), ""),
            ("HTTP/1.1 200 ", Some(200), Some((1, 1)), ""),
            ("HTTP/1.0 404 Not Found", Some(404), Some((1, 0)), "Not Found"),
            ("HTTP/1.2 200 OK", Some(200), Some((1, 2)), "OK"),
            ("HTTP/2 200", Some(200), Some((2, 0)), ""),
            ("http/1.1 200 fine", Some(200), Some((1, 1)), "fine"),
            ("HTTP 200 OK", Some(200), None, "OK"),
            ("ICY 200 OK", Some(200), None, "OK"),
            ("HTTP/1.1 999 Denied", Some(999), Some((1, 1)), "Denied"),
            ("HTTP/1.1 099 Low", Some(99), Some((1, 1)), "Low"),
            ("HTTP/1.1 20 Short", None, Some((1, 1)), "Short"),
            ("HTTP/1.1 2000 Long", None, Some((1, 1)), "Long"),
            ("HTTP/1.1 OK", None, Some((1, 1)), ""),
            ("HTTP/11.1 200 OK", Some(200), None, "OK"),
            ("SSH-2.0-OpenSSH_9.2", None, None, ""),
        ] {
            let head = Head::parse(format!("{line}\r\nA: b\r\n\r\n").as_bytes());
            let got = (head.status, head.version, text(head.reason()).into_owned());
            assert_eq!(got, (status, version, reason.to_owned()), "{line}");
        }
    }

    #[test]
    fn fields_keep_case_order_repeats_and_odd_lines() {
        let raw = b"\r\nHTTP/1.1 200 OK\r\nX-b:  two\t\r\nx-A : one\r\nX-B:three\nfolded: a\r\n \t b\r\n\tc\r\nno colon here\r\n: no name\r\nL: \xe9\xff\r\n\r\nbody";
        let head = Head::parse(raw);
        assert_eq!(head.print(), &raw[..raw.len() - 4]);
        assert_eq!(head.as_bytes(), head.print());
        let names: Vec<_> = head.fields().map(|f| text(f.name).into_owned()).collect();
        assert_eq!(names, ["X-b", "x-A", "X-B", "folded", "L"]);
        let all: Vec<_> = head.get_all("x-b").map(Cow::into_owned).collect();
        assert_eq!(all, [b"two".to_vec(), b"three".to_vec()]);
        assert_eq!(head.get_text("FOLDED").unwrap(), "a b c");
        assert_eq!(head.get_text("l").unwrap(), "éÿ");
        assert_eq!(head.get_text("x-a").unwrap(), "one");
        let odd: Vec<_> = head.odd_lines().collect();
        assert_eq!(odd, [&b"no colon here"[..], b": no name"]);
        assert_eq!(head.oddities().len(), 5, "{:?}", head.oddities());
    }

    #[test]
    fn a_head_of_many_lines_is_kept_and_costs_little() {
        // Each of these was once scanned again for each that came after it.
        let blank = format!("HTTP/1.1 200 OK\r\nA: x\r\n{}B: c\r\n\r\n", " \r\n".repeat(300_000));
        let folded = format!("HTTP/1.1 200 OK\r\nA: x\r\n{}B: c\r\n\r\n", " y\r\n".repeat(300_000));
        for (head, value) in [(blank, 1), (folded, 600_001)] {
            let read = Head::parse(head.as_bytes());
            assert!(read.print() == head.as_bytes());
            assert_eq!(read.get("a").map(|value| value.len()), Some(value));
            assert_eq!(read.get_text("b").as_deref(), Some("c"));
        }
        let lines = format!("HTTP/1.1 200 OK\r\nA: b\r\n{}\r\nbody", "C: d\n".repeat(500_000));
        let read = Head::parse(lines.as_bytes());
        assert!(read.print() == lines.as_bytes()[..lines.len() - 4]);
        assert_eq!(read.fields().count(), LINES_MAX);
        assert_eq!(read.odd_lines().count(), 1);
        assert!(std::mem::size_of_val(read.lines.as_slice()) < 4 << 20);
        let list = format!("HTTP/1.1 200 OK\r\nTE: {}\r\n\r\n", "a,".repeat(500_000));
        assert_eq!(Head::parse(list.as_bytes()).list("te").len(), LIST_MAX);
    }

    #[test]
    fn a_request_head_is_read_by_the_same_rules() {
        let head = Head::parse(b"GET /a?b HTTP/1.1\r\nHost: example.org\r\n\r\n");
        assert_eq!(head.request_line(), Some((&b"GET"[..], &b"/a?b"[..])));
        assert_eq!((head.status, head.version), (None, Some((1, 1))));
        assert_eq!(head.get_text("host").unwrap(), "example.org");
        assert!(head.oddities().is_empty());
    }

    #[test]
    fn lists_run_over_several_lines() {
        let head = Head::parse(b"HTTP/1.1 200 OK\nTE: A, b\nte: ,C,,\n\n");
        assert_eq!(head.list("te"), ["a", "b", "c"]);
    }

    proptest! {
        #[test]
        fn printing_what_was_parsed_gives_back_the_same_bytes(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..12), 0..12),
            ends in proptest::collection::vec(0usize..4, 12),
        ) {
            let mut raw = Vec::new();
            for (line, end) in lines.iter().zip(&ends) {
                raw.extend_from_slice(line);
                raw.extend_from_slice([&b"\r\n"[..], b"\n", b"\r\r\n", b" : x\r\n"][*end]);
            }
            let head = Head::parse(&raw);
            prop_assert!(raw.starts_with(&head.print()));
            prop_assert_eq!(head.print(), head.as_bytes());
            for field in head.fields() {
                prop_assert!(!field.name.is_empty());
                let _ = field.text();
            }
            // What was not kept comes after an empty line.
            let rest = &raw[head.print().len()..];
            prop_assert!(rest.is_empty() || head.print().ends_with(b"\n"));
        }
    }
}
