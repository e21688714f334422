use proptest::prelude::*;

use super::super::{Modifier, Site};
use super::*;
use crate::base::{TargetUri, Timestamp};

fn links() -> Links {
    let site = Site::new("http://localhost", "").unwrap();
    let document = TargetUri::parse("http://example.com/a/b").unwrap();
    Links::new(&site, &document, "2025", Modifier::Page)
}

fn in_pieces(html: &[u8], sizes: &[usize], links: Links, options: HtmlOptions) -> Vec<u8> {
    let mut rewriter = HtmlRewriter::new(links, options);
    let (mut out, mut rest, mut turn) = (Vec::new(), html, 0);
    while !rest.is_empty() {
        let size = sizes[turn % sizes.len()].clamp(1, rest.len());
        let (piece, after) = rest.split_at(size);
        out.extend(rewriter.push(piece));
        rest = after;
        turn += 1;
    }
    out.extend(rewriter.finish());
    out
}

fn rewritten(html: &str) -> String {
    let out = in_pieces(html.as_bytes(), &[usize::MAX], links(), HtmlOptions::default());
    // Shorter to read in the tables below.
    String::from_utf8(out).unwrap().replace("/web/2025", "")
}

#[test]
fn attributes_that_name_addresses_are_rewritten() {
    let cases = [
        ("<a href=x>", "<a href=\"/http://example.com/a/x\">"),
        (
            "<a\n  HREF='//l.example/?a&amp;b'  id=q>",
            "<a HREF=\"/http://l.example/?a&amp;b\" id=q>",
        ),
        ("<a href=http&#58;//l.example>", "<a href=\"/http://l.example/\">"),
        ("<a href=x href=y>", "<a href=\"/http://example.com/a/x\" href=y>"),
        ("<area href=x>", "<area href=\"/http://example.com/a/x\">"),
        (
            "<img src=x srcset='y 1x, z 2x' alt='http://l.example/'>",
            "<img src=\"im_/http://example.com/a/x\" srcset=\"im_/http://example.com/a/y 1x, im_/http://example.com/a/z 2x\" alt='http://l.example/'>",
        ),
        ("<img/src=x/>", "<img src=\"im_/http://example.com/a/x/\">"),
        (
            "<img lowsrc=x dynsrc=y longdesc=z>",
            "<img lowsrc=\"im_/http://example.com/a/x\" dynsrc=\"im_/http://example.com/a/y\" longdesc=\"/http://example.com/a/z\">",
        ),
        (
            "<script src=x integrity=y crossorigin></script>",
            "<script src=\"js_/http://example.com/a/x\"></script>",
        ),
        (
            "<script>location='http://l.example/'</script>",
            "<script>location='http://l.example/'</script>",
        ),
        ("<iframe src=x csp=y></iframe>", "<iframe src=\"if_/http://example.com/a/x\"></iframe>"),
        ("<frame src=x>", "<frame src=\"if_/http://example.com/a/x\">"),
        ("<portal src=x></portal>", "<portal src=\"if_/http://example.com/a/x\"></portal>"),
        (
            "<embed src=x pluginspage=y>",
            "<embed src=\"oe_/http://example.com/a/x\" pluginspage=\"/http://example.com/a/y\">",
        ),
        (
            "<object data=x codebase=y archive='p q'>",
            "<object data=\"oe_/http://example.com/a/x\" codebase=\"/http://example.com/a/y\" archive=\"oe_/http://example.com/a/p oe_/http://example.com/a/q\">",
        ),
        (
            "<param name=movie value=x><param name=other value=x>",
            "<param name=movie value=\"oe_/http://example.com/a/x\"><param name=other value=x>",
        ),
        (
            "<video src=x poster=y><source src=z><track src=t>",
            "<video src=\"oe_/http://example.com/a/x\" poster=\"im_/http://example.com/a/y\"><source src=\"oe_/http://example.com/a/z\"><track src=\"oe_/http://example.com/a/t\">",
        ),
        (
            "<input type=image src=x formaction=y><form action=z>",
            "<input type=image src=\"im_/http://example.com/a/x\" formaction=\"/http://example.com/a/y\"><form action=\"/http://example.com/a/z\">",
        ),
        ("<body background=x>", "<body background=\"im_/http://example.com/a/x\">"),
        ("<q cite=x>", "<q cite=\"/http://example.com/a/x\">"),
        ("<a ping='http://l.example/' attributionsrc=x id=y>", "<a id=y>"),
        (
            "<p style='background:url(x)'>",
            "<p style=\"background:url(im_/http://example.com/a/x)\">",
        ),
        (
            "<p style='background:url(&quot;x&quot;)'>",
            "<p style=\"background:url(&quot;im_/http://example.com/a/x&quot;)\">",
        ),
        ("<html manifest=x>", "<html manifest=\"oe_/http://example.com/a/x\">"),
    ];
    for (html, expected) in cases {
        assert_eq!(rewritten(html), expected, "{html}");
    }
}

