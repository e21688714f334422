//! The banner: a line above a replayed page that says what is shown, when it was captured and what
//! changed.
//!
//! It needs no script. It is in a shadow root of its own, declared in the page, so that the styles
//! of the page do not affect it; it contains only escaped text. It is part of the page that
//! the reader sees, so a hostile page can cover or imitate it: trustworthy information is in the reader's own
//! pages, to which all its links lead.

use std::fmt::Write as _;

use crate::base::{Timestamp, markup, printable};

/// The content of the banner. All of it is data: nothing is trusted to be HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Banner {
    /// The URL of the page, as captured.
    pub url: String,
    /// When it was captured.
    pub captured: Timestamp,
    /// The requested time, if it differs.
    pub asked_for: Option<Timestamp>,
    /// The status of the captured response.
    pub status: Option<u16>,
    /// Which version of the page this is, from 1, and how many there are.
    pub version: Option<(usize, usize)>,
    /// What changed since the version before, in short phrases: `headline`, `3 sentences`.
    pub changes: Vec<String>,
    /// Whether the text changed without a notice.
    pub is_stealth: bool,
    /// The capture before: where it is, and when it was made.
    pub previous: Option<(String, Timestamp)>,
    /// The capture after.
    pub next: Option<(String, Timestamp)>,
    /// Further links: target and text.
    pub links: Vec<(String, String)>,
    /// Further notes on the capture (see [`super::parts`]).
    pub notes: Vec<String>,
    /// The target of the page's refresh, in the archive; without scripts it has no effect.
    pub sends_on: Option<String>,
}

/// The longest text of the web that the banner shows, in characters.
const TEXT_CHARS_MAX: usize = 300;

/// Text of the web as it is shown: printable, on one line, short, escaped.
fn shown(text: &str) -> String {
    let flat = printable::flat(text);
    let mut short: String = flat.chars().take(TEXT_CHARS_MAX).collect();
    if short.len() < flat.len() {
        short.push('…');
    }
    markup::escaped(&short)
}

/// A time for people, in UTC.
fn time(at: Timestamp) -> String {
    let full = at.to_rfc3339();
    let minutes = full.get(..16).unwrap_or(&full).replace('T', " ");
    format!("<time datetime=\"{full}\">{minutes} UTC</time>")
}

fn link(target: &str, text: &str) -> String {
    format!("<a href=\"{}\" target=\"_top\">{text}</a>", markup::escaped(target))
}

impl Banner {
    /// The element that is put into a page. ASCII if the URL and the phrases are.
    #[must_use]
    pub fn to_html(&self) -> String {
        format!(
            "<pressmark-banner role=\"complementary\" aria-label=\"Web archive\" style=\"{HOST_STYLE}\">\
             <template shadowrootmode=\"closed\"><style>{STYLE}</style>{}</template></pressmark-banner>",
            self.content()
        )
    }

    /// A document that contains only the banner, for pages that consist of frames.
    #[must_use]
    pub fn to_document(&self) -> String {
        format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Web archive</title>\
             <style>html,body{{margin:0}}{STYLE}</style></head><body>{}</body></html>",
            self.content()
        )
    }

    fn content(&self) -> String {
        let mut out = String::from("<div class=\"b\"><p class=\"w\">");
        // Writing into a String cannot fail.
        let _ = write!(out, "<b>Archived</b> {} ", time(self.captured));
        if let Some(asked) =
            self.asked_for.filter(|at| at.floor_second() != self.captured.floor_second())
        {
            let _ = write!(out, "<span class=\"n\">(nearest to {})</span> ", time(asked));
        }
        let url = shown(&self.url);
        let _ = write!(out, "<span class=\"u\" title=\"{url}\">{url}</span></p><p class=\"w\">");
        self.facts(&mut out);
        self.ways(&mut out);
        out.push_str("</p></div>");
        out
    }

    fn facts(&self, out: &mut String) {
        if let Some(status) = self.status.filter(|status| !(200..300).contains(status)) {
            let _ =
                write!(out, "<span class=\"n\">The site answered with status {status}.</span> ");
        }
        if let Some((number, of)) = self.version {
            let _ = write!(out, "<span>Version {number} of {of}.</span> ");
        }
        if !self.changes.is_empty() {
            let changes: Vec<String> = self.changes.iter().map(|change| shown(change)).collect();
            let _ = write!(out, "<span>Changed: {}.</span> ", changes.join(", "));
        }
        if self.is_stealth {
            out.push_str("<span class=\"n\">Changed without a notice.</span> ");
        }
        for note in &self.notes {
            let _ = write!(out, "<span class=\"n\">{}</span> ", shown(note));
        }
        if let Some(target) = &self.sends_on {
            let way = link(target, "another page");
            let _ =
                write!(out, "<span class=\"n\">This page redirected its readers to {way}.</span> ");
        }
    }

    fn ways(&self, out: &mut String) {
        if let Some((target, at)) = &self.previous {
            let _ = write!(out, "{} ", link(target, &format!("&larr; {}", time(*at))));
        }
        if let Some((target, at)) = &self.next {
            let _ = write!(out, "{} ", link(target, &format!("{} &rarr;", time(*at))));
        }
        for (target, text) in &self.links {
            let _ = write!(out, "{} ", link(target, &shown(text)));
        }
    }
}

