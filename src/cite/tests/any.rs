//! Properties that hold for any page.

use biblatex::{Bibliography, ChunksExt};
use proptest::prelude::*;
use serde_json::Value;

use super::{BASE, fact, ferry, page, source};
use crate::cite::{Quotation, Style, cite, locate};
use crate::extract::page::{Author, Page};

#[test]
fn every_style_names_capture_and_digest() {
    for base in [None, Some(BASE)] {
        for style in Style::ALL {
            let text = cite(&source(&Page::default(), base), style);
            assert!(text.contains("sha256:abc"), "{}: {text}", style.label());
            assert!(
                text.contains("2025-11-05") || text.contains("November 5, 2025"),
                "{}: {text}",
                style.label()
            );
            assert!(text.contains("Untitled page at courier.example"), "{}: {text}", style.label());
            let place = if base.is_some() { "20251105000007" } else { "urn:uuid:1" };
            assert!(text.contains(place), "{}: {text}", style.label());
        }
    }
}

fn any_page() -> impl Strategy<Value = Page> {
    let text = || prop_oneof!["[\\PC\\s]{0,40}", "[{}\\\\%$&@\"=,~^#_ andAND]{0,20}"];
    let author = (text(), any::<bool>());
    let authors = proptest::collection::vec(author, 0..4);
    let date = prop_oneof!["[0-9]{4}-[01][0-9]-[0-3][0-9]", "\\PC{0,12}", "[0-9]{4}-[01][0-9]"];
    (text(), authors, text(), date, text(), text()).prop_map(
        |(headline, authors, publisher, date, language, body)| {
            let mut page = page(&headline, &[], &publisher, &date);
            page.byline = authors
                .into_iter()
                .map(|(name, organisation)| {
                    fact(Author { name, organisation, ..Author::default() })
                })
                .collect();
            page.language = Some(fact(language));
            page.text = body;
            page
        },
    )
}

/// Any path and query; the host is a valid one, as in every captured URL.
fn any_url() -> impl Strategy<Value = String> {
    "http://[a-z0-9]{1,12}(\\.[a-z]{2,5})?(:8080)?/\\PC{0,16}"
}

/// A citation without what its format escapes.
fn bare(style: Style, text: &str) -> String {
    match style {
        Style::Html => text
            .replace("&amp;", "&")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">"),
        Style::Markdown => text
            .replace("&amp;", "&")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace('\\', ""),
        Style::Wikipedia => text.replace("%5B", "[").replace("%5D", "]").replace("%27%27", "''"),
        Style::CslJson => {
            let csl: Value = serde_json::from_str(text).unwrap();
            let item = &csl[0];
            format!("{} {}", item["URL"].as_str().unwrap(), item["note"].as_str().unwrap())
        }
        _ => text.to_owned(),
    }
}

proptest! {
    #[test]
    fn any_citation_has_the_url_the_record_and_the_digest(page in any_page(), url in any_url(), public in any::<bool>(), quoted in any::<bool>()) {
        let mut source = source(&page, public.then_some(BASE));
        source.capture.url = url;
        source.capture.digest = Some("sha256:0f".to_owned());
        source.capture.record_id = Some("urn:uuid:6b0f".to_owned());
        if let (true, Ok(found)) = (quoted, locate(&page.text, &page)) {
            source.quotation = Some(Quotation::new(&page, &found));
        }
        for style in Style::ALL {
            let text = cite(&source, style);
            let said = bare(style, &text);
            for fact in [source.capture.link().as_str(), "urn:uuid:6b0f", "sha256:0f"] {
                prop_assert!(said.contains(fact), "{} lacks {fact}: {text}", style.label());
            }
        }
    }

    #[test]
    fn any_page_gives_formats_that_their_readers_read(page in any_page(), url in any_url()) {
        let mut source = source(&page, Some(BASE));
        source.capture.url = url;
        if let Ok(found) = locate(&page.text, &page) {
            source.quotation = Some(Quotation::new(&page, &found));
        }
        for dialect in [Style::Bibtex, Style::Biblatex] {
            let text = cite(&source, dialect);
            let parsed = Bibliography::parse(&text);
            prop_assert!(parsed.is_ok(), "{:?}: {}", parsed, text);
            let entries = parsed.unwrap().into_vec();
            prop_assert_eq!(entries.len(), 1, "{}", text);
            prop_assert_eq!(entries[0].title().unwrap().format_verbatim(), source.title(), "{}", text);
        }
        let ris = cite(&source, Style::Ris);
        for line in ris.lines() {
            let tag = line.as_bytes();
            prop_assert!(tag.len() >= 6 && tag[..2].iter().all(u8::is_ascii_alphanumeric) && &tag[2..6] == b"  - ", "{}", line);
        }
        prop_assert_eq!(ris.split(['\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}']).count(), 1);
        let csl: Value = serde_json::from_str(&cite(&source, Style::CslJson)).unwrap();
        prop_assert_eq!(&csl[0]["title"], &Value::from(source.title()));
        for style in Style::ALL {
            prop_assert!(!cite(&source, style).is_empty());
        }
        let wiki = cite(&source, Style::Wikipedia);
        prop_assert_eq!((wiki.matches("{{").count(), wiki.matches("}}").count()), (1, 1), "{}", wiki);
    }
}

#[test]
fn every_style_says_that_a_rendering_is_cited() {
    for base in [None, Some("https://archive.example/web")] {
        let mut source = source(&ferry(), base);
        for style in Style::ALL {
            assert!(!cite(&source, style).contains("rendered by a browser"), "{style:?}");
        }
        source.capture.is_rendering = true;
        for style in Style::ALL {
            let text = cite(&source, style);
            assert!(text.contains(", as rendered by a browser"), "{style:?}: {text}");
        }
    }
}
