//! The exact view in Chromium, in the library and from the command line.

use pressmark::browser::{BrowserOptions, Rendering, look};
use pressmark::serve::Moment;
use pressmark::store::Layout;

use super::proxy::Through;
use crate::lab::uri;
use crate::rendering::browser;
use crate::serve::Warc;
use crate::support::cli::{command, stderr};

/// The rendering of a page through a proxy.
pub fn seen(options: &BrowserOptions, through: &Through, url: &str) -> Rendering {
    let (proxy, page) = (&through.proxy, uri(url));
    through.runtime.block_on(look(options, &page, "", proxy, proxy.key_digest()))
}

const PAGE: &str = "https://news.example/story";

/// A page whose text comes from a module, from a request with a body, and from the clock.
fn archive() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    Layout::new(dir.path()).create().unwrap();
    let page = "<!doctype html><title>x</title><h1></h1><p id=when></p><p id=got></p><p id=missing></p>\
        <script type=module src=https://cdn.example/app.js></script>";
    let app = "import {title} from './title.js';
        document.querySelector('h1').textContent = title + ' at ' + location.href;
        document.querySelector('#when').textContent = new Date().toISOString().slice(0, 10) + ' ' + Math.random();
        const json = {method: 'POST', body: JSON.stringify({q: 'weir'}), headers: {'Content-Type': 'application/json'}};
        document.querySelector('#got').textContent = await (await fetch('/api', json)).text();
        document.querySelector('#missing').textContent = (await fetch('/missing')).status;";
    let js = "HTTP/1.1 200 OK\nContent-Type: text/javascript\nAccess-Control-Allow-Origin: *";
    let date = "2025-11-05T00:00:00Z";
    let request = "POST /api HTTP/1.1\nHost: news.example\nContent-Type: application/json\nContent-Length: 12\n\n{\"q\":\"weir\"}";
    let response = "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 8\n\nthe weir";
    Warc::new()
        .response(PAGE, date, "HTTP/1.1 200 OK\nContent-Type: text/html", page.as_bytes())
        .response("https://cdn.example/app.js", date, js, app.as_bytes())
        .response("https://cdn.example/title.js", date, js, b"export const title = 'Weir';")
        .exchange("https://news.example/api", date, request, response, false)
        .page("https://news.example/story", "2026-01-01T00:00:00Z", "<h1>later</h1>")
        .write(dir.path(), "one.warc");
    dir
}

#[test]
fn a_page_stands_at_its_true_address_with_its_scripts_its_posts_and_its_clock() {
    let Some((options, _one)) = browser() else { return };
    let dir = archive();
    let at = pressmark::base::Timestamp::parse("2025-11-05T00:00:00Z").unwrap();
    let through = Through::start(dir.path(), Moment::Fixed(at), &[]);
    let options = BrowserOptions { clock: Some(at), ..super::pages::looking(options) };
    let first = seen(&options, &through, PAGE);
    assert_eq!(first.trouble, None);
    let text = first.text.clone().unwrap();
    assert!(text.contains(&format!("Weir at {PAGE}")), "{text}");
    assert!(text.contains("2025-11-05 0."), "{text}");
    assert!(text.contains("the weir") && text.contains("404"), "{text}");
    let missing = through.proxy.traded().missing_parts;
    assert!(missing.iter().any(|part| part.url == "https://news.example/missing"), "{missing:?}");
    // The same clock, the same random numbers, the same picture.
    let second = seen(&options, &through, PAGE);
    assert_eq!((&first.text, &first.view), (&second.text, &second.view));
    assert!(first.view.is_some());
    let difference = first.layout.unwrap().difference(&second.layout.unwrap());
    assert_eq!(difference, None);
}

#[test]
fn view_takes_a_picture_of_the_capture_that_is_nearest() {
    let Some((options, _one)) = browser() else { return };
    let dir = archive();
    let root = dir.path().join("archive");
    std::fs::create_dir(&root).unwrap();
    std::fs::rename(dir.path().join("warc"), root.join("warc")).unwrap();
    for name in ["index", "state", "derived", "evidence", "imported"] {
        let _ = std::fs::rename(dir.path().join(name), root.join(name));
    }
    Layout::new(&root).create().unwrap();
    let picture = dir.path().join("view.png");
    let run = |args: &[&str]| {
        let mut view = command(&root);
        view.args(["view", "--set"]).arg(format!("browser.command={}", options.command.display()));
        view.args(args).output().unwrap()
    };
    let target = format!("{PAGE}@20251105");
    let taken = run(&[
        &target,
        "--screenshot",
        picture.to_str().unwrap(),
        "--viewport",
        "800x600",
        "--format",
        "json",
    ]);
    assert!(taken.status.success(), "{}", stderr(&taken));
    let png = std::fs::read(&picture).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!((side(16), side(20)), (800, 600));
    let said: serde_json::Value = serde_json::from_slice(&taken.stdout).unwrap();
    assert_eq!(said["timestamp"], "20251105000000");
    let problems = crate::schemas::schemas().problems("viewed.json", &said);
    assert_eq!(problems, Vec::<String>::new());
    let missing = said["missing_parts"].as_array().unwrap();
    let is_it = |part: &serde_json::Value| part["url"] == "https://news.example/missing";
    assert!(missing.iter().any(is_it), "{said}");
    assert_eq!(said["script_errors"], serde_json::json!([]));
    // A picture is not overwritten, and parts that are not held are reported.
    let again = run(&[PAGE, "--screenshot", picture.to_str().unwrap()]);
    assert!(!again.status.success(), "{}", stderr(&again));
    let none = run(&["https://other.example/", "--screenshot", "x.png"]);
    assert_eq!(none.status.code(), Some(3), "{}", stderr(&none));
    // Without a screen there is no window.
    let window = run(&[PAGE]);
    assert_eq!(window.status.code(), Some(1), "{}", stderr(&window));
    assert!(stderr(&window).contains("--screenshot"), "{}", stderr(&window));
}
