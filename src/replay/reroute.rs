//! The answer for a capture in the rerouted view: its scripts run, at an origin of its host and time.
//!
//! JavaScript is never rewritten, nor is anything that a script requests as data. In pages and style sheets, absolute
//! addresses are rewritten to the origins of their hosts, and a page begins with a script of ours. Header fields pass as
//! they were captured, except those that affect a browser beyond the page.
//!
//! A browser checks the policy of a page before it asks a service worker, so that the policy can restrict a page to the
//! origins of the archive: every request of a page goes to the archive or fails.

use super::answer::{Captured, View, body};
use super::headers::{Field, Status, location};
use super::media::{self, Kind};
use super::origins::Origins;
pub use super::origins::SCRIPT_PATH;
use super::policy::{Origin, Scripts};
use super::{Body, Links, Modifier, Site};
use crate::base::TargetUri;
use crate::base::markup::escaped;

/// What a browser does with an answer (Fetch standard, destinations).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dest {
    /// It shows it as a page, in a frame.
    Page,
    /// It is a style sheet.
    Style,
    /// It runs as a worker, by itself.
    Worker,
    /// Anything else, sent as it was captured.
    Other,
}

impl Dest {
    /// By `Sec-Fetch-Dest` and `Sec-Fetch-Mode`. Imports of modules in a worker have the same destination as the
    /// worker and another mode.
    #[must_use]
    pub fn of(dest: Option<&str>, mode: Option<&str>) -> Self {
        match dest {
            Some("iframe" | "frame" | "object" | "embed") => Self::Page,
            Some("style") => Self::Style,
            Some("worker" | "sharedworker") if mode == Some("same-origin") => Self::Worker,
            _ => Self::Other,
        }
    }
}

/// How a capture is shown.
#[derive(Debug, Clone, Copy)]
pub struct Rerouting<'a> {
    /// Where captured hosts have their origins.
    pub origins: &'a Origins,
    /// The origin of the capture's host there.
    pub site: &'a Site,
    /// The address of the capture.
    pub target: &'a TargetUri,
    /// The time of its origin, 14 digits.
    pub stamp: &'a str,
    /// What the browser does with it.
    pub dest: Dest,
    /// Captured origins that modules of the page may name.
    pub hosts: &'a [String],
    /// The origin of the frame around the view.
    pub frame: &'a str,
}

/// The answer.
#[derive(Debug)]
pub struct Rerouted {
    /// How the status is answered.
    pub status: Status,
    /// Header fields: type, captured ones, policy. `Access-Control-…` is not among them.
    pub headers: Vec<Field>,
    /// What is done to the payload.
    pub body: Body,
}

/// The answer for a capture.
#[must_use]
pub fn answer(captured: &Captured<'_>, how: Rerouting<'_>) -> Rerouted {
    let head = captured.head;
    let status = Status::of(head.status);
    let links = Links::rerouted(how.site, how.target, how.stamp, how.origins);
    let declared = head.get_text("Content-Type");
    let declared = declared.as_deref();
    let modifier = match how.dest {
        Dest::Page => Modifier::Frame,
        Dest::Style => Modifier::Style,
        Dest::Worker | Dest::Other => Modifier::Identity,
    };
    let media = media::of(declared, captured.prefix, modifier);
    let is_rewritten = match how.dest {
        Dest::Page => matches!(media.kind, Kind::Html | Kind::Xml),
        Dest::Style => media.kind == Kind::Css,
        Dest::Worker | Dest::Other => false,
    };
    let mut headers = Vec::new();
    if status.is_redirect()
        && let Some(to) = location(head, &links)
    {
        headers.push(("Location".to_owned(), to));
    }
    headers.extend(passing(head));
    let body = if is_rewritten {
        let view =
            View { links, modifier, banner: None, scripts: Scripts::InFrames, origin: Origin::Own };
        let (body, media_type) = body(captured, declared, media, view, None, Some(prelude(&how)));
        headers.push(("Content-Type".to_owned(), media_type));
        body
    } else {
        // As it was declared, so that browsers interpret it as they did.
        headers.extend(declared.map(|declared| ("Content-Type".to_owned(), declared.to_owned())));
        Body::identity()
    };
    headers.extend(guarding(how.origins, how.frame));
    Rerouted { status, headers, body }
}

