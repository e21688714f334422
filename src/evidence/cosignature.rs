//! Cosignatures (c2sp.org/tlog-cosignature): a witness's statement that a checkpoint is of the largest tree of its log
//! that it has seen, and that each tree that it saw before is the beginning of it.
//!
//! ```text
//! — NAME BASE64                  key id (4 bytes), POSIX time (8 bytes, big-endian), signature
//!
//! cosignature/v1                 what Ed25519 signs (64 bytes): these two lines, and the text of the checkpoint
//! time 1679315147
//! …
//!
//! subtree/v1 LF 00               what ML-DSA-44 signs (2420 bytes): this, a byte with the length of the witness's name,
//!                                the name, the time (8 bytes), the log's origin likewise, the first leaf (0) and
//!                                the size of the tree (8 bytes each), its root (32 bytes)
//! ```
//!
//! The key id is the start of SHA-256 over name, line feed, 0x04 (Ed25519) or 0x06 (ML-DSA-44) and the public key. What
//! ML-DSA-44 signs has no extension lines of the checkpoint, so a witness states nothing about these.

use data_encoding::{BASE64, HEXLOWER};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::key::LogKey;
use super::leaf::sha256;
use super::mldsa;
use super::note::{Signature, is_name};

/// The algorithm byte of Ed25519 cosignatures.
const ED25519_BYTE: u8 = 4;
/// The algorithm byte of ML-DSA-44 cosignatures.
const ML_DSA_44_BYTE: u8 = 6;
/// Bytes of the time.
const TIME_BYTES: usize = 8;
/// Bytes of an Ed25519 signature.
const ED25519_SIGNATURE_BYTES: usize = 64;
/// What ML-DSA-44 signs begins with.
const SUBTREE_LABEL: &[u8; 12] = b"subtree/v1\n\0";

/// The public key of a witness, with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    /// The witness's name.
    pub name: String,
    /// The key.
    pub public: WitnessPublic,
}

/// The public half of a witness's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum WitnessPublic {
    /// Ed25519.
    Ed25519([u8; 32]),
    /// ML-DSA-44.
    MlDsa44(Vec<u8>),
}

impl WitnessKey {
    /// The key of a witness that signs with `key` under `name`.
    #[must_use]
    pub fn of(name: &str, key: &LogKey) -> Self {
        let public = WitnessPublic::Ed25519(key.verifier("").public);
        Self { name: name.to_owned(), public }
    }

    fn data(&self) -> Vec<u8> {
        let (byte, public) = match &self.public {
            WitnessPublic::Ed25519(public) => (ED25519_BYTE, public.as_slice()),
            WitnessPublic::MlDsa44(public) => (ML_DSA_44_BYTE, public.as_slice()),
        };
        [&[byte], public].concat()
    }

    /// The first four bytes of the key's digest, by which cosignatures name it.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let named = [self.name.as_bytes(), b"\n", &self.data()].concat();
        let [a, b, c, d, ..] = sha256(&named);
        [a, b, c, d]
    }

    /// The key as text (a vkey).
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}+{}+{}", self.name, HEXLOWER.encode(&self.id()), BASE64.encode(&self.data()))
    }

    /// Reads a key as text; `None` where its parts do not agree, or it is not a witness key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.trim().split_once('+')?;
        let (id, data) = rest.split_once('+')?;
        let data = BASE64.decode(data.as_bytes()).ok()?;
        let public = match data.split_first()? {
            (&ED25519_BYTE, public) => WitnessPublic::Ed25519(public.try_into().ok()?),
            (&ML_DSA_44_BYTE, public) if public.len() == mldsa::PUBLIC_BYTES => {
                WitnessPublic::MlDsa44(public.to_vec())
            }
            _ => return None,
        };
        let key = Self { name: name.to_owned(), public };
        (is_name(name) && HEXLOWER.encode(&key.id()) == id).then_some(key)
    }

    /// Whether a signature names this key.
    #[must_use]
    pub fn is_named_by(&self, signature: &Signature) -> bool {
        signature.name == self.name && signature.id == self.id()
    }

    /// The POSIX time of this witness's cosignature over the text of a checkpoint; `None` where the signature is
    /// another's, or does not verify.
    #[must_use]
    pub fn verify(&self, text: &str, signature: &Signature) -> Option<u64> {
        let time = time_of(signature).filter(|_| self.is_named_by(signature))?;
        let signed = signature.bytes.get(TIME_BYTES..)?;
        let fine = match &self.public {
            WitnessPublic::Ed25519(public) => UnparsedPublicKey::new(&ED25519, public)
                .verify(&message(time, text), signed)
                .is_ok(),
            WitnessPublic::MlDsa44(public) => {
                mldsa::verifies(public, &subtree_message(&self.name, time, text)?, signed)
            }
        };
        fine.then_some(time)
    }
}

