//! The same page captured a second time: the article unchanged, everything around it turned over.
//!
//! The article lies between the first and the last text that the gold text has. Outside it every
//! link and link list whose words are not gold changes places with another, and every number in a
//! short text moves on (comments, shares, prices of the shop); dates stay. Inside it, what stands by
//! itself as a link ("Related: …", teasers between paragraphs) changes places too, and counters with
//! a unit ("3 min read", "12 comments") move on; sentences, tables and code are the article's own.
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
    // Gold texts leave out words, and whole lists of sentences; a rail is made of links.
    let is_rail = |inner: &str| safe(inner) && mostly_links(inner) && !mostly_known(inner, &bag);
    let items = shuffled(html, "li", &is_rail, &article(html, &gold));
    let links = shuffled(&items, "a", &safe, &article(&items, &gold));
    tick(&links, &safe, &article(&links, &gold))
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

/// Whether the line a span stands on is a sentence: four words or more that are no link. Such a
/// line belongs to the text it stands in, and what turns over is what stands by itself: rails,
/// teasers, "Related: …", tags.
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
    let before = html[..start].rfind('<').unwrap_or(0);
    let line = format!("{} {}", &html[before..from], &html[to..end]);
    let mut plain = line.clone();
    for (from, to) in elements(&line, "a").into_iter().rev() {
        plain.replace_range(from..to, " ");
    }
    words(&strip(&plain)).len() >= 4
}

/// Whether the nearest line of the markup before it is a cell of a table or code.
fn stands_in_cell(html: &str, from: usize) -> bool {
    let start =
        (from.saturating_sub(3_000)..=from).find(|at| html.is_char_boundary(*at)).unwrap_or(from);
    let before = html[start..from].to_ascii_lowercase();
    let last = |name: &str| before.rfind(name);
    last("<td") > last("</td")
        || last("<th") > last("</th")
        || last("<pre") > last("</pre")
        || last("<code") > last("</code")
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

/// Moves every movable element to the place of another: rotated by a third, then odd and even
/// swapped, which changes every order of two.
fn shuffled(html: &str, name: &str, safe: &dyn Fn(&str) -> bool, article: &Range<usize>) -> String {
    let movable: Vec<(usize, usize)> = elements(html, name)
        .into_iter()
        .filter(|(from, to)| {
            safe(&html[*from..*to])
                && !stands_in_sentence(html, *from, *to)
                && !(article.contains(from) && stands_in_cell(html, *from))
        })
        .collect();
    let n = movable.len();
    let mut order: Vec<usize> = (0..n).map(|i| (i + n / 3 + 1) % n.max(1)).collect();
    for pair in order.chunks_mut(2) {
        pair.reverse();
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

fn tick(html: &str, safe: &dyn Fn(&str) -> bool, article: &Range<usize>) -> String {
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
        let counter = text.len() <= 60
            && !stands_in_sentence(html, at, end)
            && text.bytes().any(|b| b.is_ascii_digit())
            && !looks_dated(text)
            && !text.contains('&')
            && words(text).len() <= 6
            && (!article.contains(&at) || has_unit(text))
            && safe(text);
        if counter {
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
