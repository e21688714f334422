use proptest::prelude::*;

use super::*;
use crate::base::TargetUri;
use crate::replay::Site;

fn links() -> Links {
    let site = Site::new("http://localhost", "").unwrap();
    let document = TargetUri::parse("http://example.com/css/a.css").unwrap();
    Links::new(&site, &document, "2025", Modifier::Page)
}

fn rewritten(css: &str) -> String {
    let mut rewriter = CssRewriter::new(links());
    let mut out = rewriter.push(css.as_bytes());
    out.extend(rewriter.finish());
    // Shorter to read in the tables below.
    String::from_utf8(out).unwrap().replace("/web/2025", "")
}

#[test]
fn addresses_are_found_where_browsers_find_them() {
    let cases = [
        ("a{background:url(b.png)}", "a{background:url(im_/http://example.com/css/b.png)}"),
        ("a{background:URL( 'b.png' )}", "a{background:URL( 'im_/http://example.com/css/b.png' )}"),
        ("a{b:url(\t/x\n)}", "a{b:url(\tim_/http://example.com/x\n)}"),
        ("@import 'x.css';", "@import 'cs_/http://example.com/css/x.css';"),
        ("@IMPORT/**/\"x.css\" screen;", "@IMPORT/**/\"cs_/http://example.com/css/x.css\" screen;"),
        ("@import url(x.css) layer(a);", "@import url(cs_/http://example.com/css/x.css) layer(a);"),
        ("@import url('x.css');", "@import url('cs_/http://example.com/css/x.css');"),
        ("@\\69mport '//l.example/x';", "@\\69mport 'cs_/http://l.example/x';"),
        ("a{b:u\\72 l(//l.example/x)}", "a{b:u\\72 l(im_/http://l.example/x)}"),
        ("a{b:url(\\68ttp\\3a//l.example/x)}", "a{b:url(im_/http://l.example/x)}"),
        ("a{b:url('http:\\2f\\2fl.example\\\n/x')}", "a{b:url('im_/http://l.example/x')}"),
        (
            "@font-face{src:url(x.woff)}a{b:url(y)}",
            "@font-face{src:url(oe_/http://example.com/css/x.woff)}a{b:url(im_/http://example.com/css/y)}",
        ),
        (
            "a{b:image-set('x' 1x type('y'), url(z) 2x)}",
            "a{b:image-set('im_/http://example.com/css/x' 1x type('y'), url(im_/http://example.com/css/z) 2x)}",
        ),
        (
            "a{b:-webkit-image-set(\"x\" 1x)}",
            "a{b:-webkit-image-set(\"im_/http://example.com/css/x\" 1x)}",
        ),
        ("a{b:src('x')}", "a{b:src('im_/http://example.com/css/x')}"),
        ("@import url(http://l.example/x", "@import url(cs_/http://l.example/x"),
        ("@import 'http://l.example/x", "@import 'cs_/http://l.example/x"),
        ("a{b:url(x'y)}", "a{b:url(x'y)}"),
        ("a{b:url('x)y')}", "a{b:url('im_/http://example.com/css/x)y')}"),
        ("a{b:url(x\\)y)}", "a{b:url(im_/http://example.com/css/x\\)y)}"),
        ("a{b:url(\"x\\\"y\")}", "a{b:url(\"im_/http://example.com/css/x%22y\")}"),
        ("a{b:url('x?\\\\y')}", "a{b:url('im_/http://example.com/css/x?\\\\y')}"),
        ("a{b:url(/*x*/y)}", "a{b:url(im_/http://example.com/*x*/y)}"),
        ("a{--x:url(b)}", "a{--x:url(im_/http://example.com/css/b)}"),
        ("é{b:url(ü)}", "é{b:url(im_/http://example.com/css/%C3%BC)}"),
    ];
    for (css, expected) in cases {
        assert_eq!(rewritten(css), expected, "{css}");
    }
}

#[test]
fn what_is_no_address_passes() {
    let same = [
        "",
        "/* url(x) @import 'y'; */",
        "a{b:'url(x)';c:\"@import\"}",
        "a::after{content:'http://l.example/'}",
        "@namespace svg url(http://www.w3.org/2000/svg);",
        "@namespace 'http://www.w3.org/1999/xhtml';",
        "@charset \"utf-8\";",
        "a{b:url(#x);c:url();d:url('')}",
        "a{b:url(data:image/png;base64,AA)}",
        "a{b:xurl(y)}",
        "a{b:url-prefix(y)}",
        "a{b:1url(y)}",
        "#url(y)",
        "@import x 'y';",
        "@import;'y'",
        "a{b:url(x y)}",
        "a{b:'x\ny'}",
        "/* never closed url(x)",
        "a{b:url('x\n') }",
        "\\",
        "a{b:type('x')}",
        "/",
    ];
    for css in same {
        assert_eq!(rewritten(css), css);
    }
}

#[test]
fn a_namespace_ends_with_its_rule() {
    assert_eq!(
        rewritten("@namespace a 'b';c{d:url(e)}"),
        "@namespace a 'b';c{d:url(im_/http://example.com/css/e)}"
    );
}

