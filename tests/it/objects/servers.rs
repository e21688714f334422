//! The same with third-party servers: moto from PyPI and s3s-fs from crates.io. Each test starts its own on loopback.
//!
//! `PRESSMARK_S3_MOTO` names moto's `moto_server`, `PRESSMARK_S3_S3S` the program `s3s-fs`; otherwise they are searched in
//! PATH. A test without its server is skipped, unless `PRESSMARK_REQUIRE` names it (`moto`, `s3s`).

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{ID, SECRET, contract, tables};
use crate::support::skip::skipped;

/// A process that is killed when this is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program that `variable` names, or the one of this name in PATH.
fn program(variable: &str, name: &str) -> Result<PathBuf, String> {
    if let Some(set) = std::env::var_os(variable) {
        let path = PathBuf::from(set);
        return path.is_file().then_some(path).ok_or_else(|| format!("{variable} names no file"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| format!("{variable} is not set, and there is no {name} in PATH"))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn start(mut command: Command, port: u16) -> Server {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = Server(command.spawn().unwrap());
    for _ in 0..600 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return server;
        }
        assert!(server.0.try_wait().unwrap().is_none(), "the server ended");
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the server does not answer");
}

#[test]
fn moto_takes_files_and_gives_them_back() {
    let program = match program("PRESSMARK_S3_MOTO", "moto_server") {
        Ok(program) => program,
        Err(why) => return skipped("moto", &why),
    };
    let port = free_port();
    let mut command = Command::new(program);
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    let _server = start(command, port);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let made = "PUT /bucket HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\
                Authorization: AWS4-HMAC-SHA256 Credential=a/20250101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\
                Connection: close\r\n\r\n";
    stream.write_all(made.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    contract(&format!("http://127.0.0.1:{port}"));
    tables::contract(&format!("http://127.0.0.1:{port}"));
    tables::others_read(&format!("http://127.0.0.1:{port}"));
}

#[test]
fn s3s_takes_files_and_gives_them_back() {
    let program = match program("PRESSMARK_S3_S3S", "s3s-fs") {
        Ok(program) => program,
        Err(why) => return skipped("s3s", &why),
    };
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("bucket")).unwrap();
    let port = free_port();
    let mut command = Command::new(program);
    command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
    // The server checks every signature against these.
    command.args(["--access-key", ID, "--secret-key", SECRET]).arg(dir.path());
    let _server = start(command, port);
    contract(&format!("http://127.0.0.1:{port}"));
    tables::contract(&format!("http://127.0.0.1:{port}"));
    tables::others_read(&format!("http://127.0.0.1:{port}"));
}
