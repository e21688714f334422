//! Sixty news pages that scripts build, with the frameworks that outlets use: `tests/script-pages` has their sources and
//! the build output, as their servers send it (`node build.mjs`; no npm is needed here). The article of each is read
//! from the data in the page where it carries them, otherwise as a browser renders it. Of plain pages, hardly any starts a
//! browser.
//!
//! One page of each site is read by default, all with `PRESSMARK_SCRIPT_PAGES=all`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pressmark::archive::Form;
use pressmark::base::TimeRange;
use pressmark::browser::BrowserOptions;
use pressmark::extract::{Hints, extract};
use pressmark::history::PageReader;
use pressmark::history::forms::TextAt;
use pressmark::schedule::{BrowserUse, JobSpec};
use pressmark::store::Reader;
use serde::Deserialize;

use crate::lab::{Lab, uri};
use crate::rendering::{assert_nothing_left, browser};
use crate::support::archive::{Kept, records};
use crate::support::web::{Reply, ok};

#[derive(Debug, Deserialize)]
struct Story {
    site: String,
    feature: String,
    slug: String,
    title: String,
    body: Vec<String>,
}

impl Story {
    fn host(&self) -> String {
        format!("{}.example", self.site)
    }

    fn path(&self) -> String {
        format!("/{}/{}", self.feature, self.slug)
    }

    fn url(&self) -> String {
        format!("http://{}{}", self.host(), self.path())
    }

    /// Whether the page carries its article as data.
    fn is_embedded(&self) -> bool {
        self.feature == "state"
    }
}

fn built() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/script-pages/built")
}

fn stories() -> Vec<Story> {
    let text = std::fs::read(built().join("pages.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// All files that are sent, by host and path.
type Sent = HashMap<(String, String), Vec<u8>>;

/// Lets the sites answer with the build output.
fn serve(lab: &Lab) -> Sent {
    let mut sent = Sent::new();
    let mut open = vec![built()];
    while let Some(dir) = open.pop() {
        for file in std::fs::read_dir(&dir).unwrap().flatten() {
            let path = file.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(built()).unwrap().to_str().unwrap().to_owned();
            let Some((site, target)) = name.split_once('/') else { continue };
            let (target, is_packed) = match target.strip_suffix(".gz") {
                Some(target) => (target, true),
                None => (target, false),
            };
            let ending = target.rsplit('.').next().unwrap();
            let media_type = match ending {
                "html" => "text/html; charset=utf-8",
                "js" | "mjs" => "text/javascript",
                "css" => "text/css",
                "json" => "application/json",
                other => panic!("{other}: {name}"),
            };
            // Parts of pages keep their name; pages have none.
            let is_page = ending == "html" && !target.starts_with("parts/");
            let target = if is_page { target.trim_end_matches(".html") } else { target };
            let body = std::fs::read(&path).unwrap();
            let mut reply = ok(media_type, &body);
            if is_packed {
                let status = b"HTTP/1.1 200 OK\r\n";
                assert!(reply.starts_with(status));
                reply.splice(status.len()..status.len(), *b"Content-Encoding: gzip\r\n");
            }
            let (host, target) = (format!("{site}.example"), format!("/{target}"));
            lab.web.on(&host, &target, Reply::Bytes(reply.clone()));
            sent.insert((host, target), reply);
        }
    }
    sent
}

/// The paragraphs of a text without the line that names its author.
fn paragraphs(text: &str) -> Vec<&str> {
    text.split("\n\n").filter(|text| !text.starts_with("By ")).collect()
}

fn of<'r>(kept: &'r [Kept], kind: &str, url: &str) -> Option<&'r Kept> {
    kept.iter().find(|record| record.is(kind, url))
}

#[test]
fn the_article_is_read_from_every_page_that_scripts_build() {
    let Some((options, _one)) = browser() else { return };
    let all = stories();
    let sites: Vec<String> = {
        let mut sites: Vec<String> = all.iter().map(Story::host).collect();
        sites.dedup();
        sites
    };
    assert_eq!((all.len(), sites.len()), (60, 10));
    let is_whole = std::env::var("PRESSMARK_SCRIPT_PAGES").is_ok_and(|which| which == "all");
    // A different feature for each site, so that each feature occurs.
    let chosen: Vec<&Story> = (all.iter().enumerate())
        .filter(|(at, _)| is_whole || at % 6 == (at / 6) % 6)
        .map(|(_, story)| story)
        .collect();
    let hosts: Vec<&str> = sites.iter().map(String::as_str).collect();
    let mut lab = Lab::new(&hosts);
    lab.options.browser = Arc::new(options);
    let sent = serve(&lab);
    let mut spec = JobSpec::new("scripted");
    spec.seeds = chosen.iter().map(|story| uri(&story.url())).collect::<Vec<_>>().into();
    spec.browser = BrowserUse::WhenNeeded;
    let (_, seen) = lab.run(&[spec]);
    assert_eq!(seen.notes, [] as [String; 0]);
    let root = lab.dir.path().join("archive");
    let kept = records(&root);
    let (reader, _) = Reader::open(&root, 8 << 20).unwrap();
    let mut page_reader = PageReader::new(&reader);
    let mut unread = Vec::new();
    for story in &chosen {
        let url = story.url();
        let is_rendered = of(&kept, "conversion", &url).is_some();
        let at = page_reader.text_at(&url, None).unwrap();
        let (form, wanted) = match story.is_embedded() {
            true => (Form::Plain, TextAt::Sent),
            false => (Form::Rendered, TextAt::Rendered),
        };
        let entry = reader.find_form(&url, form, None).unwrap();
        let page = entry.map(|entry| page_reader.read(&entry).unwrap().page);
        let text = page.as_ref().map(|page| page.text.clone()).unwrap_or_default();
        let headline = page.as_ref().and_then(|page| page.headline.as_ref());
        let headline = headline.map(|fact| fact.value.clone()).unwrap_or_default();
        // One version, however often the page was rendered during the visits.
        let versions = page_reader.rows_of(&url, form, TimeRange::ALL).unwrap().count();
        let is_read = paragraphs(&text) == story.body && headline == story.title;
        if !is_read || is_rendered == story.is_embedded() || at != wanted || versions != 1 {
            unread.push(format!("{url}: {at:?}, {versions} versions, {headline:?}: {text}"));
        }
    }
    assert!(unread.is_empty(), "{} of {}: {unread:#?}", unread.len(), chosen.len());
    // Every exchange is in the archive as it was sent, byte for byte.
    let mut exchanges = 0;
    for record in kept.iter().filter(|record| record.field("WARC-Type") == "response") {
        let url = record.field("WARC-Target-URI");
        let (host, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        if let Some(reply) = sent.get(&(host.to_owned(), format!("/{target}"))) {
            assert_eq!(record.block, *reply, "{url}");
            exchanges += 1;
        }
    }
    assert!(exchanges > chosen.len(), "{exchanges}");
    // Each host got one request at a time, with the pause in between.
    let apart = lab.politeness.pace.delay_min;
    for host in &hosts {
        let asked = lab.web.asked().into_iter().filter(|asked| asked.host == **host);
        let mut times: Vec<_> = asked.map(|asked| asked.at).collect();
        times.sort();
        assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) >= apart), "{host}: {times:?}");
    }
    assert_nothing_left();
}

