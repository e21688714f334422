//! Our side of the speed bench of extraction; `tests/bench/extract_speed.py` drives it.
//!
//!     cargo bench --bench extract_speed -- FOLDER PASSES
//!
//! Reads every file of FOLDER, then extracts each of them PASSES times with everything on: text,
//! metadata, sentences, quotations and figures. Prints the pages read and the bytes of text of one
//! pass. It takes no times: the driver reads the CPU time and the memory of the whole process, the
//! same way for every program, and takes the difference of two runs with different PASSES.

use std::error::Error;
use std::path::PathBuf;

use pressmark::extract::{Hints, extract};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [folder, passes] = args.as_slice() else {
        println!("extract_speed: give a folder of HTML files and a number of passes");
        return Ok(());
    };
    let passes: usize = passes.parse()?;
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let pages: Vec<Vec<u8>> = paths.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    let mut text = 0;
    let mut found = 0;
    for _ in 0..passes {
        (text, found) = (0, 0);
        for payload in &pages {
            let page = extract(payload, &Hints::default()).page;
            text += page.text.len();
            found += page.sentences.len() + page.quotes.len() + page.figures.len();
        }
    }
    println!("{} pages, {text} bytes of text, {found} sentences, quotations, figures", pages.len());
    Ok(())
}
