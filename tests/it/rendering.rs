//! Pages that scripts fill, rendered by Chromium: what is kept of them, which addresses they cannot reach, and that
//! nothing of the browser is left. Where Chromium is missing these tests are skipped with a message.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pressmark::base::{TargetUri, Timestamp};
use pressmark::browser::{
    Answered, Ask, BoxFuture, BrowserOptions, Kind, Rendering, Settled, Upstream, render,
};
use pressmark::http::{Exchange, Method, Stored, Timing, shape_of};
use pressmark::schedule::{BrowserUse, JobSpec};

use crate::lab::{Lab, runtime, uri};
use crate::support::archive::records;
use crate::support::cli::pressmark;
use crate::support::skip::skipped;
use crate::support::web::{Reply, ok};

/// One browser at a time: the tests search all processes for what is left of it.
static ONE: Mutex<()> = Mutex::new(());

/// The browser, for one test at a time; `None` where it is missing.
pub fn browser() -> Option<(BrowserOptions, MutexGuard<'static, ()>)> {
    let path = std::env::var("PRESSMARK_CHROMIUM").unwrap_or("/usr/bin/chromium".to_owned());
    if !Path::new(&path).exists() {
        skipped("chromium", &format!("there is no {path}"));
        return None;
    }
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    Some((BrowserOptions { command: path.into(), ..BrowserOptions::default() }, guard))
}

/// The browser processes that we have started.
fn left_behind() -> Vec<String> {
    // Other runs of these tests have folders of their own where they have another TMPDIR.
    let ours = std::env::temp_dir().join("pressmark-browser-").display().to_string();
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(&ours) {
            found.push(line);
        }
    }
    found
}

