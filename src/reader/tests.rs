//! Pages of hostile and of ordinary values: the text of a web page stays text, and every page is a complete,
//! well-formed document that a screen reader can navigate.

mod check;
mod renderings;
mod values;

use super::*;
use crate::render::web::FILES;
use check::Document;
use values::{BIDI, HOSTILE, Pages};

const ORDINARY: [&str; 3] = ["Board signs ferry contract", "ferry", "München → 東京"];

/// Every page of an archive whose pages say `text` in every place.
fn check(text: &str) {
    let pages = Pages::of(text);
    for (path, parameters) in pages.requests() {
        let name = format!("{path} {parameters:?}");
        let answer = pages.ask(&path, &parameters);
        assert!(
            matches!(answer.status, 200 | 302 | 404),
            "{name}: {}\n{}",
            answer.status,
            answer.body
        );
        if answer.content_type != HTML {
            continue;
        }
        let html = &answer.body;
        let document = Document::read(html).unwrap_or_else(|why| panic!("{name}: {why}\n{html}"));
        assert_eq!(document.problems("/reader"), Vec::<String>::new(), "{name}\n{html}");
        let bad = |c: char| (c.is_control() && c != '\n' && c != '\t') || BIDI.contains(&c);
        assert!(!html.contains(bad), "{name}\n{html}");
        assert!(html.len() < 30_000, "{name} has {} bytes", html.len());
    }
}

#[test]
fn what_a_page_says_stays_text() {
    HOSTILE.into_iter().for_each(check);
}

#[test]
fn every_page_is_well_formed_and_small() {
    ORDINARY.into_iter().for_each(check);
}

/// The identifier that a feed of this search says it has.
fn feed_id(pages: &Pages, parameters: &[(&str, &str)]) -> String {
    let all = [&[("q", "ferry")], parameters].concat();
    let all: Vec<(String, String)> =
        all.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let body = pages.ask("/search.atom", &all).body;
    body.split("<id>").nth(1).unwrap().split("</id>").next().unwrap().to_owned()
}

