//! Every kept input of the fuzz targets (`tests/fuzz`) through the same checks, without a fuzzer: earlier
//! findings are tested where coverage is not available. Inputs are also changed at random, from a seed:
//! `PRESSMARK_FUZZ_INPUTS` sets how many of each target (200), `PRESSMARK_FUZZ_SEED` where they begin (0).

use std::path::{Path, PathBuf};

#[path = "../fuzz/src/checks.rs"]
mod checks;

// The name by which the checks refer to the crate.
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

/// The initial inputs of a target: its own corpus, and the faulty files where it reads files.
fn beginnings(target: &str) -> Vec<PathBuf> {
    let mut inputs = files(&format!("fuzz/corpus/{target}"));
    if matches!(target, "members" | "wacz") {
        inputs.extend(files("corpus/warc"));
    }
    if target == "ots" {
        inputs.extend(files("corpus/ots"));
    }
    inputs
}

#[test]
fn every_kept_input_holds() {
    for (target, check) in checks::ALL {
        for path in beginnings(target) {
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
        // Some dozen places of each, spread over all of it: there are hundreds of files.
        for at in (0..bytes.len()).step_by(bytes.len() / 12 + 1) {
            for changed in [0xff, bytes[at] ^ 1] {
                let mut bytes = bytes.clone();
                bytes[at] = changed;
                checks::members(&bytes);
                checks::wacz(&bytes);
            }
        }
    }
}

/// A generator of numbers that are the same each time (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }
}

/// Tokens of the formats that are read, and numbers at their bounds.
const WORDS: [&[u8]; 24] = [
    b"WARC/1.1\r\n",
    b"WARC/1.0\n",
    b"Content-Length: ",
    b"WARC-Type: revisit\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"18446744073709551615",
    b"-1",
    b"0",
    b"\x1f\x8b\x08\x04",
    b"\x1f\x8b\x08\x00",
    b"\x28\xb5\x2f\xfd",
    b"\x5d\x2a\x4d\x18",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"HTTP/1.1 200 OK\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"ffffffff\r\n",
    b"filedesc://x 0.0.0.0 20020328143000 text/plain 9\n",
    b"http://a.example/ 1.2.3.4 20020328143000 text/html 5\n",
    b"{\"resources\":[",
    b"sl\x08\0",
];

/// One change: of a bit, a byte, a stretch; a word put in; the end of another input.
fn change(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    let at = numbers.below(bytes.len() + 1);
    let most = 1 << numbers.below(8);
    let length = numbers.below(most).min(bytes.len() - at);
    match numbers.below(8) {
        0 | 1 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
        2 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][numbers.below(5)],
        3 => drop(bytes.drain(at..at + length)),
        4 => {
            let again = bytes[at..at + length].to_vec();
            bytes.splice(at..at, again);
        }
        5 => {
            let word = WORDS[numbers.below(WORDS.len())];
            bytes.splice(
                at..(at + numbers.below(2) * word.len()).min(bytes.len()),
                word.iter().copied(),
            );
        }
        6 => bytes.truncate(at),
        _ => {
            bytes.truncate(at);
            bytes.extend(&other[numbers.below(other.len() + 1)..]);
        }
    }
}

/// An input that fails is written to a file, which the failure names: keep it, shortened, in the corpus.
#[test]
fn inputs_changed_at_random_hold() {
    let number = |name: &str, else_is: u64| {
        std::env::var(name).ok().map_or(else_is, |text| text.parse().unwrap())
    };
    let (runs, seed) = (number("PRESSMARK_FUZZ_INPUTS", 200), number("PRESSMARK_FUZZ_SEED", 0));
    std::thread::scope(|scope| {
        for (target, check) in checks::ALL {
            scope.spawn(move || {
                let inputs: Vec<Vec<u8>> =
                    beginnings(target).iter().map(|path| std::fs::read(path).unwrap()).collect();
                for run in seed..seed + runs {
                    let mut numbers = Numbers((run + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
                    let mut bytes = inputs[numbers.below(inputs.len())].clone();
                    for _ in 0..1 + numbers.below(6) {
                        let other = &inputs[numbers.below(inputs.len())];
                        change(&mut bytes, other, &mut numbers);
                    }
                    let held = std::panic::catch_unwind(|| check(&bytes));
                    if held.is_err() {
                        let path = std::env::temp_dir().join(format!("pressmark-{target}-{run}"));
                        std::fs::write(&path, &bytes).unwrap();
                        panic!("{target}, run {run}: {}", path.display());
                    }
                }
            });
        }
    });
}
