//! `story`: on local files, and on an archive at one time and over time.

use std::sync::Arc;

use pressmark::base::Clock;

use crate::support::archive::Archive;
use crate::support::cli::{crawl, json_lines, pressmark, stderr, stdout};
use crate::support::web::{Reply, Web, ok};

fn page(headline: &str, body: &str) -> String {
    format!(
        "<html lang=en><head><title>{headline}</title>\
         <meta property=\"article:published_time\" content=\"2025-11-05T09:00:00Z\"></head>\
         <body><nav><a href=/>Home</a></nav><article><h1>{headline}</h1>{body}</article>\
         <aside><h3>Most read</h3><ol><li><a href=/x>12 dead in fire</a></li></ol></aside></body></html>"
    )
}

const FULL: &str = "<p>“The bridge was never safe, and we told the ministry so in March,” said Mayor Anna Roe.</p>";

#[test]
fn local_files_are_compared_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    let one = page("Bridge closed", &format!("{FULL}<p>The flood killed at least 64 people.</p>"));
    let two = page(
        "Bridge <b>shut</b>",
        "<p>“The bridge was never safe,” said Anna Roe.</p><p>The flood killed 61 people.</p>",
    );
    std::fs::write(dir.path().join("one.html"), one).unwrap();
    std::fs::write(dir.path().join("two.html"), two).unwrap();
    std::fs::write(dir.path().join("empty.html"), "").unwrap();
    let archive = dir.path().join("none");
    let run = |form: &str, files: &[&str]| {
        let args: Vec<&str> =
            ["story"].into_iter().chain(files.iter().copied()).chain(["--format", form]).collect();
        let out = pressmark(&archive, &args);
        assert_eq!(out.status.code(), Some(0), "{form}: {}", stderr(&out));
        out
    };
    let files = ["one.html", "two.html", "empty.html"];
    let json = &json_lines(&run("json", &files))[0];
    assert_eq!(json["articles"][0]["file"], "one.html");
    let quote = &json["quotes"][0];
    assert_eq!((&quote["relation"], &quote["speaker"]), (&"truncated".into(), &"Anna Roe".into()));
    assert_eq!(quote["variants"][1]["file"], "two.html");
    assert_eq!(json["figures"][0]["about"], "dead");
    assert_eq!(json["figures"][0]["differ"], "value");
    assert_eq!(json["figures"].as_array().unwrap().len(), 1, "furniture is no part of it: {json}");
    let text = stdout(&run("text", &files));
    assert!(text.contains("A  one.html") && text.contains("never safe"), "{text}");
    let html = stdout(&run("html", &files));
    assert!(html.contains("default-src 'none'") && !html.contains("<script"), "{html}");
    let markdown = stdout(&run("markdown", &files));
    assert!(markdown.contains("## Quotations") && markdown.contains("## Figures"), "{markdown}");

    // The same file twice counts once, and one article shares nothing with itself.
    let out = run("json", &["one.html", "one.html"]);
    assert!(stderr(&out).contains("one.html is given twice"), "{}", stderr(&out));
    let json = &json_lines(&out)[0];
    assert_eq!(json["articles"].as_array().unwrap().len(), 1);
    assert_eq!(json["quotes"].as_array().unwrap().len(), 0);
}

#[test]
fn outlets_of_an_archive_are_followed_over_time() {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example", "b.example"]);
    let toll = |numbers: [&'static str; 3]| {
        move |_: &str, before: usize| {
            let toll = numbers[before.min(2)];
            let body = format!("{FULL}<p>The flood killed {toll} people in the Orla valley.</p>");
            ok("text/html; charset=utf-8", page("Flood in the valley", &body).as_bytes())
        }
    };
    web.on("a.example", "/flood", Reply::Made(Arc::new(toll(["61", "64", "64"]))));
    web.on("b.example", "/flood", Reply::Made(Arc::new(toll(["61", "61", "64"]))));
    let urls = ["http://a.example/flood", "http://b.example/flood"];
    for _ in 0..3 {
        for url in urls {
            let out = crawl(&archive.root(), &archive.resolve).arg(url).output().unwrap();
            assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
        }
    }
    let root = archive.root();
    let args = ["story", urls[0], urls[1], "--over-time", "--format", "json"];
    let out = pressmark(&root, &args);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let json = &json_lines(&out)[0];
    assert_eq!(json["figures"][0]["differ"], "none", "{json}");
    assert_eq!(json["quotes"][0]["relation"], "identical");
    let changed: Vec<(&str, &str, &str)> = json["over_time"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["turn"] == "changed")
        .map(|event| {
            let earlier = event["earlier"][0]["url"].as_str().unwrap_or("-");
            (event["url"].as_str().unwrap(), event["after"].as_str().unwrap(), earlier)
        })
        .collect();
    assert_eq!(changed, [(urls[0], "64", "-"), (urls[1], "64", urls[0])]);

    // Articles that are not held are left out, with a message; with none held, nothing is found.
    let out = pressmark(&root, &["story", urls[0], "http://a.example/none", "--format", "json"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    assert!(stderr(&out).contains("no capture of http://a.example/none"), "{}", stderr(&out));
    let gone = "http://a.example/gone";
    let error =
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nGone.";
    web.on("a.example", "/gone", Reply::Made(Arc::new(|_: &str, _| error.to_vec())));
    assert!(crawl(&root, &archive.resolve).arg(gone).output().is_ok());
    let out = pressmark(&root, &["story", urls[0], gone, "--format", "json"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    assert!(stderr(&out).contains(&format!("no article at {gone}")), "{}", stderr(&out));
    assert_eq!(json_lines(&out)[0]["articles"].as_array().unwrap().len(), 1);
    let out = pressmark(&root, &["story", "http://a.example/none"]);
    assert_eq!(out.status.code(), Some(3), "{}", stderr(&out));

    // In place of addresses a search, a job, or both.
    let job = root.join("valley.toml");
    std::fs::write(&job, "name = \"valley\"\nseeds = [\"http://a.example/flood\"]\n").unwrap();
    let job = job.to_str().unwrap();
    let articles = |args: &[&str]| -> Vec<String> {
        let out = pressmark(&root, &[&["story", "--format", "json"], args].concat());
        assert_eq!(out.status.code(), Some(0), "{args:?}: {}", stderr(&out));
        let json = json_lines(&out).remove(0);
        let articles = json["articles"].as_array().unwrap().iter();
        let mut urls: Vec<String> =
            articles.map(|one| one["url"].as_str().unwrap().to_owned()).collect();
        urls.sort_unstable();
        urls
    };
    for (args, expected) in [
        (&["--search", "\"never safe\""][..], &urls[..]),
        (&["--search", "\"never safe\" host:b.example"], &urls[1..]),
        (&["--job", job], &urls[..1]),
        (&["--search", "flood", "--job", job], &urls[..1]),
    ] {
        assert_eq!(articles(args), expected, "{args:?}");
    }
    for (args, code) in [
        (&["--search", "zeppelin"][..], 3),
        (&["--search", "zeppelin", "--job", job], 3),
        (&["--search", "\"never"], 2),
        (&["--search", "flood", urls[0]], 2),
        (&["--search", "flood", "--limit", "1"], 2),
        (&["--search", "flood", "--clusters"], 2),
        (&["--job", "nowhere"], 2),
        (&[], 2),
    ] {
        let out = pressmark(&root, &[&["story"], args].concat());
        assert_eq!(out.status.code(), Some(code), "{args:?}: {}", stderr(&out));
    }
}