pub fn assert_nothing_left() {
    // A killed process stays listed until the system has removed it.
    for _ in 0..100 {
        if left_behind().is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("left behind: {:?}", left_behind());
}

/// A web in memory: the answer of each address, and the requests that it got.
#[derive(Debug, Default)]
pub struct Script {
    answers: HashMap<String, (String, String)>,
    /// Answers with heads of their own.
    raw: HashMap<String, Vec<u8>>,
    asked: Mutex<Vec<String>>,
    /// The fields of scripts that were sent, by address.
    fields: Mutex<Vec<(String, String)>>,
    /// Addresses that never answer.
    slow: Vec<String>,
    /// Addresses that ask for a name and a password.
    locked: Vec<String>,
}

impl Script {
    pub fn locked(mut self, url: &str) -> Self {
        self.locked.push(url.to_owned());
        self
    }

    pub fn on(mut self, url: &str, media_type: &str, body: &str) -> Self {
        self.answers.insert(url.to_owned(), (media_type.to_owned(), body.to_owned()));
        self
    }

    pub fn raw(mut self, url: &str, bytes: &[u8]) -> Self {
        self.raw.insert(url.to_owned(), bytes.to_vec());
        self
    }

    /// The fields of scripts that were sent to an address, in lower case.
    pub fn fields(&self, url: &str) -> Vec<String> {
        let fields = self.fields.lock().unwrap();
        fields.iter().filter(|(to, _)| to == url).map(|(_, line)| line.clone()).collect()
    }

    pub fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

/// The script, as the browser's proxy calls it.
#[derive(Debug)]
struct Served(Arc<Script>);

impl Upstream for Served {
    fn fetch(&self, ask: Ask) -> BoxFuture<'_, Answered> {
        Box::pin(async move {
            let url = ask.uri.as_str().to_owned();
            self.0.asked.lock().unwrap().push(url.clone());
            for (name, value) in &ask.headers {
                let line = format!("{}: {value}", name.to_ascii_lowercase());
                self.0.fields.lock().unwrap().push((url.clone(), line));
            }
            if let Some(bytes) = self.0.raw.get(&url) {
                let exchange = Arc::new(exchange(&ask.uri, bytes.clone()));
                return Answered::Exchange(exchange, Some(format!("<urn:x:{url}>")));
            }
            if self.0.slow.contains(&url) {
                std::future::pending::<()>().await;
            }
            if self.0.locked.contains(&url) {
                let bytes = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\
                    Content-Length: 0\r\nConnection: close\r\n\r\n";
                return Answered::Exchange(Arc::new(exchange(&ask.uri, bytes.to_vec())), None);
            }
            match self.0.answers.get(&url) {
                Some((media_type, body)) => {
                    let bytes = ok(media_type, body.as_bytes());
                    let exchange = Arc::new(exchange(&ask.uri, bytes));
                    Answered::Exchange(exchange, Some(format!("<urn:x:{url}>")))
                }
                None => Answered::Not("there is no such page".to_owned()),
            }
        })
    }
}

fn exchange(uri: &TargetUri, bytes: Vec<u8>) -> Exchange {
    let none = Duration::ZERO;
    Exchange {
        uri: uri.clone(),
        method: "GET",
        date: Timestamp::from_unix_seconds(0),
        peer: None,
        request: Vec::new(),
        has_credentials: false,
        interim: Vec::new(),
        shape: shape_of(&bytes, Method::Get),
        response: Stored::Memory(bytes),
        surplus: Vec::new(),
        truncated: None,
        session: None,
        tls: None,
        dns: None,
        timing: Timing { connect: none, first_byte: none, total: none },
    }
}

pub fn rendered(options: &BrowserOptions, url: &str, script: &Arc<Script>) -> Rendering {
    let upstream: Arc<dyn Upstream> = Arc::new(Served(Arc::clone(script)));
    runtime().block_on(render(options, &uri(url), "pressmark/test", upstream))
}

const PAGE: &str = "https://news.example/2025/weir";

const APP: &str = "
    const root = document.getElementById('root');
    root.innerHTML = '<h1>Mill town argues</h1><img src=/picture.png>';
    fetch('/api/weir.json').then((r) => r.json()).then((story) => {
      for (const text of story.body) {
        const p = document.createElement('p'); p.textContent = text; root.append(p);
      }
      root.append(navigator.userAgent + ' ' + Intl.DateTimeFormat().resolvedOptions().timeZone);
    });
    fetch('/count', {method: 'POST', body: 'x'}).catch(() => {});
    const tracker = document.createElement('script');
    tracker.src = 'https://www.google-analytics.com/a.js';
    document.head.append(tracker);
    setTimeout(() => { throw new Error('on purpose'); }, 100);
";

fn news() -> Script {
    let shell =
        "<!doctype html><title>News</title><div id=root></div><script src=/app.js></script>";
    let story = r#"{"body": ["The weir will be lowered.", "Anglers are glad."]}"#;
    Script::default()
        .on(PAGE, "text/html", shell)
        .on("https://news.example/app.js", "text/javascript", APP)
        .on("https://news.example/api/weir.json", "application/json", story)
}

#[test]
fn a_page_is_taken_as_its_scripts_have_left_it() {
    let Some((options, _one)) = browser() else { return };
    let script = Arc::new(news());
    let page = rendered(&options, PAGE, &script);
    assert_eq!((page.trouble.as_deref(), page.settled), (None, Settled::Idle), "{page:?}");
    let document = page.document.unwrap();
    assert!(document.starts_with("<!doctype html>"), "{document}");
    let story = "<p>The weir will be lowered.</p><p>Anglers are glad.</p>";
    assert!(document.contains(story), "{document}");
    assert!(document.contains("pressmark/test UTC"), "{document}");
    assert!(page.text.unwrap().contains("Anglers are glad."));
    assert!(page.view.unwrap().starts_with(b"\x89PNG"));
    assert!(page.thumbnail.unwrap().starts_with(b"\xff\xd8"));
    let errors = page.script_errors;
    assert!(errors.iter().any(|error| error.contains("on purpose")), "{errors:?}");
    assert_eq!(page.address.as_deref(), Some(PAGE));
    // There were no other requests: neither refused addresses, nor any of the browser itself.
    assert_eq!(
        script.asked(),
        [
            "https://news.example/2025/weir",
            "https://news.example/api/weir.json",
            "https://news.example/app.js"
        ]
    );
    let why = |end: &str| {
        let part = page.parts.iter().find(|part| part.url.ends_with(end));
        let part = part.unwrap_or_else(|| panic!("{end}"));
        (part.kind, part.status, part.reason.clone().unwrap_or_default())
    };
    assert_eq!(why("/app.js"), (Kind::Script, Some(200), String::new()));
    assert_eq!(why("/picture.png"), (Kind::Picture, None, "not needed for the text".to_owned()));
    assert_eq!(why("/count").2, "it would send something");
    assert_eq!(why("/a.js").2, "it counts readers or shows advertisements");
    assert_nothing_left();
}

#[test]
fn pictures_are_asked_for_where_a_picture_is_wanted() {
    let Some((options, _one)) = browser() else { return };
    let script = Arc::new(news());
    let page = rendered(&BrowserOptions { visual: true, ..options }, PAGE, &script);
    assert_eq!(page.trouble, None);
    assert!(script.asked().contains(&"https://news.example/picture.png".to_owned()));
}

#[test]
fn consent_is_refused_and_never_given() {
    let Some((options, _one)) = browser() else { return };
    let body = "<!doctype html><title>News</title><p id=said>Nothing.</p><div>\
        <button id=onetrust-accept-btn-handler onclick=\"said.textContent='accepted'\">Accept</button>\
        <button id=onetrust-reject-all-handler onclick=\"said.textContent='refused'\">Reject all</button></div>";
    let script = Arc::new(Script::default().on(PAGE, "text/html", body));
    let page = rendered(&options, PAGE, &script);
    assert_eq!(page.trouble, None);
    assert!(page.text.unwrap().contains("refused"));
    let clicks: Vec<_> =
        page.clicks.iter().map(|click| (click.rule.as_str(), click.words.as_str())).collect();
    assert_eq!(clicks, [("OneTrust", "Reject all")]);
}

#[test]
fn consent_is_refused_in_a_frame_of_another_origin_too() {
    let Some((options, _one)) = browser() else { return };
    let body = "<!doctype html><title>News</title><p id=said>Nothing.</p>\
        <iframe src=https://consent.example/window width=600 height=300></iframe>\
        <script>onmessage = (event) => { said.textContent = event.data; };</script>";
    let window = "<!doctype html><button class=sp_choice_type_11 onclick=\"parent.postMessage('accepted','*')\">Accept</button>\
        <button class=sp_choice_type_13 onclick=\"parent.postMessage('refused','*')\">Reject</button>";
    let script = Script::default().on(PAGE, "text/html", body).on(
        "https://consent.example/window",
        "text/html",
        window,
    );
    let page = rendered(&options, PAGE, &Arc::new(script));
    assert_eq!(page.trouble, None);
    assert!(page.text.as_deref().unwrap().contains("refused"), "{page:?}");
    let clicks: Vec<_> =
        page.clicks.iter().map(|click| (&*click.rule, click.frame.as_deref())).collect();
    assert_eq!(clicks, [("Sourcepoint", Some("https://consent.example/window"))]);
    assert_nothing_left();
}

/// Renders one page after the other and prints the time that took, as `docs/performance.md` has it: with
/// `PRESSMARK_RENDERS=500`. Skipped without the variable.
#[test]
#[allow(clippy::print_stderr, reason = "the figures are what it is run for")]
fn many_renderings_in_a_row_leave_nothing() {
    let Some(count) = std::env::var("PRESSMARK_RENDERS").ok().and_then(|text| text.parse().ok())
    else {
        return;
    };
    let Some((options, _one)) = browser() else { return };
    let options = BrowserOptions { idle: Duration::from_millis(200), ..options };
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let open_files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let mut took: Vec<Duration> = Vec::new();
    let (mut memory, mut after_first) = (Vec::new(), (0, 0));
    for number in 0..count {
        let script = Arc::new(news());
        let page = rendered(&options, PAGE, &script);
        assert_eq!(page.trouble, None, "rendering {number}");
        assert!(page.text.unwrap().contains("Anglers are glad."), "rendering {number}");
        took.push(page.took);
        memory.push(page.memory >> 20);
        // One-time allocations are made after some renderings.
        if number == 20.min(count - 1) {
            after_first = (resident(), open_files());
        }
    }
    assert_nothing_left();
    let (before, now) = (after_first, (resident(), open_files()));
    took.sort();
    memory.sort_unstable();
    let (middle, last) = (count / 2, count - 1);
    eprintln!(
        "{count} renderings: time median {:?}, most {:?}; memory of the browser median {} MiB, most {} MiB; \
         resident {} -> {} KiB, open files {} -> {}",
        took[middle], took[last], memory[middle], memory[last], before.0, now.0, before.1, now.1
    );
    assert!(now.0 < before.0 + 64 * 1024, "memory grew: {before:?} -> {now:?}");
    assert!(now.1 <= before.1 + 4, "files stay open: {before:?} -> {now:?}");
}

#[test]
fn shadow_trees_are_in_the_document_and_questions_are_answered_with_no() {
    let Some((options, _one)) = browser() else { return };
    let body = "<!doctype html><title>News</title><news-story></news-story><script>
        customElements.define('news-story', class extends HTMLElement {
          connectedCallback() { this.attachShadow({mode: 'open'}).innerHTML = '<p>In the shadow.</p>'; }
        });
        setTimeout(() => { document.body.append(confirm('Really?') ? 'yes' : 'no'); }, 50);</script>";
    let script = Arc::new(Script::default().on(PAGE, "text/html", body));
    let page = rendered(&options, PAGE, &script);
    assert_eq!(page.trouble, None);
    let document = page.document.unwrap();
    let shadow = "<template shadowrootmode=\"open\"><p>In the shadow.</p></template>";
    assert!(document.contains(shadow), "{document}");
    assert!(document.contains("no</body>") && !document.contains("yes</body>"), "{document}");
}

#[test]
fn a_page_that_hangs_or_grows_is_reported_and_ended() {
    let Some((options, _one)) = browser() else { return };
    let endless = "<!doctype html><title>x</title><p>Before.</p>\
        <script>setTimeout(() => { for (;;) {} }, 300)</script>";
    let script = Arc::new(Script::default().on(PAGE, "text/html", endless));
    let page = rendered(&options, PAGE, &script);
    let said = |page: &Rendering, words: &str| {
        assert!(page.trouble.as_deref().is_some_and(|why| why.contains(words)), "{page:?}");
    };
    said(&page, "the page gave no answer within 10 s: its scripts seem to block it");
    assert_eq!(page.parts[0].status, Some(200), "what was had is recorded");
    assert_nothing_left();
    let small = BrowserOptions { memory_max: 32 << 20, ..options.clone() };
    said(&rendered(&small, PAGE, &Arc::new(news())), "browser.memory_max");
    assert_nothing_left();
    // A page cannot send the browser to its own pages.
    let crash = "<!doctype html><title>x</title><p>Here.</p>\
        <script>setTimeout(() => { location.href = 'chrome://crash' }, 0)</script>";
    let script = Arc::new(Script::default().on(PAGE, "text/html", crash));
    assert_eq!(rendered(&options, PAGE, &script).trouble, None);
    let missing = BrowserOptions { command: "/nowhere/chromium".into(), ..options };
    said(&rendered(&missing, PAGE, &Arc::new(news())), "browser.command");
}

#[test]
fn a_page_that_computes_before_it_asks_is_waited_for_and_an_animation_is_not() {
    let Some((options, _one)) = browser() else { return };
    let page = |script: &str| {
        format!(
            "<!doctype html><title>x</title><p id=text>Before.</p><script>
             const compute = (millis) => {{ const end = performance.now() + millis; while (performance.now() < end); }};
             {script}</script>"
        )
    };
    let late = page(
        "const story = () => fetch('/late').then((r) => r.text()).then((t) => { text.textContent = t });
         setTimeout(() => { compute(2500); setTimeout(story, 400) }, 300)",
    );
    let story = "https://news.example/late";
    let web = Script::default().on(PAGE, "text/html", &late).on(story, "text/plain", "The story.");
    let got = rendered(&options, PAGE, &Arc::new(web));
    assert_eq!((got.trouble.as_deref(), got.settled), (None, Settled::Idle), "{got:?}");
    assert_eq!(got.text.as_deref().map(str::trim), Some("The story."));
    let moving = page("(function frame() { compute(60); requestAnimationFrame(frame) })()");
    let web = Arc::new(Script::default().on(PAGE, "text/html", &moving));
    let got = rendered(&options, PAGE, &web);
    assert_eq!((got.trouble.as_deref(), got.settled), (None, Settled::Idle), "{got:?}");
    assert_nothing_left();
}

#[test]
fn a_rendering_that_is_given_up_leaves_nothing() {
    let Some((options, _one)) = browser() else { return };
    let script = Arc::new(Script { slow: vec![PAGE.to_owned()], ..Script::default() });
    let upstream: Arc<dyn Upstream> = Arc::new(Served(Arc::clone(&script)));
    runtime().block_on(async {
        let page = uri(PAGE);
        let rendering = render(&options, &page, "pressmark/test", upstream);
        let given_up = tokio::time::timeout(Duration::from_secs(5), rendering).await;
        assert!(given_up.is_err());
    });
    assert_eq!(script.asked(), [PAGE]);
    assert_nothing_left();
    // And one whose page never arrives ends by itself.
    let short = BrowserOptions { settle_max: Duration::from_secs(2), ..options };
    assert!(rendered(&short, PAGE, &script).trouble.is_some());
    assert_nothing_left();
}

pub const HOST: &str = "news.example";
pub const PARAGRAPH: &str =
    "The weir above the mill will be lowered by a metre, the river board told the town on Monday.";

/// A site with an article that only scripts show, and one that has its text.
pub fn site(lab: &Lab) {
    let shell =
        "<!doctype html><title>News</title><div id=root></div><script src=/app.js></script>";
    let app = "fetch('/api/story.json').then((r) => r.json()).then((story) => {
        root.innerHTML = `<article><h1>${story.title}</h1>${story.body}</article>`; });
        fetch('/private/secret.json').catch(() => {});";
    let body = format!("<p>{PARAGRAPH}</p>").repeat(4);
    let story = serde_json::json!({"title": "Mill town argues about its weir", "body": body});
    let on = |target: &str, media_type: &str, body: &str| {
        lab.web.on(HOST, target, Reply::Bytes(ok(media_type, body.as_bytes())));
    };
    on("/robots.txt", "text/plain", "User-agent: *\nDisallow: /private/\n");
    on("/2025/weir", "text/html", shell);
    on("/app.js", "text/javascript", app);
    on("/api/story.json", "application/json", &story.to_string());
    lab.web.page(HOST, "/2025/plain", &crate::lab::article("Plain", &[PARAGRAPH; 4]));
}

