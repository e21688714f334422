//! Quotation marks paired into spans, block by block.
//!
//! Owns which mark opens and which closes. Deliberately does not know about speakers. Marks are
//! distinguished by their glyph and by what is on either side, since every glyph is used wrongly
//! somewhere (a curly mark closed by a straight one, a closing glyph that opens). The conventions
//! are those of the Unicode Standard, section 6.2 (quotation marks by language). One pass over the
//! text with a small stack: linear.

mod single;

use super::inserts;
use crate::extract::page::{Block, BlockKind};

/// Marks nested deeper than this are taken for text.
const DEPTH_MAX: usize = 8;

/// A stretch between quotation marks at the outermost level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// The block it is in.
    pub(crate) block: usize,
    /// The byte of the opening mark.
    pub(crate) start: usize,
    /// Where the words begin.
    pub(crate) inner_start: usize,
    /// Where the words end.
    pub(crate) inner_end: usize,
    /// The byte behind the closing mark; `inner_end` where there is none.
    pub(crate) end: usize,
    /// Whether the closing mark is there.
    pub(crate) closed: bool,
    /// Whether the marks are single ones.
    pub(crate) single: bool,
    /// Whether dashes replace marks.
    pub(crate) dialogue: bool,
    /// Whether the marks are those of the span before it, and an attribution is between them.
    pub(crate) resumed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Double,
    Guillemet,
    Single,
    SingleGuillemet,
    Corner,
    WhiteCorner,
}

struct Frame {
    family: Family,
    glyph: char,
    start: usize,
    inner: usize,
    inner_spans: Vec<Span>,
}

fn family(c: char) -> Option<Family> {
    Some(match c {
        '"' | '“' | '”' | '„' | '‟' | '＂' | '〝' | '〞' | '〟' => Family::Double,
        '«' | '»' => Family::Guillemet,
        '\'' | '‘' | '’' | '‚' | '‛' => Family::Single,
        '‹' | '›' => Family::SingleGuillemet,
        '「' | '」' => Family::Corner,
        '『' | '』' => Family::WhiteCorner,
        _ => return None,
    })
}

/// The outermost quoted spans of every block, in order.
pub(crate) fn spans(text: &str, blocks: &[Block], language: &str) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let Some(slice) = text.get(block.range.clone()) else { continue };
        let mut dialogue = inserts::dialogue(slice, block.range.start, index, language);
        let goes_on = out.last().is_some_and(|last| last.dialogue && last.block + 1 == index)
            && block.kind == BlockKind::Paragraph;
        if dialogue.is_empty() && goes_on {
            dialogue = inserts::dialogue_on(slice, block.range.start, index, language);
        }
        if !dialogue.is_empty() {
            out.extend(dialogue);
            continue;
        }
        // A block whose quotation stays open and whose successor opens one is a continuation, so the
        // open one is kept; elsewhere only when it reads as a forgotten closing mark.
        let continues = blocks
            .get(index + 1)
            .and_then(|next| text.get(next.range.clone()))
            .is_some_and(opens_with_mark);
        let first = out.len();
        // Dialogue behind the first sentences of a paragraph, where there are no marks.
        let inside = inserts::dialogue_inside(slice, language).map(|at| {
            let start = block.range.start + at;
            (at, inserts::dialogue(&slice[at..], start, index, language))
        });
        let (head, tail) = match inside {
            Some((at, spans)) if !spans.is_empty() => (&slice[..at], spans),
            _ => (slice, Vec::new()),
        };
        let place = Place { text: head, base: block.range.start, block: index, language };
        pair_block(place, continues && tail.is_empty(), &mut out);
        inserts::part(text, language, first, &mut out);
        out.extend(tail);
    }
    out
}

fn opens_with_mark(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.strip_prefix('\'').filter(|rest| rest.starts_with('\'')).unwrap_or(text);
    let mut chars = text.chars();
    let first = chars.next();
    matches!(first, Some('"' | '\'' | '“' | '„' | '«' | '”' | '「' | '‘' | '»' | '›'))
        && chars.find(|c| !c.is_whitespace()).is_some_and(|c| {
            c.is_alphanumeric() || matches!(c, '‘' | '\'' | '…' | '[' | '.' | '¿' | '¡' | '$')
        })
}

/// What is on either side of a mark.
#[derive(Debug, Clone, Copy)]
struct Sides {
    /// Text could begin right after the mark.
    opens: bool,
    /// Text could end right before the mark.
    closes: bool,
    before: Option<char>,
    after: Option<char>,
}

/// The mark that begins at `at`: its family, the glyph it stands for and its length in bytes. Two
/// straight single marks, or two grave accents, are one double mark of typewriter days.
fn mark_at(text: &str, at: usize, c: char) -> Option<(Family, char, usize)> {
    let rest = &text[at + c.len_utf8()..];
    match c {
        '\'' if rest.starts_with('\'') && !rest[1..].starts_with('\'') => {
            Some((Family::Double, '"', 2))
        }
        '`' if rest.starts_with('`') => Some((Family::Double, '“', 2)),
        _ => family(c).map(|family| (family, c, c.len_utf8())),
    }
}

