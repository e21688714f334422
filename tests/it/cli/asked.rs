//! A request that cannot be fulfilled is an error that lists the possible ones: formats, forms, and commands
//! without anything to do.

use std::fs;
use std::io::{Read, Write};

use super::{STORY, archive, here};
use crate::support::cli::{crawl, json_lines, pressmark, stderr, stdout};
use crate::support::raw::{Answer, RawSite, Then};

/// What `--format` accepts, command by command; the others accept only text.
const FORMATS: [(&str, &str); 27] = [
    ("crawl", "text, json"),
    ("due", "text, json"),
    ("status", "text, json"),
    ("captures", "table, text, json, cdxj, cdx"),
    ("show", "text, json"),
    ("history", "text, json"),
    ("diff", "text, json, html, markdown, unified"),
    ("blame", "text, json"),
    ("changes", "text, json, rss, atom"),
    ("when", "text, json"),
    ("quotes", "text, json"),
    ("cite", "text, json"),
    ("verify", "text, json"),
    ("recompress", "text, json"),
    ("repair", "text, json"),
    ("reindex", "text, json"),
    ("import", "text, json"),
    ("export", "wacz, warc, cdxj, parquet, zipnum"),
    ("tables", "text, json"),
    ("migrate", "text, json"),
    ("index", "cdxj, cdx"),
    ("prove", "text, json"),
    ("evidence checkpoint", "text, json"),
    ("robots", "text, json"),
    ("surt", "text, json"),
    ("config show", "text, json"),
    ("config check", "text, json"),
];

/// Help as one line, as it may be wrapped anywhere.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn help_lists_the_values_of_format_and_as() {
    let (_dir, root) = here();
    for (command, formats) in FORMATS {
        let args: Vec<&str> = command.split(' ').chain(["-h"]).collect();
        let help = flat(&stdout(&pressmark(&root, &args)));
        let listed = format!("--format <FORMAT> The output format [possible values: {formats}]");
        assert!(help.contains(&listed), "{command}: {help}");
    }
    let help = flat(&stdout(&pressmark(&root, &["show", "-h"])));
    assert!(help.contains("[possible values: text, html, http, headers, record, json]"), "{help}");
    for command in ["init", "watch", "demo", "completions", "man"] {
        let help = flat(&stdout(&pressmark(&root, &[command, "-h"])));
        assert!(!help.contains("--format"), "{command}: {help}");
    }
}

#[test]
fn a_format_that_a_command_does_not_print_is_an_error() {
    let (_dir, root) = here();
    let missing: [(&str, &[&str]); 6] = [
        ("captures", &["http://a.example/"]),
        ("blame", &["http://a.example/"]),
        ("completions", &["bash"]),
        ("robots", &["--file", "r", "--agent", "x", "http://a.example/"]),
        ("prove", &["http://a.example/", "-o", "x.zip"]),
        ("crawl", &["http://a.example/"]),
    ];
    for (command, rest) in missing {
        for format in ["yaml", "", "JSON"] {
            // After the command and before it.
            for args in [
                [&[command], rest, &["--format", format]].concat(),
                [&["--format", format, command], rest].concat(),
            ] {
                let output = pressmark(&root, &args);
                assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
                assert!(stderr(&output).contains("text"), "{args:?}: {}", stderr(&output));
            }
        }
    }
    for (args, lists) in [
        (&["init", "--format", "json"][..], "text"),
        (&["watch", "--format", "json"], "text"),
        (&["demo", "--format", "json"], "text"),
        (&["man", "--format", "json"], "text"),
        (&["--format", "json", "man"], "text"),
        (&["status", "--format", "rss"], "text, json"),
        (&["--format", "rss", "status"], "text, json"),
        (&["changes", "--format", "html"], "rss, atom"),
        (&["--format", "cdx", "diff", "a", "b"], "unified"),
        (&["show", "http://a.example/", "--as", "pdf"], "text, html, http, headers, record, json"),
        (&["show", "http://a.example/", "--as", "http", "--format", "json"], "--as json"),
        (&["show", "http://a.example/", "--as", "json", "--format", "text"], "--as json"),
        (&["cite", "http://a.example/", "--style", "harvard"], "chicago"),
    ] {
        let output = pressmark(&root, args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(lists), "{args:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{args:?}");
    }
    assert!(!root.exists());
}

