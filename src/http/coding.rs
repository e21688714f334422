//! The body without its content coding: gzip, deflate, br and zstd, one after the other, with a
//! hard limit on what comes out.
//!
//! Owns reading `Content-Encoding`, and unpacking that never fails: what was unpacked before an
//! error, a limit or the end is kept, and [`Decoded::cut`] says that there was more. Where the
//! field is wrong, the bytes decide: gzip and zstd are known by their first bytes, `deflate` is read
//! with and without its zlib header, and a plain body that is called packed is taken as it is.
//! Deliberately does not know about transfer codings ([`mod@super::payload`]) and touches no stored byte.
//!
//! Codings: RFC 9110 section 8.4.1 (gzip, deflate, compress), RFC 7932 (br), RFC 8878 (zstd).

use std::io::{self, BufRead, Read};

use super::head::Head;
use super::inflate::{Brotli, Deflate, Gzip, Outcome, Unpack, Zstd};

/// A content coding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentCoding {
    /// `gzip` or `x-gzip`.
    Gzip,
    /// `deflate`: zlib data, or bare deflate data as some servers send it.
    Deflate,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
    /// One that is not decoded, in its own word.
    Unknown(String),
}

impl ContentCoding {
    /// The coding of that name, in any case; none for `identity`, which is no coding.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            "" | "identity" => None,
            other => Some(Self::Unknown(other.to_owned())),
        }
    }

    /// The codings that a head names, in the order in which they were applied.
    #[must_use]
    pub fn of(head: &Head) -> Vec<Self> {
        head.list("content-encoding").iter().filter_map(|name| Self::named(name)).collect()
    }

    fn name(&self) -> &str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Unknown(name) => name,
        }
    }

    /// The coding that the first bytes show, where they can show one.
    #[must_use]
    pub fn sniffed(prefix: &[u8]) -> Option<Self> {
        match prefix {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// Why there would have been more, or other, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The limit on decoded bytes was reached.
    Limit,
    /// The coded data ends in the middle.
    Ended,
    /// The coded data is corrupt from some point on.
    Corrupt,
    /// A coding that is not decoded; the bytes are still coded.
    Unknown,
    /// The stored bytes could not be read.
    Unreadable,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decoded {
    /// The decoded bytes, as far as they go.
    pub bytes: Vec<u8>,
    /// Why they do not go further, if they should.
    pub cut: Option<Cut>,
    /// What was odd, as text.
    pub note: Option<String>,
}

impl Decoded {
    fn note(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.note = Some(match self.note.take() {
            Some(before) => format!("{before}; {what}"),
            None => what,
        });
    }
}

/// How many codings on top of each other are undone. Real responses have one, rarely two.
pub const CODINGS_MAX: usize = 4;

/// How many coded bytes are kept to start again with when a body is not coded as it says.
const REPLAY_BYTES_MAX: usize = 64 * 1024;

/// Undoes `codings` (in the order in which they were applied, as the field lists them).
///
/// At most `limit` bytes come out of all codings together, so that no more are held at any time,
/// however many codings are on top of each other. Never fails: see [`Decoded`].
pub fn decode(input: impl BufRead, codings: &[ContentCoding], limit: usize) -> Decoded {
    Layers { left: limit }.decode(input, codings)
}

/// Undoes the codings that `head` names, and one that it does not name but the bytes of a text
/// show (some servers send gzip without saying so, or pack twice).
pub fn decode_body(input: impl BufRead, head: &Head, limit: usize) -> Decoded {
    let mut layers = Layers { left: limit };
    let mut out = layers.decode(input, &ContentCoding::of(head));
    let kind = head.get_text("content-type").map(|kind| kind.to_ascii_lowercase());
    let is_text = kind.is_some_and(|kind| {
        kind.starts_with("text/")
            || ["html", "xml", "json", "script"].iter().any(|w| kind.contains(w))
    });
    if is_text && let Some(coding) = ContentCoding::sniffed(&out.bytes) {
        let outer = (out.cut, out.note.take());
        out = layers.last(&coding, &mut out.bytes.as_slice());
        out.cut = outer.0.or(out.cut);
        out.note(format!("{} although the head does not say so", coding.name()));
        if let Some(note) = outer.1 {
            out.note(note);
        }
    }
    out
}

/// What may still come out of codings that lie on top of each other.
struct Layers {
    left: usize,
}

impl Layers {
    fn decode(&mut self, input: impl BufRead, codings: &[ContentCoding]) -> Decoded {
        let mut input = input;
        let kept = &codings[codings.len().saturating_sub(CODINGS_MAX)..];
        let mut rest = kept.iter().rev();
        let mut out = match rest.next() {
            Some(coding) if kept.len() > 1 => self.outer(coding, &mut input),
            Some(coding) => self.last(coding, &mut input),
            None => {
                let mut out = Decoded::default();
                copy(&mut input, &mut out, self.left);
                self.left -= out.bytes.len();
                return out;
            }
        };
        while let Some(coding) = rest.next() {
            if matches!(out.cut, Some(Cut::Unknown | Cut::Unreadable)) {
                return out;
            }
            let (cut, note) = (out.cut, out.note.take());
            let input = &mut out.bytes.as_slice();
            let mut next =
                if rest.len() > 0 { self.outer(coding, input) } else { self.last(coding, input) };
            if let Some(note) = note {
                next.note(note);
            }
            // An outer cut is the reason for an inner one.
            next.cut = cut.or(next.cut);
            out = next;
        }
        if kept.len() < codings.len() {
            out.cut = Some(Cut::Unknown);
            out.note(format!("{} content codings; {CODINGS_MAX} were undone", codings.len()));
        }
        out
    }

    /// Undoes a coding under which there are others: half of what is left is for them.
    fn outer(&mut self, coding: &ContentCoding, input: &mut dyn BufRead) -> Decoded {
        let out = undo(coding, input, self.left / 2);
        self.left -= out.bytes.len();
        out
    }

    fn last(&mut self, coding: &ContentCoding, input: &mut dyn BufRead) -> Decoded {
        let out = undo(coding, input, self.left);
        self.left -= out.bytes.len();
        out
    }
}

/// Undoes one coding; what is not coded as it says is read as what it shows, or taken as it is.
fn undo(coding: &ContentCoding, input: &mut dyn BufRead, limit: usize) -> Decoded {
    let mut out = Decoded::default();
    let mut prefix = Vec::with_capacity(512);
    // An unreadable file fails again below.
    let _ = (&mut *input).take(512).read_to_end(&mut prefix);
    if prefix.is_empty() {
        return out;
    }
    let shown = ContentCoding::sniffed(&prefix);
    let has_magic = matches!(coding, ContentCoding::Gzip | ContentCoding::Zstd);
    let mut input = prefix.as_slice().chain(input);
    if let ContentCoding::Unknown(name) = coding {
        copy(&mut input, &mut out, limit);
        out.cut = Some(Cut::Unknown);
        out.note(format!("the content coding {name:?} is not known"));
        return out;
    }
    if has_magic && shown.as_ref() != Some(coding) && !is_cut_magic(coding, &prefix) {
        return match shown {
            Some(shown) => as_shown(&shown, coding, &mut input, limit),
            None => as_it_is(coding, &mut input, limit),
        };
    }
    let mut replay = Replay { inner: &mut input, kept: Some(Vec::new()) };
    unpack(coding, &prefix, &mut replay, &mut out, limit);
    // A coding without a magic number is recognised as wrong only when it fails.
    let shows_text = shown.is_some() || looks_like_text(&prefix);
    if out.cut == Some(Cut::Corrupt)
        && !has_magic
        && shows_text
        && let Some(kept) = replay.kept.take()
    {
        // The output of the wrong coding is not held beside that of the right one.
        drop(out);
        let mut again = kept.as_slice().chain(&mut input);
        return match shown {
            Some(shown) => as_shown(&shown, coding, &mut again, limit),
            None => as_it_is(coding, &mut again, limit),
        };
    }
    out
}

/// Whether the prefix is too short to rule out the stated coding.
fn is_cut_magic(coding: &ContentCoding, prefix: &[u8]) -> bool {
    let magic: &[u8] = match coding {
        ContentCoding::Gzip => &[0x1f, 0x8b, 8],
        _ => &[0x28, 0xb5, 0x2f, 0xfd],
    };
    // A zstd stream may also begin with a skippable frame (RFC 8878 section 3.1.2).
    let skippable =
        *coding == ContentCoding::Zstd && matches!(prefix, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
    skippable || (prefix.len() < magic.len() && magic.starts_with(prefix))
}

fn as_shown(
    shown: &ContentCoding,
    said: &ContentCoding,
    input: &mut dyn BufRead,
    limit: usize,
) -> Decoded {
    let mut out = Decoded::default();
    unpack(shown, &[], input, &mut out, limit);
    out.note(format!("called {}, but it is {}", said.name(), shown.name()));
    out
}

fn as_it_is(said: &ContentCoding, input: &mut dyn BufRead, limit: usize) -> Decoded {
    let mut out = Decoded::default();
    copy(input, &mut out, limit);
    out.note(format!("called {}, but it is not; taken as it is", said.name()));
    out
}

fn looks_like_text(bytes: &[u8]) -> bool {
    let control = |b: &&u8| **b < 0x20 && !matches!(**b, b'\t' | b'\n' | b'\r' | 0x0c);
    !bytes.iter().any(|b| control(&b))
        && bytes.iter().filter(|b| b.is_ascii()).count() * 2 > bytes.len()
}

fn unpacker(coding: &ContentCoding, prefix: &[u8]) -> Result<Box<dyn Unpack>, String> {
    Ok(match coding {
        ContentCoding::Gzip => Box::new(Gzip::new()),
        ContentCoding::Deflate => Box::new(Deflate::new(is_zlib(prefix))),
        ContentCoding::Brotli => Box::new(Brotli::new()),
        ContentCoding::Zstd => Box::new(Zstd::new()?),
        ContentCoding::Unknown(name) => return Err(name.clone()),
    })
}

/// RFC 1950 section 2.2: method 8, a window of at most 32 KiB, a check over both bytes.
pub(super) fn is_zlib(prefix: &[u8]) -> bool {
    let [method, flags, ..] = prefix else { return false };
    method & 0x0f == 8
        && method >> 4 <= 7
        && (u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31)
}

/// Runs one unpacker over the input, into `out`, up to the limit.
fn unpack(
    coding: &ContentCoding,
    prefix: &[u8],
    input: &mut dyn BufRead,
    out: &mut Decoded,
    limit: usize,
) {
    let mut unpacker = match unpacker(coding, prefix) {
        Ok(unpacker) => unpacker,
        Err(why) => {
            out.cut = Some(Cut::Unknown);
            out.note(why);
            return;
        }
    };
    loop {
        // One byte over the limit distinguishes a body that ends at the limit from one that continues.
        let over = limit.saturating_add(1);
        if out.bytes.capacity() - out.bytes.len() < 4 * 1024 {
            let more = out.bytes.len().clamp(64 * 1024, 8 * 1024 * 1024);
            out.bytes.reserve_exact(more.min(over.saturating_sub(out.bytes.len())).max(1));
        }
        let (had, room) = (out.bytes.len(), out.bytes.capacity() - out.bytes.len());
        let piece = match input.fill_buf() {
            Ok(piece) => piece,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                out.cut = Some(Cut::Unreadable);
                out.note(error.to_string());
                break;
            }
        };
        let at_end = piece.is_empty();
        let (taken, outcome) = unpacker.step(piece, &mut out.bytes);
        input.consume(taken);
        if out.bytes.len() > limit {
            out.bytes.truncate(limit);
            out.cut = Some(Cut::Limit);
            out.note(format!("more than {limit} bytes once {} is undone", coding.name()));
            break;
        }
        match outcome {
            Outcome::End => break,
            Outcome::Bad(why) => {
                out.cut = Some(Cut::Corrupt);
                out.note(format!("{}: {why}", coding.name()));
                break;
            }
            // Without input, output may still be held back for lack of room.
            Outcome::Go if at_end && out.bytes.len() - had < room => {
                if !unpacker.may_end() {
                    out.cut = Some(Cut::Ended);
                    out.note(format!("the {} data ends in the middle", coding.name()));
                }
                break;
            }
            Outcome::Go => {}
        }
    }
    if let Some(note) = unpacker.note() {
        out.note(note);
    }
}

fn copy(input: &mut dyn BufRead, out: &mut Decoded, limit: usize) {
    let over = (limit as u64).saturating_add(1);
    if let Err(error) = input.take(over).read_to_end(&mut out.bytes) {
        out.cut = Some(Cut::Unreadable);
        out.note(error.to_string());
    }
    if out.bytes.len() > limit {
        out.bytes.truncate(limit);
        out.cut = Some(Cut::Limit);
        out.note(format!("more than {limit} bytes"));
    }
}

/// A reader that keeps what was consumed, as long as it is little.
struct Replay<'a> {
    inner: &'a mut dyn BufRead,
    kept: Option<Vec<u8>>,
}

impl Read for Replay<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let have = self.fill_buf()?;
        let n = have.len().min(out.len());
        out[..n].copy_from_slice(&have[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Replay<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some(kept) = &mut self.kept {
            match self.inner.fill_buf() {
                Ok(have) if kept.len() + amount <= REPLAY_BYTES_MAX => {
                    kept.extend_from_slice(&have[..amount.min(have.len())]);
                }
                _ => self.kept = None,
            }
        }
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests;
