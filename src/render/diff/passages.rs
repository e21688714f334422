//! The edit script as passages of text with marks, the form that every rendering is written from.

use std::ops::Range;

use super::Shown;
use crate::diff::{Op, OpKind};

/// One operation as text.
pub(super) struct Passage<'a> {
    /// What happened to it.
    pub kind: OpKind,
    /// Its text, cut where words changed and where a paragraph ends.
    pub pieces: Vec<Piece<'a>>,
    /// How many sentences it has (on the new side; on the old one where it was deleted).
    pub sentences: usize,
    /// For a move, the number of the sentence it began at in the old text, from 1.
    pub moved_from: Option<usize>,
    /// For a move, the number of the sentence it begins at in the new text, from 1.
    pub moved_to: Option<usize>,
}

/// Which text a paragraph ends in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
    Both,
}

/// A piece of a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Words of both texts, as each writes them.
    Same(&'a str, &'a str),
    /// Words that were cut.
    Cut(&'a str),
    /// Words that were put in.
    Put(&'a str),
    /// The end of a paragraph.
    Break(Side),
}

/// A piece of a passage where both texts are shown as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run<'a> {
    /// Words of both texts, as the new one writes them.
    Same(&'a str),
    /// Words that were cut.
    Cut(&'a str),
    /// Words that were put in.
    Put(&'a str),
    /// The space that the old text has beside words that were cut, and the new one has not.
    Space,
    /// The end of a paragraph.
    Break(Side),
}

impl<'a> Passage<'a> {
    /// Both texts as one. Words that were cut do not stick to those around them: where the new text
    /// closed the gap, it is open here.
    pub(super) fn inline(&self) -> Vec<Run<'a>> {
        let mut out = Vec::with_capacity(self.pieces.len());
        for (at, piece) in self.pieces.iter().enumerate() {
            match *piece {
                Piece::Same(_, new) => out.push(Run::Same(new)),
                Piece::Put(text) => out.push(Run::Put(text)),
                Piece::Break(side) => out.push(Run::Break(side)),
                Piece::Cut(text) => {
                    let before = at.checked_sub(1).and_then(|before| self.pieces.get(before));
                    if let Some(Piece::Same(old, new)) = before
                        && old.ends_with(char::is_whitespace)
                        && !new.ends_with(char::is_whitespace)
                    {
                        out.push(Run::Space);
                    }
                    out.push(Run::Cut(text));
                    if let Some(Piece::Same(old, new)) = self.pieces.get(at + 1)
                        && old.starts_with(char::is_whitespace)
                        && !new.starts_with(char::is_whitespace)
                    {
                        out.push(Run::Space);
                    }
                }
            }
        }
        out
    }
}

/// The passages of a comparison, in the order of the new text.
pub(super) fn passages<'a>(shown: &Shown<'a>) -> Vec<Passage<'a>> {
    shown.comparison.ops.iter().map(|op| passage(shown, op)).collect()
}

/// The passage of one operation.
pub(super) fn passage<'a>(shown: &Shown<'a>, op: &Op) -> Passage<'a> {
    let found = shown.comparison;
    let (old, new) = (&shown.old.text, &shown.new.text);
    let moved = op.kind == OpKind::Move;
    let mut pieces = Vec::new();
    match op.kind {
        OpKind::Delete => {
            runs(old, &found.old_sentences, &op.old, Piece::Cut, Side::Old, &mut pieces)
        }
        OpKind::Insert => {
            runs(new, &found.new_sentences, &op.new, Piece::Put, Side::New, &mut pieces)
        }
        OpKind::Keep | OpKind::Move | OpKind::Replace => both(shown, op, &mut pieces),
    }
    Passage {
        kind: op.kind,
        pieces,
        sentences: if op.new.is_empty() { op.old.len() } else { op.new.len() },
        moved_from: moved.then_some(op.old.start + 1),
        moved_to: moved.then_some(op.new.start + 1),
    }
}

fn runs<'a>(
    text: &'a str,
    sentences: &[Range<usize>],
    run: &Range<usize>,
    piece: impl Fn(&'a str) -> Piece<'a>,
    side: Side,
    pieces: &mut Vec<Piece<'a>>,
) {
    let sentences = sentences.get(run.clone()).unwrap_or_default();
    let mut start = None;
    for (at, sentence) in sentences.iter().enumerate() {
        let from = *start.get_or_insert(sentence.start);
        let next = sentences.get(at + 1).map(|next| next.start);
        let broken = next.is_none_or(|next| ends_paragraph(text, sentence.end, next));
        if broken {
            pieces.extend(text.get(from..sentence.end).map(&piece));
            start = None;
            if next.is_some() {
                pieces.push(Piece::Break(side));
            }
        }
    }
}

