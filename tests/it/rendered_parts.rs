//! What scripts ask for with fields of their own, preflights and ranges, and the texts of shadow trees and frames. Where
//! Chromium is missing these tests are skipped with a message.

use std::sync::Arc;

use pressmark::browser::{BrowserOptions, Part, Rendering};
use pressmark::schedule::BrowserUse;

use crate::lab::Lab;
use crate::rendering::{HOST, PARAGRAPH, Script, assert_nothing_left, browser, rendered, spec};
use crate::support::archive::records;
use crate::support::cli::pressmark;
use crate::support::web::{Reply, ok};

const PAGE: &str = "https://news.example/2025/weir";

/// An answer that any page may read.
fn open(body: &str) -> Vec<u8> {
    let bytes = String::from_utf8(ok("text/plain", body.as_bytes())).unwrap();
    bytes.replacen("\r\n", "\r\nAccess-Control-Allow-Origin: *\r\n", 1).into_bytes()
}

/// The parts with this method whose address ends so.
fn parts<'a>(page: &'a Rendering, method: &str, end: &str) -> Vec<&'a Part> {
    let is_it = |part: &&Part| part.method == method && part.url.ends_with(end);
    page.parts.iter().filter(is_it).collect()
}

#[test]
fn what_scripts_set_is_sent_and_preflights_of_it_are_answered() {
    let Some((options, _one)) = browser() else { return };
    let body = "<!doctype html><title>x</title><p id=text></p><script>
        const get = (url, headers) => fetch(url, {headers}).then((r) => r.text()).catch(() => 'failed');
        const post = fetch('https://api.example/post', {method: 'POST', headers: {'X-A': '1'}, body: 'x'});
        Promise.all([
          get('/own', {'X-Requested-With': 'XMLHttpRequest', 'Cache-Control': 'no-cache', 'X-Bad': '\\u00ff'}),
          get('https://api.example/open', {'X-Api-Key': 'k1', Authorization: 'Bearer t'}),
          get('https://api.example/closed', {'X-Api-Key': 'k1'}),
          post.catch(() => 'not posted'),
        ]).then((all) => { text.textContent = all.join('|'); });</script>";
    let script = Script::default()
        .on(PAGE, "text/html", body)
        .on("https://news.example/own", "text/plain", "Own.")
        .raw("https://api.example/open", &open("Open."))
        .on("https://api.example/closed", "text/plain", "Closed.");
    let script = Arc::new(script);
    let page = rendered(&options, PAGE, &script);
    assert_eq!(page.trouble, None, "{page:?}");
    // The answer itself says whether a page of another origin may read it.
    assert_eq!(page.text.as_deref().map(str::trim), Some("Own.|Open.|failed|not posted"));
    assert_eq!(script.fields("https://news.example/own"), ["x-requested-with: XMLHttpRequest"]);
    let mut fields = script.fields("https://api.example/open");
    fields.sort();
    assert_eq!(fields, ["authorization: Bearer t", "x-api-key: k1"]);
    assert_eq!(script.fields(PAGE), [] as [&str; 0]);
    let asked = [
        "https://api.example/closed",
        "https://api.example/open",
        PAGE,
        "https://news.example/own",
    ];
    assert_eq!(script.asked(), asked);
    let preflight = parts(&page, "OPTIONS", "/open")[0];
    let what = "answered the preflight; the server was not asked";
    assert_eq!((preflight.status, preflight.proxy.as_deref()), (None, Some(what)));
    assert_eq!((preflight.reason.as_deref(), preflight.record_id.as_deref()), (None, None));
    let refused = parts(&page, "OPTIONS", "/post")[0];
    let why = "it prepares a POST request, which is not sent";
    assert_eq!((refused.reason.as_deref(), refused.proxy.as_deref()), (Some(why), None));
    assert_nothing_left();
}

