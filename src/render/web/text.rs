//! Text, times, counts and changes as every page of the reader shows them.

use maud::{Markup, PreEscaped, html};

use crate::base::printable::{self, fitted};
use crate::base::{ByteSize, Timestamp};
use crate::diff::ChangeKind;
use crate::render::diff::cells::texts;

/// Text of a page as one line that can be shown.
pub(super) fn line(text: &str) -> String {
    printable::flat(text).trim().to_owned()
}

/// The same, cut where it is longer than this many cells.
pub(super) fn short(text: &str, cells: usize) -> String {
    fitted(&line(text), cells).into_owned()
}

/// Foreign text inside a sentence of this program: its direction does not spill over.
pub(super) fn foreign(text: &str) -> Markup {
    html! { bdi { (line(text)) } }
}

/// An address, which may be broken anywhere.
pub(super) fn address(url: &str) -> Markup {
    let text = short_address(url, 200);
    html! {
        // In a narrow column it is broken behind a slash before it is broken anywhere.
        bdi .url { @for (at, part) in text.split_inclusive('/').enumerate() { @if at > 0 { wbr; } (part) } }
    }
}

/// An address without `http://`, cut in its middle where it is long: both ends identify it.
pub(super) fn short_address(url: &str, most: usize) -> String {
    let text = line(url);
    let text =
        text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or(&text);
    let text = text.strip_suffix('/').filter(|t| !t.contains('/')).unwrap_or(text);
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most * 2 / 3).collect();
    let tail: String = text.chars().skip(count - most / 3).collect();
    format!("{head}…{tail}")
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The name of a month, from 1.
pub(super) fn month_name(month: usize) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    month.checked_sub(1).and_then(|at| NAMES.get(at)).copied().unwrap_or("")
}

/// `4 Mar 2031`.
pub(super) fn day(at: Timestamp) -> String {
    let text = at.to_rfc3339();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok().and_then(|m| MONTHS.get(m.wrapping_sub(1)));
    let day = part(8, 10).trim_start_matches('0');
    format!("{day} {} {}", month.copied().unwrap_or(""), part(0, 4))
}

/// `4 Mar 2031, 08:09`, in a `time` element with the whole of it.
pub(super) fn time(at: Timestamp) -> Markup {
    moment(at, 16)
}

/// `4 Mar 2031, 08:09:10`.
pub(super) fn second(at: Timestamp) -> Markup {
    moment(at, 19)
}

/// `4 Mar 2031, 08:09:10.123456`.
pub(super) fn micros(at: Timestamp) -> Markup {
    moment(at, 26)
}

fn moment(at: Timestamp, end: usize) -> Markup {
    let whole = at.to_warc_date();
    html! {
        time datetime=(whole) { (day(at)) ", " (whole.get(11..end).unwrap_or_default()) }
    }
}

/// `4 Mar 2031`, or a period where both are different days.
pub(super) fn period(first: Timestamp, last: Timestamp) -> Markup {
    let (from, to) = (day(first), day(last));
    html! {
        time datetime=(first.to_rfc3339()) { (from) }
        @if from != to { " to " time datetime=(last.to_rfc3339()) { (to) } }
    }
}

/// A count with a mark every three digits.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count and its noun.
pub(super) fn count(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(n), if n == 1 { "" } else { "s" })
}

/// Bytes for people.
pub(super) fn size(bytes: u64) -> String {
    ByteSize(bytes).to_string()
}

/// What kinds of change are shown alike: a letter for the picture, a class, and a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group {
    pub letter: &'static str,
    pub class: &'static str,
    pub name: &'static str,
}

/// The groups, in the order of the legend.
pub(super) const GROUPS: [Group; 7] = [
    Group { letter: "H", class: "k-head", name: "headline or byline" },
    Group { letter: "T", class: "k-text", name: "text" },
    Group { letter: "Q", class: "k-quote", name: "quotation" },
    Group { letter: "F", class: "k-fact", name: "figure, date, name or claim" },
    Group { letter: "N", class: "k-note", name: "correction or notice" },
    Group { letter: "A", class: "k-access", name: "gone, moved, restored or paywalled" },
    Group { letter: "P", class: "k-part", name: "declared date, picture or link" },
];

/// The group of a kind of change.
pub(super) fn group(kind: ChangeKind) -> Group {
    use ChangeKind as K;
    let at = match kind {
        K::Headline | K::Byline => 0,
        K::TextAdded | K::TextRemoved | K::TextEdited | K::TextMoved | K::Reverted => 1,
        K::QuoteAdded | K::QuoteRemoved | K::QuoteAltered | K::QuoteReattributed => 2,
        K::FigureChanged | K::DateChanged | K::NameChanged | K::ClaimChanged => 3,
        K::Correction | K::UpdateNote | K::Retraction => 4,
        K::Gone | K::Restored | K::Redirected | K::Paywalled => 5,
        K::Published | K::Modified | K::ImageChanged | K::LinkChanged => 6,
    };
    GROUPS[at]
}