/// The beginning of a page.
fn prelude(how: &Rerouting<'_>) -> String {
    let hosts = escaped(&how.hosts.join(" "));
    format!("<script src=\"{SCRIPT_PATH}\" data-role=\"page\" data-hosts=\"{hosts}\"></script>")
}

/// A script that starts a plain worker: ours, then the captured one, which is requested again as a script. So
/// the captured bytes are not changed.
#[must_use]
pub fn worker_script() -> String {
    format!("importScripts({SCRIPT_PATH:?});importScripts(self.location.href);\n")
}

/// How many captured origins modules may name.
pub const ORIGINS_MAX: usize = 64;

/// The origins of the absolute addresses in a text, each once, sorted: `https://cdn.example`.
#[must_use]
pub fn origins_in(text: &[u8]) -> Vec<String> {
    let mut out = Vec::new();
    for at in memchr::memmem::find_iter(text, b"://") {
        let start = &text[at.saturating_sub(5)..at];
        let scheme = match start {
            b"https" => "https",
            [_, b'h', b't', b't', b'p'] | b"http" => "http",
            _ => continue,
        };
        let rest = &text[at + 3..];
        let is_host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'_');
        let host: String =
            rest.iter().take(253).take_while(|b| is_host(b)).map(|b| char::from(*b)).collect();
        let Ok(uri) = TargetUri::parse(&format!("{scheme}://{host}/")) else { continue };
        let origin = uri.url().origin().ascii_serialization();
        if !out.contains(&origin) {
            out.push(origin);
        }
        if out.len() >= ORIGINS_MAX {
            break;
        }
    }
    out.sort();
    out
}

/// The fields that confine a page to the archive, sent with every answer at a rerouted origin. `frame` is the origin of the
/// page around the view.
#[must_use]
pub fn guarding(origins: &Origins, frame: &str) -> Vec<Field> {
    let own = origins.source_expression();
    let policy = format!(
        "default-src 'none'; script-src {own} 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' data: blob:; \
         style-src {own} 'unsafe-inline' data: blob:; img-src {own} data: blob:; font-src {own} data: blob:; \
         media-src {own} data: blob:; connect-src {own} data: blob:; worker-src {own} data: blob:; \
         frame-src {own} data: blob:; object-src {own} data:; manifest-src {own}; base-uri {own}; \
         form-action {own}; frame-ancestors {own} {frame}; webrtc 'block'; \
         sandbox allow-scripts allow-same-origin allow-forms"
    );
    let mut out = vec![("Content-Security-Policy".to_owned(), policy)];
    let own = super::policy::headers().into_iter();
    // Frames of other origins of the archive belong to the page, and type sniffing is as its server allowed it.
    let beside = ["Cross-Origin-Opener-Policy", "X-Content-Type-Options"];
    for (name, value) in own.filter(|(name, _)| !beside.contains(name)) {
        // Both affect only the page itself.
        let value = value.replace("sync-xhr=(), ", "").replace("autoplay=(), ", "");
        // A framed page still gets the captured address of its referrer; requests cannot leave the archive.
        let value = match name {
            "Referrer-Policy" => "strict-origin-when-cross-origin".to_owned(),
            _ => value,
        };
        out.push((name.to_owned(), value));
    }
    out
}

