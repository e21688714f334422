//! The same page captured a second time: the article unchanged, everything around it changed.
//!
//! The article lies between the first and the last text that the gold text has. What moves:
//!
//! - links, and items of lists that are made of links, whose words are not gold: each changes places
//!   with another. Outside the article that is every rail, menu, list of tags and teaser; inside it
//!   every link that stands by itself or behind a label ("Related: …", "Read more …").
//! - counters: a short text of one number and up to three words ("12 comments", "(45)", "Save 15%") goes up
//!   by one; inside the article only beside a unit of counters ("3 min read").
//!
//! What does not, since it belongs to the article: gold words, links within sentences, marks of
//! notes, headings and cells of tables of data with words of their own, code, dates, numbering, phone
//! numbers, names with digits. Links that show a picture, hold hidden words or dial a number stay as
//! well (a line of words would become empty), and cards change places with cards alone. An element whose tags do not balance stays where it is: moving it
//! would not change the order of the page but its tree.
//!
//! The work is done on the bytes of the markup, so that nothing of the extractor under test takes
//! part in it.

use std::collections::HashSet;
use std::ops::Range;

use super::score::words;

/// Whether nothing has to be replaced to read it as UTF-8.
pub fn is_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}

pub fn perturb(html: &str, gold: &str) -> String {
    let gold = format!(" {} ", words(gold).join(" "));
    let bag: HashSet<&str> = gold.split(' ').collect();
    let safe = |inner: &str| {
        let found = words(&strip(inner)).join(" ");
        !found.is_empty() && !gold.contains(&format!(" {found} "))
    };
    let layout = gold_in_cells(html, &gold);
    // Gold texts leave out words, and whole lists of sentences; a rail is made of links.
    let is_rail = |html: &str, (from, to): (usize, usize), article: &Range<usize>| {
        let item = &html[from..to];
        safe(item)
            && is_balanced(item)
            && mostly_links(item)
            && !mostly_known(item, &bag)
            && !(article.contains(&from) && plain_words(item) >= 4)
            && !stands_in_sentence(html, from, to)
            && !(article.contains(&from) && stands_in(html, from, CELLS))
    };
    let is_link = |html: &str, (from, to): (usize, usize), article: &Range<usize>| {
        safe(&html[from..to])
            && is_balanced(&html[from..to])
            && !shows_more(&html[from..to])
            && !stands_in(html, from, &["h1"])
            && !stands_in_sentence(html, from, to)
            && !((!layout || article.contains(&from)) && stands_in(html, from, CELLS))
    };
    let items = shuffled(html, "li", &is_rail, &article(html, &gold));
    let links = shuffled(&items, "a", &is_link, &article(&items, &gold));
    let ticks = |html: &str, (from, to): (usize, usize), article: &Range<usize>| {
        let text = &html[from..to];
        is_count(text)
            && (!article.contains(&from) || has_unit(text))
            && !stands_in(html, from, HEADINGS)
            && !((!layout || article.contains(&from)) && stands_in(html, from, CELLS))
            && !stands_in_sentence(html, from, to)
            && safe(text)
    };
    tick(&links, &ticks, &article(&links, &gold))
}

/// Whether a page is laid out by tables: whether gold text stands in a cell, outside any element
/// that a table of data does not hold.
fn gold_in_cells(html: &str, gold: &str) -> bool {
    let range = article(html, gold);
    let before = html[..range.start].to_ascii_lowercase();
    before.matches("<table").count() > before.matches("</table").count()
}

/// Where the article lies: from the first to the last run of text that is gold, of six words or
/// more.
fn article(html: &str, gold: &str) -> Range<usize> {
    let raw = raw_spans(html);
    let mut found: Option<Range<usize>> = None;
    let mut spans = raw.iter().peekable();
    let mut at = 0;
    while let Some(open) = html[at..].find('>') {
        let start = at + open + 1;
        while spans.next_if(|(_, to)| *to <= start).is_some() {}
        if let Some((from, to)) = spans.peek()
            && *from < start
        {
            at = *to - 1;
            continue;
        }
        let end = html[start..].find('<').map_or(html.len(), |e| start + e);
        let text = words(&strip(&html[start..end]));
        if text.len() >= 6 && gold.contains(&format!(" {} ", text.join(" "))) {
            found = Some(found.map_or(start, |f| f.start)..end);
        }
        at = end;
    }
    found.unwrap_or(0..0)
}

