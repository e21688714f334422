//! `import` by the binary: files of other programs in an archive, and what `verify` says of them there.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::support::cli::{command, json_lines, pressmark, stderr, stdout};

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/warc").join(name)
}

/// An archive without captures.
fn archive() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    run(&root, &["init"]);
    (dir, root)
}

fn run(root: &Path, args: &[&str]) -> String {
    let output = pressmark(root, args);
    assert!(output.status.success(), "{args:?}: {}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

/// The rules of the findings of `verify`, in files or in the archive.
fn rules(root: &Path, files: &[&str]) -> Vec<String> {
    let args = [&["verify", "--format", "json"], files].concat();
    let findings = json_lines(&pressmark(root, &args));
    findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

fn checkpoints(root: &Path) -> usize {
    fs::read_dir(root.join("evidence/checkpoints")).map_or(0, Iterator::count)
}

/// WARC files of one capture each, made from a sound one: other identifiers and addresses.
fn many(dir: &Path, count: usize) -> Vec<String> {
    let sound = String::from_utf8(fs::read(corpus("sound.warc")).unwrap()).unwrap();
    let file = |number: usize| {
        let path = dir.join(format!("many-{number:03}.warc"));
        let text = sound.replace("0000-0000-00", &format!("{number:04}-0000-00"));
        fs::write(&path, text.replace("news.example/", &format!("news.example/{number:03}/")))
            .unwrap();
        path.to_str().unwrap().to_owned()
    };
    (0..count).map(file).collect()
}

#[test]
fn files_of_arc_are_sound_in_the_archive_and_by_themselves() {
    let (_dir, root) = archive();
    let names = ["v1.arc", "v2.arc.gz", "other-schemes.arc"];
    for name in names {
        let path = corpus(name);
        assert_eq!(rules(&root, &[path.to_str().unwrap()]), [] as [&str; 0], "{name}");
        run(&root, &["import", path.to_str().unwrap()]);
    }
    assert_eq!(rules(&root, &[]), [] as [&str; 0]);
    let captures = json_lines(&pressmark(
        &root,
        &["captures", "http://news.example/", "--match", "host", "--format", "json"],
    ));
    let rows: Vec<(&str, &str, &str)> = captures
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap_or_default();
            (text("url"), text("timestamp"), text("filename"))
        })
        .collect();
    let at = "20020328143001";
    assert_eq!(
        rows,
        [
            ("http://news.example/1", at, "v1.arc"),
            ("http://news.example/1", at, "v2.arc.gz"),
            ("http://news.example/1", at, "other-schemes.arc"),
            ("http://news.example/2", at, "v1.arc"),
            ("http://news.example/2", at, "v2.arc.gz"),
            ("rtsp://news.example/film", at, "other-schemes.arc"),
            ("metadata://news.example/setup.xml?job=1", at, "other-schemes.arc"),
        ]
    );
    // The records state no digest; the payload of /2, which is "<p>1", has this one.
    let of_two = captures.iter().filter(|line| line["url"] == "http://news.example/2");
    assert_eq!(
        of_two.map(|line| line["digest"].as_str().unwrap()).collect::<Vec<_>>(),
        ["sha1:TV5LR426ISHTRSU7BRK5P23JZRBLZFLN"; 2]
    );
    assert_eq!(run(&root, &["show", "http://news.example/2", "--as", "html"]), "<p>1");
    run(&root, &["reindex"]);
    assert_eq!(rules(&root, &[]), [] as [&str; 0]);
}

/// Records of ARC files become sound WARC records, with one warcinfo of the export for all of them.
#[test]
fn files_of_arc_are_exported_as_sound_warc() {
    let (dir, root) = archive();
    for name in ["v1.arc", "v2.arc.gz", "arc-description-twice.arc"] {
        run(&root, &["import", corpus(name).to_str().unwrap()]);
    }
    // Spaces in a URL are reported, and the file is imported.
    let blank = pressmark(&root, &["import", corpus("blank-in-url.arc").to_str().unwrap()]);
    assert_eq!(blank.status.code(), Some(4), "{}", stderr(&blank));
    for name in ["all.wacz", "all.warc.gz", "all.warc"] {
        let path = dir.path().join(name);
        let to = path.to_str().unwrap();
        run(&root, &["export", "--to", to]);
        assert_eq!(rules(&root, &[to]), [] as [&str; 0], "{name}");
    }
}

/// ARC has no digests: a change in an uncompressed file is found by the evidence log.
#[test]
fn a_byte_that_was_changed_in_an_imported_arc_file_is_found() {
    for name in ["v1.arc", "v2.arc.gz"] {
        let (_dir, root) = archive();
        run(&root, &["import", corpus(name).to_str().unwrap()]);
        let there = root.join("imported").join(name);
        let sound = fs::read(&there).unwrap();
        for at in [sound.len() / 3, sound.len() - 12] {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            fs::write(&there, &bytes).unwrap();
            let found = rules(&root, &[]);
            assert!(found.iter().any(|rule| rule == "file-changed"), "{name} at {at}: {found:?}");
        }
        fs::write(&there, &sound).unwrap();
        assert_eq!(rules(&root, &[]), [] as [&str; 0]);
    }
}

#[test]
fn damage_is_reported_once() {
    let (_dir, root) = archive();
    let path = corpus("bad-crc.warc.gz");
    let refused = pressmark(&root, &["import", path.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert_eq!(stderr(&refused).matches("member-checksum").count(), 1, "{}", stderr(&refused));
    let taken = pressmark(&root, &["import", "--lenient", path.to_str().unwrap()]);
    assert_eq!(taken.status.code(), Some(4), "{}", stderr(&taken));
    assert_eq!(stderr(&taken).matches("member-checksum").count(), 1, "{}", stderr(&taken));
    // In the archive it is damage like any other.
    assert_eq!(rules(&root, &[]).iter().filter(|rule| *rule == "member-checksum").count(), 1);
}

/// Records inside a block of a wrong length are found by the index, the log and `verify` alike.
#[test]
fn records_behind_a_wrong_length_are_captures_of_the_archive() {
    for (name, count) in [
        ("length-beyond-the-end.warc", 2),
        ("length-too-long.warc", 2),
        ("length-too-short.warc", 2),
        ("length-too-long.arc", 2),
    ] {
        let (_dir, root) = archive();
        let path = corpus(name);
        let taken = pressmark(&root, &["import", "--lenient", path.to_str().unwrap()]);
        assert_eq!(taken.status.code(), Some(4), "{name}: {}", stderr(&taken));
        let lines = stdout(&pressmark(&root, &["index", path.to_str().unwrap()]));
        let listed = ["captures", "http://news.example/", "--match", "host", "--format", "json"];
        let captures = json_lines(&pressmark(&root, &listed));
        assert_eq!((captures.len(), lines.lines().count()), (count, count), "{name}");
        let mut found = rules(&root, &[]);
        // For a file of an archive it is also reported that the file ends inside a record.
        found.retain(|rule| rule != "cut-file");
        assert_eq!(found, rules(&root, &[path.to_str().unwrap()]), "{name}");
        run(&root, &["reindex"]);
        assert_eq!(json_lines(&pressmark(&root, &listed)).len(), count, "{name}");
    }
}

#[test]
fn one_import_of_many_files_signs_one_checkpoint() {
    let (dir, root) = archive();
    let files = many(dir.path(), 12);
    let args: Vec<&str> = ["import"].into_iter().chain(files.iter().map(String::as_str)).collect();
    run(&root, &args);
    assert_eq!(checkpoints(&root), 1);
    // A second import: everything is known, and nothing is signed.
    run(&root, &args);
    assert_eq!(checkpoints(&root), 1);
    assert_eq!(rules(&root, &[]), [] as [&str; 0]);
}

/// Killed after the first file, after some, after the last was reported: the next run completes the import.
#[test]
fn an_import_that_is_killed_loses_nothing() {
    const FILES: usize = 40;
    for after in [1, 17, FILES] {
        let (dir, root) = archive();
        let files = many(dir.path(), FILES);
        let args: Vec<&str> =
            ["import"].into_iter().chain(files.iter().map(String::as_str)).collect();
        let mut child = command(&root)
            .args(&args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for _ in 0..after {
            lines.next().unwrap().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let output = pressmark(&root, &[&args[..], &["--format", "json"]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let outcomes: Vec<Value> = json_lines(&output);
        assert_eq!(outcomes.len(), FILES);
        let known = outcomes.iter().filter(|line| line["outcome"] == "known").count();
        assert!(known >= after, "{known} of {after}");
        assert_eq!(rules(&root, &[]), [] as [&str; 0], "killed after {after}");
        let listed = ["captures", "http://news.example/", "--match", "host", "--format", "json"];
        let captures = json_lines(&pressmark(&root, &listed));
        assert_eq!(captures.len(), 3 * FILES);
        let left: Vec<_> = fs::read_dir(root.join("imported"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with("many-") && name != ".lock")
            .collect();
        assert_eq!(left, [] as [&str; 0]);
    }
}
