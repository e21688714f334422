//! Whether a page is a shell: a page without text that scripts fill once it is in a browser.
//!
//! Owns that verdict, which is based on the document alone: hardly a sentence, scripts, and the place that they
//! fill or where the article is to stand, which is empty. It says that a reader sees more than was sent; deliberately not what.

use std::collections::HashSet;

use super::article;
use super::dom::{Dom, NodeId, Tag};
use super::flow::{Flow, RawBlock, Shape};
use super::page::Page;

/// More prose than this is an article, however short, in bytes.
const PROSE_BYTES_MAX: usize = 140;
/// More prose than this is a page that says something, whatever it is, in bytes: windows that ask for consent are
/// sent with shells, too.
const ALL_PROSE_BYTES_MAX: usize = 600;
/// More text of any kind than this is a page that shows something, where no empty place is found, in bytes.
const SHOWN_BYTES_MAX: usize = 400;
/// At most this many places are searched: more are not the place of one article.
const PLACES_MAX: usize = 16;
/// A sentence, however short, in bytes.
const SENTENCE_BYTES_MIN: usize = 25;
/// An empty place may say that it is loading, in bytes.
const EMPTY_BYTES_MAX: usize = 60;
/// Scripts of less than this build no page, in bytes.
const SCRIPT_BYTES_MIN: usize = 1_500;
/// At most this much of a remark for browsers without scripts is read, in bytes.
const REMARK_BYTES_MAX: usize = 2_000;

/// The ids that frameworks and their guides give to the place which scripts fill.
const ROOTS: &[&str] = &[
    "root",
    "app",
    "__next",
    "__nuxt",
    "___gatsby",
    "gatsby-focus-wrapper",
    "react-root",
    "reactroot",
    "app-root",
    "approot",
    "main-app",
    "mainapp",
    "application",
    "svelte",
    "q-app",
    "ember-app",
    "vue-app",
    "mount",
    "app-mount",
    "spa",
    "page-app",
    "react-app",
    "reactapp",
    "__layout",
    "outlet",
    "page-root",
    "site-root",
    "appcontainer",
    "app-container",
    "wrapper-app",
    "single-spa-application",
    "main-root",
    "preact-root",
    "elm",
    "content-root",
];

/// Whether scripts are to fill the page. `page` is what was read of it.
pub fn is_shell(dom: &Dom, flow: &Flow, page: &Page) -> bool {
    if page.prose_bytes() > PROSE_BYTES_MAX || !has_scripts(dom) {
        return false;
    }
    let prose = |block: &RawBlock| article::prose_of(flow, block) as usize;
    let all: usize = flow.blocks.iter().filter(|b| !is_in_window(dom, b.node)).map(prose).sum();
    if all > ALL_PROSE_BYTES_MAX || says_something(dom, flow, page) {
        return false;
    }
    let shown = flow.text.len();
    has_empty_root(dom, is_named_root)
        || is_article_missing(dom)
        || shown <= SHOWN_BYTES_MAX
            && (shown <= EMPTY_BYTES_MAX && !has_heading(flow)
                || has_empty_root(dom, is_element_of_its_own)
                || asks_for_scripts(dom))
}

/// Whether a block is in a window that is laid over the page, as those that ask for consent.
fn is_in_window(dom: &Dom, node: NodeId) -> bool {
    std::iter::once(node).chain(dom.ancestors(node)).any(|id| {
        dom.tag(id) == Tag::Dialog
            || dom.attr(id, "aria-modal") == Some("true")
            || matches!(dom.attr(id, "role"), Some("dialog" | "alertdialog"))
    })
}

