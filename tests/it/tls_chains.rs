//! The certificates that a TLS server shows, with stapled data: kept once for each chain, referenced by every response that
//! came over it, included in a bundle, and checked by both checkers and by openssl.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use data_encoding::BASE64;
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::evidence::checkers::{Given, SCRIPT, ours};
use crate::support::archive::records;
use crate::support::cli::{command, crawl, pressmark, stderr, stdout};

/// An OCSP response which says only that the responder may not answer: as short as possible.
const OCSP: [u8; 5] = [0x30, 3, 0x0a, 1, 6];
/// The extension that holds signed certificate timestamps (RFC 6962 section 3.3).
const SCTS: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A list of one timestamp, of a log that does not exist.
fn scts() -> Vec<u8> {
    let sct =
        [&[0][..], &[7; 32], &1_762_300_800_000_u64.to_be_bytes(), &[0, 0, 4, 3, 0, 8], &[9; 8]];
    let sct = sct.concat();
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let list = [&length(&sct), sct.as_slice()].concat();
    let list = [&length(&list), list.as_slice()].concat();
    [&[4, u8::try_from(list.len()).unwrap()], list.as_slice()].concat()
}

/// A host with a chain of its own: leaf, and the certificate between it and the root.
struct Host {
    port: u16,
    chain: Vec<Vec<u8>>,
}

fn authority(
    issuer: Option<&Issuer<'_, KeyPair>>,
) -> (Issuer<'static, KeyPair>, rcgen::Certificate) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Each has a name of its own, by which a chain is assembled.
    let number = COUNT.fetch_add(1, Ordering::SeqCst);
    params.distinguished_name.push(rcgen::DnType::CommonName, format!("Authority {number}"));
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    (Issuer::new(params, key), certificate)
}

fn serve(root: &Issuer<'_, KeyPair>, name: &str) -> Host {
    let (between, certificate) = authority(Some(root));
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.custom_extensions.push(CustomExtension::from_oid_content(&SCTS, scts()));
    let leaf = params.signed_by(&key, &between).unwrap();
    let chain = vec![leaf.der().to_vec(), certificate.der().to_vec()];
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert_with_ocsp(
            chain.iter().map(|der| CertificateDer::from(der.clone())).collect(),
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
            OCSP.to_vec(),
        )
        .unwrap();
    let config = Arc::new(config);
    let name = name.to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            // A client that is done hangs up.
            let name = name.clone();
            std::thread::spawn(move || answer(stream, config, &name).ok());
        }
    });
    Host { port, chain }
}

fn answer(
    stream: std::net::TcpStream,
    config: Arc<ServerConfig>,
    name: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut tls = rustls::StreamOwned::new(rustls::ServerConnection::new(config)?, stream);
    loop {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if tls.read(&mut byte)? == 0 {
                return Ok(());
            }
            request.push(byte[0]);
        }
        let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
        let (media_type, body) = match line.contains("/robots.txt") {
            true => ("text/plain", format!("# {name}\nUser-agent: *\nAllow: /\n")),
            false => ("text/html", format!("<title>A page</title><p>Of {name}, {line}")),
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        tls.write_all(head.as_bytes())?;
        tls.flush()?;
    }
}

/// The parts of a PEM text: their labels, and their bytes.
fn pem(text: &str) -> Vec<(String, Vec<u8>)> {
    let parts = text.split("-----BEGIN ").skip(1);
    let part = |part: &str| {
        let (label, rest) = part.split_once("-----\n").unwrap();
        let body = rest.split("-----END ").next().unwrap().replace('\n', "");
        (label.to_owned(), BASE64.decode(body.as_bytes()).unwrap())
    };
    parts.map(part).collect()
}

fn openssl(dir: &Path, args: &[&str]) -> String {
    let done = Command::new("openssl").args(args).current_dir(dir).output().unwrap();
    format!("{}{}", stdout(&done), stderr(&done))
}

