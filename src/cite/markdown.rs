//! Markdown with Robust Links: CommonMark (0.31.2), whose links have no attributes of their own, so that
//! the link itself is inline HTML, which every CommonMark reader takes.

use super::clean::clean;
use super::html::robust_attributes;
use super::names::Name;
use super::prose::{best_link, captured, isolate, list, place, proof};
use super::source::Source;
use crate::base::markup::escaped;

pub(super) fn render(source: &Source) -> String {
    let names: Vec<String> =
        source.named_authors().into_iter().map(|n| escape(&isolate(&Name::direct(n)))).collect();
    let mut out = list(&names, "and");
    if !out.is_empty() {
        out.push_str(", ");
    }
    out.push_str(&format!(
        "“<a href=\"{}\"{}>{}</a>”, *{}*",
        escaped(&best_link(source)),
        robust_attributes(source),
        escape(&isolate(&source.title())),
        escape(&isolate(source.outlet()))
    ));
    for (words, date) in [("", &source.published), ("changed ", &source.modified)] {
        if let Some(date) = date {
            out.push_str(&format!(", {words}{}", date.value.day_full_month_year()));
        }
    }
    let at = captured(source);
    let place = match source.archive_url() {
        Some(url) => format!("[{}](<{url}>)", escape(&source.archive.name)),
        None => escape(&place(source)),
    };
    out.push_str(&format!("; captured {at}, {place}, `{}`.", proof(source).replace('`', "'")));
    if let Some(quotation) = &source.quotation {
        out.push_str(&format!(
            "\n\n> {} ([link](<{}>))",
            escape(&isolate(&clean(quotation.said()))),
            quotation.link(source)
        ));
        if let Some(note) = quotation.note() {
            out.push_str(&format!("\n>\n> {}", escape(&isolate(&note))));
        }
        let selector = quotation.selector().to_string();
        out.push_str(&format!("\n\n<!-- {} -->", comment(&selector)));
    }
    out.push_str(&format!("\n\n<!-- {}. -->", source.origins_note()));
    out
}

/// JSON inside an HTML comment: no hyphen of it may end the comment.
fn comment(json: &str) -> String {
    json.replace("--", "-\\u002d").replace("->", "-\\u003e")
}

/// A text to be shown literally: every mark that Markdown may interpret is escaped.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '|' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    // A line may also begin a list, which is escaped after its number or at its sign.
    let list = |rest: &str| rest.starts_with(['-', '+', '=']);
    if list(&out) {
        out.insert(0, '\\');
    }
    out
}