/// Whether the page has its story, however short that is: a headline with a sentence, or a place for the article with
/// a heading in it and no place for scripts. Beside it there may be places that scripts fill with other things.
fn says_something(dom: &Dom, flow: &Flow, page: &Page) -> bool {
    let headings =
        || flow.blocks.iter().filter(|block| matches!(block.shape, Shape::Heading(1 | 2)));
    if page.prose_bytes() >= SENTENCE_BYTES_MIN && headings().next().is_some() {
        return true;
    }
    // The picture of the day has a caption and no headline.
    let has_caption = |id: NodeId| {
        dom.walk(id).any(
            |step| matches!(step, super::dom::Step::Enter(node) if dom.tag(node) == Tag::Figcaption),
        )
    };
    let mut places = dom.elements().filter(|id| is_place_of_article(dom, *id)).take(PLACES_MAX);
    if places.any(has_caption) {
        return true;
    }
    let roots = dom.elements().filter(|id| is_named_root(dom, *id)).take(PLACES_MAX);
    let to_be_filled: HashSet<NodeId> =
        roots.filter(|id| is_empty(dom, *id)).flat_map(|id| dom.ancestors(id)).collect();
    headings().any(|block| {
        let mut up = std::iter::once(block.node).chain(dom.ancestors(block.node));
        let home = up.find(|id| is_place_of_article(dom, *id));
        home.is_some_and(|home| !to_be_filled.contains(&home))
    })
}

/// Whether an element is where the article of a page is, by its markup.
fn is_place_of_article(dom: &Dom, id: NodeId) -> bool {
    matches!(dom.tag(id), Tag::Main | Tag::Article) || dom.attr(id, "role") == Some("main")
}

/// Whether the places of the article are there and all empty: of text, and of media.
fn is_article_missing(dom: &Dom) -> bool {
    let places = dom.elements().filter(|id| is_place_of_article(dom, *id));
    let places: Vec<NodeId> = places.take(PLACES_MAX + 1).collect();
    (1..=PLACES_MAX).contains(&places.len())
        && places.iter().all(|id| is_empty(dom, *id) && !has_media(dom, *id))
}

fn has_media(dom: &Dom, id: NodeId) -> bool {
    dom.walk(id).any(|step| match step {
        super::dom::Step::Enter(node) => matches!(
            dom.tag(node),
            Tag::Img
                | Tag::Picture
                | Tag::Video
                | Tag::Audio
                | Tag::Iframe
                | Tag::Canvas
                | Tag::Table
        ),
        _ => false,
    })
}

/// Whether the page loads a script, or has one of its own that is long or brings something in; data do not count.
fn has_scripts(dom: &Dom) -> bool {
    let mut own = 0;
    for id in dom.elements().filter(|id| dom.tag(*id) == Tag::Script) {
        let kind = dom.attr(id, "type").unwrap_or_default().trim().to_ascii_lowercase();
        if !(kind.is_empty() || kind.contains("javascript") || kind == "module") {
            continue;
        }
        if kind == "module" || dom.attr(id, "src").is_some_and(|src| !is_counter(src)) {
            return true;
        }
        let text = dom.text_below(id, SCRIPT_BYTES_MIN);
        own += text.len();
        if own >= SCRIPT_BYTES_MIN || brings_something(&text) {
            return true;
        }
    }
    false
}

/// Whether a script loads another one, asks the server for something, or adds to the page, however short it is.
fn brings_something(script: &str) -> bool {
    const CALLS: [&str; 12] = [
        "import(",
        "fetch(",
        "XMLHttpRequest",
        "EventSource(",
        "WebSocket(",
        "Worker(",
        "createElement(",
        "appendChild(",
        "insertAdjacentHTML",
        "innerHTML",
        "document.write(",
        "replaceWith(",
    ];
    CALLS.iter().any(|call| script.contains(call)) && !is_counter(script)
}

/// Whether a script, by its address or its text, counts readers and builds nothing.
fn is_counter(src: &str) -> bool {
    [
        "googletagmanager",
        "google-analytics",
        "gtag/js",
        "matomo",
        "piwik",
        "plausible",
        "chartbeat",
        "fbevents",
        "hotjar",
        "clarity.ms",
        "scorecardresearch",
        "comscore",
        "goatcounter",
        "statcounter",
        "umami",
        "cloudflareinsights",
        "sentry",
        "newrelic",
        "NREUM",
        "serviceWorker.register",
    ]
    .iter()
    .any(|name| src.contains(name))
}

/// Whether a place that scripts fill is there and empty.
fn has_empty_root(dom: &Dom, is_root: impl Fn(&Dom, NodeId) -> bool) -> bool {
    dom.elements().any(|id| is_root(dom, id) && is_empty(dom, id))
}

/// Whether the page says what it is about: a film with a line of text is not a shell.
fn has_heading(flow: &Flow) -> bool {
    flow.blocks.iter().any(|block| matches!(block.shape, Shape::Heading(_)))
}

