//! The evidence bundle: one capture as a zip that can be checked without this program.
//!
//! ```text
//! certificate.html    what is claimed and what is not, and how to check each step
//! capture.warc.gz     the records, member by member as they are in the archive
//! leaves/01.txt       the leaf of each record, as text
//! proofs/01.tlog-proof  its inclusion proof with the checkpoint (c2sp.org/tlog-proof)
//! proofs/01.path      the same hashes, each with its side, for a shell
//! withheld/04.header  of a request with credentials: the header of its record,
//! withheld/04.txt       and what it asked, without them
//! checkpoint          the signed checkpoint that the proofs lead to
//! log/newest          the newest checkpoint when the bundle was made
//! log/consistency     proofs that it begins with the others
//! keys/01.txt         the leaf that names the first key of the log, and so on for each later one,
//! keys/01.tlog-proof    its proof with the newest checkpoint,
//! keys/01.pem           and the key for openssl
//! drand/HASH.json     the chain of drand whose rounds the capture and the checkpoint hold
//! timestamps/         tokens over the checkpoint, and their chains
//! article.txt citation.txt   what the page says, and how to cite it
//! bundle.json         which file is what
//! check.py            checks all of it with openssl and Python's standard library
//! SHA256SUMS          and SHA256SUMS.sig, the signature over it by the last of the keys
//! ```
//!
//! The bindings: the last key signs the list of all files, and the newest checkpoint. That covers the leaves of the keys, each
//! of which the key before signed, and begins with the checkpoint that the records are proved by. So a reader who knows one key
//! of the log, or one checkpoint, need not trust anything in the bundle. The same capture, log and texts give the same bytes.

mod chosen;
mod described;
mod lineage;
mod select;
mod steps;
mod unpacked;
mod withheld;
mod zipped;

use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};

pub use described::{
    DescribedCheckpoint, DescribedKey, DescribedRecord, DescribedStamp, Description, FORMAT,
    FORMAT_1,
};
pub use lineage::{Lineage, NamedKey};
pub use select::RENDERED;
pub use select::{Piece, Role, gather};
pub use steps::path_sides;
pub use unpacked::read_bundle;
pub use withheld::{Withheld, has_user};
pub use zipped::{Contents, TEXT_BYTES_MAX, write_zip};

use chosen::{Chosen, chosen, kept_sizes};

use super::check::{Known, Outcome, Step, check};
use super::drand::{Chain, Round, kept};
use super::interval::{Interval, NotAfter, NotBefore};
use super::key::{LogKey, Options};
use super::leaf::{RecordLeaf, sha256};
use super::log::Log;
use super::policy::Policy;
use super::proof::{Inclusion, consistency_text};
use super::token::{Token, Trust};
use super::witnessed::best_over;
use super::{Checkpoint, EvidenceError, anchored, certificate};
use crate::base::Timestamp;
use crate::store::Layout;

/// The script that checks a bundle, which goes with every one.
pub const CHECK_SCRIPT: &str = include_str!("checker/check.py");

/// What the caller knows of the page.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// The article.
    pub article: Option<String>,
    /// What made the article's text.
    pub extractor: String,
    /// How to cite the capture.
    pub citation: Option<String>,
    /// The headline.
    pub headline: Option<String>,
    /// What was removed of the capture by order, as a sentence without its end.
    pub removed: Option<String>,
}

/// How a bundle is made.
#[derive(Debug, Clone)]
pub struct Making<'a> {
    /// What time stamps must lead to, in addition to the chains that are kept with them.
    pub trust: &'a Trust,
    /// When.
    pub made: Timestamp,
    /// Checkpoints that someone kept, to which there must be a proof: what they are called, and their bytes.
    pub kept: &'a [(String, Vec<u8>)],
    /// Whose cosignatures are looked for.
    pub policy: &'a Policy,
}

/// The proof (c2sp.org/tlog-proof) that the capture is in a checkpoint that witnesses cosigned; where there is one.
pub const WITNESSED: &str = "witnessed.tlog-proof";

/// The proof (c2sp.org/tlog-proof) that the capture is in a checkpoint that a calendar of OpenTimestamps has; if there is one.
pub const ANCHORED: &str = "anchored.tlog-proof";
/// The proof of OpenTimestamps over the checkpoint in [`ANCHORED`].
pub const OTS: &str = "anchored.ots";

/// A record with its place in the log.
#[derive(Debug, Clone)]
pub struct Proved {
    /// The record.
    pub piece: Piece,
    /// The index of its leaf.
    pub index: u64,
    /// Its inclusion proof, leaf upwards.
    pub proof: Vec<tlog_tiles::Hash>,
    /// Where it is in the bundle's WARC file.
    pub offset: u64,
}

