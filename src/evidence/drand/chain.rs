//! Chains of drand: who signs rounds, since when and how often.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::{DrandError, JSON_BYTES_MAX};
use crate::evidence::leaf::sha256;

/// How rounds are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `pedersen-bls-chained`: keys in G1, signatures in G2 over the signature before and the number.
    Chained,
    /// `pedersen-bls-unchained`: the same over the number alone.
    Unchained,
    /// `bls-unchained-g1-rfc9380`: keys in G2, signatures in G1 over the number alone.
    UnchainedG1,
}

impl Scheme {
    const ALL: [(Self, &'static str, usize); 3] = [
        (Self::Chained, "pedersen-bls-chained", 48),
        (Self::Unchained, "pedersen-bls-unchained", 48),
        (Self::UnchainedG1, "bls-unchained-g1-rfc9380", 96),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(scheme, ..)| *scheme == self).map_or("", |(_, name, _)| name)
    }

    /// Whether a round signs the one before.
    #[must_use]
    pub fn is_chained(self) -> bool {
        self == Self::Chained
    }
}

/// A chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The public key of the group.
    pub public: Vec<u8>,
    /// Seconds between rounds.
    pub period: u32,
    /// When round 1 was published; POSIX seconds.
    pub genesis: i64,
    /// What the first round signed.
    pub seed: Vec<u8>,
    /// The name of the beacon; `default` has no part in the hash.
    pub beacon: String,
    /// How rounds are signed.
    pub scheme: Scheme,
}

/// The chains of the League of Entropy, by the names that it gives them.
const KNOWN: [(&str, &str); 2] = [
    (
        "quicknet",
        "{\"public_key\":\"83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a\",\"period\":3,\"genesis_time\":1692803367,\"hash\":\"52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971\",\"groupHash\":\"f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e\",\"schemeID\":\"bls-unchained-g1-rfc9380\",\"metadata\":{\"beaconID\":\"quicknet\"}}",
    ),
    (
        "default",
        "{\"public_key\":\"868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a569937c529eeda66c7293784a9402801af31\",\"period\":30,\"genesis_time\":1595431050,\"hash\":\"8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce\",\"groupHash\":\"176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a\",\"schemeID\":\"pedersen-bls-chained\",\"metadata\":{\"beaconID\":\"default\"}}",
    ),
];

/// The description as `GET /CHAIN/info` answers it.
#[derive(Serialize, Deserialize)]
struct Info {
    public_key: String,
    period: u32,
    genesis_time: i64,
    hash: Option<String>,
    #[serde(rename = "groupHash")]
    group_hash: String,
    #[serde(rename = "schemeID")]
    scheme: Option<String>,
    metadata: Option<Metadata>,
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    #[serde(rename = "beaconID")]
    beacon: Option<String>,
}

impl Chain {
    /// Reads a description.
    ///
    /// # Errors
    /// When it is malformed, its scheme is not known, or it does not have the hash that it states.
    pub fn from_json(bytes: &[u8]) -> Result<Self, DrandError> {
        let form = |why: &str| DrandError::Form(why.to_owned());
        if bytes.len() > JSON_BYTES_MAX {
            return Err(form("it is too long"));
        }
        let info: Info =
            serde_json::from_slice(bytes).map_err(|why| DrandError::Form(why.to_string()))?;
        let of = |what: &str, text: &str| {
            HEXLOWER
                .decode(text.as_bytes())
                .map_err(|_| DrandError::Form(format!("its {what} is not hexadecimal")))
        };
        let name = info.scheme.unwrap_or_else(|| Scheme::Chained.name().to_owned());
        let known = Scheme::ALL.iter().find(|(_, known, _)| *known == name);
        let (scheme, _, key_bytes) = *known.ok_or(DrandError::Scheme(name))?;
        let beacon = info.metadata.and_then(|metadata| metadata.beacon);
        let chain = Self {
            public: of("public key", &info.public_key)?,
            period: info.period,
            genesis: info.genesis_time,
            seed: of("group hash", &info.group_hash)?,
            beacon: beacon.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned()),
            scheme,
        };
        // With fixed lengths no two descriptions give the same bytes to hash.
        if chain.public.len() != key_bytes || chain.seed.len() != 32 || chain.period == 0 {
            return Err(form("its key, group hash or period is not as its scheme has it"));
        }
        match info.hash {
            Some(stated) if stated != chain.hash_hex() => Err(DrandError::Hash(stated)),
            _ => Ok(chain),
        }
    }

    /// The description, as [`Self::from_json`] reads it.
    #[must_use]
    pub fn json(&self) -> String {
        let info = Info {
            public_key: HEXLOWER.encode(&self.public),
            period: self.period,
            genesis_time: self.genesis,
            hash: Some(self.hash_hex()),
            group_hash: HEXLOWER.encode(&self.seed),
            scheme: Some(self.scheme.name().to_owned()),
            metadata: Some(Metadata { beacon: Some(self.beacon.clone()) }),
        };
        // Strings and numbers are always JSON.
        format!("{}\n", serde_json::to_string(&info).unwrap_or_default())
    }

    /// The hash by which the chain is known.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let mut bytes = self.period.to_be_bytes().to_vec();
        bytes.extend(self.genesis.to_be_bytes());
        bytes.extend(&self.public);
        bytes.extend(&self.seed);
        if self.beacon != "default" {
            bytes.extend(self.beacon.as_bytes());
        }
        sha256(&bytes)
    }

    /// The hash in hexadecimal.
    #[must_use]
    pub fn hash_hex(&self) -> String {
        HEXLOWER.encode(&self.hash())
    }

    /// A chain of the League of Entropy by its name: `quicknet` or `default`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (_, json) = KNOWN.iter().find(|(known, _)| *known == name)?;
        Self::from_json(json.as_bytes()).ok()
    }

    /// A chain of the League of Entropy by its hash.
    #[must_use]
    pub fn known(hash: &[u8; 32]) -> Option<Self> {
        KNOWN.iter().find_map(|(name, _)| Self::named(name).filter(|chain| chain.hash() == *hash))
    }
}
