//! Checking a bundle: the same steps that its certificate tells a reader to take.
//!
//! Nothing outside the bundle is believed but what the caller brings: a key that was known before,
//! a checkpoint that was published, roots that are trusted.

use std::collections::BTreeMap;
use std::io::{self, Cursor};

use data_encoding::HEXLOWER;
use tlog_tiles::Hash;

use super::bundle::Contents;
use super::leaf::{entry_of, hash_of, record_text, sha256};
use super::note::VerifierKey;
use super::token::{self, Trust};
use super::{Checkpoint, bundle};
use crate::base::{Digest, DigestAlgorithm, Hasher, Severity};
use crate::warc::{End, ReadOptions, WarcReader, name};

/// What is known besides the bundle.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The key of the log.
    pub key: Option<VerifierKey>,
    /// Checkpoints that were published: what they are called, and their bytes.
    pub published: Vec<(String, Vec<u8>)>,
    /// Roots that time stamps must lead to.
    pub trust: Trust,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// There is nothing to check.
    Absent,
    /// It fails.
    Fails,
}

impl Outcome {
    /// The word for it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Holds => "ok",
            Self::Absent => "absent",
            Self::Fails => "failed",
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// What was seen.
    pub what: String,
}

type Said = Result<(Outcome, String), String>;

fn holds(what: impl Into<String>) -> Said {
    Ok((Outcome::Holds, what.into()))
}

fn absent(what: &str) -> Said {
    Ok((Outcome::Absent, what.to_owned()))
}

/// Takes every step. None stops the others.
#[must_use]
pub fn check(contents: &Contents, known: &Known) -> Vec<Step> {
    let files = Files(contents);
    let step = |name, said: Said| match said {
        Ok((outcome, what)) => Step { name, outcome, what },
        Err(what) => Step { name, outcome: Outcome::Fails, what },
    };
    vec![
        step("files", files.sums()),
        step("files-signature", files.sums_signature()),
        step("records", files.records().map(|(what, _)| (Outcome::Holds, what))),
        step("leaves", files.leaves()),
        step("inclusion", files.inclusion()),
        step("checkpoint", files.checkpoint_signature(known)),
        step("published", files.published(known)),
        step("timestamps", files.timestamps(known)),
    ]
}

struct Files<'a>(&'a Contents);

/// The records of a bundle: the texts of their leaves, in order.
type Leaves = Vec<String>;