/// Fields that do not pass: those of a connection, of the form of a payload, and those that affect the browser or
/// contact another server.
const LEFT_OUT: [&str; 36] = [
    "accept-ch",
    "alt-svc",
    "clear-site-data",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "critical-ch",
    "document-policy",
    "expect-ct",
    "expires",
    "feature-policy",
    "keep-alive",
    "link",
    "location",
    "nel",
    "no-vary-search",
    "origin-agent-cluster",
    "origin-trial",
    "p3p",
    "permissions-policy",
    "pragma",
    "public-key-pins",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "service-worker-allowed",
    "sourcemap",
    "speculation-rules",
    "strict-transport-security",
    "te",
    "timing-allow-origin",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Prefixes of the names of such fields.
const LEFT_OUT_BEGINNINGS: [&str; 10] = [
    "access-control-",
    "cache-control",
    "content-security-policy",
    "cross-origin-",
    "proxy-",
    "sec-",
    "www-authenticate",
    "x-content-security-policy",
    "x-frame-options",
    "x-pressmark-",
];
/// How many fields pass, and how long each may be.
const FIELDS_MAX: usize = 80;
const FIELD_BYTES_MAX: usize = 8 * 1024;

/// The captured fields that pass. A cookie is limited to the rerouted host.
fn passing(head: &crate::http::Head) -> Vec<Field> {
    let mut out = Vec::new();
    for field in head.fields().take(FIELDS_MAX) {
        let name = String::from_utf8_lossy(field.name).to_ascii_lowercase();
        let is_left_out = LEFT_OUT.contains(&name.as_str())
            || LEFT_OUT_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
        let value = String::from_utf8_lossy(&field.unfolded()).trim().to_owned();
        let is_plain = value.bytes().all(|b| matches!(b, b' '..=b'~'));
        if is_left_out || !is_plain || value.len() > FIELD_BYTES_MAX {
            continue;
        }
        let value = if name == "set-cookie" { own_cookie(&value) } else { value };
        out.push((name, value));
    }
    out
}

/// A cookie limited to the rerouted host and partitioned by the frame: browsers accept no other in a frame.
fn own_cookie(value: &str) -> String {
    let kept = value.split(';').filter(|part| {
        let name = part.split('=').next().unwrap_or_default().trim();
        let others = ["domain", "secure", "partitioned", "samesite"];
        !others.iter().any(|other| name.eq_ignore_ascii_case(other))
    });
    kept.collect::<Vec<_>>().join(";") + "; SameSite=None; Secure; Partitioned"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Head;

    fn answered(head: &str, payload: &str, dest: Dest) -> (Rerouted, String) {
        let origins = Origins::new(false, "localhost:8081").unwrap();
        let target = TargetUri::parse("https://www.example.com/a/b").unwrap();
        let stamp = "20251105000000";
        let origin = origins.origin_of(stamp, target.url()).unwrap();
        let site = Site::new(&origin, "").unwrap();
        let hosts = ["https://esm.example".to_owned()];
        let how = Rerouting {
            origins: &origins,
            site: &site,
            target: &target,
            stamp,
            dest,
            hosts: &hosts,
            frame: "http://127.0.0.1:8081",
        };
        let head = Head::parse(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes());
        let mut answer = answer(&Captured { head: &head, prefix: payload.as_bytes() }, how);
        let mut body = answer.body.push(payload.as_bytes());
        body.extend(answer.body.finish());
        (answer, String::from_utf8(body).unwrap())
    }

    const HTML: &str = "200\r\nContent-Type: text/html";

    #[test]
    fn whole_addresses_lead_to_the_origins_of_their_hosts_and_relative_ones_stand() {
        let cdn = "http://20251105000000s-cdn--example.localhost:8081";
        for (page, expected) in [
            ("<img src=/x>", "<img src=/x>".to_owned()),
            ("<img src=x#y>", "<img src=x#y>".to_owned()),
            ("<img src='https://cdn.example/x?y'>", format!("<img src=\"{cdn}/x?y\">")),
            ("<img src=//cdn.example/x>", format!("<img src=\"{cdn}/x\">")),
            (
                "<img srcset='https://cdn.example/1 1x, /2 2x'>",
                format!("<img srcset=\"{cdn}/1 1x, /2 2x\">"),
            ),
            (
                "<link rel=stylesheet href=https://cdn.example/c integrity=sha256-x crossorigin>",
                format!("<link rel=stylesheet href=\"{cdn}/c\" crossorigin>"),
            ),
            (
                "<script src=https://cdn.example/s integrity=sha256-x crossorigin></script>",
                format!("<script src=\"{cdn}/s\" integrity=sha256-x crossorigin></script>"),
            ),
            (
                "<script>fetch('https://cdn.example/x')</script>",
                "<script>fetch('https://cdn.example/x')</script>".to_owned(),
            ),
            (
                "<script type=importmap>{\"imports\":{\"a\":\"https://cdn.example/a.js\",\"b\":\"/b.js\"}}</script>",
                format!(
                    "<script type=importmap>{{\"imports\":{{\"a\":\"{cdn}/a.js\",\"b\":\"/b.js\"}}}}</script>"
                ),
            ),
            (
                "<style>a{b:url(//cdn.example/x)}</style>",
                format!("<style>a{{b:url({cdn}/x)}}</style>"),
            ),
        ] {
            let (_, body) = answered(HTML, page, Dest::Page);
            let rest = body.split_once("</script>").unwrap().1;
            assert_eq!(rest, expected, "{page}");
        }
    }

    #[test]
    fn a_page_begins_with_our_script_and_what_is_asked_for_as_data_does_not() {
        for page in ["<p>x", "<!doctype html><html><head><title>", "x<script>1</script>", "<body>"]
        {
            let (_, body) = answered(HTML, page, Dest::Page);
            assert!(body.contains("data-hosts=\"https://esm.example\""), "{body}");
            let first = body.find("<script").unwrap();
            assert!(body[first..].starts_with("<script src=\"/.pressmark/"), "{body}");
            let (_, same) = answered(HTML, page, Dest::Other);
            assert_eq!(same, page);
        }
    }

    #[test]
    fn fields_pass_but_for_those_that_act_beyond_the_page() {
        let head = "302\r\nLocation: /c\r\nX-Total: 7\r\nLink: <https://x/>; rel=preconnect\r\n\
             Content-Security-Policy: x\r\nAlt-Svc: h3\r\nX-Frame-Options: DENY\r\nX-Pressmark-Missing: no\r\n\
             Set-Cookie: a=b; Domain=.example.com; Secure; SameSite=None; Path=/";
        let (answer, _) = answered(head, "", Dest::Other);
        let get = |name: &str| {
            let found = answer.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        let to = "http://20251105000000s-www--example--com.localhost:8081/c";
        assert_eq!(get("location"), Some(to));
        assert_eq!(get("x-total"), Some("7"));
        let cookie = "a=b; Path=/; SameSite=None; Secure; Partitioned";
        assert_eq!(get("set-cookie"), Some(cookie));
        for name in ["link", "alt-svc", "x-frame-options", "x-pressmark-missing"] {
            assert_eq!(get(name), None, "{name}");
        }
        let policy = get("content-security-policy").unwrap();
        for directive in policy.split(';').filter(|d| d.contains("-src")) {
            for source in directive.split_whitespace().skip(1) {
                let is_known = source == "http://*.localhost:8081"
                    || ["data:", "blob:"].contains(&source)
                    || source.starts_with('\'');
                assert!(is_known, "{directive}");
            }
        }
        assert!(policy.contains("sandbox") && !policy.contains("allow-top"));
    }

    #[test]
    fn origins_are_found_in_any_text() {
        let text = b"import x from 'https://esm.example/x'; http://a.example:81/y 'xhttp://b.example' ftp://c https://";
        let found = origins_in(text);
        assert_eq!(found, ["http://a.example:81", "http://b.example", "https://esm.example"]);
    }

    #[test]
    fn a_browser_says_what_it_does_with_an_answer() {
        for (dest, mode, expected) in [
            (Some("iframe"), Some("navigate"), Dest::Page),
            (Some("style"), Some("no-cors"), Dest::Style),
            (Some("worker"), Some("same-origin"), Dest::Worker),
            (Some("worker"), Some("cors"), Dest::Other),
            (Some("script"), Some("no-cors"), Dest::Other),
            (Some("empty"), Some("cors"), Dest::Other),
            (None, None, Dest::Other),
        ] {
            assert_eq!(Dest::of(dest, mode), expected, "{dest:?}");
        }
        assert!(worker_script().starts_with("importScripts(\"/.pressmark/reroute.js\");"));
    }
}