/// The HTML pages of the corpus.
fn corpus() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut open = vec![corpus.join("pages"), corpus.join("edits")];
    while let Some(dir) = open.pop() {
        for file in std::fs::read_dir(&dir).unwrap().flatten() {
            let path = file.path();
            match path.extension().and_then(|ending| ending.to_str()) {
                None if path.is_dir() => open.push(path),
                Some("html") => found.push(path),
                _ => {}
            }
        }
    }
    // The pages of the outlets first, then the first ones of the pages that change.
    found.sort_by_key(|path| (!path.starts_with(corpus.join("pages")), path.clone()));
    found
}

#[test]
fn of_plain_pages_hardly_any_starts_a_browser() {
    const HOST: &str = "plain.example";
    let mut lab = Lab::in_memory(&[HOST]);
    // A stand-in for the browser records that it was started, and exits.
    let program = lab.dir.path().join("browser");
    let starts = lab.dir.path().join("starts");
    std::fs::write(&program, format!("#!/bin/sh\necho >> {}\n", starts.display())).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    let options = BrowserOptions { command: program, ..BrowserOptions::default() };
    lab.options.browser = Arc::new(options);
    let files: Vec<PathBuf> = corpus().into_iter().take(200).collect();
    assert_eq!(files.len(), 200);
    let of_file = |file: PathBuf| {
        (file.display().to_string(), String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into())
    };
    let mut pages: Vec<(String, String)> = files.into_iter().map(of_file).collect();
    // Kinds of pages with little text, in the frames of sites.
    pages.extend(crate::plain_pages::pages());
    let mut seeds = Vec::new();
    for (number, (_, html)) in pages.iter().enumerate() {
        let target = format!("/{number}");
        lab.web.on(HOST, &target, Reply::Bytes(ok("text/html; charset=utf-8", html.as_bytes())));
        seeds.push(uri(&format!("http://{HOST}{target}")));
    }
    // The check that a browser would be started uses a page that is a shell.
    lab.web.page(
        HOST,
        "/shell",
        "<!doctype html><title>x</title><div id=root></div><script src=/a.js></script>",
    );
    seeds.push(uri(&format!("http://{HOST}/shell")));
    let mut spec = JobSpec::new("plain");
    spec.seeds = seeds.into();
    spec.browser = BrowserUse::WhenNeeded;
    lab.run(&[spec]);
    let started = std::fs::read_to_string(&starts).unwrap_or_default().lines().count();
    let shells: Vec<&String> = (pages.iter())
        .filter(|(_, html)| {
            let hints = Hints { status: Some(200), ..Hints::default() };
            extract(html.as_bytes(), &hints).page.kind.label() == "shell"
        })
        .map(|(name, _)| name)
        .collect();
    let most = pages.len() * 2 / 100;
    assert!((1..=1 + most).contains(&started), "{started} started; shells: {shells:?}");
}
