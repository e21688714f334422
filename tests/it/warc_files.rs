//! `verify`, `recompress` and `repair` on files of any origin, without an archive.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use crate::support::cli::{command, json_lines, pressmark, stderr, stdout};

fn corpus(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/warc").join(name);
    path.display().to_string()
}

/// A directory to run in, without an archive.
fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    (dir, root)
}

fn from_stdin(root: &Path, file: &str, args: &[&str]) -> Output {
    let input = File::open(corpus(file)).unwrap();
    command(root).args(args).stdin(Stdio::from(input)).output().unwrap()
}

fn code(output: &Output) -> i32 {
    assert!(!stderr(output).contains("panicked"), "{}", stderr(output));
    output.status.code().unwrap()
}

#[test]
fn any_file_is_verified_without_an_archive() {
    let (_dir, root) = place();
    for (file, expected) in [
        ("sound.warc.gz", 0),
        ("sound.warc.zst", 0),
        ("sound.wacz", 0),
        ("v2.arc.gz", 0),
        ("chunked.warc", 0),
        ("bad-crc.warc.gz", 4),
        ("hash-wrong.wacz", 4),
        ("cut.wacz", 4),
    ] {
        let output = pressmark(&root, &["verify", &corpus(file), "--format", "json"]);
        assert_eq!(code(&output), expected, "{file}: {}", stderr(&output));
        assert_eq!(json_lines(&output).is_empty(), expected == 0, "{file}");
        let piped = from_stdin(&root, file, &["verify", "-", "--format", "json"]);
        assert_eq!(code(&piped), expected, "{file} from a pipe: {}", stderr(&piped));
    }
    let missing = pressmark(&root, &["verify", "nowhere.warc.gz"]);
    assert_eq!(code(&missing), 4);
    assert!(!root.exists(), "no archive is made");
}

#[test]
fn records_are_repacked_by_the_name_of_the_output() {
    let (dir, root) = place();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let mut input = corpus("sound.warc");
    for name in ["a.warc.gz", "b.warc.zst", "c.warc"] {
        let output = pressmark(&root, &["recompress", &input, &at(name), "--format", "json"]);
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        assert_eq!(json_lines(&output)[0]["records"], 4);
        assert_eq!(code(&pressmark(&root, &["verify", &at(name)])), 0);
        input = at(name);
    }
    assert_eq!(fs::read(&input).unwrap(), fs::read(corpus("sound.warc")).unwrap());
    let piped = from_stdin(&root, "v1.arc.gz", &["recompress", "-", &at("d.arc.gz")]);
    assert_eq!(code(&piped), 0, "{}", stderr(&piped));

    for (args, expected, words) in [
        (vec!["recompress", &input, &at("a.warc.gz")], 1, "already exists"),
        (vec!["recompress", &input, &at("a.zip")], 2, "unknown file extension"),
        (
            vec!["recompress", &input, &at("e.arc.gz")],
            1,
            "use an output name that ends in .warc.gz",
        ),
        (vec!["recompress", &corpus("v1.arc"), &at("e.warc.gz")], 1, "ARC"),
        (vec!["recompress", &input, &at("e.warc.gz"), "--dictionary"], 2, ".warc.zst"),
        (vec!["recompress", &input, &at("e.warc.zst"), "--dictionary"], 1, "dictionary"),
        (vec!["recompress", &corpus("make.py"), &at("e.warc.gz")], 1, "no complete record"),
        (vec!["recompress", "nowhere", &at("e.warc.gz")], 1, "nowhere"),
        (vec!["recompress", &input, &at("none/e.warc.gz")], 1, "no folder"),
    ] {
        let output = pressmark(&root, &args);
        assert_eq!(code(&output), expected, "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }
    assert!(!dir.path().join("e.warc.gz").exists() && !dir.path().join("e.warc.zst").exists());
    let again = pressmark(&root, &["recompress", &input, &at("a.warc.gz"), "--force"]);
    assert_eq!(code(&again), 0, "{}", stderr(&again));
}

#[test]
fn what_can_be_read_of_a_package_is_taken_file_by_file() {
    let (dir, root) = place();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let path = corpus("one-of-two-encrypted.wacz");
    for (command, out) in [("recompress", at("a.warc.gz")), ("repair", at("b.warc.gz"))] {
        let output = pressmark(&root, &[command, &path, &out, "--format", "json"]);
        assert_eq!(code(&output), 4, "{}", stderr(&output));
        let report = &json_lines(&output)[0];
        assert_eq!((&report["records"], &report["unreadable"]), (&4.into(), &1.into()), "{report}");
        assert_eq!(report["findings"][0]["rule"], "unreadable", "{report}");
        assert_eq!(code(&pressmark(&root, &["verify", &out])), 0);
    }
    let output = pressmark(&root, &["index", &path]);
    assert_eq!((code(&output), stdout(&output).lines().count()), (4, 3), "{}", stderr(&output));
    assert!(stderr(&output).contains("archive/a.warc.gz is encrypted"), "{}", stderr(&output));

    // Two files with one path: the set-aside data is that of the damaged one.
    let path = corpus("damaged-file-twice.wacz");
    let output = pressmark(&root, &["repair", &path, &at("c.warc.gz"), "--format", "json"]);
    assert_eq!(code(&output), 4, "{}", stderr(&output));
    let gap = &json_lines(&output)[0]["gaps"][0];
    let offset = usize::try_from(gap["offset"].as_u64().unwrap()).unwrap();
    let aside = fs::read(at(&format!("c.warc.gz.aside-{offset}"))).unwrap();
    let package = fs::read(&path).unwrap();
    let first = 30 + "archive/a.warc.gz".len() + offset;
    assert_eq!(aside, &package[first..first + aside.len()]);
}

#[test]
fn a_broken_tail_is_set_aside_and_the_input_stays() {
    let (dir, root) = place();
    for (file, records) in
        [("cut-member.warc.gz", 3), ("bad-deflate.warc.gz", 2), ("noise-between.warc", 4)]
    {
        let path = corpus(file);
        let input = fs::read(&path).unwrap();
        let out = dir.path().join(format!("{file}.repaired.warc.gz"));
        let name = out.display().to_string();
        for piped in [false, true] {
            let args =
                ["repair", if piped { "-" } else { path.as_str() }, &name, "--format", "json"];
            let output =
                if piped { from_stdin(&root, file, &args) } else { pressmark(&root, &args) };
            assert_eq!(code(&output), 4, "{file}: {}", stderr(&output));
            let report = &json_lines(&output)[0];
            assert_eq!(report["records"], records, "{file}");
            for gap in report["gaps"].as_array().unwrap() {
                let from = usize::try_from(gap["offset"].as_u64().unwrap()).unwrap();
                let length = usize::try_from(gap["length"].as_u64().unwrap()).unwrap();
                let aside = dir.path().join(format!("{file}.repaired.warc.gz.aside-{from}"));
                assert_eq!(fs::read(&aside).unwrap(), &input[from..from + length], "{file}");
                fs::remove_file(aside).unwrap();
            }
            assert_eq!(code(&pressmark(&root, &["verify", &name])), 0, "{file}");
            assert_eq!(code(&pressmark(&root, &["repair", &path, &name])), 1);
            fs::remove_file(&out).unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), input);
    }
}
