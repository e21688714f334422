//! TLS for one capturer: which roots are trusted, what is asked for, and what is noted.
//!
//! Owns the only use of rustls in the capture. ALPN offers `http/1.1` alone, because that is what
//! a record can hold. With verification off, the handshake goes through with any certificate, and
//! the real check is still made, so that the exchange can say what it would have found.
//! Deliberately reads no system clock: validity is judged by the time that is passed in.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{
    ClientConfig, DigitallySignedStruct, ProtocolVersion, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};
use tokio_rustls::TlsConnector;

use super::error::CaptureError;
use super::handshake;
use super::options::{CaptureOptions, RootSource};
use super::secrets::{self, SecretLog};
use super::stream::BoxStream;
use crate::base::Clock;
use crate::http::TlsFacts;

/// A finished handshake.
pub(super) struct Secured {
    pub(super) stream: BoxStream,
    pub(super) facts: TlsFacts,
    /// What is to be said about the certificate, with verification off.
    pub(super) warning: Option<String>,
}

/// Makes TLS connections.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
    /// For sessions that are attested: TLS 1.3 alone, each with a handshake of its own.
    attested: ClientConfig,
    verifier: Arc<WebPkiServerVerifier>,
    staples: Arc<Staples>,
    verify: bool,
    time: Arc<ClockTime>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("verify", &self.verify).finish_non_exhaustive()
    }
}

impl Tls {
    pub(super) fn new(
        options: &CaptureOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CaptureError> {
        let trouble = |why: &dyn std::fmt::Display| CaptureError::Tls { why: why.to_string() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = Arc::new(roots(&options.extra_roots)?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .map_err(|why| trouble(&why))?;
        let time = Arc::new(ClockTime(clock));
        let inner: Arc<dyn ServerCertVerifier> = match options.tls_verify {
            true => Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>,
            false => Arc::new(AnyCertificate { provider: Arc::clone(&provider) }),
        };
        let staples = Arc::new(Staples { inner, seen: Mutex::default() });
        let config = |provider: Arc<CryptoProvider>,
                      versions: &[&'static SupportedProtocolVersion]|
         -> Result<ClientConfig, CaptureError> {
            let time = Arc::clone(&time) as Arc<dyn TimeProvider>;
            let builder = ClientConfig::builder_with_details(provider, time)
                .with_protocol_versions(versions)
                .map_err(|why| trouble(&why))?;
            let keeping = Arc::clone(&staples) as Arc<dyn ServerCertVerifier>;
            let mut config =
                builder.dangerous().with_custom_certificate_verifier(keeping).with_no_client_auth();
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Ok(config)
        };
        let watched = CryptoProvider { kx_groups: secrets::groups(), ..(*provider).clone() };
        let mut attested = config(Arc::new(watched), &[&rustls::version::TLS13])?;
        attested.resumption = Resumption::disabled();
        let connector = TlsConnector::from(Arc::new(config(provider, rustls::DEFAULT_VERSIONS)?));
        Ok(Self { connector, attested, verifier, staples, verify: options.tls_verify, time })
    }

    /// The same, with the secrets of the session left in `log`.
    pub(super) async fn secure_and_log(
        &self,
        stream: BoxStream,
        host: &str,
        log: &Arc<SecretLog>,
    ) -> Result<Secured, String> {
        let key_log: Arc<dyn rustls::KeyLog> = Arc::<SecretLog>::clone(log);
        let mut config = self.attested.clone();
        config.key_log = key_log;
        let connector = TlsConnector::from(Arc::new(config));
        self.secure_by(&connector, stream, host, |error| {
            handshake::not_attestable(error).unwrap_or_else(|| handshake::in_words(error))
        })
        .await
    }

    /// Shakes hands with `host`: a name, or an address in brackets or without.
    ///
    /// The error says why, as text.
    pub(super) async fn secure(&self, stream: BoxStream, host: &str) -> Result<Secured, String> {
        self.secure_by(&self.connector, stream, host, handshake::in_words).await
    }

    async fn secure_by(
        &self,
        connector: &TlsConnector,
        stream: BoxStream,
        host: &str,
        in_words: impl Fn(&std::io::Error) -> String,
    ) -> Result<Secured, String> {
        let bare = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| format!("{host:?} is not a name that a certificate can contain"))?;
        let stream =
            connector.connect(name.clone(), stream).await.map_err(|error| in_words(&error))?;
        let session = stream.get_ref().1;
        let chain = session.peer_certificates().unwrap_or_default();
        let warning = (!self.verify).then(|| match self.check(chain, &name) {
            Ok(()) => "certificates are not checked; this one would have passed".to_owned(),
            Err(why) => format!("certificates are not checked; this one would have failed: {why}"),
        });
        let facts = TlsFacts {
            protocol: match session.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => "tls/1.2",
                _ => "tls/1.3",
            },
            cipher_suite: session.negotiated_cipher_suite().map_or_else(String::new, |suite| {
                // rustls marks the suites of TLS 1.3 by a prefix that IANA's names do not have.
                let name = suite.suite().as_str().unwrap_or_default();
                name.replace("TLS13_", "TLS_")
            }),
            verified: self.verify,
            ocsp: chain.first().map(|leaf| self.staples.of(leaf)).unwrap_or_default(),
            certificates: chain.iter().map(|certificate| certificate.to_vec()).collect(),
        };
        Ok(Secured { stream: Box::new(stream), facts, warning })
    }

    fn check(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>) -> Result<(), String> {
        let (leaf, rest) = chain.split_first().ok_or("there is none")?;
        let now = self.time.current_time().ok_or("the time is not known")?;
        self.verifier
            .verify_server_cert(leaf, rest, name, &[], now)
            .map(|_| ())
            .map_err(|error| handshake::of_tls(&error))
    }
}

fn roots(extra: &[RootSource]) -> Result<RootCertStore, CaptureError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for source in extra {
        let (place, certificates) = match source {
            RootSource::Der(bytes) => {
                ("given bytes".to_owned(), vec![CertificateDer::from(bytes.clone())])
            }
            RootSource::File(path) => (path.display().to_string(), read_roots(path)?),
        };
        for certificate in certificates {
            roots
                .add(certificate)
                .map_err(|why| CaptureError::Root { place: place.clone(), why: why.to_string() })?;
        }
    }
    Ok(roots)
}

fn read_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, CaptureError> {
    let trouble = |why: String| CaptureError::Root { place: path.display().to_string(), why };
    let bytes = std::fs::read(path).map_err(|why| trouble(why.to_string()))?;
    if !bytes.windows(10).any(|window| window == b"-----BEGIN") {
        return Ok(vec![CertificateDer::from(bytes)]);
    }
    let certificates = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|why| trouble(why.to_string()))?;
    if certificates.is_empty() {
        return Err(trouble("no certificate in it".to_owned()));
    }
    Ok(certificates)
}

