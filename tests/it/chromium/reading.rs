//! The reader in Chromium, on the demonstration archive: from the timeline to a comparison, to the page as it
//! was, to its citation and its proof, by clicks and keys alone; every page at the width of a telephone and of a
//! screen.
//!
//! `PRESSMARK_SCREENSHOTS=DIR` keeps a picture of each page there: both widths, light, dark and printed.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::browser::Browser;
use super::tab::Tab;
use crate::support::cli::{command, stderr};
use crate::support::skip::skipped;

const STORY: &str = "http://courier.example/harbour/ferry-contract";

/// A server of the demonstration archive, with replay on an origin of its own.
struct Server {
    process: Child,
    reader: String,
    _dir: tempfile::TempDir,
}

impl Server {
    fn start(has_own_origin: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("archive");
        let demo =
            command(&root).args(["demo", "--keep", root.to_str().unwrap()]).output().unwrap();
        assert!(demo.status.success(), "{}", stderr(&demo));
        let mut serve = command(&root);
        serve.args(["serve", "--bind", "127.0.0.1:0", "--set", "serve.base_path=/archive"]);
        if has_own_origin {
            serve.args(["--replay-bind", "127.0.0.1:0"]);
        }
        let mut process = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let reader = line.trim().trim_end_matches('/').to_owned();
        Self { process, reader, _dir: dir }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// None where Chromium is missing.
fn browser() -> Option<Browser> {
    match Browser::start("MAP * ~NOTFOUND, EXCLUDE 127.0.0.1") {
        Ok(browser) => Some(browser),
        Err(why) => {
            skipped("chromium", &why);
            None
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Walks through the archive as a reader does.
fn walk(has_own_origin: bool) {
    let Some(mut browser) = browser() else { return };
    let server = Server::start(has_own_origin);
    let mut tab = Tab::open(&mut browser);
    tab.width(1600);
    tab.go(&format!("{}/", server.reader));
    // A key focuses the search box, which accepts an address.
    tab.press("/", 191);
    tab.until("document.activeElement.id === 'q'", "the search box");
    let fill = format!("document.querySelector('#q').value = {STORY:?}; window.isLeft = true");
    tab.evaluate(&fill);
    tab.evaluate("document.querySelector('.search').requestSubmit()");
    tab.until("!window.isLeft && document.readyState === 'complete'", "the page of the story");
    assert!(tab.address().contains("/archive/page?url="), "{}", tab.address());
    // A mark of the timeline leads to what changed there.
    tab.follow(".timeline a[href*='/diff?'] circle:last-of-type");
    assert!(tab.address().contains("/archive/diff?url="), "{}", tab.address());
    let marks = tab.evaluate("document.querySelectorAll('.text ins, .text del').length");
    assert!(marks.as_u64() > Some(0), "no word is marked");
    // Side by side, without a script of ours.
    tab.evaluate("document.querySelector('label[for=view-side]').click()");
    let shown = tab.evaluate(
        "getComputedStyle(document.querySelector('.side')).display + ' ' + getComputedStyle(document.querySelector('.text .inline')).display",
    );
    assert_eq!(text(&shown), "block none");
    // The arrow keys go to the comparison before or behind.
    let first = tab.address();
    let (key, code) = match tab.evaluate("!!document.querySelector('main a[rel=prev]')").as_bool() {
        Some(true) => ("ArrowLeft", 37),
        _ => ("ArrowRight", 39),
    };
    // In the selection of views they select.
    tab.evaluate("document.activeElement.blur(); window.isLeft = true");
    tab.press(key, code);
    tab.until("!window.isLeft && document.readyState === 'complete'", "another comparison");
    assert!(tab.address() != first && tab.address().contains("/diff?"), "{}", tab.address());
    // The newer side, as text and as it was.
    tab.follow(".when p a:last-of-type");
    assert!(tab.address().contains("/capture?"), "{}", tab.address());
    let headline = tab.evaluate("document.querySelector('h1').textContent");
    let at = tab.address().split("at=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    tab.follow(".views a.strong");
    let replayed = tab.address();
    assert!(replayed.contains("/web/") && replayed.ends_with(STORY), "{replayed}");
    assert_eq!(!replayed.starts_with(&server.reader), has_own_origin, "{replayed}");
    let words = tab.evaluate("document.body.innerText");
    assert!(text(&words).contains(text(&headline)), "{words}");
    let banner =
        tab.evaluate("document.querySelector('pressmark-banner').getBoundingClientRect().height");
    assert!(banner.as_f64() > Some(20.0), "the banner is {banner} high");
    // From the banner to the citation of what is shown.
    tab.follow_inside("/cite?");
    assert!(tab.address().starts_with(&format!("{}/cite?", server.reader)), "{}", tab.address());
    // Versions of the same second are kept distinct on the way.
    assert!(tab.address().contains(&at), "{} is not of {at}", tab.address());
    let cited = tab.evaluate("document.querySelector('pre.copy').textContent");
    assert!(text(&cited).contains(text(&headline)), "{cited}");
    // A click selects a whole citation.
    let place = tab.evaluate(
        "(() => { const e = document.querySelector('pre.copy'); getSelection().selectAllChildren(e); return getComputedStyle(e).userSelect; })()",
    );
    assert_eq!(text(&place), "all");
    let bundle = tab.evaluate("document.querySelector('a[download]').getAttribute('href')");
    assert!(text(&bundle).starts_with("/archive/api/prove?url="), "{bundle}");
}

#[test]
fn a_reader_goes_from_the_timeline_to_the_page_as_it_was_and_to_its_citation() {
    walk(true);
}

#[test]
fn the_same_without_a_separate_origin_for_replay() {
    walk(false);
}

/// What is wrong with a page for a reader with a narrow window, a keyboard or a screen reader.
const PROBLEMS: &str = r#"(() => {
  const out = [], all = (s) => [...document.querySelectorAll(s)];
  const shown = (e) => e.getClientRects().length > 0;
  const name = (e) => (e.getAttribute('aria-label') || (e.getAttribute('aria-labelledby') || '').split(' ')
    .map((id) => document.getElementById(id)?.textContent || '').join(' ') || e.textContent || e.title || '').trim();
  const doc = document.documentElement;
  // On a telephone the window gets as wide as the content that does not fit into it.
  const width = doc.clientWidth;
  if (doc.scrollWidth > width) {
    const wide = all('body *').filter((e) => e.getBoundingClientRect().right > width + 1).slice(0, 3);
    out.push(`scrolls sideways: ${doc.scrollWidth} of ${width}: ${wide.map((e) => e.outerHTML.slice(0, 80))}`);
  }
  if (!doc.lang) out.push('no language');
  if (!document.title.trim()) out.push('no title');
  if (all('main').length !== 1) out.push('not one main part');
  const heads = all('h1, h2, h3, h4, h5, h6').filter(shown).map((e) => +e.tagName[1]);
  if (heads.filter((n) => n === 1).length !== 1) out.push(`${heads.filter((n) => n === 1).length} headings of level 1`);
  heads.forEach((n, at) => { if (at && n > heads[at - 1] + 1) out.push(`a heading of level ${n} after one of ${heads[at - 1]}`); });
  for (const e of all('a[href], button, summary')) {
    if (shown(e) && !name(e) && !e.querySelector('title')) out.push(`no name: ${e.outerHTML.slice(0, 80)}`);
  }
  for (const e of all('input:not([type=hidden]), select, textarea')) {
    if (!e.labels?.length && !e.getAttribute('aria-label')) out.push(`no label: ${e.outerHTML.slice(0, 80)}`);
  }
  for (const e of all('img:not([alt]), svg:not([role=img]):not([aria-hidden=true])')) out.push(`no words: ${e.outerHTML.slice(0, 80)}`);
  for (const e of all('nav')) if (!e.getAttribute('aria-label')) out.push(`a navigation without a name`);
  const ids = all('[id]').map((e) => e.id);
  ids.filter((id, at) => ids.indexOf(id) !== at).forEach((id) => out.push(`the id ${id} stands twice`));
  for (const e of all('[aria-labelledby], label[for]')) {
    for (const id of (e.getAttribute('aria-labelledby') || e.htmlFor).split(' ')) {
      if (!document.getElementById(id)) out.push(`nothing has the id ${id}`);
    }
  }
  const first = all('a[href], button, input')[0];
  if (!first?.classList.contains('skip')) out.push('the first thing is no way to the content');
  else if (!document.querySelector(first.getAttribute('href'))) out.push('the way to the content leads nowhere');
  for (const e of all('table')) if (!e.querySelector('th')) out.push('a table without heads');
  return out;
})()"#;

/// Text with too little contrast to its background (WCAG 2.2, section 1.4.3: 4.5 to 1; 3 to 1 where it is large).
const FAINT: &str = r#"(() => {
  const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return [m[0], m[1], m[2], m[3] ?? 1]; };
  const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const lum = (c) => c.slice(0, 3).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => { let c = [0, 0, 0, 0]; for (; e; e = e.parentElement) {
    const own = parse(getComputedStyle(e).backgroundColor); c = c[3] ? over(c, own) : own; if (c[3] === 1) return c; }
    return over(c, matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1]); };
  const out = new Set();
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.getClientRects().length || e.closest('.unseen, svg')) continue;
    const s = getComputedStyle(e), size = parseFloat(s.fontSize);
    const large = size >= 24 || (size >= 18.66 && +s.fontWeight >= 700);
    const b = ground(e), f = over(parse(s.color), b);
    const [hi, lo] = [lum(f), lum(b)].sort((x, y) => y - x);
    const ratio = (hi + 0.05) / (lo + 0.05);
    if (ratio < (large ? 3 : 4.5)) out.add(`${ratio.toFixed(2)}: ${e.tagName} .${e.className} "${e.textContent.trim().slice(0, 30)}"`);
  }
  return [...out].slice(0, 5);
})()"#;

