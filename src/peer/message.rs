//! What is asked and what is answered, as bytes, and the signatures over both.
//!
//! ```text
//! POST /peer                       a request as JSON, at most 4 KiB
//! Pressmark-Signature: BASE64      Ed25519 over "pressmark peer request 1\n" and the body
//!
//! 200                              JSON, or an evidence bundle
//! Pressmark-Signature: BASE64      over "pressmark peer answer 1\n", the status, and the SHA-256 of the request
//!                                  and of the answer in hexadecimal, a line each
//! ```
//!
//! A request names both keys, its time and a nonce, so that it serves one server, once, for a few minutes; an answer
//! belongs to one request. A signature of one kind is not valid as another, nor as one of the log.

use data_encoding::{BASE64, HEXLOWER};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::evidence::LogKey;
use crate::evidence::leaf::sha256;
use crate::evidence::note::VerifierKey;

/// The field that carries a signature.
pub const SIGNATURE_FIELD: &str = "pressmark-signature";
/// The format of requests and answers.
pub const FORMAT: &str = "pressmark/peer/1";
/// The longest request, in bytes.
pub const REQUEST_BYTES_MAX: usize = 4 * 1024;
/// The longest list of captures that is read of an answer, in bytes.
pub const LIST_BYTES_MAX: usize = 256 * 1024;
/// The most captures in an answer.
pub const CAPTURES_MAX: usize = 100;

const REQUEST_CONTEXT: &str = "pressmark peer request 1\n";
const ANSWER_CONTEXT: &str = "pressmark peer answer 1\n";

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `pressmark/peer/1`.
    pub format: String,
    /// The archive that asks: its public key, in hexadecimal.
    pub from: String,
    /// The archive that is asked.
    pub to: String,
    /// When, as `WARC-Date` writes it.
    pub time: String,
    /// 16 random bytes, in hexadecimal.
    pub nonce: String,
    /// What is asked for.
    pub ask: Wanted,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Wanted {
    /// The captures of an address in a window.
    Captures {
        /// The address.
        url: String,
        /// Not before this time.
        since: String,
        /// Before this time.
        until: String,
    },
    /// The proof of one of them.
    Proof {
        /// The address, as the list has it.
        url: String,
        /// When it was captured.
        date: String,
        /// Its record.
        record_id: String,
    },
}

/// The captures of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// `pressmark/peer/1`.
    pub format: String,
    /// Whether captures of this address, in this window, were agreed on. Without that the list is empty, whatever is held.
    pub agreed: bool,
    /// The captures, oldest first.
    pub captures: Vec<Listed>,
    /// Whether there are more of them.
    pub more: bool,
}

/// A capture, as far as its proof is asked for by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The address.
    pub url: String,
    /// When.
    pub date: String,
    /// The record.
    pub record_id: String,
}

/// Why something that was agreed on is not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// `pressmark/peer/1`.
    pub format: String,
    /// Why, for a person.
    pub refused: String,
}

impl Request {
    /// A request of now.
    ///
    /// # Errors
    /// When the system gives no random bytes, as text.
    pub fn new(
        key: &LogKey,
        to: &VerifierKey,
        now: Timestamp,
        ask: Wanted,
    ) -> Result<Self, String> {
        let mut nonce = [0; 16];
        let filled = SystemRandom::new().fill(&mut nonce);
        filled.map_err(|_| "the system gives no random bytes")?;
        Ok(Self {
            format: FORMAT.to_owned(),
            from: HEXLOWER.encode(&key.verifier("").public),
            to: HEXLOWER.encode(&to.public),
            time: now.to_warc_date(),
            nonce: HEXLOWER.encode(&nonce),
            ask,
        })
    }

    /// Its bytes, and the signature over them.
    #[must_use]
    pub fn signed(&self, key: &LogKey) -> (Vec<u8>, String) {
        let body = serde_json::to_vec(self).unwrap_or_default();
        let signature = BASE64.encode(&key.sign(&under(REQUEST_CONTEXT, &body)));
        (body, signature)
    }

    /// Reads a request; `None` where it is too long or not of the form.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        if body.len() > REQUEST_BYTES_MAX {
            return None;
        }
        let request: Self = serde_json::from_slice(body).ok()?;
        let is_hex = |text: &str, bytes: usize| {
            HEXLOWER.decode(text.as_bytes()).is_ok_and(|decoded| decoded.len() == bytes)
        };
        let fits = request.format == FORMAT
            && is_hex(&request.from, 32)
            && is_hex(&request.to, 32)
            && is_hex(&request.nonce, 16)
            && Timestamp::parse(&request.time).is_some();
        fits.then_some(request)
    }
}

fn under(context: &str, bytes: &[u8]) -> Vec<u8> {
    [context.as_bytes(), bytes].concat()
}