#[test]
fn relations_say_what_a_link_is_for() {
    let cases = [
        ("stylesheet", "", "cs_"),
        ("alternate stylesheet", "", "cs_"),
        ("STYLESHEET", "", "cs_"),
        ("shortcut icon", "", "im_"),
        ("apple-touch-icon-precomposed", "", "im_"),
        ("preload", "as=style", "cs_"),
        ("preload", "as=script", "js_"),
        ("preload", "as=font", "oe_"),
        ("modulepreload", "", "js_"),
        ("preconnect", "", "oe_"),
        ("dns-prefetch", "", "oe_"),
        ("manifest", "", "oe_"),
        ("next", "", ""),
        ("prerender", "", ""),
    ];
    for (rel, more, modifier) in cases {
        let html = format!("<link rel='{rel}' href=\"http://l.example/x\" {more}>");
        let modified = format!("\"{modifier}/http://l.example/x\"");
        assert!(rewritten(&html).contains(&modified), "{html}: {}", rewritten(&html));
    }
    let canonical = "<link rel=canonical href=http://l.example/x>";
    assert_eq!(rewritten(canonical), canonical);
    let preload = rewritten("<link rel=preload as=image imagesrcset='x 1x' integrity=y>");
    assert_eq!(
        preload,
        "<link rel=preload as=image imagesrcset=\"im_/http://example.com/a/x 1x\">"
    );
}

#[test]
fn meta_elements_act_inside_the_archive_or_not_at_all() {
    let cases = [
        (
            "<meta http-equiv=refresh content='0;url=x'>",
            "<meta http-equiv=refresh content=\"0;url=/http://example.com/a/x\">",
        ),
        (
            "<meta http-equiv=REFRESH content=\"5; URL='x'\">",
            "<meta http-equiv=REFRESH content=\"5; URL='/http://example.com/a/x'\">",
        ),
        ("<meta http-equiv=refresh content=5>", "<meta http-equiv=refresh content=5>"),
        (
            "<meta http-equiv=Content-Security-Policy content=\"img-src 'none'\">",
            "<meta http-equiv=\"X-Archive-Orig-content-security-policy\" content=\"img-src 'none'\">",
        ),
        (
            "<meta http-equiv=set-cookie content=a=b>",
            "<meta http-equiv=\"X-Archive-Orig-set-cookie\" content=a=b>",
        ),
        (
            "<meta http-equiv=x-dns-prefetch-control content=on>",
            "<meta http-equiv=\"X-Archive-Orig-x-dns-prefetch-control\" content=on>",
        ),
        (
            "<meta name=referrer content=unsafe-url>",
            "<meta name=\"X-Archive-Orig-referrer\" content=unsafe-url>",
        ),
        ("<meta charset=utf-8>", "<meta charset=utf-8>"),
        (
            "<meta property=og:url content=http://l.example/>",
            "<meta property=og:url content=http://l.example/>",
        ),
    ];
    for (html, expected) in cases {
        assert_eq!(rewritten(html), expected, "{html}");
    }
}

#[test]
fn a_base_is_rewritten_and_counts_for_what_follows() {
    assert_eq!(
        rewritten(
            "<a href=x></a><base href='/d/' target=_top><a href=x></a><a href=#y></a><base href=/e/>"
        ),
        "<a href=\"/http://example.com/a/x\"></a><base href=\"/http://example.com/d/\" target=_top>\
         <a href=\"/http://example.com/d/x\"></a><a href=\"/http://example.com/d/#y\"></a>\
         <base href=\"/http://example.com/e/\">"
    );
}

