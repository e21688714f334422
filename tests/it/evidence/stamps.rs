//! What `check.py` reads of a time stamp from openssl: only over a strong digest, and with its full fraction of a second.

use std::fs;
use std::process::Command;

use super::authority::{Authority, openssl};
use super::checkers::SCRIPT;
use crate::support::cli::stdout;

/// Prints what the script reads of a stamp: its time and accuracy, or why it is invalid.
const STAMPED: &str = r#"
import importlib.util, sys
spec = importlib.util.spec_from_file_location("check", sys.argv[1])
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)
read = lambda name: open(name, "rb").read()
files = {"checkpoint": read("data"), "timestamps/a.tsr": read(sys.argv[2]), "timestamps/a.pem": read("ca.pem")}
try:
    [(when, accuracy, *_)] = check.stamped(files, {"timestamps": [{"authority": "a", "signer": "x"}]}, None)
    print(check.moment(when), check.moment(when + accuracy))
except check.Failed as why:
    print("failed", why)
"#;

#[test]
fn the_script_accepts_only_stamps_over_sha_256_and_rounds_none_down() {
    let Some(authority) = Authority::start("ec") else { return };
    let dir = authority.dir.path();
    let config = fs::read_to_string(dir.join("tsa.cnf")).unwrap();
    let config =
        config.replace("digests = sha256", "digests = sha1, sha256\nclock_precision_digits = 6");
    fs::write(dir.join("tsa.cnf"), config).unwrap();
    fs::write(dir.join("data"), "a checkpoint").unwrap();
    let stamped = |digest: &str, reply: &str| {
        let query = ["ts", "-query", "-data", "data", digest, "-cert", "-out", "asked"];
        let answer = ["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "asked", "-out", reply];
        assert!(openssl(dir, &query) && openssl(dir, &answer));
        let mut script = Command::new("python3");
        script.args(["-c", STAMPED, SCRIPT, reply]).current_dir(dir);
        stdout(&script.output().unwrap())
    };
    let weak = stamped("-sha1", "weak");
    assert!(weak.contains("not over the SHA-256"), "{weak}");
    // One in a million has no fraction of a second; one of two has one.
    let times = [stamped("-sha256", "first"), stamped("-sha256", "second")];
    assert!(times.iter().any(|text| text.contains('.')), "{times:?}");
    let text = times.iter().find(|text| text.contains('.')).unwrap();
    let (when, latest) = text.trim().split_once(' ').unwrap();
    // The accuracy is a second.
    assert_eq!(when.split_once('.').unwrap().1, latest.split_once('.').unwrap().1, "{text}");
}
