//! BLS signatures over BLS12-381, by the crate blst. The only file that names it.

use blst::{BLST_ERROR, min_pk, min_sig};

use super::chain::Scheme;

/// The suite of signatures in G2.
const G2_SUITE: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";
/// The suite of signatures in G1, as RFC 9380 has it.
const G1_SUITE: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/// Whether `signature` is that of the key over `message`. Keys and signatures outside of their groups, and those at
/// infinity, are refused.
pub(super) fn verifies(scheme: Scheme, public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let done = match scheme {
        Scheme::Chained | Scheme::Unchained => {
            let key = min_pk::PublicKey::key_validate(public);
            let signature = min_pk::Signature::sig_validate(signature, true);
            key.and_then(|key| Ok(signature?.verify(false, message, G2_SUITE, &[], &key, false)))
        }
        Scheme::UnchainedG1 => {
            let key = min_sig::PublicKey::key_validate(public);
            let signature = min_sig::Signature::sig_validate(signature, true);
            key.and_then(|key| Ok(signature?.verify(false, message, G1_SUITE, &[], &key, false)))
        }
    };
    done == Ok(BLST_ERROR::BLST_SUCCESS)
}

/// A chain that tests sign rounds of themselves.
#[cfg(test)]
pub(super) mod signing {
    use super::{G1_SUITE, G2_SUITE, Scheme, min_pk, min_sig};

    /// The public key of a secret.
    pub fn public(scheme: Scheme, secret: [u8; 32]) -> Vec<u8> {
        match scheme {
            Scheme::UnchainedG1 => {
                let key = min_sig::SecretKey::key_gen(&secret, &[]).unwrap();
                key.sk_to_pk().to_bytes().to_vec()
            }
            _ => min_pk::SecretKey::key_gen(&secret, &[]).unwrap().sk_to_pk().to_bytes().to_vec(),
        }
    }

    /// The signature of a secret.
    pub fn sign(scheme: Scheme, secret: [u8; 32], message: &[u8]) -> Vec<u8> {
        match scheme {
            Scheme::UnchainedG1 => {
                let key = min_sig::SecretKey::key_gen(&secret, &[]).unwrap();
                key.sign(message, G1_SUITE, &[]).to_bytes().to_vec()
            }
            _ => {
                let key = min_pk::SecretKey::key_gen(&secret, &[]).unwrap();
                key.sign(message, G2_SUITE, &[]).to_bytes().to_vec()
            }
        }
    }
}