#[test]
fn feeds_of_one_search_with_other_filters_are_other_feeds() {
    let pages = Pages::of("ferry");
    let mut ids: Vec<String> = [
        &[][..],
        &[("host", "a.example")],
        &[("host", "b.example")],
        &[("from", "2030")],
        &[("to", "2030")],
        &[("from", "2030"), ("to", "2031")],
    ]
    .iter()
    .map(|filters| feed_id(&pages, filters))
    .collect();
    assert_eq!(ids[0], feed_id(&pages, &[]));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

#[test]
fn each_page_has_the_answer_it_is_for() {
    let pages = Pages::of("ferry");
    let (url, gone, failed) = (values::STORY, values::GONE, values::FAILED);
    let second = values::at(2).to_warc_date();
    for (path, parameters, status, words) in [
        ("/", vec![], 200, "Latest changes"),
        ("/page", vec![("url", url)], 200, "3 versions"),
        ("/page", vec![("url", url), ("before", "3")], 200, "Version 2"),
        ("/page", vec![("url", gone)], 200, "status 404"),
        ("/page", vec![("url", failed)], 404, "Fetching it failed"),
        (
            "/page",
            vec![("url", "http://a.example/never")],
            404,
            "No crawl has fetched this address",
        ),
        (
            "/page",
            vec![("url", "http://a.example/never")],
            404,
            "/reader/page?url=http://a.example/story",
        ),
        ("/page", vec![("url", "http://b.example/")], 404, "The archive has nothing from its host"),
        ("/page", vec![("url", "javascript://x")], 404, "It is not a web address"),
        ("/page", vec![], 400, "url is missing"),
        ("/page", vec![("url", url), ("before", "x")], 400, "expected a number"),
        ("/calendar", vec![("url", url)], 200, "March 2030"),
        ("/calendar", vec![("url", url), ("year", "99999")], 400, "four digits"),
        ("/captures", vec![("url", url)], 200, "4 captures"),
        ("/capture", vec![("url", url)], 200, "citation_title"),
        ("/capture", vec![("url", failed), ("at", "2030")], 302, ""),
        ("/diff", vec![("url", url)], 200, "Quotation altered"),
        ("/diff", vec![("url", url), ("view", "side")], 200, "id=\"view-side\" checked"),
        ("/diff", vec![("url", url), ("to", second.as_str())], 200, "Figure changed"),
        ("/diff", vec![("url", gone)], 302, ""),
        ("/blame", vec![("url", url)], 200, "first version"),
        ("/quotes", vec![("url", url)], 200, "Ann Lee"),
        ("/speaker", vec![("name", "Lee")], 200, "since"),
        (
            "/speaker",
            vec![("name", "Nobody")],
            200,
            "No page in the archive has quotations of a person",
        ),
        ("/story", vec![], 200, "The addresses of articles on one story"),
        ("/story", vec![("url", url), ("over-time", "1")], 200, "No two articles"),
        ("/story", vec![("url", "http://a.example/never")], 404, "No capture of"),
        ("/stories", vec![], 200, "No two hosts"),
        ("/changes", vec![], 200, "Figure changed"),
        ("/changes", vec![("kind", "headline")], 200, "no such changes"),
        ("/changes", vec![("kind", "colour")], 400, "no kind of change"),
        ("/changes", vec![("since", "2040")], 200, "no such changes"),
        ("/changes", vec![("since-last", "me")], 200, "has not shown yet"),
        ("/changes", vec![("since-last", "../me")], 400, "not a valid cursor name"),
        ("/changes.atom", vec![], 200, "<feed"),
        ("/changes.rss", vec![("host", "a.example")], 200, "<rss"),
        ("/cite", vec![("url", url)], 200, "Chicago"),
        ("/cite", vec![("url", url), ("quote", "no such words at all")], 404, "not in the capture"),
        ("/prove", vec![("url", url)], 200, "pressmark prove"),
        ("/search", vec![("q", "a.example/story")], 302, ""),
        ("/search", vec![("q", "a.example")], 302, ""),
        ("/search", vec![("q", "a.example/st*")], 200, "Addresses that begin with this"),
        ("/search", vec![("q", "two words")], 200, "No version of any page contains them"),
        ("/search", vec![("q", "ferry board")], 200, "<mark>"),
        ("/search", vec![("q", "ferry"), ("in", "words"), ("order", "time")], 200, "<mark>"),
        (
            "/search",
            vec![("q", "ferry"), ("in", "words"), ("host", "a.example"), ("from", "2030")],
            200,
            "q=ferry&amp;in=words&amp;order=time&amp;show=20&amp;host=a.example&amp;from=2030\"",
        ),
        (
            "/search",
            vec![("q", "ferry"), ("in", "words"), ("host", "a.example")],
            200,
            "/search.atom?q=ferry&amp;host=a.example\"",
        ),
        (
            "/search.atom",
            vec![("q", "ferry"), ("host", "a.example")],
            200,
            "/search?q=ferry&amp;in=words&amp;host=a.example\"",
        ),
        ("/search", vec![("q", "\"ferry"), ("in", "words")], 200, "closing quotation mark"),
        ("/search", vec![("q", "ferry"), ("in", "words"), ("show", "x")], 400, "expected a number"),
        ("/search.atom", vec![("q", "ferry")], 200, "<feed"),
        ("/search.rss", vec![("q", "\"ferry")], 400, "closing quotation mark"),
        ("/search.rss", vec![], 400, "q is missing"),
        ("/search", vec![("q", "")], 200, "Search help"),
        ("/host", vec![("host", "a.example")], 200, "Pages"),
        ("/host", vec![("host", "b.example")], 404, "The archive has nothing from its host"),
        ("/hosts", vec![], 200, "a.example"),
        ("/hosts", vec![("after", "a.example")], 200, "no more hosts"),
        ("/no", vec![], 404, "Not found"),
        ("/static/reader.css", vec![], 200, ":root"),
        ("/static/none.css", vec![], 404, "Not found"),
    ] {
        let owned: Vec<(String, String)> =
            parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let answer = pages.ask(path, &owned);
        let name = format!("{path} {parameters:?}");
        assert_eq!(answer.status, status, "{name}\n{}", answer.body);
        assert_eq!(answer.location.is_some(), status == 302, "{name}");
        assert!(answer.body.contains(words), "{name} lacks {words:?}\n{}", answer.body);
    }
}

#[test]
fn a_permanent_link_finds_its_capture_and_no_other() {
    let pages = Pages::of("ferry");
    let answer = pages
        .ask("/capture", &[("url".into(), values::STORY.into()), ("at".into(), "2030".into())]);
    let link = answer.location.unwrap();
    let (path, query) = link.strip_prefix("/reader").unwrap().split_once('?').unwrap();
    let decoded = |text: &str| crate::base::percent::percent_decoded(text);
    let mut parameters: Vec<(String, String)> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), decoded(value)))
        .collect();
    let found = pages.ask(path, &parameters);
    assert_eq!(found.status, 200, "{}", found.body);
    assert!(found.body.contains(&link.replace('&', "&amp;")));
    for parameter in parameters.iter_mut().filter(|(name, _)| name == "id") {
        parameter.1 = "00000000-0000-4000-8000-999999999999".to_owned();
    }
    assert_eq!(pages.ask(path, &parameters).status, 404);
}

