//! `tables` by the binary: DuckDB, pyarrow and pandas read what the command line prints.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::cli::{json_lines, pressmark, stderr, stdout};
use crate::support::skip::skipped;

const MISSING: i32 = 77;

fn demo(dir: &Path) -> std::path::PathBuf {
    let root = dir.join("archive");
    let made = pressmark(&root, &["demo", "--keep", root.to_str().unwrap()]);
    assert!(made.status.success(), "{}", stderr(&made));
    root
}

fn run(root: &Path, args: &[&str]) -> String {
    let output = pressmark(root, args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    stdout(&output)
}

#[test]
fn tables_are_written_and_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let root = demo(dir.path());
    let to = dir.path().join("tables");
    let args = ["tables", "--to", to.to_str().unwrap(), "--format", "json"];
    let report = &json_lines(&pressmark(&root, &args))[0];
    let captures = run(&root, &["captures", "http://example/", "--match", "domain"]);
    assert!(!captures.is_empty());
    let listed: BTreeSet<&str> =
        report["tables"].as_object().unwrap().keys().map(String::as_str).collect();
    let names = BTreeSet::from(["captures", "changes", "figures", "quotations", "versions"]);
    assert_eq!(listed, names);
    for (name, table) in report["tables"].as_object().unwrap() {
        assert!(table["rows"].as_u64().unwrap() > 0, "{name}");
        assert!(!table["written"].as_array().unwrap().is_empty(), "{name}");
    }
    let again = &json_lines(&pressmark(&root, &args))[0];
    for (name, table) in again["tables"].as_object().unwrap() {
        assert_eq!(table["written"], serde_json::json!([]), "{name}");
        assert_eq!(table["rows"], report["tables"][name]["rows"], "{name}");
    }
    let text = run(&root, &["tables", "--to", to.to_str().unwrap(), "--rebuild"]);
    assert_eq!(text.lines().count(), 5, "{text}");
}

#[test]
fn what_cannot_be_a_target_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    run(&root, &["init"]);
    let to = dir.path().join("tables");
    let to = to.to_str().unwrap();
    let other = root.to_str().unwrap();
    for (args, code, words) in [
        (["tables", "--to", "s3://a bucket/tables"], 2, "is not s3://BUCKET/PREFIX"),
        (["tables", "--to", other], 1, "choose a new or empty folder"),
        (["tables", "--to", to], 3, "nothing has been captured yet"),
    ] {
        let output = pressmark(&root, &args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn duckdb_and_pandas_read_what_the_command_line_says() {
    let dir = tempfile::tempdir().unwrap();
    let root = demo(dir.path());
    let to = dir.path().join("tables");
    run(&root, &["tables", "--to", to.to_str().unwrap()]);
    others_read(&root, to.to_str().unwrap(), &[]);
}

/// Lets DuckDB, pyarrow and pandas read the tables of an archive of the demonstration, which are in a folder or at s3://…, and
/// compare them with the output of the command line. `environment` is what they need to reach them.
pub fn others_read(root: &Path, tables: &str, environment: &[(&str, &str)]) {
    let Some(python) = std::env::var_os("PRESSMARK_INTEROP_PYTHON") else {
        skipped("interop-python", "PRESSMARK_INTEROP_PYTHON is not set, so DuckDB is not asked");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    keep_answers(root, dir.path());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/tables.py");
    let mut command = Command::new(python);
    command.arg(script).arg(tables).arg(dir.path()).envs(environment.iter().copied());
    let output = command.output().unwrap();
    let message = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.code() == Some(MISSING) {
        skipped("interop-python", &message);
        return;
    }
    assert!(output.status.success(), "{message}");
}

/// Keeps the output of the command line for an archive of the demonstration, a file for each call.
fn keep_answers(root: &Path, answers: &Path) {
    let keep = |name: &str, text: &str| fs::write(answers.join(name), text).unwrap();
    // The demonstration has three hosts under the reserved name.
    let all = ["captures", "http://example/", "--match", "domain", "--format", "json"];
    let captures = run(root, &all);
    keep("captures", &captures);
    keep("changes", &run(root, &["changes", "--format", "json"]));
    let captures: Vec<Value> =
        captures.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_page = |capture: &&Value| {
        let status = capture["status"].as_str().and_then(|status| status.parse::<u16>().ok());
        capture["mime"] == "text/html" && status.is_none_or(|status| status < 400)
    };
    let pages: BTreeSet<&str> =
        captures.iter().filter(is_page).map(|capture| capture["url"].as_str().unwrap()).collect();
    assert!(pages.len() > 5);
    for (number, url) in pages.iter().enumerate() {
        let history = run(root, &["history", url, "--format", "json"]);
        keep(&format!("history-{number:03}"), &history);
        let history: Value = serde_json::from_str(&history).unwrap();
        for (version, of) in history["versions"].as_array().unwrap().iter().enumerate() {
            if of["presence"] != "here" && of["presence"] != "cut" || !of["landing"].is_null() {
                continue;
            }
            let at = of["capture"]["date"].as_str().unwrap();
            let name = |what: &str| format!("{what}-{number:03}-{version:02}");
            // A page without quotations has no output.
            let quotes = pressmark(root, &["quotes", url, "--at", at, "--format", "json"]);
            keep(&name("quotes"), &stdout(&quotes));
            keep(&name("show"), &run(root, &["show", url, "--at", at, "--as", "json"]));
        }
    }
}
