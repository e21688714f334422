//! The Rust extractors of the speed bench: `peers NAME FOLDER PASSES`; see `../extract_speed.py`.
//! It is compiled in a crate of its own, never with ours.

use std::path::PathBuf;

fn extract(name: &str, page: &str) -> Option<usize> {
    match name {
        "trafilatura-rs" => {
            let found = trafilatura::extract(page, &trafilatura::Options::default()).ok()?;
            Some(found.content_text.len())
        }
        "dom_smoothie" => {
            let found = dom_smoothie::Readability::new(page, None, None).ok()?.parse().ok()?;
            Some(found.text_content.len())
        }
        _ => None,
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (name, folder, passes) = (&args[0], &args[1], args[2].parse().unwrap_or(0));
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("a file").path()).collect();
    paths.sort();
    let pages: Vec<Vec<u8>> = paths.iter().map(|p| std::fs::read(p).expect("a page")).collect();
    let (mut text, mut failed) = (0, 0);
    for _ in 0..passes {
        (text, failed) = (0, 0);
        for page in &pages {
            match extract(name, &String::from_utf8_lossy(page)) {
                Some(length) => text += length,
                None => failed += 1,
            }
        }
    }
    println!("{} pages, {text} bytes of text, {failed} failed", pages.len());
}
