//! The key schedule of TLS 1.3 (RFC 8446 section 7) from the secret of the key exchange, and the keys of one direction.
//!
//! Everything is derived from that one secret, and nothing is taken from the list of traffic secrets, which is only compared.
//! An AEAD does not commit to its key: a party that may choose the secret of the application data freely may find one that
//! decrypts the same ciphertext to another plaintext (Dodis et al., "Fast Message Franking", 2018). Derived from the key
//! exchange, it is bound by HMAC to the server's `Finished`, which is part of what the relay signed.

use ring::aead::{
    AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use ring::hkdf::{self, HKDF_SHA256, HKDF_SHA384, KeyType, Prk, Salt};
use ring::{aead, digest, hmac};

/// The longest secret of a key exchange: P-521 is not offered, and post-quantum hybrids have 64 bytes.
const EXCHANGE_BYTES_MAX: usize = 128;

/// A cipher suite of TLS 1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// `TLS_AES_128_GCM_SHA256`.
    Aes128,
    /// `TLS_AES_256_GCM_SHA384`.
    Aes256,
    /// `TLS_CHACHA20_POLY1305_SHA256`.
    ChaCha20,
}

impl Suite {
    /// The suite of this number.
    #[must_use]
    pub fn of(number: u16) -> Option<Self> {
        match number {
            0x1301 => Some(Self::Aes128),
            0x1302 => Some(Self::Aes256),
            0x1303 => Some(Self::ChaCha20),
            _ => None,
        }
    }

    /// Its name, as IANA has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes128 => "TLS_AES_128_GCM_SHA256",
            Self::Aes256 => "TLS_AES_256_GCM_SHA384",
            Self::ChaCha20 => "TLS_CHACHA20_POLY1305_SHA256",
        }
    }

    /// Its hash.
    #[must_use]
    pub fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Aes256 => &digest::SHA384,
            Self::Aes128 | Self::ChaCha20 => &digest::SHA256,
        }
    }

    fn hkdf(self) -> hkdf::Algorithm {
        match self {
            Self::Aes256 => HKDF_SHA384,
            Self::Aes128 | Self::ChaCha20 => HKDF_SHA256,
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Aes256 => hmac::HMAC_SHA384,
            Self::Aes128 | Self::ChaCha20 => hmac::HMAC_SHA256,
        }
    }

    fn aead(self) -> &'static aead::Algorithm {
        match self {
            Self::Aes128 => &AES_128_GCM,
            Self::Aes256 => &AES_256_GCM,
            Self::ChaCha20 => &CHACHA20_POLY1305,
        }
    }

    fn hash_len(self) -> usize {
        self.digest().output_len()
    }
}

/// How many bytes are expanded.
#[derive(Debug, Clone, Copy)]
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label (section 7.1). The lengths are those of hashes, keys and nonces.
fn expand(prk: &Prk, label: &str, context: &[u8], length: usize) -> Result<Vec<u8>, String> {
    let failed = || format!("deriving {label:?} failed");
    let byte = |length: usize| u8::try_from(length).map_err(|_| failed());
    let length_bytes = u16::try_from(length).map_err(|_| failed())?.to_be_bytes();
    let label_len = [byte(6 + label.len())?];
    let context_len = [byte(context.len())?];
    let info: [&[u8]; 6] =
        [&length_bytes, &label_len, b"tls13 ", label.as_bytes(), &context_len, context];
    let mut out = vec![0; length];
    let filled = prk.expand(&info, Length(length)).and_then(|okm| okm.fill(&mut out));
    filled.map_err(|_| failed())?;
    Ok(out)
}

/// The traffic secret of one direction in one phase.
#[derive(Clone, PartialEq, Eq)]
pub struct TrafficSecret {
    suite: Suite,
    bytes: Vec<u8>,
}

impl TrafficSecret {
    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn prk(&self) -> Prk {
        Prk::new_less_safe(self.suite.hkdf(), &self.bytes)
    }

    /// The keys that it gives.
    ///
    /// # Errors
    /// When they cannot be derived, as text.
    pub fn keys(&self) -> Result<TrafficKeys, String> {
        let aead = self.suite.aead();
        let key = expand(&self.prk(), "key", &[], aead.key_len())?;
        let iv = expand(&self.prk(), "iv", &[], NONCE_LEN)?;
        let key = UnboundKey::new(aead, &key).map_err(|_| "a key of the wrong length")?;
        let iv = iv.try_into().map_err(|_| "a nonce of the wrong length")?;
        Ok(TrafficKeys { key: LessSafeKey::new(key), iv, sequence: 0 })
    }

    /// The secret after a `KeyUpdate` (section 7.2).
    ///
    /// # Errors
    /// When it cannot be derived, as text.
    pub fn updated(&self) -> Result<Self, String> {
        let bytes = expand(&self.prk(), "traffic upd", &[], self.suite.hash_len())?;
        Ok(Self { suite: self.suite, bytes })
    }

