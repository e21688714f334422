//! A PostgreSQL server of a single test: a fresh cluster in a temporary directory, on a loopback port and
//! a socket beside it. A shell holds it, and stops it when this process has ended, in whatever way.
//!
//! Debian's package has the programs in `/usr/lib/postgresql/VERSION/bin`. They refuse to run as root, so
//! as root they are run as the user `postgres`.

#![allow(clippy::unwrap_used, reason = "a test or a measurement that cannot go on has failed")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// A running server.
pub struct Cluster {
    dir: PathBuf,
    port: u16,
    shell: Mutex<Shell>,
}

struct Shell {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// The script of the shell: `$1` the directory, `$2` the programs, `$3` the port, `$4` further
/// configuration. Each line of its input is a command, answered with a line.
const SCRIPT: &str = r#"
dir=$1 bin=$2 port=$3 more=$4
begin() { "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" start </dev/null >/dev/null 2>&1; }
end() { "$bin/pg_ctl" -D "$dir/data" -w -t 60 -m "$1" stop </dev/null >/dev/null 2>&1; }
"$bin/initdb" -D "$dir/data" -U pressmark -A trust --no-sync -E UTF8 --locale=C </dev/null >"$dir/log" 2>&1 ||
  { tail -n 3 "$dir/log" | tr '\n' ' '; echo; exit 1; }
printf "listen_addresses = '127.0.0.1'\nport = %s\nunix_socket_directories = '%s'\nmax_connections = 200\n%s\n" \
  "$port" "$dir" "$more" >>"$dir/data/postgresql.conf"
begin || { tail -n 3 "$dir/log" | tr '\n' ' '; echo; exit 1; }
echo ready
while read -r word; do
  case $word in
    kill) end immediate ;;
    begin) begin ;;
    *) false ;;
  esac && echo done || echo failed
done
end immediate
rm -rf "$dir"
"#;

impl Cluster {
    /// A new server, or the reason why there is none, as text. `more` are lines of its configuration.
    pub fn start(more: &str) -> Result<Self, String> {
        let bin = programs()?;
        let base = tempfile::Builder::new().prefix("pressmark-pg-").tempdir();
        let dir = base.map_err(|why| why.to_string())?.keep();
        // If another process takes the port in between, this test fails and does not pass.
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|why| why.to_string())?
            .port();
        // The user of this process, without a call of the C library.
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        let mut command = if is_root {
            let (user, group) = user_ids("postgres")?;
            std::os::unix::fs::chown(&dir, Some(user), Some(group))
                .map_err(|why| why.to_string())?;
            let mut command = Command::new("setpriv");
            command.args([
                format!("--reuid={user}"),
                format!("--regid={group}"),
                "--clear-groups".to_owned(),
                "sh".to_owned(),
            ]);
            command
        } else {
            Command::new("sh")
        };
        command.args(["-c", SCRIPT, "sh"]).arg(&dir).arg(&bin).arg(port.to_string()).arg(more);
        let mut child = command
            .current_dir(&dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|why| format!("starting a shell for the server: {why}"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("no output of the shell")?;
        let mut output = BufReader::new(output);
        let mut line = String::new();
        output.read_line(&mut line).map_err(|why| why.to_string())?;
        if line.trim() != "ready" {
            let _ = child.wait();
            return Err(format!("the server does not start: {}", line.trim()));
        }
        Ok(Self { dir, port, shell: Mutex::new(Shell { child, input, output }) })
    }

    /// The server that the tests of this process share, each with a schema of its own; or the reason why there is
    /// none, as text.
    #[allow(dead_code, reason = "as below")]
    pub fn shared() -> Result<&'static Self, &'static str> {
        static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
        SHARED.get_or_init(|| Self::start("fsync = off")).as_ref().map_err(String::as_str)
    }

    /// The address of its database, over TCP.
    pub fn address(&self) -> String {
        Self::address_at(self.port)
    }

    /// The address of a database that is reached over this port.
    #[allow(dead_code, reason = "as below")]
    pub fn address_at(port: u16) -> String {
        format!("postgres://pressmark@127.0.0.1:{port}/postgres?sslmode=disable")
    }

    /// The address of its database, over its socket.
    #[allow(dead_code, reason = "not every crate of tests that takes this file in uses all of it")]
    pub fn socket_address(&self) -> String {
        format!(
            "postgres:///postgres?user=pressmark&host={}&port={}",
            self.dir.display(),
            self.port
        )
    }

    /// Its directory.
    #[allow(dead_code, reason = "as above")]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The port it listens on.
    #[allow(dead_code, reason = "as above")]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it like a crash: connections are cut, and no more data is written.
    pub fn kill(&self) {
        self.tell("kill");
    }

    /// Starts it again, which recovers from its log.
    pub fn begin(&self) {
        self.tell("begin");
    }

    fn tell(&self, word: &str) {
        let mut shell = self.shell.lock().unwrap_or_else(PoisonError::into_inner);
        let input = shell.input.as_mut().expect("the shell takes commands until it is dropped");
        writeln!(input, "{word}").unwrap();
        let mut line = String::new();
        shell.output.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "done", "{word}: see {}", self.dir.join("log").display());
    }

    /// Runs SQL with the server's own client; returns its output.
    #[allow(dead_code, reason = "as above")]
    pub fn sql(&self, sql: &str) -> String {
        let out = Command::new("psql")
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"])
            .args(["-p", &self.port.to_string(), "-U", "pressmark", "-d", "postgres", "-c", sql])
            .output()
            .unwrap();
        assert!(out.status.success(), "{sql}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let shell = self.shell.get_mut().unwrap_or_else(PoisonError::into_inner);
        // The end of its input makes the shell stop the server.
        drop(shell.input.take());
        let _ = shell.child.wait();
    }
}

fn programs() -> Result<PathBuf, String> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .chain(std::env::var_os("PATH").iter().flat_map(std::env::split_paths))
        .filter(|bin| bin.join("initdb").is_file() && bin.join("pg_ctl").is_file())
        .collect();
    found.sort();
    found.pop().ok_or_else(|| "no initdb in /usr/lib/postgresql/*/bin or in PATH".to_owned())
}

/// User and group of that name.
pub fn user_ids(name: &str) -> Result<(u32, u32), String> {
    let table = std::fs::read_to_string("/etc/passwd").map_err(|why| why.to_string())?;
    let line = table.lines().find(|line| line.split(':').next() == Some(name));
    let fields: Vec<&str> = line.unwrap_or_default().split(':').collect();
    let number = |at: usize| fields.get(at).and_then(|field| field.parse().ok());
    match (number(2), number(3)) {
        (Some(user), Some(group)) => Ok((user, group)),
        _ => Err(format!("servers refuse root, and there is no user {name}")),
    }
}
