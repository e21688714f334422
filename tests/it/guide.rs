//! The operator's guide, followed literally below a root of its own: its commands are run unchanged,
//! then the units are started as systemd would start them.
//!
//! Paths are put below a temporary folder; `useradd` and `systemctl` only record their arguments.
//! Where the test runs as root the service's user is a different one, so that permissions are tested, too.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use pressmark::base::SystemClock;

use crate::cli::{send, wait_until};
use crate::jobs::rss;
use crate::lab::article;
use crate::support::web::{Reply, Web, ok};

/// The user "nobody", used as the service's user.
const NOBODY: u32 = 65_534;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The shell blocks of a page, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in page.lines() {
        match &mut open {
            None if line == format!("```{language}") => open = Some(String::new()),
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => {
                block.push_str(line);
                block.push('\n');
            }
            None => {}
        }
    }
    blocks
}

/// A machine below a folder.
struct Machine {
    dir: tempfile::TempDir,
    web: Web,
    is_root: bool,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let web = Web::start(Arc::new(SystemClock));
        web.on(
            "news.example",
            "/feed.xml",
            Reply::Bytes(ok(
                "application/rss+xml",
                rss(&[("http://news.example/1", "")]).as_bytes(),
            )),
        );
        web.page("news.example", "/1", &article("One", &["The council met on Monday evening."]));
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
            && Command::new("setpriv").arg("--version").output().is_ok();
        let machine = Self { dir, web, is_root };
        for folder in ["stub", "usr/local/bin", "var/lib", "etc/systemd/system", "etc/logrotate.d"]
        {
            fs::create_dir_all(machine.path(folder)).unwrap();
        }
        machine.stub("useradd", "");
        machine.stub("systemctl", "");
        machine.stub("runuser", &format!("shift 3; exec {} \"$@\"", machine.as_service()));
        let owner = if is_root { "set -- \"$@\" -o 65534 -g 65534" } else { ":" };
        machine.stub(
            "install",
            &format!(
                "n=$#; while [ $n -gt 0 ]; do a=$1; shift; n=$((n-1)); case $a in \
                 -o|-g) shift; n=$((n-1)); own=yes;; *) set -- \"$@\" \"$a\";; esac; done; \
                 if [ -n \"$own\" ]; then {owner}; fi; exec /usr/bin/install \"$@\""
            ),
        );
        machine
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// The prefix of a command that the service's user runs.
    fn as_service(&self) -> String {
        if self.is_root {
            format!("setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups --")
        } else {
            "env".to_owned()
        }
    }

    fn stub(&self, name: &str, then: &str) {
        let path = self.path(&format!("stub/{name}"));
        let notes = self.path("asked.log");
        let script = format!("#!/bin/sh\necho \"{name} $*\" >> {}\n{then}\n", notes.display());
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A text of the guide or of a unit with its paths put below the folder.
    fn here(&self, text: &str) -> String {
        let root = self.dir.path().display().to_string();
        let mut text = text.replace("target/release/pressmark", env!("CARGO_BIN_EXE_pressmark"));
        for path in ["/etc/", "/var/lib/", "/usr/local/"] {
            text = text.replace(path, &format!("{root}{path}"));
        }
        text.replace("https://news.example", "http://news.example").replace(":9464", ":0")
    }

    fn shell(&self, script: &str) -> Output {
        let root = self.dir.path().display();
        Command::new("sh")
            .args(["-eu", "-c", &format!("own=; {script}")])
            .current_dir(repository())
            .env_clear()
            .env("PATH", format!("{root}/stub:{root}/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"))
            .env("own", "")
            .output()
            .unwrap()
    }

    /// A value of a unit.
    fn of_unit(&self, unit: &str, key: &str) -> Option<String> {
        let text = fs::read_to_string(self.path(&format!("etc/systemd/system/{unit}"))).unwrap();
        text.lines().find_map(|line| line.strip_prefix(&format!("{key}="))).map(str::to_owned)
    }

    /// Starts a unit's program as its user.
    fn start(&self, unit: &str) -> Command {
        let line = self.here(&self.of_unit(unit, "ExecStart").unwrap());
        let line = format!("exec {} {line}", self.as_service());
        let mut command = Command::new("sh");
        // A unit starts in the root folder.
        command
            .args(["-c", &line])
            .current_dir("/")
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/bin");
        command
    }
}

fn walk(dir: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        each(&entry.path());
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), each);
        }
    }
}