/// The time that a signature states, where it has the form of a cosignature.
#[must_use]
pub fn time_of(signature: &Signature) -> Option<u64> {
    let time: [u8; TIME_BYTES] = signature.bytes.get(..TIME_BYTES)?.try_into().ok()?;
    let time = u64::from_be_bytes(time);
    // Zero states no time, and no time is larger than this.
    let length = signature.bytes.len() - TIME_BYTES;
    let is_known = [ED25519_SIGNATURE_BYTES, mldsa::SIGNATURE_BYTES].contains(&length);
    (is_known && (1..=u64::MAX >> 1).contains(&time)).then_some(time)
}

/// What ML-DSA-44 signs of a checkpoint; `None` for a text that is not a checkpoint, or a name that is too long.
fn subtree_message(name: &str, time: u64, text: &str) -> Option<Vec<u8>> {
    let body = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).ok()?;
    let mut out = SUBTREE_LABEL.to_vec();
    let mut add = |text: &str, number: u64| {
        out.push(u8::try_from(text.len()).ok().filter(|length| *length > 0)?);
        out.extend(text.as_bytes());
        out.extend(number.to_be_bytes());
        Some(())
    };
    add(name, time)?;
    // The first leaf: a checkpoint is over all of them.
    add(body.origin(), 0)?;
    out.extend(body.size().to_be_bytes());
    out.extend(body.hash().0);
    Some(out)
}

