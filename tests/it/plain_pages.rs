//! Pages that are sent with their content, however little that is, as outlets build them: hardly any of these is
//! classified as a shell. And shells whose frame is sent with text, which are.
//!
//! Every kind of page is put into every frame: [`pages`] has more than two hundred.

use pressmark::extract::page::PageKind;
use pressmark::extract::{Hints, extract};

/// A kind of page: its name, the content of its head, and the content in the place of the article.
type Kind = (&'static str, &'static str, &'static str);

const ARTICLE: &str = "<meta property=og:type content=article>";

/// The contents of pages, from a single sentence up.
const KINDS: [Kind; 22] = [
    (
        "a brief",
        ARTICLE,
        "<article><h1>Weir at Marlow closed</h1><p>The weir at Marlow is closed until Friday, the river board said.</p></article>",
    ),
    (
        "a brief in blocks without a name",
        "",
        "<div class=story><h1>Weir at Marlow closed</h1><div class=body><p>The weir at Marlow is closed until Friday.</p></div></div>",
    ),
    (
        "a flash",
        ARTICLE,
        "<main><h1>Breaking: dam gives way above Marlow</h1><p>This is a breaking story. More follows.</p></main>",
    ),
    (
        "a live blog that has just begun",
        "<script type=application/ld+json>{\"@type\":\"LiveBlogPosting\",\"headline\":\"Flood at Marlow: live\"}</script>",
        "<main><h1>Flood at Marlow: live</h1><div class=post><time>09:12</time><p>The bridge is closed.</p></div></main>",
    ),
    (
        "a live blog",
        "",
        "<main><h1>Flood at Marlow: live</h1><div class=post><time>11:40</time><h2>Bridge open again</h2><p>The bridge at Marlow is open \
         to one lane, the council says.</p></div><div class=post><time>10:05</time><p>Two boats were torn from the quay and are being \
         looked for.</p></div><div class=post><time>09:12</time><p>The bridge is closed.</p></div></main>",
    ),
    (
        "a film",
        "<meta property=og:type content=video.other>",
        "<main><h1>Watch: how the weir was lowered</h1><div id=player data-video=81723></div><p>Two minutes, filmed on Monday.</p></main>",
    ),
    (
        "a film without a word beside its headline",
        "<meta property=og:type content=video.other>",
        "<main><h1>Watch: how the weir was lowered</h1><div id=player><video src=/weir.mp4 controls></video></div></main>",
    ),
    (
        "a broadcast to listen to",
        "",
        "<main><h1>The Mill Hour, 14 May</h1><audio src=/mill-hour.mp3 controls></audio><p>With Ann Lee and Piet Hals.</p></main>",
    ),
    (
        "a gallery",
        ARTICLE,
        "<main><h1>The flood in pictures</h1><figure><img src=1.jpg><figcaption>The mill on Monday.</figcaption></figure><figure><img \
         src=2.jpg><figcaption>Boats at the quay.</figcaption></figure><figure><img src=3.jpg><figcaption>The bridge, closed.</figcaption>\
         </figure></main>",
    ),
    (
        "a gallery without captions",
        ARTICLE,
        "<main><h1>The flood in pictures</h1><img src=1.jpg alt=''><img src=2.jpg alt=''><img src=3.jpg alt=''></main>",
    ),
    (
        "the picture of the day",
        "",
        "<main><figure><img src=1.jpg><figcaption>Monday's picture: the mill at dawn. Photo: Ann Lee</figcaption></figure></main>",
    ),
    (
        "the start of an article behind a wall",
        "<script type=application/ld+json>{\"@type\":\"NewsArticle\",\"headline\":\"Who pays for the weir\",\"isAccessibleForFree\":false}</script>",
        "<article><h1>Who pays for the weir</h1><p>The river board has no money, and the town has no plan.</p><div class=paywall><h2>Read \
         on with a subscription</h2><a href=/subscribe>From 4 a month</a></div></article>",
    ),
    (
        "a headline behind a wall",
        "",
        "<article><h1>Who pays for the weir</h1><div class=paywall><p>This article is for subscribers.</p><a href=/subscribe>Subscribe</a></div></article>",
    ),
    (
        "an article in its data alone",
        "<script type=application/ld+json>{\"@type\":\"NewsArticle\",\"headline\":\"Mill town argues over its weir\",\"articleBody\":\"The weir \
         above the mill will be lowered by a metre, the river board told the town on Monday, and the anglers who asked for it were glad. The \
         miller fears for his wheel and has collected eight hundred names against the plan, which is to be heard in the autumn.\"}</script>",
        "<div class=article-body></div>",
    ),
    (
        "a letter",
        "",
        "<main><h1>Letter: leave the weir alone</h1><p>Sir, leave it alone.</p><p>J. Reed, Marlow</p></main>",
    ),
    (
        "a correction",
        "",
        "<main><h1>Correction</h1><p>Our report of 12 May gave the height of the weir as three metres. It is two.</p></main>",
    ),
    (
        "the weather",
        "",
        "<main><h1>Weather for Marlow</h1><table><tr><th>Mon</th><td>14°</td><td>rain</td></tr><tr><th>Tue</th><td>17°</td><td>dry</td></tr></table></main>",
    ),
    (
        "a result",
        "",
        "<main><h1>Marlow 2, Senn 1</h1><table><tr><td>12'</td><td>Reed</td></tr><tr><td>40'</td><td>Hals</td></tr><tr><td>88'</td><td>Lee</td></tr></table></main>",
    ),
    (
        "a cartoon",
        "",
        "<main><h1>Ann Lee on the weir</h1><img src=/cartoon.png alt='A miller looks at his wheel'></main>",
    ),
    (
        "pages on a subject",
        "",
        "<main><h1>Weir</h1><ul><li><a href=/1>Who pays for the weir</a></li><li><a href=/2>Weir at Marlow closed</a></li><li><a href=/3>How \
         the weir was lowered</a></li></ul></main>",
    ),
    (
        "who writes",
        "",
        "<main><h1>Ann Lee</h1><p>Reporter in Marlow.</p><ul><li><a href=/1>Who pays for the weir</a></li></ul></main>",
    ),
    (
        "a form",
        "",
        "<main><h1>Letters of the Post</h1><p>The mornings news by mail.</p><form><input type=email name=mail><button>Sign up</button></form></main>",
    ),
];

const NAV: &str = "<header><a href=/>The Weir Post</a><nav><a href=/world>World</a> <a href=/business>Business</a> <a href=/sport>Sport</a> \
    <a href=/culture>Culture</a></nav></header>";
const FOOTER: &str = "<footer><a href=/about>About us</a> <a href=/privacy>Privacy</a><p>© The Weir Post</p></footer>";
const MODULE: &str = "<script type=module src=/assets/index-4f2a.js></script>";

/// The frames of sites: the markup before and after the place of the article.
fn frames() -> Vec<(&'static str, String, String)> {
    let of = |name, before: &str, behind: &str| (name, before.to_owned(), behind.to_owned());
    vec![
        of(
            "jquery",
            NAV,
            &format!(
                "{FOOTER}<script src=/js/jquery.min.js></script><script src=/js/site.js></script>"
            ),
        ),
        of(
            "next",
            &format!("<div id=__next>{NAV}"),
            &format!(
                "{FOOTER}</div><script id=__NEXT_DATA__ type=application/json>{{\"props\":{{}}}}</script>\
                <script src=/_next/static/chunks/main.js defer></script>"
            ),
        ),
        of(
            "nuxt",
            &format!("<div id=__nuxt><div id=__layout>{NAV}"),
            &format!("{FOOTER}</div></div>{MODULE}"),
        ),
        of(
            "widgets beside the article",
            NAV,
            &format!(
                "<div id=app></div><div id=root></div><section id=comments></section>{FOOTER}{MODULE}"
            ),
        ),
        of(
            "a window that asks for consent",
            NAV,
            &format!(
                "{FOOTER}<div role=dialog><h2>Your privacy</h2><p>We and our 812 partners store information on your device and read \
                it, to measure what is read and to show advertisements.</p><button>Accept all</button><button>Reject all</button></div>{MODULE}"
            ),
        ),
        of(
            "elements of their own",
            "<site-header></site-header>",
            &format!("<related-stories></related-stories><site-footer></site-footer>{MODULE}"),
        ),
        of(
            "a remark for browsers without scripts",
            &format!("<noscript>Please enable JavaScript for the best experience.</noscript>{NAV}"),
            &format!("{FOOTER}{MODULE}"),
        ),
        of(
            "amp",
            NAV,
            &format!(
                "<amp-ad width=300 height=250></amp-ad>{FOOTER}<script async src=https://cdn.ampproject.org/v0.js></script>"
            ),
        ),
        of(
            "a server's page with a place for scripts above it",
            &format!("<div id=react-root></div>{NAV}"),
            &format!("{FOOTER}{MODULE}"),
        ),
        of("bare", "", MODULE),
    ]
}

/// Each kind in each frame, with a name.
pub fn pages() -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (frame, before, behind) in frames() {
        for (kind, head, body) in KINDS {
            let html = format!(
                "<!doctype html><html lang=en><head><meta charset=utf-8><title>{} - The Weir Post</title>{head}</head><body>{before}{body}{behind}\
                 </body></html>",
                if kind.contains("weather") { "Weather" } else { "Marlow" }
            );
            out.push((format!("{kind}, {frame}"), html));
        }
    }
    out
}