#[derive(Debug)]
struct ClockTime(Arc<dyn Clock>);

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        let micros = u64::try_from(self.0.now().unix_micros()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_micros(micros)))
    }
}

/// The most OCSP responses that are remembered; the oldest goes first.
const STAPLES_MAX: usize = 1024;

/// Remembers the OCSP response that came last with each certificate, and leaves the verdict to another. A session that is
/// resumed shows no certificate again, and has that of the session before.
#[derive(Debug)]
struct Staples {
    inner: Arc<dyn ServerCertVerifier>,
    seen: Mutex<VecDeque<(CertificateDer<'static>, Vec<u8>)>>,
}

impl Staples {
    /// What came last with a certificate; empty for nothing.
    fn of(&self, leaf: &CertificateDer<'_>) -> Vec<u8> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let found = seen.iter().find(|(known, _)| known.as_ref() == leaf.as_ref());
        found.map(|(_, response)| response.clone()).unwrap_or_default()
    }

    fn keep(&self, leaf: &CertificateDer<'_>, response: &[u8]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|(known, _)| known.as_ref() != leaf.as_ref());
        if response.is_empty() {
            return;
        }
        if seen.len() >= STAPLES_MAX {
            seen.pop_front();
        }
        seen.push_back((leaf.clone().into_owned(), response.to_vec()));
    }
}

impl ServerCertVerifier for Staples {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        self.keep(end_entity, ocsp_response);
        Ok(verdict)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Lets every certificate through, and still asks for proof that the server has its key.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