#[test]
fn every_page_fits_a_telephone_and_a_screen_and_has_accessible_names() {
    let Some(mut browser) = browser() else { return };
    let server = Server::start(true);
    let root = &server.reader;
    let pictures = std::env::var_os("PRESSMARK_SCREENSHOTS").map(PathBuf::from);
    let mut tab = Tab::open(&mut browser);
    tab.width(1600);
    tab.go(&format!("{root}/page?url={STORY}"));
    let link = |tab: &mut Tab<'_>, selector: &str| {
        let script = format!("document.querySelector({selector:?}).href");
        tab.evaluate(&script).as_str().unwrap().to_owned()
    };
    let diff = link(&mut tab, ".history a[href*='/diff?']");
    let capture = link(&mut tab, ".history a[href*='/capture?']");
    let replay = link(&mut tab, ".history a[href*='/web/']");
    tab.go(&format!("{root}/stories"));
    let story = link(&mut tab, "main a[href*='/story?']");
    let pages = [
        ("front", format!("{root}/")),
        ("page", format!("{root}/page?url={STORY}")),
        ("calendar", format!("{root}/calendar?url={STORY}")),
        ("captures", format!("{root}/captures?url={STORY}")),
        ("capture", capture),
        ("diff", diff.clone()),
        ("diff-side", format!("{diff}&view=side")),
        ("blame", format!("{root}/blame?url={STORY}")),
        ("quotes", format!("{root}/quotes?url={STORY}")),
        ("cite", format!("{root}/cite?url={STORY}")),
        ("cite-missing", format!("{root}/cite?url={STORY}&quote=words+that+nobody+said")),
        ("prove", format!("{root}/prove?url={STORY}")),
        ("changes", format!("{root}/changes")),
        ("hosts", format!("{root}/hosts")),
        ("host", format!("{root}/host?host=courier.example")),
        ("search", format!("{root}/search?q=courier.example/harbour/*")),
        ("search-words", format!("{root}/search?q=ferry&in=words")),
        ("find", format!("{root}/search?q=")),
        ("speaker", format!("{root}/speaker?name=Ilse+Varga")),
        ("stories", format!("{root}/stories")),
        ("story", story),
        ("absent", format!("{root}/web/2031/{STORY}s")),
        ("nothing", format!("{root}/none")),
        ("wrong", format!("{root}/calendar?url={STORY}&year=soon")),
        ("replay", replay.clone()),
        ("replay-absent", replay.replace("ferry-contract", "ferry-contracts")),
    ];
    let mut problems = Vec::new();
    for (name, address) in &pages {
        let is_replay = name.starts_with("replay");
        tab.media("screen", "light");
        for width in [360, 1600] {
            tab.width(width);
            tab.go(address);
            for scheme in ["light", "dark"] {
                tab.media("screen", scheme);
                let mut note = |found: Value| {
                    for one in found.as_array().cloned().unwrap_or_default() {
                        problems.push(format!("{name} at {width}, {scheme}: {}", text(&one)));
                    }
                };
                if !is_replay {
                    note(tab.evaluate(PROBLEMS));
                    note(tab.evaluate(FAINT));
                }
                if let Some(dir) = &pictures {
                    tab.picture(&dir.join(format!("{name}-{width}-{scheme}.png")));
                }
            }
        }
        if let Some(dir) = &pictures {
            tab.width(794);
            tab.media("print", "light");
            tab.picture(&dir.join(format!("{name}-print.png")));
        }
        // What replay blocks in a page is not an error of the reader.
        let said = tab.complaints();
        let is_own = |said: &&String| {
            !is_replay && !["404", "400"].iter().any(|status| said.contains(status))
        };
        let said = said.iter().filter(is_own);
        problems.extend(said.map(|said| format!("{name}: {said}")));
    }
    problems.sort();
    problems.dedup();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