fn sides(text: &str, at: usize, end: usize, c: char) -> Sides {
    crate::extract::work::step();
    let before = text[..at].chars().next_back();
    let after = text[end..].chars().next();
    let opens_after = before.is_none_or(|b| {
        b.is_whitespace()
            || matches!(
                b,
                '(' | '['
                    | '—'
                    | '–'
                    | '-'
                    | '―'
                    | '/'
                    | ':'
                    | '：'
                    | '，'
                    | '。'
                    | '、'
                    | '（'
                    | '¿'
                    | '¡'
                    | '…'
            )
            || (family(b).is_some() && b != c)
    });
    let has_text = after.is_some_and(|a| !a.is_whitespace());
    let text_before = before.is_some_and(|b| !b.is_whitespace());
    let ends_before = after.is_none_or(|a| {
        a.is_whitespace()
            || matches!(
                a,
                ')' | ']'
                    | '—'
                    | '–'
                    | '-'
                    | '―'
                    | '/'
                    | ','
                    | '.'
                    | ';'
                    | ':'
                    | '?'
                    | '!'
                    | '…'
                    | '&'
                    | '*'
                    | '।'
                    | '،'
                    | '؛'
                    | '؟'
                    | '۔'
                    | '־'
            )
            || (family(a).is_some() && a != c)
            || (is_wide(a) && !matches!(c, '“' | '‘'))
    });
    Sides { opens: opens_after && has_text, closes: ends_before && text_before, before, after }
}

fn is_wide(c: char) -> bool {
    matches!(c as u32, 0x3000..=0x9fff | 0xac00..=0xd7af | 0xff00..=0xffef)
}

/// A block that is read.
#[derive(Clone, Copy)]
struct Place<'a> {
    text: &'a str,
    /// Where it begins in the text of the page.
    base: usize,
    block: usize,
    language: &'a str,
}

fn pair_block(place: Place<'_>, continues: bool, out: &mut Vec<Span>) {
    let Place { text, base, block, .. } = place;
    let singles = single::single_pairs(text);
    let mut next_single = 0;
    let mut stack: Vec<Frame> = Vec::new();
    let mut top: Vec<Span> = Vec::new();
    let mut done = 0;
    let spaced = spaced_straight(text);
    for (at, c) in text.char_indices() {
        let Some((kind, c, length)) = mark_at(text, at, c).filter(|_| at >= done) else { continue };
        done = at + length;
        if kind == Family::Single {
            while singles.get(next_single).is_some_and(|&(open, _)| open < at) {
                next_single += 1;
            }
            single_mark(&singles, next_single, at, c, &mut stack, &mut top, (text, base, block));
            continue;
        }
        let mut around = sides(text, at, done, c);
        if spaced && c == '"' && is_spaced(text, at) {
            let open = stack.iter().any(|frame| frame.family == kind);
            (around.opens, around.closes) = (!open, open);
        }
        if closes(&stack, kind, c, around) {
            // Frames of other families above the match were never closed: they were not quotations.
            while let Some(frame) = stack.pop() {
                if frame.family != kind {
                    continue;
                }
                let span = make_span(text, base, block, &frame, at, done, true);
                push_span(&mut stack, &mut top, span);
                break;
            }
        } else if opens(&stack, kind, c, around) && stack.len() < DEPTH_MAX {
            let inner = done;
            stack.push(Frame { family: kind, glyph: c, start: at, inner, inner_spans: Vec::new() });
        }
    }
    finish_block(place, continues, stack, &mut top);
    out.append(&mut top);
}

/// Whether white space, or nothing, stands on both sides of the straight mark at `at`.
fn is_spaced(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_none_or(char::is_whitespace)
        && text[at + 1..].chars().next().is_none_or(char::is_whitespace)
}

/// Whether the straight marks of a block are set with spaces on both sides, in pairs.
fn spaced_straight(text: &str) -> bool {
    let all = text.match_indices('"');
    let (count, spaced) =
        all.fold((0, 0), |(n, s), (at, _)| (n + 1, s + usize::from(is_spaced(text, at))));
    spaced > 0 && spaced == count && count % 2 == 0
}

