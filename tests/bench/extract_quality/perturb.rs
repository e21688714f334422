//! The same page captured a second time: the article unchanged, everything around it turned over.
//!
//! Links and list items whose words are not in the gold text change places with one another, all
//! over the page; numbers in short texts outside the gold text (comments, shares, reading time,
//! "3 hours ago") move on. Dates stay. The work is done on the bytes of the markup, so that
//! nothing of the extractor under test takes part in it.

use super::score::words;

/// Whether nothing has to be replaced to read it as UTF-8.
pub fn is_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}

pub fn perturb(html: &str, gold: &str) -> String {
    let gold = format!(" {} ", words(gold).join(" "));
    let safe = |inner: &str| {
        let found = words(&strip(inner)).join(" ");
        !found.is_empty() && !gold.contains(&format!(" {found} "))
    };
    let bag: std::collections::HashSet<&str> = gold.split(' ').collect();
    // Gold texts leave out words, and whole lists of sentences; a rail is made of links.
    let is_rail = |inner: &str| safe(inner) && mostly_links(inner) && !mostly_known(inner, &bag);
    let items = shuffled(html, "li", &is_rail, &bag);
    let links = shuffled(&items, "a", &safe, &bag);
    tick(&links, &safe)
}

fn mostly_links(item: &str) -> bool {
    let linked: usize =
        elements(item, "a").iter().map(|(from, to)| strip(&item[*from..*to]).trim().len()).sum();
    linked * 2 > strip(item).trim().len()
}

fn mostly_known(item: &str, gold: &std::collections::HashSet<&str>) -> bool {
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

/// The words on the line around a span: a link in a sentence of the article belongs to it, even
/// where the gold text spells the link another way.
fn stands_in_article(
    html: &str,
    from: usize,
    to: usize,
    gold: &std::collections::HashSet<&str>,
) -> bool {
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
    let mut floor = html[..start].rfind('<').unwrap_or(0);
    while !html.is_char_boundary(floor) {
        floor -= 1;
    }
    let around = words(&strip(&format!("{} {}", &html[floor..from], &html[to..end])));
    let known = around.iter().filter(|w| gold.contains(w.as_str())).count();
    around.len() >= 4 && known * 10 >= around.len() * 8
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
fn shuffled(
    html: &str,
    name: &str,
    safe: &dyn Fn(&str) -> bool,
    gold: &std::collections::HashSet<&str>,
) -> String {
    let movable: Vec<(usize, usize)> = elements(html, name)
        .into_iter()
        .filter(|(from, to)| safe(&html[*from..*to]) && !stands_in_article(html, *from, *to, gold))
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

fn tick(html: &str, safe: &dyn Fn(&str) -> bool) -> String {
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
            && text.bytes().any(|b| b.is_ascii_digit())
            && !looks_dated(text)
            && !text.contains('&')
            && words(text).len() <= 6
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
