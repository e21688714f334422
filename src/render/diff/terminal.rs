//! A comparison for a terminal: what changed in a list, gravest first, then the text with words
//! marked, moved blocks named and unchanged text folded.
//!
//! Every mark is readable without colour, `[-old-]{+new+}` as in `git diff --word-diff`; colour only repeats what
//! the marks say. Writes ANSI codes as `anstyle` spells them or none at all; the caller decides whether a
//! terminal gets them.

use std::fmt::Write as _;
use std::ops::Range;

use anstyle::{AnsiColor, Style};

use super::Shown;
use super::lines::{abridged, clean, flat, wrapped};
use super::passages::{Run, passage};
use crate::diff::spans::Spans;
use crate::diff::{Change, ChangeKind, Op, OpKind};
use crate::extract::page::Page;

/// How to write for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalOptions {
    /// Whether to write colour codes.
    pub color: bool,
    /// How many columns a line may have; text is wrapped at words. 0 never wraps.
    pub columns: usize,
    /// How many unchanged sentences are shown around a change.
    pub context: usize,
}

impl Default for TerminalOptions {
    fn default() -> Self {
        Self { color: false, columns: 80, context: 1 }
    }
}

const REMOVED: Style = AnsiColor::Red.on_default().strikethrough();
const ADDED: Style = AnsiColor::Green.on_default();
const MOVED: Style = AnsiColor::Cyan.on_default();
const FAINT: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();
const GRAVE: Style = AnsiColor::Red.on_default().bold();
const CALLED_OUT: Style = AnsiColor::Yellow.on_default().bold();

/// Writes a comparison for a terminal.
#[must_use]
pub fn render(shown: &Shown<'_>, options: &TerminalOptions) -> String {
    let (old_spots, new_spots) = (Spots::of(shown.old), Spots::of(shown.new));
    let mut out = Writer { text: String::new(), options: *options, old_spots, new_spots };
    out.head(shown);
    out.changes(shown);
    out.body(shown);
    out.text
}

struct Writer {
    text: String,
    options: TerminalOptions,
    old_spots: Spots,
    new_spots: Spots,
}

/// The quotations and figures of a page.
struct Spots {
    ranges: Vec<Range<usize>>,
    spans: Spans,
}

impl Spots {
    fn of(page: &Page) -> Self {
        let quotes = page.quotes.iter().map(|quote| quote.range.clone());
        let figures = page.figures.iter().map(|figure| figure.range.clone());
        let ranges: Vec<Range<usize>> = quotes.chain(figures).collect();
        Self { spans: Spans::new(ranges.iter().cloned()), ranges }
    }

    fn meeting(&self, range: &Range<usize>) -> impl Iterator<Item = &Range<usize>> {
        self.spans.meeting(range).filter_map(|at| self.ranges.get(at))
    }
}

