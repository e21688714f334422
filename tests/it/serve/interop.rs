//! Third-party programs against our server: clients of web archives, pywb, which replays through
//! our CDX server and our WARC files, and schemathesis, which tests our OpenAPI document.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{archive, start};
use crate::support::cli::{command, stderr};
use crate::support::skip::skipped;

const MISSING: i32 = 77;

/// The Python that has the programs; `None` where there is none.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("PRESSMARK_INTEROP_PYTHON").map(PathBuf::from);
    if python.is_none() {
        skipped("interop-python", "PRESSMARK_INTEROP_PYTHON is not set, so no other program asks");
    }
    python
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// Runs a script of `tests/interop` against a server of the archive that `site` creates.
fn agrees(script: &str) {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(script);
    let base = format!("http://{}", server.address);
    let output = Command::new(python).arg(script).arg(base).output().unwrap();
    if output.status.code() == Some(MISSING) {
        skipped("interop-python", &said(&output));
        return;
    }
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn clients_of_web_archives_list_and_fetch_from_us() {
    agrees("serve.py");
}

#[test]
fn pywb_replays_what_our_cdx_server_lists_from_our_warc_files() {
    agrees("replayed.py");
}

/// The checks of schemathesis for each answer: no server error, and status, type and body as documented.
/// A text that is not a time is refused, which no schema of ours can express.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,negative_data_rejection,unsupported_method";

#[test]
fn the_api_does_what_its_document_says_whatever_is_asked() {
    let Some(python) = python() else { return };
    let program = python.with_file_name("schemathesis");
    if !program.exists() {
        skipped("interop-python", "schemathesis is not installed");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let demo = command(&root).args(["demo", "--keep", root.to_str().unwrap()]).output().unwrap();
    assert!(demo.status.success(), "{}", stderr(&demo));
    let server = start(&root);
    let document = format!("http://{}/api/openapi.json", server.address);
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/schemathesis.toml");
    // Once with generated values, most of which do not exist, and once with existing ones.
    for (config, examples) in [(None, "20"), (Some(&known), "8")] {
        let mut command = Command::new(&program);
        command.arg("--no-color").current_dir(dir.path());
        if let Some(config) = config {
            command.arg("--config-file").arg(config);
        }
        command.args(["run", &document, "--checks", CHECKS]);
        command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", examples]);
        command.args(["--seed", "28500", "--continue-on-failure"]);
        // The machine may be slow; nothing is kept of a run.
        command.args(["--suppress-health-check", "all", "--generation-database", ":memory:"]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
}
