//! JSON as the contract has it: no field renamed or dropped.

use serde_json::Value;

use super::{STORY, archive};
use crate::support::cli::{crawl, json_lines, pressmark, stderr};
use crate::support::raw::RawSite;

/// The fields that `value` has to have, each with its kind: `s` a string, `n` a number, `b` a
/// boolean, `a` an array, `o` an object, `?` before it where null is allowed too.
fn has(value: &Value, fields: &str) {
    for field in fields.split(' ') {
        let (name, kind) = field.split_once(':').unwrap();
        let found = value.get(name).unwrap_or_else(|| panic!("{name} is missing in {value}"));
        let fits = |kind: &str| match kind {
            "s" => found.is_string(),
            "n" => found.is_number(),
            "b" => found.is_boolean(),
            "a" => found.is_array(),
            "o" => found.is_object(),
            other => unreachable!("{other}"),
        };
        let fine =
            kind.strip_prefix('?').map_or_else(|| fits(kind), |k| found.is_null() || fits(k));
        assert!(fine, "{name} is {found}, and should be {kind}");
    }
}

const CAPTURE: &str = "urlkey:s timestamp:s url:s mime:s status:s digest:s length:s offset:s \
                       filename:s record_id:s record_type:s date:s";
const CHANGE: &str = "kind:s before:?s after:?s speaker:?s old_range:?a new_range:?a";

fn json(archive: &std::path::Path, args: &[&str]) -> Vec<Value> {
    let output = pressmark(archive, &[args, &["--format", "json"]].concat());
    assert!(matches!(output.status.code(), Some(0 | 4)), "{args:?}: {}", stderr(&output));
    json_lines(&output)
}

#[test]
fn captures_are_lines_with_the_fields_of_cdxj_and_ours() {
    let archive = archive();
    let lines = json(&archive.root(), &["captures", STORY]);
    assert_eq!(lines.len(), 2);
    for line in &lines {
        has(line, &CAPTURE.replace("                       ", ""));
    }
    let first = &lines[0];
    assert_eq!(first["urlkey"], "example,a)/story");
    assert_eq!(first["timestamp"], "20251105000000");
    assert_eq!(first["date"], "2025-11-05T00:00:00.000000Z");
    assert_eq!(first["status"], "200");
    assert_eq!(first["mime"], "text/html");
    assert_eq!(first["record_type"], "response");
    assert!(first["digest"].as_str().unwrap().starts_with("sha256:"));
    let id = first["record_id"].as_str().unwrap();
    assert!(id.starts_with("<urn:uuid:") && id.ends_with('>'), "{id}");
    assert!(first["filename"].as_str().unwrap().ends_with(".warc.gz"));
}

#[test]
fn history_has_versions_with_their_changes() {
    let archive = archive();
    let found = json(&archive.root(), &["history", STORY]);
    assert_eq!(found.len(), 1);
    has(&found[0], "url:s versions:a");
    let versions = found[0]["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    for version in versions {
        has(
            version,
            "capture:o first_seen:s last_seen:s captures:n headline:?s changes:a stealth:b",
        );
        has(&version["capture"], CAPTURE);
    }
    assert_eq!(versions[0]["changes"].as_array().unwrap().len(), 0);
    assert_eq!(versions[1]["headline"], "Bridge closed");
    let changes = versions[1]["changes"].as_array().unwrap();
    assert!(!changes.is_empty());
    for change in changes {
        has(change, CHANGE);
    }
    assert_eq!(versions[1]["stealth"], true);
}

#[test]
fn diff_has_both_captures_the_changes_and_the_operations() {
    let archive = archive();
    let found = json(&archive.root(), &["diff", STORY]);
    has(&found[0], "url:s from:o to:o stealth:b changes:a ops:a");
    has(&found[0]["from"], CAPTURE);
    has(&found[0]["to"], CAPTURE);
    let changes = found[0]["changes"].as_array().unwrap();
    for change in changes {
        has(change, CHANGE);
        let range = change["new_range"].as_array().unwrap();
        assert!(range.len() == 2 && range[0].as_u64() < range[1].as_u64(), "{change}");
    }
    for op in found[0]["ops"].as_array().unwrap() {
        has(op, "op:s old:a new:a");
        let word = op["op"].as_str().unwrap();
        assert!(["keep", "insert", "delete", "replace", "move"].contains(&word), "{word}");
    }
    let two = json(
        &archive.root(),
        &["diff", &format!("{STORY}@20251105"), &format!("{STORY}@20251106")],
    );
    assert_eq!(two[0]["changes"], found[0]["changes"]);
}

