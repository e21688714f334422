//! The demonstration site as a pure function: phase and request in, response bytes out.

use super::stories::{HOST, OUTLET, STORIES, Story, Text};

/// What a request asks for.
pub(super) struct Asked<'a> {
    /// Path and query.
    pub target: &'a str,
    /// `If-None-Match`.
    pub if_none_match: Option<&'a str>,
}

/// The response bytes of the site in `phase` (0, 1 or 2).
pub(super) fn respond(phase: usize, asked: &Asked<'_>) -> Vec<u8> {
    let path = asked.target.split('?').next().unwrap_or("/");
    match page(phase, path) {
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

fn page(phase: usize, path: &str) -> Option<Page> {
    let html = |body: String| Page {
        media_type: "text/html; charset=utf-8",
        body: body.into_bytes(),
        cached: false,
    };
    let asset = |media_type, body: &[u8]| Page { media_type, body: body.to_vec(), cached: true };
    if let Some(story) = STORIES.iter().find(|s| s.path == path) {
        return Some(html(article(phase, story)));
    }
    Some(match path {
        "/" => html(list(phase, "Front page", STORIES.iter())),
        "/harbour" => html(list(phase, "Harbour", STORIES.iter().filter(|s| s.section == "harbour"))),
        "/council" => html(list(phase, "Council", STORIES.iter().filter(|s| s.section == "council"))),
        "/about" => asset("text/html; charset=utf-8", b"<!DOCTYPE html><title>About us</title><h1>About us</h1><p>The Harbour Courier has reported from the sound since 1871. It is invented, and so is the sound.</p>"),
        "/robots.txt" => asset("text/plain", format!("User-agent: *\nDisallow: /staff/\nCrawl-delay: 0\n\nSitemap: http://{HOST}/sitemap.xml\n").as_bytes()),
        "/feed.xml" => asset("application/rss+xml", feed(phase).as_bytes()),
        "/sitemap.xml" => asset("application/xml", sitemap(phase).as_bytes()),
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

fn article(phase: usize, story: &'static Story) -> String {
    let text = text_of(phase, story);
    let body: String = text.paragraphs.iter().map(|p| format!("<p>{p}</p>\n")).collect();
    fill(
        include_str!("site/article_shell.html"),
        &[
            ("headline", text.headline),
            ("standfirst", text.standfirst),
            ("modified", text.modified),
            ("outlet", OUTLET),
            ("url", &format!("http://{HOST}{}", story.path)),
            ("published", story.published),
            ("published_words", story.published_words),
            ("author", story.author),
            ("author_slug", &story.author.to_lowercase().replace(' ', "-")),
            ("picture", story.picture),
            ("caption", story.caption),
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

fn sitemap(phase: usize) -> String {
    let urls: String = STORIES
        .iter()
        .map(|s| {
            let modified = text_of(phase, s).modified;
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
    use super::*;

    #[test]
    fn every_page_is_filled_in_and_the_story_changes_twice() {
        let get = |phase, target| {
            String::from_utf8(respond(phase, &Asked { target, if_none_match: None })).unwrap()
        };
        for story in STORIES {
            assert!(!get(0, story.path).contains("{{"), "{}", story.path);
        }
        for target in ["/", "/harbour", "/council"] {
            assert!(!get(0, target).contains("{{"), "{target}");
        }
        let body = |phase| text_of(phase, &STORIES[0]).paragraphs;
        assert_ne!(body(0), body(1));
        assert_ne!(body(1), body(2));
        assert!(get(0, "/nothing-here").starts_with("HTTP/1.1 404"));
    }

    #[test]
    fn an_asset_that_did_not_change_is_answered_with_304() {
        let first = String::from_utf8(respond(
            0,
            &Asked { target: "/assets/site.css", if_none_match: None },
        ))
        .unwrap();
        let tag = first.lines().find_map(|l| l.strip_prefix("ETag: ")).unwrap().trim();
        let second = respond(1, &Asked { target: "/assets/site.css", if_none_match: Some(tag) });
        assert!(second.starts_with(b"HTTP/1.1 304"));
    }
}
