//! Whether a chain of certificates leads to a root, is of a host and was valid at a time, and what its key signed.
//!
//! The only place of this folder that names `rustls-webpki` and the roots of the web.

use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
};
use webpki::ring as algorithms;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::base::Timestamp;

/// Roots that chains must lead to.
#[derive(Debug, Clone)]
pub struct Roots(Vec<TrustAnchor<'static>>);

impl Default for Roots {
    /// Those of the web that this program carries (Mozilla's list).
    fn default() -> Self {
        Self(webpki_roots::TLS_SERVER_ROOTS.to_vec())
    }
}

impl Roots {
    /// Those of a PEM file alone, for instance the list of a past day.
    ///
    /// # Errors
    /// When it holds no certificate, or something else, as text.
    pub fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let mut roots = Self(Vec::new());
        roots.add_pem(pem)?;
        Ok(roots)
    }

    /// The same with those of a PEM file.
    ///
    /// # Errors
    /// As [`Self::from_pem`].
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<(), String> {
        let before = self.0.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|why| why.to_string())?;
            let anchor = anchor_from_trusted_cert(&certificate).map_err(|why| why.to_string())?;
            self.0.push(anchor.to_owned());
        }
        if self.0.len() == before {
            return Err("it holds no certificate".to_owned());
        }
        Ok(())
    }
}

/// The algorithm of a signature scheme that TLS 1.3 allows in `CertificateVerify` (RFC 8446 section 4.2.3).
fn algorithm(scheme: u16) -> Option<&'static dyn SignatureVerificationAlgorithm> {
    Some(match scheme {
        0x0403 => algorithms::ECDSA_P256_SHA256,
        0x0503 => algorithms::ECDSA_P384_SHA384,
        0x0804 => algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        0x0805 => algorithms::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        0x0806 => algorithms::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        0x0807 => algorithms::ED25519,
        _ => return None,
    })
}

/// Checks a chain (RFC 5280) for a host at a time, and a signature of its first certificate over a message.
///
/// # Errors
/// What does not hold, as text.
pub fn check(
    chain: &[Vec<u8>],
    roots: &Roots,
    host: &str,
    at: Timestamp,
    (scheme, message, signature): (u16, &[u8], &[u8]),
) -> Result<(), String> {
    let (first, rest) = chain.split_first().ok_or("there is no certificate")?;
    let own = CertificateDer::from(first.as_slice());
    let own = EndEntityCert::try_from(&own).map_err(|why| format!("the certificate: {why}"))?;
    let between: Vec<_> = rest.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let seconds = u64::try_from(at.unix_micros() / 1_000_000).unwrap_or(0);
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let usage = KeyUsage::server_auth();
    let led =
        own.verify_for_usage(ALL_VERIFICATION_ALGS, &roots.0, &between, time, usage, None, None);
    led.map_err(|why| format!("the certificate: {why}"))?;
    let name =
        ServerName::try_from(host).map_err(|_| format!("{host:?} is no name of a server"))?;
    own.verify_is_valid_for_subject_name(&name)
        .map_err(|why| format!("the certificate is not of {host}: {why}"))?;
    let algorithm =
        algorithm(scheme).ok_or_else(|| format!("a signature of the scheme {scheme:#06x}"))?;
    own.verify_signature(algorithm, message, signature)
        .map_err(|_| "the server's signature over the handshake does not hold".to_owned())
}
