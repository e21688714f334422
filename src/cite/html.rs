//! HTML with Robust Links (robustlinks.mementoweb.org, draft of 2025-03): the original address, the
//! address of the capture where it is public, and its time, on one link.

use super::names::Name;
use super::prose::{best_link, form, list, place, proof};
use super::source::Source;
use crate::base::markup::escaped;

/// The attributes of a robust link, with a space before each.
pub(super) fn robust_attributes(source: &Source) -> String {
    let mut out = format!(" data-originalurl=\"{}\"", escaped(&source.capture.link()));
    if let Some(url) = source.archive_url() {
        out.push_str(&format!(" data-versionurl=\"{}\"", escaped(&url)));
    }
    out.push_str(&format!(" data-versiondate=\"{}\"", source.capture.at.to_rfc3339()));
    out
}

pub(super) fn render(source: &Source) -> String {
    let names: Vec<String> = source
        .named_authors()
        .into_iter()
        .map(|n| format!("<bdi>{}</bdi>", escaped(&Name::direct(n))))
        .collect();
    let mut out = String::from("<p class=\"citation\">");
    if !names.is_empty() {
        out.push_str(&format!("{}, ", list(&names, "and")));
    }
    let language = source.language.as_ref();
    let language = language.map_or(String::new(), |l| format!(" lang=\"{}\"", escaped(&l.value)));
    out.push_str(&format!(
        "“<a href=\"{}\"{}><bdi{language}>{}</bdi></a>”, <cite><bdi>{}</bdi></cite>",
        escaped(&best_link(source)),
        robust_attributes(source),
        escaped(&source.title()),
        escaped(source.outlet()),
    ));
    for (words, date) in [("", &source.published), ("changed ", &source.modified)] {
        if let Some(date) = date {
            let (iso, said) = (date.value.iso(), date.value.day_full_month_year());
            out.push_str(&format!(", {words}<time datetime=\"{iso}\">{said}</time>"));
        }
    }
    let at = source.capture.at.to_rfc3339();
    let place = match source.archive_url() {
        Some(url) => {
            format!("<a href=\"{0}\">{1}</a>", escaped(&url), escaped(&source.archive.name))
        }
        None => escaped(&place(source)),
    };
    out.push_str(&format!(
        "; captured <time datetime=\"{at}\">{at}</time>{}, {place}, <code>{}</code>.</p>",
        form(source),
        escaped(&proof(source))
    ));
    if let Some(quotation) = &source.quotation {
        out.push_str(&format!(
            "\n<blockquote cite=\"{}\"><p dir=\"auto\">{}</p>{}</blockquote>",
            escaped(&quotation.link(source)),
            escaped(quotation.said()),
            quotation.note().map_or(String::new(), |note| {
                format!("<footer dir=\"auto\">{}</footer>", escaped(&note))
            })
        ));
        // Inside a script no character may begin a tag; JSON can escape them all.
        let target = quotation.target(source).to_string();
        let target = target.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        out.push_str(&format!("\n<script type=\"application/ld+json\">{target}</script>"));
    }
    out.push_str(&format!("\n<!-- {}. -->", source.origins_note()));
    out
}
