//! The evidence bundle: one capture as a zip that can be checked without this program.
//!
//! ```text
//! certificate.html    what is claimed and what is not, and how to check each step
//! capture.warc.gz     the records, member by member as they lie in the archive
//! leaves/01.txt       the leaf of each record, as text
//! proofs/01.tlog-proof  its inclusion proof with the checkpoint (c2sp.org/tlog-proof)
//! proofs/01.path      the same hashes, each with its side, for a shell
//! checkpoint          the signed checkpoint that the proofs lead to
//! keys/               the key of the log, as PEM and as a verifier key
//! timestamps/         tokens over the checkpoint, and their chains
//! article.txt citation.txt   what the page says, and how to cite it
//! bundle.json         which file is what
//! check.py            checks all of it with openssl and Python's standard library
//! SHA256SUMS          and SHA256SUMS.sig, the log key's signature over it
//! ```
//!
//! The same capture, checkpoint and texts give the same bytes.

mod select;
mod steps;
mod zipped;

use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::json;

pub use select::{Piece, Role, gather};
pub use steps::path_sides;
pub use zipped::{Contents, read_zip, write_zip};

use super::error::damaged;
use super::key::{LogKey, Options};
use super::leaf::sha256;
use super::log::Log;
use super::note::VerifierKey;
use super::timestamp;
use super::token::{Token, Trust};
use super::{Checkpoint, EvidenceError, certificate};
use crate::base::Timestamp;
use crate::store::Layout;

/// The script that checks a bundle, which goes with every one.
const CHECK_SCRIPT: &str = include_str!("../../tests/interop/check_bundle.py");

/// What the caller knows of the page.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// The URL that was asked for.
    pub url: String,
    /// The article.
    pub article: Option<String>,
    /// What made the article's text.
    pub extractor: String,
    /// How to cite the capture.
    pub citation: Option<String>,
    /// The headline.
    pub headline: Option<String>,
}

/// A record with its place in the log.
#[derive(Debug, Clone)]
pub struct Proved {
    /// The record.
    pub piece: Piece,
    /// The index of its leaf.
    pub index: u64,
    /// Its inclusion proof, leaf upwards.
    pub proof: Vec<tlog_tiles::Hash>,
    /// Where it lies in the bundle's WARC file.
    pub offset: u64,
}

/// All that a bundle says, before it is written.
#[derive(Debug)]
pub struct Bundle {
    /// What the caller knows.
    pub texts: Texts,
    /// The records, as they lie in the bundle.
    pub records: Vec<Proved>,
    /// What the proofs lead to.
    pub checkpoint: Checkpoint,
    /// The key that signed it.
    pub key: VerifierKey,
    /// Tokens over the checkpoint: the authority's label, the response, its chain, what it says.
    pub stamps: Vec<(String, Vec<u8>, Vec<u8>, Token)>,
    /// The key that signs the list of digests, where it was there to sign.
    pub signer: Option<VerifierKey>,
    /// When the bundle was made.
    pub made: Timestamp,
}

impl Bundle {
    /// Proves records against the earliest checkpoint that covers all of them and bears a time
    /// stamp, or else the earliest.
    ///
    /// # Errors
    /// When a record is not in the log, or the log is damaged.
    pub fn prove(
        layout: &Layout,
        mut pieces: Vec<Piece>,
        texts: Texts,
        trust: &Trust,
        made: Timestamp,
    ) -> Result<Self, EvidenceError> {
        let log = Log::open(layout)?;
        pieces.sort_by_key(|p| (p.role != Role::Warcinfo, p.file.clone(), p.offset));
        let mut indexes = Vec::new();
        for piece in &pieces {
            let index = log.index_of(&piece.file, piece.offset, 0)?;
            indexes.push(index.ok_or_else(|| {
                damaged(
                    &piece.file,
                    format!("the record at {} is not in the evidence log", piece.offset),
                )
            })?);
        }
        let needed = indexes.iter().max().map_or(1, |index| index + 1);
        let sizes: Vec<u64> =
            log.checkpoint_sizes()?.into_iter().filter(|s| *s >= needed).collect();
        let kept = timestamp::kept(layout)?;
        let mut chosen = None;
        for size in &sizes {
            let checkpoint = log.checkpoint(*size)?;
            let bytes = checkpoint.render().into_bytes();
            let mut stamps = Vec::new();
            for stamp in kept.iter().filter(|k| k.size == *size) {
                // One that proves nothing does not go with the others; `verify` tells of it.
                if let Ok(token) = stamp.verify(&bytes, trust) {
                    let Kept { label, response, chain, .. } = stamp.clone();
                    stamps.push((label, response, chain, token));
                }
            }
            let stamped = !stamps.is_empty();
            if stamped || chosen.is_none() {
                chosen = Some((checkpoint, stamps));
            }
            if stamped {
                break;
            }
        }
        let (checkpoint, stamps) = chosen
            .ok_or_else(|| damaged("evidence/checkpoints", "no checkpoint covers the records"))?;
        let key = log
            .key_at(checkpoint.size)
            .ok_or_else(|| damaged("evidence/statements", "no leaf names the key of the log"))?;
        let (mut records, mut offset) = (Vec::new(), 0);
        for (piece, index) in pieces.into_iter().zip(indexes) {
            let proof = log.prove(index, checkpoint.size)?;
            let length = piece.member.len() as u64;
            records.push(Proved { piece, index, proof, offset });
            offset += length;
        }
        Ok(Self { texts, records, checkpoint, key, stamps, signer: None, made })
    }

