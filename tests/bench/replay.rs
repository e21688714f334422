//! How fast replay rewrites.
//!
//!     cargo bench --bench replay [-- FOLDER]
//!
//! Rewrites every HTML file of FOLDER (or a page and a style sheet that it makes itself), again and again
//! for two seconds, and prints megabytes a second of each, on one core.

use std::error::Error;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use pressmark::base::TargetUri;
use pressmark::replay::{CssRewriter, HtmlOptions, HtmlRewriter, Links, Modifier, Site};

/// As much as a server reads at once.
const PIECE_BYTES: usize = 64 * 1024;

fn page() -> String {
    let mut out = String::from(
        "<!DOCTYPE html><html><head><title>News</title><link rel=stylesheet href=/a.css></head><body>",
    );
    for n in 0..600 {
        let _ = writeln!(
            out,
            "<article class=\"teaser teaser--large\" id=\"t{n}\"><a href=\"/news/2025/11/05/story-{n}.html?ref=front\" \
             class=\"link\"><img src=\"https://cdn.example/i/{n}-320.jpg\" srcset=\"https://cdn.example/i/{n}-320.jpg 320w, \
             https://cdn.example/i/{n}-640.jpg 640w\" alt=\"A picture\" loading=lazy><h2>The headline of story number {n}</h2></a>\
             <p>The council voted on Tuesday to keep the library open &amp; to pay for it with a levy on parking, which \
             nobody had asked for. Two members left the room before the vote was taken.</p></article>"
        );
    }
    out + "</body></html>"
}

fn style_sheet() -> String {
    let mut out = String::from("@import \"base.css\";\n");
    for n in 0..2_000 {
        let _ = writeln!(
            out,
            ".teaser-{n} > a:hover, .teaser-{n} .link{{color:#1a2b3c;margin:0 auto 1.5em;background:url(../i/{n}.png) no-repeat}}"
        );
    }
    out
}

fn measure(name: &str, bytes: &[u8], rewrite: impl Fn(&[u8]) -> usize) {
    let (start, mut runs, mut written) = (Instant::now(), 0_u32, 0);
    while start.elapsed() < Duration::from_secs(2) {
        written = rewrite(bytes);
        runs += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = bytes.len() as f64 * f64::from(runs) / 1e6;
    println!(
        "{name}: {} bytes in, {written} out, {:.0} MB/s, {:.2} ms each",
        bytes.len(),
        megabytes / seconds,
        seconds * 1e3 / f64::from(runs)
    );
}

fn main() -> Result<(), Box<dyn Error>> {
    let site = Site::new("http://127.0.0.1:8080", "")?;
    let document = TargetUri::parse("http://example.com/news/")?;
    let links = Links::new(&site, &document, "20251105000000", Modifier::Page);
    let html = |bytes: &[u8]| {
        let mut rewriter = HtmlRewriter::new(links.clone(), HtmlOptions::default());
        let pieces = bytes.chunks(PIECE_BYTES).map(|piece| rewriter.push(piece).len());
        let pushed: usize = pieces.sum();
        pushed + rewriter.finish().len()
    };
    let css = |bytes: &[u8]| {
        let mut rewriter = CssRewriter::new(links.clone());
        let pieces = bytes.chunks(PIECE_BYTES).map(|piece| rewriter.push(piece).len());
        let pushed: usize = pieces.sum();
        pushed + rewriter.finish().len()
    };
    match std::env::args().skip(1).find(|arg| arg != "--bench") {
        Some(folder) => {
            for file in std::fs::read_dir(folder)?.flatten() {
                let bytes = std::fs::read(file.path())?;
                measure(&file.file_name().to_string_lossy(), &bytes, html);
            }
        }
        None => {
            measure("page", page().as_bytes(), html);
            measure("style sheet", style_sheet().as_bytes(), css);
        }
    }
    Ok(())
}