#[test]
fn style_elements_and_svg_are_read() {
    let cases = [
        ("<style>a{b:url(x)}</style>", "<style>a{b:url(im_/http://example.com/a/x)}</style>"),
        (
            "<style>@import '//l.example/';</style>",
            "<style>@import 'cs_/http://l.example/';</style>",
        ),
        (
            "<svg><style>a{b:url(&quot;x&quot;)}</style></svg>",
            "<svg><style>a{b:url(\"im_/http://example.com/a/x\")}</style></svg>",
        ),
        (
            "<svg><image href=x xlink:href=y></image></svg>",
            "<svg><image href=\"im_/http://example.com/a/x\" xlink:href=\"im_/http://example.com/a/y\"></image></svg>",
        ),
        (
            "<svg><use href='x#y'/></svg>",
            "<svg><use href=\"im_/http://example.com/a/x#y\" /></svg>",
        ),
        ("<svg><use href='#y'/></svg>", "<svg><use href='#y'/></svg>"),
        (
            "<svg><a href=x></a><script href=x></script></svg>",
            "<svg><a href=\"/http://example.com/a/x\"></a><script href=\"js_/http://example.com/a/x\"></script></svg>",
        ),
        (
            "<svg><rect fill='url(x#y)' filter=url(#z) /></svg>",
            "<svg><rect fill=\"url(im_/http://example.com/a/x#y)\" filter=url(#z) /></svg>",
        ),
        (
            "<svg><set attributeName=href to=x /><animate attributeName=xlink:href values='x;y' /></svg>",
            "<svg><set attributeName=href to=\"im_/http://example.com/a/x\" /><animate attributeName=xlink:href values=\"im_/http://example.com/a/x;im_/http://example.com/a/y\" /></svg>",
        ),
        ("<svg><set attributeName=x to=y /></svg>", "<svg><set attributeName=x to=y /></svg>"),
        ("<math href=x></math>", "<math href=\"/http://example.com/a/x\"></math>"),
        (
            "<template shadowrootmode=open><img src=x></template>",
            "<template shadowrootmode=open><img src=\"im_/http://example.com/a/x\"></template>",
        ),
    ];
    for (html, expected) in cases {
        assert_eq!(rewritten(html), expected, "{html}");
    }
}

#[test]
fn documents_inside_documents_are_rewritten() {
    assert_eq!(
        rewritten("<iframe srcdoc='<img src=x><a href=y target=_top>'></iframe>"),
        "<iframe srcdoc=\"<img src=&quot;im_/http://example.com/a/x&quot;><a href=&quot;/http://example.com/a/y&quot; target=_top>\"></iframe>"
    );
    assert_eq!(
        rewritten(
            "<iframe srcdoc='&lt;iframe srcdoc=&quot;&amp;lt;img src=x&amp;gt;&quot;&gt;'></iframe>"
        ),
        "<iframe srcdoc=\"<iframe srcdoc=&quot;<img src=&amp;quot;im_/http://example.com/a/x&amp;quot;>&quot;>\"></iframe>"
    );
    assert_eq!(
        rewritten("<noscript><img src=x><style>a{b:url(y)}</style></noscript>"),
        "<noscript><img src=\"im_/http://example.com/a/x\"><style>a{b:url(im_/http://example.com/a/y)}</style></noscript>"
    );
    let options = HtmlOptions { scripts: Scripts::InFrames, ..HtmlOptions::default() };
    let html = b"<noscript><img src=x></noscript>";
    assert_eq!(in_pieces(html, &[99], links(), options), html);
}

#[test]
fn what_needs_no_rewriting_passes_byte_for_byte() {
    let same = [
        "",
        "<",
        "<!DOCTYPE html>\r\n<HTML\tLang = 'en' ><Body  \n>\0 x &amp; &nbsp; </BODY  ></hTml>",
        "<!-- <img src=x> --><!--><![CDATA[ <a href=x> ]]><?php <a href=x> ?>",
        "<textarea><img src=x></textarea><title><a href=x></title><xmp><img src=x></xmp>",
        "<script>'<a href=x>'</script><plaintext><a href=x>",
        "<a href='#x'><a href=''><a href=mailto:a@b.example><a href='javascript:void(0)'>",
        "<img src='data:image/gif;base64,R0lGOD'><a onclick=\"location='http://l.example/'\">",
        "<p style='color:red' data-src=http://l.example/x>",
        "<a href=x",
        "<img nonce=x>",
    ];
    for html in same {
        assert_eq!(rewritten(html), html);
    }
}

#[test]
fn pages_keep_their_encoding() {
    let options = HtmlOptions { encoding: encoding_rs::WINDOWS_1252, ..HtmlOptions::default() };
    let out =
        in_pieces(b"<p title=\xe9>\xe9\x81<a href='?\xe9' title=\xe9>", &[5], links(), options);
    let expected =
        b"<p title=\xe9>\xe9\x81<a href=\"/web/2025/http://example.com/a/b?%E9\" title=\xe9>";
    assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(expected));
    let options = HtmlOptions { encoding: encoding_rs::SHIFT_JIS, ..HtmlOptions::default() };
    // The second byte of the character is a backslash in ASCII.
    let out = in_pieces(b"<p style='a:\"\x83\x5c\";b:url(x)'>", &[3], links(), options);
    let expected =
        b"<p style=\"a:&quot;\x83\x5c&quot;;b:url(/web/2025im_/http://example.com/a/x)\">";
    assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(expected));
}

