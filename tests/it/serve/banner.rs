//! The banner above a replayed page, and the page that a person gets for one that is not held.

use super::{Answer, ask, ask_with, start};
use crate::serve::warcs::Warc;

const URL: &str = "http://v.example/story";

fn article(headline: &str, text: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>{headline}</title><link rel=stylesheet href=/old.css>\
         <link rel=stylesheet media=print href=/print.css></head><body><article><h1>{headline}</h1>\
         <p>The harbour board met on Tuesday to decide about the ferries that cross the bay.</p><p>{text}</p>\
         <img src=/near.png><img src=data:,x><img srcset=\"/gone.png 1x, /gone2.png 2x\"></article></body></html>"
    )
}

fn versions(root: &std::path::Path) {
    super::archive(root);
    let failure = Warc::new().failure("http://failed.example/", "2024-03-15T00:00:00Z");
    failure.write(root, "failed.warc");
    let first =
        article("Board buys ferries", "It will buy twelve of them, the chairman said after it.");
    let second =
        article("Board buys boats", "It will buy nine of them, the chairman said after it.");
    let part = |warc: Warc, path: &str, date: &str, kind: &str| {
        let head = format!("HTTP/1.1 200 OK\nContent-Type: {kind}");
        warc.response(&format!("http://v.example/{path}"), date, &head, b"x")
    };
    let warc = Warc::new()
        .page(URL, "2024-01-01T00:00:00Z", &first)
        .page(URL, "2024-01-02T00:00:00Z", &first)
        .page(URL, "2024-03-01T00:00:00Z", &second);
    let warc = part(warc, "old.css", "2022-01-01T00:00:00Z", "text/css");
    let warc = part(warc, "near.png", "2024-03-01T00:00:09Z", "image/png");
    let frames = "<html><frameset cols=\"1,2\"><frame src=/a><frame src=/b></frameset></html>";
    warc.page("http://v.example/frames", "2024-03-01T00:00:00Z", frames).write(root, "v.warc");
}

fn has(answer: &Answer, words: &[&str]) {
    let text = answer.text();
    for words in words {
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }
}

#[test]
fn the_banner_says_which_version_is_shown_and_how_far_apart_its_parts_are() {
    let dir = tempfile::tempdir().unwrap();
    versions(dir.path());
    let server = start(dir.path());
    for address in [server.address, server.replay.unwrap()] {
        let page = ask(address, &format!("/web/20240301000000/{URL}"));
        assert_eq!(page.status, 200);
        has(
            &page,
            &[
                "Version 2 of 2.",
                "headline",
                "figure changed",
                "Changed without a notice.",
                "1 of 2 parts of this page comes from other times, up to 2 years before.",
                "1 of 3 parts is not in the archive.",
                "all versions",
                "what changed",
                "hide this banner",
                "2024-01-02 00:00 UTC",
            ],
        );
        let first = ask(address, &format!("/web/20240102000000/{URL}"));
        has(&first, &["Version 1 of 2.", "2 of 2 parts of this page come from other times"]);
        assert!(!first.text().contains("Changed"), "{}", first.text());
    }
    // Each link of it leads to a page.
    let page = ask(server.address, &format!("/web/20240301000000/{URL}")).text();
    let banner = page.split("<pressmark-banner").nth(1).unwrap();
    let banner = banner.split("</pressmark-banner>").next().unwrap();
    let root = format!("http://{}", server.address);
    let links: Vec<&str> =
        banner.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.len() >= 5, "{links:?}");
    for link in links {
        let target = link.strip_prefix(&root).unwrap_or(link).replace("&amp;", "&");
        assert_eq!(ask(server.address, &target).status, 200, "{link}");
    }
    // It can be omitted.
    let alone = ask(server.address, &format!("/web/20240301000000mp_/{URL}"));
    assert!(!alone.text().contains("pressmark-banner") && alone.text().contains("nine of them"));
}