/// What stays open at the end of a block: a continuation, a forgotten mark, or no quotation.
fn finish_block(place: Place<'_>, continues: bool, stack: Vec<Frame>, top: &mut Vec<Span>) {
    let Place { text, base, block, language } = place;
    let mut frames = stack.into_iter();
    let Some(bottom) = frames.next() else { return };
    let before = text[..bottom.start].trim_end();
    let spoken = before.is_empty() || before.ends_with([',', ':']);
    let leads = before.is_empty();
    let doubled = matches!(bottom.family, Family::Double | Family::Guillemet | Family::Corner);
    let inner: Vec<Span> =
        bottom.inner_spans.iter().cloned().chain(frames.flat_map(|f| f.inner_spans)).collect();
    let end = text.trim_end().len().max(bottom.inner);
    let open = |end: usize| make_span(text, base, block, &bottom, end, end, false);
    // A forgotten mark: the speech ends where its attribution begins.
    let limit = inner.first().map_or(end, |span| span.start - base).max(bottom.inner);
    let begins = spoken || before.ends_with(['.', '!', '?']);
    let forgotten = if doubled && begins {
        inserts::forgotten_end(text, bottom.inner, limit, language, continues)
    } else {
        None
    };
    let goes_on = spoken && continues;
    let reads_open = bottom.inner_spans.is_empty()
        && (continues || (spoken && (leads || bottom.glyph != '"')))
        && end > bottom.inner;
    if let Some(end) = forgotten {
        // Its mark was forgotten, so that nothing is continued.
        top.push(Span { closed: true, ..open(end) });
        top.extend(inner);
    } else if doubled && (goes_on || reads_open) {
        top.push(open(end));
    } else {
        top.extend(inner);
    }
}

fn make_span(
    text: &str,
    base: usize,
    block: usize,
    frame: &Frame,
    inner_end: usize,
    end: usize,
    closed: bool,
) -> Span {
    let inner = &text[frame.inner..inner_end];
    let left = inner.len() - inner.trim_start().len();
    let kept = inner.trim().len();
    Span {
        block,
        start: base + frame.start,
        inner_start: base + frame.inner + left.min(inner.len()),
        inner_end: base + frame.inner + left + kept,
        end: base + end,
        closed,
        single: matches!(frame.family, Family::Single | Family::SingleGuillemet),
        dialogue: false,
        resumed: false,
    }
}

fn push_span(stack: &mut [Frame], top: &mut Vec<Span>, span: Span) {
    if span.inner_start >= span.inner_end {
        return;
    }
    match stack.last_mut() {
        Some(frame) => frame.inner_spans.push(span),
        None => top.push(span),
    }
}

/// Whether the mark closes the innermost frame of its family.
fn closes(stack: &[Frame], kind: Family, c: char, around: Sides) -> bool {
    let Some(frame) = stack.iter().rev().find(|frame| frame.family == kind) else { return false };
    match (kind, frame.glyph, c) {
        (Family::Corner, _, _) => c == '」',
        (Family::WhiteCorner, _, _) => c == '』',
        (_, '»', '«') | (_, '›', '‹') => true,
        (_, '«', '»') | (_, '‹', '›') => true,
        (_, '»', '»') => around.closes && !around.opens,
        (Family::Guillemet | Family::SingleGuillemet, _, _) => false,
        (_, '„', '“' | '”' | '‟') => true,
        (_, '“', '”') | (_, '〝', '〞' | '〟') => {
            let stopped =
                around.before.is_some_and(|b| matches!(b, '，' | '。' | '！' | '？' | '…'));
            !around.opens || around.closes || stopped
        }
        (_, '”', '”') => around.closes,
        (_, _, '„') => false,
        // A straight or a wrong glyph closes when text ends before it and does not begin after it.
        _ => around.closes && !(around.opens && c == '“') || glued(around),
    }
}

/// Letters on both sides: "word"word. A mark that is open can only end there.
fn glued(around: Sides) -> bool {
    around.before.is_some_and(|b| !b.is_whitespace())
        && !around.opens
        && around.after.is_some_and(char::is_alphabetic)
}

fn opens(stack: &[Frame], kind: Family, c: char, around: Sides) -> bool {
    match (kind, c) {
        (Family::Corner, _) => c == '「',
        (Family::WhiteCorner, _) => c == '『',
        (Family::Guillemet | Family::SingleGuillemet, '«' | '‹') => around.after.is_some(),
        (Family::Guillemet | Family::SingleGuillemet, _) => stack.is_empty() && around.opens,
        (_, '„' | '〝') => around.after.is_some(),
        (_, '“') => {
            around.after.is_some_and(|a| !a.is_whitespace()) && (around.opens || !around.closes)
        }
        (_, '"' | '＂') => around.opens && around.before.is_none_or(|b| !b.is_ascii_digit()),
        _ => around.opens && stack.iter().all(|frame| frame.family != kind),
    }
}

fn single_mark(
    singles: &[(usize, usize)],
    next: usize,
    at: usize,
    c: char,
    stack: &mut Vec<Frame>,
    top: &mut Vec<Span>,
    place: (&str, usize, usize),
) {
    let (text, base, block) = place;
    if let Some(position) = stack.iter().position(|frame| {
        frame.family == Family::Single
            && singles
                .binary_search_by_key(&frame.start, |pair| pair.0)
                .is_ok_and(|i| singles[i].1 == at)
    }) {
        stack.truncate(position + 1);
        if let Some(frame) = stack.pop() {
            let span = make_span(text, base, block, &frame, at, at + c.len_utf8(), true);
            push_span(stack, top, span);
        }
    } else if singles.get(next).is_some_and(|&(open, _)| open == at) && stack.len() < DEPTH_MAX {
        stack.push(Frame {
            family: Family::Single,
            glyph: c,
            start: at,
            inner: at + c.len_utf8(),
            inner_spans: Vec::new(),
        });
    }
}
