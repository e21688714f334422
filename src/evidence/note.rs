//! Signed notes (c2sp.org/signed-note): a text, an empty line, and a line for each signature.
//!
//! ```text
//! pressmark/3f2a…            the text, which ends with a line feed
//! …
//!                            an empty line
//! — NAME BASE64              key id (4 bytes) and Ed25519 signature (64 bytes)
//! ```
//!
//! The key id is the start of SHA-256 over name, line feed, 0x01 and the public key. A verifier key
//! is written `NAME+HEX(id)+BASE64(0x01, public key)`.

use data_encoding::{BASE64, HEXLOWER};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::leaf::sha256;

/// The algorithm byte of Ed25519.
const ED25519_BYTE: u8 = 1;
/// What begins a signature line: an em dash and a blank.
const DASH: &str = "\u{2014} ";

/// A public key with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    /// The name of the signer; for a log, its origin.
    pub name: String,
    /// The Ed25519 public key.
    pub public: [u8; 32],
}

impl VerifierKey {
    /// The first four bytes of the key's digest, by which signatures name it.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let mut bytes = self.name.clone().into_bytes();
        bytes.extend([b'\n', ED25519_BYTE]);
        bytes.extend(self.public);
        let [a, b, c, d, ..] = sha256(&bytes);
        [a, b, c, d]
    }

    /// The key as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut data = vec![ED25519_BYTE];
        data.extend(self.public);
        format!("{}+{}+{}", self.name, HEXLOWER.encode(&self.id()), BASE64.encode(&data))
    }

    /// Reads a key as text; `None` where its parts do not agree.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.trim().split_once('+')?;
        let (id, data) = rest.split_once('+')?;
        let data = BASE64.decode(data.as_bytes()).ok()?;
        let [ED25519_BYTE, public @ ..] = data.as_slice() else { return None };
        let key = Self { name: name.to_owned(), public: public.try_into().ok()? };
        (is_name(name) && HEXLOWER.encode(&key.id()) == id).then_some(key)
    }

    /// The key as PEM, for `openssl pkeyutl` (RFC 8410).
    #[must_use]
    pub fn pem(&self) -> String {
        let mut der = HEXLOWER.decode(b"302a300506032b6570032100").unwrap_or_default();
        der.extend(self.public);
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(&der))
    }

    /// Whether `signature` is this key's over `text`.
    #[must_use]
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public).verify(text, signature).is_ok()
    }
}

/// Whether a text may be the name of a key: not empty, no blanks, no plus.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// One signature of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The signer's name.
    pub name: String,
    /// The key's id.
    pub id: [u8; 4],
    /// The signature.
    pub bytes: Vec<u8>,
}

/// A text with its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The text, with the line feed at its end.
    pub text: String,
    /// The signatures, in order.
    pub signatures: Vec<Signature>,
}

impl Signature {
    /// Reads a line of a note; `None` where it is not of the form.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (name, data) = line.strip_prefix(DASH)?.split_once(' ')?;
        let data = BASE64.decode(data.as_bytes()).ok()?;
        let (id, bytes) = data.split_at_checked(4)?;
        let id = id.try_into().ok()?;
        Some(Self { name: name.to_owned(), id, bytes: bytes.to_vec() })
    }
}

impl Note {
    /// The whole note.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = format!("{}\n", self.text);
        for signature in &self.signatures {
            let mut data = signature.id.to_vec();
            data.extend(&signature.bytes);
            out.push_str(&format!("{DASH}{} {}\n", signature.name, BASE64.encode(&data)));
        }
        out
    }

    /// Reads a note; `None` where it is not exactly of the form.
    #[must_use]
    pub fn parse(whole: &str) -> Option<Self> {
        let at = whole.rfind("\n\n")?;
        let text = whole[..=at].to_owned();
        let mut signatures = Vec::new();
        for line in whole[at + 2..].lines() {
            signatures.push(Signature::parse(line)?);
        }
        let note = Self { text, signatures };
        let fine = !note.signatures.is_empty() && note.signatures.iter().all(|s| is_name(&s.name));
        (fine && note.render() == whole).then_some(note)
    }

    /// Whether `key` signed it.
    #[must_use]
    pub fn signed_by(&self, key: &VerifierKey) -> bool {
        self.signatures.iter().any(|s| {
            s.name == key.name && s.id == key.id() && key.verifies(self.text.as_bytes(), &s.bytes)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key and note of the specification's own example.
    #[test]
    fn the_example_of_the_go_note_package_verifies() {
        let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        let key = VerifierKey::parse(key).unwrap();
        let parsed = Note::parse(note).unwrap();
        assert!(parsed.signed_by(&key));
        assert_eq!(parsed.render(), note);
        let other = Note::parse(&note.replace("answer", "Answer")).unwrap();
        assert!(!other.signed_by(&key));
        assert_eq!(VerifierKey::parse(&key.text()), Some(key));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        for text in
            ["", "a\n", "a\n\n", "a\n\nb\n", "a\n\n\u{2014} n AAAA", "a\n\n\u{2014} n+ AAAAAA==\n"]
        {
            assert_eq!(Note::parse(text), None, "{text:?}");
        }
        assert_eq!(VerifierKey::parse("a+00000000+AQ=="), None);
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in "[a-z\n]{0,30}(\n\n\u{2014} [a-z+]{0,3} [A-Za-z0-9=]{0,12}\n?)?") {
            if let Some(note) = Note::parse(&text) {
                proptest::prop_assert_eq!(note.render(), text.clone());
            }
            let _ = VerifierKey::parse(&text);
        }
    }
}
