//! What a reading is of: the payload, the address that its links are resolved against, and the status.

use crate::archive::{Capture, Form};
use crate::base::{Digest, DigestAlgorithm};

/// What stands for the status of a page that has none: no server sends it.
const NO_STATUS: u16 = 0;

/// Half a digest distinguishes addresses.
const ADDRESS_BYTES: usize = 16;

/// What a page is derived from, besides the extractor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageKey(Vec<u8>);

impl PageKey {
    /// The key of a capture; `None` where its reading does not follow from its payload alone: a
    /// redirect has its target in the head, and a cut body may have been cut elsewhere.
    #[must_use]
    pub fn of(entry: &Capture) -> Option<Self> {
        let digest = entry.digest.as_ref().filter(|_| !entry.truncated);
        match entry.form() {
            Some(Form::Rendered) => Self::of_rendering(&entry.url, digest),
            _ => Self::of_parts(&entry.url, entry.status, digest),
        }
    }

    /// The same of what a browser made of a page, which has no status.
    #[must_use]
    pub fn of_rendering(url: &str, digest: Option<&Digest>) -> Option<Self> {
        Self::of_parts(url, Some(NO_STATUS), digest)
    }

    /// The same of a whole payload with this digest.
    #[must_use]
    pub fn of_parts(url: &str, status: Option<u16>, digest: Option<&Digest>) -> Option<Self> {
        let (status, digest) = (status?, digest?);
        if (300..400).contains(&status) && status != 304 {
            return None;
        }
        // A 304 stands for the page it confirms.
        let status = if status == 304 { 200 } else { status };
        let mut key = Vec::with_capacity(56);
        // Links are resolved against the address.
        key.extend_from_slice(&Self::address_of(url));
        key.extend_from_slice(&status.to_be_bytes());
        key.push(match digest.algorithm() {
            DigestAlgorithm::Sha1 => 1,
            DigestAlgorithm::Sha256 => 2,
        });
        key.extend_from_slice(digest.as_bytes());
        Some(Self(key))
    }

    /// The key as it was kept.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The key as it is kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What stands for an address.
    pub(super) fn address_of(url: &str) -> Vec<u8> {
        let digest = DigestAlgorithm::Sha256.digest(url.as_bytes());
        digest.as_bytes().get(..ADDRESS_BYTES).unwrap_or_default().to_vec()
    }

    /// What stands for the address in it.
    pub(super) fn address(&self) -> &[u8] {
        self.0.get(..ADDRESS_BYTES).unwrap_or_default()
    }

    /// The end of the payload's digest: what a value carries to show that it is the one of its key.
    pub(super) fn tag(&self) -> &[u8] {
        &self.0[self.0.len().saturating_sub(8)..]
    }
}
