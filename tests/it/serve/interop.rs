//! Clients that other people wrote, against our server: `tests/interop/serve.py`.

use std::path::PathBuf;
use std::process::Command;

use super::{archive, start};
use crate::support::skip::skipped;

const MISSING: i32 = 77;

#[test]
fn clients_of_web_archives_list_and_fetch_from_us() {
    let Some(python) = std::env::var_os("PRESSMARK_INTEROP_PYTHON") else {
        skipped("interop-python", "PRESSMARK_INTEROP_PYTHON is not set, so no client is asked");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop/serve.py");
    let base = format!("http://{}", server.address);
    let output = Command::new(python).arg(script).arg(base).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.code() == Some(MISSING) {
        skipped("interop-python", &said);
        return;
    }
    assert!(output.status.success(), "{said}");
}