#[test]
fn a_range_is_cut_from_the_whole_which_is_asked_for_once() {
    let Some((options, _one)) = browser() else { return };
    let body = "<!doctype html><title>x</title><p id=text></p><script>
        const get = async (range) => {
          const r = await fetch('/file', {headers: {Range: range}});
          return `${r.status} ${r.headers.get('content-range')} ${await r.text()}`;
        };
        (async () => { text.textContent = `${await get('bytes=2-5')}, ${await get('bytes=-2')}`; })();</script>";
    let script = Script::default().on(PAGE, "text/html", body).on(
        "https://news.example/file",
        "text/plain",
        "0123456789",
    );
    let script = Arc::new(script);
    let page = rendered(&options, PAGE, &script);
    assert_eq!(page.trouble, None, "{page:?}");
    let text = "206 bytes 2-5/10 2345, 206 bytes 8-9/10 89";
    assert_eq!(page.text.as_deref().map(str::trim), Some(text));
    assert_eq!(script.asked(), [PAGE, "https://news.example/file"]);
    let sent: Vec<_> = parts(&page, "GET", "/file")
        .iter()
        .map(|part| (part.status, part.proxy.clone().unwrap_or_default()))
        .collect();
    let first = "sent bytes 2-5 of 10 with status 206".to_owned();
    let second =
        "sent bytes 8-9 of 10 with status 206, of an answer that had come before".to_owned();
    assert_eq!(sent, [(Some(200), first), (Some(200), second)], "status: what the server sent");
    assert_nothing_left();
}

#[test]
fn shadow_trees_are_in_the_text_and_closed_ones_in_the_document() {
    let Some((options, _one)) = browser() else { return };
    let body = "<!doctype html><title>x</title><p>Before.</p><news-story><b slot=lead>Slotted lead.</b>
        <i>Not slotted.</i></news-story><p>After <span id=inline></span>it.</p><script>
        customElements.define('news-story', class extends HTMLElement {
          connectedCallback() {
            const root = this.attachShadow({mode: 'closed'});
            root.innerHTML = '<style>p { margin: 0 }</style><h1>Closed</h1><slot name=lead></slot>' +
              '<div id=deep></div><p hidden>Hidden.</p><p>First.</p><p>Second.</p>';
            root.getElementById('deep').attachShadow({mode: 'closed'}).innerHTML = '<p>Deep.</p><open-part></open-part>';
            root.getElementById('deep').shadowRoot === null || document.body.append('reachable');
          }
        });
        customElements.define('open-part', class extends HTMLElement {
          connectedCallback() { this.attachShadow({mode: 'open'}).innerHTML = '<p>Open.</p>'; }
        });
        inline.attachShadow({mode: 'open'}).innerHTML = 'said ';</script>";
    let page = rendered(&options, PAGE, &Arc::new(Script::default().on(PAGE, "text/html", body)));
    assert_eq!(page.trouble, None, "{page:?}");
    assert!(page.left_out.is_empty(), "{page:?}");
    let text = page.text.unwrap();
    let lines: Vec<&str> = text.split('\n').filter(|line| !line.is_empty()).collect();
    let want = [
        "Before.",
        "Closed",
        "Slotted lead.",
        "Deep.",
        "Open.",
        "First.",
        "Second.",
        "After said it.",
    ];
    assert_eq!(lines, want, "{text}");
    let document = page.document.unwrap();
    for part in [
        "<news-story><template shadowrootmode=\"closed\">",
        "<div id=\"deep\"><template shadowrootmode=\"closed\"><p>Deep.</p>",
        "<open-part><template shadowrootmode=\"open\"><p>Open.</p></template></open-part>",
        "<i>Not slotted.</i>",
    ] {
        assert!(document.contains(part), "{part}: {document}");
    }
    assert_nothing_left();
}