impl Files<'_> {
    fn get(&self, name: &str) -> Result<&[u8], String> {
        let mut found = self.0.iter().filter(|(n, _)| n == name);
        let (_, bytes) = found.next().ok_or_else(|| format!("{name} is missing"))?;
        if found.next().is_some() {
            return Err(format!("{name} is there twice"));
        }
        Ok(bytes)
    }

    fn text(&self, name: &str) -> Result<&str, String> {
        std::str::from_utf8(self.get(name)?).map_err(|_| format!("{name} is no UTF-8"))
    }

    fn checkpoint(&self) -> Result<Checkpoint, String> {
        Checkpoint::parse(self.get("checkpoint")?)
            .ok_or_else(|| "checkpoint is not of the form".to_owned())
    }

    fn vkey(&self, name: &str) -> Result<VerifierKey, String> {
        VerifierKey::parse(self.text(name)?).ok_or_else(|| format!("{name} is no key"))
    }

    /// Every file has the digest that the list gives it, and the list has every file.
    fn sums(&self) -> Said {
        let mut listed = BTreeMap::new();
        for line in self.text("SHA256SUMS")?.lines() {
            let (sum, name) = line.split_once("  ").ok_or("SHA256SUMS is not of the form")?;
            listed.insert(name, sum);
        }
        let mut count = 0;
        for (name, bytes) in self.0 {
            if name == "SHA256SUMS" || name == "SHA256SUMS.sig" {
                continue;
            }
            let sum =
                listed.remove(name.as_str()).ok_or_else(|| format!("{name} is not in the list"))?;
            if sum != HEXLOWER.encode(&sha256(bytes)) {
                return Err(format!("{name} was changed"));
            }
            count += 1;
        }
        match listed.keys().next() {
            Some(name) => Err(format!("{name} is missing")),
            None => holds(format!("{count} files are as they were listed")),
        }
    }

    fn sums_signature(&self) -> Said {
        let Ok(signature) = self.get("SHA256SUMS.sig") else {
            return absent("the list of files is not signed");
        };
        let key = self.vkey("keys/manifest.vkey")?;
        if key.pem() != self.text("keys/manifest-key.pem")? {
            return Err(
                "keys/manifest-key.pem and keys/manifest.vkey are not the same key".to_owned()
            );
        }
        if !key.verifies(self.get("SHA256SUMS")?, signature) {
            return Err("the signature over SHA256SUMS does not hold".to_owned());
        }
        let same = key == self.vkey("keys/log.vkey")?;
        holds(if same {
            "the list is signed by the key of the log"
        } else {
            "the list is signed by a later key of the log"
        })
    }

    /// The records are whole, and their blocks and members have the digests that are stated.
    fn records(&self) -> Result<(String, Leaves), String> {
        let json = self.json()?;
        let file = json["warc"].as_str().ok_or("bundle.json names no WARC file")?;
        let bytes = self.get(file)?;
        let options = ReadOptions { file: file.to_owned(), ..ReadOptions::default() };
        let mut reader = WarcReader::seekable(Cursor::new(bytes), options);
        let (mut leaves, mut members) = (Leaves::new(), Vec::new());
        while let Some(mut record) = reader.next_record().map_err(|e| e.to_string())? {
            let header = record.take_header();
            let at = record.offset();
            let stated = header.fields.block_digest();
            let algorithm = stated.map_or(DigestAlgorithm::Sha256, |d: Digest| d.algorithm());
            let mut hasher = Hasher::new(algorithm);
            io::copy(&mut record, &mut hasher).map_err(|e| format!("{file} at {at}: {e}"))?;
            let counted = hasher.finish();
            if stated.is_some_and(|stated| stated != counted) {
                return Err(format!("the block of the record at {at} in {file} was changed"));
            }
            if stated.is_none() && header.fields.contains(name::BLOCK_DIGEST) {
                return Err(format!("the digest of the record at {at} in {file} cannot be read"));
            }
            leaves.push(record_text(&header.fields, &header.raw, Some(&counted.to_string())));
            let located = record.finish().map_err(|e| e.to_string())?;
            members.push((located.offset, located.length.unwrap_or(0)));
        }
        let findings = reader.take_findings();
        if let Some(worst) = findings.iter().find(|f| f.severity == Severity::Error) {
            return Err(worst.to_string());
        }
        if reader.end() != Some(End::Clean) {
            return Err(format!("{file} does not end after a whole record"));
        }
        let listed = json["records"].as_array().ok_or("bundle.json lists no records")?;
        if listed.len() != members.len() {
            return Err(format!(
                "{file} holds {} records, and {} are listed",
                members.len(),
                listed.len()
            ));
        }
        for (record, (offset, length)) in listed.iter().zip(&members) {
            let range = usize::try_from(*offset).ok().zip(usize::try_from(*length).ok());
            let member = range.and_then(|(from, length)| bytes.get(from..from + length));
            let sum = member.map(|member| HEXLOWER.encode(&sha256(member)));
            let same = record["offset"] == *offset && record["length"] == *length;
            if !same || record["sha256"].as_str() != sum.as_deref() {
                return Err(format!("the record at {offset} in {file} is not as it was listed"));
            }
        }
        Ok((
            format!("{} records are whole and have the digests that they state", leaves.len()),
            leaves,
        ))
    }

    fn json(&self) -> Result<serde_json::Value, String> {
        serde_json::from_slice(self.get("bundle.json")?).map_err(|e| format!("bundle.json: {e}"))
    }

    /// The leaf of each record says of it what the record says.
    fn leaves(&self) -> Said {
        let (_, leaves) = self.records()?;
        for (n, leaf) in (1..).zip(&leaves) {
            let name = format!("leaves/{n:02}.txt");
            if self.text(&name)? != leaf {
                return Err(format!("{name} is not the leaf of record {n}"));
            }
        }
        holds(format!("{} leaves follow from the records", leaves.len()))
    }

    /// Every leaf is in the tree that the checkpoint is over.
    fn inclusion(&self) -> Said {
        let checkpoint = self.checkpoint()?;
        let mut count = 0;
        for n in 1_u32.. {
            let name = format!("leaves/{n:02}.txt");
            if !self.0.iter().any(|(there, _)| *there == name) {
                break;
            }
            let entry = entry_of(self.text(&name)?);
            let proof = format!("proofs/{n:02}.tlog-proof");
            let (index, hashes, signed) = parse_proof(self.text(&proof)?)
                .ok_or_else(|| format!("{proof} is not of the form"))?;
            if signed != checkpoint.render() {
                return Err(format!("{proof} leads to another checkpoint"));
            }
            if index >= checkpoint.size {
                return Err(format!("{proof} is of a leaf that the checkpoint does not cover"));
            }
            tlog_tiles::check_record(
                &hashes,
                checkpoint.size,
                checkpoint.root,
                index,
                hash_of(&entry),
            )
            .map_err(|_| format!("{proof} does not lead from leaf {n} to the checkpoint"))?;
            let sides = bundle::path_sides(index, checkpoint.size);
            let path: String =
                sides.iter().zip(&hashes).map(|(side, hash)| format!("{side} {hash}\n")).collect();
            if self.text(&format!("proofs/{n:02}.path"))? != path {
                return Err(format!("proofs/{n:02}.path is not the same proof"));
            }
            count += 1;
        }
        let records = self.json()?["records"].as_array().map_or(0, Vec::len);
        if count != records || count == 0 {
            return Err(format!("{count} of {records} records have a leaf"));
        }
        holds(format!("{count} leaves are among the {} of the checkpoint", checkpoint.size))
    }

    fn checkpoint_signature(&self, known: &Known) -> Said {
        let checkpoint = self.checkpoint()?;
        let key = self.vkey("keys/log.vkey")?;
        if key.pem() != self.text("keys/public-key.pem")? {
            return Err("keys/public-key.pem and keys/log.vkey are not the same key".to_owned());
        }
        if !checkpoint.signed_by(&key) {
            return Err("the checkpoint is not signed by the key in the bundle".to_owned());
        }
        match &known.key {
            Some(known) if *known != key => {
                Err("the key in the bundle is not the one that was given".to_owned())
            }
            Some(_) => holds("the checkpoint is signed by the key that was given"),
            None => holds(format!(
                "the checkpoint is signed by {}; whose key that is must be known from elsewhere",
                key.text()
            )),
        }
    }

    fn published(&self, known: &Known) -> Said {
        if known.published.is_empty() {
            return absent("no published checkpoint was given to compare with");
        }
        let own = self.checkpoint()?.render();
        for (name, bytes) in &known.published {
            let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
            if text.trim_end() != own.trim_end() {
                return Err(format!(
                    "{name} is another checkpoint; `pressmark verify --checkpoint` on the archive tells whether both are of one log"
                ));
            }
        }
        holds("the checkpoint is the one that was published")
    }

    fn timestamps(&self, known: &Known) -> Said {
        let checkpoint = self.get("checkpoint")?;
        let mut said = Vec::new();
        for (name, response) in
            self.0.iter().filter(|(n, _)| n.starts_with("timestamps/") && n.ends_with(".tsr"))
        {
            let chain = format!("{}.pem", name.trim_end_matches(".tsr"));
            let own = Trust::from_pem(self.get(&chain)?).map_err(|e| format!("{chain}: {e}"))?;
            let trust = if known.trust.is_empty() { &own } else { &known.trust };
            let token = token::verify(response, checkpoint, None, trust)
                .map_err(|e| format!("{name}: {e}"))?;
            said.push(format!("{} by {}", token.time.to_rfc3339(), token.signer));
        }
        if said.is_empty() {
            return absent(
                "the checkpoint bears no time stamp: when it was made rests on the archive's word",
            );
        }
        let note = match known.trust.is_empty() {
            true => {
                "; their roots are those in the bundle, to be compared with what the authorities publish"
            }
            false => "",
        };
        holds(format!("{}{note}", said.join(", ")))
    }
}