#[test]
fn show_as_json_says_what_the_page_says() {
    let archive = archive();
    let output = pressmark(&archive.root(), &["show", STORY, "--as", "json", "--at", "20251105"]);
    let page = &json_lines(&output)[0];
    has(
        page,
        "url:s file:?s timestamp:s headline:?s byline:a publisher:?s published:?s modified:?s \
         language:?s kind:s access:s text:s notices:a figures:a origins:o extractor:s"
            .replace("         ", "")
            .as_str(),
    );
    assert_eq!(page["headline"], "Bridge closed");
    assert_eq!(page["timestamp"], "20251105000000");
    assert!(page["text"].as_str().unwrap().contains("three cracks."), "{page}");
    assert!(page["extractor"].as_str().unwrap().contains('/'));
    for figure in page["figures"].as_array().unwrap() {
        has(figure, "text:s start:n end:n");
        let (start, end) = (figure["start"].as_u64().unwrap(), figure["end"].as_u64().unwrap());
        let text = &page["text"].as_str().unwrap()[start as usize..end as usize];
        assert_eq!(figure["text"], text);
    }
}

#[test]
fn a_crawl_reports_what_it_did() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let site = RawSite::start([].into());
    let resolve = [site.resolve("a.example"), "shut.example:80:127.0.0.1:1".to_owned()];
    let urls = ["http://a.example/", "http://shut.example/"];
    let output =
        crawl(&root, &resolve).args(urls).args(["--format", "json", "--strict"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let report = &json_lines(&output)[0];
    has(
        report,
        "job:s started:s finished:s fetched:n new:n revisits:n not_modified:n refused_by_robots:n \
         failed:n bytes:n versions:n changes:n hosts:a failures:a"
            .replace("         ", "")
            .as_str(),
    );
    assert_eq!(report["fetched"], 2);
    assert_eq!(report["failed"], 1);
    for host in report["hosts"].as_array().unwrap() {
        has(host, "host:s fetched:n failed:n delay_ms:n");
    }
    has(&report["failures"][0], "url:s why:s");
}

#[test]
fn findings_of_verify_are_lines_and_the_count_goes_to_stderr() {
    let archive = archive();
    let file = &crate::support::archive::files(&archive.root())[0];
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(file, bytes).unwrap();
    let output = pressmark(&archive.root(), &["verify", "--format", "json"]);
    assert_eq!(output.status.code(), Some(4));
    let findings = json_lines(&output);
    assert!(!findings.is_empty());
    for finding in &findings {
        has(finding, "severity:s file:s offset:?n rule:s what:s");
        assert!(matches!(finding["severity"].as_str(), Some("error" | "warning")));
    }
    assert!(findings.iter().any(|f| f["severity"] == "error" && f["offset"].is_number()));
    assert!(stderr(&output).contains("records in"), "{}", stderr(&output));
}

#[test]
fn status_due_and_config_are_json_too() {
    let archive = archive();
    let status = &json(&archive.root(), &["status"])[0];
    has(status, "archive:s files:n bytes:n captures:n hosts:a");
    // The story is visited again.
    let due = json(&archive.root(), &["due"]);
    assert!(due.iter().any(|d| d["url"] == STORY), "{due:?}");
    for line in &due {
        has(line, "url:s at:s because:s");
    }
    let keys = json(&archive.root(), &["config", "show", "--set", "politeness.delay_min=7s"]);
    let set = keys.iter().find(|k| k["key"] == "politeness.delay_min").unwrap();
    assert!(set["value"].as_str().unwrap().contains("7s"), "{set}");
    assert!(set["source"].as_str().unwrap().contains("--set"), "{set}");
}
