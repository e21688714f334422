//! Wikipedia's templates `cite news` and `cite web` (Help:Citation Style 1).
//!
//! `cite news` if the page is an article of an outlet that is known by name. Without a public address
//! of the capture there is no value for `archive-url`: the archive's facts then stand in a comment.

use super::date::Date;
use super::names::{Name, Order};
use super::prose::{captured, is_right_to_left, place, proof};
use super::source::Source;

pub(super) fn render(source: &Source) -> String {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut put = |field: &str, value: String| fields.push((field.to_owned(), value));
    for (n, author) in source.named_authors().into_iter().enumerate() {
        let n = n + 1;
        match author {
            Name::Person(p) => {
                let given = if p.suffix.is_empty() {
                    p.given.clone()
                } else {
                    format!("{} {}", p.given, p.suffix)
                };
                put(&format!("last{n}"), escape(&p.last()));
                put(&format!("first{n}"), escape(&given));
                if p.order == Order::FamilyFirst {
                    put(&format!("author-mask{n}"), escape(&author.direct()));
                }
            }
            Name::Whole(name) | Name::Organisation(name) => {
                put(&format!("author{n}"), escape(name));
            }
        }
    }
    let title = source.title();
    let language = source.language.as_ref().map(|l| primary(&l.value));
    match &language {
        // Scripts that are not set in italics have a separate parameter, with their language.
        Some(code) if is_other_script(&title) => {
            put("script-title", format!("{code}:{}", escape(&title)));
        }
        _ => put("title", escape(&title)),
    }
    put("url", url(&source.capture.link()));
    let work = if source.is_news { "work" } else { "website" };
    put(work, escape(source.outlet()));
    if let Some(date) = source.published.as_ref().or(source.modified.as_ref()) {
        // A month without a day has no numeric form that the templates accept.
        let date = date.value;
        put("date", if date.day.is_some() { date.iso() } else { date.day_full_month_year() });
    }
    if let Some(code) = language.filter(|code| code != "en") {
        put("language", code);
    }
    let at = source.capture.at;
    let day = Date::of(at).iso();
    put("access-date", day.clone());
    if let Some(archive) = source.archive_url() {
        put("archive-url", url(&archive));
        put("archive-date", day);
        put("url-status", source.standing.label().to_owned());
    }
    if let Some(quotation) = &source.quotation {
        put("quote", escape(quotation.said()));
    }
    let name = if source.is_news { "cite news" } else { "cite web" };
    let fields: String = fields.iter().map(|(f, v)| format!(" |{f}={v}")).collect();
    let mut comment =
        format!("Archived copy of {}, {}, {}. ", captured(source), place(source), proof(source));
    if let Some(quotation) = &source.quotation {
        if let Some(note) = quotation.note() {
            comment.push_str(&format!("The quotation {note}. "));
        }
        comment.push_str(&format!(
            "Quotation at {} with the selector {}. ",
            quotation.link(source),
            quotation.selector()
        ));
    }
    comment.push_str(&source.origins_note());
    format!("{{{{{name}{fields}}}}}<!-- {}. -->", commented(&comment))
}

/// A comment ends at its first `-->`; braces in it do not begin a template.
fn commented(text: &str) -> String {
    let text = text.replace("--", "-&#45;").replace("->", "-&gt;");
    text.replace("{{", "&#123;&#123;").replace("}}", "&#125;&#125;")
}

/// `pt` of `pt-BR`.
fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or(tag).to_lowercase()
}

fn is_other_script(title: &str) -> bool {
    let mut letters = title.chars().filter(|c| c.is_alphabetic()).peekable();
    let is_other = |c: char| is_right_to_left(c) || super::folded::is_east_asian(c);
    letters.peek().is_some()
        && letters.filter(|c| is_other(*c)).count() * 2 > title.chars().count() / 2
}

/// A text to be shown literally inside a template.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '[' | ']' | '{' | '}' | '<' | '>' => {
                out.push_str(&format!("&#{};", u32::from(c)))
            }
            '&' => out.push_str("&amp;"),
            _ => out.push(c),
        }
    }
    // Two apostrophes begin italics.
    out.replace("''", "&#39;&#39;").replace("~~~", "&#126;&#126;&#126;")
}

/// An address without characters that begin or end markup.
fn url(url: &str) -> String {
    url.replace('[', "%5B").replace(']', "%5D").replace("''", "%27%27")
}