/// All that a bundle says, before it is written.
#[derive(Debug)]
pub struct Bundle {
    /// What the caller knows.
    pub texts: Texts,
    /// The records, as they are in the bundle.
    pub records: Vec<Proved>,
    /// What the proofs lead to.
    pub checkpoint: Checkpoint,
    /// The log beyond that.
    pub lineage: Lineage,
    /// Tokens over the checkpoint: the authority's label, the response, its chain, what it says.
    pub stamps: Vec<(String, Vec<u8>, Vec<u8>, Token)>,
    /// Which tokens were left out and why: those that a round of drand contradicts.
    pub stamps_left_out: Vec<String>,
    /// A checkpoint over the capture that witnesses cosigned, and the proof that the capture is in it.
    pub witnessed: Option<(Checkpoint, Vec<tlog_tiles::Hash>)>,
    /// A checkpoint over the capture that a calendar has, the proof that the capture is in it, and the calendar's proof.
    pub anchored: Option<(Checkpoint, Vec<tlog_tiles::Hash>, Vec<u8>)>,
    /// The chains whose rounds the capture and the checkpoint hold.
    pub chains: Vec<Chain>,
    /// Between which times the record of the capture was made.
    pub interval: Interval,
    /// When the bundle was made.
    pub made: Timestamp,
}

impl Bundle {
    /// Proves records against the earliest checkpoint that covers all of them and bears a time
    /// stamp, or else the earliest.
    ///
    /// # Errors
    /// When a record is not in the log, a checkpoint that was kept is not one of it, or the log is
    /// damaged.
    pub fn prove(
        layout: &Layout,
        mut pieces: Vec<Piece>,
        texts: Texts,
        making: &Making<'_>,
    ) -> Result<Self, EvidenceError> {
        let log = Log::open(layout)?;
        pieces.sort_by_key(|p| (p.role != Role::Warcinfo, p.file.clone(), p.offset));
        let mut indexes = Vec::new();
        for piece in &pieces {
            let index = log.index_of(&piece.file, piece.offset, 0)?;
            let unlogged =
                || EvidenceError::Unlogged { file: piece.file.clone(), offset: piece.offset };
            indexes.push(index.ok_or_else(unlogged)?);
        }
        let needed = indexes.iter().max().map_or(1, |index| index + 1);
        let held = held_round(layout, &pieces)?;
        let not_before = held.as_ref().map(|(bound, _)| bound.time);
        let Chosen { checkpoint, stamps, left_out } =
            chosen((&log, layout), needed, making.trust, not_before)?;
        let mut wanted = kept_sizes(&log, making.kept)?;
        wanted.push(checkpoint.size);
        let main = pieces.iter().position(|piece| piece.role == Role::Capture);
        let witnessed = match main.map(|at| indexes[at]) {
            None => None,
            Some(index) => match best_over(&log, index, making.policy)? {
                Some(cosigned) => {
                    wanted.push(cosigned.size);
                    let proof = log.prove(index, cosigned.size)?;
                    Some((cosigned, proof))
                }
                None => None,
            },
        };
        let anchored = match main.map(|at| indexes[at]) {
            None => None,
            Some(index) => match anchored::best_over(&log, index)? {
                Some((anchor, ots)) => {
                    wanted.push(anchor.size);
                    let proof = log.prove(index, anchor.size)?;
                    Some((anchor, proof, ots))
                }
                None => None,
            },
        };
        let lineage = Lineage::of(&log, &wanted)?;
        let (mut records, mut offset) = (Vec::new(), 0);
        for (piece, index) in pieces.into_iter().zip(indexes) {
            let proof = log.prove(index, checkpoint.size)?;
            let length = piece.member.len() as u64;
            records.push(Proved { piece, index, proof, offset });
            offset += length;
        }
        let made = making.made;
        let (not_before, chain) = held.unzip();
        let mut chains = Vec::from_iter(chain);
        if let Some(round) = &checkpoint.round {
            let of_checkpoint = described(layout, round)?;
            chains.extend(Some(of_checkpoint).filter(|chain| !chains.contains(chain)));
        }
        let tokens = stamps.iter().map(|(label, _, _, token)| (label.as_str(), token));
        let interval = Interval { not_before, not_after: NotAfter::of(tokens) };
        Ok(Self {
            texts,
            records,
            checkpoint,
            lineage,
            stamps,
            stamps_left_out: left_out,
            witnessed,
            anchored,
            chains,
            interval,
            made,
        })
    }

    /// Signs and checks the bundle, and writes it.
    ///
    /// # Errors
    /// When the key of the log is not there, the bundle would not hold, or the file cannot be
    /// written.
    pub fn write(
        &self,
        layout: &Layout,
        options: &Options,
        out: &Path,
    ) -> Result<(), EvidenceError> {
        write_zip(out, &self.signed(&self.signer(layout, options)?)?)
    }

