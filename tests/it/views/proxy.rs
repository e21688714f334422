//! The replay proxy, tested with a plain client: which capture is chosen, what is sent, and what is not held.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use pressmark::base::Timestamp;
use pressmark::browser::Traffic;
use pressmark::serve::{Moment, ReplayProxy};
use pressmark::store::Layout;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::rustls::{self, pki_types};

use crate::serve::{Answer, Warc, ask, raw, state_of};

/// A proxy that runs until it is dropped.
pub struct Through {
    pub runtime: tokio::runtime::Runtime,
    pub proxy: ReplayProxy,
}

impl Through {
    pub fn start(root: &Path, moment: Moment, sets: &[&str]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let state = state_of(root, sets, |_| {});
        let proxy = runtime.block_on(ReplayProxy::start(state, "127.0.0.1:0", moment)).unwrap();
        Self { runtime, proxy }
    }

    fn address(&self) -> SocketAddr {
        self.proxy.address()
    }

    fn get(&self, url: &str, fields: &str) -> Answer {
        self.send("GET", url, fields, "")
    }

    fn send(&self, method: &str, url: &str, fields: &str, body: &str) -> Answer {
        let host = url.split('/').nth(2).unwrap();
        let length = match body {
            "" => String::new(),
            body => format!("Content-Length: {}\r\n", body.len()),
        };
        let request = format!(
            "{method} {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{length}{fields}\r\n{body}"
        );
        raw(self.address(), request.as_bytes(), method)
    }
}

const A: &str = "http://a.example/";
const JSON: &str = "Content-Type: application/json\r\n";

fn posted(body: &str, answer: &str) -> (String, String) {
    let request = format!(
        "POST /api HTTP/1.1\nHost: a.example\nContent-Type: application/json\nContent-Length: {}\n\n{body}",
        body.len()
    );
    let response = format!(
        "HTTP/1.1 201 Created\nContent-Type: application/json\nAccess-Control-Allow-Origin: http://b.example\nContent-Length: {}\n\n{answer}",
        answer.len()
    );
    (request, response)
}

fn archive() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    Layout::new(dir.path()).create().unwrap();
    let gzip = {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, b"<p>packed</p>").unwrap();
        packed.finish().unwrap()
    };
    let api = "http://a.example/api";
    let (first, one) = posted("{\"q\":\"weir\"}", "[1]");
    let (second, two) = posted("{\"q\":\"mill\"}", "[2]");
    let (first_again, three) = posted("{\"q\":\"weir\"}", "[3]");
    Warc::new()
        .page(A, "2024-01-01T00:00:00Z", "one")
        .page(A, "2024-02-01T00:00:00Z", "two")
        .response(
            "https://a.example/secure",
            "2024-01-01T00:00:00Z",
            "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip\nSet-Cookie: a=1; Secure\nAlt-Svc: h3=\":1\"\nContent-Security-Policy: default-src 'self'",
            &gzip,
        )
        .response(
            "http://a.example/x.png",
            "2024-01-01T00:00:00Z",
            "HTTP/1.1 200 OK\nContent-Type: image/png\nVary: Origin",
            b"0123456789",
        )
        .response(
            "http://a.example/x.png",
            "2024-01-03T00:00:00Z",
            "HTTP/1.1 404 Not Found\nContent-Type: text/plain",
            b"gone",
        )
        .response(
            "http://a.example/film",
            "2024-01-01T00:00:00Z",
            "HTTP/1.1 206 Partial Content\nContent-Type: video/mp4\nContent-Range: bytes 0-9/10",
            b"0123456789",
        )
        .exchange(api, "2024-01-01T00:00:01Z", &first, &one, false)
        .exchange(api, "2024-01-01T00:00:02Z", &second, &two, true)
        .exchange(api, "2024-03-01T00:00:00Z", &first_again, &three, true)
        .revisit(A, "2024-04-01T00:00:00Z", (A, "2024-01-01T00:00:00Z"), "one")
        .write(dir.path(), "one.warc");
    dir
}

