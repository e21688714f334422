//! An archive of a page that is sent as a shell and was rendered twice, by the binary from end to end: the answers about
//! it, its pictures in the reader, the entries of a citation, and the content of a proof, for both checkers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use pressmark::base::DigestAlgorithm;
use pressmark::evidence::bundle::{read_bundle, write_zip};
use serde_json::Value;

use crate::evidence::checkers::SCRIPT;
use crate::lab::Lab;
use crate::reader::Server;
use crate::rendering::{HOST, PARAGRAPH, assert_nothing_left, browser};
use crate::support::archive::{Kept, records};
use crate::support::cli::{command, json_lines, pressmark, stderr, stdout};
use crate::support::web::{Reply, ok};

const KINDS: [&str; 4] = ["view", "thumbnail", "text", "pageinfo"];

struct Made {
    dir: tempfile::TempDir,
    archive: PathBuf,
    url: String,
}

/// Sets how many boats the page reports.
fn say(lab: &Lab, boats: &str) {
    let shell =
        "<!doctype html><title>News</title><div id=root></div><script src=/app.js></script>";
    let app = "fetch('/api/story.json').then((r) => r.json()).then((story) => {
        root.innerHTML = `<article><h1>${story.title}</h1>${story.body}</article>`; });";
    let counted = format!("<p>The harbour master counted {boats} boats at the eastern pier.</p>");
    let said = "<p>“Nobody asked us about any of it,” said Piet Hals, the mayor of the town.</p>";
    let body = format!("<p>{PARAGRAPH}</p>").repeat(3) + &counted + said;
    let story = serde_json::json!({ "title": "Mill town argues about its weir", "body": body });
    for (target, media_type, body) in [
        ("/2025/weir", "text/html", shell.to_owned()),
        ("/app.js", "text/javascript", app.to_owned()),
        ("/api/story.json", "application/json", story.to_string()),
    ] {
        lab.web.on(HOST, target, Reply::Bytes(ok(media_type, body.as_bytes())));
    }
}

/// The page crawled twice, with one figure changed between; made once for all tests.
fn made(browser: &Path) -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| crawled_twice(browser))
}

fn crawled_twice(browser: &Path) -> Made {
    let lab = Lab::new(&[HOST]);
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("archive");
    let url = format!("http://{HOST}/2025/weir");
    let job = dir.path().join("weir.toml");
    let text = format!("name = \"weir\"\nseeds = [\"{url}\"]\nbrowser = \"when-needed\"\n");
    std::fs::write(&job, text).unwrap();
    for boats in ["12", "15"] {
        say(&lab, boats);
        let mut crawl = command(&archive);
        crawl.arg("crawl").arg(&url).arg("--job").arg(&job).args(["--allow-private", "--resolve"]);
        crawl.arg(&lab.web.resolve(&[HOST])[0]);
        // Chromium is found by a script, which needs programs.
        crawl.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        crawl.env("TMPDIR", std::env::temp_dir());
        let browser = format!("browser.command={}", browser.display());
        let sets = ["politeness.delay_min=0s", "identity.operator=tests"];
        for set in sets.into_iter().chain([browser.as_str()]) {
            crawl.args(["--set", set]);
        }
        crawl.args(["--format", "json", "--strict"]);
        let out = crawl.output().unwrap();
        assert!(out.status.success(), "{}", stderr(&out));
        let report = &json_lines(&out)[0];
        assert_eq!((&report["renderings"], &report["renderings_failed"]), (&1.into(), &0.into()));
        // A part that the rendering has fetched was not left out.
        let left_out = report["left_out_urls"].to_string();
        assert!(!left_out.contains("app.js"), "{left_out}");
    }
    assert_nothing_left();
    Made { dir, archive, url }
}

fn of<'r>(kept: &'r [Kept], kind: &str, url: &str) -> Vec<&'r Kept> {
    kept.iter().filter(|record| record.is(kind, url)).collect()
}