    /// All files, the list and its signature among them, after they were checked.
    ///
    /// # Errors
    /// When the bundle would not hold.
    pub fn signed(&self, key: &LogKey) -> Result<Contents, EvidenceError> {
        let mut contents = self.contents();
        let sums = sums(&contents);
        contents.push(("SHA256SUMS.sig".to_owned(), key.sign(sums.as_bytes())));
        contents.push(("SHA256SUMS".to_owned(), sums.into_bytes()));
        // A bundle that fails its own check is not written.
        let steps = check(&contents, &Known::default());
        // A session is checked against web roots that the checker chooses: private roots have to be supplied there.
        let failed = |step: &&Step| step.outcome == Outcome::Fails && step.name != "session";
        if let Some(step) = steps.iter().find(failed) {
            let why = format!("it would fail its check: {}: {}", step.name, step.what);
            return Err(EvidenceError::Bundle { why });
        }
        Ok(contents)
    }

    /// The key that signs what a bundle says: the one that the log names last.
    ///
    /// # Errors
    /// When it is not there, or another one is.
    pub fn signer(&self, layout: &Layout, options: &Options) -> Result<LogKey, EvidenceError> {
        let path = options.key_path(layout);
        let wrong = |why: &str| EvidenceError::Key {
            path: path.display().to_string(),
            why: why.to_owned(),
        };
        let key = LogKey::read(&path)?
            .ok_or_else(|| wrong("the key of the log, which signs a bundle, is missing"))?;
        let named = self.lineage.keys.last().map(|named| named.key.public);
        if named != Some(key.verifier("").public) {
            return Err(wrong("this is not the key that the log names"));
        }
        Ok(key)
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
            let proof = proof_text(record.index, &record.proof, &self.checkpoint);
            out.push(text(&format!("proofs/{n:02}.tlog-proof"), proof));
            out.push(text(&format!("proofs/{n:02}.path"), self.path(record)));
            if let Some(withheld) = &record.piece.withheld {
                out.push((format!("withheld/{n:02}.header"), withheld.header.clone()));
                out.push(text(&format!("withheld/{n:02}.txt"), withheld.shown.clone()));
            }
        }
        if let (Some((cosigned, proof)), Some((_, main))) = (&self.witnessed, self.main()) {
            out.push(text(WITNESSED, proof_text(main.index, proof, cosigned)));
        }
        if let (Some((anchor, proof, ots)), Some((_, main))) = (&self.anchored, self.main()) {
            out.push(text(ANCHORED, proof_text(main.index, proof, anchor)));
            out.push((OTS.to_owned(), ots.clone()));
        }
        out.push(text("checkpoint", self.checkpoint.render()));
        out.push(text("log/newest", self.lineage.newest.render()));
        out.push(text("log/consistency", consistency_text(&self.lineage.earlier)));
        for (n, named) in (1..).zip(&self.lineage.keys) {
            let proof = proof_text(named.index, &named.proof, &self.lineage.newest);
            out.push(text(&format!("keys/{n:02}.txt"), named.text.clone()));
            out.push(text(&format!("keys/{n:02}.tlog-proof"), proof));
            out.push(text(&format!("keys/{n:02}.pem"), named.key.pem()));
        }
        for (label, response, chain, _) in &self.stamps {
            out.push((format!("timestamps/{label}.tsr"), response.clone()));
            out.push((format!("timestamps/{label}.pem"), chain.clone()));
        }
        for chain in &self.chains {
            out.push(text(&format!("drand/{}.json", chain.hash_hex()), chain.json()));
        }
        out.extend(self.texts.article.clone().map(|t| text("article.txt", format!("{t}\n"))));
        out.extend(self.texts.citation.clone().map(|t| text("citation.txt", format!("{t}\n"))));
        out.push(text("bundle.json", self.description().text()));
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

    /// The record of the capture, with its number.
    #[must_use]
    pub fn main(&self) -> Option<(usize, &Proved)> {
        (1..).zip(&self.records).find(|(_, record)| record.piece.role == Role::Capture)
    }

    /// The page: the target URI of the capture.
    #[must_use]
    pub fn url(&self) -> String {
        let uri = self.main().map(|(_, record)| said(&record.piece, |leaf| leaf.uri));
        uri.map_or_else(String::new, |uri| unbracketed(&uri).to_owned())
    }

    fn path(&self, record: &Proved) -> String {
        let sides = path_sides(record.index, self.checkpoint.size);
        let lines = sides.iter().zip(&record.proof);
        lines.map(|(side, hash)| format!("{side} {hash}\n")).collect()
    }

