//! How times and digests are written where captures cross a process boundary. `base` deliberately
//! knows no serde, so that what it prints for people and what is sent stay apart.

/// A time as microseconds since 1970.
pub(super) mod time {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::base::Timestamp;

    pub(in crate::archive) fn serialize<S: Serializer>(
        at: &Timestamp,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        at.unix_micros().serialize(to)
    }

    pub(in crate::archive) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Timestamp, D::Error> {
        Ok(Timestamp::from_unix_micros(i64::deserialize(from)?))
    }
}

/// A time that may be missing.
pub(super) mod optional_time {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::base::Timestamp;

    pub(in crate::archive) fn serialize<S: Serializer>(
        at: &Option<Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        at.map(Timestamp::unix_micros).serialize(to)
    }

    pub(in crate::archive) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<i64>::deserialize(from)?.map(Timestamp::from_unix_micros))
    }
}

/// A digest as its label and raw bytes.
pub(super) mod digest {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::base::{Digest, DigestAlgorithm};

    pub(in crate::archive) fn serialize<S: Serializer>(
        digest: &Digest,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        (digest.algorithm().label(), digest.as_bytes()).serialize(to)
    }

    pub(in crate::archive) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Digest, D::Error> {
        let (label, raw) = <(String, Vec<u8>)>::deserialize(from)?;
        let algorithm: DigestAlgorithm = label.parse().map_err(D::Error::custom)?;
        Digest::from_bytes(algorithm, &raw)
            .ok_or_else(|| D::Error::custom("a digest of the wrong length"))
    }
}

/// A digest that may be missing.
pub(super) mod optional_digest {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::base::Digest;

    #[derive(Serialize, Deserialize)]
    struct Wrapped(#[serde(with = "super::digest")] Digest);

    pub(in crate::archive) fn serialize<S: Serializer>(
        digest: &Option<Digest>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        digest.map(Wrapped).serialize(to)
    }

    pub(in crate::archive) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Digest>, D::Error> {
        Ok(Option::<Wrapped>::deserialize(from)?.map(|wrapped| wrapped.0))
    }
}

/// A range of urlkeys.
pub(super) mod key_range {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::base::surt::KeyRange;

    pub(in crate::archive) fn serialize<S: Serializer>(
        keys: &KeyRange,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        (&keys.start, &keys.end).serialize(to)
    }

    pub(in crate::archive) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<KeyRange, D::Error> {
        let (start, end) = Deserialize::deserialize(from)?;
        Ok(KeyRange { start, end })
    }
}