/// The output of a command, line by line.
#[track_caller]
fn asked(archive: &Path, args: &[&str]) -> Vec<Value> {
    let out = command(archive).args(args).args(["--format", "json"]).output().unwrap();
    assert!(out.status.success(), "{args:?}: {}", stderr(&out));
    json_lines(&out)
}

#[test]
fn a_page_that_scripts_fill_is_read_everywhere_from_its_rendering() {
    let Some((options, _one)) = browser() else { return };
    let made = made(&options.command);
    let (archive, url) = (made.archive.as_path(), made.url.as_str());
    let kept = records(archive);
    assert_eq!(of(&kept, "conversion", url).len(), 2, "it was rendered twice");
    for args in [
        &["search", "\"12 boats\""][..],
        &["when", "12 boats"],
        &["quotes"],
        &["quotes", url],
        &["quotes", "--speaker", "Hals"],
        &["changes"],
        &["blame", url],
    ] {
        let found = asked(archive, args);
        assert_eq!(found.len(), 1, "{args:?}: {found:?}");
        assert_eq!(found[0]["rendering"], true, "{args:?}: {found:?}");
        assert_eq!(found[0]["url"], url, "{args:?}");
        // And not from the page as it was sent.
        let plain = command(archive).args(args).args(["--plain", "--format", "json"]).output();
        let plain = plain.unwrap();
        assert!(json_lines(&plain).is_empty(), "{args:?}: {}", stdout(&plain));
    }
    let gone = &asked(archive, &["when", "12 boats"])[0]["gone_since"];
    assert!(gone.is_string(), "{gone}");
    let story = &asked(archive, &["story", url])[0];
    assert_eq!(story["articles"][0]["rendering"], true, "{story}");
    let text = pressmark(archive, &["search", "boats"]);
    assert!(stdout(&text).contains(&format!("{url}, as rendered")), "{}", stdout(&text));
    // The reader finds it, and links to the versions of the rendering.
    let server = Server::of(archive, "/reader");
    let found = server.get("/reader/search?q=boats&in=words");
    assert!(
        found.body.contains("as rendered") && found.body.contains("form=rendered"),
        "{}",
        found.body
    );
    let feed = server.get("/reader/search.atom?q=boats");
    assert!(feed.body.contains("form=rendered"), "{}", feed.body);
    let feed = server.get("/reader/changes.atom");
    assert!(
        feed.body.contains("figure-changed") && feed.body.contains("form=rendered"),
        "{}",
        feed.body
    );
    let blamed = server.get(&format!("/reader/blame?url={url}"));
    assert!(blamed.body.contains("as rendered by a browser"), "{}", blamed.body);
    for (name, parameters) in
        [("search", "query=boats"), ("when", "phrase=12+boats"), ("quotes", ""), ("changes", "")]
    {
        let both = server.get(&format!("/reader/api/{name}?{parameters}"));
        assert!(both.body.contains("\"rendering\":true"), "{name}: {}", both.body);
        let plain = server.get(&format!("/reader/api/{name}?{parameters}&form=plain"));
        assert!(plain.status == 200 && !plain.body.contains("rendering"), "{name}: {}", plain.body);
    }
}

#[test]
fn the_reader_shows_the_text_and_the_document_of_a_rendering() {
    let Some((options, _one)) = browser() else { return };
    let made = made(&options.command);
    let server = Server::of(&made.archive, "/reader");
    let page = server.get(&format!("/reader/capture?url={}", made.url));
    assert!(page.body.contains("counted 15 boats"), "{}", page.body);
    assert!(page.body.contains("as rendered by a browser"), "{}", page.body);
    let link = |part: &str| {
        let mut links =
            page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let found = links.find(|link| link.contains(part));
        found.unwrap_or_else(|| panic!("{part}: {}", page.body)).replace("&amp;", "&")
    };
    let picture = server.get(&link("/picture?"));
    assert_eq!((picture.status, picture.field("content-type")), (200, "image/png"));
    let rendered = link("rd_/");
    let path = rendered.find("/reader/web/").map_or(rendered.as_str(), |at| &rendered[at..]);
    let document = server.get(path);
    assert_eq!(document.status, 200, "{path}: {}", document.body);
    assert!(document.body.contains("counted 15 boats"), "{}", document.body);
    let policy = document.field("content-security-policy");
    assert!(policy.contains("script-src 'none'"), "{policy}");
    // Another time leads to the rendering that is closest.
    let near = server.get(&format!("/reader/web/2001rd_/{}", made.url));
    assert_eq!(near.status, 302, "{}", near.body);
    assert!(near.field("location").contains("rd_/"), "{}", near.field("location"));
    let none = server.get("/reader/web/2001rd_/http://never.example/");
    assert_eq!(none.status, 404);
}

