//! A time-stamp authority on loopback: openssl behind a small HTTP server.

use pressmark::base::Timestamp;

use crate::support::drand::Time;
use crate::support::skip::skipped;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The running authority; its server ends with the process.
pub struct Authority {
    pub url: String,
    pub dir: tempfile::TempDir,
    /// Answers with an error while this is set.
    pub broken: Arc<AtomicBool>,
}

pub(super) fn openssl(dir: &Path, args: &[&str]) -> bool {
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
    /// server. `None`, with a message, where there is no openssl.
    pub fn start(kind: &str) -> Option<Self> {
        Self::start_at(kind, None)
    }

    /// The same with a clock of its own, which must not be before the certificates are made: now.
    pub fn start_at(kind: &str, time: Option<Time>) -> Option<Self> {
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
        let broken = Arc::<AtomicBool>::default();
        let is_broken = Arc::clone(&broken);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that disconnects early needs no more.
                let _ = answer(stream, &home, time.as_ref(), &is_broken);
            }
        });
        Some(Self { url, dir, broken })
    }

    /// The file with the root certificate.
    pub fn roots(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }
}

fn answer(
    mut stream: TcpStream,
    home: &Path,
    time: Option<&Time>,
    broken: &AtomicBool,
) -> std::io::Result<()> {
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
    let made = match time {
        _ if broken.load(Ordering::SeqCst) => false,
        Some(time) => reply_at(home, &body, time())?,
        None => {
            fs::write(home.join("query"), body)?;
            openssl(
                home,
                &["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"],
            )
        }
    };
    let reply = if made { fs::read(home.join("reply"))? } else { Vec::new() };
    let status = if made { "200 OK" } else { "500 Broken" };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        reply.len()
    )?;
    stream.write_all(&reply)
}

fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = match value.len() {
        short @ 0..0x80 => vec![short as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    [&[tag][..], &length, value].concat()
}

/// A response that states a given time (RFC 3161 section 2.4.2): a time stamp that openssl signs by `cms`, since its `ts`
/// uses only the clock of the machine. The request is one of the program's own, whose form is fixed.
fn reply_at(home: &Path, query: &[u8], now: Timestamp) -> std::io::Result<bool> {
    let imprint = &query[5..56];
    let nonce = &query[56..58 + usize::from(query[57])];
    let stamp = format!("{}Z", now.to_stamp14());
    let info = [
        &[2, 1, 1][..],
        // The policy, 1.2.3.4.1.
        &[6, 4, 0x2a, 3, 4, 1],
        imprint,
        &[2, 2, 0x10, 0],
        &der(0x18, stamp.as_bytes()),
        // Accurate to a second.
        &[0x30, 3, 2, 1, 1],
        nonce,
    ];
    fs::write(home.join("info"), der(0x30, &info.concat()))?;
    let signing = "cms -sign -binary -nodetach -nosmimecap -in info -econtent_type 1.2.840.113549.1.9.16.1.4 -md sha256 -signer tsa.pem -inkey tsa.key -cades -outform DER -out token";
    let made = openssl(home, &signing.split(' ').collect::<Vec<_>>());
    if made {
        let granted = [&[0x30, 3, 2, 1, 0][..], &fs::read(home.join("token"))?].concat();
        fs::write(home.join("reply"), der(0x30, &granted))?;
    }
    Ok(made)
}