fn kind_of(html: &str) -> PageKind {
    let url = Some("https://weir-post.example/2025/05/marlow");
    let hints = Hints { url, status: Some(200), ..Hints::default() };
    extract(html.as_bytes(), &hints).page.kind
}

#[test]
fn of_pages_that_say_little_hardly_any_is_taken_for_a_shell() {
    let pages = pages();
    assert!(pages.len() >= 200);
    let shells: Vec<&String> = (pages.iter())
        .filter(|(_, html)| kind_of(html) == PageKind::Shell)
        .map(|(name, _)| name)
        .collect();
    assert!(
        shells.len() * 100 <= pages.len() * 2,
        "{} of {}: {shells:#?}",
        shells.len(),
        pages.len()
    );
}

/// Shells whose frame is sent with text: the place of the article is empty, whatever surrounds it.
#[test]
fn an_empty_place_for_the_article_is_a_shell_whatever_stands_around_it() {
    let menu: String =
        (0..40).map(|at| format!("<a href=/{at}>Section number {at} of the Post</a> ")).collect();
    for (what, body) in [
        (
            "menus around an empty main",
            format!("<div id=__next><header><nav>{menu}</nav></header><main></main>{FOOTER}</div>"),
        ),
        (
            "an empty article",
            format!(
                "<div id=root><header><nav>{menu}</nav></header><article class=story></article>{FOOTER}</div>"
            ),
        ),
        (
            "grey bars in place of words",
            format!(
                "{NAV}<main><div class=skeleton></div><div class=skeleton></div><span>Loading…</span></main>{FOOTER}"
            ),
        ),
        ("a place with a role", format!("<div id=page>{NAV}<div role=main></div>{FOOTER}</div>")),
    ] {
        let html = format!(
            "<!doctype html><html lang=en><head><title>Mill town argues - The Weir Post</title></head><body>{body}{MODULE}</body></html>"
        );
        assert_eq!(kind_of(&html), PageKind::Shell, "{what}");
    }
}