#[test]
fn an_export_of_a_page_takes_along_what_its_renderings_left() {
    let Some((options, _one)) = browser() else { return };
    let made = made(&options.command);
    let url = made.url.as_str();
    let asked_for: [&[&str]; 2] = [&[url], &[url, "--match", "host"]];
    for (at, which) in asked_for.into_iter().enumerate() {
        let file = made.dir.path().join(format!("export-{at}.warc.gz"));
        let path = file.to_str().unwrap();
        let out = pressmark(&made.archive, &[&["export", "--to", path], which].concat());
        assert!(out.status.success(), "{}", stderr(&out));
        let other = made.dir.path().join(format!("other-{at}"));
        assert!(pressmark(&other, &["init"]).status.success());
        let out = pressmark(&other, &["import", path]);
        assert!(out.status.success(), "{}", stderr(&out));
        for kind in KINDS {
            let name = format!("urn:{kind}:{url}");
            let dates = |archive: &Path| -> Vec<Value> {
                let found = asked(archive, &["captures", &name]);
                found.iter().map(|one| one["date"].clone()).collect()
            };
            assert_eq!(dates(&other).len(), 2, "{name} {which:?}");
            assert_eq!(dates(&other), dates(&made.archive), "{name} {which:?}");
        }
        let cited = &asked(&other, &["cite", url])[0];
        assert_eq!(cited["attachments"].as_array().unwrap().len(), 5, "{cited}");
    }
}

#[test]
fn a_rendering_that_fails_is_counted_and_strict_reports_it() {
    let lab = Lab::new(&[HOST]);
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("archive");
    let url = format!("http://{HOST}/2025/weir");
    let job = dir.path().join("weir.toml");
    let text = format!("name = \"weir\"\nseeds = [\"{url}\"]\nbrowser = \"when-needed\"\n");
    std::fs::write(&job, text).unwrap();
    say(&lab, "12");
    let crawl = |more: &[&str]| {
        let mut crawl = command(&archive);
        crawl.arg("crawl").arg(&url).arg("--job").arg(&job).args(["--allow-private", "--resolve"]);
        crawl.arg(&lab.web.resolve(&[HOST])[0]);
        for set in
            ["politeness.delay_min=0s", "identity.operator=tests", "browser.command=/bin/true"]
        {
            crawl.args(["--set", set]);
        }
        crawl.args(more).output().unwrap()
    };
    let out = crawl(&["--format", "json", "--strict"]);
    assert_eq!(out.status.code(), Some(4), "{}", stderr(&out));
    let report = &json_lines(&out)[0];
    assert_eq!(crate::schemas::schemas().problems("crawl.json", report), Vec::<String>::new());
    assert_eq!((&report["failed"], &report["renderings"]), (&0.into(), &1.into()));
    assert_eq!(report["renderings_failed"], 1);
    assert_eq!(report["rendering_failures"][0]["url"], url.as_str());
    let out = crawl(&[]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let text = stdout(&out);
    assert!(text.contains("1 renderings by a browser, 1 failed"), "{text}");
    assert!(text.contains(&format!("not rendered: {url}: ")), "{text}");
    // Without a screen and a browser nothing says that a window is open.
    let mut view = command(&archive);
    view.args(["view", &url, "--set", "browser.command=/nonexistent/browser"]);
    let out = view.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").output().unwrap();
    let said = stderr(&out);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains("no screen") && said.contains("/nonexistent/browser"), "{said}");
    assert!(!said.contains("close the window"), "{said}");
}

