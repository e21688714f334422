//! pgbouncer in front of a database, in transaction mode: Debian's package has the program. It refuses
//! to run as root, so as root it is run as the user `postgres`.

#![allow(dead_code, reason = "not every crate of tests that takes this file in uses all of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Fewer connections to the database than any process asks for, so that each of its transactions may get another one.
const CONNECTIONS: usize = 3;

/// A running pooler.
pub struct Pooler {
    dir: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Pooler {
    /// A pooler in front of the database on this port of the loopback device, or the reason why there is none, as text.
    pub fn before(port: u16) -> Result<Self, String> {
        let program = program()?;
        let dir = tempfile::Builder::new().prefix("pressmark-pool-").tempdir();
        let dir = dir.map_err(|why| why.to_string())?;
        let own = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|why| why.to_string())?
            .port();
        let (config, users) = (dir.path().join("pgbouncer.ini"), dir.path().join("users"));
        let text = format!(
            "[databases]\npostgres = host=127.0.0.1 port={port} dbname=postgres\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {own}\nunix_socket_dir =\nauth_type = trust\n\
             auth_file = {}\npool_mode = transaction\ndefault_pool_size = {CONNECTIONS}\n\
             max_client_conn = 500\nserver_reset_query =\nlogfile = {}\npidfile =\n",
            users.display(),
            dir.path().join("log").display(),
        );
        std::fs::write(&config, text).map_err(|why| why.to_string())?;
        std::fs::write(&users, "\"pressmark\" \"\"\n").map_err(|why| why.to_string())?;
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        let mut command = if is_root {
            let (user, group) = super::postgres::user_ids("postgres")?;
            for path in [dir.path(), &config, &users] {
                std::os::unix::fs::chown(path, Some(user), Some(group))
                    .map_err(|why| why.to_string())?;
            }
            let mut command = Command::new("setpriv");
            command.args([
                format!("--reuid={user}"),
                format!("--regid={group}"),
                "--clear-groups".to_owned(),
            ]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        let child = command
            .arg("-q")
            .arg(&config)
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|why| format!("starting pgbouncer: {why}"))?;
        let mut pooler = Self { dir, port: own, child };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", own)).is_err() {
            let has_ended = pooler.child.try_wait().is_ok_and(|ended| ended.is_some());
            if has_ended || begun.elapsed() > Duration::from_secs(20) {
                return Err(format!("pgbouncer does not start: {}", pooler.log()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(pooler)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Result<PathBuf, String> {
    let usual = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];
    let found = usual.iter().map(Path::new).find(|path| path.is_file());
    found.map(Path::to_owned).ok_or_else(|| "no pgbouncer in /usr/sbin".to_owned())
}