fn with_banner() -> HtmlOptions {
    let banner = Banner {
        url: "http://example.com/".to_owned(),
        captured: Timestamp::from_unix_seconds(0),
        ..Banner::default()
    };
    HtmlOptions { banner: Some(banner), ..HtmlOptions::default() }
}

#[test]
fn the_banner_stands_before_what_is_shown() {
    let cases = [
        (
            "<html><head><title>x</title></head><body class=y><p>",
            "<html><head><title>x</title></head><body class=y>",
            "<p>",
        ),
        ("<!DOCTYPE html><title>x</title><p>y", "<!DOCTYPE html><title>x</title>", "<p>y"),
        (
            "<head><template><div></div></template></head><div>",
            "<head><template><div></div></template></head>",
            "<div>",
        ),
        ("<noscript><p>x</p></noscript><p>", "<noscript><p>x</p></noscript>", "<p>"),
        ("<svg></svg>", "", "<svg></svg>"),
        ("only text", "only text", ""),
        ("", "", ""),
    ];
    for (html, before, after) in cases {
        let out = in_pieces(html.as_bytes(), &[usize::MAX], links(), with_banner());
        let out = String::from_utf8(out).unwrap();
        let (first, rest) = out.split_once("<pressmark-banner").unwrap_or_else(|| panic!("{html}"));
        let (_, last) = rest.split_once("</pressmark-banner>").unwrap();
        assert_eq!((first, last), (before, after), "{html}");
    }
}

#[test]
fn frames_have_the_banner_in_a_frame_of_its_own() {
    let html = "<html><frameset cols='1,2'><frame src=x></frameset></html>";
    let mut rewriter = HtmlRewriter::new(links(), with_banner());
    let mut out = rewriter.push(html.as_bytes());
    out.extend(rewriter.finish());
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "<html><frameset rows=\"64,*\" border=\"0\"><frame src=\"/web/2025bn_/http://example.com/a/b\" scrolling=\"auto\">\
         <frameset cols='1,2'><frame src=\"/web/2025if_/http://example.com/a/x\"></frameset></frameset></html>"
    );
    assert!(rewriter.report().has_frameset);
}

#[test]
fn the_banner_says_where_a_page_sends_its_readers() {
    for html in [
        "<meta http-equiv=refresh content='0;url=/x'><body>",
        "<noscript><meta http-equiv=refresh content='0;url=/x'></noscript><body>",
    ] {
        let out = in_pieces(html.as_bytes(), &[7], links(), with_banner());
        let out = String::from_utf8(out).unwrap();
        let text = "redirected its readers to <a href=\"/web/2025/http://example.com/x\"";
        assert!(out.contains(text), "{out}");
    }
}

#[test]
fn the_parts_that_a_browser_fetches_by_itself_are_noted() {
    use crate::replay::parts::Named;
    let html = "<base href=/b/><link rel=stylesheet href=s.css#x><link rel=stylesheet media=print href=p.css>\
        <link rel='alternate stylesheet' href=a.css><link rel=icon href=i.ico><link rel=preload href=l.js>\
        <body background=g.png><img src=1.png><img src=1.png srcset='2.png 2x'><img srcset='3.png 1x, 4.png 2x'>\
        <img src=data:,x><img data-src=5.png><img src=''><a href=page>x</a><script src=j.js></script>\
        <iframe src=f.html></iframe><iframe src=about:blank></iframe><video poster=v.png src=v.mp4></video>\
        <object data=o.swf></object><input type=image src=6.png><svg><image xlink:href=7.svg /></svg>\
        <noscript><img src=8.png></noscript>";
    let noted = |scripts: Scripts| {
        let named = Named::default();
        let options = HtmlOptions { scripts, ..HtmlOptions::default() };
        in_pieces(html.as_bytes(), &[7], links().noting(&named), options);
        let parts = named.parts().into_iter();
        let names = parts.map(|part| {
            let name = part.url.strip_prefix("http://example.com/b/").unwrap();
            format!("{}{name}", part.modifier.as_str())
        });
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        noted(Scripts::Never),
        "cs_s.css im_g.png im_1.png im_3.png if_f.html im_v.png oe_v.mp4 oe_o.swf im_6.png im_7.svg im_8.png"
    );
    // With scripts the content of `noscript` is not shown.
    assert_eq!(
        noted(Scripts::InFrames),
        "cs_s.css im_g.png im_1.png im_3.png js_j.js if_f.html im_v.png oe_v.mp4 oe_o.swf im_6.png im_7.svg"
    );
}

