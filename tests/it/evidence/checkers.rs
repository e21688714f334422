//! The two checkers of bundles, ours and the script that is part of every bundle, with the same input.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pressmark::evidence::bundle::{Contents, read_bundle};
use pressmark::evidence::check::{Known, Outcome, check};
use pressmark::evidence::note::VerifierKey;

/// The script in the source.
pub const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/evidence/checker/check.py");

/// What a verifier knows besides a bundle.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// A key of the log.
    pub key: Option<String>,
    /// Checkpoints that were kept.
    pub kept: Vec<PathBuf>,
}

impl Given {
    pub fn key(key: &str) -> Self {
        Self { key: Some(key.to_owned()), kept: Vec::new() }
    }

    pub fn kept(path: &Path) -> Self {
        Self { key: None, kept: vec![path.to_owned()] }
    }

    /// As flags, which are the same for both.
    pub fn args(&self) -> Vec<String> {
        let mut args = Vec::new();
        if let Some(key) = &self.key {
            args.extend(["--key".to_owned(), key.clone()]);
        }
        for path in &self.kept {
            args.extend(["--checkpoint".to_owned(), path.display().to_string()]);
        }
        args
    }

    fn known(&self) -> Known {
        let read = |path: &PathBuf| (path.display().to_string(), fs::read(path).unwrap());
        Known {
            key: self.key.as_deref().map(|key| VerifierKey::parse(key).unwrap()),
            published: self.kept.iter().map(read).collect(),
            ..Known::default()
        }
    }
}

/// The steps that fail in ours.
pub fn ours(contents: &Contents, given: &Given) -> Vec<&'static str> {
    let steps = check(contents, &given.known());
    steps.into_iter().filter(|s| s.outcome == Outcome::Fails).map(|s| s.name).collect()
}

/// The script, run on a bundle or on the folder that one was unpacked into.
pub fn script(bundle: &Path, given: &Given) -> Output {
    Command::new("python3").arg(SCRIPT).arg(bundle).args(given.args()).output().unwrap()
}

/// Runs the script on many bundles in one process; prints what failed in each on a line.
const MANY: &str = r#"
import contextlib, importlib.util, io, sys
spec = importlib.util.spec_from_file_location("check", sys.argv[1])
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)
count = int(sys.argv[2])
known, paths = sys.argv[3:3 + count], sys.argv[3 + count:]
for path in paths:
    sys.argv = ["check.py", path, *known]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = check.main()
    failed = [line.split()[1].rstrip(":") for line in said.getvalue().splitlines() if line.startswith("failed")]
    print(code, ",".join(failed), sep="\t")
"#;

/// For each bundle the steps that fail in ours and in the script; "zip" where it cannot be read.
pub fn both(paths: &[PathBuf], given: &Given) -> Vec<(Vec<String>, Vec<String>)> {
    let halves: Vec<&[PathBuf]> = paths.chunks(paths.len().div_ceil(2).max(1)).collect();
    let by_script: Vec<String> = std::thread::scope(|scope| {
        let run = |half: &[PathBuf]| {
            let args = given.args();
            let mut command = Command::new("python3");
            command.args(["-c", MANY, SCRIPT, &args.len().to_string()]).args(&args).args(half);
            let done = command.output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8(done.stdout).unwrap()
        };
        let running: Vec<_> = halves.iter().map(|half| scope.spawn(move || run(half))).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let lines: Vec<&str> = by_script.iter().flat_map(|said| said.lines()).collect();
    assert_eq!(lines.len(), paths.len());
    let one = |(path, line): (&PathBuf, &&str)| {
        let ours = match read_bundle(path) {
            Ok(contents) => ours(&contents, given).into_iter().map(str::to_owned).collect(),
            Err(_) => vec!["zip".to_owned()],
        };
        let (code, failed) = line.split_once('\t').unwrap();
        let failed: Vec<String> =
            failed.split(',').filter(|f| !f.is_empty()).map(str::to_owned).collect();
        assert_eq!(code == "0", failed.is_empty(), "{line}");
        (ours, failed)
    };
    paths.iter().zip(&lines).map(one).collect()
}
