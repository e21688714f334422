//! The throw-away certificate with which the proxy answers for every host.
//!
//! One key and one certificate for one rendering, kept in memory alone. The browser is told the digest of the
//! key and takes it for any host; nobody else knows it. The only file that names rcgen.

use std::sync::Arc;

use data_encoding::BASE64;
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::base::DigestAlgorithm;

/// The name in it, which is nobody's.
const NAME: &str = "pressmark-proxy.invalid";

/// A certificate that is ready to be answered with.
pub(super) struct ThrowAway {
    /// How the proxy speaks TLS: HTTP/1.1 and nothing else.
    pub config: Arc<ServerConfig>,
    /// The SHA-256 of the public key in base64, as `--ignore-certificate-errors-spki-list` takes it.
    pub key_digest: String,
}

/// Makes one. The error says why, as text.
pub(super) fn make() -> Result<ThrowAway, String> {
    let said = |error: rcgen::Error| format!("a throw-away certificate: {error}");
    let key = KeyPair::generate().map_err(said)?;
    let params = CertificateParams::new(vec![NAME.to_owned()]).map_err(said)?;
    let certificate = params.self_signed(&key).map_err(said)?;
    let digest = DigestAlgorithm::Sha256.digest(&key.subject_public_key_info());
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(ThrowAway { config: Arc::new(config), key_digest: BASE64.encode(digest.as_bytes()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        let (one, other) = (make().unwrap(), make().unwrap());
        assert_eq!(one.key_digest.len(), 44);
        assert_ne!(one.key_digest, other.key_digest);
    }
}