#[test]
fn what_was_seen_is_kept_by_the_browser() {
    let pages = Pages::of("ferry");
    let newest = values::at(30).to_warc_date();
    let form = [("until".to_owned(), newest.clone())];
    let answer = pages.post(SEEN_PATH, &form, None);
    assert_eq!((answer.status, answer.seen.as_deref()), (303, Some(newest.as_str())));
    let unseen = [("unseen".to_owned(), "1".to_owned())];
    let none = pages.ask_seen("/changes", &unseen, Some(&newest));
    assert!(none.body.contains("Nothing new."), "{}", none.body);
    let some = pages.ask_seen("/changes", &unseen, Some(&values::at(1).to_warc_date()));
    assert!(some.body.contains("Figure changed"), "{}", some.body);
    // Never back, and nothing but a time.
    let later = values::at(40).to_warc_date();
    assert_eq!(pages.post(SEEN_PATH, &form, Some(&later)).seen, Some(later));
    assert_eq!(pages.post(SEEN_PATH, &[("until".into(), "x; path=/".into())], None).status, 400);
    assert_eq!(pages.post("/page", &form, None).status, 405);
}

#[test]
fn the_check_finds_what_is_wrong() {
    let page = |body: &str| {
        format!(
            "<!DOCTYPE html><html lang=\"en\"><head><title>t</title></head><body>\
             <a class=\"skip\" href=\"#main\">s</a><main id=\"main\"><h1>h</h1>{body}</main></body></html>"
        )
    };
    let fine = Document::read(&page("")).unwrap();
    assert_eq!(fine.problems(""), Vec::<String>::new());
    for body in [
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\"//evil.example/\">x</a>",
        "<a href=\"https://evil.example/\">x</a>",
        "<a href=\"/unknown\">x</a>",
        "<p style=\"color:red\">x</p>",
        "<p onclick=\"x()\">x</p>",
        "<script>alert(1)</script>",
        "<img src=\"/static/icon.svg\">",
        "<input name=\"x\">",
        "<h1>again</h1>",
        "<h3>skipped</h3>",
        "<p id=\"main\">twice</p>",
        "<svg></svg>",
        "<iframe></iframe>",
        "<p aria-labelledby=\"none\">x</p>",
        "<form action=\"https://evil.example/\"></form>",
        "<a href=\"/\"></a>",
    ] {
        let document = Document::read(&page(body)).unwrap();
        assert_ne!(document.problems(""), Vec::<String>::new(), "{body}");
    }
    for broken in
        ["<p><b>x</p></b>", "<p>x", "</p>", "<p a=\"1\" a=\"2\">x</p>", "<p>&nosuch;x\0</p>"]
    {
        assert!(Document::read(&page(broken)).is_err(), "{broken}");
    }
}

#[test]
fn files_have_an_address_that_changes_with_them() {
    for file in FILES {
        assert_eq!(StaticFile::of(file.name), Some(file));
        assert_eq!(file.version().len(), 8);
        assert!(!file.text.contains("http://") || file.name == "icon.svg", "{}", file.name);
    }
    let style = StaticFile::of("reader.css").unwrap().text;
    assert!(!style.contains("url(") && !style.contains("@import"));
    assert_eq!(style.matches('{').count(), style.matches('}').count());
    assert_eq!(StaticFile::of("../Cargo.toml"), None);
}