#[test]
fn the_texts_of_frames_are_kept_and_a_page_without_its_own_says_which_has_it() {
    let Some((options, _one)) = browser() else { return };
    let (own, other) = ("https://news.example/own", "https://other.example/story");
    let body = format!(
        "<!doctype html><title>x</title><p>Menu.</p><iframe src=/own width=300 height=100></iframe>
         <iframe src={other} width=600 height=400></iframe><iframe src=/unseen width=1 height=1></iframe>"
    );
    let story = format!(
        "<!doctype html><h1>Weir</h1><p>{PARAGRAPH}</p><p>{PARAGRAPH}</p><p>{PARAGRAPH}</p>"
    );
    let script = Script::default()
        .on(PAGE, "text/html", &body)
        .on(own, "text/html", "<p>Weather: rain.</p>")
        .on(other, "text/html", &story)
        .on("https://news.example/unseen", "text/html", "<p>Unseen.</p>");
    let page = rendered(&options, PAGE, &Arc::new(script));
    assert_eq!(page.trouble, None, "{page:?}");
    let text = page.text.as_deref().unwrap();
    assert!(text.starts_with("Menu.\n\nWeather: rain.\n\nWeir\n\nThe weir"), "{text}");
    assert!(!text.contains("Unseen"), "{text}");
    assert_eq!(page.text_in(), Some(other));
    let info = page.page_info("urn:uuid:x", PAGE, "2025", &BrowserOptions::default());
    assert_eq!((&info["textIn"], &info["frames"][0]["url"]), (&other.into(), &own.into()));
    assert_eq!(info["frames"][0]["chars"], "Weather: rain.".len());
    assert_nothing_left();
}

/// The article is at an address that wants a field. At the address of the page the field is not sent: what came for it
/// would be a capture of the page.
#[test]
fn a_crawl_sends_what_scripts_set_and_reads_the_article_that_came_for_it() {
    let Some((options, _one)) = browser() else { return };
    let mut lab = Lab::new(&[HOST]);
    lab.options.browser = Arc::new(options);
    let story =
        format!("<article><h1>Weir</h1>{}</article>", format!("<p>{PARAGRAPH}</p>").repeat(4));
    let story = serde_json::json!({ "html": story }).to_string();
    let shell = "<!doctype html><title>News</title><div id=root></div><script>
        const headers = {'X-Inertia': 'true', 'User-Agent': 'Mine'};
        fetch(location.href, {headers}).then(() => fetch('/2025/weir/data', {headers}))
          .then((r) => r.json()).then((story) => { root.innerHTML = story.html; });</script>";
    let framed = "<!doctype html><title>News</title><div id=root></div><script>
        const f = document.createElement('iframe'); f.src = '/plain'; f.width = f.height = 600; root.append(f);</script>";
    let answer: Reply = Reply::Made(Arc::new(move |request: &str, _| {
        match request.to_ascii_lowercase().contains("\r\nx-inertia: true\r\n") {
            true => ok("application/json", story.as_bytes()),
            false => ok("text/html", shell.as_bytes()),
        }
    }));
    lab.web.on(HOST, "/2025/weir", answer.clone());
    lab.web.on(HOST, "/2025/weir/data", answer);
    lab.web.on(HOST, "/2025/framed", Reply::Bytes(ok("text/html", framed.as_bytes())));
    lab.web.page(HOST, "/plain", &crate::lab::article("Plain", &[PARAGRAPH; 4]));
    let (_, seen) = lab.run(&[spec(BrowserUse::WhenNeeded, &["/2025/weir", "/2025/framed"])]);
    let plain = format!("http://{HOST}/plain");
    assert_eq!(seen.notes.len(), 1, "{:?}", seen.notes);
    assert!(seen.notes[0].contains(&format!("is in the frame {plain} ")), "{:?}", seen.notes);
    let asked = lab.web.asked();
    let with_field: Vec<_> = asked
        .iter()
        .map(|asked| String::from_utf8_lossy(&asked.bytes).into_owned())
        .filter(|request| request.to_ascii_lowercase().contains("x-inertia"))
        .collect();
    assert_eq!(with_field.len(), 1);
    assert!(!with_field[0].contains("Mine"), "the User-Agent is ours: {}", with_field[0]);
    let archive = lab.dir.path().join("archive");
    let text = format!("urn:text:http://{HOST}/2025/framed");
    let kept = records(&archive);
    let text = kept.iter().find(|record| record.is("resource", &text)).unwrap();
    assert!(String::from_utf8_lossy(&text.block).contains(PARAGRAPH));
    let page = format!("http://{HOST}/2025/weir");
    let out = pressmark(&archive, &["show", &page, "--as", "json"]);
    let shown: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(shown["rendering"], true, "{shown}");
    assert!(shown["text"].as_str().unwrap().contains(PARAGRAPH), "{shown}");
    assert_nothing_left();
}
