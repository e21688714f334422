//! Throw-away certificates, with which a proxy answers for every host.
//!
//! Owns a certificate authority of one key that is kept in memory alone, and the certificates of hosts that it
//! signs, all of one second key. A browser is given the digest of that key and accepts it for any host; another
//! program is given the certificate of the authority. Nothing else trusts either. The only file that names rcgen.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::BASE64;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _, SanType,
    SerialNumber,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::base::DigestAlgorithm;

/// The name in a certificate for no host in particular; it belongs to no host.
const NAME: &str = "pressmark-proxy.invalid";
/// How many hosts have their certificates kept.
const HOSTS_MAX: usize = 1_000;
/// Columns of a line of PEM (RFC 7468 section 2).
const PEM_COLUMNS: usize = 64;

/// A certificate authority that ends with the process.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    own: CertificateDer<'static>,
    key: KeyPair,
    key_digest: String,
    hosts: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("key_digest", &self.key_digest).finish_non_exhaustive()
    }
}

impl Authority {
    /// Makes one with fresh keys.
    ///
    /// # Errors
    /// When the system gives no random numbers; as text.
    pub fn new() -> Result<Self, String> {
        let (own_key, key) = (fresh_key()?, fresh_key()?);
        let mut params = CertificateParams::default();
        params.distinguished_name = name("Pressmark replay, throw-away");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let own = params.self_signed(&own_key).map_err(failed)?.der().clone();
        let digest = DigestAlgorithm::Sha256.digest(&key.subject_public_key_info());
        Ok(Self {
            issuer: Issuer::new(params, own_key),
            own,
            key,
            key_digest: BASE64.encode(digest.as_bytes()),
            hosts: Mutex::default(),
        })
    }

    /// The SHA-256 of the public key of every host in base64, as `--ignore-certificate-errors-spki-list` takes it.
    #[must_use]
    pub fn key_digest(&self) -> &str {
        &self.key_digest
    }

    /// The certificate of the authority in PEM, for programs that are to trust it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let text = BASE64.encode(&self.own);
        let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
        for line in text.as_bytes().chunks(PEM_COLUMNS) {
            // Base64 is ASCII.
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem + "-----END CERTIFICATE-----\n"
    }

    /// How the proxy speaks TLS for a host: HTTP/1.1 and nothing else. A text that is not a name gets a certificate
    /// that only the digest of its key makes acceptable.
    ///
    /// # Errors
    /// When the certificate cannot be made; as text.
    pub fn config_for(&self, host: &str) -> Result<Arc<ServerConfig>, String> {
        let host = host.to_ascii_lowercase();
        if let Some(known) = self.lock().get(&host) {
            return Ok(Arc::clone(known));
        }
        let config = Arc::new(self.config(&host)?);
        let mut hosts = self.lock();
        if hosts.len() >= HOSTS_MAX {
            // It is unknown which of them is asked for next; a new one costs a fraction of a millisecond.
            hosts.clear();
        }
        hosts.insert(host, Arc::clone(&config));
        Ok(config)
    }

    fn config(&self, host: &str) -> Result<ServerConfig, String> {
        let certificate = self.certificate(host)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let chain = vec![certificate.der().clone(), self.own.clone()];
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn certificate(&self, host: &str) -> Result<Certificate, String> {
        let mut params = CertificateParams::default();
        params.distinguished_name = name(NAME);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Programs refuse two certificates of one issuer that have one serial number.
        let serial = DigestAlgorithm::Sha256.digest(host.as_bytes());
        params.serial_number = Some(SerialNumber::from_slice(&serial.as_bytes()[..16]));
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let names = match address {
            Ok(address) => Ok(vec![SanType::IpAddress(address)]),
            Err(_) => host.try_into().map(|name| vec![SanType::DnsName(name)]),
        };
        if let Ok(names) = names {
            params.subject_alt_names = names;
        }
        params.signed_by(&self.key, &self.issuer).map_err(failed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<ServerConfig>>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fresh_key() -> Result<KeyPair, String> {
    KeyPair::generate().map_err(failed)
}

fn name(text: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, text);
    name
}

fn failed(error: rcgen::Error) -> String {
    format!("making a throw-away certificate: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        let (one, other) = (Authority::new().unwrap(), Authority::new().unwrap());
        assert_eq!(one.key_digest().len(), 44);
        assert_ne!(one.key_digest(), other.key_digest());
        assert_ne!(one.to_pem(), other.to_pem());
        assert!(one.to_pem().lines().all(|line| line.len() <= PEM_COLUMNS));
    }

    #[test]
    fn every_host_has_a_certificate_and_keeps_it() {
        let authority = Authority::new().unwrap();
        for host in ["a.example", "127.0.0.1", "[::1]", "xn--bcher-kva.example", "", "é", "a b"] {
            let config = authority.config_for(host).unwrap();
            assert!(Arc::ptr_eq(&config, &authority.config_for(host).unwrap()), "{host}");
        }
        let config = authority.config_for("a.example").unwrap();
        for n in 0..=HOSTS_MAX {
            authority.lock().insert(format!("h{n}"), Arc::clone(&config));
        }
        assert!(authority.config_for("new.example").is_ok());
        assert_eq!(authority.lock().len(), 1);
    }
}
