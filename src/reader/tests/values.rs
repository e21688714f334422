//! A small archive whose pages say a text in every place, and every request that can be made of it.

use super::super::{PageAnswer, PageRequest, answer};
use crate::answers::Archive;
use crate::base::Timestamp;
use crate::base::markup::escaped;
use crate::base::percent::query_value;
use crate::cite;
use crate::history::testing;
use crate::readings::Readings;
use crate::render::web::Site;

pub(super) const STORY: &str = "http://a.example/story";
pub(super) const GONE: &str = "http://a.example/gone";
pub(super) const FAILED: &str = "http://a.example/failed";
pub(super) const REPLAY: &str = "http://replay.example/web/";
pub(super) const ORIGIN: &str = "http://archive.example";

/// Texts that would do harm where they are taken for more than text.
pub(super) const HOSTILE: [&str; 8] = [
    "</title><script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)//",
    "--><!--]]>&lt;b&gt;&#0;&amp",
    "</textarea></pre></svg><svg onload=alert(1)>",
    "evil \u{202e}txt.exe\u{2066} \u{200b}hidden",
    "{{7*7}}${7*7}<%= 7 %>\\u003cscript\\u003e",
];

/// Characters that turn or hide the words around them.
pub(super) const BIDI: [char; 10] = [
    '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{200b}',
    '\u{feff}', '\u{ad}',
];

pub(super) fn at(hour: i64) -> Timestamp {
    testing::Archive::at(hour)
}

/// The archive.
pub(super) struct Pages {
    text: String,
    site: Site,
    asked: Archive,
    _archive: testing::Archive,
}

impl Pages {
    pub fn of(text: &str) -> Self {
        let mut archive = testing::Archive::new();
        let safe = escaped(text);
        let body = |boats: u32, words: &str| {
            let filler =
                "The harbour board met on Tuesday to talk about the winter and its storms. "
                    .repeat(8);
            format!(
                "<!doctype html><html lang=\"en\"><head><title>{safe}</title>\
                 <meta property=\"og:title\" content=\"{safe}\"><meta name=\"author\" content=\"{safe}\">\
                 <meta property=\"og:site_name\" content=\"{safe}\"></head><body><article>\
                 <h1>Boats and {safe}</h1><p class=\"byline\">By {safe}</p><p>{filler}</p>\
                 <p>Police counted {boats} boats in the harbour, and {safe}.</p>\
                 <p>“We will {words} the ferry and {safe} as soon as we can,” said Ann Lee, the mayor of {safe}.</p>\
                 <p>“Nothing is signed yet,” said {safe} Brown of the board.</p>\
                 <blockquote><p>{safe}</p></blockquote><ul><li>{safe}</li></ul><h2>{safe}</h2>\
                 <p>{filler}</p></article></body></html>"
            )
        };
        for (hour, boats, words) in
            [(0, 12, "repair"), (1, 12, "repair"), (2, 15, "repair"), (3, 15, "replace")]
        {
            archive.response(STORY, hour, "200 OK", "", &body(boats, words));
        }
        let odd = odd_address(text);
        archive.response(&odd, 4, "200 OK", "", &body(3, "paint"));
        archive.response(&odd, 5, "200 OK", "", &body(4, "paint"));
        archive.status(GONE, 6, 404);
        archive.failure(FAILED, 7, "dns", text);
        archive.response(
            "http://a.example/moved",
            8,
            "302 Found",
            &format!("Location: {STORY}\r\n"),
            "",
        );
        archive.response("http://a.example/", 9, "200 OK", "", &body(1, "sell"));
        let asked = Archive::new(archive.reader(), Readings::none());
        let site = Site {
            base: "/reader".to_owned(),
            replay: REPLAY.trim_end_matches('/').to_owned(),
            rerouted: None,
            origin: Some(ORIGIN.to_owned()),
            archive: cite::Archive { name: text.to_owned(), base: None },
            now: at(1_000),
            proof: Some("/api/prove".to_owned()),
        };
        Self { text: text.to_owned(), site, asked, _archive: archive }
    }

    pub fn ask(&self, path: &str, parameters: &[(String, String)]) -> PageAnswer {
        self.ask_seen(path, parameters, None)
    }

    pub fn ask_seen(
        &self,
        path: &str,
        parameters: &[(String, String)],
        seen: Option<&str>,
    ) -> PageAnswer {
        answer(&self.asked, &self.site, &PageRequest { is_post: false, path, parameters, seen })
    }

    pub fn post(
        &self,
        path: &str,
        parameters: &[(String, String)],
        seen: Option<&str>,
    ) -> PageAnswer {
        answer(&self.asked, &self.site, &PageRequest { is_post: true, path, parameters, seen })
    }

    /// Requests for every page, with the text in every parameter that takes one.
    pub fn requests(&self) -> Vec<(String, Vec<(String, String)>)> {
        let mut out = Vec::new();
        let mut add = |path: &str, parameters: &[(&str, &str)]| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            out.push((path.to_owned(), parameters.iter().map(owned).collect()));
        };
        let (text, odd) = (self.text.as_str(), odd_address(&self.text));
        let unknown = format!("http://a.example/{text}");
        for path in ["/", "/hosts", "/changes", "/changes.rss", "/changes.atom"] {
            add(path, &[]);
        }
        for url in [STORY, &odd, GONE, FAILED, "http://a.example/moved", &unknown, text] {
            for path in [
                "/page",
                "/calendar",
                "/captures",
                "/capture",
                "/diff",
                "/blame",
                "/quotes",
                "/cite",
                "/prove",
            ] {
                add(path, &[("url", url)]);
            }
            add("/cite", &[("url", url), ("quote", text)]);
            add("/search", &[("q", url)]);
            add("/story", &[("url", url), ("url", STORY), ("over-time", "1")]);
            add("/capture", &[("url", url), ("id", text)]);
        }
        let failed = at(7).to_warc_date();
        add("/capture", &[("url", FAILED), ("at", &failed)]);
        add("/stories", &[]);
        add("/speaker", &[("name", text)]);
        add("/speaker", &[("name", "Lee")]);
        add("/speaker", &[("name", "Brown")]);
        add("/host", &[("host", text)]);
        add("/host", &[("host", "a.example")]);
        add("/search", &[("q", text)]);
        add("/search", &[("q", text), ("in", "words")]);
        add("/search", &[("q", "harbour"), ("in", "words")]);
        add("/changes", &[("host", text)]);
        add(&format!("/{text}"), &[]);
        out
    }
}

/// An address with the text in it, as a server that takes anything would have it.
fn odd_address(text: &str) -> String {
    format!("http://a.example/odd?x={}", query_value(text).replace("%27", "'").replace("%28", "("))
}
