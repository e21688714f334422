//! Gives the program a hash of what its readings depend on: the sources that extract, decode, compare and
//! fold, without their comments, and the locked versions of the crates that parse. What was derived by
//! another state of them is derived again, even if no one raised a version.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[path = "build/derivation.rs"]
mod derivation;

/// Everything that affects a reading, a comparison or a version.
const SOURCES: [&str; 7] =
    ["src/base", "src/dates", "src/diff", "src/extract", "src/history", "src/http", "src/readings"];

/// What cuts texts into words and puts them into the search index; readings do not depend on it.
const SEARCH: &str = "src/search";

/// What decides by which features articles are on one story, and how these are kept.
const STORIES: [&str; 2] = ["src/clusters", "src/story"];

/// Tables of languages, where they are.
const TABLES: &str = "src/language";

fn main() -> io::Result<()> {
    let mut files = Vec::new();
    for dir in SOURCES.into_iter().chain([TABLES]) {
        println!("cargo::rerun-if-changed={dir}");
        if dir != TABLES || Path::new(dir).is_dir() {
            sources(Path::new(dir), &mut files)?;
        }
    }
    for file in ["build/derivation.rs", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={file}");
    }
    // A package without a lock file is built with the newest versions, which cannot be known here.
    let lock = fs::read_to_string("Cargo.lock").unwrap_or_default();
    let mark = mark_of(files, &derivation::locked(&lock))?;
    println!("cargo::rustc-env=PRESSMARK_DERIVATION={mark:016x}");
    println!("cargo::rerun-if-changed={SEARCH}");
    let mut files = Vec::new();
    sources(Path::new(SEARCH), &mut files)?;
    let tantivy = lock.split("[[package]]").find(|one| one.contains("name = \"tantivy\"\n"));
    let mark = mark_of(files, tantivy.unwrap_or_default())?;
    println!("cargo::rustc-env=PRESSMARK_SEARCH={mark:016x}");
    let mut files = Vec::new();
    for dir in STORIES {
        println!("cargo::rerun-if-changed={dir}");
        sources(Path::new(dir), &mut files)?;
    }
    println!("cargo::rustc-env=PRESSMARK_STORIES={:016x}", mark_of(files, "")?);
    Ok(())
}

/// A hash of sources, without their comments, and of a text.
fn mark_of(mut files: Vec<PathBuf>, and: &str) -> io::Result<u64> {
    files.sort();
    // FNV-1a: no one has a reason to forge it, and it is the same on every machine.
    let mut mark = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |text: &str| {
        for byte in text.bytes() {
            mark = (mark ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(&file)?).into_owned();
        if file.extension().is_some_and(|extension| extension == "rs") {
            add(&derivation::without_comments(&text));
        } else {
            // Line endings depend on the checkout.
            add(&text.replace('\r', ""));
        }
        add("\n");
    }
    add(and);
    Ok(mark)
}

fn sources(dir: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, into)?;
        } else {
            into.push(path);
        }
    }
    Ok(())
}
