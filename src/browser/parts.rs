//! The parts of a page: what each is, and which are not asked for.
//!
//! Owns the rules. What a text needs is asked for: documents, scripts, styles, and what scripts load. Pictures,
//! media and fonts only where a picture of the page is wanted; what counts readers or shows advertisements
//! never, and nothing that would send something. Each refusal has its reason, which is recorded.

use serde::Serialize;

/// What a part is to its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The page, or a frame in it.
    Document,
    /// A script or a worker.
    Script,
    /// A style sheet.
    Style,
    /// What a script asks for.
    Data,
    /// A picture.
    Picture,
    /// Sound or film.
    Media,
    /// A font.
    Font,
    /// Anything else: icons, manifests, reports.
    Other,
}

/// A part of a page, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its address.
    pub url: String,
    /// How the browser asked for it.
    pub method: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The status of the answer; none where there was none.
    pub status: Option<u16>,
    /// Why it was not asked for, or what failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the proxy answered in place of the server, or made of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// The record that has the exchange, where there is one.
    #[serde(rename = "recordId", skip_serializing_if = "Option::is_none")]
    pub record_id: Option<String>,
    /// The length of the response, in bytes.
    pub bytes: u64,
}

/// Hosts, with all below them, that count readers or show advertisements and build no page.
const TRACKERS: &[&str] = &[
    "2mdn.net",
    "adform.net",
    "adnxs.com",
    "adsafeprotected.com",
    "adsrvr.org",
    "amazon-adsystem.com",
    "amplitude.com",
    "app-measurement.com",
    "branch.io",
    "bat.bing.com",
    "bluekai.com",
    "casalemedia.com",
    "chartbeat.com",
    "chartbeat.net",
    "clarity.ms",
    "connect.facebook.net",
    "contextweb.com",
    "cookielaw.org",
    "cxense.com",
    "criteo.com",
    "criteo.net",
    "demdex.net",
    "doubleclick.net",
    "doubleverify.com",
    "everesttech.net",
    "google-analytics.com",
    "googleadservices.com",
    "googlesyndication.com",
    "googletagmanager.com",
    "googletagservices.com",
    "gemius.pl",
    "hotjar.com",
    "hotjar.io",
    "imrworldwide.com",
    "indexww.com",
    "ioam.de",
    "iocnt.net",
    "krxd.net",
    "lijit.com",
    "liadm.com",
    "matomo.cloud",
    "mixpanel.com",
    "moatads.com",
    "mouseflow.com",
    "newrelic.com",
    "nr-data.net",
    "omtrdc.net",
    "openx.net",
    "outbrain.com",
    "parsely.com",
    "permutive.app",
    "permutive.com",
    "piano.io/xbuilder",
    "plausible.io",
    "pubmatic.com",
    "quantcount.com",
    "quantserve.com",
    "rubiconproject.com",
    "scorecardresearch.com",
    "segment.com",
    "segment.io",
    "sentry.io",
    "sharethrough.com",
    "smartadserver.com",
    "taboola.com",
    "teads.tv",
    "the-ozone-project.com",
    "tiktokcdn.com/analytics",
    "analytics.tiktok.com",
    "xiti.com",
    "yieldlab.net",
    "zemanta.com",
];

/// What a request is for: as the browser says, else by what it accepts and where it leads.
pub(super) fn kind_of(dest: Option<&str>, accept: &str, path: &str) -> Kind {
    match dest.unwrap_or_default() {
        "document" | "iframe" | "frame" | "object" | "embed" => return Kind::Document,
        "script" | "worker" | "sharedworker" | "serviceworker" | "audioworklet" => {
            return Kind::Script;
        }
        "style" | "xslt" => return Kind::Style,
        "empty" | "json" => return Kind::Data,
        "image" => return Kind::Picture,
        "audio" | "video" | "track" => return Kind::Media,
        "font" => return Kind::Font,
        "manifest" | "report" => return Kind::Other,
        _ => {}
    }
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let last = path.rsplit('/').next().unwrap_or(path);
    let ending = last.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    match ending.as_str() {
        "js" | "mjs" => Kind::Script,
        "css" => Kind::Style,
        "woff" | "woff2" | "ttf" | "otf" | "eot" => Kind::Font,
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "avif" | "svg" | "ico" => Kind::Picture,
        "mp4" | "webm" | "mp3" | "m3u8" | "ts" | "m4s" | "ogg" | "wav" => Kind::Media,
        _ if accept.starts_with("text/html") => Kind::Document,
        _ if accept.starts_with("text/css") => Kind::Style,
        _ if accept.starts_with("image/") => Kind::Picture,
        _ => Kind::Data,
    }
}

/// Why a part is not asked for; none where it is.
pub(super) fn refusal(
    kind: Kind,
    method: &str,
    host: &str,
    path: &str,
    visual: bool,
) -> Option<&'static str> {
    match method {
        "GET" | "HEAD" => {}
        "OPTIONS" => return Some("it is neither a GET nor a HEAD request"),
        _ => return Some("it would send something"),
    }
    if is_tracker(host, path) {
        return Some("it counts readers or shows advertisements");
    }
    match kind {
        Kind::Picture | Kind::Media | Kind::Font if !visual => Some("not needed for the text"),
        Kind::Other => Some("not needed for the page"),
        _ => None,
    }
}

fn is_tracker(host: &str, path: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_below = |name: &str| host == name || host.ends_with(&format!(".{name}"));
    TRACKERS.iter().any(|entry| match entry.split_once('/') {
        Some((name, folder)) => is_below(name) && path.trim_start_matches('/').starts_with(folder),
        None => is_below(entry),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_recognised_by_what_the_browser_says_or_else_by_their_address() {
        for (dest, accept, path, want) in [
            (Some("document"), "text/html", "/", Kind::Document),
            (Some("empty"), "*/*", "/api/a.json", Kind::Data),
            (Some("image"), "image/avif", "/a", Kind::Picture),
            (Some("font"), "*/*", "/a.woff2", Kind::Font),
            (Some("serviceworker"), "*/*", "/sw.js", Kind::Script),
            (None, "*/*", "/a.js?v=1", Kind::Script),
            (None, "*/*", "/a.WOFF2", Kind::Font),
            (None, "text/css,*/*;q=0.1", "/style", Kind::Style),
            (None, "image/avif,image/webp", "/picture", Kind::Picture),
            (None, "text/html,application/xhtml+xml", "/a", Kind::Document),
            (None, "*/*", "/api", Kind::Data),
        ] {
            assert_eq!(kind_of(dest, accept, path), want, "{dest:?} {accept} {path}");
        }
    }

    #[test]
    fn what_a_text_does_not_need_is_not_asked_for() {
        for (kind, method, host, visual, is_asked) in [
            (Kind::Document, "GET", "a.example", false, true),
            (Kind::Script, "GET", "cdn.example", false, true),
            (Kind::Data, "GET", "api.example", false, true),
            (Kind::Data, "POST", "api.example", true, false),
            (Kind::Data, "OPTIONS", "api.example", true, false),
            (Kind::Picture, "GET", "a.example", false, false),
            (Kind::Picture, "GET", "a.example", true, true),
            (Kind::Font, "GET", "a.example", false, false),
            (Kind::Script, "GET", "www.google-analytics.com", true, false),
            (Kind::Script, "GET", "notgoogle-analytics.com", true, true),
        ] {
            let found = refusal(kind, method, host, "/x", visual);
            assert_eq!(found.is_none(), is_asked, "{kind:?} {method} {host} {visual}");
        }
    }
}