#[test]
fn the_guide_is_followed_literally() {
    let machine = Machine::new();
    let page = fs::read_to_string(repository().join("docs/guide/operate.md")).unwrap();
    let blocks = blocks(&page, "sh");
    assert!(blocks.len() >= 6, "the guide's commands were not found");
    let mut printed = String::new();
    for block in &blocks {
        let done = machine.shell(&machine.here(block));
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        printed.push_str(&String::from_utf8_lossy(&done.stdout));
        assert!(done.status.success(), "{block}\n{said}");
        assert!(!said.contains("note: "), "{block}\n{said}");
        if block.contains("pressmark.toml <<") {
            // The network of the test, which is not in the guide.
            let config = machine.path("etc/pressmark/pressmark.toml");
            let rules = machine.web.resolve(&["news.example"]);
            let more = format!(
                "\n[capture]\nallow_private = true\nresolve = {rules:?}\n[politeness]\ndelay_min = \"0s\"\n"
            );
            fs::write(&config, fs::read_to_string(&config).unwrap() + &more).unwrap();
        }
    }
    // The job ran: its feed and the feed's entries were captured.
    assert!(printed.contains("sources: 1 well, 0 not"), "{printed}");
    let asked = |target: &str| machine.web.asked().iter().filter(|a| a.target == target).count();
    assert_eq!((asked("/feed.xml"), asked("/1")), (1, 1));
    the_units_are_what_the_guide_says(&machine);

    // The watch, as systemd starts, reloads and stops it.
    let log = machine.path("watch.stderr");
    let mut watch = machine.start("pressmark-watch.service");
    let watching =
        watch.stderr(fs::File::create(&log).unwrap()).stdout(Stdio::null()).spawn().unwrap();
    let said = || fs::read_to_string(&log).unwrap();
    wait_until(|| said().contains("watching") && said().contains("answering /healthz"));
    assert_eq!(
        machine.of_unit("pressmark-watch.service", "ExecReload").unwrap(),
        "/bin/kill -HUP $MAINPID"
    );
    machine.web.page("news.example", "/2", &article("Two", &["The council met again."]));
    let more = "name = \"more\"\nseeds = [\"http://news.example/2\"]\n";
    fs::write(machine.path("etc/pressmark/jobs/more.toml"), more).unwrap();
    send(watching.id(), "HUP");
    wait_until(|| asked("/2") == 1);
    // Captured now, beside it, as the guide says.
    let config = machine.path("etc/pressmark/pressmark.toml");
    let crawl = format!("pressmark --config {} crawl http://news.example/1", config.display());
    let handed = machine.shell(&format!("runuser -u pressmark -- {crawl}"));
    let handed_said = String::from_utf8_lossy(&handed.stderr).into_owned();
    assert!(
        handed.status.success() && handed_said.contains("watches this archive"),
        "{handed_said}"
    );
    assert_eq!(asked("/1"), 2);
    send(watching.id(), &machine.of_unit("pressmark-watch.service", "KillSignal").unwrap()[3..]);
    let ended = watching.wait_with_output().unwrap();
    let success = machine.of_unit("pressmark-watch.service", "SuccessExitStatus").unwrap();
    assert_eq!(ended.status.code().unwrap().to_string(), success, "{}", said());

    for unit in ["pressmark-crawl.service", "pressmark-verify.service"] {
        let done = machine.start(unit).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(0), "{unit}: {said}");
    }
    // Everything is owned by the service's user.
    if machine.is_root {
        walk(&machine.path("var/lib/pressmark"), &mut |path| {
            let owner = fs::symlink_metadata(path).unwrap().uid();
            assert_eq!(owner, NOBODY, "{} is somebody else's", path.display());
        });
    } else {
        eprintln!("ownership was not tried: this is not root");
    }
}

fn the_units_are_what_the_guide_says(machine: &Machine) {
    let asked = fs::read_to_string(machine.path("asked.log")).unwrap();
    let user = machine.of_unit("pressmark-watch.service", "User").unwrap();
    let made = asked.lines().find(|line| line.starts_with("useradd ")).unwrap();
    assert!(made.ends_with(&format!(" {user}")), "{made}");
    // What is enabled was installed, and so was what a timer starts.
    let mut seen = 0;
    for line in asked.lines().filter(|line| line.starts_with("systemctl enable")) {
        for unit in line.split(' ').filter(|word| word.contains('.')) {
            let path = machine.path(&format!("etc/systemd/system/{unit}"));
            assert!(path.exists(), "{unit} is enabled and not installed");
            if let Some(name) = unit.strip_suffix(".timer") {
                assert!(path.with_file_name(format!("{name}.service")).exists(), "{unit}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 3);
    let config = fs::read_to_string(machine.path("etc/pressmark/pressmark.toml")).unwrap();
    let archive =
        config.lines().find_map(|l| l.strip_prefix("archive = ")).unwrap().trim_matches('"');
    for unit in ["watch", "crawl", "verify"] {
        let unit = format!("pressmark-{unit}.service");
        assert_eq!(machine.of_unit(&unit, "User").as_deref(), Some(user.as_str()), "{unit}");
        // The one folder that a strict unit may write to holds the archive.
        let state = machine.of_unit(&unit, "StateDirectory").unwrap();
        let state = machine.path(&format!("var/lib/{state}"));
        assert!(Path::new(archive).starts_with(&state), "{unit}: {archive}");
        let start = machine.of_unit(&unit, "ExecStart").unwrap();
        let program = machine.here(start.split(' ').next().unwrap());
        assert!(Path::new(&program).exists(), "{unit}: {program} is not installed");
    }
    // The log that is rotated is the one that is written.
    let rotate = fs::read_to_string(machine.path("etc/logrotate.d/pressmark")).unwrap();
    let path = machine.here(rotate.split(' ').next().unwrap());
    assert!(Path::new(&path).exists(), "{path}");
    let guide = fs::read_to_string(repository().join("docs/guide/rotate-logs.md")).unwrap();
    assert_eq!(blocks(&guide, ""), [rotate], "the page on rotation shows the file");
    let units: Vec<PathBuf> = fs::read_dir(machine.path("etc/systemd/system"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let there = machine.path("units").join(path.file_name().unwrap());
            fs::create_dir_all(there.parent().unwrap()).unwrap();
            fs::write(&there, machine.here(&fs::read_to_string(&path).unwrap())).unwrap();
            there
        })
        .collect();
    match Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&units).output() {
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(done.status.success() && said.is_empty(), "{said}");
        }
        Err(_) => eprintln!("skipped: there is no systemd-analyze here"),
    }
}