fn mostly_links(item: &str) -> bool {
    let linked: usize =
        elements(item, "a").iter().map(|(from, to)| strip(&item[*from..*to]).trim().len()).sum();
    linked * 2 > strip(item).trim().len()
}

/// The words with letters outside links.
fn plain_words(html: &str) -> usize {
    words(&strip(&without_links(html))).iter().filter(|w| w.contains(char::is_alphabetic)).count()
}

fn without_links(html: &str) -> String {
    let mut plain = html.to_owned();
    for (from, to) in elements(html, "a").into_iter().rev() {
        plain.replace_range(from..to, " ");
    }
    plain
}

/// Whether a link shows a picture, or has text that is not shown: a link of words would not stand
/// in its place.
fn shows_more(link: &str) -> bool {
    let lower = link.to_ascii_lowercase();
    let signs = [
        "tel:",
        "mailto:",
        "<img",
        "<svg",
        "<picture",
        "sr-only",
        "screen-reader",
        "hidden",
        "display:none",
    ];
    signs.iter().any(|sign| lower.contains(sign))
}

/// Whether each element that is opened is closed, by the count of tags that need both.
fn is_balanced(html: &str) -> bool {
    let lower = html.to_ascii_lowercase();
    ["div", "ul", "ol", "li", "p", "span", "section", "article", "table", "td", "tr", "a", "h3"]
        .iter()
        .all(|name| {
            let open = lower
                .match_indices(&format!("<{name}"))
                .filter(|(at, _)| {
                    lower[at + 1 + name.len()..].starts_with([' ', '>', '\n', '\t', '\r'])
                })
                .count();
            open == lower.matches(&format!("</{name}>")).count()
        })
}

fn mostly_known(item: &str, gold: &HashSet<&str>) -> bool {
    let found = words(&strip(item));
    let known = found.iter().filter(|w| gold.contains(w.as_str())).count();
    found.len() >= 4 && known * 10 >= found.len() * 9
}

/// The names that end a line of text.
const LINE_ENDS: &[&str] = &[
    "p",
    "/p",
    "div",
    "/div",
    "li",
    "/li",
    "ul",
    "/ul",
    "ol",
    "/ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "/h1",
    "/h2",
    "/h3",
    "/h4",
    "/h5",
    "/h6",
    "td",
    "/td",
    "tr",
    "/tr",
    "section",
    "/section",
    "article",
    "/article",
    "br",
    "figcaption",
    "/figcaption",
    "blockquote",
    "/blockquote",
    "header",
    "/header",
    "nav",
    "/nav",
];

fn ends_line(tag: &str) -> bool {
    let name = tag.trim_start_matches('<').trim_end_matches(['>', '/']);
    let name = name
        .split(|c: char| c.is_whitespace() || c == '>')
        .next()
        .unwrap_or("")
        .to_ascii_lowercase();
    LINE_ENDS.contains(&name.as_str())
}

/// Whether a span is part of a line with words of its own: four words or more that are no link,
/// words behind it that end a sentence, three words before it that do not end in a colon, a heading
/// with more than the link, or the mark of a note. Such a line belongs to the text it stands in, and
/// what turns over is what stands by itself: rails, teasers, "Related: …", tags.
fn stands_in_sentence(html: &str, from: usize, to: usize) -> bool {
    let mut start = from;
    while let Some(at) = html[..start].rfind('<') {
        if ends_line(&html[at..]) || from - at > 4_000 {
            break;
        }
        start = at;
    }
    let mut end = to;
    while let Some(at) = html[end..].find('<') {
        let at = end + at;
        if ends_line(&html[at..]) || at - to > 4_000 {
            end = at;
            break;
        }
        end = at + 1;
    }
    let begin = html[..start].rfind('<').unwrap_or(0);
    let before = strip(&without_links(&html[begin..from]));
    let after = strip(&without_links(&html[to..end]));
    let (ahead, behind) = (words(&before).len(), words(&after).len());
    if ahead + behind >= 4 || (ahead >= 3 && !before.trim_end().ends_with(':')) {
        return true;
    }
    if (ahead > 0 && behind >= 2) || after.trim_end().ends_with(['.', '!', '?']) {
        return true;
    }
    let inner = strip(&html[from..to]);
    let is_mark = inner.trim().len() <= 3 && inner.trim().bytes().all(|b| b.is_ascii_digit());
    (is_mark && ahead > 0) || (ahead + behind > 0 && stands_in(html, from, HEADINGS))
}

