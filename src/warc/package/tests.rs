//! Packages whose lists and directories are made to take much.

use std::io::Write;

use super::*;
use crate::base::Finding;
use crate::warc::{Input, ReadOptions, open};

const DATA: &[u8] = b"WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: 0\r\n\r\n\r\n\r\n";

/// A package with this list, `archive/a.warc` and one more file for each path.
fn package(list: &[u8], more: &[String]) -> (tempfile::NamedTempFile, Input) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut zip = zip::ZipWriter::new(&mut file);
    let options = zip::write::SimpleFileOptions::default();
    for (path, bytes) in [("archive/a.warc", DATA), ("datapackage.json", list)] {
        zip.start_file(path, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    for path in more {
        zip.start_file(path.as_str(), options).unwrap();
        zip.write_all(b"x").unwrap();
    }
    zip.finish().unwrap();
    let input = open(file.path(), &ReadOptions::default()).unwrap();
    (file, input)
}

fn findings(list: &[u8], more: &[String]) -> Vec<(&'static str, String)> {
    let (_file, input) = package(list, more);
    let mut all = Vec::new();
    let mut found = |finding: Finding| all.push((finding.rule, finding.what));
    input.package().unwrap().check(false, &mut found);
    all
}

fn entry(path: &str, bytes: u64) -> String {
    format!("{{\"path\": {path:?}, \"bytes\": {bytes}, \"hash\": null}}")
}

#[test]
fn a_list_of_any_length_is_compared() {
    // Three million bytes of blanks before what counts, behind what does not.
    let blanks = " ".repeat(3_000_000);
    let list = format!(
        "{{\"x\": [{}0], {blanks}\"resources\": [{}]}}",
        "1,".repeat(100_000),
        entry("archive/a.warc", 7)
    );
    let wanted = "\"archive/a.warc\" has 56 bytes; datapackage.json says 7".to_owned();
    assert_eq!(findings(list.as_bytes(), &[]), [("datapackage-length", wanted)]);
}

#[test]
fn a_list_that_takes_too_much_to_read_is_reported_with_the_limit() {
    let message = |what: &str| format!("datapackage.json cannot be read to its end: {what}");
    let a = entry("archive/a.warc", 56);
    let long = format!("{{\"resources\": [{a}], \"description\": \"{}\"}}", "x".repeat(1 << 21));
    let what = message("it has a text or number of more than 1048576 bytes");
    assert_eq!(findings(long.as_bytes(), &[]), [("datapackage", what)]);
    let deep = format!("{{\"resources\": [{a}], \"x\": {}", "[".repeat(200));
    let what = message("it is nested more than 100 deep");
    assert_eq!(findings(deep.as_bytes(), &[]), [("datapackage", what)]);
}

#[test]
fn what_is_listed_and_not_there_is_counted_beyond_a_bound() {
    let most = usize::try_from(check::MISSING_MAX).unwrap();
    let list = format!(
        "{{\"resources\": [{}{}]}}",
        "{\"path\":\"b\"},".repeat(most + 7),
        entry("archive/a.warc", 56)
    );
    let got = findings(list.as_bytes(), &[]);
    assert_eq!(got.len(), most + 1);
    assert_eq!(got[0].1, "datapackage.json lists \"b\", which does not exist");
    assert_eq!(got[most].1, "datapackage.json lists 7 more files that do not exist");
}

/// The list is compared with each file once, whichever comes first in the directory.
#[test]
fn files_are_found_by_path_among_many() {
    let paths: Vec<String> = (0..300).map(|n| format!("pages/{:03}", (n * 7) % 300)).collect();
    let listed: Vec<String> =
        paths.iter().map(|path| entry(path, u64::from(path != "pages/007"))).collect();
    let list =
        format!("{{\"resources\": [{}, {}]}}", entry("archive/a.warc", 56), listed.join(", "));
    let what = "\"pages/007\" has 1 bytes; datapackage.json says 0".to_owned();
    assert_eq!(findings(list.as_bytes(), &paths), [("datapackage-length", what)]);
}
