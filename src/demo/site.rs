//! The demonstration site as a pure function: its start, phase and request in, response bytes out.

use super::days::Days;
use super::outlets::{self, OUTLETS};
use super::stories::{HOST, OUTLET, STORIES, Story, Text};

/// What a request asks for.
pub(super) struct Asked<'a> {
    /// `Host`; a host of no other outlet is the Courier's.
    pub host: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// `If-None-Match`.
    pub if_none_match: Option<&'a str>,
}

/// The response bytes of the site in `phase` (0, 1 or 2), whose days are counted from `days`.
pub(super) fn respond(days: Days, phase: usize, asked: &Asked<'_>) -> Vec<u8> {
    let path = asked.target.split('?').next().unwrap_or("/");
    let found = match OUTLETS.iter().find(|outlet| outlet.host == asked.host) {
        Some(outlet) => (path == outlet.path).then(|| Page {
            media_type: "text/html; charset=utf-8",
            body: outlets::page(days, phase, outlet).into_bytes(),
            cached: false,
        }),
        None => page(days, phase, path),
    };
    match found {
        None => {
            response("404 Not Found", "text/html; charset=utf-8", None, b"<h1>No such page</h1>")
        }
        Some(Page { media_type, body, cached }) => {
            let etag = cached.then(|| format!("\"{:08x}\"", checksum(&body)));
            if etag.as_deref().is_some_and(|tag| asked.if_none_match == Some(tag)) {
                return response("304 Not Modified", media_type, etag.as_deref(), b"");
            }
            response("200 OK", media_type, etag.as_deref(), &body)
        }
    }
}

struct Page {
    media_type: &'static str,
    body: Vec<u8>,
    /// Whether the server knows when it changes (an ETag goes with it).
    cached: bool,
}

fn page(days: Days, phase: usize, path: &str) -> Option<Page> {
    let html = |body: String| Page {
        media_type: "text/html; charset=utf-8",
        body: body.into_bytes(),
        cached: false,
    };
    let asset = |media_type, body: &[u8]| Page { media_type, body: body.to_vec(), cached: true };
    if let Some(story) = STORIES.iter().find(|s| s.path == path) {
        return Some(html(article(days, phase, story)));
    }
    Some(match path {
        "/" => html(list(phase, "Front page", STORIES.iter())),
        "/harbour" => html(list(phase, "Harbour", STORIES.iter().filter(|s| s.section == "harbour"))),
        "/council" => html(list(phase, "Council", STORIES.iter().filter(|s| s.section == "council"))),
        "/about" => asset("text/html; charset=utf-8", b"<!DOCTYPE html><title>About us</title><h1>About us</h1><p>The Harbour Courier has reported from the sound since 1871. It is invented, and so is the sound.</p>"),
        "/robots.txt" => asset("text/plain", format!("User-agent: *\nDisallow: /staff/\nCrawl-delay: 0\n\nSitemap: http://{HOST}/sitemap.xml\n").as_bytes()),
        "/feed.xml" => asset("application/rss+xml", feed(phase).as_bytes()),
        "/sitemap.xml" => asset("application/xml", sitemap(days).as_bytes()),
        "/assets/site.css" => asset("text/css", include_bytes!("site/site.css")),
        "/assets/site.js" => asset("text/javascript", include_bytes!("site/site.js")),
        "/assets/mark.svg" => asset("image/svg+xml", include_bytes!("site/mark.svg")),
        "/assets/waves.svg" => asset("image/svg+xml", include_bytes!("site/waves.svg")),
        "/assets/ferry.svg" => asset("image/svg+xml", include_bytes!("site/ferry.svg")),
        "/assets/bridge.svg" => asset("image/svg+xml", include_bytes!("site/bridge.svg")),
        _ => return None,
    })
}