#[test]
fn a_tag_that_is_too_long_ends_the_rewriting_and_loses_nothing() {
    let options = HtmlOptions { held_bytes_max: 8 * 1024, ..HtmlOptions::default() };
    let html = format!("<a href=x><img src='data:,{}'><a href=y>", "x".repeat(20_000));
    let mut rewriter = HtmlRewriter::new(links(), options);
    let mut out = Vec::new();
    for piece in html.as_bytes().chunks(1_000) {
        out.extend(rewriter.push(piece));
    }
    out.extend(rewriter.finish());
    let out = String::from_utf8(out).unwrap();
    assert!(rewriter.report().is_cut);
    assert!(out == html.replace("<a href=x>", "<a href=\"/web/2025/http://example.com/a/x\">"));
}

/// Pieces of HTML in surprising combinations.
fn html_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<a href="),
        Just("<img src="),
        Just("<img srcset="),
        Just("<iframe srcdoc="),
        Just("<p style="),
        Just("<style>"),
        Just("</style>"),
        Just("<noscript>"),
        Just("</noscript>"),
        Just("<script>"),
        Just("</script>"),
        Just("<svg>"),
        Just("</svg>"),
        Just("<math>"),
        Just("<body>"),
        Just("<frameset>"),
        Just("<template>"),
        Just("</template>"),
        Just("<textarea>"),
        Just("<meta http-equiv=refresh content="),
        Just("<base href="),
        Just("'"),
        Just("\""),
        Just(">"),
        Just(" "),
        Just("/"),
        Just("http://l.example/"),
        Just("0;url="),
        Just("url(http://l.example/)"),
        Just("@import 'http://l.example/';"),
        Just("&amp;"),
        Just("&#104;ttp://l.example/"),
        Just("x"),
        Just("é"),
        Just("<!--"),
        Just("-->"),
        Just("<![CDATA["),
        Just("]]>"),
        Just("\0"),
        Just("="),
        Just("<select>"),
        Just("<table>"),
        Just("<use xlink:href="),
        Just("\n"),
        Just("1x, "),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn how_the_input_is_cut_makes_no_difference(html in html_text(), sizes in proptest::collection::vec(1_usize..7, 1..6)) {
        let whole = in_pieces(html.as_bytes(), &[usize::MAX], links(), with_banner());
        let cut = in_pieces(html.as_bytes(), &sizes, links(), with_banner());
        prop_assert_eq!(String::from_utf8_lossy(&cut), String::from_utf8_lossy(&whole));
    }

    #[test]
    fn identity_changes_no_byte(html in html_text(), size in 1_usize..9) {
        let out = in_pieces(html.as_bytes(), &[size], Links::identity(), HtmlOptions::default());
        prop_assert_eq!(String::from_utf8_lossy(&out), html);
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200), size in 1_usize..50) {
        for encoding in [UTF_8, encoding_rs::WINDOWS_1252, encoding_rs::GB18030] {
            let options = HtmlOptions { encoding, ..with_banner() };
            let _ = in_pieces(&bytes, &[size], links(), options);
        }
    }

    #[test]
    fn no_address_of_the_live_web_is_left_where_a_browser_fetches(html in html_text()) {
        let out = in_pieces(html.as_bytes(), &[usize::MAX], links(), HtmlOptions::default());
        let out = String::from_utf8_lossy(&out).into_owned();
        let live = |url: &String| url.trim().starts_with("http://l.");
        let found = fetches(&out);
        prop_assert!(!found.iter().any(live), "{:?} in {:?}", found, out);
    }
}

/// The fetched addresses found by a parser that builds the tree, as a browser does.
fn fetches(html: &str) -> Vec<String> {
    let dom = crate::extract::Dom::parse_without_scripts(html, &mut Vec::new());
    let mut found = Vec::new();
    for id in dom.elements() {
        for name in ["src", "href", "xlink:href", "poster", "background", "data", "srcset"] {
            let value = dom.attr(id, name).unwrap_or_default();
            found.extend(value.split(' ').map(str::to_owned));
        }
    }
    found
}
