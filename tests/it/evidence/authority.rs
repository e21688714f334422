//! A time-stamp authority on loopback: openssl behind a small HTTP server.

use crate::support::skip::skipped;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The running authority; its server ends with the process.
pub struct Authority {
    pub url: String,
    pub dir: tempfile::TempDir,
}

fn openssl(dir: &Path, args: &[&str]) -> bool {
    let done = Command::new("openssl").args(args).current_dir(dir).output();
    done.is_ok_and(|done| done.status.success())
}

const CONFIG: &str = "
[tsa]
default_tsa = it
[it]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ext]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
basicConstraints = critical,CA:FALSE
";

impl Authority {
    /// Makes a root and a certificate for time stamping with keys of this kind, and starts the
    /// server. None, with a message, where there is no openssl.
    pub fn start(kind: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path();
        if !openssl(at, &["version"]) {
            skipped("openssl", "there is no openssl here");
            return None;
        }
        fs::write(at.join("tsa.cnf"), CONFIG).unwrap();
        fs::write(at.join("serial"), "1000\n").unwrap();
        let key: &[&str] = match kind {
            "rsa" => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            _ => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        };
        for name in ["ca", "tsa"] {
            let file = format!("{name}.key");
            assert!(openssl(at, &[&["genpkey", "-out", &file][..], key].concat()));
        }
        let unique = at.file_name().unwrap_or_default().to_string_lossy();
        let root = format!("/O=Test {kind}/CN=Root {unique}");
        assert!(openssl(
            at,
            &[
                "req", "-x509", "-new", "-key", "ca.key", "-subj", &root, "-days", "3650", "-out",
                "ca.pem"
            ]
        ));
        let name = format!("/O=Test {kind}/CN=Time stamps");
        assert!(openssl(
            at,
            &["req", "-new", "-key", "tsa.key", "-subj", &name, "-out", "tsa.csr"]
        ));
        assert!(openssl(
            at,
            &[
                "x509",
                "-req",
                "-in",
                "tsa.csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "3650",
                "-extfile",
                "tsa.cnf",
                "-extensions",
                "ext",
                "-out",
                "tsa.pem"
            ]
        ));
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/ts", listener.local_addr().unwrap());
        let home = at.to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Who hangs up in between has heard enough.
                let _ = answer(stream, &home);
            }
        });
        Some(Self { url, dir })
    }

    /// The file with the root certificate.
    pub fn roots(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }
}

fn answer(mut stream: TcpStream, home: &Path) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let body = loop {
        let n = stream.read(&mut piece)?;
        bytes.extend_from_slice(&piece[..n]);
        let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
            if n == 0 {
                return Ok(());
            }
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..at]).to_ascii_lowercase();
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
        if bytes.len() >= at + 4 + length.unwrap_or(0) {
            break bytes.split_off(at + 4);
        }
    };
    fs::write(home.join("query"), body)?;
    let made = openssl(
        home,
        &["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"],
    );
    let reply = if made { fs::read(home.join("reply"))? } else { Vec::new() };
    let status = if made { "200 OK" } else { "500 Broken" };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        reply.len()
    )?;
    stream.write_all(&reply)
}
