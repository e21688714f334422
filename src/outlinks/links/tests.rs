use super::*;

fn found(html: &str) -> Vec<String> {
    let hints = Hints { url: Some("https://news.example/a/b.html"), ..Hints::default() };
    links_of_html(html.as_bytes(), &hints)
        .into_iter()
        .map(|l| {
            let kind = if l.kind == OutlinkKind::Link { "link" } else { "requisite" };
            format!("{} {kind} {}", l.hop.letter(), l.url.replace("https://news.example", ""))
        })
        .collect()
}

#[test]
fn every_place_that_names_an_address_is_read() {
    let cases: &[(&str, &[&str])] = &[
        (
            "<a href='../c?q=1#frag'>x</a><a href=#top>y</a><a href='mailto:a@b'>m</a>",
            &["L link /c?q=1"],
        ),
        ("<base href='/z/'><a href=q>x</a><area href=r>", &["L link /z/q", "L link /z/r"]),
        (
            "<img src=1.jpg srcset='2.jpg 2x, 3.jpg 640w' data-src=4.jpg>",
            &[
                "E requisite /a/1.jpg",
                "E requisite /a/2.jpg",
                "E requisite /a/3.jpg",
                "E requisite /a/4.jpg",
            ],
        ),
        (
            "<picture><source srcset='a.webp,b.webp 2x'><img data-srcset='c.jpg 1x'></picture>",
            &["E requisite /a/a.webp,b.webp", "E requisite /a/c.jpg"],
        ),
        (
            "<video src=v.mp4 poster=p.jpg><track src=t.vtt></video><iframe src=/f></iframe>",
            &[
                "E requisite /a/v.mp4",
                "E requisite /a/p.jpg",
                "E requisite /a/t.vtt",
                "E requisite /f",
            ],
        ),
        (
            "<link rel=stylesheet href=s.css><link rel='preload' as=image imagesrcset='i.png 1x'>\
          <link rel=modulepreload href=m.mjs><link rel=preconnect href=//cdn.example>",
            &["E requisite /a/s.css", "E requisite /a/i.png", "E requisite /a/m.mjs"],
        ),
        (
            "<link rel=canonical href=/c><link rel=alternate type=application/rss+xml href=/feed>\
          <link rel=sitemap href=/map.xml>",
            &["L link /c", "M link /feed", "M link /map.xml"],
        ),
        ("<meta http-equiv=Refresh content=\"3; URL='/next'\">", &["R link /next"]),
        (
            "<style>@import 'x.css'; b{background:url( \"y.png\" )}</style><p style='background:url(z.gif)'>",
            &["E requisite /a/x.css", "E requisite /a/y.png", "E requisite /a/z.gif"],
        ),
        (
            "<noscript><img src=n.png><a href=/n>x</a></noscript>",
            &["E requisite /a/n.png", "L link /n"],
        ),
        (
            "<script src=s.js></script><script type=application/ld+json>{\"url\":\"https://news.example/u\",\
          \"image\":[\"https://news.example/i.jpg\"]}</script>",
            &["E requisite /a/s.js", "X link /u", "X requisite /i.jpg"],
        ),
        ("<form action=/do><input type=image src=go.png></form>", &["E requisite /a/go.png"]),
        ("<a href='javascript:void(0)'>x</a><img src='data:image/png;base64,AAAA'>", &[]),
    ];
    for (html, want) in cases {
        assert_eq!(found(html), *want, "{html}");
    }
}

#[test]
fn a_style_sheet_gives_its_imports_fonts_and_pictures() {
    let css = b"/* url(no.png) */ @import url('a.css') screen; @font-face{src:url(f.woff2)format('woff2'),\
        url(\"g.ttf\")} .x{background:URL(data:image/png;base64,AA)} .y{content:'url(q)'}";
    let links = links_of_css(css, Some("https://e.example/css/s.css"));
    let urls: Vec<&str> = links.iter().map(|l| l.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "https://e.example/css/a.css",
            "https://e.example/css/f.woff2",
            "https://e.example/css/g.ttf",
        ]
    );
}

#[test]
fn an_address_is_listed_once_and_a_million_are_bounded() {
    let mut html = String::new();
    for i in 0..120_000 {
        html.push_str(&format!("<a href=/{i}><a href=/{i}>"));
    }
    assert_eq!(found(&html).len(), OUTLINKS_MAX);
    assert_eq!(found("<a href=/x><a href=/x#y>").len(), 1);
}
