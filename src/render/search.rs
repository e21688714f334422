//! What was found by words, as text.

use std::fmt::Write as _;

use anstyle::Style;

use crate::answers::search::SearchHit;
use crate::answers::search_events::SearchEvent;
use crate::archive::Form;
use crate::base::Timestamp;
use crate::base::printable::{flat, line};
use crate::history::standing::Span;
use crate::search::content::Snippet;
use crate::search::query::SearchField;

use super::plural;

const STRONG: Style = Style::new().bold();

/// The lines of a page. What was found is bold, or is between stars where there is no colour.
#[must_use]
pub fn text(hit: &SearchHit, color: bool) -> String {
    let stood = &hit.stood;
    let mut out = format!("{}{}\n", line(&stood.url), super::in_form(stood.form));
    // Writing to a String cannot fail.
    let mut add = |name: &str, text: &str| {
        let _ = writeln!(out, "  {name:<11} {text}");
    };
    let of_headline = |snippet: &&Snippet| snippet.field == SearchField::Headline;
    match (hit.snippets.iter().find(of_headline), &hit.headline) {
        (Some(snippet), _) => add("headline", &marked(snippet, color)),
        (None, Some(headline)) => add("headline", &flat(headline)),
        (None, None) => {}
    }
    add("first seen", &stood.first_seen.0.date.to_rfc3339());
    add("last seen", &stood.last_seen.0.date.to_rfc3339());
    match stood.gone_since {
        Some(at) => add("gone since", &at.to_rfc3339()),
        None => add("", "still there in the newest version"),
    }
    add("in", &plural(stood.versions, "version"));
    if let [first, .., last] = stood.spans.as_slice() {
        add("came", &format!("{} times, {} … {}", stood.spans.len(), span(first), span(last)));
    }
    for snippet in hit.snippets.iter().filter(|snippet| !of_headline(snippet)) {
        add(snippet.field.label(), &marked(snippet, color));
    }
    out
}

/// The lines of an event: when, what, where, and the words.
#[must_use]
pub fn event(event: &SearchEvent, color: bool) -> String {
    let change = event.change.label();
    let form = if event.rendering { super::in_form(Form::Rendered) } else { "" };
    let mut out = format!("{}  {change}  {}{form}\n", event.at.to_rfc3339(), line(&event.url));
    for snippet in &event.snippets {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "    {}", marked(snippet, color));
    }
    out
}

fn span(span: &Span) -> String {
    let until = span.until.map_or_else(|| "now".to_owned(), Timestamp::to_rfc3339);
    format!("{} – {until}", span.from.to_rfc3339())
}

fn marked(snippet: &Snippet, color: bool) -> String {
    let mut out = String::new();
    let mut at = 0;
    let plain = |range: std::ops::Range<usize>| flat(snippet.text.get(range).unwrap_or_default());
    for mark in &snippet.marks {
        out.push_str(&plain(at..mark.start));
        let found = plain(mark.clone());
        let _ = match color {
            true => write!(out, "{STRONG}{found}{STRONG:#}"),
            false => write!(out, "*{found}*"),
        };
        at = mark.end;
    }
    out.push_str(&plain(at..snippet.text.len()));
    out
}
