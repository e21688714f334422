//! ML-DSA-44 signatures (FIPS 204), by the crate ml-dsa. The only file that names it.

use ml_dsa::{MlDsa44, Signature, VerifyingKey};

/// Bytes of a public key (FIPS 204 table 2).
pub const PUBLIC_BYTES: usize = 1312;
/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 2420;

/// Whether `signature` is the key's over `message`, with an empty context.
#[must_use]
pub fn verifies(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(encoded), Ok(signature)) =
        (public.try_into(), Signature::<MlDsa44>::try_from(signature))
    else {
        return false;
    };
    VerifyingKey::<MlDsa44>::decode(&encoded).verify_with_context(message, &[], &signature)
}

/// A witness with such a key, for tests.
#[cfg(test)]
pub mod signing {
    use ml_dsa::{MlDsa44, SigningKey};

    /// The public key of a seed.
    pub fn public(seed: [u8; 32]) -> Vec<u8> {
        let key = SigningKey::<MlDsa44>::from_seed(&seed.into());
        key.expanded_key().verifying_key().encode().to_vec()
    }

    /// The signature of a seed.
    pub fn sign(seed: [u8; 32], message: &[u8]) -> Vec<u8> {
        let key = SigningKey::<MlDsa44>::from_seed(&seed.into());
        key.expanded_key().sign_deterministic(message, &[]).unwrap().encode().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use shake::{ExtendableOutput, Shake128, Update, XofReader};

    use super::{signing, verifies};

    /// The accumulated vector of C2SP (CCTV, "ML-DSA/accumulated"): seeds from one SHAKE128, keys and signatures of an empty
    /// message into another.
    #[test]
    fn a_hundred_keys_and_signatures_are_those_of_c2sp() {
        let mut seeds = Shake128::default().finalize_xof();
        let mut all = Shake128::default();
        for _ in 0..100 {
            let mut seed = [0; 32];
            seeds.read(&mut seed);
            let (public, signature) = (signing::public(seed), signing::sign(seed, b""));
            all.update(&public);
            all.update(&signature);
            assert!(verifies(&public, b"", &signature));
            assert!(!verifies(&public, b"x", &signature));
        }
        let mut result = [0; 32];
        all.finalize_xof().read(&mut result);
        assert_eq!(
            data_encoding::HEXLOWER.encode(&result),
            "d51148e1f9f4fa1a723a6cf42e25f2a99eb5c1b378b3d2dbbd561b1203beeae4"
        );
    }
}
