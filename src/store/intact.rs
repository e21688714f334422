//! Whether a record that is read is the one that was written: its bytes against the digests that
//! its header and the index state.
//!
//! Every reader gets its captures through here, so that no page is cited, shown or compared under
//! the digest of another. Digests of algorithms that are not known cannot be compared and are
//! skipped; `verify` reports them. What was changed together with its digests is found by the
//! evidence log alone.

use std::io::{self, Read};

use crate::archive::RecordKind;
use crate::base::{Digest, Hasher};
use crate::warc::{Fields, name};

use super::loaded::Loaded;

/// Hashes what is read through it.
pub(super) struct Hashing<R> {
    inner: R,
    hasher: Option<Hasher>,
}

impl<R: Read> Hashing<R> {
    /// Reads `inner` with the digest that `fields` state of the block, where they state one that
    /// can be counted.
    pub fn of_block(inner: R, fields: &Fields) -> Self {
        let hasher = fields.block_digest().map(|stated| Hasher::new(stated.algorithm()));
        Self { inner, hasher }
    }

    /// The digest of all that was read.
    pub fn finish(self) -> Option<Digest> {
        self.hasher.map(Hasher::finish)
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&out[..count]);
        }
        Ok(count)
    }
}

/// Compares a record that was read with the digests that are stated of it; `block` is the digest of
/// its block, as far as one is stated.
///
/// # Errors
/// What differs, as text.
pub(super) fn check(loaded: &Loaded, block: Option<Digest>) -> Result<(), String> {
    if let (Some(stated), Some(counted)) = (loaded.fields.block_digest(), block)
        && stated != counted
    {
        return Err(differs("block", counted, "the record", stated));
    }
    // The payload of a revisit is in another record.
    if loaded.entry.kind == RecordKind::Revisit {
        return Ok(());
    }
    let header = loaded.fields.payload_digest();
    let index = loaded.entry.digest;
    let mut counted: Option<Digest> = None;
    for (stated, by) in [(header, "the record"), (index, "the index")] {
        let Some(stated) = stated else { continue };
        let known = counted.filter(|known| known.algorithm() == stated.algorithm());
        let digest = match known {
            Some(known) => known,
            None => payload(loaded, stated).map_err(|why| why.to_string())?,
        };
        if digest != stated {
            return Err(differs("payload", digest, by, stated));
        }
        counted = Some(digest);
    }
    Ok(())
}

/// A revisit of an identical payload, and the record that it leads to.
///
/// # Errors
/// What differs, as text.
pub(super) fn check_pair(revisit: &Loaded, original: &Loaded) -> Result<(), String> {
    let says_identical = revisit
        .fields
        .text(name::PROFILE)
        .is_some_and(|profile| profile.contains("identical-payload-digest"));
    match (revisit.fields.payload_digest(), original.fields.payload_digest()) {
        (Some(stated), Some(there))
            if says_identical && stated.same_bytes(&there) == Some(false) =>
        {
            Err(differs("payload of the record that it refers to", there, "the revisit", stated))
        }
        _ => Ok(()),
    }
}

fn differs(what: &str, counted: Digest, by: &str, stated: Digest) -> String {
    format!(
        "the {what} has the digest {counted}, but {by} says {stated}: it was changed or damaged"
    )
}

/// The digest of the payload, made as `stated` was.
fn payload(loaded: &Loaded, stated: Digest) -> io::Result<Digest> {
    let digest = digest_of(loaded.payload()?, stated)?;
    if digest == stated || loaded.head.is_empty() {
        return Ok(digest);
    }
    // Some programs (wget among them) count a body with its transfer coding.
    let mut body = loaded.block.reader()?;
    io::copy(&mut body.by_ref().take(loaded.head.len() as u64), &mut io::sink())?;
    let coded = digest_of(body, stated)?;
    Ok(if coded == stated { coded } else { digest })
}

fn digest_of(mut bytes: impl Read, like: Digest) -> io::Result<Digest> {
    let mut hasher = Hasher::new(like.algorithm());
    io::copy(&mut bytes, &mut hasher)?;
    Ok(hasher.finish())
}