#[test]
fn json_is_printed_wherever_it_is_accepted() {
    let archive = archive();
    let root = archive.root();
    let asked = json_lines(&pressmark(&root, &["show", STORY, "--format", "json"]));
    let form = json_lines(&pressmark(&root, &["show", STORY, "--as", "json"]));
    assert_eq!(asked, form);
    let before = json_lines(&pressmark(&root, &["--format", "json", "status"]));
    assert_eq!(before.len(), 1);
    let surt = json_lines(&pressmark(&root, &["surt", "http://a.example/x", "--format", "json"]));
    assert_eq!(surt[0]["urlkey"], "example,a)/x");
    for name in ["story.zip", "story.wacz"] {
        let made = pressmark(&root, &["prove", STORY, "-o", name, "--format", "json"]);
        let made = json_lines(&made).remove(0);
        assert_eq!(made["file"], name);
        assert!(made["records"].as_u64().is_some_and(|n| n > 2), "{made}");
    }
}

#[test]
fn a_crawl_and_a_watch_without_urls_report_it() {
    let (dir, root) = here();
    for args in [&["crawl"][..], &["crawl", "--depth", "2"], &["watch"]] {
        let output = pressmark(&root, args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("hint: "), "{args:?}: {}", stderr(&output));
        assert!(!root.exists(), "{args:?} made an archive");
    }
    // The folder of jobs is there and empty.
    fs::create_dir_all(dir.path().join("config/jobs")).unwrap();
    let output = pressmark(&root, &["watch"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("config/jobs"), "{}", stderr(&output));
    // Also with an archive whose queue is empty; a crawl continues with a queue that is not.
    let names = ["a.example", "b.example"];
    let answers = names.map(|name| {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec();
        (name.to_owned(), Answer { bytes, then: Then::Keep })
    });
    let site = RawSite::start(answers.into());
    let resolve = names.map(|name| site.resolve(name));
    let mut first = crawl(&root, &resolve);
    let first = first.args(["http://a.example/", "http://b.example/", "--pages-max", "1"]);
    let first = first.args(["--set", "crawl.hosts_max=1", "--format", "json"]).output().unwrap();
    assert_eq!(json_lines(&first)[0]["left"], 1, "{}", stderr(&first));
    let rest = crawl(&root, &resolve).args(["--format", "json"]).output().unwrap();
    assert_eq!(rest.status.code(), Some(0), "{}", stderr(&rest));
    assert_eq!(json_lines(&rest)[0]["left"], 0);
    let nothing = crawl(&root, &resolve).output().unwrap();
    assert_eq!(nothing.status.code(), Some(2), "{}", stderr(&nothing));
    assert!(stderr(&nothing).contains("no earlier run left anything"), "{}", stderr(&nothing));
    let verified = pressmark(&root, &["verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", stderr(&verified));
}

#[test]
fn a_failed_handshake_reports_why_and_keeps_the_columns() {
    let (_dir, root) = here();
    // A server that answers everything in plain HTTP.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let rule = format!("a.example:443:127.0.0.1:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let output = crawl(&root, &[rule]).arg("https://a.example/").output().unwrap();
    let why = "the server does not speak TLS; it may speak plain HTTP on this port";
    assert!(stdout(&output).contains(why), "{}", stdout(&output));
    let listed = pressmark(&root, &["captures", "https://a.example/", "--match", "host"]);
    let table = stdout(&listed);
    let row = table.lines().find(|line| line.contains("/robots.txt")).unwrap();
    let columns: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(columns[1..4], ["tls", "-", "failure"], "{table}");
    assert!(row.contains(&format!("https://a.example/robots.txt ({why}")), "{table}");
    let head = table.lines().next().unwrap();
    assert!(head.find("kept as").unwrap() < 40, "the type column is as wide as types are: {table}");
}