/// Whether an element has the id or an attribute of such a place.
fn is_named_root(dom: &Dom, id: NodeId) -> bool {
    const ATTRIBUTES: [&str; 6] = [
        "data-reactroot",
        "data-v-app",
        "ng-app",
        "data-ng-app",
        "ui-view",
        "data-server-rendered",
    ];
    let is_named = || {
        let name = dom.attr(id, "id").unwrap_or_default().to_ascii_lowercase();
        ROOTS.contains(&name.as_str())
    };
    matches!(dom.tag(id), Tag::Div | Tag::Main | Tag::Section)
        && (is_named() || ATTRIBUTES.iter().any(|name| dom.attr(id, name).is_some()))
}

/// Whether an element right in the body has a name of its own: `<app-root>`.
fn is_element_of_its_own(dom: &Dom, id: NodeId) -> bool {
    let in_body = dom.parent(id).is_some_and(|up| dom.tag(up) == Tag::Body);
    let name = dom.other_name(id);
    dom.tag(id) == Tag::Other && in_body && name.contains('-') && !name.starts_with("amp-")
}

/// Whether an element shows no text, except for a word that it is loading.
fn is_empty(dom: &Dom, id: NodeId) -> bool {
    let mut shown = 0;
    let mut walk = dom.walk(id);
    while let Some(step) = walk.next() {
        match step {
            super::dom::Step::Enter(node)
                if matches!(
                    dom.tag(node),
                    Tag::Script | Tag::Style | Tag::Noscript | Tag::Template | Tag::Svg
                ) =>
            {
                walk.skip_children(node);
            }
            super::dom::Step::Text(node) => shown += dom.text(node).trim().len(),
            _ => {}
        }
        if shown > EMPTY_BYTES_MAX {
            return false;
        }
    }
    true
}

/// Whether a remark for browsers without scripts says that they are needed, in any language: the word is the
/// same in all.
fn asks_for_scripts(dom: &Dom) -> bool {
    dom.elements().filter(|id| dom.tag(*id) == Tag::Noscript).any(|id| {
        let remark = dom.text_below(id, REMARK_BYTES_MAX).to_lowercase();
        remark.contains("javascript") || remark.contains("java script")
    })
}

#[cfg(test)]
mod tests {
    use crate::extract::page::PageKind;
    use crate::extract::{Hints, extract};

    fn kind(html: &str) -> PageKind {
        let hints = Hints {
            url: Some("https://news.example/2025/11/a-story-of-the-day"),
            ..Hints::default()
        };
        extract(html.as_bytes(), &hints).page.kind
    }

    const SCRIPT: &str = "<script type=module src=/assets/index-4f2a.js></script>";

    #[test]
    fn shells_of_frameworks_are_recognised() {
        for (what, html) in [
            ("vite", format!("<title>News</title><body><div id=root></div>{SCRIPT}")),
            ("create-react-app", "<title>News</title><noscript>You need to enable JavaScript to run this app.</noscript>\
                <div id=\"root\"></div><script defer src=\"/static/js/main.8f2c.js\"></script>".to_owned()),
            ("vue", format!("<title>News</title><noscript><strong>We're sorry but this doesn't work properly without \
                JavaScript enabled.</strong></noscript><div id=app></div>{SCRIPT}")),
            ("angular", "<title>News</title><app-root></app-root><script src=runtime.js type=module></script>".to_owned()),
            ("angular, loading", "<title>News</title><app-root>Loading…</app-root><script src=main.js></script>".to_owned()),
            ("next, client only", "<title>News</title><div id=__next></div><script id=__NEXT_DATA__ type=application/json>\
                {\"props\":{},\"page\":\"/\"}</script><script src=/_next/static/chunks/main.js defer></script>".to_owned()),
            ("nuxt, client only", format!("<title>News</title><div id=__nuxt></div>{SCRIPT}")),
            ("sveltekit, client only", "<title>News</title><body><div style='display: contents'></div><script>\
                {__sveltekit_1={base:''};Promise.all([import('/a.js'),import('/b.js')]).then(([k,a])=>{k.start(a,e)})}</script>\
                ".to_owned()),
            ("a loader", "<title>News</title><div id=root></div><script>var s=document.createElement('script');s.src='/app.js';\
                document.body.appendChild(s)</script>".to_owned()),
            ("an import", "<title>News</title><noscript>You need to enable JavaScript to run this app.</noscript><div></div>\
                <script>import('/app.js')</script>".to_owned()),
            ("a short script that asks", "<title>News</title><main id=story></main><script>fetch('/a.json').then(r=>r.json())\
                .then(a=>{document.getElementById('story').innerHTML=a.html})</script>".to_owned()),
            ("lit", "<title>News</title><news-app></news-app><script type=module src=/news-app.js></script>".to_owned()),
            ("import map", "<title>News</title><script type=importmap>{\"imports\":{}}</script><main id=app></main>\
                <script type=module>import {h} from 'preact'</script>".to_owned()),
            ("a frame of the site around an empty place", format!("<title>News</title><header><nav><a href=/a>World</a> \
                <a href=/b>Business and markets</a> <a href=/c>Sport</a></nav></header><div id=app></div><footer><p>© 2025 The Post. \
                All rights reserved.</p></footer>{SCRIPT}")),
        ] {
            assert_eq!(kind(&html), PageKind::Shell, "{what}");
        }
    }