const HEADINGS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6"];
const CELLS: &[&str] = &["td", "th", "pre", "code"];

/// Whether the nearest markup before it opens one of these elements and does not close it.
fn stands_in(html: &str, from: usize, names: &[&str]) -> bool {
    let start =
        (from.saturating_sub(12_000)..=from).find(|at| html.is_char_boundary(*at)).unwrap_or(from);
    let before = html[start..from].to_ascii_lowercase();
    names.iter().any(|name| {
        let opened = before
            .rmatch_indices(&format!("<{name}"))
            .map(|(at, _)| at)
            .find(|at| before[at + 1 + name.len()..].starts_with([' ', '>', '\n', '\t', '\r']));
        opened > before.rfind(&format!("</{name}"))
    })
}

/// Whether markup opens one of these elements.
fn elements_open(html: &str, names: &[&str]) -> bool {
    let lower = html.to_ascii_lowercase();
    names.iter().any(|name| {
        lower
            .match_indices(&format!("<{name}"))
            .any(|(at, _)| lower[at + 1 + name.len()..].starts_with([' ', '>', '\n', '\t', '\r']))
    })
}

/// One number that counts, and up to three words: no date, no numbering, no phone number, no name
/// or measure with digits in it.
fn is_count(text: &str) -> bool {
    let text = text.trim();
    if text.len() > 60
        || !text.bytes().any(|b| b.is_ascii_digit())
        || text.contains('&')
        || text.ends_with('.')
        || looks_dated(text)
    {
        return false;
    }
    let runs: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ',')))
        .filter(|run| run.contains(|c: char| c.is_ascii_digit()))
        .collect();
    let [number] = runs.as_slice() else { return false };
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let tail = number.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let numbered = text.starts_with(number)
        && (number.ends_with('.') || text[number.len()..].starts_with(')'))
        && text.len() > number.len() + 1;
    // "3-person", "401(k)", postal codes.
    let behind = &text[text.find(number).unwrap_or(0) + number.len()..];
    let is_named = behind.starts_with(['-', '(']) && behind.len() > 1;
    let is_code = digits == 5 && !number.contains([',', '.']);
    digits <= 6
        && !is_named
        && !is_code
        && !numbered
        && matches!(tail, "" | "k" | "K" | "m" | "M" | "x")
        && words(text).len() <= 4
}

fn strip(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        out.push(' ');
        rest = rest[at..].find('>').map_or("", |end| &rest[at + end + 1..]);
    }
    out.push_str(rest);
    out.replace("&amp;", "&").replace("&nbsp;", " ").replace("&#39;", "'").replace("&quot;", "\"")
}

/// The spans of scripts and styles, which are left alone.
fn raw_spans(html: &str) -> Vec<(usize, usize)> {
    let lower = html.to_ascii_lowercase();
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some((start, name)) = ["<script", "<style", "<!--", "<textarea"]
        .iter()
        .filter_map(|name| lower[at..].find(name).map(|found| (at + found, *name)))
        .min()
    {
        let close = match name {
            "<script" => "</script",
            "<style" => "</style",
            "<textarea" => "</textarea",
            _ => "-->",
        };
        let end =
            lower[start..].find(close).map_or(lower.len(), |found| start + found + close.len());
        spans.push((start, end));
        at = end;
    }
    spans
}

