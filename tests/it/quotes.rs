//! `quotes`: on local files, and over the newest version of everything in an archive.

use std::sync::Arc;

use pressmark::base::Clock;

use crate::support::archive::Archive;
use crate::support::cli::{crawl, json_lines, pressmark, stderr, stdout};
use crate::support::web::{Reply, Web, ok};

fn page(headline: &str, body: &str) -> String {
    format!(
        "<html lang=en><head><title>{headline}</title></head><body><article><h1>{headline}</h1>\
         {body}<p>The ferry left the old pier at noon, and nobody on the quay could say why it had \
         waited so long for so few passengers.</p></article></body></html>"
    )
}

#[test]
fn quotes_of_several_local_files_name_their_file() {
    let dir = tempfile::tempdir().unwrap();
    let said = "<p>“We waited for the tide and for nothing else,” said harbour master Ann Lee.</p>";
    std::fs::write(dir.path().join("one.html"), page("The late ferry", said)).unwrap();
    let text = "“The tide was never the reason,” the pilot Karl van der Berg said on Monday.\n";
    std::fs::write(dir.path().join("two.txt"), text).unwrap();
    let archive = dir.path().join("none");
    let out = pressmark(&archive, &["quotes", "one.html", "two.txt", "--format", "json"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let lines = json_lines(&out);
    let listed: Vec<_> = lines
        .iter()
        .map(|l| (l["file"].as_str().unwrap(), l["speaker"].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(listed, [("one.html", "Ann Lee"), ("two.txt", "Karl van der Berg")]);
    assert!(lines.iter().all(|l| l.get("url").is_none() && l["timestamp"].is_null()), "{lines:?}");
    assert_eq!(lines[0]["text"], "We waited for the tide and for nothing else,");
    assert_eq!((&lines[0]["cue"], &lines[0]["kind"]), (&"said".into(), &"direct".into()));

    let out = pressmark(&archive, &["quotes", "one.html", "two.txt", "--speaker", "BERG"]);
    assert!(!stdout(&out).contains("Ann Lee") && stdout(&out).contains("never the reason"));
    let out = pressmark(&archive, &["quotes", "one.html", "--speaker", "Nobody"]);
    assert_eq!((out.status.code(), stdout(&out).as_str()), (Some(3), ""), "{}", stderr(&out));
}

#[test]
fn without_a_url_the_newest_version_of_everything_is_read() {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example", "b.example"]);
    let story = |_: &str, before: usize| {
        let day = if before == 0 { "Monday" } else { "Tuesday" };
        let body =
            format!("<p>“The pier will open on {day} and not a day later,” said Ann Lee.</p>");
        ok("text/html; charset=utf-8", page("The pier", &body).as_bytes())
    };
    web.on("a.example", "/pier", Reply::Made(Arc::new(story)));
    let other = "<p>“Nobody has asked the fishermen so far,” said Ben Marsh.</p>";
    web.page("b.example", "/boats", &page("The boats", other));
    web.on(
        "b.example",
        "/notes.txt",
        Reply::Bytes(ok("text/plain", "“No,” said Eve Moss.".as_bytes())),
    );
    let urls = ["http://a.example/pier", "http://b.example/boats", "http://b.example/notes.txt"];
    for _ in 0..2 {
        let out = crawl(&archive.root(), &archive.resolve).args(urls).output().unwrap();
        assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    }
    let out = pressmark(&archive.root(), &["quotes", "--format", "json"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let mut listed: Vec<_> = json_lines(&out)
        .iter()
        .map(|l| format!("{} {} {}", l["url"], l["speaker"], l["text"]).replace('"', ""))
        .collect();
    listed.sort();
    assert_eq!(
        listed,
        [
            "http://a.example/pier Ann Lee The pier will open on Tuesday and not a day later,",
            "http://b.example/boats Ben Marsh Nobody has asked the fishermen so far,",
        ]
    );
    let out = pressmark(&archive.root(), &["quotes", "http://a.example/none"]);
    assert_eq!(out.status.code(), Some(3), "{}", stderr(&out));
}