    /// Whether `data` is the `Finished` of this side over a transcript (section 4.4.4).
    #[must_use]
    pub fn is_finished(&self, transcript: &[u8], data: &[u8]) -> bool {
        let key = expand(&self.prk(), "finished", &[], self.suite.hash_len());
        key.is_ok_and(|key| {
            let key = hmac::Key::new(self.suite.hmac(), &key);
            hmac::verify(&key, transcript, data).is_ok()
        })
    }
}

/// The secrets of a session, as far as its handshake.
pub struct Handshake {
    suite: Suite,
    secret: Prk,
    /// Of the client.
    pub client: TrafficSecret,
    /// Of the server.
    pub server: TrafficSecret,
}

impl Handshake {
    /// The secrets that follow from that of the key exchange; `transcript` is the hash up to `ServerHello`.
    ///
    /// # Errors
    /// When the secret has no length of one, as text.
    pub fn of(suite: Suite, exchange: &[u8], transcript: &[u8]) -> Result<Self, String> {
        if exchange.is_empty() || exchange.len() > EXCHANGE_BYTES_MAX {
            return Err(format!("a secret of a key exchange of {} bytes", exchange.len()));
        }
        let zeros = vec![0; suite.hash_len()];
        let empty = digest::digest(suite.digest(), &[]);
        let early = Salt::new(suite.hkdf(), &zeros).extract(&zeros);
        let salt = expand(&early, "derived", empty.as_ref(), suite.hash_len())?;
        let secret = Salt::new(suite.hkdf(), &salt).extract(exchange);
        let of = |label| {
            let bytes = expand(&secret, label, transcript, suite.hash_len())?;
            Ok::<_, String>(TrafficSecret { suite, bytes })
        };
        Ok(Self { client: of("c hs traffic")?, server: of("s hs traffic")?, suite, secret })
    }

    /// The secrets of the application data, of client and server; `transcript` is the hash up to the server's `Finished`.
    ///
    /// # Errors
    /// When they cannot be derived, as text.
    pub fn application(&self, transcript: &[u8]) -> Result<(TrafficSecret, TrafficSecret), String> {
        let suite = self.suite;
        let empty = digest::digest(suite.digest(), &[]);
        let salt = expand(&self.secret, "derived", empty.as_ref(), suite.hash_len())?;
        let master = Salt::new(suite.hkdf(), &salt).extract(&vec![0; suite.hash_len()]);
        let of = |label| {
            let bytes = expand(&master, label, transcript, suite.hash_len())?;
            Ok::<_, String>(TrafficSecret { suite, bytes })
        };
        Ok((of("c ap traffic")?, of("s ap traffic")?))
    }
}

/// The keys of one direction, and how many records they have opened.
#[derive(Debug)]
pub struct TrafficKeys {
    key: LessSafeKey,
    iv: [u8; NONCE_LEN],
    sequence: u64,
}

impl TrafficKeys {
    /// Opens the next record (section 5.2).
    ///
    /// # Errors
    /// When it is not of these keys, or not the next one, as text.
    pub fn open(&mut self, header: &[u8], fragment: &[u8]) -> Result<Vec<u8>, String> {
        let mut nonce = self.iv;
        for (byte, own) in nonce.iter_mut().skip(NONCE_LEN - 8).zip(self.sequence.to_be_bytes()) {
            *byte ^= own;
        }
        let at = self.sequence;
        self.sequence = at.checked_add(1).ok_or("more records than a key may protect")?;
        let mut bytes = fragment.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self.key.open_in_place(nonce, Aad::from(header), &mut bytes);
        let length = opened.map_err(|_| format!("record {at} is not of these keys"))?.len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    /// RFC 8448 section 3, "Simple 1-RTT Handshake".
    #[test]
    fn the_secrets_are_those_of_the_trace_in_rfc_8448() {
        let hex = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
        let exchange = hex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
        let hello = hex("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8");
        let found = Handshake::of(Suite::Aes128, &exchange, &hello).unwrap();
        let client = hex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21");
        let server = hex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
        assert_eq!((found.client.bytes(), found.server.bytes()), (&*client, &*server));
        let finished = hex("9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13");
        let (client, _) = found.application(&finished).unwrap();
        let secret = hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5");
        assert_eq!(client.bytes(), secret);
        assert_ne!(client.updated().unwrap().bytes(), secret);
    }

    #[test]
    fn a_secret_of_no_length_is_refused() {
        for length in [0, EXCHANGE_BYTES_MAX + 1] {
            assert!(Handshake::of(Suite::Aes256, &vec![1; length], &[0; 48]).is_err());
        }
    }
}
