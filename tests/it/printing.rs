//! Content from the web never controls a terminal: hostile pages, headers, addresses, names of files
//! and records are captured, and every command that prints is run on a pseudo-terminal. No control sequence
//! and no invisible character may come through; JSON gives the exact content.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use pressmark::base::SystemClock;

use crate::cli::{send, wait_until};
use crate::support::archive::Archive;
use crate::support::cli::{command, json_lines, stderr};
use crate::support::pty;
use crate::support::web::{Reply, Web};

/// A window title, a colour that this program never uses, a cleared screen by a C1 control, an override
/// of direction, isolates, zero-width characters, deleting characters, a tag.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[5;45mblink\u{9b}2J\u{9d}x\u{9c}\u{202e}evil\u{2066}iso\u{2068}fsi\u{200b}zero\u{200d}wide\u{2060}\u{feff}\u{ad}\u{7f}\u{8}tag\u{e0041}";

/// The same as it can occur in a header field, which is bytes.
const STORY: &str = "http://evil.example/story";

/// The name of an archive or a file of the operator that another person chose.
const NAME: &str = "na\u{1b}]0;owned\u{7}\u{202e}me\u{200b}\nhint: forged";

fn page(cracks: &str) -> Vec<u8> {
    let h = HOSTILE;
    let html = format!(
        "<html lang=en><head><title>Bridge {h} closed</title>\
         <meta property=\"og:site_name\" content=\"The {h} Courier\">\
         <meta property=\"article:published_time\" content=\"2025-11-0{h}\"></head><body><article>\
         <h1>Bridge {h} closed</h1><p class=byline>By <a rel=author>Ada {h} Poe</a></p>\
         <p>The old {h} bridge was closed on Monday after an inspection found {cracks} cracks in it.</p>\
         <p>\"We will not open {h} it before spring,\" said mayor Ben Marsh on Tuesday evening.</p>\
         <p>The repairs will cost {cracks} million euros, the council {h} said in a statement.</p>\
         <p>Correction: an earlier {h} version was wrong about {cracks} cracks.</p>\
         </article></body></html>"
    );
    let mut bytes = format!(
        "HTTP/1.1 200 O{h}K\r\nServer: {h}\r\nX-{h}: {h}\r\nContent-Type: text/html; charset=utf-8; x={h}\r\n\
         Content-Length: {}\r\n\r\n",
        html.len()
    )
    .into_bytes();
    bytes.extend_from_slice(html.as_bytes());
    bytes
}

/// A foreign WARC file: an address, a type and a name that our crawler would never write, and an
/// invalid record.
fn foreign() -> Vec<u8> {
    let body =
        format!("<title>{HOSTILE}</title><p>A text {HOSTILE} of some length stands here.</p>");
    let block = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let record = |fields: &str, block: &str| {
        format!("WARC/1.1\r\n{fields}Content-Length: {}\r\n\r\n{block}\r\n\r\n", block.len())
    };
    let visible: String = HOSTILE.chars().filter(|c| !matches!(c, '\u{7f}' | '\u{8}')).collect();
    [
        record(
            "WARC-Type: warcinfo\r\nWARC-Date: 2025-11-05T00:00:00Z\r\n\
             WARC-Record-ID: <urn:uuid:11111111-1111-4111-8111-111111111111>\r\n\
             Content-Type: application/warc-fields\r\n",
            &format!("software: {visible}\r\noperator: {visible}\r\n"),
        ),
        record(
            &format!(
                "WARC-Type: response\r\nWARC-Date: 2025-11-05T00:00:00Z\r\n\
                 WARC-Record-ID: <urn:uuid:22222222-2222-4222-8222-222222222222>\r\n\
                 WARC-Target-URI: http://raw.example/{visible}\r\n\
                 WARC-Block-Digest: sha1:{visible}\r\nX-Own: {visible}\r\n\
                 Content-Type: application/http; msgtype=response\r\n"
            ),
            &block,
        ),
        format!("WARC/9.9 {HOSTILE}\r\n\r\n{HOSTILE}"),
    ]
    .concat()
    .into_bytes()
}