#[test]
fn a_chain_is_kept_once_and_found_and_checked_with_every_capture_over_it() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let (issuer, certificate) = authority(None);
    let roots = dir.path().join("roots.pem");
    std::fs::write(&roots, certificate.pem()).unwrap();
    let names = ["a.example", "b.example"];
    let hosts = names.map(|name| serve(&issuer, name));
    let resolve: Vec<String> = names
        .iter()
        .zip(&hosts)
        .map(|(name, host)| format!("{name}:443:127.0.0.1:{}", host.port))
        .collect();
    let set = format!("tls.roots_file={}", roots.display());
    // Three runs: the next run does not keep a chain again that an earlier one kept.
    for urls in [
        &["https://a.example/1", "https://a.example/2"][..],
        &["https://a.example/3", "https://b.example/1"],
        &["https://b.example/2"],
    ] {
        let done = crawl(&root, &resolve).args(["--set", &set]).args(urls).output().unwrap();
        assert!(done.status.success(), "{}", stderr(&done));
    }
    let all = records(&root);
    let kept: Vec<_> = all
        .iter()
        .filter(|record| record.field("WARC-Target-URI").starts_with("urn:tls-certificates:"))
        .collect();
    assert_eq!(kept.len(), 2, "one for each chain");
    for (name, host) in names.iter().zip(&hosts) {
        let own = kept.iter().find(|record| {
            let parts = pem(&String::from_utf8_lossy(&record.block));
            parts.first().is_some_and(|(_, der)| *der == host.chain[0])
        });
        let own = own.unwrap();
        let parts = pem(&String::from_utf8_lossy(&own.block));
        let labels: Vec<&str> = parts.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(labels, ["CERTIFICATE", "CERTIFICATE", "OCSP RESPONSE"]);
        assert_eq!([&parts[0].1, &parts[1].1], [&host.chain[0], &host.chain[1]]);
        assert_eq!(parts[2].1, OCSP);
        let scts = scts();
        assert!(memchr::memmem::find(&parts[0].1, &scts).is_some(), "its timestamps are in it");
        let uri = own.field("WARC-Target-URI");
        let over: Vec<_> = all
            .iter()
            .filter(|record| record.field("WARC-Type") == "response")
            .filter(|record| record.field("WARC-Target-URI").contains(name))
            .collect();
        assert!(over.len() >= 3, "robots.txt and two pages at least");
        assert!(over.iter().all(|record| record.field("WARC-Server-Certificates") == uri));
        // Other programs read it in the stored form.
        let file = dir.path().join("chain.pem");
        std::fs::write(&file, &own.block).unwrap();
        let said = openssl(
            dir.path(),
            &["verify", "-CAfile", "roots.pem", "-untrusted", "chain.pem", "chain.pem"],
        );
        assert!(said.contains("chain.pem: OK"), "{said}");
        let said =
            openssl(dir.path(), &["x509", "-in", "chain.pem", "-noout", "-ext", "ct_precert_scts"]);
        assert!(said.contains("Signed Certificate Timestamp"), "{said}");
        std::fs::write(dir.path().join("ocsp.der"), &parts[2].1).unwrap();
        let said = openssl(dir.path(), &["ocsp", "-respin", "ocsp.der", "-text"]);
        assert!(said.contains("unauthorized"), "{said}");
    }
    // The capture of the last run has the chain that an earlier run kept, and each is in its bundle.
    for url in ["https://a.example/1", "https://a.example/3", "https://b.example/2"] {
        let bundle = dir.path().join("bundle.zip");
        let done = pressmark(
            &root,
            &["prove", url, "--force", "-o", bundle.to_str().unwrap(), "--set", &set],
        );
        assert!(done.status.success(), "{}", stderr(&done));
        let contents = pressmark::evidence::bundle::read_bundle(&bundle).unwrap();
        let described = contents.iter().find(|(name, _)| name == "bundle.json").unwrap();
        let described: serde_json::Value = serde_json::from_slice(&described.1).unwrap();
        let listed = described["records"].as_array().unwrap();
        let listed: Vec<_> =
            listed.iter().filter(|record| record["role"] == "certificates").collect();
        assert_eq!(listed.len(), 1, "{described}");
        let capture = all.iter().find(|record| record.is("response", url)).unwrap();
        assert_eq!(listed[0]["uri"], capture.field("WARC-Server-Certificates"));
        assert_eq!(ours(&contents, &Given::default()), [] as [&str; 0]);
        let script = Command::new("python3").arg("-B").arg(SCRIPT).arg(&bundle).output().unwrap();
        assert!(script.status.success(), "{}", stdout(&script));
        let check = command(&root).args(["prove", "--check"]).arg(&bundle).output().unwrap();
        assert!(check.status.success(), "{}", stdout(&check));
    }
}