/// Innermost elements of a name: from the start tag to past the end tag.
fn elements(html: &str, name: &str) -> Vec<(usize, usize)> {
    let lower = html.to_ascii_lowercase();
    let raw = raw_spans(html);
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(found) = lower[at..].find(&open) {
        let start = at + found;
        at = start + open.len();
        if let Some((_, end)) = raw.iter().find(|(from, to)| (*from..*to).contains(&start)) {
            at = *end;
            continue;
        }
        let bounded = lower[at..].starts_with([' ', '>', '\n', '\t', '\r']);
        let Some(end) = lower[at..].find(&close).map(|e| at + e + close.len()) else { break };
        // Another start tag inside: that one is innermost.
        let inner = lower[at..end]
            .match_indices(&open)
            .any(|(i, _)| lower[at + i + open.len()..].starts_with([' ', '>', '\n', '\t', '\r']));
        if bounded && !inner {
            spans.push((start, end));
            at = end;
        }
    }
    spans
}

/// Whether a span of the markup moves, given where the article lies.
type Pick<'a> = dyn Fn(&str, (usize, usize), &Range<usize>) -> bool + 'a;

/// Moves every movable element to the place of another: rotated by a third, then odd and even
/// swapped, which changes every order of two.
fn shuffled(html: &str, name: &str, moves: &Pick<'_>, article: &Range<usize>) -> String {
    let movable: Vec<(usize, usize)> =
        elements(html, name).into_iter().filter(|span| moves(html, *span, article)).collect();
    // A card takes the place of a card, a line of words that of a line.
    let is_card = |(from, to): &(usize, usize)| {
        name == "a"
            && elements_open(&html[*from..*to], &["h2", "h3", "h4", "h5", "h6", "div", "p", "ul"])
    };
    let mut order: Vec<usize> = (0..movable.len()).collect();
    for card in [false, true] {
        let kin: Vec<usize> =
            (0..movable.len()).filter(|i| is_card(&movable[*i]) == card).collect();
        let n = kin.len();
        let mut turned: Vec<usize> = (0..n).map(|i| kin[(i + n / 3 + 1) % n]).collect();
        for pair in turned.chunks_mut(2) {
            pair.reverse();
        }
        for (place, source) in kin.iter().zip(turned) {
            order[*place] = source;
        }
    }
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    for (place, source) in movable.iter().zip(order) {
        out.push_str(&html[at..place.0]);
        let (from, to) = movable[source];
        out.push_str(&html[from..to]);
        at = place.1;
    }
    out.push_str(&html[at..]);
    out
}

fn tick(html: &str, ticks: &Pick<'_>, article: &Range<usize>) -> String {
    let raw = raw_spans(html);
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    let mut spans = raw.iter().peekable();
    while at < html.len() {
        if let Some((from, to)) = spans.peek().copied()
            && at == *from
        {
            out.push_str(&html[*from..*to]);
            at = *to;
            spans.next();
            continue;
        }
        let next_raw = spans.peek().map_or(html.len(), |(from, _)| *from);
        if html[at..].starts_with('<') {
            let end =
                html[at..].find('>').map_or(html.len(), |e| at + e + 1).min(next_raw.max(at + 1));
            out.push_str(&html[at..end]);
            at = end;
            continue;
        }
        let end = html[at..].find('<').map_or(html.len(), |e| at + e).min(next_raw);
        let text = &html[at..end];
        if ticks(html, (at, end), article) {
            out.push_str(&ticked(text))
        } else {
            out.push_str(text)
        }
        at = end;
    }
    out
}

fn has_unit(text: &str) -> bool {
    const UNITS: &[&str] = &[
        "comment",
        "comments",
        "share",
        "shares",
        "view",
        "views",
        "like",
        "likes",
        "read",
        "ago",
        "replies",
        "votes",
        "followers",
        "minutos",
        "minuto",
        "minuten",
        "leitura",
        "lectura",
        "lecture",
    ];
    words(text).iter().any(|w| UNITS.contains(&w.as_str()))
}

fn looks_dated(text: &str) -> bool {
    let lower = text.to_lowercase();
    let months =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let year = lower.as_bytes().windows(4).any(|w| {
        (w.starts_with(b"19") || w.starts_with(b"20")) && w.iter().all(u8::is_ascii_digit)
    });
    year || lower.contains(':') || lower.contains('/') || months.iter().any(|m| lower.contains(m))
}

fn ticked(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(std::iter::once('\0')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            let next =
                digits.parse::<u64>().map_or_else(|_| digits.clone(), |n| (n + 1).to_string());
            out.push_str(&next);
            digits.clear();
        }
        if c != '\0' {
            out.push(c);
        }
    }
    out
}