struct Place {
    dir: tempfile::TempDir,
    root: PathBuf,
    _archive: Archive,
    web: Web,
}

/// An archive under a hostile name, with two versions of a hostile page, the pages that it links to, and a
/// foreign WARC file.
fn place() -> Place {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::new(SystemClock));
    archive.resolve = web.resolve(&["evil.example"]);
    let story = |_: &str, before: usize| page(["three", "twelve", "90"][before.min(2)]);
    web.on("evil.example", "/story", Reply::Made(Arc::new(story)));
    let to = format!("HTTP/1.1 302 {HOSTILE}\r\nLocation: /{HOSTILE}\r\nContent-Length: 0\r\n\r\n");
    web.on("evil.example", "/moved", Reply::Bytes(to.into_bytes()));
    archive.crawl(&[STORY, "http://evil.example/moved"]);
    archive.later(Duration::from_secs(86_400));
    archive.crawl(&[STORY, &format!("http://evil.example/{HOSTILE}")]);
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join(NAME);
    fs::rename(archive.root(), &root).unwrap();
    fs::write(root.join("warc").join(format!("{NAME}.warc")), foreign()).unwrap();
    Place { dir, root, _archive: archive, web }
}

impl Place {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(&self.root);
        command.args(args).env("TERM", "xterm-256color");
        command
    }

    /// A file of the operator under a hostile name.
    fn file(&self, extension: &str, content: &[u8]) -> String {
        let path = self.dir.path().join(format!("{NAME}{extension}"));
        fs::write(&path, content).unwrap();
        path.into_os_string().into_string().unwrap()
    }
}

/// The text without the sequences of the program itself: colours, and those that draw a progress
/// bar.
fn without_own(text: &str) -> String {
    const COLOURS: [&str; 12] =
        ["0", "1", "2", "4", "9", "31", "32", "33", "34", "35", "36", "1;31"];
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(codes) = rest.strip_prefix('[') else {
            out.push('\u{1b}');
            continue;
        };
        let length = codes.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(codes.len());
        let own = match codes[length..].chars().next() {
            Some('m') => COLOURS.contains(&&codes[..length]),
            Some('K' | 'A' | 'B' | 'J') => codes[..length].len() <= 1,
            _ => false,
        };
        if own {
            rest = &codes[length + 1..];
        } else {
            out.push('\u{1b}');
        }
    }
    out + rest
}

