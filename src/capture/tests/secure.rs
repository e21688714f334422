//! TLS: bytes after decryption, facts of the session, certificates good and bad.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::http::Truncated;

/// A root of our own and a certificate that it signed for `name`.
struct Authority {
    root: Vec<u8>,
    leaf: Vec<u8>,
    key: Vec<u8>,
}

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().unwrap();
    let root = params.self_signed(&root_key).unwrap();
    let issuer = Issuer::from_params(&params, &root_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    Authority { root: root.der().to_vec(), leaf: leaf.der().to_vec(), key: key.serialize_der() }
}

#[derive(Clone, Copy, PartialEq)]
enum Goodbye {
    Said,
    Unsaid,
}

/// A TLS server that plays one script a connection; gives the ALPN names it was offered.
async fn tls_site(
    authority: &Authority,
    scripts: Vec<Vec<Act>>,
    versions: &[&'static rustls::SupportedProtocolVersion],
    goodbye: Goodbye,
) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(authority.key.clone()));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(authority.leaf.clone())], key)
        .unwrap();
    // It would rather speak HTTP/2.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for acts in scripts {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
            let mut stream: BoxStream = Box::new(stream);
            let mut acts = acts;
            if goodbye == Goodbye::Unsaid {
                acts.push(Act::Reset);
            }
            play(&mut stream, &acts).await;
        }
    });
    address
}

fn options(address: SocketAddr, name: &str, root: Option<&[u8]>) -> CaptureOptions {
    let mut options = loopback();
    options.resolve = vec![format!("{name}:443:127.0.0.1:{}", address.port()).parse().unwrap()];
    options.extra_roots = root.map(|root| RootSource::Der(root.to_vec())).into_iter().collect();
    options
}

const OK: &[u8] =
    b"HTTP/1.1 200 OK\r\nX-odd:  1\r\nTransfer-Encoding: chunked\r\n\r\n2;e\r\nhi\r\n0\r\n\r\n";

