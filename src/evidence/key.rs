//! The key of the log: an Ed25519 key in a file that only its owner may read.
//!
//! PKCS#8 (RFC 8410) as PEM, which `openssl pkey -in log.key -text` reads. It is made with the
//! archive, never overwritten, and refused when others may read it.

use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::EvidenceError;
use super::drand::Round;
use super::error::io;
use super::files::{PrivateError, read_private, write_private};
use super::note::{Note, Signature, VerifierKey, is_name};
use crate::store::Layout;

/// PKCS#8, version 1, of an Ed25519 seed: what is before the 32 bytes (RFC 8410 section 7).
const PREFIX_HEX: &[u8] = b"302e020100300506032b657004220420";

/// How the log is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Where the key is; `evidence/log.key` below the archive root without it.
    pub key_file: Option<PathBuf>,
    /// The name of a log that is begun; made from its first key without it.
    pub origin: Option<String>,
    /// The round of drand that the next checkpoint carries, where one is known.
    pub round: Option<Round>,
}

impl Options {
    /// Where the key of an archive is.
    #[must_use]
    pub fn key_path(&self, layout: &Layout) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| layout.evidence_dir().join("log.key"))
    }
}

/// A key that signs.
pub struct LogKey {
    pair: Ed25519KeyPair,
    public: [u8; 32],
}

impl std::fmt::Debug for LogKey {
    /// The public half alone.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LogKey({})", HEXLOWER.encode(&self.public))
    }
}

/// The key of an Ed25519 key fits on one line.
fn pem_of(der: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64.encode(der))
}

fn wrong(path: &Path, why: &str) -> EvidenceError {
    EvidenceError::Key { path: path.display().to_string(), why: why.to_owned() }
}

impl LogKey {
    /// Makes a key and writes it where no file is yet, readable by its owner alone.
    ///
    /// # Errors
    /// When a file is there, or cannot be written.
    pub fn make(path: &Path) -> Result<Self, EvidenceError> {
        let mut seed = [0; 32];
        let failed = |_| wrong(path, "the system gives no random bytes");
        SystemRandom::new().fill(&mut seed).map_err(failed)?;
        let mut der = HEXLOWER.decode(PREFIX_HEX).unwrap_or_default();
        der.extend(seed);
        let pem = pem_of(&der);
        write_private(path, pem.as_bytes()).map_err(io("writing the key", path))?;
        Self::of_der(path, &der)
    }

    /// Reads a key; `None` where there is no file.
    ///
    /// # Errors
    /// When others may read it, or it is not a key.
    pub fn read(path: &Path) -> Result<Option<Self>, EvidenceError> {
        let text = match read_private(path) {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(None),
            Err(PrivateError::Io(why)) => return Err(io("reading the key", path)(why)),
            Err(PrivateError::Exposed(mode)) => {
                return Err(EvidenceError::KeyExposed { path: path.display().to_string(), mode });
            }
        };
        let der = text
            .lines()
            .nth(1)
            .and_then(|line| BASE64.decode(line.as_bytes()).ok())
            .filter(|der| pem_of(der) == text)
            .ok_or_else(|| wrong(path, "it should hold one PEM private key and nothing else"))?;
        Self::of_der(path, &der).map(Some)
    }

    fn of_der(path: &Path, der: &[u8]) -> Result<Self, EvidenceError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .map_err(|_| wrong(path, "it is no Ed25519 key in PKCS#8"))?;
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        Ok(Self { pair, public })
    }

    /// The public half under a name.
    #[must_use]
    pub fn verifier(&self, name: &str) -> VerifierKey {
        VerifierKey { name: name.to_owned(), public: self.public }
    }

    /// The name of a log that begins with this key: the one given, or one made from the key.
    #[must_use]
    pub fn origin(&self, given: Option<&str>) -> String {
        match given.filter(|name| is_name(name)) {
            Some(name) => name.to_owned(),
            None => {
                format!("pressmark/{}", HEXLOWER.encode(&super::leaf::sha256(&self.public)[..8]))
            }
        }
    }

    /// The signature over bytes.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }

    /// Signs a note's text under a name.
    pub fn sign_note(&self, name: &str, note: &mut Note) {
        let signature = Signature {
            name: name.to_owned(),
            id: self.verifier(name).id(),
            bytes: self.sign(note.text.as_bytes()),
        };
        note.signatures.push(signature);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_read_back_and_refused_when_others_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sub/log.key");
        assert!(LogKey::read(&path).unwrap().is_none());
        let made = LogKey::make(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert!(LogKey::make(&path).is_err(), "a key is never overwritten");
        let read = LogKey::read(&path).unwrap().unwrap();
        assert_eq!(made.verifier("n"), read.verifier("n"));
        assert!(made.verifier("n").verifies(b"text", &read.sign(b"text")));
        for mode in [0o640, 0o604, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(
                matches!(LogKey::read(&path), Err(EvidenceError::KeyExposed { .. })),
                "{mode:o}"
            );
        }
        assert_eq!(format!("{made:?}").len(), "LogKey()".len() + 64, "no secret is printed");
    }
}