/// Characters that a terminal would obey, or that a person would not see.
fn is_bad(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// Checks the output of a command; `drawn` are the further sequences with which a progress bar may be drawn.
fn check(what: &str, written: &[u8], drawn: &[char]) -> String {
    let text = std::str::from_utf8(written).unwrap_or_else(|_| panic!("{what}: no UTF-8"));
    assert!(!text.contains("panicked"), "{what}: {text}");
    let plain = without_own(text);
    let bad: Vec<char> = plain.chars().filter(|c| is_bad(*c) && !drawn.contains(c)).collect();
    assert!(bad.is_empty(), "{what} lets {bad:?} through: {plain:?}");
    for line in plain.lines() {
        assert!(!line.starts_with("hint: forged"), "{what}: a name became a line: {plain:?}");
    }
    plain
}

/// Runs it on a terminal and checks what it wrote.
fn run(place: &Place, args: &[&str]) -> String {
    let (status, written) = pty::spawn(&mut place.command(args), "").wait();
    assert!(status.code().is_some_and(|code| code <= 4), "{args:?}: {status}");
    check(&format!("{args:?}"), &written, &['\r'])
}

#[test]
fn no_command_lets_a_page_or_a_name_steer_the_terminal() {
    let place = place();
    let html = place.file(".html", page("three").split_at(900).1);
    let text = place.file(".txt", HOSTILE.as_bytes());
    let other = place.file(".other.html", page("twelve").split_at(900).1);
    let robots = place.file(".robots", format!("User-agent: *\nDisallow: /{HOSTILE}\n").as_bytes());
    let config = place.file(
        ".toml",
        format!("archive = \"{}\"\n[identity]\noperator = \"a\u{202e}b\u{200b}\"\n", "x")
            .as_bytes(),
    );
    let bundle = place.file(".zip", b"");
    fs::remove_file(&bundle).unwrap();
    let warc = fs::read_dir(place.root.join("warc")).unwrap().flatten();
    let warc: Vec<String> =
        warc.map(|e| e.path().into_os_string().into_string().unwrap()).collect();
    let raw = "http://raw.example/";
    let url = &format!("http://evil.example/{HOSTILE}");
    let quoted = &format!("We will not open {HOSTILE} it before spring");
    // Each with a word that shows that something was printed.
    let exported = place.root.with_extension("warc.gz");
    let exported = exported.to_str().unwrap();
    let indexed: Vec<&str> =
        std::iter::once("index").chain(warc.iter().map(String::as_str)).collect();
    let mut cases: Vec<(Vec<&str>, &str)> = vec![
        (vec!["reindex"], "captures indexed"),
        (indexed.clone(), "evil.example"),
        ([indexed.as_slice(), &["--format", "cdx"]].concat(), "evil.example"),
        (vec!["export", "--to", exported, url], "captures"),
        (vec!["import", exported], "captures"),
        (vec!["status"], "evil.example"),
        (vec!["due"], "evil.example"),
        (vec!["captures", raw, "--match", "host"], "raw.example"),
        (vec!["captures", url], "evil.example"),
        (vec!["show", STORY], "bridge"),
        (vec!["show", STORY, "--verbose"], "bridge"),
        (vec!["history", STORY], "2 versions"),
        (vec!["history", url], ""),
        (vec!["blame", STORY], "cracks"),
        (vec!["changes"], "evil.example"),
        (vec!["changes", "--host", HOSTILE], ""),
        (vec!["when", "bridge was closed"], ""),
        (vec!["when", HOSTILE], ""),
        (vec!["quotes"], "spring"),
        (vec!["quotes", STORY], "spring"),
        (vec!["quotes", STORY, "--speaker", HOSTILE], "no quotation"),
        (vec!["quotes", &html], "spring"),
        (vec!["show", &html], "bridge"),
        (vec!["show", &html, &text], "owned"),
        (vec!["show", &text], "owned"),
        (vec!["diff", &html, &other], "cracks"),
        (vec!["cite", STORY, "--quote", quoted], "spring"),
        (vec!["cite", STORY, "--quote", HOSTILE], ""),
        (vec!["cite", url], ""),
        (vec!["verify"], "records in"),
        (vec!["evidence", "extend"], "added to the log"),
        (vec!["evidence", "checkpoint"], "pressmark/"),
        (vec!["evidence", "keys"], "pressmark/"),
        (vec!["prove", STORY, "-o", &bundle], "records"),
        (vec!["prove", "--check", &bundle], "ok"),
        (vec!["prove", "--check", &html], ""),
        (vec!["robots", "--file", &robots, "--agent", HOSTILE, url, "--explain"], "allow"),
        (vec!["surt", url, HOSTILE], "owned"),
        (vec!["config", "show", "--config", &config], "operator"),
        (vec!["config", "check", "--config", &config], ""),
        (vec!["config", "check", "--set", HOSTILE], "owned"),
        (vec!["crawl", HOSTILE], "owned"),
        (vec!["crawl", "--job", HOSTILE], "owned"),
        (vec!["crawl", url, "--resolve", HOSTILE], "owned"),
        (vec!["crawl", url, "--proxy", HOSTILE], "owned"),
        (vec!["init", NAME], ""),
        (vec!["show", HOSTILE], "owned"),
        (vec!["show", STORY, "--at", HOSTILE], "owned"),
        (vec!["captures", STORY, "--filter", HOSTILE], "owned"),
        (vec!["captures", STORY, "--format", HOSTILE], "blink"),
        (vec![HOSTILE], "blink"),
        (vec!["--help"], "Usage"),
        (vec!["man"], "pressmark"),
        (vec!["completions", "fish"], "captures"),
    ];
    for form in ["text", "html", "http", "headers", "record", "json"] {
        cases.push((vec!["show", STORY, "--as", form], "owned"));
        cases.push((vec!["show", url, "--as", form], ""));
    }
    for format in ["table", "json", "cdxj", "cdx"] {
        cases
            .push((vec!["captures", STORY, "--format", format, "--match", "host"], "evil.example"));
    }
    for format in ["text", "json", "html", "markdown", "unified"] {
        cases.push((vec!["diff", STORY, "--format", format], "owned"));
        cases.push((vec!["diff", STORY, "--format", format, "--color", "always"], "owned"));
    }
    for format in ["json", "rss", "atom"] {
        cases.push((vec!["changes", "--format", format], "evil.example"));
    }
    for style in [
        "text",
        "apa",
        "chicago",
        "mla",
        "bibtex",
        "biblatex",
        "csl-json",
        "ris",
        "wikipedia",
        "html",
        "markdown",
    ] {
        cases.push((vec!["cite", STORY, "--style", style, "--quote", "before spring"], "owned"));
        cases.push((vec!["cite", STORY, "--style", style, "--format", "json"], "owned"));
    }
    for command in
        [&["history", STORY][..], &["blame", STORY], &["quotes", STORY], &["status"], &["due"]]
    {
        cases.push(([command, &["--format", "json"]].concat(), "evil.example"));
    }
    for file in &warc {
        cases.push((vec!["verify", file], "records in"));
        cases.push((vec!["verify", file, "--format", "json"], "records in"));
    }
    for (args, expected) in cases {
        let printed = run(&place, &args);
        assert!(printed.contains(expected), "{args:?} printed no {expected:?}: {printed}");
    }
}

#[test]
fn a_crawl_and_a_watch_show_hostile_pages_and_stay_themselves() {
    let place = place();
    let resolve = place.web.resolve(&["evil.example"]).remove(0);
    let before = place.web.asked_count();
    let network = ["--allow-private", "--resolve", &resolve, "--set", "politeness.delay_min=0s"];
    let url = format!("http://evil.example/{HOSTILE}");
    let failing = "http://no-such-host.invalid/";
    let printed =
        run(&place, &[&["crawl", STORY, &url, failing, "--verbose"], &network[..]].concat());
    assert!(printed.contains("fetched in"), "{printed}");
    assert!(place.web.asked_count() > before);
    run(&place, &[&["crawl", STORY, &url, "--dry-run"], &network[..]].concat());
    // A job whose file has a hostile name, and logs in both forms.
    let job =
        place.file(".job.toml", format!("name = \"paper\"\nseeds = [\"{STORY}\"]\n").as_bytes());
    for form in ["text", "json"] {
        let before = place.web.asked_count();
        let set = format!("log.format={form}");
        let args =
            [&["watch", "--job", &job, "--set", &set, "--set", "log.level=trace"], &network[..]];
        let watching = pty::spawn(&mut place.command(&args.concat()), "");
        wait_until(|| {
            place.web.asked_count() > before || place.root.join("state/queue.json").exists()
        });
        std::thread::sleep(Duration::from_millis(300));
        send(watching.id(), "TERM");
        let (status, written) = watching.wait();
        assert_eq!(status.code(), Some(130), "{}", String::from_utf8_lossy(&written));
        check(&format!("watch in {form}"), &written, &['\r']);
    }
}

#[test]
fn what_is_typed_is_shown_as_carefully() {
    let place = place();
    let typed = format!("http://evil.example/{}\n", HOSTILE.replace(['\u{7f}', '\u{8}'], ""));
    let (status, written) = pty::spawn(&mut place.command(&["surt"]), &typed).wait();
    assert!(status.success());
    let printed = check("surt", &written, &[]);
    assert!(printed.contains("example,evil)/"), "{printed}");
}

#[test]
fn json_keeps_every_character_and_prints_none_that_is_obeyed() {
    let place = place();
    let text = place.file(".txt", HOSTILE.as_bytes());
    let output = place.command(&["show", &text, "--as", "json"]).output().unwrap();
    check("show --as json", &output.stdout, &[]);
    let page = &json_lines(&output)[0];
    assert_eq!(page["file"], text.as_str());
    assert_eq!(page["text"], HOSTILE, "{page}");
    // On a terminal it is the same, byte for byte.
    for args in [
        &["show", STORY, "--as", "json"][..],
        &["history", STORY, "--format", "json"],
        &["captures", "http://raw.example/", "--match", "host", "--format", "json"],
        &["quotes", "--format", "json"],
    ] {
        let piped = place.command(args).output().unwrap();
        assert_eq!(piped.status.code(), Some(0), "{args:?}: {}", stderr(&piped));
        json_lines(&piped);
        let (_, written) = pty::spawn(&mut place.command(args), "").wait();
        let at = written.len().saturating_sub(piped.stdout.len());
        assert!(written[at..] == piped.stdout, "{args:?}");
    }
}

#[test]
fn bytes_of_a_capture_are_exact_where_no_terminal_reads_them() {
    let place = place();
    let output =
        place.command(&["show", STORY, "--as", "http", "--at", "20251105"]).output().unwrap();
    assert!(output.stdout == page("three"), "{}", String::from_utf8_lossy(&output.stdout));
    let shown = run(&place, &["show", STORY, "--as", "http", "--at", "20251105"]);
    assert!(shown.contains("␛]0;owned␇"), "{shown}");
    assert!(shown.contains("redirect the output"), "{shown}");
}

#[test]
fn names_of_files_may_have_any_letters() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("archive");
    // Each with letters that end in the middle of the first bytes.
    for name in ["日本語.html", "fil€.html", "füße.txt", "aaaaé.html", "😀.html", "file", "é"]
    {
        let html = b"<html><body><article><h1>Boats</h1><p>Police counted 12 boats.</p></article>";
        fs::write(dir.path().join(name), html).unwrap();
        for args in [&["show", name][..], &["quotes", name], &["diff", name, name]] {
            let output = command(&archive).args(args).output().unwrap();
            assert!(matches!(output.status.code(), Some(0 | 3)), "{args:?}: {}", stderr(&output));
            assert!(!stderr(&output).contains("panicked"), "{args:?}: {}", stderr(&output));
        }
    }
    for word in
        ["日本語", "日", "äöüß€", "://é", "é@é", "日本@20", "file:é", "fileé:", "😀@yesterday"]
    {
        for args in [
            &["show", word][..],
            &["quotes", word],
            &["diff", word, word],
            &["captures", word],
            &["captures", word, "--from", word],
            &["captures", word, "--filter", word],
            &["history", word],
            &["blame", word],
            &["cite", word],
            &["when", word],
            &["crawl", word],
            &["crawl", "--job", word],
            &["crawl", "http://a.example/", "--resolve", word],
            &["crawl", "http://a.example/", "--proxy", word],
            &["changes", "--since", word],
            &["changes", "--kind", word],
            &["robots", "--file", word, "--agent", word, word],
            &["surt", word],
            &["verify", word],
            &["prove", word, "-o", word],
            &["prove", "--check", word, "--key", word],
            &["config", "check", "--set", word],
        ] {
            let output = command(&archive).args(args).output().unwrap();
            let code = output.status.code();
            assert!(code.is_some_and(|code| code <= 4), "{args:?}: {code:?} {}", stderr(&output));
        }
    }
}