    /// Writes the bundle. The list of digests is signed where the log's key is there.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(
        mut self,
        layout: &Layout,
        options: &Options,
        out: &Path,
    ) -> Result<(), EvidenceError> {
        // Who proves from a copy of the archive has no key; the rest proves as much without it.
        let key = LogKey::read(&options.key_path(layout)).ok().flatten();
        self.signer = key.as_ref().map(|key| key.verifier(&self.key.name));
        let mut contents = self.contents();
        let sums = sums(&contents);
        if let Some(key) = &key {
            contents.push(("SHA256SUMS.sig".to_owned(), key.sign(sums.as_bytes())));
        }
        contents.push(("SHA256SUMS".to_owned(), sums.into_bytes()));
        write_zip(out, &contents)
    }

    /// The files, without the list of their digests.
    #[must_use]
    pub fn contents(&self) -> Contents {
        let text = |name: &str, text: String| (name.to_owned(), text.into_bytes());
        let mut out = vec![text("certificate.html", certificate::render(self))];
        let warc = self.records.iter().flat_map(|r| r.piece.member.iter().copied()).collect();
        out.push((self.warc_name().to_owned(), warc));
        for (n, record) in (1..).zip(&self.records) {
            out.push(text(&format!("leaves/{n:02}.txt"), record.piece.leaf.clone()));
            out.push(text(&format!("proofs/{n:02}.tlog-proof"), self.tlog_proof(record)));
            out.push(text(&format!("proofs/{n:02}.path"), self.path(record)));
        }
        out.push(text("checkpoint", self.checkpoint.render()));
        out.push(text("keys/public-key.pem", self.key.pem()));
        out.push(text("keys/log.vkey", format!("{}\n", self.key.text())));
        if let Some(signer) = &self.signer {
            out.push(text("keys/manifest-key.pem", signer.pem()));
            out.push(text("keys/manifest.vkey", format!("{}\n", signer.text())));
        }
        for (label, response, chain, _) in &self.stamps {
            out.push((format!("timestamps/{label}.tsr"), response.clone()));
            out.push((format!("timestamps/{label}.pem"), chain.clone()));
        }
        out.extend(self.texts.article.clone().map(|t| text("article.txt", format!("{t}\n"))));
        out.extend(self.texts.citation.clone().map(|t| text("citation.txt", format!("{t}\n"))));
        out.push(text("bundle.json", format!("{:#}\n", self.json())));
        out.push(text("check.py", CHECK_SCRIPT.to_owned()));
        out
    }

    /// The name of the file with the records: that of the archive's own packing.
    #[must_use]
    pub fn warc_name(&self) -> &'static str {
        match self.records.first().map(|r| r.piece.file.as_str()) {
            Some(name) if name.ends_with(".zst") => "capture.warc.zst",
            Some(name) if !name.ends_with(".gz") => "capture.warc",
            _ => "capture.warc.gz",
        }
    }

    fn tlog_proof(&self, record: &Proved) -> String {
        let mut out = format!("c2sp.org/tlog-proof@v1\nindex {}\n", record.index);
        for hash in &record.proof {
            out.push_str(&format!("{hash}\n"));
        }
        format!("{out}\n{}", self.checkpoint.render())
    }

    fn path(&self, record: &Proved) -> String {
        let sides = path_sides(record.index, self.checkpoint.size);
        let lines = sides.iter().zip(&record.proof);
        lines.map(|(side, hash)| format!("{side} {hash}\n")).collect()
    }

    fn json(&self) -> serde_json::Value {
        let records = (1..).zip(&self.records).map(|(n, r): (u32, _)| {
            json!({
                "number": n,
                "role": r.piece.role.label(),
                "type": r.piece.kind,
                "uri": r.piece.uri,
                "date": r.piece.date,
                "record_id": r.piece.id,
                "leaf": r.index,
                "offset": r.offset,
                "length": r.piece.member.len(),
                "sha256": HEXLOWER.encode(&sha256(&r.piece.member)),
                "archive_file": r.piece.file,
                "archive_offset": r.piece.offset,
            })
        });
        json!({
            "format": "pressmark/bundle/1",
            "url": self.texts.url,
            "made": self.made.to_warc_date(),
            "software": concat!("pressmark/", env!("CARGO_PKG_VERSION")),
            "extractor": self.texts.extractor,
            "warc": self.warc_name(),
            "records": records.collect::<Vec<_>>(),
            "checkpoint": {
                "origin": self.checkpoint.origin,
                "size": self.checkpoint.size,
                "root": BASE64.encode(&self.checkpoint.root.0),
                "time": self.checkpoint.time.map(Timestamp::to_warc_date),
            },
            "timestamps": self.stamps.iter().map(|(label, _, _, token)| json!({
                "authority": label, "time": token.time.to_rfc3339(),
                "serial": token.serial, "signer": token.signer,
            })).collect::<Vec<_>>(),
        })
    }
}

use super::timestamp::Kept;

/// The list of digests as `sha256sum` reads it.
fn sums(contents: &Contents) -> String {
    let mut lines: Vec<String> = contents
        .iter()
        .map(|(name, bytes)| format!("{}  {name}\n", HEXLOWER.encode(&sha256(bytes))))
        .collect();
    lines.sort_by(|a, b| a[64..].cmp(&b[64..]));
    lines.concat()
}
