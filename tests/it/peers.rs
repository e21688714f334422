//! Two archives that captured the same: planted cloaking is found, furniture raises no alarm, and a peer that lies, floods or
//! asks for more than was agreed gets nothing.

mod cloaking;
mod hostile;
mod pages;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::cli::{command, pressmark, stderr, stdout};

/// `serve` as a process; killed when it is dropped.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Server {
    pub fn start(archive: &Path, args: &[&str]) -> Self {
        let mut command = command(archive);
        command.args(["serve", "--bind", "127.0.0.1:0"]).args(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next().unwrap().unwrap();
        Self { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The two keys that another archive configures for this one.
pub fn keys(root: &Path) -> (String, String) {
    let output = pressmark(root, &["peer", "key"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let mut lines = text.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.next().unwrap())
}

/// Adds the archive `of` as a peer at that address.
pub fn add(root: &Path, name: &str, url: &str, of: &(String, String), share: &[&str]) {
    let mut add = command(root);
    add.args(["peer", "add", name, url, "--key", &of.0, "--log", &of.1]);
    for share in share {
        add.args(["--share", share]);
    }
    let done = add.output().unwrap();
    assert!(done.status.success(), "{}", stderr(&done));
}
