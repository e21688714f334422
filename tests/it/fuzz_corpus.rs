//! Every kept input of the fuzz targets (`tests/fuzz`) through the same checks, without a fuzzer: what was once
//! found stays found where no coverage can be had.

use std::path::{Path, PathBuf};

#[path = "../fuzz/src/checks.rs"]
mod checks;

// What the checks call the crate.
use ::pressmark;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|why| panic!("{}: {why}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    files
}

#[test]
fn every_kept_input_holds() {
    for (target, check) in checks::ALL {
        let mut inputs = files(&format!("fuzz/corpus/{target}"));
        if matches!(target, "members" | "wacz") {
            inputs.extend(files("corpus/warc"));
        }
        for path in inputs {
            let bytes = std::fs::read(&path).unwrap();
            println!("{target} {}", path.display());
            check(&bytes);
        }
    }
}

/// A byte of each faulty file changed, one after the other: what a fuzzer does first.
#[test]
fn faulty_files_with_a_byte_changed_hold() {
    for path in files("corpus/warc") {
        let bytes = std::fs::read(&path).unwrap();
        // Some fifty places of each, spread over all of it.
        for at in (0..bytes.len()).step_by(bytes.len() / 50 + 1) {
            for changed in [0, 0xff, bytes[at] ^ 1, bytes[at] ^ 0x80] {
                let mut bytes = bytes.clone();
                bytes[at] = changed;
                checks::members(&bytes);
                checks::wacz(&bytes);
            }
        }
    }
}