    fn description(&self) -> Description {
        let records = (1..).zip(&self.records).map(|(number, r)| {
            let piece = &r.piece;
            let here = piece.withheld.is_none();
            DescribedRecord {
                number,
                role: piece.role.label().to_owned(),
                kind: said(piece, |leaf| leaf.kind),
                uri: said(piece, |leaf| leaf.uri),
                date: said(piece, |leaf| leaf.date),
                record_id: said(piece, |leaf| leaf.id),
                leaf: r.index,
                offset: here.then_some(r.offset),
                length: here.then_some(piece.member.len() as u64),
                sha256: here.then(|| HEXLOWER.encode(&sha256(&piece.member))),
                withheld: piece.withheld.as_ref().map(|withheld| withheld.names.clone()),
                archive_file: piece.file.clone(),
                archive_offset: piece.offset,
            }
        });
        let checkpoint = |checkpoint: &Checkpoint| DescribedCheckpoint {
            origin: checkpoint.origin.clone(),
            size: checkpoint.size,
            root: BASE64.encode(&checkpoint.root.0),
            time: checkpoint.time.map(Timestamp::to_warc_date),
            key: self.lineage.key_number(checkpoint.size) as u64,
        };
        let keys = (1..).zip(&self.lineage.keys).map(|(number, named)| DescribedKey {
            number,
            leaf: named.index,
            key: named.key.text(),
        });
        let stamps = self.stamps.iter().map(|(label, _, _, token)| DescribedStamp {
            authority: label.clone(),
            time: token.time.to_rfc3339(),
            serial: token.serial.clone(),
            signer: token.signer.clone(),
        });
        Description {
            format: FORMAT.to_owned(),
            url: self.url(),
            date: self
                .main()
                .map_or_else(String::new, |(_, record)| said(&record.piece, |leaf| leaf.date)),
            made: self.made.to_warc_date(),
            software: concat!("pressmark/", env!("CARGO_PKG_VERSION")).to_owned(),
            extractor: self.texts.extractor.clone(),
            warc: self.warc_name().to_owned(),
            records: records.collect(),
            checkpoint: checkpoint(&self.checkpoint),
            newest: checkpoint(&self.lineage.newest),
            keys: keys.collect(),
            timestamps: stamps.collect(),
        }
    }
}

/// The bound that the round in the record of the capture gives, with its chain; `None` where the record holds none.
///
/// # Errors
/// When the chain is not known, or the round does not verify.
fn held_round(
    layout: &Layout,
    pieces: &[Piece],
) -> Result<Option<(NotBefore, Chain)>, EvidenceError> {
    let main = pieces.iter().find(|piece| piece.role == Role::Capture);
    let Some(round) = main.and_then(|piece| Round::parse(&piece.round)) else { return Ok(None) };
    let chain = described(layout, &round)?;
    let bound = NotBefore::of(&round, &chain).map_err(|why| EvidenceError::Bundle {
        why: format!("the drand round in the record of the capture: {why}"),
    })?;
    Ok(Some((bound, chain)))
}

/// The chain of a round, as the archive keeps it.
///
/// # Errors
/// When it does not.
fn described(layout: &Layout, round: &Round) -> Result<Chain, EvidenceError> {
    kept::chain(layout, &round.chain).ok_or_else(|| {
        let hash = HEXLOWER.encode(&round.chain);
        let why = format!("the description of the drand chain {hash} is not in evidence/drand");
        EvidenceError::Bundle { why }
    })
}

/// What the leaf of a record says.
fn said(piece: &Piece, of: fn(RecordLeaf<'_>) -> &str) -> String {
    RecordLeaf::parse(&piece.leaf).map(of).unwrap_or_default().to_owned()
}

/// A URI without the angle brackets that WARC/1.0 writers put around it.
#[must_use]
pub fn unbracketed(uri: &str) -> &str {
    uri.strip_prefix('<').and_then(|uri| uri.strip_suffix('>')).unwrap_or(uri)
}

fn proof_text(index: u64, hashes: &[tlog_tiles::Hash], checkpoint: &Checkpoint) -> String {
    let checkpoint = checkpoint.render();
    Inclusion { index, hashes: hashes.to_vec(), checkpoint: &checkpoint }.text()
}

/// The list of digests as `sha256sum` reads it.
fn sums(contents: &Contents) -> String {
    let mut lines: Vec<String> = contents
        .iter()
        .map(|(name, bytes)| format!("{}  {name}\n", HEXLOWER.encode(&sha256(bytes))))
        .collect();
    lines.sort_by(|a, b| a[64..].cmp(&b[64..]));
    lines.concat()
}
