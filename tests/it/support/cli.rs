//! The binary, run as a person or a script runs it.

use std::path::Path;
use std::process::{Command, Output};

/// The binary with an archive, no config file and a quiet environment.
pub fn pressmark(archive: &Path, args: &[&str]) -> Output {
    command(archive).args(args).output().unwrap()
}

/// The same, not yet run.
pub fn command(archive: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pressmark"));
    command.env_clear().env("PRESSMARK_ARCHIVE", archive).current_dir(archive.parent().unwrap());
    command
}

/// A crawl over loopback without pauses, not yet run.
pub fn crawl(archive: &Path, resolve: &[String]) -> Command {
    let mut command = command(archive);
    command.args(["crawl", "--allow-private", "--quiet"]);
    command.args(["--set", "politeness.delay_min=0s", "--set", "politeness.delay_factor=0"]);
    for rule in resolve {
        command.args(["--resolve", rule]);
    }
    command
}

/// Its standard output, as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Its standard error, as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Its standard output, a JSON value per line.
pub fn json_lines(output: &Output) -> Vec<serde_json::Value> {
    stdout(output).lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}