/// What Ed25519 signs.
fn message(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

/// The cosignature of `key`, under `name`, over the text of a checkpoint at a POSIX time.
#[must_use]
pub fn cosign(key: &LogKey, name: &str, text: &str, time: u64) -> Signature {
    let mut bytes = time.to_be_bytes().to_vec();
    bytes.extend(key.sign(&message(time, text)));
    Signature { name: name.to_owned(), id: WitnessKey::of(name, key).id(), bytes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::note::Note;

    #[test]
    fn a_cosignature_verifies_and_nothing_of_it_can_change() {
        let dir = tempfile::tempdir().unwrap();
        let key = LogKey::make(&dir.path().join("k")).unwrap();
        let text = "example.com/log\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let made = cosign(&key, "witness.example/w1", text, 1_679_315_147);
        let public = WitnessKey::of("witness.example/w1", &key);
        assert_eq!(public.verify(text, &made), Some(1_679_315_147));
        assert_eq!(made.bytes.len(), 72);
        assert_eq!(WitnessKey::parse(&public.text()), Some(public.clone()));
        // Over another text, at another time, under another name, as a plain signature: none of these verifies.
        assert_eq!(public.verify(&text.replace('3', "4"), &made), None);
        for at in 0..made.bytes.len() {
            let mut other = made.clone();
            other.bytes[at] ^= 1;
            assert_eq!(public.verify(text, &other), None, "byte {at}");
        }
        let named = WitnessKey { name: "witness.example/w2".to_owned(), ..public.clone() };
        assert_eq!(named.verify(text, &made), None);
        let mut note = Note { text: text.to_owned(), signatures: Vec::new() };
        key.sign_note("witness.example/w1", &mut note);
        assert_eq!(public.verify(text, &note.signatures[0]), None);
        assert!(!note.signed_by(&key.verifier("example.com/log")));
        // A cosignature without a time is invalid.
        let timeless = cosign(&key, "witness.example/w1", text, 0);
        assert_eq!(public.verify(text, &timeless), None);
    }

    #[test]
    fn a_cosignature_with_ml_dsa_44_verifies_and_nothing_it_covers_can_change() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        let text = format!("example.com/log\n3\n{root}\n");
        let (name, time) = ("witness.example/pq", 1_679_315_147_u64);
        let public = WitnessPublic::MlDsa44(mldsa::signing::public([3; 32]));
        let key = WitnessKey { name: name.to_owned(), public };
        let mut bytes = time.to_be_bytes().to_vec();
        let message = subtree_message(name, time, &text).unwrap();
        bytes.extend(mldsa::signing::sign([3; 32], &message));
        let made = Signature { name: name.to_owned(), id: key.id(), bytes };
        assert_eq!(key.verify(&text, &made), Some(time));
        assert_eq!(WitnessKey::parse(&key.text()), Some(key.clone()));
        // Extension lines are not covered: the witness states nothing about them.
        assert_eq!(key.verify(&format!("{text}more\n"), &made), Some(time));
        assert_eq!(key.verify(&text.replacen('3', "4", 1), &made), None);
        assert_eq!(key.verify(&text.replace("/log", "/lag"), &made), None);
        assert_eq!(key.verify(&text.replace("CsUY", "DsUY"), &made), None);
        for at in [0, 7, 8, 500, made.bytes.len() - 1] {
            let mut other = made.clone();
            other.bytes[at] ^= 1;
            assert_eq!(key.verify(&text, &other), None, "byte {at}");
        }
        let mut cut = made.clone();
        cut.bytes.pop();
        assert_eq!(key.verify(&text, &cut), None);
        // The name is covered, and so is the kind of key by its id.
        let named = WitnessKey { name: "witness.example/pr".to_owned(), ..key.clone() };
        let renamed = Signature { name: named.name.clone(), id: named.id(), ..made };
        assert_eq!(named.verify(&text, &renamed), None);
    }

    /// A log that signs with ML-DSA-44, as the authors of the specification made one for their witness: its key, and its
    /// signature at the time 0, which states no time and is not a cosignature.
    #[test]
    fn a_signature_that_the_authors_of_the_specification_made_verifies() {
        const KEPT: &str = include_str!("../../tests/corpus/witness/mldsa.txt");
        let kept: String =
            KEPT.lines().filter(|l| !l.starts_with('#')).map(|l| format!("{l}\n")).collect();
        let (key, note) = kept.split_once("\n\n").unwrap();
        let key = WitnessKey::parse(key).unwrap();
        let note = Note::parse(note).unwrap();
        let [signature] = &note.signatures[..] else { panic!("{:?}", note.signatures) };
        assert!(key.is_named_by(signature));
        assert_eq!(key.verify(&note.text, signature), None, "without a time");
        let WitnessPublic::MlDsa44(public) = &key.public else { panic!("{:?}", key.public) };
        let message = subtree_message(&key.name, 0, &note.text).unwrap();
        assert!(mldsa::verifies(public, &message, &signature.bytes[TIME_BYTES..]));
        let later = subtree_message(&key.name, 1, &note.text).unwrap();
        assert!(!mldsa::verifies(public, &later, &signature.bytes[TIME_BYTES..]));
    }

    /// c2sp.org/tlog-cosignature, "Format" and "Ed25519 signed message".
    #[test]
    fn ids_and_messages_are_those_of_the_specification() {
        let key = WitnessKey { name: "w".to_owned(), public: WitnessPublic::Ed25519([0; 32]) };
        // (printf 'w\n\004'; head -c32 /dev/zero) | sha256sum
        assert_eq!(HEXLOWER.encode(&key.id()), "680f52bc");
        assert_eq!(message(7, "o\n"), b"cosignature/v1\ntime 7\no\n");
        let post =
            WitnessKey { name: "w".to_owned(), public: WitnessPublic::MlDsa44(vec![1; 1312]) };
        assert_eq!(WitnessKey::parse(&post.text()), Some(post.clone()));
        assert_ne!(post.id(), key.id());
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        let message = subtree_message("w", 7, &format!("o\n258\n{root}\ntime x\n")).unwrap();
        let mut expected =
            b"subtree/v1\n\0\x01w\0\0\0\0\0\0\0\x07\x01o\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x02"
                .to_vec();
        expected.extend(BASE64.decode(root.as_bytes()).unwrap());
        assert_eq!(message, expected);
        assert_eq!(subtree_message(&"w".repeat(256), 7, &format!("o\n2\n{root}\n")), None);
        for text in ["w+00000000+BA==", "w", "", "a b+00000000+BA==", "w+zz+"] {
            assert_eq!(WitnessKey::parse(text), None, "{text}");
        }
    }
}