fn text_of(phase: usize, story: &'static Story) -> &'static Text {
    &story.texts[phase.min(story.texts.len() - 1)]
}

fn article(days: Days, phase: usize, story: &'static Story) -> String {
    let text = text_of(phase, story);
    let before = story.published_before;
    let published = days.declared(before);
    let body = text.paragraphs.iter().map(|p| format!("<p>{}</p>\n", days.filled(p, before)));
    let body: String = body.collect();
    fill(
        include_str!("site/article_shell.html"),
        &[
            ("headline", text.headline),
            ("standfirst", text.standfirst),
            ("outlet", OUTLET),
            ("url", &format!("http://{HOST}{}", story.path)),
            ("published", &published),
            ("published_words", &days.in_words(before)),
            ("author", story.author),
            ("author_slug", &story.author.to_lowercase().replace(' ', "-")),
            ("picture", story.picture),
            ("caption", &days.filled(story.caption, before)),
            ("body", &body),
            ("most_read", &most_read(phase)),
            ("readers", &(214 + 37 * phase).to_string()),
        ],
    )
}

/// The rail turns between crawls: furniture that must never read as an edit.
fn most_read(phase: usize) -> String {
    let turned = STORIES.iter().cycle().skip(phase).take(STORIES.len());
    turned
        .map(|s| format!("<li><a href=\"{}\">{}</a></li>\n", s.path, text_of(phase, s).headline))
        .collect()
}

fn list(phase: usize, section: &str, stories: impl Iterator<Item = &'static Story>) -> String {
    let teasers: String = stories
        .map(|s| {
            let text = text_of(phase, s);
            format!("<li><a href=\"{}\">{}</a> {}</li>\n", s.path, text.headline, text.standfirst)
        })
        .collect();
    fill(
        include_str!("site/list_shell.html"),
        &[
            ("outlet", OUTLET),
            ("section", section),
            ("teasers", &teasers),
            ("readers", &(198 + 41 * phase).to_string()),
        ],
    )
}

fn feed(phase: usize) -> String {
    let items: String = STORIES
        .iter()
        .map(|s| {
            let text = text_of(phase, s);
            format!(
                "<item><title>{}</title><link>http://{HOST}{}</link><guid>http://{HOST}{}</guid></item>\n",
                text.headline, s.path, s.path
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>{OUTLET}</title><link>http://{HOST}/</link>\n{items}</channel></rss>\n"
    )
}

/// The outlet declares no edit: its sitemap says when each story was published, and stays.
fn sitemap(days: Days) -> String {
    let urls: String = STORIES
        .iter()
        .map(|s| {
            let modified = days.declared(s.published_before);
            format!("<url><loc>http://{HOST}{}</loc><lastmod>{modified}</lastmod></url>\n", s.path)
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n{urls}</urlset>\n"
    )
}

fn fill(shell: &str, values: &[(&str, &str)]) -> String {
    let mut out = shell.to_owned();
    for (name, value) in values {
        out = out.replace(&format!("{{{{{name}}}}}"), value);
    }
    out
}

fn response(status: &str, media_type: &str, etag: Option<&str>, body: &[u8]) -> Vec<u8> {
    let mut out =
        format!("HTTP/1.1 {status}\r\nServer: quayside\r\nContent-Type: {media_type}\r\n");
    if let Some(tag) = etag {
        out.push_str(&format!("ETag: {tag}\r\n"));
    }
    if !status.starts_with("304") {
        out.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    out.push_str("\r\n");
    let mut bytes = out.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// FNV-1a: a tag for equality, not a digest.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |h, b| (h ^ u32::from(*b)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use crate::base::Timestamp;

    use super::*;

    const DAYS: Days = Days(Timestamp::from_unix_seconds(1_762_681_830));

    #[test]
    fn every_page_is_filled_in_and_the_story_changes_twice() {
        let get = |phase, target| {
            let asked = Asked { host: HOST, target, if_none_match: None };
            String::from_utf8(respond(DAYS, phase, &asked)).unwrap()
        };
        for story in STORIES {
            let page = get(0, story.path);
            assert!(!page.contains("{{") && !page.contains("{day}"), "{page}");
            assert!(page.contains("2025-11-0") && !page.contains("2031"), "{page}");
        }
        for target in ["/", "/harbour", "/council"] {
            assert!(!get(0, target).contains("{{"), "{target}");
        }
        for outlet in &OUTLETS {
            let of = |phase| {
                let asked = Asked { host: outlet.host, target: outlet.path, if_none_match: None };
                String::from_utf8(respond(DAYS, phase, &asked)).unwrap()
            };
            assert!(of(0).starts_with("HTTP/1.1 200") && !of(0).contains("{day}"), "{}", of(0));
        }
        let body = |phase| text_of(phase, &STORIES[0]).paragraphs;
        assert_ne!(body(0), body(1));
        assert_ne!(body(1), body(2));
        assert!(get(0, "/nothing-here").starts_with("HTTP/1.1 404"));
    }

    #[test]
    fn an_asset_that_did_not_change_is_answered_with_304() {
        let first = String::from_utf8(respond(
            DAYS,
            0,
            &Asked { host: HOST, target: "/assets/site.css", if_none_match: None },
        ))
        .unwrap();
        let tag = first.lines().find_map(|l| l.strip_prefix("ETag: ")).unwrap().trim();
        let asked = Asked { host: HOST, target: "/assets/site.css", if_none_match: Some(tag) };
        let second = respond(DAYS, 1, &asked);
        assert!(second.starts_with(b"HTTP/1.1 304"));
    }
}
