//! The key of an anonymous signature: P-384, signing SHA-256, as ReplayWeb.page and ArchiveWeb.page have
//! it (WACZ Signing and Verification 0.1.0 names ECDSA and leaves curve and hash open).
//!
//! Signatures are deterministic (RFC 6979): the same package is signed with the same bytes. Deliberately
//! keeps no file: the place and the permissions of a key are decided elsewhere.

use p384::SecretKey;
use p384::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p384::ecdsa::{Signature, SigningKey, VerifyingKey};
use p384::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding,
};
use ring::rand::{SecureRandom, SystemRandom};

use super::WaczError;
use crate::base::DigestAlgorithm;
use crate::wacz::Signer;

/// How often a random number is tried as a key: nearly every number is valid.
const TRIES_MAX: usize = 16;

/// A key in memory.
#[derive(Clone)]
pub struct P384Key(SigningKey);

fn key_error(why: impl std::fmt::Display) -> WaczError {
    WaczError::Key(why.to_string())
}

impl P384Key {
    /// A new key from the system's random numbers.
    ///
    /// # Errors
    /// When the system has none.
    pub fn generate() -> Result<Self, WaczError> {
        let random = SystemRandom::new();
        for _ in 0..TRIES_MAX {
            let mut bytes = [0; 48];
            random.fill(&mut bytes).map_err(|_| key_error("the system gives no randomness"))?;
            if let Ok(key) = SigningKey::from_slice(&bytes) {
                return Ok(Self(key));
            }
        }
        Err(key_error("the system's random bytes are invalid"))
    }

    /// Reads a PKCS #8 key in PEM, as `openssl genpkey` writes it.
    ///
    /// # Errors
    /// When it is no P-384 key.
    pub fn from_pem(text: &str) -> Result<Self, WaczError> {
        let key = SecretKey::from_pkcs8_pem(text).map_err(key_error)?;
        Ok(Self(key.into()))
    }

    /// The private key, PKCS #8 in PEM.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn to_pem(&self) -> Result<String, WaczError> {
        let key = SecretKey::from(&self.0);
        key.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).map_err(key_error)
    }
}

impl Signer for P384Key {
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, WaczError> {
        let digest = DigestAlgorithm::Sha256.digest(text);
        let signature: Signature = self.0.sign_prehash(digest.as_bytes()).map_err(key_error)?;
        Ok(signature.to_bytes().to_vec())
    }

    fn public_key(&self) -> Result<Vec<u8>, WaczError> {
        let der = self.0.verifying_key().to_public_key_der().map_err(key_error)?;
        Ok(der.as_bytes().to_vec())
    }
}

/// Whether `signature` is one of `text` by the key of `public_key`, in the forms that [`Signer`] gives.
#[must_use]
pub fn is_signature(text: &[u8], signature: &[u8], public_key: &[u8]) -> bool {
    let digest = DigestAlgorithm::Sha256.digest(text);
    let key = VerifyingKey::from_public_key_der(public_key);
    let signature = Signature::from_slice(signature);
    match (key, signature) {
        (Ok(key), Ok(signature)) => key.verify_prehash(digest.as_bytes(), &signature).is_ok(),
        _ => false,
    }
}