/// A job with these pages of it.
pub fn spec(when: BrowserUse, pages: &[&str]) -> JobSpec {
    let mut spec = JobSpec::new("scripted");
    let seeds: Vec<_> = pages.iter().map(|page| uri(&format!("http://{HOST}{page}"))).collect();
    spec.seeds = seeds.into();
    spec.browser = when;
    spec
}

#[test]
fn a_crawl_renders_what_needs_it_as_politely_as_it_asks_for_pages() {
    let Some((options, _one)) = browser() else { return };
    let mut lab = Lab::new(&[HOST]);
    lab.options.browser = Arc::new(options);
    site(&lab);
    let spec = spec(BrowserUse::WhenNeeded, &["/2025/weir", "/2025/plain"]);
    let (report, seen) = lab.run(&[spec]);
    assert_eq!(seen.notes, [] as [String; 0]);
    // The page once, its parts, and nothing that robots.txt forbids.
    assert_eq!(
        lab.asked(),
        [
            "news.example/2025/plain",
            "news.example/2025/weir",
            "news.example/api/story.json",
            "news.example/app.js"
        ]
    );
    let mut times: Vec<_> = lab.web.asked().iter().map(|asked| asked.at).collect();
    times.sort();
    let apart = lab.politeness.pace.delay_min;
    assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) >= apart), "{times:?}");
    assert!(report.fetched >= 4, "{report:?}");
    let kept = records(&lab.dir.path().join("archive"));
    let page = format!("http://{HOST}/2025/weir");
    let of = |kind: &str, url: &str| kept.iter().find(|record| record.is(kind, url));
    let response = of("response", &page).unwrap();
    let conversion = of("conversion", &page).expect("the document as it is in the end");
    assert_eq!(conversion.field("WARC-Refers-To"), response.field("WARC-Record-ID"));
    assert!(String::from_utf8_lossy(&conversion.block).contains(PARAGRAPH));
    let page_id = conversion.field("WARC-Page-ID");
    assert!(!page_id.is_empty());
    for prefix in ["view", "thumbnail", "text", "pageinfo"] {
        let record = of("resource", &format!("urn:{prefix}:{page}"));
        let record = record.unwrap_or_else(|| panic!("{prefix}"));
        assert_eq!(record.field("WARC-Page-ID"), page_id, "{prefix}");
    }
    let part = of("response", &format!("http://{HOST}/api/story.json")).unwrap();
    assert_eq!(part.field("WARC-Page-ID"), page_id);
    let info = of("resource", &format!("urn:pageinfo:{page}")).unwrap();
    let info: serde_json::Value = serde_json::from_slice(&info.block).unwrap();
    let reason = |end: &str| {
        let parts = info["parts"].as_array().unwrap();
        let is_it =
            |part: &&serde_json::Value| part["url"].as_str().is_some_and(|url| url.ends_with(end));
        let part = parts.iter().find(is_it).unwrap_or_else(|| panic!("{end}: {info}"));
        part["reason"].as_str().unwrap_or_default().to_owned()
    };
    assert!(reason("/private/secret.json").contains("robots.txt"), "{info}");
    assert_eq!(reason("/app.js"), "");
    // Nothing was rendered of the page that has its text.
    assert!(of("conversion", &format!("http://{HOST}/2025/plain")).is_none());
    assert_nothing_left();
}

