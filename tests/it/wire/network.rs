//! Failures below HTTP are evidence too: records that appear in `captures`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use pressmark::archive::RecordKind;
use pressmark::warc::warc_fields;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::support::archive::Archive;
use crate::support::cli::{json_lines, pressmark};

use super::only;

/// Answers one request on each connection with a certificate without a trusted signature.
fn self_signed(host: &str, answer: &'static [u8]) -> u16 {
    let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            thread::spawn(move || {
                // A client that rejects the certificate hangs up.
                let _ = answer_tls(stream, config, answer);
            });
        }
    });
    port
}

fn answer_tls(
    stream: TcpStream,
    config: Arc<rustls::ServerConfig>,
    answer: &[u8],
) -> Result<(), Box<dyn std::error::Error>> {
    let connection = rustls::ServerConnection::new(config)?;
    let mut tls = rustls::StreamOwned::new(connection, stream);
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if tls.read(&mut byte)? == 0 {
            return Ok(());
        }
        request.push(byte[0]);
    }
    let is_robots = request.starts_with(b"GET /robots.txt ");
    tls.write_all(if is_robots { crate::support::raw::NO_ROBOTS } else { answer })?;
    tls.conn.send_close_notify();
    tls.flush()?;
    Ok(())
}

/// A port without a listener.
fn refused_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A server that closes each connection without an answer.
fn mute() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"this is no handshake\r\n");
        }
    });
    port
}

#[test]
fn failures_below_http_are_records_that_show_in_captures() {
    const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
    let mut archive = Archive::new().in_a_hurry().set("capture.connect_timeout=5s");
    archive.resolve = vec![
        format!("refused.example:80:127.0.0.1:{}", refused_port()),
        format!("unsigned.example:443:127.0.0.1:{}", self_signed("unsigned.example", PAGE)),
        format!("plain.example:443:127.0.0.1:{}", mute()),
    ];
    let cases = [
        ("http://refused.example/", "connect"),
        ("https://unsigned.example/", "tls"),
        ("https://plain.example/", "tls"),
        ("http://no-such-host.invalid/", "dns"),
    ];
    // robots.txt is requested first; its failure is kept for itself and for the page.
    let urls: Vec<&str> = cases.iter().map(|c| c.0).collect();
    let report = archive.crawl(&urls);
    assert_eq!(report.failed, cases.len() as u64, "{:?}", report.failures);
    assert_eq!(report.refused_by_robots, 0);
    let reader = archive.reader();
    let both =
        cases.map(|(url, reason)| [(format!("{url}robots.txt"), reason), (url.into(), reason)]);
    for (url, reason) in both.as_flattened() {
        let captures: Vec<_> = reader.captures_of(url).map(Result::unwrap).collect();
        assert_eq!(captures.len(), 1, "{url}");
        assert_eq!(captures[0].kind, RecordKind::Metadata, "{url}");
        let loaded = reader.load(&captures[0]).unwrap();
        let said = warc_fields::read(&loaded.block.prefix(10_000).unwrap()).unwrap();
        assert_eq!(said.text("outcome").unwrap(), "failed", "{url}");
        assert_eq!(said.text("reason").unwrap(), *reason, "{url}: {:?}", said.text("detail"));
    }
    drop(reader);
    for (url, reason) in both.as_flattened() {
        let listed = pressmark(&archive.root(), &["captures", url]);
        assert_eq!(listed.status.code(), Some(0), "{url}");
        let text = String::from_utf8(listed.stdout).unwrap();
        assert!(text.contains("failure") && text.contains(*reason), "{text}");
        let line =
            &json_lines(&pressmark(&archive.root(), &["captures", url, "--format", "json"]))[0];
        assert_eq!(line["record_type"], "metadata");
    }
}

#[test]
fn an_unchecked_certificate_is_noted_in_the_record() {
    const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
    let mut archive = Archive::new().in_a_hurry().set("tls.verify=false");
    let port = self_signed("unsigned.example", PAGE);
    archive.resolve = vec![format!("unsigned.example:443:127.0.0.1:{port}")];
    let report = archive.crawl(&["https://unsigned.example/"]);
    assert_eq!(report.failed, 0, "{:?}", report.failures);
    let records = archive.records();
    let response = only(&records, "response", "https://unsigned.example/");
    assert_eq!(response.block, PAGE);
    let protocols: Vec<&[u8]> = response.fields.all("WARC-Protocol").collect();
    assert_eq!(protocols, [b"http/1.1".as_slice(), b"tls/1.3"]);
    assert!(response.field("WARC-Cipher-Suite").starts_with("TLS_"), "the suite is named");
    let note = only(&records, "metadata", "https://unsigned.example/");
    let said = warc_fields::read(&note.block).unwrap();
    assert_eq!(said.text("tlsVerified").unwrap(), "false");
}

#[test]
fn private_addresses_are_refused_unless_allowed() {
    let mut archive = Archive::new().in_a_hurry().set("capture.allow_private=false");
    let port = mute();
    archive.resolve = vec![
        format!("inside.example:80:127.0.0.1:{port}"),
        format!("metadata.example:80:169.254.169.254:{port}"),
        format!("lan.example:80:10.0.0.1:{port}"),
        format!("six.example:80:[::1]:{port}"),
    ];
    let urls = [
        "http://inside.example/",
        "http://metadata.example/",
        "http://lan.example/",
        "http://six.example/",
    ];
    let report = archive.crawl(&urls);
    assert_eq!(report.fetched, 0);
    assert_eq!(report.failures.len(), urls.len());
    for (url, why) in &report.failures {
        assert!(why.starts_with("address-refused: "), "{url}: {why}");
    }
}
