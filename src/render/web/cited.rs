//! A citation of one capture in every style, ready to be copied without a script; and the way to its proof.

use maud::{Markup, html};

use super::Site;
use super::frame::{AboutHead, Frame, Part, Tab, about, document};
use super::links::field_value;
use super::metadata;
use super::text::{line, micros, second, short};
use crate::answers::WordsMissing;
use crate::answers::cite::Citation;
use crate::archive::Capture;
use crate::base::printable;
use crate::cite::nearest::Nearest;
use crate::cite::{Style, cite as cited};
use crate::render;

/// A citation of one capture in every style. `quote` is what was asked to be in it.
#[must_use]
pub fn cite(site: &Site, found: &Citation, quote: &str) -> String {
    let (capture, source) = (&found.capture, &found.source);
    let url = capture.url.as_str();
    let permanent = site.capture_link(capture);
    let headline = source.headline.as_ref().map(|headline| headline.value.as_str());
    let what = html! {
        div .when {
            p { "A citation of the capture of " a href=(permanent) { (second(capture.date)) } ", never of “the page”." }
        }
        @for note in render::cite::notes(found) { p .warn { (line(&note)) } }
    };
    let head = AboutHead { url, headline, what, tab: Tab::Cite };
    let main = html! {
        (about(site, &head))
        (quote_form(site, capture, quote))
        div .styles {
            @for style in Style::ALL { (style_block(found, style)) }
        }
        (metadata::coins(source))
        section aria-labelledby="prove" {
            h2 #prove { "Prove it" }
            (proof(site, capture))
        }
    };
    let title = format!("Cite {}", headline.map_or_else(|| line(url), line));
    let head = metadata::head(site, source, &permanent);
    document(site, &Frame { title: &title, part: Part::Other, query: url, head, main })
}

fn style_block(found: &Citation, style: Style) -> Markup {
    let id = format!("style-{}", style.label());
    html! {
        section aria-labelledby=(id) {
            h2 #(id) { (style.title()) }
            // `cite` has made it printable; marks of direction around foreign words are its own.
            pre .copy tabindex="0" aria-labelledby=(id) { (cited(&found.source, style)) }
        }
    }
}

fn quote_form(site: &Site, capture: &Capture, quote: &str) -> Markup {
    html! {
        form .quote action=(site.path_link("/cite")) {
            input type="hidden" name="url" value=(field_value(&capture.url));
            input type="hidden" name="at" value=(capture.date.to_warc_date());
            label for="quote" { "Words to quote (must be in this capture)" }
            textarea #quote name="quote" rows="2" maxlength="4000" { (printable::lines(quote)) }
            button { "Cite with these words" }
        }
    }
}

/// The words that were to be quoted are not in the capture.
#[must_use]
pub fn words_missing(site: &Site, missing: &WordsMissing, quote: &str) -> String {
    let url = missing.url.as_str();
    let head = AboutHead { url, headline: None, what: html! {}, tab: Tab::Cite };
    let main = html! {
        (about(site, &head))
        section .absent role="alert" {
            h2 { "These words are not in the capture of " (second(missing.at)) }
            blockquote dir="auto" { p { (short(quote, 600)) } }
            @match &missing.missing.nearest {
                Some(Nearest { text, .. }) => {
                    p { "The most similar words:" }
                    blockquote dir="auto" { p { (short(text, 600)) } }
                    p { a href=(again(site, missing, text)) { "Cite with these words" } }
                }
                None => p { "It has no similar words either." },
            }
            @if let Some(elsewhere) = missing.elsewhere {
                @let at = elsewhere.to_warc_date();
                p {
                    "They are in the capture of "
                    a href=(site.changes("/cite", &[("url", url), ("at", &at), ("quote", quote)])) { (second(elsewhere)) } "."
                }
            }
        }
    };
    let title = "Words not found";
    document(site, &Frame { title, part: Part::Other, query: url, head: html! {}, main })
}

fn again(site: &Site, missing: &WordsMissing, quote: &str) -> String {
    let at = missing.at.to_warc_date();
    site.changes("/cite", &[("url", &missing.url), ("at", &at), ("quote", quote)])
}

/// How a capture is proved: the bundle where this server makes it, and the commands that do and check.
#[must_use]
pub fn prove(site: &Site, capture: &Capture) -> String {
    let url = capture.url.as_str();
    let what = html! {
        div .when {
            p { "The capture of " a href=(site.capture_link(capture)) { (second(capture.date)) } "." }
        }
    };
    let head = AboutHead { url, headline: None, what, tab: Tab::None };
    let main = html! {
        (about(site, &head))
        section aria-labelledby="prove" {
            h2 #prove { "Prove it" }
            (proof(site, capture))
        }
    };
    let title = format!("Prove a capture of {}", line(url));
    document(site, &Frame { title: &title, part: Part::Other, query: url, head: html! {}, main })
}

fn proof(site: &Site, capture: &Capture) -> Markup {
    let at = capture.date.to_warc_date();
    let command = format!("pressmark prove {} --at {at} -o evidence.zip", shell_word(&capture.url));
    html! {
        p {
            "An evidence bundle holds the records of this capture, their place in the signed log of the archive, and "
            "the scripts to check both without this program."
        }
        @if let Some(link) = site.proof(&capture.url, capture.date) {
            p { a .strong href=(link) download="evidence.zip" { "Download the bundle" } }
        }
        pre .copy tabindex="0" aria-label="The command that makes the bundle" { (command) }
        pre .copy tabindex="0" aria-label="The command that checks it" { "pressmark prove --check evidence.zip" }
        dl .facts {
            @if let Some(digest) = &capture.digest { dt { "Digest" } dd { code { (digest) } } }
            @if let Some(id) = &capture.record_id { dt { "Record" } dd { code { (line(&id.to_string())) } } }
            dt { "Captured" } dd { (micros(capture.date)) }
        }
    }
}

/// A text as one word of a shell's command.
pub(super) fn shell_word(text: &str) -> String {
    let text = printable::line(text);
    format!("'{}'", text.replace('\'', "'\\''"))
}
