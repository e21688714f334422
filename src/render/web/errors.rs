//! Pages for what could not be answered.

use maud::{DOCTYPE, PreEscaped, html};

use super::Site;
use super::frame::{Frame, Part, document};
use super::text::{address, second, short};
use crate::archive::Capture;

/// A page for an error of that status. `text` says what could not be done and why.
#[must_use]
pub fn error(site: &Site, status: u16, text: &str) -> String {
    let title = title(status);
    let main = html! {
        h1 { (title) }
        p .lead { (sentence(text)) }
        @if status == 503 || status == 429 { p { "Try again in a moment." } }
        p { a href=(site.front_link()) { "Front page" } " · " a href=(site.path_link("/search")) { "Search help" } }
    };
    document(site, &Frame { title, part: Part::Other, query: "", head: html! {}, main })
}

/// A message as a sentence: for programs it begins small and ends without a stop. An address or the name of a
/// parameter at its beginning stays as it is.
fn sentence(text: &str) -> String {
    let text = short(text, 600);
    let word = text.split(' ').next().unwrap_or_default();
    let mut rest = text.chars();
    let mut out = String::new();
    if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        out.extend(rest.next().into_iter().flat_map(char::to_uppercase));
    }
    out.push_str(rest.as_str());
    if !out.ends_with(['.', '!', '?', '…']) {
        out.push('.');
    }
    out
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Invalid request",
        401 => "A token is required",
        404 => "Not found",
        405 => "Method not allowed",
        413 => "The request is too large",
        414 => "The address is too long",
        421 => "Wrong host name",
        429 => "Too many requests",
        503 => "The archive is busy",
        504 => "The answer took too long",
        _ => "The archive could not answer",
    }
}

/// The policy of [`plain_error`]: the styles that are in it and nothing else.
pub const PLAIN_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; \
                                base-uri 'none'; frame-ancestors 'self'";

const PLAIN_STYLE: &str = ":root{color-scheme:light dark}body{max-width:40em;margin:3em auto;padding:0 1em;\
    font:1em/1.5 system-ui,sans-serif;overflow-wrap:anywhere}";

/// The same as a page that needs no file of this server, for the replay origin; `site` is the reader's. A
/// page that is not held has a link to where the reader says why.
#[must_use]
pub fn plain_error(site: &Site, status: u16, text: &str, absent: Option<&str>) -> String {
    let title = if absent.is_some() { "Not in the archive" } else { title(status) };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) }
                meta name="viewport" content="width=device-width, initial-scale=1";
                style { (PreEscaped(PLAIN_STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    p { (sentence(text)) }
                    p {
                        @if let Some(url) = absent {
                            a href=(site.page_link(url)) target="_top" { "The reason, and similar pages in the archive" } " · "
                        }
                        a href=(site.front_link()) target="_top" { "Front page of the archive" }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// A permanent link to a capture that is not held, though others of its page are; the nearest in time is named.
#[must_use]
pub fn missing_capture(site: &Site, nearest: &Capture) -> String {
    let title = "This capture is not in the archive";
    let main = html! {
        h1 { (title) }
        p .lead { "The link refers to a capture of " (address(&nearest.url)) " that this archive does not have." }
        p {
            "The nearest capture in time: "
            a href=(site.capture_link(nearest)) { (second(nearest.date)) } ". "
            a href=(site.page_link(&nearest.url)) { "All versions of the page" }
        }
    };
    let frame = Frame { title, part: Part::Other, query: &nearest.url, head: html! {}, main };
    document(site, &frame)
}