#[tokio::test]
async fn the_bytes_are_those_after_tls_and_the_session_is_noted() {
    for (version, protocol) in
        [(&rustls::version::TLS13, "tls/1.3"), (&rustls::version::TLS12, "tls/1.2")]
    {
        let authority = authority("www.example.org");
        let scripts = vec![[answer(OK), answer(OK)].concat()];
        let address = tls_site(&authority, scripts, &[version], Goodbye::Said).await;
        let options = options(address, "www.example.org", Some(&authority.root));
        let capturer = Capturer::new(options, clock()).unwrap();
        let uri = TargetUri::parse("https://www.example.org/").unwrap();
        for at in 0..2 {
            let got = exchange(get(&capturer, &uri).await);
            assert_eq!(all_bytes(&got.response), OK);
            let tls = got.tls.unwrap();
            assert_eq!((tls.protocol, tls.verified), (protocol, true));
            assert!(tls.cipher_suite.starts_with("TLS_"), "{}", tls.cipher_suite);
            assert!(!tls.cipher_suite.contains("TLS13"), "{}", tls.cipher_suite);
            assert!(tls.certificates.iter().eq([&authority.leaf]));
            assert_eq!(got.dns.map(|dns| dns.source), (at == 0).then_some("resolve"));
            assert_eq!(got.peer, Some(address.ip()));
            assert!(got.shape.warnings.is_empty(), "{:?}", got.shape.warnings);
        }
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_check_out_is_a_failure() {
    let authority = authority("www.example.org");
    for (name, root, word) in [
        ("www.example.org", None, "unknown issuer"),
        (
            "other.example",
            Some(authority.root.as_slice()),
            "is not for other.example, but for www.example.org",
        ),
    ] {
        let address =
            tls_site(&authority, vec![answer(OK)], rustls::ALL_VERSIONS, Goodbye::Said).await;
        let capturer = Capturer::new(options(address, name, root), clock()).unwrap();
        let uri = TargetUri::parse(&format!("https://{name}/")).unwrap();
        let got = failed(get(&capturer, &uri).await);
        assert_eq!(got.kind, FailureKind::Tls);
        assert!(got.why.contains(word), "{}", got.why);
        assert_eq!((got.peer, got.request.len()), (Some(address.ip()), 0));
        assert_eq!(got.dns.unwrap().source, "resolve");
    }
    // The time is the one that is passed in: this certificate is not valid in the year 5138.
    let address = tls_site(&authority, vec![answer(OK)], rustls::ALL_VERSIONS, Goodbye::Said).await;
    let far = Arc::new(ManualClock::new(Timestamp::from_unix_seconds(100_000_000_000)));
    let options = options(address, "www.example.org", Some(&authority.root));
    let capturer = Capturer::new(options, far).unwrap();
    let uri = TargetUri::parse("https://www.example.org/").unwrap();
    let got = failed(get(&capturer, &uri).await);
    assert!(got.why.contains("expired"), "{}", got.why);
}

#[tokio::test]
async fn with_verification_off_the_record_says_so_and_what_the_check_found() {
    let authority = authority("www.example.org");
    for (root, word) in
        [(None, "would have failed"), (Some(authority.root.as_slice()), "would have passed")]
    {
        let address =
            tls_site(&authority, vec![answer(OK)], rustls::ALL_VERSIONS, Goodbye::Said).await;
        let mut options = options(address, "www.example.org", root);
        options.tls_verify = false;
        let capturer = Capturer::new(options, clock()).unwrap();
        let uri = TargetUri::parse("https://www.example.org/").unwrap();
        let got = exchange(get(&capturer, &uri).await);
        assert_eq!(all_bytes(&got.response), OK);
        assert!(!got.tls.unwrap().verified);
        assert!(got.shape.warnings.iter().any(|w| w.contains(word)), "{:?}", got.shape.warnings);
    }
}

#[tokio::test]
async fn a_session_that_ends_without_goodbye_may_have_been_cut() {
    let authority = authority("www.example.org");
    for (bytes, truncated) in [
        (&b"HTTP/1.1 200 OK\r\n\r\nto the close"[..], Some(Truncated::Disconnect)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", Some(Truncated::Disconnect)),
    ] {
        for goodbye in [Goodbye::Said, Goodbye::Unsaid] {
            let address =
                tls_site(&authority, vec![answer(bytes)], rustls::ALL_VERSIONS, goodbye).await;
            let options = options(address, "www.example.org", Some(&authority.root));
            let capturer = Capturer::new(options, clock()).unwrap();
            let uri = TargetUri::parse("https://www.example.org/").unwrap();
            let got = exchange(get(&capturer, &uri).await);
            assert_eq!(all_bytes(&got.response), bytes);
            let close_delimited = bytes.ends_with(b"close");
            let want = if close_delimited && goodbye == Goodbye::Said { None } else { truncated };
            assert_eq!(got.truncated, want, "{}", bytes.escape_ascii());
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_is_a_tls_failure() {
    let site = Site::new(vec![vec![Act::Send(b"HTTP/1.1 400 Bad\r\n\r\n".to_vec(), 99)]]).await;
    let capturer = Capturer::new(loopback(), clock()).unwrap();
    let uri = TargetUri::parse(&format!("https://{}/", site.address)).unwrap();
    assert_eq!(failed(get(&capturer, &uri).await).kind, FailureKind::Tls);
}

#[test]
fn roots_are_read_from_pem_and_der_and_what_is_none_is_named() {
    let authority = authority("a.example");
    let dir = tempfile::tempdir().unwrap();
    let pem = format!(
        "a comment\n-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        data_encoding::BASE64.encode(&authority.root)
    );
    for (name, bytes, good) in [
        ("root.der", authority.root.clone(), true),
        ("root.pem", pem.into_bytes(), true),
        ("empty.pem", b"-----BEGIN NOTHING-----".to_vec(), false),
        ("noise", b"noise".to_vec(), false),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let options = CaptureOptions {
            extra_roots: vec![RootSource::File(path)],
            ..CaptureOptions::default()
        };
        let got = Capturer::new(options, clock());
        assert_eq!(got.is_ok(), good, "{name}");
        if let Err(error) = got {
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