/// For the element in the page, which the page's styles can affect: `!important` in an attribute overrides
/// every style sheet of the page.
const HOST_STYLE: &str = "all:initial!important;display:block!important;position:relative!important;\
    z-index:2147483647!important;margin:0!important;padding:0!important;width:100%!important;\
    visibility:visible!important;opacity:1!important;";

const STYLE: &str = ".b{box-sizing:border-box;padding:6px 12px;border-bottom:2px solid #8a6d1a;\
    background:#fff8e1;color:#1c1b16;font:13px/1.45 system-ui,sans-serif;text-align:left;direction:ltr}\
    .w{margin:0;display:flex;flex-wrap:wrap;gap:0 .75em;overflow-wrap:anywhere}\
    .u{color:#5b5746;max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}\
    .n{color:#7a3b00}a{color:#0b4f8a;text-decoration:underline}\
    a:focus-visible{outline:2px solid #0b4f8a;outline-offset:1px}\
    @media (prefers-color-scheme:dark){.b{background:#2a2618;color:#f3ecd2;border-color:#a98722}\
    .u{color:#c9c1a4}.n{color:#ffb27a}a{color:#9ccbff}}\
    @media print{.b{background:none;color:#000}}";

#[cfg(test)]
mod tests {
    use super::*;

    fn banner() -> Banner {
        Banner {
            url: "http://example.com/?a=<script>alert(1)</script>&b=\"'".to_owned(),
            captured: Timestamp::parse("2025-11-05T08:30:00Z").unwrap(),
            asked_for: Timestamp::parse("2025-11-06T00:00:00Z"),
            status: Some(404),
            version: Some((2, 5)),
            changes: vec!["headline".to_owned(), "<b>\u{202e}".to_owned()],
            is_stealth: true,
            previous: Some(("/web/1/x\"><script>".to_owned(), Timestamp::from_unix_seconds(0))),
            next: None,
            links: vec![("/timeline".to_owned(), "Timeline".to_owned())],
            notes: vec!["</template></style><script>".to_owned()],
            sends_on: Some("/web/2/y".to_owned()),
        }
    }

    #[test]
    fn text_of_the_web_is_text_in_the_banner() {
        for html in [banner().to_html(), banner().to_document()] {
            assert!(!html.contains("<script"), "{html}");
            assert_eq!(html.matches("</template>").count() + html.matches("</html>").count(), 1);
            assert_eq!(html.matches("</style>").count(), 1);
            assert!(!html.contains('\u{202e}'));
            for text in [
                "2025-11-05 08:30 UTC",
                "nearest to",
                "status 404",
                "Version 2 of 5",
                "headline",
                "Timeline",
            ] {
                assert!(html.contains(text), "{text}: {html}");
            }
        }
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let html = Banner { url: "http://example.com/".to_owned(), ..Banner::default() }.to_html();
        for text in ["Version", "Changed", "nearest", "status", "null", "None"] {
            assert!(!html.contains(text), "{text}: {html}");
        }
    }
}