/// A page whose script sends the browser elsewhere says nothing of itself: the other page is captured at its own address.
#[test]
fn a_page_whose_script_leads_to_another_is_not_rendered_as_that() {
    let Some((options, _one)) = browser() else { return };
    let mut lab = Lab::new(&[HOST]);
    lab.options.browser = Arc::new(options);
    let sent_on = "<!doctype html><title>News</title><div id=root></div>\
        <script>fetch('/where').finally(() => { location.href = '/2025/plain'; });</script>";
    // An address that is changed without a load is that of the page.
    let renamed = format!(
        "<!doctype html><title>News</title><div id=root></div><script>history.pushState({{}}, '', '/2025/weir/part-1');\
         document.getElementById('root').innerHTML = `<article><h1>The weir</h1>${{'<p>{PARAGRAPH}</p>'.repeat(3)}}</article>`;</script>"
    );
    lab.web.page(HOST, "/2025/old", sent_on);
    lab.web.page(HOST, "/2025/weir", &renamed);
    lab.web.page(HOST, "/2025/plain", &crate::lab::article("Plain", &[PARAGRAPH; 4]));
    let (_, seen) = lab.run(&[spec(BrowserUse::WhenNeeded, &["/2025/old", "/2025/weir"])]);
    let to = format!("http://{HOST}/2025/plain");
    assert_eq!(
        seen.notes,
        [format!("http://{HOST}/2025/old was not rendered: its scripts lead to {to}")]
    );
    let kept = records(&lab.dir.path().join("archive"));
    let rendered: Vec<String> = kept
        .iter()
        .filter(|record| record.field("WARC-Type") == "conversion")
        .map(|record| record.field("WARC-Target-URI"))
        .collect();
    assert_eq!(rendered, [format!("http://{HOST}/2025/weir")]);
    let info = format!("urn:pageinfo:http://{HOST}/2025/old");
    let info = kept.iter().find(|record| record.is("resource", &info)).unwrap();
    let info: serde_json::Value = serde_json::from_slice(&info.block).unwrap();
    assert_eq!(info["leadsTo"], to);
    assert!(
        !kept
            .iter()
            .any(|record| record.is("resource", &format!("urn:view:http://{HOST}/2025/old")))
    );
    // It is visited as what a redirect leads to, and not only as a part.
    let out = pressmark(&lab.dir.path().join("archive"), &["captures", &to]);
    assert!(out.status.success(), "{out:?}");
    assert_nothing_left();
}

