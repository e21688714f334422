//! A page that scripts fill, recorded by a crawl and seen in both views.

use std::sync::Arc;

use pressmark::schedule::BrowserUse;
use pressmark::serve::Moment;

use super::exact::seen;
use super::pages::looking;
use super::proxy::Through;
use super::rerouted::{chromium, serving};
use super::tab::Tab;
use crate::lab::Lab;
use crate::rendering::{HOST, PARAGRAPH, browser, site, spec};

#[test]
fn a_page_that_a_crawl_has_rendered_is_seen_as_it_was_in_both_views() {
    let Some((options, _one)) = browser() else { return };
    let mut lab = Lab::new(&[HOST]);
    lab.options.browser = Arc::new(looking(options.clone()));
    site(&lab);
    let (_, result) = lab.run(&[spec(BrowserUse::WhenNeeded, &["/2025/weir"])]);
    assert_eq!(result.notes, [] as [String; 0]);
    let root = lab.dir.path().join("archive");
    let page = format!("http://{HOST}/2025/weir");
    let asked = lab.asked().len();
    let through = Through::start(&root, Moment::Asked, &[]);
    let out = seen(&looking(options), &through, &page);
    assert_eq!(out.trouble, None);
    assert!(out.text.unwrap().contains(PARAGRAPH));
    // Parts that robots.txt excluded from the crawl are not held.
    let missing = through.proxy.traded().missing_parts;
    assert!(missing.iter().any(|part| part.url.ends_with("/private/secret.json")), "{missing:?}");
    let Some(mut browser) = chromium() else { return };
    let (_server, port) = serving(&root);
    let mut tab = Tab::open(&mut browser);
    tab.go(&format!("http://localhost:{port}/rerouted/2026/{page}"));
    let has_text = format!("document.body.innerText.includes({PARAGRAPH:?})");
    tab.until_inside(&has_text, "the article");
    // The site got no further requests.
    assert_eq!(lab.asked().len(), asked);
}