/// Whether a signature, as its field has it, is this key's over a request.
#[must_use]
pub fn is_request_signed(key: &VerifierKey, body: &[u8], signature: &str) -> bool {
    verifies(key, &under(REQUEST_CONTEXT, body), signature)
}

/// What an answer's signature is over.
fn answer_text(request: &[u8], status: u16, body: &[u8]) -> Vec<u8> {
    let hex = |bytes: &[u8]| HEXLOWER.encode(&sha256(bytes));
    format!("{ANSWER_CONTEXT}{status}\n{}\n{}\n", hex(request), hex(body)).into_bytes()
}

/// The signature over an answer, as its field has it.
#[must_use]
pub fn sign_answer(key: &LogKey, request: &[u8], status: u16, body: &[u8]) -> String {
    BASE64.encode(&key.sign(&answer_text(request, status, body)))
}

/// Whether a signature is this key's over an answer to that request.
#[must_use]
pub fn is_answer_signed(
    key: &VerifierKey,
    request: &[u8],
    status: u16,
    body: &[u8],
    signature: &str,
) -> bool {
    verifies(key, &answer_text(request, status, body), signature)
}

fn verifies(key: &VerifierKey, text: &[u8], signature: &str) -> bool {
    let bytes = BASE64.decode(signature.trim().as_bytes());
    bytes.is_ok_and(|bytes| key.verifies(text, &bytes))
}

impl List {
    /// Reads a list of captures.
    ///
    /// # Errors
    /// What of it is not of the form.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        if body.len() > LIST_BYTES_MAX {
            return Err(format!("the list is longer than {LIST_BYTES_MAX} bytes"));
        }
        let list: Self = serde_json::from_slice(body).map_err(|why| why.to_string())?;
        if list.format != FORMAT {
            return Err("a list of another format".to_owned());
        }
        if list.captures.len() > CAPTURES_MAX {
            return Err(format!("a list of more than {CAPTURES_MAX} captures"));
        }
        if list.captures.iter().any(|listed| Timestamp::parse(&listed.date).is_none()) {
            return Err("a capture without a time".to_owned());
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> (tempfile::TempDir, LogKey) {
        let dir = tempfile::tempdir().unwrap();
        let key = LogKey::make(&dir.path().join("k")).unwrap();
        (dir, key)
    }

    fn wanted() -> Wanted {
        Wanted::Proof {
            url: "http://a.example/".to_owned(),
            date: "2026-01-01T00:00:00Z".to_owned(),
            record_id: "<urn:uuid:1>".to_owned(),
        }
    }

    #[test]
    fn a_signature_belongs_to_its_bytes_its_kind_and_its_request() {
        let ((_a, own), (_b, other)) = (key(), key());
        let (own_public, other_public) = (own.verifier("a"), other.verifier("b"));
        let now = Timestamp::from_unix_seconds(1_770_000_000);
        let request = Request::new(&own, &other_public, now, wanted()).unwrap();
        let (body, signature) = request.signed(&own);
        assert_eq!(Request::parse(&body), Some(request.clone()));
        assert!(is_request_signed(&own_public, &body, &signature));
        assert!(!is_request_signed(&other_public, &body, &signature));
        let mut changed = body.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(!is_request_signed(&own_public, &changed, &signature));
        // The key signs notes of its own; a note is not a request.
        assert!(!is_request_signed(&own_public, &body, &BASE64.encode(&own.sign(&body))));
        let answer = sign_answer(&other, &body, 200, b"zip");
        assert!(is_answer_signed(&other_public, &body, 200, b"zip", &answer));
        for (request, status, bytes) in
            [(&b"x"[..], 200, &b"zip"[..]), (&body, 404, b"zip"), (&body, 200, b"zap")]
        {
            assert!(!is_answer_signed(&other_public, request, status, bytes, &answer));
        }
        let again = Request::new(&own, &other_public, now, wanted()).unwrap();
        assert_ne!(request.nonce, again.nonce);
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_comes_makes_a_parser_panic(bytes in proptest::collection::vec(0u8.., 0..300)) {
            let _ = (Request::parse(&bytes), List::parse(&bytes));
        }

        #[test]
        fn one_changed_byte_of_a_request_is_found(at in proptest::prelude::any::<proptest::sample::Index>(), bit in 0..8u8) {
            let (_dir, own) = key();
            let now = Timestamp::from_unix_seconds(1_770_000_000);
            let request = Request::new(&own, &own.verifier("a"), now, wanted()).unwrap();
            let (mut body, signature) = request.signed(&own);
            let at = at.index(body.len());
            body[at] ^= 1 << bit;
            proptest::prop_assert!(!is_request_signed(&own.verifier("a"), &body, &signature));
        }
    }
}