#[test]
fn a_crawl_without_a_browser_says_so_and_goes_on() {
    let Some((options, _one)) = browser() else { return };
    let mut lab = Lab::new(&[HOST]);
    let missing = BrowserOptions { command: "/nowhere/chromium".into(), ..options };
    lab.options.browser = Arc::new(missing);
    site(&lab);
    let both = ["/2025/weir", "/2025/plain"];
    let (_, seen) = lab.run(&[spec(BrowserUse::Always, &both)]);
    assert_eq!(seen.notes.len(), 2, "{:?}", seen.notes);
    assert!(seen.notes[0].contains("browser.command"), "{:?}", seen.notes);
    assert_eq!(lab.asked(), ["news.example/2025/plain", "news.example/2025/weir"]);
    let never = Lab::new(&[HOST]);
    site(&never);
    let (_, seen) = never.run(&[spec(BrowserUse::Never, &["/2025/weir"])]);
    let asked = vec!["news.example/2025/weir".to_owned()];
    assert_eq!((seen.notes.len(), never.asked()), (0, asked));
}

/// The text of a page is at the AMP version that it names: one more request, and no browser.
#[test]
fn another_form_that_a_shell_names_is_asked_for_once_in_its_turn() {
    let mut lab = Lab::new(&[HOST]);
    // If it were started, that would be recorded.
    lab.options.browser = Arc::new(BrowserOptions {
        command: "/nowhere/chromium".into(),
        ..BrowserOptions::default()
    });
    let shell = |amp: &str| {
        format!(
            "<!doctype html><title>News</title><link rel=amphtml href={amp}><div id=root></div>\
             <script src=/app.js></script>"
        )
    };
    lab.web.page(HOST, "/2025/weir", &shell("/amp/weir"));
    lab.web.page(HOST, "/amp/weir", &crate::lab::article("Mill town argues", &[PARAGRAPH; 4]));
    lab.web.page(HOST, "/2025/secret", &shell("/private/amp"));
    lab.web.on(
        HOST,
        "/robots.txt",
        Reply::Bytes(ok("text/plain", b"User-agent: *\nDisallow: /private/\n")),
    );
    let pages = ["/2025/weir", "/2025/secret"];
    let (report, seen) = lab.run(&[spec(BrowserUse::Never, &pages)]);
    let asked = ["/2025/secret", "/2025/weir", "/amp/weir"].map(|path| format!("{HOST}{path}"));
    assert_eq!(lab.asked(), asked);
    assert!(report.fetched >= 3, "{report:?}");
    assert_eq!(seen.notes.len(), 1, "{:?}", seen.notes);
    assert!(seen.notes[0].contains("robots.txt"), "{:?}", seen.notes);
    let mut times: Vec<_> = lab.web.asked().iter().map(|asked| asked.at).collect();
    times.sort();
    let apart = lab.politeness.pace.delay_min;
    assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) >= apart), "{times:?}");
    let kept = records(&lab.dir.path().join("archive"));
    let amp = format!("http://{HOST}/amp/weir");
    let response = kept.iter().find(|record| record.is("response", &amp)).unwrap();
    let sent = ok(
        "text/html; charset=utf-8",
        crate::lab::article("Mill town argues", &[PARAGRAPH; 4]).as_bytes(),
    );
    assert_eq!(response.block, sent, "byte for byte");
    // Queries about the page are answered from that version, with a note.
    let archive = lab.dir.path().join("archive");
    let page = format!("http://{HOST}/2025/weir");
    let out = pressmark(&archive, &["show", &page, "--as", "json"]);
    let shown: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&shown["text_at"], &shown["url"]), (&amp.clone().into(), &page.clone().into()));
    assert!(shown["text"].as_str().unwrap().contains(PARAGRAPH), "{shown}");
    assert!(String::from_utf8_lossy(&out.stderr).contains("amp version"), "{out:?}");
    let out = pressmark(&archive, &["history", &page, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(
        (&json["text_at"], json["versions"].as_array().unwrap().len()),
        (&amp.clone().into(), 1)
    );
    let out = pressmark(&archive, &["cite", &page, "--format", "json"]);
    let cited: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&cited["text_at"], &cited["url"]), (&amp.clone().into(), &page.clone().into()));
    let out = pressmark(&archive, &["cite", &page, "--quote", PARAGRAPH]);
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.code() == Some(3) && said.contains(&format!("cite {amp}")), "{said}");
    assert!(pressmark(&archive, &["cite", &amp, "--quote", PARAGRAPH]).status.success());
    // The page as it was sent is a shell.
    let out = pressmark(&archive, &["show", &page, "--plain", "--as", "json"]);
    let shown: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&shown["kind"], shown.get("text_at")), (&"shell".into(), None));
}