impl Writer {
    fn styled(&self, style: Style, text: &str) -> String {
        if self.options.color && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn head(&mut self, shown: &Shown<'_>) {
        let title = self.styled(STRONG, &clean(shown.title));
        self.line(&title);
        let labels = format!("{}  →  {}", clean(shown.old_label), clean(shown.new_label));
        let labels = self.styled(FAINT, &labels);
        self.line(&labels);
        let verdict = self.verdict(shown);
        self.line(&verdict);
        self.line("");
    }

    fn verdict(&self, shown: &Shown<'_>) -> String {
        let said = super::verdict(shown);
        let loud = "not acknowledged";
        said.replacen(loud, &self.styled(GRAVE, loud), 1)
    }

    fn changes(&mut self, shown: &Shown<'_>) {
        let mut ranked: Vec<&Change> = shown.comparison.changes.iter().collect();
        ranked.sort_by_key(|change| std::cmp::Reverse(change.weight));
        for change in ranked {
            let dots = format!(
                "{}{}",
                "●".repeat(change.weight.into()),
                "○".repeat(5_usize.saturating_sub(change.weight.into()))
            );
            let style = if change.weight >= 4 { GRAVE } else { STRONG };
            let kind = self.styled(style, &format!("{:<18}", change.kind.label()));
            let says = self.says(change, shown);
            let line = format!("  {dots} {kind} {says}");
            self.line(&line);
        }
        if !shown.comparison.changes.is_empty() {
            self.line("");
        }
    }

    /// One change in a line.
    fn says(&self, change: &Change, shown: &Shown<'_>) -> String {
        let short = |text: &Option<String>| text.as_deref().map(|text| abridged(&clean(text), 60));
        let (before, after) = (short(&change.before), short(&change.after));
        let mut line = match change.kind {
            ChangeKind::TextEdited | ChangeKind::QuoteAltered if !change.words.is_empty() => {
                let said: Vec<String> = change
                    .words
                    .iter()
                    .take(4)
                    .map(|(a, b)| {
                        let old = shown.old.text.get(a.clone()).unwrap_or_default();
                        let new = shown.new.text.get(b.clone()).unwrap_or_default();
                        self.arrow(
                            Some(&abridged(&clean(old), 40)),
                            Some(&abridged(&clean(new), 40)),
                        )
                    })
                    .collect();
                let more = if change.words.len() > 4 { "; …" } else { "" };
                format!("{}{more}", said.join("; "))
            }
            _ => self.arrow(before.as_deref(), after.as_deref()),
        };
        match change.kind {
            ChangeKind::QuoteReattributed => {
                if let Some(about) = &change.about {
                    let _ = write!(line, ": “{}”", abridged(&clean(about), 50));
                }
            }
            ChangeKind::TextMoved => {
                if let Some(about) = &change.about {
                    let _ = write!(line, ": {}", abridged(&clean(about), 60));
                }
            }
            ChangeKind::Headline
            | ChangeKind::TextEdited
            | ChangeKind::FigureChanged
            | ChangeKind::DateChanged
            | ChangeKind::LinkChanged => {
                if let Some(about) = &change.about {
                    let _ = write!(line, " ({})", abridged(&clean(about), 40));
                }
            }
            ChangeKind::Correction => {
                if let Some(about) = &change.about {
                    let _ = write!(line, " (wrong: {})", abridged(&clean(about), 60));
                }
            }
            ChangeKind::Reverted => {
                if let Some(about) = &change.about {
                    let _ = write!(line, "same as {}", clean(about));
                }
            }
            _ => {}
        }
        if let Some(speaker) =
            change.speaker.as_deref().filter(|_| change.kind != ChangeKind::QuoteReattributed)
        {
            let _ = write!(line, " — {}", clean(speaker));
        }
        if change.notation {
            line.push_str(" (notation)");
        }
        line
    }

    fn arrow(&self, before: Option<&str>, after: Option<&str>) -> String {
        let full = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        match (full(before), full(after)) {
            (Some(a), Some(b)) => {
                format!("{} → {}", self.styled(REMOVED, &a), self.styled(ADDED, &b))
            }
            (Some(a), None) => self.styled(REMOVED, &format!("[-{a}-]")),
            (None, Some(b)) => self.styled(ADDED, &format!("{{+{b}+}}")),
            (None, None) => String::new(),
        }
    }

    fn body(&mut self, shown: &Shown<'_>) {
        let ops = &shown.comparison.ops;
        if ops.iter().all(|op| op.kind == OpKind::Keep) {
            return;
        }
        for (at, op) in ops.iter().enumerate() {
            match op.kind {
                OpKind::Keep => self.keep(shown, op, at > 0, at + 1 < ops.len()),
                OpKind::Insert => {
                    let text = self.called_out(shown, op, true);
                    self.block('+', ADDED, &text);
                }
                OpKind::Delete => {
                    let text = self.called_out(shown, op, false);
                    self.block('-', REMOVED, &text);
                }
                OpKind::Replace => {
                    let text = self.edited(shown, op);
                    self.block('~', STRONG, &text);
                }
                OpKind::Move => {
                    let from = op.old.start + 1;
                    let note = self.styled(MOVED, &format!("moved, was sentence {from}:"));
                    let text = format!("{note} {}", self.edited(shown, op));
                    self.block('>', MOVED, &text);
                }
            }
        }
    }

    fn keep(&mut self, shown: &Shown<'_>, op: &Op, before: bool, after: bool) {
        let sentences = shown.comparison.new_sentences.get(op.new.clone()).unwrap_or_default();
        let context = self.options.context;
        let (head, tail) = (if before { context } else { 0 }, if after { context } else { 0 });
        let text =
            |range: &Range<usize>| clean(shown.new.text.get(range.clone()).unwrap_or_default());
        if sentences.len() <= head + tail + 1 {
            for sentence in sentences {
                let line = self.styled(FAINT, &text(sentence));
                self.block(' ', FAINT, &line);
            }
            return;
        }
        for sentence in sentences.iter().take(head) {
            let line = self.styled(FAINT, &text(sentence));
            self.block(' ', FAINT, &line);
        }
        let folded = sentences.len() - head - tail;
        let line = self.styled(FAINT, &format!("… {folded} unchanged sentences …"));
        self.block(' ', FAINT, &line);
        for sentence in sentences.iter().skip(sentences.len() - tail) {
            let line = self.styled(FAINT, &text(sentence));
            self.block(' ', FAINT, &line);
        }
    }

    /// The text of an insertion or a deletion, its quotations and figures called out in colour.
    fn called_out(&self, shown: &Shown<'_>, op: &Op, new: bool) -> String {
        let (page, sentences, run, style, marks) = if new {
            (shown.new, &shown.comparison.new_sentences, &op.new, ADDED, ("{+", "+}"))
        } else {
            (shown.old, &shown.comparison.old_sentences, &op.old, REMOVED, ("[-", "-]"))
        };
        let spots = if new { &self.new_spots } else { &self.old_spots };
        let pieces: Vec<String> = sentences
            .get(run.clone())
            .unwrap_or_default()
            .iter()
            .map(|range| self.highlighted(page, spots, range, style))
            .collect();
        format!(
            "{}{}{}",
            self.styled(style, marks.0),
            pieces.join(" "),
            self.styled(style, marks.1)
        )
    }

    fn highlighted(
        &self,
        page: &Page,
        spots: &Spots,
        range: &Range<usize>,
        style: Style,
    ) -> String {
        let spots =
            spots.meeting(range).map(|spot| spot.start.max(range.start)..spot.end.min(range.end));
        let mut out = String::new();
        let mut at = range.start;
        for spot in spots {
            if spot.start < at {
                continue;
            }
            out.push_str(
                &self.styled(style, &flat(page.text.get(at..spot.start).unwrap_or_default())),
            );
            let spoken = flat(page.text.get(spot.clone()).unwrap_or_default());
            out.push_str(&self.styled(CALLED_OUT, &spoken));
            at = spot.end;
        }
        out.push_str(&self.styled(style, &flat(page.text.get(at..range.end).unwrap_or_default())));
        out
    }

    /// The text of an operation with the changed words marked.
    fn edited(&self, shown: &Shown<'_>, op: &Op) -> String {
        let mut out = String::new();
        for run in passage(shown, op).inline() {
            match run {
                Run::Same(text) => out.push_str(&flat(text)),
                Run::Cut(text) => {
                    out.push_str(&self.styled(REMOVED, &format!("[-{}-]", flat(text))));
                }
                Run::Put(text) => {
                    out.push_str(&self.styled(ADDED, &format!("{{+{}+}}", flat(text))));
                }
                Run::Space | Run::Break(_) if !out.ends_with(' ') => out.push(' '),
                Run::Space | Run::Break(_) => {}
            }
        }
        out
    }

    fn block(&mut self, mark: char, style: Style, text: &str) {
        let mark = self.styled(style, &mark.to_string());
        for (at, line) in
            wrapped(text, self.options.columns.saturating_sub(4)).into_iter().enumerate()
        {
            let lead = if at == 0 { format!("{mark} ") } else { "  ".to_owned() };
            let line = format!("{lead}{line}");
            self.line(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{CompareOptions, compare, sample};

    fn show(old: &str, new: &str, color: bool) -> String {
        let (old, new) = (sample::page(old), sample::page(new));
        let comparison = compare(&old, &new, &CompareOptions::default());
        let shown = Shown {
            comparison: &comparison,
            old: &old,
            new: &new,
            old_label: "Tuesday",
            new_label: "Wednesday",
            title: "https://coastal-courier.example/boats",
        };
        render(&shown, &TerminalOptions { color, columns: 72, context: 1 })
    }

    const OLD: &str = "The board met at dawn. Police counted 12 boats in the harbour. Rain \
        fell all morning over the quay. Nobody was hurt in the collision. Crews went home at noon.";
    const NEW: &str = "The board met at dawn. Police counted 15 boats in the harbour. Rain \
        fell all morning over the quay. Nobody was hurt in the collision. Crews went home at noon. \
        The mayor thanked them.";

    #[test]
    fn a_diff_reads_without_colour() {
        let expected = "\
https://coastal-courier.example/boats
Tuesday  →  Wednesday
2 changes, not acknowledged: no notice, and no modification date is declared

  ●●●○○ figure-changed     12 → 15 (boats)
  ●●○○○ text-added         {+The mayor thanked them.+}

  The board met at dawn.
~ Police counted [-12-]{+15+} boats in the harbour.
  Rain fell all morning over the quay.
  Nobody was hurt in the collision.
  Crews went home at noon.
+ {+The mayor thanked them.+}
";
        assert_eq!(show(OLD, NEW, false), expected);
    }

    #[test]
    fn colour_only_repeats_what_the_marks_say() {
        let colored = show(OLD, NEW, true);
        assert!(colored.contains("\u{1b}["));
        let mut plain = String::new();
        let mut escape = false;
        for c in colored.chars() {
            match (escape, c) {
                (false, '\u{1b}') => escape = true,
                (true, 'm') => escape = false,
                (true, _) => {}
                (false, c) => plain.push(c),
            }
        }
        assert_eq!(plain, show(OLD, NEW, false));
    }

    #[test]
    fn control_characters_of_a_page_never_reach_the_terminal() {
        let shown = show("A quiet day.", "A quiet day. \u{1b}[2JIt said \u{7}so.", false);
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{7}'));
    }
}