#[test]
fn a_page_of_frames_has_its_banner_in_a_frame_that_is_there() {
    let dir = tempfile::tempdir().unwrap();
    versions(dir.path());
    let server = start(dir.path());
    let page = ask(server.address, "/web/20240301000000/http://v.example/frames").text();
    let mut source = page.split("src=\"").map(|rest| rest.split('"').next().unwrap());
    let source = source.find(|source| source.contains("bn_/")).unwrap();
    let banner = ask(server.address, source);
    assert_eq!(banner.status, 200, "{}", banner.text());
    has(&banner, &["<b>Archived</b>", "http://v.example/frames"]);
    assert!(!banner.text().contains("<frameset"));
    assert!(banner.header("content-security-policy").unwrap().contains("sandbox"));
    let missing = ask(server.address, "/web/20240301000000bn_/http://v.example/none");
    assert_eq!(missing.status, 404);
}

#[test]
fn a_page_whose_versions_were_never_read_is_shown_without_them_until_they_are() {
    let dir = tempfile::tempdir().unwrap();
    super::archive(dir.path());
    let mut warc = Warc::new();
    for day in 1..=28 {
        let text = format!("It will buy {day} of them, the chairman said after it.");
        let page = article("Board buys ferries", &text);
        warc = warc.page(URL, &format!("2024-01-{day:02}T00:00:00Z"), &page);
    }
    warc.write(dir.path(), "many-versions.warc");
    let server = start(dir.path());
    let target = format!("/web/20240105000000/{URL}");
    let page = ask(server.address, &target);
    assert!(page.text().contains("all versions") && !page.text().contains("Version "));
    assert_eq!(ask(server.address, &format!("/page?url={URL}")).status, 200);
    has(&ask(server.address, &target), &["Version 5 of 28."]);
}

#[test]
fn a_person_learns_why_a_page_is_not_held_and_a_program_gets_the_404_of_memento() {
    let dir = tempfile::tempdir().unwrap();
    versions(dir.path());
    let server = start(dir.path());
    let person = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    for target in ["/web/http://v.example/storys", "/web/2024/http://v.example/storys"] {
        let page = ask_with(server.address, "GET", target, &person);
        assert_eq!(page.status, 404, "{target}");
        assert!(page.header("content-type").unwrap().starts_with("text/html"));
        has(
            &page,
            &[
                "Not in the archive",
                "No crawl has fetched this address.",
                "v.example/<wbr>story</bdi>",
            ],
        );
        let program = ask(server.address, target);
        assert_eq!(
            (program.status, program.header("content-type")),
            (404, Some("application/json"))
        );
        assert!(program.header("location").is_none() && program.header("link").is_none());
        let head = ask_with(server.address, "HEAD", target, &person);
        assert_eq!((head.status, head.body.len()), (404, 0));
    }
    let failed = "/web/2024/http://failed.example/";
    has(&ask_with(server.address, "GET", failed, &person), &["Fetching it failed."]);
    // A TimeGate sends Vary with every answer, and no markup of a hostile page is passed through.
    let gate = "/web/http://v.example/%3Cscript%3Ealert(1)%3C/script%3E";
    let gate = ask_with(server.address, "GET", gate, &person);
    assert_eq!((gate.status, gate.header("vary")), (404, Some("accept-datetime")));
    assert!(!gate.text().contains("<script>alert"), "{}", gate.text());
    // On the replay origin it is a page, too, with a link to the reader.
    let replay = server.replay.unwrap();
    let page = ask_with(replay, "GET", "/web/2024/http://v.example/storys", &person);
    assert_eq!(page.status, 404);
    has(&page, &["Not in the archive", "The reason, and similar pages in the archive"]);
    let link = page.text();
    let link = link.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    let link = link.strip_prefix(&format!("http://{}", server.address)).unwrap();
    let why = ask(server.address, link);
    assert_eq!(why.status, 404);
    has(&why, &["Similar addresses in the archive"]);
    // The 404 of a part has no body on either origin.
    let part = ask_with(server.address, "GET", "/web/2024im_/http://v.example/none.png", &person);
    assert_eq!((part.status, part.body.len()), (404, 0));
}