#[test]
fn tokens_that_are_too_long_pass_and_what_follows_is_read() {
    let long = "x".repeat(TOKEN_BYTES_MAX + 10);
    let tail = "}b{c:url(d)}";
    let rewritten_tail = "}b{c:url(im_/http://example.com/css/d)}";
    for token in [
        format!("a{{b:url({long})"),
        format!("a{{b:url('{long}')"),
        format!("a{{b:'{long}'"),
        format!("/*{long}*/"),
        format!("a{{{long}:c"),
        format!("@import '{long}';"),
    ] {
        for size in [7, 4_096, TOKEN_BYTES_MAX, usize::MAX] {
            // Small pieces of a long token are read repeatedly.
            let size = if size == 7 { 1_021 } else { size };
            let css = format!("{token}{tail}");
            let mut rewriter = CssRewriter::new(links());
            let mut out = Vec::new();
            for piece in css.as_bytes().chunks(size.min(css.len())) {
                out.extend(rewriter.push(piece));
            }
            out.extend(rewriter.finish());
            let out = String::from_utf8(out).unwrap().replace("/web/2025", "");
            assert!(out == format!("{token}{rewritten_tail}"), "{}, {size}", &token[..10]);
        }
    }
}

#[test]
fn bytes_of_other_encodings_pass_and_addresses_are_decoded() {
    let mut rewriter = CssRewriter::new(links()).with_encoding(encoding_rs::WINDOWS_1252);
    let mut out = rewriter.push(b"\xe9{b:url(\xe9)}");
    out.extend(rewriter.finish());
    assert_eq!(out, b"\xe9{b:url(/web/2025im_/http://example.com/css/%C3%A9)}");
}

/// Pieces of CSS in surprising combinations.
fn css_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("url("),
        Just("u\\72l("),
        Just("'"),
        Just("\""),
        Just("\\"),
        Just("\n"),
        Just("\r\n"),
        Just("/*"),
        Just("*/"),
        Just("@import "),
        Just("@namespace "),
        Just("image-set("),
        Just("("),
        Just(")"),
        Just("{"),
        Just("}"),
        Just(";"),
        Just("http://l.example/"),
        Just("x"),
        Just("é"),
        Just(" "),
        Just("\\68"),
        Just("#"),
        Just("\0"),
        Just("-"),
        Just("*"),
        Just("/"),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn in_pieces(css: &str, sizes: &[usize], links: &Links) -> Vec<u8> {
    let mut rewriter = CssRewriter::new(links.clone());
    let (mut out, mut rest, mut turn) = (Vec::new(), css.as_bytes(), 0);
    while !rest.is_empty() {
        let size = sizes.get(turn % sizes.len().max(1)).copied().unwrap_or(1).clamp(1, rest.len());
        let (piece, after) = rest.split_at(size);
        out.extend(rewriter.push(piece));
        rest = after;
        turn += 1;
    }
    out.extend(rewriter.finish());
    out
}

proptest! {
    #[test]
    fn how_the_input_is_cut_makes_no_difference(css in css_text(), sizes in proptest::collection::vec(1_usize..5, 1..6)) {
        let links = links();
        prop_assert_eq!(in_pieces(&css, &sizes, &links), in_pieces(&css, &[usize::MAX], &links));
    }

    #[test]
    fn identity_changes_no_byte(css in css_text()) {
        prop_assert_eq!(in_pieces(&css, &[3], &Links::identity()), css.into_bytes());
    }

    #[test]
    fn no_address_of_the_live_web_is_left_for_another_reader_of_css(css in css_text()) {
        let out = in_pieces(&css, &[usize::MAX], &links());
        let out = String::from_utf8_lossy(&out).into_owned();
        let mut input = cssparser::ParserInput::new(&out);
        let mut found = Vec::new();
        addresses(&mut cssparser::Parser::new(&mut input), Within::Anything, &mut found);
        let live = |url: &String| url.trim().starts_with("http://l.");
        prop_assert!(!found.iter().any(live), "{:?} in {:?}", found, out);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Within {
    Anything,
    Address,
    Names,
}

/// The addresses that another CSS parser finds.
fn addresses(parser: &mut cssparser::Parser<'_, '_>, within: Within, found: &mut Vec<String>) {
    use cssparser::Token;
    let mut rule = Within::Anything;
    while let Ok(token) = parser.next().cloned() {
        let next = match &token {
            Token::UnquotedUrl(url) if rule != Within::Names => {
                found.push(url.to_string());
                Within::Anything
            }
            Token::QuotedString(text) if within == Within::Address || rule == Within::Address => {
                found.push(text.to_string());
                Within::Anything
            }
            Token::AtKeyword(name) if name.eq_ignore_ascii_case("import") => Within::Address,
            Token::AtKeyword(name) if name.eq_ignore_ascii_case("namespace") => Within::Names,
            Token::Semicolon | Token::CurlyBracketBlock => Within::Anything,
            _ if rule == Within::Names => Within::Names,
            _ => Within::Anything,
        };
        let inner = match &token {
            Token::Function(name) if rule == Within::Names && name.eq_ignore_ascii_case("url") => {
                Some(Within::Anything)
            }
            Token::Function(name) => {
                let names = ["url", "src", "image-set", "-webkit-image-set"];
                let takes = names.iter().any(|known| name.eq_ignore_ascii_case(known));
                Some(if takes { Within::Address } else { Within::Anything })
            }
            Token::ParenthesisBlock | Token::SquareBracketBlock | Token::CurlyBracketBlock => {
                Some(Within::Anything)
            }
            _ => None,
        };
        if let Some(inner) = inner {
            let _ = parser.parse_nested_block(|inner_parser| {
                addresses(inner_parser, inner, found);
                Ok::<(), cssparser::ParseError<'_, ()>>(())
            });
        }
        rule = next;
    }
}