/// Reads a proof (c2sp.org/tlog-proof): the index, the hashes, the checkpoint.
fn parse_proof(text: &str) -> Option<(u64, Vec<Hash>, &str)> {
    let (head, checkpoint) = text.split_once("\n\n")?;
    let mut lines = head.lines();
    if lines.next()? != "c2sp.org/tlog-proof@v1" {
        return None;
    }
    let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
    let hashes: Option<Vec<Hash>> = lines.map(|line| Hash::parse_hash(line).ok()).collect();
    // No tree that is counted in 64 bits is higher.
    hashes.filter(|hashes| hashes.len() <= 64).map(|hashes| (index, hashes, checkpoint))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn reading_a_proof_never_panics(text in "(c2sp.org/tlog-proof@v1\n)?(index [0-9]{1,22}\n)?[A-Za-z0-9+/=\n]{0,90}") {
            let _ = parse_proof(&text);
        }

        #[test]
        fn nothing_in_a_bundle_makes_a_check_panic(
            names in proptest::collection::vec("(checkpoint|bundle.json|SHA256SUMS|leaves/01.txt|keys/log.vkey|timestamps/a.tsr)", 0..6),
            bytes in proptest::collection::vec(0u8.., 0..60),
        ) {
            let contents: Contents = names.into_iter().map(|name| (name, bytes.clone())).collect();
            let steps = check(&contents, &Known::default());
            proptest::prop_assert!(steps.iter().any(|s| s.outcome == Outcome::Fails));
        }
    }
}