/// A kind of change for people.
pub(super) fn kind_name(kind: ChangeKind) -> &'static str {
    use ChangeKind as K;
    match kind {
        K::Headline => "Headline",
        K::Byline => "Byline",
        K::Published => "Declared publication date",
        K::Modified => "Declared modification date",
        K::TextAdded => "Text added",
        K::TextRemoved => "Text removed",
        K::TextEdited => "Text edited",
        K::TextMoved => "Text moved",
        K::QuoteAdded => "Quotation added",
        K::QuoteRemoved => "Quotation removed",
        K::QuoteAltered => "Quotation altered",
        K::QuoteReattributed => "Quotation given to another speaker",
        K::FigureChanged => "Figure changed",
        K::DateChanged => "Date changed",
        K::NameChanged => "Name changed",
        K::ClaimChanged => "Claim changed",
        K::Correction => "Correction",
        K::UpdateNote => "Update note",
        K::Retraction => "Retraction",
        K::Gone => "Gone",
        K::Restored => "Restored",
        K::Reverted => "Reverted",
        K::Redirected => "Redirected",
        K::Paywalled => "Paywalled",
        K::ImageChanged => "Picture changed",
        K::LinkChanged => "Link changed",
    }
}

/// Kinds of change and how many there are of each, in a few words: `headline`, `text edited (3)`.
#[must_use]
pub fn kinds_in_words(kinds: &[(ChangeKind, usize)]) -> Vec<String> {
    let words = kinds.iter().map(|(kind, count)| {
        let name = kind_name(*kind).to_lowercase();
        if *count > 1 { format!("{name} ({count})") } else { name }
    });
    words.collect()
}

/// The label of a kind of change, marked by its group.
pub(super) fn kind_label(kind: ChangeKind) -> Markup {
    html! { span class={ "kind " (group(kind).class) } { (kind_name(kind)) } }
}

/// How much a change matters, as dots that a screen reader hears as words.
pub(super) fn weight(weight: u8) -> Markup {
    let filled = usize::from(weight.min(5));
    html! {
        span .weight aria-hidden="true" { ("●".repeat(filled)) ("○".repeat(5 - filled)) }
        span .unseen { "weight " (weight) " of 5" }
    }
}

/// The mark of a version that was changed without a notice.
pub(super) fn stealth() -> Markup {
    html! {
        span .stealth title="No notice in the page, and its declared date did not change" {
            "silent edit"
        }
    }
}

/// A change on one or two lines: what was before, and what is now, with the words that differ marked.
pub(super) fn change(
    kind: ChangeKind,
    before: Option<&str>,
    after: Option<&str>,
    about: Option<&str>,
) -> Markup {
    // One-sided texts are short here: the comparison has all of it.
    let cut = |text: &str| short(text, 220);
    html! {
        (kind_label(kind)) " "
        @if let Some(about) = about { span .about { (short(about, 80)) } " " }
        @match (before, after) {
            (Some(before), Some(after)) => {
                @let (old, new) = texts(Some(before), Some(after));
                span .pair {
                    span .was { span .unseen { "before: " } (PreEscaped(old)) }
                    " " span .arrow aria-hidden="true" { "→" } " "
                    span .now { span .unseen { "now: " } (PreEscaped(new)) }
                }
            }
            (Some(before), None) => { del { (cut(before)) } }
            (None, Some(after)) => { ins { (cut(after)) } }
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_counts_are_written_for_people() {
        let at = Timestamp::parse("2031-03-04T08:09:10.123456Z").unwrap();
        assert_eq!(day(at), "4 Mar 2031");
        let expected = "<time datetime=\"2031-03-04T08:09:10.123456Z\">4 Mar 2031, 08:09</time>";
        assert_eq!(time(at).into_string(), expected);
        for (n, expected) in [(0, "0 visits"), (1, "1 visit"), (1_234_567, "1,234,567 visits")] {
            assert_eq!(count(n, "visit"), expected);
        }
    }

    #[test]
    fn long_addresses_keep_both_ends() {
        assert_eq!(short_address("https://a.example/", 40), "a.example");
        assert_eq!(short_address("http://a.example/b/", 40), "a.example/b/");
        let long = format!("http://a.example/{}/end", "x".repeat(100));
        let cut = short_address(&long, 40);
        assert!(cut.starts_with("a.example/xxx") && cut.ends_with("/end"), "{cut}");
        assert_eq!(cut.chars().count(), 40, "{cut}");
    }
}