/// Root has no sandbox; the tests run as root where they run in a container.
#[test]
fn the_browser_is_sandboxed_for_a_user_who_is_not_root() {
    use std::os::unix::fs::chown;
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    let Some((options, _one)) = browser() else { return };
    let lab = Lab::new(&[HOST]);
    site(&lab);
    let dir = tempfile::tempdir().unwrap();
    let is_root =
        std::fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    // The program may be in a place that other users cannot read.
    let program = dir.path().join("pressmark");
    std::fs::copy(env!("CARGO_BIN_EXE_pressmark"), &program).unwrap();
    let job = dir.path().join("weir.toml");
    let text = format!(
        "name = \"weir\"\nseeds = [\"http://{HOST}/2025/weir\"]\nbrowser = \"when-needed\"\n"
    );
    std::fs::write(&job, text).unwrap();
    let mut command = std::process::Command::new(&program);
    if is_root.unwrap() {
        chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    let archive = dir.path().join("archive");
    command.current_dir(dir.path()).env("HOME", dir.path()).env("TMPDIR", dir.path());
    command.arg("crawl").arg("--job").arg(&job).arg("--archive").arg(&archive);
    command.args(["--allow-private", "--resolve", &lab.web.resolve(&[HOST])[0]]);
    let browser = format!("browser.command={}", options.command.display());
    for set in ["politeness.delay_min=0s", "browser.sandbox=always", &browser] {
        command.args(["--set", set]);
    }
    let out = command.output().unwrap();
    assert!(out.status.success(), "{out:?}");
    let kept = records(&archive);
    let page = format!("http://{HOST}/2025/weir");
    let info = kept.iter().find(|record| record.is("resource", &format!("urn:pageinfo:{page}")));
    let info: serde_json::Value = serde_json::from_slice(&info.unwrap().block).unwrap();
    if info["trouble"].is_string() && !user_namespaces() {
        skipped("user-namespaces", "Chromium has no sandbox without them");
        return;
    }
    assert_eq!(
        (&info["trouble"], &info["browser"]["sandbox"]),
        (&().into(), &true.into()),
        "{info}"
    );
    let conversion = kept.iter().find(|record| record.is("conversion", &page)).unwrap();
    assert!(String::from_utf8_lossy(&conversion.block).contains(PARAGRAPH));
    assert_nothing_left();
    // Queries about the page are answered from the rendering, with a note; the switch is not an edit.
    let shown = pressmark(&archive, &["show", &page, "--as", "json"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["rendering"], true, "{shown}");
    assert!(shown["text"].as_str().unwrap().contains(PARAGRAPH), "{shown}");
    let json = pressmark(&archive, &["history", &page, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["rendering"], json["versions"].as_array().unwrap().len()), (&true.into(), 1));
    let plain = pressmark(&archive, &["history", &page, "--plain", "--format", "json"]);
    let plain: serde_json::Value = serde_json::from_slice(&plain.stdout).unwrap();
    assert!(plain.get("rendering").is_none(), "{plain}");
    let sent = pressmark(&archive, &["show", &page, "--as", "html"]);
    assert!(String::from_utf8_lossy(&sent.stdout).contains("<div id=root></div>"), "{sent:?}");
    let drawn = pressmark(&archive, &["show", &page, "--rendered", "--as", "html"]);
    assert!(String::from_utf8_lossy(&drawn.stdout).contains(PARAGRAPH), "{drawn:?}");
    let wire = pressmark(&archive, &["show", &page, "--rendered", "--as", "http"]);
    assert_eq!(wire.status.code(), Some(2), "{wire:?}");
}

/// Whether a user may create a user namespace, as the sandbox of Chromium needs it.
fn user_namespaces() -> bool {
    let max = std::fs::read_to_string("/proc/sys/user/max_user_namespaces").unwrap_or_default();
    max.trim().parse::<u64>().is_ok_and(|max| max > 0)
}
