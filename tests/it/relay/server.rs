//! A TLS server on loopback, and the authority that signs its certificate.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};

/// The behaviour of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Usual,
    /// With this one suite of TLS 1.3 alone: AES-128, AES-256, ChaCha20.
    Suite(usize),
    /// Asks for another key exchange than the one that the client begins with.
    Retry,
    /// Asks for a certificate of the client, and goes on without one.
    AsksForCertificate,
    /// Marks the end of the body by the end of the connection.
    ClosesWithoutLength,
    /// Speaks TLS 1.2 alone.
    Tls12,
}

/// An authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // A name that differs from that of the certificates it signs, or openssl takes those for self-issued.
        params.distinguished_name.push(rcgen::DnType::CommonName, "Authority");
        let certificate = params.self_signed(&key).unwrap();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A key and a certificate of a host.
    pub fn certify(&self, host: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        (certificate.der().clone(), key)
    }

    fn config(&self, host: &str, kind: Kind) -> ServerConfig {
        let (certificate, key) = self.certify(host);
        let mut provider = rustls::crypto::ring::default_provider();
        match kind {
            Kind::Suite(at) => {
                let suites = [
                    rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256,
                    rustls::crypto::ring::cipher_suite::TLS13_AES_256_GCM_SHA384,
                    rustls::crypto::ring::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
                ];
                provider.cipher_suites = vec![suites[at]];
            }
            Kind::Retry => {
                provider.kx_groups = vec![rustls::crypto::ring::kx_group::SECP384R1];
            }
            _ => {}
        }
        let provider = Arc::new(provider);
        let versions: &[&rustls::SupportedProtocolVersion] = match kind {
            Kind::Tls12 => &[&rustls::version::TLS12],
            _ => rustls::DEFAULT_VERSIONS,
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .unwrap();
        let builder = if kind == Kind::AsksForCertificate {
            let mut roots = RootCertStore::empty();
            roots.add(self.certificate.der().clone()).unwrap();
            let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
                Arc::new(roots),
                provider,
            )
            .allow_unauthenticated()
            .build()
            .unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        builder.with_single_cert(vec![certificate], key).unwrap()
    }

    /// Serves a host until the test ends; returns the port.
    pub fn serve(&self, host: &str, kind: Kind) -> u16 {
        let config = Arc::new(self.config(host, kind));
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let config = Arc::clone(&config);
                thread::spawn(move || {
                    // A client that rejects the answer hangs up.
                    let _ = answer(stream, config, kind);
                });
            }
        });
        port
    }
}

/// A body of that many bytes, the same each time and without repetitions.
pub fn body(length: usize) -> Vec<u8> {
    let line =
        |n: usize| format!("<p>This is line {n} of a long page, with {} in it.</p>\n", n * 7919);
    let mut body = b"<html><body><h1>A page</h1>\n".to_vec();
    for n in 0.. {
        if body.len() >= length {
            break;
        }
        body.extend_from_slice(line(n).as_bytes());
    }
    body.truncate(length.max(30));
    body
}

fn answer(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    kind: Kind,
) -> Result<(), Box<dyn std::error::Error>> {
    stream.set_nodelay(true)?;
    let mut tls = rustls::StreamOwned::new(rustls::ServerConnection::new(config)?, stream);
    loop {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if tls.read(&mut byte)? == 0 {
                tls.conn.send_close_notify();
                tls.flush()?;
                return Ok(());
            }
            request.push(byte[0]);
        }
        let request = String::from_utf8_lossy(&request).into_owned();
        let path = request.split(' ').nth(1).unwrap_or_default();
        // A server takes its time over a page: `/after/MILLISECONDS/bytes/N`.
        let (wait, path) = match path.strip_prefix("/after/").and_then(|at| at.split_once('/')) {
            Some((millis, _)) => (millis.parse().unwrap_or(0), &path[7 + millis.len()..]),
            None => (0, path),
        };
        thread::sleep(Duration::from_millis(wait));
        let body = match path {
            "/robots.txt" => b"User-agent: *\nAllow: /\n".to_vec(),
            "/long" => body(700_000),
            path => match path.strip_prefix("/bytes/").and_then(|n| n.parse().ok()) {
                Some(length) => body(length),
                None => body(5_000),
            },
        };
        let media_type = match path {
            "/robots.txt" => "text/plain",
            // The archive does not parse pages of this type: they are only for measurements.
            path if path.starts_with("/bytes/") => "application/octet-stream",
            _ => "text/html",
        };
        let length = match kind {
            Kind::ClosesWithoutLength => "Connection: close\r\n".to_owned(),
            _ => format!("Content-Length: {}\r\n", body.len()),
        };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n{length}\r\n");
        tls.write_all(&[head.as_bytes(), &body].concat())?;
        tls.flush()?;
        if kind == Kind::ClosesWithoutLength {
            tls.conn.send_close_notify();
            tls.flush()?;
            return Ok(());
        }
    }
}