fn at(text: &str) -> Moment {
    Moment::Fixed(Timestamp::parse(text).unwrap())
}

#[test]
fn captures_are_sent_as_their_servers_sent_them_at_the_time_that_is_asked_for() {
    let dir = archive();
    let newest = Through::start(dir.path(), Moment::Asked, &[]);
    let early = Through::start(dir.path(), at("2024-01-02T00:00:00Z"), &[]);
    assert_eq!(newest.get(A, "").text(), "one", "the revisit has the payload of the first");
    assert_eq!(newest.get(A, "").header("x-own"), Some("revisit"));
    assert_eq!(early.get(A, "").text(), "one");
    let date = "Accept-Datetime: Fri, 02 Feb 2024 00:00:00 GMT\r\n";
    let second = newest.get(A, date);
    assert_eq!(second.text(), "two");
    assert_eq!(second.header("memento-datetime"), Some("Thu, 01 Feb 2024 00:00:00 GMT"));
    // A page sees only what its server sent.
    assert_eq!(early.get(A, date).header("memento-datetime"), None);
    assert_eq!(newest.get(A, "Accept-Datetime: yesterday\r\n").status, 400);
    // For a part of a page, a successful capture is preferred to a nearer error.
    let late = Through::start(dir.path(), at("2024-01-03T00:00:00Z"), &[]);
    let image = "http://a.example/x.png";
    assert_eq!(late.get(image, "Sec-Fetch-Dest: image\r\n").status, 200);
    assert_eq!(late.get(image, "").status, 404);
    // Ranges, also of a capture that is one and has the whole.
    for (url, status) in [(image, 206), ("http://a.example/film", 206)] {
        let part = early.get(url, "Sec-Fetch-Dest: video\r\nRange: bytes=2-4\r\n");
        assert_eq!((part.status, part.text().as_str()), (status, "234"), "{url}");
        assert_eq!(part.header("content-range"), Some("bytes 2-4/10"));
    }
    // The server declared that it answers each origin separately.
    let other = early.get(image, "Sec-Fetch-Dest: empty\r\nOrigin: https://c.example\r\n");
    assert_eq!(other.header("access-control-allow-origin"), Some("https://c.example"));
    let head = raw(
        early.address(),
        b"HEAD http://a.example/ HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n",
        "HEAD",
    );
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn requests_with_a_body_are_answered_by_what_answered_that_body() {
    let dir = archive();
    let proxy = Through::start(dir.path(), at("2024-01-01T00:00:00Z"), &[]);
    let url = "http://a.example/api";
    for (body, expected) in [("{\"q\":\"weir\"}", "[1]"), ("{ \"q\": \"mill\" }", "[2]")] {
        let got = proxy.send("POST", url, &format!("{JSON}Origin: http://c.example\r\n"), body);
        assert_eq!((got.status, got.text().as_str()), (201, expected));
        assert_eq!(got.header("access-control-allow-origin"), Some("http://c.example"));
    }
    let late = Through::start(dir.path(), at("2024-02-29T00:00:00Z"), &[]);
    assert_eq!(late.send("POST", url, JSON, "{\"q\":\"weir\"}").text(), "[3]");
    for (method, body) in [("POST", "{\"q\":\"lock\"}"), ("PUT", "{\"q\":\"weir\"}"), ("POST", "x")]
    {
        let got = proxy.send(method, url, JSON, body);
        assert_eq!(got.status, 404, "{method} {body}");
        assert!(got.header("x-pressmark-missing").unwrap().contains("body"));
    }
    let asks = "Origin: http://c.example\r\nAccess-Control-Request-Method: POST\r\n";
    assert_eq!(proxy.send("OPTIONS", url, asks, "").status, 204);
    assert_eq!(proxy.send("OPTIONS", "http://a.example/none", asks, "").status, 404);
}

#[test]
fn what_is_not_held_is_a_404_that_says_so_and_is_counted() {
    let dir = archive();
    let proxy = Through::start(dir.path(), Moment::Asked, &[]);
    let page = proxy.get("http://a.example/<none>", "Sec-Fetch-Dest: document\r\n");
    let page = if page.status == 400 {
        proxy.get("http://a.example/none", "Sec-Fetch-Dest: document\r\n")
    } else {
        page
    };
    assert_eq!(page.status, 404);
    assert!(page.text().contains("Not in the archive"), "{}", page.text());
    for _ in 0..2 {
        let part = proxy.get("http://live.example/x.js", "Sec-Fetch-Dest: script\r\n");
        assert_eq!(part.status, 404);
        assert!(part.header("content-type").unwrap().starts_with("text/plain"));
    }
    let socket = "Connection: upgrade\r\nUpgrade: websocket\r\n";
    assert_eq!(proxy.get("http://a.example/", socket).status, 404);
    proxy.get(A, "");
    let traded = proxy.proxy.traded();
    assert_eq!((traded.answered, traded.missing, traded.missing_parts.len()), (1, 4, 3));
}

#[test]
fn a_token_is_required_and_the_proxy_does_not_answer_as_a_server() {
    let dir = archive();
    let proxy = Through::start(dir.path(), Moment::Asked, &["serve.token=hunter2"]);
    let denied = proxy.get(A, "");
    assert_eq!(denied.status, 407);
    assert!(denied.header("proxy-authenticate").is_some());
    let shown = "Proxy-Authorization: Basic dXNlcjpodW50ZXIy\r\n";
    assert_eq!(proxy.get(A, shown).status, 200);
    let open = Through::start(dir.path(), Moment::Asked, &[]);
    assert!(ask(open.address(), "/ca.pem").text().starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(ask(open.address(), "/healthz").status, 404);
    // Requests like those of a client that uses it as its proxy (docs/reference/server.md).
    let port = open.address().port();
    for host in ["127.0.0.1", "localhost"] {
        let through = open.get(&format!("http://{host}:{port}/ca.pem"), "");
        assert!(through.text().starts_with("-----BEGIN CERTIFICATE-----"), "{}", through.text());
    }
    assert_eq!(open.get("http://127.0.0.1:1/ca.pem", "").status, 404);
}

/// Requests a page through CONNECT and TLS, trusting the authority of the proxy alone.
async fn secure(proxy: SocketAddr, pem: &str, host: &str, target: &str) -> Result<String, String> {
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = data_encoding::BASE64.decode(lines.as_bytes()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(pki_types::CertificateDer::from(der)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut stream = tokio::net::TcpStream::connect(proxy).await.unwrap();
    let connect = format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n");
    stream.write_all(connect.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    let name = pki_types::ServerName::try_from(host.to_owned()).unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, stream).await.map_err(|why| why.to_string())?;
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    // After a close without the end of TLS, the received data still counts.
    let _ = stream.read_to_end(&mut got).await;
    Ok(String::from_utf8_lossy(&got).into_owned())
}

#[test]
fn https_is_answered_with_certificates_of_the_authority_that_the_proxy_gives() {
    let dir = archive();
    let proxy = Through::start(dir.path(), Moment::Asked, &[]);
    let pem = ask(proxy.address(), "/ca.pem").text();
    let got = secure(proxy.address(), &pem, "a.example", "/secure");
    let got = proxy.runtime.block_on(got).unwrap();
    let (head, _) = got.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    for field in ["set-cookie: a=1; secure", "content-encoding: gzip", "default-src 'self'"] {
        assert!(head.contains(field), "{field}: {head}");
    }
    assert!(!head.contains("alt-svc"), "{head}");
    // Another authority's certificate is not accepted.
    let other = Through::start(dir.path(), Moment::Asked, &[]);
    let wrong = secure(other.address(), &pem, "a.example", "/secure");
    assert!(other.runtime.block_on(wrong).is_err());
}