#[test]
fn the_reader_compares_two_pictures_and_marks_what_differs() {
    let Some((options, _one)) = browser() else { return };
    let made = made(&options.command);
    let server = Server::of(&made.archive, "/reader");
    let page = server.get(&format!("/reader/diff?url={}", made.url));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("What it looked like"), "{}", page.body);
    assert!(
        page.body.contains("data-side=\"before\"") && page.body.contains("data-side=\"after\"")
    );
    let marked = page.body.matches("class=\"changed\"").count();
    assert!(marked >= 2 && marked.is_multiple_of(2), "the same places on both sides: {marked}");
    let pictures: Vec<String> = (page.body.split("<image href=\"").skip(1))
        .map(|part| part.split('"').next().unwrap().replace("&amp;", "&"))
        .collect();
    assert_eq!(pictures.len(), 2, "{pictures:?}");
    assert_ne!(pictures[0], pictures[1]);
    for picture in &pictures {
        let answer = server.get(picture);
        assert_eq!((answer.status, answer.field("content-type")), (200, "image/png"), "{picture}");
        assert!(answer.body.contains("PNG\r\n"), "{picture}");
    }
    let none = server.get(&format!("/reader/picture?url={}&at=2001-01-01T00:00:00Z", made.url));
    assert_eq!(none.status, 404);
}

#[test]
fn a_citation_lists_what_was_made_of_the_capture_by_digest() {
    let Some((options, _one)) = browser() else { return };
    let made = made(&options.command);
    let cited = &asked(&made.archive, &["cite", &made.url])[0];
    let attachments = cited["attachments"].as_array().unwrap();
    let kept = records(&made.archive);
    let mut kinds = Vec::new();
    for attachment in attachments {
        let text = |name: &str| attachment[name].as_str().unwrap_or_default().to_owned();
        kinds.push(text("kind"));
        let is_it = |record: &&Kept| record.field("WARC-Record-ID").contains(&text("record_id"));
        let record = kept.iter().find(is_it).unwrap_or_else(|| panic!("{attachment}"));
        assert_eq!(record.field("WARC-Target-URI"), text("uri"));
        let digest = DigestAlgorithm::Sha256.digest(&record.block).to_string();
        assert_eq!(text("digest"), digest, "{attachment}");
    }
    assert_eq!(kinds, ["rendering", "view", "thumbnail", "text", "pageinfo"]);
}

#[test]
fn words_that_scripts_brought_are_cited_from_the_rendering() {
    let Some((options, _one)) = browser() else { return };
    let made = made(&options.command);
    let (archive, url) = (made.archive.as_path(), made.url.as_str());
    let kept = records(archive);
    let renderings = of(&kept, "conversion", url);
    let quote = "The harbour master counted 15 boats";
    let cited = &asked(archive, &["cite", url, "--quote", quote])[0];
    assert_eq!(crate::schemas::schemas().problems("cite.json", cited), Vec::<String>::new());
    assert_eq!(cited["rendering"], true);
    assert_eq!(cited["headline"]["value"], "Mill town argues about its weir");
    assert_eq!((&cited["quote"]["exact"], &cited["url_status"]), (&quote.into(), &"live".into()));
    assert_eq!(cited["passed_over"], Value::Null);
    let id = cited["record_id"].as_str().unwrap();
    assert!(renderings[1].field("WARC-Record-ID").contains(id), "{id}");
    assert!(cited["citation"].as_str().unwrap().contains("as rendered by a browser"), "{cited}");
    // Words of the older rendering, at its time and without one.
    let older = "counted 12 boats";
    let refused = pressmark(archive, &["cite", url, "--quote", older]);
    assert_eq!(refused.status.code(), Some(3));
    let said = stderr(&refused);
    let at = said.split_once("--at ").and_then(|(_, at)| at.split_whitespace().next()).unwrap();
    let cited = &asked(archive, &["cite", url, "--at", at, "--quote", older])[0];
    assert_eq!((&cited["rendering"], &cited["url_status"]), (&true.into(), &"deviated".into()));
    let id = cited["record_id"].as_str().unwrap();
    assert!(renderings[0].field("WARC-Record-ID").contains(id), "{id}");
    let server = Server::of(archive, "/reader");
    let page = server.get(&format!("/reader/cite?url={url}&quote=15+boats"));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("as rendered by a browser"), "{}", page.body);
}

