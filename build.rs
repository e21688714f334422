//! Gives the program a mark of its extractor and comparer: a hash of their sources. What was derived
//! by another state of them is derived anew, also where nobody thought of raising a version.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    let mut files = Vec::new();
    for dir in ["src/dates", "src/extract", "src/diff", "src/history"] {
        println!("cargo::rerun-if-changed={dir}");
        sources(Path::new(dir), &mut files)?;
    }
    files.sort();
    // FNV-1a: nobody has a reason to forge it, and it is the same on every machine.
    let mut mark = 0xcbf2_9ce4_8422_2325_u64;
    for file in files {
        // Line endings are a matter of the checkout.
        for byte in fs::read(file)?.into_iter().filter(|byte| *byte != b'\r') {
            mark = (mark ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    println!("cargo::rustc-env=PRESSMARK_DERIVATION={mark:016x}");
    Ok(())
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
