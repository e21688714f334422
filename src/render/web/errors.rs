//! Pages for what could not be answered.

use maud::html;

use super::Site;
use super::frame::{Frame, Part, document};
use super::text::{address, second, short};
use crate::archive::Capture;

/// A page for an error of that status. `text` says what could not be done and why.
#[must_use]
pub fn error(site: &Site, status: u16, text: &str) -> String {
    let title = match status {
        400 => "This cannot be asked",
        404 => "Nothing is here",
        405 => "This address is only read",
        413 => "Too much was sent",
        429 => "Too many requests",
        503 => "The archive is busy",
        _ => "The archive could not answer",
    };
    let main = html! {
        h1 { (title) }
        p .lead { (short(text, 600)) }
        @if status == 503 || status == 429 { p { "Another try in a moment may work." } }
        p { a href=(site.front_link()) { "Front page" } " · " a href=(site.path_link("/search")) { "What can be found" } }
    };
    document(site, &Frame { title, part: Part::Other, query: "", head: html! {}, main })
}

/// A permanent link to a capture that is not held, though others of its page are; the nearest in time is named.
#[must_use]
pub fn missing_capture(site: &Site, nearest: &Capture) -> String {
    let title = "This capture is not held";
    let main = html! {
        h1 { (title) }
        p .lead { "The link names a capture of " (address(&nearest.url)) " that this archive does not have." }
        p {
            "The nearest in time that it has: "
            a href=(site.capture_link(nearest)) { (second(nearest.date)) } ". "
            a href=(site.page_link(&nearest.url)) { "All versions of the page" }
        }
    };
    let frame = Frame { title, part: Part::Other, query: &nearest.url, head: html! {}, main };
    document(site, &frame)
}