/// The result of both checkers: ours, and the script of the bundle.
fn checked(archive: &Path, bundle: &Path) -> (Option<i32>, Option<i32>) {
    let ours = pressmark(archive, &["prove", "--check", bundle.to_str().unwrap()]);
    let script = Command::new("python3").arg(SCRIPT).arg(bundle).output().unwrap();
    (ours.status.code(), script.status.code())
}

#[test]
fn a_proof_holds_what_was_made_of_the_page_and_both_checkers_check_it() {
    let Some((options, _one)) = browser() else { return };
    let made = made(&options.command);
    let bundle = made.dir.path().join("weir.zip");
    let out = pressmark(&made.archive, &["prove", &made.url, "-o", bundle.to_str().unwrap()]);
    assert!(out.status.success(), "{}", stderr(&out));
    assert_eq!(checked(&made.archive, &bundle), (Some(0), Some(0)));
    let files = read_bundle(&bundle).unwrap();
    let file = |name: &str| &files.iter().find(|(found, _)| found == name).unwrap().1;
    let description: Value = serde_json::from_slice(file("bundle.json")).unwrap();
    let rendered: Vec<String> = (description["records"].as_array().unwrap().iter())
        .filter(|record| record["role"] == "rendering")
        .map(|record| record["uri"].as_str().unwrap().trim_matches(['<', '>']).to_owned())
        .collect();
    let mut expected = vec![made.url.clone()];
    expected.extend(KINDS.map(|kind| format!("urn:{kind}:{}", made.url)));
    assert_eq!(rendered, expected);
    // Each of these records as it is in the archive; none can be exchanged for another.
    let warc = tempfile::tempdir().unwrap();
    let path = warc.path().join("capture.warc.gz");
    std::fs::write(&path, file("capture.warc.gz")).unwrap();
    let inside = crate::support::archive::records_of(&path);
    let kept = records(&made.archive);
    for uri in &rendered {
        let kind = if uri.starts_with("urn:") { "resource" } else { "conversion" };
        let [record] = of(&inside, kind, uri)[..] else { panic!("{uri}") };
        let id = record.field("WARC-Record-ID");
        let lying = kept.iter().find(|one| one.field("WARC-Record-ID") == id).unwrap();
        assert_eq!(record.block, lying.block, "{uri}");
    }
    for (at, record) in description["records"].as_array().unwrap().iter().enumerate() {
        if record["role"] != "rendering" {
            continue;
        }
        let mut forged = files.clone();
        let mut changed = description.clone();
        // Claimed to be the robots.txt in force.
        changed["records"][at]["role"] = "robots".into();
        let bytes = serde_json::to_vec(&changed).unwrap();
        forged.iter_mut().find(|(name, _)| name == "bundle.json").unwrap().1 = bytes;
        let path = made.dir.path().join("forged.zip");
        write_zip(&path, &forged).unwrap();
        assert_eq!(checked(&made.archive, &path), (Some(4), Some(1)), "{}", record["uri"]);
    }
    // A changed bit of the picture.
    let mut forged = files.clone();
    let bytes = &mut forged.iter_mut().find(|(name, _)| name == "capture.warc.gz").unwrap().1;
    let middle = bytes.len() * 2 / 3;
    bytes[middle] ^= 1;
    let path = made.dir.path().join("forged.zip");
    write_zip(&path, &forged).unwrap();
    assert_eq!(checked(&made.archive, &path), (Some(4), Some(1)));
}