fn ends_paragraph(text: &str, end: usize, next: usize) -> bool {
    text.get(end..next).is_some_and(|between| between.contains('\n'))
}

/// Sentences of both sides: pair by pair, edited pairs by their words.
fn both<'a>(shown: &Shown<'a>, op: &Op, pieces: &mut Vec<Piece<'a>>) {
    let found = shown.comparison;
    let (old, new) = (shown.old.text.as_str(), shown.new.text.as_str());
    let olds = found.old_sentences.get(op.old.clone()).unwrap_or_default();
    let news = found.new_sentences.get(op.new.clone()).unwrap_or_default();
    let mut edits = op.edits.iter().peekable();
    let (mut i, mut j) = (0, 0);
    while let (Some(a), Some(b)) = (olds.get(i), news.get(j)) {
        let (mut a, mut b) = (a.clone(), b.clone());
        if let Some(edit) = edits.next_if(|edit| edit.new.start == b.start) {
            let (mut x, mut y) = (edit.old.start, edit.new.start);
            for (cut, put) in edit.hunks() {
                same(old, x..cut.start, new, y..put.start, pieces);
                pieces.extend(old.get(cut.clone()).filter(|t| !t.is_empty()).map(Piece::Cut));
                pieces.extend(new.get(put.clone()).filter(|t| !t.is_empty()).map(Piece::Put));
                (x, y) = (cut.end, put.end);
            }
            same(old, x..edit.old.end, new, y..edit.new.end, pieces);
            (a, b) = (edit.old.clone(), edit.new.clone());
        } else {
            same(old, a.clone(), new, b.clone(), pieces);
        }
        while olds.get(i).is_some_and(|s| s.end <= a.end) {
            i += 1;
        }
        while news.get(j).is_some_and(|s| s.end <= b.end) {
            j += 1;
        }
        if let (Some(next_old), Some(next_new)) = (olds.get(i), news.get(j)) {
            let ends = (
                ends_paragraph(old, a.end, next_old.start),
                ends_paragraph(new, b.end, next_new.start),
            );
            pieces.push(match ends {
                (true, true) => Piece::Break(Side::Both),
                (true, false) => Piece::Break(Side::Old),
                (false, true) => Piece::Break(Side::New),
                (false, false) => Piece::Same(" ", " "),
            });
        }
    }
}

fn same<'a>(
    old: &'a str,
    a: Range<usize>,
    new: &'a str,
    b: Range<usize>,
    pieces: &mut Vec<Piece<'a>>,
) {
    let (a, b) = (old.get(a).unwrap_or_default(), new.get(b).unwrap_or_default());
    if !(a.is_empty() && b.is_empty()) {
        pieces.push(Piece::Same(a, b));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_were_cut_do_not_stick_to_their_neighbours() {
        use Piece::{Cut, Put, Same};
        let cases: [(&[Piece<'_>], &str); 6] = [
            (
                &[
                    Same("ferries ", "ferries"),
                    Cut("without offers"),
                    Same(", he said", ", he said"),
                ],
                "ferries_-without offers-, he said",
            ),
            (&[Same("a ", "a "), Cut("secret"), Same(" deal", "deal")], "a -secret-_deal"),
            (&[Same("a ", "a"), Cut("secret"), Same(" deal", " deal")], "a_-secret- deal"),
            (
                &[Same("the ", "the "), Cut("12"), Put("15"), Same(" boats", " boats")],
                "the -12-+15+ boats",
            ),
            (&[Cut("Now"), Same(" we", "We")], "-Now-_We"),
            (&[Same("pre", "pre"), Cut("fix"), Same("es", "es")], "pre-fix-es"),
        ];
        for (pieces, expected) in cases {
            let passage = Passage {
                kind: OpKind::Replace,
                pieces: pieces.to_vec(),
                sentences: 1,
                moved_from: None,
                moved_to: None,
            };
            let shown = passage.inline().into_iter().map(|run| match run {
                Run::Same(text) => text.to_owned(),
                Run::Cut(text) => format!("-{text}-"),
                Run::Put(text) => format!("+{text}+"),
                Run::Space => "_".to_owned(),
                Run::Break(_) => "|".to_owned(),
            });
            assert_eq!(shown.collect::<String>(), expected);
        }
    }
}