    #[test]
    fn pages_that_show_something_are_none() {
        let text = "<p>The weir above the mill will be lowered by a metre, the river board told the town on Monday, and the \
            anglers who asked for it were glad.</p><p>The miller fears for his wheel and has collected eight hundred names \
            against the plan, which is to be heard in the autumn.</p>";
        for (what, html) in [
            ("rendered by the server", format!("<title>A</title><div id=__next><article><h1>A mill and its weir</h1>{text}</article></div>{SCRIPT}")),
            ("rendered, with a second place that is empty", format!("<title>A</title><div id=root><article><h1>A mill and its weir</h1>{text}</article>\
                </div><div id=app></div>{SCRIPT}")),
            ("short, without scripts", "<title>A</title><p>It is closed.</p>".to_owned()),
            ("short, with a counter", "<title>A</title><p>It is closed until Monday.</p><script async \
                src=https://www.googletagmanager.com/gtag/js?id=1></script>".to_owned()),
            ("short, with a counter of its own", "<title>A</title><p>It is closed.</p><script>(function(w,d,s,l,i){var f=d.\
                getElementsByTagName(s)[0],j=d.createElement(s);j.src='https://www.googletagmanager.com/gtm.js?id='+i;f.parentNode.\
                insertBefore(j,f)})(window,document,'script','dataLayer','GTM-1')</script>".to_owned()),
            ("short, with a menu", "<title>A</title><h1>The weir is closed</h1><p>It is closed until Monday.</p><script>\
                document.querySelector('nav').innerHTML='<a href=/>Home</a>'</script>".to_owned()),
            ("short, with scripts", format!("<title>A</title><h1>The weir is closed until Monday</h1><p>It is closed until Monday, the town said, \
                and will be open again on Tuesday.</p>{SCRIPT}")),
            ("a picture, beside elements of their own", format!("<title>A</title><nav>{}</nav><h1>How the weir was lowered</h1><figure>\
                <img src=a.jpg><figcaption>The weir above the mill on Monday.</figcaption></figure><cookie-banner></cookie-banner>{SCRIPT}",
                "<a href=/a>Business and markets</a> ".repeat(20))),
            ("a player", format!("<title>A</title><h1>How the weir was lowered</h1><p>A film of two minutes.</p><div id=player></div>{SCRIPT}")),
            ("a wall", "<title>Just a moment...</title><div id=app></div><p>Checking your browser before accessing the site. \
                Enable JavaScript and cookies to continue</p><script src=/cdn-cgi/challenge.js></script>".to_owned()),
            ("the article in its data", format!("<title>A mill and its weir</title><div id=root></div><script type=application/ld+json>\
                {{\"@type\":\"NewsArticle\",\"headline\":\"A mill and its weir\",\"articleBody\":\"{}\"}}</script>{SCRIPT}",
                text.replace("<p>", "").replace("</p>", "\\n"))),
        ] {
            assert_ne!(kind(&html), PageKind::Shell, "{what}");
        }
    }
}
