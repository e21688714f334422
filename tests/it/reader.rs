//! The web reader over HTTP: the demonstration archive, read as a browser reads it. Every link of every page is
//! followed, and each leads to a page.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use crate::support::cli::{command, json_lines, pressmark, stderr};

const STORY: &str = "http://courier.example/harbour/ferry-contract";

/// The demonstration archive, made once.
fn demo() -> &'static Path {
    static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let dir = MADE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let kept = dir.path().join("kept");
        let output =
            pressmark(&dir.path().join("none"), &["demo", "--keep", kept.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        dir
    });
    static KEPT: OnceLock<std::path::PathBuf> = OnceLock::new();
    KEPT.get_or_init(|| dir.path().join("kept"))
}

/// A server of an archive on loopback.
pub struct Server {
    process: Child,
    address: String,
    base: String,
}

impl Server {
    fn start(base: &str) -> Self {
        Self::of(demo(), base)
    }

    pub fn of(archive: &Path, base: &str) -> Self {
        let mut process = command(archive)
            .args(["serve", "--bind", "127.0.0.1:0", "--set", &format!("serve.base_path={base}")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.trim().strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
        Self { process, address, base: base.to_owned() }
    }

    pub fn get(&self, target: &str) -> Answer {
        self.send(&format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        ))
    }

    fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        // A bundle is not text.
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let fields = lines.filter_map(|line| line.split_once(": "));
        let fields =
            fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Answer { status, fields, body: body.to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub struct Answer {
    pub status: u16,
    fields: BTreeMap<String, String>,
    pub body: String,
}

impl Answer {
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// The links of a page, with character references resolved.
    fn links(&self) -> impl Iterator<Item = String> {
        let parts = self.body.split("href=\"").skip(1);
        parts.filter_map(|part| Some(part.split('"').next()?.replace("&amp;", "&")))
    }
}

#[test]
fn every_link_of_every_page_leads_to_a_page() {
    let server = Server::start("/reader");
    let start = "/reader/".to_owned();
    let (mut seen, mut queue) = (BTreeSet::from([start.clone()]), VecDeque::from([start]));
    let mut paths = BTreeSet::new();
    while let Some(target) = queue.pop_front() {
        let answer = server.get(&target);
        assert!(matches!(answer.status, 200 | 302), "{target}: {}\n{}", answer.status, answer.body);
        paths.insert(target.split('?').next().unwrap().to_owned());
        if answer.status == 302 {
            let to = answer.field("location").to_owned();
            assert!(to.starts_with("/reader/"), "{target} leads to {to}");
            if seen.insert(to.clone()) {
                queue.push_back(to);
            }
        }
        if !answer.field("content-type").starts_with("text/html") {
            continue;
        }
        assert!(
            answer.field("content-security-policy").starts_with("default-src 'none'"),
            "{target}"
        );
        assert!(answer.body.len() < 30_000, "{target} has {} bytes", answer.body.len());
        for link in answer.links() {
            // Replay is another area, and the live web is not requested.
            let own = link
                .strip_prefix(&format!("http://{}", server.address))
                .unwrap_or(&link)
                .to_owned();
            let is_own = own.starts_with(&format!("{}/", server.base));
            if is_own && !own.starts_with("/reader/web/") && seen.insert(own.clone()) {
                queue.push_back(own);
            }
        }
        assert!(seen.len() < 2_000, "there is no end of pages: {target}");
    }
    for path in [
        "/page",
        "/diff",
        "/capture",
        "/calendar",
        "/blame",
        "/quotes",
        "/cite",
        "/prove",
        "/speaker",
        "/story",
        "/stories",
        "/host",
        "/hosts",
        "/changes",
        "/changes.atom",
        "/changes.rss",
        "/static/reader.css",
    ] {
        assert!(
            paths.contains(&format!("/reader{path}")),
            "{path} is reached from no page: {paths:?}"
        );
    }
}

#[test]
fn the_story_is_read_from_its_timeline_to_its_citation() {
    let server = Server::start("");
    let page = server.get(&format!("/page?url={STORY}"));
    for words in ["3 versions", "silent edit", "Quotation altered", "role=\"img\""] {
        assert!(page.body.contains(words), "{words} is missing in\n{}", page.body);
    }
    let diff =
        page.links().find(|link| link.starts_with("/diff?url=") && link.contains("from=")).unwrap();
    let diff = server.get(&diff);
    assert!(diff.body.contains("<ins>") && diff.body.contains("<del>"), "{}", diff.body);
    let capture = diff
        .links()
        .find(|link| link.starts_with("/capture?url=") && link.contains("at="))
        .unwrap();
    let capture = server.get(&capture);
    let capture =
        if capture.status == 302 { server.get(capture.field("location")) } else { capture };
    for words in ["citation_title", "Z3988", "sha256:", "Permanent link"] {
        assert!(capture.body.contains(words), "{words} is missing in\n{}", capture.body);
    }
    let cite =
        capture.links().find(|link| link.starts_with("/cite?") && link.contains("at=")).unwrap();
    let cite = server.get(&cite);
    assert!(cite.body.contains("@online") || cite.body.contains("@misc"), "{}", cite.body);
    assert!(cite.body.contains("pressmark prove"));
}

#[test]
fn answers_are_distinguished_from_newer_ones_and_a_form_of_another_site_is_refused() {
    let server = Server::start("");
    let page = server.get("/changes");
    let etag = page.field("etag").to_owned();
    let again = server.send(&format!(
        "GET /changes HTTP/1.1\r\nHost: {}\r\nIf-None-Match: {etag}\r\nConnection: close\r\n\r\n",
        server.address
    ));
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let style = page.links().find(|link| link.contains("reader.css")).unwrap();
    assert!(server.get(&style).field("cache-control").contains("immutable"));
    let form = "until=2031-03-04T08:09:10.123456Z";
    let post = |from: &str| {
        server.send(&format!(
            "POST /changes/seen HTTP/1.1\r\nHost: {}\r\n{from}Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{form}",
            server.address,
            form.len()
        ))
    };
    let own = post(&format!("Origin: http://{}\r\n", server.address));
    assert_eq!((own.status, own.field("location")), (303, "/changes"));
    assert!(own.field("set-cookie").contains("SameSite=Strict"), "{}", own.field("set-cookie"));
    for foreign in
        ["Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n", "Origin: null\r\n"]
    {
        let answer = post(foreign);
        assert_eq!((answer.status, answer.field("set-cookie")), (403, ""), "{foreign}");
    }
    let unseen = server.send(&format!(
        "GET /changes?unseen=1 HTTP/1.1\r\nHost: {}\r\nCookie: a=b; pressmark-seen=2050-01-01T00:00:00Z\r\n\
         Connection: close\r\n\r\n",
        server.address
    ));
    assert!(unseen.body.contains("Nothing new."), "{}", unseen.body);
}

#[test]
fn changes_are_shown_once_under_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("kept");
    let made = pressmark(&dir.path().join("none"), &["demo", "--keep", kept.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let all = json_lines(&pressmark(&kept, &["changes", "--format", "json"]));
    let since_last = |args: &[&str]| {
        let output = pressmark(&kept, &[&["changes", "--since-last", "me"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        output
    };
    assert_eq!(json_lines(&since_last(&["--format", "json"])), all);
    let again = since_last(&[]);
    assert!(again.stdout.is_empty());
    assert!(stderr(&again).contains("since the last call with this name"), "{}", stderr(&again));
    for args in [vec!["--limit", "1"], vec!["--since", "2020"], vec!["--until", "2040"]] {
        let output =
            pressmark(&kept, &[&["changes", "--since-last", "me"], args.as_slice()].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
    }
    let output = pressmark(&kept, &["changes", "--since-last", "../me"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("not a valid cursor name"), "{}", stderr(&output));
}

#[test]
fn feeds_have_their_address_and_link_to_their_entries() {
    let server = Server::start("/reader");
    let root = format!("http://{}", server.address);
    for (form, media_type) in [("rss", "application/rss+xml"), ("atom", "application/atom+xml")] {
        let target = format!("/reader/changes.{form}?host=courier.example&weight=2");
        let answer = server.get(&target);
        assert!(answer.field("content-type").starts_with(media_type), "{form}");
        let own = format!("{root}{}", target.replace('&', "&amp;"));
        assert!(
            answer.body.contains(&format!("rel=\"self\" type=\"{media_type}\" href=\"{own}\""))
        );
        let feed = feed_rs::parser::parse(answer.body.as_bytes()).unwrap();
        assert!(feed.entries.len() > 3, "{form}");
        for entry in &feed.entries {
            let to = entry.links[0].href.strip_prefix(&root).unwrap();
            let shown = server.get(to);
            assert_eq!(shown.status, 200, "{to}");
            assert!(shown.body.contains("What changed"), "{to}");
        }
    }
}
